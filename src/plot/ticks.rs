//! Scales and their ticks. The range of the data enters; round positions with labels leave, linear or logarithmic, for
//! any finite range.

use super::names::superscript;
use crate::display::exponent;

/// Maps values to 0..1 along an axis.
#[derive(Clone, Debug)]
pub struct Scale {
    pub log: bool,
    /// Ends, transformed (`log10` or half the value, since the difference of two large values may overflow).
    from: f64,
    to: f64,
}

/// Marks along an axis.
#[derive(Clone, Debug, Default)]
pub struct Ticks {
    pub major: Vec<(f64, String)>,
    pub minor: Vec<f64>,
    /// What all labels are to be multiplied by or added to, as text: `×10⁵`.
    pub note: Option<String>,
}

impl Scale {
    /// A scale over `lo..=hi` (finite; positive if `log`), widened by `pad` of its length at both ends.
    pub fn new(lo: f64, hi: f64, log: bool, pad: f64) -> Scale {
        let (mut from, mut to) = (transform(lo, log), transform(hi, log));
        let least = if log { 0.0 } else { from.abs().max(to.abs()) * 1e-12 };
        if to - from <= least {
            // One value: as much room around it as its own size suggests.
            let room = if log { 0.5 } else { (from.abs() * 0.1).max(f64::MIN_POSITIVE) };
            let room = if from == 0.0 && !log { 0.5 } else { room };
            (from, to) = (from - room, to + room);
        } else {
            let room = (to - from) * pad;
            (from, to) = (from - room, to + room);
        }
        if !log {
            let half = f64::MAX / 2.0;
            (from, to) = (from.max(-half), to.min(half));
        }
        Scale { log, from, to }
    }

    /// The lower end moved to zero, where a linear scale starts just below it with nothing negative to show.
    pub fn raised_to_zero(mut self) -> Scale {
        if !self.log && self.from < 0.0 {
            self.from = 0.0;
        }
        self
    }

    /// Where a value lies: 0 at the lower end, 1 at the upper.
    pub fn place(&self, value: f64) -> f64 {
        (transform(value, self.log) - self.from) / (self.to - self.from)
    }

    /// How long one unit is, as a share of a linear axis.
    pub fn unit(&self) -> f64 {
        0.5 / (self.to - self.from)
    }

    fn low(&self) -> f64 {
        if self.log { ten_to(self.from) } else { self.from * 2.0 }
    }

    fn high(&self) -> f64 {
        if self.log { ten_to(self.to).min(f64::MAX) } else { self.to * 2.0 }
    }

    /// About `count` labelled ticks. `whole`: only whole numbers, for counts and steps.
    pub fn ticks(&self, count: usize, whole: bool) -> Ticks {
        if self.log { self.log_ticks(count) } else { self.linear_ticks(count, whole) }
    }

    fn linear_ticks(&self, count: usize, whole: bool) -> Ticks {
        let (low, high) = (self.from * 2.0, self.to * 2.0);
        let (mut digit, mut power) = round_step((self.to - self.from) / count.max(2) as f64 * 2.0);
        if whole && (power < 0 || (power == 0 && digit == 2.5)) {
            (digit, power) = if power < 0 { (1.0, 0) } else { (2.0, 0) };
        }
        let step = digit * power_of_ten(power);
        // A tick at the very end is not lost to rounding.
        let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
        let values: Vec<f64> =
            (0..64).map(|i| first + f64::from(i)).take_while(|i| *i <= last).map(|i| i * step).collect();
        let largest = values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        let fine = power - i32::from(digit == 2.5);
        let top = if largest == 0.0 { fine } else { exponent(largest) };
        let mut ticks = Ticks::default();
        if top - fine > 7 {
            // The ticks agree in so many digits that only their distance from the first says something.
            let base = values.first().copied().unwrap_or(0.0);
            let relative = |(i, v): (usize, &f64)| (*v, fixed(i as f64 * digit, power, fine));
            ticks.major = values.iter().enumerate().map(relative).collect();
            let shown = if fine < -3 { format!("×10{} ", superscript(power)) } else { String::new() };
            ticks.note = Some(format!("{shown}{} {}", if base < 0.0 { "−" } else { "+" }, scientific(base.abs())));
            return ticks;
        }
        let factor = if (-3..if whole { 6 } else { 5 }).contains(&top) { 0 } else { top };
        let label = |v: &f64| (*v, fixed((*v / step).round() * digit, power - factor, fine - factor));
        ticks.major = values.iter().map(label).collect();
        ticks.note = (factor != 0).then(|| format!("×10{}", superscript(factor)));
        ticks
    }

    fn log_ticks(&self, count: usize) -> Ticks {
        // Powers of ten outside these are zero or infinite.
        let (first, last) = ((self.from.ceil() as i32).max(-323), (self.to.floor() as i32).min(308));
        let decades = last - first + 1;
        if decades < 2 || self.to - self.from < 2.0 {
            return self.within_a_decade(count);
        }
        let least = (decades as usize).div_ceil(count.max(2)) as i32;
        let stride = [1, 2, 3, 5, 10, 20, 50, 100].into_iter().find(|s| *s >= least).unwrap_or(200);
        let plain = first >= -3 && last <= 4;
        let label = |k: i32| match (plain, k) {
            (true, 0..) => format!("{:.0}", power_of_ten(k)),
            (true, _) => format!("{:.*}", -k as usize, power_of_ten(k)),
            (false, _) => format!("10{}", superscript(k)),
        };
        let start = first + (stride - first.rem_euclid(stride)) % stride;
        let major: Vec<i32> = (start..=last).step_by(stride as usize).collect();
        let minor: Vec<f64> = if stride == 1 && decades <= 7 {
            let between = |k: i32| (2..10).map(move |m| f64::from(m) * power_of_ten(k));
            (first - 1..=last).flat_map(between).filter(|v| self.holds(*v)).collect()
        } else if (2..6).contains(&stride) {
            (first..=last).filter(|k| !major.contains(k)).map(power_of_ten).collect()
        } else {
            Vec::new()
        };
        Ticks { major: major.into_iter().map(|k| (power_of_ten(k), label(k))).collect(), minor, note: None }
    }

    fn holds(&self, value: f64) -> bool {
        (-1e-9..=1.0 + 1e-9).contains(&self.place(value))
    }

    /// Less than two factors of ten in sight: 1, 2, 3, 5 or, closer still, round values as on a linear axis.
    fn within_a_decade(&self, count: usize) -> Ticks {
        let (first, last) = (self.from.floor() as i32, self.to.floor() as i32);
        let digits: &[f64] = if self.to - self.from < 1.0 { &[1.0, 2.0, 3.0, 5.0] } else { &[1.0, 2.0, 5.0] };
        let round = |k: i32| digits.iter().map(move |m| (m * power_of_ten(k), *m, k));
        let values: Vec<_> = (first..=last).flat_map(round).filter(|(v, ..)| self.holds(*v)).collect();
        if values.len() < 3 {
            let linear = Scale { log: false, from: self.low() / 2.0, to: self.high() / 2.0 };
            let mut ticks = linear.linear_ticks(count, false);
            ticks.major.retain(|(v, _)| *v > 0.0 && self.holds(*v));
            return ticks;
        }
        let label = |(v, m, k): (f64, f64, i32)| {
            (v, if (-4..5).contains(&k) { fixed(m, k, k.min(0)) } else { format!("{m}·10{}", superscript(k)) })
        };
        let between = |k: i32| (2..10).map(move |m| f64::from(m) * power_of_ten(k));
        let minor = (first..=last).flat_map(between).filter(|v| self.holds(*v)).collect();
        Ticks { major: values.into_iter().map(label).collect(), minor, note: None }
    }
}

fn transform(value: f64, log: bool) -> f64 {
    if log { libm::log10(value) } else { value / 2.0 }
}

fn ten_to(exponent: f64) -> f64 {
    libm::exp10(exponent)
}

/// 10ᵏ to the last bit.
pub fn power_of_ten(k: i32) -> f64 {
    format!("1e{k}").parse().unwrap_or(f64::NAN)
}

/// The least of 1, 2, 2.5, 5, 10 times a power of ten that is no less than `least`.
fn round_step(least: f64) -> (f64, i32) {
    if !(least.is_finite() && least > 0.0) {
        return (1.0, 0);
    }
    let power = exponent(least);
    let mantissa = least / power_of_ten(power);
    match [1.0, 2.0, 2.5, 5.0].into_iter().find(|digit| mantissa <= digit * 1.000_000_1) {
        Some(digit) => (digit, power),
        None => (1.0, power + 1),
    }
}

/// `digits` · 10^`power`, with the decimals that 10^`fine` needs.
fn fixed(digits: f64, power: i32, fine: i32) -> String {
    let value: f64 = format!("{digits}e{power}").parse().unwrap_or(f64::NAN);
    let text = format!("{value:.*}", (-fine).clamp(0, 20) as usize);
    minus(if value == 0.0 { text.trim_start_matches('-') } else { &text })
}

fn scientific(value: f64) -> String {
    let power = exponent(value);
    if (-3..9).contains(&power) {
        return minus(&crate::display::real(value, 10));
    }
    let mantissa = crate::display::real(value / power_of_ten(power), 10);
    if mantissa == "1" {
        return format!("10{}", superscript(power));
    }
    format!("{}·10{}", minus(&mantissa), superscript(power))
}

/// With a minus sign as wide as a plus.
fn minus(text: &str) -> String {
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(lo: f64, hi: f64, log: bool, whole: bool) -> Vec<String> {
        Scale::new(lo, hi, log, 0.0).ticks(6, whole).major.into_iter().map(|t| t.1).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(0.0, 1.0, false, false), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(0.0, 300.0, false, true), ["0", "50", "100", "150", "200", "250", "300"]);
        assert_eq!(labels(0.0, 3.0, false, true), ["0", "1", "2", "3"]);
        assert_eq!(labels(-1.0, 1.0, false, false), ["−1.0", "−0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(labels(0.0, 3e5, false, false), ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5", "3.0"]);
        assert_eq!(labels(1e-4, 1.0, true, false), ["10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "10⁰"]);
        assert_eq!(labels(0.01, 100.0, true, false), ["0.01", "0.1", "1", "10", "100"]);
        assert_eq!(labels(0.05, 3.0, true, false), ["0.05", "0.1", "0.2", "0.5", "1", "2"]);
        assert_eq!(labels(2.0, 2.3, true, false), ["2.00", "2.05", "2.10", "2.15", "2.20", "2.25", "2.30"]);
    }

    #[test]
    fn any_range_has_ticks() {
        let ends = [5e-324, 1e-300, 1e-9, 1.0, 1.0 + 1e-9, 1e16, 1e16 + 4.0, 1e300, f64::MAX];
        for &lo in &ends {
            for &hi in ends.iter().filter(|hi| **hi >= lo) {
                for (lo, log) in [(lo, false), (lo, true), (-lo, false), (-hi, false)] {
                    let scale = Scale::new(lo, hi, log, 0.03);
                    let ticks = scale.ticks(6, false);
                    assert!(ticks.major.len() < 40, "{lo:e} {hi:e} {log}");
                    assert!(
                        ticks.major.iter().all(|t| t.0.is_finite() && !t.1.contains("NaN")),
                        "{lo:e} {hi:e} {ticks:?}"
                    );
                    assert!((0.0..=1.0).contains(&scale.place(lo)), "{lo:e} {hi:e} {}", scale.place(lo));
                }
            }
        }
    }
}

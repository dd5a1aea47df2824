//! Numbers as text: rounded for people. A number enters with the digits wanted; the shortest text of that accuracy
//! leaves.

/// Significant digits of a printed real.
pub const DIGITS: usize = 6;

/// A real with at most so many significant digits: `0.25`, `1.5e-7`, `nan`, `inf`. Whole numbers below 10⁹ are printed
/// in full; both zeros as `0`.
pub fn real(value: f64, digits: usize) -> String {
    if value.is_nan() {
        return "nan".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf".into() } else { "-inf".into() };
    }
    if value == 0.0 {
        return "0".into();
    }
    if value.fract() == 0.0 && value.abs() < 1e9 {
        return format!("{value:.0}");
    }
    let rounded = format!("{value:.*e}", digits.max(1) - 1);
    let (mantissa, exponent) = rounded.split_once('e').unwrap_or((&rounded, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..9).contains(&exponent) {
        return format!("{}e{exponent}", trim(mantissa));
    }
    let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
    // Printing the rounded number again, so that digits beyond those wanted are zeros and not noise.
    let rounded: f64 = rounded.parse().unwrap_or(value);
    trim(&format!("{rounded:.decimals$}")).to_string()
}

/// Without zeros at the end behind a point.
fn trim(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

pub fn integer(value: i64) -> String {
    value.to_string()
}

/// How many characters stand before the point (or the exponent): numbers of a column are aligned there.
pub(super) fn before_point(text: &str) -> usize {
    text.chars().take_while(|c| !matches!(c, '.' | 'e')).count()
}

/// Texts of one column, padded to the same width. Numbers meet at their points, other texts at the left.
pub(super) fn align(cells: &[String], numeric: bool) -> Vec<String> {
    if !numeric {
        let width = cells.iter().map(|c| c.chars().count()).max().unwrap_or(0);
        return cells.iter().map(|c| format!("{c:<width$}")).collect();
    }
    let left = cells.iter().filter(|c| is_numeric(c)).map(|c| before_point(c)).max().unwrap_or(0);
    let pad = |c: &String| if is_numeric(c) { " ".repeat(left - before_point(c)) + c } else { c.clone() };
    let padded: Vec<String> = cells.iter().map(pad).collect();
    let width = padded.iter().map(|c| c.chars().count()).max().unwrap_or(0);
    // `nan`, `inf` and gaps have no point: they end where the column ends.
    let fill = |(c, p): (&String, String)| if is_numeric(c) { format!("{p:<width$}") } else { format!("{p:>width$}") };
    cells.iter().zip(padded).map(fill).collect()
}

/// The decimal exponent of a finite number that is not zero.
pub fn exponent(value: f64) -> i32 {
    format!("{value:e}").split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0)
}

fn is_numeric(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+')
}

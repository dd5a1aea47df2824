//! Special functions: error function and its inverse, gamma function and its logarithmic derivatives, powers.

use super::{exp, expm1, log, log1p};

/// The error function (fdlibm's, through `libm`).
pub fn erf(x: f64) -> f64 {
    libm::erf(x)
}

pub fn erfc(x: f64) -> f64 {
    libm::erfc(x)
}

pub fn lgamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// The inverse of `erf`: a starting value (Winitzki 2008) made exact by Newton steps on `erf` or, in the tails, `erfc`.
pub fn erfinv(p: f64) -> f64 {
    if p.is_nan() || p.abs() > 1.0 {
        return f64::NAN;
    }
    if p.abs() == 1.0 {
        return p * f64::INFINITY;
    }
    let a = 0.147;
    let tail = log1p(-p * p);
    let half = 2.0 / (std::f64::consts::PI * a) + tail / 2.0;
    let mut x = ((half * half - tail / a).sqrt() - half).sqrt();
    let size = p.abs();
    if size < 1e-8 {
        return p * (std::f64::consts::PI.sqrt() / 2.0);
    }
    for _ in 0..4 {
        let error = if size < 0.5 { erf(x) - size } else { (1.0 - size) - erfc(x) };
        let u = error / (std::f64::consts::FRAC_2_SQRT_PI * exp(-x * x));
        // Halley's correction: the second derivative of erf is -2x times the first.
        x -= u / (1.0 + x * u);
    }
    x.copysign(p)
}

/// Bernoulli numbers B_2, B_4, ..., B_24.
const BERNOULLI: [f64; 12] = [
    1.0 / 6.0,
    -1.0 / 30.0,
    1.0 / 42.0,
    -1.0 / 30.0,
    5.0 / 66.0,
    -691.0 / 2730.0,
    7.0 / 6.0,
    -3617.0 / 510.0,
    43867.0 / 798.0,
    -174611.0 / 330.0,
    854513.0 / 138.0,
    -236364091.0 / 2730.0,
];

/// The slope of `lgamma`: recurrence up to 10, then the asymptotic series (Abramowitz & Stegun 6.3.18); reflection for
/// negative arguments (6.3.7).
pub fn digamma(x: f64) -> f64 {
    if x.is_nan() || x == f64::NEG_INFINITY || (x <= 0.0 && x == libm::floor(x)) {
        return f64::NAN;
    }
    if x < 0.0 {
        let t = x - libm::rint(x);
        return digamma(1.0 - x) - std::f64::consts::PI / libm::tan(std::f64::consts::PI * t);
    }
    // The root of digamma as two doubles: near it the series would leave only absolute accuracy.
    const ROOT: f64 = 1.461_632_144_968_362_2;
    const ROOT_LOW: f64 = 9.549_995_429_965_697e-17;
    let d = (x - ROOT) - ROOT_LOW;
    if d.abs() < 0.3 {
        return digamma_near_root(d);
    }
    let mut shift = 0.0;
    let mut x = x;
    while x < 10.0 {
        shift += 1.0 / x;
        x += 1.0;
    }
    if x == f64::INFINITY {
        return x;
    }
    let square = 1.0 / (x * x);
    let mut series = 0.0;
    for (k, b) in BERNOULLI.iter().enumerate().rev() {
        series = square * (series + b / (2.0 * (k + 1) as f64));
    }
    log(x) - 0.5 / x - series - shift
}

/// Taylor series around the root; the coefficients are polygamma(n, root) / n!.
fn digamma_near_root(d: f64) -> f64 {
    const ROOT: f64 = 1.461_632_144_968_362_2;
    let mut sum = 0.0;
    let mut factorial = 1.0;
    let mut power = 1.0;
    for n in 1..=30 {
        factorial *= n as f64;
        power *= d;
        sum += polygamma(n, ROOT) / factorial * power;
    }
    sum
}

/// The n-th derivative of `digamma`, n >= 1: recurrence upwards, then the asymptotic series (Abramowitz & Stegun
/// 6.4.6, 6.4.11). NaN at 0 and the negative whole numbers, and for arguments below -10^4.
pub fn polygamma(n: i64, x: f64) -> f64 {
    let whole = x <= 0.0 && x == libm::floor(x);
    if x.is_nan() || whole || x < -1e4 || n < 1 {
        return f64::NAN;
    }
    let mut shifted = x;
    let mut sum = 0.0;
    while shifted < 15.0 + n as f64 {
        sum += 1.0 / power_of(shifted, n + 1);
        shifted += 1.0;
    }
    let factorial = |m: i64| (1..=m).map(|k| k as f64).product::<f64>();
    // (n-1)!/x^n + n!/(2 x^(n+1)) + sum over k of B_2k (2k+n-1)! / ((2k)! x^(2k+n))
    let power = 1.0 / power_of(shifted, n);
    let mut series = factorial(n - 1) * power + factorial(n) * power / (2.0 * shifted);
    let mut ratio = factorial(n + 1) / 2.0;
    let mut inverse = power / (shifted * shifted);
    for (k, b) in BERNOULLI.iter().enumerate() {
        series += b * ratio * inverse;
        let two_k = 2 * (k as i64 + 1);
        ratio *= ((two_k + n) * (two_k + n + 1)) as f64 / ((two_k + 1) * (two_k + 2)) as f64;
        inverse /= shifted * shifted;
    }
    let value = series + factorial(n) * sum;
    if n % 2 == 0 { -value } else { value }
}

/// `x^n` by multiplication, n >= 0.
fn power_of(x: f64, n: i64) -> f64 {
    (0..n).fold(1.0, |power, _| power * x)
}

/// phi_n(x): phi_0 = exp, phi_n(x) = (phi_(n-1)(x) - 1/(n-1)!) / x; phi_1 is `expm1(x) / x`.
pub fn exprel(n: i64, x: f64) -> f64 {
    if n == 1 {
        if x == 0.0 {
            return 1.0;
        }
        // exp(x) overflows before exp(x) / x does.
        return if x > 709.0 { exp(x - log(x)) } else { expm1(x) / x };
    }
    if n <= 0 {
        return exp(x);
    }
    let inverse_factorial = 1.0 / (1..=n).map(|k| k as f64).product::<f64>();
    if x.abs() < n as f64 {
        // sum over k of x^k / (k + n)!
        let (mut term, mut sum) = (inverse_factorial, inverse_factorial);
        for k in 1..80 {
            term *= x / (k + n) as f64;
            sum += term;
        }
        return sum;
    }
    (exprel(n - 1, x) - inverse_factorial * n as f64) / x
}

/// `x^p`. Small whole exponents are multiplied out, 0.5 is a square root; the rest is fdlibm's through `libm`.
#[inline(always)]
pub fn pow(x: f64, p: f64) -> f64 {
    if p == 2.0 {
        x * x
    } else if p == 3.0 {
        x * x * x
    } else if p == -1.0 {
        1.0 / x
    } else if p == 0.5 {
        // Unlike a square root, the power of -infinity is infinite and that of -0 positive.
        if x == f64::NEG_INFINITY { f64::INFINITY } else { x.sqrt() + 0.0 }
    } else {
        libm::pow(x, p)
    }
}

/// `x^p` over slices; loops over one shared exponent are vectorised where it is one of the simple ones.
pub fn pow_f64(x: &[f64], p: &[f64], out: &mut [f64]) {
    let shared = p.first().copied().filter(|first| p.iter().all(|q| q == first));
    match shared {
        Some(2.0) => out.iter_mut().zip(x).for_each(|(o, &x)| *o = pow(x, 2.0)),
        Some(3.0) => out.iter_mut().zip(x).for_each(|(o, &x)| *o = pow(x, 3.0)),
        Some(-1.0) => out.iter_mut().zip(x).for_each(|(o, &x)| *o = pow(x, -1.0)),
        Some(0.5) => out.iter_mut().zip(x).for_each(|(o, &x)| *o = pow(x, 0.5)),
        _ => out.iter_mut().zip(x.iter().zip(p)).for_each(|(o, (&x, &p))| *o = pow(x, p)),
    }
}

/// The same at 32 bits, computed in 64 and rounded once.
pub fn pow_f32(x: &[f32], p: &[f32], out: &mut [f32]) {
    out.iter_mut().zip(x.iter().zip(p)).for_each(|(o, (&x, &p))| *o = pow(x as f64, p as f64) as f32);
}

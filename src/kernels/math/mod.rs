//! Elementary and special functions of one or two reals. The frequent ones are polynomials without branches or tables,
//! written so that loops over them vectorise; none uses fused multiplication or the platform's library, so the bits are
//! the same on every machine. Errors are below 2 units in the last place; infinities, NaN, overflow and subnormal
//! numbers are as in IEEE 754. Slices come in blocks; 32-bit kernels compute in 64 bits and round once.

mod special;
#[cfg(test)]
mod tests;
mod trig;

pub use special::*;
pub use trig::*;

use std::f64::consts::{LN_2, LOG2_E};

/// Adding it moves the whole part of a small number into the low bits of its representation, rounded to even.
const MAGIC: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52
/// ln 2 in two parts; the high one has 20 trailing zero bits, so its product with an exponent is exact.
const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// 2^k for a whole `k` between -1022 and 1023.
#[inline(always)]
fn power_of_two(k: f64) -> f64 {
    f64::from_bits((k + MAGIC).to_bits().wrapping_sub(MAGIC.to_bits()).wrapping_add(1023) << 52)
}

/// `exp(x) = (1 + p) * 2^k` with `|p| < 0.42`; `x` between -800 and 800 (or NaN, which makes `p` NaN).
#[inline(always)]
fn exp_parts(x: f64) -> (f64, f64) {
    let k = (x * LOG2_E + MAGIC) - MAGIC;
    let high = x - k * LN2_HIGH;
    let low = k * LN2_LOW;
    let r = high - low;
    let error = (high - r) - low;
    // (exp(r) - 1 - r) / r^2 by its Taylor series; the rest is below 2^-57 for |r| <= ln(2) / 2.
    let mut q = 1.0 / 6_227_020_800.0;
    q = q * r + 1.0 / 479_001_600.0;
    q = q * r + 1.0 / 39_916_800.0;
    q = q * r + 1.0 / 3_628_800.0;
    q = q * r + 1.0 / 362_880.0;
    q = q * r + 1.0 / 40_320.0;
    q = q * r + 1.0 / 5_040.0;
    q = q * r + 1.0 / 720.0;
    q = q * r + 1.0 / 120.0;
    q = q * r + 1.0 / 24.0;
    q = q * r + 1.0 / 6.0;
    q = q * r + 0.5;
    (r + (error + error * r + r * r * q), k)
}

/// `x` cut to a range; NaN stays.
#[inline(always)]
fn clamp(x: f64, low: f64, high: f64) -> f64 {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

/// The exponential function.
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    let (p, k) = exp_parts(clamp(x, -760.0, 720.0));
    // Two steps: 2^k itself may be out of range where the result is not.
    let half = (k * 0.5 + MAGIC) - MAGIC;
    ((1.0 + p) * power_of_two(half)) * power_of_two(k - half)
}

/// `exp(x) - 1`, accurate near 0.
#[inline(always)]
pub fn expm1(x: f64) -> f64 {
    let (p, k) = exp_parts(clamp(x, -760.0, 720.0));
    let half = (k * 0.5 + MAGIC) - MAGIC;
    let large = ((1.0 + p) * power_of_two(half)) * power_of_two(k - half);
    let scale = power_of_two(clamp(k, -64.0, 64.0));
    let small = scale * p + (scale - 1.0);
    // -0 stays -0.
    let value = if k > 60.0 { large } else { small };
    if x == 0.0 { x } else { value }
}

/// For `1 + f` between sqrt(1/2) and sqrt(2): `log(1 + f) = f - (f^2 / 2 - tail)`; returns f^2 / 2 and the tail
/// (fdlibm's polynomial, error below 2^-58).
#[inline(always)]
fn log_parts(f: f64) -> (f64, f64) {
    let s = f / (2.0 + f);
    let z = s * s;
    let mut r = 1.479_819_860_511_658_6e-1;
    r = r * z + 1.531_383_769_920_937_3e-1;
    r = r * z + 1.818_357_216_161_805e-1;
    r = r * z + 2.222_219_843_214_978_4e-1;
    r = r * z + 2.857_142_874_366_239e-1;
    r = r * z + 3.999_999_999_940_942e-1;
    r = r * z + 6.666_666_666_666_735e-1;
    let half_square = 0.5 * f * f;
    (half_square, s * (half_square + r * z))
}

/// A positive normal number as `m * 2^k` with `m` between sqrt(1/2) and sqrt(2).
#[inline(always)]
fn split(x: f64) -> (f64, f64) {
    const SQRT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
    const ONE: u64 = 0x3ff0_0000_0000_0000;
    let shifted = x.to_bits().wrapping_add(ONE - SQRT_HALF);
    let mantissa = (shifted & 0x000f_ffff_ffff_ffff).wrapping_add(SQRT_HALF);
    // The biased exponent as a float: its bits below those of 2^52.
    let k = f64::from_bits((shifted >> 52) | 0x4330_0000_0000_0000) - 4_503_599_627_370_496.0;
    (f64::from_bits(mantissa), k - 1023.0)
}

/// The natural logarithm: -infinity at 0, NaN below.
#[inline(always)]
pub fn log(x: f64) -> f64 {
    let subnormal = x < f64::MIN_POSITIVE;
    let (m, k) = split(if subnormal { x * 18_014_398_509_481_984.0 } else { x });
    let k = if subnormal { k - 54.0 } else { k };
    let f = m - 1.0;
    let (half_square, tail) = log_parts(f);
    let value = k * LN2_HIGH - ((half_square - (tail + k * LN2_LOW)) - f);
    let value = if x < f64::INFINITY { value } else { x };
    let value = if x == 0.0 { f64::NEG_INFINITY } else { value };
    if x < 0.0 { f64::NAN } else { value }
}

/// `log(1 + x)`, accurate near 0: -infinity at -1, NaN below.
#[inline(always)]
pub fn log1p(x: f64) -> f64 {
    // Near 0 the argument is its own f, without rounding.
    let near = x > -0.2928 && x < 0.4142;
    let u = 1.0 + x;
    let (m, k) = split(u);
    // What rounding took from 1 + x, relative to it.
    let lost = if k >= 2.0 { 1.0 - (u - x) } else { x - (u - 1.0) } / u;
    let (f, k, lost) = if near { (x, 0.0, 0.0) } else { (m - 1.0, k, lost) };
    let (half_square, tail) = log_parts(f);
    let value = k * LN2_HIGH - ((half_square - (tail + (k * LN2_LOW + lost))) - f);
    let value = if x == 0.0 { x } else { value };
    let value = if x < f64::INFINITY { value } else { x };
    let value = if x == -1.0 { f64::NEG_INFINITY } else { value };
    if x < -1.0 { f64::NAN } else { value }
}

/// The logistic function `1 / (1 + exp(-x))`.
#[inline(always)]
pub fn sigmoid(x: f64) -> f64 {
    let e = exp(-x.abs());
    let above = if x >= 0.0 { 1.0 } else { e };
    let value = above / (1.0 + e);
    // NaN compares false and e is NaN then, so it comes through.
    value
}

/// `log(1 + exp(x))`.
#[inline(always)]
pub fn softplus(x: f64) -> f64 {
    let tail = log1p(exp(-x.abs()));
    if x > 0.0 { x + tail } else { tail }
}

/// `log(1 + exp(x))` over slices, in two passes that each vectorise.
pub fn softplus_slice(x: &[f64], out: &mut [f64]) {
    out.iter_mut().zip(x).for_each(|(o, &x)| *o = exp(-x.abs()));
    out.iter_mut().for_each(|o| *o = log1p(*o));
    out.iter_mut().zip(x).for_each(|(o, &x)| *o += if x > 0.0 { x } else { 0.0 });
}

/// The hyperbolic tangent.
#[inline(always)]
pub fn tanh(x: f64) -> f64 {
    let size = x.abs();
    let (p, k) = exp_parts(clamp(-2.0 * size, -80.0, 0.0));
    let scale = power_of_two(k);
    // With t = exp(-2|x|) - 1: -t / (t + 2) near 0; far from it 1 - 2 exp(-2|x|) / (1 + exp(-2|x|)).
    let t = scale * p + (scale - 1.0);
    let e = scale * (1.0 + p);
    let value = if size < 0.55 { -t / (t + 2.0) } else { 1.0 - 2.0 * e / (1.0 + e) };
    let value = if x == 0.0 { size } else { value };
    value.copysign(x)
}

/// The slope of the hyperbolic tangent, `1 - tanh(x)^2`.
#[inline(always)]
pub fn sech2(x: f64) -> f64 {
    let e = exp(-2.0 * x.abs());
    4.0 * e / ((1.0 + e) * (1.0 + e))
}

/// The hyperbolic sine.
#[inline(always)]
pub fn sinh(x: f64) -> f64 {
    let size = x.abs();
    let t = expm1(size);
    let small = if size < 1.0 { 2.0 * t - t * t / (t + 1.0) } else { t + t / (t + 1.0) };
    let half = exp(0.5 * size);
    let value = if size > 709.0 { (0.5 * half) * half } else { 0.5 * small };
    let value = if size == f64::INFINITY { size } else { value };
    value.copysign(x)
}

/// The hyperbolic cosine.
#[inline(always)]
pub fn cosh(x: f64) -> f64 {
    let size = x.abs();
    let e = exp(size);
    let half = exp(0.5 * size);
    if size > 709.0 { (0.5 * half) * half } else { 0.5 * e + 0.5 / e }
}

/// `log(1 - exp(x))` for `x <= 0` (Maechler 2012, "Accurately computing log(1 - exp(-|a|))").
pub fn log1mexp(x: f64) -> f64 {
    if x > -LN_2 { log(-expm1(x)) } else { log1p(-exp(x)) }
}

/// `log(exp(a) + exp(b))`.
pub fn logaddexp(a: f64, b: f64) -> f64 {
    if a == b {
        return a + LN_2;
    }
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    let d = low - high;
    if d.is_nan() { a + b } else { high + log1p(exp(d)) }
}

/// `x * log(y)`, 0 where `x` is 0 and `y` is not NaN.
#[inline(always)]
pub fn xlogy(x: f64, y: f64) -> f64 {
    let value = x * log(y);
    if x == 0.0 && !y.is_nan() { 0.0 } else { value }
}

/// `x * log(1 + y)`, and 0 where `x` is 0 and `y` is not NaN.
pub fn xlog1py(x: f64, y: f64) -> f64 {
    if x == 0.0 && !y.is_nan() { 0.0 } else { x * log1p(y) }
}

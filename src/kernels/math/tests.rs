//! Values of the functions against `libm`, identities and tables, and their edges.

use super::*;

const INF: f64 = f64::INFINITY;
const TINIEST: f64 = 5e-324;

/// Distance in units in the last place.
fn ulps(a: f64, b: f64) -> f64 {
    if a == b || (a.is_nan() && b.is_nan()) {
        return 0.0;
    }
    let next = f64::from_bits(b.abs().to_bits() + 1);
    (a - b).abs() / (next - b.abs())
}

/// Numbers of all magnitudes between two bounds, the same every time.
fn samples(low: f64, high: f64) -> Vec<f64> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut unit = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut out = vec![0.0, 1.0, -1.0, 0.5, -0.5, 1e-300, -1e-300, TINIEST, -TINIEST];
    for _ in 0..2000 {
        out.push(low + (high - low) * unit());
        out.push((2.0 * unit() - 1.0) * libm::exp2(60.0 * unit() - 57.0));
    }
    out.retain(|x| *x >= low && *x <= high);
    out
}

#[test]
fn elementary_functions_are_as_accurate_as_the_reference() {
    // The reference itself is off by up to one unit.
    type Pair = (fn(f64) -> f64, fn(f64) -> f64);
    let table: [(&str, Pair, f64, f64); 9] = [
        ("exp", (exp, libm::exp), -745.0, 709.7),
        ("expm1", (expm1, libm::expm1), -40.0, 709.7),
        ("log", (log, libm::log), 0.0, 1e300),
        ("log1p", (log1p, libm::log1p), -1.0, 1e300),
        ("tanh", (tanh, libm::tanh), -25.0, 25.0),
        ("sinh", (sinh, libm::sinh), -710.0, 710.0),
        ("cosh", (cosh, libm::cosh), -710.0, 710.0),
        ("sin", (sin, libm::sin), -2e6, 2e6),
        ("cos", (cos, libm::cos), -2e6, 2e6),
    ];
    for (name, (ours, reference), low, high) in table {
        for x in samples(low, high) {
            let off = ulps(ours(x), reference(x));
            assert!(off <= 2.5, "{name}({x:e}) = {:e}, expected {:e}: {off} ulp", ours(x), reference(x));
        }
    }
}

#[test]
fn edges_of_elementary_functions() {
    let table: &[(fn(f64) -> f64, f64, f64)] = &[
        (exp, INF, INF),
        (exp, -INF, 0.0),
        (exp, 710.0, INF),
        (exp, -746.0, 0.0),
        (exp, -745.0, TINIEST),
        (exp, 0.0, 1.0),
        (expm1, -INF, -1.0),
        (expm1, INF, INF),
        (expm1, TINIEST, TINIEST),
        (log, 0.0, -INF),
        (log, INF, INF),
        (log, 1.0, 0.0),
        (log, TINIEST, -744.440_071_921_381_2),
        (log1p, -1.0, -INF),
        (log1p, INF, INF),
        (log1p, TINIEST, TINIEST),
        (sigmoid, 1000.0, 1.0),
        (sigmoid, -1000.0, 0.0),
        (sigmoid, -INF, 0.0),
        (sigmoid, INF, 1.0),
        (softplus, 1000.0, 1000.0),
        (softplus, -1000.0, 0.0),
        (softplus, INF, INF),
        (softplus, -INF, 0.0),
        (tanh, INF, 1.0),
        (tanh, -1000.0, -1.0),
        (tanh, TINIEST, TINIEST),
        (sech2, 0.0, 1.0),
        (sech2, -INF, 0.0),
        (sinh, -INF, -INF),
        (sinh, TINIEST, TINIEST),
        (cosh, -INF, INF),
        (cosh, 0.0, 1.0),
        (log1mexp, -INF, 0.0),
        (log1mexp, 0.0, -INF),
        (log1mexp, -1000.0, 0.0),
        (erfinv, 1.0, INF),
        (erfinv, -1.0, -INF),
        (lgamma, 0.0, INF),
        (digamma, INF, INF),
    ];
    for (f, x, expected) in table {
        assert_eq!(f(*x), *expected, "at {x:e}");
    }
    for f in [exp, expm1, log, log1p, sigmoid, softplus, tanh, sinh, cosh, sin, cos, log1mexp, erf, erfinv, digamma] {
        assert!(f(f64::NAN).is_nan());
    }
    for (f, x) in
        [(log as fn(f64) -> f64, -1.0), (log1p, -1.5), (sin, INF), (cos, -INF), (log1mexp, 1.0), (erfinv, 1.1)]
    {
        assert!(f(x).is_nan(), "at {x}");
    }
    for f in [expm1, log1p, tanh, sinh, sin] {
        assert!(f(-0.0) == 0.0 && f(-0.0).is_sign_negative());
    }
}

#[test]
fn values_from_tables() {
    // Abramowitz & Stegun, and mpmath to 17 digits.
    let table: &[(f64, f64)] = &[
        (erf(0.5), 0.520_499_877_813_046_5),
        (erfc(5.0), 1.537_459_794_428_034_8e-12),
        (erfinv(0.5), 0.476_936_276_204_469_9),
        (erfinv(1e-10), 8.862_269_254_527_58e-11),
        (digamma(1.0), -0.577_215_664_901_532_9),
        (digamma(-0.5), 0.036_489_973_978_576_52),
        (digamma(10.5), 2.303_001_034_297_686_5),
        (digamma(-1e-10), 9_999_999_999.422_785),
        (polygamma(1, 1.0), 1.644_934_066_848_226_4),
        (polygamma(2, 1.0), -2.404_113_806_319_188_6),
        (polygamma(1, -0.5), 8.934_802_200_544_68),
        (sech2(20.0), 1.699_341_702_116_635e-17),
        (lgamma(0.5), 0.572_364_942_924_700_1),
        (exprel(1, 0.0), 1.0),
        (exprel(1, 1.0), 1.718_281_828_459_045),
        (exprel(2, 0.0), 0.5),
        (exprel(2, 1.0), 0.718_281_828_459_045_2),
        (exprel(3, -20.0), 0.022_624_999_999_742_356),
        (logaddexp(-1000.0, 1000.0), 1000.0),
        (logaddexp(0.0, 0.0), LN_2),
        (logaddexp(f64::NEG_INFINITY, f64::NEG_INFINITY), f64::NEG_INFINITY),
        (logaddexp(INF, f64::NEG_INFINITY), INF),
        (xlogy(0.0, 0.0), 0.0),
        (xlogy(2.0, 1.0), 0.0),
        (xlogy(0.0, INF), 0.0),
    ];
    for (i, (ours, expected)) in table.iter().enumerate() {
        // Near a root of digamma only absolute accuracy is left.
        let close = ulps(*ours, *expected) <= 8.0 || (ours - expected).abs() < 4e-16;
        assert!(close, "entry {i}: {ours:e}, expected {expected:e}");
    }
    assert!(xlogy(0.0, f64::NAN).is_nan());
    assert!(logaddexp(f64::NAN, 0.0).is_nan());
}

#[test]
fn powers() {
    let power = |x: f64, p: f64| {
        let mut out = [0.0];
        pow_f64(&[x], &[p], &mut out);
        out[0]
    };
    assert_eq!(power(3.0, 2.0), 9.0);
    assert_eq!(power(0.0, 0.0), 1.0);
    assert_eq!(power(f64::NAN, 0.0), 1.0);
    assert_eq!(power(0.0, -1.0), INF);
    assert_eq!(power(-2.0, 3.0), -8.0);
    assert!(power(-2.0, 0.5).is_nan());
    assert_eq!(power(2.0, 0.5), std::f64::consts::SQRT_2);
    let mut out = [0.0f32; 2];
    pow_f32(&[2.0, 3.0], &[2.0, -1.0], &mut out);
    assert_eq!(out, [4.0, 1.0 / 3.0]);
}

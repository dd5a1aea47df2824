//! Sine and cosine. Angles up to about 10^6 are reduced by multiples of pi/2 held in three parts (Cody & Waite); larger
//! ones, and those that come very close to a multiple, go through `libm`.

/// Angles that the quick reduction takes: quadrant numbers below 2^20.
const LIMIT: f64 = 1_647_000.0;

/// The angle less the nearest multiple of pi/2, as a sum of two, and the multiple modulo 4.
#[inline(always)]
fn reduce(x: f64) -> (f64, f64, u64) {
    const MAGIC: f64 = 6_755_399_441_055_744.0;
    const FIRST: f64 = 1.570_796_326_734_125_6;
    const SECOND: f64 = 6.077_100_506_303_966e-11;
    const THIRD: f64 = 2.022_266_248_795_950_6e-21;
    let shifted = x * std::f64::consts::FRAC_2_PI + MAGIC;
    let n = shifted - MAGIC;
    let t = x - n * FIRST;
    let w = n * SECOND;
    let r = t - w;
    let w = n * THIRD - ((t - r) - w);
    let high = r - w;
    (high, (r - high) - w, shifted.to_bits() & 3)
}

/// fdlibm's kernel: the sine of `x + y` for `|x| <= pi/4`, `y` its rounding error.
#[inline(always)]
fn sin_kernel(x: f64, y: f64) -> f64 {
    let z = x * x;
    let v = z * x;
    let mut r = 1.589_690_995_211_55e-10;
    r = r * z - 2.505_076_025_340_686_3e-8;
    r = r * z + 2.755_731_370_707_007e-6;
    r = r * z - 1.984_126_982_985_795e-4;
    r = r * z + 8.333_333_333_322_49e-3;
    x - ((z * (0.5 * y - v * r) - y) + v * 1.666_666_666_666_663_2e-1)
}

/// The same for the cosine.
#[inline(always)]
fn cos_kernel(x: f64, y: f64) -> f64 {
    let z = x * x;
    let mut r = -1.135_964_755_778_819_5e-11;
    r = r * z + 2.087_572_321_298_175e-9;
    r = r * z - 2.755_731_435_139_066_3e-7;
    r = r * z + 2.480_158_728_947_673e-5;
    r = r * z - 1.388_888_888_887_411e-3;
    r = r * z + 4.166_666_666_666_66e-2;
    let half = 0.5 * z;
    let w = 1.0 - half;
    w + (((1.0 - w) - half) + (z * (z * r) - x * y))
}

/// True where the quick reduction is not accurate.
#[inline(always)]
fn hard(x: f64, reduced: f64) -> bool {
    x.is_nan() || x.abs() >= LIMIT || (reduced.abs() < 1e-9 && x.abs() > 0.1)
}

/// The function at a quarter turn further (`turn` = 1 makes a cosine of a sine).
#[inline(always)]
fn quick(x: f64, turn: u64) -> (f64, f64) {
    let (high, low, quadrant) = reduce(x);
    let quadrant = quadrant.wrapping_add(turn);
    let value = if quadrant & 1 == 0 { sin_kernel(high, low) } else { cos_kernel(high, low) };
    (if quadrant & 2 == 0 { value } else { -value }, high)
}

fn slices(x: &[f64], out: &mut [f64], turn: u64, slow: fn(f64) -> f64) {
    let mut any = false;
    for (o, &x) in out.iter_mut().zip(x) {
        let (value, reduced) = quick(x, turn);
        *o = value;
        any |= hard(x, reduced);
    }
    if any {
        for (o, &x) in out.iter_mut().zip(x) {
            if hard(x, reduce(x).0) {
                *o = slow(x);
            }
        }
    }
}

/// The sine, in radians.
pub fn sin_slice(x: &[f64], out: &mut [f64]) {
    slices(x, out, 0, libm::sin);
}

/// The cosine, in radians.
pub fn cos_slice(x: &[f64], out: &mut [f64]) {
    slices(x, out, 1, libm::cos);
}

/// The sine of one angle.
pub fn sin(x: f64) -> f64 {
    let mut out = [0.0];
    sin_slice(&[x], &mut out);
    out[0]
}

/// The cosine of one angle.
pub fn cos(x: f64) -> f64 {
    let mut out = [0.0];
    cos_slice(&[x], &mut out);
    out[0]
}

/// Runs a 64-bit kernel on 32-bit elements, rounding once.
pub fn through_f64(x: &[f32], out: &mut [f32], kernel: fn(&[f64], &mut [f64])) {
    for (x, out) in x.chunks(256).zip(out.chunks_mut(256)) {
        let (mut wide, mut result) = ([0.0; 256], [0.0; 256]);
        wide.iter_mut().zip(x).for_each(|(w, &x)| *w = x as f64);
        kernel(&wide[..x.len()], &mut result[..x.len()]);
        out.iter_mut().zip(result).for_each(|(o, r)| *o = r as f32);
    }
}

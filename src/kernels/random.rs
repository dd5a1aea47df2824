//! Random draws from counter-based streams: a key, loop counters and an element's index give its bits, so nothing
//! depends on the order of drawing or on threads. Philox 4x32 with ten rounds (Salmon, Moraes, Dror & Shaw,
//! "Parallel random numbers: as easy as 1, 2, 3", SC 2011). Draws are made in 64 bits; 32-bit programs round them.

use super::math;
use rayon::prelude::*;

const BLOCK: usize = 1 << 14;

/// Ten rounds of Philox 4x32.
pub fn philox(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let (mut c, mut k) = (counter, key);
    for _ in 0..10 {
        let p0 = 0xD2511F53u64 * c[0] as u64;
        let p1 = 0xCD9E8D57u64 * c[2] as u64;
        c = [(p1 >> 32) as u32 ^ c[1] ^ k[0], p1 as u32, (p0 >> 32) as u32 ^ c[3] ^ k[1], p0 as u32];
        k = [k[0].wrapping_add(0x9E3779B9), k[1].wrapping_add(0xBB67AE85)];
    }
    c
}

/// One stream: draws of one declaration in one iteration of its loops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stream {
    key: [u32; 2],
}

impl Stream {
    /// The stream of a key. Each loop counter, outermost first, leads to a key of its own: a Philox block of the counter
    /// under the key so far.
    pub fn new(key: u64, counters: &[i64]) -> Stream {
        let mut key = [key as u32, (key >> 32) as u32];
        for &counter in counters {
            let word = counter as u64;
            // The last word keeps these blocks apart from those of elements, where it is 0.
            let block = philox([word as u32, (word >> 32) as u32, 0, 0xFFFF_FFFF], key);
            key = [block[0], block[1]];
        }
        Stream { key }
    }

    /// The two 64-bit words of one element; `round` counts further blocks for the same element.
    pub fn words(self, index: u64, round: u32) -> [u64; 2] {
        let [a, b, c, d] = philox([index as u32, (index >> 32) as u32, round, 0], self.key);
        [a as u64 | (b as u64) << 32, c as u64 | (d as u64) << 32]
    }

    /// A number in `[0, 1)`, a multiple of 2^-53. Two neighbours share a block.
    fn unit(self, index: usize) -> f64 {
        unit(self.words(index as u64 / 2, 0)[index % 2])
    }

    /// A standard normal number, by Box and Muller (Ann. Math. Stat. 29, 1958). Two neighbours share a pair.
    fn normal(self, index: usize) -> f64 {
        self.normal_in(index as u64 / 2, 0, index.is_multiple_of(2))
    }

    fn normal_in(self, block: u64, round: u32, first: bool) -> f64 {
        let [a, b] = self.words(block, round);
        let radius = (-2.0 * math::log(1.0 - unit(a))).sqrt();
        let angle = std::f64::consts::TAU * unit(b);
        radius * if first { math::cos(angle) } else { math::sin(angle) }
    }
}

fn unit(word: u64) -> f64 {
    (word >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// `f` of every index below `n`, in blocks.
fn fill<T: Copy + Default + Send>(n: usize, f: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let mut out = vec![T::default(); n];
    let one = |(block, part): (usize, &mut [T])| {
        part.iter_mut().enumerate().for_each(|(i, x)| *x = f(block * BLOCK + i));
    };
    if n <= BLOCK {
        out.chunks_mut(BLOCK).enumerate().for_each(one);
    } else {
        out.par_chunks_mut(BLOCK).enumerate().for_each(one);
    }
    out
}

/// Parameters: each a list as long as the draw, or of one element.
fn at(parameter: &[f64], i: usize) -> f64 {
    if parameter.len() == 1 { parameter[0] } else { parameter[i] }
}

/// `a + (b - a) u` with `u` in `[0, 1)`; 1 and only `b` may be reached by rounding.
pub fn uniform(s: Stream, n: usize, a: &[f64], b: &[f64]) -> Vec<f64> {
    fill(n, |i| {
        let (a, b) = (at(a, i), at(b, i));
        let u = s.unit(i);
        if a == 0.0 { b * u } else { a + (b - a) * u }
    })
}

/// `mean + sd z`.
pub fn normal(s: Stream, n: usize, mean: &[f64], sd: &[f64]) -> Vec<f64> {
    fill(n, |i| at(mean, i) + at(sd, i) * s.normal(i))
}

/// `-log(1 - u) / rate`.
pub fn exponential(s: Stream, n: usize, rate: &[f64]) -> Vec<f64> {
    fill(n, |i| -math::log(1.0 - s.unit(i)) / at(rate, i))
}

/// By inversion: `mean - scale sign(v) log(1 - 2 |v|)`, `v = 1/2 - u` in `(-1/2, 1/2]`.
pub fn laplace(s: Stream, n: usize, mean: &[f64], scale: &[f64]) -> Vec<f64> {
    fill(n, |i| {
        let v = 0.5 - s.unit(i);
        // Half a step off the ends, where the logarithm is infinite.
        let tail = (1.0 - 2.0 * v.abs()).max(1.0 / (1u64 << 54) as f64);
        at(mean, i) - at(scale, i) * v.signum() * math::log(tail)
    })
}

/// By rejection (Marsaglia & Tsang, ACM TOMS 26, 2000), shapes below 1 lifted by `u^(1/shape)`. Each element has
/// blocks of its own, so rejections of one never shift another.
pub fn gamma(s: Stream, n: usize, shape: &[f64], rate: &[f64]) -> Vec<f64> {
    fill(n, |i| {
        let (shape, rate) = (at(shape, i), at(rate, i));
        if shape.is_nan() || shape < 0.0 {
            return f64::NAN;
        }
        if shape == 0.0 {
            return 0.0;
        }
        let lifted = if shape < 1.0 { shape + 1.0 } else { shape };
        let d = lifted - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        let mut round = 1;
        let value = loop {
            let z = s.normal_in(i as u64, round, true);
            let u = 1.0 - unit(s.words(i as u64, round + 1)[0]);
            round += 2;
            let v = (1.0 + c * z) * (1.0 + c * z) * (1.0 + c * z);
            if v > 0.0 && math::log(u) < 0.5 * z * z + d - d * v + d * math::log(v) {
                break d * v;
            }
        };
        let small = if shape < 1.0 { math::exp(math::log(1.0 - unit(s.words(i as u64, 0)[1])) / shape) } else { 1.0 };
        value * small / rate
    })
}

/// True with probability `p`.
pub fn bernoulli(s: Stream, n: usize, p: &[f64]) -> Vec<bool> {
    fill(n, |i| s.unit(i) < at(p, i))
}

/// Integers in `lo..hi`; `lo` where the range is empty. By the high half of a product, whose bias is below 2^-11 even
/// for the widest range and below range / 2^64 in general.
pub fn integers(s: Stream, n: usize, lo: &[i64], hi: &[i64]) -> Vec<i64> {
    let at = |p: &[i64], i: usize| if p.len() == 1 { p[0] } else { p[i] };
    fill(n, |i| {
        let (lo, hi) = (at(lo, i), at(hi, i));
        let width = if hi > lo { hi.wrapping_sub(lo) as u64 } else { 0 };
        let word = s.words(i as u64 / 2, 0)[i % 2];
        lo.wrapping_add(((word as u128 * width as u128) >> 64) as i64)
    })
}

/// Which of `k` weights: the first whose running sum exceeds `u` times the total. Draw `i` has its weights in `p` from
/// `base(i)` on, `stride` apart. One whose weights are not a distribution (negative, NaN, all zero) gives `None`.
pub fn categorical(
    s: Stream,
    n: usize,
    k: usize,
    p: &[f64],
    base: impl Fn(usize) -> usize + Sync,
    stride: usize,
) -> Vec<Option<i64>> {
    fill(n, |i| {
        let from = base(i);
        let weights = || (0..k).map(|j| p[from + j * stride]);
        let total: f64 = weights().sum();
        let sound = total > 0.0 && total.is_finite() && weights().all(|w| w >= 0.0);
        if !sound {
            return None;
        }
        let goal = s.unit(i) * total;
        let (mut sum, mut last) = (0.0, 0);
        for (j, w) in weights().enumerate().filter(|(_, w)| *w > 0.0) {
            sum += w;
            last = j;
            if goal < sum {
                break;
            }
        }
        Some(last as i64)
    })
}

/// The first `m` places of a random order of `0..n`, for each of `batch` draws: the order of random 64-bit words.
pub fn permutations(s: Stream, batch: usize, n: usize, m: usize) -> Vec<i64> {
    let rows: Vec<Vec<i64>> = (0..batch)
        .into_par_iter()
        .map(|row| {
            let words = fill(n, |i| {
                let index = row * n + i;
                s.words(index as u64 / 2, 0)[index % 2]
            });
            let mut order: Vec<i64> = (0..n as i64).collect();
            order.sort_unstable_by_key(|&i| (words[i as usize], i));
            order.truncate(m);
            order
        })
        .collect();
    rows.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known-answer vectors of the authors' Random123 (`kat_vectors`, philox4x32 10).
    #[test]
    fn philox_gives_the_published_blocks() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
        assert_eq!(philox([u32::MAX; 4], [u32::MAX; 2]), [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
        let pi = philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]);
        assert_eq!(pi, [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]);
    }

    fn moments(x: &[f64]) -> (f64, f64) {
        let n = x.len() as f64;
        let mean = x.iter().sum::<f64>() / n;
        (mean, x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n)
    }

    fn near(found: f64, wanted: f64, tolerance: f64) {
        assert!((found - wanted).abs() < tolerance, "{found} is not near {wanted}");
    }

    const N: usize = 200_000;

    fn stream() -> Stream {
        Stream::new(0x1234_5678_9abc_def0, &[3])
    }

    #[test]
    fn moments_are_those_of_the_distributions() {
        let s = stream();
        let check = |x: &[f64], mean: f64, variance: f64| {
            let (m, v) = moments(x);
            near(m, mean, 5.0 * (variance / N as f64).sqrt());
            near(v, variance, 0.03 * variance);
        };
        check(&uniform(s, N, &[-1.0], &[3.0]), 1.0, 16.0 / 12.0);
        check(&normal(s, N, &[2.0], &[3.0]), 2.0, 9.0);
        check(&exponential(s, N, &[2.0]), 0.5, 0.25);
        check(&laplace(s, N, &[1.0], &[2.0]), 1.0, 8.0);
        check(&gamma(s, N, &[3.0], &[2.0]), 1.5, 0.75);
        check(&gamma(s, N, &[0.4], &[1.0]), 0.4, 0.4);
        let whole: Vec<f64> = integers(s, N, &[-2], &[3]).iter().map(|&x| x as f64).collect();
        check(&whole, 0.0, 2.0);
        let coins: Vec<f64> = bernoulli(s, N, &[0.3]).iter().map(|&x| x as u8 as f64).collect();
        check(&coins, 0.3, 0.21);
        let normal = normal(s, N, &[0.0], &[1.0]);
        let fourth: f64 = normal.iter().map(|x| x * x * x * x).sum::<f64>() / N as f64;
        near(fourth, 3.0, 0.1);
        let within = normal.iter().filter(|x| x.abs() < 1.0).count() as f64 / N as f64;
        near(within, 0.682689, 0.005);
    }

    #[test]
    fn uniform_numbers_pass_a_chi_square_of_cells_and_pairs() {
        let x = uniform(stream(), N, &[0.0], &[1.0]);
        let mut cells = [0usize; 100];
        for pair in x.chunks(2) {
            cells[(pair[0] * 10.0) as usize * 10 + (pair[1] * 10.0) as usize] += 1;
        }
        let expected = (N / 2) as f64 / 100.0;
        let chi: f64 = cells.iter().map(|&c| (c as f64 - expected) * (c as f64 - expected) / expected).sum();
        // 99 degrees of freedom: 0.1 % and 99.9 % points.
        assert!((60.0..149.0).contains(&chi), "{chi}");
    }

    #[test]
    fn keys_and_iterations_are_independent() {
        let draw = |key, counters: &[i64]| normal(Stream::new(key, counters), 20_000, &[0.0], &[1.0]);
        let all = [draw(1, &[]), draw(2, &[]), draw(1, &[0]), draw(1, &[1]), draw(1, &[0, 1]), draw(1, &[1, 0])];
        for (i, a) in all.iter().enumerate() {
            for b in &all[i + 1..] {
                let r: f64 = a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>() / 20_000.0;
                near(r, 0.0, 0.035);
            }
        }
    }

    #[test]
    fn categories_and_permutations() {
        let p = [0.0, 0.5, 0.25, 0.25];
        let drawn = categorical(stream(), N, 4, &p, |_| 0, 1);
        for (j, &p) in p.iter().enumerate() {
            let share = drawn.iter().filter(|&&x| x == Some(j as i64)).count() as f64 / N as f64;
            near(share, p, 0.006);
        }
        assert_eq!(categorical(stream(), 1, 2, &[0.0; 2], |_| 0, 1), [None]);
        assert_eq!(categorical(stream(), 1, 2, &[-1.0, 3.0], |_| 0, 1), [None]);
        let mut counts = [0usize; 6];
        for row in permutations(stream(), 6000, 3, 3).chunks(3) {
            counts[(row[0] * 2 + (row[1] > row[2]) as i64) as usize] += 1;
            assert_eq!(row.iter().sum::<i64>(), 3);
        }
        assert!(counts.iter().all(|&c| (850..1150).contains(&c)), "{counts:?}");
        let sample = permutations(stream(), 1, 1000, 10);
        assert_eq!(sample.len(), 10);
        assert!(permutations(stream(), 1, 0, 0).is_empty());
        assert_eq!(integers(stream(), 1, &[5], &[5]), [5]);
        assert_eq!(integers(stream(), 1, &[i64::MAX], &[i64::MIN]), [i64::MAX]);
        assert!(integers(stream(), 100, &[i64::MIN], &[i64::MAX]).iter().any(|&x| x > 0));
    }

    #[test]
    fn the_same_for_any_number_of_threads_and_any_length() {
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| (normal(stream(), 100_001, &[0.0], &[1.0]), gamma(stream(), 50_001, &[0.7], &[1.0])))
        };
        let one = run(1);
        assert_eq!(one, run(3));
        assert_eq!(normal(stream(), 10, &[0.0], &[1.0]), one.0[..10]);
    }
}

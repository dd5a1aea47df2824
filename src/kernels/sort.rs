//! Orders and running results along one axis. A tensor enters as slices with the axis in the middle
//! (`outer, n, inner`); permutations leave as positions. Stable, with NaN after every number in either direction.

use super::shape::Real;
use crate::tensor::Element;
use rayon::prelude::*;
use std::cmp::Ordering;

/// A shape around one axis.
#[derive(Clone, Copy, Debug)]
pub struct Lanes {
    pub outer: usize,
    pub n: usize,
    pub inner: usize,
}

impl Lanes {
    pub fn new(shape: &[usize], axis: usize) -> Lanes {
        Lanes { outer: shape[..axis].iter().product(), n: shape[axis], inner: shape[axis + 1..].iter().product() }
    }

    pub fn len(self) -> usize {
        self.outer * self.n * self.inner
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// Elements with a total order in which what is not a number comes last.
pub trait Ordered: Element {
    fn order(self, other: Self) -> Ordering;
    fn is_nan(self) -> bool;
}

macro_rules! ordered {
    (float $($t:ty)*) => {$(impl Ordered for $t {
        fn order(self, other: Self) -> Ordering {
            self.partial_cmp(&other).unwrap_or(Ordering::Equal)
        }
        fn is_nan(self) -> bool {
            self.is_nan()
        }
    })*};
    (whole $($t:ty)*) => {$(impl Ordered for $t {
        fn order(self, other: Self) -> Ordering {
            self.cmp(&other)
        }
        fn is_nan(self) -> bool {
            false
        }
    })*};
}
ordered! { float f64 f32 }
ordered! { whole i64 bool }

/// Fills `out` lane by lane: `fill` reads one lane and writes one of `m` elements. Lanes are independent, so the
/// result is the same however they are shared out.
fn along<A: Copy + Send + Sync, B: Copy + Default + Send + Sync>(
    x: &[A],
    lanes: Lanes,
    m: usize,
    fill: impl Fn(&[A], &mut [B]) + Sync,
) -> Vec<B> {
    let mut out = vec![B::default(); lanes.outer * m * lanes.inner];
    if out.is_empty() || lanes.is_empty() {
        return out;
    }
    let one_outer = |(src, dst): (&[A], &mut [B])| {
        if lanes.inner == 1 {
            fill(src, dst);
            return;
        }
        let mut lane = Vec::with_capacity(lanes.n);
        let mut result = vec![B::default(); m];
        for j in 0..lanes.inner {
            lane.clear();
            lane.extend(src.iter().skip(j).step_by(lanes.inner).copied());
            fill(&lane, &mut result);
            dst.iter_mut().skip(j).step_by(lanes.inner).zip(&result).for_each(|(d, &r)| *d = r);
        }
    };
    let (src_len, dst_len) = (lanes.n * lanes.inner, m * lanes.inner);
    if x.len() < 1 << 14 {
        x.chunks(src_len).zip(out.chunks_mut(dst_len)).for_each(one_outer);
    } else {
        x.par_chunks(src_len).zip(out.par_chunks_mut(dst_len)).for_each(one_outer);
    }
    out
}

fn lane_order<T: Ordered>(lane: &[T], descending: bool) -> Vec<i64> {
    let mut order: Vec<i64> = (0..lane.len() as i64).collect();
    order.sort_by(|&i, &j| {
        let (a, b) = (lane[i as usize], lane[j as usize]);
        match (a.is_nan(), b.is_nan()) {
            (false, false) if descending => b.order(a),
            (false, false) => a.order(b),
            (x, y) => x.cmp(&y),
        }
    });
    order
}

/// For each place of the sorted lane, which element stands there.
pub fn argsort<T: Ordered>(x: &[T], lanes: Lanes, descending: bool) -> Vec<i64> {
    along(x, lanes, lanes.n, |lane, out: &mut [i64]| out.copy_from_slice(&lane_order(lane, descending)))
}

/// The elements in order.
pub fn sort<T: Ordered>(x: &[T], lanes: Lanes, descending: bool) -> Vec<T> {
    along(x, lanes, lanes.n, |lane, out: &mut [T]| {
        let order = lane_order(lane, descending);
        out.iter_mut().zip(order).for_each(|(o, i)| *o = lane[i as usize]);
    })
}

/// For each element, its place in the sorted lane.
pub fn rank<T: Ordered>(x: &[T], lanes: Lanes, descending: bool) -> Vec<i64> {
    along(x, lanes, lanes.n, |lane, out: &mut [i64]| {
        let order = lane_order(lane, descending);
        order.iter().enumerate().for_each(|(place, &i)| out[i as usize] = place as i64);
    })
}

/// The positions of the `k` largest elements (smallest, if not `descending`), in order; `k` at most `n`.
pub fn topk<T: Ordered>(x: &[T], lanes: Lanes, k: usize, descending: bool) -> Vec<i64> {
    along(x, lanes, k, |lane, out: &mut [i64]| {
        let k = out.len();
        out.copy_from_slice(&lane_order(lane, descending)[..k]);
    })
}

/// The elements at positions along the axis: `at` has `m` in place of `n`.
pub fn take<T: Element>(x: &[T], at: &[i64], lanes: Lanes, m: usize) -> Vec<T> {
    let mut out = Vec::with_capacity(at.len());
    for (place, &i) in at.iter().enumerate() {
        let (outer, j) = (place / (m * lanes.inner), place % lanes.inner);
        out.push(x[(outer * lanes.n + i as usize) * lanes.inner + j]);
    }
    out
}

/// Running sums, formed in 64 bits with a running correction (Neumaier), so that late terms lose no digits.
pub fn cumsum<T: Real>(x: &[T], lanes: Lanes) -> Vec<T> {
    along(x, lanes, lanes.n, |lane, out: &mut [T]| {
        let (mut sum, mut lost) = (0.0f64, 0.0f64);
        for (o, &x) in out.iter_mut().zip(lane) {
            let new = x.wide();
            let next = sum + new;
            lost += if sum.abs() >= new.abs() { (sum - next) + new } else { (new - next) + sum };
            sum = next;
            *o = T::narrow(if lost.is_finite() { sum + lost } else { sum });
        }
    })
}

/// Running results of ints; `None` where one leaves their range.
pub fn running_ints(
    x: &[i64],
    lanes: Lanes,
    start: i128,
    step: impl Fn(i128, i128) -> Option<i128> + Sync,
) -> Option<Vec<i64>> {
    let wide = along(x, lanes, lanes.n, |lane, out: &mut [Option<i64>]| {
        let mut state = Some(start);
        for (o, &x) in out.iter_mut().zip(lane) {
            state = state.and_then(|s| step(s, x as i128));
            *o = state.and_then(|s| i64::try_from(s).ok());
        }
    });
    wide.into_iter().collect()
}

/// `s[t] = a[t] * s[t - 1] + b[t]`, from 0.
pub fn recurrence<T: Real>(a: &[T], b: &[T], lanes: Lanes) -> Vec<T> {
    let pairs: Vec<(T, T)> = a.iter().copied().zip(b.iter().copied()).collect();
    along(&pairs, lanes, lanes.n, |lane, out: &mut [T]| {
        let mut s = 0.0f64;
        for (i, (o, &(a, b))) in out.iter_mut().zip(lane).enumerate() {
            // The first factor meets nothing: an infinite one must not make 0 * inf.
            s = if i == 0 { b.wide() } else { a.wide() * s + b.wide() };
            *o = T::narrow(s);
        }
    })
}

pub fn cumprod<T: Real>(x: &[T], lanes: Lanes) -> Vec<T> {
    along(x, lanes, lanes.n, |lane, out: &mut [T]| {
        let mut product = 1.0f64;
        for (o, &x) in out.iter_mut().zip(lane) {
            product *= x.wide();
            *o = T::narrow(product);
        }
    })
}

/// The position of the running maximum (minimum, if not `largest`); the first of equal ones, and the first NaN
/// from there on.
pub fn cumulative_arg<T: Ordered>(x: &[T], lanes: Lanes, largest: bool) -> Vec<i64> {
    along(x, lanes, lanes.n, |lane, out: &mut [i64]| {
        let mut best = 0;
        for (i, o) in out.iter_mut().enumerate() {
            let (old, new) = (lane[best], lane[i]);
            let better = if largest { Ordering::Greater } else { Ordering::Less };
            if !old.is_nan() && (new.is_nan() || new.order(old) == better) {
                best = i;
            }
            *o = best as i64;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAN: f64 = f64::NAN;

    fn line(n: usize) -> Lanes {
        Lanes { outer: 1, n, inner: 1 }
    }

    #[test]
    fn sorting_is_stable_and_puts_nan_last() {
        let x = [2.0, NAN, 1.0, 2.0, f64::INFINITY, -0.0, 0.0];
        assert_eq!(argsort(&x, line(7), false), [5, 6, 2, 0, 3, 4, 1]);
        assert_eq!(argsort(&x, line(7), true), [4, 0, 3, 2, 5, 6, 1]);
        assert_eq!(rank(&x, line(7), false), [3, 6, 2, 4, 5, 0, 1]);
        assert!(sort(&x, line(7), true)[6].is_nan());
        assert_eq!(topk(&x, line(7), 2, true), [4, 0]);
        assert_eq!(argsort::<f64>(&[], line(0), false), Vec::<i64>::new());
        assert_eq!(sort(&[true, false, true], line(3), false), [false, true, true]);
    }

    #[test]
    fn lanes_in_the_middle() {
        let x = [3, 10, 1, 30, 2, 20i64]; // [3, 2]
        let lanes = Lanes::new(&[3, 2], 0);
        assert_eq!(sort(&x, lanes, false), [1, 10, 2, 20, 3, 30]);
        let top = topk(&x, lanes, 1, true);
        assert_eq!(top, [0, 1]);
        assert_eq!(take(&x, &top, lanes, 1), [3, 30]);
        let sums = running_ints(&x, lanes, 0, |a, b| a.checked_add(b));
        assert_eq!(sums, Some(vec![3, 10, 4, 40, 6, 60]));
        assert_eq!(running_ints(&[i64::MAX, 1], line(2), 0, |a, b| a.checked_add(b)), None);
    }

    #[test]
    fn running_results() {
        assert_eq!(cumsum(&[1e100, 1.0, -1e100], line(3)), [1e100, 1e100, 1.0]);
        assert_eq!(cumsum(&[1.0, f64::INFINITY, 1.0], line(3))[2], f64::INFINITY);
        assert_eq!(cumprod(&[2.0, 0.0, 3.0], line(3)), [2.0, 0.0, 0.0]);
        assert_eq!(recurrence(&[9.0, 2.0, 3.0], &[1.0, 1.0, 1.0], line(3)), [1.0, 3.0, 10.0]);
        assert_eq!(cumulative_arg(&[1.0, 3.0, 3.0, 2.0, NAN, 9.0], line(6), true), [0, 1, 1, 1, 4, 4]);
        assert_eq!(cumulative_arg(&[2, 1, 1, 3], line(4), false), [0, 1, 1, 1]);
    }

    #[test]
    fn the_same_for_any_number_of_threads() {
        let x: Vec<f64> = (0..60_000).map(|i| ((i * 7919) % 1009) as f64).collect();
        let lanes = Lanes::new(&[60, 250, 4], 1);
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| (argsort(&x, lanes, false), cumsum(&x, lanes)))
        };
        assert_eq!(run(1), run(3));
    }
}

//! Reading and writing through an index: pick, its adjoint, updates and sums by group. Arrays enter as slices with
//! [`View`]s of equal shape, one coordinate of the iteration space each; nothing here knows axis names. Additions
//! happen in the row-major order of the iteration space, whatever the number of threads.

use super::shape::{Offsets, Real, View};
use crate::tensor::Element;
use rayon::prelude::*;

const BLOCK: usize = 1 << 15;

/// The first index that is not below `n`: its place in storage and its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutOfRange {
    pub at: usize,
    pub value: i64,
}

/// Checks that every index is in `0..n`.
pub fn check(index: &[i64], n: usize) -> Result<(), OutOfRange> {
    match index.iter().position(|&i| i < 0 || i as u64 >= n as u64) {
        Some(at) => Err(OutOfRange { at, value: index[at] }),
        None => Ok(()),
    }
}

/// How an indexed array takes part in the iteration space: the view's strides are 0 along axes the array lacks;
/// `stride` is that of the indexed axis.
#[derive(Clone, Debug)]
pub struct Indexed {
    pub view: View,
    pub stride: isize,
}

/// The trailing axes along which the index does not change make up one run of the other arrays.
fn split_runs(index: &View, others: &[&View]) -> usize {
    let mut first = index.shape.len();
    while first > 0 && (index.strides[first - 1] == 0 || index.shape[first - 1] == 1) {
        let axis = first - 1;
        let contiguous = |v: &&View| {
            let run: usize = v.shape[first..].iter().product();
            v.shape[axis] == 1 || v.strides[axis] == run as isize
        };
        if !others.iter().all(contiguous) {
            break;
        }
        first -= 1;
    }
    first
}

fn head(view: &View, first: usize) -> View {
    View { shape: view.shape[..first].to_vec(), strides: view.strides[..first].to_vec(), base: view.base }
}

/// `out[c] = z[c, index[c]]` over the iteration space, in row-major order. The index must have been checked.
pub fn pick<T: Element>(z: &[T], place: &Indexed, index: &[i64], index_view: &View) -> Vec<T> {
    let mut out = vec![T::default(); index_view.len()];
    if out.is_empty() {
        return out;
    }
    let first = split_runs(index_view, &[&place.view]);
    let run: usize = index_view.shape[first..].iter().product();
    let (z_head, i_head) = (head(&place.view, first), head(index_view, first));
    let rows = (BLOCK / run).max(1);
    let fill = |(block, part): (usize, &mut [T])| {
        let from = block * rows;
        let offsets = Offsets::from(&z_head, from).zip(Offsets::from(&i_head, from));
        for (row, (base, at)) in part.chunks_mut(run).zip(offsets) {
            let start = (base as isize + index[at] as isize * place.stride) as usize;
            row.copy_from_slice(&z[start..start + run]);
        }
    };
    if out.len() <= BLOCK {
        fill((0, &mut out));
    } else {
        out.par_chunks_mut(rows * run).enumerate().for_each(fill);
    }
    out
}

/// `out[c, index[c]] = combine(out[c, index[c]], value[c])` over the iteration space, in row-major order.
pub fn update<T: Element>(
    out: &mut [T],
    place: &Indexed,
    index: &[i64],
    index_view: &View,
    value: &[T],
    value_view: &View,
    combine: impl Fn(T, T) -> T,
) {
    if index_view.is_empty() {
        return;
    }
    let first = split_runs(index_view, &[&place.view, value_view]);
    let run: usize = index_view.shape[first..].iter().product();
    let heads = (head(&place.view, first), head(index_view, first), head(value_view, first));
    let offsets = Offsets::from(&heads.0, 0).zip(Offsets::from(&heads.1, 0)).zip(Offsets::from(&heads.2, 0));
    for ((base, at), from) in offsets.take(heads.1.len()) {
        let start = (base as isize + index[at] as isize * place.stride) as usize;
        let target = &mut out[start..start + run];
        target.iter_mut().zip(&value[from..from + run]).for_each(|(o, &v)| *o = combine(*o, v));
    }
}

/// Adds `value` into `out` through the index. Sums are formed in 64 bits and rounded once.
pub fn add_at<T: Real>(out: &mut [T], place: &Indexed, index: &[i64], index_view: &View, value: &[T], view: &View) {
    let mut sums: Vec<f64> = out.iter().map(|x| x.wide()).collect();
    let wide: Vec<f64> = value.iter().map(|x| x.wide()).collect();
    update(&mut sums, place, index, index_view, &wide, view, |a, b| a + b);
    out.iter_mut().zip(sums).for_each(|(o, s)| *o = T::narrow(s));
}

/// Sums by group with a running correction (Neumaier, ZAMM 54, 1974), so that long groups lose no digits. `place`
/// describes the result, of `len` elements.
pub fn group_sum<T: Real>(
    len: usize,
    place: &Indexed,
    index: &[i64],
    index_view: &View,
    x: &[T],
    x_view: &View,
) -> Vec<T> {
    let mut sums = vec![0.0f64; len];
    let mut lost = vec![0.0f64; len];
    let offsets = Offsets::from(&place.view, 0).zip(Offsets::from(index_view, 0)).zip(Offsets::from(x_view, 0));
    for ((base, at), from) in offsets.take(index_view.len()) {
        let i = (base as isize + index[at] as isize * place.stride) as usize;
        let (old, new) = (sums[i], x[from].wide());
        let sum = old + new;
        lost[i] += if old.abs() >= new.abs() { (old - sum) + new } else { (new - sum) + old };
        sums[i] = sum;
    }
    // An infinite sum has no correction.
    sums.iter().zip(&lost).map(|(&s, &l)| T::narrow(if l.is_finite() { s + l } else { s })).collect()
}

/// For each place of the iteration space, whether no later one along the axes `consumed` writes to the same element:
/// the last write wins.
pub fn last_write(index: &[i64], shape: &[usize], consumed: &[bool], n: usize) -> Vec<bool> {
    let whole = View::whole(shape);
    // The element written: the coordinates of the other axes, then the index.
    let mut slot = View { shape: shape.to_vec(), strides: vec![0; shape.len()], base: 0 };
    let mut size = n.max(1) as isize;
    for axis in (0..shape.len()).rev().filter(|&a| !consumed[a]) {
        slot.strides[axis] = size;
        size *= shape[axis] as isize;
    }
    let mut last = vec![usize::MAX; size as usize];
    let places = || Offsets::from(&whole, 0).zip(Offsets::from(&slot, 0)).take(index.len());
    for (at, base) in places() {
        last[base + index[at] as usize] = at;
    }
    let mut out = vec![false; index.len()];
    for (at, base) in places() {
        out[at] = last[base + index[at] as usize] == at;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(shape: &[usize], strides: &[isize]) -> View {
        View { shape: shape.to_vec(), strides: strides.to_vec(), base: 0 }
    }

    #[test]
    fn picks_rows_and_single_elements() {
        let z: Vec<f64> = (0..6).map(f64::from).collect(); // [3, 2]
        let rows = Indexed { view: view(&[2, 2], &[0, 1]), stride: 2 };
        assert_eq!(pick(&z, &rows, &[2, 0], &view(&[2, 2], &[1, 0])), [4.0, 5.0, 0.0, 1.0]);
        let each = Indexed { view: view(&[3], &[2]), stride: 1 };
        assert_eq!(pick(&z, &each, &[1, 0, 1], &view(&[3], &[1])), [1.0, 2.0, 5.0]);
        assert_eq!(pick(&z, &each, &[], &view(&[0], &[1])), Vec::<f64>::new());
    }

    #[test]
    fn range_is_checked_at_both_ends() {
        assert_eq!(check(&[0, 2], 3), Ok(()));
        assert_eq!(check(&[0, 3], 3), Err(OutOfRange { at: 1, value: 3 }));
        assert_eq!(check(&[-1], 3), Err(OutOfRange { at: 0, value: -1 }));
        assert_eq!(check(&[], 0), Ok(()));
    }

    #[test]
    fn repeated_indexes_accumulate_and_the_last_wins() {
        let place = Indexed { view: view(&[3], &[0]), stride: 1 };
        let one = view(&[3], &[1]);
        let mut out = vec![0.0f64; 2];
        update(&mut out, &place, &[1, 1, 0], &one, &[1.0, 2.0, 4.0], &one, |a, b| a + b);
        assert_eq!(out, [4.0, 3.0]);
        update(&mut out, &place, &[1, 1, 0], &one, &[1.0, 2.0, 4.0], &one, |_, b| b);
        assert_eq!(out, [4.0, 2.0]);
        assert_eq!(last_write(&[1, 1, 0], &[3], &[true], 2), [false, true, true]);
        assert_eq!(last_write(&[1, 1, 0], &[3], &[false], 2), [true, true, true]);
        let mut narrow = vec![0.0f32; 1];
        let place = Indexed { view: view(&[3], &[0]), stride: 1 };
        add_at(&mut narrow, &place, &[0, 0, 0], &one, &[1.6e7, 1.0, 1.0], &one);
        assert_eq!(narrow, [16000002.0]);
    }

    #[test]
    fn long_groups_keep_their_digits() {
        let n = 1_000_000;
        let place = Indexed { view: view(&[n], &[0]), stride: 1 };
        let one = view(&[n], &[1]);
        let sum = group_sum(2, &place, &vec![1; n], &one, &vec![0.1f64; n], &one);
        assert_eq!(sum, [0.0, 100000.0]);
        let inf = group_sum(
            1,
            &Indexed { view: view(&[2], &[0]), stride: 1 },
            &[0, 0],
            &view(&[2], &[1]),
            &[f64::INFINITY, 1.0],
            &view(&[2], &[1]),
        );
        assert_eq!(inf, [f64::INFINITY]);
    }

    #[test]
    fn a_large_pick_is_the_same_for_any_number_of_threads() {
        let z: Vec<f64> = (0..100_000).map(|i| (i as f64).sqrt()).collect();
        let index: Vec<i64> = (0..70_000).map(|i| (i * 7919) % 100_000).collect();
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            let place = Indexed { view: view(&[70_000], &[0]), stride: 1 };
            pool.install(|| pick(&z, &place, &index, &view(&[70_000], &[1])))
        };
        let one = run(1);
        assert_eq!(one, run(3));
        assert!(one.iter().zip(&index).all(|(&x, &i)| x == z[i as usize]));
    }
}

//! Reductions along axes. Elements are added in blocks of fixed length and the blocks pairwise, so results are
//! accurate and have the same bits for any number of threads; 32-bit reals are accumulated in 64 bits.

use super::map::lay_out;
use super::math;
use crate::tensor::{Element, Tensor};
use crate::types::{ArrayTy, Axis, Dim};
use rayon::prelude::*;

/// Elements added by a plain loop of eight lanes before pairwise addition takes over.
const LEAF: usize = 256;
/// Elements of one parallel block of a long sum.
const BLOCK: usize = 16 * 1024;
/// Elements below which work stays on one thread.
const TASK: usize = 32 * 1024;

/// An array seen as `rows` runs of `len` elements that are reduced.
struct Rows {
    data: Tensor,
    rows: usize,
    len: usize,
    shape: Vec<usize>,
}

/// Brings the reduced axes to the end (in the order named), the others before them in their order.
fn rows(x: &Tensor, ty: &ArrayTy, axes: &[Axis]) -> Rows {
    let sized = |(dim, &n): (&Dim, &usize)| Dim::new(dim.axis.clone(), crate::types::Size::Known(n));
    let dims: Vec<Dim> = ty.dims.iter().zip(x.shape()).map(sized).collect();
    let kept = dims.iter().filter(|d| !axes.contains(&d.axis));
    let reduced = axes.iter().filter_map(|a| dims.iter().find(|d| d.axis == *a));
    let order: Vec<Dim> = kept.clone().chain(reduced.clone()).cloned().collect();
    let known = |d: &Dim| d.size.known().unwrap_or(0);
    let shape: Vec<usize> = kept.map(known).collect();
    let len = reduced.map(known).product();
    Rows { data: lay_out(x, ty, &order), rows: shape.iter().product(), len, shape }
}

/// Reduces each row to one element.
fn each_row<T: Element, R: Element>(x: &Rows, f: impl Fn(&[T]) -> R + Sync) -> Tensor {
    let data = x.data.slice::<T>();
    let row = |i: usize| f(&data[i * x.len..(i + 1) * x.len]);
    let out: Vec<R> = if data.len() <= TASK || x.rows == 1 {
        (0..x.rows).map(row).collect()
    } else {
        (0..x.rows).into_par_iter().with_min_len((TASK / x.len.max(1)).max(1)).map(row).collect()
    };
    Tensor::from_vec(&x.shape, out)
}

/// Replaces each row by one of the same length, and puts the axes back in their order.
fn map_rows<T: Element>(x: &Tensor, ty: &ArrayTy, axes: &[Axis], f: impl Fn(&[T], &mut [T]) + Sync) -> Tensor {
    let r = rows(x, ty, axes);
    let data = r.data.slice::<T>();
    let mut out = vec![T::default(); data.len()];
    if !out.is_empty() {
        let task = |i: usize, o: &mut [T]| f(&data[i * r.len..(i + 1) * r.len], o);
        if data.len() <= TASK {
            out.chunks_mut(r.len).enumerate().for_each(|(i, o)| task(i, o));
        } else {
            let least = (TASK / r.len).max(1);
            out.par_chunks_mut(r.len).enumerate().with_min_len(least).for_each(|(i, o)| task(i, o));
        }
    }
    let moved: Vec<Dim> = ty.without(axes).into_iter().chain(axes.iter().filter_map(|a| ty.dim(a).cloned())).collect();
    let sizes: Vec<usize> = moved.iter().filter_map(|d| ty.position(&d.axis)).map(|i| x.shape()[i]).collect();
    let moved_ty = ArrayTy::new(ty.elem.clone(), moved);
    lay_out(&Tensor::from_vec(&sizes, out), &moved_ty, &ty.dims)
}

/// Pairwise sum of `len` terms: of whole blocks, in parallel where there are many, and then of their sums.
pub fn pairwise(len: usize, term: &(impl Fn(usize) -> f64 + Sync)) -> f64 {
    if len <= BLOCK {
        return halves(0, len, term);
    }
    let blocks = len.div_ceil(BLOCK);
    let block = |i: usize| halves(i * BLOCK, ((i + 1) * BLOCK).min(len), term);
    let parts: Vec<f64> =
        if len > TASK { (0..blocks).into_par_iter().map(block).collect() } else { (0..blocks).map(block).collect() };
    halves(0, blocks, &|i| parts[i])
}

/// Pairwise sum of the terms from `start` to `end` by halving.
fn halves(start: usize, end: usize, term: &(impl Fn(usize) -> f64 + Sync)) -> f64 {
    let len = end - start;
    if len <= LEAF {
        let mut lanes = [0.0; 8];
        let whole = len - len % 8;
        let mut i = start;
        while i < start + whole {
            for (lane, l) in lanes.iter_mut().enumerate() {
                *l += term(i + lane);
            }
            i += 8;
        }
        for (lane, i) in (i..end).enumerate() {
            lanes[lane] += term(i);
        }
        let [a, b, c, d, e, f, g, h] = lanes;
        return ((a + b) + (c + d)) + ((e + f) + (g + h));
    }
    let half = (len / 2).next_multiple_of(LEAF);
    halves(start, start + half, term) + halves(start + half, end, term)
}

/// The sum of a slice, as every reduction adds.
pub fn sum_f64(x: &[f64]) -> f64 {
    pairwise(x.len(), &|i| x[i])
}

pub fn sum_f32(x: &[f32]) -> f64 {
    pairwise(x.len(), &|i| x[i] as f64)
}

/// Sums of reals, ints (`None` on overflow) and truth values (giving an int).
pub fn sum(x: &Tensor, ty: &ArrayTy, axes: &[Axis]) -> Option<Tensor> {
    if let Some(columns) = columns(x, ty, axes) {
        return Some(columns);
    }
    let r = rows(x, ty, axes);
    Some(match &r.data {
        Tensor::F64(_) => each_row(&r, sum_f64),
        Tensor::F32(_) => each_row(&r, |x: &[f32]| sum_f32(x) as f32),
        Tensor::Bool(_) => each_row(&r, |x: &[bool]| x.iter().filter(|v| **v).count() as i64),
        Tensor::I64(_) => return checked_rows(&r, |total, v| total.checked_add(v), 0),
    })
}

/// Sums of reals whose reduced axes lie together before at least eight elements of others: whole rows are added, so
/// that memory is read in its order. `None` where the axes lie otherwise.
fn columns(x: &Tensor, ty: &ArrayTy, axes: &[Axis]) -> Option<Tensor> {
    let shape = x.shape();
    let reduced = |i: usize| axes.contains(&ty.dims[i].axis);
    let first = (0..shape.len()).find(|&i| reduced(i))?;
    let end = (first..shape.len()).find(|&i| !reduced(i))?;
    if (end..shape.len()).any(reduced) {
        return None;
    }
    let extent = |part: &[usize]| part.iter().product::<usize>();
    let (outer, len, inner) = (extent(&shape[..first]), extent(&shape[first..end]), extent(&shape[end..]));
    if inner < 8 || outer == 0 {
        return None;
    }
    fn go<T: Real>(data: &[T], shape: [usize; 3], kept: &[usize]) -> Tensor {
        let [outer, len, inner] = shape;
        let mut out = Vec::with_capacity(outer * inner);
        for o in 0..outer {
            let total = add_rows(&data[o * len * inner..(o + 1) * len * inner], inner);
            out.extend(total.into_iter().map(T::narrow));
        }
        Tensor::from_vec(kept, out)
    }
    let kept: Vec<usize> = shape[..first].iter().chain(&shape[end..]).copied().collect();
    match x {
        Tensor::F64(_) => Some(go(x.slice::<f64>(), [outer, len, inner], &kept)),
        Tensor::F32(_) => Some(go(x.slice::<f32>(), [outer, len, inner], &kept)),
        _ => None,
    }
}

/// The sum of the rows of a matrix: halved down to 32 rows, whatever the number of threads.
fn add_rows<T: Real>(data: &[T], inner: usize) -> Vec<f64> {
    let rows = data.len() / inner;
    if rows <= 32 {
        let mut total = vec![0.0; inner];
        for row in data.chunks_exact(inner) {
            total.iter_mut().zip(row).for_each(|(t, v)| *t += v.wide());
        }
        return total;
    }
    let (low, high) = data.split_at((rows / 2).next_multiple_of(32) * inner);
    let (mut total, more) = if data.len() > TASK {
        rayon::join(|| add_rows(low, inner), || add_rows(high, inner))
    } else {
        (add_rows(low, inner), add_rows(high, inner))
    };
    total.iter_mut().zip(more).for_each(|(t, v)| *t += v);
    total
}

fn checked_rows(r: &Rows, f: impl Fn(i64, i64) -> Option<i64>, start: i64) -> Option<Tensor> {
    let data = r.data.slice::<i64>();
    let row = |i: usize| data[i * r.len..(i + 1) * r.len].iter().try_fold(start, |a, &v| f(a, v));
    let out: Option<Vec<i64>> = (0..r.rows).map(row).collect();
    Some(Tensor::from_vec(&r.shape, out?))
}

/// Products of reals and ints (`None` on overflow).
pub fn prod(x: &Tensor, ty: &ArrayTy, axes: &[Axis]) -> Option<Tensor> {
    let r = rows(x, ty, axes);
    Some(match &r.data {
        Tensor::F32(_) => each_row(&r, |x: &[f32]| x.iter().fold(1.0, |a, &v| a * v as f64) as f32),
        Tensor::I64(_) => return checked_rows(&r, |total, v| total.checked_mul(v), 1),
        _ => each_row(&r, |x: &[f64]| x.iter().fold(1.0, |a, &v| a * v)),
    })
}

/// For each element, the product of the others in its row.
pub fn prod_others(x: &Tensor, ty: &ArrayTy, axes: &[Axis]) -> Tensor {
    fn go<T: Real>(x: &[T], out: &mut [T]) {
        let mut before = 1.0;
        let mut prefix = Vec::with_capacity(x.len());
        for v in x {
            prefix.push(before);
            before *= v.wide();
        }
        let mut after = 1.0;
        for i in (0..x.len()).rev() {
            out[i] = T::narrow(prefix[i] * after);
            after *= x[i].wide();
        }
    }
    real_rows(x, ty, axes, go::<f64>, go::<f32>)
}

/// A real element with its 64-bit value.
trait Real: Element {
    fn wide(self) -> f64;
    fn narrow(value: f64) -> Self;
}

impl Real for f64 {
    fn wide(self) -> f64 {
        self
    }
    fn narrow(value: f64) -> f64 {
        value
    }
}

impl Real for f32 {
    fn wide(self) -> f64 {
        self as f64
    }
    fn narrow(value: f64) -> f32 {
        value as f32
    }
}

fn real_rows(
    x: &Tensor,
    ty: &ArrayTy,
    axes: &[Axis],
    f64: impl Fn(&[f64], &mut [f64]) + Sync,
    f32: impl Fn(&[f32], &mut [f32]) + Sync,
) -> Tensor {
    match x {
        Tensor::F32(_) => map_rows(x, ty, axes, f32),
        _ => map_rows(x, ty, axes, f64),
    }
}

/// The index of the first element that no other beats; a NaN beats all.
fn best<T: Element>(x: &[T], beats: impl Fn(T, T) -> bool) -> usize {
    let mut at = 0;
    for (i, &v) in x.iter().enumerate() {
        let current = x[at];
        #[allow(clippy::eq_op)]
        if current != current {
            break;
        }
        #[allow(clippy::eq_op)]
        if v != v || beats(v, current) {
            at = i;
        }
    }
    at
}

fn extreme(x: &Tensor, ty: &ArrayTy, axes: &[Axis], larger: bool) -> Tensor {
    let r = rows(x, ty, axes);
    match &r.data {
        Tensor::F64(_) => each_row(&r, |x: &[f64]| x[best(x, |a, b| if larger { a > b } else { a < b })]),
        Tensor::F32(_) => each_row(&r, |x: &[f32]| x[best(x, |a, b| if larger { a > b } else { a < b })]),
        _ => each_row(&r, |x: &[i64]| x[best(x, |a, b| if larger { a > b } else { a < b })]),
    }
}

fn extreme_at(x: &Tensor, ty: &ArrayTy, axes: &[Axis], larger: bool) -> Tensor {
    let r = rows(x, ty, axes);
    match &r.data {
        Tensor::F64(_) => each_row(&r, |x: &[f64]| best(x, |a, b| if larger { a > b } else { a < b }) as i64),
        Tensor::F32(_) => each_row(&r, |x: &[f32]| best(x, |a, b| if larger { a > b } else { a < b }) as i64),
        _ => each_row(&r, |x: &[i64]| best(x, |a, b| if larger { a > b } else { a < b }) as i64),
    }
}

/// The largest element of each row; rows must not be empty.
pub fn max(x: &Tensor, ty: &ArrayTy, axes: &[Axis]) -> Tensor {
    extreme(x, ty, axes, true)
}

/// The smallest element of each row; rows must not be empty.
pub fn min(x: &Tensor, ty: &ArrayTy, axes: &[Axis]) -> Tensor {
    extreme(x, ty, axes, false)
}

/// The place of the largest element of each row, the first of several.
pub fn argmax(x: &Tensor, ty: &ArrayTy, axes: &[Axis]) -> Tensor {
    extreme_at(x, ty, axes, true)
}

/// The place of the smallest element of each row, the first of several.
pub fn argmin(x: &Tensor, ty: &ArrayTy, axes: &[Axis]) -> Tensor {
    extreme_at(x, ty, axes, false)
}

/// True where one element of the row is.
pub fn any(x: &Tensor, ty: &ArrayTy, axes: &[Axis]) -> Tensor {
    each_row(&rows(x, ty, axes), |x: &[bool]| x.iter().any(|v| *v))
}

/// True where all elements of the row are.
pub fn all(x: &Tensor, ty: &ArrayTy, axes: &[Axis]) -> Tensor {
    each_row(&rows(x, ty, axes), |x: &[bool]| x.iter().all(|v| *v))
}

/// The maximum of a row and the sum of `exp(x - max)` over all elements but the first that attains it.
fn shifted<T: Real>(x: &[T]) -> (f64, f64) {
    if x.is_empty() {
        return (f64::NEG_INFINITY, 0.0);
    }
    let at = best(x, |a, b| a.wide() > b.wide());
    let m = x[at].wide();
    if m.is_infinite() || m.is_nan() {
        return (m, 0.0);
    }
    let part = |start: usize| {
        // Into a buffer first: a loop of nothing but exponentials vectorises.
        let (mut e, end) = ([0.0; LEAF], (start + LEAF).min(x.len()));
        e.iter_mut().zip(&x[start..end]).for_each(|(e, v)| *e = math::exp(v.wide() - m));
        if (start..end).contains(&at) {
            e[at - start] = 0.0;
        }
        sum_f64(&e[..end - start])
    };
    if x.len() <= LEAF {
        return (m, part(0));
    }
    let starts = (0..x.len().div_ceil(LEAF)).into_par_iter().with_min_len(TASK / LEAF);
    let parts: Vec<f64> = starts.map(|i| part(i * LEAF)).collect();
    (m, sum_f64(&parts))
}

fn logsumexp_row<T: Real>(x: &[T]) -> f64 {
    let (m, rest) = shifted(x);
    m + math::log1p(rest)
}

/// `log(sum(exp(x)))` of each row; -infinity for an empty one.
pub fn logsumexp(x: &Tensor, ty: &ArrayTy, axes: &[Axis]) -> Tensor {
    let r = rows(x, ty, axes);
    match &r.data {
        Tensor::F32(_) => each_row(&r, |x: &[f32]| logsumexp_row(x) as f32),
        _ => each_row(&r, |x: &[f64]| logsumexp_row(x)),
    }
}

/// `exp(x) / sum(exp(x))` within each row.
pub fn softmax(x: &Tensor, ty: &ArrayTy, axes: &[Axis]) -> Tensor {
    fn go<T: Real>(x: &[T], out: &mut [T]) {
        let m = x[best(x, |a, b| a.wide() > b.wide())].wide();
        out.iter_mut().zip(x).for_each(|(o, v)| *o = T::narrow(math::exp(v.wide() - m)));
        let total = pairwise(out.len(), &|i| out[i].wide());
        out.iter_mut().for_each(|o| *o = T::narrow(o.wide() / total));
    }
    real_rows(x, ty, axes, go::<f64>, go::<f32>)
}

/// `x - logsumexp(x)` within each row.
pub fn log_softmax(x: &Tensor, ty: &ArrayTy, axes: &[Axis]) -> Tensor {
    fn go<T: Real>(x: &[T], out: &mut [T]) {
        let (m, rest) = shifted(x);
        let tail = math::log1p(rest);
        out.iter_mut().zip(x).for_each(|(o, v)| *o = T::narrow((v.wide() - m) - tail));
    }
    real_rows(x, ty, axes, go::<f64>, go::<f32>)
}

fn norm_row<T: Real>(x: &[T]) -> f64 {
    let largest =
        x.iter().fold(0.0, |m: f64, v| if v.wide().abs() > m || v.wide().is_nan() { v.wide().abs() } else { m });
    if largest == 0.0 || largest.is_infinite() || largest.is_nan() {
        return largest;
    }
    // A power of two near the largest element keeps squares in range and scaling exact.
    let (_, exponent) = libm::frexp(largest);
    if (-400..400).contains(&exponent) {
        return pairwise(x.len(), &|i| x[i].wide() * x[i].wide()).sqrt();
    }
    let scaled = |i: usize| libm::ldexp(x[i].wide(), -exponent);
    libm::ldexp(pairwise(x.len(), &|i| scaled(i) * scaled(i)).sqrt(), exponent)
}

/// The Euclidean norm of each row.
pub fn norm(x: &Tensor, ty: &ArrayTy, axes: &[Axis]) -> Tensor {
    let r = rows(x, ty, axes);
    match &r.data {
        Tensor::F32(_) => each_row(&r, |x: &[f32]| norm_row(x) as f32),
        _ => each_row(&r, |x: &[f64]| norm_row(x)),
    }
}

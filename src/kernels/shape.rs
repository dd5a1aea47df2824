//! Moving elements without computing: strided reads and writes, from which transposing, slicing, padding, windowing,
//! joining and repeating are made. Tensors and positions of axes enter, tensors leave; nothing here knows axis names.

use crate::each_tensor;
use crate::tensor::{Element, Tensor};
use rayon::prelude::*;

/// Elements handled by one task. Results never depend on it: no element is computed from another.
const BLOCK: usize = 1 << 15;

/// Row-major strides of a shape.
pub fn strides(shape: &[usize]) -> Vec<isize> {
    let mut out = vec![1isize; shape.len()];
    for i in (0..shape.len().saturating_sub(1)).rev() {
        out[i] = out[i + 1] * shape[i + 1] as isize;
    }
    out
}

/// An array described by where its elements lie in a slice: `base + Σ coordinate · stride`.
#[derive(Clone, Debug)]
pub struct View {
    pub shape: Vec<usize>,
    pub strides: Vec<isize>,
    pub base: isize,
}

impl View {
    /// The whole of a row-major array.
    pub fn whole(shape: &[usize]) -> View {
        View { shape: shape.to_vec(), strides: strides(shape), base: 0 }
    }

    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The same axes in another order; `order[i]` is the old position of new axis `i`.
    pub fn permute(&self, order: &[usize]) -> View {
        View {
            shape: order.iter().map(|&i| self.shape[i]).collect(),
            strides: order.iter().map(|&i| self.strides[i]).collect(),
            base: self.base,
        }
    }

    /// Axes of length 1 dropped and neighbours that lie behind one another joined, so that inner runs are long.
    fn collapsed(&self) -> View {
        let mut out = View { shape: Vec::new(), strides: Vec::new(), base: self.base };
        for (&n, &s) in self.shape.iter().zip(&self.strides).filter(|(n, _)| **n != 1) {
            match (out.shape.last_mut(), out.strides.last_mut()) {
                (Some(last_n), Some(last_s)) if *last_s == s * n as isize => {
                    *last_n *= n;
                    *last_s = s;
                }
                _ => {
                    out.shape.push(n);
                    out.strides.push(s);
                }
            }
        }
        out
    }

    /// Splits off the last axis: the axes before it, its length and its stride.
    fn rows(&self) -> (View, usize, isize) {
        let mut outer = self.collapsed();
        match (outer.shape.pop(), outer.strides.pop()) {
            (Some(n), Some(s)) => (outer, n, s),
            _ => (outer, 1, 1),
        }
    }
}

/// Walks the offsets of a view in row-major order, from any element on.
pub struct Offsets<'a> {
    view: &'a View,
    at: Vec<usize>,
    offset: isize,
}

impl<'a> Offsets<'a> {
    pub fn from(view: &'a View, mut index: usize) -> Offsets<'a> {
        let mut at = vec![0; view.shape.len()];
        let mut offset = view.base;
        for i in (0..view.shape.len()).rev() {
            let n = view.shape[i].max(1);
            at[i] = index % n;
            index /= n;
            offset += at[i] as isize * view.strides[i];
        }
        Offsets { view, at, offset }
    }
}

impl Iterator for Offsets<'_> {
    type Item = usize;

    /// Never ends by itself: take as many as the view has elements.
    fn next(&mut self) -> Option<usize> {
        let here = self.offset as usize;
        for i in (0..self.at.len()).rev() {
            self.at[i] += 1;
            self.offset += self.view.strides[i];
            if self.at[i] < self.view.shape[i] {
                break;
            }
            self.offset -= self.view.strides[i] * self.at[i] as isize;
            self.at[i] = 0;
        }
        Some(here)
    }
}

/// The elements of a view of `src`, in row-major order.
pub fn read<T: Element>(src: &[T], view: &View) -> Vec<T> {
    let mut out = vec![T::default(); view.len()];
    if out.is_empty() {
        return out;
    }
    let (outer, n, s) = view.rows();
    let rows_per_block = (BLOCK / n).max(1);
    let fill = |(block, part): (usize, &mut [T])| {
        for (row, offset) in part.chunks_mut(n).zip(Offsets::from(&outer, block * rows_per_block)) {
            copy_run(src, offset, s, row);
        }
    };
    if out.len() <= BLOCK {
        fill((0, &mut out));
    } else {
        out.par_chunks_mut(rows_per_block * n).enumerate().for_each(fill);
    }
    out
}

fn copy_run<T: Element>(src: &[T], offset: usize, stride: isize, row: &mut [T]) {
    match stride {
        1 => row.copy_from_slice(&src[offset..offset + row.len()]),
        0 => row.fill(src[offset]),
        _ => {
            for (i, x) in row.iter_mut().enumerate() {
                *x = src[(offset as isize + i as isize * stride) as usize];
            }
        }
    }
}

/// Writes the row-major elements `src` to the places a view names in `dst`.
pub fn write<T: Element>(dst: &mut [T], view: &View, src: &[T]) {
    if src.is_empty() {
        return;
    }
    let (outer, n, s) = view.rows();
    for (row, offset) in src.chunks(n).zip(Offsets::from(&outer, 0)) {
        if s == 1 {
            dst[offset..offset + n].copy_from_slice(row);
        } else {
            for (i, &x) in row.iter().enumerate() {
                dst[(offset as isize + i as isize * s) as usize] = x;
            }
        }
    }
}

/// The tensor that a view of another one describes.
pub fn read_tensor(x: &Tensor, view: &View) -> Tensor {
    fn go<T: Element>(x: &Tensor, view: &View) -> Tensor {
        Tensor::from_vec(&view.shape, read(x.slice::<T>(), view))
    }
    match x {
        Tensor::F64(_) => go::<f64>(x, view),
        Tensor::F32(_) => go::<f32>(x, view),
        Tensor::I64(_) => go::<i64>(x, view),
        Tensor::Bool(_) => go::<bool>(x, view),
    }
}

/// The same array with its axes in another order; `order[i]` is the old position of new axis `i`. Shares the data
/// where the order is the old one, or differs only in axes of length 1.
pub fn permute(x: &Tensor, order: &[usize]) -> Tensor {
    let view = View::whole(x.shape()).permute(order);
    let moved = order.iter().filter(|&&i| x.shape()[i] != 1);
    if moved.clone().zip(moved.skip(1)).all(|(a, b)| a < b) {
        return x.clone().reshape(&view.shape);
    }
    read_tensor(x, &view)
}

/// Every `step`-th element along one axis, `len` of them, from `start` on. Steps may be negative.
pub fn slice(x: &Tensor, axis: usize, start: i64, step: i64, len: usize) -> Tensor {
    let mut view = View::whole(x.shape());
    view.shape[axis] = len;
    if len > 0 {
        view.base += start as isize * view.strides[axis];
    }
    view.strides[axis] *= step as isize;
    read_tensor(x, &view)
}

/// The adjoint of [`slice`]: `g` at its places along an axis of length `n`, zero elsewhere.
pub fn unslice(g: &Tensor, axis: usize, start: i64, step: i64, n: usize) -> Tensor {
    let mut shape = g.shape().to_vec();
    shape[axis] = n;
    let mut view = View::whole(&shape);
    view.shape[axis] = g.shape()[axis];
    view.base += start as isize * view.strides[axis];
    view.strides[axis] *= step as isize;
    put(zeros(g, &shape), &view, g)
}

/// Opposite order along some axes.
pub fn reverse(x: &Tensor, axes: &[usize]) -> Tensor {
    let mut view = View::whole(x.shape());
    if !x.is_empty() {
        for &axis in axes {
            view.base += (view.shape[axis] as isize - 1) * view.strides[axis];
            view.strides[axis] = -view.strides[axis];
        }
    }
    read_tensor(x, &view)
}

/// Windows of `width` elements, `dilation` apart, one every `stride` elements: axis `axis` becomes two, the position
/// of the window and the offset within it.
pub fn window(x: &Tensor, axis: usize, count: usize, width: usize, stride: usize, dilation: usize) -> Tensor {
    let mut view = View::whole(x.shape());
    let s = view.strides[axis];
    view.shape[axis] = count;
    view.strides[axis] = s * stride as isize;
    view.shape.insert(axis + 1, width);
    view.strides.insert(axis + 1, s * dilation as isize);
    read_tensor(x, &view)
}

/// The adjoint of [`window`]: every element of a window is added where it came from, windows in order. `axis` is the
/// position axis, the offset axis follows it, `n` is the length of the axis they came from.
pub fn unwindow(g: &Tensor, axis: usize, n: usize, stride: usize, dilation: usize) -> Tensor {
    fn go<T: Real>(g: &Tensor, axis: usize, n: usize, stride: usize, dilation: usize) -> Tensor {
        let shape = g.shape();
        let (count, width) = (shape[axis], shape[axis + 1]);
        let inner: usize = shape[axis + 2..].iter().product();
        let mut out_shape = shape.to_vec();
        out_shape.remove(axis + 1);
        out_shape[axis] = n;
        let src = g.slice::<T>();
        let size = n * inner;
        let mut out = vec![T::default(); out_shape.iter().product()];
        if size > 0 && !src.is_empty() {
            out.par_chunks_mut(size).zip(src.par_chunks(count * width * inner)).for_each(|(out, src)| {
                let mut sums = vec![0.0f64; size];
                for (i, row) in src.chunks(inner).enumerate() {
                    let at = ((i / width) * stride + (i % width) * dilation) * inner;
                    sums[at..at + inner].iter_mut().zip(row).for_each(|(s, &x)| *s += x.wide());
                }
                out.iter_mut().zip(sums).for_each(|(o, s)| *o = T::narrow(s));
            });
        }
        Tensor::from_vec(&out_shape, out)
    }
    match g {
        Tensor::F32(_) => go::<f32>(g, axis, n, stride, dilation),
        _ => go::<f64>(g, axis, n, stride, dilation),
    }
}

/// A real element: kernels that add do so in 64 bits and round once.
pub trait Real: Element {
    fn wide(self) -> f64;
    fn narrow(x: f64) -> Self;
}

impl Real for f64 {
    fn wide(self) -> f64 {
        self
    }
    fn narrow(x: f64) -> f64 {
        x
    }
}

impl Real for f32 {
    fn wide(self) -> f64 {
        self as f64
    }
    fn narrow(x: f64) -> f32 {
        x as f32
    }
}

/// `x` in the midst of an array of another shape, filled with `value` (strides 0 where it is repeated). `before` is
/// the place of `x`'s first element along each axis.
pub fn pad(x: &Tensor, value: &Tensor, value_strides: &[isize], shape: &[usize], before: &[usize]) -> Tensor {
    let filled = View { shape: shape.to_vec(), strides: value_strides.to_vec(), base: 0 };
    place(read_tensor(value, &filled), x, before)
}

/// Writes `part` into `whole`, its first element at coordinates `at`.
pub fn place(whole: Tensor, part: &Tensor, at: &[usize]) -> Tensor {
    let mut view = View::whole(whole.shape());
    view.base = at.iter().zip(&view.strides).map(|(&i, &s)| i as isize * s).sum();
    view.shape = part.shape().to_vec();
    put(whole, &view, part)
}

/// Repeats an array along axes it lacks: `strides[i]` is the stride in `x` of axis `i` of the result, 0 to repeat.
pub fn spread(x: &Tensor, shape: &[usize], strides: &[isize]) -> Tensor {
    read_tensor(x, &View { shape: shape.to_vec(), strides: strides.to_vec(), base: 0 })
}

/// Zeros (or `false`) of the element type of `like`.
pub fn zeros(like: &Tensor, shape: &[usize]) -> Tensor {
    fn go<T: Element>(_: &[T], shape: &[usize]) -> Tensor {
        Tensor::from_vec(shape, vec![T::default(); shape.iter().product()])
    }
    each_tensor!(like, a => go(a.as_slice().unwrap_or(&[]), shape))
}

fn put(whole: Tensor, view: &View, part: &Tensor) -> Tensor {
    fn go<T: Element>(whole: Tensor, view: &View, part: &Tensor) -> Tensor {
        let shape = whole.shape().to_vec();
        let mut array = T::take(whole).expect("internal: parts of two element types");
        let dst = array.as_slice_mut().expect("internal: a tensor in another layout");
        write(dst, view, part.slice::<T>());
        T::wrap(array).reshape(&shape)
    }
    match part {
        Tensor::F64(_) => go::<f64>(whole, view, part),
        Tensor::F32(_) => go::<f32>(whole, view, part),
        Tensor::I64(_) => go::<i64>(whole, view, part),
        Tensor::Bool(_) => go::<bool>(whole, view, part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iota(shape: &[usize]) -> Tensor {
        Tensor::from_vec(shape, (0..shape.iter().product::<usize>()).map(|i| i as f64).collect())
    }

    #[test]
    fn permuting_moves_every_element() {
        let x = iota(&[2, 3, 4]);
        let y = permute(&x, &[2, 0, 1]);
        assert_eq!(y.shape(), [4, 2, 3]);
        for (i, j, k) in (0..2).flat_map(|i| (0..3).flat_map(move |j| (0..4).map(move |k| (i, j, k)))) {
            assert_eq!(y.slice::<f64>()[(k * 2 + i) * 3 + j], x.slice::<f64>()[(i * 3 + j) * 4 + k]);
        }
        assert_eq!(permute(&iota(&[0, 3]), &[1, 0]).shape(), [3, 0]);
        assert_eq!(permute(&iota(&[]), &[]).slice::<f64>(), [0.0]);
    }

    #[test]
    fn a_large_transpose_is_the_same_for_any_number_of_threads() {
        let x = iota(&[300, 7, 411]);
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| permute(&x, &[2, 1, 0]))
        };
        let (one, three) = (run(1), run(3));
        assert_eq!(one, three);
        assert_eq!(permute(&one, &[2, 1, 0]), x);
    }

    #[test]
    fn slices_and_their_adjoint() {
        let x = iota(&[2, 6]);
        assert_eq!(slice(&x, 1, 1, 2, 3).slice::<f64>(), [1.0, 3.0, 5.0, 7.0, 9.0, 11.0]);
        assert_eq!(slice(&x, 1, 5, -3, 2).slice::<f64>(), [5.0, 2.0, 11.0, 8.0]);
        assert_eq!(slice(&x, 1, 6, 1, 0).shape(), [2, 0]);
        let back = unslice(&slice(&x, 1, 1, 2, 3), 1, 1, 2, 6);
        assert_eq!(&back.slice::<f64>()[..6], [0.0, 1.0, 0.0, 3.0, 0.0, 5.0]);
        assert_eq!(reverse(&x, &[0, 1]).slice::<f64>()[0], 11.0);
        assert_eq!(reverse(&iota(&[0, 2]), &[0]).shape(), [0, 2]);
    }

    #[test]
    fn windows_overlap_and_their_adjoint_counts_them() {
        let x = iota(&[5]);
        let w = window(&x, 0, 2, 2, 2, 2);
        assert_eq!(w.slice::<f64>(), [0.0, 2.0, 2.0, 4.0]);
        let ones = Tensor::from_vec(&[3, 3], vec![1.0f64; 9]);
        assert_eq!(unwindow(&ones, 0, 5, 1, 1).slice::<f64>(), [1.0, 2.0, 3.0, 2.0, 1.0]);
    }

    #[test]
    fn padding_and_placing() {
        let x = iota(&[2, 2]);
        let y = pad(&x, &Tensor::scalar(9.0f64), &[0, 0], &[2, 4], &[0, 1]);
        assert_eq!(y.slice::<f64>(), [9.0, 0.0, 1.0, 9.0, 9.0, 2.0, 3.0, 9.0]);
        let z = place(zeros(&x, &[3, 2]), &x, &[1, 0]);
        assert_eq!(z.slice::<f64>(), [0.0, 0.0, 0.0, 1.0, 2.0, 3.0]);
        assert_eq!(spread(&iota(&[2]), &[2, 3], &[1, 0]).slice::<f64>(), [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
    }
}

//! Drivers for element-by-element kernels over named axes: operands may lack axes of the result or hold them in another
//! order. A driver reads each operand in blocks laid out like the result, so kernels see plain slices of equal length.

use crate::each_tensor;
use crate::tensor::{Element, Tensor};
use crate::types::{ArrayTy, Dim, Precision};
use ndarray::{ArcArray, IxDyn};
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// Elements handled at once; small enough for the first-level cache with three operands.
const BLOCK: usize = 1024;
/// Elements below which work stays on one thread, and which one task handles above it.
const TASK: usize = 32 * 1024;

type Array<T> = ArcArray<T, IxDyn>;

/// Calls `f(start, block)` for the blocks of `out`; in parallel where it is long.
pub fn for_blocks<R: Send>(out: &mut [R], f: impl Fn(usize, &mut [R]) + Sync) {
    let task = |start: usize, part: &mut [R]| {
        for (i, block) in part.chunks_mut(BLOCK).enumerate() {
            f(start + i * BLOCK, block);
        }
    };
    if out.len() <= TASK {
        task(0, out);
    } else {
        out.par_chunks_mut(TASK).enumerate().for_each(|(i, part)| task(i * TASK, part));
    }
}

/// Lends a buffer of `len` elements, at most [`BLOCK`]. Short ones are common in loops over single numbers, where
/// clearing a whole block would cost more than the work.
fn with_buffer<T: Element, R>(len: usize, f: impl FnOnce(&mut [T]) -> R) -> R {
    const SHORT: usize = 16;
    if len <= SHORT { f(&mut [T::default(); SHORT][..len]) } else { f(&mut [T::default(); BLOCK][..len]) }
}

/// An operand as seen from the result: for each (merged) axis of the result, its extent and the step in the operand.
struct Reader<'a, T> {
    data: &'a [T],
    /// Outermost first. Neighbours that step as one are merged; empty for a scalar result.
    axes: Vec<(usize, usize)>,
}

impl<'a, T: Element> Reader<'a, T> {
    /// `ty` names the axes of `array`; `out` those of the result. Every axis of `ty` must be in `out`.
    fn new(array: &'a Array<T>, ty: &ArrayTy, out: &[Dim]) -> Reader<'a, T> {
        let shape = array.shape();
        let mut axes: Vec<(usize, usize)> = Vec::with_capacity(out.len());
        for dim in out {
            let at = ty.position(&dim.axis);
            let step = at.map_or(0, |i| shape[i + 1..].iter().product());
            let size = at.map(|i| shape[i]).or(dim.size.known()).expect("internal: an open size reached a kernel");
            if size == 1 {
                continue;
            }
            match axes.last_mut() {
                // The previous axis steps over exactly this one (also: both are absent).
                Some(last) if last.1 == step * size => *last = (last.0 * size, step),
                _ => axes.push((size, step)),
            }
        }
        Reader { data: array.as_slice().expect("internal: layout"), axes }
    }

    /// The elements that stand at `start..start + len` of the result, copied to `buffer` unless they lie in one piece.
    fn read<'b>(&self, start: usize, buffer: &'b mut [T]) -> &'b [T]
    where
        'a: 'b,
    {
        let len = buffer.len();
        match self.axes[..] {
            [] => buffer.fill(self.data[0]),
            [(_, 1)] => return &self.data[start..start + len],
            [(_, step)] => {
                for (i, b) in buffer.iter_mut().enumerate() {
                    *b = self.data[(start + i) * step];
                }
            }
            _ => self.gather(start, buffer),
        }
        buffer
    }

    fn gather(&self, start: usize, buffer: &mut [T]) {
        let mut at = vec![0; self.axes.len()];
        let mut rest = start;
        for (i, &(size, _)) in self.axes.iter().enumerate().rev() {
            at[i] = rest % size;
            rest /= size;
        }
        let last = self.axes.len() - 1;
        let (inner, step) = self.axes[last];
        let mut filled = 0;
        while filled < buffer.len() {
            let offset: usize = at.iter().zip(&self.axes).map(|(i, (_, s))| i * s).sum();
            let run = (inner - at[last]).min(buffer.len() - filled);
            let target = &mut buffer[filled..filled + run];
            match step {
                0 => target.fill(self.data[offset]),
                1 => target.copy_from_slice(&self.data[offset..offset + run]),
                _ => target.iter_mut().enumerate().for_each(|(i, b)| *b = self.data[offset + i * step]),
            }
            filled += run;
            at[last] = 0;
            for i in (0..last).rev() {
                at[i] += 1;
                if at[i] < self.axes[i].0 {
                    break;
                }
                at[i] = 0;
            }
        }
    }
}

/// The extents of a result whose sizes are all known.
pub fn shape_of(ty: &ArrayTy) -> Vec<usize> {
    ty.shape().expect("internal: an open size reached a kernel")
}

fn unique<T: Element>(array: Array<T>) -> Result<Vec<T>, Array<T>> {
    let len = array.len();
    array.try_into_owned_nocopy().and_then(|owned| {
        let (vec, offset) = owned.into_raw_vec_and_offset();
        if vec.len() == len && offset.unwrap_or(0) == 0 {
            Ok(vec)
        } else {
            let start = offset.unwrap_or(0);
            Err(ArcArray::from_shape_vec(IxDyn(&[len]), vec[start..start + len].to_vec()).expect("internal: layout"))
        }
    })
}

/// Applies a unary kernel; in place where nobody else holds the argument.
pub fn unary(f64: impl Fn(&[f64], &mut [f64]) + Sync, f32: impl Fn(&[f32], &mut [f32]) + Sync, x: Tensor) -> Tensor {
    match x {
        Tensor::F64(a) => unary_of(f64, a),
        Tensor::F32(a) => unary_of(f32, a),
        _ => unreachable!("internal: a real kernel on other elements"),
    }
}

fn unary_of<T: Element>(f: impl Fn(&[T], &mut [T]) + Sync, array: Array<T>) -> Tensor {
    let shape = array.shape().to_vec();
    let out = match unique(array) {
        Ok(mut data) => {
            for_blocks(&mut data, |_, block| {
                with_buffer(block.len(), |copy| {
                    copy.copy_from_slice(block);
                    f(copy, block);
                });
            });
            data
        }
        Err(array) => {
            let data = array.as_slice().expect("internal: layout");
            let mut out = vec![T::default(); data.len()];
            for_blocks(&mut out, |start, block| f(&data[start..start + block.len()], block));
            out
        }
    };
    Tensor::from_vec(&shape, out)
}

/// Applies a binary kernel to operands aligned by name; in place where nobody else holds an operand laid out like the
/// result.
pub fn binary(
    f64: impl Fn(&[f64], &[f64], &mut [f64]) + Sync,
    f32: impl Fn(&[f32], &[f32], &mut [f32]) + Sync,
    a: Tensor,
    a_ty: &ArrayTy,
    b: Tensor,
    b_ty: &ArrayTy,
    out: &ArrayTy,
) -> Tensor {
    match (a, b) {
        (Tensor::F64(a), Tensor::F64(b)) => binary_of(f64, a, a_ty, b, b_ty, out),
        (Tensor::F32(a), Tensor::F32(b)) => binary_of(f32, a, a_ty, b, b_ty, out),
        _ => unreachable!("internal: a real kernel on other elements"),
    }
}

fn binary_of<T: Element>(
    f: impl Fn(&[T], &[T], &mut [T]) + Sync,
    a: Array<T>,
    a_ty: &ArrayTy,
    b: Array<T>,
    b_ty: &ArrayTy,
    out: &ArrayTy,
) -> Tensor {
    let shape = shape_of(out);
    let like_out = |ty: &ArrayTy| ty.dims.len() == out.dims.len() && ty.axes().eq(out.axes());
    if like_out(a_ty) {
        let b = Reader::new(&b, b_ty, &out.dims);
        match unique(a) {
            Ok(mut data) => {
                for_blocks(&mut data, |start, block| {
                    with_buffer(block.len(), |copy| {
                        copy.copy_from_slice(block);
                        with_buffer(block.len(), |other| f(copy, b.read(start, other), block));
                    });
                });
                return Tensor::from_vec(&shape, data);
            }
            Err(a) => {
                let data = a.as_slice().expect("internal: layout");
                let mut result = vec![T::default(); data.len()];
                for_blocks(&mut result, |start, block| {
                    let n = block.len();
                    with_buffer(n, |other| f(&data[start..start + n], b.read(start, other), block));
                });
                return Tensor::from_vec(&shape, result);
            }
        }
    }
    let (a, b) = (Reader::new(&a, a_ty, &out.dims), Reader::new(&b, b_ty, &out.dims));
    let mut result = vec![T::default(); shape.iter().product()];
    for_blocks(&mut result, |start, block| {
        let n = block.len();
        with_buffer(n, |x| with_buffer(n, |y| f(a.read(start, x), b.read(start, y), block)));
    });
    Tensor::from_vec(&shape, result)
}

/// Applies a scalar function to operands aligned by name.
pub fn zip2<A: Element, B: Element, R: Element>(
    a: &Array<A>,
    a_ty: &ArrayTy,
    b: &Array<B>,
    b_ty: &ArrayTy,
    out: &ArrayTy,
    f: impl Fn(A, B) -> R + Sync,
) -> Tensor {
    let shape = shape_of(out);
    let (a, b) = (Reader::new(a, a_ty, &out.dims), Reader::new(b, b_ty, &out.dims));
    let mut result = vec![R::default(); shape.iter().product()];
    for_blocks(&mut result, |start, block| {
        let n = block.len();
        with_buffer(n, |x| {
            with_buffer(n, |y| {
                let (x, y) = (a.read(start, x), b.read(start, y));
                block.iter_mut().zip(x.iter().zip(y)).for_each(|(o, (&x, &y))| *o = f(x, y));
            })
        });
    });
    Tensor::from_vec(&shape, result)
}

/// Element by element `a` where the mask is true, else `b`; `tys` are the types of mask, `a` and `b`.
pub fn select<T: Element>(mask: &Array<bool>, a: &Array<T>, b: &Array<T>, tys: [&ArrayTy; 3], out: &ArrayTy) -> Tensor {
    let shape = shape_of(out);
    let mask = Reader::new(mask, tys[0], &out.dims);
    let (a, b) = (Reader::new(a, tys[1], &out.dims), Reader::new(b, tys[2], &out.dims));
    let mut result = vec![T::default(); shape.iter().product()];
    for_blocks(&mut result, |start, block| {
        let n = block.len();
        with_buffer(n, |m| {
            with_buffer(n, |x| {
                with_buffer(n, |y| {
                    let (m, x, y) = (mask.read(start, m), a.read(start, x), b.read(start, y));
                    let choices = m.iter().zip(x.iter().zip(y));
                    block.iter_mut().zip(choices).for_each(|(o, (&m, (&x, &y)))| *o = if m { x } else { y });
                })
            })
        });
    });
    Tensor::from_vec(&shape, result)
}

/// Applies a checked integer function; `None` if it has no result somewhere.
pub fn checked1(f: impl Fn(i64) -> Option<i64>, x: Tensor) -> Option<Tensor> {
    let shape = x.shape().to_vec();
    let data: Option<Vec<i64>> = x.slice::<i64>().iter().map(|&x| f(x)).collect();
    Some(Tensor::from_vec(&shape, data?))
}

/// Applies a checked integer function to operands aligned by name; `None` if it has no result somewhere.
pub fn checked2(
    f: impl Fn(i64, i64) -> Option<i64> + Sync,
    a: Tensor,
    a_ty: &ArrayTy,
    b: Tensor,
    b_ty: &ArrayTy,
    out: &ArrayTy,
) -> Option<Tensor> {
    let (Tensor::I64(a), Tensor::I64(b)) = (a, b) else { unreachable!("internal: an integer kernel on reals") };
    let failed = AtomicBool::new(false);
    let result = zip2(&a, a_ty, &b, b_ty, out, |x, y| {
        f(x, y).unwrap_or_else(|| {
            failed.store(true, Ordering::Relaxed);
            0
        })
    });
    (!failed.into_inner()).then_some(result)
}

/// The array laid out by `dims`: repeated along axes that it lacks, its own in their order there.
pub fn lay_out(x: &Tensor, ty: &ArrayTy, dims: &[Dim]) -> Tensor {
    fn go<T: Element>(x: &Array<T>, ty: &ArrayTy, dims: &[Dim]) -> Tensor {
        let size = |d: &Dim| ty.position(&d.axis).map(|i| x.shape()[i]).or(d.size.known());
        let shape: Vec<usize> =
            dims.iter().map(|d| size(d).expect("internal: an open size reached a kernel")).collect();
        let reader = Reader::new(x, ty, dims);
        let mut out = vec![T::default(); shape.iter().product()];
        for_blocks(&mut out, |start, block| {
            with_buffer(block.len(), |buffer| block.copy_from_slice(reader.read(start, buffer)));
        });
        Tensor::from_vec(&shape, out)
    }
    if ty.dims.len() == dims.len() && ty.axes().eq(dims.iter().map(|d| &d.axis)) {
        return x.clone();
    }
    each_tensor!(x, a => go(a, ty, dims))
}

/// Repeats an array along the axes of `out` that it lacks.
pub fn broadcast(x: Tensor, ty: &ArrayTy, out: &ArrayTy) -> Tensor {
    lay_out(&x, ty, &out.dims)
}

/// Any elements as reals of a precision.
pub fn to_real(x: Tensor, precision: Precision) -> Tensor {
    let shape = x.shape().to_vec();
    match (x, precision) {
        (x @ Tensor::F64(_), Precision::F64) | (x @ Tensor::F32(_), Precision::F32) => x,
        (x, Precision::F64) => Tensor::from_vec(&shape, x.to_f64()),
        (Tensor::F64(a), Precision::F32) => Tensor::from_vec(&shape, a.iter().map(|&v| v as f32).collect()),
        (Tensor::I64(a), Precision::F32) => Tensor::from_vec(&shape, a.iter().map(|&v| v as f32).collect()),
        (x, Precision::F32) => Tensor::from_vec(&shape, x.to_f64().into_iter().map(|v| v as f32).collect()),
    }
}

/// Truth values as 0 and 1; ints and labels as they are.
pub fn to_int(x: Tensor) -> Tensor {
    match x {
        Tensor::Bool(a) => Tensor::from_vec(a.shape(), a.iter().map(|&v| v as i64).collect()),
        // Cut towards zero.
        Tensor::F64(a) => Tensor::from_vec(a.shape(), a.iter().map(|&v| v as i64).collect()),
        Tensor::F32(a) => Tensor::from_vec(a.shape(), a.iter().map(|&v| v as i64).collect()),
        other => other,
    }
}

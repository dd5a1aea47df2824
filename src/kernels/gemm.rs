//! Contraction of two arrays over named axes, as batched matrix products: through BLAS (one thread per call, fixed
//! blocks of rows or columns in parallel), or plain loops where the matrices are tiny. An operand is copied only where
//! its axes lie in memory so that no matrix can be seen in them.

use super::blas;
use super::map::lay_out;
use super::reduce::pairwise;
use crate::tensor::{Element, Tensor};
use crate::types::{ArrayTy, Axis, Dim, Size};
use cblas_sys::{
    CBLAS_LAYOUT::CblasRowMajor,
    CBLAS_TRANSPOSE::{CblasNoTrans, CblasTrans},
    cblas_dgemm, cblas_dgemv, cblas_sgemm, cblas_sgemv,
};
use rayon::prelude::*;

/// Multiplications below which a plain loop beats a call of BLAS.
const TINY: usize = 512;
/// Multiplications below which work stays on one thread, and which one task should at least have above it.
const TASK: usize = 1 << 19;

/// Sums the product of `a` and `b` over `axes`, which both have; `None` if ints overflow.
pub fn contract(a: &Tensor, ta: &ArrayTy, b: &Tensor, tb: &ArrayTy, axes: &[Axis], out: &ArrayTy) -> Option<Tensor> {
    match (a, b) {
        (Tensor::I64(_), _) => integers(a, ta, b, tb, axes, out),
        (Tensor::F32(_), _) => Some(reals::<f32>(a, ta, b, tb, axes, out)),
        _ => Some(reals::<f64>(a, ta, b, tb, axes, out)),
    }
}

/// The dims of an array with the sizes it really has.
fn sized(x: &Tensor, ty: &ArrayTy) -> Vec<Dim> {
    ty.dims.iter().zip(x.shape()).map(|(d, &n)| Dim::new(d.axis.clone(), Size::Known(n))).collect()
}

fn extent(dims: &[Dim]) -> usize {
    dims.iter().map(|d| d.size.known().unwrap_or(0)).product()
}

/// The axes of both operands by the part they play.
struct Roles {
    /// In both, kept.
    batch: Vec<Dim>,
    /// In the first only.
    rows: Vec<Dim>,
    /// In the second only.
    columns: Vec<Dim>,
    /// In both, summed.
    summed: Vec<Dim>,
}

impl Roles {
    fn new(da: &[Dim], db: &[Dim], axes: &[Axis]) -> Roles {
        let has = |dims: &[Dim], axis: &Axis| dims.iter().any(|d| d.axis == *axis);
        let pick = |dims: &[Dim], wanted: &dyn Fn(&Axis) -> bool| -> Vec<Dim> {
            dims.iter().filter(|d| wanted(&d.axis)).cloned().collect()
        };
        Roles {
            batch: pick(da, &|x| has(db, x) && !axes.contains(x)),
            rows: pick(da, &|x| !has(db, x)),
            columns: pick(db, &|x| !has(da, x)),
            summed: pick(da, &|x| axes.contains(x)),
        }
    }
}

/// Steps in memory of an array's axes.
fn steps(dims: &[Dim]) -> Vec<(&Axis, usize, usize)> {
    let mut step = 1;
    let mut out: Vec<(&Axis, usize, usize)> = Vec::with_capacity(dims.len());
    for dim in dims.iter().rev() {
        let size = dim.size.known().unwrap_or(0);
        out.push((&dim.axis, size, step));
        step *= size.max(1);
    }
    out
}

/// The common step of axes that lie in memory like one axis (in this order), if they do; 0 for one element.
fn joined(steps: &[(&Axis, usize, usize)], group: &[Dim]) -> Option<usize> {
    let mut inner: Option<(usize, usize)> = None;
    for dim in group.iter().rev() {
        let &(_, size, step) = steps.iter().find(|(axis, ..)| **axis == dim.axis)?;
        if size == 1 {
            continue;
        }
        inner = match inner {
            None => Some((step, step * size)),
            Some((first, next)) if next == step => Some((first, next * size)),
            Some(_) => return None,
        };
    }
    Some(inner.map_or(0, |(first, _)| first))
}

/// Where the matrix of each coordinate of the batch begins.
fn offsets(steps: &[(&Axis, usize, usize)], batch: &[Dim]) -> Vec<usize> {
    let mut out = vec![0];
    for dim in batch {
        let Some(&(_, size, step)) = steps.iter().find(|(axis, ..)| **axis == dim.axis) else { continue };
        out = out.iter().flat_map(|&base| (0..size).map(move |i| base + i * step)).collect();
    }
    out
}

/// An operand as a batch of matrices: `outer` by `inner`, one of the two steps being 1.
struct Operand {
    data: Tensor,
    offsets: Vec<usize>,
    outer: usize,
    inner: usize,
}

fn operand(x: &Tensor, dims: &[Dim], batch: &[Dim], outer: &[Dim], inner: &[Dim]) -> Operand {
    let at = steps(dims);
    let (m, k) = (extent(outer), extent(inner));
    if let (Some(o), Some(i)) = (joined(&at, outer), joined(&at, inner)) {
        // A step is free where there is only one element.
        if i == 1 || k <= 1 {
            let o = if m <= 1 { k.max(1) } else { o };
            if o >= k.max(1) {
                return Operand { data: x.clone(), offsets: offsets(&at, batch), outer: o, inner: 1 };
            }
        }
        if o == 1 || m <= 1 {
            let i = if k <= 1 { m.max(1) } else { i };
            if i >= m.max(1) {
                return Operand { data: x.clone(), offsets: offsets(&at, batch), outer: 1, inner: i };
            }
        }
    }
    let order = [batch, outer, inner].concat();
    let ty = ArrayTy::new(crate::types::Elem::Real, dims.to_vec());
    let count = extent(batch);
    let data = lay_out(x, &ty, &order);
    Operand { data, offsets: (0..count).map(|p| p * m * k).collect(), outer: k.max(1), inner: 1 }
}

/// One matrix in memory: elements at `at + i * outer + j * inner`.
#[derive(Clone, Copy)]
struct Matrix<'a, T> {
    data: &'a [T],
    outer: usize,
    inner: usize,
}

/// The result's memory, written by several tasks in disjoint places.
struct Target<T>(*mut T);

// Sound: every task writes elements of its own only (blocks of rows or columns of one matrix, or whole matrices).
unsafe impl<T: Send> Send for Target<T> {}
unsafe impl<T: Send> Sync for Target<T> {}

fn reals<T: Blas>(a: &Tensor, ta: &ArrayTy, b: &Tensor, tb: &ArrayTy, axes: &[Axis], out: &ArrayTy) -> Tensor {
    let (da, db) = (sized(a, ta), sized(b, tb));
    let roles = Roles::new(&da, &db, axes);
    let (m, n, k) = (extent(&roles.rows), extent(&roles.columns), extent(&roles.summed));
    let x = operand(a, &da, &roles.batch, &roles.rows, &roles.summed);
    let y = operand(b, &db, &roles.batch, &roles.columns, &roles.summed);
    // Straight into the result's own order where its rows and columns lie like a matrix.
    let size_of = |axis: &Axis| [&da, &db].into_iter().flatten().find(|d| d.axis == *axis).cloned();
    let wanted: Vec<Dim> = out.axes().filter_map(size_of).collect();
    let at = steps(&wanted);
    let fits = match (joined(&at, &roles.rows), joined(&at, &roles.columns)) {
        (Some(r), Some(c)) if c == 1 || n <= 1 => Some(if m <= 1 { n.max(1) } else { r }).filter(|&r| r >= n.max(1)),
        _ => None,
    };
    let laid = if fits.is_some() { wanted.clone() } else { [&roles.batch[..], &roles.rows, &roles.columns].concat() };
    let places = offsets(&steps(&laid), &roles.batch);
    let mut result = vec![T::default(); extent(&laid)];
    if k > 0 && !result.is_empty() {
        let shape = Shape { m, n, k, step: fits.unwrap_or(n.max(1)) };
        products(&x, &y, shape, &places, &mut result);
    }
    let shape: Vec<usize> = laid.iter().map(|d| d.size.known().unwrap_or(0)).collect();
    let laid_ty = ArrayTy::new(out.elem.clone(), laid);
    lay_out(&Tensor::from_vec(&shape, result), &laid_ty, &wanted)
}

/// Sizes of one product and the step between rows of the result.
#[derive(Clone, Copy)]
struct Shape {
    m: usize,
    n: usize,
    k: usize,
    step: usize,
}

/// All products of a batch. Tasks are cut by the shape alone.
fn products<T: Blas>(x: &Operand, y: &Operand, s: Shape, places: &[usize], result: &mut [T]) {
    blas::single_thread();
    let (xs, ys) = (x.data.slice::<T>(), y.data.slice::<T>());
    let target = Target(result.as_mut_ptr());
    let work = s.m * s.n * s.k;
    let one = |p: usize| {
        let target = &target;
        let a = Matrix { data: &xs[x.offsets[p]..], outer: x.outer, inner: x.inner };
        let b = Matrix { data: &ys[y.offsets[p]..], outer: y.outer, inner: y.inner };
        // Sound: places lie inside the result, each with room for its matrix.
        product(a, b, s, unsafe { target.0.add(places[p]) });
    };
    // Large products are cut up themselves.
    if places.len() == 1 || work > 4 * TASK || work * places.len() <= TASK {
        (0..places.len()).for_each(one);
    } else {
        (0..places.len()).into_par_iter().with_min_len((TASK / work.max(1)).max(1)).for_each(one);
    }
}

/// One product: `c = a b^T` with both operands outer by summed.
fn product<T: Blas>(a: Matrix<T>, b: Matrix<T>, s: Shape, c: *mut T) {
    let Shape { m, n, k, step } = s;
    let limit = i32::MAX as usize;
    let too_large = [m, n, k, a.outer, a.inner, b.outer, b.inner, step].iter().any(|&v| v > limit);
    if (m == 1 && n == 1) || m * n * k <= TINY || too_large {
        for i in 0..m {
            for j in 0..n {
                let dot = T::dot(a, i, b, j, k);
                // Sound: i and j are inside the matrix that `c` has room for.
                unsafe { *c.add(i * step + j) = dot };
            }
        }
        return;
    }
    if m * n * k <= 4 * TASK {
        // Sound: the views cover the operands, `c` has room for m rows at `step`.
        unsafe { T::multiply(a, b, s, c) };
        return;
    }
    let target = Target(c);
    let along_rows = m >= n;
    let length = if along_rows { m } else { n };
    // At least 64 so that BLAS works at full speed, at most 16 blocks.
    let block = length.div_ceil(16).next_multiple_of(8).max(64);
    (0..length.div_ceil(block)).into_par_iter().for_each(|q| {
        let target = &target;
        let start = q * block;
        let count = block.min(length - start);
        let (mut a, mut b, mut part) = (a, b, s);
        let shift = if along_rows {
            a.data = &a.data[start * a.outer..];
            part.m = count;
            start * step
        } else {
            b.data = &b.data[start * b.outer..];
            part.n = count;
            start
        };
        // Sound: blocks are disjoint parts of the result.
        unsafe { T::multiply(a, b, part, target.0.add(shift)) };
    });
}

/// A real type that BLAS multiplies.
trait Blas: Element {
    /// `c = a b^T` for matrices too large for plain loops. Unsafe: `c` must have room for `m` rows of `n` at `step`,
    /// and the operands must cover their shapes.
    unsafe fn multiply(a: Matrix<Self>, b: Matrix<Self>, s: Shape, c: *mut Self);
    /// Row `i` of `a` times row `j` of `b`, accumulated in 64 bits.
    fn dot(a: Matrix<Self>, i: usize, b: Matrix<Self>, j: usize, k: usize) -> Self;
}

macro_rules! blas {
    ($t:ty, $gemm:ident, $gemv:ident) => {
        impl Blas for $t {
            unsafe fn multiply(a: Matrix<$t>, b: Matrix<$t>, s: Shape, c: *mut $t) {
                let int = |v: usize| v as i32;
                let (pa, pb) = (a.data.as_ptr(), b.data.as_ptr());
                // A matrix-vector product: `rows` of `x`, whose summed axis is contiguous or not, times a vector.
                let vector = |x: Matrix<$t>, rows: usize, v: Matrix<$t>, out_step: usize| {
                    let (px, pv) = (x.data.as_ptr(), v.data.as_ptr());
                    let (trans, r, cs, ld) = match x.inner {
                        1 => (CblasNoTrans, rows, s.k, x.outer),
                        _ => (CblasTrans, s.k, rows, x.inner),
                    };
                    unsafe {
                        $gemv(
                            CblasRowMajor,
                            trans,
                            int(r),
                            int(cs),
                            1.0,
                            px,
                            int(ld),
                            pv,
                            int(v.inner),
                            0.0,
                            c,
                            int(out_step),
                        )
                    }
                };
                if s.n == 1 {
                    return vector(a, s.m, b, s.step);
                }
                if s.m == 1 {
                    return vector(b, s.n, a, 1);
                }
                let (ta, lda) = if a.inner == 1 { (CblasNoTrans, a.outer) } else { (CblasTrans, a.inner) };
                let (tb, ldb) = if b.inner == 1 { (CblasTrans, b.outer) } else { (CblasNoTrans, b.inner) };
                unsafe {
                    $gemm(
                        CblasRowMajor,
                        ta,
                        tb,
                        int(s.m),
                        int(s.n),
                        int(s.k),
                        1.0,
                        pa,
                        int(lda),
                        pb,
                        int(ldb),
                        0.0,
                        c,
                        int(s.step),
                    )
                }
            }

            fn dot(a: Matrix<$t>, i: usize, b: Matrix<$t>, j: usize, k: usize) -> $t {
                let (x, y) = (&a.data[i * a.outer..], &b.data[j * b.outer..]);
                if a.inner == 1 && b.inner == 1 {
                    let (x, y) = (&x[..k], &y[..k]);
                    return pairwise(k, &|l| x[l] as f64 * y[l] as f64) as $t;
                }
                pairwise(k, &|l| x[l * a.inner] as f64 * y[l * b.inner] as f64) as $t
            }
        }
    };
}

blas!(f64, cblas_dgemm, cblas_dgemv);
blas!(f32, cblas_sgemm, cblas_sgemv);

fn integers(a: &Tensor, ta: &ArrayTy, b: &Tensor, tb: &ArrayTy, axes: &[Axis], out: &ArrayTy) -> Option<Tensor> {
    let (da, db) = (sized(a, ta), sized(b, tb));
    let roles = Roles::new(&da, &db, axes);
    let (p, m, n, k) = (extent(&roles.batch), extent(&roles.rows), extent(&roles.columns), extent(&roles.summed));
    let x = lay_out(a, ta, &[&roles.batch[..], &roles.rows, &roles.summed].concat());
    let y = lay_out(b, tb, &[&roles.batch[..], &roles.columns, &roles.summed].concat());
    let (x, y) = (x.slice::<i64>(), y.slice::<i64>());
    let mut result = vec![0i64; p * m * n];
    for (at, c) in result.iter_mut().enumerate() {
        let (q, i, j) = (at / (m * n), at / n % m, at % n);
        let (u, v) = (&x[(q * m + i) * k..][..k], &y[(q * n + j) * k..][..k]);
        *c = u.iter().zip(v).try_fold(0i64, |total, (u, v)| total.checked_add(u.checked_mul(*v)?))?;
    }
    let laid = [&roles.batch[..], &roles.rows, &roles.columns].concat();
    let shape: Vec<usize> = laid.iter().map(|d| d.size.known().unwrap_or(0)).collect();
    let laid_ty = ArrayTy::new(out.elem.clone(), laid);
    let wanted: Vec<Dim> = out.axes().filter_map(|a| laid_ty.dim(a).cloned()).collect();
    Some(lay_out(&Tensor::from_vec(&shape, result), &laid_ty, &wanted))
}

//! Matrices over two named axes: triangular factors, systems, inverses, determinants, least squares. All other axes
//! are batches. Gradients are made of the same operations, so they can be differentiated again. Work is done in 64
//! bits at either precision.

use super::join::strides_in;
use super::shape::{linear, reorder, shape_of, whole_grad};
use super::{Build, infer};
use crate::diag::codes::{check, run};
use crate::ir::{
    Attrs, Builder, Domain, Form, Gradient, InferCtx, Kernel, KernelArgs, Lifting, NodeId, Notation, OpDef, OpFault,
    RunFault, VjpCtx,
};
use crate::kernels::linalg::{self as kernel, Failure, Solved, Triangle};
use crate::kernels::shape::spread;
use crate::tensor::Tensor;
use crate::types::{ArrayTy, Axis, Dim, Elem, Precision, Size};

const TESTED: Domain = Domain::Own("ops::linalg::tests");

/// Row axis and column axis.
pub(super) fn pair(attrs: &Attrs) -> (Axis, Axis) {
    (attrs.axes[0].clone(), attrs.axes[1].clone())
}

/// The two axes must be axes of input `i`, which must be real.
pub(super) fn matrix(c: &InferCtx, i: usize, op: &str) -> Result<(Size, Size), OpFault> {
    infer::real(c, i, op)?;
    if c.attrs.axes.len() != 2 || c.attrs.axes[0] == c.attrs.axes[1] {
        let message = format!("`{op}` takes two axes, those of rows and of columns");
        return Err(OpFault::new(&check::E0304, message).help(format!("write `{op}[d, e](...)`")));
    }
    let (row, column) = (infer::has(c, i, &c.attrs.axes[0], op)?, infer::has(c, i, &c.attrs.axes[1], op)?);
    Ok((row.size, column.size))
}

pub(super) fn square(c: &mut InferCtx, i: usize, op: &str) -> Result<(), OpFault> {
    let (rows, columns) = matrix(c, i, op)?;
    c.sizes.unify(rows, columns).map(|_| ()).map_err(|(rows, columns)| {
        let (d, e) = pair(c.attrs);
        OpFault::new(&check::E0319, format!("`{op}` needs a square matrix: `{d}` has size {rows}, `{e}` {columns}"))
            .label(i, format!("this is `{}`", c.inputs[i]))
    })
}

/// An array as a stack of blocks: over `batch` (repeated where the array lacks an axis), then over `tail`.
pub(super) fn stacked(x: &Tensor, ty: &ArrayTy, batch: &[Dim], tail: &[Dim]) -> Vec<f64> {
    let all = ArrayTy::new(Elem::Real, batch.iter().chain(tail).cloned().collect());
    spread(x, &shape_of(&all), &strides_in(&all, ty, x.shape())).to_f64()
}

/// The dims of an array with the sizes it really has.
pub(super) fn sized(ty: &ArrayTy, x: &Tensor) -> ArrayTy {
    let dims = ty.dims.iter().zip(x.shape()).map(|(d, &n)| Dim::new(d.axis.clone(), Size::Known(n))).collect();
    ArrayTy::new(ty.elem.clone(), dims)
}

pub(super) fn count(dims: &[Dim]) -> usize {
    dims.iter().map(|d| d.size.known().unwrap_or(0)).product()
}

/// A result computed over `batch`, then `tail`, in the layout and precision of an output.
pub(super) fn unstacked(data: Vec<f64>, batch: &[Dim], tail: &[Dim], out: &ArrayTy, precision: Precision) -> Tensor {
    let dims: Vec<Dim> = batch.iter().chain(tail).cloned().collect();
    let shape: Vec<usize> = dims.iter().map(|d| d.size.known().unwrap_or(0)).collect();
    let tensor = match precision {
        Precision::F64 => Tensor::from_vec(&shape, data),
        Precision::F32 => Tensor::from_vec(&shape, data.into_iter().map(|x| x as f32).collect()),
    };
    reorder(&tensor, &dims, &out.dims)
}

/// What LAPACK found wrong, in plain words.
pub(super) fn failed(
    op: &str,
    attrs: &Attrs,
    batch: &[Dim],
    (mut index, failure): (usize, Failure),
    n: usize,
) -> RunFault {
    let mut place: Vec<String> = Vec::new();
    for dim in batch.iter().rev() {
        let size = dim.size.known().unwrap_or(1).max(1);
        place.push(format!("{} = {}", dim.axis, index % size));
        index /= size;
    }
    place.reverse();
    let which = if place.is_empty() { String::new() } else { format!(" at {}", place.join(", ")) };
    let (d, e) = pair(attrs);
    let over = format!("over axes {d}, {e} of size {n}");
    match failure {
        Failure::NotDefinite(minor) => {
            let message = format!("the matrix{which} is not positive definite");
            let label = format!("the leading minor of order {minor} is not positive, {over}");
            RunFault::new(&run::E0711, message, label).help("add a small multiple of the identity, or use `eigh`")
        }
        Failure::Singular(pivot) => {
            let message = format!("the matrix{which} is singular");
            let label = format!("pivot {pivot} is zero, {over}");
            RunFault::new(&run::E0712, message, label).help("for a solution in the sense of least squares use `lstsq`")
        }
        Failure::NoConvergence => {
            let message = format!("`{op}` did not converge for the matrix{which}");
            RunFault::new(&run::E0711, message, format!("the iteration stopped early, {over}"))
        }
    }
}

/// Runs `f` on every matrix of the one input; `tail` gives the dims of the output besides the batch.
fn each_square(
    args: &KernelArgs,
    tail: impl Fn(&Dim, &Dim) -> Vec<Dim>,
    f: impl Fn(&[f64], usize) -> Solved + Sync,
) -> Result<Vec<Tensor>, RunFault> {
    let ty = sized(args.input_tys[0], &args.inputs[0]);
    let (d, e) = pair(args.attrs);
    let batch = ty.without(&args.attrs.axes);
    let (rows, columns) = (dim_of(&ty, &d), dim_of(&ty, &e));
    let n = rows.size.known().unwrap_or(0);
    let data = stacked(&args.inputs[0], &ty, &batch, &[rows.clone(), columns.clone()]);
    let out = kernel::stack(count(&batch), 1, |i| f(&data[i * n * n..(i + 1) * n * n], n));
    let mut out = out.map_err(|failure| failed("this", args.attrs, &batch, failure, n))?;
    let tail = tail(&rows, &columns);
    Ok(vec![unstacked(out.remove(0), &batch, &tail, &args.output_tys[0], args.precision)])
}

pub(super) fn dim_of(ty: &ArrayTy, axis: &Axis) -> Dim {
    ty.dim(axis).expect("internal: an axis is missing").clone()
}

/// `x` with axes renamed, sizes kept.
pub(super) fn ren(b: &mut Builder, x: NodeId, pairs: &[(&Axis, &Axis)]) -> NodeId {
    let ty = b.ty(x);
    let from: Vec<Axis> = pairs.iter().map(|p| p.0.clone()).collect();
    let to: Vec<Dim> = pairs.iter().map(|p| Dim::new(p.1.clone(), dim_of(&ty, p.0).size)).collect();
    b.rename_all(x, &from, &to)
}

/// `(x + xᵀ) / 2`.
pub(super) fn symmetrised(b: &mut Builder, x: NodeId, d: &Axis, e: &Axis) -> NodeId {
    let other = ren(b, x, &[(d, e), (e, d)]);
    let sum = b.add(x, other);
    b.scale(0.5, sum)
}

pub static CHOLESKY: OpDef = OpDef {
    name: "cholesky",
    form: Form::Axes { axes: 2, args: 1 },
    signature: "cholesky[d, e](h: real[d, e]) -> real[d, e]",
    doc: "The lower triangular `l` with `h[d, e] = sum[f](l[d, f] * l[e, f])`, for a positive definite matrix with rows \
          `d` and columns `e`. Of a matrix that is not symmetric, `(h + h transposed) / 2` is factored. A matrix that \
          is not positive definite stops the run. Gradient: Murray, arXiv 1602.07527.",
    example: "cholesky[d, e]([d: 1, e: 1] => 4.0)[d = 0][e = 0] == 2",
    lifting: Lifting::Batched,
    infer: |c| {
        square(c, 0, "cholesky")?;
        Ok(vec![c.inputs[0].clone()])
    },
    gradient: Gradient::Rule(cholesky_gradient),
    kernel: Kernel::General(|args| each_square(&args, |d, e| vec![d.clone(), e.clone()], kernel::cholesky)),
    notation: Notation::Call { latex: "\\operatorname{chol}" },
    domain: &[TESTED],
};

/// With `p` the lower triangle of `lᵀ g`, its diagonal halved: `l⁻ᵀ p l⁻¹`, symmetrised.
fn cholesky_gradient(c: &mut VjpCtx) -> Vec<Option<NodeId>> {
    linear(c, |c, g| {
        let (d, e) = pair(&c.attrs);
        let l = c.outputs[0];
        let (f, h) = (c.b.fresh_axis(e.shared_name()), c.b.fresh_axis(d.shared_name()));
        let g = ren(c.b, g, &[(&e, &f)]);
        let p = c.b.contract(l, g, std::slice::from_ref(&d));
        let p = c.b.mk(&TRIANGLE, &[p], Attrs::axes([e.clone(), f.clone()]).with_ints([0, 2]));
        let z = c.b.mk(&TRIANGULAR_SOLVE, &[l, p], Attrs::axes([d.clone(), e.clone()]).with_ints([0, 1]));
        let again = ren(c.b, l, &[(&d, &h), (&e, &f)]);
        let s = c.b.mk(&TRIANGULAR_SOLVE, &[again, z], Attrs::axes([h.clone(), f]).with_ints([0, 1]));
        let s = ren(c.b, s, &[(&h, &e)]);
        symmetrised(c.b, s, &d, &e)
    })
}

/// One triangle of a matrix: `ints` = 1 for the upper, and what becomes of the diagonal (0 dropped, 1 kept, 2 halved).
pub static TRIANGLE: OpDef = OpDef {
    name: "triangle",
    form: Form::Internal,
    signature: "triangle[d, e](a: real[d, e]) -> real[d, e]",
    doc: "One triangle of a matrix, the rest zero.",
    example: "",
    lifting: Lifting::Batched,
    infer: |c| {
        matrix(c, 0, "triangle")?;
        Ok(vec![c.inputs[0].clone()])
    },
    gradient: Gradient::Rule(|c| {
        linear(c, |c, g| {
            let attrs = c.attrs.clone();
            c.b.mk(&TRIANGLE, &[g], attrs)
        })
    }),
    kernel: Kernel::General(|args| {
        let ty = sized(args.input_tys[0], &args.inputs[0]);
        let (d, e) = pair(args.attrs);
        let batch = ty.without(&args.attrs.axes);
        let tail = [dim_of(&ty, &d), dim_of(&ty, &e)];
        let columns = tail[1].size.known().unwrap_or(0);
        let size = count(&tail);
        let mut data = stacked(&args.inputs[0], &ty, &batch, &tail);
        let upper = args.attrs.ints.first() == Some(&1);
        let diagonal = [0.0, 1.0, 0.5][args.attrs.ints.get(1).map_or(1, |i| (*i).clamp(0, 2) as usize)];
        for (at, x) in data.iter_mut().enumerate() {
            let (i, j) = ((at % size) / columns, at % columns);
            if i == j {
                *x *= diagonal;
            } else if (i < j) != upper {
                *x = 0.0;
            }
        }
        Ok(vec![unstacked(data, &batch, &tail, &args.output_tys[0], args.precision)])
    }),
    notation: Notation::Call { latex: "\\operatorname{tri}" },
    domain: &[TESTED],
};

pub static SOLVE: OpDef = OpDef {
    name: "solve",
    form: Form::Axes { axes: 2, args: 2 },
    signature: "solve[d, e](a: real[d, e], b: real[d]) -> real[e]",
    doc: "The `x` with `a @[e] x = b`, for a square matrix with rows `d` and columns `e`. Axes that both have are \
          batches; axes of `b` alone are further right-hand sides. A singular matrix stops the run.",
    example: "all(solve[d, e]([d: 2, e: 2] => where(d == e, 2.0, 0.0), [4, 6] : real[d]) == ([2, 3] : real[e]))",
    lifting: Lifting::Batched,
    infer: |c| {
        square(c, 0, "solve")?;
        let (d, e) = pair(c.attrs);
        infer_system(c, "solve", &d, &e)
    },
    gradient: Gradient::Rule(|c| {
        let (d, e) = pair(&c.attrs);
        system_gradient(c, &d, &e, |c, g| c.b.mk(&SOLVE, &[c.inputs[0], g], Attrs::axes([e.clone(), d.clone()])))
    }),
    kernel: Kernel::General(|args| {
        let (d, e) = pair(args.attrs);
        system(&args, "solve", &d, &e, kernel::solve)
    }),
    notation: Notation::Call { latex: "\\operatorname{solve}" },
    domain: &[TESTED, TESTED],
};

/// The type of `x` where `b` has axis `from` and `x` axis `to` instead.
fn infer_system(c: &mut InferCtx, op: &str, from: &Axis, to: &Axis) -> Result<Vec<ArrayTy>, OpFault> {
    infer::real(c, 1, op)?;
    let at = infer::has(c, 1, from, op).map(|_| c.inputs[1].position(from).unwrap_or(0))?;
    infer::lacks(c, 1, to, op)?;
    let all = infer::aligned(c)?;
    let mut b = c.inputs[1].clone();
    b.dims[at] = all.iter().find(|d| d.axis == *to).expect("internal: an axis is missing").clone();
    let mut dims: Vec<Dim> =
        all.into_iter().filter(|d| d.axis != *from && d.axis != *to && !c.inputs[1].has(&d.axis)).collect();
    dims.extend(b.dims);
    Ok(vec![ArrayTy::new(Elem::Real, dims)])
}

/// Runs a solver of one matrix and its right-hand sides; the matrix's rows are the first of the operation's axes.
fn system(
    args: &KernelArgs,
    op: &str,
    from: &Axis,
    to: &Axis,
    f: impl Fn(&[f64], &[f64], usize, usize) -> Solved + Sync,
) -> Result<Vec<Tensor>, RunFault> {
    let (a, b) = (sized(args.input_tys[0], &args.inputs[0]), sized(args.input_tys[1], &args.inputs[1]));
    let batch = a.without(&args.attrs.axes);
    let sides: Vec<Dim> = b.without(std::slice::from_ref(from)).into_iter().filter(|d| !a.has(&d.axis)).collect();
    let tail = [dim_of(&a, &args.attrs.axes[0]), dim_of(&a, &args.attrs.axes[1])];
    let (rows, columns) = (tail[0].size.known().unwrap_or(0), tail[1].size.known().unwrap_or(0));
    let m = count(&sides);
    let matrices = stacked(&args.inputs[0], &a, &batch, &tail);
    let mut right_tail = vec![dim_of(&b, from)];
    right_tail.extend(sides.iter().cloned());
    let right = stacked(&args.inputs[1], &b, &batch, &right_tail);
    let (size, side) = (rows * columns, count(&right_tail));
    let out = kernel::stack(count(&batch), 1, |i| {
        f(&matrices[i * size..(i + 1) * size], &right[i * side..(i + 1) * side], rows, m)
    });
    let mut out = out.map_err(|failure| failed(op, args.attrs, &batch, failure, rows))?;
    let mut tail = vec![dim_of(&a, to)];
    tail.extend(sides);
    Ok(vec![unstacked(out.remove(0), &batch, &tail, &args.output_tys[0], args.precision)])
}

/// The axes of a system's result that its matrix lacks.
fn sides(c: &VjpCtx) -> Vec<Axis> {
    let a = c.input_ty(0);
    c.output_ty().axes().filter(|axis| !a.has(axis)).cloned().collect()
}

/// With `t` the gradient solved by the transposed matrix: `t` for the right-hand side, `-t xᵀ` for the matrix.
fn system_gradient(
    c: &mut VjpCtx,
    from: &Axis,
    to: &Axis,
    transposed: impl FnOnce(&mut VjpCtx, NodeId) -> NodeId,
) -> Vec<Option<NodeId>> {
    let Some(g) = whole_grad(c, 0) else { return vec![None, None] };
    let t = transposed(c, g);
    let to_a = c.needs[0].then(|| {
        let sides = sides(c);
        let outer = c.b.contract(t, c.outputs[0], &sides);
        c.b.neg(outer)
    });
    let to_b = c.needs[1].then(|| {
        let mut right = c.output_ty();
        let at = right.position(to).expect("internal: an axis is missing");
        right.dims[at].axis = from.clone();
        let b = c.input_ty(1);
        c.b.unbroadcast(t, &right, &b)
    });
    vec![to_a, to_b]
}

pub static TRIANGULAR_SOLVE: OpDef = OpDef {
    name: "triangular_solve",
    form: Form::Axes { axes: 2, args: 2 },
    signature: "triangular_solve[d, e](l: real[d, e], b: real[d]) -> real[e]",
    doc: "The `x` with `l @[e] x = b`, reading only the lower triangle of the matrix (with rows `d` and columns `e`). A \
          zero on the diagonal stops the run.",
    example: "all(triangular_solve[d, e]([d: 2, e: 2] => 2.0, [2, 6] : real[d]) == ([1, 2] : real[e]))",
    lifting: Lifting::Batched,
    infer: |c| {
        square(c, 0, "triangular_solve")?;
        let (from, to) = ends(c.attrs);
        infer_system(c, "triangular_solve", &from, &to)
    },
    gradient: Gradient::Rule(|c| {
        let (from, to) = ends(&c.attrs);
        let (upper, transposed) = flags(&c.attrs);
        let mut grads = system_gradient(c, &from, &to, |c, g| {
            let attrs = Attrs::axes(c.attrs.axes.clone()).with_ints([upper as i64, !transposed as i64]);
            c.b.mk(&TRIANGULAR_SOLVE, &[c.inputs[0], g], attrs)
        });
        let attrs = Attrs::axes(c.attrs.axes.clone()).with_ints([upper as i64, 1]);
        grads[0] = grads[0].map(|a| c.b.mk(&TRIANGLE, &[a], attrs));
        grads
    }),
    kernel: Kernel::General(|args| {
        let (from, to) = ends(args.attrs);
        let (upper, transposed) = flags(args.attrs);
        let triangle = Triangle { upper, transposed, unit: false };
        system(&args, "triangular_solve", &from, &to, |a, b, n, m| kernel::triangular_solve(a, b, n, m, triangle))
    }),
    notation: Notation::Call { latex: "\\operatorname{trisolve}" },
    domain: &[TESTED, TESTED],
};

/// `ints` = 1 to read the upper triangle, 1 to solve with the transposed matrix.
fn flags(attrs: &Attrs) -> (bool, bool) {
    (attrs.ints.first() == Some(&1), attrs.ints.get(1) == Some(&1))
}

/// The axis of the right-hand side and that of the result.
fn ends(attrs: &Attrs) -> (Axis, Axis) {
    let (d, e) = pair(attrs);
    if flags(attrs).1 { (e, d) } else { (d, e) }
}

pub static INV: OpDef = OpDef {
    name: "inv",
    form: Form::Axes { axes: 2, args: 1 },
    signature: "inv[d, e](a: real[d, e]) -> real[e, d]",
    doc: "The inverse of a square matrix with rows `d` and columns `e`. It has rows `e` and columns `d`: \
          `inv[d, e](a) @[d] b` is `solve[d, e](a, b)`, which is faster and more accurate. A singular matrix stops the \
          run.",
    example: "inv[d, e]([d: 1, e: 1] => 4.0)[d = 0][e = 0] == 0.25",
    lifting: Lifting::Batched,
    infer: |c| {
        square(c, 0, "inv")?;
        let (d, e) = pair(c.attrs);
        let swap = |dim: &Dim| {
            let axis = if dim.axis == d {
                &e
            } else if dim.axis == e {
                &d
            } else {
                &dim.axis
            };
            Dim::new(axis.clone(), c.sizes.resolve(dim.size))
        };
        let dims = c.inputs[0].dims.iter().map(swap).collect();
        Ok(vec![ArrayTy::new(Elem::Real, dims)])
    },
    gradient: Gradient::Rule(|c| {
        linear(c, |c, g| {
            let y = c.outputs[0];
            let product = sandwich(c, y, g);
            c.b.neg(product)
        })
    }),
    kernel: Kernel::General(|args| each_square(&args, |d, e| vec![e.clone(), d.clone()], kernel::inv)),
    notation: Notation::Call { latex: "\\operatorname{inv}" },
    domain: &[TESTED],
};

/// `yᵀ g yᵀ` for `y` and `g` with rows `e` and columns `d`.
fn sandwich(c: &mut VjpCtx, y: NodeId, g: NodeId) -> NodeId {
    let (d, e) = pair(&c.attrs);
    let (d2, e2) = (c.b.fresh_axis(d.shared_name()), c.b.fresh_axis(e.shared_name()));
    let left = ren(c.b, y, &[(&e, &e2)]);
    let g = ren(c.b, g, &[(&e, &e2), (&d, &d2)]);
    let right = ren(c.b, y, &[(&d, &d2)]);
    let half = c.b.contract(left, g, &[e2]);
    c.b.contract(half, right, &[d2])
}

pub static DET: OpDef = OpDef {
    name: "det",
    form: Form::Axes { axes: 2, args: 1 },
    signature: "det[d, e](a: real[d, e]) -> real",
    doc: "The determinant of a square matrix. Its gradient, the cofactors, is exact for singular matrices too.",
    example: "det[d, e]([d: 2, e: 2] => where(d == e, 3.0, 1.0)) ~= 8",
    lifting: Lifting::Batched,
    infer: |c| {
        square(c, 0, "det")?;
        Ok(vec![ArrayTy::new(Elem::Real, c.inputs[0].without(&c.attrs.axes))])
    },
    gradient: Gradient::Rule(|c| {
        linear(c, |c, g| {
            let attrs = c.attrs.clone();
            let cofactor = c.b.mk(&COFACTOR, &[c.inputs[0]], attrs);
            c.mul(g, cofactor)
        })
    }),
    kernel: Kernel::General(|args| each_square(&args, |_, _| Vec::new(), kernel::det)),
    notation: Notation::Call { latex: "\\det" },
    domain: &[TESTED],
};

pub static COFACTOR: OpDef = OpDef {
    name: "cofactor",
    form: Form::Axes { axes: 2, args: 1 },
    signature: "cofactor[d, e](a: real[d, e]) -> real[d, e]",
    doc: "The matrix of cofactors of a square matrix: the gradient of its determinant. Its own gradient is found through \
          the inverse, so it exists for matrices that are not singular.",
    example: "cofactor[d, e]([d: 1, e: 1] => 4.0)[d = 0][e = 0] == 1",
    lifting: Lifting::Batched,
    infer: |c| {
        square(c, 0, "cofactor")?;
        Ok(vec![c.inputs[0].clone()])
    },
    gradient: Gradient::Rule(|c| {
        linear(c, |c, g| {
            // det(a) * (<g, y> y - yᵀ gᵀ yᵀ), y the inverse transposed: by name, the inverse itself.
            let attrs = c.attrs.clone();
            let y = c.b.mk(&INV, &[c.inputs[0]], attrs.clone());
            let det = c.b.mk(&DET, &[c.inputs[0]], attrs.clone());
            let inner = c.b.contract(g, y, &attrs.axes);
            let first = c.b.mul(inner, y);
            let second = sandwich(c, y, g);
            let difference = c.b.sub(first, second);
            c.b.mul(det, difference)
        })
    }),
    kernel: Kernel::General(|args| each_square(&args, |d, e| vec![d.clone(), e.clone()], kernel::cofactor)),
    notation: Notation::Call { latex: "\\operatorname{cof}" },
    domain: &[TESTED],
};

pub static LOGDET: OpDef = OpDef {
    name: "logdet",
    form: Form::Axes { axes: 2, args: 1 },
    signature: "logdet[d, e](a: real[d, e]) -> real",
    doc: "The logarithm of the determinant of a square matrix, without forming the determinant. Minus infinity for a \
          singular matrix, NaN where the determinant is negative.",
    example: "logdet[d, e]([d: 2, e: 2] => where(d == e, 1.0, 0.0)) == 0",
    lifting: Lifting::Batched,
    infer: |c| {
        square(c, 0, "logdet")?;
        Ok(vec![ArrayTy::new(Elem::Real, c.inputs[0].without(&c.attrs.axes))])
    },
    gradient: Gradient::Rule(|c| {
        linear(c, |c, g| {
            let attrs = c.attrs.clone();
            let inverse = c.b.mk(&INV, &[c.inputs[0]], attrs);
            c.mul(g, inverse)
        })
    }),
    kernel: Kernel::General(|args| each_square(&args, |_, _| Vec::new(), kernel::logdet)),
    notation: Notation::Call { latex: "\\log\\det" },
    domain: &[TESTED],
};

pub static LSTSQ: OpDef = OpDef {
    name: "lstsq",
    form: Form::Axes { axes: 2, args: 2 },
    signature: "lstsq[n, d](a: real[n, d], b: real[n]) -> real[d]",
    doc: "The `x` that makes `a @[d] x` closest to `b` in the sense of least squares; where there are several, the one \
          of smallest norm (singular values below rounding of the largest count as zero). The gradient is that for a \
          matrix of full rank; for others it stops the run.",
    example: "lstsq[n, d]([n: 3, d: 1] => 1.0, [1, 2, 6] : real[n])[d = 0] ~= 3",
    lifting: Lifting::Batched,
    infer: |c| {
        matrix(c, 0, "lstsq")?;
        let (n, d) = pair(c.attrs);
        infer_system(c, "lstsq", &n, &d)
    },
    gradient: Gradient::Rule(lstsq_gradient),
    kernel: Kernel::General(|args| {
        let (n, d) = pair(args.attrs);
        let columns = dim_of(&sized(args.input_tys[0], &args.inputs[0]), &d).size.known().unwrap_or(0);
        system(&args, "lstsq", &n, &d, |a, b, rows, m| kernel::lstsq(a, b, rows, columns, m))
    }),
    notation: Notation::Call { latex: "\\operatorname{lstsq}" },
    domain: &[TESTED, TESTED],
};

/// `(mᵀ m)⁻¹ x` for a tall matrix `m` with rows `n` and columns `d`, and `x` along `d`; by its triangular factor.
fn normal_solve(c: &mut VjpCtx, m: NodeId, n: &Axis, d: &Axis, x: NodeId) -> NodeId {
    let k = c.b.fresh_axis(d.shared_name());
    let size = dim_of(&c.b.ty(m), d).size;
    let qr =
        c.b.mk(&super::spectral::QR, &[m], Attrs::axes([n.clone(), d.clone()]).with_dims([Dim::new(k.clone(), size)]));
    let r = c.b.get(qr, 1);
    let half = c.b.mk(&TRIANGULAR_SOLVE, &[r, x], Attrs::axes([k.clone(), d.clone()]).with_ints([1, 1]));
    c.b.mk(&TRIANGULAR_SOLVE, &[r, half], Attrs::axes([k, d.clone()]).with_ints([1, 0]))
}

fn lstsq_gradient(c: &mut VjpCtx) -> Vec<Option<NodeId>> {
    let Some(g) = whole_grad(c, 0) else { return vec![None, None] };
    let (n, d) = pair(&c.attrs);
    let (a, b, x) = (c.inputs[0], c.inputs[1], c.outputs[0]);
    let (a_ty, b_ty) = (c.input_ty(0), c.input_ty(1));
    let sides = sides(c);
    let wide = matches!(
        (dim_of(&a_ty, &n).size, dim_of(&a_ty, &d).size),
        (Size::Known(rows), Size::Known(columns)) if rows < columns
    );
    let (to_a, t) = if wide {
        // Smallest norm: with s = (a aᵀ)⁻¹ b and t = (a aᵀ)⁻¹ a g, the matrix gets s (g - aᵀ t)ᵀ - t xᵀ.
        let ag = c.b.contract(a, g, std::slice::from_ref(&d));
        let t = normal_solve(c, a, &d, &n, ag);
        let s = normal_solve(c, a, &d, &n, b);
        let back = c.b.contract(a, t, std::slice::from_ref(&n));
        let rest = c.b.sub(g, back);
        let (first, second) = (outer(c.b, s, rest, &sides), outer(c.b, t, x, &sides));
        (c.b.sub(first, second), t)
    } else {
        // With s = (aᵀ a)⁻¹ g and t = a s, the matrix gets (b - a x) sᵀ - t xᵀ.
        let s = normal_solve(c, a, &n, &d, g);
        let t = c.b.contract(a, s, std::slice::from_ref(&d));
        let fitted = c.b.contract(a, x, std::slice::from_ref(&d));
        let rest = c.b.sub(b, fitted);
        let (first, second) = (outer(c.b, rest, s, &sides), outer(c.b, t, x, &sides));
        (c.b.sub(first, second), t)
    };
    let mut right = c.output_ty();
    let at = right.position(&d).expect("internal: an axis is missing");
    right.dims[at].axis = n;
    let to_b = c.b.unbroadcast(t, &right, &b_ty);
    vec![c.needs[0].then_some(to_a), c.needs[1].then_some(to_b)]
}

/// The product of two arrays summed over the right-hand sides.
fn outer(b: &mut Builder, x: NodeId, y: NodeId, sides: &[Axis]) -> NodeId {
    b.contract(x, y, sides)
}

pub static MATRICES: &[&OpDef] =
    &[&CHOLESKY, &TRIANGLE, &SOLVE, &TRIANGULAR_SOLVE, &INV, &DET, &COFACTOR, &LOGDET, &LSTSQ];

#[cfg(test)]
mod tests;

//! Orthogonal factorisations over two named axes: eigenvalues of symmetric matrices, singular values, QR. All other
//! axes are batches. What the mathematics leaves open is fixed: eigenvectors and left singular vectors have their
//! largest entry (the first of equals) positive, the diagonal of `r` is not negative.

use super::linalg::{count, dim_of, failed, matrix, pair, ren, sized, square, stacked, symmetrised, unstacked};
use super::shape::{linear, whole_grad};
use super::{Build, infer};
use crate::ir::{
    Attrs, Builder, Domain, Form, Gradient, InferCtx, Kernel, KernelArgs, Lifting, NodeId, Notation, OpDef, OpFault,
    RunFault, VjpCtx,
};
use crate::kernels::linalg::{self as kernel, Solved};
use crate::tensor::Tensor;
use crate::types::{ArrayTy, Axis, Dim, Elem, Precision, Size};

const TESTED: Domain = Domain::Own("ops::spectral::tests");

/// The new axis, its size unified with the smaller side where that is known.
fn new_axis(c: &mut InferCtx, op: &str, rows: Size, columns: Size) -> Result<Dim, OpFault> {
    let new = c.attrs.dims[0].clone();
    infer::lacks(c, 0, &new.axis, op)?;
    let smaller = match (c.sizes.resolve(rows), c.sizes.resolve(columns)) {
        (Size::Known(m), Size::Known(n)) => Size::Known(m.min(n)),
        (rows, columns) if rows == columns => rows,
        _ => return Ok(Dim::new(new.axis, c.sizes.resolve(new.size))),
    };
    let size = super::shape::unify(c, new.size, smaller, &new.axis)?;
    Ok(Dim::new(new.axis, size))
}

/// The input's dims without one axis, and the new one last.
fn vectors(c: &InferCtx, dropped: &Axis, new: &Dim) -> ArrayTy {
    let mut dims = c.inputs[0].without(std::slice::from_ref(dropped));
    dims.push(new.clone());
    ArrayTy::new(Elem::Real, dims)
}

/// The batch axes and the new one.
fn values(c: &InferCtx, new: &Dim) -> ArrayTy {
    let mut dims = c.inputs[0].without(&c.attrs.axes);
    dims.push(new.clone());
    ArrayTy::new(Elem::Real, dims)
}

/// Runs `f` (matrix, rows, columns) on each matrix; `tails` gives the dims of each output besides the batch.
fn each(
    args: &KernelArgs,
    op: &str,
    tails: impl Fn(Dim, Dim, Dim) -> Vec<Vec<Dim>>,
    f: impl Fn(&[f64], usize, usize) -> Solved + Sync,
) -> Result<Vec<Tensor>, RunFault> {
    let ty = sized(args.input_tys[0], &args.inputs[0]);
    let (d, e) = pair(args.attrs);
    let batch = ty.without(&args.attrs.axes);
    let (rows, columns) = (dim_of(&ty, &d), dim_of(&ty, &e));
    let (m, n) = (rows.size.known().unwrap_or(0), columns.size.known().unwrap_or(0));
    let data = stacked(&args.inputs[0], &ty, &batch, &[rows.clone(), columns.clone()]);
    let new = Dim::new(args.attrs.dims[0].axis.clone(), Size::Known(m.min(n)));
    let tails = tails(rows, columns, new);
    let out = kernel::stack(count(&batch), tails.len(), |i| f(&data[i * m * n..(i + 1) * m * n], m, n));
    let out = out.map_err(|failure| failed(op, args.attrs, &batch, failure, m))?;
    let results = out.into_iter().zip(&tails).zip(args.output_tys);
    Ok(results.map(|((data, tail), ty)| unstacked(data, &batch, tail, ty, args.precision)).collect())
}

pub static EIGH: OpDef = OpDef {
    name: "eigh",
    form: Form::Axes { axes: 2, args: 1 },
    signature: "eigh[d, e -> k](h: real[d, e]) -> (values: real[k], vectors: real[d, k])",
    doc: "Eigenvalues of a symmetric matrix in ascending order, and orthonormal eigenvectors: \
          `h[d, e] = sum[k](vectors[d, k] * values[k] * vectors[e, k])`. Of a matrix that is not symmetric, \
          `(h + h transposed) / 2` is taken. Each eigenvector has its largest entry positive. Where eigenvalues \
          coincide (to rounding), eigenvectors are arbitrary within the space they span, and the mutual terms of their \
          gradient count as zero: right for what depends on that space alone, as a projection on it or the sum of its \
          eigenvalues does; a function of the matrix rebuilt from them lacks the derivative inside that space.",
    example: "{\n    let (values, vectors) = eigh[d, e -> k]([d: 2, e: 2] => where(d == e, 2.0, 1.0))\n    sum(values) ~= 4\n}",
    lifting: Lifting::Batched,
    infer: |c| {
        square(c, 0, "eigh")?;
        let (d, e) = pair(c.attrs);
        let size = infer::has(c, 0, &d, "eigh")?.size;
        let k = new_axis(c, "eigh", size, size)?;
        Ok(vec![values(c, &k), vectors(c, &e, &k)])
    },
    gradient: Gradient::Rule(eigh_gradient),
    kernel: Kernel::General(|args| {
        each(&args, "eigh", |d, _, k| vec![vec![k.clone()], vec![d, k]], |a, n, _| kernel::eigh(a, n))
    }),
    notation: Notation::Call { latex: "\\operatorname{eigh}" },
    domain: &[TESTED],
};

/// `v (diag(g_values) + f ∘ (vᵀ g_vectors)) vᵀ` with `f[i, j] = 1 / (λ[j] - λ[i])`, symmetrised (Giles 2008, 3.1).
fn eigh_gradient(c: &mut VjpCtx) -> Vec<Option<NodeId>> {
    if !c.needs[0] {
        return vec![None];
    }
    let (d, e) = pair(&c.attrs);
    let k = c.attrs.dims[0].axis.clone();
    let (values, v) = (c.outputs[0], c.outputs[1]);
    let mut parts = Vec::new();
    if let Some(g) = whole_grad(c, 0) {
        let scaled = c.b.mul(v, g);
        let other = ren(c.b, v, &[(&d, &e)]);
        parts.push(c.b.contract(scaled, other, std::slice::from_ref(&k)));
    }
    if let Some(g) = whole_grad(c, 1) {
        let j = c.b.fresh_axis(k.shared_name());
        let g = ren(c.b, g, &[(&k, &j)]);
        let w = c.b.contract(v, g, std::slice::from_ref(&d));
        let inner = over_gaps(c.b, values, w, &k, &j);
        let left = c.b.contract(v, inner, std::slice::from_ref(&k));
        let right = ren(c.b, v, &[(&d, &e), (&k, &j)]);
        parts.push(c.b.contract(left, right, &[j]));
    }
    let total = parts.into_iter().reduce(|a, p| c.b.add(a, p));
    vec![total.map(|t| symmetrised(c.b, t, &d, &e))]
}

/// `w[k, j] / (x[j] - x[k])`, zero on the diagonal and where values coincide.
fn over_gaps(b: &mut Builder, x: NodeId, w: NodeId, k: &Axis, j: &Axis) -> NodeId {
    let size = dim_of(&b.ty(x), k).size;
    let gaps = b.mk(&GAPS, &[x], Attrs::axes([k.clone()]).with_dims([Dim::new(j.clone(), size)]));
    b.mul(w, gaps)
}

/// `axes` = the values' axis, `dims` = its copy.
pub static GAPS: OpDef = OpDef {
    name: "inverse_gaps",
    form: Form::Internal,
    signature: "inverse_gaps[k, j](x: real[k]) -> real[k, j]",
    doc: "`1 / (x[j] - x[k])`, zero on the diagonal and where the two coincide to rounding.",
    example: "",
    lifting: Lifting::Batched,
    infer: |c| {
        infer::real(c, 0, "inverse_gaps")?;
        let size = infer::has(c, 0, &c.attrs.axes[0], "inverse_gaps")?.size;
        let j = Dim::new(c.attrs.dims[0].axis.clone(), c.sizes.resolve(size));
        infer::lacks(c, 0, &j.axis, "inverse_gaps")?;
        let mut ty = c.inputs[0].clone();
        ty.dims.push(j);
        Ok(vec![ty])
    },
    gradient: Gradient::Rule(|c| {
        linear(c, |c, g| {
            let (k, j) = (c.attrs.axes[0].clone(), c.attrs.dims[0].axis.clone());
            let squares = c.b.mul(c.outputs[0], c.outputs[0]);
            let h = c.mul(g, squares);
            let first = c.b.sum(h, std::slice::from_ref(&j));
            let second = c.b.sum(h, std::slice::from_ref(&k));
            let second = ren(c.b, second, &[(&j, &k)]);
            c.b.sub(first, second)
        })
    }),
    kernel: Kernel::General(|args| {
        let ty = sized(args.input_tys[0], &args.inputs[0]);
        let k = dim_of(&ty, &args.attrs.axes[0]);
        let batch = ty.without(&args.attrs.axes);
        let n = k.size.known().unwrap_or(0);
        let data = stacked(&args.inputs[0], &ty, &batch, std::slice::from_ref(&k));
        let rounding = match args.precision {
            Precision::F64 => f64::EPSILON,
            Precision::F32 => f32::EPSILON as f64,
        };
        let mut out = Vec::with_capacity(data.len() * n);
        for x in data.chunks(n.max(1)) {
            let same = 4.0 * rounding * n as f64 * x.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
            for a in x {
                out.extend(x.iter().map(|b| if (b - a).abs() <= same { 0.0 } else { 1.0 / (b - a) }));
            }
        }
        let tail = [k.clone(), Dim::new(args.attrs.dims[0].axis.clone(), k.size)];
        Ok(vec![unstacked(out, &batch, &tail, &args.output_tys[0], args.precision)])
    }),
    notation: Notation::Call { latex: "\\operatorname{gaps}^{-1}" },
    domain: &[TESTED],
};

pub static SVD: OpDef = OpDef {
    name: "svd",
    form: Form::Axes { axes: 2, args: 1 },
    signature: "svd[n, d -> k](a: real[n, d]) -> (u: real[n, k], s: real[k], v: real[d, k])",
    doc: "Thin singular value decomposition, `a[n, d] = sum[k](u[n, k] * s[k] * v[d, k])`: singular values in descending \
          order, `k` as long as the shorter side. Each left vector has its largest entry positive. Gradients (Townsend \
          2016) exist where singular values differ and, for vectors, are not zero; coinciding ones are treated as for \
          `eigh`.",
    example: "{\n    let (u, s, v) = svd[n, d -> k]([n: 1, d: 1] => -3.0)\n    s[k = 0] ~= 3\n}",
    lifting: Lifting::Batched,
    infer: |c| {
        let (rows, columns) = matrix(c, 0, "svd")?;
        let k = new_axis(c, "svd", rows, columns)?;
        let (n, d) = pair(c.attrs);
        Ok(vec![vectors(c, &d, &k), values(c, &k), vectors(c, &n, &k)])
    },
    gradient: Gradient::Rule(svd_gradient),
    kernel: Kernel::General(|args| {
        each(&args, "svd", |n, d, k| vec![vec![n, k.clone()], vec![k.clone()], vec![d, k]], kernel::svd)
    }),
    notation: Notation::Call { latex: "\\operatorname{svd}" },
    domain: &[TESTED],
};

/// The part of `x[row, k]` outside the space of the orthonormal `u[row, k]`, each column divided by `s[k]` (columns of
/// zero singular values give nothing).
fn outside(b: &mut Builder, u: NodeId, x: NodeId, s: NodeId, row: &Axis, k: &Axis, j: &Axis) -> NodeId {
    let (zero, one) = (b.real(0.0), b.real(1.0));
    let none = b.eq(s, zero);
    let safe = b.select(none, one, s);
    let inverse = b.recip(safe);
    let inverse = b.select(none, zero, inverse);
    let x = b.mul(x, inverse);
    let other = ren(b, u, &[(k, j)]);
    let inside = b.contract(other, x, std::slice::from_ref(row));
    let inside = b.contract(other, inside, std::slice::from_ref(j));
    b.sub(x, inside)
}

/// `f ∘ (xᵀ g - gᵀ x)` with `f[k, j] = 1 / (s[j]² - s[k]²)`.
fn rotation(b: &mut Builder, x: NodeId, g: NodeId, s: NodeId, row: &Axis, k: &Axis, j: &Axis) -> NodeId {
    let g = ren(b, g, &[(k, j)]);
    let w = b.contract(x, g, std::slice::from_ref(row));
    let transposed = ren(b, w, &[(k, j), (j, k)]);
    let skew = b.sub(w, transposed);
    let squares = b.mul(s, s);
    over_gaps(b, squares, skew, k, j)
}

fn svd_gradient(c: &mut VjpCtx) -> Vec<Option<NodeId>> {
    if !c.needs[0] {
        return vec![None];
    }
    let (n, d) = pair(&c.attrs);
    let k = c.attrs.dims[0].axis.clone();
    let (u, s, v) = (c.outputs[0], c.outputs[1], c.outputs[2]);
    let over_k = std::slice::from_ref(&k);
    let j = c.b.fresh_axis(k.shared_name());
    let mut parts = Vec::new();
    if let Some(g) = whole_grad(c, 0) {
        let turn = rotation(c.b, u, g, s, &n, &k, &j);
        let left = c.b.contract(u, turn, over_k);
        let (sj, vj) = (ren(c.b, s, &[(&k, &j)]), ren(c.b, v, &[(&k, &j)]));
        let left = c.b.mul(left, sj);
        parts.push(c.b.contract(left, vj, std::slice::from_ref(&j)));
        let rest = outside(c.b, u, g, s, &n, &k, &j);
        parts.push(c.b.contract(rest, v, over_k));
    }
    if let Some(g) = whole_grad(c, 1) {
        let scaled = c.b.mul(u, g);
        parts.push(c.b.contract(scaled, v, over_k));
    }
    if let Some(g) = whole_grad(c, 2) {
        let turn = rotation(c.b, v, g, s, &d, &k, &j);
        let scaled = c.b.mul(u, s);
        let left = c.b.contract(scaled, turn, over_k);
        let vj = ren(c.b, v, &[(&k, &j)]);
        parts.push(c.b.contract(left, vj, std::slice::from_ref(&j)));
        let rest = outside(c.b, v, g, s, &d, &k, &j);
        parts.push(c.b.contract(u, rest, over_k));
    }
    vec![parts.into_iter().reduce(|a, p| c.b.add(a, p))]
}

pub static QR: OpDef = OpDef {
    name: "qr",
    form: Form::Axes { axes: 2, args: 1 },
    signature: "qr[n, d -> k](a: real[n, d]) -> (q: real[n, k], r: real[k, d])",
    doc: "Thin QR factorisation, `a = q @[k] r`: `q` has orthonormal columns, `r` is upper triangular with a diagonal \
          that is not negative, `k` is as long as the shorter side. Gradient for full rank (Roberts & Roberts, arXiv \
          2009.10071).",
    example: "{\n    let (q, r) = qr[n, d -> k]([n: 1, d: 1] => -3.0)\n    r[k = 0][d = 0] ~= 3\n}",
    lifting: Lifting::Batched,
    infer: |c| {
        let (rows, columns) = matrix(c, 0, "qr")?;
        let k = new_axis(c, "qr", rows, columns)?;
        let (_, d) = pair(c.attrs);
        let q = vectors(c, &d, &k);
        let mut r = ArrayTy::new(Elem::Real, c.inputs[0].without(&c.attrs.axes));
        r.dims.extend([k, infer::has(c, 0, &d, "qr")?.clone()]);
        Ok(vec![q, r])
    },
    gradient: Gradient::Rule(qr_gradient),
    kernel: Kernel::General(|args| each(&args, "qr", |n, d, k| vec![vec![n, k.clone()], vec![k, d]], kernel::qr)),
    notation: Notation::Call { latex: "\\operatorname{qr}" },
    domain: &[TESTED],
};

/// Tall: see [`tall_gradient`]. Wide, `a = [a1 a2]` with `a1` square: `r2 = qᵀ a2` adds `a2 g2ᵀ` to the gradient of
/// `q`, and `a2` gets `q g2`.
fn qr_gradient(c: &mut VjpCtx) -> Vec<Option<NodeId>> {
    if !c.needs[0] {
        return vec![None];
    }
    let (n, d) = pair(&c.attrs);
    let k = c.attrs.dims[0].axis.clone();
    let (q, r) = (c.outputs[0], c.outputs[1]);
    let (gq, gr) = (whole_grad(c, 0), whole_grad(c, 1));
    if gq.is_none() && gr.is_none() {
        return vec![None];
    }
    let a_ty = c.input_ty(0);
    let (Size::Known(rows), Size::Known(columns)) = (dim_of(&a_ty, &n).size, dim_of(&a_ty, &d).size) else {
        return vec![Some(tall_gradient(c.b, (q, r), (gq, gr), &n, &d, &k))];
    };
    if rows >= columns {
        return vec![Some(tall_gradient(c.b, (q, r), (gq, gr), &n, &d, &k))];
    }
    let part = |b: &mut Builder, x: NodeId, start: usize, len: usize| {
        let attrs = Attrs::axes([d.clone()]).with_dims([Dim::new(d.clone(), Size::Known(len))]);
        b.mk(&super::shape::SLICE, &[x], attrs.with_ints([start as i64, 1]))
    };
    let (mut gq, mut g1, mut to_a2) = (gq, None, None);
    if let Some(gr) = gr {
        let a2 = part(c.b, c.inputs[0], rows, columns - rows);
        let g2 = part(c.b, gr, rows, columns - rows);
        g1 = Some(part(c.b, gr, 0, rows));
        let more = c.b.contract(a2, g2, std::slice::from_ref(&d));
        gq = Some(gq.map_or(more, |g| c.b.add(g, more)));
        to_a2 = Some(c.b.contract(q, g2, std::slice::from_ref(&k)));
    }
    let r1 = part(c.b, r, 0, rows);
    let to_a1 = tall_gradient(c.b, (q, r1), (gq, g1), &n, &d, &k);
    let attrs = Attrs::axes([d.clone()]).with_dims([Dim::new(d.clone(), Size::Known(columns))]);
    let to_a2 = to_a2.unwrap_or_else(|| {
        let dims: Vec<Dim> = c.b.ty(to_a1).dims;
        let size = Size::Known(columns - rows);
        let dims: Vec<Dim> = dims.into_iter().map(|x| if x.axis == d { Dim::new(x.axis, size) } else { x }).collect();
        c.b.zeros(&dims)
    });
    vec![Some(c.b.mk(&super::join::CONCAT, &[to_a1, to_a2], attrs))]
}

/// `(g_q + q sym(m)) r⁻ᵀ`, `m = r g_rᵀ - g_qᵀ q`, `sym` copying the lower triangle to the upper.
fn tall_gradient(
    b: &mut Builder,
    (q, r): (NodeId, NodeId),
    (gq, gr): (Option<NodeId>, Option<NodeId>),
    n: &Axis,
    d: &Axis,
    k: &Axis,
) -> NodeId {
    let j = b.fresh_axis(k.shared_name());
    let first = gr.map(|g| {
        let g = ren(b, g, &[(k, &j)]);
        b.contract(r, g, std::slice::from_ref(d))
    });
    let second = gq.map(|g| {
        let other = ren(b, q, &[(k, &j)]);
        let product = b.contract(g, other, std::slice::from_ref(n));
        b.neg(product)
    });
    let m = match (first, second) {
        (Some(x), Some(y)) => b.add(x, y),
        (Some(x), None) | (None, Some(x)) => x,
        (None, None) => return b.real(0.0),
    };
    let half = b.mk(&super::linalg::TRIANGLE, &[m], Attrs::axes([k.clone(), j.clone()]).with_ints([0, 2]));
    let other = ren(b, half, &[(k, &j), (&j, k)]);
    let sym = b.add(half, other);
    let qj = ren(b, q, &[(k, &j)]);
    let product = b.contract(qj, sym, std::slice::from_ref(&j));
    let total = match gq {
        Some(g) => b.add(g, product),
        None => product,
    };
    let attrs = Attrs::axes([k.clone(), d.clone()]).with_ints([1, 0]);
    b.mk(&super::linalg::TRIANGULAR_SOLVE, &[r, total], attrs)
}

pub static SPECTRA: &[&OpDef] = &[&EIGH, &GAPS, &SVD, &QR];

#[cfg(test)]
mod tests;

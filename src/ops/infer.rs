//! Checks that inference rules share: element types, alignment of axes by name, axes named in brackets. Types come in,
//! types or an [`OpFault`] with the role of each input go out.

use crate::diag::codes::check;
use crate::ir::{InferCtx, OpFault};
use crate::types::{ArrayTy, Axis, Dim, Elem, Sizes};

/// The union of the axes of all inputs in order of first appearance, sizes unified.
pub fn aligned(ctx: &mut InferCtx) -> Result<Vec<Dim>, OpFault> {
    let inputs: Vec<(usize, &ArrayTy)> = ctx.inputs.iter().copied().enumerate().collect();
    union(&inputs, ctx.sizes)
}

/// The union of the axes of some inputs (each with its index) in order of first appearance, sizes unified.
pub fn union(inputs: &[(usize, &ArrayTy)], sizes: &mut Sizes) -> Result<Vec<Dim>, OpFault> {
    let mut dims: Vec<(usize, Dim)> = Vec::new();
    for &(i, ty) in inputs {
        for dim in &ty.dims {
            match dims.iter_mut().find(|(_, d)| d.axis == dim.axis) {
                Some((first, known)) => {
                    known.size = sizes
                        .unify(known.size, dim.size)
                        .map_err(|(a, b)| sizes_differ(&dim.axis, (*first, a), (i, b)))?;
                }
                None => dims.push((i, dim.clone())),
            }
        }
    }
    Ok(dims.into_iter().map(|(_, d)| d).collect())
}

/// The fault of one axis with two sizes; `a` and `b` are the inputs and the sizes they have.
pub fn sizes_differ(axis: &Axis, a: (usize, usize), b: (usize, usize)) -> OpFault {
    let fault = OpFault::new(&check::E0301, format!("axis `{axis}` has two sizes, {} and {}", a.1, b.1));
    let fault = fault.label(a.0, format!("this has `{axis}: {}`", a.1));
    if a.0 == b.0 { fault } else { fault.label(b.0, format!("this has `{axis}: {}`", b.1)) }
}

/// An input must have real elements.
pub fn real(ctx: &InferCtx, input: usize, op: &str) -> Result<(), OpFault> {
    elem(ctx, input, op, "real", |e| *e == Elem::Real)
}

/// An input must have elements that `fits` accepts; `wanted` names them.
pub fn elem(ctx: &InferCtx, input: usize, op: &str, wanted: &str, fits: impl Fn(&Elem) -> bool) -> Result<(), OpFault> {
    let ty = ctx.inputs[input];
    if fits(&ty.elem) {
        return Ok(());
    }
    let fault = OpFault::new(&check::E0401, format!("`{op}` takes {wanted}, found {}", ty.elem));
    Err(fault.label(input, format!("this is `{ty}`")))
}

/// All inputs must have the same element type, one that `fits` accepts.
pub fn same(ctx: &InferCtx, op: &str, wanted: &str, fits: impl Fn(&Elem) -> bool) -> Result<Elem, OpFault> {
    for i in 0..ctx.inputs.len() {
        elem(ctx, i, op, wanted, &fits)?;
    }
    let first = &ctx.inputs[0].elem;
    match ctx.inputs.iter().position(|ty| ty.elem != *first) {
        None => Ok(first.clone()),
        Some(i) => Err(mixed(ctx, op, 0, i)),
    }
}

/// The fault of two inputs whose element types do not go together.
pub fn mixed(ctx: &InferCtx, op: &str, a: usize, b: usize) -> OpFault {
    let (x, y) = (ctx.inputs[a], ctx.inputs[b]);
    OpFault::new(&check::E0402, format!("`{op}` cannot take {} together with {}", x.elem, y.elem))
        .label(a, format!("this is `{x}`"))
        .label(b, format!("this is `{y}`"))
}

/// The axes of `attrs.axes` must all be axes of an input, none twice.
pub fn along(ctx: &InferCtx, input: usize, op: &str) -> Result<(), OpFault> {
    for (i, axis) in ctx.attrs.axes.iter().enumerate() {
        has(ctx, input, axis, op)?;
        if ctx.attrs.axes[..i].contains(axis) {
            return Err(OpFault::new(&check::E0303, format!("`{op}` names axis `{axis}` twice")));
        }
    }
    Ok(())
}

/// An input must have an axis; gives its dim.
pub fn has<'a>(ctx: &InferCtx<'a>, input: usize, axis: &Axis, op: &str) -> Result<&'a Dim, OpFault> {
    let ty = ctx.inputs[input];
    ty.dim(axis).ok_or_else(|| {
        let axes: Vec<String> = ty.axes().map(|a| format!("`{a}`")).collect();
        let known = if axes.is_empty() { "it has no axes".into() } else { format!("its axes are {}", axes.join(", ")) };
        OpFault::new(&check::E0302, format!("`{op}` works along axis `{axis}`, which its argument lacks"))
            .label(input, format!("this is `{ty}`"))
            .help(known)
    })
}

/// An input must not have an axis that the operation is about to make.
pub fn lacks(ctx: &InferCtx, input: usize, axis: &Axis, op: &str) -> Result<(), OpFault> {
    let ty = ctx.inputs[input];
    if !ty.has(axis) {
        return Ok(());
    }
    let fault = OpFault::new(&check::E0303, format!("`{op}` makes axis `{axis}`, which its argument already has"));
    Err(fault.label(input, format!("this is `{ty}`")).help("rename one of the two: `x[old -> new]`"))
}

//! Operations that put arrays into larger ones: pad, concat, stack.

use super::shape::{call, one_axis, positions, shape_of, unify, whole_grad};
use super::{Build, infer, shape};
use crate::diag::codes::check;
use crate::ir::{
    Attrs, Domain, Form, Formula, Gradient, InferCtx, Kernel, KernelArgs, Lifting, NodeId, Notation, OpDef, OpFault,
    RunFault, VjpCtx,
};
use crate::kernels::shape as kernel;
use crate::tensor::Tensor;
use crate::types::{ArrayTy, Axis, Dim, Elem, Size};

/// A border of one value.
pub static PAD: OpDef = OpDef {
    name: "pad",
    form: Form::Internal,
    signature: "pad[h: 1..1](x: real[h], value: real) -> real[h]",
    doc: "The array with a border: so many elements before and after it along each axis, all equal to the value.",
    example: "",
    lifting: Lifting::Batched,
    infer: infer_pad,
    gradient: Gradient::Rule(pad_gradient),
    kernel: Kernel::General(|args| {
        let (x, value) = (&args.inputs[0], &args.inputs[1]);
        let out = &args.output_tys[0];
        let value_strides = strides_in(out, args.input_tys[1], value.shape());
        let mut before = vec![0; out.dims.len()];
        for (i, at) in positions(out, &args.attrs.axes).into_iter().enumerate() {
            before[at] = args.attrs.ints[2 * i] as usize;
        }
        Ok(vec![kernel::pad(x, value, &value_strides, &shape_of(out), &before)])
    }),
    notation: Notation::Custom(|n| {
        let entry = |(i, axis): (usize, &Axis)| {
            format!("{axis}: {}..{}", n.node.attrs.ints[2 * i], n.node.attrs.ints[2 * i + 1])
        };
        call("pad", n.node.attrs.axes.iter().enumerate().map(entry).collect(), n.args.clone())
    }),
    domain: &[Domain::Own("ops::join::tests"), Domain::Own("ops::join::tests")],
};

/// For each axis of `out`, its stride in an array of type `ty`, 0 where the array lacks it.
pub(super) fn strides_in(out: &ArrayTy, ty: &ArrayTy, shape: &[usize]) -> Vec<isize> {
    let strides = kernel::strides(shape);
    out.dims.iter().map(|d| ty.position(&d.axis).map_or(0, |i| strides[i])).collect()
}

fn infer_pad(c: &mut InferCtx) -> Result<Vec<ArrayTy>, OpFault> {
    infer::along(c, 0, "pad")?;
    infer::same(c, "pad", "an array and a value", |_| true)?;
    if let Some(bad) = c.attrs.ints.iter().find(|i| **i < 0) {
        let fault = OpFault::new(&check::E0315, format!("a border cannot have {bad} elements"));
        return Err(fault.help("to take elements away, slice: `x[n = lo..hi]`"));
    }
    let mut dims = c.inputs[0].dims.clone();
    for (i, (axis, new)) in c.attrs.axes.iter().zip(&c.attrs.dims).enumerate() {
        let at = positions(c.inputs[0], std::slice::from_ref(axis))[0];
        let border = c.attrs.ints[2 * i].saturating_add(c.attrs.ints[2 * i + 1]) as usize;
        let mut size = c.sizes.resolve(new.size);
        if let Size::Known(n) = c.sizes.resolve(dims[at].size) {
            size = unify(c, size, Size::Known(n.saturating_add(border)), axis)?;
        }
        dims[at] = Dim::new(axis.clone(), size);
    }
    let ty = ArrayTy::new(c.inputs[0].elem.clone(), dims);
    if let Some(axis) = c.inputs[1].axes().find(|a| c.attrs.axes.contains(a) || !ty.has(a)) {
        let fault = OpFault::new(&check::E0315, format!("the value of a border cannot vary along axis `{axis}`"));
        return Err(fault.label(1, format!("this is `{}`", c.inputs[1])));
    }
    Ok(vec![ty])
}

/// The midst goes to `x`, the border is summed for the value.
fn pad_gradient(c: &mut VjpCtx) -> Vec<Option<NodeId>> {
    let Some(g) = whole_grad(c, 0) else { return vec![None, None] };
    let (x, value, out) = (c.input_ty(0), c.input_ty(1), c.output_ty());
    let mut inner = g;
    for (i, axis) in c.attrs.axes.clone().into_iter().enumerate() {
        let dim = x.dim(&axis).expect("internal: an axis is missing").clone();
        let attrs = Attrs::axes([axis]).with_dims([dim]).with_ints([c.attrs.ints[2 * i], 1]);
        inner = c.b.mk(&shape::SLICE, &[inner], attrs);
    }
    let to_value = c.needs[1].then(|| {
        let total = c.b.unbroadcast(g, &out, &value);
        let midst = c.b.unbroadcast(inner, &x, &value);
        c.b.sub(total, midst)
    });
    vec![c.needs[0].then_some(inner), to_value]
}

/// One behind another along an axis they have.
pub static CONCAT: OpDef = OpDef {
    name: "concat",
    form: Form::Internal,
    signature: "concat[n](a: real[n], b: real[n], ...) -> real[n]",
    doc: "Arrays one behind another along an axis that all of them have. An array that lacks one of the other axes is \
          repeated along it.",
    example: "all(concat[n](([1, 2] : real[n]), ([3] : real[n])) == ([1, 2, 3] : real[n]))",
    lifting: Lifting::Batched,
    infer: infer_concat,
    gradient: Gradient::Rule(concat_gradient),
    kernel: Kernel::General(|args| {
        let axis = &args.attrs.axes[0];
        let at = positions(&args.output_tys[0], std::slice::from_ref(axis))[0];
        let sizes: Vec<usize> = (0..args.inputs.len())
            .map(|i| args.inputs[i].shape()[positions(args.input_tys[i], std::slice::from_ref(axis))[0]])
            .collect();
        join(&args, at, &sizes)
    }),
    notation: Notation::Custom(|n| call("concat", vec![n.node.attrs.axes[0].to_string()], n.args.clone())),
    domain: &[Domain::Own("ops::join::tests"), Domain::Own("ops::join::tests")],
};

/// Places the inputs one behind another; `sizes` are their extents along axis `at` of the result.
fn join(args: &KernelArgs, at: usize, sizes: &[usize]) -> Result<Vec<Tensor>, RunFault> {
    let out = &args.output_tys[0];
    let shape = shape_of(out);
    let mut whole = kernel::zeros(&args.inputs[0], &shape);
    let mut from = vec![0; shape.len()];
    for (i, x) in args.inputs.iter().enumerate() {
        let mut part = shape.clone();
        part[at] = sizes[i];
        let strides = strides_in(out, args.input_tys[i], x.shape());
        whole = kernel::place(whole, &kernel::spread(x, &part, &strides), &from);
        from[at] += sizes[i];
    }
    Ok(vec![whole])
}

fn infer_concat(c: &mut InferCtx) -> Result<Vec<ArrayTy>, OpFault> {
    let elem = infer::same(c, "concat", "arrays of one element type", |_| true)?;
    let (_, first) = one_axis(c, "concat")?;
    let mut total = Some(0);
    for i in 0..c.inputs.len() {
        let dim = infer::has(c, i, &first.axis, "concat")?;
        total = total.zip(c.sizes.resolve(dim.size).known()).map(|(a, b): (usize, usize)| a.saturating_add(b));
    }
    let others: Vec<ArrayTy> =
        c.inputs.iter().map(|ty| ArrayTy::new(ty.elem.clone(), ty.without(&c.attrs.axes))).collect();
    let refs: Vec<(usize, &ArrayTy)> = others.iter().enumerate().collect();
    let mut dims = infer::union(&refs, c.sizes)?;
    let mut size = c.sizes.resolve(c.attrs.dims[0].size);
    if let Some(total) = total {
        size = unify(c, size, Size::Known(total), &first.axis)?;
    }
    let at = c.inputs[0].position(&first.axis).unwrap_or(0).min(dims.len());
    dims.insert(at, Dim::new(first.axis.clone(), size));
    Ok(vec![ArrayTy::new(elem, dims)])
}

/// Each array receives its part, summed over the axes along which it was repeated.
fn concat_gradient(c: &mut VjpCtx) -> Vec<Option<NodeId>> {
    let Some(g) = whole_grad(c, 0) else { return vec![None; c.inputs.len()] };
    let axis = c.attrs.axes[0].clone();
    let node = c.output_ty();
    let mut before: Vec<Dim> = Vec::new();
    let mut grads = Vec::new();
    for i in 0..c.inputs.len() {
        let ty = c.input_ty(i);
        let dim = ty.dim(&axis).expect("internal: an axis is missing").clone();
        grads.push(c.needs[i].then(|| {
            let part = part_after(c, g, &before, &dim);
            c.b.unbroadcast(part, &node, &ty)
        }));
        before.push(dim);
    }
    grads
}

/// The elements of `g` that follow those of `before`, as many as `dim` has: a slice where the sizes are known, else
/// picked at coordinates to be computed when they are.
fn part_after(c: &mut VjpCtx, g: NodeId, before: &[Dim], dim: &Dim) -> NodeId {
    if let Some(start) = before.iter().map(|d| d.size.known()).sum::<Option<usize>>()
        && dim.size.known().is_some()
    {
        let attrs = Attrs::axes([dim.axis.clone()]).with_dims([dim.clone()]).with_ints([start as i64, 1]);
        return c.b.mk(&shape::SLICE, &[g], attrs);
    }
    let coordinates = c.b.iota(dim);
    let mut index = c.b.cast(coordinates, Elem::Int);
    for d in before {
        let size = c.b.size(d);
        index = c.b.add(index, size);
    }
    c.b.pick(g, &dim.axis, index)
}

/// Side by side along a new axis.
pub static STACK: OpDef = OpDef {
    name: "stack",
    form: Form::Internal,
    signature: "stack[s](a: real[n], b: real[n], ...) -> real[s, n]",
    doc: "Arrays side by side along a new axis, in the order given. An array that lacks one of the axes of the others is \
          repeated along it.",
    example: "sum(stack[s](([1, 2] : real[n]), ([3, 4] : real[n]))[s = 1]) == 7",
    lifting: Lifting::Batched,
    infer: |c| {
        let elem = infer::same(c, "stack", "arrays of one element type", |_| true)?;
        let new = c.attrs.dims[0].clone();
        for i in 0..c.inputs.len() {
            infer::lacks(c, i, &new.axis, "stack")?;
        }
        let size = unify(c, new.size, Size::Known(c.inputs.len()), &new.axis)?;
        let mut dims = vec![Dim::new(new.axis, size)];
        dims.extend(infer::aligned(c)?);
        Ok(vec![ArrayTy::new(elem, dims)])
    },
    gradient: Gradient::Rule(|c| {
        let Some(g) = whole_grad(c, 0) else { return vec![None; c.inputs.len()] };
        let axis = c.attrs.dims[0].axis.clone();
        let mut node = c.output_ty();
        node.dims.retain(|d| d.axis != axis);
        (0..c.inputs.len())
            .map(|i| {
                c.needs[i].then(|| {
                    let place = c.b.int(i as i64);
                    let part = c.b.pick(g, &axis, place);
                    let ty = c.input_ty(i);
                    c.b.unbroadcast(part, &node, &ty)
                })
            })
            .collect()
    }),
    kernel: Kernel::General(|args| join(&args, 0, &vec![1; args.inputs.len()])),
    notation: Notation::Custom(stack_notation),
    domain: &[Domain::Own("ops::join::tests"), Domain::Own("ops::join::tests")],
};

fn stack_notation(n: &crate::ir::NotationArgs) -> Formula {
    call("stack", vec![n.node.attrs.dims[0].axis.to_string()], n.args.clone())
}

pub static JOINS: &[&OpDef] = &[&PAD, &CONCAT, &STACK];

#[cfg(test)]
mod tests;

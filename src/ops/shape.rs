//! Operations that rearrange: rename, storage order, merge, split, slice, reverse, window and the transposes of the
//! latter. No element is computed. Sizes may be open at inference; what is known is checked.

use super::{Build, infer};
use crate::diag::codes::check;
use crate::ir::{
    Attrs, Domain, Form, Formula, Gradient, InferCtx, Kernel, KernelArgs, Lifting, NodeId, Notation, NotationArgs,
    OpDef, OpFault, RunFault, VjpCtx,
};
use crate::kernels::shape as kernel;
use crate::tensor::Tensor;
use crate::types::{ArrayTy, Axis, Dim, Elem, Size};

/// Positions in storage of some axes. Inference has made sure that the type has them.
pub(super) fn positions(ty: &ArrayTy, axes: &[Axis]) -> Vec<usize> {
    axes.iter().map(|axis| ty.position(axis).expect("internal: an axis is missing")).collect()
}

/// The shape of an output; every size is known when kernels run.
pub(super) fn shape_of(ty: &ArrayTy) -> Vec<usize> {
    ty.shape().expect("internal: an open size at run time")
}

/// `x` with its axes in the order of `to`, which has the same ones.
pub(super) fn reorder(x: &Tensor, from: &[Dim], to: &[Dim]) -> Tensor {
    let place = |d: &Dim| from.iter().position(|f| f.axis == d.axis).expect("internal: an axis is missing");
    kernel::permute(x, &to.iter().map(place).collect::<Vec<_>>())
}

/// The gradient of output `i` with all axes of that output, or nothing where it is zero.
pub(super) fn whole_grad(c: &mut VjpCtx, i: usize) -> Option<NodeId> {
    let g = c.grads.get(i).copied().flatten()?;
    let ty = c.b.ty(c.outputs[i]);
    Some(c.b.broadcast_like(g, &ty))
}

/// A rule for an operation that is linear in its first input and has no other real one.
pub(super) fn linear(c: &mut VjpCtx, rule: impl FnOnce(&mut VjpCtx, NodeId) -> NodeId) -> Vec<Option<NodeId>> {
    let mut grads = vec![None; c.inputs.len()];
    if c.needs[0]
        && let Some(g) = whole_grad(c, 0)
    {
        grads[0] = Some(rule(c, g));
    }
    grads
}

/// `name[entries](args)`.
pub(super) fn call(name: &str, entries: Vec<String>, args: Vec<Formula>) -> Formula {
    Formula::Call { function: name.into(), latex: None, axes: entries, args }
}

pub(super) fn dims_text(dims: &[Dim]) -> Vec<String> {
    dims.iter().map(Dim::to_string).collect()
}

fn names(axes: &[Axis]) -> String {
    axes.iter().map(Axis::to_string).collect::<Vec<_>>().join(", ")
}

/// Axis `axes[0]`, which the input must have, and where it stands.
pub(super) fn one_axis<'a>(c: &InferCtx<'a>, op: &str) -> Result<(usize, &'a Dim), OpFault> {
    let axis = &c.attrs.axes[0];
    let dim = infer::has(c, 0, axis, op)?;
    Ok((c.inputs[0].position(axis).unwrap_or(0), dim))
}

/// `x[old -> new]`.
pub static RENAME: OpDef = OpDef {
    name: "rename",
    form: Form::Internal,
    signature: "x[n -> m]: real[n] -> real[m]",
    doc: "The same array with axes under other names. Nothing is copied. Several axes may be renamed at once, and may \
          swap names. A name that another axis of the array has already is an error.",
    example: "all(([1, 2] : real[n])[n -> m] == ([1, 2] : real[m]))",
    lifting: Lifting::Batched,
    infer: infer_rename,
    gradient: Gradient::Rule(|c| {
        linear(c, |c, g| {
            let x = c.input_ty(0);
            let old = c.attrs.axes.iter().filter_map(|axis| x.dim(axis).cloned()).collect::<Vec<_>>();
            let new: Vec<Axis> = c.attrs.dims.iter().map(|d| d.axis.clone()).collect();
            c.b.rename_all(g, &new, &old)
        })
    }),
    kernel: Kernel::General(|args| Ok(args.inputs)),
    notation: Notation::Custom(|n| {
        let entry = |(axis, dim): (&Axis, &Dim)| (axis.to_string(), crate::ir::IndexPart::Rename(dim.axis.to_string()));
        let entries = n.node.attrs.axes.iter().zip(&n.node.attrs.dims).map(entry).collect();
        Formula::Index { base: Box::new(n.args[0].clone()), entries }
    }),
    domain: &[Domain::Own("ops::shape::tests")],
};

fn infer_rename(c: &mut InferCtx) -> Result<Vec<ArrayTy>, OpFault> {
    infer::along(c, 0, "rename")?;
    let mut dims = c.inputs[0].dims.clone();
    for (axis, new) in c.attrs.axes.iter().zip(&c.attrs.dims) {
        let at = positions(c.inputs[0], std::slice::from_ref(axis))[0];
        let size = unify(c, dims[at].size, new.size, &new.axis)?;
        dims[at] = Dim::new(new.axis.clone(), size);
    }
    for (i, dim) in dims.iter().enumerate() {
        if dims[..i].iter().any(|d| d.axis == dim.axis) {
            let fault = OpFault::new(&check::E0303, format!("this array has an axis `{}` already", dim.axis));
            return Err(fault
                .label(0, format!("this is `{}`", c.inputs[0]))
                .help(format!("choose a name it does not have, or rename `{}` as well", dim.axis)));
        }
    }
    Ok(vec![ArrayTy::new(c.inputs[0].elem.clone(), dims)])
}

/// Two sizes of one axis of the result that must agree.
pub(super) fn unify(c: &mut InferCtx, a: Size, b: Size, axis: &Axis) -> Result<Size, OpFault> {
    c.sizes.unify(a, b).map_err(|(x, y)| {
        OpFault::new(&check::E0312, format!("axis `{axis}` would have two sizes, {x} and {y}"))
            .label(0, format!("this is `{}`", c.inputs[0]))
    })
}

/// Another storage order. Axes that are not named come first, in their order.
pub static ORDER: OpDef = OpDef {
    name: "order",
    form: Form::Internal,
    signature: "order[m, n](x: real[n, m]) -> real[m, n]",
    doc: "The same array with its axes in another order of storage and printing, which has no other meaning.",
    example: "",
    lifting: Lifting::Batched,
    infer: |c| {
        infer::along(c, 0, "order")?;
        let mut dims = c.inputs[0].without(&c.attrs.axes);
        dims.extend(c.attrs.axes.iter().filter_map(|axis| c.inputs[0].dim(axis).cloned()));
        Ok(vec![ArrayTy::new(c.inputs[0].elem.clone(), dims)])
    },
    gradient: Gradient::Rule(|c| linear(c, |_, g| g)),
    kernel: Kernel::General(|args| {
        Ok(vec![reorder(&args.inputs[0], &args.input_tys[0].dims, &args.output_tys[0].dims)])
    }),
    notation: Notation::Custom(|n| n.args[0].clone()),
    domain: &[Domain::Own("ops::shape::tests")],
};

/// Several axes become one.
pub static MERGE: OpDef = OpDef {
    name: "merge",
    form: Form::Internal,
    signature: "merge[h, w -> p](x: real[h, w]) -> real[p]",
    doc: "Several axes become one, the last of them fastest: with `w` of size 8, coordinate `p` is `8 * h + w`.",
    example: "all(merge[h, w -> p](stack[h](([1, 2] : real[w]), ([3, 4] : real[w]))) == ([1, 2, 3, 4] : real[p]))",
    lifting: Lifting::Batched,
    infer: infer_merge,
    gradient: Gradient::Rule(|c| {
        linear(c, |c, g| {
            let dims = ordered_dims(&c.input_ty(0), &c.attrs.axes);
            c.b.mk(&SPLIT, &[g], Attrs::axes([c.attrs.dims[0].axis.clone()]).with_dims(dims))
        })
    }),
    kernel: Kernel::General(merge_kernel),
    notation: Notation::Custom(|n| {
        let entry = format!("{} -> {}", names(&n.node.attrs.axes), n.node.attrs.dims[0].axis);
        call("merge", vec![entry], n.args.clone())
    }),
    domain: &[Domain::Own("ops::shape::tests")],
};

fn ordered_dims(ty: &ArrayTy, axes: &[Axis]) -> Vec<Dim> {
    axes.iter().filter_map(|axis| ty.dim(axis).cloned()).collect()
}

/// The dims of `ty` with one more at the place of the first of `axes`, which are taken out.
fn replaced(ty: &ArrayTy, axes: &[Axis], new: &[Dim]) -> Vec<Dim> {
    let first = ty.dims.iter().position(|d| axes.contains(&d.axis)).unwrap_or(ty.dims.len());
    let mut dims = ty.without(axes);
    dims.splice(first..first, new.iter().cloned());
    dims
}

/// The new axes must not be among those that stay.
pub(super) fn new_axes(c: &InferCtx, op: &str) -> Result<(), OpFault> {
    for (i, dim) in c.attrs.dims.iter().enumerate() {
        if !c.attrs.axes.contains(&dim.axis) {
            infer::lacks(c, 0, &dim.axis, op)?;
        }
        if c.attrs.dims[..i].iter().any(|d| d.axis == dim.axis) {
            return Err(OpFault::new(&check::E0303, format!("`{op}` makes axis `{}` twice", dim.axis)));
        }
    }
    Ok(())
}

/// Makes the product of `parts` equal `whole` as far as they are known; one open part is found by division.
fn product(c: &mut InferCtx, whole: Size, parts: &[Size], axis: &Axis) -> Result<Size, OpFault> {
    let parts: Vec<Size> = parts.iter().map(|&s| c.sizes.resolve(s)).collect();
    let known: Option<usize> = parts.iter().filter_map(|s| s.known()).try_fold(1usize, usize::checked_mul);
    let open: Vec<Size> = parts.iter().copied().filter(|s| s.known().is_none()).collect();
    let written = || parts.iter().map(Size::to_string).collect::<Vec<_>>().join(" * ");
    let misfit = |c: &InferCtx, whole: Size| {
        let message = format!("axis `{axis}` of size {whole} cannot be the product {}", written());
        OpFault::new(&check::E0312, message)
            .label(0, format!("this is `{}`", c.inputs[0]))
            .help("the sizes of the parts must multiply to that of the whole")
    };
    let Some(known) = known else { return Err(misfit(c, c.sizes.resolve(whole))) };
    match (c.sizes.resolve(whole), open.as_slice()) {
        (whole, []) => match c.sizes.unify(whole, Size::Known(known)) {
            Ok(size) => Ok(size),
            Err((whole, _)) => Err(misfit(c, Size::Known(whole))),
        },
        (Size::Known(n), [one]) if known > 0 && n.is_multiple_of(known) => {
            unify(c, *one, Size::Known(n / known), axis)?;
            Ok(Size::Known(n))
        }
        (Size::Known(n), [_]) if known > 0 || n > 0 => Err(misfit(c, Size::Known(n))),
        (whole, _) => Ok(whole),
    }
}

fn infer_merge(c: &mut InferCtx) -> Result<Vec<ArrayTy>, OpFault> {
    infer::along(c, 0, "merge")?;
    new_axes(c, "merge")?;
    let parts: Vec<Size> = ordered_dims(c.inputs[0], &c.attrs.axes).iter().map(|d| d.size).collect();
    let new = &c.attrs.dims[0];
    let size = product(c, new.size, &parts, &new.axis)?;
    let dims = replaced(c.inputs[0], &c.attrs.axes, &[Dim::new(new.axis.clone(), size)]);
    Ok(vec![ArrayTy::new(c.inputs[0].elem.clone(), dims)])
}

fn merge_kernel(args: KernelArgs) -> Result<Vec<Tensor>, RunFault> {
    let ty = args.input_tys[0];
    let parts = ordered_dims(ty, &args.attrs.axes);
    let apart = replaced(ty, &args.attrs.axes, &parts);
    let moved = reorder(&args.inputs[0], &ty.dims, &apart);
    Ok(vec![moved.reshape(&shape_of(&args.output_tys[0]))])
}

/// One axis becomes several.
pub static SPLIT: OpDef = OpDef {
    name: "split",
    form: Form::Internal,
    signature: "split[p -> h: 8, w: 8](x: real[p]) -> real[h, w]",
    doc: "One axis becomes several, the last of them fastest. Their sizes must multiply to its size; one may be left \
          open.",
    example: "all(split[p -> h: 2, w: 2](([1, 2, 3, 4] : real[p]))[h = 1] == ([3, 4] : real[w]))",
    lifting: Lifting::Batched,
    infer: |c| {
        let (_, old) = one_axis(c, "split")?;
        new_axes(c, "split")?;
        let parts: Vec<Size> = c.attrs.dims.iter().map(|d| d.size).collect();
        product(c, old.size, &parts, &old.axis)?;
        let new: Vec<Dim> = c.attrs.dims.iter().map(|d| Dim::new(d.axis.clone(), c.sizes.resolve(d.size))).collect();
        let dims = replaced(c.inputs[0], &c.attrs.axes, &new);
        Ok(vec![ArrayTy::new(c.inputs[0].elem.clone(), dims)])
    },
    gradient: Gradient::Rule(|c| {
        linear(c, |c, g| {
            let axes: Vec<Axis> = c.attrs.dims.iter().map(|d| d.axis.clone()).collect();
            let dims = ordered_dims(&c.input_ty(0), &c.attrs.axes);
            c.b.mk(&MERGE, &[g], Attrs::axes(axes).with_dims(dims))
        })
    }),
    kernel: Kernel::General(|mut args| {
        let x = args.inputs.swap_remove(0);
        Ok(vec![x.reshape(&shape_of(&args.output_tys[0]))])
    }),
    notation: Notation::Custom(|n| {
        let entry = format!("{} -> {}", n.node.attrs.axes[0], dims_text(&n.node.attrs.dims).join(", "));
        call("split", vec![entry], n.args.clone())
    }),
    domain: &[Domain::Own("ops::shape::tests")],
};

/// Every `step`-th element from `start` on.
pub static SLICE: OpDef = OpDef {
    name: "slice",
    form: Form::Internal,
    signature: "x[n = 10..20]: real[n] -> real[n]",
    doc: "The elements of a range along an axis, which keeps its name: `x[n = lo..hi]` has those from `lo` to before \
          `hi`. The range must lie within the axis.",
    example: "sum(([1, 2, 4, 8] : real[n])[n = 1..3]) == 6",
    lifting: Lifting::Batched,
    infer: infer_slice,
    gradient: Gradient::Rule(|c| {
        linear(c, |c, g| {
            let dims = ordered_dims(&c.input_ty(0), &c.attrs.axes);
            let attrs = c.attrs.clone().with_dims(dims);
            c.b.mk(&UNSLICE, &[g], attrs)
        })
    }),
    kernel: Kernel::General(|args| {
        let at = positions(args.input_tys[0], &args.attrs.axes)[0];
        let len = shape_of(&args.output_tys[0])[at];
        let (start, step) = start_step(&args.attrs.ints);
        Ok(vec![kernel::slice(&args.inputs[0], at, start, step, len)])
    }),
    notation: Notation::Custom(slice_notation),
    domain: &[Domain::Own("ops::shape::tests")],
};

pub(super) fn start_step(ints: &[i64]) -> (i64, i64) {
    (ints.first().copied().unwrap_or(0), ints.get(1).copied().unwrap_or(1))
}

/// The coordinate of the last element, or nothing where there is none or it overflows.
fn last(start: i64, step: i64, len: usize) -> Option<i64> {
    let steps = i64::try_from(len).ok()?.checked_sub(1)?;
    if steps < 0 { None } else { start.checked_add(step.checked_mul(steps)?) }
}

fn infer_slice(c: &mut InferCtx) -> Result<Vec<ArrayTy>, OpFault> {
    let (at, old) = one_axis(c, "slice")?;
    let (start, step) = start_step(&c.attrs.ints);
    let (n, len) = (c.sizes.resolve(old.size), c.sizes.resolve(c.attrs.dims[0].size));
    if let (Size::Known(n), Size::Known(len)) = (n, len)
        && len > 0
    {
        let inside = |i: i64| i >= 0 && (i as u64) < n as u64;
        if !inside(start) || !last(start, step, len).is_some_and(inside) {
            let reach = last(start, step, len).map_or("beyond all numbers".into(), |i| i.to_string());
            let message =
                format!("the slice of axis `{}` runs from {start} to {reach}, outside its size {n}", old.axis);
            let fault = OpFault::new(&check::E0305, message).label(0, format!("this is `{}`", c.inputs[0]));
            return Err(fault.help(format!("coordinates of `{}` go from 0 to {}", old.axis, n as i64 - 1)));
        }
    }
    let mut dims = c.inputs[0].dims.clone();
    dims[at] = Dim::new(old.axis.clone(), len);
    Ok(vec![ArrayTy::new(c.inputs[0].elem.clone(), dims)])
}

fn slice_notation(n: &NotationArgs) -> Formula {
    let (start, step) = start_step(&n.node.attrs.ints);
    let axis = n.node.attrs.axes[0].to_string();
    let number = |x: i64| Formula::Number(x as f64);
    match n.node.attrs.dims[0].size.known() {
        Some(len) if step == 1 => {
            let range = crate::ir::IndexPart::Range(number(start), number(start + len as i64));
            Formula::Index { base: Box::new(n.args[0].clone()), entries: vec![(axis, range)] }
        }
        _ => call("slice", vec![format!("{axis}: from {start} by {step}")], n.args.clone()),
    }
}

/// The transpose of [`SLICE`].
pub static UNSLICE: OpDef = OpDef {
    name: "unslice",
    form: Form::Internal,
    signature: "unslice[n](g: real[n]) -> real[n]",
    doc: "The transpose of a slice: each element at the place it was taken from, zeros elsewhere.",
    example: "",
    lifting: Lifting::Batched,
    infer: |c| {
        infer::real(c, 0, "unslice")?;
        let (at, old) = one_axis(c, "unslice")?;
        let mut dims = c.inputs[0].dims.clone();
        dims[at] = Dim::new(old.axis.clone(), c.sizes.resolve(c.attrs.dims[0].size));
        Ok(vec![ArrayTy::new(Elem::Real, dims)])
    },
    gradient: Gradient::Rule(|c| {
        linear(c, |c, g| {
            let dims = ordered_dims(&c.input_ty(0), &c.attrs.axes);
            let attrs = c.attrs.clone().with_dims(dims);
            c.b.mk(&SLICE, &[g], attrs)
        })
    }),
    kernel: Kernel::General(|args| {
        let at = positions(args.input_tys[0], &args.attrs.axes)[0];
        let (start, step) = start_step(&args.attrs.ints);
        Ok(vec![kernel::unslice(&args.inputs[0], at, start, step, shape_of(&args.output_tys[0])[at])])
    }),
    notation: Notation::Custom(|n| {
        let (start, step) = start_step(&n.node.attrs.ints);
        let entry = format!("{}: from {start} by {step}", n.node.attrs.axes[0]);
        call("unslice", vec![entry], n.args.clone())
    }),
    domain: &[Domain::Own("ops::shape::tests")],
};

/// The opposite order.
pub static REVERSE: OpDef = OpDef {
    name: "reverse",
    form: Form::Along { args: 1, default_all: false },
    signature: "reverse[n](x: real[n]) -> real[n]",
    doc: "The elements in the opposite order along the axes.",
    example: "all(reverse[n]([1, 2, 3] : real[n]) == ([3, 2, 1] : real[n]))",
    lifting: Lifting::Batched,
    infer: |c| {
        infer::along(c, 0, "reverse")?;
        Ok(vec![c.inputs[0].clone()])
    },
    gradient: Gradient::Rule(|c| {
        linear(c, |c, g| {
            let attrs = c.attrs.clone();
            c.b.mk(&REVERSE, &[g], attrs)
        })
    }),
    kernel: Kernel::General(|args| {
        let at = positions(args.input_tys[0], &args.attrs.axes);
        Ok(vec![kernel::reverse(&args.inputs[0], &at)])
    }),
    notation: Notation::Call { latex: "\\operatorname{reverse}" },
    domain: &[Domain::Own("ops::shape::tests")],
};

/// Overlapping windows.
pub static WINDOW: OpDef = OpDef {
    name: "window",
    form: Form::Internal,
    signature: "window[h -> h, dh: 3](x: real[h]) -> real[h, dh]",
    doc: "Overlapping windows along an axis: it becomes two, the position of the window and the offset within it. \
          Only whole windows are taken; with stride `s`, dilation `d` and offsets of size `m`, position `i` and offset \
          `j` hold element `s * i + d * j`.",
    example: "all(sum[dt](window[t -> t, dt: 2]([1, 2, 3] : real[t])) == ([3, 5] : real[t]))",
    lifting: Lifting::Batched,
    infer: infer_window,
    gradient: Gradient::Rule(|c| {
        linear(c, |c, g| {
            let axes: Vec<Axis> = c.attrs.dims.iter().map(|d| d.axis.clone()).collect();
            let dims = ordered_dims(&c.input_ty(0), &c.attrs.axes);
            let attrs = Attrs::axes(axes).with_dims(dims).with_ints(c.attrs.ints.clone());
            c.b.mk(&UNWINDOW, &[g], attrs)
        })
    }),
    kernel: Kernel::General(|args| {
        let at = positions(args.input_tys[0], &args.attrs.axes)[0];
        let shape = shape_of(&args.output_tys[0]);
        let (stride, dilation) = stride_dilation(&args.attrs.ints);
        Ok(vec![kernel::window(&args.inputs[0], at, shape[at], shape[at + 1], stride, dilation)])
    }),
    notation: Notation::Custom(|n| {
        let dims = &n.node.attrs.dims;
        let (stride, dilation) = stride_dilation(&n.node.attrs.ints);
        let mut entries = vec![format!("{} -> {}", n.node.attrs.axes[0], dims[0].axis), dims[1].to_string()];
        if stride != 1 {
            entries.push(format!("stride: {stride}"));
        }
        if dilation != 1 {
            entries.push(format!("dilation: {dilation}"));
        }
        call("window", entries, n.args.clone())
    }),
    domain: &[Domain::Own("ops::shape::tests")],
};

fn stride_dilation(ints: &[i64]) -> (usize, usize) {
    let (stride, dilation) = (ints.first().copied().unwrap_or(1), ints.get(1).copied().unwrap_or(1));
    (stride.max(1) as usize, dilation.max(1) as usize)
}

fn infer_window(c: &mut InferCtx) -> Result<Vec<ArrayTy>, OpFault> {
    let (at, old) = one_axis(c, "window")?;
    new_axes(c, "window")?;
    if let Some(bad) = c.attrs.ints.iter().find(|i| **i < 1) {
        return Err(OpFault::new(&check::E0314, format!("stride and dilation of a window are at least 1, not {bad}")));
    }
    let (stride, dilation) = stride_dilation(&c.attrs.ints);
    let (count, width) = (c.attrs.dims[0].clone(), c.attrs.dims[1].clone());
    let mut count_size = c.sizes.resolve(count.size);
    let width_size = c.sizes.resolve(width.size);
    if let (Size::Known(n), Size::Known(w)) = (c.sizes.resolve(old.size), width_size) {
        let reach = w.saturating_sub(1).saturating_mul(dilation).saturating_add(1);
        if w == 0 || reach > n {
            let message = format!("a window of {reach} elements does not fit into axis `{}` of size {n}", old.axis);
            let message = if w == 0 { "a window needs at least one element".to_string() } else { message };
            return Err(OpFault::new(&check::E0314, message).label(0, format!("this is `{}`", c.inputs[0])));
        }
        count_size = unify(c, count_size, Size::Known((n - reach) / stride + 1), &count.axis)?;
    }
    let mut dims = c.inputs[0].dims.clone();
    dims.splice(at..=at, [Dim::new(count.axis, count_size), Dim::new(width.axis, width_size)]);
    Ok(vec![ArrayTy::new(c.inputs[0].elem.clone(), dims)])
}

/// The transpose of [`WINDOW`]: `axes` = position, offset; `dims` = the axis they came from.
pub static UNWINDOW: OpDef = OpDef {
    name: "unwindow",
    form: Form::Internal,
    signature: "unwindow[h, dh -> h](g: real[h, dh]) -> real[h]",
    doc: "The transpose of a window: every element of a window is added where it came from, windows in order.",
    example: "",
    lifting: Lifting::Batched,
    infer: |c| {
        infer::real(c, 0, "unwindow")?;
        infer::along(c, 0, "unwindow")?;
        let new = Dim::new(c.attrs.dims[0].axis.clone(), c.sizes.resolve(c.attrs.dims[0].size));
        Ok(vec![ArrayTy::new(Elem::Real, replaced(c.inputs[0], &c.attrs.axes, &[new]))])
    },
    gradient: Gradient::Rule(|c| {
        linear(c, |c, g| {
            let dims = ordered_dims(&c.input_ty(0), &c.attrs.axes);
            let attrs = Attrs::axes([c.attrs.dims[0].axis.clone()]).with_dims(dims);
            let attrs = attrs.with_ints(c.attrs.ints.clone());
            c.b.mk(&WINDOW, &[g], attrs)
        })
    }),
    kernel: Kernel::General(|args| {
        let ty = args.input_tys[0];
        let together = replaced(ty, &args.attrs.axes, &ordered_dims(ty, &args.attrs.axes));
        let g = reorder(&args.inputs[0], &ty.dims, &together);
        let out = &args.output_tys[0];
        let at = positions(out, &[args.attrs.dims[0].axis.clone()])[0];
        let (stride, dilation) = stride_dilation(&args.attrs.ints);
        Ok(vec![kernel::unwindow(&g, at, shape_of(out)[at], stride, dilation)])
    }),
    notation: Notation::Custom(|n| {
        let entry = format!("{} -> {}", names(&n.node.attrs.axes), n.node.attrs.dims[0].axis);
        call("unwindow", vec![entry], n.args.clone())
    }),
    domain: &[Domain::Own("ops::shape::tests")],
};

pub static SHAPES: &[&OpDef] = &[&RENAME, &ORDER, &MERGE, &SPLIT, &SLICE, &UNSLICE, &REVERSE, &WINDOW, &UNWINDOW];

#[cfg(test)]
mod tests;

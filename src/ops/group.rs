//! Reductions by group: `sum[n by y](x)`.

use super::index::{Space, check_range, index_elem};
use super::shape::{shape_of, whole_grad};
use super::{Build, infer};
use crate::diag::codes::check;
use crate::ir::{
    Attrs, Builder, Domain, Form, Formula, Gradient, InferCtx, Kernel, KernelArgs, Lifting, NodeId, Notation,
    NotationArgs, OpDef, OpFault, RunFault, VjpCtx,
};
use crate::kernels::gather::{self, Indexed};
use crate::kernels::shape::{Real, View};
use crate::kernels::sort::Ordered;
use crate::tensor::Tensor;
use crate::types::{ArrayTy, Axis, Dim, Elem};
use std::cmp::Ordering;

/// `sum[n by y](x)`, `max`, `min`, `prod`.
pub static GROUP: OpDef = OpDef {
    name: "group",
    form: Form::Internal,
    signature: "sum[n by y](x): real[n, d], label k [n] -> real[k, d]",
    doc: "The elements along an axis reduced by group: those with label `k` give coordinate `k` of the result. A group \
          without elements gives what the reduction starts from: 0, 1, or an infinity. Sums carry a correction, so \
          long groups lose no digits; elements are taken in order. Gradients of `max` and `min` go to the first \
          element that attains them.",
    example: "all(sum[n by ([0, 1, 0] : label k [n])](([1, 2, 4] : real[n])) == ([5, 2] : real[k]))",
    lifting: Lifting::Batched,
    infer: infer_group,
    gradient: Gradient::Rule(gradient),
    kernel: Kernel::General(kernel),
    notation: Notation::Custom(notation),
    domain: &[Domain::Own("ops::group::tests"), Domain::Own("ops::group::tests")],
};

fn name(attrs: &Attrs) -> &str {
    attrs.name.as_deref().unwrap_or("sum")
}

/// The text of a group's labels where it is a name; else they follow as an argument.
fn notation(n: &NotationArgs) -> Formula {
    let axes = n.node.attrs.axes.iter().map(Axis::to_string).collect::<Vec<_>>().join(", ");
    let function = name(&n.node.attrs);
    match &n.args[1] {
        Formula::Name(y) | Formula::Text(y) => {
            super::shape::call(function, vec![format!("{axes} by {y}")], vec![n.args[0].clone()])
        }
        _ => super::shape::call(&format!("{function}_by"), vec![axes], n.args.clone()),
    }
}

/// All axes of elements and labels.
fn union(c: &mut InferCtx) -> Result<Vec<Dim>, OpFault> {
    let group = &c.attrs.dims[0];
    index_elem(c, 1, &group.axis, "by")?;
    let all = infer::aligned(c)?;
    for axis in &c.attrs.axes {
        if !all.iter().any(|d| d.axis == *axis) {
            infer::has(c, 0, axis, name(c.attrs))?;
        }
    }
    Ok(all)
}

fn infer_group(c: &mut InferCtx) -> Result<Vec<ArrayTy>, OpFault> {
    let wanted = |e: &Elem| matches!(e, Elem::Real | Elem::Int);
    infer::elem(c, 0, name(c.attrs), "numbers", wanted)?;
    let all = union(c)?;
    let group = c.attrs.dims[0].clone();
    let at = all.iter().position(|d| c.attrs.axes.contains(&d.axis)).unwrap_or(0);
    let mut dims: Vec<Dim> = all.into_iter().filter(|d| !c.attrs.axes.contains(&d.axis)).collect();
    if dims.iter().any(|d| d.axis == group.axis) {
        let axis = &group.axis;
        let message = format!("grouping makes axis `{axis}`, which the elements already have");
        let fault = OpFault::new(&check::E0303, message).label(0, format!("this is `{}`", c.inputs[0]));
        return Err(fault
            .label(1, format!("this is `{}`", c.inputs[1]))
            .help(format!("rename the axis of the elements: `x[{axis} -> ...]`")));
    }
    dims.insert(at.min(dims.len()), Dim::new(group.axis, c.sizes.resolve(group.size)));
    Ok(vec![ArrayTy::new(c.inputs[0].elem.clone(), dims)])
}

/// How elements, labels and results lie in the iteration space: axes reduced first, in order.
struct Layout {
    place: Indexed,
    labels: View,
    x: View,
    len: usize,
}

fn layout(args: &KernelArgs, out: &ArrayTy) -> Result<Layout, RunFault> {
    let (x, y) = (args.input_tys[0], args.input_tys[1]);
    let (axes, group) = (&args.attrs.axes, &args.attrs.dims[0].axis);
    let shape = shape_of(out);
    let at = out.position(group).expect("internal: an axis is missing");
    check_range(&args.inputs[1], y, group, shape[at])?;
    let space =
        Space::new(axes, &out.without(std::slice::from_ref(group)), &[(x, &args.inputs[0]), (y, &args.inputs[1])]);
    Ok(Layout {
        place: space.indexed(out, &shape, group, axes.len()),
        labels: space.view(y, args.inputs[1].shape(), 0),
        x: space.view(x, args.inputs[0].shape(), 0),
        len: shape.iter().product(),
    })
}

fn kernel(args: KernelArgs) -> Result<Vec<Tensor>, RunFault> {
    let l = layout(&args, &args.output_tys[0])?;
    let shape = shape_of(&args.output_tys[0]);
    let labels = args.inputs[1].slice::<i64>();
    let which = name(args.attrs);
    Ok(vec![match &args.inputs[0] {
        Tensor::F32(_) => Tensor::from_vec(&shape, reals::<f32>(&l, labels, args.inputs[0].slice(), which)),
        Tensor::F64(_) => Tensor::from_vec(&shape, reals::<f64>(&l, labels, args.inputs[0].slice(), which)),
        _ => {
            let out = ints(&l, labels, args.inputs[0].slice(), which);
            Tensor::from_vec(&shape, out.ok_or_else(|| super::integer_fault("the result of this"))?)
        }
    }])
}

fn reals<T: Real>(l: &Layout, labels: &[i64], x: &[T], which: &str) -> Vec<T> {
    if which == "sum" {
        return gather::group_sum(l.len, &l.place, labels, &l.labels, x, &l.x);
    }
    let (start, combine): (f64, fn(f64, f64) -> f64) = match which {
        "max" => (f64::NEG_INFINITY, |a, b| if b > a || b.is_nan() { b } else { a }),
        "min" => (f64::INFINITY, |a, b| if b < a || b.is_nan() { b } else { a }),
        _ => (1.0, |a, b| a * b),
    };
    let wide: Vec<f64> = x.iter().map(|x| x.wide()).collect();
    let mut out = vec![start; l.len];
    gather::update(&mut out, &l.place, labels, &l.labels, &wide, &l.x, combine);
    out.into_iter().map(T::narrow).collect()
}

/// `None` where a result leaves the range of ints.
fn ints(l: &Layout, labels: &[i64], x: &[i64], which: &str) -> Option<Vec<i64>> {
    let (start, combine): (i64, fn(i64, i64) -> Option<i64>) = match which {
        "max" => (i64::MIN, |a, b| Some(a.max(b))),
        "min" => (i64::MAX, |a, b| Some(a.min(b))),
        "prod" => (1, i64::checked_mul),
        _ => (0, i64::checked_add),
    };
    let lost = std::cell::Cell::new(false);
    let mut out = vec![start; l.len];
    gather::update(&mut out, &l.place, labels, &l.labels, x, &l.x, |a, b| {
        combine(a, b).unwrap_or_else(|| {
            lost.set(true);
            0
        })
    });
    (!lost.get()).then_some(out)
}

/// A group's gradient belongs to each of its elements; times what the others make of it.
fn gradient(c: &mut VjpCtx) -> Vec<Option<NodeId>> {
    let Some(g) = whole_grad(c, 0) else { return vec![None, None] };
    if !c.needs[0] {
        return vec![None, None];
    }
    let (x_ty, y_ty, group) = (c.input_ty(0), c.input_ty(1), c.attrs.dims[0].axis.clone());
    let mut all = x_ty.clone();
    all.dims.extend(y_ty.dims.iter().filter(|d| !x_ty.has(&d.axis)).cloned());
    let (x, y) = (c.inputs[0], c.inputs[1]);
    let mut to_x = c.b.pick(g, &group, y);
    match name(&c.attrs) {
        "sum" => {}
        "prod" => {
            let others = others_of_group(c.b, x, y, &c.attrs);
            to_x = c.mul(to_x, others);
        }
        _ => {
            let attrs = c.attrs.clone();
            let winner = c.b.mk(&GROUP_WINNER, &[x, y], attrs);
            let zero = c.b.real(0.0);
            to_x = c.b.select(winner, to_x, zero);
        }
    }
    vec![Some(c.b.unbroadcast(to_x, &all, &x_ty)), None]
}

/// For each element the product of the others of its group, without dividing by zero: a group with one zero gives it
/// the product of the rest, one with more gives zeros.
fn others_of_group(b: &mut Builder, x: NodeId, y: NodeId, attrs: &Attrs) -> NodeId {
    let group = attrs.dims[0].axis.clone();
    let (zero, one) = (b.real(0.0), b.real(1.0));
    let is_zero = b.eq(x, zero);
    let safe = b.select(is_zero, one, x);
    let product = b.mk(&GROUP, &[safe, y], attrs.clone());
    let count = b.cast_real(is_zero);
    let zeros = b.mk(&GROUP, &[count, y], attrs.clone().with_name("sum"));
    let (product, zeros) = (b.pick(product, &group, y), b.pick(zeros, &group, y));
    let quotient = b.div(product, safe);
    let (none, single) = (b.eq(zeros, zero), b.eq(zeros, one));
    let alone = b.and(single, is_zero);
    let rest = b.select(alone, product, zero);
    b.select(none, quotient, rest)
}

/// Which element of each group is its largest (smallest): attributes as for [`GROUP`].
pub static GROUP_WINNER: OpDef = OpDef {
    name: "group_winner",
    form: Form::Internal,
    signature: "group_winner[n by y](x: real[n], y: label k [n]) -> bool[n]",
    doc: "True at the first element of each group that attains the group's extreme.",
    example: "",
    lifting: Lifting::Batched,
    infer: |c| Ok(vec![ArrayTy::new(Elem::Bool, union(c)?)]),
    gradient: Gradient::Zero,
    kernel: Kernel::General(winner_kernel),
    notation: Notation::Call { latex: "\\operatorname{winner}" },
    domain: &[Domain::Own("ops::group::tests"), Domain::Own("ops::group::tests")],
};

fn winner_kernel(args: KernelArgs) -> Result<Vec<Tensor>, RunFault> {
    fn go<T: Ordered>(l: &Layout, flags: &View, labels: &[i64], x: &[T], largest: bool, len: usize) -> Vec<bool> {
        use crate::kernels::shape::Offsets;
        let mut best: Vec<Option<(usize, T)>> = vec![None; l.len];
        let better = if largest { Ordering::Greater } else { Ordering::Less };
        let heads = Offsets::from(&l.place.view, 0).zip(Offsets::from(&l.labels, 0));
        let rows = heads.zip(Offsets::from(&l.x, 0).zip(Offsets::from(flags, 0)));
        for ((base, at), (from, flag)) in rows.take(l.x.len()) {
            let i = (base as isize + labels[at] as isize * l.place.stride) as usize;
            let new = x[from];
            let wins = best[i].is_none_or(|(_, old)| !old.is_nan() && (new.is_nan() || new.order(old) == better));
            if wins {
                best[i] = Some((flag, new));
            }
        }
        let mut out = vec![false; len];
        best.into_iter().flatten().for_each(|(flag, _)| out[flag] = true);
        out
    }
    // The groups' results, laid out anyhow: axes that stay, then the group.
    let all = &args.output_tys[0];
    let mut groups = ArrayTy::new(Elem::Real, all.without(&args.attrs.axes));
    groups.dims.push(args.attrs.dims[0].clone());
    let l = layout(&args, &groups)?;
    let shape = shape_of(all);
    let rest = groups.without(std::slice::from_ref(&args.attrs.dims[0].axis));
    let space = Space::new(
        &args.attrs.axes,
        &rest,
        &[(args.input_tys[0], &args.inputs[0]), (args.input_tys[1], &args.inputs[1])],
    );
    let flags = space.view(all, &shape, 0);
    let labels = args.inputs[1].slice::<i64>();
    let largest = name(args.attrs) == "max";
    let len = shape.iter().product();
    Ok(vec![Tensor::from_vec(
        &shape,
        match &args.inputs[0] {
            Tensor::F32(_) => go::<f32>(&l, &flags, labels, args.inputs[0].slice(), largest, len),
            Tensor::F64(_) => go::<f64>(&l, &flags, labels, args.inputs[0].slice(), largest, len),
            _ => go::<i64>(&l, &flags, labels, args.inputs[0].slice(), largest, len),
        },
    )])
}

pub static GROUPING: &[&OpDef] = &[&GROUP, &GROUP_WINNER];

#[cfg(test)]
mod tests;

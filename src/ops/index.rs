//! Operations through an index: pick, its transpose, and updates. Axes of the index that the array has besides the
//! indexed one align with them; the others are new in what is picked, and are worked through in order by an update.

use super::shape::{call, shape_of, whole_grad};
use super::{Build, infer};
use crate::diag::codes::{check, run};
use crate::ir::{
    Attrs, Domain, Form, Formula, Gradient, IndexPart, InferCtx, Kernel, KernelArgs, Lifting, NodeId, Notation,
    NotationArgs, OpDef, OpFault, Precedence, RunFault, VjpCtx,
};
use crate::kernels::gather::{self, Indexed};
use crate::kernels::shape::{View, spread, strides};
use crate::tensor::{Element, Tensor};
use crate::types::{ArrayTy, Axis, Dim, Elem, Size};

/// The index of an operation along `axis` must hold ints or labels of that axis.
pub(super) fn index_elem(c: &InferCtx, input: usize, axis: &Axis, op: &str) -> Result<(), OpFault> {
    let index = c.inputs[input];
    match &index.elem {
        Elem::Int => Ok(()),
        Elem::Label(of) if of == axis => Ok(()),
        Elem::Label(of) => {
            let message = format!("a label of axis `{of}` cannot index axis `{axis}`");
            let fault = OpFault::new(&check::E0405, message).label(input, format!("this is `{index}`"));
            Err(fault.label(0, format!("this is `{}`", c.inputs[0])))
        }
        other => {
            let message = format!("`{op}` takes an index of ints or labels of `{axis}`, found {other}");
            Err(OpFault::new(&check::E0405, message).label(input, format!("this is `{index}`")))
        }
    }
}

/// Every index must be a coordinate of its axis; the fault names the first that is not, and where it stands.
pub(super) fn check_range(index: &Tensor, ty: &ArrayTy, axis: &Axis, n: usize) -> Result<(), RunFault> {
    gather::check(index.slice::<i64>(), n).map_err(|bad| {
        let mut rest = bad.at;
        let mut place: Vec<String> = Vec::new();
        for (dim, &size) in ty.dims.iter().zip(index.shape()).rev() {
            place.push(format!("{} = {}", dim.axis, rest % size.max(1)));
            rest /= size.max(1);
        }
        place.reverse();
        let at = if place.is_empty() { String::new() } else { format!(" at {}", place.join(", ")) };
        let message = format!("{} is not a coordinate of axis `{axis}`, which has size {n}", bad.value);
        let label = format!("the index{at} is {}", bad.value);
        let fault = RunFault::new(&run::E0703, message, label);
        match n {
            0 => fault.help(format!("axis `{axis}` is empty: nothing can be picked from it")),
            _ => fault.help(format!("coordinates of `{axis}` go from 0 to {}", n - 1)),
        }
    })
}

/// Names of the axes of an iteration space, and where each stands in the arrays that take part.
pub(super) struct Space {
    pub dims: Vec<Dim>,
    pub shape: Vec<usize>,
}

impl Space {
    /// `outer` first (their extents are found in `arrays`), then the dims of the result without its indexed axis.
    pub fn new(outer: &[Axis], rest: &[Dim], arrays: &[(&ArrayTy, &Tensor)]) -> Space {
        let size = |axis: &Axis| {
            arrays.iter().find_map(|(ty, t)| ty.position(axis).map(|i| t.shape()[i])).expect("internal: a lost axis")
        };
        let mut dims: Vec<Dim> = outer.iter().map(|a| Dim::new(a.clone(), Size::Known(size(a)))).collect();
        dims.extend(rest.iter().cloned());
        let shape = dims.iter().map(|d| d.size.known().expect("internal: an open size at run time")).collect();
        Space { dims, shape }
    }

    /// How an array takes part; 0 along the axes it lacks and along the first `hidden` axes of the space.
    pub fn view(&self, ty: &ArrayTy, shape: &[usize], hidden: usize) -> View {
        let all = strides(shape);
        let stride = |(i, d): (usize, &Dim)| {
            if i < hidden { 0 } else { ty.position(&d.axis).map_or(0, |at| all[at]) }
        };
        View { shape: self.shape.clone(), strides: self.dims.iter().enumerate().map(stride).collect(), base: 0 }
    }

    /// How an array indexed along `axis` takes part.
    pub fn indexed(&self, ty: &ArrayTy, shape: &[usize], axis: &Axis, hidden: usize) -> Indexed {
        let at = ty.position(axis).expect("internal: an axis is missing");
        Indexed { view: self.view(ty, shape, hidden), stride: strides(shape)[at] }
    }
}

/// Axes of the index that do not align with one of `others`.
pub(super) fn consumed(index: &ArrayTy, others: &[Dim]) -> Vec<Axis> {
    index.axes().filter(|a| !others.iter().any(|d| d.axis == **a)).cloned().collect()
}

/// `z[k = y]`.
pub static PICK: OpDef = OpDef {
    name: "pick",
    form: Form::Internal,
    signature: "z[k = y]: real[n, k], label k [n] -> real[n]",
    doc: "The elements at an index along an axis. Axes of the index that the array has too align with them; its other \
          axes take the place of the one picked along, and may have the same name, as in `x[n = permutation]`. An \
          index outside of `0 .. size(k)`, also a negative one, stops the run.",
    example: "([3, 5, 7] : real[k])[k = 1] == 5",
    lifting: Lifting::Batched,
    infer: infer_pick,
    gradient: Gradient::Rule(|c| {
        let Some(g) = whole_grad(c, 0) else { return vec![None, None] };
        let (z, index) = (c.input_ty(0), c.input_ty(1));
        let axis = c.attrs.axes[0].clone();
        let dim = z.dim(&axis).expect("internal: an axis is missing").clone();
        let mut axes = vec![axis];
        axes.extend(consumed(&index, &z.without(&axes)));
        let attrs = Attrs::axes(axes).with_dims([dim]);
        let at = c.inputs[1];
        vec![c.needs[0].then(|| c.b.mk(&SCATTER_ADD, &[g, at], attrs)), None]
    }),
    kernel: Kernel::General(pick_kernel),
    notation: Notation::Custom(|n| {
        let entry = (n.node.attrs.axes[0].to_string(), IndexPart::At(n.args[1].clone()));
        Formula::Index { base: Box::new(n.args[0].clone()), entries: vec![entry] }
    }),
    domain: &[Domain::Own("ops::index::tests"), Domain::Own("ops::index::tests")],
};

fn infer_pick(c: &mut InferCtx) -> Result<Vec<ArrayTy>, OpFault> {
    let (z, index) = (c.inputs[0], c.inputs[1]);
    let axis = &c.attrs.axes[0];
    infer::has(c, 0, axis, "pick")?;
    index_elem(c, 1, axis, "pick")?;
    let at = z.position(axis).unwrap_or(0);
    let others = ArrayTy::new(z.elem.clone(), z.without(std::slice::from_ref(axis)));
    let all = infer::union(&[(0, &others), (1, index)], c.sizes)?;
    let (mut dims, new) = (all[..others.dims.len()].to_vec(), all[others.dims.len()..].to_vec());
    dims.splice(at..at, new);
    Ok(vec![ArrayTy::new(z.elem.clone(), dims)])
}

fn pick_kernel(args: KernelArgs) -> Result<Vec<Tensor>, RunFault> {
    fn go<T: Element>(args: &KernelArgs, space: &Space, place: &Indexed, index_view: &View) -> Tensor {
        let (z, index) = (args.inputs[0].slice::<T>(), args.inputs[1].slice::<i64>());
        Tensor::from_vec(&space.shape, gather::pick(z, place, index, index_view))
    }
    let (z, index) = (args.input_tys[0], args.input_tys[1]);
    let axis = &args.attrs.axes[0];
    let at = z.position(axis).expect("internal: an axis is missing");
    check_range(&args.inputs[1], index, axis, args.inputs[0].shape()[at])?;
    let space = Space { dims: args.output_tys[0].dims.clone(), shape: shape_of(&args.output_tys[0]) };
    // The picked axis may be an axis of the index too: in the array it has no place in the iteration space.
    let mut place = space.indexed(z, args.inputs[0].shape(), axis, 0);
    if let Some(i) = space.dims.iter().position(|d| d.axis == *axis) {
        place.view.strides[i] = 0;
    }
    let index_view = space.view(index, args.inputs[1].shape(), 0);
    Ok(vec![match &args.inputs[0] {
        Tensor::F64(_) => go::<f64>(&args, &space, &place, &index_view),
        Tensor::F32(_) => go::<f32>(&args, &space, &place, &index_view),
        Tensor::I64(_) => go::<i64>(&args, &space, &place, &index_view),
        Tensor::Bool(_) => go::<bool>(&args, &space, &place, &index_view),
    }])
}

/// The transpose of [`PICK`]: `axes` = the axis made, then the axes of the index that are summed; `dims` = its dim.
pub static SCATTER_ADD: OpDef = OpDef {
    name: "scatter_add",
    form: Form::Internal,
    signature: "scatter_add[k](g: real[n], y: label k [n]) -> real[n, k]",
    doc: "Zeros along a new axis, and each element added at its index; elements that meet are summed in order.",
    example: "",
    lifting: Lifting::Batched,
    infer: infer_scatter,
    gradient: Gradient::Rule(|c| {
        let Some(g) = whole_grad(c, 0) else { return vec![None, None] };
        let axis = c.attrs.axes[0].clone();
        let (from, index) = (c.input_ty(0), c.inputs[1]);
        let picked = c.b.pick(g, &axis, index);
        let space = c.b.ty(picked);
        // Axes that the cotangent brought along stay.
        let mut extra = space.without(&from.axes().cloned().collect::<Vec<_>>());
        let node = c.output_ty();
        let index_ty = c.input_ty(1);
        extra.retain(|d| node.has(&d.axis) || index_ty.has(&d.axis));
        let axes: Vec<Axis> = extra.into_iter().map(|d| d.axis).collect();
        vec![c.needs[0].then(|| c.b.sum(picked, &axes)), None]
    }),
    kernel: Kernel::General(scatter_kernel),
    notation: Notation::Custom(|n| call("scatter_add", vec![n.node.attrs.axes[0].to_string()], n.args.clone())),
    domain: &[Domain::Own("ops::index::tests"), Domain::Own("ops::index::tests")],
};

fn infer_scatter(c: &mut InferCtx) -> Result<Vec<ArrayTy>, OpFault> {
    infer::real(c, 0, "scatter_add")?;
    let (g, index) = (c.inputs[0], c.inputs[1]);
    let axis = &c.attrs.axes[0];
    let summed = &c.attrs.axes[1..];
    let all = infer::aligned(c)?;
    let mut dims: Vec<Dim> = all.iter().filter(|d| !summed.contains(&d.axis)).cloned().collect();
    if dims.iter().any(|d| d.axis == *axis) {
        infer::lacks(c, 0, axis, "scatter_add")?;
        infer::lacks(c, 1, axis, "scatter_add")?;
    }
    // Where the axis came from, as far as that can be told: at the first axis summed, or behind the last that aligns.
    let before =
        |stop: &dyn Fn(&Axis) -> bool| g.axes().take_while(|a| !stop(a)).filter(|a| !summed.contains(a)).count();
    let at = if g.axes().any(|a| summed.contains(a)) {
        before(&|a| summed.contains(a))
    } else {
        dims.iter().rposition(|d| index.has(&d.axis)).map_or(0, |i| i + 1)
    };
    dims.insert(at, Dim::new(axis.clone(), c.sizes.resolve(c.attrs.dims[0].size)));
    Ok(vec![ArrayTy::new(Elem::Real, dims)])
}

fn scatter_kernel(args: KernelArgs) -> Result<Vec<Tensor>, RunFault> {
    let (g, index) = (args.input_tys[0], args.input_tys[1]);
    let (axis, summed) = (&args.attrs.axes[0], &args.attrs.axes[1..]);
    let out = &args.output_tys[0];
    let shape = shape_of(out);
    let at = out.position(axis).expect("internal: an axis is missing");
    check_range(&args.inputs[1], index, axis, shape[at])?;
    let rest = out.without(std::slice::from_ref(axis));
    let space = Space::new(summed, &rest, &[(index, &args.inputs[1]), (g, &args.inputs[0])]);
    let place = space.indexed(out, &shape, axis, summed.len());
    let index_view = space.view(index, args.inputs[1].shape(), 0);
    let g_view = space.view(g, args.inputs[0].shape(), 0);
    let at = args.inputs[1].slice::<i64>();
    let len = shape.iter().product();
    Ok(vec![match &args.inputs[0] {
        Tensor::F32(_) => {
            let mut sums = vec![0.0f32; len];
            gather::add_at(&mut sums, &place, at, &index_view, args.inputs[0].slice(), &g_view);
            Tensor::from_vec(&shape, sums)
        }
        _ => {
            let mut sums = vec![0.0f64; len];
            gather::update(&mut sums, &place, at, &index_view, args.inputs[0].slice(), &g_view, |a, b| a + b);
            Tensor::from_vec(&shape, sums)
        }
    }])
}

/// `w with [v = y] = x` and `w with [v = y] += x`.
pub static UPDATE: OpDef = OpDef {
    name: "update",
    form: Form::Internal,
    signature: "w with [v = y] += x: real[v], label v [n], real[n] -> real[v]",
    doc: "The array with other elements at an index: set, or added to. Axes of the index that the array has besides the \
          indexed one align; along the others the index is worked through in order, so that under `+=` repeated \
          indexes accumulate, and under `=` the last one wins. The value is repeated along axes it lacks. Done in \
          place where nobody reads the old array.",
    example: "sum(([1, 2, 3] : real[k]) with [k = 1] = 10) == 14",
    lifting: Lifting::Batched,
    infer: infer_update,
    gradient: Gradient::Rule(update_gradient),
    kernel: Kernel::General(update_kernel),
    notation: Notation::Custom(update_notation),
    domain: &[Domain::Own("ops::index::tests"), Domain::Own("ops::index::tests"), Domain::Own("ops::index::tests")],
};

/// `w with [v = y] += x` where the index is short enough to stand in an operator; else a call.
fn update_notation(n: &NotationArgs) -> Formula {
    let axis = n.node.attrs.axes[0].to_string();
    let sign = if adds(&n.node.attrs) { "+=" } else { "=" };
    let index = match &n.args[1] {
        Formula::Name(name) | Formula::Text(name) => name.clone(),
        Formula::Number(x) => x.to_string(),
        _ => return call(if adds(&n.node.attrs) { "update_add" } else { "update" }, vec![axis], n.args.clone()),
    };
    Formula::Infix {
        symbol: format!("with [{axis} = {index}] {sign}"),
        latex: format!("\\;\\text{{with }} [{axis} = {index}] \\mathrel{{{sign}}}"),
        precedence: Precedence::Choice,
        left: Box::new(n.args[0].clone()),
        right: Box::new(n.args[2].clone()),
    }
}

fn adds(attrs: &Attrs) -> bool {
    attrs.ints.first() == Some(&1)
}

fn infer_update(c: &mut InferCtx) -> Result<Vec<ArrayTy>, OpFault> {
    let (w, index, value) = (c.inputs[0], c.inputs[1], c.inputs[2]);
    let axis = &c.attrs.axes[0];
    infer::has(c, 0, axis, "with")?;
    index_elem(c, 1, axis, "with")?;
    if w.elem != value.elem {
        return Err(infer::mixed(c, "with", 0, 2));
    }
    if adds(c.attrs) {
        infer::elem(c, 0, "+=", "numbers", |e| matches!(e, Elem::Real | Elem::Int))?;
    }
    if value.has(axis) && !index.has(axis) {
        let message = format!("the new elements vary along axis `{axis}`, of which only some coordinates are replaced");
        let fault = OpFault::new(&check::E0317, message).label(2, format!("this is `{value}`"));
        return Err(fault.label(1, format!("the index is `{index}`")));
    }
    let others = ArrayTy::new(w.elem.clone(), w.without(std::slice::from_ref(axis)));
    let all = infer::union(&[(0, &others), (1, index), (2, value)], c.sizes)?;
    let mut dims: Vec<Dim> = all.iter().filter(|d| !others.has(&d.axis) && !index.has(&d.axis)).cloned().collect();
    dims.extend(w.dims.iter().cloned());
    Ok(vec![ArrayTy::new(w.elem.clone(), dims)])
}

/// What was written over loses its gradient, what was written gets it, the losers of a repeated index get nothing.
fn update_gradient(c: &mut VjpCtx) -> Vec<Option<NodeId>> {
    let Some(g) = whole_grad(c, 0) else { return vec![None; 3] };
    let (w, index, value) = (c.input_ty(0), c.input_ty(1), c.input_ty(2));
    let (node, at) = (c.output_ty(), c.inputs[1]);
    let axis = c.attrs.axes[0].clone();
    let zero = c.b.real(0.0);
    let to_w = c.needs[0].then(|| {
        let kept = if adds(&c.attrs) {
            g
        } else {
            let attrs = c.attrs.clone();
            c.b.mk(&UPDATE, &[g, at, zero], attrs)
        };
        c.b.unbroadcast(kept, &node, &w)
    });
    let to_value = c.needs[2].then(|| {
        let mut picked = c.b.pick(g, &axis, at);
        let summed = consumed(&index, &w.without(std::slice::from_ref(&axis)));
        if !adds(&c.attrs) && !summed.is_empty() {
            let dim = w.dim(&axis).expect("internal: an axis is missing").clone();
            let mut axes = vec![axis.clone()];
            axes.extend(summed);
            let last = c.b.mk(&LAST_WRITE, &[at], Attrs::axes(axes).with_dims([dim]));
            picked = c.b.select(last, picked, zero);
        }
        let mut written = ArrayTy::new(Elem::Real, node.without(std::slice::from_ref(&axis)));
        written.dims.extend(index.dims.iter().filter(|d| !written.has(&d.axis)).cloned().collect::<Vec<_>>());
        c.b.unbroadcast(picked, &written, &value)
    });
    vec![to_w, None, to_value]
}

fn update_kernel(mut args: KernelArgs) -> Result<Vec<Tensor>, RunFault> {
    fn go<T: Element>(whole: Tensor, f: impl FnOnce(&mut [T])) -> Tensor {
        let shape = whole.shape().to_vec();
        let mut array = T::take(whole).expect("internal: an update of another element type");
        f(array.as_slice_mut().expect("internal: a tensor in another layout"));
        T::wrap(array).reshape(&shape)
    }
    let value = args.inputs.pop().expect("internal: an update without value");
    let index = args.inputs.pop().expect("internal: an update without index");
    let mut w = args.inputs.pop().expect("internal: an update without array");
    let (w_ty, index_ty, value_ty) = (args.input_tys[0], args.input_tys[1], args.input_tys[2]);
    let (axis, out) = (&args.attrs.axes[0], &args.output_tys[0]);
    let shape = shape_of(out);
    let at = out.position(axis).expect("internal: an axis is missing");
    check_range(&index, index_ty, axis, shape[at])?;
    if out.dims.len() > w_ty.dims.len() {
        w = spread(&w, &shape, &super::join::strides_in(out, w_ty, w.shape()));
    }
    let summed = consumed(index_ty, &w_ty.without(std::slice::from_ref(axis)));
    let rest = out.without(std::slice::from_ref(axis));
    let space = Space::new(&summed, &rest, &[(index_ty, &index)]);
    let place = space.indexed(out, &shape, axis, summed.len());
    let (iv, vv) = (space.view(index_ty, index.shape(), 0), space.view(value_ty, value.shape(), 0));
    let i = index.slice::<i64>();
    let add = adds(args.attrs);
    let mut overflow = false;
    let out = match &value {
        Tensor::F64(_) if add => go(w, |w| gather::update(w, &place, i, &iv, value.slice(), &vv, |a: f64, b| a + b)),
        Tensor::F32(_) if add => go(w, |w: &mut [f32]| {
            // With one write to each element there is nothing to accumulate.
            if summed.is_empty() {
                gather::update(w, &place, i, &iv, value.slice(), &vv, |a, b| a + b);
            } else {
                gather::add_at(w, &place, i, &iv, value.slice(), &vv);
            }
        }),
        Tensor::I64(_) if add => go(w, |w: &mut [i64]| {
            let flag = std::cell::Cell::new(false);
            gather::update(w, &place, i, &iv, value.slice(), &vv, |a: i64, b| {
                a.checked_add(b).unwrap_or_else(|| {
                    flag.set(true);
                    0
                })
            });
            overflow = flag.get();
        }),
        Tensor::F64(_) => go(w, |w: &mut [f64]| gather::update(w, &place, i, &iv, value.slice(), &vv, |_, b| b)),
        Tensor::F32(_) => go(w, |w: &mut [f32]| gather::update(w, &place, i, &iv, value.slice(), &vv, |_, b| b)),
        Tensor::I64(_) => go(w, |w: &mut [i64]| gather::update(w, &place, i, &iv, value.slice(), &vv, |_, b| b)),
        Tensor::Bool(_) => go(w, |w: &mut [bool]| gather::update(w, &place, i, &iv, value.slice(), &vv, |_, b| b)),
    };
    if overflow { Err(super::integer_fault("a sum of this")) } else { Ok(vec![out]) }
}

/// Which writes of an update that sets are not written over: `axes` = the indexed axis, then the axes of the index
/// along which it is worked through; `dims` = the indexed dim.
pub static LAST_WRITE: OpDef = OpDef {
    name: "last_write",
    form: Form::Internal,
    signature: "last_write[v](y: label v [n]) -> bool[n]",
    doc: "True where no later index along the axes worked through is the same.",
    example: "",
    lifting: Lifting::Batched,
    infer: |c| Ok(vec![c.inputs[0].with_elem(Elem::Bool)]),
    gradient: Gradient::Zero,
    kernel: Kernel::General(|args| {
        let (index, ty, axes) = (&args.inputs[0], args.input_tys[0], &args.attrs.axes);
        let n = args.attrs.dims[0].size.known().expect("internal: an open size at run time");
        check_range(index, ty, &axes[0], n)?;
        let summed: Vec<bool> = ty.axes().map(|a| axes[1..].contains(a)).collect();
        let out = gather::last_write(index.slice(), index.shape(), &summed, n);
        Ok(vec![Tensor::from_vec(index.shape(), out)])
    }),
    notation: Notation::Call { latex: "\\operatorname{last\\_write}" },
    domain: &[Domain::Own("ops::index::tests")],
};

pub static INDEXING: &[&OpDef] = &[&PICK, &SCATTER_ADD, &UPDATE, &LAST_WRITE];

#[cfg(test)]
mod tests;

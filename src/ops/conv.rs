//! Convolution along named axes. Its gradients are convolutions of reversed and spread arrays, so they can be
//! differentiated again.

use super::infer;
use super::linalg::{count, dim_of, ren, sized};
use super::shape::{REVERSE, UNSLICE, call, reorder, shape_of, whole_grad};
use crate::diag::codes::check;
use crate::ir::{
    Attrs, Domain, Form, Gradient, InferCtx, Kernel, KernelArgs, Lifting, NodeId, Notation, OpDef, OpFault, RunFault,
    VjpCtx,
};
use crate::kernels::conv::{Shape, convolve};
use crate::kernels::shape::permute;
use crate::tensor::Tensor;
use crate::types::{ArrayTy, Axis, Dim, Elem, Size};

const TESTED: Domain = Domain::Own("ops::conv::tests");

/// `ints` = stride, then the padding before for each axis.
pub static CONV: OpDef = OpDef {
    name: "conv",
    form: Form::Internal,
    signature: "conv[h, w](x: real[c, h, w], kernel: real[o, c, h, w]) -> real[o, h, w]",
    doc: "Slides a kernel along axes that both arrays have, without flipping it (cross-correlation): \
          `y[t] = sum[s](x[stride * t + s - padding] * kernel[s])`. Other axes that both have (channels) are summed; axes \
          of one of them (a batch, filters) are kept. Outside of `x` there are zeros; without padding only whole \
          overlaps are taken.",
    example: "all(conv[t]([1, 2, 3] : real[t], [1, 10] : real[t]) == ([21, 32] : real[t]))",
    lifting: Lifting::Batched,
    infer: infer_conv,
    gradient: Gradient::Rule(gradient),
    kernel: Kernel::General(kernel),
    notation: Notation::Custom(|n| {
        let mut entries: Vec<String> = n.node.attrs.axes.iter().map(Axis::to_string).collect();
        let (stride, padding) = settings(&n.node.attrs);
        if stride != 1 {
            entries.push(format!("stride: {stride}"));
        }
        if padding.iter().any(|p| *p != 0) {
            let each: Vec<String> = padding.iter().map(i64::to_string).collect();
            entries.push(format!("padding: {}", each.join(" ")));
        }
        call("conv", entries, n.args.clone())
    }),
    domain: &[TESTED, TESTED],
};

fn settings(attrs: &Attrs) -> (i64, Vec<i64>) {
    let stride = attrs.ints.first().copied().unwrap_or(1);
    (stride, (0..attrs.axes.len()).map(|i| attrs.ints.get(i + 1).copied().unwrap_or(0)).collect())
}

/// The axes of both arrays by the part they play, besides those convolved.
struct Roles {
    /// Of `x` alone.
    batch: Vec<Dim>,
    /// Of both, summed.
    channels: Vec<Dim>,
    /// Of the kernel alone.
    filters: Vec<Dim>,
}

fn roles(x: &ArrayTy, kernel: &ArrayTy, axes: &[Axis]) -> Roles {
    let (rest, kernel_rest) = (x.without(axes), kernel.without(axes));
    let (channels, batch) = rest.into_iter().partition(|d: &Dim| kernel.has(&d.axis));
    Roles { batch, channels, filters: kernel_rest.into_iter().filter(|d| !x.has(&d.axis)).collect() }
}

fn infer_conv(c: &mut InferCtx) -> Result<Vec<ArrayTy>, OpFault> {
    infer::real(c, 0, "conv")?;
    infer::real(c, 1, "conv")?;
    infer::along(c, 0, "conv")?;
    infer::along(c, 1, "conv")?;
    if c.attrs.axes.is_empty() {
        return Err(OpFault::new(&check::E0304, "`conv` needs the axes along which the kernel slides"));
    }
    let (stride, padding) = settings(c.attrs);
    if stride < 1 {
        return Err(OpFault::new(&check::E0314, format!("the stride of a convolution is at least 1, not {stride}")));
    }
    let (x, kernel) = (c.inputs[0], c.inputs[1]);
    let parts = roles(x, kernel, &c.attrs.axes);
    let channels = |ty: &ArrayTy| ArrayTy::new(Elem::Real, ty.without(&c.attrs.axes));
    infer::union(&[(0, &channels(x)), (1, &channels(kernel))], c.sizes)?;
    let mut results = Vec::new();
    for (i, axis) in c.attrs.axes.iter().enumerate() {
        let new = c.attrs.dims[i].clone();
        if parts.batch.iter().chain(&parts.filters).any(|d| d.axis == new.axis) {
            let message = format!("`conv` makes axis `{}`, which its arguments already have", new.axis);
            return Err(OpFault::new(&check::E0303, message).label(0, format!("this is `{x}`")));
        }
        results.push(Dim::new(new.axis.clone(), result_size(c, axis, new.size, stride, padding[i])?));
    }
    let first = x.dims.iter().position(|d| parts.channels.contains(d)).or(x.position(&c.attrs.axes[0])).unwrap_or(0);
    let mut dims = Vec::new();
    for (i, dim) in x.dims.iter().enumerate() {
        if i == first {
            dims.extend(parts.filters.iter().cloned());
        }
        match c.attrs.axes.iter().position(|a| *a == dim.axis) {
            Some(at) => dims.push(results[at].clone()),
            None if kernel.has(&dim.axis) => {}
            None => dims.push(dim.clone()),
        }
    }
    Ok(vec![ArrayTy::new(Elem::Real, dims)])
}

/// The size of the result along one axis: as declared where that is known, else as many as fit with equal padding on
/// both sides.
fn result_size(c: &mut InferCtx, axis: &Axis, declared: Size, stride: i64, padding: i64) -> Result<Size, OpFault> {
    let declared = c.sizes.resolve(declared);
    let size = |i: usize| c.inputs[i].dim(axis).and_then(|d| c.sizes.resolve(d.size).known());
    let (Some(n), Some(k)) = (size(0), size(1)) else { return Ok(declared) };
    if declared.known().is_some_and(|m| m > 0) {
        return Ok(declared);
    }
    let room = (n as i64).saturating_add(padding.saturating_mul(2));
    if k == 0 || room < k as i64 {
        let message = format!("a kernel of {k} elements does not fit into axis `{axis}` of size {n}");
        let message = if k == 0 { format!("the kernel has no elements along `{axis}`") } else { message };
        let fault = OpFault::new(&check::E0314, message).label(0, format!("this is `{}`", c.inputs[0]));
        return Err(fault.label(1, format!("the kernel is `{}`", c.inputs[1])));
    }
    super::shape::unify(c, declared, Size::Known(((room - k as i64) / stride + 1) as usize), axis)
}

fn kernel(args: KernelArgs) -> Result<Vec<Tensor>, RunFault> {
    let (x, w) = (sized(args.input_tys[0], &args.inputs[0]), sized(args.input_tys[1], &args.inputs[1]));
    let axes = &args.attrs.axes;
    let parts = roles(&x, &w, axes);
    let along = |ty: &ArrayTy| -> Vec<Dim> { axes.iter().map(|a| dim_of(ty, a)).collect() };
    let sizes = |dims: &[Dim]| -> Vec<usize> { dims.iter().map(|d| d.size.known().unwrap_or(0)).collect() };
    let out = &args.output_tys[0];
    shape_of(out);
    let results: Vec<Dim> = args.attrs.dims.iter().map(|d| dim_of(out, &d.axis)).collect();
    let (stride, padding) = settings(args.attrs);
    let shape = Shape {
        batch: count(&parts.batch),
        channels: count(&parts.channels),
        filters: count(&parts.filters),
        input: sizes(&along(&x)),
        kernel: sizes(&along(&w)),
        output: sizes(&results),
        stride,
        padding,
    };
    let arranged = |t: &Tensor, ty: &ArrayTy, first: &[Dim]| {
        let wanted = first.iter().chain(&parts.channels).map(|d| &d.axis).chain(axes);
        let order: Vec<usize> = wanted.map(|a| ty.position(a).expect("internal: an axis is missing")).collect();
        permute(t, &order)
    };
    let (a, b) = (arranged(&args.inputs[0], &x, &parts.batch), arranged(&args.inputs[1], &w, &parts.filters));
    let dims: Vec<Dim> = parts.batch.iter().chain(&parts.filters).chain(&results).cloned().collect();
    let result = match (&a, &b) {
        (Tensor::F32(_), Tensor::F32(_)) => {
            Tensor::from_vec(&sizes(&dims), convolve::<f32>(a.slice(), b.slice(), &shape))
        }
        _ => Tensor::from_vec(&sizes(&dims), convolve::<f64>(a.slice(), b.slice(), &shape)),
    };
    Ok(vec![reorder(&result, &dims, &out.dims)])
}

/// With the gradient spread out by the stride: convolved with the reversed kernel, as far as they overlap at all, it
/// belongs to `x`; `x` convolved with it belongs to the kernel.
fn gradient(c: &mut VjpCtx) -> Vec<Option<NodeId>> {
    let Some(mut g) = whole_grad(c, 0) else { return vec![None, None] };
    let (x, w) = (c.input_ty(0), c.input_ty(1));
    let (stride, padding) = settings(&c.attrs);
    let axes = c.attrs.axes.clone();
    let pairs: Vec<(&Axis, &Axis)> = c.attrs.dims.iter().map(|d| &d.axis).zip(&axes).collect();
    g = ren(c.b, g, &pairs);
    if stride > 1 {
        for axis in &axes {
            let size = match dim_of(&c.b.ty(g), axis).size {
                Size::Known(m) => Size::Known(m.saturating_sub(1) * stride as usize + m.min(1)),
                Size::Var(_) => c.b.sizes.fresh(),
            };
            let attrs = Attrs::axes([axis.clone()]).with_dims([Dim::new(axis.clone(), size)]).with_ints([0, stride]);
            g = c.b.mk(&UNSLICE, &[g], attrs);
        }
    }
    let along = |ty: &ArrayTy| -> Vec<Dim> { axes.iter().map(|a| dim_of(ty, a)).collect() };
    let attrs = |dims: Vec<Dim>, padding: Vec<i64>| {
        let mut ints = vec![1];
        ints.extend(padding);
        Attrs::axes(axes.clone()).with_dims(dims).with_ints(ints)
    };
    let to_x = c.needs[0].then(|| {
        // While the kernel's size is open nothing is computed, and any padding serves.
        let last = |d: &Dim| d.size.known().map_or(0, |k| k as i64 - 1);
        let around = along(&w).iter().zip(&padding).map(|(d, p)| last(d) - p).collect();
        let reversed = c.b.mk(&REVERSE, &[c.inputs[1]], Attrs::axes(axes.clone()));
        c.b.mk(&CONV, &[g, reversed], attrs(along(&x), around))
    });
    let to_w = c.needs[1].then(|| c.b.mk(&CONV, &[c.inputs[0], g], attrs(along(&w), padding.clone())));
    vec![to_x, to_w]
}

pub static CONVOLUTIONS: &[&OpDef] = &[&CONV];

#[cfg(test)]
mod tests;

//! Random draws: functions of a key, loop counters and an element's place, so the same at any number of threads and
//! in any order. Gradients flow into parameters where a draw is a smooth function of them and of noise alone.

use super::index::check_range;
use super::join::strides_in;
use super::linalg::sized;
use super::shape::{dims_text, shape_of, whole_grad};
use super::{Build, infer};
use crate::diag::codes::{check, run};
use crate::ir::{
    Attrs, Builder, Form, Gradient, InferCtx, Kernel, KernelArgs, Lifting, NodeId, Notation, OpDef, OpFault, RunFault,
    VjpCtx,
};
use crate::kernels::random::{self as kernel, Stream};
use crate::kernels::shape::{Offsets, View, spread, strides};
use crate::tensor::Tensor;
use crate::types::{ArrayTy, Dim, Elem, Precision};

/// `normal[n: 100](0, 1)` and its like: `name` = the distribution, `ints` = key and number of parameters; inputs =
/// parameters, then loop counters. `categorical` has the axis of its probabilities in `axes`; `sample` has the axis
/// drawn and the axis drawn from in `dims`.
pub static RANDOM: OpDef = OpDef {
    name: "random",
    form: Form::Internal,
    signature: "normal[n: 100](mean: real, sd: real) -> real[n]",
    doc: "Random draws along new axes: `uniform(lo, hi)`, `normal(mean, sd)`, `exponential(rate)`, \
          `laplace(mean, scale)`, `gamma(shape, rate)`, `bernoulli(p)`, `integers(lo, hi)` without `hi`, \
          `categorical[k](p)` with weights that need not sum to 1, `permutation[n]`, and `sample`, so many different \
          coordinates of an axis in random order. Parameters may vary along the axes drawn; along their other axes \
          every coordinate is drawn anew. The stream is Philox 4x32-10 (Salmon et al. 2011), keyed by seed, \
          declaration and loop counters; 32-bit programs round 64-bit draws. The gradient of a draw holds its noise \
          fixed: it flows into the parameters of `uniform`, `normal`, `exponential` and `laplace` and into the rate of \
          `gamma`, and is zero otherwise.",
    example: "size(normal[n: 5](0, 1), n) == 5",
    lifting: Lifting::Leaf,
    infer: infer_random,
    gradient: Gradient::Rule(gradient),
    kernel: Kernel::General(draw),
    notation: Notation::Custom(|n| {
        let drawn = n.args[..parameters(&n.node.attrs).min(n.args.len())].to_vec();
        let mut entries: Vec<String> = n.node.attrs.axes.iter().map(|a| a.to_string()).collect();
        entries.extend(dims_text(&n.node.attrs.dims));
        super::shape::call(distribution(&n.node.attrs), entries, drawn)
    }),
    domain: &[],
};

fn distribution(attrs: &Attrs) -> &str {
    attrs.name.as_deref().unwrap_or("uniform")
}

fn parameters(attrs: &Attrs) -> usize {
    attrs.ints.get(1).copied().unwrap_or(0).max(0) as usize
}

/// How many parameters a distribution takes.
fn wanted(name: &str) -> Option<usize> {
    match name {
        "uniform" | "normal" | "laplace" | "gamma" | "integers" => Some(2),
        "exponential" | "bernoulli" | "categorical" => Some(1),
        "permutation" | "sample" => Some(0),
        _ => None,
    }
}

fn infer_random(c: &mut InferCtx) -> Result<Vec<ArrayTy>, OpFault> {
    let (name, n) = (distribution(c.attrs).to_string(), parameters(c.attrs));
    let fault = |message: String| OpFault::new(&check::E0401, message);
    match wanted(&name) {
        None => return Err(fault(format!("there is no distribution `{name}`"))),
        Some(count) if count != n || c.inputs.len() < n => {
            return Err(fault(format!("`{name}` takes {count} parameters, found {n}")));
        }
        Some(_) => {}
    }
    let elem = if name == "integers" { Elem::Int } else { Elem::Real };
    for (i, ty) in c.inputs.iter().enumerate() {
        let fits = if i < n { ty.elem == elem } else { ty.elem.is_integer() && ty.is_scalar() };
        if !fits {
            let kind = if i < n { elem.to_string() } else { "loop counters of one int".into() };
            return Err(fault(format!("`{name}` takes {kind} parameters")).label(i, format!("this is `{ty}`")));
        }
    }
    let mut drawn = ArrayTy::new(elem.clone(), c.attrs.dims.clone());
    let result = match name.as_str() {
        "bernoulli" => Elem::Bool,
        "categorical" => {
            let Some(axis) = c.attrs.axes.first() else {
                let message = "`categorical` needs the axis of its weights";
                return Err(OpFault::new(&check::E0304, message));
            };
            infer::has(c, 0, axis, "categorical")?;
            if drawn.has(axis) {
                return Err(fault(format!("`categorical` draws labels of axis `{axis}`, not along it")));
            }
            Elem::Label(axis.clone())
        }
        "permutation" if drawn.dims.len() == 1 => Elem::Label(drawn.dims[0].axis.clone()),
        "sample" if drawn.dims.len() == 2 => {
            let from = drawn.dims.remove(1);
            let (size, all) = (c.sizes.resolve(drawn.dims[0].size), c.sizes.resolve(from.size));
            if let (Some(size), Some(all)) = (size.known(), all.known())
                && size > all
            {
                let message =
                    format!("a sample of {size} different coordinates of axis `{}`, of size {all}", from.axis);
                return Err(OpFault::new(&check::E0318, message));
            }
            Elem::Label(from.axis)
        }
        "permutation" | "sample" => {
            return Err(OpFault::new(&check::E0304, format!("`{name}` draws along one axis")));
        }
        _ => elem,
    };
    let mut tys: Vec<(usize, &ArrayTy)> = vec![(0, &drawn)];
    tys.extend(c.inputs[..n].iter().enumerate().map(|(i, ty)| (i, *ty)));
    let mut dims = infer::union(&tys, c.sizes)?;
    if name == "categorical" {
        dims.retain(|d| !c.attrs.axes.contains(&d.axis));
    }
    Ok(vec![ArrayTy::new(result, dims)])
}

fn draw(args: KernelArgs) -> Result<Vec<Tensor>, RunFault> {
    let out = &args.output_tys[0];
    let shape = shape_of(out);
    let n: usize = shape.iter().product();
    let count = parameters(args.attrs);
    let counters: Vec<i64> = args.inputs[count..].iter().map(|t| t.slice::<i64>()[0]).collect();
    let stream = Stream::new(args.attrs.ints[0] as u64, &counters);
    let name = distribution(args.attrs);
    if name == "categorical" {
        return categorical(&args, stream, &shape);
    }
    // A parameter is given once, or for every element.
    let given = |i: usize| -> Tensor {
        let (x, ty) = (&args.inputs[i], args.input_tys[i]);
        if ty.is_scalar() { x.clone() } else { spread(x, &shape, &strides_in(out, ty, x.shape())) }
    };
    let real = |i: usize| given(i).to_f64();
    let data = match name {
        "uniform" => kernel::uniform(stream, n, &real(0), &real(1)),
        "normal" => kernel::normal(stream, n, &real(0), &real(1)),
        "exponential" => kernel::exponential(stream, n, &real(0)),
        "laplace" => kernel::laplace(stream, n, &real(0), &real(1)),
        "gamma" => kernel::gamma(stream, n, &real(0), &real(1)),
        "bernoulli" => return Ok(vec![Tensor::from_vec(&shape, kernel::bernoulli(stream, n, &real(0)))]),
        "integers" => {
            let drawn = kernel::integers(stream, n, given(0).slice(), given(1).slice());
            return Ok(vec![Tensor::from_vec(&shape, drawn)]);
        }
        _ => {
            let dims = &args.attrs.dims;
            let all = dims[dims.len() - 1].size.known().expect("internal: an open size at run time");
            return Ok(vec![Tensor::from_vec(&shape, kernel::permutations(stream, 1, all, n))]);
        }
    };
    Ok(vec![match args.precision {
        Precision::F64 => Tensor::from_vec(&shape, data),
        Precision::F32 => Tensor::from_vec(&shape, data.into_iter().map(|x| x as f32).collect()),
    }])
}

fn categorical(args: &KernelArgs, stream: Stream, shape: &[usize]) -> Result<Vec<Tensor>, RunFault> {
    let (p, ty, out) = (&args.inputs[0], args.input_tys[0], &args.output_tys[0]);
    let axis = &args.attrs.axes[0];
    let at = ty.position(axis).expect("internal: an axis is missing");
    let view = View { shape: shape.to_vec(), strides: strides_in(out, ty, p.shape()), base: 0 };
    let base = |i: usize| Offsets::from(&view, i).next().unwrap_or(0);
    let stride = strides(p.shape())[at] as usize;
    let drawn = kernel::categorical(stream, shape.iter().product(), p.shape()[at], &p.to_f64(), base, stride);
    if let Some(bad) = drawn.iter().position(Option::is_none) {
        let mut rest = bad;
        let mut place: Vec<String> = Vec::new();
        for (dim, &size) in out.dims.iter().zip(shape).rev() {
            place.push(format!("{} = {}", dim.axis, rest % size.max(1)));
            rest /= size.max(1);
        }
        place.reverse();
        let which = if place.is_empty() { String::new() } else { format!(" at {}", place.join(", ")) };
        let message = format!("the weights along axis `{axis}` are not a distribution");
        let label = format!("the weights for the draw{which} are negative, infinite, not a number, or all zero");
        return Err(RunFault::new(&run::E0713, message, label).help("weights are at least 0 and not all 0"));
    }
    let labels = Tensor::from_vec(shape, drawn.into_iter().flatten().collect());
    check_range(&labels, &sized(out, &labels), axis, p.shape()[at])?;
    Ok(vec![labels])
}

/// The same draw with standard parameters: its noise.
fn noise(c: &mut VjpCtx, dims: &[Dim], standard: &[f64]) -> NodeId {
    let count = parameters(&c.attrs);
    let mut inputs: Vec<NodeId> = standard.iter().map(|v| c.b.real(*v)).collect();
    inputs.extend_from_slice(&c.inputs[count..]);
    let attrs = c.attrs.clone().with_dims(dims);
    c.b.mk(&RANDOM, &inputs, attrs)
}

fn gradient(c: &mut VjpCtx) -> Vec<Option<NodeId>> {
    let mut grads = vec![None; c.inputs.len()];
    let Some(g) = whole_grad(c, 0) else { return grads };
    let out = c.output_ty();
    let derivative: [Option<NodeId>; 2] = match distribution(&c.attrs) {
        "normal" | "laplace" => {
            let z = noise(c, &out.dims, &[0.0, 1.0]);
            [Some(c.b.real(1.0)), Some(z)]
        }
        "uniform" => {
            let u = noise(c, &out.dims, &[0.0, 1.0]);
            [Some(c.b.one_minus(u)), Some(u)]
        }
        "exponential" => [Some(by_rate(c.b, c.outputs[0], c.inputs[0])), None],
        "gamma" => [None, Some(by_rate(c.b, c.outputs[0], c.inputs[1]))],
        _ => [None, None],
    };
    for (i, d) in derivative.into_iter().enumerate() {
        if let Some(d) = d
            && c.needs[i]
        {
            let product = c.mul(g, d);
            grads[i] = c.shrink(product, i);
        }
    }
    grads
}

/// The derivative of `noise / rate` by the rate.
fn by_rate(b: &mut Builder, x: NodeId, rate: NodeId) -> NodeId {
    let ratio = b.div(x, rate);
    b.neg(ratio)
}

pub static DRAWS: &[&OpDef] = &[&RANDOM];

#[cfg(test)]
mod tests;

//! Operations in order along an axis: sorting, ranks, the largest few, running sums, products and extremes.

use super::shape::{linear, one_axis, positions, shape_of, whole_grad};
use super::{Build, infer};
use crate::diag::codes::check;
use crate::ir::{
    Attrs, Builder, Domain, Form, Formula, Gradient, InferCtx, Kernel, KernelArgs, Lifting, NodeId, Notation,
    NotationArgs, OpDef, OpFault, RunFault, VjpCtx,
};
use crate::kernels::sort::{self, Lanes, Ordered};
use crate::tensor::{Element, Tensor};
use crate::types::{ArrayTy, Axis, Dim, Elem, Size};

const ALONG: Form = Form::Along { args: 1, default_all: true };

fn lanes(args: &KernelArgs) -> Lanes {
    Lanes::new(args.inputs[0].shape(), positions(args.input_tys[0], &args.attrs.axes)[0])
}

fn descending(attrs: &Attrs) -> bool {
    attrs.ints.first() == Some(&1)
}

/// The one axis of an operation along an axis.
fn single<'a>(c: &InferCtx<'a>, op: &str) -> Result<&'a Dim, OpFault> {
    if c.attrs.axes.len() != 1 {
        let axes = c.inputs[0].axes().map(Axis::to_string).collect::<Vec<_>>().join(", ");
        let fault = OpFault::new(&check::E0304, format!("`{op}` works along one axis"));
        let help = if axes.is_empty() { "its argument has no axes".into() } else { format!("name one of {axes}") };
        return Err(fault.label(0, format!("this is `{}`", c.inputs[0])).help(help));
    }
    Ok(one_axis(c, op)?.1)
}

fn notation(n: &NotationArgs) -> Formula {
    let mut axes: Vec<String> = n.node.attrs.axes.iter().map(Axis::to_string).collect();
    if descending(&n.node.attrs) {
        axes.push("descending".into());
    }
    super::shape::call(n.node.op.name, axes, n.args.clone())
}

/// The same computation for whichever element type a tensor has, in an order that every type has.
macro_rules! ordered {
    ($x:expr, $f:ident($lanes:expr $(, $arg:expr)*)) => {
        match $x {
            Tensor::F64(_) => wrap($x, $f::<f64>($x.slice(), $lanes $(, $arg)*)),
            Tensor::F32(_) => wrap($x, $f::<f32>($x.slice(), $lanes $(, $arg)*)),
            Tensor::I64(_) => wrap($x, $f::<i64>($x.slice(), $lanes $(, $arg)*)),
            Tensor::Bool(_) => wrap($x, $f::<bool>($x.slice(), $lanes $(, $arg)*)),
        }
    };
}

fn wrap<T: Element>(like: &Tensor, data: Vec<T>) -> Tensor {
    Tensor::from_vec(like.shape(), data)
}

fn sorted<T: Ordered>(x: &[T], lanes: Lanes, down: bool) -> Vec<T> {
    sort::sort(x, lanes, down)
}

fn arg_sorted<T: Ordered>(x: &[T], lanes: Lanes, down: bool) -> Vec<i64> {
    sort::argsort(x, lanes, down)
}

fn ranked<T: Ordered>(x: &[T], lanes: Lanes, down: bool) -> Vec<i64> {
    sort::rank(x, lanes, down)
}

fn arg_running<T: Ordered>(x: &[T], lanes: Lanes, largest: bool) -> Vec<i64> {
    sort::cumulative_arg(x, lanes, largest)
}

pub static SORT: OpDef = OpDef {
    name: "sort",
    form: ALONG,
    signature: "sort[k](x: real[k]) -> real[k]",
    doc: "The elements in ascending order along an axis; NaN comes last. The gradient goes back to where each element \
          came from; equal elements keep their order.",
    example: "all(sort[k]([3, 1, 2] : real[k]) == ([1, 2, 3] : real[k]))",
    lifting: Lifting::Batched,
    infer: |c| {
        single(c, "sort")?;
        Ok(vec![c.inputs[0].clone()])
    },
    gradient: Gradient::Rule(|c| {
        linear(c, |c, g| {
            let attrs = c.attrs.clone();
            let rank = c.b.mk(&RANK, &[c.inputs[0]], attrs);
            c.b.pick(g, &c.attrs.axes[0], rank)
        })
    }),
    kernel: Kernel::General(|args| Ok(vec![ordered!(&args.inputs[0], sorted(lanes(&args), descending(args.attrs)))])),
    notation: Notation::Custom(notation),
    domain: &[Domain::Own("ops::order::tests")],
};

pub static ARGSORT: OpDef = OpDef {
    name: "argsort",
    form: ALONG,
    signature: "argsort[k](x: real[k]) -> label k [k]",
    doc: "The coordinates in the order of their elements: `x[k = argsort[k](x)]` is `sort[k](x)`. Stable: equal elements \
          keep their order. NaN comes last.",
    example: "all(argsort[k]([30, 10, 20] : real[k]) == ([1, 2, 0] : label k [k]))",
    lifting: Lifting::Batched,
    infer: |c| {
        let axis = single(c, "argsort")?.axis.clone();
        Ok(vec![c.inputs[0].with_elem(Elem::Label(axis))])
    },
    gradient: Gradient::Zero,
    kernel: Kernel::General(|args| {
        Ok(vec![ordered!(&args.inputs[0], arg_sorted(lanes(&args), descending(args.attrs)))])
    }),
    notation: Notation::Custom(notation),
    domain: &[Domain::Own("ops::order::tests")],
};

pub static RANK: OpDef = OpDef {
    name: "rank",
    form: ALONG,
    signature: "rank[k](x: real[k]) -> int[k]",
    doc: "The place of each element in ascending order, from 0: the inverse of `argsort`. Equal elements get different \
          places, in their order. NaN comes last.",
    example: "all(rank[k]([30, 10, 20] : real[k]) == ([2, 0, 1] : int[k]))",
    lifting: Lifting::Batched,
    infer: |c| {
        single(c, "rank")?;
        Ok(vec![c.inputs[0].with_elem(Elem::Int)])
    },
    gradient: Gradient::Zero,
    kernel: Kernel::General(|args| Ok(vec![ordered!(&args.inputs[0], ranked(lanes(&args), descending(args.attrs)))])),
    notation: Notation::Custom(notation),
    domain: &[Domain::Own("ops::order::tests")],
};

/// The largest few: values, and the coordinates they came from.
pub static TOPK: OpDef = OpDef {
    name: "topk",
    form: Form::Internal,
    signature: "topk[k](x: real[k], 5) -> real[k: 5]",
    doc: "The largest elements along an axis in descending order, and the coordinates they came from; of equal ones the \
          first. NaN comes after every number. The gradient goes back to where each came from.",
    example: "sum(topk[k]([1, 5, 3] : real[k], 2)) == 8",
    lifting: Lifting::Batched,
    infer: |c| {
        let (at, old) = one_axis(c, "topk")?;
        let new = Dim::new(c.attrs.dims[0].axis.clone(), c.sizes.resolve(c.attrs.dims[0].size));
        if new.axis != old.axis {
            infer::lacks(c, 0, &new.axis, "topk")?;
        }
        if let (Size::Known(n), Size::Known(k)) = (c.sizes.resolve(old.size), new.size)
            && k > n
        {
            let message = format!("the largest {k} of axis `{}`, which has size {n}", old.axis);
            return Err(OpFault::new(&check::E0318, message).label(0, format!("this is `{}`", c.inputs[0])));
        }
        let mut dims = c.inputs[0].dims.clone();
        dims[at] = new;
        let values = ArrayTy::new(c.inputs[0].elem.clone(), dims);
        let labels = values.with_elem(Elem::Label(old.axis.clone()));
        Ok(vec![values, labels])
    },
    gradient: Gradient::Rule(|c| {
        linear(c, |c, g| {
            let x = c.input_ty(0);
            let axis = c.attrs.axes[0].clone();
            let dim = x.dim(&axis).expect("internal: an axis is missing").clone();
            let attrs = Attrs::axes([axis, c.attrs.dims[0].axis.clone()]).with_dims([dim]);
            c.b.mk(&super::index::SCATTER_ADD, &[g, c.outputs[1]], attrs)
        })
    }),
    kernel: Kernel::General(|args| {
        fn go<T: Ordered>(x: &Tensor, lanes: Lanes, shape: &[usize], k: usize) -> Vec<Tensor> {
            let at = sort::topk(x.slice::<T>(), lanes, k, true);
            let values = sort::take(x.slice::<T>(), &at, lanes, k);
            vec![Tensor::from_vec(shape, values), Tensor::from_vec(shape, at)]
        }
        let (x, lanes) = (&args.inputs[0], lanes(&args));
        let shape = shape_of(&args.output_tys[0]);
        let k = shape[positions(args.input_tys[0], &args.attrs.axes)[0]];
        Ok(match x {
            Tensor::F64(_) => go::<f64>(x, lanes, &shape, k),
            Tensor::F32(_) => go::<f32>(x, lanes, &shape, k),
            Tensor::I64(_) => go::<i64>(x, lanes, &shape, k),
            Tensor::Bool(_) => go::<bool>(x, lanes, &shape, k),
        })
    }),
    notation: Notation::Custom(|n| {
        let mut args = n.args.clone();
        args.push(n.node.attrs.dims[0].size.known().map_or(Formula::Text("?".into()), |k| Formula::Number(k as f64)));
        super::shape::call("topk", vec![n.node.attrs.axes[0].to_string()], args)
    }),
    domain: &[Domain::Own("ops::order::tests")],
};

fn infer_running(c: &mut InferCtx, op: &str) -> Result<Vec<ArrayTy>, OpFault> {
    single(c, op)?;
    infer::elem(c, 0, op, "numbers", |e| matches!(e, Elem::Real | Elem::Int))?;
    Ok(vec![c.inputs[0].clone()])
}

pub static CUMSUM: OpDef = OpDef {
    name: "cumsum",
    form: ALONG,
    signature: "cumsum[t](x: real[t]) -> real[t]",
    doc: "Running sums: element `t` is the sum of all up to and with `t`, formed with a correction so that late terms \
          lose no digits.",
    example: "all(cumsum[t]([1, 2, 3] : real[t]) == ([1, 3, 6] : real[t]))",
    lifting: Lifting::Batched,
    infer: |c| infer_running(c, "cumsum"),
    gradient: Gradient::Rule(|c| {
        linear(c, |c, g| {
            let attrs = Attrs::axes(c.attrs.axes.clone());
            let back = reversed(c.b, g, &c.attrs.axes[0]);
            let sums = c.b.mk(&CUMSUM, &[back], attrs);
            reversed(c.b, sums, &c.attrs.axes[0])
        })
    }),
    kernel: Kernel::General(|args| {
        let (x, lanes) = (&args.inputs[0], lanes(&args));
        match x {
            Tensor::F64(_) => Ok(vec![wrap(x, sort::cumsum::<f64>(x.slice(), lanes))]),
            Tensor::F32(_) => Ok(vec![wrap(x, sort::cumsum::<f32>(x.slice(), lanes))]),
            _ => running_ints(x, lanes, 0, |a, b| a.checked_add(b)),
        }
    }),
    notation: Notation::Custom(notation),
    domain: &[Domain::Own("ops::order::tests")],
};

fn running_ints(
    x: &Tensor,
    lanes: Lanes,
    start: i128,
    step: impl Fn(i128, i128) -> Option<i128> + Sync,
) -> Result<Vec<Tensor>, RunFault> {
    let all = sort::running_ints(x.slice(), lanes, start, step);
    all.map(|data| vec![wrap(x, data)]).ok_or_else(|| super::integer_fault("the result of this"))
}

fn reversed(b: &mut Builder, x: NodeId, axis: &Axis) -> NodeId {
    b.mk(&super::shape::REVERSE, &[x], Attrs::axes([axis.clone()]))
}

pub static CUMPROD: OpDef = OpDef {
    name: "cumprod",
    form: ALONG,
    signature: "cumprod[t](x: real[t]) -> real[t]",
    doc: "Running products: element `t` is the product of all up to and with `t`. The gradient divides by nothing, so \
          zeros do no harm.",
    example: "all(cumprod[t]([1, 2, 3] : real[t]) == ([1, 2, 6] : real[t]))",
    lifting: Lifting::Batched,
    infer: |c| infer_running(c, "cumprod"),
    gradient: Gradient::Rule(cumprod_gradient),
    kernel: Kernel::General(|args| {
        let (x, lanes) = (&args.inputs[0], lanes(&args));
        match x {
            Tensor::F64(_) => Ok(vec![wrap(x, sort::cumprod::<f64>(x.slice(), lanes))]),
            Tensor::F32(_) => Ok(vec![wrap(x, sort::cumprod::<f32>(x.slice(), lanes))]),
            _ => running_ints(x, lanes, 1, |a, b| a.checked_mul(b)),
        }
    }),
    notation: Notation::Custom(notation),
    domain: &[Domain::Own("ops::order::tests")],
};

/// `x` moved on by one place along an axis, `fill` in the first place; needs no size.
fn shifted(b: &mut Builder, x: NodeId, axis: &Axis, fill: f64) -> NodeId {
    let dim = b.ty(x).dim(axis).expect("internal: an axis is missing").clone();
    let coordinate = b.iota(&dim);
    let coordinate = b.cast(coordinate, Elem::Int);
    let (zero, one) = (b.int(0), b.int(1));
    let first = b.eq(coordinate, zero);
    let before = b.sub(coordinate, one);
    let before = b.maximum(before, zero);
    let moved = b.pick(x, axis, before);
    let fill = b.real(fill);
    b.select(first, fill, moved)
}

/// With `p` the products before each element and `s[t] = g[t] + x[t+1] s[t+1]`, the gradient is `p s`.
fn cumprod_gradient(c: &mut VjpCtx) -> Vec<Option<NodeId>> {
    linear(c, |c, g| {
        let axis = c.attrs.axes[0].clone();
        let before = shifted(c.b, c.outputs[0], &axis, 1.0);
        let (back, factors) = (reversed(c.b, g, &axis), reversed(c.b, c.inputs[0], &axis));
        let factors = shifted(c.b, factors, &axis, 0.0);
        let s = c.b.mk(&RECURRENCE, &[factors, back], Attrs::axes([axis.clone()]));
        let s = reversed(c.b, s, &axis);
        c.mul(s, before)
    })
}

pub static RECURRENCE: OpDef = OpDef {
    name: "recurrence",
    form: Form::Along { args: 2, default_all: true },
    signature: "recurrence[t](a: real[t], b: real[t]) -> real[t]",
    doc: "The linear recurrence `s[t] = a[t] * s[t - 1] + b[t]`, starting from 0: exponential averages, discounted \
          returns. The first factor has no effect.",
    example: "all(recurrence[t]([0, 2, 2] : real[t], [1, 1, 1] : real[t]) == ([1, 3, 7] : real[t]))",
    lifting: Lifting::Batched,
    infer: |c| {
        single(c, "recurrence")?;
        infer::has(c, 1, &c.attrs.axes[0], "recurrence")?;
        infer::real(c, 0, "recurrence")?;
        infer::real(c, 1, "recurrence")?;
        Ok(vec![ArrayTy::new(Elem::Real, infer::aligned(c)?)])
    },
    gradient: Gradient::Rule(recurrence_gradient),
    kernel: Kernel::General(|args| {
        let out = &args.output_tys[0];
        let shape = shape_of(out);
        let spread = |i: usize| {
            let x = &args.inputs[i];
            crate::kernels::shape::spread(x, &shape, &super::join::strides_in(out, args.input_tys[i], x.shape()))
        };
        let (a, b) = (spread(0), spread(1));
        let lanes = Lanes::new(&shape, positions(out, &args.attrs.axes)[0]);
        Ok(vec![match &a {
            Tensor::F32(_) => wrap(&a, sort::recurrence::<f32>(a.slice(), b.slice(), lanes)),
            _ => wrap(&a, sort::recurrence::<f64>(a.slice(), b.slice(), lanes)),
        }])
    }),
    notation: Notation::Custom(notation),
    domain: &[Domain::Own("ops::order::tests"), Domain::Own("ops::order::tests")],
};

/// The gradient of `b` is the recurrence run backwards with the next factor; that of `a` is it times the state before.
fn recurrence_gradient(c: &mut VjpCtx) -> Vec<Option<NodeId>> {
    let Some(g) = whole_grad(c, 0) else { return vec![None, None] };
    let axis = c.attrs.axes[0].clone();
    let (back, factors) = (reversed(c.b, g, &axis), reversed(c.b, c.inputs[0], &axis));
    let factors = shifted(c.b, factors, &axis, 0.0);
    let s = c.b.mk(&RECURRENCE, &[factors, back], Attrs::axes([axis.clone()]));
    let s = reversed(c.b, s, &axis);
    let to_a = if c.needs[0] {
        let before = shifted(c.b, c.outputs[0], &axis, 0.0);
        let product = c.mul(s, before);
        c.shrink(product, 0)
    } else {
        None
    };
    let to_b = if c.needs[1] { c.shrink(s, 1) } else { None };
    vec![to_a, to_b]
}

macro_rules! running_extremes {
    ($($id:ident $name:literal $arg:ident $arg_name:literal $largest:literal $word:literal $example:literal;)*) => {$(
        pub static $id: OpDef = OpDef {
            name: $name,
            form: ALONG,
            signature: concat!($name, "[t](x: real[t]) -> real[t]"),
            doc: concat!(
                "The ", $word, " element so far: element `t` is the ", $word, " of all up to and with `t`. From the \
                 first NaN on, NaN. The gradient goes to the first element that attains it.",
            ),
            example: $example,
            lifting: Lifting::Batched,
            infer: |c| infer_running(c, $name),
            gradient: Gradient::Rule(|c| {
                linear(c, |c, g| {
                    let axis = c.attrs.axes[0].clone();
                    let dim = c.input_ty(0).dim(&axis).expect("internal: an axis is missing").clone();
                    let winner = c.b.mk(&$arg, &[c.inputs[0]], Attrs::axes([axis.clone()]));
                    let attrs = Attrs::axes([axis.clone(), axis]).with_dims([dim]);
                    c.b.mk(&super::index::SCATTER_ADD, &[g, winner], attrs)
                })
            }),
            kernel: Kernel::General(|args| Ok(vec![running_extreme(&args.inputs[0], lanes(&args), $largest)])),
            notation: Notation::Custom(notation),
            domain: &[Domain::Own("ops::order::tests")],
        };

        /// Where the running extreme stands.
        pub static $arg: OpDef = OpDef {
            name: $arg_name,
            form: ALONG,
            signature: concat!($arg_name, "[t](x: real[t]) -> label t [t]"),
            doc: concat!("The coordinate of the ", $word, " element so far; the first of equal ones."),
            example: concat!("all(", $arg_name, "[t]([2, 2] : real[t]) == 0)"),
            lifting: Lifting::Batched,
            infer: |c| {
                let axis = single(c, $arg_name)?.axis.clone();
                Ok(vec![c.inputs[0].with_elem(Elem::Label(axis))])
            },
            gradient: Gradient::Zero,
            kernel: Kernel::General(|args| Ok(vec![ordered!(&args.inputs[0], arg_running(lanes(&args), $largest))])),
            notation: Notation::Custom(notation),
            domain: &[Domain::Own("ops::order::tests")],
        };
    )*};
}

running_extremes! {
    CUMMAX "cummax" CUMARGMAX "cumargmax" true "largest"
        "all(cummax[t]([1, 3, 2] : real[t]) == ([1, 3, 3] : real[t]))";
    CUMMIN "cummin" CUMARGMIN "cumargmin" false "smallest"
        "all(cummin[t]([3, 1, 2] : real[t]) == ([3, 1, 1] : real[t]))";
}

fn running_extreme(x: &Tensor, lanes: Lanes, largest: bool) -> Tensor {
    fn go<T: Ordered>(x: &Tensor, lanes: Lanes, largest: bool) -> Tensor {
        let at = sort::cumulative_arg(x.slice::<T>(), lanes, largest);
        wrap(x, sort::take(x.slice::<T>(), &at, lanes, lanes.n))
    }
    match x {
        Tensor::F64(_) => go::<f64>(x, lanes, largest),
        Tensor::F32(_) => go::<f32>(x, lanes, largest),
        Tensor::I64(_) => go::<i64>(x, lanes, largest),
        Tensor::Bool(_) => go::<bool>(x, lanes, largest),
    }
}

pub static ORDERS: &[&OpDef] =
    &[&SORT, &ARGSORT, &RANK, &TOPK, &CUMSUM, &CUMPROD, &RECURRENCE, &CUMMAX, &CUMMIN, &CUMARGMAX, &CUMARGMIN];

#[cfg(test)]
mod tests;

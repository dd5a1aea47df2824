//! Reductions: operations that take axes away, and those that compare the elements along axes with each other
//! (softmax). An empty list of axes is the identity.

use super::{Build, infer};
use crate::diag::codes::run;
use crate::ir::{
    Builder, Domain, Form, Formula, Gradient, InferCtx, Kernel, KernelArgs, Lifting, NodeId, Notation, NotationArgs,
    OpDef, OpFault, RunFault, VjpCtx,
};
use crate::kernels::reduce;
use crate::tensor::Tensor;
use crate::types::{ArrayTy, Axis, Dim, Elem};

const FORM: Form = Form::Along { args: 1, default_all: true };
const ANY: &[Domain] = &[Domain::Between(-3.0, 3.0)];

/// What becomes of the axes worked along.
#[derive(Clone, Copy)]
enum Axes {
    Drop,
    Keep,
}

/// What a reduction's result is made of, given the element type of its argument; `None` if it does not take it.
type ResultElem = fn(&Elem, &[Axis]) -> Option<Elem>;

fn infer_reduce(
    c: &mut InferCtx,
    op: &str,
    wanted: &str,
    result: ResultElem,
    axes: Axes,
) -> Result<Vec<ArrayTy>, OpFault> {
    infer::elem(c, 0, op, wanted, |e| result(e, &c.attrs.axes).is_some())?;
    infer::along(c, 0, op)?;
    let x = c.inputs[0];
    let elem = result(&x.elem, &c.attrs.axes).unwrap_or(Elem::Real);
    let dims = match axes {
        Axes::Drop => x.without(&c.attrs.axes),
        Axes::Keep => x.dims.clone(),
    };
    Ok(vec![ArrayTy::new(elem, dims)])
}

fn only_real(e: &Elem, _: &[Axis]) -> Option<Elem> {
    (*e == Elem::Real).then_some(Elem::Real)
}

fn total(e: &Elem, _: &[Axis]) -> Option<Elem> {
    match e {
        Elem::Real => Some(Elem::Real),
        Elem::Int | Elem::Bool => Some(Elem::Int),
        Elem::Label(_) => None,
    }
}

fn number(e: &Elem, _: &[Axis]) -> Option<Elem> {
    matches!(e, Elem::Real | Elem::Int).then(|| e.clone())
}

fn only_bool(e: &Elem, _: &[Axis]) -> Option<Elem> {
    (*e == Elem::Bool).then_some(Elem::Bool)
}

fn count(e: &Elem, _: &[Axis]) -> Option<Elem> {
    (*e == Elem::Bool).then_some(Elem::Int)
}

fn coordinate(e: &Elem, axes: &[Axis]) -> Option<Elem> {
    matches!(e, Elem::Real | Elem::Int).then(|| Elem::Label(axes.first().cloned().unwrap_or(Axis::global("?"))))
}

/// `\sum_{k}`: written with a big operator.
fn big(n: &NotationArgs, latex: &str) -> Formula {
    let axes = n.node.attrs.axes.iter().map(Axis::to_string).collect();
    let body = Box::new(n.args[0].clone());
    Formula::Reduce { function: n.node.op.name.into(), latex: latex.into(), axes, body }
}

macro_rules! reductions {
    ($($id:ident $name:literal $signature:literal $form:expr; $doc:literal example $example:literal
        elem $elem:ident $wanted:literal $axes:ident; notation $notation:expr; domain $domain:expr;
        kernel $kernel:expr; gradient $gradient:expr;)*) => {
        $(
            #[doc = $doc]
            pub static $id: OpDef = OpDef {
                name: $name,
                form: $form,
                signature: $signature,
                doc: $doc,
                example: $example,
                lifting: Lifting::Batched,
                infer: |c| infer_reduce(c, $name, $wanted, $elem, Axes::$axes),
                gradient: $gradient,
                kernel: Kernel::General($kernel),
                notation: $notation,
                domain: $domain,
            };
        )*
    };
}

/// Runs a kernel that cannot fail.
fn run(args: KernelArgs, kernel: fn(&Tensor, &ArrayTy, &[Axis]) -> Tensor) -> Result<Vec<Tensor>, RunFault> {
    Ok(vec![kernel(&args.inputs[0], args.input_tys[0], &args.attrs.axes)])
}

/// Runs a kernel on ints that may overflow.
fn run_checked(
    args: KernelArgs,
    kernel: fn(&Tensor, &ArrayTy, &[Axis]) -> Option<Tensor>,
) -> Result<Vec<Tensor>, RunFault> {
    let out = kernel(&args.inputs[0], args.input_tys[0], &args.attrs.axes);
    out.map(|t| vec![t]).ok_or_else(|| super::integer_fault("the result of this"))
}

/// Runs a kernel that has no result for an axis without coordinates.
fn run_nonempty(
    args: KernelArgs,
    what: &str,
    kernel: fn(&Tensor, &ArrayTy, &[Axis]) -> Tensor,
) -> Result<Vec<Tensor>, RunFault> {
    let ty = args.input_tys[0];
    for axis in &args.attrs.axes {
        let empty = ty.position(axis).is_some_and(|i| args.inputs[0].shape()[i] == 0);
        let needed = args.output_tys[0].shape().is_none_or(|s| !s.contains(&0));
        if empty && needed {
            let message = format!("`{what}` along axis `{axis}`, which has size 0");
            return Err(RunFault::new(&run::E0702, message, format!("this has `{axis}: 0`")));
        }
    }
    run(args, kernel)
}

reductions! {
    SUM "sum" "sum[k](x: real[k]) -> real" FORM;
    "The sum along axes: pairwise in blocks of fixed length, so accurate and the same for any number of threads (32-bit \
     reals are added in 64 bits). Truth values and ints give an int."
    example "sum([1, 2, 3] : real[k]) == 6"
    elem total "numbers or truth values" Drop; notation Notation::Custom(|n| big(n, "\\sum")); domain ANY;
    kernel |args| run_checked(args, reduce::sum);
    gradient Gradient::Rule(|c| {
        let Some(g) = c.grad() else { return vec![None] };
        let ty = c.input_ty(0);
        vec![Some(c.b.broadcast_like(g, &ty))]
    });

    PROD "prod" "prod[k](x: real[k]) -> real" FORM;
    "The product along axes. Its gradient is the product of the others, right also where elements are 0."
    example "prod([1, 2, 3] : real[k]) == 6"
    elem number "numbers" Drop; notation Notation::Custom(|n| big(n, "\\prod")); domain ANY;
    kernel |args| run_checked(args, reduce::prod);
    gradient Gradient::Rule(|c| {
        let axes = c.attrs.axes.clone();
        let ty = c.input_ty(0);
        c.chain_along(&ty, |b, x, _| b.prod_others(x, &axes))
    });

    PROD_OTHERS "prod_others" "prod_others[k](x: real[k]) -> real[k]" Form::Internal;
    "For each coordinate, the product of the elements at all other coordinates along the axes." example ""
    elem only_real "reals" Keep; notation Notation::Call { latex: "\\operatorname{prod\\_others}" }; domain ANY;
    kernel |args| run(args, reduce::prod_others);
    gradient Gradient::Rule(prod_others_gradient);

    MAX "max" "max[k](x: real[k]) -> real" FORM;
    "The largest element along axes; NaN if one is. An error if an axis has no coordinates. The gradient goes to the \
     first element that attains it."
    example "max([1, 3, 2] : real[k]) == 3"
    elem number "numbers" Drop; notation Notation::Custom(|n| big(n, "\\max")); domain ANY;
    kernel |args| run_nonempty(args, "max", reduce::max);
    gradient Gradient::Rule(|c| extreme_gradient(c, Build::max, Build::argmax));

    MIN "min" "min[k](x: real[k]) -> real" FORM;
    "The smallest element along axes; NaN if one is. An error if an axis has no coordinates. The gradient goes to the \
     first element that attains it."
    example "min([1, 3, 2] : real[k]) == 1"
    elem number "numbers" Drop; notation Notation::Custom(|n| big(n, "\\min")); domain ANY;
    kernel |args| run_nonempty(args, "min", reduce::min);
    gradient Gradient::Rule(|c| extreme_gradient(c, Build::min, Build::argmin));

    ANY_OF "any" "any[k](x: bool[k]) -> bool" FORM;
    "True where one element along the axes is; false along an axis without coordinates."
    example "any([false, true] : bool[k])"
    elem only_bool "truth values" Drop; notation Notation::Call { latex: "\\operatorname{any}" }; domain &[Domain::Bool];
    kernel |args| run(args, reduce::any); gradient Gradient::Zero;

    ALL_OF "all" "all[k](x: bool[k]) -> bool" FORM;
    "True where all elements along the axes are; true along an axis without coordinates."
    example "not all([false, true] : bool[k])"
    elem only_bool "truth values" Drop; notation Notation::Call { latex: "\\operatorname{all}" }; domain &[Domain::Bool];
    kernel |args| run(args, reduce::all); gradient Gradient::Zero;

    COUNT "count" "count[k](x: bool[k]) -> int" FORM;
    "How many elements along the axes are true." example "count([false, true, true] : bool[k]) == 2"
    elem count "truth values" Drop; notation Notation::Call { latex: "\\#" }; domain &[Domain::Bool];
    kernel |args| run_checked(args, reduce::sum); gradient Gradient::Zero;

    LOGSUMEXP "logsumexp" "logsumexp[k](x: real[k]) -> real" FORM;
    "`log(sum[k](exp(x)))` without overflow or underflow: m + log1p(sum of exp(x - m) over all but one element that \
     attains the maximum m), accurate also where m is 0 (Blanchard, Higham & Higham, IMA J. Numer. Anal. 2021). \
     -infinity where all elements are."
    example "logsumexp([1000, -1000] : real[k]) == 1000"
    elem only_real "reals" Drop; notation Notation::Call { latex: "\\operatorname{logsumexp}" }; domain ANY;
    kernel |args| run(args, reduce::logsumexp);
    gradient Gradient::Rule(|c| {
        let axes = c.attrs.axes.clone();
        let ty = c.input_ty(0);
        c.chain_along(&ty, |b, x, _| b.softmax(x, &axes))
    });

    NORM "norm" "norm[k](x: real[k]) -> real" FORM;
    "The Euclidean norm `sqrt(sum[k](x^2))`, without overflow or underflow. Its gradient at 0 is 0."
    example "norm([3, 4] : real[k]) == 5"
    elem only_real "reals" Drop; notation Notation::Call { latex: "\\operatorname{norm}" };
    domain &[Domain::NonZero];
    kernel |args| run(args, reduce::norm);
    gradient Gradient::Rule(|c| {
        let ty = c.input_ty(0);
        c.chain_along(&ty, |b, x, y| b.zdiv(x, y))
    });

    SOFTMAX "softmax" "softmax[k](x: real[k]) -> real[k]" FORM;
    "`exp(x) / sum[k](exp(x))`, without overflow. NaN where all elements along the axes are -infinity."
    example "softmax([0, 0] : real[k])[k = 0] == 0.5"
    elem only_real "reals" Keep; notation Notation::Call { latex: "\\operatorname{softmax}" }; domain ANY;
    kernel |args| run(args, reduce::softmax);
    gradient Gradient::Rule(|c| {
        let Some(g) = c.grad() else { return vec![None] };
        let (y, axes) = (c.outputs[0], c.attrs.axes.clone());
        let weighted = c.mul(g, y);
        let mean = c.b.sum(weighted, &axes);
        let centered = c.b.sub(g, mean);
        vec![Some(c.b.mul(y, centered))]
    });

    LOG_SOFTMAX "log_softmax" "log_softmax[k](x: real[k]) -> real[k]" FORM;
    "`x - logsumexp[k](x)`: the logarithm of softmax, finite wherever `x` is."
    example "log_softmax([1000, -1000] : real[k])[k = 1] == -2000"
    elem only_real "reals" Keep; notation Notation::Call { latex: "\\log\\operatorname{softmax}" }; domain ANY;
    kernel |args| run(args, reduce::log_softmax);
    gradient Gradient::Rule(|c| {
        let Some(g) = c.grad() else { return vec![None] };
        let (x, axes) = (c.inputs[0], c.attrs.axes.clone());
        let total = c.b.sum(g, &axes);
        let p = c.b.softmax(x, &axes);
        let back = c.mul(total, p);
        vec![Some(c.b.sub(g, back))]
    });
}

impl VjpCtx<'_> {
    /// The rule of a reduction whose derivative `d(b, x, y)` has the axes of its argument.
    fn chain_along(
        &mut self,
        ty: &ArrayTy,
        d: impl FnOnce(&mut Builder, NodeId, NodeId) -> NodeId,
    ) -> Vec<Option<NodeId>> {
        let Some(g) = self.grad() else { return vec![None] };
        let d = d(self.b, self.inputs[0], self.outputs[0]);
        let g = self.mul(g, d);
        vec![Some(self.b.broadcast_like(g, ty))]
    }
}

/// The gradient of `max` and `min`: to the first coordinate that attains the extreme. Along several axes the last one
/// is decided last, so "first" is in the order of the axes named.
fn extreme_gradient(
    c: &mut VjpCtx,
    extreme: fn(&mut Builder, NodeId, &[Axis]) -> NodeId,
    arg: fn(&mut Builder, NodeId, &Axis) -> NodeId,
) -> Vec<Option<NodeId>> {
    let Some(g) = c.grad() else { return vec![None] };
    let ty = c.input_ty(0);
    let axes = c.attrs.axes.clone();
    let mut mask: Option<NodeId> = None;
    for (i, axis) in axes.iter().enumerate() {
        let Some(dim) = ty.dim(axis) else { continue };
        // The best over the axes named later, as a function of this one and the earlier ones.
        let best = extreme(c.b, c.inputs[0], &axes[i + 1..]);
        let mut at = arg(c.b, best, axis);
        // Where an earlier axis is still in the way, its own winner has been fixed by the mask already.
        let coordinates = c.b.iota(dim);
        at = c.b.eq(coordinates, at);
        mask = Some(match mask {
            Some(m) => c.b.and(m, at),
            None => at,
        });
    }
    let Some(mask) = mask else { return vec![Some(g)] };
    let zero = c.b.real(0.0);
    let g = c.b.select(mask, g, zero);
    vec![Some(c.b.broadcast_like(g, &ty))]
}

/// With y_i the product of all x but x_i, the gradient for x_j is the sum over i != j of g_i times the product of all
/// but x_i and x_j. Axis i is a copy of the reduced axes.
fn prod_others_gradient(c: &mut VjpCtx) -> Vec<Option<NodeId>> {
    let Some(g) = c.grad() else { return vec![None] };
    let (x, axes, ty) = (c.inputs[0], c.attrs.axes.clone(), c.input_ty(0));
    let olds: Vec<Dim> = axes.iter().filter_map(|a| ty.dim(a).cloned()).collect();
    let news: Vec<Dim> = olds.iter().map(|d| Dim::new(c.b.fresh_axis(d.axis.shared_name()), d.size)).collect();
    let mut same: Option<NodeId> = None;
    for (old, new) in olds.iter().zip(&news) {
        let (i, j) = (c.b.iota(new), c.b.iota(old));
        let eq = c.b.eq(i, j);
        same = Some(match same {
            Some(s) => c.b.and(s, eq),
            None => eq,
        });
    }
    let Some(same) = same else { return vec![None] };
    let (one, zero) = (c.b.real(1.0), c.b.real(0.0));
    let without_i = c.b.select(same, one, x);
    let without_both = c.b.prod_others(without_i, &axes);
    let g = c.b.rename_all(g, &axes, &news);
    let g = c.b.select(same, zero, g);
    let new_axes: Vec<Axis> = news.into_iter().map(|d| d.axis).collect();
    let product = c.mul(g, without_both);
    vec![Some(c.b.sum(product, &new_axes))]
}

macro_rules! arg_extremes {
    ($($id:ident $name:literal $doc:literal $example:literal $kernel:path;)*) => {$(
        #[doc = $doc]
        pub static $id: OpDef = OpDef {
            name: $name,
            form: Form::Along { args: 1, default_all: true },
            signature: concat!($name, "[k](x: real[k]) -> label k"),
            doc: $doc,
            example: $example,
            lifting: Lifting::Batched,
            infer: |c| {
                if c.attrs.axes.len() != 1 {
                    let message = concat!("`", $name, "` works along one axis");
                    let fault = OpFault::new(&crate::diag::codes::check::E0304, message);
                    let axes = c.inputs[0].axes().map(Axis::to_string).collect::<Vec<_>>().join(", ");
                    return Err(fault.label(0, format!("this is `{}`", c.inputs[0]))
                        .help(format!(concat!("name it: `", $name, "[axis](x)` with one of {}"), axes)));
                }
                infer_reduce(c, $name, "numbers", coordinate, Axes::Drop)
            },
            gradient: Gradient::Zero,
            kernel: Kernel::General(|args| run_nonempty(args, $name, $kernel)),
            notation: Notation::Call { latex: concat!("\\operatorname{", $name, "}") },
            domain: ANY,
        };
    )*};
}

arg_extremes! {
    ARGMAX "argmax"
    "The coordinate of the largest element along one axis, the first of several; a NaN counts as largest. An error \
     along an axis without coordinates."
    "argmax([1, 3, 2] : real[k]) == 1" reduce::argmax;
    ARGMIN "argmin"
    "The coordinate of the smallest element along one axis, the first of several; a NaN counts as smallest. An error \
     along an axis without coordinates."
    "argmin([1, 3, 2] : real[k]) == 0" reduce::argmin;
}

pub static REDUCTIONS: &[&OpDef] = &[
    &SUM,
    &PROD,
    &PROD_OTHERS,
    &MAX,
    &MIN,
    &ANY_OF,
    &ALL_OF,
    &COUNT,
    &ARGMAX,
    &ARGMIN,
    &LOGSUMEXP,
    &NORM,
    &SOFTMAX,
    &LOG_SOFTMAX,
];

//! Special functions: of the normal distribution, of the factorial, and combinations of logarithms and exponentials
//! that need care at their edges.

use super::{infer_reals, real_functions};
use crate::ir::{Attrs, Domain, Form, Formula, Gradient, Kernel, KernelArgs, Lifting, Notation, OpDef, RunFault};
use crate::kernels::{map, math};
use crate::ops::Build;
use crate::tensor::Tensor;
use std::f64::consts::{FRAC_2_SQRT_PI, PI};

real_functions! {
    LOGADDEXP "logaddexp"(a, b) "`log(exp(a) + exp(b))`, without overflow; -infinity if both are."
    example "logaddexp(1000, -1000) == 1000" latex "\\operatorname{logaddexp}"
    domain &[Domain::Between(-3.0, 3.0), Domain::Between(-3.0, 3.0)];
    kernel math::logaddexp;
    gradient Gradient::Rule(|c| {
        let (a, b) = (c.inputs[0], c.inputs[1]);
        let da = c.partial(0, |build| {
            let d = build.sub(a, b);
            build.sigmoid(d)
        });
        let db = c.partial(1, |build| {
            let d = build.sub(b, a);
            build.sigmoid(d)
        });
        vec![da, db]
    });

    XLOGY "xlogy"(x, y) "`x * log(y)`, and 0 where `x` is 0 (unless `y` is NaN): entropies and cross-entropies at their edges."
    example "xlogy(0, 0) == 0" latex "\\operatorname{xlogy}"
    domain &[Domain::NonZero, Domain::Between(0.2, 3.0)];
    kernel math::xlogy;
    gradient Gradient::Rule(|c| {
        let (x, y) = (c.inputs[0], c.inputs[1]);
        vec![c.partial(0, |b| b.log(y)), c.partial(1, |b| b.zdiv(x, y))]
    });

    XLOG1PY "xlog1py"(x, y) "`x * log(1 + y)`, accurate for small `y`, and 0 where `x` is 0 (unless `y` is NaN)."
    example "xlog1py(0, -1) == 0" latex "\\operatorname{xlog1py}"
    domain &[Domain::NonZero, Domain::Between(-0.8, 3.0)];
    kernel math::xlog1py;
    gradient Gradient::Rule(|c| {
        let (x, y) = (c.inputs[0], c.inputs[1]);
        vec![
            c.partial(0, |b| b.apply(&super::LOG1P, &[y], Attrs::none())),
            c.partial(1, |b| {
                let one = b.real(1.0);
                let sum = b.add(one, y);
                b.zdiv(x, sum)
            }),
        ]
    });

    ERF "erf"(x) "The error function: twice the area of exp(-t^2)/sqrt(pi) from 0 to x."
    example "erf(0) == 0" latex "\\operatorname{erf}" domain &[Domain::Between(-2.5, 2.5)];
    kernel math::erf;
    gradient Gradient::Rule(|c| c.chain(|b, x, _| gauss(b, x, FRAC_2_SQRT_PI)));

    ERFC "erfc"(x) "`1 - erf(x)`, accurate in the upper tail."
    example "erfc(0) == 1" latex "\\operatorname{erfc}" domain &[Domain::Between(-2.5, 2.5)];
    kernel math::erfc;
    gradient Gradient::Rule(|c| c.chain(|b, x, _| gauss(b, x, -FRAC_2_SQRT_PI)));

    ERFINV "erfinv"(p) "The inverse of `erf` on (-1, 1); infinite at the ends, NaN outside. The normal quantile is \
     `sqrt(2) * erfinv(2 * p - 1)`."
    example "erfinv(0) == 0" latex "\\operatorname{erf}^{-1}" domain &[Domain::Between(-0.9, 0.9)];
    kernel math::erfinv;
    gradient Gradient::Rule(|c| c.chain(|b, _, y| {
        let square = b.powi(y, 2.0);
        let e = b.exp(square);
        b.scale(PI.sqrt() / 2.0, e)
    }));

    LGAMMA "lgamma"(x) "The logarithm of the absolute value of the gamma function: log((x - 1)!)."
    example "lgamma(1) == 0" latex "\\log\\Gamma" domain &[Domain::Between(0.3, 5.0)];
    kernel math::lgamma;
    gradient Gradient::Rule(|c| c.chain(|b, x, _| b.digamma(x)));

    DIGAMMA "digamma"(x) "The slope of `lgamma`; NaN at 0 and the negative whole numbers."
    example "digamma(1) < 0" latex "\\psi" domain &[Domain::Between(0.3, 5.0)];
    kernel math::digamma;
    gradient Gradient::Rule(|c| c.chain(|b, x, _| b.apply(&POLYGAMMA, &[x], Attrs::ints([1]))));
}

/// `factor * exp(-x^2)`.
fn gauss(b: &mut crate::ir::Builder, x: crate::ir::NodeId, factor: f64) -> crate::ir::NodeId {
    let square = b.powi(x, 2.0);
    let minus = b.neg(square);
    let e = b.exp(minus);
    b.scale(factor, e)
}

fn order(attrs: &Attrs) -> i64 {
    attrs.ints.first().copied().unwrap_or(1)
}

/// `expm1(x) / x` and its family.
pub static EXPREL: OpDef = OpDef {
    name: "exprel",
    form: Form::Map(1),
    signature: "exprel(x: real) -> real",
    doc: "`(exp(x) - 1) / x`, and 1 at 0: the limit that powers like `(s^(1-t) - 1) / (1-t)` have near `t = 1`. Its \
          derivatives belong to the family phi_0 = exp, phi_n(x) = (phi_(n-1)(x) - 1/(n-1)!) / x with \
          phi_n' = phi_n - n phi_(n+1); `ints` = n, 1 if left out.",
    example: "exprel(0) == 1",
    lifting: Lifting::Elementwise,
    infer: |c| infer_reals(c, "exprel"),
    gradient: Gradient::Rule(|c| {
        let n = order(&c.attrs);
        c.chain(|b, x, y| {
            let next = b.exprel(x, n + 1);
            let next = b.scale(n as f64, next);
            b.sub(y, next)
        })
    }),
    kernel: Kernel::General(|args| ordered(args, math::exprel)),
    notation: Notation::Custom(|n| Formula::Call {
        function: if order(&n.node.attrs) == 1 { "exprel".into() } else { format!("exprel{}", order(&n.node.attrs)) },
        latex: Some(format!("\\varphi_{{{}}}", order(&n.node.attrs))),
        axes: Vec::new(),
        args: n.args.clone(),
    }),
    domain: &[Domain::Between(-3.0, 3.0)],
};

/// Derivatives of `digamma`: `ints` = how many.
pub static POLYGAMMA: OpDef = OpDef {
    name: "polygamma",
    form: Form::Internal,
    signature: "polygamma(x: real) -> real",
    doc: "The n-th derivative of `digamma`; `ints` = n, 1 if left out (Abramowitz & Stegun 6.4).",
    example: "",
    lifting: Lifting::Elementwise,
    infer: |c| infer_reals(c, "polygamma"),
    gradient: Gradient::Rule(|c| {
        let n = order(&c.attrs);
        c.chain(|b, x, _| b.apply(&POLYGAMMA, &[x], Attrs::ints([n + 1])))
    }),
    kernel: Kernel::General(|args| ordered(args, math::polygamma)),
    notation: Notation::Custom(|n| Formula::Call {
        function: format!("polygamma{}", order(&n.node.attrs)),
        latex: Some(format!("\\psi^{{({})}}", order(&n.node.attrs))),
        axes: Vec::new(),
        args: n.args.clone(),
    }),
    domain: &[Domain::Between(0.5, 5.0)],
};

/// Runs a function of an order (from the attributes) and a real.
fn ordered(mut args: KernelArgs, f: fn(i64, f64) -> f64) -> Result<Vec<Tensor>, RunFault> {
    let n = order(args.attrs);
    let x = args.inputs.pop().expect("internal: one input");
    Ok(vec![map::unary(
        |x: &[f64], out: &mut [f64]| out.iter_mut().zip(x).for_each(|(o, &x)| *o = f(n, x)),
        |x: &[f32], out: &mut [f32]| out.iter_mut().zip(x).for_each(|(o, &x)| *o = f(n, x as f64) as f32),
        x,
    )])
}

pub static SPECIAL: &[&OpDef] =
    &[&LOGADDEXP, &XLOGY, &XLOG1PY, &ERF, &ERFC, &ERFINV, &LGAMMA, &DIGAMMA, &POLYGAMMA, &EXPREL];

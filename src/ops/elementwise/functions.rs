//! Elementary functions: exponentials, logarithms, powers, circles, rounding.

use super::real_functions;
use crate::ir::{Attrs, Domain, Form, Formula, Gradient, Lifting, Notation, OpDef, Precedence};
use crate::kernels::math;
use crate::ops::Build;

const ANY: &[Domain] = &[Domain::Between(-3.0, 3.0)];
const POSITIVE: &[Domain] = &[Domain::Between(0.1, 4.0)];
const UNIT: &[Domain] = &[Domain::Between(-0.9, 0.9)];
const STEPS: &[Domain] = &[Domain::Between(0.1, 0.4)];

real_functions! {
    EXP "exp"(x) "The exponential function."
    example "exp(0) == 1" latex "\\exp" domain ANY;
    kernel math::exp;
    gradient Gradient::Rule(|c| c.chain(|_, _, y| y));

    EXPM1 "expm1"(x) "`exp(x) - 1`, accurate near 0."
    example "expm1(0) == 0" latex "\\operatorname{expm1}" domain ANY;
    kernel math::expm1;
    gradient Gradient::Rule(|c| c.chain(|b, x, _| b.exp(x)));

    LOG "log"(x) "The natural logarithm: -infinity at 0, NaN below."
    example "log(1) == 0" latex "\\log" domain POSITIVE;
    kernel math::log;
    gradient Gradient::Rule(|c| c.chain(|b, x, _| b.recip(x)));

    LOG1P "log1p"(x) "`log(1 + x)`, accurate near 0."
    example "log1p(0) == 0" latex "\\operatorname{log1p}" domain &[Domain::Between(-0.8, 3.0)];
    kernel math::log1p;
    gradient Gradient::Rule(|c| c.chain(|b, x, _| {
        let one = b.real(1.0);
        let sum = b.add(one, x);
        b.recip(sum)
    }));

    LOG1MEXP "log1mexp"(x) "`log(1 - exp(x))` for `x <= 0`, accurate near 0 and far from it; NaN above 0."
    example "log1mexp(-50) < 0" latex "\\operatorname{log1mexp}" domain &[Domain::Between(-3.0, -0.1)];
    kernel math::log1mexp;
    gradient Gradient::Rule(|c| c.chain(|b, x, _| {
        let minus = b.neg(x);
        let e = b.expm1(minus);
        let r = b.recip(e);
        b.neg(r)
    }));

    SQRT "sqrt"(x) "The square root: NaN below 0, infinite slope at 0."
    example "sqrt(16) == 4" latex "\\operatorname{sqrt}" domain POSITIVE;
    kernel f64::sqrt;
    gradient Gradient::Rule(|c| c.chain(|b, _, y| {
        let half = b.real(0.5);
        b.div(half, y)
    }));

    SIN "sin"(x) "The sine of an angle in radians."
    example "sin(0) == 0" latex "\\sin" domain ANY;
    kernel slices::sin_slice;
    gradient Gradient::Rule(|c| c.chain(|b, x, _| b.cos(x)));

    COS "cos"(x) "The cosine of an angle in radians."
    example "cos(0) == 1" latex "\\cos" domain ANY;
    kernel slices::cos_slice;
    gradient Gradient::Rule(|c| c.chain(|b, x, _| {
        let s = b.sin(x);
        b.neg(s)
    }));

    TAN "tan"(x) "The tangent of an angle in radians."
    example "tan(0) == 0" latex "\\tan" domain &[Domain::Between(-1.2, 1.2)];
    kernel libm::tan;
    gradient Gradient::Rule(|c| c.chain(|b, _, y| {
        let (one, square) = (b.real(1.0), b.powi(y, 2.0));
        b.add(one, square)
    }));

    ASIN "asin"(x) "The angle in [-pi/2, pi/2] with that sine; NaN outside [-1, 1]."
    example "asin(0) == 0" latex "\\arcsin" domain UNIT;
    kernel libm::asin;
    gradient Gradient::Rule(|c| c.chain(|b, x, _| circle_slope(b, x)));

    ACOS "acos"(x) "The angle in [0, pi] with that cosine; NaN outside [-1, 1]."
    example "acos(1) == 0" latex "\\arccos" domain UNIT;
    kernel libm::acos;
    gradient Gradient::Rule(|c| c.chain(|b, x, _| {
        let slope = circle_slope(b, x);
        b.neg(slope)
    }));

    ATAN "atan"(x) "The angle in (-pi/2, pi/2) with that tangent."
    example "atan(0) == 0" latex "\\arctan" domain ANY;
    kernel libm::atan;
    gradient Gradient::Rule(|c| c.chain(|b, x, _| {
        let (one, square) = (b.real(1.0), b.powi(x, 2.0));
        let sum = b.add(one, square);
        b.recip(sum)
    }));

    ATAN2 "atan2"(y, x) "The angle in [-pi, pi] of the point with these coordinates; 0 at the origin."
    example "atan2(0, 1) == 0" latex "\\operatorname{atan2}" domain &[Domain::NonZero, Domain::Between(0.2, 3.0)];
    kernel libm::atan2;
    gradient Gradient::Rule(|c| {
        let (y, x) = (c.inputs[0], c.inputs[1]);
        let (xx, yy) = (c.b.powi(x, 2.0), c.b.powi(y, 2.0));
        let square = c.b.add(xx, yy);
        let dy = c.partial(0, |b| b.div(x, square));
        let dx = c.partial(1, |b| {
            let d = b.div(y, square);
            b.neg(d)
        });
        vec![dy, dx]
    });

    SINH "sinh"(x) "The hyperbolic sine."
    example "sinh(0) == 0" latex "\\sinh" domain ANY;
    kernel math::sinh;
    gradient Gradient::Rule(|c| c.chain(|b, x, _| b.cosh(x)));

    COSH "cosh"(x) "The hyperbolic cosine."
    example "cosh(0) == 1" latex "\\cosh" domain ANY;
    kernel math::cosh;
    gradient Gradient::Rule(|c| c.chain(|b, x, _| b.sinh(x)));

    TANH "tanh"(x) "The hyperbolic tangent. Its slope `1 - tanh(x)^2` is computed without cancellation."
    example "tanh(0) == 0" latex "\\tanh" domain ANY;
    kernel math::tanh;
    gradient Gradient::Rule(|c| c.chain(|b, x, _| {
        b.apply(&SECH2, &[x], Attrs::none())
    }));

    SIGMOID "sigmoid"(x) "The logistic function `1 / (1 + exp(-x))`; its slope is `sigmoid(x) * sigmoid(-x)`."
    example "sigmoid(0) == 0.5" latex "\\sigma" domain ANY;
    kernel math::sigmoid;
    gradient Gradient::Rule(|c| c.chain(|b, x, y| {
        let minus = b.neg(x);
        let other = b.sigmoid(minus);
        b.mul(y, other)
    }));

    SOFTPLUS "softplus"(x) "`log(1 + exp(x))`, without overflow."
    example "softplus(1000) == 1000" latex "\\operatorname{softplus}" domain ANY;
    kernel slices::softplus_slice;
    gradient Gradient::Rule(|c| c.chain(|b, x, _| b.sigmoid(x)));

    FLOOR "floor"(x) "The greatest whole number not above `x`. Its gradient is 0."
    example "floor(-0.5) == -1" latex "\\operatorname{floor}" domain STEPS;
    kernel libm::floor;
    gradient Gradient::Zero;

    CEIL "ceil"(x) "The least whole number not below `x`. Its gradient is 0."
    example "ceil(0.5) == 1" latex "\\operatorname{ceil}" domain STEPS;
    kernel libm::ceil;
    gradient Gradient::Zero;

    ROUND "round"(x) "The nearest whole number; halves go to the even one. Its gradient is 0: for a straight-through \
     slope write `x + stop(round(x) - x)`."
    example "round(2.5) == 2" latex "\\operatorname{round}" domain STEPS;
    kernel f64::round_ties_even;
    gradient Gradient::Zero;
}

/// The slope of `tanh`.
pub static SECH2: OpDef = OpDef {
    name: "sech2",
    form: Form::Internal,
    signature: "sech2(x: real) -> real",
    doc: "`1 - tanh(x)^2`, accurate also where `tanh(x)` is close to 1 or -1; formulas show it in that form.",
    example: "",
    lifting: Lifting::Elementwise,
    infer: |c| super::infer_reals(c, "sech2"),
    gradient: Gradient::Rule(|c| {
        c.chain(|b, x, y| {
            let tanh = b.tanh(x);
            let product = b.mul(tanh, y);
            b.scale(-2.0, product)
        })
    }),
    kernel: super::kernel!(math::sech2, x),
    notation: Notation::Custom(|n| {
        let (args, latex) = (n.args.clone(), Some("\\tanh".into()));
        let tanh = Formula::Call { function: "tanh".into(), latex, axes: Vec::new(), args };
        Formula::Infix {
            symbol: "-".into(),
            latex: "-".into(),
            precedence: Precedence::Sum,
            left: Box::new(Formula::Number(1.0)),
            right: Box::new(Formula::Power(Box::new(tanh), Box::new(Formula::Number(2.0)))),
        }
    }),
    domain: ANY,
};

/// `1 / sqrt(1 - x^2)`, with the difference factored so that it stays accurate near 1.
fn circle_slope(b: &mut crate::ir::Builder, x: crate::ir::NodeId) -> crate::ir::NodeId {
    let one = b.real(1.0);
    let (less, more) = (b.sub(one, x), b.add(one, x));
    let square = b.mul(less, more);
    let root = b.sqrt(square);
    b.recip(root)
}

pub static FUNCTIONS: &[&OpDef] = &[
    &EXP, &EXPM1, &LOG, &LOG1P, &LOG1MEXP, &SQRT, &SIN, &COS, &TAN, &ASIN, &ACOS, &ATAN, &ATAN2, &SINH, &COSH, &TANH,
    &SECH2, &SIGMOID, &SOFTPLUS, &FLOOR, &CEIL, &ROUND,
];

//! Arithmetic: on reals and, where it is exact, on ints.

use super::{infer_numbers, infer_reals};
use crate::diag::codes::run;
use crate::ir::{Domain, Form, Formula, Gradient, Kernel, KernelArgs, Lifting, Notation, OpDef, Precedence, RunFault};
use crate::kernels::{map, math};
use crate::ops::{Build, CONST};
use crate::tensor::Tensor;

const ANY2: &[Domain] = &[Domain::Between(-3.0, 3.0), Domain::Between(-3.0, 3.0)];

/// `+`, `-`, `*` and their like: an infix operation on two reals or two ints.
macro_rules! arithmetic {
    ($($id:ident $name:literal $form:expr; $doc:literal example $example:literal
        notation $notation:expr; domain $domain:expr;
        real |$a:ident, $b:ident| $real:expr; int $int:expr;
        gradient $gradient:expr;)*) => {$(
        #[doc = $doc]
        pub static $id: OpDef = OpDef {
            name: $name,
            form: $form,
            signature: concat!($name, "(a: number, b: number) -> number"),
            doc: $doc,
            example: $example,
            lifting: Lifting::Elementwise,
            infer: |c| infer_numbers(c, $name),
            gradient: Gradient::Rule($gradient),
            kernel: Kernel::General(|args| {
                numbers2(
                    args,
                    |x, y, out| out.iter_mut().zip(x.iter().zip(y)).for_each(|(o, (&$a, &$b))| *o = $real),
                    |x, y, out| out.iter_mut().zip(x.iter().zip(y)).for_each(|(o, (&$a, &$b))| *o = $real),
                    $int,
                )
            }),
            notation: $notation,
            domain: $domain,
        };
    )*};
}

const fn infix(symbol: &'static str, latex: &'static str, precedence: Precedence) -> Notation {
    Notation::Infix { symbol, latex, precedence }
}

arithmetic! {
    ADD "add" Form::Internal; "The sum of two numbers." example "1 + 2 == 3"
    notation infix("+", "+", Precedence::Sum); domain ANY2;
    real |a, b| a + b; int i64::checked_add;
    gradient |c| {
        let Some(g) = c.grad() else { return vec![None, None] };
        vec![c.shrink(g, 0), c.shrink(g, 1)]
    };

    SUB "sub" Form::Internal; "The difference of two numbers." example "1 - 2 == -1"
    notation infix("-", "-", Precedence::Sum); domain ANY2;
    real |a, b| a - b; int i64::checked_sub;
    gradient |c| {
        let Some(g) = c.grad() else { return vec![None, None] };
        let da = c.shrink(g, 0);
        if !c.needs[1] {
            return vec![da, None];
        }
        let g = c.b.neg(g);
        vec![da, c.shrink(g, 1)]
    };

    MUL "mul" Form::Internal; "The product of two numbers." example "2 * 3 == 6"
    notation infix("*", " \\, ", Precedence::Product); domain ANY2;
    real |a, b| a * b; int i64::checked_mul;
    gradient |c| {
        let (a, b) = (c.inputs[0], c.inputs[1]);
        vec![c.partial(0, |_| b), c.partial(1, |_| a)]
    };

    MOD "mod" Form::Map(2);
    "The remainder of `a / b` with the sign of `b`: `a - b * floor(a / b)`. Integer remainders by 0 are an error."
    example "mod(-1, 3) == 2"
    notation Notation::Call { latex: "\\operatorname{mod}" };
    domain &[Domain::Between(0.1, 0.9), Domain::Between(1.1, 2.0)];
    real |a, b| { let r = a % b; if r != 0.0 && (r < 0.0) != (b < 0.0) { r + b } else { r } };
    int whole_mod;
    gradient |c| {
        let (a, b) = (c.inputs[0], c.inputs[1]);
        let Some(g) = c.grad() else { return vec![None, None] };
        let da = c.shrink(g, 0);
        vec![da, c.partial(1, |build| {
            let q = build.div(a, b);
            let q = build.floor(q);
            build.neg(q)
        })]
    };

    MAXIMUM "maximum" Form::Map(2);
    "The larger of two numbers; NaN if one is. Where both are equal the gradient goes to the second, unless the first \
     is a constant: `max(x, 0)` and `max(0, x)` both have slope 0 at 0."
    example "max(2, 3) == 3"
    notation Notation::Call { latex: "\\max" };
    domain &[Domain::Between(-3.0, -0.1), Domain::Between(0.1, 3.0)];
    real |a, b| if a > b || a.is_nan() { a } else { b }; int |a, b| Some(a.max(b));
    gradient |c| extreme(c, |b, x, y| b.gt(x, y), |b, x, y| b.ge(x, y));

    MINIMUM "minimum" Form::Map(2);
    "The smaller of two numbers; NaN if one is. Where both are equal the gradient goes to the second, unless the first \
     is a constant."
    example "min(2, 3) == 2"
    notation Notation::Call { latex: "\\min" };
    domain &[Domain::Between(-3.0, -0.1), Domain::Between(0.1, 3.0)];
    real |a, b| if a < b || a.is_nan() { a } else { b }; int |a, b| Some(a.min(b));
    gradient |c| extreme(c, |b, x, y| b.lt(x, y), |b, x, y| b.le(x, y));
}

type Compare = fn(&mut crate::ir::Builder, crate::ir::NodeId, crate::ir::NodeId) -> crate::ir::NodeId;

/// The gradient of `maximum` and `minimum`: to the first argument where it wins strictly, else to the second; the other
/// way round at ties where the first is a constant written in the program and the second is not.
fn extreme(c: &mut crate::ir::VjpCtx, strict: Compare, weak: Compare) -> Vec<Option<crate::ir::NodeId>> {
    let Some(g) = c.grad() else { return vec![None, None] };
    let (x, y) = (c.inputs[0], c.inputs[1]);
    let constant_first = c.b.graph.node(x).is(&CONST) && !c.b.graph.node(y).is(&CONST);
    let first_wins = if constant_first { weak(c.b, x, y) } else { strict(c.b, x, y) };
    let zero = c.b.real(0.0);
    let gx = c.b.select(first_wins, g, zero);
    let gy = c.b.select(first_wins, zero, g);
    vec![if c.needs[0] { c.shrink(gx, 0) } else { None }, if c.needs[1] { c.shrink(gy, 1) } else { None }]
}

/// The remainder with the sign of `b`; none for `b` = 0.
fn whole_mod(a: i64, b: i64) -> Option<i64> {
    if b == 0 {
        return None;
    }
    let r = a.wrapping_rem(b);
    Some(if r != 0 && (r < 0) != (b < 0) { r + b } else { r })
}

/// Runs a binary kernel on reals, or a checked function on ints.
fn numbers2(
    mut args: KernelArgs,
    f64: fn(&[f64], &[f64], &mut [f64]),
    f32: fn(&[f32], &[f32], &mut [f32]),
    int: fn(i64, i64) -> Option<i64>,
) -> Result<Vec<Tensor>, RunFault> {
    let b = args.inputs.pop().expect("internal: two inputs");
    let a = args.inputs.pop().expect("internal: two inputs");
    let (ta, tb, out) = (args.input_tys[0], args.input_tys[1], &args.output_tys[0]);
    if matches!(a, Tensor::I64(_)) {
        return map::checked2(int, a, ta, b, tb, out).map(|t| vec![t]).ok_or_else(|| integer_fault("this"));
    }
    Ok(vec![map::binary(f64, f32, a, ta, b, tb, out)])
}

/// The fault of integer arithmetic that has no result.
pub fn integer_fault(what: &str) -> RunFault {
    let label = format!("{what} left the range of 64-bit integers, or divided by zero");
    RunFault::new(&run::E0701, "integer arithmetic has no result", label).help("use reals: `1.0 * n`")
}

/// `-x`, `abs(x)`, `sign(x)`: one number, real or int.
macro_rules! numbers1 {
    ($($id:ident $name:literal $form:expr; $doc:literal example $example:literal
        notation $notation:expr; domain $domain:expr;
        real |$x:ident| $real:expr; int $int:expr;
        gradient $gradient:expr;)*) => {$(
        #[doc = $doc]
        pub static $id: OpDef = OpDef {
            name: $name,
            form: $form,
            signature: concat!($name, "(x: number) -> number"),
            doc: $doc,
            example: $example,
            lifting: Lifting::Elementwise,
            infer: |c| infer_numbers(c, $name),
            gradient: $gradient,
            kernel: Kernel::General(|mut args| {
                let x = args.inputs.pop().expect("internal: one input");
                if matches!(x, Tensor::I64(_)) {
                    return map::checked1($int, x).map(|t| vec![t]).ok_or_else(|| integer_fault("this"));
                }
                Ok(vec![map::unary(
                    |x, out| out.iter_mut().zip(x).for_each(|(o, &$x)| *o = $real),
                    |x, out| out.iter_mut().zip(x).for_each(|(o, &$x)| *o = $real),
                    x,
                )])
            }),
            notation: $notation,
            domain: $domain,
        };
    )*};
}

numbers1! {
    NEG "neg" Form::Internal; "The negative of a number." example "-(1 - 3) == 2"
    notation Notation::Custom(|n| Formula::Negate(Box::new(n.args[0].clone())));
    domain &[Domain::Between(-3.0, 3.0)];
    real |x| -x; int i64::checked_neg;
    gradient Gradient::Rule(|c| {
        let Some(g) = c.grad() else { return vec![None] };
        vec![Some(c.b.neg(g))]
    });

    ABS "abs" Form::Map(1); "The absolute value. Its gradient at 0 is 0." example "abs(-2) == 2"
    notation Notation::Call { latex: "\\operatorname{abs}" };
    domain &[Domain::NonZero];
    real |x| x.abs(); int i64::checked_abs;
    gradient Gradient::Rule(|c| c.chain(|b, x, _| b.sign(x)));

    SIGN "sign" Form::Map(1); "-1, 0 or 1: the sign of a number; NaN stays NaN. Its gradient is 0." example "sign(-2) == -1"
    notation Notation::Call { latex: "\\operatorname{sign}" };
    domain &[Domain::NonZero];
    real |x| if x > 0.0 { 1.0 } else if x < 0.0 { -1.0 } else { x }; int |x| Some(x.signum());
    gradient Gradient::Zero;
}

/// The quotient of two reals.
pub static DIV: OpDef = OpDef {
    name: "div",
    form: Form::Internal,
    signature: "div(a: real, b: real) -> real",
    doc: "The quotient of two reals, by the rules of IEEE 754: `1 / 0` is infinite, `0 / 0` is NaN.",
    example: "1 / 4 == 0.25",
    lifting: Lifting::Elementwise,
    infer: |c| infer_reals(c, "div"),
    gradient: Gradient::Rule(|c| {
        let (y, b) = (c.outputs[0], c.inputs[1]);
        let da = c.partial(0, |build| build.recip(b));
        let db = c.partial(1, |build| {
            let d = build.div(y, b);
            build.neg(d)
        });
        vec![da, db]
    }),
    kernel: Kernel::Binary {
        f64: |a, b, out| out.iter_mut().zip(a.iter().zip(b)).for_each(|(o, (a, b))| *o = a / b),
        f32: |a, b, out| out.iter_mut().zip(a.iter().zip(b)).for_each(|(o, (a, b))| *o = a / b),
    },
    notation: Notation::Custom(|n| Formula::Fraction(Box::new(n.args[0].clone()), Box::new(n.args[1].clone()))),
    domain: &[Domain::Between(-3.0, 3.0), Domain::NonZero],
};

/// A real to a real power.
pub static POW: OpDef = OpDef {
    name: "pow",
    form: Form::Internal,
    signature: "pow(x: real, p: real) -> real",
    doc: "`x` to the power `p`; `x^0` is 1 for every `x`; NaN for a negative `x` and a `p` that is not whole. The \
          gradient with respect to `p` is 0 where `x` is 0.",
    example: "2^10 == 1024",
    lifting: Lifting::Elementwise,
    infer: |c| infer_reals(c, "pow"),
    gradient: Gradient::Rule(|c| {
        let (x, p, y) = (c.inputs[0], c.inputs[1], c.outputs[0]);
        let dx = c.partial(0, |b| power_slope(b, x, p));
        let dp = c.partial(1, |b| b.xlogy(y, x));
        vec![dx, dp]
    }),
    kernel: Kernel::Binary { f64: math::pow_f64, f32: math::pow_f32 },
    notation: Notation::Custom(|n| Formula::Power(Box::new(n.args[0].clone()), Box::new(n.args[1].clone()))),
    domain: &[Domain::Between(0.2, 3.0), Domain::Between(-2.0, 3.0)],
};

/// `p * x^(p - 1)`; exactly 0 where `p` is 0, also at `x = 0`.
fn power_slope(b: &mut crate::ir::Builder, x: crate::ir::NodeId, p: crate::ir::NodeId) -> crate::ir::NodeId {
    let node = b.graph.node(p);
    let constant = if node.is(&CONST) { node.attrs.reals.first().map(|r| r.get()) } else { None };
    match constant {
        Some(0.0) => b.real(0.0),
        Some(1.0) => b.real(1.0),
        Some(2.0) => b.scale(2.0, x),
        Some(value) => {
            let power = b.powi(x, value - 1.0);
            b.scale(value, power)
        }
        None => {
            let one = b.real(1.0);
            let less = b.sub(p, one);
            let power = b.pow(x, less);
            b.zmul(p, power)
        }
    }
}

/// Multiplication with a strong zero on the left.
pub static ZMUL: OpDef = OpDef {
    name: "zmul",
    form: Form::Internal,
    signature: "zmul(g: real, d: real) -> real",
    doc: "`g * d`, but exactly 0 where `g` is 0, whatever `d` is: what gradients that came through a `where` are \
          multiplied with.",
    example: "",
    lifting: Lifting::Elementwise,
    infer: |c| infer_reals(c, "zmul"),
    gradient: Gradient::Rule(|c| {
        let (x, d) = (c.inputs[0], c.inputs[1]);
        let Some(g) = c.grad() else { return vec![None, None] };
        let dx = c.partial(0, |_| d);
        // The strong zero stays on the left, so that the mask also holds in second derivatives.
        let dd = if c.needs[1] {
            let product = c.b.zmul(x, g);
            c.shrink(product, 1)
        } else {
            None
        };
        vec![dx, dd]
    }),
    kernel: Kernel::Binary {
        f64: |a, b, out| {
            out.iter_mut().zip(a.iter().zip(b)).for_each(|(o, (&a, &b))| *o = if a == 0.0 { 0.0 } else { a * b })
        },
        f32: |a, b, out| {
            out.iter_mut().zip(a.iter().zip(b)).for_each(|(o, (&a, &b))| *o = if a == 0.0 { 0.0 } else { a * b })
        },
    },
    notation: infix("*", " \\, ", Precedence::Product),
    domain: ANY2,
};

/// Division with a strong zero above the line.
pub static ZDIV: OpDef = OpDef {
    name: "zdiv",
    form: Form::Internal,
    signature: "zdiv(a: real, b: real) -> real",
    doc: "`a / b`, but exactly 0 where `a` is 0, also where `b` is: the direction `x / norm(x)` at 0, `x / y` in the \
          gradient of `x * log(y)`.",
    example: "",
    lifting: Lifting::Elementwise,
    infer: |c| infer_reals(c, "zdiv"),
    gradient: Gradient::Rule(|c| {
        let (y, b) = (c.outputs[0], c.inputs[1]);
        let da = c.partial(0, |build| build.recip(b));
        let db = c.partial(1, |build| {
            let d = build.zdiv(y, b);
            build.neg(d)
        });
        vec![da, db]
    }),
    kernel: Kernel::Binary {
        f64: |a, b, out| {
            out.iter_mut().zip(a.iter().zip(b)).for_each(|(o, (&a, &b))| *o = if a == 0.0 { 0.0 } else { a / b })
        },
        f32: |a, b, out| {
            out.iter_mut().zip(a.iter().zip(b)).for_each(|(o, (&a, &b))| *o = if a == 0.0 { 0.0 } else { a / b })
        },
    },
    notation: Notation::Custom(|n| Formula::Fraction(Box::new(n.args[0].clone()), Box::new(n.args[1].clone()))),
    domain: &[Domain::NonZero, Domain::NonZero],
};

pub static ARITHMETIC: &[&OpDef] =
    &[&ADD, &SUB, &MUL, &DIV, &POW, &NEG, &ABS, &SIGN, &MOD, &MAXIMUM, &MINIMUM, &ZMUL, &ZDIV];

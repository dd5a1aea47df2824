//! Comparison, logic, and the choice between two arrays.

use crate::ir::{Domain, Form, Gradient, InferCtx, Kernel, KernelArgs, Lifting, Notation, OpDef, OpFault, Precedence};
use crate::kernels::map;
use crate::ops::{Build, infer};
use crate::tensor::Tensor;
use crate::types::{ArrayTy, Elem};

const TWO: &[Domain] = &[Domain::Between(-3.0, -0.1), Domain::Between(0.1, 3.0)];

/// `==`, `<` and their like. `NaN` differs from everything and is in no order.
macro_rules! comparisons {
    ($($id:ident $name:literal $symbol:literal $latex:literal $bools:literal $doc:literal $example:literal
        |$a:ident, $b:ident| $test:expr;)*) => {$(
        #[doc = $doc]
        #[allow(clippy::bool_comparison, reason = "one test for every kind of element")]
        pub static $id: OpDef = OpDef {
            name: $name,
            form: Form::Internal,
            signature: concat!($name, "(a, b) -> bool"),
            doc: $doc,
            example: $example,
            lifting: Lifting::Elementwise,
            infer: |c| infer_compare(c, $symbol, $bools),
            gradient: Gradient::Zero,
            kernel: Kernel::General(|args| {
                let (ta, tb, out) = (args.input_tys[0], args.input_tys[1], &args.output_tys[0]);
                Ok(vec![match (&args.inputs[0], &args.inputs[1]) {
                    (Tensor::F64(x), Tensor::F64(y)) => map::zip2(x, ta, y, tb, out, |$a: f64, $b: f64| $test),
                    (Tensor::F32(x), Tensor::F32(y)) => map::zip2(x, ta, y, tb, out, |$a: f32, $b: f32| $test),
                    (Tensor::I64(x), Tensor::I64(y)) => map::zip2(x, ta, y, tb, out, |$a: i64, $b: i64| $test),
                    (Tensor::Bool(x), Tensor::Bool(y)) => map::zip2(x, ta, y, tb, out, |$a: bool, $b: bool| $test),
                    _ => unreachable!("internal: compared arrays of two types"),
                }])
            }),
            notation: Notation::Infix { symbol: $symbol, latex: $latex, precedence: Precedence::Compare },
            domain: TWO,
        };
    )*};
}

comparisons! {
    EQ "eq" "==" "=" true "True where both are equal." "(2 == 2)" |a, b| a == b;
    NE "ne" "!=" "\\neq" true "True where both differ." "(2 != 3)" |a, b| a != b;
    LT "lt" "<" "<" false "True where the left is smaller." "(2 < 3)" |a, b| a < b;
    LE "le" "<=" "\\leq" false "True where the left is smaller or equal." "(2 <= 2)" |a, b| a <= b;
    GT "gt" ">" ">" false "True where the left is larger." "(3 > 2)" |a, b| a > b;
    GE "ge" ">=" "\\geq" false "True where the left is larger or equal." "(3 >= 3)" |a, b| a >= b;
}

/// Reals with reals, ints and labels with each other, and (for `==`, `!=`) truth values.
fn infer_compare(c: &mut InferCtx, op: &str, bools: bool) -> Result<Vec<ArrayTy>, OpFault> {
    let wanted = if bools { "numbers, labels or truth values" } else { "numbers or labels" };
    for i in 0..2 {
        infer::elem(c, i, op, wanted, |e| bools || *e != Elem::Bool)?;
    }
    let (a, b) = (&c.inputs[0].elem, &c.inputs[1].elem);
    if a != b && !(a.is_integer() && b.is_integer()) {
        return Err(infer::mixed(c, op, 0, 1));
    }
    Ok(vec![ArrayTy::new(Elem::Bool, infer::aligned(c)?)])
}

macro_rules! logic {
    ($($id:ident $name:literal $latex:literal $precedence:ident $doc:literal $example:literal |$a:ident, $b:ident| $test:expr;)*) => {$(
        #[doc = $doc]
        pub static $id: OpDef = OpDef {
            name: $name,
            form: Form::Internal,
            signature: concat!($name, "(a: bool, b: bool) -> bool"),
            doc: $doc,
            example: $example,
            lifting: Lifting::Elementwise,
            infer: |c| infer_bools(c, $name),
            gradient: Gradient::Zero,
            kernel: Kernel::General(|args| {
                let (ta, tb, out) = (args.input_tys[0], args.input_tys[1], &args.output_tys[0]);
                let (Tensor::Bool(x), Tensor::Bool(y)) = (&args.inputs[0], &args.inputs[1]) else {
                    unreachable!("internal: logic on other than truth values")
                };
                Ok(vec![map::zip2(x, ta, y, tb, out, |$a: bool, $b: bool| $test)])
            }),
            notation: Notation::Infix { symbol: $name, latex: $latex, precedence: Precedence::$precedence },
            domain: &[Domain::Bool, Domain::Bool],
        };
    )*};
}

logic! {
    AND "and" "\\land" And "True where both are." "(true and true)" |a, b| a & b;
    OR "or" "\\lor" Or "True where one is." "(false or true)" |a, b| a | b;
}

fn infer_bools(c: &mut InferCtx, op: &str) -> Result<Vec<ArrayTy>, OpFault> {
    infer::same(c, op, "truth values", |e| *e == Elem::Bool)?;
    Ok(vec![ArrayTy::new(Elem::Bool, infer::aligned(c)?)])
}

/// Negation of truth values.
pub static NOT: OpDef = OpDef {
    name: "not",
    form: Form::Internal,
    signature: "not(a: bool) -> bool",
    doc: "True where the argument is false.",
    example: "(not false)",
    lifting: Lifting::Elementwise,
    infer: |c| infer_bools(c, "not"),
    gradient: Gradient::Zero,
    kernel: Kernel::General(|args| {
        let shape = args.inputs[0].shape().to_vec();
        Ok(vec![Tensor::from_vec(&shape, args.inputs[0].slice::<bool>().iter().map(|x| !x).collect())])
    }),
    notation: Notation::Custom(|n| crate::ir::Formula::Not(Box::new(n.args[0].clone()))),
    domain: &[Domain::Bool],
};

/// True where a real is finite.
pub static IS_FINITE: OpDef = OpDef {
    name: "is_finite",
    form: Form::Map(1),
    signature: "is_finite(x: real) -> bool",
    doc: "True where `x` is neither infinite nor NaN.",
    example: "is_finite(1e300)",
    lifting: Lifting::Elementwise,
    infer: |c| {
        infer::real(c, 0, "is_finite")?;
        Ok(vec![c.inputs[0].with_elem(Elem::Bool)])
    },
    gradient: Gradient::Zero,
    kernel: Kernel::General(|args| {
        let shape = args.inputs[0].shape().to_vec();
        let finite = match &args.inputs[0] {
            Tensor::F32(a) => a.iter().map(|x| x.is_finite()).collect(),
            other => other.slice::<f64>().iter().map(|x| x.is_finite()).collect(),
        };
        Ok(vec![Tensor::from_vec(&shape, finite)])
    }),
    notation: Notation::Call { latex: "\\operatorname{isfinite}" },
    domain: &[Domain::Between(-3.0, 3.0)],
};

/// The choice between two arrays.
pub static SELECT: OpDef = OpDef {
    name: "where",
    form: Form::Map(3),
    signature: "where(mask: bool, a, b) -> a where the mask is true, else b",
    doc: "Chooses element by element. The value not chosen adds exactly nothing, to the value or to the gradient, even \
          where it is infinite or NaN.",
    example: "where(true, 1, 2) == 1",
    lifting: Lifting::Elementwise,
    infer: |c| {
        infer::elem(c, 0, "where", "a truth value first", |e| *e == Elem::Bool)?;
        if c.inputs[1].elem != c.inputs[2].elem {
            return Err(infer::mixed(c, "where", 1, 2));
        }
        Ok(vec![ArrayTy::new(c.inputs[1].elem.clone(), infer::aligned(c)?)])
    },
    gradient: Gradient::Rule(|c| {
        let Some(g) = c.grad() else { return vec![None; 3] };
        let mask = c.inputs[0];
        let zero = c.b.real(0.0);
        let mut grads = vec![None; 3];
        if c.needs[1] {
            let ga = c.b.select(mask, g, zero);
            grads[1] = c.shrink(ga, 1);
        }
        if c.needs[2] {
            let gb = c.b.select(mask, zero, g);
            grads[2] = c.shrink(gb, 2);
        }
        grads
    }),
    kernel: Kernel::General(|args| Ok(vec![run_select(args)])),
    notation: Notation::Call { latex: "\\operatorname{where}" },
    domain: &[Domain::Bool, Domain::Between(-3.0, 3.0), Domain::Between(-3.0, 3.0)],
};

fn run_select(args: KernelArgs) -> Tensor {
    let Tensor::Bool(mask) = &args.inputs[0] else { unreachable!("internal: the mask is not bool") };
    let tys = [args.input_tys[0], args.input_tys[1], args.input_tys[2]];
    let out = &args.output_tys[0];
    match (&args.inputs[1], &args.inputs[2]) {
        (Tensor::F64(a), Tensor::F64(b)) => map::select(mask, a, b, tys, out),
        (Tensor::F32(a), Tensor::F32(b)) => map::select(mask, a, b, tys, out),
        (Tensor::I64(a), Tensor::I64(b)) => map::select(mask, a, b, tys, out),
        (Tensor::Bool(a), Tensor::Bool(b)) => map::select(mask, a, b, tys, out),
        _ => unreachable!("internal: a choice between two types"),
    }
}

pub static CHOICES: &[&OpDef] = &[&EQ, &NE, &LT, &LE, &GT, &GE, &AND, &OR, &NOT, &SELECT, &IS_FINITE];

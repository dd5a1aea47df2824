//! Operations that steer: outputs of nodes with several, gradients stopped. Loops, branches and functions given as
//! regions stand beside them.

use super::infer;
use crate::diag::codes::check;
use crate::ir::{Domain, Form, Formula, Gradient, Kernel, Lifting, Notation, NotationArgs, OpDef, OpFault};
use crate::types::ArrayTy;

/// One output of a node with several: `ints` = which.
pub static GET: OpDef = OpDef {
    name: "get",
    form: Form::Internal,
    signature: "get(node) -> output",
    doc: "One output of an operation that has several.",
    example: "",
    lifting: Lifting::Batched,
    infer: |c| {
        let index = c.attrs.ints.first().copied().unwrap_or(0) as usize;
        let ty: Option<ArrayTy> = c.outputs[0].get(index).cloned();
        ty.map(|ty| vec![ty]).ok_or_else(|| OpFault::new(&check::E0401, format!("there is no output {index}")))
    },
    gradient: Gradient::Missing("an output is differentiated with the operation that gives it"),
    kernel: Kernel::None,
    notation: Notation::Custom(first_argument),
    domain: &[Domain::Own("ops::order::tests")],
};

/// The identity, with a gradient of zero.
pub static STOP: OpDef = OpDef {
    name: "stop",
    form: Form::Map(1),
    signature: "stop(x: real) -> real",
    doc: "The value of `x`, taken as a constant by `grad`: nothing flows back through it.",
    example: "grad(x -> x * stop(x), x)(3) == 3",
    lifting: Lifting::Elementwise,
    infer: |c| Ok(vec![ArrayTy::new(c.inputs[0].elem.clone(), infer::aligned(c)?)]),
    gradient: Gradient::Zero,
    kernel: Kernel::General(|args| Ok(args.inputs)),
    notation: Notation::Call { latex: "\\operatorname{stop}" },
    domain: &[Domain::Between(-3.0, 3.0)],
};

fn first_argument(args: &NotationArgs) -> Formula {
    args.args.first().cloned().unwrap_or(Formula::Text("?".into()))
}

pub static CONTROL: &[&OpDef] = &[&GET, &STOP];

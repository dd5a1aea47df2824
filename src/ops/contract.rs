//! Contraction: the product of two arrays summed over axes they share. Every matrix product, batched or not, in any
//! order of axes, is one.

use super::{Build, infer};
use crate::diag::codes::check;
use crate::ir::{
    Domain, Form, Formula, Gradient, InferCtx, Kernel, Lifting, NodeId, Notation, OpDef, OpFault, Precedence, VjpCtx,
};
use crate::kernels::gemm;
use crate::types::{ArrayTy, Axis, Elem};

/// `a @[k] b`.
pub static CONTRACT: OpDef = OpDef {
    name: "contract",
    form: Form::Internal,
    signature: "a @[k] b: real[k], real[k] -> real",
    doc: "The product of two arrays summed over axes that both have; the same as `sum[k](a * b)`. Other common axes are \
          carried along, the axes of one side are kept.",
    example: "([1, 2] : real[k]) @[k] ([3, 4] : real[k]) == 11",
    lifting: Lifting::Batched,
    infer: infer_contract,
    gradient: Gradient::Rule(gradient),
    kernel: Kernel::General(|args| {
        let (a, b) = (&args.inputs[0], &args.inputs[1]);
        let (ta, tb) = (args.input_tys[0], args.input_tys[1]);
        let out = gemm::contract(a, ta, b, tb, &args.attrs.axes, &args.output_tys[0]);
        out.map(|t| vec![t]).ok_or_else(|| super::integer_fault("the result of this"))
    }),
    notation: Notation::Custom(|n| {
        let axes = n.node.attrs.axes.iter().map(Axis::to_string).collect::<Vec<_>>().join(", ");
        Formula::Infix {
            symbol: format!("@[{axes}]"),
            latex: format!("\\underset{{{axes}}}{{\\odot}}"),
            precedence: Precedence::Product,
            left: Box::new(n.args[0].clone()),
            right: Box::new(n.args[1].clone()),
        }
    }),
    domain: &[Domain::Own("ops::tests::contractions"), Domain::Own("ops::tests::contractions")],
};

fn infer_contract(c: &mut InferCtx) -> Result<Vec<ArrayTy>, OpFault> {
    let elem = infer::same(c, "@", "numbers", |e| matches!(e, Elem::Real | Elem::Int))?;
    for axis in &c.attrs.axes {
        for side in 0..2 {
            if !c.inputs[side].has(axis) {
                let message = format!("`@[{axis}]` sums over axis `{axis}`, which one side lacks");
                let fault = OpFault::new(&check::E0302, message);
                return Err(fault
                    .label(side, format!("this is `{}`", c.inputs[side]))
                    .label(1 - side, format!("this is `{}`", c.inputs[1 - side])));
            }
        }
    }
    infer::along(c, 0, "@")?;
    let mut dims = infer::aligned(c)?;
    dims.retain(|d| !c.attrs.axes.contains(&d.axis));
    Ok(vec![ArrayTy::new(elem, dims)])
}

/// For each side, the gradient contracted with the other side over that side's own axes. Axes that only the gradient
/// has stay.
fn gradient(c: &mut VjpCtx) -> Vec<Option<NodeId>> {
    let Some(g) = c.grad() else { return vec![None, None] };
    let (ta, tb) = (c.input_ty(0), c.input_ty(1));
    let only = |x: &ArrayTy, y: &ArrayTy| -> Vec<Axis> { x.axes().filter(|a| !y.has(a)).cloned().collect() };
    let (only_a, only_b) = (only(&ta, &tb), only(&tb, &ta));
    let (a, b) = (c.inputs[0], c.inputs[1]);
    let da = if c.needs[0] { Some(product(c, g, b, &only_b)) } else { None };
    let db = if c.needs[1] { Some(product(c, g, a, &only_a)) } else { None };
    vec![da, db]
}

fn product(c: &mut VjpCtx, g: NodeId, other: NodeId, axes: &[Axis]) -> NodeId {
    if axes.is_empty() { c.mul(g, other) } else { c.b.contract(g, other, axes) }
}

pub static CONTRACTIONS: &[&OpDef] = &[&CONTRACT];

//! Operations without arguments, and those that only change how values are held: arguments of graphs, constants,
//! coordinates, sizes, repetition along new axes, conversion of elements.

use super::infer;
use crate::diag::codes::{check, run};
use crate::ir::{
    Attrs, Domain, Form, Formula, Gradient, InferCtx, Kernel, KernelArgs, Lifting, Notation, NotationArgs, OpDef,
    OpFault, RunFault,
};
use crate::kernels::map;
use crate::tensor::Tensor;
use crate::types::{ArrayTy, Elem, Precision};

/// An argument of the graph.
pub static INPUT: OpDef = OpDef {
    name: "input",
    form: Form::Internal,
    signature: "input -> array",
    doc: "An argument of the graph.",
    example: "",
    lifting: Lifting::Leaf,
    infer: |c| Ok(vec![declared(c)]),
    gradient: Gradient::Zero,
    kernel: Kernel::None,
    notation: Notation::Custom(|n| Formula::Name(n.node.attrs.name.as_deref().unwrap_or("?").to_string())),
    domain: &[],
};

/// A scalar constant.
pub static CONST: OpDef = OpDef {
    name: "const",
    form: Form::Internal,
    signature: "const -> scalar",
    doc: "A number, truth value or index written in the program.",
    example: "",
    lifting: Lifting::Leaf,
    infer: |c| Ok(vec![ArrayTy::scalar(elem_of(c.attrs))]),
    gradient: Gradient::Zero,
    kernel: Kernel::General(|args| {
        let int = args.attrs.ints.first().copied().unwrap_or(0);
        Ok(vec![match elem_of(args.attrs) {
            Elem::Real => Tensor::real(args.attrs.reals.first().map_or(0.0, |r| r.get()), args.precision),
            Elem::Bool => Tensor::scalar(int != 0),
            Elem::Int | Elem::Label(_) => Tensor::scalar(int),
        }])
    }),
    notation: Notation::Custom(|n| {
        let attrs = &n.node.attrs;
        let int = attrs.ints.first().copied().unwrap_or(0);
        match elem_of(attrs) {
            Elem::Real => Formula::Number(attrs.reals.first().map_or(0.0, |r| r.get())),
            Elem::Bool => Formula::Name(if int != 0 { "true" } else { "false" }.into()),
            Elem::Int | Elem::Label(_) => Formula::Number(int as f64),
        }
    }),
    domain: &[],
};

/// A constant array.
pub static LITERAL: OpDef = OpDef {
    name: "literal",
    form: Form::Internal,
    signature: "literal -> array",
    doc: "An array written in the program or loaded before it.",
    example: "",
    lifting: Lifting::Leaf,
    infer: |c| Ok(vec![declared(c)]),
    gradient: Gradient::Zero,
    kernel: Kernel::General(|args| {
        let data = args.attrs.data.as_ref().expect("internal: a literal without data");
        Ok(vec![at_precision((*data.0).clone(), args.precision)])
    }),
    notation: Notation::Custom(literal_text),
    domain: &[],
};

/// The coordinates along an axis.
pub static IOTA: OpDef = OpDef {
    name: "iota",
    form: Form::Internal,
    signature: "k -> label k [k]",
    doc: "The coordinates 0, 1, 2, ... along an axis: what an axis name means where a value is expected.",
    example: "",
    lifting: Lifting::Leaf,
    infer: |c| Ok(vec![ArrayTy::new(Elem::Label(one_dim(c.attrs).axis.clone()), c.attrs.dims.clone())]),
    gradient: Gradient::Zero,
    kernel: Kernel::General(|args| {
        let n = known(args.output_tys[0].dims[0].size);
        Ok(vec![Tensor::from_vec(&[n], (0..n as i64).collect())])
    }),
    notation: Notation::Custom(|n| Formula::Name(one_dim(&n.node.attrs).axis.to_string())),
    domain: &[],
};

/// The extent of an axis.
pub static SIZE: OpDef = OpDef {
    name: "size",
    form: Form::Internal,
    signature: "size(k) -> int",
    doc: "The number of coordinates along an axis.",
    example: "",
    lifting: Lifting::Leaf,
    infer: |_| Ok(vec![ArrayTy::scalar(Elem::Int)]),
    gradient: Gradient::Zero,
    kernel: Kernel::General(|args| Ok(vec![Tensor::scalar(known(one_dim(args.attrs).size) as i64)])),
    notation: Notation::Custom(|n| {
        let axis = Formula::Name(one_dim(&n.node.attrs).axis.to_string());
        Formula::Call { function: "size".into(), latex: None, axes: Vec::new(), args: vec![axis] }
    }),
    domain: &[],
};

/// Repetition along new axes.
pub static BROADCAST: OpDef = OpDef {
    name: "broadcast",
    form: Form::Internal,
    signature: "broadcast(x) -> array with more axes",
    doc: "The same values repeated along further axes, which come first.",
    example: "",
    lifting: Lifting::Batched,
    infer: |c| {
        for dim in &c.attrs.dims {
            infer::lacks(c, 0, &dim.axis, "broadcast")?;
        }
        let dims = c.attrs.dims.iter().chain(&c.inputs[0].dims).cloned().collect();
        Ok(vec![ArrayTy::new(c.inputs[0].elem.clone(), dims)])
    },
    gradient: Gradient::Rule(|c| {
        let Some(g) = c.grad() else { return vec![None] };
        vec![c.shrink(g, 0)]
    }),
    kernel: Kernel::General(|mut args| {
        let x = args.inputs.pop().expect("internal: broadcast without input");
        Ok(vec![map::broadcast(x, args.input_tys[0], &args.output_tys[0])])
    }),
    notation: Notation::Custom(|n| n.args[0].clone()),
    domain: &[Domain::Own("ops::tests::broadcast")],
};

/// Conversion of elements.
pub static CAST: OpDef = OpDef {
    name: "cast",
    form: Form::Internal,
    signature: "cast(x) -> the same numbers as another element type",
    doc: "Elements converted: int, labels and truth values (0 and 1) to real, truth values and labels to int, int to \
          labels (each must be a coordinate of the axis), and reals to int by cutting towards zero (NaN to 0, what is too \
          large to the largest).",
    example: "",
    lifting: Lifting::Elementwise,
    infer: infer_cast,
    gradient: Gradient::Zero,
    kernel: Kernel::General(run_cast),
    notation: Notation::Custom(|n| n.args[0].clone()),
    domain: &[Domain::Own("ops::tests::casts")],
};

fn infer_cast(c: &mut InferCtx) -> Result<Vec<ArrayTy>, OpFault> {
    let (from, to) = (&c.inputs[0].elem, elem_of(c.attrs));
    let fits = match (from, &to) {
        (a, b) if a == b => true,
        (_, Elem::Real) => true,
        (Elem::Bool | Elem::Label(_) | Elem::Real, Elem::Int) => true,
        (Elem::Int | Elem::Label(_), Elem::Label(_)) => true,
        _ => false,
    };
    if !fits {
        let fault = OpFault::new(&check::E0401, format!("{from} cannot be used as {to}"));
        return Err(fault.label(0, format!("this is `{}`", c.inputs[0])));
    }
    Ok(vec![c.inputs[0].with_elem(to)])
}

fn run_cast(mut args: KernelArgs) -> Result<Vec<Tensor>, RunFault> {
    let x = args.inputs.pop().expect("internal: cast without input");
    let out = match &args.output_tys[0].elem {
        Elem::Real => map::to_real(x, args.precision),
        Elem::Int => map::to_int(x),
        Elem::Bool => x,
        Elem::Label(axis) => {
            // The axis may be unknown here (its size is then checked where the label is used).
            let size = args.attrs.dims.iter().find(|d| d.axis == *axis).and_then(|d| d.size.known());
            let limit = size.map_or(i64::MAX, |n| n as i64);
            if let Some((at, bad)) = x.slice::<i64>().iter().enumerate().find(|(_, v)| **v < 0 || **v >= limit) {
                let range = size.map_or("not negative".to_string(), |n| format!("below {n}"));
                return Err(RunFault::new(
                    &run::E0703,
                    format!("{bad} is not a coordinate of axis `{axis}`"),
                    format!("element {at} of this is {bad}; labels of `{axis}` are {range}"),
                ));
            }
            x
        }
    };
    Ok(vec![out])
}

/// A tensor whose reals have the given precision.
pub fn at_precision(x: Tensor, precision: Precision) -> Tensor {
    match x {
        Tensor::F64(_) | Tensor::F32(_) => map::to_real(x, precision),
        other => other,
    }
}

fn literal_text(n: &NotationArgs) -> Formula {
    let Some(data) = &n.node.attrs.data else { return Formula::Text("[]".into()) };
    let values = data.0.to_f64();
    if values.len() == 1 && n.node.ty().is_scalar() {
        return Formula::Number(values[0]);
    }
    let shown: Vec<String> = values.iter().take(6).map(|v| format!("{v}")).collect();
    let more = if values.len() > 6 { ", ..." } else { "" };
    Formula::Text(format!("[{}{more}]", shown.join(", ")))
}

fn elem_of(attrs: &Attrs) -> Elem {
    attrs.elem.clone().unwrap_or(Elem::Real)
}

fn declared(c: &InferCtx) -> ArrayTy {
    ArrayTy::new(elem_of(c.attrs), c.attrs.dims.clone())
}

fn one_dim(attrs: &Attrs) -> &crate::types::Dim {
    attrs.dims.first().expect("internal: the operation needs a dim")
}

fn known(size: crate::types::Size) -> usize {
    size.known().expect("internal: an open size reached a kernel")
}

pub static LEAVES: &[&OpDef] = &[&INPUT, &CONST, &LITERAL, &IOTA, &SIZE, &BROADCAST, &CAST];

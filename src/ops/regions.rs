//! Operations that hold regions (closed graphs): loops, branches, gradients, functions with gradients of their own.
//! Their attributes are described in the table of [`crate::ops`]; how loops and branches are differentiated is in
//! `region_vjp`. `GRAD` and `JACOBIAN` are removed by the `ad` stage and never executed.

use super::region_vjp;
use crate::diag::codes::{check, run};
use crate::ir::{
    Attrs, Form, Formula, Gradient, Graph, InferCtx, Kernel, KernelArgs, Lifting, Notation, NotationArgs, OpDef,
    OpFault, RunFault,
};
use crate::tensor::{Element, Tensor};
use crate::types::{ArrayTy, Dim, Elem, Precision, Sizes};

pub static LOOP: OpDef = OpDef {
    name: "iterate",
    form: Form::Internal,
    signature: "iterate x = x0 for t in from..to { ... }",
    doc: "Repeats a body, each round given the values the round before gave. With `until`, stops after the round in \
          which the condition first holds. Its gradient keeps the values at the start of every round and goes through \
          the rounds backwards.",
    example: "",
    lifting: Lifting::Region,
    infer: infer_loop,
    gradient: Gradient::Rule(region_vjp::of_loop),
    kernel: Kernel::General(run_loop),
    notation: Notation::Custom(notate_loop),
    domain: &[],
};

pub static COND: OpDef = OpDef {
    name: "if",
    form: Form::Internal,
    signature: "if c then a else b",
    doc: "Computes only the branch that is chosen.",
    example: "",
    lifting: Lifting::Region,
    infer: infer_cond,
    gradient: Gradient::Rule(region_vjp::of_cond),
    kernel: Kernel::General(|mut args| {
        let chosen = if args.inputs[0].slice::<bool>()[0] { 0 } else { 1 };
        let captures = args.inputs.split_off(1);
        args.runner.run(&args.attrs.regions[chosen], captures)
    }),
    notation: Notation::Custom(|args| region_call("if", args)),
    domain: &[],
};

pub static GRAD: OpDef = OpDef {
    name: "grad",
    form: Form::Internal,
    signature: "grad(f, x)",
    doc: "The gradient of a function with a scalar result; with the name `value_and_grad`, its value first.",
    example: "",
    lifting: Lifting::Region,
    infer: infer_grad,
    gradient: Gradient::Missing("an inner gradient is taken before an outer one"),
    kernel: Kernel::None,
    notation: Notation::Custom(|args| region_call(args.node.attrs.name.as_deref().unwrap_or("grad"), args)),
    domain: &[],
};

pub static JACOBIAN: OpDef = OpDef {
    name: "jacobian",
    form: Form::Internal,
    signature: "jacobian(f, x)",
    doc: "The derivative of every element of the result by every element of the argument.",
    example: "",
    lifting: Lifting::Region,
    infer: infer_jacobian,
    gradient: Gradient::Missing("an inner gradient is taken before an outer one"),
    kernel: Kernel::None,
    notation: Notation::Custom(|args| region_call("jacobian", args)),
    domain: &[],
};

pub static CUSTOM: OpDef = OpDef {
    name: "with_grad",
    form: Form::Internal,
    signature: "def f(x) = value with grad(x, g) = gradient",
    doc: "A function whose gradient the program states itself.",
    example: "",
    lifting: Lifting::Region,
    infer: infer_custom,
    gradient: Gradient::Rule(region_vjp::of_custom),
    kernel: Kernel::General(|args| args.runner.run(&args.attrs.regions[0], args.inputs)),
    notation: Notation::Custom(|args| region_call(args.node.attrs.name.as_deref().unwrap_or("with_grad"), args)),
    domain: &[],
};

pub static REGIONS: &[&OpDef] = &[&LOOP, &COND, &GRAD, &JACOBIAN, &CUSTOM];

/// What `attrs.ints` of a `LOOP` say, and how its inputs and outputs are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoopShape {
    pub states: usize,
    pub kept: usize,
    /// The body's last output says whether to go on.
    pub until: bool,
    /// Counters run from `to - 1` down to `from`. Kept values are stacked by counter in either direction.
    pub backwards: bool,
}

impl LoopShape {
    pub fn of(attrs: &Attrs) -> LoopShape {
        let int = |i: usize| attrs.ints.get(i).copied().unwrap_or(0);
        LoopShape { states: int(0) as usize, kept: int(1) as usize, until: int(2) != 0, backwards: int(3) != 0 }
    }

    pub fn ints(self) -> Vec<i64> {
        vec![self.states as i64, self.kept as i64, self.until as i64, self.backwards as i64]
    }

    /// Among the node's inputs, where the captured values start.
    pub fn first_capture(self) -> usize {
        2 + self.states
    }

    /// Among the node's outputs, the number of rounds made.
    pub fn rounds(self) -> usize {
        self.states + self.kept
    }
}

fn misfit(op: &str, why: &str) -> OpFault {
    OpFault::new(&run::E0901, format!("`{op}` is put together wrongly: {why}"))
}

/// Unifies a type with the one a region declares; false if element types or axes (or their storage order) differ.
fn fits(sizes: &mut Sizes, outer: &ArrayTy, inner: &ArrayTy) -> bool {
    outer.elem == inner.elem
        && outer.dims.len() == inner.dims.len()
        && outer.dims.iter().zip(&inner.dims).all(|(a, b)| a.axis == b.axis && sizes.unify(a.size, b.size).is_ok())
}

/// A region's inputs against the types of the values they get; `first` is the node's input behind the first of them.
fn region_fits(ctx: &mut InferCtx, op: &str, region: &Graph, given: &[&ArrayTy]) -> Result<(), OpFault> {
    if region.inputs.len() != given.len() {
        let why = format!("its region takes {} values, not {}", region.inputs.len(), given.len());
        return Err(misfit(op, &why));
    }
    for (input, ty) in region.inputs.iter().zip(given) {
        let inner = region.ty(*input);
        if !fits(ctx.sizes, ty, inner) {
            return Err(misfit(op, &format!("its region takes `{inner}` where it is given `{ty}`")));
        }
    }
    Ok(())
}

fn region<'a>(ctx: &InferCtx<'a>, op: &str, index: usize) -> Result<&'a Graph, OpFault> {
    ctx.attrs.regions.get(index).map(|g| &**g).ok_or_else(|| misfit(op, "a region is missing"))
}

fn infer_loop(ctx: &mut InferCtx) -> Result<Vec<ArrayTy>, OpFault> {
    let shape = LoopShape::of(ctx.attrs);
    let body = region(ctx, "iterate", 0)?;
    if ctx.inputs.len() < shape.first_capture() || body.outputs.len() != shape.rounds() + shape.until as usize {
        return Err(misfit("iterate", "the number of states or results is wrong"));
    }
    for i in 0..2 {
        if *ctx.inputs[i] != ArrayTy::scalar(Elem::Int) {
            let fault = OpFault::new(&check::E0401, "a loop counts with whole numbers");
            return Err(fault.label(i, format!("this is `{}`", ctx.inputs[i])));
        }
    }
    let counter = ArrayTy::scalar(Elem::Int);
    let given: Vec<&ArrayTy> = std::iter::once(&counter).chain(ctx.inputs[2..].iter().copied()).collect();
    region_fits(ctx, "iterate", body, &given)?;
    let mut tys = Vec::new();
    for i in 0..shape.states {
        let (before, after) = (ctx.inputs[2 + i], body.ty(body.outputs[i]));
        if !fits(ctx.sizes, before, after) {
            return Err(changed(2 + i, before, after));
        }
        tys.push(before.clone());
    }
    for output in &body.outputs[shape.states..shape.rounds()] {
        let along = ctx.attrs.dims.first().ok_or_else(|| misfit("iterate", "kept values need an axis"))?;
        let ty = body.ty(*output);
        if ty.has(&along.axis) {
            let fault =
                OpFault::new(&check::E0333, format!("`{}` is already an axis of what each round gives", along.axis));
            return Err(fault.help("stack the rounds along an axis of another name"));
        }
        let dims = std::iter::once(along.clone()).chain(ty.dims.iter().cloned()).collect();
        tys.push(ArrayTy::new(ty.elem.clone(), dims));
    }
    if shape.until && *body.ty(body.outputs[shape.rounds()]) != ArrayTy::scalar(Elem::Bool) {
        return Err(misfit("iterate", "its stopping rule is not a single true or false"));
    }
    tys.push(counter);
    Ok(tys)
}

fn changed(input: usize, before: &ArrayTy, after: &ArrayTy) -> OpFault {
    OpFault::new(&check::E0331, format!("a loop's value starts as `{before}` and is `{after}` after a round"))
        .label(input, format!("this is `{before}`"))
        .help("give it the same element type and axes before and after a round")
}

fn infer_cond(ctx: &mut InferCtx) -> Result<Vec<ArrayTy>, OpFault> {
    if *ctx.inputs[0] != ArrayTy::scalar(Elem::Bool) {
        let fault = OpFault::new(&check::E0334, "`if` asks a single true or false");
        let fault = fault.label(0, format!("this is `{}`", ctx.inputs[0]));
        return Err(fault.help("to choose element by element, write `where(mask, a, b)`"));
    }
    let (then, otherwise) = (region(ctx, "if", 0)?, region(ctx, "if", 1)?);
    let captures: Vec<&ArrayTy> = ctx.inputs[1..].to_vec();
    region_fits(ctx, "if", then, &captures)?;
    region_fits(ctx, "if", otherwise, &captures)?;
    if then.outputs.len() != otherwise.outputs.len() {
        return Err(misfit("if", "its branches give different numbers of values"));
    }
    let mut tys = Vec::new();
    for (a, b) in then.outputs.iter().zip(&otherwise.outputs) {
        let (a, b) = (then.ty(*a), otherwise.ty(*b));
        if !fits(ctx.sizes, a, b) {
            let fault = OpFault::new(&check::E0335, format!("one branch of `if` gives `{a}`, the other `{b}`"));
            return Err(fault.help("both branches give the same element type and axes"));
        }
        tys.push(a.resolve(ctx.sizes));
    }
    Ok(tys)
}

/// The function's region fitted to the arguments, and the type of what it differentiates.
fn differentiated<'a>(ctx: &mut InferCtx<'a>, op: &str) -> Result<(&'a Graph, &'a ArrayTy), OpFault> {
    let f = region(ctx, op, 0)?;
    let given: Vec<&ArrayTy> = ctx.inputs.to_vec();
    region_fits(ctx, op, f, &given)?;
    let result = f.outputs.first().map(|out| f.ty(*out)).ok_or_else(|| misfit(op, "its function gives nothing"))?;
    if result.elem != Elem::Real {
        return Err(OpFault::new(&check::E0336, format!("`{op}` needs a real result, this function gives `{result}`")));
    }
    for &index in &ctx.attrs.ints {
        let Some(ty) = ctx.inputs.get(index as usize) else { return Err(misfit(op, "there is no such argument")) };
        if ty.elem != Elem::Real {
            let fault = OpFault::new(&check::E0337, format!("`{op}` differentiates by reals, this is `{ty}`"));
            return Err(fault.label(index as usize, format!("this is `{ty}`")));
        }
    }
    Ok((f, result))
}

fn infer_grad(ctx: &mut InferCtx) -> Result<Vec<ArrayTy>, OpFault> {
    let both = ctx.attrs.name.as_deref() == Some("value_and_grad");
    let op = if both { "value_and_grad" } else { "grad" };
    let (f, result) = differentiated(ctx, op)?;
    if result.axes().any(|axis| !ctx.attrs.axes.contains(axis)) {
        let fault =
            OpFault::new(&check::E0336, format!("`{op}` needs a scalar result, this function gives `{result}`"));
        return Err(fault.help("average or sum it first, or write `jacobian(f, x)`"));
    }
    let mut tys = Vec::new();
    if both {
        tys.extend(f.outputs.iter().map(|out| f.ty(*out).resolve(ctx.sizes)));
    }
    for &index in &ctx.attrs.ints {
        let ty = ctx.inputs[index as usize];
        if ctx.attrs.axes.iter().any(|axis| !ty.has(axis)) {
            return Err(misfit(op, "an argument lacks an axis that the function was lifted over"));
        }
        tys.push(ty.clone());
    }
    Ok(tys)
}

fn infer_jacobian(ctx: &mut InferCtx) -> Result<Vec<ArrayTy>, OpFault> {
    let (_, result) = differentiated(ctx, "jacobian")?;
    let index = *ctx.attrs.ints.first().ok_or_else(|| misfit("jacobian", "no argument is named"))? as usize;
    let columns = jacobian_columns(ctx.attrs, ctx.inputs[index]);
    let mut dims = result.resolve(ctx.sizes).dims;
    for dim in columns {
        if dims.iter().any(|d| d.axis == dim.axis) {
            let message = format!("axis `{}` stands both in the result and in the argument of `jacobian`", dim.axis);
            let help = "rename one of them at the call: `jacobian(f, x)[k -> k2]`";
            return Err(OpFault::new(&check::E0338, message).label(index, "the argument").help(help));
        }
        dims.push(dim);
    }
    Ok(vec![ArrayTy::new(Elem::Real, dims)])
}

/// The argument's dims as they stand in the Jacobian: renamed where `attrs` say so.
pub fn jacobian_columns(attrs: &Attrs, argument: &ArrayTy) -> Vec<Dim> {
    let renamed = |dim: &Dim| match attrs.axes.iter().position(|axis| *axis == dim.axis) {
        Some(i) => Dim::new(attrs.dims[i].axis.clone(), dim.size),
        None => dim.clone(),
    };
    argument.dims.iter().map(renamed).collect()
}

fn infer_custom(ctx: &mut InferCtx) -> Result<Vec<ArrayTy>, OpFault> {
    let (f, vjp) = (region(ctx, "with grad", 0)?, region(ctx, "with grad", 1)?);
    let given: Vec<&ArrayTy> = ctx.inputs.to_vec();
    region_fits(ctx, "with grad", f, &given)?;
    let result = f.outputs.first().map(|out| f.ty(*out)).ok_or_else(|| misfit("with grad", "it gives nothing"))?;
    let with_gradient: Vec<&ArrayTy> = given.iter().copied().chain([result]).collect();
    region_fits(ctx, "with grad", vjp, &with_gradient)?;
    if vjp.outputs.len() != ctx.attrs.ints.len() {
        return Err(misfit("with grad", "it gives gradients for another number of arguments"));
    }
    Ok(vec![result.resolve(ctx.sizes)])
}

/// Where the values kept of one `LOOP` output are written, round by round.
enum Stack {
    F64(Vec<f64>),
    F32(Vec<f32>),
    I64(Vec<i64>),
    Bool(Vec<bool>),
}

impl Stack {
    fn new(ty: &ArrayTy, precision: Precision, len: usize) -> Result<Stack, RunFault> {
        fn zeros<T: Element>(len: usize) -> Result<Vec<T>, RunFault> {
            const MOST: usize = 1 << 36;
            if len > MOST || Vec::<T>::new().try_reserve_exact(len).is_err() {
                let message =
                    format!("keeping the values of every round takes {len} numbers, more than there is memory");
                return Err(RunFault::new(&run::E0732, message, "this loop"));
            }
            // Zeros from the system: rows that no round writes take no memory.
            Ok(vec![T::default(); len])
        }
        Ok(match (&ty.elem, precision) {
            (Elem::Real, Precision::F64) => Stack::F64(zeros(len)?),
            (Elem::Real, Precision::F32) => Stack::F32(zeros(len)?),
            (Elem::Int | Elem::Label(_), _) => Stack::I64(zeros(len)?),
            (Elem::Bool, _) => Stack::Bool(zeros(len)?),
        })
    }

    fn write(&mut self, row: usize, value: &Tensor) {
        fn copy<T: Element>(data: &mut [T], row: usize, value: &[T]) {
            data[row * value.len()..][..value.len()].copy_from_slice(value);
        }
        match self {
            Stack::F64(data) => copy(data, row, value.slice()),
            Stack::F32(data) => copy(data, row, value.slice()),
            Stack::I64(data) => copy(data, row, value.slice()),
            Stack::Bool(data) => copy(data, row, value.slice()),
        }
    }

    fn tensor(self, shape: &[usize]) -> Tensor {
        match self {
            Stack::F64(data) => Tensor::from_vec(shape, data),
            Stack::F32(data) => Tensor::from_vec(shape, data),
            Stack::I64(data) => Tensor::from_vec(shape, data),
            Stack::Bool(data) => Tensor::from_vec(shape, data),
        }
    }
}

fn run_loop(mut args: KernelArgs) -> Result<Vec<Tensor>, RunFault> {
    let shape = LoopShape::of(args.attrs);
    let body = &args.attrs.regions[0];
    let (from, to) = (args.inputs[0].slice::<i64>()[0], args.inputs[1].slice::<i64>()[0]);
    let captures = args.inputs.split_off(shape.first_capture());
    let mut states = args.inputs.split_off(2);
    let rounds = to.saturating_sub(from).max(0);
    let mut stacks = stacks(&args, shape, rounds)?;
    let mut made = 0;
    while made < rounds {
        if args.runner.cancelled() {
            return Err(RunFault::cancelled());
        }
        let counter = if shape.backwards { to - 1 - made } else { from + made };
        let mut inputs = Vec::with_capacity(1 + states.len() + captures.len());
        inputs.push(Tensor::scalar(counter));
        inputs.append(&mut states);
        inputs.extend(captures.iter().cloned());
        states = args.runner.run(body, inputs)?;
        made += 1;
        for (stack, value) in stacks.iter_mut().zip(&states[shape.states..]) {
            stack.0.write((counter - from) as usize, value);
        }
        let go_on = !shape.until || states[shape.rounds()].slice::<bool>()[0];
        states.truncate(shape.states);
        if !go_on {
            break;
        }
    }
    states.extend(stacks.into_iter().map(|(stack, shape)| stack.tensor(&shape)));
    states.push(Tensor::scalar(made));
    Ok(states)
}

/// Room for the kept values, zero where no round writes.
fn stacks(args: &KernelArgs, shape: LoopShape, rounds: i64) -> Result<Vec<(Stack, Vec<usize>)>, RunFault> {
    let tys = &args.output_tys[shape.states..shape.rounds()];
    let mut stacks = Vec::new();
    for ty in tys {
        let Some(extents) = ty.shape() else {
            return Err(RunFault::new(&run::E0901, "the number of rounds of a loop is not known", "this loop"));
        };
        if rounds > extents[0] as i64 {
            let message = format!("a loop of {rounds} rounds keeps the values of {}", extents[0]);
            return Err(RunFault::new(&run::E0901, message, "this loop"));
        }
        let len = extents.iter().fold(1usize, |n, m| n.saturating_mul(*m));
        stacks.push((Stack::new(ty, args.precision, len)?, extents));
    }
    Ok(stacks)
}

fn region_call(function: &str, args: &NotationArgs) -> Formula {
    Formula::Call { function: function.into(), latex: None, axes: Vec::new(), args: args.args.clone() }
}

/// `iterate x = x0 for t in a..b` as far as it can be told without looking into the body.
fn notate_loop(args: &NotationArgs) -> Formula {
    let shape = LoopShape::of(&args.node.attrs);
    let function = if shape.kept > 0 { "scan" } else { "iterate" };
    Formula::Call { function: function.into(), latex: None, axes: Vec::new(), args: args.args.clone() }
}

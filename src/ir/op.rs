//! The bundle of rules that makes an operation: [`OpDef`]. The operations themselves are in `ops`.

use super::{Attrs, Builder, Formula, Graph, Node, NodeId, Precedence};
use crate::diag::Code;
use crate::source::Span;
use crate::tensor::Tensor;
use crate::types::{ArrayTy, Precision, Sizes};
use std::sync::Arc;

/// One operation: everything that any stage needs to know of it. There is exactly one `static` per operation; nodes
/// refer to it and compare it by address. No field may be left out.
pub struct OpDef {
    /// The name in programs (where `form` lets programs write it), in graph dumps and messages.
    pub name: &'static str,
    /// How a program writes it.
    pub form: Form,
    /// For people: `softmax[k](z: real[k]) -> real[k]`.
    pub signature: &'static str,
    /// One sentence, then details: conventions at kinks and edges, errors, source.
    pub doc: &'static str,
    /// An expression that is true, run as a test; empty for operations that programs cannot write.
    pub example: &'static str,
    pub lifting: Lifting,
    /// Element types and axes of the outputs.
    pub infer: fn(&mut InferCtx) -> Result<Vec<ArrayTy>, OpFault>,
    pub gradient: Gradient,
    pub kernel: Kernel,
    pub notation: Notation,
    /// Where to sample each input for the tests of value and gradient.
    pub domain: &'static [Domain],
}

impl std::fmt::Debug for OpDef {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// How a program calls an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Programs cannot write it; the elaborator or a pass makes it.
    Internal,
    /// `exp(x)`, `atan2(y, x)`: that many arguments, no bracket.
    Map(usize),
    /// `sum[k](x)`, `softmax[k](z)`: a bracket with the axes it works along; left out, all axes of the argument
    /// (`default_all`) or an error. `args` real arguments.
    Along { args: usize, default_all: bool },
    /// `cholesky[d, e](h)`: exactly that many axes in the bracket, that many arguments.
    Axes { axes: usize, args: usize },
    /// `normal[n: 100](0, 1)`: a bracket with new axes and their sizes, that many arguments.
    Draw(usize),
}

/// What becomes of axes that an operation was not told about. With named axes this needs no code: the rules of
/// `infer`, `gradient` and `kernel` carry them along.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lifting {
    /// No inputs.
    Leaf,
    /// Operands align by name; the result has the union of their axes.
    Elementwise,
    /// Works along its own axes, once for each coordinate of all others.
    Batched,
    /// Carried by the nodes of its region.
    Region,
}

/// The inputs of an inference rule. Sizes may be unified.
pub struct InferCtx<'a> {
    /// The type of each input (of its first output, where it has several).
    pub inputs: &'a [&'a ArrayTy],
    /// The types of all outputs of each input: what `GET` chooses from.
    pub outputs: &'a [Vec<ArrayTy>],
    pub attrs: &'a Attrs,
    pub sizes: &'a mut Sizes,
}

/// Why an operation cannot be applied. The elaborator adds the spans of the inputs.
#[derive(Clone, Debug)]
pub struct OpFault {
    pub code: &'static Code,
    pub message: String,
    /// For each input involved, what to say of it.
    pub labels: Vec<(usize, String)>,
    pub help: Option<String>,
}

/// How to differentiate.
pub enum Gradient {
    /// Given the gradients of the outputs (`ctx.grads`, `None` where it is zero), the gradient for each input, `None`
    /// where it is zero or the input is not real. A gradient may carry axes that the node lacks (a batch of
    /// cotangents); rules sum only over axes of the node's own type.
    Rule(fn(&mut VjpCtx) -> Vec<Option<NodeId>>),
    /// Piecewise constant, or not real: the gradient is zero everywhere it exists.
    Zero,
    /// Not differentiable here, with the reason shown to users.
    Missing(&'static str),
}

/// The inputs of a gradient rule; it adds nodes to `b`, in which the forward nodes already are.
pub struct VjpCtx<'a> {
    pub b: &'a mut Builder,
    /// The forward node (in `b`), its inputs, and its outputs (one id per output: itself, or its `GET`s).
    pub node: NodeId,
    pub inputs: Vec<NodeId>,
    pub outputs: Vec<NodeId>,
    pub attrs: Attrs,
    pub grads: Vec<Option<NodeId>>,
    /// Which inputs need a gradient.
    pub needs: Vec<bool>,
    /// The gradient came through a `where`: an exact zero in it must win over an infinite or NaN derivative.
    pub masked: bool,
    /// What multiplies a gradient by a derivative: `MUL`, or `ZMUL` (strong zero on the left) where `masked`.
    pub times: &'static OpDef,
    /// Set by a rule that cannot give a gradient after all (inside a loop, say); its result is then ignored.
    pub fault: Option<RunFault>,
}

impl VjpCtx<'_> {
    /// The gradient `g` times the local derivative `d`. Rules multiply through this and never divide a gradient by
    /// something: `0 * inf` would poison a branch that was not taken.
    pub fn mul(&mut self, g: NodeId, d: NodeId) -> NodeId {
        self.b.mk(self.times, &[g, d], Attrs::none())
    }
}

/// How to compute it.
#[derive(Clone, Copy)]
pub enum Kernel {
    /// Real to real, element by element; both slices have equal length.
    Unary { f64: fn(&[f64], &mut [f64]), f32: fn(&[f32], &mut [f32]) },
    /// Two reals to a real, element by element; the three slices have equal length.
    Binary { f64: fn(&[f64], &[f64], &mut [f64]), f32: fn(&[f32], &[f32], &mut [f32]) },
    /// Anything: tensors in, tensors out (one per output type).
    General(fn(KernelArgs) -> Result<Vec<Tensor>, RunFault>),
    /// Never executed: a pass removes it (`grad`), or the executor binds it (`input`).
    None,
}

/// The inputs of a general kernel. An input that nobody else needs is given uniquely and may be written in place.
pub struct KernelArgs<'a> {
    pub inputs: Vec<Tensor>,
    pub input_tys: Vec<&'a ArrayTy>,
    pub attrs: &'a Attrs,
    pub output_tys: &'a [ArrayTy],
    pub precision: Precision,
    pub runner: &'a dyn Runner,
}

/// What the executor offers to kernels.
pub trait Runner: Sync {
    /// Runs a region; its plan is compiled once.
    fn run(&self, region: &Arc<Graph>, inputs: Vec<Tensor>) -> Result<Vec<Tensor>, RunFault>;
    /// True when the run was asked to stop; long kernels return [`RunFault::cancelled`] then.
    fn cancelled(&self) -> bool;
}

/// Why a run stopped.
#[derive(Clone, Debug)]
pub struct RunFault {
    pub code: &'static Code,
    pub message: String,
    pub label: String,
    pub help: Option<String>,
    /// Filled in by the executor: the node's place in the source.
    pub span: Option<Span>,
}

/// How it is written in formulas.
#[derive(Clone, Copy)]
pub enum Notation {
    /// `name(args)` or `name[axes](args)` from `attrs.axes`; `latex` is the function's LaTeX, such as `\\exp`.
    Call {
        latex: &'static str,
    },
    Infix {
        symbol: &'static str,
        latex: &'static str,
        precedence: Precedence,
    },
    Custom(fn(&NotationArgs) -> Formula),
}

/// What a custom notation may look at: the node and the formulas of its inputs.
pub struct NotationArgs<'a> {
    pub graph: &'a Graph,
    pub node: &'a Node,
    pub args: Vec<Formula>,
}

/// Where an input is sampled by tests of values and gradients. `Real` ranges avoid kinks by more than a difference step.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Domain {
    /// Reals between two bounds.
    Between(f64, f64),
    /// Away from zero by at least 0.1, both signs, up to 3.
    NonZero,
    /// Symmetric positive definite over the operation's two axes.
    Definite,
    /// A well-conditioned square matrix over the operation's two axes.
    Invertible,
    Bool,
    /// Indexes below the size of the first of the operation's axes.
    Index,
    /// Not sampled: the operation has a test of its own, named here.
    Own(&'static str),
}

impl OpFault {
    pub fn new(code: &'static Code, message: impl Into<String>) -> OpFault {
        OpFault { code, message: message.into(), labels: Vec::new(), help: None }
    }

    pub fn label(mut self, input: usize, text: impl Into<String>) -> OpFault {
        self.labels.push((input, text.into()));
        self
    }

    pub fn help(mut self, text: impl Into<String>) -> OpFault {
        self.help = Some(text.into());
        self
    }
}

impl RunFault {
    pub fn new(code: &'static Code, message: impl Into<String>, label: impl Into<String>) -> RunFault {
        RunFault { code, message: message.into(), label: label.into(), help: None, span: None }
    }

    pub fn help(mut self, text: impl Into<String>) -> RunFault {
        self.help = Some(text.into());
        self
    }

    pub fn cancelled() -> RunFault {
        RunFault::new(&crate::diag::codes::run::E0902, "stopped", "the computation was running here")
    }
}

//! What expressions elaborate to: arrays (nodes of a graph being built, or stored results) and the values around them.

use super::builtins::Builtin;
use super::scope::Env;
use crate::ir::{NodeId, OpDef};
use crate::source::Span;
use crate::syntax::ast;
use crate::tensor::Tensor;
use crate::types::{ArrayTy, Axis, Elem};
use std::sync::{Arc, OnceLock};

/// A value at elaboration time. Arrays are symbolic; everything else is there as it is.
#[derive(Clone, Debug)]
pub enum Value {
    Array(Array),
    Text(Arc<str>),
    Record(Arc<Vec<(Arc<str>, Value)>>),
    List(Arc<Vec<Value>>),
    Tuple(Arc<Vec<Value>>),
    Function(Arc<Function>),
    /// `e where mask`: only a reduction can take it.
    Masked {
        value: Array,
        mask: Array,
        span: Span,
    },
    /// `lo .. hi`
    Range {
        from: Array,
        to: Array,
    },
    /// A declaration whose meaning belongs to a later stage of the language: its kind and name.
    Declared {
        kind: &'static str,
        name: Arc<str>,
    },
    /// Already reported, or not known (an untyped parameter); whatever is made of it is not known either.
    Unknown,
}

#[derive(Clone, Debug)]
pub enum Array {
    /// A node of the graph at this depth of the elaborator's stack of graphs.
    Node { level: usize, id: NodeId },
    /// The result of an earlier statement.
    Stored(Arc<Stored>),
    /// An output of the statement just elaborated, by its place among the graph's outputs.
    Output(usize),
}

/// A value that an earlier statement computed.
#[derive(Clone, Debug)]
pub struct Stored {
    /// How formulas and messages call it: `w`, `train.x`.
    pub name: Arc<str>,
    pub ty: ArrayTy,
    /// Absent while checking.
    pub data: Option<Tensor>,
    pub span: Span,
    /// For each dim, the place that gave it its size, with a few words.
    pub origins: Vec<(Span, String)>,
    /// Names of the top-level values it was computed from, in order: used to warn about gradients that stop here.
    pub from: Arc<Vec<Arc<str>>>,
}

#[derive(Debug)]
pub enum Function {
    Closure(Closure),
    Op(&'static OpDef),
    Builtin(&'static Builtin),
    /// `grad(f, z)`: takes the arguments of `f`.
    Derivative {
        of: Arc<Function>,
        wrt: Vec<Arc<str>>,
        kind: Derivative,
        /// `[d -> d2]` of a jacobian or hessian: axes of the variable and their names in the result.
        renames: Vec<(ast::Ident, ast::Ident)>,
        span: Span,
    },
    /// `sum[k]` as a value: a function with its bracket already given, in the scope where it was written.
    Bracketed {
        base: Arc<Function>,
        entries: Vec<ast::BracketEntry>,
        env: Env,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Derivative {
    Grad,
    ValueAndGrad,
    Jacobian,
    Hessian,
}

impl Derivative {
    pub fn word(self) -> &'static str {
        match self {
            Derivative::Grad => "grad",
            Derivative::ValueAndGrad => "value_and_grad",
            Derivative::Jacobian => "jacobian",
            Derivative::Hessian => "hessian",
        }
    }

    pub fn find(word: &str) -> Option<Derivative> {
        [Derivative::Grad, Derivative::ValueAndGrad, Derivative::Jacobian, Derivative::Hessian]
            .into_iter()
            .find(|d| d.word() == word)
    }
}

impl Function {
    /// The function written in Loss that it is, or is a derivative of: its parameters are taken.
    pub fn closure(&self) -> Option<&Closure> {
        match self {
            Function::Closure(c) => Some(c),
            Function::Derivative { of, .. } => of.closure(),
            _ => None,
        }
    }
}

/// A function written in Loss with the scope it was written in.
#[derive(Debug)]
pub struct Closure {
    pub def: Arc<ast::Def>,
    pub env: Env,
    /// Found when it is first looked into; what is said of parameters without a written type was inferred.
    pub signature: OnceLock<Signature>,
}

#[derive(Clone, Debug, Default)]
pub struct Signature {
    pub params: Vec<ParamTy>,
    pub result: Option<String>,
    /// Its body has errors that were reported: calls are not looked into again.
    pub broken: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ParamTy {
    /// Written in the signature.
    Declared,
    /// Inferred from the body: an array with at least these axes; others are carried along.
    Inferred { elem: InferredElem, axes: Vec<Arc<str>> },
    /// Could not be said without a call: a record, a function, a text, a list.
    Open,
}

#[derive(Clone, Debug, PartialEq)]
pub enum InferredElem {
    Real,
    Label(Arc<str>),
}

/// Nothing is known.
pub static OPEN_SIGNATURE: Signature = Signature { params: Vec::new(), result: None, broken: false };

impl Value {
    pub fn record(fields: Vec<(Arc<str>, Value)>) -> Value {
        Value::Record(Arc::new(fields))
    }

    pub fn list(items: Vec<Value>) -> Value {
        Value::List(Arc::new(items))
    }

    pub fn tuple(items: Vec<Value>) -> Value {
        Value::Tuple(Arc::new(items))
    }

    pub fn is_unknown(&self) -> bool {
        matches!(self, Value::Unknown)
    }

    /// What kind of thing it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Array(_) => "an array",
            Value::Text(_) => "a text",
            Value::Record(_) => "a record",
            Value::List(_) => "a list",
            Value::Tuple(_) => "a tuple",
            Value::Function(_) => "a function",
            Value::Masked { .. } => "a masked array",
            Value::Range { .. } => "a range",
            Value::Declared { kind, .. } => kind,
            Value::Unknown => "an unknown value",
        }
    }

    /// Visits every array in it, in order; arrays that functions captured are not part of a value's tree.
    pub fn arrays<'a>(&'a self, visit: &mut dyn FnMut(&'a Array)) {
        match self {
            Value::Array(a) => visit(a),
            Value::Record(fields) => fields.iter().for_each(|(_, v)| v.arrays(visit)),
            Value::List(items) | Value::Tuple(items) => items.iter().for_each(|v| v.arrays(visit)),
            Value::Masked { value, mask, .. } => {
                visit(value);
                visit(mask);
            }
            Value::Range { from, to } => {
                visit(from);
                visit(to);
            }
            _ => {}
        }
    }

    /// The same tree with every array replaced; also inside the scopes that functions captured.
    pub fn map_arrays(&self, f: &mut dyn FnMut(&Array) -> Array) -> Value {
        match self {
            Value::Array(a) => Value::Array(f(a)),
            Value::Record(fields) => Value::record(fields.iter().map(|(n, v)| (n.clone(), v.map_arrays(f))).collect()),
            Value::List(items) => Value::list(items.iter().map(|v| v.map_arrays(f)).collect()),
            Value::Tuple(items) => Value::tuple(items.iter().map(|v| v.map_arrays(f)).collect()),
            Value::Masked { value, mask, span } => Value::Masked { value: f(value), mask: f(mask), span: *span },
            Value::Range { from, to } => Value::Range { from: f(from), to: f(to) },
            Value::Function(function) => Value::Function(function.map_arrays(f)),
            other => other.clone(),
        }
    }

    /// True if the two have the same records, lists and tuples around their arrays.
    pub fn same_structure(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Array(_), Value::Array(_)) => true,
            (Value::Record(a), Value::Record(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(x, y)| x.0 == y.0 && x.1.same_structure(&y.1))
            }
            (Value::List(a), Value::List(b)) | (Value::Tuple(a), Value::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(x, y)| x.same_structure(y))
            }
            (Value::Text(a), Value::Text(b)) => a == b,
            _ => false,
        }
    }
}

impl Function {
    pub fn name(&self) -> String {
        match self {
            Function::Closure(c) => c.def.name.name.to_string(),
            Function::Op(op) => op.name.to_string(),
            Function::Builtin(b) => b.name.to_string(),
            Function::Derivative { of, wrt, kind, .. } => {
                let word = kind.word();
                format!("{word}({}, {})", of.name(), wrt.join(", "))
            }
            Function::Bracketed { base, .. } => base.name(),
        }
    }

    /// The same function with every captured array of the current statement replaced.
    pub fn map_arrays(self: &Arc<Function>, f: &mut dyn FnMut(&Array) -> Array) -> Arc<Function> {
        match &**self {
            Function::Closure(c) if c.env.has_locals() => Arc::new(Function::Closure(Closure {
                def: c.def.clone(),
                env: c.env.map_arrays(f),
                signature: c.signature.clone(),
            })),
            Function::Derivative { of, wrt, kind, renames, span } => Arc::new(Function::Derivative {
                of: of.map_arrays(f),
                wrt: wrt.clone(),
                kind: *kind,
                renames: renames.clone(),
                span: *span,
            }),
            Function::Bracketed { base, entries, env } => Arc::new(Function::Bracketed {
                base: base.map_arrays(f),
                entries: entries.clone(),
                env: env.map_arrays(f),
            }),
            _ => self.clone(),
        }
    }
}

impl Stored {
    /// Its scalar value, where it is one and known.
    pub fn scalar(&self) -> Option<f64> {
        match &self.data {
            Some(t) if self.ty.is_scalar() => t.to_f64().first().copied(),
            _ => None,
        }
    }

    pub fn axis_origin(&self, axis: &Axis) -> Option<&(Span, String)> {
        self.ty.position(axis).and_then(|i| self.origins.get(i))
    }

    pub fn is_label_of(&self, axis: &Axis) -> bool {
        self.ty.elem == Elem::Label(axis.clone())
    }
}

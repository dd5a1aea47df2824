//! Values and types for people and for JSON.

use super::Session;
use crate::display;
use crate::elaborate::signature_text;
use crate::elaborate::value::{Array, Function, Stored, Value};
use crate::ir::Graph;
use crate::tensor::Tensor;
use crate::types::{ArrayTy, Axis, Elem};
use std::sync::Arc;

/// What a value's arrays stand for once a statement has run.
pub struct Results<'a> {
    pub graph: &'a Graph,
    pub tensors: &'a [Tensor],
}

impl Results<'_> {
    pub fn tensor(&self, array: &Array) -> Option<(crate::types::ArrayTy, Tensor)> {
        match array {
            Array::Output(i) => {
                let id = *self.graph.outputs.get(*i)?;
                Some((self.graph.ty(id).clone(), self.tensors.get(*i)?.clone()))
            }
            Array::Stored(s) => Some((s.ty.clone(), s.data.clone()?)),
            Array::Node { .. } => None,
        }
    }
}

impl Session {
    /// A value as something to print.
    pub(super) fn displayed(&mut self, value: &Value, results: &Results) -> display::Value {
        match value {
            Value::Array(a) => match results.tensor(a) {
                Some((ty, data)) => {
                    let names = self.axis_names(&ty);
                    display::Value::Array(display::ArrayValue { ty, data, names })
                }
                None => display::Value::Opaque("an array".into()),
            },
            Value::Text(t) => display::Value::text(t.to_string()),
            Value::Record(fields) => display::Value::Record(
                fields.iter().map(|(n, v)| (n.to_string(), self.displayed(v, results))).collect(),
            ),
            Value::Tuple(items) => display::Value::Tuple(items.iter().map(|v| self.displayed(v, results)).collect()),
            Value::List(items) => display::Value::List(items.iter().map(|v| self.displayed(v, results)).collect()),
            Value::Function(f) => display::Value::Function(self.signature_of(f)),
            Value::Range { from, to } => {
                let end = |a: &Array| {
                    results
                        .tensor(a)
                        .map_or("?".into(), |(_, t)| t.to_f64().first().map_or("?".into(), |v| v.to_string()))
                };
                display::Value::Opaque(format!("{}..{}", end(from), end(to)))
            }
            Value::Declared { kind, name } => display::Value::Opaque(format!("{kind} {name}")),
            Value::Masked { .. } | Value::Unknown => display::Value::Opaque("unknown".into()),
        }
    }

    /// Names along the axes of a type, where files gave them.
    fn axis_names(&self, ty: &ArrayTy) -> Vec<(Axis, Arc<[String]>)> {
        let known = |axis: &Axis| {
            let names = self.files.names.get(axis.name())?.clone()?;
            (*axis == Axis::global(axis.name())).then_some(names)
        };
        let along = ty.dims.iter().filter_map(|d| {
            let names = known(&d.axis).filter(|n| d.size.known() == Some(n.len()))?;
            Some((d.axis.clone(), names))
        });
        let mut out: Vec<(Axis, Arc<[String]>)> = along.collect();
        if let Elem::Label(axis) = &ty.elem
            && let Some(names) = known(axis)
            && !out.iter().any(|(a, _)| a == axis)
        {
            out.push((axis.clone(), names));
        }
        out
    }

    /// `f(z: real[k], y: label k) -> real`
    pub(super) fn signature_of(&mut self, f: &Arc<Function>) -> String {
        match &**f {
            Function::Closure(c) => {
                let text = signature_text(&c.def, c.signature.get(), &|e| crate::syntax::print::expr(e));
                text.replace("function(", "(")
            }
            Function::Op(op) => op.signature.to_string(),
            Function::Builtin(b) => b.signature.to_string(),
            Function::Bracketed { base, .. } => self.signature_of(base),
            Function::Derivative { .. } => f.name(),
        }
    }
}

/// The type of a value as it would be written.
pub fn type_text(value: &Value) -> String {
    match value {
        Value::Array(Array::Stored(s)) => s.ty.to_string(),
        Value::Record(fields) => {
            let list: Vec<String> = fields.iter().map(|(n, v)| format!("{n}: {}", type_text(v))).collect();
            format!("{{{}}}", list.join(", "))
        }
        Value::List(items) => match items.first() {
            Some(first) => format!("list of {} {}", items.len(), type_text(first)),
            None => "an empty list".into(),
        },
        Value::Tuple(items) => {
            let list: Vec<String> = items.iter().map(type_text).collect();
            format!("({})", list.join(", "))
        }
        Value::Text(_) => "text".into(),
        other => other.kind().to_string(),
    }
}

/// The type of a value of a statement that was elaborated but not run.
pub fn open_type(value: &Value, graph: &Graph) -> String {
    let stored = value.map_arrays(&mut |a| match a {
        Array::Output(i) => {
            let ty = graph.outputs.get(*i).map(|id| graph.ty(*id).clone());
            match ty {
                Some(ty) => Array::Stored(Arc::new(Stored {
                    name: "".into(),
                    ty,
                    data: None,
                    span: crate::source::Span::default(),
                    origins: Vec::new(),
                    from: Arc::default(),
                })),
                None => a.clone(),
            }
        }
        other => other.clone(),
    });
    type_text(&stored)
}

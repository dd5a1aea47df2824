//! Values as people and programs read them: a [`Value`] enters; text, JSON or CSV leaves. Text is abbreviated to what
//! fits a screen and rounded; JSON has every element in full precision. Never computes anything about a value.

mod grid;
mod json;
mod number;
mod table;
#[cfg(test)]
mod tests;

pub use json::to_json;
pub use number::{DIGITS, exponent, integer, real};
pub use table::{Cell, Column, Table};

use crate::tensor::Tensor;
use crate::types::{ArrayTy, Axis, Elem};
use std::sync::Arc;

/// What a statement can print.
#[derive(Clone, Debug)]
pub enum Value {
    Array(ArrayValue),
    /// Fields in the order written.
    Record(Vec<(String, Value)>),
    List(Vec<Value>),
    Tuple(Vec<Value>),
    Text(String),
    /// A function by its name and signature: `comp_sum(z: real[k], y: label k, tau = 1) -> real`.
    Function(String),
    Table(Table),
    /// Anything else, by a description of one line: `experiment digits_comp_sum(tau, lr, seed)`.
    Opaque(String),
}

/// An array with its type, and names along axes where they are known (classes of a label axis, columns of a file).
#[derive(Clone, Debug)]
pub struct ArrayValue {
    pub ty: ArrayTy,
    pub data: Tensor,
    pub names: Vec<(Axis, Arc<[String]>)>,
}

impl Value {
    pub fn array(ty: ArrayTy, data: Tensor) -> Value {
        Value::Array(ArrayValue { ty, data, names: Vec::new() })
    }

    pub fn text(text: impl Into<String>) -> Value {
        Value::Text(text.into())
    }
}

impl ArrayValue {
    /// Names along an axis, if there is one for each coordinate asked for.
    fn name(&self, axis: &Axis, at: usize) -> Option<&str> {
        self.names.iter().find(|(a, _)| a == axis).and_then(|(_, names)| names.get(at)).map(String::as_str)
    }

    /// The type with the sizes that the data has.
    fn header(&self) -> String {
        let dims: Vec<String> =
            self.ty.dims.iter().zip(self.data.shape()).map(|(d, n)| format!("{}: {n}", d.axis)).collect();
        let gap = if matches!(self.ty.elem, Elem::Label(_)) { " " } else { "" };
        if dims.is_empty() { self.ty.elem.to_string() } else { format!("{}{gap}[{}]", self.ty.elem, dims.join(", ")) }
    }

    /// The element at a row-major position, for people: at most `digits` significant digits, labels by class name.
    fn element(&self, at: usize, digits: usize) -> String {
        match &self.data {
            Tensor::F64(_) => real(self.data.slice::<f64>()[at], digits),
            Tensor::F32(_) => real(f64::from(self.data.slice::<f32>()[at]), digits),
            Tensor::Bool(_) => self.data.slice::<bool>()[at].to_string(),
            Tensor::I64(_) => {
                let value = self.data.slice::<i64>()[at];
                let named = match &self.ty.elem {
                    Elem::Label(axis) => usize::try_from(value).ok().and_then(|v| self.name(axis, v)),
                    _ => None,
                };
                named.map_or_else(|| integer(value), str::to_string)
            }
        }
    }
}

/// Rows of a printed array and items of a printed list, at the top and inside something else.
const ROWS: usize = 10;
const INNER_ROWS: usize = 4;

/// A value as text, at most about `width` characters wide (at least 40). No newline at the end.
pub fn to_text(value: &Value, width: usize) -> String {
    text(value, width.max(40), ROWS).join("\n")
}

/// A value in one line of any length where it has such a form.
fn inline(value: &Value, width: usize) -> Option<String> {
    let line = match value {
        Value::Array(array) => grid::inline(array)?,
        Value::Text(text) if text.contains('\n') => return None,
        Value::Text(text) | Value::Function(text) | Value::Opaque(text) => text.clone(),
        Value::List(items) if items.len() <= ROWS * 2 => {
            let items: Option<Vec<String>> = items.iter().map(|v| inline(v, width)).collect();
            format!("[{}]", items?.join(", "))
        }
        Value::Tuple(items) => {
            let items: Option<Vec<String>> = items.iter().map(|v| inline(v, width)).collect();
            format!("({})", items?.join(", "))
        }
        Value::Record(fields) => {
            let item = |(name, v): &(String, Value)| Some(format!("{name}: {}", inline(v, width)?));
            let items: Option<Vec<String>> = fields.iter().map(item).collect();
            format!("{{{}}}", items?.join(", "))
        }
        Value::List(_) | Value::Table(_) => return None,
    };
    (line.chars().count() <= width).then_some(line)
}

/// Lines of a value.
fn text(value: &Value, width: usize, rows: usize) -> Vec<String> {
    if let Some(line) = inline(value, width) {
        return vec![line];
    }
    match value {
        Value::Array(array) => grid::lines(array, width, rows),
        Value::Record(fields) => {
            let name = |(name, v): &(String, Value)| under(name, v, width);
            fields.iter().flat_map(name).collect()
        }
        Value::List(items) | Value::Tuple(items) => {
            let shown = if items.len() > rows * 2 { rows } else { items.len() };
            let item = |(i, v): (usize, &Value)| under(&i.to_string(), v, width);
            let mut lines: Vec<String> = items.iter().enumerate().take(shown).flat_map(item).collect();
            if shown < items.len() {
                lines.push(format!("… {} more, {} in all", items.len() - shown, items.len()));
            }
            if lines.is_empty() { vec!["[]".into()] } else { lines }
        }
        Value::Text(text) => text.lines().map(str::to_string).collect(),
        Value::Function(text) | Value::Opaque(text) => vec![text.clone()],
        Value::Table(table) => table.to_text().lines().map(str::to_string).collect(),
    }
}

/// `name: value`, the value below and indented where it takes several lines.
fn under(name: &str, value: &Value, width: usize) -> Vec<String> {
    let inner = text(value, width.saturating_sub(2).max(20), INNER_ROWS);
    let fits = name.chars().count() + 2 + inner.first().map_or(0, |l| l.chars().count()) <= width;
    match (&inner[..], value) {
        ([line], _) if fits => vec![format!("{name}: {line}")],
        ([header, rest @ ..], Value::Array(_)) if fits => {
            let rest = rest.iter().map(|l| format!("  {l}"));
            std::iter::once(format!("{name}: {header}")).chain(rest).collect()
        }
        _ => std::iter::once(format!("{name}:")).chain(inner.iter().map(|l| format!("  {l}"))).collect(),
    }
}

//! Applying operations to values: conversions of element types, and faults turned into diagnostics with the places of
//! the operands and of what gave their axes their sizes.

use super::Elaborator;
use super::value::{Array, Value};
use crate::diag::{Diagnostic, codes};
use crate::ir::{Attrs, OpDef, OpFault};
use crate::ops;
use crate::source::Span;
use crate::types::{Axis, Dim, Elem};

/// An operand with its place.
pub(super) type Operand = (Array, Span);

/// What mends a fault of any operation, where the operation itself knows nothing better.
fn common_help(code: &str) -> Option<&'static str> {
    match code {
        "E0301" => Some("nothing is stretched or cut: give different things different axis names, as in `b[k -> j]`"),
        "E0401" => Some("`int(...)` gives the numbers of labels and truth values, `float(...)` reals"),
        "E0402" => Some("make them one kind first, with `int(...)` or `float(...)`"),
        _ => None,
    }
}

impl Elaborator<'_> {
    /// Applies an operation to arrays as they are.
    pub(super) fn apply(&mut self, op: &'static OpDef, operands: &[Operand], attrs: Attrs, span: Span) -> Value {
        match self.try_apply(op, operands, attrs, span) {
            Ok(array) => Value::Array(array),
            Err(fault) => {
                self.report_fault(op.name, fault, operands, span);
                Value::Unknown
            }
        }
    }

    pub(super) fn try_apply(
        &mut self,
        op: &'static OpDef,
        operands: &[Operand],
        attrs: Attrs,
        span: Span,
    ) -> Result<Array, OpFault> {
        let inputs: Vec<_> = operands.iter().map(|(a, _)| self.node(a)).collect();
        self.b().span = span;
        let id = self.b().node(op, &inputs, attrs)?;
        Ok(self.array(id))
    }

    /// An operation that is known to fit.
    pub(super) fn must(&mut self, op: &'static OpDef, operands: &[&Array], attrs: Attrs, span: Span) -> Array {
        let inputs: Vec<_> = operands.iter().map(|a| self.node(a)).collect();
        self.b().span = span;
        let id = self.b().mk(op, &inputs, attrs);
        self.array(id)
    }

    pub(super) fn report_fault(&mut self, name: &str, fault: OpFault, operands: &[Operand], span: Span) {
        let primary = fault.labels.first().and_then(|(i, _)| operands.get(*i)).map_or(span, |o| o.1);
        let mut labels = fault.labels.iter();
        let first = labels.next().map_or_else(|| format!("in this use of `{name}`"), |l| l.1.clone());
        let mut diagnostic = Diagnostic::new(fault.code, primary, fault.message.clone(), first);
        for (i, text) in labels {
            if let Some((_, span)) = operands.get(*i) {
                diagnostic = diagnostic.label(*span, text.clone());
            }
        }
        for (origin, text) in self.size_origins(&fault, operands) {
            if diagnostic.labels.iter().all(|l| l.span != origin) {
                diagnostic = diagnostic.label(origin, text);
            }
        }
        if let Some(help) = fault.help.or_else(|| common_help(fault.code.id).map(str::to_string)) {
            diagnostic = diagnostic.help(help);
        }
        self.report(diagnostic);
    }

    /// For a conflict of sizes: where each side's axis got its size.
    fn size_origins(&mut self, fault: &OpFault, operands: &[Operand]) -> Vec<(Span, String)> {
        let mut origins = Vec::new();
        if fault.code.id != codes::check::E0301.id {
            return origins;
        }
        let involved: Vec<&Operand> = fault.labels.iter().filter_map(|(i, _)| operands.get(*i)).collect();
        let [(a, _), (b, _)] = involved[..] else { return origins };
        let (ta, tb) = (self.ty(a), self.ty(b));
        for dim in &ta.dims {
            let Some(other) = tb.dim(&dim.axis) else { continue };
            if other.size == dim.size {
                continue;
            }
            for (array, size) in [(a, dim.size), (b, other.size)] {
                if let Some((span, text)) = self.axis_origin(array, &dim.axis) {
                    let shown = format!("`{}: {size}`", dim.axis);
                    let text = if text.contains(&shown) { text } else { format!("{text} ({shown})") };
                    origins.push((span, text));
                }
            }
        }
        origins
    }

    /// The array in a value, or a report of what was found instead.
    pub(super) fn want_array(&mut self, value: Value, span: Span, role: &str) -> Option<Array> {
        match value {
            Value::Array(array) => Some(array),
            Value::Unknown => None,
            Value::Masked { .. } => {
                let d = Diagnostic::new(
                    &codes::check::E0406,
                    span,
                    format!("{role} is a masked array"),
                    "masked by `where`",
                )
                .help("reduce it first, as in `sum[k](x where m)`, or choose values with `where(m, x, 0)`");
                self.report(d);
                None
            }
            Value::List(_) | Value::Tuple(_) => {
                let d = Diagnostic::new(
                    &codes::check::E0428,
                    span,
                    format!("{role} must be an array, and this is {}", value.kind()),
                    "a list here",
                )
                .help("give it an axis: `[1, 2, 3] : real[k]`");
                self.report(d);
                None
            }
            other => {
                let found = self.describe(&other);
                let mut d = Diagnostic::new(
                    &codes::check::E0428,
                    span,
                    format!("{role} must be an array, and this is {found}"),
                    format!("this is {found}"),
                );
                if let Value::Function(f) = &other {
                    d = d.help(format!("call it, as in `{}(x)`", f.name()));
                }
                self.report(d);
                None
            }
        }
    }

    /// Numbers as reals; `bool` counts as 0 and 1.
    pub(super) fn to_real(&mut self, array: &Array, span: Span) -> Array {
        if self.ty(array).elem == Elem::Real {
            return array.clone();
        }
        if let (true, Some(value)) = (self.is_const(array), self.known(array)) {
            return self.real_const(value);
        }
        self.cast(array, Elem::Real, span)
    }

    /// Bools and labels as integers.
    pub(super) fn to_int(&mut self, array: &Array, span: Span) -> Array {
        match self.ty(array).elem {
            Elem::Int => array.clone(),
            _ => self.cast(array, Elem::Int, span),
        }
    }

    pub(super) fn cast(&mut self, array: &Array, elem: Elem, span: Span) -> Array {
        if self.ty(array).elem == elem {
            return array.clone();
        }
        let attrs = Attrs { elem: Some(elem), ..Attrs::none() };
        self.must(&ops::CAST, &[array], attrs, span)
    }

    fn is_const(&self, array: &Array) -> bool {
        match array {
            Array::Node { level, id } => self.frames[*level].builder.graph.node(*id).is(&ops::CONST),
            _ => false,
        }
    }

    /// Gives an array more axes, in front.
    pub(super) fn broadcast(&mut self, array: &Array, dims: &[Dim], span: Span) -> Array {
        let ty = self.ty(array);
        let missing: Vec<Dim> = dims.iter().filter(|d| !ty.has(&d.axis)).cloned().collect();
        if missing.is_empty() {
            return array.clone();
        }
        self.must(&ops::BROADCAST, &[array], Attrs::dims(missing), span)
    }

    /// Renames axes, several at once; sizes stay.
    pub(super) fn rename(&mut self, array: &Array, pairs: &[(Axis, Axis)], span: Span) -> Array {
        let ty = self.ty(array);
        let present: Vec<&(Axis, Axis)> = pairs.iter().filter(|(from, to)| ty.has(from) && from != to).collect();
        if present.is_empty() {
            return array.clone();
        }
        let axes: Vec<Axis> = present.iter().map(|p| p.0.clone()).collect();
        let dims: Vec<Dim> =
            present.iter().filter_map(|p| ty.dim(&p.0).map(|d| Dim::new(p.1.clone(), d.size))).collect();
        self.must(&ops::RENAME, &[array], Attrs::axes(axes).with_dims(dims), span)
    }

    /// All arrays of a value with axes renamed.
    pub(super) fn rename_value(&mut self, value: &Value, pairs: &[(Axis, Axis)], span: Span) -> Value {
        if pairs.is_empty() {
            return value.clone();
        }
        value.map_arrays(&mut |a| self.rename(a, pairs, span))
    }

    /// The sum over given axes, those that the array has.
    pub(super) fn sum_over(&mut self, array: &Array, axes: &[Axis], span: Span) -> Array {
        let ty = self.ty(array);
        let axes: Vec<Axis> = axes.iter().filter(|a| ty.has(a)).cloned().collect();
        if axes.is_empty() {
            return array.clone();
        }
        self.must(&ops::SUM, &[array], Attrs::axes(axes), span)
    }

    /// Whole numbers that a gradient is asked with respect to are real from the start.
    pub(super) fn as_variable(&mut self, name: &str, value: Value) -> Value {
        if !self.wrt_names.iter().any(|n| &**n == name) {
            return value;
        }
        value.map_arrays(&mut |a| {
            let whole = matches!(a, Array::Stored(s) if s.ty.elem == Elem::Int);
            if whole { self.to_real(a, Span::default()) } else { a.clone() }
        })
    }

    /// An identity that keeps this variable apart from equal values, where a gradient with respect to it is asked for.
    pub(super) fn mark_variable(&mut self, name: &str, value: Value) -> Value {
        if !self.wrt_names.iter().any(|n| &**n == name) {
            return value;
        }
        value.map_arrays(&mut |a| {
            let elem = self.ty(a).elem;
            if !matches!(elem, Elem::Real | Elem::Int) || (elem == Elem::Real && matches!(a, Array::Stored(_))) {
                return a.clone();
            }
            let a = &self.to_real(a, Span::default());
            self.globals.next_tag += 1;
            let attrs = Attrs::ints(vec![self.globals.next_tag as i64]).with_name(name);
            let id = self.node(a);
            let id = self.b().mk(&ops::RENAME, &[id], attrs);
            self.array(id)
        })
    }
}

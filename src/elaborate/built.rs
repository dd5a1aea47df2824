//! Arrays built from their coordinates, and the sizes of new axes.

use super::Elaborator;
use super::value::{Array, Value};
use crate::diag::{Diagnostic, codes};
use crate::ir::Attrs;
use crate::ops;
use crate::source::Span;
use crate::syntax::ast::{Expr, Ident};
use crate::types::{Axis, Dim, Elem, Size};

impl Elaborator<'_> {
    /// `[n: 100, d: 3] => sin(1.3*n + 0.7*d)`
    pub(super) fn build(&mut self, dims: &[(Ident, Expr)], body: &Expr, span: Span) -> Value {
        let env = self.env.clone();
        let mut new: Vec<Dim> = Vec::new();
        for (i, (ident, size)) in dims.iter().enumerate() {
            let size = self.size_expr(size);
            let axis = self.axis_named(&ident.name);
            if let Some((first, _)) = dims[..i].iter().find(|d| d.0.name == ident.name) {
                self.twice(ident, first.span);
                self.env = env;
                return Value::Unknown;
            }
            self.env.push_axis(ident.name.clone(), vec![axis.clone()], super::scope::AxisSize::Known(size));
            let dim = Dim::new(axis, size);
            // Inside the body the name is the coordinate, whatever it means outside.
            let coordinate = self.must(&ops::IOTA, &[], Attrs::dims(vec![dim.clone()]), ident.span);
            self.env.push_value(ident.name.clone(), Value::Array(coordinate), ident.span);
            new.push(dim);
        }
        self.outer_allowed += 1;
        let value = self.expr(body);
        self.outer_allowed -= 1;
        self.env = env;
        for ((ident, _), dim) in dims.iter().zip(&new) {
            self.see_axis(&ident.name, dim.size, ident.span);
        }
        let Some(array) = self.want_array(value, body.span, "what is built") else { return Value::Unknown };
        let array = self.broadcast(&array, &new, span);
        Value::Array(self.in_order(&array, &new, span))
    }

    /// An axis is named twice where an array is made.
    pub(super) fn twice(&mut self, again: &Ident, first: Span) {
        let d = Diagnostic::new(
            &codes::check::E0205,
            again.span,
            format!("the axis `{}` is named twice", again.name),
            "again here",
        )
        .label(first, "first here");
        self.report(d);
    }

    /// The array with the given dims first, in that order.
    pub(super) fn in_order(&mut self, array: &Array, dims: &[Dim], span: Span) -> Array {
        let ty = self.ty(array);
        let rest = ty.axes().filter(|a| !dims.iter().any(|d| d.axis == **a)).cloned();
        let wanted: Vec<Axis> = rest.chain(dims.iter().map(|d| d.axis.clone())).filter(|a| ty.has(a)).collect();
        if wanted.iter().eq(ty.axes()) {
            return array.clone();
        }
        self.must(&ops::ORDER, &[array], Attrs::axes(wanted), span)
    }

    /// A size written in a bracket: a whole number, known now or only when data arrives.
    pub(super) fn size_expr(&mut self, e: &Expr) -> Size {
        let value = self.expr(e);
        let Some(array) = self.want_array(value, e.span, "a size") else { return self.b().sizes.fresh() };
        if let Some(size) = self.size_of_node(&array) {
            return size;
        }
        let ty = self.ty(&array);
        match self.known(&array) {
            Some(v) if ty.elem.is_integer() && v >= 0.0 => Size::Known(v as usize),
            None if ty.elem.is_integer() && ty.is_scalar() => {
                if self.options.mode == super::Mode::Run && !self.probing_any() {
                    let d = Diagnostic::new(
                        &codes::check::E0306,
                        e.span,
                        "the size of an axis must be known before the computation starts",
                        "this depends on what is being computed",
                    )
                    .help("compute it in a statement of its own with `let`, or use a constant");
                    self.report(d);
                }
                self.b().sizes.fresh()
            }
            _ => {
                let found = match self.known(&array) {
                    Some(v) => v.to_string(),
                    None => self.describe(&Value::Array(array)),
                };
                let d = Diagnostic::new(
                    &codes::check::E0307,
                    e.span,
                    format!("a size is a whole number of at least 0, and this is {found}"),
                    format!("this is {found}"),
                );
                let d = if ty.elem == Elem::Real { d.help("`int(...)` cuts a real to a whole number") } else { d };
                self.report(d);
                self.b().sizes.fresh()
            }
        }
    }

    /// `size(k)` used as a size keeps its link to the axis, known or not.
    fn size_of_node(&mut self, array: &Array) -> Option<Size> {
        let Array::Node { level, id } = array else { return None };
        let node = self.frames[*level].builder.graph.node(*id);
        let size = node.is(&ops::SIZE).then(|| node.attrs.dims[0].size)?;
        Some(self.resolve(size))
    }
}

//! Calls of operations: their brackets and arguments by the form their definition gives.

use super::Elaborator;
use super::apply::Operand;
use super::call::Argument;
use super::value::{Array, Value};
use crate::diag::{Diagnostic, codes};
use crate::ir::{Attrs, Form, OpDef};
use crate::ops;
use crate::source::Span;
use crate::syntax::ast::{Arg, BracketEntry, BracketKind};
use crate::types::{Axis, Dim, Elem, Size};
use std::sync::Arc;

impl Elaborator<'_> {
    pub(super) fn call_op(&mut self, op: &'static OpDef, entries: &[BracketEntry], args: &[Arg], span: Span) -> Value {
        let values = self.arguments(args, None);
        self.apply_op(op, entries, values, span)
    }

    pub(super) fn op_arity(
        &mut self,
        name: &str,
        wanted: usize,
        args: &[Argument],
        span: Span,
        signature: &str,
    ) -> bool {
        if let Some(named) = args.iter().find_map(|a| a.name.as_ref()) {
            let d = Diagnostic::new(
                &codes::check::E0202,
                named.span,
                format!("`{name}` takes its arguments by position"),
                "given by name",
            )
            .help(format!("leave `{} =` out", named.name))
            .note(format!("it is `{signature}`"));
            self.report(d);
            return false;
        }
        if args.len() != wanted {
            let d = Diagnostic::new(
                &codes::check::E0415,
                span,
                format!(
                    "`{name}` takes {wanted} argument{}, and {} {} given",
                    if wanted == 1 { "" } else { "s" },
                    args.len(),
                    if args.len() == 1 { "is" } else { "are" }
                ),
                "in this call",
            )
            .note(format!("it is `{signature}`"));
            let along = args.len() > wanted && signature.starts_with(&format!("{name}["));
            let d = if along { d.help(format!("axes stand in a bracket: `{name}[n](...)`")) } else { d };
            self.report(d);
            return false;
        }
        true
    }

    pub(super) fn apply_op(
        &mut self,
        op: &'static OpDef,
        entries: &[BracketEntry],
        args: Vec<Argument>,
        span: Span,
    ) -> Value {
        if args.iter().any(|a| a.value.is_unknown()) {
            return Value::Unknown;
        }
        match op.form {
            Form::Map(n) => self.map_op(op, n, entries, args, span),
            Form::Along { args: n, default_all } => self.along(op, n, default_all, entries, args, span),
            Form::Axes { axes, args: n } => self.matrix_op(op, axes, n, entries, args, span),
            Form::Draw(n) => self.draw(op.name, n, entries, args, span),
            Form::Internal => Value::Unknown,
        }
    }

    /// Reports a bracket that does not say which axes are meant.
    pub(super) fn wants_axes(&mut self, span: Span, message: impl Into<String>, label: impl Into<String>) -> Value {
        self.report(Diagnostic::new(&codes::check::E0304, span, message, label));
        Value::Unknown
    }

    fn no_bracket(&mut self, name: &str, entries: &[BracketEntry]) -> bool {
        let Some(entry) = entries.first() else { return true };
        let d = Diagnostic::new(
            &codes::check::E0411,
            entry.span,
            format!("`{name}` works on every element and takes no bracket"),
            "not needed",
        )
        .help("leave the bracket out");
        self.report(d);
        false
    }

    pub(super) fn operands(&mut self, name: &str, args: &[Argument]) -> Option<Vec<Operand>> {
        let mut out = Vec::new();
        for arg in args {
            out.push((self.want_array(arg.value.clone(), arg.span, &format!("an argument of `{name}`"))?, arg.span));
        }
        Some(out)
    }

    fn map_op(
        &mut self,
        op: &'static OpDef,
        n: usize,
        entries: &[BracketEntry],
        args: Vec<Argument>,
        span: Span,
    ) -> Value {
        if !self.no_bracket(op.name, entries) || !self.op_arity(op.name, n, &args, span, op.signature) {
            return Value::Unknown;
        }
        let Some(operands) = self.operands(op.name, &args) else { return Value::Unknown };
        let keeps_integers = [&ops::ABS, &ops::SIGN, &ops::MAXIMUM, &ops::MINIMUM, &ops::MOD, &ops::STOP]
            .iter()
            .any(|o| std::ptr::eq(*o, op));
        let all_integers = operands.iter().all(|(a, _)| self.ty(a).elem != Elem::Real);
        let operands: Vec<Operand> = operands
            .into_iter()
            .map(
                |(a, s)| {
                    if keeps_integers && all_integers { (self.to_int(&a, s), s) } else { (self.to_real(&a, s), s) }
                },
            )
            .collect();
        self.apply(op, &operands, Attrs::none(), span)
    }

    /// The axes in a bracket of plain names.
    pub(super) fn plain_axes(
        &mut self,
        name: &str,
        entries: &[BracketEntry],
        array: &Array,
        place: Span,
    ) -> Option<Vec<Axis>> {
        let mut axes = Vec::new();
        for entry in entries {
            let BracketKind::Axis(ident) = &entry.kind else {
                let d = Diagnostic::new(
                    &codes::check::E0411,
                    entry.span,
                    format!("the bracket of `{name}` holds axis names"),
                    "not an axis name",
                )
                .help(format!("as in `{name}[k](x)`"));
                self.report(d);
                return None;
            };
            for axis in self.axes_named(&ident.name) {
                if !self.ty(array).has(&axis) {
                    if !self.demand_axis(array, &ident.name) {
                        self.missing_axis(array, place, &ident.name, ident.span);
                    }
                    return None;
                }
                if axes.contains(&axis) {
                    let d = Diagnostic::new(
                        &codes::check::E0205,
                        ident.span,
                        format!("the axis `{}` is named twice", ident.name),
                        "again here",
                    )
                    .help("once is enough");
                    self.report(d);
                    return None;
                }
                axes.push(axis);
            }
        }
        Some(axes)
    }

    fn along(
        &mut self,
        op: &'static OpDef,
        n: usize,
        default_all: bool,
        entries: &[BracketEntry],
        args: Vec<Argument>,
        span: Span,
    ) -> Value {
        if !self.op_arity(op.name, n, &args, span, op.signature) {
            return Value::Unknown;
        }
        let Some(operands) = self.operands(op.name, &args) else { return Value::Unknown };
        let (array, place) = operands[0].clone();
        let axes = if entries.is_empty() {
            let ty = self.ty(&array);
            let visible: Vec<Axis> = self.visible(&ty).into_iter().map(|d| d.axis).collect();
            if !default_all && visible.len() != 1 {
                let found = self.describe(&Value::Array(array));
                let d = Diagnostic::new(
                    &codes::check::E0304,
                    span,
                    format!("`{}` must be told along which axis", op.name),
                    format!("this is {found}"),
                )
                .help(format!(
                    "as in `{}[{}](...)`",
                    op.name,
                    visible.first().map_or("k".to_string(), |a| a.to_string())
                ));
                self.report(d);
                return Value::Unknown;
            }
            visible
        } else {
            match self.plain_axes(op.name, entries, &array, place) {
                Some(axes) => axes,
                None => return Value::Unknown,
            }
        };
        let keeps = [
            "argmax", "argmin", "max", "min", "sort", "argsort", "rank", "any", "all", "sum", "prod", "cumsum",
            "reverse",
        ];
        let operands: Vec<Operand> = if keeps.contains(&op.name) {
            operands
        } else {
            operands.into_iter().map(|(a, s)| (self.to_real(&a, s), s)).collect()
        };
        self.apply(op, &operands, Attrs::axes(axes), span)
    }

    fn matrix_op(
        &mut self,
        op: &'static OpDef,
        n_axes: usize,
        n: usize,
        entries: &[BracketEntry],
        args: Vec<Argument>,
        span: Span,
    ) -> Value {
        if !self.op_arity(op.name, n, &args, span, op.signature) {
            return Value::Unknown;
        }
        let Some(operands) = self.operands(op.name, &args) else { return Value::Unknown };
        let (array, place) = operands[0].clone();
        let (entries, new) = self.factor_axis(op, entries, &array);
        let Some(axes) = self.plain_axes(op.name, &entries, &array, place) else { return Value::Unknown };
        if axes.len() != n_axes {
            let d = Diagnostic::new(
                &codes::check::E0304,
                span,
                format!("`{}` needs {n_axes} axes in its bracket", op.name),
                format!("{} given", axes.len()),
            )
            .note(format!("it is `{}`", op.signature));
            self.report(d);
            return Value::Unknown;
        }
        let operands: Vec<Operand> = operands.into_iter().map(|(a, s)| (self.to_real(&a, s), s)).collect();
        let attrs = Attrs::axes(axes).with_dims(new.into_iter().collect::<Vec<_>>());
        match self.apply(op, &operands, attrs, span) {
            Value::Array(a) => self.all_outputs(&a),
            other => other,
        }
    }

    /// `svd[d, e -> r](a)`: the axis along which factors are numbered; `r` where not said.
    fn factor_axis(
        &mut self,
        op: &'static OpDef,
        entries: &[BracketEntry],
        array: &Array,
    ) -> (Vec<BracketEntry>, Option<Dim>) {
        if !matches!(op.name, "svd" | "eigh" | "qr") {
            return (entries.to_vec(), None);
        }
        let mut plain = Vec::new();
        let mut name: Arc<str> = "r".into();
        for entry in entries {
            match &entry.kind {
                BracketKind::Arrow { from, to } if to.len() == 1 => {
                    plain.extend(
                        from.iter().map(|a| BracketEntry { kind: BracketKind::Axis(a.clone()), span: entry.span }),
                    );
                    name = to[0].0.name.clone();
                }
                _ => plain.push(entry.clone()),
            }
        }
        let ty = self.ty(array);
        let sizes: Option<Vec<usize>> = plain
            .iter()
            .map(|e| match &e.kind {
                BracketKind::Axis(a) => ty.dim(&self.axis_named(&a.name)).and_then(|d| d.size.known()),
                _ => None,
            })
            .collect();
        let size = match sizes.and_then(|s| s.into_iter().min()) {
            Some(n) => Size::Known(n),
            None => self.b().sizes.fresh(),
        };
        let axis = self.axis_named(&name);
        (plain, Some(Dim::new(axis, size)))
    }

    /// One array, or a tuple of all the outputs of its node.
    fn all_outputs(&mut self, array: &Array) -> Value {
        let id = self.node(array);
        let n = self.b().graph.node(id).tys.len();
        let outputs = self.get_outputs(id, n).into_iter().map(Value::Array).collect::<Vec<_>>();
        if n == 1 { Value::Array(array.clone()) } else { Value::tuple(outputs) }
    }
}

//! Written types: their text, their axes, values of them, and values checked against them.

use super::Elaborator;
use super::scope::AxisSize;
use super::value::{Array, Value};
use crate::diag::{Diagnostic, codes};
use crate::ir::{Attrs, Data};
use crate::ops;
use crate::source::Span;
use crate::syntax::ast::{ElemExpr, Expr, ExprKind, Ident, TypeExpr, TypeExprKind};
use crate::tensor::Tensor;
use crate::types::{ArrayTy, Dim, Elem, Size};
use std::sync::Arc;

/// A type as it is written.
pub fn type_text(ty: &TypeExpr) -> String {
    match &ty.kind {
        TypeExprKind::Array { elem, dims } => {
            let dim = |(name, size): &(Ident, Option<Expr>)| match size.as_ref().map(|e| &e.kind) {
                Some(ExprKind::Int(n)) => format!("{}: {n}", name.name),
                _ => name.name.to_string(),
            };
            let list: Vec<String> = dims.iter().map(dim).collect();
            let dims = if list.is_empty() { String::new() } else { format!("[{}]", list.join(", ")) };
            match elem {
                ElemExpr::Real => format!("real{dims}"),
                ElemExpr::Int => format!("int{dims}"),
                ElemExpr::Bool => format!("bool{dims}"),
                ElemExpr::Text => format!("text{dims}"),
                ElemExpr::Label(k) if dims.is_empty() => format!("label {}", k.name),
                ElemExpr::Label(k) => format!("label {} {dims}", k.name),
            }
        }
        TypeExprKind::Record(fields) => {
            let list: Vec<String> = fields.iter().map(|(n, t)| format!("{}: {}", n.name, type_text(t))).collect();
            format!("{{{}}}", list.join(", "))
        }
        TypeExprKind::Named(name) => name.name.to_string(),
        TypeExprKind::Function { params, result } => {
            let list: Vec<String> = params.iter().map(type_text).collect();
            format!("({}) -> {}", list.join(", "), type_text(result))
        }
    }
}

/// The axis names in a type, the one a label counts along included.
pub fn axes_of(ty: &TypeExpr) -> Vec<Arc<str>> {
    match &ty.kind {
        TypeExprKind::Array { dims, .. } => dims.iter().map(|(n, _)| n.name.clone()).collect(),
        TypeExprKind::Record(fields) => fields.iter().flat_map(|(_, t)| axes_of(t)).collect(),
        _ => Vec::new(),
    }
}

impl Elaborator<'_> {
    pub(super) fn elem(&mut self, elem: &ElemExpr) -> Elem {
        match elem {
            ElemExpr::Real => Elem::Real,
            ElemExpr::Int => Elem::Int,
            ElemExpr::Bool | ElemExpr::Text => Elem::Bool,
            ElemExpr::Label(k) => Elem::Label(self.axis_named(&k.name)),
        }
    }

    /// An input of a written type.
    pub(super) fn symbolic_value(&mut self, name: &str, ty: &TypeExpr, span: Span) -> Value {
        match &ty.kind {
            TypeExprKind::Array { elem: ElemExpr::Text, .. } => Value::Unknown,
            TypeExprKind::Array { elem, dims } => {
                let elem = self.elem(elem);
                let mut out: Vec<Dim> = Vec::new();
                for (ident, size) in dims {
                    let mut dim = self.scope_dim(&ident.name);
                    if let Some(e) = size {
                        let written = self.size_expr(e);
                        dim.size = self.b().sizes.unify(dim.size, written).unwrap_or(written);
                    }
                    if out.iter().any(|d| d.axis == dim.axis) {
                        let d = Diagnostic::new(
                            &codes::check::E0303,
                            ident.span,
                            format!("the axis `{}` stands twice in this type", ident.name),
                            "again here",
                        )
                        .help(format!(
                            "the rows and columns of a square matrix need two names: `[{0}, {0}2]`",
                            ident.name
                        ));
                        let first = dims.iter().find(|(n, _)| n.name == ident.name);
                        self.report(first.map_or(d.clone(), |(n, _)| d.label(n.span, "first here")));
                        continue;
                    }
                    out.push(dim);
                }
                self.b().span = span;
                let id = self.input(name, &ArrayTy::new(elem, out), None);
                Value::Array(self.array(id))
            }
            TypeExprKind::Record(fields) => {
                let field = |this: &mut Self, (n, t): &(Ident, TypeExpr)| {
                    let inner = format!("{name}.{}", n.name);
                    (n.name.clone(), this.symbolic_value(&inner, t, n.span))
                };
                Value::record(fields.iter().map(|f| field(self, f)).collect())
            }
            TypeExprKind::Named(_) | TypeExprKind::Function { .. } => Value::Unknown,
        }
    }

    /// `[1, 2, 3] : real[k]`
    pub(super) fn ascribe(&mut self, value: &Expr, ty: &TypeExpr) -> Value {
        if matches!(value.kind, ExprKind::Hole) {
            self.hole(value.span, Some(format!("`{}`", type_text(ty))), super::expr::Fits::Type(Some(ty)));
            return Value::Unknown;
        }
        self.outer_allowed += 1;
        let v = self.expr(value);
        self.outer_allowed -= 1;
        self.ascribe_value(v, ty, value.span)
    }

    pub(super) fn ascribe_value(&mut self, value: Value, ty: &TypeExpr, span: Span) -> Value {
        match (&ty.kind, value) {
            (_, Value::Unknown) => Value::Unknown,
            (TypeExprKind::Array { elem: ElemExpr::Text, .. }, v @ Value::Text(_)) => v,
            (TypeExprKind::Array { elem, dims }, Value::Array(array)) => {
                self.ascribe_array(array, elem, dims, ty, span)
            }
            (TypeExprKind::Array { elem, dims }, v @ (Value::List(_) | Value::Tuple(_))) if !dims.is_empty() => {
                let elem = self.elem(elem);
                match self.array_of_list(&v, &elem, dims, ty, span) {
                    Some(array) => Value::Array(array),
                    None => Value::Unknown,
                }
            }
            (TypeExprKind::Record(types), Value::Record(fields)) => {
                let mut out = Vec::new();
                for (name, value) in fields.iter() {
                    let written = types.iter().find(|(n, _)| n.name == *name);
                    let value = match written {
                        Some((_, t)) => self.ascribe_value(value.clone(), t, span),
                        None => value.clone(),
                    };
                    out.push((name.clone(), value));
                }
                if let Some((missing, _)) = types.iter().find(|(n, _)| !fields.iter().any(|f| f.0 == n.name)) {
                    let d = Diagnostic::new(
                        &codes::check::E0203,
                        span,
                        format!("the record has no field `{}`, which its type asks for", missing.name),
                        "this record",
                    )
                    .label(missing.span, "asked for here");
                    self.report(d);
                }
                Value::record(out)
            }
            (TypeExprKind::Named(_), v) => v,
            (TypeExprKind::Function { .. }, v @ Value::Function(_)) => v,
            (_, other) => {
                let found = self.describe(&other);
                let d = Diagnostic::new(
                    &codes::check::E0418,
                    span,
                    format!("`{}` is declared, and this is {found}", type_text(ty)),
                    format!("this is {found}"),
                )
                .label(ty.span, "declared here");
                self.report(d);
                Value::Unknown
            }
        }
    }

    fn ascribe_array(
        &mut self,
        array: Array,
        elem: &ElemExpr,
        dims: &[(Ident, Option<Expr>)],
        ty: &TypeExpr,
        span: Span,
    ) -> Value {
        let mut wanted: Vec<Dim> = Vec::new();
        let have = self.ty(&array);
        for (ident, size) in dims {
            let axis = self.axis_named(&ident.name);
            let Some(found) = have.dim(&axis).cloned() else {
                if !self.demand_axis(&array, &ident.name) {
                    self.missing_axis(&array, span, &ident.name, ident.span);
                }
                return Value::Unknown;
            };
            if let Some(e) = size {
                let written = self.size_expr(e);
                if let Err((want, got)) = self.b().sizes.unify(written, found.size) {
                    let mut d = Diagnostic::new(
                        &codes::check::E0301,
                        span,
                        format!("`{axis}: {want}` is declared, and this has `{axis}: {got}`"),
                        format!("this has `{axis}: {got}`"),
                    )
                    .label(e.span, format!("{want} is declared here"));
                    if let Some((origin, text)) = self.axis_origin(&array, &axis) {
                        d = d.label(origin, text);
                    }
                    self.report(d);
                    return Value::Unknown;
                }
            }
            wanted.push(found);
        }
        let extra: Vec<String> = self
            .visible(&have)
            .iter()
            .filter(|d| !wanted.iter().any(|w| w.axis == d.axis))
            .map(|d| d.axis.to_string())
            .collect();
        if !extra.is_empty() {
            let found = self.describe(&Value::Array(array));
            let d = Diagnostic::new(
                &codes::check::E0310,
                span,
                format!("`{}` is declared, and this is {found}", type_text(ty)),
                format!("this also has [{}]", extra.join(", ")),
            )
            .label(ty.span, "declared here")
            .help(format!("reduce it, as in `mean[{}](...)`, or declare the axis", extra.join(", ")));
            self.report(d);
            return Value::Unknown;
        }
        let elem = self.elem(elem);
        let array = match (&elem, &have.elem) {
            (a, b) if a == b => array,
            (Elem::Real, Elem::Int | Elem::Bool) => self.to_real(&array, span),
            (Elem::Int, Elem::Label(_) | Elem::Bool) => self.to_int(&array, span),
            (Elem::Label(_), Elem::Int) => self.cast(&array, elem, span),
            _ => {
                let found = self.describe(&Value::Array(array));
                let d = Diagnostic::new(
                    &codes::check::E0418,
                    span,
                    format!("`{}` is declared, and this is {found}", type_text(ty)),
                    format!("this is {found}"),
                )
                .label(ty.span, "declared here");
                self.report(d);
                return Value::Unknown;
            }
        };
        Value::Array(self.in_order(&array, &wanted, span))
    }

    // ---- lists to arrays -------------------------------------------------------------------------------------------

    fn array_of_list(
        &mut self,
        value: &Value,
        elem: &Elem,
        dims: &[(Ident, Option<Expr>)],
        ty: &TypeExpr,
        span: Span,
    ) -> Option<Array> {
        let shape = list_shape(value);
        if shape.as_ref().is_none_or(|s| s.len() != dims.len()) {
            return self.stack_list(value, elem, dims, ty, span);
        }
        let shape = shape?;
        let mut items = Vec::new();
        leaves(value, &mut items);
        let arrays: Vec<Array> =
            items.iter().filter_map(|v| if let Value::Array(a) = v { Some(a.clone()) } else { None }).collect();
        let known: Option<Vec<f64>> =
            arrays.iter().map(|a| if self.literal(a) { self.known(a) } else { None }).collect();
        let Some(numbers) = known.filter(|k| k.len() == items.len()) else {
            return self.stack_list(value, elem, dims, ty, span);
        };
        let mut out: Vec<Dim> = Vec::new();
        for ((ident, size), n) in dims.iter().zip(&shape) {
            let dim = Dim::new(self.axis_named(&ident.name), Size::Known(*n));
            self.check_written_size(ident, size.as_ref(), *n, span)?;
            self.see_axis(&ident.name, dim.size, ident.span);
            out.push(dim);
        }
        let (elem, tensor) = self.literal_tensor(elem, &arrays, &numbers, &shape, span)?;
        let attrs = Attrs { elem: Some(elem), data: Some(Data(Arc::new(tensor))), ..Attrs::dims(out) };
        Some(self.must(&ops::LITERAL, &[], attrs, span))
    }

    /// True if an array has the written axes and no others in sight.
    fn has_exactly(&self, array: &Array, dims: &[(Ident, Option<Expr>)]) -> bool {
        let ty = self.ty(array);
        let visible = self.visible(&ty);
        visible.len() == dims.len()
            && dims.iter().all(|(n, _)| visible.iter().any(|d| d.axis == self.axis_named(&n.name)))
    }

    fn literal(&self, array: &Array) -> bool {
        match array {
            Array::Stored(_) => true,
            Array::Node { level, id } => {
                let graph = &self.frames[*level].builder.graph;
                let node = graph.node(*id);
                node.is(&ops::CONST) || (node.is(&ops::NEG) && graph.node(node.inputs[0]).is(&ops::CONST))
            }
            Array::Output(_) => false,
        }
    }

    fn check_written_size(&mut self, ident: &Ident, size: Option<&Expr>, n: usize, span: Span) -> Option<()> {
        let Some(e) = size else { return Some(()) };
        match self.size_expr(e) {
            Size::Known(m) if m != n => {
                let d = Diagnostic::new(
                    &codes::check::E0301,
                    span,
                    format!("`{}: {m}` is declared, and the list has {n}", ident.name),
                    format!("{n} values"),
                )
                .label(e.span, format!("{m} is declared here"))
                .help(format!("leave the size out, as in `[{}]`: it is that of the list", ident.name));
                self.report(d);
                None
            }
            _ => Some(()),
        }
    }

    fn literal_tensor(
        &mut self,
        elem: &Elem,
        arrays: &[Array],
        numbers: &[f64],
        shape: &[usize],
        span: Span,
    ) -> Option<(Elem, Tensor)> {
        let whole = |this: &Self| arrays.iter().all(|a| this.ty(a).elem != Elem::Real);
        match elem {
            Elem::Real => Some((Elem::Real, Tensor::from_vec(shape, numbers.to_vec()))),
            Elem::Bool => Some((Elem::Bool, Tensor::from_vec(shape, numbers.iter().map(|v| *v != 0.0).collect()))),
            _ if !whole(self) => {
                let d = Diagnostic::new(
                    &codes::check::E0418,
                    span,
                    format!("`{elem}` is declared, and the list holds reals"),
                    "not whole numbers",
                )
                .help("declare `real`, or write whole numbers");
                self.report(d);
                None
            }
            Elem::Label(axis) => {
                let size = match self.axis_size(&axis.shared_name()) {
                    AxisSize::Known(Size::Known(n)) => Some(n),
                    _ => None,
                };
                let bad = numbers.iter().find(|v| **v < 0.0 || size.is_some_and(|n| **v >= n as f64));
                if let Some(bad) = bad {
                    let extent = size.map_or(String::new(), |n| format!(": {n}"));
                    let d = Diagnostic::new(
                        &codes::check::E0305,
                        span,
                        format!("{bad} is no label of `{axis}{extent}`"),
                        match size {
                            Some(n) => format!("labels of `{axis}` run from 0 to {}", n as i64 - 1),
                            None => "labels count from 0".to_string(),
                        },
                    );
                    let origin = self.globals.axis(axis.name()).filter(|_| size.is_some());
                    self.report(
                        origin.map_or(d.clone(), |(_, at)| d.label(at, format!("`{axis}{extent}` is made here"))),
                    );
                    return None;
                }
                Some((elem.clone(), Tensor::from_vec(shape, numbers.iter().map(|v| *v as i64).collect())))
            }
            Elem::Int => Some((Elem::Int, Tensor::from_vec(shape, numbers.iter().map(|v| *v as i64).collect()))),
        }
    }

    /// A list of arrays stacked along the first written axis.
    fn stack_list(
        &mut self,
        value: &Value,
        elem: &Elem,
        dims: &[(Ident, Option<Expr>)],
        ty: &TypeExpr,
        span: Span,
    ) -> Option<Array> {
        let (Some(((ident, size), rest)), Value::List(items) | Value::Tuple(items)) = (dims.split_first(), value)
        else {
            let found = self.describe(value);
            let d = Diagnostic::new(
                &codes::check::E0418,
                span,
                format!("`{}` is declared, and this is {found}", type_text(ty)),
                "does not have that shape",
            )
            .label(ty.span, "declared here");
            self.report(d);
            return None;
        };
        self.check_written_size(ident, size.as_ref(), items.len(), span)?;
        let mut parts = Vec::new();
        let mut first: Option<usize> = None;
        for item in items.iter() {
            let part = match item {
                Value::List(inner) | Value::Tuple(inner) if !rest.is_empty() => {
                    if let Some(n) = first.replace(inner.len())
                        && n != inner.len()
                    {
                        let d = Diagnostic::new(
                            &codes::check::E0351,
                            span,
                            format!("the rows of this list have different lengths: {n} and {}", inner.len()),
                            format!("`{}` would have two sizes", rest[0].0.name),
                        )
                        .label(rest[0].0.span, "one size for all rows")
                        .help("give every row as many values, or keep the list as it is and run over it with `for`");
                        self.report(d);
                        return None;
                    }
                    self.array_of_list(item, elem, rest, ty, span)?
                }
                Value::Array(a) if !self.has_exactly(a, rest) => {
                    let found = self.describe(item);
                    let d = Diagnostic::new(
                        &codes::check::E0418,
                        span,
                        format!("`{}` is declared, and this is a list of {found}", type_text(ty)),
                        format!("each entry is {found}"),
                    )
                    .label(ty.span, "declared here")
                    .help(match rest {
                        [] => "the entries' own axes belong into the type, behind the axis of the list".to_string(),
                        _ => format!(
                            "a list gives one axis, `{}`; rows are lists of their own: `[[1, 2], [3, 4]]`",
                            ident.name
                        ),
                    });
                    self.report(d);
                    return None;
                }
                Value::Array(a) => match elem {
                    Elem::Real => self.to_real(a, span),
                    Elem::Label(_) | Elem::Int => self.cast(a, elem.clone(), span),
                    Elem::Bool => a.clone(),
                },
                Value::Unknown => return None,
                other => {
                    let found = self.describe(other);
                    let d = Diagnostic::new(
                        &codes::check::E0418,
                        span,
                        format!("`{}` is declared, and the list holds {found}", type_text(ty)),
                        "not numbers",
                    );
                    self.report(d);
                    return None;
                }
            };
            parts.push(part);
        }
        if parts.is_empty() {
            let d = Diagnostic::new(&codes::check::E0351, span, "an empty list has no axes", "no values here")
                .help("`zeros[k: 0]` is an array without entries");
            self.report(d);
            return None;
        }
        let dim = Dim::new(self.axis_named(&ident.name), Size::Known(parts.len()));
        self.see_axis(&ident.name, dim.size, ident.span);
        let operands: Vec<_> = parts.into_iter().map(|p| (p, span)).collect();
        match self.apply(&ops::STACK, &operands, Attrs::dims(vec![dim]), span) {
            Value::Array(a) => Some(a),
            _ => None,
        }
    }
}

/// The extents of a list of lists of scalars; `None` where ragged or not of scalars.
fn list_shape(value: &Value) -> Option<Vec<usize>> {
    match value {
        Value::List(items) | Value::Tuple(items) => {
            let mut shapes = items.iter().map(list_shape);
            let first = shapes.next()??;
            shapes.all(|s| s.as_ref() == Some(&first)).then(|| [vec![items.len()], first].concat())
        }
        Value::Array(_) => Some(Vec::new()),
        _ => None,
    }
}

fn leaves<'v>(value: &'v Value, out: &mut Vec<&'v Value>) {
    match value {
        Value::List(items) | Value::Tuple(items) => items.iter().for_each(|v| leaves(v, out)),
        other => out.push(other),
    }
}

//! Operators: arithmetic, comparison, logic, contraction.

use super::Elaborator;
use super::value::{Array, Value};
use crate::diag::{Diagnostic, codes};
use crate::ir::{Attrs, OpDef};
use crate::ops;
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, Ident, UnaryOp};
use crate::types::{ArrayTy, Axis, Dim, Elem};

impl Elaborator<'_> {
    pub(super) fn unary(&mut self, op: UnaryOp, value: &Expr, span: Span) -> Value {
        let v = self.expr(value);
        if let (UnaryOp::Neg, ExprKind::Int(i)) = (op, &value.kind) {
            return Value::Array(self.int_const(-i));
        }
        if let (UnaryOp::Neg, Value::Record(fields)) = (op, &v) {
            let minus = self.real_const(-1.0);
            let record = Value::Record(fields.clone());
            return self.binary_values(BinaryOp::Mul, (Value::Array(minus), span), (record, value.span), span);
        }
        let Some(array) = self.want_array(v, value.span, "the operand") else { return Value::Unknown };
        match op {
            UnaryOp::Not => {
                let Some(array) = self.want_bool(&array, value.span, "not") else { return Value::Unknown };
                self.apply(&ops::NOT, &[(array, value.span)], Attrs::none(), span)
            }
            UnaryOp::Neg => {
                let elem = self.ty(&array).elem;
                let array = if elem == Elem::Real { array } else { self.to_int(&array, value.span) };
                self.apply(&ops::NEG, &[(array, value.span)], Attrs::none(), span)
            }
        }
    }

    pub(super) fn binary(&mut self, op: BinaryOp, left: &Expr, right: &Expr, span: Span) -> Value {
        let (l, r) = self.both(left, right);
        self.binary_values(op, (l, left.span), (r, right.span), span)
    }

    /// Both sides; a hole on one side is told the type of the other.
    fn both(&mut self, left: &Expr, right: &Expr) -> (Value, Value) {
        if matches!(left.kind, ExprKind::Hole) {
            let r = self.expr(right);
            let wanted = self.describe(&r);
            self.hole(left.span, Some(wanted), super::expr::Fits::Like(&r));
            return (Value::Unknown, r);
        }
        let l = self.expr(left);
        if matches!(right.kind, ExprKind::Hole) {
            let wanted = self.describe(&l);
            self.hole(right.span, Some(wanted), super::expr::Fits::Like(&l));
            return (l, Value::Unknown);
        }
        (l, self.expr(right))
    }

    pub(super) fn binary_values(&mut self, op: BinaryOp, l: (Value, Span), r: (Value, Span), span: Span) -> Value {
        if let (BinaryOp::Eq | BinaryOp::Ne, Value::Text(a), Value::Text(b)) = (op, &l.0, &r.0) {
            let equal = (a == b) == (op == BinaryOp::Eq);
            return Value::Array(self.bool_const(equal));
        }
        if let (Value::Record(_), _) | (_, Value::Record(_)) = (&l.0, &r.0) {
            return self.record_values(op, l, r, span);
        }
        let symbol = symbol(op);
        let a = self.want_array(l.0, l.1, &format!("the left side of `{symbol}`"));
        let b = self.want_array(r.0, r.1, &format!("the right side of `{symbol}`"));
        let (Some(a), Some(b)) = (a, b) else { return Value::Unknown };
        match op {
            BinaryOp::And | BinaryOp::Or => {
                let (Some(a), Some(b)) = (self.want_bool(&a, l.1, symbol), self.want_bool(&b, r.1, symbol)) else {
                    return Value::Unknown;
                };
                let op = if op == BinaryOp::And { &ops::AND } else { &ops::OR };
                self.apply(op, &[(a, l.1), (b, r.1)], Attrs::none(), span)
            }
            BinaryOp::Close => self.close((a, l.1), (b, r.1), None, span),
            BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => {
                self.compare(op, (a, l.1), (b, r.1), span)
            }
            BinaryOp::Div => {
                let (a, b) = (self.to_real(&a, l.1), self.to_real(&b, r.1));
                self.apply(&ops::DIV, &[(a, l.1), (b, r.1)], Attrs::none(), span)
            }
            BinaryOp::Pow => self.power((a, l.1), (b, r.1), span),
            BinaryOp::Add => self.numeric(&ops::ADD, (a, l.1), (b, r.1), span),
            BinaryOp::Sub => self.numeric(&ops::SUB, (a, l.1), (b, r.1), span),
            BinaryOp::Mul => self.numeric(&ops::MUL, (a, l.1), (b, r.1), span),
        }
    }

    /// Arithmetic on records works field by field: `model - 0.1 * gradient`. A single array meets every field.
    fn record_values(&mut self, op: BinaryOp, l: (Value, Span), r: (Value, Span), span: Span) -> Value {
        let arithmetic = matches!(op, BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Pow);
        let names = |v: &Value| match v {
            Value::Record(fields) => Some(fields.iter().map(|f| f.0.clone()).collect::<Vec<_>>()),
            _ => None,
        };
        let (a, b) = (names(&l.0), names(&r.0));
        let differ = matches!((&a, &b), (Some(a), Some(b)) if a.len() != b.len() || !a.iter().all(|n| b.contains(n)));
        if l.0.is_unknown() || r.0.is_unknown() {
            return Value::Unknown;
        }
        if differ || !arithmetic {
            let (x, y) = (self.describe(&l.0), self.describe(&r.0));
            let why = if differ { "the two records have different fields" } else { "records are not compared" };
            let d = Diagnostic::new(
                &codes::check::E0429,
                span,
                format!("`{}` does not work here: {why}", symbol(op)),
                "in this expression",
            )
            .label(l.1, format!("this is {x}"))
            .label(r.1, format!("this is {y}"))
            .help("arithmetic on records works field by field, on records of the same fields");
            self.report(d);
            return Value::Unknown;
        }
        let field = |v: &Value, name: &std::sync::Arc<str>| match v {
            Value::Record(fields) => fields.iter().find(|f| f.0 == *name).map_or(Value::Unknown, |f| f.1.clone()),
            other => other.clone(),
        };
        let mut out = Vec::new();
        for name in a.or(b).unwrap_or_default() {
            let (x, y) = (field(&l.0, &name), field(&r.0, &name));
            let value = self.binary_values(op, (x, l.1), (y, r.1), span);
            out.push((name, value));
        }
        Value::record(out)
    }

    /// An operation on two numbers of one kind: reals if either is real, else integers.
    pub(super) fn numeric(&mut self, op: &'static OpDef, a: (Array, Span), b: (Array, Span), span: Span) -> Value {
        let (ta, tb) = (self.ty(&a.0), self.ty(&b.0));
        let (x, y) = if ta.elem == Elem::Real || tb.elem == Elem::Real {
            (self.to_real(&a.0, a.1), self.to_real(&b.0, b.1))
        } else {
            (self.to_int(&a.0, a.1), self.to_int(&b.0, b.1))
        };
        self.warn_outer(&ta, &tb, a.1, b.1, span);
        self.apply(op, &[(x, a.1), (y, b.1)], Attrs::none(), span)
    }

    /// A lint for `a[n] - b[m]`, whose result has both axes, unless the program visibly means it.
    fn warn_outer(&mut self, a: &ArrayTy, b: &ArrayTy, left: Span, right: Span, span: Span) {
        let (va, vb) = (self.visible(a), self.visible(b));
        let only_a: Vec<String> = va.iter().filter(|d| !b.has(&d.axis)).map(|d| d.to_string()).collect();
        let namesake = va.iter().find(|d| vb.iter().any(|o| o.axis != d.axis && o.axis.name() == d.axis.name()));
        let only_b: Vec<String> = vb.iter().filter(|d| !a.has(&d.axis)).map(|d| d.to_string()).collect();
        let meant = self.outer_allowed > 0 || self.renamed.iter().any(|x| a.has(x) != b.has(x));
        if only_a.is_empty() || only_b.is_empty() || meant {
            return;
        }
        let result: Vec<String> = va.iter().map(|d| d.to_string()).chain(only_b.iter().cloned()).collect();
        let d = Diagnostic::new(
            &codes::check::W0301,
            span,
            format!(
                "every pair is combined: neither side has the other's axes, so the result has [{}]",
                result.join(", ")
            ),
            "the result has the axes of both",
        )
        .label(left, format!("only this has [{}]", only_a.join(", ")))
        .label(right, format!("only this has [{}]", only_b.join(", ")));
        let d = match namesake {
            Some(dim) => d.help(format!(
                "the two axes `{0}` are different ones: this function makes an axis `{0}` of its own, and the other \
                 comes from outside; pass the array as a parameter `x: real[{0}]`, or give the new axis another name",
                dim.axis
            )),
            None => d.help(
                "write `outer(...)` around it if every pair is meant; otherwise rename the axis, as in `b[m -> n]`",
            ),
        };
        self.report(d);
    }

    fn power(&mut self, a: (Array, Span), b: (Array, Span), span: Span) -> Value {
        let integers = self.ty(&a.0).elem == Elem::Int && self.ty(&b.0).elem == Elem::Int;
        if integers && let (Some(x), Some(n)) = (self.known_int(&a.0), self.known_int(&b.0)) {
            let value = u32::try_from(n).ok().and_then(|n| x.checked_pow(n));
            if let Some(value) = value {
                return Value::Array(self.int_const(value));
            }
        }
        let (x, y) = (self.to_real(&a.0, a.1), self.to_real(&b.0, b.1));
        self.apply(&ops::POW, &[(x, a.1), (y, b.1)], Attrs::none(), span)
    }

    fn compare(&mut self, op: BinaryOp, a: (Array, Span), b: (Array, Span), span: Span) -> Value {
        let (ta, tb) = (self.ty(&a.0), self.ty(&b.0));
        let def = match op {
            BinaryOp::Eq => &ops::EQ,
            BinaryOp::Ne => &ops::NE,
            BinaryOp::Lt => &ops::LT,
            BinaryOp::Le => &ops::LE,
            BinaryOp::Gt => &ops::GT,
            _ => &ops::GE,
        };
        let (x, y) = match (&ta.elem, &tb.elem) {
            (Elem::Bool, Elem::Bool) => (a.0, b.0),
            (Elem::Real, _) | (_, Elem::Real) => (self.to_real(&a.0, a.1), self.to_real(&b.0, b.1)),
            _ => (self.to_int(&a.0, a.1), self.to_int(&b.0, b.1)),
        };
        self.apply(def, &[(x, a.1), (y, b.1)], Attrs::none(), span)
    }

    /// `a ~= b`: |a - b| ≤ tolerance · max(1, |a|, |b|), everywhere close. The default tolerance is 1e-9 (1e-5 in f32).
    pub(super) fn close(&mut self, a: (Array, Span), b: (Array, Span), within: Option<Array>, span: Span) -> Value {
        let (x, y) = (self.to_real(&a.0, a.1), self.to_real(&b.0, b.1));
        let default = if self.options.precision == crate::types::Precision::F64 { 1e-9 } else { 1e-5 };
        let tolerance = match within {
            Some(w) => w,
            None => self.real_const(default),
        };
        let Value::Array(difference) =
            self.apply(&ops::SUB, &[(x.clone(), a.1), (y.clone(), b.1)], Attrs::none(), span)
        else {
            return Value::Unknown;
        };
        let one = self.real_const(1.0);
        let size = |this: &mut Self, v: &Array| this.must(&ops::ABS, &[v], Attrs::none(), span);
        let (dx, sx, sy) = (size(self, &difference), size(self, &x), size(self, &y));
        let larger = self.must(&ops::MAXIMUM, &[&sx, &sy], Attrs::none(), span);
        let scale = self.must(&ops::MAXIMUM, &[&larger, &one], Attrs::none(), span);
        let bound = self.must(&ops::MUL, &[&tolerance, &scale], Attrs::none(), span);
        let near = self.must(&ops::LE, &[&dx, &bound], Attrs::none(), span);
        // Equal infinities are close although their difference is not a number.
        let same = self.must(&ops::EQ, &[&x, &y], Attrs::none(), span);
        Value::Array(self.must(&ops::OR, &[&near, &same], Attrs::none(), span))
    }

    pub(super) fn want_bool(&mut self, array: &Array, span: Span, role: &str) -> Option<Array> {
        let ty = self.ty(array);
        if ty.elem == Elem::Bool {
            return Some(array.clone());
        }
        let found = self.describe(&Value::Array(array.clone()));
        let d = Diagnostic::new(
            &codes::check::E0407,
            span,
            format!("`{role}` needs a condition"),
            format!("this is {found}"),
        )
        .help("compare it with something, as in `x > 0`");
        self.report(d);
        None
    }

    /// `x @[d] w`
    pub(super) fn contract(&mut self, left: &Expr, axes: &[Ident], right: &Expr, span: Span) -> Value {
        let (l, r) = self.both(left, right);
        let a = self.want_array(l, left.span, "the left side of `@`");
        let b = self.want_array(r, right.span, "the right side of `@`");
        let (a, b) = match (a, b) {
            (Some(a), Some(b)) => (self.to_real(&a, left.span), self.to_real(&b, right.span)),
            (Some(one), None) | (None, Some(one)) => {
                // The other side may be a field of a parameter that is not known yet; this one needs the axes anyway.
                for ident in axes {
                    let lacking = self.axes_named(&ident.name).iter().any(|axis| !self.ty(&one).has(axis));
                    if lacking {
                        self.demand_axis(&one, &ident.name);
                    }
                }
                return Value::Unknown;
            }
            (None, None) => return Value::Unknown,
        };
        let mut summed: Vec<Axis> = Vec::new();
        for ident in axes {
            let names = self.axes_named(&ident.name);
            for axis in names {
                let other =
                    |this: &Self, array: &Array, span: Span| this.ty(array).dim(&axis).map(|d| (d.clone(), span));
                let (in_left, in_right) = (other(self, &a, left.span), other(self, &b, right.span));
                let left_has = self.need_axis_of(&a, left.span, &axis, ident, in_right);
                let right_has = left_has && self.need_axis_of(&b, right.span, &axis, ident, in_left);
                if !left_has || !right_has {
                    return Value::Unknown;
                }
                summed.push(axis);
            }
        }
        self.apply(&ops::CONTRACT, &[(a, left.span), (b, right.span)], Attrs::axes(summed), span)
    }

    /// Reports an array that lacks an axis it is asked for.
    pub(super) fn need_axis(&mut self, array: &Array, place: &Expr, axis: &Axis, named: &Ident) -> bool {
        self.need_axis_of(array, place.span, axis, named, None)
    }

    /// The same where another operand has the axis.
    fn need_axis_of(
        &mut self,
        array: &Array,
        place: Span,
        axis: &Axis,
        named: &Ident,
        other: Option<(Dim, Span)>,
    ) -> bool {
        if self.ty(array).has(axis) {
            return true;
        }
        if !self.demand_axis(array, &named.name) {
            self.axis_lacking(array, place, &named.name, named.span, other);
        }
        false
    }

    pub(super) fn missing_axis(&mut self, array: &Array, place: Span, name: &str, named: Span) {
        self.axis_lacking(array, place, name, named, None);
    }

    fn axis_lacking(&mut self, array: &Array, place: Span, name: &str, named: Span, other: Option<(Dim, Span)>) {
        let found = self.describe(&Value::Array(array.clone()));
        let ty = self.ty(array);
        let dims = self.visible(&ty);
        let visible: Vec<String> = dims.iter().map(|d| d.axis.to_string()).collect();
        let mut d = Diagnostic::new(
            &codes::check::E0302,
            named,
            format!("there is no axis `{name}` here: this is {found}"),
            format!("`{name}` is asked for here"),
        )
        .label(place, format!("this is {found}"));
        if let Some((dim, span)) = &other {
            d = d.label(*span, format!("this has `{dim}`"));
        }
        for dim in dims.iter().take(2) {
            if let Some((span, text)) = self.axis_origin(array, &dim.axis)
                && span != place
            {
                d = d.label(span, text);
            }
        }
        let help = match crate::diag::suggest::nearest(name, visible.iter().map(String::as_str)) {
            // Two functions, or a function and its caller, may each have an axis of this name.
            _ if visible.iter().any(|v| v == name) => format!(
                "its `{name}` is another axis than the `{name}` of this function, which makes one of that name itself: \
                 rename one of them, as in `[{name} -> {name}2]`"
            ),
            Some(near) => format!("did you mean `{near}`?"),
            None => match (&visible[..], same_size(&dims, other.as_ref())) {
                ([], _) => "a single number has no axes".to_string(),
                ([one], _) => {
                    format!("its only axis is `{one}`; rename it with `[{one} -> {name}]` if that is the one")
                }
                (_, Some(one)) => {
                    format!("`{one}` has the same size; rename it with `[{one} -> {name}]` if that is the one")
                }
                (all, None) => {
                    let list: Vec<String> = all.iter().map(|a| format!("`{a}`")).collect();
                    format!("its axes are {}; `[{} -> {name}]` renames one", list.join(", "), all[all.len() - 1])
                }
            },
        };
        self.report(d.help(help));
    }
}

/// The only axis with the known size of an axis elsewhere.
fn same_size(dims: &[Dim], other: Option<&(Dim, Span)>) -> Option<Axis> {
    let size = other?.0.size.known()?;
    let mut same = dims.iter().filter(|d| d.size.known() == Some(size));
    match (same.next(), same.next()) {
        (Some(dim), None) => Some(dim.axis.clone()),
        _ => None,
    }
}

pub(super) fn symbol(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Pow => "^",
        BinaryOp::Eq => "==",
        BinaryOp::Ne => "!=",
        BinaryOp::Lt => "<",
        BinaryOp::Le => "<=",
        BinaryOp::Gt => ">",
        BinaryOp::Ge => ">=",
        BinaryOp::Close => "~=",
        BinaryOp::And => "and",
        BinaryOp::Or => "or",
    }
}

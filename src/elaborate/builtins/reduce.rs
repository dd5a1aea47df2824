//! Reductions: along axes, over what a mask keeps, within the classes of a label.

use super::super::Elaborator;
use super::super::call::Argument;
use super::super::value::{Array, Value};
use super::Builtin;
use crate::diag::{Diagnostic, codes};
use crate::ir::{Attrs, OpDef};
use crate::ops;
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, BracketEntry, BracketKind, Expr, Ident};
use crate::types::{Axis, Dim, Elem, Size};

impl Elaborator<'_> {
    pub(super) fn reduce_call(
        &mut self,
        b: &'static Builtin,
        entries: &[BracketEntry],
        args: Vec<Argument>,
        span: Span,
    ) -> Value {
        if matches!(b.name, "max" | "min") && args.len() == 2 && entries.is_empty() {
            return self.larger(b.name, &args, span);
        }
        if let [BracketEntry { kind: BracketKind::By(axis, by), .. }] = entries {
            return self.group(b, axis, by, args, span);
        }
        let wanted = if b.name == "quantile" { 2 } else { 1 };
        if !self.op_arity(b.name, wanted, &args, span, b.signature) {
            return Value::Unknown;
        }
        let (array, mask) = match self.reduced_argument(&args[0]) {
            Some(found) => found,
            None => return Value::Unknown,
        };
        let axes = if entries.is_empty() {
            let ty = self.ty(&array);
            let mut axes: Vec<Axis> = self.visible(&ty).into_iter().map(|d| d.axis).collect();
            if let Some(mask) = &mask {
                let ty = self.ty(mask);
                let more: Vec<Axis> =
                    self.visible(&ty).into_iter().map(|d| d.axis).filter(|a| !axes.contains(a)).collect();
                axes.extend(more);
            }
            axes
        } else {
            let wide = match &mask {
                Some(mask) => self.wider(&array, mask, span),
                None => array.clone(),
            };
            match self.plain_axes(b.name, entries, &wide, args[0].span) {
                Some(axes) => axes,
                None => return Value::Unknown,
            }
        };
        self.reduce(b, &array, mask.as_ref(), &axes, &args, span)
    }

    /// The array with the mask's axes too.
    fn wider(&mut self, array: &Array, mask: &Array, span: Span) -> Array {
        let dims = self.ty(mask).dims;
        self.broadcast(array, &dims, span)
    }

    /// An array, a masked array, or a list of numbers as an array.
    fn reduced_argument(&mut self, arg: &Argument) -> Option<(Array, Option<Array>)> {
        match &arg.value {
            Value::Masked { value, mask, .. } => {
                let wide = self.wider(value, mask, arg.span);
                Some((wide, Some(mask.clone())))
            }
            Value::List(items) if !items.is_empty() && items.iter().all(|v| matches!(v, Value::Array(_))) => {
                let axis = self.fresh_axis("list".into());
                let any_real = items.iter().any(|v| self.is_real(v));
                let mut parts = Vec::new();
                for item in items.iter() {
                    let Value::Array(a) = item else { continue };
                    parts.push((if any_real { self.to_real(a, arg.span) } else { a.clone() }, arg.span));
                }
                let attrs = Attrs::dims(vec![Dim::new(axis, Size::Known(parts.len()))]);
                match self.apply(&ops::STACK, &parts, attrs, arg.span) {
                    Value::Array(a) => Some((a, None)),
                    _ => None,
                }
            }
            other => Some((self.want_array(other.clone(), arg.span, "what is reduced")?, None)),
        }
    }

    fn larger(&mut self, name: &str, args: &[Argument], span: Span) -> Value {
        let Some(operands) = self.operands(name, args) else { return Value::Unknown };
        let op = if name == "max" { &ops::MAXIMUM } else { &ops::MINIMUM };
        self.numeric(op, operands[0].clone(), operands[1].clone(), span)
    }

    fn reduce(
        &mut self,
        b: &Builtin,
        array: &Array,
        mask: Option<&Array>,
        axes: &[Axis],
        args: &[Argument],
        span: Span,
    ) -> Value {
        let place = args[0].span;
        let elem = self.ty(array).elem;
        match b.name {
            "count" if mask.is_some() => {
                let x = self.bool_const(true);
                let x = self.wider(&x, array, span);
                self.masked_reduction(&ops::SUM, &x, mask, 0.0, axes, span)
            }
            "sum" | "count" => {
                let x =
                    if elem == Elem::Real || elem == Elem::Bool { array.clone() } else { self.to_int(array, place) };
                self.masked_reduction(&ops::SUM, &x, mask, 0.0, axes, span)
            }
            "mean" => {
                let x = self.to_real(array, place);
                Value::Array(self.mean(&x, mask, axes, span))
            }
            "prod" => {
                let x = if elem == Elem::Real { array.clone() } else { self.to_int(array, place) };
                self.masked_reduction(&ops::PROD, &x, mask, 1.0, axes, span)
            }
            "max" | "min" => {
                let x = if elem == Elem::Real || mask.is_some() {
                    self.to_real(array, place)
                } else {
                    self.to_int(array, place)
                };
                let (op, neutral) =
                    if b.name == "max" { (&ops::MAX, f64::NEG_INFINITY) } else { (&ops::MIN, f64::INFINITY) };
                self.masked_reduction(op, &x, mask, neutral, axes, span)
            }
            "any" | "all" => {
                let Some(x) = self.want_bool(array, place, b.name) else { return Value::Unknown };
                let (op, neutral) = if b.name == "any" { (&ops::ANY_OF, 0.0) } else { (&ops::ALL_OF, 1.0) };
                self.masked_reduction(op, &x, mask, neutral, axes, span)
            }
            "logsumexp" => {
                let x = self.to_real(array, place);
                self.masked_reduction(&ops::LOGSUMEXP, &x, mask, f64::NEG_INFINITY, axes, span)
            }
            "norm" => {
                let x = self.to_real(array, place);
                self.masked_reduction(&ops::NORM, &x, mask, 0.0, axes, span)
            }
            "var" | "std" => {
                let x = self.to_real(array, place);
                let var = self.variance(&x, mask, axes, span);
                Value::Array(if b.name == "var" { var } else { self.must(&ops::SQRT, &[&var], Attrs::none(), span) })
            }
            _ => {
                let x = self.to_real(array, place);
                self.quantile(b, &x, mask, axes, args, span)
            }
        }
    }

    fn masked_reduction(
        &mut self,
        op: &'static OpDef,
        x: &Array,
        mask: Option<&Array>,
        neutral: f64,
        axes: &[Axis],
        span: Span,
    ) -> Value {
        let x = match mask {
            Some(mask) => {
                let neutral = match self.ty(x).elem {
                    Elem::Real => self.real_const(neutral),
                    Elem::Bool => self.bool_const(neutral != 0.0),
                    _ => self.int_const(neutral as i64),
                };
                match self.apply(
                    &ops::SELECT,
                    &[(mask.clone(), span), (x.clone(), span), (neutral, span)],
                    Attrs::none(),
                    span,
                ) {
                    Value::Array(a) => a,
                    _ => return Value::Unknown,
                }
            }
            None => x.clone(),
        };
        self.apply(op, &[(x, span)], Attrs::axes(axes.to_vec()), span)
    }

    fn mean(&mut self, x: &Array, mask: Option<&Array>, axes: &[Axis], span: Span) -> Array {
        let Value::Array(sum) = self.masked_reduction(&ops::SUM, x, mask, 0.0, axes, span) else { return x.clone() };
        let count = self.how_many(x, mask, axes, span);
        self.must(&ops::DIV, &[&sum, &count], Attrs::none(), span)
    }

    /// How many entries a reduction sees, as a real.
    fn how_many(&mut self, x: &Array, mask: Option<&Array>, axes: &[Axis], span: Span) -> Array {
        if let Some(mask) = mask {
            let dims: Vec<Dim> = self.ty(x).dims.into_iter().filter(|d| axes.contains(&d.axis)).collect();
            let wide = self.broadcast(mask, &dims, span);
            let kept = self.to_real(&wide, span);
            return self.sum_over(&kept, axes, span);
        }
        let ty = self.ty(x);
        let mut count: Option<Array> = None;
        for axis in axes {
            let Some(dim) = ty.dim(axis) else { continue };
            let size = self.must(&ops::SIZE, &[], Attrs::dims(vec![dim.clone()]), span);
            let size = self.cast(&size, Elem::Real, span);
            count = Some(match count {
                Some(c) => self.must(&ops::MUL, &[&c, &size], Attrs::none(), span),
                None => size,
            });
        }
        count.unwrap_or_else(|| self.real_const(1.0))
    }

    fn variance(&mut self, x: &Array, mask: Option<&Array>, axes: &[Axis], span: Span) -> Array {
        let mean = self.mean(x, mask, axes, span);
        let off = self.must(&ops::SUB, &[x, &mean], Attrs::none(), span);
        let two = self.real_const(2.0);
        let square = self.must(&ops::POW, &[&off, &two], Attrs::none(), span);
        self.mean(&square, mask, axes, span)
    }

    /// Linear interpolation between the sorted entries at q·(n - 1).
    fn quantile(
        &mut self,
        b: &Builtin,
        x: &Array,
        mask: Option<&Array>,
        axes: &[Axis],
        args: &[Argument],
        span: Span,
    ) -> Value {
        if mask.is_some() || axes.len() != 1 {
            let merged = (mask.is_none() && axes.len() > 1).then(|| self.merged(x, axes, span));
            if let Some((x, axis)) = merged {
                return self.quantile(b, &x, None, &[axis], args, span);
            }
            return self.wants_axes(
                span,
                format!("`{}` works along one axis of an array without a mask", b.name),
                "here",
            );
        }
        let Some(dim) = self.ty(x).dim(&axes[0]).cloned() else { return Value::Unknown };
        let q = if b.name == "median" {
            self.real_const(0.5)
        } else {
            match self.want_array(args[1].value.clone(), args[1].span, "the quantile") {
                Some(q) => self.to_real(&q, args[1].span),
                None => return Value::Unknown,
            }
        };
        let along = Attrs::axes(vec![dim.axis.clone()]);
        let sorted = self.must(&ops::SORT, &[x], along.clone().with_ints(vec![0]), span);
        let size = self.must(&ops::SIZE, &[], Attrs::dims(vec![dim.clone()]), span);
        let size = self.cast(&size, Elem::Real, span);
        let one = self.real_const(1.0);
        let last = self.must(&ops::SUB, &[&size, &one], Attrs::none(), span);
        let place = self.must(&ops::MUL, &[&q, &last], Attrs::none(), span);
        let below = self.must(&ops::FLOOR, &[&place], Attrs::none(), span);
        let above = self.must(&ops::CEIL, &[&place], Attrs::none(), span);
        let share = self.must(&ops::SUB, &[&place, &below], Attrs::none(), span);
        let pick = |this: &mut Self, at: &Array| {
            let index = this.cast(at, Elem::Int, span);
            this.apply(&ops::PICK, &[(sorted.clone(), span), (index, span)], along.clone(), span)
        };
        let (Value::Array(low), Value::Array(high)) = (pick(self, &below), pick(self, &above)) else {
            return Value::Unknown;
        };
        let gap = self.must(&ops::SUB, &[&high, &low], Attrs::none(), span);
        let part = self.must(&ops::MUL, &[&gap, &share], Attrs::none(), span);
        Value::Array(self.must(&ops::ADD, &[&low, &part], Attrs::none(), span))
    }

    /// The array with several axes merged into one of its own.
    pub(super) fn merged(&mut self, x: &Array, axes: &[Axis], span: Span) -> (Array, Axis) {
        let axis = self.fresh_axis("merged".into());
        let sizes: Option<Vec<usize>> = axes.iter().map(|a| self.ty(x).dim(a).and_then(|d| d.size.known())).collect();
        let size = match sizes {
            Some(sizes) => Size::Known(sizes.iter().product()),
            None => self.b().sizes.fresh(),
        };
        let attrs = Attrs::axes(axes.to_vec()).with_dims(vec![Dim::new(axis.clone(), size)]);
        (self.must(&ops::MERGE, &[x], attrs, span), axis)
    }

    // ---- groups ----------------------------------------------------------------------------------------------------

    /// `mean[n by y](x)`: within each class of the label `y`.
    fn group(&mut self, b: &'static Builtin, axis: &Ident, by: &Expr, args: Vec<Argument>, span: Span) -> Value {
        let y = self.expr(by);
        let Some(y) = self.want_array(y, by.span, "what groups") else { return Value::Unknown };
        let Elem::Label(classes) = self.ty(&y).elem else {
            let found = self.describe(&Value::Array(y));
            let d = Diagnostic::new(
                &codes::check::E0412,
                by.span,
                format!("groups are made by a label, and this is {found}"),
                format!("this is {found}"),
            )
            .help("declare it where it is made, as in `[0, 1, 0] : label c [n]`");
            self.report(d);
            return Value::Unknown;
        };
        let n = self.axis_named(&axis.name);
        if !self.ty(&y).has(&n) {
            self.missing_axis(&y, by.span, &axis.name, axis.span);
            return Value::Unknown;
        }
        let dim = self.scope_dim(&classes.shared_name());
        let dim = Dim::new(classes, dim.size);
        let (x, mask) = match (b.name, args.first()) {
            ("count", None) => {
                let one = self.int_const(1);
                let dims = self.ty(&y).dims;
                (self.broadcast(&one, &dims, span), None)
            }
            (_, Some(arg)) if self.op_arity(b.name, 1, &args, span, b.signature) => match self.reduced_argument(arg) {
                Some(found) => found,
                None => return Value::Unknown,
            },
            (_, Some(_)) => return Value::Unknown,
            (_, None) => {
                self.op_arity(b.name, 1, &args, span, b.signature);
                return Value::Unknown;
            }
        };
        if !self.ty(&x).has(&n) {
            self.missing_axis(&x, args.first().map_or(span, |a| a.span), &axis.name, axis.span);
            return Value::Unknown;
        }
        let groups = Groups { y, by: by.span, n, dim, mask };
        self.reduce_groups(b, &x, &groups, args.first().map_or(span, |a| a.span), span)
    }

    fn reduce_groups(&mut self, b: &Builtin, x: &Array, groups: &Groups, place: Span, span: Span) -> Value {
        match b.name {
            "count" => {
                let x = match &groups.mask {
                    Some(mask) => self.to_int(mask, span),
                    None => self.to_int(x, span),
                };
                self.grouped("sum", &x, None, groups, span)
            }
            "sum" => {
                let x = self.to_real(x, place);
                self.grouped("sum", &x, Some(0.0), groups, span)
            }
            "max" | "min" | "prod" => {
                let x = self.to_real(x, place);
                let neutral = match b.name {
                    "max" => f64::NEG_INFINITY,
                    "min" => f64::INFINITY,
                    _ => 1.0,
                };
                self.grouped(b.name, &x, Some(neutral), groups, span)
            }
            "any" | "all" => {
                let Some(x) = self.want_bool(x, place, b.name) else { return Value::Unknown };
                let x = if b.name == "any" { x } else { self.must(&ops::NOT, &[&x], Attrs::none(), span) };
                let x = self.to_int(&x, span);
                let counted = self.grouped("sum", &x, Some(0.0), groups, span);
                let none = Value::Array(self.int_const(0));
                let op = if b.name == "any" { BinaryOp::Gt } else { BinaryOp::Eq };
                self.binary_values(op, (counted, span), (none, span), span)
            }
            "mean" => {
                let x = self.to_real(x, place);
                self.group_mean(&x, groups, span)
            }
            "var" | "std" => {
                let x = self.to_real(x, place);
                let Value::Array(mean) = self.group_mean(&x, groups, span) else { return Value::Unknown };
                let own = Attrs::axes(vec![groups.dim.axis.clone()]);
                let own = self.must(&ops::PICK, &[&mean, &groups.y], own, span);
                let off = self.must(&ops::SUB, &[&x, &own], Attrs::none(), span);
                let two = self.real_const(2.0);
                let square = self.must(&ops::POW, &[&off, &two], Attrs::none(), span);
                match self.group_mean(&square, groups, span) {
                    Value::Array(var) if b.name == "std" => {
                        Value::Array(self.must(&ops::SQRT, &[&var], Attrs::none(), span))
                    }
                    var => var,
                }
            }
            _ => {
                let d = Diagnostic::new(
                    &codes::check::E0411,
                    span,
                    format!("`{}` does not work within groups", b.name),
                    "grouped by `by`",
                )
                .help("sum, mean, var, std, count, max, min, prod, any and all do");
                self.report(d);
                Value::Unknown
            }
        }
    }

    /// One reduction within groups; what the mask leaves out counts as `neutral`.
    fn grouped(&mut self, how: &str, x: &Array, neutral: Option<f64>, groups: &Groups, span: Span) -> Value {
        let x = match (&groups.mask, neutral) {
            (Some(mask), Some(neutral)) => {
                let neutral = match self.ty(x).elem {
                    Elem::Real => self.real_const(neutral),
                    _ => self.int_const(neutral as i64),
                };
                self.must(&ops::SELECT, &[mask, x, &neutral], Attrs::none(), span)
            }
            _ => x.clone(),
        };
        let attrs = Attrs::axes(vec![groups.n.clone()]).with_dims(vec![groups.dim.clone()]).with_name(how);
        self.apply(&ops::GROUP, &[(x, span), (groups.y.clone(), groups.by)], attrs, span)
    }

    fn group_mean(&mut self, x: &Array, groups: &Groups, span: Span) -> Value {
        let sum = self.grouped("sum", x, Some(0.0), groups, span);
        let dims = self.ty(&groups.y).dims;
        let one = self.real_const(1.0);
        let ones = self.broadcast(&one, &dims, span);
        let ones = match &groups.mask {
            Some(mask) => {
                let dims = self.ty(mask).dims;
                self.broadcast(&ones, &dims, span)
            }
            None => ones,
        };
        let members = self.grouped("sum", &ones, Some(0.0), groups, span);
        self.binary_values(BinaryOp::Div, (sum, span), (members, span), span)
    }
}

/// What a grouped reduction runs over: `[n by y]`, and what a mask keeps.
struct Groups {
    y: Array,
    by: Span,
    n: Axis,
    /// The classes.
    dim: Dim,
    mask: Option<Array>,
}

//! What stands in brackets behind an array: `z[k = y]`, `e[n -> m]`, `z[n = 10..20]`; and updates `w with [v = y] += dw`.

use super::Elaborator;
use super::value::{Array, Function, Value};
use crate::diag::{Diagnostic, codes, suggest};
use crate::ir::Attrs;
use crate::ops;
use crate::source::Span;
use crate::syntax::ast::{BracketEntry, BracketKind, Expr, Ident};
use crate::types::{Axis, Dim, Elem, Size};
use std::sync::Arc;

/// `count[n by y]` counts members: there is nothing more to give it.
fn stands_alone(name: &str, entries: &[BracketEntry]) -> bool {
    name == "count" && matches!(entries, [BracketEntry { kind: BracketKind::By(..), .. }])
}

impl Elaborator<'_> {
    pub(super) fn bracket(&mut self, base: &Expr, entries: &[BracketEntry], span: Span) -> Value {
        let value = self.expr(base);
        match value {
            Value::Function(function) => {
                if let Function::Builtin(b) = &*function
                    && (b.bare || stands_alone(b.name, entries))
                {
                    return self.call_builtin(b, entries, &[], span);
                }
                let env = self.env.clone();
                Value::Function(Arc::new(Function::Bracketed { base: function, entries: entries.to_vec(), env }))
            }
            Value::Array(array) => self.index(array, base, entries),
            Value::Record(fields) => {
                let pick = |(name, v): &(Arc<str>, Value)| {
                    let value = match v {
                        Value::Array(a) => self.index(a.clone(), base, entries),
                        other => other.clone(),
                    };
                    (name.clone(), value)
                };
                Value::record(fields.iter().map(pick).collect())
            }
            Value::List(items) | Value::Tuple(items) => self.list_item(&items, entries, span),
            Value::Unknown => {
                for entry in entries {
                    if let BracketKind::At(_, e) = &entry.kind {
                        self.expr(e);
                    }
                }
                Value::Unknown
            }
            other => {
                let found = self.describe(&other);
                let d = Diagnostic::new(
                    &codes::check::E0410,
                    base.span,
                    format!("only arrays and functions take brackets, and this is {found}"),
                    format!("this is {found}"),
                );
                self.report(d);
                Value::Unknown
            }
        }
    }

    fn list_item(&mut self, items: &[Value], entries: &[BracketEntry], span: Span) -> Value {
        if let [BracketEntry { kind: BracketKind::At(..), .. }] = entries {
            let d = Diagnostic::new(&codes::check::E0428, span, "a list has no axes", "picked by axis here")
                .help("give the list an axis first: `xs : real[k]`");
            self.report(d);
            return Value::Unknown;
        }
        let d = Diagnostic::new(
            &codes::check::E0410,
            span,
            format!("a list of {} values takes no brackets", items.len()),
            "here",
        )
        .help("run over it with `for`, take it apart with `let (a, b) = ...`, or give it an axis: `xs : real[k]`");
        self.report(d);
        Value::Unknown
    }

    fn index(&mut self, array: Array, base: &Expr, entries: &[BracketEntry]) -> Value {
        let renames = entries.iter().all(|e| matches!(&e.kind, BracketKind::Arrow { .. }));
        if renames {
            return self.rename_entries(&array, base, entries);
        }
        if !self.picked_once(entries) {
            return Value::Unknown;
        }
        let mut array = array;
        for entry in entries {
            let value = match &entry.kind {
                BracketKind::At(axis, e) => self.at(&array, base, axis, e, entry.span),
                BracketKind::Arrow { .. } => self.rename_entries(&array, base, std::slice::from_ref(entry)),
                _ => {
                    let d = Diagnostic::new(
                        &codes::check::E0411,
                        entry.span,
                        "an array's bracket picks, slices or renames",
                        "this does none of them",
                    )
                    .help("pick with `z[k = i]`, slice with `z[k = 0..3]`, rename with `z[k -> j]`; a size goes with `zeros[k: 3]`");
                    self.report(d);
                    Value::Unknown
                }
            };
            match value {
                Value::Array(a) => array = a,
                _ => return Value::Unknown,
            }
        }
        Value::Array(array)
    }

    /// Reports an axis that a bracket picks along twice.
    fn picked_once(&mut self, entries: &[BracketEntry]) -> bool {
        let picked: Vec<&Ident> =
            entries.iter().filter_map(|e| if let BracketKind::At(a, _) = &e.kind { Some(a) } else { None }).collect();
        for (i, ident) in picked.iter().enumerate() {
            if let Some(first) = picked[..i].iter().find(|p| p.name == ident.name) {
                let d = Diagnostic::new(
                    &codes::check::E0205,
                    ident.span,
                    format!("the bracket picks along `{}` twice", ident.name),
                    "again here",
                )
                .label(first.span, "first here")
                .help(format!(
                    "several entries are picked by a range or an array of numbers: `z[{} = 0..2]`",
                    ident.name
                ));
                self.report(d);
                return false;
            }
        }
        true
    }

    /// The one axis of an array that a name in a bracket means, or a report.
    pub(super) fn own_axis(&mut self, array: &Array, place: &Expr, ident: &Ident) -> Option<Axis> {
        let axis = self.axis_named(&ident.name);
        self.need_axis(array, place, &axis, ident).then_some(axis)
    }

    /// `z[k = e]`
    fn at(&mut self, array: &Array, base: &Expr, ident: &Ident, e: &Expr, span: Span) -> Value {
        let index = self.expr(e);
        let Some(axis) = self.own_axis(array, base, ident) else { return Value::Unknown };
        match index {
            Value::Range { from, to } => self.slice(array, &axis, (from, to), span),
            Value::Array(index) => {
                let elem = self.ty(&index).elem;
                let Some(index) = self.index_array(&index, &elem, &axis, ident, e) else { return Value::Unknown };
                if !self.index_in_range(array, &index, &axis, e.span) {
                    return Value::Unknown;
                }
                self.apply(&ops::PICK, &[(array.clone(), base.span), (index, e.span)], Attrs::axes(vec![axis]), span)
            }
            Value::Unknown => Value::Unknown,
            other => {
                let found = self.describe(&other);
                let d = Diagnostic::new(
                    &codes::check::E0412,
                    e.span,
                    format!("an axis is picked by a label, a whole number or a range, and this is {found}"),
                    format!("this is {found}"),
                );
                self.report(d);
                Value::Unknown
            }
        }
    }

    /// Checks that an index fits the axis it picks from: a label of that axis, or whole numbers.
    fn index_array(&mut self, index: &Array, elem: &Elem, axis: &Axis, ident: &Ident, e: &Expr) -> Option<Array> {
        match elem {
            Elem::Label(of) if of == axis => Some(index.clone()),
            Elem::Label(of) => {
                let d = Diagnostic::new(
                    &codes::check::E0405,
                    e.span,
                    format!("a label of `{of}` cannot pick along `{axis}`"),
                    format!("this is `label {of}`"),
                )
                .label(ident.span, format!("picked along `{axis}` here"))
                .help(format!(
                    "`int(...)` makes plain numbers of labels, if `{of}` and `{axis}` count the same things"
                ));
                self.report(d);
                None
            }
            Elem::Int => Some(index.clone()),
            _ => {
                if self.demand_label(index, &ident.name) {
                    return None;
                }
                let found = self.describe(&Value::Array(index.clone()));
                let mut d = Diagnostic::new(
                    &codes::check::E0412,
                    e.span,
                    format!("an axis is picked by a label, a whole number or a range, and this is {found}"),
                    format!("this is {found}"),
                );
                if *elem == Elem::Real {
                    d = d.help("`int(...)` cuts a real to a whole number");
                }
                if *elem == Elem::Bool {
                    d = d.help(
                        "to keep the entries where a condition holds inside a reduction, write `sum[k](x where m)`",
                    );
                }
                self.report(d);
                None
            }
        }
    }

    /// A constant index against a known size.
    fn index_in_range(&mut self, array: &Array, index: &Array, axis: &Axis, span: Span) -> bool {
        let size = self.ty(array).dim(axis).and_then(|d| d.size.known());
        let (Some(size), Some(value)) = (size, self.known_int(index)) else { return true };
        if (0..size as i64).contains(&value) {
            return true;
        }
        let mut d = Diagnostic::new(
            &codes::check::E0305,
            span,
            format!("index {value} is outside `{axis}: {size}`"),
            format!("`{axis}` runs from 0 to {}", size as i64 - 1),
        );
        if let Some((origin, text)) = self.axis_origin(array, axis) {
            d = d.label(origin, text);
        }
        if value < 0 {
            d = d.help(format!("count from the end with `size({axis}) - {}`", -value));
        }
        self.report(d);
        false
    }

    fn slice(&mut self, array: &Array, axis: &Axis, (from, to): (Array, Array), span: Span) -> Value {
        let size = self.ty(array).dim(axis).map(|d| d.size);
        let (start, end) = (self.known_int(&from), self.known_int(&to));
        let (Some(start), Some(end)) = (start, end) else {
            if self.options.mode == super::Mode::Run && !self.probing_any() {
                let d = Diagnostic::new(&codes::check::E0306, span, "the bounds of a slice must be known before the computation starts", "these depend on what is being computed")
                    .help("to take a moving window, index with numbers: `x[n = start + i]` with `i` the coordinates of a new axis");
                self.report(d);
                return Value::Unknown;
            }
            let size = self.b().sizes.fresh();
            let attrs =
                Attrs::axes(vec![axis.clone()]).with_dims(vec![Dim::new(axis.clone(), size)]).with_ints(vec![0, 1]);
            return self.apply(&ops::SLICE, &[(array.clone(), span)], attrs, span);
        };
        let known = size.and_then(Size::known);
        if start < 0 || end < start || known.is_some_and(|n| end > n as i64) {
            let extent = known.map_or("?".to_string(), |n| n.to_string());
            let mut d = Diagnostic::new(
                &codes::check::E0305,
                span,
                format!("the range {start}..{end} does not lie in `{axis}: {extent}`"),
                match known {
                    Some(n) => {
                        format!("`{axis}` runs from 0 to {}; the end of a range is not part of it", n as i64 - 1)
                    }
                    None => "a range runs upwards, from at least 0".to_string(),
                },
            );
            if let Some((origin, text)) = self.axis_origin(array, axis) {
                d = d.label(origin, text);
            }
            self.report(d);
            return Value::Unknown;
        }
        let dim = Dim::new(axis.clone(), Size::Known((end - start) as usize));
        let attrs = Attrs::axes(vec![axis.clone()]).with_dims(vec![dim]).with_ints(vec![start, 1]);
        self.apply(&ops::SLICE, &[(array.clone(), span)], attrs, span)
    }

    /// `e[n -> m]`, several at once.
    fn rename_entries(&mut self, array: &Array, base: &Expr, entries: &[BracketEntry]) -> Value {
        let mut pairs: Vec<(Axis, Axis)> = Vec::new();
        let mut places: Vec<Span> = Vec::new();
        for entry in entries {
            let BracketKind::Arrow { from, to } = &entry.kind else { continue };
            let ([from], [(to, None)]) = (&from[..], &to[..]) else {
                let d = Diagnostic::new(
                    &codes::check::E0411,
                    entry.span,
                    "a rename takes one axis to one axis",
                    "this is not a rename",
                )
                .help("join axes with `merge[h, w -> p](x)`, take one apart with `split[p -> h: 8, w: 8](x)`");
                self.report(d);
                return Value::Unknown;
            };
            let Some(axis) = self.own_axis(array, base, from) else { return Value::Unknown };
            let target = self.axis_named(&to.name);
            if let Some(dim) = self.ty(array).dim(&axis) {
                let size = dim.size;
                self.see_axis(&to.name, size, to.span);
            }
            self.renamed.push(target.clone());
            pairs.push((axis, target));
            places.push(to.span);
        }
        let ty = self.ty(array);
        for (i, (_, target)) in pairs.iter().enumerate() {
            let stays = ty.has(target) && !pairs.iter().any(|(from, _)| from == target);
            let twice = pairs[..i].iter().any(|(_, t)| t == target);
            if stays || twice {
                let found = self.describe(&Value::Array(array.clone()));
                let d = Diagnostic::new(
                    &codes::check::E0303,
                    places[i],
                    format!("the array would have two axes named `{target}`"),
                    "the new name is taken",
                )
                .label(base.span, format!("this is {found}"))
                .help(format!(
                    "choose a name it does not have, as in `{target}2`, or rename `{target}` in the same bracket"
                ));
                self.report(d);
                return Value::Unknown;
            }
        }
        Value::Array(self.rename(array, &pairs, base.span))
    }

    // ---- updates ---------------------------------------------------------------------------------------------------

    /// `w with [v = y] += dw`
    pub(super) fn update(
        &mut self,
        base: &Expr,
        entries: &[BracketEntry],
        add: bool,
        value: &Expr,
        span: Span,
    ) -> Value {
        let b = self.expr(base);
        let v = self.expr(value);
        let w = self.want_array(b, base.span, "what is updated");
        let v = self.want_array(v, value.span, "the new value");
        let (Some(w), Some(v)) = (w, v) else { return Value::Unknown };
        let [BracketEntry { kind: BracketKind::At(ident, e), .. }] = entries else {
            let d = Diagnostic::new(
                &codes::check::E0411,
                span,
                "an update picks along one axis",
                "one `axis = index` is expected here",
            )
            .help("as in `w with [v = y] += dw`");
            self.report(d);
            return Value::Unknown;
        };
        let index = self.expr(e);
        let Some(axis) = self.own_axis(&w, base, ident) else { return Value::Unknown };
        let index = match index {
            Value::Range { from, to } => self.range_index(&from, &to, &axis, e.span),
            other => self.want_array(other, e.span, "the index"),
        };
        let Some(index) = index else { return Value::Unknown };
        let elem = self.ty(&index).elem;
        let Some(index) = self.index_array(&index, &elem, &axis, ident, e) else { return Value::Unknown };
        if !self.index_in_range(&w, &index, &axis, e.span) {
            return Value::Unknown;
        }
        let v = if self.ty(&w).elem == Elem::Real { self.to_real(&v, value.span) } else { v };
        let attrs = Attrs::axes(vec![axis]).with_ints(vec![add as i64]);
        self.apply(&ops::UPDATE, &[(w, base.span), (index, e.span), (v, value.span)], attrs, span)
    }

    /// The numbers of a range as an index over the same axis.
    fn range_index(&mut self, from: &Array, to: &Array, axis: &Axis, span: Span) -> Option<Array> {
        let (from_value, to_value) = (self.known_int(from)?, self.known_int(to)?);
        let size = Size::Known(usize::try_from(to_value - from_value).ok()?);
        let iota = self.must(&ops::IOTA, &[], Attrs::dims(vec![Dim::new(axis.clone(), size)]), span);
        let iota = self.to_int(&iota, span);
        Some(self.must(&ops::ADD, &[&iota, from], Attrs::none(), span))
    }

    /// `model with layer.w = q`
    pub(super) fn with_field(&mut self, base: &Expr, path: &[Ident], value: &Expr, span: Span) -> Value {
        let b = self.expr(base);
        let v = self.expr(value);
        self.replace(&b, path, v, base.span, span)
    }

    fn replace(&mut self, record: &Value, path: &[Ident], value: Value, place: Span, span: Span) -> Value {
        let Some((first, rest)) = path.split_first() else { return value };
        match record {
            Value::Record(fields) => {
                let Some(i) = fields.iter().position(|(n, _)| *n == first.name) else {
                    let names: Vec<&str> = fields.iter().map(|(n, _)| &**n).collect();
                    let mut d = Diagnostic::new(
                        &codes::check::E0203,
                        first.span,
                        format!("there is no field `{}`: the fields are {}", first.name, names.join(", ")),
                        "not a field",
                    )
                    .label(place, "the record that is updated");
                    if let Some(near) = suggest::nearest(&first.name, names.iter().copied()) {
                        d = d.help(format!("did you mean `{near}`?"));
                    }
                    self.report(d);
                    return Value::Unknown;
                };
                let inner = self.replace(&fields[i].1.clone(), rest, value, place, span);
                let mut fields = fields.to_vec();
                fields[i].1 = inner;
                Value::record(fields)
            }
            Value::Unknown => Value::Unknown,
            other => {
                let found = self.describe(other);
                let d = Diagnostic::new(
                    &codes::check::E0204,
                    first.span,
                    format!("only records have fields, and this is {found}"),
                    format!("`{}` is asked for here", first.name),
                )
                .label(place, format!("this is {found}"));
                self.report(d);
                Value::Unknown
            }
        }
    }
}

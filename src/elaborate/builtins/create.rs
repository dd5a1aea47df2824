//! New arrays: constants, random draws, data; sizes; conversions.

use super::super::call::Argument;
use super::super::scope::AxisSize;
use super::super::value::{Array, Stored, Value};
use super::super::{Elaborator, LoadField, LoadRequest, Mode};
use super::Builtin;
use crate::diag::{Diagnostic, codes};
use crate::ir::Attrs;
use crate::ops;
use crate::source::Span;
use crate::syntax::ast::{Arg, BracketEntry, BracketKind, ExprKind, Ident, TypeExprKind};
use crate::types::{Dim, Elem};
use std::sync::Arc;

impl Elaborator<'_> {
    /// The dims in a bracket of new axes: `n: 100`, or `n` where its size is known.
    pub(super) fn new_dims(&mut self, name: &str, entries: &[BracketEntry]) -> Option<Vec<Dim>> {
        let mut dims: Vec<Dim> = Vec::new();
        for entry in entries {
            let dim = match &entry.kind {
                BracketKind::Size(ident, e) => {
                    let size = self.size_expr(e);
                    let axis = self.axis_named(&ident.name);
                    self.see_axis(&ident.name, size, ident.span);
                    Dim::new(axis, size)
                }
                BracketKind::Axis(ident) => {
                    let axis = self.axis_named(&ident.name);
                    let size = match self.axis_size(&ident.name) {
                        AxisSize::Known(size) => size,
                        AxisSize::Several => {
                            let d = Diagnostic::new(
                                &codes::check::E0306,
                                ident.span,
                                format!("`{}` has more than one size here", ident.name),
                                "which is meant?",
                            )
                            .help(format!("say its size: `{name}[{}: size(x, {})]`", ident.name, ident.name));
                            let first = self.globals.axis(&ident.name).map(|(_, span)| span);
                            self.report(first.map_or(d.clone(), |at| d.label(at, "one size comes from here")));
                            return None;
                        }
                        AxisSize::Unknown => {
                            let d = Diagnostic::new(
                                &codes::check::E0306,
                                ident.span,
                                format!("the size of `{}` is not known here", ident.name),
                                "a new axis needs a size",
                            )
                            .help(format!("say its size: `{name}[{}: 10]`", ident.name));
                            self.report(d);
                            return None;
                        }
                    };
                    Dim::new(axis, size)
                }
                _ => {
                    let d = Diagnostic::new(
                        &codes::check::E0411,
                        entry.span,
                        format!("the bracket of `{name}` holds new axes with their sizes"),
                        "not an axis with a size",
                    )
                    .help(format!("as in `{name}[n: 100]`"));
                    self.report(d);
                    return None;
                }
            };
            if dims.iter().any(|d| d.axis == dim.axis) {
                let d = Diagnostic::new(
                    &codes::check::E0205,
                    entry.span,
                    format!("the axis `{}` is named twice", dim.axis),
                    "again here",
                )
                .help("an array has an axis once; a square matrix has two: `[d: 3, e: 3]`");
                self.report(d);
                return None;
            }
            dims.push(dim);
        }
        Some(dims)
    }

    pub(super) fn create_call(
        &mut self,
        b: &'static Builtin,
        entries: &[BracketEntry],
        args: Vec<Argument>,
        span: Span,
    ) -> Value {
        let wanted = match b.name {
            "zeros" | "ones" | "eye" => 0,
            "where" => 3,
            _ => 1,
        };
        if !self.op_arity(b.name, wanted, &args, span, b.signature) {
            return Value::Unknown;
        }
        match b.name {
            "where" => return self.choose(&args, span),
            "int" | "float" => return self.convert(b.name, &args[0], span),
            "onehot" => return self.onehot(entries, &args[0], span),
            _ => {}
        }
        let Some(dims) = self.new_dims(b.name, entries) else { return Value::Unknown };
        match b.name {
            "eye" => self.identity(&dims, span),
            "full" => {
                let Some(v) = self.want_array(args[0].value.clone(), args[0].span, "the value") else {
                    return Value::Unknown;
                };
                let v = self.to_real(&v, args[0].span);
                Value::Array(self.broadcast(&v, &dims, span))
            }
            _ => {
                let v = self.real_const(if b.name == "ones" { 1.0 } else { 0.0 });
                Value::Array(self.broadcast(&v, &dims, span))
            }
        }
    }

    fn identity(&mut self, dims: &[Dim], span: Span) -> Value {
        let [row, column] = dims else {
            return self.wants_axes(span, "`eye` needs two axes in its bracket", "as in `eye[d: 3, e: 3]`");
        };
        let a = self.must(&ops::IOTA, &[], Attrs::dims(vec![row.clone()]), span);
        let b = self.must(&ops::IOTA, &[], Attrs::dims(vec![column.clone()]), span);
        let (a, b) = (self.to_int(&a, span), self.to_int(&b, span));
        let equal = self.must(&ops::EQ, &[&a, &b], Attrs::none(), span);
        Value::Array(self.to_real(&equal, span))
    }

    fn choose(&mut self, args: &[Argument], span: Span) -> Value {
        let Some(operands) = self.operands("where", args) else { return Value::Unknown };
        let Some(mask) = self.want_bool(&operands[0].0, operands[0].1, "where") else { return Value::Unknown };
        let (ta, tb) = (self.ty(&operands[1].0).elem, self.ty(&operands[2].0).elem);
        let mut branch = |i: usize| {
            let (array, place) = &operands[i];
            if ta == tb { array.clone() } else { self.to_real(array, *place) }
        };
        let (a, b) = (branch(1), branch(2));
        self.apply(&ops::SELECT, &[(mask, operands[0].1), (a, operands[1].1), (b, operands[2].1)], Attrs::none(), span)
    }

    fn convert(&mut self, name: &str, arg: &Argument, span: Span) -> Value {
        let Some(a) = self.want_array(arg.value.clone(), arg.span, &format!("the argument of `{name}`")) else {
            return Value::Unknown;
        };
        if name == "float" {
            return Value::Array(self.to_real(&a, span));
        }
        if self.ty(&a).elem == Elem::Real
            && let Some(v) = self.known(&a)
            && v.is_finite()
        {
            return Value::Array(self.int_const(v.trunc() as i64));
        }
        Value::Array(self.cast(&a, Elem::Int, span))
    }

    fn onehot(&mut self, entries: &[BracketEntry], arg: &Argument, span: Span) -> Value {
        let Some(y) = self.want_array(arg.value.clone(), arg.span, "the label") else { return Value::Unknown };
        let dim = match (entries, self.ty(&y).elem) {
            ([], Elem::Label(axis)) => {
                let dim = self.scope_dim(&axis.shared_name());
                Dim::new(axis, dim.size)
            }
            ([BracketEntry { kind: BracketKind::Axis(ident), .. }], _) => self.scope_dim(&ident.name),
            (_, _) => match self.new_dims("onehot", entries).as_deref() {
                Some([dim]) => dim.clone(),
                _ => return Value::Unknown,
            },
        };
        let place = self.must(&ops::IOTA, &[], Attrs::dims(vec![dim]), span);
        let (a, b) = (self.to_int(&place, span), self.to_int(&y, arg.span));
        match self.apply(&ops::EQ, &[(a, span), (b, arg.span)], Attrs::none(), span) {
            Value::Array(equal) => Value::Array(self.to_real(&equal, span)),
            _ => Value::Unknown,
        }
    }

    /// `size(k)`, `size(x, k)`
    pub(super) fn size_call(&mut self, args: &[Arg], span: Span) -> Value {
        let axis_arg = |i: usize| match args.get(i).map(|a| &a.value.kind) {
            Some(ExprKind::Name(n)) => Some(n.clone()),
            _ => None,
        };
        match args.len() {
            1 => {
                let Some(ident) = axis_arg(0) else {
                    let d = Diagnostic::new(
                        &codes::check::E0304,
                        span,
                        "`size` takes the name of an axis",
                        "as in `size(k)`",
                    )
                    .help("of an array's axis: `size(x, k)`");
                    self.report(d);
                    return Value::Unknown;
                };
                if !self.is_axis_name(&ident.name) {
                    let mut d = Diagnostic::new(
                        &codes::check::E0201,
                        ident.span,
                        format!("there is no axis `{}` here", ident.name),
                        "not an axis of this scope",
                    );
                    let mut known = self.env.axis_names();
                    known.extend(self.globals.axis_names());
                    if self.lookup(&ident.name).is_some() {
                        d = d.help(format!("the size of an array's axis is `size({}, k)`", ident.name));
                    } else if let Some(near) = crate::diag::suggest::nearest(&ident.name, known.iter().map(|n| &**n)) {
                        d = d.help(format!("did you mean `{near}`?"));
                    } else if !known.is_empty() {
                        d = d.help(format!("the axes known here are {}", known.join(", ")));
                    }
                    self.report(d);
                    return Value::Unknown;
                }
                let mut product: Option<Array> = None;
                for axis in self.axes_named(&ident.name) {
                    let size = match self.axis_size(&ident.name) {
                        AxisSize::Known(size) => size,
                        _ => self.b().sizes.fresh(),
                    };
                    let node = self.must(&ops::SIZE, &[], Attrs::dims(vec![Dim::new(axis, size)]), span);
                    product = Some(match product {
                        Some(p) => self.must(&ops::MUL, &[&p, &node], Attrs::none(), span),
                        None => node,
                    });
                }
                Value::Array(product.unwrap_or_else(|| self.int_const(1)))
            }
            2 => {
                let value = self.expr(&args[0].value);
                let (Some(array), Some(ident)) =
                    (self.want_array(value, args[0].value.span, "what is measured"), axis_arg(1))
                else {
                    return Value::Unknown;
                };
                let Some(axis) = self.own_axis(&array, &args[0].value, &ident) else { return Value::Unknown };
                let Some(dim) = self.ty(&array).dim(&axis).cloned() else { return Value::Unknown };
                Value::Array(self.must(&ops::SIZE, &[], Attrs::dims(vec![dim]), span))
            }
            n => {
                let d = Diagnostic::new(
                    &codes::check::E0415,
                    span,
                    format!("`size` takes an axis, or an array and an axis; {n} arguments are given"),
                    "in this call",
                );
                self.report(d);
                Value::Unknown
            }
        }
    }

    // ---- draws -----------------------------------------------------------------------------------------------------

    /// A random draw, keyed by the seed, the declaration and calls that lead here, and the loop counters.
    pub(in super::super) fn draw(
        &mut self,
        name: &str,
        _arity: usize,
        entries: &[BracketEntry],
        args: Vec<Argument>,
        span: Span,
    ) -> Value {
        let defaults: &[f64] = match name {
            "normal" | "uniform" => &[0.0, 1.0],
            _ => &[],
        };
        let wanted = match name {
            "normal" | "uniform" | "laplace" | "integers" => 2,
            "permutation" => 0,
            _ => 1,
        };
        let mut operands = match self.operands(name, &args) {
            Some(operands) => operands,
            None => return Value::Unknown,
        };
        if operands.is_empty() && !defaults.is_empty() {
            for v in defaults {
                operands.push((self.real_const(*v), span));
            }
        } else if !self.op_arity(name, wanted, &args, span, super::find(name).map_or("", |b| b.signature)) {
            return Value::Unknown;
        }
        let mut entries = entries.to_vec();
        let mut attrs = Attrs::none();
        if name == "categorical" {
            let Some(BracketEntry { kind: BracketKind::Axis(ident), .. }) = entries.first().cloned() else {
                return self.wants_axes(
                    span,
                    "`categorical` must be told along which axis the probabilities lie",
                    "as in `categorical[k](p)`",
                );
            };
            let axis = self.axis_named(&ident.name);
            if !self.ty(&operands[0].0).has(&axis) {
                let (p, place) = operands[0].clone();
                if !self.demand_axis(&p, &ident.name) {
                    self.missing_axis(&p, place, &ident.name, ident.span);
                }
                return Value::Unknown;
            }
            attrs.axes = vec![axis];
            entries.remove(0);
        }
        let Some(dims) = self.new_dims(name, &entries) else { return Value::Unknown };
        if name == "permutation" && dims.len() != 1 {
            return self.wants_axes(span, "`permutation` takes one axis", "as in `permutation[n: 100]`");
        }
        let mut inputs: Vec<_> = operands
            .into_iter()
            .map(|(a, s)| if name == "integers" { (self.to_int(&a, s), s) } else { (self.to_real(&a, s), s) })
            .collect();
        let n_params = inputs.len() as i64;
        for counter in self.counters.clone() {
            inputs.push((counter, span));
        }
        let key = self.draw_key(name);
        let attrs = attrs.with_dims(dims).with_ints(vec![key as i64, n_params]).with_name(name);
        let Some(op) = ops::find("random") else { return Value::Unknown };
        self.apply(op, &inputs, attrs, span)
    }

    /// The key of the next draw: independent of everything outside the declaration that draws.
    fn draw_key(&mut self, name: &str) -> u64 {
        let mut hash = Fnv::new(self.options.seed);
        for site in &self.calls {
            hash.text(&site.name);
            hash.number(u64::from(site.calls));
        }
        let draws = match self.calls.last_mut() {
            Some(site) => {
                site.draws += 1;
                u64::from(site.draws)
            }
            None => 0,
        };
        hash.number(draws);
        hash.text(name);
        hash.finish()
    }

    // ---- data ------------------------------------------------------------------------------------------------------

    /// `load("file.csv", x: real[n, d], y: label k [n])`
    pub(super) fn load(&mut self, bundled: bool, args: &[Arg], span: Span) -> Value {
        let name = if bundled { "bundled" } else { "load" };
        let Some(ExprKind::Text(path)) = args.first().map(|a| &a.value.kind) else {
            let d = Diagnostic::new(
                &codes::check::E0426,
                span,
                format!("`{name}` starts with the name of a file, as a text"),
                "in this call",
            )
            .help("as in `load(\"data.csv\", x: real[n, d], y: label k [n])`");
            self.report(d);
            return Value::Unknown;
        };
        let mut fields = Vec::new();
        let (mut header, mut separator) = (None, None);
        for arg in &args[1..] {
            match (&arg.name, &arg.value.kind) {
                (Some(n), ExprKind::Bool(yes)) if &*n.name == "header" && !bundled => {
                    header = Some(*yes);
                    continue;
                }
                (Some(n), ExprKind::Text(sign)) if &*n.name == "separator" && !bundled && sign.value.len() == 1 => {
                    separator = sign.value.bytes().next();
                    continue;
                }
                (Some(n), _) => {
                    self.load_option(n, bundled);
                    return Value::Unknown;
                }
                _ => {}
            }
            match self.load_field(arg) {
                Some(field) => fields.push(field),
                None => return Value::Unknown,
            }
        }
        if fields.is_empty() {
            let d = Diagnostic::new(
                &codes::check::E0426,
                span,
                format!("`{name}` must be told what the file holds"),
                "no field is declared",
            )
            .help("as in `load(\"data.csv\", x: real[n, d], y: label k [n])`");
            self.report(d);
            return Value::Unknown;
        }
        let request = LoadRequest { path: path.value.clone(), bundled, fields, header, separator, span: path.span };
        let sizes = &mut self.frames.last_mut().expect("internal: no graph").builder.sizes;
        match self.host.load(&request, self.options.mode, sizes) {
            Ok(loaded) => self.loaded(&request, loaded),
            Err(diagnostic) => {
                self.report(diagnostic);
                Value::Unknown
            }
        }
    }

    fn load_option(&mut self, name: &Ident, bundled: bool) {
        let d = Diagnostic::new(
            &codes::check::E0426,
            name.span,
            format!("`{}` is no option of a file", name.name),
            "in this call",
        );
        let d = if bundled {
            d.help("a field is declared by its name and type, as in `x: real[n, d]`")
        } else {
            d.help("the options are `header = true` or `false`, and `separator = \";\"`; a field is declared as in `x: real[n, d]`")
        };
        self.report(d);
    }

    fn load_field(&mut self, arg: &Arg) -> Option<LoadField> {
        let declared = match &arg.value.kind {
            ExprKind::Ascribe { value, ty } if arg.name.is_none() => match (&value.kind, &ty.kind) {
                (ExprKind::Name(name), TypeExprKind::Array { elem, dims }) => Some((name, elem, dims)),
                _ => None,
            },
            _ => None,
        };
        let Some((name, elem, dims)) = declared else {
            let d = Diagnostic::new(
                &codes::check::E0426,
                arg.value.span,
                "a field of a file is declared by its name and type",
                "not a declaration",
            )
            .help("as in `x: real[n, d]` or `y: label k [n]`");
            self.report(d);
            return None;
        };
        let mut axes = Vec::new();
        for (ident, size) in dims {
            let size = match size {
                Some(e) => self.size_expr(e).known(),
                None => None,
            };
            axes.push((ident.name.clone(), size));
        }
        Some(LoadField { name: name.name.clone(), elem: elem.clone(), axes, span: arg.value.span })
    }

    fn loaded(&mut self, request: &LoadRequest, loaded: super::super::Loaded) -> Value {
        for (axis, size) in &loaded.label_sizes {
            self.see_axis(axis, *size, request.span);
        }
        let mut values = Vec::new();
        for field in loaded.fields {
            if let Some(texts) = field.texts {
                values.push((field.name, Value::list(texts.into_iter().map(|t| Value::Text(t.into())).collect())));
                continue;
            }
            let origin = |d: &Dim| (request.span, format!("`{d}` comes from this file"));
            let origins = field.ty.dims.iter().map(origin).collect();
            for dim in &field.ty.dims {
                self.see_axis(&dim.axis.shared_name(), dim.size, request.span);
            }
            let stored = Stored {
                name: field.name.clone(),
                ty: field.ty,
                data: field.data,
                span: request.span,
                origins,
                from: Arc::default(),
            };
            values.push((field.name, Value::Array(Array::Stored(Arc::new(stored)))));
        }
        match &values[..] {
            [(_, one)] => one.clone(),
            _ => Value::record(values),
        }
    }

    pub(super) fn is_checking(&self) -> bool {
        self.options.mode == Mode::Check
    }
}

/// FNV-1a over texts and numbers, finished by a mixing step: a stable 64-bit key.
struct Fnv(u64);

impl Fnv {
    fn new(seed: u64) -> Fnv {
        let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
        hash.number(seed);
        hash
    }

    fn byte(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }

    fn text(&mut self, text: &str) {
        text.bytes().for_each(|b| self.byte(b));
        self.byte(0xff);
    }

    fn number(&mut self, number: u64) {
        number.to_le_bytes().into_iter().for_each(|b| self.byte(b));
    }

    fn finish(self) -> u64 {
        let mut z = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

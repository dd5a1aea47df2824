//! Expressions by kind.

use super::Elaborator;
use super::scope::PRELUDE;
use super::value::{Closure, Function, Signature, Value};
use crate::diag::{Diagnostic, codes, suggest};
use crate::ir::Attrs;
use crate::ops;
use crate::source::Span;
use crate::syntax::ast::{self, Expr, ExprKind, Ident, Item, ItemKind, Pattern};
use crate::types::{ArrayTy, Dim, Elem};
use std::sync::Arc;

/// What may fill a hole.
#[derive(Clone, Copy)]
pub(super) enum Fits<'a> {
    /// What can stand beside this value in an operation.
    Like(&'a Value),
    /// What a parameter of this type takes; anything where it has none.
    Type(Option<&'a ast::TypeExpr>),
}

/// Elements that an operation takes together.
fn goes_with(a: &Elem, b: &Elem) -> bool {
    (*a == Elem::Bool) == (*b == Elem::Bool)
}

/// Elements that a declared type takes.
fn holds(declared: &ast::ElemExpr, elem: &Elem) -> bool {
    match declared {
        ast::ElemExpr::Real => !matches!(elem, Elem::Label(_)),
        ast::ElemExpr::Int | ast::ElemExpr::Label(_) => matches!(elem, Elem::Int | Elem::Label(_)),
        ast::ElemExpr::Bool => *elem == Elem::Bool,
        ast::ElemExpr::Text => false,
    }
}

/// Numbers with a name, where the program gives the name no other meaning.
const CONSTANTS: [(&str, f64); 3] = [("pi", std::f64::consts::PI), ("inf", f64::INFINITY), ("nan", f64::NAN)];

impl Elaborator<'_> {
    pub(super) fn expr(&mut self, e: &Expr) -> Value {
        let outer = self.b().span;
        self.b().span = e.span;
        let value = self.expr_kind(e);
        self.b().span = outer;
        value
    }

    fn expr_kind(&mut self, e: &Expr) -> Value {
        match &e.kind {
            ExprKind::Real(v) => Value::Array(self.real_const(*v)),
            ExprKind::Int(v) => Value::Array(self.int_const(*v)),
            ExprKind::Bool(v) => Value::Array(self.bool_const(*v)),
            ExprKind::Text(t) => Value::Text(t.value.clone()),
            ExprKind::Name(ident) => self.name(ident),
            ExprKind::Hole => {
                self.hole(e.span, None, Fits::Type(None));
                Value::Unknown
            }
            ExprKind::List(items) => Value::list(items.iter().map(|i| self.expr(i)).collect()),
            ExprKind::Tuple(items) => Value::tuple(items.iter().map(|i| self.expr(i)).collect()),
            ExprKind::Record(fields) => self.record(fields),
            ExprKind::Block(block) => self.block(block),
            ExprKind::Unary { op, value, .. } => self.unary(*op, value, e.span),
            ExprKind::Binary { op, left, right, .. } => self.binary(*op, left, right, e.span),
            ExprKind::Contract { left, axes, right, .. } => self.contract(left, axes, right, e.span),
            ExprKind::Range { from, to } => self.range(from, to),
            ExprKind::Call { function, args } => self.call(function, args, e.span),
            ExprKind::Bracket { base, entries } => self.bracket(base, entries, e.span),
            ExprKind::Field { base, field } => self.field(base, field),
            ExprKind::Build { dims, body } => self.build(dims, body, e.span),
            ExprKind::Lambda { params, body } => self.lambda(params, body, e.span),
            ExprKind::If { condition, then, otherwise } => self.if_else(condition, then, otherwise, e.span),
            ExprKind::Update { base, entries, add, value } => self.update(base, entries, *add, value, e.span),
            ExprKind::With { base, path, value } => self.with_field(base, path, value, e.span),
            ExprKind::Where { value, mask } => self.masked(value, mask, e.span),
            ExprKind::For { body, clauses } => self.comprehension(body, clauses),
            ExprKind::Ascribe { value, ty } => self.ascribe(value, ty),
            ExprKind::Loop(l) => self.loop_expr(l, e.span),
            ExprKind::Exact(block) => {
                let before = std::mem::replace(&mut self.b().exact, true);
                let value = self.block(block);
                self.b().exact = before;
                value
            }
            ExprKind::Run(inner) => self.later("run", inner.span),
            ExprKind::Broken => Value::Unknown,
        }
    }

    /// A form that can be read but belongs to a later version of the language.
    pub(super) fn later(&mut self, what: &str, span: Span) -> Value {
        let d = Diagnostic::new(
            &codes::check::E0501,
            span,
            format!("`{what}` can be read but not run yet"),
            "not supported by this version",
        );
        self.report(d);
        Value::Unknown
    }

    // ---- names -----------------------------------------------------------------------------------------------------

    fn name(&mut self, ident: &Ident) -> Value {
        if let Some(value) = self.lookup(&ident.name) {
            return self.as_variable(&ident.name, value);
        }
        if self.is_axis_name(&ident.name) {
            return self.coordinates(&ident.name, ident.span);
        }
        if let Some((_, value)) = CONSTANTS.iter().find(|(name, _)| *name == &*ident.name) {
            return Value::Array(self.real_const(*value));
        }
        self.unknown_name(ident);
        Value::Unknown
    }

    /// A variable or function: local, then of this module, then of the prelude, then built in.
    pub(super) fn lookup(&self, name: &str) -> Option<Value> {
        if let Some((value, _)) = self.env.value(name) {
            return Some(value.clone());
        }
        if let Some(global) = self.globals.find(self.env.module, name, self.env.version) {
            return Some(global.value.clone());
        }
        if let Some(builtin) = super::builtins::find(name) {
            return Some(Value::Function(Arc::new(Function::Builtin(builtin))));
        }
        if let Some(global) = self.globals.find(PRELUDE, name, usize::MAX) {
            return Some(global.value.clone());
        }
        let op = ops::find(name).filter(|op| op.form != crate::ir::Form::Internal)?;
        Some(Value::Function(Arc::new(Function::Op(op))))
    }

    pub(super) fn is_axis_name(&self, name: &str) -> bool {
        self.env.axes(name).is_some() || self.globals.axis(name).is_some()
    }

    /// The coordinates along an axis: `label n [n]`, counting from 0.
    pub(super) fn coordinates(&mut self, name: &Arc<str>, span: Span) -> Value {
        use super::scope::AxisSize;
        let axis = self.axis_named(name);
        let size = match self.axis_size(name) {
            AxisSize::Known(size) => size,
            AxisSize::Unknown | AxisSize::Several => {
                let fresh = self.b().sizes.fresh();
                if self.axis_size(name) == AxisSize::Unknown {
                    self.see_axis(name, fresh, span);
                }
                fresh
            }
        };
        let dim = Dim::new(axis.clone(), size);
        self.renamed.push(axis);
        Value::Array(self.must(&ops::IOTA, &[], Attrs::dims(vec![dim]), span))
    }

    fn unknown_name(&mut self, ident: &Ident) {
        let later = self.defined_later.iter().find(|(name, _)| *name == ident.name).map(|(_, span)| *span);
        let message = format!("there is nothing called `{}` here", ident.name);
        let again = |d: &Diagnostic| d.code.id == codes::check::E0201.id && d.message == message;
        if self.diagnostics.iter().any(again) {
            // Once in a statement is enough.
            return;
        }
        let mut d = Diagnostic::new(&codes::check::E0201, ident.span, message, "not known here");
        if let Some(span) = later {
            d = d
                .label(span, "it is declared here, further down")
                .help("move the declaration above its first use; functions do not call themselves");
        } else if let Some(site) = self.declaring.iter().find(|n| n.name == ident.name) {
            d = d
                .label(site.span, "this is being declared")
                .help("functions do not call themselves: write a loop, as in `iterate x = x0 for t in 0..100 { ... }`");
        } else if let Some(module) = self.host.module_of(&ident.name) {
            d = d.help(format!("it is in the standard library: `use {module} ({})`", ident.name));
        } else if let Some(near) = suggest::nearest(&ident.name, self.names_in_scope().iter().map(|n| &**n)) {
            d = d.help(format!("did you mean `{near}`?"));
        }
        self.report(d);
    }

    pub(super) fn names_in_scope(&self) -> Vec<Arc<str>> {
        let mut names = self.env.value_names();
        let seen = |g: &&super::scope::Global| self.globals.find(self.env.module, &g.name, self.env.version).is_some();
        names.extend(self.globals.names(self.env.module).into_iter().filter(seen).map(|g| g.name.clone()));
        names.extend(self.globals.names(PRELUDE).into_iter().map(|g| g.name.clone()));
        names.extend(super::builtins::all().map(|b| Arc::from(b.name)));
        names.extend(ops::all().filter(|o| o.form != crate::ir::Form::Internal).map(|o| Arc::from(o.name)));
        names.extend(self.env.axis_names());
        names
    }

    /// `?`: says what is expected here and what in scope fits.
    pub(super) fn hole(&mut self, span: Span, wanted: Option<String>, fits: Fits) {
        let message = match &wanted {
            Some(wanted) => format!("a hole: {wanted} is expected here"),
            None => "a hole: any expression can stand here".to_string(),
        };
        let mut d = Diagnostic::new(&codes::check::E0206, span, message, "to be filled in");
        let fits: Vec<String> = self.candidates(fits).into_iter().take(8).collect();
        if !fits.is_empty() {
            d = d.help(format!("in scope and fitting: {}", fits.join(", ")));
        }
        self.report(d);
    }

    /// Names in scope whose value fits, with their types.
    fn candidates(&mut self, fits: Fits) -> Vec<String> {
        let like = match fits {
            Fits::Like(Value::Array(a)) => Some(self.ty(a)),
            _ => None,
        };
        let suits = |ty: &ArrayTy| match &fits {
            Fits::Like(_) => like.as_ref().is_none_or(|w| ty.axes().all(|a| w.has(a)) && goes_with(&ty.elem, &w.elem)),
            Fits::Type(None) => true,
            Fits::Type(Some(written)) => match &written.kind {
                ast::TypeExprKind::Array { elem, dims } => ty.dims.len() >= dims.len() && holds(elem, &ty.elem),
                _ => false,
            },
        };
        let mut found = Vec::new();
        let mut names = self.env.value_names();
        names.extend(self.globals.names(self.env.module).into_iter().map(|g| g.name.clone()));
        for name in names {
            let Some(Value::Array(array)) = self.lookup(&name) else { continue };
            let ty = self.ty(&array);
            let text = format!("`{name}: {ty}`");
            if suits(&ty) && !found.contains(&text) {
                found.push(text);
            }
        }
        found
    }

    // ---- composite values ------------------------------------------------------------------------------------------

    fn record(&mut self, fields: &[(Ident, Expr)]) -> Value {
        let mut values: Vec<(Arc<str>, Value)> = Vec::new();
        for (name, e) in fields {
            if values.iter().any(|(n, _)| *n == name.name) {
                let d = Diagnostic::new(
                    &codes::check::E0205,
                    name.span,
                    format!("the field `{}` is given twice", name.name),
                    "again here",
                )
                .help("drop one, or rename it");
                let first = fields.iter().find(|f| f.0.name == name.name);
                self.report(first.map_or(d.clone(), |f| d.label(f.0.span, "first here")));
                continue;
            }
            let value = self.expr(e);
            values.push((name.name.clone(), value));
        }
        Value::record(values)
    }

    fn field(&mut self, base: &Expr, field: &Ident) -> Value {
        let value = self.expr(base);
        match &value {
            Value::Record(fields) => {
                if let Some((_, v)) = fields.iter().find(|(n, _)| *n == field.name) {
                    return v.clone();
                }
                let names: Vec<&str> = fields.iter().map(|(n, _)| &**n).collect();
                let mut d = Diagnostic::new(
                    &codes::check::E0203,
                    field.span,
                    format!("there is no field `{}`: the fields are {}", field.name, names.join(", ")),
                    "not a field",
                )
                .label(base.span, format!("this is a record {{{}}}", names.join(", ")));
                if let Some(near) = suggest::nearest(&field.name, names.iter().copied()) {
                    d = d.help(format!("did you mean `{near}`?"));
                }
                self.report(d);
                Value::Unknown
            }
            Value::Unknown => Value::Unknown,
            other => {
                if self.demand_open(other) {
                    return Value::Unknown;
                }
                let found = self.describe(other);
                let d = Diagnostic::new(
                    &codes::check::E0204,
                    field.span,
                    format!("only records have fields, and this is {found}"),
                    format!("`.{}` is asked for here", field.name),
                )
                .label(base.span, format!("this is {found}"));
                let callable = matches!(self.lookup(&field.name), Some(Value::Function(_)));
                let d = if callable { d.help(format!("functions are called: `{}(...)`", field.name)) } else { d };
                self.report(d);
                Value::Unknown
            }
        }
    }

    /// The items and then the value of a block, in a scope of its own.
    pub(super) fn block(&mut self, block: &ast::Block) -> Value {
        let env = self.env.clone();
        for item in &block.items {
            self.local_item(item);
        }
        let value = self.expr(&block.value);
        self.env = env;
        value
    }

    /// `let f = x -> ...`: messages call the function by that name.
    pub(super) fn name_function(&mut self, pattern: &Pattern, value: &Expr) {
        if let (Pattern::Name(name), ExprKind::Lambda { .. }) = (pattern, &value.kind) {
            self.naming = Some(name.name.clone());
        }
    }

    fn local_item(&mut self, item: &Item) {
        match &item.kind {
            ItemKind::Let { pattern, ty, value: e } => {
                self.name_function(pattern, e);
                let value = self.let_value(ty.as_ref(), e);
                self.bind_pattern(pattern, value, e.span);
            }
            ItemKind::Def(def) => {
                let function = self.declare(def);
                self.bind_local(&def.name, function);
            }
            ItemKind::Expr(e) => {
                self.expr(e);
                let d = Diagnostic::new(
                    &codes::check::W0201,
                    e.span,
                    "the value of this line is not used",
                    "computed and dropped",
                )
                .help("name it with `let`, or remove it; the value of a block is its last line");
                self.report(d);
            }
            _ => {
                let d = Diagnostic::new(
                    &codes::check::E0502,
                    item.span,
                    "this statement stands at the top of a program, not inside a block",
                    "not allowed here",
                )
                .help("a block holds `let`, `def` and its value");
                self.report(d);
            }
        }
    }

    pub(super) fn let_value(&mut self, ty: Option<&ast::TypeExpr>, value: &Expr) -> Value {
        match ty {
            Some(ty) => {
                self.outer_allowed += 1;
                let result = self.ascribe(value, ty);
                self.outer_allowed -= 1;
                result
            }
            None => self.expr(value),
        }
    }

    pub(super) fn bind_pattern(&mut self, pattern: &Pattern, value: Value, place: Span) {
        for (ident, value) in self.destructure(pattern, value, place) {
            self.bind_local(&ident, value);
        }
    }

    /// The names of a pattern with their parts of the value, which stands at `place`.
    pub(super) fn destructure(&mut self, pattern: &Pattern, value: Value, place: Span) -> Vec<(Ident, Value)> {
        match pattern {
            Pattern::Name(ident) => vec![(ident.clone(), value)],
            Pattern::Tuple(parts, span) => {
                let items = match &value {
                    Value::Tuple(items) | Value::List(items) if items.len() == parts.len() => items.to_vec(),
                    Value::Unknown => vec![Value::Unknown; parts.len()],
                    other => {
                        let found = match other {
                            Value::Tuple(i) | Value::List(i) => format!("{} of {}", other.kind(), i.len()),
                            _ => self.describe(other),
                        };
                        let n = parts.len();
                        let d = Diagnostic::new(
                            &codes::check::E0403,
                            *span,
                            format!("{n} names take apart a tuple or list of {n}, and this is {found}"),
                            format!("{n} names"),
                        )
                        .label(place, format!("this is {found}"));
                        let d = match other {
                            Value::Array(a) if !self.ty(a).is_scalar() => {
                                d.help("entries of an array are picked by axis, as in `x[k = 0]`")
                            }
                            Value::Record(_) => {
                                d.help("a record is taken apart by the names of its fields: `let {w, b} = model`")
                            }
                            _ => d,
                        };
                        self.report(d);
                        vec![Value::Unknown; parts.len()]
                    }
                };
                parts.iter().zip(items).flat_map(|(p, v)| self.destructure(p, v, place)).collect()
            }
            Pattern::Record(names, span) => {
                let part = |this: &mut Self, name: &Ident| match &value {
                    Value::Record(fields) => match fields.iter().find(|(n, _)| *n == name.name) {
                        Some((_, v)) => v.clone(),
                        None => {
                            let names: Vec<&str> = fields.iter().map(|(n, _)| &**n).collect();
                            let d = Diagnostic::new(
                                &codes::check::E0203,
                                name.span,
                                format!("there is no field `{}`: the fields are {}", name.name, names.join(", ")),
                                "not a field",
                            )
                            .label(place, format!("this is a record {{{}}}", names.join(", ")));
                            let near = suggest::nearest(&name.name, names.iter().copied());
                            this.report(near.map_or(d.clone(), |n| d.help(format!("did you mean `{n}`?"))));
                            Value::Unknown
                        }
                    },
                    Value::Unknown => Value::Unknown,
                    other => {
                        let found = this.describe(other);
                        let d = Diagnostic::new(
                            &codes::check::E0403,
                            *span,
                            format!("names in braces take apart a record, and this is {found}"),
                            "a record is expected",
                        )
                        .label(place, format!("this is {found}"));
                        this.report(d);
                        Value::Unknown
                    }
                };
                names.iter().map(|n| (n.clone(), part(self, n))).collect()
            }
        }
    }

    fn lambda(&mut self, params: &[Ident], body: &Arc<Expr>, span: Span) -> Value {
        let parameter = |p: &Ident| ast::Parameter { name: p.clone(), ty: None, default: None, span: p.span };
        let def = ast::Def {
            kind: ast::DefKind::Def,
            name: Ident { name: self.naming.take().unwrap_or_else(|| "function".into()), span },
            axes: Vec::new(),
            params: params.iter().map(parameter).collect(),
            result: None,
            body: body.clone(),
            gradient: None,
            doc: None,
            span,
        };
        let signature = Signature { params: vec![super::value::ParamTy::Open; params.len()], ..Signature::default() };
        let closure = Closure { def: Arc::new(def), env: self.env.clone(), signature: signature.into() };
        Value::Function(Arc::new(Function::Closure(closure)))
    }

    fn range(&mut self, from: &Expr, to: &Expr) -> Value {
        let bound = |this: &mut Self, e: &Expr| {
            let value = this.expr(e);
            let array = this.want_array(value, e.span, "a bound of a range")?;
            let ty = this.ty(&array);
            if ty.is_scalar() && ty.elem.is_integer() {
                return Some(array);
            }
            let found = this.describe(&Value::Array(array));
            let d = Diagnostic::new(
                &codes::check::E0408,
                e.span,
                "a range runs between two whole numbers",
                format!("this is {found}"),
            )
            .help("`int(x)` cuts a real to a whole number");
            this.report(d);
            None
        };
        match (bound(self, from), bound(self, to)) {
            (Some(from), Some(to)) => Value::Range { from, to },
            _ => Value::Unknown,
        }
    }

    fn masked(&mut self, value: &Expr, mask: &Expr, span: Span) -> Value {
        let v = self.expr(value);
        let m = self.expr(mask);
        let v = self.want_array(v, value.span, "what stands before `where`");
        let m = self.want_array(m, mask.span, "the mask");
        let (Some(v), Some(m)) = (v, m) else { return Value::Unknown };
        match self.want_bool(&m, mask.span, "where") {
            Some(mask) => Value::Masked { value: v, mask, span },
            None => Value::Unknown,
        }
    }

    pub(super) fn is_real(&self, value: &Value) -> bool {
        matches!(value, Value::Array(a) if self.ty(a).elem == Elem::Real)
    }
}

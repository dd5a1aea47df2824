//! Calls: arguments to parameters, axes of arguments to axes of the signature, and the body elaborated in place. Axes
//! that bind to nothing are carried along by every operation of the body: that is all there is to lifting.

use super::scope::{AxisSize, Env};
use super::value::{Array, Closure, Function, Value};
use super::{CallSite, Elaborator};
use crate::diag::{Diagnostic, codes, suggest};
use crate::source::Span;
use crate::syntax::ast::{Arg, BracketEntry, Def, ElemExpr, Expr, ExprKind, Ident, Parameter, TypeExprKind};
use crate::types::{Axis, Elem};
use std::sync::Arc;

/// Calls inside calls beyond this depth are refused; there is no recursion, so only generated programs get there.
const MAX_CALL_DEPTH: usize = 64;

/// An argument with its name, if it was given by name, and its place.
#[derive(Clone)]
pub(super) struct Argument {
    pub name: Option<Ident>,
    pub value: Value,
    pub span: Span,
}

/// A call with its arguments matched and its axes bound, ready for its body.
pub(super) struct Bound {
    pub values: Vec<Value>,
    env: Env,
    /// Axes made by this call's body, to be renamed to the caller's names in the result.
    made: Vec<(Arc<str>, Axis)>,
    /// Lifted axes that had to be kept apart from the body's: what they were, what they are inside.
    hidden: Vec<(Axis, Axis)>,
    /// The axes that the signature's names stand for.
    pub named: Vec<Axis>,
}

impl Bound {
    /// Lifted axes that were kept apart: what they are outside and inside.
    pub fn hidden_pairs(&self) -> Vec<(Axis, Axis)> {
        self.hidden.clone()
    }

    /// The axis that a name of the signature stands for in this call.
    pub fn axis_of(&self, name: &str) -> Option<Axis> {
        self.env.axes(name).and_then(|(axes, _)| axes.first().cloned())
    }
}

impl Elaborator<'_> {
    pub(super) fn call(&mut self, function: &Expr, args: &[Arg], span: Span) -> Value {
        if let Some(value) = self.derivative_form(function, args, span) {
            return value;
        }
        let (base, entries): (&Expr, &[BracketEntry]) = match &function.kind {
            ExprKind::Bracket { base, entries } => (base, entries),
            _ => (function, &[]),
        };
        let callee = match self.expr(base) {
            Value::Function(f) => f,
            Value::Unknown => {
                args.iter().for_each(|a| {
                    self.expr(&a.value);
                });
                return Value::Unknown;
            }
            other => {
                if self.demand_open(&other) {
                    return Value::Unknown;
                }
                let found = self.describe(&other);
                let mut d = Diagnostic::new(
                    &codes::check::E0404,
                    base.span,
                    format!("only functions are called, and this is {found}"),
                    format!("this is {found}"),
                );
                if matches!(other, Value::Array(_)) {
                    d = d.help("write `*` for a product");
                }
                self.report(d);
                return Value::Unknown;
            }
        };
        self.call_function(&callee, entries, args, span)
    }

    fn call_function(&mut self, callee: &Arc<Function>, entries: &[BracketEntry], args: &[Arg], span: Span) -> Value {
        match &**callee {
            Function::Builtin(b) => self.call_builtin(b, entries, args, span),
            Function::Op(op) => self.call_op(op, entries, args, span),
            Function::Bracketed { base, entries, env } => {
                let values = self.arguments(args, None);
                let outer = std::mem::replace(&mut self.env, env.clone());
                let value = self.invoke_function(base, entries, values, span);
                self.env = outer;
                value
            }
            _ => {
                let values = self.arguments(args, Some(callee));
                self.invoke_function(callee, entries, values, span)
            }
        }
    }

    /// Elaborates arguments; a hole among them is told what the parameter asks for.
    pub(super) fn arguments(&mut self, args: &[Arg], callee: Option<&Arc<Function>>) -> Vec<Argument> {
        let mut out = Vec::new();
        for (i, arg) in args.iter().enumerate() {
            let value = if matches!(arg.value.kind, ExprKind::Hole) {
                let wanted = callee.and_then(|f| self.parameter_text(f, i, arg.name.as_ref()));
                let ty = callee.and_then(|f| parameter_type(f, i, arg.name.as_ref()));
                self.hole(arg.value.span, wanted, super::expr::Fits::Type(ty));
                Value::Unknown
            } else {
                self.expr(&arg.value)
            };
            out.push(Argument { name: arg.name.clone(), value, span: arg.value.span });
        }
        out
    }

    fn parameter_text(&self, function: &Arc<Function>, index: usize, name: Option<&Ident>) -> Option<String> {
        let Function::Closure(c) = &**function else { return None };
        let param = match name {
            Some(name) => c.def.params.iter().find(|p| p.name.name == name.name)?,
            None => c.def.params.get(index)?,
        };
        let ty = param.ty.as_ref().map_or("anything".to_string(), super::types::type_text);
        Some(format!("`{}: {ty}`", param.name.name))
    }

    /// Calls a function with values.
    pub(super) fn invoke_function(
        &mut self,
        callee: &Arc<Function>,
        entries: &[BracketEntry],
        args: Vec<Argument>,
        span: Span,
    ) -> Value {
        match &**callee {
            Function::Closure(c) => self.call_closure(c, entries, args, span),
            Function::Derivative { .. } => self.call_derivative(callee, entries, args, span),
            Function::Op(op) => self.apply_op(op, entries, args, span),
            Function::Builtin(b) => self.apply_builtin(b, entries, args, span),
            Function::Bracketed { base, entries, env } => {
                let outer = std::mem::replace(&mut self.env, env.clone());
                let value = self.invoke_function(base, entries, args, span);
                self.env = outer;
                value
            }
        }
    }

    // ---- functions written in Loss ---------------------------------------------------------------------------------

    pub(super) fn call_closure(
        &mut self,
        c: &Closure,
        entries: &[BracketEntry],
        args: Vec<Argument>,
        span: Span,
    ) -> Value {
        if self.signature(c).broken {
            return Value::Unknown;
        }
        match self.bind_call(c, entries, args, span) {
            Some(bound) => self.run_body(c, bound, span),
            None => Value::Unknown,
        }
    }

    /// Matches arguments to parameters and axes to axes.
    pub(super) fn bind_call(
        &mut self,
        c: &Closure,
        entries: &[BracketEntry],
        args: Vec<Argument>,
        span: Span,
    ) -> Option<Bound> {
        let def = &c.def;
        if self.calls.len() >= MAX_CALL_DEPTH {
            let d = Diagnostic::new(
                &codes::check::E0504,
                span,
                format!("calls are nested more than {MAX_CALL_DEPTH} deep"),
                "this call is too deep",
            )
            .help("a value that many steps lead to is a loop: `iterate x = x0 for t in 0..100 { ... }`");
            self.report(d);
            return None;
        }
        let (mut values, spans) = self.match_arguments(c, args, span)?;
        if values.iter().any(Value::is_unknown) {
            return None;
        }
        for (i, param) in def.params.iter().enumerate() {
            values[i] = self.fit_elem(param, values[i].clone(), spans[i])?;
        }
        let mut bound = self.bind_axes(c, entries, &values, &spans, span)?;
        self.check_sizes(def, &mut bound, &values, &spans)?;
        let facts = self.facts_of(&def.body);
        self.bind_open(c, &facts, &values, &mut bound);
        let lifted = self.lifted_axes(c, &bound, &values);
        let hidden = self.hidden_axes(c, &facts, &bound, &lifted);
        let mut env = c.env.clone();
        let mut all_lifted: Vec<Axis> = self.env.lifted.iter().chain(c.env.lifted.iter()).cloned().collect();
        all_lifted.extend(lifted.iter().map(|a| hidden.iter().find(|h| h.0 == *a).map_or(a.clone(), |h| h.1.clone())));
        all_lifted.retain(|a| !bound.iter().any(|b| b.axes.contains(a)));
        env.lifted = Arc::new(all_lifted);
        let mut made = Vec::new();
        let captured = self.captured_axes(c, &facts);
        for name in &facts.makes {
            if !bound.iter().any(|b| b.name == *name) && !captured.contains(name) {
                let axis = self.fresh_axis(name.clone());
                env.push_axis(name.clone(), vec![axis.clone()], AxisSize::Unknown);
                made.push((name.clone(), axis));
            }
        }
        let carried: Vec<Axis> = values.iter().flat_map(|v| self.arrays_of(v)).flatten().map(|d| d.axis).collect();
        env.carried = Arc::new(self.env.carried.iter().cloned().chain(carried).collect());
        for b in &bound {
            let size = b.size.map_or(AxisSize::Unknown, AxisSize::Known);
            env.push_axis(b.name.clone(), b.axes.clone(), size);
        }
        let values = values.iter().map(|v| self.rename_value(v, &hidden, span)).collect();
        let named = bound.iter().flat_map(|b| b.axes.iter().cloned()).collect();
        Some(Bound { values, env, made, hidden, named })
    }

    /// The body of a bound call, and its result in the caller's names.
    pub(super) fn run_body(&mut self, c: &Closure, bound: Bound, span: Span) -> Value {
        let def = &c.def;
        self.enter_call(&def.name.name, span);
        let outer_env = std::mem::replace(&mut self.env, bound.env.clone());
        let facts = self.facts_of(&def.body);
        let outer_wrt = std::mem::replace(&mut self.wrt_names, facts.wrt.iter().cloned().collect());
        let value = match &def.gradient {
            Some(gradient) => self.custom(def, gradient, &bound.values, span),
            None => {
                for (param, value) in def.params.iter().zip(&bound.values) {
                    self.bind_local(&param.name, value.clone());
                }
                self.expr(&def.body)
            }
        };
        let value = match &def.result {
            Some(ty) => self.ascribe_value(value, ty, def.body.span),
            None => value,
        };
        self.wrt_names = outer_wrt;
        self.env = outer_env;
        self.leave_call();
        self.result_axes(value, &bound, span)
    }

    pub(super) fn enter_call(&mut self, name: &Arc<str>, span: Span) {
        if let Some(site) = self.calls.last_mut() {
            site.calls += 1;
        }
        self.calls.push(CallSite { name: name.clone(), span, draws: 0, calls: 0 });
    }

    pub(super) fn leave_call(&mut self) {
        self.calls.pop();
    }

    /// Axes that the body made get the caller's axis of that name; lifted axes get theirs back.
    fn result_axes(&mut self, value: Value, bound: &Bound, span: Span) -> Value {
        let mut pairs: Vec<(Axis, Axis)> =
            bound.hidden.iter().map(|(outer, inner)| (inner.clone(), outer.clone())).collect();
        pairs.extend(bound.made.iter().map(|(name, axis)| (axis.clone(), self.axis_named(name))));
        let mut conflict = None;
        value.arrays(&mut |a| {
            let ty = self.ty(a);
            let after: Vec<Axis> =
                ty.axes().map(|x| pairs.iter().find(|p| p.0 == *x).map_or(x.clone(), |p| p.1.clone())).collect();
            for (i, axis) in after.iter().enumerate() {
                if after[..i].contains(axis) {
                    conflict = Some(axis.clone());
                }
            }
        });
        if let Some(axis) = conflict {
            let d = Diagnostic::new(
                &codes::check::E0303,
                span,
                format!("the result of this call would have two axes named `{axis}`"),
                format!("one `{axis}` is carried along from an argument, another is made by the function"),
            )
            .help(format!("rename the argument's axis first, as in `x[{axis} -> {axis}2]`"));
            self.report(d);
            return Value::Unknown;
        }
        for (name, axis) in &bound.made {
            let mut size = None;
            value.arrays(&mut |a| size = size.or(self.ty(a).dim(axis).map(|d| d.size)));
            if let Some(size) = size {
                self.see_axis(name, size, span);
            }
        }
        self.rename_value(&value, &pairs, span)
    }

    /// One value and place for each parameter: by position, by name, or its default.
    fn match_arguments(&mut self, c: &Closure, args: Vec<Argument>, span: Span) -> Option<(Vec<Value>, Vec<Span>)> {
        let def = &c.def;
        let mut slots: Vec<Option<(Value, Span)>> = vec![None; def.params.len()];
        let mut next = 0;
        let mut ok = true;
        for arg in args {
            let place = match &arg.name {
                Some(name) => def.params.iter().position(|p| p.name.name == name.name),
                None => {
                    next += 1;
                    (next <= def.params.len()).then_some(next - 1)
                }
            };
            match place {
                Some(i) if slots[i].is_none() => slots[i] = Some((arg.value, arg.span)),
                Some(i) => {
                    let d = Diagnostic::new(
                        &codes::check::E0414,
                        arg.span,
                        format!("`{}` is given twice", def.params[i].name.name),
                        "again here",
                    );
                    let d = match &slots[i] {
                        Some((_, first)) => d.label(*first, "first given here"),
                        None => d,
                    };
                    let d = d.label(def.params[i].span, "the parameter").help(
                        "arguments without a name go to the parameters in order; name only those that come after",
                    );
                    self.report(d);
                    ok = false;
                }
                None => {
                    self.surplus_argument(def, &arg, span);
                    ok = false;
                }
            }
        }
        let (mut values, mut spans, mut lacking) = (Vec::new(), Vec::new(), false);
        for (param, slot) in def.params.iter().zip(slots) {
            let (value, place) = match (slot, &param.default) {
                (Some(found), _) => found,
                (None, Some(default)) => {
                    let outer = std::mem::replace(&mut self.env, c.env.clone());
                    let value = self.expr(default);
                    self.env = outer;
                    (value, default.span)
                }
                // The argument under a wrong name was meant for it, most likely.
                (None, None) if !ok => (Value::Unknown, span),
                (None, None) => {
                    lacking = true;
                    let d = Diagnostic::new(
                        &codes::check::E0413,
                        span,
                        format!("`{}` needs an argument for `{}`", def.name.name, param.name.name),
                        "missing in this call",
                    )
                    .label(param.span, "declared here without a default")
                    .help(format!("add it, as in `{} = ...`, or give the parameter a default", param.name.name));
                    self.report(d);
                    (Value::Unknown, span)
                }
            };
            values.push(value);
            spans.push(place);
        }
        (ok && !lacking).then_some((values, spans))
    }

    fn surplus_argument(&mut self, def: &Def, arg: &Argument, span: Span) {
        let names: Vec<&str> = def.params.iter().map(|p| &*p.name.name).collect();
        let d = match &arg.name {
            Some(name) => {
                let d = Diagnostic::new(
                    &codes::check::E0202,
                    name.span,
                    format!("`{}` has no parameter `{}`: it takes {}", def.name.name, name.name, names.join(", ")),
                    "not a parameter",
                );
                match suggest::nearest(&name.name, names.iter().copied()) {
                    Some(near) => d.help(format!("did you mean `{near}`?")),
                    None => d,
                }
            }
            None => Diagnostic::new(
                &codes::check::E0415,
                arg.span,
                format!(
                    "`{}` takes {} argument{}: {}",
                    def.name.name,
                    names.len(),
                    if names.len() == 1 { "" } else { "s" },
                    names.join(", ")
                ),
                "one too many",
            )
            .label(span, "in this call"),
        };
        self.report(d.label(def.name.span, "declared here"));
    }

    /// Converts an argument to the element type its parameter declares.
    fn fit_elem(&mut self, param: &Parameter, value: Value, span: Span) -> Option<Value> {
        let Some(ty) = &param.ty else { return Some(self.untyped_number(param, value)) };
        match (&ty.kind, &value) {
            (_, Value::Unknown) => Some(value),
            (TypeExprKind::Array { elem, .. }, Value::Array(array)) => self.fit_array(param, elem, array, span),
            (TypeExprKind::Array { elem: ElemExpr::Text, .. }, Value::Text(_)) => Some(value),
            (TypeExprKind::Record(_), Value::Record(_)) | (TypeExprKind::Named(_), _) => Some(value),
            (TypeExprKind::Function { .. }, Value::Function(_)) => Some(value),
            (_, other) => {
                let found = self.describe(other);
                self.wrong_argument(param, &found, span, None);
                None
            }
        }
    }

    fn fit_array(&mut self, param: &Parameter, elem: &ElemExpr, array: &Array, span: Span) -> Option<Value> {
        let found = self.ty(array).elem;
        let fitted = match (elem, &found) {
            (ElemExpr::Real, Elem::Real | Elem::Int | Elem::Bool) => self.to_real(array, span),
            (ElemExpr::Int, Elem::Int) | (ElemExpr::Bool, Elem::Bool) => array.clone(),
            (ElemExpr::Int, Elem::Label(_)) => self.to_int(array, span),
            (ElemExpr::Label(_), Elem::Label(_) | Elem::Int) => array.clone(),
            _ => {
                let text = self.describe(&Value::Array(array.clone()));
                let help = matches!(elem, ElemExpr::Label(_))
                    .then_some("labels come from data, `argmax`, or an axis used as its coordinates");
                self.wrong_argument(param, &text, span, help);
                return None;
            }
        };
        Some(Value::Array(fitted))
    }

    /// A parameter whose default is a real number takes whole numbers too.
    fn untyped_number(&mut self, param: &Parameter, value: Value) -> Value {
        let real_default = matches!(param.default.as_ref().map(|d| &d.kind), Some(ExprKind::Real(_)));
        match &value {
            Value::Array(a) if real_default && self.ty(a).elem == Elem::Int => {
                let span = param.span;
                Value::Array(self.to_real(a, span))
            }
            _ => value,
        }
    }

    fn wrong_argument(&mut self, param: &Parameter, found: &str, span: Span, help: Option<&str>) {
        let wanted = param.ty.as_ref().map_or(String::new(), super::types::type_text);
        let mut d = Diagnostic::new(
            &codes::check::E0418,
            span,
            format!("`{}` must be `{wanted}`, and this is {found}", param.name.name),
            format!("this is {found}"),
        )
        .label(param.span, "declared here");
        if let Some(help) = help {
            d = d.help(help);
        }
        self.report(d);
    }
}

/// The written type of the parameter that an argument goes to.
fn parameter_type<'f>(
    function: &'f Arc<Function>,
    index: usize,
    name: Option<&Ident>,
) -> Option<&'f crate::syntax::ast::TypeExpr> {
    let Function::Closure(c) = &**function else { return None };
    let param = match name {
        Some(name) => c.def.params.iter().find(|p| p.name.name == name.name)?,
        None => c.def.params.get(index)?,
    };
    param.ty.as_ref()
}

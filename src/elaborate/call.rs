//! Calls: arguments to parameters, axes of arguments to axes of the signature, and the body elaborated in place. Axes
//! that bind to nothing are carried along by every operation of the body: that is all there is to lifting.

use super::apply::Operand;
use super::scope::{AxisSize, Env};
use super::value::{Array, Closure, Function, InferredElem, ParamTy, Value};
use super::{CallSite, Elaborator};
use crate::diag::{Diagnostic, codes, suggest};
use crate::ir::{Attrs, Form, OpDef};
use crate::ops;
use crate::source::Span;
use crate::syntax::ast::{
    Arg, BracketEntry, BracketKind, Def, ElemExpr, Expr, ExprKind, Ident, Parameter, TypeExprKind,
};
use crate::types::{Axis, Dim, Elem, Size};
use std::sync::Arc;

/// A parameter that says nothing of axes, neither written nor found in the body: all axes of its argument are the
/// body's to see. One that does is written for one example, and lifts over the rest.
fn generic(param: &Parameter, found: Option<&ParamTy>) -> bool {
    let silent = match found {
        Some(ParamTy::Inferred { elem: InferredElem::Real, axes }) => axes.is_empty(),
        Some(ParamTy::Open) | None => true,
        _ => false,
    };
    param.ty.is_none() && silent
}

/// Calls inside calls beyond this depth are refused; there is no recursion, so only generated programs get there.
const MAX_CALL_DEPTH: usize = 64;

/// An argument with its name, if it was given by name, and its place.
#[derive(Clone)]
pub(super) struct Argument {
    pub name: Option<Ident>,
    pub value: Value,
    pub span: Span,
}

/// An axis name of a signature and what it stands for in one call.
struct BoundAxis {
    name: Arc<str>,
    axes: Vec<Axis>,
    size: Option<Size>,
}

/// A call with its arguments matched and its axes bound, ready for its body.
pub(super) struct Bound {
    pub values: Vec<Value>,
    env: Env,
    /// Axes made by this call's body, to be renamed to the caller's names in the result.
    made: Vec<(Arc<str>, Axis)>,
    /// Lifted axes that had to be kept apart from the body's: what they were, what they are inside.
    hidden: Vec<(Axis, Axis)>,
    pub lifted: Vec<Axis>,
    /// The axes that the signature's names stand for.
    pub named: Vec<Axis>,
}

impl Bound {
    /// Lifted axes that were kept apart: what they are outside and inside.
    pub fn hidden_pairs(&self) -> Vec<(Axis, Axis)> {
        self.hidden.clone()
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
                self.hole(arg.value.span, wanted, None);
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
            Function::Derivative { of, wrt, kind, .. } => self.call_derivative(of, wrt, *kind, entries, args, span),
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
                "here",
            );
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
        self.check_sizes(def, &mut bound, &values, &spans);
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
        for name in &facts.makes {
            if !bound.iter().any(|b| b.name == *name) {
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
        Some(Bound { values, env, made, hidden, lifted, named })
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
                    self.report(d);
                    ok = false;
                }
                None => {
                    self.surplus_argument(def, &arg, span);
                    ok = false;
                }
            }
        }
        let (mut values, mut spans) = (Vec::new(), Vec::new());
        for (param, slot) in def.params.iter().zip(slots) {
            let (value, place) = match (slot, &param.default) {
                (Some(found), _) => found,
                (None, Some(default)) => {
                    let outer = std::mem::replace(&mut self.env, c.env.clone());
                    let value = self.expr(default);
                    self.env = outer;
                    (value, default.span)
                }
                (None, None) => {
                    let d = Diagnostic::new(
                        &codes::check::E0413,
                        span,
                        format!("`{}` needs an argument for `{}`", def.name.name, param.name.name),
                        "missing in this call",
                    )
                    .label(param.span, "declared here without a default");
                    self.report(d);
                    ok = false;
                    (Value::Unknown, span)
                }
            };
            values.push(value);
            spans.push(place);
        }
        ok.then_some((values, spans))
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

    // ---- axes of a call --------------------------------------------------------------------------------------------

    /// The axis names that a parameter asks for.
    fn wanted_axes(param: &Parameter, inferred: Option<&ParamTy>) -> Vec<Arc<str>> {
        match (&param.ty, inferred) {
            (Some(ty), _) => super::types::axes_of(ty),
            (None, Some(ParamTy::Inferred { axes, .. })) => axes.clone(),
            _ => Vec::new(),
        }
    }

    fn label_axis(param: &Parameter, inferred: Option<&ParamTy>) -> Option<Arc<str>> {
        match (&param.ty, inferred) {
            (Some(ty), _) => match &ty.kind {
                TypeExprKind::Array { elem: ElemExpr::Label(k), .. } => Some(k.name.clone()),
                _ => None,
            },
            (None, Some(ParamTy::Inferred { elem: InferredElem::Label(k), .. })) => Some(k.clone()),
            _ => None,
        }
    }

    fn bind_axes(
        &mut self,
        c: &Closure,
        entries: &[BracketEntry],
        values: &[Value],
        spans: &[Span],
        span: Span,
    ) -> Option<Vec<BoundAxis>> {
        let def = &c.def;
        let mut bound: Vec<BoundAxis> = Vec::new();
        self.explicit_axes(def, entries, values, &mut bound, span)?;
        let params = self.signature(c).params.clone();
        let inferred = |i: usize| params.get(i);
        let types: Vec<Option<Vec<Dim>>> = values
            .iter()
            .map(|v| match v {
                Value::Array(a) => {
                    let ty = self.ty(a);
                    Some(self.visible(&ty))
                }
                _ => None,
            })
            .collect();
        // An argument's axis of the same name.
        for (i, param) in def.params.iter().enumerate() {
            let arrays = self.arrays_of(&values[i]);
            for name in Self::wanted_axes(param, inferred(i)) {
                if bound.iter().any(|b| b.name == name) {
                    continue;
                }
                let found = arrays.iter().flatten().find(|d| d.axis.name() == &*name);
                if let Some(dim) = found {
                    bound.push(BoundAxis { name, axes: vec![dim.axis.clone()], size: Some(dim.size) });
                }
            }
        }
        // The axis that a label counts along.
        for (i, param) in def.params.iter().enumerate() {
            let Some(name) = Self::label_axis(param, inferred(i)) else { continue };
            if bound.iter().any(|b| b.name == name) {
                continue;
            }
            if let Value::Array(a) = &values[i]
                && let Elem::Label(axis) = self.ty(a).elem
            {
                let size = types.iter().flatten().flatten().find(|d| d.axis == axis).map(|d| d.size);
                bound.push(BoundAxis { name, axes: vec![axis], size });
            }
        }
        // The only axis that fits.
        for (i, param) in def.params.iter().enumerate() {
            let Some(dims) = &types[i] else { continue };
            let free = |bound: &[BoundAxis], d: &&Dim| !bound.iter().any(|b| b.axes.contains(&d.axis));
            let open: Vec<Arc<str>> = Self::wanted_axes(param, inferred(i))
                .into_iter()
                .filter(|n| !bound.iter().any(|b| b.name == *n))
                .collect();
            let candidates: Vec<&Dim> = dims.iter().filter(|d| free(&bound, d)).collect();
            match (&open[..], &candidates[..]) {
                ([], _) => {}
                ([name], [dim]) => {
                    let (name, axis, size) = (name.clone(), dim.axis.clone(), Some(dim.size));
                    bound.push(BoundAxis { name, axes: vec![axis], size });
                }
                _ if param.ty.is_none() => {}
                (_, few) if few.len() < open.len() => {
                    self.lacks_axes(def, param, &values[i], &open, spans[i]);
                    return None;
                }
                _ => {
                    self.which_axis(def, param, &values[i], &open, &candidates, spans[i]);
                    return None;
                }
            }
        }
        // Every axis written in the signature must be there.
        for (i, param) in def.params.iter().enumerate() {
            let Some(dims) = &types[i] else { continue };
            if param.ty.is_none() {
                continue;
            }
            let lacking: Vec<Arc<str>> = Self::wanted_axes(param, None)
                .into_iter()
                .filter(|n| {
                    bound.iter().any(|b| b.name == *n && !b.axes.iter().all(|a| dims.iter().any(|d| d.axis == *a)))
                })
                .collect();
            if !lacking.is_empty() {
                self.lacks_axes(def, param, &values[i], &lacking, spans[i]);
                return None;
            }
        }
        Some(bound)
    }

    /// Axis names of the body that arguments of no declared type have: they mean those axes.
    fn bind_open(&mut self, c: &Closure, facts: &super::facts::Facts, values: &[Value], bound: &mut Vec<BoundAxis>) {
        let params = self.signature(c).params.clone();
        for (i, param) in c.def.params.iter().enumerate() {
            if !generic(param, params.get(i)) || matches!(values[i], Value::Function(_)) {
                continue;
            }
            for dim in self.arrays_of(&values[i]).into_iter().flatten() {
                let name = dim.axis.shared_name();
                let used = facts.makes.contains(&name) || facts.mentions.contains(&name);
                if used && !bound.iter().any(|b| b.name == name) {
                    bound.push(BoundAxis { name, axes: vec![dim.axis], size: Some(dim.size) });
                }
            }
        }
    }

    fn arrays_of(&self, value: &Value) -> Vec<Vec<Dim>> {
        let mut all = Vec::new();
        value.arrays(&mut |a| {
            let ty = self.ty(a);
            all.push(self.visible(&ty));
        });
        all
    }

    /// `comp_sum[k = classes](z, y)`, and the brackets of `def mean[axes](x)`.
    fn explicit_axes(
        &mut self,
        def: &Def,
        entries: &[BracketEntry],
        values: &[Value],
        bound: &mut Vec<BoundAxis>,
        span: Span,
    ) -> Option<()> {
        let mut plain: Vec<Axis> = Vec::new();
        for entry in entries {
            match &entry.kind {
                BracketKind::At(name, e) => {
                    let ExprKind::Name(target) = &e.kind else {
                        let d = Diagnostic::new(
                            &codes::check::E0411,
                            entry.span,
                            "an axis of a function stands for an axis of its arguments",
                            "an axis name is expected behind `=`",
                        );
                        self.report(d);
                        return None;
                    };
                    let axes = self.axes_named(&target.name);
                    bound.push(BoundAxis { name: name.name.clone(), axes, size: None });
                }
                BracketKind::Axis(name) if !def.axes.is_empty() => plain.extend(self.axes_named(&name.name)),
                _ => {
                    let d = Diagnostic::new(
                        &codes::check::E0411,
                        entry.span,
                        format!("`{}` does not take this in brackets", def.name.name),
                        "not understood here",
                    )
                    .help(format!("to say which axis a signature means: `{}[k = classes](...)`", def.name.name));
                    self.report(d);
                    return None;
                }
            }
        }
        if def.axes.is_empty() {
            return Some(());
        }
        if plain.is_empty() {
            for value in values {
                for dim in self.arrays_of(value).iter().flatten() {
                    if !plain.contains(&dim.axis) {
                        plain.push(dim.axis.clone());
                    }
                }
            }
        }
        let sizes: Vec<(Axis, Size)> =
            values.iter().flat_map(|v| self.arrays_of(v)).flatten().map(|d| (d.axis, d.size)).collect();
        let size_of = |axes: &[Axis]| match axes {
            [one] => sizes.iter().find(|s| s.0 == *one).map(|s| s.1),
            _ => None,
        };
        if def.axes.len() == 1 {
            let size = size_of(&plain);
            bound.push(BoundAxis { name: def.axes[0].name.clone(), axes: plain, size });
        } else if def.axes.len() == plain.len() {
            for (ident, axis) in def.axes.iter().zip(plain) {
                let size = size_of(std::slice::from_ref(&axis));
                bound.push(BoundAxis { name: ident.name.clone(), axes: vec![axis], size });
            }
        } else {
            let names: Vec<&str> = def.axes.iter().map(|a| &*a.name).collect();
            let d = Diagnostic::new(
                &codes::check::E0411,
                span,
                format!("`{}` takes {} axes in brackets: [{}]", def.name.name, names.len(), names.join(", ")),
                format!("{} given", plain.len()),
            );
            self.report(d);
            return None;
        }
        Some(())
    }

    fn lacks_axes(&mut self, def: &Def, param: &Parameter, value: &Value, names: &[Arc<str>], span: Span) {
        if let Value::Array(array) = value {
            let demanded: Vec<bool> = names.iter().map(|name| self.demand_axis(array, name)).collect();
            if demanded.contains(&true) {
                return;
            }
        }
        let found = self.describe(value);
        let wanted = param.ty.as_ref().map_or(String::new(), super::types::type_text);
        let list: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
        let d = Diagnostic::new(
            &codes::check::E0308,
            span,
            format!(
                "`{}` of `{}` needs the axis {}: it is `{wanted}`, and this is {found}",
                param.name.name,
                def.name.name,
                list.join(", ")
            ),
            format!("this is {found}"),
        )
        .label(param.span, "declared here")
        .help(format!("if one of its axes is meant, say so: `{}[{} = ...](...)`", def.name.name, names[0]));
        self.report(d);
    }

    fn which_axis(
        &mut self,
        def: &Def,
        param: &Parameter,
        value: &Value,
        open: &[Arc<str>],
        candidates: &[&Dim],
        span: Span,
    ) {
        let found = self.describe(value);
        let list: Vec<String> = candidates.iter().map(|d| format!("`{}`", d.axis)).collect();
        let d = Diagnostic::new(
            &codes::check::E0309,
            span,
            format!("which axis is `{}` of `{}`? {} would fit", open[0], def.name.name, list.join(" and ")),
            format!("this is {found}"),
        )
        .label(param.span, "declared here")
        .help(format!("say which: `{}[{} = {}](...)`", def.name.name, open[0], candidates[0].axis));
        self.report(d);
    }

    /// Sizes written in the signature, and one size for each axis over all arguments.
    fn check_sizes(&mut self, def: &Def, bound: &mut [BoundAxis], values: &[Value], spans: &[Span]) {
        for (i, param) in def.params.iter().enumerate() {
            let Some(TypeExprKind::Array { dims, .. }) = param.ty.as_ref().map(|t| &t.kind) else { continue };
            let Value::Array(array) = &values[i] else { continue };
            let ty = self.ty(array);
            for (ident, written) in dims {
                let Some(b) = bound.iter_mut().find(|b| b.name == ident.name) else { continue };
                let Some(dim) = b.axes.first().and_then(|a| ty.dim(a)).cloned() else { continue };
                let expected = match written {
                    Some(e) => Some(self.size_expr(e)),
                    None => b.size,
                };
                let Some(expected) = expected else {
                    b.size = Some(dim.size);
                    continue;
                };
                match self.b().sizes.unify(expected, dim.size) {
                    Ok(size) => b.size = Some(size),
                    Err((want, got)) => {
                        let mut d = Diagnostic::new(
                            &codes::check::E0301,
                            spans[i],
                            format!("`{}: {want}` is needed, and here it is `{}: {got}`", ident.name, dim.axis),
                            format!("this has `{}: {got}`", dim.axis),
                        )
                        .label(ident.span, format!("`{}` of `{}`", ident.name, def.name.name));
                        if let Some((origin, text)) = self.axis_origin(array, &dim.axis) {
                            d = d.label(origin, text);
                        }
                        self.report(d);
                    }
                }
            }
        }
    }

    /// Axes of array arguments that the signature does not bind.
    fn lifted_axes(&mut self, c: &Closure, bound: &[BoundAxis], values: &[Value]) -> Vec<Axis> {
        let mut lifted: Vec<Axis> = Vec::new();
        let params = self.signature(c).params.clone();
        for (i, param) in c.def.params.iter().enumerate() {
            if generic(param, params.get(i)) {
                continue;
            }
            values[i].arrays(&mut |a| {
                for axis in self.ty(a).axes() {
                    if !bound.iter().any(|b| b.axes.contains(axis)) && !lifted.contains(axis) {
                        lifted.push(axis.clone());
                    }
                }
            });
        }
        lifted
    }

    /// Lifted axes that the body would confuse with its own: mentioned by name, or present in what it captured.
    fn hidden_axes(
        &mut self,
        c: &Closure,
        facts: &super::facts::Facts,
        bound: &[BoundAxis],
        lifted: &[Axis],
    ) -> Vec<(Axis, Axis)> {
        let mut taken: Vec<Axis> = Vec::new();
        let outer = std::mem::replace(&mut self.env, c.env.clone());
        for name in facts.mentions.iter().chain(&facts.reads) {
            if !bound.iter().any(|b| b.name == *name) && !facts.makes.contains(name) {
                taken.extend(self.axes_named(name));
            }
        }
        for name in &facts.reads {
            if c.def.params.iter().any(|p| p.name.name == *name) {
                continue;
            }
            if let Some(value) = self.lookup(name) {
                value.arrays(&mut |a| taken.extend(self.ty(a).axes().cloned()));
            }
        }
        self.env = outer;
        let mut hidden = Vec::new();
        for axis in lifted {
            if taken.contains(axis) {
                let fresh = self.fresh_axis(axis.shared_name());
                hidden.push((axis.clone(), fresh));
            }
        }
        hidden
    }

    // ---- operations ------------------------------------------------------------------------------------------------

    fn call_op(&mut self, op: &'static OpDef, entries: &[BracketEntry], args: &[Arg], span: Span) -> Value {
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
            self.report(d);
            return false;
        }
        true
    }

    fn apply_op(&mut self, op: &'static OpDef, entries: &[BracketEntry], args: Vec<Argument>, span: Span) -> Value {
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
                );
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
                    );
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

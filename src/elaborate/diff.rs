//! `grad`, `value_and_grad`, `jacobian`, `hessian`, `hvp`, and functions with a gradient of their own. What is
//! differentiated becomes a closed graph inside a `GRAD` or `JACOBIAN` node; a later pass does the mathematics.

use super::Elaborator;
use super::call::Argument;
use super::value::{Array, Closure, Derivative, Function, Value};
use crate::diag::{Diagnostic, codes};
use crate::ir::{Attrs, NodeId};
use crate::ops;
use crate::source::Span;
use crate::syntax::ast::{Arg, BracketEntry, BracketKind, Expr, ExprKind, Ident};
use crate::types::{Axis, Dim, Elem};
use std::sync::Arc;

impl Elaborator<'_> {
    /// `grad(e, w)` and its like, if the call is one.
    pub(super) fn derivative_form(&mut self, function: &Expr, args: &[Arg], span: Span) -> Option<Value> {
        let (base, entries): (&Expr, &[BracketEntry]) = match &function.kind {
            ExprKind::Bracket { base, entries } => (base, entries),
            _ => (function, &[]),
        };
        let ExprKind::Name(name) = &base.kind else { return None };
        let word = &*name.name;
        let wanted = match word {
            "grad" | "value_and_grad" | "jacobian" | "hessian" => 2,
            "hvp" => 3,
            _ => return None,
        };
        if self.env.value(word).is_some() {
            return None;
        }
        if args.len() != wanted {
            let d = Diagnostic::new(
                &codes::check::E0415,
                span,
                format!(
                    "`{word}` takes {wanted} arguments, and {} {} given",
                    args.len(),
                    if args.len() == 1 { "is" } else { "are" }
                ),
                "in this call",
            )
            .help(match word {
                "grad" | "value_and_grad" => {
                    format!(
                        "as in `{word}(mean[n](loss), w)`, or `{word}(f, z)` for a function `f` with a parameter `z`"
                    )
                }
                "hvp" => "as in `hvp(mean[n](loss), w, v)`".to_string(),
                _ => format!("as in `{word}(e, w)`"),
            });
            self.report(d);
            return Some(Value::Unknown);
        }
        let of = self.expr(&args[0].value);
        if let (Value::Function(f), Some(kind)) = (&of, Derivative::find(word)) {
            return Some(self.derivative_function(f.clone(), &args[1].value, kind, entries, span));
        }
        let Some(e) = self.want_array(of, args[0].value.span, "what is differentiated") else {
            return Some(Value::Unknown);
        };
        let wrt = self.expr(&args[1].value);
        let wrt_span = args[1].value.span;
        if !self.differentiable(&wrt, wrt_span) {
            return Some(Value::Unknown);
        }
        let place = args[0].value.span;
        Some(match word {
            "grad" => self.gradient(&e, place, &wrt, wrt_span, &[], span),
            "value_and_grad" => {
                let g = self.gradient(&e, place, &wrt, wrt_span, &[], span);
                Value::tuple(vec![Value::Array(e), g])
            }
            "jacobian" => self.jacobian(&e, &wrt, wrt_span, entries, span),
            "hessian" => match self.gradient(&e, place, &wrt, wrt_span, &[], span) {
                Value::Array(g) => self.jacobian(&g, &wrt, wrt_span, entries, span),
                _ => Value::Unknown,
            },
            _ => {
                let v = self.expr(&args[2].value);
                self.hvp(&e, place, &wrt, wrt_span, (v, args[2].value.span), span)
            }
        })
    }

    /// `grad(f, z)`: a function with the arguments of `f`.
    fn derivative_function(
        &mut self,
        f: Arc<Function>,
        wrt: &Expr,
        kind: Derivative,
        entries: &[BracketEntry],
        span: Span,
    ) -> Value {
        let names: Option<Vec<Ident>> = match &wrt.kind {
            ExprKind::Name(n) => Some(vec![n.clone()]),
            ExprKind::Record(fields) => Some(fields.iter().map(|f| f.0.clone()).collect()),
            ExprKind::Tuple(items) => {
                items.iter().map(|i| if let ExprKind::Name(n) = &i.kind { Some(n.clone()) } else { None }).collect()
            }
            _ => None,
        };
        let Some(names) = names else {
            let d = Diagnostic::new(
                &codes::check::E0422,
                wrt.span,
                format!("the gradient of the function `{}` is with respect to one of its parameters", f.name()),
                "name a parameter here",
            );
            let d = match &*f {
                Function::Closure(c) => d
                    .label(c.def.name.span, "declared here")
                    .help(format!("its parameters are {}", c.parameter_names().join(", "))),
                _ => d,
            };
            self.report(d);
            return Value::Unknown;
        };
        let Some(c) = f.closure() else {
            let d = Diagnostic::new(
                &codes::check::E0422,
                span,
                format!("`{}` is built in and names no parameters", f.name()),
                "to differentiate it, wrap it",
            )
            .help(format!("as in `grad(x -> {}(x), x)`", f.name()));
            self.report(d);
            return Value::Unknown;
        };
        for name in &names {
            if c.def.params.iter().all(|p| p.name.name != name.name) {
                let params = c.parameter_names();
                let mut d = Diagnostic::new(
                    &codes::check::E0422,
                    name.span,
                    format!("`{}` has no parameter `{}`: it takes {}", f.name(), name.name, params.join(", ")),
                    "not a parameter",
                )
                .label(c.def.name.span, "declared here");
                if let Some(near) = crate::diag::suggest::nearest(&name.name, params.iter().copied()) {
                    d = d.help(format!("did you mean `{near}`?"));
                }
                self.report(d);
                return Value::Unknown;
            }
        }
        let wrt = names.into_iter().map(|n| n.name).collect();
        let Some(renames) = self.variable_renames(entries) else { return Value::Unknown };
        Value::Function(Arc::new(Function::Derivative { of: f, wrt, kind, renames, span }))
    }

    /// `[d -> d2]` behind `jacobian` or `hessian`.
    fn variable_renames(&mut self, entries: &[BracketEntry]) -> Option<Vec<(Ident, Ident)>> {
        let mut renames = Vec::new();
        for entry in entries {
            match &entry.kind {
                BracketKind::Arrow { from, to } if from.len() == 1 && to.len() == 1 => {
                    renames.push((from[0].clone(), to[0].0.clone()));
                }
                _ => {
                    let d = Diagnostic::new(
                        &codes::check::E0411,
                        entry.span,
                        "the bracket renames axes of the variable in the result",
                        "not a rename",
                    )
                    .help("as in `jacobian[d -> d2](e, x)`");
                    self.report(d);
                    return None;
                }
            }
        }
        Some(renames)
    }

    /// The same as axes: a name is one of the differentiated function's own, else one of this scope.
    fn rename_pairs(
        &mut self,
        renames: &[(Ident, Ident)],
        target: &Array,
        own: &dyn Fn(&str) -> Option<Axis>,
    ) -> Vec<(Axis, Axis)> {
        let mut pairs = Vec::new();
        for (from, to) in renames {
            let old = own(&from.name).unwrap_or_else(|| self.axis_named(&from.name));
            let new = self.axis_named(&to.name);
            if let Some(size) = self.ty(target).dim(&old).map(|d| d.size) {
                self.see_axis(&to.name, size, to.span);
            }
            self.renamed.push(new.clone());
            pairs.push((old, new));
        }
        pairs
    }

    fn differentiable(&mut self, wrt: &Value, span: Span) -> bool {
        if wrt.is_unknown() {
            return false;
        }
        let arrays = Self::flatten(wrt);
        let bad = arrays.iter().find(|a| self.ty(a).elem != Elem::Real).cloned();
        if arrays.is_empty() || bad.is_some() {
            let found = bad.map_or_else(|| self.describe(wrt), |a| self.describe(&Value::Array(a)));
            let d = Diagnostic::new(
                &codes::check::E0337,
                span,
                format!("a gradient is with respect to real variables, and this is {found}"),
                format!("this is {found}"),
            )
            .help("only numbers can change a little: make it real with `float(...)` first");
            self.report(d);
            return false;
        }
        true
    }

    /// Calls `grad(f, z)` with arguments for `f`; derivatives of derivatives are taken from the inside out.
    pub(super) fn call_derivative(
        &mut self,
        callee: &Arc<Function>,
        entries: &[BracketEntry],
        args: Vec<Argument>,
        span: Span,
    ) -> Value {
        let Some(c) = callee.closure() else { return Value::Unknown };
        if self.signature(c).broken {
            return Value::Unknown;
        }
        let Some(mut bound) = self.bind_call(c, entries, args, span) else { return Value::Unknown };
        let mut steps: Vec<&Function> = Vec::new();
        let mut function: &Function = callee;
        while let Function::Derivative { of, .. } = function {
            steps.push(function);
            function = of;
        }
        for (i, param) in c.def.params.iter().enumerate() {
            let by = |f: &&Function| matches!(f, Function::Derivative { wrt, .. } if wrt.contains(&param.name.name));
            if !steps.iter().any(by) {
                continue;
            }
            let real = match &bound.values[i] {
                Value::Array(a) if self.ty(a).elem != Elem::Real => Value::Array(self.to_real(a, span)),
                other => other.clone(),
            };
            if !self.differentiable(&real, span) {
                return Value::Unknown;
            }
            bound.values[i] = self.own_variable(&real, &param.name.name);
        }
        let values = bound.values.clone();
        let hidden = bound.hidden_pairs();
        let named = bound.named.clone();
        let names: Vec<(Arc<str>, Option<Axis>)> =
            steps.iter().flat_map(|f| renamed_names(f)).map(|n| (n.clone(), bound.axis_of(&n))).collect();
        let mut value = self.run_body(c, bound, span);
        for step in steps.into_iter().rev() {
            let Function::Derivative { wrt, kind, renames, .. } = step else { continue };
            let find = |name: &Arc<str>| {
                let i = c.def.params.iter().position(|p| p.name.name == *name)?;
                Some((name.clone(), values[i].clone()))
            };
            let marked: Vec<(Arc<str>, Value)> = wrt.iter().filter_map(find).collect();
            let wrt = match &marked[..] {
                [(_, one)] => one.clone(),
                several => Value::record(several.to_vec()),
            };
            let Some(e) = self.want_array(value, span, "what is differentiated") else { return Value::Unknown };
            // Axes that the function does not name are examples: one gradient for each.
            let lifted: Vec<Axis> = self.ty(&e).axes().filter(|a| !named.contains(a)).cloned().collect();
            let own = |name: &str| names.iter().find(|n| &*n.0 == name).and_then(|n| n.1.clone());
            value = match kind {
                Derivative::Grad => self.gradient(&e, span, &wrt, span, &lifted, span),
                Derivative::ValueAndGrad => {
                    let g = self.gradient(&e, span, &wrt, span, &lifted, span);
                    Value::tuple(vec![Value::Array(e), g])
                }
                Derivative::Jacobian => self.jacobian_of(&e, &wrt, span, (renames, &own), &lifted, span),
                Derivative::Hessian => match self.gradient(&e, span, &wrt, span, &lifted, span) {
                    Value::Array(g) => self.jacobian_of(&g, &wrt, span, (renames, &own), &lifted, span),
                    Value::Unknown => Value::Unknown,
                    other => self.jacobian_of_many(&other, span),
                },
            };
        }
        let back: Vec<(Axis, Axis)> = hidden.into_iter().map(|(outer, inner)| (inner, outer)).collect();
        self.rename_value(&value, &back, span)
    }

    /// The value under an identity of its own, so that nothing equal to it is mistaken for it.
    fn own_variable(&mut self, value: &Value, name: &str) -> Value {
        value.map_arrays(&mut |a| {
            let id = self.node(a);
            if self.b().graph.node(id).is(&ops::INPUT) {
                return self.array(id);
            }
            self.globals.next_tag += 1;
            let attrs = Attrs::ints(vec![self.globals.next_tag as i64]).with_name(name);
            let id = self.b().mk(&ops::RENAME, &[id], attrs);
            self.array(id)
        })
    }

    /// The gradient of `e` with respect to every array of `wrt`. Axes of `e` must be lifted (then the gradient is
    /// per example) or absent.
    fn gradient(&mut self, e: &Array, place: Span, wrt: &Value, wrt_span: Span, lifted: &[Axis], span: Span) -> Value {
        let e = self.to_real(e, place);
        let ty = self.ty(&e);
        let open: Vec<Dim> = self.visible(&ty).into_iter().filter(|d| !lifted.contains(&d.axis)).collect();
        if !open.is_empty() {
            let list: Vec<String> = open.iter().map(|d| d.axis.to_string()).collect();
            let found = self.describe(&Value::Array(e));
            let d = Diagnostic::new(
                &codes::check::E0336,
                place,
                format!("a gradient is of a single number, and this is {found}"),
                format!("this has [{}]", list.join(", ")),
            )
            .help(format!(
                "reduce it first, as in `mean[{}](...)`; for all derivatives of an array use `jacobian`",
                list.join(", ")
            ));
            self.report(d);
            return Value::Unknown;
        }
        let targets = Self::flatten(wrt);
        let batch: Vec<Axis> = ty.axes().cloned().collect();
        if batch.is_empty() {
            return match self.grad_node(&e, &targets, wrt_span, span) {
                Some(grads) => Self::rebuild(wrt, &grads),
                None => Value::Unknown,
            };
        }
        let mut grads = Vec::new();
        for target in &targets {
            let own = self.ty(target);
            let shared: Vec<Axis> = batch.iter().filter(|a| own.has(a)).cloned().collect();
            let summed = self.sum_over(&e, &shared, span);
            let grad = if shared.len() == batch.len() {
                self.grad_node(&summed, std::slice::from_ref(target), wrt_span, span).and_then(|g| g.into_iter().next())
            } else {
                self.jacobian_node(&summed, target, wrt_span, &[], span)
            };
            match grad {
                Some(g) => grads.push(g),
                None => return Value::Unknown,
            }
        }
        Self::rebuild(wrt, &grads)
    }

    fn grad_node(&mut self, e: &Array, targets: &[Array], wrt_span: Span, span: Span) -> Option<Vec<Array>> {
        let output = self.node(e);
        let wrt: Vec<NodeId> = targets.iter().map(|t| self.node(t)).collect();
        let (region, args) = self.extract(output, &wrt, wrt_span)?;
        let ints: Vec<i64> = (0..wrt.len() as i64).collect();
        let attrs = Attrs::ints(ints).with_name("grad").with_regions(vec![Arc::new(region)]);
        self.b().span = span;
        let node = self.b().mk(&ops::GRAD, &args, attrs);
        Some(self.get_outputs(node, wrt.len()))
    }

    /// `jacobian[d -> d2](e, x)`
    fn jacobian(&mut self, e: &Array, wrt: &Value, wrt_span: Span, entries: &[BracketEntry], span: Span) -> Value {
        match self.variable_renames(entries) {
            Some(renames) => self.jacobian_of(e, wrt, wrt_span, (&renames, &|_| None), &[], span),
            None => Value::Unknown,
        }
    }

    fn jacobian_of_many(&mut self, wrt: &Value, span: Span) -> Value {
        let d = Diagnostic::new(
            &codes::check::E0422,
            span,
            "a jacobian is with respect to one array",
            format!("this is {}", wrt.kind()),
        )
        .help("take one for each array, as in `jacobian(e, model.w)`");
        self.report(d);
        Value::Unknown
    }

    /// The derivatives of `e`; axes of `lifted` are examples, each with its own.
    fn jacobian_of(
        &mut self,
        e: &Array,
        wrt: &Value,
        wrt_span: Span,
        (renames, own): (&[(Ident, Ident)], &dyn Fn(&str) -> Option<Axis>),
        lifted: &[Axis],
        span: Span,
    ) -> Value {
        let Value::Array(target) = wrt else { return self.jacobian_of_many(wrt, wrt_span) };
        let renames = self.rename_pairs(renames, target, own);
        let e = self.to_real(e, span);
        let (te, tx) = (self.ty(&e), self.ty(target));
        let shared: Vec<Axis> = lifted.iter().filter(|a| te.has(a) && tx.has(a)).cloned().collect();
        if !shared.is_empty() {
            // Examples do not meet: the derivative of their sum has each one's own.
            let e = self.sum_over(&e, &shared, span);
            return match self.jacobian_node(&e, target, wrt_span, &renames, span) {
                Some(j) => Value::Array(j),
                None => Value::Unknown,
            };
        }
        let clash = tx.axes().find(|a| {
            let renamed = renames.iter().find(|r| r.0 == **a).map_or(*a, |r| &r.1);
            te.has(renamed)
        });
        if let Some(axis) = clash {
            let d = Diagnostic::new(
                &codes::check::E0338,
                span,
                format!("the result would have the axis `{axis}` twice: of the value and of the variable"),
                "in this derivative",
            )
            .help(format!("rename the variable's: `[{axis} -> {axis}2]` behind the function's name"));
            self.report(d);
            return Value::Unknown;
        }
        match self.jacobian_node(&e, target, wrt_span, &renames, span) {
            Some(j) => Value::Array(j),
            None => Value::Unknown,
        }
    }

    fn jacobian_node(
        &mut self,
        e: &Array,
        target: &Array,
        wrt_span: Span,
        renames: &[(Axis, Axis)],
        span: Span,
    ) -> Option<Array> {
        let output = self.node(e);
        let wrt = self.node(target);
        let (region, args) = self.extract(output, &[wrt], wrt_span)?;
        let ty = self.ty(target);
        let axes: Vec<Axis> = renames.iter().map(|r| r.0.clone()).collect();
        let dims: Vec<Dim> =
            renames.iter().filter_map(|r| ty.dim(&r.0).map(|d| Dim::new(r.1.clone(), d.size))).collect();
        let attrs = Attrs::axes(axes).with_dims(dims).with_ints(vec![0]).with_regions(vec![Arc::new(region)]);
        self.b().span = span;
        let node = self.b().mk(&ops::JACOBIAN, &args, attrs);
        Some(self.array(node))
    }

    /// The product of the Hessian with a direction: the gradient of `sum(grad(e, x) * v)`.
    fn hvp(
        &mut self,
        e: &Array,
        place: Span,
        wrt: &Value,
        wrt_span: Span,
        (v, v_span): (Value, Span),
        span: Span,
    ) -> Value {
        let g = self.gradient(e, place, wrt, wrt_span, &[], span);
        if g.is_unknown() || v.is_unknown() {
            return Value::Unknown;
        }
        if !g.same_structure(&v) {
            let d = Diagnostic::new(
                &codes::check::E0403,
                v_span,
                "the direction must be of the variable's kind",
                format!("this is {}", v.kind()),
            )
            .label(wrt_span, format!("the variable is {}", wrt.kind()));
            self.report(d);
            return Value::Unknown;
        }
        let mut total: Option<Array> = None;
        for (a, b) in Self::flatten(&g).iter().zip(Self::flatten(&v)) {
            let b = self.to_real(&b, v_span);
            let Value::Array(product) = self.apply(&ops::MUL, &[(a.clone(), span), (b, v_span)], Attrs::none(), span)
            else {
                return Value::Unknown;
            };
            let ty = self.ty(&product);
            let axes: Vec<Axis> = self.visible(&ty).into_iter().map(|d| d.axis).collect();
            let sum = self.sum_over(&product, &axes, span);
            total = Some(match total {
                Some(t) => self.must(&ops::ADD, &[&t, &sum], Attrs::none(), span),
                None => sum,
            });
        }
        match total {
            Some(total) => self.gradient(&total, place, wrt, wrt_span, &[], span),
            None => Value::Unknown,
        }
    }
}
/// Axes that a derivative's bracket renames.
fn renamed_names(f: &Function) -> Vec<Arc<str>> {
    match f {
        Function::Derivative { renames, .. } => renames.iter().map(|r| r.0.name.clone()).collect(),
        _ => Vec::new(),
    }
}

impl Closure {
    /// Parameters by name, for messages.
    pub fn parameter_names(&self) -> Vec<&str> {
        self.def.params.iter().map(|p| &*p.name.name).collect()
    }
}

//! Declarations of functions: checked once where they stand, with the axes of their signature, and inferred where the
//! signature is silent.

use super::Elaborator;
use super::infer::Probe;
use super::scope::{AxisSize, Env};
use super::value::{Array, Closure, Function, InferredElem, ParamTy, Signature, Value};
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::source::Span;
use crate::syntax::ast::{Def, Expr, ExprKind, Parameter};
use crate::types::{ArrayTy, Axis, Dim, Elem};
use std::sync::{Arc, OnceLock};

const MAX_ROUNDS: usize = 24;

impl Elaborator<'_> {
    /// The function that a `def`, `loss` or `query` declares.
    pub(super) fn declare(&mut self, def: &Arc<Def>) -> Value {
        for (i, param) in def.params.iter().enumerate() {
            if def.params[..i].iter().any(|p| p.name.name == param.name.name) {
                let d = Diagnostic::new(
                    &codes::check::E0205,
                    param.name.span,
                    format!("the parameter `{}` is named twice", param.name.name),
                    "again here",
                );
                let first = def.params.iter().find(|p| p.name.name == param.name.name);
                self.report(first.map_or(d.clone(), |p| d.label(p.name.span, "first here")));
            }
        }
        let closure = Closure { def: def.clone(), env: self.env.clone(), signature: OnceLock::new() };
        if !self.library {
            self.declaring.push(def.name.clone());
            self.signature(&closure);
            self.declaring.pop();
        }
        Value::Function(Arc::new(Function::Closure(closure)))
    }

    /// What is known of a function's parameters and result; looked into at the first use.
    pub(super) fn signature<'c>(&mut self, c: &'c Closure) -> &'c Signature {
        if c.signature.get().is_none() {
            let key = Arc::as_ptr(&c.def) as usize;
            let signature = match self.globals.signatures.get(&key) {
                Some(found) => found.signature.clone(),
                None => {
                    let found = self.examine(c);
                    let kept = super::scope::Examined { def: c.def.clone(), signature: found.clone() };
                    self.globals.signatures.insert(key, kept);
                    found
                }
            };
            let _ = c.signature.set(signature);
        }
        c.signature.get().unwrap_or(&super::value::OPEN_SIGNATURE)
    }

    /// Elaborates the body with symbolic arguments: reports its errors, infers what was not written.
    fn examine(&mut self, c: &Closure) -> Signature {
        let def = &c.def;
        let start = |p: &Parameter| match (&p.ty, &p.default) {
            (Some(_), _) => ParamTy::Declared,
            (None, Some(d)) if !is_plain_number(d) => ParamTy::Open,
            (None, _) => ParamTy::Inferred { elem: InferredElem::Real, axes: Vec::new() },
        };
        let mut params: Vec<ParamTy> = def.params.iter().map(start).collect();
        let saved_calls = std::mem::take(&mut self.calls);
        let saved_counters = std::mem::take(&mut self.counters);
        let mut signature = Signature::default();
        for _ in 0..MAX_ROUNDS {
            let (found, result, diagnostics) = self.examine_once(c, &params);
            let changed = found != params;
            params = found;
            if changed {
                continue;
            }
            let failed = diagnostics.has_errors();
            let untyped = params.iter().any(|p| matches!(p, ParamTy::Inferred { .. }));
            if failed && untyped {
                for p in &mut params {
                    if matches!(p, ParamTy::Inferred { .. }) {
                        *p = ParamTy::Open;
                    }
                }
                continue;
            }
            signature = Signature { params: params.clone(), result, broken: failed };
            self.diagnostics.extend(diagnostics.iter().cloned());
            break;
        }
        if signature.params.is_empty() {
            signature.params = vec![ParamTy::Open; def.params.len()];
        }
        self.calls = saved_calls;
        self.counters = saved_counters;
        signature
    }

    fn examine_once(&mut self, c: &Closure, params: &[ParamTy]) -> (Vec<ParamTy>, Option<String>, Diagnostics) {
        let def = &c.def;
        let saved = std::mem::take(&mut self.diagnostics);
        let saved_probing = std::mem::take(&mut self.probing);
        let outer_env = std::mem::replace(&mut self.env, c.env.clone());
        let facts = self.facts_of(&def.body);
        let outer_wrt = std::mem::replace(&mut self.wrt_names, facts.wrt.iter().cloned().collect());
        self.symbolic += 1;
        self.begin();
        let names = signature_axes(def, params);
        let captured = self.captured_axes(c, &facts);
        for name in &facts.makes {
            if !names.contains(name) && !captured.contains(name) {
                let axis = self.fresh_axis(name.clone());
                self.env.push_axis(name.clone(), vec![axis], AxisSize::Unknown);
            }
        }
        self.bind_signature_axes(&names);
        let mut values = Vec::new();
        for (i, param) in def.params.iter().enumerate() {
            values.push(self.symbolic_argument(c, param, &params[i], i));
        }
        let value = match &def.gradient {
            Some(gradient) => self.custom(def, gradient, &values, def.span),
            None => {
                for (param, value) in def.params.iter().zip(values) {
                    self.bind_local(&param.name, value);
                }
                self.expr(&def.body)
            }
        };
        let value = match &def.result {
            Some(ty) => self.ascribe_value(value, ty, def.body.span),
            None => value,
        };
        let result = (!value.is_unknown()).then(|| self.describe(&value).replace("a single ", ""));
        self.abandon();
        self.symbolic -= 1;
        self.wrt_names = outer_wrt;
        self.env = outer_env;
        let probes = std::mem::replace(&mut self.probing, saved_probing);
        let diagnostics = std::mem::replace(&mut self.diagnostics, saved);
        let mut found = params.to_vec();
        let mut probes = probes.into_iter();
        for p in &mut found {
            if matches!(p, ParamTy::Inferred { .. })
                && let Some(probe) = probes.next()
            {
                *p = probe.ty;
            }
        }
        (found, result, diagnostics)
    }

    fn bind_signature_axes(&mut self, names: &[Arc<str>]) {
        for name in names {
            let axis = self.axis_named(name);
            let size = self.b().sizes.fresh();
            self.env.push_axis(name.clone(), vec![axis], AxisSize::Known(size));
        }
    }

    /// A stand-in for an argument, of the type written or inferred.
    fn symbolic_argument(&mut self, c: &Closure, param: &Parameter, ty: &ParamTy, _index: usize) -> Value {
        match (ty, &param.ty) {
            (_, Some(written)) => self.symbolic_value(&param.name.name, written, param.span),
            (ParamTy::Inferred { elem, axes }, None) => {
                let elem = match elem {
                    InferredElem::Real => self.default_elem(c, param),
                    InferredElem::Label(k) => Elem::Label(self.axis_named(k)),
                };
                let dims = axes.iter().map(|n| self.scope_dim(n)).collect();
                let array_ty = ArrayTy::new(elem, dims);
                self.b().span = param.span;
                let id = self.input(&param.name.name, &array_ty, None);
                let level = self.level();
                self.probing.push(Probe { level, input: Some(id), ty: ty.clone(), changed: false });
                Value::Array(Array::Node { level, id })
            }
            (_, None) => match &param.default {
                Some(default) => self.expr(default),
                None => Value::Unknown,
            },
        }
    }

    fn default_elem(&mut self, c: &Closure, param: &Parameter) -> Elem {
        let Some(default) = &param.default else { return Elem::Real };
        let outer = std::mem::replace(&mut self.env, c.env.clone());
        let value = self.expr(default);
        self.env = outer;
        match value {
            Value::Array(a) => self.ty(&a).elem,
            _ => Elem::Real,
        }
    }

    /// An axis name of this scope as a dim.
    pub(super) fn scope_dim(&mut self, name: &Arc<str>) -> Dim {
        let axis: Axis = self.axis_named(name);
        match self.axis_size(name) {
            AxisSize::Known(size) => Dim::new(axis, size),
            _ => {
                let size = self.b().sizes.fresh();
                Dim::new(axis, size)
            }
        }
    }

    /// Arguments for `show`: inputs named as the parameters; parameters with a default have its value.
    pub(super) fn symbolic_arguments(&mut self, c: &Closure, span: Span) -> (Env, Vec<super::call::Argument>) {
        let outer = self.env.clone();
        let params = self.signature(c).params.clone();
        self.env = c.env.clone();
        let names = signature_axes(&c.def, &params);
        self.bind_signature_axes(&names);
        let mut args = Vec::new();
        for (param, ty) in c.def.params.iter().zip(&params) {
            let value = match (&param.default, ty) {
                (Some(default), _) => self.expr(default),
                (None, ParamTy::Inferred { elem, axes }) => {
                    let elem = match elem {
                        InferredElem::Real => Elem::Real,
                        InferredElem::Label(k) => Elem::Label(self.axis_named(k)),
                    };
                    let dims = axes.iter().map(|n| self.scope_dim(n)).collect();
                    let id = self.input(&param.name.name, &ArrayTy::new(elem, dims), None);
                    Value::Array(self.array(id))
                }
                (None, _) => match &param.ty {
                    Some(ty) => self.symbolic_value(&param.name.name, ty, param.span),
                    None => {
                        let d = Diagnostic::new(
                            &codes::check::E0419,
                            span,
                            format!(
                                "`{}` has no written type, so it cannot be shown without arguments",
                                param.name.name
                            ),
                            "asked for here",
                        )
                        .label(param.span, "write its type here, as in `x: real[d]`");
                        self.report(d);
                        Value::Unknown
                    }
                },
            };
            args.push(super::call::Argument { name: None, value, span });
        }
        let inner = std::mem::replace(&mut self.env, outer);
        (inner, args)
    }
}

fn is_plain_number(e: &Expr) -> bool {
    match &e.kind {
        ExprKind::Real(_) | ExprKind::Int(_) => true,
        ExprKind::Unary { value, .. } => is_plain_number(value),
        _ => false,
    }
}

/// Axis names of a signature, written and inferred, in order of appearance.
pub(super) fn signature_axes(def: &Def, params: &[ParamTy]) -> Vec<Arc<str>> {
    let mut names: Vec<Arc<str>> = def.axes.iter().map(|a| a.name.clone()).collect();
    for (param, ty) in def.params.iter().zip(params) {
        let axes = match (&param.ty, ty) {
            (Some(ty), _) => super::types::axes_of(ty),
            (None, ParamTy::Inferred { elem, axes }) => {
                let mut axes = axes.clone();
                if let InferredElem::Label(k) = elem {
                    axes.push(k.clone());
                }
                axes
            }
            _ => Vec::new(),
        };
        for name in axes {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// `f(z: real[k], y: label k, tau = 1) -> real`, inferred parts included.
pub fn signature_text(def: &Def, signature: Option<&Signature>, default_text: &dyn Fn(&Expr) -> String) -> String {
    let param = |(i, p): (usize, &Parameter)| {
        let inferred = signature.and_then(|s| s.params.get(i));
        let ty = match (&p.ty, inferred) {
            (Some(ty), _) => Some(super::types::type_text(ty)),
            (None, Some(ParamTy::Inferred { elem, axes })) if p.default.is_none() => {
                let dims = if axes.is_empty() { String::new() } else { format!("[{}]", axes.join(", ")) };
                Some(match elem {
                    InferredElem::Real => format!("real{dims}"),
                    InferredElem::Label(k) if dims.is_empty() => format!("label {k}"),
                    InferredElem::Label(k) => format!("label {k} {dims}"),
                })
            }
            _ => None,
        };
        let ty = ty.map_or(String::new(), |t| format!(": {t}"));
        let default = p.default.as_ref().map_or(String::new(), |d| format!(" = {}", default_text(d)));
        format!("{}{ty}{default}", p.name.name)
    };
    let params: Vec<String> = def.params.iter().enumerate().map(param).collect();
    let axes: Vec<&str> = def.axes.iter().map(|a| &*a.name).collect();
    let axes = if axes.is_empty() { String::new() } else { format!("[{}]", axes.join(", ")) };
    let result = match (&def.result, signature.and_then(|s| s.result.clone())) {
        (Some(ty), _) => format!(" -> {}", super::types::type_text(ty)),
        (None, Some(text)) => format!(" -> {text}"),
        _ => String::new(),
    };
    format!("{}{axes}({}){result}", def.name.name, params.join(", "))
}

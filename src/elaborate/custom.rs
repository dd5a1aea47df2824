//! Functions with a gradient of their own: `def f(x) = ... with grad(x, g) = ...`.

use super::Elaborator;
use super::control::{number_inputs, share_captures};
use super::value::{Array, Value};
use crate::diag::{Diagnostic, codes};
use crate::ir::{Attrs, NodeId};
use crate::ops;
use crate::source::Span;
use crate::syntax::ast::{CustomGradient, Def, Ident};
use crate::types::{Axis, Dim, Elem};
use std::sync::Arc;

impl Elaborator<'_> {
    /// A function with `with grad(x, g) = ...`, as a node that carries both.
    pub(super) fn custom(&mut self, def: &Def, gradient: &CustomGradient, values: &[Value], span: Span) -> Value {
        let leaves: Vec<Array> = values.iter().flat_map(Self::flatten).collect();
        let args: Vec<NodeId> = leaves.iter().map(|a| self.node(a)).collect();
        let env = self.env.clone();

        self.begin();
        let inner = self.region_arguments(def, values, &leaves);
        let value = self.expr(&def.body);
        self.env = env.clone();
        let Some(result) = self.want_array(value, def.body.span, "the result of a function with its own gradient")
        else {
            self.abandon();
            return Value::Unknown;
        };
        let result = self.to_real(&result, def.body.span);
        let result_ty = self.ty(&result);
        let out = self.node(&result);
        let (forward, forward_captures) = self.end(&inner, &[out]);

        self.begin();
        let inner = self.region_arguments(def, values, &leaves);
        let given = self.input(&gradient.given.name, &result_ty, None);
        let given_value = Value::Array(self.array(given));
        self.bind_local(&gradient.given, given_value);
        let value = self.expr(&gradient.body);
        self.env = env;
        let Some((outputs, ints)) = self.custom_gradients(def, gradient, values, value) else {
            self.abandon();
            return Value::Unknown;
        };
        let (mut backward, backward_captures) = self.end(&inner, &outputs);
        let (forward, shared_backward, captures) =
            share_captures(forward, forward_captures, backward, backward_captures, args.len());
        backward = shared_backward;
        backward.inputs.push(given);
        number_inputs(&mut backward);
        let mut inputs = args;
        inputs.extend(captures);
        self.b().span = span;
        let attrs = Attrs::ints(ints)
            .with_name(def.name.name.clone())
            .with_regions(vec![Arc::new(forward), Arc::new(backward)]);
        let node = self.b().mk(&ops::CUSTOM, &inputs, attrs);
        Value::Array(self.array(node))
    }

    /// Inputs for all array arguments, bound to the parameters.
    fn region_arguments(&mut self, def: &Def, values: &[Value], leaves: &[Array]) -> Vec<NodeId> {
        let mut inner = Vec::new();
        for (i, leaf) in leaves.iter().enumerate() {
            let ty = self.ty(leaf);
            let known = self.known_tensor(leaf);
            let name = def.params.get(i).map_or("x".into(), |p| p.name.name.clone());
            inner.push(self.input(&name, &ty, known));
        }
        let mut arrays: Vec<Array> = inner.iter().map(|id| self.array(*id)).collect();
        for (param, value) in def.params.iter().zip(values) {
            let n = Self::flatten(value).len();
            let rest = arrays.split_off(n.min(arrays.len()));
            let here = std::mem::replace(&mut arrays, rest);
            let value = Self::rebuild(value, &here);
            self.bind_local(&param.name, value);
        }
        inner
    }

    /// A known scalar, to stay known inside a region.
    fn known_tensor(&mut self, array: &Array) -> Option<crate::tensor::Tensor> {
        use crate::tensor::Tensor;
        let ty = self.ty(array);
        let value = if ty.is_scalar() && self.symbolic == 0 { self.known(array)? } else { return None };
        Some(match ty.elem {
            Elem::Real => Tensor::real(value, self.options.precision),
            Elem::Bool => Tensor::scalar(value != 0.0),
            _ => Tensor::scalar(value as i64),
        })
    }

    /// The gradients a custom rule gives, brought to the axes of its variables, and the indexes of those.
    fn custom_gradients(
        &mut self,
        def: &Def,
        gradient: &CustomGradient,
        values: &[Value],
        value: Value,
    ) -> Option<(Vec<NodeId>, Vec<i64>)> {
        let (mut outputs, mut ints) = (Vec::new(), Vec::new());
        for name in &gradient.wrt {
            let Some(i) = def.params.iter().position(|p| p.name.name == name.name) else {
                let d = Diagnostic::new(
                    &codes::check::E0422,
                    name.span,
                    format!(
                        "`{}` has no parameter `{}`: it takes {}",
                        def.name.name,
                        name.name,
                        def.params.iter().map(|p| &*p.name.name).collect::<Vec<_>>().join(", ")
                    ),
                    "not a parameter",
                )
                .label(def.name.span, "declared here");
                self.report(d);
                return None;
            };
            let part = match (&value, gradient.wrt.len()) {
                (Value::Record(fields), _) => {
                    fields.iter().find(|f| f.0 == name.name).map_or(Value::Unknown, |f| f.1.clone())
                }
                (v, 1) => v.clone(),
                _ => {
                    let d = Diagnostic::new(
                        &codes::check::E0425,
                        gradient.body.span,
                        "the gradient by several parameters is a record with a field for each",
                        format!("this is {}", value.kind()),
                    )
                    .help(format!(
                        "as in `{{{}}}`",
                        gradient.wrt.iter().map(|n| format!("{}: ...", n.name)).collect::<Vec<_>>().join(", ")
                    ));
                    self.report(d);
                    return None;
                }
            };
            let g = self.want_array(part, gradient.body.span, "a gradient")?;
            let Value::Array(param) = &values[i] else {
                let d = Diagnostic::new(
                    &codes::check::E0422,
                    name.span,
                    format!("`{}` is no array", name.name),
                    "has no gradient",
                );
                self.report(d);
                return None;
            };
            let g = self.to_real(&g, gradient.body.span);
            outputs.push(self.fit_gradient(&g, param, name, gradient)?);
            ints.push(values[..i].iter().map(|v| Self::flatten(v).len() as i64).sum());
        }
        Some((outputs, ints))
    }

    fn fit_gradient(&mut self, g: &Array, param: &Array, name: &Ident, gradient: &CustomGradient) -> Option<NodeId> {
        let (tg, tp) = (self.ty(g), self.ty(param));
        let surplus: Vec<Dim> = self.visible(&tg).into_iter().filter(|d| !tp.has(&d.axis)).collect();
        if !surplus.is_empty() && !self.visible(&tp).is_empty() {
            let (shown_g, shown_p) =
                (self.describe(&Value::Array(g.clone())), self.describe(&Value::Array(param.clone())));
            let d = Diagnostic::new(
                &codes::check::E0425,
                gradient.body.span,
                format!(
                    "the gradient by `{}` must have its axes: `{}` is {shown_p}, and this is {shown_g}",
                    name.name, name.name
                ),
                format!("this is {shown_g}"),
            )
            .label(name.span, format!("`{}` is {shown_p}", name.name))
            .help(format!(
                "sum over what is too many: `sum[{}](...)`",
                surplus.iter().map(|d| d.axis.to_string()).collect::<Vec<_>>().join(", ")
            ));
            self.report(d);
            return None;
        }
        let axes: Vec<Axis> = tg.axes().filter(|a| !tp.has(a)).cloned().collect();
        let span = gradient.body.span;
        let summed = self.sum_over(g, &axes, span);
        let full = self.broadcast(&summed, &tp.dims, span);
        let ordered = self.in_order(&full, &tp.dims, span);
        Some(self.node(&ordered))
    }
}

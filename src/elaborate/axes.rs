//! What the axis names of a signature stand for in one call: an argument's axis of the same name, the axis a label
//! counts along, or the only one that fits. The rest lifts.

use super::Elaborator;
use super::scope::AxisSize;
use super::value::{Closure, InferredElem, ParamTy, Value};
use crate::diag::{Diagnostic, codes};
use crate::source::Span;
use crate::syntax::ast::{BracketEntry, BracketKind, Def, ElemExpr, ExprKind, Parameter, TypeExprKind};
use crate::types::{Axis, Dim, Elem, Size};
use std::sync::Arc;

/// An axis name of a signature and what it stands for in one call.
pub(super) struct BoundAxis {
    pub name: Arc<str>,
    pub axes: Vec<Axis>,
    pub size: Option<Size>,
}

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

impl Elaborator<'_> {
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

    pub(super) fn bind_axes(
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
                let size = size.or_else(|| self.size_around(&axis));
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
                    self.lacks_axes(def, param, &values[i], &open, None, spans[i]);
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
                let axis = bound.iter().find(|b| b.name == lacking[0]).and_then(|b| b.axes.first().cloned());
                self.lacks_axes(def, param, &values[i], &lacking, axis, spans[i]);
                return None;
            }
        }
        Some(bound)
    }

    /// Axis names of the body that arguments of no declared type have: they mean those axes.
    pub(super) fn bind_open(
        &mut self,
        c: &Closure,
        facts: &super::facts::Facts,
        values: &[Value],
        bound: &mut Vec<BoundAxis>,
    ) {
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

    pub(super) fn arrays_of(&self, value: &Value) -> Vec<Vec<Dim>> {
        let mut all = Vec::new();
        value.arrays(&mut |a| {
            let ty = self.ty(a);
            all.push(self.visible(&ty));
        });
        all
    }

    /// `comp_sum[k = classes](z, y)`, and the brackets of `def mean[axes](x)`.
    /// How long an axis is where the call stands.
    fn size_around(&mut self, axis: &Axis) -> Option<Size> {
        let name = axis.shared_name();
        let here = self.axis_named(&name) == *axis;
        match self.axis_size(&name) {
            AxisSize::Known(size) if here => Some(size),
            _ => None,
        }
    }

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
                        )
                        .help(format!("as in `{}[{} = classes](...)`", def.name.name, name.name));
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
        let made = self.facts_of(&def.body).makes.clone();
        for entry in entries {
            let BracketKind::Axis(name) = &entry.kind else { continue };
            let unmet = |a: &Axis| !sizes.iter().any(|s| s.0 == *a);
            let builds = def.axes.iter().any(|a| made.contains(&a.name));
            if !sizes.is_empty() && !builds && self.axes_named(&name.name).iter().all(unmet) {
                let list: Vec<String> = sizes.iter().map(|s| format!("`{}`", s.0)).collect();
                let d = Diagnostic::new(
                    &codes::check::E0302,
                    name.span,
                    format!("no argument has the axis `{}`", name.name),
                    "asked for here",
                )
                .label(span, format!("the arguments have {}", list.join(", ")));
                self.report(d);
                return None;
            }
        }
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

    fn lacks_axes(
        &mut self,
        def: &Def,
        param: &Parameter,
        value: &Value,
        names: &[Arc<str>],
        bound: Option<Axis>,
        span: Span,
    ) {
        if let Value::Array(array) = value {
            let demanded: Vec<bool> = names.iter().map(|name| self.demand_axis(array, name)).collect();
            if demanded.contains(&true) {
                return;
            }
        }
        let found = self.describe(value);
        let wanted = param.ty.as_ref().map_or(String::new(), super::types::type_text);
        let list: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
        let bare = self.arrays_of(value).iter().all(Vec::is_empty);
        let axes: Vec<String> = self.arrays_of(value).into_iter().flatten().map(|d| d.axis.to_string()).collect();
        let help = match (bare, &axes[..], bound) {
            (true, ..) => format!("a number repeated along the axis is `full[{}: size](...)`", names[0]),
            (false, [one], Some(axis)) => {
                format!(
                    "`{}` is `{axis}` of another argument; if `{one}` is that axis, rename it: `[{one} -> {axis}]`",
                    names[0]
                )
            }
            _ => format!("if one of its axes is meant, say so: `{}[{} = ...](...)`", def.name.name, names[0]),
        };
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
        .help(help);
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

    /// Axis names that arrays from around a function bring along: in its body they mean those axes.
    pub(super) fn captured_axes(&mut self, c: &Closure, facts: &super::facts::Facts) -> Vec<Arc<str>> {
        let outer = std::mem::replace(&mut self.env, c.env.clone());
        let mut found: Vec<Arc<str>> = Vec::new();
        for name in &facts.reads {
            if facts.binds.contains(name) || c.def.params.iter().any(|p| p.name.name == *name) {
                continue;
            }
            let Some(value) = self.lookup(name) else { continue };
            value.arrays(&mut |a| {
                let own = |x: &Axis| self.axes_named(x.name()).contains(x);
                found.extend(self.ty(a).axes().filter(|x| own(x)).map(Axis::shared_name));
            });
        }
        self.env = outer;
        found
    }

    /// Sizes written in the signature, and one size for each axis over all arguments.
    pub(super) fn check_sizes(
        &mut self,
        def: &Def,
        bound: &mut [BoundAxis],
        values: &[Value],
        spans: &[Span],
    ) -> Option<()> {
        let mut fits = Some(());
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
                        let set = (0..i).find(|j| match &values[*j] {
                            Value::Array(a) => self.ty(a).dim(&dim.axis).and_then(|d| d.size.known()) == Some(want),
                            _ => false,
                        });
                        if let Some(j) = set {
                            d = d.label(spans[j], format!("this has `{}: {want}`", dim.axis));
                        }
                        self.report(d.help("an axis of a signature has one size in all arguments"));
                        fits = None;
                    }
                }
            }
        }
        fits
    }

    /// Axes of array arguments that the signature does not bind.
    pub(super) fn lifted_axes(&mut self, c: &Closure, bound: &[BoundAxis], values: &[Value]) -> Vec<Axis> {
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
    pub(super) fn hidden_axes(
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
}

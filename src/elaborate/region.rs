//! The part of a graph between variables and an output, as a closed region to be differentiated.

use super::Elaborator;
use crate::diag::{Diagnostic, codes};
use crate::ir::{Attrs, Builder, Graph, NodeId};
use crate::ops;
use crate::source::Span;
use std::sync::Arc;

impl Elaborator<'_> {
    /// The graph from the variables to an output as a closed region, with the arguments for its inputs: the variables
    /// first. Reports an output that does not depend on them.
    pub(super) fn extract(&mut self, output: NodeId, wrt: &[NodeId], wrt_span: Span) -> Option<(Graph, Vec<NodeId>)> {
        let depends = self.dependents(wrt);
        if !depends[output.index()] {
            self.no_dependence(wrt, wrt_span);
            return None;
        }
        let precision = self.options.precision;
        let graph = &self.frames.last().expect("internal: no graph").builder.graph;
        let sizes = &self.frames.last().expect("internal: no graph").builder.sizes;
        let mut needed = vec![false; graph.nodes.len()];
        needed[output.index()] = true;
        for id in (0..=output.0).rev().map(NodeId) {
            let node = graph.node(id);
            let apart = costly(node) || variable(node);
            let leaf = wrt.contains(&id) || node.is(&ops::INPUT) || (apart && !depends[id.index()]);
            if needed[id.index()] && !leaf {
                node.inputs.iter().for_each(|i| needed[i.index()] = true);
            }
        }
        let mut region = Builder::new(precision);
        let mut here: Vec<Option<NodeId>> = vec![None; graph.nodes.len()];
        let mut args: Vec<NodeId> = Vec::new();
        let add_input = |region: &mut Builder, id: NodeId, args: &mut Vec<NodeId>| {
            let node = graph.node(id);
            let ty = node.ty().resolve(sizes);
            let name = own_name(graph, id);
            region.span = node.span;
            let attrs = Attrs {
                elem: Some(ty.elem.clone()),
                data: node.attrs.data.clone().filter(|_| node.is(&ops::INPUT)),
                ..Attrs::dims(ty.dims).with_ints(vec![args.len() as i64]).with_name(name)
            };
            args.push(id);
            let input = region.mk(&ops::INPUT, &[], attrs);
            region.graph.inputs.push(input);
            input
        };
        for &id in wrt {
            if here[id.index()].is_none() {
                here[id.index()] = Some(add_input(&mut region, id, &mut args));
            }
        }
        for id in (0..=output.0).map(NodeId).filter(|id| needed[id.index()]) {
            if here[id.index()].is_some() {
                continue;
            }
            let node = graph.node(id);
            let apart = costly(node) || variable(node);
            let outside = node.is(&ops::INPUT) || (apart && !depends[id.index()]);
            let single = node.tys.len() == 1;
            here[id.index()] = Some(if outside && single {
                add_input(&mut region, id, &mut args)
            } else {
                let mut node = node.clone();
                for input in &mut node.inputs {
                    *input = match here[input.index()] {
                        Some(i) => i,
                        None => add_input(&mut region, *input, &mut args),
                    };
                }
                region.push(node)
            });
        }
        let out = here[output.index()].expect("internal: output was copied");
        region.graph.outputs = vec![out];
        self.warn_lost_dependence(wrt, &args, wrt_span);
        Some((region.graph, args))
    }

    /// A lint for stored values that were computed from a variable and then enter what is differentiated by it.
    fn warn_lost_dependence(&mut self, wrt: &[NodeId], args: &[NodeId], wrt_span: Span) {
        if self.level() != 0 {
            return;
        }
        let stored = |id: &NodeId| self.stored.iter().find(|(_, input)| input == id).map(|(s, _)| s.clone());
        let variables: Vec<_> = wrt.iter().filter_map(stored).collect();
        let lost = args.iter().filter_map(stored).find_map(|s| {
            let variable = variables.iter().find(|v| s.from.contains(&v.name))?;
            Some((s, variable.name.clone()))
        });
        if let Some((s, variable)) = lost {
            let d = Diagnostic::new(
                &codes::check::W0302,
                wrt_span,
                format!("`{}` was computed from `{variable}` before, and the gradient does not follow it", s.name),
                format!("differentiated by `{variable}` here"),
            )
            .label(s.span, format!("`{}` is a plain value since this line", s.name))
            .help(format!("make `{}` a function of `{variable}`, or compute it inside what is differentiated", s.name));
            self.report(d);
        }
    }

    /// For each node of the graph at hand, whether it depends on one of the given ones.
    fn dependents(&self, of: &[NodeId]) -> Vec<bool> {
        let graph = &self.frames.last().expect("internal: no graph").builder.graph;
        let mut depends = vec![false; graph.nodes.len()];
        for &id in of {
            depends[id.index()] = true;
        }
        for id in graph.ids() {
            if graph.node(id).inputs.iter().any(|i| depends[i.index()]) {
                depends[id.index()] = true;
            }
        }
        depends
    }

    fn no_dependence(&mut self, wrt: &[NodeId], span: Span) {
        if self.probing_any() {
            return;
        }
        let graph = &self.frames.last().expect("internal: no graph").builder.graph;
        let name = wrt.first().map(|id| own_name(graph, *id)).filter(|n| crate::ops::find(n).is_none());
        let shown = name.as_ref().map_or("this variable".to_string(), |n| format!("`{n}`"));
        let through =
            self.stored.iter().find(|(s, _)| name.as_ref().is_some_and(|n| s.from.contains(n))).map(|(s, _)| s.clone());
        let mut d = Diagnostic::new(
            &codes::check::E0424,
            span,
            format!("the value does not depend on {shown}, so its gradient is zero everywhere"),
            "differentiated by this",
        );
        if let Some(s) = through {
            d = d
                .label(s.span, format!("`{}` was computed from {shown} here, and is a plain value since", s.name))
                .help(format!(
                    "make `{}` a function of {shown}, or compute it inside the expression that is differentiated",
                    s.name
                ));
        }
        self.report(d);
    }
}

/// Another variable that a gradient is asked with respect to: it stays one, for derivatives of this derivative.
fn variable(node: &crate::ir::Node) -> bool {
    node.is(&ops::RENAME) && !node.attrs.ints.is_empty()
}

/// The name of a node in formulas and messages; a cast has that of what it casts.
fn own_name(graph: &Graph, id: NodeId) -> Arc<str> {
    let node = graph.node(id);
    match (&node.attrs.name, node.is(&ops::CAST)) {
        (Some(name), _) => name.clone(),
        (None, true) => own_name(graph, node.inputs[0]),
        (None, false) => node.op.name.into(),
    }
}

/// Nodes whose value is passed in rather than computed again inside a differentiated region.
fn costly(node: &crate::ir::Node) -> bool {
    node.is(&ops::LOOP) || node.is(&ops::COND)
}

//! Differentiation: every `GRAD` and `JACOBIAN` node of a graph is replaced by nodes that compute it, innermost first.
//! What is differentiated is made stable before and simplified after. The driver that goes backwards through nodes,
//! [`vjp`], stands with the rules it calls in `ops`. A graph goes in, a graph without gradients to take comes out, or
//! the operation that has none.

use crate::ir::verify::debug_verify;
use crate::ir::{Attrs, Builder, Graph, Node, NodeId, RunFault};
use crate::ops::vjp::conform;
use crate::ops::{Build, CONST, GET, GRAD, JACOBIAN, fold, loops};
use crate::rewrite::{self, Journal};
use crate::types::{Axis, Dim, Elem};
use std::sync::Arc;

pub use crate::ops::vjp::vjp;

/// What is done with a graph before and after it is differentiated.
pub struct Passes<'a> {
    pub stabilise: &'a mut dyn FnMut(Graph) -> Graph,
    pub simplify: &'a mut dyn FnMut(Graph) -> Graph,
}

/// Everything between a checked graph and its plan: made stable, differentiated, simplified, loops that do the same
/// rounds made one.
pub fn prepare(graph: &Graph, journal: &mut Journal) -> Result<Graph, RunFault> {
    let stable = rewrite::stabilise(graph, journal);
    let simple = rewrite::simplify(&differentiate(&stable, journal)?);
    let graph = loops::trim(&loops::merge(&simple));
    debug_verify(&graph, "preparation");
    Ok(graph)
}

/// Replaces every gradient in a graph and in its regions, with the passes of `rewrite`; what was made stable is added
/// to the journal. The rest of the graph is left as it is.
pub fn differentiate(graph: &Graph, journal: &mut Journal) -> Result<Graph, RunFault> {
    let mut stabilise = |graph: Graph| rewrite::stabilise(&graph, journal);
    let mut simplify = |graph: Graph| rewrite::simplify(&graph);
    expand(graph, &mut Passes { stabilise: &mut stabilise, simplify: &mut simplify })
}

/// Replaces every gradient in a graph and in its regions, with passes of the caller's.
pub fn expand(graph: &Graph, passes: &mut Passes) -> Result<Graph, RunFault> {
    if !takes_gradients(graph) {
        return Ok(graph.clone());
    }
    let mut expander = Expander { graph, b: Builder::new(graph.precision), here: vec![Vec::new(); graph.nodes.len()] };
    for &id in &graph.inputs {
        let new = expander.b.push(graph.node(id).clone());
        expander.b.graph.inputs.push(new);
        expander.here[id.index()] = vec![new];
    }
    let live = graph.live();
    for id in graph.ids().filter(|id| live[id.index()]) {
        if expander.here[id.index()].is_empty() {
            expander.here[id.index()] = expander.node(graph.node(id), passes)?;
        }
    }
    let outputs = graph.outputs.iter().map(|out| expander.here[out.index()][0]).collect();
    let expanded = loops::trim(&loops::merge(&expander.b.finish(outputs)));
    debug_verify(&expanded, "differentiation");
    Ok(expanded)
}

fn takes_gradients(graph: &Graph) -> bool {
    let of_node = |node: &Node| {
        node.is(&GRAD) || node.is(&JACOBIAN) || node.attrs.regions.iter().any(|region| takes_gradients(region))
    };
    graph.nodes.iter().any(of_node)
}

struct Expander<'a> {
    graph: &'a Graph,
    b: Builder,
    /// For each node its new id; for an expanded gradient its outputs.
    here: Vec<Vec<NodeId>>,
}

impl Expander<'_> {
    fn node(&mut self, node: &Node, passes: &mut Passes) -> Result<Vec<NodeId>, RunFault> {
        if node.is(&GET) {
            let source = self.graph.node(node.inputs[0]);
            if source.is(&GRAD) || source.is(&JACOBIAN) {
                let output = node.attrs.ints.first().copied().unwrap_or(0) as usize;
                return Ok(vec![self.here[node.inputs[0].index()][output]]);
            }
        }
        let mut node = node.clone();
        node.inputs = node.inputs.iter().map(|input| self.here[input.index()][0]).collect();
        for region in &mut node.attrs.regions {
            *region = Arc::new(expand(region, passes)?);
        }
        if !node.is(&GRAD) && !node.is(&JACOBIAN) {
            return Ok(vec![self.b.push(node)]);
        }
        (self.b.span, self.b.exact) = (node.span, node.exact);
        let f = self.with_known_counts(&node);
        let wrt: Vec<usize> = node.attrs.ints.iter().map(|&i| i as usize).collect();
        let derived = if node.is(&GRAD) {
            gradient(f, &wrt, node.attrs.name.as_deref() == Some("value_and_grad"), passes)
        } else {
            jacobian(f, wrt[0], &node, passes)
        };
        let derived = derived.map_err(|mut fault| {
            fault.span = fault.span.or(Some(node.span));
            fault
        })?;
        Ok(self.b.inline(&derived, &node.inputs))
    }

    /// The function with arguments that are constant whole numbers written into it: loops that they bound can then be
    /// differentiated.
    fn with_known_counts(&self, node: &Node) -> Graph {
        let f = &node.attrs.regions[0];
        let mut b = Builder::new(f.precision);
        let mut args = Vec::new();
        for (&input, &outer) in f.inputs.iter().zip(&node.inputs) {
            let new = b.push(f.node(input).clone());
            b.graph.inputs.push(new);
            let int = *self.b.graph.ty(outer) == crate::types::ArrayTy::scalar(Elem::Int);
            let value = if int { fold::evaluate(&self.b.graph, &self.b.sizes, outer) } else { None };
            args.push(match value {
                Some(value) => {
                    b.mk(&CONST, &[], Attrs { elem: Some(Elem::Int), ..Attrs::ints([value.slice::<i64>()[0]]) })
                }
                None => new,
            });
        }
        let outputs = b.inline(f, &args);
        b.finish(outputs)
    }
}

/// The gradient of the first output of `f` by some of its arguments, as a graph of the same arguments: one output per
/// index in `wrt`, of that argument's type; with `values`, all outputs of `f` before them. A first output with axes
/// counts as the sum of its elements.
pub fn gradient(f: Graph, wrt: &[usize], values: bool, passes: &mut Passes) -> Result<Graph, RunFault> {
    let f = (passes.stabilise)(f);
    let (inputs, outputs) = (f.inputs.clone(), f.outputs.clone());
    let mut b = Builder::from_graph(f);
    b.span = b.graph.node(outputs[0]).span;
    let ty = b.ty(outputs[0]);
    let seed = b.full(1.0, &ty.dims);
    let wrt: Vec<NodeId> = wrt.iter().map(|&i| inputs[i]).collect();
    let grads = vjp(&mut b, &outputs[..1], &[Some(seed)], &wrt)?;
    let mut results = if values { outputs } else { Vec::new() };
    for (input, grad) in wrt.iter().zip(grads) {
        let grad = grad.unwrap_or_else(|| b.real(0.0));
        let dims = b.ty(*input).dims;
        results.push(conform(&mut b, grad, &dims));
    }
    let graph = (passes.simplify)(loops::merge(&b.finish(results)));
    debug_verify(&graph, "differentiation");
    Ok(graph)
}

/// The derivative of each element of the output of `f` by each of one argument: axes of the output, then of the
/// argument as the `JACOBIAN` node renames them. All rows at once: the cotangent is an identity over further axes.
fn jacobian(f: Graph, wrt: usize, node: &Node, passes: &mut Passes) -> Result<Graph, RunFault> {
    let f = (passes.stabilise)(f);
    let (input, output) = (f.inputs[wrt], f.outputs[0]);
    let mut b = Builder::from_graph(f);
    b.span = node.span;
    let (result, argument) = (b.ty(output), b.ty(input));
    let rows: Vec<Dim> =
        result.dims.iter().map(|dim| Dim::new(b.fresh_axis(dim.axis.shared_name()), dim.size)).collect();
    let mut seed = b.real(1.0);
    for (dim, row) in result.dims.iter().zip(&rows) {
        let (here, there) = (b.iota(dim), b.iota(row));
        let (here, there) = (b.cast(here, Elem::Int), b.cast(there, Elem::Int));
        let same = b.eq(here, there);
        let same = b.cast_real(same);
        seed = b.mul(seed, same);
    }
    let grad = vjp(&mut b, &[output], &[Some(seed)], &[input])?[0];
    let grad = grad.unwrap_or_else(|| b.real(0.0));
    let all: Vec<Dim> = rows.iter().chain(&argument.dims).cloned().collect();
    let grad = conform(&mut b, grad, &all);
    let from: Vec<Axis> = all.into_iter().map(|dim| dim.axis).collect();
    let columns = crate::ops::jacobian_columns(&node.attrs, &argument);
    let to: Vec<Dim> = result.dims.iter().cloned().chain(columns).collect();
    let grad = if from.is_empty() { grad } else { b.rename_all(grad, &from, &to) };
    let graph = (passes.simplify)(loops::merge(&b.finish(vec![grad])));
    debug_verify(&graph, "differentiation");
    Ok(graph)
}

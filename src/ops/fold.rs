//! Constants worked out before anything runs: for simplification, static conditions, loop bounds and sizes. Only
//! small values that depend on no argument and on no random draw; everything else answers `None`.

use super::{GET, INPUT, run_kernel};
use crate::ir::{Graph, Kernel, KernelArgs, Node, NodeId, RunFault, Runner};
use crate::tensor::Tensor;
use crate::types::Sizes;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Arrays with more elements are not folded.
const MOST_ELEMENTS: usize = 4096;
/// Values that hang on more nodes are not folded.
const MOST_NODES: usize = 20_000;

/// The value of a node with one output, if it is a small constant. Never fails: what would fault when run is `None`.
pub fn evaluate_constant(graph: &Graph, node: NodeId) -> Option<Tensor> {
    evaluate(graph, &Sizes::default(), node)
}

/// The same while sizes are still being found (in a builder).
pub fn evaluate(graph: &Graph, sizes: &Sizes, node: NodeId) -> Option<Tensor> {
    evaluate_from(graph, sizes, node, false)
}

/// The same, where arguments whose value is known now (attribute `data`) count as constants: for choices made while a
/// statement is elaborated with the values at hand.
pub fn evaluate_known(graph: &Graph, sizes: &Sizes, node: NodeId) -> Option<Tensor> {
    evaluate_from(graph, sizes, node, true)
}

fn evaluate_from(graph: &Graph, sizes: &Sizes, node: NodeId, arguments: bool) -> Option<Tensor> {
    let cone = cone(graph, sizes, node, arguments)?;
    let mut values: BTreeMap<NodeId, Vec<Tensor>> = BTreeMap::new();
    for id in cone {
        let value = compute(graph, sizes, id, &values)?;
        values.insert(id, value);
    }
    values.remove(&node)?.into_iter().next()
}

/// A scalar constant as a number (`false` is 0, `true` is 1).
pub fn scalar(graph: &Graph, sizes: &Sizes, node: NodeId) -> Option<f64> {
    if !graph.node(node).tys.first().is_some_and(|ty| ty.is_scalar()) {
        return None;
    }
    evaluate(graph, sizes, node)?.to_f64().first().copied()
}

/// The nodes that a constant hangs on, in order; `None` if it is none.
fn cone(graph: &Graph, sizes: &Sizes, node: NodeId, arguments: bool) -> Option<Vec<NodeId>> {
    let mut wanted = std::collections::BTreeSet::new();
    let mut stack = vec![node];
    while let Some(id) = stack.pop() {
        if !wanted.insert(id) {
            continue;
        }
        let node = graph.node(id);
        if arguments && known_argument(node) {
            continue;
        }
        if wanted.len() > MOST_NODES || !constant_op(node) || !small(node, sizes) {
            return None;
        }
        stack.extend(&node.inputs);
    }
    Some(wanted.into_iter().collect())
}

fn known_argument(node: &Node) -> bool {
    node.is(&INPUT) && node.attrs.data.is_some()
}

fn constant_op(node: &Node) -> bool {
    let executed = !matches!(node.op.kernel, Kernel::None) || node.is(&GET);
    // A loop is bounded, but nobody knows how long it takes.
    executed && !node.is(&INPUT) && node.op.name != "random" && node.attrs.regions.is_empty()
}

fn small(node: &Node, sizes: &Sizes) -> bool {
    let fits = |ty: &crate::types::ArrayTy| {
        let len = ty.resolve(sizes).shape().and_then(|s| s.iter().try_fold(1usize, |n, m| n.checked_mul(*m)));
        len.is_some_and(|len| len <= MOST_ELEMENTS)
    };
    let known = node.attrs.dims.iter().all(|dim| sizes.resolve(dim.size).known().is_some());
    known && node.tys.iter().all(fits)
}

fn compute(graph: &Graph, sizes: &Sizes, id: NodeId, values: &BTreeMap<NodeId, Vec<Tensor>>) -> Option<Vec<Tensor>> {
    let node = graph.node(id);
    if let (true, Some(data)) = (node.is(&INPUT), &node.attrs.data) {
        return Some(vec![Tensor::clone(&data.0)]);
    }
    if node.is(&GET) {
        let index = node.attrs.ints.first().copied().unwrap_or(0) as usize;
        return Some(vec![values.get(&node.inputs[0])?.get(index)?.clone()]);
    }
    let inputs: Option<Vec<Tensor>> = node.inputs.iter().map(|i| values.get(i)?.first().cloned()).collect();
    let input_tys: Vec<_> = node.inputs.iter().map(|i| graph.ty(*i).resolve(sizes)).collect();
    let output_tys: Vec<_> = node.tys.iter().map(|ty| ty.resolve(sizes)).collect();
    let attrs = node.attrs.resolve(sizes);
    let args = KernelArgs {
        inputs: inputs?,
        input_tys: input_tys.iter().collect(),
        attrs: &attrs,
        output_tys: &output_tys,
        precision: graph.precision,
        runner: &NoRegions,
    };
    run_kernel(node.op, args).ok()
}

/// Folding runs no regions.
struct NoRegions;

impl Runner for NoRegions {
    fn run(&self, _: &Arc<Graph>, _: Vec<Tensor>) -> Result<Vec<Tensor>, RunFault> {
        Err(RunFault::cancelled())
    }

    fn cancelled(&self) -> bool {
        false
    }
}

//! Checks of a graph's invariants, run after every pass in debug builds. A graph goes in; the first thing found wrong
//! comes out. Changes nothing.

use super::{Builder, Graph, Kernel, Node, NodeId};
use crate::types::{ArrayTy, Size};

/// Panics (an internal error) in debug builds if the graph breaks an invariant; `pass` says who made it.
pub fn debug_verify(graph: &Graph, pass: &str) {
    if cfg!(debug_assertions)
        && let Err(fault) = verify(graph)
    {
        panic!("internal: after {pass}: {fault}\n{}", super::print::graph(graph));
    }
}

/// Topological order; inputs numbered and complete; outputs present; every type as inference gives it; regions closed
/// (they verify by themselves) and fitting their node (its inference rule says so).
pub fn verify(graph: &Graph) -> Result<(), String> {
    inputs(graph)?;
    if let Some(out) = graph.outputs.iter().find(|out| out.index() >= graph.nodes.len()) {
        return Err(format!("output %{} does not exist", out.0));
    }
    let mut builder = Builder::new(graph.precision);
    let mut rebuilt: Vec<NodeId> = Vec::with_capacity(graph.nodes.len());
    for id in graph.ids() {
        let node = graph.node(id);
        if let Some(input) = node.inputs.iter().find(|input| **input >= id) {
            return Err(format!("%{} uses %{}, which is not before it", id.0, input.0));
        }
        for (i, region) in node.attrs.regions.iter().enumerate() {
            verify(region).map_err(|fault| format!("in region {i} of %{}: {fault}", id.0))?;
        }
        rebuilt.push(reinfer(&mut builder, &rebuilt, id, node)?);
    }
    Ok(())
}

fn inputs(graph: &Graph) -> Result<(), String> {
    for (i, input) in graph.inputs.iter().enumerate() {
        let Some(node) = graph.nodes.get(input.index()).filter(|node| is_input(node)) else {
            return Err(format!("argument {i} is %{}, which is not an input node", input.0));
        };
        if node.attrs.ints.first() != Some(&(i as i64)) {
            return Err(format!("argument {i} is %{}, which is numbered {:?}", input.0, node.attrs.ints));
        }
    }
    match graph.ids().find(|id| is_input(graph.node(*id)) && !graph.inputs.contains(id)) {
        Some(id) => Err(format!("input node %{} is not among the arguments", id.0)),
        None => Ok(()),
    }
}

/// Leaves that are never executed are the inputs.
fn is_input(node: &Node) -> bool {
    node.inputs.is_empty() && matches!(node.op.kernel, Kernel::None) && node.attrs.regions.is_empty()
}

fn reinfer(builder: &mut Builder, rebuilt: &[NodeId], id: NodeId, node: &Node) -> Result<NodeId, String> {
    let inputs: Vec<NodeId> = node.inputs.iter().map(|input| rebuilt[input.index()]).collect();
    builder.exact = node.exact;
    let again = builder
        .node(node.op, &inputs, node.attrs.clone())
        .map_err(|fault| format!("%{} = {} does not fit: {}", id.0, node.op.name, fault.message))?;
    let tys = &builder.graph.node(again).tys;
    if tys.len() != node.tys.len() || tys.iter().zip(&node.tys).any(|(a, b)| !agree(a, b)) {
        let list = |tys: &[ArrayTy]| tys.iter().map(|ty| format!("{ty:?}")).collect::<Vec<_>>().join("; ");
        return Err(format!("%{} = {} has type {}, not {}", id.0, node.op.name, list(tys), list(&node.tys)));
    }
    Ok(again)
}

/// Equal, as far as sizes are known: an open size agrees with any other.
fn agree(a: &ArrayTy, b: &ArrayTy) -> bool {
    let sizes_agree = |a: Size, b: Size| a.known().is_none() || b.known().is_none() || a == b;
    a.elem == b.elem
        && a.dims.len() == b.dims.len()
        && a.dims.iter().zip(&b.dims).all(|(a, b)| a.axis == b.axis && sizes_agree(a.size, b.size))
}

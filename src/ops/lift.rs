//! Graphs copied with arguments that have more axes than they were built for. Single operations carry further axes
//! by name on their own; this takes regions along: their inputs, states and results get the axes too.

use super::vjp::conform;
use super::{Build, COND, CUSTOM, LOOP, LoopShape};
use crate::diag::codes::check;
use crate::ir::{Attrs, Builder, Graph, Node, NodeId, RunFault};
use crate::types::{ArrayTy, Dim};
use std::sync::Arc;

/// As [`Builder::inline`], regions lifted where arguments have more axes. A fault where control itself would have to
/// differ along the new axes: a loop that would stop earlier for some.
pub fn inline(b: &mut Builder, graph: &Graph, args: &[NodeId]) -> Result<Vec<NodeId>, RunFault> {
    let live = graph.live();
    let mut here: Vec<Option<NodeId>> = vec![None; graph.nodes.len()];
    for (input, &arg) in graph.inputs.iter().zip(args) {
        here[input.index()] = Some(arg);
    }
    let (span, exact) = (b.span, b.exact);
    for id in graph.ids().filter(|id| live[id.index()]) {
        if here[id.index()].is_some() {
            continue;
        }
        let node = graph.node(id);
        let inputs: Vec<NodeId> = node.inputs.iter().map(|i| here[i.index()].expect("internal: order")).collect();
        (b.span, b.exact) = (node.span, node.exact);
        let more = |(old, new): (&NodeId, &NodeId)| graph.ty(*old).dims.len() != b.ty(*new).dims.len();
        let widened = !node.attrs.regions.is_empty() && node.inputs.iter().zip(&inputs).any(more);
        here[id.index()] = Some(match widened {
            true => lifted(b, node, inputs)?,
            false => b.mk(node.op, &inputs, node.attrs.clone()),
        });
    }
    (b.span, b.exact) = (span, exact);
    Ok(graph.outputs.iter().map(|o| here[o.index()].expect("internal: output")).collect())
}

fn lifted(b: &mut Builder, node: &Node, inputs: Vec<NodeId>) -> Result<NodeId, RunFault> {
    if node.is(&LOOP) {
        lift_loop(b, node, inputs)
    } else if node.is(&COND) {
        lift_cond(b, node, inputs)
    } else if node.is(&CUSTOM) {
        lift_custom(b, node, inputs)
    } else {
        Err(fault(node))
    }
}

fn fault(node: &Node) -> RunFault {
    let message = format!("`{}` cannot run for a whole axis at once", node.op.name);
    let mut fault = RunFault::new(&check::E0343, message, "this would have to go differently along an axis");
    fault.span = Some(node.span);
    fault
}

/// A region for arguments of these types, with what is to become of its outputs.
fn region(
    b: &mut Builder,
    region: &Graph,
    tys: &[ArrayTy],
    finish: &mut dyn FnMut(&mut Builder, Vec<NodeId>) -> Vec<NodeId>,
) -> Result<Graph, RunFault> {
    let mut inner = Builder::new(b.graph.precision);
    (inner.sizes, inner.span, inner.exact) = (b.sizes.clone(), b.span, b.exact);
    let mut args = Vec::new();
    for (i, ty) in tys.iter().enumerate() {
        let old = &region.node(region.inputs[i]).attrs;
        let attrs = Attrs { elem: Some(ty.elem.clone()), dims: ty.dims.clone(), ..old.clone() };
        let id = inner.apply(&super::INPUT, &[], attrs);
        inner.graph.inputs.push(id);
        args.push(id);
    }
    let outputs = inline(&mut inner, region, &args)?;
    let outputs = finish(&mut inner, outputs);
    b.sizes = inner.sizes.clone();
    Ok(inner.finish(outputs))
}

fn union(a: &ArrayTy, b: &ArrayTy) -> ArrayTy {
    let more: Vec<Dim> = b.dims.iter().filter(|d| !a.has(&d.axis)).cloned().collect();
    ArrayTy::new(a.elem.clone(), more.into_iter().chain(a.dims.iter().cloned()).collect())
}

fn output_tys(graph: &Graph) -> Vec<ArrayTy> {
    graph.outputs.iter().map(|out| graph.ty(*out).clone()).collect()
}

fn lift_custom(b: &mut Builder, node: &Node, inputs: Vec<NodeId>) -> Result<NodeId, RunFault> {
    let mut tys: Vec<ArrayTy> = inputs.iter().map(|id| b.ty(*id)).collect();
    let f = region(b, &node.attrs.regions[0], &tys, &mut |_, outputs| outputs)?;
    tys.push(f.ty(f.outputs[0]).clone());
    let vjp = region(b, &node.attrs.regions[1], &tys, &mut |_, outputs| outputs)?;
    let attrs = node.attrs.clone().with_regions(vec![Arc::new(f), Arc::new(vjp)]);
    Ok(b.mk(&CUSTOM, &inputs, attrs))
}

fn lift_cond(b: &mut Builder, node: &Node, inputs: Vec<NodeId>) -> Result<NodeId, RunFault> {
    if !b.ty(inputs[0]).is_scalar() {
        return select_branches(b, node, inputs);
    }
    let tys: Vec<ArrayTy> = inputs[1..].iter().map(|id| b.ty(*id)).collect();
    let mut plain = Vec::new();
    for branch in &node.attrs.regions {
        plain.push(output_tys(&region(b, branch, &tys, &mut |_, outputs| outputs)?));
    }
    let common: Vec<ArrayTy> = plain[0].iter().zip(&plain[1]).map(|(x, y)| union(x, y)).collect();
    let mut fit = |b: &mut Builder, outputs: Vec<NodeId>| {
        outputs.iter().zip(&common).map(|(out, ty)| conform(b, *out, &ty.dims)).collect()
    };
    let mut regions = Vec::new();
    for branch in &node.attrs.regions {
        regions.push(Arc::new(region(b, branch, &tys, &mut fit)?));
    }
    Ok(b.mk(&COND, &inputs, node.attrs.clone().with_regions(regions)))
}

/// A condition that differs along an axis: both branches, chosen from element by element. Only for one result.
fn select_branches(b: &mut Builder, node: &Node, inputs: Vec<NodeId>) -> Result<NodeId, RunFault> {
    if node.tys.len() != 1 {
        return Err(fault(node));
    }
    let then = inline(b, &node.attrs.regions[0], &inputs[1..])?;
    let otherwise = inline(b, &node.attrs.regions[1], &inputs[1..])?;
    Ok(b.select(inputs[0], then[0], otherwise[0]))
}

fn lift_loop(b: &mut Builder, node: &Node, mut inputs: Vec<NodeId>) -> Result<NodeId, RunFault> {
    let shape = LoopShape::of(&node.attrs);
    if !b.ty(inputs[0]).is_scalar() || !b.ty(inputs[1]).is_scalar() {
        return Err(fault(node));
    }
    let counter = ArrayTy::scalar(crate::types::Elem::Int);
    let mut tys: Vec<ArrayTy> = inputs[2..].iter().map(|id| b.ty(*id)).collect();
    // A state may gain an axis from another one only after some rounds: until nothing changes.
    loop {
        let all: Vec<ArrayTy> = std::iter::once(&counter).chain(&tys).cloned().collect();
        let after = output_tys(&region(b, &node.attrs.regions[0], &all, &mut |_, outputs| outputs)?);
        if shape.until && !after[shape.rounds()].is_scalar() {
            return Err(fault(node));
        }
        let wider: Vec<ArrayTy> = (0..shape.states).map(|i| union(&tys[i], &after[i])).collect();
        let done = wider.iter().zip(&tys).all(|(new, old)| new.dims.len() == old.dims.len());
        tys.splice(..shape.states, wider);
        if done {
            break;
        }
    }
    for (input, ty) in inputs[2..2 + shape.states].iter_mut().zip(&tys) {
        *input = conform(b, *input, &ty.dims);
    }
    let all: Vec<ArrayTy> = std::iter::once(&counter).chain(&tys).cloned().collect();
    let mut fit = |b: &mut Builder, mut outputs: Vec<NodeId>| {
        for (output, ty) in outputs[..shape.states].iter_mut().zip(&tys) {
            *output = conform(b, *output, &ty.dims);
        }
        outputs
    };
    let body = region(b, &node.attrs.regions[0], &all, &mut fit)?;
    Ok(b.mk(&LOOP, &inputs, node.attrs.clone().with_regions(vec![Arc::new(body)])))
}

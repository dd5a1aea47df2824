//! Operations with sub-programs: regions are rewritten by themselves, captures that nothing reads are dropped, branches
//! whose condition is known are taken, and what a loop computes alike in every round is computed before it.

use super::engine::{New, Rewriter};
use crate::ir::{Attrs, Graph, Lifting, Node, NodeId};
use crate::ops;
use crate::types::Elem;
use std::sync::Arc;

impl Rewriter<'_> {
    /// A node with regions, its inputs of exactly the types it had; gives one node, or one for each output of a region
    /// that was taken apart.
    pub(super) fn with_regions(&mut self, node: &Node, inputs: Vec<NodeId>) -> Vec<NodeId> {
        let mut node = node.clone();
        if node.op.name == "if"
            && let Some(value) = self.truth(inputs[0])
            && !node.exact
        {
            let region = node.attrs.regions[if value { 0 } else { 1 }].clone();
            let outputs = self.inline(&region, &inputs[1..]);
            let fitted = outputs.iter().zip(&node.tys).map(|(&o, ty)| self.fit_exactly(o, ty)).collect();
            return fitted;
        }
        let mut inputs = inputs;
        if self.journal.is_some() && node.op.name == "if" && !node.exact {
            self.sink(&mut node, &mut inputs);
        }
        node.attrs.regions = node.attrs.regions.iter().map(|region| self.region(region)).collect();
        let first = match node.op.name {
            "if" => Some((1, 0)),
            "iterate" => {
                let states = node.attrs.ints.first().copied().unwrap_or(0) as usize;
                Some((2 + states, 1 + states))
            }
            _ => None,
        };
        if let Some((of_node, of_region)) = first {
            if node.op.name == "iterate" && self.journal.is_none() && !node.exact {
                self.hoist(&mut node, &mut inputs, of_node, of_region);
            }
            drop_dead_captures(&mut node, &mut inputs, of_node, of_region);
        }
        vec![self.copy(&node, &inputs)]
    }

    /// The nodes of a region in this graph, its inputs replaced.
    pub(super) fn inline(&mut self, region: &Graph, args: &[NodeId]) -> Vec<NodeId> {
        let (span, exact) = (self.b.span, self.b.exact);
        let mut new: Vec<Option<New>> = vec![None; region.nodes.len()];
        for (input, &arg) in region.inputs.iter().zip(args) {
            new[input.index()] = Some(New::One(arg));
        }
        let live = region.live();
        for id in region.ids().filter(|id| live[id.index()]) {
            if new[id.index()].is_none() {
                new[id.index()] = Some(self.node(region, id, &new));
            }
        }
        (self.b.span, self.b.exact) = (span, exact);
        let one = |id: &NodeId| match &new[id.index()] {
            Some(New::One(id)) => *id,
            _ => panic!("internal: an output was taken apart"),
        };
        region.outputs.iter().map(one).collect()
    }

    /// Moves the definitions of a branch's captures into the branch, where the rules can see them: `let u = ...` before
    /// an `if` whose branches take its logarithm. Only what the stability rules read through moves, and only if a
    /// rule then applies.
    fn sink(&mut self, node: &mut Node, inputs: &mut Vec<NodeId>) {
        const MOST: usize = 64;
        let captures = inputs[1..].to_vec();
        let mut inside: Vec<NodeId> = Vec::new();
        let mut todo = captures.clone();
        while let Some(id) = todo.pop() {
            let n = self.node_of(id);
            if inside.contains(&id) || !readable(n) {
                continue;
            }
            inside.push(id);
            todo.extend(&n.inputs);
            if inside.len() > MOST {
                return;
            }
        }
        if inside.is_empty() {
            return;
        }
        inside.sort();
        let mut leaves: Vec<NodeId> = Vec::new();
        let reads = inside.iter().flat_map(|&id| self.node_of(id).inputs.clone()).chain(captures.iter().copied());
        for id in reads.collect::<Vec<_>>() {
            if !inside.contains(&id) && !leaves.contains(&id) {
                leaves.push(id);
            }
        }
        let regions: Vec<Arc<Graph>> =
            node.attrs.regions.iter().map(|r| Arc::new(self.extended(r, &captures, &leaves, &inside))).collect();
        // Worth it only where it lets a rule apply that did not before.
        let count = |regions: &[Arc<Graph>]| -> usize {
            let mut journal = super::Journal::new();
            for region in regions {
                Rewriter::new(region, Some(&mut journal)).keeping_forms().run(region);
            }
            // `log1p` applies to whatever stands after `1 +`; it tells of nothing that was hidden.
            journal.entries.iter().filter(|e| e.rule != "log1p").count()
        };
        if count(&regions) > count(&node.attrs.regions) {
            node.attrs.regions = regions;
            inputs.truncate(1);
            inputs.extend(leaves);
        }
    }

    /// A region whose captures are computed inside it from `leaves`.
    fn extended(&self, region: &Graph, captures: &[NodeId], leaves: &[NodeId], inside: &[NodeId]) -> Graph {
        let mut graph = Graph { precision: region.precision, ..Graph::default() };
        let mut here: Vec<(NodeId, NodeId)> = Vec::new();
        for (i, &leaf) in leaves.iter().enumerate() {
            let old = self.node_of(leaf);
            let name = captures
                .iter()
                .position(|c| *c == leaf)
                .and_then(|at| region.inputs.get(at).and_then(|&input| region.node(input).attrs.name.clone()));
            let name = name.or_else(|| old.attrs.name.clone()).unwrap_or_else(|| Arc::from(format!("x{i}")));
            let id = push_input(&mut graph, i, &name, old);
            graph.inputs.push(id);
            here.push((leaf, id));
        }
        let find = |here: &[(NodeId, NodeId)], id: NodeId| {
            here.iter().find(|(outer, _)| *outer == id).map(|(_, inner)| *inner).expect("internal: capture order")
        };
        for &id in inside {
            let mut n = self.node_of(id).clone();
            n.inputs = n.inputs.iter().map(|&i| find(&here, i)).collect();
            graph.nodes.push(n);
            here.push((id, NodeId(graph.nodes.len() as u32 - 1)));
        }
        let mut map: Vec<NodeId> = Vec::with_capacity(region.nodes.len());
        for id in region.ids() {
            if let Some(at) = region.inputs.iter().position(|i| *i == id) {
                map.push(find(&here, captures[at]));
                continue;
            }
            let mut n = region.node(id).clone();
            n.inputs = n.inputs.iter().map(|i| map[i.index()]).collect();
            graph.nodes.push(n);
            map.push(NodeId(graph.nodes.len() as u32 - 1));
        }
        graph.outputs = region.outputs.iter().map(|o| map[o.index()]).collect();
        graph
    }

    /// Moves what depends on captures alone out of a loop's body.
    fn hoist(&mut self, node: &mut Node, inputs: &mut Vec<NodeId>, of_node: usize, of_region: usize) {
        let body = node.attrs.regions[0].clone();
        let mut fixed = vec![false; body.nodes.len()];
        for id in body.ids() {
            let n = body.node(id);
            fixed[id.index()] = match body.inputs.iter().position(|i| *i == id) {
                Some(at) => at >= of_region,
                None => n.inputs.iter().all(|i| fixed[i.index()]) && total(n),
            };
        }
        let live = body.live();
        let mut wanted = vec![false; body.nodes.len()];
        for id in body.ids().filter(|id| live[id.index()] && !fixed[id.index()]) {
            for input in &body.node(id).inputs {
                wanted[input.index()] = fixed[input.index()] && worth_moving(body.node(*input));
            }
        }
        if !wanted.contains(&true) {
            return;
        }
        let mut graph = (*body).clone();
        let mut moved = Graph { precision: body.precision, ..Graph::default() };
        moved.nodes = body.nodes.clone();
        moved.inputs = body.inputs[of_region..].to_vec();
        for id in body.ids().filter(|id| wanted[id.index()]) {
            moved.outputs.push(id);
            let name = format!("fixed{}", moved.outputs.len());
            let index = graph.inputs.len();
            let old = graph.node(id).clone();
            graph.nodes[id.index()] = input_node(index, &name, &old);
            graph.inputs.push(id);
        }
        let tys: Vec<_> = moved.outputs.iter().map(|&o| moved.ty(o).clone()).collect();
        let outer = self.inline(&moved, &inputs[of_node..]);
        for (id, ty) in outer.into_iter().zip(&tys) {
            let id = self.fit_exactly(id, ty);
            inputs.push(id);
        }
        node.attrs.regions[0] = Arc::new(graph.compact());
    }
}

fn input_node(index: usize, name: &str, old: &Node) -> Node {
    let ty = old.ty().clone();
    let attrs = Attrs { elem: Some(ty.elem.clone()), ..Attrs::ints([index as i64]) };
    let attrs = attrs.with_name(name).with_dims(ty.dims.clone());
    Node { op: &ops::INPUT, inputs: Vec::new(), attrs, tys: vec![ty], span: old.span, exact: false }
}

fn push_input(graph: &mut Graph, index: usize, name: &str, old: &Node) -> NodeId {
    graph.nodes.push(input_node(index, name, old));
    NodeId(graph.nodes.len() as u32 - 1)
}

/// Nodes that the stability rules read through.
fn readable(node: &Node) -> bool {
    let moves = matches!(node.op.name, "pick" | "rename" | "order");
    let known = node.op.lifting == Lifting::Elementwise || moves;
    let leaf = node.is(&ops::CONST) || node.is(&ops::IOTA) || node.is(&ops::BROADCAST);
    let sums = node.is(&ops::SUM) || node.is(&ops::PROD) || node.is(&ops::SOFTMAX) || node.is(&ops::LOGSUMEXP);
    !node.exact && node.tys.len() == 1 && (known || leaf || sums)
}

/// Nodes that always have a result: moving them before a loop that makes no rounds adds no fault.
fn total(node: &Node) -> bool {
    const MAY_FAIL: &[&str] = &[
        "input", "random", "cholesky", "solve", "inv", "eigh", "svd", "qr", "det", "logdet", "lstsq", "max", "min",
        "argmax", "argmin",
    ];
    let elem = &node.tys[0].elem;
    let sure = matches!(elem, Elem::Real | Elem::Bool) || node.inputs.is_empty();
    sure && node.tys.len() == 1 && node.attrs.regions.is_empty() && !MAY_FAIL.contains(&node.op.name)
}

/// Nodes that cost more to compute again than to hand in.
fn worth_moving(node: &Node) -> bool {
    !node.inputs.is_empty() && !node.is(&ops::BROADCAST) && !node.is(&ops::INPUT)
}

/// Drops what no region reads from the inputs of the node and its regions.
fn drop_dead_captures(node: &mut Node, inputs: &mut Vec<NodeId>, of_node: usize, of_region: usize) {
    let captures = inputs.len().saturating_sub(of_node);
    let read = |region: &Graph, i: usize| {
        let input = region.inputs[of_region + i];
        region.outputs.contains(&input) || region.nodes.iter().any(|n| n.inputs.contains(&input))
    };
    let mut keep: Vec<bool> = (0..captures).map(|i| node.attrs.regions.iter().any(|r| read(r, i))).collect();
    // The same value captured twice is handed in once.
    let mut same: Vec<(usize, usize)> = Vec::new();
    for i in 0..captures {
        let earlier = |j: usize| node.attrs.regions.iter().all(|r| r.inputs[of_region + j] < r.inputs[of_region + i]);
        let first = (0..i).find(|&j| keep[j] && inputs[of_node + j] == inputs[of_node + i] && earlier(j));
        if let Some(j) = first.filter(|_| keep[i]) {
            same.push((i, j));
            keep[i] = false;
        }
    }
    if keep.iter().all(|k| *k) {
        return;
    }
    node.attrs.regions = node.attrs.regions.iter().map(|r| Arc::new(without(r, of_region, &keep, &same))).collect();
    let mut at = 0;
    inputs.retain(|_| {
        at += 1;
        at <= of_node || keep[at - 1 - of_node]
    });
}

fn without(region: &Graph, first: usize, keep: &[bool], same: &[(usize, usize)]) -> Graph {
    let mut graph = region.clone();
    for &(from, to) in same {
        let (from, to) = (region.inputs[first + from], region.inputs[first + to]);
        for input in graph.nodes.iter_mut().flat_map(|n| n.inputs.iter_mut()).chain(graph.outputs.iter_mut()) {
            if *input == from {
                *input = to;
            }
        }
    }
    let mut at = 0;
    graph.inputs.retain(|_| {
        at += 1;
        at <= first || keep[at - 1 - first]
    });
    for (index, input) in graph.inputs.clone().into_iter().enumerate() {
        graph.nodes[input.index()].attrs.ints = vec![index as i64];
    }
    graph.compact()
}

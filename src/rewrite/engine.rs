//! The driver of both passes: walks a graph in order and builds every node anew in a second graph through the rules,
//! regions first. A rule either gives a node of the new graph or declines; a declined node is copied. Every node is
//! visited once, rules look at a bounded neighbourhood, so a pass takes time in proportion to the graph.

use super::facts::Facts;
use super::journal::Journal;
use super::logs::Log;
use crate::ir::{Attrs, Builder, Graph, Node, NodeId, OpDef};
use crate::ops::{self, Build};
use crate::types::{ArrayTy, Elem};
use std::collections::HashMap;
use std::sync::Arc;

/// What a node of the old graph became: one node, or one per output where a region was taken apart.
#[derive(Clone)]
pub(super) enum New {
    One(NodeId),
    Many(Vec<NodeId>),
}

/// One run of one pass over one graph (its regions get runs of their own).
pub(super) struct Rewriter<'j> {
    pub b: Builder,
    /// Present in the stability pass, absent in simplification.
    pub journal: Option<&'j mut Journal>,
    facts: Vec<Facts>,
    /// For nodes of the new graph, their logarithm if it can be written without one.
    pub logs: HashMap<NodeId, Option<Log>>,
    /// How deep rules have called each other; beyond a bound nodes are copied.
    depth: u32,
    /// On until forms have been made stable: `log(1 + exp(-40))` must not become `log(1)` first.
    pub keep_forms: bool,
    /// Above 0 while a rule builds its result: what it does on the way is not written to the journal.
    pub quiet: u32,
}

/// Rules that build nodes are applied to those in turn, this deep.
const MAX_DEPTH: u32 = 24;

impl<'j> Rewriter<'j> {
    pub fn new(graph: &Graph, journal: Option<&'j mut Journal>) -> Rewriter<'j> {
        let b = Builder::new(graph.precision);
        Rewriter { b, journal, facts: Vec::new(), logs: HashMap::new(), depth: 0, keep_forms: false, quiet: 0 }
    }

    /// Leaves functions of constants as they are where folding them would hide a form that stability rules look for.
    pub fn keeping_forms(mut self) -> Rewriter<'j> {
        self.keep_forms = true;
        self
    }

    /// Rewrites the whole graph. Types of inputs and outputs stay as they are, storage order included.
    pub fn run(mut self, graph: &Graph) -> Graph {
        let mut new: Vec<Option<New>> = vec![None; graph.nodes.len()];
        for &input in &graph.inputs {
            let id = self.b.push(graph.node(input).clone());
            self.b.graph.inputs.push(id);
            new[input.index()] = Some(New::One(id));
        }
        let live = graph.live();
        for id in graph.ids().filter(|id| live[id.index()]) {
            if new[id.index()].is_none() {
                new[id.index()] = Some(self.node(graph, id, &new));
            }
        }
        let mut outputs = Vec::new();
        for &id in &graph.outputs {
            let Some(New::One(out)) = new[id.index()] else { panic!("internal: an output was taken apart") };
            outputs.push(self.fit_exactly(out, graph.ty(id)));
        }
        self.b.finish(outputs)
    }

    pub(super) fn node(&mut self, graph: &Graph, id: NodeId, new: &[Option<New>]) -> New {
        let node = graph.node(id);
        (self.b.span, self.b.exact) = (node.span, node.exact);
        if node.is(&ops::GET)
            && let Some(New::Many(outputs)) = &new[node.inputs[0].index()]
        {
            let index = node.attrs.ints.first().copied().unwrap_or(0) as usize;
            return New::One(outputs[index]);
        }
        let mut inputs: Vec<NodeId> = Vec::with_capacity(node.inputs.len());
        for input in &node.inputs {
            match &new[input.index()] {
                Some(New::One(id)) => inputs.push(*id),
                _ => panic!("internal: a node with several outputs is read without get"),
            }
        }
        if !node.attrs.regions.is_empty() {
            for (input, old) in inputs.iter_mut().zip(&node.inputs) {
                *input = self.fit_exactly(*input, graph.ty(*old));
            }
            return match self.with_regions(node, inputs) {
                one if one.len() == 1 => New::One(one[0]),
                many => New::Many(many),
            };
        }
        if node.tys.len() > 1 {
            return New::One(self.copy(node, &inputs));
        }
        let out = if node.exact {
            // Only what leaves every bit alone happens in `exact`: equal nodes become one.
            self.copy(node, &inputs)
        } else {
            match self.build(node.op, &inputs, &node.attrs) {
                Some(id) => self.fit(id, node.ty()),
                None => self.copy(node, &inputs),
            }
        };
        New::One(out)
    }

    /// The node with other inputs, no rule applied.
    pub fn copy(&mut self, node: &Node, inputs: &[NodeId]) -> NodeId {
        match self.b.node(node.op, inputs, node.attrs.clone()) {
            Ok(id) => id,
            Err(_) => self.b.push(Node { inputs: inputs.to_vec(), ..node.clone() }),
        }
    }

    /// Applies an operation through the rules. `None` if it does not fit.
    pub fn build(&mut self, op: &'static OpDef, inputs: &[NodeId], attrs: &Attrs) -> Option<NodeId> {
        if self.depth >= MAX_DEPTH {
            return self.raw(op, inputs, attrs.clone());
        }
        self.depth += 1;
        let simple = self.algebra(op, inputs, attrs);
        let built = match simple {
            Some(id) => Some(id),
            None => self.raw(op, inputs, attrs.clone()).map(|id| self.stability(id)),
        };
        self.depth -= 1;
        built
    }

    /// Applies an operation as it is.
    pub fn raw(&mut self, op: &'static OpDef, inputs: &[NodeId], attrs: Attrs) -> Option<NodeId> {
        let id = self.b.node(op, inputs, attrs).ok()?;
        Some(id)
    }

    /// Applies an operation of no attributes through the rules.
    pub fn op(&mut self, op: &'static OpDef, inputs: &[NodeId]) -> Option<NodeId> {
        self.build(op, inputs, &Attrs::none())
    }

    pub fn real(&mut self, value: f64) -> NodeId {
        self.b.real(value)
    }

    pub fn node_of(&self, id: NodeId) -> &Node {
        self.b.graph.node(id)
    }

    /// The node if it applies `op` and no one forbade touching it.
    pub fn as_op(&self, id: NodeId, op: &'static OpDef) -> Option<&Node> {
        let node = self.b.graph.node(id);
        (node.is(op) && !node.exact).then_some(node)
    }

    /// The inputs of a node of one operation with one input.
    pub fn arg(&self, id: NodeId, op: &'static OpDef) -> Option<NodeId> {
        self.as_op(id, op).and_then(|n| n.inputs.first().copied())
    }

    /// The inputs of a node of one operation with two inputs.
    pub fn args2(&self, id: NodeId, op: &'static OpDef) -> Option<(NodeId, NodeId)> {
        match self.as_op(id, op)?.inputs[..] {
            [a, b] => Some((a, b)),
            _ => None,
        }
    }

    pub fn ty(&self, id: NodeId) -> ArrayTy {
        self.b.ty(id)
    }

    pub fn is_real(&self, id: NodeId) -> bool {
        self.b.graph.ty(id).elem == Elem::Real
    }

    /// True if none of the axes is one of the node's.
    pub fn lacks(&self, id: NodeId, axes: &[crate::types::Axis]) -> bool {
        let ty = self.b.graph.ty(id);
        axes.iter().all(|a| !ty.has(a))
    }

    /// The value, if every element is this real number.
    pub fn constant(&self, mut id: NodeId) -> Option<f64> {
        loop {
            let node = self.b.graph.node(id);
            if node.is(&ops::BROADCAST) {
                id = node.inputs[0];
            } else if node.is(&ops::CONST) && node.attrs.elem == Some(Elem::Real) {
                return node.attrs.reals.first().map(|r| r.get());
            } else {
                return None;
            }
        }
    }

    pub fn is_constant(&self, id: NodeId, value: f64) -> bool {
        self.constant(id) == Some(value)
    }

    /// A constant of this value with the axes of `ty`.
    pub fn full(&mut self, value: f64, ty: &ArrayTy) -> NodeId {
        let value = self.b.real(value);
        self.b.broadcast_like(value, ty)
    }

    /// `id` repeated along the axes of `ty` that it lacks.
    pub fn fit(&mut self, id: NodeId, ty: &ArrayTy) -> NodeId {
        self.b.broadcast_like(id, ty)
    }

    /// `id` with exactly the axes of `ty`, in its storage order.
    pub(super) fn fit_exactly(&mut self, id: NodeId, ty: &ArrayTy) -> NodeId {
        let id = self.fit(id, ty);
        if self.ty(id).axes().eq(ty.axes()) {
            return id;
        }
        let axes: Vec<_> = ty.axes().cloned().collect();
        match ops::find("order") {
            Some(order) => self.raw(order, &[id], Attrs::axes(axes)).unwrap_or(id),
            None => id,
        }
    }

    /// What is known of a node's values.
    pub fn facts(&mut self, id: NodeId) -> Facts {
        while self.facts.len() <= id.index() {
            let next = self.b.graph.node(NodeId(self.facts.len() as u32));
            let facts = Facts::of(next, &self.facts);
            self.facts.push(facts);
        }
        self.facts[id.index()]
    }

    /// The pass applied to a sub-program.
    pub fn region(&mut self, region: &Arc<Graph>) -> Arc<Graph> {
        let mut inner = Rewriter::new(region, self.journal.as_deref_mut());
        inner.keep_forms = self.keep_forms;
        let done = inner.run(region);
        if done == **region { region.clone() } else { Arc::new(done) }
    }
}

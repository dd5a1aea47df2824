//! Nodes and graphs.

use super::{Attrs, OpDef};
use crate::source::Span;
use crate::types::{ArrayTy, Precision, Sizes};
use std::hash::{Hash, Hasher};

/// The index of a node in its graph. Inputs of a node always have smaller ids: a graph is in topological order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct NodeId(pub u32);

impl NodeId {
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One application of an operation.
#[derive(Clone, Debug)]
pub struct Node {
    pub op: &'static OpDef,
    pub inputs: Vec<NodeId>,
    pub attrs: Attrs,
    /// One type per output. A node with several outputs is read only through `GET` nodes.
    pub tys: Vec<ArrayTy>,
    /// The source expression it came from. Not part of its identity.
    pub span: Span,
    /// Written inside `exact { ... }`: no stability rule may touch it.
    pub exact: bool,
}

impl Node {
    /// The type of a node with one output.
    pub fn ty(&self) -> &ArrayTy {
        &self.tys[0]
    }

    pub fn is(&self, op: &'static OpDef) -> bool {
        std::ptr::eq(self.op, op)
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Node) -> bool {
        std::ptr::eq(self.op, other.op)
            && self.inputs == other.inputs
            && self.exact == other.exact
            && self.attrs == other.attrs
            && self.tys == other.tys
    }
}

impl Eq for Node {}

impl Hash for Node {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.op.name.hash(state);
        self.inputs.hash(state);
        self.attrs.hash(state);
        self.tys.hash(state);
        self.exact.hash(state);
    }
}

/// A closed program: `nodes` in topological order, `inputs` the `INPUT` nodes in the order of the arguments,
/// `outputs` the results. Nodes that no output needs may be present; `compact` drops them (never an input).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Graph {
    pub nodes: Vec<Node>,
    pub inputs: Vec<NodeId>,
    pub outputs: Vec<NodeId>,
    pub precision: Precision,
}

impl Graph {
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    pub fn ty(&self, id: NodeId) -> &ArrayTy {
        self.node(id).ty()
    }

    pub fn ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + use<> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    /// Marks the nodes that the outputs need.
    pub fn live(&self) -> Vec<bool> {
        let mut live = vec![false; self.nodes.len()];
        for &out in &self.outputs {
            live[out.index()] = true;
        }
        for id in self.ids().rev() {
            if live[id.index()] {
                for input in &self.node(id).inputs {
                    live[input.index()] = true;
                }
            }
        }
        live
    }

    /// The same program without nodes that nothing needs.
    pub fn compact(&self) -> Graph {
        let mut live = self.live();
        for input in &self.inputs {
            live[input.index()] = true;
        }
        let mut new_ids = vec![NodeId(u32::MAX); self.nodes.len()];
        let mut nodes = Vec::new();
        for id in self.ids().filter(|id| live[id.index()]) {
            let mut node = self.node(id).clone();
            for input in &mut node.inputs {
                *input = new_ids[input.index()];
            }
            new_ids[id.index()] = NodeId(nodes.len() as u32);
            nodes.push(node);
        }
        let renumber = |ids: &[NodeId]| ids.iter().map(|id| new_ids[id.index()]).collect();
        Graph { nodes, inputs: renumber(&self.inputs), outputs: renumber(&self.outputs), precision: self.precision }
    }

    /// Numbers the inputs by their places, those of regions too: while a region is built they come in any order.
    pub fn number_inputs(&mut self) {
        for (i, id) in self.inputs.iter().enumerate() {
            self.nodes[id.index()].attrs.ints = vec![i as i64];
        }
        for node in &mut self.nodes {
            for region in &mut node.attrs.regions {
                std::sync::Arc::make_mut(region).number_inputs();
            }
        }
    }

    /// The same program with every size as far as it is known.
    pub fn resolve(&self, sizes: &Sizes) -> Graph {
        let mut graph = self.clone();
        for node in &mut graph.nodes {
            node.attrs = node.attrs.resolve(sizes);
            node.tys = node.tys.iter().map(|ty| ty.resolve(sizes)).collect();
        }
        graph
    }
}

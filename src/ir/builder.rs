//! Building a graph node by node, with inference and hash-consing.

use super::{Attrs, Graph, InferCtx, Node, NodeId, OpDef, OpFault};
use crate::source::Span;
use crate::types::{ArrayTy, Axis, Dim, Elem, Precision, Size, SizeVar, Sizes};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// Adds nodes to a graph. A node equal to an earlier one is that one. `span` and `exact` are given to new nodes.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    pub graph: Graph,
    pub sizes: Sizes,
    pub span: Span,
    pub exact: bool,
    known: HashMap<u64, Vec<NodeId>>,
    next_tag: u32,
}

/// Tags handed out by passes start here, above those that the elaborator hands out.
const FIRST_PASS_TAG: u32 = 1 << 24;

impl Builder {
    pub fn new(precision: Precision) -> Builder {
        let graph = Graph { precision, ..Graph::default() };
        Builder { graph, next_tag: FIRST_PASS_TAG, ..Builder::default() }
    }

    /// Continues an existing graph (its nodes keep their ids).
    pub fn from_graph(graph: Graph) -> Builder {
        let mut b = Builder::new(graph.precision);
        for id in graph.ids() {
            b.note_axes_and_sizes(graph.node(id));
            b.known.entry(hash(graph.node(id))).or_default().push(id);
        }
        b.graph = graph;
        b
    }

    /// Applies an operation; `Err` says why it does not fit.
    pub fn node(&mut self, op: &'static OpDef, inputs: &[NodeId], attrs: Attrs) -> Result<NodeId, OpFault> {
        let all = |i: &NodeId| self.graph.node(*i).tys.iter().map(|ty| ty.resolve(&self.sizes)).collect();
        let outputs: Vec<Vec<ArrayTy>> = inputs.iter().map(all).collect();
        let firsts: Vec<&ArrayTy> = outputs.iter().map(|tys| &tys[0]).collect();
        let mut ctx = InferCtx { inputs: &firsts, outputs: &outputs, attrs: &attrs, sizes: &mut self.sizes };
        let tys = (op.infer)(&mut ctx)?;
        Ok(self.push(Node { op, inputs: inputs.to_vec(), attrs, tys, span: self.span, exact: self.exact }))
    }

    /// Applies an operation that is known to fit: for passes and gradient rules. Panics (an internal error) if not.
    pub fn mk(&mut self, op: &'static OpDef, inputs: &[NodeId], attrs: Attrs) -> NodeId {
        match self.node(op, inputs, attrs) {
            Ok(id) => id,
            Err(fault) => panic!("internal: {} does not fit: {}", op.name, fault.message),
        }
    }

    /// Adds a finished node (its inputs must be in this graph).
    pub fn push(&mut self, node: Node) -> NodeId {
        let key = hash(&node);
        if let Some(ids) = self.known.get(&key)
            && let Some(&id) = ids.iter().find(|id| *self.graph.node(**id) == node)
        {
            return id;
        }
        let id = NodeId(self.graph.nodes.len() as u32);
        self.note_axes_and_sizes(&node);
        self.graph.nodes.push(node);
        self.known.entry(key).or_default().push(id);
        id
    }

    /// The type of a node with one output, sizes as far as they are known.
    pub fn ty(&self, id: NodeId) -> ArrayTy {
        self.graph.ty(id).resolve(&self.sizes)
    }

    /// An axis that no program and no other pass uses; `name` is for people.
    pub fn fresh_axis(&mut self, name: impl Into<Arc<str>>) -> Axis {
        self.next_tag += 1;
        Axis::local(name, self.next_tag)
    }

    /// Keeps `fresh_axis` clear of the node's axes, and knows its open sizes: nodes may come from another builder.
    fn note_axes_and_sizes(&mut self, node: &Node) {
        let mut seen = Seen::default();
        seen.node(node);
        self.next_tag = self.next_tag.max(seen.tag);
        self.sizes.reserve(seen.sizes);
    }

    /// Copies the nodes of `graph` that its outputs need into this one, its inputs replaced by `args`; returns its
    /// outputs here. Sizes of the copied nodes are inferred anew where `reinfer` is set (args of other sizes or with
    /// more axes), else kept.
    pub fn inline(&mut self, graph: &Graph, args: &[NodeId]) -> Vec<NodeId> {
        let live = graph.live();
        let mut here: Vec<Option<NodeId>> = vec![None; graph.nodes.len()];
        for (input, &arg) in graph.inputs.iter().zip(args) {
            here[input.index()] = Some(arg);
        }
        let (span, exact) = (self.span, self.exact);
        for id in graph.ids().filter(|id| live[id.index()]) {
            if here[id.index()].is_some() {
                continue;
            }
            let node = graph.node(id);
            let inputs: Vec<NodeId> = node.inputs.iter().map(|i| here[i.index()].expect("internal: order")).collect();
            self.span = node.span;
            self.exact = node.exact;
            here[id.index()] = Some(self.mk(node.op, &inputs, node.attrs.clone()));
        }
        (self.span, self.exact) = (span, exact);
        graph.outputs.iter().map(|o| here[o.index()].expect("internal: output")).collect()
    }

    /// The finished graph: sizes resolved, nodes that nothing needs dropped.
    pub fn finish(mut self, outputs: Vec<NodeId>) -> Graph {
        self.graph.outputs = outputs;
        self.graph.resolve(&self.sizes).compact()
    }
}

fn hash(node: &Node) -> u64 {
    let mut hasher = DefaultHasher::new();
    node.hash(&mut hasher);
    hasher.finish()
}

/// The highest axis tag, and how many size variables there are at least, in what was looked at.
#[derive(Default)]
struct Seen {
    tag: u32,
    sizes: u32,
}

impl Seen {
    fn dim(&mut self, dim: &Dim) {
        self.tag = self.tag.max(dim.axis.tag());
        if let Size::Var(SizeVar(var)) = dim.size {
            self.sizes = self.sizes.max(var + 1);
        }
    }

    fn node(&mut self, node: &Node) {
        for ty in &node.tys {
            ty.dims.iter().for_each(|dim| self.dim(dim));
            if let Elem::Label(axis) = &ty.elem {
                self.tag = self.tag.max(axis.tag());
            }
        }
        node.attrs.dims.iter().for_each(|dim| self.dim(dim));
        node.attrs.axes.iter().for_each(|axis| self.tag = self.tag.max(axis.tag()));
        node.attrs.regions.iter().flat_map(|region| &region.nodes).for_each(|node| self.node(node));
    }
}

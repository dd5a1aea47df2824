//! The formula of a node, part by part. Large parts that occur more than once get a name; so do parts nested too deeply
//! to read (which also bounds the recursion here).

use super::Shown;
use super::text::precedence;
use crate::ir::{Formula, Graph, Node, NodeId, Notation, NotationArgs, Precedence};
use crate::ops::*;
use crate::types::Elem;
use std::collections::HashMap;

/// From how many saved nodes on a repeated part gets a name, and how large it must be at least.
const WORTH_NAMING: usize = 9;
const LEAST_SIZE: usize = 4;
/// Parts larger or deeper than this get a name even if they occur once.
const MOST_SIZE: usize = 250;
const MOST_DEPTH: usize = 40;

pub(super) struct Writer<'g> {
    pub graph: &'g Graph,
    /// Nodes that get a name, with it.
    names: HashMap<NodeId, String>,
    /// What stands for the inputs of a region.
    arguments: HashMap<NodeId, Formula>,
}

impl<'g> Writer<'g> {
    pub fn new(graph: &'g Graph, root: NodeId) -> Writer<'g> {
        let mut writer = Writer { graph, names: HashMap::new(), arguments: HashMap::new() };
        writer.name_parts(root);
        writer
    }

    pub fn shown(&self, root: NodeId) -> Shown {
        let mut named: Vec<NodeId> = self.names.keys().copied().collect();
        named.sort();
        let lets = named.into_iter().map(|id| (self.names[&id].clone(), self.define(id))).collect();
        Shown { lets, body: self.define(root) }
    }

    /// Decides which parts get names: from the leaves up, sizes as they will be printed.
    fn name_parts(&mut self, root: NodeId) {
        let count = root.index() + 1;
        let mut uses = vec![0usize; count];
        uses[root.index()] = 1;
        for id in (0..count as u32).rev().map(NodeId) {
            if uses[id.index()] > 0 {
                for input in &self.graph.node(id).inputs {
                    // What is read through passes its readers on.
                    uses[input.index()] += if transparent(self.graph.node(id)) { uses[id.index()] } else { 1 };
                }
            }
        }
        let mut size = vec![0usize; count];
        let mut depth = vec![0usize; count];
        let mut taken = self.taken_names(root);
        for id in (0..count as u32).map(NodeId).filter(|id| uses[id.index()] > 0) {
            let node = self.graph.node(id);
            let own = usize::from(!transparent(node));
            size[id.index()] = node.inputs.iter().fold(own, |s, i| s.saturating_add(size[i.index()]));
            depth[id.index()] = own + node.inputs.iter().map(|i| depth[i.index()]).max().unwrap_or(0);
            if id == root || transparent(node) || node.tys.len() != 1 {
                continue;
            }
            let (s, u) = (size[id.index()], uses[id.index()]);
            let repeated = s >= LEAST_SIZE && s.saturating_mul(u - 1) >= WORTH_NAMING && !is_hit(self.graph, node);
            if repeated || s > MOST_SIZE || depth[id.index()] > MOST_DEPTH {
                let name = fresh(&mut taken);
                self.names.insert(id, name);
                (size[id.index()], depth[id.index()]) = (1, 1);
            }
        }
    }

    fn taken_names(&self, root: NodeId) -> Vec<String> {
        let mut taken = Vec::new();
        for node in &self.graph.nodes[..=root.index()] {
            taken.extend(node.attrs.name.as_deref().map(str::to_string));
            taken.extend(node.attrs.axes.iter().map(|a| a.name().to_string()));
            taken.extend(node.attrs.dims.iter().map(|d| d.axis.name().to_string()));
        }
        taken
    }

    /// The formula as it is referred to.
    pub fn formula(&self, id: NodeId) -> Formula {
        match self.names.get(&id) {
            Some(name) => Formula::Name(name.clone()),
            None => self.define(id),
        }
    }

    /// True if the node is written out where it is used.
    pub fn inlined(&self, id: NodeId) -> bool {
        !self.names.contains_key(&id) && !self.arguments.contains_key(&id)
    }

    /// The formula written out.
    fn define(&self, id: NodeId) -> Formula {
        if let Some(argument) = self.arguments.get(&id) {
            return argument.clone();
        }
        let node = self.graph.node(id);
        if let Some(arithmetic) = self.arithmetic(id) {
            return arithmetic;
        }
        if node.is(&CAST) {
            return self.cast(node);
        }
        if let Some(filtered) = self.filtered(node) {
            return filtered;
        }
        if node.op.name == "if" && node.tys.len() == 1 {
            return self.branches(node);
        }
        self.notation(node)
    }

    fn notation(&self, node: &Node) -> Formula {
        let mut args: Vec<Formula> = node.inputs.iter().map(|&i| self.formula(i)).collect();
        // `x @[n] (a - b)` reads better than `(a - b) @[n] x`.
        if node.is(&CONTRACT) && args.len() == 2 && precedence(&args[0]) < precedence(&args[1]) {
            args.swap(0, 1);
        }
        match node.op.notation {
            Notation::Call { latex } => {
                let axes = node.attrs.axes.iter().map(|a| a.name().to_string()).collect();
                let latex = (!latex.is_empty()).then(|| latex.to_string());
                // As the language writes them.
                let function = match node.op.name {
                    "maximum" => "max",
                    "minimum" => "min",
                    name => name,
                };
                Formula::Call { function: function.to_string(), latex, axes, args }
            }
            Notation::Infix { symbol, latex, precedence } => {
                let mut args = args.into_iter();
                match (args.next(), args.next()) {
                    (Some(left), Some(right)) => infix(symbol, latex, precedence, left, right),
                    (Some(only), None) => only,
                    _ => Formula::Text("?".into()),
                }
            }
            Notation::Custom(write) => write(&NotationArgs { graph: self.graph, node, args }),
        }
    }

    /// `onehot[k](y)`; other conversions are not written.
    fn cast(&self, node: &Node) -> Formula {
        let inner = self.graph.node(node.inputs[0]);
        if inner.is(&EQ) && node.attrs.elem == Some(Elem::Real) {
            for (a, b) in [(inner.inputs[0], inner.inputs[1]), (inner.inputs[1], inner.inputs[0])] {
                let coordinates = self.graph.node(a);
                let Some(dim) = coordinates.attrs.dims.first().filter(|_| coordinates.is(&IOTA)) else { continue };
                if self.graph.ty(b).elem == Elem::Label(dim.axis.clone()) && !self.graph.ty(b).has(&dim.axis) {
                    return Formula::Call {
                        function: "onehot".into(),
                        latex: Some("\\operatorname{onehot}".into()),
                        axes: vec![dim.axis.name().to_string()],
                        args: vec![self.formula(b)],
                    };
                }
            }
        }
        self.formula(node.inputs[0])
    }

    /// `sum[m](x where mask)` for a reduction of a choice between `x` and what does not count.
    fn filtered(&self, node: &Node) -> Option<Formula> {
        let neutral = if node.is(&SUM) {
            0.0
        } else if node.is(&LOGSUMEXP) || node.is(&MAX) {
            f64::NEG_INFINITY
        } else {
            return None;
        };
        let choice = self.graph.node(node.inputs[0]);
        if !choice.is(&SELECT) || !self.inlined(node.inputs[0]) || self.constant(choice.inputs[2]) != Some(neutral) {
            return None;
        }
        let (mask, x) = (self.formula(choice.inputs[0]), self.formula(choice.inputs[1]));
        let body = infix("where", "\\;\\text{where}\\;", Precedence::Choice, x, mask);
        let axes: Vec<String> = node.attrs.axes.iter().map(|a| a.name().to_string()).collect();
        Some(if node.is(&SUM) {
            Formula::Reduce { function: "sum".into(), latex: "\\sum".into(), axes, body: Box::new(body) }
        } else {
            let latex = Some(format!("\\operatorname{{{}}}", node.op.name));
            Formula::Call { function: node.op.name.into(), latex, axes, args: vec![body] }
        })
    }

    /// `if c then a else b`, the branches in terms of what they capture.
    fn branches(&self, node: &Node) -> Formula {
        let captures: Vec<Formula> = node.inputs[1..].iter().map(|&i| self.formula(i)).collect();
        let branch = |at: usize| {
            let Some(region) = node.attrs.regions.get(at) else { return Formula::Text("?".into()) };
            let Some(&out) = region.outputs.first() else { return Formula::Text("?".into()) };
            self.region(region, out, &captures)
        };
        let condition = Box::new(self.formula(node.inputs[0]));
        Formula::If { condition, then: Box::new(branch(0)), otherwise: Box::new(branch(1)) }
    }

    fn region(&self, region: &Graph, out: NodeId, captures: &[Formula]) -> Formula {
        let mut inner = Writer::new(region, out);
        if !inner.names.is_empty() {
            return Formula::Text("{ ... }".into());
        }
        inner.arguments = region.inputs.iter().copied().zip(captures.iter().cloned()).collect();
        inner.define(out)
    }

    /// The value, if every element is this number.
    pub fn constant(&self, mut id: NodeId) -> Option<f64> {
        loop {
            let node = self.graph.node(id);
            if node.is(&BROADCAST) {
                id = node.inputs[0];
                continue;
            }
            if node.is(&CAST) && self.graph.ty(node.inputs[0]).elem == Elem::Int {
                id = node.inputs[0];
                continue;
            }
            if !node.is(&CONST) {
                return None;
            }
            return match (&node.attrs.elem, node.attrs.reals.first(), node.attrs.ints.first()) {
                (Some(Elem::Real), Some(r), _) => Some(r.get()),
                (Some(Elem::Int), _, Some(&i)) => Some(i as f64),
                _ => None,
            };
        }
    }
}

pub(super) fn infix(symbol: &str, latex: &str, precedence: Precedence, left: Formula, right: Formula) -> Formula {
    let (left, right) = (Box::new(left), Box::new(right));
    Formula::Infix { symbol: symbol.into(), latex: latex.into(), precedence, left, right }
}

/// Nodes that are not written: what they are applied to is.
pub(super) fn transparent(node: &Node) -> bool {
    node.is(&BROADCAST) || node.is(&CAST) || node.is(&GET) || node.op.name == "order"
}

/// `k == y` is short however often it occurs.
fn is_hit(graph: &Graph, node: &Node) -> bool {
    node.is(&EQ) && node.inputs.iter().any(|&i| graph.node(i).is(&IOTA))
}

/// A short name that the program does not use.
fn fresh(taken: &mut Vec<String>) -> String {
    const SHORT: &[&str] = &["s", "t", "u", "v", "p", "q", "r", "a", "b", "c"];
    let name = SHORT.iter().map(|s| s.to_string()).chain((1..).map(|i| format!("s{i}")));
    let name = name.into_iter().find(|n| !taken.contains(n)).unwrap_or_default();
    taken.push(name.clone());
    name
}

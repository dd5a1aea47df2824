//! Graph to formula: what `show` and `latex` print, and what the journal of rewrites quotes. Operations say how they are
//! written ([`crate::ir::Notation`]); arithmetic is put into human order here. Never evaluates anything.

mod arith;
mod build;
mod latex;
mod names;
mod text;

pub use latex::{name as latex_name, to_latex};
pub use text::{number, to_text};

use crate::ir::{Attrs, Formula, Graph, Node, NodeId};
use crate::ops::INPUT;
use std::collections::BTreeMap;

/// A formula with names for the large parts that occur in it more than once, each defined by what stands before it.
#[derive(Clone, PartialEq, Debug)]
pub struct Shown {
    pub lets: Vec<(String, Formula)>,
    pub body: Formula,
}

impl Shown {
    /// As Loss: a `let` line for each named part, then the formula.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        for (name, formula) in &self.lets {
            out.push_str(&format!("let {name} = {}\n", to_text(formula)));
        }
        out.push_str(&to_text(&self.body));
        out
    }

    /// As LaTeX for math mode, named parts after the formula.
    pub fn to_latex(&self) -> String {
        let mut out = to_latex(&self.body);
        for (i, (name, formula)) in self.lets.iter().enumerate() {
            let word = if i == 0 { "where" } else { "and" };
            out.push_str(&format!(" \\quad \\text{{{word} }} {} = {}", latex_name(name), to_latex(formula)));
        }
        out
    }
}

/// The formula of one output of a graph in its inputs' names.
pub fn formula(graph: &Graph, output: usize) -> Shown {
    match graph.outputs.get(output) {
        Some(&id) => of_node(graph, id),
        None => Shown { lets: Vec::new(), body: Formula::Text("?".into()) },
    }
}

/// The formula of any node.
pub fn of_node(graph: &Graph, id: NodeId) -> Shown {
    let graph = names::distinct(graph, id);
    build::Writer::new(&graph, id).shown(id)
}

/// The formula of a node in one line, named parts behind `where`; what lies deep inside is left out (`...`), so the
/// time this takes does not depend on the size of the graph.
pub fn node_text(graph: &Graph, id: NodeId) -> String {
    let (graph, id) = excerpt(graph, id);
    let shown = of_node(&graph, id);
    let mut out = to_text(&shown.body);
    for (i, (name, formula)) in shown.lets.iter().rev().enumerate() {
        out.push_str(if i == 0 { " where " } else { ", " });
        out.push_str(&format!("{name} = {}", to_text(formula)));
    }
    out
}

/// The nodes around one: those that few steps lead to, the rest stood for by `...`.
fn excerpt(graph: &Graph, id: NodeId) -> (Graph, NodeId) {
    const MOST_NODES: usize = 80;
    const MOST_STEPS: usize = 14;
    let mut kept: BTreeMap<NodeId, Node> = BTreeMap::new();
    let mut level = vec![id];
    for step in 0..=MOST_STEPS {
        let mut next = Vec::new();
        for id in level {
            if kept.contains_key(&id) {
                continue;
            }
            let node = graph.node(id);
            let leaf = node.inputs.is_empty();
            if !leaf && (step == MOST_STEPS || kept.len() + next.len() >= MOST_NODES) {
                let attrs = Attrs { elem: Some(node.tys[0].elem.clone()), ..Attrs::ints([0]) };
                let attrs = attrs.with_name("...").with_dims(node.tys[0].dims.clone());
                let inputs = Vec::new();
                kept.insert(
                    id,
                    Node { op: &INPUT, inputs, attrs, tys: node.tys.clone(), span: node.span, exact: false },
                );
                continue;
            }
            next.extend(&node.inputs);
            kept.insert(id, node.clone());
        }
        level = next;
    }
    let ids: Vec<NodeId> = kept.keys().copied().collect();
    let place = |id: &NodeId| NodeId(ids.binary_search(id).unwrap_or(0) as u32);
    let mut small = Graph { precision: graph.precision, ..Graph::default() };
    for mut node in kept.into_values() {
        node.inputs = node.inputs.iter().map(place).collect();
        small.nodes.push(node);
    }
    let root = place(&id);
    small.outputs = vec![root];
    (small, root)
}

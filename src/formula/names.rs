//! Axes of one name and different scopes are told apart where both appear in one formula.

use crate::ir::{Attrs, Graph, NodeId};
use crate::types::{Axis, Dim, Elem};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The part of the graph that a node needs, with axes renamed where two of one name meet.
pub(super) fn distinct(graph: &Graph, root: NodeId) -> Cow<'_, Graph> {
    let mut axes: BTreeMap<String, Vec<Axis>> = BTreeMap::new();
    let mut live = vec![false; graph.nodes.len()];
    live[root.index()] = true;
    for id in graph.ids().rev().filter(|id| id.index() <= root.index()) {
        if live[id.index()] {
            let node = graph.node(id);
            node.inputs.iter().for_each(|i| live[i.index()] = true);
            collect(&node.attrs, &mut axes);
            node.tys.iter().flat_map(|ty| ty.axes()).for_each(|a| note(a, &mut axes));
        }
    }
    if axes.values().all(|of_name| of_name.len() == 1) {
        return Cow::Borrowed(graph);
    }
    let mut renamed: BTreeMap<Axis, Axis> = BTreeMap::new();
    let mut taken: Vec<String> = axes.keys().cloned().collect();
    for (name, of_name) in &mut axes {
        of_name.sort_by_key(Axis::tag);
        for axis in of_name.iter().skip(1) {
            let mut number = 2;
            while taken.contains(&format!("{name}{number}")) {
                number += 1;
            }
            let new = format!("{name}{number}");
            taken.push(new.clone());
            renamed.insert(axis.clone(), Axis::local(new, axis.tag()));
        }
    }
    Cow::Owned(map(graph, &renamed))
}

fn note(axis: &Axis, axes: &mut BTreeMap<String, Vec<Axis>>) {
    let of_name = axes.entry(axis.name().to_string()).or_default();
    if !of_name.contains(axis) {
        of_name.push(axis.clone());
    }
}

fn collect(attrs: &Attrs, axes: &mut BTreeMap<String, Vec<Axis>>) {
    attrs.axes.iter().for_each(|a| note(a, axes));
    attrs.dims.iter().for_each(|d| note(&d.axis, axes));
    for region in &attrs.regions {
        for node in &region.nodes {
            collect(&node.attrs, axes);
            node.tys.iter().flat_map(|ty| ty.axes()).for_each(|a| note(a, axes));
        }
    }
}

fn map(graph: &Graph, to: &BTreeMap<Axis, Axis>) -> Graph {
    let axis = |a: &Axis| to.get(a).unwrap_or(a).clone();
    let dim = |d: &Dim| Dim::new(axis(&d.axis), d.size);
    let elem = |e: &Elem| match e {
        Elem::Label(a) => Elem::Label(axis(a)),
        other => other.clone(),
    };
    let mut graph = graph.clone();
    for node in &mut graph.nodes {
        node.attrs.axes = node.attrs.axes.iter().map(axis).collect();
        node.attrs.dims = node.attrs.dims.iter().map(dim).collect();
        node.attrs.elem = node.attrs.elem.as_ref().map(elem);
        node.attrs.regions = node.attrs.regions.iter().map(|r| Arc::new(map(r, to))).collect();
        for ty in &mut node.tys {
            ty.dims = ty.dims.iter().map(dim).collect();
            ty.elem = elem(&ty.elem);
        }
    }
    graph
}

//! The stable text form of a graph: one node a line, `%3 = exp(%2) : real[n, k]`, regions indented below their node.
//! Equal graphs print equally; nothing depends on addresses or on spans. There is no reader for it.

use super::{Attrs, Graph, Node};
use crate::types::{ArrayTy, Axis, Dim};
use std::fmt::Write;

/// The text of a whole graph, a line per node, then `return` with the outputs.
pub fn graph(graph: &Graph) -> String {
    let mut text = String::new();
    write_graph(&mut text, graph, 0);
    text
}

fn write_graph(text: &mut String, graph: &Graph, depth: usize) {
    let indent = "  ".repeat(depth);
    for id in graph.ids() {
        let node = graph.node(id);
        let _ = writeln!(text, "{indent}%{} = {}", id.0, node_text(node));
        for (i, region) in node.attrs.regions.iter().enumerate() {
            let _ = writeln!(text, "{indent}  region {i}:");
            write_graph(text, region, depth + 2);
        }
    }
    let outputs: Vec<String> = graph.outputs.iter().map(|id| format!("%{}", id.0)).collect();
    let _ = writeln!(text, "{indent}return {}", outputs.join(", "));
}

/// One node without its number: operation, inputs, attributes, types.
pub fn node_text(node: &Node) -> String {
    let inputs: Vec<String> = node.inputs.iter().map(|id| format!("%{}", id.0)).collect();
    let tys: Vec<String> = node.tys.iter().map(ty_text).collect();
    let exact = if node.exact { " exact" } else { "" };
    format!("{}({}){}{exact} : {}", node.op.name, inputs.join(", "), attrs_text(&node.attrs), tys.join("; "))
}

fn attrs_text(attrs: &Attrs) -> String {
    let mut parts: Vec<String> = Vec::new();
    if let Some(name) = &attrs.name {
        parts.push(format!("{name:?}"));
    }
    if let Some(elem) = &attrs.elem {
        parts.push(elem.to_string());
    }
    if !attrs.axes.is_empty() {
        parts.push(attrs.axes.iter().map(axis_text).collect::<Vec<_>>().join(" "));
    }
    if !attrs.dims.is_empty() {
        parts.push(format!("-> {}", attrs.dims.iter().map(dim_text).collect::<Vec<_>>().join(" ")));
    }
    if !attrs.ints.is_empty() {
        parts.push(attrs.ints.iter().map(i64::to_string).collect::<Vec<_>>().join(" "));
    }
    if !attrs.reals.is_empty() {
        parts.push(attrs.reals.iter().map(|r| format!("{:?}", r.get())).collect::<Vec<_>>().join(" "));
    }
    if let Some(data) = &attrs.data {
        parts.push(format!("data of {} elements", data.0.len()));
    }
    if parts.is_empty() { String::new() } else { format!(" {{{}}}", parts.join(", ")) }
}

/// Axes of passes and function instances carry their tag, so that two of one name can be told apart.
fn axis_text(axis: &Axis) -> String {
    format!("{axis:?}")
}

fn dim_text(dim: &Dim) -> String {
    match dim.size.known() {
        Some(n) => format!("{:?}: {n}", dim.axis),
        None => axis_text(&dim.axis),
    }
}

fn ty_text(ty: &ArrayTy) -> String {
    if ty.is_scalar() {
        return ty.elem.to_string();
    }
    format!("{}[{}]", ty.elem, ty.dims.iter().map(dim_text).collect::<Vec<_>>().join(", "))
}

//! Formulas of gradients, and what the passes do to graphs written by hand.

// The oracle may use whatever mathematics the platform has: it is compared with, never shipped.
#![allow(clippy::disallowed_methods)]

mod extremes;
mod losses;
mod oracle;
mod regions;
mod rules;

use super::*;
use crate::ad;
use crate::ir::{Builder, Graph, NodeId};
use crate::ops::Build;
use crate::types::{ArrayTy, Axis, Dim, Elem, Precision, Size, SizeVar};

/// An axis of unknown size.
pub fn open(name: &str, var: u32) -> Dim {
    Dim::new(Axis::global(name), Size::Var(SizeVar(var)))
}

pub fn sized(name: &str, size: usize) -> Dim {
    Dim::new(Axis::global(name), Size::Known(size))
}

pub fn real(dims: &[Dim]) -> ArrayTy {
    ArrayTy::new(Elem::Real, dims.to_vec())
}

/// A graph of named inputs.
pub fn graph(inputs: &[(&str, ArrayTy)], body: impl FnOnce(&mut Builder, &[NodeId]) -> NodeId) -> Graph {
    let mut b = Builder::new(Precision::F64);
    let ids: Vec<NodeId> = inputs.iter().enumerate().map(|(i, (name, ty))| b.input(i, name, ty)).collect();
    let out = body(&mut b, &ids);
    b.finish(vec![out])
}

/// The gradient by the first input, as the session makes it.
pub fn gradient(f: &Graph, wrt: usize) -> Graph {
    let mut journal = Journal::new();
    let mut passes = ad::Passes { stabilise: &mut |g| stabilise(&g, &mut journal), simplify: &mut |g| simplify(&g) };
    ad::gradient(f.clone(), &[wrt], false, &mut passes).expect("a gradient")
}

pub fn text(graph: &Graph) -> String {
    crate::formula::formula(graph, 0).to_text()
}

pub fn latex(graph: &Graph) -> String {
    crate::formula::formula(graph, 0).to_latex()
}

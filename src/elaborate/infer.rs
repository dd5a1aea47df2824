//! Parameters without a written type: what they must be is learned from the body. The body is elaborated with plain
//! reals; each time it asks a value that depends on a parameter for an axis or a label, the parameter gets it, and the
//! body is elaborated again, until nothing more is asked.

use super::Elaborator;
use super::value::{Array, InferredElem, ParamTy, Value};
use crate::ir::NodeId;
use std::sync::Arc;

/// One untyped parameter under inference.
pub(super) struct Probe {
    pub level: usize,
    /// Its input node; `None` once it was found to be no array.
    pub input: Option<NodeId>,
    pub ty: ParamTy,
    pub changed: bool,
}

impl Elaborator<'_> {
    pub(super) fn probing_any(&self) -> bool {
        !self.probing.is_empty() || self.symbolic > 0
    }

    /// The body needs this axis of a value that depends on untyped parameters: they get it. False if none does.
    pub(super) fn demand_axis(&mut self, array: &Array, name: &Arc<str>) -> bool {
        self.demand(array, |ty| match ty {
            ParamTy::Inferred { axes, .. } if !axes.contains(name) => {
                axes.push(name.clone());
                true
            }
            _ => false,
        })
    }

    /// The body picks along this axis by a value that is an untyped parameter.
    pub(super) fn demand_label(&mut self, array: &Array, name: &Arc<str>) -> bool {
        self.demand(array, |ty| match ty {
            ParamTy::Inferred { elem, .. } if *elem == InferredElem::Real => {
                *elem = InferredElem::Label(name.clone());
                true
            }
            _ => false,
        })
    }

    /// The body uses an untyped parameter as something that is no array.
    pub(super) fn demand_open(&mut self, value: &Value) -> bool {
        let Value::Array(array) = value else { return false };
        self.demand(array, |ty| {
            let changed = *ty != ParamTy::Open;
            *ty = ParamTy::Open;
            changed
        })
    }

    fn demand(&mut self, array: &Array, mut change: impl FnMut(&mut ParamTy) -> bool) -> bool {
        let Array::Node { level, id } = array else { return false };
        if self.probing.is_empty() {
            return false;
        }
        let mut any = false;
        let reached = self.reached_inputs(*level, *id);
        for probe in &mut self.probing {
            if probe.input.is_some_and(|input| reached.contains(&(probe.level, input))) && change(&mut probe.ty) {
                probe.changed = true;
                any = true;
            }
        }
        any
    }

    /// The input nodes, in any frame, that a node depends on.
    fn reached_inputs(&self, level: usize, id: NodeId) -> Vec<(usize, NodeId)> {
        let mut found = Vec::new();
        let mut seen = vec![false; self.frames[level].builder.graph.nodes.len()];
        let mut stack = vec![id];
        while let Some(id) = stack.pop() {
            if std::mem::replace(&mut seen[id.index()], true) {
                continue;
            }
            let node = self.frames[level].builder.graph.node(id);
            if node.is(&crate::ops::INPUT) {
                found.push((level, id));
                let outside = self.frames[level].captures.iter().find(|c| c.1 == id).map(|c| c.0);
                if let (Some(outside), true) = (outside, level > 0) {
                    found.extend(self.reached_inputs(level - 1, outside));
                }
            }
            stack.extend(&node.inputs);
        }
        found
    }
}

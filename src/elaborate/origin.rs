//! Where an axis of a node comes from, for messages.

use crate::ir::{Graph, NodeId};
use crate::ops;
use crate::types::Axis;

/// The node that gave a node its axis, as far back as this graph goes: an input or the node that made the axis; and what
/// the axis is called there.
pub(super) fn axis_source(graph: &Graph, mut id: NodeId, axis: &Axis) -> (NodeId, Axis) {
    let mut axis = axis.clone();
    loop {
        let node = graph.node(id);
        if node.is(&ops::RENAME)
            && let Some(i) = node.attrs.dims.iter().position(|d| d.axis == axis)
        {
            axis = node.attrs.axes[i].clone();
            id = node.inputs[0];
            continue;
        }
        let made_here = node.attrs.dims.iter().any(|d| d.axis == axis);
        match node.inputs.iter().find(|i| graph.node(**i).tys.first().is_some_and(|t| t.has(&axis))) {
            Some(next) if !made_here => id = *next,
            _ => return (id, axis),
        }
    }
}

//! Operations that move elements: repetition, renaming, picking, scattering. Known contents are found without moving.

use super::engine::Rewriter;
use crate::ir::{Attrs, NodeId, OpDef};
use crate::ops::{self, *};
use crate::types::{Axis, Dim, Elem};

/// `i == y` along an axis, as truth values: the axis and the index compared with its coordinates.
#[derive(Clone)]
pub(super) struct Hit {
    pub dim: Dim,
    pub index: NodeId,
}

impl Rewriter<'_> {
    pub(super) fn structure_rules(&mut self, op: &'static OpDef, inputs: &[NodeId], attrs: &Attrs) -> Option<NodeId> {
        match op.name {
            "rename" => self.rename_rules(op, *inputs.first()?, attrs),
            "pick" => self.pick_rules(op, *inputs.first()?, *inputs.get(1)?, attrs),
            "scatter_add" => self.scatter_rules(op, inputs, attrs),
            "order" => {
                let ty = self.ty(*inputs.first()?);
                ty.axes().eq(attrs.axes.iter()).then(|| inputs[0])
            }
            "reverse" => {
                let node = self.node_of(*inputs.first()?);
                (!node.exact && node.is(find("reverse")?) && node.attrs.axes == attrs.axes).then(|| node.inputs[0])
            }
            _ if inputs.len() == 1 => self.reduction_of_repeated(op, inputs[0], attrs),
            _ => None,
        }
    }

    pub(super) fn broadcast_rules(&mut self, x: NodeId, attrs: &Attrs) -> Option<NodeId> {
        if attrs.dims.is_empty() {
            return Some(x);
        }
        let node = self.as_op(x, &BROADCAST)?;
        let inner = node.inputs[0];
        let dims: Vec<Dim> = attrs.dims.iter().chain(&node.attrs.dims).cloned().collect();
        self.build(&BROADCAST, &[inner], &Attrs::dims(dims))
    }

    fn rename_rules(&mut self, op: &'static OpDef, x: NodeId, attrs: &Attrs) -> Option<NodeId> {
        if attrs.axes.iter().zip(&attrs.dims).all(|(a, d)| *a == d.axis) {
            return Some(x);
        }
        let node = self.node_of(x).clone();
        if node.exact {
            return None;
        }
        let renamed = |axis: &Axis| attrs.axes.iter().position(|a| a == axis).map(|i| attrs.dims[i].clone());
        if node.is(&BROADCAST) {
            // The repeated axes are made under their new names.
            let dims: Vec<Dim> =
                node.attrs.dims.iter().map(|d| renamed(&d.axis).unwrap_or_else(|| d.clone())).collect();
            let mut rest = Attrs::none();
            for (axis, dim) in attrs.axes.iter().zip(&attrs.dims) {
                if !node.attrs.dims.iter().any(|d| d.axis == *axis) {
                    rest.axes.push(axis.clone());
                    rest.dims.push(dim.clone());
                }
            }
            let inner = self.build(op, &[node.inputs[0]], &rest)?;
            return self.build(&BROADCAST, &[inner], &Attrs::dims(dims));
        }
        if std::ptr::eq(node.op, op) {
            // x[a -> b][b -> c] is x[a -> c].
            let mut both = node.attrs.clone();
            for (axis, dim) in attrs.axes.iter().zip(&attrs.dims) {
                match both.dims.iter().position(|d| d.axis == *axis) {
                    Some(i) => both.dims[i] = dim.clone(),
                    None => {
                        both.axes.push(axis.clone());
                        both.dims.push(dim.clone());
                    }
                }
            }
            let moved = |i: &usize| both.axes[*i] != both.dims[*i].axis;
            let kept: Vec<usize> = (0..both.axes.len()).filter(moved).collect();
            let axes: Vec<Axis> = kept.iter().map(|&i| both.axes[i].clone()).collect();
            let dims: Vec<Dim> = kept.iter().map(|&i| both.dims[i].clone()).collect();
            return self.build(op, &[node.inputs[0]], &Attrs::axes(axes).with_dims(dims));
        }
        None
    }

    fn pick_rules(&mut self, op: &'static OpDef, x: NodeId, index: NodeId, attrs: &Attrs) -> Option<NodeId> {
        let ty = self.probe(op, &[x, index], attrs)?;
        let axis = attrs.axes.first()?;
        let node = self.node_of(x).clone();
        if node.exact {
            return None;
        }
        if node.is(&BROADCAST) && node.attrs.dims.iter().any(|d| d.axis == *axis) {
            return Some(self.fit(node.inputs[0], &ty));
        }
        if node.is(&IOTA) && self.b.graph.ty(index).elem == ty.elem {
            return Some(index);
        }
        if node.is(&CAST) && self.as_op(node.inputs[0], &IOTA).is_some() {
            return self.build(&CAST, &[index], &node.attrs);
        }
        // A sign or constant factor can wait until after the choice.
        if node.is(&NEG) {
            let inner = self.build(op, &[node.inputs[0], index], attrs)?;
            return self.op(&NEG, &[inner]);
        }
        None
    }

    /// `SCATTER_ADD(g, y)` along `k` without axes summed away is `g * onehot[k](y)`: one product, which formulas show as
    /// people write it and sums see through. Where axes of `y` are summed away (rows of a table of embeddings) it stays.
    fn scatter_rules(&mut self, op: &'static OpDef, inputs: &[NodeId], attrs: &Attrs) -> Option<NodeId> {
        let [g, index] = *inputs else { return None };
        let dim = attrs.dims.first()?.clone();
        let ty = self.probe(op, inputs, attrs)?;
        if self.is_constant(g, 0.0) {
            return Some(self.full(0.0, &ty));
        }
        let g_ty = self.ty(g);
        if attrs.axes.len() != 1 || g_ty.has(&dim.axis) || !self.lacks(index, &attrs.axes) {
            return None;
        }
        let hit = self.onehot(&dim, index)?;
        let product = self.op(&MUL, &[g, hit])?;
        Some(self.fit(product, &ty))
    }

    fn onehot(&mut self, dim: &Dim, index: NodeId) -> Option<NodeId> {
        let label = Attrs { elem: Some(Elem::Label(dim.axis.clone())), ..Attrs::none() };
        let index = self.build(&CAST, &[index], &label)?;
        let coordinates = self.b.iota(dim);
        let hit = self.op(&EQ, &[coordinates, index])?;
        self.build(&CAST, &[hit], &Attrs { elem: Some(Elem::Real), ..Attrs::none() })
    }

    /// Reads `k == y` where `k` is the coordinates of an axis that `y` lacks.
    pub(super) fn as_hit(&self, id: NodeId) -> Option<Hit> {
        let (a, b) = self.args2(id, &EQ)?;
        for (coordinates, index) in [(a, b), (b, a)] {
            let Some(node) = self.as_op(coordinates, &IOTA) else { continue };
            let dim = node.attrs.dims.first()?.clone();
            let index_ty = self.b.graph.ty(index);
            if !index_ty.has(&dim.axis) && index_ty.elem == Elem::Label(dim.axis.clone()) {
                return Some(Hit { dim, index });
            }
        }
        None
    }

    /// Reads the same as reals: 1 where they are equal, else 0.
    pub(super) fn as_onehot(&self, id: NodeId) -> Option<Hit> {
        self.as_hit(self.arg(id, &CAST)?)
    }

    /// `x[axis = index]`.
    pub(super) fn picked(&mut self, x: NodeId, hit: &Hit) -> Option<NodeId> {
        if self.lacks(x, std::slice::from_ref(&hit.dim.axis)) {
            return Some(x);
        }
        self.build(ops::find("pick")?, &[x, hit.index], &Attrs::axes([hit.dim.axis.clone()]))
    }

    /// Operations along axes, of something repeated along others: repeated afterwards.
    pub(super) fn reduction_of_repeated(&mut self, op: &'static OpDef, x: NodeId, attrs: &Attrs) -> Option<NodeId> {
        let along =
            attrs.dims.is_empty() && attrs.ints.is_empty() && attrs.regions.is_empty() && !attrs.axes.is_empty();
        if !along || !matches!(op.form, crate::ir::Form::Along { .. }) {
            return None;
        }
        let node = self.as_op(x, &BROADCAST)?;
        let inner = node.inputs[0];
        let (within, outside): (Vec<Dim>, Vec<Dim>) =
            node.attrs.dims.iter().cloned().partition(|d| attrs.axes.contains(&d.axis));
        if outside.is_empty() {
            return None;
        }
        let ty = self.probe(op, &[x], attrs)?;
        let inner = self.b.broadcast(inner, &within);
        let done = self.build(op, &[inner], attrs)?;
        Some(self.fit(done, &ty))
    }
}

//! Sums and contractions along axes, and functions that do not notice a shift.

use super::engine::Rewriter;
use super::terms::Product;
use crate::ir::{Attrs, NodeId, OpDef};
use crate::ops::*;
use crate::types::{ArrayTy, Axis, Dim, Elem};

impl Rewriter<'_> {
    pub(super) fn sum_rules(&mut self, x: NodeId, axes: &[Axis]) -> Option<NodeId> {
        if axes.is_empty() {
            return Some(x);
        }
        if !self.is_real(x) {
            return None;
        }
        let ty = self.probe(&SUM, &[x], &Attrs::axes(axes))?;
        if self.is_constant(x, 0.0) {
            return Some(self.full(0.0, &ty));
        }
        if let Some(node) = self.as_op(x, &SUM) {
            let (inner, mut both) = (node.inputs[0], node.attrs.axes.clone());
            both.extend(axes.iter().cloned());
            return self.build(&SUM, &[inner], &Attrs::axes(both));
        }
        for (i, axis) in axes.iter().enumerate() {
            if let Some(done) = self.easy_sum(x, axis) {
                let mut rest = axes.to_vec();
                rest.remove(i);
                let done = if rest.is_empty() { done } else { self.sum_along(done, &rest)? };
                return Some(self.fit(done, &ty));
            }
        }
        if self.centred(x, axes) {
            return Some(self.full(0.0, &ty));
        }
        let done = self.factors_out_of_sum(x, axes).or_else(|| self.as_contraction(x, axes))?;
        Some(self.fit(done, &ty))
    }

    /// Reads `x - mean[axes](x)`, which sums to nothing.
    fn centred(&self, x: NodeId, axes: &[Axis]) -> bool {
        let Some((whole, mean)) = self.args2(x, &SUB) else { return false };
        let mean = self.arg(mean, &BROADCAST).unwrap_or(mean);
        let Some((sum, size)) = self.args2(mean, &DIV) else { return false };
        let Some(node) = self.as_op(sum, &SUM) else { return false };
        let same = node.inputs[0] == whole && node.attrs.axes == axes && axes.len() == 1;
        let size = self.arg(size, &CAST).and_then(|s| self.as_op(s, &SIZE));
        same && size.is_some_and(|s| s.attrs.dims.first().is_some_and(|d| d.axis == axes[0]))
    }

    /// The sum of something that may lack some of the axes.
    pub(super) fn sum_along(&mut self, x: NodeId, axes: &[Axis]) -> Option<NodeId> {
        let ty = self.ty(x);
        let has: Vec<Axis> = axes.iter().filter(|a| ty.has(a)).cloned().collect();
        if has.len() != axes.len() {
            return None;
        }
        self.build(&SUM, &[x], &Attrs::axes(has))
    }

    /// The sum along one axis where it is known without adding: of something repeated, of probabilities, of a onehot.
    /// The result may lack axes that are to be repeated.
    fn easy_sum(&mut self, x: NodeId, axis: &Axis) -> Option<NodeId> {
        let only = std::slice::from_ref(axis);
        if let Some(node) = self.as_op(x, &BROADCAST) {
            let (inner, dims) = (node.inputs[0], node.attrs.dims.clone());
            let at = dims.iter().position(|d| d.axis == *axis)?;
            let size = self.size_of(&dims[at]);
            let product = self.op(&MUL, &[size, inner])?;
            let rest: Vec<Dim> = dims.into_iter().filter(|d| d.axis != *axis).collect();
            return Some(self.b.broadcast(product, &rest));
        }
        let ty = self.ty(x);
        let rest = Attrs { dims: ty.without(only), ..Attrs::none() };
        if let Some((a, b)) = self.args2(x, &ADD).or_else(|| self.args2(x, &SUB)) {
            let (a, b) = (self.fit(a, &ty), self.fit(b, &ty));
            if let (Some(a), Some(b)) = (self.easy_sum(a, axis), self.easy_sum(b, axis)) {
                return self.op(self.node_of(x).op, &[a, b]);
            }
            return None;
        }
        let mut p = self.product(x);
        // Probabilities along one axis add up to one (along an axis that is not known to be empty).
        let sums_to_one = |r: &Self, f: NodeId| {
            let softmax = r.as_op(f, &SOFTMAX).is_some_and(|n| n.attrs.axes == only);
            let nonempty = ty.dim(axis).is_some_and(|d| d.size.known() != Some(0));
            (softmax && nonempty) || r.as_onehot(f).is_some_and(|h| h.dim.axis == *axis)
        };
        if let Some(at) = p.above.iter().position(|&f| sums_to_one(self, f)) {
            let others_lack = p.above.iter().enumerate().all(|(i, &f)| i == at || self.lacks(f, only))
                && p.below.iter().all(|&f| self.lacks(f, only));
            if others_lack {
                p.above.remove(at);
                let done = self.of_product(&p)?;
                return Some(self.b.broadcast(done, &rest.dims));
            }
        }
        // sum[k](x * onehot[k](y)) is x[k = y].
        let at = p.above.iter().position(|&f| self.as_onehot(f).is_some_and(|h| h.dim.axis == *axis))?;
        let hit = self.as_onehot(p.above[at])?;
        p.above.remove(at);
        for f in p.above.iter_mut().chain(p.below.iter_mut()) {
            *f = self.picked(*f, &hit)?;
        }
        let done = self.of_product(&p)?;
        Some(self.b.broadcast(done, &rest.dims))
    }

    /// The extent of an axis as a real.
    pub(super) fn size_of(&mut self, dim: &Dim) -> NodeId {
        let size = self.b.size(dim);
        self.b.cast_real(size)
    }

    /// `sum[k](c * x)` is `c * sum[k](x)`.
    fn factors_out_of_sum(&mut self, x: NodeId, axes: &[Axis]) -> Option<NodeId> {
        if let Some((g, d)) = self.args2(x, &ZMUL)
            && self.lacks(g, axes)
        {
            let inner = self.sum_along(d, axes)?;
            return self.op(&ZMUL, &[g, inner]);
        }
        let p = self.product(x);
        let (out_above, in_above): (Vec<_>, Vec<_>) = p.above.iter().partition(|&&f| self.lacks(f, axes));
        let (out_below, in_below): (Vec<_>, Vec<_>) = p.below.iter().partition(|&&f| self.lacks(f, axes));
        if (out_above.is_empty() && out_below.is_empty() && p.coefficient == 1.0) || in_above.is_empty() {
            return None;
        }
        let inside = self.of_product(&Product { coefficient: 1.0, above: in_above, below: in_below })?;
        let ty = self.ty(inside);
        if !axes.iter().all(|a| ty.has(a)) {
            return None;
        }
        let inner = self.build(&SUM, &[inside], &Attrs::axes(axes))?;
        let mut above = out_above;
        above.push(inner);
        self.of_product(&Product { coefficient: p.coefficient, above, below: out_below })
    }

    /// `sum[d](x * y)` is `x @[d] y` where the product would be larger than either side.
    fn as_contraction(&mut self, x: NodeId, axes: &[Axis]) -> Option<NodeId> {
        let (a, b) = self.args2(x, &MUL)?;
        let (ta, tb) = (self.ty(a), self.ty(b));
        let all = axes.iter().all(|axis| ta.has(axis) && tb.has(axis));
        let wider = |x: &ArrayTy, y: &ArrayTy| x.axes().any(|axis| !y.has(axis));
        if all && wider(&ta, &tb) && wider(&tb, &ta) {
            return self.build(&CONTRACT, &[a, b], &Attrs::axes(axes));
        }
        None
    }

    pub(super) fn contract_rules(&mut self, a: NodeId, b: NodeId, axes: &[Axis]) -> Option<NodeId> {
        let ty = self.probe(&CONTRACT, &[a, b], &Attrs::axes(axes))?;
        if self.is_constant(a, 0.0) || self.is_constant(b, 0.0) {
            return Some(self.full(0.0, &ty));
        }
        // Something repeated along a summed axis comes out of the sum.
        for (x, y) in [(a, b), (b, a)] {
            let Some(node) = self.as_op(x, &BROADCAST) else { continue };
            let (inner, dims) = (node.inputs[0], node.attrs.dims.clone());
            let (summed, kept): (Vec<Dim>, Vec<Dim>) = dims.into_iter().partition(|d| axes.contains(&d.axis));
            let gone: Vec<Axis> = summed.into_iter().map(|d| d.axis).collect();
            let left: Vec<Axis> = axes.iter().filter(|x| !gone.contains(x)).cloned().collect();
            let other = if gone.is_empty() { y } else { self.sum_along(y, &gone)? };
            let other_ty = self.ty(other);
            // Where only repetition along batched axes is left, alignment does it.
            if gone.is_empty() && !kept.iter().any(|d| other_ty.has(&d.axis)) && left.len() == axes.len() {
                let done = self.ordered_contract(inner, other, &left, x == a)?;
                return Some(self.fit(done, &ty));
            }
            let done = self.ordered_contract(inner, other, &left, x == a)?;
            return Some(self.fit(done, &ty));
        }
        // Signs and scalar factors come out.
        let (mut p, mut q) = (self.product(a), self.product(b));
        let scalar = |r: &Self, f: &NodeId| r.b.graph.ty(*f).is_scalar();
        let mut outer = Product { coefficient: p.coefficient * q.coefficient, above: Vec::new(), below: Vec::new() };
        for side in [&mut p, &mut q] {
            side.coefficient = 1.0;
            let above = std::mem::take(&mut side.above);
            let (out, inside): (Vec<_>, Vec<_>) = above.into_iter().partition(|f| scalar(self, f));
            outer.above.extend(out);
            side.above = inside;
            let below = std::mem::take(&mut side.below);
            let (out, inside): (Vec<_>, Vec<_>) = below.into_iter().partition(|f| scalar(self, f));
            outer.below.extend(out);
            side.below = inside;
        }
        if outer.coefficient != 1.0 || !outer.above.is_empty() || !outer.below.is_empty() {
            let (a, b) = (self.of_product(&p)?, self.of_product(&q)?);
            let (ta, tb) = (self.ty(a), self.ty(b));
            if axes.iter().all(|x| ta.has(x) && tb.has(x)) {
                let inner = self.build(&CONTRACT, &[a, b], &Attrs::axes(axes))?;
                // The array leads, scalars follow: `x @[d] w / size(n)`.
                outer.above.insert(0, inner);
                let done = self.of_product(&outer)?;
                return Some(self.fit(done, &ty));
            }
            return None;
        }
        // A onehot picks.
        for (x, y, turned) in [(a, b, false), (b, a, true)] {
            let Some(hit) = self.as_onehot(x) else { continue };
            let Some(at) = axes.iter().position(|axis| *axis == hit.dim.axis) else { continue };
            let mut rest = axes.to_vec();
            rest.remove(at);
            let _ = turned;
            let index_ty = self.ty(hit.index);
            // Axes that both sides share stay aligned; an axis summed besides must survive the choice.
            if !rest.is_empty() && rest.iter().any(|r| !index_ty.has(r) && self.lacks(y, std::slice::from_ref(r))) {
                continue;
            }
            let picked = self.picked(y, &hit)?;
            let done = if rest.is_empty() { picked } else { self.sum_along(picked, &rest)? };
            return Some(self.fit(done, &ty));
        }
        None
    }

    fn ordered_contract(&mut self, x: NodeId, y: NodeId, axes: &[Axis], first: bool) -> Option<NodeId> {
        let (a, b) = if first { (x, y) } else { (y, x) };
        if axes.is_empty() {
            return self.op(&MUL, &[a, b]);
        }
        self.build(&CONTRACT, &[a, b], &Attrs::axes(axes))
    }

    /// `softmax[k](x + c)` is `softmax[k](x)` where `c` lacks `k`.
    pub(super) fn shift_rules(&mut self, op: &'static OpDef, x: NodeId, axes: &[Axis]) -> Option<NodeId> {
        if let Some(done) = self.reduction_of_repeated(op, x, &Attrs::axes(axes)) {
            return Some(done);
        }
        let ty = self.ty(x);
        let mut sum = self.linear(x);
        let before = sum.terms.len();
        let without: Vec<(Option<NodeId>, f64)> =
            sum.terms.iter().filter(|(t, _)| t.is_some_and(|t| !self.lacks(t, axes))).cloned().collect();
        if without.len() == before || without.is_empty() {
            return None;
        }
        sum.terms = without;
        let inner = self.of_linear_free(&sum)?;
        if self.lacks(inner, axes) || axes.iter().any(|a| !self.b.graph.ty(inner).has(a)) {
            return None;
        }
        let done = self.build(op, &[inner], &Attrs::axes(axes))?;
        Some(self.fit(done, &ty))
    }

    /// The node of a sum with the axes of its terms.
    pub(super) fn of_linear_free(&mut self, sum: &super::terms::Linear) -> Option<NodeId> {
        self.of_linear(sum, &ArrayTy::scalar(Elem::Real))
    }
}

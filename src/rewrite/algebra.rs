//! Simplification, operation by operation: given an operation and its (already simplified) inputs, a simpler node of the
//! same value, or nothing. Sums and products are in `terms`, reductions in `reduce`, structure in `structure`.

use super::engine::Rewriter;
use crate::ir::{Attrs, Kernel, KernelArgs, Lifting, NodeId, OpDef, RunFault, Runner};
use crate::ops::{self, *};
use crate::tensor::Tensor;
use crate::types::{Elem, Precision};
use std::sync::Arc;

impl Rewriter<'_> {
    /// A simpler node than `op(inputs)`, if a rule knows one.
    pub(super) fn algebra(&mut self, op: &'static OpDef, inputs: &[NodeId], attrs: &Attrs) -> Option<NodeId> {
        let is = |other: &'static OpDef| std::ptr::eq(op, other);
        if op.lifting == Lifting::Elementwise {
            if let Some(id) = self.fold_constants(op, inputs, attrs) {
                return Some(id);
            }
            if let Some(id) = self.broadcast_outward(op, inputs, attrs) {
                return Some(id);
            }
        }
        match *inputs {
            [] => None,
            [x] => {
                if is(&NEG) {
                    self.negate(x)
                } else if is(&EXP) {
                    self.exp_rules(x)
                } else if is(&SQRT) || is(&NOT) || is(&ABS) || is(&STOP) || is(&CAST) || is(&GET) {
                    self.unary(op, x, attrs)
                } else if is(&BROADCAST) {
                    self.broadcast_rules(x, attrs)
                } else if is(&SUM) {
                    self.sum_rules(x, &attrs.axes)
                } else if is(&SOFTMAX) || is(&LOG_SOFTMAX) {
                    self.shift_rules(op, x, &attrs.axes)
                } else {
                    self.structure_rules(op, inputs, attrs)
                }
            }
            [a, b] => {
                if is(&ADD) || is(&SUB) {
                    self.add_rules(op, a, b)
                } else if is(&MUL) {
                    self.mul_rules(a, b)
                } else if is(&DIV) {
                    self.div_rules(a, b)
                } else if is(&POW) {
                    self.pow_rules(a, b)
                } else if is(&ZMUL) || is(&ZDIV) {
                    self.strong_zero(op, a, b)
                } else if is(&AND) || is(&OR) {
                    self.logic(op, a, b)
                } else if is(&GE) || is(&GT) || is(&LE) || is(&LT) {
                    self.compare_rules(op, a, b)
                } else if is(&CONTRACT) {
                    self.contract_rules(a, b, &attrs.axes)
                } else {
                    self.structure_rules(op, inputs, attrs)
                }
            }
            [mask, a, b] if is(&SELECT) => self.select_rules(mask, a, b),
            _ => self.structure_rules(op, inputs, attrs),
        }
    }

    /// Runs an elementwise operation whose inputs are all constants. What is not finite stays unfolded, so that tracing
    /// still finds where it came from.
    fn fold_constants(&mut self, op: &'static OpDef, inputs: &[NodeId], attrs: &Attrs) -> Option<NodeId> {
        if inputs.is_empty() || matches!(op.kernel, Kernel::None) {
            return None;
        }
        let hides_a_form = [&EXP, &SIGMOID, &POW].into_iter().any(|f: &OpDef| std::ptr::eq(op, f));
        if self.keep_forms && hides_a_form && inputs.iter().all(|&i| self.is_real(i)) {
            return None;
        }
        let constants: Vec<crate::ir::Node> =
            inputs.iter().map(|&i| self.as_op(i, &CONST).cloned()).collect::<Option<_>>()?;
        let mut infinite = false;
        let mut values = Vec::new();
        let elems: Vec<Elem> = constants.iter().map(|n| n.ty().elem.clone()).collect();
        // Reals are folded in 64 bits at every precision, but compared as the program will see them.
        let out = self.probe(op, inputs, attrs)?;
        let precision = if out.elem == Elem::Bool { self.b.graph.precision } else { Precision::F64 };
        for (node, elem) in constants.iter().zip(&elems) {
            let int = node.attrs.ints.first().copied().unwrap_or(0);
            values.push(match elem {
                Elem::Real => {
                    let x = node.attrs.reals.first()?.get();
                    infinite |= !x.is_finite();
                    Tensor::real(x, precision)
                }
                Elem::Bool => Tensor::scalar(int != 0),
                Elem::Int | Elem::Label(_) => Tensor::scalar(int),
            });
        }
        let tys: Vec<_> = inputs.iter().map(|&i| self.ty(i)).collect();
        let args = KernelArgs {
            inputs: values,
            input_tys: tys.iter().collect(),
            attrs,
            output_tys: std::slice::from_ref(&out),
            precision,
            runner: &NoRunner,
        };
        let result = ops::run_kernel(op, args).ok()?.pop()?;
        match out.elem {
            Elem::Real => {
                let x = *result.to_f64().first()?;
                (x.is_finite() || (infinite && !x.is_nan())).then(|| self.real(x))
            }
            elem => Some(self.b.integer(result.to_f64().first().copied()? as i64, elem)),
        }
    }

    /// The type that an operation would give.
    pub(super) fn probe(
        &mut self,
        op: &'static OpDef,
        inputs: &[NodeId],
        attrs: &Attrs,
    ) -> Option<crate::types::ArrayTy> {
        let tys: Vec<_> = inputs.iter().map(|&i| self.ty(i)).collect();
        let refs: Vec<_> = tys.iter().collect();
        let mut ctx = crate::ir::InferCtx { inputs: &refs, outputs: &[], attrs, sizes: &mut self.b.sizes };
        (op.infer)(&mut ctx).ok()?.into_iter().next()
    }

    /// `f(broadcast(x), y)`: the repetition is left to alignment where `y` has the axis, else made after `f`.
    fn broadcast_outward(&mut self, op: &'static OpDef, inputs: &[NodeId], attrs: &Attrs) -> Option<NodeId> {
        if !inputs.iter().any(|&i| self.as_op(i, &BROADCAST).is_some()) {
            return None;
        }
        let inner: Vec<NodeId> = inputs.iter().map(|&i| self.arg(i, &BROADCAST).unwrap_or(i)).collect();
        let mut dims: Vec<crate::types::Dim> = Vec::new();
        for &i in inputs {
            for dim in self.ty(i).dims {
                if !dims.iter().any(|d| d.axis == dim.axis) {
                    dims.push(dim);
                }
            }
        }
        let done = self.build(op, &inner, attrs)?;
        Some(self.b.broadcast(done, &dims))
    }

    fn unary(&mut self, op: &'static OpDef, x: NodeId, attrs: &Attrs) -> Option<NodeId> {
        let is = |other: &'static OpDef| std::ptr::eq(op, other);
        if is(&CAST) {
            let to = attrs.elem.clone()?;
            if self.b.graph.ty(x).elem == to {
                return Some(x);
            }
            // bool → int → real, label → int → real: one conversion does.
            let inner = self.arg(x, &CAST)?;
            let exact = self.b.graph.ty(inner).elem != Elem::Real;
            return if exact && to == Elem::Real { self.build(&CAST, &[inner], attrs) } else { None };
        }
        if is(&STOP) {
            let constant = self.as_op(x, &STOP).is_some() || self.constant(x).is_some() || !self.is_real(x);
            return constant.then_some(x);
        }
        if is(&NOT) {
            if let Some(inner) = self.arg(x, &NOT) {
                return Some(inner);
            }
            // NaN is in no order, so only `==` and `!=` have an opposite.
            if let Some((a, b)) = self.args2(x, &EQ) {
                return self.op(&NE, &[a, b]);
            }
            let (a, b) = self.args2(x, &NE)?;
            return self.op(&EQ, &[a, b]);
        }
        if is(&ABS) {
            if self.facts(x).nonnegative() {
                return Some(x);
            }
            let inner = self.arg(x, &NEG)?;
            return self.op(&ABS, &[inner]);
        }
        None
    }

    /// `exp(log_softmax(x))`, also behind operations that only move elements.
    fn exp_rules(&mut self, x: NodeId) -> Option<NodeId> {
        let node = self.node_of(x).clone();
        if node.exact {
            return None;
        }
        if node.is(&LOG_SOFTMAX) {
            return self.build(&SOFTMAX, &node.inputs, &node.attrs);
        }
        if node.is(&LOG) && self.facts(node.inputs[0]).nonnegative() {
            return Some(node.inputs[0]);
        }
        if matches!(node.op.name, "pick" | "rename") {
            let inner = self.exp_rules(node.inputs[0])?;
            let mut inputs = node.inputs.clone();
            inputs[0] = inner;
            return self.build(node.op, &inputs, &node.attrs);
        }
        self.exp_as_sigmoid(x)
    }

    fn pow_rules(&mut self, x: NodeId, p: NodeId) -> Option<NodeId> {
        let ty = self.probe(&POW, &[x, p], &Attrs::none())?;
        if self.is_constant(x, 1.0) {
            return Some(self.full(1.0, &ty));
        }
        let p = self.constant(p)?;
        if p == 1.0 {
            return Some(self.fit(x, &ty));
        }
        if p == 0.0 {
            return Some(self.full(1.0, &ty));
        }
        if p == -1.0 {
            let one = self.real(1.0);
            return self.op(&DIV, &[one, x]);
        }
        let even = p % 2.0 == 0.0;
        if even && let Some(inner) = self.arg(x, &NEG).or_else(|| self.arg(x, &ABS)) {
            let p = self.real(p);
            return self.op(&POW, &[inner, p]);
        }
        let (inner, q) = self.args2(x, &POW)?;
        let q = self.constant(q)?;
        let whole = |v: f64| v.fract() == 0.0 && v.abs() <= 64.0;
        if whole(p) && whole(q) && p > 0.0 && q > 0.0 {
            let pq = self.real(p * q);
            return self.op(&POW, &[inner, pq]);
        }
        None
    }

    /// Products and quotients in which a zero wins: plain ones where the other side is surely finite.
    fn strong_zero(&mut self, op: &'static OpDef, a: NodeId, b: NodeId) -> Option<NodeId> {
        let ty = self.probe(op, &[a, b], &Attrs::none())?;
        if self.is_constant(a, 0.0) {
            return Some(self.full(0.0, &ty));
        }
        let multiply = std::ptr::eq(op, &ZMUL);
        if multiply && (self.facts(b).finite || self.constant(a).is_some_and(|c| c != 0.0)) {
            return self.op(&MUL, &[a, b]);
        }
        if !multiply && self.constant(a).is_some_and(|c| c != 0.0) {
            return self.op(&DIV, &[a, b]);
        }
        if !multiply && self.facts(b).finite && self.facts(b).low > 0.0 {
            return self.op(&DIV, &[a, b]);
        }
        // where(m, x, 0) as the strong side: the product is chosen instead.
        if let Some((mask, inner, holds)) = self.or_nothing(a)
            && self.ty(a).axes().all(|axis| self.b.graph.ty(b).has(axis))
        {
            let product = self.op(op, &[inner, b])?;
            let zero = self.real(0.0);
            return self.op(&SELECT, &if holds { [mask, product, zero] } else { [mask, zero, product] });
        }
        // The sign and constant factors of a strong zero move out.
        if let Some(inner) = self.arg(a, &NEG) {
            let product = self.op(op, &[inner, b])?;
            return self.op(&NEG, &[product]);
        }
        if let Some(inner) = self.arg(b, &NEG) {
            let product = self.op(op, &[a, inner])?;
            return self.op(&NEG, &[product]);
        }
        let (c, rest) = self.args2(a, &MUL)?;
        if self.as_op(c, &CONST).is_some() && self.constant(c) != Some(0.0) {
            let product = self.op(op, &[rest, b])?;
            return self.op(&MUL, &[c, product]);
        }
        None
    }

    /// `0 >= a - b` is `b >= a`: a difference is 0 only where its sides are equal.
    fn compare_rules(&mut self, op: &'static OpDef, a: NodeId, b: NodeId) -> Option<NodeId> {
        let ty = self.probe(op, &[a, b], &Attrs::none())?;
        let sides = if self.is_constant(a, 0.0) {
            let (x, y) = self.args2(b, &SUB)?;
            [y, x]
        } else if self.is_constant(b, 0.0) {
            let (x, y) = self.args2(a, &SUB)?;
            [x, y]
        } else {
            return None;
        };
        let done = self.op(op, &sides)?;
        Some(self.fit(done, &ty))
    }

    fn logic(&mut self, op: &'static OpDef, a: NodeId, b: NodeId) -> Option<NodeId> {
        let absorbing = std::ptr::eq(op, &OR);
        let ty = self.probe(op, &[a, b], &Attrs::none())?;
        if a == b {
            return Some(a);
        }
        for (x, y) in [(a, b), (b, a)] {
            if let Some(value) = self.truth(x) {
                let result = if value == absorbing { x } else { y };
                return Some(self.fit(result, &ty));
            }
        }
        None
    }

    /// The value, if every element is this truth value.
    pub(super) fn truth(&self, mut id: NodeId) -> Option<bool> {
        while let Some(inner) = self.arg(id, &BROADCAST) {
            id = inner;
        }
        let node = self.as_op(id, &CONST)?;
        (node.attrs.elem == Some(Elem::Bool)).then(|| node.attrs.ints.first() == Some(&1))
    }

    fn select_rules(&mut self, mask: NodeId, a: NodeId, b: NodeId) -> Option<NodeId> {
        let ty = self.probe(&SELECT, &[mask, a, b], &Attrs::none())?;
        if let Some(value) = self.truth(mask) {
            return Some(self.fit(if value { a } else { b }, &ty));
        }
        if a == b {
            return Some(self.fit(a, &ty));
        }
        if let Some(inner) = self.arg(mask, &NOT) {
            return self.op(&SELECT, &[inner, b, a]);
        }
        // A choice by the same mask inside a branch is already made.
        let inside = |r: &Self, x: NodeId, taken: usize| {
            r.as_op(x, &SELECT).filter(|n| n.inputs[0] == mask).map(|n| n.inputs[taken])
        };
        if let Some(inner) = inside(self, a, 1) {
            return self.op(&SELECT, &[mask, inner, b]);
        }
        if let Some(inner) = inside(self, b, 2) {
            return self.op(&SELECT, &[mask, a, inner]);
        }
        // where(x >= y, 0, max(0, y - x)) is max(0, y - x).
        if self.is_constant(a, 0.0)
            && let Some((x, y)) = self.args2(mask, &GE)
            && let Some((p, q)) = self.args2(b, &MAXIMUM)
            && let Some(u) = if self.is_constant(p, 0.0) { Some(q) } else { None }
            && self.args2(u, &SUB) == Some((y, x))
        {
            return Some(self.fit(b, &ty));
        }
        // Signs and constant factors come out of a choice between something and nothing.
        let (x, first) = if self.is_constant(b, 0.0) { (a, true) } else { (b, false) };
        if !first && !self.is_constant(a, 0.0) {
            return None;
        }
        let (c, rest) = match self.arg(x, &NEG) {
            Some(inner) => (-1.0, inner),
            None => {
                let (c, rest) = self.args2(x, &MUL)?;
                (self.constant(c).filter(|c| c.is_finite())?, rest)
            }
        };
        let zero = self.real(0.0);
        let chosen = self.op(&SELECT, &if first { [mask, rest, zero] } else { [mask, zero, rest] })?;
        let scaled = self.scaled(c, chosen)?;
        Some(self.fit(scaled, &ty))
    }

    /// A choice between something and nothing: the mask, the something, and whether it is chosen where the mask holds.
    pub(super) fn or_nothing(&self, id: NodeId) -> Option<(NodeId, NodeId, bool)> {
        let node = self.as_op(id, &SELECT)?;
        let (mask, a, b) = (node.inputs[0], node.inputs[1], node.inputs[2]);
        if self.is_constant(b, 0.0) {
            Some((mask, a, true))
        } else {
            self.is_constant(a, 0.0).then_some((mask, b, false))
        }
    }
}

/// Elementwise kernels never ask for one.
struct NoRunner;

impl Runner for NoRunner {
    fn run(&self, _: &Arc<crate::ir::Graph>, _: Vec<Tensor>) -> Result<Vec<Tensor>, RunFault> {
        Err(RunFault::cancelled())
    }

    fn cancelled(&self) -> bool {
        false
    }
}

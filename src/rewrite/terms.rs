//! Sums and products: like terms collected, constants gathered, signs and common factors brought to the front. A sum is
//! regrouped only where that makes it shorter, so what the program wrote stays recognisable.

use super::engine::Rewriter;
use crate::ir::{Attrs, NodeId, OpDef};
use crate::ops::*;
use crate::types::ArrayTy;

/// How many terms or factors are looked at together.
const MAX_TERMS: usize = 16;

/// A sum of terms with coefficients; a term of `None` is the constant.
#[derive(Clone, Debug, Default)]
pub(super) struct Linear {
    pub terms: Vec<(Option<NodeId>, f64)>,
    /// How many summands were read, before equal ones were put together.
    pub read: usize,
}

impl Linear {
    pub fn coefficient(&self, term: Option<NodeId>) -> f64 {
        self.terms.iter().find(|(t, _)| *t == term).map_or(0.0, |(_, c)| *c)
    }

    pub fn constant(&self) -> f64 {
        self.coefficient(None)
    }

    pub fn add(&mut self, term: Option<NodeId>, coefficient: f64) {
        match self.terms.iter_mut().find(|(t, _)| *t == term) {
            Some((_, c)) => *c += coefficient,
            None => self.terms.push((term, coefficient)),
        }
    }

    /// The same without a term.
    pub fn without(&self, term: Option<NodeId>) -> Linear {
        Linear { terms: self.terms.iter().filter(|(t, _)| *t != term).cloned().collect(), read: self.read }
    }
}

/// `coefficient * product(above) / product(below)`.
#[derive(Clone, Debug)]
pub(super) struct Product {
    pub coefficient: f64,
    pub above: Vec<NodeId>,
    pub below: Vec<NodeId>,
}

impl Rewriter<'_> {
    /// The summands of a node, constant multiples and repetitions read through.
    pub(super) fn linear(&self, id: NodeId) -> Linear {
        let mut sum = Linear::default();
        self.read_terms(id, 1.0, &mut sum);
        sum
    }

    fn read_terms(&self, id: NodeId, factor: f64, sum: &mut Linear) {
        // A work list, last in first out, so that terms come in order without recursion.
        let mut todo = vec![(id, factor)];
        while let Some((id, c)) = todo.pop() {
            let node = self.node_of(id);
            let full = sum.read + todo.len() >= MAX_TERMS;
            if let Some(value) = self.constant(id) {
                sum.add(None, c * value);
                sum.read += 1;
            } else if full || node.exact || !self.is_real(id) {
                sum.add(Some(id), c);
                sum.read += 1;
            } else if node.is(&ADD) {
                todo.push((node.inputs[1], c));
                todo.push((node.inputs[0], c));
            } else if node.is(&SUB) {
                todo.push((node.inputs[1], -c));
                todo.push((node.inputs[0], c));
            } else if node.is(&NEG) {
                todo.push((node.inputs[0], -c));
            } else if node.is(&BROADCAST) {
                todo.push((node.inputs[0], c));
            } else if node.is(&MUL)
                && let Some(k) = self.constant(node.inputs[0])
                && k.is_finite()
            {
                todo.push((node.inputs[1], c * k));
            } else {
                sum.add(Some(id), c);
                sum.read += 1;
            }
        }
    }

    /// The node of a sum, with the axes of `ty`.
    pub(super) fn of_linear(&mut self, sum: &Linear, ty: &ArrayTy) -> Option<NodeId> {
        let terms: Vec<(Option<NodeId>, f64)> = sum.terms.iter().filter(|(_, c)| *c != 0.0).cloned().collect();
        // A sum that starts with a positive term needs no sign in front.
        let first = terms.iter().position(|(_, c)| *c > 0.0).unwrap_or(0);
        let order = std::iter::once(first).chain((0..terms.len()).filter(|i| *i != first));
        let mut total: Option<NodeId> = None;
        for (term, c) in order.filter_map(|i| terms.get(i).copied()) {
            let size = if total.is_some() { c.abs() } else { c };
            let part = match term {
                None => self.real(size),
                Some(x) => self.scaled(size, x)?,
            };
            total = Some(match total {
                None => part,
                Some(t) => self.op(if c < 0.0 { &SUB } else { &ADD }, &[t, part])?,
            });
        }
        let total = total.unwrap_or_else(|| self.real(0.0));
        Some(self.fit(total, ty))
    }

    /// `c * x`.
    pub(super) fn scaled(&mut self, c: f64, x: NodeId) -> Option<NodeId> {
        if c == 1.0 {
            return Some(x);
        }
        if c == -1.0 {
            return self.op(&NEG, &[x]);
        }
        let c = self.real(c);
        self.op(&MUL, &[c, x])
    }

    pub(super) fn add_rules(&mut self, op: &'static OpDef, a: NodeId, b: NodeId) -> Option<NodeId> {
        if !self.is_real(a) || !self.is_real(b) {
            return None;
        }
        let minus = std::ptr::eq(op, &SUB);
        let ty = self.probe(op, &[a, b], &Attrs::none())?;
        if self.is_constant(b, 0.0) {
            return Some(self.fit(a, &ty));
        }
        if self.is_constant(a, 0.0) {
            let b = if minus { self.op(&NEG, &[b])? } else { b };
            return Some(self.fit(b, &ty));
        }
        let mut sum = Linear::default();
        self.read_terms(a, 1.0, &mut sum);
        self.read_terms(b, if minus { -1.0 } else { 1.0 }, &mut sum);
        let left = sum.terms.iter().filter(|(_, c)| *c != 0.0).count();
        if left < sum.read && sum.terms.iter().all(|(_, c)| c.is_finite()) {
            return self.of_linear(&sum, &ty);
        }
        let known = self.exprel_sum(&sum, &ty).or_else(|| self.known_sum(&sum, &ty));
        if known.is_some() {
            return known;
        }
        self.sign_of_sum(minus, a, b).or_else(|| self.common_factor(minus, a, b))
    }

    /// Signs inside a sum of two become the sum's own.
    fn sign_of_sum(&mut self, minus: bool, a: NodeId, b: NodeId) -> Option<NodeId> {
        let other: &'static OpDef = if minus { &ADD } else { &SUB };
        if let Some(y) = self.arg(b, &NEG) {
            return self.op(other, &[a, y]);
        }
        if let Some((c, y)) = self.args2(b, &MUL)
            && let Some(value) = self.constant(c)
            && value < 0.0
        {
            let y = self.scaled(-value, y)?;
            return self.op(other, &[a, y]);
        }
        if let Some(value) = self.constant(b)
            && value < 0.0
            && value.is_finite()
        {
            let b = self.real(-value);
            return self.op(other, &[a, b]);
        }
        let x = self.arg(a, &NEG)?;
        if minus {
            let sum = self.op(&ADD, &[x, b])?;
            self.op(&NEG, &[sum])
        } else {
            self.op(&SUB, &[b, x])
        }
    }

    /// `g*x + g*y` is `g * (x + y)`.
    fn common_factor(&mut self, minus: bool, a: NodeId, b: NodeId) -> Option<NodeId> {
        let (mut x, mut y) = (self.product(a), self.product(b));
        let mut common =
            Product { coefficient: 1.0, above: take_common(&mut x.above, &mut y.above), below: Vec::new() };
        common.below = take_common(&mut x.below, &mut y.below);
        if common.above.is_empty() && common.below.is_empty() {
            return None;
        }
        if x.coefficient.abs() == y.coefficient.abs() && x.coefficient != 0.0 {
            common.coefficient = x.coefficient;
            y.coefficient /= x.coefficient;
            x.coefficient = 1.0;
        }
        let (x, y) = (self.of_product(&x)?, self.of_product(&y)?);
        let inner = self.op(if minus { &SUB } else { &ADD }, &[x, y])?;
        if common.above.is_empty() || common.coefficient != 1.0 {
            common.above.push(inner);
            return self.of_product(&common);
        }
        let outer = self.of_product(&Product { below: Vec::new(), ..common.clone() })?;
        let whole = self.op(&MUL, &[outer, inner])?;
        self.divided(whole, &common.below)
    }

    /// `exprel(x) + x * (exprel(x) - exprel2(x))` is `exp(x)`: the gradient of `a * exprel(a * b)`.
    fn exprel_sum(&mut self, sum: &Linear, ty: &ArrayTy) -> Option<NodeId> {
        let [(Some(a), ca), (Some(b), cb)] = sum.terms[..] else { return None };
        for ((a, ca), (b, cb)) in [((a, ca), (b, cb)), ((b, cb), (a, ca))] {
            let Some(node) = self.as_op(a, &EXPREL) else { continue };
            let (x, order) = (node.inputs[0], node.attrs.ints.first().copied().unwrap_or(1));
            if ca != cb || order != 1 {
                continue;
            }
            let mut rest = self.product(b);
            let slope = rest.above.iter().position(|&f| {
                let Some((l, r)) = self.args2(f, &SUB) else { return false };
                let second = self.as_op(r, &EXPREL).map(|n| (n.inputs[0], n.attrs.ints.first().copied().unwrap_or(1)));
                l == a && second == Some((x, 2))
            });
            let Some(slope) = slope else { continue };
            rest.above.remove(slope);
            let mut argument = self.product(x);
            take_common(&mut rest.above, &mut argument.above);
            take_common(&mut rest.below, &mut argument.below);
            let same = [&rest.above, &rest.below, &argument.above, &argument.below].iter().all(|v| v.is_empty());
            if same && rest.coefficient == argument.coefficient {
                let e = self.op(&EXP, &[x])?;
                let e = self.scaled(ca, e)?;
                return Some(self.fit(e, ty));
            }
        }
        None
    }

    /// `1 + expm1(x)` is `exp(x)`, `sigmoid(x) - sigmoid(-x)` is `tanh(x / 2)`, and the gradient of `x * log(x)`.
    fn known_sum(&mut self, sum: &Linear, ty: &ArrayTy) -> Option<NodeId> {
        // where(m, x, 0) + where(m, 0, y) is where(m, x, y).
        if let [(Some(a), ca), (Some(b), cb)] = sum.terms[..]
            && let (Some((m, x, true)), Some((n, y, false))) | (Some((n, y, false)), Some((m, x, true))) =
                (self.or_nothing(a), self.or_nothing(b))
            && m == n
        {
            let (cx, cy) = if self.or_nothing(a).is_some_and(|(.., holds)| holds) { (ca, cb) } else { (cb, ca) };
            let (x, y) = (self.scaled(cx, x)?, self.scaled(cy, y)?);
            let chosen = self.op(&SELECT, &[m, x, y])?;
            return Some(self.fit(chosen, ty));
        }
        for &(term, c) in &sum.terms {
            let Some(t) = term else { continue };
            if let Some(x) = self.arg(t, &EXPM1)
                && sum.constant() == c
            {
                let mut rest = sum.without(term).without(None);
                let e = self.op(&EXP, &[x])?;
                rest.add(Some(e), c);
                return self.of_linear(&rest, ty);
            }
            if let Some(x) = self.arg(t, &SIGMOID).filter(|_| c > 0.0) {
                let minus = self.op(&NEG, &[x])?;
                let other = self.raw(&SIGMOID, &[minus], Attrs::none())?;
                if sum.coefficient(Some(other)) == -c {
                    let mut rest = sum.without(term).without(Some(other));
                    let half = self.real(0.5);
                    let half = self.op(&MUL, &[half, x])?;
                    let f = self.op(&TANH, &[half])?;
                    rest.add(Some(f), c);
                    return self.of_linear(&rest, ty);
                }
            }
            // log(x) + x/x with a strong zero: at 0 the logarithm decides alone.
            if let Some((x, y)) = self.args2(t, &ZDIV)
                && x == y
            {
                let log = self.raw(&LOG, &[x], Attrs::none())?;
                let log1p = sum.terms.iter().any(|&(l, d)| {
                    let Some(u) = l.and_then(|l| self.arg(l, &LOG1P)) else { return false };
                    let mut one_more = self.linear(u);
                    one_more.add(None, 1.0);
                    d == c && self.same_sum(&one_more, x)
                });
                if log1p || sum.coefficient(Some(log)) == c {
                    let mut rest = sum.without(term);
                    rest.add(None, c);
                    return self.of_linear(&rest, ty);
                }
            }
        }
        None
    }

    /// The factors of a node, signs and constants gathered, repetitions read through.
    pub(super) fn product(&self, id: NodeId) -> Product {
        let mut p = Product { coefficient: 1.0, above: Vec::new(), below: Vec::new() };
        let mut todo = vec![(id, true)];
        let mut read = 0;
        while let Some((id, above)) = todo.pop() {
            let node = self.node_of(id);
            read += 1;
            let full = read + todo.len() >= MAX_TERMS;
            if let Some(value) = self.constant(id).filter(|v| v.is_finite() && (above || *v != 0.0)) {
                p.coefficient = if above { p.coefficient * value } else { p.coefficient / value };
            } else if !full && !node.exact && node.is(&MUL) && self.is_real(id) {
                todo.push((node.inputs[1], above));
                todo.push((node.inputs[0], above));
            } else if !full && !node.exact && node.is(&DIV) {
                todo.push((node.inputs[1], !above));
                todo.push((node.inputs[0], above));
            } else if !full && !node.exact && node.is(&NEG) && self.is_real(id) {
                p.coefficient = -p.coefficient;
                todo.push((node.inputs[0], above));
            } else if !full && node.is(&BROADCAST) {
                todo.push((node.inputs[0], above));
            } else if above {
                p.above.push(id);
            } else {
                p.below.push(id);
            }
        }
        p
    }

    /// The node of a product. Its axes are those of its factors.
    pub(super) fn of_product(&mut self, p: &Product) -> Option<NodeId> {
        let mut whole: Option<NodeId> = None;
        for &factor in &p.above {
            whole = Some(match whole {
                None => factor,
                Some(w) => self.op(&MUL, &[w, factor])?,
            });
        }
        let Some(whole) = whole else {
            let c = self.real(p.coefficient);
            return self.divided(c, &p.below);
        };
        let whole = self.divided(whole, &p.below)?;
        self.scaled(p.coefficient, whole)
    }

    fn divided(&mut self, mut x: NodeId, below: &[NodeId]) -> Option<NodeId> {
        for &d in below {
            x = self.op(&DIV, &[x, d])?;
        }
        Some(x)
    }

    pub(super) fn negate(&mut self, x: NodeId) -> Option<NodeId> {
        if let Some(inner) = self.arg(x, &NEG) {
            return Some(inner);
        }
        if !self.is_real(x) {
            return None;
        }
        if let Some((a, b)) = self.args2(x, &SUB) {
            return self.op(&SUB, &[b, a]);
        }
        if let Some((c, y)) = self.args2(x, &MUL)
            && let Some(value) = self.constant(c)
        {
            return self.scaled(-value, y);
        }
        let (c, y) = self.args2(x, &DIV)?;
        let value = self.constant(c)?;
        let c = self.real(-value);
        self.op(&DIV, &[c, y])
    }

    pub(super) fn mul_rules(&mut self, a: NodeId, b: NodeId) -> Option<NodeId> {
        if !self.is_real(a) || !self.is_real(b) {
            return None;
        }
        if self.as_op(b, &CONST).is_some() && self.as_op(a, &CONST).is_none() {
            return self.op(&MUL, &[b, a]);
        }
        if let Some(c) = self.constant(a) {
            return self.constant_times(c, b);
        }
        let quotient = |r: &Self, x: NodeId| r.args2(x, &DIV).is_some() || r.args2(x, &ZDIV).is_some();
        if (quotient(self, a) || quotient(self, b))
            && let Some(done) = self.cancelled(a, b, false)
        {
            let ty = self.probe(&MUL, &[a, b], &Attrs::none())?;
            return Some(self.fit(done, &ty));
        }
        // x * where(m, y, 0) is where(m, x * y, 0): also where x is infinite.
        for (x, y) in [(a, b), (b, a)] {
            if let Some((mask, inner, holds)) = self.or_nothing(y)
                && self.ty(y).axes().all(|axis| self.b.graph.ty(x).has(axis))
            {
                let product = self.op(&MUL, &[x, inner])?;
                let zero = self.real(0.0);
                return self.op(&SELECT, &if holds { [mask, product, zero] } else { [mask, zero, product] });
            }
        }
        for (x, y, left) in [(a, b, true), (b, a, false)] {
            if let Some(inner) = self.arg(x, &NEG) {
                let product = if left { self.op(&MUL, &[inner, y])? } else { self.op(&MUL, &[y, inner])? };
                return self.op(&NEG, &[product]);
            }
            if let Some((c, rest)) = self.args2(x, &MUL)
                && self.as_op(c, &CONST).is_some()
            {
                let product = if left { self.op(&MUL, &[rest, y])? } else { self.op(&MUL, &[y, rest])? };
                return self.op(&MUL, &[c, product]);
            }
            // (c / x) * y is c * y / x.
            if let Some((c, below)) = self.args2(x, &DIV)
                && let Some(value) = self.constant(c)
            {
                let quotient = self.op(&DIV, &[y, below])?;
                return self.scaled(value, quotient);
            }
        }
        None
    }

    fn constant_times(&mut self, c: f64, x: NodeId) -> Option<NodeId> {
        let ty = self.ty(x);
        if c == 1.0 {
            return Some(x);
        }
        if c == 0.0 {
            return if self.facts(x).finite { Some(self.full(0.0, &ty)) } else { None };
        }
        if c == -1.0 {
            return self.op(&NEG, &[x]);
        }
        if let Some(inner) = self.arg(x, &NEG) {
            return self.scaled(-c, inner);
        }
        if let Some((d, rest)) = self.args2(x, &MUL)
            && let Some(d) = self.constant(d)
            && ((c * d).is_normal() || d == 0.0)
        {
            return self.scaled(c * d, rest);
        }
        let (d, below) = self.args2(x, &DIV)?;
        if let Some(d) = self.constant(d) {
            let cd = self.real(c * d);
            return (c * d).is_normal().then(|| self.op(&DIV, &[cd, below])).flatten();
        }
        // c * (x / d): one constant, where no digit is lost.
        let value = self.constant(below)?;
        let ratio = c / value;
        (ratio * value == c && ratio.is_normal()).then(|| self.scaled(ratio, d)).flatten()
    }

    pub(super) fn div_rules(&mut self, a: NodeId, b: NodeId) -> Option<NodeId> {
        let ty = self.probe(&DIV, &[a, b], &Attrs::none())?;
        if self.is_constant(b, 1.0) {
            return Some(self.fit(a, &ty));
        }
        if self.is_constant(b, -1.0) {
            return self.op(&NEG, &[a]);
        }
        let below = self.facts(b);
        if a == b && (self.sure_nonzero(b) || (below.finite && below.low > 0.0)) {
            return Some(self.full(1.0, &ty));
        }
        for (x, y, top) in [(a, b, true), (b, a, false)] {
            if let Some(inner) = self.arg(x, &NEG) {
                let quotient = if top { self.op(&DIV, &[inner, y])? } else { self.op(&DIV, &[y, inner])? };
                return self.op(&NEG, &[quotient]);
            }
        }
        if let Some((x, y)) = self.args2(a, &MUL) {
            // (x * size(n)) / size(n)
            if x == b && self.sure_nonzero(b) {
                return Some(self.fit(y, &ty));
            }
            if y == b && self.sure_nonzero(b) {
                return Some(self.fit(x, &ty));
            }
            if let Some(c) = self.constant(x) {
                if let Some(d) = self.constant(b)
                    && c / d * d == c
                    && (c / d).is_normal()
                {
                    return self.scaled(c / d, y);
                }
                if self.constant(b).is_none() {
                    let quotient = self.op(&DIV, &[y, b])?;
                    return self.scaled(c, quotient);
                }
            }
        }
        if let Some(done) = self.cancelled(a, b, true) {
            return Some(self.fit(done, &ty));
        }
        // a / (c * y): the constant moves in front where no digit is lost.
        if let Some((c, y)) = self.args2(b, &MUL)
            && let Some(c) = self.constant(c)
            && (1.0 / c).is_normal()
            && is_power_of_two(c)
        {
            let quotient = self.op(&DIV, &[a, y])?;
            return self.scaled(1.0 / c, quotient);
        }
        None
    }

    /// `p * q / (p * r)` is `q / r`: factors of `a * b` (or `a / b`) that stand above and below go. A quotient of the same
    /// two names alone stays as written.
    fn cancelled(&mut self, a: NodeId, b: NodeId, divide: bool) -> Option<NodeId> {
        let (mut p, mut q) = (self.loose_product(a), self.loose_product(b));
        if divide {
            std::mem::swap(&mut q.above, &mut q.below);
            q.coefficient = 1.0 / q.coefficient;
        }
        let coefficient = p.coefficient * q.coefficient;
        if !coefficient.is_normal() || (divide && !is_power_of_two(q.coefficient)) {
            return None;
        }
        p.above.extend(q.above);
        p.below.extend(q.below);
        if p.above.len() + p.below.len() <= 2 || take_common(&mut p.above, &mut p.below).is_empty() {
            return None;
        }
        self.of_product(&Product { coefficient, above: p.above, below: p.below })
    }

    /// The factors of a node; a quotient whose zero wins is one like others where it is cancelled.
    fn loose_product(&self, id: NodeId) -> Product {
        let Some((x, y)) = self.args2(id, &ZDIV) else { return self.product(id) };
        let (mut p, q) = (self.product(x), self.product(y));
        p.coefficient /= q.coefficient;
        p.above.extend(q.below);
        p.below.extend(q.above);
        p
    }

    /// The extent of an axis that is not known to be empty: means over nothing are not kept as NaN.
    fn sure_nonzero(&self, id: NodeId) -> bool {
        let Some(node) = self.as_op(id, &CAST) else { return false };
        let size = self.node_of(node.inputs[0]);
        size.is(&SIZE) && size.attrs.dims.first().is_some_and(|d| d.size.known() != Some(0))
    }
}

/// Takes out what two lists share, each as often as both have it.
fn take_common(a: &mut Vec<NodeId>, b: &mut Vec<NodeId>) -> Vec<NodeId> {
    let mut common = Vec::new();
    a.retain(|x| match b.iter().position(|y| y == x) {
        Some(at) => {
            b.remove(at);
            common.push(*x);
            false
        }
        None => true,
    });
    common
}

/// True if multiplying and dividing by `c` loses no digit.
fn is_power_of_two(c: f64) -> bool {
    const FRACTION: u64 = (1 << 52) - 1;
    c.is_normal() && c.to_bits() & FRACTION == 0
}

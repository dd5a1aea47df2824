//! The stability rules: what is done to a node that was just built from stable inputs. Each returns the replacement and
//! the name of the rule in [`super::rules`].

use super::engine::Rewriter;
use super::journal::Entry;
use super::terms::{Linear, Product};
use crate::ir::{Attrs, Node, NodeId, OpDef};
use crate::ops::*;
use crate::types::ArrayTy;

/// A replacement and why.
type Found = Option<(NodeId, &'static str)>;

impl Rewriter<'_> {
    /// The node, or a stable one of the same value. Only in the stability pass; `exact` nodes stay.
    pub(super) fn stability(&mut self, id: NodeId) -> NodeId {
        let node = self.node_of(id);
        if self.journal.is_none() || node.exact || node.tys.len() != 1 || self.quiet >= 64 {
            return id;
        }
        let node = node.clone();
        self.quiet += 1;
        let found = self.stable_form(&node, id);
        self.quiet -= 1;
        let Some((new, rule)) = found else { return id };
        let new = self.fit(new, node.ty());
        if new == id {
            return id;
        }
        if self.quiet == 0 {
            let before = crate::formula::node_text(&self.b.graph, id);
            let after = crate::formula::node_text(&self.b.graph, new);
            let span = self.b.span;
            if let Some(journal) = self.journal.as_deref_mut() {
                journal.add(Entry { rule, span, before, after });
            }
        }
        new
    }

    fn stable_form(&mut self, node: &Node, id: NodeId) -> Found {
        let is = |op: &'static OpDef| node.is(op);
        let x = *node.inputs.first()?;
        if is(&LOG) {
            self.stable_log(x)
        } else if is(&LOG1P) {
            self.stable_log1p(x)
        } else if is(&ADD) || is(&SUB) {
            self.stable_sum(id)
        } else if is(&MUL) {
            self.x_log_x(id).or_else(|| self.product_of_exps(id))
        } else if is(&DIV) {
            self.stable_quotient(x, node.inputs[1], node.ty())
        } else if is(&POW) {
            self.stable_power(x, node.inputs[1], node.ty())
        } else if is(&SQRT) {
            self.stable_root(x, node.ty())
        } else if is(&EXPM1) {
            Some((self.arg(x, &LOG1P)?, "expm1"))
        } else if is(&CONTRACT) {
            self.contraction(x, node.inputs[1], &node.attrs)
        } else {
            None
        }
    }

    fn stable_log(&mut self, x: NodeId) -> Found {
        if let Some(log) = self.log_of(x).filter(|l| l.gain) {
            return Some((log.id, log.rule));
        }
        if let Some(found) = self.log_of_difference(x) {
            return Some(found);
        }
        // Some factors are exponentials; the others stay under one logarithm.
        let p = self.product(x);
        if p.coefficient > 0.0 && p.above.len() + p.below.len() > 1 {
            let mut rest = Product { coefficient: p.coefficient, above: Vec::new(), below: Vec::new() };
            let mut logs: Vec<(NodeId, bool)> = Vec::new();
            for (factors, above) in [(&p.above, true), (&p.below, false)] {
                for &f in factors {
                    match self.log_of(f).filter(|l| l.gain) {
                        Some(log) => logs.push((log.id, above)),
                        None if above => rest.above.push(f),
                        None => rest.below.push(f),
                    }
                }
            }
            if !logs.is_empty() {
                let rest = self.of_product(&rest)?;
                let mut total = self.op(&LOG, &[rest])?;
                for (log, above) in logs {
                    total = self.op(if above { &ADD } else { &SUB }, &[total, log])?;
                }
                return Some((total, "log-product"));
            }
        }
        let sum = self.linear(x);
        if sum.constant() == 1.0 && sum.terms.len() > 1 {
            let rest = self.of_linear_free(&sum.without(None))?;
            return Some((self.op(&LOG1P, &[rest])?, "log1p"));
        }
        None
    }

    fn stable_log1p(&mut self, x: NodeId) -> Found {
        if let Some(inner) = self.arg(x, &EXPM1) {
            return Some((inner, "log1p"));
        }
        if let Some(log) = self.log_of(x).filter(|l| l.gain) {
            return Some((self.op(&SOFTPLUS, &[log.id])?, "softplus"));
        }
        let inner = self.arg(x, &NEG)?;
        let log = self.log_of(inner).filter(|l| l.gain)?;
        Some((self.op(&LOG1MEXP, &[log.id])?, "log1mexp"))
    }

    fn stable_sum(&mut self, id: NodeId) -> Found {
        if !self.is_real(id) {
            return None;
        }
        let ty = self.ty(id);
        let sum = self.linear(id);
        self.log_softmax_in(&sum, &ty)
            .or_else(|| self.shifted_back(&sum, &ty))
            .or_else(|| self.softplus_minus(&sum, &ty))
            .or_else(|| self.exp_minus_one(&sum, &ty))
            .or_else(|| self.hyperbolic(&sum, &ty))
    }

    /// `x - logsumexp[k](x)` and `x[k = y] - logsumexp[k](x)`.
    fn log_softmax_in(&mut self, sum: &Linear, ty: &ArrayTy) -> Found {
        for &(term, c) in &sum.terms {
            let Some(t) = term else { continue };
            let Some(node) = self.as_op(t, &LOGSUMEXP) else { continue };
            let (w, attrs) = (node.inputs[0], node.attrs.clone());
            let mut rest = sum.without(term);
            // All of w, term by term.
            let whole = self.linear(w);
            let all = !whole.terms.is_empty() && whole.terms.iter().all(|(t, d)| rest.coefficient(*t) == -c * d);
            if all {
                for (t, _) in &whole.terms {
                    rest = rest.without(*t);
                }
                let log = self.build(&LOG_SOFTMAX, &[w], &attrs)?;
                rest.add(Some(log), -c);
                return Some((self.of_linear(&rest, ty)?, "log-softmax"));
            }
            // One of its entries.
            let entry = rest.terms.iter().find_map(|&(t, d)| {
                let (from, index, at) = self.pick_of(t?)?;
                (from == w && d == -c && at.axes == attrs.axes).then_some((t, index, at))
            });
            if let Some((entry, index, at)) = entry {
                let mut rest = rest.without(entry);
                let log = self.build(&LOG_SOFTMAX, &[w], &attrs)?;
                let log = self.build(find("pick")?, &[log, index], &at)?;
                rest.add(Some(log), -c);
                return Some((self.of_linear(&rest, ty)?, "log-softmax"));
            }
        }
        None
    }

    /// `c + logsumexp[k](x - c)`: what people write by hand.
    fn shifted_back(&mut self, sum: &Linear, ty: &ArrayTy) -> Found {
        for &(term, c) in &sum.terms {
            let Some(t) = term else { continue };
            let Some(node) = self.as_op(t, &LOGSUMEXP) else { continue };
            let (w, attrs) = (node.inputs[0], node.attrs.clone());
            let inner = self.linear(w);
            let shift = inner.terms.iter().find(|(s, d)| {
                s.is_some_and(|s| self.lacks(s, &attrs.axes)) && *d != 0.0 && sum.coefficient(*s) == -c * d
            });
            let Some(&(shift, _)) = shift else { continue };
            let inner = self.of_linear_free(&inner.without(shift))?;
            if self.lacks(inner, &attrs.axes) {
                continue;
            }
            let mut rest = sum.without(term).without(shift);
            let plain = self.build(&LOGSUMEXP, &[inner], &attrs)?;
            rest.add(Some(plain), c);
            return Some((self.of_linear(&rest, ty)?, "log-sum-exp"));
        }
        None
    }

    /// `softplus(x) - x` is `softplus(-x)`.
    fn softplus_minus(&mut self, sum: &Linear, ty: &ArrayTy) -> Found {
        for &(term, c) in &sum.terms {
            let Some(w) = term.and_then(|t| self.arg(t, &SOFTPLUS)) else { continue };
            let whole = self.linear(w);
            let mut rest = sum.without(term);
            if whole.terms.is_empty() || !whole.terms.iter().all(|(t, d)| rest.coefficient(*t) == -c * d) {
                continue;
            }
            for (t, _) in &whole.terms {
                rest = rest.without(*t);
            }
            let minus = self.op(&NEG, &[w])?;
            let s = self.op(&SOFTPLUS, &[minus])?;
            rest.add(Some(s), c);
            return Some((self.of_linear(&rest, ty)?, "softplus"));
        }
        None
    }

    /// `e - 1` and `1 - e` where `e` is made of exponentials.
    fn exp_minus_one(&mut self, sum: &Linear, ty: &ArrayTy) -> Found {
        let one = sum.constant();
        if one == 0.0 {
            return None;
        }
        for &(term, c) in &sum.terms {
            let Some(t) = term.filter(|_| c == -one) else { continue };
            let mut rest = sum.without(term).without(None);
            if let Some(a) = self.arg(t, &SIGMOID) {
                let minus = self.op(&NEG, &[a])?;
                let other = self.op(&SIGMOID, &[minus])?;
                rest.add(Some(other), one);
                return Some((self.of_linear(&rest, ty)?, "one-minus-sigmoid"));
            }
            if let Some(a) = self.tanh_squared(t) {
                let cosh = self.op(&COSH, &[a])?;
                let sech = self.b.recip(cosh);
                let square = self.b.powi(sech, 2.0);
                rest.add(Some(square), one);
                return Some((self.of_linear(&rest, ty)?, "one-minus-tanh-squared"));
            }
            if let Some(log) = self.log_of(t).filter(|l| l.gain) {
                let e = self.op(&EXPM1, &[log.id])?;
                rest.add(Some(e), c);
                return Some((self.of_linear(&rest, ty)?, "expm1"));
            }
        }
        None
    }

    fn tanh_squared(&self, id: NodeId) -> Option<NodeId> {
        let (a, b) = self.args2(id, &POW).or_else(|| self.args2(id, &MUL))?;
        let square = a == b || self.is_constant(b, 2.0);
        square.then(|| self.arg(a, &TANH)).flatten()
    }

    /// `exp(x) + exp(-x)`, `exp(x) - exp(-x)`, `2 * sigmoid(2x) - 1`.
    fn hyperbolic(&mut self, sum: &Linear, ty: &ArrayTy) -> Found {
        let exps: Vec<(NodeId, NodeId, f64)> =
            sum.terms.iter().filter_map(|&(t, c)| t.and_then(|t| self.arg(t, &EXP).map(|a| (t, a, c)))).collect();
        for (i, &(s, a, c)) in exps.iter().enumerate() {
            for &(t, b, d) in &exps[i + 1..] {
                if c.abs() != d.abs() {
                    continue;
                }
                let opposite = self.linear(b).terms.iter().all(|(x, v)| self.linear(a).coefficient(*x) == -v)
                    && self.linear(a).terms.len() == self.linear(b).terms.len();
                if !opposite || self.constant(a).is_some() {
                    continue;
                }
                let (op, rule): (&'static OpDef, _) = if c == d { (&COSH, "cosh") } else { (&SINH, "sinh") };
                // The argument without a sign in front; sinh is odd, cosh even.
                let (x, sign) = match self.arg(a, &NEG) {
                    Some(inner) => (inner, if c == d { 1.0 } else { -1.0 }),
                    None => (a, 1.0),
                };
                let f = self.op(op, &[x])?;
                let mut rest = sum.without(Some(s)).without(Some(t));
                rest.add(Some(f), 2.0 * c * sign);
                return Some((self.of_linear(&rest, ty)?, rule));
            }
        }
        None
    }

    /// Factors of which several are exponentials: `exp(a) * exp(b)`.
    fn product_of_exps(&mut self, id: NodeId) -> Found {
        if !self.is_real(id) {
            return None;
        }
        let ty = self.ty(id);
        let p = self.product(id);
        let mut rest = Product { coefficient: p.coefficient, above: Vec::new(), below: Vec::new() };
        let mut logs: Vec<(super::logs::Log, bool)> = Vec::new();
        for (factors, above) in [(&p.above, true), (&p.below, false)] {
            for &f in factors {
                match self.log_of(f).filter(|l| l.gain) {
                    Some(log) => logs.push((log, above)),
                    None if above => rest.above.push(f),
                    None => rest.below.push(f),
                }
            }
        }
        if logs.len() < 2 || !logs.iter().any(|(l, _)| l.unbounded) {
            return None;
        }
        let mut total: Option<NodeId> = None;
        for (log, above) in logs {
            total = Some(match (total, above) {
                (None, true) => log.id,
                (None, false) => self.op(&NEG, &[log.id])?,
                (Some(t), above) => self.op(if above { &ADD } else { &SUB }, &[t, log.id])?,
            });
        }
        let e = self.op(&EXP, &[total?])?;
        rest.above.push(e);
        let whole = self.of_product(&rest)?;
        Some((self.fit(whole, &ty), "exp-product"))
    }

    fn stable_quotient(&mut self, above: NodeId, below: NodeId, ty: &ArrayTy) -> Found {
        if let Some((x, y)) = self.arg(above, &SINH).zip(self.arg(below, &COSH))
            && x == y
        {
            return Some((self.op(&TANH, &[x])?, "tanh"));
        }
        if let Some(found) = self.as_tanh(above, below) {
            return Some(found);
        }
        if let Some(found) = self.as_exprel(above, below, ty) {
            return Some(found);
        }
        let log = self.log_of(below).filter(|l| l.gain)?;
        let p = self.product(above);
        // A constant in front stays there.
        let front = Product { coefficient: p.coefficient, above: Vec::new(), below: Vec::new() };
        let body = self.of_product(&Product { coefficient: 1.0, ..p })?;
        let minus = self.op(&NEG, &[log.id])?;
        let scaled = match self.log_of(body) {
            Some(top) if top.gain || self.constant(body) == Some(1.0) => {
                let l = self.op(&SUB, &[top.id, log.id])?;
                self.exp_of(l, ty)?
            }
            _ => match self.scale_by_exp(body, minus) {
                Some(scaled) => scaled,
                None => {
                    let e = self.op(&EXP, &[minus])?;
                    self.op(&MUL, &[body, e])?
                }
            },
        };
        let done = self.scaled(front.coefficient, scaled)?;
        let rule = self.quotient_rule(scaled);
        Some((done, rule))
    }

    fn quotient_rule(&self, mut id: NodeId) -> &'static str {
        loop {
            let node = self.node_of(id);
            if node.is(&SOFTMAX) {
                return "softmax";
            }
            if node.is(&SIGMOID) {
                return "sigmoid";
            }
            match node.inputs.first() {
                Some(&x) if node.is(&BROADCAST) || matches!(node.op.name, "pick" | "rename") => id = x,
                _ => return "exp-quotient",
            }
        }
    }

    /// `(e^a - e^b) / (e^a + e^b)` is `tanh((a - b) / 2)`.
    fn as_tanh(&mut self, above: NodeId, below: NodeId) -> Found {
        let sum = self.linear(below);
        let [(s, 1.0), (t, 1.0)] = sum.terms[..] else { return None };
        let (a, b) = (self.log_of_term(s)?, self.log_of_term(t)?);
        let top = self.linear(above);
        let (mut sign, same) = match top.terms[..] {
            [(u, c), (v, d)] => {
                let same = (u, v) == (s, t) || (u, v) == (t, s);
                (if u == s { c } else { d }, same && c == -d && c.abs() == 1.0)
            }
            // exp(a) - 1 has become expm1(a).
            [(Some(u), c)] => {
                let x = self.arg(u, &EXPM1)?;
                let one = |q: Option<NodeId>| q.is_none();
                let other = if one(t) {
                    a
                } else if one(s) {
                    b
                } else {
                    return None;
                };
                (if one(t) { c } else { -c }, x == other && c.abs() == 1.0)
            }
            _ => return None,
        };
        if !same {
            return None;
        }
        let d = self.op(&SUB, &[a, b])?;
        let half = self.real(0.5);
        let mut x = self.op(&MUL, &[half, d])?;
        if let Some(inner) = self.arg(x, &NEG) {
            (x, sign) = (inner, -sign);
        }
        let f = self.op(&TANH, &[x])?;
        Some((self.scaled(sign, f)?, "tanh"))
    }

    fn log_of_term(&mut self, term: Option<NodeId>) -> Option<NodeId> {
        match term {
            None => Some(self.real(0.0)),
            Some(t) => self.arg(t, &EXP),
        }
    }

    /// `expm1(a * b) / b` is `a * exprel(a * b)`: right near and at `b = 0`.
    fn as_exprel(&mut self, above: NodeId, below: NodeId, ty: &ArrayTy) -> Found {
        let mut top = self.product(above);
        let at = top.above.iter().position(|&f| self.arg(f, &EXPM1).is_some())?;
        let x = self.arg(top.above.remove(at), &EXPM1)?;
        let mut argument = self.product(x);
        let bottom = self.product(below);
        if bottom.above.is_empty() {
            return None;
        }
        // All of the denominator must be a part of the argument; else the argument itself may be a sum that equals it.
        let mut rest = argument.above.clone();
        let mut found = bottom.above.iter().all(|f| match rest.iter().position(|g| g == f) {
            Some(i) => {
                rest.remove(i);
                true
            }
            None => false,
        });
        let mut turned = 1.0;
        if !found && bottom.above.len() == 1 && !argument.above.is_empty() {
            // 1 - t in one place, t - 1 in the other.
            let below = self.linear(bottom.above[0]);
            let minus = argument.above.iter().position(|&f| {
                let other = self.linear(f);
                other.terms.len() == below.terms.len() && other.terms.iter().all(|(t, c)| below.coefficient(*t) == -c)
            });
            if let Some(i) = minus {
                rest = argument.above.clone();
                rest.remove(i);
                (found, turned) = (true, -1.0);
            }
        }
        if !found {
            return None;
        }
        argument.above = rest;
        argument.coefficient *= turned * top.coefficient / bottom.coefficient;
        argument.below.extend(top.below);
        argument.above.extend(top.above);
        argument.above.extend(bottom.below);
        let front = self.of_product(&argument)?;
        let e = self.op(&EXPREL, &[x])?;
        let whole = self.op(&MUL, &[front, e])?;
        Some((self.fit(whole, ty), "exprel"))
    }

    /// Powers of what is made of exponentials. Small whole powers of what cannot overflow by itself stay as written.
    fn stable_power(&mut self, x: NodeId, p: NodeId, ty: &ArrayTy) -> Found {
        if self.is_constant(p, 0.5) {
            return self.stable_root(x, ty);
        }
        let log = self.log_of(x).filter(|l| l.gain)?;
        let whole = self.constant(p).is_some_and(|v| v > 0.0 && v.fract() == 0.0);
        if whole && self.as_op(x, &EXP).is_none() {
            return None;
        }
        let l = self.op(&MUL, &[p, log.id])?;
        Some((self.exp_of(l, ty)?, "exp-power"))
    }

    fn stable_root(&mut self, x: NodeId, ty: &ArrayTy) -> Found {
        if let Some(inner) = self.squared(x) {
            return Some((self.op(&ABS, &[inner])?, "abs"));
        }
        if let Some(node) = self.as_op(x, &SUM) {
            let (inner, attrs) = (node.inputs[0], node.attrs.clone());
            if let Some(v) = self.squared(inner) {
                let v = self.fit(v, &self.ty(inner));
                return Some((self.build(&NORM, &[v], &attrs)?, "norm"));
            }
        }
        if let Some(node) = self.as_op(x, &CONTRACT)
            && node.inputs[0] == node.inputs[1]
        {
            let (v, attrs) = (node.inputs[0], node.attrs.clone());
            return Some((self.build(&NORM, &[v], &attrs)?, "norm"));
        }
        if let Some(found) = self.scaled_norm(x) {
            return Some(found);
        }
        let log = self.log_of(x).filter(|l| l.gain)?;
        let half = self.real(0.5);
        let l = self.op(&MUL, &[half, log.id])?;
        Some((self.exp_of(l, ty)?, "exp-power"))
    }

    /// `sqrt(sum[n](x^2) / c)` is `norm[n](x) / sqrt(c)` for a `c` that is surely positive: root mean squares.
    fn scaled_norm(&mut self, x: NodeId) -> Found {
        let mut p = self.product(x);
        let at = p.above.iter().position(|&f| {
            let inner = self.arg(f, &SUM).or_else(|| self.args2(f, &CONTRACT).map(|(a, _)| a));
            inner.is_some()
        })?;
        let sum = p.above.remove(at);
        let rest_nonnegative = p
            .above
            .iter()
            .chain(&p.below)
            .all(|&f| self.as_op(f, &CAST).is_some_and(|n| self.node_of(n.inputs[0]).is(&SIZE)));
        if p.coefficient <= 0.0
            || !rest_nonnegative
            || (p.above.is_empty() && p.below.is_empty() && p.coefficient == 1.0)
        {
            return None;
        }
        let ty = self.ty(sum);
        let (norm, _) = self.stable_root(sum, &ty).filter(|(_, rule)| *rule == "norm")?;
        let rest = Product { coefficient: p.coefficient, above: p.below, below: p.above };
        let rest = Product { coefficient: 1.0 / rest.coefficient, ..rest };
        let rest = self.of_product(&rest)?;
        let root = self.op(&SQRT, &[rest])?;
        Some((self.op(&DIV, &[norm, root])?, "norm"))
    }

    /// `v^2` or `v * v`.
    fn squared(&self, id: NodeId) -> Option<NodeId> {
        if let Some((v, p)) = self.args2(id, &POW) {
            return self.is_constant(p, 2.0).then_some(v);
        }
        let (a, b) = self.args2(id, &MUL)?;
        (a == b).then_some(a)
    }

    /// `x * log(x * c)` is `xlogy(x, x * c)`: 0 at 0.
    fn x_log_x(&mut self, id: NodeId) -> Found {
        let p = self.product(id);
        for (i, &f) in p.above.iter().enumerate() {
            let sum = self.linear(f);
            for &(term, c) in &sum.terms {
                let Some(t) = term else { continue };
                let Some((j, y)) = self.shared_with_log(t, &p, i) else { continue };
                let x = p.above[j];
                if self.facts(x).low > 0.0 {
                    continue;
                }
                let xlogy = match self.arg(t, &LOG1P) {
                    Some(u) => self.op(&XLOG1PY, &[x, u])?,
                    None => self.op(&XLOGY, &[x, y])?,
                };
                let mut total = Linear::default();
                total.add(Some(xlogy), c);
                let rest = sum.without(term);
                if !rest.terms.is_empty() {
                    let rest = self.of_linear_free(&rest)?;
                    let product = self.op(&MUL, &[x, rest])?;
                    total.add(Some(product), 1.0);
                }
                let inner = self.of_linear_free(&total)?;
                let mut whole = p.clone();
                whole.above = p.above.iter().enumerate().filter(|(k, _)| *k != i && *k != j).map(|(_, f)| *f).collect();
                whole.above.push(inner);
                return Some((self.of_product(&whole)?, "xlogy"));
            }
        }
        None
    }

    /// For `log(y)` (or `log1p(u)`, where `y` is `1 + u`): the factor other than `i` that `y` has too, and `y`.
    fn shared_with_log(&self, log: NodeId, p: &Product, i: usize) -> Option<(usize, NodeId)> {
        let find = |test: &dyn Fn(NodeId) -> bool| (0..p.above.len()).find(|&j| j != i && test(p.above[j]));
        if let Some(y) = self.arg(log, &LOG) {
            let inside = self.product(y);
            let j = find(&|g| g == y || (inside.coefficient > 0.0 && inside.above.contains(&g)))?;
            return Some((j, y));
        }
        let mut sum = self.linear(self.arg(log, &LOG1P)?);
        sum.add(None, 1.0);
        let j = find(&|g| self.same_sum(&sum, g))?;
        Some((j, p.above[j]))
    }

    /// `x @[k] log(x)`.
    fn contraction(&mut self, a: NodeId, b: NodeId, attrs: &Attrs) -> Found {
        for (x, y) in [(a, b), (b, a)] {
            if self.arg(y, &LOG) == Some(x) {
                let product = self.op(&XLOGY, &[x, x])?;
                return Some((self.build(&SUM, &[product], attrs)?, "xlogy"));
            }
        }
        None
    }
}

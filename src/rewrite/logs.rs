//! The log domain. A positive expression is represented by its logarithm wherever that can be written without taking
//! one: an exponential by its argument, a product by a sum, a sum by `logsumexp`. The stability rules then work on
//! logarithms, which neither overflow nor underflow.

use super::engine::Rewriter;
use super::terms::Linear;
use crate::ir::{Attrs, NodeId};
use crate::kernels::math;
use crate::ops::{self, *};
use crate::types::{ArrayTy, Elem};

/// The logarithm of an expression, written without `log` of anything but constants and sizes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Log {
    pub id: NodeId,
    /// Exponentials (or functions made of them) that the logarithm removes. Without one there is nothing to gain.
    pub gain: bool,
    /// One of them may overflow; probabilities only underflow.
    pub unbounded: bool,
    /// The rule that the outermost operation stands for.
    pub rule: &'static str,
}

impl Rewriter<'_> {
    /// The logarithm of `id`, if it is positive by its form.
    pub(super) fn log_of(&mut self, id: NodeId) -> Option<Log> {
        if let Some(known) = self.logs.get(&id) {
            return *known;
        }
        // While it is being looked for there is none: forms cannot contain themselves, but depth is bounded.
        self.quiet += 1;
        let log = if self.quiet < 64 { self.find_log(id) } else { None };
        self.quiet -= 1;
        self.logs.insert(id, log);
        log
    }

    fn find_log(&mut self, id: NodeId) -> Option<Log> {
        if let Some(c) = self.constant(id) {
            if c.is_nan() || c < 0.0 || !c.is_finite() {
                return None;
            }
            let id = self.real(math::log(c));
            return Some(Log { id, gain: false, unbounded: false, rule: "log-product" });
        }
        let node = self.node_of(id).clone();
        if node.exact || node.tys.len() != 1 || node.inputs.is_empty() {
            return None;
        }
        if node.is(&CAST) {
            return self.log_of_cast(node.inputs[0]);
        }
        if !self.is_real(id) {
            return None;
        }
        let x = node.inputs[0];
        let is = |op| node.is(op);
        let with = |id: Option<NodeId>, rule, unbounded| id.map(|id| Log { id, gain: true, unbounded, rule });
        if is(&EXP) {
            return with(Some(x), "log-exp", true);
        }
        if is(&SIGMOID) {
            let minus = self.op(&NEG, &[x])?;
            let s = self.op(&SOFTPLUS, &[minus])?;
            return with(self.op(&NEG, &[s]), "log-sigmoid", false);
        }
        if is(&SOFTMAX) {
            return with(self.build(&LOG_SOFTMAX, &node.inputs, &node.attrs), "log-softmax", false);
        }
        if is(&COSH) {
            let minus = self.op(&NEG, &[x])?;
            let sum = self.op(&LOGADDEXP, &[x, minus])?;
            let two = self.real(std::f64::consts::LN_2);
            return with(self.op(&SUB, &[sum, two]), "log-cosh", true);
        }
        if is(&MUL) || is(&DIV) {
            let (a, b) = (self.log_of(x)?, self.log_of(node.inputs[1])?);
            let op = if is(&MUL) { &ADD } else { &SUB };
            let id = self.op(op, &[a.id, b.id])?;
            let rule = if !b.gain {
                a.rule
            } else if !a.gain {
                b.rule
            } else {
                "log-product"
            };
            return Some(Log { id, ..both(a, b, rule) });
        }
        if is(&POW) || is(&SQRT) {
            let a = self.log_of(x)?;
            let p = if is(&SQRT) { self.real(0.5) } else { node.inputs[1] };
            let id = self.op(&MUL, &[p, a.id])?;
            return Some(Log { id, rule: "log-power", ..a });
        }
        if is(&ADD) || is(&SUB) {
            return self.log_of_sum(id);
        }
        self.log_of_array(&node)
    }

    /// Sizes and truth values as numbers.
    fn log_of_cast(&mut self, x: NodeId) -> Option<Log> {
        let node = self.node_of(x).clone();
        let real = Attrs { elem: Some(Elem::Real), ..Attrs::none() };
        let id = if node.is(&SIZE) {
            let size = self.build(&CAST, &[x], &real)?;
            self.raw(&LOG, &[size], Attrs::none())?
        } else if node.tys[0].elem == Elem::Bool {
            let (one, none) = (self.real(0.0), self.real(f64::NEG_INFINITY));
            self.op(&SELECT, &[x, one, none])?
        } else {
            return None;
        };
        Some(Log { id, gain: false, unbounded: false, rule: "log-product" })
    }

    /// Sums along axes, choices, and operations that only move elements.
    fn log_of_array(&mut self, node: &crate::ir::Node) -> Option<Log> {
        let is = |op| node.is(op);
        let x = node.inputs[0];
        if is(&SUM) {
            let a = self.log_of(x).filter(|l| l.gain)?;
            let ty = self.ty(x);
            let inner = self.fit(a.id, &ty);
            let id = self.build(&LOGSUMEXP, &[inner], &node.attrs)?;
            return Some(Log { id, rule: "log-sum-exp", ..a });
        }
        if is(&CONTRACT) {
            let (a, b) = (self.log_of(x)?, self.log_of(node.inputs[1])?);
            let sum = self.op(&ADD, &[a.id, b.id])?;
            let l = both(a, b, "log-sum-exp");
            if !l.gain || node.attrs.axes.iter().any(|axis| !self.b.graph.ty(sum).has(axis)) {
                return None;
            }
            return Some(Log { id: self.build(&LOGSUMEXP, &[sum], &node.attrs)?, ..l });
        }
        if is(&PROD) {
            let a = self.log_of(x).filter(|l| l.gain)?;
            let ty = self.ty(x);
            let inner = self.fit(a.id, &ty);
            return Some(Log { id: self.build(&SUM, &[inner], &node.attrs)?, rule: "log-prod", ..a });
        }
        if is(&SELECT) {
            let (a, b) = (self.log_of(node.inputs[1])?, self.log_of(node.inputs[2])?);
            let id = self.op(&SELECT, &[x, a.id, b.id])?;
            return Some(Log { id, ..both(a, b, "log-where") });
        }
        if is(&MAXIMUM) || is(&MINIMUM) {
            let (a, b) = (self.log_of(x)?, self.log_of(node.inputs[1])?);
            let id = self.op(node.op, &[a.id, b.id])?;
            return Some(Log { id, ..both(a, b, "log-max") });
        }
        let moves = matches!(node.op.name, "pick" | "rename" | "order" | "slice" | "reverse" | "merge" | "split");
        if moves || is(&BROADCAST) || is(&STOP) || is(&MAX) || is(&MIN) {
            let a = self.log_of(x)?;
            let ty = self.ty(x);
            let mut inputs = node.inputs.clone();
            inputs[0] = self.fit_exactly(a.id, &ty);
            let id = self.build(node.op, &inputs, &node.attrs)?;
            return Some(Log { id, rule: if is(&MAX) || is(&MIN) { "log-max" } else { a.rule }, ..a });
        }
        None
    }

    /// The logarithm of a sum of positive terms.
    fn log_of_sum(&mut self, id: NodeId) -> Option<Log> {
        let sum = self.linear(id);
        if !sum.terms.iter().all(|(_, c)| *c >= 0.0 && c.is_finite()) {
            return None;
        }
        self.log_of_terms(&sum, 1.0).filter(|l| l.gain)
    }

    /// `log(P - N) = log P + log(1 - exp(log N - log P))`, for a logarithm in the program only: a difference may be
    /// negative, and then its logarithm is NaN on both sides, but its square or product with another is not.
    pub(super) fn log_of_difference(&mut self, id: NodeId) -> Option<(NodeId, &'static str)> {
        if let Some(x) = self.arg(id, &EXPM1) {
            let minus = self.op(&NEG, &[x])?;
            let rest = self.op(&LOG1MEXP, &[minus])?;
            return Some((self.op(&ADD, &[x, rest])?, "log-diff-exp"));
        }
        if let Some(x) = self.arg(id, &NEG).and_then(|inner| self.arg(inner, &EXPM1)) {
            return Some((self.op(&LOG1MEXP, &[x])?, "log1mexp"));
        }
        let sum = self.linear(id);
        if sum.terms.iter().all(|(_, c)| *c >= 0.0) || sum.terms.iter().any(|(_, c)| !c.is_finite()) {
            return None;
        }
        let (plus, minus) = (self.log_of_terms(&sum, 1.0)?, self.log_of_terms(&sum, -1.0)?);
        if !plus.gain && !minus.gain {
            return None;
        }
        let ratio = self.op(&SUB, &[minus.id, plus.id])?;
        let rest = self.op(&LOG1MEXP, &[ratio])?;
        let rule = if self.is_constant(plus.id, 0.0) { "log1mexp" } else { "log-diff-exp" };
        Some((self.op(&ADD, &[plus.id, rest])?, rule))
    }

    /// The logarithm of the terms of one sign. A constant 1 makes it a `softplus`.
    fn log_of_terms(&mut self, sum: &Linear, sign: f64) -> Option<Log> {
        let mut total: Option<Log> = None;
        let mut one = false;
        for &(term, c) in sum.terms.iter().filter(|(_, c)| c * sign > 0.0) {
            let l = match term {
                None if c.abs() == 1.0 => {
                    one = true;
                    continue;
                }
                None => Log { id: self.real(math::log(c.abs())), gain: false, unbounded: false, rule: "log-add-exp" },
                Some(t) => {
                    let l = self.log_of(t)?;
                    let shift = self.real(math::log(c.abs()));
                    Log { id: self.op(&ADD, &[shift, l.id])?, ..l }
                }
            };
            total = Some(match total {
                None => l,
                Some(t) => {
                    let id = self.op(&LOGADDEXP, &[t.id, l.id])?;
                    Log { id, ..both(t, l, "log-add-exp") }
                }
            });
        }
        match (total, one) {
            (Some(t), true) => {
                let id = self.op(&SOFTPLUS, &[t.id])?;
                Some(Log { id, rule: "softplus", ..t })
            }
            (Some(t), false) => Some(t),
            (None, true) => Some(Log { id: self.real(0.0), gain: false, unbounded: false, rule: "log-product" }),
            (None, false) => None,
        }
    }

    /// `exp(l)`, as `softmax` or `sigmoid` where it is one.
    pub(super) fn exp_of(&mut self, l: NodeId, ty: &ArrayTy) -> Option<NodeId> {
        let e = self.op(&EXP, &[l])?;
        Some(self.fit(e, ty))
    }

    /// `exp(-softplus(-x))`, `exp(x - softplus(x))` and `exp(a - logaddexp(a, b))` are sigmoids.
    pub(super) fn exp_as_sigmoid(&mut self, l: NodeId) -> Option<NodeId> {
        let sum = self.linear(l);
        for &(term, c) in &sum.terms {
            let Some(t) = term.filter(|_| c == -1.0) else { continue };
            let rest = sum.without(term);
            if let Some(w) = self.arg(t, &SOFTPLUS) {
                if rest.terms.is_empty() {
                    let minus = self.op(&NEG, &[w])?;
                    return self.op(&SIGMOID, &[minus]);
                }
                if self.same_sum(&rest, w) {
                    return self.op(&SIGMOID, &[w]);
                }
            }
            if let Some((a, b)) = self.args2(t, &LOGADDEXP) {
                for (x, y) in [(a, b), (b, a)] {
                    if self.same_sum(&rest, x) {
                        let d = self.op(&SUB, &[x, y])?;
                        return self.op(&SIGMOID, &[d]);
                    }
                }
            }
        }
        None
    }

    /// True if a sum is the expression `x`.
    pub(super) fn same_sum(&self, sum: &Linear, x: NodeId) -> bool {
        let other = self.linear(x);
        let nonzero = |l: &Linear| l.terms.iter().filter(|(_, c)| *c != 0.0).count();
        nonzero(sum) == nonzero(&other) && other.terms.iter().all(|(t, c)| sum.coefficient(*t) == *c)
    }

    /// `e * exp(l)` with the exponential moved to those inside `e`: into sums and next to other exponentials.
    pub(super) fn scale_by_exp(&mut self, e: NodeId, l: NodeId) -> Option<NodeId> {
        if let Some(log) = self.log_of(e).filter(|x| x.gain) {
            let sum = self.op(&ADD, &[log.id, l])?;
            let mut ty = self.ty(sum);
            for dim in self.ty(e).dims {
                if !ty.has(&dim.axis) {
                    ty.dims.push(dim);
                }
            }
            return self.exp_of(sum, &ty);
        }
        let node = self.node_of(e).clone();
        if node.exact {
            return None;
        }
        let x = *node.inputs.first()?;
        if node.is(&NEG) {
            let inner = self.scale_by_exp(x, l)?;
            return self.op(&NEG, &[inner]);
        }
        if node.is(&BROADCAST) {
            let inner = self.scale_by_exp(x, l)?;
            let ty = self.ty(e);
            return Some(self.fit(inner, &ty));
        }
        if node.is(&MUL) {
            let y = node.inputs[1];
            if let Some(scaled) = self.scale_by_exp(x, l) {
                return self.op(&MUL, &[scaled, y]);
            }
            let scaled = self.scale_by_exp(y, l)?;
            return self.op(&MUL, &[x, scaled]);
        }
        if node.is(&DIV) {
            let scaled = self.scale_by_exp(x, l)?;
            return self.op(&DIV, &[scaled, node.inputs[1]]);
        }
        if node.is(&ADD) || node.is(&SUB) {
            let (a, b) = (self.scale_by_exp(x, l)?, self.scale_by_exp(node.inputs[1], l)?);
            return self.op(node.op, &[a, b]);
        }
        if node.is(&SUM) && self.lacks(l, &node.attrs.axes) {
            let inner = self.scale_by_exp(x, l)?;
            return self.build(&SUM, &[inner], &node.attrs);
        }
        if node.is(&CONTRACT) && self.lacks(l, &node.attrs.axes) {
            let y = node.inputs[1];
            if let Some(scaled) = self.scale_by_exp(x, l) {
                return self.build(&CONTRACT, &[scaled, y], &node.attrs);
            }
            let scaled = self.scale_by_exp(y, l)?;
            return self.build(&CONTRACT, &[x, scaled], &node.attrs);
        }
        None
    }

    /// `x[k = y]`, also behind renamings: what is picked from what.
    pub(super) fn pick_of(&self, id: NodeId) -> Option<(NodeId, NodeId, Attrs)> {
        let node = self.b.graph.node(id);
        let pick = ops::find("pick")?;
        (node.is(pick) && !node.exact).then(|| (node.inputs[0], node.inputs[1], node.attrs.clone()))
    }
}

fn both(a: Log, b: Log, rule: &'static str) -> Log {
    Log { id: a.id, gain: a.gain || b.gain, unbounded: a.unbounded || b.unbounded, rule }
}

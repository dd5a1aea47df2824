//! What can be proven of a node's values without running it. Facts speak of every value that is not NaN: a NaN that
//! comes in goes through.

use crate::ir::Node;
use crate::ops::*;
use crate::types::Elem;

/// Bounds on the values of a node and whether they are surely finite.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Facts {
    pub low: f64,
    pub high: f64,
    /// No element is infinite, or NaN unless an input already was.
    pub finite: bool,
}

impl Facts {
    pub const UNKNOWN: Facts = Facts { low: f64::NEG_INFINITY, high: f64::INFINITY, finite: false };

    const fn between(low: f64, high: f64) -> Facts {
        Facts { low, high, finite: true }
    }

    const fn at_least(low: f64) -> Facts {
        Facts { low, high: f64::INFINITY, finite: false }
    }

    /// No value is below zero.
    pub fn nonnegative(self) -> bool {
        self.low >= 0.0
    }

    /// Facts of a node from those of earlier ones.
    pub(super) fn of(node: &Node, known: &[Facts]) -> Facts {
        let get = |i: usize| node.inputs.get(i).and_then(|id| known.get(id.index())).copied().unwrap_or(Self::UNKNOWN);
        let (a, b) = (get(0), get(1));
        let is = |op| node.is(op);
        match node.tys.first().map(|ty| &ty.elem) {
            Some(Elem::Bool) => return Self::between(0.0, 1.0),
            Some(Elem::Label(_)) => return Facts { finite: true, ..Self::at_least(0.0) },
            _ => {}
        }
        if node.tys.len() != 1 {
            return Self::UNKNOWN;
        }
        if is(&CONST) {
            let value = match (node.attrs.reals.first(), node.attrs.ints.first()) {
                (Some(r), _) => r.get(),
                (None, Some(&i)) => i as f64,
                _ => return Self::UNKNOWN,
            };
            return if value.is_nan() {
                Self::UNKNOWN
            } else {
                Facts { low: value, high: value, finite: value.is_finite() }
            };
        }
        if is(&SIZE) {
            Facts { finite: true, ..Self::at_least(0.0) }
        } else if is(&CAST) || is(&BROADCAST) || is(&STOP) || is(&MAX) || is(&MIN) || named(node) {
            let keeps = is(&CAST) || is(&BROADCAST) || is(&STOP) || named(node);
            Facts { finite: a.finite && keeps, ..a }
        } else if is(&SELECT) {
            let c = get(2);
            Facts { low: b.low.min(c.low), high: b.high.max(c.high), finite: b.finite && c.finite }
        } else if is(&EXP) || is(&SQRT) || is(&SOFTPLUS) || is(&NORM) || is(&COSH) {
            Self::at_least(0.0)
        } else if is(&ABS) {
            Facts { finite: a.finite, ..Self::at_least(0.0) }
        } else if is(&SIGMOID) || is(&SOFTMAX) {
            Self::between(0.0, 1.0)
        } else if is(&TANH) || is(&SIGN) || is(&ERF) {
            Self::between(-1.0, 1.0)
        } else if is(&LOG_SOFTMAX) || is(&LOG1MEXP) {
            Facts { high: 0.0, ..Self::UNKNOWN }
        } else if is(&NEG) {
            Facts { low: -a.high, high: -a.low, finite: a.finite }
        } else if is(&ADD) {
            add(a, b)
        } else if is(&SUB) {
            add(a, Facts { low: -b.high, high: -b.low, finite: b.finite })
        } else if is(&MUL) || is(&ZMUL) {
            product(node, a, b)
        } else if is(&DIV) {
            if a.nonnegative() && b.nonnegative() { Self::at_least(0.0) } else { Self::UNKNOWN }
        } else if is(&POW) {
            if a.nonnegative() || even(b) { Self::at_least(0.0) } else { Self::UNKNOWN }
        } else if is(&SUM) || is(&PROD) {
            if a.nonnegative() { Self::at_least(0.0) } else { Self::UNKNOWN }
        } else if is(&CONTRACT) {
            let square = node.inputs.first() == node.inputs.get(1);
            if square || (a.nonnegative() && b.nonnegative()) { Self::at_least(0.0) } else { Self::UNKNOWN }
        } else if is(&MAXIMUM) {
            Facts { low: a.low.max(b.low), high: a.high.max(b.high), finite: a.finite && b.finite }
        } else if is(&MINIMUM) {
            Facts { low: a.low.min(b.low), high: a.high.min(b.high), finite: a.finite && b.finite }
        } else {
            Self::UNKNOWN
        }
    }
}

/// Operations that only move elements.
fn named(node: &Node) -> bool {
    matches!(node.op.name, "rename" | "pick" | "order" | "merge" | "split" | "slice" | "reverse" | "stack")
        && node.inputs.len() <= 2
}

fn even(exponent: Facts) -> bool {
    exponent.low == exponent.high && exponent.low % 2.0 == 0.0
}

fn add(a: Facts, b: Facts) -> Facts {
    let (low, high) = (a.low + b.low, a.high + b.high);
    let clean = |x: f64, else_: f64| if x.is_nan() { else_ } else { x };
    let bounded = low.is_finite() && high.is_finite();
    Facts { low: clean(low, f64::NEG_INFINITY), high: clean(high, f64::INFINITY), finite: bounded }
}

fn product(node: &Node, a: Facts, b: Facts) -> Facts {
    if node.inputs.first() == node.inputs.get(1) {
        return Facts { finite: a.finite && a.low.abs().max(a.high.abs()) < 1e150, ..Facts::at_least(0.0) };
    }
    let corners = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high];
    if corners.iter().any(|x| x.is_nan()) {
        let nonnegative = a.nonnegative() && b.nonnegative();
        return if nonnegative { Facts::at_least(0.0) } else { Facts::UNKNOWN };
    }
    let low = corners.iter().copied().fold(f64::INFINITY, f64::min);
    let high = corners.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Facts { low, high, finite: a.finite && b.finite && low.is_finite() && high.is_finite() }
}

//! Sums and products as people write them: positive terms first, numbers before names, one fraction bar, powers for
//! repeated factors, `mean` for a sum over its size.

use super::build::{Writer, infix, transparent};
use crate::ir::{Formula, NodeId, Precedence};
use crate::ops::*;
use crate::types::{Axis, Elem};

/// `coefficient * above / below`; each factor with its exponent.
struct Factors {
    coefficient: f64,
    above: Vec<(NodeId, f64)>,
    below: Vec<(NodeId, f64)>,
}

/// The most terms or factors that are put in order together.
const MOST: usize = 64;

impl Writer<'_> {
    /// The formula of a node that adds, multiplies or raises to a power; nothing for others.
    pub(super) fn arithmetic(&self, id: NodeId) -> Option<Formula> {
        let node = self.graph.node(id);
        let is = |op| node.is(op);
        if is(&ADD) || is(&SUB) {
            return Some(self.sum(id));
        }
        if is(&NEG) || is(&MUL) || is(&ZMUL) || is(&DIV) || is(&ZDIV) || is(&POW) {
            let (negative, body) = self.product(id);
            return Some(if negative { Formula::Negate(Box::new(body)) } else { body });
        }
        if is(&XLOGY) || is(&XLOG1PY) {
            let (function, latex) = if is(&XLOGY) { ("log", "\\log") } else { ("log1p", "\\operatorname{log1p}") };
            let log = Formula::Call {
                function: function.into(),
                latex: Some(latex.into()),
                axes: Vec::new(),
                args: vec![self.formula(node.inputs[1])],
            };
            return Some(times(self.formula(node.inputs[0]), log));
        }
        if is(&CONTRACT) && node.inputs[0] == node.inputs[1] {
            let square = Formula::Power(Box::new(self.formula(node.inputs[0])), Box::new(Formula::Number(2.0)));
            let axes = axis_names(&node.attrs.axes);
            let body = Box::new(square);
            return Some(Formula::Reduce { function: "sum".into(), latex: "\\sum".into(), axes, body });
        }
        None
    }

    fn sum(&self, id: NodeId) -> Formula {
        let mut terms: Vec<(bool, Formula)> = Vec::new();
        let mut todo = vec![(id, false, true)];
        while let Some((id, negative, root)) = todo.pop() {
            let node = self.graph.node(id);
            let open = (root || self.inlined(id)) && terms.len() + todo.len() < MOST;
            if open && (node.is(&ADD) || node.is(&SUB)) {
                todo.push((node.inputs[1], negative != node.is(&SUB), false));
                todo.push((node.inputs[0], negative, false));
            } else if open && node.is(&NEG) {
                todo.push((node.inputs[0], !negative, false));
            } else if open && transparent(node) && !node.is(&CAST) {
                todo.push((node.inputs[0], negative, false));
            } else if open {
                let (minus, body) = self.signed(id);
                terms.push((negative != minus, body));
            } else {
                terms.push((negative, self.formula(id)));
            }
        }
        let (plus, minus): (Vec<_>, Vec<_>) = terms.into_iter().partition(|(negative, _)| !negative);
        let mut total: Option<Formula> = None;
        for (negative, term) in plus.into_iter().chain(minus) {
            total = Some(match (total, negative) {
                (None, false) => term,
                (None, true) => Formula::Negate(Box::new(term)),
                (Some(t), false) => infix("+", "+", Precedence::Sum, t, term),
                (Some(t), true) => infix("-", "-", Precedence::Sum, t, term),
            });
        }
        total.unwrap_or(Formula::Number(0.0))
    }

    /// A term of a sum, its sign apart.
    fn signed(&self, id: NodeId) -> (bool, Formula) {
        if let Some(value) = self.constant(id) {
            return (value < 0.0, Formula::Number(value.abs()));
        }
        let node = self.graph.node(id);
        let is = |op| node.is(op);
        if is(&MUL) || is(&ZMUL) || is(&DIV) || is(&ZDIV) {
            return self.product(id);
        }
        (false, self.formula(id))
    }

    fn product(&self, id: NodeId) -> (bool, Formula) {
        let mut factors = Factors { coefficient: 1.0, above: Vec::new(), below: Vec::new() };
        self.gather(id, &mut factors);
        self.means(&mut factors);
        let negative = factors.coefficient < 0.0;
        let mut size = factors.coefficient.abs();
        let mut below: Vec<Formula> = Vec::new();
        // 1/3 is not 0.3333333333333333.
        let inverse = 1.0 / size;
        if super::number(size).len() > 6 && inverse.fract() == 0.0 && inverse < 1e6 {
            below.push(Formula::Number(inverse));
            size = 1.0;
        }
        below.extend(self.order(&factors.below));
        let mut above = self.order(&factors.above);
        if size != 1.0 || above.is_empty() {
            above.insert(0, Formula::Number(size));
        }
        let above = join(above);
        let body = match below.is_empty() {
            true => above,
            false => Formula::Fraction(Box::new(above), Box::new(join(below))),
        };
        (negative, body)
    }

    fn gather(&self, id: NodeId, factors: &mut Factors) {
        let mut todo = vec![(id, 1.0, true)];
        let mut count = 0;
        while let Some((id, power, root)) = todo.pop() {
            count += 1;
            let node = self.graph.node(id);
            let open = (root || self.inlined(id)) && count + todo.len() < MOST;
            let unit = power == 1.0 || power == -1.0;
            if let Some(value) = self.constant(id).filter(|v| unit && v.is_finite() && *v != 0.0) {
                factors.coefficient *= if power > 0.0 { value } else { 1.0 / value };
            } else if open && unit && (node.is(&MUL) || node.is(&ZMUL)) {
                todo.push((node.inputs[1], power, false));
                todo.push((node.inputs[0], power, false));
            } else if open && unit && (node.is(&DIV) || node.is(&ZDIV)) {
                todo.push((node.inputs[1], -power, false));
                todo.push((node.inputs[0], power, false));
            } else if open && unit && node.is(&NEG) {
                factors.coefficient = -factors.coefficient;
                todo.push((node.inputs[0], power, false));
            } else if open && transparent(node) && !node.is(&CAST) {
                todo.push((node.inputs[0], power, false));
            } else if open
                && unit
                && node.is(&POW)
                && let Some(p) = self.constant(node.inputs[1])
                && p != 0.0
            {
                add(factors, node.inputs[0], power * p);
            } else {
                add(factors, id, power);
            }
        }
    }

    /// `sum[n](x) / size(n)` is `mean[n](x)`.
    fn means(&self, factors: &mut Factors) {
        for at in 0..factors.above.len() {
            let (id, power) = factors.above[at];
            let node = self.graph.node(id);
            if power != 1.0 || !node.is(&SUM) || !self.inlined(id) || self.graph.ty(id).elem != Elem::Real {
                continue;
            }
            let mut below = factors.below.clone();
            let all = node.attrs.axes.iter().all(|axis| {
                let size = below.iter().position(|(d, p)| *p == 1.0 && self.is_size(*d, axis));
                size.map(|i| below.remove(i)).is_some()
            });
            if all {
                factors.below = below;
                // An exponent of NaN marks a mean; it is read back in `order`.
                factors.above[at].1 = f64::NAN;
                return;
            }
        }
    }

    fn is_size(&self, id: NodeId, axis: &Axis) -> bool {
        let node = self.graph.node(id);
        if node.is(&CAST) || node.is(&BROADCAST) {
            return self.is_size(node.inputs[0], axis);
        }
        node.is(&SIZE) && node.attrs.dims.first().is_some_and(|d| d.axis == *axis)
    }

    /// The factors written out: plain scalars first, the rest in the order of the program.
    fn order(&self, factors: &[(NodeId, f64)]) -> Vec<Formula> {
        let plain = |id: NodeId| {
            let node = self.graph.node(id);
            node.is(&INPUT) && self.graph.ty(id).is_scalar()
        };
        let (first, rest): (Vec<_>, Vec<_>) = factors.iter().partition(|(id, _)| plain(*id));
        first.into_iter().chain(rest).map(|(id, power)| self.power(id, power)).collect()
    }

    fn power(&self, id: NodeId, power: f64) -> Formula {
        if power.is_nan() {
            let node = self.graph.node(id);
            let body = Box::new(self.formula(node.inputs[0]));
            let axes = axis_names(&node.attrs.axes);
            return Formula::Reduce { function: "mean".into(), latex: "\\operatorname{mean}".into(), axes, body };
        }
        // A product under an exponent of 1 was too long to be put in order; it is written by itself.
        let node = self.graph.node(id);
        let base = if power == 1.0 && node.is(&POW) && self.inlined(id) {
            return Formula::Power(Box::new(self.formula(node.inputs[0])), Box::new(self.formula(node.inputs[1])));
        } else {
            self.formula(id)
        };
        if power == 1.0 {
            base
        } else if power == 0.5 {
            Formula::Call { function: "sqrt".into(), latex: None, axes: Vec::new(), args: vec![base] }
        } else {
            Formula::Power(Box::new(base), Box::new(Formula::Number(power)))
        }
    }
}

/// Multiplies by `x^power`, with an earlier power of `x` put together.
fn add(factors: &mut Factors, x: NodeId, power: f64) {
    let (same, other) =
        if power > 0.0 { (&mut factors.above, &mut factors.below) } else { (&mut factors.below, &mut factors.above) };
    let size = power.abs();
    if other.iter().all(|(y, _)| *y != x)
        && let Some(entry) = same.iter_mut().find(|(y, _)| *y == x)
    {
        entry.1 += size;
    } else {
        same.push((x, size));
    }
}

fn times(left: Formula, right: Formula) -> Formula {
    infix("*", "\\,", Precedence::Product, left, right)
}

fn join(factors: Vec<Formula>) -> Formula {
    factors.into_iter().reduce(times).unwrap_or(Formula::Number(1.0))
}

fn axis_names(axes: &[Axis]) -> Vec<String> {
    axes.iter().map(|a| a.name().to_string()).collect()
}

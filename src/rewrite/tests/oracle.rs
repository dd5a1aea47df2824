//! Evaluation of small graphs in high precision: what a formula's value mathematically is, however it is written.
//! Only the operations that programs write are known here, not the stable forms that rewriting makes of them.

use crate::ir::{Graph, Node, NodeId};
use crate::ops::*;
use crate::types::{ArrayTy, Axis, Elem};
use astro_float_num::{BigFloat, Consts, RoundingMode, Sign};

/// Bits carried: 1 + exp(-745) needs 1075, and differences at 1e-300 with a relative step of 2^-150 as many again.
pub const BITS: usize = 2432;
const RM: RoundingMode = RoundingMode::ToEven;

/// An array in high precision; labels, sizes and truth values as numbers.
#[derive(Clone)]
pub struct Big {
    ty: ArrayTy,
    pub data: Vec<BigFloat>,
}

pub struct Oracle {
    consts: Consts,
}

pub fn big(x: f64) -> BigFloat {
    BigFloat::from_f64(x, BITS)
}

/// The nearest double.
pub fn double(x: &BigFloat) -> f64 {
    if x.is_nan() {
        return f64::NAN;
    }
    if x.is_inf_pos() {
        return f64::INFINITY;
    }
    if x.is_inf_neg() {
        return f64::NEG_INFINITY;
    }
    let Some((words, _, sign, exponent, _)) = x.as_raw_parts() else { return f64::NAN };
    let top = words.last().copied().unwrap_or(0) as f64;
    // top * 2^(exponent - 64), in steps that neither overflow nor lose digits before the last.
    let mut value = top * 2f64.powi(-64);
    let mut left = exponent.clamp(-3000, 3000);
    while left != 0 {
        let step = left.clamp(-500, 500);
        value *= 2f64.powi(step);
        left -= step;
    }
    if sign == Sign::Neg { -value } else { value }
}

impl Oracle {
    pub fn new() -> Oracle {
        Oracle { consts: Consts::new().expect("constants") }
    }

    /// The first output of the graph.
    pub fn run(&mut self, graph: &Graph, inputs: &[Vec<BigFloat>]) -> Big {
        let mut values: Vec<Option<Big>> = vec![None; graph.nodes.len()];
        for (&id, data) in graph.inputs.iter().zip(inputs) {
            values[id.index()] = Some(Big { ty: graph.ty(id).clone(), data: data.clone() });
        }
        let live = graph.live();
        for id in graph.ids().filter(|id| live[id.index()]) {
            if values[id.index()].is_none() {
                let node = graph.node(id);
                let args: Vec<Big> =
                    node.inputs.iter().map(|i| values[i.index()].clone().expect("an earlier value")).collect();
                values[id.index()] = Some(self.node(node, &args));
            }
        }
        let out: NodeId = graph.outputs[0];
        values[out.index()].clone().expect("an output")
    }

    fn node(&mut self, node: &Node, args: &[Big]) -> Big {
        let ty = node.ty().clone();
        let is = |op| node.is(op);
        if is(&CONST) {
            let value = match (node.attrs.reals.first(), node.attrs.ints.first()) {
                (Some(r), _) => r.get(),
                (_, Some(&i)) => i as f64,
                _ => 0.0,
            };
            return Big { ty, data: vec![big(value)] };
        }
        if is(&IOTA) {
            let n = ty.shape().expect("known sizes")[0];
            return Big { ty, data: (0..n).map(|i| big(i as f64)).collect() };
        }
        if is(&SIZE) {
            let n = node.attrs.dims[0].size.known().expect("known sizes");
            return Big { ty, data: vec![big(n as f64)] };
        }
        if is(&SUM) || is(&PROD) || is(&CONTRACT) || is(&LOGSUMEXP) || is(&NORM) || is(&MAX) {
            return self.reduce(node, args, ty);
        }
        if is(&SOFTMAX) || is(&LOG_SOFTMAX) {
            let e = self.map(&args[0], |o, x| x.exp(BITS, RM, &mut o.consts));
            let total = self.fold(&e, &node.attrs.axes, big(0.0), |_, a, b| a.add(b, BITS, RM));
            let mut out = self.zip(&[e, total], &ty, |_, a| a[0].div(a[1], BITS, RM));
            if is(&LOG_SOFTMAX) {
                out = self.map(&out, |o, x| o.ln(x));
            }
            return out;
        }
        if node.op.name == "pick" {
            return pick(&node.attrs.axes[0], &args[0], &args[1], ty);
        }
        if node.op.name == "rename" || is(&CAST) && args.len() == 1 {
            return Big { ty, data: args[0].data.clone() };
        }
        if is(&BROADCAST) {
            return self.zip(args, &ty, |_, a| a[0].clone());
        }
        let op = node.op;
        self.zip(args, &ty, |o, a| o.scalar(op, a))
    }

    fn reduce(&mut self, node: &Node, args: &[Big], ty: ArrayTy) -> Big {
        let is = |op| node.is(op);
        let axes = &node.attrs.axes;
        let body = if is(&CONTRACT) {
            let mut dims = args[0].ty.dims.clone();
            dims.extend(args[1].ty.dims.iter().filter(|d| !args[0].ty.has(&d.axis)).cloned());
            self.zip(args, &ArrayTy::new(Elem::Real, dims), |_, a| a[0].mul(a[1], BITS, RM))
        } else if is(&LOGSUMEXP) {
            self.map(&args[0], |o, x| x.exp(BITS, RM, &mut o.consts))
        } else if is(&NORM) {
            self.map(&args[0], |_, x| x.mul(x, BITS, RM))
        } else {
            args[0].clone()
        };
        let folded = match () {
            _ if is(&PROD) => self.fold(&body, axes, big(1.0), |_, a, b| a.mul(b, BITS, RM)),
            _ if is(&MAX) => self.fold(&body, axes, big(f64::NEG_INFINITY), |_, a, b| {
                if a.cmp(b).is_some_and(|c| c > 0) { a.clone() } else { b.clone() }
            }),
            _ => self.fold(&body, axes, big(0.0), |_, a, b| a.add(b, BITS, RM)),
        };
        let done = if is(&LOGSUMEXP) {
            self.map(&folded, |o, x| o.ln(x))
        } else if is(&NORM) {
            self.map(&folded, |_, x| x.sqrt(BITS, RM))
        } else {
            folded
        };
        self.zip(&[done], &ty, |_, a| a[0].clone())
    }

    fn ln(&mut self, x: &BigFloat) -> BigFloat {
        if x.is_zero() { big(f64::NEG_INFINITY) } else { x.ln(BITS, RM, &mut self.consts) }
    }

    fn scalar(&mut self, op: &'static crate::ir::OpDef, a: &[&BigFloat]) -> BigFloat {
        let one = big(1.0);
        let truth = |x: bool| big(if x { 1.0 } else { 0.0 });
        let order = |a: &BigFloat, b: &BigFloat| a.cmp(b).map_or(2, |c| c.signum() as i32);
        let x = a[0];
        match op.name {
            "add" => x.add(a[1], BITS, RM),
            "sub" => x.sub(a[1], BITS, RM),
            "mul" => x.mul(a[1], BITS, RM),
            "div" => x.div(a[1], BITS, RM),
            "neg" => x.neg(),
            "abs" => x.abs(),
            "exp" => x.exp(BITS, RM, &mut self.consts),
            "log" => self.ln(x),
            "log1p" => {
                let s = one.add(x, BITS, RM);
                self.ln(&s)
            }
            "sqrt" => x.sqrt(BITS, RM),
            "tanh" => x.tanh(BITS, RM, &mut self.consts),
            "cosh" => x.cosh(BITS, RM, &mut self.consts),
            "sigmoid" => {
                let e = x.neg().exp(BITS, RM, &mut self.consts);
                one.div(&one.add(&e, BITS, RM), BITS, RM)
            }
            "softplus" => {
                let e = one.add(&x.exp(BITS, RM, &mut self.consts), BITS, RM);
                self.ln(&e)
            }
            "pow" => {
                let p = double(a[1]);
                if a[1].is_int() && p.abs() < 64.0 {
                    let power = x.powi(p.abs() as usize, BITS, RM);
                    return if p < 0.0 { one.div(&power, BITS, RM) } else { power };
                }
                let l = self.ln(x).mul(a[1], BITS, RM);
                l.exp(BITS, RM, &mut self.consts)
            }
            "maximum" => {
                if order(x, a[1]) == 1 {
                    x.clone()
                } else {
                    a[1].clone()
                }
            }
            "minimum" => {
                if order(x, a[1]) == -1 {
                    x.clone()
                } else {
                    a[1].clone()
                }
            }
            "where" => {
                if x.is_zero() {
                    a[2].clone()
                } else {
                    a[1].clone()
                }
            }
            "eq" => truth(order(x, a[1]) == 0),
            "ne" => truth(order(x, a[1]) != 0),
            "lt" => truth(order(x, a[1]) == -1),
            "gt" => truth(order(x, a[1]) == 1),
            "le" => truth(matches!(order(x, a[1]), -1 | 0)),
            "ge" => truth(matches!(order(x, a[1]), 0 | 1)),
            "and" => truth(!x.is_zero() && !a[1].is_zero()),
            "or" => truth(!x.is_zero() || !a[1].is_zero()),
            "not" => truth(x.is_zero()),
            other => panic!("the oracle does not know `{other}`"),
        }
    }

    fn map(&mut self, x: &Big, mut f: impl FnMut(&mut Oracle, &BigFloat) -> BigFloat) -> Big {
        let data = x.data.iter().map(|v| f(self, v)).collect();
        Big { ty: x.ty.clone(), data }
    }

    /// Element by element over the axes of `ty`.
    fn zip(&mut self, args: &[Big], ty: &ArrayTy, mut f: impl FnMut(&mut Oracle, &[&BigFloat]) -> BigFloat) -> Big {
        let data = places(ty)
            .iter()
            .map(|place| {
                let values: Vec<&BigFloat> = args.iter().map(|a| &a.data[offset(&a.ty, ty, place)]).collect();
                f(self, &values)
            })
            .collect();
        Big { ty: ty.clone(), data }
    }

    fn fold(
        &mut self,
        x: &Big,
        axes: &[Axis],
        start: BigFloat,
        mut f: impl FnMut(&mut Oracle, &BigFloat, &BigFloat) -> BigFloat,
    ) -> Big {
        let ty = ArrayTy::new(x.ty.elem.clone(), x.ty.without(axes));
        let mut data = vec![start; places(&ty).len()];
        for (place, value) in places(&x.ty).iter().zip(&x.data) {
            let at = offset(&ty, &x.ty, place);
            data[at] = f(self, &data[at], value);
        }
        Big { ty, data }
    }
}

/// All coordinates in storage order.
fn places(ty: &ArrayTy) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for n in ty.shape().expect("known sizes") {
        all = all.iter().flat_map(|p: &Vec<usize>| (0..n).map(move |i| [p.as_slice(), &[i]].concat())).collect();
    }
    all
}

/// Where the element of `of` lies that aligns with a coordinate of `ty`.
fn offset(of: &ArrayTy, ty: &ArrayTy, place: &[usize]) -> usize {
    of.dims.iter().fold(0, |at, d| {
        let n = d.size.known().expect("known sizes");
        at * n + place[ty.position(&d.axis).expect("an axis of the result")]
    })
}

fn pick(axis: &Axis, z: &Big, index: &Big, ty: ArrayTy) -> Big {
    let data = places(&ty)
        .iter()
        .map(|place| {
            let at = double(&index.data[offset(&index.ty, &ty, place)]) as usize;
            let z_at = z.ty.dims.iter().fold(0, |o, d| {
                let n = d.size.known().expect("known sizes");
                let i = if d.axis == *axis { at } else { place[ty.position(&d.axis).expect("an axis")] };
                o * n + i
            });
            z.data[z_at].clone()
        })
        .collect();
    Big { ty, data }
}

//! Every stability rule, sampled: the rewritten graph run in doubles against the program as written in high precision,
//! value and gradient, on random and extreme points.

use super::oracle::{BITS, Oracle, big, double};
use super::*;
use crate::exec::{Context, Plan};
use crate::tensor::Tensor;
use astro_float_num::{BigFloat, RoundingMode};
use std::slice::from_ref;

/// A naive program: the rule that must apply, its real inputs, and where to sample them.
struct Case {
    rule: &'static str,
    f: Graph,
    domain: Domain,
    /// The size of what is added up on the way to the value, where that is larger than value and slopes tell.
    about: f64,
}

#[derive(Clone, Copy, PartialEq)]
enum Domain {
    /// Anywhere, up to ±1000.
    All,
    /// Below zero.
    Negative,
    /// The first input above the second.
    Ordered,
    /// Between 0 and 1000.
    Positive,
    /// Moderate numbers only: the value itself would overflow.
    Moderate,
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

const EXTREMES: &[f64] = &[0.0, 1000.0, -1000.0, 1e-300, -1e-300, 1.0, -1.0, 30.0, -30.0, 1e-9, 745.0, -745.0];

fn samples(count: usize, domain: Domain) -> Vec<Vec<f64>> {
    let mut random = Random(7);
    let mut points = Vec::new();
    for scale in [1.0, 1e-6, 20.0, 300.0, 1000.0] {
        for _ in 0..4 {
            points.push((0..count).map(|_| (random.next() * 2.0 - 1.0) * scale).collect::<Vec<f64>>());
        }
    }
    for i in 0..2 * EXTREMES.len() {
        // Extremes together, and ties.
        let step = if i < EXTREMES.len() { 0 } else { i };
        points.push((0..count).map(|j| EXTREMES[(i + j * step) % EXTREMES.len()]).collect());
    }
    for p in &mut points {
        for x in p.iter_mut() {
            match domain {
                Domain::All | Domain::Ordered => {}
                Domain::Negative => *x = -x.abs().max(1e-12),
                Domain::Positive => *x = x.abs(),
                Domain::Moderate => *x = (*x / 1000.0) * 8.0,
            }
        }
        if domain == Domain::Ordered {
            p.sort_by(|a, b| b.total_cmp(a));
            p.dedup();
            let last = *p.last().expect("a number");
            while p.len() < count {
                p.push(last - p.len() as f64);
            }
        }
    }
    points
}

/// How the flat sample is cut into the inputs.
fn lengths(f: &Graph) -> Vec<usize> {
    f.inputs.iter().map(|&i| f.ty(i).shape().expect("known sizes").iter().product()).collect()
}

pub fn run(f: &Graph, point: &[f64]) -> Vec<f64> {
    let context = Context::new(1).expect("a context");
    let mut at = 0;
    let inputs: Vec<Tensor> = f
        .inputs
        .iter()
        .map(|&i| {
            let shape = f.ty(i).shape().expect("known sizes");
            let n: usize = shape.iter().product();
            at += n;
            let data = point[at - n..at].to_vec();
            match f.ty(i).elem {
                Elem::Real => Tensor::from_vec(&shape, data),
                Elem::Bool => Tensor::from_vec(&shape, data.iter().map(|x| *x != 0.0).collect()),
                _ => Tensor::from_vec(&shape, data.iter().map(|x| *x as i64).collect()),
            }
        })
        .collect();
    let plan = Plan::new(f).map_err(|e| e.message).expect("a plan");
    plan.run(&inputs, &context).map_err(|e| e.message).expect("a run")[0].to_f64()
}

fn cut(f: &Graph, point: &[BigFloat]) -> Vec<Vec<BigFloat>> {
    let mut at = 0;
    lengths(f)
        .into_iter()
        .map(|n| {
            at += n;
            point[at - n..at].to_vec()
        })
        .collect()
}

/// The sum of the outputs, and its derivative by each real coordinate, by differences with a relative step of 2^-150.
fn truth(oracle: &mut Oracle, f: &Graph, point: &[f64], reals: usize) -> (Vec<f64>, Vec<f64>) {
    let rm = RoundingMode::ToEven;
    let exact: Vec<BigFloat> = point.iter().map(|&x| big(x)).collect();
    let value: Vec<f64> = oracle.run(f, &cut(f, &exact)).data.iter().map(double).collect();
    let mut slopes = Vec::new();
    for i in 0..reals {
        let h =
            big(2f64.powi(-150)).mul(&big(if point[i] == 0.0 { 2f64.powi(-250) } else { point[i].abs() }), BITS, rm);
        let mut total = Vec::new();
        for step in [h.clone(), h.neg()] {
            let mut moved = exact.clone();
            moved[i] = moved[i].add(&step, BITS, rm);
            let outputs = oracle.run(f, &cut(f, &moved)).data;
            total.push(outputs.iter().fold(big(0.0), |s, x| s.add(x, BITS, rm)));
        }
        let two_h = h.add(&h, BITS, rm);
        slopes.push(double(&total[0].sub(&total[1], BITS, rm).div(&two_h, BITS, rm)));
    }
    (value, slopes)
}

fn check(case: &Case) {
    let Case { rule, f, .. } = case;
    let mut journal = Journal::new();
    let g = stabilise(f, &mut journal);
    let named: Vec<&str> = journal.entries.iter().map(|e| e.rule).collect();
    assert!(named.contains(rule), "{rule}: the journal names {named:?} for {}; result {}", text(f), text(&g));
    sample(case);
}

/// A loss of no particular rule; `about` as in [`Case`].
pub fn check_loss(f: &Graph, about: f64) {
    sample(&Case { rule: "loss", f: f.clone(), domain: Domain::All, about });
}

fn sample(case: &Case) {
    let Case { rule, f, domain, about } = case;
    let g = stabilise(f, &mut Journal::new());
    assert_eq!(stabilise(&g, &mut Journal::new()), g, "{rule}: a stable graph stays");
    let mut oracle = Oracle::new();
    let lengths = lengths(f);
    let reals: usize = (0..f.inputs.len()).filter(|&i| f.ty(f.inputs[i]).elem == Elem::Real).map(|i| lengths[i]).sum();
    let total: usize = lengths.iter().sum();
    let grads: Vec<Graph> =
        (0..f.inputs.len()).filter(|&i| f.ty(f.inputs[i]).elem == Elem::Real).map(|i| gradient(f, i)).collect();
    // Whole losses are larger; half of the points do.
    let step = if *rule == "loss" { 2 } else { 1 };
    for mut point in samples(total, *domain).into_iter().step_by(step) {
        // Labels and masks stand behind the reals.
        for (i, x) in point.iter_mut().enumerate().skip(reals) {
            *x = (i % 2) as f64;
        }
        let (values, slopes) = truth(&mut oracle, f, &point, reals);
        let (naive, stable) = (run(f, &point), run(&g, &point));
        let size: f64 = point[..reals].iter().zip(&slopes).map(|(x, s)| (x * s).abs()).filter(|v| v.is_finite()).sum();
        let reach = 1.0 + point[..reals].iter().fold(0.0, |m: f64, x| m.max(x.abs()));
        for ((&want, &got), &before) in values.iter().zip(&stable).zip(&naive) {
            if !want.is_finite() {
                if !want.is_nan() {
                    assert_eq!(got, want, "{rule}: {} at {point:?}", text(f));
                }
                continue;
            }
            let error = (got - want).abs();
            // What an error of one rounding in the inputs would do.
            let unit = f64::EPSILON * (want.abs() * if values.len() > 1 { reach } else { 1.0 } + size + about);
            let scale = 32.0 * unit + 1e-300;
            assert!(
                error <= scale,
                "{rule}: {} at {point:?} is {want:e}, rewritten to {} gives {got:e} (as written {before:e})",
                text(f),
                text(&g)
            );
            let worse = error > 2.0 * (before - want).abs() && error > 4.0 * unit + 1e-300;
            assert!(!worse, "{rule}: worse than before at {point:?}: {got:e} for {want:e}, was {before:e}");
        }
        // Where the value itself overflows its slopes mean nothing.
        if values.iter().any(|v| !v.is_finite()) {
            continue;
        }
        let got: Vec<f64> = grads.iter().flat_map(|g| run(g, &point)).collect();
        let most = slopes
            .iter()
            .copied()
            .filter(|s| s.is_finite())
            .fold(if values.len() > 1 { 1.0 } else { *about }, |m: f64, s| m.max(s.abs()));
        for (i, (&want, &got)) in slopes.iter().zip(&got).enumerate() {
            if want.is_finite() {
                let scale = 64.0 * f64::EPSILON * reach * most + 1e-290;
                assert!(
                    (got - want).abs() <= scale,
                    "{rule}: slope {i} of {} at {point:?} is {want:e}, found {got:e} by {}",
                    text(f),
                    grads.iter().map(text).collect::<Vec<_>>().join(" ; ")
                );
            }
        }
    }
}

/// A program of reals over `k: 3` and scalars.
fn vector(rule: &'static str, domain: Domain, body: impl Fn(&mut Builder, NodeId, NodeId, &[Axis]) -> NodeId) -> Case {
    let k = sized("k", 3);
    let axes = [k.axis.clone()];
    let f = graph(&[("x", real(&[k])), ("a", real(&[]))], |b, i| body(b, i[0], i[1], &axes));
    Case { rule, f, domain, about: 0.0 }
}

fn scalars(rule: &'static str, domain: Domain, body: impl Fn(&mut Builder, NodeId, NodeId) -> NodeId) -> Case {
    let f = graph(&[("x", real(&[])), ("y", real(&[]))], |b, i| body(b, i[0], i[1]));
    Case { rule, f, domain, about: 0.0 }
}

#[test]
fn logarithms_of_sums() {
    use Domain::*;
    check(&vector("log-sum-exp", All, |b, x, _, k| {
        let e = b.exp(x);
        let s = b.sum(e, k);
        b.log(s)
    }));
    check(&vector("log-sum-exp", All, |b, x, a, k| {
        let d = b.sub(x, a);
        let e = b.exp(d);
        let s = b.sum(e, k);
        let l = b.log(s);
        b.add(a, l)
    }));
    let mean = vector("log-sum-exp", All, |b, x, a, k| {
        let d = b.sub(x, a);
        let e = b.exp(d);
        let s = b.mean(e, k);
        b.log(s)
    });
    check(&Case { about: 3f64.ln(), ..mean });
    check(&scalars("log-add-exp", All, |b, x, y| {
        let (p, q) = (b.exp(x), b.exp(y));
        let s = b.add(p, q);
        b.log(s)
    }));
    check(&scalars("softplus", All, |b, x, _| {
        let e = b.exp(x);
        let one = b.real(1.0);
        let s = b.add(one, e);
        b.log(s)
    }));
    check(&scalars("softplus", All, |b, x, y| {
        let (p, q) = (b.exp(x), b.exp(y));
        let one = b.real(1.0);
        let s = b.add(one, p);
        let s = b.add(s, q);
        b.log(s)
    }));
    check(&scalars("softplus", All, |b, x, _| {
        let e = b.exp(x);
        let l = b.log1p(e);
        b.sub(l, x)
    }));
    check(&scalars("log1mexp", Negative, |b, x, _| {
        let e = b.exp(x);
        let d = b.one_minus(e);
        b.log(d)
    }));
    check(&scalars("log-diff-exp", Ordered, |b, x, y| {
        let (p, q) = (b.exp(x), b.exp(y));
        let d = b.sub(p, q);
        b.log(d)
    }));
}

#[test]
fn logarithms_of_products() {
    use Domain::*;
    check(&scalars("log-exp", All, |b, x, _| {
        let e = b.exp(x);
        b.log(e)
    }));
    check(&scalars("log-exp", All, |b, x, _| {
        let e = b.exp(x);
        let half = b.scale(0.5, e);
        b.log(half)
    }));
    check(&scalars("log-product", All, |b, x, y| {
        let e = b.exp(x);
        let s = b.powi(y, 2.0);
        let one = b.real(1.5);
        let s = b.add(one, s);
        let p = b.mul(e, s);
        b.log(p)
    }));
    check(&scalars("log-power", All, |b, x, _| {
        let e = b.exp(x);
        let one = b.real(1.0);
        let s = b.add(one, e);
        let p = b.powi(s, 3.0);
        b.log(p)
    }));
    check(&vector("log-prod", All, |b, x, _, k| {
        let s = b.sigmoid(x);
        let p = b.prod(s, k);
        b.log(p)
    }));
    check(&scalars("log-sigmoid", All, |b, x, _| {
        let s = b.sigmoid(x);
        b.log(s)
    }));
    check(&vector("log-softmax", All, |b, x, _, k| {
        let s = b.softmax(x, k);
        b.log(s)
    }));
    let cosh = scalars("log-cosh", All, |b, x, _| {
        let c = b.cosh(x);
        b.log(c)
    });
    assert_eq!(text(&gradient(&cosh.f, 0)), "tanh(x)");
    check(&Case { about: 1.0, ..cosh });
    check(&scalars("log-where", All, |b, x, y| {
        let half = b.real(0.5);
        let m = b.lt(y, half);
        let (p, q) = (b.exp(x), b.sigmoid(y));
        let s = b.select(m, p, q);
        b.log(s)
    }));
    check(&scalars("log-max", Ordered, |b, x, y| {
        let (p, q) = (b.exp(x), b.exp(y));
        let s = b.maximum(p, q);
        b.log(s)
    }));
}

#[test]
fn differences() {
    use Domain::*;
    check(&scalars("log1p", Positive, |b, x, _| {
        let one = b.real(1.0);
        let s = b.add(one, x);
        b.log(s)
    }));
    check(&scalars("expm1", Moderate, |b, x, _| {
        let e = b.exp(x);
        let one = b.real(1.0);
        b.sub(e, one)
    }));
    check(&scalars("one-minus-sigmoid", All, |b, x, _| {
        let s = b.sigmoid(x);
        b.one_minus(s)
    }));
    check(&scalars("one-minus-tanh-squared", All, |b, x, _| {
        let t = b.tanh(x);
        let t = b.powi(t, 2.0);
        b.one_minus(t)
    }));
    check(&scalars("sinh", Moderate, |b, x, _| {
        let m = b.neg(x);
        let (p, q) = (b.exp(x), b.exp(m));
        b.sub(p, q)
    }));
    check(&scalars("cosh", Moderate, |b, x, _| {
        let m = b.neg(x);
        let (p, q) = (b.exp(x), b.exp(m));
        b.add(p, q)
    }));
    check(&scalars("exprel", Moderate, |b, x, y| {
        let p = b.mul(x, y);
        let e = b.exp(p);
        let one = b.real(1.0);
        let d = b.sub(e, one);
        b.div(d, y)
    }));
}

/// A difference may be negative: its logarithm must not stand for it in products, quotients, powers and sums.
#[test]
fn signed_differences_keep_their_sign() {
    let difference = |b: &mut Builder, x: NodeId, y: NodeId| {
        let (p, q) = (b.exp(x), b.exp(y));
        (p, b.sub(q, p))
    };
    let product = scalars("loss", Domain::Moderate, |b, x, y| {
        let (p, d) = difference(b, x, y);
        b.mul(p, d)
    });
    let quotient = scalars("loss", Domain::Moderate, |b, x, y| {
        let (p, d) = difference(b, x, y);
        b.div(d, p)
    });
    let square = scalars("loss", Domain::Moderate, |b, x, y| {
        let (p, d) = difference(b, x, y);
        let s = b.powi(d, 2.0);
        b.mul(p, s)
    });
    let sum = vector("loss", Domain::Moderate, |b, x, a, k| {
        let (_, d) = difference(b, x, a);
        let e = b.exp(x);
        let t = b.mul(e, d);
        b.sum(t, k)
    });
    for case in [product, quotient, square, sum] {
        let g = stabilise(&case.f, &mut Journal::new());
        for point in [[0.3, -1.2, 2.0, 0.5], [-2.0, 1.5, 0.1, -0.7]] {
            let n: usize = lengths(&case.f).iter().sum();
            let (before, after) = (run(&case.f, &point[..n]), run(&g, &point[..n]));
            for (a, b) in before.iter().zip(&after) {
                assert!((a - b).abs() <= 1e-12 * (1.0 + a.abs()), "{}: {a} became {b} by {}", text(&case.f), text(&g));
            }
        }
    }
}

#[test]
fn quotients() {
    use Domain::*;
    check(&vector("softmax", All, |b, x, _, k| {
        let e = b.exp(x);
        let s = b.sum(e, k);
        b.div(e, s)
    }));
    check(&scalars("sigmoid", All, |b, x, _| {
        let m = b.neg(x);
        let e = b.exp(m);
        let one = b.real(1.0);
        let s = b.add(one, e);
        b.div(one, s)
    }));
    check(&scalars("sigmoid", All, |b, x, y| {
        let (p, q) = (b.exp(x), b.exp(y));
        let s = b.add(p, q);
        b.div(p, s)
    }));
    check(&scalars("tanh", All, |b, x, y| {
        let (p, q) = (b.exp(x), b.exp(y));
        let (d, s) = (b.sub(p, q), b.add(p, q));
        b.div(d, s)
    }));
    check(&scalars("tanh", All, |b, x, _| {
        let x2 = b.scale(2.0, x);
        let e = b.exp(x2);
        let one = b.real(1.0);
        let (d, s) = (b.sub(e, one), b.add(e, one));
        b.div(d, s)
    }));
    check(&scalars("exp-quotient", All, |b, x, y| {
        let e = b.exp(x);
        let one = b.real(1.0);
        let s = b.add(one, e);
        b.div(y, s)
    }));
    check(&scalars("exp-product", Negative, |b, x, y| {
        let m = b.neg(y);
        let d = b.add(m, y);
        let d = b.add(d, m);
        let (p, q) = (b.exp(x), b.exp(d));
        let s = b.sub(x, d);
        let r = b.exp(s);
        let pq = b.mul(p, q);
        let _ = r;
        let inverse = b.exp(y);
        b.mul(pq, inverse)
    }));
    check(&vector("exp-power", All, |b, x, _, k| {
        let e = b.exp(x);
        let s = b.sum(e, k);
        b.powi(s, -0.5)
    }));
    check(&vector("exp-power", Moderate, |b, x, a, k| {
        let e = b.exp(x);
        let s = b.sum(e, k);
        let p = b.pow(s, a);
        b.scale(2.0, p)
    }));
}

#[test]
fn roots_and_entropies() {
    use Domain::*;
    check(&scalars("abs", Positive, |b, x, y| {
        let s = b.powi(x, 2.0);
        let r = b.sqrt(s);
        let one = b.real(1.0);
        let y = b.add(one, y);
        b.mul(r, y)
    }));
    let case = scalars("xlogy", Positive, |b, x, y| {
        let q = b.sigmoid(y);
        let r = b.div(x, q);
        let l = b.log(r);
        b.mul(x, l)
    });
    check(&case);
    assert_eq!(run(&stabilise(&case.f, &mut Journal::new()), &[0.0, -1000.0]), [0.0]);
    check(&scalars("xlogy", Moderate, |b, x, _| {
        let q = b.one_minus(x);
        let l = b.log(q);
        b.mul(q, l)
    }));
    let entropy = vector("log-softmax", All, |b, x, _, k| {
        let p = b.softmax(x, k);
        let l = b.log(p);
        let e = b.mul(p, l);
        b.sum(e, k)
    });
    check(&Case { about: 3f64.ln(), ..entropy });
}

#[test]
fn norm() {
    let case = vector("norm", Domain::All, |b, x, _, k| {
        let s = b.powi(x, 2.0);
        let s = b.sum(s, k);
        b.sqrt(s)
    });
    check(&case);
    let g = gradient(&case.f, 0);
    assert_eq!(run(&g, &[0.0, 0.0, 0.0, 1.0]), vec![0.0; 3]);
    let mut journal = Journal::new();
    assert_eq!(run(&stabilise(&case.f, &mut journal), &[1e200, 1e200, 0.0, 1.0]), vec![2f64.sqrt() * 1e200]);
}

#[test]
fn every_rule_is_sampled() {
    let source = include_str!("rules.rs");
    for rule in crate::rewrite::rules() {
        assert!(source.contains(&format!("(\"{}\"", rule.name)), "`{}` has no sample", rule.name);
    }
}

#[test]
fn empty_axes() {
    let k = sized("k", 0);
    let f = graph(&[("x", real(from_ref(&k)))], |b, i| {
        let e = b.exp(i[0]);
        let s = b.sum(e, from_ref(&k.axis));
        let one = b.real(1.0);
        let t = b.add(one, s);
        let (a, c) = (b.log(s), b.log(t));
        let low = b.real(-5.0);
        let a = b.maximum(a, low);
        b.add(a, c)
    });
    let g = stabilise(&f, &mut Journal::new());
    assert_eq!(run(&g, &[]), run(&f, &[]));
    assert_eq!(run(&gradient(&f, 0), &[]), Vec::<f64>::new());
}

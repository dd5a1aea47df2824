//! Losses as people write them: the formula of the gradient, golden.

use super::*;
use std::slice::from_ref;

fn scores() -> (Dim, Vec<(&'static str, ArrayTy)>) {
    let k = open("k", 0);
    let y = ArrayTy::scalar(Elem::Label(k.axis.clone()));
    (k.clone(), vec![("z", real(&[k])), ("y", y)])
}

#[test]
fn cross_entropy() {
    let (k, inputs) = scores();
    let f = graph(&inputs, |b, i| {
        let lse = b.logsumexp(i[0], from_ref(&k.axis));
        let zy = b.pick(i[0], &k.axis, i[1]);
        b.sub(lse, zy)
    });
    assert_eq!(text(&gradient(&f, 0)), "softmax[k](z) - onehot[k](y)");
    assert_eq!(latex(&gradient(&f, 0)), "\\operatorname{softmax}_{k}(z) - \\operatorname{onehot}_{k}(y)");
}

#[test]
fn cross_entropy_of_softmax() {
    let (k, inputs) = scores();
    let f = graph(&inputs, |b, i| {
        let e = b.exp(i[0]);
        let s = b.sum(e, from_ref(&k.axis));
        let p = b.div(e, s);
        let p = b.pick(p, &k.axis, i[1]);
        let l = b.log(p);
        b.neg(l)
    });
    assert_eq!(text(&gradient(&f, 0)), "softmax[k](z) - onehot[k](y)");
}

/// `u = sum[k](exp(z - z[k = y])) - 1`
fn excess(b: &mut Builder, k: &Dim, z: NodeId, y: NodeId) -> NodeId {
    let zy = b.pick(z, &k.axis, y);
    let d = b.sub(z, zy);
    let e = b.exp(d);
    let s = b.sum(e, from_ref(&k.axis));
    let one = b.real(1.0);
    b.sub(s, one)
}

#[test]
fn comp_sum_at_one() {
    let (k, inputs) = scores();
    let f = graph(&inputs, |b, i| {
        let u = excess(b, &k, i[0], i[1]);
        let one = b.real(1.0);
        let s = b.add(one, u);
        b.log(s)
    });
    let mut journal = Journal::new();
    assert_eq!(text(&stabilise(&f, &mut journal)), "logsumexp[k](z - z[k = y])");
    assert_eq!(journal.entries.len(), 1, "{journal:?}");
    assert_eq!(journal.entries[0].rule, "log-sum-exp");
    assert_eq!(journal.entries[0].before, "log(sum[k](exp(z - z[k = y])))");
    assert_eq!(text(&gradient(&f, 0)), "softmax[k](z) - onehot[k](y)");
}

#[test]
fn comp_sum_at_any_tau() {
    let (k, mut inputs) = scores();
    inputs.push(("tau", real(&[])));
    let f = graph(&inputs, |b, i| {
        let u = excess(b, &k, i[0], i[1]);
        let one = b.real(1.0);
        let s = b.add(one, u);
        let p = b.sub(one, i[2]);
        let power = b.pow(s, p);
        let above = b.sub(power, one);
        b.div(above, p)
    });
    let mut journal = Journal::new();
    assert_eq!(
        text(&stabilise(&f, &mut journal)),
        "logsumexp[k](z - z[k = y]) * exprel((1 - tau) * logsumexp[k](z - z[k = y]))"
    );
    assert_eq!(text(&gradient(&f, 0)), "exp((1 - tau) * logsumexp[k](z - z[k = y])) * (softmax[k](z) - onehot[k](y))");
}

#[test]
fn mean_cross_entropy() {
    let (n, k) = (open("n", 0), open("k", 1));
    let y = ArrayTy::new(Elem::Label(k.axis.clone()), vec![n.clone()]);
    let f = graph(&[("z", real(&[n.clone(), k.clone()])), ("y", y)], |b, i| {
        let lse = b.logsumexp(i[0], from_ref(&k.axis));
        let zy = b.pick(i[0], &k.axis, i[1]);
        let each = b.sub(lse, zy);
        b.mean(each, from_ref(&n.axis))
    });
    assert_eq!(text(&simplify(&f)), "mean[n](logsumexp[k](z) - z[k = y])");
    assert_eq!(text(&gradient(&f, 0)), "(softmax[k](z) - onehot[k](y)) / size(n)");
}

#[test]
fn softmax_regression_weights() {
    let (n, d, k) = (open("n", 0), open("d", 1), open("k", 2));
    let y = ArrayTy::new(Elem::Label(k.axis.clone()), vec![n.clone()]);
    let x = real(&[n.clone(), d.clone()]);
    let f = graph(&[("w", real(&[d.clone(), k.clone()])), ("x", x), ("y", y)], |b, i| {
        let z = b.contract(i[1], i[0], from_ref(&d.axis));
        let lse = b.logsumexp(z, from_ref(&k.axis));
        let zy = b.pick(z, &k.axis, i[2]);
        let each = b.sub(lse, zy);
        b.mean(each, from_ref(&n.axis))
    });
    assert_eq!(text(&gradient(&f, 0)), "x @[n] (softmax[k](x @[d] w) - onehot[k](y)) / size(n)");
}

/// Functions of a scalar `x` (and `y`).
fn scalar(body: impl Fn(&mut Builder, NodeId, NodeId) -> NodeId) -> Graph {
    graph(&[("x", real(&[])), ("y", real(&[]))], |b, i| body(b, i[0], i[1]))
}

fn check(f: &Graph, value: &str, slope: &str) {
    let mut journal = Journal::new();
    assert_eq!(text(&stabilise(f, &mut journal)), value);
    assert_eq!(text(&gradient(f, 0)), slope, "gradient of {value}");
}

#[test]
fn logistic_forms() {
    check(
        &scalar(|b, x, _| {
            let e = b.exp(x);
            let one = b.real(1.0);
            let s = b.add(one, e);
            b.log(s)
        }),
        "softplus(x)",
        "sigmoid(x)",
    );
    check(
        &scalar(|b, x, _| {
            let s = b.sigmoid(x);
            b.log(s)
        }),
        "-softplus(-x)",
        "sigmoid(-x)",
    );
    check(
        &scalar(|b, x, _| {
            let m = b.neg(x);
            let e = b.exp(m);
            let one = b.real(1.0);
            let s = b.add(one, e);
            b.recip(s)
        }),
        "sigmoid(x)",
        "sigmoid(x) * sigmoid(-x)",
    );
    // Binary cross-entropy from a probability.
    check(
        &scalar(|b, x, y| {
            let p = b.sigmoid(x);
            let lp = b.log(p);
            let q = b.one_minus(p);
            let lq = b.log(q);
            let other = b.one_minus(y);
            let (a, c) = (b.mul(y, lp), b.mul(other, lq));
            let s = b.add(a, c);
            b.neg(s)
        }),
        "y * softplus(-x) + (1 - y) * softplus(x)",
        "(1 - y) * sigmoid(x) - y * sigmoid(-x)",
    );
}

#[test]
fn plain_calculus() {
    check(&scalar(|b, x, y| b.mul(x, y)), "x * y", "y");
    check(
        &scalar(|b, x, y| {
            let d = b.sub(x, y);
            let s = b.powi(d, 2.0);
            b.scale(0.5, s)
        }),
        "0.5 * (x - y)^2",
        "x - y",
    );
    check(&scalar(|b, x, _| b.powi(x, 3.0)), "x^3", "3 * x^2");
    check(&scalar(|b, x, _| b.recip(x)), "1 / x", "-1 / x^2");
    check(&scalar(|b, x, _| b.sqrt(x)), "sqrt(x)", "0.5 / sqrt(x)");
    check(
        &scalar(|b, x, y| {
            let p = b.mul(x, y);
            b.sin(p)
        }),
        "sin(x * y)",
        "y * cos(x * y)",
    );
    check(
        &scalar(|b, x, _| {
            let s = b.powi(x, 2.0);
            let m = b.neg(s);
            b.exp(m)
        }),
        "exp(-x^2)",
        "-2 * x * exp(-x^2)",
    );
    check(
        &scalar(|b, x, _| {
            let l = b.log(x);
            b.mul(x, l)
        }),
        "x * log(x)",
        "log(x) + 1",
    );
    check(&scalar(|b, x, _| b.tanh(x)), "tanh(x)", "1 - tanh(x)^2");
}

#[test]
fn pairwise() {
    let (n, m, d) = (open("n", 0), open("m", 0), open("d", 1));
    let c = Axis::global("c");
    let y = ArrayTy::new(Elem::Label(c), vec![n.clone()]);
    let f = graph(&[("e", real(&[n.clone(), d.clone()])), ("y", y)], |b, i| {
        let other = b.rename(i[0], &n.axis, &m);
        let s = b.contract(i[0], other, from_ref(&d.axis));
        let y_other = b.rename(i[1], &n.axis, &m);
        let same = b.eq(i[1], y_other);
        let different = b.not(same);
        let half = b.real(0.5);
        let gap = b.sub(s, half);
        let a = b.scale(50.0, gap);
        let e = b.exp(a);
        let zero = b.real(0.0);
        let chosen = b.select(different, e, zero);
        let neg = b.sum(chosen, from_ref(&m.axis));
        let one = b.real(1.0);
        let s = b.add(one, neg);
        let l = b.log(s);
        let l = b.scale(1.0 / 50.0, l);
        b.mean(l, from_ref(&n.axis))
    });
    let mut journal = Journal::new();
    assert_eq!(
        text(&stabilise(&f, &mut journal)),
        "0.02 * mean[n](softplus(logsumexp[m](50 * (e @[d] e[n -> m] - 0.5) where y != y[n -> m])))"
    );
    assert_eq!(journal.entries[0].rule, "softplus");
    gradient(&f, 0);
}

#[test]
fn attention() {
    let (s, t, d) = (open("s", 0), open("t", 1), open("d", 2));
    let f = graph(&[("a", real(&[s.clone(), t.clone()])), ("v", real(&[t.clone(), d.clone()]))], |b, i| {
        let e = b.exp(i[0]);
        let above = b.contract(e, i[1], from_ref(&t.axis));
        let below = b.sum(e, from_ref(&t.axis));
        b.div(above, below)
    });
    let mut journal = Journal::new();
    assert_eq!(text(&stabilise(&f, &mut journal)), "softmax[t](a) @[t] v");
}

#[test]
fn choices() {
    // Huber's loss and the hinge.
    check(
        &scalar(|b, x, _| {
            let one = b.real(1.0);
            let size = b.abs(x);
            let near = b.le(size, one);
            let square = b.powi(x, 2.0);
            let half = b.real(0.5);
            let (inner, outer) = (b.mul(half, square), b.sub(size, half));
            b.select(near, inner, outer)
        }),
        "where(abs(x) <= 1, 0.5 * x^2, abs(x) - 0.5)",
        "where(abs(x) <= 1, x, sign(x))",
    );
    check(
        &scalar(|b, x, y| {
            let product = b.mul(x, y);
            let gap = b.one_minus(product);
            let zero = b.real(0.0);
            b.maximum(zero, gap)
        }),
        "max(0, 1 - x * y)",
        "-where(x * y >= 1, 0, y)",
    );
}

/// The logarithm of a difference is not taken where the difference may be negative.
#[test]
fn differences_keep_their_sign() {
    let f = scalar(|b, x, y| {
        let (p, q) = (b.exp(x), b.exp(y));
        let d = b.sub(p, q);
        let e = b.exp(y);
        b.mul(d, e)
    });
    let g = stabilise(&f, &mut Journal::new());
    let got = super::rules::run(&g, &[0.0, 1.0])[0];
    assert!((got - (1.0 - 1f64.exp()) * 1f64.exp()).abs() < 1e-14, "{got} from {}", text(&g));
}

//! Losses of the literature as papers write them, at scores of ±1000: value and gradient against high precision.

use super::rules::{check_loss, run};
use super::*;
use std::slice::from_ref;

struct Scores {
    k: Dim,
    inputs: Vec<(&'static str, ArrayTy)>,
}

fn scores() -> Scores {
    let k = sized("k", 4);
    let y = ArrayTy::scalar(Elem::Label(k.axis.clone()));
    Scores { k: k.clone(), inputs: vec![("z", real(&[k])), ("y", y)] }
}

fn comp_sum(tau: f64) -> Graph {
    let s = scores();
    graph(&s.inputs, |b, i| {
        let zy = b.pick(i[0], &s.k.axis, i[1]);
        let d = b.sub(i[0], zy);
        let e = b.exp(d);
        let total = b.sum(e, from_ref(&s.k.axis));
        let one = b.real(1.0);
        let u = b.sub(total, one);
        let sum = b.add(one, u);
        if tau == 1.0 {
            return b.log(sum);
        }
        let (t, o) = (b.real(tau), b.real(1.0));
        let p = b.sub(o, t);
        let power = b.pow(sum, p);
        let above = b.sub(power, one);
        b.div(above, p)
    })
}

#[test]
fn comp_sum_family() {
    for tau in [0.0, 0.5, 1.0, 1.0 + 1e-9, 1.5, 2.0, 3.0] {
        check_loss(&comp_sum(tau), 1.0);
    }
}

#[test]
fn comp_sum_is_continuous_at_one() {
    let s = scores();
    let mut inputs = s.inputs.clone();
    inputs.push(("tau", real(&[])));
    let f = graph(&inputs, |b, i| {
        let zy = b.pick(i[0], &s.k.axis, i[1]);
        let d = b.sub(i[0], zy);
        let e = b.exp(d);
        let total = b.sum(e, from_ref(&s.k.axis));
        let one = b.real(1.0);
        let p = b.sub(one, i[2]);
        let power = b.pow(total, p);
        let above = b.sub(power, one);
        b.div(above, p)
    });
    let g = stabilise(&f, &mut Journal::new());
    let want = run(&comp_sum(1.0), &[0.3, -0.2, 1.0, 0.5, 1.0])[0];
    for tau in [1.0, 1.0 + 1e-12, 1.0 - 1e-12] {
        let got = run(&g, &[0.3, -0.2, 1.0, 0.5, 1.0, tau])[0];
        assert!((got - want).abs() < 1e-11, "{tau}: {got} for {want}");
    }
    assert_eq!(run(&g, &[1000.0, -1000.0, 0.0, 3.0, 0.0, 1.0])[0], 0.0);
    let slope = gradient(&f, 0);
    assert!(run(&slope, &[1000.0, -1000.0, 0.0, 3.0, 1.0, 1.0]).iter().all(|x| x.is_finite()));
}

#[test]
fn focal() {
    for gamma in [2.0, 1.0, 3.0] {
        let s = scores();
        let f = graph(&s.inputs, |b, i| {
            let p = b.softmax(i[0], from_ref(&s.k.axis));
            let p = b.pick(p, &s.k.axis, i[1]);
            let q = b.one_minus(p);
            let weight = b.powi(q, gamma);
            let l = b.log(p);
            let product = b.mul(weight, l);
            b.neg(product)
        });
        check_loss(&f, 1.0);
    }
}

#[test]
fn generalised_cross_entropy() {
    for q in [0.7, 0.01, 1.0] {
        let s = scores();
        let f = graph(&s.inputs, |b, i| {
            let e = b.exp(i[0]);
            let total = b.sum(e, from_ref(&s.k.axis));
            let p = b.div(e, total);
            let p = b.pick(p, &s.k.axis, i[1]);
            let power = b.powi(p, q);
            let rest = b.one_minus(power);
            let q = b.real(q);
            b.div(rest, q)
        });
        check_loss(&f, 1.0);
    }
}

#[test]
fn info_nce() {
    let s = scores();
    let f = graph(&s.inputs, |b, i| {
        let t = b.real(0.07);
        let z = b.div(i[0], t);
        let e = b.exp(z);
        let above = b.pick(e, &s.k.axis, i[1]);
        let below = b.sum(e, from_ref(&s.k.axis));
        let r = b.div(above, below);
        let l = b.log(r);
        b.neg(l)
    });
    check_loss(&f, 1.0);
}

#[test]
fn divergences() {
    let k = sized("k", 3);
    let inputs = [("z", real(from_ref(&k))), ("w", real(from_ref(&k)))];
    let kl = graph(&inputs, |b, i| {
        let (p, q) = (b.softmax(i[0], from_ref(&k.axis)), b.softmax(i[1], from_ref(&k.axis)));
        let r = b.div(p, q);
        let l = b.log(r);
        let e = b.mul(p, l);
        b.sum(e, from_ref(&k.axis))
    });
    check_loss(&kl, 3.0);
    let js = graph(&inputs, |b, i| {
        let (p, q) = (b.softmax(i[0], from_ref(&k.axis)), b.softmax(i[1], from_ref(&k.axis)));
        let m = b.add(p, q);
        let m = b.scale(0.5, m);
        let mut total = b.real(0.0);
        for x in [p, q] {
            let r = b.div(x, m);
            let l = b.log(r);
            let e = b.mul(x, l);
            let s = b.sum(e, from_ref(&k.axis));
            total = b.add(total, s);
        }
        total
    });
    check_loss(&js, 3.0);
}

#[test]
fn binary_cross_entropy() {
    let f = graph(&[("x", real(&[])), ("y", ArrayTy::scalar(Elem::Bool))], |b, i| {
        let m = b.neg(i[0]);
        let e = b.exp(m);
        let one = b.real(1.0);
        let s = b.add(one, e);
        let p = b.div(one, s);
        let q = b.sub(one, p);
        let (lp, lq) = (b.log(p), b.log(q));
        let y = b.cast_real(i[1]);
        let other = b.sub(one, y);
        let (a, c) = (b.mul(y, lp), b.mul(other, lq));
        let s = b.add(a, c);
        b.neg(s)
    });
    check_loss(&f, 1.0);
}

#[test]
fn multi_similarity() {
    let (n, m, d) = (sized("n", 3), sized("m", 3), sized("d", 2));
    let f = graph(
        &[("e", real(&[n.clone(), d.clone()])), ("y", ArrayTy::new(Elem::Label(Axis::global("c")), vec![n.clone()]))],
        |b, i| {
            let other = b.rename(i[0], &n.axis, &m);
            let s = b.contract(i[0], other, from_ref(&d.axis));
            let y_other = b.rename(i[1], &n.axis, &m);
            let same = b.eq(i[1], y_other);
            let (row, column) = (b.iota(&n), b.iota(&m));
            let (row, column) = (b.cast(row, Elem::Int), b.cast(column, Elem::Int));
            let apart = b.ne(row, column);
            let near = b.and(same, apart);
            let far = b.not(same);
            let half = b.real(0.5);
            let gap = b.sub(s, half);
            let mut parts = Vec::new();
            for (factor, mask) in [(-2.0, near), (50.0, far)] {
                let a = b.scale(factor, gap);
                let e = b.exp(a);
                let zero = b.real(0.0);
                let e = b.select(mask, e, zero);
                let total = b.sum(e, from_ref(&m.axis));
                let one = b.real(1.0);
                let l = b.add(one, total);
                let l = b.log(l);
                let size = b.real(f64::abs(factor));
                parts.push(b.div(l, size));
            }
            let l = b.add(parts[0], parts[1]);
            b.mean(l, from_ref(&n.axis))
        },
    );
    check_loss(&f, 1.0);
}

#[test]
fn masked_attention() {
    let (s, t) = (sized("s", 3), sized("t", 3));
    let f = graph(&[("a", real(&[s.clone(), t.clone()])), ("v", real(from_ref(&t)))], |b, i| {
        let (row, column) = (b.iota(&s), b.iota(&t));
        let (row, column) = (b.cast(row, Elem::Int), b.cast(column, Elem::Int));
        let mask = b.le(column, row);
        let e = b.exp(i[0]);
        let zero = b.real(0.0);
        let e = b.select(mask, e, zero);
        let weighted = b.mul(e, i[1]);
        let (above, below) = (b.sum(weighted, from_ref(&t.axis)), b.sum(e, from_ref(&t.axis)));
        let out = b.div(above, below);
        b.sum(out, from_ref(&s.axis))
    });
    check_loss(&f, 1000.0);
}

#[test]
fn root_mean_square() {
    let n = sized("n", 4);
    let f = graph(&[("x", real(from_ref(&n)))], |b, i| {
        let s = b.powi(i[0], 2.0);
        let s = b.mean(s, from_ref(&n.axis));
        b.sqrt(s)
    });
    check_loss(&f, 0.0);
    assert_eq!(run(&gradient(&f, 0), &[0.0; 4]), [0.0; 4]);
}

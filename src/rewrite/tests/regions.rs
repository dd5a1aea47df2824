//! Branches, loops, `exact`, and the time a pass takes.

use super::rules::run;
use super::*;
use crate::ir::Attrs;
use crate::ops::{COND, GET, LOOP};
use std::slice::from_ref;
use std::sync::Arc;
use std::time::Instant;

/// `if c then log(1 + u) else u` where `u = exp(x)` stands before the branch.
fn branch(condition: impl Fn(&mut Builder, NodeId) -> NodeId) -> Graph {
    let scalar = real(&[]);
    let captures = [("u", scalar.clone())];
    let then = graph(&captures, |b, i| {
        let one = b.real(1.0);
        let s = b.add(one, i[0]);
        b.log(s)
    });
    let otherwise = graph(&captures, |_, i| i[0]);
    graph(&[("x", scalar.clone()), ("t", scalar)], |b, i| {
        let u = b.exp(i[0]);
        let c = condition(b, i[1]);
        b.mk(&COND, &[c, u], Attrs::none().with_regions(vec![Arc::new(then.clone()), Arc::new(otherwise.clone())]))
    })
}

#[test]
fn a_branch_sees_what_was_named_before_it() {
    let f = branch(|b, t| {
        let one = b.real(1.0);
        b.eq(t, one)
    });
    let mut journal = Journal::new();
    let g = stabilise(&f, &mut journal);
    assert_eq!(journal.entries[0].rule, "softplus");
    assert_eq!(text(&g), "if t == 1 then softplus(x) else exp(x)");
    assert_eq!(run(&g, &[1000.0, 1.0]), [1000.0]);
}

#[test]
fn a_known_branch_is_taken() {
    let f = branch(|b, _| b.boolean(true));
    assert_eq!(text(&stabilise(&f, &mut Journal::new())), "softplus(x)");
}

#[test]
fn exact_stays() {
    let f = graph(&[("x", real(&[]))], |b, i| {
        b.exact = true;
        let e = b.exp(i[0]);
        let l = b.log(e);
        b.exact = false;
        let zero = b.real(0.0);
        b.add(l, zero)
    });
    let mut journal = Journal::new();
    assert_eq!(text(&stabilise(&f, &mut journal)), "log(exp(x))");
    assert!(journal.entries.is_empty());
}

/// `iterate s = 0 for t in 0..3 { s + sum[n](exp(x)) }` with an argument that nothing reads.
#[test]
fn loops_compute_once_what_does_not_change() {
    let n = sized("n", 2);
    let (int, scalar, vector) = (ArrayTy::scalar(Elem::Int), real(&[]), real(from_ref(&n)));
    let body =
        graph(&[("t", int), ("s", scalar.clone()), ("x", vector.clone()), ("unused", scalar.clone())], |b, i| {
            let e = b.exp(i[2]);
            let total = b.sum(e, from_ref(&n.axis));
            b.add(i[1], total)
        });
    let f = graph(&[("x", vector), ("y", scalar)], |b, i| {
        let (from, to, start) = (b.int(0), b.int(3), b.real(0.0));
        let attrs = Attrs::ints([1, 0, 0, 0]).with_regions(vec![Arc::new(body.clone())]);
        let l = b.mk(&LOOP, &[from, to, start, i[0], i[1]], attrs);
        b.mk(&GET, &[l], Attrs::ints([0]))
    });
    let g = simplify(&f);
    let node = g.nodes.iter().find(|n| n.is(&LOOP)).expect("a loop");
    assert_eq!(node.inputs.len(), 4, "one capture is left: the sum");
    assert!(node.attrs.regions[0].nodes.iter().all(|n| n.op.name != "exp"));
    assert_eq!(run(&g, &[0.0, 0.0, 5.0]), [6.0]);
    assert_eq!(run(&f, &[0.0, 0.0, 5.0]), [6.0]);
}

#[test]
fn a_thousand_nodes_take_milliseconds() {
    let f = graph(&[("x", real(&[])), ("y", real(&[]))], |b, i| {
        let mut x = i[0];
        for _ in 0..125 {
            let e = b.exp(x);
            let s = b.add(e, i[1]);
            let t = b.tanh(s);
            let p = b.mul(t, i[0]);
            let q = b.sub(p, i[1]);
            let r = b.neg(q);
            let u = b.sigmoid(r);
            x = b.add(u, x);
        }
        x
    });
    assert!(f.nodes.len() > 1000);
    let start = Instant::now();
    let g = stabilise(&f, &mut Journal::new());
    simplify(&g);
    // Unoptimised and on a busy machine; optimised it is a few milliseconds.
    assert!(start.elapsed().as_millis() < 3000, "{:?}", start.elapsed());
    println!("{:?}", start.elapsed());
}

#[test]
fn depth_is_no_matter() {
    let f = graph(&[("x", real(&[]))], |b, i| {
        (0..20_000).fold(i[0], |x, _| {
            let e = b.exp(x);
            b.log1p(e)
        })
    });
    let g = stabilise(&f, &mut Journal::new());
    assert!(g.nodes.len() > 10_000);
    assert!(text(&g).len() > 100);
}

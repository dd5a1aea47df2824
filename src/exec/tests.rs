//! Plans: values that are shared are never overwritten, threads do not show, runs stop.

use super::{Context, Plan, evaluate_constant};
use crate::ir::{Attrs, Builder, Graph, NodeId};
use crate::ops::{Build, LOOP, LoopShape};
use crate::tensor::Tensor;
use crate::types::{ArrayTy, Axis, Dim, Elem, Precision, Size};
use std::sync::Arc;
use std::sync::atomic::Ordering;

fn graph(tys: &[ArrayTy], body: impl FnOnce(&mut Builder, &[NodeId]) -> Vec<NodeId>) -> Graph {
    let mut b = Builder::new(Precision::F64);
    let args: Vec<NodeId> = tys.iter().enumerate().map(|(i, ty)| b.input(i, &format!("x{i}"), ty)).collect();
    let outputs = body(&mut b, &args);
    b.finish(outputs)
}

fn reals(n: usize) -> ArrayTy {
    ArrayTy::new(Elem::Real, vec![Dim::new(Axis::global("n"), Size::Known(n))])
}

fn wave(n: usize) -> Tensor {
    Tensor::from_vec(&[n], (0..n).map(|i| ((i * 2654435761) % 1000) as f64 / 500.0 - 1.0).collect())
}

#[test]
fn shared_values_are_not_overwritten() {
    let g = graph(&[reals(4)], |b, x| {
        let e = b.exp(x[0]);
        let s = b.sin(e);
        let n = b.neg(s);
        let back = b.add(n, e);
        vec![e, s, n, back, x[0]]
    });
    let x = wave(4);
    let kept = x.to_f64();
    let plan = Plan::new(&g).unwrap();
    let context = Context::new(1).unwrap();
    let first = plan.run(std::slice::from_ref(&x), &context).unwrap();
    assert_eq!(x.to_f64(), kept, "the argument");
    assert_eq!(first[4].to_f64(), kept, "the argument given back");
    for i in 0..4 {
        let (e, s) = (first[0].to_f64()[i], first[1].to_f64()[i]);
        assert_eq!(first[2].to_f64()[i], -s);
        assert_eq!(first[3].to_f64()[i], -s + e);
    }
    let owned = plan.run_owned(vec![x], &context).unwrap();
    assert_eq!(first, owned);
    assert_eq!(plan.run_owned(vec![wave(4)], &context).unwrap(), first);
}

#[test]
fn threads_do_not_show() {
    let n = 200_000;
    let g = graph(&[reals(n)], |b, x| {
        let axis = [Axis::global("n")];
        let t = b.tanh(x[0]);
        let l = b.logsumexp(t, &axis);
        let m = b.mean(x[0], &axis);
        let d = b.sub(x[0], m);
        let v = b.contract(d, t, &axis);
        vec![l, v, d]
    });
    let run = |threads| Plan::new(&g).unwrap().run(&[wave(n)], &Context::new(threads).unwrap()).unwrap();
    let bits = |out: Vec<Tensor>| -> Vec<u64> {
        out.iter().flat_map(|t| t.to_f64().into_iter().map(f64::to_bits).collect::<Vec<_>>()).collect()
    };
    let one = bits(run(1));
    assert_eq!(one, bits(run(2)));
    assert_eq!(one, bits(run(5)));
}

fn counting_loop(rounds: i64) -> Graph {
    let scalar = ArrayTy::scalar(Elem::Real);
    let body = graph(&[ArrayTy::scalar(Elem::Int), scalar.clone()], |b, x| {
        let half = b.scale(0.5, x[1]);
        let one = b.real(1.0);
        vec![b.add(half, one)]
    });
    graph(&[scalar], |b, x| {
        let (from, to) = (b.int(0), b.int(rounds));
        let shape = LoopShape { states: 1, kept: 0, until: false, backwards: false };
        let attrs = Attrs::ints(shape.ints()).with_regions(vec![Arc::new(body)]);
        let node = b.apply(&LOOP, &[from, to, x[0]], attrs);
        vec![b.get(node, 0), b.get(node, 1)]
    })
}

#[test]
fn a_loop_runs_its_rounds() {
    let plan = Plan::new(&counting_loop(60)).unwrap();
    let out = plan.run(&[Tensor::scalar(0.0)], &Context::new(1).unwrap()).unwrap();
    assert_eq!((out[0].to_f64()[0], out[1].slice::<i64>()[0]), (2.0, 60));
}

#[test]
fn a_run_stops_when_asked() {
    let plan = Plan::new(&counting_loop(i64::MAX)).unwrap();
    let context = Context::new(2).unwrap();
    let flag = context.cancel_flag();
    let stopper = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(50));
        flag.store(true, Ordering::Relaxed);
    });
    let fault = plan.run(&[Tensor::scalar(0.0)], &context).unwrap_err();
    stopper.join().unwrap();
    assert_eq!(fault.code.id, "E0902");
    context.reset();
    let short = Plan::new(&counting_loop(3)).unwrap();
    assert!(short.run(&[Tensor::scalar(0.0)], &context).is_ok());
}

#[test]
fn constants_are_known_before_the_run() {
    let mut known = None;
    let g = graph(&[reals(3)], |b, x| {
        let (two, three) = (b.real(2.0), b.real(3.0));
        let six = b.mul(two, three);
        known = Some((six, x[0]));
        let wide = b.broadcast_like(six, &reals(3));
        vec![b.add(wide, x[0]), six]
    });
    assert_eq!(Plan::new(&g).unwrap().len(), 1, "only the addition is left");
    let six = evaluate_constant(&g, g.outputs[1]).unwrap();
    assert_eq!(six.to_f64(), [6.0]);
    assert!(evaluate_constant(&g, g.outputs[0]).is_none());
}

#[test]
fn wrong_arguments_and_panics_are_faults() {
    let g = graph(&[reals(3)], |b, x| vec![b.exp(x[0])]);
    let context = Context::new(1).unwrap();
    let fault = Plan::new(&g).unwrap().run(&[wave(4)], &context).unwrap_err();
    assert_eq!(fault.code.id, "E0901");
    // A literal without its data makes the kernel panic.
    let broken = graph(&[reals(3)], |b, x| {
        let dims = reals(5_000_000).dims;
        let hole = b.apply(&crate::ops::LITERAL, &[], Attrs { elem: Some(Elem::Real), ..Attrs::dims(dims) });
        let hole = b.sum(hole, &[Axis::global("n")]);
        vec![b.add(x[0], hole)]
    });
    let fault = Plan::new(&broken).unwrap().run(&[wave(3)], &context).unwrap_err();
    assert_eq!(fault.code.id, "E0901");
}

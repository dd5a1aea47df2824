//! Gradients of whole functions against central differences: through regions, loops, branches, and again.
// Helpers of tests stop at the first surprise; expected values come from the platform.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::cloned_ref_to_slice_refs)]

use loss::ad::{self, Passes};
use loss::exec::{Context, Plan};
use loss::ir::verify::verify;
use loss::ir::{Attrs, Builder, Graph, NodeId, RunFault};
use loss::ops::{Build, COND, CUSTOM, GRAD, JACOBIAN, LOOP, LoopShape};
use loss::tensor::Tensor;
use loss::types::{ArrayTy, Axis, Dim, Elem, Precision, Size};
use std::sync::Arc;

fn axis(name: &str) -> Axis {
    Axis::global(name)
}

fn dim(name: &str, size: usize) -> Dim {
    Dim::new(axis(name), Size::Known(size))
}

fn reals(dims: &[Dim]) -> ArrayTy {
    ArrayTy::new(Elem::Real, dims.to_vec())
}

/// A graph of arguments of these types.
fn graph(tys: &[ArrayTy], body: impl FnOnce(&mut Builder, &[NodeId]) -> Vec<NodeId>) -> Graph {
    let mut b = Builder::new(Precision::F64);
    let args: Vec<NodeId> = tys.iter().enumerate().map(|(i, ty)| b.input(i, &format!("x{i}"), ty)).collect();
    let outputs = body(&mut b, &args);
    b.finish(outputs)
}

fn expand(graph: &Graph) -> Result<Graph, RunFault> {
    ad::expand(graph, &mut Passes { stabilise: &mut |g| g, simplify: &mut |g| g })
}

/// With the passes that programs get.
fn rewritten(graph: &Graph) -> Graph {
    ad::prepare(graph, &mut Default::default()).unwrap()
}

fn run(graph: &Graph, inputs: &[Tensor]) -> Vec<Tensor> {
    verify(graph).unwrap();
    Plan::new(graph).unwrap().run(inputs, &Context::new(2).unwrap()).unwrap()
}

/// `grad` of the function by all its arguments, as a graph.
fn grad_graph(f: &Graph) -> Graph {
    let tys: Vec<ArrayTy> = f.inputs.iter().map(|id| f.ty(*id).clone()).collect();
    graph(&tys, |b, args| {
        let ints: Vec<i64> = (0..args.len() as i64).collect();
        let node = b.apply(&GRAD, args, Attrs::ints(ints).with_name("grad").with_regions(vec![Arc::new(f.clone())]));
        if args.len() == 1 { vec![node] } else { (0..args.len()).map(|k| b.get(node, k)).collect() }
    })
}

fn value(f: &Graph, x: &[Tensor]) -> f64 {
    run(f, x)[0].to_f64()[0]
}

fn nudged(x: &[Tensor], argument: usize, element: usize, by: f64) -> Vec<Tensor> {
    let mut x = x.to_vec();
    let mut data = x[argument].to_f64();
    data[element] += by;
    x[argument] = Tensor::from_vec(x[argument].shape(), data);
    x
}

/// The gradient of a scalar function at a point against central differences; gives the gradients.
fn check(f: &Graph, x: &[Tensor]) -> Vec<Tensor> {
    let grads = run(&expand(&grad_graph(f)).unwrap(), x);
    let stable = run(&rewritten(&grad_graph(f)), x);
    let f = expand(f).unwrap();
    for (argument, grad) in grads.iter().enumerate() {
        for (a, b) in grad.to_f64().iter().zip(stable[argument].to_f64()) {
            assert!((a - b).abs() < 1e-9 * (1.0 + a.abs()), "rewritten: {a} {b}");
        }
        for (element, &slope) in grad.to_f64().iter().enumerate() {
            let h = 1e-5;
            let difference = (value(&f, &nudged(x, argument, element, h))
                - value(&f, &nudged(x, argument, element, -h)))
                / (2.0 * h);
            let tolerance = 1e-6 * (1.0 + difference.abs());
            assert!((slope - difference).abs() < tolerance, "d/dx{argument}[{element}]: {slope} but {difference}");
        }
    }
    grads
}

/// Checks the function, and a scalar made of its gradient.
fn check_twice(f: &Graph, x: &[Tensor]) {
    check(f, x);
    let tys: Vec<ArrayTy> = f.inputs.iter().map(|id| f.ty(*id).clone()).collect();
    let again = graph(&tys, |b, args| {
        let grads = b.inline(&grad_graph(f), args);
        let mut total = b.real(0.0);
        for (i, grad) in grads.into_iter().enumerate() {
            let axes: Vec<Axis> = b.ty(grad).axes().cloned().collect();
            let shifted = b.sin(grad);
            let sum = b.sum(shifted, &axes);
            let sum = b.scale(1.0 + i as f64, sum);
            total = b.add(total, sum);
        }
        vec![total]
    });
    check(&again, x);
}

fn vector(values: &[f64]) -> Tensor {
    Tensor::from_vec(&[values.len()], values.to_vec())
}

fn scalar(value: f64) -> Tensor {
    Tensor::scalar(value)
}

/// A body of a loop: counter, states, captures.
fn body(
    states: &[ArrayTy],
    captures: &[ArrayTy],
    f: impl FnOnce(&mut Builder, &[NodeId]) -> Vec<NodeId>,
) -> Arc<Graph> {
    let int = ArrayTy::scalar(Elem::Int);
    let tys: Vec<ArrayTy> = std::iter::once(&int).chain(states).chain(captures).cloned().collect();
    Arc::new(graph(&tys, f))
}

fn shape(states: usize, kept: usize, until: bool, backwards: bool) -> Attrs {
    Attrs::ints(LoopShape { states, kept, until, backwards }.ints())
}

#[test]
fn composite_functions() {
    let f = graph(&[reals(&[dim("n", 3), dim("d", 2)]), reals(&[dim("d", 2), dim("k", 4)])], |b, x| {
        let z = b.contract(x[0], x[1], &[axis("d")]);
        let z = b.tanh(z);
        let l = b.logsumexp(z, &[axis("k")]);
        let l = b.mean(l, &[axis("n")]);
        let w = b.mul(x[1], x[1]);
        let w = b.sum(w, &[axis("d"), axis("k")]);
        vec![b.add(l, w)]
    });
    let x: Vec<f64> = (0..6).map(|i| 0.3 * i as f64 - 0.7).collect();
    let w: Vec<f64> = (0..8).map(|i| (i as f64 * 1.7).sin()).collect();
    check_twice(&f, &[Tensor::from_vec(&[3, 2], x), Tensor::from_vec(&[2, 4], w)]);
}

#[test]
fn the_branch_not_taken_adds_nothing() {
    let f = graph(&[reals(&[dim("n", 3)])], |b, x| {
        let zero = b.real(0.0);
        let positive = b.gt(x[0], zero);
        let log = b.log(x[0]);
        let root = b.sqrt(x[0]);
        let both = b.mul(log, root);
        let kept = b.select(positive, both, zero);
        vec![b.sum(kept, &[axis("n")])]
    });
    for graph in [expand(&grad_graph(&f)).unwrap(), rewritten(&grad_graph(&f))] {
        let got = run(&graph, &[vector(&[0.0, 4.0, -1.0])])[0].to_f64();
        assert_eq!((got[0], got[2]), (0.0, 0.0));
        assert!((got[1] - (0.25 * 2.0 + 4f64.ln() / 4.0)).abs() < 1e-12);
    }
}

/// `x -> iterate y = x for t in 0..rounds { sin(w * y) + t * y }` summed, with a captured `w`.
fn iterated(rounds: i64) -> Graph {
    let n = [dim("n", 2)];
    graph(&[reals(&n), reals(&n)], |b, x| {
        let region = body(&[reals(&n)], &[reals(&n)], |b, args| {
            let t = b.cast_real(args[0]);
            let t = b.scale(0.1, t);
            let a = b.mul(args[2], args[1]);
            let a = b.sin(a);
            let c = b.mul(t, args[1]);
            vec![b.add(a, c)]
        });
        let (from, to) = (b.int(0), b.int(rounds));
        let node = b.apply(&LOOP, &[from, to, x[0], x[1]], shape(1, 0, false, false).with_regions(vec![region]));
        let y = b.get(node, 0);
        vec![b.sum(y, &[axis("n")])]
    })
}

#[test]
fn iterate() {
    for rounds in [0, 1, 4] {
        check_twice(&iterated(rounds), &[vector(&[0.3, -0.8]), vector(&[1.1, 0.7])]);
    }
}

#[test]
fn scan_with_rows_of_a_capture() {
    // y' = y * w[t]; kept: y'^2 and t; backwards too.
    for backwards in [false, true] {
        let (t, n) = (dim("t", 4), dim("n", 2));
        let w_ty = reals(&[t.clone(), n.clone()]);
        let f = graph(&[reals(std::slice::from_ref(&n)), w_ty.clone()], |b, x| {
            let region = body(&[reals(std::slice::from_ref(&n))], &[w_ty], |b, args| {
                let label = Attrs { elem: Some(Elem::Label(axis("t"))), ..Attrs::none() };
                let row = b.apply(&loss::ops::CAST, &[args[0]], label);
                let w = b.pick(args[2], &axis("t"), row);
                let next = b.mul(args[1], w);
                let square = b.mul(next, args[1]);
                vec![next, square]
            });
            let (from, to) = (b.int(0), b.int(4));
            let attrs = shape(1, 1, false, backwards).with_dims([t.clone()]).with_regions(vec![region]);
            let node = b.apply(&LOOP, &[from, to, x[0], x[1]], attrs);
            let (last, kept) = (b.get(node, 0), b.get(node, 1));
            let kept = b.sin(kept);
            let a = b.sum(kept, &[axis("t"), axis("n")]);
            let c = b.sum(last, &[axis("n")]);
            vec![b.add(a, c)]
        });
        let w: Vec<f64> = (0..8).map(|i| 0.5 + 0.2 * i as f64).collect();
        check_twice(&f, &[vector(&[0.9, -0.4]), Tensor::from_vec(&[4, 2], w)]);
    }
}

#[test]
fn until() {
    // Newton's square root, left early; differentiated through the rounds made.
    let s = ArrayTy::scalar(Elem::Real);
    let f = graph(&[s.clone()], |b, x| {
        let region = body(&[s.clone()], &[s.clone()], |b, args| {
            let q = b.div(args[2], args[1]);
            let sum = b.add(args[1], q);
            let next = b.scale(0.5, sum);
            let step = b.sub(next, args[1]);
            let step = b.abs(step);
            let small = b.real(1e-3);
            let go_on = b.gt(step, small);
            vec![next, go_on]
        });
        let (from, to) = (b.int(2), b.int(50));
        let node = b.apply(&LOOP, &[from, to, x[0], x[0]], shape(1, 0, true, false).with_regions(vec![region]));
        let y = b.get(node, 0);
        vec![b.mul(y, y)]
    });
    check_twice(&f, &[scalar(3.0)]);
}

#[test]
fn loops_in_loops() {
    // The inner loop goes up to the outer counter.
    let s = ArrayTy::scalar(Elem::Real);
    let f = graph(&[s.clone(), s.clone()], |b, x| {
        let region = body(&[s.clone()], &[s.clone()], |b, args| {
            let inner = body(&[s.clone()], &[s.clone()], |b, args| {
                let p = b.mul(args[1], args[2]);
                let p = b.sin(p);
                vec![b.add(p, args[2])]
            });
            let from = b.int(0);
            let attrs = shape(1, 0, false, false).with_regions(vec![inner]);
            let node = b.apply(&LOOP, &[from, args[0], args[1], args[2]], attrs);
            let y = b.get(node, 0);
            let y = b.scale(0.9, y);
            vec![y]
        });
        let (from, to) = (b.int(0), b.int(4));
        let node = b.apply(&LOOP, &[from, to, x[0], x[1]], shape(1, 0, false, false).with_regions(vec![region]));
        vec![b.get(node, 0)]
    });
    check_twice(&f, &[scalar(0.4), scalar(0.8)]);
}

#[test]
fn where_inside_a_loop() {
    let n = [dim("n", 3)];
    let f = graph(&[reals(&n)], |b, x| {
        let region = body(&[reals(&n)], &[], |b, args| {
            let zero = b.real(0.0);
            let positive = b.gt(args[1], zero);
            let root = b.sqrt(args[1]);
            let next = b.select(positive, root, zero);
            vec![next]
        });
        let (from, to) = (b.int(0), b.int(3));
        let node = b.apply(&LOOP, &[from, to, x[0]], shape(1, 0, false, false).with_regions(vec![region]));
        let y = b.get(node, 0);
        vec![b.sum(y, &[axis("n")])]
    });
    for graph in [expand(&grad_graph(&f)).unwrap(), rewritten(&grad_graph(&f))] {
        let got = run(&graph, &[vector(&[0.0, 2.0, -1.0])])[0].to_f64();
        assert_eq!((got[0], got[2]), (0.0, 0.0));
        assert!((got[1] - 0.125 * 2f64.powf(0.125 - 1.0)).abs() < 1e-12);
    }
}

#[test]
fn branches() {
    let s = ArrayTy::scalar(Elem::Real);
    let f = graph(&[s.clone(), s.clone()], |b, x| {
        let zero = b.real(0.0);
        let positive = b.gt(x[0], zero);
        let then = graph(&[s.clone(), s.clone()], |b, x| {
            let l = b.log(x[0]);
            vec![b.mul(l, x[1])]
        });
        let otherwise = graph(&[s.clone(), s.clone()], |b, x| vec![b.exp(x[0])]);
        let attrs = Attrs::none().with_regions(vec![Arc::new(then), Arc::new(otherwise)]);
        vec![b.apply(&COND, &[positive, x[0], x[1]], attrs)]
    });
    check_twice(&f, &[scalar(2.0), scalar(0.7)]);
    check_twice(&f, &[scalar(-1.0), scalar(0.7)]);
}

#[test]
fn a_gradient_of_its_own() {
    let s = ArrayTy::scalar(Elem::Real);
    let f = graph(&[s.clone()], |b, x| {
        let wave = graph(&[s.clone()], |b, x| {
            let y = b.sin(x[0]);
            vec![b.sign(y)]
        });
        let back = graph(&[s.clone(), s.clone()], |b, x| {
            let c = b.cos(x[0]);
            vec![b.mul(x[1], c)]
        });
        let attrs = Attrs::ints([0]).with_regions(vec![Arc::new(wave), Arc::new(back)]);
        vec![b.apply(&CUSTOM, &[x[0]], attrs)]
    });
    let slope = run(&expand(&grad_graph(&f)).unwrap(), &[scalar(0.5)])[0].to_f64()[0];
    assert!((slope - 0.5f64.cos()).abs() < 1e-15);
    // The stated gradient is differentiated like any function.
    let second = expand(&grad_graph(&grad_graph(&f))).unwrap();
    assert!((run(&second, &[scalar(0.5)])[0].to_f64()[0] + 0.5f64.sin()).abs() < 1e-15);
}

fn jacobian_graph(f: &Graph, argument: usize, renamed: &[(Axis, Dim)]) -> Graph {
    let tys: Vec<ArrayTy> = f.inputs.iter().map(|id| f.ty(*id).clone()).collect();
    graph(&tys, |b, args| {
        let (axes, dims): (Vec<Axis>, Vec<Dim>) = renamed.iter().cloned().unzip();
        let attrs = Attrs::ints([argument as i64]).with_axes(axes).with_dims(dims);
        vec![b.apply(&JACOBIAN, args, attrs.with_regions(vec![Arc::new(f.clone())]))]
    })
}

#[test]
fn jacobian_of_softmax() {
    let k = dim("k", 3);
    let f = graph(&[reals(std::slice::from_ref(&k))], |b, x| vec![b.softmax(x[0], &[axis("k")])]);
    let j = jacobian_graph(&f, 0, &[(axis("k"), dim("m", 3))]);
    let x = vector(&[0.1, -0.5, 1.2]);
    let got = run(&expand(&j).unwrap(), std::slice::from_ref(&x))[0].clone();
    let p = run(&f, &[x])[0].to_f64();
    assert_eq!(got.shape(), [3, 3]);
    for i in 0..3 {
        for j in 0..3 {
            let exact = p[i] * ((i == j) as i64 as f64 - p[j]);
            assert!((got.to_f64()[i * 3 + j] - exact).abs() < 1e-14);
        }
    }
}

#[test]
fn jacobian_through_a_loop_and_a_branch() {
    // All rows of the Jacobian go back through the loop at once.
    let k = [dim("k", 3)];
    let f = graph(&[reals(&k)], |b, x| {
        let region = body(&[reals(&k)], &[reals(&k)], |b, args| {
            let total = b.sum(args[1], &[axis("k")]);
            let y = b.mul(total, args[2]);
            let y = b.sin(y);
            let one = b.real(1.0);
            let large = b.gt(total, one);
            let then = graph(&[reals(&k)], |b, x| vec![b.scale(0.5, x[0])]);
            let otherwise = graph(&[reals(&k)], |b, x| vec![b.tanh(x[0])]);
            let attrs = Attrs::none().with_regions(vec![Arc::new(then), Arc::new(otherwise)]);
            vec![b.apply(&COND, &[large, y], attrs)]
        });
        let (from, to) = (b.int(0), b.int(3));
        let node = b.apply(&LOOP, &[from, to, x[0], x[0]], shape(1, 0, false, false).with_regions(vec![region]));
        vec![b.get(node, 0)]
    });
    let j = expand(&jacobian_graph(&f, 0, &[(axis("k"), dim("m", 3))])).unwrap();
    let x = vector(&[0.3, 0.5, 0.7]);
    let got = run(&j, std::slice::from_ref(&x))[0].to_f64();
    let h = 1e-6;
    for m in 0..3 {
        let up = run(&f, &nudged(std::slice::from_ref(&x), 0, m, h))[0].to_f64();
        let down = run(&f, &nudged(std::slice::from_ref(&x), 0, m, -h))[0].to_f64();
        for k in 0..3 {
            let difference = (up[k] - down[k]) / (2.0 * h);
            assert!((got[k * 3 + m] - difference).abs() < 1e-8, "[{k}, {m}]: {} {difference}", got[k * 3 + m]);
        }
    }
}

#[test]
fn hessian_by_nesting() {
    // The Jacobian of the gradient of sum(x)^3 / 6 is sum(x) everywhere.
    let k = dim("k", 3);
    let f = graph(&[reals(std::slice::from_ref(&k))], |b, x| {
        let s = b.sum(x[0], &[axis("k")]);
        let s = b.powi(s, 3.0);
        vec![b.scale(1.0 / 6.0, s)]
    });
    let h = jacobian_graph(&grad_graph(&f), 0, &[(axis("k"), dim("m", 3))]);
    let got = run(&expand(&h).unwrap(), &[vector(&[1.0, 2.0, 0.5])])[0].clone();
    assert_eq!(got.shape(), [3, 3]);
    assert!(got.to_f64().iter().all(|v| (v - 3.5).abs() < 1e-12), "{got:?}");
}

#[test]
fn value_and_gradient_share_one_loop() {
    let f = iterated(5);
    let n = [dim("n", 2)];
    let both = graph(&[reals(&n), reals(&n)], |b, args| {
        let attrs = Attrs::ints([0, 1]).with_name("value_and_grad").with_regions(vec![Arc::new(f.clone())]);
        let node = b.apply(&GRAD, args, attrs);
        let apart = b.inline(&f, args)[0];
        vec![b.get(node, 0), b.get(node, 1), b.get(node, 2), apart]
    });
    for both in [expand(&both).unwrap(), rewritten(&both)] {
        let loops = both.nodes.iter().filter(|node| node.is(&LOOP)).count();
        assert_eq!(loops, 2, "one forward, one back:\n{}", loss::ir::print::graph(&both));
        let out = run(&both, &[vector(&[0.3, -0.8]), vector(&[1.1, 0.7])]);
        assert_eq!(out[0], out[3]);
    }
}

#[test]
fn a_count_given_as_an_argument() {
    let s = ArrayTy::scalar(Elem::Real);
    let f = graph(&[s.clone(), ArrayTy::scalar(Elem::Int)], |b, x| {
        let region = body(&[s.clone()], &[], |b, args| vec![b.mul(args[1], args[1])]);
        let from = b.int(0);
        let node = b.apply(&LOOP, &[from, x[1], x[0]], shape(1, 0, false, false).with_regions(vec![region]));
        vec![b.get(node, 0)]
    });
    let g = |known: bool| {
        graph(&[s.clone(), ArrayTy::scalar(Elem::Int)], |b, x| {
            let three = b.int(3);
            let attrs = Attrs::ints([0]).with_name("grad").with_regions(vec![Arc::new(f.clone())]);
            vec![b.apply(&GRAD, &[x[0], if known { three } else { x[1] }], attrs)]
        })
    };
    let out = run(&expand(&g(true)).unwrap(), &[scalar(1.1), Tensor::scalar(3i64)]);
    assert!((out[0].to_f64()[0] - 8.0 * 1.1f64.powi(7)).abs() < 1e-12);
    assert_eq!(expand(&g(false)).unwrap_err().code.id, "E0342");
}

#[test]
fn several_states_some_of_them_counts() {
    // A momentum loop: velocity and place, a count of rounds as an int state, and a state that nothing differentiates.
    let s = ArrayTy::scalar(Elem::Real);
    let n = [dim("n", 2)];
    let f = graph(&[reals(&n), s.clone()], |b, x| {
        let states = [reals(&n), reals(&n), ArrayTy::scalar(Elem::Int), s.clone()];
        let region = body(&states, &[s.clone()], |b, args| {
            let (place, speed, count, idle, rate) = (args[1], args[2], args[3], args[4], args[5]);
            let slope = b.cos(place);
            let step = b.mul(rate, slope);
            let kept = b.scale(0.9, speed);
            let speed = b.sub(kept, step);
            let weight = b.cast_real(count);
            let weight = b.scale(0.1, weight);
            let moved = b.mul(weight, speed);
            let place = b.add(place, moved);
            let one = b.int(1);
            let count = b.add(count, one);
            let idle = b.exp(idle);
            vec![place, speed, count, idle]
        });
        let (from, to, zero, none) = (b.int(0), b.int(5), b.int(0), b.zeros(&n));
        let idle = b.real(-3.0);
        let inputs = [from, to, x[0], none, zero, idle, x[1]];
        let node = b.apply(&LOOP, &inputs, shape(4, 0, false, false).with_regions(vec![region]));
        let place = b.get(node, 0);
        let place = b.sin(place);
        vec![b.sum(place, &[axis("n")])]
    });
    check_twice(&f, &[vector(&[0.3, 1.4]), scalar(0.7)]);
}

#[test]
fn scan_in_scan() {
    // The outer rounds each keep what the inner scan gave, weighted.
    let (t, u) = (dim("t", 3), dim("u", 2));
    let s = ArrayTy::scalar(Elem::Real);
    let f = graph(&[s.clone(), s.clone()], |b, x| {
        let outer = body(&[s.clone()], &[s.clone()], |b, args| {
            let inner = body(&[s.clone()], &[s.clone()], |b, args| {
                let y = b.mul(args[1], args[2]);
                let y = b.sin(y);
                vec![y, y]
            });
            let (from, to) = (b.int(0), b.int(2));
            let attrs = shape(1, 1, false, false).with_dims([u.clone()]).with_regions(vec![inner]);
            let node = b.apply(&LOOP, &[from, to, args[1], args[2]], attrs);
            let (last, kept) = (b.get(node, 0), b.get(node, 1));
            let next = b.add(last, args[2]);
            vec![next, kept]
        });
        let (from, to) = (b.int(0), b.int(3));
        let attrs = shape(1, 1, false, false).with_dims([t.clone()]).with_regions(vec![outer]);
        let node = b.apply(&LOOP, &[from, to, x[0], x[1]], attrs);
        let kept = b.get(node, 1);
        let square = b.mul(kept, kept);
        vec![b.sum(square, &[axis("t"), axis("u")])]
    });
    check_twice(&f, &[scalar(0.8), scalar(1.3)]);
}

#[test]
fn a_scan_that_stops_early_keeps_zeros_behind() {
    let t = dim("t", 8);
    let s = ArrayTy::scalar(Elem::Real);
    let f = graph(&[s.clone()], |b, x| {
        let region = body(&[s.clone()], &[], |b, args| {
            let next = b.mul(args[1], args[1]);
            let small = b.real(0.01);
            let go_on = b.gt(next, small);
            vec![next, args[1], go_on]
        });
        let (from, to) = (b.int(0), b.int(8));
        let attrs = shape(1, 1, true, false).with_dims([t.clone()]).with_regions(vec![region]);
        let node = b.apply(&LOOP, &[from, to, x[0]], attrs);
        let kept = b.get(node, 1);
        let odd = b.cos(kept);
        vec![b.sum(odd, &[axis("t")])]
    });
    check_twice(&f, &[scalar(0.8)]);
}

#[test]
fn branches_with_several_results() {
    let s = ArrayTy::scalar(Elem::Real);
    let n = [dim("n", 2)];
    let f = graph(&[reals(&n), s.clone()], |b, x| {
        let tys = [reals(&n), s.clone()];
        let then = graph(&tys, |b, x| {
            let p = b.mul(x[0], x[1]);
            vec![p, x[1]]
        });
        let otherwise = graph(&tys, |b, x| {
            let q = b.exp(x[1]);
            vec![x[0], q]
        });
        let zero = b.real(0.0);
        let positive = b.gt(x[1], zero);
        let attrs = Attrs::none().with_regions(vec![Arc::new(then), Arc::new(otherwise)]);
        let node = b.apply(&COND, &[positive, x[0], x[1]], attrs);
        let (a, c) = (b.get(node, 0), b.get(node, 1));
        let a = b.sin(a);
        let a = b.sum(a, &[axis("n")]);
        vec![b.mul(a, c)]
    });
    check_twice(&f, &[vector(&[0.4, 1.1]), scalar(0.9)]);
    check_twice(&f, &[vector(&[0.4, 1.1]), scalar(-0.9)]);
}

#[test]
fn control_in_a_stated_gradient_is_lifted_over_the_rows_of_a_jacobian() {
    // x^3, whose stated gradient adds up g * x^2 in three rounds, with a branch and a function of its own inside.
    let k = [dim("k", 3)];
    let f = graph(&[reals(&k)], |b, x| {
        let cube = graph(&[reals(&k)], |b, x| vec![b.powi(x[0], 3.0)]);
        let back = graph(&[reals(&k), reals(&k)], |b, x| {
            let region = body(&[reals(&k)], &[reals(&k), reals(&k)], |b, args| {
                let square = b.mul(args[2], args[2]);
                let square = b.mul(args[3], square);
                let plain = graph(&[reals(&k)], |_, x| vec![x[0]]);
                let state = graph(&[reals(&k), reals(&k)], |_, x| vec![x[1]]);
                let own = Attrs::ints([0]).with_regions(vec![Arc::new(plain.clone()), Arc::new(state)]);
                let square = b.apply(&CUSTOM, &[square], own);
                let yes = b.boolean(true);
                let branch = Attrs::none().with_regions(vec![Arc::new(plain.clone()), Arc::new(plain)]);
                let square = b.apply(&COND, &[yes, square], branch);
                vec![b.add(args[1], square)]
            });
            let (from, to, zero) = (b.int(0), b.int(3), b.zeros(&k));
            let inputs = [from, to, zero, x[0], x[1]];
            let node = b.apply(&LOOP, &inputs, shape(1, 0, false, false).with_regions(vec![region]));
            vec![b.get(node, 0)]
        });
        let attrs = Attrs::ints([0]).with_regions(vec![Arc::new(cube), Arc::new(back)]);
        let y = b.apply(&CUSTOM, &[x[0]], attrs);
        let total = b.sum(y, &[axis("k")]);
        vec![b.mul(total, x[0])]
    });
    let x = [0.5, -1.0, 2.0];
    let j = expand(&jacobian_graph(&f, 0, &[(axis("k"), dim("m", 3))])).unwrap();
    let got = run(&j, &[vector(&x)])[0].to_f64();
    let total: f64 = x.iter().map(|v| v * v * v).sum();
    for k in 0..3 {
        for m in 0..3 {
            let exact = x[k] * 3.0 * x[m] * x[m] + if k == m { total } else { 0.0 };
            assert!((got[k * 3 + m] - exact).abs() < 1e-12, "[{k}, {m}]: {} {exact}", got[k * 3 + m]);
        }
    }
}

#[test]
fn jacobian_of_a_scan() {
    // Rows run over the rounds that are kept.
    let (t, n) = (dim("t", 3), dim("n", 2));
    let f = graph(&[reals(std::slice::from_ref(&n))], |b, x| {
        let region = body(&[reals(std::slice::from_ref(&n))], &[], |b, args| {
            let total = b.sum(args[1], &[axis("n")]);
            let next = b.mul(total, args[1]);
            vec![b.sin(next), total]
        });
        let (from, to) = (b.int(0), b.int(3));
        let attrs = shape(1, 1, false, false).with_dims([t.clone()]).with_regions(vec![region]);
        let node = b.apply(&LOOP, &[from, to, x[0]], attrs);
        vec![b.get(node, 1)]
    });
    let j = expand(&jacobian_graph(&f, 0, &[])).unwrap();
    let x = vector(&[0.6, 0.9]);
    let got = run(&j, std::slice::from_ref(&x))[0].to_f64();
    let h = 1e-6;
    for n in 0..2 {
        let up = run(&f, &nudged(std::slice::from_ref(&x), 0, n, h))[0].to_f64();
        let down = run(&f, &nudged(std::slice::from_ref(&x), 0, n, -h))[0].to_f64();
        for t in 0..3 {
            let difference = (up[t] - down[t]) / (2.0 * h);
            assert!((got[t * 2 + n] - difference).abs() < 1e-8, "[{t}, {n}]: {} {difference}", got[t * 2 + n]);
        }
    }
}

#[test]
fn tapes_that_nobody_reads_are_dropped() {
    // The state is only ever added to: its derivative needs no tape.
    let s = ArrayTy::scalar(Elem::Real);
    let f = graph(&[s.clone(), s.clone()], |b, x| {
        let region = body(&[s.clone()], &[s.clone()], |b, args| vec![b.add(args[1], args[2])]);
        let (from, to) = (b.int(0), b.int(4));
        let node = b.apply(&LOOP, &[from, to, x[0], x[1]], shape(1, 0, false, false).with_regions(vec![region]));
        vec![b.get(node, 0)]
    });
    let g = expand(&grad_graph(&f)).unwrap();
    assert!(g.nodes.iter().all(|node| !node.is(&LOOP) || LoopShape::of(&node.attrs).kept == 0));
    assert_eq!(run(&g, &[scalar(0.0), scalar(2.0)])[1].to_f64(), [4.0]);
}

#[test]
fn an_operation_without_gradient_is_a_fault_with_its_place() {
    // A `grad` that was not expanded has none; here inside a loop.
    let s = ArrayTy::scalar(Elem::Real);
    let span = loss::source::Span::new(Default::default(), 3, 9);
    let inner = Arc::new(graph(&[s.clone()], |b, x| vec![b.sin(x[0])]));
    let region = body(&[s.clone()], &[], |b, args| {
        b.span = span;
        let attrs = Attrs::ints([0]).with_name("grad").with_regions(vec![inner]);
        vec![b.apply(&GRAD, &[args[1]], attrs)]
    });
    let mut b = Builder::new(Precision::F64);
    let x = b.input(0, "x", &s);
    let (from, to) = (b.int(0), b.int(2));
    let node = b.apply(&LOOP, &[from, to, x], shape(1, 0, false, false).with_regions(vec![region]));
    let (y, one) = (b.get(node, 0), b.real(1.0));
    let fault = ad::vjp(&mut b, &[y], &[Some(one)], &[x]).unwrap_err();
    assert_eq!((fault.code.id, fault.span), ("E0901", Some(span)));
}

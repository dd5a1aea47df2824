//! Every operation of the table: its derivative against central differences at random points of its domain, over
//! several shapes, orders of axes and missing axes, with a batch of cotangents, and through the strong zero.

use super::*;
use crate::ir::{Attrs, Builder, Domain, Form, Gradient, Graph, Lifting, NodeId, Runner, VjpCtx};
use crate::types::{ArrayTy, Axis, Dim, Elem, Precision, Size};
use std::sync::Arc;

struct NoRegions;

impl Runner for NoRegions {
    fn run(&self, _: &Arc<Graph>, _: Vec<Tensor>) -> Result<Vec<Tensor>, RunFault> {
        Err(RunFault::cancelled())
    }
    fn cancelled(&self) -> bool {
        false
    }
}

/// Runs every live node of a graph by its kernel.
fn evaluate(graph: &Graph, inputs: &[Tensor]) -> Vec<Tensor> {
    let live = graph.live();
    let mut values: Vec<Vec<Tensor>> = Vec::new();
    for id in graph.ids() {
        let node = graph.node(id);
        let value = if !live[id.index()] {
            Vec::new()
        } else if node.is(&INPUT) {
            vec![inputs[node.attrs.ints[0] as usize].clone()]
        } else if node.is(&GET) {
            vec![values[node.inputs[0].index()][node.attrs.ints[0] as usize].clone()]
        } else {
            let args = KernelArgs {
                inputs: node.inputs.iter().map(|i| values[i.index()][0].clone()).collect(),
                input_tys: node.inputs.iter().map(|i| graph.ty(*i)).collect(),
                attrs: &node.attrs,
                output_tys: &node.tys,
                precision: graph.precision,
                runner: &NoRegions,
            };
            run_kernel(node.op, args).unwrap_or_else(|fault| panic!("{}: {}", node.op.name, fault.message))
        };
        for (tensor, ty) in value.iter().zip(&node.tys) {
            assert_eq!(Some(tensor.shape().to_vec()), ty.shape(), "{} gives another shape than {ty}", node.op.name);
            assert!(tensor.stores(&ty.elem, graph.precision), "{} gives other elements than {ty}", node.op.name);
        }
        values.push(value);
    }
    graph.outputs.iter().map(|o| values[o.index()][0].clone()).collect()
}

/// Uniform numbers in [0, 1), the same every time.
struct Noise(u64);

impl Noise {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    fn array(&mut self, shape: &[usize], low: f64, high: f64) -> Tensor {
        let n: usize = shape.iter().product();
        Tensor::from_vec(shape, (0..n).map(|_| self.between(low, high)).collect())
    }
}

fn axis(name: &str) -> Axis {
    Axis::global(name)
}

fn dim(name: &str, n: usize) -> Dim {
    Dim::new(axis(name), Size::Known(n))
}

/// Extents of the axes that cases are made of.
fn dims(names: &[&str]) -> Vec<Dim> {
    let size = |name: &str| match name {
        "n" => 2,
        "m" | "p" => 4,
        "one" => 1,
        _ => 3,
    };
    names.iter().map(|name| dim(name, size(name))).collect()
}

/// A symmetric positive definite or well-conditioned matrix over two axes, once for every coordinate of the others.
fn matrices(noise: &mut Noise, ty: &ArrayTy, pair: [&Axis; 2], definite: bool) -> Tensor {
    let shape = ty.shape().expect("known sizes");
    let (i, j) = (ty.position(pair[0]).expect("rows"), ty.position(pair[1]).expect("columns"));
    let n: usize = shape.iter().product();
    let coordinate = |flat: usize, at: usize| flat / shape[at + 1..].iter().product::<usize>() % shape[at];
    let raw: Vec<f64> = (0..n).map(|_| noise.between(-0.4, 0.4)).collect();
    let step = |at: usize| shape[at + 1..].iter().product::<usize>();
    let element = |flat: usize| {
        let (r, c) = (coordinate(flat, i), coordinate(flat, j));
        let mirrored = flat - r * step(i) - c * step(j) + c * step(i) + r * step(j);
        let base = if definite { (raw[flat] + raw[mirrored]) / 2.0 } else { raw[flat] };
        if r == c { base + 2.0 + 0.5 * r as f64 } else { base }
    };
    Tensor::from_vec(&shape, (0..n).map(element).collect())
}

/// One set of inputs for an operation.
struct Case {
    attrs: Attrs,
    tys: Vec<ArrayTy>,
    values: Vec<Tensor>,
}

fn sample(noise: &mut Noise, op: &OpDef, attrs: Attrs, axes: &[Vec<Dim>]) -> Case {
    let (mut tys, mut values) = (Vec::new(), Vec::new());
    for (domain, dims) in op.domain.iter().zip(axes) {
        let mut ty = ArrayTy::new(Elem::Real, dims.clone());
        let shape = ty.shape().expect("known sizes");
        let n: usize = shape.iter().product();
        values.push(match domain {
            Domain::Between(low, high) => noise.array(&shape, *low, *high),
            Domain::NonZero => {
                let sign = |u: f64| if u < 0.5 { -1.0 } else { 1.0 };
                Tensor::from_vec(&shape, (0..n).map(|_| sign(noise.unit()) * noise.between(0.1, 3.0)).collect())
            }
            Domain::Bool => {
                ty.elem = Elem::Bool;
                Tensor::from_vec(&shape, (0..n).map(|_| noise.unit() < 0.5).collect())
            }
            Domain::Definite => matrices(noise, &ty, [&attrs.axes[0], &attrs.axes[1]], true),
            Domain::Invertible => matrices(noise, &ty, [&attrs.axes[0], &attrs.axes[1]], false),
            Domain::Index => {
                ty.elem = Elem::Label(attrs.axes[0].clone());
                Tensor::from_vec(&shape, (0..n).map(|_| (noise.unit() * 3.0) as i64).collect())
            }
            Domain::Own(_) => unreachable!("sampled by its own test"),
        });
        tys.push(ty);
    }
    Case { attrs, tys, values }
}

/// The axes of the inputs, and the attributes, with which an operation is tried.
fn shapes(op: &OpDef) -> Vec<(Attrs, Vec<Vec<Dim>>)> {
    let inputs = op.domain.len();
    let cases = |attrs: Attrs, list: &[&[&[&str]]]| -> Vec<(Attrs, Vec<Vec<Dim>>)> {
        list.iter().map(|axes| (attrs.clone(), axes.iter().map(|a| dims(a)).collect())).collect()
    };
    match (op.lifting, op.form, inputs) {
        (Lifting::Elementwise, _, 1) => cases(Attrs::none(), &[&[&[]], &[&["n"]], &[&["n", "k"]]]),
        (Lifting::Elementwise, _, 2) => cases(
            Attrs::none(),
            &[
                &[&[], &[]],
                &[&["n", "k"], &["n", "k"]],
                &[&["n", "k"], &["k", "n"]],
                &[&["n", "k"], &["k"]],
                &[&["n"], &["n", "k"]],
                &[&["n"], &["k"]],
                &[&["n"], &[]],
                &[&[], &["n"]],
                &[&["one", "k"], &["n", "k"]],
            ],
        ),
        (Lifting::Elementwise, _, 3) => cases(
            Attrs::none(),
            &[
                &[&[], &[], &[]],
                &[&["n"], &["n", "k"], &["n", "k"]],
                &[&["n", "k"], &["k"], &[]],
                &[&["k", "n"], &["n", "k"], &["m"]],
            ],
        ),
        (_, Form::Axes { axes: 2, .. }, 1) => {
            let attrs = Attrs::axes([axis("d"), axis("e")]);
            cases(attrs, &[&[&["d", "e"]], &[&["n", "d", "e"]], &[&["e", "d", "n"]]])
        }
        (Lifting::Batched, _, 1) => {
            let one = |a: &str| Attrs::axes([axis(a)]);
            let mut list = cases(one("k"), &[&[&["k"]], &[&["n", "k"]], &[&["k", "n"]], &[&["n", "k", "m"]]]);
            list.extend(cases(one("one"), &[&[&["one"]], &[&["one", "k"]]]));
            if !matches!(op.name, "argmax" | "argmin") && matches!(op.form, Form::Along { default_all: true, .. }) {
                let two = Attrs::axes([axis("k"), axis("n")]);
                list.extend(cases(two, &[&[&["n", "k"]], &[&["k", "m", "n"]]]));
            }
            list
        }
        _ => panic!("{}: no shapes are known for it; give it a test of its own (`Domain::Own`)", op.name),
    }
}

/// The weighted sum of all real outputs: value only, and value with gradients for the inputs.
struct Weighed {
    value: Graph,
    /// For every input its gradient (with the axis of the batch of cotangents), if it has one.
    gradients: Vec<Option<Graph>>,
}

fn all_axes(ty: &ArrayTy) -> Vec<Axis> {
    ty.axes().cloned().collect()
}

/// Two cotangents are carried along the axis `cot`; values are weighed with each of them.
fn weigh(op: &'static OpDef, case: &Case, masked: bool) -> Option<Weighed> {
    let mut b = Builder::new(Precision::F64);
    let inputs: Vec<NodeId> = case.tys.iter().enumerate().map(|(i, ty)| b.input(i, "x", ty)).collect();
    let node = match b.node(op, &inputs, case.attrs.clone()) {
        Ok(node) => node,
        Err(fault) => panic!("{} does not take {:?}: {}", op.name, case.tys, fault.message),
    };
    let tys = b.graph.node(node).tys.clone();
    let outputs: Vec<NodeId> =
        if tys.len() == 1 { vec![node] } else { (0..tys.len()).map(|i| b.get(node, i)).collect() };
    let mut noise = Noise(7);
    let (mut grads, mut total): (Vec<Option<NodeId>>, Option<NodeId>) = (Vec::new(), None);
    for (&output, ty) in outputs.iter().zip(&tys) {
        if ty.elem != Elem::Real {
            grads.push(None);
            continue;
        }
        let mut dims = ty.dims.clone();
        dims.insert(dims.len() / 2, dim("cot", 2));
        let shape: Vec<usize> = dims.iter().filter_map(|d| d.size.known()).collect();
        let weights = b.literal(noise.array(&shape, -1.0, 1.0), Elem::Real, &dims);
        grads.push(Some(weights));
        let product = b.mul(weights, output);
        let sum = b.sum(product, &all_axes(ty));
        total = Some(match total {
            Some(t) => b.add(t, sum),
            None => sum,
        });
    }
    let total = total?;
    let value = { b.clone().finish(vec![total]) };
    let needs: Vec<bool> = case.tys.iter().map(|ty| ty.elem == Elem::Real).collect();
    let found = match op.gradient {
        Gradient::Missing(_) => return None,
        Gradient::Zero => vec![None; inputs.len()],
        Gradient::Rule(rule) => {
            let mut ctx = VjpCtx {
                b: &mut b,
                node,
                inputs: inputs.clone(),
                outputs,
                attrs: case.attrs.clone(),
                grads,
                needs,
                masked,
                times: if masked { &ZMUL } else { &MUL },
                fault: None,
            };
            let found = rule(&mut ctx);
            assert!(ctx.fault.is_none(), "{}: its rule gives up", op.name);
            found
        }
    };
    assert_eq!(found.len(), inputs.len(), "{}: as many gradients as inputs", op.name);
    let finish = |(g, ty): (Option<NodeId>, &ArrayTy)| {
        let g = g?;
        let mut b = b.clone();
        let extra: Vec<Axis> = b.ty(g).axes().filter(|a| !ty.has(a) && a.name() != "cot").cloned().collect();
        assert!(extra.is_empty(), "{}: a gradient has axes {extra:?} that its input lacks", op.name);
        let mut dims = ty.dims.clone();
        dims.insert(0, dim("cot", 2));
        let g = b.broadcast(g, &dims);
        // A sum with zeros laid out as wanted brings the axes into that order.
        let zeros = b.literal(Tensor::from_vec(&shape_of(&dims), vec![0.0; count(&dims)]), Elem::Real, &dims);
        let g = b.add(zeros, g);
        Some(b.finish(vec![g]))
    };
    let gradients = found.into_iter().zip(&case.tys).map(finish).collect();
    Some(Weighed { value, gradients })
}

fn shape_of(dims: &[Dim]) -> Vec<usize> {
    dims.iter().filter_map(|d| d.size.known()).collect()
}

fn count(dims: &[Dim]) -> usize {
    shape_of(dims).iter().product()
}

/// Compares the rule with differences of fourth order in every element of every real input.
fn check(op: &'static OpDef, case: &Case, masked: bool) {
    let Some(weighed) = weigh(op, case, masked) else { return };
    for (i, gradient) in weighed.gradients.iter().enumerate() {
        let Tensor::F64(_) = &case.values[i] else { continue };
        let n = case.values[i].len();
        let ours = match gradient {
            Some(graph) => evaluate(graph, &case.values)[0].to_f64(),
            None => vec![0.0; 2 * n],
        };
        let step = 2e-3;
        for j in 0..n {
            let value = |by: f64| {
                let mut values = case.values.clone();
                let mut data = values[i].to_f64();
                data[j] += by;
                values[i] = Tensor::from_vec(case.values[i].shape(), data);
                evaluate(&weighed.value, &values)[0].to_f64()
            };
            let (a, b, c, d) = (value(-2.0 * step), value(-step), value(step), value(2.0 * step));
            for cot in 0..2 {
                let numeric = (a[cot] - 8.0 * b[cot] + 8.0 * c[cot] - d[cot]) / (12.0 * step);
                let rule = ours[cot * n + j];
                let off = (numeric - rule).abs() / numeric.abs().max(1.0);
                assert!(
                    off < 1e-6,
                    "{}: derivative by input {i}, element {j}: rule {rule}, differences {numeric} ({})",
                    op.name,
                    case.tys[i]
                );
            }
        }
    }
}

#[test]
fn every_derivative_agrees_with_differences() {
    let mut tried = 0;
    for op in all() {
        let own = op.domain.is_empty() || op.domain.iter().any(|d| matches!(d, Domain::Own(_)));
        if own || op.name == "stop" {
            continue;
        }
        for (attrs, axes) in shapes(op) {
            for round in 0..2 {
                let case = sample(&mut Noise(11 + round), op, attrs.clone(), &axes);
                check(op, &case, round == 1);
            }
        }
        tried += 1;
    }
    assert!(tried > 50, "only {tried} operations were tried");
}

/// Gradients of gradients: rules are made of operations that can be differentiated again.
#[test]
fn every_second_derivative_agrees_with_differences() {
    for op in all() {
        let own = op.domain.is_empty() || op.domain.iter().any(|d| matches!(d, Domain::Own(_)));
        if own || op.name == "stop" || !matches!(op.gradient, Gradient::Rule(_)) {
            continue;
        }
        for (attrs, axes) in shapes(op).into_iter().skip(1).take(2) {
            let case = sample(&mut Noise(17), op, attrs.clone(), &axes);
            let given: Vec<testing::Given> = case.tys.into_iter().zip(case.values).collect();
            testing::check_order(&given, 2, 1e-5, &|b: &mut Builder, x: &[NodeId]| {
                let node = b.mk(op, x, attrs.clone());
                let outputs = b.graph.node(node).tys.len();
                if outputs == 1 { vec![node] } else { (0..outputs).map(|i| b.get(node, i)).collect() }
            });
        }
    }
}

#[test]
fn the_table_is_complete() {
    let mut names: Vec<&str> = all().map(|op| op.name).collect();
    let n = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), n, "two operations have one name");
    for op in all() {
        assert!(!op.doc.is_empty() && op.doc.ends_with(['.', ')']), "{} has no documentation", op.name);
        assert!(!op.signature.is_empty());
        let written = !matches!(op.form, Form::Internal);
        assert!(!written || !op.example.is_empty(), "{} has no example", op.name);
        assert!(std::ptr::eq(find(op.name).expect("found"), op));
    }
}

/// Contractions have two inputs that must share axes.
#[test]
fn contractions() {
    let cases: &[(&[&str], &[&str], &[&str])] = &[
        (&["k"], &["k"], &["k"]),
        (&["n", "k"], &["k", "m"], &["k"]),
        (&["k", "n"], &["m", "k"], &["k"]),
        (&["n", "k"], &["k"], &["k"]),
        (&["k"], &["k", "m"], &["k"]),
        (&["p", "n", "k"], &["k", "p", "m"], &["k"]),
        (&["p", "k"], &["p", "k"], &["k"]),
        (&["p", "n", "k"], &["k", "n"], &["n", "k"]),
    ];
    for (a, b, summed) in cases {
        let attrs = Attrs::axes(summed.iter().map(|a| axis(a)).collect::<Vec<_>>());
        let (tys, mut noise) = ([a, b].map(|d| ArrayTy::new(Elem::Real, dims(d))), Noise(3));
        let values = tys.iter().map(|ty| noise.array(&ty.shape().expect("known"), -2.0, 2.0)).collect();
        let case = Case { attrs, tys: tys.to_vec(), values };
        check(&CONTRACT, &case, false);
        check(&CONTRACT, &case, true);
    }
}

#[test]
fn broadcast() {
    for own in [&[][..], &["k"], &["k", "m"]] {
        let ty = ArrayTy::new(Elem::Real, dims(own));
        let values = vec![Noise(5).array(&ty.shape().expect("known"), -2.0, 2.0)];
        let case = Case { attrs: Attrs::dims(dims(&["n", "p"])), tys: vec![ty], values };
        check(&BROADCAST, &case, false);
    }
}

/// The value of a graph of constants.
fn constant(build: impl FnOnce(&mut Builder) -> NodeId) -> Vec<f64> {
    let mut b = Builder::new(Precision::F64);
    let out = build(&mut b);
    evaluate(&b.finish(vec![out]), &[])[0].to_f64()
}

fn array(b: &mut Builder, values: &[f64]) -> NodeId {
    b.literal(Tensor::from_vec(&[values.len()], values.to_vec()), Elem::Real, &[dim("k", values.len())])
}

#[test]
fn casts() {
    let k = dim("k", 3);
    assert_eq!(
        constant(|b| {
            let i = b.iota(&k);
            b.cast_real(i)
        }),
        [0.0, 1.0, 2.0]
    );
    let truth = constant(|b| {
        let t = b.boolean(true);
        b.cast(t, Elem::Int)
    });
    assert_eq!(truth, [1.0]);
    let mut b = Builder::new(Precision::F64);
    let minus = b.int(-1);
    let label = b.cast(minus, Elem::Label(axis("k")));
    let graph = b.finish(vec![label]);
    let tys = [graph.ty(graph.node(graph.outputs[0]).inputs[0])];
    let node = graph.node(graph.outputs[0]);
    let args = KernelArgs {
        inputs: vec![Tensor::scalar(-1i64)],
        input_tys: tys.to_vec(),
        attrs: &node.attrs,
        output_tys: &node.tys,
        precision: Precision::F64,
        runner: &NoRegions,
    };
    assert_eq!(run_kernel(&CAST, args).expect_err("not a coordinate").code.id, "E0703");
}

/// The gradient of one operation at a point, weighed with ones.
fn slope(op: &'static OpDef, xs: &[NodeId], b: &mut Builder, input: usize) -> NodeId {
    let node = b.node(
        op,
        xs,
        if op.form == Form::Internal || matches!(op.form, Form::Map(_)) {
            Attrs::none()
        } else {
            Attrs::axes([axis("k")])
        },
    );
    let node = node.expect("it fits");
    let ty = b.ty(node);
    let g = b.full(1.0, &ty.dims);
    let Gradient::Rule(rule) = op.gradient else { panic!("no rule") };
    let mut ctx = VjpCtx {
        b,
        node,
        inputs: xs.to_vec(),
        outputs: vec![node],
        attrs: if matches!(op.lifting, Lifting::Batched) { Attrs::axes([axis("k")]) } else { Attrs::none() },
        grads: vec![Some(g)],
        needs: vec![true; xs.len()],
        masked: false,
        times: &MUL,
        fault: None,
    };
    rule(&mut ctx)[input].expect("a gradient")
}

#[test]
fn subgradients_at_kinks_are_the_documented_ones() {
    let at = |op: &'static OpDef, values: &[f64]| {
        constant(|b| {
            let x = array(b, values);
            slope(op, &[x], b, 0)
        })
    };
    assert_eq!(at(&ABS, &[-2.0, 0.0, 3.0]), [-1.0, 0.0, 1.0]);
    assert_eq!(at(&NORM, &[0.0, 0.0]), [0.0, 0.0]);
    assert_eq!(at(&MAX, &[1.0, 3.0, 3.0]), [0.0, 1.0, 0.0]);
    assert_eq!(at(&MIN, &[1.0, 3.0, 1.0]), [1.0, 0.0, 0.0]);
    assert_eq!(at(&PROD, &[0.0, 2.0, 3.0]), [6.0, 0.0, 0.0]);
    assert_eq!(at(&PROD, &[0.0, 0.0, 3.0]), [0.0, 0.0, 0.0]);
    assert_eq!(at(&LOGSUMEXP, &[1000.0, -1000.0]), [1.0, 0.0]);
    assert_eq!(at(&SOFTPLUS, &[-1000.0, 0.0, 1000.0]), [0.0, 0.5, 1.0]);
    assert_eq!(at(&TANH, &[-1000.0, 0.0, 1000.0]), [0.0, 1.0, 0.0]);
    assert_eq!(at(&SIGMOID, &[-1000.0, 0.0, 1000.0]), [0.0, 0.25, 0.0]);
    let relu = |flip: bool| {
        constant(|b| {
            let (x, zero) = (array(b, &[-1.0, 0.0, 1.0]), b.real(0.0));
            if flip { slope(&MAXIMUM, &[zero, x], b, 1) } else { slope(&MAXIMUM, &[x, zero], b, 0) }
        })
    };
    assert_eq!(relu(false), [0.0, 0.0, 1.0]);
    assert_eq!(relu(true), [0.0, 0.0, 1.0]);
    let power = |p: f64, values: &[f64]| {
        constant(|b| {
            let (x, p) = (array(b, values), b.real(p));
            slope(&POW, &[x, p], b, 0)
        })
    };
    assert_eq!(power(0.0, &[0.0, 2.0]), [0.0, 0.0]);
    assert_eq!(power(1.0, &[0.0, 2.0]), [1.0, 1.0]);
    assert_eq!(power(2.0, &[0.0, -2.0]), [0.0, -4.0]);
    assert_eq!(power(3.0, &[0.0, -2.0]), [0.0, 12.0]);
    let entropy = constant(|b| {
        let x = array(b, &[0.0]);
        slope(&XLOGY, &[x, x], b, 1)
    });
    assert_eq!(entropy, [0.0]);
}

#[test]
fn faults_name_what_they_got() {
    let mut b = Builder::new(Precision::F64);
    let (x, y) = (array(&mut b, &[1.0, 2.0]), array(&mut b, &[1.0, 2.0, 3.0]));
    let (t, i) = (b.boolean(true), b.int(1));
    let mut code = |op: &'static OpDef, inputs: &[NodeId], attrs: Attrs| {
        let fault = b.node(op, inputs, attrs).expect_err("it does not fit");
        assert!(!fault.message.ends_with('.') && !fault.message.starts_with(char::is_uppercase));
        fault.code.id
    };
    assert_eq!(code(&ADD, &[x, y], Attrs::none()), "E0301");
    assert_eq!(code(&CONTRACT, &[x, y], Attrs::axes([axis("k")])), "E0301");
    assert_eq!(code(&SUM, &[x], Attrs::axes([axis("n")])), "E0302");
    assert_eq!(code(&SUM, &[x], Attrs::axes([axis("k"), axis("k")])), "E0303");
    assert_eq!(code(&BROADCAST, &[x], Attrs::dims([dim("k", 2)])), "E0303");
    assert_eq!(code(&ARGMAX, &[x], Attrs::none()), "E0304");
    assert_eq!(code(&EXP, &[t], Attrs::none()), "E0401");
    assert_eq!(code(&ADD, &[x, t], Attrs::none()), "E0401");
    assert_eq!(code(&ADD, &[x, i], Attrs::none()), "E0402");
    assert_eq!(code(&EQ, &[x, t], Attrs::none()), "E0402");
    assert_eq!(code(&LT, &[t, t], Attrs::none()), "E0401");
    assert_eq!(code(&SELECT, &[x, x, x], Attrs::none()), "E0401");
    assert_eq!(code(&SELECT, &[t, x, t], Attrs::none()), "E0402");
}

#[test]
fn integers_do_not_wrap_around() {
    let run = |op: &'static OpDef, a: i64, b: i64| {
        let ty = ArrayTy::scalar(Elem::Int);
        let args = KernelArgs {
            inputs: vec![Tensor::scalar(a), Tensor::scalar(b)],
            input_tys: vec![&ty, &ty],
            attrs: &Attrs::none(),
            output_tys: std::slice::from_ref(&ty),
            precision: Precision::F64,
            runner: &NoRegions,
        };
        run_kernel(op, args).map(|t| t[0].slice::<i64>()[0]).map_err(|fault| fault.code.id)
    };
    assert_eq!(run(&ADD, 2, 3), Ok(5));
    assert_eq!(run(&ADD, i64::MAX, 1), Err("E0701"));
    assert_eq!(run(&MUL, i64::MAX, 2), Err("E0701"));
    assert_eq!(run(&MOD, -7, 3), Ok(2));
    assert_eq!(run(&MOD, 7, -3), Ok(-2));
    assert_eq!(run(&MOD, 7, 0), Err("E0701"));
    assert_eq!(run(&MOD, i64::MIN, -1), Ok(0));
    assert_eq!(run(&MAXIMUM, 7, -3), Ok(7));
}

//! What tests of operations share: running a graph node by node, reverse mode over it by the operations' own rules,
//! and comparison with central differences, of gradients and of gradients of gradients.

use super::{Build, GET, INPUT, MUL, run_kernel};
use crate::ir::{Builder, Gradient, Graph, KernelArgs, NodeId, RunFault, Runner, VjpCtx};
use crate::tensor::Tensor;
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

/// Real dims `n: 3, d: 2`.
pub fn ty(dims: &[(&str, usize)]) -> ArrayTy {
    of(Elem::Real, dims)
}

pub fn of(elem: Elem, dims: &[(&str, usize)]) -> ArrayTy {
    ArrayTy::new(elem, dims.iter().map(|(a, n)| dim(a, *n)).collect())
}

pub fn dim(axis: &str, n: usize) -> Dim {
    Dim::new(axis_of(axis), Size::Known(n))
}

pub fn axis_of(name: &str) -> Axis {
    Axis::global(name)
}

pub fn label(axis: &str) -> Elem {
    Elem::Label(axis_of(axis))
}

/// Runs every live node of a graph.
pub fn evaluate(graph: &Graph, inputs: &[Tensor]) -> Result<Vec<Tensor>, RunFault> {
    let live = graph.live();
    let mut values: Vec<Vec<Tensor>> = Vec::new();
    for id in graph.ids() {
        let node = graph.node(id);
        let tensors: Vec<Tensor> = match () {
            _ if !live[id.index()] => Vec::new(),
            _ if node.is(&INPUT) => vec![inputs[node.attrs.ints[0] as usize].clone()],
            _ if node.is(&GET) => vec![values[node.inputs[0].index()][node.attrs.ints[0] as usize].clone()],
            _ => {
                let args = KernelArgs {
                    inputs: node.inputs.iter().map(|i| values[i.index()][0].clone()).collect(),
                    input_tys: node.inputs.iter().map(|i| &graph.node(*i).tys[0]).collect(),
                    attrs: &node.attrs,
                    output_tys: &node.tys,
                    precision: graph.precision,
                    runner: &NoRegions,
                };
                run_kernel(node.op, args)?
            }
        };
        for (tensor, ty) in tensors.iter().zip(&node.tys) {
            assert_eq!(Some(tensor.shape().to_vec()), ty.shape(), "{} gives another shape than {ty}", node.op.name);
            assert!(tensor.stores(&ty.elem, graph.precision), "{} gives another element type", node.op.name);
        }
        values.push(tensors);
    }
    Ok(graph.outputs.iter().map(|o| values[o.index()][0].clone()).collect())
}

/// The gradients of a scalar by the operations' rules, zeros where there is none.
pub fn gradients(b: &mut Builder, y: NodeId, xs: &[NodeId]) -> Vec<NodeId> {
    let last = y.index();
    let mut grads: Vec<Vec<Option<NodeId>>> = (0..=last).map(|i| vec![None; b.graph.nodes[i].tys.len()]).collect();
    grads[last][0] = Some(b.real(1.0));
    for i in (0..=last).rev() {
        let node = b.graph.nodes[i].clone();
        if node.is(&GET) {
            let (source, which) = (node.inputs[0].index(), node.attrs.ints[0] as usize);
            let sum = add(b, grads[source][which], grads[i][0]);
            grads[source][which] = sum;
            continue;
        }
        if grads[i].iter().all(Option::is_none) || node.inputs.is_empty() {
            continue;
        }
        let rule = match &node.op.gradient {
            Gradient::Rule(rule) => rule,
            Gradient::Zero => continue,
            Gradient::Missing(why) => panic!("{why}"),
        };
        let id = NodeId(i as u32);
        let outputs = match node.tys.len() {
            1 => vec![id],
            n => (0..n).map(|k| b.get(id, k)).collect(),
        };
        let mut ctx = VjpCtx {
            node: id,
            inputs: node.inputs.clone(),
            outputs,
            attrs: node.attrs.clone(),
            grads: grads[i].clone(),
            needs: node.inputs.iter().map(|n| b.ty(*n).elem == Elem::Real).collect(),
            masked: false,
            times: &MUL,
            fault: None,
            b,
        };
        let found = rule(&mut ctx);
        assert!(ctx.fault.is_none());
        assert_eq!(found.len(), node.inputs.len(), "{} gives too few gradients", node.op.name);
        for (input, g) in node.inputs.iter().zip(found) {
            let sum = add(b, grads[input.index()][0], g);
            grads[input.index()][0] = sum;
        }
    }
    xs.iter()
        .map(|x| {
            let ty = b.ty(*x);
            match grads[x.index()][0] {
                Some(g) => {
                    let extra: Vec<Axis> = b.ty(g).axes().filter(|a| !ty.has(a)).cloned().collect();
                    assert!(extra.is_empty(), "a gradient has axes {extra:?} that its input lacks");
                    let g = b.broadcast_like(g, &ty);
                    b.mk(super::find("order").expect("order"), &[g], crate::ir::Attrs::axes(axes_of(&ty)))
                }
                None => b.zeros(&ty.dims),
            }
        })
        .collect()
}

fn axes_of(ty: &ArrayTy) -> Vec<Axis> {
    ty.axes().cloned().collect()
}

fn add(b: &mut Builder, a: Option<NodeId>, g: Option<NodeId>) -> Option<NodeId> {
    match (a, g) {
        (Some(a), Some(g)) => Some(b.add(a, g)),
        (a, g) => a.or(g),
    }
}

/// A scalar that depends on every element of every output in its own way: `Σ sin(c + i) y_i`.
pub fn weigh(b: &mut Builder, outputs: &[NodeId]) -> NodeId {
    let mut total = b.real(0.0);
    for (o, &y) in outputs.iter().enumerate() {
        let ty = b.ty(y);
        let n: usize = ty.shape().expect("known sizes").iter().product();
        let weights: Vec<f64> = (0..n).map(|i| crate::kernels::math::sin(1.0 + o as f64 + 0.7 * i as f64)).collect();
        let w = b.literal(Tensor::from_vec(&ty.shape().unwrap_or_default(), weights), Elem::Real, &ty.dims);
        let product = b.mul(w, y);
        let sum = b.sum(product, &axes_of(&ty));
        total = b.add(total, sum);
    }
    total
}

pub fn noise(n: usize, seed: u64) -> Vec<f64> {
    crate::kernels::random::uniform(crate::kernels::random::Stream::new(seed, &[]), n, &[-1.0], &[1.0])
}

/// Inputs of a graph under test: type and value.
pub type Given = (ArrayTy, Tensor);

pub fn given(ty: ArrayTy, data: &[f64]) -> Given {
    let shape = ty.shape().expect("known sizes");
    let tensor = match ty.elem {
        Elem::Real => Tensor::from_vec(&shape, data.to_vec()),
        Elem::Bool => Tensor::from_vec(&shape, data.iter().map(|x| *x != 0.0).collect()),
        _ => Tensor::from_vec(&shape, data.iter().map(|x| *x as i64).collect()),
    };
    (ty, tensor)
}

/// Noise of a type.
pub fn sample(dims: &[(&str, usize)], seed: u64) -> Given {
    let n = dims.iter().map(|d| d.1).product();
    given(ty(dims), &noise(n, seed))
}

/// The outputs of `f` at the inputs.
pub fn run(inputs: &[Given], f: impl Fn(&mut Builder, &[NodeId]) -> Vec<NodeId>) -> Result<Vec<Tensor>, RunFault> {
    let mut b = Builder::new(Precision::F64);
    let ids: Vec<NodeId> = inputs.iter().enumerate().map(|(i, (ty, _))| b.input(i, "x", ty)).collect();
    let outputs = f(&mut b, &ids);
    let tensors: Vec<Tensor> = inputs.iter().map(|g| g.1.clone()).collect();
    evaluate(&b.finish(outputs), &tensors)
}

/// Compares first and second derivatives of `weigh(f)` with central differences in all real inputs.
pub fn check_gradients(inputs: &[Given], f: impl Fn(&mut Builder, &[NodeId]) -> Vec<NodeId>) {
    check_order(inputs, 1, 2e-7, &f);
    check_order(inputs, 2, 2e-6, &f);
}

/// Compares derivatives of one order only.
pub fn check_order(
    inputs: &[Given],
    order: usize,
    tolerance: f64,
    f: &impl Fn(&mut Builder, &[NodeId]) -> Vec<NodeId>,
) {
    let real: Vec<usize> = (0..inputs.len()).filter(|&i| inputs[i].0.elem == Elem::Real).collect();
    let mut b = Builder::new(Precision::F64);
    let ids: Vec<NodeId> = inputs.iter().enumerate().map(|(i, (ty, _))| b.input(i, "x", ty)).collect();
    let xs: Vec<NodeId> = real.iter().map(|&i| ids[i]).collect();
    let outputs = f(&mut b, &ids);
    let mut y = weigh(&mut b, &outputs);
    let mut grads = gradients(&mut b, y, &xs);
    for _ in 1..order {
        y = weigh(&mut b, &grads);
        grads = gradients(&mut b, y, &xs);
    }
    let mut outputs = vec![y];
    outputs.extend(grads);
    let graph = b.finish(outputs);
    let mut tensors: Vec<Tensor> = inputs.iter().map(|g| g.1.clone()).collect();
    let found = evaluate(&graph, &tensors).expect("a value");
    for (k, &i) in real.iter().enumerate() {
        let data = inputs[i].1.to_f64();
        let ours = found[k + 1].to_f64();
        for j in 0..data.len() {
            let mut at = |x: f64| {
                let mut moved = data.clone();
                moved[j] = x;
                tensors[i] = Tensor::from_vec(inputs[i].1.shape(), moved);
                evaluate(&graph, &tensors).expect("a value")[0].to_f64()[0]
            };
            // Fourth order, so that truncation stays below rounding.
            let h = 1e-3;
            let near = at(data[j] + h) - at(data[j] - h);
            let far = at(data[j] + 2.0 * h) - at(data[j] - 2.0 * h);
            let numeric = (8.0 * near - far) / (12.0 * h);
            let off = (numeric - ours[j]).abs() / numeric.abs().max(1.0);
            assert!(
                off < tolerance,
                "derivative {order} by input {i}, element {j}: rule {} differences {numeric}",
                ours[j]
            );
            tensors[i] = inputs[i].1.clone();
        }
    }
}

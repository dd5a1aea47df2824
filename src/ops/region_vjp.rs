//! Gradients of loops, branches and functions with gradients of their own: rules that differentiate regions with the
//! driver in `vjp` and build new region nodes from the results.
//!
//! A loop is differentiated by a twin that also keeps every state at the entry of each round (the tape), and a loop
//! over the same counters in the other direction whose body computes a round again and goes back through it. States
//! of that second loop are the gradients of the first one's states, and the sums of the gradients of its captures.

use super::loops::prune_inputs;
use super::vjp::{batch_dims, conform, flows, vjp_masked};
use super::{Build, COND, LOOP, LoopShape, bounds, find};
use crate::diag::codes::check;
use crate::ir::{Attrs, Builder, Graph, NodeId, RunFault, VjpCtx};
use crate::types::{ArrayTy, Dim, Elem, Size};
use std::sync::Arc;

type Grads = Vec<Option<NodeId>>;

fn settle(ctx: &mut VjpCtx, result: Result<Grads, RunFault>) -> Grads {
    result.unwrap_or_else(|fault| {
        ctx.fault = Some(fault);
        vec![None; ctx.inputs.len()]
    })
}

/// The gradient region with the gradient of the result as its last argument, inlined: axes that the gradient carries
/// beyond those of the result go through it like any others.
pub fn of_custom(ctx: &mut VjpCtx) -> Grads {
    let mut back = vec![None; ctx.inputs.len()];
    let Some(g) = ctx.grad() else { return back };
    let mut args = ctx.inputs.clone();
    args.push(g);
    let grads = match super::lift::inline(ctx.b, &ctx.attrs.regions[1].clone(), &args) {
        Ok(grads) => grads,
        Err(fault) => {
            ctx.fault = Some(fault);
            return back;
        }
    };
    for (index, grad) in ctx.attrs.ints.iter().zip(grads) {
        back[*index as usize] = Some(grad);
    }
    back
}

pub fn of_cond(ctx: &mut VjpCtx) -> Grads {
    let result = cond_gradient(ctx);
    settle(ctx, result)
}

pub fn of_loop(ctx: &mut VjpCtx) -> Grads {
    let result = loop_gradient(ctx);
    settle(ctx, result)
}

/// True if some node of the graph or of a region in it chooses between branches elementwise.
fn has_select(graph: &Graph) -> bool {
    graph.nodes.iter().any(|node| super::vjp::masks(node) || node.attrs.regions.iter().any(|g| has_select(g)))
}

/// Axes over which some gradient is a batch: for each, its type and that of what it belongs to.
fn union_batch(pairs: impl Iterator<Item = (ArrayTy, ArrayTy)>) -> Vec<Dim> {
    let mut dims: Vec<Dim> = Vec::new();
    for (grad, own) in pairs {
        for dim in batch_dims(&grad, &own) {
            if !dims.iter().any(|d| d.axis == dim.axis) {
                dims.push(dim);
            }
        }
    }
    dims
}

fn with_batch(batch: &[Dim], ty: &ArrayTy) -> ArrayTy {
    ArrayTy::new(ty.elem.clone(), batch.iter().chain(&ty.dims).cloned().collect())
}

/// Builds the inside of a region: inputs of given types in order, open sizes shared with the graph around it.
struct Inner {
    b: Builder,
    inputs: usize,
}

impl Inner {
    fn new(outer: &Builder) -> Inner {
        let mut b = Builder::new(outer.graph.precision);
        (b.sizes, b.span, b.exact) = (outer.sizes.clone(), outer.span, outer.exact);
        Inner { b, inputs: 0 }
    }

    fn input(&mut self, name: &str, ty: &ArrayTy) -> NodeId {
        self.inputs += 1;
        self.b.input(self.inputs - 1, name, ty)
    }

    /// The loop counter, the first input, noting the interval it runs through.
    fn counter(&mut self, name: &str, interval: Option<(i64, i64)>) -> NodeId {
        let ints = match interval {
            Some((low, high)) => vec![0, low, high],
            None => vec![0],
        };
        self.inputs += 1;
        let attrs = Attrs { elem: Some(Elem::Int), ..Attrs::ints(ints).with_name(name) };
        let id = self.b.apply(&super::INPUT, &[], attrs);
        self.b.graph.inputs.push(id);
        id
    }

    fn finish(self, outer: &mut Builder, outputs: Vec<NodeId>) -> Graph {
        outer.sizes = self.b.sizes.clone();
        self.b.finish(outputs)
    }
}

fn cond_gradient(ctx: &mut VjpCtx) -> Result<Grads, RunFault> {
    let mut back = vec![None; ctx.inputs.len()];
    let needed: Vec<usize> = (1..ctx.inputs.len()).filter(|&i| ctx.needs[i]).collect();
    let own = |ctx: &VjpCtx, k: usize| ctx.b.ty(ctx.outputs[k]);
    let given: Vec<(usize, NodeId)> = ctx.grads.iter().enumerate().filter_map(|(k, g)| Some((k, (*g)?))).collect();
    let batch = union_batch(given.iter().map(|&(k, g)| (ctx.b.ty(g), own(ctx, k))));
    ctx.masked |= ctx.attrs.regions.iter().any(|g| has_select(g));
    let mut regions = Vec::new();
    for branch in ctx.attrs.regions.clone() {
        let mut inner = Inner::new(ctx.b);
        let captures: Vec<NodeId> =
            (1..ctx.inputs.len()).map(|i| inner.input(&format!("c{i}"), &ctx.b.ty(ctx.inputs[i]))).collect();
        let grads: Vec<NodeId> = given.iter().map(|&(k, g)| inner.input(&format!("g{k}"), &ctx.b.ty(g))).collect();
        let results = inner.b.inline(&branch, &captures);
        let outputs: Vec<NodeId> = given.iter().map(|&(k, _)| results[k]).collect();
        let cotangents: Grads = grads.into_iter().map(Some).collect();
        let wrt: Vec<NodeId> = needed.iter().map(|&i| captures[i - 1]).collect();
        let found = vjp_masked(&mut inner.b, &outputs, &cotangents, &wrt, ctx.masked)?;
        let mut results = Vec::new();
        for (&i, grad) in needed.iter().zip(found) {
            let dims = with_batch(&batch, &ctx.b.ty(ctx.inputs[i])).dims;
            let grad = grad.map(|g| g.node).unwrap_or_else(|| inner.b.real(0.0));
            results.push(conform(&mut inner.b, grad, &dims));
        }
        regions.push(Arc::new(inner.finish(ctx.b, results)));
    }
    let mut inputs = ctx.inputs.clone();
    inputs.extend(given.iter().map(|&(_, g)| g));
    let node = ctx.b.apply(&COND, &inputs, Attrs::none().with_regions(regions));
    let several = needed.len() > 1;
    for (k, &i) in needed.iter().enumerate() {
        back[i] = Some(if several { ctx.b.get(node, k) } else { node });
    }
    Ok(back)
}

/// What is known of a loop that is being differentiated.
struct LoopVjp {
    shape: LoopShape,
    body: Arc<Graph>,
    /// The states that get a gradient: they depend on what is differentiated by, and the given gradients on them.
    adjoint: Vec<usize>,
    /// The captures (counted from the first) that get one.
    captures: Vec<usize>,
    /// The axes that a batch of cotangents adds.
    batch: Vec<Dim>,
    /// The dim along which rounds are kept.
    rounds: Dim,
    /// The interval of the counter, where it is known.
    interval: Option<(i64, i64)>,
    masked: bool,
}

impl LoopVjp {
    /// The name of an input of the body.
    fn name_of(&self, input: usize) -> String {
        self.body.node(self.body.inputs[input]).attrs.name.as_deref().unwrap_or("x").to_string()
    }
}

fn loop_gradient(ctx: &mut VjpCtx) -> Result<Grads, RunFault> {
    let none = vec![None; ctx.inputs.len()];
    let Some(l) = analyse(ctx)? else { return Ok(none) };
    ctx.masked = l.masked;
    let (twin, entries) = taped_twin(ctx, &l);
    let back = backward_loop(ctx, &l, twin, &entries)?;
    let mut grads = none;
    for (k, &i) in l.adjoint.iter().enumerate() {
        grads[2 + i] = Some(ctx.b.get(back, k));
    }
    for (k, &c) in l.captures.iter().enumerate() {
        grads[l.shape.first_capture() + c] = Some(ctx.b.get(back, l.adjoint.len() + k));
    }
    Ok(grads)
}

fn analyse(ctx: &mut VjpCtx) -> Result<Option<LoopVjp>, RunFault> {
    let shape = LoopShape::of(&ctx.attrs);
    let body = ctx.attrs.regions[0].clone();
    let flow = flows(&body);
    let (s, first) = (shape.states, shape.first_capture());
    let captures = ctx.inputs.len() - first;
    let given = |k: usize| ctx.grads.get(k).is_some_and(Option::is_some);
    let mut active: Vec<bool> = (0..s).map(|i| ctx.needs[2 + i]).collect();
    let mut useful: Vec<bool> = (0..s).map(given).collect();
    // To the fixed point: a state is active through others after at most `s` rounds, and useful likewise.
    for _ in 0..=s {
        for i in 0..s {
            let from_captures = (0..captures).any(|c| ctx.needs[first + c] && flow[i][1 + s + c]);
            active[i] |= from_captures || (0..s).any(|j| active[j] && flow[i][1 + j]);
            useful[i] |= (0..s).any(|j| useful[j] && flow[j][1 + i]);
            useful[i] |= (s..shape.rounds()).any(|k| given(k) && flow[k][1 + i]);
        }
    }
    let is_real = |i: usize| ctx.b.ty(ctx.inputs[2 + i]).elem == Elem::Real;
    let adjoint: Vec<usize> = (0..s).filter(|&i| active[i] && useful[i] && is_real(i)).collect();
    let reached = |c: usize| {
        adjoint.iter().any(|&j| flow[j][1 + s + c]) || (s..shape.rounds()).any(|k| given(k) && flow[k][1 + s + c])
    };
    let needed: Vec<usize> = (0..captures).filter(|&c| ctx.needs[first + c] && reached(c)).collect();
    if adjoint.is_empty() && needed.is_empty() {
        return Ok(None);
    }
    let pairs = (0..shape.rounds()).filter_map(|k| Some((ctx.b.ty(ctx.grads[k]?), ctx.b.ty(ctx.outputs[k]))));
    let batch = union_batch(pairs.collect::<Vec<_>>().into_iter());
    let masked = ctx.masked || has_select(&body);
    let (from, to) = (ctx.inputs[0], ctx.inputs[1]);
    let interval = bounds::counter(ctx.b, from, to);
    let rounds = match ctx.attrs.dims.first() {
        Some(dim) => dim.clone(),
        None => {
            let size = tape_size(ctx.b, from, to)?;
            Dim::new(ctx.b.fresh_axis("round"), size)
        }
    };
    Ok(Some(LoopVjp { shape, body, adjoint, captures: needed, batch, rounds, interval, masked }))
}

/// How many rounds the tape must have room for.
fn tape_size(b: &mut Builder, from: NodeId, to: NodeId) -> Result<Size, RunFault> {
    bounds::rounds(b, from, to).ok_or_else(|| {
        let message = "a gradient through a loop needs a bound on its number of rounds";
        let fault = RunFault::new(&check::E0342, message, "how often this repeats depends on data");
        fault.help("loop over a range that is known before it runs, and leave early with `until`")
    })
}

/// The loop again with the states at the entry of each round kept as well. Gives the node, and for each state the
/// output that holds its tape.
fn taped_twin(ctx: &mut VjpCtx, l: &LoopVjp) -> (NodeId, Vec<usize>) {
    let mut inner = Inner::new(ctx.b);
    let counter = inner.counter(&l.name_of(0), l.interval);
    let mut args = vec![counter];
    for &input in &ctx.inputs[2..] {
        let name = l.name_of(inner.inputs);
        args.push(inner.input(&name, &ctx.b.ty(input)));
    }
    let (outputs, go_on) = {
        let mut outputs = inner.b.inline(&l.body, &args);
        let go_on = l.shape.until.then(|| outputs.remove(l.shape.rounds()));
        (outputs, go_on)
    };
    let mut results = outputs;
    let mut entries = Vec::new();
    for state in &args[1..1 + l.shape.states] {
        // A round that already keeps its state needs no second copy of it.
        let known = results[l.shape.states..].iter().position(|id| id == state);
        entries.push(l.shape.states + known.unwrap_or(results.len() - l.shape.states));
        if known.is_none() {
            results.push(*state);
        }
    }
    let shape = LoopShape { kept: results.len() - l.shape.states, ..l.shape };
    results.extend(go_on);
    let body = inner.finish(ctx.b, results);
    let attrs = Attrs::ints(shape.ints()).with_dims([l.rounds.clone()]).with_regions(vec![Arc::new(body)]);
    (ctx.b.apply(&LOOP, &ctx.inputs.clone(), attrs), entries)
}

fn backward_loop(ctx: &mut VjpCtx, l: &LoopVjp, twin: NodeId, entries: &[usize]) -> Result<NodeId, RunFault> {
    let s = l.shape.states;
    let (from, to) = (ctx.inputs[0], ctx.inputs[1]);
    let outer_captures = ctx.inputs[l.shape.first_capture()..].to_vec();
    // Gradients so far: of the final states, and none of the captures.
    let mut states: Vec<(NodeId, ArrayTy)> = Vec::new();
    for &i in &l.adjoint {
        let ty = with_batch(&l.batch, &ctx.b.ty(ctx.inputs[2 + i]));
        let start = ctx.grads[i].unwrap_or_else(|| ctx.b.real(0.0));
        states.push((conform(ctx.b, start, &ty.dims), ty));
    }
    for &c in &l.captures {
        let ty = with_batch(&l.batch, &ctx.b.ty(outer_captures[c]));
        let zero = ctx.b.real(0.0);
        states.push((conform(ctx.b, zero, &ty.dims), ty));
    }
    // What a round needs to know: where counting starts, the tapes, gradients of kept values, the captures.
    let kept: Vec<(usize, NodeId)> = (s..l.shape.rounds()).filter_map(|k| Some((k, ctx.grads[k]?))).collect();
    let tapes: Vec<NodeId> = entries.iter().map(|&k| ctx.b.get(twin, k)).collect();
    let mut known = vec![from];
    known.extend(tapes);
    known.extend(kept.iter().map(|&(_, g)| g));
    known.extend(&outer_captures);
    let region = backward_body(ctx, l, &states, &known, &kept)?;
    let (region, left) = prune_inputs(region, 1 + states.len());
    let (low, high) = range_made(ctx, l, twin, from, to);
    let mut inputs = vec![low, high];
    inputs.extend(states.iter().map(|(id, _)| *id));
    inputs.extend(left.iter().filter(|&&i| i > states.len()).map(|&i| known[i - 1 - states.len()]));
    let shape = LoopShape { states: states.len(), kept: 0, until: false, backwards: !l.shape.backwards };
    Ok(ctx.b.apply(&LOOP, &inputs, Attrs::ints(shape.ints()).with_regions(vec![Arc::new(region)])))
}

/// The counters of the rounds that were really made.
fn range_made(ctx: &mut VjpCtx, l: &LoopVjp, twin: NodeId, from: NodeId, to: NodeId) -> (NodeId, NodeId) {
    if !l.shape.until {
        return (from, to);
    }
    let last = ctx.b.graph.node(twin).tys.len() - 1;
    let made = ctx.b.get(twin, last);
    if l.shape.backwards { (ctx.b.sub(to, made), to) } else { (from, ctx.b.add(from, made)) }
}

fn backward_body(
    ctx: &mut VjpCtx,
    l: &LoopVjp,
    states: &[(NodeId, ArrayTy)],
    known: &[NodeId],
    kept: &[(usize, NodeId)],
) -> Result<Graph, RunFault> {
    let s = l.shape.states;
    let mut inner = Inner::new(ctx.b);
    let counter = inner.counter(&l.name_of(0), l.interval);
    let adjoints: Vec<NodeId> =
        states.iter().enumerate().map(|(i, (_, ty))| inner.input(&format!("a{i}"), ty)).collect();
    let known: Vec<NodeId> =
        known.iter().enumerate().map(|(i, id)| inner.input(&format!("c{i}"), &ctx.b.ty(*id))).collect();
    let (tapes, rest) = known[1..].split_at(s);
    let (kept_grads, captures) = rest.split_at(kept.len());
    let b = &mut inner.b;
    let row = b.sub(counter, known[0]);
    let label = Attrs { elem: Some(Elem::Label(l.rounds.axis.clone())), ..Attrs::dims([l.rounds.clone()]) };
    let row = b.apply(&super::CAST, &[row], label);
    let entry: Vec<NodeId> = tapes.iter().map(|&tape| b.pick(tape, &l.rounds.axis, row)).collect();
    let args: Vec<NodeId> = [counter].iter().chain(&entry).chain(captures).copied().collect();
    let results = b.inline(&l.body, &args);
    let mut outputs = Vec::new();
    let mut cotangents = Vec::new();
    for (k, &i) in l.adjoint.iter().enumerate() {
        outputs.push(results[i]);
        cotangents.push(Some(adjoints[k]));
    }
    for (&(k, _), &grad) in kept.iter().zip(kept_grads) {
        outputs.push(results[k]);
        cotangents.push(Some(b.pick(grad, &l.rounds.axis, row)));
    }
    let wrt: Vec<NodeId> = l.adjoint.iter().map(|&i| entry[i]).chain(l.captures.iter().map(|&c| captures[c])).collect();
    let found = vjp_masked(b, &outputs, &cotangents, &wrt, l.masked)?;
    let mut next = Vec::new();
    for (k, grad) in found.iter().enumerate() {
        let dims = &states[k].1.dims;
        let grad = grad.map(|g| g.node);
        let value = match k < l.adjoint.len() {
            true => grad.unwrap_or_else(|| b.real(0.0)),
            false => accumulate(b, adjoints[k], grad),
        };
        next.push(conform(b, value, dims));
    }
    Ok(inner.finish(ctx.b, next))
}

/// Adds a round's gradient of a capture to the sum. Where it is a scatter into zeros, it is added in place instead:
/// a loop over the rows of a capture would else touch all of it in every round.
fn accumulate(b: &mut Builder, sum: NodeId, grad: Option<NodeId>) -> NodeId {
    let Some(grad) = grad else { return sum };
    let node = b.graph.node(grad).clone();
    if node.is(&super::ADD) {
        let first = accumulate(b, sum, Some(node.inputs[0]));
        let second = accumulate(b, first, Some(node.inputs[1]));
        return second;
    }
    let plain_scatter = node.op.name == "scatter_add" && b.ty(node.inputs[1]).is_scalar();
    let axis = node.attrs.axes.first().cloned();
    if let (true, Some(axis)) = (plain_scatter, axis)
        && b.ty(grad).dims.len() == b.ty(sum).dims.len()
        && let Some(update) = find("update")
    {
        let wanted: Vec<Dim> = b.ty(sum).without(std::slice::from_ref(&axis));
        let value = conform(b, node.inputs[0], &wanted);
        return b.apply(update, &[sum, node.inputs[1], value], Attrs::axes([axis]).with_ints([1]));
    }
    b.add(sum, grad)
}

//! Reverse mode, graph to graph: from gradients of some nodes to gradients of others. The nodes added use only
//! operations of the table, so that a gradient can be simplified, printed, run and differentiated like anything else.
//! Expands no `GRAD` node: the `ad` stage does, and drives this.

use super::{ADD, Build, GET, MUL, SELECT, ZDIV, ZMUL, find};
use crate::diag::codes::run;
use crate::ir::{Attrs, Builder, Gradient, Graph, Node, NodeId, OpDef, RunFault, VjpCtx};
use crate::types::{ArrayTy, Axis, Dim, Elem};

/// A gradient, and whether it came through a `where` (then products with it keep exact zeros).
#[derive(Clone, Copy, Debug)]
pub struct Cotangent {
    pub node: NodeId,
    pub masked: bool,
}

/// Gradients of `wrt` given those of `outputs` (`None` where zero; `cotangents` has as many as `outputs`). A cotangent
/// may carry axes that its output lacks: a batch of cotangents; the gradients then carry them too. `wrt` are taken as
/// independent: nothing flows through them. Faults name an operation without a gradient.
pub fn vjp(
    b: &mut Builder,
    outputs: &[NodeId],
    cotangents: &[Option<NodeId>],
    wrt: &[NodeId],
) -> Result<Vec<Option<NodeId>>, RunFault> {
    Ok(vjp_masked(b, outputs, cotangents, wrt, false)?.into_iter().map(|g| g.map(|g| g.node)).collect())
}

/// Operations whose gradient may be an exact zero that has to win over infinite derivatives further back.
pub(super) fn masks(node: &Node) -> bool {
    node.is(&SELECT) || node.is(&ZMUL) || node.is(&ZDIV)
}

/// The same with the `masked` flag of what comes in and goes out.
pub fn vjp_masked(
    b: &mut Builder,
    outputs: &[NodeId],
    cotangents: &[Option<NodeId>],
    wrt: &[NodeId],
    masked: bool,
) -> Result<Vec<Option<Cotangent>>, RunFault> {
    let mut driver = Driver::new(b, outputs, wrt);
    for (output, cotangent) in outputs.iter().zip(cotangents) {
        if let Some(node) = *cotangent {
            driver.add(*output, Cotangent { node, masked });
        }
    }
    let (span, exact) = (driver.b.span, driver.b.exact);
    let done = driver.run();
    (driver.b.span, driver.b.exact) = (span, exact);
    done?;
    Ok(wrt.iter().map(|id| driver.grads[id.index()].first().copied().flatten()).collect())
}

struct Driver<'a> {
    b: &'a mut Builder,
    /// For each node, whether it depends on `wrt` through reals.
    depends: Vec<bool>,
    /// For each node and output, the gradient gathered so far.
    grads: Vec<Vec<Option<Cotangent>>>,
    /// The nodes differentiated by: what they receive stays there.
    leaves: Vec<bool>,
    last: usize,
}

impl<'a> Driver<'a> {
    fn new(b: &'a mut Builder, outputs: &[NodeId], wrt: &[NodeId]) -> Driver<'a> {
        let depends = dependents(&b.graph, wrt);
        let grads = b.graph.nodes.iter().map(|node| vec![None; node.tys.len()]).collect();
        let mut leaves = vec![false; b.graph.nodes.len()];
        wrt.iter().for_each(|id| leaves[id.index()] = true);
        let last = outputs.iter().map(|id| id.index() + 1).max().unwrap_or(0);
        Driver { b, depends, grads, leaves, last }
    }

    fn run(&mut self) -> Result<(), RunFault> {
        for index in (0..self.last).rev() {
            if self.depends[index] && !self.leaves[index] && self.grads[index].iter().any(Option::is_some) {
                self.visit(NodeId(index as u32))?;
            }
        }
        Ok(())
    }

    /// Adds to what a node receives. A `GET` is the output that it reads.
    fn add(&mut self, id: NodeId, more: Cotangent) {
        if !self.depends[id.index()] {
            return;
        }
        let node = self.b.graph.node(id);
        let (target, output) = match node.is(&GET) && !self.leaves[id.index()] {
            true => (node.inputs[0], node.attrs.ints.first().copied().unwrap_or(0) as usize),
            false => (id, 0),
        };
        let slot = &mut self.grads[target.index()][output];
        *slot = Some(match *slot {
            None => more,
            Some(old) => {
                let node = self.b.apply(&ADD, &[old.node, more.node], Attrs::none());
                Cotangent { node, masked: old.masked || more.masked }
            }
        });
    }

    fn visit(&mut self, id: NodeId) -> Result<(), RunFault> {
        let node = self.b.graph.node(id).clone();
        (self.b.span, self.b.exact) = (node.span, node.exact);
        let rule = match node.op.gradient {
            Gradient::Rule(rule) => rule,
            Gradient::Zero => return Ok(()),
            Gradient::Missing(why) => return Err(missing(&node, why)),
        };
        let grads = std::mem::take(&mut self.grads[id.index()]);
        let masked = grads.iter().flatten().any(|g| g.masked) || masks(&node);
        let needs: Vec<bool> = node.inputs.iter().map(|i| self.depends[i.index()] && is_real(self.b, *i)).collect();
        let outputs = match node.tys.len() {
            1 => vec![id],
            n => (0..n).map(|k| self.b.get(id, k)).collect(),
        };
        let mut ctx = VjpCtx {
            node: id,
            inputs: node.inputs.clone(),
            outputs,
            attrs: node.attrs.clone(),
            grads: grads.iter().map(|g| g.map(|g| g.node)).collect(),
            needs: needs.clone(),
            masked,
            times: if masked { &ZMUL } else { &MUL },
            fault: None,
            b: &mut *self.b,
        };
        let back = rule(&mut ctx);
        let masked = ctx.masked;
        if let Some(mut fault) = ctx.fault.take() {
            fault.span = fault.span.or(Some(node.span));
            return Err(fault);
        }
        for (i, grad) in back.into_iter().enumerate() {
            if let Some(grad) = grad
                && needs[i]
            {
                let grad = self.fit(grad, &node, node.inputs[i]);
                self.add(node.inputs[i], Cotangent { node: grad, masked });
            }
        }
        Ok(())
    }

    /// Gives a gradient all axes of the input it belongs to, and sums what is left of the node's own axes.
    fn fit(&mut self, grad: NodeId, node: &Node, input: NodeId) -> NodeId {
        let (ty, input_ty) = (self.b.ty(grad), self.b.ty(input));
        let own = |axis: &&Axis| !input_ty.has(axis) && node.tys.iter().any(|ty| ty.has(axis));
        let left: Vec<Axis> = ty.axes().filter(own).cloned().collect();
        let grad = self.b.sum(grad, &left);
        self.b.broadcast_like(grad, &input_ty)
    }
}

fn is_real(b: &Builder, id: NodeId) -> bool {
    b.graph.ty(id).elem == Elem::Real || b.graph.node(id).tys.len() > 1
}

fn missing(node: &Node, why: &str) -> RunFault {
    let message = format!("`{}` has no gradient: {why}", node.op.name);
    let mut fault = RunFault::new(&run::E0901, message, "the gradient was to go through this");
    fault.span = Some(node.span);
    fault.help("take it out of what is differentiated with `stop(...)`, or state a gradient with `with grad`")
}

/// For each node, whether a change of one of `wrt` can change it smoothly.
fn dependents(graph: &Graph, wrt: &[NodeId]) -> Vec<bool> {
    let mut depends = vec![false; graph.nodes.len()];
    for id in graph.ids() {
        let node = graph.node(id);
        let carries = !matches!(node.op.gradient, Gradient::Zero) && node.tys.iter().any(|ty| ty.elem == Elem::Real);
        depends[id.index()] = wrt.contains(&id) || (carries && node.inputs.iter().any(|i| depends[i.index()]));
    }
    depends
}

/// For each output of a graph, for each of its inputs: whether the one can depend smoothly on the other.
pub fn flows(graph: &Graph) -> Vec<Vec<bool>> {
    let by_input: Vec<Vec<bool>> = graph.inputs.iter().map(|input| dependents(graph, &[*input])).collect();
    let row = |out: &NodeId| by_input.iter().map(|depends| depends[out.index()]).collect();
    graph.outputs.iter().map(row).collect()
}

/// `x` repeated along those of `dims` that it lacks, and stored in their order; `x` has no other axes.
pub fn conform(b: &mut Builder, x: NodeId, dims: &[Dim]) -> NodeId {
    let x = b.broadcast(x, dims);
    let wanted: Vec<Axis> = dims.iter().map(|d| d.axis.clone()).collect();
    let same = b.ty(x).axes().eq(&wanted);
    if same { x } else { b.apply(named("order"), &[x], Attrs::axes(wanted)) }
}

/// The axes of a gradient that its node's type lacks: a batch of cotangents.
pub fn batch_dims(grad: &ArrayTy, node: &ArrayTy) -> Vec<Dim> {
    grad.dims.iter().filter(|d| !node.has(&d.axis)).cloned().collect()
}

fn named(name: &str) -> &'static OpDef {
    find(name).expect("internal: an operation is missing from the table")
}

//! Planning: the order of the kernels, where each value lives and when it dies, constants worked out once. A value's
//! place is reused as soon as nothing reads it any more, and its last reader gets it for its own, so that kernels can
//! write in place.

use crate::diag::codes::run;
use crate::ir::{Attrs, Graph, Kernel, KernelArgs, Lifting, Node, NodeId, OpDef, RunFault, Runner};
use crate::ops::{BROADCAST, GET, INPUT, LOOP, loops, run_kernel};
use crate::source::Span;
use crate::tensor::Tensor;
use crate::types::{ArrayTy, Precision};
use std::sync::{Arc, OnceLock};

/// A graph made ready to run: see [`Plan::new`] and [`Plan::run`].
pub struct Plan {
    pub(super) steps: Vec<Step>,
    /// How many places for values a run needs.
    pub(super) slots: usize,
    /// Where each argument goes; `None` if nothing reads it.
    pub(super) inputs: Vec<Option<u32>>,
    pub(super) input_tys: Vec<ArrayTy>,
    pub(super) outputs: Vec<Read>,
    pub(super) constants: Vec<Tensor>,
    pub(super) precision: Precision,
}

/// One kernel to run.
pub(super) struct Step {
    pub op: &'static OpDef,
    pub attrs: Attrs,
    pub inputs: Vec<Read>,
    pub input_tys: Vec<ArrayTy>,
    /// The place of each output; `None` if nothing reads it.
    pub outputs: Vec<Option<u32>>,
    pub output_tys: Vec<ArrayTy>,
    pub span: Span,
    pub regions: Vec<Region>,
    /// Bytes of all outputs where they are so many that there may be no room for them.
    pub large: Option<usize>,
}

/// Where a kernel finds an input.
#[derive(Clone, Copy)]
pub(super) enum Read {
    Constant(u32),
    /// Read, and left for others.
    Share(u32),
    /// Read for the last time: the reader owns it.
    Take(u32),
}

/// A region and its plan, which is made when it is first run.
pub(super) struct Region {
    pub graph: Arc<Graph>,
    plan: OnceLock<Result<Plan, RunFault>>,
}

impl Region {
    pub fn new(graph: Arc<Graph>) -> Region {
        Region { graph, plan: OnceLock::new() }
    }

    pub fn plan(&self) -> Result<&Plan, RunFault> {
        self.plan.get_or_init(|| Plan::new(&self.graph)).as_ref().map_err(RunFault::clone)
    }
}

/// Constants larger than this are computed in each run and die after their last use; also, so small ones start no
/// worker threads while planning.
const MOST_FOLDED: usize = 4096;
/// The same for literals and coordinates, which cost nothing but memory.
const MOST_LEAF: usize = 1 << 22;

/// A value before it has a place: an output of a node, or a constant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Value {
    Constant(u32),
    Output(NodeId, usize),
}

impl Plan {
    /// Orders the kernels of a graph. Faults if a size is still open or a `grad` is left.
    pub fn new(graph: &Graph) -> Result<Plan, RunFault> {
        let graph = loops::trim(&loops::merge(graph));
        Planner::new(&graph)?.finish()
    }

    /// How many kernels a run calls (not counting those inside loops).
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

struct Planner<'a> {
    graph: &'a Graph,
    /// For each node, its outputs; a `GET` has the output that it reads.
    values: Vec<Vec<Value>>,
    constants: Vec<Tensor>,
    /// The nodes that are executed, with the nodes whose values they read.
    order: Vec<(NodeId, Vec<NodeId>)>,
}

impl<'a> Planner<'a> {
    fn new(graph: &'a Graph) -> Result<Planner<'a>, RunFault> {
        let mut planner =
            Planner { graph, values: vec![Vec::new(); graph.nodes.len()], constants: vec![], order: vec![] };
        let inputs = planner.readers();
        for id in graph.ids() {
            let node = graph.node(id);
            let Some(reads) = &inputs[id.index()] else { continue };
            planner.values[id.index()] = match planner.known(id, node, reads)? {
                Some(values) => values,
                None => {
                    planner.order.push((id, reads.clone()));
                    (0..node.tys.len()).map(|k| Value::Output(id, k)).collect()
                }
            };
        }
        Ok(planner)
    }

    /// For each node that is needed, the nodes that it reads. Elementwise kernels align by name, so they read through
    /// a repetition instead of having it written out.
    fn readers(&self) -> Vec<Option<Vec<NodeId>>> {
        let graph = self.graph;
        let mut readers: Vec<Option<Vec<NodeId>>> = vec![None; graph.nodes.len()];
        let mut needed = vec![false; graph.nodes.len()];
        graph.outputs.iter().for_each(|out| needed[out.index()] = true);
        for id in graph.ids().rev() {
            if !needed[id.index()] {
                continue;
            }
            let node = graph.node(id);
            let through = node.op.lifting == Lifting::Elementwise && node.inputs.len() > 1;
            let mut reads = node.inputs.clone();
            for read in &mut reads {
                while through && graph.node(*read).is(&BROADCAST) {
                    *read = graph.node(*read).inputs[0];
                }
                needed[read.index()] = true;
            }
            readers[id.index()] = Some(reads);
        }
        readers
    }

    /// The values of a node that needs no kernel: arguments, outputs of others, constants.
    fn known(&mut self, id: NodeId, node: &Node, reads: &[NodeId]) -> Result<Option<Vec<Value>>, RunFault> {
        if node.is(&INPUT) {
            return Ok(Some(vec![Value::Output(id, 0)]));
        }
        if node.is(&GET) {
            let index = node.attrs.ints.first().copied().unwrap_or(0) as usize;
            return Ok(Some(vec![self.values[reads[0].index()][index]]));
        }
        if matches!(node.op.kernel, Kernel::None) {
            return Err(at(node, &run::E0901, format!("`{}` was left to be executed", node.op.name)));
        }
        let Some(shapes) = node.tys.iter().map(ArrayTy::shape).collect::<Option<Vec<_>>>() else {
            return Err(at(node, &run::E0901, "the size of an axis is not known when it is computed".into()));
        };
        let len: usize = shapes
            .iter()
            .map(|shape| shape.iter().fold(1usize, |n, m| n.saturating_mul(*m)))
            .fold(0, usize::saturating_add);
        let drawn = node.op.name == "random";
        let most = if node.inputs.is_empty() { MOST_LEAF } else { MOST_FOLDED };
        if len > most || drawn || !node.attrs.regions.is_empty() {
            return Ok(None);
        }
        let mut inputs = Vec::new();
        for read in reads {
            match self.values[read.index()][0] {
                Value::Constant(index) => inputs.push(self.constants[index as usize].clone()),
                Value::Output(..) => return Ok(None),
            }
        }
        // A constant that cannot be computed faults when (and if) it is run.
        let Ok(found) = run_kernel(node.op, args(self.graph, node, reads, inputs)) else { return Ok(None) };
        let first = self.constants.len() as u32;
        self.constants.extend(found);
        Ok(Some((first..self.constants.len() as u32).map(Value::Constant).collect()))
    }

    fn value(&self, id: NodeId) -> Value {
        self.values[id.index()][0]
    }

    fn finish(self) -> Result<Plan, RunFault> {
        let graph = self.graph;
        // For each node and output, the index of the last step that reads it; the end for outputs of the plan.
        let mut last: Vec<Vec<Option<usize>>> = graph.nodes.iter().map(|node| vec![None; node.tys.len()]).collect();
        for (step, (_, reads)) in self.order.iter().enumerate() {
            for read in reads {
                if let Value::Output(id, k) = self.value(*read) {
                    last[id.index()][k] = Some(step);
                }
            }
        }
        for out in &graph.outputs {
            if let Value::Output(id, k) = self.value(*out) {
                last[id.index()][k] = Some(usize::MAX);
            }
        }
        let mut places =
            Places { slot: graph.nodes.iter().map(|node| vec![None; node.tys.len()]).collect(), ..Places::default() };
        let inputs = graph.inputs.iter().map(|id| places.give(*id, 0, last[id.index()][0])).collect();
        let mut steps = Vec::with_capacity(self.order.len());
        for (index, (id, reads)) in self.order.iter().enumerate() {
            steps.push(self.step(*id, reads, index, &last, &mut places));
        }
        let outputs = self.output_reads(&places);
        let input_tys = graph.inputs.iter().map(|id| graph.ty(*id).clone()).collect();
        let (slots, precision) = (places.count as usize, graph.precision);
        Ok(Plan { steps, slots, inputs, input_tys, outputs, constants: self.constants, precision })
    }

    fn step(
        &self,
        id: NodeId,
        reads: &[NodeId],
        index: usize,
        last: &[Vec<Option<usize>>],
        places: &mut Places,
    ) -> Step {
        let node = self.graph.node(id);
        let values: Vec<Value> = reads.iter().map(|read| self.value(*read)).collect();
        let mut inputs = Vec::with_capacity(values.len());
        let mut dying = Vec::new();
        for (i, value) in values.iter().enumerate() {
            inputs.push(match *value {
                Value::Constant(index) => Read::Constant(index),
                Value::Output(source, k) => {
                    let slot = places.of(source, k);
                    let dies = last[source.index()][k] == Some(index) && !values[i + 1..].contains(value);
                    if dies {
                        dying.push(slot);
                        Read::Take(slot)
                    } else {
                        Read::Share(slot)
                    }
                }
            });
        }
        places.free.extend(dying);
        let outputs = (0..node.tys.len()).map(|k| places.give(id, k, last[id.index()][k])).collect();
        Step {
            op: node.op,
            attrs: node.attrs.clone(),
            inputs,
            input_tys: reads.iter().map(|read| self.graph.ty(*read).clone()).collect(),
            outputs,
            output_tys: node.tys.clone(),
            span: node.span,
            regions: node.attrs.regions.iter().cloned().map(Region::new).collect(),
            // A loop asks for room itself, round by round.
            large: if node.is(&LOOP) { None } else { super::room::large(&node.tys, self.graph.precision) },
        }
    }

    fn output_reads(&self, places: &Places) -> Vec<Read> {
        let values: Vec<Value> = self.graph.outputs.iter().map(|out| self.value(*out)).collect();
        let read = |(i, value): (usize, &Value)| match *value {
            Value::Constant(index) => Read::Constant(index),
            Value::Output(id, k) if values[i + 1..].contains(value) => Read::Share(places.of(id, k)),
            Value::Output(id, k) => Read::Take(places.of(id, k)),
        };
        values.iter().enumerate().map(read).collect()
    }
}

/// Hands out places for values.
#[derive(Default)]
struct Places {
    slot: Vec<Vec<Option<u32>>>,
    free: Vec<u32>,
    count: u32,
}

impl Places {
    /// A place for an output, unless nothing reads it.
    fn give(&mut self, id: NodeId, output: usize, last: Option<usize>) -> Option<u32> {
        last?;
        let slot = self.free.pop().unwrap_or_else(|| {
            self.count += 1;
            self.count - 1
        });
        self.slot[id.index()][output] = Some(slot);
        Some(slot)
    }

    fn of(&self, id: NodeId, output: usize) -> u32 {
        self.slot[id.index()][output].expect("internal: a value without a place is read")
    }
}

fn at(node: &Node, code: &'static crate::diag::Code, message: String) -> RunFault {
    let mut fault = RunFault::new(code, message, "this");
    fault.span = Some(node.span);
    fault
}

fn args<'a>(graph: &'a Graph, node: &'a Node, reads: &[NodeId], inputs: Vec<Tensor>) -> KernelArgs<'a> {
    KernelArgs {
        inputs,
        input_tys: reads.iter().map(|read| graph.ty(*read)).collect(),
        attrs: &node.attrs,
        output_tys: &node.tys,
        precision: graph.precision,
        runner: &NoRegions,
    }
}

/// Constants have no regions.
struct NoRegions;

impl Runner for NoRegions {
    fn run(&self, _: &Arc<Graph>, _: Vec<Tensor>) -> Result<Vec<Tensor>, RunFault> {
        Err(RunFault::cancelled())
    }

    fn cancelled(&self) -> bool {
        false
    }
}

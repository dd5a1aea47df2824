//! Loops that do the same rounds made one: a loop and its taped twin, or a value and its gradient asked for apart. A
//! graph in, an equal graph out.

use super::{Build, GET, INPUT, LOOP, LoopShape};
use crate::ir::{Attrs, Builder, Graph, Node, NodeId};
use crate::types::Dim;
use std::sync::Arc;

/// Merges loops that have the same range and first states and whose bodies compute the same next states: what either
/// keeps, the merged one keeps. Also inside regions.
pub fn merge(graph: &Graph) -> Graph {
    if !graph.nodes.iter().any(|node| !node.attrs.regions.is_empty()) {
        return graph.clone();
    }
    let mut merger = Merger {
        graph,
        b: Builder::new(graph.precision),
        here: vec![None; graph.nodes.len()],
        merged: vec![None; graph.nodes.len()],
    };
    // Inputs first: they keep their order, whoever needs them.
    for &id in &graph.inputs {
        let new = merger.b.push(graph.node(id).clone());
        merger.b.graph.inputs.push(new);
        merger.here[id.index()] = Some(new);
    }
    let live = graph.live();
    for id in graph.ids().filter(|id| live[id.index()]) {
        if merger.here[id.index()].is_none() {
            merger.node(id);
        }
    }
    let outputs = graph.outputs.iter().map(|out| merger.new_id(*out)).collect();
    merger.b.finish(outputs)
}

/// Drops the inputs behind the first `fixed` that no output needs; gives for each input left its old index.
pub fn prune_inputs(mut graph: Graph, fixed: usize) -> (Graph, Vec<usize>) {
    let live = graph.live();
    let left: Vec<usize> = (0..graph.inputs.len()).filter(|&i| i < fixed || live[graph.inputs[i].index()]).collect();
    graph.inputs = left.iter().map(|&i| graph.inputs[i]).collect();
    let mut graph = graph.compact();
    for (i, id) in graph.inputs.clone().into_iter().enumerate() {
        graph.nodes[id.index()].attrs.ints[0] = i as i64;
    }
    (graph, left)
}

/// Drops what loops keep and capture for nobody. Also inside regions.
pub fn trim(graph: &Graph) -> Graph {
    if !graph.nodes.iter().any(|node| !node.attrs.regions.is_empty()) {
        return graph.clone();
    }
    let mut graph = graph.clone();
    let live = graph.live();
    let mut used: Vec<Vec<bool>> = graph.nodes.iter().map(|node| vec![false; node.tys.len()]).collect();
    for id in graph.ids().filter(|id| live[id.index()] && graph.node(*id).is(&GET)) {
        let node = graph.node(id);
        used[node.inputs[0].index()][node.attrs.ints.first().copied().unwrap_or(0) as usize] = true;
    }
    for id in graph.ids().filter(|id| live[id.index()]) {
        let node = &mut graph.nodes[id.index()];
        node.attrs.regions = node.attrs.regions.iter().map(|region| Arc::new(trim(region))).collect();
        if node.is(&LOOP) {
            trim_loop(node, &used[id.index()]);
        } else if node.is(&GET) {
            // Kept values in front of this output may be gone.
            let from = node.inputs[0];
            let old = node.attrs.ints.first().copied().unwrap_or(0) as usize;
            let gone = dropped(&used[from.index()], graph.node(from), old);
            graph.nodes[id.index()].attrs.ints = vec![(old - gone) as i64];
        }
    }
    graph.compact()
}

/// How many outputs in front of one were dropped from a loop (whose node is trimmed already).
fn dropped(used: &[bool], source: &Node, output: usize) -> usize {
    if !source.is(&LOOP) {
        return 0;
    }
    let states = LoopShape::of(&source.attrs).states;
    (states..output.min(used.len() - 1)).filter(|&k| !used[k]).count()
}

fn trim_loop(node: &mut Node, used: &[bool]) {
    let shape = LoopShape::of(&node.attrs);
    let keeps = |k: usize| k < shape.states || k >= shape.rounds() || used[k];
    let mut body = (*node.attrs.regions[0]).clone();
    let outputs = body.outputs.iter().enumerate().filter(|(k, _)| keeps(*k)).map(|(_, id)| *id).collect();
    body.outputs = outputs;
    let (body, left) = prune_inputs(body, 1 + shape.states);
    let kept = (shape.states..shape.rounds()).filter(|&k| used[k]).count();
    node.inputs = [0, 1].into_iter().chain(left.iter().skip(1).map(|i| i + 1)).map(|i| node.inputs[i]).collect();
    node.tys = node.tys.iter().enumerate().filter(|(k, _)| keeps(*k)).map(|(_, ty)| ty.clone()).collect();
    node.attrs.ints = LoopShape { kept, ..shape }.ints();
    node.attrs.regions = vec![Arc::new(body)];
    if kept == 0 {
        node.attrs.dims.clear();
    }
}

/// Where the outputs of a loop are after merging.
#[derive(Clone)]
struct Merged {
    node: NodeId,
    /// For each old output, the new one.
    outputs: Vec<usize>,
    /// The axis that kept values have now, and the one they are to have.
    renamed: Option<(Dim, Dim)>,
}

struct Merger<'a> {
    graph: &'a Graph,
    b: Builder,
    here: Vec<Option<NodeId>>,
    merged: Vec<Option<Merged>>,
}

impl Merger<'_> {
    fn new_id(&self, id: NodeId) -> NodeId {
        self.here[id.index()].expect("internal: order")
    }

    fn node(&mut self, id: NodeId) {
        let mut node = self.graph.node(id).clone();
        node.attrs.regions = node.attrs.regions.iter().map(|region| Arc::new(merge(region))).collect();
        if node.is(&GET) && self.read_merged(id, &node) {
            return;
        }
        if node.is(&LOOP) && self.merged[id.index()].is_none() {
            self.gather(id, &node);
        }
        let new = match &self.merged[id.index()] {
            Some(merged) => merged.node,
            None => {
                node.inputs = node.inputs.iter().map(|i| self.new_id(*i)).collect();
                self.b.push(node)
            }
        };
        self.here[id.index()] = Some(new);
    }

    /// A `GET` of a loop that was merged reads the output where it is now.
    fn read_merged(&mut self, id: NodeId, node: &Node) -> bool {
        let Some(merged) = self.merged[node.inputs[0].index()].clone() else { return false };
        let old = node.attrs.ints.first().copied().unwrap_or(0) as usize;
        (self.b.span, self.b.exact) = (node.span, node.exact);
        let mut new = self.b.get(merged.node, merged.outputs[old]);
        if let Some((from, to)) = &merged.renamed
            && self.b.ty(new).has(&from.axis)
        {
            new = self.b.rename(new, &from.axis, to);
        }
        self.here[id.index()] = Some(new);
        true
    }

    /// Makes one loop of this one and all later ones that do the same rounds.
    fn gather(&mut self, id: NodeId, node: &Node) {
        let shape = LoopShape::of(&node.attrs);
        let twins: Vec<NodeId> = self
            .graph
            .ids()
            .skip(id.index() + 1)
            .filter(|other| {
                let twin = self.graph.node(*other);
                let other_shape = LoopShape::of(&twin.attrs);
                twin.is(&LOOP)
                    && LoopShape { kept: shape.kept, ..other_shape } == shape
                    && twin.inputs[..shape.first_capture()] == node.inputs[..shape.first_capture()]
                    && twin.inputs.iter().all(|input| *input < id)
            })
            .collect();
        if twins.is_empty() {
            return;
        }
        let mut union = Union::new(self.graph, id, shape);
        let members: Vec<(NodeId, Vec<usize>)> =
            std::iter::once(id).chain(twins).filter_map(|twin| Some((twin, union.add(twin)?))).collect();
        if members.len() < 2 {
            return;
        }
        let (mut new, along) = union.finish();
        let rounds = new.tys.len() - 1;
        new.inputs = new.inputs.iter().map(|i| self.new_id(*i)).collect();
        let merged = self.b.push(new);
        for (member, mut outputs) in members {
            outputs.push(rounds);
            let own = self.graph.node(member).attrs.dims.first();
            let renamed =
                own.zip(along.as_ref()).filter(|(a, b)| a.axis != b.axis).map(|(a, b)| (b.clone(), a.clone()));
            self.merged[member.index()] = Some(Merged { node: merged, outputs, renamed });
        }
    }
}

/// The body that loops with the same states have in common, with everything that any of them keeps.
struct Union<'a> {
    graph: &'a Graph,
    first: NodeId,
    shape: LoopShape,
    inner: Builder,
    /// The outer nodes behind the inputs after the counter: states, then captures.
    outer: Vec<NodeId>,
    /// Next states and, with `until`, whether to go on: those of the first loop.
    states: Vec<NodeId>,
    go_on: Option<NodeId>,
    kept: Vec<NodeId>,
    along: Option<Dim>,
}

impl<'a> Union<'a> {
    fn new(graph: &'a Graph, first: NodeId, shape: LoopShape) -> Union<'a> {
        let node = graph.node(first);
        let inner = Builder::new(graph.precision);
        let outer = node.inputs[2..shape.first_capture()].to_vec();
        let mut union =
            Union { graph, first, shape, inner, outer, states: vec![], go_on: None, kept: vec![], along: None };
        let body = &node.attrs.regions[0];
        for i in 0..=shape.states {
            union.input(body, i);
        }
        union
    }

    fn input(&mut self, body: &Graph, like: usize) -> NodeId {
        let old = &body.node(body.inputs[like]).attrs;
        let mut attrs =
            Attrs { dims: old.dims.clone(), elem: old.elem.clone(), name: old.name.clone(), ..Attrs::none() };
        let index = self.inner.graph.inputs.len() as i64;
        attrs.ints = vec![index];
        attrs.ints.extend(old.ints.iter().skip(1));
        let id = self.inner.mk(&INPUT, &[], attrs);
        self.inner.graph.inputs.push(id);
        id
    }

    /// Takes a loop in if its states go the same way; gives the places of its states and kept values in the union.
    fn add(&mut self, twin: NodeId) -> Option<Vec<usize>> {
        let node = self.graph.node(twin);
        let (body, shape) = (&node.attrs.regions[0], LoopShape::of(&node.attrs));
        if let (Some(own), Some(along)) = (node.attrs.dims.first(), &self.along)
            && own.size != along.size
        {
            return None;
        }
        let mut args: Vec<NodeId> = self.inner.graph.inputs[..=shape.states].to_vec();
        for (i, capture) in node.inputs.iter().enumerate().skip(shape.first_capture()) {
            let known = self.outer[shape.states..].iter().position(|id| id == capture);
            args.push(match known {
                Some(k) => self.inner.graph.inputs[1 + shape.states + k],
                None => {
                    self.outer.push(*capture);
                    self.input(body, i - 1)
                }
            });
        }
        let outputs = self.inner.inline(body, &args);
        let go_on = shape.until.then(|| outputs[shape.rounds()]);
        if twin == self.first {
            self.states = outputs[..shape.states].to_vec();
            self.go_on = go_on;
        } else if outputs[..shape.states] != self.states[..] || go_on != self.go_on {
            return None;
        }
        self.along = self.along.take().or_else(|| node.attrs.dims.first().cloned());
        let mut places: Vec<usize> = (0..shape.states).collect();
        for kept in &outputs[shape.states..shape.rounds()] {
            let at = self.kept.iter().position(|id| id == kept).unwrap_or_else(|| {
                self.kept.push(*kept);
                self.kept.len() - 1
            });
            places.push(shape.states + at);
        }
        Some(places)
    }

    /// The merged loop (its inputs are nodes of the old graph) and its axis of rounds.
    fn finish(mut self) -> (Node, Option<Dim>) {
        let first = self.graph.node(self.first);
        let shape = LoopShape { kept: self.kept.len(), ..self.shape };
        let outputs: Vec<NodeId> = self.states.iter().chain(&self.kept).chain(&self.go_on).copied().collect();
        let mut tys = first.tys[..shape.states].to_vec();
        for kept in &self.kept {
            let mut ty = self.inner.ty(*kept);
            ty.dims.insert(0, self.along.clone().expect("internal: kept values without an axis"));
            tys.push(ty);
        }
        tys.push(first.tys[self.shape.rounds()].clone());
        self.inner.span = first.span;
        // A loop that turned out different may have left captures behind.
        let (body, left) = prune_inputs(self.inner.finish(outputs), 1 + shape.states);
        let outer: Vec<NodeId> = left.iter().filter(|&&i| i > 0).map(|&i| self.outer[i - 1]).collect();
        let attrs = Attrs::ints(shape.ints()).with_dims(self.along.clone().into_iter().collect::<Vec<_>>());
        let inputs = first.inputs[..2].iter().chain(&outer).copied().collect();
        let attrs = attrs.with_regions(vec![Arc::new(body)]);
        (Node { op: &LOOP, inputs, attrs, tys, span: first.span, exact: first.exact }, self.along)
    }
}

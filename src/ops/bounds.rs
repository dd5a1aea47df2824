//! Intervals of whole numbers in a graph, as far as they can be told without data: how often a loop can go round.

use super::{ADD, CAST, GET, INPUT, LOOP, LoopShape, MAXIMUM, MINIMUM, SIZE, SUB, fold};
use crate::ir::{Builder, Graph, NodeId};
use crate::types::{Elem, Size, Sizes};

/// Lowest and highest value, where known.
type Interval = (Option<i64>, Option<i64>);

const UNKNOWN: Interval = (None, None);

/// The interval of the counter of a loop between two nodes, where it is known.
pub fn counter(b: &Builder, from: NodeId, to: NodeId) -> Option<(i64, i64)> {
    let (low, high) = (interval(&b.graph, &b.sizes, from).0?, interval(&b.graph, &b.sizes, to).1?);
    Some((low, (high - 1).max(low)))
}

/// How many rounds a loop between two nodes makes at most: a number, the open size of an axis, or (where open sizes
/// are involved otherwise) a size that is open itself. `None` where only data can tell.
pub fn rounds(b: &mut Builder, from: NodeId, to: NodeId) -> Option<Size> {
    let (low, high) = (interval(&b.graph, &b.sizes, from).0, interval(&b.graph, &b.sizes, to).1);
    if let (Some(low), Some(high)) = (low, high) {
        return Some(Size::Known(high.saturating_sub(low).max(0) as usize));
    }
    let end = b.graph.node(to);
    if low == Some(0) && end.is(&SIZE) {
        return Some(b.sizes.resolve(end.attrs.dims[0].size));
    }
    // `a..a + n`, whatever `a` is.
    if end.is(&ADD)
        && let Some(other) = (0..2).find(|&i| end.inputs[i] == from).map(|i| end.inputs[1 - i])
        && let Some(high) = interval(&b.graph, &b.sizes, other).1
    {
        return Some(Size::Known(high.max(0) as usize));
    }
    let open = depends_on_open_size(b, from) || depends_on_open_size(b, to);
    open.then(|| b.sizes.fresh())
}

fn depends_on_open_size(b: &Builder, id: NodeId) -> bool {
    let mut seen = vec![false; id.index() + 1];
    let mut stack = vec![id];
    while let Some(id) = stack.pop() {
        let node = b.graph.node(id);
        if node.is(&SIZE) && b.sizes.resolve(node.attrs.dims[0].size).known().is_none() {
            return true;
        }
        for input in &node.inputs {
            if !std::mem::replace(&mut seen[input.index()], true) {
                stack.push(*input);
            }
        }
    }
    false
}

fn interval(graph: &Graph, sizes: &Sizes, id: NodeId) -> Interval {
    within(graph, sizes, id, DEEPEST)
}

/// Sums of sums are looked into this far; what is deeper is known only if it is constant.
const DEEPEST: usize = 8;

fn within(graph: &Graph, sizes: &Sizes, id: NodeId, depth: usize) -> Interval {
    let node = graph.node(id);
    let of = |i: usize| within(graph, sizes, node.inputs[i], depth - 1);
    let both = |a: Option<i64>, b: Option<i64>, f: fn(i64, i64) -> i64| Some(f(a?, b?));
    // A bound that only one side has holds for the smaller (larger) of the two.
    let either = |a: Option<i64>, b: Option<i64>, f: fn(i64, i64) -> i64| match (a, b) {
        (Some(a), Some(b)) => Some(f(a, b)),
        (a, b) => a.or(b),
    };
    if !node.ty().is_scalar() && !node.is(&GET) {
        return UNKNOWN;
    }
    if node.is(&INPUT) {
        return match node.attrs.ints[..] {
            [_, low, high] => (Some(low), Some(high)),
            _ => UNKNOWN,
        };
    }
    if depth > 0 && (node.is(&ADD) || node.is(&SUB) || node.is(&MINIMUM) || node.is(&MAXIMUM)) {
        let (a, b) = (of(0), of(1));
        return if node.is(&ADD) {
            (both(a.0, b.0, i64::saturating_add), both(a.1, b.1, i64::saturating_add))
        } else if node.is(&SUB) {
            (both(a.0, b.1, i64::saturating_sub), both(a.1, b.0, i64::saturating_sub))
        } else if node.is(&MINIMUM) {
            (both(a.0, b.0, i64::min), either(a.1, b.1, i64::min))
        } else {
            (either(a.0, b.0, i64::max), both(a.1, b.1, i64::max))
        };
    }
    if node.is(&GET) {
        return if depth > 0 { rounds_made(graph, sizes, id, depth - 1) } else { UNKNOWN };
    }
    if depth > 0 && node.is(&CAST) && matches!(graph.ty(node.inputs[0]).elem, Elem::Int | Elem::Label(_)) {
        return of(0);
    }
    match fold::evaluate(graph, sizes, id) {
        Some(value) if node.ty().elem.is_integer() => {
            let value = value.slice::<i64>()[0];
            (Some(value), Some(value))
        }
        _ => UNKNOWN,
    }
}

/// The last output of a loop, how many rounds it made, is at most what its range holds.
fn rounds_made(graph: &Graph, sizes: &Sizes, get: NodeId, depth: usize) -> Interval {
    let node = graph.node(get);
    let source = graph.node(node.inputs[0]);
    let output = node.attrs.ints.first().copied().unwrap_or(0) as usize;
    if !source.is(&LOOP) || output != LoopShape::of(&source.attrs).rounds() {
        return UNKNOWN;
    }
    let kept = source.attrs.dims.first().and_then(|dim| sizes.resolve(dim.size).known()).map(|n| n as i64);
    let of = |i: usize| within(graph, sizes, source.inputs[i], depth);
    let (from, to) = (of(0), of(1));
    let range = from.0.zip(to.1).map(|(from, to)| to.saturating_sub(from).max(0));
    (Some(0), range.or(kept))
}

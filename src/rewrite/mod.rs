//! Graph to graph, same meaning: [`simplify`] (algebra) and [`stabilise`] (algebra, and forms that overflow, underflow
//! or cancel replaced by ones that do not). Stability comes before differentiation, so that gradients are made from
//! stable forms, and simplification again after it. Nodes inside `exact { ... }` are only ever shared, never changed.
//! Neither pass looks at data, and neither depends on anything but the graph: equal graphs give equal results.
//!
//! Simplification takes values to be numbers: where the program would meet NaN through `inf - inf` or `0 * inf`, a
//! simpler form may give a number (`x - x` is 0). A factor 0 removes only what is surely finite. Axes that are not
//! known to be empty are taken to have coordinates.

mod algebra;
mod engine;
mod facts;
mod journal;
mod logs;
mod reduce;
mod regions;
mod rules;
mod stable;
mod structure;
mod terms;
#[cfg(test)]
mod tests;

pub use facts::Facts;
pub use journal::{Entry, Journal};
pub use rules::{Rule, rules};

use crate::ir::Graph;
use crate::ir::verify::debug_verify;
use engine::Rewriter;

/// Rules see inputs that are already rewritten, so one pass does nearly all; another finds what its results made
/// possible.
const MAX_PASSES: usize = 4;

/// The same program, simpler. Types of inputs and outputs stay.
pub fn simplify(graph: &Graph) -> Graph {
    settle(graph, |g| Rewriter::new(g, None).run(g))
}

/// The same program, finite and accurate wherever its mathematical value is. What was changed is added to the journal.
pub fn stabilise(graph: &Graph, journal: &mut Journal) -> Graph {
    let mut graph = settle(graph, |g| Rewriter::new(g, None).keeping_forms().run(g));
    for _ in 0..MAX_PASSES {
        let next = Rewriter::new(&graph, Some(journal)).keeping_forms().run(&graph);
        let done = next == graph;
        graph = next;
        if done {
            break;
        }
    }
    debug_verify(&graph, "stabilisation");
    graph
}

fn settle(graph: &Graph, pass: impl Fn(&Graph) -> Graph) -> Graph {
    let mut graph = pass(graph);
    for _ in 1..MAX_PASSES {
        let next = pass(&graph);
        if next == graph {
            break;
        }
        graph = next;
    }
    debug_verify(&graph, "simplification");
    graph
}

//! A statement's graph through the passes: stable before it is differentiated, simplified after.

use crate::ad::{self, Passes};
use crate::ir::{Graph, RunFault};
use crate::rewrite::{Journal, simplify, stabilise};

/// The graph to be executed or shown, and what the stability rules did.
pub fn compile(graph: &Graph) -> Result<(Graph, Journal), RunFault> {
    let mut journal = Journal::new();
    let expanded = {
        let mut stable = |g: Graph| stabilise(&g, &mut journal);
        let mut simple = |g: Graph| simplify(&g);
        ad::expand(graph, &mut Passes { stabilise: &mut stable, simplify: &mut simple })?
    };
    let stable = stabilise(&expanded, &mut journal);
    Ok((simplify(&stable), journal))
}

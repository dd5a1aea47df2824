//! The parser generated from `grammar/loss.pest`, and the bound on the work it may do for a text of a given size.
//! Takes the text of one entry, gives pest's pairs; nothing here knows the tree.

use pest::Parser;
use pest::error::Error;
use pest::iterators::Pairs;
use pest_derive::Parser;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One parser for all rules of the grammar.
#[derive(Parser)]
#[grammar = "grammar/loss.pest"]
pub struct LossParser;

/// Calls allowed per byte: a sound program needs a few hundred.
const CALLS_PER_BYTE: usize = 20_000;
/// Calls allowed for the shortest text.
const CALLS_FLOOR: usize = 10_000_000;

/// pest keeps one limit for the whole process; it only ever grows, so parsers on other threads are not cut short.
static CALLS: AtomicUsize = AtomicUsize::new(0);

/// Parses one entry. An error is given as pest reports it; `messages` turns it into the user's terms.
pub fn parse_entry(text: &str) -> Result<Pairs<'_, Rule>, Box<Error<Rule>>> {
    let wanted = text.len().saturating_mul(CALLS_PER_BYTE).saturating_add(CALLS_FLOOR);
    if CALLS.fetch_max(wanted, Ordering::Relaxed) < wanted {
        pest::set_call_limit(NonZeroUsize::new(wanted));
    }
    LossParser::parse(Rule::entry, text).map_err(Box::new)
}

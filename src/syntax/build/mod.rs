//! pest's pairs → the tree. Everything the grammar lets through becomes a node; what it lets through for the sake of a
//! better message (chained comparisons, statements in the wrong place, blocks without a value) is reported here.

mod exprs;
mod items;
mod types;

pub(super) use items::broken_item;

use super::ast::{Expr, ExprKind, Ident, Item, Pattern, Text};
use super::comments::Comments;
use super::faults;
use super::grammar::Rule;
use crate::diag::Diagnostic;
use crate::source::{SourceId, Span};
use pest::iterators::{Pair, Pairs};
use std::sync::Arc;

/// Operators, calls and clauses in a row that one expression may hold: the tree leans to one side by as many levels.
const MAX_CHAIN: usize = 500;

/// Where a text slice stands in its source.
#[derive(Clone, Copy)]
pub struct Base {
    pub source: SourceId,
    pub offset: usize,
}

impl Base {
    pub fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        let span = pair.as_span();
        Span::new(self.source, self.offset + span.start(), self.offset + span.end())
    }

    pub fn ident(&self, pair: &Pair<'_, Rule>) -> Ident {
        Ident { name: Arc::from(pair.as_str()), span: self.span(pair) }
    }
}

/// Where a statement stands; some may stand in some places only.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    Experiment,
    Step,
    Block,
}

/// Builds the items of one entry.
pub struct Builder<'t> {
    base: Base,
    comments: &'t Comments<'t>,
    /// Expressions and types around the current one.
    depth: usize,
    /// Links of the chains around the current place.
    chain: usize,
    place: Place,
    pub faults: Vec<Diagnostic>,
}

impl<'t> Builder<'t> {
    pub fn new(base: Base, comments: &'t Comments<'t>) -> Builder<'t> {
        Builder { base, comments, depth: 0, chain: 0, place: Place::Top, faults: Vec::new() }
    }

    /// The items of an entry; their number is that of its statements even where faults were found.
    pub fn items(&mut self, pairs: Pairs<'_, Rule>) -> Vec<Arc<Item>> {
        pairs.filter(|pair| pair.as_rule() == Rule::item).map(|pair| Arc::new(self.item(pair))).collect()
    }

    fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        self.base.span(pair)
    }

    fn ident(&self, pair: &Pair<'_, Rule>) -> Ident {
        self.base.ident(pair)
    }

    fn idents(&self, pair: Pair<'_, Rule>) -> Vec<Ident> {
        pair.into_inner().map(|name| self.ident(&name)).collect()
    }

    /// Enters one level of nesting with `links` more in a chain; `None`, and a report, when that is too much.
    fn nested<T>(&mut self, span: Span, links: usize, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth > faults::MAX_NESTING || self.chain + links > MAX_CHAIN {
            let report = if self.depth > faults::MAX_NESTING {
                faults::too_deep(span)
            } else {
                faults::too_long(span, MAX_CHAIN)
            };
            if !self.faults.iter().any(|fault| fault.code.id == report.code.id) {
                self.faults.push(report);
            }
            return None;
        }
        self.depth += 1;
        self.chain += links;
        // Operators are climbed by recursion: about 4 kB of stack each without optimisation.
        let value = stacker::maybe_grow((64 + 8 * links) << 10, (1024 + 16 * links) << 10, || read(self));
        self.depth -= 1;
        self.chain -= links;
        Some(value)
    }

    fn text(&self, pair: &Pair<'_, Rule>) -> Text {
        let raw = pair.as_str();
        let raw = raw.strip_prefix('"').unwrap_or(raw);
        let raw = raw.strip_suffix('"').unwrap_or(raw);
        let mut value = String::with_capacity(raw.len());
        let mut chars = raw.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some('n') => value.push('\n'),
                    Some('t') => value.push('\t'),
                    Some(other) => value.push(other),
                    None => {}
                },
                c => value.push(c),
            }
        }
        Text { value: Arc::from(value), span: self.span(pair) }
    }

    fn pattern(&self, pair: Pair<'_, Rule>) -> Pattern {
        let inner = only(pair);
        let span = self.span(&inner);
        match inner.as_rule() {
            Rule::tuple_pattern => {
                let mut parts: Vec<Pattern> = inner.into_inner().map(|part| self.pattern(part)).collect();
                // `(a)` is `a`, as in expressions.
                if parts.len() == 1 { parts.remove(0) } else { Pattern::Tuple(parts, span) }
            }
            Rule::record_pattern => Pattern::Record(self.idents(inner), span),
            _ => Pattern::Name(self.ident(&inner)),
        }
    }
}

/// The first child. The grammar gives every rule that this is asked of at least one.
fn only(pair: Pair<'_, Rule>) -> Pair<'_, Rule> {
    pair.into_inner().next().expect("internal: the grammar gives this rule a child")
}

fn next<'t>(pairs: &mut Pairs<'t, Rule>) -> Pair<'t, Rule> {
    pairs.next().expect("internal: the grammar gives this rule more children")
}

/// Takes the next pair if it is of this rule.
fn take<'t>(pairs: &mut Pairs<'t, Rule>, rule: Rule) -> Option<Pair<'t, Rule>> {
    (pairs.peek()?.as_rule() == rule).then(|| next(pairs))
}

fn broken(span: Span) -> Expr {
    Expr { kind: ExprKind::Broken, span }
}

//! The record of what the stability pass changed: what `show why f` prints.

use crate::source::Span;

/// One rewrite.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// The rule's name in [`super::rules`].
    pub rule: &'static str,
    /// The source expression that was rewritten.
    pub span: Span,
    /// Formulas, in the program's own names.
    pub before: String,
    pub after: String,
}

/// Rewrites in the order in which they were made.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Journal {
    pub entries: Vec<Entry>,
}

impl Journal {
    pub fn new() -> Journal {
        Journal::default()
    }

    /// Adds an entry; one that says the same of the same place is not repeated.
    pub fn add(&mut self, entry: Entry) {
        if !self.entries.contains(&entry) {
            self.entries.push(entry);
        }
    }
}

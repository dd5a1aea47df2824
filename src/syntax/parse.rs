//! Text → tree and diagnostics. Total: whatever the text, a module comes back, holding what could be read; each entry
//! is parsed alone, so that one broken entry does not hide the others' faults. Never looks a name up.

use super::ast::{Ident, Item, Module};
use super::build::{Base, Builder, broken_item};
use super::comments::Comments;
use super::delimiters;
use super::faults::{self, Fault, FaultKind};
use super::grammar;
use super::messages;
use super::tokens::{self, Token, TokenKind};
use super::words;
use crate::diag::Diagnostic;
use crate::source::{SourceId, Span};
use pest::error::{ErrorVariant, InputLocation};
use std::ops::Range;
use std::sync::Arc;

/// Faults looked for in one entry: each costs another reading of it.
const MAX_FAULTS: usize = 20;

/// Reports of one text; what is beyond them is left out.
const MAX_REPORTS: usize = 500;

/// Reads a file or a REPL entry. The diagnostics are in the order of the text. A declaration that could not be read
/// leaves `let name = Broken` behind, so that its users are not reported as well.
pub fn parse(source: SourceId, text: &str) -> (Module, Vec<Diagnostic>) {
    let scan = tokens::scan(text);
    let brackets = delimiters::scan(text, &scan.tokens);
    let comments = Comments::new(text, &scan.comments);
    let mut faults: Vec<Fault> = scan.faults.iter().chain(&brackets.faults).copied().collect();
    faults.sort_by_key(|fault| fault.start);
    let mut out = Module { source, doc: comments.of_file(scan.tokens.first()), items: Vec::new() };
    let mut reports = Vec::new();
    for entry in brackets.entries {
        let Some(own) = scan.tokens.get(entry) else { continue };
        let (Some(first), Some(last)) = (own.first(), own.last()) else { continue };
        let range = first.start..last.end;
        let shift = |token: &Token| Token { start: token.start - range.start, end: token.end - range.start, ..*token };
        let upto = faults.partition_point(|fault| fault.start < range.end);
        let from = faults.partition_point(|fault| fault.start < range.start);
        let mut reader = Reader {
            base: Base { source, offset: range.start },
            text: text.get(range.clone()).unwrap_or("").to_string(),
            tokens: own.iter().map(shift).collect(),
            comments: &comments,
            reports: Vec::new(),
        };
        let readable = reader.known_faults(text, faults.get(from..upto).unwrap_or(&[]));
        let names = reader.declared();
        let items = if readable { reader.read() } else { None };
        match items {
            Some(items) if reader.reports.is_empty() => out.items.extend(items),
            _ => {
                let span = Span::new(source, range.start, range.end);
                out.items.extend(names.into_iter().map(|name| Arc::new(broken_item(name, span))));
            }
        }
        reader.reports.sort_by_key(|report| report.span().start);
        reports.append(&mut reader.reports);
        reports.truncate(MAX_REPORTS);
    }
    (out, reports)
}

/// Whether a REPL entry can be read as it stands: false where a bracket is open, an operator or `=` waits for its
/// right side, or the parser ran into the end. Broken entries are complete, so that their report appears; so is what
/// ends with an empty line outside of brackets.
pub fn is_complete(text: &str) -> bool {
    let scan = tokens::scan(text);
    let Some(last) = scan.tokens.last() else {
        return ends_with_empty_line(text) || !scan.comments.iter().any(|c| text[c.start..c.end].starts_with("##"));
    };
    if !scan.faults.is_empty() {
        return true;
    }
    let brackets = delimiters::scan(text, &scan.tokens);
    if brackets.faults.iter().any(|fault| !matches!(fault.kind, FaultKind::Unclosed { .. })) {
        return true;
    }
    if delimiters::is_open(text, &scan.tokens) {
        return false;
    }
    if ends_with_empty_line(text) {
        return true;
    }
    if delimiters::waits(text, last) {
        return false;
    }
    let Some(first) = brackets.entries.last().and_then(|entry| scan.tokens.get(entry.start)) else { return true };
    let entry = text.get(first.start..last.end).unwrap_or("");
    let levels = levels(entry, &scan.tokens);
    match deep(levels, || grammar::parse_entry(entry).err()) {
        Some(error) => position(&error).min(entry.len()) < entry.len(),
        None => true,
    }
}

fn ends_with_empty_line(text: &str) -> bool {
    let mut lines = text.rsplit('\n');
    lines.next().is_some_and(|line| line.trim().is_empty()) && lines.next().is_some_and(|line| line.trim().is_empty())
}

fn position(error: &pest::error::Error<grammar::Rule>) -> usize {
    match error.location {
        InputLocation::Pos(at) => at,
        InputLocation::Span((start, _)) => start,
    }
}

/// Levels of recursion that reading a text may need.
fn levels(text: &str, tokens: &[Token]) -> usize {
    let (mut depth, mut most, mut bare) = (0usize, 0usize, 0usize);
    for token in tokens {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            TokenKind::Sign if matches!(token.text(text), "->" | "=>") => bare += 1,
            TokenKind::Word if matches!(token.text(text), "if" | "else" | "then" | "run") => bare += 1,
            _ => {}
        }
        most = most.max(depth);
    }
    most + bare.min(2 * faults::MAX_NESTING)
}

/// Runs with enough stack for so many levels. Without optimisation a level of the generated parser takes up to 40 kB.
fn deep<T>(levels: usize, run: impl FnOnce() -> T) -> T {
    let need = (512 + 64 * levels) << 10;
    stacker::maybe_grow(need, need, run)
}

/// Reads one entry, over and over while it finds further faults: a statement with a fault is blanked out first.
struct Reader<'t> {
    base: Base,
    text: String,
    tokens: Vec<Token>,
    comments: &'t Comments<'t>,
    reports: Vec<Diagnostic>,
}

impl Reader<'_> {
    /// Reports what the scans found; false if nothing else can be read.
    fn known_faults(&mut self, text: &str, faults: &[Fault]) -> bool {
        let mut readable = faults.len() <= MAX_FAULTS;
        for fault in faults.iter().take(MAX_FAULTS) {
            self.reports.push(fault.report(self.base.source, text));
            let lexical = !matches!(
                fault.kind,
                FaultKind::Unclosed { .. } | FaultKind::Stray | FaultKind::Mismatch { .. } | FaultKind::TooDeep
            );
            readable = readable && lexical && self.blank_statement(fault.start - self.base.offset);
        }
        readable
    }

    fn read(&mut self) -> Option<Vec<Arc<Item>>> {
        let levels = levels(&self.text, &self.tokens);
        for _ in 0..MAX_FAULTS {
            let at = match deep(levels, || self.attempt()) {
                Ok(items) => return Some(items),
                Err(at) => at,
            };
            if !self.blank_statement(at) {
                break;
            }
        }
        None
    }

    /// Parses and builds; on a fault of grammar reports it and gives its place.
    fn attempt(&mut self) -> Result<Vec<Arc<Item>>, usize> {
        match grammar::parse_entry(&self.text) {
            Ok(pairs) => {
                let mut builder = Builder::new(self.base, self.comments);
                let items = builder.items(pairs);
                self.reports.append(&mut builder.faults);
                Ok(items)
            }
            Err(error) => {
                let at = position(&error).min(self.text.len());
                let report = match error.variant {
                    ErrorVariant::ParsingError { positives, .. } => {
                        messages::explain(self.base, &self.text, &self.tokens, at, &positives)
                    }
                    ErrorVariant::CustomError { .. } => {
                        let end = self.tokens.first().map_or(0, |t| t.end);
                        faults::too_deep(Span::new(self.base.source, self.base.offset, self.base.offset + end))
                    }
                };
                self.reports.push(report);
                Err(at)
            }
        }
    }

    /// Replaces the statement around a fault by a hole, if it stands in a block; false if there is none.
    fn blank_statement(&mut self, at: usize) -> bool {
        let Some(range) = delimiters::statement_around(&self.text, &self.tokens, at) else { return false };
        let Some(statement) = self.text.get(range.clone()) else { return false };
        if statement == "?" {
            return false;
        }
        let blank: String = statement.bytes().map(|b| if b == b'\n' { '\n' } else { ' ' }).collect();
        self.text.replace_range(range.clone(), &blank);
        self.text.replace_range(range.start..range.start + 1, "?");
        let first = self.tokens.partition_point(|t| t.start < range.start);
        let behind = self.tokens.partition_point(|t| t.start < range.end);
        let first_on_line = self.tokens.get(first).is_some_and(|t| t.first_on_line);
        let hole = Token { kind: TokenKind::Sign, start: range.start, end: range.start + 1, first_on_line };
        self.tokens.splice(first..behind, [hole]);
        true
    }

    /// The names that this entry declares at its top level, as far as tokens show.
    fn declared(&self) -> Vec<Ident> {
        let word = |i: usize| self.tokens.get(i).map_or("", |t| t.text(&self.text));
        let mut names = Vec::new();
        let mut depth = 0usize;
        for (i, token) in self.tokens.iter().enumerate() {
            let fresh = i == 0 || token.first_on_line || word(i - 1) == ";";
            if depth == 0 && fresh {
                let range = match word(i) {
                    "let" => i + 1..self.find(i, |t| matches!(t, "=" | ":")),
                    "def" | "loss" | "query" | "grid" | "experiment" => i + 1..i + 2,
                    "use" => self.find(i, |t| t == "(")..self.find(i, |t| t == ")"),
                    _ => 0..0,
                };
                names.extend(self.names_in(range));
            }
            match token.kind {
                TokenKind::Open => depth += 1,
                TokenKind::Close => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        names
    }

    fn find(&self, from: usize, wanted: impl Fn(&str) -> bool) -> usize {
        let ahead = self.tokens.iter().skip(from);
        from + ahead.take_while(|t| !wanted(t.text(&self.text))).count()
    }

    fn names_in(&self, range: Range<usize>) -> Vec<Ident> {
        let offset = self.base.offset;
        let ident = |t: &Token| Ident {
            name: Arc::from(t.text(&self.text)),
            span: Span::new(self.base.source, offset + t.start, offset + t.end),
        };
        let tokens = self.tokens.get(range).unwrap_or(&[]).iter().take(64);
        tokens.filter(|t| t.kind == TokenKind::Word && !words::is_reserved(t.text(&self.text))).map(ident).collect()
    }
}

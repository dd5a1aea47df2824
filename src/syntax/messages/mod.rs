//! What a fault of grammar is in the user's terms. Takes the place where reading failed, the rules that would have
//! fitted there and the tokens around it; looks for known mistakes in order of certainty; gives one report. Never
//! shows the name of a rule.

mod statements;
mod values;

use super::build::Base;
use super::delimiters;
use super::faults;
use super::grammar::Rule;
use super::tokens::{Token, TokenKind};
use super::words;
use crate::diag::{Diagnostic, codes::syntax as codes};
use crate::source::Span;

/// Explains why reading stopped at byte `at` of an entry.
pub fn explain<'a>(base: Base, text: &'a str, tokens: &'a [Token], at: usize, expected: &'a [Rule]) -> Diagnostic {
    let i = tokens.partition_point(|t| t.end <= at);
    let spot = Spot { base, text, tokens, i, expected, start: statement_start(text, tokens, i) };
    let checks: &[fn(&Spot<'a>) -> Option<Diagnostic>] = &[
        Spot::other_language,
        Spot::statement_word,
        Spot::branches,
        Spot::name_wanted,
        Spot::header,
        Spot::equals,
        Spot::missing_equals,
        Spot::index,
        Spot::operator,
        Spot::shapes,
        Spot::type_wanted,
        Spot::comma,
        Spot::two_statements,
    ];
    checks.iter().find_map(|check| check(&spot)).unwrap_or_else(|| spot.unexpected())
}

/// A reserved word where a name stands.
pub fn reserved(word: &str, span: Span) -> Diagnostic {
    Diagnostic::new(&codes::E0113, span, format!("`{word}` cannot be a name"), "a word of the language")
        .help(format!("choose another name, such as `{word}_1`"))
}

/// The token that opens the statement around token `i`: the last one that starts a statement directly in the file or in
/// the innermost block.
fn statement_start(text: &str, tokens: &[Token], i: usize) -> usize {
    // Per open bracket: whether statements stand in it, and where the latest of them starts.
    let mut open: Vec<(bool, usize)> = vec![(true, 0)];
    for (at, token) in tokens.iter().enumerate().take(i) {
        if let Some((true, start)) = open.last_mut() {
            let separated = at > 0 && tokens.get(at - 1).is_some_and(|t| t.text(text) == ";");
            if separated || token.first_on_line && delimiters::starts_statement(text, tokens, at) {
                *start = at;
            }
        }
        match token.kind {
            TokenKind::Open => open.push((delimiters::is_block(text, tokens, at), at + 1)),
            TokenKind::Close if open.len() > 1 => {
                open.pop();
            }
            _ => {}
        }
    }
    let behind = i > 0 && tokens.get(i - 1).is_some_and(|t| t.text(text) == ";");
    let fresh = tokens.get(i).is_some_and(|t| t.first_on_line) && delimiters::starts_statement(text, tokens, i);
    match open.iter().rev().find(|(block, _)| *block) {
        Some(_) if open.last().is_some_and(|(block, _)| *block) && (behind || fresh) => i,
        Some((_, start)) => *start,
        None => 0,
    }
}

/// The place of a fault and what surrounds it.
struct Spot<'a> {
    base: Base,
    text: &'a str,
    tokens: &'a [Token],
    /// The token that did not fit; behind the last one at the end of the entry.
    i: usize,
    expected: &'a [Rule],
    /// The first token of the statement.
    start: usize,
}

impl<'a> Spot<'a> {
    fn word(&self, i: usize) -> &'a str {
        self.tokens.get(i).map_or("", |t| t.text(self.text))
    }

    fn kind(&self, i: usize) -> Option<TokenKind> {
        self.tokens.get(i).map(|t| t.kind)
    }

    fn found(&self) -> &'a str {
        self.word(self.i)
    }

    /// The token before the fault; empty at the start of the entry.
    fn before(&self) -> &'a str {
        self.i.checked_sub(1).map_or("", |i| self.word(i))
    }

    fn at_end(&self) -> bool {
        self.i >= self.tokens.len()
    }

    fn span(&self, i: usize) -> Span {
        let (start, end) = self.tokens.get(i).or(self.tokens.last()).map_or((0, 0), |t| (t.start, t.end));
        Span::new(self.base.source, self.base.offset + start, self.base.offset + end)
    }

    /// The fault's place: its token, or the last one at the end.
    fn here(&self) -> Span {
        self.span(self.i)
    }

    fn expects(&self, rules: &[Rule]) -> bool {
        self.expected.iter().any(|rule| rules.contains(rule))
    }

    fn expects_value(&self) -> bool {
        self.expected.iter().any(|rule| is_value(*rule))
    }

    /// The innermost bracket that is open at the fault and was opened in this statement.
    fn opener(&self) -> Option<usize> {
        let mut depth = 0usize;
        for at in (self.start..self.i.min(self.tokens.len())).rev() {
            match self.kind(at) {
                Some(TokenKind::Close) => depth += 1,
                Some(TokenKind::Open) if depth > 0 => depth -= 1,
                Some(TokenKind::Open) => return Some(at),
                _ => {}
            }
        }
        None
    }

    /// Whether a value may end with this token.
    fn ends_value(&self, i: usize) -> bool {
        match self.kind(i) {
            Some(TokenKind::Word) => !words::is_reserved(self.word(i)) || matches!(self.word(i), "true" | "false"),
            Some(TokenKind::Sign) => self.word(i) == "?",
            Some(TokenKind::Open) | None => false,
            _ => true,
        }
    }

    /// Whether a value may start with this token.
    fn starts_value(&self, i: usize) -> bool {
        match self.kind(i) {
            Some(TokenKind::Word) => {
                let word = self.word(i);
                !words::is_reserved(word)
                    || matches!(word, "true" | "false" | "if" | "iterate" | "scan" | "exact" | "run" | "not")
            }
            Some(TokenKind::Sign) => self.word(i) == "?",
            Some(TokenKind::Close) | None => false,
            _ => true,
        }
    }

    fn same_line(&self) -> bool {
        self.tokens.get(self.i).is_some_and(|t| !t.first_on_line)
    }

    fn unexpected(&self) -> Diagnostic {
        let mut nouns: Vec<&str> = Vec::new();
        for noun in self.expected.iter().filter_map(|rule| noun(*rule)) {
            if !nouns.contains(&noun) {
                nouns.push(noun);
            }
        }
        let bracket = self.opener().filter(|_| self.i > 0 && self.ends_value(self.i - 1));
        if let (Some(open), false) = (bracket.map(|open| self.word(open)), self.at_end()) {
            let wanted = format!("expected an operator, `,` or `{}`", faults::partner(open));
            return Diagnostic::new(&codes::E0101, self.here(), format!("unexpected `{}`", self.found()), wanted);
        }
        let wanted = match nouns.as_slice() {
            [] => "does not belong here".to_string(),
            [one] => format!("expected {one}"),
            [rest @ .., last] if rest.len() < 4 => format!("expected {} or {last}", rest.join(", ")),
            _ => "does not belong here".to_string(),
        };
        if self.at_end() {
            let report = Diagnostic::new(&codes::E0101, self.here(), "this ends too early", "the last of it");
            return if nouns.is_empty() { report } else { report.note(wanted) };
        }
        Diagnostic::new(&codes::E0101, self.here(), format!("unexpected `{}`", self.found()), wanted)
    }
}

fn is_value(rule: Rule) -> bool {
    use Rule::*;
    matches!(
        rule,
        expr | filtered
            | ascribed
            | arm
            | term
            | primary
            | number
            | text
            | hole
            | boolean
            | if_expr
            | loop_expr
            | exact_expr
            | run_expr
            | lambda
            | name
            | paren
            | build
            | list
            | record
            | plot_value
            | argument
            | neg
            | not
    )
}

/// What a rule is called where it was expected and something else stood.
fn noun(rule: Rule) -> Option<&'static str> {
    use Rule::*;
    Some(match rule {
        rule if is_value(rule) => "a value",
        ident | pattern | parameter | bracket_entry | draw | build_dim | word | field | dotted => "a name",
        r#type | type_name | plain_type | record_type | function_type | label_type => "a type",
        block => "a block in braces",
        params | call => "an opening parenthesis",
        assign => "`=`",
        item | expr_item => "a statement",
        infix | add | sub | mul | div | pow | eq => "an operator",
        every => "`every`",
        within => "`within`",
        until => "`until`",
        EOI => "the end",
        _ => return None,
    })
}

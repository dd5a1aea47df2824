//! The bracket scan and the cutting of a text into entries, each of which is parsed alone so that one broken entry
//! does not hide the faults of the others. Takes tokens, gives faults and token ranges; never reads the grammar.

use super::faults::{Fault, FaultKind, MAX_NESTING};
use super::tokens::{Token, TokenKind};
use std::ops::Range;

/// What the scan found.
#[derive(Debug)]
pub struct Brackets {
    pub faults: Vec<Fault>,
    /// Openers that are still open at the end of the text, as token indexes.
    pub open: Vec<usize>,
    /// The entries, as ranges of token indexes.
    pub entries: Vec<Range<usize>>,
}

/// Checks the brackets of a text and cuts it into entries.
///
/// Where all brackets match, a line inside brackets may start in the first column. Where they do not, a statement word
/// in the first column ends whatever is still open, so that a forgotten bracket costs one entry and not the file.
pub fn scan(text: &str, tokens: &[Token]) -> Brackets {
    let found = walk(text, tokens, false);
    if found.faults.is_empty() { found } else { walk(text, tokens, true) }
}

/// Whether a bracket is open at the end of the text, wherever lines start.
pub fn is_open(text: &str, tokens: &[Token]) -> bool {
    !walk(text, tokens, false).open.is_empty()
}

fn walk(text: &str, tokens: &[Token], recover: bool) -> Brackets {
    let mut out = Brackets { faults: Vec::new(), open: Vec::new(), entries: Vec::new() };
    let mut first = 0;
    let mut too_deep = false;
    for (i, token) in tokens.iter().enumerate() {
        if i > first && in_first_column(text, token) {
            if recover && !out.open.is_empty() && opens_statement(text, tokens, i) {
                close_all(&mut out, tokens, token.start);
            }
            if out.open.is_empty() && starts_statement(text, tokens, i) {
                out.entries.push(first..i);
                (first, too_deep) = (i, false);
            }
        }
        match token.kind {
            TokenKind::Open => {
                if out.open.len() == MAX_NESTING && !too_deep {
                    too_deep = true;
                    out.faults.push(Fault { kind: FaultKind::TooDeep, start: token.start, end: token.end });
                }
                out.open.push(i);
            }
            TokenKind::Close => close(&mut out, text, tokens, token),
            _ => {}
        }
    }
    if first < tokens.len() {
        out.entries.push(first..tokens.len());
    }
    let open = out.open.clone();
    close_all(&mut out, tokens, 0);
    out.open = open;
    out
}

fn close_all(out: &mut Brackets, tokens: &[Token], missed: usize) {
    let unclosed = out.open.drain(..).filter_map(|i| tokens.get(i));
    let faults: Vec<Fault> = unclosed
        .map(|t| {
            // Pointing at the end of a long text helps nobody: only a place near the opener is shown.
            let missed = if missed.saturating_sub(t.start) < 400 { missed } else { 0 };
            Fault { kind: FaultKind::Unclosed { missed }, start: t.start, end: t.end }
        })
        .collect();
    // Deeper ones are nearly always consequences; the innermost is where a closer was forgotten.
    out.faults.extend(faults.into_iter().next_back());
}

fn close(out: &mut Brackets, text: &str, tokens: &[Token], token: &Token) {
    let closer = token.text(text);
    let matches = |i: &usize| tokens.get(*i).is_some_and(|t| super::faults::partner(t.text(text)) == closer);
    let fault = |kind| Fault { kind, start: token.start, end: token.end };
    // Deeper than what is read the search for a partner stops: it has been reported, and would cost square time.
    let Some(top) = out.open.pop() else {
        return out.faults.push(fault(FaultKind::Stray));
    };
    if matches(&top) {
        return;
    }
    if out.open.len() <= MAX_NESTING && out.open.iter().any(matches) {
        // A closer of an outer bracket: the inner ones were forgotten.
        if let Some(t) = tokens.get(top) {
            let kind = FaultKind::Unclosed { missed: token.start };
            out.faults.push(Fault { kind, start: t.start, end: t.end });
        }
        while out.open.pop().is_some_and(|i| !matches(&i)) {}
        return;
    }
    let opener = tokens.get(top).map_or(0, |t| t.start);
    out.faults.push(fault(FaultKind::Mismatch { opener }));
}

fn in_first_column(text: &str, token: &Token) -> bool {
    token.first_on_line && (token.start == 0 || text.as_bytes().get(token.start - 1) == Some(&b'\n'))
}

/// Words that only ever start a statement.
pub const STATEMENT_WORDS: &[&str] =
    &["let", "def", "use", "expect", "print", "show", "latex", "plot", "table", "minimize", "maximize"];

/// Words that start a statement when a name follows, and are names otherwise.
pub const SOFT_STATEMENT_WORDS: &[&str] =
    &["loss", "query", "grid", "experiment", "precision", "param", "report", "track", "stop", "step"];

/// Reserved words that continue an expression, or wait for one.
const CONTINUING: &[&str] = &["where", "for", "with", "and", "or", "then", "else"];

/// Words that continue a statement when a value follows on their line.
const SOFT_CONTINUING: &[&str] = &[
    "until", "using", "over", "by", "within", "as", "titled", "to", "log", "every", "of", "per", "in", "steps",
    "epochs",
];

/// Words after which something must follow.
const WAITING: &[&str] = &[
    "let", "def", "use", "expect", "print", "show", "latex", "plot", "table", "minimize", "maximize", "if", "then",
    "else", "and", "or", "not", "for", "forall", "where", "with", "iterate", "scan", "exact", "run",
];

/// Whether a statement certainly opens at this token.
pub fn opens_statement(text: &str, tokens: &[Token], i: usize) -> bool {
    let Some(token) = tokens.get(i) else { return false };
    let word = token.text(text);
    let next = tokens.get(i + 1);
    STATEMENT_WORDS.contains(&word)
        || SOFT_STATEMENT_WORDS.contains(&word)
            && next
                .is_some_and(|t| t.kind == TokenKind::Word && !t.first_on_line && !CONTINUING.contains(&t.text(text)))
}

/// Whether the text up to and with this token waits for more: an operator, a comma, `=`, or a word such as `then`.
pub fn waits(text: &str, token: &Token) -> bool {
    match token.kind {
        TokenKind::Sign => !matches!(token.text(text), "?" | ";"),
        TokenKind::Word => WAITING.contains(&token.text(text)),
        _ => false,
    }
}

/// Whether a new statement starts at a token that stands first on its line (brackets aside).
pub fn starts_statement(text: &str, tokens: &[Token], i: usize) -> bool {
    let Some(token) = tokens.get(i) else { return false };
    if opens_statement(text, tokens, i) {
        return true;
    }
    if i > 0 && tokens.get(i - 1).is_some_and(|before| waits(text, before)) {
        return false;
    }
    let word = token.text(text);
    let next = tokens.get(i + 1);
    match token.kind {
        TokenKind::Close => false,
        TokenKind::Sign => word == "?",
        TokenKind::Word if word == "where" => next.is_some_and(|t| t.start == token.end && t.text(text) == "("),
        TokenKind::Word if CONTINUING.contains(&word) => false,
        TokenKind::Word if SOFT_CONTINUING.contains(&word) => {
            next.is_some_and(|t| t.first_on_line || t.start == token.end || t.kind == TokenKind::Sign)
        }
        _ => true,
    }
}

/// The statement around a byte inside the innermost block that holds it, as a byte range; `None` outside of blocks.
/// Used to look for further faults behind the first of an entry.
pub fn statement_around(text: &str, tokens: &[Token], at: usize) -> Option<Range<usize>> {
    let mut open: Vec<usize> = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        if token.start >= at && !(token.kind == TokenKind::Close && token.start == at) {
            break;
        }
        match token.kind {
            TokenKind::Open => open.push(i),
            TokenKind::Close if token.end <= at => {
                open.pop();
            }
            _ => {}
        }
    }
    let brace = open.into_iter().rev().find(|i| is_block(text, tokens, *i))?;
    let (mut depth, mut from, mut before) = (0usize, None, brace);
    for (i, token) in tokens.iter().enumerate().skip(brace + 1) {
        let ends = depth == 0 && (token.text(text) == ";" || token.kind == TokenKind::Close);
        let begins = depth == 0 && token.first_on_line && starts_statement(text, tokens, i);
        if (ends || begins) && token.start > at && from.is_some() {
            break;
        }
        if ends && token.kind == TokenKind::Close {
            break;
        }
        if token.text(text) == ";" && depth == 0 {
            from = None;
            before = i;
            continue;
        }
        if begins || from.is_none() {
            from = Some(token.start);
        }
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        before = i;
    }
    let end = tokens.get(before)?.end;
    from.filter(|from| *from < end).map(|from| from..end)
}

/// Whether a `{` opens a block and not a record.
pub fn is_block(text: &str, tokens: &[Token], i: usize) -> bool {
    let at = |i: usize| tokens.get(i).map_or("", |t| t.text(text));
    let is_word = tokens.get(i + 1).is_some_and(|t| t.kind == TokenKind::Word);
    at(i) == "{" && at(i + 1) != "}" && !(is_word && matches!(at(i + 2), ":" | ","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::tokens;

    fn entries(text: &str) -> Vec<&str> {
        let scan = tokens::scan(text);
        let slice = |r: &Range<usize>| &text[scan.tokens[r.start].start..scan.tokens[r.end - 1].end];
        super::scan(text, &scan.tokens).entries.iter().map(slice).collect()
    }

    fn faults(text: &str) -> Vec<(usize, FaultKind)> {
        super::scan(text, &tokens::scan(text).tokens).faults.iter().map(|f| (f.start, f.kind)).collect()
    }

    #[test]
    fn entries_start_in_the_first_column() {
        assert_eq!(entries("let a = 1\n  + 2\nlet b = f(\n1)\nb"), ["let a = 1\n  + 2", "let b = f(\n1)", "b"]);
        assert_eq!(entries("let a = b\n(c)\n[1, 2]"), ["let a = b", "(c)", "[1, 2]"]);
        assert_eq!(entries("let a =\n1\n+ 2\nwhere c\nwhere(a, b, c)"), ["let a =\n1\n+ 2\nwhere c", "where(a, b, c)"]);
        assert_eq!(entries("plot f\nover x\nlog(x)"), ["plot f\nover x", "log(x)"]);
    }

    #[test]
    fn a_forgotten_bracket_costs_one_entry() {
        assert_eq!(entries("let a = f(1\nlet b = 2"), ["let a = f(1", "let b = 2"]);
        assert!(matches!(faults("let a = f(1\nlet b = 2")[..], [(9, FaultKind::Unclosed { missed: 12 })]));
        assert!(matches!(faults("f(a]")[..], [(3, FaultKind::Mismatch { opener: 1 })]));
        assert!(matches!(faults("[f(a]")[..], [(2, FaultKind::Unclosed { missed: 4 })]));
        assert!(matches!(faults("a)")[..], [(1, FaultKind::Stray)]));
    }

    #[test]
    fn statements_of_a_block_are_found() {
        let text = "def f(x) = {\n  let u = (1 +\n 2)\n  let v u\n    + 1\n  v\n}";
        let scan = tokens::scan(text);
        let around = |needle: &str| {
            let at = text.find(needle).unwrap();
            statement_around(text, &scan.tokens, at).map(|r| &text[r])
        };
        assert_eq!(around("u\n "), Some("let v u\n    + 1"));
        assert_eq!(around("2)"), Some("let u = (1 +\n 2)"));
        assert_eq!(around("v\n}"), Some("v"));
        assert_eq!(around("f(x)"), None);
    }
}

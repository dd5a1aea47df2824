//! Faults that tokens and brackets show by themselves, as diagnostics: E0102 to E0109, E0118 and E0120. Takes a fault
//! and its text, gives the report. Finds nothing itself: `tokens` and `delimiters` do.

use crate::diag::{Diagnostic, codes::syntax as codes};
use crate::source::{SourceId, Span};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FaultKind {
    /// A character that means nothing in Loss.
    Character,
    /// A sign that means something elsewhere.
    Foreign,
    UnendedText,
    Escape,
    Number,
    NumberTooLarge,
    /// An opener that is never closed; what was found at `end` is the place where it was missed.
    Unclosed {
        missed: usize,
    },
    /// A closer that nothing opened.
    Stray,
    /// A closer of another kind than its opener.
    Mismatch {
        opener: usize,
    },
    TooDeep,
}

/// A fault and the bytes it concerns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault {
    pub kind: FaultKind,
    pub start: usize,
    pub end: usize,
}

/// Nesting that is still read, of brackets and of the tree.
pub const MAX_NESTING: usize = 200;

impl Fault {
    /// The report, with the likely mend.
    pub fn report(&self, source: SourceId, text: &str) -> Diagnostic {
        let span = Span::new(source, self.start, self.end);
        let found = text.get(self.start..self.end).unwrap_or("");
        match self.kind {
            FaultKind::Character => character(span, found),
            FaultKind::Foreign => foreign(span, found),
            FaultKind::UnendedText => {
                Diagnostic::new(&codes::E0106, span, "this text has no end", "starts here and does not end on its line")
                    .help("close it with `\"`; write \\n for a new line and \\\" for a quotation mark")
            }
            FaultKind::Escape => {
                Diagnostic::new(&codes::E0107, span, format!("`{found}` is not an escape"), "unknown escape")
                    .help("write `\\\\` for a backslash; the escapes are \\n, \\t, \\\" and \\\\")
            }
            FaultKind::Number => number(span, found),
            FaultKind::NumberTooLarge => too_large(span, found),
            FaultKind::Unclosed { missed } => unclosed(span, found, missed, text),
            FaultKind::Stray => {
                Diagnostic::new(&codes::E0104, span, format!("`{found}` closes nothing"), "no bracket is open here")
                    .help(format!("remove it, or open with `{}` before it", partner(found)))
            }
            FaultKind::Mismatch { opener } => {
                let opened = text.get(opener..opener + 1).unwrap_or("");
                let open_span = Span::new(source, opener, opener + 1);
                Diagnostic::new(&codes::E0105, span, format!("`{opened}` is closed by `{found}`"), "closed here")
                    .label(open_span, "opened here")
                    .help(format!("close it with `{}`", partner(opened)))
            }
            FaultKind::TooDeep => too_deep(span),
        }
    }
}

/// Brackets, operators or functions in each other beyond what is read.
pub fn too_deep(span: Span) -> Diagnostic {
    let message = format!("more than {MAX_NESTING} levels of nesting");
    Diagnostic::new(&codes::E0118, span, message, "too deep from here on")
        .help("name the inner parts with `let`; put the parts of a long sum in a list and use `sum`")
}

/// The bracket that goes with one.
pub fn partner(bracket: &str) -> &'static str {
    match bracket {
        "(" => ")",
        "[" => "]",
        "{" => "}",
        ")" => "(",
        "]" => "[",
        _ => "{",
    }
}

fn unclosed(span: Span, found: &str, missed: usize, text: &str) -> Diagnostic {
    let closer = partner(found);
    let label = "opened here and never closed";
    let report = Diagnostic::new(&codes::E0103, span, format!("`{found}` is not closed"), label);
    let mut end = missed + 1;
    while end < text.len() && !text.is_char_boundary(end) {
        end += 1;
    }
    let help = format!("close it with `{closer}`");
    match text.get(missed..end) {
        Some(_) if missed > span.start as usize => {
            report.label(Span::new(span.source, missed, end), format!("`{closer}` was expected before this")).help(help)
        }
        _ => report.help(help),
    }
}

fn character(span: Span, found: &str) -> Diagnostic {
    let first = found.chars().next().unwrap_or(' ');
    let shown = if first.is_control() || first.is_whitespace() || ('\u{200b}'..='\u{200f}').contains(&first) {
        format!("the character U+{:04X}", first as u32)
    } else {
        format!("`{first}`")
    };
    let report = Diagnostic::new(&codes::E0102, span, format!("{shown} means nothing here"), "unexpected character");
    match remedy(first) {
        Some(mend) => report.help(mend),
        None => report.help("remove it; names are made of letters, digits and `_`"),
    }
}

/// What to write instead of a sign of printed mathematics or of a word processor.
fn remedy(c: char) -> Option<String> {
    let written = match c {
        '×' | '·' | '⋅' | '∗' | '⊙' => "*",
        '÷' | '∕' => "/",
        '−' | '–' | '—' => "-",
        '≤' => "<=",
        '≥' => ">=",
        '≠' => "!=",
        '≈' | '≃' => "~=",
        '→' | '↦' => "->",
        '⇒' => "=>",
        '∧' => "and",
        '∨' => "or",
        '¬' => "not",
        '²' => "^2",
        '³' => "^3",
        '“' | '”' | '„' | '«' | '»' => "\"",
        '…' => "..",
        '∑' => "sum[k](...)",
        '∏' => "prod[k](...)",
        '√' => "sqrt(...)",
        '；' => ";",
        '，' => ",",
        '：' => ":",
        '（' => "(",
        '）' => ")",
        '∼' => "~",
        c if c.is_whitespace() => return Some("replace it by a blank".into()),
        '\u{200b}'..='\u{200f}' | '\u{feff}' => return Some("remove it; it is invisible".into()),
        _ => return None,
    };
    Some(format!("write `{written}`"))
}

fn foreign(span: Span, found: &str) -> Diagnostic {
    let mend = match found {
        "**" => "write `x^2` for a power",
        "&&" | "&" => "write `and`",
        "||" => "write `or`",
        "|" => "write `or`; a magnitude is `abs(x)`",
        "!" => "write `not x`; `!=` compares",
        "%" => "write `mod(a, b)` for the remainder",
        "//" => "write `floor(a / b)`; comments start with `#`",
        "===" => "write `==`",
        "!==" => "write `!=`",
        ":=" => "write `let x = ...`",
        "..." => "write `..` for a range",
        "|>" => "write the call, `f(x)`",
        f if f.starts_with('\'') && f.len() > 1 => "write texts between double quotation marks",
        "'" => "write texts between double quotation marks; a name cannot carry a prime, use `x_1` or `x_next`",
        "**=" | "//=" | "-=" | "*=" | "/=" | "^=" | "@=" => {
            "nothing changes in place: write `let y = ...`, or `x with [n = i] += v` for a new array"
        }
        "\\" => "an expression goes on by itself on the next line when that line starts with an operator",
        _ => "remove it",
    };
    Diagnostic::new(&codes::E0120, span, format!("`{found}` is not Loss"), "a sign of another language").help(mend)
}

fn number(span: Span, found: &str) -> Diagnostic {
    let report = Diagnostic::new(&codes::E0108, span, format!("`{found}` is not a number"), "malformed number");
    let points = found.matches('.').count();
    let letter = found.find(|c: char| c.is_alphabetic());
    if found.starts_with('.') {
        return report.help(format!("write `0{found}`"));
    }
    if points > 1 {
        return report.help("a number has one decimal point");
    }
    if let Some(whole) = found.strip_suffix('.') {
        return report.help(format!("write `{whole}.0`, or `{whole}`"));
    }
    match letter {
        Some(at) if found.get(at..).is_some_and(|tail| matches!(tail, "e" | "E")) => {
            let mantissa = found.get(..at).unwrap_or("");
            report.help(format!("write the exponent, `{mantissa}e-3`, or leave the `e` out"))
        }
        Some(at) if at > 0 && !found.starts_with("0x") && !found.starts_with("0b") => {
            let (digits, name) = found.split_at(at);
            report.help(format!(
                "write `{} * {name}` for a product; a name starts with a letter",
                digits.trim_end_matches('_')
            ))
        }
        _ => report.help("write it in decimal digits, such as `1.5` or `1e-3`"),
    }
}

fn too_large(span: Span, found: &str) -> Diagnostic {
    let whole = !found.contains(['.', 'e', 'E']);
    let report = Diagnostic::new(&codes::E0109, span, format!("`{found}` is too large"), "does not fit");
    if whole {
        report.help(format!("write `{found}.0` for a real")).note("integers go to 9223372036854775807")
    } else {
        report.note("reals go to about 1.8e308")
    }
}

/// A row of operators, calls or clauses beyond what is read.
pub fn too_long(span: Span, limit: usize) -> Diagnostic {
    let message = format!("more than {limit} operators in one expression");
    Diagnostic::new(&codes::E0118, span, message, "too long")
        .help("name the parts with `let`; put the parts of a long sum in a list and use `sum`")
}

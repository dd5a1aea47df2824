//! Known mistakes of values: indexes, operators, types, lists, clauses. Each check gives a report where its mistake is
//! at hand.

use super::Spot;
use crate::diag::{Diagnostic, codes::syntax as codes, suggest};
use crate::syntax::delimiters;
use crate::syntax::grammar::Rule;
use crate::syntax::tokens::TokenKind;
use crate::syntax::words;

/// Words that may follow an expression.
const CLAUSE_WORDS: &[&str] =
    &["within", "over", "using", "where", "every", "until", "titled", "then", "else", "steps", "epochs"];

/// Functions whose bracket makes axes, so that what stands there is a size.
const MAKES_AXES: [&str; 11] = [
    "zeros",
    "ones",
    "full",
    "eye",
    "normal",
    "uniform",
    "bernoulli",
    "exponential",
    "laplace",
    "integers",
    "permutation",
];

impl Spot<'_> {
    /// `x[0]`.
    pub(super) fn index(&self) -> Option<Diagnostic> {
        if !self.expects(&[Rule::bracket_entry, Rule::at, Rule::arrow, Rule::size, Rule::by, Rule::ident]) {
            return None;
        }
        let open = self.opener().filter(|o| self.word(*o) == "[")?;
        let behind = open.checked_sub(1).filter(|b| self.ends_value(*b))?;
        if self.i > open + 1 && self.ends_value(self.i - 1) && self.starts_value(self.i) {
            return None;
        }
        if self.at_end() || matches!(self.found(), "," | "=") || self.tokens.get(open)?.first_on_line {
            return None;
        }
        if self.expects(&[Rule::dim, Rule::r#type]) {
            return None;
        }
        let (array, index) = (self.word(behind), self.found());
        let report = Diagnostic::new(
            &codes::E0125,
            self.here(),
            "a place is picked by the name of its axis",
            "no axis is named",
        );
        Some(match index {
            "]" if self.i == open + 1 => {
                report.help(format!("name an axis: `{array}[n = 0]` picks, `sum[n](x)` reduces"))
            }
            ":" | ".." => report.help(format!("leave whole axes out, and name the others: `{array}[n = 0..10]`")),
            _ if MAKES_AXES.contains(&array) => {
                report.help(format!("a new axis has a name and a size: `{array}[n: {index}]`"))
            }
            _ if self.kind(self.i) == Some(TokenKind::Number) => report.help(format!("write `{array}[n = {index}]`")),
            _ => report.help(format!("write `{array}[n = ...]`")),
        })
    }

    /// Operators without an operand, and `=` or words without what must follow.
    pub(super) fn operator(&self) -> Option<Diagnostic> {
        let infix = |word: &str| {
            matches!(
                word,
                "+" | "-"
                    | "*"
                    | "/"
                    | "^"
                    | ".."
                    | "=="
                    | "!="
                    | "~="
                    | "<"
                    | "<="
                    | ">"
                    | ">="
                    | "and"
                    | "or"
                    | "where"
            )
        };
        let (before, found) = (self.before(), self.found());
        if !self.expects_value() {
            return None;
        }
        let last = self.i.checked_sub(1)?;
        let waits = self.tokens.get(last).is_some_and(|t| delimiters::waits(self.text, t));
        if infix(found) && found != "-" && !infix(before) {
            let report = Diagnostic::new(
                &codes::E0114,
                self.here(),
                format!("`{found}` has nothing on its left"),
                "an operand is missing before this",
            );
            return Some(report.help(if found == "+" {
                "leave the `+` out, or write what it adds to"
            } else {
                "write both operands"
            }));
        }
        if !waits || before == "," && !self.at_end() || before == ":" && self.expects(&[Rule::r#type]) {
            return None;
        }
        let message = match before {
            "=" | "+=" | "->" | "=>" | ":" | "," | "~" => format!("`{before}` is followed by no value"),
            word if words::is_reserved(word) && !infix(word) => format!("`{word}` is followed by no value"),
            _ => format!("`{before}` has nothing on its right"),
        };
        let mut report = Diagnostic::new(&codes::E0114, self.span(last), message, "a value is missing after this");
        if !self.at_end() {
            report = report.label(self.here(), "this is no value");
        }
        if found == "=" && before == "=" {
            return Some(report.help("write one `=` to name, `==` to compare"));
        }
        Some(report.help("write a value, or `?` to ask what fits"))
    }

    /// Something else where a type belongs.
    pub(super) fn type_wanted(&self) -> Option<Diagnostic> {
        let types = [Rule::r#type, Rule::type_name, Rule::type_field, Rule::plain_type, Rule::dims];
        if !self.expects(&types[..4]) || self.expects_value() {
            return None;
        }
        let report = match self.at_end() {
            true => Diagnostic::new(&codes::E0122, self.here(), "a type is missing", "expected after this"),
            false => Diagnostic::new(
                &codes::E0122,
                self.here(),
                format!("`{}` is not a type", self.found()),
                "a type belongs here",
            ),
        };
        Some(report.help(
            "types are written `real[n, d]`, `label k [n]`, `int`, `bool`, `text`, `{w: real[d]}` or `(real) -> real`",
        ))
    }

    /// Two values next to each other in a list of some kind.
    pub(super) fn comma(&self) -> Option<Diagnostic> {
        let open = self.opener()?;
        let last = self.i.checked_sub(1)?;
        let listing = self.word(open) != "{" || !delimiters::is_block(self.text, self.tokens, open);
        if !listing || !self.ends_value(last) || !self.starts_value(self.i) {
            return None;
        }
        let (a, b) = (self.word(last), self.found());
        if b == "(" && self.i >= 2 && self.word(self.i - 2) == ":" {
            let report = Diagnostic::new(&codes::E0122, self.here(), "axes stand in square brackets", "opened here");
            return Some(report.help(format!("write `{a}[n]`")));
        }
        let message = format!("a comma is missing between `{a}` and `{b}`");
        let report = Diagnostic::new(&codes::E0112, self.here(), message, "a comma belongs before this")
            .label(self.span(open), "in this list");
        Some(report.help("separate with `,`; a product is written with `*`"))
    }

    /// `for` without `in`, `[n] => e`, `[n: 3] -> e`, `exact f(x)`, `{"w": 1}`.
    pub(super) fn shapes(&self) -> Option<Diagnostic> {
        let report =
            |at: usize, message: &str, label: &str| Diagnostic::new(&codes::E0101, self.span(at), message, label);
        if self.found() == "=>" {
            let report = report(self.i, "`=>` without the sizes of its axes", "unexpected");
            return Some(report.help("write `[n: 100, d: 3] => n + d` for an array, `x -> x + 1` for a function"));
        }
        let sized = self.opener().is_some_and(|open| self.word(open) == "[" && self.word(open + 2) == ":");
        if self.found() == "]" && sized && !self.expects(&[Rule::r#type]) {
            let report = report(self.i, "sizes without `=>`", "`=>` belongs behind this");
            return Some(report.help("write `[n: 100, d: 3] => n + d` for an array"));
        }
        let key = self.i.checked_sub(2).filter(|key| self.kind(*key) == Some(TokenKind::Text));
        if let Some(key) = key.filter(|_| self.before() == ":" && self.expects(&[Rule::r#type])) {
            let name = self.word(key).trim_matches('"');
            return Some(
                report(key, "the key of a record is a name", "a text").help(format!("write `{{{name}: ...}}`")),
            );
        }
        if self.expects(&[Rule::block]) && !self.at_end() && !self.expects_value() {
            let word = self.before();
            return Some(
                report(self.i, "a block is missing", "`{` belongs before this")
                    .help(format!("write `{word} {{ ... }}`")),
            );
        }
        if self.found() != "for" {
            return None;
        }
        let past = (self.i + 1..self.i + 12).find(|at| matches!(self.word(*at), "in" | "=" | "{" | "]" | ""));
        let missed = past.filter(|at| self.word(*at) != "in").map(|_| self.i + 2)?;
        let report = report(missed.min(self.tokens.len()), "`for` without `in`", "`in` belongs here");
        Some(report.help(format!("write `for {} in list`", self.word(self.i + 1))))
    }

    /// Something behind a finished statement on its line.
    pub(super) fn two_statements(&self) -> Option<Diagnostic> {
        let last = self.i.checked_sub(1)?;
        let opens = delimiters::opens_statement(self.text, self.tokens, self.i);
        if !self.same_line() || !self.ends_value(last) || !(opens || self.starts_value(self.i)) {
            return None;
        }
        let found = self.found();
        let first = self.word(self.start);
        if !opens && matches!(first, "minimize" | "maximize") {
            let message = format!("a comma is missing before `{found}`");
            let report = Diagnostic::new(&codes::E0112, self.here(), message, "a comma belongs before this");
            return Some(report.help("write `minimize f using adam(lr), 300 steps, batch 64 of n`"));
        }
        if !opens && first == "expect" && self.word(self.start + 1) == "forall" && !self.condition_begun() {
            let message = "the condition of `forall` follows a `:`";
            let report = Diagnostic::new(&codes::E0101, self.here(), message, "`:` belongs before this");
            return Some(report.help("write `expect forall x: real[k] ~ normal(0, 1): f(x) >= 0`"));
        }
        let meant = suggest::nearest(found, CLAUSE_WORDS.iter().copied()).filter(|_| !words::is_reserved(found));
        let report = if let (Some(meant), false) = (meant, opens) {
            let message = format!("`{found}` follows a finished expression");
            Diagnostic::new(&codes::E0123, self.here(), message, "unexpected").help(format!("did you mean `{meant}`?"))
        } else if opens {
            Diagnostic::new(&codes::E0123, self.here(), "two statements on one line", "the second starts here")
                .help("start a new line, or separate them with `;`")
        } else {
            Diagnostic::new(
                &codes::E0123,
                self.here(),
                format!("`{found}` follows a finished expression"),
                "unexpected",
            )
            .help("write the operator that joins them, or start a new line")
        };
        Some(report)
    }

    /// Whether a `:` before the fault closes the draws of `forall`: one right behind a `)` or with no type after it.
    pub(super) fn condition_begun(&self) -> bool {
        (self.start..self.i).any(|at| self.word(at) == ":" && at > 0 && self.kind(at - 1) == Some(TokenKind::Close))
    }
}

//! Known mistakes of statements: words, headers, `=`, choices. Each check gives a report where its mistake is at hand.

use super::{Spot, reserved};
use crate::diag::{Diagnostic, codes::syntax as codes, suggest};
use crate::syntax::delimiters::{self, SOFT_STATEMENT_WORDS, STATEMENT_WORDS};
use crate::syntax::grammar::Rule;
use crate::syntax::tokens::TokenKind;
use crate::syntax::words;

impl Spot<'_> {
    /// Words and shapes of other languages.
    pub(super) fn other_language(&self) -> Option<Diagnostic> {
        let first = self.word(self.start);
        let early = self.i <= self.start + 1;
        let (at, help) = match (first, self.before(), self.found()) {
            (_, "lambda", _) => (self.i - 1, "write `x -> x + 1`, or `(x, y) -> x + y`"),
            (_, "return", _) => (self.i - 1, "leave it out: the last line of a block is its value"),
            (_, _, "elif") => (self.i, "write `else if`"),
            (_, "else", ":") => (self.i, "leave the `:` out: `if c then a else b`"),
            ("import" | "from" | "include" | "require", ..) if early => (self.start, "write `use std.data (digits)`"),
            ("fn" | "fun" | "func" | "function" | "define" | "fct", ..) if early => {
                (self.start, "write `def f(x) = ...`")
            }
            ("var" | "const" | "val" | "mut" | "auto" | "local", ..) if early => (self.start, "write `let x = ...`"),
            ("assert" | "assume" | "require_that", ..) if early => (self.start, "write `expect condition`"),
            ("echo" | "println" | "printf" | "puts", ..) if early => (self.start, "write `print value`"),
            ("while", ..) if early => (self.start, "write `iterate x = x0 for t in 1..1000 until condition { ... }`"),
            ("for", ..) if self.i == self.start => (
                self.start,
                "loops are values: `iterate x = x0 for t in 1..T { ... }` for the last, `f(c) for c in list` for all",
            ),
            ("class" | "struct" | "type" | "enum", ..) if early => (self.start, "write a record: `{w: 1, b: 2}`"),
            (_, "@", _) => (self.i - 1, "name the axes to sum over: `x @[d] w`"),
            (_, _, "?") if self.i > 0 && self.same_line() && self.ends_value(self.i - 1) => {
                (self.i, "write `if condition then a else b`")
            }
            (_, _, "@") => (self.i, "name the axes to sum over: `x @[d] w`"),
            (_, _, "+=") => {
                (self.i, "nothing changes in place: write `let y = x + 1`, or `x with [n = i] += 1` for a new array")
            }
            _ => return None,
        };
        let sign = self.word(at);
        let message = format!("`{sign}` is not used like this in Loss");
        Some(Diagnostic::new(&codes::E0120, self.span(at), message, "a habit from another language").help(help))
    }

    /// `lets x = 1`, `x = 1`.
    pub(super) fn statement_word(&self) -> Option<Diagnostic> {
        let first = self.word(self.start);
        if self.kind(self.start) != Some(TokenKind::Word) || self.opener().is_some() || self.at_end() {
            return None;
        }
        let assigns = self.found() == "=";
        let soft = SOFT_STATEMENT_WORDS.contains(&first) && !(assigns && self.i == self.start + 1);
        let known = STATEMENT_WORDS.contains(&first) || soft;
        if known || words::is_reserved(first) || !(self.i == self.start + 1 || assigns) {
            return None;
        }
        let starts = matches!(self.kind(self.i), Some(TokenKind::Word | TokenKind::Number | TokenKind::Text));
        let meant = suggest::nearest(first, STATEMENT_WORDS.iter().chain(SOFT_STATEMENT_WORDS).copied());
        let here = self.span(self.start);
        match meant {
            Some(meant) if starts && self.same_line() || assigns && self.i > self.start + 1 => Some(
                Diagnostic::new(&codes::E0110, here, format!("`{first}` starts no statement"), "unknown statement")
                    .help(format!("did you mean `{meant}`?")),
            ),
            _ if assigns && self.i == self.start + 1 => {
                let message = format!("`{first} = ...` is not a statement");
                let report = Diagnostic::new(&codes::E0110, self.here(), message, "nothing is assigned in Loss");
                Some(report.help(format!("name a value with `let {first} = ...`, or compare with `==`")))
            }
            _ => None,
        }
    }

    /// `if` without `then` or `else`, and the orders of other languages.
    pub(super) fn branches(&self) -> Option<Diagnostic> {
        if self.found() == "if" && self.i > 0 && self.ends_value(self.i - 1) && self.same_line() {
            let report =
                Diagnostic::new(&codes::E0116, self.here(), "the condition comes first", "`if` after its value");
            return Some(report.help("write `if condition then a else b`, or `a where mask` for arrays"));
        }
        if matches!(self.found(), "then" | "else") && self.unmatched_if().is_none() {
            let word = self.found();
            let report =
                Diagnostic::new(&codes::E0116, self.here(), format!("`{word}` without `if`"), "no `if` is open here");
            return Some(report.help("write `if condition then a else b`"));
        }
        if self.before() == ":"
            && self.expects(&[Rule::r#type])
            && let Some(at) = self.unmatched_if()
        {
            let report = Diagnostic::new(&codes::E0116, self.span(at), "this `if` has no `then`", "starts here");
            let report = report.label(self.span(self.i - 1), "`then` belongs here");
            return Some(report.help("write `if condition then a else b`"));
        }
        let missing = if self.expects(&[Rule::then_word]) {
            "then"
        } else if self.expects(&[Rule::else_word]) {
            "else"
        } else {
            return None;
        };
        if self.i > 0 && delimiters::waits(self.text, self.tokens.get(self.i - 1)?) {
            return None;
        }
        let at = self.unmatched_if()?;
        let place = if self.at_end() { "expected after this" } else { "expected before this" };
        let report =
            Diagnostic::new(&codes::E0116, self.span(at), format!("this `if` has no `{missing}`"), "starts here")
                .label(self.here(), format!("`{missing}` is {place}"))
                .help("write `if condition then a else b`");
        Some(if missing == "else" { report.note("every choice is a value, so both sides are needed") } else { report })
    }

    pub(super) fn unmatched_if(&self) -> Option<usize> {
        let (mut depth, mut closed) = (0usize, 0usize);
        for at in (self.start..self.i.min(self.tokens.len())).rev() {
            match (self.kind(at), self.word(at)) {
                (Some(TokenKind::Close), _) => depth += 1,
                (Some(TokenKind::Open), _) if depth == 0 => return None,
                (Some(TokenKind::Open), _) => depth -= 1,
                (_, "else") if depth == 0 => closed += 1,
                (_, "if") if depth == 0 && closed == 0 => return Some(at),
                (_, "if") if depth == 0 => closed -= 1,
                _ => {}
            }
        }
        None
    }

    /// A reserved word, or something else, where a name belongs.
    pub(super) fn name_wanted(&self) -> Option<Diagnostic> {
        const DECLARING: &[&str] = &[
            "let",
            "def",
            "loss",
            "query",
            "grid",
            "experiment",
            "param",
            "report",
            "track",
            "for",
            "iterate",
            "scan",
        ];
        let declaring = DECLARING.contains(&self.before()) && (self.before() != "loss" || self.i == self.start + 1);
        let names = self.expects(&[
            Rule::ident,
            Rule::pattern,
            Rule::parameter,
            Rule::bracket_entry,
            Rule::dim,
            Rule::draw,
            Rule::build_dim,
        ]) && !self.expects_value();
        if !declaring && !names {
            return None;
        }
        if self.kind(self.i) == Some(TokenKind::Word) && words::is_reserved(self.found()) {
            return Some(reserved(self.found(), self.here()));
        }
        if declaring
            && !self.at_end()
            && !matches!(self.found(), "(" | "{" | "[")
            && self.kind(self.i) != Some(TokenKind::Word)
        {
            let message = format!("a name is missing after `{}`", self.before());
            let report = Diagnostic::new(&codes::E0101, self.here(), message, "not a name");
            return Some(report.help("names are made of letters, digits and `_`, and start with a letter"));
        }
        None
    }

    /// A function without its list of parameters.
    pub(super) fn header(&self) -> Option<Diagnostic> {
        let kind = self.word(self.start);
        let name = self.word(self.start + 1);
        if kind == "param" && self.i == self.start + 2 {
            let message = format!("`param {name}` has no type");
            let report = Diagnostic::new(&codes::E0122, self.here(), message, "a type belongs before this");
            return Some(report.help(format!("write `param {name}: real[d] ~ normal(0, 0.01)`")));
        }
        if kind == "use" && self.i > self.start + 1 && self.kind(self.i) == Some(TokenKind::Word) {
            let message = "the names to use stand in parentheses";
            let report = Diagnostic::new(&codes::E0101, self.here(), message, "without parentheses");
            return Some(report.help(format!("write `use std.data ({})`", self.found())));
        }
        if !matches!(kind, "def" | "loss" | "query") || !self.expects(&[Rule::params]) || self.opener().is_some() {
            return None;
        }
        let message = format!("`{kind} {name}` has no list of parameters");
        let report =
            Diagnostic::new(&codes::E0124, self.span(self.start + 1), message, "parameters belong behind this");
        Some(if self.found() == "=" {
            report.help(format!("write `{kind} {name}(x) = ...`, or `let {name} = ...` for a value"))
        } else {
            report.help(format!("write the parameters in parentheses: `{kind} {name}(x) = ...`"))
        })
    }

    /// `=` for `==`, `==` for `=`, and `:` for `=`.
    pub(super) fn equals(&self) -> Option<Diagnostic> {
        let named = "`=` gives a value a name; `==` compares";
        match self.found() {
            "==" if self.expects(&[Rule::assign]) && !self.expects_infix() => Some(
                Diagnostic::new(&codes::E0111, self.here(), "`==` compares, it names nothing", "`=` belongs here")
                    .help("write `=`")
                    .note(named),
            ),
            "=" if self.i > 0 && self.ends_value(self.i - 1) => Some(
                Diagnostic::new(&codes::E0111, self.here(), "`=` does not compare", "`==` belongs here")
                    .help("write `==` to compare")
                    .note(named),
            ),
            _ => None,
        }
    }

    pub(super) fn expects_infix(&self) -> bool {
        self.expects(&[Rule::eq, Rule::add, Rule::mul])
    }

    /// `let x 1`, `def f(x) x`, `def f(x): x`.
    pub(super) fn missing_equals(&self) -> Option<Diagnostic> {
        let kind = self.word(self.start);
        let declares = matches!(kind, "let" | "def" | "loss" | "query" | "grid" | "report" | "track");
        if !self.expects(&[Rule::assign]) || !declares && !self.expects(&[Rule::add_assign]) && !self.in_loop() {
            return None;
        }
        let updates = self.expects(&[Rule::add_assign]) || self.opener().is_none() && self.defined();
        if self.in_loop() || updates {
            let report = Diagnostic::new(&codes::E0119, self.here(), "a `=` is missing", "`=` is expected before this");
            return Some(report.help(if self.in_loop() {
                "a loop starts from a value: `iterate x = x0 for t in 1..T { ... }`"
            } else {
                "write `w with [n = rows] = x` or `model with layer.w = q`"
            }));
        }
        if self.opener().is_some() {
            return None;
        }
        let name = self.word(self.start + 1);
        let message = format!("`{kind} {name}` has no `=`");
        let (span, label) = if self.at_end() {
            (self.here(), "`=` and a value are expected after this")
        } else {
            (self.here(), "`=` is expected before this")
        };
        let report = Diagnostic::new(&codes::E0119, span, message, label);
        Some(match (kind, self.found()) {
            ("let", "(") => report.help(format!("functions are defined with `def {name}(x) = ...`")),
            ("let", _) => report.help(format!("write `let {name} = value`")),
            (_, ":") => report.help("write `=` instead of `:`, and braces around a body of several lines"),
            (_, "{") => report.help(format!("write `{kind} {name}(...) = {{ ... }}`")),
            _ => report.help(format!("write `=` and what `{name}` stands for")),
        })
    }

    /// Whether the fault lies between `iterate` and its `for`.
    pub(super) fn in_loop(&self) -> bool {
        let before = self.tokens.get(self.start..self.i.min(self.tokens.len())).unwrap_or(&[]).iter().rev();
        before
            .map(|t| t.text(self.text))
            .take(8)
            .find(|w| matches!(*w, "iterate" | "scan" | "=" | "for"))
            .is_some_and(|word| matches!(word, "iterate" | "scan"))
    }

    /// Whether the statement has its `=` already.
    pub(super) fn defined(&self) -> bool {
        let mut depth = 0usize;
        for token in self.tokens.get(self.start..self.i.min(self.tokens.len())).unwrap_or(&[]) {
            match token.kind {
                TokenKind::Open => depth += 1,
                TokenKind::Close => depth = depth.saturating_sub(1),
                TokenKind::Sign if depth == 0 && token.text(self.text) == "=" => return true,
                _ => {}
            }
        }
        false
    }
}

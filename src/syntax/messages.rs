//! What a fault of grammar is in the user's terms. Takes the place where reading failed, the rules that would have
//! fitted there and the tokens around it; looks for known mistakes in order of certainty; gives one report. Never
//! shows the name of a rule.

use super::build::Base;
use super::delimiters::{self, SOFT_STATEMENT_WORDS, STATEMENT_WORDS};
use super::grammar::Rule;
use super::tokens::{Token, TokenKind};
use super::words;
use crate::diag::{Diagnostic, codes::syntax as codes, suggest};
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
        Spot::type_wanted,
        Spot::comma,
        Spot::loops,
        Spot::two_statements,
    ];
    checks.iter().find_map(|check| check(&spot)).unwrap_or_else(|| spot.unexpected())
}

/// A reserved word where a name stands.
pub fn reserved(word: &str, span: Span) -> Diagnostic {
    Diagnostic::new(&codes::E0113, span, format!("`{word}` cannot be a name"), "a word of the language")
        .help(format!("choose another name, such as `{word}_1`"))
}

/// The token that opens the statement around token `i`.
fn statement_start(text: &str, tokens: &[Token], i: usize) -> usize {
    let mut depth = 0usize;
    for at in (0..i.min(tokens.len())).rev() {
        let Some(token) = tokens.get(at) else { continue };
        match token.kind {
            TokenKind::Close => depth += 1,
            TokenKind::Open if depth > 0 => depth -= 1,
            TokenKind::Open if delimiters::is_block(text, tokens, at) => return at + 1,
            _ if depth == 0 && token.text(text) == ";" => return at + 1,
            _ => {}
        }
        if depth == 0 && token.first_on_line && delimiters::starts_statement(text, tokens, at) {
            let inside = tokens.get(..at).unwrap_or(&[]).iter().rev();
            let mut level = 0usize;
            // Only a line that stands directly in a block or in the file opens a statement.
            for (back, t) in inside.enumerate() {
                match t.kind {
                    TokenKind::Close => level += 1,
                    TokenKind::Open if level > 0 => level -= 1,
                    TokenKind::Open if delimiters::is_block(text, tokens, at - 1 - back) => return at,
                    TokenKind::Open => break,
                    _ => {}
                }
                if back + 1 == at {
                    return at;
                }
            }
            if at == 0 {
                return 0;
            }
        }
    }
    0
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

    /// Words and shapes of other languages.
    fn other_language(&self) -> Option<Diagnostic> {
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
            _ => return None,
        };
        let sign = self.word(at);
        let message = format!("`{sign}` is not used like this in Loss");
        Some(Diagnostic::new(&codes::E0120, self.span(at), message, "a habit from another language").help(help))
    }

    /// `lets x = 1`, `x = 1`.
    fn statement_word(&self) -> Option<Diagnostic> {
        let first = self.word(self.start);
        if self.kind(self.start) != Some(TokenKind::Word) || self.opener().is_some() || self.at_end() {
            return None;
        }
        let known = STATEMENT_WORDS.contains(&first) || SOFT_STATEMENT_WORDS.contains(&first);
        let assigns = self.found() == "=";
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
    fn branches(&self) -> Option<Diagnostic> {
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

    fn unmatched_if(&self) -> Option<usize> {
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
    fn name_wanted(&self) -> Option<Diagnostic> {
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
    fn header(&self) -> Option<Diagnostic> {
        let kind = self.word(self.start);
        if !matches!(kind, "def" | "loss" | "query") || !self.expects(&[Rule::params]) || self.opener().is_some() {
            return None;
        }
        let name = self.word(self.start + 1);
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
    fn equals(&self) -> Option<Diagnostic> {
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

    fn expects_infix(&self) -> bool {
        self.expects(&[Rule::eq, Rule::add, Rule::mul])
    }

    /// `let x 1`, `def f(x) x`, `def f(x): x`.
    fn missing_equals(&self) -> Option<Diagnostic> {
        let kind = self.word(self.start);
        let declares = matches!(kind, "let" | "def" | "loss" | "query" | "grid" | "report" | "track");
        if !declares || !self.expects(&[Rule::assign]) || self.opener().is_some() {
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
            ("let", _) => report.help(format!("write `let {name} = value`")),
            (_, ":") => report.help("write `=` instead of `:`, and braces around a body of several lines"),
            (_, "{") => report.help(format!("write `{kind} {name}(...) = {{ ... }}`")),
            _ => report.help(format!("write `=` and what `{name}` stands for")),
        })
    }

    /// `x[0]`.
    fn index(&self) -> Option<Diagnostic> {
        if !self.expects(&[Rule::bracket_entry, Rule::at, Rule::arrow, Rule::size, Rule::by, Rule::ident]) {
            return None;
        }
        let open = self.opener().filter(|o| self.word(*o) == "[")?;
        let behind = open.checked_sub(1).filter(|b| self.ends_value(*b))?;
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
            _ if self.kind(self.i) == Some(TokenKind::Number) => report.help(format!("write `{array}[n = {index}]`")),
            _ => report.help(format!("write `{array}[n = ...]`")),
        })
    }

    /// Operators without an operand, and `=` or words without what must follow.
    fn operator(&self) -> Option<Diagnostic> {
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
        if infix(found) && found != "-" && !(infix(before) || matches!(before, "=" | "->" | "=>")) {
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
    fn type_wanted(&self) -> Option<Diagnostic> {
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
    fn comma(&self) -> Option<Diagnostic> {
        let open = self.opener()?;
        let last = self.i.checked_sub(1)?;
        let listing = self.word(open) != "{" || !delimiters::is_block(self.text, self.tokens, open);
        if !listing || !self.ends_value(last) || !self.starts_value(self.i) {
            return None;
        }
        let (a, b) = (self.word(last), self.found());
        let message = format!("a comma is missing between `{a}` and `{b}`");
        let report = Diagnostic::new(&codes::E0112, self.here(), message, "a comma belongs before this")
            .label(self.span(open), "in this list");
        Some(report.help("separate with `,`; a product is written with `*`"))
    }

    /// `for` without `in`, and `[n] => e`.
    fn loops(&self) -> Option<Diagnostic> {
        if self.found() == "=>" {
            let report =
                Diagnostic::new(&codes::E0101, self.here(), "`=>` without the sizes of its axes", "unexpected");
            return Some(report.help("write `[n: 100, d: 3] => n + d` for an array, `x -> x + 1` for a function"));
        }
        if self.i < 2 || self.word(self.i - 2) != "for" || self.found() == "in" {
            return None;
        }
        let report = Diagnostic::new(&codes::E0101, self.here(), "`for` without `in`", "`in` belongs before this");
        Some(report.help(format!("write `for {} in list`", self.before())))
    }

    /// Something behind a finished statement on its line.
    fn two_statements(&self) -> Option<Diagnostic> {
        let last = self.i.checked_sub(1)?;
        let opens = delimiters::opens_statement(self.text, self.tokens, self.i);
        if !self.same_line() || !self.ends_value(last) || !(opens || self.starts_value(self.i)) {
            return None;
        }
        let found = self.found();
        let report = if opens {
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

    fn unexpected(&self) -> Diagnostic {
        let mut nouns: Vec<&str> = Vec::new();
        for noun in self.expected.iter().filter_map(|rule| noun(*rule)) {
            if !nouns.contains(&noun) {
                nouns.push(noun);
            }
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

//! Text → tokens with byte ranges, and the faults that single characters show: unfinished texts, bad numbers, signs of
//! other languages. The grammar reads the text itself; tokens serve the bracket scan, the cutting into entries, and
//! messages. Never fails: every byte belongs to a token or to white space.

use super::faults::{Fault, FaultKind};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenKind {
    Word,
    Number,
    Text,
    /// `(`, `[` or `{`
    Open,
    /// `)`, `]` or `}`
    Close,
    /// An operator or a sign of punctuation.
    Sign,
    /// What cannot stand anywhere; already reported.
    Bad,
}

/// A token and where it stands. `first_on_line`: only blanks stand before it on its line.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    pub kind: TokenKind,
    pub start: usize,
    pub end: usize,
    pub first_on_line: bool,
}

impl Token {
    pub fn text<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.start..self.end).unwrap_or("")
    }
}

/// A comment, `#` included, without its line end.
#[derive(Clone, Copy, Debug)]
pub struct Comment {
    pub start: usize,
    pub end: usize,
    pub first_on_line: bool,
}

/// What a text is made of, in order.
#[derive(Default, Debug)]
pub struct Scan {
    pub tokens: Vec<Token>,
    pub comments: Vec<Comment>,
    pub faults: Vec<Fault>,
}

/// Signs of more than one character, longest first; those of other languages are taken whole so that they are
/// reported once.
const SIGNS: &[&str] = &[
    "===", "!==", "**=", "//=", "...", "==", "!=", "<=", ">=", "~=", "->", "=>", "..", "+=", "**", "&&", "||", "//",
    "-=", "*=", "/=", ":=", "<-", "|>", "++", "--", "^=", "@=",
];

/// Splits a text into tokens.
pub fn scan(text: &str) -> Scan {
    // A byte order mark is not part of the program.
    let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut scanner = Scanner { text, at, fresh: true, out: Scan::default() };
    while scanner.at < text.len() {
        scanner.step();
    }
    scanner.out
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    /// No token yet on this line.
    fresh: bool,
    out: Scan,
}

impl Scanner<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Moves over characters as long as `keep` holds.
    fn skip(&mut self, keep: impl Fn(char) -> bool) {
        self.at += self.rest().find(|c| !keep(c)).unwrap_or(self.rest().len());
    }

    fn push(&mut self, kind: TokenKind, start: usize) {
        self.out.tokens.push(Token { kind, start, end: self.at, first_on_line: self.fresh });
        self.fresh = false;
    }

    fn fault(&mut self, kind: FaultKind, start: usize, end: usize) {
        self.out.faults.push(Fault { kind, start, end });
    }

    fn step(&mut self) {
        let start = self.at;
        let Some(c) = self.peek() else { return };
        match c {
            '\n' => {
                self.at += 1;
                self.fresh = true;
            }
            ' ' | '\t' | '\r' => self.at += 1,
            '#' => {
                self.skip(|c| c != '\n');
                let (end, first_on_line) = (self.at, self.fresh);
                self.out.comments.push(Comment { start, end, first_on_line });
            }
            '"' => self.text_literal(),
            '0'..='9' => self.number(),
            '(' | '[' | '{' => {
                self.at += 1;
                self.push(TokenKind::Open, start);
            }
            ')' | ']' | '}' => {
                self.at += 1;
                self.push(TokenKind::Close, start);
            }
            c if is_name_start(c) => {
                self.skip(is_name_char);
                self.push(TokenKind::Word, start);
            }
            _ => self.sign(c),
        }
    }

    fn text_literal(&mut self) {
        let start = self.at;
        self.at += 1;
        loop {
            self.skip(|c| !matches!(c, '"' | '\\' | '\n'));
            match self.peek() {
                Some('"') => {
                    self.at += 1;
                    return self.push(TokenKind::Text, start);
                }
                Some('\\') => {
                    let escape = self.at;
                    self.at += 1;
                    let Some(c) = self.peek().filter(|c| *c != '\n') else { continue };
                    self.at += c.len_utf8();
                    if !matches!(c, 'n' | 't' | '"' | '\\') {
                        self.fault(FaultKind::Escape, escape, self.at);
                    }
                }
                _ => {
                    let end = start + self.text.get(start..self.at).unwrap_or("").trim_end().len();
                    self.fault(FaultKind::UnendedText, start, end);
                    return self.push(TokenKind::Bad, start);
                }
            }
        }
    }

    /// A number and whatever is stuck to it: `1.2.3`, `1e`, `5x` are one bad number, `0..5` is three tokens.
    fn number(&mut self) {
        let start = self.at;
        self.digits();
        let mut points = 0;
        while self.rest().starts_with('.') && self.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) {
            points += 1;
            self.at += 1;
            self.digits();
        }
        let mut bad = points > 1;
        if self.rest().starts_with(['e', 'E']) {
            let tail = &self.rest()[1..];
            let signed = tail.strip_prefix(['+', '-']).unwrap_or(tail);
            let width = tail.len() - signed.len() + 1;
            if signed.starts_with(|c: char| c.is_ascii_digit()) {
                self.at += width;
                self.digits();
            }
        }
        if self.peek().is_some_and(is_name_char) {
            bad = true;
            self.skip(is_name_char);
        }
        let rest = self.rest();
        if rest.starts_with('.') && !rest.starts_with("..") && !rest[1..].starts_with(is_name_start) {
            bad = true;
            self.at += 1;
        }
        let literal = self.text.get(start..self.at).unwrap_or("");
        if bad {
            self.fault(FaultKind::Number, start, self.at);
        } else if number_value(literal).is_none() {
            self.fault(FaultKind::NumberTooLarge, start, self.at);
        }
        self.push(if bad { TokenKind::Bad } else { TokenKind::Number }, start);
    }

    fn digits(&mut self) {
        self.skip(|c| c.is_ascii_digit() || c == '_');
    }

    fn sign(&mut self, c: char) {
        let start = self.at;
        if c == '.' && !self.rest().starts_with("..") && self.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) {
            let attached = self.out.tokens.last().is_some_and(|t| t.end == start);
            if !attached {
                self.at += 1;
                self.skip(|c| is_name_char(c) || c == '.');
                self.fault(FaultKind::Number, start, self.at);
                return self.push(TokenKind::Bad, start);
            }
        }
        let sign = SIGNS.iter().find(|sign| self.rest().starts_with(**sign)).copied();
        self.at += sign.map_or(c.len_utf8(), str::len);
        let foreign =
            matches!(sign, Some("===" | "!==" | "**=" | "//=" | "..." | "**" | "&&" | "||" | "//" | "-=" | "*="))
                || matches!(sign, Some("/=" | ":=" | "<-" | "|>" | "^=" | "@=" | "++" | "--"));
        if sign.is_some_and(|s| matches!(s, "--" | "++" | "<-")) {
            // `a --b`, `a < -b` without a blank and the like are sound mathematics: take one sign at a time.
            self.at = start + 1;
            return self.push(TokenKind::Sign, start);
        }
        if c == '\'' {
            let line = self.rest().split('\n').next().unwrap_or("");
            self.at += line.find('\'').map_or(0, |at| at + 1);
        }
        if foreign || matches!(c, '!' | '%' | '&' | '|' | '\'' | '$' | '`' | '\\') && sign.is_none() {
            self.fault(FaultKind::Foreign, start, self.at);
            return self.push(TokenKind::Bad, start);
        }
        if sign.is_none()
            && !matches!(c, '+' | '-' | '*' | '/' | '^' | '=' | '<' | '>' | '~' | '@' | ',' | ':' | ';' | '.' | '?')
        {
            // A run of one unknown character is one fault.
            self.skip(|next| next == c);
            self.fault(FaultKind::Character, start, self.at);
            return self.push(TokenKind::Bad, start);
        }
        self.push(TokenKind::Sign, start);
    }
}

/// The value of a number literal: a real with a point or an exponent, else an integer; `None` if it is too large.
pub fn number_value(literal: &str) -> Option<Number> {
    let plain: String = literal.chars().filter(|c| *c != '_').collect();
    if plain.contains(['.', 'e', 'E']) {
        return plain.parse().ok().filter(|x: &f64| x.is_finite()).map(Number::Real);
    }
    plain.parse().ok().map(Number::Int)
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Number {
    Real(f64),
    Int(i64),
}

/// Letters of any script, and `_`. Must agree with `ident` in the grammar.
pub fn is_name_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || (!c.is_ascii() && pest::unicode::XID_START(c))
}

pub fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || (!c.is_ascii() && pest::unicode::XID_CONTINUE(c))
}

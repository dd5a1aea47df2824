//! What can be wrong with a data file, as a value: the code, the file, the place in it and the text found there. Turns
//! into a [`Diagnostic`] at the span of the call that asked for the file. Never reads anything.

use crate::diag::{Code, Diagnostic};
use crate::source::Span;

/// The longest piece of a data file that a message repeats, in characters.
const EXCERPT: usize = 72;

/// A data file that does not hold what the program declares. `line` counts from 1 in the (decompressed) file, `column`
/// from 1 in cells.
#[derive(Clone, Debug, PartialEq)]
pub struct DataFault {
    pub code: &'static Code,
    pub file: String,
    pub line: Option<usize>,
    pub column: Option<usize>,
    /// The column's name in the header, where there is one.
    pub column_name: Option<String>,
    /// The offending cell or line, shortened.
    pub text: Option<String>,
    /// The fact, without the file's name.
    pub message: String,
    pub helps: Vec<String>,
    pub notes: Vec<String>,
    /// How many further places have a fault of the same code.
    pub more: usize,
}

impl DataFault {
    pub fn new(code: &'static Code, file: &str, message: impl Into<String>) -> Box<DataFault> {
        Box::new(DataFault {
            code,
            file: file.to_string(),
            line: None,
            column: None,
            column_name: None,
            text: None,
            message: message.into(),
            helps: Vec::new(),
            notes: Vec::new(),
            more: 0,
        })
    }

    pub fn at_line(mut self: Box<Self>, line: usize) -> Box<DataFault> {
        self.line = Some(line);
        self
    }

    pub fn at_column(mut self: Box<Self>, column: usize, name: Option<&str>) -> Box<DataFault> {
        self.column = Some(column);
        self.column_name = name.map(str::to_string);
        self
    }

    pub fn text(mut self: Box<Self>, text: &str) -> Box<DataFault> {
        self.text = Some(excerpt(text));
        self
    }

    pub fn help(mut self: Box<Self>, text: impl Into<String>) -> Box<DataFault> {
        self.helps.push(text.into());
        self
    }

    pub fn note(mut self: Box<Self>, text: impl Into<String>) -> Box<DataFault> {
        self.notes.push(text.into());
        self
    }

    /// `data.csv:3, column 2 (mass)`: where in the file it is.
    pub fn place(&self) -> String {
        let mut place = self.file.clone();
        if let Some(line) = self.line {
            place.push_str(&format!(":{line}"));
        }
        if let Some(column) = self.column {
            place.push_str(&format!(", column {column}"));
            if let Some(name) = &self.column_name {
                place.push_str(&format!(" (`{}`)", excerpt(name)));
            }
        }
        place
    }

    /// The report, at the call that asked for the file.
    pub fn diagnostic(&self, call: Span) -> Diagnostic {
        let label = match self.line {
            Some(_) => format!("while reading {}", self.place()),
            None => format!("while reading {}", self.file),
        };
        let mut diagnostic = Diagnostic::new(self.code, call, format!("`{}`: {}", self.file, self.message), label);
        if let (Some(text), Some(line)) = (&self.text, self.line) {
            diagnostic = diagnostic.note(format!("line {line} has: {text}"));
        } else if let Some(text) = &self.text {
            diagnostic = diagnostic.note(format!("the file has: {text}"));
        }
        if self.more > 0 {
            let places = if self.more == 1 { "place of this file has" } else { "places of this file have" };
            diagnostic = diagnostic.note(format!("{} more {places} the same fault", self.more));
        }
        let diagnostic = self.helps.iter().fold(diagnostic, |d, help| d.help(help.clone()));
        self.notes.iter().fold(diagnostic, |d, note| d.note(note.clone()))
    }
}

/// A piece of a foreign text that is safe to repeat in a message: one line, short, no control characters.
pub fn excerpt(text: &str) -> String {
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut out: String = text.trim_end_matches(['\r', '\n']).chars().take(EXCERPT).map(clean).collect();
    if text.trim_end_matches(['\r', '\n']).chars().nth(EXCERPT).is_some() {
        out.push('…');
    }
    out
}

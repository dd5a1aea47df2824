//! Whole entries from lines: an entry goes on while a bracket is open. Reads a terminal with editing and history, or a
//! pipe. Never looks into what it reads beyond that.

use crate::syntax;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Completer, Config, Editor, Helper, Highlighter, Hinter};
use std::io::BufRead;
use std::path::PathBuf;

const PROMPT: &str = "loss> ";
const HISTORY: usize = 2_000;

pub enum Line {
    Entry(String),
    /// Ctrl-C at the prompt: the line is dropped.
    Interrupted,
    End,
    Fault(String),
}

pub enum Reader {
    Terminal { editor: Box<Editor<Entries, FileHistory>>, history: Option<PathBuf>, interrupted: bool },
    Pipe,
}

/// Asks the reader of programs whether an entry is complete. Never answers `Invalid`: a wrong bracket goes through, so
/// that it gets its proper report.
#[derive(Completer, Helper, Highlighter, Hinter, Default)]
pub struct Entries;

impl Validator for Entries {
    fn validate(&self, context: &mut ValidationContext) -> rustyline::Result<ValidationResult> {
        let complete = is_complete(context.input());
        Ok(if complete { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

fn is_complete(text: &str) -> bool {
    text.trim_start().starts_with(':') || syntax::is_complete(text)
}

impl Reader {
    /// Line editing; falls back to plain reading where the terminal cannot be set up. History is kept in the file that
    /// `LOSS_HISTORY` names, if it does.
    pub fn terminal() -> Reader {
        let config = Config::builder().max_history_size(HISTORY).map(|c| c.auto_add_history(true).build());
        let Ok(mut editor) = config.and_then(Editor::with_config) else { return Reader::Pipe };
        editor.set_helper(Some(Entries));
        let history = std::env::var_os("LOSS_HISTORY").map(PathBuf::from);
        if let Some(file) = &history {
            // There is none the first time.
            let _ = editor.load_history(file);
        }
        Reader::Terminal { editor: Box::new(editor), history, interrupted: false }
    }

    pub fn pipe() -> Reader {
        Reader::Pipe
    }

    pub fn next(&mut self) -> Line {
        match self {
            Reader::Pipe => next_of_pipe(&mut std::io::stdin().lock()),
            Reader::Terminal { editor, history, interrupted } => match editor.readline(PROMPT) {
                Ok(text) => {
                    *interrupted = false;
                    if let Some(file) = history {
                        // Losing history is not worth a word.
                        let _ = editor.append_history(file);
                    }
                    Line::Entry(text)
                }
                // The first Ctrl-C drops the line, the second in a row leaves.
                Err(ReadlineError::Interrupted) if !std::mem::replace(interrupted, true) => Line::Interrupted,
                Err(ReadlineError::Interrupted | ReadlineError::Eof) => Line::End,
                Err(error) => Line::Fault(error.to_string()),
            },
        }
    }
}

/// Lines until the entry is complete or the input ends.
fn next_of_pipe(input: &mut dyn BufRead) -> Line {
    let mut text = String::new();
    loop {
        let mut bytes = Vec::new();
        match input.read_until(b'\n', &mut bytes) {
            Ok(0) if text.is_empty() => return Line::End,
            Ok(0) => return Line::Entry(text),
            Ok(_) => text += &String::from_utf8_lossy(&bytes),
            Err(error) => return Line::Fault(error.to_string()),
        }
        if is_complete(&text) {
            return Line::Entry(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_go_on_while_a_bracket_is_open() {
        let mut input = "let x = [1,\n  2]\nx\n:type (\nlet y = (".as_bytes();
        let mut entries = Vec::new();
        while let Line::Entry(text) = next_of_pipe(&mut input) {
            entries.push(text);
        }
        assert_eq!(entries, ["let x = [1,\n  2]\n", "x\n", ":type (\n", "let y = ("]);
    }
}

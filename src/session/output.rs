//! What a session is asked for and what it tells its front end. Plain values: nothing is printed here.

use crate::diag::Diagnostic;
use crate::source::{SourceMap, Span};
use crate::types::Precision;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// How a session is to run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Overrides what a program declares.
    pub precision: Option<Precision>,
    /// Worker threads; one per core if not said. No result depends on it.
    pub threads: Option<usize>,
    pub seed: u64,
    /// Where plots and tables go; `out/NAME` beside the program if not said.
    pub out: Option<PathBuf>,
    /// Whether `json` of values is wanted; saves building it.
    pub json: bool,
    /// Set from outside (Ctrl-C) to stop what runs.
    pub cancel: Arc<AtomicBool>,
}

/// One thing that happened, in the order of the program.
#[derive(Clone, Debug)]
pub enum Event {
    /// A value of `print`, or of an entry at the prompt.
    Value {
        /// What was printed, as written: a name or an expression.
        name: String,
        /// Its type, such as `real[n, d]`.
        ty: String,
        /// For people: aligned, shortened.
        text: String,
        /// With full precision (see `display`); `Null` where `Options::json` is off.
        json: serde_json::Value,
    },
    /// The result of `show`, `latex`, `:type`, `:why`, `:doc`: a text to print as it is.
    Text {
        /// `formula`, `latex`, `graph`, `why`, `type`, `doc`.
        kind: &'static str,
        /// Of what.
        name: String,
        text: String,
    },
    Expectation {
        held: bool,
        /// The expectation as written.
        text: String,
        span: Span,
    },
    /// A file was written (a plot, a table).
    Wrote {
        path: PathBuf,
    },
    Diagnostic(Diagnostic),
}

/// Receives events as they happen.
pub trait Output {
    fn event(&mut self, event: Event, sources: &SourceMap);
}

/// Keeps events, for tests.
#[derive(Default)]
pub struct Recorder {
    pub events: Vec<Event>,
}

impl Output for Recorder {
    fn event(&mut self, event: Event, _: &SourceMap) {
        self.events.push(event);
    }
}

/// How a file or an entry ended; the worst of several is the greatest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Status {
    /// All expectations held.
    #[default]
    Held = 0,
    ExpectationFailed = 1,
    /// The program has errors; nothing was run.
    ProgramError = 2,
    /// It failed while running.
    RunFailed = 3,
}

#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub status: Status,
    pub diagnostics: Vec<Diagnostic>,
    pub expectations_held: usize,
    pub expectations_failed: usize,
}

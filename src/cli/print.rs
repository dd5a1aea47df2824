//! Events of a session as text for people or as JSON lines. Results go to standard output, reports to standard error;
//! with JSON everything goes to standard output, one object a line.

use super::stream::Stream;
use crate::diag::render::{self, Renderer};
use crate::session::{Event, Output};
use crate::source::SourceMap;
use serde_json::{Value, json};
use std::io::Write;

/// Prints events as they happen.
pub struct Printer {
    pub out: Stream,
    json: bool,
    /// Colour in reports: standard error is a terminal that wants it.
    color: bool,
}

impl Printer {
    pub fn new(out: Stream, json: bool, color: bool) -> Printer {
        Printer { out, json, color }
    }

    /// One JSON object on a line of its own.
    pub fn object(&mut self, value: &Value) {
        self.out.line(&value.to_string());
    }

    fn as_json(event: &Event, sources: &SourceMap) -> Value {
        match event {
            Event::Value { name, ty, json, .. } => json!({"type": "value", "name": name, "ty": ty, "value": json}),
            Event::Text { kind, name, text } => json!({"type": kind, "name": name, "text": text}),
            Event::Expectation { held, text, span } => {
                let (line, column) = sources.line_column(*span);
                let file = sources.get(span.source).map(|s| s.name.as_str());
                json!({
                    "type": "expectation", "held": held, "text": text, "file": file, "line": line, "column": column,
                })
            }
            Event::Wrote { path } => json!({"type": "wrote", "path": path.to_string_lossy()}),
            Event::Diagnostic(diagnostic) => render::json(diagnostic, sources),
        }
    }

    fn as_text(&mut self, event: &Event, sources: &SourceMap) {
        match event {
            Event::Value { text, .. } | Event::Text { text, .. } => self.out.line(text),
            // Silent while all is well; a failure comes as a diagnostic.
            Event::Expectation { .. } => {}
            Event::Wrote { path } => self.out.line(&format!("wrote {}", path.display())),
            Event::Diagnostic(diagnostic) => {
                let report = Renderer::new(sources, self.color).report(diagnostic);
                // Nobody is left to tell when standard error is gone.
                let _ = std::io::stderr().write_all(report.as_bytes());
            }
        }
    }
}

impl Output for Printer {
    fn event(&mut self, event: Event, sources: &SourceMap) {
        if self.json {
            let value = Printer::as_json(&event, sources);
            self.object(&value);
        } else {
            self.as_text(&event, sources);
        }
        // Whoever watches a long run sees each result as it comes.
        self.out.flush();
    }
}

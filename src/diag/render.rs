//! Diagnostics as ariadne reports, as one compact line each, and as JSON. Diagnostics and the texts they point into
//! enter, strings leave. The same input gives the same bytes: no terminal width, no locale; colour only on request.
//! Never prints by itself.

use super::{Diagnostic, Severity};
use crate::source::{SourceId, SourceMap, Span};
use ariadne::{CharSet, Color, Config, IndexType, Label, Report, ReportKind};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::Range;

/// Renders reports over one set of texts; keeps each text's line table.
pub struct Renderer<'a> {
    sources: &'a SourceMap,
    color: bool,
    texts: BTreeMap<SourceId, Text>,
}

/// A text made safe to print, with ariadne's line table.
struct Text {
    name: String,
    clean: String,
    lines: ariadne::Source<String>,
}

/// A label's place in the form ariadne wants: a source and a range of characters (not bytes: with byte indices
/// ariadne 0.6 takes a character offset for a byte offset in the heading of a second source, and can panic there).
type CharSpan = (SourceId, Range<usize>);

impl<'a> Renderer<'a> {
    pub fn new(sources: &'a SourceMap, color: bool) -> Renderer<'a> {
        Renderer { sources, color, texts: BTreeMap::new() }
    }

    /// One full report, ending in a line break. Labels outside any known text are left out; if none is left, the
    /// message stands alone.
    pub fn report(&mut self, diagnostic: &Diagnostic) -> String {
        let labels = self.place_labels(diagnostic);
        if labels.is_empty() {
            return plain(diagnostic);
        }
        let kind = match diagnostic.severity {
            Severity::Error => ReportKind::Error,
            Severity::Warning => ReportKind::Warning,
        };
        let config = Config::default()
            .with_index_type(IndexType::Char)
            .with_char_set(CharSet::Unicode)
            .with_tab_width(4)
            .with_color(self.color);
        let primary = labels[0].0.clone();
        let mut builder = Report::build(kind, primary.clone())
            .with_code(diagnostic.code.id)
            .with_message(printable_line(&diagnostic.message))
            .with_config(config);
        for (order, (span, text, is_primary)) in in_print_order(labels, &primary) {
            let mut label = Label::new(span).with_message(printable_line(&text)).with_order(order);
            if self.color {
                label = label.with_color(if is_primary { primary_color(diagnostic.severity) } else { Color::Blue });
            }
            if is_primary {
                label = label.with_priority(1);
            }
            builder = builder.with_label(label);
        }
        builder.with_helps(diagnostic.helps.iter().map(|t| printable(t)));
        builder.with_notes(diagnostic.notes.iter().map(|t| printable(t)));
        let mut bytes = Vec::new();
        match builder.finish().write(TextCache(&self.texts), &mut bytes) {
            Ok(()) => trim_lines(&String::from_utf8_lossy(&bytes)),
            Err(_) => plain(diagnostic),
        }
    }

    /// All reports of a list, an empty line between them.
    pub fn reports<'d>(&mut self, list: impl IntoIterator<Item = &'d Diagnostic>) -> String {
        let reports: Vec<String> = list.into_iter().map(|d| self.report(d)).collect();
        reports.join("\n")
    }

    /// Character ranges of all labels that lie in a known text, the primary one first.
    fn place_labels(&mut self, diagnostic: &Diagnostic) -> Vec<(CharSpan, String, bool)> {
        let mut placed = Vec::new();
        for (index, label) in diagnostic.labels.iter().enumerate() {
            let id = label.span.source;
            let Some(source) = self.sources.get(id) else { continue };
            let text = self.texts.entry(id).or_insert_with(|| {
                let clean = printable_source(&source.text);
                Text { name: printable_line(&source.name), lines: ariadne::Source::from(clean.clone()), clean }
            });
            let bytes = clamp(label.span, &text.clean);
            let start = text.clean[..bytes.start].chars().count();
            let end = start + text.clean[bytes].chars().count();
            placed.push(((id, start..end), label.text.clone(), index == 0));
        }
        placed
    }
}

/// Ariadne opens a new section for every label above the last one, so labels are sorted downwards within a text; the
/// text of the primary label comes first. Labels of one text share one order, so that arrows do not cross.
fn in_print_order(labels: Vec<(CharSpan, String, bool)>, primary: &CharSpan) -> Vec<(i32, (CharSpan, String, bool))> {
    let mut texts = vec![primary.0];
    for ((id, _), ..) in &labels {
        if !texts.contains(id) {
            texts.push(*id);
        }
    }
    let rank = |id: &SourceId| texts.iter().position(|t| t == id).unwrap_or(0) as i32;
    let mut ordered: Vec<_> = labels.into_iter().map(|label| (rank(&label.0.0), label)).collect();
    ordered.sort_by_key(|(rank, ((_, range), ..))| (*rank, range.end, range.start));
    ordered
}

fn primary_color(severity: Severity) -> Color {
    match severity {
        Severity::Error => Color::Red,
        Severity::Warning => Color::Yellow,
    }
}

struct TextCache<'t>(&'t BTreeMap<SourceId, Text>);

impl ariadne::Cache<SourceId> for TextCache<'_> {
    type Storage = String;

    fn fetch(&mut self, id: &SourceId) -> Result<&ariadne::Source<String>, impl std::fmt::Debug> {
        self.0.get(id).map(|t| &t.lines).ok_or("unknown text")
    }

    fn display<'i>(&self, id: &'i SourceId) -> Option<impl std::fmt::Display + 'i> {
        self.0.get(id).map(|t| t.name.clone())
    }
}

/// The byte range to mark for a span: inside the text, on character boundaries, without white space at its end,
/// and never empty unless it stands at the end of the text. An empty span covers the character after it; one at the
/// end of the text moves up to the end of the last line that is not blank.
pub fn clamp(span: Span, text: &str) -> Range<usize> {
    let mut start = boundary_before(text, span.start as usize);
    let mut end = boundary_before(text, span.end as usize).max(start);
    let trimmed = text[start..end].trim_end().len();
    if trimmed > 0 {
        end = start + trimmed;
    }
    if start == text.len() {
        start = text.trim_end().len();
        end = start;
    }
    if start == end {
        end += text[start..].chars().next().map_or(0, char::len_utf8);
    }
    // A range of white space that crosses lines is marked at its first character only.
    if text[start..end].contains('\n') && text[start..end].trim().is_empty() {
        end = start + text[start..].chars().next().map_or(0, char::len_utf8);
    }
    start..end
}

fn boundary_before(text: &str, mut offset: usize) -> usize {
    offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// A source text as it may be printed: control characters, foreign line separators and direction overrides are
/// replaced by characters of the same length in bytes, so that spans keep their meaning and lines end at `\n` alone.
fn printable_source(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        out.push(match c {
            '\n' | '\t' => c,
            '\r' if rest.peek() == Some(&'\n') => c,
            _ if !is_hostile(c) => c,
            _ => match c.len_utf8() {
                1 => ' ',
                2 => '\u{a0}',
                _ => char::REPLACEMENT_CHARACTER,
            },
        });
    }
    out
}

/// Characters that would move the cursor, break the line or turn the text around.
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A message's text without control characters; line breaks stay.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c != '\n' && is_hostile(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

fn printable_line(text: &str) -> String {
    printable(text).replace('\n', " ")
}

fn trim_lines(text: &str) -> String {
    text.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

/// A report without places.
fn plain(diagnostic: &Diagnostic) -> String {
    let mut out =
        format!("[{}] {}: {}\n", diagnostic.code.id, heading(diagnostic), printable_line(&diagnostic.message));
    let parts = [("Help", &diagnostic.helps), ("Note", &diagnostic.notes)];
    for (word, texts) in parts {
        for text in texts {
            out += &format!("  {word}: {}\n", printable(text).replace('\n', "\n        "));
        }
    }
    out
}

fn heading(diagnostic: &Diagnostic) -> &'static str {
    match diagnostic.severity {
        Severity::Error => "Error",
        Severity::Warning => "Warning",
    }
}

fn severity_word(diagnostic: &Diagnostic) -> &'static str {
    match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// The compact form for editors and logs: `file:line:column: error E0301: message`.
pub fn line(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let word = severity_word(diagnostic);
    let (code, message) = (diagnostic.code.id, printable_line(&diagnostic.message));
    match sources.get(diagnostic.span().source) {
        Some(source) => {
            let (line, column) = position(sources, diagnostic.span());
            format!("{}:{line}:{column}: {word} {code}: {message}", printable_line(&source.name))
        }
        None => format!("{word} {code}: {message}"),
    }
}

/// Line and column, one-based and in characters, of the place a report marks.
fn position(sources: &SourceMap, span: Span) -> (usize, usize) {
    let Some(source) = sources.get(span.source) else { return (0, 0) };
    let range = clamp(span, &source.text);
    sources.line_column(Span::new(span.source, range.start, range.end))
}

/// The form for tools. Offsets are bytes; lines and columns count from one, columns in characters.
pub fn json(diagnostic: &Diagnostic, sources: &SourceMap) -> Value {
    let places: Vec<Value> = diagnostic
        .labels
        .iter()
        .filter_map(|label| {
            let source = sources.get(label.span.source)?;
            let range = clamp(label.span, &source.text);
            let id = label.span.source;
            let (line, column) = sources.line_column(Span::new(id, range.start, range.end));
            let (end_line, end_column) = sources.line_column(Span::new(id, range.end, range.end));
            Some(json!({
                "file": source.name, "line": line, "column": column, "end_line": end_line,
                "end_column": end_column, "start": range.start, "end": range.end, "text": label.text,
            }))
        })
        .collect();
    json!({
        "type": "diagnostic", "code": diagnostic.code.id, "severity": severity_word(diagnostic),
        "title": diagnostic.code.title, "message": diagnostic.message, "places": places,
        "helps": diagnostic.helps, "notes": diagnostic.notes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::codes::check::E0201;

    fn map(texts: &[&str]) -> SourceMap {
        let mut map = SourceMap::new();
        for (i, text) in texts.iter().enumerate() {
            map.add(format!("file{i}.loss"), *text);
        }
        map
    }

    fn span(source: u32, start: usize, end: usize) -> Span {
        Span::new(SourceId(source), start, end)
    }

    #[test]
    fn no_span_panics_and_every_report_marks_a_place() {
        for text in ["", "\n", "\n\n", "α = β\r\nlet 中文 = 1\u{2028}x\u{1b}[31m\n\n", "ab\u{85}c\rd\ne", "tab\there\n"]
        {
            let sources = map(&["let y = 1\nprint y\n", text]);
            let mut renderer = Renderer::new(&sources, false);
            for start in 0..text.len() + 3 {
                for end in start..text.len() + 3 {
                    let one = Diagnostic::new(&E0201, span(1, start, end), "m", "here");
                    assert!(renderer.report(&one).contains("file1.loss:"), "{text:?} {start}..{end}");
                    let two = Diagnostic::new(&E0201, span(0, 4, 5), "m", "here").label(span(1, start, end), "there");
                    let report = renderer.report(&two);
                    assert!(
                        report.contains("there") && !report.contains('\u{1b}'),
                        "{text:?} {start}..{end}\n{report}"
                    );
                    line(&two, &sources);
                    json(&two, &sources);
                }
            }
        }
    }

    #[test]
    fn two_labels_help_and_note_are_drawn_in_one_section() {
        let sources = map(&["let a : real[n]\nlet τ = 3\nlet c = a + τ\n"]);
        let d = Diagnostic::new(&E0201, span(0, 35, 41), "axes do not meet", "added here")
            .label(span(0, 4, 5), "`a` has axis `n`")
            .help("rename one")
            .note("axes meet by name");
        let expected = "\
[E0201] Error: axes do not meet
   ╭─[ file0.loss:3:9 ]
   │
 1 │ let a : real[n]
   │     ┬
   │     ╰── `a` has axis `n`
   │
 3 │ let c = a + τ
   │         ──┬──
   │           ╰──── added here
   │
   │ Help: rename one
   │
   │ Note: axes meet by name
───╯
";
        assert_eq!(Renderer::new(&sources, false).report(&d), expected);
        assert_eq!(line(&d, &sources), "file0.loss:3:9: error E0201: axes do not meet");
        let value = json(&d, &sources);
        assert_eq!(value["places"][0]["end_column"], 14);
    }

    #[test]
    fn a_report_without_a_place_keeps_message_help_and_note() {
        let d = Diagnostic::new(&E0201, span(7, 0, 1), "lost", "x").help("look").note("why");
        let text = Renderer::new(&SourceMap::new(), true).report(&d);
        assert_eq!(text, "[E0201] Error: lost\n  Help: look\n  Note: why\n");
    }
}

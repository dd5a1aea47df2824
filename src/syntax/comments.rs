//! Doc comments: which `##` lines stand right above a statement, and which belong to the file. Takes the comments of a
//! scan, gives their text without the `##`.

use super::tokens::{Comment, Token};

/// The comments of one text, ready to be asked.
pub struct Comments<'t> {
    text: &'t str,
    list: &'t [Comment],
}

impl<'t> Comments<'t> {
    pub fn new(text: &'t str, list: &'t [Comment]) -> Comments<'t> {
        Comments { text, list }
    }

    /// The `##` lines that end on the line right above the one on which `start` lies.
    pub fn above(&self, start: usize) -> Option<String> {
        let lines = self.run_before(start);
        (!lines.is_empty()).then(|| self.join(lines))
    }

    /// The `##` lines at the very top, where an empty line separates them from the first statement. A file that opens
    /// with `use` or `precision` needs no empty line: those need no documentation of their own.
    pub fn of_file(&self, first: Option<&Token>) -> Option<String> {
        let limit = first.map_or(self.text.len(), |t| t.start);
        let opens_file = first.is_some_and(|t| matches!(t.text(self.text), "use" | "precision"));
        let mut count = 0;
        let mut end = None;
        for comment in self.list.iter().take_while(|c| c.start < limit) {
            if !self.is_doc(comment) || end.is_some_and(|end| !self.adjacent(end, comment.start)) {
                break;
            }
            end = Some(comment.end);
            count += 1;
        }
        let (lines, end) = (self.list.get(..count)?, end?);
        let separate = first.is_none_or(|t| !self.adjacent(end, t.start));
        (separate || opens_file).then(|| self.join(lines))
    }

    fn run_before(&self, start: usize) -> &'t [Comment] {
        let upto = self.list.partition_point(|c| c.start < start);
        let (mut from, mut next) = (upto, start);
        while let Some(comment) = from.checked_sub(1).and_then(|i| self.list.get(i)) {
            if !self.is_doc(comment) || !self.adjacent(comment.end, next) {
                break;
            }
            next = comment.start;
            from -= 1;
        }
        self.list.get(from..upto).unwrap_or(&[])
    }

    fn is_doc(&self, comment: &Comment) -> bool {
        comment.first_on_line && self.text.get(comment.start..comment.end).is_some_and(|t| t.starts_with("##"))
    }

    /// One line end and nothing but blanks between.
    fn adjacent(&self, end: usize, start: usize) -> bool {
        let between = self.text.get(end..start).unwrap_or("x");
        between.trim().is_empty() && between.matches('\n').count() == 1
    }

    fn join(&self, lines: &[Comment]) -> String {
        let line = |c: &Comment| {
            let body = self.text.get(c.start..c.end).unwrap_or("").trim_start_matches('#');
            body.strip_prefix(' ').unwrap_or(body).trim_end().to_string()
        };
        lines.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::tokens;

    fn docs(text: &str) -> (Option<String>, Option<String>) {
        let scan = tokens::scan(text);
        let comments = Comments::new(text, &scan.comments);
        (comments.of_file(scan.tokens.first()), scan.tokens.first().and_then(|t| comments.above(t.start)))
    }

    #[test]
    fn docs_attach_to_what_stands_below() {
        assert_eq!(docs("## a\n## b\nlet x = 1"), (None, Some("a\nb".into())));
        assert_eq!(docs("## file\n\n## b\nlet x = 1"), (Some("file".into()), Some("b".into())));
        assert_eq!(docs("## file\nuse std.data").0, Some("file".into()));
        assert_eq!(docs("# no\nlet x = 1"), (None, None));
    }
}

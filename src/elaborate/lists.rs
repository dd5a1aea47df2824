//! Comprehensions: what `for` runs over, and the list it makes.

use super::Elaborator;
use super::value::{Array, Value};
use crate::diag::{Diagnostic, codes};
use crate::ir::Attrs;
use crate::ops;
use crate::source::Span;
use crate::syntax::ast::{Expr, ForClause};

impl Elaborator<'_> {
    pub(super) fn comprehension(&mut self, body: &Expr, clauses: &[ForClause]) -> Value {
        let Some((clause, rest)) = clauses.split_first() else { return self.expr(body) };
        let list = self.expr(&clause.list);
        let Some(items) = self.items(list, clause.list.span) else {
            // Not known yet: look at the body once, for its errors.
            let env = self.env.clone();
            self.bind_pattern(&clause.pattern, Value::Unknown, clause.list.span);
            self.comprehension(body, rest);
            self.env = env;
            return Value::Unknown;
        };
        let mut out = Vec::new();
        for item in items {
            let env = self.env.clone();
            self.bind_pattern(&clause.pattern, item, clause.list.span);
            match self.comprehension(body, rest) {
                Value::List(inner) if !rest.is_empty() => out.extend(inner.iter().cloned()),
                value => out.push(value),
            }
            self.env = env;
        }
        Value::list(out)
    }

    /// The items of a list, a range, or a record's `(name, value)` pairs; `None` where not known now.
    pub(super) fn items(&mut self, list: Value, span: Span) -> Option<Vec<Value>> {
        match list {
            Value::List(items) | Value::Tuple(items) => Some(items.to_vec()),
            Value::Record(fields) => {
                Some(fields.iter().map(|(n, v)| Value::tuple(vec![Value::Text(n.clone()), v.clone()])).collect())
            }
            Value::Range { from, to } => {
                let (from, to) = (self.known_int(&from)?, self.known_int(&to)?);
                if to - from > 100_000 {
                    let d = Diagnostic::new(
                        &codes::check::E0503,
                        span,
                        format!("a list of {} values is too long to spell out", to - from),
                        "each value would be an item of its own",
                    )
                    .help(format!("use an axis instead, as in `[n: {}] => 1.0 * n`", to - from));
                    self.report(d);
                    return None;
                }
                Some((from..to).map(|i| Value::Array(self.int_const(i))).collect())
            }
            Value::Array(array) => self.rows(&array, span),
            Value::Unknown => None,
            other => {
                let found = self.describe(&other);
                let d = Diagnostic::new(
                    &codes::check::E0409,
                    span,
                    format!("`for` runs over a list, a range or a record, and this is {found}"),
                    format!("this is {found}"),
                )
                .help("as in `for c in [1, 2, 3]` or `for i in 0..10`");
                self.report(d);
                None
            }
        }
    }

    /// The entries of an array over one axis, as a list.
    fn rows(&mut self, array: &Array, span: Span) -> Option<Vec<Value>> {
        let ty = self.ty(array);
        let visible = self.visible(&ty);
        let [dim] = &visible[..] else {
            let found = self.describe(&Value::Array(array.clone()));
            let d = Diagnostic::new(
                &codes::check::E0409,
                span,
                format!("`for` runs over a list or an array of one axis, and this is {found}"),
                format!("this is {found}"),
            );
            let d = match visible.first() {
                Some(dim) => d.help(format!(
                    "name the axis to run along: `x[{0} = i] for i in 0..{1}`",
                    dim.axis,
                    dim.size.known().map_or("10".to_string(), |n| n.to_string())
                )),
                None => d.help("as in `for c in [1, 2, 3]` or `for i in 0..10`"),
            };
            self.report(d);
            return None;
        };
        let n = dim.size.known()?;
        let pick = |this: &mut Self, i: usize| {
            let index = this.int_const(i as i64);
            Value::Array(this.must(&ops::PICK, &[array, &index], Attrs::axes(vec![dim.axis.clone()]), span))
        };
        Some((0..n).map(|i| pick(self, i)).collect())
    }
}

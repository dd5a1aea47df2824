//! Expressions.

use super::{Builder, Place, broken, next, only, take};
use crate::diag::{Diagnostic, codes::syntax as codes};
use crate::source::Span;
use crate::syntax::ast::*;
use crate::syntax::grammar::Rule;
use crate::syntax::tokens::{Number, number_value};
use crate::syntax::{messages, pratt, words};
use pest::iterators::{Pair, Pairs};
use std::sync::Arc;

impl Builder<'_> {
    /// An `expr`, `filtered`, `ascribed` or `arm`: a first part, and clauses that each wrap what stands before them.
    pub(super) fn expr(&mut self, pair: Pair<'_, Rule>) -> Expr {
        if pair.as_rule() == Rule::arm {
            return self.arm(pair);
        }
        let span = self.span(&pair);
        let mut inner = pair.into_inner();
        let first = next(&mut inner);
        let links = inner.len();
        if links == 0 {
            return self.expr(first);
        }
        self.nested(span, links, |b| {
            let first = b.expr(first);
            inner.fold(first, |value, clause| b.clause(value, clause))
        })
        .unwrap_or_else(|| broken(span))
    }

    fn clause(&mut self, value: Expr, pair: Pair<'_, Rule>) -> Expr {
        let span = value.span.to(self.span(&pair));
        let value = Box::new(value);
        let kind = match pair.as_rule() {
            Rule::for_clause => ExprKind::For { body: value, clauses: self.for_clauses(pair) },
            Rule::where_clause => ExprKind::Where { value, mask: Box::new(self.expr(only(pair))) },
            Rule::ascription => ExprKind::Ascribe { value, ty: self.type_expr(only(pair)) },
            Rule::update => {
                let mut inner = pair.into_inner();
                let entries = self.bracket(next(&mut inner));
                let add = next(&mut inner).as_rule() == Rule::add_assign;
                ExprKind::Update { base: value, entries, add, value: Box::new(self.expr(next(&mut inner))) }
            }
            _ => {
                let mut path = Vec::new();
                let mut new = broken(span);
                for part in pair.into_inner() {
                    match part.as_rule() {
                        Rule::ident | Rule::word => path.push(self.ident(&part)),
                        Rule::arm => new = self.expr(part),
                        _ => {}
                    }
                }
                ExprKind::With { base: value, path, value: Box::new(new) }
            }
        };
        Expr { kind, span }
    }

    pub(super) fn for_clauses(&mut self, pair: Pair<'_, Rule>) -> Vec<ForClause> {
        let mut inner = pair.into_inner();
        let mut clauses = Vec::new();
        while let Some(pattern) = inner.next() {
            let pattern = self.pattern(pattern);
            clauses.push(ForClause { pattern, list: self.expr(next(&mut inner)) });
        }
        clauses
    }

    fn arm(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let inner = pair.into_inner();
        let links = inner.len() - 1;
        self.nested(span, links, |b| {
            if b.chained(inner.clone()) {
                return broken(span);
            }
            let base = b.base;
            pratt::climb(base, inner, |term| b.term(term))
        })
        .unwrap_or_else(|| broken(span))
    }

    /// Reports `a < b < c`.
    fn chained(&mut self, pairs: Pairs<'_, Rule>) -> bool {
        let mut first: Option<Pair<'_, Rule>> = None;
        let mut between = String::new();
        for pair in pairs {
            let rule = pair.as_rule();
            match &first {
                Some(one) if pratt::compares(rule) => {
                    let (one, two) = (one.clone(), pair);
                    let message = "comparisons cannot be chained".to_string();
                    let (a, b) = (one.as_str().trim(), two.as_str().trim());
                    let middle = between.trim();
                    self.faults.push(
                        Diagnostic::new(&codes::E0115, self.span(&two), message, "second comparison")
                            .label(self.span(&one), "first comparison")
                            .help(format!("write `... {a} {middle} and {middle} {b} ...`")),
                    );
                    return true;
                }
                _ if pratt::compares(rule) => {
                    first = Some(pair);
                    between.clear();
                }
                _ if matches!(rule, Rule::and | Rule::or) => first = None,
                Some(_) => {
                    between.push(' ');
                    between.push_str(pair.as_str());
                }
                None => {}
            }
        }
        false
    }

    /// An operand with what stands behind it.
    pub(super) fn term(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let mut inner = pair.into_inner();
        let first = next(&mut inner);
        let links = inner.len();
        if links == 0 {
            return self.primary(first);
        }
        self.nested(span, links, |b| {
            // The level counts for the row behind the operand, not for the operand itself.
            b.depth -= 1;
            let mut value = b.primary(first);
            for part in inner {
                value = b.postfix(value, part);
            }
            b.depth += 1;
            value
        })
        .unwrap_or_else(|| broken(span))
    }

    fn postfix(&mut self, value: Expr, pair: Pair<'_, Rule>) -> Expr {
        let span = value.span.to(self.span(&pair));
        let base = Box::new(value);
        let kind = match pair.as_rule() {
            Rule::call => ExprKind::Call { function: base, args: self.arguments(pair) },
            Rule::bracket => ExprKind::Bracket { base, entries: self.bracket(pair) },
            Rule::field => ExprKind::Field { base, field: self.ident(&only(pair)) },
            _ => {
                let per = Ident { name: Arc::from("per"), span: self.span(&pair) };
                let mut args = vec![Arg { name: None, value: *base }];
                args.extend(pair.into_inner().map(|what| Arg { name: None, value: self.per_what(what) }));
                let function = Box::new(Expr { span: per.span, kind: ExprKind::Name(per) });
                ExprKind::Call { function, args }
            }
        };
        Expr { kind, span }
    }

    fn per_what(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let mut inner = pair.into_inner();
        let name = self.primary(next(&mut inner));
        inner.fold(name, |value, call| self.postfix(value, call))
    }

    fn arguments(&mut self, pair: Pair<'_, Rule>) -> Vec<Arg> {
        let argument = |pair: Pair<'_, Rule>| {
            let inner = only(pair);
            if inner.as_rule() != Rule::named {
                return Arg { name: None, value: self.expr(inner) };
            }
            let mut inner = inner.into_inner();
            let name = self.ident(&next(&mut inner));
            next(&mut inner);
            Arg { name: Some(name), value: self.expr(next(&mut inner)) }
        };
        pair.into_inner().map(argument).collect()
    }

    /// The entries of a bracket. In `h, w -> p` all axes before the arrow are on its left; what follows an arrow
    /// without an arrow of its own is on its right.
    fn bracket(&mut self, pair: Pair<'_, Rule>) -> Vec<BracketEntry> {
        let mut entries: Vec<BracketEntry> = Vec::new();
        let mut arrows = 0;
        for pair in pair.into_inner() {
            let span = self.span(&pair);
            let mut inner = pair.into_inner();
            let axis = self.ident(&next(&mut inner));
            let Some(rest) = inner.next() else {
                if let Some(BracketEntry { kind: BracketKind::Arrow { to, .. }, span: arrow }) = entries.last_mut() {
                    to.push((axis, None));
                    *arrow = arrow.to(span);
                } else {
                    entries.push(BracketEntry { kind: BracketKind::Axis(axis), span });
                }
                continue;
            };
            let rule = rest.as_rule();
            let mut rest = rest.into_inner();
            let kind = match rule {
                Rule::at => {
                    next(&mut rest);
                    BracketKind::At(axis, self.expr(next(&mut rest)))
                }
                Rule::by => BracketKind::By(axis, self.expr(next(&mut rest))),
                Rule::size => {
                    let size = self.expr(next(&mut rest));
                    if let Some(BracketEntry { kind: BracketKind::Arrow { to, .. }, span: arrow }) = entries.last_mut()
                    {
                        to.push((axis, Some(size)));
                        *arrow = arrow.to(span);
                        continue;
                    }
                    BracketKind::Size(axis, size)
                }
                _ => {
                    let target = self.ident(&next(&mut rest));
                    let size = rest.next().map(|size| self.expr(size));
                    let mut arrow_span = span;
                    let mut from = Vec::new();
                    if arrows == 0 && entries.iter().all(|e| matches!(e.kind, BracketKind::Axis(_))) {
                        for entry in entries.drain(..) {
                            arrow_span = entry.span.to(arrow_span);
                            if let BracketKind::Axis(axis) = entry.kind {
                                from.push(axis);
                            }
                        }
                    }
                    arrows += 1;
                    from.push(axis);
                    entries.push(BracketEntry {
                        kind: BracketKind::Arrow { from, to: vec![(target, size)] },
                        span: arrow_span,
                    });
                    continue;
                }
            };
            entries.push(BracketEntry { kind, span });
        }
        entries
    }

    fn primary(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let kind = match pair.as_rule() {
            Rule::number => match number_value(pair.as_str()) {
                Some(Number::Real(x)) => ExprKind::Real(x),
                Some(Number::Int(n)) => ExprKind::Int(n),
                None => ExprKind::Broken,
            },
            Rule::text => ExprKind::Text(self.text(&pair)),
            Rule::hole => ExprKind::Hole,
            Rule::boolean => ExprKind::Bool(pair.as_str() == "true"),
            Rule::name => ExprKind::Name(self.ident(&pair)),
            Rule::if_expr => self.if_expr(pair),
            Rule::loop_expr => self.loop_expr(pair),
            Rule::exact_expr => ExprKind::Exact(self.block(only(pair), Place::Block)),
            Rule::run_expr => ExprKind::Run(Box::new(self.expr(only(pair)))),
            Rule::lambda => {
                let mut inner = pair.into_inner();
                let params = self.idents(next(&mut inner));
                ExprKind::Lambda { params, body: Arc::new(self.expr(next(&mut inner))) }
            }
            Rule::paren => return self.paren(pair),
            Rule::build => {
                let mut dims = Vec::new();
                let mut body = broken(span);
                for part in pair.into_inner() {
                    if part.as_rule() == Rule::arm {
                        body = self.expr(part);
                        continue;
                    }
                    let mut dim = part.into_inner();
                    let axis = self.ident(&next(&mut dim));
                    dims.push((axis, self.expr(next(&mut dim))));
                }
                ExprKind::Build { dims, body: Box::new(body) }
            }
            Rule::list => ExprKind::List(pair.into_inner().map(|e| self.expr(e)).collect()),
            Rule::record | Rule::one_name_record => ExprKind::Record(self.record(pair)),
            Rule::block => ExprKind::Block(self.block(pair, Place::Block)),
            _ => ExprKind::Broken,
        };
        Expr { kind, span }
    }

    /// What stands behind `over` in `minimize`, where `{w}` is a record.
    pub(super) fn over(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let inner = only(pair);
        if inner.as_rule() == Rule::one_name_record { self.primary(inner) } else { self.expr(inner) }
    }

    fn if_expr(&mut self, pair: Pair<'_, Rule>) -> ExprKind {
        let mut parts = pair.into_inner().filter(|p| !matches!(p.as_rule(), Rule::then_word | Rule::else_word));
        let mut part = || parts.next().expect("internal: `if` has three parts");
        let (condition, then, otherwise) = (part(), part(), part());
        ExprKind::If {
            condition: Box::new(self.expr(condition)),
            then: Box::new(self.expr(then)),
            otherwise: Box::new(self.expr(otherwise)),
        }
    }

    /// Parentheses mean grouping, with a comma a tuple. The span of a grouped expression covers its parentheses.
    fn paren(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let mut inner = pair.into_inner();
        let parts: Vec<_> = inner.by_ref().collect();
        let trailing = parts.last().is_some_and(|p| p.as_rule() == Rule::trailing);
        let mut values: Vec<Expr> =
            parts.into_iter().filter(|p| p.as_rule() != Rule::trailing).map(|p| self.expr(p)).collect();
        if values.len() == 1 && !trailing {
            let kind = values.remove(0).kind;
            return Expr { kind, span };
        }
        Expr { kind: ExprKind::Tuple(values), span }
    }

    fn record(&mut self, pair: Pair<'_, Rule>) -> Vec<(Ident, Expr)> {
        let mut fields = Vec::new();
        for field in pair.into_inner() {
            if field.as_rule() == Rule::ident {
                let name = self.ident(&field);
                fields.push((name.clone(), Expr { span: name.span, kind: ExprKind::Name(name) }));
                continue;
            }
            let mut inner = field.into_inner();
            let name = self.ident(&next(&mut inner));
            let value = match inner.next() {
                Some(value) => self.expr(value),
                None => {
                    if words::is_reserved(&name.name) {
                        self.faults.push(messages::reserved(&name.name, name.span));
                    }
                    Expr { span: name.span, kind: ExprKind::Name(name.clone()) }
                }
            };
            fields.push((name, value));
        }
        fields
    }

    /// A block; in a step the value may be missing.
    pub(super) fn block(&mut self, pair: Pair<'_, Rule>, place: Place) -> Block {
        let span = self.span(&pair);
        let mut items = self.body(pair, place);
        let last = items.pop().map(|item| match &item.kind {
            ItemKind::Expr(value) => Ok(value.clone()),
            _ => Err(item),
        });
        let value = match last {
            Some(Ok(value)) => value,
            rest => {
                let last = rest.and_then(Result::err);
                if place != Place::Step {
                    self.no_value(span, last.as_deref());
                }
                items.extend(last);
                let end = Span { start: span.end.saturating_sub(1), ..span };
                Expr { kind: ExprKind::Record(Vec::new()), span: end }
            }
        };
        Block { items, value: Box::new(value), span }
    }

    fn no_value(&mut self, span: Span, last: Option<&Item>) {
        let end = Span { start: span.end.saturating_sub(1), ..span };
        let report = Diagnostic::new(&codes::E0117, end, "this block has no value", "the value is missing before this");
        let report = match last.map(|item| (&item.kind, item.span)) {
            Some((ItemKind::Let { pattern: Pattern::Name(name), .. }, at)) => report
                .label(at, "the last line names a value, it is none")
                .help(format!("end the block with the expression it stands for, such as `{}`", name.name)),
            Some((_, at)) => report.label(at, "the last line is a statement").help("end the block with an expression"),
            None => report.help("end the block with an expression"),
        };
        self.faults.push(report);
    }

    /// The statements between braces.
    pub(super) fn body(&mut self, block: Pair<'_, Rule>, place: Place) -> Vec<Arc<Item>> {
        let outer = std::mem::replace(&mut self.place, place);
        let items = self.items(block.into_inner());
        self.place = outer;
        items
    }

    fn loop_expr(&mut self, pair: Pair<'_, Rule>) -> ExprKind {
        let mut inner = pair.into_inner();
        let scan = next(&mut inner).as_str() == "scan";
        let axis = take(&mut inner, Rule::loop_axis).map(|axis| self.ident(&only(axis)));
        let state = self.pattern(next(&mut inner));
        next(&mut inner);
        let start = self.expr(next(&mut inner));
        let counter = self.ident(&next(&mut inner));
        let range = self.expr(next(&mut inner));
        let until = take(&mut inner, Rule::until).map(|until| self.expr(only(until)));
        let body = self.block(next(&mut inner), Place::Block);
        ExprKind::Loop(Box::new(Loop { scan, axis, state, start, counter, range, until, body }))
    }
}

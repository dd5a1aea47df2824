//! Statements.

use super::{Builder, Place, broken, next, only, take};
use crate::diag::{Diagnostic, codes::syntax as codes};
use crate::syntax::ast::*;
use crate::syntax::grammar::Rule;
use pest::iterators::{Pair, Pairs};
use std::sync::Arc;

impl Builder<'_> {
    pub(super) fn item(&mut self, pair: Pair<'_, Rule>) -> Item {
        let inner = only(pair);
        let span = self.span(&inner);
        self.check_place(&inner);
        let rule = inner.as_rule();
        // What stands above `use` and `precision` is about the file.
        let undocumented = matches!(rule, Rule::use_item | Rule::precision_item);
        let doc = if undocumented { None } else { self.comments.above(span.start as usize) };
        let mut parts = inner.into_inner();
        let kind = match rule {
            Rule::let_item => self.let_item(parts),
            Rule::def_item => self.def_item(parts, span, &doc),
            Rule::expect_item => self.expect_item(parts),
            Rule::print_item => ItemKind::Print(parts.map(|e| self.expr(e)).collect()),
            Rule::show_item => self.show_item(parts),
            Rule::plot_item => self.plot_item(parts),
            Rule::table_item => {
                let value = self.expr(next(&mut parts));
                let by = parts.next().into_iter().flat_map(Pair::into_inner).map(|e| self.expr(e)).collect();
                ItemKind::Table { value, by }
            }
            Rule::minimize_item => self.minimize_item(parts),
            Rule::use_item => self.use_item(parts),
            Rule::precision_item => ItemKind::Precision(self.ident(&next(&mut parts))),
            Rule::grid_item => {
                let (name, value) = self.name_and_value(parts);
                ItemKind::Grid { name, value }
            }
            Rule::report_item => {
                let (name, value) = self.name_and_value(parts);
                ItemKind::Report { name, value }
            }
            Rule::experiment_item => {
                let name = self.ident(&next(&mut parts));
                let params = take(&mut parts, Rule::params).map(|p| self.params(p)).unwrap_or_default();
                let body = self.body(next(&mut parts), Place::Experiment);
                ItemKind::Experiment(Arc::new(Experiment { name, params, body, doc: doc.clone(), span }))
            }
            Rule::param_item => self.param_item(parts),
            Rule::track_item => self.track_item(parts),
            Rule::stop_item => ItemKind::StopWhen(self.expr(next(&mut parts))),
            Rule::step_item => ItemKind::Step(self.block(next(&mut parts), Place::Step)),
            _ => ItemKind::Expr(self.expr(next(&mut parts))),
        };
        Item { kind, span, doc }
    }

    /// Reports statements that may not stand here.
    fn check_place(&mut self, pair: &Pair<'_, Rule>) {
        let rule = pair.as_rule();
        let training = matches!(
            rule,
            Rule::param_item
                | Rule::minimize_item
                | Rule::report_item
                | Rule::track_item
                | Rule::stop_item
                | Rule::step_item
        );
        let top_only = matches!(rule, Rule::use_item | Rule::precision_item | Rule::experiment_item);
        let help = match self.place {
            Place::Top | Place::Block if training => "move it into `experiment name(...) { ... }`",
            Place::Experiment | Place::Step | Place::Block if top_only => "move it to the top level of the file",
            _ => return,
        };
        let word = pair.as_str().split(|c: char| !c.is_alphabetic()).next().unwrap_or("").to_string();
        let mut span = self.span(pair);
        span.end = span.start + word.len() as u32;
        let place = if training { "outside of an experiment" } else { "inside of a block" };
        let message = format!("`{word}` cannot stand {place}");
        self.faults.push(Diagnostic::new(&codes::E0121, span, message, "not here").help(help));
    }

    fn name_and_value(&mut self, mut parts: Pairs<'_, Rule>) -> (Ident, Expr) {
        let name = self.ident(&next(&mut parts));
        next(&mut parts);
        (name, self.expr(next(&mut parts)))
    }

    fn let_item(&mut self, mut parts: Pairs<'_, Rule>) -> ItemKind {
        let pattern = self.pattern(next(&mut parts));
        let ty = take(&mut parts, Rule::r#type).map(|ty| self.type_expr(ty));
        next(&mut parts);
        ItemKind::Let { pattern, ty, value: self.expr(next(&mut parts)) }
    }

    fn def_item(&mut self, mut parts: Pairs<'_, Rule>, span: crate::source::Span, doc: &Option<String>) -> ItemKind {
        let kind = match next(&mut parts).as_str() {
            "loss" => DefKind::Loss,
            "query" => DefKind::Query,
            _ => DefKind::Def,
        };
        let name = self.ident(&next(&mut parts));
        let axes = take(&mut parts, Rule::axis_params).map(|axes| self.idents(axes)).unwrap_or_default();
        let params = self.params(next(&mut parts));
        let result = take(&mut parts, Rule::r#type).map(|ty| self.type_expr(ty));
        next(&mut parts);
        let body = Arc::new(self.expr(next(&mut parts)));
        let gradient = parts.next().map(|gradient| self.custom_gradient(gradient));
        ItemKind::Def(Arc::new(Def { kind, name, axes, params, result, body, gradient, doc: doc.clone(), span }))
    }

    fn params(&mut self, pair: Pair<'_, Rule>) -> Vec<Parameter> {
        let parameter = |pair: Pair<'_, Rule>| {
            let span = self.span(&pair);
            let mut inner = pair.into_inner();
            let name = self.ident(&next(&mut inner));
            let ty = take(&mut inner, Rule::r#type).map(|ty| self.type_expr(ty));
            let default = take(&mut inner, Rule::assign).map(|_| self.expr(next(&mut inner)));
            Parameter { name, ty, default, span }
        };
        pair.into_inner().map(parameter).collect()
    }

    fn custom_gradient(&mut self, pair: Pair<'_, Rule>) -> CustomGradient {
        let span = self.span(&pair);
        let mut inner = pair.into_inner();
        let wrt = self.idents(next(&mut inner));
        let given = self.ident(&next(&mut inner));
        next(&mut inner);
        CustomGradient { wrt, given, body: Arc::new(self.expr(next(&mut inner))), span }
    }

    fn expect_item(&mut self, mut parts: Pairs<'_, Rule>) -> ItemKind {
        let mut draws = Vec::new();
        if let Some(forall) = take(&mut parts, Rule::forall) {
            for draw in forall.into_inner() {
                let mut inner = draw.into_inner();
                let name = self.ident(&next(&mut inner));
                let ty = take(&mut inner, Rule::r#type).map(|ty| self.type_expr(ty));
                let distribution = take(&mut inner, Rule::tilde).map(|_| self.expr(next(&mut inner)));
                draws.push(Draw { name, ty, distribution });
            }
        }
        let condition = self.expr(next(&mut parts));
        let within = parts.next().map(|within| self.expr(only(within)));
        ItemKind::Expect(Expect { draws, condition, within })
    }

    fn show_item(&mut self, mut parts: Pairs<'_, Rule>) -> ItemKind {
        let what = match take(&mut parts, Rule::latex_word).or_else(|| take(&mut parts, Rule::show_what)) {
            Some(word) => match word.as_str() {
                "latex" => ShowWhat::Latex,
                "graph" => ShowWhat::Graph,
                "why" => ShowWhat::Why,
                "plan" => ShowWhat::Plan,
                _ => ShowWhat::Type,
            },
            None => ShowWhat::Formula,
        };
        ItemKind::Show(Show { what, value: self.expr(next(&mut parts)) })
    }

    fn plot_item(&mut self, parts: Pairs<'_, Rule>) -> ItemKind {
        let mut plot = Plot { values: vec![], over: None, by: vec![], each: vec![], clauses: vec![] };
        for part in parts {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::plot_value => {
                    let value = self.plot_value(only(part));
                    plot.values.push(value);
                }
                Rule::plot_over if plot.over.is_some() => {
                    let report = Diagnostic::new(&codes::E0101, span, "a second `over`", "a plot has one");
                    self.faults.push(report.help("remove one of the two"));
                }
                Rule::plot_over => plot.over = Some(self.expr(only(part))),
                Rule::plot_by => plot.by.extend(part.into_inner().map(|e| self.expr(e))),
                Rule::for_clause => plot.each.extend(self.for_clauses(part)),
                _ => {
                    let mut inner = part.into_inner();
                    let word = self.ident(&next(&mut inner));
                    let value = inner.next().map(|value| self.term(value));
                    plot.clauses.push(PlotClause { word, value });
                }
            }
        }
        ItemKind::Plot(plot)
    }

    fn plot_value(&mut self, pair: Pair<'_, Rule>) -> Expr {
        if pair.as_rule() != Rule::plot_of {
            return self.expr(pair);
        }
        let span = self.span(&pair);
        let mut inner = pair.into_inner();
        let name = self.ident(&next(&mut inner));
        let function = Box::new(Expr { span: name.span, kind: ExprKind::Name(name) });
        let args = vec![Arg { name: None, value: self.expr(next(&mut inner)) }];
        Expr { kind: ExprKind::Call { function, args }, span }
    }

    fn minimize_item(&mut self, mut parts: Pairs<'_, Rule>) -> ItemKind {
        let maximize = next(&mut parts).as_str() == "maximize";
        let objective = self.expr(next(&mut parts));
        let (mut using, mut clauses) = (None, Vec::new());
        for part in parts {
            let rule = part.as_rule();
            if rule == Rule::over_clause {
                clauses.push(MinimizeClause::Over(self.over(part)));
                continue;
            }
            let mut inner = part.into_inner();
            match rule {
                Rule::using => using = Some(self.expr(next(&mut inner))),
                Rule::batch_clause => {
                    let size = self.expr(next(&mut inner));
                    clauses.push(MinimizeClause::Batch { size, axis: self.ident(&next(&mut inner)) });
                }
                Rule::steps_clause => {
                    let count = self.expr(next(&mut inner));
                    let epochs = next(&mut inner).as_str().starts_with("epoch");
                    clauses.push(if epochs { MinimizeClause::Epochs(count) } else { MinimizeClause::Steps(count) });
                }
                _ => {
                    let name = self.ident(&next(&mut inner));
                    clauses.push(MinimizeClause::Option { name, value: self.expr(next(&mut inner)) });
                }
            }
        }
        ItemKind::Minimize(Minimize { maximize, objective, using, clauses })
    }

    fn use_item(&mut self, mut parts: Pairs<'_, Rule>) -> ItemKind {
        let path = next(&mut parts);
        let path = match path.as_rule() {
            Rule::text => UsePath::File(self.text(&path)),
            _ => UsePath::Dotted(self.idents(path)),
        };
        ItemKind::Use(Use { path, names: parts.map(|name| self.ident(&name)).collect() })
    }

    fn param_item(&mut self, mut parts: Pairs<'_, Rule>) -> ItemKind {
        let name = self.ident(&next(&mut parts));
        let ty = self.type_expr(next(&mut parts));
        let drawn = parts.next().is_some_and(|sign| sign.as_rule() == Rule::tilde);
        let init = parts.next().map(|init| self.expr(init));
        ItemKind::Param(Param { name, ty, init, drawn })
    }

    fn track_item(&mut self, mut parts: Pairs<'_, Rule>) -> ItemKind {
        let name = self.ident(&next(&mut parts));
        let value = match take(&mut parts, Rule::assign) {
            Some(_) => self.expr(next(&mut parts)),
            None => Expr { kind: ExprKind::Name(name.clone()), span: name.span },
        };
        let every = parts.next().map(|every| self.expr(only(every)));
        ItemKind::Track { name, value, every }
    }
}

/// A stand-in for a top-level declaration that could not be read.
pub(in crate::syntax) fn broken_item(name: Ident, span: crate::source::Span) -> Item {
    let kind = ItemKind::Let { pattern: Pattern::Name(name), ty: None, value: broken(span) };
    Item { kind, span, doc: None }
}

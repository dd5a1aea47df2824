//! What can be seen of a function's text without knowing its arguments: the names it reads, the axes it mentions, the
//! axes it makes, and the variables it differentiates by. Found once per definition.

use crate::syntax::ast::{BracketKind, Expr, ExprKind, ItemKind, Pattern};
use std::collections::BTreeSet;
use std::sync::Arc;

type Names = BTreeSet<Arc<str>>;

#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Every name read as a value.
    pub reads: Names,
    /// Names that the text binds itself: `let`, `def`, states and counters of loops, `for`, parameters of `x -> e`.
    pub binds: Names,
    /// Every axis name in a bracket.
    pub mentions: Names,
    /// Axes that the text makes: targets of renames, sizes in builds and draws, `scan`s and loops.
    pub makes: Names,
    /// Variables behind the comma of `grad(e, w)` and its like.
    pub wrt: Names,
}

const DERIVATIVES: [&str; 6] = ["grad", "value_and_grad", "jacobian", "hessian", "hvp", "show_grad"];

impl Facts {
    pub fn of(e: &Expr) -> Facts {
        let mut facts = Facts::default();
        facts.expr(e);
        facts
    }

    fn all<'e>(&mut self, list: impl IntoIterator<Item = &'e Expr>) {
        list.into_iter().for_each(|e| self.expr(e));
    }

    pub fn expr(&mut self, e: &Expr) {
        match &e.kind {
            ExprKind::Real(_) | ExprKind::Int(_) | ExprKind::Bool(_) | ExprKind::Text(_) => {}
            ExprKind::Hole | ExprKind::Broken => {}
            ExprKind::Name(name) => {
                self.reads.insert(name.name.clone());
            }
            ExprKind::List(items) | ExprKind::Tuple(items) => self.all(items),
            ExprKind::Record(fields) => self.all(fields.iter().map(|f| &f.1)),
            ExprKind::Block(block) | ExprKind::Exact(block) => self.block(block),
            ExprKind::Unary { value, .. } => self.expr(value),
            ExprKind::Binary { left, right, .. } => self.all([&**left, &**right]),
            ExprKind::Contract { left, axes, right, .. } => {
                self.mentions.extend(axes.iter().map(|a| a.name.clone()));
                self.all([&**left, &**right]);
            }
            ExprKind::Range { from, to } => self.all([&**from, &**to]),
            ExprKind::Call { function, args } => {
                self.derivative(function, args);
                self.expr(function);
                self.all(args.iter().map(|a| &a.value));
            }
            ExprKind::Bracket { base, entries } => {
                self.expr(base);
                self.entries(entries);
            }
            ExprKind::Field { base, .. } => self.expr(base),
            ExprKind::Build { dims, body } => {
                self.makes.extend(dims.iter().map(|d| d.0.name.clone()));
                self.all(dims.iter().map(|d| &d.1));
                self.expr(body);
            }
            ExprKind::Lambda { params, body } => {
                self.binds.extend(params.iter().map(|p| p.name.clone()));
                self.expr(body);
            }
            ExprKind::If { condition, then, otherwise } => self.all([&**condition, &**then, &**otherwise]),
            ExprKind::Update { base, entries, value, .. } => {
                self.all([&**base, &**value]);
                self.entries(entries);
            }
            ExprKind::With { base, value, .. } => self.all([&**base, &**value]),
            ExprKind::Where { value, mask } => self.all([&**value, &**mask]),
            ExprKind::For { body, clauses } => {
                self.binds.extend(clauses.iter().flat_map(|c| names(&c.pattern)));
                self.all(clauses.iter().map(|c| &c.list));
                self.expr(body);
            }
            ExprKind::Ascribe { value, .. } => self.expr(value),
            ExprKind::Run(inner) => self.expr(inner),
            ExprKind::Loop(l) => {
                self.all([&l.start, &l.range]);
                self.all(l.until.as_ref());
                self.binds.extend(names(&l.state));
                self.binds.insert(l.counter.name.clone());
                if l.scan {
                    let axis = l.axis.as_ref().unwrap_or(&l.counter);
                    self.makes.insert(axis.name.clone());
                }
                if let ExprKind::Name(name) = &l.range.kind {
                    self.mentions.insert(name.name.clone());
                }
                self.block(&l.body);
            }
        }
    }

    fn derivative(&mut self, function: &Expr, args: &[crate::syntax::ast::Arg]) {
        let base = match &function.kind {
            ExprKind::Bracket { base, .. } => base,
            _ => function,
        };
        let ExprKind::Name(name) = &base.kind else { return };
        if !DERIVATIVES.contains(&&*name.name) {
            return;
        }
        for arg in args.iter().skip(1) {
            match &arg.value.kind {
                ExprKind::Name(n) => {
                    self.wrt.insert(n.name.clone());
                }
                ExprKind::Record(fields) => self.wrt.extend(fields.iter().map(|f| f.0.name.clone())),
                ExprKind::Tuple(items) => {
                    let names = items.iter().filter_map(|i| match &i.kind {
                        ExprKind::Name(n) => Some(n.name.clone()),
                        _ => None,
                    });
                    self.wrt.extend(names);
                }
                _ => {}
            }
        }
    }

    fn entries(&mut self, entries: &[crate::syntax::ast::BracketEntry]) {
        for entry in entries {
            match &entry.kind {
                BracketKind::Axis(a) => {
                    self.mentions.insert(a.name.clone());
                }
                BracketKind::At(a, e) => {
                    self.mentions.insert(a.name.clone());
                    self.expr(e);
                }
                BracketKind::By(a, e) => {
                    self.mentions.insert(a.name.clone());
                    self.expr(e);
                }
                BracketKind::Size(a, e) => {
                    self.makes.insert(a.name.clone());
                    self.expr(e);
                }
                BracketKind::Arrow { from, to } => {
                    self.mentions.extend(from.iter().map(|a| a.name.clone()));
                    self.makes.extend(to.iter().map(|(a, _)| a.name.clone()));
                    self.all(to.iter().filter_map(|(_, e)| e.as_ref()));
                }
            }
        }
    }

    fn block(&mut self, block: &crate::syntax::ast::Block) {
        for item in &block.items {
            match &item.kind {
                ItemKind::Let { pattern, value, .. } => {
                    self.binds.extend(names(pattern));
                    self.expr(value);
                }
                ItemKind::Def(def) => {
                    self.binds.insert(def.name.name.clone());
                    self.binds.extend(def.params.iter().map(|p| p.name.name.clone()));
                    self.expr(&def.body);
                }
                ItemKind::Expr(e) => self.expr(e),
                _ => {}
            }
        }
        self.expr(&block.value);
    }
}

/// The names a pattern binds.
pub(super) fn names(pattern: &Pattern) -> Vec<Arc<str>> {
    match pattern {
        Pattern::Name(n) => vec![n.name.clone()],
        Pattern::Tuple(parts, _) => parts.iter().flat_map(names).collect(),
        Pattern::Record(fields, _) => fields.iter().map(|f| f.name.clone()).collect(),
    }
}

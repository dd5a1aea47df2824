//! Statement → text; the other half of `print`.

use super::ast::*;
use super::print::{ARM, FOR, Printer, TERM, WHERE};

impl Printer {
    pub(super) fn item(&mut self, item: &Item) {
        if let Some(doc) = &item.doc {
            self.doc(doc);
        }
        match &item.kind {
            ItemKind::Precision(name) => {
                self.put("precision ");
                self.put(&name.name);
            }
            ItemKind::Use(import) => self.import(import),
            ItemKind::Let { pattern, ty, value } => {
                self.put("let ");
                self.pattern(pattern);
                self.annotation(ty.as_ref());
                self.put(" = ");
                self.expr(value, FOR);
            }
            ItemKind::Def(def) => self.def(def),
            ItemKind::Grid { name, value } => self.declaration("grid ", name, value),
            ItemKind::Report { name, value } => self.declaration("report ", name, value),
            ItemKind::Experiment(experiment) => {
                self.put("experiment ");
                self.put(&experiment.name.name);
                self.params(&experiment.params);
                self.put(" ");
                self.body(experiment.body.iter().map(|item| &**item));
            }
            ItemKind::Expect(expect) => self.expectation(expect),
            ItemKind::Print(values) => {
                self.put("print ");
                self.list(values, |p, e| p.expr(e, FOR));
            }
            ItemKind::Show(show) => self.show(show),
            ItemKind::Plot(plot) => self.plot(plot),
            ItemKind::Table { value, by } => {
                self.put("table ");
                self.expr(value, FOR);
                self.by(by);
            }
            ItemKind::Expr(value) => self.expr(value, FOR),
            _ => self.training(&item.kind),
        }
    }

    /// Statements of experiments.
    fn training(&mut self, kind: &ItemKind) {
        match kind {
            ItemKind::Param(param) => {
                self.put("param ");
                self.put(&param.name.name);
                self.annotation(Some(&param.ty));
                if let Some(init) = &param.init {
                    self.put(if param.drawn { " ~ " } else { " = " });
                    self.expr(init, FOR);
                }
            }
            ItemKind::Minimize(minimize) => self.minimize(minimize),
            ItemKind::Track { name, value, every } => {
                self.put("track ");
                self.put(&name.name);
                if !matches!(&value.kind, ExprKind::Name(same) if same.name == name.name) {
                    self.put(" = ");
                    self.expr(value, FOR);
                }
                if let Some(every) = every {
                    self.put(" every ");
                    self.expr(every, ARM);
                }
            }
            ItemKind::StopWhen(condition) => {
                self.put("stop when ");
                self.expr(condition, FOR);
            }
            ItemKind::Step(block) => {
                self.put("step ");
                self.block(block);
            }
            _ => {}
        }
    }

    fn declaration(&mut self, word: &str, name: &Ident, value: &Expr) {
        self.put(word);
        self.put(&name.name);
        self.put(" = ");
        self.expr(value, FOR);
    }

    fn annotation(&mut self, ty: Option<&TypeExpr>) {
        if let Some(ty) = ty {
            self.put(": ");
            self.ty(ty);
        }
    }

    fn import(&mut self, import: &Use) {
        self.put("use ");
        match &import.path {
            UsePath::Dotted(path) => self.path(path),
            UsePath::File(text) => self.text(&text.value),
        }
        if !import.names.is_empty() {
            self.put(" (");
            self.names(&import.names);
            self.put(")");
        }
    }

    fn def(&mut self, def: &Def) {
        self.put(match def.kind {
            DefKind::Def => "def ",
            DefKind::Loss => "loss ",
            DefKind::Query => "query ",
        });
        self.put(&def.name.name);
        if !def.axes.is_empty() {
            self.put("[");
            self.names(&def.axes);
            self.put("]");
        }
        self.params(&def.params);
        if let Some(result) = &def.result {
            self.put(" -> ");
            self.ty(result);
        }
        self.put(" = ");
        self.expr(&def.body, FOR);
        let Some(gradient) = &def.gradient else { return };
        self.put(" with grad(");
        match gradient.wrt.as_slice() {
            [one] => self.put(&one.name),
            many => {
                self.put("{");
                self.names(many);
                self.put("}");
            }
        }
        self.put(", ");
        self.put(&gradient.given.name);
        self.put(") = ");
        self.expr(&gradient.body, FOR);
    }

    fn params(&mut self, params: &[Parameter]) {
        self.put("(");
        self.list(params, |p, param| {
            p.put(&param.name.name);
            p.annotation(param.ty.as_ref());
            if let Some(default) = &param.default {
                p.put(" = ");
                p.expr(default, FOR);
            }
        });
        self.put(")");
    }

    fn expectation(&mut self, expect: &Expect) {
        self.put("expect ");
        if !expect.draws.is_empty() {
            self.put("forall ");
            self.list(&expect.draws, |p, draw| {
                p.put(&draw.name.name);
                p.annotation(draw.ty.as_ref());
                if let Some(distribution) = &draw.distribution {
                    p.put(" ~ ");
                    p.expr(distribution, ARM);
                }
            });
            self.put(": ");
        }
        self.expr(&expect.condition, FOR);
        if let Some(within) = &expect.within {
            self.put(" within ");
            self.expr(within, ARM);
        }
    }

    fn show(&mut self, show: &Show) {
        let what = match show.what {
            ShowWhat::Formula => "show ",
            ShowWhat::Latex => "latex ",
            ShowWhat::Graph => "show graph ",
            ShowWhat::Why => "show why ",
            ShowWhat::Plan => "show plan ",
            ShowWhat::Type => "show type ",
        };
        self.put(what);
        let start = self.out.len();
        self.expr(&show.value, FOR);
        // `show graph - x` would show the graph of `-x`.
        let value = self.out.get(start..).unwrap_or("");
        let asks = ["graph ", "why ", "plan ", "type "].iter().any(|word| value.starts_with(word));
        if show.what == ShowWhat::Formula && asks {
            self.out.insert(start, '(');
            self.out.push(')');
        }
    }

    fn plot(&mut self, plot: &Plot) {
        self.put("plot ");
        self.list(&plot.values, |p, e| p.expr(e, WHERE));
        if let Some(over) = &plot.over {
            self.put(" over ");
            self.expr(over, WHERE);
        }
        self.by(&plot.by);
        if !plot.each.is_empty() {
            self.for_clauses(&plot.each);
        }
        for clause in &plot.clauses {
            self.put(" ");
            self.put(&clause.word.name);
            if let Some(value) = &clause.value {
                self.put(" ");
                self.expr(value, TERM);
            }
        }
    }

    fn by(&mut self, by: &[Expr]) {
        if !by.is_empty() {
            self.put(" by ");
            self.list(by, |p, e| p.expr(e, WHERE));
        }
    }

    fn minimize(&mut self, minimize: &Minimize) {
        self.put(if minimize.maximize { "maximize " } else { "minimize " });
        self.expr(&minimize.objective, WHERE);
        if let Some(using) = &minimize.using {
            self.put(" using ");
            self.expr(using, ARM);
        }
        for clause in &minimize.clauses {
            self.put(", ");
            match clause {
                MinimizeClause::Steps(count) => {
                    self.expr(count, ARM);
                    self.put(" steps");
                }
                MinimizeClause::Epochs(count) => {
                    self.expr(count, ARM);
                    self.put(" epochs");
                }
                MinimizeClause::Batch { size, axis } => {
                    self.put("batch ");
                    self.expr(size, ARM);
                    self.put(" of ");
                    self.put(&axis.name);
                }
                MinimizeClause::Over(what) => {
                    self.put("over ");
                    self.expr(what, ARM);
                }
                MinimizeClause::Option { name, value } => {
                    self.put(&name.name);
                    self.put(" ");
                    self.expr(value, ARM);
                }
            }
        }
    }
}

//! What statements do: bind names, print, show, expect, plot.

use super::present::{Results, open_type, type_text};
use super::{Event, Outcome, Output, Session, Status};
use crate::ad;
use crate::diag::{Diagnostic, codes};
use crate::display;
use crate::elaborate::scope::{Global, ModuleId};
use crate::elaborate::value::{Array, Stored, Value};
use crate::elaborate::{Action, Elaborator, ExpectKind, Mode, Step};
use crate::exec::{Context, Plan};
use crate::formula;
use crate::ir::{Graph, RunFault, print};
use crate::out::{OutFolder, default_folder, sha256};
use crate::rewrite::Journal;
use crate::source::{SourceId, Span};
use crate::syntax::ast::{BinaryOp, Ident, Item, ShowWhat};
use crate::tensor::Tensor;
use std::path::Path;
use std::sync::Arc;

/// How wide printed values may be.
const WIDTH: usize = 100;

impl Session {
    // ---- checking --------------------------------------------------------------------------------------------------

    /// Faults that only the passes find: operations without a gradient.
    pub(super) fn check_step(&self, step: &Step, item: &Item) -> Vec<Diagnostic> {
        let takes = |g: &Graph| g.nodes.iter().any(|n| n.is(&crate::ops::GRAD) || n.is(&crate::ops::JACOBIAN));
        if step.graph.outputs.is_empty() || !takes(&step.graph) {
            return Vec::new();
        }
        // Only whether every gradient exists: forms do not matter, so the passes are left out.
        let (mut stabilise, mut simplify) = (|g| g, |g| g);
        match ad::expand(&step.graph, &mut ad::Passes { stabilise: &mut stabilise, simplify: &mut simplify }) {
            Ok(_) => Vec::new(),
            Err(fault) => vec![run_diagnostic(&fault, item.span)],
        }
    }

    /// Binds the names of a statement to open values; reads the modules it uses.
    pub(super) fn bind_checked(&mut self, step: Step, item: &Item, id: ModuleId) -> Result<(), Vec<Diagnostic>> {
        let Step { graph, inputs, action } = step;
        match action {
            Action::Use(path) => {
                let done = self.use_module(&path, item.span, id, Mode::Check);
                if done.is_err() {
                    // What was asked for is bound all the same: its uses are no faults of their own.
                    for ident in path.names {
                        if self.globals.find(id, &ident.name, usize::MAX).is_none() {
                            self.bind(id, ident, Value::Unknown, None);
                        }
                    }
                }
                done
            }
            Action::Bind { names, doc, from } => {
                for (ident, value) in names {
                    let value = self.stored(&ident.name, &value, &ident, &graph, None, &inputs, &from);
                    self.bind(id, ident, value, doc.clone());
                }
                Ok(())
            }
            Action::Precision(word) if !matches!(&*word.name, "f32" | "f64") => {
                let d = Diagnostic::new(
                    &codes::check::E0505,
                    word.span,
                    format!("there is no precision `{}`", word.name),
                    "not a precision",
                )
                .help("`precision f32` or `precision f64`");
                Err(vec![d])
            }
            Action::Plot { clauses, .. } => {
                let mut chart = crate::plot::Chart::new("", "");
                super::plots::apply_clauses(&mut chart, &clauses).map(|_| ()).map_err(|d| vec![*d])
            }
            _ => Ok(()),
        }
    }

    fn bind(&mut self, id: ModuleId, ident: Ident, value: Value, doc: Option<String>) {
        value.arrays(&mut |a| {
            if let Array::Stored(s) = a {
                Elaborator::note_axes(&mut self.globals, s);
            }
        });
        self.globals.bind(id, Global { name: ident.name, value, span: ident.span, doc, imported: false });
    }

    /// The value with outputs of the statement replaced by stored arrays named after the path that leads to them.
    #[allow(clippy::too_many_arguments)]
    fn stored(
        &self,
        name: &str,
        value: &Value,
        ident: &Ident,
        graph: &Graph,
        tensors: Option<&[Tensor]>,
        inputs: &[Arc<Stored>],
        from: &Arc<Vec<Arc<str>>>,
    ) -> Value {
        let mut store = |name: &str, a: &Array| match a {
            Array::Output(i) => {
                let data = tensors.and_then(|t| t.get(*i).cloned());
                Array::Stored(Arc::new(Elaborator::store(graph, name, *i, ident.span, data, from.clone(), inputs)))
            }
            Array::Stored(s) if &*s.name != name => {
                Array::Stored(Arc::new(Stored { name: name.into(), ..(**s).clone() }))
            }
            other => other.clone(),
        };
        named(name, value, &mut store)
    }

    // ---- running ---------------------------------------------------------------------------------------------------

    pub(super) fn perform(
        &mut self,
        step: Step,
        item: &Item,
        id: ModuleId,
        outcome: &mut Outcome,
        output: &mut dyn Output,
    ) -> Result<(), Box<Diagnostic>> {
        let Step { graph, inputs, action } = step;
        if let Action::Show { what, value, subject, span } = &action {
            return self.show(*what, value, subject.as_ref(), *span, &graph, output);
        }
        let tensors = self.execute(&graph, &inputs, item.span)?;
        let results = Results { graph: &graph, tensors: &tensors };
        match action {
            Action::Nothing | Action::Show { .. } | Action::Precision(_) => Ok(()),
            Action::Use(path) => match self.use_module(&path, item.span, id, Mode::Run) {
                Ok(()) => Ok(()),
                Err(faults) => Err(first(faults, item.span)),
            },
            Action::Bind { names, doc, from } => {
                for (ident, value) in names {
                    let value = self.stored(&ident.name, &value, &ident, &graph, Some(&tensors), &inputs, &from);
                    self.bind(id, ident, value, doc.clone());
                }
                Ok(())
            }
            Action::Value(value) => {
                self.print(item.span, &value, &results, output);
                Ok(())
            }
            Action::Print(list) => {
                for (span, value) in &list {
                    self.print(*span, value, &results, output);
                }
                Ok(())
            }
            Action::Expect { kind, ok, sides, condition, span } => {
                self.expectation(kind, &ok, sides.as_ref(), condition, span, &results, outcome, output);
                Ok(())
            }
            Action::Plot { series, clauses, doc, span } => self.plot(&series, &clauses, doc.as_deref(), span, &results),
            Action::Table { value, span } => self.table(&value, span, &results, output),
        }
    }

    /// The values of a graph's outputs.
    pub(super) fn execute(
        &mut self,
        graph: &Graph,
        inputs: &[Arc<Stored>],
        span: Span,
    ) -> Result<Vec<Tensor>, Box<Diagnostic>> {
        if graph.outputs.is_empty() {
            return Ok(Vec::new());
        }
        let failed = |fault: RunFault| Box::new(run_diagnostic(&fault, span));
        let compiled = ad::prepare(graph, &mut Journal::new()).map_err(failed)?;
        if let Some(open) = open_size(&compiled) {
            let d = Diagnostic::new(
                &codes::check::E0306,
                open.0.unwrap_or(span),
                format!("the size of `{}` is not settled by anything here", open.1),
                "its size is not known",
            )
            .help("give it, as in `zeros[n: 10]`, or combine it with an array that has the axis");
            return Err(Box::new(d));
        }
        let plan = Plan::new(&compiled).map_err(failed)?;
        let mut arguments = Vec::new();
        for id in &graph.inputs {
            let at = graph.inputs.iter().position(|i| i == id).unwrap_or_default();
            match inputs.get(at).and_then(|s| s.data.clone()) {
                Some(data) => arguments.push(data),
                None => return Err(Box::new(internal("an input has no value", span))),
            }
        }
        let context = self.context(span)?;
        plan.run(&arguments, &context).map_err(failed)
    }

    fn context(&mut self, span: Span) -> Result<Context, Box<Diagnostic>> {
        if let Some(context) = &self.context {
            return Ok(context.clone());
        }
        let threads = self.options.threads.unwrap_or(0);
        let context = Context::new(threads)
            .map_err(|message| Box::new(internal(&message, span)))?
            .with_cancel(self.options.cancel.clone());
        self.context = Some(context.clone());
        Ok(context)
    }

    fn print(&mut self, span: Span, value: &Value, results: &Results, output: &mut dyn Output) {
        let shown = self.displayed(value, results);
        let json = if self.options.json { display::to_json(&shown) } else { serde_json::Value::Null };
        let event = Event::Value {
            name: self.sources.snippet(span).to_string(),
            ty: open_type(value, results.graph),
            text: display::to_text(&shown, WIDTH),
            json,
        };
        output.event(event, &self.sources);
    }

    #[allow(clippy::too_many_arguments)]
    fn expectation(
        &mut self,
        kind: ExpectKind,
        ok: &Value,
        sides: Option<&(Value, Value)>,
        condition: Span,
        span: Span,
        results: &Results,
        outcome: &mut Outcome,
        output: &mut dyn Output,
    ) {
        let held = match ok {
            Value::Array(a) => results.tensor(a).is_some_and(|(_, t)| t.to_f64().iter().all(|v| *v != 0.0)),
            _ => false,
        };
        let text = self.sources.snippet(condition).split_whitespace().collect::<Vec<_>>().join(" ");
        output.event(Event::Expectation { held, text, span }, &self.sources);
        if held {
            outcome.expectations_held += 1;
            return;
        }
        outcome.expectations_failed += 1;
        outcome.status = outcome.status.max(Status::ExpectationFailed);
        let mut d = Diagnostic::new(&codes::run::E0801, condition, "this does not hold", "expected to be true");
        if let Some((left, right)) = sides {
            for (side, value) in [("left", left), ("right", right)] {
                let shown = self.displayed(value, results);
                d = d.note(format!("the {side} side is {}", display::to_text(&shown, WIDTH)));
            }
            if let Some(gap) = gap(kind, left, right, results) {
                d = d.note(gap);
            }
        }
        output.event(Event::Diagnostic(d.clone()), &self.sources);
        outcome.diagnostics.push(d);
    }

    fn show(
        &mut self,
        what: ShowWhat,
        value: &Value,
        subject: Option<&Value>,
        span: Span,
        graph: &Graph,
        output: &mut dyn Output,
    ) -> Result<(), Box<Diagnostic>> {
        let name = self.sources.snippet(span).to_string();
        if what == ShowWhat::Type {
            let text = match value {
                Value::Function(f) => self.signature_of(f),
                other => open_type(other, graph),
            };
            output.event(Event::Text { kind: "type", name, text }, &self.sources);
            return Ok(());
        }
        let _ = subject;
        let mut journal = Journal::new();
        let compiled = ad::prepare(graph, &mut journal).map_err(|fault| Box::new(run_diagnostic(&fault, span)))?;
        let (kind, text) = match what {
            ShowWhat::Graph => ("graph", print::graph(&compiled)),
            ShowWhat::Plan => ("plan", print::graph(&compiled)),
            ShowWhat::Why => ("why", journal_text(&journal)),
            ShowWhat::Latex => ("latex", parts(value, &mut |i| formula::formula(&compiled, i).to_latex())),
            _ => ("formula", parts(value, &mut |i| formula::formula(&compiled, i).to_text())),
        };
        output.event(Event::Text { kind, name, text }, &self.sources);
        Ok(())
    }

    // ---- results ---------------------------------------------------------------------------------------------------

    pub(super) fn start_results(&mut self, path: &Path, text: &str) {
        self.results = OutFolder::new();
        self.folder = self.options.out.clone().unwrap_or_else(|| default_folder(path));
        self.manifest.program = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        self.manifest.program_sha256 = sha256(text.as_bytes());
        self.manifest.seed = self.options.seed;
        self.manifest.precision = self.precision;
        self.manifest.inputs.clear();
    }

    /// Writes what the program made, whole or not at all.
    pub(super) fn finish_results(&mut self, source: SourceId, outcome: &mut Outcome, output: &mut dyn Output) {
        if self.results.is_empty() || outcome.status >= Status::ProgramError {
            return;
        }
        self.manifest.inputs = self.files.hashes.clone();
        self.manifest.blas = Some(crate::kernels::blas::version());
        match self.results.commit(&*self.world, &self.folder, &self.manifest) {
            Ok(paths) => {
                for path in paths {
                    output.event(Event::Wrote { path }, &self.sources);
                }
            }
            Err(fault) => {
                let d = fault.diagnostic(Span::new(source, 0, 0));
                output.event(Event::Diagnostic(d.clone()), &self.sources);
                outcome.diagnostics.push(d);
                outcome.status = outcome.status.max(Status::RunFailed);
            }
        }
        self.results = OutFolder::new();
    }
}

/// Replaces arrays, told the path that leads to each: `model.layer.w`.
fn named(name: &str, value: &Value, f: &mut dyn FnMut(&str, &Array) -> Array) -> Value {
    match value {
        Value::Record(fields) => {
            Value::record(fields.iter().map(|(n, v)| (n.clone(), named(&format!("{name}.{n}"), v, f))).collect())
        }
        Value::List(items) => Value::list(items.iter().map(|v| named(name, v, f)).collect()),
        Value::Tuple(items) => Value::tuple(items.iter().map(|v| named(name, v, f)).collect()),
        other => other.map_arrays(&mut |a| f(name, a)),
    }
}

/// A text for each array of a value, with the field it belongs to.
fn parts(value: &Value, text: &mut dyn FnMut(usize) -> String) -> String {
    match value {
        Value::Array(Array::Output(i)) => text(*i),
        Value::Array(Array::Stored(s)) => s.name.to_string(),
        Value::Record(fields) => {
            let line =
                |(n, v): &(Arc<str>, Value), text: &mut dyn FnMut(usize) -> String| format!("{n}: {}", parts(v, text));
            fields.iter().map(|f| line(f, text)).collect::<Vec<_>>().join("\n")
        }
        Value::List(items) | Value::Tuple(items) => items.iter().map(|v| parts(v, text)).collect::<Vec<_>>().join("\n"),
        other => type_text(other),
    }
}

fn journal_text(journal: &Journal) -> String {
    if journal.entries.is_empty() {
        return "nothing was rewritten: the formula is stable as written".into();
    }
    let line = |e: &crate::rewrite::Entry| format!("{}: {} → {}", e.rule, e.before, e.after);
    journal.entries.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// How far apart two sides are, where that helps.
fn gap(kind: ExpectKind, left: &Value, right: &Value, results: &Results) -> Option<String> {
    if kind != ExpectKind::Compare(BinaryOp::Close) && kind != ExpectKind::Compare(BinaryOp::Eq) {
        return None;
    }
    let tensor = |v: &Value| match v {
        Value::Array(a) => results.tensor(a).map(|(_, t)| t.to_f64()),
        _ => None,
    };
    let (a, b) = (tensor(left)?, tensor(right)?);
    let worst = match (a.len(), b.len()) {
        (x, y) if x == y => a.iter().zip(&b).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max),
        (_, 1) => a.iter().map(|x| (x - b[0]).abs()).fold(0.0, f64::max),
        (1, _) => b.iter().map(|y| (a[0] - y).abs()).fold(0.0, f64::max),
        _ => return None,
    };
    Some(format!("they differ by {} at most", display::real(worst, 3)))
}

/// A size that nothing settles, with the place and the axis.
fn open_size(graph: &Graph) -> Option<(Option<Span>, String)> {
    let live = graph.live();
    graph.ids().filter(|id| live[id.index()]).find_map(|id| {
        let node = graph.node(id);
        let dim = node.tys.iter().flat_map(|t| &t.dims).find(|d| d.size.known().is_none())?;
        let span = (node.span != Span::default()).then_some(node.span);
        Some((span, dim.axis.to_string()))
    })
}

pub(super) fn run_diagnostic(fault: &RunFault, statement: Span) -> Diagnostic {
    let span = fault.span.filter(|s| *s != Span::default()).unwrap_or(statement);
    let d = Diagnostic::new(fault.code, span, fault.message.clone(), fault.label.clone());
    match &fault.help {
        Some(help) => d.help(help.clone()),
        None => d,
    }
}

fn internal(message: &str, span: Span) -> Diagnostic {
    Diagnostic::new(&codes::run::E0901, span, message, "while running this")
}

fn first(faults: Vec<Diagnostic>, span: Span) -> Box<Diagnostic> {
    Box::new(faults.into_iter().next().unwrap_or_else(|| internal("a module could not be used", span)))
}

//! Statements: one graph and what is to be done with its results.

use super::call::Argument;
use super::scope::{AxisSize, ModuleId};
use super::value::{Array, Closure, Function, Stored, Value};
use super::{CallSite, Elaborator, Mode};
use crate::diag::{Diagnostic, codes};
use crate::ir::{Graph, NodeId};
use crate::ops;
use crate::source::Span;
use crate::syntax::ast::{
    self, BinaryOp, Expect, Expr, ExprKind, ForClause, Ident, Item, ItemKind, Plot, Show, ShowWhat, UsePath,
};
use crate::types::{Axis, Dim};
use std::sync::Arc;

/// A statement ready to be run: the graph, the stored values its first inputs stand for, and the action on its
/// results. Arrays in the action's values are outputs of the graph or stored values.
#[derive(Debug)]
pub struct Step {
    pub graph: Graph,
    pub inputs: Vec<Arc<Stored>>,
    pub action: Action,
}

#[derive(Debug)]
pub enum Action {
    Nothing,
    /// `precision f32`
    Precision(Ident),
    Use(ast::Use),
    /// Names for values; `from` are the top-level names the statement read.
    Bind {
        names: Vec<(Ident, Value)>,
        doc: Option<String>,
        from: Arc<Vec<Arc<str>>>,
    },
    /// An expression on its own, at the prompt.
    Value(Value),
    Print(Vec<(Span, Value)>),
    Show {
        what: ShowWhat,
        value: Value,
        subject: Option<Value>,
        span: Span,
    },
    Expect {
        kind: ExpectKind,
        ok: Value,
        sides: Option<(Value, Value)>,
        condition: Span,
        span: Span,
    },
    Plot {
        series: Vec<PlotSeries>,
        clauses: Vec<(Ident, Option<Value>)>,
        doc: Option<String>,
        span: Span,
    },
    Table {
        value: Value,
        span: Span,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExpectKind {
    Condition,
    Compare(BinaryOp),
}

/// One thing to draw: values over an axis or over other values, split by labels or by an axis.
#[derive(Debug)]
pub struct PlotSeries {
    /// The expression as written.
    pub span: Span,
    /// From a `for` clause: what tells this series from its siblings.
    pub tag: Option<Value>,
    pub y: Value,
    pub x: Option<(Span, Value)>,
    pub by: Vec<PlotBy>,
}

#[derive(Debug)]
pub enum PlotBy {
    Axis(Axis),
    Values(Span, Value),
}

impl Elaborator<'_> {
    /// Elaborates one top-level statement. `text` is its source: unnamed statements draw by it.
    pub fn item(&mut self, item: &Item, text: &str) -> Step {
        let name: Arc<str> = match &item.kind {
            ItemKind::Let { pattern, .. } => super::facts::names(pattern).join(",").into(),
            ItemKind::Def(def) => def.name.name.clone(),
            _ => text.split_whitespace().collect::<Vec<_>>().join(" ").into(),
        };
        self.calls = vec![CallSite { name, span: Span::default(), draws: 0, calls: 0 }];
        let action = self.action(item);
        self.calls.clear();
        self.step(action)
    }

    fn action(&mut self, item: &Item) -> Action {
        match &item.kind {
            ItemKind::Precision(word) => Action::Precision(word.clone()),
            ItemKind::Use(path) => Action::Use(path.clone()),
            ItemKind::Let { pattern, ty, value } => {
                self.watch(value);
                let place = value.span;
                self.name_function(pattern, value);
                let value = self.let_value(ty.as_ref(), value);
                let names = self.destructure(pattern, value, place);
                Action::Bind { names, doc: item.doc.clone(), from: Arc::default() }
            }
            ItemKind::Def(def) => {
                let function = self.declare(def);
                Action::Bind { names: vec![(def.name.clone(), function)], doc: item.doc.clone(), from: Arc::default() }
            }
            ItemKind::Grid { name, .. } => self.declared("a grid", name, item.doc.clone()),
            ItemKind::Experiment(e) => self.declared("an experiment", &e.name, item.doc.clone()),
            ItemKind::Expect(expect) => self.expect(expect, item.span),
            ItemKind::Print(list) => {
                let mut values = Vec::new();
                for e in list {
                    self.watch(e);
                    let value = self.expr(e);
                    values.push((e.span, self.presentable(value, e.span)));
                }
                Action::Print(values)
            }
            ItemKind::Show(show) => self.show(show, item.span),
            ItemKind::Plot(plot) => self.plot(plot, item),
            ItemKind::Table { value, by } => {
                if let Some(by) = by.first() {
                    self.later("table ... by", by.span);
                    return Action::Nothing;
                }
                let v = self.expr(value);
                Action::Table { value: v, span: value.span }
            }
            ItemKind::Expr(e) => {
                self.watch(e);
                let value = self.expr(e);
                Action::Value(self.presentable(value, e.span))
            }
            ItemKind::Param(p) => self.misplaced("param", p.name.span),
            ItemKind::Minimize(m) => self.misplaced("minimize", m.objective.span),
            ItemKind::Report { name, .. } => self.misplaced("report", name.span),
            ItemKind::Track { name, .. } => self.misplaced("track", name.span),
            ItemKind::StopWhen(e) => self.misplaced("stop when", e.span),
            ItemKind::Step(b) => self.misplaced("step", b.span),
        }
    }

    fn misplaced(&mut self, word: &str, span: Span) -> Action {
        let d = Diagnostic::new(
            &codes::check::E0502,
            span,
            format!("`{word}` stands inside an experiment"),
            "not allowed here",
        );
        self.report(d);
        Action::Nothing
    }

    /// Names that are only introduced: what they mean belongs to a later stage of the language.
    fn declared(&mut self, kind: &'static str, name: &Ident, doc: Option<String>) -> Action {
        let value = Value::Declared { kind, name: name.name.clone() };
        Action::Bind { names: vec![(name.clone(), value)], doc, from: Arc::default() }
    }

    /// Notes which variables the expression differentiates by.
    fn watch(&mut self, e: &Expr) {
        let facts = super::facts::Facts::of(e);
        self.wrt_names = facts.wrt.into_iter().collect();
    }

    /// Masked arrays are shown where nobody reduced them: that is a mistake worth a word.
    fn presentable(&mut self, value: Value, span: Span) -> Value {
        if let Value::Masked { .. } = value {
            self.want_array(value, span, "what is printed");
            return Value::Unknown;
        }
        value
    }

    // ---- expectations ----------------------------------------------------------------------------------------------

    fn expect(&mut self, expect: &Expect, span: Span) -> Action {
        if !expect.draws.is_empty() {
            self.later("expect forall", span);
            return Action::Nothing;
        }
        self.watch(&expect.condition);
        let within = match &expect.within {
            Some(e) => {
                let v = self.expr(e);
                match self.want_array(v, e.span, "the tolerance") {
                    Some(a) => Some(self.to_real(&a, e.span)),
                    None => return Action::Nothing,
                }
            }
            None => None,
        };
        let condition = expect.condition.span;
        let (ok, sides, kind) = match &expect.condition.kind {
            ExprKind::Binary { op, left, right, .. } if is_comparison(*op) => {
                let (l, r) = (self.expr(left), self.expr(right));
                let sides = (l.clone(), r.clone());
                let ok = if *op == BinaryOp::Close {
                    let a = self.want_array(l, left.span, "the left side of `~=`");
                    let b = self.want_array(r, right.span, "the right side of `~=`");
                    match (a, b) {
                        (Some(a), Some(b)) => self.close((a, left.span), (b, right.span), within.clone(), condition),
                        _ => Value::Unknown,
                    }
                } else {
                    self.binary_values(*op, (l, left.span), (r, right.span), condition)
                };
                (ok, Some(sides), ExpectKind::Compare(*op))
            }
            _ => (self.expr(&expect.condition), None, ExpectKind::Condition),
        };
        if let (Some(e), false) = (&expect.within, matches!(kind, ExpectKind::Compare(BinaryOp::Close))) {
            let d = Diagnostic::new(
                &codes::check::E0427,
                e.span,
                "`within` gives the tolerance of `~=`",
                "there is no `~=` here",
            )
            .help("write `expect a ~= b within 1e-6`");
            self.report(d);
        }
        let Some(ok) = self.want_array(ok, condition, "an expectation") else { return Action::Nothing };
        let Some(ok) = self.want_bool(&ok, condition, "expect") else { return Action::Nothing };
        let axes: Vec<Axis> = self.ty(&ok).axes().cloned().collect();
        let all =
            if axes.is_empty() { ok } else { self.must(&ops::ALL_OF, &[&ok], crate::ir::Attrs::axes(axes), condition) };
        Action::Expect { kind, ok: Value::Array(all), sides, condition, span }
    }

    // ---- show ------------------------------------------------------------------------------------------------------

    fn show(&mut self, show: &Show, span: Span) -> Action {
        self.watch(&show.value);
        let value = self.expr(&show.value);
        if value.is_unknown() {
            return Action::Nothing;
        }
        if show.what == ShowWhat::Type {
            return Action::Show { what: show.what, value, subject: None, span: show.value.span };
        }
        let shown = match &value {
            Value::Function(f) => self.symbolic_call(f, span),
            other => other.clone(),
        };
        let mut any = false;
        shown.arrays(&mut |_| any = true);
        if !any {
            if !shown.is_unknown() {
                let found = self.describe(&shown);
                let d = Diagnostic::new(
                    &codes::check::E0419,
                    show.value.span,
                    format!("there is no formula to show: this is {found}"),
                    "here",
                );
                self.report(d);
            }
            return Action::Nothing;
        }
        Action::Show { what: show.what, value: shown, subject: Some(value), span: show.value.span }
    }

    /// Calls a function with stand-ins named as its parameters.
    fn symbolic_call(&mut self, f: &Arc<Function>, span: Span) -> Value {
        let closure: &Closure = match f.closure() {
            Some(c) => c,
            None => {
                let d = Diagnostic::new(
                    &codes::check::E0419,
                    span,
                    format!("`{}` is built in: `loss doc {}` tells what it does", f.name(), f.name()),
                    "no formula to show",
                );
                self.report(d);
                return Value::Unknown;
            }
        };
        if self.signature(closure).broken {
            return Value::Unknown;
        }
        let (inner, args) = self.symbolic_arguments(closure, span);
        if args.iter().any(|a| a.value.is_unknown()) {
            let open = closure.def.params.iter().zip(&args).find(|(p, a)| a.value.is_unknown() && p.ty.is_some());
            if let Some((param, _)) = open {
                let d = Diagnostic::new(
                    &codes::check::E0419,
                    span,
                    format!("`{}` takes functions, texts or models, so it has no formula of its own", f.name()),
                    "asked for here",
                )
                .label(param.span, "this parameter is no array");
                self.report(d);
            }
            return Value::Unknown;
        }
        // The stand-ins have the axes of the signature: the call binds them by name in that scope.
        let outer = std::mem::replace(&mut self.env, inner);
        let args: Vec<Argument> = args;
        let value = self.invoke_function(f, &[], args, span);
        self.env = outer;
        value
    }

    // ---- plots -----------------------------------------------------------------------------------------------------

    fn plot(&mut self, plot: &Plot, item: &Item) -> Action {
        let mut series = Vec::new();
        self.plot_each(plot, &plot.each, None, &mut series);
        let mut clauses = Vec::new();
        for clause in &plot.clauses {
            let value = clause.value.as_ref().map(|e| match &e.kind {
                ExprKind::Name(n) => Value::Text(n.name.clone()),
                _ => self.expr(e),
            });
            clauses.push((clause.word.clone(), value));
        }
        if series.is_empty() {
            return Action::Nothing;
        }
        Action::Plot { series, clauses, doc: item.doc.clone(), span: item.span }
    }

    fn plot_each(&mut self, plot: &Plot, each: &[ForClause], tag: Option<Value>, out: &mut Vec<PlotSeries>) {
        let Some((clause, rest)) = each.split_first() else {
            for e in &plot.values {
                self.plot_value(plot, e, tag.clone(), out);
            }
            return;
        };
        let list = self.expr(&clause.list);
        for item in self.items(list, clause.list.span).unwrap_or_default() {
            let env = self.env.clone();
            let tag = match &item {
                Value::Tuple(parts) => parts.first().cloned(),
                other => Some(other.clone()),
            };
            self.bind_pattern(&clause.pattern, item, clause.list.span);
            self.plot_each(plot, rest, tag, out);
            self.env = env;
        }
    }

    fn plot_value(&mut self, plot: &Plot, e: &Expr, tag: Option<Value>, out: &mut Vec<PlotSeries>) {
        let value = self.expr(e);
        let x = match &plot.over {
            Some(over) => {
                let x = self.plot_over(over, &value);
                match self.want_array(x, over.span, "what a plot runs over") {
                    Some(a) => Some((over.span, Value::Array(a))),
                    None => return,
                }
            }
            None => None,
        };
        let mut by = Vec::new();
        for b in &plot.by {
            match &b.kind {
                ExprKind::Name(n) if self.lookup(&n.name).is_none() => by.push(PlotBy::Axis(self.axis_named(&n.name))),
                _ => {
                    let v = self.expr(b);
                    match self.want_array(v, b.span, "what a plot is split by") {
                        Some(a) => by.push(PlotBy::Values(b.span, Value::Array(a))),
                        None => return,
                    }
                }
            }
        }
        let mut by = Some(by);
        match value {
            Value::List(items) | Value::Tuple(items) => {
                for (i, item) in items.iter().enumerate() {
                    let Some(y) = self.want_array(item.clone(), e.span, "what is plotted") else { return };
                    let span = match &e.kind {
                        ExprKind::List(parts) | ExprKind::Tuple(parts) => parts.get(i).map_or(e.span, |p| p.span),
                        _ => e.span,
                    };
                    let by = by.take().unwrap_or_default();
                    out.push(PlotSeries { span, tag: tag.clone(), y: Value::Array(y), x: x.clone(), by });
                }
            }
            Value::Unknown => {}
            other => {
                let Some(y) = self.want_array(other, e.span, "what is plotted") else { return };
                out.push(PlotSeries { span: e.span, tag, y: Value::Array(y), x, by: by.take().unwrap_or_default() });
            }
        }
    }

    /// `over t` with `t` an axis of what is plotted means its coordinates.
    fn plot_over(&mut self, over: &Expr, value: &Value) -> Value {
        let (ExprKind::Name(n), Some(first)) = (&over.kind, Self::flatten(value).first().cloned()) else {
            return self.expr(over);
        };
        if self.lookup(&n.name).is_some() {
            return self.expr(over);
        }
        let axis = self.axis_named(&n.name);
        match self.ty(&first).dim(&axis).cloned() {
            Some(dim) => Value::Array(self.must(&ops::IOTA, &[], crate::ir::Attrs::dims(vec![dim]), over.span)),
            None => self.expr(over),
        }
    }

    // ---- finishing -------------------------------------------------------------------------------------------------

    /// Closes the statement's graph: arrays of the action become its outputs.
    fn step(&mut self, action: Action) -> Step {
        debug_assert_eq!(self.frames.len(), 1);
        let mut outputs: Vec<NodeId> = Vec::new();
        let mut place = |a: &Array| match a {
            Array::Node { level: 0, id } => {
                let i = outputs.iter().position(|o| o == id).unwrap_or_else(|| {
                    outputs.push(*id);
                    outputs.len() - 1
                });
                Array::Output(i)
            }
            other => other.clone(),
        };
        let mut put = |v: Value| v.map_arrays(&mut place);
        let action = match action {
            Action::Bind { names, doc, .. } => {
                let names = names.into_iter().map(|(n, v)| (n, put(v))).collect();
                let from = self.stored.iter().flat_map(|(s, _)| s.from.iter().cloned().chain([s.name.clone()]));
                let mut list: Vec<Arc<str>> = Vec::new();
                for name in from {
                    if !list.contains(&name) {
                        list.push(name);
                    }
                }
                Action::Bind { names, doc, from: Arc::new(list) }
            }
            Action::Value(v) => Action::Value(put(v)),
            Action::Print(list) => Action::Print(list.into_iter().map(|(s, v)| (s, put(v))).collect()),
            Action::Show { what, value, subject, span } => Action::Show { what, value: put(value), subject, span },
            Action::Expect { kind, ok, sides, condition, span } => {
                let sides = sides.map(|(a, b)| (put(a), put(b)));
                Action::Expect { kind, ok: put(ok), sides, condition, span }
            }
            Action::Plot { series, clauses, doc, span } => {
                let by = |b: PlotBy, put: &mut dyn FnMut(Value) -> Value| match b {
                    PlotBy::Values(s, v) => PlotBy::Values(s, put(v)),
                    axis => axis,
                };
                let one = |s: PlotSeries, put: &mut dyn FnMut(Value) -> Value| PlotSeries {
                    tag: s.tag.map(&mut *put),
                    y: put(s.y),
                    x: s.x.map(|(span, v)| (span, put(v))),
                    by: s.by.into_iter().map(|b| by(b, put)).collect(),
                    ..s
                };
                let series = series.into_iter().map(|s| one(s, &mut put)).collect();
                let clauses = clauses.into_iter().map(|(w, v)| (w, v.map(&mut put))).collect();
                Action::Plot { series, clauses, doc, span }
            }
            Action::Table { value, span } => Action::Table { value: put(value), span },
            other => other,
        };
        let frame = self.frames.pop().expect("internal: no graph");
        let mut graph = frame.builder.finish(outputs);
        graph.number_inputs();
        let inputs = self.stored.drain(..).map(|(s, _)| s).collect();
        self.frames.push(super::Frame::new(self.options.precision));
        Step { graph, inputs, action }
    }

    /// A stored value for an output of a finished statement.
    pub fn store(
        graph: &Graph,
        name: &str,
        output: usize,
        span: Span,
        data: Option<crate::tensor::Tensor>,
        from: Arc<Vec<Arc<str>>>,
        inputs: &[Arc<Stored>],
    ) -> Stored {
        let id = graph.outputs[output];
        let ty = graph.ty(id).clone();
        let origins = ty.dims.iter().map(|d| origin(graph, inputs, id, d, name, span)).collect();
        Stored { name: name.into(), ty, data, span, origins, from }
    }

    pub fn note_axes(globals: &mut super::scope::Globals, stored: &Stored) {
        for dim in stored.ty.dims.iter().filter(|d| d.axis.tag() == 0) {
            globals.see_axis(dim.axis.shared_name(), dim.size, stored.span);
        }
    }

    pub fn module(&self) -> ModuleId {
        self.env.module
    }

    /// Whether the size of an axis name is settled in the scope at hand.
    pub fn settled(&mut self, name: &Arc<str>) -> bool {
        matches!(self.axis_size(name), AxisSize::Known(_)) || self.options.mode == Mode::Check
    }
}

/// Where a stored value's axis got its size: the file or value it came through, or the statement itself.
fn origin(graph: &Graph, inputs: &[Arc<Stored>], id: NodeId, dim: &Dim, name: &str, span: Span) -> (Span, String) {
    let (id, axis) = super::origin::axis_source(graph, id, &dim.axis);
    let node = graph.node(id);
    if !node.is(&ops::INPUT) {
        return (if node.span == Span::default() { span } else { node.span }, format!("`{dim}` is made here"));
    }
    let stored = graph.inputs.iter().position(|i| *i == id).and_then(|i| inputs.get(i));
    match stored.and_then(|s| s.axis_origin(&axis)) {
        Some(found) => found.clone(),
        None => (span, format!("`{name}` is `{dim}` here")),
    }
}

fn is_comparison(op: BinaryOp) -> bool {
    matches!(
        op,
        BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge | BinaryOp::Close
    )
}

/// The last part of a `use` path, for messages.
pub fn path_text(path: &UsePath) -> String {
    match path {
        UsePath::Dotted(parts) => parts.iter().map(|p| &*p.name).collect::<Vec<_>>().join("."),
        UsePath::File(text) => text.value.to_string(),
    }
}

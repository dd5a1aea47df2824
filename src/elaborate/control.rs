//! Branches and loops: bodies become closed graphs; what they read from outside becomes their captures.

use super::value::{Array, Value};
use super::{Elaborator, Frame};
use crate::diag::{Diagnostic, codes};
use crate::ir::{Attrs, Graph, NodeId};
use crate::ops;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Loop};
use crate::types::{ArrayTy, Dim, Elem, Size};
use std::sync::Arc;

/// How often a loop's state may be widened (whole numbers to reals, lifted axes) before it is an error.
const MAX_WIDENINGS: usize = 4;

impl Elaborator<'_> {
    /// The arrays of a value, in order.
    pub(super) fn flatten(value: &Value) -> Vec<Array> {
        let mut arrays = Vec::new();
        value.arrays(&mut |a| arrays.push(a.clone()));
        arrays
    }

    /// The same value with its arrays replaced in order.
    pub(super) fn rebuild(value: &Value, arrays: &[Array]) -> Value {
        let mut next = arrays.iter();
        value.map_arrays(&mut |a| next.next().cloned().unwrap_or_else(|| a.clone()))
    }

    // ---- branches --------------------------------------------------------------------------------------------------

    pub(super) fn if_else(&mut self, condition: &Expr, then: &Expr, otherwise: &Expr, span: Span) -> Value {
        let c = self.expr(condition);
        let Some(c) = self.want_array(c, condition.span, "the condition") else {
            self.expr(then);
            self.expr(otherwise);
            return Value::Unknown;
        };
        let Some(c) = self.want_bool(&c, condition.span, "if") else { return Value::Unknown };
        if self.symbolic == 0
            && let Some(known) = self.known(&c)
        {
            return self.expr(if known != 0.0 { then } else { otherwise });
        }
        if !self.ty(&c).is_scalar() {
            let found = self.describe(&Value::Array(c));
            let d = Diagnostic::new(
                &codes::check::E0334,
                condition.span,
                format!("`if` chooses once, and this condition is {found}"),
                "more than one condition",
            )
            .help("to choose element by element, write `where(condition, a, b)`");
            self.report(d);
            return Value::Unknown;
        }
        self.branch(&c, then, otherwise, span)
    }

    fn branch(&mut self, c: &Array, then: &Expr, otherwise: &Expr, span: Span) -> Value {
        let (a, frame_a) = self.in_frame(|this| this.expr(then));
        let (b, frame_b) = self.in_frame(|this| this.expr(otherwise));
        if a.is_unknown() || b.is_unknown() {
            return Value::Unknown;
        }
        if !a.same_structure(&b) {
            if self.options.mode == super::Mode::Check || self.symbolic > 0 {
                return Value::Unknown;
            }
            let (x, y) = (a.kind(), b.kind());
            let d = Diagnostic::new(
                &codes::check::E0335,
                then.span,
                "the two branches give different kinds of value, and the choice is made while computing",
                format!("this gives {x}"),
            )
            .label(otherwise.span, format!("this gives {y}"));
            self.report(d);
            return Value::Unknown;
        }
        let mut joined: Vec<ArrayTy> = Vec::new();
        let tys = |this: &mut Self, frame: &Frame, v: &Value| -> Vec<ArrayTy> {
            let sizes = this.b().sizes.clone();
            let of = |x: &Array| match x {
                Array::Node { level, id } if *level == this.frames.len() => frame.builder.graph.ty(*id).resolve(&sizes),
                other => this.ty(other),
            };
            Self::flatten(v).iter().map(of).collect()
        };
        let (ta, tb) = (tys(self, &frame_a, &a), tys(self, &frame_b, &b));
        for (x, y) in ta.iter().zip(&tb) {
            match self.join_types(x, y) {
                Some(ty) => joined.push(ty),
                None => {
                    let d = Diagnostic::new(
                        &codes::check::E0335,
                        then.span,
                        format!("the two branches give different types: `{x}` and `{y}`"),
                        format!("this gives `{x}`"),
                    )
                    .label(otherwise.span, format!("this gives `{y}`"))
                    .help("bring both to one type: `int(...)` and `float(...)` convert, `full[k: 3](x)` gives an axis");
                    self.report(d);
                    return Value::Unknown;
                }
            }
        }
        let (ga, ca) = self.finish_frame(frame_a, &[], &a, &joined, span);
        let (gb, cb) = self.finish_frame(frame_b, &[], &b, &joined, span);
        let (ga, gb, captures) = share_captures(ga, ca, gb, cb, 0);
        let mut inputs = vec![self.node(c)];
        inputs.extend(captures);
        self.b().span = span;
        let attrs = Attrs::none().with_regions(vec![Arc::new(ga), Arc::new(gb)]);
        let cond = self.b().mk(&ops::COND, &inputs, attrs);
        let outputs = self.get_outputs(cond, joined.len());
        Self::rebuild(&a, &outputs)
    }

    /// Elaborates in a graph of its own that stays open.
    fn in_frame(&mut self, f: impl FnOnce(&mut Self) -> Value) -> (Value, Frame) {
        self.begin();
        let value = f(self);
        let mut frame = self.frames.pop().expect("internal: no inner graph");
        self.b().sizes = std::mem::take(&mut frame.builder.sizes);
        (value, frame)
    }

    /// Brings the arrays of a value to the given types inside its frame, and closes it.
    fn finish_frame(
        &mut self,
        mut frame: Frame,
        args: &[NodeId],
        value: &Value,
        tys: &[ArrayTy],
        span: Span,
    ) -> (Graph, Vec<NodeId>) {
        frame.builder.sizes = std::mem::take(&mut self.b().sizes);
        self.frames.push(frame);
        let outputs: Vec<NodeId> = Self::flatten(value)
            .iter()
            .zip(tys)
            .map(|(a, ty)| {
                let fitted = self.fit(a, ty, span);
                self.node(&fitted)
            })
            .collect();
        self.end(args, &outputs)
    }

    /// The array cast, broadcast and reordered to a type that holds it.
    fn fit(&mut self, array: &Array, ty: &ArrayTy, span: Span) -> Array {
        let array = self.cast(array, ty.elem.clone(), span);
        let array = self.broadcast(&array, &ty.dims, span);
        self.in_order(&array, &ty.dims, span)
    }

    /// The smallest type that holds both: reals hold whole numbers, more axes hold fewer.
    fn join_types(&mut self, a: &ArrayTy, b: &ArrayTy) -> Option<ArrayTy> {
        let elem = match (&a.elem, &b.elem) {
            (x, y) if x == y => x.clone(),
            (Elem::Real, Elem::Int | Elem::Bool) | (Elem::Int | Elem::Bool, Elem::Real) => Elem::Real,
            (Elem::Int, Elem::Label(_)) | (Elem::Label(_), Elem::Int) => Elem::Int,
            _ => return None,
        };
        let mut dims = a.dims.clone();
        for dim in &b.dims {
            match dims.iter_mut().find(|d| d.axis == dim.axis) {
                Some(d) => d.size = self.b().sizes.unify(d.size, dim.size).ok()?,
                None => dims.push(dim.clone()),
            }
        }
        Some(ArrayTy::new(elem, dims))
    }

    pub(super) fn get_outputs(&mut self, node: NodeId, n: usize) -> Vec<Array> {
        use crate::ops::build::Build;
        if self.b().graph.node(node).tys.len() == 1 && n == 1 {
            return vec![self.array(node)];
        }
        (0..n)
            .map(|i| {
                let id = self.b().get(node, i);
                self.array(id)
            })
            .collect()
    }

    // ---- loops -----------------------------------------------------------------------------------------------------

    pub(super) fn loop_expr(&mut self, l: &Loop, span: Span) -> Value {
        let start = self.expr(&l.start);
        let Some((from, to, axis)) = self.loop_range(l) else { return Value::Unknown };
        if start.is_unknown() {
            return Value::Unknown;
        }
        let mut states = Vec::new();
        for array in Self::flatten(&start) {
            states.push(array);
        }
        if !Self::only_arrays(&start) {
            let found = start.kind();
            let d = Diagnostic::new(
                &codes::check::E0331,
                l.start.span,
                "the state of a loop is made of arrays (in records, lists or tuples, if need be)",
                format!("this is {found}"),
            );
            self.report(d);
            return Value::Unknown;
        }
        for _ in 0..MAX_WIDENINGS {
            let tys: Vec<ArrayTy> = states.iter().map(|s| self.ty(s)).collect();
            match self.loop_body(l, &start, &tys, axis.as_ref(), span) {
                Body::Done { region, captures } => {
                    return self.loop_node(l, &start, &states, &tys, (&from, &to), region, captures, span);
                }
                Body::Widen(wider) => {
                    states = states.iter().zip(&wider).map(|(s, ty)| self.fit(s, ty, l.start.span)).collect();
                }
                Body::Failed => return Value::Unknown,
            }
        }
        Value::Unknown
    }

    fn only_arrays(value: &Value) -> bool {
        match value {
            Value::Array(_) => true,
            Value::Record(fields) => fields.iter().all(|(_, v)| Self::only_arrays(v)),
            Value::List(items) | Value::Tuple(items) => items.iter().all(Self::only_arrays),
            _ => false,
        }
    }

    /// The bounds of a loop; for a loop over an axis, its dim too.
    fn loop_range(&mut self, l: &Loop) -> Option<(Array, Array, Option<Dim>)> {
        if let ExprKind::Name(name) = &l.range.kind
            && self.lookup(&name.name).is_none()
        {
            if !self.is_axis_name(&name.name) {
                let value = self.expr(&l.range);
                debug_assert!(value.is_unknown());
                return None;
            }
            let dim = self.scope_dim(&name.name);
            let from = self.int_const(0);
            let to = self.must(&ops::SIZE, &[], Attrs::dims(vec![dim.clone()]), l.range.span);
            return Some((from, to, Some(dim)));
        }
        match self.expr(&l.range) {
            Value::Range { from, to } => Some((from, to, None)),
            Value::Unknown => None,
            other => {
                let found = self.describe(&other);
                let d = Diagnostic::new(
                    &codes::check::E0421,
                    l.range.span,
                    format!("a loop runs over a range or an axis, and this is {found}"),
                    "not a range",
                )
                .help("as in `for t in 0..100`, or `for l in layer` with `layer` an axis");
                self.report(d);
                None
            }
        }
    }

    fn loop_body(&mut self, l: &Loop, start: &Value, tys: &[ArrayTy], axis: Option<&Dim>, span: Span) -> Body {
        let env = self.env.clone();
        let draws = self.calls.last().map_or(0, |c| c.draws);
        self.begin();
        self.b().span = l.counter.span;
        let counter = self.input(&l.counter.name, &ArrayTy::scalar(Elem::Int), None);
        let mut args = vec![counter];
        let counter = self.array(counter);
        let seen = match axis {
            Some(dim) => self.cast(&counter, Elem::Label(dim.axis.clone()), l.counter.span),
            None => counter.clone(),
        };
        let names = super::facts::names(&l.state);
        let mut inside = Vec::new();
        for (i, ty) in tys.iter().enumerate() {
            let name = names.get(i).or(names.first()).cloned().unwrap_or_else(|| "state".into());
            let id = self.input(&name, ty, None);
            args.push(id);
            inside.push(self.array(id));
        }
        self.counters.push(counter);
        self.bind_local(&l.counter, Value::Array(seen));
        let state = Self::rebuild(start, &inside);
        self.bind_pattern(&l.state, state, l.start.span);
        let value = self.block(&l.body);
        let go_on = l.until.as_ref().map(|until| {
            self.bind_pattern(&l.state, value.clone(), l.body.value.span);
            self.until(until)
        });
        self.counters.pop();
        self.env = env;
        if let Some(site) = self.calls.last_mut() {
            site.draws = draws.max(site.draws);
        }
        if value.is_unknown() || go_on.as_ref().is_some_and(|g| g.is_none()) {
            self.abandon();
            return Body::Failed;
        }
        if !value.same_structure(start) {
            let shown = |this: &Self, v: &Value| match v {
                Value::Array(_) => v.kind().to_string(),
                other => this.describe(other),
            };
            let (first, next) = (shown(self, start), shown(self, &value));
            self.abandon();
            let d = Diagnostic::new(
                &codes::check::E0331,
                l.body.value.span,
                format!("a loop's body gives its next state, which starts as {first} and here is {next}"),
                "not the same kind of value",
            )
            .label(l.start.span, format!("the state starts as {first}"));
            self.report(d);
            return Body::Failed;
        }
        self.loop_outputs(l, &value, tys, args, go_on.flatten(), span)
    }

    fn until(&mut self, until: &Expr) -> Option<Array> {
        let value = self.expr(until);
        let array = self.want_array(value, until.span, "the stopping rule")?;
        let done = self.want_bool(&array, until.span, "until")?;
        if !self.ty(&done).is_scalar() {
            let found = self.describe(&Value::Array(done));
            let d = Diagnostic::new(
                &codes::check::E0334,
                until.span,
                format!("a stopping rule is one condition, and this is {found}"),
                "more than one condition",
            )
            .help("`all(...)` or `any(...)` makes one of many");
            self.report(d);
            return None;
        }
        Some(self.must(&ops::NOT, &[&done], Attrs::none(), until.span))
    }

    /// Checks the next state against the state, and closes the body.
    fn loop_outputs(
        &mut self,
        l: &Loop,
        value: &Value,
        tys: &[ArrayTy],
        args: Vec<NodeId>,
        go_on: Option<Array>,
        span: Span,
    ) -> Body {
        let next = Self::flatten(value);
        let mut wider = tys.to_vec();
        for (i, array) in next.iter().enumerate() {
            let ty = self.ty(array);
            let (old, place) = (&tys[i], l.body.value.span);
            let conflict = ty.dims.iter().find_map(|d| {
                let size = old.dim(&d.axis)?.size;
                self.b().sizes.clone().unify(size, d.size).err().map(|(a, b)| (d.axis.clone(), a, b))
            });
            if let Some((axis, was, is)) = conflict {
                self.abandon();
                let d = Diagnostic::new(
                    &codes::check::E0301,
                    place,
                    format!("the state of the loop changes its size: `{axis}: {was}` becomes `{axis}: {is}`"),
                    format!("`{axis}: {is}` here"),
                )
                .label(l.start.span, format!("starts with `{axis}: {was}`"))
                .help("a loop's state keeps its axes; keep all values with `scan`");
                self.report(d);
                return Body::Failed;
            }
            for dim in &ty.dims {
                if let Some(size) = old.dim(&dim.axis).map(|d| d.size) {
                    let _ = self.b().sizes.unify(size, dim.size);
                }
            }
            let new_dims: Vec<Dim> = ty.dims.iter().filter(|d| !old.has(&d.axis)).cloned().collect();
            let gained = |d: &&Dim| self.env.lifted.contains(&d.axis) || self.env.carried.contains(&d.axis);
            let foreign: Vec<&Dim> = new_dims.iter().filter(|d| !gained(d)).collect();
            if !foreign.is_empty() {
                let list: Vec<String> = foreign.iter().map(|d| d.to_string()).collect();
                let (was, is) = (self.type_shown(old), self.type_shown(&ty));
                self.abandon();
                let d = Diagnostic::new(
                    &codes::check::E0331,
                    place,
                    format!("the state of the loop changes its axes: it starts as `{was}` and becomes `{is}`"),
                    format!("this also has [{}]", list.join(", ")),
                )
                .label(l.start.span, format!("starts as `{was}`"))
                .help(format!("start it with those axes, as in `zeros[{}]`", list.join(", ")));
                self.report(d);
                return Body::Failed;
            }
            if !new_dims.is_empty() {
                wider[i].dims = new_dims.into_iter().chain(wider[i].dims.iter().cloned()).collect();
            }
            match (&old.elem, &ty.elem) {
                (Elem::Int | Elem::Bool, Elem::Real) => wider[i].elem = Elem::Real,
                (Elem::Real, Elem::Int | Elem::Bool) => {}
                (Elem::Label(_), Elem::Int) | (Elem::Int, Elem::Label(_)) => {}
                (a, b) if a == b => {}
                (a, b) => {
                    let text = format!("the state of the loop changes from `{a}` to `{b}`");
                    self.abandon();
                    self.report(
                        Diagnostic::new(&codes::check::E0331, place, text, "here").label(l.start.span, "starts here"),
                    );
                    return Body::Failed;
                }
            }
        }
        if wider != tys {
            self.abandon();
            return Body::Widen(wider);
        }
        let mut outputs: Vec<NodeId> = Vec::new();
        for (array, ty) in next.iter().zip(tys) {
            let fitted = self.fit(array, ty, span);
            outputs.push(self.node(&fitted));
        }
        if l.scan {
            outputs.extend(outputs.clone());
        }
        if let Some(go_on) = go_on {
            outputs.push(self.node(&go_on));
        }
        let (region, captures) = self.end(&args, &outputs);
        Body::Done { region, captures }
    }

    fn type_shown(&self, ty: &ArrayTy) -> String {
        ArrayTy::new(ty.elem.clone(), self.visible(ty)).to_string()
    }

    #[allow(clippy::too_many_arguments)]
    fn loop_node(
        &mut self,
        l: &Loop,
        start: &Value,
        states: &[Array],
        tys: &[ArrayTy],
        (from, to): (&Array, &Array),
        region: Graph,
        captures: Vec<NodeId>,
        span: Span,
    ) -> Value {
        let n = states.len();
        let kept = if l.scan { n } else { 0 };
        let mut attrs =
            Attrs::ints(vec![n as i64, kept as i64, l.until.is_some() as i64, 0]).with_regions(vec![Arc::new(region)]);
        let mut scan_dim = None;
        if l.scan {
            let name = l.axis.as_ref().unwrap_or(&l.counter);
            let size = match (self.known_int(from), self.known_int(to)) {
                (Some(a), Some(b)) if l.until.is_none() => Size::Known((b - a).max(0) as usize),
                (Some(a), Some(b)) => Size::Known((b - a).max(0) as usize),
                _ => match self.size_of_axis_node(to, from) {
                    Some(size) => size,
                    None => self.b().sizes.fresh(),
                },
            };
            let axis = self.axis_named(&name.name);
            if let Some(taken) = tys.iter().find(|t| t.has(&axis)) {
                let d = Diagnostic::new(
                    &codes::check::E0333,
                    name.span,
                    format!("the state already has an axis `{axis}`: `{taken}`"),
                    "values would be kept along it",
                )
                .help("name another axis: `scan[step] x = ...`");
                self.report(d);
                return Value::Unknown;
            }
            self.see_axis(&name.name, size, name.span);
            let dim = Dim::new(axis, size);
            attrs.dims = vec![dim.clone()];
            scan_dim = Some(dim);
        }
        let mut inputs = vec![self.node(from), self.node(to)];
        for state in states {
            inputs.push(self.node(state));
        }
        inputs.extend(captures);
        self.b().span = span;
        let node = match self.b().node(&ops::LOOP, &inputs, attrs) {
            Ok(node) => node,
            Err(fault) => {
                self.report_fault("iterate", fault, &[], span);
                return Value::Unknown;
            }
        };
        let outputs = self.get_outputs(node, n + kept + 1);
        let Some(dim) = scan_dim else { return Self::rebuild(start, &outputs[..n]) };
        let mut kept_states = outputs[n..n + kept].to_vec();
        if l.until.is_some() {
            kept_states = self.held(&kept_states, &outputs[n + kept], &dim, span);
        }
        Self::rebuild(start, &kept_states)
    }

    /// A loop that stopped early stays where it stopped: its last state stands for all the rounds that were left out.
    fn held(&mut self, states: &[Array], rounds: &Array, dim: &Dim, span: Span) -> Vec<Array> {
        let one = self.int_const(1);
        let last = self.must(&ops::SUB, &[rounds, &one], Attrs::none(), span);
        let at = self.must(&ops::IOTA, &[], Attrs::dims(vec![dim.clone()]), span);
        let at = self.to_int(&at, span);
        let later = self.must(&ops::GT, &[&at, &last], Attrs::none(), span);
        let at = self.must(&ops::SELECT, &[&later, &last, &at], Attrs::none(), span);
        let along = Attrs::axes(vec![dim.axis.clone()]);
        states.iter().map(|s| self.must(&ops::PICK, &[s, &at], along.clone(), span)).collect()
    }

    /// `to` is the size of an axis and `from` is 0: that size, known or not.
    fn size_of_axis_node(&mut self, to: &Array, from: &Array) -> Option<Size> {
        let Array::Node { level, id } = to else { return None };
        let node = self.frames[*level].builder.graph.node(*id);
        let size = node.is(&ops::SIZE).then(|| node.attrs.dims[0].size)?;
        (self.known_int(from) == Some(0)).then(|| self.resolve(size))
    }
}

enum Body {
    Done {
        region: Graph,
        captures: Vec<NodeId>,
    },
    /// The state needs these types; try again.
    Widen(Vec<ArrayTy>),
    Failed,
}

/// Gives two regions the same captures in the same order, behind their first `args` inputs.
pub(super) fn share_captures(
    mut a: Graph,
    ca: Vec<NodeId>,
    mut b: Graph,
    cb: Vec<NodeId>,
    args: usize,
) -> (Graph, Graph, Vec<NodeId>) {
    let mut all = ca.clone();
    all.extend(cb.iter().copied().filter(|c| !ca.contains(c)));
    let (a_old, b_old) = (a.inputs.clone(), b.inputs.clone());
    a.inputs.truncate(args);
    b.inputs.truncate(args);
    for outside in &all {
        let in_a = ca.iter().position(|c| c == outside).map(|i| a_old[args + i]);
        let in_b = cb.iter().position(|c| c == outside).map(|i| b_old[args + i]);
        let a_id = in_a.unwrap_or_else(|| stand_in(&mut a, in_b.map(|id| (&b, id))));
        a.inputs.push(a_id);
        let b_id = in_b.unwrap_or_else(|| stand_in(&mut b, Some((&a, a_id))));
        b.inputs.push(b_id);
    }
    number_inputs(&mut a);
    number_inputs(&mut b);
    (a, b, all)
}

/// Gives the inputs of a finished region their numbers.
pub(super) fn number_inputs(graph: &mut Graph) {
    for (i, id) in graph.inputs.iter().enumerate() {
        graph.nodes[id.index()].attrs.ints = vec![i as i64];
    }
}

/// An input that nothing reads, like the one of the other region.
fn stand_in(graph: &mut Graph, like: Option<(&Graph, NodeId)>) -> NodeId {
    let id = NodeId(graph.nodes.len() as u32);
    if let Some((other, there)) = like {
        let mut node = other.node(there).clone();
        // Numbered with the others once all are there.
        node.attrs.ints.clear();
        graph.nodes.push(node);
    }
    id
}

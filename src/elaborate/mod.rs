//! Tree → checked program: every statement becomes a graph with named axes, or diagnostics. Runs twice over a program:
//! with open sizes before anything is computed, and statement by statement with the values at hand. Computes nothing
//! itself, and reads data only through [`Host`].

mod apply;
mod arith;
mod axes;
mod bracket;
mod built;
pub mod builtins;
mod call;
mod control;
mod custom;
mod declare;
mod diff;
mod expr;
mod facts;
mod infer;
mod item;
mod lists;
mod operate;
mod origin;
mod region;
pub mod scope;
mod types;
pub mod value;

pub use declare::signature_text;
pub use item::{Action, ExpectKind, PlotBy, PlotSeries, Step, path_text};

use crate::diag::{Diagnostic, Diagnostics};
use crate::ir::{Attrs, Builder, Graph, Node, NodeId};
use crate::ops;
use crate::source::Span;
use crate::syntax::ast;
use crate::tensor::Tensor;
use crate::types::{ArrayTy, Axis, Dim, Elem, Precision, Size, Sizes};
use facts::Facts;
use scope::{AxisSize, Binding, Env, Globals, ModuleId};
use std::collections::HashMap;
use std::sync::Arc;
use value::{Array, Stored, Value};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Sizes and values of data are open.
    Check,
    /// Every earlier statement has been computed.
    Run,
}

#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub mode: Mode,
    pub precision: Precision,
    pub seed: u64,
}

/// What a program's `load` asks for.
#[derive(Clone, Debug)]
pub struct LoadRequest {
    pub path: Arc<str>,
    pub bundled: bool,
    pub fields: Vec<LoadField>,
    /// `header = true` or `false`, where the program says so.
    pub header: Option<bool>,
    /// `separator = ";"`
    pub separator: Option<u8>,
    pub span: Span,
}

/// One declared field of a file: `x: real[n, d]`.
#[derive(Clone, Debug)]
pub struct LoadField {
    pub name: Arc<str>,
    pub elem: ast::ElemExpr,
    pub axes: Vec<(Arc<str>, Option<usize>)>,
    pub span: Span,
}

/// An array that came from a file.
#[derive(Clone, Debug)]
pub struct LoadedField {
    pub name: Arc<str>,
    pub ty: ArrayTy,
    pub data: Option<Tensor>,
    /// A column of texts, which is a list.
    pub texts: Option<Vec<String>>,
}

/// What came from a file.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    pub fields: Vec<LoadedField>,
    /// How many classes the labels count along each axis.
    pub label_sizes: Vec<(Arc<str>, Size)>,
}

/// The world outside: data files, asked for while a statement is elaborated.
pub trait Host {
    /// The arrays of a file. While checking, data may be left out; open sizes come from `sizes`.
    fn load(&mut self, request: &LoadRequest, mode: Mode, sizes: &mut Sizes) -> Result<Loaded, Diagnostic>;

    /// The module of the standard library that declares a name, for messages.
    fn module_of(&self, name: &str) -> Option<String>;
}

/// One graph under construction; inner ones are bodies of loops, branches and differentiated functions.
struct Frame {
    builder: Builder,
    /// Nodes of the frame outside, and the inputs that stand for them here.
    captures: Vec<(NodeId, NodeId)>,
}

impl Frame {
    fn new(precision: Precision) -> Frame {
        Frame { builder: Builder::new(precision), captures: Vec::new() }
    }
}

/// A call being elaborated, for messages and random keys.
struct CallSite {
    name: Arc<str>,
    span: Span,
    draws: u32,
    calls: u32,
}

pub struct Elaborator<'a> {
    pub globals: &'a mut Globals,
    pub host: &'a mut dyn Host,
    pub options: Options,
    pub diagnostics: Diagnostics,
    frames: Vec<Frame>,
    env: Env,
    /// Stored values read so far, with their input nodes in the outermost graph.
    stored: Vec<(Arc<Stored>, NodeId)>,
    calls: Vec<CallSite>,
    /// Counters of the enclosing loops, outermost first.
    counters: Vec<Array>,
    facts: HashMap<usize, Arc<Facts>>,
    /// While a definition without written types is looked at: its parameters, to learn what they must be.
    probing: Vec<infer::Probe>,
    wrt_names: Vec<Arc<str>>,
    /// The name that a `let` gives to the function written behind it.
    naming: Option<Arc<str>>,
    /// Above zero inside what is plainly meant to combine every pair: `outer`, a build, a declared type.
    outer_allowed: u32,
    /// Axes that the text visibly made by renaming or used as coordinates.
    renamed: Vec<Axis>,
    /// Above zero while arguments are stand-ins.
    symbolic: u32,
    /// Module of the standard library: functions are looked into when first used.
    pub library: bool,
    /// Names declared further down in the file, for messages.
    pub defined_later: Vec<(Arc<str>, Span)>,
    /// Functions whose declarations are being looked at, outermost first, for messages.
    declaring: Vec<ast::Ident>,
}

impl<'a> Elaborator<'a> {
    pub fn new(globals: &'a mut Globals, host: &'a mut dyn Host, options: Options, module: ModuleId) -> Elaborator<'a> {
        let env = Env::top(module, globals.version());
        Elaborator {
            globals,
            host,
            options,
            diagnostics: Diagnostics::default(),
            frames: vec![Frame::new(options.precision)],
            env,
            stored: Vec::new(),
            calls: Vec::new(),
            counters: Vec::new(),
            facts: HashMap::new(),
            probing: Vec::new(),
            wrt_names: Vec::new(),
            naming: None,
            outer_allowed: 0,
            renamed: Vec::new(),
            symbolic: 0,
            library: false,
            defined_later: Vec::new(),
            declaring: Vec::new(),
        }
    }

    // ---- frames ----------------------------------------------------------------------------------------------------

    fn level(&self) -> usize {
        self.frames.len() - 1
    }

    fn top(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("internal: no graph")
    }

    fn b(&mut self) -> &mut Builder {
        &mut self.top().builder
    }

    /// Opens an inner graph. Sizes go with it, so that what is learned inside holds outside.
    fn begin(&mut self) {
        let outer = self.b();
        let sizes = std::mem::take(&mut outer.sizes);
        let (span, exact) = (outer.span, outer.exact);
        let mut builder = Builder::new(self.options.precision);
        builder.sizes = sizes;
        builder.span = span;
        builder.exact = exact;
        self.frames.push(Frame { builder, captures: Vec::new() });
    }

    /// Closes the inner graph: its region, whose inputs are `args` and then the captures, and the captured nodes.
    fn end(&mut self, args: &[NodeId], outputs: &[NodeId]) -> (Graph, Vec<NodeId>) {
        let frame = self.frames.pop().expect("internal: no inner graph");
        let mut graph = frame.builder.graph;
        self.b().sizes = frame.builder.sizes;
        graph.inputs = args.iter().copied().chain(frame.captures.iter().map(|c| c.1)).collect();
        graph.outputs = outputs.to_vec();
        (graph, frame.captures.into_iter().map(|c| c.0).collect())
    }

    /// Drops an inner graph that came to nothing.
    fn abandon(&mut self) {
        self.end(&[], &[]);
    }

    /// A new input of the graph at hand.
    fn input(&mut self, name: &str, ty: &ArrayTy, known: Option<Tensor>) -> NodeId {
        let index = self.b().graph.nodes.iter().filter(|n| n.is(&ops::INPUT)).count();
        let attrs = Attrs {
            elem: Some(ty.elem.clone()),
            data: known.map(|t| crate::ir::Data(Arc::new(t))),
            ..Attrs::dims(ty.dims.clone()).with_ints(vec![index as i64]).with_name(name)
        };
        let outermost = self.level() == 0;
        let id = self.b().mk(&ops::INPUT, &[], attrs);
        if outermost {
            self.b().graph.inputs.push(id);
        }
        id
    }

    /// The node of an array in the graph at hand; reads of outer graphs become captures.
    fn node(&mut self, array: &Array) -> NodeId {
        match array {
            Array::Node { level, id } => self.import(*level, *id, self.level()),
            Array::Stored(stored) => {
                let id = self.stored_input(stored);
                self.import(0, id, self.level())
            }
            Array::Output(_) => unreachable!("outputs are resolved before the next statement"),
        }
    }

    fn stored_input(&mut self, stored: &Arc<Stored>) -> NodeId {
        if let Some((_, id)) = self.stored.iter().find(|(s, _)| Arc::ptr_eq(s, stored)) {
            return *id;
        }
        let known = stored.data.clone().filter(|_| stored.ty.is_scalar());
        let index = self.frames[0].builder.graph.inputs.len();
        let attrs = Attrs {
            elem: Some(stored.ty.elem.clone()),
            data: known.map(|t| crate::ir::Data(Arc::new(t))),
            ..Attrs::dims(stored.ty.dims.clone()).with_ints(vec![index as i64]).with_name(stored.name.clone())
        };
        let tys = vec![stored.ty.clone()];
        let node = Node { op: &ops::INPUT, inputs: vec![], attrs, tys, span: stored.span, exact: false };
        let id = self.frames[0].builder.push(node);
        self.frames[0].builder.graph.inputs.push(id);
        self.stored.push((stored.clone(), id));
        id
    }

    fn import(&mut self, from: usize, id: NodeId, to: usize) -> NodeId {
        if from == to {
            return id;
        }
        let outside = self.import(from, id, to - 1);
        let node = self.frames[to - 1].builder.graph.node(outside).clone();
        if node.is(&ops::CONST) || node.is(&ops::IOTA) || node.is(&ops::SIZE) {
            return self.frames[to].builder.push(node);
        }
        let frame = &mut self.frames[to];
        if let Some((_, inside)) = frame.captures.iter().find(|(o, _)| *o == outside) {
            return *inside;
        }
        let index = frame.builder.graph.nodes.iter().filter(|n| n.is(&ops::INPUT)).count();
        let name = node.attrs.name.clone().filter(|_| node.is(&ops::INPUT)).unwrap_or_else(|| node.op.name.into());
        let data = node.attrs.data.clone().filter(|_| node.is(&ops::INPUT));
        let ty = node.ty().clone();
        let attrs = Attrs {
            elem: Some(ty.elem.clone()),
            data,
            ..Attrs::dims(ty.dims.clone()).with_ints(vec![index as i64]).with_name(name)
        };
        let input = Node { op: &ops::INPUT, inputs: vec![], attrs, tys: vec![ty], span: node.span, exact: false };
        let inside = frame.builder.push(input);
        frame.captures.push((outside, inside));
        inside
    }

    fn array(&self, id: NodeId) -> Array {
        Array::Node { level: self.level(), id }
    }

    /// The type of an array, sizes as far as they are known.
    fn ty(&self, array: &Array) -> ArrayTy {
        let sizes = &self.frames[self.level()].builder.sizes;
        match array {
            Array::Node { level, id } => self.frames[*level].builder.graph.ty(*id).resolve(sizes),
            Array::Stored(stored) => stored.ty.resolve(sizes),
            Array::Output(_) => unreachable!("outputs are resolved before the next statement"),
        }
    }

    fn resolve(&self, size: Size) -> Size {
        self.frames[self.level()].builder.sizes.resolve(size)
    }

    // ---- constants -------------------------------------------------------------------------------------------------

    fn real_const(&mut self, value: f64) -> Array {
        use crate::ops::build::Build;
        let id = self.b().real(value);
        self.array(id)
    }

    fn int_const(&mut self, value: i64) -> Array {
        use crate::ops::build::Build;
        let id = self.b().int(value);
        self.array(id)
    }

    fn bool_const(&mut self, value: bool) -> Array {
        use crate::ops::build::Build;
        let id = self.b().boolean(value);
        self.array(id)
    }

    /// The value of a scalar that is known now.
    fn known(&mut self, array: &Array) -> Option<f64> {
        if let Array::Stored(stored) = array {
            return stored.scalar();
        }
        if !self.ty(array).is_scalar() {
            return None;
        }
        let id = self.node(array);
        let frame = self.frames.last().expect("internal: no graph");
        let sizes = &frame.builder.sizes;
        crate::ops::fold::evaluate_known(&frame.builder.graph, sizes, id)?.to_f64().first().copied()
    }

    fn known_int(&mut self, array: &Array) -> Option<i64> {
        self.known(array).filter(|v| v.fract() == 0.0 && v.abs() < 9e15).map(|v| v as i64)
    }

    // ---- axes ------------------------------------------------------------------------------------------------------

    /// The axes that a name stands for here.
    fn axes_named(&self, name: &str) -> Vec<Axis> {
        match self.env.axes(name) {
            Some((axes, _)) => axes.to_vec(),
            None => vec![Axis::global(name)],
        }
    }

    /// The one axis that a name stands for here (the first of a bracket parameter's).
    fn axis_named(&self, name: &Arc<str>) -> Axis {
        self.axes_named(name).into_iter().next().unwrap_or_else(|| Axis::global(name.clone()))
    }

    /// Notes that an axis name of this scope has this size.
    fn see_axis(&mut self, name: &Arc<str>, size: Size, span: Span) {
        let known = self.env.axes(name).map(|(_, cell)| cell.clone());
        match known {
            Some(cell) => {
                let mut now = cell.lock().unwrap_or_else(|e| e.into_inner());
                *now = match *now {
                    AxisSize::Unknown => AxisSize::Known(size),
                    AxisSize::Known(old) => match self.b().sizes.unify(old, size) {
                        Ok(both) => AxisSize::Known(both),
                        Err(_) => AxisSize::Several,
                    },
                    AxisSize::Several => AxisSize::Several,
                };
            }
            None => {
                if self.globals.axis(name).is_none() {
                    self.globals.see_axis(name.clone(), size, span);
                }
            }
        }
    }

    /// The size of an axis name of this scope; open where the scope does not settle it.
    fn axis_size(&mut self, name: &Arc<str>) -> AxisSize {
        let local = self.env.axes(name).map(|(_, cell)| *cell.lock().unwrap_or_else(|e| e.into_inner()));
        match local {
            Some(size) => size,
            None => self.globals.axis(name).map_or(AxisSize::Unknown, |(size, _)| size),
        }
    }

    fn fresh_axis(&mut self, name: Arc<str>) -> Axis {
        self.globals.next_tag += 1;
        Axis::local(name, self.globals.next_tag)
    }

    /// The axes that names of this scope can reach: not those only carried along.
    fn visible(&self, ty: &ArrayTy) -> Vec<Dim> {
        ty.dims.iter().filter(|d| !self.env.lifted.contains(&d.axis)).cloned().collect()
    }

    // ---- reports ---------------------------------------------------------------------------------------------------

    fn report(&mut self, mut diagnostic: Diagnostic) {
        for site in self.calls.iter().rev().take(2) {
            let here = site.span == Span::default() || diagnostic.labels.iter().any(|l| l.span == site.span);
            if !here {
                diagnostic = diagnostic.label(site.span, format!("in this call of `{}`", site.name));
            }
        }
        self.diagnostics.push(diagnostic);
    }

    /// Where an axis of an array got its size: the place and a few words.
    fn axis_origin(&self, array: &Array, axis: &Axis) -> Option<(Span, String)> {
        match array {
            Array::Stored(stored) => stored.axis_origin(axis).cloned(),
            Array::Node { level, id } => self.node_origin(*level, *id, axis),
            Array::Output(_) => None,
        }
    }

    fn node_origin(&self, level: usize, id: NodeId, axis: &Axis) -> Option<(Span, String)> {
        let graph = &self.frames[level].builder.graph;
        let (id, axis) = origin::axis_source(graph, id, axis);
        let node = graph.node(id);
        if !node.is(&ops::INPUT) {
            return Some((node.span, format!("`{axis}` is made here")));
        }
        if level > 0
            && let Some((outside, _)) = self.frames[level].captures.iter().find(|c| c.1 == id)
        {
            return self.node_origin(level - 1, *outside, &axis);
        }
        match self.stored.iter().find(|(_, input)| level == 0 && *input == id) {
            Some((stored, _)) => stored.axis_origin(&axis).cloned(),
            None => Some((node.span, format!("`{axis}` comes from here"))),
        }
    }

    /// `real[n: 5, k]` of a value, or what it is, for messages; lifted axes are left out.
    fn describe(&self, value: &Value) -> String {
        match value {
            Value::Array(array) => {
                let ty = self.ty(array);
                let shown = ArrayTy::new(ty.elem.clone(), self.visible(&ty));
                match &shown.elem {
                    Elem::Real | Elem::Int | Elem::Bool | Elem::Label(_) if shown.is_scalar() => {
                        format!("a single {}", shown.elem)
                    }
                    _ => shown.to_string(),
                }
            }
            Value::Record(fields) => {
                let names: Vec<&str> = fields.iter().map(|(n, _)| &**n).collect();
                format!("a record {{{}}}", names.join(", "))
            }
            Value::Function(f) => format!("the function `{}`", f.name()),
            other => other.kind().to_string(),
        }
    }

    /// Binds a name in the scope at hand.
    fn bind_local(&mut self, name: &ast::Ident, value: Value) {
        let value = self.mark_variable(&name.name, value);
        self.env.push(name.name.clone(), Binding::Value { value, span: name.span });
    }

    fn facts_of(&mut self, body: &Arc<ast::Expr>) -> Arc<Facts> {
        let key = Arc::as_ptr(body) as usize;
        self.facts.entry(key).or_insert_with(|| Arc::new(Facts::of(body))).clone()
    }
}

//! Names: the top-level declarations of each module, and the local scopes of functions and blocks.

use super::value::{Array, Value};
use crate::source::Span;
use crate::types::{Axis, Size};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// One file, or the entries of one prompt.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct ModuleId(pub u32);

/// The module that every program sees without `use`.
pub const PRELUDE: ModuleId = ModuleId(0);

/// A top-level name. Redefinition adds a binding; functions defined before keep the old one.
#[derive(Clone, Debug)]
pub struct Global {
    pub name: Arc<str>,
    pub value: Value,
    pub span: Span,
    pub doc: Option<String>,
    /// `use`d from another module rather than declared here.
    pub imported: bool,
}

/// A definition that was looked into; kept so that its address stays its own.
#[derive(Clone, Debug)]
pub struct Examined {
    pub def: Arc<crate::syntax::ast::Def>,
    pub signature: super::value::Signature,
}

/// What is known of the size of an axis name in a scope.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum AxisSize {
    Unknown,
    Known(Size),
    /// Arrays with this axis differ in size, as training and test data do.
    Several,
}

/// Every top-level name of a session, append-only, so that a scope is a module and a length.
#[derive(Clone, Debug, Default)]
pub struct Globals {
    list: Vec<Global>,
    index: HashMap<(ModuleId, Arc<str>), Vec<usize>>,
    axes: HashMap<Arc<str>, (AxisSize, Span)>,
    pub modules: HashMap<String, ModuleId>,
    pub next_module: u32,
    /// Tags for axes local to function instances.
    pub next_tag: u32,
    /// What was found of each definition, by its address.
    pub signatures: HashMap<usize, Examined>,
}

impl Globals {
    pub fn version(&self) -> usize {
        self.list.len()
    }

    pub fn bind(&mut self, module: ModuleId, global: Global) {
        self.index.entry((module, global.name.clone())).or_default().push(self.list.len());
        self.list.push(global);
    }

    /// The newest binding of a name that a scope of that version sees.
    pub fn find(&self, module: ModuleId, name: &str, version: usize) -> Option<&Global> {
        let places = self.index.get(&(module, Arc::from(name)))?;
        let place = places.iter().rev().find(|&&i| i < version)?;
        self.list.get(*place)
    }

    /// The names declared in a module, in order of declaration, newest binding of each.
    pub fn names(&self, module: ModuleId) -> Vec<&Global> {
        let newest = |i: &usize, g: &Global| {
            self.index.get(&(module, g.name.clone())).and_then(|places| places.last()) == Some(i)
        };
        self.list.iter().enumerate().filter(|(i, g)| newest(i, g)).map(|(_, g)| g).collect()
    }

    /// Notes that a top-level value has this axis at this size.
    pub fn see_axis(&mut self, name: Arc<str>, size: Size, span: Span) {
        let entry = self.axes.entry(name).or_insert((AxisSize::Known(size), span));
        if entry.0 != AxisSize::Known(size) {
            entry.0 = AxisSize::Several;
        }
    }

    pub fn axis(&self, name: &str) -> Option<(AxisSize, Span)> {
        self.axes.get(name).copied()
    }

    pub fn axis_names(&self) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = self.axes.keys().cloned().collect();
        names.sort();
        names
    }
}

/// A local name.
#[derive(Clone, Debug)]
pub enum Binding {
    Value {
        value: Value,
        span: Span,
    },
    /// An axis name of a signature or of a body, and what it stands for here; several axes for a bracket parameter
    /// (`def mean[axes](x)`).
    Axes {
        axes: Vec<Axis>,
        size: Arc<Mutex<AxisSize>>,
    },
}

#[derive(Debug)]
struct Local {
    name: Arc<str>,
    binding: Binding,
    next: Option<Arc<Local>>,
}

/// A scope: cheap to clone and to keep in a closure.
#[derive(Clone, Debug)]
pub struct Env {
    pub module: ModuleId,
    /// Top-level declarations from here on are not seen.
    pub version: usize,
    locals: Option<Arc<Local>>,
    /// Axes of arguments that the function at hand was not told about: no name in it refers to them, and reductions
    /// over all axes leave them alone.
    pub lifted: Arc<Vec<Axis>>,
    /// Axes that came in with arguments: a loop's state may gain them.
    pub carried: Arc<Vec<Axis>>,
}

impl Env {
    pub fn top(module: ModuleId, version: usize) -> Env {
        Env { module, version, locals: None, lifted: Arc::default(), carried: Arc::default() }
    }

    pub fn has_locals(&self) -> bool {
        self.locals.is_some()
    }

    pub fn push(&mut self, name: Arc<str>, binding: Binding) {
        self.locals = Some(Arc::new(Local { name, binding, next: self.locals.take() }));
    }

    pub fn push_value(&mut self, name: Arc<str>, value: Value, span: Span) {
        self.push(name, Binding::Value { value, span });
    }

    pub fn push_axis(&mut self, name: Arc<str>, axes: Vec<Axis>, size: AxisSize) {
        self.push(name, Binding::Axes { axes, size: Arc::new(Mutex::new(size)) });
    }

    fn locals(&self) -> impl Iterator<Item = &Local> {
        std::iter::successors(self.locals.as_deref(), |l| l.next.as_deref())
    }

    pub fn value(&self, name: &str) -> Option<(&Value, Span)> {
        self.locals().find_map(|l| match &l.binding {
            Binding::Value { value, span } if &*l.name == name => Some((value, *span)),
            _ => None,
        })
    }

    pub fn axes(&self, name: &str) -> Option<(&[Axis], &Arc<Mutex<AxisSize>>)> {
        self.locals().find_map(|l| match &l.binding {
            Binding::Axes { axes, size } if &*l.name == name => Some((axes.as_slice(), size)),
            _ => None,
        })
    }

    /// Local names of values, innermost first.
    pub fn value_names(&self) -> Vec<Arc<str>> {
        self.locals().filter(|l| matches!(l.binding, Binding::Value { .. })).map(|l| l.name.clone()).collect()
    }

    pub fn axis_names(&self) -> Vec<Arc<str>> {
        self.locals().filter(|l| matches!(l.binding, Binding::Axes { .. })).map(|l| l.name.clone()).collect()
    }

    pub fn map_arrays(&self, f: &mut dyn FnMut(&Array) -> Array) -> Env {
        let locals: Vec<&Local> = self.locals().collect();
        let mut env = Env { locals: None, ..self.clone() };
        for local in locals.into_iter().rev() {
            let binding = match &local.binding {
                Binding::Value { value, span } => Binding::Value { value: value.map_arrays(f), span: *span },
                axes => axes.clone(),
            };
            env.push(local.name.clone(), binding);
        }
        env
    }
}

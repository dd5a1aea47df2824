//! The standard library and files that programs `use`: modules in Loss, read when first asked for. Functions are
//! declared at once; a value (a data set) only when its name is asked for.

use super::{Outcome, Session};
use crate::diag::{Diagnostic, codes, suggest};
use crate::elaborate::Mode;
use crate::elaborate::scope::{Global, ModuleId, PRELUDE};
use crate::elaborate::value::Value;
use crate::source::{SourceId, Span};
use crate::syntax::ast::{Item, ItemKind, Module, Pattern, Use, UsePath};
use crate::syntax::parse;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// The modules that come with the language.
const MODULES: &[(&str, &str)] = &[
    ("std.data", include_str!("../../stdlib/data.loss")),
    ("std.losses", include_str!("../../stdlib/losses.loss")),
    ("std.metrics", include_str!("../../stdlib/metrics.loss")),
];
const PRELUDE_TEXT: &str = include_str!("../../stdlib/prelude.loss");

/// Modules read so far: their trees are kept, so that a definition is looked into once.
#[derive(Default)]
pub struct Library {
    read: BTreeMap<String, Entry>,
}

struct Entry {
    module: Arc<Module>,
    diagnostics: Vec<Diagnostic>,
    /// For each item, whether it was declared in the session's present names.
    declared: Vec<bool>,
    id: Option<ModuleId>,
}

impl Library {
    /// After the names of a session were set back: every module is to be declared anew.
    pub fn forget_values(&mut self) {
        for entry in self.read.values_mut() {
            entry.declared.iter_mut().for_each(|d| *d = false);
            entry.id = None;
        }
    }

    /// The module of the standard library that declares a name.
    pub fn module_of(&self, name: &str) -> Option<String> {
        let declares = |text: &str| {
            text.lines().any(|line| {
                let word = line.split(['(', ' ', '=', '[', ':']).filter(|w| !w.is_empty()).nth(1);
                let starts = ["def ", "let ", "loss "].iter().any(|k| line.starts_with(k));
                starts && word == Some(name)
            })
        };
        MODULES.iter().find(|(_, text)| declares(text)).map(|(module, _)| module.to_string())
    }

    pub fn declared_names(&self) -> Vec<String> {
        self.read
            .values()
            .flat_map(|e| e.module.items.iter())
            .flat_map(|i| item_names(i))
            .map(|n| n.to_string())
            .collect()
    }
}

/// The names that an item declares.
fn item_names(item: &Item) -> Vec<Arc<str>> {
    match &item.kind {
        ItemKind::Def(def) => vec![def.name.name.clone()],
        ItemKind::Let { pattern, .. } => pattern_names(pattern),
        ItemKind::Grid { name, .. } => vec![name.name.clone()],
        ItemKind::Experiment(e) => vec![e.name.name.clone()],
        _ => Vec::new(),
    }
}

fn pattern_names(pattern: &Pattern) -> Vec<Arc<str>> {
    match pattern {
        Pattern::Name(n) => vec![n.name.clone()],
        Pattern::Tuple(parts, _) => parts.iter().flat_map(pattern_names).collect(),
        Pattern::Record(fields, _) => fields.iter().map(|f| f.name.clone()).collect(),
    }
}

impl Session {
    pub(super) fn load_prelude(&mut self) {
        let source = self.sources.add("std.prelude", PRELUDE_TEXT);
        let (module, _) = parse(source, PRELUDE_TEXT);
        for item in &module.items {
            let (step, _) = self.elaborate(item, PRELUDE, Mode::Check, true, Vec::new());
            let _ = self.bind_checked(step, item, PRELUDE);
        }
    }

    /// `use`: reads the module, declares what is asked for, and binds the names here.
    pub(super) fn use_module(
        &mut self,
        path: &Use,
        span: Span,
        into: ModuleId,
        mode: Mode,
    ) -> Result<(), Vec<Diagnostic>> {
        let name = crate::elaborate::path_text(&path.path);
        self.read_module(&name, path, span)?;
        let entry = self.library.read.get(&name);
        let Some(entry) = entry else { return Ok(()) };
        let module = entry.module.clone();
        let faults: Vec<Diagnostic> = entry.diagnostics.clone();
        if faults.iter().any(Diagnostic::is_error) {
            return Err(faults);
        }
        let known: Vec<Arc<str>> = module.items.iter().flat_map(|i| item_names(i)).collect();
        let mut missing = Vec::new();
        for ident in &path.names {
            if !known.contains(&ident.name) {
                let mut d = Diagnostic::new(
                    &codes::check::E0207,
                    ident.span,
                    format!("`{name}` declares no `{}`", ident.name),
                    "not there",
                );
                if let Some(near) = suggest::nearest(&ident.name, known.iter().map(|n| &**n)) {
                    d = d.help(format!("did you mean `{near}`?"));
                } else if let Some(other) = self.library.module_of(&ident.name) {
                    d = d.help(format!("it is in `{other}`: `use {other} ({})`", ident.name));
                }
                missing.push(d);
            }
        }
        if !missing.is_empty() {
            return Err(missing);
        }
        let wanted: Vec<Arc<str>> =
            if path.names.is_empty() { known } else { path.names.iter().map(|n| n.name.clone()).collect() };
        let id = self.declare_module(&name, &module, &wanted, mode)?;
        for name in wanted {
            let Some(global) = self.globals.find(id, &name, usize::MAX).cloned() else { continue };
            self.globals.bind(into, Global { imported: true, ..global });
        }
        Ok(())
    }

    fn read_module(&mut self, name: &str, path: &Use, span: Span) -> Result<(), Vec<Diagnostic>> {
        if self.library.read.contains_key(name) {
            return Ok(());
        }
        let (source, text): (SourceId, Arc<str>) = match &path.path {
            UsePath::Dotted(_) => {
                let Some((_, text)) = MODULES.iter().find(|(n, _)| *n == name) else {
                    let names: Vec<&str> = MODULES.iter().map(|(n, _)| *n).collect();
                    let mut d = Diagnostic::new(
                        &codes::check::E0207,
                        span,
                        format!("there is no module `{name}`"),
                        "asked for here",
                    )
                    .note(format!("the standard library has {}", names.join(", ")));
                    if let Some(near) = suggest::nearest(name, names) {
                        d = d.help(format!("did you mean `{near}`?"));
                    }
                    return Err(vec![d]);
                };
                (self.sources.add(name, *text), Arc::from(*text))
            }
            UsePath::File(file) => {
                let place = self.files_folder().join(&*file.value);
                let text = self.world.read_text(&place).map_err(|failure| {
                    vec![
                        Diagnostic::new(
                            &codes::check::E0207,
                            file.span,
                            format!("the module cannot be read: {failure}"),
                            "asked for here",
                        )
                        .help("the path is taken from the folder of the program"),
                    ]
                })?;
                (self.sources.add(file.value.to_string(), text.as_str()), text.into())
            }
        };
        let (module, diagnostics) = parse(source, &text);
        let declared = vec![false; module.items.len()];
        self.library.read.insert(name.to_string(), Entry { module: Arc::new(module), diagnostics, declared, id: None });
        Ok(())
    }

    /// Declares the functions of a module, and those of its values that are wanted.
    fn declare_module(
        &mut self,
        name: &str,
        module: &Arc<Module>,
        wanted: &[Arc<str>],
        mode: Mode,
    ) -> Result<ModuleId, Vec<Diagnostic>> {
        let known = self.library.read.get(name).and_then(|e| e.id);
        let id = match known {
            Some(id) => id,
            None => self.new_module(),
        };
        if let Some(entry) = self.library.read.get_mut(name) {
            entry.id = Some(id);
        }
        for (i, item) in module.items.iter().enumerate() {
            let done = self.library.read.get(name).is_none_or(|e| e.declared.get(i).copied().unwrap_or(true));
            let value = matches!(item.kind, ItemKind::Let { .. });
            let asked = item_names(item).iter().any(|n| wanted.contains(n));
            let statement = item_names(item).is_empty() && !matches!(item.kind, ItemKind::Use(_));
            if done || statement || (value && !asked && name.starts_with("std.")) {
                continue;
            }
            if let Some(entry) = self.library.read.get_mut(name) {
                entry.declared[i] = true;
            }
            let (step, diagnostics) = self.elaborate(item, id, mode, true, Vec::new());
            let errors: Vec<Diagnostic> = diagnostics.into_iter().filter(Diagnostic::is_error).collect();
            if !errors.is_empty() {
                return Err(errors);
            }
            match mode {
                Mode::Check => self.bind_checked(step, item, id)?,
                Mode::Run => {
                    let mut outcome = Outcome::default();
                    self.perform(step, item, id, &mut outcome, &mut super::Recorder::default())
                        .map_err(|d| vec![*d])?;
                }
            }
        }
        Ok(id)
    }

    fn files_folder(&self) -> PathBuf {
        self.files.folder_path()
    }

    /// The documentation of a name.
    pub(super) fn document(&mut self, name: &str) -> Option<String> {
        for module in [self.prompt, PRELUDE] {
            if let Some(global) = self.globals.find(module, name, usize::MAX).cloned() {
                return Some(self.document_global(&global));
            }
        }
        if let Some(b) = crate::elaborate::builtins::find(name) {
            return Some(document_builtin(b.signature, b.doc, b.example));
        }
        if let Some(op) = crate::ops::find(name) {
            return Some(document_builtin(op.signature, op.doc, op.example));
        }
        let module = self.library.module_of(name)?;
        let (source, path) = self.library_path(&module);
        let span = Span::new(source, 0, 0);
        self.read_module(&module, &path, span).ok()?;
        let tree = self.library.read.get(&module)?.module.clone();
        let id = self.declare_module(&module, &tree, &[Arc::from(name)], Mode::Check).ok()?;
        let global = self.globals.find(id, name, usize::MAX).cloned()?;
        Some(format!("{}\n\nuse {module} ({name})", self.document_global(&global)))
    }

    fn library_path(&mut self, module: &str) -> (SourceId, Use) {
        let source = self.sources.add("<doc>", module);
        let span = Span::new(source, 0, 0);
        let part = |p: &str| crate::syntax::ast::Ident { name: p.into(), span };
        let parts = module.split('.').map(part).collect();
        (source, Use { path: UsePath::Dotted(parts), names: Vec::new() })
    }

    fn document_global(&mut self, global: &Global) -> String {
        let head = match &global.value {
            Value::Function(f) => self.signature_of(f),
            other => format!("{}: {}", global.name, super::present::type_text(other)),
        };
        match &global.doc {
            Some(doc) => format!("{head}\n\n{doc}"),
            None => head,
        }
    }
}

fn document_builtin(signature: &str, doc: &str, example: &str) -> String {
    if example.is_empty() {
        format!("{signature}\n\n{doc}")
    } else {
        format!("{signature}\n\n{doc}\n\nexample: {example}")
    }
}

//! One program or entry at a time through all stages; transactional: an entry commits wholly or changes nothing.

mod host;
mod library;
pub mod output;
mod perform;
mod plots;
mod present;
mod tables;

pub use output::{Event, Options, Outcome, Output, Recorder, Status};

use crate::diag::{Diagnostic, codes};
use crate::elaborate::scope::{Globals, ModuleId, PRELUDE};
use crate::elaborate::{Elaborator, Mode};
use crate::exec::Context;
use crate::out::{Manifest, OutFolder};
use crate::source::{SourceMap, Span};
use crate::syntax::ast::{Item, ItemKind, Module};
use crate::syntax::parse;
use crate::types::Precision;
use crate::world::World;
use library::Library;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A running program or prompt: what is declared so far, and the world it runs in.
pub struct Session {
    sources: SourceMap,
    options: Options,
    world: Box<dyn World>,
    context: Option<Context>,
    precision: Precision,
    globals: Globals,
    library: Library,
    files: host::Files,
    /// The module that entries of the prompt belong to.
    prompt: ModuleId,
    entries: usize,
    results: OutFolder,
    manifest: Manifest,
    folder: PathBuf,
}

impl Session {
    pub fn new(options: Options, world: Box<dyn World>) -> Session {
        let precision = options.precision.unwrap_or_default();
        let mut session = Session {
            sources: SourceMap::new(),
            options,
            world,
            context: None,
            precision,
            globals: Globals::default(),
            library: Library::default(),
            files: host::Files::default(),
            prompt: ModuleId(1),
            entries: 0,
            results: OutFolder::new(),
            manifest: Manifest::default(),
            folder: PathBuf::from("out/session"),
        };
        session.globals.next_module = 2;
        session.load_prelude();
        session
    }

    /// Checks a file, then runs it statement by statement.
    pub fn run_file(&mut self, path: &Path, output: &mut dyn Output) -> Outcome {
        self.file(path, true, output)
    }

    /// Checks a file: all its faults, nothing computed.
    pub fn check_file(&mut self, path: &Path, output: &mut dyn Output) -> Outcome {
        self.file(path, false, output)
    }

    /// Runs a program given as text, under a name for messages.
    pub fn run_text(&mut self, name: &str, text: &str, output: &mut dyn Output) -> Outcome {
        self.text(Path::new(name), text, true, output)
    }

    fn file(&mut self, path: &Path, run: bool, output: &mut dyn Output) -> Outcome {
        match self.world.read_text(path) {
            Ok(text) => self.text(path, &text, run, output),
            Err(failure) => {
                let source = self.sources.add(path.display().to_string(), "");
                let d =
                    Diagnostic::new(&codes::data::E0601, Span::new(source, 0, 0), format!("{failure}"), "the program")
                        .help("give the path of a `.loss` file");
                self.report(vec![d], Status::ProgramError, output)
            }
        }
    }

    fn report(&mut self, diagnostics: Vec<Diagnostic>, status: Status, output: &mut dyn Output) -> Outcome {
        for d in &diagnostics {
            output.event(Event::Diagnostic(d.clone()), &self.sources);
        }
        Outcome { status, diagnostics, ..Outcome::default() }
    }

    fn text(&mut self, path: &Path, text: &str, run: bool, output: &mut dyn Output) -> Outcome {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let source = self.sources.add(path.display().to_string(), text);
        let (module, mut diagnostics) = parse(source, text);
        let id = self.new_module();
        let base = self.globals.clone();
        self.precision = self.declared_precision(&module);
        self.files.beside(path.parent().unwrap_or(Path::new("")));
        diagnostics.extend(self.check_module(&module, id));
        diagnostics.sort_by_key(|d| (d.span().source, d.span().start));
        let failed = diagnostics.iter().any(Diagnostic::is_error);
        if failed || !run {
            self.globals = base;
            let status = if failed { Status::ProgramError } else { Status::Held };
            return self.report(diagnostics, status, output);
        }
        let mut outcome = self.report(diagnostics, Status::Held, output);
        let signatures = std::mem::take(&mut self.globals.signatures);
        self.globals = base;
        self.globals.signatures = signatures;
        self.library.forget_values();
        self.start_results(path, text);
        self.run_module(&module, id, &mut outcome, output);
        self.finish_results(source, &mut outcome, output);
        outcome
    }

    fn new_module(&mut self) -> ModuleId {
        let id = ModuleId(self.globals.next_module);
        self.globals.next_module += 1;
        id
    }

    /// What `precision` at the top of a file says, unless the command line says otherwise.
    fn declared_precision(&self, module: &Module) -> Precision {
        let said = module.items.iter().find_map(|i| match &i.kind {
            ItemKind::Precision(word) => Some(word.name.clone()),
            _ => None,
        });
        match (self.options.precision, said.as_deref()) {
            (Some(p), _) => p,
            (None, Some("f32")) => Precision::F32,
            _ => Precision::F64,
        }
    }

    /// All faults of a module, with open values.
    fn check_module(&mut self, module: &Module, id: ModuleId) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for (i, item) in module.items.iter().enumerate() {
            let later = later_names(&module.items[i + 1..]);
            let (step, diagnostics) = self.elaborate(item, id, Mode::Check, false, later);
            found.extend(diagnostics);
            found.extend(self.check_step(&step, item));
            if let Err(diagnostics) = self.bind_checked(step, item, id) {
                found.extend(diagnostics);
            }
        }
        let mut unique: Vec<Diagnostic> = Vec::new();
        for d in found {
            if !unique.iter().any(|u| u.code.id == d.code.id && u.span() == d.span()) {
                unique.push(d);
            }
        }
        unique
    }

    fn run_module(&mut self, module: &Module, id: ModuleId, outcome: &mut Outcome, output: &mut dyn Output) {
        for item in &module.items {
            if !self.run_item(item, id, outcome, output) {
                return;
            }
        }
    }

    /// Elaborates and runs one statement. False when the program cannot go on.
    fn run_item(&mut self, item: &Arc<Item>, id: ModuleId, outcome: &mut Outcome, output: &mut dyn Output) -> bool {
        let (step, diagnostics) = self.elaborate(item, id, Mode::Run, false, Vec::new());
        let errors: Vec<Diagnostic> = diagnostics.into_iter().filter(Diagnostic::is_error).collect();
        if !errors.is_empty() {
            for d in &errors {
                output.event(Event::Diagnostic(d.clone()), &self.sources);
            }
            outcome.diagnostics.extend(errors);
            outcome.status = outcome.status.max(Status::RunFailed);
            return false;
        }
        match self.perform(step, item, id, outcome, output) {
            Ok(()) => true,
            Err(diagnostic) => {
                output.event(Event::Diagnostic((*diagnostic).clone()), &self.sources);
                outcome.diagnostics.push(*diagnostic);
                outcome.status = outcome.status.max(Status::RunFailed);
                false
            }
        }
    }

    /// One entry of the prompt. Commits wholly or changes nothing.
    pub fn entry(&mut self, text: &str, output: &mut dyn Output) -> Outcome {
        self.entries += 1;
        let source = self.sources.add(format!("<entry {}>", self.entries), text);
        let (module, diagnostics) = parse(source, text);
        let failed = diagnostics.iter().any(Diagnostic::is_error);
        if failed {
            return self.report(diagnostics, Status::ProgramError, output);
        }
        let before = self.globals.clone();
        let id = self.prompt;
        let found = self.check_module(&module, id);
        if found.iter().any(Diagnostic::is_error) {
            self.globals = before;
            return self.report(found, Status::ProgramError, output);
        }
        let mut outcome = self.report(found, Status::Held, output);
        let signatures = std::mem::take(&mut self.globals.signatures);
        self.globals = before.clone();
        self.globals.signatures = signatures;
        self.start_results(Path::new("session"), text);
        for item in &module.items {
            if !self.run_item(item, id, &mut outcome, output) {
                self.globals = before;
                return outcome;
            }
        }
        self.finish_results(source, &mut outcome, output);
        outcome
    }

    /// `:type e`: the type of an expression, without computing it.
    pub fn type_of(&mut self, text: &str, output: &mut dyn Output) -> Outcome {
        self.entry(&format!("show type {text}"), output)
    }

    /// The documentation of a name: declared, of the standard library, or built in.
    pub fn doc(&mut self, name: &str, output: &mut dyn Output) -> Outcome {
        match self.document(name) {
            Some(text) => {
                output.event(Event::Text { kind: "doc", name: name.to_string(), text }, &self.sources);
                Outcome::default()
            }
            None => {
                let source = self.sources.add("<name>", name);
                let names = self.all_names();
                let mut d = Diagnostic::new(
                    &codes::check::E0201,
                    Span::new(source, 0, name.len()),
                    format!("there is nothing called `{name}`"),
                    "not known",
                );
                if let Some(near) = crate::diag::suggest::nearest(name, names.iter().map(String::as_str)) {
                    d = d.help(format!("did you mean `{near}`?"));
                }
                self.report(vec![d], Status::ProgramError, output)
            }
        }
    }

    /// Names that a program can use, for suggestions and completion.
    pub fn all_names(&self) -> Vec<String> {
        let mut names: Vec<String> = crate::elaborate::builtins::all().map(|b| b.name.to_string()).collect();
        names.extend(crate::ops::all().filter(|o| o.form != crate::ir::Form::Internal).map(|o| o.name.to_string()));
        for module in [PRELUDE, self.prompt] {
            names.extend(self.globals.names(module).iter().map(|g| g.name.to_string()));
        }
        names.extend(self.library.declared_names());
        names.sort();
        names.dedup();
        names
    }

    fn elaborate(
        &mut self,
        item: &Arc<Item>,
        id: ModuleId,
        mode: Mode,
        library: bool,
        later: Vec<(Arc<str>, Span)>,
    ) -> (crate::elaborate::Step, Vec<Diagnostic>) {
        let options = crate::elaborate::Options { mode, precision: self.precision, seed: self.options.seed };
        let mut host = host::SessionHost {
            world: &*self.world,
            files: &mut self.files,
            library: &self.library,
            precision: self.precision,
        };
        let mut e = Elaborator::new(&mut self.globals, &mut host, options, id);
        e.library = library;
        e.defined_later = later;
        let text = self.sources.snippet(item.span);
        let step = e.item(item, text);
        let diagnostics = e.diagnostics.take();
        (step, diagnostics)
    }
}

/// The names that items declare, for messages about names used too early.
fn later_names(items: &[Arc<Item>]) -> Vec<(Arc<str>, Span)> {
    let name = |item: &Arc<Item>| match &item.kind {
        ItemKind::Def(def) => Some((def.name.name.clone(), def.name.span)),
        ItemKind::Let { pattern: crate::syntax::ast::Pattern::Name(n), .. } => Some((n.name.clone(), n.span)),
        _ => None,
    };
    items.iter().filter_map(name).collect()
}

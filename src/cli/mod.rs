//! The command `loss`: arguments in, exit status out. Thin: the session does the work, this prints.

mod args;
mod doc;
mod explain;
mod guard;
mod interrupt;
mod print;
mod stream;

use crate::repl;
use crate::session::{Event, Options, Outcome, Output, Session, Status};
use crate::source::{SourceMap, Span};
use crate::types::Precision;
use crate::world::RealWorld;
use args::{Args, Command, Width};
use clap::Parser;
use print::Printer;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use stream::Stream;

/// Runs the command of this process.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version go to standard output, faults to standard error; a reader who left is no fault.
            let _ = error.print();
            return exit(if error.use_stderr() { Status::ProgramError } else { Status::Held });
        }
    };
    guard::install_hook();
    exit(guard::with_deep_stack(|| dispatch(args)).unwrap_or(Status::RunFailed))
}

fn exit(status: Status) -> ExitCode {
    ExitCode::from(status as u8)
}

fn dispatch(args: Args) -> Status {
    let mut front = Front::new(&args.options);
    let status = match args.command {
        Some(Command::Run { files }) => front.each(&files, |session, file, output| session.run_file(file, output)),
        Some(Command::Check { files }) => front.each(&files, |session, file, output| session.check_file(file, output)),
        Some(Command::Explain { code }) => front.tell("explanation", explain::explain(code.as_deref())),
        Some(Command::Doc { name: None }) => front.tell("doc", Ok(doc::list())),
        Some(Command::Doc { name: Some(name) }) => {
            front.guarded(|session, output| session.doc(&name, output)).unwrap_or(Status::RunFailed)
        }
        None => front.prompt(),
    };
    front.close(status)
}

/// What all commands share: options, the printer, the flag that Ctrl-C sets.
struct Front {
    options: Options,
    printer: Printer,
}

impl Front {
    fn new(given: &args::Options) -> Front {
        let cancel = Arc::new(AtomicBool::new(false));
        let color = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        let options = Options {
            precision: given.precision.map(|width| match width {
                Width::F32 => Precision::F32,
                Width::F64 => Precision::F64,
            }),
            threads: given.threads.map(usize::from),
            seed: given.seed,
            out: given.out.clone(),
            json: given.json,
            cancel: cancel.clone(),
        };
        interrupt::listen(cancel);
        Front { options, printer: Printer::new(Stream::stdout(), given.json, color) }
    }

    /// Each file in a session of its own; the worst status is that of all. Ctrl-C leaves the rest out.
    fn each(&mut self, files: &[PathBuf], work: fn(&mut Session, &Path, &mut dyn Output) -> Outcome) -> Status {
        let mut worst = Status::Held;
        for file in files {
            let status = self.guarded(|session, output| work(session, file, output)).unwrap_or(Status::RunFailed);
            worst = worst.max(status);
            if self.options.json {
                let name = file.to_string_lossy();
                self.printer.object(&serde_json::json!({"type": "end", "file": name, "status": status as u8}));
            }
            if self.options.cancel.load(Ordering::SeqCst) {
                break;
            }
        }
        worst
    }

    /// Runs `work` on a new session; a panic is reported, and gives `None`.
    fn guarded(&mut self, work: impl FnOnce(&mut Session, &mut dyn Output) -> Outcome) -> Option<Status> {
        let options = self.options.clone();
        let printer = &mut self.printer;
        let outcome = guard::guard(Span::new(crate::source::SourceId(u32::MAX), 0, 0), || {
            let mut session = Session::new(options, Box::new(RealWorld::new()));
            work(&mut session, printer).status
        });
        match outcome {
            Ok(status) => Some(status),
            Err(diagnostic) => {
                printer.event(Event::Diagnostic(*diagnostic), &SourceMap::new());
                None
            }
        }
    }

    /// The prompt, or a program from a pipe. A panic ends it: the session may be in pieces.
    fn prompt(&mut self) -> Status {
        let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        let cancel = self.options.cancel.clone();
        // Every entry starts with a clean flag: the Ctrl-C that stopped the last one is spent.
        let between = move || cancel.store(false, Ordering::SeqCst);
        let status = self.guarded(|session, output| {
            let status = repl::run(session, output, terminal, &between);
            Outcome { status, ..Outcome::default() }
        });
        status.unwrap_or(Status::RunFailed)
    }

    /// Prints an answer, or says why there is none.
    fn tell(&mut self, kind: &'static str, answer: Result<String, String>) -> Status {
        match answer {
            Ok(text) => {
                self.printer.event(Event::Text { kind, name: String::new(), text }, &SourceMap::new());
                Status::Held
            }
            Err(text) => {
                eprintln!("error: {text}");
                Status::ProgramError
            }
        }
    }

    /// Flushes what was printed. Output that could not be written is a failure of its own.
    fn close(mut self, status: Status) -> Status {
        self.printer.out.flush();
        match self.printer.out.fault() {
            None => status,
            Some(error) => {
                eprintln!("error: the output cannot be written: {error}");
                status.max(Status::RunFailed)
            }
        }
    }
}

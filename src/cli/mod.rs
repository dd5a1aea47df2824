//! The command `loss`: arguments in, exit status out. Thin: the session does the work, this prints.

mod args;
mod explain;
mod guard;
mod interrupt;
mod print;
mod stream;

use args::{Args, Command};
use clap::Parser;
use std::process::ExitCode;

/// The program or the command line has errors.
const PROGRAM_ERROR: u8 = 2;
/// It failed while running; also what remains after an internal error.
const RUN_FAILED: u8 = 3;

/// Runs the command of this process.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version go to standard output, faults to standard error; a reader who left is no fault.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { PROGRAM_ERROR } else { 0 });
        }
    };
    guard::install_hook();
    ExitCode::from(guard::with_deep_stack(|| dispatch(args)).unwrap_or(RUN_FAILED))
}

fn dispatch(args: Args) -> u8 {
    match args.command {
        Some(Command::Explain { code }) => tell(explain::explain(code.as_deref())),
        _ => RUN_FAILED,
    }
}

/// Prints an answer, or says why there is none.
fn tell(answer: Result<String, String>) -> u8 {
    match answer {
        Ok(text) => {
            let mut out = stream::Stream::stdout();
            out.line(&text);
            out.flush();
            0
        }
        Err(text) => {
            eprintln!("error: {text}");
            PROGRAM_ERROR
        }
    }
}

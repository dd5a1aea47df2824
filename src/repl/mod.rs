//! The prompt: one entry at a time over one session. Lines enter from a terminal or a pipe, events leave through the
//! caller's [`Output`]; an entry that fails changes nothing. No language logic here.

mod commands;
mod reader;

use crate::session::{Event, Outcome, Output, Session, Status};
use crate::source::SourceMap;
use commands::Command;
use reader::{Line, Reader};

/// The greeting at a terminal.
const GREETING: &str = concat!("Loss ", env!("CARGO_PKG_VERSION"), "  (:help for help, :quit to leave)");

/// Runs entries until the input ends. `terminal`: edit lines with history; otherwise read a pipe in silence. The worst
/// status of a pipe's entries is that of the whole; a person at a terminal has seen them already.
pub fn run(session: &mut Session, output: &mut dyn Output, terminal: bool, between: &dyn Fn()) -> Status {
    let mut reader = if terminal { Reader::terminal() } else { Reader::pipe() };
    if terminal {
        say(output, "greeting", GREETING);
    }
    let mut worst = Status::Held;
    loop {
        let text = match reader.next() {
            Line::Entry(text) => text,
            Line::Interrupted => continue,
            Line::End => break,
            Line::Fault(reason) => {
                eprintln!("error: the input cannot be read: {reason}");
                worst = worst.max(Status::RunFailed);
                break;
            }
        };
        between();
        match perform(session, output, &text) {
            Some(outcome) => worst = worst.max(outcome.status),
            None => break,
        }
    }
    if terminal { Status::Held } else { worst }
}

/// Does one entry; `None` to leave.
fn perform(session: &mut Session, output: &mut dyn Output, text: &str) -> Option<Outcome> {
    if text.trim().is_empty() {
        return Some(Outcome::default());
    }
    let outcome = match commands::parse(text) {
        None => session.entry(text, output),
        Some(Command::Quit) => return None,
        Some(Command::Help) => {
            say(output, "help", commands::HELP);
            Outcome::default()
        }
        Some(Command::Type(expression)) => session.type_of(expression, output),
        Some(Command::Why(name)) => session.entry(&format!("show why {name}"), output),
        Some(Command::Doc(name)) => session.doc(name, output),
        Some(Command::Unknown(problem)) => {
            say(output, "help", &problem);
            Outcome { status: Status::ProgramError, ..Outcome::default() }
        }
    };
    Some(outcome)
}

fn say(output: &mut dyn Output, kind: &'static str, text: &str) {
    output.event(Event::Text { kind, name: String::new(), text: text.to_string() }, &SourceMap::new());
}

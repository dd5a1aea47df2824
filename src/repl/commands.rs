//! Commands of the prompt: entries that begin with a colon. Text enters, a [`Command`] leaves.

use crate::diag::suggest;

#[derive(Debug, PartialEq)]
pub enum Command<'a> {
    Quit,
    Help,
    /// The type of an expression.
    Type(&'a str),
    /// The documentation of a name.
    Doc(&'a str),
    /// The rewrites made to a function.
    Why(&'a str),
    /// No such command, or its argument is missing: what to say.
    Unknown(String),
}

pub const HELP: &str = "\
An entry is any statement of a program, or an expression, whose value is printed. An entry that fails changes nothing.
An open bracket continues on the next line.

  :type e   the type of an expression, with its axes
  :doc f    what an operation or a function does
  :why f    how its formula was rewritten to be stable
  :help     this text
  :quit     leave (or Ctrl-D)

Ctrl-C stops what is running; `loss explain CODE` in a shell explains an error code.";

const NAMES: [&str; 5] = [":quit", ":help", ":type", ":doc", ":why"];

/// `None` for anything that is no command.
pub fn parse(text: &str) -> Option<Command<'_>> {
    let text = text.trim();
    if !text.starts_with(':') {
        return None;
    }
    let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    if matches!(name, ":type" | ":t" | ":doc" | ":d" | ":why") && rest.is_empty() {
        return Some(Command::Unknown(format!("`{name}` needs a name or an expression")));
    }
    Some(match name {
        ":quit" | ":q" | ":exit" => Command::Quit,
        ":help" | ":h" | ":?" => Command::Help,
        ":type" | ":t" => Command::Type(rest),
        ":doc" | ":d" => Command::Doc(rest),
        ":why" => Command::Why(rest),
        _ => {
            let near = suggest::nearest(name, NAMES).map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
            Command::Unknown(format!("there is no command `{}`{near} (`:help` lists them)", name.escape_debug()))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_with_their_arguments() {
        assert_eq!(parse("let x = 1"), None);
        assert_eq!(parse(" :quit "), Some(Command::Quit));
        assert_eq!(parse(":type  x + 1 "), Some(Command::Type("x + 1")));
        assert_eq!(parse(":why\tf"), Some(Command::Why("f")));
        assert!(matches!(parse(":doc"), Some(Command::Unknown(t)) if t.contains("needs")));
        assert!(matches!(parse(":tpye x"), Some(Command::Unknown(t)) if t.contains("did you mean `:type`")));
    }
}

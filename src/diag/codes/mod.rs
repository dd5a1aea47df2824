//! Every diagnostic code with its title and explanation, one file per stage that raises them. A code never changes its
//! meaning. Each has a minimal program with a golden rendering in `tests/errors/`; a test holds the sets equal.

use super::Severity;

/// A stable diagnostic code, such as `E0203`. `explanation` is Markdown with the headings
/// "What it means", "Example" and "Instead"; `loss explain` prints it.
#[derive(Debug, PartialEq)]
pub struct Code {
    pub id: &'static str,
    pub severity: Severity,
    /// The class of mistake in a few words.
    pub title: &'static str,
    pub explanation: &'static str,
}

/// Declares the codes of one stage and their table: `codes! { E0101 Error "title" "explanation" ... }`.
macro_rules! codes {
    ($($id:ident $severity:ident $title:literal $explanation:literal)*) => {
        $(pub static $id: $crate::diag::Code = $crate::diag::Code {
            id: stringify!($id),
            severity: $crate::diag::Severity::$severity,
            title: $title,
            explanation: $explanation,
        };)*
        pub(in crate::diag::codes) static ALL: &[&$crate::diag::Code] = &[$(&$id),*];
    };
}
pub(crate) use codes;

pub mod check;
pub mod data;
pub mod run;
pub mod syntax;

/// All codes, in order.
pub fn all() -> impl Iterator<Item = &'static Code> {
    let rest = [data::ALL, run::ALL].into_iter().flatten().copied();
    syntax::ALL.iter().copied().chain(check::all()).chain(rest)
}

pub fn find(id: &str) -> Option<&'static Code> {
    all().find(|code| code.id.eq_ignore_ascii_case(id))
}

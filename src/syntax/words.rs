//! The words of Loss: those that can never be names, and those that open statements. The grammar's `reserved` must hold
//! the same (a test compares them).

/// Words that can never be names.
pub const RESERVED: &[&str] = &[
    "let", "def", "if", "then", "else", "and", "or", "not", "forall", "for", "where", "with", "true", "false",
    "iterate", "scan", "exact", "run", "expect", "print", "show", "latex", "plot", "table", "minimize", "maximize",
    "use",
];

pub fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word)
}

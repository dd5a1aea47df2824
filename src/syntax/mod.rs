//! Text → tree. Reading is total: bad text yields diagnostics beside the items that could be read. Knows only
//! `source` and `diag`; never looks up a name.

pub mod ast;
mod build;
mod comments;
mod delimiters;
mod faults;
pub mod grammar;
mod messages;
mod parse;
mod pratt;
pub mod print;
mod print_items;
#[cfg(test)]
mod tests;
pub mod tokens;
mod words;

pub use parse::{is_complete, parse};

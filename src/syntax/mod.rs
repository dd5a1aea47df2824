//! Text → tree. Reading is total: bad text yields diagnostics beside the items that could be read. Knows only
//! `source` and `diag`; never looks up a name.

pub mod ast;

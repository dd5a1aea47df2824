//! `loss doc`: operations from their definitions; names of the standard library and of programs through a session.

use crate::ir::{Form, OpDef};
use crate::ops;

/// One line for each operation that a program can write.
pub fn list() -> String {
    let writable: Vec<&OpDef> = ops::all().filter(|op| op.form != Form::Internal).collect();
    let width = writable.iter().map(|op| op.name.chars().count()).max().unwrap_or(0);
    let line = |op: &&OpDef| {
        format!("{:width$}  {}", op.name, op.doc.split_once(['.', '\n']).map_or(op.doc, |(first, _)| first))
    };
    writable.iter().map(line).collect::<Vec<_>>().join("\n")
}

//! Codes of the checker, by what they are about.

mod axes;
mod forms;
mod names;
mod types;

pub use axes::*;
pub use forms::*;
pub use names::*;
pub use types::*;

/// All codes of the checker, in order.
pub fn all() -> impl Iterator<Item = &'static crate::diag::Code> {
    [names::ALL, axes::ALL, types::ALL, forms::ALL].into_iter().flatten().copied()
}

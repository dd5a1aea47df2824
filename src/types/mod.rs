//! Element types, named axes and sizes: what is known of an array before it exists. Knows nothing of graphs or values.

mod axis;
mod size;
mod ty;

pub use axis::Axis;
pub use size::{Size, SizeVar, Sizes};
pub use ty::{ArrayTy, Dim, Elem, Precision};

//! The graph: typed, first order, hash-consed, with spans to the source. Leaves are inputs, constants, coordinates and
//! random draws; every other node applies one [`OpDef`] to earlier nodes. Sub-programs (loop bodies, branches,
//! functions to differentiate) are closed graphs held in [`Attrs::regions`]. No sizes are needed to build one.

mod attrs;
mod builder;
mod formula;
mod graph;
mod op;
pub mod print;
pub mod verify;

pub use attrs::{Attrs, Bits, Data};
pub use builder::Builder;
pub use formula::{Formula, IndexPart, Precedence};
pub use graph::{Graph, Node, NodeId};
pub use op::{
    Domain, Form, Gradient, InferCtx, Kernel, KernelArgs, Lifting, Notation, NotationArgs, OpDef, OpFault, RunFault,
    Runner, VjpCtx,
};

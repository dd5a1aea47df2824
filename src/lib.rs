//! Loss: a declarative research language. See ARCHITECTURE.md.
pub mod data;
pub mod diag;
pub mod ir;
pub mod kernels;
pub mod source;
pub mod syntax;
pub mod tensor;
pub mod types;
pub mod world;

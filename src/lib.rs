//! Loss: a declarative research language. See ARCHITECTURE.md.
pub mod ad;
pub mod cli;
pub mod data;
pub mod diag;
pub mod display;
pub mod exec;
pub mod ir;
pub mod kernels;
pub mod ops;
pub mod out;
pub mod plot;
pub mod session;
pub mod source;
pub mod syntax;
pub mod tensor;
pub mod types;
pub mod world;

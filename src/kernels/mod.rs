//! Computing: slices and tensors in, tensors out, with the types of the arrays where axes matter. Work is cut into fixed
//! blocks, so that results do not depend on the number of threads. Kernels never know graphs.

pub mod blas;
pub mod conv;
pub mod gather;
pub mod gemm;
pub mod linalg;
pub mod map;
pub mod math;
pub mod random;
pub mod reduce;
pub mod shape;
pub mod sort;
#[cfg(test)]
mod tests;

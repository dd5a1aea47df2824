//! Computing: slices and tensors in, tensors out, over fixed blocks, so that results do not depend on the number of
//! threads. Kernels know element types and positions of axes, never graphs or axis names.

pub mod gather;
pub mod shape;
pub mod sort;

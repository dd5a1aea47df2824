//! Operations that work element by element; operands align by name and the result has the union of their axes.

mod arith;
mod choice;
mod functions;
mod special;

pub use arith::*;
pub use choice::*;
pub use functions::*;
pub use special::*;

use crate::ir::{InferCtx, OpDef, OpFault};
use crate::types::{ArrayTy, Elem};

/// Declares operations from reals to a real, element by element. The kernel is a scalar function in
/// `f64` (or, as `slices::f`, one of `kernels::math` over slices); at 32 bits it is computed in 64 and rounded once.
macro_rules! real_functions {
    ($($id:ident $name:literal ($($arg:ident),+) $doc:literal
        example $example:literal latex $latex:literal domain $domain:expr;
        kernel $($kernel:ident)::+;
        gradient $gradient:expr;)*) => {$(
        #[doc = $doc]
        pub static $id: $crate::ir::OpDef = $crate::ir::OpDef {
            name: $name,
            form: $crate::ir::Form::Map([$(stringify!($arg)),+].len()),
            signature: concat!($name, "(", $crate::ops::elementwise::signature!($($arg),+), ") -> real"),
            doc: $doc,
            example: $example,
            lifting: $crate::ir::Lifting::Elementwise,
            infer: |c| $crate::ops::elementwise::infer_reals(c, $name),
            gradient: $gradient,
            kernel: $crate::ops::elementwise::kernel!($($kernel)::+, $($arg),+),
            notation: $crate::ir::Notation::Call { latex: $latex },
            domain: $domain,
        };
    )*};
}
pub(crate) use real_functions;

macro_rules! signature {
    ($a:ident) => {
        concat!(stringify!($a), ": real")
    };
    ($a:ident, $b:ident) => {
        concat!(stringify!($a), ": real, ", stringify!($b), ": real")
    };
}
pub(crate) use signature;

macro_rules! kernel {
    (slices::$f:ident, $a:ident) => {
        $crate::ir::Kernel::Unary {
            f64: $crate::kernels::math::$f,
            f32: |x, out| $crate::kernels::math::through_f64(x, out, $crate::kernels::math::$f),
        }
    };
    ($($f:ident)::+, $a:ident) => {
        $crate::ir::Kernel::Unary {
            f64: |x, out| out.iter_mut().zip(x).for_each(|(o, &x)| *o = $($f)::+(x)),
            f32: |x, out| out.iter_mut().zip(x).for_each(|(o, &x)| *o = $($f)::+(x as f64) as f32),
        }
    };
    ($($f:ident)::+, $a:ident, $b:ident) => {
        $crate::ir::Kernel::Binary {
            f64: |a, b, out| out.iter_mut().zip(a.iter().zip(b)).for_each(|(o, (&a, &b))| *o = $($f)::+(a, b)),
            f32: |a, b, out| {
                out.iter_mut().zip(a.iter().zip(b)).for_each(|(o, (&a, &b))| *o = $($f)::+(a as f64, b as f64) as f32)
            },
        }
    };
}
pub(crate) use kernel;

/// All inputs real; the result is real over the union of their axes.
fn infer_reals(c: &mut InferCtx, op: &str) -> Result<Vec<ArrayTy>, OpFault> {
    for i in 0..c.inputs.len() {
        super::infer::real(c, i, op)?;
    }
    Ok(vec![ArrayTy::new(Elem::Real, super::infer::aligned(c)?)])
}

/// All inputs real, or all int; the result likewise.
fn infer_numbers(c: &mut InferCtx, op: &str) -> Result<Vec<ArrayTy>, OpFault> {
    let elem = super::infer::same(c, op, "numbers", |e| matches!(e, Elem::Real | Elem::Int))?;
    Ok(vec![ArrayTy::new(elem, super::infer::aligned(c)?)])
}

pub fn table() -> impl Iterator<Item = &'static OpDef> {
    [ARITHMETIC, FUNCTIONS, SPECIAL, CHOICES].into_iter().flatten().copied()
}

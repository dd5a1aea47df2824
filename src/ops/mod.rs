//! The operations: one `static` [`OpDef`](crate::ir::OpDef) each, in files by family, each file ending in a table that
//! [`all`] joins. Conventions for attributes (fields not named are empty):
//!
//! | operation | inputs | attributes |
//! |---|---|---|
//! | `INPUT` | – | `ints` = index of the argument, `name`, `elem`, `dims` |
//! | `CONST` | – | scalar: `elem`, and `reals` (real) or `ints` (int, label; bool as 0/1) |
//! | `LITERAL` | – | `elem`, `dims`, `data` (reals always F64; the kernel converts) |
//! | `IOTA` | – | `dims` = the one axis; gives `label axis [axis]` |
//! | `SIZE` | – | `dims` = the one axis; gives `int` |
//! | `CAST` | x | `elem`: any of int, label, bool → real; bool → int; label → int; int → label |
//! | elementwise | aligned by name, union of axes in order of first appearance | |
//! | `SELECT` (`where`) | mask, a, b | |
//! | `BROADCAST` | x | `dims` = the axes added (put in front) |
//! | reductions, scans along axes | x | `axes` |
//! | `CONTRACT` | a, b | `axes` = those summed; other common axes are batched |
//! | `RENAME` | x | `axes` = old, `dims` = new (same length; sizes unify) |
//! | `ORDER` (storage order) | x | `axes` = all axes of x in the wanted order |
//! | `MERGE` | x | `axes` = merged, in order; `dims` = the one new axis |
//! | `SPLIT` | x | `axes` = the one split; `dims` = new axes, in order |
//! | `WINDOW` | x | `axes` = the one; `dims` = position axis, offset axis (size known); `ints` = stride, dilation |
//! | `PAD` | x, value | `axes`, `ints` = before, after for each; `dims` = the padded dims (same axis, new size) |
//! | `CONCAT` | x… | `axes` = the one; `dims` = the one, with the resulting size |
//! | `STACK` | x… (same axes) | `dims` = the one new axis |
//! | `SLICE` | x | `axes` = the one, `ints` = start, step; `dims` = the one, with the new size |
//! | `REVERSE` | x | `axes` |
//! | `PICK` (`z[k = y]`) | z, index | `axes` = the one; result: z without it, and the index's axes |
//! | `SCATTER_ADD` | g, index | `axes` = the one made, then the axes of the index that are summed (others align with g's); `dims` = its dim: adds g into zeros (gradient of `PICK`) |
//! | `UPDATE` | w, index, value | `axes` = the one; `ints` = 1 to add, 0 to set (last index wins) |
//! | `GROUP` (`sum[n by y]`) | x, y | `axes` = n; `dims` = the group's dim; `name` = sum, max, min, prod |
//! | `CONV` | x, kernel | `axes` = those convolved (kernel has them too); `dims` = result's dims along them; `ints` = stride, then the padding before for each |
//! | `SORT` `ARGSORT` `RANK` `CUMSUM`… | x | `axes` = the one; `ints` = 1 for descending |
//! | `TOPK` (two outputs: values, labels) | x | `axes` = the one, `dims` = the new axis of size k |
//! | linear algebra | matrices | `axes` = row axis, column axis |
//! | `RANDOM` | parameters…, loop counters… | `name` = distribution, `dims` = axes drawn (for `sample` then the axis drawn from), `axes` = axis of the weights (`categorical`), `ints` = key, number of parameters |
//! | `GET` | node | `ints` = output |
//! | `LOOP` | from, to, states…, captures… | `regions` = body(counter, states…, captures…) → states…, kept…, [continue: bool]; `ints` = number of states, number kept, 1 if `until`, 1 if backwards; `dims` = axis along which kept values are stacked (if any kept). Outputs: states…, kept…, and the number of rounds made (int) |
//! | `COND` | condition, captures… | `regions` = then, otherwise (captures…) → results… |
//! | `GRAD` | arguments… | `regions` = f(arguments…) → scalar…; `ints` = indexes of the arguments differentiated; `name` = `grad` or `value_and_grad` (value first). Removed by `ad` |
//! | `JACOBIAN` | arguments… | likewise, one index, one output; `axes`/`dims` = renaming of the argument's axes in the result |
//! | `CUSTOM` | arguments… | `regions` = f(arguments…) → result, vjp(arguments…, gradient) → one per index in `ints` |

pub mod bounds;
pub mod build;
pub mod contract;
pub mod control;
pub mod conv;
pub mod elementwise;
pub mod fold;
pub mod group;
pub mod index;
pub mod infer;
pub mod join;
pub mod leaf;
pub mod lift;
pub mod linalg;
pub mod loops;
pub mod order;
pub mod random;
pub mod reduce;
mod region_vjp;
pub mod regions;
pub mod shape;
pub mod spectral;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod vjp;

use crate::ir::{Kernel, KernelArgs, OpDef, RunFault};
use crate::kernels::map;
use crate::tensor::Tensor;

pub use build::Build;
pub use contract::*;
pub use control::*;
pub use conv::*;
pub use elementwise::*;
pub use group::*;
pub use index::*;
pub use join::*;
pub use leaf::*;
pub use linalg::*;
pub use order::*;
pub use random::*;
pub use reduce::*;
pub use regions::*;
pub use shape::*;
pub use spectral::*;

/// Every operation, family by family. The order is fixed and shows in listings.
pub fn all() -> impl Iterator<Item = &'static OpDef> {
    let rest = [
        REDUCTIONS,
        CONTRACTIONS,
        SHAPES,
        JOINS,
        INDEXING,
        GROUPING,
        ORDERS,
        MATRICES,
        SPECTRA,
        DRAWS,
        CONVOLUTIONS,
        CONTROL,
        REGIONS,
    ];
    LEAVES.iter().copied().chain(elementwise::table()).chain(rest.into_iter().flatten().copied())
}

/// The operation of that name, if there is one.
pub fn find(name: &str) -> Option<&'static OpDef> {
    all().find(|op| op.name == name)
}

/// Runs an operation's kernel once, whatever its kind. Panics (an internal error) for those that are never executed.
pub fn run_kernel(op: &'static OpDef, mut args: KernelArgs) -> Result<Vec<Tensor>, RunFault> {
    match op.kernel {
        Kernel::Unary { f64, f32 } => {
            let x = args.inputs.pop().expect("internal: a unary kernel without input");
            Ok(vec![map::unary(f64, f32, x)])
        }
        Kernel::Binary { f64, f32 } => {
            let b = args.inputs.pop().expect("internal: a binary kernel without inputs");
            let a = args.inputs.pop().expect("internal: a binary kernel without inputs");
            let tys = (args.input_tys[0], args.input_tys[1], &args.output_tys[0]);
            Ok(vec![map::binary(f64, f32, a, tys.0, b, tys.1, tys.2)])
        }
        Kernel::General(run) => run(args),
        Kernel::None => panic!("internal: {} was to be executed", op.name),
    }
}

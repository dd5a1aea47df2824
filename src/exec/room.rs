//! Whether there is memory for what a step is about to make: an allocation that fails inside a kernel would end the
//! process. Types enter, a fault leaves where there is no room.

use crate::diag::codes::run;
use crate::ir::RunFault;
use crate::types::{ArrayTy, Elem, Precision};

/// Results below this are not asked for: it would cost more than it tells.
const LARGE: usize = 64 << 20;

/// A kernel may lay out an argument or its result once more before it is done.
const COPIES: usize = 2;

/// Bytes of arrays of these types, if they are large; saturated where they cannot be counted. Open sizes count as one.
pub fn large(tys: &[ArrayTy], precision: Precision) -> Option<usize> {
    let bytes = tys.iter().fold(0usize, |sum, ty| sum.saturating_add(bytes(ty, precision)));
    (bytes >= LARGE).then_some(bytes)
}

fn bytes(ty: &ArrayTy, precision: Precision) -> usize {
    let width = match (&ty.elem, precision) {
        (Elem::Bool, _) => 1,
        (Elem::Real, Precision::F32) => 4,
        _ => 8,
    };
    ty.dims.iter().fold(width, |product: usize, d| product.saturating_mul(d.size.known().unwrap_or(1)))
}

/// E0704 if the system would not give that much memory now.
pub fn ask(bytes: usize, tys: &[ArrayTy]) -> Result<(), RunFault> {
    if Vec::<u8>::new().try_reserve_exact(bytes.saturating_mul(COPIES)).is_ok() {
        return Ok(());
    }
    let shown: Vec<String> = tys.iter().map(|ty| format!("`{ty}`")).collect();
    let message = match bytes {
        usize::MAX => format!("{} has more elements than can be counted", shown.join(" and ")),
        _ => format!(
            "{} would take {} GB, and there is not that much memory",
            shown.join(" and "),
            bytes.div_ceil(1_000_000_000)
        ),
    };
    let help = "reduce before combining, as in `sum[d](x * w)`, which is never made whole, or work on parts";
    Err(RunFault::new(&run::E0704, message, "made here").help(help))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Axis, Dim, Size};

    #[test]
    fn only_what_cannot_be_had_is_refused() {
        let ty = |sizes: &[usize]| {
            let dim = |(i, n): (usize, &usize)| Dim::new(Axis::global(format!("a{i}")), Size::Known(*n));
            ArrayTy::new(Elem::Real, sizes.iter().enumerate().map(dim).collect())
        };
        assert_eq!(large(&[ty(&[1000, 1000])], Precision::F64), None);
        assert_eq!(large(&[ty(&[10_000, 10_000])], Precision::F32), Some(400_000_000));
        assert_eq!(large(&[ty(&[1 << 40, 1 << 40])], Precision::F64), Some(usize::MAX));
        let fault = ask(1 << 60, &[ty(&[1 << 57])]).expect_err("no such memory");
        assert_eq!(fault.code.id, "E0704");
    }
}

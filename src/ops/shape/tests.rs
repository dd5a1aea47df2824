//! Values, faults and derivatives of the operations that rearrange.

use crate::ir::{Attrs, Builder, NodeId, OpDef};
use crate::ops::testing::*;
use crate::ops::*;
use crate::types::{Dim, Precision, Size};

fn one(op: &'static OpDef, attrs: Attrs) -> impl Fn(&mut Builder, &[NodeId]) -> Vec<NodeId> {
    move |b, x| vec![b.mk(op, x, attrs.clone())]
}

fn fault(x: &[(&str, usize)], op: &'static OpDef, attrs: Attrs) -> &'static str {
    let mut b = Builder::new(Precision::F64);
    let x = b.input(0, "x", &ty(x));
    b.node(op, &[x], attrs).expect_err("a fault").code.id
}

#[test]
fn renaming_shares_data_and_may_swap() {
    let x = sample(&[("n", 2), ("m", 3)], 1);
    let swap = Attrs::axes([axis_of("n"), axis_of("m")]).with_dims([dim("m", 2), dim("n", 3)]);
    let y = run(std::slice::from_ref(&x), one(&RENAME, swap.clone())).expect("a value");
    assert_eq!(y[0], x.1);
    check_gradients(&[x], one(&RENAME, swap));
    let taken = Attrs::axes([axis_of("n")]).with_dims([dim("m", 2)]);
    assert_eq!(fault(&[("n", 2), ("m", 3)], &RENAME, taken), "E0303");
}

#[test]
fn merging_and_splitting_are_inverse() {
    let x = sample(&[("h", 2), ("b", 2), ("w", 3)], 2);
    let merge = Attrs::axes([axis_of("w"), axis_of("h")]).with_dims([dim("p", 6)]);
    let y = run(std::slice::from_ref(&x), one(&MERGE, merge.clone())).expect("a value");
    let (x0, y0) = (x.1.slice::<f64>(), y[0].slice::<f64>());
    for (h, b, w) in [(0, 0, 0), (1, 0, 2), (0, 1, 1), (1, 1, 2)] {
        // The new axis stands where the first of the merged ones stood.
        assert_eq!(y0[(w * 2 + h) * 2 + b], x0[(h * 2 + b) * 3 + w]);
    }
    check_gradients(std::slice::from_ref(&x), one(&MERGE, merge.clone()));
    let split = Attrs::axes([axis_of("p")]).with_dims([dim("w", 3), dim("h", 2)]);
    check_gradients(&[sample(&[("p", 6), ("b", 2)], 3)], one(&SPLIT, split.clone()));
    let back = run(std::slice::from_ref(&x), |b, x| {
        let y = b.mk(&MERGE, x, merge.clone());
        let z = b.mk(&SPLIT, &[y], split.clone());
        vec![b.mk(&ORDER, &[z], Attrs::axes([axis_of("h"), axis_of("b"), axis_of("w")]))]
    });
    assert_eq!(back.expect("a value")[0].slice::<f64>(), x0);
    let wrong = Attrs::axes([axis_of("p")]).with_dims([dim("h", 4), dim("w", 2)]);
    assert_eq!(fault(&[("p", 6)], &SPLIT, wrong), "E0312");
    let wrong = Attrs::axes([axis_of("p")]).with_dims([dim("b", 3), dim("w", 2)]);
    assert_eq!(fault(&[("p", 6), ("b", 3)], &SPLIT, wrong), "E0303");
}

#[test]
fn one_open_part_of_a_split_is_found() {
    let mut b = Builder::new(Precision::F64);
    let x = b.input(0, "x", &ty(&[("p", 12)]));
    let open = b.sizes.fresh();
    let attrs = Attrs::axes([axis_of("p")]).with_dims([dim("h", 3), Dim::new(axis_of("w"), open)]);
    let y = b.mk(&SPLIT, &[x], attrs);
    assert_eq!(b.ty(y).dims[1].size, Size::Known(4));
    let open = b.sizes.fresh();
    let attrs = Attrs::axes([axis_of("p")]).with_dims([dim("h", 5), Dim::new(axis_of("w"), open)]);
    assert_eq!(b.node(&SPLIT, &[x], attrs).expect_err("a fault").code.id, "E0312");
}

#[test]
fn slices_windows_and_reversals() {
    let slice =
        |n: usize, start, step| Attrs::axes([axis_of("n")]).with_dims([dim("n", n)]).with_ints(vec![start, step]);
    let x = sample(&[("n", 7), ("d", 2)], 4);
    for (n, start, step) in [(3, 1, 1), (3, 1, 2), (2, 6, -3), (0, 7, 1)] {
        check_gradients(std::slice::from_ref(&x), one(&SLICE, slice(n, start, step)));
    }
    check_gradients(&[sample(&[("n", 3), ("d", 2)], 5)], |b, x| {
        vec![b.mk(&UNSLICE, x, Attrs::axes([axis_of("n")]).with_dims([dim("n", 7)]).with_ints([1, 2]))]
    });
    assert_eq!(fault(&[("n", 7)], &SLICE, slice(3, 5, 1)), "E0305");
    assert_eq!(fault(&[("n", 7)], &SLICE, slice(1, -1, 1)), "E0305");
    assert_eq!(fault(&[("n", 7)], &SLICE, slice(3, 1, i64::MAX)), "E0305");
    assert_eq!(fault(&[("m", 7)], &SLICE, slice(3, 1, 1)), "E0302");
    check_gradients(std::slice::from_ref(&x), one(&REVERSE, Attrs::axes([axis_of("n"), axis_of("d")])));
    let window = |width, stride, dilation| {
        let count = (7 - (width - 1) * dilation - 1) / stride + 1;
        let dims = [dim("i", count), dim("j", width)];
        Attrs::axes([axis_of("n")]).with_dims(dims).with_ints([stride as i64, dilation as i64])
    };
    for (width, stride, dilation) in [(3, 1, 1), (2, 3, 1), (3, 2, 2), (7, 1, 1)] {
        check_gradients(std::slice::from_ref(&x), one(&WINDOW, window(width, stride, dilation)));
    }
    let wide = Attrs::axes([axis_of("n")]).with_dims([dim("i", 1), dim("j", 8)]).with_ints([1, 1]);
    assert_eq!(fault(&[("n", 7)], &WINDOW, wide), "E0314");
}

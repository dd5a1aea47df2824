//! Values and derivatives of sorting and of running results.

use crate::ir::{Attrs, Builder, NodeId, OpDef};
use crate::ops::testing::*;
use crate::ops::*;
use crate::types::Elem;

fn along(op: &'static OpDef) -> impl Fn(&mut Builder, &[NodeId]) -> Vec<NodeId> {
    move |b, x| vec![b.mk(op, x, Attrs::axes([axis_of("k")]))]
}

#[test]
fn derivatives() {
    let x = sample(&[("b", 2), ("k", 5), ("d", 2)], 1);
    for op in [&SORT, &CUMSUM, &CUMPROD, &CUMMAX, &CUMMIN] {
        check_gradients(std::slice::from_ref(&x), along(op));
    }
    let down = Attrs::axes([axis_of("k")]).with_ints([1]);
    check_gradients(std::slice::from_ref(&x), |b, x| vec![b.mk(&SORT, x, down.clone())]);
    check_gradients(std::slice::from_ref(&x), |b, x| {
        let top = b.mk(&TOPK, x, Attrs::axes([axis_of("k")]).with_dims([dim("r", 2)]));
        vec![b.get(top, 0)]
    });
    check_gradients(&[x, sample(&[("k", 5), ("c", 2)], 2)], along(&RECURRENCE));
    let zeros = given(ty(&[("k", 4)]), &[2.0, 0.0, 3.0, 0.0]);
    check_gradients(&[zeros], along(&CUMPROD));
}

#[test]
fn sorting_is_picking_by_argsort_and_rank_is_its_inverse() {
    let x = sample(&[("k", 6), ("d", 3)], 3);
    let out = run(&[x], |b, x| {
        let sorted = b.mk(&SORT, x, Attrs::axes([axis_of("k")]));
        let order = b.mk(&ARGSORT, x, Attrs::axes([axis_of("k")]));
        let rank = b.mk(&RANK, x, Attrs::axes([axis_of("k")]));
        let picked = b.pick(x[0], &axis_of("k"), order);
        let back = b.pick(sorted, &axis_of("k"), rank);
        vec![sorted, picked, back, x[0]]
    })
    .expect("a value");
    assert_eq!(out[0], out[1]);
    assert_eq!(out[2], out[3]);
}

#[test]
fn the_largest_few_with_their_coordinates() {
    let x = given(ty(&[("k", 4)]), &[1.0, f64::NAN, 5.0, 5.0]);
    let out = run(&[x], |b, x| {
        let top = b.mk(&TOPK, x, Attrs::axes([axis_of("k")]).with_dims([dim("k", 3)]));
        vec![b.get(top, 0), b.get(top, 1)]
    })
    .expect("a value");
    assert_eq!(out[0].slice::<f64>(), [5.0, 5.0, 1.0]);
    assert_eq!(out[1].slice::<i64>(), [2, 3, 0]);
    let mut b = Builder::default();
    let x = b.input(0, "x", &ty(&[("k", 2)]));
    let attrs = Attrs::axes([axis_of("k")]).with_dims([dim("k", 3)]);
    assert_eq!(b.node(&TOPK, &[x], attrs).expect_err("a fault").code.id, "E0318");
}

#[test]
fn ints_run_too_and_overflow_is_a_fault() {
    let x = given(of(Elem::Int, &[("k", 3)]), &[2.0, 3.0, 4.0]);
    assert_eq!(run(std::slice::from_ref(&x), along(&CUMPROD)).expect("a value")[0].slice::<i64>(), [2, 6, 24]);
    assert_eq!(run(&[x], along(&CUMSUM)).expect("a value")[0].slice::<i64>(), [2, 5, 9]);
    let big = given(of(Elem::Int, &[("k", 2)]), &[9e18, 9e18]);
    assert_eq!(run(&[big], along(&CUMSUM)).expect_err("a fault").code.id, "E0701");
}

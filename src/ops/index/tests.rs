//! Values, faults and derivatives of picking, scattering and updating.

use crate::ir::{Attrs, Builder, NodeId};
use crate::ops::testing::*;
use crate::ops::*;
use crate::types::{Elem, Precision};

fn at(axis: &str) -> Attrs {
    Attrs::axes([axis_of(axis)])
}

fn pick(axis: &'static str) -> impl Fn(&mut Builder, &[NodeId]) -> Vec<NodeId> {
    move |b, x| vec![b.mk(&PICK, x, at(axis))]
}

#[test]
fn axes_of_the_index_align_or_are_new() {
    let z = sample(&[("n", 3), ("k", 4), ("d", 2)], 1);
    let zs = z.1.slice::<f64>().to_vec();
    let y = given(of(label("k"), &[("n", 3)]), &[2.0, 0.0, 3.0]);
    let out = run(&[z.clone(), y.clone()], pick("k")).expect("a value");
    assert_eq!(out[0].shape(), [3, 2]);
    assert_eq!(out[0].slice::<f64>()[2..4], zs[8..10]);
    check_gradients(&[z.clone(), y], pick("k"));
    let rows = given(of(Elem::Int, &[("m", 5)]), &[1.0, 1.0, 0.0, 2.0, 1.0]);
    let out = run(&[z.clone(), rows.clone()], pick("n")).expect("a value");
    assert_eq!((out[0].shape(), &out[0].slice::<f64>()[..8]), (&[5, 4, 2][..], &zs[8..16]));
    check_gradients(&[z.clone(), rows], pick("n"));
    let one = given(of(Elem::Int, &[]), &[3.0]);
    check_gradients(&[z.clone(), one], pick("k"));
    let order = given(of(label("n"), &[("n", 3)]), &[2.0, 0.0, 1.0]);
    let out = run(&[z.clone(), order.clone()], pick("n")).expect("a value");
    assert_eq!(out[0].slice::<f64>()[..8], zs[16..]);
    check_gradients(&[z.clone(), order], pick("n"));
    let mixed =
        given(of(label("k"), &[("n", 3), ("k", 2), ("t", 2)]), &[0., 1., 2., 3., 3., 2., 1., 0., 0., 0., 1., 1.]);
    check_gradients(&[z, mixed], pick("k"));
}

#[test]
fn an_index_out_of_range_is_named_with_its_place() {
    let z = sample(&[("n", 2), ("k", 3)], 1);
    for bad in [3.0, -1.0] {
        let y = given(of(label("k"), &[("n", 2)]), &[0.0, bad]);
        let fault = run(&[z.clone(), y], pick("k")).expect_err("a fault");
        assert_eq!(fault.code.id, "E0703");
        assert!(fault.message.contains("axis `k`, which has size 3"), "{}", fault.message);
        assert!(fault.label.contains("at n = 1"), "{}", fault.label);
    }
    let mut b = Builder::new(Precision::F64);
    let (z, y) = (b.input(0, "z", &z.0), b.input(1, "y", &of(label("c"), &[("n", 2)])));
    assert_eq!(b.node(&PICK, &[z, y], at("k")).expect_err("a fault").code.id, "E0405");
}

#[test]
fn scattering_is_the_transpose_of_picking() {
    let g = sample(&[("n", 3), ("d", 2)], 1);
    let y = given(of(label("k"), &[("n", 3)]), &[1.0, 1.0, 0.0]);
    let summed = Attrs::axes([axis_of("k"), axis_of("n")]).with_dims([dim("k", 2)]);
    let out = run(&[g.clone(), y.clone()], |b, x| vec![b.mk(&SCATTER_ADD, x, summed.clone())]).expect("a value");
    let gs = g.1.slice::<f64>();
    assert_eq!(out[0].slice::<f64>(), [gs[4], gs[5], gs[0] + gs[2], gs[1] + gs[3]]);
    check_gradients(&[g.clone(), y.clone()], |b, x| vec![b.mk(&SCATTER_ADD, x, summed.clone())]);
    let aligned = at("k").with_dims([dim("k", 2)]);
    let out = run(&[g.clone(), y.clone()], |b, x| vec![b.mk(&SCATTER_ADD, x, aligned.clone())]).expect("a value");
    assert_eq!(out[0].shape(), [3, 2, 2]);
    check_gradients(&[g, y], |b, x| vec![b.mk(&SCATTER_ADD, x, aligned.clone())]);
}

#[test]
fn updates_accumulate_or_the_last_wins() {
    let w = sample(&[("v", 3), ("d", 2)], 1);
    let y = given(of(label("v"), &[("n", 3)]), &[1.0, 1.0, 0.0]);
    let x = sample(&[("n", 3), ("d", 2)], 2);
    for add in [0, 1] {
        let attrs = at("v").with_ints([add]);
        let op = |b: &mut Builder, x: &[NodeId]| vec![b.mk(&UPDATE, x, attrs.clone())];
        let out = run(&[w.clone(), y.clone(), x.clone()], op).expect("a value");
        let (old, new) = (w.1.slice::<f64>(), x.1.slice::<f64>());
        let expected = if add == 1 { old[2] + new[0] + new[2] } else { new[2] };
        assert_eq!(out[0].slice::<f64>()[2], expected);
        assert_eq!(out[0].slice::<f64>()[4..], old[4..]);
        check_gradients(&[w.clone(), y.clone(), x.clone()], op);
        // A value without the index's axis is written at each; one with an axis of its own repeats the array.
        check_gradients(&[w.clone(), y.clone(), sample(&[("d", 2)], 3)], op);
        check_gradients(&[w.clone(), y.clone(), sample(&[("b", 2)], 3)], op);
        let one = given(of(Elem::Int, &[]), &[2.0]);
        check_gradients(&[w.clone(), one, sample(&[("d", 2)], 3)], op);
        let aligned = given(of(label("v"), &[("d", 2)]), &[2.0, 0.0]);
        check_gradients(&[w.clone(), aligned, sample(&[("d", 2)], 3)], op);
        let order = given(of(label("v"), &[("v", 3)]), &[2.0, 0.0, 2.0]);
        check_gradients(&[w.clone(), order, sample(&[("v", 3), ("d", 2)], 3)], op);
    }
    let mut b = Builder::new(Precision::F64);
    let (w, i) = (b.input(0, "w", &w.0), b.input(1, "i", &of(Elem::Int, &[])));
    let fault = b.node(&UPDATE, &[w, i, w], at("v")).expect_err("a fault");
    assert_eq!(fault.code.id, "E0317");
}

#[test]
fn int_sums_that_overflow_are_a_fault() {
    let w = given(of(Elem::Int, &[("v", 1)]), &[9.2e18]);
    let y = given(of(Elem::Int, &[]), &[0.0]);
    let fault = run(&[w.clone(), y, w], |b, x| {
        let zero = b.int(0);
        let value = b.pick(x[2], &axis_of("v"), zero);
        vec![b.mk(&UPDATE, &[x[0], x[1], value], at("v").with_ints([1]))]
    });
    assert_eq!(fault.expect_err("a fault").code.id, "E0701");
}

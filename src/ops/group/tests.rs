//! Values and derivatives of reductions by group.

use crate::ir::{Attrs, Builder, NodeId};
use crate::ops::testing::*;
use crate::ops::*;
use crate::types::Elem;

fn by(name: &'static str, k: usize) -> impl Fn(&mut Builder, &[NodeId]) -> Vec<NodeId> {
    move |b, x| vec![b.mk(&GROUP, x, Attrs::axes([axis_of("n")]).with_dims([dim("k", k)]).with_name(name))]
}

#[test]
fn groups_and_empty_groups() {
    let x = given(ty(&[("n", 4)]), &[3.0, -1.0, 2.0, 5.0]);
    let y = given(of(label("k"), &[("n", 4)]), &[2.0, 0.0, 2.0, 0.0]);
    let inf = f64::INFINITY;
    for (name, expected) in
        [("sum", [4.0, 0.0, 5.0]), ("max", [5.0, -inf, 3.0]), ("min", [-1.0, inf, 2.0]), ("prod", [-5.0, 1.0, 6.0])]
    {
        let out = run(&[x.clone(), y.clone()], by(name, 3)).expect("a value");
        assert_eq!(out[0].slice::<f64>(), expected, "{name}");
        let ints = given(of(Elem::Int, &[("n", 4)]), &[3.0, -1.0, 2.0, 5.0]);
        let out = run(&[ints, y.clone()], by(name, 3)).expect("a value");
        assert_eq!(out[0].slice::<i64>()[0], expected[0] as i64, "{name}");
    }
    let nan = given(ty(&[("n", 2)]), &[f64::NAN, 1.0]);
    let same = given(of(label("k"), &[("n", 2)]), &[0.0, 0.0]);
    assert!(run(&[nan, same], by("max", 1)).expect("a value")[0].slice::<f64>()[0].is_nan());
}

#[test]
fn derivatives() {
    let y = given(of(label("k"), &[("n", 5)]), &[2.0, 0.0, 1.0, 0.0, 2.0]);
    for name in ["sum", "max", "min", "prod"] {
        check_gradients(&[sample(&[("n", 5), ("d", 2)], 1), y.clone()], by(name, 3));
        // Labels that differ along an axis of the elements, and along one of their own.
        let aligned = given(of(label("k"), &[("d", 2), ("n", 5)]), &[2., 0., 1., 0., 2., 1., 1., 2., 0., 0.]);
        check_gradients(&[sample(&[("n", 5), ("d", 2)], 1), aligned.clone()], by(name, 3));
        check_gradients(&[sample(&[("n", 5)], 2), aligned], by(name, 3));
    }
    let zeros = given(ty(&[("n", 5)]), &[0.0, 0.0, 2.0, 3.0, 4.0]);
    check_order(&[zeros, y], 1, 1e-7, &by("prod", 3));
}

#[test]
fn ties_go_to_the_first() {
    let x = given(ty(&[("n", 3)]), &[1.0, 7.0, 7.0]);
    let y = given(of(label("k"), &[("n", 3)]), &[0.0, 0.0, 0.0]);
    let attrs = Attrs::axes([axis_of("n")]).with_dims([dim("k", 1)]).with_name("max");
    let out = run(&[x, y], |b, x| vec![b.mk(&GROUP_WINNER, x, attrs.clone())]).expect("a value");
    assert_eq!(out[0].slice::<bool>(), [false, true, false]);
}

#[test]
fn grouping_over_its_own_axis_is_allowed() {
    let y = given(of(label("n"), &[("n", 3)]), &[2.0, 2.0, 0.0]);
    let op = |b: &mut Builder, x: &[NodeId]| {
        vec![b.mk(&GROUP, x, Attrs::axes([axis_of("n")]).with_dims([dim("n", 3)]).with_name("sum"))]
    };
    let out = run(&[given(ty(&[("n", 3)]), &[1.0, 2.0, 4.0]), y.clone()], op).expect("a value");
    assert_eq!(out[0].slice::<f64>(), [4.0, 0.0, 3.0]);
    check_gradients(&[sample(&[("n", 3)], 1), y], op);
}

//! Values, sizes and derivatives of convolutions.

use crate::ir::{Attrs, Builder, NodeId};
use crate::ops::testing::*;
use crate::ops::*;
use crate::types::{Dim, Precision, Size};

fn conv(axes: &[&str], out: Vec<Dim>, ints: Vec<i64>) -> impl Fn(&mut Builder, &[NodeId]) -> Vec<NodeId> {
    let attrs = Attrs::axes(axes.iter().map(|a| axis_of(a)).collect::<Vec<_>>()).with_dims(out).with_ints(ints);
    move |b, x| vec![b.mk(&CONV, x, attrs.clone())]
}

#[test]
fn channels_are_summed_and_the_rest_is_kept() {
    let x = given(ty(&[("n", 2), ("t", 3), ("c", 2)]), &[1., 2., 3., 4., 5., 6., 1., 0., 1., 0., 1., 0.]);
    let w = given(ty(&[("o", 1), ("c", 2), ("t", 2)]), &[1., 10., 100., 1000.]);
    let out = run(&[x, w], conv(&["t"], vec![dim("t", 2)], vec![1, 0])).expect("a value");
    // Layout: the filters stand where the channels stood.
    assert_eq!(out[0].shape(), [2, 2, 1]);
    assert_eq!(out[0].slice::<f64>(), [1. + 30. + 200. + 4000., 3. + 50. + 400. + 6000., 11., 11.]);
}

#[test]
fn derivatives() {
    let x = sample(&[("b", 2), ("c", 2), ("h", 5), ("w", 4)], 1);
    let k = sample(&[("o", 2), ("c", 2), ("h", 3), ("w", 2)], 2);
    for (stride, pad, h, w) in [(1, [0, 0], 3, 3), (2, [1, 1], 3, 3), (1, [3, 0], 9, 3), (3, [0, 1], 1, 2)] {
        let out = vec![dim("h", h), dim("w", w)];
        check_gradients(&[x.clone(), k.clone()], conv(&["h", "w"], out, vec![stride, pad[0], pad[1]]));
    }
    let new = vec![dim("p", 3)];
    check_gradients(&[sample(&[("t", 5)], 3), sample(&[("t", 3), ("o", 2)], 4)], conv(&["t"], new, vec![1, 0]));
    let cube = [sample(&[("a", 3), ("b", 3), ("c", 2)], 5), sample(&[("a", 2), ("b", 2), ("c", 2)], 6)];
    check_gradients(&cube, conv(&["a", "b", "c"], vec![dim("a", 2), dim("b", 2), dim("c", 1)], vec![1, 0, 0, 0]));
}

#[test]
fn sizes() {
    let mut b = Builder::new(Precision::F64);
    let (x, k) = (b.input(0, "x", &ty(&[("t", 7)])), b.input(1, "k", &ty(&[("t", 3)])));
    let open = b.sizes.fresh();
    let attrs =
        |size, ints: Vec<i64>| Attrs::axes([axis_of("t")]).with_dims([Dim::new(axis_of("t"), size)]).with_ints(ints);
    let y = b.mk(&CONV, &[x, k], attrs(open, vec![2, 1]));
    assert_eq!(b.ty(y).dims[0].size, Size::Known(4));
    let fault = b.node(&CONV, &[k, x], attrs(Size::Known(0), vec![1, 0])).expect_err("a fault");
    assert_eq!(fault.code.id, "E0314");
    let fault = b.node(&CONV, &[x, k], attrs(Size::Known(1), vec![0, 0])).expect_err("a fault");
    assert_eq!(fault.code.id, "E0314");
}

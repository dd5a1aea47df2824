//! Values and derivatives of the operations that put arrays into larger ones.

use crate::ir::{Attrs, Builder};
use crate::ops::testing::*;
use crate::ops::*;
use crate::types::{ArrayTy, Dim, Elem, Precision};

#[test]
fn borders() {
    let attrs = Attrs::axes([axis_of("h"), axis_of("w")]);
    let attrs = attrs.with_dims([dim("h", 4), dim("w", 5)]).with_ints([1, 1, 0, 2]);
    let x = sample(&[("b", 2), ("h", 2), ("w", 3)], 1);
    let value = sample(&[("b", 2)], 2);
    let y = run(&[x.clone(), value.clone()], |b, x| vec![b.mk(&PAD, x, attrs.clone())]).expect("a value");
    assert_eq!(y[0].slice::<f64>()[5], x.1.slice::<f64>()[0]);
    assert_eq!(y[0].slice::<f64>()[39], value.1.slice::<f64>()[1]);
    check_gradients(&[x.clone(), value], |b, x| vec![b.mk(&PAD, x, attrs.clone())]);
    check_gradients(&[x, sample(&[], 3)], |b, x| vec![b.mk(&PAD, x, attrs.clone())]);
}

#[test]
fn joining_repeats_what_lacks_an_axis() {
    let (a, b) = (sample(&[("n", 2), ("d", 3)], 1), sample(&[("n", 1)], 2));
    let concat = |g: &mut Builder, x: &[crate::ir::NodeId]| {
        vec![g.mk(&CONCAT, x, Attrs::axes([axis_of("n")]).with_dims([dim("n", 3)]))]
    };
    let y = run(&[a.clone(), b.clone()], concat).expect("a value");
    assert_eq!(y[0].shape(), [3, 3]);
    assert_eq!(y[0].slice::<f64>()[6..], [b.1.slice::<f64>()[0]; 3]);
    check_gradients(&[a.clone(), b], concat);
    let s = sample(&[("d", 3)], 3);
    check_gradients(&[a, s], |g, x| vec![g.mk(&STACK, x, Attrs::dims([dim("s", 2)]))]);
    let mut g = Builder::new(Precision::F64);
    let (a, b) = (g.input(0, "a", &ty(&[("n", 2)])), g.input(1, "b", &ty(&[("n", 2)])));
    let attrs = Attrs::axes([axis_of("n")]).with_dims([dim("n", 5)]);
    assert_eq!(g.node(&CONCAT, &[a, b], attrs).expect_err("a fault").code.id, "E0312");
}

#[test]
fn the_gradient_of_a_join_of_open_sizes_is_found_when_they_are_known() {
    let mut g = Builder::new(Precision::F64);
    let open: Vec<Dim> = (0..3).map(|_| Dim::new(axis_of("n"), g.sizes.fresh())).collect();
    let input = |g: &mut Builder, i: usize| {
        let ty = ArrayTy::new(Elem::Real, vec![open[i].clone()]);
        g.input(i, "x", &ty)
    };
    let (a, b) = (input(&mut g, 0), input(&mut g, 1));
    let y = g.mk(&CONCAT, &[a, b], Attrs::axes([axis_of("n")]).with_dims([open[2].clone()]));
    let squares = g.mul(y, y);
    let total = g.sum(squares, &[axis_of("n")]);
    let grads = gradients(&mut g, total, &[a, b]);
    for (d, n) in open.iter().zip([2, 3, 5]) {
        g.sizes.unify(d.size, crate::types::Size::Known(n)).expect("open");
    }
    let graph = g.finish(grads);
    let (x, y) = (sample(&[("n", 2)], 1), sample(&[("n", 3)], 2));
    let found = evaluate(&graph, &[x.1, y.1.clone()]).expect("a value");
    let twice: Vec<f64> = y.1.slice::<f64>().iter().map(|v| 2.0 * v).collect();
    assert_eq!(found[1].slice::<f64>(), twice);
}

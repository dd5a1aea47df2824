//! First and second derivatives of orthogonal factorisations against differences; coinciding eigenvalues.

use crate::ir::{Attrs, Builder, NodeId, OpDef};
use crate::ops::testing::*;
use crate::ops::*;

fn outputs(op: &'static OpDef, k: usize, wanted: &'static [usize]) -> impl Fn(&mut Builder, &[NodeId]) -> Vec<NodeId> {
    move |b, x| {
        let attrs = Attrs::axes([axis_of("d"), axis_of("e")]).with_dims([dim("k", k)]);
        let node = b.mk(op, x, attrs);
        wanted.iter().map(|&i| b.get(node, i)).collect()
    }
}

/// Two matrices with a diagonal that keeps eigenvalues and singular values apart.
fn matrices(rows: usize, columns: usize, seed: u64) -> Given {
    let mut data = noise(2 * rows * columns, seed);
    for (b, i) in (0..2).flat_map(|b| (0..rows.min(columns)).map(move |i| (b, i))) {
        data[(b * rows + i) * columns + i] += 2.0 + 1.5 * i as f64;
    }
    given(ty(&[("b", 2), ("d", rows), ("e", columns)]), &data)
}

#[test]
fn derivatives_of_eigenvalues_and_vectors() {
    let x = [matrices(3, 3, 1)];
    check_gradients(&x, outputs(&EIGH, 3, &[0]));
    check_order(&x, 1, 1e-7, &outputs(&EIGH, 3, &[0, 1]));
    check_order(&x, 2, 1e-5, &outputs(&EIGH, 3, &[0, 1]));
}

#[test]
fn derivatives_of_singular_values_and_vectors() {
    for (rows, columns) in [(4, 2), (2, 4), (3, 3)] {
        let x = [matrices(rows, columns, 2)];
        let k = rows.min(columns);
        check_gradients(&x, outputs(&SVD, k, &[1]));
        for wanted in [&[0][..], &[2], &[0, 1, 2]] {
            check_order(&x, 1, 1e-7, &outputs(&SVD, k, wanted));
        }
        check_order(&x, 2, 1e-5, &outputs(&SVD, k, &[0, 1, 2]));
    }
}

#[test]
fn derivatives_of_qr() {
    for (rows, columns) in [(4, 2), (2, 4), (3, 3)] {
        let x = [matrices(rows, columns, 3)];
        let k = rows.min(columns);
        for wanted in [&[0][..], &[1], &[0, 1]] {
            check_gradients(&x, outputs(&QR, k, wanted));
        }
    }
}

#[test]
fn the_space_of_a_double_eigenvalue_has_the_right_gradient() {
    let h = given(ty(&[("d", 3), ("e", 3)]), &[2., 0., 0., 0., 2., 0., 0., 0., 5.]);
    let projection = |b: &mut Builder, x: &[NodeId]| {
        let attrs = Attrs::axes([axis_of("d"), axis_of("e")]).with_dims([dim("k", 3)]);
        let node = b.mk(&EIGH, x, attrs);
        let (values, vectors) = (b.get(node, 0), b.get(node, 1));
        let lowest = crate::tensor::Tensor::from_vec(&[3], vec![1.0f64, 1.0, 0.0]);
        let lowest = b.literal(lowest, crate::types::Elem::Real, &[dim("k", 3)]);
        let part = b.mul(vectors, lowest);
        let other = b.rename(vectors, &axis_of("d"), &dim("e", 3));
        let low_sum = b.contract(values, lowest, &[axis_of("k")]);
        vec![b.contract(part, other, &[axis_of("k")]), low_sum]
    };
    check_order(&[h], 1, 1e-6, &projection);
}

#[test]
fn the_factors_multiply_back_by_name() {
    let out = run(&[matrices(4, 3, 4)], |b, x| {
        let attrs = Attrs::axes([axis_of("d"), axis_of("e")]).with_dims([dim("k", 3)]);
        let node = b.mk(&SVD, x, attrs.clone());
        let (u, s, v) = (b.get(node, 0), b.get(node, 1), b.get(node, 2));
        let us = b.mul(u, s);
        let first = b.contract(us, v, &[axis_of("k")]);
        let node = b.mk(&QR, x, attrs);
        let (q, r) = (b.get(node, 0), b.get(node, 1));
        let second = b.contract(q, r, &[axis_of("k")]);
        let order = Attrs::axes([axis_of("b"), axis_of("d"), axis_of("e")]);
        vec![x[0], b.mk(&ORDER, &[first], order.clone()), b.mk(&ORDER, &[second], order)]
    })
    .expect("a value");
    for other in &out[1..] {
        let off = out[0].to_f64().iter().zip(other.to_f64()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(off < 1e-12, "{off}");
    }
}

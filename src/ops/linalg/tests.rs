//! First and second derivatives of matrix operations against differences, batched and with several right-hand sides;
//! faults in plain words.

use crate::ir::{Attrs, Builder, NodeId, OpDef};
use crate::ops::testing::*;
use crate::ops::*;
use crate::types::{ArrayTy, Precision};

fn axes() -> Attrs {
    Attrs::axes([axis_of("d"), axis_of("e")])
}

fn on(op: &'static OpDef) -> impl Fn(&mut Builder, &[NodeId]) -> Vec<NodeId> {
    move |b, x| vec![b.mk(op, x, axes())]
}

/// A stack of `2` matrices near the identity times `shift`, batch axis in the midst; positive definite if symmetric.
fn matrices(n: usize, shift: f64, seed: u64) -> Given {
    let ty = ty(&[("d", n), ("b", 2), ("e", n)]);
    let mut data: Vec<f64> = noise(2 * n * n, seed);
    for (i, j) in (0..n).flat_map(|i| (0..2).map(move |j| (i, j))) {
        data[(i * 2 + j) * n + i] += shift;
    }
    given(ty, &data)
}

#[test]
fn derivatives_of_factors_and_determinants() {
    for op in [&CHOLESKY, &INV, &LOGDET] {
        check_gradients(&[matrices(3, 4.0, 1)], on(op));
    }
    check_gradients(&[matrices(3, 0.5, 2)], on(&DET));
    check_gradients(&[matrices(3, 1.5, 2)], on(&COFACTOR));
    check_gradients(&[matrices(1, 2.0, 3)], on(&CHOLESKY));
}

#[test]
fn the_determinant_has_a_gradient_at_singular_matrices() {
    let a = given(ty(&[("d", 3), ("e", 3)]), &[1., 2., 3., 2., 4., 6., 0., 1., 1.]);
    check_order(&[a], 1, 1e-7, &on(&DET));
}

#[test]
fn derivatives_of_systems() {
    let a = matrices(3, 3.0, 4);
    // Right-hand sides: one for each matrix, several, the same for all, and with a batch of its own.
    let sides: [&[(&str, usize)]; 4] =
        [&[("b", 2), ("d", 3)], &[("d", 3), ("c", 2), ("b", 2)], &[("d", 3)], &[("c", 2), ("d", 3)]];
    for dims in sides {
        check_gradients(&[a.clone(), sample(dims, 5)], on(&SOLVE));
        check_gradients(&[a.clone(), sample(dims, 5)], on(&TRIANGULAR_SOLVE));
        check_gradients(&[a.clone(), sample(dims, 5)], |b, x| {
            vec![b.mk(&TRIANGULAR_SOLVE, x, axes().with_ints([1, 0]))]
        });
    }
    check_gradients(&[a, sample(&[("e", 3), ("c", 2)], 6)], |b, x| {
        vec![b.mk(&TRIANGULAR_SOLVE, x, axes().with_ints([0, 1]))]
    });
}

#[test]
fn derivatives_of_least_squares() {
    let on = |b: &mut Builder, x: &[NodeId]| vec![b.mk(&LSTSQ, x, axes())];
    for (rows, columns) in [(4, 2), (2, 4), (3, 3)] {
        let mut a = sample(&[("b", 2), ("d", rows), ("e", columns)], 7);
        let mut data = a.1.to_f64();
        for (i, j) in (0..rows.min(columns)).flat_map(|i| (0..2).map(move |j| (i, j))) {
            data[(j * rows + i) * columns + i] += 2.0;
        }
        a = given(a.0, &data);
        check_gradients(&[a.clone(), sample(&[("d", rows), ("b", 2)], 8)], on);
        check_gradients(&[a, sample(&[("d", rows), ("c", 2)], 8)], on);
    }
}

#[test]
fn an_inverse_is_a_solver_by_name() {
    let a = matrices(3, 3.0, 9);
    let out = run(&[a, sample(&[("d", 3)], 10)], |b, x| {
        let inverse = b.mk(&INV, &x[..1], axes());
        let product = b.contract(inverse, x[1], &[axis_of("d")]);
        let solved = b.mk(&SOLVE, x, axes());
        let ordered = |b: &mut Builder, x| b.mk(&ORDER, &[x], Attrs::axes([axis_of("b"), axis_of("e")]));
        vec![ordered(b, product), ordered(b, solved)]
    })
    .expect("a value");
    for (x, y) in out[0].to_f64().iter().zip(out[1].to_f64()) {
        assert!((x - y).abs() < 1e-12);
    }
}

#[test]
fn faults_are_said_in_plain_words() {
    let fault = |op, data: &[f64]| {
        let x = given(ty(&[("b", 2), ("d", 2), ("e", 2)]), data);
        run(&[x], on(op)).expect_err("a fault")
    };
    let f = fault(&CHOLESKY, &[1., 0., 0., 1., 1., 2., 2., 1.]);
    assert_eq!((f.code.id, f.message.as_str()), ("E0711", "the matrix at b = 1 is not positive definite"));
    assert!(f.label.contains("order 2") && f.label.contains("axes d, e of size 2"), "{}", f.label);
    assert_eq!(fault(&INV, &[0., 0., 0., 1., 1., 0., 0., 1.]).code.id, "E0712");
    let infer = |op, dims: &[(&str, usize)], attrs| {
        let mut b = Builder::new(Precision::F64);
        let x = b.input(0, "x", &ty(dims));
        b.node(op, &[x], attrs).expect_err("a fault").code.id
    };
    assert_eq!(infer(&DET, &[("d", 2), ("e", 3)], axes()), "E0319");
    assert_eq!(infer(&DET, &[("d", 2)], axes()), "E0302");
    assert_eq!(infer(&DET, &[("d", 2)], Attrs::axes([axis_of("d")])), "E0304");
}

#[test]
fn empty_matrices_and_half_precision() {
    let out = run(&[given(ty(&[("d", 0), ("e", 0)]), &[])], on(&LOGDET)).expect("a value");
    assert_eq!(out[0].slice::<f64>(), [0.0]);
    let mut b = Builder::new(Precision::F32);
    let x = b.input(0, "x", &ArrayTy::clone(&ty(&[("d", 1), ("e", 1)])));
    let y = b.mk(&CHOLESKY, &[x], axes());
    let graph = b.finish(vec![y]);
    let out = evaluate(&graph, &[crate::tensor::Tensor::from_vec(&[1, 1], vec![9.0f32])]).expect("a value");
    assert_eq!(out[0].slice::<f32>(), [3.0]);
}

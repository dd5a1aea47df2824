//! Types, faults, determinism and gradients of draws.

use crate::ir::{Attrs, Builder, NodeId};
use crate::ops::testing::*;
use crate::ops::*;
use crate::types::{Dim, Elem, Precision};

fn draw(name: &'static str, n: i64, dims: Vec<Dim>) -> Attrs {
    Attrs::dims(dims).with_name(name).with_ints([42, n])
}

#[test]
fn gradients_hold_the_noise_fixed() {
    let dims = vec![dim("n", 4)];
    for name in ["normal", "laplace", "uniform"] {
        let op = |b: &mut Builder, x: &[NodeId]| vec![b.mk(&RANDOM, x, draw(name, 2, dims.clone()))];
        let second = given(ty(&[("d", 2), ("n", 4)]), &[1.5, 2.0, 2.5, 3.0, 1.1, 1.2, 1.3, 1.4]);
        check_gradients(&[sample(&[("n", 4)], 1), second], op);
        check_gradients(&[sample(&[], 1), given(ty(&[]), &[2.0])], op);
    }
    let rate = given(ty(&[("d", 2)]), &[1.5, 0.7]);
    check_gradients(std::slice::from_ref(&rate), |b, x| vec![b.mk(&RANDOM, x, draw("exponential", 1, dims.clone()))]);
    check_gradients(&[rate], |b, x| {
        let shape = b.real(2.0);
        vec![b.mk(&RANDOM, &[shape, x[0]], draw("gamma", 2, dims.clone()))]
    });
}

#[test]
fn loop_counters_and_keys_change_draws_and_nothing_else_does() {
    let one = |counter: f64, key: i64, n: usize| {
        let counter = given(of(Elem::Int, &[]), &[counter]);
        let out = run(&[counter], |b, x| {
            let (zero, one) = (b.real(0.0), b.real(1.0));
            vec![b.mk(&RANDOM, &[zero, one, x[0]], draw("normal", 2, vec![dim("n", n)]).with_ints([key, 2]))]
        });
        out.expect("a value")[0].to_f64()
    };
    assert_eq!(one(0.0, 1, 5), one(0.0, 1, 5));
    assert_eq!(one(0.0, 1, 3), one(0.0, 1, 5)[..3]);
    assert!(one(0.0, 1, 5) != one(1.0, 1, 5));
    assert!(one(0.0, 1, 5) != one(0.0, 2, 5));
}

#[test]
fn labels_permutations_and_samples() {
    let p = given(ty(&[("k", 3), ("d", 2)]), &[0., 1., 0., 0., 1., 0.]);
    let out =
        run(&[p], |b, x| vec![b.mk(&RANDOM, x, draw("categorical", 1, vec![dim("n", 3)]).with_axes([axis_of("k")]))])
            .expect("a value");
    assert_eq!(out[0].slice::<i64>(), [2, 0, 2, 0, 2, 0]);
    let out = run(&[], |b, _| {
        vec![
            b.mk(&RANDOM, &[], draw("permutation", 0, vec![dim("n", 9)])),
            b.mk(&RANDOM, &[], draw("sample", 0, vec![dim("m", 4), dim("n", 9)])),
        ]
    })
    .expect("a value");
    let mut all = out[0].slice::<i64>().to_vec();
    assert_eq!(all[..4], *out[1].slice::<i64>());
    all.sort();
    assert_eq!(all, (0..9).collect::<Vec<i64>>());
    let bad = given(ty(&[("d", 2), ("k", 2)]), &[0.5, 0.5, 1.0, -1.0]);
    let fault = run(&[bad], |b, x| vec![b.mk(&RANDOM, x, draw("categorical", 1, vec![]).with_axes([axis_of("k")]))]);
    let fault = fault.expect_err("a fault");
    assert!(fault.code.id == "E0713" && fault.label.contains("d = 1"), "{}", fault.label);
}

#[test]
fn faults() {
    let infer = |elem: Elem, attrs: Attrs| {
        let mut b = Builder::new(Precision::F64);
        let x = b.input(0, "x", &of(elem, &[]));
        b.node(&RANDOM, &[x], attrs).expect_err("a fault").code.id
    };
    assert_eq!(infer(Elem::Real, draw("normal", 1, vec![dim("n", 3)])), "E0401");
    assert_eq!(infer(Elem::Bool, draw("bernoulli", 1, vec![dim("n", 3)])), "E0401");
    assert_eq!(infer(Elem::Real, draw("zipf", 1, vec![dim("n", 3)])), "E0401");
    assert_eq!(infer(Elem::Int, draw("permutation", 0, vec![dim("n", 3), dim("m", 2)])), "E0304");
    assert_eq!(infer(Elem::Int, draw("sample", 0, vec![dim("m", 5), dim("n", 3)])), "E0318");
}

//! Drivers, reductions and contraction against plain loops, with their edges.

use super::{gemm, map, reduce};
use crate::tensor::Tensor;
use crate::types::{ArrayTy, Axis, Dim, Elem, Size};

fn ty(dims: &[(&str, usize)]) -> ArrayTy {
    ArrayTy::new(Elem::Real, dims.iter().map(|(a, n)| Dim::new(Axis::global(*a), Size::Known(*n))).collect())
}

fn axes(names: &[&str]) -> Vec<Axis> {
    names.iter().map(|a| Axis::global(*a)).collect()
}

/// Numbers that no two elements share.
fn sample(ty: &ArrayTy, seed: f64) -> Tensor {
    let shape = ty.shape().unwrap_or_default();
    let n: usize = shape.iter().product();
    Tensor::from_vec(&shape, (0..n).map(|i| libm::sin(seed + 1.7 * i as f64) * 2.0).collect())
}

fn narrow(x: &Tensor) -> Tensor {
    map::to_real(x.clone(), crate::types::Precision::F32)
}

/// The element of an array at coordinates given by name.
fn at(x: &Tensor, ty: &ArrayTy, coordinates: &[(Axis, usize)]) -> f64 {
    x.slice::<f64>()[index(ty, coordinates)]
}

fn index(ty: &ArrayTy, coordinates: &[(Axis, usize)]) -> usize {
    ty.dims.iter().fold(0, |index, dim| {
        let i = coordinates.iter().find(|(a, _)| *a == dim.axis).map_or(0, |c| c.1);
        index * dim.size.known().unwrap_or(0) + i
    })
}

/// All coordinates of a type, in storage order.
fn coordinates(ty: &ArrayTy) -> Vec<Vec<(Axis, usize)>> {
    let mut out = vec![Vec::new()];
    for dim in &ty.dims {
        let n = dim.size.known().unwrap_or(0);
        out = out
            .into_iter()
            .flat_map(|c: Vec<(Axis, usize)>| (0..n).map(move |i| [c.clone(), vec![(dim.axis.clone(), i)]].concat()))
            .collect();
    }
    out
}

fn union(a: &ArrayTy, b: &ArrayTy) -> ArrayTy {
    let more = b.dims.iter().filter(|d| !a.has(&d.axis)).cloned();
    ArrayTy::new(Elem::Real, a.dims.iter().cloned().chain(more).collect())
}

#[test]
fn operands_align_by_name() {
    let cases: &[(&[(&str, usize)], &[(&str, usize)])] = &[
        (&[], &[]),
        (&[("n", 3)], &[]),
        (&[], &[("n", 3)]),
        (&[("n", 3), ("k", 4)], &[("k", 4)]),
        (&[("n", 3), ("k", 4)], &[("n", 3)]),
        (&[("n", 3), ("k", 4)], &[("k", 4), ("n", 3)]),
        (&[("n", 3)], &[("m", 4)]),
        (&[("n", 2), ("k", 3), ("m", 4)], &[("m", 4), ("n", 2)]),
        (&[("n", 1), ("k", 3)], &[("k", 3), ("n", 1)]),
        (&[("n", 0), ("k", 3)], &[("k", 3)]),
        (&[("n", 70), ("k", 60), ("m", 11)], &[("m", 11), ("k", 60)]),
    ];
    for (a, b) in cases {
        let (ta, tb) = (ty(a), ty(b));
        let out = union(&ta, &tb);
        let (x, y) = (sample(&ta, 0.0), sample(&tb, 1.0));
        let keep = x.clone();
        let minus = |x: &[f64], y: &[f64], o: &mut [f64]| (0..o.len()).for_each(|i| o[i] = x[i] - y[i]);
        let minus32 = |x: &[f32], y: &[f32], o: &mut [f32]| (0..o.len()).for_each(|i| o[i] = x[i] - y[i]);
        let shared = map::binary(minus, minus32, x.clone(), &ta, y.clone(), &tb, &out);
        let expected: Vec<f64> = coordinates(&out).iter().map(|c| at(&x, &ta, c) - at(&y, &tb, c)).collect();
        assert_eq!(shared.to_f64(), expected, "{ta} - {tb}");
        assert_eq!(shared.shape(), out.shape().unwrap_or_default());
        drop(keep);
        // Nobody else holds the left side now: it is written in place.
        assert_eq!(map::binary(minus, minus32, x, &ta, y.clone(), &tb, &out), shared);
        let (x, wide) = (
            sample(&ta, 0.0),
            ty(&out.dims.iter().map(|d| (d.axis.name(), d.size.known().unwrap_or(0))).collect::<Vec<_>>()),
        );
        let (Tensor::F64(p), Tensor::F64(q)) = (&x, &y) else { unreachable!() };
        let less = map::zip2(p, &ta, q, &tb, &wide, |x: f64, y: f64| x < y);
        let expected: Vec<bool> = coordinates(&out).iter().map(|c| at(&x, &ta, c) < at(&y, &tb, c)).collect();
        assert_eq!(less.slice::<bool>(), expected);
        let Tensor::Bool(mask) = &less else { unreachable!() };
        let chosen = map::select(mask, p, q, [&wide, &ta, &tb], &out);
        let expected: Vec<f64> = coordinates(&out).iter().map(|c| at(&x, &ta, c).min(at(&y, &tb, c))).collect();
        assert_eq!(chosen.to_f64(), expected);
    }
}

#[test]
fn unary_writes_in_place_only_what_is_its_own() {
    let t = ty(&[("n", 40_000)]);
    let x = sample(&t, 0.0);
    let double = |x: &[f64], o: &mut [f64]| (0..o.len()).for_each(|i| o[i] = 2.0 * x[i]);
    let double32 = |x: &[f32], o: &mut [f32]| (0..o.len()).for_each(|i| o[i] = 2.0 * x[i]);
    let y = map::unary(double, double32, x.clone());
    assert_eq!(y.to_f64(), x.to_f64().iter().map(|v| 2.0 * v).collect::<Vec<_>>());
    let address = x.slice::<f64>().as_ptr();
    let y2 = map::unary(double, double32, x);
    assert_eq!(y2.slice::<f64>().as_ptr(), address);
    assert_eq!(y, y2);
}

/// Every reduction of several shapes, along several axes, against a loop over the elements.
fn against_loop(
    kernel: impl Fn(&Tensor, &ArrayTy, &[Axis]) -> Tensor,
    reference: impl Fn(&[f64]) -> f64,
    tolerance: f64,
) {
    let shapes: &[&[(&str, usize)]] =
        &[&[("k", 1)], &[("k", 700)], &[("n", 3), ("k", 5)], &[("k", 100), ("n", 9)], &[("n", 2), ("k", 3), ("m", 4)]];
    for shape in shapes {
        let t = ty(shape);
        let x = sample(&t, 0.3);
        for reduced in [&["k"][..], &["n"], &["n", "k"], &["k", "m"], &["m", "n"], &["n", "k", "m"], &[]] {
            let reduced = axes(reduced);
            if !reduced.iter().all(|a| t.has(a)) {
                continue;
            }
            let kept = ArrayTy::new(Elem::Real, t.without(&reduced));
            let expected: Vec<f64> = coordinates(&kept)
                .iter()
                .map(|c| {
                    let all = coordinates(&t);
                    let inside = all.iter().filter(|full| c.iter().all(|x| full.contains(x)));
                    reference(&inside.map(|full| at(&x, &t, full)).collect::<Vec<_>>())
                })
                .collect();
            let ours = kernel(&x, &t, &reduced);
            assert_eq!(Some(ours.shape().to_vec()), kept.shape());
            let ours32 = kernel(&narrow(&x), &t, &reduced);
            for ((a, b), c) in ours.to_f64().iter().zip(&expected).zip(ours32.to_f64()) {
                assert!((a - b).abs() <= tolerance * b.abs().max(1.0), "{t} along {reduced:?}: {a}, expected {b}");
                assert!((c - b).abs() <= 1e-4 * b.abs().max(1.0), "{t} along {reduced:?} at 32 bits: {c}, not {b}");
            }
        }
    }
}

#[test]
fn reductions_against_loops() {
    let checked = |f: fn(&Tensor, &ArrayTy, &[Axis]) -> Option<Tensor>| {
        move |x: &Tensor, t: &ArrayTy, a: &[Axis]| f(x, t, a).expect("no overflow")
    };
    against_loop(checked(reduce::sum), |v| v.iter().sum(), 1e-14);
    against_loop(checked(reduce::prod), |v| v.iter().product(), 1e-14);
    against_loop(reduce::max, |v| v.iter().fold(f64::NEG_INFINITY, |a, b| a.max(*b)), 0.0);
    against_loop(reduce::min, |v| v.iter().fold(f64::INFINITY, |a, b| a.min(*b)), 0.0);
    against_loop(reduce::logsumexp, |v| libm::log(v.iter().map(|x| libm::exp(*x)).sum::<f64>()), 1e-14);
    against_loop(reduce::norm, |v| v.iter().map(|x| x * x).sum::<f64>().sqrt(), 1e-14);
}

#[test]
fn softmax_keeps_the_order_of_axes() {
    let t = ty(&[("n", 2), ("k", 3), ("m", 4)]);
    let x = sample(&t, 0.1);
    for along in [axes(&["k"]), axes(&["m", "n"]), axes(&["n"])] {
        let p = reduce::softmax(&x, &t, &along);
        let log_p = reduce::log_softmax(&x, &t, &along);
        assert_eq!(p.shape(), x.shape());
        let totals = reduce::sum(&p, &t, &along).expect("no overflow").to_f64();
        assert!(totals.iter().all(|s| (s - 1.0).abs() < 1e-15));
        for (a, b) in p.to_f64().iter().zip(log_p.to_f64()) {
            assert!((libm::log(*a) - b).abs() < 1e-14);
        }
        let lse = reduce::logsumexp(&x, &t, &along);
        let kept = ArrayTy::new(Elem::Real, t.without(&along));
        for c in coordinates(&t) {
            assert!((at(&x, &t, &c) - at(&lse, &kept, &c) - at(&log_p, &t, &c)).abs() < 1e-14);
        }
    }
}

fn row(values: &[f64]) -> (Tensor, ArrayTy, Vec<Axis>) {
    (Tensor::from_vec(&[values.len()], values.to_vec()), ty(&[("k", values.len())]), axes(&["k"]))
}

#[test]
fn edges_of_reductions() {
    let inf = f64::INFINITY;
    let one = |f: fn(&Tensor, &ArrayTy, &[Axis]) -> Tensor, v: &[f64]| {
        let (x, t, k) = row(v);
        f(&x, &t, &k).to_f64()[0]
    };
    assert_eq!(one(reduce::logsumexp, &[1000.0, -1000.0]), 1000.0);
    assert_eq!(one(reduce::logsumexp, &[-1000.0, -1000.0]), -1000.0 + std::f64::consts::LN_2);
    assert_eq!(one(reduce::logsumexp, &[-inf, -inf]), -inf);
    assert_eq!(one(reduce::logsumexp, &[-inf, 2.0]), 2.0);
    assert_eq!(one(reduce::logsumexp, &[inf, 2.0]), inf);
    assert_eq!(one(reduce::logsumexp, &[]), -inf);
    assert!(one(reduce::logsumexp, &[f64::NAN, 2.0]).is_nan());
    // The maximum is 0 and the rest is far below one unit in the last place of 1.
    assert_eq!(one(reduce::logsumexp, &[0.0, -50.0]), libm::exp(-50.0));
    assert_eq!(one(reduce::norm, &[0.0, 0.0]), 0.0);
    assert!((one(reduce::norm, &[3e200, 4e200]) / 5e200 - 1.0).abs() < 4e-16);
    assert!((one(reduce::norm, &[3e-200, 4e-200]) / 5e-200 - 1.0).abs() < 4e-16);
    assert_eq!(one(reduce::norm, &[5e-324]), 5e-324);
    assert_eq!(one(reduce::norm, &[-inf, 1.0]), inf);
    assert!(one(reduce::norm, &[f64::NAN, 1.0]).is_nan());
    assert_eq!(one(reduce::norm, &[]), 0.0);
    assert!(one(reduce::max, &[1.0, f64::NAN, 3.0]).is_nan());
    assert_eq!(one(reduce::argmax, &[1.0, 3.0, 3.0]), 1.0);
    assert_eq!(one(reduce::argmin, &[3.0, 1.0, 1.0]), 1.0);
    assert_eq!(one(reduce::argmax, &[1.0, f64::NAN, 3.0, f64::NAN]), 1.0);
    assert_eq!(one(reduce::argmax, &[-inf, -inf]), 0.0);
    let (x, t, k) = row(&[1000.0, -1000.0, 999.0]);
    let p = reduce::softmax(&x, &t, &k).to_f64();
    assert!(p[1] == 0.0 && (p[0] + p[2] - 1.0).abs() < 1e-15);
    assert_eq!(reduce::log_softmax(&x, &t, &k).to_f64()[1], -2000.0 - libm::log1p(libm::exp(-1.0)));
    let (x, t, k) = row(&[-inf, 0.0]);
    assert_eq!(reduce::softmax(&x, &t, &k).to_f64(), [0.0, 1.0]);
    assert_eq!(reduce::log_softmax(&x, &t, &k).to_f64(), [-inf, 0.0]);
    let (x, t, k) = row(&[2.0, 0.0, 3.0]);
    assert_eq!(reduce::prod_others(&x, &t, &k).to_f64(), [0.0, 6.0, 0.0]);
    let (x, t, k) = row(&[]);
    assert_eq!(reduce::sum(&x, &t, &k).expect("sum").to_f64(), [0.0]);
    assert_eq!(reduce::prod(&x, &t, &k).expect("prod").to_f64(), [1.0]);
}

#[test]
fn sums_of_ints_and_truth_values() {
    let (t, k) = (ty(&[("k", 3)]), axes(&["k"]));
    let sum = |x: Tensor| reduce::sum(&x, &t, &k);
    assert_eq!(sum(Tensor::from_vec(&[3], vec![1i64, 2, 3])), Some(Tensor::scalar(6i64)));
    assert_eq!(sum(Tensor::from_vec(&[3], vec![i64::MAX, 1, 0])), None);
    assert_eq!(sum(Tensor::from_vec(&[3], vec![true, false, true])), Some(Tensor::scalar(2i64)));
    let mask = Tensor::from_vec(&[3], vec![true, false, true]);
    assert_eq!(reduce::any(&mask, &t, &k), Tensor::scalar(true));
    assert_eq!(reduce::all(&mask, &t, &k), Tensor::scalar(false));
}

#[test]
fn long_sums_of_f32_are_exact_to_the_last_place() {
    let n = 1_000_000;
    let x = Tensor::from_vec(&[n], vec![0.1f32; n]);
    let (t, k) = (ty(&[("n", n)]), axes(&["n"]));
    let expected = (0.1f32 as f64 * n as f64) as f32;
    assert_eq!(reduce::sum(&x, &t, &k), Some(Tensor::scalar(expected)));
    let columns = x.reshape(&[n / 8, 8]);
    let (t, k) = (ty(&[("n", n / 8), ("d", 8)]), axes(&["n"]));
    let sums = reduce::sum(&columns, &t, &k).expect("sum").to_f64();
    assert!(sums.iter().all(|s| *s == (0.1f32 as f64 * (n / 8) as f64) as f32 as f64));
}

fn contraction(a: &[(&str, usize)], b: &[(&str, usize)], along: &[&str]) {
    let (ta, tb, summed) = (ty(a), ty(b), axes(along));
    let (x, y) = (sample(&ta, 0.0), sample(&tb, 1.0));
    let all = union(&ta, &tb);
    let out = ArrayTy::new(Elem::Real, all.without(&summed));
    let ours = gemm::contract(&x, &ta, &y, &tb, &summed, &out).expect("reals");
    let ours32 = gemm::contract(&narrow(&x), &ta, &narrow(&y), &tb, &summed, &out).expect("reals");
    assert_eq!(Some(ours.shape().to_vec()), out.shape());
    let (mut product, all_coordinates) = (vec![0.0; ours.len()], coordinates(&all));
    let (xs, ys) = (x.to_f64(), y.to_f64());
    for c in &all_coordinates {
        product[index(&out, c)] += xs[index(&ta, c)] * ys[index(&tb, c)];
    }
    for ((a, b), c) in ours.to_f64().iter().zip(product).zip(ours32.to_f64()) {
        assert!((a - b).abs() < 1e-11, "{ta} @{along:?} {tb}: {a}, expected {b}");
        assert!((c - b).abs() < 1e-3, "{ta} @{along:?} {tb} at 32 bits: {c}, expected {b}");
    }
    let int = |x: &Tensor| Tensor::from_vec(x.shape(), x.to_f64().iter().map(|v| (v * 9.0) as i64).collect());
    let (xi, yi) = (int(&x), int(&y));
    let exact = gemm::contract(&xi, &ta, &yi, &tb, &summed, &out).expect("no overflow");
    let wide = |x: &Tensor| Tensor::from_vec(x.shape(), x.to_f64());
    let real = gemm::contract(&wide(&xi), &ta, &wide(&yi), &tb, &summed, &out).expect("reals");
    assert_eq!(exact.to_f64(), real.to_f64());
}

#[test]
fn contractions_in_every_layout() {
    contraction(&[("k", 5)], &[("k", 5)], &["k"]);
    contraction(&[("n", 3), ("k", 5)], &[("k", 5)], &["k"]);
    contraction(&[("k", 5)], &[("k", 5), ("m", 4)], &["k"]);
    // All layouts of a product of matrices, small and large enough for BLAS.
    for s in [1, 7] {
        let (n, k, m) = (("n", 3 * s), ("k", 5 * s), ("m", 4 * s));
        for a in [[n, k], [k, n]] {
            for b in [[k, m], [m, k]] {
                contraction(&a, &b, &["k"]);
            }
        }
        contraction(&[n, k], &[k], &["k"]);
        contraction(&[k, n], &[k], &["k"]);
        contraction(&[k], &[k, m], &["k"]);
        contraction(&[k], &[m, k], &["k"]);
    }
    // Batches, in every place.
    let (p, n, k, m) = (("p", 3), ("n", 11), ("k", 9), ("m", 8));
    for a in [[p, n, k], [n, p, k], [n, k, p], [k, n, p], [k, p, n]] {
        for b in [[p, k, m], [k, m, p], [m, k, p], [m, p, k]] {
            contraction(&a, &b, &["k"]);
        }
    }
    contraction(&[p, k], &[p, k], &["k"]);
    contraction(&[k, p], &[p, k], &["k"]);
    contraction(&[p, n], &[n, p], &["p", "n"]);
    // Several axes of each role, some of which cannot be seen as one.
    contraction(&[("i", 2), p, ("j", 3), k], &[p, k, m], &["k"]);
    contraction(&[n, ("x", 2), ("y", 3)], &[("x", 2), ("y", 3), m], &["x", "y"]);
    contraction(&[n, ("x", 2), ("y", 3)], &[("y", 3), m, ("x", 2)], &["x", "y"]);
    contraction(&[n, ("x", 2), ("y", 3)], &[("y", 3), m, ("x", 2)], &["y"]);
    // Axes of one coordinate and of none.
    contraction(&[("n", 1), k], &[k, ("m", 1)], &["k"]);
    contraction(&[n, ("k", 1)], &[("k", 1), m], &["k"]);
    contraction(&[("k", 1), n], &[m, ("k", 1)], &["k"]);
    contraction(&[n, ("k", 0)], &[("k", 0), m], &["k"]);
    contraction(&[("n", 0), k], &[k, m], &["k"]);
    // Long enough for blocks of rows and of columns.
    contraction(&[("n", 300), ("k", 90)], &[("k", 90), ("m", 100)], &["k"]);
    contraction(&[("k", 90), ("n", 70)], &[("m", 400), ("k", 90)], &["k"]);
}

#[test]
fn ints_that_overflow_have_no_product() {
    let t = ty(&[("k", 2)]);
    let x = Tensor::from_vec(&[2], vec![i64::MAX, 1]);
    let y = Tensor::from_vec(&[2], vec![2i64, 1]);
    let out = ArrayTy::scalar(Elem::Int);
    assert_eq!(gemm::contract(&x, &t, &y, &t, &axes(&["k"]), &out), None);
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let (ta, tb) = (ty(&[("n", 700), ("k", 160)]), ty(&[("k", 160), ("m", 90)]));
    let (x, y) = (sample(&ta, 0.0), sample(&tb, 1.0));
    let out = ty(&[("n", 700), ("m", 90)]);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| {
            let product = gemm::contract(&x, &ta, &y, &tb, &axes(&["k"]), &out);
            let sums = [&["n"][..], &["k"], &["n", "k"]].map(|a| reduce::sum(&x, &ta, &axes(a)));
            let lse = [&["n"][..], &["k"], &["n", "k"]].map(|a| reduce::logsumexp(&x, &ta, &axes(a)));
            (product, sums, lse)
        })
    };
    let one = run(1);
    assert!(one == run(2) && one == run(5));
}

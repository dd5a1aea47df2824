//! Printed values, as people see them.

use super::*;
use crate::types::{Dim, Size};

fn ty(elem: Elem, dims: &[(&str, usize)]) -> ArrayTy {
    ArrayTy::new(elem, dims.iter().map(|&(a, n)| Dim::new(Axis::global(a), Size::Known(n))).collect())
}

fn reals(dims: &[(&str, usize)], data: Vec<f64>) -> Value {
    let shape: Vec<usize> = dims.iter().map(|d| d.1).collect();
    Value::array(ty(Elem::Real, dims), Tensor::from_vec(&shape, data))
}

fn scalar(v: f64) -> Value {
    reals(&[], vec![v])
}

#[test]
fn reals_have_sensible_digits() {
    let expected = [
        (0.25, "0.25"),
        (1.0 / 3.0, "0.333333"),
        (2.0, "2"),
        (-0.0, "0"),
        (1234567.0, "1234567"),
        (1234567.25, "1234570"),
        (0.1 + 0.2, "0.3"),
        (1e9, "1e9"),
        (1.5e-7, "1.5e-7"),
        (0.000123456789, "0.000123457"),
        (-1e300, "-1e300"),
        (999999.5, "1000000"),
        (5e-324, "4.94066e-324"),
        (f64::NAN, "nan"),
        (f64::NEG_INFINITY, "-inf"),
    ];
    for (value, text) in expected {
        assert_eq!(real(value, DIGITS), text);
    }
}

#[test]
fn arrays_show_their_axes_and_are_cut() {
    assert_eq!(to_text(&scalar(0.5), 80), "0.5");
    assert_eq!(to_text(&reals(&[("k", 3)], vec![1.0, 2.5, -3.0]), 80), "[1, 2.5, -3] : real[k: 3]");
    let small = reals(&[("n", 2), ("d", 3)], vec![1.0, 0.25, 100.0, -2.0, 1.5, 1e-9]);
    let text = "real[n: 2, d: 3]\n  n \\ d   0  1     2\n      0   1  0.25  100\n      1  -2  1.5     1e-9";
    assert_eq!(to_text(&small, 80), text.replace("0  1     2", "0     1       2"), "{}", to_text(&small, 80));
    let large = to_text(&reals(&[("n", 1797), ("d", 64)], (0..1797 * 64).map(|i| i as f64 / 16.0).collect()), 80);
    assert!(large.starts_with("real[n: 1797, d: 64]\n"), "{large}");
    assert!(large.lines().all(|l| l.chars().count() <= 80) && large.lines().count() == 12, "{large}");
    assert!(large.contains("1796") && large.contains('…') && large.contains("63"), "{large}");
    let cube = to_text(&reals(&[("a", 3), ("b", 2), ("c", 2)], (0..12).map(f64::from).collect()), 80);
    assert!(cube.contains("a = 0") && cube.contains("a = 1") && cube.contains("… 1 more grid"), "{cube}");
    assert_eq!(to_text(&reals(&[("n", 0), ("d", 3)], vec![]), 80), "real[n: 0, d: 3]  (empty)");
    let long = to_text(&reals(&[("t", 100_000)], (0..100_000).map(f64::from).collect()), 60);
    assert!(long.lines().count() == 3 && long.lines().all(|l| l.chars().count() <= 60), "{long}");
}

#[test]
fn labels_show_class_names() {
    let names: Arc<[String]> = ["cat".to_string(), "dog".to_string()].into();
    let k = Axis::global("k");
    let value = ArrayValue {
        ty: ty(Elem::Label(k.clone()), &[("n", 3)]),
        data: Tensor::from_vec(&[3], vec![0i64, 1, 0]),
        names: vec![(k, names)],
    };
    assert_eq!(to_text(&Value::Array(value.clone()), 80), "[cat, dog, cat] : label k [n: 3]");
    let json = to_json(&Value::Array(value));
    let expected = r#"{"type":"label k [n: 3]","axes":["n"],"shape":[3],"names":{"k":["cat","dog"]},"data":[0,1,0]}"#;
    assert_eq!(json.to_string(), expected);
}

#[test]
fn records_and_lists_are_trees() {
    let small = Value::Record(vec![("loss".into(), scalar(0.25)), ("name".into(), Value::text("adam"))]);
    assert_eq!(to_text(&small, 80), "{loss: 0.25, name: adam}");
    let w = reals(&[("d", 64), ("k", 10)], vec![0.5; 640]);
    let model = Value::Record(vec![("w".into(), w), ("b".into(), reals(&[("k", 2)], vec![0.0, 1.0]))]);
    let text = to_text(&Value::Record(vec![("layer".into(), model), ("lr".into(), scalar(0.1))]), 60);
    assert!(text.starts_with("layer:\n  w: real[d: 64, k: 10]\n"), "{text}");
    assert!(text.contains("\n  b: [0, 1] : real[k: 2]\nlr: 0.1"), "{text}");
    let list = to_text(&Value::List((0..1000).map(|i| scalar(f64::from(i))).collect()), 80);
    assert!(list.ends_with("… 990 more, 1000 in all"), "{list}");
    assert_eq!(to_text(&Value::List(vec![]), 80), "[]");
    let f = Value::Function("f(x: real[k]) -> real".into());
    assert_eq!(to_text(&Value::List(vec![f]), 80), "[f(x: real[k]) -> real]");
}

#[test]
fn json_is_exact() {
    let value =
        Value::array(ty(Elem::Real, &[("n", 4)]), Tensor::from_vec(&[4], vec![0.1f32, f32::NAN, f32::MAX, -0.0]));
    assert_eq!(to_json(&value)["data"].to_string(), "[0.1,\"nan\",3.4028235e+38,-0.0]");
    let value = reals(&[("n", 3)], vec![0.1 + 0.2, f64::INFINITY, 5e-324]);
    assert_eq!(to_json(&value)["data"].to_string(), "[0.30000000000000004,\"inf\",5e-324]");
    assert_eq!(to_json(&scalar(1.0)).to_string(), "1.0");
}

#[test]
fn tables_align_and_export() {
    let table = Table::new(vec![
        Column::new("tau", vec![Cell::Real(0.0), Cell::Real(0.5), Cell::Int(10)]),
        Column::new("method", vec![Cell::Text("a".into()), Cell::Text("long name".into()), Cell::Missing]),
        Column::new(
            "accuracy",
            vec![
                Cell::Spread { mean: 0.9531, std: 0.0042 },
                Cell::Spread { mean: 0.9, std: 0.011 },
                Cell::Spread { mean: f64::NAN, std: f64::NAN },
            ],
        ),
    ]);
    let text = table.to_text();
    let expected = " tau  method            accuracy
────  ─────────  ───────────────
 0    a          0.9531 ± 0.0042
 0.5  long name  0.900  ± 0.011
10    –             nan ±    nan";
    assert_eq!(text, expected, "\n{text}");
    let csv = String::from_utf8(table.to_csv()).expect("text");
    assert!(csv.starts_with("tau,method,accuracy_mean,accuracy_std\n0,a,0.9531,0.0042\n"), "{csv}");
}

//! Values as JSON, in full precision: every element of an array, non-finite numbers as the texts "nan", "inf", "-inf".

use super::{ArrayValue, Cell, Table, Value};
use crate::tensor::Tensor;
use serde_json::{Map, Value as Json, json};

/// Scalars become numbers, truth values, or class names where they are known; arrays become
/// `{"type": "real[n: 2]", "axes": ["n"], "shape": [2], "data": [...]}` with nested lists in storage order and, for
/// labels and named columns, `"names": {axis: [...]}`; records and lists become objects and lists.
pub fn to_json(value: &Value) -> Json {
    match value {
        Value::Array(array) => array_json(array),
        Value::Record(fields) => Json::Object(fields.iter().map(|(name, v)| (name.clone(), to_json(v))).collect()),
        Value::List(items) | Value::Tuple(items) => Json::Array(items.iter().map(to_json).collect()),
        Value::Text(text) => Json::String(text.clone()),
        Value::Function(signature) => json!({ "function": signature }),
        Value::Table(table) => table_json(table),
        Value::Opaque(text) => json!({ "value": text }),
    }
}

fn array_json(array: &ArrayValue) -> Json {
    let shape = array.data.shape();
    if shape.is_empty() {
        return element(&array.data, 0);
    }
    let mut object = Map::new();
    object.insert("type".into(), Json::String(array.header()));
    object.insert("axes".into(), array.ty.axes().map(|a| Json::String(a.to_string())).collect());
    object.insert("shape".into(), shape.iter().map(|&n| Json::from(n)).collect());
    if !array.names.is_empty() {
        let names = array.names.iter().map(|(axis, names)| (axis.to_string(), json!(names.to_vec())));
        object.insert("names".into(), Json::Object(names.collect()));
    }
    object.insert("data".into(), nested(&array.data, shape, 0));
    Json::Object(object)
}

fn nested(data: &Tensor, shape: &[usize], base: usize) -> Json {
    match shape {
        [] => element(data, base),
        [n, inner @ ..] => {
            let step: usize = inner.iter().product();
            Json::Array((0..*n).map(|i| nested(data, inner, base + i * step)).collect())
        }
    }
}

fn element(data: &Tensor, at: usize) -> Json {
    match data {
        Tensor::F64(_) => number(data.slice::<f64>()[at]),
        // The shortest decimal that reads back as the same 32-bit number.
        Tensor::F32(_) => {
            let value = data.slice::<f32>()[at];
            number(value.to_string().parse().unwrap_or_else(|_| f64::from(value)))
        }
        Tensor::I64(_) => Json::from(data.slice::<i64>()[at]),
        Tensor::Bool(_) => Json::from(data.slice::<bool>()[at]),
    }
}

/// A finite number as itself; the others as texts, since JSON has none.
fn number(value: f64) -> Json {
    if value.is_finite() {
        return Json::from(value);
    }
    Json::from(if value.is_nan() {
        "nan"
    } else if value > 0.0 {
        "inf"
    } else {
        "-inf"
    })
}

fn table_json(table: &Table) -> Json {
    let cell = |cell: &Cell| match cell {
        Cell::Real(v) => number(*v),
        Cell::Int(v) => Json::from(*v),
        Cell::Bool(v) => Json::from(*v),
        Cell::Text(text) => Json::String(text.clone()),
        Cell::Spread { mean, std } => json!({ "mean": number(*mean), "std": number(*std) }),
        Cell::Missing => Json::Null,
    };
    let column = |c: &super::Column| (c.name.clone(), c.cells.iter().map(cell).collect());
    Json::Object(table.columns.iter().map(column).collect())
}

//! Numbers and arrays as JSON, with full precision: the shortest digits that read back to the same number. What JSON
//! has no number for is a text: `"nan"`, `"inf"`, `"-inf"`.

use crate::tensor::Tensor;
use serde_json::Value;

/// A 64-bit real.
pub fn real(x: f64) -> Value {
    match serde_json::Number::from_f64(x) {
        Some(number) => Value::Number(number),
        None if x.is_nan() => Value::from("nan"),
        None if x > 0.0 => Value::from("inf"),
        None => Value::from("-inf"),
    }
}

/// A 32-bit real: its own shortest digits, not those of the 64-bit number it widens to.
pub fn real32(x: f32) -> Value {
    if !x.is_finite() {
        return real(f64::from(x));
    }
    real(x.to_string().parse().unwrap_or(f64::from(x)))
}

/// An array as nested lists in storage order; a scalar as itself.
pub fn tensor(tensor: &Tensor) -> Value {
    let shape = tensor.shape();
    match tensor {
        Tensor::F64(a) => nest(shape, &mut a.iter().map(|&x| real(x))),
        Tensor::F32(a) => nest(shape, &mut a.iter().map(|&x| real32(x))),
        Tensor::I64(a) => nest(shape, &mut a.iter().map(|&x| Value::from(x))),
        Tensor::Bool(a) => nest(shape, &mut a.iter().map(|&x| Value::from(x))),
    }
}

fn nest(shape: &[usize], elements: &mut dyn Iterator<Item = Value>) -> Value {
    match shape.split_first() {
        None => elements.next().unwrap_or(Value::Null),
        Some((len, inner)) => Value::Array((0..*len).map(|_| nest(inner, elements)).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_every_bit() {
        for x in [0.1, 1.0 / 3.0, 1e300, 5e-324, -0.0, 123456789.123] {
            assert_eq!(real(x).to_string().parse::<f64>().map(f64::to_bits), Ok(x.to_bits()));
        }
        assert_eq!(real32(0.1).to_string(), "0.1");
        let t = Tensor::from_vec(&[2, 2], vec![1.0, f64::NAN, f64::INFINITY, -f64::INFINITY]);
        assert_eq!(tensor(&t).to_string(), r#"[[1.0,"nan"],["inf","-inf"]]"#);
        assert_eq!(tensor(&Tensor::scalar(3i64)).to_string(), "3");
        assert_eq!(tensor(&Tensor::from_vec::<f64>(&[2, 0], vec![])).to_string(), "[[],[]]");
    }
}

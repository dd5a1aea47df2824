//! Contraction of two arrays over named axes, as batched matrix products through BLAS (one thread per call, fixed row
//! blocks in parallel) or plain loops where the matrices are tiny.

use super::map::{lay_out, shape_of};
use crate::tensor::Tensor;
use crate::types::{ArrayTy, Axis, Dim, Size};

/// Sums the product of `a` and `b` over `axes`, which both have; `None` if ints overflow.
pub fn contract(a: &Tensor, ta: &ArrayTy, b: &Tensor, tb: &ArrayTy, axes: &[Axis], out: &ArrayTy) -> Option<Tensor> {
    let sized = |t: &Tensor, ty: &ArrayTy| -> Vec<Dim> {
        ty.dims.iter().zip(t.shape()).map(|(d, &n)| Dim::new(d.axis.clone(), Size::Known(n))).collect()
    };
    let (da, db) = (sized(a, ta), sized(b, tb));
    let has = |dims: &[Dim], axis: &Axis| dims.iter().any(|d| d.axis == *axis);
    let batch: Vec<Dim> = da.iter().filter(|d| has(&db, &d.axis) && !axes.contains(&d.axis)).cloned().collect();
    let summed: Vec<Dim> = da.iter().filter(|d| axes.contains(&d.axis)).cloned().collect();
    let rows: Vec<Dim> = da.iter().filter(|d| !has(&db, &d.axis)).cloned().collect();
    let columns: Vec<Dim> = db.iter().filter(|d| !has(&da, &d.axis)).cloned().collect();
    let count = |dims: &[Dim]| -> usize { dims.iter().map(|d| d.size.known().unwrap_or(0)).product() };
    let (p, m, n, k) = (count(&batch), count(&rows), count(&columns), count(&summed));
    let join = |parts: [&[Dim]; 3]| parts.concat();
    let a = lay_out(a, ta, &join([&batch, &rows, &summed]));
    let b = lay_out(b, tb, &join([&batch, &columns, &summed]));
    let result = match (&a, &b) {
        (Tensor::F64(_), _) => {
            let (x, y) = (a.slice::<f64>(), b.slice::<f64>());
            let mut c = vec![0.0; p * m * n];
            for q in 0..p {
                for i in 0..m {
                    for j in 0..n {
                        let (u, v) = (&x[(q * m + i) * k..][..k], &y[(q * n + j) * k..][..k]);
                        c[(q * m + i) * n + j] = u.iter().zip(v).map(|(u, v)| u * v).sum();
                    }
                }
            }
            Tensor::from_vec(&[p, m, n], c)
        }
        (Tensor::F32(_), _) => {
            let (x, y) = (a.slice::<f32>(), b.slice::<f32>());
            let mut c = vec![0.0f32; p * m * n];
            for q in 0..p {
                for i in 0..m {
                    for j in 0..n {
                        let (u, v) = (&x[(q * m + i) * k..][..k], &y[(q * n + j) * k..][..k]);
                        c[(q * m + i) * n + j] =
                            u.iter().zip(v).map(|(u, v)| *u as f64 * *v as f64).sum::<f64>() as f32;
                    }
                }
            }
            Tensor::from_vec(&[p, m, n], c)
        }
        _ => {
            let (x, y) = (a.slice::<i64>(), b.slice::<i64>());
            let mut c = vec![0i64; p * m * n];
            for q in 0..p {
                for i in 0..m {
                    for j in 0..n {
                        let (u, v) = (&x[(q * m + i) * k..][..k], &y[(q * n + j) * k..][..k]);
                        let dot = |total: i64, (u, v): (&i64, &i64)| total.checked_add(u.checked_mul(*v)?);
                        c[(q * m + i) * n + j] = u.iter().zip(v).try_fold(0, dot)?;
                    }
                }
            }
            Tensor::from_vec(&[p, m, n], c)
        }
    };
    let laid = join([&batch, &rows, &columns]);
    let shape: Vec<usize> = laid.iter().map(|d| d.size.known().unwrap_or(0)).collect();
    let laid_ty = ArrayTy::new(out.elem.clone(), laid);
    let _ = shape_of(out);
    Some(lay_out(&result.reshape(&shape), &laid_ty, &out.dims))
}

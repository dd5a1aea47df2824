//! Factorisations and systems, one matrix at a time, row-major slices of `f64` in and out, through LAPACK. A stack of
//! matrices is worked on in parallel, each by one thread, failures reported in order. What LAPACK leaves open is
//! fixed here: symmetric functions see `(a + aᵀ) / 2`; each eigenvector and each left singular vector has its
//! largest entry (the first of equals) positive; the diagonal of `r` is not negative. An input that holds NaN or an
//! infinity gives NaN everywhere.

use super::blas;
use lax::layout::MatrixLayout;
use lax::{JobSvd, Lapack, UPLO};
use rayon::prelude::*;

/// Why a matrix has no such factorisation or solution. Positions count from 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Failure {
    /// The leading minor of this order is not positive.
    NotDefinite(usize),
    /// The pivot of this number is exactly zero.
    Singular(usize),
    /// The iteration did not converge.
    NoConvergence,
}

/// The results of one matrix, output after output.
pub type Solved = Result<Vec<Vec<f64>>, Failure>;

/// Runs `f` for each matrix of a stack, and joins each output; `Err` names the first that failed.
pub fn stack(
    count: usize,
    outputs: usize,
    f: impl Fn(usize) -> Solved + Sync,
) -> Result<Vec<Vec<f64>>, (usize, Failure)> {
    blas::single_thread();
    let results: Vec<Solved> = (0..count).into_par_iter().map(&f).collect();
    let mut joined = vec![Vec::new(); outputs];
    for (i, result) in results.into_iter().enumerate() {
        let parts = result.map_err(|failure| (i, failure))?;
        joined.iter_mut().zip(parts).for_each(|(all, part)| all.extend(part));
    }
    Ok(joined)
}

fn columns(rows: usize, cols: usize) -> MatrixLayout {
    MatrixLayout::F { col: cols as i32, lda: rows as i32 }
}

/// Row-major `rows × cols` to column-major.
pub fn transpose(a: &[f64], rows: usize, cols: usize) -> Vec<f64> {
    let mut out = Vec::with_capacity(a.len());
    for j in 0..cols {
        out.extend((0..rows).map(|i| a[i * cols + j]));
    }
    out
}

fn symmetric(a: &[f64], n: usize) -> Vec<f64> {
    let mut out = a.to_vec();
    for i in 0..n {
        for j in 0..i {
            let mean = 0.5 * a[i * n + j] + 0.5 * a[j * n + i];
            out[i * n + j] = mean;
            out[j * n + i] = mean;
        }
    }
    out
}

fn finite(a: &[f64]) -> bool {
    a.iter().all(|x| x.is_finite())
}

fn nans(lens: &[usize]) -> Solved {
    Ok(lens.iter().map(|&n| vec![f64::NAN; n]).collect())
}

fn code(error: lax::error::Error) -> usize {
    match error {
        lax::error::Error::LapackComputationalFailure { return_code } => return_code.max(0) as usize,
        _ => 0,
    }
}

/// The lower triangular `l` with `l lᵀ = a`.
pub fn cholesky(a: &[f64], n: usize) -> Solved {
    if n == 0 {
        return Ok(vec![Vec::new()]);
    }
    if !finite(a) {
        return nans(&[n * n]);
    }
    // Symmetric, so that row-major and column-major are the same.
    let mut l = symmetric(a, n);
    f64::cholesky(columns(n, n), UPLO::Lower, &mut l).map_err(|e| Failure::NotDefinite(code(e)))?;
    let mut l = transpose(&l, n, n);
    for i in 0..n {
        l[i * n + i + 1..(i + 1) * n].fill(0.0);
    }
    Ok(vec![l])
}

/// `p a = l u` with `l` and `u` in one row-major matrix, and the row that stands in each place.
struct Lu {
    factors: Vec<f64>,
    order: Vec<usize>,
    odd: bool,
}

fn lu(a: &[f64], n: usize) -> Result<Lu, Failure> {
    let mut factors = transpose(a, n, n);
    let pivots = f64::lu(columns(n, n), &mut factors).map_err(|e| Failure::Singular(code(e)))?;
    let mut order: Vec<usize> = (0..n).collect();
    let mut odd = false;
    for (i, &p) in pivots.iter().enumerate() {
        let p = p as usize - 1;
        order.swap(i, p);
        odd ^= i != p;
    }
    Ok(Lu { factors: transpose(&factors, n, n), order, odd })
}

/// `x` with `a x = b`; `b` and `x` are row-major `n × m`.
pub fn solve(a: &[f64], b: &[f64], n: usize, m: usize) -> Solved {
    if n == 0 || m == 0 {
        return Ok(vec![b.to_vec()]);
    }
    if !finite(a) {
        return nans(&[n * m]);
    }
    let lu = lu(a, n)?;
    let mut x: Vec<f64> = lu.order.iter().flat_map(|&row| &b[row * m..(row + 1) * m]).copied().collect();
    substitute(&lu.factors, &mut x, n, m, Triangle { upper: false, transposed: false, unit: true })?;
    substitute(&lu.factors, &mut x, n, m, Triangle { upper: true, transposed: false, unit: false })?;
    Ok(vec![x])
}

/// Which triangle of a matrix is meant, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Triangle {
    pub upper: bool,
    pub transposed: bool,
    /// The diagonal counts as ones.
    pub unit: bool,
}

/// `x` with `t x = b`, `t` one triangle of `a`.
pub fn triangular_solve(a: &[f64], b: &[f64], n: usize, m: usize, triangle: Triangle) -> Solved {
    let mut x = b.to_vec();
    substitute(a, &mut x, n, m, triangle)?;
    Ok(vec![x])
}

/// Substitution in place, forward or backward, all right-hand sides of a row at once.
fn substitute(a: &[f64], x: &mut [f64], n: usize, m: usize, triangle: Triangle) -> Result<(), Failure> {
    let at = |i: usize, j: usize| if triangle.transposed { a[j * n + i] } else { a[i * n + j] };
    let from_below = triangle.upper != triangle.transposed;
    for step in 0..n {
        let i = if from_below { n - 1 - step } else { step };
        for before in 0..step {
            let j = if from_below { n - 1 - before } else { before };
            let factor = at(i, j);
            if factor == 0.0 {
                continue;
            }
            let (low, high) = x.split_at_mut(i.max(j) * m);
            let (target, source) = match i > j {
                true => (&mut high[..m], &low[j * m..(j + 1) * m]),
                false => (&mut low[i * m..(i + 1) * m], &high[..m]),
            };
            target.iter_mut().zip(source).for_each(|(t, &s)| *t -= factor * s);
        }
        if !triangle.unit {
            let pivot = at(i, i);
            if pivot == 0.0 {
                return Err(Failure::Singular(i + 1));
            }
            x[i * m..(i + 1) * m].iter_mut().for_each(|x| *x /= pivot);
        }
    }
    Ok(())
}

/// The inverse.
pub fn inv(a: &[f64], n: usize) -> Solved {
    let mut one = vec![0.0; n * n];
    (0..n).for_each(|i| one[i * n + i] = 1.0);
    solve(a, &one, n, n)
}

/// The determinant as its sign (0 for a singular matrix) and the pivots' magnitudes.
fn pivots(a: &[f64], n: usize) -> (f64, Vec<f64>) {
    match lu(a, n) {
        Err(_) => (0.0, Vec::new()),
        Ok(lu) => {
            let diagonal = (0..n).map(|i| lu.factors[i * n + i]);
            let negative = diagonal.clone().filter(|x| *x < 0.0).count() % 2 == 1;
            (if lu.odd != negative { -1.0 } else { 1.0 }, diagonal.map(f64::abs).collect())
        }
    }
}

/// The determinant; 1 for the empty matrix.
pub fn det(a: &[f64], n: usize) -> Solved {
    if !finite(a) {
        return nans(&[1]);
    }
    if n == 0 {
        return Ok(vec![vec![1.0]]);
    }
    let (sign, diagonal) = pivots(a, n);
    Ok(vec![vec![diagonal.iter().fold(sign, |product, x| product * x)]])
}

/// The logarithm of the determinant: minus infinity for a singular matrix, NaN where the determinant is negative.
pub fn logdet(a: &[f64], n: usize) -> Solved {
    if !finite(a) {
        return nans(&[1]);
    }
    if n == 0 {
        return Ok(vec![vec![0.0]]);
    }
    let (sign, diagonal) = pivots(a, n);
    let value = match sign {
        s if s > 0.0 => diagonal.iter().map(|&x| super::math::log(x)).sum(),
        s if s < 0.0 => f64::NAN,
        _ => f64::NEG_INFINITY,
    };
    Ok(vec![vec![value]])
}

/// The matrix of cofactors, `det(a) a⁻ᵀ`, finite for singular matrices too: with `a = u s vᵀ` it is
/// `det(u) det(v) u s' vᵀ`, each `s'` the product of the other singular values.
pub fn cofactor(a: &[f64], n: usize) -> Solved {
    if n == 0 {
        return Ok(vec![Vec::new()]);
    }
    if !finite(a) {
        return nans(&[n * n]);
    }
    let parts = svd(a, n, n)?;
    let (u, s, v) = (&parts[0], &parts[1], &parts[2]);
    let sign = pivots(u, n).0 * pivots(v, n).0;
    let others: Vec<f64> = (0..n).map(|k| (0..n).filter(|&j| j != k).map(|j| s[j]).product::<f64>() * sign).collect();
    let mut out = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..n {
            out[i * n + j] = (0..n).map(|k| u[i * n + k] * others[k] * v[j * n + k]).sum();
        }
    }
    Ok(vec![out])
}

/// True if the entry of largest magnitude of a vector, the first of equals, is negative.
fn points_down(v: impl Iterator<Item = f64>) -> bool {
    let mut largest = 0.0f64;
    // Entries that differ by rounding only must not decide.
    v.for_each(|x| {
        if x.abs() > largest.abs() * (1.0 + 1e-10) {
            largest = x;
        }
    });
    largest < 0.0
}

/// Eigenvalues, ascending, and eigenvectors as columns of an `n × n` matrix.
pub fn eigh(a: &[f64], n: usize) -> Solved {
    if n == 0 {
        return Ok(vec![Vec::new(), Vec::new()]);
    }
    if !finite(a) {
        return nans(&[n, n * n]);
    }
    let mut vectors = symmetric(a, n);
    let values = f64::eigh(true, columns(n, n), UPLO::Lower, &mut vectors).map_err(|_| Failure::NoConvergence)?;
    for v in vectors.chunks_mut(n) {
        if points_down(v.iter().copied()) {
            v.iter_mut().for_each(|x| *x = -*x);
        }
    }
    Ok(vec![values, transpose(&vectors, n, n)])
}

/// Thin singular value decomposition: `u` (`m × k`), `s` descending, `v` (`n × k`), `k` the smaller side.
pub fn svd(a: &[f64], m: usize, n: usize) -> Solved {
    let k = m.min(n);
    if k == 0 {
        return Ok(vec![Vec::new(), Vec::new(), Vec::new()]);
    }
    if !finite(a) {
        return nans(&[m * k, k, n * k]);
    }
    let mut work = transpose(a, m, n);
    let parts = f64::svddc(columns(m, n), JobSvd::Some, &mut work).map_err(|_| Failure::NoConvergence)?;
    let (Some(mut u), Some(mut vt)) = (parts.u, parts.vt) else { return Err(Failure::NoConvergence) };
    for j in 0..k {
        if points_down(u[j * m..(j + 1) * m].iter().copied()) {
            u[j * m..(j + 1) * m].iter_mut().for_each(|x| *x = -*x);
            vt.iter_mut().skip(j).step_by(k).for_each(|x| *x = -*x);
        }
    }
    // Column-major k × n is row-major n × k.
    Ok(vec![transpose(&u, k, m), parts.s, vt])
}

/// Thin QR: `q` (`m × k`) with orthonormal columns, `r` (`k × n`) upper trapezoidal with a diagonal that is not
/// negative.
pub fn qr(a: &[f64], m: usize, n: usize) -> Solved {
    let k = m.min(n);
    if k == 0 {
        return Ok(vec![vec![0.0; m * k], vec![0.0; k * n]]);
    }
    if !finite(a) {
        return nans(&[m * k, k * n]);
    }
    let mut q = transpose(a, m, n);
    let packed = f64::qr(columns(m, n), &mut q).map_err(|_| Failure::NoConvergence)?;
    let mut r = vec![0.0; k * n];
    for i in 0..k {
        let negative = packed[i * m + i] < 0.0;
        for j in i..n {
            r[i * n + j] = if negative { -packed[j * m + i] } else { packed[j * m + i] };
        }
        if negative {
            q[i * m..(i + 1) * m].iter_mut().for_each(|x| *x = -*x);
        }
    }
    q.truncate(m * k);
    Ok(vec![transpose(&q, k, m), r])
}

/// The least-squares solution of smallest norm of `a x = b` (`a` is `m × n`, `b` is `m × c`, `x` is `n × c`), by
/// singular values; those below rounding of the largest count as zero.
pub fn lstsq(a: &[f64], b: &[f64], m: usize, n: usize, c: usize) -> Solved {
    let k = m.min(n);
    if !finite(a) || !finite(b) {
        return nans(&[n * c]);
    }
    let parts = svd(a, m, n)?;
    let (u, s, v) = (&parts[0], &parts[1], &parts[2]);
    let cut = f64::EPSILON * m.max(n) as f64 * s.first().copied().unwrap_or(0.0);
    let mut x = vec![0.0; n * c];
    for i in (0..k).filter(|&i| s[i] > cut) {
        let mut row = vec![0.0; c];
        for p in 0..m {
            let factor = u[p * k + i] / s[i];
            row.iter_mut().zip(&b[p * c..(p + 1) * c]).for_each(|(r, &b)| *r += factor * b);
        }
        for p in 0..n {
            let factor = v[p * k + i];
            x[p * c..(p + 1) * c].iter_mut().zip(&row).for_each(|(x, &r)| *x += factor * r);
        }
    }
    Ok(vec![x])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(rows: usize, cols: usize, seed: u64) -> Vec<f64> {
        let mut state = seed.wrapping_mul(0x9E3779B97F4A7C15) | 1;
        (0..rows * cols)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
            })
            .collect()
    }

    fn product(a: &[f64], b: &[f64], m: usize, k: usize, n: usize) -> Vec<f64> {
        let mut out = vec![0.0; m * n];
        for (i, j) in (0..m).flat_map(|i| (0..n).map(move |j| (i, j))) {
            out[i * n + j] = (0..k).map(|p| a[i * k + p] * b[p * n + j]).sum();
        }
        out
    }

    fn close(a: &[f64], b: &[f64]) {
        assert_eq!(a.len(), b.len());
        let off = a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
        assert!(off < 1e-10, "{off}: {a:?} against {b:?}");
    }

    fn get(solved: Solved) -> Vec<Vec<f64>> {
        solved.expect("a solution")
    }

    #[test]
    fn cholesky_multiplies_back_and_names_the_minor() {
        let n = 7;
        let b = sample(n, n, 1);
        let mut a = product(&b, &transpose(&b, n, n), n, n, n);
        (0..n).for_each(|i| a[i * n + i] += 1.0);
        let l = &get(cholesky(&a, n))[0];
        close(&product(l, &transpose(l, n, n), n, n, n), &a);
        assert_eq!(l[1], 0.0);
        a[2 * n + 2] = -5.0;
        assert_eq!(cholesky(&a, n), Err(Failure::NotDefinite(3)));
        assert_eq!(get(cholesky(&[], 0)), [vec![0.0; 0]]);
        assert!(get(cholesky(&[f64::NAN], 1))[0][0].is_nan());
    }

    #[test]
    fn systems() {
        let (n, m) = (6, 3);
        let (a, x) = (sample(n, n, 2), sample(n, m, 3));
        close(&get(solve(&a, &product(&a, &x, n, n, m), n, m))[0], &x);
        let one = product(&a, &get(inv(&a, n))[0], n, n, n);
        assert!((one[0] - 1.0).abs() < 1e-10 && one[1].abs() < 1e-10);
        for (upper, transposed) in [(false, false), (true, false), (false, true), (true, true)] {
            let mut t = a.clone();
            (0..n).for_each(|i| t[i * n + i] += 2.0);
            let mut masked = t.clone();
            for (i, j) in (0..n).flat_map(|i| (0..n).map(move |j| (i, j))) {
                if (upper && i > j) || (!upper && i < j) {
                    masked[i * n + j] = 0.0;
                }
            }
            let full = if transposed { transpose(&masked, n, n) } else { masked };
            let b = product(&full, &x, n, n, m);
            close(&get(triangular_solve(&t, &b, n, m, Triangle { upper, transposed, unit: false }))[0], &x);
        }
        assert_eq!(solve(&[1.0, 2.0, 2.0, 4.0], &[1.0, 1.0], 2, 1), Err(Failure::Singular(2)));
    }

    #[test]
    fn determinants_and_cofactors() {
        let a = [2.0, 1.0, 0.0, 1.0, 3.0, 1.0, 0.0, 1.0, -4.0];
        assert!((get(det(&a, 3))[0][0] + 22.0).abs() < 1e-12);
        assert!(get(logdet(&a, 3))[0][0].is_nan());
        assert!((get(logdet(&[0.0, -1.0, 2.0, 0.0], 2))[0][0] - std::f64::consts::LN_2).abs() < 1e-14);
        assert_eq!(get(det(&[1.0, 2.0, 2.0, 4.0], 2))[0], [0.0]);
        assert_eq!(get(logdet(&[0.0], 1))[0], [f64::NEG_INFINITY]);
        close(&get(cofactor(&[1.0, 2.0, 2.0, 4.0], 2))[0], &[4.0, -2.0, -2.0, 1.0]);
        close(&get(cofactor(&a, 3))[0], &[-13.0, 4.0, 1.0, 4.0, -8.0, -2.0, 1.0, -2.0, 5.0]);
        assert_eq!(get(det(&[], 0))[0], [1.0]);
    }

    #[test]
    fn spectra_multiply_back_with_fixed_signs() {
        let n = 8;
        let a = symmetric(&sample(n, n, 4), n);
        let parts = get(eigh(&a, n));
        let (values, v) = (&parts[0], &parts[1]);
        assert!(values.windows(2).all(|w| w[0] <= w[1]));
        let scaled: Vec<f64> = v.iter().enumerate().map(|(i, x)| x * values[i % n]).collect();
        close(&product(&scaled, &transpose(v, n, n), n, n, n), &a);
        (0..n).for_each(|j| assert!(!points_down((0..n).map(|i| v[i * n + j]))));
        for (m, n) in [(7, 4), (4, 7), (5, 5)] {
            let a = sample(m, n, 5);
            let k = m.min(n);
            let parts = get(svd(&a, m, n));
            let us: Vec<f64> = parts[0].iter().enumerate().map(|(i, x)| x * parts[1][i % k]).collect();
            close(&product(&us, &transpose(&parts[2], n, k), m, k, n), &a);
            let parts = get(qr(&a, m, n));
            close(&product(&parts[0], &parts[1], m, k, n), &a);
            (0..k).for_each(|i| assert!(parts[1][i * n + i] >= 0.0));
            let gram = product(&transpose(&parts[0], m, k), &parts[0], k, m, k);
            assert!((gram[0] - 1.0).abs() < 1e-12 && gram[1].abs() < 1e-12);
        }
    }

    #[test]
    fn least_squares_meets_the_normal_equations() {
        let (m, n, c) = (9, 4, 2);
        let (a, b) = (sample(m, n, 6), sample(m, c, 7));
        let x = &get(lstsq(&a, &b, m, n, c))[0];
        let at = transpose(&a, m, n);
        close(&product(&at, &product(&a, x, m, n, c), n, m, c), &product(&at, &b, n, m, c));
        let x = &get(lstsq(&[1.0, 1.0], &[2.0], 1, 2, 1))[0];
        close(x, &[1.0, 1.0]);
    }

    #[test]
    fn a_stack_is_the_same_for_any_number_of_threads() {
        let n = 40;
        let all: Vec<Vec<f64>> = (0..6).map(|i| sample(n, n, 10 + i)).collect();
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| stack(6, 2, |i| eigh(&all[i], n)).expect("a spectrum"))
        };
        assert_eq!(run(1), run(3));
        let fail = stack(3, 1, |i| if i == 0 { inv(&[1.0], 1) } else { inv(&[0.0], 1) });
        assert_eq!(fail, Err((1, Failure::Singular(1))));
    }
}

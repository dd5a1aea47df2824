//! Convolution (cross-correlation) along any number of axes: patches are laid out as columns of a matrix, block by
//! block, and multiplied with the kernel by BLAS on one thread. Blocks are of fixed size and summed in order, so results
//! do not depend on the number of threads.

use super::blas;
use crate::tensor::Element;
use cblas_sys::{CBLAS_LAYOUT::CblasRowMajor, CBLAS_TRANSPOSE::CblasNoTrans, cblas_dgemm, cblas_sgemm};
use rayon::prelude::*;

/// Rows (channel and offset) and columns (positions) of one block of patches.
const ROWS: usize = 256;
const COLUMNS: usize = 512;

/// Extents: `x` is `batch × channels × input`, the kernel `filters × channels × kernel`, the result
/// `batch × filters × output`, all row-major. Element `o` meets `x[o * stride + k - padding]`, zero outside.
#[derive(Clone, Debug)]
pub struct Shape {
    pub batch: usize,
    pub channels: usize,
    pub filters: usize,
    pub input: Vec<usize>,
    pub kernel: Vec<usize>,
    pub output: Vec<usize>,
    pub stride: i64,
    pub padding: Vec<i64>,
}

/// A real type that BLAS multiplies.
pub trait Blas: Element {
    /// `c += a b` for `c` of `m × n`, `a` of `m × k` with rows `lda` apart, `b` of `k × n`, all row-major.
    fn multiply_add(a: &[Self], lda: usize, b: &[Self], c: &mut [Self], m: usize, n: usize, k: usize);
}

macro_rules! blas {
    ($t:ty, $gemm:ident) => {
        impl Blas for $t {
            fn multiply_add(a: &[$t], lda: usize, b: &[$t], c: &mut [$t], m: usize, n: usize, k: usize) {
                assert!(a.len() >= (m - 1) * lda + k && b.len() >= k * n && c.len() >= m * n, "internal: block sizes");
                let (rows, columns, depth) = (m as i32, n as i32, k as i32);
                // Sound: the lengths were just checked.
                unsafe {
                    $gemm(
                        CblasRowMajor,
                        CblasNoTrans,
                        CblasNoTrans,
                        rows,
                        columns,
                        depth,
                        1.0,
                        a.as_ptr(),
                        lda as i32,
                        b.as_ptr(),
                        columns,
                        1.0,
                        c.as_mut_ptr(),
                        columns,
                    )
                }
            }
        }
    };
}
blas!(f64, cblas_dgemm);
blas!(f32, cblas_sgemm);

/// The convolution.
pub fn convolve<T: Blas>(x: &[T], kernel: &[T], s: &Shape) -> Vec<T> {
    blas::single_thread();
    let positions: usize = s.output.iter().product();
    let depth = s.channels * s.kernel.iter().product::<usize>();
    let mut out = vec![T::default(); s.batch * s.filters * positions];
    if out.is_empty() || depth == 0 {
        return out;
    }
    let one_batch = s.channels * s.input.iter().product::<usize>();
    let blocks = positions.div_ceil(COLUMNS);
    let results: Vec<Vec<T>> = (0..s.batch * blocks)
        .into_par_iter()
        .map(|task| {
            let (b, from) = (task / blocks, (task % blocks) * COLUMNS);
            let width = COLUMNS.min(positions - from);
            let x = &x[b * one_batch..(b + 1) * one_batch];
            let mut sums = vec![T::default(); s.filters * width];
            let mut patches = vec![T::default(); ROWS.min(depth) * width];
            for first in (0..depth).step_by(ROWS) {
                let rows = ROWS.min(depth - first);
                for (row, q) in patches.chunks_mut(width).zip(first..first + rows) {
                    patch_row(x, s, q, from, row);
                }
                T::multiply_add(&kernel[first..], depth, &patches, &mut sums, s.filters, width, rows);
            }
            sums
        })
        .collect();
    for (task, sums) in results.into_iter().enumerate() {
        let (b, from) = (task / blocks, (task % blocks) * COLUMNS);
        let width = COLUMNS.min(positions - from);
        for (f, row) in sums.chunks(width).enumerate() {
            let at = (b * s.filters + f) * positions + from;
            out[at..at + width].copy_from_slice(row);
        }
    }
    out
}

/// Row `q` (channel and offset) of the matrix of patches, from position `from` on.
fn patch_row<T: Blas>(x: &[T], s: &Shape, q: usize, from: usize, row: &mut [T]) {
    row.fill(T::default());
    let rank = s.output.len();
    let (mut offset, mut rest) = (vec![0i64; rank], q);
    for i in (0..rank).rev() {
        offset[i] = (rest % s.kernel[i]) as i64 - s.padding[i];
        rest /= s.kernel[i];
    }
    let channel = rest;
    let last = rank - 1;
    let (n, m) = (s.input[last] as i64, s.output[last]);
    let mut done = 0;
    while done < row.len() {
        let position = from + done;
        let start = position % m;
        let run = (m - start).min(row.len() - done);
        if let Some(line) = line_of(s, &offset, channel, position / m) {
            // Element t of the run reads place first + t * stride of the line, if it is inside.
            let first = start as i64 * s.stride + offset[last];
            let low = if first >= 0 { 0 } else { (-first + s.stride - 1) / s.stride };
            let high = if first >= n { 0 } else { ((n - 1 - first) / s.stride + 1).min(run as i64) };
            let target = &mut row[done..done + run];
            for t in low..high.max(low) {
                target[t as usize] = x[line + (first + t * s.stride) as usize];
            }
        }
        done += run;
    }
}

/// Where the line along the last axis begins that the outer coordinates of a position meet, if inside.
fn line_of(s: &Shape, offset: &[i64], channel: usize, mut outer: usize) -> Option<usize> {
    let rank = s.output.len();
    let mut at = vec![0usize; rank.saturating_sub(1)];
    for i in (0..rank - 1).rev() {
        let place = (outer % s.output[i]) as i64 * s.stride + offset[i];
        outer /= s.output[i];
        if place < 0 || place >= s.input[i] as i64 {
            return None;
        }
        at[i] = place as usize;
    }
    let line = at.iter().zip(&s.input).fold(channel, |line, (&place, &n)| line * n + place);
    Some(line * s.input[rank - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, element by element, for two axes.
    fn plain(x: &[f64], w: &[f64], s: &Shape) -> Vec<f64> {
        let mut out = Vec::new();
        let [n0, n1] = [s.input[0], s.input[1]];
        let [k0, k1] = [s.kernel[0], s.kernel[1]];
        for (b, f) in (0..s.batch).flat_map(|b| (0..s.filters).map(move |f| (b, f))) {
            for (i, j) in (0..s.output[0]).flat_map(|i| (0..s.output[1]).map(move |j| (i, j))) {
                let mut sum = 0.0;
                for (c, p, q) in
                    (0..s.channels).flat_map(|c| (0..k0).flat_map(move |p| (0..k1).map(move |q| (c, p, q))))
                {
                    let y = i as i64 * s.stride + p as i64 - s.padding[0];
                    let z = j as i64 * s.stride + q as i64 - s.padding[1];
                    if (0..n0 as i64).contains(&y) && (0..n1 as i64).contains(&z) {
                        let at = ((b * s.channels + c) * n0 + y as usize) * n1 + z as usize;
                        sum += x[at] * w[((f * s.channels + c) * k0 + p) * k1 + q];
                    }
                }
                out.push(sum);
            }
        }
        out
    }

    fn values(n: usize) -> Vec<f64> {
        (0..n).map(|i| ((i * 7919) % 1009) as f64 / 1009.0 - 0.5).collect()
    }

    #[test]
    fn agrees_with_the_definition() {
        for (stride, padding, output) in
            [(1, [0, 0], [5, 4]), (2, [1, 2], [4, 5]), (3, [-1, 0], [2, 2]), (1, [2, 2], [9, 8]), (2, [4, 0], [6, 3])]
        {
            let s = Shape {
                batch: 2,
                channels: 3,
                filters: 4,
                input: vec![7, 6],
                kernel: vec![3, 3],
                output: output.to_vec(),
                stride,
                padding: padding.to_vec(),
            };
            let (x, w) = (values(2 * 3 * 42), values(4 * 3 * 9));
            let (found, expected) = (convolve(&x, &w, &s), plain(&x, &w, &s));
            let off = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(off < 1e-12, "{stride} {padding:?}: {off}");
        }
    }

    #[test]
    fn large_ones_are_the_same_for_any_number_of_threads() {
        let s = Shape {
            batch: 2,
            channels: 40,
            filters: 5,
            input: vec![40, 40],
            kernel: vec![3, 3],
            output: vec![38, 38],
            stride: 1,
            padding: vec![0, 0],
        };
        let (x, w) = (values(2 * 40 * 1600), values(5 * 40 * 9));
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| convolve(&x, &w, &s))
        };
        let one = run(1);
        assert_eq!(one, run(3));
        let expected = plain(&x, &w, &s);
        let off = one.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(off < 1e-11, "{off}");
    }

    #[test]
    fn nothing_to_convolve() {
        let mut s = Shape {
            batch: 1,
            channels: 0,
            filters: 1,
            input: vec![3],
            kernel: vec![2],
            output: vec![2],
            stride: 1,
            padding: vec![0],
        };
        assert_eq!(convolve::<f64>(&[], &[], &s), [0.0, 0.0]);
        (s.channels, s.batch) = (1, 0);
        assert!(convolve::<f64>(&[], &[1.0, 1.0], &s).is_empty());
    }
}

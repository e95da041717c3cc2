//! Matrix products: the crate `gemm` on blocks of fixed size, one task per block.
//!
//! Its own threads are not used. It does not promise that their number leaves the rounding unchanged (in trials it did);
//! with our blocks idle threads take work from busy ones, and the squares of a block are summed while it is in the cache.
//! The input gradient `dX = dY W^T` is computed as `dX^T = W dY^T`, because gemm packs a transposed view of a large weight
//! slowly, while transposing the small `dY` and `dX^T` costs little. A transposed copy of the weights would need a quarter
//! more memory and its share of the optimiser's sweep.

use gemm::{Parallelism, gemm};
use rayon::prelude::*;

use super::{sums::squares, view::View};

/// Number of rows up to which reading the weight from memory limits a product.
const FEW_ROWS: usize = 32;
/// Rows of the weight that are then read at the same time.
/// Each is read from left to right, as processors prefetch.
const FEW_ROWS_DEPTH: usize = 64;

/// Columns of one task.
/// A multiple of the four vectors that `gemm`'s inner loop takes at once. Fewer in a narrow matrix, so that every
/// thread has work.
fn columns_per_task(rows: usize, columns: usize) -> usize {
    if rows > FEW_ROWS && columns < 768 { 64 } else { 192 }
}

/// Rows of one task.
/// A multiple of the six that `gemm`'s inner loop takes at once. Fewer in a low matrix.
fn rows_per_task(rows: usize) -> usize {
    if rows < 768 { 96 } else { 192 }
}

/// Rows of a weight's gradient in one task.
/// Few enough to be squared while they are in the cache.
const GRADIENT_ROWS: usize = 48;

/// Computes `outcome = a b` in tasks of columns, for a `b` of many columns.
/// `outcome` is row-major.
pub(super) fn multiply(outcome: &mut [f32], a: View<'_>, b: View<'_>) {
    if !fits(outcome, a, b) {
        return;
    }
    let stride = b.columns;
    let width = columns_per_task(a.rows, b.columns);
    let depth = if a.rows <= FEW_ROWS { FEW_ROWS_DEPTH } else { a.columns };
    let start = Start(outcome.as_mut_ptr());
    (0..stride.div_ceil(width)).into_par_iter().for_each(|at| {
        let b = b.some_columns(at * width, width);
        for from in (0..a.columns).step_by(depth) {
            let (a, b) = (a.some_columns(from, depth), b.some_rows(from, depth));
            // SAFETY: `fits` has checked that the outcome holds `a.rows` rows of `stride` values. Each task writes its
            // own columns, which begin inside the first row, and only this function borrows `outcome`.
            unsafe { product(start.at(at * width), stride, a, b, from > 0) };
        }
    });
}

/// Computes `outcome = a b` in tasks of rows, for an `a` of many rows.
/// `outcome` is row-major.
pub(super) fn multiply_by_rows(outcome: &mut [f32], a: View<'_>, b: View<'_>) {
    if !fits(outcome, a, b) {
        return;
    }
    let height = rows_per_task(a.rows);
    outcome.par_chunks_mut(height * b.columns).enumerate().for_each(|(at, outcome)| {
        rows(outcome, a.some_rows(at * height, height), b, false);
    });
}

/// Computes the gradient of a weight, `outcome (+)= x^T dy`.
/// It is added to the present values if `add`. Returns the sum of the squares of the new values.
pub(super) fn weight_gradient(outcome: &mut [f32], x: View<'_>, dy: View<'_>, add: bool) -> f64 {
    let x = x.transposed();
    if !fits(outcome, x, dy) {
        return 0.0;
    }
    let block = GRADIENT_ROWS * dy.columns;
    let mut sums = vec![0.0; outcome.len().div_ceil(block)];
    outcome.par_chunks_mut(block).zip(&mut sums).enumerate().for_each(|(at, (outcome, sum))| {
        rows(outcome, x.some_rows(at * GRADIENT_ROWS, GRADIENT_ROWS), dy, add);
        *sum = squares(outcome);
    });
    sums.iter().sum()
}

/// Computes `outcome (+)= a b` on this thread.
/// Rows of `outcome` begin `stride` values apart.
pub(super) fn multiply_here((outcome, stride): (&mut [f32], usize), a: View<'_>, b: View<'_>, add: bool) {
    let fits = a.columns == b.rows && b.columns <= stride;
    let fits = fits && a.rows > 0 && (a.rows - 1) * stride + b.columns <= outcome.len();
    debug_assert!(fits, "[{}, {}] x [{}, {}]", a.rows, a.columns, b.rows, b.columns);
    if fits {
        // SAFETY: just checked; only this function borrows `outcome`.
        unsafe { product(outcome.as_mut_ptr(), stride, a, b, add) };
    }
}

/// Whether the product exists and has the size of `outcome`.
/// If not, the caller made a mistake.
fn fits(outcome: &[f32], a: View<'_>, b: View<'_>) -> bool {
    let fits = a.columns == b.rows && outcome.len() == a.rows * b.columns;
    debug_assert!(fits, "{} values for [{}, {}] x [{}, {}]", outcome.len(), a.rows, a.columns, b.rows, b.columns);
    fits && !outcome.is_empty()
}

/// Computes the rows of one task.
fn rows(outcome: &mut [f32], a: View<'_>, b: View<'_>, add: bool) {
    if fits(outcome, a, b) {
        // SAFETY: the outcome, which only this function borrows, holds `a.rows` rows of `b.columns` values.
        unsafe { product(outcome.as_mut_ptr(), b.columns, a, b, add) };
    }
}

/// Start of a result that several tasks write to.
#[derive(Clone, Copy)]
struct Start(*mut f32);

// SAFETY: tasks write to disjoint parts of the memory behind the pointer, see `multiply`.
unsafe impl Send for Start {}
// SAFETY: as above.
unsafe impl Sync for Start {}

impl Start {
    fn at(&self, offset: usize) -> *mut f32 {
        self.0.wrapping_add(offset)
    }
}

/// Computes `outcome (+)= a b` on this thread.
///
/// # Safety
/// `outcome` must point to `a.rows` rows of `b.columns` values, which begin `stride` values apart and which no other thread
/// reads or writes meanwhile.
unsafe fn product(outcome: *mut f32, stride: usize, a: View<'_>, b: View<'_>, add: bool) {
    // Lengths of slices, and therefore strides within them, fit into isize.
    let [stride, a_row, a_column, b_row, b_column] =
        [stride, a.row_stride, a.column_stride, b.row_stride, b.column_stride].map(|stride| stride as isize);
    // SAFETY: the caller ensures that `outcome` is valid. The elements of a view are inside its slice: `View::new` takes
    // whole rows only, `View::strided` checks, and the other functions only swap the two directions or take less.
    unsafe {
        gemm(
            a.rows,
            b.columns,
            a.columns.min(b.rows),
            outcome,
            1,
            stride,
            add,
            a.values.as_ptr(),
            a_column,
            a_row,
            b.values.as_ptr(),
            b_column,
            b_row,
            1.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn numbers(count: usize, seed: usize) -> Vec<f32> {
        (0..count).map(|at| (((at + seed) * 7919 % 1013) as f32 - 506.0) / 506.0).collect()
    }

    fn naive(a: View<'_>, b: View<'_>) -> Vec<f64> {
        let at = |view: View<'_>, row: usize, column: usize| {
            f64::from(view.values[row * view.row_stride + column * view.column_stride])
        };
        let one = |row, column| (0..a.columns).map(|k| at(a, row, k) * at(b, k, column)).sum();
        (0..a.rows).flat_map(|row| (0..b.columns).map(move |column| one(row, column))).collect()
    }

    fn close(found: &[f32], wanted: &[f64]) {
        assert_eq!(found.len(), wanted.len());
        for (found, wanted) in found.iter().zip(wanted) {
            assert!((f64::from(*found) - wanted).abs() < 1e-4, "{found} {wanted}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn products_are_products(m in 1usize..70, k in 1usize..50, n in 1usize..230, many in 1usize..230) {
            let (x, w, dy) = (numbers(m * k, 1), numbers(k * n, 2), numbers(m * n, 3));
            let (x, w, dy) = (View::new(&x, k), View::new(&w, n), View::new(&dy, n));
            let mut y = vec![0.0; m * n];
            multiply(&mut y, x, w);
            close(&y, &naive(x, w));
            let mut dx = vec![0.0; k * m];
            multiply_by_rows(&mut dx, w, dy.transposed());
            close(&dx, &naive(w, dy.transposed()));
            let mut dw = vec![0.0; k * n];
            let squares = weight_gradient(&mut dw, x, dy, false);
            let wanted = naive(x.transposed(), dy);
            close(&dw, &wanted);
            let sum: f64 = wanted.iter().map(|value| value * value).sum();
            prop_assert!((squares - sum).abs() <= 1e-5 * sum.max(1.0));
            weight_gradient(&mut dw, x, dy, true);
            close(&dw, &wanted.iter().map(|value| 2.0 * value).collect::<Vec<_>>());
            let tall = numbers(many * k, 4);
            let mut y = vec![0.0; many * n];
            multiply_by_rows(&mut y, View::new(&tall, k), w);
            close(&y, &naive(View::new(&tall, k), w));
        }
    }
}

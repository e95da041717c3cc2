//! Sums over rows and values, in an order independent of the number of threads.

use rayon::prelude::*;

use super::simd::{Kernel, sum_over, vectorised};

/// Number of columns of one task.
const COLUMNS: usize = 64;
/// Number of squares summed in `f32` before they are added to the sum in `f64`.
const STRETCH: usize = 4096;

/// Returns the sum of the squares.
pub(super) fn squares(values: &[f32]) -> f64 {
    vectorised(Squares(values))
}

struct Squares<'a>(&'a [f32]);

impl Kernel for Squares<'_> {
    type Outcome = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        self.0.chunks(STRETCH).map(|values| f64::from(sum_over(values, values, |a, b| a * b))).sum()
    }
}

/// Computes the gradient of a bias, `sums[column] (+)= sum of dy[row, column]`.
/// It is added to the present values if `add`. Returns the sum of the squares of the new values.
pub(super) fn bias_gradient(sums: &mut [f32], dy: &[f32], add: bool) -> f64 {
    let width = sums.len();
    sums.par_chunks_mut(COLUMNS).enumerate().for_each(|(at, sums)| {
        vectorised(Columns { sums, dy, width, first: at * COLUMNS, add });
    });
    squares(sums)
}

/// Sums of a range of columns.
struct Columns<'a> {
    sums: &'a mut [f32],
    dy: &'a [f32],
    width: usize,
    /// Column of the first sum.
    first: usize,
    add: bool,
}

impl Kernel for Columns<'_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { sums, dy, width, first, add } = self;
        let mut gathered = [0.0f32; COLUMNS];
        for row in dy.chunks_exact(width) {
            let row = row.get(first..first + sums.len()).unwrap_or_default();
            gathered.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        }
        put(sums, &gathered, add);
    }
}

/// Computes the gradients of a norm's weight and bias.
/// They are column sums of `dy * normed` and of `dy`, added and squared as in [`bias_gradient`].
pub(super) fn norm_gradient(
    (weight, bias): (&mut [f32], &mut [f32]),
    (normed, dy): (&[f32], &[f32]),
    add: bool,
) -> f64 {
    let width = bias.len();
    weight.par_chunks_mut(COLUMNS).zip(bias.par_chunks_mut(COLUMNS)).enumerate().for_each(|(at, (weight, bias))| {
        vectorised(NormColumns { weight, bias, normed, dy, width, first: at * COLUMNS, add });
    });
    squares(weight) + squares(bias)
}

/// Sums of a range of columns, for a norm.
struct NormColumns<'a> {
    weight: &'a mut [f32],
    bias: &'a mut [f32],
    normed: &'a [f32],
    dy: &'a [f32],
    width: usize,
    /// Column of the first sums.
    first: usize,
    add: bool,
}

impl Kernel for NormColumns<'_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { weight, bias, normed, dy, width, first, add } = self;
        let mut weights = [0.0f32; COLUMNS];
        let mut biases = [0.0f32; COLUMNS];
        for (normed, dy) in normed.chunks_exact(width).zip(dy.chunks_exact(width)) {
            let columns = first..first + bias.len();
            let normed = normed.get(columns.clone()).unwrap_or_default();
            let dy = dy.get(columns).unwrap_or_default();
            for ((weight, bias), (normed, dy)) in weights.iter_mut().zip(&mut biases).zip(normed.iter().zip(dy)) {
                *weight += dy * normed;
                *bias += dy;
            }
        }
        put(weight, &weights, add);
        put(bias, &biases, add);
    }
}

/// Stores the sums, added to the present values if `add`.
#[inline(always)]
fn put(sums: &mut [f32], gathered: &[f32], add: bool) {
    sums.iter_mut().zip(gathered).for_each(|(sum, new)| *sum = if add { *sum + new } else { *new });
}

//! Small matrix products inside attention.
//! They finish before `gemm` has packed its operands.

use super::{product::multiply_here, simd::LANES, view::View};

/// Number of rows of the result that are computed at once.
const ROWS: usize = 4;
/// Minimum number of multiplications at which `gemm` is faster.
const LARGE: usize = 1 << 14;

/// Computes `outcome (+)= a b` on this thread.
/// Rows of `outcome` begin `stride` values apart; `b` is row-major.
#[inline(always)]
pub(super) fn small_product((outcome, stride): (&mut [f32], usize), a: View<'_>, b: View<'_>, add: bool) {
    if a.rows * a.columns * b.columns >= LARGE {
        return multiply_here((outcome, stride), a, b, add);
    }
    for (band, first) in outcome.chunks_mut(ROWS * stride).zip((0..a.rows).step_by(ROWS)) {
        let a = a.some_rows(first, ROWS);
        match a.rows {
            1 => band_product::<1>((band, stride), a, b, add),
            2 => band_product::<2>((band, stride), a, b, add),
            3 => band_product::<3>((band, stride), a, b, add),
            _ => band_product::<ROWS>((band, stride), a, b, add),
        }
    }
}

/// Computes `N` rows of the result.
#[inline(always)]
fn band_product<const N: usize>((outcome, stride): (&mut [f32], usize), a: View<'_>, b: View<'_>, add: bool) {
    for left in (0..b.columns).step_by(LANES) {
        let width = LANES.min(b.columns - left);
        let lines = b.values.get(left..).unwrap_or_default().chunks(b.row_stride).take(b.rows);
        let sums = match width {
            LANES => tile::<N>(a, lines.map(|line| line.first_chunk().copied().unwrap_or_default())),
            _ => tile::<N>(a, lines.map(|line| filled(line, width))),
        };
        for (row, sums) in outcome.chunks_mut(stride).zip(&sums) {
            let to = row.get_mut(left..left + width).unwrap_or_default();
            match add {
                true => to.iter_mut().zip(sums).for_each(|(to, sum)| *to += sum),
                false => to.iter_mut().zip(sums).for_each(|(to, sum)| *to = *sum),
            }
        }
    }
}

/// Returns the first `width` values, followed by zeros.
#[inline(always)]
fn filled(values: &[f32], width: usize) -> [f32; LANES] {
    let mut lanes = [0.0; LANES];
    lanes.iter_mut().zip(values).take(width).for_each(|(to, from)| *to = *from);
    lanes
}

/// Computes `N` rows of the result, [`LANES`] columns wide.
#[inline(always)]
fn tile<const N: usize>(a: View<'_>, b: impl Iterator<Item = [f32; LANES]>) -> [[f32; LANES]; N] {
    let mut sums = [[0.0f32; LANES]; N];
    for (depth, b) in b.enumerate() {
        for (row, sums) in sums.iter_mut().enumerate() {
            let factor = a.values.get(row * a.row_stride + depth * a.column_stride).copied().unwrap_or_default();
            sums.iter_mut().zip(b).for_each(|(sum, b)| *sum += factor * b);
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn small_and_large_agree(m in 1usize..9, k in 1usize..40, n in 1usize..40, gap in 0usize..3, turned in any::<bool>()) {
            let number = |at: usize| ((at * 7919 % 1013) as f32 - 506.0) / 506.0;
            let a: Vec<f32> = (0..m * k).map(number).collect();
            let b: Vec<f32> = (0..k * (n + gap)).map(|at| number(at + 5)).collect();
            let a = if turned { View::new(&a, m).transposed() } else { View::new(&a, k) };
            let b = View::strided(&b, k, n, n + gap);
            let mut found: Vec<f32> = (0..m * (n + 1)).map(number).collect();
            let mut wanted = found.clone();
            for add in [false, true] {
                small_product((&mut found, n + 1), a, b, add);
                multiply_here((&mut wanted, n + 1), a, b, add);
                for (found, wanted) in found.iter().zip(&wanted) {
                    prop_assert!((found - wanted).abs() < 1e-4);
                }
            }
        }
    }
}

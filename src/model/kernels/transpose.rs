//! Transposition of activations, with an operation on each value.

use rayon::prelude::*;

use super::simd::{Kernel, vectorised};

/// Side of the square that is transposed at once: one cache line.
pub(super) const SIDE: usize = 16;

/// Returns the width of the transpose of a matrix with `rows` rows.
/// It is rounded up to whole cache lines: then `gemm` does not copy it.
pub(super) fn padded(rows: usize) -> usize {
    rows.next_multiple_of(SIDE)
}

/// Calls `put(to[row, column], from[column, row])` for all elements of `to`.
/// `to` is `[rows, width]` and `from` is `[lines, from_width]`; columns of `to` beyond its lines are called with 0.
pub(super) fn transpose(
    (to, width): (&mut [f32], usize),
    (from, from_width): (&[f32], usize),
    put: impl Fn(&mut f32, f32) + Sync,
) {
    debug_assert!(width > 0 && from_width > 0 && to.len() / width <= from_width && from.len() / from_width <= width);
    to.par_chunks_mut(SIDE * width.max(1)).enumerate().for_each(|(at, to)| {
        vectorised(Band { to, width, from, from_width, first: at * SIDE, put: &put });
    });
}

/// As [`transpose`], within a loop and on this thread.
/// Row 0 of `to` is column `first` of `from`.
#[inline(always)]
pub(super) fn transpose_here(
    (to, width): (&mut [f32], usize),
    (from, from_width): (&[f32], usize),
    first: usize,
    put: impl Fn(&mut f32, f32),
) {
    for (at, to) in to.chunks_mut(SIDE * width.max(1)).enumerate() {
        Band { to, width, from, from_width, first: first + at * SIDE, put: &put }.run();
    }
}

/// At most [`SIDE`] rows of the result.
struct Band<'a, P> {
    to: &'a mut [f32],
    width: usize,
    from: &'a [f32],
    from_width: usize,
    /// First of these rows.
    first: usize,
    put: &'a P,
}

impl<P: Fn(&mut f32, f32)> Kernel for Band<'_, P> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { to, width, from, from_width, first, put } = self;
        let count = to.len() / width;
        for (lines, left) in from.chunks(SIDE * from_width).zip((0..width).step_by(SIDE)) {
            let mut square = [[0.0f32; SIDE]; SIDE];
            for (side, line) in square.iter_mut().zip(lines.chunks_exact(from_width)) {
                let line = line.get(first..first + count).unwrap_or_default();
                match line.first_chunk::<SIDE>() {
                    Some(line) => *side = *line,
                    None => side.iter_mut().zip(line).for_each(|(to, from)| *to = *from),
                }
            }
            let square = turned(square);
            for (line, square) in to.chunks_exact_mut(width).zip(&square) {
                let line = line.get_mut(left..(left + SIDE).min(width)).unwrap_or_default();
                match line.first_chunk_mut::<SIDE>() {
                    Some(line) => line.iter_mut().zip(square).for_each(|(to, from)| put(to, *from)),
                    None => line.iter_mut().zip(square).for_each(|(to, from)| put(to, *from)),
                }
            }
        }
    }
}

/// Transposes a square by four perfect shuffles of its rows.
/// Each is a few vector instructions.
#[inline(always)]
pub(super) fn turned<T: Copy + Default>(square: [[T; SIDE]; SIDE]) -> [[T; SIDE]; SIDE] {
    shuffled(shuffled(shuffled(shuffled(square))))
}

/// Interleaves the upper half of the rows with the lower half.
#[inline(always)]
fn shuffled<T: Copy + Default>(square: [[T; SIDE]; SIDE]) -> [[T; SIDE]; SIDE] {
    let mut outcome = [[T::default(); SIDE]; SIDE];
    let (upper, lower) = square.split_at(SIDE / 2);
    for ((two, upper), lower) in outcome.as_chunks_mut::<2>().0.iter_mut().zip(upper).zip(lower) {
        for at in 0..SIDE / 2 {
            two[0][2 * at] = upper[at];
            two[0][2 * at + 1] = lower[at];
            two[1][2 * at] = upper[SIDE / 2 + at];
            two[1][2 * at + 1] = lower[SIDE / 2 + at];
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_value_finds_its_place_and_back(rows in 1usize..70, width in 1usize..70) {
            let from: Vec<f32> = (1..=rows * width).map(|at| at as f32).collect();
            let turned_width = padded(rows);
            let mut turned = vec![0.5; width * turned_width];
            transpose((&mut turned, turned_width), (&from, width), |to, from| *to = from);
            for (column, line) in turned.chunks(turned_width).enumerate() {
                for (row, value) in line.iter().enumerate() {
                    prop_assert_eq!(*value, from.get(row * width + column).copied().unwrap_or_default());
                }
            }
            let mut back = from.clone();
            transpose((&mut back, width), (&turned, turned_width), |to, from| *to += from);
            prop_assert!(back.iter().zip(&from).all(|(twice, once)| *twice == 2.0 * once));
        }
    }
}

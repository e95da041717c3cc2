//! Weights that are stored in 8 or 4 bits, as `f32`.
//!
//! A weight is a whole number times a factor, which a row or a group of weights shares. Each is computed with one
//! multiplication, so that every processor gets the same bits.

use rayon::prelude::*;

use super::simd::{Kernel, vectorised};

/// Number of weights that share a factor in [`from_four_bits`].
pub const GROUP: usize = 32;
/// Bytes of a group.
const HALF: usize = GROUP / 2;
/// Approximate number of weights that a thread computes at once.
const BLOCK: usize = 1 << 16;
/// The number that is stored as 0.
const LOWEST: f32 = -8.0;

/// Computes weights that are stored in 8 bits, from -128 to 127, in rows of `width`.
/// Each row has a factor; rows without one are left out.
pub fn from_eight_bits(bytes: &[u8], factors: &[f32], width: usize) -> Vec<f32> {
    let width = width.max(1);
    let mut weights = vec![0.0; (bytes.len() / width).min(factors.len()) * width];
    let rows = (BLOCK / width).max(1);
    let blocks = weights.par_chunks_mut(rows * width).zip(bytes.par_chunks(rows * width)).zip(factors.par_chunks(rows));
    blocks.for_each(|((weights, bytes), factors)| vectorised(EightBits { bytes, factors, width, weights }));
    weights
}

/// Computes weights that are stored in 4 bits, from -8 to 7, in groups of [`GROUP`].
/// Each group has a factor; groups without one are left out.
///
/// A byte holds two weights: its low half one of the first half of the group, its high half one of the second.
pub fn from_four_bits(bytes: &[u8], factors: &[f32]) -> Vec<f32> {
    let mut weights = vec![0.0; (bytes.len() / HALF).min(factors.len()) * GROUP];
    let groups = BLOCK / GROUP;
    let blocks =
        weights.par_chunks_mut(groups * GROUP).zip(bytes.par_chunks(groups * HALF)).zip(factors.par_chunks(groups));
    blocks.for_each(|((weights, bytes), factors)| vectorised(FourBits { bytes, factors, weights }));
    weights
}

struct EightBits<'a> {
    bytes: &'a [u8],
    factors: &'a [f32],
    width: usize,
    weights: &'a mut [f32],
}

impl Kernel for EightBits<'_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let rows = self.weights.chunks_exact_mut(self.width).zip(self.bytes.chunks_exact(self.width));
        for ((row, bytes), factor) in rows.zip(self.factors) {
            for (weight, byte) in row.iter_mut().zip(bytes) {
                *weight = f32::from(byte.cast_signed()) * factor;
            }
        }
    }
}

struct FourBits<'a> {
    bytes: &'a [u8],
    factors: &'a [f32],
    weights: &'a mut [f32],
}

impl Kernel for FourBits<'_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let groups = self.weights.as_chunks_mut::<GROUP>().0.iter_mut().zip(self.bytes.as_chunks::<HALF>().0);
        for ((group, bytes), factor) in groups.zip(self.factors) {
            let (first, second) = group.split_at_mut(HALF);
            for ((low, high), byte) in first.iter_mut().zip(second).zip(bytes) {
                *low = (f32::from(byte & 0xf) + LOWEST) * factor;
                *high = (f32::from(byte >> 4) + LOWEST) * factor;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_half_of_a_byte_is_a_weight_of_its_half_of_the_group() {
        let bytes: Vec<u8> = (0..16).map(|low| low | (15 - low) << 4).chain([0x80; HALF]).collect();
        let weights = from_four_bits(&bytes, &[0.5, -2.0]);
        for at in 0..HALF {
            let value = at as f32 - 8.0;
            assert_eq!(weights[at], value * 0.5);
            assert_eq!(weights[HALF + at], (-1.0 - value) * 0.5);
            assert_eq!([weights[GROUP + at], weights[GROUP + HALF + at]], [16.0, 0.0]);
        }
    }

    #[test]
    fn blocks_are_computed_like_one() {
        let bytes: Vec<u8> = (0..4 * BLOCK).map(|at| (at * 31 % 251) as u8).collect();
        let factors: Vec<f32> = (0..4 * BLOCK / HALF).map(|at| at as f32).collect();
        let weights = from_four_bits(&bytes, &factors);
        let one_by_one = bytes.chunks(HALF).zip(&factors).flat_map(|(group, factor)| from_four_bits(group, &[*factor]));
        assert!(weights.iter().copied().eq(one_by_one));
        let weights = from_eight_bits(&bytes, &factors, 96);
        let one_by_one = bytes.chunks(96).zip(&factors).flat_map(|(row, factor)| from_eight_bits(row, &[*factor], 96));
        assert!(weights.len() > 3 * BLOCK && weights.iter().copied().eq(one_by_one));
    }

    #[test]
    fn bytes_are_signed_and_rows_have_their_factor() {
        assert_eq!(from_eight_bits(&[0, 1, 255, 127, 129, 128], &[2.0, 0.5], 3), [0.0, 2.0, -2.0, 63.5, -63.5, -64.0]);
    }

    #[test]
    fn what_has_no_factor_or_is_not_whole_is_left_out() {
        assert_eq!(from_eight_bits(&[1; 7], &[1.0; 9], 3).len(), 6);
        assert_eq!(from_eight_bits(&[1; 7], &[1.0], 3).len(), 3);
        assert_eq!(from_eight_bits(&[1; 7], &[1.0; 9], 0).len(), 7);
        assert_eq!(from_four_bits(&[0; 40], &[1.0; 9]).len(), 64);
        assert_eq!(from_four_bits(&[0; 40], &[1.0]).len(), 32);
        assert!(from_four_bits(&[], &[]).is_empty());
    }
}

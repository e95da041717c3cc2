//! Products of bfloat16 numbers: one tile of the result, summed in registers in 32-bit floating point.
//!
//! A bfloat16 number is the upper half of an `f32`: sign, exponent and 8 significant bits. The product of two of them
//! is exact in `f32`. Each sum goes over pairs of inputs in their order, the second of a pair first, because the
//! instruction `vdpbf16ps` of AVX-512 does so. That instruction counts numbers below 1.2e-38 as 0. Otherwise plain Rust
//! gives the same bits.

use super::{
    simd::{Kernel, LANES, vectorised},
    tile::{self, Tile},
};

/// Two neighbouring numbers of a sum, the first in the lower half.
pub(super) type Pair = u32;
/// Pairs of weights for [`tile::COLUMNS`] outputs.
pub(super) type Line = tile::Line<Pair>;
/// Sums of a tile.
pub(super) type Sums = tile::Sums<f32>;

/// Rounds two numbers to the nearest bfloat16, halves to the even one, as torch does.
#[inline(always)]
pub(super) fn pair(first: f32, second: f32) -> Pair {
    rounded(first) >> 16 | rounded(second) & 0xffff_0000
}

/// Returns bits whose upper half is the nearest bfloat16.
#[inline(always)]
fn rounded(value: f32) -> u32 {
    let bits = value.to_bits();
    // Rounding could turn a NaN into infinity: a bit that it keeps is set instead.
    if value.is_nan() { bits | 0x0040_0000 } else { bits.wrapping_add(0x7fff + (bits >> 16 & 1)) }
}

/// Returns both numbers of a pair.
#[inline(always)]
fn numbers(pair: Pair) -> [f32; 2] {
    [pair << 16, pair & 0xffff_0000].map(f32::from_bits)
}

/// Instructions that compute tiles.
/// A value other than [`Tile::ANY`] exists only on processors that have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Instructions(Set);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    Any,
}

impl Tile for Instructions {
    type Input = Pair;
    type Weights = Line;
    type Sum = f32;

    const ANY: Self = Self(Set::Any);

    fn available() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bf16") {
            all.push(Self(Set::Avx512));
        }
        all.push(Self::ANY);
        all
    }

    #[inline(always)]
    fn rows<const N: usize>(self, sums: &mut Sums, rows: [&[Pair]; N], panel: &[Line]) {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `available`, the only maker of this value, has found the instructions.
            Set::Avx512 => unsafe { x86::avx512::<N>(sums, rows, panel) },
            Set::Any => vectorised(Plain { sums, rows, panel }),
        }
    }
}

/// The tile in plain Rust.
struct Plain<'a, const N: usize> {
    sums: &'a mut Sums,
    rows: [&'a [Pair]; N],
    panel: &'a [Line],
}

impl<const N: usize> Kernel for Plain<'_, N> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { sums, rows, panel } = self;
        for (sums, row) in sums.iter_mut().zip(rows) {
            sums.fill(0.0);
            for (input, line) in row.iter().zip(panel) {
                let [first, second] = numbers(*input);
                for (sums, weights) in sums.as_chunks_mut::<LANES>().0.iter_mut().zip(&line.0) {
                    for (sum, weights) in sums.iter_mut().zip(weights) {
                        let [first_weight, second_weight] = numbers(*weights);
                        // The products are exact, so that a fused multiplication would give the same sums.
                        *sum = (*sum + second * second_weight) + first * first_weight;
                    }
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    //! The tile with the instructions of x86-64.

    use std::arch::x86_64::*;

    use super::{super::tile::avx512_tile, Line, Pair, Sums};

    avx512_tile! {
        avx512("avx512f,avx512bf16"): [Pair] x [Line] -> Sums,
        zero: _mm512_setzero_ps(),
        // SAFETY: both types are 64 bytes, and every value is valid.
        load: |place| unsafe { std::mem::transmute::<__m512i, __m512bh>(_mm512_load_si512(place)) },
        // SAFETY: as above.
        spread: |pair: Pair| unsafe { std::mem::transmute::<__m512i, __m512bh>(_mm512_set1_epi32(pair.cast_signed())) },
        add: |sum, inputs, weights| _mm512_dpbf16_ps(sum, inputs, weights),
        // SAFETY: the macro passes a place with room for a register.
        store: |place, register| unsafe { _mm512_storeu_ps(place, register) }
    }
}

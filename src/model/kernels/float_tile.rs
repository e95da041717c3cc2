//! Products of 32-bit floating-point numbers with packed weights: one tile of the result, summed in registers.
//!
//! The crate `gemm` packs the weights again for each product. Predictions use the same weights again and again, with few
//! rows each time, so that here they are packed once. Each sum goes over the inputs in their order.

use super::{
    simd::{Kernel, LANES, vectorised},
    tile::{self, Tile, VECTORS},
};

/// Sums of a tile.
pub(super) type Sums = tile::Sums<f32>;

/// Weights of one input for [`tile::COLUMNS`] outputs.
pub(super) type Line = tile::Line<f32>;

/// Instructions that compute tiles.
/// A value other than [`Tile::ANY`] exists only on processors that have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Instructions(Set);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Any,
}

impl Tile for Instructions {
    type Input = f32;
    type Weights = Line;
    type Sum = f32;

    const ANY: Self = Self(Set::Any);

    fn available() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                all.push(Self(Set::Avx512));
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                all.push(Self(Set::Avx2));
            }
        }
        all.push(Self::ANY);
        all
    }

    #[inline(always)]
    fn rows<const N: usize>(self, sums: &mut Sums, rows: [&[f32]; N], panel: &[Line]) {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `available`, the only maker of this value, has found the instructions.
            Set::Avx512 => unsafe { x86::avx512::<N>(sums, rows, panel) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Set::Avx2 => unsafe { x86::avx2::<N>(sums, rows, panel) },
            Set::Any => vectorised(Plain { sums, rows, panel }),
        }
    }
}

/// The tile in plain Rust.
struct Plain<'a, const N: usize> {
    sums: &'a mut Sums,
    rows: [&'a [f32]; N],
    panel: &'a [Line],
}

impl<const N: usize> Kernel for Plain<'_, N> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { sums, rows, panel } = self;
        for at in 0..VECTORS {
            let mut registers = [[0.0f32; LANES]; N];
            for (depth, line) in panel.iter().enumerate() {
                let weights = line.0.get(at).copied().unwrap_or_default();
                for (sums, row) in registers.iter_mut().zip(rows) {
                    let input = row.get(depth).copied().unwrap_or_default();
                    sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum = add_product(*sum, input, weight));
                }
            }
            for (sums, register) in sums.iter_mut().zip(registers) {
                sums.iter_mut().skip(at * LANES).zip(register).for_each(|(sum, found)| *sum = found);
            }
        }
    }
}

/// Computes `sum + a * b`, rounded once where this needs no call of a function.
#[inline(always)]
fn add_product(sum: f32, a: f32, b: f32) -> f32 {
    if cfg!(target_arch = "aarch64") { a.mul_add(b, sum) } else { sum + a * b }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    //! The tile with the instructions of x86-64.

    use std::arch::x86_64::*;

    use super::{
        super::tile::{VECTORS, avx512_tile, cut},
        Line, Sums,
    };

    avx512_tile! {
        avx512("avx512f"): [f32] x [Line] -> Sums,
        zero: _mm512_setzero_ps(),
        // SAFETY: the macro passes an aligned place of a whole vector.
        load: |place| unsafe { _mm512_load_ps(place) },
        spread: |input| _mm512_set1_ps(input),
        add: |sum, input, weights| _mm512_fmadd_ps(input, weights, sum),
        // SAFETY: the macro passes a place with room for a register.
        store: |place, register| unsafe { _mm512_storeu_ps(place, register) }
    }

    /// A quarter of the columns at a time, since there are only 16 registers.
    #[target_feature(enable = "avx2,fma")]
    pub(super) fn avx2<const N: usize>(sums: &mut Sums, rows: [&[f32]; N], panel: &[Line]) {
        let Some(rows) = cut(rows, panel.len()) else { return };
        for at in 0..VECTORS {
            let mut registers = [[_mm256_setzero_ps(); 2]; N];
            for depth in 0..panel.len() {
                let Some(vector) = panel.get(depth).and_then(|line| line.0.get(at)) else { break };
                let mut weights = [_mm256_setzero_ps(); 2];
                for (register, half) in weights.iter_mut().zip(vector.as_chunks::<8>().0) {
                    // SAFETY: a half is 32 readable bytes, which need no alignment.
                    *register = unsafe { _mm256_loadu_ps(half.as_ptr()) };
                }
                for (registers, row) in registers.iter_mut().zip(rows) {
                    let input = _mm256_set1_ps(row.get(depth).copied().unwrap_or_default());
                    for (sum, weights) in registers.iter_mut().zip(weights) {
                        *sum = _mm256_fmadd_ps(input, weights, *sum);
                    }
                }
            }
            for (sums, registers) in sums.iter_mut().zip(registers) {
                let halves = sums.as_chunks_mut::<8>().0.iter_mut().skip(2 * at);
                for (sums, register) in halves.zip(registers) {
                    // SAFETY: there is room for the 8 sums of a register, and they need no alignment.
                    unsafe { _mm256_storeu_ps(sums.as_mut_ptr(), register) };
                }
            }
        }
    }
}

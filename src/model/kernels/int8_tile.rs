//! Products of 8-bit integers: one tile of the result, summed in registers.
//!
//! Three implementations give the same integers: AVX-512 with the instruction for exactly this (VNNI), AVX2, and plain
//! Rust. Sums are exact, so that their order does not matter; a sum that left 32 bits would wrap in all three.

use super::{
    simd::{Kernel, vectorised},
    tile::{self, Tile, VECTORS},
};

/// Neighbouring inputs whose products one instruction adds up.
pub(super) const DEPTH: usize = 4;

/// Neighbouring inputs of one row.
pub(super) type Quad = [u8; DEPTH];
/// Sums of a tile.
pub(super) type Sums = tile::Sums<i32>;

/// Weights of [`DEPTH`] inputs for [`tile::COLUMNS`] outputs.
/// Each vector has 16 outputs, the weights of one output side by side.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Group(pub(super) [[i8; 64]; VECTORS]);

impl Group {
    /// Weights of 0.
    pub(super) const ZERO: Self = Self([[0; 64]; VECTORS]);

    /// Sets the weight of one of its inputs for one of its outputs.
    /// Does nothing outside the group.
    pub(super) fn set(&mut self, input: usize, output: usize, weight: i8) {
        let vector = self.0.get_mut(output / 16).map(|vector| vector.as_chunks_mut::<DEPTH>().0);
        let place = vector.and_then(|outputs| outputs.get_mut(output % 16)).and_then(|quad| quad.get_mut(input));
        place.into_iter().for_each(|place| *place = weight);
    }
}

/// Instructions that compute tiles.
/// A value other than [`Tile::ANY`] exists only on processors that have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Instructions(Set);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    #[cfg(target_arch = "x86_64")]
    Vnni,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Any,
}

impl Tile for Instructions {
    type Input = Quad;
    type Weights = Group;
    type Sum = i32;

    const ANY: Self = Self(Set::Any);

    fn available() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni") {
                all.push(Self(Set::Vnni));
            }
            if is_x86_feature_detected!("avx2") {
                all.push(Self(Set::Avx2));
            }
        }
        all.push(Self::ANY);
        all
    }

    #[inline(always)]
    fn rows<const N: usize>(self, sums: &mut Sums, rows: [&[Quad]; N], panel: &[Group]) {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `available`, the only maker of this value, has found the instructions.
            Set::Vnni => unsafe { x86::vnni::<N>(sums, rows, panel) },
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
    rows: [&'a [Quad]; N],
    panel: &'a [Group],
}

impl<const N: usize> Kernel for Plain<'_, N> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { sums, rows, panel } = self;
        for (sums, row) in sums.iter_mut().zip(rows) {
            sums.fill(0);
            for (quad, group) in row.iter().zip(panel) {
                let weights = group.0.as_flattened().as_chunks::<DEPTH>().0;
                let [a, b, c, d] = quad.map(i32::from);
                for (sum, [wa, wb, wc, wd]) in sums.iter_mut().zip(weights) {
                    let left = a * i32::from(*wa) + b * i32::from(*wb);
                    let right = c * i32::from(*wc) + d * i32::from(*wd);
                    *sum = sum.wrapping_add(left + right);
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    //! The tile with the instructions of x86-64.

    use std::arch::x86_64::*;

    use super::{
        super::tile::{COLUMNS, VECTORS, avx512_tile, cut},
        Group, Quad, Sums,
    };

    /// Rows that the AVX2 tile computes at once: their sums take half of the 16 registers.
    const PAIR: usize = 2;

    avx512_tile! {
        vnni("avx512f,avx512vnni"): [Quad] x [Group] -> Sums,
        zero: _mm512_setzero_si512(),
        // SAFETY: the macro passes an aligned place of a whole vector.
        load: |place| unsafe { _mm512_load_si512(place) },
        spread: |quad| _mm512_set1_epi32(i32::from_le_bytes(quad)),
        add: |sum, inputs, weights| _mm512_dpbusd_epi32(sum, inputs, weights),
        // SAFETY: the macro passes a place with room for a register.
        store: |place, register| unsafe { _mm512_storeu_si512(place, register) }
    }

    /// Inputs and weights become 16 bits wide, because the instruction for 8 bits would cut sums off at 16 bits.
    #[target_feature(enable = "avx2")]
    pub(super) fn avx2<const N: usize>(sums: &mut Sums, rows: [&[Quad]; N], panel: &[Group]) {
        for (sums, rows) in sums.chunks_mut(PAIR).zip(rows.chunks(PAIR)) {
            for (at, columns) in (0..VECTORS).zip((0..COLUMNS).step_by(COLUMNS / VECTORS)) {
                // Without a second row, the first one is computed twice.
                let pair = [0, 1].map(|row: usize| rows.get(row).or(rows.first()).copied().unwrap_or_default());
                let found = avx2_vector(pair, panel, at);
                for (sums, found) in sums.iter_mut().zip(found).take(rows.len()) {
                    sums.iter_mut().skip(columns).zip(found).for_each(|(sum, found)| *sum = found);
                }
            }
        }
    }

    /// Computes the outputs of one vector of weights for two rows.
    #[target_feature(enable = "avx2")]
    fn avx2_vector(rows: [&[Quad]; PAIR], panel: &[Group], at: usize) -> [[i32; 16]; PAIR] {
        // Each register has two sums for each of four outputs.
        let mut registers = [[_mm256_setzero_si256(); 4]; PAIR];
        let Some(rows) = cut(rows, panel.len()) else { return [[0; 16]; PAIR] };
        for depth in 0..panel.len() {
            let Some(vector) = panel.get(depth).and_then(|group| group.0.get(at)) else { break };
            let mut weights = [_mm256_setzero_si256(); 4];
            for (register, quarter) in weights.iter_mut().zip(vector.as_chunks::<16>().0) {
                // SAFETY: a quarter is 16 readable bytes, which need no alignment.
                *register = unsafe { _mm256_cvtepi8_epi16(_mm_loadu_si128(quarter.as_ptr().cast())) };
            }
            for (registers, row) in registers.iter_mut().zip(rows) {
                let quad = row.get(depth).copied().unwrap_or_default();
                let inputs = _mm256_set1_epi64x(i64::from_le_bytes(widened(quad)));
                for (sum, weights) in registers.iter_mut().zip(weights) {
                    *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(inputs, weights));
                }
            }
        }
        let mut sums = [[0i32; 16]; PAIR];
        for (sums, registers) in sums.iter_mut().zip(registers) {
            for (sums, register) in sums.as_chunks_mut::<4>().0.iter_mut().zip(registers) {
                let mut pairs = [0i32; 8];
                // SAFETY: there is room for the 8 sums of a register, and they need no alignment.
                unsafe { _mm256_storeu_si256(pairs.as_mut_ptr().cast(), register) };
                for (sum, [a, b]) in sums.iter_mut().zip(pairs.as_chunks::<2>().0) {
                    *sum = a.wrapping_add(*b);
                }
            }
        }
        sums
    }

    /// Bytes of the inputs as 16-bit integers.
    #[inline(always)]
    fn widened([a, b, c, d]: Quad) -> [u8; 8] {
        [a, 0, b, 0, c, 0, d, 0]
    }
}

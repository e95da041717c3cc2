//! Tiles of a product: a few rows and columns of the result, summed in registers.

use super::simd::LANES;

/// Columns of a tile.
pub(super) const COLUMNS: usize = 64;
/// Vectors of weights for one row of a tile, each as wide as the widest registers.
pub(super) const VECTORS: usize = 4;
/// Rows of a tile. Their sums take 24 of the 32 registers of AVX-512; weights and inputs get the others.
pub(super) const ROWS: usize = 6;

/// Weights of one step of the sums, for [`COLUMNS`] outputs.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Line<T>(pub(super) [[T; LANES]; VECTORS]);

impl<T: Copy> Line<T> {
    /// Returns a line of equal weights.
    pub(super) const fn of(weight: T) -> Self {
        Self([[weight; LANES]; VECTORS])
    }
}

/// Sums of a tile. Only the first rows are written if the tile has fewer.
pub(super) type Sums<T> = [[T; COLUMNS]; ROWS];

/// Instructions that compute tiles of one kind.
/// A value other than [`Tile::ANY`] exists only on processors that have them.
pub(super) trait Tile: Copy {
    /// Inputs of one row that are multiplied together.
    type Input: Copy;
    /// Weights of these inputs for [`COLUMNS`] outputs.
    type Weights;
    /// A sum of products.
    type Sum;

    /// Plain Rust, which every processor runs.
    const ANY: Self;

    /// Returns the instructions of this processor, the best first.
    fn available() -> Vec<Self>;

    /// Computes a tile of `N` rows. Each row has as many inputs as `panel` has weights.
    fn rows<const N: usize>(self, sums: &mut Sums<Self::Sum>, rows: [&[Self::Input]; N], panel: &[Self::Weights]);

    /// Returns the best instructions of this processor.
    fn best() -> Self {
        Self::available().first().copied().unwrap_or(Self::ANY)
    }

    /// Computes a tile of `count` rows, at most [`ROWS`].
    /// `rows` has as many inputs for each row as `panel` has weights, row after row.
    fn tile(self, sums: &mut Sums<Self::Sum>, count: usize, rows: &[Self::Input], panel: &[Self::Weights]) {
        let length = panel.len();
        match count {
            0 => {}
            1 => self.rows::<1>(sums, split(rows, length), panel),
            2 => self.rows::<2>(sums, split(rows, length), panel),
            3 => self.rows::<3>(sums, split(rows, length), panel),
            4 => self.rows::<4>(sums, split(rows, length), panel),
            5 => self.rows::<5>(sums, split(rows, length), panel),
            _ => self.rows::<ROWS>(sums, split(rows, length), panel),
        }
    }
}

/// Splits inputs into rows of this length.
#[inline(always)]
fn split<const N: usize, T>(inputs: &[T], length: usize) -> [&[T]; N] {
    let mut rows = inputs.chunks_exact(length.max(1));
    std::array::from_fn(|_| rows.next().unwrap_or_default())
}

/// Cuts rows to the same length, so that the compiler needs no checks inside the loops.
/// Returns `None` if one is shorter, which is a mistake of the caller.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn cut<const N: usize, T>(rows: [&[T]; N], length: usize) -> Option<[&[T]; N]> {
    let mut outcome = [[].as_slice(); N];
    for (to, row) in outcome.iter_mut().zip(rows) {
        *to = row.get(..length)?;
    }
    Some(outcome)
}

/// Defines a function that computes a tile of `N` rows with AVX-512.
/// `load` reads a vector of weights from its place, `spread` fills a register with one input, `add` adds their products
/// to a sum, and `store` writes 16 sums to their place.
#[cfg(target_arch = "x86_64")]
macro_rules! avx512_tile {
    (
        $name:ident($features:literal): [$input:ty] x [$weights:ty] -> $sums:ty,
        zero: $zero:expr, load: $load:expr, spread: $spread:expr, add: $add:expr, store: $store:expr
    ) => {
        #[target_feature(enable = $features)]
        pub(super) fn $name<const N: usize>(sums: &mut $sums, rows: [&[$input]; N], panel: &[$weights]) {
            use $crate::{
                simd::LANES,
                tile::{VECTORS, cut},
            };
            let mut registers = [[$zero; VECTORS]; N];
            let Some(rows) = cut(rows, panel.len()) else { return };
            for depth in 0..panel.len() {
                let Some(line) = panel.get(depth) else { break };
                // A vector is 64 readable bytes, and a line, aligned to 64 bytes, consists of vectors.
                let weights = line.0.each_ref().map(|vector| ($load)(vector.as_ptr().cast()));
                for (registers, row) in registers.iter_mut().zip(rows) {
                    let input = ($spread)(row.get(depth).copied().unwrap_or_default());
                    for (sum, weights) in registers.iter_mut().zip(weights) {
                        *sum = ($add)(*sum, input, weights);
                    }
                }
            }
            for (sums, registers) in sums.iter_mut().zip(registers) {
                for (sums, register) in sums.as_chunks_mut::<LANES>().0.iter_mut().zip(registers) {
                    ($store)(sums.as_mut_ptr().cast(), register);
                }
            }
        }
    };
}
#[cfg(target_arch = "x86_64")]
pub(super) use avx512_tile;

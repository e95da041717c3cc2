//! Tiles of a product: a few rows and columns of the result, summed in registers.

/// Columns of a tile.
pub(super) const COLUMNS: usize = 64;
/// Vectors of weights for one row of a tile, each as wide as the widest registers.
pub(super) const VECTORS: usize = 4;
/// Rows of a tile. Their sums take 24 of the 32 registers of AVX-512; weights and inputs get the others.
pub(super) const ROWS: usize = 6;

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

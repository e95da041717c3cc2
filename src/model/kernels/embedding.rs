//! Embeddings: word and position rows, their norm and dropout, and the gradient.

use rayon::prelude::*;

use super::{
    batch::Pieces,
    dropout::Mask,
    norm::{ROWS, Source},
    parameters::Parameters,
    simd::{Kernel, vectorised},
    sums::squares,
};

/// Sum of a word's row and a position's row.
struct Rows<'a> {
    parameters: &'a Parameters,
    pieces: Pieces<'a>,
}

impl Source for Rows<'_> {
    #[inline(always)]
    fn write(&self, row: usize, to: &mut [f32]) {
        let of = |table: &'_ [f32], rows: &[u32], to: &mut [f32], put: fn(&mut f32, f32)| {
            let at = rows.get(row).map_or(0, |row| *row as usize) * to.len();
            let from = table.get(at..).unwrap_or_default();
            to.iter_mut().zip(from).for_each(|(to, from)| put(to, *from));
        };
        of(&self.parameters.all.words, self.pieces.words, to, |to, from| *to = from);
        of(&self.parameters.all.positions, self.pieces.positions, to, |to, from| *to += from);
    }
}

/// Returns the input of the embeddings' norm.
pub(super) fn rows<'a>(parameters: &'a Parameters, pieces: Pieces<'a>) -> impl Source + 'a {
    Rows { parameters, pieces }
}

/// Applies a mask to rows of width `dim`.
pub(super) fn drop_rows(mask: Option<Mask>, values: &mut [f32], dim: usize) {
    let Some(mask) = mask else { return };
    values.par_chunks_mut(ROWS * dim).enumerate().for_each(|(at, values)| {
        vectorised(Drop { mask, first: at * ROWS * dim, values });
    });
}

struct Drop<'a> {
    mask: Mask,
    first: usize,
    values: &'a mut [f32],
}

impl Kernel for Drop<'_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { mask, first, values } = self;
        mask.apply(first, values);
    }
}

/// Gradient of a table, which is 0 except for some rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Touched {
    /// Rows with a gradient, ascending.
    rows: Vec<u32>,
    /// Row and piece of each embedding, sorted: the pieces of one row are together.
    order: Vec<(u32, usize)>,
}

impl Touched {
    /// Returns the rows whose gradient may differ from 0, ascending.
    pub(super) fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// Sets the gradient to 0.
    pub(super) fn clear(&mut self, table: &mut [f32], dim: usize) {
        for row in self.rows.drain(..) {
            let from = row as usize * dim;
            table.get_mut(from..from + dim).unwrap_or_default().fill(0.0);
        }
    }

    /// Adds the gradient of each piece's embedding, `[pieces, dim]`, to its row.
    /// Row `but` is left out. Returns the sum of all squares.
    pub(super) fn add(
        &mut self,
        table: &mut [f32],
        dim: usize,
        (asked, but): (&[u32], Option<u32>),
        gradient: &[f32],
    ) -> f64 {
        self.order.clear();
        self.order.extend(asked.iter().copied().zip(0..).filter(|(row, _)| Some(*row) != but));
        // Sorted by row, then by piece: the sum of each row has a fixed order.
        self.order.sort_unstable();
        self.rows.extend(self.order.iter().map(|(row, _)| *row));
        self.rows.sort_unstable();
        self.rows.dedup();
        let (mut rest, mut passed, mut tasks) = (&mut *table, 0, Vec::with_capacity(self.rows.len()));
        for pieces in self.order.chunk_by(|a, b| a.0 == b.0) {
            let row = pieces.first().map_or(0, |(row, _)| *row as usize);
            // Skips the rows before this one, then takes it.
            let _ = rest.split_off_mut(..(row - passed) * dim);
            tasks.push((rest.split_off_mut(..dim).unwrap_or_default(), pieces));
            passed = row + 1;
        }
        tasks.into_par_iter().with_min_len(ROWS).for_each(|(row, pieces)| {
            vectorised(Gather { row, pieces, gradient });
        });
        let rows = self.rows.iter().filter_map(|row| table.get(*row as usize * dim..(*row as usize + 1) * dim));
        rows.map(squares).sum()
    }
}

/// Sum of the gradients for one row.
struct Gather<'a> {
    row: &'a mut [f32],
    pieces: &'a [(u32, usize)],
    gradient: &'a [f32],
}

impl Kernel for Gather<'_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { row, pieces, gradient } = self;
        let dim = row.len();
        for (_, piece) in pieces {
            let from = gradient.get(piece * dim..).unwrap_or_default();
            row.iter_mut().zip(from).for_each(|(sum, value)| *sum += value);
        }
    }
}

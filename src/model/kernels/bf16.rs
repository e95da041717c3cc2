//! Products of a training step with factors rounded to bfloat16, sums in 32-bit floating point.
//!
//! Both factors are packed for each product: the left one as rows of pairs along the sum, the right one as panels of 64
//! columns. A weight is read once for the forward pass and once for the input gradient, which needs it transposed.
//! Packing rounds; the `f32` weights of the optimiser stay as they are.

use rayon::prelude::*;

use super::{
    bf16_tile::{Instructions, Line, Pair, Sums, pair},
    simd::{Kernel, LANES, vectorised},
    sums::squares,
    tile::{COLUMNS, ROWS, Tile},
    transpose::{SIDE, turned},
};

/// Rows of the result that one task computes.
const TASK: usize = 4 * ROWS;
/// Rows of a weight's gradient in one task.
/// Few enough to be squared while they are in the cache.
const GRADIENT_TASK: usize = 8 * ROWS;

/// Row-major matrix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Matrix<'a> {
    values: &'a [f32],
    width: usize,
}

impl<'a> Matrix<'a> {
    /// Returns the matrix of all whole rows in `values`.
    pub(super) fn new(values: &'a [f32], width: usize) -> Self {
        Self { values, width: width.max(1) }
    }

    fn rows(self) -> usize {
        self.values.len() / self.width
    }

    /// Returns both numbers of pair `at` of neighbouring rows, in each of at most [`SIDE`] columns from `left`.
    #[inline(always)]
    fn down(self, at: usize, left: usize) -> [Pair; SIDE] {
        let row = |row: usize| {
            let rest = self.values.get(row * self.width..).unwrap_or_default();
            let rest = rest.get(left..self.width).unwrap_or_default();
            rest.first_chunk::<SIDE>().copied().unwrap_or_else(|| filled(rest))
        };
        let (first, second) = (row(2 * at), row(2 * at + 1));
        std::array::from_fn(|column| pair(first[column], second[column]))
    }

    /// Returns at most [`SIDE`] pairs of neighbouring numbers of one row, from pair `from`.
    #[inline(always)]
    fn across(self, row: usize, from: usize) -> [Pair; SIDE] {
        let rest = self.values.get(row * self.width..).unwrap_or_default();
        let rest = rest.get(2 * from..self.width.max(2 * from)).unwrap_or_default();
        let rest = rest.first_chunk::<{ 2 * SIDE }>().copied().unwrap_or_else(|| filled(rest));
        let mut outcome = [0; SIDE];
        outcome.iter_mut().zip(rest.as_chunks::<2>().0).for_each(|(to, [first, second])| *to = pair(*first, *second));
        outcome
    }
}

/// Returns the first values of a row that is shorter than the array, followed by zeros.
#[inline(always)]
fn filled<const N: usize>(values: &[f32]) -> [f32; N] {
    let mut outcome = [0.0; N];
    outcome.iter_mut().zip(values).for_each(|(to, from)| *to = *from);
    outcome
}

/// Packed factors of one product. Their memory is used again for the next one.
#[derive(Debug, Default)]
pub(super) struct Factors {
    /// Left factor: for each row of the result a pair for each step of its sums.
    left: Vec<Pair>,
    /// Right factor: for each [`COLUMNS`] columns of the result a line for each step of its sums.
    right: Vec<Line>,
}

impl Factors {
    /// Computes `outcome = x w`.
    pub(super) fn outputs(&mut self, outcome: &mut [f32], x: Matrix<'_>, w: Matrix<'_>, instructions: Instructions) {
        debug_assert_eq!((x.width, outcome.len()), (w.rows(), x.rows() * w.width));
        let depth = x.width.div_ceil(2);
        self.pack_left(x.rows(), depth, |row, from| x.across(row, from));
        self.pack_right(w.width, depth, |at, left| w.down(at, left));
        self.multiply((outcome, w.width), depth, instructions, |to, sum| *to = sum);
    }

    /// Calls `put` for each value of an input and its gradient `dy w^T`.
    pub(super) fn input_gradient(
        &mut self,
        input: &mut [f32],
        dy: Matrix<'_>,
        w: Matrix<'_>,
        instructions: Instructions,
        put: impl Fn(&mut f32, f32) + Sync,
    ) {
        debug_assert_eq!((dy.width, input.len()), (w.width, dy.rows() * w.rows()));
        let depth = dy.width.div_ceil(2);
        self.pack_left(dy.rows(), depth, |row, from| dy.across(row, from));
        self.pack_right_turned(w.rows(), depth, |row, from| w.across(row, from));
        self.multiply((input, w.rows()), depth, instructions, put);
    }

    /// Computes the gradient of a weight, `outcome (+)= x^T dy`.
    /// It is added to the present values if `add`. Returns the sum of the squares of the new values.
    pub(super) fn weight_gradient(
        &mut self,
        outcome: &mut [f32],
        x: Matrix<'_>,
        dy: Matrix<'_>,
        instructions: Instructions,
        add: bool,
    ) -> f64 {
        debug_assert_eq!((x.rows(), outcome.len()), (dy.rows(), x.width * dy.width));
        let depth = x.rows().div_ceil(2);
        self.pack_left_turned(x.width, depth, |at, left| x.down(at, left));
        self.pack_right(dy.width, depth, |at, left| dy.down(at, left));
        let block = GRADIENT_TASK * dy.width;
        let mut sums = vec![0.0; outcome.len().div_ceil(block)];
        let rows = self.left.par_chunks(GRADIENT_TASK * depth.max(1));
        outcome.par_chunks_mut(block).zip(rows).zip(&mut sums).for_each(|((outcome, left), sum)| {
            let product = Product { left, right: &self.right, depth, instructions };
            match add {
                true => product.rows((outcome, dy.width), &|to, sum| *to += sum),
                false => product.rows((outcome, dy.width), &|to, sum| *to = sum),
            }
            *sum = squares(outcome);
        });
        sums.iter().sum()
    }

    /// Multiplies the packed factors; `put` gets each value of `outcome` and of the product.
    fn multiply(
        &self,
        (outcome, width): (&mut [f32], usize),
        depth: usize,
        instructions: Instructions,
        put: impl Fn(&mut f32, f32) + Sync,
    ) {
        let rows = self.left.par_chunks(TASK * depth.max(1));
        outcome.par_chunks_mut(TASK * width.max(1)).zip(rows).for_each(|(outcome, left)| {
            Product { left, right: &self.right, depth, instructions }.rows((outcome, width), &put);
        });
    }

    /// Packs the left factor. `pairs` returns those of a row, from one of them on.
    fn pack_left(&mut self, rows: usize, depth: usize, pairs: impl Fn(usize, usize) -> [Pair; SIDE] + Sync) {
        self.left.resize(rows * depth, 0);
        let tasks = self.left.par_chunks_mut(TASK * depth.max(1)).enumerate();
        tasks.for_each(|(at, to)| vectorised(Left { to, depth, first: at * TASK, pairs: &pairs }));
    }

    /// Packs the left factor. `pairs` returns one pair for each of some rows, from one of them on.
    fn pack_left_turned(&mut self, rows: usize, depth: usize, pairs: impl Fn(usize, usize) -> [Pair; SIDE] + Sync) {
        self.left.resize(rows * depth, 0);
        let tasks = self.left.par_chunks_mut(SIDE * depth.max(1)).enumerate();
        tasks.for_each(|(at, to)| vectorised(LeftTurned { to, depth, first: at * SIDE, pairs: &pairs }));
    }

    /// Packs the right factor. `pairs` returns those of one step of the sums, from a column on.
    fn pack_right(&mut self, columns: usize, depth: usize, pairs: impl Fn(usize, usize) -> [Pair; SIDE] + Sync) {
        self.resize_right(columns, depth);
        let tasks = self.right.par_chunks_mut(depth.max(1)).enumerate();
        tasks.for_each(|(at, to)| vectorised(Right { to, first: at * COLUMNS, pairs: &pairs }));
    }

    /// Packs the right factor. `pairs` returns those of one column, from one step of the sums on.
    fn pack_right_turned(&mut self, columns: usize, depth: usize, pairs: impl Fn(usize, usize) -> [Pair; SIDE] + Sync) {
        self.resize_right(columns, depth);
        let tasks = self.right.par_chunks_mut(depth.max(1)).enumerate();
        tasks.for_each(|(at, to)| vectorised(RightTurned { to, first: at * COLUMNS, pairs: &pairs }));
    }

    fn resize_right(&mut self, columns: usize, depth: usize) {
        self.right.resize(columns.div_ceil(COLUMNS) * depth, Line::of(0));
    }
}

/// Rows of a left factor, each with a pair for each step.
struct Left<'a, P> {
    to: &'a mut [Pair],
    depth: usize,
    /// The first of these rows.
    first: usize,
    pairs: &'a P,
}

impl<P: Fn(usize, usize) -> [Pair; SIDE]> Kernel for Left<'_, P> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { to, depth, first, pairs } = self;
        for (row, to) in (first..).zip(to.chunks_exact_mut(depth)) {
            for (to, from) in to.chunks_mut(SIDE).zip((0..).step_by(SIDE)) {
                copy(to, &pairs(row, from));
            }
        }
    }
}

/// At most [`SIDE`] rows of a left factor, from a matrix with a column for each row.
struct LeftTurned<'a, P> {
    to: &'a mut [Pair],
    depth: usize,
    /// The first of these rows.
    first: usize,
    pairs: &'a P,
}

impl<P: Fn(usize, usize) -> [Pair; SIDE]> Kernel for LeftTurned<'_, P> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { to, depth, first, pairs } = self;
        for from in (0..depth).step_by(SIDE) {
            let mut square = [[0; SIDE]; SIDE];
            square.iter_mut().zip(from..depth).for_each(|(side, at)| *side = pairs(at, first));
            for (row, pairs) in to.chunks_exact_mut(depth).zip(&turned(square)) {
                let rest = row.get_mut(from..).unwrap_or_default();
                copy(rest.split_at_mut(SIDE.min(rest.len())).0, pairs);
            }
        }
    }
}

/// A panel of a right factor.
struct Right<'a, P> {
    to: &'a mut [Line],
    /// The first of its columns.
    first: usize,
    pairs: &'a P,
}

impl<P: Fn(usize, usize) -> [Pair; SIDE]> Kernel for Right<'_, P> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { to, first, pairs } = self;
        for (at, line) in to.iter_mut().enumerate() {
            for (vector, left) in line.0.iter_mut().zip((first..).step_by(LANES)) {
                *vector = pairs(at, left);
            }
        }
    }
}

/// A panel of a right factor, from a matrix with a row for each column.
struct RightTurned<'a, P> {
    to: &'a mut [Line],
    /// The first of its columns.
    first: usize,
    pairs: &'a P,
}

impl<P: Fn(usize, usize) -> [Pair; SIDE]> Kernel for RightTurned<'_, P> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { to, first, pairs } = self;
        for (lines, from) in to.chunks_mut(SIDE).zip((0..).step_by(SIDE)) {
            for vector in 0..COLUMNS / LANES {
                let mut square = [[0; SIDE]; SIDE];
                let columns = (first + vector * LANES)..;
                square.iter_mut().zip(columns).for_each(|(side, column)| *side = pairs(column, from));
                for (line, side) in lines.iter_mut().zip(turned(square)) {
                    line.0.iter_mut().skip(vector).take(1).for_each(|to| *to = side);
                }
            }
        }
    }
}

/// Copies as many pairs as there is room for.
#[inline(always)]
fn copy(to: &mut [Pair], from: &[Pair; SIDE]) {
    match to.first_chunk_mut::<SIDE>() {
        Some(to) => *to = *from,
        None => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
    }
}

/// Some rows of the packed left factor and all of the right one.
struct Product<'a> {
    left: &'a [Pair],
    right: &'a [Line],
    depth: usize,
    instructions: Instructions,
}

impl Product<'_> {
    /// Computes these rows on this thread; `put` gets each value of `outcome` and of the product.
    fn rows(&self, (outcome, width): (&mut [f32], usize), put: &impl Fn(&mut f32, f32)) {
        let depth = self.depth.max(1);
        let mut sums: Sums = [[0.0; COLUMNS]; ROWS];
        for (panel, left) in self.right.chunks_exact(depth).zip((0..width).step_by(COLUMNS)) {
            let bands = self.left.chunks(ROWS * depth).zip(outcome.chunks_mut(ROWS * width));
            for (rows, outcome) in bands {
                self.instructions.tile(&mut sums, rows.len() / depth, rows, panel);
                vectorised(Put { sums: &sums, outcome, width, left, put });
            }
        }
    }
}

/// Hands over the sums of a tile.
struct Put<'a, P> {
    sums: &'a Sums,
    /// Rows of the result, of which the tile is some columns.
    outcome: &'a mut [f32],
    width: usize,
    /// First column of the tile.
    left: usize,
    put: &'a P,
}

impl<P: Fn(&mut f32, f32)> Kernel for Put<'_, P> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { sums, outcome, width, left, put } = self;
        for (outcome, sums) in outcome.chunks_exact_mut(width).zip(sums) {
            let outcome = outcome.get_mut(left..(left + COLUMNS).min(width)).unwrap_or_default();
            outcome.iter_mut().zip(sums).for_each(|(to, sum)| put(to, *sum));
        }
    }
}

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
        let mut outcome = [0; SIDE];
        let both = row(2 * at).into_iter().zip(row(2 * at + 1));
        outcome.iter_mut().zip(both).for_each(|(to, (first, second))| *to = pair(first, second));
        outcome
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
        self.pack_left(x);
        self.pack_right(w);
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
        self.pack_left(dy);
        self.pack_right_turned(w);
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
        self.pack_left_turned(x);
        self.pack_right(dy);
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

    /// Packs a left factor.
    fn pack_left(&mut self, matrix: Matrix<'_>) {
        let depth = matrix.width.div_ceil(2);
        self.left.resize(matrix.rows() * depth, 0);
        let tasks = self.left.par_chunks_mut(TASK * depth).enumerate();
        tasks.for_each(|(at, to)| vectorised(Left { to, depth, first: at * TASK, matrix }));
    }

    /// Packs a left factor from its transpose.
    fn pack_left_turned(&mut self, matrix: Matrix<'_>) {
        let depth = matrix.rows().div_ceil(2).max(1);
        self.left.resize(matrix.width * depth, 0);
        let tasks = self.left.par_chunks_mut(SIDE * depth).enumerate();
        tasks.for_each(|(at, to)| vectorised(LeftTurned { to, depth, first: at * SIDE, matrix }));
    }

    /// Packs a right factor.
    fn pack_right(&mut self, matrix: Matrix<'_>) {
        let depth = matrix.rows().div_ceil(2).max(1);
        self.right.resize(matrix.width.div_ceil(COLUMNS) * depth, Line::of(0));
        let tasks = self.right.par_chunks_mut(depth).enumerate();
        tasks.for_each(|(at, to)| vectorised(Right { to, first: at * COLUMNS, matrix }));
    }

    /// Packs a right factor from its transpose.
    fn pack_right_turned(&mut self, matrix: Matrix<'_>) {
        let depth = matrix.width.div_ceil(2);
        self.right.resize(matrix.rows().div_ceil(COLUMNS) * depth, Line::of(0));
        let tasks = self.right.par_chunks_mut(depth).enumerate();
        tasks.for_each(|(at, to)| vectorised(RightTurned { to, first: at * COLUMNS, matrix }));
    }
}

/// Rows of a left factor, each with a pair for each step.
struct Left<'a> {
    to: &'a mut [Pair],
    depth: usize,
    /// The first of these rows.
    first: usize,
    matrix: Matrix<'a>,
}

impl Kernel for Left<'_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { to, depth, first, matrix } = self;
        for (row, to) in (first..).zip(to.chunks_exact_mut(depth)) {
            for (to, from) in to.chunks_mut(SIDE).zip((0..).step_by(SIDE)) {
                copy(to, &matrix.across(row, from));
            }
        }
    }
}

/// At most [`SIDE`] rows of a left factor, from a matrix with a column for each row.
struct LeftTurned<'a> {
    to: &'a mut [Pair],
    depth: usize,
    /// The first of these rows.
    first: usize,
    matrix: Matrix<'a>,
}

impl Kernel for LeftTurned<'_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { to, depth, first, matrix } = self;
        for from in (0..depth).step_by(SIDE) {
            let mut square = [[0; SIDE]; SIDE];
            square.iter_mut().zip(from..depth).for_each(|(side, at)| *side = matrix.down(at, first));
            for (row, pairs) in to.chunks_exact_mut(depth).zip(&turned(square)) {
                let rest = row.get_mut(from..).unwrap_or_default();
                copy(rest.split_at_mut(SIDE.min(rest.len())).0, pairs);
            }
        }
    }
}

/// A panel of a right factor.
struct Right<'a> {
    to: &'a mut [Line],
    /// The first of its columns.
    first: usize,
    matrix: Matrix<'a>,
}

impl Kernel for Right<'_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { to, first, matrix } = self;
        for (at, line) in to.iter_mut().enumerate() {
            for (vector, left) in line.0.iter_mut().zip((first..).step_by(LANES)) {
                *vector = matrix.down(at, left);
            }
        }
    }
}

/// A panel of a right factor, from a matrix with a row for each column.
struct RightTurned<'a> {
    to: &'a mut [Line],
    /// The first of its columns.
    first: usize,
    matrix: Matrix<'a>,
}

impl Kernel for RightTurned<'_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { to, first, matrix } = self;
        // Few columns at a time, each read to its end, as processors prefetch.
        for vector in 0..COLUMNS / LANES {
            let columns = (first + vector * LANES)..;
            for (lines, from) in to.chunks_mut(SIDE).zip((0..).step_by(SIDE)) {
                let mut square = [[0; SIDE]; SIDE];
                square.iter_mut().zip(columns.clone()).for_each(|(side, column)| *side = matrix.across(column, from));
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

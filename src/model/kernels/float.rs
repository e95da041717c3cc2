//! Linear maps in 32-bit floating point, with weights packed once.

use super::{
    float_tile::{Instructions, Line, Sums},
    parameters::Linear,
    simd::{Kernel, LANES, vectorised},
    tile::{COLUMNS, ROWS, Tile},
};

/// Linear map with packed weights.
#[derive(Debug)]
pub(super) struct FloatLinear {
    inputs: usize,
    /// Weights: for each [`COLUMNS`] outputs a line for each input.
    panels: Vec<Line>,
    bias: Vec<f32>,
    instructions: Instructions,
}

impl FloatLinear {
    /// Packs the weights of a linear map, `[inputs, outputs]`.
    pub(super) fn new(linear: &Linear, instructions: Instructions) -> Self {
        let outputs = linear.bias.len();
        let inputs = linear.weight.len() / outputs.max(1);
        let mut panels = vec![Line::of(0.0); inputs * outputs.div_ceil(COLUMNS)];
        for (panel, left) in panels.chunks_exact_mut(inputs.max(1)).zip((0..outputs).step_by(COLUMNS)) {
            for (line, row) in panel.iter_mut().zip(linear.weight.chunks_exact(outputs)) {
                let row = row.get(left..(left + COLUMNS).min(outputs)).unwrap_or_default();
                for (vector, weights) in line.0.iter_mut().zip(row.chunks(LANES)) {
                    vector.iter_mut().zip(weights).for_each(|(to, weight)| *to = *weight);
                }
            }
        }
        Self { inputs, panels, bias: linear.bias.clone(), instructions }
    }

    /// Computes the outputs `[rows, outputs]` of all rows in `input`, on this thread.
    pub(super) fn apply(&self, input: &[f32], outcome: &mut [f32]) {
        let (inputs, outputs) = (self.inputs.max(1), self.bias.len());
        let mut sums: Sums = [[0.0; COLUMNS]; ROWS];
        for (panel, left) in self.panels.chunks_exact(inputs).zip((0..outputs).step_by(COLUMNS)) {
            let bands = input.chunks(ROWS * inputs).zip(outcome.chunks_mut(ROWS * outputs));
            for (rows, outcome) in bands {
                self.instructions.tile(&mut sums, rows.len() / inputs, rows, panel);
                vectorised(AddBias { bias: &self.bias, left, sums: &sums, outcome });
            }
        }
    }
}

/// Writes the sums of a tile, bias added.
struct AddBias<'a> {
    bias: &'a [f32],
    /// First output of the tile.
    left: usize,
    sums: &'a Sums,
    /// Rows of outputs, of which the tile is some columns.
    outcome: &'a mut [f32],
}

impl Kernel for AddBias<'_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { bias, left, sums, outcome } = self;
        let columns = left..(left + COLUMNS).min(bias.len());
        let some = bias.get(columns.clone()).unwrap_or_default();
        for (outcome, sums) in outcome.chunks_exact_mut(bias.len()).zip(sums) {
            let outcome = outcome.get_mut(columns.clone()).unwrap_or_default();
            outcome.iter_mut().zip(sums).zip(some).for_each(|((to, sum), bias)| *to = sum + bias);
        }
    }
}

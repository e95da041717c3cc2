//! Linear maps with weights and inputs of 8 bits.
//!
//! Weights are rounded once: each output has a step of its own, and its weights are whole multiples, -127 to 127. Inputs
//! are rounded for each product: each row has a lowest value and a step, and its values are 0 to 255 steps above the
//! lowest. Products of integers are summed exactly; then
//! `y = row step * sum * output step + lowest * (sum of the rounded weights) + bias`.
//!
//! Outcomes are the same bits on every processor, and those of a row do not depend on other rows. A row or an output with
//! a value that is not finite gives NaN.

use super::{
    int8_tile::{DEPTH, Group, Instructions, Quad, Sums},
    math::ROUND,
    parameters::Linear,
    simd::{Kernel, LANES, highest, lowest, sum_over, vectorised},
    tile::{COLUMNS, ROWS, Tile},
};

/// Highest rounded input.
const INPUT_STEPS: f32 = 255.0;
/// Highest rounded weight.
const WEIGHT_STEPS: f32 = 127.0;
/// Largest number of inputs whose sum fits into 32 bits.
pub(super) const MOST_INPUTS: usize = i32::MAX as usize / (255 * 127);

/// Linear map with weights of 8 bits.
#[derive(Debug)]
pub(super) struct Int8Linear {
    inputs: usize,
    /// Groups of inputs.
    groups: usize,
    /// Weights: for each [`COLUMNS`] outputs all groups of inputs.
    panels: Vec<Group>,
    /// Step of each output's weights.
    steps: Vec<f32>,
    /// Sum of each output's rounded weights.
    totals: Vec<f32>,
    bias: Vec<f32>,
    instructions: Instructions,
}

/// Rows of inputs, rounded to 8 bits; a buffer for any map.
#[derive(Debug, Default)]
pub(super) struct RoundedRows {
    quads: Vec<Quad>,
    scales: Vec<Scale>,
}

/// Meaning of a row's bytes: `lowest + step * byte`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Scale {
    lowest: f32,
    step: f32,
}

impl Int8Linear {
    /// Rounds the weights of a linear map, `[inputs, outputs]`.
    /// It has at most [`MOST_INPUTS`] inputs.
    pub(super) fn new(linear: &Linear, instructions: Instructions) -> Self {
        let outputs = linear.bias.len();
        let inputs = linear.weight.len() / outputs.max(1);
        let groups = inputs.div_ceil(DEPTH);
        let steps = weight_steps(&linear.weight, outputs);
        let mut panels = vec![Group::ZERO; groups * outputs.div_ceil(COLUMNS)];
        let mut totals = vec![0i32; outputs];
        for (panel, left) in panels.chunks_exact_mut(groups.max(1)).zip((0..outputs).step_by(COLUMNS)) {
            for (group, rows) in panel.iter_mut().zip(linear.weight.chunks(DEPTH * outputs)) {
                for (input, row) in rows.chunks_exact(outputs).enumerate() {
                    let places = row.iter().zip(&steps).zip(&mut totals).skip(left).take(COLUMNS);
                    for (output, ((weight, step), total)) in places.enumerate() {
                        // A step of 0 has weights of 0: their quotient, NaN, becomes 0.
                        let rounded = (weight / step).round_ties_even() as i8;
                        group.set(input, output, rounded);
                        *total += i32::from(rounded);
                    }
                }
            }
        }
        let totals = totals.iter().zip(&steps).map(|(total, step)| *total as f32 * step).collect();
        Self { inputs, groups, panels, steps, totals, bias: linear.bias.clone(), instructions }
    }

    /// Computes the outputs `[rows, outputs]` of all rows in `input`, on this thread.
    pub(super) fn apply(&self, input: &[f32], outcome: &mut [f32], rounded: &mut RoundedRows) {
        rounded.round(input, self.inputs);
        let (outputs, height) = (self.bias.len(), ROWS * self.groups.max(1));
        let mut sums: Sums = [[0; COLUMNS]; ROWS];
        for (panel, left) in self.panels.chunks_exact(self.groups.max(1)).zip((0..outputs).step_by(COLUMNS)) {
            let bands = rounded.quads.chunks(height).zip(rounded.scales.chunks(ROWS));
            for ((quads, scales), outcome) in bands.zip(outcome.chunks_mut(ROWS * outputs)) {
                self.instructions.tile(&mut sums, scales.len(), quads, panel);
                vectorised(Rescale { linear: self, left, sums: &sums, scales, outcome });
            }
        }
    }
}

impl RoundedRows {
    /// Replaces the rows by those of `input`, `width` values each.
    fn round(&mut self, input: &[f32], width: usize) {
        let (rows, groups) = (input.len() / width.max(1), width.div_ceil(DEPTH));
        // Each byte is written, except those behind the end of a row, whose weights are 0.
        self.quads.resize(rows * groups, [0; DEPTH]);
        self.scales.resize(rows, Scale::default());
        vectorised(Round { input, width, quads: &mut self.quads, groups, scales: &mut self.scales });
    }
}

/// Returns the step by which the weights of each output are rounded.
/// It is 0 if all are 0, NaN if one is not finite.
fn weight_steps(weights: &[f32], outputs: usize) -> Vec<f32> {
    let mut largest = vec![0.0f32; outputs];
    let mut poison = vec![0.0f32; outputs];
    for row in weights.chunks_exact(outputs.max(1)) {
        for ((largest, poison), weight) in largest.iter_mut().zip(&mut poison).zip(row) {
            *largest = largest.max(weight.abs());
            *poison += weight * 0.0;
        }
    }
    largest.iter().zip(poison).map(|(largest, poison)| largest / WEIGHT_STEPS + poison).collect()
}

/// Rounds rows.
struct Round<'a> {
    input: &'a [f32],
    width: usize,
    quads: &'a mut [Quad],
    groups: usize,
    scales: &'a mut [Scale],
}

impl Kernel for Round<'_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { input, width, quads, groups, scales } = self;
        let rows = input.chunks_exact(width.max(1)).zip(quads.chunks_exact_mut(groups.max(1)));
        for ((row, quads), scale) in rows.zip(scales) {
            let lowest = lowest(row);
            let range = highest(row) - lowest;
            let factor = if range > 0.0 { INPUT_STEPS / range } else { 0.0 };
            let (blocks, rest) = row.as_chunks::<LANES>();
            let (byte_blocks, rest_bytes) = quads.as_flattened_mut().split_at_mut(blocks.len() * LANES);
            for (bytes, values) in byte_blocks.as_chunks_mut::<LANES>().0.iter_mut().zip(blocks) {
                bytes.iter_mut().zip(values).for_each(|(byte, value)| *byte = rounded(value - lowest, factor));
            }
            rest_bytes.iter_mut().zip(rest).for_each(|(byte, value)| *byte = rounded(value - lowest, factor));
            // NaN if a value is not finite: rounding would hide it.
            let poison = sum_over(row, row, |value, _| value * 0.0);
            *scale = Scale { lowest, step: range / INPUT_STEPS + poison };
        }
    }
}

/// Rounds `value * factor`, from 0 to 255, to the nearest integer; halves to the even one.
#[inline(always)]
fn rounded(value: f32, factor: f32) -> u8 {
    (value * factor + ROUND).to_bits() as u8
}

/// Turns the sums of a tile into outputs.
struct Rescale<'a> {
    linear: &'a Int8Linear,
    /// First output of the tile.
    left: usize,
    sums: &'a Sums,
    scales: &'a [Scale],
    /// Rows of outputs, of which the tile is some columns.
    outcome: &'a mut [f32],
}

impl Kernel for Rescale<'_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { linear, left, sums, scales, outcome } = self;
        let Int8Linear { steps, totals, bias, .. } = linear;
        let columns = left..(left + COLUMNS).min(bias.len());
        let [steps, totals, bias] = [steps, totals, bias].map(|all| all.get(columns.clone()).unwrap_or_default());
        for ((outcome, sums), scale) in outcome.chunks_exact_mut(linear.bias.len()).zip(sums).zip(scales) {
            let outcome = outcome.get_mut(columns.clone()).unwrap_or_default();
            let factors = steps.iter().zip(totals).zip(bias);
            for ((to, sum), ((step, total), bias)) in outcome.iter_mut().zip(sums).zip(factors) {
                *to = scale.step * *sum as f32 * step + (scale.lowest * total + bias);
            }
        }
    }
}

//! Linear maps of a training step, in one of two precisions.

use super::{
    bf16::{Factors, Matrix},
    bf16_tile::Instructions,
    buffer::part_of,
    parameters::Linear,
    product::{multiply, multiply_by_rows, weight_gradient},
    sums::bias_gradient,
    tile::Tile,
    transpose::{padded, transpose},
    view::View,
};

/// Precision of the products with the weights of the layers in a training.
/// Weights, their gradients and everything else are `f32`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrainingPrecision {
    /// 32-bit floating point.
    #[default]
    Fp32,
    /// Factors rounded to bfloat16, sums in `f32`.
    /// Fast only where [`bf16_is_fast`].
    Bf16,
}

/// Whether this processor has instructions for products of bfloat16 numbers.
pub fn bf16_is_fast() -> bool {
    Instructions::best() != Instructions::ANY
}

/// Buffers of one product.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    /// Transposed gradient of the outputs.
    turned: Vec<f32>,
    /// Transposed gradient of the inputs.
    turned_input: Vec<f32>,
    factors: Factors,
}

impl TrainingPrecision {
    /// Computes the outputs without bias, `[rows, outputs]`.
    pub(super) fn outputs(self, linear: &Linear, input: &[f32], outcome: &mut [f32], buffers: &mut Buffers) {
        let (inputs, outputs) = sizes(linear);
        match self {
            Self::Fp32 => multiply(outcome, View::new(input, inputs), View::new(&linear.weight, outputs)),
            Self::Bf16 => {
                let [x, w] = [Matrix::new(input, inputs), Matrix::new(&linear.weight, outputs)];
                buffers.factors.outputs(outcome, x, w, Instructions::best());
            }
        }
    }

    /// Calls `put` for each value of `input`, `[rows, inputs]`, and its gradient.
    /// `dy` is the gradient of the outputs, `[rows, outputs]`.
    pub(super) fn input_gradient(
        self,
        linear: &Linear,
        dy: &[f32],
        input: &mut [f32],
        buffers: &mut Buffers,
        put: impl Fn(&mut f32, f32) + Sync,
    ) {
        let (inputs, outputs) = sizes(linear);
        match self {
            Self::Fp32 => {
                let across = padded(dy.len() / outputs);
                let turned = part_of(&mut buffers.turned, outputs * across);
                transpose((turned, across), (dy, outputs), |to, from| *to = from);
                let turned_input = part_of(&mut buffers.turned_input, inputs * across);
                multiply_by_rows(turned_input, View::new(&linear.weight, outputs), View::new(turned, across));
                transpose((input, inputs), (turned_input, across), put);
            }
            Self::Bf16 => {
                let [dy, w] = [dy, &linear.weight].map(|values| Matrix::new(values, outputs));
                buffers.factors.input_gradient(input, dy, w, Instructions::best(), put);
            }
        }
    }

    /// Computes the gradients of weight and bias from input and output gradient.
    /// They are added to the present values if `add`. Returns the sum of the squares of the new values.
    pub(super) fn linear_gradient(
        self,
        gradient: &mut Linear,
        input: &[f32],
        dy: &[f32],
        buffers: &mut Buffers,
        add: bool,
    ) -> f64 {
        let (inputs, outputs) = sizes(gradient);
        let sum = bias_gradient(&mut gradient.bias, dy, add);
        let weight = &mut gradient.weight;
        sum + match self {
            Self::Fp32 => weight_gradient(weight, View::new(input, inputs), View::new(dy, outputs), add),
            Self::Bf16 => {
                let [x, dy] = [Matrix::new(input, inputs), Matrix::new(dy, outputs)];
                buffers.factors.weight_gradient(weight, x, dy, Instructions::best(), add)
            }
        }
    }
}

/// Numbers of inputs and outputs.
fn sizes(linear: &Linear) -> (usize, usize) {
    let outputs = linear.bias.len().max(1);
    (linear.weight.len() / outputs, outputs)
}

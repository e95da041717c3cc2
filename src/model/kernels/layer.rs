//! One encoder block, forward and backward.

use rayon::prelude::*;

use super::{
    attention::Attention,
    buffer::{part_of, resized},
    dropout::Mask,
    embedding::drop_rows,
    linear::TrainingPrecision,
    math::gelu,
    norm::{Normed, ROWS, Source},
    parameters::{Layer, Norm},
    simd::{Kernel, vectorised},
    sums::norm_gradient,
    workspace::{Saved, Scratch},
};

/// One encoder block of a batch: its parameters, attention and dropout.
pub(super) struct Block<'a> {
    pub(super) layer: &'a Layer,
    pub(super) attention: Attention<'a>,
    /// Dropout of the feed-forward network's result.
    pub(super) mask: Option<Mask>,
    /// Precision of the products with weights.
    pub(super) precision: TrainingPrecision,
}

/// Input of a layer, which can be computed again from the norm before it.
pub(super) struct Input<'a> {
    pub(super) normed: &'a Normed,
    pub(super) norm: &'a Norm,
    pub(super) mask: Option<Mask>,
}

/// Input of a norm inside the layer: a branch and the residual connection.
/// The bias and the dropout of the branch are applied here.
struct Residual<'a> {
    branch: &'a [f32],
    bias: &'a [f32],
    mask: Option<Mask>,
    past: &'a [f32],
    /// Rows of `past`; `None` for all.
    rows: Option<&'a [usize]>,
}

impl Source for Residual<'_> {
    #[inline(always)]
    fn write(&self, row: usize, to: &mut [f32]) {
        let dim = to.len();
        let branch = self.branch.get(row * dim..).unwrap_or_default();
        to.iter_mut().zip(branch).zip(self.bias).for_each(|((to, value), bias)| *to = value + bias);
        if let Some(mask) = &self.mask {
            mask.apply(row * dim, to);
        }
        let past = self.rows.and_then(|rows| rows.get(row)).map_or(row, |row| *row);
        let past = self.past.get(past * dim..).unwrap_or_default();
        to.iter_mut().zip(past).for_each(|(to, value)| *to += value);
    }
}

impl Block<'_> {
    /// Replaces the hidden states of all pieces by the rows after this layer.
    /// They are `[pieces, dim]` before and `[rows, dim]` after.
    pub(super) fn forward(&self, hidden: &mut Vec<f32>, saved: &mut Saved, scratch: &mut Scratch) {
        let Self { layer, attention, mask, precision } = self;
        let Scratch { narrow, second, wide, product, .. } = scratch;
        let (dim, inner, epsilon) = (attention.shape.dim, attention.shape.hidden, attention.shape.epsilon);
        let (pieces, rows) = (attention.batch.pieces.count(), attention.batch.rows());
        let qkv = resized(&mut saved.qkv, pieces * 3 * dim);
        precision.outputs(&layer.qkv, hidden, qkv, product);
        attention.forward(&layer.qkv.bias, saved);
        let branch = part_of(narrow, rows * dim);
        precision.outputs(&layer.out, &saved.context, branch, product);
        let attended = part_of(second, rows * dim);
        let bias = &layer.out.bias;
        let sum = Residual { branch, bias, mask: None, past: hidden, rows: attention.batch.wanted };
        saved.attended.forward(&layer.attention_norm, attended, &sum, epsilon);
        let expanded = resized(&mut saved.expanded, rows * inner);
        precision.outputs(&layer.expand, attended, expanded, product);
        let activated = part_of(wide, rows * inner);
        activate(expanded, &layer.expand.bias, activated);
        precision.outputs(&layer.contract, activated, branch, product);
        let sum = Residual { branch, bias: &layer.contract.bias, mask: *mask, past: attended, rows: None };
        saved.output.forward(&layer.output_norm, resized(hidden, rows * dim), &sum, epsilon);
    }

    /// Turns the gradient of the output, `[rows, dim]`, into the input's.
    /// The latter is `[pieces, dim]`. Writes the gradients of the parameters, added to the present values if `add`;
    /// returns the sum of their squares.
    pub(super) fn backward(
        &self,
        gradient: &mut Layer,
        hidden: &mut Vec<f32>,
        input: &Input<'_>,
        (saved, scratch): (&mut Saved, &mut Scratch),
        add: bool,
    ) -> f64 {
        let feed_forward = self.backward_feed_forward(gradient, hidden, saved, scratch, add);
        feed_forward + self.backward_attention(gradient, hidden, input, (saved, scratch), add)
    }

    /// Goes from the output to the result of attention's norm.
    fn backward_feed_forward(
        &self,
        gradient: &mut Layer,
        hidden: &mut [f32],
        saved: &mut Saved,
        scratch: &mut Scratch,
        add: bool,
    ) -> f64 {
        let (layer, precision) = (self.layer, self.precision);
        let (dim, inner, rows) = (self.attention.shape.dim, self.attention.shape.hidden, self.attention.batch.rows());
        let Scratch { narrow, wide, product, weight_product, .. } = scratch;
        let norm = &mut gradient.output_norm;
        let mut sum = norm_gradient((&mut norm.weight, &mut norm.bias), (&saved.output.values, hidden), add);
        saved.output.backward(&layer.output_norm, hidden);
        let branch = part_of(narrow, rows * dim);
        branch.copy_from_slice(hidden);
        drop_rows(self.mask, branch, dim);
        let expanded = saved.expanded.as_mut_slice();
        let activated = part_of(wide, rows * inner);
        slopes(expanded, activated);
        // The gradients of weight and input do not depend on each other.
        sum += both(
            || precision.linear_gradient(&mut gradient.contract, activated, branch, weight_product, add),
            || precision.input_gradient(&layer.contract, branch, expanded, product, |slope, above| *slope *= above),
        );
        let attended = branch;
        saved.attended.again(&layer.attention_norm, attended);
        sum += both(
            || precision.linear_gradient(&mut gradient.expand, attended, expanded, weight_product, add),
            || precision.input_gradient(&layer.expand, expanded, hidden, product, |sum, value| *sum += value),
        );
        sum
    }

    /// Goes from the result of attention's norm to the input.
    fn backward_attention(
        &self,
        gradient: &mut Layer,
        hidden: &mut Vec<f32>,
        input: &Input<'_>,
        (saved, scratch): (&mut Saved, &mut Scratch),
        add: bool,
    ) -> f64 {
        let (layer, batch, precision) = (self.layer, &self.attention.batch, self.precision);
        let (dim, pieces, rows) = (self.attention.shape.dim, batch.pieces.count(), batch.rows());
        let Scratch { narrow, second, wide, product, weight_product } = scratch;
        let norm = &mut gradient.attention_norm;
        let mut sum = norm_gradient((&mut norm.weight, &mut norm.bias), (&saved.attended.values, hidden), add);
        saved.attended.backward(&layer.attention_norm, hidden);
        let context = part_of(narrow, rows * dim);
        sum += both(
            || precision.linear_gradient(&mut gradient.out, &saved.context, hidden, weight_product, add),
            || precision.input_gradient(&layer.out, hidden, context, product, |to, value| *to = value),
        );
        let qkv = part_of(wide, pieces * 3 * dim);
        self.attention.backward(saved, context, qkv);
        let again = part_of(second, pieces * dim);
        input.again(again);
        if let Some(wanted) = batch.wanted {
            spread(hidden, wanted, pieces, dim, narrow);
        }
        sum += both(
            || precision.linear_gradient(&mut gradient.qkv, again, qkv, weight_product, add),
            || precision.input_gradient(&layer.qkv, qkv, hidden, product, |sum, value| *sum += value),
        );
        sum
    }
}

/// Runs both at the same time; returns the result of the first.
fn both(first: impl FnOnce() -> f64 + Send, second: impl FnOnce() + Send) -> f64 {
    rayon::join(first, second).0
}

impl Input<'_> {
    fn again(&self, to: &mut [f32]) {
        self.normed.again(self.norm, to);
        drop_rows(self.mask, to, self.norm.bias.len());
    }
}

/// Puts rows in their places among all pieces; the others are 0.
pub(super) fn spread(hidden: &mut Vec<f32>, wanted: &[usize], pieces: usize, dim: usize, other: &mut Vec<f32>) {
    let all = resized(other, pieces * dim);
    all.fill(0.0);
    for (piece, row) in wanted.iter().zip(hidden.chunks_exact(dim)) {
        let to = all.get_mut(piece * dim..).unwrap_or_default();
        to.iter_mut().zip(row).for_each(|(to, from)| *to = *from);
    }
    std::mem::swap(hidden, other);
}

/// Adds the bias to `values`, `[rows, hidden]`, and writes their GELU.
fn activate(values: &mut [f32], bias: &[f32], activated: &mut [f32]) {
    let block = ROWS * bias.len().max(1);
    values.par_chunks_mut(block).zip(activated.par_chunks_mut(block)).for_each(|(values, activated)| {
        vectorised(Activate { values, bias, activated });
    });
}

struct Activate<'a> {
    values: &'a mut [f32],
    bias: &'a [f32],
    activated: &'a mut [f32],
}

impl Kernel for Activate<'_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { values, bias, activated } = self;
        let rows = values.chunks_exact_mut(bias.len()).zip(activated.chunks_exact_mut(bias.len()));
        for (values, activated) in rows {
            for ((value, activated), bias) in values.iter_mut().zip(activated).zip(bias) {
                *value += bias;
                *activated = gelu(*value).0;
            }
        }
    }
}

/// Replaces values by the slope of GELU, and writes GELU itself.
fn slopes(values: &mut [f32], activated: &mut [f32]) {
    /// Number of values of one task.
    const BLOCK: usize = 1 << 12;
    values.par_chunks_mut(BLOCK).zip(activated.par_chunks_mut(BLOCK)).for_each(|(values, activated)| {
        vectorised(Slopes { values, activated });
    });
}

struct Slopes<'a> {
    values: &'a mut [f32],
    activated: &'a mut [f32],
}

impl Kernel for Slopes<'_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        for (value, activated) in self.values.iter_mut().zip(self.activated) {
            (*activated, *value) = gelu(*value);
        }
    }
}

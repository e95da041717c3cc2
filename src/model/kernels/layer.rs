//! One encoder block, forward and backward.

use rayon::prelude::*;

use super::{
    attention::Attention,
    buffer::{part_of, resized},
    dropout::Mask,
    embedding::drop_rows,
    math::gelu,
    norm::{Normed, ROWS, Source},
    parameters::{Layer, Linear, Norm},
    product::{multiply, multiply_by_rows, weight_gradient},
    simd::{Kernel, vectorised},
    sums::{bias_gradient, norm_gradient},
    transpose::{padded, transpose},
    view::View,
    workspace::{Saved, Scratch},
};

/// One encoder block of a batch: its parameters, attention and dropout.
pub(super) struct Block<'a> {
    pub(super) layer: &'a Layer,
    pub(super) attention: Attention<'a>,
    /// Dropout of the feed-forward network's result.
    pub(super) mask: Option<Mask>,
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
        let Self { layer, attention, mask } = self;
        let (dim, inner, epsilon) = (attention.shape.dim, attention.shape.hidden, attention.shape.epsilon);
        let (pieces, rows) = (attention.batch.pieces.count(), attention.batch.rows());
        let qkv = resized(&mut saved.qkv, pieces * 3 * dim);
        multiply(qkv, View::new(hidden, dim), View::new(&layer.qkv.weight, 3 * dim));
        attention.forward(&layer.qkv.bias, saved);
        let branch = part_of(&mut scratch.narrow, rows * dim);
        multiply(branch, View::new(&saved.context, dim), View::new(&layer.out.weight, dim));
        let attended = part_of(&mut scratch.second, rows * dim);
        let bias = &layer.out.bias;
        let sum = Residual { branch, bias, mask: None, past: hidden, rows: attention.batch.wanted };
        saved.attended.forward(&layer.attention_norm, attended, &sum, epsilon);
        let expanded = resized(&mut saved.expanded, rows * inner);
        multiply(expanded, View::new(attended, dim), View::new(&layer.expand.weight, inner));
        let activated = part_of(&mut scratch.wide, rows * inner);
        activate(expanded, &layer.expand.bias, activated);
        multiply(branch, View::new(activated, inner), View::new(&layer.contract.weight, dim));
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
        let layer = self.layer;
        let (dim, inner, rows) = (self.attention.shape.dim, self.attention.shape.hidden, self.attention.batch.rows());
        let norm = &mut gradient.output_norm;
        let mut sum = norm_gradient((&mut norm.weight, &mut norm.bias), (&saved.output.values, hidden), add);
        saved.output.backward(&layer.output_norm, hidden);
        let branch = part_of(&mut scratch.narrow, rows * dim);
        branch.copy_from_slice(hidden);
        drop_rows(self.mask, branch, dim);
        let expanded = saved.expanded.as_mut_slice();
        let activated = part_of(&mut scratch.wide, rows * inner);
        slopes(expanded, activated);
        let across = padded(rows);
        let turned = part_of(&mut scratch.turned, dim * across);
        let turned_wide = part_of(&mut scratch.turned_second, inner * across);
        // The gradients of weight and input do not depend on each other.
        sum += both(
            || linear_gradient(&mut gradient.contract, activated, branch, add),
            || {
                transpose((turned, across), (branch, dim), put);
                multiply_by_rows(turned_wide, View::new(&layer.contract.weight, dim), View::new(turned, across));
            },
        );
        transpose((expanded, inner), (turned_wide, across), |slope, above| *slope *= above);
        let attended = branch;
        saved.attended.again(&layer.attention_norm, attended);
        sum += both(
            || linear_gradient(&mut gradient.expand, attended, expanded, add),
            || {
                transpose((turned_wide, across), (expanded, inner), put);
                multiply_by_rows(turned, View::new(&layer.expand.weight, inner), View::new(turned_wide, across));
            },
        );
        transpose((hidden, dim), (turned, across), |sum, value| *sum += value);
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
        let (layer, batch) = (self.layer, &self.attention.batch);
        let (dim, pieces, rows) = (self.attention.shape.dim, batch.pieces.count(), batch.rows());
        let norm = &mut gradient.attention_norm;
        let mut sum = norm_gradient((&mut norm.weight, &mut norm.bias), (&saved.attended.values, hidden), add);
        saved.attended.backward(&layer.attention_norm, hidden);
        let across = padded(rows);
        let turned = part_of(&mut scratch.turned, dim * across);
        let turned_context = part_of(&mut scratch.turned_second, dim * across);
        sum += both(
            || linear_gradient(&mut gradient.out, &saved.context, hidden, add),
            || {
                transpose((turned, across), (hidden, dim), put);
                multiply_by_rows(turned_context, View::new(&layer.out.weight, dim), View::new(turned, across));
            },
        );
        let context = part_of(&mut scratch.narrow, rows * dim);
        transpose((context, dim), (turned_context, across), put);
        let qkv = part_of(&mut scratch.wide, pieces * 3 * dim);
        self.attention.backward(saved, context, qkv);
        let again = part_of(&mut scratch.second, pieces * dim);
        input.again(again);
        let across = padded(pieces);
        let turned_wide = part_of(&mut scratch.turned_second, 3 * dim * across);
        let turned = part_of(&mut scratch.turned, dim * across);
        sum += both(
            || linear_gradient(&mut gradient.qkv, again, qkv, add),
            || {
                transpose((turned_wide, across), (qkv, 3 * dim), put);
                multiply_by_rows(turned, View::new(&layer.qkv.weight, 3 * dim), View::new(turned_wide, across));
            },
        );
        if let Some(wanted) = batch.wanted {
            spread(hidden, wanted, pieces, dim, &mut scratch.narrow);
        }
        transpose((hidden, dim), (turned, across), |sum, value| *sum += value);
        sum
    }
}

/// Runs both at the same time; returns the result of the first.
fn both(first: impl FnOnce() -> f64 + Send, second: impl FnOnce() + Send) -> f64 {
    rayon::join(first, second).0
}

/// Computes the gradients of weight and bias from input and output gradient.
/// Returns the sum of their squares.
pub(super) fn linear_gradient(gradient: &mut Linear, input: &[f32], outcome: &[f32], add: bool) -> f64 {
    let width = gradient.bias.len();
    let inputs = gradient.weight.len() / width.max(1);
    let sum = bias_gradient(&mut gradient.bias, outcome, add);
    sum + weight_gradient(&mut gradient.weight, View::new(input, inputs), View::new(outcome, width), add)
}

impl Input<'_> {
    fn again(&self, to: &mut [f32]) {
        self.normed.again(self.norm, to);
        drop_rows(self.mask, to, self.norm.bias.len());
    }
}

/// Operation of [`transpose`] that copies the value.
fn put(to: &mut f32, from: f32) {
    *to = from;
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

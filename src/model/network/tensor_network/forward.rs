//! The forward pass and the loss.

use std::collections::{BTreeMap, BTreeSet};

use burn::tensor::{
    Int, Tensor, TensorData,
    activation::{log_softmax, softmax},
    module::layer_norm,
};

use super::{
    super::{by_sentence, cross_entropy},
    TensorNetwork,
    pack::{Packed, ints},
};
use crate::model::{
    arch::{self, Affine},
    kernels::{Dropout, Site, SoftTargets},
};

type Linear = Affine<Tensor<2>>;
type Norm = Affine<Tensor<2>>;
type Layer = arch::Layer<Tensor<2>>;

/// `x W + b`.
fn linear(layer: &Linear, input: Tensor<2>) -> Tensor<2> {
    input.matmul(layer.weight.clone()) + layer.bias.clone()
}

impl TensorNetwork {
    /// Returns the logits of every piece, special ones included.
    /// For each input, for each piece, one value for each tag.
    ///
    /// An id that the model does not have is replaced by its last one, a position likewise.
    pub fn logits(&self, inputs: &[&[u32]]) -> Vec<Vec<Vec<f32>>> {
        let packed = Packed::new(self, inputs);
        if packed.pieces() == 0 {
            return inputs.iter().map(|_| Vec::new()).collect();
        }
        let values = super::values(&self.forward(&packed, None, None));
        let rows: Vec<&[f32]> = values.chunks_exact(self.config().tags.len()).collect();
        by_sentence(&rows, packed.ranges())
    }

    /// Returns the logits `[rows, tags]` of these pieces, or of all.
    /// `packed` must not be empty.
    pub(crate) fn forward(
        &self,
        packed: &Packed,
        rows: Option<&Tensor<1, Int>>,
        dropout: Option<&Dropout>,
    ) -> Tensor<2> {
        let tensors = &self.tensors;
        let words = tensors.words.clone().select(0, packed.words.clone());
        let positions = tensors.positions.clone().select(0, packed.positions.clone());
        let mut hidden = self.drop(self.norm(&tensors.norm, words + positions), Site::Embeddings, dropout);
        for (at, layer) in tensors.layers.iter().enumerate() {
            // After the last attention only these rows are needed.
            let last = at + 1 == tensors.layers.len();
            hidden = self.block(at, layer, hidden, packed, rows.filter(|_| last), dropout);
        }
        if let (true, Some(rows)) = (tensors.layers.is_empty(), rows) {
            hidden = hidden.select(0, rows.clone());
        }
        linear(&tensors.head, self.drop(hidden, Site::Head, dropout))
    }

    fn block(
        &self,
        at: usize,
        layer: &Layer,
        input: Tensor<2>,
        packed: &Packed,
        rows: Option<&Tensor<1, Int>>,
        dropout: Option<&Dropout>,
    ) -> Tensor<2> {
        let mut context = self.attention(at, linear(&layer.qkv, input.clone()), packed, dropout);
        let mut residual = input;
        if let Some(rows) = rows {
            (context, residual) = (context.select(0, rows.clone()), residual.select(0, rows.clone()));
        }
        let attended = self.norm(&layer.attention_norm, linear(&layer.out, context) + residual);
        let expanded = gelu(linear(&layer.expand, attended.clone()));
        let output = self.drop(linear(&layer.contract, expanded), Site::FeedForward(at), dropout);
        self.norm(&layer.output_norm, output + attended)
    }

    /// Layer norm over the last dimension.
    fn norm(&self, norm: &Norm, input: Tensor<2>) -> Tensor<2> {
        let [weight, bias] = [&norm.weight, &norm.bias].map(|vector| vector.clone().squeeze_dim::<1>(0));
        layer_norm(input, weight, Some(bias), self.config().arch.epsilon)
    }

    /// Scaled dot-product attention within each sentence.
    /// `[pieces, 3 dim]` to `[pieces, dim]`.
    fn attention(&self, at: usize, qkv: Tensor<2>, packed: &Packed, dropout: Option<&Dropout>) -> Tensor<2> {
        let (sentences, longest, heads) = (packed.sentences, packed.longest, self.config().heads);
        let width = self.config().dim / heads;
        let padded = match &packed.padding {
            Some(padding) => qkv.select(0, padding.gather.clone()),
            None => qkv,
        };
        let split = padded.reshape([sentences, longest, 3 * heads, width]).swap_dims(1, 2);
        let part = |part: usize| split.clone().narrow(1, part * heads, heads);
        let scale = 1.0 / (width as f64).sqrt();
        let mut scores = part(0).mul_scalar(scale).matmul(part(1).transpose());
        if let Some(padding) = &packed.padding {
            scores = scores + padding.mask.clone();
        }
        let mut probabilities = softmax(scores, 3);
        let mask =
            dropout.and_then(|dropout| self.mask(dropout, Site::Attention(at), [sentences, heads, longest, longest]));
        if let Some(mask) = mask {
            probabilities = probabilities * mask;
        }
        let context = probabilities.matmul(part(2)).swap_dims(1, 2).reshape([sentences * longest, heads * width]);
        match &packed.padding {
            Some(padding) => context.select(0, padding.scatter.clone()),
            None => context,
        }
    }

    fn drop(&self, values: Tensor<2>, site: Site, dropout: Option<&Dropout>) -> Tensor<2> {
        match dropout.and_then(|dropout| self.mask(dropout, site, values.dims())) {
            Some(mask) => values * mask,
            None => values,
        }
    }

    /// Returns a factor for each value: 0, or one that keeps the expected sum.
    /// `None` where nothing is dropped.
    fn mask<const D: usize>(&self, dropout: &Dropout, site: Site, shape: [usize; D]) -> Option<Tensor<D>> {
        let mask = dropout.mask(site)?;
        let mut factors = vec![1.0; shape.iter().product()];
        mask.apply(0, &mut factors);
        Some(Tensor::from_data(TensorData::new(factors, shape), &self.device))
    }

    /// Returns the summed loss of these `(piece, tag)` pairs and soft targets.
    /// It uses the natural logarithm, and is a tensor of one value.
    ///
    /// A share of `smoothing` of the target probability is spread over all tags: transformers' `LabelSmoother`.
    pub(crate) fn loss_sum(
        &self,
        packed: &Packed,
        labels: &[(usize, usize)],
        soft: Option<&SoftTargets<'_>>,
        (smoothing, dropout): (f64, Option<&Dropout>),
    ) -> Tensor<1> {
        if let Some(soft) = soft {
            return self.distillation(packed, labels, soft, (smoothing, dropout));
        }
        let rows = self.indices(labels.iter().map(|(piece, _)| *piece));
        let logs = log_softmax(self.forward(packed, Some(&rows), dropout), 1);
        let wanted = self.indices(labels.iter().map(|(_, tag)| *tag)).reshape([labels.len(), 1]);
        let tags = logs.dims()[1] as f64;
        let spread = (smoothing > 0.0).then(|| super::total(logs.clone()).mul_scalar(smoothing / tags));
        let loss = super::total(logs.gather(1, wanted)).mul_scalar(1.0 - smoothing);
        spread.into_iter().fold(loss, |loss, spread| loss + spread).neg()
    }

    /// As the kernels' loss with soft targets. A piece has at most one label here.
    fn distillation(
        &self,
        packed: &Packed,
        labels: &[(usize, usize)],
        soft: &SoftTargets<'_>,
        (smoothing, dropout): (f64, Option<&Dropout>),
    ) -> Tensor<1> {
        let tags = self.config().tags.len();
        let labels: BTreeMap<usize, usize> = labels.iter().copied().collect();
        let answers: BTreeMap<usize, &[f32]> =
            soft.pieces.iter().copied().zip(soft.probabilities.chunks_exact(tags)).collect();
        let pieces: BTreeSet<usize> = labels.keys().chain(answers.keys()).copied().collect();
        let (mut hard, mut wanted, mut entropy) = (Vec::new(), Vec::new(), 0.0);
        for piece in &pieces {
            let answer = answers.get(piece);
            let share = match (answer, labels.contains_key(piece)) {
                (None, _) => 0.0,
                (Some(_), false) => 1.0,
                (Some(_), true) => soft.share,
            };
            hard.push(1.0 - share);
            wanted.extend((0..tags).map(|tag| share * answer.and_then(|row| row.get(tag)).copied().unwrap_or(0.0)));
            let logs = answer.into_iter().flat_map(|row| row.iter()).filter(|value| **value > 0.0);
            entropy += f64::from(share) * logs.map(|value| f64::from(*value) * f64::from(*value).ln()).sum::<f64>();
        }
        let rows = self.indices(pieces.iter().copied());
        let logits = self.forward(packed, Some(&rows), dropout);
        let logs = log_softmax(logits.clone(), 1) * self.tensor(hard, [pieces.len(), 1]);
        let tag = self.indices(pieces.iter().map(|piece| labels.get(piece).copied().unwrap_or(0)));
        let gold = super::total(logs.clone().gather(1, tag.reshape([pieces.len(), 1]))).mul_scalar(1.0 - smoothing);
        let spread = (smoothing > 0.0).then(|| super::total(logs).mul_scalar(smoothing / tags as f64));
        let temperature = f64::from(soft.temperature);
        let student = log_softmax(logits.div_scalar(temperature), 1);
        let crossed = super::total(student * self.tensor(wanted, [pieces.len(), tags])).neg().add_scalar(entropy);
        let gold = spread.into_iter().fold(gold, |loss, spread| loss + spread).neg();
        gold + crossed.mul_scalar(temperature * temperature)
    }

    /// Applies `each` to the logits of each piece.
    /// Also returns the summed cross-entropy of these labels.
    pub(crate) fn predict<T>(
        &self,
        packed: &Packed,
        labels: &[(usize, usize)],
        each: impl Fn(&[f32]) -> T,
    ) -> (Vec<T>, f64) {
        let logits = super::values(&self.forward(packed, None, None));
        let rows: Vec<&[f32]> = logits.chunks_exact(self.config().tags.len()).collect();
        let loss = labels.iter().filter_map(|(piece, tag)| cross_entropy(rows.get(*piece)?, *tag)).sum();
        (rows.iter().map(|row| each(row)).collect(), loss)
    }

    fn indices(&self, values: impl Iterator<Item = usize>) -> Tensor<1, Int> {
        ints(values.map(|value| i32::try_from(value).unwrap_or(i32::MAX)).collect(), &self.device)
    }
}

/// Computes the exact gelu, `x (1 + erf(x / sqrt 2)) / 2`.
///
/// burn's own is not used: except on flex it has the gradient of the approximation by tanh, and after fifty steps of
/// training the weights differ from the reference.
fn gelu(x: Tensor<2>) -> Tensor<2> {
    let gate = x.clone().div_scalar(std::f64::consts::SQRT_2).erf().add_scalar(1.0).mul_scalar(0.5);
    x * gate
}

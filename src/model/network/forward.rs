//! The way through the network.

use burn::tensor::{
    Int, Tensor, TensorData,
    activation::{gelu, log_softmax, softmax},
    module::layer_norm,
};

use super::{
    Layer, Linear, NORM_EPSILON, Network, Norm,
    dropout::{Dropout, Site},
    pack::{Packed, ints},
};

impl Linear {
    fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        input.matmul(self.weight.value.clone()) + self.bias.value.clone()
    }
}

impl Norm {
    fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        let vector = |value: &Tensor<2>| value.clone().squeeze_dim::<1>(0);
        layer_norm(input, vector(&self.weight.value), Some(vector(&self.bias.value)), NORM_EPSILON)
    }
}

impl Network {
    /// Logits of every piece, special ones included: for each input its pieces, for each piece one value a tag.
    /// A piece id that the model does not know counts as its last, a position likewise.
    pub fn logits(&self, inputs: &[&[u32]]) -> Vec<Vec<Vec<f32>>> {
        let packed = Packed::new(self, inputs);
        if packed.pieces() == 0 {
            return inputs.iter().map(|_| Vec::new()).collect();
        }
        let values = super::values(&self.forward(&packed, None, None));
        let rows: Vec<&[f32]> = values.chunks_exact(self.config.tags.len()).collect();
        let of = |range: &std::ops::Range<usize>| rows.get(range.clone()).unwrap_or_default();
        packed.ranges().iter().map(|range| of(range).iter().map(|row| row.to_vec()).collect()).collect()
    }

    /// Logits `[rows, tags]` of these pieces, or of all. `packed` must not be empty.
    pub(crate) fn forward(
        &self,
        packed: &Packed,
        rows: Option<&Tensor<1, Int>>,
        dropout: Option<&Dropout>,
    ) -> Tensor<2> {
        let words = self.words.rows.value.clone().select(0, packed.words.clone());
        let positions = self.positions.rows.value.clone().select(0, packed.positions.clone());
        let mut hidden = self.drop(self.norm.forward(words + positions), Site::Embeddings, dropout);
        for (at, layer) in self.layers.iter().enumerate() {
            // After the last attention only the rows asked for are needed.
            let last = at + 1 == self.layers.len();
            hidden = self.block(at, layer, hidden, packed, rows.filter(|_| last), dropout);
        }
        if let (true, Some(rows)) = (self.layers.is_empty(), rows) {
            hidden = hidden.select(0, rows.clone());
        }
        self.head.forward(self.drop(hidden, Site::Head, dropout))
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
        let mut context = self.attention(at, layer.qkv.forward(input.clone()), packed, dropout);
        let mut residual = input;
        if let Some(rows) = rows {
            (context, residual) = (context.select(0, rows.clone()), residual.select(0, rows.clone()));
        }
        let attended = layer.attention_norm.forward(layer.out.forward(context) + residual);
        let expanded = gelu(layer.expand.forward(attended.clone()));
        let output = self.drop(layer.contract.forward(expanded), Site::FeedForward(at), dropout);
        layer.output_norm.forward(output + attended)
    }

    /// Scaled dot-product attention within each sentence: `[pieces, 3 dim]` to `[pieces, dim]`.
    fn attention(&self, at: usize, qkv: Tensor<2>, packed: &Packed, dropout: Option<&Dropout>) -> Tensor<2> {
        let (sentences, longest, heads) = (packed.sentences, packed.longest, self.config.heads);
        let width = self.config.dim / heads;
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
        let mask = dropout
            .and_then(|dropout| dropout.mask(Site::Attention(at), [sentences, heads, longest, longest], &self.device));
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
        match dropout.and_then(|dropout| dropout.mask(site, values.dims(), &self.device)) {
            Some(mask) => values * mask,
            None => values,
        }
    }

    /// The sum of the cross-entropy of these `(piece, tag)` pairs (natural logarithm), as a tensor of one value.
    pub(crate) fn loss_sum(&self, packed: &Packed, labels: &[(usize, usize)], dropout: Option<&Dropout>) -> Tensor<1> {
        let rows = self.indices(labels.iter().map(|(piece, _)| *piece));
        let logits = self.forward(packed, Some(&rows), dropout);
        let wanted = self.indices(labels.iter().map(|(_, tag)| *tag)).reshape([labels.len(), 1]);
        log_softmax(logits, 1).gather(1, wanted).sum().neg()
    }

    /// For each piece the tag with the highest logit, and the summed cross-entropy of these labels.
    pub(crate) fn predict(&self, packed: &Packed, labels: &[(usize, usize)]) -> (Vec<usize>, f64) {
        let logits = super::values(&self.forward(packed, None, None));
        let rows: Vec<&[f32]> = logits.chunks_exact(self.config.tags.len()).collect();
        let loss = labels.iter().filter_map(|(piece, tag)| cross_entropy(rows.get(*piece)?, *tag)).sum();
        (rows.iter().map(|row| argmax(row)).collect(), loss)
    }

    fn indices(&self, values: impl Iterator<Item = usize>) -> Tensor<1, Int> {
        ints(values.map(|value| i32::try_from(value).unwrap_or(i32::MAX)).collect(), &self.device)
    }

    /// A tensor of zeros like the tensor given, on this device.
    pub(crate) fn zeros(&self, shape: [usize; 2]) -> Tensor<2> {
        Tensor::from_data(TensorData::zeros::<f32, _>(shape), &self.device)
    }
}

/// The first of the highest values, as torch and numpy have it on the processor.
fn argmax(row: &[f32]) -> usize {
    let best = row.iter().enumerate().fold(
        (0, f32::NEG_INFINITY),
        |best, (at, value)| {
            if *value > best.1 { (at, *value) } else { best }
        },
    );
    best.0
}

/// `-log softmax(row)[tag]`.
fn cross_entropy(row: &[f32], tag: usize) -> Option<f64> {
    let highest = f64::from(row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let sum: f64 = row.iter().map(|value| (f64::from(*value) - highest).exp()).sum();
    Some(sum.ln() + highest - f64::from(*row.get(tag)?))
}

//! The whole network: logits for inference, loss and gradients for training.

use super::{
    attention::Attention,
    batch::{Batch, InputError, Pieces},
    buffer::resized,
    dropout::{Dropout, Mask, Site},
    embedding::{drop_rows, rows},
    gradients::Gradients,
    layer::{Block, Input, spread},
    linear::TrainingPrecision,
    loss::{SoftTargets, cross_entropy, distillation},
    parameters::Parameters,
    product::multiply,
    sums::norm_gradient,
    view::View,
    workspace::{Saved, Workspace},
};

/// Objective of a training step: sentences, labels and the options of the loss.
#[derive(Clone, Copy, Debug)]
pub struct Objective<'a> {
    /// The sentences.
    pub pieces: Pieces<'a>,
    /// Pieces with their tags.
    /// A piece may have several tags; most pieces of a batch have none.
    pub labels: &'a [(usize, usize)],
    /// Probabilities that pieces should get; `None` for none.
    pub soft: Option<SoftTargets<'a>>,
    /// Factor of the summed loss before the gradient is computed.
    /// 1 over the number of labels gives the gradient of the mean.
    pub scale: f32,
    /// Share of the target probability that is spread over all tags.
    /// 0 gives the plain cross-entropy; otherwise the loss equals the one of transformers' `LabelSmoother` (trainer_pt_utils).
    pub smoothing: f32,
    /// Dropout; `None` for none.
    pub dropout: Option<Dropout>,
    /// Parameters without a gradient.
    pub frozen: Frozen,
    /// Precision of the products with the weights of the layers.
    pub precision: TrainingPrecision,
}

/// Parameters whose gradient is not wanted.
/// It is not computed, and its squares are not summed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Frozen {
    /// Both tables and the norm after them.
    pub embeddings: bool,
    /// Number of lowest layers. If it is not 0, the embeddings have no gradient either.
    pub layers: usize,
    /// A row of the word table (torch's `padding_idx`).
    pub word: Option<u32>,
}

/// Computes the logits `[rows, tags]` of these pieces, or of all. Without dropout.
/// The pieces ascend strictly.
///
/// # Errors
/// The batch does not fit the network, or the rows are not in order.
pub fn logits<'a>(
    parameters: &Parameters,
    pieces: Pieces<'_>,
    rows: Option<&[usize]>,
    workspace: &'a mut Workspace,
) -> Result<&'a [f32], InputError> {
    pieces.check(&parameters.shape())?;
    if rows.is_some_and(|rows| !rows.is_sorted_by(|a, b| a < b) || rows.last() >= Some(&pieces.count())) {
        return Err(InputError::Mismatch("rows must be pieces in ascending order"));
    }
    let batch = Batch { pieces, wanted: rows };
    let (frozen, precision) = (Frozen::default(), TrainingPrecision::Fp32);
    let pass = Pass { parameters, batch, dropout: None, frozen, precision };
    pass.forward(workspace, false);
    Ok(&workspace.logits)
}

/// Computes the summed loss (natural logarithm) of labels and soft targets, and its gradient.
/// The gradient of `scale` times the sum replaces the values of `gradients`, or is added to them if `add`.
/// Without labels and soft targets the sum and the gradient are 0.
///
/// # Errors
/// The batch, its targets or the gradients do not fit the network; then nothing is changed.
pub fn train(
    parameters: &Parameters,
    objective: &Objective<'_>,
    add: bool,
    gradients: &mut Gradients,
    workspace: &mut Workspace,
) -> Result<f64, InputError> {
    let Objective { pieces, labels, soft, scale, smoothing, dropout, frozen, precision } = *objective;
    let shape = parameters.shape();
    pieces.check(&shape)?;
    if gradients.values.shape() != shape {
        return Err(InputError::Mismatch("the gradients are those of another network"));
    }
    if let Some((piece, tag)) = labels.iter().find(|(piece, tag)| *piece >= pieces.count() || *tag >= shape.tags) {
        return Err(InputError::Label { piece: *piece, tag: *tag });
    }
    if let Some(soft) = &soft {
        check_soft(soft, pieces.count(), shape.tags)?;
    }
    let soft = soft.filter(|soft| !soft.pieces.is_empty());
    if labels.is_empty() && soft.is_none() {
        if !add {
            gradients.clear();
        }
        return Ok(0.0);
    }
    let mut labels = labels.to_vec();
    labels.sort_unstable();
    let mut wanted: Vec<usize> = labels.iter().map(|(piece, _)| *piece).collect();
    if let Some(soft) = &soft {
        wanted.extend(soft.pieces);
        wanted.sort_unstable();
    }
    wanted.dedup();
    let pass = Pass { parameters, batch: Batch { pieces, wanted: Some(&wanted) }, dropout, frozen, precision };
    pass.forward(workspace, true);
    let logits = &mut workspace.logits;
    let loss = match &soft {
        None => cross_entropy(logits, shape.tags, &labels, (scale, smoothing)),
        Some(soft) => distillation(logits, (shape.tags, &wanted), &labels, soft, (scale, smoothing)),
    };
    pass.backward(gradients, workspace, add);
    Ok(loss)
}

/// # Errors
/// The soft targets do not fit a batch of this many pieces and a network of this many tags.
fn check_soft(soft: &SoftTargets<'_>, pieces: usize, tags: usize) -> Result<(), InputError> {
    if !soft.pieces.is_sorted_by(|a, b| a < b) || soft.pieces.last() >= Some(&pieces) {
        return Err(InputError::Mismatch("soft targets must belong to pieces in ascending order"));
    }
    if soft.probabilities.len() != soft.pieces.len() * tags {
        return Err(InputError::Mismatch("soft targets need a probability for each tag"));
    }
    let numbers = soft.temperature > 0.0 && (0.0..=1.0).contains(&soft.share);
    if numbers { Ok(()) } else { Err(InputError::Mismatch("soft targets need a temperature and a share")) }
}

/// A batch with all buffers of a pass through the network.
struct Pass<'a> {
    parameters: &'a Parameters,
    batch: Batch<'a>,
    dropout: Option<Dropout>,
    frozen: Frozen,
    precision: TrainingPrecision,
}

impl<'a> Pass<'a> {
    fn mask(&self, site: Site) -> Option<Mask> {
        self.dropout.as_ref().and_then(|dropout| dropout.mask(site))
    }

    /// Returns each layer with the rows that are needed after its attention.
    fn blocks(&self) -> impl DoubleEndedIterator<Item = Block<'a>> + ExactSizeIterator {
        let last = self.parameters.all.layers.len().saturating_sub(1);
        self.parameters.all.layers.iter().enumerate().map(move |(at, layer)| {
            let wanted = if at == last { self.batch.wanted } else { None };
            Block {
                layer,
                attention: Attention {
                    shape: self.parameters.shape(),
                    batch: Batch { wanted, ..self.batch },
                    mask: self.mask(Site::Attention(at)),
                },
                mask: self.mask(Site::FeedForward(at)),
                precision: self.precision,
            }
        })
    }

    /// Computes the logits, `[rows, tags]`, and keeps values for a backward pass.
    fn forward(&self, workspace: &mut Workspace, keep: bool) {
        let Workspace { embedded, layers, hidden, logits, scratch } = workspace;
        let (parameters, dim, tags) = (self.parameters, self.parameters.shape().dim, self.parameters.shape().tags);
        let pieces = self.batch.pieces;
        let states = resized(hidden, pieces.count() * dim);
        embedded.forward(&parameters.all.norm, states, &rows(parameters, pieces), parameters.shape().epsilon);
        drop_rows(self.mask(Site::Embeddings), states, dim);
        layers.resize_with(layers.len().max(if keep { parameters.all.layers.len() } else { 1 }), Saved::default);
        for (at, block) in self.blocks().enumerate() {
            if let Some(saved) = layers.get_mut(if keep { at } else { 0 }) {
                block.forward(hidden, saved, scratch);
            }
        }
        if let (true, Some(wanted)) = (parameters.all.layers.is_empty(), self.batch.wanted) {
            gather(hidden, wanted, dim);
        }
        drop_rows(self.mask(Site::Head), hidden, dim);
        let logits = resized(logits, self.batch.rows() * tags);
        multiply(logits, View::new(hidden, dim), View::new(&parameters.all.head.weight, tags));
        for row in logits.chunks_exact_mut(tags) {
            row.iter_mut().zip(&parameters.all.head.bias).for_each(|(logit, bias)| *logit += bias);
        }
    }

    /// Computes the gradient of all parameters from the gradient of the logits.
    /// The latter is in the place of the logits.
    fn backward(&self, gradients: &mut Gradients, workspace: &mut Workspace, add: bool) {
        let Workspace { embedded, layers, hidden, logits, scratch } = workspace;
        let (parameters, values) = (self.parameters, &mut gradients.values.all);
        let (pieces, dim, tags) = (self.batch.pieces, parameters.shape().dim, parameters.shape().tags);
        let buffers = &mut scratch.weight_product;
        let mut squares = TrainingPrecision::Fp32.linear_gradient(&mut values.head, hidden, logits, buffers, add);
        multiply(hidden, View::new(logits, tags), View::new(&parameters.all.head.weight, tags).transposed());
        drop_rows(self.mask(Site::Head), hidden, dim);
        let Frozen { embeddings, layers: frozen, word } = self.frozen;
        let blocks = self.blocks().enumerate().rev().zip(values.layers.iter_mut().rev());
        for ((at, block), gradient) in blocks.take_while(|((at, _), _)| *at >= frozen) {
            let (before, this) = layers.split_at_mut(at);
            let Some(saved) = this.first_mut() else { continue };
            let input = match before.last().zip(at.checked_sub(1).and_then(|at| parameters.all.layers.get(at))) {
                Some((saved, layer)) => Input { normed: &saved.output, norm: &layer.output_norm, mask: None },
                None => Input { normed: embedded, norm: &parameters.all.norm, mask: self.mask(Site::Embeddings) },
            };
            squares += block.backward(gradient, hidden, &input, (saved, scratch), add);
        }
        if embeddings || frozen > 0 {
            gradients.squares = squares;
            return;
        }
        if let (true, Some(wanted)) = (parameters.all.layers.is_empty(), self.batch.wanted) {
            spread(hidden, wanted, pieces.count(), dim, &mut scratch.narrow);
        }
        drop_rows(self.mask(Site::Embeddings), hidden, dim);
        let norm = &mut values.norm;
        squares += norm_gradient((&mut norm.weight, &mut norm.bias), (&embedded.values, hidden), add);
        embedded.backward(&parameters.all.norm, hidden);
        if !add {
            gradients.words.clear(&mut values.words, dim);
            gradients.positions.clear(&mut values.positions, dim);
        }
        squares += gradients.words.add(&mut values.words, dim, (pieces.words, word), hidden);
        squares += gradients.positions.add(&mut values.positions, dim, (pieces.positions, None), hidden);
        gradients.squares = squares;
    }
}

/// Keeps only these rows, in ascending order.
fn gather(hidden: &mut Vec<f32>, wanted: &[usize], dim: usize) {
    for (row, piece) in wanted.iter().enumerate() {
        hidden.copy_within(piece * dim..(piece + 1) * dim, row * dim);
    }
    hidden.truncate(wanted.len() * dim);
}

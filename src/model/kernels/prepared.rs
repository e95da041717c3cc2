//! The network prepared for predictions: weights packed once, nothing kept for a backward pass.
//!
//! Sentences do not depend on each other. A task takes some of them through all layers, so that their hidden states stay
//! in the cache of one core and no thread waits for another before the end. The logits of a sentence are the same bits in
//! any batch and on any number of threads.

use std::{
    ops::Range,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rayon::prelude::*;

use super::{
    attention::{self, Attention},
    batch::{Batch, InputError, Pieces},
    buffer::resized,
    embedding::rows,
    float::FloatLinear,
    float_tile,
    int8::{Int8Linear, MOST_INPUTS, RoundedRows},
    int8_tile,
    math::gelu,
    norm::{Source, normalise},
    parameters::{self, Linear, Norm, Parameters},
    product::multiply_here,
    shape::{Shape, ShapeError},
    simd::{Kernel, vectorised},
    tile::Tile,
    view::View,
};

/// Least and greatest number of pieces of a task.
/// With fewer, a task would read the weights too often; with more, its hidden states would leave the cache of a core.
const TASK: (usize, usize) = (48, 288);
/// Number of rows that go through the second half of a layer together.
const BAND: usize = 48;

/// Precision of the products with weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// Weights and inputs as they are: 32-bit floating point.
    #[default]
    Exact,
    /// Weights and inputs rounded to 8 bits for each product, the classifier excepted.
    Int8,
}

/// Network prepared for predictions.
#[derive(Debug)]
pub struct PreparedNetwork {
    /// Embeddings, their norm and the classifier; it has no layers.
    ends: Parameters,
    shape: Shape,
    /// Layers in each of the precisions.
    stacks: Vec<(Precision, Vec<Layer>)>,
    /// Buffers that are not in use.
    free: Mutex<Vec<Buffers>>,
}

/// An encoder block.
#[derive(Debug)]
struct Layer {
    qkv: Map,
    out: Map,
    expand: Map,
    contract: Map,
    attention_norm: Norm,
    output_norm: Norm,
}

/// A linear map in the form that its product takes.
#[derive(Debug)]
enum Map {
    Exact(FloatLinear),
    Int8(Int8Linear),
}

/// Buffers of one task.
#[derive(Debug, Default)]
struct Buffers {
    /// Hidden states: `[pieces, dim]`.
    hidden: Vec<f32>,
    /// Queries, keys and values: `[pieces, 3 dim]`.
    qkv: Vec<f32>,
    /// Result of attention: `[pieces, dim]`.
    context: Vec<f32>,
    /// Result of a linear map: `[BAND, dim]`.
    branch: Vec<f32>,
    /// Values inside the feed-forward network: `[BAND, hidden]`.
    wide: Vec<f32>,
    rounded: RoundedRows,
    attention: attention::Scratch,
}

impl PreparedNetwork {
    /// Prepares a network for predictions in one or more precisions, which share the tables.
    ///
    /// # Errors
    /// A layer is too wide for sums of 8-bit products.
    pub fn new(mut parameters: Parameters, precisions: &[Precision]) -> Result<Self, ShapeError> {
        let shape = parameters.shape();
        if precisions.contains(&Precision::Int8) && shape.dim.max(shape.hidden) > MOST_INPUTS {
            return Err(ShapeError::TooWide { most: MOST_INPUTS });
        }
        let mut stacks: Vec<_> = precisions.iter().map(|precision| (*precision, Vec::new())).collect();
        // Each layer is freed as soon as it is packed.
        for layer in parameters.take_layers() {
            stacks.iter_mut().for_each(|(precision, layers)| layers.push(Layer::new(&layer, *precision)));
        }
        Ok(Self { ends: parameters, shape, stacks, free: Mutex::default() })
    }

    /// Sizes of the network.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Computes the logits `[pieces, tags]` in one of the precisions, on the rayon pool of the caller.
    ///
    /// # Errors
    /// The batch does not fit the network, or the network was not prepared for this precision.
    pub fn logits(&self, pieces: Pieces<'_>, precision: Precision) -> Result<Vec<f32>, InputError> {
        pieces.check(&self.shape)?;
        let layers = self.stacks.iter().find(|(prepared, _)| *prepared == precision);
        let Some((_, layers)) = layers else {
            return Err(InputError::Mismatch("the network was not prepared for this precision"));
        };
        let mut logits = vec![0.0; pieces.count() * self.shape.tags];
        let mut rest = logits.as_mut_slice();
        let mut tasks = Vec::new();
        // Several tasks for each thread, so that none waits long for the last one.
        let size = pieces.count() / (4 * rayon::current_num_threads());
        for pieces in parts(pieces, size.clamp(TASK.0, TASK.1)) {
            tasks.push((pieces, rest.split_off_mut(..pieces.count() * self.shape.tags).unwrap_or_default()));
        }
        tasks.into_par_iter().with_max_len(1).for_each(|(pieces, logits)| {
            let mut buffers = self.free_buffers().pop().unwrap_or_default();
            self.pass(layers, pieces, logits, &mut buffers);
            self.free_buffers().push(buffers);
        });
        Ok(logits)
    }

    fn free_buffers(&self) -> MutexGuard<'_, Vec<Buffers>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Computes the logits of some sentences on this thread.
    fn pass(&self, layers: &[Layer], pieces: Pieces<'_>, logits: &mut [f32], buffers: &mut Buffers) {
        let Shape { dim, tags, epsilon, .. } = self.shape;
        let count = pieces.count();
        if count == 0 {
            return;
        }
        let mut hidden = std::mem::take(&mut buffers.hidden);
        let states = resized(&mut hidden, count * dim);
        let all = &self.ends.all;
        vectorised(Write { source: &rows(&self.ends, pieces), to: states, width: dim });
        vectorised(AddNorm { branch: &[], states, norm: &all.norm, epsilon });
        let attention = Attention { shape: self.shape, batch: Batch { pieces, wanted: None }, mask: None };
        for layer in layers {
            let qkv = resized(&mut buffers.qkv, count * 3 * dim);
            layer.qkv.apply(states, qkv, &mut buffers.rounded);
            let context = resized(&mut buffers.context, count * dim);
            attention.forward_here(qkv, context, &mut buffers.attention);
            self.second_half(layer, states, buffers);
        }
        for (logits, states) in logits.chunks_mut(BAND * tags).zip(states.chunks(BAND * dim)) {
            multiply_here((logits, tags), View::new(states, dim), View::new(&all.head.weight, tags), false);
        }
        for row in logits.chunks_exact_mut(tags) {
            row.iter_mut().zip(&all.head.bias).for_each(|(logit, bias)| *logit += bias);
        }
        buffers.hidden = hidden;
    }

    /// Goes from the result of attention to the end of the layer, some rows at a time.
    fn second_half(&self, layer: &Layer, states: &mut [f32], buffers: &mut Buffers) {
        let Shape { dim, hidden, epsilon, .. } = self.shape;
        let Buffers { context, branch, wide, rounded, .. } = buffers;
        for (states, context) in states.chunks_mut(BAND * dim).zip(context.chunks(BAND * dim)) {
            let branch = resized(branch, states.len());
            layer.out.apply(context, branch, rounded);
            vectorised(AddNorm { branch, states, norm: &layer.attention_norm, epsilon });
            let wide = resized(wide, states.len() / dim * hidden);
            layer.expand.apply(states, wide, rounded);
            vectorised(Activate(wide));
            layer.contract.apply(wide, branch, rounded);
            vectorised(AddNorm { branch, states, norm: &layer.output_norm, epsilon });
        }
    }
}

/// Splits sentences into parts of at least `least` pieces, except the last one.
fn parts(pieces: Pieces<'_>, least: usize) -> impl Iterator<Item = Pieces<'_>> {
    let mut sentences = pieces.sentences;
    std::iter::from_fn(move || {
        let start = sentences.first()?.start;
        let enough = sentences.iter().position(|sentence| sentence.end >= start + least);
        let (part, rest) = sentences.split_at_checked(enough.map_or(sentences.len(), |at| at + 1))?;
        sentences = rest;
        let range: Range<usize> = start..part.last()?.end;
        Some(Pieces {
            words: pieces.words.get(range.clone())?,
            positions: pieces.positions.get(range)?,
            sentences: part,
        })
    })
}

impl Layer {
    fn new(layer: &parameters::Layer, precision: Precision) -> Self {
        Self {
            qkv: Map::new(&layer.qkv, precision),
            out: Map::new(&layer.out, precision),
            expand: Map::new(&layer.expand, precision),
            contract: Map::new(&layer.contract, precision),
            attention_norm: layer.attention_norm.clone(),
            output_norm: layer.output_norm.clone(),
        }
    }
}

impl Map {
    fn new(linear: &Linear, precision: Precision) -> Self {
        match precision {
            Precision::Exact => Self::Exact(FloatLinear::new(linear, float_tile::Instructions::best())),
            Precision::Int8 => Self::Int8(Int8Linear::new(linear, int8_tile::Instructions::best())),
        }
    }

    /// Computes the outputs of all rows in `input`, on this thread.
    fn apply(&self, input: &[f32], outcome: &mut [f32], rounded: &mut RoundedRows) {
        match self {
            Self::Exact(linear) => linear.apply(input, outcome),
            Self::Int8(linear) => linear.apply(input, outcome, rounded),
        }
    }
}

/// Writes the rows of a source.
struct Write<'a, S> {
    source: &'a S,
    to: &'a mut [f32],
    width: usize,
}

impl<S: Source> Kernel for Write<'_, S> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { source, to, width } = self;
        to.chunks_exact_mut(width).enumerate().for_each(|(row, to)| source.write(row, to));
    }
}

/// Adds a branch, if there is one, to the states and normalises them.
struct AddNorm<'a> {
    branch: &'a [f32],
    states: &'a mut [f32],
    norm: &'a Norm,
    epsilon: f32,
}

impl Kernel for AddNorm<'_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        let Self { branch, states, norm, epsilon } = self;
        states.iter_mut().zip(branch).for_each(|(state, branch)| *state += branch);
        for row in states.chunks_exact_mut(norm.bias.len()) {
            normalise(row, epsilon);
            let factors = norm.weight.iter().zip(&norm.bias);
            row.iter_mut().zip(factors).for_each(|(value, (weight, bias))| *value = *value * weight + bias);
        }
    }
}

/// Applies GELU.
struct Activate<'a>(&'a mut [f32]);

impl Kernel for Activate<'_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        self.0.iter_mut().for_each(|value| *value = gelu(*value).0);
    }
}

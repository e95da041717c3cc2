//! Scaled dot-product attention within each sentence, forward and backward.
//! Probabilities are not kept: the backward pass computes them again from the logarithm of each query's sum of
//! exponentials (as FlashAttention does, Dao et al. 2022), one block of queries at a time, so that long sentences need
//! little memory.

use rayon::prelude::*;

use super::shape::Shape;
use super::{
    batch::{Batch, Sentence, sentences},
    buffer::resized,
    dropout::Mask,
    math::exp,
    simd::{Kernel, LANES, highest, sum_over, vectorised},
    small::small_product,
    transpose::transpose_here,
    view::View,
    workspace::Saved,
};

/// Number of queries whose scores are in memory at once.
const QUERIES: usize = 64;

/// Attention over a batch: its sizes, sentences and dropout.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attention<'a> {
    pub(super) shape: Shape,
    pub(super) batch: Batch<'a>,
    /// Dropout of the probabilities.
    pub(super) mask: Option<Mask>,
}

/// Buffers of one sentence in the forward pass.
struct Forward<'a> {
    sentence: Sentence<'a>,
    qkv: &'a mut [f32],
    context: &'a mut [f32],
    log_sums: &'a mut [f32],
}

/// Buffers of one sentence in the backward pass.
struct Backward<'a> {
    sentence: Sentence<'a>,
    qkv: &'a [f32],
    context: &'a [f32],
    log_sums: &'a [f32],
    /// Gradient of the context.
    upper: &'a [f32],
    /// Gradient of queries, keys and values.
    lower: &'a mut [f32],
}

/// One head of one sentence, laid out for products.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Index of each query's piece in the sentence.
    places: Vec<usize>,
    /// Queries: `[queries, width]`.
    queries: Vec<f32>,
    /// Keys times the scale of scores: `[width, padded]`.
    keys: Vec<f32>,
    /// Values: `[width, padded]`.
    values: Vec<f32>,
    /// Scores, then probabilities: `[QUERIES, padded]`.
    scores: Vec<f32>,
    /// Gradient of probabilities, then of scores: `[QUERIES, padded]`.
    slopes: Vec<f32>,
    /// Dropout mask of one query: `[padded]`.
    factors: Vec<f32>,
    /// Gradient or result of a block of queries: `[QUERIES, width]`.
    turned: Vec<f32>,
    /// Logarithms of sums of exponentials that nobody needs.
    log_sums: Vec<f32>,
}

impl Attention<'_> {
    /// Computes `context` and `log_sums` from `qkv`, to which it adds the bias.
    pub(super) fn forward(&self, bias: &[f32], saved: &mut Saved) {
        let (dim, heads) = (self.shape.dim, self.shape.heads);
        let rows = self.batch.rows();
        let mut qkv = saved.qkv.as_mut_slice();
        let mut context = resized(&mut saved.context, rows * dim);
        let mut log_sums = resized(&mut saved.log_sums, rows * heads);
        let mut tasks = Vec::with_capacity(self.batch.pieces.sentences.len());
        for sentence in sentences(self.batch.pieces.sentences, self.batch.wanted, heads) {
            tasks.push(Forward {
                qkv: qkv.split_off_mut(..sentence.len() * 3 * dim).unwrap_or_default(),
                context: context.split_off_mut(..sentence.queries() * dim).unwrap_or_default(),
                log_sums: log_sums.split_off_mut(..sentence.queries() * heads).unwrap_or_default(),
                sentence,
            });
        }
        tasks.into_par_iter().with_max_len(1).for_each_init(Scratch::default, |scratch, task| {
            vectorised(ForwardCall { attention: self, bias, task, scratch });
        });
    }

    /// Computes `context`, `[pieces, dim]`, from `qkv`, which includes the bias, on this thread.
    /// Nothing is kept for a backward pass.
    pub(super) fn forward_here(&self, mut qkv: &mut [f32], mut context: &mut [f32], scratch: &mut Scratch) {
        let (dim, heads) = (self.shape.dim, self.shape.heads);
        let mut log_sums = std::mem::take(&mut scratch.log_sums);
        for sentence in sentences(self.batch.pieces.sentences, None, heads) {
            let task = Forward {
                qkv: qkv.split_off_mut(..sentence.len() * 3 * dim).unwrap_or_default(),
                context: context.split_off_mut(..sentence.len() * dim).unwrap_or_default(),
                log_sums: resized(&mut log_sums, sentence.len() * heads),
                sentence,
            };
            vectorised(ForwardCall { attention: self, bias: &[], task, scratch: &mut *scratch });
        }
        scratch.log_sums = log_sums;
    }

    /// Computes the gradient of queries, keys and values, `[pieces, 3 dim]`,
    /// from the gradient of the context, `[rows, dim]`.
    pub(super) fn backward(&self, saved: &Saved, upper: &[f32], lower: &mut [f32]) {
        let (dim, heads) = (self.shape.dim, self.shape.heads);
        let (mut qkv, mut context) = (saved.qkv.as_slice(), saved.context.as_slice());
        let (mut log_sums, mut upper, mut lower) = (saved.log_sums.as_slice(), upper, lower);
        let mut tasks = Vec::with_capacity(self.batch.pieces.sentences.len());
        for sentence in sentences(self.batch.pieces.sentences, self.batch.wanted, heads) {
            let (pieces, queries) = (sentence.len(), sentence.queries());
            tasks.push(Backward {
                sentence,
                qkv: qkv.split_off(..pieces * 3 * dim).unwrap_or_default(),
                context: context.split_off(..queries * dim).unwrap_or_default(),
                log_sums: log_sums.split_off(..queries * heads).unwrap_or_default(),
                upper: upper.split_off(..queries * dim).unwrap_or_default(),
                lower: lower.split_off_mut(..pieces * 3 * dim).unwrap_or_default(),
            });
        }
        tasks.into_par_iter().with_max_len(1).for_each_init(Scratch::default, |scratch, task| {
            vectorised(BackwardCall { attention: self, task, scratch });
        });
    }

    #[inline(always)]
    fn forward_sentence(&self, bias: &[f32], task: Forward<'_>, scratch: &mut Scratch) {
        let (dim, width, heads) = (self.shape.dim, self.shape.head(), self.shape.heads);
        let Forward { sentence, qkv, context, log_sums } = task;
        for row in qkv.chunks_exact_mut(3 * dim) {
            row.iter_mut().zip(bias).for_each(|(value, bias)| *value += bias);
        }
        if sentence.queries() == 0 {
            return;
        }
        scratch.places.clear();
        scratch.places.extend(sentence.query_places());
        let length = sentence.len();
        let padded = length.next_multiple_of(LANES);
        for head in 0..heads {
            self.load(head, qkv, padded, scratch);
            let values = qkv.get(2 * dim + head * width..).unwrap_or_default();
            for first in (0..sentence.queries()).step_by(QUERIES) {
                let count = QUERIES.min(sentence.queries() - first);
                score(scratch, first, count, padded, width);
                let Scratch { places, scores, .. } = &mut *scratch;
                let found = softmax(scores, padded, length);
                let rows = scores.chunks_exact_mut(padded).zip(places.iter().skip(first)).take(count);
                let log_sums = log_sums.chunks_exact_mut(heads).skip(first);
                for ((scores, place), (log_sums, found)) in rows.zip(log_sums.zip(found)) {
                    log_sums.iter_mut().skip(head).take(1).for_each(|to| *to = found);
                    self.drop(&sentence, head, *place, scores);
                }
                let context = context.get_mut(first * dim + head * width..).unwrap_or_default();
                let scores = View::strided(scores, count, length, padded);
                small_product((context, dim), scores, View::strided(values, length, width, 3 * dim), false);
            }
        }
    }

    #[inline(always)]
    fn backward_sentence(&self, mut task: Backward<'_>, scratch: &mut Scratch) {
        let (sentence, qkv) = (task.sentence.clone(), task.qkv);
        task.lower.fill(0.0);
        if sentence.queries() == 0 {
            return;
        }
        scratch.places.clear();
        scratch.places.extend(sentence.query_places());
        let (dim, width) = (self.shape.dim, self.shape.head());
        let padded = sentence.len().next_multiple_of(LANES);
        for head in 0..self.shape.heads {
            self.load(head, qkv, padded, scratch);
            let values = resized(&mut scratch.values, width * padded);
            transpose_here((values, padded), (qkv, 3 * dim), 2 * dim + head * width, |to, from| *to = from);
            for first in (0..sentence.queries()).step_by(QUERIES) {
                self.backward_queries(head, first, padded, &mut task, scratch);
            }
        }
    }

    /// Computes one block of queries of one head.
    #[inline(always)]
    fn backward_queries(
        &self,
        head: usize,
        first: usize,
        padded: usize,
        task: &mut Backward<'_>,
        scratch: &mut Scratch,
    ) {
        let (dim, width, heads) = (self.shape.dim, self.shape.head(), self.shape.heads);
        let (length, column) = (task.sentence.len(), head * width);
        let count = QUERIES.min(task.sentence.queries() - first);
        score(scratch, first, count, padded, width);
        let Scratch { places, queries, values, scores, slopes, factors, turned, .. } = scratch;
        let factors = resized(factors, padded);
        let slopes = resized(slopes, count * padded);
        let upper = task.upper.get(first * dim + column..).unwrap_or_default();
        let upper = View::strided(upper, count, width, dim);
        small_product((slopes, padded), upper, View::new(values, padded), false);
        let places = places.get(first..first + count).unwrap_or_default();
        let rows = scores.chunks_exact_mut(padded).zip(slopes.chunks_exact_mut(padded)).zip(places);
        let known = task.context.chunks_exact(dim).zip(task.upper.chunks_exact(dim)).zip(task.log_sums.chunks(heads));
        for (((scores, slopes), place), ((context, upper), log_sums)) in rows.zip(known.skip(first)) {
            // The sum over keys of probability times its gradient equals this product, with or without dropout.
            let along = sum_over(part(context, column, width), part(upper, column, width), |a, b| a * b);
            let log_sum = log_sums.get(head).copied().unwrap_or_default();
            self.slope(&task.sentence, (head, *place), (scores, slopes, &mut *factors), (log_sum, along));
        }
        let queries = View::new(part(queries, first * width, count * width), width);
        let lower = &mut *task.lower;
        let probabilities = View::strided(scores, count, length, padded);
        let value_slopes = lower.get_mut(2 * dim + column..).unwrap_or_default();
        small_product((value_slopes, 3 * dim), probabilities.transposed(), upper, true);
        let key_slopes = lower.get_mut(dim + column..).unwrap_or_default();
        let slopes = View::strided(slopes, count, length, padded);
        small_product((key_slopes, 3 * dim), slopes.transposed(), queries, true);
        let keys = task.qkv.get(dim + column..).unwrap_or_default();
        let turned = resized(turned, count * width);
        small_product((turned, width), slopes, View::strided(keys, length, width, 3 * dim), false);
        for (place, slopes) in places.iter().zip(turned.chunks_exact(width)) {
            let row = lower.get_mut(place * 3 * dim + column..).unwrap_or_default();
            row.iter_mut().zip(slopes).for_each(|(to, from)| *to = *from);
        }
    }

    /// Turns scores into the probabilities that were used, dropout included.
    /// Turns `slopes`, their gradient, into the gradient of scores before scaling. The mask is left in `factors`.
    #[inline(always)]
    fn slope(
        &self,
        sentence: &Sentence<'_>,
        (head, place): (usize, usize),
        (scores, slopes, factors): (&mut [f32], &mut [f32], &mut [f32]),
        (log_sum, along): (f32, f32),
    ) {
        let scale = self.scale();
        factors.fill(1.0);
        self.drop(sentence, head, place, factors);
        for ((score, slope), factor) in scores.iter_mut().zip(&mut *slopes).zip(factors) {
            let probability = exp(*score - log_sum);
            *score = probability * *factor;
            *slope = probability * (*slope * *factor - along) * scale;
        }
        let padding = sentence.len()..;
        scores.get_mut(padding.clone()).unwrap_or_default().fill(0.0);
        slopes.get_mut(padding).unwrap_or_default().fill(0.0);
    }

    /// Applies the mask to the row of one query.
    #[inline(always)]
    fn drop(&self, sentence: &Sentence<'_>, head: usize, place: usize, row: &mut [f32]) {
        let length = sentence.len();
        if let Some(mask) = &self.mask {
            let first = sentence.before + (head * length + place) * length;
            mask.apply(first, row.get_mut(..length).unwrap_or_default());
        }
    }

    /// Copies queries and keys of a head into the layout of the products.
    #[inline(always)]
    fn load(&self, head: usize, qkv: &[f32], padded: usize, scratch: &mut Scratch) {
        let (dim, width) = (self.shape.dim, self.shape.head());
        let keys = resized(&mut scratch.keys, width * padded);
        let scale = self.scale();
        transpose_here((keys, padded), (qkv, 3 * dim), dim + head * width, |to, from| *to = from * scale);
        let queries = resized(&mut scratch.queries, scratch.places.len() * width);
        for (place, to) in scratch.places.iter().zip(queries.chunks_exact_mut(width)) {
            to.copy_from_slice(part(qkv, place * 3 * dim + head * width, width));
        }
    }

    /// Factor of the scores: 1 over the square root of the head's width.
    fn scale(&self) -> f32 {
        1.0 / (self.shape.head() as f32).sqrt()
    }
}

struct ForwardCall<'a, 'b> {
    attention: &'a Attention<'a>,
    bias: &'a [f32],
    task: Forward<'b>,
    scratch: &'a mut Scratch,
}

impl Kernel for ForwardCall<'_, '_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        self.attention.forward_sentence(self.bias, self.task, self.scratch);
    }
}

struct BackwardCall<'a, 'b> {
    attention: &'a Attention<'a>,
    task: Backward<'b>,
    scratch: &'a mut Scratch,
}

impl Kernel for BackwardCall<'_, '_> {
    type Outcome = ();

    #[inline(always)]
    fn run(self) {
        self.attention.backward_sentence(self.task, self.scratch);
    }
}

/// Computes the scores of a block of queries for all keys.
/// Padded columns without a key are included.
#[inline(always)]
fn score(scratch: &mut Scratch, first: usize, count: usize, padded: usize, width: usize) {
    let scores = resized(&mut scratch.scores, count * padded);
    let queries = View::new(part(&scratch.queries, first * width, count * width), width);
    small_product((scores, padded), queries, View::new(&scratch.keys, padded), false);
}

/// Turns rows of scores, at most [`QUERIES`] of them and `padded` wide, into probabilities.
/// The first `length` scores of a row belong to keys; the others become 0. Returns the logarithms of the sums of
/// exponentials.
///
/// Each pass goes over several rows, since the steps of a single row wait for each other.
#[inline(always)]
fn softmax(scores: &mut [f32], padded: usize, length: usize) -> [f32; QUERIES] {
    /// Rows of a pass; their scores stay in the nearest cache.
    const ROWS: usize = 8;
    let mut log_sums = [0.0; QUERIES];
    for (scores, log_sums) in scores.chunks_mut(ROWS * padded).zip(log_sums.chunks_mut(ROWS)) {
        softmax_rows(scores, padded, length, log_sums);
    }
    log_sums
}

#[inline(always)]
fn softmax_rows(scores: &mut [f32], padded: usize, length: usize, log_sums: &mut [f32]) {
    for (row, highest_score) in scores.chunks_exact(padded).zip(&mut *log_sums) {
        *highest_score = highest(part(row, 0, length));
    }
    for (row, highest_score) in scores.chunks_exact_mut(padded).zip(&*log_sums) {
        row.get_mut(length..).unwrap_or_default().fill(0.0);
        for block in row.as_chunks_mut::<LANES>().0 {
            block.iter_mut().for_each(|score| *score = exp(*score - highest_score));
        }
        row.get_mut(length..).unwrap_or_default().fill(0.0);
    }
    for (row, log_sum) in scores.chunks_exact_mut(padded).zip(log_sums) {
        let sum = sum_over(row, row, |value, _| value);
        for block in row.as_chunks_mut::<LANES>().0 {
            block.iter_mut().for_each(|score| *score /= sum);
        }
        *log_sum += sum.ln();
    }
}

#[inline(always)]
fn part(values: &[f32], from: usize, count: usize) -> &[f32] {
    values.get(from..from + count).unwrap_or_default()
}

//! Sentences of different lengths, packed into one matrix without padding.

use std::ops::Range;

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::TensorNetwork;

/// Sentences in the form that the network needs.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    /// Row of the word table for each piece.
    pub(super) words: Tensor<1, Int>,
    /// Row of the position table for each piece.
    pub(super) positions: Tensor<1, Int>,
    /// Number of sentences.
    pub(super) sentences: usize,
    /// Number of pieces of the longest.
    pub(super) longest: usize,
    /// Padded arrangement for attention; `None` if all sentences are equally long.
    pub(super) padding: Option<Padding>,
    /// Range of each sentence's pieces.
    ranges: Vec<Range<usize>>,
}

/// Indices from packed pieces to `[sentences, longest]` and back.
#[derive(Clone, Debug)]
pub(super) struct Padding {
    /// For each place of the padded arrangement its piece.
    /// The sentence's first piece where it has none.
    pub(super) gather: Tensor<1, Int>,
    /// For each piece its place in the padded arrangement.
    pub(super) scatter: Tensor<1, Int>,
    /// `[sentences, 1, 1, longest]`, added to scores.
    /// 0, or [`UNSEEN`] for a key without a piece.
    pub(super) mask: Tensor<4>,
}

/// Score that becomes 0 in a softmax. It is finite, so that its sums are numbers.
const UNSEEN: f32 = -1e30;

impl Packed {
    /// Packs sentences of piece ids, special pieces included.
    /// Empty sentences take no space.
    pub(crate) fn new(network: &TensorNetwork, inputs: &[&[u32]]) -> Self {
        let device = &network.device;
        let mut ranges = Vec::with_capacity(inputs.len());
        let (mut words, mut positions) = (Vec::new(), Vec::new());
        for input in inputs {
            let start = words.len();
            words.extend(input.iter().map(|id| int(network.layout.words.row(*id) as usize)));
            positions.extend((0u32..).take(input.len()).map(|at| int(network.layout.positions.row(at) as usize)));
            ranges.push(start..words.len());
        }
        let filled: Vec<&Range<usize>> = ranges.iter().filter(|range| !range.is_empty()).collect();
        let longest = filled.iter().map(|range| range.len()).max().unwrap_or(0);
        let ragged = filled.iter().any(|range| range.len() != longest);
        Self {
            sentences: filled.len(),
            longest,
            padding: ragged.then(|| Padding::new(&filled, longest, device)),
            words: ints(words, device),
            positions: ints(positions, device),
            ranges,
        }
    }

    /// Number of pieces.
    pub(crate) fn pieces(&self) -> usize {
        self.ranges.last().map_or(0, |range| range.end)
    }

    /// Range of each sentence's pieces, in the given order.
    pub(crate) fn ranges(&self) -> &[Range<usize>] {
        &self.ranges
    }
}

impl Padding {
    fn new(ranges: &[&Range<usize>], longest: usize, device: &Device) -> Self {
        let size = ranges.len() * longest;
        let (mut gather, mut scatter, mut mask) = (Vec::with_capacity(size), Vec::new(), Vec::with_capacity(size));
        for (sentence, range) in ranges.iter().enumerate() {
            // A place without a piece is masked as a key, and never read as a query.
            gather.extend(
                (range.start..range.start + longest).map(|at| int(if at < range.end { at } else { range.start })),
            );
            scatter.extend((0..range.len()).map(|at| int(sentence * longest + at)));
            mask.extend((0..longest).map(|at| if at < range.len() { 0.0 } else { UNSEEN }));
        }
        let shape = [ranges.len(), 1, 1, longest];
        Self {
            gather: ints(gather, device),
            scatter: ints(scatter, device),
            mask: Tensor::from_data(TensorData::new::<f32, _>(mask, shape), device),
        }
    }
}

fn int(value: usize) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

pub(super) fn ints(values: Vec<i32>, device: &Device) -> Tensor<1, Int> {
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), device)
}

//! Kernels compared with the naive network and with other numbers of threads.
//! Also their limits.

mod agreement;
mod bf16;
mod contract;
mod distillation;
mod float;
mod int8;
pub(super) mod naive;
mod prepared;

use std::ops::Range;

use super::{
    Dropout, Frozen, Gradients, Objective, Parameters, Pieces, Shape, SoftTargets, TrainingPrecision, Workspace, train,
};

/// Generator of pseudo-random numbers for tests.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let value = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value ^ (value >> 29)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 20) as usize % end.max(1)
    }

    /// Returns a number from -1 to 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

/// Batch that owns its data.
#[derive(Clone, Debug)]
struct Case {
    words: Vec<u32>,
    positions: Vec<u32>,
    sentences: Vec<Range<usize>>,
    labels: Vec<(usize, usize)>,
}

impl Case {
    /// Makes sentences of these lengths.
    /// About `share` of 10 pieces are labelled, some twice.
    fn new(shape: &Shape, lengths: &[usize], share: usize, seed: u64) -> Self {
        let mut numbers = Numbers(seed);
        let mut case = Self { words: vec![], positions: vec![], sentences: vec![], labels: vec![] };
        for length in lengths {
            let start = case.words.len();
            for at in 0..*length {
                case.words.push(numbers.below(shape.word_rows) as u32);
                case.positions.push((at % shape.position_rows) as u32);
                while numbers.below(10) < share.min(9) {
                    case.labels.push((start + at, numbers.below(shape.tags)));
                    if numbers.below(10) > 0 {
                        break;
                    }
                }
            }
            case.sentences.push(start..case.words.len());
        }
        // The order of labels is free.
        if let Some(last) = case.labels.pop() {
            case.labels.insert(0, last);
        }
        case
    }

    fn pieces(&self) -> Pieces<'_> {
        Pieces { words: &self.words, positions: &self.positions, sentences: &self.sentences }
    }

    fn objective(&self, dropout: Option<Dropout>) -> Objective<'_> {
        let scale = 1.0 / self.labels.len().max(1) as f32;
        Objective {
            pieces: self.pieces(),
            labels: &self.labels,
            soft: None,
            scale,
            smoothing: 0.0,
            dropout,
            frozen: Frozen::default(),
            precision: TrainingPrecision::Fp32,
        }
    }
}

fn parameters(shape: Shape, seed: u64) -> Parameters {
    let mut numbers = Numbers(seed);
    let values = shape.plan().into_vec().into_iter().map(|slot| {
        let (middle, size) = if slot.decays() { (0.0, 0.4) } else { (0.6, 0.5) };
        (0..slot.count()).map(|_| (middle + size * numbers.unit()) as f32).collect()
    });
    Parameters::new(shape, values.collect()).unwrap()
}

/// Computes loss and gradient with buffers of its own.
fn fresh(parameters: &Parameters, objective: &Objective<'_>) -> (f64, Gradients) {
    let mut gradients = Gradients::new(parameters.shape()).unwrap();
    let loss = train(parameters, objective, false, &mut gradients, &mut Workspace::new()).unwrap();
    (loss, gradients)
}

fn bits(gradients: &Gradients) -> Vec<u32> {
    gradients.values().into_iter().flatten().map(|value| value.to_bits()).collect()
}

fn on_threads<R: Send>(threads: usize, body: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(body)
}

const TINY: Shape =
    Shape { dim: 10, heads: 2, hidden: 14, layers: 2, tags: 4, word_rows: 9, position_rows: 12, epsilon: 1e-12 };
/// Network large enough for several blocks in every product.
const SEVERAL: Shape =
    Shape { dim: 208, heads: 4, hidden: 416, layers: 2, tags: 17, word_rows: 300, position_rows: 80, epsilon: 1e-12 };

//! Probabilities that trained models give to the tags of the training's word pieces.
//! They are computed once, before the first step (Hinton et al. 2015, "Distilling the Knowledge in a Neural Network").

use std::sync::Arc;

use super::TrainError;
use crate::{
    model::{
        BaseModel, PieceTokenizer, WordPieces,
        align::word_windows,
        device::{self, Chosen},
        kernels::Precision,
        network::{PreparedNetwork, TensorNetwork},
    },
    runs::LabelMode,
    spans::Sentence,
    text::number::bytes,
};

/// Number of sentences that are read together.
const SENTENCES: usize = 256;
/// Largest number of word pieces that go through the network together.
const PIECES: usize = 4096;
/// Most word pieces that neighbouring windows of a long sentence share.
const CONTEXT: usize = 128;

/// Largest size of the probabilities in bytes. A checkpoint holds them in one file, of which at most 4 GiB are read; a
/// megabyte is left for the file's header.
pub const MOST_BYTES: u64 = (4 << 30) - (1 << 20);

/// Trained model from which another one learns.
#[derive(Clone, Debug)]
pub struct Teacher {
    /// Name for messages: a run or a folder.
    pub name: String,
    /// The model. Its tags are those of the training, in any order.
    pub model: BaseModel,
}

/// Probabilities of the teachers for each word piece of some sentences.
/// A row of zeros belongs to a piece about which no teacher says anything.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Answers {
    /// Number of tags.
    pub(super) tags: usize,
    /// First row of each sentence, in the order of the sentences, and the number of all rows.
    pub(super) starts: Vec<usize>,
    /// `[word pieces, tags]`: the mean of the teachers' softmax at the temperature.
    pub(super) table: Arc<Vec<f32>>,
}

impl Answers {
    /// Size of the probabilities in memory, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.table.len() * size_of::<f32>()
    }

    /// Whether a teacher says something about the piece of this row.
    pub(super) fn is_known(&self, row: usize) -> bool {
        let values = self.table.get(row * self.tags..(row + 1) * self.tags).unwrap_or_default();
        values.iter().any(|value| *value > 0.0)
    }

    /// Rows of a sentence, one for each of its word pieces; `None` for a sentence that is not among them.
    pub(super) fn rows(&self, sentence: usize) -> Option<std::ops::Range<usize>> {
        Some(*self.starts.get(sentence)?..*self.starts.get(sentence + 1)?)
    }
}

/// Word pieces of the model that learns.
pub(super) struct Student<'a> {
    pub(super) tokenizer: &'a PieceTokenizer,
    pub(super) tokenizer_json: &'a [u8],
    /// Tags, `O` first, each `B-X` followed by its `I-X`.
    pub(super) tags: &'a [String],
    pub(super) mode: LabelMode,
}

/// Asks the teachers, one after the other, on the threads of the caller's pool.
///
/// Word pieces of a teacher with the same tokenizer and label mode answer for themselves. Another one answers by word: its first piece
/// answers for the word's first piece, and for the others as the label mode derives their tags.
pub(super) fn ask(
    teachers: Vec<Teacher>,
    sentences: &[&Sentence],
    student: &Student<'_>,
    temperature: f64,
    chosen: &Chosen,
) -> Result<Answers, TrainError> {
    let words: Vec<&[String]> = sentences.iter().map(|sentence| sentence.words.as_slice()).collect();
    let mut starts = vec![0];
    for chunk in words.chunks(SENTENCES) {
        for pieces in cut(student.tokenizer, chunk, "the base")? {
            starts.push(starts.last().copied().unwrap_or(0) + pieces.ids.len());
        }
    }
    let tags = student.tags.len();
    let rows = starts.last().copied().unwrap_or(0);
    check_size(rows, tags)?;
    let mut table = vec![0.0; rows * tags];
    for teacher in teachers {
        let network = Network::new(teacher, student, chosen)?;
        let mut rest = table.chunks_exact_mut(tags);
        for chunk in words.chunks(SENTENCES) {
            let answers = network.answer(chunk, temperature)?;
            if !answers.iter().flat_map(|(_, rows)| rows.iter().flatten()).all(|value| value.is_finite()) {
                let why = "its answers are not numbers, so its weights are damaged; train it again".to_owned();
                return Err(TrainError::Teacher { name: network.name, why });
            }
            let own = cut(student.tokenizer, chunk, "the base")?;
            for (own, (theirs, rows)) in own.iter().zip(&answers) {
                add(&mut rest, (own, theirs), rows, &network);
            }
        }
    }
    for row in table.chunks_exact_mut(tags) {
        let sum: f32 = row.iter().sum();
        row.iter_mut().filter(|_| sum > 0.0).for_each(|value| *value /= sum);
    }
    Ok(Answers { tags, starts, table: Arc::new(table) })
}

/// Refuses a table of this many word pieces and tags that a checkpoint could not give back.
fn check_size(rows: usize, tags: usize) -> Result<(), TrainError> {
    let size = (rows as u64).saturating_mul(tags as u64).saturating_mul(size_of::<f32>() as u64);
    if size <= MOST_BYTES {
        return Ok(());
    }
    let [size, most] = [size, MOST_BYTES].map(bytes);
    Err(TrainError::TooManyAnswers { rows, size, most })
}

fn cut(tokenizer: &PieceTokenizer, words: &[&[String]], whose: &str) -> Result<Vec<WordPieces>, TrainError> {
    tokenizer
        .words_batch(words)
        .map_err(|source| TrainError::Tokenizer { id: format!("the tokenizer of {whose}"), source })
}

/// Adds a teacher's probabilities for the pieces of one sentence to the next rows of the table.
fn add<'a>(
    rest: &mut impl Iterator<Item = &'a mut [f32]>,
    (own, theirs): (&WordPieces, &WordPieces),
    rows: &[Vec<f32>],
    network: &Network,
) {
    let mut before = None;
    for ((at, word), to) in own.words.iter().enumerate().zip(rest.by_ref()) {
        let is_first = before.replace(*word) != Some(*word);
        let row = match network.by_piece {
            true => rows.get(at),
            false => rows.get(theirs.words.partition_point(|other| other < word)),
        };
        let answers = network.by_piece || theirs.words.binary_search(word).is_ok();
        let Some(row) = row.filter(|_| answers) else { continue };
        for (tag, value) in row.iter().enumerate() {
            let inside = network.mode == LabelMode::AllI && !is_first && !network.by_piece && tag % 2 == 1;
            to.get_mut(tag + usize::from(inside)).into_iter().for_each(|to| *to += value);
        }
    }
}

/// Logits or probabilities of one input: a row for each piece, with a value for each tag.
type Rows = Vec<Vec<f32>>;

/// Computes the logits of inputs of piece ids, special pieces included.
type Compute = Box<dyn Fn(&[&[u32]]) -> Vec<Rows> + Sync>;

/// Network of a teacher.
struct Network {
    name: String,
    tokenizer: PieceTokenizer,
    /// Longest input in pieces, without special ones.
    longest: usize,
    compute: Compute,
    /// Place of each of the student's tags among the teacher's.
    places: Vec<usize>,
    /// Whether its word pieces are those of the student, and learned like them.
    by_piece: bool,
    /// Label mode of the student.
    mode: LabelMode,
}

impl Network {
    fn new(teacher: Teacher, student: &Student<'_>, chosen: &Chosen) -> Result<Self, TrainError> {
        let Teacher { name, model } = teacher;
        let BaseModel { config, weights, tokenizer, tokenizer_json, .. } = model;
        let places: Option<Vec<usize>> =
            student.tags.iter().map(|tag| config.tags.iter().position(|theirs| theirs == tag)).collect();
        let Some(places) = places.filter(|places| places.len() == config.tags.len()) else {
            return Err(TrainError::Teacher { name, why: "its tags are not those of the training".to_owned() });
        };
        let by_piece = tokenizer_json == student.tokenizer_json && config.label_mode == Some(student.mode);
        let longest = config.max_positions.saturating_sub(2).max(1);
        let compute: Compute = match &chosen.compute {
            device::Compute::Kernels => {
                let network = PreparedNetwork::new(&config, weights, &[Precision::Exact])?;
                Box::new(move |inputs| network.logits(inputs, Precision::Exact))
            }
            device::Compute::Tensors(device) => {
                let network = TensorNetwork::new(&config, weights, device)?;
                Box::new(move |inputs| network.logits(inputs))
            }
        };
        Ok(Self { name, tokenizer, longest, compute, places, by_piece, mode: student.mode })
    }

    /// Returns the pieces of each sentence, with the probabilities of the student's tags for each.
    fn answer(&self, words: &[&[String]], temperature: f64) -> Result<Vec<(WordPieces, Rows)>, TrainError> {
        let pieces = cut(&self.tokenizer, words, &self.name)?;
        let mut inputs = Vec::new();
        for (sentence, pieces) in pieces.iter().enumerate() {
            for window in word_windows(&pieces.words, self.longest, CONTEXT.min(self.longest / 4)) {
                let inside = pieces.ids.get(window.pieces.clone()).unwrap_or_default();
                let ids =
                    [self.tokenizer.cls()].into_iter().chain(inside.iter().copied()).chain([self.tokenizer.sep()]);
                let skip = window.keep.start - window.pieces.start + 1;
                inputs.push((sentence, ids.collect::<Vec<u32>>(), skip..skip + window.keep.len()));
            }
        }
        let mut rows: Vec<Rows> = pieces.iter().map(|pieces| Vec::with_capacity(pieces.ids.len())).collect();
        let mut sum = inputs.first().map_or(0, |(_, ids, _)| ids.len());
        let batches = inputs.chunk_by(|_, next| {
            sum += next.1.len();
            let fits = sum <= PIECES;
            sum = if fits { sum } else { next.1.len() };
            fits
        });
        for batch in batches {
            let ids: Vec<&[u32]> = batch.iter().map(|(_, ids, _)| ids.as_slice()).collect();
            for ((sentence, _, keep), logits) in batch.iter().zip((self.compute)(&ids)) {
                let kept = logits.get(keep.clone()).unwrap_or_default().iter();
                let kept = kept.map(|row| probabilities(row, &self.places, temperature));
                rows.get_mut(*sentence).into_iter().for_each(|rows| rows.extend(kept.clone()));
            }
        }
        Ok(pieces.into_iter().zip(rows).collect())
    }
}

/// Returns the softmax of `logits / temperature` at these places.
fn probabilities(logits: &[f32], places: &[usize], temperature: f64) -> Vec<f32> {
    let powers: Vec<f64> = powers(logits, temperature).collect();
    let sum: f64 = powers.iter().sum();
    places.iter().map(|place| (powers.get(*place).map_or(0.0, |power| power / sum)) as f32).collect()
}

/// Returns `exp(logits / temperature)`, divided by the highest of these, so that none is infinite.
pub(super) fn powers(logits: &[f32], temperature: f64) -> impl Iterator<Item = f64> {
    let highest = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    logits.iter().map(move |value| ((f64::from(*value) - highest) / temperature).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_that_a_checkpoint_cannot_hold_are_refused() {
        let most = usize::try_from(MOST_BYTES).unwrap() / 4;
        assert!(check_size(most, 1).is_ok() && check_size(most / 16, 16).is_ok() && check_size(0, 9).is_ok());
        let said = check_size(usize::MAX, 17).unwrap_err().to_string();
        assert!(said.contains("fewer untagged documents"), "{said}");
        let said = check_size(100_000_000, 17).unwrap_err().to_string();
        assert!(said.contains("100000000 word pieces") && said.contains("6.8 GB"), "{said}");
        assert!(check_size(most + 1, 1).is_err());
    }
}

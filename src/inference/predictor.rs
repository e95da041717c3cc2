//! A trained model for predictions: tokenizer, network, tags.
//!
//! It predicts by word (this program's decoding, for documents of any length) and by raw text (the Hugging Face
//! pipeline). Texts are processed in batches whose size is bounded by their pieces.

use std::{ops::Range, sync::Arc};

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder, prelude::*};
use thiserror::Error;

use super::{
    pipeline::{self, Answer, Options, PipelineError},
    precision::Precision,
};
use crate::{
    model::{
        self, BaseModel, ModelConfig, ModelError, PieceTokenizer, TextPieces, TokenizerError, Weights, WordPieces,
        align::word_windows,
        device::{self, Compute, DeviceError},
        network::{NetworkError, PreparedNetwork, TensorNetwork},
    },
    runs::{LabelMode, Settings},
    spans::{Grammar, ScoreScale, SpanScorer, scheme::Tag, tag_form},
};

/// Number of special pieces around each input.
const SPECIALS: usize = 2;
/// Number of pieces that neighbouring windows of a long document share, if it is not chosen.
const CONTEXT: usize = 128;
/// Number of pieces in a batch for the tensor network.
const BATCH: usize = 4096;
/// Number of pieces in a batch for the kernels, which split it into tasks themselves.
const KERNEL_BATCH: usize = 16_384;

/// Logits of one input: a row for each piece, with a value for each tag.
pub type Logits = Vec<Vec<f32>>;

/// Computes logits for pieces. Networks implement it; tests have others.
pub trait Scorer: Send + Sync {
    /// Returns one row of logits for each piece of each input, special pieces included.
    fn logits(&self, inputs: &[&[u32]]) -> Vec<Logits>;

    /// Number of pieces in a batch.
    fn batch(&self) -> usize {
        BATCH
    }
}

/// The network on the processor, in one of the precisions that it was prepared for.
struct Prepared {
    network: Arc<PreparedNetwork>,
    precision: Precision,
}

impl Scorer for Prepared {
    fn batch(&self) -> usize {
        KERNEL_BATCH
    }

    fn logits(&self, inputs: &[&[u32]]) -> Vec<Logits> {
        self.network.logits(inputs, self.precision.into())
    }
}

impl Scorer for TensorNetwork {
    fn logits(&self, inputs: &[&[u32]]) -> Vec<Logits> {
        self.logits(inputs)
    }
}

/// Number of threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// One, so that a training keeps its cores while the user types.
    One,
    /// One for each core, for files.
    All,
}

/// Error of a prediction.
#[derive(Debug, Error)]
pub enum PredictError {
    /// The folder is not a model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// There is no such device.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The weights do not form a network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The tokenizer refuses an input.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The options of the pipeline contradict each other.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// Quick predictions on a device that has none.
    #[error("int8 predictions are computed on the processor only, not on {0}; use --device cpu or --precision fp32")]
    NoInt8(String),
    /// A base model, which was not trained on tags.
    #[error("`{0}` is a base model without tags: it must be trained before it can predict (tagli train)")]
    Untrained(String),
    /// The operating system cannot start threads.
    #[error("cannot start the threads that predict: {0}")]
    Threads(#[from] ThreadPoolBuildError),
}

/// A model with its own threads.
pub struct Predictor {
    tokenizer: PieceTokenizer,
    pub(super) scorer: Box<dyn Scorer>,
    /// Scorer of suggestions; `None` if they are computed like everything else.
    pub(super) quick: Option<Box<dyn Scorer>>,
    /// Tags as the model's files spell them, for the pipeline.
    named_tags: Vec<String>,
    /// The same tags as this program spells them.
    tags: Vec<String>,
    /// Labels of the tags.
    labels: Arc<[String]>,
    /// Pieces of a word that carried its tag in training, if known.
    label_mode: Option<LabelMode>,
    /// Grammar of the tags, if they are chosen as a sequence.
    grammar: Option<Grammar>,
    /// Scale with which scores are shares of right spans; `None` if the model is not calibrated.
    scale: Option<ScoreScale>,
    /// Rule for the spans of answers by word, if the model was trained by this program.
    spans: Option<SpanScorer>,
    /// Fault of the model's files with which it still predicts.
    note: Option<String>,
    /// Longest input in pieces, without special ones.
    longest: usize,
    /// Number of pieces that neighbouring windows of a long document share.
    shared: usize,
    pool: ThreadPool,
}

/// What the pipeline finds in a raw text.
#[derive(Clone, Debug, PartialEq)]
pub struct Tagged {
    /// The answers.
    pub answers: Vec<Answer>,
    /// Number of pieces of the whole text, those beyond the model's longest input included.
    pub pieces: usize,
}

/// Scorer of everything, and the one of suggestions if they have their own.
type Scorers = (Box<dyn Scorer>, Option<Box<dyn Scorer>>);

/// Input of the network: the pieces of one window, with special pieces around them.
struct Input {
    /// Index of its text.
    text: usize,
    ids: Vec<u32>,
    /// Pieces whose rows are used, as positions in the window.
    keep: Range<usize>,
}

impl Predictor {
    /// Opens the model of this name ([`model::open`]) on the device of this name.
    /// All its predictions have this precision.
    ///
    /// # Errors
    /// No such model or device, a device without this precision, a broken folder, or a base model that was never trained.
    pub fn open(folder: &str, device: &str, threads: Threads, precision: Precision) -> Result<Self, PredictError> {
        Self::load(folder, device, threads, (precision, None))
    }

    /// Opens the model for the screen: with one thread, exact, with quick suggestions where the device has them.
    ///
    /// # Errors
    /// As [`Predictor::open`].
    pub fn open_for_screen(folder: &str, device: &str) -> Result<Self, PredictError> {
        Self::load(folder, device, Threads::One, (Precision::Fp32, Some(Precision::Int8)))
    }

    /// Opens a model for predictions in the first precision, and for suggestions in the second one if there is one.
    fn load(
        folder: &str,
        device: &str,
        threads: Threads,
        precisions: (Precision, Option<Precision>),
    ) -> Result<Self, PredictError> {
        Self::prepare(model::open(folder)?, device, threads, precisions)
    }

    /// As [`Predictor::open`], for a model that is in memory.
    ///
    /// # Errors
    /// No such device, a device without this precision, or a base model that was never trained.
    pub fn of(base: BaseModel, device: &str, threads: Threads, precision: Precision) -> Result<Self, PredictError> {
        Self::prepare(base, device, threads, (precision, None))
    }

    /// As [`Predictor::open_for_screen`], for a model that is in memory.
    ///
    /// # Errors
    /// As [`Predictor::of`].
    pub fn of_for_screen(base: BaseModel, device: &str) -> Result<Self, PredictError> {
        Self::prepare(base, device, Threads::One, (Precision::Fp32, Some(Precision::Int8)))
    }

    fn prepare(
        base: BaseModel,
        device: &str,
        threads: Threads,
        precisions: (Precision, Option<Precision>),
    ) -> Result<Self, PredictError> {
        if base.config.tags.is_empty() {
            return Err(PredictError::Untrained(base.name));
        }
        let chosen = device::choose(device)?;
        let note = base.unused_rows();
        let BaseModel { config, weights, tokenizer, .. } = base;
        let (scorer, quick): Scorers = match &chosen.compute {
            Compute::Kernels => prepared(&config, weights, precisions)?,
            Compute::Tensors(_) if precisions.0 == Precision::Int8 => return Err(PredictError::NoInt8(chosen.name)),
            Compute::Tensors(device) => (Box::new(TensorNetwork::new(&config, weights, device)?), None),
        };
        let label_mode = config.label_mode;
        let grammar = config.constrained.then(|| Grammar::new(&config.tags));
        // Tags of other programs may be of another scheme, in which `I-` begins spans.
        let is_ours = label_mode.is_some() || grammar.is_some();
        let spans = is_ours.then(|| SpanScorer::new(&config.tags));
        let scale = config.scale.filter(|_| is_ours);
        let predictor = Self::new(tokenizer, scorer, config.tags, config.max_positions, threads)?;
        Ok(Self { quick, label_mode, grammar, scale, spans, note, ..predictor })
    }

    /// Makes a model from its parts.
    /// `max_positions` is the longest input, the two special pieces included.
    ///
    /// # Errors
    /// The operating system cannot start threads.
    pub fn new(
        tokenizer: PieceTokenizer,
        scorer: Box<dyn Scorer>,
        tags: Vec<String>,
        max_positions: usize,
        threads: Threads,
    ) -> Result<Self, PredictError> {
        let count = if threads == Threads::One { 1 } else { 0 };
        let pool = ThreadPoolBuilder::new().num_threads(count).thread_name(|n| format!("predict-{n}")).build()?;
        let longest = max_positions.saturating_sub(SPECIALS).max(1);
        let named_tags = tags;
        let tags = tag_form::in_our_form(&named_tags);
        let labels = labels_of(&tags);
        Ok(Self {
            tokenizer,
            scorer,
            quick: None,
            named_tags,
            tags,
            labels,
            label_mode: None,
            grammar: None,
            scale: None,
            spans: None,
            note: None,
            longest,
            shared: CONTEXT.min(longest / 4),
            pool,
        })
    }

    /// Tags of the model, in the order of their ids, spelt as this program spells them: `I-PER` for the label `PER` alone.
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    /// Labels that the model can give, in the order of its tags.
    pub fn labels(&self) -> &Arc<[String]> {
        &self.labels
    }

    /// A fault of the model's files with which it still predicts, in a sentence.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Grammar of the tags, if they are chosen as a sequence.
    /// Otherwise each is chosen by itself.
    pub(super) fn grammar(&self) -> Option<&Grammar> {
        self.grammar.as_ref()
    }

    /// Cuts long documents as a training with these settings does, so that its evaluation can be repeated exactly.
    #[must_use]
    pub fn with_windows_of(self, settings: &Settings) -> Self {
        let longest = settings.max_pieces.saturating_sub(SPECIALS).clamp(1, self.longest);
        Self { longest, shared: settings.stride.unwrap_or(longest / 8), ..self }
    }

    /// Scale with which scores are shares of right spans; `None` if the model is not calibrated.
    pub fn scale(&self) -> Option<ScoreScale> {
        self.scale
    }

    /// Rule for the spans of answers by word; `None` for a model of another program.
    pub(super) fn spans(&self) -> Option<&SpanScorer> {
        self.spans.as_ref()
    }

    /// Makes the model one of this program with this scale of scores.
    #[cfg(test)]
    pub(crate) fn calibrated(self, scale: Option<ScoreScale>) -> Self {
        Self { spans: Some(SpanScorer::new(&self.tags)), scale, ..self }
    }

    /// Makes the model read at most this many pieces at a time, the two special ones included.
    #[cfg(test)]
    pub(crate) fn with_positions(self, positions: usize) -> Self {
        Self { longest: positions - SPECIALS, ..self }
    }

    /// Makes the model choose tags as a sequence.
    #[cfg(test)]
    pub(crate) fn in_sequence(self) -> Self {
        Self { grammar: Some(Grammar::new(&self.tags)), ..self }
    }

    /// Sets the mode in which the model was trained.
    #[cfg(test)]
    pub(crate) fn with_label_mode(self, label_mode: Option<LabelMode>) -> Self {
        Self { label_mode, ..self }
    }

    /// Pieces of a word that carried its tag in training; `None` if unknown.
    pub fn label_mode(&self) -> Option<LabelMode> {
        self.label_mode
    }

    /// Longest input in pieces, without special ones.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// Chooses a tag for each word of each sentence; `None` for a word without a piece.
    ///
    /// # Errors
    /// The tokenizer refuses a sentence.
    #[cfg(test)]
    pub(crate) fn words<S: AsRef<str> + Sync>(
        &self,
        sentences: &[&[S]],
    ) -> Result<Vec<Vec<Option<super::WordTag>>>, PredictError> {
        let found = self.pieces(sentences)?;
        let sentences = sentences.iter().zip(&found);
        let tags = sentences
            .map(|(words, (pieces, rows))| super::decode::word_tags(words.len(), &pieces.words, rows, self.grammar()));
        Ok(tags.collect())
    }

    /// Returns the pieces of each sentence, with one row of logits for each.
    /// Long sentences are read in overlapping windows.
    ///
    /// # Errors
    /// The tokenizer refuses a sentence.
    pub fn pieces<S: AsRef<str> + Sync>(&self, sentences: &[&[S]]) -> Result<Vec<(WordPieces, Logits)>, PredictError> {
        self.pieces_by(&*self.scorer, sentences)
    }

    pub(super) fn pieces_by<S: AsRef<str> + Sync>(
        &self,
        scorer: &dyn Scorer,
        sentences: &[&[S]],
    ) -> Result<Vec<(WordPieces, Logits)>, PredictError> {
        self.pool.install(|| {
            let pieces = self.tokenizer.words_batch(sentences)?;
            let inputs = pieces.iter().enumerate().flat_map(|(text, pieces)| {
                let windows = word_windows(&pieces.words, self.longest, self.shared);
                windows.into_iter().map(move |window| {
                    let start = window.pieces.start;
                    let keep = window.keep.start - start..window.keep.end - start;
                    self.input(text, pieces.ids.get(window.pieces).unwrap_or_default(), keep)
                })
            });
            let mut rows: Vec<Logits> = pieces.iter().map(|pieces| Vec::with_capacity(pieces.ids.len())).collect();
            for (text, part) in run(scorer, &inputs.collect::<Vec<_>>()) {
                if let Some(rows) = rows.get_mut(text) {
                    rows.extend(part);
                }
            }
            Ok(pieces.into_iter().zip(rows).collect())
        })
    }

    /// Returns what the Hugging Face pipeline returns for each of these raw texts.
    ///
    /// # Errors
    /// Options that contradict each other, or a text that the tokenizer refuses.
    pub fn pipeline<S: AsRef<str> + Sync>(&self, texts: &[S], options: &Options) -> Result<Vec<Tagged>, PredictError> {
        options.check(self.longest)?;
        let pieces: Vec<TextPieces> = self
            .pool
            .install(|| texts.par_iter().map(|text| self.tokenizer.text(text.as_ref())).collect::<Result<_, _>>())?;
        let inputs = pieces.iter().enumerate().flat_map(|(text, pieces)| {
            self.pipeline_windows(pieces, options).into_iter().map(move |window| {
                let keep = 0..window.len();
                self.input(text, pieces.ids.get(window).unwrap_or_default(), keep)
            })
        });
        let mut rows =
            self.pool.install(|| run(&*self.scorer, &inputs.collect::<Vec<_>>())).into_iter().map(|(_, rows)| rows);
        let mut answers = Vec::with_capacity(texts.len());
        for (text, pieces) in texts.iter().zip(&pieces) {
            let parts: Vec<_> = self.pipeline_windows(pieces, options).into_iter().zip(rows.by_ref()).collect();
            let windows: Vec<_> = parts.iter().map(|(range, rows)| self.window(pieces, range, rows)).collect();
            let found = pipeline::answers(text.as_ref(), &windows, &self.named_tags, options);
            answers.push(Tagged { answers: found, pieces: pieces.ids.len() });
        }
        Ok(answers)
    }

    fn pipeline_windows(&self, pieces: &TextPieces, options: &Options) -> Vec<Range<usize>> {
        pipeline::windows(pieces.ids.len(), self.longest, options.stride)
    }

    fn input(&self, text: usize, ids: &[u32], keep: Range<usize>) -> Input {
        let framed = [self.tokenizer.cls()].into_iter().chain(ids.iter().copied()).chain([self.tokenizer.sep()]);
        Input { text, ids: framed.collect(), keep }
    }

    fn window<'a>(&self, pieces: &'a TextPieces, range: &Range<usize>, logits: &'a [Vec<f32>]) -> pipeline::Window<'a> {
        pipeline::Window {
            tokens: pieces.tokens.get(range.clone()).unwrap_or_default(),
            ranges: pieces.ranges.get(range.clone()).unwrap_or_default(),
            logits,
            unknown: self.tokenizer.unknown(),
        }
    }
}

/// Computes the rows that are used, for each input, with the index of its text.
fn run(scorer: &dyn Scorer, inputs: &[Input]) -> Vec<(usize, Logits)> {
    // Inputs of similar length together, since attention pads to the longest of a batch.
    let mut order: Vec<(usize, &Input)> = inputs.iter().enumerate().collect();
    order.sort_by_key(|(_, input)| input.ids.len());
    let mut all = Vec::with_capacity(inputs.len());
    for batch in batches(&order, scorer.batch()) {
        let ids: Vec<&[u32]> = batch.iter().map(|(_, input)| input.ids.as_slice()).collect();
        all.extend(batch.iter().zip(scorer.logits(&ids)).map(|((at, input), rows)| {
            let kept = rows.into_iter().skip(1 + input.keep.start).take(input.keep.len());
            (*at, input.text, kept.collect())
        }));
    }
    all.sort_by_key(|(at, ..)| *at);
    all.into_iter().map(|(_, text, rows)| (text, rows)).collect()
}

/// Prepares the network on the processor for one precision or two.
fn prepared(
    config: &ModelConfig,
    weights: Weights,
    (precision, quick): (Precision, Option<Precision>),
) -> Result<Scorers, NetworkError> {
    let precisions: Vec<_> = [precision].into_iter().chain(quick).map(Into::into).collect();
    let network = Arc::new(PreparedNetwork::new(config, weights, &precisions)?);
    let quick = quick.map(|precision| Prepared { network: Arc::clone(&network), precision });
    Ok((Box::new(Prepared { network, precision }), quick.map(|scorer| Box::new(scorer) as Box<dyn Scorer>)))
}

/// Splits inputs into batches of at most `most` pieces after padding.
/// The inputs are sorted by length.
///
/// An input that is longer is a batch of its own.
fn batches<'a, 'b>(
    mut inputs: &'a [(usize, &'b Input)],
    most: usize,
) -> impl Iterator<Item = &'a [(usize, &'b Input)]> {
    std::iter::from_fn(move || {
        let fits = |(count, (_, input)): &(usize, &(usize, &Input))| (count + 1) * input.ids.len() <= most;
        let count = inputs.iter().enumerate().take_while(fits).count().max(1);
        let (batch, rest) = inputs.split_at_checked(count)?;
        inputs = rest;
        Some(batch)
    })
}

/// The different labels of tags, in their order.
fn labels_of(tags: &[String]) -> Arc<[String]> {
    let mut labels: Vec<String> = Vec::new();
    for tag in tags {
        if let Tag::Inside { label, .. } = Tag::read(tag)
            && !labels.iter().any(|known| known == label)
        {
            labels.push(label.to_owned());
        }
    }
    labels.into()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Strategy, fake},
        *,
    };
    use crate::text::TextRange;

    fn found(text: &str, words: &[TextRange], max_positions: usize) -> Vec<(String, String)> {
        let entities = fake::predictor(max_positions).answer(text, words).unwrap().entities;
        entities.into_iter().map(|entity| (entity.label, entity.range.of(text).to_owned())).collect()
    }

    /// Split at single blanks.
    fn words_of(text: &str) -> Vec<TextRange> {
        let mut start = 0;
        let word = |word: &str| {
            let range = TextRange::new(start, start + word.len());
            start = range.end + 1;
            range
        };
        text.trim().split(' ').map(word).collect()
    }

    #[test]
    fn entities_lie_on_words() {
        let text = "cheap  lasagne verde, near me";
        let words = [(0, 5), (7, 14), (15, 20), (20, 21), (22, 26), (27, 29)].map(|(a, b)| TextRange::new(a, b));
        let expected = [("Price", "cheap"), ("Dish", "lasagne verde")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(found(text, &words, 512), expected);
        assert_eq!(found("", &[], 512), []);
    }

    #[test]
    fn a_document_longer_than_the_model_reads_loses_nothing() {
        let text = "near me lasagne verde and cheap ".repeat(40);
        let words = words_of(&text);
        for max_positions in [5, 12, 33, 512] {
            let found = found(&text, &words, max_positions);
            assert_eq!(found.len(), 80, "{max_positions}");
        }
    }

    #[test]
    fn sentences_together_are_the_sentences_alone() {
        let predictor = fake::predictor(16);
        let sentences = [vec!["cheap", "lasagne"], vec![], vec!["\u{200b}", "lasagne"], vec!["near"; 40]];
        let together = predictor.words(&sentences.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
        for (sentence, choices) in sentences.iter().zip(&together) {
            assert_eq!(choices.len(), sentence.len());
            assert_eq!(predictor.words(&[sentence]).unwrap()[0], *choices);
        }
        assert_eq!(together[2][0], None);
    }

    #[test]
    fn the_pipeline_cuts_a_long_text_unless_it_has_a_stride() {
        let predictor = fake::predictor(12);
        let text = "lasagne and ".repeat(10);
        let with = |stride| Options { strategy: Strategy::First, stride, ..Options::default() };
        let ask = |options: &Options| {
            let found = predictor.pipeline(&["", text.as_str()], options).unwrap();
            assert_eq!((found[0].pieces, found[1].pieces), (0, 30));
            found.into_iter().map(|found| found.answers).collect::<Vec<_>>()
        };
        let (cut, whole) = (ask(&with(None)), ask(&with(Some(4))));
        assert!(cut[0].is_empty() && whole[0].is_empty());
        assert!(cut[1].len() < whole[1].len());
        assert_eq!(whole[1].len(), 10);
        assert!(whole[1].iter().all(|answer| answer.label == "Dish" && answer.word == "lasagne"));
        assert!(matches!(
            predictor.pipeline(&["a"], &with(Some(10))),
            Err(PredictError::Pipeline(PipelineError::StrideTooLong { .. }))
        ));
    }

    #[test]
    fn a_base_model_cannot_predict_and_says_so() {
        let error = Predictor::open("mini", "cpu", Threads::One, Precision::Fp32).err().unwrap();
        assert!(matches!(error, PredictError::Untrained(_)), "{error}");
    }

    #[test]
    fn batches_hold_every_input_once_and_stay_small() {
        let sizes = [1, 5, BATCH / 4, BATCH / 4, BATCH / 2, BATCH, BATCH + 1];
        let inputs = sizes.map(|size| Input { text: 0, ids: vec![0; size], keep: 0..0 });
        let inputs: Vec<(usize, &Input)> = inputs.iter().enumerate().collect();
        let lengths: Vec<usize> = batches(&inputs, BATCH).map(<[_]>::len).collect();
        assert_eq!(lengths, [4, 1, 1, 1]);
        assert_eq!(batches(&[], BATCH).count(), 0);
    }
}

//! Hugging Face's `TokenClassificationPipeline`.
//! It makes the same list from the logits, key for key.
//!
//! Source: transformers 5.23.0, `pipelines/token_classification.py`. Its oddities are kept, because scripts rely on
//! them: a piece continues a word if its length in characters differs from the length of its text (because of `##`, but also
//! of stripped accents), and entities of two windows are never joined.

use std::ops::Range;

use serde::{Serialize, Serializer, ser::SerializeMap};
use thiserror::Error;
use tokenizers::{Decoder, decoders::wordpiece::WordPiece};

use super::scores::{best, mean, softmax};
pub use crate::spans::Strategy;
use crate::text::{CharRange, OffsetMap, TextRange};

/// Number of special pieces before those of the text.
const BEFORE: usize = 1;

/// Options of the pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Rule by which pieces become entities.
    pub strategy: Strategy,
    /// Answers that are not returned.
    /// Tags for [`Strategy::None`], types for the others.
    pub ignore_labels: Vec<String>,
    /// Number of pieces that neighbouring windows share.
    /// Without it, a text is cut off at the model's longest input.
    pub stride: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Self { strategy: Strategy::None, ignore_labels: vec!["O".to_owned()], stride: None }
    }
}

impl Options {
    /// Checks that the options fit together.
    /// Windows have `longest` pieces without the special ones.
    ///
    /// # Errors
    /// A stride without aggregation, or one that is not smaller than a window.
    pub fn check(&self, longest: usize) -> Result<(), PipelineError> {
        match self.stride {
            Some(_) if self.strategy == Strategy::None => Err(PipelineError::StrideWithoutStrategy),
            Some(stride) if stride >= longest => Err(PipelineError::StrideTooLong { stride, longest }),
            _ => Ok(()),
        }
    }
}

/// Options that contradict each other or the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PipelineError {
    /// The pipeline refuses windows without aggregation.
    #[error("a stride needs an aggregation other than none; add --aggregation simple, first, average or max")]
    StrideWithoutStrategy,
    /// Windows would never advance.
    #[error("a stride of {stride} pieces is too long: this model reads {longest} pieces at a time, take fewer")]
    StrideTooLong {
        /// Requested stride.
        stride: usize,
        /// Pieces of one window, without special ones.
        longest: usize,
    },
}

/// One window of a text.
/// Its pieces without the special ones, and the logits `[pieces][tags]` for them.
#[derive(Clone, Copy, Debug)]
pub struct Window<'a> {
    /// Pieces as spelled in the vocabulary (`##la`).
    pub tokens: &'a [String],
    /// Range of each piece in the text, in bytes.
    pub ranges: &'a [TextRange],
    /// One row for each piece.
    pub logits: &'a [Vec<f32>],
    /// Spelling of the piece that replaces unknown text.
    pub unknown: &'a str,
}

/// One element of the list that the pipeline returns.
/// JSON: `entity` and `index`, or `entity_group` without an index.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The tag for [`Strategy::None`], the type for the others.
    pub label: String,
    /// Probability, from 0 to 1.
    pub score: f32,
    /// Position in the model's input, `[CLS]` counted; only for [`Strategy::None`].
    pub index: Option<usize>,
    /// The pieces, decoded: lower case and without accents if the model is.
    pub word: String,
    /// Range in the text, in code points.
    pub chars: CharRange,
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(if self.index.is_some() { "entity" } else { "entity_group" }, &self.label)?;
        // Python's float(numpy.float32) prints all digits of the double.
        map.serialize_entry("score", &f64::from(self.score))?;
        if let Some(index) = self.index {
            map.serialize_entry("index", &index)?;
        }
        map.serialize_entry("word", &self.word)?;
        map.serialize_entry("start", &self.chars.start)?;
        map.serialize_entry("end", &self.chars.end)?;
        map.end()
    }
}

/// Returns the windows over `pieces` pieces, of `longest` pieces each.
/// Without a stride it is one window, cut off.
pub fn windows(pieces: usize, longest: usize, stride: Option<usize>) -> Vec<Range<usize>> {
    let step = stride.map_or(pieces, |stride| longest.saturating_sub(stride)).max(1);
    let mut all = Vec::new();
    let mut start = 0_usize;
    loop {
        let end = start.saturating_add(longest).min(pieces);
        all.push(start..end);
        if end == pieces || stride.is_none() {
            return all;
        }
        start += step;
    }
}

/// Returns what the pipeline returns for `text`.
/// Of lists of unequal length the shortest decides.
pub fn answers(text: &str, windows: &[Window<'_>], tags: &[String], options: &Options) -> Vec<Answer> {
    let map = OffsetMap::new(text);
    let mut all = Vec::new();
    for window in windows {
        let tokens = tokens(text, &map, window);
        let found = match options.strategy {
            Strategy::None => tokens.iter().map(|token| token.answer(tags)).collect(),
            Strategy::Simple => groups(&tokens.iter().map(|token| token.answer(tags)).collect::<Vec<_>>()),
            strategy => {
                let words = tokens.chunk_by(|_, next| next.continues);
                groups(&words.filter_map(|pieces| word(pieces, strategy, tags)).collect::<Vec<_>>())
            }
        };
        all.extend(found.into_iter().filter(|answer| !options.ignore_labels.contains(&answer.label)));
    }
    if windows.len() > 1 { without_overlaps(all) } else { all }
}

/// One piece with its probabilities.
struct Token {
    text: String,
    scores: Vec<f32>,
    chars: CharRange,
    index: usize,
    /// Whether it continues the word before it.
    continues: bool,
}

impl Token {
    fn answer(&self, tags: &[String]) -> Answer {
        let (tag, score) = best(&self.scores);
        Answer {
            label: tag_name(tags, tag),
            score,
            index: Some(self.index),
            word: self.text.clone(),
            chars: self.chars,
        }
    }
}

fn tokens(text: &str, map: &OffsetMap, window: &Window<'_>) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(window.tokens.len());
    for ((token, range), logits) in window.tokens.iter().zip(window.ranges).zip(window.logits) {
        let surface = range.of(text);
        let unknown = token == window.unknown;
        tokens.push(Token {
            text: if unknown { surface } else { token }.to_owned(),
            scores: softmax(logits),
            chars: map.to_chars(*range),
            index: BEFORE + tokens.len(),
            continues: !unknown && token.chars().count() != surface.chars().count(),
        });
    }
    tokens
}

fn tag_name(tags: &[String], tag: usize) -> String {
    tags.get(tag).cloned().unwrap_or_else(|| format!("LABEL_{tag}"))
}

/// Returns the answer for a word of several pieces.
fn word(pieces: &[Token], strategy: Strategy, tags: &[String]) -> Option<Answer> {
    let (first, last) = (pieces.first()?, pieces.last()?);
    let (tag, score) = match strategy {
        Strategy::Max => {
            let choices = pieces.iter().map(|piece| best(&piece.scores));
            choices.reduce(|best, next| if next.1 > best.1 { next } else { best })?
        }
        Strategy::Average => {
            let tags = 0..first.scores.len();
            let means = tags.map(|tag| mean(pieces.iter().filter_map(|piece| piece.scores.get(tag)).copied()));
            best(&means.collect::<Vec<_>>())
        }
        _ => best(&first.scores),
    };
    Some(Answer {
        label: tag_name(tags, tag),
        score,
        index: None,
        word: joined(pieces.iter().map(|piece| piece.text.clone())),
        chars: CharRange { start: first.chars.start, end: last.chars.end },
    })
}

/// Joins neighbours of the same type, except before a tag that begins with `B-`.
fn groups(members: &[Answer]) -> Vec<Answer> {
    members.chunk_by(is_same_entity).filter_map(group).collect()
}

fn is_same_entity(one: &Answer, next: &Answer) -> bool {
    type_of(&one.label) == type_of(&next.label) && !next.label.starts_with("B-")
}

fn type_of(tag: &str) -> &str {
    tag.strip_prefix("B-").or_else(|| tag.strip_prefix("I-")).unwrap_or(tag)
}

fn group(members: &[Answer]) -> Option<Answer> {
    let (first, last) = (members.first()?, members.last()?);
    Some(Answer {
        // Unlike in the comparison, the name is cut at any hyphen: `X-Dish` becomes `Dish`.
        label: first.label.split_once('-').map_or(first.label.as_str(), |(_, name)| name).to_owned(),
        score: mean(members.iter().map(|member| member.score)),
        index: None,
        word: joined(members.iter().map(|member| member.word.clone())),
        chars: CharRange { start: first.chars.start, end: last.chars.end },
    })
}

/// Joins pieces or words to a string, as the tokenizer's decoder does.
fn joined(parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<String> = parts.collect();
    WordPiece::default().decode(parts.clone()).unwrap_or_else(|_| parts.join(" "))
}

/// Keeps the longest of overlapping answers.
/// Of equally long ones the most confident.
fn without_overlaps(mut answers: Vec<Answer>) -> Vec<Answer> {
    answers.sort_by_key(|answer| answer.chars.start);
    let mut kept: Vec<Answer> = Vec::new();
    for answer in answers {
        match kept.last_mut() {
            Some(before) if before.chars.start <= answer.chars.start && answer.chars.start < before.chars.end => {
                let longer = length(&answer).cmp(&length(before));
                if longer.is_gt() || longer.is_eq() && answer.score > before.score {
                    *before = answer;
                }
            }
            _ => kept.push(answer),
        }
    }
    kept
}

fn length(answer: &Answer) -> usize {
    answer.chars.end.saturating_sub(answer.chars.start)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::{Map, Value};

    use super::*;

    /// `tests/reference/inference_pipeline.json`, made by the script beside it.
    #[derive(Deserialize)]
    struct Golden {
        tags: Vec<String>,
        longest: usize,
        keys_of_case_4: BTreeMap<String, Vec<Map<String, Value>>>,
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        text: String,
        stride: Option<usize>,
        ignore: Vec<String>,
        windows: Vec<CaseWindow>,
        answers: BTreeMap<String, Vec<Vec<Value>>>,
    }

    #[derive(Deserialize)]
    struct CaseWindow {
        tokens: Vec<String>,
        ranges: Vec<CharRange>,
        special: Vec<u8>,
        logits: Vec<Vec<f32>>,
    }

    impl CaseWindow {
        /// Without the special pieces: tokens, byte ranges, logits.
        fn own(&self, map: &OffsetMap) -> (Vec<String>, Vec<TextRange>, Vec<Vec<f32>>) {
            let rows = self.special.iter().enumerate().filter(|(_, special)| **special == 0).map(|(at, _)| at);
            let row = |at: usize| {
                let range = map.from_chars(self.ranges[at]).unwrap();
                (self.tokens[at].clone(), (range, self.logits[at].clone()))
            };
            let (tokens, (ranges, logits)): (Vec<_>, (Vec<_>, Vec<_>)) = rows.map(row).unzip();
            (tokens, ranges, logits)
        }
    }

    fn golden() -> Golden {
        serde_json::from_str(include_str!("../../tests/reference/inference_pipeline.json")).unwrap()
    }

    fn replay(case: &Case, strategy: Strategy, tags: &[String]) -> Vec<Answer> {
        let map = OffsetMap::new(&case.text);
        let parts: Vec<_> = case.windows.iter().map(|window| window.own(&map)).collect();
        let windows: Vec<Window<'_>> =
            parts.iter().map(|(tokens, ranges, logits)| Window { tokens, ranges, logits, unknown: "[UNK]" }).collect();
        let options = Options { strategy, ignore_labels: case.ignore.clone(), stride: case.stride };
        answers(&case.text, &windows, tags, &options)
    }

    fn same(ours: &Value, theirs: &Value) -> bool {
        match (ours.as_f64(), theirs.as_f64()) {
            (Some(ours), Some(theirs)) => (ours - theirs).abs() <= 1e-6,
            _ => ours == theirs,
        }
    }

    #[test]
    fn every_strategy_returns_what_transformers_returns() {
        let golden = golden();
        let mut compared = 0;
        for case in &golden.cases {
            for (name, expected) in &case.answers {
                let found = replay(case, name.parse().unwrap(), &golden.tags);
                let found = serde_json::to_value(&found).unwrap();
                let found = found.as_array().unwrap();
                assert_eq!(found.len(), expected.len(), "{:?} {name}: {found:?} {expected:?}", case.text);
                for (ours, theirs) in found.iter().zip(expected) {
                    let ours: Vec<&Value> = ours.as_object().unwrap().values().collect();
                    let equal = ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| same(a, b));
                    assert!(equal, "{:?} {name}: {ours:?} {theirs:?}", case.text);
                    compared += 1;
                }
            }
        }
        assert!(compared > 1000, "{compared}");
    }

    #[test]
    fn json_has_the_keys_of_the_python_list_in_their_order() {
        let golden = golden();
        for (name, expected) in &golden.keys_of_case_4 {
            let found = serde_json::to_value(replay(&golden.cases[4], name.parse().unwrap(), &golden.tags)).unwrap();
            for (ours, theirs) in found.as_array().unwrap().iter().zip(expected) {
                let ours: Vec<&String> = ours.as_object().unwrap().keys().collect();
                assert_eq!(ours, theirs.keys().collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn windows_lie_where_the_tokenizer_puts_them() {
        let golden = golden();
        for case in golden.cases.iter().filter(|case| case.stride.is_some()) {
            let map = OffsetMap::new(&case.text);
            let parts: Vec<_> = case.windows.iter().map(|window| window.own(&map)).collect();
            let last_end = parts.last().unwrap().1.last().unwrap().end;
            let step = golden.longest - 2 - case.stride.unwrap();
            let pieces = step * (parts.len() - 1) + parts.last().unwrap().0.len();
            let ours = windows(pieces, golden.longest - 2, case.stride);
            let lengths: Vec<usize> = parts.iter().map(|part| part.0.len()).collect();
            assert_eq!(ours.iter().map(Range::len).collect::<Vec<_>>(), lengths, "{:?}", case.text);
            assert_eq!(last_end, case.text.len());
        }
        assert_eq!(windows(0, 14, Some(3)), windows(0, 14, None));
        assert_eq!(windows(20, 14, None).first(), Some(&(0..14)));
    }

    #[test]
    fn options_that_transformers_refuses_are_refused() {
        let with = |strategy, stride| Options { strategy, stride, ..Options::default() }.check(510);
        assert_eq!(with(Strategy::None, Some(1)), Err(PipelineError::StrideWithoutStrategy));
        assert!(matches!(with(Strategy::First, Some(510)), Err(PipelineError::StrideTooLong { longest: 510, .. })));
        assert_eq!(with(Strategy::First, Some(509)), Ok(()));
    }
}

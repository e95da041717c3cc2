//! Cuts words and texts into word pieces.
//! The results equal those of transformers' fast tokenizers.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rayon::prelude::*;
use tokenizers::{Encoding, InputSequence, Tokenizer};

use super::arch::SpecialPieces;
use super::tokenizer_parts::{self, Parts, PartsError};
use crate::guard::{self, Panicked};
use crate::text::TextRange;

/// A tokenizer. Clones share it.
///
/// A panic of the crate `tokenizers` becomes an error: its rules and the texts may come from strangers.
#[derive(Clone, Debug)]
pub struct PieceTokenizer {
    inner: Arc<Tokenizer>,
    special: &'static SpecialPieces,
    cls: u32,
    sep: u32,
    mask: Option<u32>,
    vocab_size: usize,
}

/// The pieces of a list of words, without special pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WordPieces {
    /// Vocabulary ids.
    pub ids: Vec<u32>,
    /// Index of each piece's word, ascending.
    /// A word without a visible character has no piece.
    pub words: Vec<usize>,
    /// The pieces as spelled in the vocabulary (`##ing`).
    pub tokens: Vec<String>,
}

/// The pieces of a text, without special pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextPieces {
    /// Vocabulary ids.
    pub ids: Vec<u32>,
    /// The pieces as spelled in the vocabulary.
    pub tokens: Vec<String>,
    /// Range of each piece in the original text, in bytes.
    pub ranges: Vec<TextRange>,
}

/// Error of reading a tokenizer, or of an input that it refuses.
#[derive(Debug, thiserror::Error)]
pub enum TokenizerError {
    /// Not a `tokenizer.json`, or one with parts that are not supported.
    #[error(transparent)]
    Parts(#[from] PartsError),
    /// The crate panicked.
    #[error(transparent)]
    Panicked(#[from] Panicked),
    /// The tokenizer does not frame an input with exactly two special pieces, as the models need it.
    #[error("the tokenizer has no special pieces for the start and the end of an input, such as [CLS] and [SEP]")]
    NoFrame,
    /// A text cannot be cut into pieces.
    /// The vocabulary lacks the piece for unknown text, or a rule of the tokenizer failed.
    #[error("cannot cut {text:?} into pieces: {why}")]
    Input {
        /// The start of the input.
        text: String,
        /// The tokenizer's reason.
        why: String,
    },
}

impl PieceTokenizer {
    /// Reads a `tokenizer.json` with these special pieces.
    /// Its truncation and padding are ignored.
    ///
    /// # Errors
    /// Not a tokenizer, one with unsupported parts, or one that does not frame inputs with two special pieces.
    pub fn from_json(bytes: &[u8], special: &'static SpecialPieces) -> Result<Self, TokenizerError> {
        guard::catch(|| Self::read(bytes, special))?
    }

    fn read(bytes: &[u8], special: &'static SpecialPieces) -> Result<Self, TokenizerError> {
        let Parts { tokenizer: inner, frame, highest } = tokenizer_parts::read(bytes)?;
        let named = inner.token_to_id(special.cls).zip(inner.token_to_id(special.sep));
        let (cls, sep) = frame.or(named).ok_or(TokenizerError::NoFrame)?;
        let mask = inner.token_to_id(special.mask);
        // `get_vocab` of the tokenizer would copy the whole vocabulary.
        let added = inner.get_added_vocabulary().get_vocab().values().copied();
        let highest = added.chain([highest, cls, sep]).max().unwrap_or_default();
        let vocab_size = usize::try_from(highest).map_or(usize::MAX, |id| id.saturating_add(1));
        Ok(Self { inner: Arc::new(inner), special, cls, sep, mask, vocab_size })
    }

    /// Cuts a list of words into pieces: transformers' `is_split_into_words=True`.
    ///
    /// # Errors
    /// [`TokenizerError::Input`]; no input causes it if the vocabulary is complete.
    pub fn words(&self, words: &[&str]) -> Result<WordPieces, TokenizerError> {
        guard::catch(|| self.cut_words(words))?
    }

    fn cut_words(&self, words: &[&str]) -> Result<WordPieces, TokenizerError> {
        // Not `encode_fast`, which omits the words and the spelling of the pieces.
        let encoding = self.inner.encode(InputSequence::from(words), false);
        let encoding = encoding.map_err(|error| refused(&words.join(" "), &error))?;
        let word_ids = encoding.get_word_ids().iter().map(|word| word.and_then(|word| usize::try_from(word).ok()));
        let Some(word_ids) = word_ids.collect::<Option<Vec<usize>>>() else {
            return Err(refused(&words.join(" "), &"a piece belongs to no word".into()));
        };
        Ok(WordPieces { ids: encoding.get_ids().to_vec(), words: word_ids, tokens: encoding.get_tokens().to_vec() })
    }

    /// Cuts many sentences into pieces as [`Self::words`] does.
    /// It uses the threads of the caller's rayon pool.
    ///
    /// # Errors
    /// [`TokenizerError::Input`] of one of the words.
    pub fn words_batch<S: AsRef<str> + Sync>(&self, sentences: &[&[S]]) -> Result<Vec<WordPieces>, TokenizerError> {
        // The pieces of a word do not depend on its neighbours, and a corpus has few distinct words.
        let all = sentences.iter().flat_map(|sentence| sentence.iter()).map(AsRef::as_ref);
        let distinct: Vec<&str> = all.collect::<HashSet<_>>().into_iter().collect();
        let known: HashMap<&str, WordPieces> = distinct
            .into_par_iter()
            .map(|word| Ok((word, self.words(&[word])?)))
            .collect::<Result<_, TokenizerError>>()?;
        Ok(sentences.par_iter().map(|sentence| join(sentence, &known)).collect())
    }

    /// Cuts a raw text into pieces.
    ///
    /// # Errors
    /// [`TokenizerError::Input`]; no input causes it if the vocabulary is complete.
    pub fn text(&self, text: &str) -> Result<TextPieces, TokenizerError> {
        guard::catch(|| self.cut_text(text))?
    }

    fn cut_text(&self, text: &str) -> Result<TextPieces, TokenizerError> {
        let encoding: Encoding = self.inner.encode(text, false).map_err(|error| refused(text, &error))?;
        let ranges = encoding.get_offsets().iter().map(|&(start, end)| TextRange::new(start, end)).collect();
        Ok(TextPieces { ids: encoding.get_ids().to_vec(), tokens: encoding.get_tokens().to_vec(), ranges })
    }

    /// Id of the piece before every input.
    pub fn cls(&self) -> u32 {
        self.cls
    }

    /// Id of the piece after every input.
    pub fn sep(&self) -> u32 {
        self.sep
    }

    /// Id of the piece that replaces a hidden one, if the vocabulary contains it.
    pub fn mask(&self) -> Option<u32> {
        self.mask
    }

    /// Spelling of the piece that replaces unknown text.
    pub fn unknown(&self) -> &'static str {
        self.special.unk
    }

    /// Highest id plus one, which is the number of rows that the word table needs.
    pub fn vocab_size(&self) -> usize {
        self.vocab_size
    }
}

/// Joins the known pieces of the words of a sentence.
fn join<S: AsRef<str>>(sentence: &[S], known: &HashMap<&str, WordPieces>) -> WordPieces {
    let mut joined = WordPieces::default();
    for (index, word) in sentence.iter().enumerate() {
        let Some(pieces) = known.get(word.as_ref()) else { continue };
        joined.ids.extend_from_slice(&pieces.ids);
        joined.words.extend(pieces.words.iter().map(|_| index));
        joined.tokens.extend_from_slice(&pieces.tokens);
    }
    joined
}

fn refused(text: &str, error: &tokenizers::Error) -> TokenizerError {
    TokenizerError::Input { text: text.chars().take(40).collect(), why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::model::{arch::DISTILBERT, embedded};

    /// One case of `tests/reference/model_tokenizer.json`.
    #[derive(Deserialize)]
    struct Case {
        words: Vec<String>,
        ids: Vec<u32>,
        word_ids: Vec<usize>,
        tokens: Vec<String>,
        text_ids: Vec<u32>,
        /// In code points, as Python counts.
        text_offsets: Vec<(usize, usize)>,
    }

    /// Printable characters, control characters, and some that join or vanish.
    const ANY: &str = "(\\PC|[\\u{0}-\\u{20}\\u{7f}\\u{200b}\\u{200d}\\u{301}\\u{fe0f}]){0,16}";

    fn mini() -> PieceTokenizer {
        embedded::tokenizer()
    }

    #[test]
    fn hard_inputs_give_the_pieces_that_transformers_gives() {
        let cases: Vec<Case> =
            serde_json::from_str(include_str!("../../tests/reference/model_tokenizer.json")).unwrap();
        assert!(cases.len() >= 40);
        let tokenizer = mini();
        for case in cases {
            let words: Vec<&str> = case.words.iter().map(String::as_str).collect();
            let pieces = tokenizer.words(&words).unwrap();
            assert_eq!(pieces.ids, case.ids, "{words:?}");
            assert_eq!(pieces.words, case.word_ids, "{words:?}");
            assert_eq!(pieces.tokens, case.tokens, "{words:?}");
            let text = words.join(" ");
            let pieces = tokenizer.text(&text).unwrap();
            assert_eq!(pieces.ids, case.text_ids, "{text:?}");
            let map = crate::text::OffsetMap::new(&text);
            let offsets: Vec<_> =
                pieces.ranges.iter().map(|&range| map.to_chars(range)).map(|c| (c.start, c.end)).collect();
            assert_eq!(offsets, case.text_offsets, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_tokenizer_is_an_error() {
        for bytes in [&b""[..], b"{}", b"[]", b"{\"version\":\"1.0\"}", b"\xff"] {
            let outcome = PieceTokenizer::from_json(bytes, &DISTILBERT.special);
            assert!(matches!(outcome, Err(TokenizerError::Parts(PartsError::Json(_)))), "{outcome:?}");
        }
    }

    #[test]
    fn a_batch_is_its_sentences() {
        let tokenizer = mini();
        let sentences = [vec!["where", "is", "Denny's"], vec![], vec!["tapas"]];
        let batch = tokenizer.words_batch(&sentences.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
        let single: Vec<_> = sentences.iter().map(|words| tokenizer.words(words).unwrap()).collect();
        assert_eq!(batch, single);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_words_are_taken_alone_as_in_a_batch(words in prop::collection::vec(ANY, 0..8)) {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let tokenizer = mini();
            let pieces = tokenizer.words(&words).unwrap();
            prop_assert_eq!(&tokenizer.words_batch(&[words.as_slice()]).unwrap(), std::slice::from_ref(&pieces));
            prop_assert_eq!(pieces.ids.len(), pieces.words.len());
            prop_assert_eq!(pieces.ids.len(), pieces.tokens.len());
            prop_assert!(pieces.words.is_sorted());
            prop_assert!(pieces.words.iter().all(|&word| word < words.len()));
        }

        #[test]
        fn ranges_lie_on_character_boundaries_of_the_original(text in ANY) {
            let pieces = mini().text(&text).unwrap();
            for range in pieces.ranges {
                prop_assert!(text.get(range.start..range.end).is_some());
            }
        }
    }
}

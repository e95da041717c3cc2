//! Floor 3: bytes to documents and spans, and back. One file per format, one table that names them all.
//!
//! Reading never panics and never stops at the first mistake: it returns what could be read and what there is to say
//! about it. Writing says what the format cannot hold before it loses it, and [`check_round_trip`] reads the bytes again. No I/O.

mod conll;
mod corpus;
mod decode;
mod fit;
mod jsonl;
pub mod label_config;
mod label_studio;
pub mod patterns;
mod plain;
mod problem;
mod round_trip;
mod table;

pub use conll::{TagSentence, read_tags};
pub use corpus::{Corpus, Provenance};
pub use decode::decode_text;
pub use label_config::LabelConfig;
pub use problem::{Problem, Severity};
pub use round_trip::{RoundTrip, check_round_trip};
pub use table::{FORMATS, Format, Guess, UnknownFormat, detect, find, find_by_extension, names};

use crate::{
    spans::{LabelSet, Scheme, Split},
    text::Grid,
};

/// How to read, beyond what the bytes say themselves.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// How to cut texts into words where the file does not.
    pub grid: Grid,
    /// Stands before the running number of a document that has no id of its own.
    pub id_prefix: String,
    /// Labels that are known already and keep their ids.
    pub labels: LabelSet,
    /// The part of the data that the documents belong to, where the file does not say.
    pub split: Option<Split>,
    /// Label Studio's labelling configuration: which field is the text, which controls label it.
    pub config: Option<LabelConfig>,
}

/// What was read. With an error among the problems the corpus is only what is left of the file.
#[derive(Clone, Debug, Default)]
pub struct Read {
    /// Labels, documents, spans.
    pub corpus: Corpus,
    /// What was found, in plain words: `tag first`, `tab`, `IOB2 tags`, `706 sentences`.
    pub detected: Vec<String>,
    /// What there is to say, in the order it was met.
    pub problems: Vec<Problem>,
}

impl Read {
    /// Whether something in the file could not be read.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }
}

/// Treatment of spans, words and texts that the format cannot hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum OnLoss {
    /// Write nothing and list every loss.
    #[default]
    Fail,
    /// Leave it out and report it.
    Skip,
    /// Change it so that it fits (a half word to the whole word, a word with a blank to two words) and report it; what
    /// cannot be made to fit is left out.
    Snap,
}

/// How to write.
#[derive(Clone, Debug)]
pub struct WriteOptions {
    /// The tag scheme, for formats of tags.
    pub scheme: Scheme,
    /// What to do about what the format cannot hold.
    pub on_loss: OnLoss,
    /// Label Studio's labelling configuration: names of the field and of the controls.
    pub config: Option<LabelConfig>,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self { scheme: Scheme::Bio, on_loss: OnLoss::Fail, config: None }
    }
}

/// A file as written, not yet on disk.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// The file.
    pub bytes: Vec<u8>,
    /// What was changed, left out or is worth knowing. Never an error.
    pub problems: Vec<Problem>,
    /// The documents in the file, as indices into the corpus.
    pub documents: Vec<usize>,
    /// Spans in the file.
    pub spans_written: usize,
    /// Those among them that were changed to fit.
    pub spans_changed: usize,
    /// Spans of the corpus that are not in the file.
    pub spans_left_out: usize,
    /// Documents whose text was changed to fit.
    pub texts_changed: usize,
}

#[cfg(test)]
mod tests;

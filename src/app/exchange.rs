//! Files on their way in and out, as the screen shows them: formats, choices for an export, losses, previews.

use crate::{
    spans::{Entity, OnDuplicate, OnLoss, Scheme, Split},
    text::TextRange,
};

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormatInfo {
    /// Name, as on the command line.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// Content that it cannot hold, in plain words; empty if it can hold everything.
    pub cannot_hold: &'static str,
    /// Whether its files can be imported.
    pub reads: bool,
    /// Whether it can be exported.
    pub writes: bool,
}

#[cfg(test)]
impl FormatInfo {
    /// Formats for tests: plain text, JSON lines, tagged words, and one that can only be read.
    pub(crate) fn some() -> Vec<Self> {
        let format = |name, about, cannot_hold, writes| Self { name, about, cannot_hold, reads: true, writes };
        vec![
            format("text", "one review per line", "spans, ids, line breaks inside a text", true),
            format("jsonl", "one document per line, as in a project", "", true),
            format("argilla", "records of Argilla", "", false),
            format("conll2003", "word, two columns, tag", "nested spans, spans of half words", true),
        ]
    }
}

/// Sentences for the Explore screen, which go through its field one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sentences {
    /// The sentences, none of them blank.
    pub sentences: Vec<String>,
    /// The one that comes first.
    pub at: usize,
    /// What they are, such as the name of their file.
    pub source: String,
    /// What was not taken, for the user; empty if all was.
    pub left_out: String,
}

/// Request for sentences on the Explore screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SentenceRequest {
    /// Ask for a file of them.
    AskFile,
    /// Show these, the latest first, so that one may be chosen.
    Search(Vec<String>),
    /// Show those of the project with a label, so that one may be chosen.
    Examples,
    /// Take these.
    Take(Box<Sentences>),
}

/// Choices for an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportChoices {
    /// Name of the format.
    pub format: &'static str,
    /// Split to write; `None` for all documents.
    pub split: Option<Split>,
    /// Scheme of the tags, for formats with tags.
    pub scheme: Scheme,
    /// Treatment of content that the format cannot hold.
    pub on_loss: OnLoss,
}

impl Default for ExportChoices {
    fn default() -> Self {
        Self { format: "conll2003", split: None, scheme: Scheme::Bio, on_loss: OnLoss::Fail }
    }
}

/// The value after `now` in `all`, after the last one the first.
pub(super) fn next<T: Copy + PartialEq>(all: &[T], now: T) -> T {
    let following = all.iter().skip_while(|value| **value != now).nth(1);
    following.or(all.first()).copied().unwrap_or(now)
}

/// An export did not happen. No file was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotExported {
    /// The format cannot hold everything.
    Losses(Vec<Loss>),
    /// The reason, for the user.
    Refused(String),
}

impl NotExported {
    /// The reason as one message.
    pub(super) fn text(self) -> String {
        match self {
            Self::Refused(reason) => reason,
            Self::Losses(losses) => {
                let first = losses.first().map_or("the format cannot hold everything", |loss| &loss.reason);
                format!("Nothing was written: {first}; the export lists every loss")
            }
        }
    }
}

/// Content that a format cannot hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Id of the document; `None` for a line that counts further losses.
    pub document: Option<String>,
    /// Bytes of its text; `None` for the whole document.
    pub range: Option<TextRange>,
    /// The reason.
    pub reason: String,
}

/// A file that would be imported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportPreview {
    /// Number that stands for the contents: only these are imported.
    pub fingerprint: u64,
    /// Name of the format.
    pub format: String,
    /// Reason for the format, with what was detected.
    pub why: String,
    /// Numbers of documents, words and spans.
    pub counts: [usize; 3],
    /// What an import would do, for each treatment of ids that are in use; for one of them if they do not differ, and for none
    /// if the file cannot be imported.
    pub plans: Vec<ImportPlan>,
    /// Names of the labels of its spans that the project has.
    pub labels: Vec<String>,
    /// Problems of the file, the errors first, as shown to the user.
    pub problems: Vec<String>,
    /// Whether it cannot be imported because of these problems.
    pub is_refused: bool,
    /// The first documents.
    pub first: Vec<PreviewedDocument>,
}

/// What an import would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportPlan {
    /// Treatment of documents whose ids are in use.
    pub on_duplicate: OnDuplicate,
    /// Numbers of documents and spans that the project would get.
    pub added: [usize; 2],
    /// What it would leave out or change, one clause each.
    pub remarks: Vec<String>,
    /// Number of ids that are in use, and the first of them with the new ones.
    pub renamed: (usize, Vec<(String, String)>),
    /// Names of the labels that the project would get.
    pub new_labels: Vec<String>,
}

/// A document of a preview.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreviewedDocument {
    /// Its id.
    pub id: String,
    /// Its text, or the beginning of it.
    pub text: String,
    /// Ranges and label names of its spans in that text, in reading order.
    pub spans: Vec<(TextRange, String)>,
    /// Whether the text goes on.
    pub is_cut: bool,
}

/// Sentence that is to be added.
#[derive(Clone, Debug, PartialEq)]
pub struct AddedSentence {
    /// Its text.
    pub text: String,
    /// The run whose model found the spans.
    pub run: String,
    /// The spans.
    pub spans: Vec<Entity>,
}

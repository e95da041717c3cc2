//! Documents of a file on their way out, one at a time.

use serde::Serialize;

use super::{Corpus, Problem, TagOptions, WriteOptions, Written, decode, loss_report::LossReport, problem::quoted};
use crate::spans::{Annotation, Document, LabelSet};

/// Makes the writer of one file. The label set has the labels of all spans that will come.
pub(super) type WriteFn = for<'a> fn(&'a LabelSet, &'a WriteOptions) -> Box<dyn Writer + 'a>;

/// Writer of one file.
pub(super) trait Writer {
    /// Appends a document; one that the format cannot hold at all is left out and reported.
    fn document(&mut self, document: &Document, annotation: &Annotation, out: &mut Output);

    /// Appends what follows the last document. A format that is written as a whole is written here.
    fn finish(&mut self, out: &mut Output) {
        let _ = out;
    }
}

/// Bytes of a file in progress, with an account of what they hold.
#[derive(Debug)]
pub(super) struct Output {
    /// Bytes to append to the file. Whoever drives the writer may take them away between two documents.
    pub(super) bytes: Vec<u8>,
    /// Content that the format cannot hold.
    pub(super) losses: LossReport,
    account: Account,
    /// Whether nothing was appended so far.
    empty: bool,
}

/// Numbers of what a writer has written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Account {
    /// Documents.
    pub(super) documents: usize,
    /// Spans.
    pub(super) spans: usize,
    /// Spans that were changed to fit.
    pub(super) spans_changed: usize,
    /// Documents whose text was changed to fit.
    pub(super) texts_changed: usize,
    /// Columns of the file, if it has columns.
    pub(super) tags: TagOptions,
}

impl Output {
    /// An empty file.
    pub(super) fn new(options: &WriteOptions) -> Self {
        let losses = LossReport::new(options.on_loss, options.listed_losses);
        Self { bytes: Vec::new(), losses, account: Account::default(), empty: true }
    }

    /// Hands a document to the writer. Returns how often the document is in the file: usually once, or not at all.
    pub(super) fn write(&mut self, writer: &mut dyn Writer, document: &Document, annotation: &Annotation) -> usize {
        let before = self.account.documents;
        writer.document(document, annotation, self);
        self.account.documents.saturating_sub(before)
    }

    /// Returns the account and the problems of the file.
    ///
    /// # Errors
    /// Every loss, if [`super::OnLoss::Fail`] is asked for and there is one.
    pub(super) fn finish(self) -> Result<(Account, Vec<Problem>), Vec<Problem>> {
        Ok((self.account, self.losses.finish()?))
    }

    /// Appends text. A file that begins with U+FEFF gets a byte order mark, so that the character is not taken for one.
    #[inline]
    pub(super) fn push(&mut self, text: &str) {
        if self.empty {
            self.begin(text);
        }
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn begin(&mut self, text: &str) {
        if text.starts_with('\u{feff}') {
            self.bytes.extend_from_slice(decode::MARK);
        }
        self.empty = text.is_empty();
    }

    /// Appends a value as JSON in one line, without line end.
    pub(super) fn push_json(&mut self, document: &Document, value: &impl Serialize) {
        if let Err(error) = serde_json::to_writer(&mut self.bytes, value) {
            self.losses.fault(Problem::error(format!("document {}: {error}", quoted(&document.id))));
        }
    }

    /// Appends a value as an element of a list in indented JSON: on a line of its own, without the comma.
    pub(super) fn push_indented_json(&mut self, document: &Document, value: &impl Serialize) {
        match serde_json::to_string_pretty(value) {
            Ok(text) => {
                self.push("\n  ");
                self.push(&text.replace('\n', "\n  "));
            }
            Err(error) => self.losses.fault(Problem::error(format!("document {}: {error}", quoted(&document.id)))),
        }
    }

    /// Counts the document that the writer has at the moment as written with this number of spans, `changed` of which were
    /// changed to fit.
    pub(super) fn count(&mut self, spans: usize, changed: usize) {
        self.account.documents += 1;
        self.account.spans += spans;
        self.account.spans_changed += changed;
    }

    /// Names the columns of the word and of the tag, counted from 0, in a file that has no header.
    pub(super) fn set_columns(&mut self, word: usize, tag: usize) {
        let (word_column, tag_column) = (Some(word), Some(tag));
        self.account.tags = TagOptions { word_column, tag_column, header: Some(false), ..TagOptions::default() };
    }

    /// Counts the text of the document as changed to fit.
    pub(super) fn count_changed_text(&mut self) {
        self.account.texts_changed += 1;
    }
}

/// Writes a corpus to memory.
///
/// # Errors
/// Every loss, if [`super::OnLoss::Fail`] is asked for and there is one.
pub(super) fn write_corpus(write: WriteFn, corpus: &Corpus, options: &WriteOptions) -> Result<Written, Vec<Problem>> {
    let mut out = Output::new(options);
    let mut writer = write(&corpus.labels, options);
    let mut documents = Vec::new();
    for (at, (document, annotation)) in corpus.pairs().enumerate() {
        let copies = out.write(&mut *writer, document, annotation);
        documents.extend(std::iter::repeat_n(at, copies));
    }
    writer.finish(&mut out);
    let bytes = std::mem::take(&mut out.bytes);
    let (account, problems) = out.finish()?;
    Ok(Written {
        bytes,
        problems,
        documents,
        spans_written: account.spans,
        spans_changed: account.spans_changed,
        spans_left_out: corpus.span_count().saturating_sub(account.spans),
        texts_changed: account.texts_changed,
        tags: account.tags,
    })
}

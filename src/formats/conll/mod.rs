//! The CoNLL family: one word per line with its tag.
//! An empty line follows each sentence.
//!
//! One reader reads every layout in use; it detects the separator, the columns and the tag scheme. Three layouts are
//! written.

mod brackets;
mod columns;
pub(super) mod conll2012;
pub(super) mod conllu;
mod known_tags;
mod layout;
mod meta;
mod neighbours;
mod numbered_texts;
mod read;
mod row_id;
mod sentences;
mod separator;
mod table_lines;
pub(super) mod tag_numbers;
mod violations;
#[cfg(test)]
mod wild_tests;
mod word_marks;
mod write;

pub use read::TagSentence;
pub use violations::{TagViolation, TagViolations, tag_violations};

use super::{
    TagOptions, decode,
    format::{Format, Sample},
    source::Takes,
};
use crate::spans::tag_form::TagForm;
use layout::{ColumnLayout, Prefer};

const CANNOT_HOLD: &str = "half-word, nested and overlapping spans, ids, statuses, the white space between words";

/// Row of the table of formats.
pub(super) const CONLL2003: Format = Format {
    name: "conll2003",
    about: "word, part of speech, chunk, tag; separated by spaces; -DOCSTART- lines",
    extensions: &["conll", "conll2003"],
    cannot_hold: CANNOT_HOLD,
    keeps_text: false,
    takes: Takes::OneFile,
    detect: detect_conll2003,
    read: Some(tag_numbers::read_token_first),
    write: Some(write::write_conll2003),
};

/// Row of the table of formats.
pub(super) const CONLL2002: Format = Format {
    name: "conll2002",
    about: "word, space, tag",
    extensions: &["conll", "conll2002", "iob"],
    cannot_hold: CANNOT_HOLD,
    keeps_text: false,
    takes: Takes::OneFile,
    detect: detect_conll2002,
    read: Some(tag_numbers::read_token_first),
    write: Some(write::write_conll2002),
};

/// Row of the table of formats.
pub(super) const TAG_FIRST: Format = Format {
    name: layout::TAG_FIRST_NAME,
    about: "tag, tab, word: the layout of MIT Restaurant and of the lesson",
    extensions: &["bio", "tsv"],
    cannot_hold: CANNOT_HOLD,
    keeps_text: false,
    takes: Takes::OneFile,
    detect: detect_tag_first,
    read: Some(tag_numbers::read_tag_first),
    write: Some(write::write_tag_first),
};

fn sniffed(sample: &Sample<'_>) -> Option<(ColumnLayout, u8, String)> {
    let source = sample.text.as_bytes();
    let layout = ColumnLayout::sniff(&source, Prefer::AfterWord, &TagOptions::default()).ok()?.ok()?;
    let sure = layout.regular >= 0.9 && layout.tagged >= 0.9;
    // A few lines that end in the word O are not evidence enough.
    let rows = match layout.joined {
        Some(_) => sample.text.split_whitespace().count(),
        None => decode::lines(sample.text).count(),
    };
    let confidence = match (layout.has_spans && layout.form != TagForm::Label, rows) {
        (true, _) => 80,
        (false, 5..) => 50,
        _ => 20,
    };
    sure.then(|| (layout, confidence, format!("lines of {} with a tag {}", layout.columns_text(), layout.tag_text())))
}

/// Accepts three or more columns, with the word before the tag.
fn detect_conll2003(sample: &Sample<'_>) -> Option<(u8, String)> {
    let (layout, confidence, why) = sniffed(sample)?;
    (!layout.tag_first() && layout.columns > 2).then_some((confidence, why))
}

/// Accepts two columns, with the word before the tag.
fn detect_conll2002(sample: &Sample<'_>) -> Option<(u8, String)> {
    let (layout, confidence, why) = sniffed(sample)?;
    (!layout.tag_first() && layout.columns == 2).then_some((confidence, why))
}

/// Accepts the tag before the word.
fn detect_tag_first(sample: &Sample<'_>) -> Option<(u8, String)> {
    let (layout, confidence, why) = sniffed(sample)?;
    layout.tag_first().then_some((confidence, why))
}

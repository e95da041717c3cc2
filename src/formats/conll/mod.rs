//! The CoNLL family: one word a line with its tag, an empty line after each sentence. Every layout in use is read by
//! one reader, which finds out the separator, the columns and the tag scheme; three layouts are written.

mod layout;
mod read;
mod write;

pub use read::{TagSentence, read_tags};
pub(crate) use read::{read_tag_first, read_token_first};
pub(crate) use write::{write_conll2002, write_conll2003, write_tag_first};

use super::table::Sample;
use layout::{ColumnLayout, Prefer};

/// What stands on the line between two documents of CoNLL-2003.
const DOCSTART: &str = "-DOCSTART-";

/// A key of a document's `meta`: the number of the `-DOCSTART-` line that it stands under, from 1.
const META_DOCSTART: &str = "docstart";
/// A key of a document's `meta`: the columns between word and tag, each a list with one value a word.
const META_COLUMNS: &str = "columns";
/// A key of a document's `meta`: comment lines that are not `# key = value`.
const META_COMMENTS: &str = "comments";

fn sniffed(sample: &Sample<'_>) -> Option<(ColumnLayout, u8, String)> {
    let layout = ColumnLayout::sniff(sample.text, Prefer::Last)?;
    let sure = layout.regular >= 0.9 && layout.tagged >= 0.9;
    // A few lines that end in the word O may be anything.
    let confidence = match (layout.prefixed, sample.text.lines().count()) {
        (true, _) => 80,
        (false, 5..) => 50,
        _ => 20,
    };
    sure.then(|| (layout, confidence, format!("lines of {} with a tag {}", layout.columns_text(), layout.tag_text())))
}

/// Three columns and more, the word in front.
pub(crate) fn detect_conll2003(sample: &Sample<'_>) -> Option<(u8, String)> {
    let (layout, confidence, why) = sniffed(sample)?;
    (!layout.tag_first() && layout.columns > 2).then_some((confidence, why))
}

/// Two columns, the tag behind.
pub(crate) fn detect_conll2002(sample: &Sample<'_>) -> Option<(u8, String)> {
    let (layout, confidence, why) = sniffed(sample)?;
    (!layout.tag_first() && layout.columns == 2).then_some((confidence, why))
}

/// The tag in front.
pub(crate) fn detect_tag_first(sample: &Sample<'_>) -> Option<(u8, String)> {
    let (layout, confidence, why) = sniffed(sample)?;
    layout.tag_first().then_some((confidence, why))
}

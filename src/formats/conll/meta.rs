//! Parts of a CoNLL file that a document keeps in its `meta`.

use std::borrow::Cow;

use serde_json::Value;

/// Key of a document's `meta`.
/// The number of its document of the file, from 1; `-DOCSTART-` lines separate them. Absent for the first.
pub(super) const META_DOCSTART: &str = "docstart";
/// Key of a document's `meta`.
/// The number of `-DOCSTART-` lines directly before it, if there are several.
pub(super) const META_DOCSTART_LINES: &str = "docstart_lines";
/// Key of a document's `meta`.
/// The columns between word and tag, each a text with one value per word and tabs between them. (Earlier versions wrote
/// lists of values.)
pub(super) const META_COLUMNS: &str = "columns";
/// Key of a document's `meta`: comment lines that are not `# key = value`.
pub(super) const META_COMMENTS: &str = "comments";

/// Between two values of a column; no value can contain it.
pub(super) const BETWEEN_VALUES: char = '\t';

/// The values of a column with tabs between them, if there is one for each of `words` words and each of them can be written
/// between blanks.
pub(super) fn column(column: &Value, words: usize) -> Option<Cow<'_, str>> {
    let text: Cow<'_, str> = match column {
        Value::String(joined) => joined.into(),
        Value::Array(list) => {
            let list: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
            let list = list.filter(|list| list.len() == words)?;
            list.join("\t").into()
        }
        _ => return None,
    };
    let can_be_written = !text.bytes().any(|byte| matches!(byte, b' ' | b'\n' | b'\r'));
    let fits = can_be_written && values(&text).count() == words && !values(&text).any(str::is_empty);
    fits.then_some(text)
}

/// Values of a column.
pub(super) fn values(text: &str) -> impl Iterator<Item = &str> + Clone {
    // Faster than a search for one character, as the values are short.
    text.split(BETWEEN_VALUES)
}

//! Parts of a CoNLL file that a document keeps in its `meta`.

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
const BETWEEN_VALUES: char = '\t';

/// Joins the values of columns, given row by row.
pub(super) fn columns<'v>(width: usize, cells: impl ExactSizeIterator<Item = &'v str> + Clone) -> Value {
    let columns = (0..width).map(|at| {
        let mut column = String::with_capacity(4 * cells.len() / width.max(1));
        for (row, value) in cells.clone().skip(at).step_by(width).enumerate() {
            if row > 0 {
                column.push(BETWEEN_VALUES);
            }
            column.push_str(value);
        }
        Value::from(column)
    });
    Value::Array(columns.collect())
}

/// Values of a column, one for each word.
pub(super) fn values(column: &Value) -> Option<Vec<&str>> {
    match column {
        Value::String(joined) => Some(joined.split(BETWEEN_VALUES).collect()),
        Value::Array(list) => list.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

//! Parts of a CoNLL file that a document keeps in its `meta`.

/// Key of a document's `meta`.
/// The number of the `-DOCSTART-` line before it, from 1.
pub(super) const META_DOCSTART: &str = "docstart";
/// Key of a document's `meta`.
/// The columns between word and tag, each a list with one value per word.
pub(super) const META_COLUMNS: &str = "columns";
/// Key of a document's `meta`: comment lines that are not `# key = value`.
pub(super) const META_COMMENTS: &str = "comments";

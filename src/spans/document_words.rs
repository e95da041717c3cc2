//! Words of a document, computed when they are first needed: of a large project most documents are never looked at.

use std::{
    fmt,
    ops::Deref,
    sync::{Arc, OnceLock},
};

use crate::text::{Grid, TextRange, words};

/// Words of a document, ascending and disjoint. Clones share them.
#[derive(Clone)]
pub struct Words(Source);

#[derive(Clone)]
enum Source {
    /// They come from a file.
    Given(Arc<[TextRange]>),
    /// They are cut from the text.
    Cut { text: Arc<str>, grid: Grid, words: OnceLock<Arc<[TextRange]>> },
}

impl Words {
    /// Words of `text` as `grid` cuts it.
    pub(super) fn cut(text: &Arc<str>, grid: Grid) -> Self {
        Self(Source::Cut { text: Arc::clone(text), grid, words: OnceLock::new() })
    }

    /// Number of words.
    /// In contrast to `len`, words that were not needed before are not kept in memory.
    pub fn count(&self) -> usize {
        match &self.0 {
            Source::Cut { text, grid, words } if words.get().is_none() => words::split(text, *grid).len(),
            _ => self.len(),
        }
    }
}

impl Deref for Words {
    type Target = [TextRange];

    fn deref(&self) -> &[TextRange] {
        match &self.0 {
            Source::Given(words) => words,
            Source::Cut { text, grid, words } => words.get_or_init(|| words::split(text, *grid).into()),
        }
    }
}

impl From<Vec<TextRange>> for Words {
    fn from(words: Vec<TextRange>) -> Self {
        Self(Source::Given(words.into()))
    }
}

impl From<&[TextRange]> for Words {
    fn from(words: &[TextRange]) -> Self {
        Self(Source::Given(words.into()))
    }
}

impl<'a> IntoIterator for &'a Words {
    type Item = &'a TextRange;
    type IntoIter = std::slice::Iter<'a, TextRange>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

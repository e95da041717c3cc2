//! Packed sentences and their labels, checked against a network.

use std::ops::Range;

use thiserror::Error;

use super::shape::Shape;

/// Sentences of a batch; the pieces of all of them follow each other.
#[derive(Clone, Copy, Debug)]
pub struct Pieces<'a> {
    /// Row of the word table for each piece.
    pub words: &'a [u32],
    /// Row of the position table for each piece.
    pub positions: &'a [u32],
    /// Range of pieces of each sentence; it may be empty.
    /// Each range begins where the one before it ends.
    pub sentences: &'a [Range<usize>],
}

/// Error of a batch that does not fit the network.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum InputError {
    /// Words, positions and sentences have different numbers of pieces.
    #[error("{words} words, {positions} positions and sentences of {sentences} pieces do not go together")]
    Count {
        /// Words given.
        words: usize,
        /// Positions given.
        positions: usize,
        /// First piece out of the sentences' order, or the end of the last sentence.
        sentences: usize,
    },
    /// A table does not have this row.
    #[error("piece {piece} asks for row {row} of the {table} table, which has {rows}")]
    Row {
        /// The piece.
        piece: usize,
        /// `word` or `position`.
        table: &'static str,
        /// Requested row.
        row: u32,
        /// Number of rows of the table.
        rows: usize,
    },
    /// A label for a piece or a tag that does not exist.
    #[error("there is no piece {piece} or no tag {tag}")]
    Label {
        /// The piece.
        piece: usize,
        /// The tag.
        tag: usize,
    },
    /// Gradients or requested rows do not belong to this network and batch.
    #[error("{0}")]
    Mismatch(&'static str),
}

impl<'a> Pieces<'a> {
    /// Number of pieces.
    pub(super) fn count(&self) -> usize {
        self.words.len()
    }

    /// # Errors
    /// The pieces contradict each other, or a table does not have one of the rows.
    pub(super) fn check(&self, shape: &Shape) -> Result<(), InputError> {
        let ends = self.sentences.iter().try_fold(0, |end, range| match range.start == end && range.end >= end {
            true => Ok(range.end),
            false => Err(end),
        });
        let (words, positions) = (self.words.len(), self.positions.len());
        if ends != Ok(words) || positions != words {
            let (Ok(sentences) | Err(sentences)) = ends;
            return Err(InputError::Count { words, positions, sentences });
        }
        check_rows(self.words, "word", shape.word_rows)?;
        check_rows(self.positions, "position", shape.position_rows)
    }
}

fn check_rows(asked: &[u32], table: &'static str, rows: usize) -> Result<(), InputError> {
    match asked.iter().enumerate().find(|(_, row)| **row as usize >= rows) {
        Some((piece, row)) => Err(InputError::Row { piece, table, row: *row, rows }),
        None => Ok(()),
    }
}

/// Sentences, with the rows that are requested after the last attention.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch<'a> {
    pub(super) pieces: Pieces<'a>,
    /// Requested pieces, ascending and distinct; `None` for all.
    pub(super) wanted: Option<&'a [usize]>,
}

impl Batch<'_> {
    /// Number of rows after the last attention.
    pub(super) fn rows(&self) -> usize {
        self.wanted.map_or(self.pieces.count(), <[usize]>::len)
    }
}

/// One sentence in the form that attention needs.
#[derive(Clone, Debug)]
pub(super) struct Sentence<'a> {
    /// Range of its pieces.
    pub(super) pieces: Range<usize>,
    /// Pieces with a query (counted from the batch's first); `None` for all.
    queries: Option<&'a [usize]>,
    /// Number of attention probabilities, over all heads, of earlier sentences.
    /// Dropout masks are numbered by it.
    pub(super) before: usize,
}

impl Sentence<'_> {
    /// Number of pieces.
    pub(super) fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Number of queries.
    pub(super) fn queries(&self) -> usize {
        self.queries.map_or(self.pieces.len(), <[usize]>::len)
    }

    /// Iterates over the index within the sentence of each query, ascending.
    pub(super) fn query_places(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.queries()).map(|at| match self.queries.and_then(|queries| queries.get(at)) {
            Some(piece) => piece - self.pieces.start,
            None => at,
        })
    }
}

/// Iterates over the sentences in their order.
pub(super) fn sentences<'a>(
    ranges: &'a [Range<usize>],
    wanted: Option<&'a [usize]>,
    heads: usize,
) -> impl Iterator<Item = Sentence<'a>> {
    let (mut before, mut queries) = (0, wanted);
    ranges.iter().map(move |range| {
        let split = queries.map(|queries| queries.split_at(queries.partition_point(|piece| *piece < range.end)));
        queries = split.map(|(_, rest)| rest);
        let sentence = Sentence { pieces: range.clone(), queries: split.map(|(own, _)| own), before };
        before += heads * range.len() * range.len();
        sentence
    })
}

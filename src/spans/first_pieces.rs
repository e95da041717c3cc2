//! Values of the first word piece of each word, by which words are tagged.

/// Returns the value of the first piece of each of `words` words; `None` for a word without a piece.
///
/// `piece_words` contains the word of each piece, `pieces` its value. A sentence that is too long has fewer pieces.
pub fn first_pieces<'a, T>(words: usize, piece_words: &[usize], pieces: &'a [T]) -> Vec<Option<&'a T>> {
    let mut firsts = vec![None; words];
    for (word, piece) in piece_words.iter().zip(pieces) {
        if let Some(empty @ None) = firsts.get_mut(*word) {
            *empty = Some(piece);
        }
    }
    firsts
}

/// As [`first_pieces`], for a row of logits for each piece.
pub fn first_rows<'a>(words: usize, piece_words: &[usize], logits: &'a [Vec<f32>]) -> Vec<Option<&'a [f32]>> {
    first_pieces(words, piece_words, logits).into_iter().map(|row| row.map(Vec::as_slice)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_piece_of_a_word_counts_and_a_word_may_have_none() {
        assert_eq!(first_pieces(4, &[0, 0, 2, 7], &['a', 'b', 'c', 'd']), [Some(&'a'), None, Some(&'c'), None]);
        assert_eq!(first_rows(2, &[0, 1], &[vec![0.5]]), [Some(&[0.5][..]), None], "the second was cut off");
    }
}

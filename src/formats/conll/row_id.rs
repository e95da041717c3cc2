//! Numbers of rows in CoNLL-U: words, tokens of several words, words that are not in the text.

/// Number of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowId {
    /// A word.
    Word(u32),
    /// A token that consists of the words with these numbers, which follow it.
    Token(u32, u32),
    /// A word that is not in the text.
    Empty,
}

impl RowId {
    /// Reads the first column.
    pub(super) fn read(cell: &str) -> Option<Self> {
        if !cell.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        if let Ok(number) = cell.parse() {
            return Some(Self::Word(number));
        }
        if let Some((first, last)) = cell.split_once('-') {
            let (first, last) = (first.parse().ok()?, last.parse().ok()?);
            return (first <= last).then_some(Self::Token(first, last));
        }
        let (word, number) = cell.split_once('.')?;
        (word.parse::<u32>().is_ok() && number.parse::<u32>().is_ok()).then_some(Self::Empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_ranges_and_decimals_are_told_apart() {
        assert_eq!(RowId::read("12"), Some(RowId::Word(12)));
        assert_eq!(RowId::read("3-4"), Some(RowId::Token(3, 4)));
        assert_eq!(RowId::read("8.1"), Some(RowId::Empty));
        assert!(["", "a", "4-3", "1-", ".5", "1.x", "-1"].iter().all(|cell| RowId::read(cell).is_none()));
    }
}

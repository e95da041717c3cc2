//! Entities as brackets over words, as CoNLL-2005 and CoNLL-2012 write them: `(PERSON*`, `*`, `*)`, `(PERSON)`.

use crate::spans::WordSpan;

/// Whether a cell has this form: labels after opening brackets, stars, closing brackets.
pub(super) fn is_cell(cell: &str) -> bool {
    let mut rest = cell;
    while let Some(opened) = rest.strip_prefix('(') {
        let end = opened.find(['(', '*', ')']).unwrap_or(opened.len());
        if end == 0 {
            return false;
        }
        rest = opened.get(end..).unwrap_or_default();
    }
    let rest = rest.strip_prefix('*').unwrap_or(rest);
    !cell.is_empty() && rest.chars().all(|c| c == ')')
}

/// Label of the first bracket that a cell opens.
pub(super) fn label(cell: &str) -> Option<&str> {
    let opened = cell.strip_prefix('(')?;
    opened.split(['(', '*', ')']).next().filter(|label| !label.is_empty())
}

/// Returns the spans of the cells of a sentence, and the number of brackets without a counterpart.
pub(super) fn spans<'c>(cells: impl Iterator<Item = &'c str>) -> (Vec<WordSpan>, usize) {
    let mut open: Vec<(usize, &str)> = Vec::new();
    let mut spans = Vec::new();
    let mut faults = 0;
    for (at, cell) in cells.enumerate() {
        let mut rest = cell;
        while let Some(mark) = rest.find(['(', ')']) {
            let after = rest.get(mark + 1..).unwrap_or_default();
            if rest.get(mark..).is_some_and(|mark| mark.starts_with('(')) {
                let label = after.split(['(', '*', ')']).next().unwrap_or_default();
                open.push((at, label));
            } else if let Some((start, label)) = open.pop() {
                spans.push(WordSpan::new(start..at + 1, label));
            } else {
                faults += 1;
            }
            rest = after;
        }
    }
    spans.sort();
    (spans, faults + open.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_may_be_nested_and_closed_at_once() {
        assert!(["*", "(PERSON*", "*)", "(PERSON)", "(A(B*", "(A(B))", "*))", "(A*)"].iter().all(|cell| is_cell(cell)));
        assert!(["", "PERSON", "(*", "O", "a(b)", "(A*b)"].iter().all(|cell| !is_cell(cell)));
        let found = spans(["(A(B*", "*)", "*)", "(C)", "*)", "(D*"].into_iter());
        assert_eq!(found, (vec![WordSpan::new(0..2, "B"), WordSpan::new(0..3, "A"), WordSpan::new(3..4, "C")], 2));
        assert_eq!(label("(NP*"), Some("NP"));
    }
}

//! Words for lists of lines.

/// Lines that are named; the others are counted.
const MOST_NAMED: usize = 8;

/// Number of a line with its noun, such as `line 7`.
pub(super) fn line(number: usize) -> String {
    format!("line {number}")
}

/// Numbers of lines with their noun, such as `lines 3, 4 and 9`.
pub(super) fn lines(numbers: &[usize]) -> String {
    let named: Vec<String> = numbers.iter().take(MOST_NAMED).map(usize::to_string).collect();
    match (named.as_slice(), numbers.len().saturating_sub(MOST_NAMED)) {
        ([], _) => "no line".to_owned(),
        ([only], _) => format!("line {only}"),
        ([first @ .., last], 0) => format!("lines {} and {last}", first.join(", ")),
        (all, more) => format!("lines {} and {more} more", all.join(", ")),
    }
}

/// [`lines`] with the verb, such as `line 7 is` or `lines 3 and 4 are`.
pub(super) fn lines_are(numbers: &[usize]) -> String {
    format!("{} {}", lines(numbers), if numbers.len() == 1 { "is" } else { "are" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_named_up_to_a_number() {
        assert_eq!(lines_are(&[7]), "line 7 is");
        assert_eq!(lines_are(&[3, 4]), "lines 3 and 4 are");
        let many: Vec<usize> = (1..=10).collect();
        assert_eq!(lines(&many), "lines 1, 2, 3, 4, 5, 6, 7, 8 and 2 more");
    }
}

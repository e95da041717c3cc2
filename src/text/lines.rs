//! Numbers of the lines of a text.

/// Positions of the line ends of a text, by which the line of any position is found without reading the text again.
#[derive(Clone, Debug)]
pub struct LineIndex {
    ends: Vec<usize>,
}

impl LineIndex {
    /// Finds the line ends of `text`, in one pass.
    pub fn new(text: &str) -> Self {
        Self { ends: memchr::memchr_iter(b'\n', text.as_bytes()).collect() }
    }

    /// Line of the byte at `offset`, counted from 1.
    pub fn line(&self, offset: usize) -> usize {
        self.ends.partition_point(|end| *end < offset) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_feed_ends_its_own_line() {
        let index = LineIndex::new("ab\n\nc");
        assert_eq!([0, 2, 3, 4, 5, 99].map(|at| index.line(at)), [1, 1, 2, 3, 3, 3]);
        assert_eq!(LineIndex::new("").line(0), 1);
    }
}

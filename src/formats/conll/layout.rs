//! The layout of a CoNLL file, found out from its content: what separates the columns, and which of them is the tag.

use super::DOCSTART;

/// What stands between two columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    /// One tab; columns may be empty and hold blanks.
    Tab,
    /// One blank or several, or tabs among them.
    Blanks,
}

/// Which column to take for the tag when the content would allow several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prefer {
    First,
    Last,
}

/// How the lines of a file are to be taken apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ColumnLayout {
    pub(super) separator: Separator,
    /// How many columns a line has.
    pub(super) columns: usize,
    /// Which of them is the tag, from 0.
    pub(super) tag: usize,
    /// Whether the first line names the columns.
    pub(super) header: bool,
    /// Whether tags are label names without `B-` and `I-`.
    pub(super) bare: bool,
    /// Whether some tag has a prefix; without, only `O` was seen.
    pub(super) prefixed: bool,
    /// The share of lines with this number of columns.
    pub(super) regular: f64,
    /// The share of those with a tag in the tag column.
    pub(super) tagged: f64,
}

impl ColumnLayout {
    /// More columns than any CoNLL format has.
    const MOST_COLUMNS: usize = 64;
    /// Enough lines to be sure, few enough to be quick.
    const LINES: usize = 20_000;

    /// Looks at the lines; `None` if no column holds tags.
    pub(super) fn sniff(text: &str, prefer: Prefer) -> Option<Self> {
        let token_lines = || text.lines().filter(|line| !is_blank(line) && !is_docstart(line));
        let mut lines: Vec<&str> = token_lines().filter(|line| !looks_like_comment(line)).take(Self::LINES).collect();
        if lines.is_empty() {
            lines = token_lines().take(Self::LINES).collect();
        }
        let tabs = lines.iter().filter(|line| line.contains('\t')).count();
        let separator = if tabs * 2 > lines.len() { Separator::Tab } else { Separator::Blanks };
        let widths: Vec<usize> = lines.iter().map(|line| separator.split(line).count()).collect();
        let columns = most_common(&widths).filter(|columns| (2..=Self::MOST_COLUMNS).contains(columns))?;
        let mut regular = 0;
        let mut tags = vec![0; columns];
        for (line, _) in lines.iter().zip(&widths).filter(|(_, width)| **width == columns) {
            regular += 1;
            for (count, column) in tags.iter_mut().zip(separator.split(line)) {
                *count += usize::from(is_tag(column));
            }
        }
        let order = match prefer {
            Prefer::First => [0, columns - 1].into_iter().chain(1..columns - 1),
            Prefer::Last => [columns - 1, 0].into_iter().chain(1..columns - 1),
        };
        let most = tags.iter().copied().max()?;
        let tag = order.into_iter().find(|column| tags[*column] == most).filter(|_| most * 2 >= regular)?;
        let header = lines.first().is_some_and(|line| names_columns(separator, line, tag));
        let prefixed = |line: &&&str| separator.split(line).nth(tag).is_some_and(|value| value != "O" && is_tag(value));
        let prefixed = lines.iter().any(|line| prefixed(&line));
        let bare = most + usize::from(header) < regular && !prefixed;
        let [most, regular, all] =
            [most, regular, lines.len()].map(|n| f64::from(u32::try_from(n).unwrap_or(u32::MAX)));
        Some(Self { separator, columns, tag, header, bare, prefixed, regular: regular / all, tagged: most / regular })
    }

    /// Whether the word stands behind the tag.
    pub(super) fn tag_first(&self) -> bool {
        self.tag == 0
    }

    /// The column of the word: the first that is not the tag.
    pub(super) fn word(&self) -> usize {
        usize::from(self.tag == 0)
    }

    /// `2 columns`.
    pub(super) fn columns_text(&self) -> String {
        format!("{} columns", self.columns)
    }

    /// `first`, `last` or `in column 3`.
    pub(super) fn tag_text(&self) -> String {
        match self.tag {
            0 => "first".to_owned(),
            at if at + 1 == self.columns => "last".to_owned(),
            at => format!("in column {}", at + 1),
        }
    }

    /// A line in the words of this layout, for advice.
    pub(super) fn example(&self) -> String {
        let between = if self.separator == Separator::Tab { "<TAB>" } else { " " };
        let names = (0..self.columns).map(|at| match at {
            at if at == self.tag => "tag",
            at if at == self.word() => "word",
            _ => "...",
        });
        names.collect::<Vec<_>>().join(between)
    }

    /// Takes a line apart into exactly the columns of the layout; otherwise how many columns it has.
    pub(super) fn split<'a>(&self, line: &'a str, columns: &mut Vec<&'a str>) -> Result<(), usize> {
        columns.clear();
        columns.extend(self.separator.split(line));
        // A tag, a blank and nothing: the empty word, as with a tab.
        if self.separator == Separator::Blanks
            && self.tag_first()
            && line.ends_with(' ')
            && columns.len() + 1 == self.columns
        {
            columns.push("");
        }
        while columns.len() > self.columns && columns.last().is_some_and(|column| column.is_empty()) {
            columns.pop();
        }
        if columns.len() == self.columns { Ok(()) } else { Err(columns.len()) }
    }
}

impl Separator {
    /// The columns of a line.
    pub(super) fn split(self, line: &str) -> impl Iterator<Item = &str> {
        // Runs of blanks leave empty pieces behind, which are no columns; empty pieces between tabs are.
        let tab = self == Separator::Tab;
        line.split(move |c| c == '\t' || (!tab && c == ' ')).filter(move |column| tab || !column.is_empty())
    }
}

/// Nothing but blanks and tabs.
pub(super) fn is_blank(line: &str) -> bool {
    line.bytes().all(|byte| byte == b' ' || byte == b'\t')
}

/// A line between two documents, with however many columns.
pub(super) fn is_docstart(line: &str) -> bool {
    line.split([' ', '\t']).next() == Some(DOCSTART)
}

/// A line that is a comment unless it turns out to hold the word `#`.
pub(super) fn looks_like_comment(line: &str) -> bool {
    line == "#" || line.starts_with("# ")
}

/// `O`, or a prefix letter, a hyphen and a label.
pub(super) fn is_tag(value: &str) -> bool {
    match value.as_bytes() {
        [b'O'] => true,
        [prefix, b'-', _, ..] => b"BIELSUM".contains(prefix),
        _ => false,
    }
}

fn names_columns(separator: Separator, line: &str, tag: usize) -> bool {
    const NAMES: [&str; 12] =
        ["tag", "tags", "label", "labels", "ner", "ner_tag", "ner_tags", "iob", "bio", "entity", "ne", "named_entity"];
    separator.split(line).nth(tag).is_some_and(|name| NAMES.contains(&name.to_ascii_lowercase().as_str()))
}

fn most_common(widths: &[usize]) -> Option<usize> {
    let mut sorted = widths.to_vec();
    sorted.sort_unstable();
    sorted.chunk_by(|a, b| a == b).max_by_key(|chunk| chunk.len()).and_then(|chunk| chunk.first().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sniff(text: &str) -> ColumnLayout {
        ColumnLayout::sniff(text, Prefer::Last).unwrap()
    }

    #[test]
    fn the_tag_column_is_found_by_content() {
        let first = sniff("B-Dish\ttacos\nO\tplease\n");
        assert_eq!((first.tag, first.word(), first.separator), (0, 1, Separator::Tab));
        assert_eq!(first.example(), "tag<TAB>word");
        let last = sniff("EU NNP I-NP I-ORG\nrejects VBZ I-VP O\n");
        assert_eq!((last.tag, last.word(), last.columns), (3, 0, 4));
        let middle = sniff("EU\tB-ORG\t0\nrejects\tO\t3\n");
        assert_eq!((middle.tag, middle.tag_text().as_str()), (1, "in column 2"));
    }

    #[test]
    fn blanks_may_be_several() {
        let mut columns = Vec::new();
        let layout = sniff("EU   NNP  B-ORG\na b O\n");
        assert_eq!(layout.separator, Separator::Blanks);
        assert_eq!(layout.split("  EU   NNP  B-ORG ", &mut columns), Ok(()));
        assert_eq!(columns, ["EU", "NNP", "B-ORG"]);
        assert_eq!(layout.split("EU B-ORG", &mut columns), Err(2));
    }

    #[test]
    fn prose_has_no_layout() {
        assert_eq!(ColumnLayout::sniff("The tacos were good\nO well\n", Prefer::Last), None);
        assert_eq!(ColumnLayout::sniff("", Prefer::Last), None);
        assert_eq!(ColumnLayout::sniff("O\nO\n", Prefer::Last), None);
    }

    #[test]
    fn a_header_and_bare_labels_are_seen() {
        let layout = sniff("Word\tNER\ntacos\tDish\nand\tO\nbeer\tO\nplease\tO\n");
        assert!(layout.header && layout.bare);
        let layout = sniff("Word\tNER\ntacos\tB-Dish\nand\tO\n");
        assert!(layout.header && !layout.bare);
    }
}

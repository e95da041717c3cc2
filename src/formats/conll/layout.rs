//! Detection of the layout of a CoNLL file.
//! The separator of the columns, and the column of the tag.

use crate::formats::{Source, decode::Lines, source::Unreadable};

/// First column of the line between two documents of CoNLL-2003.
pub(super) const DOCSTART: &str = "-DOCSTART-";

/// Separator between two columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    /// One tab; columns may be empty and may contain spaces.
    Tab,
    /// One or more spaces or tabs.
    Spaces,
}

/// Column to choose for the tag if several have tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prefer {
    First,
    Last,
}

/// Layout of the lines of a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ColumnLayout {
    pub(super) separator: Separator,
    /// Number of columns of a line.
    pub(super) columns: usize,
    /// Column of the tag, from 0.
    pub(super) tag: usize,
    /// Whether the first line names the columns.
    pub(super) header: bool,
    /// Whether tags are label names without `B-` and `I-`.
    pub(super) bare: bool,
    /// Whether some tag has a prefix; otherwise all tags are `O`.
    pub(super) prefixed: bool,
    /// Share of lines with this number of columns.
    pub(super) regular: f64,
    /// Share of those lines with a tag in the tag column.
    pub(super) tagged: f64,
}

impl ColumnLayout {
    /// Maximum number of columns; more than any CoNLL format has.
    const MOST_COLUMNS: usize = 64;
    /// Number of lines that are examined.
    const LINES: usize = 20_000;

    /// Detects the layout of `text`; `None` if no column holds tags.
    pub(super) fn sniff(text: &str, prefer: Prefer) -> Option<Self> {
        let token_lines = text.lines().filter(|line| !is_blank(line) && !is_docstart(line));
        let mut lines: Vec<&str> =
            token_lines.clone().filter(|line| !looks_like_comment(line)).take(Self::LINES).collect();
        if lines.is_empty() {
            lines = token_lines.take(Self::LINES).collect();
        }
        Self::of_lines(&lines, prefer)
    }

    /// As [`Self::sniff`], by the first lines of a source. Also returns whether the source is blank.
    ///
    /// # Errors
    /// The source cannot be read, or one of the lines is no text.
    pub(super) fn sniff_source(source: &dyn Source, prefer: Prefer) -> Result<(Option<Self>, bool), Unreadable> {
        let (mut tokens, mut comments) = (Vec::new(), Vec::new());
        let mut is_all_blank = true;
        let mut lines = Lines::of(source)?;
        while tokens.len() < Self::LINES
            && let Some((_, line)) = lines.next_line()?
        {
            let is_comment = looks_like_comment(line);
            is_all_blank &= is_blank(line);
            if is_blank(line) || is_docstart(line) || is_comment && comments.len() == Self::LINES {
                continue;
            }
            if is_comment { &mut comments } else { &mut tokens }.push(line.to_owned());
        }
        let lines = if tokens.is_empty() { comments } else { tokens };
        Ok((Self::of_lines(&lines, prefer), is_all_blank))
    }

    /// Detects the layout of lines that have words.
    fn of_lines(lines: &[impl AsRef<str>], prefer: Prefer) -> Option<Self> {
        let lines: Vec<&str> = lines.iter().map(AsRef::as_ref).collect();
        let tabs = lines.iter().filter(|line| line.contains('\t')).count();
        let separator = if tabs * 2 > lines.len() { Separator::Tab } else { Separator::Spaces };
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
        let mut tag_column = lines.iter().filter_map(|line| separator.split(line).nth(tag));
        let prefixed = tag_column.any(|value| value != "O" && is_tag(value));
        let bare = most + usize::from(header) < regular && !prefixed;
        let [most, regular, all] =
            [most, regular, lines.len()].map(|n| f64::from(u32::try_from(n).unwrap_or(u32::MAX)));
        Some(Self { separator, columns, tag, header, bare, prefixed, regular: regular / all, tagged: most / regular })
    }

    /// Whether the tag precedes the word.
    pub(super) fn tag_first(&self) -> bool {
        self.tag == 0
    }

    /// Column of the word: the first that is not the tag.
    pub(super) fn word(&self) -> usize {
        usize::from(self.tag == 0)
    }

    /// Number of columns as text, as in `2 columns`.
    pub(super) fn columns_text(&self) -> String {
        format!("{} columns", self.columns)
    }

    /// Position of the tag as text: `first`, `last` or `in column 3`.
    pub(super) fn tag_text(&self) -> String {
        match self.tag {
            0 => "first".to_owned(),
            at if at + 1 == self.columns => "last".to_owned(),
            at => format!("in column {}", at + 1),
        }
    }

    /// Schematic line of this layout, for hints.
    pub(super) fn example(&self) -> String {
        let between = if self.separator == Separator::Tab { "<TAB>" } else { " " };
        let names = (0..self.columns).map(|at| match at {
            at if at == self.tag => "tag",
            at if at == self.word() => "word",
            _ => "...",
        });
        names.collect::<Vec<_>>().join(between)
    }

    /// Splits a line into the columns of the layout.
    ///
    /// # Errors
    /// The number of columns, if it is another.
    pub(super) fn split<'a>(&self, line: &'a str, columns: &mut Vec<&'a str>) -> Result<(), usize> {
        columns.clear();
        columns.extend(self.separator.split(line));
        // A tag and a space without a word: the empty word, as with a tab.
        if self.separator == Separator::Spaces
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
    /// Splits a line into columns.
    pub(super) fn split(self, line: &str) -> impl Iterator<Item = &str> {
        // Empty pieces between spaces are not columns; empty pieces between tabs are.
        let tab = self == Separator::Tab;
        line.split(move |c| c == '\t' || (!tab && c == ' ')).filter(move |column| tab || !column.is_empty())
    }
}

/// Whether a line has only spaces and tabs.
pub(super) fn is_blank(line: &str) -> bool {
    line.bytes().all(|byte| byte == b' ' || byte == b'\t')
}

/// Whether a line separates two documents, with any number of columns.
pub(super) fn is_docstart(line: &str) -> bool {
    line.split([' ', '\t']).next() == Some(DOCSTART)
}

/// Whether a line may be a comment; it may also be one for the word `#`.
pub(super) fn looks_like_comment(line: &str) -> bool {
    line == "#" || line.starts_with("# ")
}

/// Whether a value is a tag: `O`, or a prefix letter, a hyphen and a label.
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
    fn spaces_may_be_several() {
        let mut columns = Vec::new();
        let layout = sniff("EU   NNP  B-ORG\na b O\n");
        assert_eq!(layout.separator, Separator::Spaces);
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

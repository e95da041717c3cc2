//! Detection of the layout of a CoNLL file.
//! The separator of the columns, and the column of the tag.

use super::{
    brackets,
    columns::{ColumnTags, ColumnValues, ratio},
    separator::{Separator, Width},
    table_lines::{Joined, SampleLines, TableLines},
};
use crate::{
    formats::{Source, TagOptions, source::Unreadable},
    spans::{
        scheme::Tag,
        tag_form::{TagForm, TagRule},
    },
    text::TextRange,
};

/// First column of the line between two documents of CoNLL-2003.
pub(super) const DOCSTART: &str = "-DOCSTART-";

/// Name of the format whose files have the tag before the word.
pub(super) const TAG_FIRST_NAME: &str = "tag-first";

/// Place of the tag that is chosen if several columns have tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prefer {
    /// The first column, if it has tags.
    BeforeWord,
    /// The first column after the word that has tags of spans and no chunks.
    AfterWord,
}

/// Layout of the lines of a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ColumnLayout {
    /// Columns that are joined, with words or sentences as lines.
    pub(super) joined: Option<Joined>,
    pub(super) separator: Separator,
    /// Number of columns of a line.
    pub(super) columns: usize,
    /// Column of the tag, from 0.
    pub(super) tag: usize,
    /// Column of the word, from 0.
    pub(super) word: usize,
    /// Column with the number of the word in its sentence, from 0.
    pub(super) number: Option<usize>,
    /// Whether spans are brackets instead of tags.
    pub(super) is_brackets: bool,
    /// Number of the line that names the columns, from 1.
    pub(super) header: Option<usize>,
    /// Spelling of the tags.
    pub(super) form: TagForm,
    /// Whether some tag is one of a span; otherwise all are `O`.
    pub(super) has_spans: bool,
    /// Another column with tags, if the user did not choose.
    pub(super) other_tags: Option<usize>,
    /// Share of lines with this number of columns.
    pub(super) regular: f64,
    /// Share of those lines with a tag in the tag column.
    pub(super) tagged: f64,
}

/// Reason why a file has no layout of tagged words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoLayout {
    /// There is nothing but white space.
    Blank,
    /// Lines have columns, and none of them holds tags.
    NoTags,
    /// Lines hold tags and nothing else.
    OnlyTags,
    /// Lines have no columns.
    NoColumns,
    /// The user chose a column that is not there.
    NoSuchColumn { chosen: usize, columns: usize },
    /// The user chose one column for word and tag.
    OneForBoth,
}

impl ColumnLayout {
    /// Maximum number of columns; more than any CoNLL format has.
    const MOST_COLUMNS: usize = 64;
    /// Lines that show separator and number of columns.
    const SHAPE_LINES: usize = 20_000;
    /// Lines whose values are looked at, column by column.
    const LINES: usize = 1_000_000;

    /// Detects the layout of the lines of a source.
    ///
    /// # Errors
    /// The source cannot be read, or one of the lines is no text.
    pub(super) fn sniff(
        source: &dyn Source,
        prefer: Prefer,
        options: &TagOptions,
    ) -> Result<Result<Self, NoLayout>, Unreadable> {
        let joined = Joined::of(source, options.rule)?;
        let shape = match Shape::of(source, joined, options)? {
            Ok(shape) => shape,
            Err(reason) => return Ok(Err(reason)),
        };
        let mut values: Vec<ColumnValues> = (0..shape.columns).map(|_| ColumnValues::default()).collect();
        // The first line, and the first one with all columns.
        let (mut top_line, mut first_line, mut first) = (0, 0, Vec::new());
        let (mut rows, mut all, mut cells) = (0, 0, Vec::new());
        let mut lines = TableLines::of(source, joined)?;
        while all < Self::LINES
            && let Some((number, line)) = lines.next_line()?
        {
            if !shape.is_row(line) {
                continue;
            }
            all += 1;
            if all == 1 {
                top_line = number;
            }
            if shape.separator.cut(line, shape.columns, &mut cells).columns != shape.columns {
                continue;
            }
            rows += 1;
            if rows == 1 {
                // It may be a header.
                first_line = number;
                first = shape.separator.split(line).map(str::to_owned).collect();
                continue;
            }
            values.iter_mut().zip(&cells).for_each(|(values, cell)| values.add(cell.of(line)));
        }
        let header = match options.header {
            Some(is_header) => is_header.then_some(top_line),
            None if rows > 1 => {
                let layout = Self::of_values(shape, &values, prefer, options);
                let is_header = layout.is_ok_and(|layout| is_header(&first, &values, &layout));
                is_header.then_some(first_line)
            }
            None => None,
        };
        if header != Some(first_line) {
            values.iter_mut().zip(&first).for_each(|(values, cell)| values.add_above(cell));
        }
        let layout = Self::of_values(shape, &values, prefer, options);
        let layout = layout.map(|layout| Self { header, joined, ..layout });
        Ok(layout.map(|layout| Self { regular: ratio(rows, all.max(1)), ..layout }))
    }

    /// Chooses the columns by their values.
    fn of_values(
        shape: Shape,
        values: &[ColumnValues],
        prefer: Prefer,
        options: &TagOptions,
    ) -> Result<Self, NoLayout> {
        let chosen = [options.tag_column, options.word_column];
        if let Some(chosen) = chosen.into_iter().flatten().find(|at| *at >= shape.columns) {
            return Err(NoLayout::NoSuchColumn { chosen, columns: shape.columns });
        }
        let tags: Vec<ColumnTags> = values.iter().map(|values| values.read_as_tags(options.rule)).collect();
        let with_tags: Vec<(usize, ColumnTags)> = tags
            .iter()
            .copied()
            .enumerate()
            .filter(|(at, tags)| tags.is_enough && options.word_column != Some(*at))
            .collect();
        let tag = options
            .tag_column
            .or_else(|| choose_tag(&with_tags, prefer))
            .or_else(|| fewest_values(values).filter(|_| options.rule == Some(TagRule::Labels)))
            .ok_or(NoLayout::NoTags)?;
        let others = with_tags.iter().filter(|(at, others)| *at != tag && others.has_spans && !others.has_chunks);
        let word = options.word_column.or_else(|| choose_word(values, &tags, tag)).ok_or(NoLayout::NoTags)?;
        if word == tag {
            return Err(NoLayout::OneForBoth);
        }
        let found = tags.get(tag).ok_or(NoLayout::NoTags)?;
        let mut numbers =
            values.iter().enumerate().filter(|(at, values)| ![tag, word].contains(at) && values.numbers_words());
        Ok(Self {
            joined: None,
            number: numbers.next().map(|(at, _)| at),
            is_brackets: found.is_brackets,
            separator: shape.separator,
            columns: shape.columns,
            tag,
            word,
            header: None,
            form: found.form,
            has_spans: found.has_spans,
            other_tags: others.map(|(at, _)| *at).find(|at| *at != word && options.tag_column.is_none()),
            regular: 1.0,
            tagged: found.share,
        })
    }

    /// Whether the tag precedes the word.
    pub(super) fn tag_first(&self) -> bool {
        self.tag == 0
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
            at if at == self.word => "word",
            _ => "...",
        });
        names.collect::<Vec<_>>().join(between)
    }

    /// Reads the cell of the tag column; `None` if it is no tag.
    pub(super) fn read_tag<'t>(&self, cell: &'t str) -> Option<Tag<'t>> {
        if self.is_brackets {
            return brackets::is_cell(cell).then_some(Tag::Outside);
        }
        self.form.read(cell).filter(|_| !cell.is_empty())
    }

    /// Splits a line into the columns of the layout.
    ///
    /// # Errors
    /// The number of columns, if it is another.
    pub(super) fn split(&self, line: &str, cells: &mut Vec<TextRange>) -> Result<(), usize> {
        let Width { mut columns, filled } = self.separator.cut(line, self.columns, cells);
        // A tag and a space without a word: the empty word, as with a tab.
        let is_spaced = self.separator == Separator::Spaces;
        if is_spaced && self.tag_first() && line.ends_with(' ') && columns + 1 == self.columns {
            columns += 1;
            cells.push(TextRange::new(line.len(), line.len()));
        }
        // Empty columns at the end are none.
        if columns > self.columns {
            columns = filled.max(self.columns);
        }
        if columns == self.columns { Ok(()) } else { Err(columns) }
    }
}

/// Whether a line has only spaces and tabs.
pub(super) fn is_blank(line: &str) -> bool {
    line.bytes().all(|byte| byte == b' ' || byte == b'\t')
}

/// Whether a line separates two documents, with any number of columns; a word number may stand before.
pub(super) fn is_docstart(line: &str) -> bool {
    if !matches!(line.as_bytes().first(), Some(b'-' | b' ' | b'\t' | b'0'..=b'9')) {
        return false;
    }
    let mut cells = line.split([' ', '\t']);
    match cells.next() {
        Some(DOCSTART) => true,
        Some(number) => number.bytes().all(|byte| byte.is_ascii_digit()) && cells.next() == Some(DOCSTART),
        None => false,
    }
}

/// First characters of lines that are comments between two sentences, if they are no rows.
pub(super) const BETWEEN: [char; 3] = [';', '$', '%'];

/// Whether a line may be a comment; it may also be one for a word such as `#` or `$`.
fn may_be_comment(line: &str) -> bool {
    line.starts_with('#') || line.starts_with(BETWEEN)
}

/// Whether a line is a comment wherever it stands, if it is no row: `#` alone or with a blank, `##`.
pub(super) fn looks_like_comment(line: &str) -> bool {
    let rest = line.strip_prefix('#');
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['#', ' ', '\t']))
}

/// Separator and number of columns of most lines.
#[derive(Clone, Copy, Debug)]
struct Shape {
    separator: Separator,
    columns: usize,
    /// Whether all lines look like comments, so that they are none.
    has_only_comments: bool,
}

impl Shape {
    /// Finds the shape of the first lines of a source.
    fn of(
        source: &dyn Source,
        joined: Option<Joined>,
        options: &TagOptions,
    ) -> Result<Result<Self, NoLayout>, Unreadable> {
        let [mut words, mut comments] = [ColumnLayout::SHAPE_LINES; 2].map(SampleLines::new);
        let mut lines = TableLines::of(source, joined)?;
        while !words.is_full()
            && let Some((_, line)) = lines.next_line()?
        {
            if is_blank(line) || is_docstart(line) {
                continue;
            }
            let list = if may_be_comment(line) { &mut comments } else { &mut words };
            list.push(line);
        }
        let has_only_comments = words.lines.is_empty();
        let SampleLines { lines, .. } = if has_only_comments { comments } else { words };
        if lines.is_empty() {
            return Ok(Err(NoLayout::Blank));
        }
        let tabs = lines.iter().filter(|line| line.contains('\t')).count();
        let separator = if tabs * 2 > lines.len() { Separator::Tab } else { Separator::Spaces };
        let mut widths: Vec<usize> = lines.iter().map(|line| separator.split(line).count()).collect();
        widths.sort_unstable();
        let columns = widths.chunk_by(|a, b| a == b).max_by_key(|chunk| chunk.len()).and_then(|chunk| chunk.first());
        let mut cells = lines.iter().flat_map(|line| separator.split(line));
        let has_tags = cells.clone().any(|cell| TagForm::OURS.reads(cell));
        let told = options.word_column.is_some() && options.tag_column.is_some();
        if !told && has_tags && cells.all(|cell| cell == "O" || TagForm::OURS.reads(cell)) {
            return Ok(Err(NoLayout::OnlyTags));
        }
        Ok(match columns {
            Some(&columns) if (2..=ColumnLayout::MOST_COLUMNS).contains(&columns) => {
                Ok(Self { separator, columns, has_only_comments })
            }
            _ => Err(NoLayout::NoColumns),
        })
    }

    fn is_row(&self, line: &str) -> bool {
        !is_blank(line) && !is_docstart(line) && (self.has_only_comments || !may_be_comment(line))
    }
}

/// Chooses among the columns with tags.
fn choose_tag(with_tags: &[(usize, ColumnTags)], prefer: Prefer) -> Option<usize> {
    with_tags
        .iter()
        .find(|(at, _)| prefer == Prefer::BeforeWord && *at == 0)
        .or_else(|| with_tags.iter().find(|(at, tags)| *at > 0 && tags.has_spans && !tags.has_chunks))
        .or_else(|| with_tags.iter().find(|(at, tags)| *at > 0 && !tags.has_chunks))
        .or_else(|| with_tags.iter().find(|(_, tags)| !tags.has_chunks))
        .or_else(|| with_tags.first())
        .map(|(at, _)| *at)
}

/// Chooses the column with the fewest values, which are labels if the user says that there are some.
fn fewest_values(values: &[ColumnValues]) -> Option<usize> {
    let counted = values.iter().enumerate().filter(|(_, values)| !values.is_filler() && !values.numbers_words());
    counted.filter_map(|(at, values)| Some((values.different()?, at))).min().map(|(_, at)| at)
}

/// Chooses the first column that holds words: neither numbers, placeholders, other tags, nor one value for all.
fn choose_word(values: &[ColumnValues], tags: &[ColumnTags], tag: usize) -> Option<usize> {
    let others = values.iter().zip(tags).enumerate().filter(|(at, _)| *at != tag);
    let text = others.clone().filter(|(_, (values, _))| !values.numbers_words() && !values.is_filler());
    let words = text.clone().filter(|(_, (values, tags))| {
        !(values.is_numeric() || values.is_constant() || tags.is_enough && tags.has_spans)
    });
    words.chain(text).chain(others).map(|(at, _)| at).next()
}

/// Whether the first line names the columns: its cell in the tag column is no tag, or counts no word where all others do.
fn is_header(first: &[String], values: &[ColumnValues], layout: &ColumnLayout) -> bool {
    let (tag, form) = (layout.tag, layout.form);
    const NAMES: [&str; 12] =
        ["tag", "tags", "label", "labels", "ner", "ner_tag", "ner_tags", "iob", "bio", "entity", "ne", "named_entity"];
    // A range or an empty word of CoNLL-U, such as 1-2 or 3.1, is no name.
    let mut cells = first.iter().zip(values);
    if cells.any(|(cell, values)| values.numbers_words() && !cell.starts_with(|c: char| c.is_ascii_digit())) {
        return true;
    }
    let Some((cell, values)) = first.get(tag).zip(values.get(tag)) else { return false };
    match form {
        _ if layout.is_brackets => !brackets::is_cell(cell),
        // Any word may be a label: the name must be a known one that no word has.
        TagForm::Label => NAMES.contains(&cell.to_ascii_lowercase().as_str()) && !values.has(cell),
        // A label of the file without its letter is a fault of the first row.
        _ => form.read(cell).is_none() && !values.has_label(form, cell),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn try_sniff(text: &str, options: &TagOptions) -> Result<ColumnLayout, NoLayout> {
        ColumnLayout::sniff(&text.as_bytes(), Prefer::AfterWord, options).unwrap()
    }

    fn sniff(text: &str) -> ColumnLayout {
        try_sniff(text, &TagOptions::default()).unwrap()
    }

    #[test]
    fn the_tag_column_is_found_by_content() {
        let first = sniff("B-Dish\ttacos\nO\tplease\n");
        assert_eq!((first.tag, first.word, first.separator), (0, 1, Separator::Tab));
        assert_eq!(first.example(), "tag<TAB>word");
        let last = sniff("EU NNP I-NP I-ORG\nrejects VBZ I-VP O\n");
        assert_eq!((last.tag, last.word, last.columns), (3, 0, 4));
        let middle = sniff("EU\tB-ORG\t0\nrejects\tO\t3\n");
        assert_eq!((middle.tag, middle.tag_text().as_str()), (1, "in column 2"));
        let chunks = sniff("EU NNP I-NP O\nrejects VBZ I-VP O\n");
        assert_eq!((chunks.tag, chunks.has_spans, chunks.other_tags), (3, false, None), "no entity in the file");
    }

    #[test]
    fn numbers_and_placeholders_are_no_words() {
        let numbered = sniff("1\tLuigi\tB-PER\t-\tann1\n2\tcooks\tO\t-\t-\n1\tBari\tB-LOC\t-\tann1\n");
        assert_eq!((numbered.word, numbered.tag), (1, 2));
        let filled = sniff("_ a B-X\n_ b O\n");
        assert_eq!((filled.word, filled.tag), (1, 2));
        assert!(is_docstart("0\t-DOCSTART-\tO") && !is_docstart("O\t-DOCSTART-"));
    }

    #[test]
    fn the_first_of_two_tag_columns_is_the_tag_and_the_other_is_named() {
        let two = "Kairossa\tB-LOC\tO\non\tO\tO\nRathaus\tB-ORG\tO\nBremen\tI-ORG\tB-LOC\nnyt\tO\tO\n";
        let layout = sniff(two);
        assert_eq!((layout.tag, layout.other_tags), (1, Some(2)));
        let chosen = try_sniff(two, &TagOptions { tag_column: Some(2), ..TagOptions::default() }).unwrap();
        assert_eq!((chosen.tag, chosen.other_tags), (2, None));
        let word = try_sniff(two, &TagOptions { word_column: Some(2), ..TagOptions::default() }).unwrap();
        assert_eq!((word.word, word.tag), (2, 1));
    }

    #[test]
    fn columns_that_are_not_there_or_both_are_refused() {
        let text = "a O\nb B-X\n";
        let with = |word, tag| {
            try_sniff(text, &TagOptions { word_column: word, tag_column: tag, ..TagOptions::default() }).unwrap_err()
        };
        assert_eq!(with(None, Some(2)), NoLayout::NoSuchColumn { chosen: 2, columns: 2 });
        assert_eq!(with(Some(1), Some(1)), NoLayout::OneForBoth);
    }

    #[test]
    fn spaces_may_be_several() {
        let mut columns = Vec::new();
        let layout = sniff("EU   NNP  B-ORG\na b O\n");
        assert_eq!(layout.separator, Separator::Spaces);
        let line = "  EU   NNP  B-ORG ";
        assert_eq!(layout.split(line, &mut columns), Ok(()));
        assert_eq!(columns.iter().map(|column| column.of(line)).collect::<Vec<_>>(), ["EU", "NNP", "B-ORG"]);
        assert_eq!(layout.split("EU B-ORG", &mut columns), Err(2));
    }

    #[test]
    fn empty_columns_between_tabs_count_and_those_at_the_end_do_not() {
        let layout = sniff("EU\tNNP\tB-ORG\na\tb\tO\n");
        let mut columns = Vec::new();
        let mut widths = ["EU\t\tO", "EU\tNNP\tO\t\t", "EU\tNNP\tO\t\tx", "EU\t", ""]
            .map(|line| layout.split(line, &mut columns).err());
        assert_eq!(widths, [None, None, Some(5), Some(2), Some(1)]);
        assert!(columns.len() <= 3);
        let first = sniff("B-X\ta\nO\tb\n");
        widths = ["O\t", "O", "\t", "O\ta\tb", "O\ta\t"].map(|line| first.split(line, &mut columns).err());
        assert_eq!(widths, [None, Some(1), None, Some(3), None]);
    }

    #[test]
    fn what_is_no_table_of_words_has_no_layout() {
        let reason = |text| try_sniff(text, &TagOptions::default()).unwrap_err();
        assert_eq!(reason("The tacos were good\nO well\n"), NoLayout::NoTags);
        assert_eq!(reason(""), NoLayout::Blank);
        assert_eq!(reason("tacos\nplease\n"), NoLayout::NoColumns);
        assert_eq!(reason("B-PER O\nB-LOC O O\n"), NoLayout::OnlyTags);
    }

    #[test]
    fn a_header_is_known_by_what_follows() {
        let bare = sniff("Word\tNER\ntacos\tDish\nand\tO\nbeer\tO\nplease\tO\n");
        assert!(bare.header == Some(1) && bare.form == TagForm::Label);
        let lettered = sniff("TOKEN\tNE-COARSE-LIT\ntacos\tB-Dish\nand\tO\n");
        assert!(lettered.header == Some(1) && lettered.form == TagForm::OURS);
        let numbered = sniff("id\tword\ttag\n1\tLuigi\tB-PER\n2\tcooks\tO\n");
        assert!(numbered.header == Some(1) && numbered.word == 1);
        let options = TagOptions { header: Some(false), ..TagOptions::default() };
        assert_eq!(try_sniff("Word\tNER\ntacos\tB-Dish\nand\tO\n", &options).unwrap().header, None);
        assert_eq!(sniff("; a list\nEU NNP B-X\nis VBZ O\n").header, None, "a comment");
        assert_eq!(sniff("a title of words\nword tag\nEU B-X\nis O\n").header, Some(2));
        assert_eq!(sniff("Paris\tLOC\nis\tO\nRome\tB-LOC\n").header, None, "a faulty first row");
        assert_eq!(sniff("1-2\tdel\tO\n1\tde\tB-X\n2\tel\tO\n").header, None, "a range of CoNLL-U");
    }
}

//! Sentences of a CoNLL file, read one at a time.

use serde_json::{Map, Value};

use super::{
    known_tags::{KnownTags, OUTSIDE},
    layout::{BETWEEN, ColumnLayout, is_blank, is_docstart, looks_like_comment},
    meta::{BETWEEN_VALUES, META_COMMENTS},
    row_id::RowId,
    table_lines::TableLines,
};
use crate::{
    formats::{
        Problem, Source,
        problem::{Problems, quoted, with_noun},
        source::Unreadable,
    },
    spans::{scheme::Tag, tag_form::TagForm},
    text::TextRange,
};

/// A sentence with its columns, unchanged.
pub(super) struct Sentence {
    layout: ColumnLayout,
    /// The words with a blank between them, and their places.
    text: String,
    words: Vec<TextRange>,
    /// Numbers of the tags in `known`.
    tags: Vec<u32>,
    /// Tags of this sentence and of those before it.
    known: KnownTags,
    /// Rows and the places of all their cells, if there are columns beside word and tag.
    rows: String,
    cells: Vec<TextRange>,
    /// Whether a cell of these columns is no filler.
    pub(super) has_contents: bool,
    /// Line of each row, from 1.
    pub(super) lines: Vec<usize>,
    /// Whether a word is empty.
    pub(super) has_empty_word: bool,
    /// Whether a tag is another one than `O`.
    pub(super) is_tagged: bool,
    /// Number of its document of the file, from 1; `-DOCSTART-` lines separate them.
    pub(super) docstart: usize,
    /// Number of `-DOCSTART-` lines directly before it.
    pub(super) docstart_lines: usize,
    /// Whether a line of it could not be read, which may have had a tag.
    pub(super) has_faults: bool,
    /// Comments before and in it.
    pub(super) meta: Map<String, Value>,
}

impl Sentence {
    /// A sentence without words, of a file with this layout.
    pub(super) fn of(layout: &ColumnLayout) -> Self {
        Self::with_bars(layout, false)
    }

    /// As [`Self::of`]; with `keeps_bars`, labels may contain the bar, so that a tag has one label.
    pub(super) fn with_bars(layout: &ColumnLayout, keeps_bars: bool) -> Self {
        Self {
            layout: *layout,
            text: String::new(),
            words: Vec::new(),
            tags: Vec::new(),
            known: KnownTags::new(*layout, keeps_bars),
            rows: String::new(),
            cells: Vec::new(),
            has_contents: false,
            lines: Vec::new(),
            has_empty_word: false,
            is_tagged: false,
            docstart: 0,
            docstart_lines: 0,
            has_faults: false,
            meta: Map::new(),
        }
    }

    /// The words as a text with blanks between them, and their places in it.
    pub(super) fn joined_words(&self) -> (&str, &[TextRange]) {
        (&self.text, &self.words)
    }

    /// The words.
    pub(super) fn words(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.words.iter().map(|word| word.of(&self.text))
    }

    /// The numbers of the tags, and the tags with these numbers.
    pub(super) fn known_tags(&mut self) -> (&[u32], &mut KnownTags) {
        (&self.tags, &mut self.known)
    }

    /// The tags as they are spelt.
    pub(super) fn tags(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.tags.iter().map(|tag| self.known.text(*tag))
    }

    /// The tags as they are read; of several labels on one word, the first.
    pub(super) fn tags_read(&self) -> impl ExactSizeIterator<Item = Tag<'_>> + Clone {
        self.tags.iter().map(|tag| self.known.read(*tag))
    }

    /// Whether a word has several labels.
    pub(super) fn has_parts(&self) -> bool {
        self.tags.iter().any(|tag| self.known.has_parts(*tag))
    }

    /// Columns that are neither word nor tag.
    pub(super) fn others(&self) -> impl Iterator<Item = Column<'_>> {
        let ColumnLayout { columns, word, tag, .. } = self.layout;
        (0..columns).filter(move |at| ![word, tag].contains(at)).map(|at| Column { sentence: self, at })
    }

    fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    fn add_word(&mut self, word: &str) {
        if !self.words.is_empty() {
            self.text.push(' ');
        }
        let start = self.text.len();
        self.text.push_str(word);
        self.words.push(TextRange::new(start, self.text.len()));
        self.has_empty_word |= word.is_empty();
    }

    /// Adds the cells of a row with more columns than word and tag.
    fn add_cells(&mut self, line: &str, cells: &[TextRange]) {
        let start = self.rows.len();
        self.rows.push_str(line);
        self.cells.extend(cells.iter().map(|cell| TextRange::new(start + cell.start, start + cell.end)));
        if !self.has_contents {
            let others = cells.iter().enumerate().filter(|(at, _)| ![self.layout.word, self.layout.tag].contains(at));
            let line = line.as_bytes();
            self.has_contents =
                others.map(|(_, cell)| line.get(cell.start..cell.end).unwrap_or_default()).any(is_content);
        }
    }

    fn last_tag(&self) -> u32 {
        self.tags.last().copied().unwrap_or(OUTSIDE)
    }

    /// Gives the last row another tag.
    fn set_last_tag(&mut self, tag: u32) {
        self.tags.last_mut().into_iter().for_each(|last| *last = tag);
        self.is_tagged |= tag != OUTSIDE;
    }

    fn clear(&mut self) {
        self.text.clear();
        self.words.clear();
        self.rows.clear();
        self.cells.clear();
        self.has_contents = false;
        self.tags.clear();
        self.known.limit();
        self.lines.clear();
        self.meta = Map::new();
        self.has_empty_word = false;
        self.is_tagged = false;
        self.docstart = 0;
        self.docstart_lines = 0;
        self.has_faults = false;
    }
}

/// Whether a cell is no filler.
fn is_content(cell: &[u8]) -> bool {
    !matches!(cell, b"" | b"_" | b"-" | b"-X-")
}

/// A column of a sentence that is neither word nor tag.
pub(super) struct Column<'s> {
    sentence: &'s Sentence,
    at: usize,
}

impl<'s> Column<'s> {
    /// The cells, with a tab between them.
    pub(super) fn text(&self) -> String {
        let mut text = String::with_capacity(self.sentence.rows.len() / self.sentence.layout.columns);
        for row in 0..self.sentence.lines.len() {
            text.extend((row > 0).then_some(BETWEEN_VALUES));
            text.push_str(self.cell(row).unwrap_or_default());
        }
        text
    }

    /// The cell of this row.
    pub(super) fn cell(&self, row: usize) -> Option<&'s str> {
        let Sentence { cells, rows, layout, .. } = self.sentence;
        cells.get(row * layout.columns + self.at).map(|cell| cell.of(rows))
    }
}

/// Reader of the sentences of a file.
pub(super) struct Sentences<'a> {
    lines: TableLines<'a>,
    rows: RowReader,
}

impl<'a> Sentences<'a> {
    /// Starts at the first sentence.
    ///
    /// # Errors
    /// The source cannot be read.
    pub(super) fn of(source: &'a dyn Source, layout: ColumnLayout) -> Result<Self, Unreadable> {
        let rows = RowReader {
            layout,
            docstarts: 0,
            since_sentence: 0,
            document: 1,
            is_begun: false,
            meta: Map::new(),
            cells: Vec::new(),
            inside: 0,
            parts: 0,
            unwritten: 0,
        };
        Ok(Self { lines: TableLines::of(source, layout.joined)?, rows })
    }

    /// Reads the next sentence into `sentence`. Returns whether there was one.
    ///
    /// # Errors
    /// The source cannot be read or is no text. Lines that are no rows are added to `problems`.
    pub(super) fn next_into(&mut self, sentence: &mut Sentence, problems: &mut Problems) -> Result<bool, Unreadable> {
        sentence.clear();
        while let Some((number, line)) = self.lines.next_line()? {
            let docstart = is_docstart(line);
            if docstart || is_blank(line) {
                let is_end = !sentence.is_empty();
                if is_end {
                    self.rows.end(sentence);
                }
                if docstart {
                    self.rows.begin_document();
                }
                if is_end {
                    return Ok(true);
                }
            } else if let Err(problem) = self.rows.line(number, line, sentence) {
                sentence.has_faults = true;
                problems.push(problem);
            }
        }
        self.rows.end(sentence);
        Ok(!sentence.is_empty())
    }

    /// Number of `-DOCSTART-` lines so far.
    pub(super) fn docstarts(&self) -> usize {
        self.rows.docstarts
    }

    /// Number of rows so far that are parts of a token (1 and 2 after 1-2), and of words that are not in the text (3.1).
    pub(super) fn unread(&self) -> (usize, usize) {
        (self.rows.parts, self.rows.unwritten)
    }
}

/// Reader of the lines of sentences.
struct RowReader {
    layout: ColumnLayout,
    docstarts: usize,
    /// Number of them since the last sentence.
    since_sentence: usize,
    /// Number of the document of the file, from 1.
    document: usize,
    /// Whether something of that document was read.
    is_begun: bool,
    /// Comments since the last sentence.
    meta: Map<String, Value>,
    /// Columns of the line that is read.
    cells: Vec<TextRange>,
    /// Number of the last word that belongs to a token of several words.
    inside: u32,
    parts: usize,
    unwritten: usize,
}

impl RowReader {
    /// Begins a document of the file, after a `-DOCSTART-` line.
    fn begin_document(&mut self) {
        self.docstarts += 1;
        self.since_sentence += 1;
        self.document += usize::from(self.is_begun);
        self.is_begun = true;
    }

    /// Ends a sentence, which gets the comments.
    fn end(&mut self, sentence: &mut Sentence) {
        self.inside = 0;
        self.is_begun = true;
        sentence.docstart = self.document;
        sentence.docstart_lines = std::mem::take(&mut self.since_sentence);
        sentence.meta = std::mem::take(&mut self.meta);
    }

    fn line(&mut self, number: usize, line: &str, sentence: &mut Sentence) -> Result<(), Problem> {
        let width = self.layout.split(line, &mut self.cells);
        let tag = self.cells.get(self.layout.tag).map_or("", |tag| tag.of(line));
        // Blanks around a tag do not belong to it.
        let tag = if tag.starts_with(' ') || tag.ends_with(' ') { tag.trim_matches(' ') } else { tag };
        if self.layout.header == Some(number) {
            // The header has the names of the columns.
            return Ok(());
        }
        // Any word of a comment may be a label, except for `O`.
        let is_label = self.layout.form == TagForm::Label
            && line.starts_with("# ")
            && self.layout.read_tag(tag).is_some_and(|tag| tag != Tag::Outside);
        let read = if width.is_ok() && !is_label { sentence.known.find(tag) } else { None };
        if let Some(tag) = read {
            self.row(number, line, tag, sentence);
        } else if self.is_comment(line, width.is_ok(), sentence.is_empty()) {
            self.comment(line);
        } else {
            return Err(self.row_error(line, width.err(), tag).at(number));
        }
        Ok(())
    }

    /// Adds the line whose columns were split last.
    fn row(&mut self, number: usize, line: &str, tag: u32, sentence: &mut Sentence) {
        let id = self.layout.number.and_then(|number| RowId::read(self.cells.get(number)?.of(line)));
        match id {
            Some(RowId::Empty) => {
                self.unwritten += 1;
                return;
            }
            Some(RowId::Word(word)) if word <= self.inside && !sentence.is_empty() => {
                self.parts += 1;
                self.add_part(tag, sentence);
                return;
            }
            Some(RowId::Token(_, last)) => self.inside = last,
            _ => {}
        }
        let word = self.cells.get(self.layout.word).copied().unwrap_or_default();
        sentence.add_word(word.of(line));
        if self.layout.columns > 2 {
            sentence.add_cells(line, &self.cells);
        }
        sentence.is_tagged |= tag != OUTSIDE;
        sentence.tags.push(tag);
        sentence.lines.push(number);
    }

    /// Adds the tag of a word that belongs to the token of the last row, if that has none.
    fn add_part(&self, tag: u32, sentence: &mut Sentence) {
        let (last, known) = (sentence.last_tag(), &mut sentence.known);
        if self.layout.is_brackets {
            let both = format!("{}{}", known.text(last), known.text(tag));
            let both = known.number(&both);
            sentence.set_last_tag(both);
        } else if known.read(last) == Tag::Outside {
            sentence.set_last_tag(tag);
        }
    }

    /// Whether a line that is no good row is a comment. One with all columns of a row is a row with a fault, which is
    /// reported.
    fn is_comment(&self, line: &str, has_columns: bool, is_between: bool) -> bool {
        looks_like_comment(line) || !has_columns && (line.starts_with('#') || is_between && line.starts_with(BETWEEN))
    }

    fn row_error(&self, line: &str, width: Option<usize>, tag: &str) -> Problem {
        let hint = format!("lines of this file have the form {}; an empty line ends a sentence", self.layout.example());
        match width {
            Some(width) => {
                let expected = self.layout.columns;
                let message = format!("{} instead of {expected}: {}", with_noun(width, "column"), quoted(line));
                let lone = self.layout.tag_first() && width == 1 && self.layout.read_tag(line.trim()).is_some();
                Problem::error(if lone { format!("a tag without a word: {}", quoted(line)) } else { message })
                    .hint(hint)
            }
            None if tag.is_empty() => Problem::error(format!("a word without a tag: {}", quoted(line))).hint(hint),
            None if self.layout.is_brackets => {
                Problem::error(format!("{} is no bracket such as (Dish*, * or *): {}", quoted(tag), quoted(line)))
            }
            None => Problem::error(format!("{} is not a tag: {}", quoted(tag), quoted(line))).hint(format!(
                "the tags of this file are O, or as {}, with a letter of B I E L S U M W",
                self.layout.form.example()
            )),
        }
    }

    /// Adds a comment to `meta`.
    /// `# key = value` under its key, any other one to a list.
    fn comment(&mut self, line: &str) {
        let text = line.trim_start_matches('#').trim_start_matches([' ', '\t']);
        match text.split_once(" = ").filter(|(key, _)| *key != META_COMMENTS) {
            Some((key, value)) => {
                self.meta.insert(key.to_owned(), Value::from(value));
            }
            None => {
                let list = self.meta.entry(META_COMMENTS).or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(list) = list {
                    list.push(Value::from(text));
                }
            }
        }
    }
}

//! Meaning of the columns of a table: by their names, and by what they hold.

use std::collections::HashSet;

use super::records::Record;
use crate::formats::{
    Problem, TagOptions,
    problem::{first_names, grouped, quoted},
};

/// Maximum number of columns of a table: a few for a span, and further ones for the document.
const MOST_COLUMNS: usize = 10_000;

/// Names of columns, the usual one first. Letter case, blanks, dots and bars do not count.
const ID: &[&str] = &["docid", "documentid", "id", "doc", "textid", "reviewid", "sentenceid", "file", "filename"];
const START: &[&str] = &[
    "start",
    "begin",
    "startoffset",
    "startchar",
    "charstart",
    "offsetstart",
    "spanstart",
    "startindex",
    "startpos",
    "from",
    "offset",
];
const END: &[&str] =
    &["end", "stop", "endoffset", "endchar", "charend", "offsetend", "spanend", "endindex", "endpos", "to"];
/// Names of columns for start and end that tables of other things have, too.
const UNSURE: &[&str] = &["from", "to", "offset"];
const LABEL: &[&str] =
    &["label", "labels", "type", "entitytype", "tag", "category", "class", "nerlabel", "spanlabel", "entitylabel"];
const SPAN_TEXT: &[&str] =
    &["spantext", "span", "mention", "surface", "entitytext", "entity", "phrase", "quote", "value", "text"];
const DOCUMENT: &[&str] =
    &["document", "documenttext", "fulltext", "sentence", "context", "review", "content", "body", "comment", "text"];
const WORD: &[&str] = &["word", "token", "words", "tokens", "form"];
const SENTENCE: &[&str] = &[
    "sentence",
    "sentenceid",
    "sentenceidx",
    "sentenceindex",
    "sentid",
    "sentnum",
    "sentencenumber",
    "sent",
    "docid",
    "documentid",
    "id",
    "doc",
    "document",
];
const TAG: &[&str] = &["tag", "nertag", "ner", "ne", "iob", "bio", "label"];

/// Columns of a table, each by its place from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Columns {
    /// Names of all columns; of one without name its number.
    pub(super) names: Vec<String>,
    /// Whether the first record has the names.
    pub(super) has_header: bool,
    /// Id of the document.
    pub(super) id: Option<usize>,
    /// Start, end and label of the span; `None` in a table of texts.
    pub(super) span: Option<[usize; 3]>,
    /// Text of the span.
    pub(super) span_text: Option<usize>,
    /// Text of the document.
    pub(super) text: usize,
    pub(super) status: Option<usize>,
    pub(super) split: Option<usize>,
}

/// Columns of a table with one row for each word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WordColumns {
    /// Names of all columns.
    pub(super) names: Vec<String>,
    /// Whether the first record has the names.
    pub(super) has_header: bool,
    /// Id of the sentence; in some tables only its first row has it.
    pub(super) sentence: Option<usize>,
    pub(super) word: usize,
    pub(super) tag: usize,
}

/// Reason why a table has no [`Columns`].
pub(super) enum NoColumns {
    /// It has one row for each word.
    Words(WordColumns),
    /// It has no column with the texts of documents.
    Unknown(Problem),
}

impl Columns {
    /// Chooses the columns of a table by its first records.
    ///
    /// # Errors
    /// It has no column with texts of documents, or is a table of another kind.
    pub(super) fn of(records: &[Record], options: &TagOptions) -> Result<Self, NoColumns> {
        let width = records.first().map_or(0, Record::len);
        if width > MOST_COLUMNS {
            let message =
                format!("the table has {} columns; at most {} are read", grouped(width), grouped(MOST_COLUMNS));
            return Err(NoColumns::Unknown(Problem::error(message).hint("check that rows end with line ends")));
        }
        let table = Table::new(records, options);
        let span = table.span();
        let is_of_words = span.is_none();
        if let Some(words) = table.words(options).filter(|_| is_of_words) {
            return Err(NoColumns::Words(words));
        }
        let used: Vec<usize> = span.into_iter().flatten().collect();
        let span_text = span.and_then(|span| table.span_text(span));
        let used: Vec<usize> = used.into_iter().chain(span_text).collect();
        let text = table.named(DOCUMENT, &used).or_else(|| table.longest(&used, span));
        // Where all spans begin at 0, the text of a span may be its document's.
        let starts =
            |[start, ..]: [usize; 3]| table.rows.iter().all(|row| number(row.cell(start)).is_none_or(|at| at == 0));
        let (text, span_text) = match (text, span_text) {
            (None, Some(at)) if span.is_some_and(starts) => (Some(at), None),
            both => both,
        };
        let Some(text) = text else {
            let names = first_names(table.names.iter().map(|name| quoted(name)));
            return Err(NoColumns::Unknown(match span_text {
                Some(_) => Problem::error("the table has the texts of spans, but not those of documents").hint(
                    "a column with the text of each document is needed, in the first row of the document or in all",
                ),
                None => Problem::error(format!("no column has the texts of documents: {names}"))
                    .hint("name it text or document; --header says that the first line has the names"),
            }));
        };
        let used: Vec<usize> = used.into_iter().chain([text]).collect();
        let id = table.named(ID, &used).or_else(|| {
            let first = (0..table.width).find(|column| !used.contains(column));
            first.filter(|_| span.is_some() && !table.has_header)
        });
        let [status, split] = [&["status"][..], &["split"][..]].map(|names| table.named(names, &used));
        Ok(Self { names: table.names, has_header: table.has_header, id, span, span_text, text, status, split })
    }

    /// Name of a column.
    pub(super) fn name(&self, at: usize) -> &str {
        self.names.get(at).map_or("", String::as_str)
    }

    /// Columns without a meaning of their own, with their names.
    pub(super) fn others(&self) -> impl Iterator<Item = (usize, &str)> {
        let span = self.span.into_iter().flatten();
        let used: Vec<usize> =
            span.chain([self.text]).chain(self.id).chain(self.span_text).chain(self.status).chain(self.split).collect();
        self.names.iter().map(String::as_str).enumerate().filter(move |(at, _)| !used.contains(at))
    }
}

/// The first records of a table.
struct Table<'r> {
    has_header: bool,
    names: Vec<String>,
    width: usize,
    rows: &'r [Record],
}

impl<'r> Table<'r> {
    fn new(records: &'r [Record], options: &TagOptions) -> Self {
        let first = records.first();
        let width = first.map_or(0, Record::len);
        let has_header = options.header.unwrap_or_else(|| {
            let cells = first.map(|first| first.cells().map(plain).collect::<Vec<_>>()).unwrap_or_default();
            let known = [ID, START, END, LABEL, SPAN_TEXT, DOCUMENT, WORD, TAG].concat();
            let is_number = first.is_some_and(|first| first.cells().any(|cell| number(cell).is_some()));
            !is_number && cells.iter().any(|cell| known.contains(&cell.as_str()))
        });
        let names = (0..width).map(|at| match first.filter(|_| has_header).map(|first| first.cell(at)) {
            Some(name) if !name.is_empty() => name.to_owned(),
            _ => format!("column {}", at + 1),
        });
        let rows = if has_header { records.get(1..).unwrap_or_default() } else { records };
        Self { has_header, names: names.collect(), width, rows }
    }

    /// The column with the first of these names, other than the used ones.
    fn named(&self, names: &[&str], used: &[usize]) -> Option<usize> {
        let found = self.names.iter().enumerate().filter(|(at, _)| self.has_header && !used.contains(at));
        let ranks = found.filter_map(|(at, name)| Some((names.iter().position(|known| *known == plain(name))?, at)));
        ranks.min().map(|(_, at)| at)
    }

    /// Columns of a table with one row for each word, if it has a word and a tag.
    fn words(&self, options: &TagOptions) -> Option<WordColumns> {
        let word = options.word_column.or_else(|| self.named(WORD, &[]))?;
        let tag = options.tag_column.or_else(|| self.named(TAG, &[word]))?;
        let sentence = self.named(SENTENCE, &[word, tag]).filter(|at| self.is_shared(*at));
        Some(WordColumns { names: self.names.clone(), has_header: self.has_header, sentence, word, tag })
    }

    /// Whether some rows have nothing in a column, or the same: numbers of words are different in each row.
    fn is_shared(&self, at: usize) -> bool {
        let rows = self.rows.iter().filter(|row| row.cells().any(|cell| !cell.trim().is_empty()));
        let cells: Vec<&str> = rows.map(|row| row.cell(at)).collect();
        let different: HashSet<&str> = cells.iter().copied().collect();
        cells.len() < 2 || different.contains("") || different.len() < cells.len()
    }

    /// Columns of start, end and label.
    fn span(&self) -> Option<[usize; 3]> {
        let (start, end) = match (self.named(START, &[]), self.named(END, &[])) {
            (Some(start), Some(end)) if self.may_be_offsets(start, end) => (start, end),
            _ if self.has_header => return None,
            _ => {
                let mut pairs = (0..self.width).map(|at| (at, at + 1));
                pairs.find(|(start, end)| self.are_offsets(*start, *end))?
            }
        };
        if self.has_header {
            return Some([start, end, self.named(LABEL, &[start, end])?]);
        }
        let others = (0..self.width).filter(|at| *at != start && *at != end);
        let texts = others.filter(|at| self.rows.iter().all(|row| number(row.cell(*at)).is_none()));
        let copy = texts.clone().find(|at| self.is_span_text(*at, start, end));
        let texts = texts.filter(|at| Some(*at) != copy);
        let longest = texts.clone().max_by_key(|at| self.length(*at));
        // A label occurs in several rows, and is short.
        let label = texts.filter(|at| Some(*at) != longest).min_by_key(|at| (self.different(*at), self.length(*at)))?;
        Some([start, end, label])
    }

    /// Whether two columns, by their names start and end, are those of spans, of which some may have wrong offsets.
    ///
    /// `from` and `to` may also be people: most of their cells must be numbers. Start and end may also be times.
    fn may_be_offsets(&self, start: usize, end: usize) -> bool {
        let cells = self.rows.iter().flat_map(|row| [row.cell(start), row.cell(end)]).filter(|cell| !cell.is_empty());
        if [start, end].iter().any(|at| UNSURE.contains(&plain(self.name(*at)).as_str())) {
            return cells.clone().filter(|cell| number(cell).is_some()).count() * 2 > cells.count();
        }
        let times = cells.clone().filter(|cell| is_time(cell)).count();
        times * 2 <= cells.count()
    }

    /// Whether two columns hold the offsets of spans.
    fn are_offsets(&self, start: usize, end: usize) -> bool {
        let mut pairs = self.rows.iter().filter(|row| !row.cell(start).is_empty());
        let is_any = pairs.clone().next().is_some();
        is_any
            && pairs.all(|row| number(row.cell(start)).zip(number(row.cell(end))).is_some_and(|(from, to)| from < to))
    }

    /// The column with the texts of spans: all of them are as long as their spans.
    fn span_text(&self, span: [usize; 3]) -> Option<usize> {
        let [start, end, _] = span;
        let mut free = (0..self.width).filter(|at| !span.contains(at));
        if !self.has_header {
            return free.find(|at| self.is_span_text(*at, start, end));
        }
        let mut named = free.filter(|at| SPAN_TEXT.contains(&plain(self.name(*at)).as_str()));
        // The name `text` says which of the two it is only where another column has the text of the document.
        let document = DOCUMENT.split_last().and_then(|(_, names)| self.named(names, &span));
        named.find(|at| self.is_span_text(*at, start, end) || document.is_some_and(|document| document != *at))
    }

    /// Whether all texts of a column are as long as their spans.
    fn is_span_text(&self, at: usize, start: usize, end: usize) -> bool {
        let mut rows = self.rows.iter().filter_map(|row| {
            let length = number(row.cell(end))?.checked_sub(number(row.cell(start))?)?;
            Some((length, row.raw(at)))
        });
        let is_any = rows.clone().next().is_some();
        // In other units than code points a text is longer, up to its bytes.
        is_any && rows.all(|(length, text)| (text.chars().count()..=text.len()).contains(&length) && length > 0)
    }

    /// The column with the longest texts, in a table without names.
    fn longest(&self, used: &[usize], span: Option<[usize; 3]>) -> Option<usize> {
        let free = (0..self.width).filter(|at| !used.contains(at));
        let texts = free.filter(|at| self.rows.iter().any(|row| row.cell(*at).contains(' ')));
        let longest = texts.max_by_key(|at| self.length(*at))?;
        let is_whole = span.is_none_or(|[_, end, _]| {
            let mut rows = self.rows.iter().filter(|row| !row.cell(longest).is_empty());
            rows.all(|row| number(row.cell(end)).is_none_or(|end| end <= row.raw(longest).len()))
        });
        (!self.has_header && is_whole).then_some(longest)
    }

    fn name(&self, at: usize) -> &str {
        self.names.get(at).map_or("", String::as_str)
    }

    fn length(&self, at: usize) -> usize {
        self.rows.iter().map(|row| row.cell(at).len()).sum()
    }

    fn different(&self, at: usize) -> usize {
        let mut cells: Vec<&str> = self.rows.iter().map(|row| row.cell(at)).collect();
        cells.sort_unstable();
        cells.dedup();
        cells.len()
    }
}

/// A name in lower case without blanks and marks.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether a cell is a date or a time of day: it has digits, but is no number.
fn is_time(cell: &str) -> bool {
    cell.contains(|c: char| c.is_ascii_digit()) && cell.contains([':', '-', '/', '.']) && cell.parse::<f64>().is_err()
}

/// An offset; spreadsheets write 5 also as 5.0.
pub(super) fn number(cell: &str) -> Option<usize> {
    let cell = cell.trim();
    cell.strip_suffix(".0").unwrap_or(cell).parse().ok()
}

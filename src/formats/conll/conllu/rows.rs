//! Sentences of a CoNLL-U file: comments, words, tokens of several words, and the text.

use crate::{
    formats::conll::row_id::RowId,
    spans::{scheme::Tag, tag_form::TagForm},
    text::TextRange,
};

/// Key of a document's `foreign`, with the lines of its sentence and the key of its tags.
pub(super) const FOREIGN: &str = "conllu";
/// Number of columns of a row.
pub(super) const COLUMNS: usize = 10;
/// Column of the word, from 0.
const FORM: usize = 1;
/// Column of keys and values, from 0.
pub(super) const MISC: usize = 9;

/// A row with its number.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) id: RowId,
    /// The line.
    pub(super) line: String,
}

impl Row {
    /// Reads a line that is no comment. The number of its columns, if it is no row with ten columns, a number and a word.
    pub(super) fn read(line: &str) -> Result<Self, usize> {
        let columns = line.split('\t').count();
        let id = line.split('\t').next().and_then(RowId::read);
        let row = match id {
            Some(id) if columns == COLUMNS => Some(Self { id, line: line.to_owned() }),
            _ => None,
        };
        match row.filter(|row| !row.form().is_empty()) {
            Some(row) => Ok(row),
            None => Err(columns),
        }
    }

    fn cell(&self, column: usize) -> &str {
        self.line.split('\t').nth(column).unwrap_or_default()
    }

    pub(super) fn form(&self) -> &str {
        self.cell(FORM)
    }

    /// Keys and values of the last column.
    pub(super) fn misc(&self) -> impl Iterator<Item = (&str, &str)> {
        self.cell(MISC).split('|').filter_map(|part| part.split_once('='))
    }

    pub(super) fn value(&self, key: &str) -> Option<&str> {
        self.misc().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// Whether it has nothing but a word, its tag under `key`, and the white space around it.
    pub(super) fn is_plain(&self, key: &str) -> bool {
        let middle = self.line.split('\t').skip(FORM + 1).take(MISC - FORM - 1).all(|cell| cell == "_");
        let misc = self.cell(MISC);
        let has_known = misc == "_"
            || misc
                .split('|')
                .all(|part| part.split_once('=').is_some_and(|(name, _)| name == key || SPACES.contains(&name)));
        matches!(self.id, RowId::Word(_)) && middle && has_known
    }
}

/// Keys of white space around words.
const SPACES: [&str; 3] = ["SpaceAfter", "SpacesAfter", "SpacesBefore"];

/// A token as it is in the text: a word, or a row with several words. Indices of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// The row with its spelling.
    pub(super) row: usize,
    /// One past its last row.
    pub(super) end: usize,
}

/// A sentence.
#[derive(Clone, Debug, Default)]
pub(super) struct Sentence {
    /// Lines that begin with `#`.
    pub(super) comments: Vec<String>,
    pub(super) rows: Vec<Row>,
    /// Whether a row could not be read, which may have had a tag.
    pub(super) has_faults: bool,
}

impl Sentence {
    /// Reads the lines of one sentence; lines that are no rows are left out.
    pub(super) fn of<'l>(lines: impl Iterator<Item = &'l str>) -> Self {
        let mut sentence = Self::default();
        for line in lines {
            if line.starts_with('#') {
                sentence.comments.push(line.to_owned());
            } else {
                sentence.rows.extend(Row::read(line).ok());
            }
        }
        sentence
    }

    /// Value of a comment `# key = value`.
    pub(super) fn comment(&self, key: &str) -> Option<&str> {
        self.comments.iter().find_map(|line| keyed(line).filter(|(name, _)| *name == key)).map(|(_, value)| value)
    }

    /// The tokens of the text.
    pub(super) fn tokens(&self) -> Vec<Token> {
        let mut tokens: Vec<Token> = Vec::with_capacity(self.rows.len());
        let mut inside = 0;
        for (at, row) in self.rows.iter().enumerate() {
            match (row.id, tokens.last_mut()) {
                (RowId::Token(_, last), _) => {
                    tokens.push(Token { row: at, end: at + 1 });
                    inside = last;
                }
                (RowId::Word(number), Some(token)) if number <= inside => token.end = at + 1,
                (RowId::Word(_), _) => {
                    tokens.push(Token { row: at, end: at + 1 });
                    inside = 0;
                }
                (RowId::Empty, _) => {}
            }
        }
        tokens
    }

    /// Rows with the tag of a token: of the words of which it consists, or its own.
    pub(super) fn tagged_rows(&self, token: Token) -> impl Iterator<Item = (usize, &Row)> + Clone {
        let rows = (token.row..).zip(self.rows.get(token.row..token.end).unwrap_or_default());
        let is_long = token.end > token.row + 1;
        rows.filter(move |(at, row)| matches!(row.id, RowId::Word(_)) || *at == token.row && !is_long)
    }

    /// Tag of a token under a key: its own, or else the tags of its words together.
    pub(super) fn tag<'s>(&'s self, token: Token, key: &str, form: TagForm) -> Tag<'s> {
        let own = self.rows.get(token.row).and_then(|row| row.value(key));
        let own = own.and_then(|value| form.read(value)).filter(|tag| tag.label().is_some());
        let mut tags = self
            .tagged_rows(token)
            .filter_map(|(_, row)| form.read(row.value(key)?))
            .filter(|tag| tag.label().is_some());
        let Some(first) = own.or_else(|| tags.next()) else { return Tag::Outside };
        let last = if own.is_some() { first } else { tags.last().unwrap_or(first) };
        merged(first, last)
    }

    /// The text, and the range of each token in it.
    pub(super) fn text(&self, tokens: &[Token]) -> (String, Vec<TextRange>, Whole) {
        let rows = tokens.iter().filter_map(|token| self.rows.get(token.row));
        let mut joined = String::new();
        let mut words = Vec::with_capacity(tokens.len());
        for (at, row) in rows.clone().enumerate() {
            joined.push_str(&row.value("SpacesBefore").map(unescaped).unwrap_or_default());
            let start = joined.len();
            joined.push_str(row.form());
            words.push(TextRange::new(start, joined.len()));
            match (row.value("SpacesAfter"), row.value("SpaceAfter")) {
                (Some(spaces), _) => joined.push_str(&unescaped(spaces)),
                (None, Some("No")) => {}
                (None, _) if at + 1 < tokens.len() => joined.push(' '),
                (None, _) => {}
            }
        }
        let Some(given) = self.comment("text") else {
            let (joined, words) = trimmed(joined, words);
            return (joined, words, Whole::NotGiven);
        };
        if is_same_but_spaces(&joined, given) {
            return (joined, words, Whole::Fits);
        }
        // The white space after the last word of a sentence is usually that before the next sentence.
        let (joined, words) = trimmed(joined, words);
        if is_same_but_spaces(&joined, given) {
            return (joined, words, Whole::Fits);
        }
        match found_in(given, rows.map(Row::form)) {
            Some(words) => (given.to_owned(), words, Whole::Fits),
            None => (joined, words, Whole::Differs),
        }
    }
}

/// Whether a sentence has its text in a comment, and whether the words are those of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    NotGiven,
    Fits,
    Differs,
}

/// Splits a comment `# key = value`; further white space belongs to the value.
pub(super) fn keyed(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.trim_start_matches('#').split_once('=')?;
    Some((key.trim(), value.strip_prefix(' ').unwrap_or(value)))
}

/// The tag of a token whose first and last tagged words have these tags.
fn merged<'t>(first: Tag<'t>, last: Tag<'t>) -> Tag<'t> {
    let Tag::Inside { prefix: begin, label } = first else { return first };
    let Tag::Inside { prefix: end, .. } = last else { return first };
    let is_end = matches!(end, 'E' | 'L' | 'S' | 'U');
    let prefix = match (matches!(begin, 'B' | 'S' | 'U'), is_end) {
        (true, true) => 'S',
        (true, false) => 'B',
        (false, true) => 'E',
        (false, false) => 'I',
    };
    Tag::Inside { prefix, label }
}

/// Ranges of words in a text, between which there is only white space.
fn found_in<'w>(text: &str, words: impl Iterator<Item = &'w str>) -> Option<Vec<TextRange>> {
    let mut at = 0;
    let mut ranges = Vec::new();
    for word in words {
        let rest = text.get(at..)?;
        // A word may itself begin with white space.
        let start = if rest.starts_with(word) { at } else { text.len() - rest.trim_start().len() };
        text.get(start..)?.starts_with(word).then_some(())?;
        at = start + word.len();
        ranges.push(TextRange::new(start, at));
    }
    text.get(at..)?.trim().is_empty().then_some(ranges)
}

fn is_same_but_spaces(a: &str, b: &str) -> bool {
    let mut a = a.chars();
    let mut b = b.chars();
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some(one), Some(other)) if one == other || one.is_whitespace() && other.is_whitespace() => {}
            _ => return false,
        }
    }
}

/// Removes white space before the first and after the last word.
fn trimmed(text: String, words: Vec<TextRange>) -> (String, Vec<TextRange>) {
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return (text, words) };
    let cut = first.start;
    let inside = TextRange::new(cut, last.end).of(&text).to_owned();
    (inside, words.into_iter().map(|word| TextRange::new(word.start - cut, word.end - cut)).collect())
}

/// White space as UDPipe writes it in a value.
pub(super) fn escaped(spaces: &str) -> String {
    let mut out = String::new();
    for c in spaces.chars() {
        match c {
            ' ' => out.push_str("\\s"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\n' => out.push_str("\\n"),
            '|' => out.push_str("\\p"),
            '\\' => out.push_str("\\\\"),
            c => out.push(c),
        }
    }
    out
}

fn unescaped(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value.chars();
    while let Some(c) = rest.next() {
        match (c, c == '\\') {
            (_, true) => match rest.next() {
                Some('s') => out.push(' '),
                Some('t') => out.push('\t'),
                Some('r') => out.push('\r'),
                Some('n') => out.push('\n'),
                Some('p') => out.push('|'),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            (c, false) => out.push(c),
        }
    }
    out
}

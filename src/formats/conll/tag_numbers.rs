//! Files of tagged words whose tags are numbers, with names that the user gave: readers see the names.

use std::{
    cell::Cell,
    io::{self, BufRead, Read},
};

use super::{
    layout::{Prefer, TAG_FIRST_NAME},
    read,
};
use crate::formats::{
    Format, Problem, ReadOptions, Source, TagOptions, decode, problem::with_noun, sink::Reading, source::Unreadable,
};

/// Number of a word that trainers do not look at.
const IGNORED: &str = "-100";
/// Bytes of the beginning that show the columns.
const HEAD: usize = 1 << 16;
/// Longest line whose number is replaced, in bytes. No line of a word is as long.
const LONGEST_LINE: usize = 1 << 16;
/// Lines that must be there before numbers are taken for tags.
const FEWEST: usize = 2;

/// Reads any layout, with names in place of numbers. If several columns have tags, the tag is after the word.
pub(super) fn read_token_first(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    read_named(source, reading, Prefer::AfterWord)
}

/// As [`read_token_first`]; if several columns have tags, the tag is before the word.
pub(super) fn read_tag_first(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    read_named(source, reading, Prefer::BeforeWord)
}

fn read_named(source: &dyn Source, reading: &mut Reading<'_>, prefer: Prefer) -> Result<Vec<String>, Unreadable> {
    let options = reading.options;
    match NamedTags::of(source, options)? {
        Some(named) => {
            let read = read::read(&named, reading, prefer, named.options(options.tags));
            named.unnamed().into_iter().for_each(|problem| reading.problems.push(problem));
            read
        }
        None => read::read(source, reading, prefer, options.tags),
    }
}

/// Reads the tags of a file of any CoNLL layout, as the reader of columns does, with names in place of numbers.
pub(in crate::formats) fn read_tags(
    source: &dyn Source,
    format: &Format,
    options: &ReadOptions,
) -> (Vec<read::TagSentence>, Vec<Problem>) {
    let prefer = if format.name == TAG_FIRST_NAME { Prefer::BeforeWord } else { Prefer::AfterWord };
    match NamedTags::of(source, options) {
        Ok(Some(named)) => {
            let (sentences, mut problems) = read::read_tags(&named, prefer, &named.options(options.tags));
            problems.extend(named.unnamed());
            (sentences, problems)
        }
        Ok(None) => read::read_tags(source, prefer, &options.tags),
        Err(error) => (Vec::new(), vec![Problem::error(error.to_string())]),
    }
}

/// Whether a text has columns of words and of numbers that may be tags.
pub(in crate::formats) fn has_tag_numbers(text: &str) -> bool {
    Columns::of(text, None).is_some_and(|columns| columns.largest > 0)
}

/// A source whose tags are numbers, read with their names.
pub(in crate::formats) struct NamedTags<'a> {
    source: &'a dyn Source,
    names: &'a [String],
    columns: Columns,
    /// Whether rows get tabs between their cells, because a name has a blank, which would separate cells otherwise.
    gets_tabs: bool,
    /// The first number that has no name.
    unnamed: Cell<Option<usize>>,
}

impl<'a> NamedTags<'a> {
    /// Finds the column of the numbers; `None` if the user gave no names, or no column has them.
    ///
    /// # Errors
    /// The source cannot be read.
    pub(in crate::formats) fn of(source: &'a dyn Source, options: &'a ReadOptions) -> io::Result<Option<Self>> {
        let names = options.tag_names.as_slice();
        if names.is_empty() || source.files().is_some() {
            return Ok(None);
        }
        let mut head = Vec::new();
        decode::body(source)?.take(HEAD as u64).read_to_end(&mut head)?;
        let columns = Columns::of(decode::start_of(&head, HEAD), options.tags.tag_column);
        let has_blank = names.iter().any(|name| name.contains(BLANKS));
        Ok(columns.map(|columns| {
            let gets_tabs = has_blank && !columns.has_tabs;
            Self { source, names, columns, gets_tabs, unnamed: Cell::default() }
        }))
    }

    /// Whether the numbers at the beginning of the file have names.
    pub(in crate::formats) fn has_names(&self) -> bool {
        self.columns.largest < self.names.len()
    }

    /// The error of a number without a name, after the file was read.
    fn unnamed(&self) -> Option<Problem> {
        let (number, names) = (self.unnamed.get()?, self.names.len());
        let given = with_noun(names, "name");
        let message = format!("the tag number {number} has no name: --tag-names gives {given}, for 0 to {}", names - 1);
        Some(Problem::error(message).hint("give a name for each number, in order, such as O,B-Dish,I-Dish"))
    }

    /// Choices for the reader: a number in the first row is a tag, not the name of a column, also if it has no name.
    fn options(&self, options: TagOptions) -> TagOptions {
        TagOptions { header: options.header.or(self.columns.begins.then_some(false)), ..options }
    }
}

impl Source for NamedTags<'_> {
    fn bytes(&self) -> io::Result<Box<dyn Read + '_>> {
        // As in the search for columns, the byte order mark is no part of the first cell.
        let input = decode::body(self.source)?;
        Ok(Box::new(NamingReader { input, tags: self, line: Vec::new(), given: 0, is_inside: false }))
    }

    fn check_unchanged(&self) -> io::Result<()> {
        self.source.check_unchanged()
    }

    fn beside(&self, name: &str) -> Option<Vec<u8>> {
        self.source.beside(name)
    }
}

/// Columns of a file of words and numbers.
struct Columns {
    has_tabs: bool,
    width: usize,
    /// Column of the numbers, from 0.
    tag: usize,
    /// The largest number at the beginning of the file. The number 0 usually stands for O.
    largest: usize,
    /// Whether the first row has a number in this column.
    begins: bool,
}

impl Columns {
    /// Finds the column with numbers: the chosen one, or the last one that does not count the words.
    fn of(text: &str, chosen: Option<usize>) -> Option<Self> {
        let lines: Vec<&str> = decode::lines(text).map(|(_, line)| line).filter(|line| is_row(line)).collect();
        let has_tabs = lines.iter().filter(|line| line.contains('\t')).count() * 2 > lines.len();
        let rows: Vec<Vec<&str>> = lines.iter().map(|line| cells(line, has_tabs).collect()).collect();
        let width = rows.get(rows.len() / 2)?.len();
        let regular: Vec<&Vec<&str>> = rows.iter().filter(|row| row.len() == width).collect();
        if width < 2 || regular.len() < FEWEST || regular.len() * 10 < rows.len() * 9 {
            return None;
        }
        let values = |at: usize| -> Vec<Option<usize>> { regular.iter().map(|row| number(row.get(at)?)).collect() };
        let is_tags = |at: usize| {
            let values = values(at);
            let known = values.iter().flatten().count();
            // The first line may name the columns, and a few may have faults.
            known * 10 >= values.len().saturating_sub(1) * 9 && known > 0 && !is_count(&values)
        };
        let is_words = |at: usize| values(at).iter().flatten().count() * 2 < regular.len();
        let tag = match chosen {
            Some(at) => Some(at).filter(|at| *at < width && is_tags(*at)),
            None => (0..width).rev().find(|at| is_tags(*at)),
        }?;
        let has_words = (0..width).any(|at| at != tag && is_words(at));
        let largest = values(tag).into_iter().flatten().max().unwrap_or_default();
        let begins = regular.first().and_then(|row| row.get(tag)).is_some_and(|cell| number(cell).is_some());
        has_words.then_some(Self { has_tabs, width, tag, largest, begins })
    }
}

/// Whether a line is one of a word.
fn is_row(line: &str) -> bool {
    !line.trim().is_empty() && !line.starts_with(['#', '{', '[']) && !line.starts_with("-DOCSTART-")
}

/// What separates cells in a file without tabs, as in the reader of columns: other white space is a part of a word.
const BLANKS: [char; 2] = [' ', '\t'];

fn cells(line: &str, has_tabs: bool) -> Box<dyn Iterator<Item = &str> + '_> {
    match has_tabs {
        true => Box::new(line.split('\t').map(str::trim)),
        false => Box::new(line.split(BLANKS).filter(|cell| !cell.is_empty())),
    }
}

/// A number of a tag; the one of ignored words is 0.
fn number(cell: &str) -> Option<usize> {
    if cell == IGNORED { Some(0) } else { cell.parse().ok() }
}

/// Whether numbers count the words of sentences: 1, 2, 3, and from 1 again.
fn is_count(values: &[Option<usize>]) -> bool {
    let values: Vec<usize> = values.iter().flatten().copied().collect();
    let follows = |pair: &[usize]| matches!(pair, [a, b] if a.saturating_add(1) == *b || *b == 1);
    values.first() == Some(&1) && values.len() > 1 && values.windows(2).all(follows)
}

/// Reader that puts names in place of numbers, line by line.
struct NamingReader<'a, R> {
    input: R,
    tags: &'a NamedTags<'a>,
    /// Bytes of a line as they are handed over.
    line: Vec<u8>,
    /// Number of them that were handed over.
    given: usize,
    /// Whether they are a further part of a line that is too long to be one of a word.
    is_inside: bool,
}

impl<R: BufRead> NamingReader<'_, R> {
    /// Reads the next line, or the next part of a very long one.
    fn next_line(&mut self) -> io::Result<()> {
        self.line.clear();
        self.given = 0;
        let mut has_end = false;
        while self.line.len() < LONGEST_LINE {
            let bytes = self.input.fill_buf()?;
            let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let length = end.map_or(bytes.len(), |end| end + 1);
            self.line.extend_from_slice(bytes.get(..length).unwrap_or_default());
            self.input.consume(length);
            has_end = end.is_some() || length == 0;
            if has_end {
                break;
            }
        }
        let was_inside = std::mem::replace(&mut self.is_inside, !has_end);
        let is_whole = has_end && !was_inside;
        if is_whole && let Some(named) = std::str::from_utf8(&self.line).ok().and_then(|line| self.named(line)) {
            self.line = named.into_bytes();
        }
        Ok(())
    }

    /// The line as the reader sees it, if that is another: with the name of its number, with tabs between its cells.
    fn named(&self, line: &str) -> Option<String> {
        let body = line.trim_end_matches(['\n', '\r']);
        let end = line.get(body.len()..)?;
        let found = self.tag_of(body);
        if !self.tags.gets_tabs || !is_row(body) {
            let (cell, name) = found?;
            let start = cell.as_ptr() as usize - body.as_ptr() as usize;
            return Some(format!("{}{name}{}{end}", body.get(..start)?, body.get(start + cell.len()..)?));
        }
        let mut cells: Vec<&str> = cells(body, false).collect();
        if let Some(((_, name), cell)) = found.zip(cells.get_mut(self.tags.columns.tag)) {
            *cell = name;
        }
        // A blank at the end of a tag stands before a word that is empty.
        let is_short = cells.len() + 1 == self.tags.columns.width;
        let blank = if is_short && body.ends_with(BLANKS) { "\t" } else { "" };
        Some(format!("{}{blank}{end}", cells.join("\t")))
    }

    /// The cell of a row that has a number, and its name.
    fn tag_of<'l>(&self, row: &'l str) -> Option<(&'l str, &str)> {
        let Columns { has_tabs, width, tag, .. } = self.tags.columns;
        let cell = cells(row, has_tabs).nth(tag).filter(|_| cells(row, has_tabs).count() == width)?;
        if cell == IGNORED {
            return Some((cell, "O"));
        }
        let number = cell.parse::<usize>().ok()?;
        let name = self.tags.names.get(number);
        if name.is_none() && self.tags.unnamed.get().is_none() {
            self.tags.unnamed.set(Some(number));
        }
        name.map(|name| (cell, name.as_str()))
    }
}

impl<R: BufRead> Read for NamingReader<'_, R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.given == self.line.len() {
            self.next_line()?;
        }
        let rest = self.line.get(self.given..).unwrap_or_default();
        let length = rest.len().min(bytes.len());
        bytes.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        self.given += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{
        Read as Found,
        conll::{CONLL2002, TAG_FIRST},
        detect, detect_with,
    };

    fn options() -> ReadOptions {
        let tag_names = ["O", "B-Dish", "I-Dish"].map(str::to_owned).into();
        ReadOptions { tag_names, ..ReadOptions::default() }
    }

    fn spans(found: &Found) -> Vec<String> {
        let pairs = found.corpus.pairs();
        let texts = pairs.flat_map(|(document, annotation)| {
            annotation
                .spans()
                .iter()
                .map(|span| format!("{} {}", span.range.of(&document.text), found.corpus.labels.name(span.label)))
        });
        texts.collect()
    }

    #[test]
    fn numbers_in_any_column_are_read_by_their_names() {
        for text in [
            "good\t0\npad\t1\nthai\t2\n\n4\t0\nsoup\t1\n",
            "good 0\rpad 1\rthai 2\r\r4 0\rsoup 1\r",
            "1\tgood\t0\r\n2\tpad\t1\r\n3\tthai\t2\r\n\r\n1\t4\t-100\r\n2\tsoup\t1\r\n",
            "0\tgood\n1\tpad\n2\tthai\n\n0\t4\n1\tsoup\n",
            "word tag\ngood 0\npad 1\nthai 2\n\n4 0\nsoup 1",
        ] {
            let guess = detect_with("a.txt", &text.as_bytes(), &options()).unwrap();
            let found = guess.format.read(text.as_bytes(), &options());
            assert_eq!(spans(&found), ["pad thai Dish", "soup Dish"], "{text:?} {:?}", found.problems);
            let (tags, problems) = read_tags(&text.as_bytes(), &CONLL2002, &options());
            assert_eq!((tags.len(), tags[0].tags.join(" ").as_str()), (2, "O B-Dish I-Dish"), "{problems:?}");
            // Without names the file is refused, and the option is named.
            let guess = detect("a.txt", text.as_bytes());
            let bare = guess.format.read(text.as_bytes(), &ReadOptions::default());
            assert!(bare.has_errors() && bare.problems[0].to_string().contains("--tag-names"), "{:?}", bare.problems);
        }
    }

    #[test]
    fn the_first_row_stays_with_a_byte_order_mark_and_with_a_number_without_a_name() {
        let rows = "0\tgood\n1\tpad\n2\tthai\n";
        for text in [format!("\u{feff}{rows}"), "\u{feff}good 0\npad 1\nthai 2\n".to_owned()] {
            let guess = detect_with("a.bio", &text.as_bytes(), &options()).unwrap();
            let found = guess.format.read(text.as_bytes(), &options());
            let words: Vec<&str> = found.corpus.documents.iter().flat_map(|one| one.word_texts()).collect();
            assert_eq!(
                (words, spans(&found)),
                (vec!["good", "pad", "thai"], vec!["pad thai Dish".to_owned()]),
                "{text:?}"
            );
            assert_eq!(
                read_tags(&text.as_bytes(), &CONLL2002, &options()).0[0].tags,
                ["O", "B-Dish", "I-Dish"],
                "{text:?}"
            );
        }
        let text = format!("7\tmild\n{}", rows.repeat(10));
        let found = TAG_FIRST.read(text.as_bytes(), &options());
        let first = &found.problems[0];
        assert!(found.has_errors() && first.line == Some(1) && first.message.contains("`7`"), "{:?}", found.problems);
        let (_, problems) = read_tags(&text.as_bytes(), &CONLL2002, &options());
        assert!(problems[0].line == Some(1) && problems[0].message.contains("`7`"), "{problems:?}");
    }

    #[test]
    fn tags_with_names_of_their_own_stay_and_a_number_without_a_name_is_an_error() {
        let text = "good\tO\npad\tB-Dish\n2\tO\n";
        assert_eq!(spans(&CONLL2002.read(text.as_bytes(), &options())), ["pad Dish"]);
        let rows = "good\t0\npad\t1\n".repeat(20);
        let found = CONLL2002.read(format!("{rows}thai\t7\n").as_bytes(), &options());
        assert!(found.has_errors() && found.problems[0].message.contains("`7`"), "{:?}", found.problems);
        // A line that is too long to be one of a word is not changed.
        let long = format!("{rows}\n{}\t0\n\n{rows}", "a".repeat(3 * LONGEST_LINE));
        let found = CONLL2002.read(long.as_bytes(), &options());
        assert_eq!((found.corpus.documents.len(), found.problems[0].line), (2, Some(42)), "{:?}", found.problems);
    }

    #[test]
    fn names_with_blanks_are_the_same_with_tabs_and_with_spaces() {
        let tag_names: Vec<String> = ["O", "B-Main dish", "I-Main dish"].map(str::to_owned).into();
        let options = ReadOptions { tag_names, ..ReadOptions::default() };
        for text in [
            "good\t0\npad\t1\nthai\t2\n\n4\t0\nsoup\t1\n",
            "good 0\npad 1\nthai 2\n\n4 0\nsoup 1\n",
            "0 good\r\n1  pad \r\n2 thai\r\n\r\n0 4\r\n1 soup",
        ] {
            let guess = detect_with("a.txt", &text.as_bytes(), &options).unwrap();
            let found = guess.format.read(text.as_bytes(), &options);
            assert_eq!(spans(&found), ["pad thai Main dish", "soup Main dish"], "{text:?} {:?}", found.problems);
            let (tags, _) = read_tags(&text.as_bytes(), &CONLL2002, &options);
            assert_eq!(tags[0].tags, ["O", "B-Main dish", "I-Main dish"], "{text:?}");
        }
        // White space that separates no columns is a part of a word.
        let found = CONLL2002.read("good\u{a0}pad 1\nthai 2\nfor 0\n".as_bytes(), &options);
        assert_eq!(spans(&found), ["good\u{a0}pad thai Main dish"], "{:?}", found.problems);
    }

    #[test]
    fn too_few_names_are_said_with_their_number() {
        let expected = "the tag number 5 has no name: --tag-names gives 3 names, for 0 to 2";
        for rows in ["good\t0\npad\t5\nthai\t7\n\n", "good 0\npad 5\nthai 7\n\n", "good 0\npad 1\n\n"] {
            // Also far behind what shows the columns.
            let text = rows.repeat(9_000) + "so\t5\n";
            let text = if rows.contains('\t') { text } else { text.replace('\t', " ") };
            let guess = detect_with("a.txt", &text.as_bytes(), &options()).unwrap();
            let found = guess.format.read(text.as_bytes(), &options());
            let messages: Vec<&str> = found.problems.iter().map(|problem| problem.message.as_str()).collect();
            assert!(messages.contains(&expected), "{} {messages:?}", guess.why);
            let (_, problems) = read_tags(&text.as_bytes(), &CONLL2002, &options());
            assert!(problems.iter().any(|problem| problem.message == expected), "{problems:?}");
        }
    }
}

//! The table of formats.
//!
//! A format is described in its own file by a constant of type [`Format`]; [`FORMATS`] lists them in the order in which
//! users see them. Every other list of formats (arguments, completions, the question before an export) derives from it.

use super::{
    conll::tag_numbers::has_tag_numbers,
    decode,
    format::{DetectFn, Format, Sample},
    problem::quoted,
    source::Takes,
};
use crate::spans::tag_form::TagForm;

/// All formats that can be read and written.
pub static FORMATS: &[&Format] = &[
    &super::plain::FORMAT,
    &super::jsonl::FORMAT,
    &super::conll::CONLL2003,
    &super::conll::CONLL2002,
    &super::conll::TAG_FIRST,
    &super::conll::conllu::FORMAT,
    &super::conll::conll2012::FORMAT,
    &super::label_studio::FORMAT,
    &super::label_studio::JSON_MIN,
    &super::label_studio::CSV,
    &super::label_studio::TSV,
    &super::label_studio::conll::FORMAT,
    &super::doccano::FORMAT,
    &super::prodigy::FORMAT,
    &super::hugging_face::JSONL,
    &super::hugging_face::PARQUET,
    &super::spacy::FORMAT,
    &super::spacy_json::FORMAT,
    &super::csv::FORMAT,
    &super::argilla::FORMAT,
    &super::brat::FORMAT,
    &super::webanno_tsv::FORMAT,
    &super::cas_json::FORMAT,
    &super::yedda::FORMAT,
    &super::slate::FORMAT,
];

/// Name under which columns of words and numbers without names are recognised.
pub(super) const NUMBERED: &str = "tag-numbers";

/// Formats that are recognised so that the error can name them.
/// Nothing reads or writes them yet.
static RECOGNISED: &[Format] = &[
    unknown("json", "the file is JSON of a kind that no reader knows", is_json),
    unknown("tags", "the file has tags and no words", has_only_tags),
    unknown(
        "sentence-rows",
        "each line has a whole sentence and its tags; write one word with its tag on each line",
        has_sentence_rows,
    ),
    unknown(
        "marked-columns",
        "the file has columns with `;`, `,` or `|` between them; tagged words have tabs or blanks there",
        has_marked_columns,
    ),
    unknown(
        NUMBERED,
        "the file has tagged words whose tags are numbers without names; --tag-names O,B-Dish,I-Dish gives the names in the \
         order of the numbers, or a file with one per line",
        has_numbered_tags,
    ),
    unknown(
        "tagged-lines",
        "some lines have tags such as B-Dish, and others have another form; --format conll2002 reads the file as tagged words \
         and names the lines that are none",
        has_some_tags,
    ),
    unknown("columns", "the file has columns as tagged words have, but no column holds tags", has_columns),
];

/// A format that a file may have.
#[derive(Clone, Debug)]
pub struct Guess {
    /// The format.
    pub format: &'static Format,
    /// From 0 to 100.
    pub confidence: u8,
    /// The reason, in plain words.
    pub why: String,
}

/// The formats that a file may have, likeliest first.
/// Empty only for bytes that are no text.
pub(super) fn guesses(name: &str, bytes: &[u8]) -> Vec<Guess> {
    let sample = Sample::new(name, bytes);
    let mut guesses: Vec<Guess> = FORMATS
        .iter()
        .copied()
        .chain(RECOGNISED)
        .filter_map(|format| {
            let (confidence, why) = (format.detect)(&sample)?;
            Some(Guess { format, confidence, why })
        })
        .collect();
    guesses.sort_by_key(|guess| std::cmp::Reverse(guess.confidence));
    guesses
}

/// No format has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown format {}; use one of {}", quoted(.0), names())]
pub struct UnknownFormat(String);

/// The format with this name.
///
/// # Errors
/// There is none; the error lists all names.
pub fn find(name: &str) -> Result<&'static Format, UnknownFormat> {
    let found = FORMATS.iter().copied().find(|format| format.name == name);
    found.ok_or_else(|| UnknownFormat(name.to_owned()))
}

/// The names of all formats, with commas between them.
pub fn names() -> String {
    FORMATS.iter().map(|format| format.name).collect::<Vec<_>>().join(", ")
}

/// The format for a new file with this extension.
/// The extension is without dot and in lower case.
pub fn find_by_extension(extension: &str) -> Option<&'static Format> {
    FORMATS.iter().copied().find(|format| format.extensions.contains(&extension))
}

const fn recognised(name: &'static str, detect: DetectFn) -> Format {
    Format {
        name,
        about: "",
        extensions: &[],
        cannot_hold: "",
        keeps_text: true,
        takes: Takes::OneFile,
        detect,
        read: None,
        write: None,
    }
}

/// A kind of file that is not taken for plain text.
const fn unknown(name: &'static str, about: &'static str, detect: DetectFn) -> Format {
    Format { about, ..recognised(name, detect) }
}

/// Confidence above plain text and below every format with a reader.
const UNKNOWN: u8 = 35;

/// Accepts a text whose first line, or whose beginning, is JSON.
fn is_json(sample: &Sample<'_>) -> Option<(u8, String)> {
    let start = sample.text.trim_start();
    if !start.starts_with(['{', '[']) {
        return None;
    }
    let mut values = serde_json::Deserializer::from_str(start).into_iter::<serde::de::IgnoredAny>();
    let is_json = match values.next()? {
        // A text may begin with a word in brackets.
        Ok(_) => {
            let rest = start.get(values.byte_offset()..).unwrap_or_default().trim_start();
            rest.is_empty() || rest.starts_with(['{', ','])
        }
        // The sample ends in the middle of a value.
        Err(error) => error.is_eof() && (decode::lines(start).count() > 1 || sample.bytes.len() > Sample::LONGEST),
    };
    is_json.then(|| (UNKNOWN, "JSON".to_owned()))
}

/// Accepts a text whose words are all tags, some of them with a label.
fn has_only_tags(sample: &Sample<'_>) -> Option<(u8, String)> {
    let mut words = sample.text.split_whitespace();
    let has_label = words.clone().any(|word| TagForm::OURS.reads(word));
    let is_all = words.all(|word| word == "O" || TagForm::OURS.reads(word));
    (has_label && is_all).then(|| (UNKNOWN, "tags".to_owned()))
}

/// The lines with something in them, and the number of empty ones between them, whatever the line ends.
fn lines_of<'s>(sample: &Sample<'s>) -> (Vec<&'s str>, usize) {
    let lines = decode::lines(sample.text.trim()).map(|(_, line)| line);
    let (empty, full): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.trim().is_empty());
    (full, empty.len())
}

/// Lines from which they show columns.
const FEWEST: usize = 3;

/// Whether nearly all lines are of a kind.
fn most(lines: &[&str], which: impl Fn(&str) -> bool) -> bool {
    lines.len() >= FEWEST && lines.iter().filter(|line| which(line)).count() * 10 >= lines.len() * 9
}

fn has_short_cells(line: &str) -> bool {
    !line.starts_with('\t') && line.split('\t').all(|cell| cell.split_whitespace().count() <= 2)
}

/// Accepts lines that nearly all have the same columns, which are those of words.
/// Columns: two or more cells between tabs; or two words, with empty lines between some; or words with bars.
fn has_columns(sample: &Sample<'_>) -> Option<(u8, String)> {
    let (lines, blank) = lines_of(sample);
    let tabs = lines.first()?.matches('\t').count();
    let in_tabs = tabs > 0 && most(&lines, |line| line.matches('\t').count() == tabs && has_short_cells(line));
    let in_pairs = blank > 0 && most(&lines, |line| line.split_whitespace().count() == 2) && lines.len() >= 2 * blank;
    let mut words = lines.iter().flat_map(|line| line.split_whitespace());
    let in_bars = words.clone().count() > FEWEST && words.all(|word| word.contains('|'));
    (in_tabs || in_pairs || in_bars).then(|| (UNKNOWN, "lines with columns".to_owned()))
}

/// Accepts columns of words and of numbers that may be tags.
fn has_numbered_tags(sample: &Sample<'_>) -> Option<(u8, String)> {
    has_columns(sample).filter(|_| has_tag_numbers(sample.text)).map(|_| (UNKNOWN + 1, "words and numbers".to_owned()))
}

/// Accepts lines of which a third or more begin or end with a tag that has a label.
fn has_some_tags(sample: &Sample<'_>) -> Option<(u8, String)> {
    let is_tagged = |line: &str| {
        let mut cells = line.split_whitespace();
        let ends = cells.next().zip(cells.next_back());
        ends.is_some_and(|(first, last)| TagForm::OURS.reads(first) || TagForm::OURS.reads(last))
    };
    let (lines, _) = lines_of(sample);
    let tagged = lines.iter().filter(|line| is_tagged(line)).count();
    (tagged > 1 && tagged * 3 >= lines.len()).then(|| (UNKNOWN, "some lines with tags".to_owned()))
}

/// Accepts lines of single words with one of these marks between them.
fn has_marked_columns(sample: &Sample<'_>) -> Option<(u8, String)> {
    let (lines, _) = lines_of(sample);
    let found = [';', ',', '|'].into_iter().any(|mark| {
        let count = lines.first().map_or(0, |line| line.matches(mark).count());
        let cells_are_words = |line: &&str| line.split(mark).all(|cell| !cell.trim().contains(char::is_whitespace));
        let regular = lines.iter().filter(|line| line.matches(mark).count() == count && cells_are_words(line)).count();
        count > 0 && lines.len() > 2 && 10 * regular >= 9 * lines.len()
    });
    found.then(|| (UNKNOWN + 1, "lines of words with marks between them".to_owned()))
}

/// Accepts lines of a sentence, a tab, and as many tags as it has words, or the other way round.
fn has_sentence_rows(sample: &Sample<'_>) -> Option<(u8, String)> {
    let mut several = false;
    let mut lines = lines_of(sample).0.into_iter().peekable();
    lines.next_if(|line| !is_sentence_row(line, &mut several));
    lines.peek()?;
    let all = lines.all(|line| is_sentence_row(line, &mut several));
    (all && several).then(|| (SENTENCE_ROWS, "lines of a sentence and its tags".to_owned()))
}

/// Above the readers of columns, which would take the sentence for one word.
const SENTENCE_ROWS: u8 = 92;

fn is_sentence_row(line: &str, several: &mut bool) -> bool {
    let Some((a, b)) = line.split_once('\t') else { return false };
    let found = [(a, b), (b, a)].into_iter().find(|(words, tags)| {
        let count = words.split_whitespace().count();
        count == tags.split_whitespace().count()
            && tags.split_whitespace().all(|tag| tag == "O" || TagForm::OURS.reads(tag))
    });
    *several |= found.is_some_and(|(words, _)| words.split_whitespace().count() > 1);
    found.is_some()
}

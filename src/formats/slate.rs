//! `slate`: annotations of SLATE, which is only read.
//!
//! A file `reviews.txt.annotations` is beside the text `reviews.txt`; both are in a folder or an archive. A line of it names
//! a place by line and word, or by two such places of which the last one belongs to it, and then the labels:
//! `((3, 5), (3, 8)) - Dish`. Nothing in it is evaluated.

use std::{
    collections::BTreeMap,
    io::{self, Read},
};

use super::{
    decode::Lines,
    format::{Format, Sample},
    problem::{Problem, quoted, with_noun},
    sink::{Found, Reading},
    source::{Source, Unreadable},
};
use crate::{
    spans::{Document, Status},
    text::{Grid, TextRange},
};

/// Row of the table of formats.
pub(super) const FORMAT: Format = Format {
    name: "slate",
    about: "SLATE: a text and NAME.annotations beside it (read only)",
    extensions: &["annotations"],
    cannot_hold: "everything: this format is only read",
    keeps_text: true,
    detect,
    read: Some(read),
    write: None,
};

/// End of the name of a file with annotations, behind the name of its text.
pub(super) const ENDING: &str = ".annotations";
/// Longest text of a pair, in bytes: a text with spans over several lines is one document.
const LONGEST: u64 = 64 << 20;

/// Accepts lines with places and labels, so that the reader can ask for the text.
fn detect(sample: &Sample<'_>) -> Option<(u8, String)> {
    let mut lines = sample.text.lines().filter(|line| !line.trim().is_empty());
    let is_slate = lines.clone().next().is_some() && lines.all(|line| Mark::read(line).is_some());
    is_slate.then(|| (if sample.extension == "annotations" { 90 } else { 60 }, "places and labels of SLATE".to_owned()))
}

/// A place: line, word, and character of the word, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    line: usize,
    word: Option<usize>,
    character: Option<usize>,
}

/// A line of a file with annotations.
#[derive(Debug, PartialEq, Eq)]
struct Mark<'l> {
    /// First and last place; several for a link.
    places: Vec<Place>,
    labels: Vec<&'l str>,
    is_link: bool,
}

impl<'l> Mark<'l> {
    /// Reads a line; `None` if it has another form.
    fn read(line: &'l str) -> Option<Self> {
        let (item, labels) = line.split_once(" - ").or_else(|| Some((line.strip_suffix(" -")?, "")))?;
        let mut rest = item.trim();
        let mut items = Vec::new();
        while !rest.is_empty() {
            let (places, after) = places(rest)?;
            items.push(places);
            rest = after.trim_start();
        }
        let labels: Vec<&str> = labels
            .split_whitespace()
            .map(|label| label.strip_prefix("label:").unwrap_or(label))
            .filter(|label| !label.is_empty())
            .collect();
        let is_link = items.len() != 1 || labels.first().is_some_and(|label| label.starts_with('('));
        Some(Self { places: items.into_iter().next().unwrap_or_default(), labels, is_link })
    }
}

/// Reads an item: a number, a tuple of numbers, or a tuple of two tuples. Returns the rest of the line, too.
fn places(text: &str) -> Option<(Vec<Place>, &str)> {
    let Some(inside) = text.strip_prefix('(') else {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let line = text.get(..end)?.parse().ok()?;
        return Some((vec![Place { line, word: None, character: None }], text.get(end..)?));
    };
    if inside.trim_start().starts_with('(') {
        let (first, rest) = tuple(inside.trim_start())?;
        let (last, rest) = tuple(rest.trim_start().strip_prefix(',')?.trim_start())?;
        return Some((vec![first, last], rest.trim_start().strip_prefix(')')?));
    }
    tuple(text).map(|(place, rest)| (vec![place], rest))
}

/// Reads one to three numbers in brackets.
fn tuple(text: &str) -> Option<(Place, &str)> {
    let (inside, rest) = text.strip_prefix('(')?.split_once(')')?;
    let numbers: Vec<usize> = inside
        .trim_end_matches([',', ' '])
        .split(',')
        .map(|number| number.trim().parse().ok())
        .collect::<Option<_>>()?;
    match numbers.as_slice() {
        [line] => Some((Place { line: *line, word: None, character: None }, rest)),
        [line, word] => Some((Place { line: *line, word: Some(*word), character: None }, rest)),
        [line, word, character] => Some((Place { line: *line, word: Some(*word), character: Some(*character) }, rest)),
        _ => None,
    }
}

/// Reads the pairs of a folder or an archive.
fn read(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    let Some(files) = source.files() else {
        let message = "annotations of SLATE without their text";
        let hint = "give the folder (or a zip file) with the text and its file NAME.annotations";
        reading.problems.push(Problem::error(message).hint(hint));
        return Ok(Vec::new());
    };
    let mut counts = Counts::default();
    let mut pairs = 0;
    for (at, name) in files.names().iter().enumerate() {
        let Some(stem) = name.strip_suffix(ENDING) else { continue };
        let Some(text) = files.names().iter().position(|other| other == stem) else {
            reading.problems.push(Problem::warning(format!("{} has no text beside it: left out", quoted(name))));
            continue;
        };
        pairs += 1;
        let (text, marks) = (files.open(text)?, files.open(at)?);
        read_pair(&*text, &*marks, &mut counts, reading)?;
    }
    counts.report(reading);
    let texts = with_noun(reading.documents(), "text");
    Ok(vec![format!("{} of SLATE files", with_noun(pairs, "pair")), texts, reading.spans_text()])
}

#[derive(Default)]
struct Counts {
    others: usize,
    outside: usize,
}

impl Counts {
    fn report(self, reading: &mut Reading<'_>) {
        if self.others > 0 {
            let marks = with_noun(self.others, "annotation");
            let message = format!("{marks} of whole lines or links between places: not read");
            reading.problems.push(Problem::note(message));
        }
        if self.outside > 0 {
            let marks = with_noun(self.outside, "annotation");
            let message = format!("{marks} of places that the text does not have: left out");
            reading.problems.push(Problem::warning(message));
        }
    }
}

/// A span by its first and last place.
struct Placed {
    first: Place,
    last: Place,
    label: String,
}

/// Reads a text with its annotations: a line is a document, unless a span has words of several lines.
fn read_pair(
    text: &dyn Source,
    marks: &dyn Source,
    counts: &mut Counts,
    reading: &mut Reading<'_>,
) -> Result<(), Unreadable> {
    let mut by_line: BTreeMap<usize, Vec<Placed>> = BTreeMap::new();
    let mut is_whole = false;
    let mut lines = Lines::of(marks)?;
    while let Some((number, line)) = lines.next_line()? {
        if line.trim().is_empty() {
            continue;
        }
        let Some(mark) = Mark::read(line) else {
            let problem = Problem::error(format!("not a place and labels: {}", quoted(line))).at(number);
            reading.problems.push(problem.hint("a line of SLATE is such as (3, 5) - Dish"));
            continue;
        };
        let ends =
            mark.places.first().zip(mark.places.last()).filter(|(first, _)| first.word.is_some() && !mark.is_link);
        let Some((first, last)) = ends else {
            counts.others += 1;
            continue;
        };
        is_whole |= first.line != last.line;
        for label in mark.labels {
            let one = Placed { first: *first, last: *last, label: label.to_owned() };
            by_line.entry(first.line).or_default().push(one);
        }
    }
    if is_whole {
        return read_whole(text, by_line, counts, reading);
    }
    let mut lines = Lines::of(text)?;
    while let Some((number, line)) = lines.next_line()? {
        let marks = by_line.remove(&(number - 1)).unwrap_or_default();
        if line.trim().is_empty() {
            counts.outside += marks.len();
            continue;
        }
        let words = crate::text::words::split(line, Grid::Space);
        push(line.to_owned(), marks, counts, reading, |place| at(line, &words, place))?;
    }
    counts.outside += by_line.into_values().map(|marks| marks.len()).sum::<usize>();
    Ok(())
}

/// Reads a text as one document.
fn read_whole(
    source: &dyn Source,
    by_line: BTreeMap<usize, Vec<Placed>>,
    counts: &mut Counts,
    reading: &mut Reading<'_>,
) -> Result<(), Unreadable> {
    let size = io::copy(&mut source.bytes()?.take(LONGEST + 1), &mut io::sink())?;
    if size > LONGEST {
        reading
            .problems
            .push(Problem::error("a text with spans over several lines is one document, and this one is too long"));
        return Ok(());
    }
    let mut text = String::new();
    let mut words: Vec<Vec<TextRange>> = Vec::new();
    let mut lines = Lines::of(source)?;
    while let Some((number, line)) = lines.next_line()? {
        if number > 1 {
            text.push('\n');
        }
        let start = text.len();
        let split = crate::text::words::split(line, Grid::Space).into_iter();
        words.push(split.map(|word| TextRange::new(word.start + start, word.end + start)).collect());
        text.push_str(line);
    }
    let marks = by_line.into_values().flatten().collect();
    let place_text = text.clone();
    push(text, marks, counts, reading, |place| at(&place_text, words.get(place.line)?, place))
}

/// Range of the word or the character at a place.
fn at(text: &str, words: &[TextRange], place: Place) -> Option<TextRange> {
    let word = *words.get(place.word?)?;
    let Some(character) = place.character else { return Some(word) };
    let (start, c) = word.of(text).char_indices().nth(character)?;
    Some(TextRange::new(word.start + start, word.start + start + c.len_utf8()))
}

fn push(
    text: String,
    marks: Vec<Placed>,
    counts: &mut Counts,
    reading: &mut Reading<'_>,
    range: impl Fn(Place) -> Option<TextRange>,
) -> Result<(), Unreadable> {
    let mut spans = Vec::with_capacity(marks.len());
    for Placed { first, last, label } in marks {
        match range(first).zip(range(last)).filter(|(first, last)| first.start < last.end) {
            Some((first, last)) => spans.push((first.join(last), reading.label(&label))),
            None => counts.outside += 1,
        }
    }
    let mut document = Document::new(reading.next_id(), text, reading.options.grid);
    document.split = reading.options.split;
    reading.push(Found { document, spans, status: Status::Done })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{FoundDocuments, Read as ReadResult, ReadOptions, Severity};

    fn pair(text: &str, marks: &str) -> (Vec<String>, Vec<String>, Vec<Problem>) {
        let options = ReadOptions::default();
        let mut found = FoundDocuments::new(options.labels.clone());
        let mut reading = Reading::new(&options, &mut found);
        let mut counts = Counts::default();
        read_pair(&text.as_bytes(), &marks.as_bytes(), &mut counts, &mut reading).unwrap();
        counts.report(&mut reading);
        let (problems, names) = reading.finish();
        let corpus = found.with_names(names).into_corpus();
        let spans = corpus.pairs().flat_map(|(document, annotation)| {
            let labels = &corpus.labels;
            let name =
                |span: &crate::spans::Span| format!("{}:{}", labels.name(span.label), span.range.of(&document.text));
            annotation.spans().iter().map(name).collect::<Vec<_>>()
        });
        let spans = spans.collect();
        let texts = corpus.documents.iter().map(|document| document.text.to_string()).collect();
        (texts, spans, problems)
    }

    #[test]
    fn places_are_words_from_0_and_the_last_one_belongs_to_the_span() {
        let (texts, spans, problems) = pair(
            "good fish  tacos!\n\nin Caf\u{e9} Bari\n",
            "((0, 1), (0, 2)) - Dish label:Food\n(2, 2) - LOC\n((2, 1, 3), (2, 1, 3)) - E\n2 - line\n(2,1) (2,2) - \n(9, 0) - X\nimport os - X\n",
        );
        assert_eq!(texts, ["good fish  tacos!", "in Caf\u{e9} Bari"]);
        assert_eq!(spans, ["Dish:fish  tacos!", "Food:fish  tacos!", "E:\u{e9}", "LOC:Bari"]);
        let severities: Vec<_> = problems.iter().map(|problem| (problem.severity, problem.line)).collect();
        assert_eq!(severities, [(Severity::Error, Some(7)), (Severity::Note, None), (Severity::Warning, None)]);
        assert!(problems[1].message.starts_with("2 annotations") && problems[2].message.starts_with("1 annotation "));
    }

    #[test]
    fn a_text_with_spans_over_lines_is_one_document() {
        let (texts, spans, problems) = pair("a b\nc d", "((0, 1), (1, 0)) - X\n(1, 1) - Y\n");
        assert_eq!(
            (texts.as_slice(), spans.as_slice()),
            (&["a b\nc d".to_owned()][..], &["X:b\nc".to_owned(), "Y:d".to_owned()][..])
        );
        assert!(problems.is_empty());
    }

    #[test]
    fn annotations_alone_ask_for_their_text() {
        let read: ReadResult = FORMAT.read(b"(0, 1) - Dish\n", &ReadOptions::default());
        assert!(read.problems[0].message.contains("without their text"));
        assert_eq!(crate::formats::detect("a.txt.annotations", b"(0, 1) - Dish\n").format.name, "slate");
    }
}

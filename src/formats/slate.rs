//! `slate`: annotations of SLATE, which is only read.
//!
//! A file `reviews.txt.annotations` is beside the text `reviews.txt`; both are in a folder or an archive. A line of it names
//! a place by line and word, or by two such places of which the last one belongs to it, and then the labels:
//! `((3, 5), (3, 8)) - Dish`. Nothing in it is evaluated.

use std::{
    collections::{HashMap, HashSet},
    io::{self, Read},
};

use super::{
    container::members::{report_left_out, report_unreadable},
    decode::{self, Lines},
    drafts::status_without_all,
    format::{Format, Sample},
    problem::{Problem, quoted, with_noun},
    sink::{Found, LabelNames, NameIndex, Reading},
    source::{Files, Source, Takes, Unreadable},
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
    takes: Takes::Folder,
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
    let mut lines = decode::lines(sample.text).map(|(_, line)| line).filter(|line| !line.trim().is_empty());
    let is_slate = lines.clone().next().is_some() && lines.all(|line| Mark::read(line).is_some());
    is_slate.then(|| (if sample.extension == "annotations" { 90 } else { 60 }, "places and labels of SLATE".to_owned()))
}

/// A place: line, word, and character of the word, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    line: u32,
    word: Option<u32>,
    character: Option<u32>,
}

/// A place in little memory: a file may have more annotations than its text has characters.
#[derive(Clone, Copy)]
struct SmallPlace {
    line: u32,
    /// Word and character counted from 1; 0 if there is none. No text has as many as the largest number.
    word: u32,
    character: u32,
}

impl From<Place> for SmallPlace {
    fn from(Place { line, word, character }: Place) -> Self {
        let [word, character] = [word, character].map(|number| number.map_or(0, |number| number.saturating_add(1)));
        Self { line, word, character }
    }
}

impl From<SmallPlace> for Place {
    fn from(SmallPlace { line, word, character }: SmallPlace) -> Self {
        Self { line, word: word.checked_sub(1), character: character.checked_sub(1) }
    }
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
    let numbers: Vec<u32> = inside
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

/// Reads the texts of a folder or an archive with their annotations.
fn read(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    let Some(files) = source.files() else {
        let message = "annotations of SLATE without their text";
        let hint = "give the folder (or a zip file) with the text and its file NAME.annotations";
        reading.problems.push(Problem::error(message).hint(hint));
        return Ok(Vec::new());
    };
    report_left_out(files, reading);
    let pairs = Pairs::of(files.names());
    let mut counts = Counts::default();
    for index in 0..files.names().len() {
        let done = read_file(files, index, &pairs, &mut counts, reading);
        report_unreadable(done, reading)?;
    }
    reading.problems.set_file(None);
    let read = format!("{} of SLATE files", with_noun(counts.pairs, "pair"));
    counts.report(reading);
    Ok(vec![read, with_noun(reading.documents(), "text"), reading.spans_text()])
}

/// Names of the files of a folder.
struct Pairs<'n> {
    places: HashMap<&'n str, usize>,
    /// Extensions of texts that have annotations.
    extensions: HashSet<&'n str>,
}

impl<'n> Pairs<'n> {
    fn of(names: &'n [String]) -> Self {
        let places: HashMap<&str, usize> = names.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
        let texts = names.iter().filter_map(|name| name.strip_suffix(ENDING)).filter(|text| places.contains_key(text));
        Self { extensions: texts.map(extension).collect(), places }
    }

    /// Index and name of the annotations of a text.
    fn annotations(&self, text: &str) -> Option<(usize, &'n str)> {
        self.places.get_key_value(format!("{text}{ENDING}").as_str()).map(|(name, at)| (*at, *name))
    }
}

/// Extension of a file's name; empty without one.
fn extension(name: &str) -> &str {
    let base = name.rsplit('/').next().unwrap_or(name);
    base.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// Reads a file of a folder, if it is a text. A text of the same kind as those with annotations is to do if it has none.
fn read_file(
    files: &dyn Files,
    index: usize,
    pairs: &Pairs<'_>,
    counts: &mut Counts,
    reading: &mut Reading<'_>,
) -> Result<(), Unreadable> {
    let name = files.names().get(index).map_or("", String::as_str);
    reading.problems.set_file(Some(name));
    if let Some(text) = name.strip_suffix(ENDING) {
        if !pairs.places.contains_key(text) {
            let message = format!("its text, {}, is missing: left out", quoted(text));
            reading.problems.push(Problem::warning(message).hint("both files must be in the same folder"));
        }
        return Ok(());
    }
    let marks = match pairs.annotations(name) {
        Some((at, annotations)) => {
            counts.pairs += 1;
            reading.problems.set_file(Some(annotations));
            let marks = Marks::read(&*files.open(at)?, counts, reading)?;
            reading.problems.set_file(Some(name));
            marks
        }
        None if pairs.extensions.contains(extension(name)) => {
            counts.unannotated += 1;
            Marks::default()
        }
        None => {
            counts.other_files += 1;
            return Ok(());
        }
    };
    read_text(&*files.open(index)?, marks, counts, reading)
}

#[derive(Default)]
struct Counts {
    pairs: usize,
    /// Texts without annotations.
    unannotated: usize,
    /// Files that are neither texts nor annotations.
    other_files: usize,
    /// Annotations that are no spans.
    others: usize,
    outside: usize,
}

impl Counts {
    fn report(self, reading: &mut Reading<'_>) {
        let notes = [
            (self.unannotated, "text", format!("without {ENDING}: to do")),
            (self.other_files, "file", "of other kinds left out".to_owned()),
            (self.others, "annotation", "of whole lines or links between places: not read".to_owned()),
        ];
        for (count, thing, what) in notes.into_iter().filter(|(count, ..)| *count > 0) {
            reading.problems.push(Problem::note(format!("{} {what}", with_noun(count, thing))));
        }
        if self.outside > 0 {
            let marks = with_noun(self.outside, "annotation");
            let message = format!("{marks} of places that the text does not have: left out");
            reading.problems.push(Problem::warning(message));
        }
    }
}

/// A span by its first and last place.
#[derive(Clone, Copy)]
struct Placed {
    first: SmallPlace,
    last: SmallPlace,
    label: NameIndex,
}

/// Annotations of a text.
#[derive(Default)]
struct Marks {
    /// Spans by their first line, those of a line in the order of the file.
    spans: Vec<Placed>,
    labels: LabelNames,
    /// Whether a span has words of several lines, so that the text is one document.
    is_whole: bool,
    /// Status of documents whose spans are all there.
    status: Status,
}

impl Marks {
    fn read(source: &dyn Source, counts: &mut Counts, reading: &mut Reading<'_>) -> Result<Self, Unreadable> {
        let mut marks = Self { status: Status::Done, ..Self::default() };
        let mut lines = Lines::of(source)?;
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
            marks.is_whole |= first.line != last.line;
            for label in mark.labels {
                let label = marks.labels.intern(label);
                marks.spans.push(Placed { first: (*first).into(), last: (*last).into(), label });
            }
        }
        marks.spans.sort_by_key(|span| span.first.line);
        Ok(marks)
    }
}

/// Reads a text with its annotations: a line is a document, unless a span has words of several lines.
fn read_text(
    text: &dyn Source,
    marks: Marks,
    counts: &mut Counts,
    reading: &mut Reading<'_>,
) -> Result<(), Unreadable> {
    if marks.is_whole {
        return read_whole(text, marks, counts, reading);
    }
    let Marks { spans, labels, status, .. } = marks;
    let mut rest = spans.as_slice();
    let mut lines = Lines::of(text)?;
    while let Some((number, line)) = lines.next_line()? {
        let own = rest.partition_point(|span| index(span.first.line).is_some_and(|line| line < number));
        let (marks, others) = rest.split_at_checked(own).unwrap_or_default();
        rest = others;
        if line.trim().is_empty() {
            counts.outside += marks.len();
            continue;
        }
        let words = crate::text::words::split(line, Grid::Space);
        push((line.to_owned(), status), (marks, &labels), counts, reading, |place| at(line, &words, place))?;
    }
    counts.outside += rest.len();
    Ok(())
}

/// Reads a text as one document.
fn read_whole(
    source: &dyn Source,
    marks: Marks,
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
    let Marks { spans, labels, status, .. } = marks;
    let place_text = text.clone();
    push((text, status), (&spans, &labels), counts, reading, |place| {
        at(&place_text, words.get(index(place.line)?)?, place)
    })
}

fn index(number: u32) -> Option<usize> {
    usize::try_from(number).ok()
}

/// Range of the word or the character at a place.
fn at(text: &str, words: &[TextRange], place: Place) -> Option<TextRange> {
    let word = *words.get(index(place.word?)?)?;
    let Some(character) = place.character else { return Some(word) };
    let (start, c) = word.of(text).char_indices().nth(index(character)?)?;
    Some(TextRange::new(word.start + start, word.start + start + c.len_utf8()))
}

fn push(
    (text, status): (String, Status),
    (marks, labels): (&[Placed], &LabelNames),
    counts: &mut Counts,
    reading: &mut Reading<'_>,
    range: impl Fn(Place) -> Option<TextRange>,
) -> Result<(), Unreadable> {
    let count = marks.len();
    let mut spans = Vec::with_capacity(count);
    for Placed { first, last, label } in marks.iter().copied() {
        match range(first.into()).zip(range(last.into())).filter(|(first, last)| first.start < last.end) {
            Some((first, last)) => spans.push((first.join(last), reading.label(labels.name(label)))),
            None => counts.outside += 1,
        }
    }
    let mut document = Document::new(reading.next_id(), text, reading.options.grid);
    document.split = reading.options.split;
    let status = status_without_all(status, spans.len() == count);
    reading.push(Found { document, spans, status })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;
    use crate::{
        formats::{FoundDocuments, Read as ReadResult, ReadOptions, Severity},
        text::growth::assert_linear,
    };

    fn pair(text: &str, marks: &str) -> (Vec<String>, Vec<String>, Vec<Problem>) {
        let options = ReadOptions::default();
        let mut found = FoundDocuments::new(options.labels.clone());
        let mut reading = Reading::new(&options, &mut found);
        let mut counts = Counts::default();
        let marks = Marks::read(&marks.as_bytes(), &mut counts, &mut reading).unwrap();
        read_text(&text.as_bytes(), marks, &mut counts, &mut reading).unwrap();
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

    fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(io::Cursor::new(Vec::new()));
        for (name, bytes) in files {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn each_text_of_a_folder_is_read_and_faults_name_their_file() {
        let bytes = zip(&[
            ("README.md", b"about"),
            ("a.txt", b"good tacos\nso so\n"),
            ("a.txt.annotations", b"(0, 1) - Dish\n(1, 9) - Dish\n"),
            ("b.txt", b"not yet\n"),
            ("c.txt", b"caf\xe9\n"),
            ("c.txt.annotations", b"(0, 0) - Place\n"),
            ("d.txt", b"Bari\n"),
            ("d.txt.annotations", b"no place\n(0, 0) - Place\n"),
            ("e.txt.annotations", b"(0, 0) - Place\n"),
        ]);
        let guess = crate::formats::detect("a.zip", &bytes);
        assert_eq!(guess.format.name, "slate");
        let read: ReadResult = guess.format.read(&bytes, &ReadOptions::default());
        let found: Vec<_> = read.corpus.pairs().map(|(document, one)| (&*document.text, one.status)).collect();
        let expected = [
            ("good tacos", Status::Done),
            ("so so", Status::Partial),
            ("not yet", Status::Todo),
            ("Bari", Status::Done),
        ];
        assert_eq!((found.as_slice(), read.corpus.span_count()), (&expected[..], 2));
        let shown: Vec<String> = read.problems.iter().map(ToString::to_string).collect();
        for part in [
            "c.txt, line 1: ",
            "d.txt.annotations, line 1: not a place",
            "e.txt.annotations: its text, `e.txt`, is missing",
            "1 text without .annotations: to do",
            "1 file of other kinds left out",
        ] {
            assert!(shown.iter().any(|text| text.starts_with(part)), "{part}: {shown:?}");
        }
    }

    #[test]
    fn many_pairs_are_found_in_linear_time() {
        let names = |n: usize| -> Vec<String> {
            (0..n).flat_map(|at| [format!("{at}.txt"), format!("{at}.txt{ENDING}")]).collect()
        };
        assert_linear(2_000, names, |names| {
            let pairs = Pairs::of(names);
            names.iter().filter_map(|name| pairs.annotations(name)).count()
        });
    }

    #[test]
    fn annotations_alone_ask_for_their_text() {
        let read: ReadResult = FORMAT.read(b"(0, 1) - Dish\n", &ReadOptions::default());
        assert!(read.problems[0].message.contains("without their text"));
        assert_eq!(crate::formats::detect("a.txt.annotations", b"(0, 1) - Dish\n").format.name, "slate");
    }
}

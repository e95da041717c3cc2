//! Reader of brat's standoff.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    io::{self, Cursor, Read},
};

use serde_json::json;

use super::standoff::{TextBound, configured_labels, enclosing, line, parts_of};
use crate::{
    formats::{
        Problem,
        container::members::{read_text, report_left_out},
        decode,
        drafts::status_without_all,
        offsets::{CODE_POINTS_FIRST, Offsets, SpanText, StatedSpan, read_with_unit},
        problem::{quoted, with_noun},
        sink::{Found, NameIndex, Reading},
        source::{Files, Source, Unreadable},
    },
    spans::{Document, Status},
    text::{OffsetMap, TextRange},
};

/// Extensions of annotation files: brat's, and the two of the shared tasks from which it comes.
const ENDS: [&str; 3] = [".ann", ".a1", ".a2"];
/// Files of brat that have no documents.
const SETTINGS: [&str; 5] = ["annotation.conf", "visual.conf", "tools.conf", "kb_shortcuts.conf", ".stats_cache"];

/// Reads each text of a folder or an archive with its annotations. brat counts code points; other programs that write its
/// format do not always.
pub(super) fn read(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    match source.files() {
        Some(files) => read_with_unit(&Together(files), reading, CODE_POINTS_FIRST, read_files),
        None => read_files(source, reading, &mut Offsets::new(CODE_POINTS_FIRST)),
    }
}

fn read_files(
    source: &dyn Source,
    reading: &mut Reading<'_>,
    offsets: &mut Offsets,
) -> Result<Vec<String>, Unreadable> {
    let Some(files) = source.files() else {
        let message = "annotations of brat are in two files for each document, NAME.txt and NAME.ann";
        reading.problems.push(Problem::error(message).hint("name the folder, or a zip file, that has both"));
        return Ok(Vec::new());
    };
    report_left_out(files, reading);
    let mut reader = FilesReader { reading, offsets, kept: BTreeMap::new(), empty: 0, other: 0 };
    let places: HashMap<&str, usize> = files.names().iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
    for (index, name) in files.names().iter().enumerate() {
        reader.reading.problems.set_file(Some(name));
        match reader.file(files, index, name, &places) {
            Err(Unreadable::Encoding(problem)) => reader.reading.problems.push(problem),
            read => read?,
        }
    }
    reader.reading.problems.set_file(None);
    Ok(reader.finish())
}

/// Annotations of a document, from one or more files.
#[derive(Default)]
struct Annotations<'l> {
    spans: Vec<(TextRange, NameIndex)>,
    /// The lines, for an export.
    kept: String,
    /// Whether the lines hold more than spans.
    has_more: bool,
    ids: HashSet<&'l str>,
    /// Whether a span was left out and reported.
    is_incomplete: bool,
}

/// Text of a document with what places spans on it.
struct Target<'d> {
    text: &'d str,
    map: OffsetMap,
    place: SpanText<'d>,
}

struct FilesReader<'a, 'b> {
    reading: &'a mut Reading<'b>,
    offsets: &'a mut Offsets,
    /// Number of lines that are no spans, by their first letter.
    kept: BTreeMap<char, usize>,
    /// Number of documents with an annotation file without spans.
    empty: usize,
    /// Number of files that are not brat's.
    other: usize,
}

impl FilesReader<'_, '_> {
    fn file(
        &mut self,
        files: &dyn Files,
        index: usize,
        name: &str,
        places: &HashMap<&str, usize>,
    ) -> Result<(), Unreadable> {
        let base = name.rsplit('/').next().unwrap_or(name);
        if base == SETTINGS[0] {
            let config = read_text(&*files.open(index)?)?;
            configured_labels(&config).into_iter().for_each(|label| {
                self.reading.label(label);
            });
            return Ok(());
        }
        if let Some(stem) = name.strip_suffix(".txt") {
            let text = read_text(&*files.open(index)?)?;
            let mut parts = Vec::new();
            for end in ENDS {
                let beside = format!("{stem}{end}");
                let Some(place) = places.get(beside.as_str()) else { continue };
                self.reading.problems.set_file(Some(&beside));
                let lines = read_text(&*files.open(*place)?)?;
                parts.push((beside, lines));
            }
            return self.document(stem, text, &parts);
        }
        match ENDS.iter().find_map(|end| name.strip_suffix(end)) {
            Some(stem) if !places.contains_key(format!("{stem}.txt").as_str()) => {
                let text = format!("{stem}.txt");
                let message = format!("its text, {}, is missing", quoted(&text));
                self.reading.problems.push(Problem::error(message).hint("both files must be in the same folder"));
            }
            None if !SETTINGS.contains(&base) => self.other += 1,
            _ => {}
        }
        Ok(())
    }

    /// Reads a document with its files of annotations, each with its name.
    fn document(&mut self, id: &str, text: String, files: &[(String, String)]) -> Result<(), Unreadable> {
        let mut document = Document::new(id, text, self.reading.options.grid);
        document.split = self.reading.options.split;
        let mut read = Annotations::default();
        let on = Target {
            text: &document.text,
            map: OffsetMap::new(&document.text),
            place: SpanText::new(&document.id, &document.text),
        };
        for (name, lines) in files {
            self.reading.problems.set_file(Some(name));
            self.annotations(&on, lines, &mut read);
        }
        let Annotations { spans, kept, has_more, is_incomplete, .. } = read;
        self.empty += usize::from(!files.is_empty() && spans.is_empty() && !is_incomplete);
        document.foreign = has_more.then(|| Box::new(json!({ "brat": kept })));
        let status = if spans.is_empty() { Status::Todo } else { Status::Done };
        self.reading.push(Found { document, spans, status: status_without_all(status, !is_incomplete) })
    }

    /// Adds the annotations of a file.
    fn annotations<'l>(&mut self, on: &Target<'_>, lines: &'l str, read: &mut Annotations<'l>) {
        for (number, text) in decode::lines(lines).filter(|(_, text)| !text.trim().is_empty()) {
            match TextBound::parse(text) {
                Ok(Some(bound)) => self.span(on, bound, number, read),
                Ok(None) => {
                    read.has_more = true;
                    *self.kept.entry(text.chars().next().unwrap_or_default()).or_default() += 1;
                    read.kept += &format!("{text}\n");
                }
                Err(why) => {
                    read.is_incomplete = true;
                    self.reading.problems.push(Problem::error(format!("{why}: {}", quoted(text))).at(number));
                }
            }
        }
    }

    /// Adds the span of a line.
    fn span<'l>(&mut self, on: &Target<'_>, bound: TextBound<'l>, number: usize, read: &mut Annotations<'l>) {
        if !read.ids.insert(bound.id) {
            let message = format!("the id {} occurs twice", quoted(bound.id));
            self.reading.problems.push(Problem::warning(message).at(number));
        }
        let Some(ranges) = self.place(&bound, on) else {
            read.is_incomplete = true;
            return;
        };
        let (whole, has_gap) = enclosing(&ranges, on.text);
        if has_gap {
            let parts = ranges.len();
            let [text, label] = [bound.text, bound.label].map(quoted);
            let message = format!("{text} ({label}) has {parts} parts: read as one span from the first to the last");
            self.reading.problems.push(Problem::warning(message).at(number));
        }
        read.spans.push((whole, self.reading.label(bound.label)));
        // An export to brat numbers spans itself, unless another line refers to them.
        read.has_more |= ranges != parts_of(whole, on.text);
        read.kept += &format!("{}\n", line(bound.id, bound.label, &ranges, on.text, &on.map));
    }

    /// Bytes of the parts of a span; `None` if it is nowhere in the text, which is reported.
    fn place(&mut self, bound: &TextBound<'_>, on: &Target<'_>) -> Option<Vec<TextRange>> {
        let copy = Some(bound.text).filter(|copy| !copy.is_empty());
        if let [part] = bound.parts.as_slice() {
            let stated = StatedSpan { start: part.start, end: part.end, text: copy };
            return self.offsets.place(&on.place, stated, &mut self.reading.problems).map(|range| vec![range]);
        }
        // The copy has all parts, so that it can be compared only with all of them. If they fit in brat's own unit, a part that
        // ends between words is no sign of another one.
        if let Some(ranges) = bound.ranges(&on.map).filter(|ranges| copy.is_some() && bound.fits(ranges, on.text)) {
            return Some(ranges);
        }
        let parts = bound.parts.iter().map(|part| StatedSpan { start: part.start, end: part.end, text: None });
        let ranges: Option<Vec<TextRange>> =
            parts.map(|part| self.offsets.place(&on.place, part, &mut self.reading.problems)).collect();
        let ranges = ranges?;
        if !bound.fits(&ranges, on.text) {
            let [copy, label] = [bound.text, bound.label].map(quoted);
            let message = format!("{copy} ({label}) is not at its offsets: the offsets are used");
            self.reading.problems.push(Problem::warning(message));
        }
        Some(ranges)
    }

    /// Reports the counts and returns the properties of the files.
    fn finish(self) -> Vec<String> {
        let Self { reading, kept, empty, other, .. } = self;
        let kinds =
            [('R', "relation"), ('E', "event"), ('A', "attribute"), ('M', "attribute"), ('N', "link"), ('#', "note")];
        let named = kinds.iter().filter_map(|(kind, noun)| Some(with_noun(*kept.get(kind)?, noun)));
        let known: usize = kinds.iter().filter_map(|(kind, _)| kept.get(kind)).sum();
        let others = kept.values().sum::<usize>() - known;
        let others = (others > 0).then(|| with_noun(others, "other line"));
        let named: Vec<String> = named.chain(others).collect();
        if !named.is_empty() {
            let message = format!("{}: kept for an export to brat, not shown", named.join(", "));
            reading.problems.push(Problem::note(message));
        }
        if empty > 0 {
            let documents = with_noun(empty, "document");
            let message =
                format!("{documents} with annotations that have no span: to do, as brat makes such files itself");
            reading.problems.push(Problem::note(message));
        }
        if other > 0 {
            let message = format!("{} of other kinds left out", with_noun(other, "file"));
            reading.problems.push(Problem::note(message));
        }
        vec!["brat".to_owned(), with_noun(reading.documents(), "text"), reading.spans_text()]
    }
}

/// Files whose bytes can be looked at one after the other.
struct Together<'a>(&'a dyn Files);

impl Source for Together<'_> {
    fn bytes(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(Chain { files: self.0, next: 0, current: Cursor::new(Vec::new()) }))
    }

    fn files(&self) -> Option<&dyn Files> {
        Some(self.0)
    }
}

/// Bytes of each file that are looked at for characters which other units count otherwise.
const MOST_LOOKED_AT: u64 = 256 << 20;

/// Reader of all files, of each up to [`MOST_LOOKED_AT`] bytes.
struct Chain<'a> {
    files: &'a dyn Files,
    next: usize,
    current: Cursor<Vec<u8>>,
}

impl Read for Chain<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.current.read(bytes)?;
            if read > 0 || bytes.is_empty() || self.next >= self.files.names().len() {
                return Ok(read);
            }
            let mut whole = Vec::new();
            self.files.open(self.next)?.bytes()?.take(MOST_LOOKED_AT).read_to_end(&mut whole)?;
            self.current = Cursor::new(whole);
            self.next += 1;
        }
    }
}

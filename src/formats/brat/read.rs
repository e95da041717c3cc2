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
    let mut reader = Reader { reading, offsets, kept: BTreeMap::new(), empty: 0, other: 0 };
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

struct Reader<'a, 'b> {
    reading: &'a mut Reading<'b>,
    offsets: &'a mut Offsets,
    /// Number of lines that are no spans, by their first letter.
    kept: BTreeMap<char, usize>,
    /// Number of documents with an annotation file without spans.
    empty: usize,
    /// Number of files that are not brat's.
    other: usize,
}

impl Reader<'_, '_> {
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
            let mut lines: Option<String> = None;
            for end in ENDS {
                let Some(place) = places.get(format!("{stem}{end}").as_str()) else { continue };
                self.reading.problems.set_file(Some(&format!("{stem}{end}")));
                *lines.get_or_insert_with(String::new) += &read_text(&*files.open(*place)?)?;
            }
            return self.document(stem, text, lines.as_deref());
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

    fn document(&mut self, id: &str, text: String, lines: Option<&str>) -> Result<(), Unreadable> {
        let mut document = Document::new(id, text, self.reading.options.grid);
        document.split = self.reading.options.split;
        let (spans, kept) = self.spans(&document, lines.unwrap_or_default());
        self.empty += usize::from(lines.is_some() && spans.is_empty());
        document.foreign = kept.map(|kept| Box::new(json!({ "brat": kept })));
        let status = if spans.is_empty() { Status::Todo } else { Status::Done };
        self.reading.push(Found { document, spans, status })
    }

    /// Returns the spans of a document, and its lines if they hold more than that.
    fn spans(&mut self, document: &Document, lines: &str) -> (Vec<(TextRange, NameIndex)>, Option<String>) {
        let map = OffsetMap::new(&document.text);
        let place = SpanText::new(&document.id, &document.text);
        let mut spans = Vec::new();
        let mut kept = String::new();
        let mut has_more = false;
        let mut ids = HashSet::new();
        for (number, text) in decode::lines(lines).filter(|(_, text)| !text.trim().is_empty()) {
            let bound = match TextBound::parse(text) {
                Ok(Some(bound)) => bound,
                Ok(None) => {
                    has_more = true;
                    *self.kept.entry(text.chars().next().unwrap_or_default()).or_default() += 1;
                    kept += &format!("{text}\n");
                    continue;
                }
                Err(why) => {
                    self.reading.problems.push(Problem::error(format!("{why}: {}", quoted(text))).at(number));
                    continue;
                }
            };
            if !ids.insert(bound.id) {
                let message = format!("the id {} occurs twice", quoted(bound.id));
                self.reading.problems.push(Problem::warning(message).at(number));
            }
            let Some(ranges) = self.place(&bound, &place, (&document.text, &map)) else { continue };
            let (whole, has_gap) = enclosing(&ranges, &document.text);
            if has_gap {
                let parts = ranges.len();
                let [text, label] = [bound.text, bound.label].map(quoted);
                let message =
                    format!("{text} ({label}) has {parts} parts: read as one span from the first to the last");
                self.reading.problems.push(Problem::warning(message).at(number));
            }
            spans.push((whole, self.reading.label(bound.label)));
            // An export to brat numbers spans itself, unless another line refers to them.
            has_more |= ranges != parts_of(whole, &document.text);
            kept += &format!("{}\n", line(bound.id, bound.label, &ranges, &document.text, &map));
        }
        (spans, has_more.then_some(kept))
    }

    /// Bytes of the parts of a span; `None` if it is nowhere in the text, which is reported.
    fn place(
        &mut self,
        bound: &TextBound<'_>,
        place: &SpanText<'_>,
        (text, map): (&str, &OffsetMap),
    ) -> Option<Vec<TextRange>> {
        let copy = Some(bound.text).filter(|copy| !copy.is_empty());
        if let [part] = bound.parts.as_slice() {
            let stated = StatedSpan { start: part.start, end: part.end, text: copy };
            return self.offsets.place(place, stated, &mut self.reading.problems).map(|range| vec![range]);
        }
        // The copy has all parts, so that it can be compared only with all of them. If they fit in brat's own unit, a part that
        // ends between words is no sign of another one.
        if let Some(ranges) = bound.ranges(map).filter(|ranges| copy.is_some() && bound.fits(ranges, text)) {
            return Some(ranges);
        }
        let parts = bound.parts.iter().map(|part| StatedSpan { start: part.start, end: part.end, text: None });
        let ranges: Option<Vec<TextRange>> =
            parts.map(|part| self.offsets.place(place, part, &mut self.reading.problems)).collect();
        let ranges = ranges?;
        if !bound.fits(&ranges, text) {
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

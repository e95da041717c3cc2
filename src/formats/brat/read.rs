//! Reader of brat's standoff.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::json;

use super::standoff::{TextBound, configured_labels, enclosing, line, parts_of};
use crate::{
    formats::{
        Problem,
        container::files::{read_text, report_left_out},
        decode,
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
const SETTINGS: [&str; 5] =
    ["annotation.conf", "visual.conf", "tools.conf", "kb_shortcuts.conf", ".stats_cache"];

/// Reads each text of a folder or an archive with its annotations.
pub(super) fn read(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    let Some(files) = source.files() else {
        let message = "annotations of brat are in two files for each document, NAME.txt and NAME.ann";
        reading.problems.push(Problem::error(message).hint("name the folder, or a zip file, that has both"));
        return Ok(Vec::new());
    };
    report_left_out(files, reading);
    let mut reader = Reader { reading, kept: BTreeMap::new(), empty: 0, other: 0 };
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
            let mut lines = None;
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
        let (mut spans, mut kept) = (Vec::new(), String::new());
        let (mut has_more, mut ids) = (false, HashSet::new());
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
            match place(&bound, &document.text, &map) {
                Ok(ranges) => {
                    let (whole, has_gap) = enclosing(&ranges, &document.text);
                    if has_gap {
                        has_more = true;
                        let message = format!(
                            "{} ({}) has {} parts: read as one span from the first to the last",
                            quoted(bound.text),
                            quoted(bound.label),
                            ranges.len()
                        );
                        self.reading.problems.push(Problem::warning(message).at(number));
                    }
                    spans.push((whole, self.reading.label(bound.label)));
                    // An export to brat numbers spans itself, unless another line refers to them.
                    has_more |= ranges != parts_of(whole, &document.text);
                    kept += &format!("{}\n", line(bound.id, bound.label, &ranges, &document.text, &map));
                }
                Err(why) => {
                    let message = format!("{} ({}) {why}: left out", quoted(bound.text), quoted(bound.label));
                    self.reading.problems.push(Problem::warning(message).at(number));
                }
            }
        }
        (spans, has_more.then_some(kept))
    }

    /// Reports the counts and returns the properties of the files.
    fn finish(self) -> Vec<String> {
        let Self { reading, kept, empty, other } = self;
        let kinds = [('R', "relation"), ('E', "event"), ('A', "attribute"), ('M', "attribute"), ('N', "link"), ('#', "note")];
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
            let message = format!("{documents} with annotations that have no span: to do, as brat makes such files itself");
            reading.problems.push(Problem::note(message));
        }
        if other > 0 {
            let message = format!("{} of other kinds left out", with_noun(other, "file"));
            reading.problems.push(Problem::note(message));
        }
        vec!["brat".to_owned(), with_noun(reading.documents(), "text"), reading.spans_text()]
    }
}

/// Bytes of the parts of a span: where its offsets are, if the text there is the copy in its line, or else where the copy
/// occurs, if it does so once.
fn place(bound: &TextBound<'_>, text: &str, map: &OffsetMap) -> Result<Vec<TextRange>, String> {
    if let Some(ranges) = bound.ranges(map)
        && bound.fits(&ranges, text)
    {
        return Ok(ranges);
    }
    let mut found = text.match_indices(bound.text).filter(|_| !bound.text.is_empty());
    match (found.next(), found.next()) {
        (Some((start, copy)), None) => Ok(vec![TextRange::new(start, start + copy.len())]),
        (None, _) => Err("is not at its offsets, nor anywhere else in the text".to_owned()),
        _ => Err("is not at its offsets, and more than once in the text".to_owned()),
    }
}

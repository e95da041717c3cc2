//! Writer of brat's standoff: a zip archive with a pair of files for each document, and the settings.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::Value;

use super::standoff::{TextBound, enclosing, line, parts_of, references, remove_dangling};
use crate::{
    formats::{
        OnLoss, WriteOptions,
        container::pack::Pack,
        decode,
        held_spans::{UnmatchedSpans, label_of},
        problem::{quoted, with_noun},
        writer::{Output, Writer},
        written_labels::{WrittenLabels, with_bars},
    },
    spans::{Annotation, Document, LabelSet, Span},
    text::{OffsetMap, TextRange},
};

/// Name of the file of settings.
const SETTINGS: &str = "annotation.conf";

/// Makes a writer.
pub(super) fn write<'a>(labels: &'a LabelSet, _: &'a WriteOptions) -> Box<dyn Writer + 'a> {
    let names = WrittenLabels::new(labels, |name| {
        let has_blank = name.contains(char::is_whitespace);
        has_blank.then(|| ("holds white space", with_bars(name, char::is_whitespace)))
    });
    Box::new(BratWriter { labels, names, pack: Pack::new(&[SETTINGS]), settings: Settings::default() })
}

struct BratWriter<'a> {
    labels: &'a LabelSet,
    names: WrittenLabels,
    pack: Pack,
    settings: Settings,
}

/// What `annotation.conf` must name.
#[derive(Default)]
struct Settings {
    relations: BTreeSet<String>,
    /// Types of events with the roles of their arguments.
    events: BTreeMap<String, BTreeSet<String>>,
    attributes: BTreeSet<String>,
}

impl Writer for BratWriter<'_> {
    fn document(&mut self, document: &Document, annotation: &Annotation, out: &mut Output) {
        let (lines, spans, changed) = self.lines(document, annotation, out);
        let name = self.pack.name(&document.id, &[".txt", ".ann"]);
        // A second mark, of which the reader removes one.
        let mark = if document.text.starts_with('\u{feff}') { decode::MARK } else { &[] };
        let text = [mark, document.text.as_bytes()].concat();
        self.pack.add(&format!("{name}.txt"), &text, out);
        self.pack.add(&format!("{name}.ann"), lines.as_bytes(), out);
        out.count(spans, changed);
    }

    fn finish(&mut self, out: &mut Output) {
        if let Some(text) = self.pack.renamed_text() {
            out.losses.note(text);
        }
        self.pack.add(SETTINGS, self.settings.text(self.labels, &self.names).as_bytes(), out);
        self.pack.finish(out);
    }
}

impl BratWriter<'_> {
    /// Lines of the annotations of a document, its spans in them, and how many of those were changed to fit.
    fn lines(&mut self, document: &Document, annotation: &Annotation, out: &mut Output) -> (String, usize, usize) {
        let map = OffsetMap::new(&document.text);
        let kept = document.foreign.as_deref().and_then(|foreign| foreign.get("brat")).and_then(Value::as_str);
        let kept: Vec<&str> = decode::lines(kept.unwrap_or_default()).map(|(_, line)| line).collect();
        let mut spans = Vec::new();
        let mut changed = 0;
        for span in annotation.spans() {
            let Some((range, label, is_changed)) = fit(self.labels, &self.names, document, span, out) else { continue };
            changed += usize::from(is_changed);
            spans.push((range, label));
        }
        let count = spans.len();
        let mut unmatched = UnmatchedSpans::new(spans);
        let lines = remaining(kept.iter().copied(), document, &map, &mut unmatched, out);
        lines.iter().for_each(|line| self.settings.add(line));
        let mut text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        // Ids go on after those of the file, so that no line refers to another span than before.
        let numbers = kept.iter().filter(|line| line.starts_with('T'));
        let numbers = numbers.filter_map(|line| references(line).0.get(1..)?.parse::<usize>().ok());
        let last = numbers.max().unwrap_or_default();
        for ((range, label), number) in unmatched.rest().into_iter().zip(last.saturating_add(1)..) {
            let parts = parts_of(range, &document.text);
            text += &line(&format!("T{number}"), label, &parts, &document.text, &map);
            text.push('\n');
        }
        (text, count, changed)
    }
}

/// The lines of the file from which a document was read that still hold: those of spans that are wanted, and others that
/// refer to no other spans.
fn remaining<'k>(
    kept: impl Iterator<Item = &'k str>,
    document: &Document,
    map: &OffsetMap,
    unmatched: &mut UnmatchedSpans<'_>,
    out: &mut Output,
) -> Vec<&'k str> {
    let mut lines = Vec::new();
    let mut removed = HashSet::new();
    for text in kept {
        let Ok(Some(bound)) = TextBound::parse(text) else {
            lines.push(text);
            continue;
        };
        let ranges = bound.ranges(map).filter(|ranges| bound.fits(ranges, &document.text));
        let range = ranges.map(|ranges| enclosing(&ranges, &document.text).0);
        match unmatched.take(range, bound.label) {
            Some(_) => lines.push(text),
            None => _ = removed.insert(bound.id),
        }
    }
    let spans: HashSet<&str> = lines.iter().map(|line| references(line).0).collect();
    let targets = lines.iter().flat_map(|line| references(line).1);
    removed.extend(targets.filter(|target| is_span_id(target) && !spans.contains(target)));
    let dangling = remove_dangling(&mut lines, removed);
    if dangling > 0 {
        let lines = with_noun(dangling, "line");
        let message = format!("{lines} of relations, events or notes left out, as their span was changed or removed");
        out.losses.note(format!("document {}: {message}", quoted(&document.id)));
    }
    lines
}

/// Returns range and label of a span as they are written, and whether they differ; `None` if it is left out.
fn fit<'n>(
    labels: &LabelSet,
    names: &'n WrittenLabels,
    document: &Document,
    span: &Span,
    out: &mut Output,
) -> Option<(TextRange, &'n str, bool)> {
    let label = label_of(document, span, labels, &mut out.losses)?;
    let shown = format!("the span {} ({})", quoted(span.range.of(&document.text)), quoted(label));
    let parts = parts_of(span.range, &document.text);
    let range = parts.first().and_then(|first| Some(first.join(*parts.last()?)));
    let Some(range) = range else {
        let what = format!("{shown} has only line breaks");
        out.losses.add_at(&document.id, span.range, &what, "left out", "left out");
        return None;
    };
    let (name, is_renamed) = names.name(document, span, &mut out.losses)?;
    if range != span.range {
        let what = format!("{shown} begins or ends with a line break");
        out.losses.add_at(&document.id, span.range, &what, "left out", "written without it");
        if out.losses.on_loss() != OnLoss::Snap {
            return None;
        }
    }
    Some((range, name, is_renamed || range != span.range))
}

fn is_span_id(target: &str) -> bool {
    target
        .strip_prefix('T')
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

impl Settings {
    /// Adds what a line needs.
    fn add(&mut self, line: &str) {
        let words: Vec<&str> = line.split('\t').nth(1).unwrap_or_default().split(' ').collect();
        let Some(first) = words.first() else { return };
        match references(line).0.chars().next() {
            Some('R') => {
                self.relations.insert((*first).to_owned());
            }
            Some('A' | 'M') => {
                self.attributes.insert((*first).to_owned());
            }
            Some('E') => {
                let Some((kind, _)) = first.split_once(':') else { return };
                let roles = self.events.entry(kind.to_owned()).or_default();
                let names = words.iter().skip(1).filter_map(|word| word.split(':').next());
                roles.extend(names.map(|role| role.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned()));
            }
            _ => {}
        }
    }

    /// Text of `annotation.conf`. The label of an event's word is named with the events, and must not be named twice.
    fn text(&self, labels: &LabelSet, names: &WrittenLabels) -> String {
        let mut text = "[entities]\n".to_owned();
        let written = labels.iter().filter_map(|label| names.written(label.id));
        for name in written.filter(|name| !name.is_empty() && !self.events.contains_key(*name)) {
            text += name;
            text.push('\n');
        }
        text += "\n[relations]\n";
        self.relations.iter().for_each(|name| text += &format!("{name}\tArg1:<ANY>, Arg2:<ANY>\n"));
        text += "\n[events]\n";
        for (name, roles) in &self.events {
            let roles: Vec<String> = roles.iter().map(|role| format!("{role}:<ANY>")).collect();
            text += &format!("{name}\t{}\n", roles.join(", "));
        }
        text += "\n[attributes]\n";
        self.attributes.iter().for_each(|name| text += &format!("{name}\tArg:<ANY>\n"));
        text
    }
}

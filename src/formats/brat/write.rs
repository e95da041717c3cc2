//! Writer of brat's standoff: a zip archive with a pair of files for each document, and the settings.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::standoff::{TextBound, enclosing, line, parts_of, references, remove_dangling};
use crate::{
    formats::{
        OnLoss, WriteOptions,
        container::pack::Pack,
        decode,
        problem::{quoted, with_noun},
        writer::{Output, Writer},
    },
    spans::{Annotation, Document, LabelSet, Span},
    text::{OffsetMap, TextRange},
};

/// Makes a writer.
pub(super) fn write<'a>(labels: &'a LabelSet, options: &'a WriteOptions) -> Box<dyn Writer + 'a> {
    Box::new(BratWriter { labels, on_loss: options.on_loss, pack: Pack::new(), settings: Settings::default() })
}

struct BratWriter<'a> {
    labels: &'a LabelSet,
    on_loss: OnLoss,
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
        let name = self.pack.name(&document.id);
        // A second mark, of which the reader removes one.
        let mark = if document.text.starts_with('\u{feff}') { decode::MARK } else { &[] };
        let text = [mark, document.text.as_bytes()].concat();
        self.pack.add(&format!("{name}.txt"), &text, out);
        self.pack.add(&format!("{name}.ann"), lines.as_bytes(), out);
        out.count(spans, changed);
    }

    fn finish(&mut self, out: &mut Output) {
        self.pack.add("annotation.conf", self.settings.text(self.labels).as_bytes(), out);
        self.pack.finish(out);
    }
}

impl BratWriter<'_> {
    /// Lines of the annotations of a document, its spans in them, and how many of those were changed to fit.
    fn lines(&mut self, document: &Document, annotation: &Annotation, out: &mut Output) -> (String, usize, usize) {
        let map = OffsetMap::new(&document.text);
        let kept = document.foreign.as_deref().and_then(|foreign| foreign.get("brat")).and_then(Value::as_str);
        let kept: Vec<&str> = decode::lines(kept.unwrap_or_default()).map(|(_, line)| line).collect();
        let mut wanted: HashMap<(TextRange, String), usize> = HashMap::new();
        let mut order = Vec::new();
        let mut changed = 0;
        for span in annotation.spans() {
            let Some((range, label, is_changed)) = self.fit(document, span, out) else { continue };
            changed += usize::from(is_changed);
            *wanted.entry((range, label.clone())).or_default() += 1;
            order.push((range, label));
        }
        // The lines of the file from which the document was read come first, those of its spans that are still wanted.
        let mut lines = Vec::new();
        let mut removed = HashSet::new();
        let mut last = 0_usize;
        for text in kept {
            let Ok(Some(bound)) = TextBound::parse(text) else {
                lines.push(text);
                continue;
            };
            last = last.max(bound.id.get(1..).and_then(|number| number.parse().ok()).unwrap_or_default());
            let range = bound.ranges(&map).filter(|ranges| bound.fits(ranges, &document.text));
            let key = range.map(|ranges| (enclosing(&ranges, &document.text).0, bound.label.to_owned()));
            match key.and_then(|key| wanted.get_mut(&key)).filter(|count| **count > 0) {
                Some(count) => {
                    *count -= 1;
                    lines.push(text);
                }
                None => {
                    removed.insert(bound.id);
                }
            }
        }
        let spans: HashSet<&str> = lines.iter().map(|line| references(line).0).collect();
        let targets = lines.iter().flat_map(|line| references(line).1);
        removed.extend(targets.filter(|target| is_span_id(target) && !spans.contains(target)));
        let dangling = remove_dangling(&mut lines, removed);
        if dangling > 0 {
            let lines = with_noun(dangling, "line");
            let message =
                format!("{lines} of relations, events or notes left out, as their span was changed or removed");
            out.losses.note(format!("document {}: {message}", quoted(&document.id)));
        }
        lines.iter().for_each(|line| self.settings.add(line));
        let mut text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        for (range, label) in &order {
            let Some(count) = wanted.get_mut(&(*range, label.clone())).filter(|count| **count > 0) else { continue };
            *count -= 1;
            last += 1;
            let parts = parts_of(*range, &document.text);
            text += &line(&format!("T{last}"), label, &parts, &document.text, &map);
            text.push('\n');
        }
        (text, order.len(), changed)
    }

    /// Returns range and label of a span as they are written, and whether they differ; `None` if it is left out.
    fn fit(&self, document: &Document, span: &Span, out: &mut Output) -> Option<(TextRange, String, bool)> {
        let text = span.range.of(&document.text);
        let label = self.labels.get(span.label).map(|label| label.name.as_str()).filter(|name| !name.is_empty());
        let Some(label) = label.filter(|_| !text.is_empty()) else {
            let what = format!("the span {} ({}) has no text or no label", span.id, quoted(text));
            out.losses.add(&document.id, &what, "left out", "left out");
            return None;
        };
        let parts = parts_of(span.range, &document.text);
        let range = parts.first().and_then(|first| Some(first.join(*parts.last()?)));
        let Some(range) = range else {
            let what = format!("the span {} ({}) has only line breaks", quoted(text), quoted(label));
            out.losses.add(&document.id, &what, "left out", "left out");
            return None;
        };
        let mut name = label.to_owned();
        if label.contains(char::is_whitespace) {
            name = label.split(char::is_whitespace).collect::<Vec<_>>().join("_");
            let is_taken = self.labels.iter().any(|other| other.name == name);
            let snapped = if is_taken { "left out".to_owned() } else { format!("written as {}", quoted(&name)) };
            let what = format!("the label {} of {} holds white space", quoted(label), quoted(text));
            out.losses.add(&document.id, &what, "left out", &snapped);
            if is_taken || self.on_loss != OnLoss::Snap {
                return None;
            }
        }
        if range != span.range {
            let what = format!("the span {} ({}) begins or ends with a line break", quoted(text), quoted(label));
            out.losses.add(&document.id, &what, "left out", "written without it");
            if self.on_loss != OnLoss::Snap {
                return None;
            }
        }
        let is_changed = range != span.range || name != label;
        Some((range, name, is_changed))
    }
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
    fn text(&self, labels: &LabelSet) -> String {
        let mut text = "[entities]\n".to_owned();
        for label in labels.iter().filter(|label| !label.name.is_empty() && !self.events.contains_key(&label.name)) {
            text += &label.name.split(char::is_whitespace).collect::<Vec<_>>().join("_");
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

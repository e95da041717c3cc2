//! Writer of WebAnno TSV 3, with one layer: named entities.

use std::collections::BTreeMap;

use super::{
    escape,
    layers::{HEADER, TEXT},
};
use crate::{
    formats::{
        OnLoss, WriteOptions,
        problem::quoted,
        writer::{Output, Writer},
    },
    spans::{Annotation, Document, LabelSet, Span},
    text::TextRange,
};

/// Layer that every project of WebAnno and INCEpTION has.
const LAYER: &str = "#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value";

/// Writes a document as a sentence.
pub(super) fn write<'a>(labels: &'a LabelSet, options: &'a WriteOptions) -> Box<dyn Writer + 'a> {
    Box::new(SentenceWriter { labels, on_loss: options.on_loss, sentences: 0, offset: 0, numbers: 0 })
}

struct SentenceWriter<'a> {
    labels: &'a LabelSet,
    on_loss: OnLoss,
    sentences: usize,
    /// Offset in UTF-16 units at which the next text begins; one unit stands between two texts.
    offset: usize,
    /// Number of the last annotation that has one.
    numbers: usize,
}

/// A span with the tokens and parts of tokens of which it consists.
struct Placed<'a> {
    label: &'a str,
    units: Vec<TextRange>,
}

impl Writer for SentenceWriter<'_> {
    fn document(&mut self, document: &Document, annotation: &Annotation, out: &mut Output) {
        if self.sentences == 0 {
            out.push(&format!("{HEADER}.3\n{LAYER}\n\n"));
        }
        self.sentences += 1;
        let words: Vec<TextRange> = document.words.iter().copied().filter(|word| !word.is_empty()).collect();
        if words.len() < document.words.len() {
            out.losses.note(format!("document {}: empty words are left out", quoted(&document.id)));
        }
        let mut placed = Vec::new();
        let mut changed = 0;
        for span in annotation.spans() {
            if let Some((one, differs)) = self.place(document, &words, span, out) {
                placed.push(one);
                changed += usize::from(differs);
            }
        }
        let mut text = format!("\n{TEXT}");
        escape::push_text(&mut text, &document.text);
        text.push('\n');
        self.push_rows(&mut text, document, &words, &placed);
        out.push(&text);
        out.count(placed.len(), changed);
        self.offset += utf16_length(&document.text) + 1;
    }

    fn finish(&mut self, out: &mut Output) {
        if self.sentences == 0 {
            out.push(&format!("{HEADER}.3\n{LAYER}\n\n"));
        }
    }
}

impl<'a> SentenceWriter<'a> {
    /// Returns the units of a span, and whether they are not exactly the span. `None` if it is left out.
    fn place(
        &self,
        document: &Document,
        words: &[TextRange],
        span: &Span,
        out: &mut Output,
    ) -> Option<(Placed<'a>, bool)> {
        let text = quoted(span.range.of(&document.text));
        let Some(label) = self.labels.get(span.label).filter(|label| !label.name.is_empty()) else {
            let what = format!("the span {text} has no label");
            out.losses.add_at(&document.id, span.range, &what, "left out", "left out");
            return None;
        };
        let first = words.partition_point(|word| word.end <= span.range.start);
        let last = words.partition_point(|word| word.start < span.range.end);
        let units: Vec<TextRange> = words
            .get(first..last)
            .unwrap_or_default()
            .iter()
            .map(|word| TextRange::new(word.start.max(span.range.start), word.end.min(span.range.end)))
            .collect();
        let whole = units
            .first()
            .zip(units.last())
            .map(|(first, last)| first.join(*last))
            .filter(|_| !span.range.of(&document.text).is_empty());
        let label = label.name.as_str();
        let Some(whole) = whole else {
            let what = format!("the span {text} ({}) covers no word", quoted(label));
            out.losses.add_at(&document.id, span.range, &what, "left out", "left out");
            return None;
        };
        if whole == span.range {
            return Some((Placed { label, units }, false));
        }
        let what = format!("the span {text} ({}) begins or ends outside of the words", quoted(label));
        let snapped = format!("shortened to {}", quoted(whole.of(&document.text)));
        out.losses.add_at(&document.id, span.range, &what, "left out", &snapped);
        (self.on_loss != OnLoss::Skip).then_some((Placed { label, units }, true))
    }

    fn push_rows(&mut self, text: &mut String, document: &Document, words: &[TextRange], placed: &[Placed<'_>]) {
        // Annotations of each unit, by start and then by descending end, so that a token precedes its parts.
        let mut units: BTreeMap<(usize, std::cmp::Reverse<usize>), Vec<usize>> = BTreeMap::new();
        for word in words {
            units.insert((word.start, std::cmp::Reverse(word.end)), Vec::new());
        }
        for (at, one) in placed.iter().enumerate() {
            for unit in &one.units {
                units.entry((unit.start, std::cmp::Reverse(unit.end))).or_default().push(at);
            }
        }
        let mut needs_number: Vec<bool> = placed.iter().map(|one| one.units.len() > 1).collect();
        for list in units.values().filter(|list| list.len() > 1) {
            for at in list {
                if let Some(needs) = needs_number.get_mut(*at) {
                    *needs = true;
                }
            }
        }
        let mut numbers: Vec<Option<usize>> = vec![None; placed.len()];
        let mut word = 0;
        let mut part = 0;
        let mut position = Position::default();
        for ((start, std::cmp::Reverse(end)), list) in units {
            let is_word = words.get(word).is_some_and(|range| (range.start, range.end) == (start, end));
            if is_word {
                word += 1;
                part = 0;
            } else {
                part += 1;
            }
            let number = format!("{}-{word}", self.sentences);
            let number = if is_word { number } else { format!("{number}.{part}") };
            let [from, to] = [start, end].map(|at| self.offset + position.units_before(&document.text, at));
            text.push_str(&format!("{number}\t{from}-{to}\t"));
            escape::push_text(text, TextRange::new(start, end).of(&document.text));
            let mut identifiers = String::new();
            let mut values = String::new();
            for at in list {
                let Some((one, number)) = placed.get(at).zip(numbers.get_mut(at)) else { continue };
                if number.is_none() && needs_number.get(at) == Some(&true) {
                    self.numbers += 1;
                    *number = Some(self.numbers);
                }
                let bracket = number.map(|number| format!("[{number}]")).unwrap_or_default();
                for cell in [&mut identifiers, &mut values].into_iter().filter(|cell| !cell.is_empty()) {
                    cell.push('|');
                }
                identifiers.push('*');
                escape::push_value(&mut values, one.label);
                identifiers.push_str(&bracket);
                values.push_str(&bracket);
            }
            for cell in [&identifiers, &values] {
                text.push('\t');
                text.push_str(if cell.is_empty() { "_" } else { cell });
            }
            text.push_str("\t\n");
        }
    }
}

/// Number of UTF-16 units before a byte; fast for bytes that are near each other.
#[derive(Default)]
struct Position {
    byte: usize,
    units: usize,
}

impl Position {
    fn units_before(&mut self, text: &str, byte: usize) -> usize {
        if byte >= self.byte {
            self.units += utf16_length(text.get(self.byte..byte).unwrap_or_default());
        } else {
            self.units = self.units.saturating_sub(utf16_length(text.get(byte..self.byte).unwrap_or_default()));
        }
        self.byte = byte;
        self.units
    }
}

fn utf16_length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

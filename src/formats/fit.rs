//! Fitting of spans to words for formats with one tag per word.
//! What does not fit is reported.

use std::borrow::Cow;

use super::{
    OnLoss,
    disjoint::{Disjoint, longest_first},
    loss_report::LossReport,
    problem::quoted,
    written_labels::{WrittenLabels, with_bars},
};
use crate::{
    spans::{Annotation, Document, LabelSet, Span, WordSpan},
    text::TextRange,
};

/// A text with a space in place of each line break.
pub(crate) fn in_one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// Words and labels that a layout can hold.
pub(crate) struct WordRules {
    /// Characters that end a word in this layout.
    pub(crate) separators: &'static [char],
    /// Further characters that no label may contain.
    pub(crate) in_labels: &'static [char],
    /// Whether a word may be empty.
    pub(crate) empty_words: bool,
    /// Word that has another meaning in this layout.
    pub(crate) reserved: Option<&'static str>,
}

/// A document as words, with spans of words that are disjoint and ascending.
#[derive(Debug)]
pub(crate) struct Fitted<'d, 'l> {
    /// Words to be written.
    pub(crate) words: Cow<'d, [TextRange]>,
    /// Whether no word is empty or contains white space, as far as that is known.
    pub(crate) is_plain: bool,
    /// Spans to be written.
    pub(crate) spans: Vec<WordSpan<&'l str>>,
    /// Number of spans that were changed to fit.
    pub(crate) changed: usize,
}

/// Whether the words of a document are joined by single blanks and contain no white space. Then every layout can hold them, and
/// they need not be looked at one by one.
pub(super) fn has_plain_words(document: &Document) -> bool {
    let (text, words) = (document.text.as_bytes(), &*document.words);
    let mut next = 0;
    for word in words {
        let is_after_blank = next == 0 || text.get(next - 1) == Some(&b' ');
        if word.start != next || word.is_empty() || !is_after_blank {
            return false;
        }
        next = word.end + 1;
    }
    if words.is_empty() || next != text.len() + 1 {
        return false;
    }
    // There are no other blanks than those between the words. Counting looks at many bytes at once, which a search does not.
    let blanks = words.len() - 1;
    let low = text.iter().filter(|byte| **byte <= b' ').count();
    let is_ascii = text.is_ascii();
    if low == blanks && is_ascii {
        return true;
    }
    text.iter().filter(|byte| **byte == b' ').count() == blanks
        && !text.iter().any(|byte| (b'\t'..=b'\r').contains(byte))
        && (is_ascii || !document.text.contains(|c: char| c != ' ' && c.is_whitespace()))
}

/// Fits the documents of a corpus to a layout.
pub(crate) struct Fitter<'a> {
    layout: &'a WordRules,
    names: WrittenLabels,
}

impl<'a> Fitter<'a> {
    /// Checks the label names.
    /// A name that cannot be written is a loss for each of its spans.
    pub(crate) fn new(layout: &'a WordRules, labels: &LabelSet) -> Self {
        let names = WrittenLabels::new(labels, |name| {
            let fault = if name.is_empty() {
                "is empty"
            } else if name.contains(layout.separators) {
                "holds white space"
            } else if name.contains(layout.in_labels) {
                "holds a character that ends a label in this format"
            } else {
                return None;
            };
            Some((fault, with_bars(name, |c| layout.separators.contains(&c) || layout.in_labels.contains(&c))))
        });
        Self { layout, names }
    }

    /// Returns the words and spans to write; `None` if the document must be left out. What does not fit goes to `losses`.
    pub(crate) fn fit<'d>(
        &self,
        document: &'d Document,
        annotation: &Annotation,
        losses: &mut LossReport,
    ) -> Option<Fitted<'d, '_>> {
        let is_plain = has_plain_words(document);
        let words: Cow<'_, [TextRange]> =
            if is_plain { (&*document.words).into() } else { self.words(document, losses)?.into() };
        if let Some(reserved) = self.layout.reserved
            && words.iter().any(|word| word.len() == reserved.len() && word.of(&document.text) == reserved)
        {
            let what = format!("the word {} means something else in this format", quoted(reserved));
            losses.add(&document.id, &what, "the document is left out", "the document is left out");
            return None;
        }
        let mut placed = Vec::with_capacity(annotation.spans().len());
        for span in annotation.spans() {
            let Some((name, renamed)) = self.names.name(document, span, losses) else { continue };
            let Some((at, widened)) = self.place(document, &words, span, name, losses) else { continue };
            placed.push((WordSpan { start: at.start, end: at.end, label: name }, renamed || widened));
        }
        let (spans, changed) = without_overlaps(document, &words, placed, losses);
        Some(Fitted { words, is_plain, spans, changed })
    }

    /// Returns words that the layout can hold.
    /// Without separators, not empty, without text between them.
    fn words(&self, document: &Document, losses: &mut LossReport) -> Option<Vec<TextRange>> {
        let mut words = Vec::with_capacity(document.words.len());
        let mut at = 0;
        let mut whole = true;
        for word in document.words.iter().copied() {
            whole &= gap(document, TextRange::new(at, word.start), &mut words, losses);
            at = word.end.max(at);
            let text = word.of(&document.text);
            if text.is_empty() {
                if self.layout.empty_words {
                    words.push(word);
                } else {
                    losses.add(&document.id, "an empty word cannot be written", "left out", "left out");
                }
            } else if text.contains(self.layout.separators) {
                let what = format!("the word {} holds white space", quoted(text));
                losses.add_at(&document.id, word, &what, "the document is left out", "written as several words");
                whole = false;
                pieces(document, word, |c| self.layout.separators.contains(&c), &mut words);
            } else {
                words.push(word);
            }
        }
        whole &= gap(document, TextRange::new(at, document.text.len()), &mut words, losses);
        (whole || losses.on_loss() != OnLoss::Skip).then_some(words)
    }

    fn shown(&self, document: &Document, span: &Span) -> String {
        let text = quoted(span.range.of(&document.text));
        self.names.own(span.label).map_or_else(|| text.clone(), |name| format!("{text} ({})", quoted(name)))
    }

    /// Returns the words of a span and whether it was widened to them.
    /// `None` if the span is left out.
    fn place(
        &self,
        document: &Document,
        words: &[TextRange],
        span: &Span,
        name: &str,
        losses: &mut LossReport,
    ) -> Option<(std::ops::Range<usize>, bool)> {
        // The untrimmed range comes first, because a word may consist of white space only.
        if let Some(exact) = exact_words(words, span.range) {
            return Some((exact, false));
        }
        let trimmed = trim(&document.text, words, span.range);
        if let Some(exact) = exact_words(words, trimmed) {
            return Some((exact, false));
        }
        let first = words.partition_point(|word| word.end <= trimmed.start);
        let last = words.partition_point(|word| word.start < trimmed.end);
        let whole = words.get(first..last).and_then(|touched| Some(touched.first()?.join(*touched.last()?)));
        let shown = self.shown(document, span);
        let Some(whole) = whole.filter(|_| !trimmed.is_empty()) else {
            let what = format!("the span {shown} covers no word");
            losses.add_at(&document.id, span.range, &what, "left out", "left out");
            return None;
        };
        let snapped = format!("widened to {}", quoted(whole.of(&document.text)));
        let what = format!("the span {shown} ends inside a word of {}", quoted(whole.of(&document.text)));
        losses.add_at(&document.id, span.range, &what, &format!("{} left out", quoted(name)), &snapped);
        (losses.on_loss() != OnLoss::Skip).then_some((first..last, true))
    }
}

/// Handles text in a gap between words, which the layout cannot hold.
/// Returns whether there is none.
fn gap(document: &Document, gap: TextRange, words: &mut Vec<TextRange>, losses: &mut LossReport) -> bool {
    let text = gap.of(&document.text).trim();
    if text.is_empty() {
        return true;
    }
    let what = format!("{} belongs to no word", quoted(text));
    losses.add_at(&document.id, gap, &what, "the document is left out", "written as words of its own");
    pieces(document, gap, char::is_whitespace, words);
    false
}

/// Drops overlapping spans: the longer one stays, of equally long ones the first.
/// Returns the others, and how many of them were changed to fit.
fn without_overlaps<'l>(
    document: &Document,
    words: &[TextRange],
    placed: Vec<(WordSpan<&'l str>, bool)>,
    losses: &mut LossReport,
) -> (Vec<WordSpan<&'l str>>, usize) {
    if placed.windows(2).all(|pair| matches!(pair, [(one, _), (other, _)] if one.end <= other.start)) {
        let changed = placed.iter().filter(|(_, differs)| *differs).count();
        return (placed.into_iter().map(|(span, _)| span).collect(), changed);
    }
    let Disjoint { kept, others } = longest_first(placed, |(span, _)| span.start..span.end);
    for ((span, _), start) in others {
        let Some((other, _)) = kept.get(&start) else { continue };
        let text = quoted(text_of(document, words, &span));
        if *other == span {
            let [id, label] = [&document.id, span.label].map(quoted);
            losses.note(format!("document {id}: {text} ({label}) occurs twice; written once"));
            continue;
        }
        let [mine, theirs] = [span.label, other.label].map(quoted);
        let other = quoted(text_of(document, words, other));
        let what = format!("the span {text} ({mine}) overlaps {other} ({theirs})");
        let outcome = format!("{mine} left out");
        losses.add_at(&document.id, range_of(words, &span), &what, &outcome, &outcome);
    }
    let changed = kept.values().filter(|(_, differs)| *differs).count();
    (kept.into_values().map(|(span, _)| span).collect(), changed)
}

/// Text of a span of words.
fn text_of<'d>(document: &'d Document, words: &[TextRange], span: &WordSpan<&str>) -> &'d str {
    range_of(words, span).unwrap_or_default().of(&document.text)
}

/// Range of a span of words in the text.
fn range_of(words: &[TextRange], span: &WordSpan<&str>) -> Option<TextRange> {
    words.get(span.start..span.end).and_then(|words| Some(words.first()?.join(*words.last()?)))
}

/// Words that begin and end exactly with `range`; `None` if it is empty.
fn exact_words(words: &[TextRange], range: TextRange) -> Option<std::ops::Range<usize>> {
    if range.is_empty() {
        return None;
    }
    let first = words.partition_point(|word| word.start < range.start);
    let last = words.partition_point(|word| word.end <= range.end);
    let touched = words.get(first..last)?;
    let fits = touched.first()?.start == range.start && touched.last()?.end == range.end;
    fits.then_some(first..last)
}

/// Range without white space at its ends. Between the words there is nothing else, so it is not read.
fn trim(text: &str, words: &[TextRange], range: TextRange) -> TextRange {
    let first = words.partition_point(|word| word.end <= range.start);
    let last = words.partition_point(|word| word.start < range.end);
    let touched = words.get(first..last).and_then(|touched| Some(touched.first()?.join(*touched.last()?)));
    let Some(touched) = touched else { return TextRange::new(range.end, range.end) };
    TextRange::new(range.start.max(touched.start), range.end.min(touched.end)).trimmed(text)
}

/// Appends the pieces of a range between separating characters.
fn pieces(document: &Document, range: TextRange, separates: impl Fn(char) -> bool, words: &mut Vec<TextRange>) {
    let mut start = None;
    for (at, c) in range.of(&document.text).char_indices() {
        let at = range.start + at;
        match (separates(c), start) {
            (false, None) => start = Some(at),
            (true, Some(from)) => {
                words.push(TextRange::new(from, at));
                start = None;
            }
            _ => {}
        }
    }
    words.extend(start.map(|from| TextRange::new(from, range.end)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        spans::{SpanId, SpanSource, Status},
        text::{Grid, growth::assert_linear},
    };

    #[test]
    fn spans_over_a_wide_gap_are_fitted_in_linear_time() {
        let input = |n: usize| {
            let mut labels = LabelSet::default();
            let label = labels.intern("Dish");
            let span = |at: usize| Span {
                id: SpanId { writer: 1, sequence: u32::try_from(at).unwrap() },
                range: TextRange::new(1, n + at % 2 + 2),
                label,
                source: SpanSource::Human,
            };
            let document = Document::new("d", format!("a{} bc", " ".repeat(n)), Grid::Natural);
            (document, Annotation::new((0..n).map(span).collect(), Status::Done), labels)
        };
        let layout = WordRules { separators: &[' '], in_labels: &[], empty_words: false, reserved: None };
        assert_linear(3_000, input, |(document, annotation, labels)| {
            let mut losses = LossReport::new(OnLoss::Snap, 50);
            let fitter = Fitter::new(&layout, labels);
            let fitted = fitter.fit(document, annotation, &mut losses).unwrap();
            assert_eq!((fitted.words.len(), fitted.spans), (2, vec![WordSpan { start: 1, end: 2, label: "Dish" }]));
        });
    }
}

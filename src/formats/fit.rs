//! Fitting spans to words: what tags on words can hold, and what becomes of the rest.

use std::collections::{BTreeMap, HashMap};

use super::{
    OnLoss, Problem,
    problem::{Problems, Severity, grouped, quoted},
};
use crate::{
    spans::{Annotation, Document, LabelId, LabelSet, Span, WordSpan},
    text::TextRange,
};

/// Collects what a format cannot hold, and decides at the end whether anything may be written.
#[derive(Debug)]
pub(crate) struct LossReport {
    on_loss: OnLoss,
    problems: Problems,
    lost: usize,
}

impl LossReport {
    /// Nothing lost so far.
    pub(crate) fn new(on_loss: OnLoss) -> Self {
        Self { on_loss, problems: Problems::default(), lost: 0 }
    }

    /// Puts down one loss: what it is, and what becomes of it when it is skipped or snapped.
    pub(crate) fn put(&mut self, document: &str, what: &str, skipped: &str, snapped: &str) {
        self.lost += 1;
        let message = format!("document {}: {what}", quoted(document));
        self.problems.push(match self.on_loss {
            OnLoss::Fail => Problem::error(message),
            OnLoss::Skip => Problem::warning(format!("{message}: {skipped}")),
            OnLoss::Snap => Problem::warning(format!("{message}: {snapped}")),
        });
    }

    /// Puts down something that loses nothing.
    pub(crate) fn note(&mut self, message: String) {
        self.problems.push(Problem::note(message));
    }

    /// What to say about the file.
    ///
    /// # Errors
    /// All of it, if there was a loss and none is wanted.
    pub(crate) fn finish(mut self) -> Result<Vec<Problem>, Vec<Problem>> {
        if self.on_loss != OnLoss::Fail || self.lost == 0 {
            return Ok(self.problems.finish());
        }
        let refused = self.problems.count(Severity::Error);
        let refused = format!("{} {}", grouped(refused), if refused == 1 { "loss" } else { "losses" });
        self.problems.push(
            Problem::note(format!("{refused}: nothing was written"))
                .hint("--on-loss skip leaves these out, --on-loss snap changes them so that they fit"),
        );
        Err(self.problems.finish())
    }
}

/// What words and labels a layout can hold.
pub(crate) struct WordRules {
    /// Characters that end a word in this layout.
    pub(crate) separators: &'static [char],
    /// Whether a word may be empty.
    pub(crate) empty_words: bool,
    /// A word that means something else in this layout.
    pub(crate) reserved: Option<&'static str>,
}

/// A document as words with spans of words: disjoint, ascending.
#[derive(Debug)]
pub(crate) struct Fitted {
    /// The words to be written.
    pub(crate) words: Vec<TextRange>,
    /// The spans to be written.
    pub(crate) spans: Vec<WordSpan>,
    /// How many of them were changed to fit.
    pub(crate) changed: usize,
}

/// Fits the documents of one corpus to one layout.
pub(crate) struct Fitter<'a> {
    layout: &'a WordRules,
    names: HashMap<LabelId, (String, Option<&'static str>)>,
    /// What did not fit.
    pub(crate) losses: LossReport,
}

impl<'a> Fitter<'a> {
    /// Looks at the label names first: a name that cannot be written is a loss for each of its spans.
    pub(crate) fn new(layout: &'a WordRules, labels: &LabelSet, on_loss: OnLoss) -> Self {
        let mut names = HashMap::new();
        for label in labels {
            let fault = if label.name.is_empty() {
                Some("is empty")
            } else {
                label.name.contains(layout.separators).then_some("holds white space")
            };
            names.insert(label.id, (label.name.clone(), fault));
        }
        Self { layout, names, losses: LossReport::new(on_loss) }
    }

    /// The words and spans to write; `None` if the document has to be left out.
    pub(crate) fn fit(&mut self, document: &Document, annotation: &Annotation) -> Option<Fitted> {
        let words = self.words(document)?;
        let mut changed = 0;
        let mut placed = Vec::new();
        for span in annotation.spans() {
            let Some((name, renamed)) = self.name(document, span) else { continue };
            let Some((at, widened)) = self.place(document, &words, span, &name) else { continue };
            placed.push((WordSpan::new(at, name), renamed || widened));
        }
        let spans = self.disjoint(document, &words, placed, &mut changed);
        Some(Fitted { words, spans, changed })
    }

    /// The words as the layout can hold them: without separators inside, none empty, no text between them.
    fn words(&mut self, document: &Document) -> Option<Vec<TextRange>> {
        let mut words = Vec::with_capacity(document.words.len());
        let (mut at, mut whole) = (0, true);
        for word in document.words.iter().copied() {
            whole &= self.between(document, TextRange::new(at, word.start), &mut words);
            at = word.end.max(at);
            let text = word.of(&document.text);
            if text.is_empty() {
                if self.layout.empty_words {
                    words.push(word);
                } else {
                    self.losses.put(&document.id, "an empty word cannot be written", "left out", "left out");
                }
            } else if text.contains(self.layout.separators) {
                let what = format!("the word {} holds white space", quoted(text));
                self.losses.put(&document.id, &what, "the document is left out", "written as several words");
                whole = false;
                pieces(document, word, |c| self.layout.separators.contains(&c), &mut words);
            } else {
                words.push(word);
            }
        }
        whole &= self.between(document, TextRange::new(at, document.text.len()), &mut words);
        if let Some(reserved) = self.layout.reserved.filter(|r| words.iter().any(|word| word.of(&document.text) == *r))
        {
            let what = format!("the word {} means something else in this format", quoted(reserved));
            self.losses.put(&document.id, &what, "the document is left out", "the document is left out");
            return None;
        }
        (whole || self.losses.on_loss != OnLoss::Skip).then_some(words)
    }

    /// Text that belongs to no word has no place either; says whether there is none.
    fn between(&mut self, document: &Document, gap: TextRange, words: &mut Vec<TextRange>) -> bool {
        let text = gap.of(&document.text).trim();
        if text.is_empty() {
            return true;
        }
        let what = format!("{} belongs to no word", quoted(text));
        self.losses.put(&document.id, &what, "the document is left out", "written as words of its own");
        pieces(document, gap, char::is_whitespace, words);
        false
    }

    /// The label's name as it will stand in the file, and whether it is another than its own.
    fn name(&mut self, document: &Document, span: &Span) -> Option<(String, bool)> {
        let Some((name, fault)) = self.names.get(&span.label).cloned() else {
            let what = format!("the span {} has a label that the label set does not know", self.shown(document, span));
            self.losses.put(&document.id, &what, "left out", "left out");
            return None;
        };
        let Some(fault) = fault else { return Some((name, false)) };
        let fitting = name.split(self.layout.separators).collect::<Vec<_>>().join("_");
        let taken = fitting.is_empty() || self.names.values().any(|(other, _)| *other == fitting);
        let snapped = if taken { "left out".to_owned() } else { format!("written as {}", quoted(&fitting)) };
        let what = format!("the label {} of {} {fault}", quoted(&name), quoted(span.range.of(&document.text)));
        self.losses.put(&document.id, &what, "left out", &snapped);
        (self.losses.on_loss == OnLoss::Snap && !taken).then_some((fitting, true))
    }

    fn shown(&self, document: &Document, span: &Span) -> String {
        let text = quoted(span.range.of(&document.text));
        self.names.get(&span.label).map_or_else(|| text.clone(), |(name, _)| format!("{text} ({})", quoted(name)))
    }

    /// The words of a span and whether it had to be widened to them; `None` if it is left out.
    fn place(
        &mut self,
        document: &Document,
        words: &[TextRange],
        span: &Span,
        name: &str,
    ) -> Option<(std::ops::Range<usize>, bool)> {
        let trimmed = trim(&document.text, span.range);
        // As it stands first: a word may itself be nothing but odd white space.
        let ranges = [span.range, trimmed];
        if let Some(exact) =
            ranges.into_iter().filter(|range| !range.is_empty()).find_map(|range| exactly(words, range))
        {
            return Some((exact, false));
        }
        let first = words.partition_point(|word| word.end <= trimmed.start);
        let last = words.partition_point(|word| word.start < trimmed.end);
        let whole = words.get(first..last).and_then(|touched| Some(touched.first()?.join(*touched.last()?)));
        let shown = self.shown(document, span);
        let Some(whole) = whole.filter(|_| !trimmed.is_empty()) else {
            self.losses.put(&document.id, &format!("the span {shown} covers no word"), "left out", "left out");
            return None;
        };
        let snapped = format!("widened to {}", quoted(whole.of(&document.text)));
        let what = format!("the span {shown} ends inside a word of {}", quoted(whole.of(&document.text)));
        self.losses.put(&document.id, &what, &format!("{} left out", quoted(name)), &snapped);
        (self.losses.on_loss != OnLoss::Skip).then_some((first..last, true))
    }

    /// Of spans that overlap the longer stays, of equally long ones the first.
    fn disjoint(
        &mut self,
        document: &Document,
        words: &[TextRange],
        mut placed: Vec<(WordSpan, bool)>,
        changed: &mut usize,
    ) -> Vec<WordSpan> {
        placed.sort_by_key(|(span, _)| (std::cmp::Reverse(span.end - span.start), span.start));
        let mut taken: BTreeMap<usize, WordSpan> = BTreeMap::new();
        for (span, differs) in placed {
            let Some((_, other)) = taken.range(..span.end).next_back().filter(|(_, other)| other.end > span.start)
            else {
                *changed += usize::from(differs);
                taken.insert(span.start, span);
                continue;
            };
            let text = |span: &WordSpan| {
                let whole = words.get(span.start..span.end).and_then(|w| Some(w.first()?.join(*w.last()?)));
                quoted(whole.unwrap_or_default().of(&document.text))
            };
            if *other == span {
                let message = format!(
                    "document {}: {} ({}) stands twice",
                    quoted(&document.id),
                    text(&span),
                    quoted(&span.label)
                );
                self.losses.note(format!("{message}; written once"));
                continue;
            }
            let (mine, theirs) = (quoted(&span.label), quoted(&other.label));
            let what = format!("the span {} ({mine}) overlaps {} ({theirs})", text(&span), text(other));
            let outcome = format!("{mine} left out");
            self.losses.put(&document.id, &what, &outcome, &outcome);
        }
        taken.into_values().collect()
    }
}

/// The words that begin and end exactly with `range`.
fn exactly(words: &[TextRange], range: TextRange) -> Option<std::ops::Range<usize>> {
    let first = words.partition_point(|word| word.start < range.start);
    let last = words.partition_point(|word| word.end <= range.end);
    let touched = words.get(first..last)?;
    let fits = touched.first()?.start == range.start && touched.last()?.end == range.end;
    fits.then_some(first..last)
}

/// The range without white space at its ends.
fn trim(text: &str, range: TextRange) -> TextRange {
    let inside = range.of(text);
    let start = range.start + (inside.len() - inside.trim_start().len());
    TextRange::new(start, start + inside.trim().len())
}

/// The stretches of a range between characters that `separates` says yes to.
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

//! Work on spans and suggestions: labels, edges, removal, taking and rejecting.

use std::iter;

use crate::{
    app::{
        command::Command,
        event::Level,
        suggestions::{Suggestion, SuggestionSource},
    },
    spans::{Edit, LabelId, Span, SpanSource},
    text::{
        TextRange,
        number::{score, with_noun},
    },
};

use super::TagContext;

/// Result of a key that takes all suggestions.
pub(super) struct Taking {
    /// The edits that take them.
    pub(super) edits: Vec<Edit>,
    /// Number of suggestions that are not sure enough.
    pub(super) left: usize,
}

/// Message where an edge cannot be moved over another span.
const IN_THE_WAY: &str = "Another span is in the way";

impl TagContext<'_> {
    /// Gives the label of a digit key; see [`Self::label`].
    pub(in crate::app) fn label_by_digit(&mut self, digit: u8) {
        if let Some(label) = self.label_of_digit(digit) {
            self.label(label);
        }
    }

    /// Arms the label of a digit key; see [`Self::arm`].
    pub(in crate::app) fn arm_by_digit(&mut self, digit: u8) {
        if let Some(label) = self.label_of_digit(digit) {
            self.arm(label);
        }
    }

    /// Labels the selection, or the word.
    /// Relabels the span or the suggestion under the cursor. The same label again does nothing.
    pub(in crate::app) fn label(&mut self, label: LabelId) {
        if let Some(range) = self.tag.selection(self.project) {
            return self.label_range(range, label);
        }
        // The cursor has left the span that the last key made: the same key again is a repeat, not another word.
        if self.tag.made(self.project).is_some_and(|span| span.label == label) {
            return;
        }
        match (self.tag.span(self.project).cloned(), self.tag.nest) {
            (Some(span), false) => self.relabel(&span, label),
            (None, false) if self.tag.suggestion(self.project).is_some() => self.correct(label),
            _ => match self.tag.cursor(self.project) {
                Some(range) => self.label_range(range, label),
                None => self.show_end(),
            },
        }
    }

    /// Shows why a key that acts on a word does nothing after the last one.
    fn show_end(&mut self) {
        if self.tag.at_end {
            self.show(Level::Info, "The text ends here; the last span stays. Go left to relabel it");
        }
    }

    fn relabel(&mut self, span: &Span, label: LabelId) {
        if span.label == label {
            self.tag.anchor = None;
            return;
        }
        let edits = iter::once(Edit::Relabel(span.id, label)).chain(self.rejection(span)).collect();
        self.act_on(edits, span.id, span.range);
    }

    /// Takes the suggestion under the cursor with this label.
    /// If it had another one, that is rejected.
    fn correct(&mut self, label: LabelId) {
        let Some(suggestion) = self.tag.suggestion(self.project).cloned() else { return };
        if suggestion.label == label {
            return self.take();
        }
        let range = suggestion.range;
        let id = self.project.new_id();
        let span = Span { id, range, label, source: SpanSource::Human };
        self.act_on(vec![Edit::Reject(range, suggestion.label), Edit::Add(span)], id, range);
    }

    /// Puts a span on `range` in place of those that it overlaps.
    /// With `nest`, it replaces only those that it would cross.
    fn label_range(&mut self, range: TextRange, label: LabelId) {
        if range.is_empty() {
            return self.show(Level::Warn, "This word is empty and cannot be labelled");
        }
        if let Some(same) = self.annotation().spans().iter().find(|span| span.range == range).cloned() {
            return self.relabel(&same, label);
        }
        let replaced = self.replaced_by(range);
        let id = self.project.new_id();
        let removals = replaced.iter().map(|span| Edit::Remove(span.id));
        let rejections = replaced.iter().filter_map(|span| self.rejection(span));
        let added = Edit::Add(Span { id, range, label, source: SpanSource::Human });
        let edits = removals.chain(rejections).chain([added]).collect();
        self.act_on(edits, id, range);
        if !replaced.is_empty() && self.message.is_none() {
            let spans = if replaced.len() == 1 { "the span" } else { "the spans" };
            self.show(Level::Info, format!("Took the place of {spans} that it touched; the command nest keeps both"));
        }
        self.warn_of_half_words(range);
    }

    /// The spans that a new span on `range` replaces.
    fn replaced_by(&self, range: TextRange) -> Vec<Span> {
        let overlapping = self.annotation().spans().iter().filter(|span| span.range.overlaps(range));
        let crossing = overlapping.filter(|span| {
            let nested = span.range.covers(range) || range.covers(span.range);
            !(self.tag.nest && nested)
        });
        crossing.cloned().collect()
    }

    /// Arms a label; disarms it if it is armed.
    pub(in crate::app) fn arm(&mut self, label: LabelId) {
        self.tag.armed = if self.tag.armed == Some(label) { None } else { Some(label) };
    }

    /// Makes the next label nest with spans, or no longer.
    pub(in crate::app) fn toggle_nest(&mut self) {
        self.tag.nest = !self.tag.nest;
    }

    /// Starts a selection; ends it, and labels it if a label is armed.
    pub(in crate::app) fn select(&mut self) {
        self.tag.last = None;
        match (self.tag.anchor, self.tag.armed) {
            (None, _) if self.tag.at_end && self.tag.chars.is_none() => self.show_end(),
            (None, _) => self.tag.anchor = self.tag.cursor(self.project).map(|here| here.start),
            (Some(_), Some(label)) => self.label(label),
            (Some(_), None) => self.tag.anchor = None,
        }
    }

    /// Removes the span under the cursor, or rejects the suggestion there.
    /// With neither, removes the span that was just made.
    pub(in crate::app) fn remove(&mut self) {
        let suggestion = self.tag.suggestion(self.project);
        let span = self.tag.span(self.project);
        let span = span.or_else(|| self.tag.made(self.project).filter(|_| suggestion.is_none()));
        let edits = match (span, suggestion) {
            // A suggestion that was taken and then removed is not suggested again.
            (Some(span), _) if span.source.is_suggested() => {
                vec![Edit::Remove(span.id), Edit::Reject(span.range, span.label)]
            }
            (Some(span), _) => iter::once(Edit::Remove(span.id)).chain(self.rejection(span)).collect(),
            (None, Some(suggestion)) => vec![Edit::Reject(suggestion.range, suggestion.label)],
            (None, None) => return,
        };
        self.tag.last = None;
        self.act(edits);
    }

    /// Rejects every open suggestion on the document.
    pub(in crate::app) fn reject_all(&mut self) {
        let open = self.project.suggestions(self.tag.document).iter();
        let edits: Vec<Edit> = open.map(|one| Edit::Reject(one.range, one.label)).collect();
        if !edits.is_empty() {
            self.tag.last = None;
            self.act(edits);
        }
    }

    /// Moves an edge of a span by a word, a character, or a phrase.
    /// A suggestion is taken with its edge moved.
    pub(in crate::app) fn move_edge(&mut self, command: Command) {
        let span = self.tag.edge(self.project).cloned();
        let suggestion = self.tag.suggestion(self.project).filter(|_| span.is_none()).cloned();
        let Some(before) = span.as_ref().map(|span| span.range).or(suggestion.as_ref().map(|one| one.range)) else {
            return;
        };
        let Some(range) = self.with_edge_moved(before, command) else { return self.show_edge_limit(command) };
        if let Some(span) = span {
            self.resize(&span, range);
        }
        if let Some(suggestion) = suggestion {
            self.take_resized(suggestion, range);
        }
    }

    /// Shows why an edge cannot be moved further.
    fn show_edge_limit(&mut self, command: Command) {
        let one = if self.tag.chars.is_some() { "character" } else { "word" };
        let why = match command {
            Command::Shorten | Command::ShortenLeft => format!("A span has one {one} at least; it can be removed"),
            _ => "The text ends here".to_owned(),
        };
        self.show(Level::Info, why);
    }

    /// Takes a suggestion with another range.
    /// Spans are in the way of its edges, other suggestions are not.
    fn take_resized(&mut self, suggestion: Suggestion, range: TextRange) {
        if self.annotation().spans().iter().any(|other| other.range.overlaps(range)) {
            return self.show(Level::Info, IN_THE_WAY);
        }
        let span = self.span_from(Suggestion { range, ..suggestion });
        let id = span.id;
        self.act_on(vec![Edit::Add(span)], id, range);
        self.warn_of_half_words(range);
    }

    /// Gives a span another range.
    /// Only if that keeps its relation (apart, inside, around) to every other span.
    fn resize(&mut self, span: &Span, range: TextRange) {
        let mut others = self.annotation().spans().iter().filter(|other| other.id != span.id);
        if others.any(|other| !keeps_relation(other.range, span.range, range)) {
            return self.show(Level::Info, IN_THE_WAY);
        }
        // The cursor stays after a span that was just made, and on one that it was moved to.
        let follows = self.tag.last == Some(span.id) && !self.is_on(span.range);
        let word = self.tag.word;
        let here = self.tag.cursor(self.project).map_or(0, |here| here.start);
        let edits = iter::once(Edit::Resize(span.id, range)).chain(self.rejection(span)).collect();
        self.act_on(edits, span.id, range);
        if self.tag.chars.is_some() {
            self.warn_of_half_words(range);
            let at = if follows { range.end } else { here.clamp(range.start, range.end.saturating_sub(1)) };
            return self.go_to_char(at);
        }
        let words = self.document().and_then(|document| document.words_touching(range));
        if let Some(words) = words.filter(|_| !follows) {
            self.tag.set_word(word.clamp(words.start, words.end - 1));
        }
    }

    /// Rejection of a span that the adjudicator removes or changes.
    /// Other annotators may still have it.
    fn rejection(&self, span: &Span) -> Option<Edit> {
        self.project.is_adjudicator().then_some(Edit::Reject(span.range, span.label))
    }

    fn is_on(&self, range: TextRange) -> bool {
        self.tag.cursor(self.project).is_some_and(|here| here.overlaps(range))
    }

    /// A range with an edge moved; `None` if the text or the range ends there.
    fn with_edge_moved(&self, range: TextRange, command: Command) -> Option<TextRange> {
        if self.tag.chars.is_some() && command != Command::Extend {
            return self.edge_by_char(range, command);
        }
        let words = &self.document()?.words;
        let mut starts = words.iter().map(|word| word.start);
        let mut ends = words.iter().map(|word| word.end);
        let moved = match command {
            Command::Lengthen => TextRange::new(range.start, ends.find(|end| *end > range.end)?),
            Command::Extend => TextRange::new(range.start, self.phrase_end(range.end)?),
            Command::Shorten => TextRange::new(range.start, ends.rfind(|end| *end < range.end)?),
            Command::LengthenLeft => TextRange::new(starts.rfind(|start| *start < range.start)?, range.end),
            _ => TextRange::new(starts.find(|start| *start > range.start)?, range.end),
        };
        (!moved.is_empty()).then_some(moved)
    }

    /// Takes the suggestion under the cursor.
    pub(in crate::app) fn take(&mut self) {
        if let Some(suggestion) = self.tag.suggestion(self.project).cloned() {
            let span = self.span_from(suggestion);
            let id = span.id;
            let range = span.range;
            self.act_on(vec![Edit::Add(span)], id, range);
        }
    }

    /// Takes every open suggestion on the document that is sure enough.
    pub(in crate::app) fn take_all(&mut self) {
        let Taking { edits, left } = self.take_sure_ones();
        let is_any = !edits.is_empty();
        if is_any {
            self.tag.last = None;
            self.act(edits);
        }
        if left > 0 && self.message.is_none() {
            let left = self.less_sure_ones(left);
            self.show(Level::Info, if is_any { format!("{left} left") } else { format!("None taken; {left} left") });
        }
    }

    /// The edits that take every open suggestion of the score from which all are taken.
    pub(super) fn take_sure_ones(&mut self) -> Taking {
        let open = self.project.suggestions(self.tag.document).to_vec();
        let all = open.len();
        let sure = open.into_iter().filter(|suggestion| suggestion.score >= self.settings.take_above);
        let sure: Vec<Suggestion> = sure.collect();
        let left = all - sure.len();
        Taking { edits: sure.into_iter().map(|suggestion| Edit::Add(self.span_from(suggestion))).collect(), left }
    }

    /// Words for suggestions that are not sure enough to be taken with all others.
    pub(super) fn less_sure_ones(&self, left: usize) -> String {
        format!("{} below {}", with_noun(left, "suggestion"), score(f64::from(self.settings.take_above), 2))
    }

    fn span_from(&mut self, suggestion: Suggestion) -> Span {
        let Suggestion { range, label, source, .. } = suggestion;
        Span { id: self.project.new_id(), range, label, source }
    }

    /// Raises or lowers the bar for suggestions by a step.
    pub(in crate::app) fn move_bar(&mut self, up: bool) {
        let text = match self.project.move_bar(up) {
            Some(bar) => {
                let bar = score(f64::from(bar), 1);
                format!("Suggestions of {bar} and surer: {} here", self.open_suggestions())
            }
            None if up => "Surer than .9 is not asked for".to_owned(),
            None => "All suggestions are shown".to_owned(),
        };
        self.show(Level::Info, text);
    }

    /// Turns a source of suggestions on or off.
    pub(in crate::app) fn toggle_source(&mut self, source: SuggestionSource) {
        let on = self.project.toggle_source(source);
        let verb = if on { "may suggest" } else { "suggests nothing now" };
        let here = self.open_suggestions();
        self.show(Level::Info, format!("{} {verb}: {here} here", source.name()));
    }

    fn open_suggestions(&self) -> String {
        with_noun(self.project.suggestions(self.tag.document).len(), "suggestion")
    }
}

/// Whether a span on `other` relates to range `after` as to range `before`.
/// The relations are: apart, around, inside.
fn keeps_relation(other: TextRange, before: TextRange, after: TextRange) -> bool {
    let apart = !other.overlaps(before) && !other.overlaps(after);
    let around = other.covers(before) && other.covers(after);
    let inside = before.covers(other) && after.covers(other);
    apart || around || inside
}

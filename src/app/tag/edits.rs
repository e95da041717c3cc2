//! Labelling, edges, removing, suggestions.

use crate::{
    app::{
        annotators,
        command::Command,
        event::Level,
        suggestions::{Adviser, Suggestion},
    },
    spans::{Edit, LabelId, Span, SpanId, SpanSource},
    text::{TextRange, number::with_noun},
};

use super::Desk;

impl Desk<'_> {
    /// Labels the selection, or the word; relabels the span or the suggestion under the cursor. The same label again does
    /// nothing.
    pub(super) fn label(&mut self, label: LabelId) {
        if let Some(range) = self.tag.selection(self.project) {
            return self.label_range(range, label);
        }
        // The cursor has left the span that the last key made: the same key again is a repeat, not another word.
        let just_made = self.tag.last.and_then(|id| self.annotation().get(id));
        if just_made.is_some_and(|span| span.label == label) {
            return;
        }
        match (self.tag.span(self.project).cloned(), self.tag.nest) {
            (Some(span), false) => self.relabel(&span, label),
            (None, false) if self.tag.suggestion(self.project).is_some() => self.correct(label),
            _ => {
                if let Some(range) = self.tag.cursor(self.project) {
                    self.label_range(range, label);
                }
            }
        }
    }

    fn relabel(&mut self, span: &Span, label: LabelId) {
        if span.label != label {
            let mut edits = vec![Edit::Relabel(span.id, label)];
            edits.extend(self.turned_down(span));
            self.act_on(edits, span.id, span.range);
        } else {
            self.tag.anchor = None;
        }
    }

    /// Takes the suggestion under the cursor with this label. If it had another one, that is turned down.
    fn correct(&mut self, label: LabelId) {
        let Some(suggestion) = self.tag.suggestion(self.project).cloned() else { return };
        if suggestion.label == label {
            return self.take();
        }
        let (range, id) = (suggestion.range, self.project.new_id());
        let span = Span { id, range, label, source: SpanSource::Human };
        self.act_on(vec![Edit::Reject(range, suggestion.label), Edit::Add(span)], id, range);
    }

    /// Puts a span on `range` in place of those that it touches; with `nest`, only of those that it would cross.
    fn label_range(&mut self, range: TextRange, label: LabelId) {
        if range.is_empty() {
            return self.tell(Level::Warn, "This word is empty and cannot be labelled");
        }
        if let Some(same) = self.annotation().spans().iter().find(|span| span.range == range).cloned() {
            return self.relabel(&same, label);
        }
        let nest = self.tag.nest;
        let goes = |span: &&Span| {
            let nested = span.range.covers(range) || range.covers(span.range);
            span.range.overlaps(range) && !(nest && nested)
        };
        let replaced: Vec<SpanId> = self.annotation().spans().iter().filter(goes).map(|span| span.id).collect();
        let count = replaced.len();
        let id = self.project.new_id();
        let old = replaced.iter().filter_map(|id| self.annotation().get(*id));
        let old: Vec<Edit> = old.filter_map(|span| self.turned_down(span)).collect();
        let mut edits: Vec<Edit> = replaced.into_iter().map(Edit::Remove).chain(old).collect();
        edits.push(Edit::Add(Span { id, range, label, source: SpanSource::Human }));
        self.act_on(edits, id, range);
        if count > 0 && self.told.is_none() {
            let spans = if count == 1 { "the span" } else { "the spans" };
            self.tell(Level::Info, format!("Took the place of {spans} that it touched; the command nest keeps both"));
        }
        self.warn_of_half_words(range);
    }

    pub(super) fn arm(&mut self, label: LabelId) {
        self.tag.armed = if self.tag.armed == Some(label) { None } else { Some(label) };
    }

    /// Starts a selection; ends it, and labels it if a label is armed.
    pub(super) fn select(&mut self) {
        self.tag.last = None;
        match (self.tag.anchor, self.tag.armed) {
            (None, _) => self.tag.anchor = self.tag.cursor(self.project).map(|here| here.start),
            (Some(_), Some(label)) => self.label(label),
            (Some(_), None) => self.tag.anchor = None,
        }
    }

    /// Removes the span under the cursor, or turns the suggestion there down; or removes the span that was just made.
    pub(super) fn remove(&mut self) {
        let over = self.tag.suggestion(self.project);
        // With nothing under the cursor, the span that was just made.
        let made = || self.tag.made(self.project).filter(|_| over.is_none());
        let edits = match (self.tag.span(self.project).or_else(made), over) {
            // What was suggested, taken and removed is not suggested again.
            (Some(span), _) if span.source.is_suggested() => {
                vec![Edit::Remove(span.id), Edit::Reject(span.range, span.label)]
            }
            (Some(span), _) => std::iter::once(Edit::Remove(span.id)).chain(self.turned_down(span)).collect(),
            (None, Some(suggestion)) => vec![Edit::Reject(suggestion.range, suggestion.label)],
            (None, None) => return,
        };
        self.tag.last = None;
        self.act(edits);
    }

    /// Turns down every suggestion that is open here.
    pub(super) fn reject_all(&mut self) {
        let open = self.project.suggestions(self.tag.document).iter();
        let edits: Vec<Edit> = open.map(|one| Edit::Reject(one.range, one.label)).collect();
        if !edits.is_empty() {
            self.tag.last = None;
            self.act(edits);
        }
    }

    /// Moves an edge by a word, or over all content words that follow. How the span lies to every other one (apart, inside,
    /// around) must stay as it is. A suggestion is taken with the edge moved.
    pub(super) fn edge(&mut self, command: Command) {
        let (span, new) = match (self.tag.edge(self.project).cloned(), self.tag.suggestion(self.project).cloned()) {
            (Some(span), _) => (span, false),
            (None, Some(suggestion)) => (self.taken(suggestion), true),
            (None, None) => return,
        };
        let Some(range) = self.moved(span.range, command) else {
            let least = matches!(command, Command::Shorten | Command::ShortenLeft);
            let one = if self.tag.letters.is_some() { "character" } else { "word" };
            let why = if least {
                format!("A span has one {one} at least; it can be removed")
            } else {
                "The text ends here".to_owned()
            };
            return self.tell(Level::Info, why);
        };
        if new {
            // Spans are in the way of an edge, other suggestions are not.
            if self.annotation().spans().iter().any(|other| other.range.overlaps(range)) {
                return self.tell(Level::Info, "Another span is in the way");
            }
            let (id, span) = (span.id, Span { range, ..span });
            self.act_on(vec![Edit::Add(span)], id, range);
            return self.warn_of_half_words(range);
        }
        let others = self.annotation().spans().iter().filter(|other| other.id != span.id);
        let in_the_way = others.map(|other| other.range).any(|other| {
            let (apart, inside, around) =
                (!other.overlaps(span.range), other.covers(span.range), span.range.covers(other));
            !(apart && !other.overlaps(range) || inside && other.covers(range) || around && range.covers(other))
        });
        if in_the_way {
            return self.tell(Level::Info, "Another span is in the way");
        }
        // The cursor stays behind a span that was just made, and on one that it was moved to.
        let follows = self.tag.last == Some(span.id) && !self.on(span.range);
        let (word, here) = (self.tag.word, self.tag.cursor(self.project).map_or(0, |here| here.start));
        let old = self.turned_down(&span);
        let edits = std::iter::once(Edit::Resize(span.id, range)).chain(old).collect();
        self.act_on(edits, span.id, range);
        if self.tag.letters.is_some() {
            self.warn_of_half_words(range);
            // On the span, as before.
            let at = if follows { range.end } else { here.clamp(range.start, range.end.saturating_sub(1)) };
            return self.letter_to(at);
        }
        let words = self.document().and_then(|document| document.words_touching(range));
        if let Some(words) = words.filter(|_| !follows) {
            self.tag.word = word.clamp(words.start, words.end - 1);
        }
    }

    /// What who decides between annotators takes away or changes is turned down as it was: some of them may say it still.
    fn turned_down(&self, span: &Span) -> Option<Edit> {
        annotators::judge(self.project).then_some(Edit::Reject(span.range, span.label))
    }

    fn on(&self, range: TextRange) -> bool {
        self.tag.cursor(self.project).is_some_and(|here| here.overlaps(range))
    }

    fn moved(&self, range: TextRange, command: Command) -> Option<TextRange> {
        if self.tag.letters.is_some() && command != Command::Extend {
            return self.edge_by_letter(range, command);
        }
        let words = &self.document()?.words;
        let (mut starts, mut ends) = (words.iter().map(|word| word.start), words.iter().map(|word| word.end));
        let moved = match command {
            Command::Lengthen => TextRange::new(range.start, ends.find(|end| *end > range.end)?),
            Command::Extend => TextRange::new(range.start, self.phrase_end(range.end)?),
            Command::Shorten => TextRange::new(range.start, ends.rfind(|end| *end < range.end)?),
            Command::LengthenLeft => TextRange::new(starts.rfind(|start| *start < range.start)?, range.end),
            _ => TextRange::new(starts.find(|start| *start > range.start)?, range.end),
        };
        (!moved.is_empty()).then_some(moved)
    }

    pub(super) fn take(&mut self) {
        if let Some(suggestion) = self.tag.suggestion(self.project).cloned() {
            let range = suggestion.range;
            let span = self.taken(suggestion);
            let id = span.id;
            self.act_on(vec![Edit::Add(span)], id, range);
        }
    }

    pub(super) fn take_all(&mut self) {
        let edits = self.suggested();
        if !edits.is_empty() {
            self.tag.last = None;
            self.act(edits);
        }
    }

    /// The edits that take every open suggestion.
    pub(super) fn suggested(&mut self) -> Vec<Edit> {
        let open = self.project.suggestions(self.tag.document).to_vec();
        open.into_iter().map(|suggestion| Edit::Add(self.taken(suggestion))).collect()
    }

    fn taken(&mut self, suggestion: Suggestion) -> Span {
        let Suggestion { range, label, source, .. } = suggestion;
        Span { id: self.project.new_id(), range, label, source }
    }

    /// Shows only suggestions that are surer, or less sure ones too.
    pub(super) fn move_bar(&mut self, up: bool) {
        let text = match self.project.move_bar(up) {
            Some(bar) => {
                let here = with_noun(self.project.suggestions(self.tag.document).len(), "suggestion");
                format!("Suggestions of {bar:.1} and surer: {here} here")
            }
            None if up => "Surer than .9 is not asked for".to_owned(),
            None => "All suggestions are shown".to_owned(),
        };
        self.tell(Level::Info, text);
    }

    pub(super) fn toggle_adviser(&mut self, adviser: Adviser) {
        let on = self.project.toggle_adviser(adviser);
        let verb = if on { "may suggest" } else { "suggests nothing now" };
        let here = with_noun(self.project.suggestions(self.tag.document).len(), "suggestion");
        self.tell(Level::Info, format!("{} {verb}: {here} here", adviser.name()));
    }
}

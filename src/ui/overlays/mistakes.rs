//! The list of places where gold spans and a model differ, with the text of the one under the cursor.
//! The gold is above the model, both under the words.

use ratatui::{layout::Rect, style::Style};

use crate::{
    app::{
        overlays::mistakes::{Mistakes, is_side_by_side, rows_of_list},
        project::Project,
        review::{self, Decision, Subject},
    },
    spans::{Document, MistakeKind, ReviewItem, ReviewList, SentenceChange, Span, Split, review::LabelledRange},
    text::{
        TextRange,
        number::{grouped, with_noun},
        width,
        wrap::TextLayout,
    },
};

use super::super::{
    Canvas,
    model_marks::{model_mark, model_range, span_mark},
    paint::{bottom, inset, left, share, top},
    short::tail,
    text_pane::{Below, TextPane, two_digits},
};

/// Columns of the parts of a row before its words: decision, kind.
const DECISION: u16 = 6;
/// The decision where two runs are compared: there "fixed" is said of a run.
const LONG_DECISION: u16 = 8;
const KIND: u16 = 11;
/// Bytes of a text that is laid out completely in each frame.
const WHOLE: usize = 4096;
/// Words of a longer text that are laid out, a third of them before the place.
const WORDS_AROUND: usize = 400;
/// Columns of a span's words that are shown, which is more than a line.
const WORDS: usize = 512;

impl Canvas<'_> {
    pub(super) fn mistakes(&mut self, area: Rect, panel: &Mistakes) {
        let Some(project) = &self.state.session.project else { return };
        let sheet = self.sheet(area, area.height);
        let (head, rest) = top(sheet, 1);
        self.mistakes_head(panel, head);
        let Some(list) = &panel.list else { return self.search_state(rest) };
        let (note, rest) = top(rest, 1);
        if let Some(text) = review::agreement(&self.state.session.runs, list) {
            let style = if list.changed > 0 { self.theme.warn } else { self.theme.muted };
            self.painter.text(note.x, note.y, note.width, &text, style);
        }
        let size = self.state.session.size;
        let (rows, text) = if is_side_by_side(size) {
            let (rows, side) = left(rest, rest.width * 9 / 20);
            self.painter.rule_down(Rect { x: side.x + 1, ..side }, self.theme.border);
            (rows, Rect { x: side.x + 3, width: side.width.saturating_sub(3), ..side })
        } else {
            let (rows, below) = top(rest, u16::try_from(rows_of_list(size)).unwrap_or(u16::MAX).min(rest.height / 2));
            // A blank row between them, if there is room.
            (rows, top(below, u16::from(below.height > 8)).1)
        };
        if panel.rows.is_empty() {
            let nothing = match (list.total(), list.split, &list.against) {
                (0, None, _) => "No label is suspected",
                (0, Some(_), None) => "The model makes no mistake here",
                (0, Some(_), Some(_)) => "Both runs are right in the same sentences",
                _ => "No mistake is like that",
            };
            self.painter.text(rows.x, rows.y, rows.width, nothing, self.theme.muted);
        }
        for (line, at) in Self::page_of(rows, panel.row, panel.rows.len()) {
            if let Some(item) = panel.item(at) {
                self.mistake_row(project, item, panel.decision(at), line);
            }
            self.list_row(line, at, panel.row);
        }
        if let Some(item) = panel.item(panel.row) {
            self.mistake_text(project, panel, item, text);
        }
    }

    /// The run, its split, the places that are chosen, and how many of them are open.
    fn mistakes_head(&mut self, panel: &Mistakes, head: Rect) {
        let split = split_name(panel.split(&self.state.session));
        if self.state.session.review.is_of_suspects() {
            return self.suspects_head(panel, head);
        }
        let Some(list) = &panel.list else {
            let subject = self.state.session.review.subject();
            let text = match subject {
                Some(Subject::Changes([older, newer], _)) => {
                    format!("{newer} and {older} on {split}, sentence by sentence")
                }
                _ => format!("mistakes on {split}"),
            };
            self.painter.text(head.x, head.y, head.width, &text, self.theme.accent);
            return;
        };
        if let (Some(older), Some(change)) = (&list.against, panel.filter.change) {
            return self.changes_head(panel, head, [older, &list.run], change);
        }
        let [open, kept, fixed] = panel.counts();
        let decided = [(kept, "kept"), (fixed, "fixed")].into_iter().filter(|(count, _)| *count > 0);
        let decided: String = decided.map(|(count, word)| format!(", {} {word}", grouped(count))).collect();
        let unlisted = match list.unlisted {
            0 => String::new(),
            more => format!(", {} more not listed", grouped(more)),
        };
        let split = list.split.map_or("all splits", split_name);
        let filter = panel.filter.name();
        let open = format!("{} of {} open", grouped(open), with_noun(panel.rows.len(), "mistake"));
        let texts = [
            format!("{} on {split}, {filter}: {open}{decided}{unlisted}", list.run),
            format!("{split}, {filter}: {open}{decided}{unlisted}"),
            format!("{filter}: {open}{decided}"),
            format!("{filter}: {open}"),
            open,
        ];
        // A list that scores nothing has no F1.
        let f1 = (!list.labels.is_empty()).then(|| format!(", F1 {}", share(list.overall().rates().f1).trim()));
        let order = panel.order.name();
        self.head_line(&texts, &[format!("{order}{}", f1.unwrap_or_default()), order.to_owned()], head);
    }

    /// What the newer of two runs did to the sentences of the list, and how many places in them are open.
    fn changes_head(&mut self, panel: &Mistakes, head: Rect, [older, newer]: [&str; 2], change: SentenceChange) {
        let split = split_name(panel.split(&self.state.session));
        let [open, kept, changed] = panel.counts();
        let decided = [(kept, "kept"), (changed, "changed")].into_iter().filter(|(count, _)| *count > 0);
        let decided: String = decided.map(|(count, word)| format!(", {} {word}", grouped(count))).collect();
        let open = format!("{} of {} open", grouped(open), with_noun(panel.rows.len(), "mistake"));
        let sentences = with_noun(panel.sentences(), "sentence");
        let verb = change.verb();
        let before = match change {
            SentenceChange::Fixed => "wrong",
            SentenceChange::Broken => "right",
        };
        let texts = [
            format!("{newer} {verb} {sentences} on {split} that {older} has {before}: {open}{decided}"),
            format!("{newer} {verb} {sentences} that {older} has {before}: {open}{decided}"),
            format!("{newer} {verb} {sentences}: {open}{decided}"),
            format!("{verb} {sentences}: {open}"),
            format!("{verb} {sentences}"),
        ];
        self.head_line(&texts, &[panel.order.name().to_owned()], head);
    }

    /// The numbers of suspected labels.
    fn suspects_head(&mut self, panel: &Mistakes, head: Rect) {
        let Some(list) = &panel.list else {
            self.painter.text(head.x, head.y, head.width, "suspected labels", self.theme.accent);
            return;
        };
        let [open, kept, fixed] = panel.counts().map(grouped);
        let suspected = suspected(panel.rows.len(), list);
        let documents = with_noun(list.documents, "document");
        let kind = panel.filter.kind.map_or("all", suspect_kind);
        let texts = [
            format!("{suspected} in {documents}, {kind}: {open} open, {kept} kept, {fixed} fixed"),
            format!("{suspected}, {kind}: {open} open, {kept} kept, {fixed} fixed"),
            format!("{suspected}, {kind}: {open} open"),
            format!("{kind}: {open} of {} open", with_noun(panel.rows.len(), "suspect")),
        ];
        self.head_line(&texts, &[panel.order.name().to_owned()], head);
    }

    /// A line with the longest of some texts that fits, and on its right the longest of others that fits beside it.
    fn head_line(&mut self, texts: &[String], right: &[String], area: Rect) {
        let room = usize::from(area.width);
        let Some(text) = texts.iter().find(|text| width::width(text) <= room).or(texts.last()) else { return };
        let used = self.painter.text(area.x, area.y, area.width, text, self.theme.accent);
        let rest = usize::from(area.width.saturating_sub(used));
        if let Some(right) = right.iter().find(|right| width::width(right) + 2 <= rest) {
            self.painter.text_before(area.right(), area.y, area.width, right, self.theme.muted);
        }
    }

    /// The progress of the search, or why there is nothing to show.
    pub(super) fn search_state(&mut self, area: Rect) {
        let review = &self.state.session.review;
        let (text, style) = match (review.progress(), review.problem()) {
            (Some(_), _) if review.is_of_suspects() => ("The labels are being compared".to_owned(), self.theme.text),
            (Some((_, 0)), _) => ("Gold spans and the model are being read".to_owned(), self.theme.text),
            (Some((done, all)), _) => {
                let of = with_noun(all, "document");
                (format!("{} of {of} compared; esc goes back, the search goes on", grouped(done)), self.theme.text)
            }
            (None, Some(why)) => (why.to_owned(), self.theme.warn),
            (None, None) => ("There is no run yet".to_owned(), self.theme.muted),
        };
        let lines = super::super::chrome::wrapped(&text, usize::from(area.width), 5, self.painter.caps.glyphs);
        for (y, line) in (area.top()..area.bottom()).zip(lines) {
            self.painter.text(area.x, y, area.width, &line, style);
        }
    }

    /// One place: its decision, kind, labels, words, and the probability that gold is wrong.
    fn mistake_row(&mut self, project: &Project, item: &ReviewItem, decision: Decision, line: Rect) {
        let Rect { x, y, width, .. } = line;
        let is_compared = item.change.is_some();
        let (decided, style) = match decision {
            Decision::Open => ("", self.theme.text),
            Decision::Kept => ("kept", self.theme.muted),
            Decision::Fixed => (if is_compared { "changed" } else { "fixed" }, self.theme.ok),
        };
        let columns = if is_compared { LONG_DECISION } else { DECISION };
        self.painter.text(x, y, columns, decided, style);
        self.painter.text(x + columns, y, KIND, kind_of(item), self.theme.text);
        let labels = (width / 4).clamp(10, 28);
        let start = x + columns + KIND;
        self.painter.text(start, y, labels, &labels_of(item), self.item_style(project, item));
        let words = start + labels + 1;
        let is_marked = self.state.session.review.is_marked(&item.document);
        let score = item.sureness().map(two_digits).unwrap_or_default();
        let score = format!("{}{score}", if is_marked { "* " } else { "" });
        let end = self.painter.text_before(line.right(), y, 6, &score, self.theme.text);
        let text = project.position(&item.document).and_then(|at| project.documents.get(at));
        let text = text.map_or("not in the project", |document| item.range().of(&document.text));
        self.painter.text(words, y, end.saturating_sub(words + 1), text, self.theme.text);
    }

    fn item_style(&self, project: &Project, item: &ReviewItem) -> Style {
        let [gold, model] = item.labels();
        let label = gold.or(model).and_then(|label| project.labels.find(label));
        label.map_or(self.theme.text, |label| self.theme.label(label.color))
    }

    /// The text of a place with the user's spans, and under them what the model has.
    fn mistake_text(&mut self, project: &Project, panel: &Mistakes, item: &ReviewItem, area: Rect) {
        let Some(at) = project.position(&item.document) else { return };
        let Some(document) = project.documents.get(at) else { return };
        let (head, rest) = top(area, 1);
        let (rest, foot) = bottom(rest, 2);
        let reason = format!("  {}", item.reason());
        let end = self.painter.text_before(head.right(), head.y, head.width * 2 / 3, &reason, self.theme.accent);
        let room = usize::from(end.saturating_sub(head.x));
        let id = tail(&document.id, room, self.painter.caps.glyphs);
        self.painter.text(head.x, head.y, end.saturating_sub(head.x), &id, self.theme.muted);
        let text = inset(rest, 2);
        let columns = text.width.min(100);
        let seen = excerpt(document, item.range());
        let shown = seen.of(&document.text);
        let layout = TextLayout::new(shown, usize::from(columns.max(1)), self.painter.caps.glyphs);
        let spans: Vec<&Span> = project.annotation(at).over(seen).collect();
        let ranges: Vec<TextRange> = spans.iter().map(|span| within(span.range, seen)).collect();
        let mut beside: Vec<&ReviewItem> =
            panel.items_beside().iter().filter(|item| model_range(item).overlaps(seen)).collect();
        beside.sort_by_key(|item| model_range(item).start);
        let marked: Vec<TextRange> = beside.iter().map(|item| within(model_range(item), seen)).collect();
        let theme = self.theme;
        let place = within(item.range(), seen);
        let pane = TextPane {
            text: shown,
            layout: &layout,
            ranges: &ranges,
            mark: &|at| span_mark(project, theme, spans.get(at).copied()),
            highlights: &[(place, theme.cursor)],
            selection: None,
            focus: place.start,
            text_style: theme.text,
            odd_style: theme.muted,
        };
        let below = Below {
            ranges: &marked,
            mark: &|at| beside.get(at).map(|item| model_mark(project, theme, item)).unwrap_or_default(),
        };
        pane.draw_above(Some(&below), &mut self.painter, Rect { width: columns, ..text });
        self.side_line("gold", item.gold.as_ref(), item.gold_share(), (&document.text, foot));
        let (_, second) = top(foot, 1);
        let side = match item.change {
            Some(SentenceChange::Fixed) => "older",
            Some(SentenceChange::Broken) => "newer",
            // Without a model, the suggestion is what the same words are elsewhere.
            None if item.is_suspect() && item.model_probability.is_none() => "usual",
            None => "model",
        };
        self.side_line(side, item.model.as_ref(), item.model_probability, (&document.text, second));
    }

    /// One side of a place in words, with the probability that the model gives to it.
    fn side_line(
        &mut self,
        side: &str,
        span: Option<&LabelledRange>,
        probability: Option<f32>,
        (text, area): (&str, Rect),
    ) {
        if area.height == 0 {
            return;
        }
        self.painter.text(area.x, area.y, 6, side, self.theme.muted);
        let score = probability.map(two_digits).unwrap_or_default();
        self.painter.text(area.x + 6, area.y, 4, &score, self.theme.text);
        let words = match span {
            Some(span) => format!("{} \u{ab}{}\u{bb}", span.label, width::cut(span.range.of(text), WORDS)),
            None => "nothing".to_owned(),
        };
        self.painter.text(area.x + 11, area.y, area.width.saturating_sub(11), &words, self.theme.text);
    }
}

/// Part of a text that is laid out: all of a short one, of a long one some words around a place.
fn excerpt(document: &Document, place: TextRange) -> TextRange {
    let whole = TextRange::new(0, document.text.len());
    if whole.len() <= WHOLE {
        return whole;
    }
    let word = document.words_touching(place).map_or(0, |words| words.start);
    let last = document.words.len().min(word + WORDS_AROUND);
    document.range_of_words(word.saturating_sub(WORDS_AROUND / 2)..last).unwrap_or(place)
}

/// The part of `range` inside `seen`, counted from the start of `seen`.
fn within(range: TextRange, seen: TextRange) -> TextRange {
    let [start, end] = [range.start, range.end].map(|at| at.clamp(seen.start, seen.end.max(seen.start)) - seen.start);
    TextRange::new(start, end)
}

/// Short name of a kind for the list.
pub(in crate::ui) fn kind_name(kind: MistakeKind) -> &'static str {
    match kind {
        MistakeKind::Label => "label",
        MistakeKind::TooLong => "too long",
        MistakeKind::TooShort => "too short",
        MistakeKind::Shifted => "shifted",
        MistakeKind::Both => "both wrong",
        MistakeKind::Missed => "missed",
        MistakeKind::Spurious => "spurious",
    }
}

/// Numbers of suspected labels that are shown, and of those of the whole list that are probably wrong.
fn suspected(rows: usize, list: &ReviewList) -> String {
    format!("{} ({} probable)", with_noun(rows, "suspected label"), grouped(list.probably_wrong))
}

/// The same for a label that is suspected: what is wrong with it, instead of with the other answer.
fn suspect_kind(kind: MistakeKind) -> &'static str {
    match kind {
        MistakeKind::TooLong => "too short",
        MistakeKind::TooShort => "too long",
        MistakeKind::Missed => "needless",
        MistakeKind::Spurious => "unlabelled",
        MistakeKind::Label | MistakeKind::Shifted | MistakeKind::Both => kind_name(kind),
    }
}

/// What is wrong at a place: with the answer of a model, or with a suspected label.
fn kind_of(item: &ReviewItem) -> &'static str {
    if item.is_suspect() { suspect_kind(item.kind) } else { kind_name(item.kind) }
}

/// The labels of a place: one where both sides have the same, or where only one has any.
fn labels_of(item: &ReviewItem) -> String {
    match item.labels() {
        [Some(gold), Some(model)] if gold != model => format!("{gold} > {model}"),
        [Some(label), _] | [None, Some(label)] => label.to_owned(),
        [None, None] => String::new(),
    }
}

/// Name of a split in a sentence.
pub(in crate::ui) fn split_name(split: Split) -> &'static str {
    match split {
        Split::Train => "training",
        Split::Valid => "validation",
        Split::Test => "test",
    }
}

//! The Tag screen.

use std::{cmp::Reverse, iter};

use ratatui::{layout::Rect, style::Style};

use crate::{
    app::{
        command::{Command, Context},
        event::Sight,
        learning,
        project::Project,
        screen::SizeClass,
        suggestions::Suggestion,
    },
    runs::live::LiveState,
    spans::{Document, Label, LabelId, NextDocument, ReviewItem, Span, SpanSource, Split, Status},
    text::{
        TextRange,
        number::{grouped, with_noun},
        width,
        wrap::TextLayout,
    },
};

use super::super::{
    Canvas, Target, Theme,
    model_marks::{model_mark, model_range},
    paint::{bottom, clock, first_of_page, inset, left, top},
    text_pane::{Below, Mark, TextPane, rows_each, sight_in, two_digits},
};

/// Cells of a note on the line above the labels.
const NOTE: usize = 24;
/// Most cells of the reason why a model gives no view.
const WHY: usize = 40;
/// Most cells of a label's name on the label bar.
const LABEL: usize = 40;

/// The list of spans beside the text has a multiple of this number of rows, if there is room.
const ROWS_KEPT: usize = 8;

/// A span or suggestion of the document in front.
#[derive(Clone, Copy)]
enum Item<'a> {
    Span(&'a Span),
    Suggestion(&'a Suggestion),
}

impl Item<'_> {
    fn range(self) -> TextRange {
        match self {
            Self::Span(span) => span.range,
            Self::Suggestion(found) => found.range,
        }
    }

    fn is_of_model(self) -> bool {
        matches!(self, Self::Suggestion(Suggestion { source: SpanSource::Model { .. }, .. }))
    }

    /// The mark of a span, or of a suggestion with its score.
    fn mark(self, project: &Project, theme: &Theme) -> Mark {
        let (label, score) = match self {
            Self::Span(span) => (span.label, None),
            Self::Suggestion(found) => (found.label, Some(found.score)),
        };
        let label = project.labels.get(label);
        let style = label.map_or(theme.text, |label| match score {
            Some(_) => theme.suggestion(label.color),
            None => theme.label(label.color),
        });
        Mark {
            name: label.map_or("?", |label| &label.name).to_owned(),
            tag: label.map_or("?", |label| &label.tag).to_owned(),
            key: label.and_then(|label| label.key),
            style,
            score,
        }
    }
}

impl<'a> Canvas<'a> {
    pub(in super::super) fn tag(&mut self, project: &Project, body: Rect) {
        let side = u16::try_from(self.state.session.size.side_columns()).unwrap_or(0);
        let (body, _) = bottom(body, 1);
        let bar = LabelRoom::of(project, usize::from(body.width.saturating_sub(2))).rows;
        let (rest, labels) = bottom(body, bar);
        let (rest, line) = bottom(rest, 1);
        let has_line = rest.height > 4 && self.has_line_below_text();
        let (rest, below) = bottom(rest, u16::from(has_line));
        let (text, aside) = left(rest, rest.width.saturating_sub(side));
        self.label_bar(project, inset(labels, 1));
        if aside.width > 0 {
            self.painter.rule_down(aside, self.theme.border);
            self.tag_side(project, inset(aside, 2));
        }
        if has_line {
            self.line_below_text(inset(below, 2));
        }
        let lines = self.document_text(project, text);
        self.painter.rule(line, self.theme.border);
        self.state_line(project, lines, line);
    }

    /// Whether a line about a training or the live model is below the text.
    fn has_line_below_text(&self) -> bool {
        self.has_run_below_text() || self.state.session.shows_learning()
    }

    fn has_run_below_text(&self) -> bool {
        self.class() < SizeClass::Full && self.has_strip()
    }

    /// Draws the run in training, or else what the live model has learned.
    fn line_below_text(&mut self, area: Rect) {
        if self.has_run_below_text() {
            return self.strip(area);
        }
        let lines = learning::status_lines(&self.state.session);
        let fitting = lines.iter().find(|line| width::width(line) <= usize::from(area.width)).or(lines.last());
        let has_failed = matches!(self.state.session.live.state, LiveState::Failed(_));
        let style = if has_failed { self.theme.warn } else { self.theme.muted };
        self.painter.text(area.x, area.y, area.width, fitting.map_or("", String::as_str), style);
    }

    /// Draws the text in front with its marks.
    /// Returns which of its lines are in sight, if not all are.
    fn document_text(&mut self, project: &Project, area: Rect) -> Option<String> {
        let tagging = &self.state.session.tagging;
        let columns = u16::try_from(self.state.session.size.text_columns()).unwrap_or(area.width);
        let area = Rect { x: area.x + 2.min(area.width), width: columns.min(area.width.saturating_sub(2)), ..area };
        let Some(document) = project.documents.get(tagging.document) else {
            let session = &self.state.session;
            let palette = session.key(Context::Tag, Command::Palette);
            let text = format!("No texts yet. Type {palette}import and press enter.");
            self.painter.text(area.x, area.y, area.width, &text, self.theme.muted);
            return None;
        };
        let width = usize::from(area.width);
        let glyphs = self.painter.caps.glyphs;
        let kept = tagging.layout(width, glyphs);
        let fresh = kept.is_none().then(|| TextLayout::new(&document.text, width, glyphs));
        let layout = kept.or(fresh.as_ref())?;
        let word = tagging.cursor(project);
        let selection = tagging.selection(project);
        let selected = selection.map(|range| (range, self.theme.selection));
        let highlights: Vec<(TextRange, Style)> =
            selected.into_iter().chain(word.map(|range| (range, self.theme.cursor))).collect();
        let focus = tagging.focus(project);
        let view = self.view_of(project);
        let in_sight = sight_in(layout, focus, area.height, rows_each(view.is_some()));
        let seen = layout.lines().get(in_sight).unwrap_or_default();
        let seen = seen.iter().map(|line| line.range).reduce(TextRange::join).unwrap_or_default();
        if self.state.overlay().is_none() {
            self.hits.sight = Some(Sight { document: tagging.document, text: seen });
        }
        let mut items = items_over(project, tagging.document, seen);
        // Under its own row of marks, what the model finds is not shown twice.
        items.retain(|item| view.is_none() || !item.is_of_model());
        let ranges: Vec<TextRange> = items.iter().map(|item| item.range()).collect();
        let theme = self.theme;
        let pane = TextPane {
            text: &document.text,
            layout,
            ranges: &ranges,
            mark: &|at| items.get(at).map(|item| item.mark(project, theme)).unwrap_or_default(),
            highlights: &highlights,
            selection,
            focus,
            text_style: self.theme.text,
            odd_style: self.theme.muted,
        };
        // A long text may have very many: only those in sight are drawn.
        let differences = view.iter().copied().flatten().filter(|item| model_range(item).overlaps(seen));
        let differences: Vec<&ReviewItem> = differences.collect();
        let marked: Vec<TextRange> = differences.iter().map(|item| model_range(item)).collect();
        let below = Below {
            ranges: &marked,
            mark: &|at| differences.get(at).map(|item| model_mark(project, theme, item)).unwrap_or_default(),
        };
        let below = view.is_some().then_some(&below);
        let drawn = pane.draw_above(below, &mut self.painter, area);
        self.painter.marked = drawn.focus;
        let lines = drawn.lines_in_sight();
        for (cell, offset) in drawn.cells {
            self.hits.add(cell, Target::Text(offset));
        }
        lines
    }

    /// The document in front, if what the model saw in it is shown.
    fn viewed<'p>(&self, project: &'p Project) -> Option<&'p Document> {
        let document = project.documents.get(self.state.session.tagging.document);
        let is_hidden = project.hides_model(self.state.session.tagging.document);
        let is_on = self.state.session.model_view.is_on() && !is_hidden;
        document.filter(|document| is_on && document.split != Some(Split::Test))
    }

    /// Where the model differs from the spans of the document in front, if that is shown.
    /// Nothing while it is being asked: the text has room for the answer at once.
    fn view_of(&self, project: &Project) -> Option<&'a [ReviewItem]> {
        let found = self.state.session.model_view.differences(&self.viewed(project)?.id);
        Some(found.and_then(Result::ok).unwrap_or_default())
    }

    /// Words for the model's view on the line above the labels.
    fn view_words(&self, project: &Project) -> Option<String> {
        let document = self.viewed(project)?;
        Some(match self.state.session.model_view.differences(&document.id) {
            None => "the model is being asked".to_owned(),
            Some(Err(why)) => width::cut(why, WHY).to_string(),
            Some(Ok([])) => "the model agrees".to_owned(),
            Some(Ok(found)) => format!("the model differs in {}", with_noun(found.len(), "span")),
        })
    }

    /// Draws the labels with their keys; an armed one is reversed and starred.
    fn label_bar(&mut self, project: &Project, area: Rect) {
        let LabelRoom { name: most, gap, .. } = LabelRoom::of(project, usize::from(area.width));
        let mut x = area.x;
        let mut y = area.y;
        for label in &project.labels {
            let (key, name) = label_text(label, most);
            let wide = u16::try_from(width::width(&key) + width::width(&name)).unwrap_or(u16::MAX);
            if x > area.x && x.saturating_add(wide) > area.right() {
                x = area.x;
                y += 1;
            }
            if y >= area.bottom() {
                self.labels_left(project, label, area);
                break;
            }
            let armed = self.state.session.tagging.armed == Some(label.id);
            let mut style = self.theme.label(label.color);
            if armed {
                style = style.patch(self.theme.selection);
            }
            let start = x;
            x += self.painter.text(x, y, area.right().saturating_sub(x), &key, self.theme.accent);
            x += self.painter.text(x, y, area.right().saturating_sub(x), &name, style);
            if armed {
                self.painter.text(x, y, 1, "*", self.theme.accent);
            }
            self.hits.add(Rect::new(start, y, x - start, 1), Target::Label(label.id));
            x = x.saturating_add(gap);
        }
    }

    /// Draws at the end of the bar how many labels it has no room for.
    /// `first` is the first of them; the key of the palette, which has them all, follows.
    fn labels_left(&mut self, project: &Project, first: &Label, area: Rect) {
        let left = project.labels.iter().skip_while(|label| label.id != first.id).count();
        let key = self.state.session.keymap.keys(Context::Tag, Command::Palette).next();
        let key = key.map(|binding| binding.key.to_string()).unwrap_or_default();
        let text = format!(" {left} more: {key}");
        self.painter.text_before(area.right(), area.bottom().saturating_sub(1), area.width, &text, self.theme.accent);
    }

    /// Draws the line above the labels.
    /// It shows what the keys act on, what is held, and which lines are in sight.
    fn state_line(&mut self, project: &Project, lines: Option<String>, area: Rect) {
        let held = self.held(project, lines);
        let mut end = area.right().saturating_sub(2);
        if !held.is_empty() {
            let text = format!(" {} ", held.join(", "));
            end = self.painter.text_before(end, area.y, area.width, &text, self.theme.accent);
        }
        if let Some((label, text, style)) = self.under_cursor(project) {
            let room = end.saturating_sub(area.x + 4);
            let used = self.painter.text(area.x + 2, area.y, room, &format!(" {label}"), style);
            let room = room.saturating_sub(used);
            let text = format!("{} ", width::cut(&text, usize::from(room.saturating_sub(1))));
            self.painter.text(area.x + 2 + used, area.y, room, &text, self.theme.text);
        }
    }

    /// Words for what is held: modes, bar, place in the queue, lines in sight, note.
    fn held(&self, project: &Project, lines: Option<String>) -> Vec<String> {
        let tagging = &self.state.session.tagging;
        let modes = [
            (tagging.anchor.is_some(), "selecting"),
            (tagging.nest, "nesting"),
            (tagging.at_end && tagging.chars.is_none(), "after the last word"),
            (tagging.chars.is_some(), "by letter"),
        ];
        let mut held: Vec<String> = modes.iter().filter(|(on, _)| *on).map(|(_, word)| (*word).to_owned()).collect();
        if project.is_bar_moved() {
            held.push(format!("from {}", two_digits(project.bar())));
        }
        let found = grouped(tagging.queue.len());
        match tagging.queue.iter().position(|at| *at == tagging.document) {
            Some(place) => held.push(format!("{} of {found} found", grouped(place + 1))),
            // An undo went to another document.
            None if !tagging.queue.is_empty() => held.push(format!("not one of the {found} found")),
            None => {}
        }
        let settings = &self.state.session.live_settings;
        if settings.next != NextDocument::InOrder && tagging.queue.is_empty() {
            held.push(format!("next: {}", settings.next.title()));
        }
        if settings.take_above > 0.0 {
            held.push(format!("takes from {}", two_digits(settings.take_above)));
        }
        if self.state.session.is_held_back() {
            held.push("held back".to_owned());
        }
        held.extend(lines);
        held.extend(self.view_words(project));
        let note = project.annotation(tagging.document).note();
        if !note.is_empty() {
            held.push(format!("note: {}", width::cut(note, NOTE)));
        }
        held
    }

    /// The span or suggestion that the next key acts on.
    /// Returns its label, its words with what is known of it, and its style.
    fn under_cursor(&self, project: &Project) -> Option<(String, String, Style)> {
        let tagging = &self.state.session.tagging;
        let document = project.documents.get(tagging.document)?;
        if let Some(span) = tagging.edge(project) {
            let name = project.labels.name(span.label).to_owned();
            let source = match &span.source {
                SpanSource::Model { run, score } => format!(" (from {run}, {})", two_digits(*score)),
                SpanSource::Pattern => " (from a pattern)".to_owned(),
                SpanSource::Gazetteer => " (tagged so before)".to_owned(),
                SpanSource::Import => " (imported)".to_owned(),
                SpanSource::Human => String::new(),
            };
            let made = if tagging.span(project).is_none() { ", just made" } else { "" };
            let half = if document.cuts_word(span.range) { " (half a word)" } else { "" };
            let text = format!("{made}: {}{half}{source}", span.range.of(&document.text));
            return Some((name, text, self.span_style(project, span.label)));
        }
        let found = tagging.suggestion(project)?;
        let name = project.labels.name(found.label);
        let source = match &found.source {
            SpanSource::Model { run, .. } => format!(" ({run})"),
            SpanSource::Pattern => " (a pattern)".to_owned(),
            _ => " (tagged so before)".to_owned(),
        };
        let text = format!("{}: {}{source}", two_digits(found.score), found.range.of(&document.text));
        Some((format!("{name}?"), text, self.suggestion_style(project, found.label)))
    }

    fn span_style(&self, project: &Project, id: LabelId) -> Style {
        project.labels.get(id).map_or(self.theme.text, |label| self.theme.label(label.color))
    }

    fn suggestion_style(&self, project: &Project, id: LabelId) -> Style {
        project.labels.get(id).map_or(self.theme.text, |label| self.theme.suggestion(label.color))
    }

    /// Draws the pane beside the text: spans of the document, progress, the run.
    fn tag_side(&mut self, project: &Project, area: Rect) {
        let rest = self.spans_side(project, area);
        let (_, rest) = top(rest, 1);
        let (head, rest) = top(rest, 1);
        self.painter.text(head.x, head.y, head.width, "documents", self.theme.accent);
        let (list, rest) = top(rest, 5);
        for (y, (status, n)) in (list.top()..list.bottom()).zip(Status::ALL.iter().zip(project.counts())) {
            self.painter.text(list.x, y, 10, status.name(), self.theme.text);
            self.painter.text_before(list.x + 20, y, 9, &grouped(n), self.theme.text);
        }
        let (_, rest) = top(rest, 1);
        let rest = self.progress_side(project, rest);
        self.run_side(rest);
    }

    /// Draws the list of spans and suggestions of the document; returns the area below.
    fn spans_side(&mut self, project: &Project, area: Rect) -> Rect {
        let (head, rest) = top(area, 1);
        self.painter.text(head.x, head.y, head.width, "spans here", self.theme.accent);
        let tagging = &self.state.session.tagging;
        let at = tagging.document;
        let all = project.annotation(at).spans().len() + project.suggestions(at).len();
        // Rows are kept for further spans: what is below would move with each, and be sent again over SSH.
        let room = u16::try_from(all.max(1).next_multiple_of(ROWS_KEPT)).unwrap_or(u16::MAX).min(rest.height / 3);
        let (list, rest) = top(rest, room);
        // The page of the span under the cursor, or of the next one.
        let shown = usize::from(list.height.max(1));
        let document = project.documents.get(at);
        let word = document.and_then(|document| document.words.get(tagging.word)).map_or(0, |word| word.start);
        let here = items(project, at).position(|row| row.range().end > word).unwrap_or(all.saturating_sub(1));
        let first = first_of_page(here, shown, all);
        if all > shown {
            let text = format!("{}-{} of {all}", first + 1, (first + shown).min(all));
            self.painter.text_before(head.right(), head.y, 20, &text, self.theme.muted);
        }
        let text = document.map_or("", |document| &document.text);
        for (y, row) in (list.top()..list.bottom()).zip(items(project, at).skip(first)) {
            let (name, style) = self.side_name(project, row);
            self.painter.text(list.x, y, 16, &name, style);
            let words = row.range().of(text);
            self.painter.text(list.x + 17, y, list.width.saturating_sub(17), words, self.theme.text);
        }
        rest
    }

    /// Label and style of a span or suggestion in the list beside the text.
    /// The label of a suggestion is followed by its score.
    fn side_name(&self, project: &Project, item: Item<'_>) -> (String, Style) {
        match item {
            Item::Span(span) => (project.labels.name(span.label).to_owned(), self.span_style(project, span.label)),
            Item::Suggestion(found) => {
                let name = width::cut(project.labels.name(found.label), 11);
                (format!("{name}?{}", two_digits(found.score)), self.suggestion_style(project, found.label))
            }
        }
    }

    /// Draws the words that are done, the pace and the time left.
    /// Returns the area below.
    fn progress_side(&mut self, project: &Project, area: Rect) -> Rect {
        let mut rows = vec![("words done", grouped(project.words_done()))];
        if let (Some(pace), Some(left)) = (project.pace(), project.seconds_left()) {
            rows.push(("seconds each", format!("{pace:.0}")));
            rows.push(("time left", clock(left)));
        }
        let (list, rest) = top(area, u16::try_from(rows.len()).unwrap_or(3));
        for (y, (name, value)) in (list.top()..list.bottom()).zip(rows) {
            self.painter.text(list.x, y, 13, name, self.theme.text);
            self.painter.text_before(list.x + 20, y, 9, &value, self.theme.text);
        }
        top(rest, 1).1
    }
}

/// Spans and open suggestions of a document, in reading order.
fn items(project: &Project, document: usize) -> impl Iterator<Item = Item<'_>> {
    let mut spans = project.annotation(document).spans().iter().map(Item::Span).peekable();
    let mut suggestions = project.suggestions(document).iter().map(Item::Suggestion).peekable();
    iter::from_fn(move || {
        let start = suggestions.peek().map(|next| next.range().start);
        // No open suggestion overlaps a span.
        spans.next_if(|span| start.is_none_or(|start| span.range().start <= start)).or_else(|| suggestions.next())
    })
}

/// Spans and open suggestions of a document that overlap `seen`, in reading order.
fn items_over(project: &Project, document: usize, seen: TextRange) -> Vec<Item<'_>> {
    let spans = project.annotation(document).over(seen).map(Item::Span);
    let suggestions = project.suggestions(document).iter().map(Item::Suggestion);
    let mut items: Vec<Item<'_>> = spans.chain(suggestions.filter(|one| one.range().overlaps(seen))).collect();
    items.sort_by_key(|item| (item.range().start, Reverse(item.range().end)));
    items
}

/// A label's key with a blank after it, and its name cut to `most` cells.
fn label_text(label: &Label, most: usize) -> (String, String) {
    let key = label.key.map(|key| if key.is_ascii_digit() { format!("{key} ") } else { format!("0{key} ") });
    (key.unwrap_or_default(), width::cut(&label.name, most))
}

/// Layout of the labels on the bar.
struct LabelRoom {
    /// Most cells of a name.
    name: usize,
    /// Cells between two labels.
    gap: u16,
    /// Rows of the bar.
    rows: u16,
}

impl LabelRoom {
    /// Fits the labels in rows of `room` cells.
    /// One row if that is possible with names of eight letters, else two.
    fn of(project: &Project, room: usize) -> Self {
        // Every key and name is measured only once, since there may be many.
        let mut labels: Vec<(usize, usize)> = Vec::new();
        for label in &project.labels {
            let (key, name) = label_text(label, LABEL);
            labels.push((width::width(&key), width::width(&name)));
        }
        if bar_width(&labels, LABEL, 2) <= room {
            return Self { name: LABEL, gap: 2, rows: 1 };
        }
        if let Some(name) = (8..=LABEL).rev().find(|name| bar_width(&labels, *name, 1) <= room) {
            return Self { name, gap: 1, rows: 1 };
        }
        // A row may end early because the next label does not fit: some cells are left for that.
        let name = (3..=LABEL).rev().find(|name| bar_width(&labels, *name, 2) + name + 4 <= room * 2);
        Self { name: name.unwrap_or(3), gap: 2, rows: 2 }
    }
}

/// Cells of all labels in one row, with names of at most `name` cells.
/// `labels` has the cells of each one's key and name.
fn bar_width(labels: &[(usize, usize)], name: usize, gap: usize) -> usize {
    labels.iter().map(|(key, wide)| key + wide.min(&name) + gap).sum::<usize>().saturating_sub(gap)
}

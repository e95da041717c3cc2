//! The Tag screen.

use ratatui::{layout::Rect, style::Style};

use crate::{
    app::{
        command::{Command, Context},
        project::Project,
        state::SizeClass,
        suggestions::Suggestion,
    },
    spans::{Label, LabelId, Span, SpanSource, Status},
    text::{TextRange, number::grouped, width, wrap::TextLayout},
};

use super::{
    Canvas, Target,
    paint::{bottom, clock, inset, left, top},
    text_pane::{Mark, TextPane, sight, two_digits},
};

/// Cells of a note on the line above the labels.
const NOTE: usize = 24;

/// A span or suggestion in the list beside the text.
#[derive(Clone, Copy)]
enum Thing<'a> {
    Span(&'a Span),
    Suggestion(&'a Suggestion),
}

impl Thing<'_> {
    fn range(self) -> TextRange {
        match self {
            Self::Span(span) => span.range,
            Self::Suggestion(found) => found.range,
        }
    }
}

impl Canvas<'_> {
    pub(super) fn tag(&mut self, project: &Project, body: Rect) {
        let side = u16::try_from(self.state.size.side_columns()).unwrap_or(0);
        let (body, _) = bottom(body, 1);
        let (_, _, bar) = label_room(project, usize::from(body.width.saturating_sub(2)));
        let (rest, labels) = bottom(body, bar);
        let (rest, line) = bottom(rest, 1);
        let (pane, aside) = left(rest, rest.width.saturating_sub(side));
        self.label_bar(project, inset(labels, 1));
        if aside.width > 0 {
            self.painter.rule_down(aside, self.theme.border);
            self.tag_side(project, inset(aside, 2));
        }
        let strip = self.class() < SizeClass::Full && self.has_strip() && pane.height > 4;
        let (text, row) = bottom(pane, u16::from(strip));
        if strip {
            self.strip(inset(row, 2));
        }
        let lines = self.document_text(project, text);
        self.painter.rule(line, self.theme.border);
        self.held(project, lines, line);
    }

    /// The text in front with its marks; returns which lines of it are in sight, if not all are.
    fn document_text(&mut self, project: &Project, area: Rect) -> Option<String> {
        let tag = &self.state.tag;
        let columns = u16::try_from(self.state.size.text_columns()).unwrap_or(area.width);
        let area = Rect { x: area.x + 2.min(area.width), width: columns.min(area.width.saturating_sub(2)), ..area };
        let Some(document) = project.documents.get(tag.document) else {
            let text = "There is no document yet: `:` import brings some in.";
            self.painter.text(area.x, area.y, area.width, text, self.theme.muted);
            return None;
        };
        let width = usize::from(area.width);
        let fresh = tag.layout(width, self.painter.caps.glyphs).is_none();
        let fresh = fresh.then(|| TextLayout::new(&document.text, width, self.painter.caps.glyphs));
        let layout = fresh.as_ref().or_else(|| tag.layout(width, self.painter.caps.glyphs))?;
        let word = tag.cursor(project);
        let selection = tag.selection(project);
        let mut highlights: Vec<(TextRange, Style)> =
            selection.map(|range| (range, self.theme.selection)).into_iter().collect();
        highlights.extend(word.map(|range| (range, self.theme.cursor)));
        let focus = word.map_or(0, |word| word.start);
        let seen = layout.lines().get(sight(layout, focus, area.height)).unwrap_or_default();
        let seen = seen.iter().map(|line| line.range).reduce(TextRange::join).unwrap_or_default();
        let marks = self.document_marks(project, seen);
        let pane = TextPane {
            text: &document.text,
            layout,
            marks: &marks,
            highlights: &highlights,
            selection,
            focus,
            text_style: self.theme.text,
            odd_style: self.theme.muted,
        };
        let drawn = pane.draw(&mut self.painter, area);
        self.painter.marked = drawn.focus;
        let lines = drawn.lines_in_sight();
        for (cell, offset) in drawn.cells {
            self.hits.add(cell, Target::Text(offset));
        }
        lines
    }

    /// Spans and open suggestions of the document in front in this range, in reading order.
    fn document_marks(&self, project: &Project, seen: TextRange) -> Vec<Mark> {
        let at = self.state.tag.document;
        let mark = |range, label: Option<&Label>, style: Style, score| Mark {
            range,
            name: label.map_or("?", |label| &label.name).to_owned(),
            tag: label.map_or("?", |label| &label.tag).to_owned(),
            key: label.and_then(|label| label.key),
            style,
            score,
        };
        let spans = project.annotation(at).over(seen).map(|span| {
            let label = project.labels.get(span.label);
            mark(span.range, label, label.map_or(self.theme.text, |label| self.theme.label(label.color)), None)
        });
        let suggestions = project
            .suggestions(at)
            .iter()
            .filter(|one| one.range.overlaps(seen))
            .map(|one| mark(one.range, project.labels.get(one.label), self.theme.suggestion, Some(one.score)));
        let mut marks: Vec<Mark> = spans.chain(suggestions).collect();
        marks.sort_by_key(|mark| (mark.range.start, std::cmp::Reverse(mark.range.end)));
        marks
    }

    /// The labels with their keys; an armed one is reversed and starred.
    fn label_bar(&mut self, project: &Project, area: Rect) {
        let (most, gap, _) = label_room(project, usize::from(area.width));
        let (mut x, mut y) = (area.x, area.y);
        for label in &project.labels {
            let wide = u16::try_from(label_width(label, most)).unwrap_or(u16::MAX);
            if x > area.x && x.saturating_add(wide) > area.right() {
                (x, y) = (area.x, y + 1);
            }
            if y >= area.bottom() {
                self.labels_left(project, label, area);
                break;
            }
            let (key, name) = label_text(label, most);
            let armed = self.state.tag.armed == Some(label.id);
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

    /// Says at the end of the bar how many labels it has no room for, from `first` on, and where they are.
    fn labels_left(&mut self, project: &Project, first: &Label, area: Rect) {
        let left = project.labels.iter().skip_while(|label| label.id != first.id).count();
        let key = self.state.keymap.keys(Context::Tag, Command::Palette).next();
        let key = key.map(|binding| binding.key.to_string()).unwrap_or_default();
        let text = format!(" {left} more: {key}");
        self.painter.text_before(area.right(), area.bottom().saturating_sub(1), area.width, &text, self.theme.accent);
    }

    /// What the keys would act on, what is held and which lines are in sight, on the hairline.
    fn held(&mut self, project: &Project, lines: Option<String>, area: Rect) {
        let tag = &self.state.tag;
        let note = project.annotation(tag.document).note();
        let note = (!note.is_empty()).then(|| format!("note: {}", width::cut(note, NOTE)));
        let notes = [(tag.anchor.is_some(), "selecting"), (tag.nest, "nesting"), (tag.letters.is_some(), "by letter")];
        let held = notes.iter().filter(|(on, _)| *on).map(|(_, word)| (*word).to_owned());
        let place = tag.queue.iter().position(|at| *at == tag.document);
        let place = place.map(|place| format!("{} of {} found", grouped(place + 1), grouped(tag.queue.len())));
        let bar = (project.bar_moved()).then(|| format!("from {}", two_digits(project.bar())));
        let held: Vec<String> = held.chain(bar).chain(place).chain(lines).chain(note).collect();
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

    /// The span or suggestion that the next key acts on: its label, and its words with what is known of it.
    fn under_cursor(&self, project: &Project) -> Option<(String, String, Style)> {
        let tag = &self.state.tag;
        let document = project.documents.get(tag.document)?;
        let label = |id| (project.labels.name(id).to_owned(), self.span_style(project, id));
        if let Some(span) = tag.edge(project) {
            let (name, style) = label(span.label);
            let source = match &span.source {
                SpanSource::Model { run, score } => format!(" (from {run}, {})", two_digits(*score)),
                SpanSource::Pattern => " (from a pattern)".to_owned(),
                SpanSource::Gazetteer => " (tagged so before)".to_owned(),
                SpanSource::Import => " (imported)".to_owned(),
                SpanSource::Human => String::new(),
            };
            let made = if tag.span(project).is_none() { ", just made" } else { "" };
            let half = if document.cuts_word(span.range) { " (half a word)" } else { "" };
            return Some((name, format!("{made}: {}{half}{source}", span.range.of(&document.text)), style));
        }
        let found = tag.suggestion(project)?;
        let (name, _) = label(found.label);
        let whence = match &found.source {
            SpanSource::Model { run, .. } => format!(" ({run})"),
            SpanSource::Pattern => " (a pattern)".to_owned(),
            _ => " (tagged so before)".to_owned(),
        };
        let text = format!("{}: {}{whence}", two_digits(found.score), found.range.of(&document.text));
        Some((format!("{name}?"), text, self.theme.suggestion))
    }

    fn span_style(&self, project: &Project, id: LabelId) -> Style {
        project.labels.get(id).map_or(self.theme.text, |label| self.theme.label(label.color))
    }

    /// What stands in the list beside the text for a span or suggestion: the label, with the score of a suggestion, and how
    /// that is drawn.
    fn side_name(&self, project: &Project, thing: Thing<'_>) -> (String, Style) {
        match thing {
            Thing::Span(span) => (project.labels.name(span.label).to_owned(), self.span_style(project, span.label)),
            Thing::Suggestion(found) => {
                let name = width::cut(project.labels.name(found.label), 11);
                (format!("{name}?{}", two_digits(found.score)), self.theme.suggestion)
            }
        }
    }

    /// What is known besides the text, where there is room: labels of this document, progress, the run.
    fn tag_side(&mut self, project: &Project, area: Rect) {
        let (head, rest) = top(area, 1);
        self.painter.text(head.x, head.y, head.width, "spans here", self.theme.accent);
        let document = project.documents.get(self.state.tag.document);
        let at = self.state.tag.document;
        let spans = project.annotation(at).spans().iter().map(Thing::Span);
        let mut rows: Vec<Thing<'_>> = spans.chain(project.suggestions(at).iter().map(Thing::Suggestion)).collect();
        rows.sort_by_key(|row| row.range());
        let room = u16::try_from(rows.len()).unwrap_or(u16::MAX).clamp(1, rest.height / 3);
        let (list, rest) = top(rest, room);
        // The page of the span that the cursor is on, or before.
        let shown = usize::from(list.height.max(1));
        let word = document.and_then(|document| document.words.get(self.state.tag.word)).map_or(0, |word| word.start);
        let here = rows.iter().position(|row| row.range().end > word).unwrap_or(rows.len().saturating_sub(1));
        let first = here / shown * shown;
        if rows.len() > shown {
            let text = format!("{}-{} of {}", first + 1, (first + shown).min(rows.len()), rows.len());
            self.painter.text_before(head.right(), head.y, 20, &text, self.theme.muted);
        }
        let text = document.map_or("", |document| &document.text);
        for (y, row) in (list.top()..list.bottom()).zip(rows.into_iter().skip(first)) {
            let (name, style) = self.side_name(project, row);
            self.painter.text(list.x, y, 16, &name, style);
            let words = row.range().of(text);
            self.painter.text(list.x + 17, y, list.width.saturating_sub(17), words, self.theme.text);
        }
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

    /// How much is done, how fast, and how long the rest will take; returns the area below.
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

/// A label's key with a blank behind it, and its name cut to `most` cells.
fn label_text(label: &Label, most: usize) -> (String, String) {
    let key = label.key.map(|key| if key.is_ascii_digit() { format!("{key} ") } else { format!("0{key} ") });
    (key.unwrap_or_default(), width::cut(&label.name, most))
}

fn label_width(label: &Label, most: usize) -> usize {
    let (key, name) = label_text(label, most);
    width::width(&key) + width::width(&name)
}

/// How the labels fit in rows of `room` cells: the longest names, the gap between them, and the rows. One row if it
/// can be with names of eight letters, else two.
fn label_room(project: &Project, room: usize) -> (usize, u16, u16) {
    // Every label's key and name are measured once: there may be many.
    let measure = |label: &Label| {
        let (key, name) = label_text(label, usize::MAX);
        (width::width(&key), width::width(&name))
    };
    let labels: Vec<(usize, usize)> = project.labels.iter().map(measure).collect();
    let wanted = |most: usize, gap: usize| {
        labels.iter().map(|(key, name)| key + name.min(&most) + gap).sum::<usize>().saturating_sub(gap)
    };
    if wanted(40, 2) <= room {
        return (40, 2, 1);
    }
    match (8..=40).rev().find(|most| wanted(*most, 1) <= room) {
        Some(most) => (most, 1, 1),
        // A row may end early because the next label does not fit: some cells are left for that.
        None => ((3..=40).rev().find(|most| wanted(*most, 2) + most + 4 <= room * 2).unwrap_or(3), 2, 2),
    }
}

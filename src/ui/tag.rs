//! The Tag screen.

use ratatui::{layout::Rect, style::Style};

use crate::{
    app::{project::Project, state::SizeClass},
    spans::{Label, Status},
    text::{TextRange, number::grouped, width},
};

use super::{
    Canvas, Target,
    paint::{bottom, inset, left, share, top},
    text_pane::{Mark, TextPane},
};

impl Canvas<'_> {
    pub(super) fn tag(&mut self, project: &Project, body: Rect) {
        let side = u16::try_from(self.state.size.side_columns()).unwrap_or(0);
        let (body, _) = bottom(body, 1);
        let (_, _, bar) = label_room(project, usize::from(body.width.saturating_sub(2)));
        let (rest, labels) = bottom(body, bar);
        let (rest, line) = bottom(rest, 1);
        let (pane, aside) = left(rest, rest.width.saturating_sub(side));
        self.painter.rule(line, self.theme.border);
        self.held(line);
        self.label_bar(project, inset(labels, 1));
        if aside.width > 0 {
            self.painter.rule_down(aside, self.theme.border);
            self.tag_side(project, inset(aside, 2));
        }
        let strip = self.class() < SizeClass::Full && self.state.train.is_busy() && pane.height > 4;
        let (text, row) = bottom(pane, u16::from(strip));
        if strip {
            self.strip(inset(row, 2));
        }
        self.document_text(project, text);
    }

    fn document_text(&mut self, project: &Project, area: Rect) {
        let tag = &self.state.tag;
        let columns = u16::try_from(self.state.size.text_columns()).unwrap_or(area.width);
        let area = Rect { x: area.x + 2.min(area.width), width: columns.min(area.width.saturating_sub(2)), ..area };
        let Some(document) = project.documents.get(tag.document) else {
            let text = "There is no document yet. Import some: tagli import DIR FILE";
            self.painter.text(area.x, area.y, area.width, text, self.theme.muted);
            return;
        };
        let marks = self.document_marks(project);
        let word = document.words.get(tag.word).copied();
        let selection = tag.selection().and_then(|words| document.range_of_words(words));
        let mut highlights: Vec<(TextRange, Style)> =
            selection.map(|range| (range, self.theme.selection)).into_iter().collect();
        highlights.extend(word.map(|range| (range, self.theme.cursor)));
        let pane = TextPane {
            text: &document.text,
            marks: &marks,
            highlights: &highlights,
            selection,
            focus: word.map_or(0, |word| word.start),
            text_style: self.theme.text,
            odd_style: self.theme.muted,
        };
        let drawn = pane.draw(&mut self.painter, area);
        for (cell, offset) in drawn.cells {
            self.hits.add(cell, Target::Text(offset));
        }
        if drawn.shown < drawn.lines {
            let text = format!("lines {}-{} of {}", drawn.first + 1, drawn.first + drawn.shown, drawn.lines);
            let y = area.bottom().saturating_sub(1);
            // The last row may be a mark row: the note stands at its end, where marks seldom are.
            self.painter.text_before(area.right(), y, area.width, &text, self.theme.muted);
        }
    }

    /// Spans and open suggestions of the document in front, in reading order.
    fn document_marks(&self, project: &Project) -> Vec<Mark> {
        let at = self.state.tag.document;
        let mark = |range, label: Option<&Label>, style: Style, score| Mark {
            range,
            name: label.map_or("?", |label| &label.name).to_owned(),
            tag: label.map_or("?", |label| &label.tag).to_owned(),
            style,
            score,
        };
        let spans = project.annotation(at).spans().iter().map(|span| {
            let label = project.labels.get(span.label);
            mark(span.range, label, label.map_or(self.theme.text, |label| self.theme.label(label.color)), None)
        });
        let suggestions = project
            .suggestions(at)
            .into_iter()
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

    /// What is held, at the right end of the hairline.
    fn held(&mut self, area: Rect) {
        let tag = &self.state.tag;
        let notes = [(tag.anchor.is_some(), "selecting"), (tag.nest, "nesting")];
        let held: Vec<&str> = notes.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect();
        if !held.is_empty() {
            let text = format!(" {} ", held.join(", "));
            self.painter.text_before(area.right().saturating_sub(2), area.y, area.width, &text, self.theme.accent);
        }
    }

    /// One line about the run that goes on: loss and F1.
    fn strip(&mut self, area: Rect) {
        let train = &self.state.train;
        let mut pieces = vec![("training".to_owned(), self.theme.accent)];
        if let Some(view) = &train.view {
            let status = &view.status;
            if status.phase != crate::runs::Phase::Training {
                pieces[0].0 = status.phase.name().to_owned();
            }
            pieces.push((format!("epoch {:.1}/{}", status.epoch, status.epochs), self.theme.text));
            if let Some(loss) = view.loss() {
                let losses = view.losses(16);
                let curve = if self.painter.caps.plain {
                    String::new()
                } else {
                    super::chart::spark(&losses, self.painter.caps)
                };
                pieces.push((format!("loss {curve} {loss:.3}"), self.theme.series(0)));
            }
            let f1: Vec<f64> = view.evaluations().map(|evaluation| evaluation.word.f1).collect();
            if let Some(last) = f1.last() {
                let curve =
                    if self.painter.caps.plain { String::new() } else { super::chart::spark(&f1, self.painter.caps) };
                pieces.push((format!("word F1 {curve} {}", share(*last)), self.theme.series(1)));
            }
        }
        self.painter.pieces(area, &pieces);
    }

    /// What is known besides the text, where there is room: labels of this document, progress, the run.
    fn tag_side(&mut self, project: &Project, area: Rect) {
        let at = self.state.tag.document;
        let (head, rest) = top(area, 1);
        self.painter.text(head.x, head.y, head.width, "spans here", self.theme.accent);
        let document = project.documents.get(at);
        let spans = project.annotation(at).spans();
        let (list, rest) = top(rest, u16::try_from(spans.len()).unwrap_or(u16::MAX).clamp(1, rest.height / 3));
        for (y, span) in (list.top()..list.bottom()).zip(spans) {
            let label = project.labels.get(span.label);
            let style = label.map_or(self.theme.text, |label| self.theme.label(label.color));
            let name = width::fit(label.map_or("?", |label| &label.name), 16);
            let text = document.map_or("", |document| span.range.of(&document.text));
            self.painter.text(list.x, y, list.width, &name, style);
            self.painter.text(list.x + 17, y, list.width.saturating_sub(17), text, self.theme.text);
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
        self.run_side(rest);
    }
}

/// A label's key with a blank behind it, and its name cut to `most` cells.
fn label_text(label: &Label, most: usize) -> (String, String) {
    (label.key.map(|key| format!("{key} ")).unwrap_or_default(), width::cut(&label.name, most))
}

fn label_width(label: &Label, most: usize) -> usize {
    let (key, name) = label_text(label, most);
    width::width(&key) + width::width(&name)
}

/// How the labels fit in rows of `room` cells: the longest names, the gap between them, and the rows. One row if it
/// can be with names of eight letters, else two.
fn label_room(project: &Project, room: usize) -> (usize, u16, u16) {
    let wanted = |most: usize, gap: usize| {
        let labels = project.labels.iter().map(|label| label_width(label, most) + gap);
        labels.sum::<usize>().saturating_sub(gap)
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

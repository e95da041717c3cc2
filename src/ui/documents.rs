//! The Documents screen.

use ratatui::{
    layout::Rect,
    style::{Modifier, Style},
};

use crate::{
    app::{
        documents::{Order, PARTS},
        project::Project,
        state::SizeClass,
    },
    spans::{Document, Split, Status},
    text::{
        number::{grouped, with_noun},
        width::{self, Glyphs},
    },
};

use super::{
    Canvas, Target,
    paint::{bottom, inset, top},
};

/// Ids that are looked at to know how wide their column is.
const IDS: usize = 2000;

/// Where the columns stand, from the left edge.
#[derive(Clone, Copy)]
struct Columns {
    /// Where the ends of the number of spans are.
    spans: u16,
    part: u16,
    /// When a document was last edited; where there is room.
    edited: Option<u16>,
    id: u16,
    text: u16,
}

impl Canvas<'_> {
    pub(super) fn documents(&mut self, project: &Project, body: Rect) {
        let (body, _) = bottom(body, 1);
        let rest = self.filters(project, inset(body, 1));
        let rest = self.search_line(project, rest);
        let (titles, rest) = top(rest, 1);
        let columns = self.columns(project, rest.width);
        self.titles(columns, titles);
        let documents = &self.state.documents;
        let rows = usize::from(rest.height.max(1));
        // The last page is full, too.
        let first = (documents.row / rows * rows).min(documents.shown().len().saturating_sub(rows));
        if documents.shown().is_empty() {
            let text = if project.documents.is_empty() {
                "There is no document yet: `:` import brings some in."
            } else {
                "No document is like that; esc shows all again"
            };
            self.painter.text(rest.x, rest.y, rest.width, text, self.theme.muted);
        }
        for (y, (row, at)) in (rest.top()..rest.bottom()).zip(documents.shown().iter().enumerate().skip(first)) {
            let line = Rect { y, height: 1, ..rest };
            self.document_row(project, *at, columns, line);
            if row == documents.row {
                self.painter.mark_row(line, y, self.theme.selection);
            }
            self.hits.add(line, Target::Row(row));
        }
    }

    fn columns(&self, project: &Project, wide: u16) -> Columns {
        let edited = (self.class() > SizeClass::Compact).then_some(23);
        let id = if edited.is_some() { 32 } else { 23 };
        // The ids of the first pages stand for all: the columns must not move from page to page.
        let widest = project.documents.iter().take(IDS).map(|document| width::width(&document.id)).max().unwrap_or(0);
        let ids = u16::try_from(widest).unwrap_or(20).clamp(2, wide / 5);
        Columns { spans: 14, part: 16, edited, id, text: id + ids + 2 }
    }

    fn titles(&mut self, columns: Columns, area: Rect) {
        let order = self.state.documents.order;
        let style = |sorted: bool| if sorted { self.theme.accent } else { self.theme.muted };
        let (plain, spans, edited) = (style(false), style(order == Order::Spans), style(order == Order::Edited));
        let star = |sorted: bool| if sorted { "*" } else { "" };
        let mut put = |x: u16, title: &str, style: Style| {
            self.painter.text(area.x + x, area.y, 8, title, style);
        };
        put(0, "status", plain);
        put(columns.spans - 5, &format!("spans{}", star(order == Order::Spans)), spans);
        put(columns.part, "part", plain);
        if let Some(x) = columns.edited {
            put(x + 1, &format!("edited{}", star(order == Order::Edited)), edited);
        }
        put(columns.id, "id", plain);
        put(columns.text, "text", plain);
    }

    /// Status, spans, part, last change, id and the text: from its beginning, or from where the search found something.
    fn document_row(&mut self, project: &Project, at: usize, columns: Columns, line: Rect) {
        let Some(document) = project.documents.get(at) else { return };
        let annotation = project.annotation(at);
        let style = match annotation.status {
            Status::Done => self.theme.ok,
            Status::Todo | Status::Skipped => self.theme.muted,
            Status::Partial => self.theme.text,
            Status::Flagged => self.theme.warn,
        };
        let Rect { x, y, width, .. } = line;
        self.painter.text(x, y, 8, annotation.status.name(), style);
        let spans = grouped(annotation.spans().len());
        self.painter.text_before(x + columns.spans, y, 5, &spans, self.theme.text);
        self.painter.text(x + columns.part, y, 6, document.split.map_or("", Split::name), self.theme.muted);
        if let Some(column) = columns.edited {
            let ago = project.touched(at).map(|touched| ago(self.state.now.saturating_sub(touched)));
            self.painter.text_before(x + column + 7, y, 7, &ago.unwrap_or_default(), self.theme.muted);
        }
        let ids = columns.text - columns.id - 2;
        self.painter.text(x + columns.id, y, ids, &tail(&document.id, usize::from(ids)), self.theme.text);
        let (mut start, room) = (x + columns.text, width.saturating_sub(columns.text));
        let note = annotation.note();
        if !note.is_empty() {
            let note = width::cut(note, usize::from(room / 2));
            start += self.painter.text(start, y, room, &format!("({note}) "), self.theme.warn);
        }
        self.document_text_row(document, Rect::new(start, y, line.right().saturating_sub(start), 1));
    }

    /// The text in one line, what was searched for marked and in sight.
    fn document_text_row(&mut self, document: &Document, area: Rect) {
        let text = &document.text;
        let found = self.state.documents.query().first_match(text);
        let Some(found) = found else {
            let line = text.lines().next().unwrap_or_default();
            self.painter.text(area.x, area.y, area.width, line, self.theme.text);
            return;
        };
        // From the beginning if that keeps it in sight, else from as many words before it as take a third of the room.
        let wide = |from: usize, to: usize| text.get(from..to).map_or(0, width::width);
        let room = usize::from(area.width);
        let fits = found.end <= room * 4 && wide(0, found.end) <= room;
        let words = document.words_touching(found).map_or(0, |words| words.start);
        let starts = document.words.iter().take(words).rev().map(|word| word.start);
        let near = starts.take_while(|start| wide(*start, found.start) <= room / 3).last().unwrap_or(found.start);
        let start = if fits { 0 } else { near };
        let (before, rest) = (text.get(start..found.start), text.get(found.end..));
        let pieces = [
            (if start > 0 { ".. " } else { "" }, self.theme.muted),
            (before.unwrap_or_default(), self.theme.text),
            (found.of(text), self.theme.accent.add_modifier(Modifier::UNDERLINED)),
            (rest.and_then(|rest| rest.lines().next()).unwrap_or_default(), self.theme.text),
        ];
        let mut x = area.x;
        for (piece, style) in pieces {
            // Nothing is drawn behind the last column; what is cut ends with its own mark.
            x += self.painter.text(x, area.y, area.right().saturating_sub(x), piece, style);
        }
    }

    /// How many documents there are of each status, and which of them are shown; returns the area below. Goes on in a
    /// second row where one is not wide enough.
    fn filters(&mut self, project: &Project, area: Rect) -> Rect {
        let documents = &self.state.documents;
        let style = |on: bool| if on { self.theme.accent } else { self.theme.muted };
        let mark = |on: bool| if on { "*" } else { "" };
        let all = documents.filter.is_none();
        let mut pieces = vec![(format!("all {}{}", grouped(project.documents.len()), mark(all)), style(all))];
        pieces.extend(Status::ALL.iter().zip(project.counts()).map(|(status, n)| {
            let on = documents.filter == Some(*status);
            (format!("{} {}{}", status.name(), grouped(n), mark(on)), style(on))
        }));
        let (mut x, mut y) = (area.x, area.y);
        for (text, style) in pieces {
            let wide = u16::try_from(width::width(&text)).unwrap_or(u16::MAX);
            if x > area.x && x.saturating_add(wide) > area.right() {
                (x, y) = (area.x, y + 1);
            }
            x += self.painter.text(x, y, area.right().saturating_sub(x), &text, style) + 2;
        }
        let words = format!("{} words done", grouped(project.words_done()));
        if usize::from(area.right().saturating_sub(x)) >= width::width(&words) {
            self.painter.text_before(area.right(), y, area.width, &words, self.theme.muted);
        }
        top(area, y - area.y + 1).1
    }

    /// Parts, order and search, if there is anything to say of them; returns the area below. The search has the line to
    /// itself where it is narrow.
    fn search_line(&mut self, project: &Project, area: Rect) -> Rect {
        let documents = &self.state.documents;
        let (line, rest) = top(area, 1);
        if documents.typing || !documents.search.text().is_empty() {
            let part = documents.part.and_then(|part| PARTS.get(part)).map(|part| part.map_or("no part", Split::name));
            let part = part.map(|part| format!("{part}: ")).unwrap_or_default();
            let found = format!("{part}{}", with_noun(documents.shown().len(), "document"));
            let (found, style) = match &documents.problem {
                Some(problem) if problem.unfinished && documents.typing => (found, self.theme.muted),
                Some(problem) => (problem.to_string(), self.theme.warn),
                None => (found, self.theme.muted),
            };
            let start = self.painter.text_before(line.right(), line.y, line.width * 2 / 3, &found, style);
            let place = Rect { width: start.saturating_sub(line.x + 1), ..line };
            self.input(place, "/", &documents.search);
            if !documents.typing {
                self.cursor = None;
            }
            return rest;
        }
        let mut pieces = Vec::new();
        let known = documents.parts().iter().filter(|n| **n > 0).count();
        if known > 1 || documents.part.is_some() {
            let style = |on: bool| if on { self.theme.accent } else { self.theme.muted };
            let all = documents.part.is_none();
            pieces.push((format!("all parts{}", if all { "*" } else { "" }), style(all)));
            for (at, (part, n)) in PARTS.iter().zip(documents.parts()).enumerate().filter(|(_, (_, n))| *n > 0) {
                let on = documents.part == Some(at);
                let name = part.map_or("no part", Split::name);
                pieces.push((format!("{name} {}{}", grouped(n), if on { "*" } else { "" }), style(on)));
            }
        }
        if documents.order != Order::Given {
            pieces.push((documents.order.name().to_owned(), self.theme.accent));
        }
        if documents.order.wants_model() {
            pieces.push((format!("{} asked", grouped(project.asked())), self.theme.muted));
        }
        if documents.is_narrowed() {
            pieces.push((format!("{} shown", grouped(documents.shown().len())), self.theme.muted));
        }
        if pieces.is_empty() || project.documents.is_empty() {
            return area;
        }
        self.painter.pieces(line, &pieces);
        rest
    }
}

/// The end of an id, which tells it from the others, in `room` cells.
pub(super) fn tail(id: &str, room: usize) -> String {
    if width::width(id) <= room {
        return id.to_owned();
    }
    let mut left = room.saturating_sub(1);
    let graphemes: Vec<_> = width::graphemes(id, Glyphs::Unicode).collect();
    let shown = graphemes.iter().rev().take_while(|grapheme| {
        let fits = grapheme.width <= left;
        left = left.saturating_sub(grapheme.width);
        fits
    });
    let start = shown.last().map_or(id.len(), |grapheme| grapheme.range.start);
    format!("{}{}", width::CUT, id.get(start..).unwrap_or_default())
}

/// How long ago, in at most seven cells.
pub(super) fn ago(seconds: u64) -> String {
    match seconds {
        ..60 => "now".to_owned(),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        86_400..315_360_000 => format!("{} d", seconds / 86_400),
        _ => format!("{} y", seconds / 31_536_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_id_shows_its_end() {
        assert_eq!(["d1", "mit-train-00096"].map(|id| tail(id, 8)), ["d1", ".n-00096"]);
        assert_eq!(tail("\u{5bff}\u{53f8}\u{62c9}\u{9eba}", 4), ".\u{9eba}");
        assert_eq!(tail("abc", 0), ".");
    }

    #[test]
    fn how_long_ago_it_was_is_short() {
        let shown = [0, 59, 60, 7199, 86_399, 86_400, 300_000_000, 10_000_000_000].map(ago);
        assert_eq!(shown, ["now", "now", "1 min", "1 h", "23 h", "1 d", "3472 d", "317 y"]);
    }
}

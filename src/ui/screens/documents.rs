//! The Documents screen: counts of each status, the search, and the list.

use ratatui::{
    layout::Rect,
    style::{Modifier, Style},
};

use crate::{
    app::{
        project::Project,
        prompts::Prompt,
        screen::SizeClass,
        screens::documents::{Documents, Filter, Order, SPLITS},
    },
    spans::{Document, Split, Status},
    text::{
        TextRange,
        number::{ago, grouped, with_noun},
        width,
        wrap::TextLayout,
    },
    ui::{
        Canvas, Target,
        model_marks::span_mark,
        paint::{bottom, inset, left, top},
        short::tail,
        text_pane::TextPane,
    },
};

/// Columns of a window from which the text stands beside the list.
const BESIDE: u16 = 150;
/// Number of ids that are measured for the width of their column.
const MEASURED_IDS: usize = 2000;

/// Places of the columns, from the left edge.
#[derive(Clone, Copy)]
struct Columns {
    /// End of the number of spans.
    spans: u16,
    split: u16,
    /// Time of the last change, where there is room.
    edited: Option<u16>,
    id: u16,
    text: u16,
}

impl Columns {
    fn new(project: &Project, width: u16, class: SizeClass) -> Self {
        let edited = (class > SizeClass::Compact).then_some(23);
        let id = if edited.is_some() { 32 } else { 23 };
        // Only the first ids are measured, so that the columns do not move from page to page.
        let most = usize::from(width / 5);
        let ids = project.documents.iter().take(MEASURED_IDS).map(|document| width::width_up_to(&document.id, most));
        let ids = u16::try_from(ids.max().unwrap_or(0)).unwrap_or(20).clamp(2, width / 5);
        Self { spans: 14, split: 16, edited, id, text: id + ids + 2 }
    }
}

impl Canvas<'_> {
    pub(in crate::ui) fn documents(&mut self, project: &Project, body: Rect) {
        let (body, _) = bottom(body, 1);
        let rest = self.filters(project, inset(body, 1));
        let rest = self.search_line(project, rest);
        let rest = self.text_beside(project, rest);
        let (titles, rest) = top(rest, 1);
        let columns = Columns::new(project, rest.width, self.class());
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

    /// Titles of the columns; the one by which the list is sorted is starred.
    fn titles(&mut self, columns: Columns, area: Rect) {
        let order = self.state.documents.order;
        let titles = [
            (Some(0), "status", false),
            (Some(columns.spans - 5), "spans", order == Order::Spans),
            (Some(columns.split), "split", false),
            (columns.edited.map(|x| x + 1), "edited", order == Order::Edited),
            (Some(columns.id), "id", false),
            (Some(columns.text), "text", false),
        ];
        for (x, title, sorted) in titles {
            let Some(x) = x else { continue };
            let (title, style) = self.starred_choice(title, sorted);
            self.painter.text(area.x + x, area.y, 8, &title, style);
        }
    }

    /// Text and style of a choice; the chosen one is starred.
    fn starred_choice(&self, text: &str, chosen: bool) -> (String, Style) {
        match chosen {
            true => (format!("{text}*"), self.theme.accent),
            false => (text.to_owned(), self.theme.muted),
        }
    }

    /// Status, spans, split, last change, id and the text.
    /// From its beginning, or from where the search found something.
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
        // A text that was changed asks for more than the status does.
        let (status, style) = match annotation.needs_review() {
            false => (annotation.status.name(), style),
            true => ("review", self.theme.warn),
        };
        self.painter.text(x, y, 8, status, style);
        let spans = grouped(annotation.spans().len());
        self.painter.text_before(x + columns.spans, y, 5, &spans, self.theme.text);
        self.painter.text(x + columns.split, y, 6, document.split.map_or("", Split::name), self.theme.muted);
        if let Some(column) = columns.edited {
            let edited = project.touched(at).map(|touched| ago(self.state.session.now.saturating_sub(touched)));
            self.painter.text_before(x + column + 7, y, 7, &edited.unwrap_or_default(), self.theme.muted);
        }
        let ids = columns.text - columns.id - 2;
        self.painter.text(
            x + columns.id,
            y,
            ids,
            &tail(&document.id, usize::from(ids), self.painter.caps.glyphs),
            self.theme.text,
        );
        let room = width.saturating_sub(columns.text);
        let mut start = x + columns.text;
        if let Some(differ) = self.disagreement(project, at) {
            start += self.painter.text(start, y, room, &differ, self.theme.accent);
        }
        let note = annotation.note();
        if !note.is_empty() {
            let note = width::cut(note, usize::from(room / 2));
            start += self.painter.text(start, y, room, &format!("({note}) "), self.theme.warn);
        }
        self.document_text_row(document, Rect::new(start, y, line.right().saturating_sub(start), 1));
    }

    /// In how many spans a document and the model differ, where the list is sorted by that.
    fn disagreement(&self, project: &Project, at: usize) -> Option<String> {
        if self.state.documents.order != Order::Disagreement {
            return None;
        }
        let spans = project.disagreement(at).filter(|spans| *spans > 0)?;
        Some(format!("differs in {}: ", with_noun(spans, "span")))
    }

    /// In a wide window, the text of the document under the cursor with its spans; returns the area for the list.
    fn text_beside(&mut self, project: &Project, area: Rect) -> Rect {
        let documents = &self.state.documents;
        let at = documents.shown().get(documents.row).copied().filter(|_| area.width >= BESIDE);
        let Some((at, document)) = at.and_then(|at| Some((at, project.documents.get(at)?))) else { return area };
        let (list, side) = left(area, area.width * 3 / 5);
        self.painter.rule_down(side, self.theme.border);
        let side = Rect { x: side.x + 2, width: side.width.saturating_sub(2), ..side };
        let (head, text) = top(side, 2);
        let spans = project.annotation(at).spans();
        let about = format!("{}: {}", document.id, with_noun(spans.len(), "span"));
        self.painter.text(head.x, head.y, head.width, &about, self.theme.muted);
        // A long text is not laid out in each frame: its beginning fills the pane.
        let most = usize::from(text.width) * usize::from(text.height);
        let end = document.text.char_indices().nth(most).map_or(document.text.len(), |(at, _)| at);
        let shown = document.text.get(..end).unwrap_or_default();
        let text = Rect { width: text.width.min(100), ..text };
        let layout = TextLayout::new(shown, usize::from(text.width.max(1)), self.painter.caps.glyphs);
        let ranges: Vec<TextRange> = spans.iter().map(|span| span.range).collect();
        let theme = self.theme;
        let pane = TextPane {
            text: shown,
            layout: &layout,
            ranges: &ranges,
            mark: &|at| span_mark(project, theme, spans.get(at)),
            highlights: &[],
            selection: None,
            focus: 0,
            text_style: theme.text,
            odd_style: theme.muted,
        };
        pane.draw(&mut self.painter, text);
        Rect { width: list.width.saturating_sub(2), ..list }
    }

    /// The text in one line; what the search found is marked and in sight.
    fn document_text_row(&mut self, document: &Document, area: Rect) {
        let text = &document.text;
        let Some(found) = self.state.documents.query().first_match(text) else {
            let line = text.lines().next().unwrap_or_default();
            self.painter.text(area.x, area.y, area.width, line, self.theme.text);
            return;
        };
        // From the beginning if that keeps the place in sight, else from as many words before it as take a third of the room.
        let room = usize::from(area.width);
        let fits = found.end <= room * 4 && width_between(text, 0, found.end, room) <= room;
        let words = document.words_touching(found).map_or(0, |words| words.start);
        let starts = document.words.iter().take(words).rev().map(|word| word.start);
        let near = starts.take_while(|start| width_between(text, *start, found.start, room) <= room / 3).last();
        let start = if fits { 0 } else { near.unwrap_or(found.start) };
        let after = text.get(found.end..).and_then(|rest| rest.lines().next());
        let ellipsis = format!("{} ", self.painter.caps.glyphs.ellipsis());
        let pieces = [
            (if start > 0 { ellipsis.as_str() } else { "" }, self.theme.muted),
            (text.get(start..found.start).unwrap_or_default(), self.theme.text),
            (found.of(text), self.theme.accent.add_modifier(Modifier::UNDERLINED)),
            (after.unwrap_or_default(), self.theme.text),
        ];
        let mut x = area.x;
        for (piece, style) in pieces {
            x += self.painter.text(x, area.y, area.right().saturating_sub(x), piece, style);
        }
    }

    /// Number of documents of each status, and which of them are shown.
    /// Returns the area below.
    ///
    /// Takes a second row where one is not wide enough.
    fn filters(&mut self, project: &Project, area: Rect) -> Rect {
        let filter = self.state.documents.filter;
        let mut pieces =
            vec![self.starred_choice(&format!("all {}", grouped(project.documents.len())), filter.is_none())];
        pieces.extend(Status::ALL.iter().zip(project.counts()).map(|(status, number)| {
            self.starred_choice(
                &format!("{} {}", status.name(), grouped(number)),
                filter == Some(Filter::Status(*status)),
            )
        }));
        let is_chosen = filter == Some(Filter::Review);
        if project.to_review() > 0 || is_chosen {
            let (text, style) = self.starred_choice(&format!("review {}", grouped(project.to_review())), is_chosen);
            pieces.push((text, if is_chosen { style } else { self.theme.warn }));
        }
        let mut x = area.x;
        let mut y = area.y;
        for (text, style) in pieces {
            let wide = u16::try_from(width::width(&text)).unwrap_or(u16::MAX);
            if x > area.x && x.saturating_add(wide) > area.right() {
                x = area.x;
                y += 1;
            }
            x += self.painter.text(x, y, area.right().saturating_sub(x), &text, style) + 2;
        }
        let words = format!("{} words done", grouped(project.words_done()));
        if usize::from(area.right().saturating_sub(x)) >= width::width(&words) {
            self.painter.text_before(area.right(), y, area.width, &words, self.theme.muted);
        }
        top(area, y - area.y + 1).1
    }

    /// The search, or else splits and order, if there is anything to show of them.
    /// Returns the area below.
    fn search_line(&mut self, project: &Project, area: Rect) -> Rect {
        let documents = &self.state.documents;
        let (line, rest) = top(area, 1);
        if documents.typing || !documents.search.is_empty() {
            self.search(documents, line);
            return rest;
        }
        let mut pieces = self.splits(documents);
        if documents.order != Order::Given {
            pieces.push((documents.order.name().to_owned(), self.theme.accent));
        }
        if documents.order.wants_model() {
            pieces.push((format!("{} asked", grouped(project.model_output_count())), self.theme.muted));
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

    /// The search with the number of documents found.
    /// On a narrow screen it has the line to itself.
    fn search(&mut self, documents: &Documents, line: Rect) {
        let split = documents.split.and_then(|split| SPLITS.get(split));
        let split = split.map(|split| format!("{}: ", split_name(*split))).unwrap_or_default();
        let found = format!("{split}{}", with_noun(documents.shown().len(), "document"));
        let (found, style) = match &documents.problem {
            Some(problem) if problem.unfinished && documents.typing => (found, self.theme.muted),
            Some(problem) => (problem.to_string(), self.theme.warn),
            None => (found, self.theme.muted),
        };
        let start = self.painter.text_before(line.right(), line.y, line.width * 2 / 3, &found, style);
        let place = Rect { width: start.saturating_sub(line.x + 1), ..line };
        match documents.typing {
            true => self.input(place, "/", &Prompt::Search),
            false => {
                let used = self.painter.text(place.x, place.y, place.width, "/", self.theme.accent);
                let place = Rect { x: place.x + used, width: place.width.saturating_sub(used), ..place };
                self.painter.text(place.x, place.y, place.width, &documents.search, self.theme.text);
            }
        }
    }

    /// Number of documents of each split, and which of them are shown.
    /// Nothing if all are of one split.
    fn splits(&self, documents: &Documents) -> Vec<(String, Style)> {
        let known = documents.split_sizes().iter().filter(|size| **size > 0).count();
        if known < 2 && documents.split.is_none() {
            return Vec::new();
        }
        let mut pieces = vec![self.starred_choice("all splits", documents.split.is_none())];
        for (at, (split, size)) in SPLITS.iter().zip(documents.split_sizes()).enumerate() {
            if size > 0 {
                let text = format!("{} {}", split_name(*split), grouped(size));
                pieces.push(self.starred_choice(&text, documents.split == Some(at)));
            }
        }
        pieces
    }
}

fn split_name(split: Option<Split>) -> &'static str {
    split.map_or("no split", Split::name)
}

/// Columns that the text between two bytes takes; of one that is wider than `room`, one more than that.
fn width_between(text: &str, from: usize, to: usize, room: usize) -> usize {
    text.get(from..to).map_or(0, |between| width::width_up_to(between, room + 1))
}

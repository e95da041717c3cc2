//! The same words elsewhere.

use ratatui::layout::Rect;

use crate::{
    app::{
        overlays::occurrences::{Occurrence, Occurrences},
        project::Project,
    },
    text::{number::with_noun, width},
};

use super::super::{
    Canvas,
    paint::{bottom, top},
    short::tail,
};

impl Canvas<'_> {
    pub(super) fn occurrences(&mut self, area: Rect, found: &Occurrences) {
        let Some(project) = &self.state.session.project else { return };
        let sheet = self.sheet(area, area.height);
        let (head, rest) = top(sheet, 1);
        let (rest, foot) = bottom(rest, 1);
        let name = project.labels.name(found.label);
        let title = format!("\u{ab}{}\u{bb} as {name}, {}", width::cut(&found.words, 30), found.scope.name());
        self.painter.text(head.x, head.y, head.width, &title, self.theme.accent);
        if found.places.is_empty() {
            let text = "No other match; tab widens the search";
            self.painter.text(rest.x, rest.y, rest.width, text, self.theme.muted);
        }
        for (line, at) in Self::page_of(rest, found.row, found.places.len()) {
            if let Some(place) = found.places.get(at) {
                self.occurrence(project, place, line);
            }
            self.list_row(line, at, found.row);
        }
        let wanted = format!("{} of {} chosen", found.wanted(), with_noun(found.places.len(), "place"));
        let conflicts = found.places.iter().filter(|place| !place.conflict.is_empty()).count();
        let conflicts =
            if conflicts == 0 { String::new() } else { format!("; {conflicts} would take the place of a span") };
        self.painter.text(foot.x, foot.y, foot.width, &format!("{wanted}{conflicts}"), self.theme.muted);
    }

    /// Draws one place.
    /// It shows whether the place is chosen, its document, its words with the text around them, and the labels there.
    fn occurrence(&mut self, project: &Project, place: &Occurrence, line: Rect) {
        let Some(document) = project.documents.get(place.document) else { return };
        let Rect { x, y, width, .. } = line;
        let mark = if place.wanted { "[x]" } else { "[ ]" };
        self.painter.text(x, y, 3, mark, self.theme.accent);
        let ids = (width / 5).clamp(6, 20);
        self.painter.text(
            x + 4,
            y,
            ids,
            &tail(&document.id, usize::from(ids), self.painter.caps.glyphs),
            self.theme.muted,
        );
        let labels: Vec<&str> = place.conflict.iter().map(|label| project.labels.name(*label)).collect();
        let end = match labels.is_empty() {
            true => line.right(),
            false => {
                let conflict = format!(" is {}", labels.join(", "));
                self.painter.text_before(line.right(), y, width / 3, &conflict, self.theme.warn)
            }
        };
        let start = x + 4 + ids + 1;
        let area = Rect { x: start, width: end.saturating_sub(start), ..line };
        self.line_around(&document.text, place.range, area);
    }
}

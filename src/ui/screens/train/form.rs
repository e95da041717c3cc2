//! The settings with their explanation, and the data beside them.

use ratatui::layout::Rect;

use crate::{
    app::{
        panel::Panel,
        screen::SizeClass,
        screens::train::form::{RECIPE, ROWS},
    },
    text::wrap::TextLayout,
    ui::{
        Canvas, Target,
        paint::{bottom, left, top},
    },
};

/// Columns of the settings.
const FORM: u16 = 38;
const WIDE_FORM: u16 = 48;
/// Columns of the settings' names.
const NAMES: u16 = 15;

impl Canvas<'_> {
    pub(super) fn form_page(&mut self, area: Rect) {
        match self.class() {
            SizeClass::Full => {
                let (side, rest) = left(area, WIDE_FORM);
                let (form, about) = top(side, rows());
                self.form(form);
                let about = Rect { width: about.width.saturating_sub(2), ..about };
                self.rule_with_values(about);
                self.explanation(top(about, 1).1);
                self.painter.rule_down(rest, self.theme.border);
                let rest = Rect { x: rest.x + 2, width: rest.width.saturating_sub(2), ..rest };
                let used = self.data(top(rest, rest.height * 2 / 3).0);
                let (_, list) = top(rest, used + 1);
                self.latest_runs(list);
            }
            SizeClass::Standard => {
                let (above, about) = bottom(area, 5);
                let (form, rest) = left(above, FORM);
                self.form(form);
                self.painter.rule_down(rest, self.theme.border);
                self.data(Rect { x: rest.x + 2, width: rest.width.saturating_sub(2), ..rest });
                self.rule_with_values(about);
                self.explanation(top(about, 1).1);
            }
            _ => {
                // The explanation is shown whole, and the list keeps a row at least.
                let wanted = self.explanation_rows(area.width).max(4) + 1;
                let (above, about) = bottom(area, wanted.min(area.height.saturating_sub(2)));
                let (form, line) = bottom(above, 1);
                self.form(form);
                self.data_line(line);
                self.rule_with_values(about);
                self.explanation(top(about, 1).1);
            }
        }
    }

    /// The settings, as many as fit around the cursor.
    fn form(&mut self, area: Rect) {
        let train = &self.state.train;
        let height = usize::from(area.height.max(1));
        // All if they fit, else the cursor stays away from the edges.
        let first = train.row.saturating_sub(height / 2).min(ROWS.len().saturating_sub(height));
        let all = ROWS.len() <= height;
        for (y, (at, row)) in (area.top()..area.bottom()).zip(ROWS.iter().enumerate().skip(first)) {
            let here = at == train.row;
            let name = if at == RECIPE { self.theme.accent } else { self.theme.text };
            self.painter.text(area.x, y, NAMES, row.name, name);
            let place = Rect::new(area.x + NAMES + 1, y, area.width.saturating_sub(NAMES + 2), 1);
            match train.prompt() {
                Some(prompt) if here => self.input(place, "", &prompt),
                _ => {
                    let value = train.value(at);
                    let used = self.painter.text(place.x, y, place.width.saturating_sub(1), &value, name);
                    if train.differs(at) {
                        self.painter.text(place.x + used, y, 1, "*", self.theme.accent);
                    }
                }
            }
            if here && !train.typing {
                self.painter.mark_row(Rect { width: area.width.saturating_sub(1), ..area }, y, self.theme.selection);
            }
            self.hits.add(Rect::new(area.x, y, area.width, 1), Target::Row(at));
        }
        if !all {
            let place = format!("{}/{}", train.row + 1, ROWS.len());
            self.painter.text_before(area.right().saturating_sub(1), area.y, 6, &place, self.theme.muted);
        }
    }

    /// Rows that the explanation needs in this many columns.
    fn explanation_rows(&self, width: u16) -> u16 {
        let train = &self.state.train;
        let device = self.state.session.project.as_ref().map_or("", |project| &project.device);
        let texts = [train.problem.clone().unwrap_or_default(), train.explanation(device)];
        let lines = texts
            .iter()
            .filter(|text| !text.is_empty())
            .map(|text| TextLayout::new(text, usize::from(width), self.painter.caps.glyphs).lines().len());
        u16::try_from(lines.sum::<usize>()).unwrap_or(u16::MAX)
    }

    /// A hairline with the values that the row under the cursor can have.
    fn rule_with_values(&mut self, area: Rect) {
        self.painter.rule(area, self.theme.border);
        let train = &self.state.train;
        if let Some(row) = ROWS.get(train.row) {
            let style = if train.typing { self.theme.accent } else { self.theme.muted };
            let text = format!(" {}: {} ", row.name, row.values);
            self.painter.text(area.x + 1, area.y, area.width.saturating_sub(2), &text, style);
        }
    }

    /// Explains the row under the cursor.
    /// Before that it shows why the typed value was refused.
    fn explanation(&mut self, area: Rect) {
        let train = &self.state.train;
        let device = self.state.session.project.as_ref().map_or("", |project| &project.device);
        let problem = train.problem.as_deref();
        let used = problem.map_or(0, |problem| self.paragraph(area, problem, self.theme.bad));
        self.paragraph(top(area, used).1, &train.explanation(device), self.theme.text);
    }
}

fn rows() -> u16 {
    u16::try_from(ROWS.len()).unwrap_or(u16::MAX)
}

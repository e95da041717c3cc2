//! The Explore screen.

use ratatui::{layout::Rect, style::Style};

use crate::{
    app::{project::Project, state::SizeClass},
    spans::Entity,
    text::{TextRange, width, wrap::TextLayout},
};

use super::{
    Canvas,
    chrome::wrapped,
    paint::{bottom, inset, left, share, top},
    text_pane::{Mark, TextPane, height},
};

/// Rows that say why there is no answer.
const PROBLEM_ROWS: u16 = 3;

impl Canvas<'_> {
    pub(super) fn explore(&mut self, project: &Project, body: Rect) {
        let (body, _) = bottom(body, 1);
        let area = inset(body, 2);
        let explore = &self.state.explore;
        let rest = self.model_line(area);
        let (_, rest) = top(rest, u16::from(self.class() > SizeClass::Compact));
        let wanted = height(explore.field.text(), rest.width, self.state.size, self.painter.caps.glyphs).max(2);
        // Whole lines of text with their mark rows.
        let most = (rest.height * 3 / 5) / 2 * 2;
        let (text, rest) = top(rest, wanted.min(most));
        let lines = self.sentence(project, text);
        let (rule, rest) = top(rest, 1);
        self.painter.rule(Rect { x: body.x, width: body.width, ..rule }, self.theme.border);
        if let Some(lines) = lines {
            self.painter.text_before(rule.right(), rule.y, rule.width, &format!(" {lines} "), self.theme.muted);
        }
        let (spans, guesses) = left(rest, rest.width * 3 / 5);
        self.found(project, spans);
        self.guesses(guesses);
    }

    /// Which model speaks and how good it is, or what to do to have one; returns the area below.
    fn model_line(&mut self, area: Rect) -> Rect {
        let (state, explore) = (self.state, &self.state.explore);
        let Some(run) = state.explored() else {
            let text = match (state.train.running(), &explore.problem) {
                (Some(run), _) => format!("no model yet; run {} is training one", run.id),
                (None, Some(problem)) => problem.clone(),
                (None, None) => "no model yet".to_owned(),
            };
            return self.model_words(area, &text, self.theme.muted);
        };
        if let Some(problem) = &explore.problem {
            return self.model_words(area, problem, self.theme.bad);
        }
        let (head, rest) = top(area, 1);
        let name = explore.prediction().map_or(&run.id, |prediction| &prediction.model);
        let models = state.models().count();
        let place = state.models().position(|model| model.id == *name);
        let which = match (&explore.chosen, place, models) {
            (_, _, ..2) => String::new(),
            (Some(_), Some(at), _) => format!("chosen, {} of {models}", at + 1),
            (None, Some(0), _) => format!("newest of {models}"),
            (None, ..) => format!("best of {models}"),
            _ => String::new(),
        };
        let f1 = state.models().find(|model| model.id == *name).and_then(|model| model.word_f1);
        let (f1, part) = f1.map(|f1| (format!("word F1 {}", share(f1)), "validation")).unwrap_or_default();
        let note = match (explore.field.text().trim().is_empty(), explore.is_waiting(), explore.is_current()) {
            (true, ..) => "type a sentence",
            (false, true, false) if explore.prediction().is_none() => "is asked",
            _ => "",
        };
        let pieces = [
            (format!("model {name}"), self.theme.accent),
            (which, self.theme.muted),
            (f1, self.theme.text),
            (part.to_owned(), self.theme.muted),
            (note.to_owned(), self.theme.muted),
        ];
        self.painter.pieces(head, &pieces);
        rest
    }

    fn model_words(&mut self, area: Rect, text: &str, style: Style) -> Rect {
        let lines = wrapped(text, usize::from(area.width), self.painter.caps.glyphs);
        let mut used = 0;
        for (y, line) in (area.top()..area.bottom().min(area.y + PROBLEM_ROWS)).zip(lines) {
            self.painter.text(area.x, y, area.width, &line, style);
            used += 1;
        }
        top(area, used.max(1)).1
    }

    /// The sentence with what was found; returns which lines of it are in sight, if not all are.
    fn sentence(&mut self, project: &Project, area: Rect) -> Option<String> {
        let explore = &self.state.explore;
        let marks: Vec<Mark> = explore
            .found()
            .into_iter()
            .map(|found| {
                let label = project.labels.find(&found.label);
                Mark {
                    range: found.range,
                    name: found.label.clone(),
                    tag: label.map_or_else(|| found.label.chars().take(2).collect(), |label| label.tag.clone()),
                    key: label.and_then(|label| label.key),
                    style: label.map_or(self.theme.text, |label| self.theme.label(label.color)),
                    score: Some(found.score),
                }
            })
            .collect();
        let guess = explore.guess().filter(|_| !explore.typing).map(|guess| guess.range);
        let highlights: Vec<_> = guess.map(|range: TextRange| (range, self.theme.cursor)).into_iter().collect();
        let layout = TextLayout::new(explore.field.text(), usize::from(area.width), self.painter.caps.glyphs);
        let pane = TextPane {
            text: explore.field.text(),
            layout: &layout,
            marks: &marks,
            highlights: &highlights,
            selection: None,
            focus: self.looked_at(),
            text_style: self.theme.text,
            odd_style: self.theme.muted,
        };
        let drawn = pane.draw(&mut self.painter, area);
        if explore.typing && self.state.overlay.is_none() {
            self.cursor = drawn.focus;
        }
        drawn.lines_in_sight()
    }

    /// The byte of the sentence that must be in sight.
    fn looked_at(&self) -> usize {
        let explore = &self.state.explore;
        let (before, _) = explore.field.parts();
        if explore.typing { before.len() } else { explore.guess().map_or(0, |guess| guess.range.start) }
    }

    /// The spans of the answer, with their scores: the page on which the one looked at is.
    fn found(&mut self, project: &Project, area: Rect) {
        let explore = &self.state.explore;
        let Some(prediction) = explore.prediction() else { return };
        let (head, rest) = top(area, 1);
        let current = explore.is_current();
        let found: Vec<&Entity> = if current { explore.found() } else { Vec::new() };
        let rows = usize::from(rest.height.max(1));
        let here = self.looked_at();
        let at = found.iter().position(|found| found.range.end > here).unwrap_or(found.len().saturating_sub(1));
        let first = at / rows * rows;
        let title = match (current, found.len()) {
            (false, _) => "spans of the sentence before".to_owned(),
            (true, many) if many > rows => format!("spans {}-{} of {many}", first + 1, (first + rows).min(many)),
            (true, _) => "spans".to_owned(),
        };
        self.painter.text(head.x, head.y, head.width, &title, self.theme.accent);
        if current && prediction.answer.entities.is_empty() {
            self.painter.text(rest.x, rest.y, rest.width, "none", self.theme.muted);
        }
        let widest = found.iter().map(|found| width::width(&found.label)).max().unwrap_or(0);
        let name = u16::try_from(widest).unwrap_or(16).clamp(4, 16);
        for (y, found) in (rest.top()..rest.bottom()).zip(found.iter().skip(first)) {
            let style =
                project.labels.find(&found.label).map_or(self.theme.text, |label| self.theme.label(label.color));
            self.painter.text(rest.x, y, 5, &format!("{:.2}", found.score), self.theme.text);
            self.painter.text(rest.x + 6, y, name, &found.label, style);
            let text = found.range.of(explore.field.text());
            let x = rest.x + 6 + name + 1;
            self.painter.text(x, y, (rest.right().saturating_sub(x + 1)).min(rest.width), text, self.theme.text);
        }
    }

    /// The likeliest labels of the word looked at.
    fn guesses(&mut self, area: Rect) {
        let explore = &self.state.explore;
        let Some(guess) = explore.guess() else { return };
        let (head, rest) = top(area, 1);
        let word = width::cut(guess.range.of(explore.field.text()), usize::from(area.width.saturating_sub(6)));
        self.painter.text(head.x, head.y, head.width, &format!("word `{word}`"), self.theme.accent);
        for (y, (label, score)) in (rest.top()..rest.bottom()).zip(&guess.labels) {
            self.painter.text(rest.x, y, 5, &format!("{score:.2}"), self.theme.text);
            self.painter.text(rest.x + 6, y, rest.width.saturating_sub(6), label, self.theme.text);
        }
    }
}

//! The Explore screen.

use ratatui::layout::Rect;

use crate::{
    app::project::Project,
    text::{TextRange, width},
};

use super::{
    Canvas,
    paint::{bottom, inset, left, top},
    text_pane::{Mark, TextPane, height},
};

impl Canvas<'_> {
    pub(super) fn explore(&mut self, project: &Project, body: Rect) {
        let (body, _) = bottom(body, 1);
        let area = inset(body, 2);
        let explore = &self.state.explore;
        let (head, rest) = top(area, 1);
        let model = match (explore.prediction(), &explore.problem) {
            (Some(prediction), _) => format!("model {}", prediction.model),
            (None, Some(problem)) => problem.clone(),
            (None, None) if explore.field.text().is_empty() => {
                "Type a sentence; the newest model says what it finds".to_owned()
            }
            (None, None) => "the model is asked".to_owned(),
        };
        let style = if explore.problem.is_some() { self.theme.bad } else { self.theme.muted };
        self.painter.text(head.x, head.y, head.width, &model, style);
        let (_, rest) = top(rest, 1);
        let wanted = height(explore.field.text(), rest.width, self.state.size, self.painter.caps.glyphs).max(2);
        let (text, rest) = top(rest, wanted.min(rest.height / 2));
        self.sentence(project, text);
        let (rule, rest) = top(rest, 1);
        self.painter.rule(Rect { x: body.x, width: body.width, ..rule }, self.theme.border);
        let (spans, guesses) = left(rest, rest.width * 3 / 5);
        self.found(project, spans);
        self.guesses(guesses);
    }

    fn sentence(&mut self, project: &Project, area: Rect) {
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
                    style: label.map_or(self.theme.text, |label| self.theme.label(label.color)),
                    score: Some(found.score),
                }
            })
            .collect();
        let (before, _) = explore.field.parts();
        let guess = explore.guess().filter(|_| !explore.typing).map(|guess| guess.range);
        let highlights: Vec<_> = guess.map(|range: TextRange| (range, self.theme.cursor)).into_iter().collect();
        let pane = TextPane {
            text: explore.field.text(),
            marks: &marks,
            highlights: &highlights,
            selection: None,
            focus: if explore.typing { before.len() } else { guess.map_or(0, |range| range.start) },
            text_style: self.theme.text,
            odd_style: self.theme.muted,
        };
        let drawn = pane.draw(&mut self.painter, area);
        if explore.typing && self.state.overlay.is_none() {
            self.cursor = drawn.focus;
        }
    }

    /// The spans of the answer, with their scores.
    fn found(&mut self, project: &Project, area: Rect) {
        let explore = &self.state.explore;
        let Some(prediction) = explore.prediction() else { return };
        let (head, rest) = top(area, 1);
        let title = if explore.is_current() { "spans" } else { "spans of the sentence before" };
        self.painter.text(head.x, head.y, head.width, title, self.theme.accent);
        if explore.is_current() && prediction.found.is_empty() {
            self.painter.text(rest.x, rest.y, rest.width, "none", self.theme.muted);
        }
        let found = if explore.is_current() { explore.found() } else { Vec::new() };
        for (y, found) in (rest.top()..rest.bottom()).zip(found) {
            let style =
                project.labels.find(&found.label).map_or(self.theme.text, |label| self.theme.label(label.color));
            self.painter.text(rest.x, y, 5, &format!("{:.2}", found.score), self.theme.text);
            self.painter.text(rest.x + 6, y, 16, &found.label, style);
            let text = found.range.of(explore.field.text());
            self.painter.text(rest.x + 23, y, rest.width.saturating_sub(24), text, self.theme.text);
        }
    }

    /// The likeliest labels of the word looked at.
    fn guesses(&mut self, area: Rect) {
        let explore = &self.state.explore;
        let Some(guess) = explore.guess() else { return };
        let (head, rest) = top(area, 1);
        let word = width::cut(guess.range.of(explore.field.text()), 16);
        let title =
            if explore.typing { format!("labels of `{word}` (esc, arrows)") } else { format!("labels of `{word}`") };
        self.painter.text(head.x, head.y, head.width, &title, self.theme.accent);
        for (y, (label, score)) in (rest.top()..rest.bottom()).zip(&guess.labels) {
            self.painter.text(rest.x, y, 5, &format!("{score:.2}"), self.theme.text);
            self.painter.text(rest.x + 6, y, rest.width.saturating_sub(6), label, self.theme.text);
        }
    }
}

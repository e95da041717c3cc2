//! The Explore screen: the sentence with the entities found.
//! It also shows their scores, and the likeliest labels of a word.

use ratatui::{layout::Rect, style::Style};

use crate::{
    app::{State, project::Project, prompts::Prompt, screen::SizeClass, screens::explore::sentence},
    runs::RunSummary,
    spans::Entity,
    text::{TextRange, width, wrap::TextLayout},
    ui::{
        Canvas, Theme,
        chrome::wrapped,
        paint::{bottom, inset, left, share, top},
        text_pane::{Mark, TextPane, height},
    },
};

/// Rows of the reason why there is no answer.
const PROBLEM_ROWS: u16 = 3;

impl Canvas<'_> {
    pub(in crate::ui) fn explore(&mut self, project: &Project, body: Rect) {
        let (body, _) = bottom(body, 1);
        let area = inset(body, 2);
        let text = sentence(&self.state.session);
        let rest = self.model_line(area);
        let (_, rest) = top(rest, u16::from(self.class() > SizeClass::Compact));
        let wanted = height(text, rest.width, self.state.session.size, self.painter.caps.glyphs).max(2);
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
        self.entities(project, spans);
        self.guesses(guesses);
    }

    /// The model that is asked and its F1, or what to do to have one.
    /// Returns the area below.
    fn model_line(&mut self, area: Rect) -> Rect {
        let session = &self.state.session;
        let explore = &self.state.explore;
        let Some(run) = explore.run_asked(session) else {
            let text = match (session.runs.running(), &explore.problem) {
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
        let pieces = self.model_pieces(run);
        self.painter.pieces(head, &pieces);
        rest
    }

    /// Name of the model, its place among all, its F1, and what it waits for.
    fn model_pieces(&self, run: &RunSummary) -> [(String, Style); 5] {
        let session = &self.state.session;
        let explore = &self.state.explore;
        let name = explore.prediction().map_or(&run.id, |prediction| &prediction.model);
        let models: Vec<&RunSummary> = session.models().collect();
        let place = models.iter().position(|model| model.id == *name);
        let which = match (&explore.chosen, place, models.len()) {
            (_, _, ..2) => String::new(),
            (Some(_), Some(at), all) => format!("chosen, {} of {all}", at + 1),
            (None, Some(0), all) => format!("newest of {all}"),
            (None, _, all) => format!("best of {all}"),
            _ => String::new(),
        };
        let f1 = place.and_then(|at| models.get(at)?.word_f1);
        let split = if f1.is_some() { "validation" } else { "" };
        let is_asked = explore.is_waiting() && explore.prediction().is_none();
        let note = match sentence(session).trim() {
            "" => "type a sentence",
            _ if is_asked && !explore.is_current(session) => "is asked",
            _ => "",
        };
        [
            (format!("model {name}"), self.theme.accent),
            (which, self.theme.muted),
            (f1.map(|f1| format!("word F1 {}", share(f1))).unwrap_or_default(), self.theme.text),
            (split.to_owned(), self.theme.muted),
            (note.to_owned(), self.theme.muted),
        ]
    }

    fn model_words(&mut self, area: Rect, text: &str, style: Style) -> Rect {
        let rows = usize::from(area.height.min(PROBLEM_ROWS));
        let lines = wrapped(text, usize::from(area.width), rows, self.painter.caps.glyphs);
        let mut used = 0;
        for (y, line) in (area.top()..area.bottom()).zip(lines) {
            self.painter.text(area.x, y, area.width, &line, style);
            used += 1;
        }
        top(area, used.max(1)).1
    }

    /// The sentence with the entities.
    /// Returns which lines of it are in sight, if not all are.
    fn sentence(&mut self, project: &Project, area: Rect) -> Option<String> {
        let session = &self.state.session;
        let explore = &self.state.explore;
        let entities = explore.entities(session);
        let ranges: Vec<TextRange> = entities.iter().map(|entity| entity.range).collect();
        let theme = self.theme;
        let word = explore.guess(session).filter(|_| !explore.typing).map(|guess| (guess.range, self.theme.cursor));
        let layout = TextLayout::new(sentence(session), usize::from(area.width), self.painter.caps.glyphs);
        let pane = TextPane {
            text: sentence(session),
            layout: &layout,
            ranges: &ranges,
            mark: &|at| entities.get(at).map(|entity| mark_of(project, theme, entity)).unwrap_or_default(),
            highlights: word.as_slice(),
            selection: None,
            focus: self.byte_in_sight(),
            text_style: self.theme.text,
            odd_style: self.theme.muted,
        };
        let drawn = pane.draw(&mut self.painter, area);
        if explore.typing && self.state.overlay().is_none() {
            self.cursor = drawn.focus;
        }
        drawn.lines_in_sight()
    }

    /// The byte of the sentence that must be in sight.
    fn byte_in_sight(&self) -> usize {
        let State { session, explore, .. } = self.state;
        let (before, _) = session.prompts.field(&Prompt::Sentence).parts();
        if explore.typing { before.len() } else { explore.guess(session).map_or(0, |guess| guess.range.start) }
    }

    /// The entities of the answer with their scores.
    /// The page with the one under the cursor.
    fn entities(&mut self, project: &Project, area: Rect) {
        let State { session, explore, .. } = self.state;
        let Some(prediction) = explore.prediction() else { return };
        let (head, rest) = top(area, 1);
        let current = explore.is_current(session);
        let found = if current { explore.entities(session) } else { Vec::new() };
        let rows = usize::from(rest.height.max(1));
        let here = self.byte_in_sight();
        let at = found.iter().position(|entity| entity.range.end > here).unwrap_or(found.len().saturating_sub(1));
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
        let widest = found.iter().map(|entity| width::width_up_to(&entity.label, 16)).max().unwrap_or(0);
        let name = u16::try_from(widest).unwrap_or(16).clamp(4, 16);
        for (y, entity) in (rest.top()..rest.bottom()).zip(found.iter().skip(first)) {
            let label = project.labels.find(&entity.label);
            let style = label.map_or(self.theme.text, |label| self.theme.label(label.color));
            self.painter.text(rest.x, y, 5, &format!("{:.2}", entity.score), self.theme.text);
            self.painter.text(rest.x + 6, y, name, &entity.label, style);
            let text = entity.range.of(sentence(session));
            let x = rest.x + 6 + name + 1;
            self.painter.text(x, y, (rest.right().saturating_sub(x + 1)).min(rest.width), text, self.theme.text);
        }
    }

    /// The likeliest labels of the word under the cursor.
    fn guesses(&mut self, area: Rect) {
        let State { session, explore, .. } = self.state;
        let Some(guess) = explore.guess(session) else { return };
        let (head, rest) = top(area, 1);
        let word = width::cut(guess.range.of(sentence(session)), usize::from(area.width.saturating_sub(6)));
        self.painter.text(head.x, head.y, head.width, &format!("word `{word}`"), self.theme.accent);
        for (y, (label, score)) in (rest.top()..rest.bottom()).zip(&guess.labels) {
            self.painter.text(rest.x, y, 5, &format!("{score:.2}"), self.theme.text);
            self.painter.text(rest.x + 6, y, rest.width.saturating_sub(6), label, self.theme.text);
        }
    }
}

fn mark_of(project: &Project, theme: &Theme, entity: &Entity) -> Mark {
    let label = project.labels.find(&entity.label);
    Mark {
        name: entity.label.clone(),
        tag: label.map_or_else(|| entity.label.chars().take(2).collect(), |label| label.tag.clone()),
        key: label.and_then(|label| label.key),
        style: label.map_or(theme.text, |label| theme.label(label.color)),
        score: Some(entity.score),
    }
}

//! The Explore screen: the sentence with the entities found.
//! It also shows their scores, and the likeliest labels of a word.

use ratatui::{layout::Rect, style::Style};

use crate::{
    app::{
        State,
        project::Project,
        prompts::Prompt,
        screen::SizeClass,
        screens::explore::{Beside, Explanation, is_among, sentence},
    },
    runs::RunSummary,
    spans::{Entity, PipelineAnswer, Prediction, Strategy},
    text::{
        TextRange,
        number::{grouped, score},
        width,
        wrap::TextLayout,
    },
    ui::{
        Canvas, Theme,
        chrome::wrapped,
        paint::{bottom, first_of_page, inset, left, share, top},
        text_pane::{Mark, TextPane, height, two_digits},
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
        let (spans, side) = left(rest, rest.width * 3 / 5);
        self.entities(project, spans);
        self.explore_side(project, side);
    }

    /// The model that is asked and its F1, or what to do to have one.
    /// Returns the area below.
    fn model_line(&mut self, area: Rect) -> Rect {
        let session = &self.state.session;
        let explore = &self.state.explore;
        let Some(asked) = explore.model_asked(session) else {
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
        let pieces = self.model_pieces(&asked);
        self.painter.pieces(head, &pieces);
        rest
    }

    /// Name of the model, its place among all, its F1, and what it waits for.
    fn model_pieces(&self, asked: &str) -> [(String, Style); 6] {
        let session = &self.state.session;
        let explore = &self.state.explore;
        let name = explore.prediction().map_or(asked, |prediction| &prediction.model);
        let models: Vec<&RunSummary> = session.models().collect();
        let place = models.iter().position(|model| model.id == name);
        let which = match (&explore.chosen, place, models.len()) {
            _ if session.suggesting_version().is_some_and(|version| version.to_string() == name) => {
                "learns while you tag".to_owned()
            }
            (_, _, ..2) => String::new(),
            (Some(_), Some(at), all) => format!("chosen, {} of {all}", at + 1),
            (None, Some(0), all) => format!("newest of {all}"),
            (None, Some(_), all) => format!("best of {all}"),
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
        let several = explore.place().map(|(at, all, source)| {
            let source = if source.is_empty() { String::new() } else { format!(", {source}") };
            format!("sentence {} of {}{source}", grouped(at), grouped(all))
        });
        [
            (format!("model {name}"), self.theme.accent),
            (which, self.theme.muted),
            (several.unwrap_or_default(), self.theme.accent),
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
        // Word pieces outside every span are listed, not marked.
        let entities: Vec<&Entity> =
            explore.entities(session).into_iter().filter(|entity| entity.label != "O").collect();
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
        if explore.prediction().is_none() {
            return;
        }
        let (head, rest) = top(area, 1);
        let current = explore.is_current(session);
        let found = if current { explore.entities(session) } else { Vec::new() };
        let rows = usize::from(rest.height.max(1));
        let first = self.first_entity(&found, rest);
        let title = match (current, found.len()) {
            (false, _) => "spans of the sentence before".to_owned(),
            (true, many) if many > rows => {
                format!("{} {}-{} of {many}", self.shown_name(), first + 1, (first + rows).min(many))
            }
            (true, _) => self.shown_name(),
        };
        let scale = explore.prediction().filter(|_| explore.strategy.is_none());
        let title = format!("{title}, {}{}", scale_name(scale), self.left_out());
        self.painter.text(head.x, head.y, head.width.saturating_sub(1), &title, self.theme.accent);
        if current && found.is_empty() && explore.hidden(session) == 0 {
            let waits = explore.strategy.is_some() && explore.pipeline(session).is_none();
            let none = if waits { "is asked" } else { "none" };
            self.painter.text(rest.x, rest.y, rest.width, none, self.theme.muted);
        }
        let beside = explore.beside.as_ref().and_then(|beside| beside.prediction(sentence(session)));
        let others = beside.map(|other| explore.entities_of(other));
        let page: Vec<&Entity> = found.into_iter().skip(first).collect();
        self.entity_rows(project, rest, &page, others.as_deref());
    }

    /// The first of the entities in sight: the page with the one under the cursor, or with the next one.
    fn first_entity(&self, found: &[&Entity], area: Rect) -> usize {
        let here = self.byte_in_sight();
        let at = found.iter().position(|entity| entity.range.end > here).unwrap_or(found.len().saturating_sub(1));
        first_of_page(at, usize::from(area.height), found.len())
    }

    /// Name of what is listed: spans by word, or what a strategy finds.
    fn shown_name(&self) -> String {
        match self.state.explore.strategy {
            None => "spans".to_owned(),
            Some(Strategy::None) => "word pieces".to_owned(),
            Some(strategy) => format!("spans, {}", strategy.name()),
        }
    }

    /// What the list leaves out, for its title: spans below the bar, and pieces that are not read.
    fn left_out(&self) -> String {
        let State { session, explore, .. } = self.state;
        let mut text = match explore.hidden(session) {
            0 => String::new(),
            hidden => format!("; {hidden} below {}", score(f64::from(explore.bar), 1)),
        };
        if let Some(PipelineAnswer { strategy, pieces, longest, .. }) = explore.pipeline(session) {
            let noun = if *strategy == Strategy::None { "" } else { " pieces" };
            match pieces.checked_sub(*longest).filter(|cut| *cut > 0) {
                Some(cut) => text += &format!("; {cut} of {pieces}{noun} not read"),
                None => text += &format!("; {pieces} of at most {longest}{noun}"),
            }
        }
        text
    }

    /// A row for each entity; with others to compare, those that are not among them have a plus sign.
    fn entity_rows(&mut self, project: &Project, area: Rect, found: &[&Entity], others: Option<&[&Entity]>) {
        let session = &self.state.session;
        let widest = found.iter().map(|entity| width::width_up_to(&entity.label, 16)).max().unwrap_or(0);
        let name = u16::try_from(widest).unwrap_or(16).clamp(4, 16);
        for (y, entity) in (area.top()..area.bottom()).zip(found) {
            let label = project.labels.find(label_name(&entity.label));
            let style = label.map_or(self.theme.text, |label| self.theme.label(label.color));
            self.painter.text(area.x, y, 5, &two_digits(entity.score), self.theme.text);
            if others.is_some_and(|others| !is_among(entity, others)) {
                self.painter.text(area.x + 4, y, 1, "+", self.theme.warn);
            }
            self.painter.text(area.x + 6, y, name, &entity.label, style);
            let text = entity.range.of(sentence(session));
            let x = area.x + 6 + name + 1;
            self.painter.text(x, y, (area.right().saturating_sub(x + 1)).min(area.width), text, self.theme.text);
        }
    }

    /// The pane on the right: why a span has its score, a second model, or the likeliest labels of a word.
    fn explore_side(&mut self, project: &Project, area: Rect) {
        match (&self.state.explore.explanation, &self.state.explore.beside) {
            (Some(explanation), _) => self.influences(explanation, area),
            (None, Some(beside)) => self.beside(project, beside, area),
            (None, None) => self.guesses(area),
        }
    }

    /// How the score of a span changes without each word, the strongest change first.
    fn influences(&mut self, explanation: &Explanation, area: Rect) {
        let text = sentence(&self.state.session);
        let (head, rest) = top(area, 1);
        let Entity { label, score, .. } = &explanation.span;
        let scale = scale_name(self.state.explore.prediction());
        let title = format!("{label} {} {scale}, without each word", two_digits(*score));
        self.painter.text(head.x, head.y, head.width, &title, self.theme.accent);
        if let Some(problem) = &explanation.problem {
            self.painter.text(rest.x, rest.y, rest.width, problem, self.theme.bad);
            return;
        }
        if explanation.is_waiting() || explanation.influences.is_empty() {
            let note = if explanation.is_waiting() { "is computed" } else { "there is no other word" };
            self.painter.text(rest.x, rest.y, rest.width, note, self.theme.muted);
            return;
        }
        for (y, influence) in (rest.top()..rest.bottom()).zip(&explanation.influences) {
            let sign = if influence.change < 0.0 { "-" } else { "+" };
            let change = format!("{sign}{}", two_digits(influence.change.abs()));
            self.painter.text(rest.x, y, 6, &change, self.theme.text);
            self.painter.text(rest.x + 6, y, 5, &two_digits(influence.without), self.theme.muted);
            let word = influence.word.of(text);
            self.painter.text(rest.x + 11, y, rest.width.saturating_sub(11), word, self.theme.text);
        }
    }

    /// The spans of the second model.
    fn beside(&mut self, project: &Project, beside: &Beside, area: Rect) {
        let State { session, explore, .. } = self.state;
        let (head, rest) = top(area, 1);
        let f1 = session.models().find(|run| run.id == beside.run).and_then(|run| run.word_f1);
        let f1 = f1.map(|f1| format!("  word F1 {}", share(f1))).unwrap_or_default();
        let prediction = beside.prediction(sentence(session));
        let scale = prediction.map(|own| scale_name(Some(own).filter(|_| explore.strategy.is_none())));
        let scale = scale.map(|scale| format!(", {scale}")).unwrap_or_default();
        let title = format!("{}{scale}  + in one only{f1}", beside.run);
        self.painter.text(head.x, head.y, head.width, &title, self.theme.accent);
        if let Some(problem) = &beside.problem {
            self.painter.text(rest.x, rest.y, rest.width, problem, self.theme.bad);
            return;
        }
        let Some(prediction) = prediction else {
            self.painter.text(rest.x, rest.y, rest.width, "is asked", self.theme.muted);
            return;
        };
        let found: Vec<&Entity> =
            explore.entities_of(prediction).into_iter().filter(|entity| explore.is_above_bar(entity)).collect();
        if found.is_empty() {
            self.painter.text(rest.x, rest.y, rest.width, "none", self.theme.muted);
        }
        let ours = explore.prediction().filter(|_| explore.is_current(session));
        let ours = ours.map(|ours| explore.entities_of(ours));
        let page = found.get(self.first_entity(&found, rest)..).unwrap_or_default();
        self.entity_rows(project, rest, page, ours.as_deref());
    }

    /// The likeliest labels of the word under the cursor.
    fn guesses(&mut self, area: Rect) {
        let State { session, explore, .. } = self.state;
        let Some(guess) = explore.guess(session) else { return };
        let (head, rest) = top(area, 1);
        let scale = scale_name(explore.prediction());
        let room = usize::from(area.width).saturating_sub("word ``, ".len() + scale.len());
        let word = width::cut(guess.range.of(sentence(session)), room);
        self.painter.text(head.x, head.y, head.width, &format!("word `{word}`, {scale}"), self.theme.accent);
        for (y, (label, score)) in (rest.top()..rest.bottom()).zip(&guess.labels) {
            self.painter.text(rest.x, y, 5, &two_digits(*score), self.theme.text);
            self.painter.text(rest.x + 6, y, rest.width.saturating_sub(6), label, self.theme.text);
        }
    }
}

/// Says whether the scores of an answer are fitted to what is right; those of a pipeline, which is no answer, never are.
fn scale_name(answer: Option<&Prediction>) -> &'static str {
    if answer.is_some_and(|prediction| prediction.answer.scale.is_some()) { "calibrated" } else { "raw" }
}

/// Name of the label of a tag, such as `B-Dish`, or of a label.
fn label_name(label: &str) -> &str {
    label.strip_prefix("B-").or_else(|| label.strip_prefix("I-")).unwrap_or(label)
}

fn mark_of(project: &Project, theme: &Theme, entity: &Entity) -> Mark {
    let name = label_name(&entity.label);
    let label = project.labels.find(name);
    Mark {
        name: name.to_owned(),
        tag: label.map_or_else(|| name.chars().take(2).collect(), |label| label.tag.clone()),
        key: label.and_then(|label| label.key),
        style: label.map_or(theme.text, |label| theme.label(label.color)),
        score: Some(entity.score),
    }
}

#[cfg(test)]
mod tests;

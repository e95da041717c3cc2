//! The data of the next training, and the plan that follows from the settings.
//! It says which documents stay out and why.

use ratatui::{layout::Rect, style::Style};

use crate::{
    runs::DataSummary,
    text::{
        number::{grouped, with_noun},
        width,
    },
    ui::{
        Canvas,
        paint::{clock, left, top},
    },
};

/// Ends of the columns of numbers.
const ENDS: [u16; 3] = [22, 30, 37];

impl Canvas<'_> {
    /// Draws the data and the plan; returns the rows used.
    pub(super) fn data(&mut self, area: Rect) -> u16 {
        let Some(data) = &self.state.train.summary else {
            self.painter.text(area.x, area.y, area.width, "the documents are being counted", self.theme.muted);
            return 1;
        };
        let mut rest = self.data_splits(data, area);
        if data.train == 0 {
            let text = "Nothing to learn from yet: on the Tag screen, enter marks a document as done, and documents \
                        that are done train the model.";
            let used = self.paragraph(rest, text, self.theme.warn);
            rest = top(rest, used).1;
        }
        rest = self.plan_lines(rest);
        if let Some(more) = &data.more {
            let used = self.paragraph(rest, more, self.theme.text);
            rest = top(rest, used).1;
        }
        for note in &data.notes {
            let used = self.paragraph(rest, note, self.theme.warn);
            rest = top(rest, used).1;
        }
        let unseen = unseen(data);
        if !unseen.is_empty() {
            let text = format!("no span in train, so not learned: {unseen}");
            let used = self.paragraph(rest, &text, self.theme.warn);
            rest = top(rest, used).1;
        }
        if rest.height > 2 {
            let used = self.label_spans(data, top(rest, 1).1);
            rest = top(rest, used + 1).1;
        }
        rest.y - area.y
    }

    /// The three splits, and what stays out.
    fn data_splits(&mut self, data: &DataSummary, area: Rect) -> Rect {
        let (head, mut rest) = top(area, 1);
        let texts = ["documents", "words", "spans"];
        self.painter.text(head.x, head.y, 12, "what goes in", self.theme.accent);
        for (end, text) in ENDS.iter().zip(texts) {
            self.painter.text_before(head.x + end, head.y, 9, text, self.theme.muted);
        }
        let names = ["train", "valid", "test"];
        let documents = [data.train, data.valid, data.test];
        for (at, name) in names.into_iter().enumerate() {
            let (row, below) = top(rest, 1);
            if row.height == 0 {
                return below;
            }
            self.painter.text(row.x, row.y, 10, name, self.theme.text);
            for (end, counts) in ENDS.iter().zip([documents, data.words, data.spans]) {
                let number = grouped(counts.get(at).copied().unwrap_or(0));
                self.painter.text_before(row.x + end, row.y, 9, &number, self.theme.text);
            }
            rest = below;
        }
        let out: usize = data.out.iter().map(|(_, count)| count).sum();
        if out > 0 {
            let why: Vec<String> = data.out.iter().map(|(why, count)| format!("{} {why}", grouped(*count))).collect();
            let text = format!("stay out: {}", why.join(", "));
            let used = self.paragraph(rest, &text, self.theme.muted);
            rest = top(rest, used).1;
        }
        rest
    }

    /// Steps and scores of the training, and the time that it takes.
    fn plan_lines(&mut self, area: Rect) -> Rect {
        let train = &self.state.train;
        let Some(plan) = train.plan() else { return area };
        let scored = match train.summary.as_ref().map_or(0, |data| data.valid) {
            0 => "never scored: no document is in valid".to_owned(),
            _ => format!("scored {}", with_noun(plan.evaluations.len(), "time")),
        };
        let text = format!("{}, {scored}", with_noun(plan.steps, "step"));
        let used = self.paragraph(area, &text, self.theme.text);
        let rest = top(area, used).1;
        let device = self.state.session.project.as_ref().map_or("", |project| &project.device);
        let Some((seconds, run)) = train.time(&self.state.session.runs, device) else { return rest };
        let text = format!("about {}, by the speed of {}", clock(seconds), run.id);
        let used = self.paragraph(rest, &text, self.theme.text);
        top(rest, used).1
    }

    /// Spans of each label: a table if there is room for one, else two labels a row.
    fn label_spans(&mut self, data: &DataSummary, area: Rect) -> u16 {
        if data.labels.is_empty() || area.height < 2 {
            return 0;
        }
        let (head, rest) = top(area, 1);
        self.painter.text(head.x, head.y, 16, "spans of labels", self.theme.accent);
        let rows = usize::from(rest.height);
        if data.labels.len() <= rows {
            for (end, text) in ENDS.iter().zip(["train", "valid", "test"]) {
                self.painter.text_before(head.x + end, head.y, 6, text, self.theme.muted);
            }
            for (y, (name, counts)) in (rest.top()..rest.bottom()).zip(&data.labels) {
                self.painter.text(rest.x, y, 17, &width::cut(name, 17), self.label_style(name));
                for (end, count) in ENDS.iter().zip(counts) {
                    let style = if *count == 0 { self.theme.warn } else { self.theme.text };
                    self.painter.text_before(rest.x + end, y, 9, &grouped(*count), style);
                }
            }
            return u16::try_from(data.labels.len() + 1).unwrap_or(area.height).min(area.height);
        }
        self.two_a_row(data, head, rest);
        area.height
    }

    /// Two labels a row with their spans in the train split.
    /// Also the number of labels that are left out.
    fn two_a_row(&mut self, data: &DataSummary, head: Rect, area: Rect) {
        self.painter.text_before(head.x + ENDS[1], head.y, 11, "(in train)", self.theme.muted);
        let half = (area.width / 2).max(8);
        let room = usize::from(area.height) * 2;
        let more = data.labels.len().saturating_sub(room);
        let mut places = Vec::new();
        for y in area.top()..area.bottom() {
            let (one, other) = left(Rect { y, height: 1, ..area }, half);
            places.extend([one, other]);
        }
        let shown = if more > 0 { room.saturating_sub(1) } else { room };
        for (place, (name, counts)) in places.iter().zip(data.labels.iter().take(shown)) {
            let number = grouped(counts[0]);
            let end = place.right().saturating_sub(2);
            let style = if counts[0] == 0 { self.theme.warn } else { self.theme.text };
            let x = self.painter.text_before(end, place.y, 8, &number, style);
            let name = width::cut(name, usize::from(x.saturating_sub(place.x + 1)));
            self.painter.text(place.x, place.y, place.width, &name, self.label_style(&name));
        }
        if let Some(place) = places.last().filter(|_| more > 0) {
            let text = format!("and {} more", more + 1);
            self.painter.text(place.x, place.y, place.width, &text, self.theme.muted);
        }
    }

    /// The same in one line, for a small screen.
    pub(super) fn data_line(&mut self, area: Rect) {
        let Some(data) = &self.state.train.summary else {
            self.painter.text(area.x, area.y, area.width, "the documents are being counted", self.theme.muted);
            return;
        };
        let out: usize = data.out.iter().map(|(_, count)| count).sum();
        let style = if data.train == 0 { self.theme.warn } else { self.theme.text };
        let plan = self.state.train.plan().map(|plan| with_noun(plan.steps, "step"));
        let pieces = [
            (format!("{} for training", with_noun(data.train, "document")), style),
            (format!("{} valid", grouped(data.valid)), self.theme.text),
            (format!("{} test", grouped(data.test)), self.theme.text),
            (format!("{} not used", grouped(out)), self.theme.muted),
            (plan.unwrap_or_default(), self.theme.text),
        ];
        self.painter.pieces(area, &pieces);
    }

    /// The style of a label by its name; plain if the project does not have it.
    pub(super) fn label_style(&self, name: &str) -> Style {
        let label = self.state.session.project.as_ref().and_then(|project| project.labels.find(name));
        label.map_or(self.theme.text, |label| self.theme.label(label.color))
    }
}

/// The labels without a span in the train split.
fn unseen(data: &DataSummary) -> String {
    let names = data.labels.iter().filter(|(_, counts)| counts[0] == 0 && data.train > 0);
    names.map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
}

//! The Evaluate screen: the table of labels, and what each number means, said with the user's own numbers.

use ratatui::layout::Rect;

use crate::{
    app::evaluate::{Evaluation, Tally},
    runs::LabelScores,
    text::number::grouped,
};

use super::{
    Canvas,
    chrome::wrapped,
    paint::{bottom, inset, share, top},
};

impl Canvas<'_> {
    pub(super) fn evaluate(&mut self, body: Rect) {
        let (body, _) = bottom(body, 1);
        let area = inset(body, 1);
        let evaluation = self.state.train.view.as_ref().zip(self.state.train.evaluation());
        let Some((view, evaluation)) = evaluation else {
            let text = match &self.state.train.view {
                Some(view) => format!("Run {} has no evaluation yet", view.id),
                None => "No run yet. Mark documents done, then T on the Tag screen trains".to_owned(),
            };
            self.painter.text(area.x, area.y, area.width, &text, self.theme.muted);
            return;
        };
        let later = view.evaluations().any(|other| other.step > evaluation.step);
        let part = match evaluation.split {
            "test" => "test part",
            // Those of the last step were thrown away.
            _ if later => "validation part, best weights, kept",
            _ => "validation part",
        };
        let head = format!("run {}, step {}, epoch {:.1}", view.id, grouped(evaluation.step), evaluation.epoch);
        let (lines, rest) = top(area, 2);
        self.painter.text(lines.x, lines.y, lines.width, &head, self.theme.accent);
        let count = format!("{part}, counted per word, lenient");
        self.painter.text(lines.x, lines.y + 1, lines.width, &count, self.theme.text);
        let (_, rest) = top(rest, u16::from(rest.height > 16));
        let lines = self.meanings(&evaluation, usize::from(area.width));
        let wanted = u16::try_from(evaluation.labels.len() + 3).unwrap_or(u16::MAX);
        let (table, rest) = top(rest, wanted.min(rest.height.saturating_sub(3)));
        self.labels_table(table, &evaluation, Some(self.state.evaluate.row));
        let (_, rest) = top(rest, 1);
        for (y, line) in (rest.top()..rest.bottom()).zip(lines) {
            self.painter.text(rest.x, y, rest.width, &line, self.theme.text);
        }
    }

    /// The table of labels: precision, recall, F1 and number; with room also right, wrong and missed. `row` is the row
    /// of the cursor. The best F1 is starred.
    pub(super) fn labels_table(&mut self, area: Rect, evaluation: &Evaluation<'_>, row: Option<usize>) {
        let wide = area.width >= 64;
        let name = area.width.saturating_sub(if wide { 46 } else { 25 }).clamp(8, 24);
        let titles = ["P", "R", "F1", "n", "right", "wrong", "missed"];
        let ends = |column: usize| area.x + name + 5 + [0, 5, 10, 18, 25, 32, 39].get(column).copied().unwrap_or(0);
        let columns = if wide { 7 } else { 4 };
        let (head, rest) = top(area, 1);
        self.painter.text(head.x, head.y, name, "label", self.theme.muted);
        for (column, title) in titles.iter().enumerate().take(columns) {
            self.painter.text_before(ends(column), head.y, 6, title, self.theme.muted);
        }
        let (rest, foot) = bottom(rest, 1);
        let best = evaluation.labels.values().map(|scores| scores.f1).fold(0.0, f64::max);
        let rows = usize::from(rest.height.max(1));
        let first = row.map_or(0, |row| row / rows * rows);
        for (y, (at, (label, scores))) in
            (rest.top()..rest.bottom()).zip(evaluation.labels.iter().enumerate().skip(first))
        {
            let role = self.state.project.as_ref().and_then(|project| project.labels.find(label));
            let style = role.map_or(self.theme.text, |role| self.theme.label(role.color));
            self.painter.text(rest.x, y, name, label, style);
            self.scores(y, scores, columns, &ends);
            if scores.f1 >= best && best > 0.0 {
                self.painter.text(ends(2), y, 1, "*", self.theme.accent);
            }
            if row == Some(at) {
                self.painter.mark_row(Rect { width: ends(columns - 1) + 1 - rest.x, ..rest }, y, self.theme.selection);
            }
        }
        let support = evaluation.support();
        let all = LabelScores {
            precision: evaluation.word.precision,
            recall: evaluation.word.recall,
            f1: evaluation.word.f1,
            support,
        };
        self.painter.text(foot.x, foot.y, name, if name > 12 { "all, lenient" } else { "all" }, self.theme.accent);
        self.scores(foot.y, &all, columns, &ends);
    }

    fn scores(&mut self, y: u16, scores: &LabelScores, columns: usize, ends: &dyn Fn(usize) -> u16) {
        let tally = Tally::of(scores);
        let texts = [
            share(scores.precision),
            share(scores.recall),
            share(scores.f1),
            grouped(scores.support),
            grouped(tally.right),
            grouped(tally.wrong),
            grouped(tally.missed),
        ];
        for (column, text) in texts.iter().enumerate().take(columns) {
            self.painter.text_before(ends(column), y, 6, text, self.theme.text);
        }
    }

    /// What the numbers of the row under the cursor mean, one line each.
    fn meanings(&self, evaluation: &Evaluation<'_>, room: usize) -> Vec<String> {
        let Some((label, scores)) = evaluation.labels.iter().nth(self.state.evaluate.row) else { return Vec::new() };
        let tally = Tally::of(scores);
        let (p, r, f1) = (share(scores.precision), share(scores.recall), share(scores.f1));
        let (right, found) = (grouped(tally.right), grouped(tally.right + tally.wrong));
        let texts = [
            format!("P, precision {p}: of {found} {label} spans that the model found, {right} are right"),
            format!("R, recall {r}: of {} {label} spans that are there, it found {right}", grouped(scores.support)),
            format!("F1 {f1}: one number for both, high only if both are (2 P R / (P + R))"),
            "right: same words and same label; half a span is wrong and missed at once".to_owned(),
            "n: spans that are there; lenient: a span may begin with an I- tag".to_owned(),
            format!("counted per word piece, as the lesson does: F1 {}, all labels", share(evaluation.piece.f1)),
            format!("accuracy {}: tags that are right; most are O, so it says little", share(evaluation.word.accuracy)),
        ];
        texts.iter().flat_map(|text| wrapped(text, room, self.painter.caps.glyphs)).collect()
    }
}

//! The followed run: progress, curves, table of labels, last and best values.

use ratatui::layout::Rect;

use crate::{
    app::{
        evaluation::Evaluation,
        run_view::{self, RunView, Weights},
        screen::SizeClass,
        screens::train::{Chart, plan::device_words},
    },
    runs::{Phase, RunSummary},
    text::{
        number::{grouped, with_noun},
        width,
    },
    ui::{
        Canvas,
        chart::plain,
        paint::{bottom, clock, first_of_page, left, share, top},
    },
};

use super::{epochs, runs::settings_words, weights_words};

/// Columns beside the curves, the rule among them.
const SIDE: u16 = 35;
const WIDE_SIDE: u16 = 46;

impl Canvas<'_> {
    pub(super) fn run_page(&mut self, view: &RunView, area: Rect) {
        let rest = self.run_head(view, area);
        let rest = self.run_message(view, rest);
        if view.points.is_empty() {
            self.before_the_first_point(view, rest);
            return;
        }
        if self.class() < SizeClass::Standard {
            match self.state.train.chart {
                Chart::Labels => self.side(view, rest),
                chart => self.charts(view, chart, rest),
            }
            return;
        }
        let side = if self.class() == SizeClass::Full { WIDE_SIDE } else { SIDE };
        let (curves, side) = left(rest, rest.width.saturating_sub(side));
        self.charts(view, self.state.train.chart, curves);
        self.painter.rule_down(side, self.theme.border);
        self.side(view, Rect { x: side.x + 2, width: side.width.saturating_sub(2), ..side });
    }

    /// Two lines and a hairline that shows the progress.
    fn run_head(&mut self, view: &RunView, area: Rect) -> Rect {
        let status = &view.status;
        let over = status.phase.is_over();
        let (line, rest) = top(area, 1);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates; a rate is shown")]
        let speed = view.step().map(|step| format!("{} pieces/s", grouped(step.speed.round() as usize)));
        let eta = status.eta.filter(|_| !over).map(|eta| format!("eta {}", clock(eta)));
        let text = self.theme.text;
        let pieces = [
            (view.id.clone(), self.theme.accent),
            (status.phase.name().to_owned(), self.phase_style(status.phase)),
            (epochs(status.epoch, status.epochs), text),
            (format!("step {}/{}", grouped(status.step), grouped(status.steps)), text),
            (eta.unwrap_or_default(), text),
            (speed.filter(|_| !over).unwrap_or_default(), text),
        ];
        self.painter.pieces(line, &pieces);
        let (line, rest) = top(rest, 1);
        let info = self.state.session.runs.info(&view.id);
        let weights = info.map_or(Weights::None, |info| run_view::weights(info, view));
        let pieces = [
            (weights_words(weights, over), self.theme.accent),
            (if status.stopping && !over { "stops after this epoch" } else { "" }.to_owned(), self.theme.warn),
            (
                if over {
                    format!("took {}", clock(status.seconds))
                } else {
                    format!("so far {}", clock(status.seconds))
                },
                text,
            ),
            (device_words(&status.device), text),
            (info.map(|info| info.when.clone()).unwrap_or_default(), self.theme.muted),
        ];
        self.painter.pieces(line, &pieces);
        let (rule, rest) = top(rest, 1);
        let done = (status.step.min(status.steps) * usize::from(rule.width)).checked_div(status.steps).unwrap_or(0);
        let (done, left_over) = left(rule, u16::try_from(done).unwrap_or(u16::MAX));
        self.painter.rule(left_over, self.theme.border);
        if !self.painter.caps.plain {
            let heavy = self.painter.caps.pick("\u{2501}", "=").repeat(usize::from(done.width));
            self.painter.text(done.x, done.y, done.width, &heavy, self.theme.text);
        }
        rest
    }

    /// The message of the run: in full if it failed, a warning in a few lines.
    fn run_message(&mut self, view: &RunView, area: Rect) -> Rect {
        let status = &view.status;
        if status.message.is_empty() {
            return area;
        }
        let (room, style) = match status.phase {
            Phase::Failed if view.points.is_empty() => (area.height, self.theme.bad),
            Phase::Failed => (area.height / 2, self.theme.bad),
            _ => (2, self.theme.warn),
        };
        let used = self.paragraph(top(area, room).0, &status.message, style);
        let (_, rest) = top(area, used);
        if status.phase == Phase::Failed && view.points.is_empty() {
            let (line, rest) = top(top(rest, 1).1, 1);
            let text = "l shows its log; s starts another run with the settings under v";
            self.painter.text(line.x, line.y, line.width, text, self.theme.muted);
            return top(rest, 1).1;
        }
        rest
    }

    /// State, settings and data of a run before its first point.
    fn before_the_first_point(&mut self, view: &RunView, area: Rect) {
        let status = &view.status;
        let text = match status.phase {
            Phase::Starting => {
                "The base is being loaded and the documents are cut into word pieces. The first values come soon."
            }
            Phase::Paused => "Paused before the first value; space lets it go on.",
            Phase::Failed => "",
            // Its values come in a moment.
            Phase::Done | Phase::Stopped if !view.is_read => "",
            Phase::Done | Phase::Stopped => "It ended before the first value.",
            _ => "The first steps are being done. A first loss comes after one step in two hundred.",
        };
        let used = if text.is_empty() { 0 } else { self.paragraph(area, text, self.theme.text) + 1 };
        let rest = top(area, used).1;
        if let Some(info) = self.state.session.runs.info(&view.id) {
            let used = self.paragraph(rest, &settings_words(info), self.theme.muted);
            self.learns_from(info, top(rest, used + 1).1);
        }
    }

    /// The documents that a run learns from.
    fn learns_from(&mut self, info: &RunSummary, area: Rect) -> u16 {
        let Some(data) = &info.data else { return 0 };
        let train = with_noun(data.documents[0], "document");
        let [_, valid, test] = data.documents.map(grouped);
        let by = if data.annotator.is_empty() { String::new() } else { format!(" by {}", data.annotator) };
        let spans = with_noun(data.spans[0], "span");
        let text = format!("{train} in train ({spans}), {valid} in valid, {test} in test, tagged{by}");
        self.paragraph(area, &text, self.theme.muted)
    }

    /// The table of labels, and below it the last and best values.
    fn side(&mut self, view: &RunView, area: Rect) {
        let Some(evaluation) = self.state.session.runs.evaluation() else {
            let text = "No evaluation yet. Each one scores the documents in valid, label by label.";
            let used = self.paragraph(area, text, self.theme.muted);
            self.reached(view, top(area, used + 1).1);
            return;
        };
        let reached = match self.class() {
            // Here the user asked for the table.
            SizeClass::Compact | SizeClass::Tiny => 0,
            _ => u16::try_from(reached_rows(view, false).len() + 1).unwrap_or(6),
        };
        let wanted = u16::try_from(evaluation.labels.len() + 3).unwrap_or(u16::MAX);
        let (table, rest) = top(area, wanted.min(area.height.saturating_sub(reached).max(5)));
        self.label_table(&evaluation, table);
        let full = self.class() == SizeClass::Full;
        let used = self.reached(view, top(rest, u16::from(full)).1) + u16::from(full);
        let (_, rest) = top(rest, used + 1);
        if let Some(info) = self.state.session.runs.info(&view.id).filter(|_| full) {
            let (head, rest) = top(rest, 1);
            self.painter.text(head.x, head.y, head.width, "settings", self.theme.accent);
            let used = self.paragraph(rest, &settings_words(info), self.theme.text);
            self.learns_from(info, top(rest, used + 1).1);
        }
    }

    /// Precision, recall, F1 and number of each label, and of all.
    fn label_table(&mut self, evaluation: &Evaluation<'_>, area: Rect) {
        let name = area.width.saturating_sub(24).clamp(6, 24);
        let ends = [5, 10, 15, 22].map(|end| area.x + name + end);
        let (head, rest) = top(area, 1);
        self.painter.text(head.x, head.y, name, "label", self.theme.muted);
        for (end, title) in ends.into_iter().zip(["P", "R", "F1", "n"]) {
            self.painter.text_before(end, head.y, 6, title, self.theme.muted);
        }
        let (rest, feet) = bottom(rest, 2);
        let chosen = self.state.train.label;
        let rows = usize::from(rest.height.max(1));
        let all_labels = evaluation.labels.len();
        // The last row says how many are left out.
        let is_cut = all_labels > rows;
        let page = if is_cut { rows.saturating_sub(1).max(1) } else { rows };
        let first = chosen.map_or(0, |row| first_of_page(row, page, all_labels));
        let best = evaluation.labels.values().map(|scores| scores.f1).fold(0.0, f64::max);
        let labels = evaluation.labels.iter().enumerate().skip(first).take(page);
        for (y, (at, (label, scores))) in (rest.top()..rest.bottom()).zip(labels) {
            self.painter.text(rest.x, y, name, &width::cut(label, usize::from(name)), self.label_style(label));
            let star = if scores.f1 >= best && best > 0.0 { "*" } else { "" };
            self.scores(y, ends, [scores.precision, scores.recall, scores.f1], scores.support, star);
            if chosen == Some(at) {
                self.painter.mark_row(Rect { width: ends[3] - rest.x, ..rest }, y, self.theme.selection);
            }
        }
        if is_cut && rows > 1 {
            let after = all_labels.saturating_sub(first + page);
            let text = if after > 0 { format!("and {after} more") } else { format!("{first} above") };
            let y = rest.bottom().saturating_sub(1);
            self.painter.text(rest.x, y, rest.width, &text, self.theme.muted);
        }
        let all = evaluation.word;
        self.painter.text(feet.x, feet.y, name, "all", self.theme.accent);
        self.scores(feet.y, ends, [all.precision, all.recall, all.f1], evaluation.support(), "");
        let text = format!("valid, step {}, per word, lenient", grouped(evaluation.step));
        let short = format!("valid, step {}, lenient", grouped(evaluation.step));
        let text = if width::width(&text) <= usize::from(area.width) { text } else { short };
        let foot = bottom(feet, 1).1;
        if feet.height > 1 {
            self.painter.text(foot.x, foot.y, foot.width, &text, self.theme.muted);
        }
    }

    fn scores(&mut self, y: u16, ends: [u16; 4], scores: [f64; 3], support: usize, star: &str) {
        for (end, score) in ends.into_iter().zip(scores) {
            self.painter.text_before(end, y, 4, &share(score), self.theme.text);
        }
        self.painter.text(ends[2], y, 1, star, self.theme.accent);
        self.painter.text_before(ends[3], y, 6, &grouped(support), self.theme.text);
    }

    /// The last and the best value of each curve; returns the rows used.
    fn reached(&mut self, view: &RunView, area: Rect) -> u16 {
        let (head, mut rest) = top(area, 1);
        let now = if view.status.phase.is_over() { "end" } else { "now" };
        for (end, title) in [(20, now), (26, "best"), (33, "step")] {
            self.painter.text_before(area.x + end, head.y, 6, title, self.theme.muted);
        }
        for (name, values) in reached_rows(view, self.class() == SizeClass::Full) {
            let (row, below) = top(rest, 1);
            if row.height == 0 {
                break;
            }
            self.painter.text(row.x, row.y, 14, name, self.theme.text);
            for (end, text) in [20, 26, 33].into_iter().zip(values) {
                self.painter.text_before(area.x + end, row.y, 7, &text, self.theme.text);
            }
            rest = below;
        }
        rest.y - area.y
    }
}

/// A row of values: its name, and last value, best value and the step of the best.
type Reached = (&'static str, [String; 3]);

/// A score of an evaluation; not a number where the evaluation has none.
type Score = fn(&Evaluation<'_>) -> f64;

fn reached_rows(view: &RunView, full: bool) -> Vec<Reached> {
    let step = view.step();
    let loss = view.evaluation().map(|last| plain(last.loss));
    let mut rows = vec![
        score_row("F1 per word", view, |one| one.word.f1),
        score_row("F1 per piece", view, |one| one.piece.f1),
        row("valid loss", loss, lowest_loss(view)),
        single("train loss", step.map(|step| plain(step.loss))),
    ];
    if full {
        rows.insert(2, score_row("F1 strict", view, |one| one.strict_f1().unwrap_or(f64::NAN)));
        rows.push(single("learning rate", step.map(|step| format!("{:.1e}", step.rate))));
        rows.push(single("gradient norm", step.map(|step| plain(step.norm))));
    }
    rows
}

/// The row of a score, of which the highest is the best.
fn score_row(name: &'static str, view: &RunView, score: Score) -> Reached {
    let finite = view.evaluations().filter(|one| score(one).is_finite());
    let best = finite.max_by(|a, b| score(a).total_cmp(&score(b))).map(|one| (share(score(&one)), one.step));
    row(name, view.evaluation().map(|last| share(score(&last))), best)
}

fn lowest_loss(view: &RunView) -> Option<(String, usize)> {
    let finite = view.evaluations().filter(|one| one.loss.is_finite());
    finite.min_by(|a, b| a.loss.total_cmp(&b.loss)).map(|one| (plain(one.loss), one.step))
}

/// A row of a last value and a best one with its step.
fn row(name: &'static str, now: Option<String>, best: Option<(String, usize)>) -> Reached {
    let (best, step) = best.map(|(best, step)| (format!("{best}*"), grouped(step))).unzip();
    (name, [now, best, step].map(|text| text.unwrap_or_else(|| "-".to_owned())))
}

/// A row of a last value alone.
fn single(name: &'static str, value: Option<String>) -> Reached {
    (name, [value.unwrap_or_else(|| "-".to_owned()), String::new(), String::new()])
}

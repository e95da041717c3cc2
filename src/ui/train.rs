//! The Train screen: settings and data, the run that is followed, and the list of runs.

use ratatui::{layout::Rect, style::Style};

use crate::{
    app::{
        state::SizeClass,
        train::{RunView, form},
    },
    runs::{Phase, Point},
    text::{
        number::{counted, grouped},
        width,
    },
};

use super::{
    Canvas, Target,
    chart::{Chart, Curve, Stroke, smoothed},
    chrome::wrapped,
    paint::{bottom, clock, inset, left, share, top},
};

/// Columns of the settings.
const FORM: u16 = 40;

impl Canvas<'_> {
    pub(super) fn train(&mut self, body: Rect) {
        let (body, _) = bottom(body, 1);
        let train = &self.state.train;
        match (&train.view, self.class()) {
            (Some(view), SizeClass::Full) => {
                let (side, rest) = left(body, FORM + 6);
                self.setup(inset(side, 1), true);
                self.painter.rule_down(rest, self.theme.border);
                self.run_view(view, inset(rest, 2), false);
            }
            (Some(view), class) if train.viewing => self.run_view(view, inset(body, 1), class < SizeClass::Standard),
            _ => self.setup(inset(body, 1), self.class() < SizeClass::Standard),
        }
    }

    /// What goes in, with which settings, and the runs there are. `narrow`: one below the other, or one of them.
    fn setup(&mut self, area: Rect, narrow: bool) {
        let in_runs = self.state.train.in_runs;
        let (form, mut rest) = match (narrow, self.class()) {
            (false, _) => left(area, FORM),
            (true, SizeClass::Full) => top(area, u16::try_from(form::ROWS.len() + 4).unwrap_or(14)),
            (true, _) => top(area, if in_runs { 0 } else { area.height }),
        };
        self.form(form);
        if !narrow {
            self.painter.rule_down(Rect { x: rest.x + 1, ..rest }, self.theme.border);
            rest = inset(rest, 3);
        }
        let used = self.summary(rest);
        self.runs(top(rest, used).1);
    }

    fn form(&mut self, area: Rect) {
        let train = &self.state.train;
        let (head, rest) = top(area, 1);
        self.painter.text(head.x, head.y, head.width, "settings", self.theme.accent);
        let device = self.state.project.as_ref().map_or("", |project| &project.device);
        for (y, (at, row)) in (rest.top()..rest.bottom()).zip(form::ROWS.iter().enumerate()) {
            let here = at == train.row && !train.in_runs;
            self.painter.text(rest.x, y, 15, row.name, self.theme.text);
            let place = Rect::new(rest.x + 16, y, rest.width.saturating_sub(17), 1);
            match &train.field {
                Some(field) if here => self.input(place, "", field),
                _ => {
                    let mut value = row.get(&train.settings);
                    if row.name == "device" && value == "auto" && !device.is_empty() {
                        value = format!("auto: {device}");
                    }
                    self.painter.text(place.x, y, place.width, &value, self.theme.text);
                }
            }
            if here && train.field.is_none() {
                self.painter.mark_row(Rect { width: rest.width.saturating_sub(1), ..rest }, y, self.theme.selection);
            }
            self.hits.add(Rect::new(rest.x, y, rest.width, 1), Target::Row(at));
        }
        let rows = u16::try_from(form::ROWS.len()).unwrap_or(0);
        let (note, style) = match (&train.problem, form::ROWS.get(train.row)) {
            (Some(problem), _) => (problem.clone(), self.theme.bad),
            (None, Some(row)) if !train.in_runs => (row.doc.to_owned(), self.theme.muted),
            _ => return,
        };
        let (_, below) = top(rest, rows);
        let lines = wrapped(&note, usize::from(below.width.saturating_sub(1)), self.painter.caps.glyphs);
        for (y, line) in (below.top()..below.bottom()).zip(lines) {
            self.painter.text(below.x, y, below.width, &line, style);
        }
    }

    /// What would train now; returns the rows used.
    fn summary(&mut self, area: Rect) -> u16 {
        let mut lines: Vec<(String, Style)> = vec![("what trains".to_owned(), self.theme.accent)];
        match &self.state.train.summary {
            None => lines.push(("is being counted".to_owned(), self.theme.muted)),
            Some(data) => {
                lines.push((
                    format!(
                        "{} teach: {}, {}",
                        counted(data.train, "document"),
                        counted(data.words, "word"),
                        counted(data.spans, "span")
                    ),
                    self.theme.text,
                ));
                lines.push((format!("{} check, {} test", grouped(data.valid), grouped(data.test)), self.theme.text));
                for (why, n) in &data.out {
                    lines.push((format!("{} out: {why}", grouped(*n)), self.theme.muted));
                }
                lines.extend(data.notes.iter().map(|note| (note.clone(), self.theme.warn)));
            }
        }
        let room = usize::from(area.width);
        let glyphs = self.painter.caps.glyphs;
        let lines = lines.iter().flat_map(|(text, style)| wrapped(text, room, glyphs).map(|line| (line, *style)));
        let mut used = 0;
        for (y, (line, style)) in (area.top()..area.bottom()).zip(lines) {
            self.painter.text(area.x, y, area.width, &line, style);
            used += 1;
        }
        used + 1
    }

    fn runs(&mut self, area: Rect) {
        let train = &self.state.train;
        let (head, rest) = top(area, 1);
        let title = if train.runs.is_empty() { "no runs yet; s starts one" } else { "runs" };
        self.painter.text(head.x, head.y, head.width, title, self.theme.accent);
        if !train.runs.is_empty() {
            self.painter.text_before(head.right(), head.y, 8, "word F1", self.theme.muted);
        }
        let rows = usize::from(rest.height.max(1));
        let first = train.run_row / rows * rows;
        let best = train.runs.iter().filter_map(|run| run.word_f1).fold(0.0, f64::max);
        for (y, (at, run)) in (rest.top()..rest.bottom()).zip(train.runs.iter().enumerate().skip(first)) {
            let name = rest.width.saturating_sub(16);
            self.painter.text(rest.x, y, name, &run.id, self.theme.text);
            self.painter.text_before(
                rest.right() - 6.min(rest.width),
                y,
                10,
                run.status.phase.name(),
                self.phase_style(run.status.phase),
            );
            let f1 = run.word_f1.map_or_else(|| "-".to_owned(), share);
            self.painter.text_before(rest.right() - 1.min(rest.width), y, 4, &f1, self.theme.text);
            if run.word_f1.is_some_and(|f1| f1 >= best && best > 0.0) {
                self.painter.text_before(rest.right(), y, 1, "*", self.theme.accent);
            }
            if train.in_runs && at == train.run_row {
                self.painter.mark_row(rest, y, self.theme.selection);
            }
        }
    }

    fn phase_style(&self, phase: Phase) -> Style {
        match phase {
            Phase::Done => self.theme.ok,
            Phase::Failed => self.theme.bad,
            Phase::Stopped | Phase::Paused => self.theme.warn,
            _ => self.theme.text,
        }
    }

    /// The run as its file tells it: one line, two charts, the table of labels.
    fn run_view(&mut self, view: &RunView, area: Rect, narrow: bool) {
        let (line, rest) = top(area, 1);
        self.run_line(view, line);
        let (rest, note) = bottom(rest, u16::from(!view.status.message.is_empty()));
        self.painter.text(note.x, note.y, note.width, &view.status.message, self.theme.warn);
        let stacked = narrow || self.class() == SizeClass::Full;
        let (charts, table) = if narrow {
            (rest, Rect { height: 0, ..rest })
        } else if stacked {
            let labels = self.state.train.evaluation().map_or(0, |evaluation| evaluation.labels.len());
            bottom(rest, u16::try_from(labels + 3).unwrap_or(12).min(rest.height / 2))
        } else {
            left(rest, rest.width - 35.min(rest.width))
        };
        self.charts(view, charts);
        if table.height == 0 {
            return;
        }
        let table = if stacked {
            top(table, 1).1
        } else {
            self.painter.rule_down(table, self.theme.border);
            Rect { x: table.x + 2, width: table.width.saturating_sub(2), ..table }
        };
        match self.state.train.evaluation() {
            Some(evaluation) => {
                let rows = u16::try_from(evaluation.labels.len() + 2).unwrap_or(u16::MAX);
                self.labels_table(top(table, rows).0, &evaluation, None);
                let part = if evaluation.split == "test" { "test" } else { "validation" };
                let text = format!("{part}, per word, lenient");
                let (foot, _) = top(top(table, rows).1, 1);
                self.painter.text(foot.x, foot.y, foot.width, &text, self.theme.muted);
            }
            None => {
                self.painter.text(table.x, table.y, table.width, "no evaluation yet", self.theme.muted);
            }
        }
    }

    fn run_line(&mut self, view: &RunView, area: Rect) {
        let status = &view.status;
        let rate = view.points.iter().rev().find_map(|point| match point {
            Point::Step { tokens_per_second, .. } => Some(*tokens_per_second),
            Point::Eval { .. } => None,
        });
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates; a rate is shown")]
        let rate =
            rate.filter(|_| !status.phase.is_over()).map(|rate| format!("{} pieces/s", grouped(rate.round() as usize)));
        let eta = status.eta.filter(|_| !status.phase.is_over()).map(|eta| format!("eta {}", clock(eta)));
        let pieces = [
            (format!("run {}", view.id), self.theme.accent),
            (status.phase.name().to_owned(), self.phase_style(status.phase)),
            (format!("epoch {:.1}/{}", status.epoch, status.epochs), self.theme.text),
            (format!("step {}/{}", grouped(status.step), grouped(status.steps)), self.theme.text),
            (eta.unwrap_or_else(|| format!("took {}", clock(status.seconds))), self.theme.text),
            (rate.unwrap_or_default(), self.theme.text),
            (width::cut(&status.device, 24), self.theme.muted),
        ];
        self.painter.pieces(area, &pieces);
    }

    /// Loss above, F1 below.
    fn charts(&mut self, view: &RunView, area: Rect) {
        let epochs = view.status.epochs.max(view.status.epoch).max(0.1);
        let raw = view.loss_points();
        let window = (raw.len() as f64 / 20.0).clamp(3.0, 30.0);
        let evaluations: Vec<(f64, f64)> = view.evaluations().map(|one| (one.epoch, one.loss)).collect();
        let loss = [
            Curve {
                name: "",
                points: raw.clone(),
                style: self.theme.series(0).patch(self.theme.muted),
                stroke: Stroke::Dots,
            },
            Curve { name: "train", points: smoothed(&raw, window), style: self.theme.series(0), stroke: Stroke::Line },
            Curve { name: "valid", points: evaluations, style: self.theme.series(1), stroke: Stroke::Marked('o') },
        ];
        let word: Vec<(f64, f64)> = view.evaluations().map(|one| (one.epoch, one.word.f1)).collect();
        let piece: Vec<(f64, f64)> = view.evaluations().map(|one| (one.epoch, one.piece.f1)).collect();
        let f1 = [
            Curve { name: "piece", points: piece, style: self.theme.series(3), stroke: Stroke::Marked('+') },
            Curve { name: "word", points: word, style: self.theme.series(2), stroke: Stroke::Marked('o') },
        ];
        let (above, below) = top(area, area.height - area.height * 9 / 20);
        let axis = self.theme.border;
        Chart { title: "loss", curves: &loss, epochs, shares: false, axis }.draw(&mut self.painter, above);
        Chart { title: "F1", curves: &f1, epochs, shares: true, axis }.draw(&mut self.painter, below);
    }

    /// The run beside the text on the Tag screen, where there is room.
    pub(super) fn run_side(&mut self, area: Rect) {
        if let Some(view) = &self.state.train.view {
            let (head, rest) = top(area, 2);
            let status = &view.status;
            let pieces = [
                (format!("run {}", view.id), self.theme.accent),
                (status.phase.name().to_owned(), self.phase_style(status.phase)),
            ];
            self.painter.pieces(head, &pieces);
            let eta = status.eta.filter(|_| !status.phase.is_over()).map(|eta| format!("  eta {}", clock(eta)));
            let text = format!("epoch {:.1}/{}{}", status.epoch, status.epochs, eta.unwrap_or_default());
            self.painter.text(head.x, head.y + 1, head.width, &text, self.theme.text);
            self.charts(view, top(rest, 18).0);
        }
    }
}

//! The training on the Tag screen: a line below the text, or a pane beside it.

use ratatui::{layout::Rect, style::Style};

use crate::{
    app::{run_view::RunView, screens::train::Chart},
    runs::{Phase, RunSummary},
    text::width,
    ui::{
        Canvas,
        chart::{plain, spark},
        paint::{clock, share, top},
    },
};

use super::epochs;

/// Values of a curve in a row.
const CURVE: usize = 8;

impl Canvas<'_> {
    /// Whether a run is shown below the text.
    /// One that is running, or ended a short while ago.
    pub(in super::super) fn has_strip(&self) -> bool {
        self.state.session.runs.is_busy() || self.state.session.runs.result.is_some()
    }

    /// One line about the run: progress, loss and F1.
    pub(in super::super) fn strip(&mut self, area: Rect) {
        let runs = &self.state.session.runs;
        let ended = runs.result.as_ref().and_then(|(run, _)| runs.info(run));
        let Some(run) = runs.running().or(ended.filter(|_| !runs.is_starting())) else {
            self.painter.text(area.x, area.y, area.width, "training is being prepared", self.theme.accent);
            return;
        };
        if run.status.phase == Phase::Failed {
            let text = format!("{} failed: {}", run.id, run.status.message);
            self.painter.text(area.x, area.y, area.width, &text, self.theme.bad);
            return;
        }
        let view = runs.followed.as_ref().filter(|view| view.id == run.id);
        let lines = [0, 1, 2, 3, 4].map(|less| self.strip_pieces(run, view, less));
        let fitting = lines.iter().find(|pieces| {
            let wide: usize = pieces.iter().map(|(text, _)| width::width(text) + 2).sum();
            wide <= usize::from(area.width) + 2
        });
        self.painter.pieces(area, fitting.unwrap_or(&lines[4]));
    }

    /// The pieces of the line.
    ///
    /// The larger `less` is, the more is left out: curve of the loss, curve of F1, remaining time, epochs.
    fn strip_pieces(&self, run: &RunSummary, view: Option<&RunView>, less: u8) -> Vec<(String, Style)> {
        let status = view.map_or(&run.status, |view| &view.status);
        let over = status.phase.is_over();
        let mut pieces = vec![(run.id.clone(), self.theme.accent)];
        if !over && less < 4 {
            pieces.push((epochs(status.epoch, status.epochs), self.theme.text));
        }
        let eta = status.eta.filter(|_| status.phase == Phase::Training && !status.stopping);
        match eta {
            Some(eta) if less < 3 => pieces.push((format!("eta {}", clock(eta)), self.theme.text)),
            Some(_) => {}
            None => pieces.push((phase_words(run), self.phase_style(status.phase))),
        }
        let losses = view.map(|view| view.losses(CURVE)).unwrap_or_default();
        if let Some(last) = losses.last() {
            pieces.push((format!("loss {}{}", self.spark(&losses, less < 1), plain(*last)), self.theme.series(0)));
        }
        let f1: Vec<f64> = view.iter().flat_map(|view| view.evaluations()).map(|one| one.word.f1).collect();
        if let Some(last) = run.word_f1.or(f1.last().copied()) {
            let kept = if over { " kept" } else { "" };
            let from = f1.len().saturating_sub(CURVE);
            let curve = self.spark(f1.get(from..).unwrap_or_default(), less < 2);
            pieces.push((format!("word F1 {curve}{}{kept}", share(last)), self.theme.series(2)));
        }
        pieces
    }

    /// A curve in a row and a blank; nothing for a screen reader.
    fn spark(&self, values: &[f64], wanted: bool) -> String {
        if !wanted || self.painter.caps.plain || values.len() < 2 {
            return String::new();
        }
        format!("{} ", spark(values, self.painter.caps))
    }

    /// The run beside the text on the Tag screen, where there is room.
    pub(in super::super) fn run_side(&mut self, area: Rect) {
        let Some(view) = &self.state.session.runs.followed else { return };
        let (head, rest) = top(area, 2);
        let status = &view.status;
        let words = self.state.session.runs.followed_info().map_or_else(String::new, phase_words);
        let name = (view.id.clone(), self.theme.accent);
        self.painter.pieces(head, &[name, (words, self.phase_style(status.phase))]);
        let eta = status.eta.filter(|_| !status.phase.is_over()).map(|eta| format!("  eta {}", clock(eta)));
        let took = status.phase.is_over().then(|| format!("  took {}", clock(status.seconds)));
        let mut text = epochs(status.epoch, status.epochs) + &eta.or(took).unwrap_or_default();
        if let Some(f1) = self.state.session.runs.followed_info().and_then(|run| run.word_f1) {
            text.push_str(&format!("  word F1 {}", share(f1)));
        }
        self.painter.text(head.x, head.y + 1, head.width, &text, self.theme.text);
        self.whole_charts(view, Chart::Both, top(rest, 20).0);
    }
}

/// The phase of a run in one or two words.
fn phase_words(run: &RunSummary) -> String {
    let status = &run.status;
    match status.stopping && !status.phase.is_over() {
        true => "stopping".to_owned(),
        false => status.phase.name().to_owned(),
    }
}

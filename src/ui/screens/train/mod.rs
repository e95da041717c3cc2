//! The Train screen: settings and data, and the runs.
//! It shows the list of runs, the followed run, its log, or two runs compared.

mod compare;
mod curves;
mod data;
mod form;
mod log;
mod run;
mod runs;
mod strip;

#[cfg(test)]
mod tests;

use ratatui::{layout::Rect, style::Style};

use crate::{
    app::{run_view::Weights, screens::train::Page},
    runs::Phase,
    text::number::grouped,
    ui::{
        Canvas,
        chrome::wrapped,
        paint::{bottom, inset},
    },
};

impl Canvas<'_> {
    pub(in crate::ui) fn train(&mut self, body: Rect) {
        let (body, _) = bottom(body, 1);
        let area = inset(body, 1);
        match (self.state.train.page, &self.state.session.runs.followed) {
            (Page::Runs, _) => self.runs_page(area),
            (Page::Run, Some(view)) => self.run_page(view, area),
            (Page::Log, Some(_)) => self.log_page(area),
            (Page::Compare, Some(view)) => self.compare_page(view, area),
            _ => self.form_page(area),
        }
    }

    /// Draws a text in as many rows as it needs and `area` has; returns the rows used.
    fn paragraph(&mut self, area: Rect, text: &str, style: Style) -> u16 {
        let lines = wrapped(text, usize::from(area.width), usize::from(area.height), self.painter.caps.glyphs);
        for (y, line) in (area.top()..area.bottom()).zip(&lines) {
            self.painter.text(area.x, y, area.width, line, style);
        }
        u16::try_from(lines.len()).unwrap_or(area.height)
    }

    fn phase_style(&self, phase: Phase) -> Style {
        match phase {
            Phase::Done => self.theme.ok,
            Phase::Failed => self.theme.bad,
            Phase::Stopped | Phase::Paused => self.theme.warn,
            _ => self.theme.text,
        }
    }
}

/// Formats epochs as `epoch 1.5/3`; a number that is not known yet is a dash.
fn epochs(done: f64, planned: f64) -> String {
    let planned = if planned > 0.0 { format!("{planned}") } else { "-".to_owned() };
    format!("epoch {done:.1}/{planned}")
}

/// Says which weights the model holds. `over`: the run has ended.
fn weights_words(weights: Weights, over: bool) -> String {
    match (weights, over) {
        (Weights::Step(step), true) => format!("kept: the weights of step {}", grouped(step)),
        (Weights::Step(step), false) => format!("model of step {}", grouped(step)),
        (Weights::Some, _) => "it has a model".to_owned(),
        (Weights::None, true) => "no model".to_owned(),
        (Weights::None, false) => String::new(),
    }
}

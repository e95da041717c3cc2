//! Report on content that a format cannot hold.

use super::{
    OnLoss, Problem,
    problem::{Problems, Severity, grouped, quoted},
};
use crate::{spans::Document, text::TextRange};

/// Report on content that a format cannot hold.
/// At the end it decides whether the file may be written.
#[derive(Debug)]
pub(crate) struct LossReport {
    on_loss: OnLoss,
    problems: Problems,
    lost: usize,
    /// Whether the file cannot be written at all.
    failed: bool,
}

impl LossReport {
    /// An empty report.
    /// It lists this number of losses and counts the others.
    pub(crate) fn new(on_loss: OnLoss, listed: usize) -> Self {
        Self { on_loss, problems: Problems::keeping(listed), lost: 0, failed: false }
    }

    /// Adds a loss: its description, and the outcome when it is skipped or snapped.
    pub(crate) fn add(&mut self, document: &str, what: &str, skipped: &str, snapped: &str) {
        self.add_at(document, None, what, skipped, snapped);
    }

    /// As [`Self::add`], with the place in the document's text, to which the screen can go.
    pub(crate) fn add_at(
        &mut self,
        document: &str,
        range: impl Into<Option<TextRange>>,
        what: &str,
        skipped: &str,
        snapped: &str,
    ) {
        self.lost += 1;
        let problem = match self.on_loss {
            OnLoss::Fail => Problem::error(what),
            OnLoss::Skip => Problem::warning(format!("{what}: {skipped}")),
            OnLoss::Snap => Problem::warning(format!("{what}: {snapped}")),
        };
        self.problems.push(problem.in_document(document, range.into()));
    }

    /// Adds the reason for which the file cannot be written, whatever losses are allowed.
    pub(crate) fn fault(&mut self, problem: Problem) {
        self.failed = true;
        self.problems.push(problem);
    }

    /// Treatment of losses.
    pub(crate) fn on_loss(&self) -> OnLoss {
        self.on_loss
    }

    /// Whether the file will not be written.
    pub(crate) fn is_refused(&self) -> bool {
        self.failed || self.on_loss == OnLoss::Fail && self.lost > 0
    }

    /// Checks that a text can be one line. Returns whether its line breaks must become spaces; `None` if the document must be
    /// left out. Line breaks are a loss.
    pub(crate) fn fit_in_line(&mut self, document: &Document) -> Option<bool> {
        if !document.text.contains(['\n', '\r']) {
            return Some(false);
        }
        let what = format!("the text {} contains a line break", quoted(&document.text));
        self.add(&document.id, &what, "the document is left out", "line breaks become spaces");
        (self.on_loss == OnLoss::Snap).then_some(true)
    }

    /// Adds a note about something that is not a loss.
    pub(crate) fn note(&mut self, message: String) {
        self.problems.push(Problem::note(message));
    }

    /// Returns the problems of the file.
    ///
    /// # Errors
    /// There was a loss and [`OnLoss::Fail`] is set, or a fault; the error contains all problems.
    pub(crate) fn finish(mut self) -> Result<Vec<Problem>, Vec<Problem>> {
        if self.failed {
            return Err(self.problems.finish());
        }
        if self.on_loss != OnLoss::Fail || self.lost == 0 {
            return Ok(self.problems.finish());
        }
        let refused = self.problems.count(Severity::Error);
        let refused = format!("{} {}", grouped(refused), if refused == 1 { "loss" } else { "losses" });
        self.problems.push(
            Problem::note(format!("{refused}: nothing was written"))
                .hint("--on-loss skip leaves these out, --on-loss snap changes them so that they fit"),
        );
        Err(self.problems.finish())
    }
}

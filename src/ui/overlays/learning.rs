//! What the live model has learned.

use ratatui::layout::Rect;

use crate::{
    app::{
        command::{Command, Context},
        learning::rows,
        overlays::learning::Learning,
        pages::{self, Kind, Topic},
    },
    runs::live::Estimate,
    text::width,
};

use super::super::{
    Canvas,
    paint::{bottom, top},
};

/// Cells from the left to the bar of an estimate.
const BAR_FROM: u16 = 34;
/// Most and fewest cells of a bar, from F1 0 to 1.
const BAR: (u16, u16) = (50, 15);

impl Canvas<'_> {
    pub(super) fn learning(&mut self, area: Rect, learning: &Learning) {
        let session = &self.state.session;
        let sheet = self.sheet(area, area.height);
        let (head, rest) = top(sheet, 1);
        let (rest, foot) = bottom(rest, 1);
        let (columns, _) = pages::room(session.size);
        let rows = rows(session, columns);
        let shown = usize::from(rest.height);
        let from = learning.top.min(rows.len().saturating_sub(shown));
        let place = format!("{}-{} of {}", from + 1, (from + shown).min(rows.len()), rows.len());
        let start = self.painter.text_before(head.right(), head.y, head.width, &place, self.theme.muted);
        let room = start.saturating_sub(head.x + 1);
        self.painter.text(head.x, head.y, room, "the model that learns while you tag", self.theme.accent);
        let page = session.key(Context::Learning, Command::Page(Topic::Learning));
        let text = format!("{page} explains all of this");
        self.painter.text(foot.x, foot.y, foot.width, &text, self.theme.muted);
        for (y, row) in (rest.top()..rest.bottom()).zip(rows.iter().skip(from)) {
            let style = if row.kind == Kind::Heading { self.theme.accent } else { self.theme.text };
            self.painter.text(rest.x, y, rest.width, &row.text, style);
            if let Some(estimate) = &row.estimate {
                self.estimate_bar(Rect { y, height: 1, ..rest }, &row.text, estimate);
            }
        }
    }

    /// Draws the interval of an estimate as a bar from F1 0 to 1, where there is room after its text.
    fn estimate_bar(&mut self, line: Rect, text: &str, estimate: &Estimate) {
        let cells = line.width.saturating_sub(BAR_FROM).min(BAR.0);
        if self.painter.caps.plain || cells < BAR.1 || width::width(text) >= usize::from(BAR_FROM) {
            return;
        }
        let bar = bar(estimate, usize::from(cells));
        self.painter.text(line.x + BAR_FROM, line.y, cells, &bar, self.theme.series(2));
    }
}

/// A bar of `cells` cells: `.` outside the interval, `=` in it, `*` at the F1.
fn bar(estimate: &Estimate, cells: usize) -> String {
    let low = estimate.interval.map_or(estimate.f1, |interval| interval.low);
    let high = estimate.interval.map_or(estimate.f1, |interval| interval.high);
    let [low, f1, high] = [low, estimate.f1, high].map(|value| cell(value, cells));
    let sign = |at: usize| match at {
        at if at == f1 => '*',
        at if (low..=high).contains(&at) => '=',
        _ => '.',
    };
    (0..cells).map(sign).collect()
}

/// Cell of a share from 0 to 1.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
#[allow(clippy::cast_precision_loss, reason = "there are few cells")]
fn cell(share: f64, cells: usize) -> usize {
    ((share * cells as f64) as usize).min(cells.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spans::Interval;

    #[test]
    fn a_bar_shows_the_interval_and_the_f1() {
        let estimate = |f1, interval| Estimate { learned: 9, documents: 20, f1, interval };
        let within = estimate(0.55, Some(Interval { low: 0.3, high: 0.74 }));
        assert_eq!(bar(&within, 10), "...==*==..");
        assert_eq!(bar(&estimate(1.0, None), 10), ".........*");
        assert_eq!(bar(&estimate(f64::NAN, None), 4), "*...");
        assert_eq!(bar(&within, 0), "");
    }
}

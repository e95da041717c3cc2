//! Two runs side by side.
//! Curves on common axes, F1 of each label, and the differences between the runs.

use ratatui::layout::Rect;

use crate::{
    app::{
        evaluation::Evaluation,
        run_view::RunView,
        screen::SizeClass,
        screens::train::compare::{self, LabelPair, Line},
    },
    runs::{Point, RunSummary},
    text::{number::grouped, width},
    ui::{
        Canvas,
        chrome::{blank, wrapped},
        paint::{left, share, top},
    },
};

/// Columns beside the curves, the rule among them.
const SIDE: u16 = 37;
const WIDE_SIDE: u16 = 50;
/// Rows of one statement about chance.
const MOST_ROWS: usize = 4;
/// Rows that the F1 of labels and their titles have at least.
const LEAST_LABELS: u16 = 6;

impl Canvas<'_> {
    pub(super) fn compare_page(&mut self, view: &RunView, area: Rect) {
        let train = &self.state.train;
        let Some(other) = &train.other else { return self.runs_page(area) };
        let (head, rest) = top(area, 1);
        let [a, b] = [&view.id, &other.id].map(|id| self.state.session.runs.info(id).cloned().unwrap_or_default());
        let points = match &other.points {
            Some(Ok(points)) => points.as_slice(),
            Some(Err(why)) => {
                self.paragraph(rest, why, self.theme.bad);
                return;
            }
            None => {
                self.painter.text(rest.x, rest.y, rest.width, "the other run is being read", self.theme.muted);
                return;
            }
        };
        self.run_names(&a, &b, head);
        let (rule, rest) = top(rest, 1);
        self.painter.rule(rule, self.theme.border);
        let sides = Sides { a: (&a, &view.points), b: (&b, points) };
        if self.class() < SizeClass::Standard {
            let (table, list) = left(rest, rest.width / 2 + 1);
            let used = self.pairs(&sides, table);
            let list = if used < table.height { list } else { Rect { x: list.x + 1, ..list } };
            self.differences(&sides, Rect { x: list.x + 1, width: list.width.saturating_sub(1), ..list });
            return;
        }
        let side = if self.class() == SizeClass::Full { WIDE_SIDE } else { SIDE };
        let (curves, side) = left(rest, rest.width.saturating_sub(side));
        // The last line need not be the latest: the test split is scored with earlier weights.
        let end = points.iter().map(Point::epoch).reduce(f64::max).unwrap_or(b.status.epochs);
        self.common_charts((&view.points, view.horizon()), (points, end), train.chart, curves);
        self.painter.rule_down(side, self.theme.border);
        let side = Rect { x: side.x + 2, width: side.width.saturating_sub(2), ..side };
        let used = self.pairs(&sides, side);
        self.differences(&sides, top(side, used).1);
    }

    /// Says which run is A and which is B.
    fn run_names(&mut self, a: &RunSummary, b: &RunSummary, area: Rect) {
        let pieces = [("A", a, 0), ("B", b, 3)].map(|(letter, run, series)| {
            let f1 = run.word_f1.map(|f1| format!(" {}", share(f1))).unwrap_or_default();
            let text = format!("{letter} {} {}{f1}", width::cut(&run.id, 20), run.status.phase.name());
            (text, self.theme.series(series))
        });
        self.painter.pieces(area, &pieces);
    }

    /// F1 of each label in both; returns the rows used.
    fn pairs(&mut self, sides: &Sides<'_>, area: Rect) -> u16 {
        let [a, b] = [sides.a, sides.b].map(|(info, points)| compare::evaluation(info, points));
        let pairs = compare::labels(a, b);
        let name = area.width.saturating_sub(20).clamp(6, 24);
        let ends = [6, 12, 19].map(|end| area.x + name + end);
        let (head, rest) = top(area, 1);
        self.painter.text(head.x, head.y, name, "F1 per word", self.theme.muted);
        for (end, title) in ends.into_iter().zip(["A", "B", "A-B"]) {
            self.painter.text_before(end, head.y, 6, title, self.theme.muted);
        }
        let chance = self.chance(sides);
        let rows = |text: &String| wrapped(text, usize::from(area.width), MOST_ROWS, self.painter.caps.glyphs).len();
        // Some labels must stay in sight, too.
        let reserved =
            chance.iter().map(rows).sum::<usize>().min(usize::from(rest.height.saturating_sub(LEAST_LABELS)));
        let room = usize::from(rest.height.saturating_sub(2)).saturating_sub(reserved).max(1);
        // The row of all labels must be in sight, whatever is left out.
        let (labels, all) = pairs.split_at(pairs.len().saturating_sub(1));
        let shown = labels.iter().take(room.saturating_sub(1)).chain(all);
        let mut used = 1;
        for (y, pair) in (rest.top()..rest.bottom()).zip(shown) {
            self.pair(pair, name, ends, Rect { y, height: 1, ..rest });
            used += 1;
        }
        let text = format!("valid, A step {}, B step {}", step_words(a), step_words(b));
        self.painter.text(area.x, area.y + used, area.width, &text, self.theme.muted);
        used += 1;
        for line in &chance {
            used += self.paragraph(top(area, used).1, line, self.theme.text);
        }
        used
    }

    /// Words on whether chance explains the difference.
    fn chance(&self, sides: &Sides<'_>) -> Vec<String> {
        let Some(other) = &self.state.train.other else { return Vec::new() };
        compare::chance(other.differences.as_ref(), &self.state.session.runs.list, sides.a.0, sides.b.0)
    }

    fn pair(&mut self, pair: &LabelPair, name: u16, ends: [u16; 3], area: Rect) {
        let style = pair.label.as_ref().map_or(self.theme.accent, |label| self.label_style(label));
        let label = pair.label.as_deref().unwrap_or("all");
        self.painter.text(area.x, area.y, name, &width::cut(label, usize::from(name)), style);
        for (end, f1) in ends.into_iter().zip([pair.f1.0, pair.f1.1]) {
            let text = f1.map_or_else(|| "-".to_owned(), share);
            self.painter.text_before(end, area.y, 6, &text, self.theme.text);
        }
        let gain = pair.gain();
        let style = match gain {
            Some(gain) if gain >= 0.0005 => self.theme.ok,
            Some(gain) if gain <= -0.0005 => self.theme.bad,
            _ => self.theme.text,
        };
        self.painter.text_before(ends[2], area.y, 6, &gain.map_or_else(|| "-".to_owned(), signed), style);
    }

    /// Data and settings that differ; they scroll.
    fn differences(&mut self, sides: &Sides<'_>, area: Rect) {
        let lines = compare::lines(sides.a.0, sides.b.0);
        let height = usize::from(area.height);
        let first = self.state.train.scrolled.min(lines.len().saturating_sub(height));
        let value = (area.width.saturating_sub(15) / 2).max(4);
        let name = area.width.saturating_sub(2 * value + 1);
        let room = usize::from(value - 1);
        for (y, line) in (area.top()..area.bottom()).zip(lines.iter().skip(first)) {
            match line {
                Line::Title(text) => {
                    self.painter.text(area.x, y, area.width, text, self.theme.muted);
                }
                Line::Difference(what, a, b) => {
                    self.painter.text(area.x, y, name, what, self.theme.text);
                    self.painter.text_before(area.x + name + value, y, value, &width::cut(a, room), self.theme.text);
                    self.painter.text_before(
                        area.x + name + 2 * value,
                        y,
                        value,
                        &width::cut(b, room),
                        self.theme.text,
                    );
                }
            }
        }
        let hidden = lines.len().saturating_sub(first + height);
        if hidden > 0 && height > 0 {
            let y = area.bottom() - 1;
            let text = format!("{} more: down", grouped(hidden + 1));
            blank(&mut self.painter, Rect { y, height: 1, ..area });
            self.painter.text(area.x, y, area.width, &text, self.theme.muted);
        }
    }
}

/// The step of an evaluation; a dash where there is none.
fn step_words(evaluation: Option<Evaluation<'_>>) -> String {
    evaluation.map_or_else(|| "-".to_owned(), |evaluation| grouped(evaluation.step))
}

/// The two runs with their points.
struct Sides<'a> {
    a: (&'a RunSummary, &'a [Point]),
    b: (&'a RunSummary, &'a [Point]),
}

/// Formats a difference with its sign: `+.034`.
fn signed(gain: f64) -> String {
    if gain.abs() < 0.0005 {
        return ".000".to_owned();
    }
    format!("{}{}", if gain > 0.0 { '+' } else { '-' }, share(gain.abs()))
}

#[cfg(test)]
mod words {
    #[test]
    fn differences_have_signs() {
        assert_eq!([0.034, -0.5, 0.0001, 1.0].map(super::signed), ["+.034", "-.500", ".000", "+1.00"]);
    }
}

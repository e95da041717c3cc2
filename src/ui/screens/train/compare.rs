//! Runs side by side.
//! Curves on common axes, F1 of each label, and the differences between the runs.

use ratatui::layout::Rect;

use crate::{
    app::{
        evaluation::Evaluation,
        run_view::RunView,
        screen::SizeClass,
        screens::train::compare::{self, LabelRow, Line},
    },
    runs::RunSummary,
    text::{
        number::{grouped, signed},
        width,
    },
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
        if train.others.is_empty() {
            return self.runs_page(area);
        }
        let (head, rest) = top(area, 1);
        let mut runs = vec![self.compared(0, view)];
        let mut curves = Vec::new();
        let mut unread = Vec::new();
        for (at, other) in train.others.iter().enumerate() {
            match &other.problem {
                Some(why) => unread.push((format!("{}: {why}", other.view.id), self.theme.bad)),
                None if other.view.is_read => {
                    runs.push(self.compared(at + 1, &other.view));
                    curves.push((at + 1, &other.view.curves));
                }
                None => unread.push((format!("{} is being read", other.view.id), self.theme.muted)),
            }
        }
        let mut rest = rest;
        for (text, style) in unread {
            let used = self.paragraph(rest, &text, style);
            rest = top(rest, used).1;
        }
        if curves.is_empty() {
            return;
        }
        self.run_names(&runs, head);
        let (rule, rest) = top(rest, 1);
        self.painter.rule(rule, self.theme.border);
        if !compare::has_room_for_curves(self.state.session.size) {
            let text = " a wider window shows the curves ";
            self.painter.text_before(rule.right(), rule.y, rule.width, text, self.theme.muted);
            let (table, list) = left(rest, rest.width / 2 + 1);
            let used = self.pairs(&runs, table);
            let list = if used < table.height { list } else { Rect { x: list.x + 1, ..list } };
            self.differences(&runs, Rect { x: list.x + 1, width: list.width.saturating_sub(1), ..list });
            return;
        }
        let side = if self.class() == SizeClass::Full { WIDE_SIDE } else { SIDE };
        let (area, side) = left(rest, rest.width.saturating_sub(side));
        let shown = self.shown_runs(view, &curves);
        self.common_charts(&shown, train.whole(view), train.chart, area);
        self.painter.rule_down(side, self.theme.border);
        let side = Rect { x: side.x + 2, width: side.width.saturating_sub(2), ..side };
        let used = self.pairs(&runs, side);
        self.differences(&runs, top(side, used).1);
    }

    fn compared<'a>(&self, place: usize, view: &'a RunView) -> Compared<'a> {
        let info = self.state.session.runs.info(&view.id).cloned().unwrap_or_default();
        Compared { evaluation: view.compared(&info), letter: compare::letter(place), place, info }
    }

    /// Says which run has which letter.
    fn run_names(&mut self, runs: &[Compared<'_>], area: Rect) {
        let most = if runs.len() > 2 { 12 } else { 20 };
        let pieces = runs.iter().map(|Compared { info, letter, place, .. }| {
            let f1 = info.word_f1.map(|f1| format!(" {}", share(f1))).unwrap_or_default();
            let phase = if runs.len() > 2 { String::new() } else { format!(" {}", info.status.phase.name()) };
            let text = format!("{letter} {}{phase}{f1}", width::cut(&info.id, most));
            (text, self.run_style(*place))
        });
        let pieces: Vec<_> = pieces.collect();
        self.painter.pieces(area, &pieces);
    }

    /// F1 of each label in all runs, of two with the difference; returns the rows used.
    fn pairs(&mut self, runs: &[Compared<'_>], area: Rect) -> u16 {
        let evaluations: Vec<Option<Evaluation<'_>>> = runs.iter().map(|run| run.evaluation).collect();
        let rows = compare::label_rows(&evaluations);
        let columns = u16::try_from(runs.len()).unwrap_or(2);
        let gain = if columns == 2 { 8 } else { 0 };
        let name = area.width.saturating_sub(columns * 6 + gain).clamp(6, 24);
        let (head, rest) = top(area, 1);
        self.painter.text(head.x, head.y, name, "F1 per word", self.theme.muted);
        for (at, run) in runs.iter().enumerate() {
            self.painter.text_before(column_end(area, name, at), head.y, 6, &run.letter.to_string(), self.theme.muted);
        }
        if let [a, b] = runs {
            let head_text = format!("{}-{}", a.letter, b.letter);
            self.painter.text_before(column_end(area, name, 2) + 1, head.y, 6, &head_text, self.theme.muted);
        }
        let chance = self.chance(runs);
        let (width, glyphs) = (usize::from(area.width), self.painter.caps.glyphs);
        let chance_rows: usize = chance.iter().map(|text| wrapped(text, width, MOST_ROWS, glyphs).len()).sum();
        // Some labels must stay in sight, too.
        let reserved = chance_rows.min(usize::from(rest.height.saturating_sub(LEAST_LABELS)));
        let room = usize::from(rest.height.saturating_sub(2)).saturating_sub(reserved).max(1);
        let room = u16::try_from(room).unwrap_or(u16::MAX).min(rest.height);
        let mut used = 1 + self.label_rows(&rows, name, top(rest, room).0);
        let steps: Vec<String> = evaluations.iter().map(|run| step_words(*run)).collect();
        let text = match (steps.as_slice(), runs) {
            ([a, b], [one, other]) => format!("valid, {} step {a}, {} step {b}", one.letter, other.letter),
            (steps, _) => format!("valid, steps {}", steps.join(" ")),
        };
        self.painter.text(area.x, area.y + used, area.width, &text, self.theme.muted);
        used += 1;
        for line in &chance {
            used += self.paragraph(top(area, used).1, line, self.theme.text);
        }
        used
    }

    /// The rows of labels, which scroll, and the one of all labels; returns the rows used.
    fn label_rows(&mut self, rows: &[LabelRow], name: u16, area: Rect) -> u16 {
        // The row of all labels must be in sight, whatever is left out.
        let (labels, all) = rows.split_at(rows.len().saturating_sub(1));
        let room = usize::from(area.height).saturating_sub(all.len());
        let first = self.state.train.scrolled.min(labels.len().saturating_sub(room));
        let is_cut = labels.len() > first + room && room > 1;
        let fit = if is_cut { room - 1 } else { room };
        let mut lines = (area.top()..area.bottom()).map(|y| Rect { y, height: 1, ..area });
        let mut used = 0;
        for (row, line) in labels.iter().skip(first).take(fit).zip(lines.by_ref()) {
            self.label_row(row, name, line);
            used += 1;
        }
        if let Some(line) = lines.next().filter(|_| is_cut) {
            let text = format!("{} more: down", grouped(labels.len() - first - fit));
            self.painter.text(line.x, line.y, line.width, &text, self.theme.muted);
            used += 1;
        }
        if let Some(row) = all.first() {
            self.label_row(row, name, Rect { y: area.y + used, height: 1, ..area });
            used += 1;
        }
        used
    }

    /// Words on whether chance explains the difference between two runs; there is no room for those of more.
    fn chance(&self, runs: &[Compared<'_>]) -> Vec<String> {
        let ([other], [a, b]) = (self.state.train.others.as_slice(), runs) else { return Vec::new() };
        compare::chance(other.comparison.as_ref(), &self.state.session.runs.list, &a.info, &b.info)
    }

    fn label_row(&mut self, (label, f1): &LabelRow, name: u16, area: Rect) {
        let style = label.as_ref().map_or(self.theme.accent, |label| self.label_style(label));
        let label = label.as_deref().unwrap_or("all");
        self.painter.text(area.x, area.y, name, &width::cut(label, usize::from(name)), style);
        for (at, f1) in f1.iter().enumerate() {
            let text = f1.map_or_else(|| "-".to_owned(), share);
            self.painter.text_before(column_end(area, name, at), area.y, 6, &text, self.theme.text);
        }
        let [a, b] = f1.as_slice() else { return };
        let gain = a.zip(*b).map(|(a, b)| a - b);
        let style = match gain {
            Some(gain) if gain >= 0.0005 => self.theme.ok,
            Some(gain) if gain <= -0.0005 => self.theme.bad,
            _ => self.theme.text,
        };
        let end = column_end(area, name, 2) + 1;
        self.painter.text_before(end, area.y, 6, &gain.map_or_else(|| "-".to_owned(), |gain| signed(gain, 3)), style);
    }

    /// Data and settings that differ; they scroll.
    fn differences(&mut self, runs: &[Compared<'_>], area: Rect) {
        let lines = difference_lines(runs);
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

/// A run that is compared.
struct Compared<'a> {
    /// Its place: 0 for the followed one, then those beside it, also where one before it cannot be read.
    place: usize,
    letter: char,
    info: RunSummary,
    evaluation: Option<Evaluation<'a>>,
}

/// Column before which the number of a run ends.
fn column_end(area: Rect, name: u16, at: usize) -> u16 {
    area.x + name + 6 * u16::try_from(at + 1).unwrap_or(1)
}

/// The differences between the first run and each other one; with their letters where there are several.
fn difference_lines(runs: &[Compared<'_>]) -> Vec<Line> {
    let Some((first, others)) = runs.split_first() else { return Vec::new() };
    let mut all = Vec::new();
    for other in others {
        let letter = other.letter;
        let is_plain = others.len() == 1 && other.place == 1;
        let lines = compare::lines(&first.info, &other.info).into_iter().map(|line| match line {
            Line::Title(text) if !is_plain => Line::Title(format!("A and {letter}: {text}")),
            line => line,
        });
        all.extend(lines);
    }
    all
}

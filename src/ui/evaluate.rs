//! The Evaluate screen: the table of labels, and what each number means, said with the user's own numbers.

use std::collections::BTreeMap;

use ratatui::layout::Rect;

use crate::{
    app::{
        evaluate::{Count, Counted, Evaluation, Shown, Sort, Tally},
        state::SizeClass,
    },
    runs::{LabelMode, LabelScores},
    text::{number::grouped, width},
};

use super::{
    Canvas,
    chrome::wrapped,
    paint::{bottom, inset, share, top},
};

/// Rows that the meanings of the numbers have at least.
const MEANINGS: u16 = 3;

/// A table of labels to be drawn.
struct Scored<'a> {
    counted: Counted<'a>,
    sort: Sort,
    /// What the row of all labels is called.
    all: &'static str,
    /// The row of the cursor; the row of all labels comes last.
    row: Option<usize>,
}

impl Canvas<'_> {
    pub(super) fn evaluate(&mut self, body: Rect) {
        let (body, _) = bottom(body, 1);
        let area = inset(body, 1);
        let Some(view) = &self.state.train.view else {
            return self.say(area, "No run yet. Mark documents done, then T on the Tag screen trains.");
        };
        let (head, rest) = top(area, 2);
        let (choice, shown) = (&self.state.evaluate, self.state.shown_evaluation());
        self.evaluation_head(&view.id, shown.as_ref(), head);
        let (_, rest) = top(rest, u16::from(rest.height > 16));
        let Some(shown) = shown else {
            let text = match choice.test {
                false => format!("Run {} has no evaluation yet.", view.id),
                true if view.status.phase.is_over() => {
                    let why = "it had no document of the test part, or did not come to its end";
                    let how = "Texts imported with --split test are one (tagli help metrics)";
                    format!(
                        "Run {} was not scored on the test part: {why}. {how}. t shows the validation part.",
                        view.id
                    )
                }
                true => "The test part is scored once, when the run ends. t shows the validation part.".to_owned(),
            };
            return self.say(rest, &text);
        };
        let Some(counted) = shown.evaluation.counted(choice.count) else {
            let text = "This run was written by an earlier version, which did not count strictly. s counts leniently.";
            return self.say(rest, text);
        };
        let lines = self.meanings(&shown.evaluation, counted, usize::from(rest.width));
        // Title, labels, all labels; with room a blank row before the last.
        let compact = self.class() == SizeClass::Compact;
        let more = if compact { 2 } else { 3 };
        let wanted = u16::try_from(counted.labels.map_or(1, BTreeMap::len) + more).unwrap_or(u16::MAX);
        let (table, rest) = top(rest, wanted.min(rest.height.saturating_sub(MEANINGS)));
        let all = if choice.count.strict { "all, strict" } else { "all, lenient" };
        self.scored(table, &Scored { counted, sort: choice.sort, all, row: Some(choice.row) });
        let (_, rest) = top(rest, u16::from(rest.height > MEANINGS && !compact));
        for (y, line) in (rest.top()..rest.bottom()).zip(lines) {
            self.painter.text(rest.x, y, rest.width, &line, self.theme.text);
        }
    }

    /// A sentence where there is no table.
    fn say(&mut self, area: Rect, text: &str) {
        let lines = wrapped(text, usize::from(area.width), self.painter.caps.glyphs);
        for (y, line) in (area.top()..area.bottom()).zip(lines) {
            self.painter.text(area.x, y, area.width, &line, self.theme.muted);
        }
    }

    /// Which run, which evaluation, which part, counted how: always said.
    fn evaluation_head(&mut self, run: &str, shown: Option<&Shown<'_>>, area: Rect) {
        let place = self.state.followed_run().filter(|(_, all)| *all > 1);
        let which = shown.map_or("", |shown| shown.which);
        let room = usize::from(area.width).saturating_sub(width::width(which) + 2);
        let pieces = [
            (width::cut(&format!("run {run}"), room), self.theme.accent),
            (which.to_owned(), self.theme.text),
            (place.map(|(at, all)| format!("{} of {all}", at + 1)).unwrap_or_default(), self.theme.muted),
        ];
        self.painter.pieces(area, &pieces);
        let choice = &self.state.evaluate;
        let part = if choice.test { "test part" } else { "validation part" };
        let step =
            shown.map(|shown| format!("step {}, epoch {:.1}", grouped(shown.evaluation.step), shown.evaluation.epoch));
        let pieces = [
            (format!("{part}, {}", choice.count.name()), self.theme.accent),
            (step.unwrap_or_default(), self.theme.muted),
            (if choice.sort == Sort::Name { "" } else { choice.sort.name() }.to_owned(), self.theme.muted),
        ];
        self.painter.pieces(Rect { y: area.y + 1, ..area }, &pieces);
    }

    /// The table of labels: precision, recall, F1 and number; with room also right, wrong and missed. The best F1 is
    /// starred.
    fn scored(&mut self, area: Rect, table: &Scored<'_>) {
        let wide = area.width >= 64;
        let name = area.width.saturating_sub(if wide { 46 } else { 25 }).clamp(8, 24);
        let titles = ["P", "R", "F1", "n", "right", "wrong", "missed"];
        let ends = |column: usize| area.x + name + 5 + [0, 5, 10, 18, 25, 32, 39].get(column).copied().unwrap_or(0);
        let columns = if wide { 7 } else { 4 };
        let (head, rest) = top(area, 1);
        let (rest, foot) = bottom(rest, 1);
        let labels = table.counted.sorted(table.sort);
        let rows = usize::from(rest.height.max(1));
        let last = labels.len().saturating_sub(1);
        let first = table.row.map_or(0, |row| row.min(last) / rows * rows);
        let title = match labels.len() {
            many if many > rows => format!("label {}-{} of {many}", first + 1, (first + rows).min(many)),
            _ => "label".to_owned(),
        };
        let style = |sort| if table.sort == sort { self.theme.accent } else { self.theme.muted };
        let styles = [style(Sort::Name), style(Sort::F1), style(Sort::Support), self.theme.muted];
        self.painter.text(head.x, head.y, name, &title, styles[0]);
        for (column, title) in titles.iter().enumerate().take(columns) {
            let style = styles[match column {
                2 => 1,
                3 => 2,
                _ => 3,
            }];
            self.painter.text_before(ends(column), head.y, 6, title, style);
        }
        let best = labels.iter().map(|(_, scores)| scores.f1).fold(0.0, f64::max);
        let marked = Rect { width: (ends(columns - 1) + 1).saturating_sub(rest.x), ..rest };
        for (y, (at, (label, scores))) in (rest.top()..rest.bottom()).zip(labels.iter().enumerate().skip(first)) {
            let role = self.state.project.as_ref().and_then(|project| project.labels.find(label));
            let style = role.map_or(self.theme.text, |role| self.theme.label(role.color));
            self.painter.text(rest.x, y, name, label, style);
            self.score_cells(y, scores, true, columns, &ends);
            if scores.f1 >= best && best > 0.0 {
                self.painter.text(ends(2), y, 1, "*", self.theme.accent);
            }
            if table.row == Some(at) {
                self.painter.mark_row(marked, y, self.theme.selection);
            }
        }
        if labels.is_empty() && table.counted.labels.is_none() {
            let text = "no table of labels: the run is of an earlier version";
            self.painter.text(rest.x, rest.y, rest.width, text, self.theme.muted);
        }
        self.painter.text(foot.x, foot.y, name, if name > 12 { table.all } else { "all" }, self.theme.accent);
        self.score_cells(foot.y, &all(&table.counted), table.counted.labels.is_some(), columns, &ends);
        if table.row.is_some_and(|row| row >= labels.len()) {
            self.painter.mark_row(marked, foot.y, self.theme.selection);
        }
    }

    /// A row of numbers; those that count spans only if it is `known` how many there are.
    fn score_cells(&mut self, y: u16, scores: &LabelScores, known: bool, columns: usize, ends: &dyn Fn(usize) -> u16) {
        let tally = Tally::of(scores);
        let count = |n: usize| if known { grouped(n) } else { "-".to_owned() };
        let texts = [
            share(scores.precision),
            share(scores.recall),
            share(scores.f1),
            count(scores.support),
            count(tally.right),
            tally.wrong.map_or_else(|| "-".to_owned(), count),
            count(tally.missed),
        ];
        for (column, text) in texts.iter().enumerate().take(columns) {
            self.painter.text_before(ends(column), y, 6, text, self.theme.text);
        }
    }

    /// What counting per piece means for the followed run: it depends on which pieces have tags.
    fn pieces_meaning(&self) -> &'static str {
        let run = self.state.followed_run().and_then(|(at, _)| self.state.train.runs.get(at));
        match run.and_then(|run| run.settings.as_ref()).map(|settings| settings.label_mode) {
            Some(LabelMode::First) => "per piece: only the first piece of a word has a tag here, so as per word",
            Some(LabelMode::AllB) => "per piece: every piece is a span of its own here, so long words count more",
            Some(LabelMode::AllI) => "per piece: every piece has a tag here; a span must be right to its last piece",
            None => "per piece: spans are read from the tags of word pieces",
        }
    }

    /// What the numbers of the row under the cursor mean.
    fn meanings(&self, evaluation: &Evaluation<'_>, counted: Counted<'_>, room: usize) -> Vec<String> {
        let choice = &self.state.evaluate;
        let labels = counted.sorted(choice.sort);
        let whole = all(&counted);
        let (label, scores) = labels.get(choice.row).copied().map_or(("", &whole), |row| row);
        let spans = if label.is_empty() { "spans".to_owned() } else { format!("{label} spans") };
        let tally = Tally::of(scores);
        let (p, r, f1) = (share(scores.precision), share(scores.recall), share(scores.f1));
        let found = tally.wrong.map_or_else(|| "those".to_owned(), |wrong| grouped(tally.right + wrong));
        let right = grouped(tally.right);
        let is = if tally.right == 1 { "is" } else { "are" };
        let mut texts = match counted.labels {
            // The same, short.
            Some(_) if self.class() == SizeClass::Compact => vec![
                format!("P {p}: of {found} {spans} found, {right} {is} right"),
                format!("R {r}: of {} {spans} there, {right} {is} found", grouped(scores.support)),
            ],
            Some(_) => vec![
                format!("P, precision {p}: of {found} {spans} that the model found, {right} {is} right"),
                format!("R, recall {r}: of {} {spans} that are there, it found {right}", grouped(scores.support)),
            ],
            None => vec![
                format!("P, precision {p}: the share of the spans found that are right"),
                format!("R, recall {r}: the share of the spans there that are found"),
            ],
        };
        let formula = if self.class() == SizeClass::Compact { "" } else { " (2 P R / (P + R))" };
        texts.push(format!("F1 {f1}: one number for both, high only if both are{formula}"));
        if choice.count.pieces {
            texts.push(self.pieces_meaning().to_owned());
        }
        texts.push("right: same words and same label; half a span is wrong and missed at once".to_owned());
        texts.push(
            match choice.count.strict {
                false => "n: spans that are there; lenient: a span may begin with an I- tag",
                true => "n: spans that are there; strict: a span must begin with a B- tag",
            }
            .to_owned(),
        );
        let others = Count::ALL.into_iter().filter_map(|count| Some((count, evaluation.counted(count)?)));
        let others: Vec<String> =
            others.map(|(count, one)| format!("{} {}", count.name(), share(one.all.f1))).collect();
        texts.push(format!("F1 of all labels, each way: {}", others.join("; ")));
        texts.push(format!(
            "accuracy {}: tags that are right; most are O, so it says little",
            share(counted.all.accuracy)
        ));
        texts.iter().flat_map(|text| wrapped(text, room, self.painter.caps.glyphs)).collect()
    }
}

/// All labels together, as a row.
fn all(counted: &Counted<'_>) -> LabelScores {
    let scores = counted.all;
    let support = counted.support().unwrap_or(0);
    let found = counted.labels.and_then(|labels| labels.values().map(|scores| scores.found).sum());
    LabelScores { precision: scores.precision, recall: scores.recall, f1: scores.f1, support, found }
}

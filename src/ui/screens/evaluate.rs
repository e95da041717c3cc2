//! The Evaluate screen: the table of labels.
//! Each number is explained with the user's own numbers.

use std::collections::BTreeMap;

use ratatui::layout::Rect;

use crate::{
    app::{
        evaluation::{Count, Counted, Evaluation, Sort, Tally},
        run_view::RunView,
        screen::SizeClass,
        screens::evaluate::{Cell, Evaluate, Shown},
    },
    runs::{LabelMode, LabelScores},
    spans::Split,
    text::{number::grouped, width},
    ui::{
        Canvas,
        chrome::{MESSAGE_ROWS, wrapped},
        paint::{bottom, first_of_page, inset, left, share, top},
    },
};

/// Least number of rows for the meanings of the numbers.
const MEANINGS: u16 = 3;

/// Titles of the columns of numbers, and the end of each column.
/// Ends are counted from the first column's end.
const COLUMNS: [(&str, u16); 7] =
    [("P", 0), ("R", 5), ("F1", 10), ("n", 18), ("right", 25), ("wrong", 32), ("missed", 39)];
/// Place of the column of wrong spans; the column of missed ones is next to it.
const WRONG: usize = 5;
/// Columns of a window from which the numbers of mistakes stand beside the table.
const BESIDE: u16 = 150;
/// Columns of the table beside them.
const TABLE: u16 = 78;
/// Columns of a table that is not wide: without right, wrong and missed.
const FEW_COLUMNS: usize = 4;

/// A table of labels to be drawn.
struct Scored<'a> {
    counted: Counted<'a>,
    sort: Sort,
    /// Name of the row of all labels.
    all: &'static str,
    /// Row of the cursor; the row of all labels comes last.
    row: usize,
    /// Number of the row that the cursor is on.
    cell: Cell,
}

/// Columns of a table of labels.
#[derive(Clone, Copy)]
struct Columns {
    /// Left edge of the table.
    x: u16,
    /// Width of the names.
    name: u16,
    /// Number of columns of numbers.
    count: usize,
}

impl Columns {
    fn new(area: Rect) -> Self {
        let wide = area.width >= 64;
        let name = area.width.saturating_sub(if wide { 46 } else { 25 }).clamp(8, 24);
        Self { x: area.x, name, count: if wide { COLUMNS.len() } else { FEW_COLUMNS } }
    }

    /// Part of a row that the cursor covers: all of it, or one number.
    fn marked(&self, cell: Cell, area: Rect) -> Rect {
        let number = match cell {
            Cell::Row => {
                return Rect { width: (self.end(self.count - 1) + 1).saturating_sub(area.x), ..area };
            }
            Cell::Wrong => WRONG,
            Cell::Missed => WRONG + 1,
        };
        Rect { x: self.end(number).saturating_sub(6), width: 6, ..area }
    }

    /// End of a column of numbers.
    fn end(&self, column: usize) -> u16 {
        self.x + self.name + 5 + COLUMNS.get(column).map_or(0, |(_, end)| *end)
    }
}

impl Canvas<'_> {
    pub(in crate::ui) fn evaluate(&mut self, body: Rect) {
        let (body, _) = bottom(body, 1);
        let area = self.numbers_beside(inset(body, 1));
        let Some(view) = &self.state.session.runs.followed else {
            return self.say(area, "No run yet. Mark documents done, then T on the Tag screen trains.");
        };
        let (head, rest) = top(area, 2);
        let choice = &self.state.evaluate;
        let shown = choice.shown(&self.state.session);
        self.evaluation_head(&view.id, shown.as_ref(), head);
        let (_, rest) = top(rest, u16::from(rest.height > 16));
        let Some(shown) = shown else {
            return self.say(rest, &why_nothing(choice, view));
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
        let cell = choice.cell(&self.state.session);
        self.scored(table, &Scored { counted, sort: choice.sort, all, row: choice.row, cell });
        let (_, rest) = top(rest, u16::from(rest.height > MEANINGS && !compact));
        for (y, line) in (rest.top()..rest.bottom()).zip(lines) {
            self.painter.text(rest.x, y, rest.width, &line, self.theme.text);
        }
    }

    /// In a wide window, the kinds of mistakes and the confused labels, once they were searched.
    /// Returns the area for the table.
    fn numbers_beside(&mut self, area: Rect) -> Rect {
        let session = &self.state.session;
        let followed = session.runs.followed.as_ref();
        let split = if self.state.evaluate.test { Split::Test } else { Split::Valid };
        let list = session.review.list().filter(|list| {
            area.width >= BESIDE && list.split == Some(split) && followed.is_some_and(|view| view.id == list.run)
        });
        let Some(list) = list.cloned() else { return area };
        let (table, side) = left(area, TABLE);
        self.painter.rule_down(side, self.theme.border);
        self.mistake_numbers(Rect { x: side.x + 2, width: side.width.saturating_sub(2), ..side }, &list, None);
        Rect { width: table.width.saturating_sub(2), ..table }
    }

    /// A sentence where there is no table.
    fn say(&mut self, area: Rect, text: &str) {
        let lines = wrapped(text, usize::from(area.width), usize::from(area.height), self.painter.caps.glyphs);
        for (y, line) in (area.top()..area.bottom()).zip(lines) {
            self.painter.text(area.x, y, area.width, &line, self.theme.muted);
        }
    }

    /// Two lines: the run, the evaluation, its split, and the way to count.
    fn evaluation_head(&mut self, run: &str, shown: Option<&Shown<'_>>, area: Rect) {
        let place = self.state.session.runs.followed_place().filter(|(_, all)| *all > 1);
        let which = shown.map_or("", |shown| shown.which);
        let room = usize::from(area.width).saturating_sub(width::width(which) + 2);
        let pieces = [
            (width::cut(&format!("run {run}"), room), self.theme.accent),
            (which.to_owned(), self.theme.text),
            (place.map(|(at, all)| format!("{} of {all}", at + 1)).unwrap_or_default(), self.theme.muted),
        ];
        self.painter.pieces(area, &pieces);
        let choice = &self.state.evaluate;
        let split = if choice.test { "test split" } else { "validation split" };
        let step =
            shown.map(|shown| format!("step {}, epoch {:.1}", grouped(shown.evaluation.step), shown.evaluation.epoch));
        let pieces = [
            (format!("{split}, {}", choice.count.name()), self.theme.accent),
            (step.unwrap_or_default(), self.theme.muted),
            (if choice.sort == Sort::Name { "" } else { choice.sort.name() }.to_owned(), self.theme.muted),
        ];
        self.painter.pieces(Rect { y: area.y + 1, ..area }, &pieces);
    }

    /// The table of labels: precision, recall, F1 and number.
    /// With room also right, wrong and missed. The best F1 is starred.
    fn scored(&mut self, area: Rect, table: &Scored<'_>) {
        let columns = Columns::new(area);
        let (head, rest) = top(area, 1);
        let (rest, foot) = bottom(rest, 1);
        let labels = table.counted.sorted(table.sort);
        let rows = usize::from(rest.height.max(1));
        let first = first_of_page(table.row.min(labels.len().saturating_sub(1)), rows, labels.len());
        let title = match labels.len() {
            many if many > rows => format!("label {}-{} of {many}", first + 1, (first + rows).min(many)),
            _ => "label".to_owned(),
        };
        self.score_titles(head, &title, table.sort, columns);
        let best = labels.iter().map(|(_, scores)| scores.f1).fold(0.0, f64::max);
        let marked = columns.marked(table.cell, rest);
        for (y, (at, (label, scores))) in (rest.top()..rest.bottom()).zip(labels.iter().enumerate().skip(first)) {
            let known = self.state.session.project.as_ref().and_then(|project| project.labels.find(label));
            let style = known.map_or(self.theme.text, |label| self.theme.label(label.color));
            self.painter.text(rest.x, y, columns.name, label, style);
            self.score_cells(y, scores, true, columns);
            if scores.f1 >= best && best > 0.0 {
                self.painter.text(columns.end(2), y, 1, "*", self.theme.accent);
            }
            if table.row == at {
                self.painter.mark_row(marked, y, self.theme.selection);
            }
        }
        if labels.is_empty() && table.counted.labels.is_none() {
            let text = "no table of labels: the run is of an earlier version";
            self.painter.text(rest.x, rest.y, rest.width, text, self.theme.muted);
        }
        let name = if columns.name > 12 { table.all } else { "all" };
        self.painter.text(foot.x, foot.y, columns.name, name, self.theme.accent);
        self.score_cells(foot.y, &all(&table.counted), table.counted.labels.is_some(), columns);
        if table.row >= labels.len() {
            self.painter.mark_row(marked, foot.y, self.theme.selection);
        }
    }

    /// Titles of the table; the one by which the labels are sorted is accented.
    fn score_titles(&mut self, head: Rect, title: &str, sort: Sort, columns: Columns) {
        let by_name = if sort == Sort::Name { self.theme.accent } else { self.theme.muted };
        self.painter.text(head.x, head.y, columns.name, title, by_name);
        for (at, (title, _)) in COLUMNS.iter().enumerate().take(columns.count) {
            let sorted = matches!((*title, sort), ("F1", Sort::F1) | ("n", Sort::Support));
            let style = if sorted { self.theme.accent } else { self.theme.muted };
            self.painter.text_before(columns.end(at), head.y, 6, title, style);
        }
    }

    /// A row of numbers; numbers of spans only if these are `known`.
    fn score_cells(&mut self, y: u16, scores: &LabelScores, known: bool, columns: Columns) {
        let tally = Tally::of(scores);
        let counts = [Some(scores.support), Some(tally.right), tally.wrong, Some(tally.missed)];
        let counts = counts.map(|count| count.filter(|_| known).map_or_else(|| "-".to_owned(), grouped));
        let shares = [scores.precision, scores.recall, scores.f1].map(share);
        for (column, text) in shares.iter().chain(&counts).enumerate().take(columns.count) {
            self.painter.text_before(columns.end(column), y, 6, text, self.theme.text);
        }
    }

    /// The meaning of counting per piece.
    /// It depends on the tagged pieces of the followed run.
    fn pieces_meaning(&self) -> &'static str {
        let run = self.state.session.runs.followed_info();
        match run.and_then(|run| run.settings.as_ref()).map(|settings| settings.label_mode) {
            Some(LabelMode::First) => "per piece: only the first piece of a word has a tag here, so as per word",
            Some(LabelMode::AllB) => "per piece: every piece is a span of its own here, so long words count more",
            Some(LabelMode::AllI) => "per piece: every piece has a tag here; a span must be right to its last piece",
            None => "per piece: spans are read from the tags of word pieces",
        }
    }

    /// The meaning of the numbers in the row under the cursor.
    /// As lines of `room` columns.
    fn meanings(&self, evaluation: &Evaluation<'_>, counted: Counted<'_>, room: usize) -> Vec<String> {
        let choice = &self.state.evaluate;
        let labels = counted.sorted(choice.sort);
        let whole = all(&counted);
        let (label, scores) = labels.get(choice.row).copied().map_or(("", &whole), |row| row);
        let spans = if label.is_empty() { "spans".to_owned() } else { format!("{label} spans") };
        let compact = self.class() == SizeClass::Compact;
        let mut texts = match counted.labels {
            Some(_) => precision_and_recall(scores, &spans, compact).to_vec(),
            None => vec![
                format!("P, precision {}: the share of the spans found that are right", share(scores.precision)),
                format!("R, recall {}: the share of the spans there that are found", share(scores.recall)),
            ],
        };
        let formula = if compact { "" } else { " (2 P R / (P + R))" };
        texts.push(format!("F1 {}: one number for both, high only if both are{formula}", share(scores.f1)));
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
        texts.iter().flat_map(|text| wrapped(text, room, MESSAGE_ROWS, self.painter.caps.glyphs)).collect()
    }
}

/// Precision and recall in numbers of spans; in few words on a `compact` screen.
fn precision_and_recall(scores: &LabelScores, spans: &str, compact: bool) -> [String; 2] {
    let tally = Tally::of(scores);
    let precision = share(scores.precision);
    let recall = share(scores.recall);
    let found = tally.wrong.map_or_else(|| "those".to_owned(), |wrong| grouped(tally.right + wrong));
    let there = grouped(scores.support);
    let right = grouped(tally.right);
    let is = if tally.right == 1 { "is" } else { "are" };
    if compact {
        return [
            format!("P {precision}: of {found} {spans} found, {right} {is} right"),
            format!("R {recall}: of {there} {spans} there, {right} {is} found"),
        ];
    }
    [
        format!("P, precision {precision}: of {found} {spans} that the model found, {right} {is} right"),
        format!("R, recall {recall}: of {there} {spans} that are there, it found {right}"),
    ]
}

/// Reason why there is no evaluation to show.
fn why_nothing(choice: &Evaluate, view: &RunView) -> String {
    match choice.test {
        false => format!("Run {} has no evaluation yet.", view.id),
        true if view.status.phase.is_over() => {
            let why = "it had no document of the test split, or did not come to its end";
            let how = "Texts imported with --split test are one (tagli help metrics)";
            format!("Run {} was not scored on the test split: {why}. {how}. t shows the validation split.", view.id)
        }
        true => "The test split is scored once, when the run ends. t shows the validation split.".to_owned(),
    }
}

/// All labels together, as a row.
fn all(counted: &Counted<'_>) -> LabelScores {
    let scores = counted.all;
    let support = counted.support().unwrap_or(0);
    let found = counted.labels.and_then(|labels| labels.values().map(|scores| scores.found).sum());
    LabelScores { precision: scores.precision, recall: scores.recall, f1: scores.f1, support, found }
}

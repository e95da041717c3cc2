//! The list of runs: newest first, with what each reached and what it takes on the disk.

use ratatui::layout::Rect;

use crate::{
    app::{state::SizeClass, train::form},
    runs::RunSummary,
    text::{
        number::{bytes, grouped, with_noun},
        width,
    },
};

use super::{
    super::{
        Target,
        paint::{bottom, clock, share, top},
    },
    Canvas,
};

/// Rows about the run under the cursor.
const ABOUT: u16 = 4;

/// A column: its title, its width, the width of the list from which it is shown, and whether it ends at its right edge.
const COLUMNS: [(&str, u16, u16, bool); 7] = [
    ("started", 16, 50, false),
    ("state", 10, 0, false),
    ("epochs", 9, 70, true),
    ("steps", 13, 100, true),
    ("took", 8, 100, true),
    ("word F1", 8, 0, true),
    ("size", 9, 60, true),
];

impl Canvas<'_> {
    pub(super) fn runs_page(&mut self, area: Rect) {
        let train = &self.state.train;
        if train.runs.is_empty() {
            let text = "No runs yet. s starts one with the settings shown under r; every run stays here with its \
                        curves, its log and its model until it is removed.";
            self.paragraph(area, text, self.theme.text);
            return;
        }
        let about = if self.class() < SizeClass::Standard { 2 } else { ABOUT + 1 };
        let (list, about) = bottom(area, about);
        self.table(list, Some(train.run_row));
        self.painter.rule(about, self.theme.border);
        if let Some(run) = train.runs.get(train.run_row) {
            self.about_run(run, top(about, 1).1);
        }
    }

    /// The newest runs, beside the settings.
    pub(super) fn latest_runs(&mut self, area: Rect) {
        if self.state.train.runs.is_empty() {
            self.painter.text(area.x, area.y, area.width, "no runs yet; s starts one", self.theme.muted);
        } else {
            self.table(area, None);
        }
    }

    /// The table of runs; `row` is the row of the cursor.
    fn table(&mut self, area: Rect, row: Option<usize>) {
        let train = &self.state.train;
        let columns: Vec<_> = COLUMNS.iter().filter(|(_, _, from, _)| area.width >= *from).collect();
        let used: u16 = columns.iter().map(|(_, wide, ..)| wide + 1).sum();
        let name = area.width.saturating_sub(used + 2);
        let (head, list) = top(area, 1);
        let total: u64 = train.runs.iter().map(|run| run.bytes).sum();
        let title = format!("{}, {}", with_noun(train.runs.len(), "run"), bytes(total));
        self.painter.text(head.x, head.y, name + 2, &title, self.theme.accent);
        let mut x = head.x + name + 2;
        for (title, wide, _, right) in &columns {
            let start = if *right { x + 1 + wide - cells(title).min(*wide) } else { x + 1 };
            self.painter.text(start, head.y, *wide, title, self.theme.muted);
            x += wide + 1;
        }
        let rows = usize::from(list.height.max(1));
        let first = row.map_or(0, |row| row.saturating_sub(rows / 2).min(train.runs.len().saturating_sub(rows)));
        for (y, (at, run)) in (list.top()..list.bottom()).zip(train.runs.iter().enumerate().skip(first)) {
            let mark = match () {
                () if train.view.as_ref().is_some_and(|view| view.id == run.id) => ">",
                () if train.other.as_ref().is_some_and(|other| other.id == run.id) => "=",
                () => " ",
            };
            self.painter.text(list.x, y, 1, mark, self.theme.accent);
            self.painter.text(list.x + 2, y, name, &run.id, self.theme.text);
            let mut x = list.x + name + 2;
            for (title, wide, _, right) in &columns {
                self.cell(run, title, Rect::new(x + 1, y, *wide, 1), *right);
                x += wide + 1;
            }
            if row == Some(at) {
                self.painter.mark_row(list, y, self.theme.selection);
            }
            if row.is_some() {
                self.hits.add(Rect { y, height: 1, ..list }, Target::Row(at));
            }
        }
    }

    fn cell(&mut self, run: &RunSummary, column: &str, area: Rect, right: bool) {
        let status = &run.status;
        let best = self.state.train.runs.iter().filter_map(|run| run.word_f1).fold(0.0, f64::max);
        let (text, style) = match column {
            "started" => (run.when.clone(), self.theme.text),
            "state" => (status.phase.name().to_owned(), self.phase_style(status.phase)),
            "epochs" => (format!("{:.1}/{}", status.epoch, status.epochs), self.theme.text),
            "steps" => (format!("{}/{}", grouped(status.step), grouped(status.steps)), self.theme.text),
            "took" => (clock(status.seconds), self.theme.text),
            "size" => (bytes(run.bytes), if run.has_model { self.theme.text } else { self.theme.muted }),
            _ => {
                // The place of the star stays free, so that the points stand below each other.
                let star = if run.word_f1.is_some_and(|f1| f1 >= best && best > 0.0) { "*" } else { " " };
                (run.word_f1.map_or_else(|| "- ".to_owned(), |f1| format!("{}{star}", share(f1))), self.theme.text)
            }
        };
        if right {
            self.painter.text_before(area.right(), area.y, area.width, &text, style);
        } else {
            self.painter.text(area.x, area.y, area.width, &text, style);
        }
    }

    /// What the run under the cursor was started with and on.
    fn about_run(&mut self, run: &RunSummary, area: Rect) {
        let mut text = settings_words(run);
        if let Some(data) = &run.data {
            let [train, valid, test] = data.documents.map(grouped);
            let name = if data.annotator.is_empty() { String::new() } else { format!(" by {}", data.annotator) };
            text.push_str(&format!("; {train} documents in train, {valid} in valid, {test} in test, tagged{name}"));
        }
        text.push_str(match (run.has_model, run.status.phase.is_over()) {
            (true, _) => "; has a model",
            (false, true) => "; no model",
            (false, false) => "",
        });
        let message = &run.status.message;
        let style = self.phase_style(run.status.phase);
        // Two rows: all of it stands on the run's own page.
        let used = if message.is_empty() { 0 } else { self.paragraph(top(area, 2).0, message, style) };
        self.paragraph(top(area, used).1, &text, self.theme.text);
    }
}

impl Canvas<'_> {
    /// The question before a run is removed: what goes with it.
    pub(in super::super) fn remove_text(&self, id: &str) -> String {
        let train = &self.state.train;
        let Some(run) = train.info(id) else { return format!("{id} is gone already. esc goes back.") };
        let f1 = run.word_f1.map(|f1| format!(", F1 per word {}", share(f1))).unwrap_or_default();
        let mut text = format!("Remove {id} of {}{f1}? {} on disk: its curves, its log", run.when, bytes(run.bytes));
        text.push_str(if run.has_model { " and its model go for good." } else { " go for good; it has no model." });
        if self.state.suggester().is_some_and(|suggests| suggests.id == run.id) {
            let next = self.state.suggester_without(&run.id);
            text.push_str(&next.map_or_else(
                || " No other run has a model, so nothing is suggested then.".to_owned(),
                |next| format!(" Suggestions then come from {}.", next.id),
            ));
        }
        text + " y removes it, esc keeps it."
    }
}

/// The settings of a run in a line, most telling first.
pub(super) fn settings_words(run: &RunSummary) -> String {
    let Some(settings) = &run.settings else {
        return format!("{}: its settings cannot be read", run.id);
    };
    let rows = form::ROWS.iter().skip(1).filter(|row| row.name != "device");
    let words: Vec<String> = rows.map(|row| format!("{} {}", row.name, row.get(settings))).collect();
    words.join(", ")
}

fn cells(text: &str) -> u16 {
    u16::try_from(width::width(text)).unwrap_or(u16::MAX)
}

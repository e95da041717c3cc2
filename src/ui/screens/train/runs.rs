//! The list of runs: newest first, with the score of each and its size on disk.

use ratatui::layout::Rect;

use crate::{
    app::{screen::SizeClass, screens::train::form},
    runs::RunSummary,
    text::{
        number::{bytes, grouped, with_noun},
        width,
    },
    ui::{
        Canvas, Target,
        paint::{bottom, clock, share, top},
    },
};

/// Rows about the run under the cursor.
const ABOUT: u16 = 4;

/// Columns: title, width, list width from which it is shown, and alignment.
/// Alignment: whether the text ends at the column's right edge.
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
        let runs = &self.state.session.runs.list;
        if runs.is_empty() {
            let text = "No runs yet. s starts one with the settings shown under r; every run stays here with its \
                        curves, its log and its model until it is removed.";
            self.paragraph(area, text, self.theme.text);
            return;
        }
        let about = if self.class() < SizeClass::Standard { 2 } else { ABOUT + 1 };
        let (list, about) = bottom(area, about);
        let row = self.state.train.run_row;
        self.run_table(list, Some(row));
        self.painter.rule(about, self.theme.border);
        if let Some(run) = runs.get(row) {
            self.about_run(run, top(about, 1).1);
        }
    }

    /// The newest runs, beside the settings.
    pub(super) fn latest_runs(&mut self, area: Rect) {
        if self.state.session.runs.list.is_empty() {
            self.painter.text(area.x, area.y, area.width, "no runs yet; s starts one", self.theme.muted);
        } else {
            self.run_table(area, None);
        }
    }

    /// The table of runs; `row` is the row of the cursor.
    fn run_table(&mut self, area: Rect, row: Option<usize>) {
        let runs = &self.state.session.runs;
        let columns: Vec<_> = COLUMNS.iter().filter(|(_, _, from, _)| area.width >= *from).collect();
        let used: u16 = columns.iter().map(|(_, wide, ..)| wide + 1).sum();
        let name = area.width.saturating_sub(used + 2);
        let (head, list) = top(area, 1);
        let total: u64 = runs.list.iter().map(|run| run.bytes).sum();
        let title = format!("{}, {}", with_noun(runs.list.len(), "run"), bytes(total));
        self.painter.text(head.x, head.y, name + 2, &title, self.theme.accent);
        let mut x = head.x + name + 2;
        for (title, wide, _, right) in &columns {
            let start = if *right { x + 1 + wide - cells(title).min(*wide) } else { x + 1 };
            self.painter.text(start, head.y, *wide, title, self.theme.muted);
            x += wide + 1;
        }
        let rows = usize::from(list.height.max(1));
        let first = row.map_or(0, |row| row.saturating_sub(rows / 2).min(runs.list.len().saturating_sub(rows)));
        for (y, (at, run)) in (list.top()..list.bottom()).zip(runs.list.iter().enumerate().skip(first)) {
            self.painter.text(list.x, y, 1, self.run_mark(run), self.theme.accent);
            self.painter.text(list.x + 2, y, name, &run.id, self.theme.text);
            let mut x = list.x + name + 2;
            for (title, wide, _, right) in &columns {
                self.run_cell(run, title, Rect::new(x + 1, y, *wide, 1), *right);
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

    /// The sign before a run: `>` for the followed one, `=` for those beside it.
    fn run_mark(&self, run: &RunSummary) -> &'static str {
        let followed = self.state.session.runs.followed.as_ref().map(|view| &view.id);
        let is_beside = self.state.train.others.iter().any(|other| other.view.id == run.id);
        if followed == Some(&run.id) {
            ">"
        } else if is_beside {
            "="
        } else {
            " "
        }
    }

    fn run_cell(&mut self, run: &RunSummary, column: &str, area: Rect, right: bool) {
        let status = &run.status;
        let best = self.state.session.runs.list.iter().filter_map(|run| run.word_f1).fold(0.0, f64::max);
        let (text, style) = match column {
            "started" => (run.when.clone(), self.theme.text),
            "state" => (status.phase.name().to_owned(), self.phase_style(status.phase)),
            "epochs" => (format!("{:.1}/{}", status.epoch, status.epochs), self.theme.text),
            "steps" => (format!("{}/{}", grouped(status.step), grouped(status.steps)), self.theme.text),
            "took" => (clock(status.seconds), self.theme.text),
            "size" => (bytes(run.bytes), if run.has_model { self.theme.text } else { self.theme.muted }),
            _ => {
                // The column of the star stays free, so that the points are aligned.
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

    /// Settings and data of the run under the cursor.
    fn about_run(&mut self, run: &RunSummary, area: Rect) {
        let mut text = settings_words(run);
        if let Some(data) = &run.data {
            let train = with_noun(data.documents[0], "document");
            let [_, valid, test] = data.documents.map(grouped);
            let name = if data.annotator.is_empty() { String::new() } else { format!(" by {}", data.annotator) };
            text.push_str(&format!("; {train} in train, {valid} in valid, {test} in test, tagged{name}"));
        }
        text.push_str(match (run.has_model, run.status.phase.is_over()) {
            (true, _) => "; has a model",
            (false, true) => "; no model",
            (false, false) => "",
        });
        let message = &run.status.message;
        let style = self.phase_style(run.status.phase);
        // Two rows: the page of the run shows all of it.
        let used = if message.is_empty() { 0 } else { self.paragraph(top(area, 2).0, message, style) };
        self.paragraph(top(area, used).1, &text, self.theme.text);
    }
}

/// The settings of a run in a line, the most important first.
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

//! The end of a run's log, scrollable.

use crate::text::{width::Glyphs, wrap::TextLayout};

use super::{
    super::{
        command::Command,
        effect::Effect,
        list,
        state::{Size, State},
    },
    Page,
};

/// The log that is shown.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// The run's folder name.
    pub run: String,
    /// Its last lines; why there are none; `None` while they are read.
    pub lines: Option<Result<Vec<String>, String>>,
    /// The first row shown; `None` keeps the end in sight while the log grows.
    top: Option<usize>,
    generation: u64,
}

/// Cells of a log's row on a screen of this size.
pub fn columns(size: Size) -> usize {
    usize::from(size.columns).saturating_sub(2).max(1)
}

/// Rows of a log on a screen of this size: all but status line, title, key line and two hairlines.
pub fn height(size: Size) -> usize {
    usize::from(size.rows).saturating_sub(5).max(1)
}

impl Log {
    /// The lines as rows of `columns` cells; what is carried over is set in.
    pub fn rows(&self, columns: usize, glyphs: Glyphs) -> Vec<String> {
        const INDENT: &str = "  ";
        let Some(Ok(lines)) = &self.lines else { return Vec::new() };
        let mut rows = Vec::new();
        for line in lines {
            let layout = TextLayout::new(line, columns.saturating_sub(INDENT.len()).max(1), glyphs);
            for (at, part) in layout.lines().iter().enumerate() {
                let indent = if at == 0 { "" } else { INDENT };
                rows.push(format!("{indent}{}", part.range.of(line).trim_end()));
            }
        }
        rows
    }

    /// The first row shown, of `rows`, with room for `height`.
    pub fn top(&self, rows: usize, height: usize) -> usize {
        let last = rows.saturating_sub(height);
        self.top.map_or(last, |top| top.min(last))
    }
}

/// Shows the followed run's log, or goes back to its curves.
pub(super) fn toggle(state: &mut State) -> Vec<Effect> {
    if state.train.page == Page::Log {
        state.train.page = Page::Run;
        return Vec::new();
    }
    let Some(run) = state.train.view.as_ref().map(|view| view.id.clone()) else { return Vec::new() };
    state.train.page = Page::Log;
    state.train.log = Log { run, ..Log::default() };
    ask(state)
}

/// Reads the log that is shown again.
pub(super) fn ask(state: &mut State) -> Vec<Effect> {
    if state.train.page != Page::Log {
        return Vec::new();
    }
    let generation = state.next_generation();
    state.train.log.generation = generation;
    vec![Effect::ReadLog { generation, run: state.train.log.run.clone() }]
}

pub(in super::super) fn answered(state: &mut State, generation: u64, lines: Result<Vec<String>, String>) {
    let log = &mut state.train.log;
    if log.generation == generation {
        log.lines = Some(lines);
    }
}

/// Scrolls.
pub(super) fn scroll(state: &mut State, command: Command) {
    let height = height(state.size);
    let rows = state.train.log.rows(columns(state.size), state.glyphs).len();
    let (last, top) = (rows.saturating_sub(height), state.train.log.top(rows, height));
    let to = list::moved(command, top, last + 1, height).unwrap_or(top);
    state.train.log.top = (to < last).then_some(to);
}

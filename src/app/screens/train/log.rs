//! The end of a run's log as rows that scroll.

use crate::{
    app::{command::Command, list, screen::Size},
    text::{width::Glyphs, wrap::TextLayout},
};

/// The log that is shown.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// Folder name of the run.
    pub run: String,
    /// Its last lines, or why there are none; `None` while they are being read.
    pub lines: Option<Result<Vec<String>, String>>,
    /// First row shown; `None` keeps the end in sight while the log grows.
    top: Option<usize>,
    /// Generation of the newest request for the lines.
    pub(super) generation: u64,
}

/// Columns of a log on a screen of this size.
pub fn columns(size: Size) -> usize {
    usize::from(size.columns).saturating_sub(2).max(1)
}

/// Rows of a log on a screen of this size.
/// All but status line, title, key line and two hairlines.
pub fn height(size: Size) -> usize {
    usize::from(size.rows).saturating_sub(5).max(1)
}

impl Log {
    /// The log of a run, before it is read.
    pub(super) fn of(run: String) -> Self {
        Self { run, ..Self::default() }
    }

    /// The lines, wrapped to rows of `columns` cells; continued rows are indented.
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

    /// The first row shown of `rows`, with room for `height`.
    pub fn top(&self, rows: usize, height: usize) -> usize {
        let last = rows.saturating_sub(height);
        self.top.map_or(last, |top| top.min(last))
    }

    /// Scrolls.
    pub(super) fn scroll(&mut self, command: Command, size: Size, glyphs: Glyphs) {
        let height = height(size);
        let rows = self.rows(columns(size), glyphs).len();
        let top = self.top(rows, height);
        let last = rows.saturating_sub(height);
        let to = list::moved(command, top, last + 1, height).unwrap_or(top);
        self.top = (to < last).then_some(to);
    }
}

//! Move commands, the same in every list and every page that scrolls.

use std::any::TypeId;

use super::command::{Command, CommandInfo, Context};

/// Default keys of a list.
pub(super) const KEYS: &[(Command, &str)] =
    &[(Command::Up, "up k"), (Command::Down, "down j"), (Command::First, "home g"), (Command::Last, "end G")];

/// Default keys of a list that may be longer than the screen.
pub(super) const PAGED: &[(Command, &str)] = &[
    (Command::Up, "up k"),
    (Command::Down, "down j"),
    (Command::PageUp, "pageup"),
    (Command::PageDown, "pagedown"),
    (Command::First, "home g"),
    (Command::Last, "end G"),
];

/// The cursor of a list.
pub struct ListCursor<'a> {
    /// Row of the cursor.
    pub row: &'a mut usize,
    /// Number of rows.
    pub rows: usize,
    /// Number of rows that fit on the screen.
    pub page: usize,
}

impl ListCursor<'_> {
    /// Moves the cursor. False if the command is not a move.
    pub fn travel(self, command: Command) -> bool {
        let to = moved(command, *self.row, self.rows, self.page);
        *self.row = to.unwrap_or(*self.row);
        to.is_some()
    }
}

/// Returns the row to which a command goes from row `at` of a list.
/// The list has `rows` rows, of which `page` fit on the screen. `None` for a command that is not a move. In an empty
/// list it is row 0.
pub(super) fn moved(command: Command, at: usize, rows: usize, page: usize) -> Option<usize> {
    let last = rows.saturating_sub(1);
    let to = match command {
        Command::Up => at.min(last).saturating_sub(1),
        Command::Down => at.saturating_add(1),
        Command::PageUp => at.min(last).saturating_sub(page),
        Command::PageDown => at.saturating_add(page),
        Command::First => 0,
        Command::Last => last,
        _ => return None,
    };
    Some(to.min(last))
}

/// Rows of the command table for the moves of a panel.
/// Each has its default keys in `context`.
pub(super) fn infos(
    context: Context,
    keys: &'static [(Command, &'static str)],
    owner: TypeId,
) -> impl Iterator<Item = CommandInfo> {
    keys.iter().filter_map(move |(command, keys)| {
        let (name, doc) = words(*command)?;
        Some(CommandInfo { command: *command, name, hint: "", doc, keys: vec![(context, *keys)], owner })
    })
}

/// Name and sentence of a move command.
pub(super) fn words(command: Command) -> Option<(&'static str, &'static str)> {
    Some(match command {
        Command::Up => ("up", "Go up by a line"),
        Command::Down => ("down", "Go down by a line"),
        Command::PageUp => ("page-up", "Go up by a page"),
        Command::PageDown => ("page-down", "Go down by a page"),
        Command::First => ("first", "Go to the start"),
        Command::Last => ("last", "Go to the end"),
        _ => return None,
    })
}

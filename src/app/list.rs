//! How the keys for moves go through every list and every page that is scrolled.

use super::command::Command;

/// The row to which a command goes from row `at` of so many `rows`, `page` of which are in sight; `None` for a command that is
/// no move in a list. Without rows it is the first one.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_stay_in_the_list() {
        let to = |command, at| moved(command, at, 10, 4);
        assert_eq!([Command::Up, Command::Down].map(|command| to(command, 0)), [Some(0), Some(1)]);
        assert_eq!([Command::Up, Command::Down].map(|command| to(command, 9)), [Some(8), Some(9)]);
        assert_eq!([Command::PageUp, Command::PageDown].map(|command| to(command, 7)), [Some(3), Some(9)]);
        assert_eq!([Command::First, Command::Last].map(|command| to(command, 5)), [Some(0), Some(9)]);
        // The list has become shorter under the cursor.
        assert_eq!((to(Command::Up, 30), to(Command::PageUp, 30)), (Some(8), Some(5)));
        assert_eq!((moved(Command::Down, 0, 0, 4), to(Command::Open, 5)), (Some(0), None));
    }
}

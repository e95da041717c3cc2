//! Texts that fit where there is little room: ids, and how long ago something was.

use crate::text::width::{self, Glyphs};

/// Returns the end of an id, which distinguishes it, in `room` cells.
pub(super) fn tail(id: &str, room: usize, glyphs: Glyphs) -> String {
    if width::width_up_to(id, room + 1) <= room {
        return id.to_owned();
    }
    let ellipsis = glyphs.ellipsis();
    let room = room.saturating_sub(ellipsis.chars().count());
    format!("{ellipsis}{}", width::end_within(id, room, glyphs))
}

/// Returns how long ago something was, in at most seven cells.
pub(super) fn ago(seconds: u64) -> String {
    match seconds {
        ..60 => "now".to_owned(),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        86_400..315_360_000 => format!("{} d", seconds / 86_400),
        _ => format!("{} y", (seconds / 31_536_000).min(9999)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_id_shows_its_end() {
        let id = "mit-train-00096";
        assert_eq!(tail("d1", 8, Glyphs::Unicode), "d1");
        assert_eq!(tail(id, 8, Glyphs::Unicode), "\u{2026}n-00096");
        assert_eq!(tail(id, 8, Glyphs::Ascii), "...00096");
        assert_eq!(tail("\u{5bff}\u{53f8}\u{62c9}\u{9eba}", 4, Glyphs::Unicode), "\u{2026}\u{9eba}");
        assert_eq!(tail("abc", 0, Glyphs::Unicode), "\u{2026}");
    }

    #[test]
    fn how_long_ago_it_was_is_short() {
        let shown = [0, 59, 60, 7199, 86_399, 86_400, 300_000_000, 10_000_000_000, u64::MAX].map(ago);
        assert_eq!(shown, ["now", "now", "1 min", "1 h", "23 h", "1 d", "3472 d", "317 y", "9999 y"]);
    }
}

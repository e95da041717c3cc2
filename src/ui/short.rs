//! Ids that fit where there is little room.

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
}

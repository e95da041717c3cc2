//! Tables, as people write them in Markdown, in columns of text.

use crate::text::{
    width::{Glyphs, width},
    wrap::TextLayout,
};

/// Blanks between two columns.
const GAP: usize = 2;
/// Fewest cells of a column whose text is broken.
const NARROW: usize = 6;

/// Cells of a row; `None` for the rule under the head.
pub(super) fn cells(line: &str) -> Option<Vec<String>> {
    let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
    let is_rule = cells.iter().all(|cell| cell.chars().all(|c| matches!(c, '-' | ':')));
    (!is_rule).then(|| cells.into_iter().map(str::to_owned).collect())
}

/// Lines of a table in at most `room` columns.
/// `None` if there are too many columns for that.
pub(super) fn lines(rows: &[Vec<String>], room: usize) -> Option<Vec<String>> {
    let widths = widths(rows, room)?;
    let mut lines = Vec::new();
    for row in rows {
        let cells: Vec<Vec<String>> = row.iter().zip(&widths).map(|(cell, wide)| broken(cell, *wide)).collect();
        for at in 0..cells.iter().map(Vec::len).max().unwrap_or(0) {
            let mut line = String::new();
            for (cell, wide) in cells.iter().zip(&widths) {
                let text = cell.get(at).map_or("", String::as_str);
                line.push_str(text);
                line.push_str(&" ".repeat(wide.saturating_sub(width(text)) + GAP));
            }
            lines.push(line.trim_end().to_owned());
        }
    }
    Some(lines)
}

/// Widths of the columns: as wide as their text, the widest narrower if there is no room for all.
fn widths(rows: &[Vec<String>], room: usize) -> Option<Vec<usize>> {
    let columns = rows.iter().map(Vec::len).max()?;
    let room = room.checked_sub(GAP * columns.saturating_sub(1))?;
    let widest = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| width(cell)).max().unwrap_or(0);
    let mut widths: Vec<usize> = (0..columns).map(|at| widest(at).min(room)).collect();
    while widths.iter().sum::<usize>() > room {
        let wide = widths.iter_mut().max()?;
        *wide = wide.checked_sub(1).filter(|wide| *wide >= NARROW)?;
    }
    Some(widths)
}

fn broken(cell: &str, room: usize) -> Vec<String> {
    let layout = TextLayout::new(cell, room.max(1), Glyphs::Unicode);
    layout.lines().iter().map(|line| line.range.of(cell).trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str, room: usize) -> Option<Vec<String>> {
        lines(&text.lines().filter_map(cells).collect::<Vec<_>>(), room)
    }

    #[test]
    fn columns_are_aligned_and_the_widest_is_broken() {
        let text = "| key | label | for example |\n| --- | :-: | --- |\n| 1 | Dish | tacos al pastor, coffee |\n| 2 | Price | cheap |";
        let wide = table(text, 60).unwrap();
        assert_eq!(wide, ["key  label  for example", "1    Dish   tacos al pastor, coffee", "2    Price  cheap"]);
        let narrow = table(text, 28).unwrap();
        assert_eq!(
            narrow,
            ["key  label  for example", "1    Dish   tacos al pastor,", "            coffee", "2    Price  cheap"]
        );
        assert!(narrow.iter().all(|line| width(line) <= 28));
        assert_eq!(table(text, 10), None);
        assert_eq!(table("", 10), None);
    }
}

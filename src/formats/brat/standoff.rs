//! Lines of brat's annotation files.

use std::collections::HashSet;

use crate::{
    formats::{dangling::find_dangling, decode},
    text::{CharRange, OffsetMap, TextRange},
};

/// A labelled span of text: `T1<tab>Dish 0 5;16 23<tab>fish tacos`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TextBound<'a> {
    pub(super) id: &'a str,
    pub(super) label: &'a str,
    /// Parts in the order of the file, at least one. The unit is code points, if the file is as brat writes it.
    pub(super) parts: Vec<CharRange>,
    /// Copy of the text of the parts.
    pub(super) text: &'a str,
}

impl<'a> TextBound<'a> {
    /// Parses a line; `None` if it is of another kind.
    ///
    /// # Errors
    /// It begins as a span and goes on otherwise.
    pub(super) fn parse(line: &'a str) -> Result<Option<Self>, &'static str> {
        if !line.starts_with('T') {
            return Ok(None);
        }
        let mut columns = line.splitn(3, '\t');
        let id = columns.next().unwrap_or_default();
        let (label, offsets) =
            columns.next().and_then(|middle| middle.split_once(' ')).ok_or("no label and offsets")?;
        let parts: Option<Vec<CharRange>> = offsets.trim().split(';').map(part).collect();
        let parts = parts.ok_or("offsets that are no numbers")?;
        if label.is_empty() {
            return Err("no label");
        }
        Ok(Some(Self { id, label, parts, text: columns.next().unwrap_or_default() }))
    }

    /// Bytes of the parts.
    pub(super) fn ranges(&self, map: &OffsetMap) -> Option<Vec<TextRange>> {
        let ranges: Option<Vec<TextRange>> = self.parts.iter().map(|part| map.from_chars(*part).ok()).collect();
        ranges.filter(|ranges| ranges.iter().all(|range| !range.is_empty()))
    }

    /// Whether the copy has the text of these ranges. A line without a copy has none that differs.
    pub(super) fn fits(&self, ranges: &[TextRange], text: &str) -> bool {
        let shown = shown_text(ranges, text);
        self.text.is_empty() || without_breaks(self.text).trim_end() == without_breaks(&shown).trim_end()
    }
}

fn part(offsets: &str) -> Option<CharRange> {
    let (start, end) = offsets.trim().split_once(' ')?;
    Some(CharRange { start: start.parse().ok()?, end: end.trim().parse().ok()? })
}

/// Copy of the text of ranges, as brat writes it.
pub(super) fn shown_text(ranges: &[TextRange], text: &str) -> String {
    ranges.iter().map(|range| range.of(text).replace(['\n', '\r'], " ")).collect::<Vec<_>>().join(" ")
}

fn without_breaks(text: &str) -> String {
    text.replace(['\n', '\r', '\t'], " ")
}

/// Range from the first to the last of the parts, and whether there is more than white space between two of them.
pub(super) fn enclosing(ranges: &[TextRange], text: &str) -> (TextRange, bool) {
    let mut sorted = ranges.to_vec();
    sorted.sort_unstable();
    let mut whole = sorted.first().copied().unwrap_or_default();
    let mut has_gap = false;
    for range in sorted {
        let between = TextRange::new(whole.end, range.start);
        has_gap |= !between.of(text).trim().is_empty();
        whole = whole.join(range);
    }
    (whole, has_gap)
}

/// Parts of a range without the line breaks in it, which brat cannot hold.
pub(super) fn parts_of(range: TextRange, text: &str) -> Vec<TextRange> {
    let mut start = range.start;
    let mut parts = Vec::new();
    for line in range.of(text).split(['\n', '\r']) {
        if !line.is_empty() {
            parts.push(TextRange::new(start, start + line.len()));
        }
        start += line.len() + 1;
    }
    parts
}

/// Line of a span.
pub(super) fn line(id: &str, label: &str, ranges: &[TextRange], text: &str, map: &OffsetMap) -> String {
    let offsets: Vec<String> = ranges
        .iter()
        .map(|range| {
            let CharRange { start, end } = map.to_chars(*range);
            format!("{start} {end}")
        })
        .collect();
    format!("{id}\t{label} {}\t{}", offsets.join(";"), shown_text(ranges, text))
}

/// Ids that a line of another kind refers to, and its own.
/// `E1<tab>Order:T1 Thing:T2`, `R1<tab>Of Arg1:T1 Arg2:E1`, `A1<tab>Spicy T1`, `#1<tab>AnnotatorNotes T1<tab>a note`.
pub(super) fn references(line: &str) -> (&str, impl Iterator<Item = &str>) {
    let mut columns = line.split('\t');
    let id = columns.next().unwrap_or_default();
    let words = columns.next().unwrap_or_default().split(' ').filter(|word| !word.is_empty());
    (
        id,
        words.enumerate().filter_map(|(at, word)| match word.rsplit_once(':') {
            Some((_, target)) => Some(target),
            None => (at > 0).then_some(word),
        }),
    )
}

/// Removes the lines that refer to a removed id, and those that refer to such a line. Returns how many.
pub(super) fn remove_dangling<'a>(lines: &mut Vec<&'a str>, removed: HashSet<&'a str>) -> usize {
    let items: Vec<(&str, Vec<&str>)> = lines
        .iter()
        .map(|line| {
            let found = references(line);
            (found.0, found.1.collect())
        })
        .collect();
    let dangling = find_dangling(&items, removed);
    let mut at = 0..;
    lines.retain(|_| at.next().is_none_or(|at| !dangling.contains(&at)));
    dangling.len()
}

/// Labels of the section `[entities]` of an `annotation.conf`, in its order.
pub(super) fn configured_labels(config: &str) -> Vec<&str> {
    let mut labels = Vec::new();
    let mut is_entities = false;
    for (_, line) in decode::lines(config) {
        let line = line.trim();
        if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            is_entities = section.eq_ignore_ascii_case("entities");
            continue;
        }
        // `!` begins a heading of the menu, dashes are a line in it, `<` a macro.
        let name = line.split([' ', '\t', '|']).next().unwrap_or_default();
        if is_entities && !name.is_empty() && !name.starts_with(['#', '!', '-', '<']) && !labels.contains(&name) {
            labels.push(name);
        }
    }
    labels
}

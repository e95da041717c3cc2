//! Parts of a task: the annotation to read, its regions, and their offsets.

use serde_json::{Map, Value};

use crate::text::{CharRange, OffsetMap, TextRange, Utf16Range};

/// Key of the annotations in a task: `completions` in files from before 2021.
pub(super) fn annotations_key(task: &Map<String, Value>) -> &'static str {
    if !task.contains_key("annotations") && task.contains_key("completions") { "completions" } else { "annotations" }
}

/// Index of the annotation to read.
/// The one marked as ground truth, or else the first that was not cancelled.
pub(super) fn chosen_annotation(annotations: &[Value]) -> Option<usize> {
    let truth = annotations.iter().position(|annotation| is_valid(annotation) && is_true(annotation, "ground_truth"));
    truth.or_else(|| annotations.iter().position(is_valid))
}

fn is_valid(annotation: &Value) -> bool {
    annotation.is_object() && !is_true(annotation, "was_cancelled") && !is_true(annotation, "skipped")
}

fn is_true(annotation: &Value, key: &str) -> bool {
    annotation.get(key).and_then(Value::as_bool) == Some(true)
}

/// Whether an item of a result is a labelled span of plain text.
/// It must be on the text object `to_name` if that is given.
pub(super) fn is_text_region(item: &Value, to_name: Option<&str>) -> bool {
    let kind = item.get("type").and_then(Value::as_str);
    let target = item.get("to_name").and_then(Value::as_str);
    // Imports made by hand may have regions without a type.
    let labels = kind == Some("labels") || kind.is_none() && item.pointer("/value/labels").is_some();
    labels && item.get("value").is_some() && (to_name.is_none() || target.is_none() || target == to_name)
}

/// Name of the text object of a result's spans, if no configuration gives it.
///
/// That is the name of the field if any item has it, otherwise the name in the first item.
pub(super) fn text_object_name<'a>(items: &'a [Value], field: &'a str) -> Option<&'a str> {
    let regions = items.iter().filter(|item| is_text_region(item, None));
    let mut names = regions.filter_map(|item| item.get("to_name")?.as_str());
    if names.clone().any(|name| name == field) { Some(field) } else { names.next() }
}

/// Reliability of the offsets of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offsets {
    /// They count code points, and the region's own text does not contradict them.
    Good,
    /// They count UTF-16 units, as the region's own text shows.
    Utf16,
    /// The region's own text differs from the text at its offsets.
    Stale,
}

/// A text with what is needed to place many regions on it.
pub(super) struct RegionText {
    /// Its offsets in all units.
    pub(super) map: OffsetMap,
    /// The text without white space.
    letters: String,
    /// Each stretch of white space, and the number of bytes of white space before it.
    gaps: Vec<(TextRange, usize)>,
}

impl RegionText {
    pub(super) fn new(text: &str) -> Self {
        let mut letters = String::with_capacity(text.len());
        let mut gaps: Vec<(TextRange, usize)> = Vec::new();
        for (at, c) in text.char_indices() {
            let end = at + c.len_utf8();
            match gaps.last_mut() {
                _ if !c.is_whitespace() => letters.push(c),
                Some((gap, _)) if gap.end == at => gap.end = end,
                _ => gaps.push((TextRange::new(at, end), at - letters.len())),
            }
        }
        Self { map: OffsetMap::new(text), letters, gaps }
    }

    /// Whether a copy of the text of a range, in which white space was collapsed or written as `\n`, has its letters.
    ///
    /// Reads only the copy, however long the range is.
    fn has_letters_of(&self, range: TextRange, copy: &str) -> bool {
        let letters = self.letters.get(self.letters_before(range.start)..self.letters_before(range.end));
        let copied = copy.split("\\n").flat_map(str::chars).filter(|c| !c.is_whitespace());
        copied.eq(letters.unwrap_or_default().chars())
    }

    /// Number of bytes before `offset` that are not white space.
    fn letters_before(&self, offset: usize) -> usize {
        let next = self.gaps.partition_point(|(gap, _)| gap.start < offset);
        let Some((gap, before)) = next.checked_sub(1).and_then(|last| self.gaps.get(last)) else { return offset };
        gap.start - before + offset.saturating_sub(gap.end)
    }
}

/// Range of a region in bytes.
///
/// Offsets count code points. Older versions wrote UTF-16 units; the region's own text shows which ones it has.
pub(super) fn region_range(item: &Value, text: &RegionText) -> Result<(TextRange, Offsets), String> {
    let (start, end) = (offset(item, "start")?, offset(item, "end")?);
    let own_text = item.pointer("/value/text").and_then(Value::as_str);
    let fits = |range: TextRange| own_text.is_none_or(|own| text.has_letters_of(range, own));
    let points = text.map.from_chars(CharRange { start, end });
    if let Some(range) = points.ok().filter(|range| !range.is_empty() && fits(*range)) {
        return Ok((range, Offsets::Good));
    }
    let units = text.map.from_utf16(Utf16Range { start, end }).ok();
    if let Some(range) = units.filter(|range| !range.is_empty() && own_text.is_some() && fits(*range)) {
        return Ok((range, Offsets::Utf16));
    }
    let range = points.map_err(|error| error.to_string())?;
    if range.is_empty() { Err("the region is empty".to_owned()) } else { Ok((range, Offsets::Stale)) }
}

fn offset(item: &Value, key: &str) -> Result<usize, String> {
    let number = item.get("value").and_then(|value| value.get(key)).and_then(Value::as_u64);
    let number = number.and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| format!("`{key}` is missing or not an offset"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_copy_has_the_letters_that_the_text_has(text in "[ab \n\u{e9}\u{3000}]{0,20}", copy in "([ab \u{e9}]|\\\\n){0,6}") {
            let region_text = RegionText::new(&text);
            let letters = |text: &str| text.replace("\\n", "\n").split_whitespace().collect::<String>();
            let borders: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
            for (from, start) in borders.iter().enumerate() {
                for end in &borders[from..] {
                    let range = TextRange::new(*start, *end);
                    let own = range.of(&text);
                    prop_assert!(region_text.has_letters_of(range, own));
                    prop_assert_eq!(region_text.has_letters_of(range, &copy), letters(&copy) == letters(own));
                }
            }
        }
    }
}

//! Values of the columns of a file, which show what a column holds: words, word numbers, tags, fillers.

use super::{brackets, numbered_texts::NumberedTexts, row_id::RowId};
use crate::spans::{
    scheme::Tag,
    tag_form::{TagForm, TagRule, is_outside},
};

/// Different values that are counted; a column with more holds words.
const MOST_VALUES: usize = 20_000;
/// Cells from which equal ones are no chance.
const MANY: usize = 10;
/// Labels of chunks (CoNLL-2000), which stand in the column before the entities.
const CHUNKS: [&str; 11] = ["NP", "VP", "PP", "ADVP", "ADJP", "SBAR", "PRT", "CONJP", "INTJ", "LST", "UCP"];

/// What the cells of a column have in common.
#[derive(Default)]
pub(super) struct ColumnValues {
    /// The different values. Empty if there are too many.
    values: NumberedTexts,
    /// How often each of them occurs.
    counts: Vec<usize>,
    has_too_many: bool,
    cells: usize,
    /// Cells with a number that is one more than the number above.
    higher: usize,
    /// Cells with another number that may be the first of a sentence, 0 or 1.
    starts: usize,
    /// Cells with a number of CoNLL-U that counts no word: 1-2, 3.1.
    between: usize,
    /// Cells with digits and signs alone.
    numeric: usize,
    first_number: Option<u64>,
    last_number: Option<u64>,
}

impl ColumnValues {
    /// Adds the next cell of the column.
    pub(super) fn add(&mut self, cell: &str) {
        self.cells += 1;
        // Most cells are words, which begin no number.
        if !cell.as_bytes().first().is_some_and(|byte| is_in_number(*byte)) {
            self.last_number = None;
            self.count_value(cell);
            return;
        }
        self.numeric += usize::from(is_numeric(cell));
        let number = cell.parse::<u64>().ok();
        if number.is_none() && matches!(RowId::read(cell), Some(RowId::Token(..) | RowId::Empty)) {
            self.between += 1;
            self.count_value(cell);
            return;
        }
        let is_higher = number.is_some() && number == after(self.last_number);
        // The first cell that is looked at may stand in the middle of a sentence.
        let is_first = self.cells == self.between + 1;
        let is_start = number.is_some_and(|number| number < 2 || is_first);
        self.higher += usize::from(is_higher);
        self.starts += usize::from(is_start && !is_higher);
        self.last_number = number;
        if is_first {
            self.first_number = number;
        }
        self.count_value(cell);
    }

    /// Adds the cell above the first one.
    pub(super) fn add_above(&mut self, cell: &str) {
        self.cells += 1;
        self.numeric += usize::from(is_numeric(cell));
        let number = cell.parse::<u64>().ok();
        if number.is_some() && self.first_number == after(number) {
            self.higher += 1;
        } else {
            self.starts += usize::from(number.is_some());
        }
        self.count_value(cell);
    }

    fn count_value(&mut self, cell: &str) {
        if self.has_too_many {
            return;
        }
        let known = self.values.find(cell);
        if known.is_none() && self.counts.len() >= MOST_VALUES {
            self.has_too_many = true;
            self.values.clear();
            self.counts.clear();
            return;
        }
        let number = known.unwrap_or_else(|| self.values.number(cell)) as usize;
        match self.counts.get_mut(number) {
            Some(count) => *count += 1,
            None => self.counts.push(1),
        }
    }

    /// The different values, each with the number of its cells.
    fn counted(&self) -> impl Iterator<Item = (&str, usize)> + Clone {
        self.values.texts().iter().map(String::as_str).zip(self.counts.iter().copied())
    }

    /// Whether the column counts the words of each sentence.
    pub(super) fn numbers_words(&self) -> bool {
        self.higher > 0 && self.is_most(self.higher + self.starts + self.between)
    }

    /// Whether nearly all cells are numbers or ranges of numbers, such as offsets or probabilities.
    pub(super) fn is_numeric(&self) -> bool {
        self.is_most(self.numeric)
    }

    /// Whether nearly all cells of many have the same value, such as the name of a text.
    pub(super) fn is_constant(&self) -> bool {
        self.cells >= MANY && self.counts.iter().any(|number| number * 10 >= self.cells * 9)
    }

    /// Whether nearly all cells are placeholders.
    pub(super) fn is_filler(&self) -> bool {
        self.is_most(self.count(|value| matches!(value, "_" | "-" | "-X-" | "")))
    }

    /// Whether a cell has this value, as far as values are counted.
    pub(super) fn has(&self, value: &str) -> bool {
        self.has_too_many || self.has_counted(value)
    }

    fn has_counted(&self, value: &str) -> bool {
        self.counted().any(|(other, _)| other == value)
    }

    /// Whether a tag of the column has this label.
    pub(super) fn has_label(&self, form: TagForm, label: &str) -> bool {
        self.counted().any(|(value, _)| form.read(value).is_some_and(|tag| tag.label() == Some(label)))
    }

    /// Number of different values; `None` if there are too many to count.
    pub(super) fn different(&self) -> Option<usize> {
        (!self.has_too_many).then_some(self.counts.len())
    }

    fn is_most(&self, number: usize) -> bool {
        self.cells > 0 && number * 10 >= self.cells * 9
    }

    fn count(&self, mut which: impl FnMut(&str) -> bool) -> usize {
        self.counted().filter(|(value, _)| which(value)).map(|(_, number)| number).sum()
    }

    /// The tags of the column, whatever it holds. `rule`: how the user wants them to be read.
    pub(super) fn read_as_tags(&self, rule: Option<TagRule>) -> ColumnTags {
        if let Some(tags) = self.read_as_brackets() {
            return tags;
        }
        let form = match rule {
            Some(TagRule::Labels) => TagForm::Label,
            _ => TagForm::of(self.counted()).unwrap_or(TagForm::OURS),
        };
        let inside = self.count(|value| form.reads(value));
        let outside = match form {
            // A label may be anything: only O shows that the others are tags.
            TagForm::Label => self.count(|value| matches!(value, "O" | "o")),
            _ => self.count(is_outside),
        };
        let chunks =
            self.count(|value| matches!(form.read(value), Some(Tag::Inside { label, .. }) if CHUNKS.contains(&label)));
        let has_o = ["O", "o"].iter().any(|o| self.has_counted(o));
        let fitting = if form == TagForm::Label { outside } else { inside + outside };
        let is_enough = self.cells > 0 && fitting * 2 >= self.cells && (has_o || inside > 0);
        let share = if self.cells == 0 { 0.0 } else { ratio(inside + outside, self.cells) };
        let has_chunks = chunks * 2 > inside;
        ColumnTags { form, is_brackets: false, has_spans: inside > 0, has_chunks, is_enough, share }
    }

    /// The tags of a column of brackets. Those of a parsed sentence open several in one cell, and are none.
    fn read_as_brackets(&self) -> Option<ColumnTags> {
        if !self.has_counted("*") {
            return None;
        }
        let fitting = self.count(brackets::is_cell);
        let opening = self.count(|value| value.starts_with('('));
        let nested = self.counted().any(|(value, _)| value.matches('(').count() > 1);
        let chunks = self.count(|value| brackets::label(value).is_some_and(|label| CHUNKS.contains(&label)));
        let share = ratio(fitting, self.cells.max(1));
        (opening > 0 && !nested && self.is_most(fitting)).then_some(ColumnTags {
            form: TagForm::OURS,
            is_brackets: true,
            has_spans: true,
            has_chunks: chunks * 2 > opening,
            is_enough: true,
            share,
        })
    }
}

/// Whether a cell is a number, or two with a hyphen between them. Words such as `nan` are none.
fn is_numeric(cell: &str) -> bool {
    cell.bytes().all(is_in_number) && cell.bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether a byte may stand in a number.
fn is_in_number(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E')
}

fn after(number: Option<u64>) -> Option<u64> {
    number.and_then(|number| number.checked_add(1))
}

/// What a column holds if it is read as tags.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ColumnTags {
    /// Spelling of the tags.
    pub(super) form: TagForm,
    /// Whether spans are brackets instead of tags.
    pub(super) is_brackets: bool,
    /// Whether some tag is one of a span.
    pub(super) has_spans: bool,
    /// Whether the labels are those of chunks, such as `NP`.
    pub(super) has_chunks: bool,
    /// Whether at least half of the cells show that these are tags.
    pub(super) is_enough: bool,
    /// Share of cells that can be read as tags.
    pub(super) share: f64,
}

/// Share of `number` in `all`, which is not 0.
pub(super) fn ratio(number: usize, all: usize) -> f64 {
    let [number, all] = [number, all].map(|n| f64::from(u32::try_from(n).unwrap_or(u32::MAX)));
    number / all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(cells: &[&str]) -> ColumnValues {
        let mut values = ColumnValues::default();
        cells.iter().for_each(|cell| values.add(cell));
        values
    }

    #[test]
    fn numbers_of_words_are_no_words_and_other_numbers_are() {
        assert!(column(&["1", "2", "3", "1", "2"]).numbers_words());
        assert!(column(&["0", "1", "0", "1", "2", "3"]).numbers_words());
        assert!(column(&["3", "4", "1"]).numbers_words(), "from the middle of a sentence");
        assert!(!column(&["12", "7", "a"]).numbers_words() && !column(&[]).numbers_words());
        assert!(!column(&["1", "1", "1"]).numbers_words(), "a score or a count");
        assert!(column(&["1-2", "1", "2", "3", "3.1", "4"]).numbers_words(), "numbers of CoNLL-U");
        assert!(column(&["0-4", "5-6"]).is_numeric() && !column(&["nan", "inf"]).is_numeric());
        assert!(column(&["x"; 10]).is_constant() && !column(&["x"; 9]).is_constant());
        let mut below = column(&["2"]);
        below.add_above("1");
        assert!(below.numbers_words());
        assert!(column(&["_", "_"]).is_filler() && !column(&["_", "NN"]).is_filler());
    }

    #[test]
    fn tags_are_known_by_their_letters_or_by_many_o() {
        let tags = |cells: &[&str]| column(cells).read_as_tags(None);
        assert!(tags(&["B_PER", "I_PER", "O"]).is_enough);
        assert_eq!(tags(&["O", "O", "person-actor", "O"]).form, TagForm::Label);
        assert!(!tags(&["_", "_", "NoSpaceAfter", "_"]).is_enough, "nothing shows that these are tags");
        assert!(!tags(&["Dish", "person", "O"]).is_enough, "too few O");
        assert!(tags(&["B-NP", "I-NP", "O", "B-VP"]).has_chunks && !tags(&["B-NP-2", "B-LOC"]).has_chunks);
        assert!(tags(&["(PER*", "*)", "*"]).is_brackets && !tags(&["(S(NP*", "*))", "*"]).is_brackets);
        assert!(tags(&["(NP*", "*)", "*"]).has_chunks);
        assert!(tags(&["O", "O"]).is_enough && !tags(&["O", "O"]).has_spans);
        assert!(column(&["B-2", "O", "O"]).read_as_tags(Some(TagRule::Labels)).form == TagForm::Label);
    }

    #[test]
    fn many_different_values_take_no_memory_and_are_no_tags() {
        let mut values = ColumnValues::default();
        (0..=MOST_VALUES).for_each(|n| values.add(&format!("B-{n}")));
        assert!(values.counts.is_empty() && !values.read_as_tags(None).is_enough && values.has("anything"));
    }
}

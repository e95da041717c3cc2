//! The different tags of a file, each of which is read once: a file has millions of words and few tags.

use std::collections::HashMap;

use super::layout::ColumnLayout;
use crate::spans::scheme::Tag;

/// Tags after which all are forgotten between two sentences: a file may have another one on each word.
const MOST: usize = 1_000;
/// Slots for the tags that were found last.
const SLOTS: usize = 256;

/// Number of the tag `O` in [`KnownTags`].
pub(super) const OUTSIDE: u32 = 0;

/// A tag of a file.
pub(super) struct KnownTag {
    /// Its spelling.
    pub(super) text: String,
    /// Letter and label; `None` if it stands for no span.
    inside: Option<(char, String)>,
    /// Whether it has several labels.
    pub(super) has_parts: bool,
    /// Whether [`super::sentences::Sentence::note_tags`] has named it.
    pub(super) is_noted: bool,
}

/// Tags of a file by their numbers.
pub(super) struct KnownTags {
    layout: ColumnLayout,
    /// Whether a label may contain the bar, so that a tag has one label.
    keeps_bars: bool,
    list: Vec<KnownTag>,
    numbers: HashMap<String, u32>,
    /// The number that was last found of the tags with equal [`slot`]s.
    slots: [u32; SLOTS],
}

impl KnownTags {
    pub(super) fn new(layout: ColumnLayout, keeps_bars: bool) -> Self {
        let (list, numbers) = Default::default();
        let mut tags = Self { layout, keeps_bars, list, numbers, slots: [OUTSIDE; SLOTS] };
        tags.forget();
        tags
    }

    /// Forgets all tags if they are many. Numbers that were found before are no longer valid.
    pub(super) fn limit(&mut self) {
        if self.list.len() > MOST {
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.list.clear();
        self.numbers.clear();
        self.slots = [OUTSIDE; SLOTS];
        self.add("O");
    }

    /// Number of a tag; `None` if it is no tag of this file.
    pub(super) fn find(&mut self, tag: &str) -> Option<u32> {
        if tag == "O" {
            return (!self.layout.is_brackets).then_some(OUTSIDE);
        }
        let known = self.known(tag);
        if known.is_some() || self.layout.read_tag(tag).is_none() {
            return known;
        }
        Some(self.add(tag))
    }

    /// Number of a tag, whether it can be read or not.
    pub(super) fn number(&mut self, tag: &str) -> u32 {
        self.known(tag).unwrap_or_else(|| self.add(tag))
    }

    fn known(&mut self, tag: &str) -> Option<u32> {
        let slot = slot(tag);
        let last = self.slots.get(slot).copied().unwrap_or(OUTSIDE);
        if self.get(last).is_some_and(|known| known.text == tag) {
            return Some(last);
        }
        let number = self.numbers.get(tag).copied()?;
        self.slots.get_mut(slot).into_iter().for_each(|last| *last = number);
        Some(number)
    }

    fn add(&mut self, tag: &str) -> u32 {
        let form = self.layout.form;
        let read = match form.read(tag) {
            _ if self.keeps_bars && form.has_parts(tag) => form.whole(tag),
            read => read.unwrap_or(Tag::Outside),
        };
        let inside = match read {
            Tag::Inside { prefix, label } if !self.layout.is_brackets => Some((prefix, label.to_owned())),
            _ => None,
        };
        let number = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        let has_parts = form.has_parts(tag);
        self.list.push(KnownTag { text: tag.to_owned(), inside, has_parts, is_noted: number == OUTSIDE });
        self.numbers.insert(tag.to_owned(), number);
        number
    }

    pub(super) fn get(&self, number: u32) -> Option<&KnownTag> {
        self.list.get(usize::try_from(number).ok()?)
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut KnownTag> {
        self.list.get_mut(usize::try_from(number).ok()?)
    }

    /// Spelling of a tag.
    pub(super) fn text(&self, number: u32) -> &str {
        self.get(number).map_or("", |known| &known.text)
    }

    /// A tag as it was read. Of several labels on one word, the first.
    pub(super) fn read(&self, number: u32) -> Tag<'_> {
        match self.get(number).and_then(|known| known.inside.as_ref()) {
            Some((prefix, label)) => Tag::Inside { prefix: *prefix, label },
            None => Tag::Outside,
        }
    }
}

/// Slot of a tag, by its length and its characters at both ends.
fn slot(tag: &str) -> usize {
    let bytes = tag.as_bytes();
    let ends = [bytes.first(), bytes.get(2), bytes.last()];
    let mixed = ends.into_iter().flatten().fold(bytes.len(), |mixed, byte| mixed * 31 + usize::from(*byte));
    mixed % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{TagOptions, conll::layout::Prefer};

    fn tags(text: &str, keeps_bars: bool) -> KnownTags {
        let layout = ColumnLayout::sniff(&text.as_bytes(), Prefer::AfterWord, &TagOptions::default());
        KnownTags::new(layout.unwrap().unwrap(), keeps_bars)
    }

    #[test]
    fn equal_tags_have_one_number_and_are_read_as_the_form_of_the_file_says() {
        let mut known = tags("pad B-Dish\nthai I-Dish\nok O\n", false);
        let dish = known.find("B-Dish").unwrap();
        assert_eq!((known.find("O"), known.find("B-Dish"), known.find("Dish")), (Some(OUTSIDE), Some(dish), None));
        assert_eq!((known.text(dish), known.read(dish)), ("B-Dish", Tag::Inside { prefix: 'B', label: "Dish" }));
        // Tags with one slot stay apart.
        let (one, other) = (known.find("B-Dosh").unwrap(), known.find("B-Dush").unwrap());
        assert_eq!(slot("B-Dosh"), slot("B-Dush"));
        assert_eq!([known.text(one), known.text(other), known.text(dish)], ["B-Dosh", "B-Dush", "B-Dish"]);
        assert_eq!((known.find("B-Dosh"), known.find("B-Dish")), (Some(one), Some(dish)));
        let both = known.find("B-Dish|Food").unwrap();
        assert!(known.get(both).unwrap().has_parts);
        assert_eq!(known.read(both), Tag::Inside { prefix: 'B', label: "Dish" });
        let mut whole = tags("pad B-Dish\nthai I-Dish\nok O\n", true);
        let both = whole.find("B-Dish|Food").unwrap();
        assert_eq!(whole.read(both), Tag::Inside { prefix: 'B', label: "Dish|Food" });
    }

    #[test]
    fn another_tag_on_each_word_takes_no_memory() {
        let mut known = tags("pad B-Dish\nthai I-Dish\nok O\n", false);
        for number in 0..10 * MOST {
            known.find(&format!("B-{number}")).unwrap();
            known.limit();
        }
        assert!(known.list.len() <= MOST + 1 && known.numbers.len() == known.list.len());
        assert_eq!((known.find("O"), known.text(OUTSIDE)), (Some(OUTSIDE), "O"));
    }

    #[test]
    fn a_file_of_brackets_has_no_tag_o() {
        let mut known = tags("a X (PER*\nb X *)\nc X *\nd X (LOC)\n", false);
        assert!(known.layout.is_brackets && known.find("O").is_none());
        let open = known.find("(PER*").unwrap();
        assert_eq!((known.read(open), known.text(open)), (Tag::Outside, "(PER*"));
        assert_eq!(known.number("(PER**)"), known.number("(PER**)"));
    }
}

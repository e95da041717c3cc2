//! The different tags of a file, each of which is read once: a file has millions of words and few tags.

use super::{layout::ColumnLayout, numbered_texts::NumberedTexts};
use crate::spans::scheme::Tag;

/// Tags after which all are forgotten between two sentences: a file may have another one on each word.
const MOST: usize = 1_000;

/// Number of the tag `O` in [`KnownTags`].
pub(super) const OUTSIDE: u32 = 0;

/// A tag of a file as it was read.
struct KnownTag {
    /// Letter and label; `None` if it stands for no span.
    inside: Option<(char, String)>,
    /// Whether it has several labels.
    has_parts: bool,
    /// Whether [`KnownTags::note`] has named it.
    is_noted: bool,
}

/// Tags of a file by their numbers.
pub(super) struct KnownTags {
    layout: ColumnLayout,
    /// Whether a label may contain the bar, so that a tag has one label.
    keeps_bars: bool,
    texts: NumberedTexts,
    list: Vec<KnownTag>,
    /// Whether one of them has several labels.
    have_parts: bool,
}

impl KnownTags {
    pub(super) fn new(layout: ColumnLayout, keeps_bars: bool) -> Self {
        let mut tags =
            Self { layout, keeps_bars, texts: NumberedTexts::default(), list: Vec::new(), have_parts: false };
        tags.forget();
        tags
    }

    /// Number of tags.
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// Forgets all tags if they are many. Numbers that were found before are no longer valid.
    pub(super) fn limit(&mut self) {
        if self.list.len() > MOST {
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.have_parts = false;
        self.list.clear();
        self.texts.clear();
        self.number("O");
    }

    /// Number of a tag; `None` if it is no tag of this file.
    pub(super) fn find(&mut self, tag: &str) -> Option<u32> {
        if tag == "O" {
            return (!self.layout.is_brackets).then_some(OUTSIDE);
        }
        let known = self.texts.find(tag);
        if known.is_some() || self.layout.read_tag(tag).is_none() {
            return known;
        }
        Some(self.number(tag))
    }

    /// Number of a tag, whether it can be read or not.
    pub(super) fn number(&mut self, tag: &str) -> u32 {
        let number = self.texts.number(tag);
        if number as usize >= self.list.len() {
            let new = self.read_new(tag);
            self.have_parts |= new.has_parts;
            self.list.push(new);
        }
        number
    }

    fn read_new(&self, tag: &str) -> KnownTag {
        let form = self.layout.form;
        let read = match form.read(tag) {
            _ if self.keeps_bars && form.has_parts(tag) => form.whole(tag),
            read => read.unwrap_or(Tag::Outside),
        };
        let inside = match read {
            Tag::Inside { prefix, label } if !self.layout.is_brackets => Some((prefix, label.to_owned())),
            _ => None,
        };
        KnownTag { inside, has_parts: form.has_parts(tag), is_noted: tag == "O" }
    }

    fn get(&self, number: u32) -> Option<&KnownTag> {
        self.list.get(number as usize)
    }

    /// Spelling of a tag.
    pub(super) fn text(&self, number: u32) -> &str {
        self.texts.text(number)
    }

    /// A tag as it was read. Of several labels on one word, the first.
    pub(super) fn read(&self, number: u32) -> Tag<'_> {
        match self.get(number).and_then(|known| known.inside.as_ref()) {
            Some((prefix, label)) => Tag::Inside { prefix: *prefix, label },
            None => Tag::Outside,
        }
    }

    /// Whether one of the tags may stand for spans of several labels.
    pub(super) fn may_have_parts(&self) -> bool {
        self.have_parts && !self.keeps_bars
    }

    /// Whether a tag has several labels.
    pub(super) fn has_parts(&self, number: u32) -> bool {
        self.get(number).is_some_and(|known| known.has_parts)
    }

    /// Names a tag with `note`, unless that was done before.
    pub(super) fn note(&mut self, number: u32, note: &mut impl FnMut(&str)) {
        if let Some(known) = self.list.get_mut(number as usize).filter(|known| !known.is_noted) {
            known.is_noted = true;
            note(self.texts.text(number));
        }
    }
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
        let both = known.find("B-Dish|Food").unwrap();
        assert!(known.has_parts(both) && !known.has_parts(dish));
        let mut noted = Vec::new();
        for number in [dish, OUTSIDE, both, dish] {
            known.note(number, &mut |tag: &str| noted.push(tag.to_owned()));
        }
        assert_eq!(noted, ["B-Dish", "B-Dish|Food"]);
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
        assert!(known.len() <= MOST + 1 && known.texts.texts().len() == known.len());
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

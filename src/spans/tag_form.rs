//! Spellings of tags in files.
//!
//! This program writes `B-Dish` and reads whatever is in use: other joins (`B_Dish`), the letter behind the label
//! (`Dish-B`), letters alone (`B`), labels alone (`Dish`), `M-` and `W-` of Chinese corpora, several labels on one word
//! (`B-Dish|Cuisine`). A file has one form, which its tags show together: alone, `B-2` may be a label.

use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use super::scheme::{Scheme, Tag};
use crate::text::names::unknown_name;

/// Label of the spans of a file whose tags are letters alone.
pub const ONLY_LABEL: &str = "Entity";
/// Characters between prefix and label. The hyphen comes first because it is by far the most frequent.
const JOINS: [char; 5] = ['-', '_', ':', '/', '.'];
/// Between several labels of one word.
const BAR: char = '|';

/// Spelling of the tags of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TagForm {
    /// A letter, a join, and a label: `B-Dish`.
    Prefix(char),
    /// A label, a join, and a letter: `Dish-B`.
    Suffix(char),
    /// A letter: `B`. All spans have the label [`ONLY_LABEL`].
    Letter,
    /// A label: `Dish`. Adjacent words with one label are one span.
    Label,
}

impl TagForm {
    /// The form in which this program writes.
    pub const OURS: Self = Self::Prefix('-');

    /// All forms whose tags have letters, the likeliest first.
    fn lettered() -> impl DoubleEndedIterator<Item = Self> {
        JOINS.into_iter().map(Self::Prefix).chain(JOINS.into_iter().map(Self::Suffix)).chain([Self::Letter])
    }

    /// The form of a file, by its different tags and how often each occurs.
    ///
    /// It is the one that most of the tags of spans have, [`Self::Label`] if none fits half of them, and `None` if there are
    /// no tags of spans.
    pub fn of<'a>(tags: impl Iterator<Item = (&'a str, usize)> + Clone) -> Option<Self> {
        let inside: usize = tags.clone().filter(|(tag, _)| !is_outside(tag)).map(|(_, number)| number).sum();
        let fitting =
            |form: &Self| -> usize { tags.clone().filter(|(tag, _)| form.reads(tag)).map(|(_, number)| number).sum() };
        // Of equal ones, the last of the reversed order is the first.
        let best = Self::lettered().rev().max_by_key(fitting)?;
        (inside > 0).then(|| if fitting(&best) * 2 >= inside { best } else { Self::Label })
    }

    /// Whether a tag is one of a span, in this form.
    pub fn reads(self, tag: &str) -> bool {
        matches!(self.read(tag), Some(Tag::Inside { .. }))
    }

    /// Reads a tag; `None` if it is no tag of this form. Of several labels on one word, the first; see [`Self::parts`].
    pub fn read(self, tag: &str) -> Option<Tag<'_>> {
        if is_outside(tag) {
            return Some(Tag::Outside);
        }
        let Some((letter, label)) = self.split(tag) else {
            return (self == Self::Label).then_some(Tag::Inside { prefix: 'I', label: tag });
        };
        let prefix = known_letter(letter)?;
        (!label.is_empty()).then_some(Tag::Inside { prefix, label })
    }

    /// Splits a tag into letter and label; `None` if it has not both.
    fn split(self, tag: &str) -> Option<(&str, &str)> {
        match self {
            Self::Prefix(join) => {
                // All letters and joins are one byte long.
                let labels = tag.get(1..).and_then(|rest| rest.strip_prefix(join));
                let (letter, labels) =
                    labels.and_then(|labels| Some((tag.get(..1)?, labels))).or_else(|| tag.split_once(join))?;
                let end = labels.bytes().position(|byte| byte == BAR as u8);
                Some((letter, end.and_then(|end| labels.get(..end)).unwrap_or(labels)))
            }
            Self::Suffix(join) => tag.rsplit_once(join).map(|(label, letter)| (letter, label)),
            Self::Letter => Some((tag, ONLY_LABEL)),
            Self::Label => None,
        }
    }

    /// Whether a tag has the letter M, which IOB2 and BIOES do not have.
    pub fn is_middle(self, tag: &str) -> bool {
        self.split(tag).is_some_and(|(letter, _)| letter == "M")
    }

    /// Reads the tags of a word that has several labels: `B-Dish|I-Cuisine`, or `B-Dish|Cuisine` with one letter for both.
    pub fn parts(self, tag: &str) -> impl Iterator<Item = Tag<'_>> {
        let letter = match self.read(tag) {
            Some(Tag::Inside { prefix, .. }) => prefix,
            _ => 'I',
        };
        tag.split(BAR).filter(|part| !part.is_empty()).map(move |part| match (self, self.read(part)) {
            (_, Some(read)) => read,
            (_, None) => Tag::Inside { prefix: letter, label: part },
        })
    }

    /// Reads a tag whose label contains the bar.
    pub fn whole(self, tag: &str) -> Tag<'_> {
        let Self::Prefix(join) = self else { return self.read(tag).unwrap_or(Tag::Outside) };
        let label = tag.split_once(join).map_or("", |(_, label)| label);
        match self.read(tag) {
            Some(Tag::Inside { prefix, .. }) => Tag::Inside { prefix, label },
            read => read.unwrap_or(Tag::Outside),
        }
    }

    /// Whether a tag has several labels. Labels alone may contain the bar.
    pub fn has_parts(self, tag: &str) -> bool {
        matches!(self, Self::Prefix(_)) && tag.bytes().any(|byte| byte == BAR as u8)
    }

    /// A tag of this form, for messages.
    pub fn example(self) -> String {
        match self {
            Self::Prefix(join) => format!("B{join}Dish"),
            Self::Suffix(join) => format!("Dish{join}B"),
            Self::Letter => "B".to_owned(),
            Self::Label => "Dish".to_owned(),
        }
    }
}

/// Returns tags in the form in which this program writes them; a label alone becomes a tag inside a span.
/// The tags are all of a model or a file, which together show their form.
pub fn in_our_form(tags: &[String]) -> Vec<String> {
    let form = TagForm::of(tags.iter().map(|tag| (tag.as_str(), 1))).unwrap_or(TagForm::OURS);
    tags.iter().map(|tag| our_tag(tag, form)).collect()
}

fn our_tag(tag: &str, form: TagForm) -> String {
    match form.read(tag).unwrap_or_else(|| Tag::read(tag)) {
        Tag::Outside => "O".to_owned(),
        // A label may contain the bar: a model has one label for each tag.
        Tag::Inside { .. } if form == TagForm::OURS && !form.is_middle(tag) && form.reads(tag) => tag.to_owned(),
        Tag::Inside { prefix, label } => format!("{prefix}-{label}"),
    }
}

/// Whether a tag stands for no span.
pub fn is_outside(tag: &str) -> bool {
    matches!(tag, "O" | "" | "_" | "o")
}

/// The letter of a tag as one of `B I E L S U`.
/// `M` (middle) is `I`, `W` (whole) is `S`, as Chinese corpora write them.
fn known_letter(letter: &str) -> Option<char> {
    match letter {
        "M" => Some('I'),
        "W" => Some('S'),
        "B" | "I" | "E" | "L" | "S" | "U" => letter.chars().next(),
        _ => None,
    }
}

/// Rule by which the tags of a file are to be read, if its user knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Display, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase", ascii_case_insensitive, parse_err_ty = String, parse_err_fn = unknown_rule)]
pub enum TagRule {
    /// IOB2: each span begins with B.
    #[strum(to_string = "bio", serialize = "iob2", serialize = "iob")]
    Bio,
    /// IOB1: B only between two adjacent spans of one label.
    Iob1,
    /// S for single words, E for the last of several.
    #[strum(to_string = "bioes", serialize = "iobes")]
    Bioes,
    /// U for single words, L for the last of several.
    Bilou,
    /// BIOES with M in place of I.
    Bmes,
    /// Labels without letters, even those that look like a letter and a label.
    Labels,
}

impl TagRule {
    /// The scheme of the tags; `None` for labels alone.
    pub fn scheme(self) -> Option<Scheme> {
        match self {
            Self::Bio => Some(Scheme::Bio),
            Self::Iob1 => Some(Scheme::Iob1),
            Self::Bioes | Self::Bmes => Some(Scheme::Bioes),
            Self::Bilou => Some(Scheme::Bilou),
            Self::Labels => None,
        }
    }
}

fn unknown_rule(name: &str) -> String {
    unknown_name("tag scheme", name, TagRule::VARIANTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(prefix: char, label: &str) -> Option<Tag<'_>> {
        Some(Tag::Inside { prefix, label })
    }

    #[test]
    fn a_form_is_chosen_by_all_tags_together() {
        let form = |tags: &[(&'static str, usize)]| TagForm::of(tags.iter().copied());
        assert_eq!(form(&[("O", 90), ("B-Dish", 4), ("I-Dish", 2)]), Some(TagForm::OURS));
        assert_eq!(form(&[("O", 90), ("B_PER", 4), ("I_PER", 2)]), Some(TagForm::Prefix('_')));
        assert_eq!(form(&[("O", 90), ("NAME-B", 4), ("NAME-I", 2)]), Some(TagForm::Suffix('-')));
        assert_eq!(form(&[("O", 90), ("B", 4), ("I", 2)]), Some(TagForm::Letter));
        assert_eq!(form(&[("O", 90), ("person-actor", 4), ("U.S", 1)]), Some(TagForm::Label));
        assert_eq!(form(&[("O", 90), ("B-Dish", 4), ("Dish", 2)]), Some(TagForm::OURS), "two tags are faulty");
        assert_eq!(form(&[("O", 90), ("_", 1)]), None);
    }

    #[test]
    fn every_form_gives_letter_and_label() {
        assert_eq!(TagForm::OURS.read("B-cell_type"), inside('B', "cell_type"));
        assert_eq!(TagForm::OURS.read("M-NAME"), inside('I', "NAME"));
        assert_eq!(TagForm::OURS.read("W-NAME"), inside('S', "NAME"));
        assert_eq!(TagForm::OURS.read("X-NAME"), None);
        assert_eq!(TagForm::OURS.read("B-"), None);
        assert_eq!(TagForm::Prefix('_').read("I_my_label"), inside('I', "my_label"));
        assert_eq!(TagForm::Suffix('-').read("my-label-B"), inside('B', "my-label"));
        assert_eq!(TagForm::Letter.read("E"), inside('E', ONLY_LABEL));
        assert_eq!(TagForm::Label.read("B-2"), inside('I', "B-2"));
        assert!(["O", "", "_"].iter().all(|tag| TagForm::OURS.read(tag) == Some(Tag::Outside)));
    }

    #[test]
    fn tags_of_models_become_tags_of_our_form() {
        let ours = |tags: &[&str]| in_our_form(&tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>());
        assert_eq!(ours(&["O", "B-PER", "I-PER"]), ["O", "B-PER", "I-PER"]);
        assert_eq!(ours(&["O", "PER", "LOC"]), ["O", "I-PER", "I-LOC"]);
        assert_eq!(ours(&["LABEL_0", "LABEL_1"]), ["I-LABEL_0", "I-LABEL_1"]);
        assert_eq!(ours(&["O", "B_PER", "I_PER"]), ["O", "B-PER", "I-PER"]);
        assert_eq!(ours(&["O", "PER-B", "PER-I"]), ["O", "B-PER", "I-PER"]);
        assert_eq!(ours(&["O", "B-X", "M-X", "E-X", "S-X"]), ["O", "B-X", "I-X", "E-X", "S-X"]);
        assert_eq!(ours(&["B", "I", "O"]), ["B-Entity", "I-Entity", "O"]);
        assert_eq!(ours(&["O", "B-A|B", "I-A|B", "MISC"]), ["O", "B-A|B", "I-A|B", "I-MISC"]);
    }

    #[test]
    fn a_word_may_have_several_labels() {
        let parts = |tag: &'static str| TagForm::OURS.parts(tag).collect::<Vec<_>>();
        assert_eq!(parts("B-Dish|I-Cuisine"), [inside('B', "Dish"), inside('I', "Cuisine")].map(Option::unwrap));
        assert_eq!(parts("B-Dish|Cuisine"), [inside('B', "Dish"), inside('B', "Cuisine")].map(Option::unwrap));
        assert_eq!(parts("B-Dish"), [inside('B', "Dish")].map(Option::unwrap));
        assert_eq!(Some(TagForm::OURS.whole("B-Dish|Drink")), inside('B', "Dish|Drink"));
        assert!(TagForm::OURS.has_parts("B-X|Y") && !TagForm::Label.has_parts("X|Y"));
    }
}

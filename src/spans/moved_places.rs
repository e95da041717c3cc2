//! Places of a review list in documents whose text was changed: found again where that is certain, else left out.

use super::{Document, ReviewItem, ReviewList, review::LabelledRange};
use crate::text::{
    OffsetMap, TextRange,
    diff::{Difference, differences, kept},
};

/// Product of a text's bytes and its places above which none is searched. The search goes through the text for each.
const MOST_WORK: usize = 1 << 26;

/// What became of a place.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// Its document is as it was compared.
    Same,
    /// The text was changed, and the place is here now.
    Moved(Box<ReviewItem>),
    /// The place is not certain, or the document is gone.
    Lost,
}

impl ReviewList {
    /// Finds out what became of each place. `find` returns the document with an id.
    pub fn fates<'d>(&self, find: impl Fn(&str) -> Option<&'d Document>) -> Vec<Fate> {
        let documents = self.items.chunk_by(|one, next| one.document == next.document);
        documents.flat_map(|items| fates_in(items, items.first().and_then(|item| find(&item.document)))).collect()
    }

    /// Moves the places that were found again, and leaves out the lost ones: neither listed nor counted as differences.
    pub fn follow(&mut self, fates: Vec<Fate>) {
        let items = std::mem::take(&mut self.items);
        for (item, fate) in items.into_iter().zip(fates) {
            match fate {
                Fate::Same => self.items.push(item),
                Fate::Moved(item) => {
                    self.moved += 1;
                    self.items.push(*item);
                }
                Fate::Lost => self.leave_out(&item),
            }
        }
        self.pairs.retain(|_, count| *count > 0);
    }

    fn leave_out(&mut self, item: &ReviewItem) {
        self.left_out += 1;
        if let Some(count) = self.kinds.get_mut(item.kind as usize) {
            *count = count.saturating_sub(1);
        }
        if let Some(count) = self.pairs.get_mut(&item.shared_labels()) {
            *count = count.saturating_sub(1);
        }
    }
}

/// Fates of places in one document, which was compared as one text.
fn fates_in(items: &[ReviewItem], document: Option<&Document>) -> Vec<Fate> {
    let (Some(document), Some(first)) = (document, items.first()) else { return vec![Fate::Lost; items.len()] };
    if items.iter().all(|item| item.is_of(document)) {
        return vec![Fate::Same; items.len()];
    }
    let work = first.text.len().max(document.text.len()).saturating_mul(items.len());
    let way = (work <= MOST_WORK).then(|| Way::new(&first.text, document));
    let fates = items.iter().map(|item| match &way {
        _ if item.is_of(document) => Fate::Same,
        Some(way) if item.text == first.text => way.item(item).map_or(Fate::Lost, |item| Fate::Moved(Box::new(item))),
        _ => Fate::Lost,
    });
    fates.collect()
}

/// Way of places from the text that was compared to the present one.
struct Way<'a> {
    old: &'a str,
    document: &'a Document,
    maps: [OffsetMap; 2],
    differences: Vec<Difference>,
}

impl<'a> Way<'a> {
    fn new(old: &'a str, document: &'a Document) -> Self {
        let maps = [old, &document.text].map(OffsetMap::new);
        Self { old, document, maps, differences: differences(old, &document.text) }
    }

    /// The place in the present text; `None` unless both sides are certain.
    fn item(&self, item: &ReviewItem) -> Option<ReviewItem> {
        let mut moved = ReviewItem { text: self.document.text.clone(), ..item.clone() };
        for side in [&mut moved.gold, &mut moved.model].into_iter().flatten() {
            *side = self.side(side)?;
        }
        Some(moved)
    }

    /// One side of a place: the same words, which are whole words there, and the same one of all their occurrences.
    fn side(&self, side: &LabelledRange) -> Option<LabelledRange> {
        let new = &self.document.text;
        let [old_map, new_map] = &self.maps;
        let range = new_map.from_chars(kept(old_map.to_chars(side.range), &self.differences)?).ok()?;
        let moved = LabelledRange { range, ..side.clone() };
        let is_same = occurrence(self.old, side.range) == occurrence(new, range);
        (is_same && side.range.of(self.old) == range.of(new) && moved.is_on_words(self.document)).then_some(moved)
    }
}

/// How often the words of a range occur before it, and in the whole text.
fn occurrence(text: &str, range: TextRange) -> (usize, usize) {
    let words = range.of(text);
    if words.is_empty() {
        return (0, 0);
    }
    let before = text.match_indices(words).take_while(|(at, _)| *at < range.start).count();
    (before, text.matches(words).count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        spans::MistakeKind,
        text::{Grid, growth::assert_linear},
    };

    /// A mistake on the words between brackets, which gold and model label.
    fn item(marked: &str) -> ReviewItem {
        let start = marked.find('[').unwrap();
        let end = marked.find(']').unwrap() - 1;
        let side = |label: &str| Some(LabelledRange { range: TextRange::new(start, end), label: label.into() });
        ReviewItem {
            document: "d0".into(),
            text: marked.replace(['[', ']'], "").into(),
            kind: MistakeKind::Label,
            gold: side("Dish"),
            model: side("Price"),
            gold_probability: Some(0.1),
            model_probability: Some(0.9),
            span_score: None,
            suspicion: None,
            change: None,
        }
    }

    /// The text with the place between brackets, after its document got this text.
    fn moved(marked: &str, new: &str) -> Option<String> {
        let document = Document::new("d0", new, Grid::Natural);
        match fates_in(&[item(marked)], Some(&document)).pop()? {
            Fate::Moved(item) => {
                let [gold, model] = [&item.gold, &item.model].map(|side| side.as_ref().map(|side| side.range));
                assert!(item.is_of(&document) && gold == model);
                let range = model?;
                Some(format!("{}[{}]{}", &new[..range.start], range.of(new), &new[range.end..]))
            }
            Fate::Same => Some("same".to_owned()),
            Fate::Lost => None,
        }
    }

    #[test]
    fn a_place_follows_its_words() {
        for (old, new) in [
            ("the [fish tacos] were cheap", "so the [fish tacos] were cheap"),
            ("the caf\u{e9} has [fish tacos]", "the cafe has [fish tacos] and beer"),
            ("good tacos, [tacos] again", "good tacos, no, [tacos] again"),
        ] {
            assert_eq!(moved(old, &new.replace(['[', ']'], "")).as_deref(), Some(new), "{old}");
        }
        assert_eq!(moved("the [fish tacos]", "the fish tacos").as_deref(), Some("same"));
    }

    #[test]
    fn a_place_that_is_not_certain_is_left_out() {
        for (old, new) in [
            ("the [fish tacos] were cheap", "the fish taco were cheap"),
            ("the [fish tacos] were cheap", "the tacos were cheap"),
            ("the [fish tacos] were cheap", "another review"),
            // One of two is gone: which one, nobody knows.
            ("good [tacos], cheap tacos", "good tacos"),
            // The words are a part of another one now.
            ("a [fish] here", "a fishy here"),
        ] {
            assert_eq!(moved(old, new), None, "{old} / {new}");
        }
        assert_eq!(fates_in(&[item("[fish]")], None), [Fate::Lost], "the document is gone");
    }

    #[test]
    fn lost_places_are_counted_as_left_out_and_no_longer_as_differences() {
        let mut list = ReviewList::default();
        for (at, place) in ["[fish] soup", "cheap [beer]"].into_iter().enumerate() {
            list.add(ReviewItem { document: format!("d{at}").into(), ..item(place) }, 9);
        }
        let texts = ["cold fish soup", "cheap wine"].map(|text| Document::new("d", text, Grid::Natural));
        let fates = list.fates(|id| texts.get(usize::from(id == "d1")));
        list.follow(fates);
        assert_eq!((list.items.len(), list.moved, list.left_out, list.total()), (1, 1, 1, 1));
        assert_eq!(list.pairs[&[Some("Dish".into()), Some("Price".into())]], 1);
        assert_eq!(list.items[0].range().of(&list.items[0].text), "fish");
    }

    #[test]
    fn the_time_grows_with_the_places_of_the_text_up_to_a_limit() {
        let of = |n: usize| {
            let text: String = (0..n).map(|at| format!("word{at} ")).collect();
            let document = Document::new("d0", format!("and {text}"), Grid::Natural);
            let end = "word0".len();
            let one = item(&format!("[{}]{}", &text[..end], &text[end..]));
            (vec![one; 8], document)
        };
        assert_linear(2_000, of, |(items, document)| {
            assert!(fates_in(items, Some(document)).iter().all(|fate| matches!(fate, Fate::Moved(_))));
        });
        let (items, document) = of(20_000);
        let many = vec![items[0].clone(); 1000];
        assert!(fates_in(&many, Some(&document)).iter().all(|fate| *fate == Fate::Lost), "too much to search");
    }
}

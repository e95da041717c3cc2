//! Labels of a project.
//! They have stable ids, changeable names, keys, tag letters and colour roles.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::label_index::LabelIndex;

/// Identity of a label inside one project. Journals hold ids, so renaming a label rewrites nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LabelId(pub u32);

/// Label of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Stable identity.
    pub id: LabelId,
    /// Name, as in files (`Restaurant_Name`).
    pub name: String,
    /// Key that gives this label; a digit for the first nine.
    pub key: Option<char>,
    /// One to four letters, shown where the name does not fit.
    pub tag: String,
    /// Colour role: index into the label colours of the theme.
    pub color: u8,
    /// Guideline for annotators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guide: Option<String>,
}

/// Removed, merged or renamed label.
/// Its id is kept because journals may contain it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetiredLabel {
    /// Identity, which no other label gets.
    pub id: LabelId,
    /// Former name.
    pub name: String,
    /// Label into which it was merged: its spans have that label now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into: Option<LabelId>,
}

/// Labels of a project, in their order on the label bar.
#[derive(Clone, Debug, Default)]
pub struct LabelSet {
    labels: Vec<Label>,
    retired: Vec<RetiredLabel>,
    index: LabelIndex,
}

/// Compares the labels, from which the index follows.
impl PartialEq for LabelSet {
    fn eq(&self, other: &Self) -> bool {
        let Self { labels, retired, index: _ } = self;
        *labels == other.labels && *retired == other.retired
    }
}

impl Eq for LabelSet {}

/// Change of a label set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelChange {
    /// Adds a label with this name at the end.
    Add(String),
    /// Renames a label; spans keep their label.
    Rename(LabelId, String),
    /// Gives a label another key; a label that had it gets the old one.
    Key(LabelId, char),
    /// Gives a label the next colour.
    Recolor(LabelId),
    /// Sets the guideline; empty for none.
    Guide(LabelId, String),
    /// Moves a label one place to the left (`true`) or right on the label bar.
    Move(LabelId, bool),
    /// Gives the spans of the first label the second one and retires the first.
    Merge(LabelId, LabelId),
    /// Removes a label. Trainings ignore its spans.
    /// Added again with the same name, it gets its id back.
    Remove(LabelId),
}

/// Reason why a label set cannot be changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// The label does not exist, or no longer.
    #[error("this label no longer exists")]
    Unknown,
    /// The name is empty.
    #[error("a label needs a name")]
    NoName,
    /// The name cannot be part of a tag.
    #[error("a label name can contain neither blanks nor control characters, because tags in files end there")]
    Blank,
    /// Another label has the name.
    #[error("the label `{0}` already exists; merge the two instead")]
    Name(String),
    /// The name is the tag of words outside spans.
    #[error("`O` is the tag of words outside spans")]
    Outside,
    /// The key cannot belong to a label.
    #[error("the key of a label is a digit from 1 to 9 or a letter")]
    Key,
    /// The two labels are the same.
    #[error("a label cannot be merged with itself")]
    Same,
}

/// Number of label colours.
const COLORS: u8 = 8;

/// The eight labels of the MIT Restaurant corpus and of the lesson.
/// They are in the lesson's order.
pub const RESTAURANT: [&str; 8] =
    ["Amenity", "Cuisine", "Dish", "Hours", "Location", "Price", "Rating", "Restaurant_Name"];

impl LabelSet {
    /// Creates labels with these names, in this order; a repeated name counts once.
    pub fn from_names<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        let mut set = Self::default();
        for name in names {
            set.intern(name.as_ref());
        }
        set
    }

    /// Creates the eight restaurant labels.
    pub fn restaurant() -> Self {
        Self::from_names(RESTAURANT)
    }

    /// Iterates over the labels in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Label> {
        self.labels.iter()
    }

    /// Number of labels.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no labels.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Returns the label with this id, or the one into which it was merged.
    pub fn get(&self, id: LabelId) -> Option<&Label> {
        self.labels.get(self.index.current_place(id.0)?)
    }

    /// Returns the name of a label, also of a retired one; `?` for an unknown id.
    pub fn name(&self, id: LabelId) -> &str {
        if let Some(label) = self.get(id) {
            return &label.name;
        }
        let retired = self.index.retired_place(id.0).and_then(|place| self.retired.get(place));
        retired.map_or("?", |retired| &retired.name)
    }

    /// Finds a label by its name or by a former name.
    /// It had the former name before it was renamed or merged.
    pub fn named(&self, name: &str) -> Option<&Label> {
        self.find(name).or_else(|| {
            let former = self.retired.get(self.index.place_of_former_name(name)?)?;
            self.get(former.id)
        })
    }

    /// Returns the current id of a label.
    /// For a merged label it is the id of the other one.
    pub fn resolve(&self, id: LabelId) -> LabelId {
        self.get(id).map_or(id, |label| label.id)
    }

    /// Retired labels and former names.
    pub fn retired(&self) -> &[RetiredLabel] {
        &self.retired
    }

    /// Adds retired labels; the caller must make sure that their ids are free.
    #[must_use]
    pub fn with_retired(mut self, retired: Vec<RetiredLabel>) -> Self {
        self.retired = retired;
        self.reindex();
        self
    }

    /// Changes the set.
    ///
    /// # Errors
    /// Gives the reason why the change is impossible; then nothing is changed.
    pub fn change(&mut self, change: &LabelChange) -> Result<(), LabelError> {
        let changed = self.try_change(change);
        self.reindex();
        changed
    }

    fn try_change(&mut self, change: &LabelChange) -> Result<(), LabelError> {
        match change {
            LabelChange::Add(name) => {
                let name = self.checked(name, None)?;
                let removed = self.retired.iter().position(|retired| retired.name == name && retired.into.is_none());
                match removed {
                    Some(at) => {
                        let removed = self.retired.remove(at);
                        self.add(removed.id, &removed.name);
                    }
                    None => _ = self.intern(&name),
                }
            }
            LabelChange::Rename(id, name) => {
                let name = self.checked(name, Some(*id))?;
                self.rename(self.position(*id)?, name);
            }
            LabelChange::Key(id, key) => return self.give_key(self.position(*id)?, *key),
            LabelChange::Recolor(id) => {
                let at = self.position(*id)?;
                self.labels[at].color = self.labels[at].color.wrapping_add(1) % COLORS;
            }
            LabelChange::Guide(id, guide) => {
                let at = self.position(*id)?;
                self.labels[at].guide = Some(guide.trim().to_owned()).filter(|guide| !guide.is_empty());
            }
            LabelChange::Move(id, left) => {
                let at = self.position(*id)?;
                let other = if *left { at.checked_sub(1) } else { Some(at + 1).filter(|to| *to < self.labels.len()) };
                if let Some(other) = other {
                    self.labels.swap(at, other);
                }
            }
            LabelChange::Merge(id, into) if id == into => return Err(LabelError::Same),
            LabelChange::Merge(id, into) => {
                let at = self.position(*id)?;
                self.position(*into)?;
                self.retire(at, Some(*into));
            }
            LabelChange::Remove(id) => self.retire(self.position(*id)?, None),
        }
        Ok(())
    }

    fn position(&self, id: LabelId) -> Result<usize, LabelError> {
        self.index.place(id.0).ok_or(LabelError::Unknown)
    }

    /// Renames the label at an index.
    /// Its former name is kept, because models and patterns may use it.
    fn rename(&mut self, at: usize, name: String) {
        self.labels[at].tag.clear();
        self.labels[at].tag = self.free_tag(&name);
        let id = self.labels[at].id;
        let before = std::mem::replace(&mut self.labels[at].name, name);
        if before != self.labels[at].name {
            let former = RetiredLabel { id: self.free_id(), name: before, into: Some(id) };
            self.retired.push(former);
        }
    }

    fn retire(&mut self, at: usize, into: Option<LabelId>) {
        let Label { id, name, .. } = self.labels.remove(at);
        self.retired.push(RetiredLabel { id, name, into });
    }

    /// Gives the label at an index a key; a label that had it gets the old one.
    fn give_key(&mut self, at: usize, key: char) -> Result<(), LabelError> {
        if !is_digit(key) && !key.is_ascii_alphabetic() {
            return Err(LabelError::Key);
        }
        let before = self.labels[at].key;
        if let Some(other) = self.labels.iter_mut().find(|label| label.key == Some(key)) {
            other.key = before;
        }
        self.labels[at].key = Some(key);
        Ok(())
    }

    /// Checks a name for the label `own` and returns it trimmed.
    fn checked(&self, name: &str, own: Option<LabelId>) -> Result<String, LabelError> {
        let name = name.trim();
        if name.is_empty() {
            return Err(LabelError::NoName);
        }
        if name.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(LabelError::Blank);
        }
        if name == "O" {
            return Err(LabelError::Outside);
        }
        match self.find(name).filter(|label| Some(label.id) != own) {
            Some(label) => Err(LabelError::Name(label.name.clone())),
            None => Ok(name.to_owned()),
        }
    }

    /// Finds the label with exactly this name.
    pub fn find(&self, name: &str) -> Option<&Label> {
        self.labels.get(self.index.place_of_name(name)?)
    }

    /// Finds the label of a key.
    pub fn by_key(&self, key: char) -> Option<&Label> {
        self.labels.iter().find(|label| label.key == Some(key))
    }

    /// Returns the id of the label with this name, which is created if necessary.
    ///
    /// A new label gets the next free id, the next free digit as key and letters of its name as tag.
    pub fn intern(&mut self, name: &str) -> LabelId {
        if let Some(label) = self.find(name) {
            return label.id;
        }
        let id = self.free_id();
        self.add(id, name);
        id
    }

    /// Returns an id that no label has or had.
    fn free_id(&self) -> LabelId {
        let next = self.ids().max().map_or(Some(0), |id| id.0.checked_add(1));
        // If the highest id is taken (a file edited by hand), the first gap is used.
        LabelId(next.or_else(|| (0..u32::MAX).find(|id| !self.index.has(*id))).unwrap_or(u32::MAX))
    }

    fn ids(&self) -> impl Iterator<Item = LabelId> {
        self.labels.iter().map(|label| label.id).chain(self.retired.iter().map(|retired| retired.id))
    }

    fn add(&mut self, id: LabelId, name: &str) {
        let key = ('1'..='9').find(|digit| self.by_key(*digit).is_none());
        let tag = self.free_tag(name);
        let color = u8::try_from(self.labels.len() % usize::from(COLORS)).unwrap_or(0);
        self.push(Label { id, name: name.to_owned(), key, tag, color, guide: None });
    }

    /// Adds a label unchanged.
    /// The caller must make sure that id, name and key are free.
    pub fn push(&mut self, label: Label) {
        let is_merged_into = self.retired.iter().any(|retired| retired.into == Some(label.id));
        self.index.add(label.id.0, &label.name, self.labels.len());
        self.labels.push(label);
        if is_merged_into {
            self.reindex();
        }
    }

    /// Finds the places of all labels again, after some have moved or were renamed.
    fn reindex(&mut self) {
        let mut index = LabelIndex::default();
        for (place, label) in self.labels.iter().enumerate() {
            index.add(label.id.0, &label.name, place);
        }
        let retired = self.retired.iter();
        index.retire(retired.map(|retired| (retired.id.0, &*retired.name, retired.into.map(|into| into.0))));
        self.index = index;
    }

    /// Gives keys to labels without one.
    /// Digits to the first, letters to the rest, from their own name if possible.
    ///
    /// Existing keys stay, because the annotators have learnt them. Digits replace letters only where no label has a
    /// digit, as in sets of other programs.
    #[must_use]
    pub fn with_keys(mut self) -> Self {
        let mut taken: HashSet<char> =
            self.labels.iter().filter_map(|label| label.key).filter(|key| is_digit(*key)).collect();
        let has_digits = !taken.is_empty();
        let mut free = ('1'..='9').filter(|digit| !taken.contains(digit)).collect::<Vec<_>>().into_iter();
        for label in &mut self.labels {
            let is_kept = label.key.is_some_and(|key| is_digit(key) || has_digits && key.is_ascii_alphabetic());
            if !is_kept {
                label.key = free.next().or_else(|| label.key.filter(char::is_ascii_alphabetic));
            }
            taken.extend(label.key);
        }
        for label in self.labels.iter_mut().filter(|label| label.key.is_none()) {
            let own = label.name.chars().map(|letter| letter.to_ascii_lowercase());
            let letters = own.chain('a'..='z').chain('A'..='Z').filter(char::is_ascii_alphabetic);
            label.key = letters.into_iter().find(|letter| !taken.contains(letter));
            taken.extend(label.key);
        }
        self
    }

    /// Returns the first two characters of a name if they are a free tag.
    /// Else the first three, else four.
    fn free_tag(&self, name: &str) -> String {
        let letters: Vec<char> = name.chars().filter(|c| c.is_alphanumeric()).collect();
        let candidates = (2..=4).map(|n| letters.iter().take(n).collect::<String>());
        candidates
            .filter(|tag| !tag.is_empty())
            .find(|tag| self.labels.iter().all(|label| !label.tag.eq_ignore_ascii_case(tag)))
            .unwrap_or_else(|| letters.iter().take(4).collect())
    }
}

/// Whether a key is a digit that labels may have.
fn is_digit(key: char) -> bool {
    ('1'..='9').contains(&key)
}

impl<'a> IntoIterator for &'a LabelSet {
    type Item = &'a Label;
    type IntoIter = std::slice::Iter<'a, Label>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::growth::assert_linear;

    #[test]
    fn the_lessons_labels_have_the_digits_one_to_eight() {
        let labels = LabelSet::restaurant();
        let keys: String = labels.iter().filter_map(|label| label.key).collect();
        assert_eq!(keys, "12345678");
        assert_eq!(labels.by_key('3').map(|label| label.name.as_str()), Some("Dish"));
    }

    #[test]
    fn ids_are_never_used_twice_and_tags_differ() {
        let labels = LabelSet::from_names(["Restaurant", "Rest", "Re", "Restaurant", "Rating"]);
        let ids: Vec<u32> = labels.iter().map(|label| label.id.0).collect();
        assert_eq!(ids, [0, 1, 2, 3]);
        let tags: Vec<&str> = labels.iter().map(|label| label.tag.as_str()).collect();
        assert_eq!(tags, ["Re", "Res", "Re", "Ra"]);
    }

    #[test]
    fn the_tenth_label_has_no_digit() {
        let labels = LabelSet::from_names((0..10).map(|n| format!("L{n}")));
        assert_eq!(labels.iter().filter(|label| label.key.is_none()).count(), 1);
    }

    #[test]
    fn labels_beyond_the_ninth_have_letters_if_possible_of_their_own() {
        let names = (0..9).map(|n| format!("L{n}")).chain(["Dish", "Drink", "Dip", "D"].map(String::from));
        let labels = LabelSet::from_names(names).with_keys();
        let keys: String = labels.iter().filter_map(|label| label.key).collect();
        assert_eq!(keys, "123456789dria");
    }

    #[test]
    fn a_renamed_label_keeps_its_id_and_a_merged_one_is_the_other() {
        let mut labels = LabelSet::from_names(["Dish", "Food", "Drink"]);
        let [dish, food, drink] = [0, 1, 2].map(LabelId);
        labels.change(&LabelChange::Rename(dish, "Meal".into())).unwrap();
        assert_eq!((labels.name(dish), labels.get(dish).unwrap().tag.as_str()), ("Meal", "Me"));
        labels.change(&LabelChange::Merge(food, dish)).unwrap();
        assert_eq!((labels.len(), labels.name(food), labels.get(food).unwrap().id), (2, "Meal", dish));
        labels.change(&LabelChange::Merge(dish, drink)).unwrap();
        assert_eq!(labels.name(food), "Drink", "merged twice");
        labels.change(&LabelChange::Remove(drink)).unwrap();
        assert_eq!((labels.get(food), labels.name(drink)), (None, "Drink"));
        // No id is given twice.
        labels.change(&LabelChange::Add("Wine".into())).unwrap();
        let wine = labels.find("Wine").unwrap().id;
        assert!(![dish, food, drink].contains(&wine));
        // What was removed and is added again is the same label, and so are its spans' labels.
        labels.change(&LabelChange::Add("Drink".into())).unwrap();
        assert_eq!((labels.find("Drink").unwrap().id, labels.name(food)), (drink, "Drink"));
        assert_eq!(labels.named("Meal").map(|label| label.id), Some(drink), "a model that learnt the old name");
        // A circle, as a damaged file may have it, ends.
        let gone = |id, into| RetiredLabel { id: LabelId(id), name: "x".into(), into: Some(LabelId(into)) };
        assert_eq!(LabelSet::default().with_retired(vec![gone(0, 1), gone(1, 0)]).get(LabelId(0)), None);
    }

    #[test]
    fn labels_are_found_in_time_however_many_there_are() {
        // Each was merged into the next one, and the last one into a label.
        let chain = |n: usize| {
            let n = u32::try_from(n).unwrap();
            let gone = |id: u32| RetiredLabel { id: LabelId(id), name: format!("n{id}"), into: Some(LabelId(id + 1)) };
            let mut labels = LabelSet::default();
            labels.push(Label {
                id: LabelId(n),
                name: "Dish".into(),
                key: None,
                tag: String::new(),
                color: 0,
                guide: None,
            });
            labels.with_retired((0..n).map(gone).collect())
        };
        assert_eq!(chain(100).name(LabelId(0)), "Dish");
        assert_linear(500, chain, |labels| {
            let all: Vec<LabelId> = labels.retired().iter().map(|retired| retired.id).collect();
            all.into_iter().filter(|id| labels.get(*id).is_some()).count()
        });
        let many = |n: usize| {
            let mut labels = LabelSet::default();
            for id in 0..u32::try_from(n).unwrap() {
                labels.push(Label {
                    id: LabelId(id),
                    name: format!("n{id}"),
                    key: None,
                    tag: String::new(),
                    color: 0,
                    guide: None,
                });
            }
            labels
        };
        assert_linear(2_000, many, |labels| {
            labels.iter().filter(|label| labels.find(&label.name) == labels.get(label.id)).count()
        });
        assert_linear(2_000, many, |labels| labels.clone().with_keys());
    }

    #[test]
    fn what_cannot_be_changed_says_why_and_changes_nothing() {
        let mut labels = LabelSet::from_names(["Dish", "Food"]);
        let before = labels.clone();
        for (change, why) in [
            (LabelChange::Add("Food".into()), LabelError::Name("Food".into())),
            (LabelChange::Add(" ".into()), LabelError::NoName),
            (LabelChange::Rename(LabelId(0), "a b".into()), LabelError::Blank),
            (LabelChange::Rename(LabelId(7), "x".into()), LabelError::Unknown),
            (LabelChange::Key(LabelId(0), '0'), LabelError::Key),
            (LabelChange::Add("O".into()), LabelError::Outside),
            (LabelChange::Merge(LabelId(0), LabelId(0)), LabelError::Same),
        ] {
            assert_eq!(labels.change(&change), Err(why));
        }
        assert_eq!(labels, before);
        labels.change(&LabelChange::Key(LabelId(0), '2')).unwrap();
        assert_eq!(
            labels.iter().map(|label| label.key).collect::<Vec<_>>(),
            [Some('2'), Some('1')],
            "they change places"
        );
        labels.change(&LabelChange::Move(LabelId(0), false)).unwrap();
        assert_eq!(labels.iter().map(|label| label.id.0).collect::<Vec<_>>(), [1, 0]);
    }

    #[test]
    fn a_hundred_labels_have_as_many_keys_as_there_are() {
        let labels = LabelSet::from_names((0..100).map(|n| format!("L{n}"))).with_keys();
        let keys: std::collections::HashSet<char> = labels.iter().filter_map(|label| label.key).collect();
        assert_eq!(keys.len(), 9 + 26 + 26);
    }
}

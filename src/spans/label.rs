//! Labels: stable ids, names that people may change, keys, tag letters and colour roles.

use serde::{Deserialize, Serialize};

/// Identity of a label inside one project. Journals hold ids, so renaming a label rewrites nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LabelId(pub u32);

/// One label of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Stable identity.
    pub id: LabelId,
    /// Name, as it stands in files (`Restaurant_Name`).
    pub name: String,
    /// The key that gives this label, a digit for the first nine.
    pub key: Option<char>,
    /// One to four letters that stand for the label where its name does not fit.
    pub tag: String,
    /// Colour role: index into the theme's label colours.
    pub color: u8,
    /// What the annotator should know about this label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guide: Option<String>,
}

/// A label that is no more. Its id is kept: journals may hold it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetiredLabel {
    /// Its identity, which no other label gets.
    pub id: LabelId,
    /// What it was called.
    pub name: String,
    /// The label with which it was merged: its spans have that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into: Option<LabelId>,
}

/// The labels of a project in their order on the label bar.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSet {
    labels: Vec<Label>,
    gone: Vec<RetiredLabel>,
}

/// A change of a label set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelChange {
    /// A new label with this name, at the end.
    Add(String),
    /// Another name; spans keep their label.
    Rename(LabelId, String),
    /// Another key; a label that had it gets the old one.
    Key(LabelId, char),
    /// The next colour.
    Recolor(LabelId),
    /// What the annotator should know; empty for nothing.
    Guide(LabelId, String),
    /// A place further to the left (`true`) or right on the label bar.
    Move(LabelId, bool),
    /// The spans of the first get the second; the first is no more.
    Merge(LabelId, LabelId),
    /// The label is no more. Spans that have it are left out of a training. Added again under its name, it is the same.
    Remove(LabelId),
}

/// Why a label set cannot be changed so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// There is no such label, perhaps no more.
    #[error("there is no such label any more")]
    Unknown,
    /// A name that says nothing.
    #[error("a label needs a name")]
    NoName,
    /// A name that tags cannot carry.
    #[error("a label's name can have neither blanks nor control characters: tags in files end there")]
    Blank,
    /// Another label has it.
    #[error("there is a label `{0}` already; merge the two instead")]
    Name(String),
    /// The tag of what is no span.
    #[error("`O` is the tag of words outside of spans")]
    Outside,
    /// No key of a label.
    #[error("a label's key is a digit from 1 to 9 or a letter")]
    Key,
    /// Labels that are the same.
    #[error("a label cannot be merged with itself")]
    Same,
}

/// How many colours labels have.
const COLORS: u8 = 8;

/// The eight labels of the MIT Restaurant corpus and of the lesson, in the lesson's order.
pub const RESTAURANT: [&str; 8] =
    ["Amenity", "Cuisine", "Dish", "Hours", "Location", "Price", "Rating", "Restaurant_Name"];

impl LabelSet {
    /// Labels with these names, in this order; repeated names are taken once.
    pub fn from_names<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        let mut set = Self::default();
        for name in names {
            set.intern(name.as_ref());
        }
        set
    }

    /// The eight restaurant labels.
    pub fn restaurant() -> Self {
        Self::from_names(RESTAURANT)
    }

    /// The labels in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Label> {
        self.labels.iter()
    }

    /// How many labels there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no label.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The label with this id, or the one that it was merged with.
    pub fn get(&self, id: LabelId) -> Option<&Label> {
        let mut id = id;
        // A merged label may have been merged again; what goes round in a circle (a damaged file) ends.
        for _ in 0..=self.gone.len() {
            match self.labels.iter().find(|label| label.id == id) {
                Some(label) => return Some(label),
                None => id = self.gone.iter().find(|gone| gone.id == id)?.into?,
            }
        }
        None
    }

    /// The name of a label, also of one that is no more; `?` for an id that this set does not know.
    pub fn name(&self, id: LabelId) -> &str {
        let gone = || self.gone.iter().find(|gone| gone.id == id).map_or("?", |gone| &gone.name);
        self.get(id).map_or_else(gone, |label| &label.name)
    }

    /// The label that a name means, also one that a label had before it was renamed or merged.
    pub fn named(&self, name: &str) -> Option<&Label> {
        let former = || self.gone.iter().rev().find(|gone| gone.name == name).and_then(|gone| self.get(gone.id));
        self.find(name).or_else(former)
    }

    /// The id that a label has now: of a merged one that of the other.
    pub fn resolve(&self, id: LabelId) -> LabelId {
        self.get(id).map_or(id, |label| label.id)
    }

    /// The labels that are no more, and the names that labels had before.
    pub fn retired(&self) -> &[RetiredLabel] {
        &self.gone
    }

    /// Adds labels that are no more; the caller has made sure that their ids are free.
    #[must_use]
    pub fn with_retired(mut self, gone: Vec<RetiredLabel>) -> Self {
        self.gone = gone;
        self
    }

    /// Changes the set.
    ///
    /// # Errors
    /// Says why it cannot be; then nothing is changed.
    pub fn change(&mut self, change: &LabelChange) -> Result<(), LabelError> {
        let place = |set: &Self, id: LabelId| set.labels.iter().position(|label| label.id == id);
        let at = |set: &Self, id: LabelId| place(set, id).ok_or(LabelError::Unknown);
        match change {
            LabelChange::Add(name) => {
                let name = self.checked(name, None)?;
                let before = self.gone.iter().position(|gone| gone.name == name && gone.into.is_none());
                match before {
                    Some(at) => {
                        let gone = self.gone.remove(at);
                        self.add(gone.id, &gone.name);
                    }
                    None => _ = self.intern(&name),
                }
            }
            LabelChange::Rename(id, name) => {
                let name = self.checked(name, Some(*id))?;
                let at = at(self, *id)?;
                self.labels[at].tag.clear();
                let tag = self.free_tag(&name);
                self.labels[at].tag = tag;
                let before = std::mem::replace(&mut self.labels[at].name, name);
                // Models and patterns say the old name.
                if before != self.labels[at].name {
                    let former = RetiredLabel { id: self.free_id(), name: before, into: Some(*id) };
                    self.gone.push(former);
                }
            }
            LabelChange::Key(id, key) => return self.give_key(at(self, *id)?, *key),
            LabelChange::Recolor(id) => {
                let at = at(self, *id)?;
                self.labels[at].color = self.labels[at].color.wrapping_add(1) % COLORS;
            }
            LabelChange::Guide(id, guide) => {
                let at = at(self, *id)?;
                self.labels[at].guide = Some(guide.trim().to_owned()).filter(|guide| !guide.is_empty());
            }
            LabelChange::Move(id, left) => {
                let at = at(self, *id)?;
                let other = if *left { at.checked_sub(1) } else { Some(at + 1).filter(|to| *to < self.labels.len()) };
                if let Some(other) = other {
                    self.labels.swap(at, other);
                }
            }
            LabelChange::Merge(id, into) if id == into => return Err(LabelError::Same),
            LabelChange::Merge(id, into) => {
                let (at, _) = (at(self, *id)?, at(self, *into)?);
                let Label { id, name, .. } = self.labels.remove(at);
                self.gone.push(RetiredLabel { id, name, into: Some(*into) });
            }
            LabelChange::Remove(id) => {
                let at = at(self, *id)?;
                let Label { id, name, .. } = self.labels.remove(at);
                self.gone.push(RetiredLabel { id, name, into: None });
            }
        }
        Ok(())
    }

    /// Gives the label at this place a key; a label that had it gets the old one.
    fn give_key(&mut self, at: usize, key: char) -> Result<(), LabelError> {
        if !(('1'..='9').contains(&key) || key.is_ascii_alphabetic()) {
            return Err(LabelError::Key);
        }
        let before = self.labels[at].key;
        if let Some(other) = self.labels.iter_mut().find(|label| label.key == Some(key)) {
            other.key = before;
        }
        self.labels[at].key = Some(key);
        Ok(())
    }

    /// A name as it may be, if no other label than `own` has it.
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

    /// The label with exactly this name.
    pub fn find(&self, name: &str) -> Option<&Label> {
        self.labels.iter().find(|label| label.name == name)
    }

    /// The label that a key gives.
    pub fn by_key(&self, key: char) -> Option<&Label> {
        self.labels.iter().find(|label| label.key == Some(key))
    }

    /// The id of the label with this name, made if there is none: the next free id, the next free digit, its letters.
    pub fn intern(&mut self, name: &str) -> LabelId {
        if let Some(label) = self.find(name) {
            return label.id;
        }
        let id = self.free_id();
        self.add(id, name);
        id
    }

    /// An id that no label has or had.
    fn free_id(&self) -> LabelId {
        let ids = || self.labels.iter().map(|label| label.id).chain(self.gone.iter().map(|gone| gone.id));
        let next = ids().max().map_or(Some(0), |id| id.0.checked_add(1));
        // Somebody gave out the highest one by hand: the first hole.
        LabelId(next.or_else(|| (0..u32::MAX).find(|n| ids().all(|id| id.0 != *n))).unwrap_or(u32::MAX))
    }

    fn add(&mut self, id: LabelId, name: &str) {
        let key = ('1'..='9').find(|digit| self.by_key(*digit).is_none());
        let tag = self.free_tag(name);
        let color = u8::try_from(self.labels.len() % usize::from(COLORS)).unwrap_or(0);
        self.labels.push(Label { id, name: name.to_owned(), key, tag, color, guide: None });
    }

    /// Adds a label as it is; the caller has made sure that id, name and key are free.
    pub fn push(&mut self, label: Label) {
        self.labels.push(label);
    }

    /// The same labels with keys for as many as there are: digits for the first that have none, letters for the rest, one of
    /// the name's own if it is free. Keys that are there stay, since hands know them; letters give way to digits only where no
    /// label has a digit, as in sets from elsewhere.
    #[must_use]
    pub fn with_keys(mut self) -> Self {
        let is_digit = |label: &Label| label.key.is_some_and(|key| ('1'..='9').contains(&key));
        let taken: Vec<Option<char>> =
            self.labels.iter().filter(|label| is_digit(label)).map(|label| label.key).collect();
        let digits = !taken.is_empty();
        let mut free = ('1'..='9').filter(|digit| !taken.contains(&Some(*digit)));
        for label in &mut self.labels {
            let kept = label.key.filter(|key| digits && key.is_ascii_alphabetic());
            if !is_digit(label) && kept.is_none() {
                label.key = free.next().or_else(|| label.key.filter(char::is_ascii_alphabetic));
            }
        }
        for at in 0..self.labels.len() {
            let Some(label) = self.labels.get(at).filter(|label| label.key.is_none()) else { continue };
            let own = label.name.chars().map(|letter| letter.to_ascii_lowercase());
            let letters = own.chain('a'..='z').chain('A'..='Z').filter(char::is_ascii_alphabetic);
            let key = letters.into_iter().find(|letter| self.by_key(*letter).is_none());
            if let Some(label) = self.labels.get_mut(at) {
                label.key = key;
            }
        }
        self
    }

    /// Two letters if they are free, else three, else four of the name's own characters.
    fn free_tag(&self, name: &str) -> String {
        let letters: Vec<char> = name.chars().filter(|c| c.is_alphanumeric()).collect();
        let candidates = (2..=4).map(|n| letters.iter().take(n).collect::<String>());
        candidates
            .filter(|tag| !tag.is_empty())
            .find(|tag| self.labels.iter().all(|label| !label.tag.eq_ignore_ascii_case(tag)))
            .unwrap_or_else(|| letters.iter().take(4).collect())
    }
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

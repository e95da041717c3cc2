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

/// The labels of a project in their order on the label bar.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LabelSet {
    labels: Vec<Label>,
}

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

    /// The label with this id.
    pub fn get(&self, id: LabelId) -> Option<&Label> {
        self.labels.iter().find(|label| label.id == id)
    }

    /// The name of a label; `?` for an id that this set does not know.
    pub fn name(&self, id: LabelId) -> &str {
        self.get(id).map_or("?", |label| &label.name)
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
        let id = LabelId(self.labels.iter().map(|label| label.id.0 + 1).max().unwrap_or(0));
        let key = ('1'..='9').find(|digit| self.by_key(*digit).is_none());
        let tag = self.free_tag(name);
        let color = u8::try_from(self.labels.len() % 8).unwrap_or(0);
        self.labels.push(Label { id, name: name.to_owned(), key, tag, color, guide: None });
        id
    }

    /// Adds a label as it is; the caller has made sure that id, name and key are free.
    pub fn push(&mut self, label: Label) {
        self.labels.push(label);
    }

    /// The same labels with keys for as many as there are: digits for the first that have none, letters for the rest, one of
    /// the name's own if it is free. A key that is no digit gives way to a digit that is free.
    #[must_use]
    pub fn with_keys(mut self) -> Self {
        let is_digit = |label: &Label| label.key.is_some_and(|key| ('1'..='9').contains(&key));
        let taken: Vec<Option<char>> =
            self.labels.iter().filter(|label| is_digit(label)).map(|label| label.key).collect();
        let mut free = ('1'..='9').filter(|digit| !taken.contains(&Some(*digit)));
        for label in &mut self.labels {
            if !is_digit(label) {
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
    fn a_hundred_labels_have_as_many_keys_as_there_are() {
        let labels = LabelSet::from_names((0..100).map(|n| format!("L{n}"))).with_keys();
        let keys: std::collections::HashSet<char> = labels.iter().filter_map(|label| label.key).collect();
        assert_eq!(keys.len(), 9 + 26 + 26);
    }
}

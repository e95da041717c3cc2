//! Labels of a project.
//! They have stable ids, changeable names, keys, tag letters and colour roles.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::{
    label_index::LabelIndex,
    label_links::{Way, follow},
};

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
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

/// Random numbers that are tried as the id of a new label.
/// Nearly all of them are free.
const DRAWS: usize = 100;
/// Number of label colours.
const COLORS: u8 = 12;

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
        self.own_retired(id).map_or("?", |retired| &retired.name)
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

    /// Retired labels that were merged into a label that is not here, or in a circle. Takes time linear in their number.
    pub fn retired_into_nothing(&self) -> Vec<&RetiredLabel> {
        let mut found = Vec::new();
        let mut known = HashSet::new();
        let next = |id| self.own_retired(id)?.into.filter(|id| self.own(*id).is_none() && self.has(*id));
        for retired in self.retired.iter().filter(|retired| self.own(retired.id).is_none()) {
            let Way { path, circle } = follow(retired.id, &mut known, next);
            let mut path = path.into_iter().filter_map(|id| self.own_retired(id));
            match circle {
                Some(start) => found.extend(path.skip(start)),
                None => found.extend(path.next_back().filter(|last| last.into.is_some_and(|into| !self.has(into)))),
            }
        }
        found
    }

    /// Adds retired labels; the caller must make sure that their ids are free.
    #[must_use]
    pub fn with_retired(mut self, retired: Vec<RetiredLabel>) -> Self {
        self.retired = retired;
        self.reindex();
        self
    }

    /// Changes the set; `draw` returns random numbers for new ids.
    ///
    /// Ids are not counted: two people who add labels on two branches must not give them the same id.
    ///
    /// # Errors
    /// Gives the reason why the change is impossible; then nothing is changed.
    pub fn change(&mut self, change: &LabelChange, draw: impl FnMut() -> u32) -> Result<(), LabelError> {
        let changed = self.try_change(change, draw);
        self.reindex();
        changed
    }

    /// Checks whether the set can be changed so.
    ///
    /// # Errors
    /// As [`Self::change`].
    pub fn check(&self, change: &LabelChange) -> Result<(), LabelError> {
        self.clone().change(change, || 0)
    }

    fn try_change(&mut self, change: &LabelChange, draw: impl FnMut() -> u32) -> Result<(), LabelError> {
        match change {
            LabelChange::Add(name) => {
                let name = self.checked(name, None)?;
                let removed = self.retired.iter().position(|retired| retired.name == name && retired.into.is_none());
                match removed {
                    Some(at) => {
                        let removed = self.retired.remove(at);
                        self.add(removed.id, &removed.name);
                    }
                    None => _ = self.intern_with(&name, draw),
                }
            }
            LabelChange::Rename(id, name) => {
                let name = self.checked(name, Some(*id))?;
                let former = self.draw_id(draw);
                self.rename(self.position(*id)?, name, former);
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
    /// Its former name is kept with the id `former`, because models and patterns may use it.
    fn rename(&mut self, at: usize, name: String, former: LabelId) {
        self.labels[at].tag.clear();
        self.labels[at].tag = self.free_tag(&name);
        let id = self.labels[at].id;
        let before = std::mem::replace(&mut self.labels[at].name, name);
        if before != self.labels[at].name {
            self.retired.push(RetiredLabel { id: former, name: before, into: Some(id) });
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
    /// A new label gets an id of the random numbers that `draw` returns.
    pub fn intern_with(&mut self, name: &str, draw: impl FnMut() -> u32) -> LabelId {
        if let Some(label) = self.find(name) {
            return label.id;
        }
        let id = self.draw_id(draw);
        self.add(id, name);
        id
    }

    /// Draws an id that no label has or had.
    pub fn draw_id(&self, draw: impl FnMut() -> u32) -> LabelId {
        drawn_id(draw, |id| self.index.has(id), || self.ids().map(|id| id.0).max())
    }

    /// Returns the id of the label with this name, which is created if necessary.
    ///
    /// A new label gets the next free id, the next free digit as key and letters of its name as tag. This is for sets that
    /// are made at once, as those of files and of new projects.
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
        free_id(|id| self.index.has(id), || self.ids().map(|id| id.0).max())
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

    /// The label with this id, not one into which it was merged.
    pub(super) fn own(&self, id: LabelId) -> Option<&Label> {
        self.labels.get(self.index.place(id.0)?)
    }

    /// Whether a label has or had this id.
    pub(super) fn has(&self, id: LabelId) -> bool {
        self.index.has(id.0)
    }

    /// The retired label or former name with this id.
    pub(super) fn own_retired(&self, id: LabelId) -> Option<&RetiredLabel> {
        self.retired.get(self.index.retired_place(id.0)?)
    }

    /// Set of these labels and retired labels.
    pub(super) fn from_parts(labels: Vec<Label>, retired: Vec<RetiredLabel>) -> Self {
        let mut set = Self { labels, retired, index: LabelIndex::default() };
        set.reindex();
        set
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

/// Draws an id that is not taken. `highest` returns the highest id that is.
pub(super) fn drawn_id(
    mut draw: impl FnMut() -> u32,
    taken: impl Fn(u32) -> bool,
    highest: impl FnOnce() -> Option<u32>,
) -> LabelId {
    let free = (0..DRAWS).map(|_| draw()).find(|id| !taken(*id));
    free.map_or_else(|| free_id(taken, highest), LabelId)
}

fn free_id(taken: impl Fn(u32) -> bool, highest: impl FnOnce() -> Option<u32>) -> LabelId {
    let next = highest().map_or(Some(0), |id| id.checked_add(1));
    // If the highest id is taken (a file edited by hand), the first gap is used.
    LabelId(next.or_else(|| (0..u32::MAX).find(|id| !taken(*id))).unwrap_or(u32::MAX))
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
mod tests;

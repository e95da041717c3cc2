//! Places of labels in their list, by id and by name.
//!
//! A project may have thousands of labels, and its documents a hundred thousand spans: each is found in constant time.

use std::collections::HashMap;

/// Places of labels and of retired labels.
#[derive(Clone, Debug, Default)]
pub(super) struct LabelIndex {
    ids: HashMap<u32, usize>,
    names: HashMap<String, usize>,
    retired: HashMap<u32, usize>,
    /// Of several retired labels with the same name, the last one.
    former_names: HashMap<String, usize>,
    /// Place of the label that a retired one was merged into, at last.
    merged: HashMap<u32, usize>,
}

impl LabelIndex {
    /// Adds the label at a place. Of labels with the same id or name, the first counts.
    pub(super) fn add(&mut self, id: u32, name: &str, place: usize) {
        self.ids.entry(id).or_insert(place);
        if !self.names.contains_key(name) {
            self.names.insert(name.to_owned(), place);
        }
    }

    /// Adds retired labels: the id, the name, and the id of the label into which it was merged.
    pub(super) fn retire<'n>(&mut self, retired: impl Iterator<Item = (u32, &'n str, Option<u32>)>) {
        let mut next: HashMap<u32, u32> = HashMap::new();
        for (place, (id, name, into)) in retired.enumerate() {
            self.retired.entry(id).or_insert(place);
            self.former_names.insert(name.to_owned(), place);
            next.extend(into.map(|into| (id, into)));
        }
        self.follow(&next);
    }

    /// Finds the ends of the chains of merged labels. Each link is followed once.
    fn follow(&mut self, next: &HashMap<u32, u32>) {
        let mut ends: HashMap<u32, Option<usize>> = HashMap::new();
        for start in next.keys() {
            let mut id = *start;
            let mut path = Vec::new();
            let end = loop {
                if let Some(known) = self.ids.get(&id).map(|place| Some(*place)).or_else(|| ends.get(&id).copied()) {
                    break known;
                }
                // A circle, as a damaged file may have it, leads nowhere.
                ends.insert(id, None);
                path.push(id);
                match next.get(&id) {
                    Some(into) => id = *into,
                    None => break None,
                }
            };
            ends.extend(path.into_iter().map(|id| (id, end)));
        }
        self.merged = ends.into_iter().filter_map(|(id, end)| Some((id, end?))).collect();
    }

    /// Whether a label has or had this id.
    pub(super) fn has(&self, id: u32) -> bool {
        self.ids.contains_key(&id) || self.retired.contains_key(&id)
    }

    /// Place of the label with this id.
    pub(super) fn place(&self, id: u32) -> Option<usize> {
        self.ids.get(&id).copied()
    }

    /// Place of the label with this id, or of the one into which it was merged.
    pub(super) fn current_place(&self, id: u32) -> Option<usize> {
        self.place(id).or_else(|| self.merged.get(&id).copied())
    }

    /// Place of the label with this name.
    pub(super) fn place_of_name(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }

    /// Place of the retired label with this id.
    pub(super) fn retired_place(&self, id: u32) -> Option<usize> {
        self.retired.get(&id).copied()
    }

    /// Place of the last retired label with this name.
    pub(super) fn place_of_former_name(&self, name: &str) -> Option<usize> {
        self.former_names.get(name).copied()
    }
}

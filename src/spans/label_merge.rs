//! Merge of two label sets that grew from one, as after work on two git branches.
//!
//! A label is its id. Of two labels with the same name, the later one retires into the other, so that its spans keep their
//! meaning. Of two labels with the same key, the later one loses it. Two labels with one id that were never the same label
//! cannot be merged, because nothing distinguishes their spans.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{
    label::{Label, LabelId, LabelSet, RetiredLabel, drawn_id},
    label_links::{Way, follow},
};
use crate::text::width::clean;

/// Two different labels have the same id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the labels `{ours}` and `{theirs}` have the same id {}, so that nothing distinguishes their spans; choose one of the two \
     with an editor, and tag the spans of the other one again",
    id.0
)]
pub struct SameId {
    /// The id.
    pub id: LabelId,
    /// Name in the first set, safe to show.
    pub ours: String,
    /// Name in the second set, safe to show.
    pub theirs: String,
}

impl LabelSet {
    /// Merges another set into this one; returns what was decided, one sentence each.
    /// `draw` returns random numbers for new ids.
    ///
    /// # Errors
    /// Two different labels have the same id.
    pub fn merge(&mut self, theirs: &Self, mut draw: impl FnMut() -> u32) -> Result<Vec<String>, SameId> {
        let mut merge = Merge {
            ours: Side::of(self),
            theirs: Side::of(theirs),
            merged: Merged::of(self.iter().cloned(), self.retired().iter().cloned()),
            decisions: Vec::new(),
        };
        for retired in theirs.retired() {
            merge.retired(retired, &mut draw)?;
        }
        for label in theirs {
            merge.label(label, &mut draw)?;
        }
        let Merge { mut merged, mut decisions, .. } = merge;
        merged.break_circles(&mut decisions);
        *self = merged.finish();
        Ok(decisions)
    }

    /// Returns the set with each id, name and key once, and what was decided, one sentence each.
    /// Each label is merged with those before it. `draw` returns random numbers for new ids.
    ///
    /// # Errors
    /// Two different labels have the same id.
    pub fn without_doubles(&self, mut draw: impl FnMut() -> u32) -> Result<(Self, Vec<String>), SameId> {
        let mut decisions = Vec::new();
        let mut merged = Merged::default();
        merged.taken.extend(self.iter().map(|label| label.id.0));
        merged.taken.extend(self.retired().iter().map(|retired| retired.id.0));
        for one in self.retired() {
            match merged.retired(one.id) {
                Some(known) if known == one => {}
                // The first one decides about spans; the name of the other is kept.
                Some(_) => merged.keep_former_name(one, &mut draw),
                None => merged.add_retired(one.clone()),
            }
        }
        let side = Side::of(self);
        for label in self {
            if let Some(before) = merged.own(label.id) {
                let before = before.name.clone();
                if before != label.name {
                    if !side.has_former_name(label.id, &label.name) {
                        return Err(same_id(label.id, &before, &label.name));
                    }
                    decisions.push(keeps_name(&before, &label.name));
                }
                merged.take_missing(label.id, label);
                continue;
            }
            let is_defined = merged.is_defined(label.id, &side);
            match merged.retired(label.id) {
                Some(retired) if retired.name != label.name => {
                    return Err(same_id(label.id, &retired.name, &label.name));
                }
                Some(retired) if retired.into.is_some() && is_defined => {
                    decisions.push(stays_merged(label));
                }
                Some(retired) => {
                    decisions.push(stays_after(label, retired.into));
                    merged.remove_retired(label.id);
                    merged.add(label, &mut decisions);
                }
                None => merged.add(label, &mut decisions),
            }
        }
        merged.break_circles(&mut decisions);
        Ok((merged.finish(), decisions))
    }
}

/// Label set of one side, with what a merge looks up in it.
struct Side<'a> {
    set: &'a LabelSet,
    /// Names of the retired labels that point to a label.
    former_names: HashMap<LabelId, HashSet<&'a str>>,
    retired: HashSet<&'a RetiredLabel>,
}

impl<'a> Side<'a> {
    fn of(set: &'a LabelSet) -> Self {
        let mut former_names: HashMap<LabelId, HashSet<&str>> = HashMap::new();
        for retired in set.retired() {
            if let Some(into) = retired.into {
                former_names.entry(into).or_default().insert(&retired.name);
            }
        }
        Self { set, former_names, retired: set.retired().iter().collect() }
    }

    /// Whether a label of the set had this name before it was renamed.
    fn has_former_name(&self, id: LabelId, name: &str) -> bool {
        self.former_names.get(&id).is_some_and(|names| names.contains(name))
    }

    /// Whether a retired label that points to `into` is only a former name.
    /// Then the other set has that label under this name.
    fn is_former_name(&self, into: LabelId, name: &str) -> bool {
        self.set.own(into).is_some_and(|label| label.name == name) || self.has_former_name(into, name)
    }
}

/// Label set that grows during a merge. Everything in it is found in constant time.
#[derive(Default)]
struct Merged {
    /// `None` in the place of a label that was retired.
    labels: Vec<Option<Label>>,
    /// `None` in the place of a retired label whose id became free.
    retired: Vec<Option<RetiredLabel>>,
    /// Places in `labels`.
    places: HashMap<LabelId, usize>,
    /// Places in `retired`.
    retired_places: HashMap<LabelId, usize>,
    names: HashMap<String, LabelId>,
    keys: HashMap<char, LabelId>,
    /// Ids that a new label cannot get.
    taken: BTreeSet<u32>,
    /// Where the search for the end of a chain of merged labels goes on.
    links: HashMap<LabelId, LabelId>,
}

impl Merged {
    fn of(labels: impl Iterator<Item = Label>, retired: impl Iterator<Item = RetiredLabel>) -> Self {
        let mut merged = Self::default();
        labels.for_each(|label| merged.push(label));
        retired.for_each(|retired| merged.add_retired(retired));
        merged
    }

    fn finish(self) -> LabelSet {
        LabelSet::from_parts(self.labels.into_iter().flatten().collect(), self.retired.into_iter().flatten().collect())
    }

    /// The label with this id, not one into which it was merged.
    fn own(&self, id: LabelId) -> Option<&Label> {
        self.labels.get(*self.places.get(&id)?)?.as_ref()
    }

    fn own_mut(&mut self, id: LabelId) -> Option<&mut Label> {
        self.labels.get_mut(*self.places.get(&id)?)?.as_mut()
    }

    fn retired(&self, id: LabelId) -> Option<&RetiredLabel> {
        self.retired.get(*self.retired_places.get(&id)?)?.as_ref()
    }

    /// Id of the label into which a label was merged at last, or its own.
    fn resolve(&mut self, id: LabelId) -> LabelId {
        let (mut end, mut path) = (id, HashSet::new());
        while let Some(next) = self.links.get(&end).filter(|_| !self.places.contains_key(&end)) {
            if !path.insert(end) {
                // A circle, as a damaged file may have it, leads nowhere.
                path.iter().for_each(|id| _ = self.links.remove(id));
                return id;
            }
            end = *next;
        }
        self.links.extend(path.into_iter().map(|id| (id, end)));
        end
    }

    /// Whether a retired label leads to a label that is in this set, or comes from that side.
    fn is_defined(&mut self, id: LabelId, side: &Side<'_>) -> bool {
        let end = self.resolve(id);
        end != id && (self.places.contains_key(&end) || side.set.own(end).is_some())
    }

    /// Breaks circles of labels that were merged into each other: each of them counts as removed then, under its name.
    fn break_circles(&mut self, decisions: &mut Vec<String>) {
        let ids: Vec<LabelId> =
            self.retired.iter().flatten().filter(|one| one.into.is_some()).map(|one| one.id).collect();
        let ids = ids.into_iter().filter(|id| !self.places.contains_key(id)).collect::<Vec<_>>();
        let mut known = HashSet::new();
        for id in ids {
            let next = |id| self.retired(id)?.into.filter(|id| !self.places.contains_key(id));
            let Way { path, circle } = follow(id, &mut known, next);
            let Some(circle) = circle.and_then(|start| path.get(start..)) else { continue };
            let names: Vec<String> = circle.iter().filter_map(|id| self.break_link(*id)).collect();
            let names = names.join(", ");
            decisions.push(format!("{names}: merged in a circle, so that none of them is left; they count as removed"));
        }
    }

    /// Takes away what a retired label was merged into; returns its name, safe to show.
    fn break_link(&mut self, id: LabelId) -> Option<String> {
        self.links.remove(&id);
        let retired = self.retired.get_mut(*self.retired_places.get(&id)?)?.as_mut()?;
        retired.into = None;
        Some(format!("`{}`", clean(&retired.name)))
    }

    /// Adds a label unchanged. The caller must make sure that its id is free.
    fn push(&mut self, label: Label) {
        self.taken.insert(label.id.0);
        self.places.entry(label.id).or_insert(self.labels.len());
        self.names.entry(label.name.clone()).or_insert(label.id);
        if let Some(key) = label.key {
            self.keys.entry(key).or_insert(label.id);
        }
        self.labels.push(Some(label));
    }

    /// Adds a label that this set lacks.
    fn add(&mut self, label: &Label, decisions: &mut Vec<String>) {
        if let Some(same) = self.names.get(&label.name) {
            decisions.push(format!("`{}` was added on both sides; the two are one label now", label.name));
            let into = Some(*same);
            self.add_retired(RetiredLabel { id: label.id, name: label.name.clone(), into });
            return;
        }
        let mut label = label.clone();
        let other = label.key.and_then(|key| Some((key, self.own(*self.keys.get(&key)?)?)));
        if let Some((key, other)) = other {
            decisions.push(format!("`{}` loses its key {key}, which `{}` has", label.name, other.name));
            label.key = None;
        }
        self.push(label);
    }

    /// Adds a retired label. The caller must make sure that its id is free.
    fn add_retired(&mut self, retired: RetiredLabel) {
        self.taken.insert(retired.id.0);
        self.retired_places.entry(retired.id).or_insert(self.retired.len());
        if let Some(into) = retired.into {
            self.links.insert(retired.id, into);
        }
        self.retired.push(Some(retired));
    }

    /// Removes a retired label, whose id a label gets.
    fn remove_retired(&mut self, id: LabelId) {
        if let Some(place) = self.retired_places.remove(&id).and_then(|place| self.retired.get_mut(place)) {
            *place = None;
        }
    }

    /// Adds a former name of a label under a new id.
    fn keep_former_name(&mut self, former: &RetiredLabel, draw: impl FnMut() -> u32) {
        let id = drawn_id(draw, |id| self.taken.contains(&id), || self.taken.last().copied());
        self.add_retired(RetiredLabel { id, ..former.clone() });
    }

    /// Retires a label into another one.
    fn retire_into(&mut self, id: LabelId, into: LabelId) {
        let label = self.places.remove(&id).and_then(|place| self.labels.get_mut(place)?.take());
        if let Some(Label { id, name, key, .. }) = label {
            self.give_up_name(id, &name);
            if let Some(key) = key.filter(|key| self.keys.get(key) == Some(&id)) {
                self.keys.remove(&key);
            }
            self.add_retired(RetiredLabel { id, name, into: Some(into) });
        }
    }

    fn give_up_name(&mut self, id: LabelId, name: &str) {
        if self.names.get(name) == Some(&id) {
            self.names.remove(name);
        }
    }

    /// Gives a label the name and tag of another version of it.
    fn take_name(&mut self, id: LabelId, from: &Label) {
        let Some(label) = self.own_mut(id) else { return };
        label.tag.clone_from(&from.tag);
        let before = std::mem::replace(&mut label.name, from.name.clone());
        self.give_up_name(id, &before);
        self.names.entry(from.name.clone()).or_insert(id);
    }

    /// Gives a label key and guideline of another version of it, where it has none.
    fn take_missing(&mut self, id: LabelId, from: &Label) {
        let key = from.key.filter(|key| !self.keys.contains_key(key));
        let Some(label) = self.own_mut(id) else { return };
        label.guide = label.guide.take().or_else(|| from.guide.clone());
        if label.key.is_none()
            && let Some(key) = key
        {
            label.key = Some(key);
            self.keys.insert(key, id);
        }
    }
}

struct Merge<'a> {
    ours: Side<'a>,
    theirs: Side<'a>,
    merged: Merged,
    decisions: Vec<String>,
}

impl Merge<'_> {
    /// Takes over a retired label of the other set.
    fn retired(&mut self, theirs: &RetiredLabel, draw: impl FnMut() -> u32) -> Result<(), SameId> {
        if self.ours.retired.contains(theirs) {
            return Ok(());
        }
        let is_name = theirs.into.is_some_and(|into| self.ours.is_former_name(into, &theirs.name));
        match self.ours.set.own(theirs.id) {
            // Here it is still a label: what was merged there is merged, what was only removed there stays.
            Some(label) if label.name == theirs.name || self.ours.has_former_name(label.id, &theirs.name) => {
                // To the end of a chain: what it was merged into may have been merged in turn.
                let into = theirs.into.map(|into| self.theirs.set.resolve(into));
                let into = into.filter(|into| self.merged.resolve(*into) != label.id);
                let name = into.and_then(|into| self.theirs.set.own(into).or_else(|| self.merged.own(into)));
                match (into, name.map(|into| into.name.clone())) {
                    (None, _) => {}
                    (Some(into), Some(name)) => {
                        let label_name = &label.name;
                        self.decisions.push(format!("`{label_name}` is merged into `{name}`, as on the other side"));
                        self.merged.retire_into(label.id, into);
                    }
                    (Some(_), None) => self.decisions.push(stays_after(label, into)),
                }
            }
            // A counted id of a former name, from an earlier version: no span has it.
            Some(_) if is_name => self.merged.keep_former_name(theirs, draw),
            Some(label) => return Err(same_id(label.id, &label.name, &theirs.name)),
            None if self.ours.set.has(theirs.id) => {
                if is_name {
                    self.merged.keep_former_name(theirs, draw);
                }
            }
            None => self.merged.add_retired(theirs.clone()),
        }
        Ok(())
    }

    /// Takes over a label of the other set.
    fn label(&mut self, theirs: &Label, draw: impl FnMut() -> u32) -> Result<(), SameId> {
        if let Some(ours) = self.ours.set.own(theirs.id) {
            return self.both(ours, theirs);
        }
        if let Some(ours) = self.ours.set.own_retired(theirs.id) {
            if ours.into.is_some_and(|into| self.theirs.is_former_name(into, &ours.name)) && ours.name != theirs.name {
                // A counted id of a former name, from an earlier version: no span has it.
                self.merged.remove_retired(ours.id);
                self.merged.keep_former_name(ours, draw);
            } else if ours.name != theirs.name && !self.theirs.has_former_name(theirs.id, &ours.name) {
                return Err(same_id(theirs.id, &ours.name, &theirs.name));
            } else if ours.into.is_some() && self.merged.is_defined(ours.id, &self.theirs) {
                self.decisions.push(stays_merged(theirs));
                return Ok(());
            } else {
                self.decisions.push(stays_after(theirs, ours.into));
                self.merged.remove_retired(ours.id);
            }
        }
        self.merged.add(theirs, &mut self.decisions);
        Ok(())
    }

    /// Merges two versions of one label.
    fn both(&mut self, ours: &Label, theirs: &Label) -> Result<(), SameId> {
        let renamed_there = self.theirs.has_former_name(ours.id, &ours.name);
        let renamed_here = self.ours.has_former_name(ours.id, &theirs.name);
        let mut names_here = self.ours.former_names.get(&ours.id).into_iter().flatten();
        let common = names_here.any(|former| self.theirs.has_former_name(ours.id, former));
        match ours.name == theirs.name {
            true => {}
            false if renamed_there && !renamed_here => {
                self.decisions.push(format!("`{}` is called `{}`, as on the other side", ours.name, theirs.name));
                // A label that was added here under that name is the later one.
                if let Some(same) = self.merged.names.get(&theirs.name) {
                    self.merged.retire_into(*same, ours.id);
                }
                self.merged.take_name(ours.id, theirs);
            }
            false if renamed_here || common => self.decisions.push(keeps_name(&ours.name, &theirs.name)),
            false => return Err(same_id(ours.id, &ours.name, &theirs.name)),
        }
        self.merged.take_missing(ours.id, theirs);
        Ok(())
    }
}

fn same_id(id: LabelId, ours: &str, theirs: &str) -> SameId {
    let [ours, theirs] = [ours, theirs].map(|name| clean(name).into_owned());
    SameId { id, ours, theirs }
}

fn stays_merged(label: &Label) -> String {
    format!("`{}` stays merged, as on this side", label.name)
}

/// Decision about a label that one side removed, or merged into a label that is on neither side.
fn stays_after(label: &Label, into: Option<LabelId>) -> String {
    match into {
        None => format!("`{}` was removed on one side only and stays", label.name),
        Some(_) => format!("`{}` was merged on one side into a label that nothing defines, and stays", label.name),
    }
}

fn keeps_name(ours: &str, theirs: &str) -> String {
    format!("`{ours}` keeps its name; it is `{theirs}` on the other side")
}

#[cfg(test)]
mod tests;

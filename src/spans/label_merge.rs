//! Merge of two label sets that grew from one, as after work on two git branches.
//!
//! A label is its id. Of two labels with the same name, the later one retires into the other, so that its spans keep their
//! meaning. Of two labels with the same key, the later one loses it. Two labels with one id that were never the same label
//! cannot be merged, because nothing distinguishes their spans.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::label::{Label, LabelId, LabelSet, RetiredLabel, drawn_id};
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
        let ids: Vec<LabelId> = self.retired.iter().flatten().filter(|one| one.into.is_some()).map(|one| one.id).collect();
        let mut known = HashSet::new();
        for id in ids {
            let (mut path, mut next) = (Vec::new(), Some(id));
            while let Some(id) = next.filter(|id| !self.places.contains_key(id) && known.insert(*id)) {
                path.push(id);
                next = self.retired(id).and_then(|retired| retired.into);
            }
            let start = next.and_then(|id| path.iter().position(|one| *one == id));
            let Some(circle) = start.and_then(|start| path.get(start..)) else { continue };
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
mod tests {
    use super::*;
    use crate::{spans::LabelChange, text::growth::assert_linear};

    fn set() -> LabelSet {
        LabelSet::from_names(["Dish", "Price"]).with_keys()
    }

    fn changed(changes: &[(LabelChange, u32)]) -> LabelSet {
        let mut labels = set();
        for (change, id) in changes {
            labels.change(change, || *id).unwrap();
        }
        labels
    }

    fn add(name: &str) -> LabelChange {
        LabelChange::Add(name.to_owned())
    }

    fn rename(id: u32, name: &str) -> LabelChange {
        LabelChange::Rename(LabelId(id), name.to_owned())
    }

    fn merged(ours: &LabelSet, theirs: &LabelSet) -> LabelSet {
        let mut labels = ours.clone();
        labels.merge(theirs, || 900).unwrap();
        labels
    }

    fn names(labels: &LabelSet) -> Vec<&str> {
        labels.iter().map(|label| label.name.as_str()).collect()
    }

    #[test]
    fn labels_of_both_sides_are_there_and_the_later_one_loses_the_key() {
        let [ours, theirs] = [changed(&[(add("Wine"), 70)]), changed(&[(add("Beer"), 80)])];
        let both = merged(&ours, &theirs);
        assert_eq!(names(&both), ["Dish", "Price", "Wine", "Beer"]);
        assert_eq!((both.name(LabelId(70)), both.name(LabelId(80))), ("Wine", "Beer"));
        assert_eq!(both.iter().map(|label| label.key).collect::<Vec<_>>(), [Some('1'), Some('2'), Some('3'), None]);
    }

    #[test]
    fn of_two_labels_with_one_name_one_retires_into_the_other() {
        let [ours, theirs] = [changed(&[(add("Wine"), 70)]), changed(&[(add("Wine"), 80)])];
        let both = merged(&ours, &theirs);
        assert_eq!(names(&both), ["Dish", "Price", "Wine"]);
        assert_eq!([70, 80].map(|id| both.resolve(LabelId(id))), [LabelId(70); 2]);
        // Merging again changes nothing.
        assert_eq!(merged(&both, &theirs), both);
        assert_eq!(merged(&both, &ours), both);
    }

    #[test]
    fn renaming_merging_and_removing_on_one_side_are_kept() {
        let start = set();
        for theirs in [
            changed(&[(rename(0, "Meal"), 70)]),
            changed(&[(LabelChange::Merge(LabelId(0), LabelId(1)), 70)]),
            changed(&[(rename(0, "Meal"), 70), (rename(0, "Plate"), 71)]),
            changed(&[
                (add("Food"), 80),
                (LabelChange::Merge(LabelId(0), LabelId(80)), 70),
                (LabelChange::Merge(LabelId(80), LabelId(1)), 71),
            ]),
        ] {
            for both in [merged(&start, &theirs), merged(&theirs, &start)] {
                assert_eq!((names(&both), both.name(LabelId(0))), (names(&theirs), theirs.name(LabelId(0))));
                assert_eq!(both.named("Dish").map(|label| label.id), theirs.named("Dish").map(|label| label.id));
            }
        }
        // Nothing is lost by what was only removed on one side.
        let theirs = changed(&[(LabelChange::Remove(LabelId(1)), 70)]);
        assert_eq!(names(&merged(&start, &theirs)), ["Dish", "Price"]);
        assert_eq!(names(&merged(&theirs, &start)), ["Dish", "Price"]);
        // Each was merged into the other one.
        let [a, b] =
            [(0, 1), (1, 0)].map(|(from, to)| changed(&[(LabelChange::Merge(LabelId(from), LabelId(to)), 70)]));
        let both = merged(&a, &b);
        assert_eq!((names(&both), both.name(LabelId(0)), both.name(LabelId(1))), (vec!["Price"], "Price", "Price"));
    }

    #[test]
    fn a_name_that_one_side_gave_by_renaming_and_the_other_to_a_new_label_is_one_label() {
        let [added, renamed] = [changed(&[(add("Meal"), 70)]), changed(&[(rename(0, "Meal"), 80)])];
        for both in [merged(&added, &renamed), merged(&renamed, &added)] {
            assert_eq!(
                (names(&both), both.name(LabelId(0)), both.name(LabelId(70))),
                (vec!["Meal", "Price"], "Meal", "Meal")
            );
        }
    }

    #[test]
    fn both_renamed_keeps_this_name_and_finds_the_others() {
        let [ours, theirs] = [changed(&[(rename(0, "Meal"), 70)]), changed(&[(rename(0, "Food"), 80)])];
        let both = merged(&ours, &theirs);
        assert_eq!(names(&both), ["Meal", "Price"]);
        assert_eq!(both.named("Dish").map(|label| label.id), Some(LabelId(0)));
    }

    #[test]
    fn two_labels_with_one_id_are_not_mixed() {
        // As versions before counted the ids.
        let [ours, theirs] = [changed(&[(add("Wine"), 2)]), changed(&[(add("Beer"), 2)])];
        let error = ours.clone().merge(&theirs, || 900).unwrap_err();
        assert_eq!(error, SameId { id: LabelId(2), ours: "Wine".into(), theirs: "Beer".into() });
        // A counted id of a former name and of a new label is no conflict: no span has the former name.
        let [ours, theirs] = [changed(&[(rename(0, "Meal"), 2)]), changed(&[(add("Beer"), 2)])];
        for both in [merged(&ours, &theirs), merged(&theirs, &ours)] {
            assert_eq!(both.name(LabelId(2)), "Beer");
            assert_eq!(both.named("Dish").map(|label| label.name.as_str()), Some("Meal"), "{both:?}");
        }
    }

    /// Set of `n` labels and `n` former names; every third label is merged into the one before, in chains of three.
    fn many(n: usize, renamed: &str) -> LabelSet {
        let id = |at: usize| LabelId(u32::try_from(at).unwrap());
        let label =
            |at: usize, name: String| Label { id: id(at), name, key: None, tag: String::new(), color: 0, guide: None };
        let labels = (0..n).map(|at| label(at, format!("{renamed}{at}"))).collect();
        let former = |at: usize| RetiredLabel { id: id(n + at), name: format!("L{at}"), into: Some(id(at)) };
        let chain =
            |at: usize| RetiredLabel { id: id(2 * n + at), name: format!("C{at}"), into: Some(id(2 * n + at + 1)) };
        LabelSet::from_parts(labels, (0..n).map(former).chain((0..n).map(chain)).collect())
    }

    #[test]
    fn thousands_of_labels_are_merged_in_time_that_grows_with_their_number() {
        let draws = || {
            let mut next = 1_000_000;
            move || {
                next += 1;
                next
            }
        };
        // Renamed on one side, on both sides, and merged on the other side into a label that was added there.
        let sides = |n: usize| {
            let start = many(n, "L");
            let mut retired = start.retired().to_vec();
            retired.extend(start.iter().map(|label| RetiredLabel {
                id: label.id,
                name: label.name.clone(),
                into: Some(LabelId(9_000_000)),
            }));
            let added =
                Label { id: LabelId(9_000_000), name: "All".to_owned(), ..start.iter().next().unwrap().clone() };
            [start, many(n, "M"), LabelSet::from_parts(vec![added], retired)]
        };
        for (ours, theirs) in [(0, 1), (1, 0), (0, 2), (2, 0)] {
            assert_linear(1_000, sides, |sides| sides[ours].clone().merge(&sides[theirs], draws()).unwrap());
        }
        let doubled = |n: usize| {
            let labels = many(n, "L");
            let twice = labels.iter().chain(&labels).cloned().collect();
            let retired = labels.retired().iter().cloned();
            let same_ids =
                retired.clone().map(|retired| RetiredLabel { name: format!("{}-", retired.name), ..retired });
            LabelSet::from_parts(twice, retired.clone().chain(same_ids).collect())
        };
        assert_linear(1_000, doubled, |labels| {
            let (settled, _) = labels.without_doubles(draws()).unwrap();
            assert_eq!((settled.len() * 2, settled.retired().len()), (labels.len(), labels.retired().len()));
        });
    }

    #[test]
    fn a_circle_of_merged_labels_ends_a_merge_as_well() {
        let circle = [(7, 8), (8, 7)].map(|(id, into)| RetiredLabel {
            id: LabelId(id),
            name: format!("X{id}"),
            into: Some(LabelId(into)),
        });
        let ours = set().with_retired(circle.to_vec());
        let theirs = changed(&[(LabelChange::Merge(LabelId(0), LabelId(1)), 70)]).with_retired(vec![RetiredLabel {
            id: LabelId(0),
            name: "Dish".to_owned(),
            into: Some(LabelId(7)),
        }]);
        let mut both = ours.clone();
        let decisions = both.merge(&theirs, || 900).unwrap();
        assert!(decisions.iter().any(|one| one.contains("`X7`, `X8`: merged in a circle")), "{decisions:?}");
        assert_eq!(both.retired().iter().map(|one| (one.id.0, one.into)).collect::<Vec<_>>(), [(7, None), (8, None)]);
        // The label that the other side merged into the circle is not lost.
        assert_eq!((names(&both), both.name(LabelId(0))), (vec!["Dish", "Price"], "Dish"));
        assert_eq!(ours.retired_into_nothing().len(), 2);
        assert_eq!(both.retired_into_nothing().len(), 0);
    }

    #[test]
    fn a_label_that_was_merged_into_one_that_nothing_defines_stays() {
        let start = set();
        let gone = RetiredLabel { id: LabelId(0), name: "Dish".to_owned(), into: Some(LabelId(55)) };
        let price = start.iter().filter(|label| label.id != LabelId(0)).cloned().collect();
        let lost = LabelSet::from_parts(price, vec![gone.clone()]);
        for (ours, theirs) in [(&start, &lost), (&lost, &start)] {
            let mut both = ours.clone();
            let decisions = both.merge(theirs, || 900).unwrap();
            assert_eq!(both.named("Dish").map(|label| label.id), Some(LabelId(0)), "{both:?}");
            assert!(decisions[0].contains("`Dish` was merged on one side into a label that nothing defines"), "{decisions:?}");
        }
        // Git may have put both into one file.
        let file = LabelSet::from_parts(start.iter().cloned().collect(), vec![gone.clone()]);
        let (settled, decisions) = file.without_doubles(|| 900).unwrap();
        assert_eq!((settled.len(), settled.name(LabelId(0))), (2, "Dish"));
        assert!(decisions[0].contains("nothing defines"), "{decisions:?}");
        // A label that only this side has is defined.
        let ours = changed(&[(add("Food"), 55)]);
        let both = merged(&ours, &lost);
        assert_eq!((both.resolve(LabelId(0)), both.named("Dish").map(|label| label.id.0)), (LabelId(55), Some(55)));
        assert_eq!(lost.retired_into_nothing(), [&gone]);
    }
}

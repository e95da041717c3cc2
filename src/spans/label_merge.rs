//! Merge of two label sets that grew from one, as after work on two git branches.
//!
//! A label is its id. Of two labels with the same name, the later one retires into the other, so that its spans keep their
//! meaning. Of two labels with the same key, the later one loses it. Two labels with one id that were never the same label
//! cannot be merged, because nothing distinguishes their spans.

use super::label::{Label, LabelId, LabelSet, RetiredLabel};

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
    /// Name in the first set.
    pub ours: String,
    /// Name in the second set.
    pub theirs: String,
}

impl LabelSet {
    /// Merges another set into this one; returns what was decided, one sentence each.
    /// `draw` returns random numbers for new ids.
    ///
    /// # Errors
    /// Two different labels have the same id.
    pub fn merge(&mut self, theirs: &Self, mut draw: impl FnMut() -> u32) -> Result<Vec<String>, SameId> {
        let ours = self.clone();
        let mut merge = Merge { ours: &ours, theirs, merged: ours.clone(), decisions: Vec::new() };
        for retired in theirs.retired() {
            merge.retired(retired, &mut draw)?;
        }
        for label in theirs {
            merge.label(label, &mut draw)?;
        }
        let Merge { merged, decisions, .. } = merge;
        *self = merged;
        Ok(decisions)
    }
}

struct Merge<'a> {
    ours: &'a LabelSet,
    theirs: &'a LabelSet,
    merged: LabelSet,
    decisions: Vec<String>,
}

impl Merge<'_> {
    /// Takes over a retired label of the other set.
    fn retired(&mut self, theirs: &RetiredLabel, draw: impl FnMut() -> u32) -> Result<(), SameId> {
        if self.ours.retired().contains(theirs) {
            return Ok(());
        }
        let is_name = theirs.into.is_some_and(|into| is_former_name(self.ours, into, &theirs.name));
        match self.ours.own(theirs.id) {
            // Here it is still a label: what was merged there is merged, what was only removed there stays.
            Some(label) if label.name == theirs.name || has_former_name(self.ours, label.id, &theirs.name) => {
                // To the end of a chain: what it was merged into may have been merged in turn.
                let into = theirs.into.map(|into| self.theirs.resolve(into));
                let into = into.filter(|into| self.merged.resolve(*into) != label.id);
                if let Some(into) = into.filter(|into| self.theirs.own(*into).is_some()) {
                    self.decisions.push(format!(
                        "`{}` is merged into `{}`, as on the other side",
                        label.name,
                        self.theirs.name(into)
                    ));
                    self.merged.retire_into(label.id, into);
                }
            }
            // A counted id of a former name, from an earlier version: no span has it.
            Some(_) if is_name => self.keep_former_name(theirs, draw),
            Some(label) => return Err(same_id(label.id, &label.name, &theirs.name)),
            None if self.ours.has(theirs.id) => {
                if is_name {
                    self.keep_former_name(theirs, draw);
                }
            }
            None => self.merged.add_retired(theirs.clone()),
        }
        Ok(())
    }

    /// Takes over a former name of a label under a new id.
    fn keep_former_name(&mut self, former: &RetiredLabel, draw: impl FnMut() -> u32) {
        let id = self.merged.draw_id(draw);
        self.merged.add_retired(RetiredLabel { id, ..former.clone() });
    }

    /// Takes over a label of the other set.
    fn label(&mut self, theirs: &Label, draw: impl FnMut() -> u32) -> Result<(), SameId> {
        if let Some(ours) = self.ours.own(theirs.id) {
            return self.both(ours, theirs);
        }
        let retired = self.ours.retired().iter().find(|retired| retired.id == theirs.id);
        if let Some(ours) = retired {
            if ours.into.is_some_and(|into| is_former_name(self.theirs, into, &ours.name)) && ours.name != theirs.name {
                // A counted id of a former name, from an earlier version: no span has it.
                self.merged.remove_retired(ours.id);
                self.keep_former_name(ours, draw);
            } else if ours.name != theirs.name && !has_former_name(self.theirs, theirs.id, &ours.name) {
                return Err(same_id(theirs.id, &ours.name, &theirs.name));
            } else if ours.into.is_some() {
                self.decisions.push(format!("`{}` stays merged, as on this side", theirs.name));
                return Ok(());
            } else {
                self.decisions.push(format!("`{}` was removed on one side only and stays", theirs.name));
                self.merged.remove_retired(ours.id);
            }
        }
        self.add(theirs);
        Ok(())
    }

    /// Adds a label that this set lacks.
    fn add(&mut self, theirs: &Label) {
        if let Some(same) = self.merged.find(&theirs.name).map(|label| label.id) {
            self.decisions.push(format!("`{}` was added on both sides; the two are one label now", theirs.name));
            self.merged.add_retired(RetiredLabel { id: theirs.id, name: theirs.name.clone(), into: Some(same) });
            return;
        }
        let mut label = theirs.clone();
        if let Some(other) = label.key.and_then(|key| self.merged.by_key(key)) {
            self.decisions.push(format!(
                "`{}` loses its key {}, which `{}` has",
                label.name,
                label.key.unwrap_or_default(),
                other.name
            ));
            label.key = None;
        }
        self.merged.push(label);
    }

    /// Merges two versions of one label.
    fn both(&mut self, ours: &Label, theirs: &Label) -> Result<(), SameId> {
        let renamed_there = has_former_name(self.theirs, ours.id, &ours.name);
        let renamed_here = has_former_name(self.ours, ours.id, &theirs.name);
        let names_here = self.ours.retired().iter().filter(|retired| retired.into == Some(ours.id));
        let common = names_here.into_iter().any(|former| has_former_name(self.theirs, ours.id, &former.name));
        match ours.name == theirs.name {
            true => {}
            false if renamed_there && !renamed_here => {
                self.decisions.push(format!("`{}` is called `{}`, as on the other side", ours.name, theirs.name));
                // A label that was added here under that name is the later one.
                if let Some(same) = self.merged.find(&theirs.name).map(|label| label.id) {
                    self.merged.retire_into(same, ours.id);
                }
                self.merged.take_name(ours.id, theirs);
            }
            false if renamed_here || common => {
                self.decisions
                    .push(format!("`{}` keeps its name; it is `{}` on the other side", ours.name, theirs.name));
            }
            false => return Err(same_id(ours.id, &ours.name, &theirs.name)),
        }
        self.merged.take_missing(ours.id, theirs);
        Ok(())
    }
}

fn same_id(id: LabelId, ours: &str, theirs: &str) -> SameId {
    SameId { id, ours: ours.to_owned(), theirs: theirs.to_owned() }
}

/// Whether a label of the set had this name before it was renamed.
fn has_former_name(labels: &LabelSet, id: LabelId, name: &str) -> bool {
    labels.retired().iter().any(|retired| retired.into == Some(id) && retired.name == name)
}

/// Whether a retired label that points to `into` is only a former name.
/// Then the other set has that label under this name.
fn is_former_name(labels: &LabelSet, into: LabelId, name: &str) -> bool {
    labels.own(into).is_some_and(|label| label.name == name) || has_former_name(labels, into, name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spans::LabelChange;

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
}

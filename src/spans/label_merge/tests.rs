//! Merges of label sets: each rule, contradictions, and time that grows with the number of labels.

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
    let [a, b] = [(0, 1), (1, 0)].map(|(from, to)| changed(&[(LabelChange::Merge(LabelId(from), LabelId(to)), 70)]));
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
    let chain = |at: usize| RetiredLabel { id: id(2 * n + at), name: format!("C{at}"), into: Some(id(2 * n + at + 1)) };
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
        let added = Label { id: LabelId(9_000_000), name: "All".to_owned(), ..start.iter().next().unwrap().clone() };
        [start, many(n, "M"), LabelSet::from_parts(vec![added], retired)]
    };
    for (ours, theirs) in [(0, 1), (1, 0), (0, 2), (2, 0)] {
        assert_linear(1_000, sides, |sides| sides[ours].clone().merge(&sides[theirs], draws()).unwrap());
    }
    let doubled = |n: usize| {
        let labels = many(n, "L");
        let twice = labels.iter().chain(&labels).cloned().collect();
        let retired = labels.retired().iter().cloned();
        let same_ids = retired.clone().map(|retired| RetiredLabel { name: format!("{}-", retired.name), ..retired });
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
        assert!(
            decisions[0].contains("`Dish` was merged on one side into a label that nothing defines"),
            "{decisions:?}"
        );
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

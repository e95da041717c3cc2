//! Tests of label sets.

use super::*;
use crate::text::growth::assert_linear;

impl LabelSet {
    /// Changes the set; new ids are the numbers from a million on.
    fn change_counting(&mut self, change: &LabelChange) -> Result<(), LabelError> {
        let mut next = 1_000_000..;
        self.change(change, || next.next().unwrap())
    }
}

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
    labels.change_counting(&LabelChange::Rename(dish, "Meal".into())).unwrap();
    assert_eq!((labels.name(dish), labels.get(dish).unwrap().tag.as_str()), ("Meal", "Me"));
    labels.change_counting(&LabelChange::Merge(food, dish)).unwrap();
    assert_eq!((labels.len(), labels.name(food), labels.get(food).unwrap().id), (2, "Meal", dish));
    labels.change_counting(&LabelChange::Merge(dish, drink)).unwrap();
    assert_eq!(labels.name(food), "Drink", "merged twice");
    labels.change_counting(&LabelChange::Remove(drink)).unwrap();
    assert_eq!((labels.get(food), labels.name(drink)), (None, "Drink"));
    // No id is given twice.
    labels.change_counting(&LabelChange::Add("Wine".into())).unwrap();
    let wine = labels.find("Wine").unwrap().id;
    assert!(![dish, food, drink].contains(&wine));
    // What was removed and is added again is the same label, and so are its spans' labels.
    labels.change_counting(&LabelChange::Add("Drink".into())).unwrap();
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
        assert_eq!(labels.change_counting(&change), Err(why));
    }
    assert_eq!(labels, before);
    labels.change_counting(&LabelChange::Key(LabelId(0), '2')).unwrap();
    assert_eq!(labels.iter().map(|label| label.key).collect::<Vec<_>>(), [Some('2'), Some('1')], "they change places");
    labels.change_counting(&LabelChange::Move(LabelId(0), false)).unwrap();
    assert_eq!(labels.iter().map(|label| label.id.0).collect::<Vec<_>>(), [1, 0]);
}

#[test]
fn a_hundred_labels_have_as_many_keys_as_there_are() {
    let labels = LabelSet::from_names((0..100).map(|n| format!("L{n}"))).with_keys();
    let keys: std::collections::HashSet<char> = labels.iter().filter_map(|label| label.key).collect();
    assert_eq!(keys.len(), 9 + 26 + 26);
}

#[test]
fn two_people_who_add_a_label_give_it_different_ids() {
    let start = LabelSet::restaurant();
    let [mut anna, mut ben] = [start.clone(), start.clone()];
    anna.change(&LabelChange::Add("Wine".into()), || 3_000_000_000).unwrap();
    ben.change(&LabelChange::Add("Beer".into()), || 17_000_000).unwrap();
    assert_eq!(anna.find("Wine").unwrap().id, LabelId(3_000_000_000));
    assert_eq!(ben.find("Beer").unwrap().id, LabelId(17_000_000));
    // Former names have ids, too.
    anna.change(&LabelChange::Rename(LabelId(2), "Meal".into()), || 5_000).unwrap();
    assert_eq!(anna.retired()[0].id, LabelId(5_000));
    // An id in use, or of a retired label, is not drawn.
    let mut drawn = [2, 5_000, 3_000_000_000, 11].into_iter();
    anna.change(&LabelChange::Add("Tea".into()), || drawn.next().unwrap()).unwrap();
    assert_eq!(anna.find("Tea").unwrap().id, LabelId(11));
    // Random numbers that repeat for ever give a free id all the same.
    anna.change(&LabelChange::Add("Milk".into()), || 2).unwrap();
    assert_eq!(anna.find("Milk").unwrap().id, LabelId(3_000_000_001));
}

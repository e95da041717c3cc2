//! The label set, changed on the screen.

#![cfg(test)]

use super::*;
use crate::{
    app::{
        overlays::{Overlay, label_editor::LabelEditor},
        panel::Panel,
    },
    spans::{LabelChange, LabelId},
};

/// Changes the labels as the project worker does on disk.
fn answer(state: &mut State, effects: Vec<Effect>) {
    for effect in effects {
        if let Effect::ChangeLabels(change) = effect {
            let mut labels = state.session.project.as_ref().unwrap().labels.clone();
            let outcome = labels.change(&change, || 77).map(|()| labels).map_err(|error| error.to_string());
            update(state, Event::Labels(outcome));
        }
    }
}

/// Presses keys, each answered before the next.
fn edit(state: &mut State, keys: &str) {
    for key in keys.split_whitespace() {
        let effects = press(state, key);
        answer(state, effects);
    }
}

fn editor(state: &State) -> &LabelEditor {
    match state.overlay() {
        Some(Overlay::LabelEditor(editor)) => editor,
        other => panic!("{other:?}"),
    }
}

fn names(state: &State) -> Vec<&str> {
    state.session.project.as_ref().unwrap().labels.iter().map(|label| label.name.as_str()).collect()
}

#[test]
fn labels_are_added_renamed_moved_and_get_keys() {
    let mut state = start(&["|fish [tacos](Dish)"]);
    edit(&mut state, "f6 a W i n e enter");
    assert_eq!(names(&state).last(), Some(&"Wine"));
    edit(&mut state, "j j r backspace backspace backspace backspace M e a l enter");
    assert_eq!(names(&state)[2], "Meal");
    assert_eq!(editor(&state).spans[2], 1, "its span keeps it");
    edit(&mut state, "K K");
    assert_eq!((names(&state)[0], editor(&state).row(state.session.project.as_ref().unwrap())), ("Meal", 0));
    edit(&mut state, "y 9 i r a w enter esc");
    assert_eq!(shown(&state), "|fish [tacos](Meal)");
    let label = state.session.project.as_ref().unwrap().labels.find("Meal").unwrap();
    assert_eq!((label.key, label.guide.as_deref()), (Some('9'), Some("raw")));
    press(&mut state, "9");
    assert_eq!(shown(&state), "[fish](Meal) |[tacos](Meal)");
}

#[test]
fn a_merged_label_is_the_other_and_a_removed_one_takes_its_spans_along() {
    let mut state = start(&["|[fish](Dish) [thai](Cuisine)", "[tea](Dish)"]);
    edit(&mut state, "f6 j j m k enter");
    assert_eq!(shown(&state), "|[fish](Cuisine) [thai](Cuisine)", "Dish went into Cuisine");
    assert_eq!(editor(&state).spans[1], 3);
    edit(&mut state, "D enter esc");
    assert_eq!(shown(&state), "|fish thai");
    assert!(!names(&state).contains(&"Cuisine"));
    // The spans bring their label back.
    edit(&mut state, "u");
    assert_eq!(shown(&state), "|[fish](Cuisine) [thai](Cuisine)");
}

#[test]
fn answers_that_come_late_are_about_the_label_that_was_meant() {
    let mut state = start(&["|[fish](Dish) [thai](Cuisine)"]);
    let effects = press(&mut state, "f6 j j K D enter");
    answer(&mut state, effects);
    assert_eq!(shown(&state), "|fish [thai](Cuisine)");
    // A label that is armed is put down with it.
    edit(&mut state, "esc @ f6 j D enter esc");
    assert_eq!((state.session.tagging.armed, shown(&state).as_str()), (None, "|fish thai"));
}

#[test]
fn a_label_stays_if_the_disk_refuses_and_so_do_its_spans() {
    let mut state = start(&["|[fish](Dish) and"]);
    press(&mut state, "f6 j j D enter");
    update(&mut state, Event::Labels(Err("the disk is full".into())));
    assert_eq!(shown(&state), "|[fish](Dish) and");
}

#[test]
fn a_model_that_says_an_old_name_is_understood() {
    let mut state = start(&["|fish and"]);
    edit(&mut state, "f6 j j r x enter m k enter esc");
    suggest(&mut state, &[("fish", "Dish")]);
    press(&mut state, "a");
    assert_eq!(shown(&state), "[fish](Cuisine) |and");
}

#[test]
fn impossible_changes_are_refused_and_esc_ends_the_question() {
    let mut state = start(&["|fish"]);
    edit(&mut state, "f6 a D i s h enter");
    assert!(editor(&state).problem.as_ref().unwrap().contains("already"));
    assert!(editor(&state).prompt().is_some(), "what was typed can be put right");
    edit(&mut state, "esc a x esc");
    assert!(editor(&state).prompt().is_none(), "the list is there still");
    edit(&mut state, "m y");
    assert!(editor(&state).problem.as_ref().unwrap().contains("itself"));
    edit(&mut state, "esc esc");
    assert!(state.overlay().is_none());
    update(&mut state, Event::Labels(Err("the disk is full".into())));
    assert_eq!(state.session.message.as_ref().unwrap().text, "the disk is full");
    let change = LabelChange::Recolor(LabelId(0));
    press(&mut state, "f6");
    assert_eq!(press(&mut state, "c"), [Effect::ChangeLabels(change)]);
}

#[test]
fn the_change_of_a_label_is_taken_back_in_its_own_project_only() {
    let documents = || vec![Document::new("d0", "fish and thai", Grid::Natural)].into();
    let opened = |folder: &str, annotator: &str| {
        let labels = LabelSet::restaurant();
        let (folder, annotator) = (folder.to_owned(), annotator.to_owned());
        Event::Opened(Box::new(Opened { folder, annotator, labels, documents: documents(), ..Opened::default() }))
    };
    let renamed = |labels: &str| {
        let mut state = State::default();
        update(&mut state, Event::Resize { columns: 80, rows: 24 });
        update(&mut state, opened("one", "ada"));
        edit(&mut state, labels);
        state
    };
    let mut state = renamed("f6 r x enter esc");
    update(&mut state, opened("two", "ada"));
    assert_eq!(press(&mut state, "u"), [], "the label of another project is left alone");
    // The other project is opened while the change is being written.
    let mut state = renamed("f6 r x enter esc");
    assert_eq!(press(&mut state, "u").len(), 1);
    update(&mut state, opened("two", "ada"));
    edit(&mut state, "f6 r y enter esc");
    edit(&mut state, "u");
    assert_eq!(names(&state)[0], "Amenity", "it is a change that can be taken back");
    // The same project is read again: for the same annotator the change can still be taken back.
    for (annotator, effects) in [("ada", 1), ("ben", 0)] {
        let mut state = renamed("f6 r x enter esc");
        assert_eq!(update(&mut state, Event::FilesChanged(vec!["project.json".into()])), [Effect::Reload]);
        update(&mut state, opened("one", annotator));
        assert_eq!(press(&mut state, "u").len(), effects, "{annotator}");
    }
}

#[test]
fn undo_takes_back_the_change_of_a_label_before_older_actions() {
    let mut state = start(&["|fish and thai"]);
    press(&mut state, "2");
    let first = names(&state)[0].to_owned();
    edit(&mut state, "f6 r x enter esc");
    assert_ne!(names(&state)[0], first);
    edit(&mut state, "u");
    assert_eq!(names(&state)[0], first);
    assert!(shown(&state).contains("[fish]"), "{}", shown(&state));
    edit(&mut state, "u");
    assert_eq!(names(&state)[0], first);
    assert!(!shown(&state).contains('['), "{}", shown(&state));
    // What is no single name, key or guideline is taken back in the list, and undo says so once.
    press(&mut state, "2");
    edit(&mut state, "f6 c esc u");
    let message = state.session.message.as_ref().unwrap().text.clone();
    assert!(message.contains("f6") && message.contains("u again"), "{message}");
    assert!(shown(&state).contains("[fish]"), "{}", shown(&state));
    edit(&mut state, "u");
    assert!(!shown(&state).contains('['), "{}", shown(&state));
    // After another action, undo takes that back first.
    edit(&mut state, "f6 r y enter esc");
    press(&mut state, "2");
    edit(&mut state, "u");
    assert!(!shown(&state).contains('[') && names(&state)[0] != first, "{}", shown(&state));
}

//! The label set, changed on the screen.

#![cfg(test)]

use super::*;
use crate::{
    app::{labels::LabelEditor, overlay::Overlay},
    spans::{LabelChange, LabelId},
};

/// Presses keys, and does to the labels what the desk would do on disk.
fn edit(state: &mut State, keys: &str) {
    for key in keys.split_whitespace() {
        for effect in press(state, key) {
            if let Effect::ChangeLabels(change) = effect {
                let mut labels = state.project.as_ref().unwrap().labels.clone();
                let outcome = labels.change(&change).map(|()| labels).map_err(|error| error.to_string());
                update(state, Event::Labels(outcome));
            }
        }
    }
}

fn editor(state: &State) -> &LabelEditor {
    match &state.overlay {
        Some(Overlay::LabelEditor(editor)) => editor,
        other => panic!("{other:?}"),
    }
}

fn names(state: &State) -> Vec<&str> {
    state.project.as_ref().unwrap().labels.iter().map(|label| label.name.as_str()).collect()
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
    assert_eq!((names(&state)[0], editor(&state).row), ("Meal", 0));
    edit(&mut state, "y 9 i r a w enter esc");
    assert_eq!(shown(&state), "|fish [tacos](Meal)");
    let label = state.project.as_ref().unwrap().labels.find("Meal").unwrap();
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
    press(&mut state, "u");
    assert_eq!(state.project.as_ref().unwrap().annotation(1).spans().len(), 1, "the spans come back");
}

#[test]
fn what_cannot_be_is_told_and_esc_asks_no_more() {
    let mut state = start(&["|fish"]);
    edit(&mut state, "f6 a D i s h enter");
    assert!(editor(&state).problem.as_ref().unwrap().contains("already"));
    edit(&mut state, "a x esc");
    assert!(editor(&state).field().is_none(), "the list is there still");
    edit(&mut state, "m enter");
    assert!(editor(&state).problem.as_ref().unwrap().contains("itself"));
    edit(&mut state, "esc");
    assert!(state.overlay.is_none());
    update(&mut state, Event::Labels(Err("the disk is full".into())));
    assert_eq!(state.message.as_ref().unwrap().text, "the disk is full");
    let change = LabelChange::Recolor(LabelId(0));
    press(&mut state, "f6");
    assert_eq!(press(&mut state, "c"), [Effect::ChangeLabels(change)]);
}

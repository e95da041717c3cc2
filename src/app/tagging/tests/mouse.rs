//! The mouse on the Tag screen and in lists.

#![cfg(test)]

use super::*;
use crate::app::{
    overlays::Overlay,
    pointer::{Gesture, Target},
};

/// Points at the place of `at` in the text.
fn point(state: &mut State, gesture: Gesture, at: &str) {
    let text = &state.session.project.as_ref().unwrap().documents[state.session.tagging.document].text;
    let target = text.find(at).map(Target::Text);
    update(state, Event::Pointer { at: 1_790_000_000, gesture, target });
}

fn drag(state: &mut State, from: &str, to: &str) {
    for (gesture, at) in [(Gesture::Press, from), (Gesture::Drag, to), (Gesture::Release, to)] {
        point(state, gesture, at);
    }
}

fn label(state: &mut State, name: &str) {
    let label = state.session.project.as_ref().unwrap().labels.find(name).unwrap().id;
    update(state, Event::Pointer { at: 1_790_000_000, gesture: Gesture::Press, target: Some(Target::Label(label)) });
    update(state, Event::Pointer { at: 1_790_000_000, gesture: Gesture::Release, target: None });
}

#[test]
fn a_word_is_pointed_at_and_labelled_by_the_bar() {
    let mut state = start(&["|cheap fish tacos here"]);
    drag(&mut state, "sh tac", "sh tac");
    assert_eq!(shown(&state), "cheap |fish tacos here");
    label(&mut state, "Dish");
    assert_eq!(shown(&state), "cheap [fish](Dish) |tacos here");
    let project = state.session.project.as_ref().unwrap();
    assert_eq!(project.touched(0), Some(1_790_000_000), "the journal says when");
    // Between two words, the one before.
    point(&mut state, Gesture::Press, " tacos");
    assert_eq!(shown(&state), "cheap |[fish](Dish) tacos here");
    label(&mut state, "Cuisine");
    assert_eq!(shown(&state), "cheap [fish](Cuisine) |tacos here");
}

#[test]
fn words_are_selected_in_both_directions_and_an_armed_label_takes_them() {
    let mut state = start(&["|cheap fish tacos here"]);
    drag(&mut state, "fish", "tacos");
    assert_eq!(shown(&state), "cheap |fish tacos| here");
    label(&mut state, "Dish");
    assert_eq!(shown(&state), "cheap [fish tacos](Dish) |here");
    press(&mut state, "u ^");
    drag(&mut state, "tacos", "cheap");
    assert_eq!(shown(&state), "[cheap fish tacos](Price) |here");
    // A single word, too; a hand that trembles selects nothing beyond it.
    press(&mut state, "u");
    drag(&mut state, "fish", "ish");
    assert_eq!(shown(&state), "cheap [fish](Price) |tacos here");
}

#[test]
fn characters_are_selected_while_the_cursor_goes_by_them() {
    let mut state = start(&["|cheap fish tacos here"]);
    press(&mut state, "c");
    drag(&mut state, "sh ", "acos");
    label(&mut state, "Dish");
    assert_eq!(shown(&state), "cheap fi[sh ta](Dish)|cos here");
}

#[test]
fn what_lies_over_the_text_has_the_mouse() {
    let mut state = start(&["|fish [tacos](Dish)", "beer"]);
    press(&mut state, "?");
    drag(&mut state, "tacos", "tacos");
    label(&mut state, "Price");
    assert!(matches!(state.overlay(), Some(Overlay::Help(_))));
    press(&mut state, "esc");
    assert_eq!(shown(&state), "|fish [tacos](Dish)");
    // A button that went down elsewhere draws nothing.
    point(&mut state, Gesture::Drag, "tacos");
    point(&mut state, Gesture::Release, "tacos");
    assert_eq!(shown(&state), "|fish [tacos](Dish)");
}

#[test]
fn rows_are_gone_to_and_then_opened() {
    let mut state = start(&["|fish", "beer", "wine"]);
    press(&mut state, "f2");
    let row = |state: &mut State, row| {
        update(state, Event::Pointer { at: 1_790_000_000, gesture: Gesture::Press, target: Some(Target::Row(row)) });
    };
    row(&mut state, 2);
    assert_eq!((state.session.screen, state.documents.row), (Screen::Documents, 2));
    row(&mut state, 2);
    assert_eq!((state.session.screen, state.session.tagging.document), (Screen::Tag, 2));
    press(&mut state, "f2");
    update(&mut state, Event::Pointer { at: 1_790_000_000, gesture: Gesture::WheelUp, target: None });
    assert_eq!(state.documents.row, 0);
    let screen =
        Event::Pointer { at: 1_790_000_000, gesture: Gesture::Press, target: Some(Target::Screen(Screen::Documents)) };
    update(&mut state, screen);
    assert_eq!(state.session.screen, Screen::Train);
}

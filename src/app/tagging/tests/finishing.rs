//! What a hurried person must not lose: documents finished unread, suggestions unseen, texts half typed.

#![cfg(test)]

use super::*;
use crate::app::event::{Place, Sight};

/// A state whose terminal reports its frames.
fn with_frames(texts: &[&str]) -> State {
    let mut state = start(texts);
    state.session.reports_frames = true;
    state
}

/// Draws a frame that shows `text` of the document in front.
fn draw(state: &mut State, text: std::ops::Range<usize>) {
    let document = state.session.tagging.document;
    update(state, Event::Drawn(Sight { document, text: TextRange::new(text.start, text.end) }));
}

fn statuses(state: &State) -> Vec<Status> {
    let project = state.session.project.as_ref().unwrap();
    (0..project.documents.len()).map(|at| project.status(at)).collect()
}

#[test]
fn a_double_press_never_finishes_the_next_document() {
    for key in ["enter", "space", "s"] {
        let mut state = with_frames(&["one", "two", "three"]);
        press(&mut state, key);
        assert_eq!(statuses(&state)[0], Status::Todo, "{key}: nothing was on the screen yet");
        draw(&mut state, 0..3);
        press(&mut state, &format!("{key} {key}"));
        assert_ne!(statuses(&state)[0], Status::Todo, "{key}");
        assert_eq!((statuses(&state)[1], state.session.tagging.document), (Status::Todo, 1), "{key}");
        assert!(message(&state).contains("next document"), "{}", message(&state));
        draw(&mut state, 0..3);
        press(&mut state, key);
        assert_ne!(statuses(&state)[1], Status::Todo, "{key}");
    }
}

#[test]
fn suggestions_that_were_not_on_the_screen_are_not_taken_unread() {
    let mut state = with_frames(&["tacos and some more words before beer comes", "more"]);
    suggest(&mut state, &[("tacos", "Dish"), ("beer", "Dish")]);
    draw(&mut state, 0..20);
    press(&mut state, "space");
    assert_eq!(statuses(&state)[0], Status::Todo);
    assert!(message(&state).starts_with("1 suggestion from here on"), "{}", message(&state));
    let project = state.session.project.as_ref().unwrap();
    let here = state.session.tagging.cursor(project).unwrap();
    assert!(here.start >= 20, "the cursor is on the next page, {here:?}");
    draw(&mut state, 18..43);
    press(&mut state, "space");
    assert_eq!(statuses(&state)[0], Status::Done);
    assert_eq!(state.session.project.as_ref().unwrap().annotation(0).spans().len(), 2);
}

#[test]
fn after_the_last_word_a_digit_leaves_the_last_span_alone() {
    keys("cheap |tacos", "3", "cheap [tacos](Dish)|");
    keys("cheap |tacos", "3 4", "cheap [tacos](Dish)|");
    let mut state = start(&["cheap |tacos"]);
    press(&mut state, "3 4");
    assert!(message(&state).starts_with("The text ends here"), "{}", message(&state));
    keys("cheap |tacos", "3 left 4", "cheap [tacos](Hours)|");
    keys("cheap |tacos", "3 [ x", "cheap tacos|");
    keys("cheap tacos |here", "3 }", "cheap [tacos here](Dish)|");
    keys("cheap |tacos", "3 b", "|cheap [tacos](Dish)");
    keys("cheap |tacos", "3 right right left", "cheap |[tacos](Dish)");
    keys("cheap |tacos", "3 u", "cheap |tacos");
}

#[test]
fn a_flag_ends_only_after_a_question() {
    for (key, after) in [("enter", Status::Done), ("space", Status::Done), ("s", Status::Skipped)] {
        let mut state = start(&["|tacos here", "more"]);
        press(&mut state, &format!("3 f {key}"));
        assert_eq!((statuses(&state)[0], state.session.tagging.document), (Status::Flagged, 0), "{key}");
        assert!(message(&state).contains("again ends the flag"), "{key}: {}", message(&state));
        // Another document, or an action, and the question comes again.
        press(&mut state, &format!("n p {key}"));
        press(&mut state, &format!("4 {key}"));
        assert_eq!(statuses(&state)[0], Status::Flagged, "{key}");
        press(&mut state, key);
        assert_eq!((statuses(&state)[0], state.session.tagging.document), (after, 1), "{key}");
        press(&mut state, "u");
        assert_eq!(statuses(&state)[0], Status::Flagged, "{key}");
    }
}

#[test]
fn the_only_span_removed_leaves_a_document_to_do() {
    let status = |pressed: &str| {
        let mut state = start(&["|tacos here"]);
        press(&mut state, pressed);
        statuses(&state)[0]
    };
    assert_eq!(status("3 x"), Status::Todo);
    assert_eq!(status("3 x u"), Status::Partial);
    assert_eq!(status("3 3 right 4 x"), Status::Partial, "another span is there");
    assert_eq!(status("3 i a enter x"), Status::Partial, "a note is work, too");
    assert_eq!(status("3 f x"), Status::Flagged);
}

#[test]
fn an_undo_says_what_it_took_back() {
    let mut state = start(&["|tacos here", "more"]);
    press(&mut state, "3 u");
    assert_eq!(message(&state), "Taken back: Dish \u{ab}tacos\u{bb} removed, document todo");
    press(&mut state, "ctrl-r");
    assert_eq!(message(&state), "Done again: Dish \u{ab}tacos\u{bb} is there, document partial");
    press(&mut state, "enter u");
    assert_eq!(message(&state), "Taken back: document partial");
    assert_eq!(state.session.tagging.document, 0, "it goes where it happened");
}

#[test]
fn what_was_typed_in_a_prompt_is_there_again_after_another_screen() {
    let mut state = start(&["|tacos here"]);
    press(&mut state, "i a s k f2 f1 i");
    assert_eq!(state.field().unwrap().text(), "ask");
    press(&mut state, "esc i");
    assert_eq!(state.field().unwrap().text(), "", "esc drops it");
    press(&mut state, "esc f6 a S o u p tab f6 a");
    assert_eq!(state.field().unwrap().text(), "Soup");
    press(&mut state, "esc esc f6 r x f3 f1 f6 r");
    assert_eq!(state.field().unwrap().text(), "Amenityx");
}

#[test]
fn the_cursor_is_on_what_a_search_found_in_each_document_and_notes_are_searched() {
    let mut state = start(&["|one tacos", "two", "three four tacos", "five"]);
    press(&mut state, "n n n i t a c o s enter f2 / t a c o s enter home enter");
    let here = |state: &State| (state.session.tagging.document, state.session.tagging.word);
    assert_eq!(here(&state), (0, 1));
    press(&mut state, "n");
    assert_eq!(here(&state), (2, 2));
    press(&mut state, "left n p");
    assert_eq!(here(&state), (2, 1), "only on arrival");
    press(&mut state, "n");
    assert_eq!(state.session.tagging.document, 3, "its note has the word");
}

#[test]
fn the_scope_of_the_same_words_stays_as_it_was_chosen() {
    let mut state = start(&["|tacos and tacos and beer and beer", "tacos", "beer"]);
    press(&mut state, "3 m tab esc");
    let chosen = state.session.tagging.scope;
    assert!(chosen.is_some());
    press(&mut state, "w w w 3 m");
    let Some(crate::app::overlays::Overlay::Occurrences(list)) = state.overlay() else { panic!("no list") };
    assert_eq!(Some(list.scope), chosen);
}

#[test]
fn the_next_start_returns_to_document_word_and_screen() {
    let (opened, _) = opened(&["one two", "three four five", "six"]);
    let place = Place { document: "d1".into(), number: (1, 3), word: 2, screen: Screen::Documents };
    let mut state = State::default();
    update(&mut state, Event::Resize { columns: 80, rows: 24 });
    update(&mut state, Event::Opened(Box::new(Opened { place: Some(place.clone()), ..opened.clone() })));
    assert_eq!(state.place(), Some(place.clone()));
    // The document is gone.
    let gone = Place { document: "d9".into(), ..place };
    update(&mut state, Event::Opened(Box::new(Opened { place: Some(gone), ..opened })));
    assert_eq!((state.session.tagging.document, state.session.screen), (0, Screen::Tag));
}

#[test]
fn the_tutorial_is_begun_in_a_project_only_after_a_question() {
    let mut state = start(&["|tacos here"]);
    press(&mut state, "ctrl-t");
    assert!(state.lesson().is_none() && message(&state).contains("ctrl-t again"), "{}", message(&state));
    press(&mut state, "right ctrl-t");
    assert!(state.lesson().is_none(), "another key was the answer");
    press(&mut state, "ctrl-t");
    assert!(state.lesson().is_some());
    press(&mut state, "ctrl-t");
    assert!(state.lesson().is_none());
    // From the palette, which the question names where there is no key.
    for second in [&["ctrl-t"][..], &[":", "tutorial", "enter"]] {
        let mut state = start(&["|tacos here"]);
        for key in [":", "tutorial", "enter"].iter().chain(second) {
            assert!(state.lesson().is_none());
            match *key {
                "tutorial" => _ = update(&mut state, Event::Paste("tutorial".into())),
                key => _ = press(&mut state, key),
            }
        }
        assert!(state.lesson().is_some(), "{second:?}");
    }
    // Another command of the palette is no answer.
    let mut state = start(&["|tacos here"]);
    press(&mut state, "ctrl-t :");
    update(&mut state, Event::Paste("redraw".into()));
    press(&mut state, "enter ctrl-t");
    assert!(state.lesson().is_none());
}

/// Gives a line of the journal that another annotator has written.
pub(super) fn entry(document: &str, edits: Vec<Edit>) -> Entry {
    let id = crate::spans::ActionId(SpanId { writer: 1, sequence: 900 });
    Entry { id, at: 0, op: journal::JournalOp::Do(crate::spans::Action { document: document.into(), edits }) }
}

#[test]
fn a_document_with_a_span_to_review_is_not_untouched_without_its_last_other_span() {
    let (mut opened, marked) = opened(&["|[tacos](Dish) and [beer](Dish)"]);
    let lost = opened.journal.annotation("d0").spans()[1].id;
    opened.journal.extend([entry("d0", vec![Edit::Status(Status::Partial), Edit::Lose(lost, None)])]);
    let mut state = begin((opened, marked));
    press(&mut state, "x");
    let annotation = state.session.project.as_ref().unwrap().annotation(0);
    assert_eq!((annotation.spans().len(), annotation.lost().len(), annotation.status), (0, 1, Status::Partial));
}

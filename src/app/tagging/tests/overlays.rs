//! Overlays of the Tag screen.
//! They are occurrences, history, notes, jumps and labels beyond the ninth. Also steps along the documents of a search.

#![cfg(test)]

use super::*;
use crate::app::{
    overlays::{Overlay, occurrences::Occurrences},
    scope::Scope,
};
use crate::spans::{LabelId, LabelRecord, LabelStep};

fn texts(state: &State) -> Vec<String> {
    let project = state.session.project.as_ref().unwrap();
    let marked = |(at, document): (usize, &Document)| {
        let spans = project.annotation(at).spans().iter();
        let spans = spans.map(|span| (span.range, project.labels.name(span.label).to_owned())).collect();
        Marked { text: document.text.to_string(), spans, selection: None }.print().unwrap()
    };
    project.documents.iter().enumerate().map(marked).collect()
}

fn found(state: &State) -> &Occurrences {
    match state.overlay() {
        Some(Overlay::Occurrences(found)) => found,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_same_words_are_tagged_everywhere_with_one_action() {
    let mut state = start(&["|Thai soup", "good thai food", "a [thai](Dish) place", "THAI and thai"]);
    press(&mut state, "2 m");
    assert_eq!((found(&state).scope, found(&state).places.len()), (Scope::Untouched, 4));
    press(&mut state, "tab");
    assert_eq!((found(&state).scope, found(&state).places.len(), found(&state).wanted()), (Scope::Everywhere, 4, 3));
    let lines = press(&mut state, "enter").into_iter().filter(|effect| matches!(effect, Effect::Record { .. }));
    assert_eq!(lines.count(), 1, "one line in the journal");
    assert_eq!(
        texts(&state),
        [
            "[Thai](Cuisine) soup",
            "good [thai](Cuisine) food",
            "a [thai](Dish) place",
            "[THAI](Cuisine) and [thai](Cuisine)"
        ]
    );
    press(&mut state, "u");
    let message = state.session.message.as_ref().map_or("", |message| &message.text);
    assert!(message.starts_with("Taken back in "), "{message}");
    assert_eq!(texts(&state)[1..], ["good thai food", "a [thai](Dish) place", "THAI and thai"]);
    assert_eq!(state.session.project.as_ref().unwrap().annotation(3).status, Status::Todo);
    press(&mut state, "ctrl-r");
    assert_eq!(texts(&state)[3], "[THAI](Cuisine) and [thai](Cuisine)");
}

#[test]
fn places_are_chosen_one_by_one_and_conflicts_only_on_request() {
    let mut state = start(&["|thai soup", "a [thai place](Dish) here", "thai"]);
    press(&mut state, "2 m tab");
    assert_eq!(found(&state).places.iter().map(|place| place.wanted).collect::<Vec<_>>(), [false, true]);
    press(&mut state, "space space enter");
    assert_eq!(texts(&state), ["[thai](Cuisine) soup", "a [thai](Cuisine) place here", "thai"]);
    press(&mut state, "u u m");
    assert!(state.overlay().is_none(), "nothing is under the cursor to look for");
    let mut state = start(&["|only once"]);
    press(&mut state, "2 m");
    assert!(state.overlay().is_none() && state.session.message.as_ref().unwrap().text.contains("nowhere else"));
}

#[test]
fn an_armed_label_and_a_selection_are_enough_to_look_for_words() {
    let mut state = start(&["|el camino and El Camino"]);
    press(&mut state, "* v l m");
    assert_eq!((found(&state).words.as_str(), found(&state).places.len()), ("el camino", 2));
    press(&mut state, "a down space enter");
    assert_eq!(texts(&state), ["el camino and [El Camino](Restaurant_Name)"]);
}

#[test]
fn the_key_line_offers_the_next_word_only_where_there_is_one() {
    let mut state = start(&["|tacos here cheap"]);
    let offers = |state: &State| state.hints().iter().any(|hint| hint.word == "next");
    assert!(offers(&state));
    press(&mut state, "w");
    assert!(!offers(&state), "only a label is left to give");
    let before = shown(&state);
    press(&mut state, "w");
    assert_eq!((shown(&state), message(&state).contains("is the document done")), (before, true));
}

#[test]
fn in_a_long_text_the_next_word_is_offered_without_a_search_to_its_end() {
    let mut state = start(&[&format!("|taco {}", "- ".repeat(6_000).trim_end())]);
    assert!(state.hints().iter().any(|hint| hint.word == "next"));
    press(&mut state, "w");
    assert!(message(&state).contains("is the document done"), "there is none");
    press(&mut state, "end");
    assert!(!state.hints().iter().any(|hint| hint.word == "next"));
}

#[test]
fn the_key_line_of_the_history_says_what_enter_does() {
    let mut state = start(&["|tacos here"]);
    press(&mut state, "3 x u H");
    let enter = |state: &State| state.hints().into_iter().find(|hint| hint.keys == "enter").map(|hint| hint.word);
    assert_eq!(enter(&state), None, "this is where one is");
    press(&mut state, "enter");
    assert!(state.overlay().is_some() && message(&state).contains("where you are"));
    press(&mut state, "up");
    assert_eq!(enter(&state), Some("do again"));
    press(&mut state, "end");
    assert!(matches!(enter(&state), None | Some("take back")), "{:?}", enter(&state));
}

#[test]
fn the_history_goes_back_to_any_moment_and_on_again() {
    let mut state = start(&["|fish tacos", "soup"]);
    press(&mut state, "3 w 2 enter 3 H");
    let Some(Overlay::History(history)) = state.overlay() else { panic!() };
    let project = state.session.project.as_ref().unwrap();
    let rows: Vec<String> = history.rows.iter().map(|row| row.description(project)).collect();
    assert_eq!(
        rows,
        ["+ Dish \u{ab}soup\u{bb}, partial", "done", "+ Cuisine \u{ab}tacos\u{bb}", "+ Dish \u{ab}fish\u{bb}, partial"]
    );
    press(&mut state, "end enter");
    assert_eq!(texts(&state), ["[fish](Dish) tacos", "soup"]);
    assert_eq!(state.session.tagging.document, 0);
    press(&mut state, "H home enter");
    assert_eq!(texts(&state), ["[fish](Dish) [tacos](Cuisine)", "[soup](Dish)"]);
    press(&mut state, "H down down enter u");
    assert_eq!(texts(&state), ["[fish](Dish) tacos", "soup"], "undo goes on from there");
}

#[test]
fn the_history_lists_who_changed_the_labels_between_the_actions() {
    let mut state = start(&["|fish tacos"]);
    let record = |at, by: &str, name: &str| LabelRecord {
        at,
        by: by.into(),
        step: LabelStep::Added { id: LabelId(70), name: name.into() },
    };
    state.session.project.as_mut().unwrap().label_records = vec![record(1, "ben", "Soup")];
    let mut at = 10;
    for key in ["3", "w", "2"] {
        at += 10;
        update(&mut state, Event::Key { key: key.parse().unwrap(), at });
    }
    update(&mut state, Event::LabelsRecorded(vec![record(25, "ada", "Sauce"), record(90, "ada", "Dip")]));
    press(&mut state, "u H");
    let Some(Overlay::History(history)) = state.overlay() else { panic!() };
    let project = state.session.project.as_ref().unwrap();
    let rows: Vec<_> =
        history.rows.iter().map(|row| (row.description(project), row.place(project) == "labels")).collect();
    let expected = [
        ("+ label Dip, by ada", true),
        ("+ Cuisine \u{ab}tacos\u{bb}", false),
        ("+ label Sauce, by ada", true),
        ("+ Dish \u{ab}fish\u{bb}, partial", false),
        ("+ label Soup, by ben", true),
    ];
    assert_eq!(rows, expected.map(|(row, of_labels)| (row.to_owned(), of_labels)));
    assert_eq!((history.row, history.actions()), (3, 2));
    // A change of the labels is no moment of the annotator's work: only actions count, and enter does nothing there.
    press(&mut state, "up enter");
    assert!(state.overlay().is_some() && message(&state).contains("their own list"), "{}", message(&state));
    press(&mut state, "up enter");
    assert_eq!(texts(&state), ["[fish](Dish) [tacos](Cuisine)"]);
    assert!(message(&state).starts_with("1 action done again"), "{}", message(&state));
    press(&mut state, "H down down enter");
    assert_eq!(texts(&state), ["[fish](Dish) tacos"]);
}

#[test]
fn the_history_names_spans_that_are_older_than_its_list() {
    let mut state = start(&[&format!("|[soup](Dish) {}", "[taco](Price) ".repeat(2_001).trim_end())]);
    press(&mut state, "2 home x H");
    let Some(Overlay::History(history)) = state.overlay() else { panic!() };
    let project = state.session.project.as_ref().unwrap();
    let rows: Vec<String> = history.rows.iter().take(4).map(|row| row.description(project)).collect();
    assert_eq!(history.rows.len(), 2_000);
    assert_eq!(
        rows,
        [
            "- Cuisine \u{ab}soup\u{bb}",
            "Dish \u{ab}soup\u{bb} becomes Cuisine, partial",
            "+ Price \u{ab}taco\u{bb}",
            "+ Price \u{ab}taco\u{bb}"
        ]
    );
}

#[test]
fn a_note_stays_with_the_document_and_changes_no_status() {
    let mut state = start(&["|fish tacos"]);
    press(&mut state, "i a s k space b o b enter");
    let annotation = state.session.project.as_ref().unwrap().annotation(0).clone();
    assert_eq!((annotation.note(), annotation.status), ("ask bob", Status::Todo));
    press(&mut state, "u");
    assert_eq!(state.session.project.as_ref().unwrap().annotation(0).note(), "");
    press(&mut state, "i x esc");
    assert_eq!(state.session.project.as_ref().unwrap().annotation(0).note(), "");
}

#[test]
fn a_jump_follows_the_letters_and_comes_back_with_esc() {
    let before = "|one two three four three";
    keys(before, "' t h enter", "one two |three four three");
    keys(before, "' t h down enter", "one two three four |three");
    keys(before, "' t h down down up enter", "one two three four |three");
    keys(before, "' o u r", "one two three |four three");
    keys(before, "' t h esc", before);
}

#[test]
fn labels_beyond_the_ninth_are_given_by_a_letter() {
    let (mut opened, marked) = opened(&["|fish tacos"]);
    opened.labels = LabelSet::from_names((1..=9).map(|n| format!("L{n}")).chain(["Wine".to_owned()]));
    let mut state = begin((opened, marked));
    press(&mut state, "0 w");
    assert_eq!(texts(&state), ["[fish](Wine) tacos"]);
    press(&mut state, "0 z");
    assert_eq!(state.session.message.as_ref().unwrap().text, "No label has the key z");
    let mut state = start(&["|fish tacos"]);
    press(&mut state, "0");
    assert!(state.overlay().is_none() && state.session.message.is_some(), "eight labels have digits");
}

#[test]
fn who_has_looked_for_documents_goes_along_those() {
    let mut state = start(&["|one taco", "two", "three tacos", "four", "five tacos"]);
    press(&mut state, "tab / t a c o enter down enter");
    assert_eq!(state.session.tagging.document, 2);
    press(&mut state, "n");
    assert_eq!(state.session.tagging.document, 4);
    press(&mut state, "n");
    assert!(state.session.message.as_ref().unwrap().text.contains("last of those"));
    press(&mut state, "p p");
    assert_eq!(state.session.tagging.document, 0);
    press(&mut state, "esc esc n");
    assert_eq!(state.session.tagging.document, 1, "all again");
}

#[test]
fn an_undo_outside_the_documents_of_a_search_does_not_end_it() {
    let mut state = start(&["|one taco", "two", "three tacos", "four", "five tacos"]);
    press(&mut state, "n 3 tab / t a c o enter down enter");
    assert_eq!(state.session.tagging.document, 2);
    press(&mut state, "u");
    assert_eq!((state.session.tagging.document, state.session.tagging.queue.as_slice()), (1, &[0, 2, 4][..]));
    press(&mut state, "n");
    assert_eq!(state.session.tagging.document, 2, "back where the undo began");
    press(&mut state, "ctrl-r n n");
    assert_eq!(state.session.tagging.document, 4, "and on from there");
    press(&mut state, "u t");
    assert_eq!(state.session.tagging.document, 4, "the next of them that is not done");
    press(&mut state, "ctrl-r H enter esc n");
    assert_eq!(state.session.tagging.document, 4, "the history returns, too");
    press(&mut state, "u esc esc n");
    assert_eq!((state.session.tagging.document, state.session.tagging.queue.len()), (2, 0), "all again");
}

#[test]
fn an_undo_of_what_was_tagged_elsewhere_leaves_the_user_here() {
    let mut state = start(&["|thai soup", "good thai food", "a thai place", "tacos"]);
    press(&mut state, "2 m enter u");
    assert_eq!((state.session.tagging.document, message(&state)), (0, "Taken back in 2 documents"));
    assert_eq!(texts(&state)[1..3], ["good thai food", "a thai place"]);
    press(&mut state, "ctrl-r");
    assert_eq!((state.session.tagging.document, message(&state)), (0, "Done again in 2 documents"));
    press(&mut state, "u h m space enter u");
    assert_eq!(state.session.tagging.document, 0);
    assert!(message(&state).starts_with("Taken back in d2: Cuisine \u{ab}thai\u{bb} removed"), "{}", message(&state));
    press(&mut state, "ctrl-r n u");
    assert_eq!((state.session.tagging.document, state.session.message.is_some()), (1, true), "nor when elsewhere");
}

#[test]
fn unflagging_brings_the_status_before_back() {
    let mut state = start(&["|one", "two"]);
    press(&mut state, "3 enter p f f");
    assert_eq!(state.session.project.as_ref().unwrap().annotation(0).status, Status::Done);
}

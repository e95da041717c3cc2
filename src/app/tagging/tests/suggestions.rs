//! Effects of keys on suggestions, and the sources of suggestions.

#![cfg(test)]

use super::*;
use crate::spans::{Gazetteer, LabelId};

#[track_caller]
fn with(found: &[(&str, &str)], before: &str, pressed: &str, after: &str) -> State {
    let mut state = start(&[before, "more"]);
    suggest(&mut state, found);
    press(&mut state, pressed);
    assert_eq!(shown(&state), after, "after {pressed}");
    state
}

fn open(state: &State) -> Vec<&str> {
    let project = state.session.project.as_ref().unwrap();
    let text = &project.documents[state.session.tagging.document].text;
    project.suggestions(state.session.tagging.document).iter().map(|one| one.range.of(text)).collect()
}

fn sources(state: &State) -> Vec<SpanSource> {
    let spans = state.session.project.as_ref().unwrap().annotation(state.session.tagging.document).spans();
    spans.iter().map(|span| span.source.clone()).collect()
}

const FOUND: [(&str, &str); 2] = [("fish tacos", "Dish"), ("cheap", "Price")];
const TEXT: &str = "|fish tacos and cheap beer here";

#[test]
fn a_digit_takes_a_suggestion_with_that_label() {
    let state = with(&FOUND, TEXT, "3", "[fish tacos](Dish) |and cheap beer here");
    assert!(matches!(sources(&state)[..], [SpanSource::Model { .. }]), "it was right");
    let state = with(&FOUND, TEXT, "2", "[fish tacos](Cuisine) |and cheap beer here");
    assert_eq!(sources(&state), [SpanSource::Human], "a person corrected it");
    // What was wrong does not come back when the span goes.
    let state = with(&FOUND, TEXT, "2 h x", "fish |tacos and cheap beer here");
    assert_eq!(open(&state), ["cheap"]);
}

#[test]
fn an_edge_key_takes_a_suggestion_with_the_edge_moved() {
    with(&FOUND, TEXT, "[", "[fish](Dish) |tacos and cheap beer here");
    with(&FOUND, TEXT, "] ]", "[fish tacos and cheap](Dish) |beer here");
    with(&FOUND, TEXT, "r ]", "fish tacos and [cheap beer](Price) |here");
    with(&FOUND, TEXT, "r e", "fish tacos and [cheap beer](Price) |here");
    with(&FOUND, TEXT, "] u", TEXT);
}

#[test]
fn a_suggestion_is_turned_down_and_that_is_remembered() {
    let mut state = with(&FOUND, TEXT, "x", TEXT);
    assert_eq!(open(&state), ["cheap"]);
    suggest(&mut state, &FOUND);
    assert_eq!(open(&state), ["cheap"], "also when a model says it again");
    press(&mut state, "u");
    assert_eq!(open(&state), ["fish tacos", "cheap"]);
    press(&mut state, "X");
    assert_eq!(open(&state), [""; 0]);
    assert_eq!(state.session.project.as_ref().unwrap().annotation(0).status, Status::Partial);
}

#[test]
fn suggestions_and_spans_are_gone_to() {
    let text = "|the fish tacos and cheap beer here";
    with(&FOUND, text, "r", "the |fish tacos and cheap beer here");
    with(&FOUND, text, "r r r", "the fish tacos and |cheap beer here");
    with(&FOUND, text, "r r R", "the |fish tacos and cheap beer here");
    // The words of a suggestion are one stop.
    with(&FOUND, text, "w w w", "the fish tacos and cheap |beer here");
    with(&[], "|[fish](Dish) and [cheap](Price) [beer](Dish)", "g", "[fish](Dish) and |[cheap](Price) [beer](Dish)");
    with(&[], "[fish](Dish) and [cheap](Price) |[beer](Dish)", "G G", "|[fish](Dish) and [cheap](Price) [beer](Dish)");
}

#[test]
fn the_bar_hides_what_is_less_sure() {
    let mut state = start(&["|fish and beer"]);
    let found = [("fish", 0.45), ("beer", 0.85)].map(|(words, score)| {
        let start = "fish and beer".find(words).unwrap();
        Entity { range: TextRange::new(start, start + words.len()), label: "Dish".into(), score }
    });
    update(
        &mut state,
        Event::Suggestions {
            document: "d0".into(),
            run: "0001-mini".into(),
            found: found.to_vec(),
            uncertainty: Some(0.5),
        },
    );
    assert_eq!(open(&state), ["fish", "beer"]);
    press(&mut state, "> >");
    assert_eq!(open(&state), ["beer"]);
    press(&mut state, "> > > > > > >");
    assert_eq!(open(&state), [""; 0], "the bar ends at .9");
    press(&mut state, "< < < < < < < < < < < <");
    assert_eq!(open(&state), ["fish", "beer"]);
}

#[test]
fn what_was_tagged_is_suggested_where_it_stands_again() {
    let mut state = start(&["|thai tacos and thai soup", "tacos and more tacos"]);
    press(&mut state, "2");
    assert_eq!(open(&state), ["thai"], "in the same text at once");
    press(&mut state, "3 enter");
    assert_eq!(open(&state), ["tacos", "tacos"]);
    press(&mut state, "a");
    assert_eq!(sources(&state), [SpanSource::Gazetteer]);
    // Taken back, it is nothing that was tagged before.
    press(&mut state, "u u u u");
    assert_eq!(shown(&state), "|thai tacos and thai soup");
    press(&mut state, "n");
    assert_eq!(open(&state), [""; 0]);
}

#[test]
fn where_a_model_has_spoken_the_gazetteer_is_silent_until_it_is_asked() {
    let mut opened = opened(&["|thai tacos"]);
    let mut gazetteer = Gazetteer::default();
    let known = Document::new("k", "tacos", Grid::Natural);
    let id = SpanId { writer: 9, sequence: 9 };
    let span = Span { id, range: TextRange::new(0, 5), label: LabelId(2), source: SpanSource::Human };
    gazetteer.learn(&known, &Annotation::new(vec![span], Status::Done));
    opened.0.gazetteer = gazetteer;
    let mut state = begin(opened);
    assert_eq!(open(&state), ["tacos"]);
    suggest(&mut state, &[("thai", "Cuisine")]);
    assert_eq!(open(&state), ["thai"]);
    press(&mut state, ": s u g g e s t - t a g g e d enter");
    assert_eq!(open(&state), ["thai", "tacos"]);
}

#[test]
fn the_cursor_begins_where_a_label_may_be_wanted() {
    let mut state = start(&["first", "is there a good place", "the of a", "a [thai](Cuisine) place"]);
    for (key, after) in
        [("n", "is there a |good place"), ("n", "|the of a"), ("n", "a [thai](Cuisine) |place"), ("p", "|the of a")]
    {
        press(&mut state, key);
        assert_eq!(shown(&state), after);
    }
}

#[test]
fn e_lengthens_over_what_may_belong_to_a_name() {
    keys("at |el camino real grill and bar", "8 e", "at [el camino real grill](Restaurant_Name) |and bar");
    // The next word belongs to it whatever it is.
    keys("at |el and camino real to", "8 e", "at [el and camino real](Restaurant_Name) |to");
    keys("|thai hot [tacos](Dish) here", "2 e", "[thai hot](Cuisine) |[tacos](Dish) here");
    keys("|thai, hot and", "2 e", "[thai, hot](Cuisine) |and");
}

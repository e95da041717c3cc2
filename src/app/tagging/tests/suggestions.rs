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
            labels: Default::default(),
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

/// A text with a surer and a less sure suggestion, and the score from which all are taken.
fn with_threshold(take_above: f32) -> State {
    let (mut opened, marked) = opened(&["|fish and beer", "more"]);
    opened.live.take_above = take_above;
    let mut state = begin((opened, marked));
    suggest(&mut state, &[("fish", "Dish")]);
    let less_sure = Entity { range: TextRange::new(9, 13), label: "Dish".into(), score: 0.4 };
    let surer = Entity { range: TextRange::new(0, 4), label: "Dish".into(), score: 0.9 };
    let (document, run) = ("d0".to_owned(), "0001-mini".to_owned());
    let found = vec![surer, less_sure];
    update(&mut state, Event::Suggestions { document, run, found, uncertainty: None, labels: Default::default() });
    state
}

#[test]
fn the_keys_for_all_take_what_is_sure_enough_and_say_what_is_left() {
    let mut state = with_threshold(0.5);
    press(&mut state, "A");
    assert_eq!((shown(&state).as_str(), open(&state)), ("|[fish](Dish) and beer", vec!["beer"]));
    assert_eq!(message(&state), "1 suggestion below .50 left");
    press(&mut state, "A");
    assert_eq!(message(&state), "None taken; 1 suggestion below .50 left");
    press(&mut state, "r a");
    assert_eq!(shown(&state), "[fish](Dish) and [beer](Dish)|", "one by one they are taken all the same");
    let mut state = with_threshold(0.5);
    press(&mut state, "space");
    assert_eq!(message(&state), "Done with 1 span as suggested; 1 suggestion below .50 not taken (undo goes back)");
    press(&mut state, "u");
    assert_eq!(open(&state), ["fish", "beer"]);
    let mut state = with_threshold(0.95);
    press(&mut state, "space");
    assert_eq!(message(&state), "Done; 2 suggestions below .95 not taken (undo goes back)");
    let mut state = with_threshold(0.0);
    press(&mut state, "space");
    assert_eq!(message(&state), "Done with 2 spans as suggested");
}

#[test]
fn what_is_below_the_score_need_not_have_been_on_the_screen() {
    let sight = |end| Event::Drawn(crate::app::event::Sight { document: 0, text: TextRange::new(0, end) });
    for (take_above, front) in [(0.0, 0), (0.5, 1)] {
        let mut state = with_threshold(take_above);
        state.session.reports_frames = true;
        update(&mut state, sight(5));
        press(&mut state, "space");
        assert_eq!(state.session.tagging.document, front, "{take_above}: {}", message(&state));
    }
}

#[test]
fn the_score_from_which_all_are_taken_is_moved_by_keys() {
    let mut state = with_threshold(0.0);
    press(&mut state, "=");
    assert_eq!(message(&state), "space and A take suggestions of .1 and surer: 2 of 2 suggestions here");
    press(&mut state, "= = = =");
    assert_eq!(message(&state), "space and A take suggestions of .5 and surer: 1 of 2 suggestions here");
    press(&mut state, "+ + + + + + + +");
    assert!(message(&state).contains("of 1.0 and surer: 0 of"), "{}", message(&state));
    assert_eq!(open(&state), ["fish", "beer"], "they are still shown");
    press(&mut state, "minus minus minus minus minus minus minus minus minus minus minus minus");
    assert_eq!(message(&state), "space and A take all suggestions");
}

/// The model's answer that it finds nothing in document `at`, with the labels that it can give.
fn model_finds_nothing(state: &mut State, at: usize, labels: &[&str]) {
    let (document, run) = (format!("d{at}"), "0001-mini".to_owned());
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    update(state, Event::Suggestions { document, run, found: Vec::new(), uncertainty: None, labels });
}

#[test]
fn earlier_spans_go_on_suggesting_labels_that_the_model_does_not_know() {
    let mut state = start(&["|cheap tacos", "tacos so cheap"]);
    press(&mut state, "6 3 enter");
    assert_eq!(open(&state), ["tacos", "cheap"]);
    model_finds_nothing(&mut state, 1, &["Dish", "Price"]);
    assert_eq!(open(&state), [""; 0], "it knows both and sees none here");
    model_finds_nothing(&mut state, 1, &["Dish"]);
    assert_eq!(open(&state), ["cheap"]);
    model_finds_nothing(&mut state, 1, &[]);
    assert_eq!(open(&state), [""; 0], "its labels are not known");
}

#[test]
fn earlier_spans_go_on_suggesting_labels_that_the_model_hardly_gives() {
    let mut state = start(&["|cheap tacos", "tacos so cheap"]);
    press(&mut state, "6 3 enter");
    let both = &["Dish", "Price"];
    let dish = Entity { range: TextRange::new(0, 5), label: "Dish".into(), score: 0.9 };
    for _ in 0..9 {
        let (document, run, found) = ("d1".to_owned(), "0001-mini".to_owned(), vec![dish.clone()]);
        let labels = both.iter().map(|label| (*label).to_owned()).collect();
        update(&mut state, Event::Suggestions { document, run, found, uncertainty: None, labels });
    }
    assert_eq!(open(&state), ["tacos"], "too early to judge");
    model_finds_nothing(&mut state, 1, both);
    assert_eq!(open(&state), ["cheap"], "it was asked often enough, and never gave a price");
}

#[test]
fn a_label_that_was_just_added_or_renamed_is_suggested_from_its_first_span_on() {
    let mut state = start(&["|house wine", "wine tacos", "tacos"]);
    let known = &["Dish", "Price"];
    let change = |state: &mut State, change: crate::spans::LabelChange| {
        let mut labels = state.session.project.as_ref().unwrap().labels.clone();
        labels.change(&change, || 77).unwrap();
        update(state, Event::Labels(Ok(labels)));
    };
    let label = |state: &State, name: &str| state.session.project.as_ref().unwrap().labels.named(name).unwrap().id;
    change(&mut state, crate::spans::LabelChange::Add("Wine".into()));
    let wine = label(&state, "Wine");
    press(&mut state, "w");
    state.session.tag(|context| context.label(wine));
    press(&mut state, "enter");
    model_finds_nothing(&mut state, 1, known);
    assert_eq!(open(&state), ["wine"], "the model has never seen the label");
    change(&mut state, crate::spans::LabelChange::Rename(wine, "Drink".into()));
    assert_eq!(open(&state), ["wine"]);
    // A label of the model that was renamed is still one that it knows.
    let dish = label(&state, "Dish");
    change(&mut state, crate::spans::LabelChange::Rename(dish, "Food".into()));
    press(&mut state, "w 3 n");
    assert_eq!(open(&state), ["tacos"], "no model has answered here");
    model_finds_nothing(&mut state, 2, known);
    assert_eq!(open(&state), [""; 0]);
    // Merged into a label that the model knows, its spans are suggested by the model alone.
    press(&mut state, "p");
    assert_eq!(open(&state), ["wine"]);
    let price = label(&state, "Price");
    change(&mut state, crate::spans::LabelChange::Merge(wine, price));
    assert_eq!(open(&state), [""; 0]);
}

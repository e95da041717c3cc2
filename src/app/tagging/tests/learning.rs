//! Documents that were finished, as the live model hears of them, and the suggestions that were taken in them.

#![cfg(test)]

use super::*;
use crate::{
    app::{finished::Taken, suggestions::ModelOutput},
    runs::live::{FinishedDocument, LiveReport, LiveState, Predicted, Version},
    spans::{LabelId, WordSpan},
};

/// Documents that these effects report as finished.
fn finished(effects: &[Effect]) -> Vec<FinishedDocument> {
    let documents = effects.iter().filter_map(|effect| match effect {
        Effect::Finished(document) => Some((**document).clone()),
        _ => None,
    });
    documents.collect()
}

fn ids(effects: &[Effect]) -> Vec<String> {
    finished(effects).into_iter().map(|document| document.id).collect()
}

/// A model's answer for the document in front.
fn answer(state: &mut State, run: &str, found: &[(&str, &str)]) {
    let document = state.session.project.as_ref().unwrap().documents[state.session.tagging.document].clone();
    let found = found.iter().map(|(words, label)| {
        let start = document.text.find(words).unwrap();
        Entity { range: TextRange::new(start, start + words.len()), label: (*label).into(), score: 0.9 }
    });
    let found = found.collect();
    update(
        state,
        Event::Suggestions {
            document: document.id,
            run: run.into(),
            found,
            uncertainty: None,
            labels: Default::default(),
        },
    );
}

fn predicted(model: &str, spans: &[(std::ops::Range<usize>, &str)]) -> Option<Predicted> {
    let spans = spans.iter().map(|(words, label)| WordSpan::new(words.clone(), *label)).collect();
    Some(Predicted { model: model.into(), spans })
}

/// Suggestions shown and taken in the last documents.
fn counts(state: &State) -> Option<(usize, usize)> {
    state.session.taken.last().map(|Taken { shown, taken, .. }| (shown, taken))
}

const TEXT: &str = "|fish tacos and cheap beer";
const FOUND: [(&str, &str); 2] = [("fish tacos", "Dish"), ("cheap", "Price")];

#[test]
fn every_way_in_which_a_document_is_finished_is_reported_once() {
    for (keys, reported) in [
        ("enter", 1),
        ("space", 1),
        ("3 enter", 1),
        // Done again: nothing new, until it was open in between.
        ("enter p enter", 1),
        ("enter u", 1),
        ("enter u enter", 2),
        ("enter u ctrl-r", 2),
        ("enter u H home enter", 2),
        // A flag ends "done"; taken away, it is done again.
        ("enter p f f", 2),
        ("f enter enter", 1),
        ("s", 0),
        ("3 n", 0),
    ] {
        let mut state = start(&[TEXT, "more"]);
        assert_eq!(ids(&press(&mut state, keys)), vec!["d0"; reported], "{keys}");
    }
    let mut state = start(&[TEXT, "more"]);
    press(&mut state, "enter u n 3 :");
    update(&mut state, Event::Paste("bring-back".into()));
    let effects = press(&mut state, "enter");
    assert_eq!(ids(&effects), ["d0"], "an action that was given up is done again: {}", message(&state));
}

#[test]
fn a_document_that_is_no_longer_done_is_not_awaited() {
    let reports = |effects: &[Effect]| -> Vec<String> {
        let reports = effects.iter().filter_map(|effect| match effect {
            Effect::Finished(document) => Some(format!("+{}", document.id)),
            Effect::Reopened(id) => Some(format!("-{id}")),
            _ => None,
        });
        reports.collect()
    };
    for (keys, expected) in [
        ("enter", "+d0"),
        ("enter u", "+d0 -d0"),
        ("enter u ctrl-r", "+d0 -d0 +d0"),
        ("enter p f", "+d0 -d0"),
        ("enter enter u u", "+d0 +d1 -d1 -d0"),
        ("3 u", ""),
    ] {
        let mut state = start(&[TEXT, "more"]);
        assert_eq!(reports(&press(&mut state, keys)).join(" "), expected, "{keys}");
    }
}

#[test]
fn decisions_of_the_adjudicator_report_each_document() {
    let ada = ["[thai](Cuisine) food", "[cheap](Price) beer", "a [patio](Amenity)"];
    let ben = ["[thai food](Dish)", "[cheap](Price) beer", "a [patio](Amenity)"];
    let mut state = super::annotators::compared("gold", &ada, &ben);
    assert_eq!(ids(&press(&mut state, "t")).len(), 2, "agreed in two documents");
    assert_eq!(ids(&press(&mut state, "b")), ["d0"]);
}

#[test]
fn the_prediction_is_the_answer_of_the_model_that_suggested() {
    let mut state = start(&[TEXT, "more"]);
    answer(&mut state, "live-3", &FOUND);
    let effects = press(&mut state, "A x enter");
    let expected = predicted("live-3", &[(0..2, "Dish"), (3..4, "Price")]);
    let document = FinishedDocument { id: "d0".into(), predicted: expected, held_back: false };
    assert_eq!(finished(&effects), [document], "whatever the user made of it");
    let record = effects.iter().rposition(|effect| matches!(effect, Effect::Record { .. }));
    let report = effects.iter().position(|effect| matches!(effect, Effect::Finished(_)));
    assert!(record < report, "the journal has the line first");
    let effects = press(&mut state, "enter");
    assert_eq!(finished(&effects)[0].predicted, None, "no model was asked about the second one");
}

#[test]
fn a_model_that_may_have_learned_the_document_predicts_nothing() {
    let mut state = start(&[TEXT, "more"]);
    answer(&mut state, "live-3", &FOUND);
    press(&mut state, "enter u");
    let again = |state: &mut State| finished(&press(state, "enter"))[0].predicted.clone();
    assert!(again(&mut state).is_some(), "the same answer as before");
    press(&mut state, "u");
    answer(&mut state, "live-4", &FOUND);
    assert_eq!(again(&mut state), None);

    let (mut opened, marked) = opened(&[TEXT]);
    let action = crate::spans::Action { document: "d0".into(), edits: vec![Edit::Status(Status::Done)] };
    let id = crate::spans::ActionId(SpanId { writer: 2, sequence: 0 });
    opened.journal.push(Entry { id, at: 0, op: journal::JournalOp::Do(action) });
    let mut state = begin((opened, marked));
    answer(&mut state, "live-3", &FOUND);
    press(&mut state, "f");
    assert_eq!(finished(&press(&mut state, "f"))[0].predicted, None, "it was done when the project was opened");
}

#[test]
fn suggestions_are_counted_that_are_in_the_finished_document_as_they_were() {
    for (keys, expected) in [
        ("space", (2, 2)),
        ("enter", (2, 0)),
        ("a enter", (2, 1)),
        ("A enter", (2, 2)),
        // With another edge, another label, or none.
        ("] enter", (2, 0)),
        ("2 A enter", (2, 1)),
        ("x space", (2, 1)),
        ("X enter", (2, 0)),
        // By hand in place of one.
        ("v 3 space", (2, 1)),
        ("A u enter", (2, 0)),
        // Left and come back to.
        ("a n p space", (2, 2)),
        // Finished again.
        ("space u enter", (2, 0)),
        ("enter u space", (2, 2)),
    ] {
        let mut state = start(&[TEXT, "more"]);
        answer(&mut state, "live-3", &FOUND);
        press(&mut state, keys);
        assert_eq!(state.session.project.as_ref().unwrap().status(0), Status::Done, "{keys}");
        assert_eq!(counts(&state), Some(expected), "{keys}");
    }
}

#[test]
fn suggestions_that_gave_way_to_others_do_not_count() {
    let mut state = start(&["fish [tacos](Dish)", "tacos and beer", "none here"]);
    press(&mut state, "enter");
    // Earlier spans suggest first, then a model answers with something else.
    assert_eq!(state.session.project.as_ref().unwrap().suggestions(1).len(), 1);
    answer(&mut state, "live-3", &[("tacos and", "Dish")]);
    press(&mut state, "enter");
    assert_eq!(counts(&state), Some((1, 0)));
    // One that was answered before it gave way does.
    press(&mut state, "u");
    answer(&mut state, "live-3", &[("tacos", "Dish")]);
    press(&mut state, "a");
    answer(&mut state, "live-4", &[("beer", "Dish")]);
    press(&mut state, "enter enter");
    assert_eq!(counts(&state), Some((2, 1)), "the document without suggestions is not counted");
    let mut state = start(&[TEXT]);
    answer(&mut state, "live-3", &FOUND);
    let project = state.session.project.as_mut().unwrap();
    let mut found = project.model_spans(0).unwrap().1.into_iter();
    let surer = Entity { range: found.next().unwrap().range, label: "Dish".into(), score: 0.9 };
    let unsure = Entity { range: found.next().unwrap().range, label: "Price".into(), score: 0.4 };
    let output =
        ModelOutput { run: "live-3".into(), found: vec![surer, unsure], uncertainty: None, labels: Default::default() };
    project.suggest("d0", output);
    press(&mut state, "> > space");
    assert_eq!(counts(&state), Some((1, 1)), "what the bar hides is not shown");
}

#[test]
fn b_switches_learning_off_and_on() {
    let mut state = start(&[TEXT]);
    let live = |state| LiveReport { state, suggester: Some(Version(7)), ..LiveReport::default() };
    update(&mut state, Event::Live(Box::new(live(LiveState::Waiting(3)))));
    assert_eq!(press(&mut state, "B"), [Effect::SetLearning(false)]);
    assert!(message(&state).contains("live-7 goes on suggesting"), "{}", message(&state));
    assert_eq!(press(&mut state, "B"), [Effect::SetLearning(true)], "also before the service has answered");
    update(&mut state, Event::Live(Box::new(live(LiveState::Off))));
    assert_eq!(press(&mut state, "L B"), [Effect::SetLearning(true)], "in the view, too");
    press(&mut state, "esc :");
    update(&mut state, Event::Paste("learn".into()));
    assert_eq!(press(&mut state, "enter"), [Effect::SetLearning(false)], "and from the palette");

    let (opened, marked) = opened(&[TEXT]);
    let mut state = begin((Opened { read_only: Some("a test".into()), ..opened }, marked));
    assert!(press(&mut state, "B").is_empty(), "nothing is changed in a project that can only be read");
}

#[test]
fn a_project_that_is_read_again_keeps_its_counts_and_another_begins() {
    let mut state = start(&[TEXT, "more"]);
    answer(&mut state, "live-3", &FOUND);
    for effect in press(&mut state, "space") {
        if let Effect::Record { attempt, entries } = effect {
            update(&mut state, Event::Saved { attempt, ids: entries.iter().map(|entry| entry.id).collect() });
        }
    }
    let (again, _) = opened(&[TEXT, "more"]);
    update(&mut state, Event::FilesChanged(vec!["documents.jsonl".into()]));
    update(&mut state, Event::Opened(Box::new(again)));
    assert_eq!(counts(&state), Some((2, 2)));
    let (other, _) = opened(&[TEXT]);
    update(&mut state, Event::Opened(Box::new(other)));
    assert_eq!((counts(&state), state.session.live.clone()), (None, LiveReport::default()));
}

/// Documents that are all held back, and a model's answer for the first one.
fn all_held_back() -> State {
    let (mut opened, marked) = opened(&[TEXT, "more"]);
    opened.live.held_back = 1;
    let mut state = begin((opened, marked));
    answer(&mut state, "live-3", &FOUND);
    state
}

#[test]
fn labels_are_free_of_suggestions_only_if_none_was_seen() {
    let unaided = |effects: &[Effect]| finished(effects).iter().map(|document| document.held_back).collect::<Vec<_>>();
    let mut state = all_held_back();
    assert_eq!(unaided(&press(&mut state, "3 enter")), [true]);
    // Once it is done, what the model found may be looked at.
    assert_eq!(unaided(&press(&mut state, "p M M f f")), [false]);
    assert_eq!(unaided(&press(&mut all_held_back(), "enter u enter")), [true, false]);
    for (source, expected) in [(SpanSource::Human, true), (SpanSource::Import, false), (SpanSource::Gazetteer, false)] {
        let mut state = all_held_back();
        let project = state.session.project.as_mut().unwrap();
        let span = Span { id: project.new_id(), range: TextRange::new(0, 4), label: LabelId(1), source };
        let action = crate::spans::Action { document: "d0".into(), edits: vec![Edit::Add(span.clone())] };
        project.record(journal::JournalOp::Do(action), 0);
        assert_eq!(unaided(&press(&mut state, "enter")), [expected], "{span:?}");
    }
}

#[test]
fn where_annotators_are_compared_nothing_held_back_is_shown_and_the_adjudicator_is_not_unaided() {
    use crate::app::{hold_back::HoldBack, suggestions::HELD_BACK};
    let readings = (["[thai](Cuisine) food", "[cheap](Price) beer"], ["[thai food](Dish)", "[cheap](Price) beer"]);
    let compared = |who| {
        let mut state = super::annotators::compared(who, &readings.0, &readings.1);
        let project = state.session.project.as_mut().unwrap();
        let (run, labels) = ("live-3".to_owned(), Default::default());
        project.suggest("d0", ModelOutput { run, found: Vec::new(), uncertainty: None, labels });
        assert!(project.model_spans(0).is_ok());
        project.set_hold_back(HoldBack::new(1));
        state
    };
    let state = compared("ada");
    assert_eq!(state.session.project.as_ref().unwrap().model_spans(0).unwrap_err(), HELD_BACK);
    let mut state = compared("gold");
    let documents = finished(&press(&mut state, "t b"));
    assert!(!documents.is_empty() && documents.iter().all(|document| !document.held_back), "{documents:?}");
    let (mut opened, marked) = opened(&[TEXT]);
    (opened.live.held_back, opened.annotator) = (1, "gold".into());
    let state = begin((opened, marked));
    assert!(!state.session.project.as_ref().unwrap().is_held_back(0));
}

/// The documents about which `run` is asked to suggest.
fn asked(effects: &[Effect], name: &str) -> Vec<String> {
    let asked = effects.iter().filter_map(|effect| match effect {
        Effect::Suggest { run, documents } if run == name => Some(documents.clone()),
        _ => None,
    });
    asked.flatten().collect()
}

#[test]
fn a_new_version_leaves_the_suggestions_of_the_document_in_front() {
    let live = |version| {
        let report =
            LiveReport { state: LiveState::Waiting(3), suggester: Some(Version(version)), ..LiveReport::default() };
        Event::Live(Box::new(report))
    };
    let mut state = start(&[TEXT, "more", "none"]);
    let effects = update(&mut state, live(3));
    assert_eq!(asked(&effects, "live-3"), ["d0", "d1", "d2"], "nothing was suggested yet");
    answer(&mut state, "live-3", &FOUND);
    let effects = update(&mut state, live(4));
    assert_eq!(asked(&effects, "live-4"), ["d1", "d2"]);
    // Such as one of a pool that is asked about.
    answer(&mut state, "live-4", &[("beer", "Dish")]);
    let open = |state: &State| state.session.project.as_ref().unwrap().suggestions(0).len();
    assert_eq!(open(&state), 2, "what is on the screen stays");
    assert_eq!(asked(&press(&mut state, "n p"), "live-4").iter().filter(|id| *id == "d0").count(), 1);
    answer(&mut state, "live-4", &[("beer", "Dish")]);
    assert_eq!(open(&state), 1, "who comes back finds the new ones");
    // A run that the user has trained suggests at once.
    update(&mut state, live(5));
    let run = RunSummary { has_model: true, ..crate::app::tests::run("0001-mini", crate::runs::Phase::Done, false) };
    let running =
        RunSummary { has_model: false, ..crate::app::tests::run("0001-mini", crate::runs::Phase::Training, false) };
    update(&mut state, Event::Runs(vec![running]));
    let effects = update(&mut state, Event::Runs(vec![run]));
    assert_eq!(asked(&effects, "0001-mini"), ["d0", "d1", "d2"]);
}

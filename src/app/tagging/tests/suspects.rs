//! Suspected labels: a second source of the list of places, with decisions that are recorded.

use super::*;
use crate::{
    app::{overlays::Overlay, review::Decision},
    spans::{MistakeKind, ReviewItem, ReviewList, Suspicion, review::LabelledRange},
};

const TEXTS: [&str; 2] = ["[fish](Dish) tacos near town", "cheap [beer](Dish) here"];

fn side(label: &str, start: usize, end: usize) -> Option<LabelledRange> {
    Some(LabelledRange { range: TextRange::new(start, end), label: label.into() })
}

/// The answer of the services: two labels and a place without one.
fn list() -> ReviewList {
    let mut list =
        ReviewList { run: "folds".into(), annotator: "ada".into(), documents: 2, changed: 1, ..ReviewList::default() };
    let items = [
        ("d0", MistakeKind::TooShort, side("Dish", 0, 4), side("Dish", 0, 10), 0.7),
        ("d1", MistakeKind::Label, side("Dish", 6, 10), side("Price", 6, 10), 0.9),
        ("d1", MistakeKind::Spurious, None, side("Price", 0, 5), 0.8),
    ];
    let (opened, _) = opened(&TEXTS);
    for (document, kind, gold, model, wrong) in items {
        let item = ReviewItem {
            document: document.into(),
            text: opened.documents.find(document).unwrap().text.clone(),
            kind,
            gold,
            model,
            gold_probability: None,
            model_probability: Some(wrong),
            span_score: None,
            suspicion: Some(Suspicion {
                reason: "the model disagrees, usually another label".into(),
                right: 1.0 - wrong,
            }),
            change: None,
        };
        list.add(item, 100);
    }
    list
}

/// The list of suspects, open and filled; the documents are done.
fn with_list() -> State {
    let (opened, marked) = opened(&TEXTS);
    let mut state = begin((Opened { annotator: "ada".into(), ..opened }, marked));
    press(&mut state, "enter enter");
    let effects = press(&mut state, "f2 S");
    let [.., Effect::FindSuspects { generation }] = effects[..] else { panic!("{effects:?}") };
    assert!(state.session.review.is_of_suspects());
    update(&mut state, Event::MistakesFound { generation, found: Ok(Box::new(list())) });
    state
}

/// Documents and decisions of the rows, in their order.
fn rows(state: &State) -> Vec<(String, MistakeKind, Decision)> {
    let Some(Overlay::Mistakes(view)) = state.overlay() else { panic!("{:?}", state.overlay()) };
    let items = (0..view.rows.len()).filter_map(|row| Some((row, view.item(row)?)));
    items.map(|(row, item)| (item.document.to_string(), item.kind, view.decision(row))).collect()
}

#[test]
fn the_surest_suspect_comes_first_and_needs_no_run() {
    let state = with_list();
    let kinds: Vec<MistakeKind> = rows(&state).into_iter().map(|(_, kind, _)| kind).collect();
    assert_eq!(kinds, [MistakeKind::Label, MistakeKind::Spurious, MistakeKind::TooShort]);
    let note = crate::app::review::agreement(&state.session.runs, &list()).unwrap();
    assert_eq!(note, "no model has looked at 1 document; tagli train DIR --folds 5 lets models look");
}

#[test]
fn a_label_that_is_kept_is_recorded_and_the_decision_can_be_taken_back() {
    let mut state = with_list();
    let effects = press(&mut state, "g");
    let decided = |kept| Effect::DecideLabel {
        document: "d1".into(),
        gold: side("Dish", 6, 10),
        model: side("Price", 6, 10),
        kept,
    };
    assert_eq!(effects, [decided(true)]);
    assert_eq!(rows(&state)[0].2, Decision::Kept);
    assert_eq!(press(&mut state, "p g"), [decided(false)]);
    assert_eq!(rows(&state)[0].2, Decision::Open);
}

#[test]
fn a_suggestion_is_taken_in_place_of_the_label() {
    let mut state = with_list();
    let effects = press(&mut state, "a a a");
    assert!(effects.iter().all(|effect| matches!(effect, Effect::Record { .. })), "{effects:?}");
    let project = state.session.project.as_ref().unwrap();
    let spans = |at: usize| {
        let spans = project.annotation(at).spans().iter();
        spans.map(|span| (span.range, project.labels.name(span.label).to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(spans(0), [(TextRange::new(0, 10), "Dish".to_owned())]);
    let price = |start, end| (TextRange::new(start, end), "Price".to_owned());
    assert_eq!(spans(1), [price(0, 5), price(6, 10)]);
    assert!(rows(&state).iter().all(|(.., decision)| *decision == Decision::Fixed));
    let source = &project.annotation(1).spans()[0].source;
    assert!(matches!(source, SpanSource::Model { run, .. } if run == "folds"), "{source:?}");
    let again = press(&mut state, "s");
    assert!(matches!(again[..], [Effect::FindSuspects { .. }]), "{again:?}");
}

#[test]
fn confusion_is_not_offered_where_no_run_was_scored() {
    let mut state = with_list();
    assert!(press(&mut state, "c").is_empty());
    assert!(matches!(state.overlay(), Some(Overlay::Mistakes(_))), "{:?}", state.overlay());
    let message = &state.session.message.as_ref().unwrap().text;
    assert!(message.contains("mistakes of a run"), "{message}");
}

#[test]
fn a_label_that_was_kept_and_then_replaced_is_asked_about_again_after_undo() {
    let mut state = with_list();
    press(&mut state, "g");
    let effects = press(&mut state, "p a");
    let taken_back = Effect::DecideLabel {
        document: "d1".into(),
        gold: side("Dish", 6, 10),
        model: side("Price", 6, 10),
        kept: false,
    };
    assert!(matches!(effects.as_slice(), [Effect::Record { .. }, last] if *last == taken_back), "{effects:?}");
    press(&mut state, "u");
    assert_eq!(rows(&state)[0].2, Decision::Open);
}

/// The list in front, with the project opened again for an annotator.
fn opened_for(annotator: &str) -> State {
    let mut state = with_list();
    press(&mut state, "g esc");
    state.put_aside();
    let (opened, _) = opened(&TEXTS);
    let opened = Opened { annotator: annotator.into(), ..opened };
    update(&mut state, Event::Opened(Box::new(opened)));
    state
}

#[test]
fn suspects_and_decisions_of_one_annotator_are_not_those_of_another() {
    let same = opened_for("ada");
    assert!(same.session.review.list().is_some_and(|list| list.items.len() == 3));
    assert!(list().items.iter().any(|item| same.session.review.is_kept(item)));
    let other = opened_for("gold");
    assert!(other.session.review.list().is_none());
    assert!(!list().items.iter().any(|item| other.session.review.is_kept(item)));
}

#[test]
fn only_the_annotator_of_the_labels_decides_about_them() {
    let mut state = with_list();
    state.session.project.as_mut().unwrap().annotator = "gold".into();
    for key in ["g", "a"] {
        assert!(press(&mut state, key).is_empty(), "{key}");
        assert!(message(&state).contains("labels of ada"), "{key}: {}", message(&state));
    }
    assert_eq!(rows(&state)[0].2, Decision::Open);
}

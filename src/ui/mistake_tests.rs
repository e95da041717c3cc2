//! Mistakes on the screen: the list with its text, the numbers that open it, and the model's view on Tag.

use crate::{
    app::{Effect, Event, Key, State, update},
    runs::{Phase, RunSummary},
    spans::{
        Entity, MistakeKind, ModelAnswer, Prediction, ReviewItem, ReviewList, SentenceChange, Split, Suspicion,
        WordGuess, review::LabelledRange,
    },
    text::TextRange,
};

use super::{
    Caps,
    tests::{ASCII, after, plain, press, running, screen, snapshots},
};

/// Wide enough for list and text side by side.
const WIDE: (u16, u16) = (200, 50);

fn side(label: &str, start: usize, end: usize) -> Option<LabelledRange> {
    Some(LabelledRange { range: TextRange::new(start, end), label: label.into() })
}

/// Mistakes in the first two documents.
fn list() -> ReviewList {
    let mut list = ReviewList { run: "0008-mini".into(), annotator: "ada".into(), ..ReviewList::default() };
    list.split = Some(Split::Valid);
    list.documents = 3;
    list.changed = 1;
    let project = after("", 80, 24).session.project.unwrap();
    let items = [
        ("d0", MistakeKind::TooLong, side("Dish", 4, 9), side("Dish", 0, 9), 0.91),
        ("d0", MistakeKind::Label, side("Restaurant_Name", 13, 22), side("Location", 13, 22), 0.64),
        ("d0", MistakeKind::Missed, side("Hours", 59, 68), None, 0.88),
        ("d1", MistakeKind::Spurious, None, side("Amenity", 23, 27), 0.57),
    ];
    for (document, kind, gold, model, sure) in items {
        let [gold_label, model_label] = [&gold, &model].map(|side| side.as_ref().map(|side| side.label.to_string()));
        list.count_wrong(gold_label.as_deref(), model_label.as_deref());
        let item = ReviewItem {
            document: document.into(),
            text: project.documents.find(document).unwrap().text.clone(),
            kind,
            gold,
            model,
            gold_probability: Some(0.08),
            model_probability: Some(sure),
            span_score: None,
            suspicion: None,
            change: None,
        };
        list.add(item, 100);
    }
    (0..120).for_each(|_| list.count_right("Dish"));
    list
}

/// Sends a key; returns the generation of the search that it begins.
fn search(state: &mut State, key: &str) -> u64 {
    let effects = update(state, Event::Key { key: key.parse::<Key>().unwrap(), at: 1_790_000_000 });
    match effects[..] {
        [.., Effect::FindMistakes { generation, .. }] => generation,
        _ => panic!("{effects:?}"),
    }
}

fn answer(state: &mut State, generation: u64) {
    update(state, Event::MistakesFound { generation, found: Ok(Box::new(list())) });
}

/// Evaluate with gold spans on the texts, and these keys after the mistakes were found.
fn found(keys: &str, columns: u16, rows: u16) -> State {
    let mut state = after("right 3 right 8 ] enter", columns, rows);
    running(&mut state);
    press(&mut state, "f4 end");
    let generation = search(&mut state, "enter");
    answer(&mut state, generation);
    press(&mut state, keys);
    state
}

fn wide(name: &str, state: &State) {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, screen(state, "ansi", Caps::default()));
    });
}

#[test]
fn the_list_of_mistakes() {
    snapshots("mistakes", |columns, rows| found("g m", columns, rows));
    wide("mistakes-wide", &found("n a", WIDE.0, WIDE.1));
}

#[test]
fn numbers_that_open_lists() {
    snapshots("confusion", |columns, rows| found("c j j l l", columns, rows));
    wide("evaluate-wide", &found("esc", WIDE.0, WIDE.1));
}

#[test]
fn a_search_shows_how_far_it_is_or_why_it_ended() {
    let mut state = after("", 80, 24);
    running(&mut state);
    press(&mut state, "f4");
    let generation = search(&mut state, "enter");
    let shown = |state: &State| plain(state, Caps::default());
    assert!(shown(&state).contains("Gold spans and the model are being read"));
    update(&mut state, Event::MistakesProgress { generation, done: 64, all: 706 });
    assert!(shown(&state).contains("64 of 706 documents compared"), "{}", shown(&state));
    let found = Err("0008-mini has no model yet\u{1b}[31m".to_owned());
    update(&mut state, Event::MistakesFound { generation, found });
    assert!(shown(&state).contains("has no model yet\u{241b}"), "{}", shown(&state));
}

#[test]
fn hostile_labels_and_ids_and_many_labels_are_drawn_in_every_size() {
    for (columns, rows) in [(200, 50), (120, 40), (80, 24), (60, 16), (61, 17)] {
        let mut state = after("", columns, rows);
        running(&mut state);
        press(&mut state, "f4");
        let generation = search(&mut state, "enter");
        let mut list = list();
        let text = state.session.project.as_ref().unwrap().documents.find("d2").unwrap().text.clone();
        for at in 0..40 {
            let label = format!("\u{1b}[31mL{at}\u{5bff}");
            let item = ReviewItem {
                document: if at % 2 == 0 { "d2".into() } else { "gone\u{7}".into() },
                text: text.clone(),
                kind: MistakeKind::Both,
                gold: side(&label, 0, 900),
                model: side("Dish", 3, 5),
                gold_probability: None,
                model_probability: Some(f32::NAN),
                span_score: None,
                suspicion: Some(Suspicion { reason: "a\u{1b}reason".into(), right: f32::NAN }),
                change: None,
            };
            list.count_wrong(Some(&label), None);
            list.add(item, 1000);
        }
        update(&mut state, Event::MistakesFound { generation, found: Ok(Box::new(list)) });
        for keys in ["", "end", "f", "a", "g", "m", "c", "end l l l l l l l l l l l l l", "esc", "f9 e", "M", "f9 o o"]
        {
            press(&mut state, keys);
            for caps in [Caps::default(), ASCII, Caps { plain: true, ..Caps::default() }] {
                let shown = plain(&state, caps);
                assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{keys}: {shown}");
            }
        }
    }
}

/// The sentences that only one of two runs has right, after these keys.
fn changed(keys: &str, columns: u16, rows: u16) -> State {
    let mut state = after("right 3 right 8 ] enter", columns, rows);
    running(&mut state);
    let mut newer = state.session.runs.list[0].clone();
    newer.status.phase = Phase::Done;
    (newer.has_model, newer.started) = (true, 9);
    let older = RunSummary { id: "0007-mini".into(), started: 5, ..newer.clone() };
    update(&mut state, Event::Runs(vec![newer, older]));
    press(&mut state, "f3 m m");
    let generation = search(&mut state, "enter");
    let is_seen = plain(&state, Caps::default()).contains("0008-mini and 0007-mini on validation");
    assert!(is_seen || columns < 60);
    let mut found = ReviewList { against: Some("0007-mini".into()), labels: Default::default(), ..list() };
    for item in &mut found.items {
        item.change = Some(if &*item.document == "d0" { SentenceChange::Broken } else { SentenceChange::Fixed });
    }
    update(&mut state, Event::MistakesFound { generation, found: Ok(Box::new(found)) });
    press(&mut state, keys);
    state
}

#[test]
fn sentences_that_a_newer_run_broke_are_listed_and_those_that_it_fixed() {
    snapshots("changes", |columns, rows| changed("g a", columns, rows));
    let mut state = changed("f", 120, 40);
    let shown = plain(&state, Caps::default());
    let head = "0008-mini fixed 1 sentence on validation that 0007-mini has wrong: 1 of 1 mistake open";
    assert!(shown.contains(head), "{shown}");
    assert!(
        shown.contains("f broken") && shown.lines().any(|line| line.trim_start().starts_with("older .57")),
        "{shown}"
    );
    press(&mut state, "f");
    let shown = plain(&state, Caps::default());
    assert!(shown.contains("f fixed") && shown.contains("newer .") && !shown.contains("model ."), "{shown}");
}

/// The list of suspected labels, after these keys.
fn suspected(keys: &str, columns: u16, rows: u16) -> State {
    let mut state = after("right 3 right 8 ] enter f2", columns, rows);
    let effects = update(&mut state, Event::Key { key: Key::char('S'), at: 1_790_000_000 });
    let [.., Effect::FindSuspects { generation }] = effects[..] else { panic!("{effects:?}") };
    let is_seen = plain(&state, Caps::default()).contains("The labels are being compared");
    assert!(is_seen || rows < 16);
    let mut found = ReviewList { run: "folds".into(), split: None, probably_wrong: 3, ..list() };
    for item in &mut found.items {
        let right = 1.0 - item.model_probability.unwrap_or_default();
        let reason = "the model disagrees, usually another label".into();
        item.suspicion = Some(Suspicion { reason, right });
    }
    // No model has looked at the last one.
    if let Some(last) = found.items.last_mut() {
        let right = last.suspicion.as_ref().map_or(0.5, |suspicion| suspicion.right);
        last.suspicion = Some(Suspicion { reason: "usually labelled".into(), right });
        last.model_probability = None;
    }
    update(&mut state, Event::MistakesFound { generation, found: Ok(Box::new(found)) });
    press(&mut state, keys);
    state
}

#[test]
fn suspected_labels_are_listed_with_their_reasons() {
    snapshots("suspects", |columns, rows| suspected("g", columns, rows));
    let mut state = suspected("end", 80, 24);
    let shown = plain(&state, Caps::default());
    assert!(shown.contains("unlabelled") && !shown.contains("spurious"), "{shown}");
    let foot: Vec<&str> = shown.lines().filter(|line| line.contains("Amenity \u{ab}view")).collect();
    assert!(foot.len() == 1 && foot[0].trim_start().starts_with("usual  "), "{shown}");
    let effects = update(&mut state, Event::Key { key: Key::char('s'), at: 1_790_000_000 });
    let [.., Effect::FindSuspects { generation }] = effects[..] else { panic!("{effects:?}") };
    update(&mut state, Event::MistakesFound { generation, found: Ok(Box::default()) });
    assert!(plain(&state, Caps::default()).contains("No label is suspected"));
}

/// Tag with the model's view of the first document.
fn viewed(columns: u16, rows: u16) -> State {
    let mut state = after("right 3 right 8 ]", columns, rows);
    running(&mut state);
    let mut run = state.session.runs.list[0].clone();
    run.has_model = true;
    update(&mut state, Event::Runs(vec![run]));
    let effects = update(&mut state, Event::Key { key: Key::char('M'), at: 1_790_000_000 });
    let [.., Effect::PredictDocument { generation, .. }] = effects[..] else { panic!("{effects:?}") };
    let entity =
        |start, end, label: &str, score| Entity { range: TextRange::new(start, end), label: label.into(), score };
    let entities = vec![entity(0, 9, "Dish", 0.91), entity(59, 68, "Hours", 0.77)];
    let guess = |start, end| WordGuess { range: TextRange::new(start, end), labels: vec![("O".to_owned(), 0.83)] };
    let answer = ModelAnswer { entities, words: vec![guess(13, 15), guess(16, 22)], scale: None };
    update(
        &mut state,
        Event::Prediction { generation, prediction: Prediction { model: "0008-mini".into(), answer, pipeline: None } },
    );
    state
}

#[test]
fn the_models_view_is_under_the_users_spans() {
    snapshots("model-view", viewed);
    let shown = plain(&viewed(80, 24), ASCII);
    let rows: Vec<&str> = shown.lines().skip(2).take(3).collect();
    assert!(rows[1].contains("=Dis=") && rows[2].contains("Dish?.91") && rows[2].contains("no?.83"), "{rows:?}");
    assert!(shown.contains("the model differs in 3 spans"), "{shown}");
    let mut state = viewed(80, 24);
    press(&mut state, "M");
    assert!(!plain(&state, ASCII).contains("Dish?.91"));
}

#[test]
fn a_wide_window_shows_the_text_beside_the_list_of_documents() {
    let mut state = after("right 3 right 8 ] f2", WIDE.0, WIDE.1);
    wide("documents-wide", &state);
    press(&mut state, "j");
    assert!(plain(&state, Caps::default()).contains("d1: 0 spans"));
}

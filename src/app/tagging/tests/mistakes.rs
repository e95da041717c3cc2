//! The mistakes of a run: from a number to its places, to their fixes, to the next training.

use std::collections::BTreeMap;

use super::*;
use crate::{
    app::{
        overlays::{Overlay, mistakes::Mistakes},
        review::{Decision, ReviewOrder},
        screens::evaluate::Cell,
    },
    runs::{LabelScores, Phase, Point, Scores},
    spans::{
        HalfWords, MistakeKind, ReviewItem, ReviewList, WordSpan,
        dataset::word_spans,
        mistakes::compare,
        review::{LabelChoice, LabelledRange},
    },
    text::growth::processor_time,
};

pub(super) const GOLD: [&str; 4] = [
    "[fish](Dish) tacos near town",
    "[cheap](Dish) beer here",
    "open [late](Hours) on [weekends](Hours)",
    "nothing here",
];
const MODEL: [&str; 4] = [
    "[fish tacos](Dish) near [town](Location)",
    "[cheap](Price) beer here",
    "open late on [weekends](Hours)",
    "nothing here",
];

/// A project of these texts, all of them done, with a run that was scored.
pub(super) fn evaluated(gold: &[&str], annotator: &str) -> State {
    let (opened, marked) = opened(gold);
    let mut state = begin((Opened { annotator: annotator.into(), ..opened }, marked));
    for _ in gold {
        press(&mut state, "enter");
    }
    let mut run = RunSummary { id: "0001-mini".into(), has_model: true, ..RunSummary::default() };
    run.status.phase = Phase::Done;
    run.status.checkpoint = Some(10);
    let effects = update(&mut state, Event::Runs(vec![run]));
    let follow = effects.iter().find_map(|effect| match effect {
        Effect::Follow { generation, .. } => Some(*generation),
        _ => None,
    });
    update(&mut state, Event::Points { generation: follow.unwrap(), points: vec![table()] });
    press(&mut state, "f4");
    state
}

/// The table of the run, as it would be for [`GOLD`] and [`MODEL`].
fn table() -> Point {
    let scores = |right: usize, found: usize, support: usize| {
        let share = |whole: usize| if whole == 0 { 0.0 } else { right as f64 / whole as f64 };
        LabelScores { precision: share(found), recall: share(support), f1: 0.5, support, found: Some(found) }
    };
    let labels = [
        ("Dish", scores(0, 1, 2)),
        ("Hours", scores(1, 1, 2)),
        ("Location", scores(0, 1, 0)),
        ("Price", scores(0, 1, 0)),
    ];
    let all = Scores { precision: 0.25, recall: 0.25, f1: 0.25, accuracy: 0.5 };
    let labels: BTreeMap<String, LabelScores> = labels.map(|(name, scores)| (name.to_owned(), scores)).into();
    Point::Eval { step: 10, epoch: 1.0, split: "valid".into(), loss: 0.5, piece: all, word: all, labels, tables: None }
}

/// The answer of the services: gold and model compared document by document, surer mistakes first.
pub(super) fn list(gold: &[&str], model: &[&str], split: Split) -> ReviewList {
    let (gold, _) = opened(gold);
    let (model, _) = opened(model);
    let mut list =
        ReviewList { run: "0001-mini".into(), annotator: "ada".into(), split: Some(split), ..ReviewList::default() };
    for document in gold.documents.iter() {
        let spans = |opened: &Opened| {
            word_spans(document, opened.journal.annotation(&document.id), &opened.labels, HalfWords::Snap).0
        };
        let side = |span: &Option<WordSpan>| {
            let span = span.as_ref()?;
            let range = document.range_of_words(span.start..span.end)?;
            Some(LabelledRange { range, label: span.label.as_str().into() })
        };
        let (own, found) = (spans(&gold), spans(&model));
        own.iter().filter(|span| found.contains(span)).for_each(|span| list.count_right(&span.label));
        for mistake in compare(&own, &found) {
            let sure = 0.95 - list.items.len() as f32 * 0.1;
            let [gold, model] = [&mistake.gold, &mistake.predicted].map(side);
            let item = ReviewItem {
                document: document.id.as_str().into(),
                text: document.text.clone(),
                kind: mistake.kind,
                gold,
                model,
                gold_probability: Some(0.05),
                model_probability: Some(sure),
                span_score: None,
                suspicion: None,
                change: None,
            };
            let [gold, model] = item.labels().map(|label| label.map(str::to_owned));
            list.count_wrong(gold.as_deref(), model.as_deref());
            list.add(item, 10_000);
        }
        list.documents += 1;
    }
    list
}

fn asked(effects: &[Effect]) -> (u64, &str, Split) {
    match effects {
        [.., Effect::FindMistakes { generation, run, against: None, split }] => (*generation, run, *split),
        other => panic!("{other:?}"),
    }
}

fn answer(state: &mut State, effects: &[Effect], found: ReviewList) {
    let (generation, ..) = asked(effects);
    update(state, Event::MistakesFound { generation, found: Ok(Box::new(found)) });
}

/// Evaluate with the list of these keys open and filled.
fn with_list(keys: &str) -> State {
    let mut state = evaluated(&GOLD, "ada");
    let effects = press(&mut state, keys);
    answer(&mut state, &effects, list(&GOLD, &MODEL, Split::Valid));
    state
}

pub(super) fn view(state: &State) -> &Mistakes {
    match state.overlay() {
        Some(Overlay::Mistakes(view)) => view,
        other => panic!("{other:?}"),
    }
}

/// Kinds of the rows, in their order.
fn kinds(state: &State) -> Vec<MistakeKind> {
    let view = view(state);
    (0..view.rows.len()).filter_map(|row| view.item(row)).map(|item| item.kind).collect()
}

/// Annotation of a document in notation, and its status.
fn now(state: &State, at: usize) -> (String, Status) {
    let mut state = state.clone();
    state.session.tagging.document = at;
    state.session.tagging.word = 0;
    state.session.tagging.anchor = None;
    let text = super::shown(&state).replace('|', "");
    (text, state.session.project.as_ref().unwrap().status(at))
}

fn done(text: &str) -> (String, Status) {
    (text.to_owned(), Status::Done)
}

#[test]
fn enter_on_a_number_opens_its_mistakes_and_their_number_is_that_of_the_table() {
    for (keys, cell, expected) in [
        ("enter", Cell::Row, vec![MistakeKind::TooLong, MistakeKind::Label]),
        ("l enter", Cell::Wrong, vec![MistakeKind::TooLong]),
        ("l l enter", Cell::Missed, vec![MistakeKind::TooLong, MistakeKind::Label]),
        ("n n p l l enter", Cell::Missed, vec![MistakeKind::Missed]),
    ] {
        let state = with_list(keys);
        assert_eq!((kinds(&state), state.evaluate.cell), (expected, cell), "{keys}");
    }
    let state = with_list("end enter");
    assert_eq!((kinds(&state).len(), view(&state).filter.labels.clone()), (4, LabelChoice::Any));
    let note = crate::app::review::agreement(&state.session.runs, view(&state).list.as_ref().unwrap()).unwrap();
    assert_eq!(note, "the counts are those of the run's table");
}

#[test]
fn a_list_that_is_not_of_the_tables_documents_says_so() {
    let state = with_list("enter");
    let note = |list: &ReviewList| crate::app::review::agreement(&state.session.runs, list).unwrap();
    let same = list(&GOLD, &MODEL, Split::Valid);
    let changed = ReviewList { changed: 2, ..same.clone() };
    assert_eq!(note(&changed), "2 documents changed since the run began: F1 .250 then, .250 now");
    let fixed = list(&MODEL, &MODEL, Split::Valid);
    assert!(note(&fixed).starts_with("the counts are not those of the run's table: F1 .250 there, 1.000 here"));
    let other = ReviewList { run: "0007-mini".into(), ..same };
    assert_eq!(crate::app::review::agreement(&state.session.runs, &other), None);
}

#[test]
fn the_model_is_asked_once_and_late_answers_are_dropped() {
    let mut state = evaluated(&GOLD, "ada");
    let first = press(&mut state, "enter");
    assert_eq!((asked(&first).1, asked(&first).2), ("0001-mini", Split::Valid));
    update(&mut state, Event::MistakesProgress { generation: asked(&first).0, done: 2, all: 4 });
    assert_eq!(state.session.review.progress(), Some((2, 4)));
    // It goes on while something else is looked at.
    assert!(press(&mut state, "esc enter").is_empty());
    let second = press(&mut state, "esc t enter");
    assert_eq!(asked(&second).2, Split::Test);
    answer(&mut state, &first, list(&GOLD, &MODEL, Split::Valid));
    assert!(view(&state).list.is_none() && state.session.review.progress().is_some());
    let (generation, ..) = asked(&second);
    update(&mut state, Event::MistakesFound { generation, found: Err("no document of the test split".into()) });
    assert_eq!(state.session.review.problem(), Some("no document of the test split"));
    let third = press(&mut state, "esc t enter");
    answer(&mut state, &third, list(&GOLD, &MODEL, Split::Valid));
    assert!(press(&mut state, "esc enter").is_empty(), "it is known");
    assert_eq!(kinds(&state).len(), 2);
}

#[test]
fn the_models_answer_is_taken_with_one_key_and_taken_back_with_another() {
    let mut state = with_list("end enter");
    let effects = press(&mut state, "a");
    assert!(matches!(effects.as_slice(), [Effect::Record { entries, .. }] if entries.len() == 1), "{effects:?}");
    assert_eq!(now(&state, 0), done("[fish tacos](Dish) near town"));
    assert_eq!(view(&state).row, 1, "the next open place is under the cursor");
    press(&mut state, "a a a");
    assert_eq!(now(&state, 0), done("[fish tacos](Dish) near [town](Location)"));
    assert_eq!(now(&state, 1), done("[cheap](Price) beer here"));
    assert_eq!(now(&state, 2), done("open late on [weekends](Hours)"));
    assert_eq!(view(&state).counts(), [0, 0, 4]);
    assert!(message(&state).contains("Every place here is decided") && message(&state).contains("T trains"));
    let source = |state: &State| state.session.project.as_ref().unwrap().annotation(1).spans()[0].source.clone();
    assert!(matches!(source(&state), SpanSource::Model { run, score } if run == "0001-mini" && score > 0.7));
    press(&mut state, "u u");
    assert_eq!((now(&state, 1), view(&state).row), (done("[cheap](Dish) beer here"), 2));
    assert_eq!(view(&state).counts(), [2, 0, 2]);
    press(&mut state, "ctrl-r");
    assert_eq!(now(&state, 1), done("[cheap](Price) beer here"));
    // What is there already is not taken twice.
    assert!(press(&mut state, "a").is_empty() || view(&state).counts()[0] == 0);
}

#[test]
fn a_fix_trains_and_scores_again_with_one_key_each() {
    let mut state = with_list("enter");
    press(&mut state, "a");
    let mut training = state.clone();
    let effects = press(&mut training, "T");
    assert!(matches!(effects.as_slice(), [Effect::StartTraining { .. }]), "{effects:?}");
    assert!(training.overlay().is_some(), "fixing goes on meanwhile");
    let effects = press(&mut state, "g s");
    assert!(view(&state).list.is_none());
    answer(&mut state, &effects, list(&GOLD, &MODEL, Split::Valid));
    assert_eq!(view(&state).counts(), [0, 1, 1], "what was decided stays");
    press(&mut state, "esc");
    assert!(matches!(press(&mut state, "T").as_slice(), [Effect::StartTraining { .. }]), "on Evaluate, too");
}

#[test]
fn the_mistakes_on_the_training_split_follow_those_on_validation() {
    let mut state = with_list("enter");
    let effects = press(&mut state, "t");
    let [Effect::FindMistakes { run, split: Split::Train, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((run.as_str(), view(&state).list.is_none()), ("0001-mini", true));
    assert!(message(&state).contains("is learned by the next training"), "{}", message(&state));
    answer(&mut state, &effects, list(&GOLD, &MODEL, Split::Train));
    assert_eq!((view(&state).list.as_ref().unwrap().split, view(&state).rows.len()), (Some(Split::Train), 4));
    let effects = press(&mut state, "t");
    assert!(matches!(effects.as_slice(), [Effect::FindMistakes { split: Split::Test, .. }]), "{effects:?}");
    // Where there is nothing to compare with, the next split can still be chosen.
    let Effect::FindMistakes { generation, .. } = effects[0] else { panic!() };
    update(&mut state, Event::MistakesFound { generation, found: Err("no document is done".into()) });
    let effects = press(&mut state, "t");
    assert!(matches!(effects.as_slice(), [Effect::FindMistakes { split: Split::Valid, .. }]), "{effects:?}");
}

#[test]
fn the_list_stays_while_the_next_run_has_no_model() {
    let mut state = with_list("enter");
    press(&mut state, "a esc");
    let mut next = RunSummary { id: "0002-mini".into(), ..RunSummary::default() };
    next.status.phase = Phase::Training;
    let mut runs = state.session.runs.list.clone();
    runs.insert(0, next);
    update(&mut state, Event::Runs(runs));
    press(&mut state, "]");
    assert_eq!(state.session.runs.followed.as_ref().unwrap().id, "0002-mini");
    let effects = press(&mut state, "enter");
    let (generation, run, _) = asked(&effects);
    assert_eq!(run, "0002-mini");
    update(&mut state, Event::MistakesFound { generation, found: Err("no model yet".into()) });
    assert!(view(&state).list.is_none());
    // f9 goes back to where the user was.
    assert!(press(&mut state, "esc f9").is_empty());
    assert_eq!((kinds(&state).len(), view(&state).counts()), (2, [1, 0, 1]));
    press(&mut state, "c home enter");
    assert_eq!(kinds(&state).len(), 4);
}

#[test]
fn gold_is_kept_kinds_are_chosen_and_places_are_sorted() {
    let mut state = with_list("end enter");
    assert_eq!(kinds(&state), [MistakeKind::TooLong, MistakeKind::Spurious, MistakeKind::Label, MistakeKind::Missed]);
    press(&mut state, "g");
    assert_eq!((view(&state).decision(0), view(&state).row), (Decision::Kept, 1));
    press(&mut state, "k g");
    assert_eq!(view(&state).decision(0), Decision::Open, "to be decided again");
    press(&mut state, "f");
    assert_eq!((kinds(&state), view(&state).filter.kind), (vec![MistakeKind::Label], Some(MistakeKind::Label)));
    press(&mut state, "f f f f");
    assert_eq!(kinds(&state).len(), 4);
    press(&mut state, "o o");
    assert_eq!((view(&state).order, kinds(&state)[0]), (ReviewOrder::Unsure, MistakeKind::Missed));
    press(&mut state, "n n p w");
    assert_eq!(view(&state).row, 2);
}

#[test]
fn a_place_is_edited_on_tag_and_the_list_is_one_key_away() {
    let mut state = with_list("end enter");
    press(&mut state, "n e");
    assert_eq!((state.session.screen, state.session.tagging.document), (Screen::Tag, 0));
    assert_eq!(super::shown(&state), "[fish](Dish) tacos near |town");
    // The documents of the list follow, each at its first place.
    press(&mut state, "n");
    assert_eq!(super::shown(&state), "|[cheap](Dish) beer here");
    press(&mut state, "n");
    assert_eq!(super::shown(&state), "open |[late](Hours) on [weekends](Hours)");
    press(&mut state, "n");
    assert_eq!(state.session.tagging.document, 2, "the last text has no mistake");
    press(&mut state, "x");
    assert!(press(&mut state, "f9").is_empty());
    assert_eq!((view(&state).row, view(&state).decision(3)), (1, Decision::Fixed));
}

#[test]
fn marked_documents_are_worked_through() {
    let mut state = with_list("end enter");
    assert!(press(&mut state, "M").is_empty() && message(&state).contains("No document is marked"));
    press(&mut state, "m end m");
    assert!(message(&state).contains("2 documents"), "{}", message(&state));
    press(&mut state, "M");
    assert_eq!((state.session.tagging.queue.clone(), state.overlay().is_some()), (vec![0, 2], false));
    // The list is opened where it was left, on the last document.
    press(&mut state, "f9 m M");
    assert_eq!(state.session.tagging.queue, [0]);
}

#[test]
fn on_the_test_split_gold_is_edited_by_hand_only() {
    let mut state = evaluated(&GOLD, "ada");
    let effects = press(&mut state, "t enter");
    answer(&mut state, &effects, list(&GOLD, &MODEL, Split::Test));
    assert!(press(&mut state, "a").is_empty());
    assert!(message(&state).contains("flatters that model"), "{}", message(&state));
    press(&mut state, "e");
    assert_eq!(state.session.screen, Screen::Tag);
}

#[test]
fn another_annotators_gold_is_asked_about_once() {
    let mut state = evaluated(&GOLD, "ben");
    let effects = press(&mut state, "end enter");
    answer(&mut state, &effects, list(&GOLD, &MODEL, Split::Valid));
    assert!(press(&mut state, "a").is_empty());
    let text = message(&state);
    assert!(text.contains("learned from ada") && text.contains("becomes work of ben"), "{text}");
    assert_eq!(press(&mut state, "a").len(), 1);
    assert_eq!(press(&mut state, "a").len(), 1, "it is known now");
}

#[test]
fn what_was_not_begun_becomes_partial_and_a_changed_text_is_looked_at_first() {
    let (opened, marked) = opened(&["fish tacos"]);
    let mut state = begin((Opened { annotator: "ben".into(), ..opened }, marked));
    let mut run = RunSummary { id: "0001-mini".into(), has_model: true, ..RunSummary::default() };
    run.status.phase = Phase::Done;
    update(&mut state, Event::Runs(vec![run]));
    let effects = press(&mut state, "f9");
    answer(&mut state, &effects, list(&["[fish](Dish) tacos"], &["[fish tacos](Dish)"], Split::Valid));
    press(&mut state, "a a");
    assert_eq!(now(&state, 0), ("[fish tacos](Dish)".to_owned(), Status::Partial));
}

#[test]
fn a_project_that_can_only_be_read_shows_mistakes_and_changes_nothing() {
    let mut state = with_list("enter");
    state.session.project.as_mut().unwrap().read_only = Some("the disk is read only".into());
    assert!(press(&mut state, "a").is_empty() && message(&state).contains("read only"), "{}", message(&state));
}

#[test]
fn numbers_of_the_matrix_open_their_lists_and_the_way_back_leads_to_them() {
    let mut state = with_list("m");
    let Some(Overlay::Confusion(_)) = state.overlay() else { panic!("{:?}", state.overlay()) };
    press(&mut state, "l l enter");
    assert_eq!(kinds(&state), [MistakeKind::TooLong]);
    press(&mut state, "esc");
    // Gold Dish, model Price: the first row, the fourth column.
    press(&mut state, "home j l enter");
    assert_eq!(kinds(&state), [MistakeKind::Label]);
    assert_eq!(view(&state).filter.name(), "gold Dish, model Price");
    press(&mut state, "esc home l l l l l l l l");
    press(&mut state, "j enter");
    assert!(matches!(state.overlay(), Some(Overlay::Confusion(_))) && message(&state).contains("no mistake"));
    press(&mut state, "esc");
    assert!(state.overlay().is_none());
}

#[test]
fn orders_by_the_model_are_one_command_from_everywhere() {
    for keys in
        ["f4 d", "f2 d", "f1 : m o d e l - d i s a g r e e s enter", "f5 esc : m o d e l - d i s a g r e e s enter"]
    {
        let mut state = evaluated(&GOLD, "ada");
        let effects = press(&mut state, keys);
        assert_eq!(
            (state.session.screen, state.documents.order.name()),
            (Screen::Documents, "model disagrees first"),
            "{keys}"
        );
        assert!(effects.iter().any(|effect| matches!(effect, Effect::Rank { .. })), "{keys}: {effects:?}");
    }
    let mut state = evaluated(&GOLD, "ada");
    press(&mut state, "L");
    assert_eq!(state.documents.order.name(), "least sure first");
    // After the last answer the list is sorted, however few there are.
    press(&mut state, "d");
    for (at, text) in MODEL.iter().enumerate() {
        let marked = Marked::parse(text).unwrap();
        let entity = |(range, label): (TextRange, String)| Entity { range, label, score: 0.9 };
        let found = marked.spans.into_iter().map(entity).collect();
        let run = "0001-mini".to_owned();
        update(
            &mut state,
            Event::Suggestions {
                document: format!("d{at}"),
                run,
                found,
                uncertainty: Some(at as f32),
                labels: Default::default(),
            },
        );
    }
    assert_eq!(state.documents.shown(), [0, 1, 2, 3]);
    let project = state.session.project.as_ref().unwrap();
    assert_eq!([0, 1, 2, 3].map(|at| project.disagreement(at)), [Some(2), Some(1), Some(1), Some(0)]);
}

#[test]
fn every_key_is_quick_with_two_thousand_mistakes() {
    let texts: Vec<String> = (0..1000).map(|at| format!("[fish](Dish) tacos near town {at}")).collect();
    let found: Vec<String> = (0..1000).map(|at| format!("[fish tacos](Dish) near [town](Location) {at}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    let mut state = evaluated(&texts, "ada");
    let effects = press(&mut state, "end enter");
    answer(&mut state, &effects, list(&texts, &found, Split::Valid));
    assert_eq!(view(&state).rows.len(), 2000);
    let mut slowest = (std::time::Duration::ZERO, "");
    for key in
        ["n", "a", "g", "pagedown", "p", "m", "f", "f", "f", "o", "u", "w", "c", "l", "enter", "e", "M", "f9", "esc"]
    {
        let times = [(); 3].map(|()| {
            let mut copy = state.clone();
            processor_time(|| drop(press(&mut copy, key)))
        });
        slowest = slowest.max((times.into_iter().min().unwrap_or_default(), key));
        press(&mut state, key);
    }
    println!("slowest key with 2,000 mistakes, without optimisation: {slowest:?}");
    assert!(slowest.0 < std::time::Duration::from_millis(100), "{slowest:?}");
}

/// The project opened again with this text of its first document, spans and all else as before.
fn reopen_with(state: &mut State, first: &str) {
    let project = state.session.project.clone().unwrap();
    let runs = state.session.runs.list.clone();
    state.put_aside();
    let documents = project.documents.iter().enumerate();
    let documents = documents.map(|(at, document)| match at {
        0 => Document::new(document.id.clone(), first, Grid::Natural),
        _ => document.clone(),
    });
    let opened = Opened {
        name: project.name.clone(),
        annotator: project.annotator.clone(),
        documents: documents.collect(),
        labels: project.labels.clone(),
        journal: project.journal.clone(),
        runs,
        writer: 8,
        ..Opened::default()
    };
    update(state, Event::Opened(Box::new(opened)));
}

#[test]
fn a_place_of_a_text_that_was_corrected_is_left_out_and_no_span_goes_elsewhere() {
    let mut state = with_list("end enter");
    press(&mut state, "end g end esc");
    // The third document is kept, and the cursor of the list is on its place.
    reopen_with(&mut state, "the tacos near a river");
    let before = state.session.project.as_ref().unwrap().annotation(0).clone();
    assert!(press(&mut state, "f9").is_empty(), "what was found is not searched again");
    assert_eq!(kinds(&state), [MistakeKind::Label, MistakeKind::Missed]);
    assert_eq!((view(&state).counts(), view(&state).row), ([1, 1, 0], 1));
    let found = view(&state).list.clone().unwrap();
    assert_eq!((found.left_out, found.moved, found.total()), (2, 0, 2));
    let note = crate::app::review::agreement(&state.session.runs, &found).unwrap();
    assert!(note.ends_with("2 places left out, as the text was changed since"), "{note}");
    press(&mut state, "a a a");
    assert_eq!(*state.session.project.as_ref().unwrap().annotation(0), before);
}

#[test]
fn a_place_is_found_again_in_a_text_that_was_corrected() {
    let mut state = with_list("end enter");
    // The second place is kept, and the cursor goes on to the third.
    press(&mut state, "n g esc");
    reopen_with(&mut state, "fish tacos near the old town");
    press(&mut state, "f9");
    assert_eq!((kinds(&state).len(), view(&state).counts()), (4, [3, 1, 0]));
    let found = view(&state).list.clone().unwrap();
    assert_eq!((found.moved, found.left_out), (2, 0));
    let note = crate::app::review::agreement(&state.session.runs, &found).unwrap();
    assert!(note.ends_with("2 places found again in a text that was changed since"), "{note}");
    press(&mut state, "home a");
    assert_eq!(now(&state, 0), done("[fish tacos](Dish) near the old town"));
}

#[test]
fn nothing_is_decided_at_a_place_of_another_text() {
    let mut state = evaluated(&GOLD, "ada");
    let effects = press(&mut state, "end enter");
    let mut found = list(&GOLD, &MODEL, Split::Valid);
    for item in &mut found.items {
        item.text = format!("\u{e9}{}", item.text).into();
    }
    answer(&mut state, &effects, found);
    for key in ["a", "g", "e"] {
        assert!(press(&mut state, key).is_empty(), "{key}");
        assert!(message(&state).contains("text was changed since it was compared"), "{key}: {}", message(&state));
    }
    assert_eq!((now(&state, 0), state.session.screen), (done("[fish](Dish) tacos near town"), Screen::Evaluate));
}

#[test]
fn a_span_that_is_not_on_the_words_is_never_recorded() {
    let mut state = evaluated(&["caf\u{e9} [fish](Dish) tacos"], "ada");
    let effects = press(&mut state, "end enter");
    let mut found = list(&["caf\u{e9} [fish](Dish) tacos"], &["caf\u{e9} [fish tacos](Dish)"], Split::Valid);
    // The second byte of a character, and the end of a word.
    found.items[0].model = Some(LabelledRange { range: TextRange::new(4, 10), label: "Dish".into() });
    answer(&mut state, &effects, found);
    assert!(press(&mut state, "a").is_empty());
    assert_eq!(now(&state, 0), done("caf\u{e9} [fish](Dish) tacos"));
}

#[test]
fn the_documents_of_the_list_begin_at_their_places_after_a_reload_too() {
    let mut state = with_list("end enter");
    press(&mut state, "n e");
    reopen_with(&mut state, "fish tacos near the town");
    assert_eq!(super::shown(&state).matches('|').count(), 1);
    press(&mut state, "n n");
    assert_eq!(super::shown(&state), "open |[late](Hours) on [weekends](Hours)");
}

#[test]
fn the_list_begins_at_the_top_once_even_if_the_document_in_front_is_hidden() {
    let mut state = evaluated(&GOLD, "ada");
    // All documents are done, so that a list of those to do is empty.
    press(&mut state, "f2 f");
    assert!(state.documents.shown().is_empty());
    press(&mut state, "f4 d esc");
    assert_eq!((state.documents.shown().len(), state.session.tagging.document), (4, 3));
    press(&mut state, "f1 f2");
    let row = state.documents.row;
    assert_eq!(state.documents.shown()[row], 3, "the document in front");
}

fn suggested(state: &mut State, document: &str) {
    let found = vec![Entity { range: TextRange::new(0, 4), label: "Price".into(), score: 0.9 }];
    let [document, run] = [document, "0001-mini"].map(str::to_owned);
    update(state, Event::Suggestions { document, run, found, uncertainty: Some(0.5), labels: Default::default() });
}

#[test]
fn the_list_is_sorted_when_the_last_document_that_was_asked_about_is_answered_or_has_failed() {
    let mut state = evaluated(&GOLD, "ada");
    press(&mut state, "f4 d");
    let before = state.documents.shown().to_vec();
    // The same document again is no answer about another one.
    for document in ["d3", "d3", "d3", "d3"] {
        suggested(&mut state, document);
    }
    assert_eq!(state.documents.shown(), before);
    suggested(&mut state, "d0");
    suggested(&mut state, "d1");
    assert_eq!(state.documents.shown(), before);
    update(&mut state, Event::NotSuggested { document: "d2".into() });
    assert_ne!(state.documents.shown(), before, "the documents that were answered come first");
}

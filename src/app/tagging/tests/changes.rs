//! Two runs compared: from their differences to the sentences that one of them has right, and to their texts.

use super::{
    mistakes::{GOLD, evaluated, list, view},
    *,
};
use crate::{
    app::screens::train::Page,
    runs::Phase,
    spans::{ReviewItem, ReviewList, SentenceChange},
};

/// Answers of the run that has mistakes in a sentence: the newer one in the first and third, the older one in the second.
const WRONG: [&str; 4] = [
    "[fish tacos](Dish) near [town](Location)",
    "[cheap](Price) beer here",
    "open late on [weekends](Hours)",
    "nothing here",
];

fn run(id: &str, started: u64) -> RunSummary {
    let mut run = RunSummary { id: id.into(), started, has_model: true, ..RunSummary::default() };
    run.status.phase = Phase::Done;
    run.status.checkpoint = Some(10);
    run
}

/// The comparison of two runs, of which the older one is followed.
fn compared() -> State {
    let mut state = evaluated(&GOLD, "ada");
    update(&mut state, Event::Runs(vec![run("0002-mini", 9), run("0001-mini", 5)]));
    assert_eq!(state.session.runs.followed.as_ref().unwrap().id, "0001-mini");
    press(&mut state, "f3 m home m");
    assert_eq!(state.train.page, Page::Compare);
    state
}

/// The list of the services: two sentences are broken, one is fixed.
fn changes() -> ReviewList {
    let mut found = list(&GOLD, &WRONG, Split::Valid);
    for item in &mut found.items {
        let is_older = &*item.document == "d1";
        item.change = Some(if is_older { SentenceChange::Fixed } else { SentenceChange::Broken });
    }
    let against = Some("0001-mini".to_owned());
    ReviewList { run: "0002-mini".into(), against, labels: [].into(), ..found }
}

fn documents(state: &State) -> Vec<String> {
    let view = view(state);
    let items = (0..view.rows.len()).filter_map(|row| view.item(row));
    items.map(|item: &ReviewItem| item.document.to_string()).collect()
}

/// The sentences of the comparison, after the answer of the services.
fn with_changes() -> State {
    let mut state = compared();
    let effects = press(&mut state, "enter");
    answer(&mut state, &effects, changes());
    state
}

fn answer(state: &mut State, effects: &[Effect], found: ReviewList) {
    let [Effect::FindMistakes { generation, run, against: Some(older), split: Split::Valid }] = effects else {
        panic!("{effects:?}")
    };
    assert_eq!([run, older], ["0002-mini", "0001-mini"], "the newer one, although the older one is followed");
    update(state, Event::MistakesFound { generation: *generation, found: Ok(Box::new(found)) });
}

#[test]
fn a_comparison_leads_to_the_sentences_that_were_broken_and_to_those_that_were_fixed() {
    let mut state = with_changes();
    assert_eq!(documents(&state), ["d0", "d0", "d2"]);
    assert_eq!((view(&state).sentences(), view(&state).filter.change), (2, Some(SentenceChange::Broken)));
    press(&mut state, "f");
    assert_eq!((documents(&state), view(&state).filter.change), (vec!["d1".to_owned()], Some(SentenceChange::Fixed)));
    press(&mut state, "f");
    assert_eq!(documents(&state).len(), 3);
    assert!(press(&mut state, "c").is_empty() && message(&state).contains("mistakes of a run"), "no counts of a run");
    // It is the same list as long as nothing else is searched.
    assert!(press(&mut state, "esc enter").is_empty());
    let effects = press(&mut state, "s");
    answer(&mut state, &effects, changes());
    let effects = press(&mut state, "t");
    assert!(matches!(effects[..], [Effect::FindMistakes { against: Some(_), split: Split::Train, .. }]), "{effects:?}");
}

#[test]
fn a_sentence_of_a_comparison_is_edited_on_tag_and_the_list_found_again() {
    let mut state = with_changes();
    press(&mut state, "end e");
    assert_eq!((state.session.screen, state.session.tagging.document), (Screen::Tag, 2));
    assert_eq!(state.session.tagging.queue, [0, 2], "next goes along the sentences of the list");
    press(&mut state, "f9");
    assert_eq!((documents(&state).len(), view(&state).row), (3, 2));
    press(&mut state, "f f3 enter f a");
    let project = state.session.project.as_ref().unwrap();
    let span = &project.annotation(1).spans()[0];
    assert_eq!(project.labels.name(span.label), "Price");
    assert!(matches!(&span.source, SpanSource::Model { run, .. } if run == "0001-mini"), "{span:?}");
}

#[test]
fn the_list_begins_with_what_there_is_and_says_so_where_there_is_nothing() {
    let mut state = compared();
    let effects = press(&mut state, "enter");
    let mut found = changes();
    found.items.retain(|item| item.change == Some(SentenceChange::Fixed));
    answer(&mut state, &effects, found);
    assert_eq!(documents(&state), ["d1"]);
    press(&mut state, "f");
    assert!(message(&state).contains("0002-mini broke no sentence"), "{}", message(&state));
    let effects = press(&mut state, "s");
    answer(&mut state, &effects, ReviewList { items: Vec::new(), ..changes() });
    assert!(documents(&state).is_empty());
}

#[test]
fn sentences_are_compared_once_both_runs_have_ended_with_a_model() {
    let with = |change: fn(&mut RunSummary)| {
        let mut state = compared();
        let mut newer = run("0002-mini", 9);
        change(&mut newer);
        update(&mut state, Event::Runs(vec![newer, run("0001-mini", 5)]));
        assert!(press(&mut state, "enter").is_empty() && state.overlay().is_none());
        message(&state).to_owned()
    };
    assert!(with(|run| run.has_model = false).contains("has no model"));
    assert!(with(|run| run.status.phase = Phase::Training).contains("has ended"));
}

//! Which document comes next when a rule chooses it, and documents that are shown without suggestions.

#![cfg(test)]

use super::*;
use crate::{app::tests::run, runs::Phase, spans::NextDocument, text::growth::processor_time};

/// Texts that have few words in common.
fn texts(number: usize) -> Vec<String> {
    (0..number).map(|at| format!("w{at}a w{at}b w{at}c")).collect()
}

/// Twelve documents, and this rule.
fn with_rule(rule: NextDocument) -> State {
    let texts = texts(12);
    let (mut opened, marked) = opened(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    opened.live.next = rule;
    begin((opened, marked))
}

/// Lists runs that have models, newest first.
fn list_models(state: &mut State, names: &[&str]) -> Vec<Effect> {
    let runs = names.iter().map(|name| RunSummary { has_model: true, ..run(name, Phase::Done, false) });
    update(state, Event::Runs(runs.collect()))
}

/// The documents of the pool about which a model is asked.
fn asked(effects: &[Effect]) -> Option<(&str, Vec<&str>)> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::Rank { run, documents } => Some((run.as_str(), documents.iter().map(String::as_str).collect())),
        _ => None,
    })
}

/// Answers for every document of the pool: of `unsure` the first one is the least sure.
fn answer(state: &mut State, effects: &[Effect], unsure: &[usize]) -> Vec<Effect> {
    let (run, documents) = asked(effects).unwrap();
    let mut last = Vec::new();
    for document in documents {
        let place = unsure.iter().position(|at| format!("d{at}") == document);
        let uncertainty = Some(place.map_or(0.0, |place| 1.0 - 0.1 * place as f32));
        let (document, run) = (document.to_owned(), run.to_owned());
        let labels = Default::default();
        last = update(state, Event::Suggestions { document, run, found: Vec::new(), uncertainty, labels });
    }
    last
}

/// The documents that are in front after each of the keys.
fn fronts(state: &mut State, keys: &str) -> Vec<usize> {
    let mut fronts = Vec::new();
    for key in keys.split_whitespace() {
        press(state, key);
        fronts.push(state.session.tagging.document);
    }
    fronts
}

#[test]
fn the_least_sure_document_comes_next_and_previous_goes_back() {
    let mut state = with_rule(NextDocument::LeastSure);
    let effects = list_models(&mut state, &["0001-mini"]);
    let (model, documents) = asked(&effects).unwrap();
    assert_eq!((model, documents.len()), ("0001-mini", 11), "all but the one in front");
    let effects = answer(&mut state, &effects, &[7, 3, 9]);
    let ahead = |effects: &[Effect]| match effects {
        [.., Effect::Suggest { documents, .. }] => documents[..2].to_vec(),
        _ => panic!("{effects:?}"),
    };
    assert_eq!(ahead(&effects), ["d0", "d7"], "its suggestions are there before its key is pressed");
    assert_eq!(state.session.tagging.document, 0);
    assert_eq!(fronts(&mut state, "n p n n p p n"), [7, 0, 7, 3, 7, 0, 7]);
    assert_eq!(fronts(&mut state, "1 enter space"), [7, 3, 9]);
    assert_eq!(fronts(&mut state, "p p p p"), [3, 7, 0, 0]);
    assert_eq!(message(&state), "No document was in front before this one");
}

#[test]
fn undo_goes_back_over_a_chosen_document() {
    let mut state = with_rule(NextDocument::LeastSure);
    let effects = list_models(&mut state, &["0001-mini"]);
    answer(&mut state, &effects, &[7, 3, 9]);
    assert_eq!(fronts(&mut state, "enter s u u"), [7, 3, 7, 0]);
    assert_eq!(state.session.project.as_ref().unwrap().status(0), Status::Todo);
    assert_eq!(fronts(&mut state, "enter enter n"), [7, 3, 9], "the same ones again");
}

#[test]
fn another_model_changes_what_follows_and_not_the_document_in_front() {
    let mut state = with_rule(NextDocument::LeastSure);
    let effects = list_models(&mut state, &["0001-mini"]);
    answer(&mut state, &effects, &[7, 3, 9]);
    assert_eq!(fronts(&mut state, "enter"), [7]);
    let effects = list_models(&mut state, &["0002-mini", "0001-mini"]);
    assert_eq!(asked(&effects).unwrap().0, "0002-mini");
    assert_eq!(fronts(&mut state.clone(), "n"), [3], "until it has answered, what was chosen before");
    answer(&mut state, &effects, &[5, 11]);
    assert_eq!(state.session.tagging.document, 7);
    assert_eq!(fronts(&mut state, "n n p p"), [5, 11, 5, 7]);
    // Nothing else is asked while enough chosen documents are left.
    assert_eq!(asked(&press(&mut state, "n l h")), None);
}

#[test]
fn an_informative_document_is_unlike_those_that_are_done() {
    let texts = ["thai noodles", "thai noodles downtown", "thai noodles uptown", "a burger with parking"];
    let (mut opened, marked) = opened(&texts);
    opened.live.next = NextDocument::Informative;
    let mut state = begin((opened, marked));
    let effects = list_models(&mut state, &["0001-mini"]);
    answer(&mut state, &effects, &[1, 2, 3]);
    assert_eq!(fronts(&mut state, "enter enter enter"), [1, 3, 2]);
}

#[test]
fn the_model_disagrees_with_spans_or_with_what_was_tagged_before() {
    let (mut opened, marked) = opened(&["|tacos first", "some tacos here", "[beer](Dish) too", "nothing"]);
    opened.live.next = NextDocument::Disagreement;
    let mut state = begin((opened, marked));
    press(&mut state, "3");
    let effects = list_models(&mut state, &["0001-mini"]);
    // The model finds nothing: that is wrong in d2 by its span, and in d1 by what is remembered.
    answer(&mut state, &effects, &[]);
    assert_eq!(fronts(&mut state, "n n n"), [2, 1, 3]);
}

#[test]
fn documents_that_are_over_or_test_models_are_never_chosen() {
    let texts = texts(12);
    let (mut opened, marked) = opened(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    let split = |(at, document): (usize, &Document)| Document {
        split: [Some(Split::Test), Some(Split::Valid)].get(at.wrapping_sub(1)).copied().flatten(),
        ..document.clone()
    };
    opened.documents = opened.documents.iter().enumerate().map(split).collect();
    let mut state = begin((opened, marked));
    for (at, key) in [(3, "enter"), (4, "s"), (5, "f")] {
        state.session.open_document(at, Vec::new());
        press(&mut state, key);
    }
    state.session.open_document(0, Vec::new());
    press(&mut state, "o o");
    let effects = list_models(&mut state, &["0001-mini"]);
    let (_, documents) = asked(&effects).unwrap();
    assert!(["d1", "d2", "d3", "d4", "d5"].iter().all(|over| !documents.contains(over)), "{documents:?}");
    answer(&mut state, &effects, &[1, 2, 3, 4, 5, 10]);
    assert_eq!(fronts(&mut state, "n"), [10]);
    let seen = fronts(&mut state, "n n n n n n n n n n n n");
    assert!(seen.iter().all(|at| *at == 0 || *at > 5), "{seen:?}");
    assert_eq!(message(&state), "Every open document was in front already");
}

#[test]
fn a_random_document_comes_next_without_a_model() {
    let mut state = with_rule(NextDocument::Random);
    assert_eq!(asked(&list_models(&mut state, &["0001-mini"])), None);
    let mut seen = fronts(&mut state, "n n n n n n n n n n n");
    assert_ne!(seen, (1..12).collect::<Vec<_>>());
    assert_eq!(fronts(&mut with_rule(NextDocument::Random), "n n n"), seen[..3], "the same each time");
    seen.sort_unstable();
    assert_eq!(seen, (1..12).collect::<Vec<_>>(), "each one once");
}

#[test]
fn a_command_changes_the_rule_and_says_so() {
    let mut state = with_rule(NextDocument::InOrder);
    assert_eq!(asked(&list_models(&mut state, &["0001-mini"])), None);
    press(&mut state, "o");
    assert_eq!(message(&state), "Next document: a random one");
    let effects = press(&mut state, "o");
    assert!(message(&state).ends_with("the one of which the model is least sure"), "{}", message(&state));
    answer(&mut state, &effects, &[7]);
    assert_eq!(fronts(&mut state, "n"), [7]);
    press(&mut state, "o o o");
    assert_eq!(message(&state), "Next document: in the order of the list");
    assert_eq!(fronts(&mut state, "n p p"), [8, 7, 6]);
    let mut state = with_rule(NextDocument::Random);
    press(&mut state, "o");
    assert!(message(&state).ends_with("random until there is a model"), "{}", message(&state));
    press(&mut state, "o");
    assert!(message(&state).ends_with("by its words alone until there is a model"), "{}", message(&state));
}

#[test]
fn documents_that_were_found_keep_their_own_order() {
    let mut state = with_rule(NextDocument::LeastSure);
    let effects = list_models(&mut state, &["0001-mini"]);
    answer(&mut state, &effects, &[7]);
    press(&mut state, "tab / w 1 enter enter");
    assert_eq!(fronts(&mut state, "n n p"), [10, 11, 10]);
    assert_eq!(fronts(&mut state, "esc n n"), [10, 11, 7], "without them, the rule holds again");
}

#[test]
fn the_list_of_documents_is_ranked_before_the_pool() {
    let mut state = with_rule(NextDocument::InOrder);
    list_models(&mut state, &["0001-mini"]);
    let all = press(&mut state, "tab L f1");
    let (_, documents) = asked(&all).unwrap();
    assert_eq!(documents.len(), 12);
    assert_eq!(asked(&press(&mut state, "o o")), None, "that would replace the question");
    answer(&mut state, &all, &[7]);
    assert_eq!(fronts(&mut state, "n"), [7], "its answers are enough");
}

#[test]
fn previous_goes_back_also_after_the_project_was_read_again() {
    let mut state = with_rule(NextDocument::InOrder);
    press(&mut state, "o");
    let seen = fronts(&mut state, "n n");
    state.put_aside();
    let texts = texts(14);
    let mut again = opened(&texts.iter().map(String::as_str).collect::<Vec<_>>()).0;
    // A document before the others is new.
    again.documents = again.documents.iter().skip(13).chain(again.documents.iter().take(13)).cloned().collect();
    update(&mut state, Event::Opened(Box::new(again)));
    assert_eq!(state.session.tagging.document, seen[1] + 1);
    let now = fronts(&mut state, "p p n n n");
    assert_eq!(now[..4], [seen[0] + 1, 1, seen[0] + 1, seen[1] + 1]);
    assert!(![1, seen[0] + 1, seen[1] + 1].contains(&now[4]), "the rule still holds: {now:?}");
}

/// Every document is held back; a model knows something about the first.
fn held_back() -> State {
    let (mut opened, marked) = opened(&["|fish tacos and cheap beer", "more"]);
    opened.live.held_back = 1;
    let mut state = begin((opened, marked));
    list_models(&mut state, &["0001-mini"]);
    suggest(&mut state, &[("cheap", "Price")]);
    state
}

fn open_suggestions(state: &State) -> usize {
    state.session.project.as_ref().unwrap().suggestions(state.session.tagging.document).len()
}

#[test]
fn a_document_that_is_held_back_has_no_suggestions_and_is_labelled_by_hand() {
    let mut state = held_back();
    assert_eq!(open_suggestions(&state), 0);
    assert!(state.next_step().unwrap().starts_with("shown without suggestions"), "{:?}", state.next_step());
    press(&mut state, "space");
    assert_eq!((state.session.tagging.document, message(&state)), (0, crate::app::suggestions::HELD_BACK_BY_HAND));
    press(&mut state, "A");
    assert_eq!(message(&state), crate::app::suggestions::HELD_BACK);
    press(&mut state, "M");
    assert!(message(&state).contains("held back") && !state.session.model_view.is_on(), "{}", message(&state));
    press(&mut state, "3");
    assert_eq!(open_suggestions(&state), 0, "from the gazetteer neither");
    press(&mut state, "space");
    assert_eq!(state.session.project.as_ref().unwrap().status(0), Status::Done);
    assert_eq!(state.session.tagging.document, 1);
    assert!(state.session.project.as_ref().unwrap().is_held_back(0));
    // Once it is done, what the model saw may be looked at.
    press(&mut state, "p M");
    assert!(state.session.model_view.is_on());
}

#[test]
fn holding_back_is_switched_off_and_a_text_that_was_shown_stays_so() {
    let mut state = held_back();
    press(&mut state, ": h o l d - b a c k enter");
    assert_eq!((open_suggestions(&state), message(&state)), (1, "Every document is shown with its suggestions"));
    press(&mut state, ": h o l d - b a c k enter");
    assert_eq!(message(&state), "One document in 1 is shown without suggestions, to judge them fairly");
    let project = state.session.project.as_ref().unwrap();
    assert_eq!((open_suggestions(&state), project.is_held_back(0), project.is_held_back(1)), (1, false, true));
}

#[test]
fn a_text_for_tests_is_not_held_back() {
    let (mut opened, marked) = opened(&["|fish tacos"]);
    opened.live.held_back = 1;
    let document = Document { split: Some(Split::Test), ..opened.documents[0].clone() };
    opened.documents = vec![document].into();
    let state = begin((opened, marked));
    assert!(!state.session.project.as_ref().unwrap().is_held_back(0));
}

#[test]
fn a_key_that_chooses_among_twenty_thousand_documents_answers_at_once() {
    let texts: Vec<String> =
        (0..20_000).map(|at| format!("cheap w{at} tacos near x{} and y{}", at % 97, at % 997)).collect();
    let (mut opened, marked) = opened(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    let done = |at: usize| crate::spans::Action { document: format!("d{at}"), edits: vec![Edit::Status(Status::Done)] };
    let id = |at: usize| crate::spans::ActionId(SpanId { writer: 2, sequence: at as u32 });
    for at in 1..10_000 {
        opened.journal.push(Entry { id: id(at), at: at as u64, op: journal::JournalOp::Do(done(at)) });
    }
    let mut state = begin((opened, marked));
    press(&mut state, "o o o");
    let effects = list_models(&mut state, &["0001-mini"]);
    assert_eq!(asked(&effects).unwrap().1.len(), crate::spans::choice::POOL);
    let mut slowest = (std::time::Duration::ZERO, "");
    for document in asked(&effects).unwrap().1 {
        let (document, run, labels) = (document.to_owned(), "0001-mini".to_owned(), Default::default());
        let answer = Event::Suggestions { document, run, found: Vec::new(), uncertainty: Some(0.5), labels };
        let time = processor_time(|| drop(update(&mut state, answer)));
        slowest = slowest.max((time, "an answer"));
    }
    for key in "3 enter n p s o o o o o".split(' ').chain(["enter"; 40]) {
        let times = (0..2).map(|_| {
            let mut copy = state.clone();
            processor_time(|| drop(press(&mut copy, key)))
        });
        slowest = slowest.max((times.min().unwrap(), key));
        press(&mut state, key);
    }
    assert!(slowest.0 < std::time::Duration::from_millis(250), "{slowest:?}");
}

/// Gives the command that holds documents back, or no longer does.
fn toggle_hold_back(state: &mut State) {
    press(state, ":");
    update(state, Event::Paste("hold-back".into()));
    press(state, "enter");
}

fn is_held_back(state: &State, at: usize) -> bool {
    state.session.project.as_ref().unwrap().is_held_back(at)
}

#[test]
fn a_text_that_was_seen_with_suggestions_before_any_was_held_back_is_not() {
    let texts = texts(80);
    let (mut opened, marked) = opened(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    opened.live.held_back = 0;
    let mut state = begin((opened, marked));
    let mut on = state.clone();
    toggle_hold_back(&mut on);
    let held: Vec<usize> = (0..80).filter(|at| is_held_back(&on, *at)).take(2).collect();
    let document = state.session.project.as_ref().unwrap().documents[held[0]].clone();
    let found = vec![Entity { range: document.words[0], label: "Dish".into(), score: 0.9 }];
    let (run, labels) = ("0001-mini".to_owned(), Default::default());
    update(&mut state, Event::Suggestions { document: document.id, run, found, uncertainty: None, labels });
    for at in &held {
        state.session.open_document(*at, Vec::new());
    }
    toggle_hold_back(&mut state);
    let seen = |state: &State| [held[0], held[1]].map(|at| is_held_back(state, at));
    assert_eq!(seen(&state), [false, true], "the second one had no suggestions");
}

#[test]
fn a_project_that_is_read_again_holds_the_same_texts_back() {
    let mut state = held_back();
    toggle_hold_back(&mut state);
    assert_eq!(open_suggestions(&state), 1);
    let again = |state: &mut State| {
        state.put_aside();
        let (mut again, _) = opened(&["fish tacos and cheap beer", "more"]);
        again.live.held_back = 1;
        update(state, Event::Opened(Box::new(again)));
    };
    again(&mut state);
    assert_eq!([0, 1].map(|at| is_held_back(&state, at)), [false, false], "it was switched off");
    toggle_hold_back(&mut state);
    assert_eq!(message(&state), "One document in 1 is shown without suggestions, to judge them fairly");
    again(&mut state);
    assert_eq!([0, 1].map(|at| is_held_back(&state, at)), [false, true], "the first one was seen with suggestions");
}

#[test]
fn a_text_that_was_seen_with_suggestions_in_an_earlier_session_is_not_held_back() {
    use crate::runs::live::{Exposure, ExposureLine};
    let mut state = held_back();
    press(&mut state, ":");
    update(&mut state, Event::Paste("hold-back".into()));
    let noted = press(&mut state, "enter").into_iter().filter(|effect| matches!(effect, Effect::NoteShown(_)));
    assert_eq!(noted.collect::<Vec<_>>(), [Effect::NoteShown(vec!["d0".to_owned()])]);
    // The next session knows it, and what another rate has not noted.
    let next = |lines: &[ExposureLine]| {
        let (mut opened, marked) = opened(&["fish tacos and cheap beer", "more"]);
        let mut exposure = Exposure::default();
        lines.iter().for_each(|line| _ = exposure.add(line));
        (opened.live.held_back, opened.exposure) = (1, exposure.into());
        let state = begin((opened, marked));
        [0, 1].map(|at| is_held_back(&state, at))
    };
    assert_eq!(next(&[ExposureLine::Every(1)]), [true, true]);
    assert_eq!(next(&[ExposureLine::Every(1), ExposureLine::shown("d0")]), [false, true]);
    assert_eq!(next(&[ExposureLine::Every(1_000_003)]), [false, false]);
}

#[test]
fn a_held_back_text_that_is_reopened_is_not_new_to_the_next_session() {
    let mut state = held_back();
    let noted = |effects: Vec<Effect>| effects.iter().any(|effect| matches!(effect, Effect::NoteShown(_)));
    assert!(!noted(press(&mut state, "enter")), "what is done is not judged again");
    assert!(noted(press(&mut state, "u")));
}

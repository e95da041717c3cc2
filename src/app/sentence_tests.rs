//! Sentences that come to the Explore screen without being typed: from a file, from the project, from those before.

use crate::runs::{Phase, RunSummary};

use super::{
    Effect, Event, State,
    command::Context,
    exchange::Sentences,
    overlays::Overlay,
    screens::explore::sentence,
    tests::{message, press, run, start},
    update,
};

fn exploring() -> State {
    let mut state = start();
    let model = RunSummary { has_model: true, ..run("0001-mini", Phase::Done, false) };
    update(&mut state, Event::Runs(vec![model]));
    press(&mut state, "f5");
    state
}

/// The text of the newest question to a model.
fn asked(effects: &[Effect]) -> Option<&str> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::Predict { text, .. } => Some(text.as_str()),
        _ => None,
    })
}

fn text(state: &State) -> &str {
    sentence(&state.session)
}

fn file(state: &mut State, keys: &str, name: &str) -> u64 {
    press(state, keys);
    update(state, Event::Paste(name.into()));
    let effects = press(state, "enter");
    let [Effect::ReadSentences { generation, file }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(file, name);
    *generation
}

fn sentences(lines: &[&str], left_out: &str) -> Box<Sentences> {
    let sentences = lines.iter().map(|line| (*line).to_owned()).collect();
    Box::new(Sentences { sentences, at: 0, source: "reviews.txt".into(), left_out: left_out.into() })
}

#[test]
fn the_sentences_of_a_file_are_gone_through_one_by_one() {
    let mut state = exploring();
    let generation = file(&mut state, "t a c o s ctrl-f", "~/reviews.txt");
    let outcome = Ok(sentences(&["cheap beer", "open late"], "the rest of the file is not read"));
    assert_eq!(update(&mut state, Event::SentencesRead { generation: generation + 1, outcome: outcome.clone() }), []);
    let effects = update(&mut state, Event::SentencesRead { generation, outcome });
    assert_eq!((asked(&effects), text(&state), state.overlay()), (Some("cheap beer"), "cheap beer", None));
    let said = message(&state);
    assert!(said.starts_with("2 sentences: reviews.txt, the rest of the file is not read; "), "{said}");
    assert_eq!(state.explore.place(), Some((1, 2, "reviews.txt")));
    assert_eq!(asked(&press(&mut state, "down")), Some("open late"));
    // Outside the field other keys do the same.
    assert_eq!(asked(&press(&mut state, "esc p")), Some("cheap beer"));
    assert_eq!(asked(&press(&mut state, "n")), Some("open late"));
    assert!(press(&mut state, "n").is_empty() && message(&state).contains("last one"), "{}", message(&state));
    // What was in the field before is among the sentences typed before.
    assert_eq!(asked(&press(&mut state, "/ t a c enter")), Some("tacos"));
    assert_eq!(state.explore.place(), None, "it is none of the file");
}

#[test]
fn a_file_that_cannot_be_read_stays_in_its_field_with_the_reason() {
    let mut state = exploring();
    let generation = file(&mut state, "esc o", "gone.txt");
    assert!(press(&mut state, "x enter").is_empty(), "while it is read, keys change nothing");
    let outcome = Err("there is no gone.txt".to_owned());
    update(&mut state, Event::SentencesRead { generation, outcome });
    assert_eq!((message(&state), state.field().map(|field| field.text())), ("there is no gone.txt", Some("gone.txt")));
    // One that takes long is given up, and its answer is dropped.
    let effects = press(&mut state, "enter");
    let [Effect::ReadSentences { generation, .. }] = effects[..] else { panic!("{effects:?}") };
    press(&mut state, "esc");
    assert_eq!(update(&mut state, Event::SentencesRead { generation, outcome: Ok(sentences(&["a", "b"], "")) }), []);
    assert_eq!((text(&state), state.field().map(|field| field.text())), ("", Some("gone.txt")));
    press(&mut state, "esc");
    assert_eq!((state.overlay(), state.context()), (None, Context::Explore));
}

fn search(state: &State) -> Vec<String> {
    let Some(Overlay::SentenceSearch(search)) = state.overlay() else { panic!() };
    search.found(&state.session).iter().map(|found| found.text.to_owned()).collect()
}

#[test]
fn the_sentences_typed_before_are_searched_by_words() {
    let mut state = exploring();
    assert!(press(&mut state, "ctrl-r").is_empty() && message(&state).contains("No sentence"), "{}", message(&state));
    for line in ["cheap fish tacos", "fish soup", "Cheap beer"] {
        press(&mut state, "ctrl-u");
        update(&mut state, Event::Paste(line.into()));
        press(&mut state, "enter");
    }
    press(&mut state, "ctrl-r");
    assert_eq!(search(&state), ["Cheap beer", "fish soup", "cheap fish tacos"], "the latest first");
    press(&mut state, "t a c space C H");
    assert_eq!(search(&state), ["cheap fish tacos"], "each word is somewhere, in either case");
    press(&mut state, "x");
    assert!(press(&mut state, "enter").is_empty() && state.overlay().is_some(), "nothing has these words");
    press(&mut state, "ctrl-u f i s h down");
    assert_eq!(asked(&press(&mut state, "enter")), Some("cheap fish tacos"));
    assert_eq!((text(&state), state.overlay()), ("cheap fish tacos", None));
}

/// Explore after `thai`, `fish` and `green` got the labels 1, 1 and 2, each in a document of its own.
fn tagged() -> State {
    let mut state = exploring();
    press(&mut state, "esc f1 1 enter 1 enter 2 enter f5 esc");
    state
}

/// The examples that are shown, and the row of the cursor.
fn examples(state: &State) -> (Vec<&str>, usize) {
    let Some(Overlay::Examples(panel)) = state.overlay() else { panic!("{:?}", state.overlay()) };
    let project = state.session.project.as_ref().unwrap();
    let texts = panel.found.iter().map(|example| example.sentence.of(&project.documents[example.document].text));
    (texts.collect(), panel.row)
}

#[test]
fn a_sentence_of_the_project_is_chosen_by_its_label() {
    let mut state = tagged();
    press(&mut state, "x");
    assert_eq!(examples(&state), (vec!["thai soup", "fish tacos"], 0), "of the first label");
    press(&mut state, "right");
    assert_eq!(examples(&state).0, ["green tea"]);
    press(&mut state, "right left 1 j");
    assert_eq!(examples(&state), (vec!["thai soup", "fish tacos"], 1));
    let effects = press(&mut state, "enter");
    assert_eq!((asked(&effects), state.explore.place()), (Some("fish tacos"), Some((2, 2, "examples of Label1"))));
    assert_eq!(asked(&press(&mut state, "p")), Some("thai soup"));
    // A label without a span.
    press(&mut state, "x 3");
    assert_eq!(examples(&state).0, Vec::<&str>::new());
    assert!(
        press(&mut state, "enter").is_empty() && message(&state).contains("no sentence here"),
        "{}",
        message(&state)
    );
    press(&mut state, "esc");
    assert_eq!((state.overlay(), text(&state)), (None, "thai soup"));
}

#[test]
fn without_spans_or_documents_there_are_no_examples() {
    let mut state = exploring();
    press(&mut state, "esc x");
    assert_eq!((state.overlay(), message(&state)), (None, "No span is tagged yet, so there are no examples"));
    state.session.project.as_mut().unwrap().only_runs = true;
    assert!(press(&mut state, "x").is_empty() && state.overlay().is_none(), "{}", message(&state));
}

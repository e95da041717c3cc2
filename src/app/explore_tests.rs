//! Keys on the Explore screen: strategies, the bar, explanations, a second model.

use crate::{
    runs::{Phase, RunSummary},
    spans::{
        Document, Entity, LabelSet, ModelAnswer, PipelineAnswer, PipelineEntity, Prediction, Span, SpanInfluence,
        SpanSource, Strategy, WordGuess,
    },
    text::{Grid, TextRange, words},
};

use super::{
    Effect, Event, Screen, State,
    event::Opened,
    screens::explore::sentence,
    tests::{message, press, run, start},
    update,
};

const TEXT: &str = "cheap tacos near here";

/// Explore, with models of these runs, newest first.
fn exploring(models: &[&str]) -> State {
    let mut state = start();
    let info = |id: &&str| RunSummary { has_model: true, ..run(id, Phase::Done, false) };
    update(&mut state, Event::Runs(models.iter().map(info).collect()));
    press(&mut state, "f5");
    state
}

/// The newest question among effects.
fn question(effects: &[Effect]) -> (u64, Option<Strategy>, Option<(u64, String)>) {
    match effects.last() {
        Some(Effect::Predict { generation, strategy, beside, .. }) => (*generation, *strategy, beside.clone()),
        other => panic!("{other:?}"),
    }
}

fn entity(start: usize, end: usize, label: &str, score: f32) -> Entity {
    Entity { range: TextRange::new(start, end), label: label.into(), score }
}

/// `cheap` is a Price at .9, `tacos` a Dish at .4.
fn prediction(model: &str) -> Prediction {
    let guesses = words::split(TEXT, Grid::Natural).into_iter();
    let words = guesses.map(|range| WordGuess { range, labels: vec![("O".into(), 1.0)] }).collect();
    let entities = vec![entity(0, 5, "Price", 0.9), entity(6, 11, "Dish", 0.4)];
    let answer = ModelAnswer { entities, words, ..ModelAnswer::default() };
    Prediction { model: model.into(), answer, pipeline: None }
}

/// A sentence that was answered, with the cursor on its last word.
fn answered(models: &[&str]) -> State {
    let mut state = exploring(models);
    let (generation, ..) = question(&update(&mut state, Event::Paste(TEXT.into())));
    update(&mut state, Event::Prediction { generation, prediction: prediction(models[0]) });
    press(&mut state, "esc");
    state
}

fn shown(state: &State) -> Vec<String> {
    state.explore.entities(&state.session).iter().map(|entity| entity.label.clone()).collect()
}

#[test]
fn a_key_goes_through_the_strategies_and_back_to_the_words() {
    let mut state = answered(&["0001-mini"]);
    let mut seen = Vec::new();
    for _ in 0..6 {
        let (generation, strategy, _) = question(&press(&mut state, "t"));
        seen.push(strategy);
        assert!(strategy.is_none() || shown(&state).is_empty(), "an answer of another strategy is not shown");
        let pipeline = strategy.map(|strategy| {
            let found = vec![PipelineEntity { entity: entity(0, 5, strategy.name(), 0.5), word: "cheap".into() }];
            PipelineAnswer { strategy, found, pieces: 4, longest: 510 }
        });
        update(&mut state, Event::Prediction { generation, prediction: Prediction { pipeline, ..prediction("m") } });
        let expected = strategy.map_or(vec!["Price".to_owned(), "Dish".to_owned()], |one| vec![one.name().to_owned()]);
        assert_eq!(shown(&state), expected);
    }
    let all = Strategy::ALL.iter().copied().map(Some).chain([None]);
    assert_eq!(seen, all.collect::<Vec<_>>());
    assert!(message(&state).starts_with("By word"), "{}", message(&state));
    // While typing, every letter is text: another key does it.
    assert_eq!(question(&press(&mut state, "i ctrl-y")).1, Some(Strategy::None));
}

#[test]
fn the_bar_hides_spans_that_are_less_sure() {
    let mut state = answered(&["0001-mini"]);
    press(&mut state, "> > > >");
    assert_eq!((shown(&state), state.explore.hidden(&state.session)), (vec!["Price".into(), "Dish".into()], 0));
    press(&mut state, ">");
    assert_eq!((shown(&state), state.explore.hidden(&state.session)), (vec!["Price".into()], 1));
    assert!(message(&state).contains("score of .5 and more"), "{}", message(&state));
    press(&mut state, "> > > > > > >");
    assert_eq!(shown(&state), ["Price"], ".9 is the highest bar");
    press(&mut state, "< < < < < < < < < < <");
    assert_eq!((shown(&state).len(), message(&state)), (2, "Spans with any score"));
}

#[test]
fn a_span_is_explained_by_the_words_that_change_its_score() {
    let mut state = answered(&["0001-mini"]);
    assert!(press(&mut state, "e").is_empty() && message(&state).contains("no span"), "{}", message(&state));
    let effects = press(&mut state, "g right e");
    let Some(Effect::Explain { generation, run, text, range, label }) = effects.last() else { panic!("{effects:?}") };
    assert_eq!((run.as_str(), text.as_str(), range.of(TEXT), label.as_str()), ("0001-mini", TEXT, "tacos", "Dish"));
    let influence = |start, end, change| SpanInfluence { word: TextRange::new(start, end), without: 0.1, change };
    let influences = vec![influence(0, 5, 0.05), influence(12, 16, -0.3), influence(17, 21, -0.05)];
    update(&mut state, Event::Explained { generation: generation - 1, influences: influences.clone() });
    assert!(state.explore.explanation.as_ref().unwrap().is_waiting(), "an answer to another question is dropped");
    update(&mut state, Event::Explained { generation: *generation, influences });
    let explanation = state.explore.explanation.as_ref().unwrap();
    let words: Vec<&str> = explanation.influences.iter().map(|influence| influence.word.of(TEXT)).collect();
    assert_eq!((words, explanation.is_waiting()), (vec!["near", "cheap", "here"], false));
    press(&mut state, "e");
    assert!(state.explore.explanation.is_none(), "the same key puts it away");
    let effects = press(&mut state, "e");
    let Some(Effect::Explain { generation, .. }) = effects.last() else { panic!("{effects:?}") };
    update(&mut state, Event::PredictionFailed { generation: *generation, message: "it broke".into() });
    assert_eq!(state.explore.explanation.as_ref().unwrap().problem.as_deref(), Some("it broke"));
    assert_eq!(shown(&state).len(), 2, "the answer stays");
    press(&mut state, "i x");
    assert!(state.explore.explanation.is_none(), "it was about another sentence");
}

#[test]
fn a_second_model_answers_beside_the_first() {
    let mut state = answered(&["0003-mini", "0002-mini", "0001-mini"]);
    let mut runs = Vec::new();
    for _ in 0..4 {
        runs.push(question(&press(&mut state, "c")).2.map(|(_, run)| run));
    }
    let [second, third] = ["0002-mini", "0001-mini"].map(|run| Some(run.to_owned()));
    assert_eq!(runs, [second.clone(), third, None, second]);
    let effects = press(&mut state, "i x");
    let (first, _, beside) = question(&effects);
    let (second, run) = beside.unwrap();
    let text = format!("{TEXT}x");
    let given = |state: &State| state.explore.beside.as_ref().unwrap().prediction(&text).is_some();
    update(&mut state, Event::Prediction { generation: second, prediction: prediction(&run) });
    assert!(given(&state) && state.explore.is_waiting());
    update(&mut state, Event::Prediction { generation: first, prediction: prediction("0003-mini") });
    assert!(given(&state) && !state.explore.is_waiting());
    // The first becomes the second: it is not asked twice.
    press(&mut state, "esc");
    assert_eq!(question(&press(&mut state, "m")).2, None);
    let mut alone = answered(&["0001-mini"]);
    assert!(press(&mut alone, "c").is_empty() && message(&alone).contains("no second model"), "{}", message(&alone));
}

/// The project of [`start`] again, with a document more and the label Price.
fn reopened(id: &str) -> Event {
    let texts = [("d0", "thai soup"), (id, TEXT)];
    let documents = texts.map(|(id, text)| Document::new(id, text, Grid::Natural)).into_iter().collect();
    let labels = LabelSet::from_names(["Price"]);
    let annotator = "ada".into();
    Event::Opened(Box::new(Opened { name: "reviews".into(), annotator, documents, labels, ..Opened::default() }))
}

fn spans(state: &State, at: usize) -> Vec<Span> {
    state.session.project.as_ref().unwrap().annotation(at).spans().to_vec()
}

#[test]
fn a_sentence_is_added_with_its_spans_and_undo_takes_them_back() {
    let mut state = answered(&["0001-mini"]);
    let effects = press(&mut state, "s");
    let Some(Effect::AddDocument { generation, text }) = effects.last() else { panic!("{effects:?}") };
    assert_eq!((text.as_str(), state.session.project.is_none()), (TEXT, true));
    update(&mut state, reopened("typed-1"));
    let outcome = Ok("typed-1".to_owned());
    // Of another question: nothing happens.
    update(&mut state, Event::DocumentAdded { generation: generation + 1, outcome: outcome.clone() });
    assert_eq!((state.session.screen, spans(&state, 1).len()), (Screen::Explore, 0));
    let effects = update(&mut state, Event::DocumentAdded { generation: *generation, outcome });
    let recorded = effects.iter().filter(|effect| matches!(effect, Effect::Record { .. })).count();
    assert_eq!((state.session.screen, state.session.tagging.document, recorded), (Screen::Tag, 1, 1));
    let found = spans(&state, 1);
    let [span] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(span.range.of(TEXT), "cheap");
    assert_eq!(span.source, SpanSource::Model { run: "0001-mini".into(), score: 0.9 });
    let said = message(&state);
    assert!(said.contains("typed-1 with 1 span, 1 span without a label"), "{said}");
    press(&mut state, "u");
    assert!(spans(&state, 1).is_empty());
}

#[test]
fn a_sentence_without_an_answer_is_asked_again_when_the_project_was_read_again() {
    let mut state = exploring(&["0001-mini"]);
    let (first, ..) = question(&update(&mut state, Event::Paste(TEXT.into())));
    press(&mut state, "esc");
    assert_eq!(update(&mut state, Event::FilesChanged(vec!["documents.jsonl".into()])), [Effect::Reload]);
    let effects = update(&mut state, reopened("d1"));
    let again = effects.iter().find_map(|effect| match effect {
        Effect::Predict { generation, text, .. } => Some((*generation, text.as_str())),
        _ => None,
    });
    assert!(again.is_some_and(|(generation, text)| generation > first && text == TEXT), "{effects:?}");
}

#[test]
fn a_run_outside_any_project_takes_no_sentence() {
    let mut state = answered(&["0001-mini"]);
    state.session.project.as_mut().unwrap().only_runs = true;
    assert_eq!(press(&mut state, "s"), []);
    assert!(state.session.project.is_some() && message(&state).contains("not a project"), "{}", message(&state));
}

#[test]
fn a_sentence_waits_for_the_end_of_a_training() {
    let mut state = answered(&["0001-mini"]);
    let done = RunSummary { has_model: true, ..run("0001-mini", Phase::Done, false) };
    update(&mut state, Event::Runs(vec![run("0002-mini", Phase::Training, true), done]));
    assert_eq!(press(&mut state, "s"), []);
    assert_eq!(message(&state), "A training runs: add the sentence when it has ended");
    assert!(state.session.project.is_some(), "the project stays open");
}

#[test]
fn a_sentence_that_is_not_added_stays_in_the_field_and_the_reason_is_shown() {
    let mut state = answered(&["0001-mini"]);
    let effects = press(&mut state, "s");
    let Some(Effect::AddDocument { generation, .. }) = effects.last() else { panic!("{effects:?}") };
    update(&mut state, reopened("d1"));
    update(&mut state, Event::DocumentAdded { generation: *generation, outcome: Err("the disk is full".into()) });
    assert_eq!((state.session.screen, message(&state)), (Screen::Explore, "the disk is full"));
    assert_eq!(sentence(&state.session), TEXT);
    // Without an answer there is nothing to add.
    let mut empty = exploring(&["0001-mini"]);
    assert!(press(&mut empty, "esc s").is_empty() && message(&empty).contains("wait for the model"));
}

#[test]
fn pasted_lines_are_sentences_of_their_own() {
    let mut state = exploring(&["0001-mini"]);
    question(&update(&mut state, Event::Paste("cheap tacos\r\n\r\n  good \u{1b}beer \nlate ramen\n".into())));
    let text = |state: &State| sentence(&state.session).to_owned();
    assert_eq!((text(&state).as_str(), state.explore.place()), ("cheap tacos", Some((1, 3, ""))));
    assert!(message(&state).contains("3 lines pasted"), "{}", message(&state));
    question(&press(&mut state, "down"));
    assert_eq!((text(&state).as_str(), state.explore.place()), ("good beer", Some((2, 3, ""))));
    // What is changed in a line is there again, even after a look at its words.
    press(&mut state, "! esc i down");
    assert!(press(&mut state, "down").is_empty());
    assert_eq!((text(&state).as_str(), state.explore.place()), ("late ramen", Some((3, 3, ""))));
    press(&mut state, "up");
    assert_eq!(text(&state), "good beer!");
    press(&mut state, "ctrl-u");
    assert_eq!(state.explore.place(), None);
    question(&press(&mut state, "up"));
    assert_eq!(text(&state), "good beer!", "what was looked at is among the sentences typed before");
    update(&mut state, Event::Paste(" tonight\n".into()));
    assert_eq!(
        (text(&state).as_str(), state.explore.place()),
        ("good beer! tonight ", None),
        "one line goes into the field"
    );
}

#[test]
fn of_very_many_pasted_lines_some_are_left_out_and_counted() {
    let mut state = exploring(&["0001-mini"]);
    let lines: String = (0..1203).map(|at| format!("line {at}\n")).collect();
    update(&mut state, Event::Paste(lines));
    assert_eq!(state.explore.place(), Some((1, 1000, "")));
    assert!(message(&state).contains("203 further lines left out"), "{}", message(&state));
}

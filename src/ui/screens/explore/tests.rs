//! The Explore screen as snapshots: answers by word and by a strategy, an explanation, two models.

use crate::{
    app::{Effect, Event, Key, State, exchange::Sentences, update},
    runs::{Phase, RunSummary, Status},
    spans::{
        Entity, ModelAnswer, PipelineAnswer, PipelineEntity, Prediction, ScoreScale, SpanInfluence, Strategy, WordGuess,
    },
    text::TextRange,
    ui::{
        Caps,
        tests::{after, plain, snapshots},
    },
};

/// Ranges of `cheap`, `tacos` and `here`.
const WORDS: [(usize, usize); 3] = [(0, 5), (6, 11), (12, 16)];

fn range((start, end): (usize, usize)) -> TextRange {
    TextRange::new(start, end)
}

/// The questions among effects: generation of the first model and of the second one.
fn asked(effects: &[Effect]) -> Option<(u64, Option<u64>)> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::Predict { generation, beside, .. } => {
            Some((*generation, beside.as_ref().map(|(generation, _)| *generation)))
        }
        _ => None,
    })
}

/// Presses keys, and returns the effects.
fn press(state: &mut State, keys: &str) -> Vec<Effect> {
    let keys = keys.split(' ').map(|key| key.parse::<Key>().unwrap());
    keys.flat_map(|key| update(state, Event::Key { key, at: 0 })).collect()
}

/// Two models, and the sentence "cheap tacos here". Returns the generation of its question.
fn typed(columns: u16, rows: u16) -> (State, u64) {
    let mut state = after("f5", columns, rows);
    let run = |id: &str, f1| {
        let status = Status { phase: Phase::Done, ..Status::default() };
        RunSummary { id: id.into(), has_model: true, word_f1: Some(f1), status, ..RunSummary::default() }
    };
    update(&mut state, Event::Runs(vec![run("0008-mini", 0.74), run("0007-mini", 0.61)]));
    let keys = "cheap tacos here".chars().map(|c| Event::Key { key: Key::char(c), at: 0 });
    let effects: Vec<Effect> = keys.flat_map(|key| update(&mut state, key)).collect();
    (state, asked(&effects).unwrap().0)
}

fn answer(scale: Option<ScoreScale>) -> ModelAnswer {
    let labels = vec![("Dish".to_owned(), 0.93), ("O".to_owned(), 0.05), ("Cuisine".to_owned(), 0.02)];
    ModelAnswer {
        entities: vec![
            Entity { range: range(WORDS[0]), label: "Price".into(), score: 0.88 },
            Entity { range: range(WORDS[1]), label: "Dish".into(), score: 0.93 },
        ],
        words: vec![WordGuess { range: range(WORDS[1]), labels }],
        scale,
    }
}

fn prediction(model: &str, answer: ModelAnswer) -> Prediction {
    Prediction { model: model.into(), answer, pipeline: None }
}

/// The sentence with its answer.
fn answered(columns: u16, rows: u16, scale: Option<ScoreScale>) -> State {
    let (mut state, generation) = typed(columns, rows);
    let prediction = prediction("0008-mini", answer(scale));
    update(&mut state, Event::Prediction { generation, prediction });
    state
}

#[test]
fn explore_screen() {
    snapshots("explore", |columns, rows| answered(columns, rows, None));
}

#[test]
fn explore_pieces() {
    snapshots("explore-pieces", |columns, rows| {
        let mut state = answered(columns, rows, Some(ScoreScale::NONE));
        let (generation, _) = asked(&press(&mut state, "esc t")).unwrap();
        let piece = |at: usize, label: &str, score| PipelineEntity {
            entity: Entity { range: range(WORDS[at]), label: label.into(), score },
            word: "x".into(),
        };
        let found = vec![piece(0, "B-Price", 0.971), piece(1, "B-Dish", 0.902), piece(2, "O", 0.999)];
        let pipeline = PipelineAnswer { strategy: Strategy::None, found, pieces: 3, longest: 2 };
        let prediction =
            Prediction { pipeline: Some(pipeline), ..prediction("0008-mini", answer(Some(ScoreScale::NONE))) };
        update(&mut state, Event::Prediction { generation, prediction });
        press(&mut state, "> >");
        state
    });
}

#[test]
fn explore_explanation() {
    snapshots("explore-explanation", |columns, rows| {
        let mut state = answered(columns, rows, Some(ScoreScale::NONE));
        let effects = press(&mut state, "esc e");
        let Some(Effect::Explain { generation, .. }) = effects.last().cloned() else { panic!("{effects:?}") };
        let influence = |at: usize, change: f32| {
            let word = range(WORDS[at]);
            SpanInfluence { word, without: 0.93 + change, change }
        };
        let influences = vec![influence(0, -0.02), influence(2, -0.41)];
        update(&mut state, Event::Explained { generation, influences });
        state
    });
}

#[test]
fn explore_beside() {
    snapshots("explore-beside", |columns, rows| {
        let mut state = answered(columns, rows, Some(ScoreScale::NONE));
        let (generation, second) = asked(&press(&mut state, "esc c")).unwrap();
        let mut other = answer(Some(ScoreScale::NONE));
        other.entities[1].label = "Cuisine".into();
        update(
            &mut state,
            Event::Prediction { generation: second.unwrap(), prediction: prediction("0007-mini", other) },
        );
        let first = prediction("0008-mini", answer(Some(ScoreScale::NONE)));
        update(&mut state, Event::Prediction { generation, prediction: first });
        state
    });
}

#[test]
fn sentences_from_elsewhere() {
    snapshots("explore-examples", |columns, rows| {
        let mut state = after("right 3 right 8 ] enter f5 esc", columns, rows);
        press(&mut state, "x");
        state
    });
    snapshots("explore-search", |columns, rows| {
        let mut state = answered(columns, rows, None);
        press(&mut state, "enter ctrl-u o p e n ctrl-r a");
        state
    });
    snapshots("explore-file", |columns, rows| {
        let (mut state, _) = typed(columns, rows);
        press(&mut state, "ctrl-f");
        update(&mut state, Event::Paste("~/reviews.txt".into()));
        let effects = press(&mut state, "enter");
        let [Effect::ReadSentences { generation, .. }] = effects[..] else { panic!("{effects:?}") };
        let lines = ["cheap beer", "open late"].map(str::to_owned).into();
        let sentences = Sentences { sentences: lines, source: "reviews.txt\u{1b}".into(), ..Sentences::default() };
        if columns < 120 {
            update(&mut state, Event::SentencesRead { generation, outcome: Ok(Box::new(sentences)) });
        }
        state
    });
}

#[test]
fn each_list_says_whether_its_scores_are_calibrated() {
    let (mut state, generation) = typed(120, 40);
    let calibrated = prediction("0008-mini", answer(Some(ScoreScale::NONE)));
    update(&mut state, Event::Prediction { generation, prediction: calibrated });
    press(&mut state, "esc");
    let shown = plain(&state, Caps::default());
    assert!(shown.contains("spans, calibrated") && shown.contains("word `tacos`, calibrated"), "{shown}");
    // The words keep their scale when a strategy shows raw spans beside them.
    let (generation, _) = asked(&press(&mut state, "t t")).unwrap();
    let pipeline = PipelineAnswer { strategy: Strategy::Simple, found: Vec::new(), pieces: 3, longest: 9 };
    let raw = Prediction { pipeline: Some(pipeline), ..prediction("0008-mini", answer(Some(ScoreScale::NONE))) };
    update(&mut state, Event::Prediction { generation, prediction: raw });
    let shown = plain(&state, Caps::default());
    assert!(shown.contains("spans, simple, raw") && shown.contains("word `tacos`, calibrated"), "{shown}");
}

/// A sentence of eight spans in a small window, with the cursor in the last of them.
#[test]
fn the_last_page_of_both_lists_is_full() {
    let (mut state, _) = typed(60, 16);
    press(&mut state, "ctrl-u");
    let sentence = "tacos ramen sushi pizza pasta curry salad soups";
    update(&mut state, Event::Paste(sentence.into()));
    let (generation, second) = asked(&press(&mut state, "esc c")).unwrap();
    let words = || (0..8).map(|at| range((at * 6, at * 6 + 5)));
    let entities = words().map(|range| Entity { range, label: "Dish".into(), score: 0.9 }).collect();
    let words = words().map(|range| WordGuess { range, labels: vec![("Dish".to_owned(), 0.9)] }).collect();
    let answer = ModelAnswer { entities, words, scale: None };
    for (generation, model) in [(second.unwrap(), "0007-mini"), (generation, "0008-mini")] {
        let prediction = prediction(model, answer.clone());
        update(&mut state, Event::Prediction { generation, prediction });
    }
    press(&mut state, "end");
    let shown = plain(&state, Caps::default());
    let lists: Vec<&str> = shown.lines().filter(|line| line.matches("Dish ").count() == 2).collect();
    assert!(lists.len() > 2 && lists.last().unwrap().matches("soups").count() == 2, "{shown}");
    let title = format!("spans {}-8 of 8", 9 - lists.len());
    assert!(shown.contains(&title), "{title} in {shown}");
}

//! The Explore screen as snapshots: answers by word and by a strategy, an explanation, two models.

use crate::{
    app::{Effect, Event, Key, State, update},
    runs::{Phase, RunSummary, Status},
    spans::{
        Entity, ModelAnswer, PipelineAnswer, PipelineEntity, Prediction, ScoreScale, SpanInfluence, Strategy, WordGuess,
    },
    text::TextRange,
    ui::tests::{after, snapshots},
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

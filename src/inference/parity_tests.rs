//! The pipeline against Hugging Face's, from text to answer: more than 300 texts, five strategies.
//! Made by `tests/reference/pipeline_texts.py`, which says what was computed.

use std::{collections::BTreeMap, fs};

use serde::Deserialize;
use serde_json::Value;

use super::{Answer, Options, Precision, Predictor, Strategy, Threads};
use crate::text::CharRange;

#[derive(Deserialize)]
struct Golden {
    config: Value,
    tokenizer: Value,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    longest: usize,
    stride: Option<usize>,
    ignore: Vec<String>,
    answers: BTreeMap<String, Answers>,
}

/// The answers of a strategy, or the name of one with the same.
#[derive(Deserialize)]
#[serde(untagged)]
enum Answers {
    Own(Vec<Row>),
    As(String),
}

/// Label, score, word, start and end; the index for word pieces.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Row {
    Piece(String, f32, String, usize, usize, usize),
    Group(String, f32, String, usize, usize),
}

impl Row {
    fn answer(&self) -> Answer {
        let (label, score, word, start, end, index) = match self.clone() {
            Self::Piece(label, score, word, start, end, index) => (label, score, word, start, end, Some(index)),
            Self::Group(label, score, word, start, end) => (label, score, word, start, end, None),
        };
        Answer { label, score, index, word, chars: CharRange { start, end } }
    }
}

impl Case {
    fn expected(&self, strategy: &str) -> Vec<Answer> {
        match &self.answers[strategy] {
            Answers::Own(rows) => rows.iter().map(Row::answer).collect(),
            Answers::As(other) => self.expected(other),
        }
    }
}

fn open(golden: &Golden, longest: usize) -> Predictor {
    let folder = tempfile::tempdir().unwrap();
    let weights = include_bytes!("../../tests/reference/pipeline_texts.safetensors");
    fs::write(folder.path().join("config.json"), golden.config.to_string()).unwrap();
    fs::write(folder.path().join("tokenizer.json"), golden.tokenizer.to_string()).unwrap();
    fs::write(folder.path().join("model.safetensors"), weights).unwrap();
    let path = folder.path().to_str().unwrap();
    Predictor::open(path, "cpu", Threads::One, Precision::Fp32).unwrap().with_positions(longest)
}

#[test]
fn three_hundred_texts_have_the_answers_of_transformers() {
    let golden: Golden = serde_json::from_str(include_str!("../../tests/reference/pipeline_texts.json")).unwrap();
    assert!(golden.cases.len() >= 300, "{}", golden.cases.len());
    let models: BTreeMap<usize, Predictor> =
        [16, 512].into_iter().map(|longest| (longest, open(&golden, longest))).collect();
    let (mut compared, mut farthest, mut long) = (0, 0.0_f32, 0);
    for case in &golden.cases {
        for name in case.answers.keys() {
            let strategy: Strategy = name.parse().unwrap();
            let options = Options { strategy, ignore_labels: case.ignore.clone(), stride: case.stride };
            let found = models[&case.longest].pipeline(&[case.text.as_str()], &options).unwrap().remove(0);
            let expected = case.expected(name);
            let place = format!("{:?} {name} stride {:?} longest {}", case.text, case.stride, case.longest);
            assert_eq!(found.answers.len(), expected.len(), "{place}");
            for (ours, theirs) in found.answers.iter().zip(&expected) {
                farthest = farthest.max((ours.score - theirs.score).abs());
                assert_eq!(Answer { score: theirs.score, ..ours.clone() }, *theirs, "{place}");
            }
            compared += expected.len();
            long += usize::from(found.pieces > 510);
        }
    }
    assert!(farthest < 1e-4, "{farthest}");
    assert!(compared > 5_000 && long > 20, "{compared} answers, {long} of texts over 512 pieces");
}

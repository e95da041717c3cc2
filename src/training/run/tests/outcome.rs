//! Model and scores of a run.
//! Averaged weights, hidden pieces, and tags chosen as a sequence.

#![cfg(test)]

use super::*;
use crate::{
    model::{PieceTokenizer, arch::DISTILBERT, kernels::Dropout},
    runs::{SENTENCE_SCORES, SentenceScores},
};

#[test]
fn a_run_that_chooses_in_sequence_scores_so_and_its_model_says_so() {
    let of = |constrained: bool| {
        let sink = Memory::default();
        // After few steps the head says many an inside tag without its beginning.
        let change = |s: &mut Settings| (s.epochs, s.constrained, s.label_mode) = (3.0, constrained, LabelMode::AllI);
        let report = run_with(job(change), &sink, &[]).unwrap();
        let config: serde_json::Value = serde_json::from_slice(&sink.get().files["config.json"]).unwrap();
        let weights = sink.get().files["model.safetensors"].clone();
        (report.valid.unwrap(), config["tagli_constrained"] == true, weights)
    };
    let ((by_itself, plain, same), (in_sequence, noted, weights)) = (of(false), of(true));
    assert_eq!((plain, noted), (false, true));
    assert!(same == weights, "no step depends on it");
    assert_ne!(by_itself.word, in_sequence.word);
}

#[test]
fn without_best_weights_the_mean_of_the_last_ones_is_the_model() {
    let of = |average: f64| {
        let sink = Memory::default();
        run_with(job(|s| (s.epochs, s.average, s.learning_rate) = (4.0, average, 1e-2)), &sink, &[]).unwrap();
        let files = sink.get().files.clone();
        crate::model::weights::from_safetensors(&files["model.safetensors"]).unwrap()
    };
    // One weight is its own mean.
    assert_eq!(of(0.13), of(0.0));
    assert_ne!(of(0.5), of(0.0));
}

#[test]
fn a_hidden_piece_is_another_one_each_step_and_never_a_special_one() {
    let example =
        Example { sentence: 0, ids: vec![2, 7, 8, 9, 3], labels: vec![(1, 1)], soft: None, keep: 0..3, offset: 1 };
    assert_eq!(example.masked(4, &mut std::iter::repeat(true)).ids, [2, 4, 4, 4, 3]);
    assert_eq!(example.masked(4, &mut std::iter::repeat(false)), example);
    let share = |step| {
        let hides = Dropout::hides(0.15, 42, step);
        (0..20_000).filter(|at| hides(*at)).collect::<Vec<_>>()
    };
    assert!((2_700..3_300).contains(&share(0).len()), "{}", share(0).len());
    assert_ne!(share(0), share(1));
    assert_eq!(share(1), share(1));
    assert!(!(0..100).any(Dropout::hides(0.0, 42, 0)));
    let mut no_mask = base();
    no_mask.tokenizer = PieceTokenizer::from_json(
        &String::from_utf8(no_mask.tokenizer_json.clone()).unwrap().replace("[MASK]", "[HIDE]").into_bytes(),
        &DISTILBERT.special,
    )
    .unwrap();
    let job = Job { base: no_mask, ..job(|s| s.mask = 0.1) };
    assert!(run_with(job, &Memory::default(), &[]).unwrap_err().to_string().contains("mask=0"));
}

#[test]
fn the_model_has_the_counts_of_each_validation_sentence_beside_its_weights() {
    let sink = Memory::default();
    let report = run_with(job(|s| (s.epochs, s.evaluations, s.keep_best) = (6.0, 3, true)), &sink, &[]).unwrap();
    let written = sink.get();
    let scores = SentenceScores::from_json(&written.files[SENTENCE_SCORES]).unwrap();
    assert_eq!(Some(scores.step), written.statuses.last().unwrap().checkpoint);
    let found = scores.compare(&scores).unwrap().differences;
    assert_eq!(found.sentences, job(|_| ()).data.valid.len());
    assert!((found.overall.scores[0] - report.valid.unwrap().word.f1).abs() < 1e-12);
    // Without a validation split there is nothing to count.
    drop(written);
    let sink = Memory::default();
    let mut job = job(|s| s.epochs = 1.0);
    job.data.valid.clear();
    run_with(job, &sink, &[]).unwrap();
    assert!(!sink.get().files.contains_key(SENTENCE_SCORES));
}

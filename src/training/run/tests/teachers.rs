//! Runs that learn from teachers.

#![cfg(test)]

use super::{resumed::unclocked, *};
use crate::{
    model::{PieceTokenizer, arch::DISTILBERT},
    training::{Teacher, teacher},
};

/// A model that knows the sentences of the tests by heart, trained in this label mode.
fn teacher(name: &str, mode: LabelMode) -> Teacher {
    let sink = Memory::default();
    run_with(job(|s| (s.epochs, s.label_mode) = (30.0, mode)), &sink, &[]).unwrap();
    let weights = weights::from_safetensors(&sink.get().files["model.safetensors"]).unwrap();
    let config: serde_json::Value = serde_json::from_slice(&sink.get().files["config.json"]).unwrap();
    let names = config["id2label"].as_object().unwrap();
    let tags = (0..names.len()).map(|at| names[&at.to_string()].as_str().unwrap().to_owned()).collect();
    let base = base();
    let config = ModelConfig { tags, label_mode: Some(mode), ..base.config };
    Teacher { name: name.into(), model: BaseModel { config, weights, ..base } }
}

/// Untagged sentences with the words of the tagged ones.
fn untagged() -> Vec<Sentence> {
    sentences()
        .into_iter()
        .map(|s| Sentence { id: format!("u{}", s.id), tags: vec!["O".into(); s.tags.len()], ..s })
        .collect()
}

fn tags() -> Vec<String> {
    crate::spans::dataset::tag_names(&job(|_| ()).data.label_names())
}

fn ask(teachers: Vec<Teacher>, mode: LabelMode, temperature: f64) -> teacher::Answers {
    let (base, tags, sentences) = (base(), tags(), sentences());
    let student =
        teacher::Student { tokenizer: &base.tokenizer, tokenizer_json: &base.tokenizer_json, tags: &tags, mode };
    let sentences: Vec<&Sentence> = sentences.iter().collect();
    teacher::ask(teachers, &sentences, &student, temperature, &device::choose("cpu").unwrap()).unwrap()
}

fn near(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5)
}

#[test]
fn teachers_answer_each_piece_with_the_mean_of_their_probabilities() {
    let (one, other) = (teacher("a", LabelMode::AllI), teacher("b", LabelMode::AllI));
    let mut weak = other.clone();
    weak.model.weights.iter_mut().filter(|(name, _)| name.starts_with("classifier")).for_each(|(_, array)| {
        array.data.iter_mut().for_each(|value| *value *= 0.2);
    });
    let [a, b] = [&one, &weak].map(|teacher| ask(vec![teacher.clone()], LabelMode::AllI, 1.0));
    let both = ask(vec![one.clone(), weak], LabelMode::AllI, 1.0);
    let mean: Vec<f32> = a.table.iter().zip(b.table.iter()).map(|(a, b)| (a + b) / 2.0).collect();
    assert!(near(&both.table, &mean) && !near(&both.table, &a.table));
    assert!(both.table.chunks(both.tags).all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-5));
    let soft = ask(vec![one], LabelMode::AllI, 4.0);
    let highest = |answers: &teacher::Answers| answers.table.iter().copied().fold(0.0, f32::max);
    assert!(highest(&soft) < highest(&a));
    assert_eq!(a.bytes(), a.starts[8] * a.tags * 4);
}

#[test]
fn tags_in_another_order_are_mapped_and_other_tags_refused() {
    let plain = teacher("a", LabelMode::First);
    let mut turned = plain.clone();
    let dim = turned.model.config.dim;
    turned.model.config.tags.reverse();
    for name in ["classifier.weight", "classifier.bias"] {
        let array = turned.model.weights.get_mut(name).unwrap();
        let width = if name.ends_with("bias") { 1 } else { dim };
        array.data = array.data.chunks(width).rev().flatten().copied().collect();
    }
    let [a, b] = [&plain, &turned].map(|teacher| ask(vec![teacher.clone()], LabelMode::First, 2.0));
    assert!(near(&a.table, &b.table));
    let mut other = plain;
    other.model.config.tags[1] = "B-Other".into();
    let job = Job { teachers: vec![other], ..job(|_| ()) };
    let error = run_with(job, &Memory::default(), &[]).unwrap_err();
    assert!(matches!(&error, TrainError::Teacher { name, .. } if name == "a"), "{error}");
}

#[test]
fn a_teacher_without_numbers_is_refused_and_named() {
    let (good, mut broken) = (teacher("good", LabelMode::First), teacher("broken", LabelMode::First));
    broken.model.weights.get_mut("classifier.bias").unwrap().data.fill(f32::NAN);
    let error = run_with(Job { teachers: vec![good, broken], ..job(|_| ()) }, &Memory::default(), &[]).unwrap_err();
    assert!(error.to_string().starts_with("the teacher broken cannot be used: its answers are not numbers"), "{error}");
}

/// The tokenizer of the bases with other pieces: every word of more than one piece is unknown to it.
fn with_other_pieces(mut teacher: Teacher) -> Teacher {
    let json = String::from_utf8(teacher.model.tokenizer_json).unwrap().replace("\"##", "\"@@");
    teacher.model.tokenizer = PieceTokenizer::from_json(json.as_bytes(), &DISTILBERT.special).unwrap();
    teacher.model.tokenizer_json = json.into_bytes();
    teacher
}

#[test]
fn a_teacher_with_other_pieces_answers_by_word() {
    let plain = teacher("a", LabelMode::AllI);
    let by_piece = ask(vec![plain.clone()], LabelMode::AllI, 1.0);
    let by_word = ask(vec![with_other_pieces(plain)], LabelMode::AllI, 1.0);
    assert_eq!(by_piece.starts, by_word.starts);
    let (base, tags) = (base(), tags());
    let mut later = 0;
    for (at, sentence) in sentences().iter().enumerate() {
        let words: Vec<&str> = sentence.words.iter().map(String::as_str).collect();
        let pieces = base.tokenizer.words(&words).unwrap();
        for (row, piece) in by_word.rows(at).unwrap().zip(1..) {
            let answer = &by_word.table[row * tags.len()..(row + 1) * tags.len()];
            assert!((answer.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            // A later piece of a word cannot begin a span.
            let word = |piece: usize| pieces.words.get(piece);
            if piece >= 2 && word(piece - 1) == word(piece - 2) {
                later += 1;
                assert!(answer.iter().enumerate().all(|(tag, value)| tag % 2 == 0 || *value == 0.0), "{answer:?}");
            }
        }
    }
    assert!(later > 2, "{later}");
}

/// A run with teachers and every option that a checkpoint must keep.
fn taught(teachers: Vec<Teacher>) -> Job {
    Job { teachers, untagged: untagged(), ..long_job() }
}

#[test]
fn a_run_with_teachers_goes_on_without_them_to_the_same_weights() {
    let teachers = vec![teacher("a", LabelMode::First), with_other_pieces(teacher("b", LabelMode::First))];
    let whole = Memory::default();
    let report = run_with(taught(teachers.clone()), &whole, &[]).unwrap();
    assert!(!whole.get().points.iter().any(|point| matches!(point, Point::Stage { .. })), "one stage");
    let (mut resumed, points) = (0, whole.get().points.len());
    for killed in 1..points {
        let sink = Memory::default();
        sink.get().full_after = Some(killed);
        assert!(run_with(taught(teachers.clone()), &sink, &[]).is_err());
        let Some(saved) = sink.get().checkpoint.take() else { continue };
        sink.get().points.truncate(checkpoint::data(&saved).unwrap().1);
        sink.get().full_after = None;
        let again = Job { resume: Some(saved), ..long_job() };
        let again = run_with(again, &sink, &[]).unwrap();
        assert_eq!((again.steps, again.valid), (report.steps, report.valid));
        assert!(sink.get().files == whole.get().files, "killed after {killed} points");
        assert_eq!(unclocked(&sink), unclocked(&whole));
        resumed += 1;
    }
    assert!(resumed > 5, "{resumed}");
}

#[test]
fn a_teacher_teaches_what_the_tags_do_not_say() {
    // Only the first sentence is tagged right; the teacher knows all of them.
    let run = |teachers: Vec<Teacher>| {
        let mut job = Job { teachers, ..job(|s| (s.epochs, s.teacher_share) = (40.0, 1.0)) };
        let tags = job.data.label_names();
        for sentence in job.data.train.iter_mut().skip(1) {
            sentence.tags.fill("O".into());
        }
        // Every label must occur in the training split.
        let words = vec!["zzz".to_owned(); tags.len()];
        let tags = tags.iter().map(|label| format!("B-{label}")).collect();
        job.data.train.push(Sentence { id: "labels".into(), words, tags });
        run_with(job, &Memory::default(), &[]).unwrap().valid.unwrap().word.f1
    };
    let (alone, taught) = (run(Vec::new()), run(vec![teacher("a", LabelMode::First)]));
    assert!(alone < 0.5 && taught > 0.9, "{alone} {taught}");
}

#[test]
fn a_checkpoint_without_the_answers_is_refused() {
    let sink = Memory::default();
    sink.get().full_after = Some(6);
    run_with(taught(vec![teacher("a", LabelMode::First)]), &sink, &[]).unwrap_err();
    let saved = sink.get().checkpoint.take().unwrap();
    let fails = |change: &dyn Fn(&mut checkpoint::Saved)| {
        let mut saved = saved.clone();
        change(&mut saved);
        run_with(Job { resume: Some(saved), ..long_job() }, &Memory::default(), &[]).unwrap_err().to_string()
    };
    assert!(fails(&|saved| _ = saved.remove("answers.safetensors")).contains("has no answers.safetensors"));
    assert!(fails(&|saved| _ = saved.remove("untagged.json")).contains("its data"));
    let torn = |saved: &mut checkpoint::Saved| saved.get_mut("answers.safetensors").unwrap().truncate(99);
    assert!(fails(&torn).contains("answers.safetensors of the checkpoint cannot be read"));
}

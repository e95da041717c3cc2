//! Keys per span, found by the planner in `tests/support/planner.rs` through the program's own `update`:
//!
//!     cargo bench --bench planner -- DATA.txt [--learn TRAIN.txt --first N] [--model FOLDER] [--limit N]
//!
//! DATA and TRAIN are tagged files in any layout that `tagli import` knows. Without more, nobody suggests anything. With
//! `--learn`, the gazetteer does, which has learnt the first N documents of TRAIN. With `--model`, the model in FOLDER (of a
//! run) does. Every plan ends in `enter` or `space`, which are counted, and leaves the very spans of DATA.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a bench prints, and a failure ends it"
)]

#[path = "../support/planner.rs"]
mod planner;

use std::{collections::BTreeMap, path::Path, thread};

use planner::{Task, plan};
use tagliatelle::{
    formats::{Corpus, ReadOptions},
    inference::{Precision, Predictor, Threads},
    spans::{Annotation, Document, Entity, Gazetteer, Status},
    work::source::SourceFile,
};

#[derive(Default)]
struct Count {
    documents: usize,
    spans: usize,
    keys: BTreeMap<&'static str, usize>,
    /// Documents that were given up.
    lost: Vec<String>,
    /// Documents that one key was enough for.
    at_once: usize,
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let option = |name: &str| words.iter().position(|word| word == name).and_then(|at| words.get(at + 1)).cloned();
    let Some(data) = words.first().filter(|word| !word.starts_with("--")) else {
        println!("planner: wants a tagged file; see tests/bench/planner.rs");
        return;
    };
    let corpus = read(data, &ReadOptions::default());
    let limit = option("--limit").map_or(usize::MAX, |n| n.parse().unwrap());
    let mut gazetteer = Gazetteer::default();
    if let Some(path) = option("--learn") {
        let options = ReadOptions { labels: corpus.labels.clone(), ..ReadOptions::default() };
        let learnt = read(&path, &options);
        let first = option("--first").map_or(usize::MAX, |n| n.parse().unwrap());
        for (document, annotation) in learnt.pairs().take(first) {
            gazetteer.learn(document, &Annotation::new(annotation.spans().to_vec(), Status::Done));
        }
    }
    let model = option("--model").map(|folder| Predictor::open(&folder, "cpu", Threads::One, Precision::Fp32).unwrap());
    let ask = |document: &Document| Some(model.as_ref()?.answer(&document.text, &document.words).unwrap().entities);
    let pairs: Vec<(&Document, &Annotation, Option<Vec<Entity>>)> =
        corpus.pairs().take(limit).map(|(document, annotation)| (document, annotation, ask(document))).collect();
    let halves = pairs.chunks(pairs.len().div_ceil(2).max(1));
    let counts: Vec<Count> = thread::scope(|scope| {
        let work: Vec<_> = halves.map(|half| scope.spawn(|| count(&corpus, half, &gazetteer))).collect();
        work.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    tell(&counts.into_iter().fold(Count::default(), |mut all, part| {
        all.documents += part.documents;
        all.spans += part.spans;
        all.at_once += part.at_once;
        all.lost.extend(part.lost);
        part.keys.into_iter().for_each(|(key, n)| *all.keys.entry(key).or_default() += n);
        all
    }));
}

fn read(path: &str, options: &ReadOptions) -> Corpus {
    SourceFile::open(Path::new(path), None, options).unwrap().check().unwrap().into_corpus()
}

fn count(corpus: &Corpus, pairs: &[(&Document, &Annotation, Option<Vec<Entity>>)], gazetteer: &Gazetteer) -> Count {
    let mut count = Count::default();
    for (document, annotation, found) in pairs {
        let gold: Vec<_> = annotation.spans().iter().map(|span| (span.range, span.label)).collect();
        let document = Document { split: None, ..(*document).clone() };
        let task = Task { document: &document, labels: &corpus.labels, gold: &gold, found: found.clone(), gazetteer };
        let Some(keys) = plan(&task) else {
            count.lost.push(document.id.clone());
            continue;
        };
        count.documents += 1;
        count.spans += gold.len();
        count.at_once += usize::from(keys.len() == 1);
        keys.into_iter().for_each(|key| *count.keys.entry(key).or_default() += 1);
    }
    count
}

#[allow(clippy::cast_precision_loss, reason = "counts are small")]
fn tell(count: &Count) {
    let keys: usize = count.keys.values().sum();
    println!(
        "{} documents, {} spans, {keys} keys: {:.3} keys per span",
        count.documents,
        count.spans,
        keys as f64 / count.spans as f64
    );
    println!("done with one key: {}; given up: {} {:?}", count.at_once, count.lost.len(), count.lost);
    let mut by_use: Vec<_> = count.keys.iter().collect();
    by_use.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
    for (key, n) in by_use {
        println!("{key:>6} {n:>6} {:.3}", *n as f64 / count.spans as f64);
    }
}

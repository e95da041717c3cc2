//! A simulated annotator: keys and documents until the model that suggests is good, in four ways of working:
//!
//!     cargo bench --bench annotator -- TRAIN TEST [--way none|hand|live|chosen] [--documents N] [--seed N]
//!         [--every N] [--delay N] [--no-keys] [--rate R] [--steps N] [--replay N] [--batch N] [--average SHARE]
//!         [--base NAME] [--mask SHARE]
//!
//! TRAIN and TEST are tagged files in any layout that `tagli import` knows. The annotator knows the spans of TRAIN, shuffled
//! by the seed, and for each document presses the fewest keys that the planner in `tests/support/planner.rs` finds through
//! the program's own `update`.
//!
//! - `none`: nobody suggests. After each hundred documents a model is trained, which is only scored.
//! - `hand`: memory suggests, and from the hundredth document on the model that `T` trains after each hundred, with the
//!   recipe `auto`. It is there at once, and `T` is counted.
//! - `live`: the live model learns after every five documents. What a round learned suggests only `--delay` documents
//!   after its beginning. Until the first version suggests, memory does.
//! - `chosen`: the same, and the rule `informative` chooses the next documents whenever another version suggests.
//!
//! Every `--every` documents the model that suggests is scored on TEST (entity F1, lenient, per word). `--no-keys` only
//! learns and scores.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a bench prints, and a failure ends it"
)]

#[path = "../support/planner.rs"]
mod planner;

use std::{cmp::Reverse, path::Path, time::Instant};

use planner::{Task, plan};
use tagliatelle::{
    formats::ReadOptions,
    inference::{self, Precision, Predictor, Threads, uncertainty},
    model::{self, BaseModel},
    runs::{
        Recipe, Settings,
        live::{FinishedDocument, Predicted},
    },
    spans::{
        Annotation, Dataset, Document, Entity, Gazetteer, LabelId, LabelSet, NextDocument, Scheme, Sentence, Span,
        SpanId, SpanSource, Status, WordSpan,
        choice::{Candidate, choose, pool},
    },
    text::{TextRange, hash::mixed},
    training,
    work::{
        live::{Learner, RoundInput, Tuning},
        source::SourceFile,
        train::{TrainRequest, TrainingData},
        trial,
    },
};

/// Documents between two trainings by hand.
const BY_HAND: usize = 100;
/// Documents after which the live model learns.
const ROUND: usize = 5;
/// Documents finished last, which chosen ones should be unlike.
const RECENT: usize = 100;

#[derive(Clone, Copy, PartialEq)]
enum Way {
    None,
    Hand,
    Live,
    Chosen,
}

/// A document as the annotator knows it.
#[derive(Clone)]
struct Known {
    document: Document,
    gold: Vec<(TextRange, LabelId)>,
    sentence: Sentence,
}

struct Options(Vec<String>);

impl Options {
    fn text(&self, name: &str) -> Option<&str> {
        let at = self.0.iter().position(|word| word == name)?;
        self.0.get(at + 1).map(String::as_str)
    }

    fn number(&self, name: &str, default: usize) -> usize {
        self.text(name).map_or(default, |number| number.parse().unwrap())
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|word| word == name)
    }

    fn way(&self) -> Way {
        match self.text("--way").unwrap_or("live") {
            "none" => Way::None,
            "hand" => Way::Hand,
            "live" => Way::Live,
            "chosen" => Way::Chosen,
            other => panic!("annotator: unknown way `{other}`; use one of none, hand, live, chosen"),
        }
    }

    fn tuning(&self) -> Tuning {
        let tuning = Tuning::default();
        let steps = self.number("--steps", tuning.most_steps);
        let replay = self.number("--replay", tuning.replay);
        Tuning {
            rate: self.text("--rate").map_or(tuning.rate, |rate| rate.parse().unwrap()),
            base: match self.text("--base") {
                Some("mini") => "mini",
                Some("small") => "small",
                Some(other) => panic!("annotator: unknown base `{other}`; use one of mini, small"),
                None => tuning.base,
            },
            mask: self.text("--mask").map_or(tuning.mask, |share| share.parse().unwrap()),
            average: self.text("--average").map_or(tuning.average, |share| share.parse().unwrap()),
            batch: self.number("--batch", tuning.batch),
            // As many passes as make the steps.
            epochs: if self.has("--steps") { 1_000.0 } else { tuning.epochs },
            most_steps: steps,
            replay,
            ..tuning
        }
    }
}

/// A model that suggests.
struct Suggester {
    name: String,
    predictor: Predictor,
}

impl Suggester {
    fn new(name: &str, model: BaseModel) -> Self {
        let predictor = Predictor::of(model, "cpu", Threads::All, Precision::Fp32).unwrap();
        Self { name: name.to_owned(), predictor }
    }
}

/// The annotator, with everything that was done.
struct Annotator<'a> {
    way: Way,
    labels: LabelSet,
    test: Vec<Sentence>,
    /// Documents that are still open, those to come next at the end.
    open: Vec<Known>,
    done: Vec<Known>,
    finished: Vec<FinishedDocument>,
    gazetteer: Gazetteer,
    suggester: Option<Suggester>,
    learner: Learner,
    options: &'a Options,
    seed: u64,
    keys: usize,
    taken: Taken,
    learning: f64,
}

/// Suggestions, and those that were right.
#[derive(Clone, Copy, Default)]
struct Taken {
    suggested: usize,
    right: usize,
    gold: usize,
    at_once: usize,
    lost: usize,
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let [Some(train), Some(test)] = [0, 1].map(|at| words.get(at).filter(|word| !word.starts_with("--")).cloned())
    else {
        println!("annotator: wants two tagged files; see tests/bench/annotator.rs");
        return;
    };
    let options = Options(words);
    let (labels, all) = read(&train, LabelSet::default());
    let (_, test) = read(&test, labels.clone());
    let seed = options.number("--seed", 1) as u64;
    let mut annotator = Annotator {
        way: options.way(),
        labels,
        test: test.into_iter().map(|known| known.sentence).collect(),
        open: shuffled(all, seed),
        done: Vec::new(),
        finished: Vec::new(),
        gazetteer: Gazetteer::default(),
        suggester: None,
        learner: Learner::new(options.tuning()).unwrap(),
        options: &options,
        seed,
        keys: 0,
        taken: Taken::default(),
        learning: 0.0,
    };
    println!("# {}", options.0.iter().skip(2).cloned().collect::<Vec<_>>().join(" "));
    annotator.work();
}

/// Documents in an order that the seed draws.
fn shuffled(all: Vec<Known>, seed: u64) -> Vec<Known> {
    let drawn = all.into_iter().zip(0..).map(|(known, at)| {
        let words = known.sentence.words.len() as u64;
        (mixed(mixed(seed) ^ mixed(at) ^ words), known)
    });
    let mut drawn: Vec<(u64, Known)> = drawn.collect();
    drawn.sort_by_key(|(key, _)| Reverse(*key));
    drawn.into_iter().map(|(_, known)| known).collect()
}

/// Reads a tagged file with these labels, or with those that it has.
fn read(path: &str, labels: LabelSet) -> (LabelSet, Vec<Known>) {
    let options = ReadOptions { labels, ..ReadOptions::default() };
    let corpus = SourceFile::open(Path::new(path), None, &options).unwrap().check().unwrap().into_corpus();
    let known = corpus.pairs().map(|(document, annotation)| {
        let document = Document { split: None, ..document.clone() };
        let gold: Vec<_> = annotation.spans().iter().map(|span| (span.range, span.label)).collect();
        let words: Vec<String> = document.word_texts().map(str::to_owned).collect();
        let spans: Vec<WordSpan> = gold
            .iter()
            .filter_map(|(range, label)| {
                Some(WordSpan::new(document.words_touching(*range)?, &corpus.labels.get(*label)?.name))
            })
            .collect();
        let tags = Scheme::Bio.encode(&spans, words.len());
        Known { sentence: Sentence { id: document.id.clone(), words, tags }, gold, document }
    });
    let known = known.filter(|known| !known.sentence.words.is_empty()).collect();
    (corpus.labels, known)
}

impl Annotator<'_> {
    fn work(&mut self) {
        let documents = self.options.number("--documents", 500);
        let every = self.options.number("--every", 25);
        let delay = self.options.number("--delay", ROUND).min(ROUND);
        let start = Instant::now();
        // What the last round decided, and the document after which it suggests.
        let mut coming: Option<(usize, Suggester)> = None;
        while self.done.len() < documents && !self.open.is_empty() {
            self.annotate();
            let count = self.done.len();
            if let Some((_, suggester)) = coming.take_if(|(at, _)| *at <= count) {
                self.suggester = Some(suggester);
                self.choose();
            }
            match self.way {
                Way::None | Way::Hand if count.is_multiple_of(BY_HAND) => self.train_by_hand(),
                Way::Live | Way::Chosen if count.is_multiple_of(ROUND) => {
                    coming = self.learn().map(|suggester| (count + delay, suggester));
                }
                _ => (),
            }
            if count.is_multiple_of(every) {
                self.tell(start.elapsed().as_secs_f64());
            }
        }
    }

    /// Tags the next document.
    fn annotate(&mut self) {
        let Some(known) = self.open.pop() else { return };
        let Known { document, gold, sentence } = &known;
        let answer = self.suggester.as_ref().filter(|_| self.way != Way::None).map(|suggester| {
            let answer = suggester.predictor.suggest(&document.text, &document.words).unwrap();
            (suggester.name.clone(), answer.entities)
        });
        self.count(&known, answer.as_ref().map(|(_, found)| found.as_slice()));
        if self.way != Way::None {
            let spans = gold.iter().zip(0..).map(|((range, label), sequence)| Span {
                id: SpanId { writer: 0, sequence },
                range: *range,
                label: *label,
                source: SpanSource::Human,
            });
            self.gazetteer.learn(document, &Annotation::new(spans.collect(), Status::Done));
        }
        let predicted = answer.map(|(model, found)| {
            let spans = found
                .iter()
                .filter_map(|entity| Some(WordSpan::new(document.words_touching(entity.range)?, &entity.label)));
            Predicted { model, spans: spans.collect() }
        });
        self.finished.push(FinishedDocument { id: sentence.id.clone(), predicted, held_back: false });
        self.done.push(known);
    }

    /// Counts the keys of a document and the suggestions that were right.
    fn count(&mut self, known: &Known, found: Option<&[Entity]>) {
        let Known { document, gold, .. } = known;
        let suggested = self.suggested(document, found);
        self.taken.suggested += suggested.len();
        self.taken.right += suggested.iter().filter(|one| gold.contains(one)).count();
        self.taken.gold += gold.len();
        if self.options.has("--no-keys") {
            return;
        }
        let task = Task {
            document,
            labels: &self.labels,
            gold,
            found: found.map(<[Entity]>::to_vec),
            gazetteer: &self.gazetteer,
        };
        match plan(&task) {
            Some(keys) => {
                self.keys += keys.len();
                self.taken.at_once += usize::from(keys.len() == 1);
            }
            None => self.taken.lost += 1,
        }
    }

    /// What is suggested in a document, by a model or by memory.
    fn suggested(&self, document: &Document, found: Option<&[Entity]>) -> Vec<(TextRange, LabelId)> {
        match found {
            Some(found) => {
                let labelled = found.iter().filter_map(|one| Some((one.range, self.labels.named(&one.label)?.id)));
                labelled.collect()
            }
            None => self.gazetteer.find(document).into_iter().map(|hit| (hit.range, hit.label)).collect(),
        }
    }

    fn sentences(&self) -> Vec<Sentence> {
        self.done.iter().map(|known| known.sentence.clone()).collect()
    }

    /// Trains with the recipe `auto` on all documents, as `T` does.
    fn train_by_hand(&mut self) {
        let sentences = self.sentences();
        let settings = training::recipe(Recipe::Auto, sentences.len(), "mini");
        // Suggestions are always chosen as a sequence; so they are scored, too.
        let settings =
            Settings { device: "cpu".into(), seed: self.seed, evaluations: 1, constrained: true, ..settings };
        let data = TrainingData::of_sentences(Dataset { train: sentences, ..Dataset::default() });
        let began = Instant::now();
        let (_, model) =
            trial::train(TrainRequest::new(data, settings).unwrap(), model::open("mini").unwrap()).unwrap();
        self.learning += began.elapsed().as_secs_f64();
        self.keys += usize::from(self.way == Way::Hand);
        self.suggester = Some(Suggester::new("0001-mini", model.unwrap()));
    }

    /// A round of the live model. Returns the version that suggests, if it is another one.
    fn learn(&mut self) -> Option<Suggester> {
        let data = Dataset { train: self.sentences(), ..Dataset::default() };
        let rival = self.learner.suggester().map(|model| model.version.to_string());
        let began = Instant::now();
        let input = RoundInput {
            data: &data,
            labels: &self.labels,
            finished: &self.finished,
            rival: rival.clone(),
            rival_started: 0,
            run_counts: &|_, _| None,
            newest_run: None,
            every: ROUND,
            now: &|| 0,
            goes_on: &|| true,
        };
        self.learner.round(&input).unwrap();
        self.finished.clear();
        self.learning += began.elapsed().as_secs_f64();
        let model = self.learner.suggester()?;
        let name = model.version.to_string();
        (rival.as_ref() != Some(&name)).then(|| Suggester::new(&name, model.model.clone()))
    }

    /// Puts the documents first that the rule of the next document chooses.
    fn choose(&mut self) {
        let Some(suggester) = self.suggester.as_ref().filter(|_| self.way == Way::Chosen) else { return };
        let ids = self.open.iter().map(|known| known.sentence.id.as_str()).enumerate();
        let places = pool(ids, self.done.len() as u64);
        let candidates: Vec<Candidate<'_>> = places
            .iter()
            .map(|at| {
                let document = &self.open[*at].document;
                let answer = suggester.predictor.suggest(&document.text, &document.words).unwrap();
                Candidate { document, uncertainty: uncertainty(&answer.words), disagreement: None }
            })
            .collect();
        let recent: Vec<&Document> = self.done.iter().rev().take(RECENT).map(|known| &known.document).collect();
        let chosen = choose(NextDocument::Informative, &candidates, &recent, 2 * ROUND);
        let mut chosen: Vec<usize> = chosen.into_iter().map(|at| places[at]).collect();
        let next: Vec<Known> = chosen.iter().rev().map(|at| self.open[*at].clone()).collect();
        chosen.sort_unstable_by(|a, b| b.cmp(a));
        chosen.into_iter().for_each(|at| _ = self.open.remove(at));
        self.open.extend(next);
    }

    #[allow(clippy::cast_precision_loss, reason = "counts are small")]
    fn tell(&mut self, seconds: f64) {
        let Taken { suggested, right, gold, at_once, lost } = std::mem::take(&mut self.taken);
        let f1 = self.suggester.as_ref().map_or(0.0, |suggester| {
            inference::evaluate(&suggester.predictor, &self.test).unwrap().word.lenient.overall.rates().f1
        });
        println!(
            "{} documents, {} keys, F1 {f1:.4} of {}; since the last line: {suggested} suggested, {right} right, {gold} gold, \
             {at_once} with one key, {lost} given up; {:.0} s of {seconds:.0} s learning",
            self.done.len(),
            self.keys,
            self.suggester.as_ref().map_or("nothing", |suggester| &suggester.name),
            self.learning,
        );
    }
}

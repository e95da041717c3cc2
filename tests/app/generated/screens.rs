//! Pictures of the screens for the documentation.
//!
//! The program itself draws them, from a sample, from keys, and from a recording of a real training and of its model's
//! answers. So the same program draws the same pictures on every machine.

use std::{collections::BTreeMap, env, fs, path::Path};

use serde::{Deserialize, Serialize};
use tagliatelle::{
    app::{self, Effect, Event, State, event::Opened, key::Key},
    inference::{Precision, Predictor, predictor::Threads},
    project::Project,
    runs::{Phase, Point, Recipe, RunSummary, Settings, Status},
    spans::{
        Entity, Gazetteer, MistakeKind, ModelAnswer, Prediction, ReviewItem, ReviewList, ScoreScale, Split,
        Temperature, WordGuess, review::LabelledRange,
    },
    text::{Grid, TextRange, width::Glyphs, words},
    ui::{Caps, Theme},
    work::mistakes,
};

use super::{asset, picture};
use crate::compare::compare_generated;

const FOLDER: &str = "assets/screens";
const RECORDING: &str = "assets/screens/recording.json";
const SAMPLE: &str = "sample-projects/restaurants";
const THEME: &str = "truecolor-dark";
/// Share of the steps that are done in pictures of a live run.
const LIVE_SHARE: f64 = 0.6;
/// Sentence that is typed on the Explore screen.
const SENTENCE: &str = "cheap ramen near the old harbour that stays open past midnight, with outdoor seating";

/// A training of the sample, and the answers of its model about the texts in the pictures.
#[derive(Debug, Serialize, Deserialize)]
struct Recording {
    run: String,
    started: u64,
    bytes: u64,
    settings: Settings,
    status: Status,
    points: Vec<Point>,
    /// About the document that the Tag screen shows.
    suggestions: Answer,
    /// About [`SENTENCE`].
    #[serde(rename = "said")]
    explored: Answer,
    /// On the validation split.
    mistakes: Mistakes,
}

/// Mistakes of the model on the validation split.
#[derive(Debug, Serialize, Deserialize)]
struct Mistakes {
    documents: usize,
    /// Number of right entities by label.
    right: BTreeMap<String, usize>,
    items: Vec<RecordedMistake>,
}

/// A mistake: its kind, and both sides, each with its probability.
#[derive(Debug, Serialize, Deserialize)]
struct RecordedMistake {
    document: String,
    kind: String,
    gold: Option<(usize, usize, String)>,
    gold_probability: Option<f32>,
    model: Option<(usize, usize, String)>,
    model_probability: Option<f32>,
}

/// A text and the model's answer about it. Positions are bytes.
#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    id: String,
    text: String,
    found: Vec<(usize, usize, String, f32)>,
    words: Vec<AnswerWord>,
    /// Temperature and shift of the scores, if they are calibrated.
    scale: Option<(f64, f64)>,
}

/// Keys that go to a longer document and label a span there.
const TAGGING: &str = "n n l v l 2";

/// Range of a word and its most probable labels.
type AnswerWord = (usize, usize, Vec<(String, f32)>);

/// Shares of the training in the film.
const FILM_SHARES: [f64; 5] = [0.15, 0.35, 0.55, 0.75, 0.95];
/// Size of the film, without the row of the caption.
const FILM_SIZE: (u16, u16) = (100, 28);
/// Frame of the film that is shown where motion is turned off.
const STILL: usize = 17;

/// Parts of the film: caption, keys before its first frame, and the keys of its frames with their seconds.
/// A share of the training that is done; without one it is over.
struct Part {
    caption: &'static str,
    share: Option<f64>,
    before: &'static str,
    frames: &'static [(&'static str, f32)],
}

const FILM: [Part; 4] = [
    Part {
        caption: "Tag: a digit labels the words, space takes the suggestions",
        share: Some(0.0),
        before: "n n",
        frames: &[("", 1.2), ("l", 0.4), ("v", 0.4), ("l", 0.5), ("2", 1.4)],
    },
    Part {
        caption: "Find the mistakes behind a score",
        share: None,
        before: "f4",
        frames: &[("", 1.6), ("down", 0.4), ("down", 0.4), ("down", 0.4), ("enter", 2.2)],
    },
    Part {
        caption: "Fix the labels that caused them, then train again: T",
        share: None,
        before: "f4 down down down enter",
        frames: &[("w", 0.8), ("a", 1.2), ("g", 1.2)],
    },
    Part {
        caption: "Explore: what the model finds as you type",
        share: None,
        before: "f5",
        frames: &[("", 0.6), ("TYPE", 3.2)],
    },
];

/// A picture: its size, whether the run is live, and the keys that lead to the screen.
struct Scene {
    file: &'static str,
    title: &'static str,
    size: (u16, u16),
    live: bool,
    keys: &'static str,
}

/// Keys are separated by blanks; `TYPE` types [`SENTENCE`].
const SCENES: [Scene; 6] = [
    Scene {
        file: "tag",
        title: "The Tag screen: a review with the model's suggestions, while the next training runs",
        size: (80, 24),
        live: true,
        keys: TAGGING,
    },
    Scene {
        file: "tag-wide",
        title: "The Tag screen at 120 columns, with the running training beside the text",
        size: (120, 40),
        live: true,
        keys: TAGGING,
    },
    Scene {
        file: "train",
        title: "The Train screen: loss, F1 and the scores of each label of a running training",
        size: (80, 24),
        live: true,
        keys: "tab tab",
    },
    Scene {
        file: "documents",
        title: "The Documents screen: all documents, with status and number of spans",
        size: (80, 24),
        live: false,
        keys: "tab",
    },
    Scene {
        file: "evaluate",
        title: "The Evaluate screen: precision, recall and F1 of each label, explained",
        size: (80, 24),
        live: false,
        keys: "tab tab tab",
    },
    Scene {
        file: "explore",
        title: "The Explore screen: a sentence that was typed, and what the model finds in it",
        size: (80, 24),
        live: false,
        keys: "tab tab tab tab TYPE esc",
    },
];

/// The pictures in the repository are those that the program draws.
#[test]
fn pictures_are_up_to_date() {
    let sample = Project::open(&asset(SAMPLE)).unwrap();
    let recording: Recording = serde_json::from_slice(&fs::read(asset(RECORDING)).unwrap()).unwrap();
    let theme = Theme::named(THEME).unwrap();
    let caps = Caps { glyphs: Glyphs::Unicode, plain: false };
    for scene in &SCENES {
        let state = play(&sample, &recording, scene.size, scene.live.then_some(LIVE_SHARE), scene.keys);
        let svg = picture::svg(&state, &theme, caps, scene.title);
        compare_generated(&asset(FOLDER).join(format!("{}.svg", scene.file)), &svg);
    }
    compare_generated(&asset(FOLDER).join("tour.svg"), &film(&sample, &recording, &theme, caps));
    let files = fs::read_dir(asset(FOLDER)).unwrap().count();
    assert_eq!(files, SCENES.len() + 2, "{FOLDER} has other files than the pictures, the film and the recording");
}

/// The film: tag, train, find a mistake, fix it, explore.
fn film(sample: &Project, recording: &Recording, theme: &Theme, caps: Caps) -> String {
    let mut frames = Vec::new();
    for (number, part) in FILM.iter().enumerate() {
        let mut keys = part.before.to_owned();
        for (next, seconds) in part.frames {
            keys = format!("{keys} {next}");
            let state = play(sample, recording, FILM_SIZE, part.share, &keys);
            frames.push(picture::Frame::new(&picture::cells(&state, theme, caps), part.caption, *seconds));
        }
        if number == 0 {
            frames.extend(FILM_SHARES.map(|share| {
                let state = play(sample, recording, FILM_SIZE, Some(share), "f3");
                let caption = "Train in the background: loss and F1 as they come";
                picture::Frame::new(&picture::cells(&state, theme, caps), caption, 0.8)
            }));
        }
    }
    let seconds: f32 = frames.iter().map(|frame| frame.seconds).sum();
    assert!(seconds <= 25.0, "the film takes {seconds} s");
    picture::film(&frames, STILL, "Tag a review, train, read the mistakes, fix one, and explore: five screens of tagli")
}

/// Makes the recording again from the project in `RECORD_PROJECT`, a copy of the sample in which a run has a model.
#[test]
#[ignore = "writes a file; `just record PROJECT` runs it"]
fn write_recording() {
    let project = env::var_os("RECORD_PROJECT").expect("RECORD_PROJECT must name a project");
    let recording = record(&Project::open(&asset(SAMPLE)).unwrap(), Path::new(&project));
    fs::write(asset(RECORDING), serde_json::to_string(&recording).unwrap() + "\n").unwrap();
}

/// Asks the newest model of `project` about the texts in the pictures, and takes the curves of its run.
fn record(sample: &Project, project: &Path) -> Recording {
    let project = Project::open(project).unwrap();
    let run = project.runs().list().into_iter().rev().find(|run| run.has_model).expect("a run with a model");
    let config = run.config.clone().expect("a readable config.json of the run");
    let model = Predictor::open(&run.model().to_string_lossy(), "cpu", Threads::One, Precision::Fp32).unwrap();
    let mut state = start(sample, (80, 24));
    for key in keys(TAGGING) {
        app::update(&mut state, Event::Key { key, at: config.started });
    }
    let session = &state.session;
    let shown = session.project.as_ref().unwrap().documents.get(session.tagging.document).unwrap();
    Recording {
        run: run.id.to_string(),
        started: config.started,
        bytes: run.size(),
        settings: config.settings,
        status: Status { device: String::new(), pid: 0, ..run.shown_status() },
        points: run.metrics().poll().unwrap(),
        suggestions: ask(&model, &shown.id, &shown.text, &shown.words),
        explored: ask(&model, "", SENTENCE, &words::split(SENTENCE, Grid::Natural)),
        mistakes: record_mistakes(&project, &run.id.to_string()),
    }
}

fn record_mistakes(project: &Project, run: &str) -> Mistakes {
    let open = |path: &Path| {
        Predictor::open(&path.to_string_lossy(), "cpu", Threads::One, Precision::Fp32)
            .map_err(|error| error.to_string())
    };
    let list = mistakes::find_mistakes(project, run, Split::Valid, &open, &mut |_, _| true).unwrap().unwrap();
    let side = |side: &Option<LabelledRange>| {
        side.as_ref().map(|side| (side.range.start, side.range.end, side.label.to_string()))
    };
    Mistakes {
        documents: list.documents,
        right: list.labels.iter().map(|(label, counts)| (label.clone(), counts.true_positives)).collect(),
        items: list
            .items
            .iter()
            .map(|item| RecordedMistake {
                document: item.document.to_string(),
                kind: item.kind.name().to_owned(),
                gold: side(&item.gold),
                gold_probability: item.gold_probability,
                model: side(&item.model),
                model_probability: item.model_probability,
            })
            .collect(),
    }
}

impl Mistakes {
    /// The list as the search for mistakes gives it.
    fn list(&self, run: &str, project: &app::project::Project) -> ReviewList {
        let (run, annotator, split) = (run.to_owned(), project.annotator.clone(), Some(Split::Valid));
        let mut list = ReviewList { run, annotator, split, documents: self.documents, ..ReviewList::default() };
        for (label, right) in &self.right {
            (0..*right).for_each(|_| list.count_right(label));
        }
        let side = |side: &Option<(usize, usize, String)>| {
            side.as_ref().map(|(start, end, label)| LabelledRange {
                range: TextRange::new(*start, *end),
                label: label.as_str().into(),
            })
        };
        for item in &self.items {
            let [gold, model] = [&item.gold, &item.model].map(side);
            list.count_wrong(gold.as_ref().map(|side| &*side.label), model.as_ref().map(|side| &*side.label));
            let kind = MistakeKind::ALL.iter().copied().find(|kind| kind.name() == item.kind).unwrap();
            let item = ReviewItem {
                document: item.document.as_str().into(),
                text: project.documents.find(&item.document).unwrap().text.clone(),
                kind,
                gold,
                model,
                gold_probability: item.gold_probability,
                model_probability: item.model_probability,
                span_score: None,
                suspicion: None,
                change: None,
            };
            list.add(item, usize::MAX);
        }
        list
    }
}

fn ask(model: &Predictor, id: &str, text: &str, words: &[TextRange]) -> Answer {
    let said = model.answer(text, words).unwrap();
    let found = said.entities.into_iter().map(|one| (one.range.start, one.range.end, one.label, one.score));
    let words = said.words.into_iter().map(|one| (one.range.start, one.range.end, one.labels));
    let scale = said.scale.map(|scale| (scale.temperature.value(), scale.shift()));
    Answer { id: id.to_owned(), text: text.to_owned(), found: found.collect(), words: words.collect(), scale }
}

/// The state of the program after it opened the sample.
fn start(sample: &Project, (columns, rows): (u16, u16)) -> State {
    let annotator = sample.read_annotator(&"sample".parse().unwrap()).unwrap();
    let labels = sample.manifest.labels.clone();
    let mut journal = annotator.journal.clone();
    journal.resolve(&labels);
    let gazetteer = Gazetteer::of(&sample.documents, |id| journal.annotation(id));
    let opened = Opened {
        name: sample.manifest.name.clone(),
        annotator: annotator.name().to_string(),
        documents: sample.documents.list(),
        labels,
        writer: annotator.writer(),
        settings: Settings::lesson(&sample.manifest.base),
        recipe: Some(Recipe::Auto),
        gazetteer,
        journal,
        ..Opened::default()
    };
    let mut state = State::default();
    app::update(&mut state, Event::Resize { columns, rows });
    app::update(&mut state, Event::Opened(Box::new(opened)));
    state
}

/// The state after these keys. `share` of the training is done; without one it is over.
fn play(sample: &Project, recording: &Recording, size: (u16, u16), share: Option<f64>, keys: &str) -> State {
    let mut state = start(sample, size);
    let stage = Stage { recording, share };
    let effects = app::update(&mut state, Event::Runs(vec![stage.run()]));
    stage.answer(&mut state, effects);
    let suggest = Event::Suggestions {
        document: recording.suggestions.id.clone(),
        run: recording.run.clone(),
        found: found(&recording.suggestions),
        uncertainty: None,
        labels: Default::default(),
    };
    app::update(&mut state, suggest);
    for key in self::keys(keys) {
        let effects = app::update(&mut state, Event::Key { key, at: recording.started });
        stage.answer(&mut state, effects);
    }
    state.session.message = None;
    state
}

/// Parses key names; `TYPE` types [`SENTENCE`].
fn keys(names: &str) -> Vec<Key> {
    let typed = |c: char| if c == ' ' { "space".to_owned() } else { c.to_string() };
    let names = names.split_whitespace().flat_map(|name| match name {
        "TYPE" => SENTENCE.chars().map(typed).collect(),
        name => vec![name.to_owned()],
    });
    names.map(|name| name.parse().unwrap()).collect()
}

fn found(heard: &Answer) -> Vec<Entity> {
    let found = |(start, end, label, score): &(usize, usize, String, f32)| Entity {
        range: TextRange::new(*start, *end),
        label: label.clone(),
        score: *score,
    };
    heard.found.iter().map(found).collect()
}

/// The world around the program, as recorded.
struct Stage<'a> {
    recording: &'a Recording,
    /// Share of the training that is done; `None` if it is over.
    share: Option<f64>,
}

impl Stage<'_> {
    fn status(&self) -> Status {
        let whole = &self.recording.status;
        if self.share.is_none() {
            return whole.clone();
        }
        let step = self.points().last().map_or(0, Point::step);
        let part = step as f64 / whole.steps.max(1) as f64;
        Status {
            phase: Phase::Training,
            step,
            epoch: whole.epochs * part,
            seconds: whole.seconds * part,
            eta: Some(whole.seconds * (1.0 - part)),
            ..whole.clone()
        }
    }

    fn points(&self) -> Vec<Point> {
        let last = self.share.map_or(f64::INFINITY, |share| self.recording.status.steps as f64 * share);
        self.recording.points.iter().filter(|point| point.step() as f64 <= last).cloned().collect()
    }

    fn run(&self) -> RunSummary {
        let evaluations = self.points().into_iter().filter_map(|point| match point {
            Point::Eval { split, word, .. } if split == "valid" => Some(word.f1),
            _ => None,
        });
        RunSummary {
            id: self.recording.run.clone(),
            base: self.recording.settings.base.clone(),
            started: self.recording.started,
            status: self.status(),
            word_f1: evaluations.max_by(f64::total_cmp),
            has_model: self.share.is_none(),
            bytes: self.recording.bytes,
            settings: Some(self.recording.settings.clone()),
            ..RunSummary::default()
        }
    }

    /// Answers effects; those that were not recorded stay unanswered.
    fn answer(&self, state: &mut State, effects: Vec<Effect>) {
        for effect in effects {
            let event = match effect {
                Effect::Record { attempt, entries } => {
                    Event::Saved { attempt, ids: entries.iter().map(|entry| entry.id).collect() }
                }
                Effect::Follow { generation, .. } => Event::Points { generation, points: self.points() },
                Effect::FindMistakes { generation, run, against: None, split: Split::Valid } => {
                    let list = self.recording.mistakes.list(&run, state.session.project.as_ref().unwrap());
                    Event::MistakesFound { generation, found: Ok(Box::new(list)) }
                }
                Effect::Predict { generation, text, .. } if text == self.recording.explored.text => {
                    let said = &self.recording.explored;
                    let words = said.words.iter().map(|(start, end, labels)| WordGuess {
                        range: TextRange::new(*start, *end),
                        labels: labels.clone(),
                    });
                    let model = self.recording.run.clone();
                    let scale = said
                        .scale
                        .and_then(|(temperature, shift)| ScoreScale::new(Temperature::new(temperature)?, shift));
                    let answer = ModelAnswer { entities: found(said), words: words.collect(), scale };
                    let prediction = Prediction { model, answer, pipeline: None };
                    Event::Prediction { generation, prediction }
                }
                _ => continue,
            };
            let more = app::update(state, event);
            self.answer(state, more);
        }
    }
}

//! `tagli generate screens`: pictures of the screens for the documentation.
//!
//! They are drawn by the program itself from a sample, from keys, and from what a real training and its model said:
//! that is kept in a recording, so that the same program draws the same pictures on every machine. `--record PROJECT`
//! makes the recording anew from a project in which that sample was trained.

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    args,
    error::CliError,
    new::failed,
    output::{self, Output},
    predict,
};
use crate::{
    app::{self, Effect, Event, State, key::Key},
    inference::predictor::Threads,
    project::{Project, storage},
    runs::{Phase, Point, RunSummary, Settings, Status},
    services,
    spans::{Entity, ModelAnswer, Prediction, WordGuess},
    text::{Grid, TextRange, number::with_noun, width::Glyphs, words},
    ui::{Caps, Theme, picture},
};

const RECORDING: &str = "recording.json";
const THEME: &str = "truecolor-dark";
/// How far the run is in pictures of a run that goes on.
const PART: f64 = 0.6;
/// What is typed on the Explore screen.
const SENTENCE: &str = "cheap ramen near the old harbour that stays open past midnight, with outdoor seating";

/// What a training of the sample said, and what its model says about the texts in the pictures.
#[derive(Debug, Serialize, Deserialize)]
struct Recording {
    run: String,
    started: u64,
    bytes: u64,
    settings: Settings,
    status: Status,
    points: Vec<Point>,
    /// About the document that the Tag screen shows.
    suggestions: Heard,
    /// About [`SENTENCE`].
    said: Heard,
}

/// A text and what the model finds in it. Positions are bytes.
#[derive(Debug, Serialize, Deserialize)]
struct Heard {
    id: String,
    text: String,
    found: Vec<(usize, usize, String, f32)>,
    words: Vec<HeardWord>,
}

/// To a longer document, and a span by hand on it.
const TAGGING: &str = "n n l v l 2";

/// A word's range and its likeliest labels.
type HeardWord = (usize, usize, Vec<(String, f32)>);

/// A picture: what it shows, its size, whether the run goes on, and the keys that lead there.
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

/// Runs the command.
///
/// # Errors
/// The sample, the recording or the project cannot be read, or a picture cannot be written.
pub(super) fn run(args: &args::Screens, output: Output) -> Result<(), CliError> {
    let sample = Project::open(&args.sample).map_err(failed)?;
    storage::make_folder(&args.out).map_err(CliError::environment)?;
    let path = args.out.join(RECORDING);
    if let Some(project) = &args.record {
        let recording = record(&sample, project)?;
        let text = serde_json::to_string(&recording).map_err(CliError::environment)? + "\n";
        storage::replace(&path, text.as_bytes()).map_err(CliError::environment)?;
    }
    let bytes = fs::read(&path).map_err(|error| CliError::reading(&path, &error))?;
    let recording: Recording =
        serde_json::from_slice(&bytes).map_err(|error| CliError::data(format!("{}: {error}", path.display())))?;
    let theme = Theme::named(THEME).ok_or_else(|| CliError::data(format!("there is no theme {THEME}")))?;
    for scene in &SCENES {
        let state = play(&sample, &recording, scene)?;
        let svg = picture::svg(&state, &theme, Caps { glyphs: Glyphs::Unicode, plain: false }, scene.title);
        let file = args.out.join(format!("{}.svg", scene.file));
        storage::replace(&file, svg.as_bytes()).map_err(CliError::environment)?;
    }
    let names: Vec<String> = SCENES.iter().map(|scene| format!("{}.svg", scene.file)).collect();
    let text = format!("{}: {}", args.out.display(), with_noun(names.len(), "picture"));
    output.result(&json!({ "out": output::path(&args.out), "files": names }), &text)
}

/// Asks the newest model of `project` about the texts in the pictures, and takes its run's curves.
fn record(sample: &Project, project: &Path) -> Result<Recording, CliError> {
    let project = Project::open(project).map_err(failed)?;
    let run = project.runs().list().into_iter().rev().find(|run| run.has_model);
    let run = run.ok_or_else(|| CliError::data("no run of this project has a model"))?;
    let config = run.config.clone().ok_or_else(|| CliError::data("the run's config.json cannot be read"))?;
    let model = predict::open(&run.model().to_string_lossy(), "cpu", Threads::One)?;
    let hear = |id: &str, text: &str, words: &[TextRange]| -> Result<Heard, CliError> {
        let said = model.answer(text, words).map_err(CliError::data)?;
        let found = said.entities.into_iter().map(|one| (one.range.start, one.range.end, one.label, one.score));
        let words = said.words.into_iter().map(|one| (one.range.start, one.range.end, one.labels));
        Ok(Heard { id: id.to_owned(), text: text.to_owned(), found: found.collect(), words: words.collect() })
    };
    let mut state = start(sample, (80, 24))?;
    for key in keys(TAGGING)? {
        app::update(&mut state, Event::Key { key, at: config.started });
    }
    let shown =
        state.session.project.as_ref().and_then(|project| project.documents.get(state.session.tagging.document));
    let shown = shown.ok_or_else(|| CliError::data("the sample has no document"))?;
    Ok(Recording {
        run: run.id.to_string(),
        started: config.started,
        bytes: run.size(),
        settings: config.settings,
        status: Status { device: String::new(), pid: 0, ..run.shown_status() },
        points: run.metrics().poll().map_err(CliError::environment)?,
        suggestions: hear(&shown.id, &shown.text, &shown.words)?,
        said: hear("", SENTENCE, &words::split(SENTENCE, Grid::Natural))?,
    })
}

/// The program as it opens the sample.
fn start(sample: &Project, (columns, rows): (u16, u16)) -> Result<State, CliError> {
    let mut state = State::default();
    app::update(&mut state, Event::Resize { columns, rows });
    app::update(&mut state, Event::Opened(Box::new(services::look_at(sample, "sample").map_err(failed)?)));
    Ok(state)
}

fn play(sample: &Project, recording: &Recording, scene: &Scene) -> Result<State, CliError> {
    let mut state = start(sample, scene.size)?;
    let stage = Stage { recording, live: scene.live };
    let effects = app::update(&mut state, Event::Runs(vec![stage.run()]));
    stage.answer(&mut state, effects);
    let suggest = Event::Suggestions {
        document: recording.suggestions.id.clone(),
        run: recording.run.clone(),
        found: found(&recording.suggestions),
        uncertainty: None,
    };
    app::update(&mut state, suggest);
    for key in keys(scene.keys)? {
        let effects = app::update(&mut state, Event::Key { key, at: recording.started });
        stage.answer(&mut state, effects);
    }
    state.session.message = None;
    Ok(state)
}

/// The keys of these names; `TYPE` stands for those of [`SENTENCE`].
fn keys(names: &str) -> Result<Vec<Key>, CliError> {
    let typed = |c: char| if c == ' ' { "space".to_owned() } else { c.to_string() };
    let names = names.split_whitespace().flat_map(|name| match name {
        "TYPE" => SENTENCE.chars().map(typed).collect(),
        name => vec![name.to_owned()],
    });
    names.map(|name| name.parse().map_err(CliError::data)).collect()
}

fn found(heard: &Heard) -> Vec<Entity> {
    let found = |(start, end, label, score): &(usize, usize, String, f32)| Entity {
        range: TextRange::new(*start, *end),
        label: label.clone(),
        score: *score,
    };
    heard.found.iter().map(found).collect()
}

/// The world outside, as it was recorded.
struct Stage<'a> {
    recording: &'a Recording,
    live: bool,
}

impl Stage<'_> {
    fn status(&self) -> Status {
        let whole = &self.recording.status;
        if !self.live {
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
        let last = if self.live { self.recording.status.steps as f64 * PART } else { f64::INFINITY };
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
            has_model: !self.live,
            bytes: self.recording.bytes,
            settings: Some(self.recording.settings.clone()),
            ..RunSummary::default()
        }
    }

    /// Answers what the program asks; what was not recorded stays unanswered.
    fn answer(&self, state: &mut State, effects: Vec<Effect>) {
        for effect in effects {
            let event = match effect {
                Effect::Record { attempt, entries } => {
                    Event::Saved { attempt, ids: entries.iter().map(|entry| entry.id).collect() }
                }
                Effect::Follow { generation, .. } => Event::Points { generation, points: self.points() },
                Effect::Predict { generation, text, .. } if text == self.recording.said.text => {
                    let said = &self.recording.said;
                    let words = said.words.iter().map(|(start, end, labels)| WordGuess {
                        range: TextRange::new(*start, *end),
                        labels: labels.clone(),
                    });
                    let model = self.recording.run.clone();
                    let answer = ModelAnswer { entities: found(said), words: words.collect() };
                    let prediction = Prediction { model, answer };
                    Event::Prediction { generation, prediction }
                }
                _ => continue,
            };
            let more = app::update(state, event);
            self.answer(state, more);
        }
    }
}

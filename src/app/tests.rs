//! Behaviour across screens: training, exploring, leaving, the palette.

use crate::{
    runs::{
        Control, DataSummary, Phase, Point, RunSummary, Scores, Settings, Status,
        live::{LiveReport, RunStart, Version},
    },
    spans::{Document, Entity, Journal, LabelSet, ModelAnswer, Prediction},
    text::{Grid, TextRange},
};

use super::{
    Effect, Event, Key, Leave, Screen, State,
    event::{Level, Message, Opened, WelcomeItem},
    exchange::FormatInfo,
    overlays::{Overlay, palette::Entry, quit_menu::QuitMenu},
    screens::explore::sentence,
    update,
};

pub(super) fn start() -> State {
    let mut state = State::default();
    update(&mut state, Event::Resize { columns: 80, rows: 24 });
    update(&mut state, Event::Opened(Box::new(opened())));
    state
}

/// A project with three documents.
pub(in crate::app) fn opened() -> Opened {
    let texts = ["thai soup", "fish tacos", "green tea"];
    let documents = texts.iter().enumerate().map(|(at, text)| Document::new(format!("d{at}"), *text, Grid::Natural));
    Opened {
        name: "reviews".into(),
        annotator: "ada".into(),
        documents: documents.collect(),
        labels: LabelSet::from_names((1..=11).map(|n| format!("Label{n}"))),
        journal: Journal::default(),
        writer: 7,
        ..Opened::default()
    }
}

pub(super) fn press(state: &mut State, keys: &str) -> Vec<Effect> {
    let names = keys.split_whitespace().map(|name| name.parse::<Key>().unwrap());
    names.flat_map(|key| update(state, Event::Key { key, at: 0 })).collect()
}

/// Text of the message shown; empty without one.
pub(in crate::app) fn message(state: &State) -> &str {
    state.session.message.as_ref().map_or("", |message| message.text.as_str())
}

pub(super) fn run(id: &str, phase: Phase, ours: bool) -> RunSummary {
    let status = Status { phase, ..Status::default() };
    RunSummary { id: id.into(), base: "mini".into(), status, ours, ..RunSummary::default() }
}

fn eval(f1: f64) -> Point {
    let scores = Scores { f1, ..Scores::default() };
    let (split, labels) = ("valid".to_owned(), [].into());
    Point::Eval { step: 10, epoch: 1.0, split, loss: 0.5, piece: scores, word: scores, labels, tables: None }
}

pub(super) fn generation(effects: &[Effect]) -> u64 {
    let found = effects.iter().find_map(|effect| match effect {
        Effect::StartTraining { generation, .. }
        | Effect::Follow { generation, .. }
        | Effect::Summarise { generation, .. }
        | Effect::Predict { generation, .. } => Some(*generation),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("{effects:?}"))
}

/// The entries that the palette finds for a query.
pub(super) fn palette(state: &State, query: &str) -> Vec<Entry> {
    let mut state = state.clone();
    press(&mut state, ":");
    update(&mut state, Event::Paste(query.into()));
    match state.overlay() {
        Some(Overlay::Palette(palette)) => palette.entries(&state.session).into_iter().cloned().collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_training_is_started_and_followed_to_its_end() {
    let mut state = start();
    let asked = generation(&press(&mut state, "T"));
    assert!(state.session.runs.is_starting());
    assert!(press(&mut state, "T").is_empty(), "one training at a time");
    assert!(message(&state).contains("A training runs"));
    let stale = Event::TrainingStarted { generation: asked + 7, run: "0009-mini".into() };
    assert!(update(&mut state, stale).is_empty() && state.session.runs.is_starting());
    let effects = update(&mut state, Event::TrainingStarted { generation: asked, run: "0001-mini".into() });
    let follow = generation(&effects);
    update(&mut state, Event::Points { generation: follow, points: vec![eval(0.5)] });
    update(&mut state, Event::Points { generation: follow - 1, points: vec![eval(0.9)] });
    assert_eq!(
        (state.session.runs.followed.as_ref().unwrap().points.len(), state.session.runs.list[0].word_f1),
        (1, Some(0.5))
    );
    // The screen is the person's: a run that ends does not take it away.
    press(&mut state, "v");
    let status = Status { phase: Phase::Done, checkpoint: Some(10), ..Status::default() };
    let effects = update(&mut state, Event::RunStatus { run: "0001-mini".into(), status });
    assert!(message(&state).contains("per word .500 on"), "{}", message(&state));
    assert!(matches!(effects.as_slice(), [Effect::Suggest { .. }]) && state.session.tagging.anchor.is_some());
    assert!(!state.session.runs.is_busy());
}

#[test]
fn a_training_that_cannot_start_says_why_until_it_is_sent_away() {
    let mut state = start();
    let asked = generation(&press(&mut state, "T"));
    update(&mut state, Event::TrainingRefused { generation: asked, message: "no document is done".into() });
    press(&mut state, "l x");
    assert_eq!(message(&state), "no document is done");
    press(&mut state, "esc");
    assert_eq!((message(&state), state.session.runs.is_busy()), ("", false));
}

#[test]
fn a_run_is_paused_resumed_and_stopped() {
    let mut state = start();
    update(&mut state, Event::Runs(vec![run("0001-mini", Phase::Training, true)]));
    press(&mut state, "f3");
    let control = |effects: Vec<Effect>| match effects.as_slice() {
        [Effect::ControlRun { control, run }] if run == "0001-mini" => *control,
        other => panic!("{other:?}"),
    };
    assert_eq!(control(press(&mut state, "space")), Control::Pause);
    let status = Status { phase: Phase::Paused, ..Status::default() };
    update(&mut state, Event::RunStatus { run: "0001-mini".into(), status });
    assert_eq!(control(press(&mut state, "space")), Control::Resume);
    assert_eq!(control(press(&mut state, "S e")), Control::StopAfterEpoch);
    assert_eq!(control(press(&mut state, "S n")), Control::StopNow);
    assert!(press(&mut state, "S esc s").is_empty(), "no second training");
}

#[test]
fn leaving_asks_while_a_training_of_ours_runs() {
    let mut state = start();
    assert_eq!(press(&mut state, "q"), [Effect::Quit(Leave::Plain)]);
    update(&mut state, Event::Runs(vec![run("0001-mini", Phase::Training, false)]));
    assert_eq!(press(&mut state, "q"), [Effect::Quit(Leave::Plain)]);
    update(&mut state, Event::Runs(vec![run("0001-mini", Phase::Training, true)]));
    assert!(press(&mut state, "q y").is_empty());
    assert_eq!(press(&mut state, "s"), [Effect::Quit(Leave::StopRun)]);
    assert_eq!(press(&mut state, "k"), [Effect::Quit(Leave::KeepRun)]);
    assert!(press(&mut state, "esc l").is_empty());
    assert_eq!(update(&mut state, Event::Hangup), [Effect::Quit(Leave::KeepRun)]);
}

#[test]
fn a_run_that_was_listed_before_it_was_announced_is_ours() {
    let mut state = start();
    let asked = generation(&press(&mut state, "T"));
    let listed = || Event::Runs(vec![run("0001-mini", Phase::Training, false)]);
    update(&mut state, listed());
    update(&mut state, Event::TrainingStarted { generation: asked, run: "0001-mini".into() });
    update(&mut state, listed());
    assert!(state.session.runs.list.len() == 1 && state.session.runs.list[0].ours);
    assert!(press(&mut state, "q y").is_empty());
    assert_eq!(press(&mut state, "s"), [Effect::Quit(Leave::StopRun)]);
    assert_eq!(press(&mut state, "k"), [Effect::Quit(Leave::KeepRun)]);
}

#[test]
fn a_foreign_run_keeps_nobody_whose_save_failed() {
    let mut state = start();
    update(&mut state, Event::Runs(vec![run("0001-mini", Phase::Training, false)]));
    press(&mut state, "3 q");
    update(&mut state, Event::SaveFailed { attempt: 0, message: "disk full".into() });
    assert!(press(&mut state, "s k").is_empty());
    assert_eq!(press(&mut state, "y"), [Effect::Quit(Leave::Plain)]);
}

#[test]
fn the_end_of_a_run_is_shown_once() {
    let done = || Status { phase: Phase::Done, checkpoint: Some(10), ..Status::default() };
    let runs = |old: Phase| vec![run("0002-mini", Phase::Training, false), run("0001-mini", old, false)];
    let mut state = start();
    update(&mut state, Event::Runs(runs(Phase::Training)));
    assert_eq!(state.session.runs.followed.as_ref().unwrap().id, "0002-mini");
    let mut done_now = runs(Phase::Done);
    done_now[1].has_model = true;
    let effects = update(&mut state, Event::Runs(done_now));
    assert!(matches!(effects.as_slice(), [Effect::Suggest { .. }]) && message(&state).contains("0001-mini is done"));
    press(&mut state, "l");
    assert!(update(&mut state, Event::Runs(runs(Phase::Done))).is_empty());
    assert!(update(&mut state, Event::RunStatus { run: "0001-mini".into(), status: done() }).is_empty());
    assert_eq!(message(&state), "");
    assert!(!update(&mut state, Event::RunStatus { run: "0002-mini".into(), status: done() }).is_empty());
    press(&mut state, "l");
    let both = ["0002-mini", "0001-mini"].map(|id| run(id, Phase::Done, false));
    assert!(update(&mut state, Event::Runs(both.into())).is_empty() && message(&state).is_empty());
}

#[test]
fn the_live_model_suggests_until_a_newer_run_has_a_model() {
    let mut state = start();
    let asked = |effects: &[Effect]| match effects {
        [Effect::Suggest { run, .. }] => run.clone(),
        other => panic!("{other:?}"),
    };
    let model = |id: &str| {
        let mut info = run(id, Phase::Done, false);
        info.has_model = true;
        info
    };
    update(&mut state, Event::Runs(vec![model("0001-mini")]));
    let live = |version: u64, over: &str| {
        let (suggester, over) = (Some(Version(version)), Some(RunStart { id: over.to_owned(), started: 0 }));
        Event::Live(Box::new(LiveReport { suggester, over, newest: suggester, ..LiveReport::default() }))
    };
    assert_eq!(asked(&update(&mut state, live(2, "0001-mini"))), "live-2");
    assert!(update(&mut state, live(2, "0001-mini")).is_empty(), "nothing has changed");
    assert_eq!(asked(&update(&mut state, live(3, "0001-mini"))), "live-3");
    let effects = update(&mut state, Event::Runs(vec![model("0002-mini"), model("0001-mini")]));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Suggest { run, .. } if run == "0002-mini")));
    assert_eq!(asked(&update(&mut state, live(9, "0002-mini"))), "live-9");
    assert!(!update(&mut state, Event::Live(Box::default())).is_empty());
    assert_eq!(state.session.suggesting().as_deref(), Some("0002-mini"));
}

#[test]
fn the_f1_of_a_run_that_is_over_is_that_of_the_weights_it_kept() {
    let mut state = start();
    let effects = update(&mut state, Event::Runs(vec![run("0001-mini", Phase::Training, false)]));
    let follow = generation(&effects);
    update(&mut state, Event::Points { generation: follow, points: vec![eval(0.7), eval(0.5)] });
    assert_eq!(state.session.runs.list[0].word_f1, Some(0.5));
    let status = Status { phase: Phase::Done, ..Status::default() };
    update(&mut state, Event::RunStatus { run: "0001-mini".into(), status });
    assert!(message(&state).contains("is done; it has no model"), "which weights a foreign run keeps is not known");
    let settings = Some(Settings { keep_best: true, ..Settings::lesson("mini") });
    let kept = RunSummary { word_f1: Some(0.7), settings, ..run("0001-mini", Phase::Done, false) };
    update(&mut state, Event::Runs(vec![kept]));
    update(&mut state, Event::Points { generation: follow, points: vec![eval(0.6)] });
    assert_eq!(state.session.runs.list[0].word_f1, Some(0.7));
    assert_eq!(state.session.runs.evaluation().map(|evaluation| evaluation.word.f1), Some(0.7));
}

#[test]
fn our_run_tells_the_best_value_if_it_keeps_the_best_weights() {
    let mut state = start();
    state.train.settings.keep_best = true;
    let asked = generation(&press(&mut state, "T"));
    let effects = update(&mut state, Event::TrainingStarted { generation: asked, run: "0001-mini".into() });
    update(&mut state, Event::Points { generation: generation(&effects), points: vec![eval(0.7), eval(0.5)] });
    let status = Status { phase: Phase::Done, ..Status::default() };
    update(&mut state, Event::RunStatus { run: "0001-mini".into(), status });
    assert!(message(&state).contains("per word .700 on"), "{}", message(&state));
}

#[test]
fn leaving_waits_until_everything_is_saved() {
    let mut state = start();
    let effects = press(&mut state, "3 q");
    let [Effect::Record { attempt, entries }] = effects.as_slice() else { panic!("{effects:?}") };
    let saved = Event::Saved { attempt: *attempt, ids: entries.iter().map(|entry| entry.id).collect() };
    assert_eq!(update(&mut state.clone(), saved.clone()), [Effect::Quit(Leave::Plain)]);
    // Another key means that the person stays.
    press(&mut state, "l");
    assert!(update(&mut state, saved).is_empty());
}

#[test]
fn leaving_asks_when_something_cannot_be_saved() {
    let mut state = start();
    press(&mut state, "3 q");
    update(&mut state, Event::SaveFailed { attempt: 0, message: "disk full".into() });
    assert_eq!(state.overlay(), Some(&Overlay::from(QuitMenu)));
    press(&mut state, "esc q");
    assert_eq!(state.overlay(), Some(&Overlay::from(QuitMenu)));
    assert_eq!(press(&mut state, "y"), [Effect::Quit(Leave::Plain)]);
}

#[test]
fn a_hang_up_tries_once_more_to_save_what_could_not_be_saved() {
    let mut state = start();
    press(&mut state, "3");
    update(&mut state, Event::SaveFailed { attempt: 0, message: "disk full".into() });
    let effects = update(&mut state, Event::Hangup);
    let [Effect::Record { attempt: 1, entries }, Effect::Quit(Leave::Plain)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(entries.len(), 1);
}

#[test]
fn leaving_twice_does_not_wait() {
    let mut state = start();
    press(&mut state, "3 q q");
    assert_eq!(press(&mut state, "y"), [Effect::Quit(Leave::Plain)]);
}

#[test]
fn screens_go_round() {
    let mut state = start();
    let mut seen = Vec::new();
    for _ in Screen::ALL {
        press(&mut state, "tab");
        seen.push(state.session.screen);
    }
    assert_eq!(seen, [Screen::Documents, Screen::Train, Screen::Evaluate, Screen::Explore, Screen::Tag]);
    press(&mut state, "shift-tab");
    assert_eq!(state.session.screen, Screen::Explore);
}

#[test]
fn a_late_prediction_is_not_shown() {
    let mut state = start();
    press(&mut state, "f5");
    let first = generation(&press(&mut state, "t"));
    let second = generation(&press(&mut state, "e a"));
    let prediction = |label: &str| {
        let found = vec![Entity { range: TextRange::new(0, 1), label: label.into(), score: 0.5 }];
        Prediction {
            model: "m".into(),
            answer: ModelAnswer { entities: found, ..ModelAnswer::default() },
            pipeline: None,
        }
    };
    update(&mut state, Event::Prediction { generation: first, prediction: prediction("late") });
    assert!(state.explore.prediction().is_none());
    let last = generation(&press(&mut state, "space"));
    assert!(last > second);
    update(&mut state, Event::Prediction { generation: last, prediction: prediction("Label1") });
    assert!(state.explore.is_current(&state.session));
    press(&mut state, "x");
    assert_eq!((state.explore.is_current(&state.session), state.explore.entities(&state.session).len()), (false, 1));
    press(&mut state, "ctrl-u");
    assert!(state.explore.entities(&state.session).is_empty());
}

#[test]
fn every_printable_key_is_text_in_a_field() {
    let mut state = start();
    press(&mut state, "f5 q ? : 1 space T");
    assert_eq!((sentence(&state.session), state.overlay().is_none()), ("q?:1 T", true));
    update(&mut state, Event::Paste("fish\ttacos\u{7}".into()));
    assert_eq!(sentence(&state.session), "q?:1 Tfish tacos");
    press(&mut state, "esc q");
    assert_eq!(sentence(&state.session), "q?:1 Tfish tacos");
}

#[test]
fn documents_are_found_and_opened() {
    let mut state = start();
    press(&mut state, "tab / T");
    assert_eq!(state.documents.shown(), [0, 1, 2]);
    press(&mut state, "A C O X");
    assert!(state.documents.shown().is_empty());
    press(&mut state, "backspace enter");
    assert_eq!(state.documents.shown(), [1]);
    press(&mut state, "enter");
    assert_eq!((state.session.screen, state.session.tagging.document), (Screen::Tag, 1));
    press(&mut state, "enter tab esc f f f");
    assert_eq!(state.documents.shown(), [1], "only what is done");
}

#[test]
fn settings_are_typed_and_wrong_ones_not_taken() {
    let mut state = start();
    press(&mut state, "f3 down down down down enter ctrl-u x enter");
    assert!(
        state.train.problem.as_deref().is_some_and(|problem| problem.contains("epochs")),
        "{:?}",
        state.train.problem
    );
    press(&mut state, "ctrl-u 5 enter");
    assert_eq!((state.train.settings.epochs, state.train.typing), (5.0, false));
    press(&mut state, "down down down down enter");
    let effects = press(&mut state, "s");
    let Some(Effect::StartTraining { settings, .. }) = effects.last() else { panic!("{effects:?}") };
    assert_eq!((settings.epochs, settings.label_mode), (5.0, crate::runs::LabelMode::AllI));
}

#[test]
fn the_palette_reaches_what_has_no_key() {
    let mut state = start();
    let names: Vec<String> = palette(&state, "label11").into_iter().map(|entry| entry.name).collect();
    assert_eq!(names, ["label Label11", "arm Label11"]);
    press(&mut state, ": l a b e l 1 1 enter");
    let span = state.session.project.as_ref().unwrap().annotation(0).spans()[0].clone();
    assert_eq!(state.session.project.as_ref().unwrap().labels.name(span.label), "Label11");
    state.session.formats = FormatInfo::some();
    let effects = press(&mut state, ": e x p o r t enter enter");
    assert!(matches!(effects[..], [Effect::Export { choices, .. }] if choices.format == "conll2003"), "{effects:?}");
    press(&mut state, "esc");
    press(&mut state, ": z z z z enter");
    assert!(state.field().is_some(), "what was typed can be put right");
}

#[test]
fn the_key_line_offers_no_changes_where_a_project_can_only_be_read() {
    let mut state = start();
    let words = |state: &State| state.hints().into_iter().map(|hint| hint.word).collect::<Vec<_>>();
    assert!(words(&state).contains(&"done") && words(&state).contains(&"document"));
    state.session.project.as_mut().unwrap().read_only = Some("the disk is read only".to_owned());
    let offered = words(&state);
    assert!(!offered.iter().any(|word| ["done", "skip", "flag", "note"].contains(word)), "{offered:?}");
    assert!(offered.contains(&"document") && offered.contains(&"more"), "{offered:?}");
    press(&mut state, "enter");
    assert!(message(&state).contains("read only"), "{}", message(&state));
}

#[test]
fn what_would_train_is_counted_on_coming() {
    let mut state = start();
    let first = generation(&press(&mut state, "f3"));
    let second = generation(&press(&mut state, "f1 f3"));
    let summary = |train| DataSummary { train, ..DataSummary::default() };
    update(&mut state, Event::Summary { generation: second, summary: summary(2) });
    update(&mut state, Event::Summary { generation: first, summary: summary(1) });
    assert_eq!(state.train.summary.as_ref().map(|summary| summary.train), Some(2));
}

#[test]
fn a_project_is_opened_from_the_welcome_screen() {
    let mut state = State::default();
    let place = |path: &str| WelcomeItem { path: path.into(), name: path.into(), ..WelcomeItem::default() };
    update(&mut state, Event::Welcome(vec![place("/a"), place("/b")]));
    assert_eq!(press(&mut state, "j enter enter tab"), [Effect::Open("/b".into())]);
    update(&mut state, Event::OpenFailed("project.json: line 3: a comma is missing".into()));
    assert_eq!(press(&mut state, "enter"), [Effect::Open("/b".into())]);
}

#[test]
fn an_error_is_not_pushed_away_by_small_talk() {
    let mut state = start();
    let say = |level, text: &str| Event::Message(Message { level, text: text.into() });
    update(&mut state, say(Level::Error, "the device is gone"));
    update(&mut state, say(Level::Info, "copied"));
    assert_eq!(message(&state), "the device is gone");
}

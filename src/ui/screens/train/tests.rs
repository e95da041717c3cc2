//! The Train screen's pages as snapshots, and what must hold of them at any size.

use crate::{
    app::{Effect, Event, Key, State, event::FetchOffer, update},
    runs::{
        DataSummary, LabelScores, Phase, Point, Recipe, RunData, RunSummary, ScoreComparison, Scores, Settings, Status,
        metrics::{Table, Tables},
    },
    spans::{Difference, Differences, Interval},
    ui::{
        Caps,
        tests::{ASCII, after, plain, press, screen},
    },
};

const LABELS: [&str; 8] = ["Amenity", "Cuisine", "Dish", "Hours", "Location", "Price", "Rating", "Restaurant_Name"];
const DEVICE: &str = "flex: this build has no GPU backend; 2 processor cores";

fn auto() -> Settings {
    Settings {
        learning_rate: 5e-4,
        epochs: 25.0,
        warmup: 0.1,
        evaluations: 10,
        keep_best: true,
        ..Settings::lesson("mini")
    }
}

fn summary() -> DataSummary {
    let spans = [61, 48, 90, 17, 70, 33, 41, 52];
    let labels = LABELS.iter().zip(spans).map(|(label, n)| ((*label).to_owned(), [n, n / 8, n / 9]));
    DataSummary {
        train: 256,
        valid: 32,
        test: 32,
        words: [2950, 368, 371],
        spans: [412, 49, 44],
        labels: labels.collect(),
        out: vec![("todo".into(), 78), ("skipped".into(), 2)],
        notes: vec!["spans over another one, which stay out (a word has one tag): 1".into()],
        more: None,
        base: "mini".into(),
        recipes: vec![(Recipe::Auto, auto()), (Recipe::Lesson, Settings::lesson("mini"))],
    }
}

/// The Train screen of a project with `data`, the settings from `auto`.
fn form(columns: u16, rows: u16, data: DataSummary) -> State {
    let mut state = after("", columns, rows);
    state.train.recipe = Some(Recipe::Auto);
    if let Some(project) = &mut state.session.project {
        project.device = DEVICE.into();
    }
    let key: Key = "f3".parse().unwrap();
    let effects = update(&mut state, Event::Key { key, at: 1_790_000_000 });
    let Some(Effect::Summarise { generation, .. }) = effects.last().cloned() else { panic!("{effects:?}") };
    update(&mut state, Event::Summary { generation, summary: data });
    state
}

/// Points of a run that learns.
/// `steps` of `planned`, a line and an evaluation now and then.
fn learned(steps: usize, planned: usize, per_epoch: usize, best: f64) -> Vec<Point> {
    let mut points = Vec::new();
    let (every, between) = ((planned / 200).max(1), (planned / 10).max(1));
    for step in 1..=steps {
        let (share, epoch) = (step as f64 / planned as f64, step as f64 / per_epoch as f64);
        let noise = f64::from(u32::try_from(step * 7919 % 101).unwrap()) / 101.0 - 0.5;
        if step % every == 0 {
            let loss = 2.4 * (-share * 7.0).exp() + 0.03 + 0.3 * noise * (-share * 3.0).exp();
            let lr = 5e-4 * (share / 0.1).min((1.0 - share) / 0.9);
            let (loss, norm) = (loss.max(0.01), 3.0 * (-share * 4.0).exp() + 0.5 + noise * 0.6);
            let (tokens_per_second, seconds) = (1180.4, Some(step as f64 * 0.21));
            points.push(Point::Step { step, epoch, loss, lr, grad_norm: norm, tokens_per_second, seconds });
        }
        if step % between == 0 {
            // It learns, then learns by heart.
            let f1 = best * (1.0 - (-share * 5.0).exp()) - 0.04 * (share - 0.7).max(0.0);
            points.push(evaluation("valid", step, epoch, f1, 0.4 + (-share * 6.0).exp() + 0.3 * share));
        }
    }
    points
}

fn evaluation(split: &str, step: usize, epoch: f64, f1: f64, loss: f64) -> Point {
    let scores = |f1: f64| Scores { precision: f1 - 0.02, recall: f1 + 0.02, f1, accuracy: 0.93 };
    let label = |(at, name): (usize, &&str)| {
        let f1 = (f1 + 0.03 * (at as f64 - 3.0)).clamp(0.0, 1.0);
        let scores = LabelScores { precision: f1, recall: f1, f1, support: 7 + at * 5, found: None };
        ((*name).to_owned(), scores)
    };
    let table = |f1: f64| Table { all: scores(f1), labels: Default::default() };
    let tables = Tables { word_strict: table(f1 - 0.01), piece: table(f1 + 0.02), piece_strict: table(f1) };
    Point::Eval {
        step,
        epoch,
        split: split.into(),
        loss,
        piece: scores(f1 + 0.02),
        word: scores(f1),
        labels: LABELS.iter().enumerate().map(label).collect(),
        tables: Some(Box::new(tables)),
    }
}

fn info(id: &str, phase: Phase, step: usize) -> RunSummary {
    let status = Status {
        phase,
        step,
        steps: 400,
        epoch: step as f64 / 16.0,
        epochs: 25.0,
        seconds: step as f64 * 0.21,
        eta: (!phase.is_over()).then_some(46.0),
        device: DEVICE.into(),
        ..Status::default()
    };
    RunSummary {
        id: id.into(),
        base: "mini".into(),
        started: 1_790_000_000,
        status,
        word_f1: (step > 0).then_some(0.612),
        ours: true,
        has_model: phase == Phase::Done,
        bytes: 31_234_567,
        resumable: false,
        settings: Some(auto()),
        when: "2026-11-23 21:05".into(),
        model_f1: (phase == Phase::Done).then_some(0.612),
        data: Some(data("ada", [256, 32, 32], [412, 49, 44])),
    }
}

fn data(annotator: &str, documents: [usize; 3], spans: [usize; 3]) -> RunData {
    RunData { annotator: annotator.into(), documents, spans, ..RunData::default() }
}

/// A run in front with these points.
fn run(columns: u16, rows: u16, infos: Vec<RunSummary>, points: Vec<Point>) -> State {
    let mut state = form(columns, rows, summary());
    let effects = update(&mut state, Event::Runs(infos));
    let Some(Effect::Follow { generation, .. }) = effects.first().cloned() else { panic!("{effects:?}") };
    update(&mut state, Event::Points { generation, points });
    press(&mut state, "v");
    state
}

fn going(columns: u16, rows: u16) -> State {
    let mut info = info("0008-mini", Phase::Training, 232);
    (info.status.checkpoint, info.status.stopping) = (Some(200), true);
    run(columns, rows, vec![info], learned(232, 400, 16, 0.64))
}

fn done(columns: u16, rows: u16) -> State {
    let mut points = learned(400, 400, 16, 0.64);
    points.push(evaluation("test", 320, 20.0, 0.598, 0.5));
    let runs = vec![info("0008-mini", Phase::Done, 400), older("0003-distilbert-base-uncased")];
    run(columns, rows, runs, points)
}

fn older(id: &str) -> RunSummary {
    let settings = Settings { batch: 32, ..Settings::lesson("distilbert-base-uncased") };
    let data = data("grace", [200, 32, 32], [310, 49, 44]);
    let mut run = info(id, Phase::Stopped, 120);
    run.base.clone_from(&settings.base);
    (run.settings, run.data, run.word_f1, run.bytes) = (Some(settings), Some(data), Some(0.41), 265_000_000);
    run
}

/// The run that is done, beside an older one.
fn compared(columns: u16, rows: u16) -> State {
    let mut state = done(columns, rows);
    press(&mut state, "m");
    let effects = update(&mut state, Event::Key { key: "m".parse().unwrap(), at: 0 });
    let [Effect::Compare { generation, .. }, Effect::CompareScores { generation: scoring, .. }] = effects.as_slice()
    else {
        panic!("{effects:?}")
    };
    update(&mut state, Event::Compared { generation: *generation, points: Ok(learned(120, 400, 16, 0.8)) });
    let difference = Difference {
        scores: [0.598, 0.41],
        interval: Some(Interval { low: -0.012, high: 0.231 }),
        against: Some(0.04),
    };
    let differences = Differences { overall: difference, ..Differences::default() };
    let found = Ok(Box::new(ScoreComparison { differences, only_right: [12, 7] }));
    update(&mut state, Event::ScoresCompared { generation: *scoring, found });
    state
}

fn logged(columns: u16, rows: u16) -> State {
    let mut state = done(columns, rows);
    let effects = update(&mut state, Event::Key { key: "l".parse().unwrap(), at: 0 });
    let [Effect::ReadLog { generation, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let mut lines: Vec<String> = (1..30).map(|n| format!("line {n}")).collect();
    lines[28] = "evil \u{1b}[2J\u{1b}]0;owned\u{7} ".to_owned() + &"and long ".repeat(20);
    update(&mut state, Event::Log { generation: *generation, lines: Ok(lines) });
    state
}

fn asked(columns: u16, rows: u16) -> State {
    let mut state = done(columns, rows);
    press(&mut state, "r D");
    state
}

fn fetch_offered(columns: u16, rows: u16) -> State {
    let mut state = form(columns, rows, summary());
    let started = update(&mut state, Event::Key { key: Key::char('s'), at: 1_790_000_000 }).pop();
    let Some(Effect::StartTraining { generation, settings, recipe, .. }) = started else { panic!("{started:?}") };
    let accepted = Effect::StartTraining { generation, settings, recipe, fetch: true, repeat: true };
    let base = "distilbert-base-uncased".to_owned();
    let question = format!("Fetch {base} (268.2 MB) from https://huggingface.co with the token of HF_TOKEN?");
    update(&mut state, Event::FetchOffered(FetchOffer { generation, base, question, accepted }));
    state
}

fn snapshot(name: &str, theme: &str, moment: fn(u16, u16) -> State, sizes: &[(u16, u16)]) {
    let screens = sizes.iter().map(|(columns, rows)| {
        let state = moment(*columns, *rows);
        format!("{columns}x{rows}\n{}", screen(&state, theme, Caps::default()))
    });
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "../../snapshots" }, {
        insta::assert_snapshot!(name, screens.collect::<Vec<_>>().join("\n"));
    });
}

fn settings_page(columns: u16, rows: u16) -> State {
    let mut state = form(columns, rows, summary());
    press(&mut state, "down down");
    state
}

#[test]
fn settings_and_data() {
    snapshot("train-form", "ansi", settings_page, &[(80, 24), (120, 40), (60, 16)]);
}

#[test]
fn a_run_that_goes_on() {
    snapshot("train-run", "ansi", going, &[(80, 24), (120, 40), (60, 16)]);
    snapshot("train-run-mono", "mono", going, &[(80, 24)]);
}

#[test]
fn a_run_that_is_done() {
    snapshot("train-done", "ansi", done, &[(80, 24)]);
}

#[test]
fn two_runs_compared() {
    snapshot("train-compare", "ansi", compared, &[(80, 24), (120, 40), (60, 16)]);
}

/// The run that is done, read out on a logarithmic scale by time, in a part of the axis.
fn read_out(columns: u16, rows: u16) -> State {
    let mut state = done(columns, rows);
    press(&mut state, "c y x x + left left left");
    state
}

/// Three runs on common axes.
fn three(columns: u16, rows: u16) -> State {
    let runs = vec![info("0008-mini", Phase::Done, 400), older("0003-distilbert"), older("0002-distilbert")];
    let mut state = run(columns, rows, runs, learned(400, 400, 16, 0.64));
    for best in [0.8, 0.7] {
        press(&mut state, "m");
        let effects = update(&mut state, Event::Key { key: "m".parse().unwrap(), at: 0 });
        let [Effect::Compare { generation, .. }, ..] = effects.as_slice() else { panic!("{effects:?}") };
        update(&mut state, Event::Compared { generation: *generation, points: Ok(learned(160, 400, 16, best)) });
    }
    press(&mut state, "x left");
    state
}

#[test]
fn curves_read_out_at_the_cursor() {
    snapshot("train-read-out", "ansi", read_out, &[(80, 24), (120, 40), (60, 16)]);
}

#[test]
fn three_runs_on_common_axes() {
    snapshot("train-three", "ansi", three, &[(80, 24), (120, 40), (60, 16)]);
}

#[test]
fn letters_stay_with_their_runs_when_one_cannot_be_read() {
    let runs = vec![info("0008-mini", Phase::Done, 400), older("0003-distilbert"), older("0002-distilbert")];
    let mut state = run(120, 40, runs, learned(400, 400, 16, 0.64));
    for points in [Err("it is gone".to_owned()), Ok(learned(160, 400, 16, 0.7))] {
        press(&mut state, "m");
        let effects = update(&mut state, Event::Key { key: "m".parse().unwrap(), at: 0 });
        let [Effect::Compare { generation, .. }, ..] = effects.as_slice() else { panic!("{effects:?}") };
        update(&mut state, Event::Compared { generation: *generation, points });
    }
    let shown = plain(&state, Caps::default());
    for part in ["A 0008-mini", "C 0002-distil", "A-C", "C step ", "A and C: settings"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    assert!(!shown.contains("B step") && !shown.contains("A-B"), "{shown}");
}

#[test]
fn the_cursor_shows_the_values_of_the_point_itself() {
    let mut state = done(120, 40);
    press(&mut state, "x left");
    let points = &state.session.runs.followed.as_ref().unwrap().points;
    let mut losses = points.iter().filter_map(|point| match point {
        Point::Step { step: 400, loss, .. } => Some(*loss),
        _ => None,
    });
    let loss = crate::ui::chart::plain(losses.next_back().unwrap());
    let shown = plain(&state, Caps::default());
    for part in ["step 400, epoch 25.00, 1:24", &format!("raw {loss}"), "o word .624"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains(" at 400"), "{shown}");
    press(&mut state, "left");
    let shown = plain(&state, Caps::default());
    assert!(shown.contains("step 396") && shown.contains("o word .624 at 400"), "{shown}");
}

#[test]
fn a_finished_run_that_is_opened_never_seems_to_have_ended_before_its_first_value() {
    let mut state = form(80, 24, summary());
    let effects = update(&mut state, Event::Runs(vec![info("0008-mini", Phase::Done, 400)]));
    let Some(Effect::Follow { generation, .. }) = effects.first().cloned() else { panic!("{effects:?}") };
    press(&mut state, "v");
    let early = "ended before the first value";
    assert!(!plain(&state, Caps::default()).contains(early));
    update(&mut state, Event::Points { generation, points: Vec::new() });
    assert!(plain(&state, Caps::default()).contains(early), "it did");
}

#[test]
fn the_log() {
    snapshot("train-log", "ansi", logged, &[(80, 24)]);
}

#[test]
fn the_question_before_removing() {
    snapshot("train-remove", "ansi", asked, &[(80, 24)]);
}

#[test]
fn the_question_before_a_base_is_fetched() {
    snapshot("train-fetch", "ansi", fetch_offered, &[(80, 24), (60, 16)]);
}

#[test]
fn short_and_long_runs_fill_their_charts() {
    for (steps, per_epoch) in [(5, 5), (100_000, 2000)] {
        let mut one = info("0001-mini", Phase::Done, steps);
        (one.status.steps, one.status.epochs) = (steps, steps as f64 / per_epoch as f64);
        one.status.epoch = one.status.epochs;
        let state = run(80, 24, vec![one], learned(steps, steps, per_epoch, 0.7));
        let shown = plain(&state, Caps::default());
        let dots = |line: &str| line.chars().filter(|c| ('\u{2801}'..='\u{28ff}').contains(c)).count();
        assert!(shown.lines().map(dots).sum::<usize>() > 40, "{shown}");
        assert!(shown.contains("F1 per word") && shown.contains('*'), "{shown}");
    }
}

#[test]
fn the_reason_of_a_failed_run_is_shown_in_full() {
    for points in [Vec::new(), learned(40, 400, 16, 0.5)] {
        let mut failed = info("0001-mini", Phase::Failed, 40);
        let words: Vec<String> = (0..60).map(|n| format!("word{n}")).collect();
        failed.status.message = words.join(" ");
        let state = run(80, 24, vec![failed], points);
        let shown = plain(&state, Caps::default());
        assert!(words.iter().all(|word| shown.contains(word)), "{shown}");
    }
}

#[test]
fn nothing_three_hundred_and_hostile_runs_are_listed() {
    let mut state = form(80, 24, summary());
    press(&mut state, "r");
    assert!(plain(&state, Caps::default()).contains("what goes in"), "without runs the settings stay");
    let runs = (1..=300).rev().map(|n| info(&format!("{n:04}-mini"), Phase::Done, 400)).collect();
    update(&mut state, Event::Runs(runs));
    press(&mut state, "r end");
    let shown = plain(&state, Caps::default());
    assert!(
        shown.contains("0001-mini") && shown.contains("300 runs, 9.4 GB") && !shown.contains("0299-mini"),
        "{shown}"
    );
    press(&mut state, "home pagedown");
    assert!(plain(&state, Caps::default()).contains("0285-mini"));
    let mut evil = info("0001-mini", Phase::Failed, 0);
    evil.status.message = "\u{1b}[2J boom".into();
    evil.status.device = "\u{7}".into();
    update(&mut state, Event::Runs(vec![evil]));
    for keys in ["", "enter", "l"] {
        press(&mut state, keys);
        let shown = plain(&state, ASCII);
        assert!(shown.is_ascii() && !shown.chars().any(|c| c.is_control() && c != '\n'), "{shown}");
    }
}

#[test]
fn a_label_without_a_span_in_train_is_named() {
    let mut data = summary();
    data.labels[3].1[0] = 0;
    let shown = plain(&form(80, 24, data), Caps::default());
    assert!(shown.contains("no span in train") && shown.contains("Hours"), "{shown}");
    let empty = DataSummary { out: vec![("todo".into(), 3)], ..DataSummary::default() };
    assert!(plain(&form(80, 24, empty), Caps::default()).contains("Nothing to learn from yet"));
}

#[test]
fn the_last_learning_curve_is_beside_the_data() {
    let more = "100 more documents: about +.02 (.00 to .04) (learning curve of 256 documents)";
    for (columns, rows) in [(120, 40), (80, 24)] {
        let shown = plain(&form(columns, rows, DataSummary { more: Some(more.into()), ..summary() }), Caps::default());
        assert!(shown.contains("100 more documents: about"), "{shown}");
    }
}

#[test]
fn a_reader_of_the_screen_hears_every_page() {
    let caps = Caps { plain: true, ..Caps::default() };
    for moment in [settings_page, going, done, compared, logged, asked, read_out, three] {
        for (columns, rows) in [(80, 24), (120, 40), (60, 16)] {
            let shown = plain(&moment(columns, rows), caps);
            assert!(!shown.chars().any(|c| ('\u{2500}'..='\u{28ff}').contains(&c)), "{shown}");
        }
    }
    assert!(plain(&done(80, 24), caps).contains("F1 word: .624, best .625 at epoch 22.5"));
}

#[test]
fn every_chart_is_drawn_in_every_size() {
    for (columns, rows) in [(120, 40), (80, 24), (60, 16), (100, 17), (200, 60)] {
        for moment in [going, done, compared, read_out, three] {
            let mut state = moment(columns, rows);
            for keys in ["c", "c", "c", "c down down", "up up"] {
                press(&mut state, keys);
                assert!(!plain(&state, ASCII).is_empty());
            }
        }
    }
}

#[test]
fn the_tag_screen_tells_loss_and_f1_and_then_the_end() {
    let strip = |state: &State| {
        let shown = plain(state, Caps::default());
        shown.lines().find(|line| line.contains("0008-mini") && line.contains("loss")).unwrap_or_default().to_owned()
    };
    for (columns, rows) in [(80, 24), (60, 16)] {
        let mut state = going(columns, rows);
        press(&mut state, "f1");
        let line = strip(&state);
        let epoch = if columns == 80 { "epoch 14.5/25" } else { "stopping" };
        assert!([epoch, "loss", "word F1", ".587"].iter().all(|text| line.contains(text)), "{line}");
        let mut status = info("0008-mini", Phase::Done, 400).status;
        status.checkpoint = Some(200);
        update(&mut state, Event::RunStatus { run: "0008-mini".into(), status });
        press(&mut state, "l");
        let line = strip(&state);
        assert!(line.contains("done") && line.contains(".587 kept"), "{line}");
    }
}

#[test]
fn in_a_small_window_runs_are_compared_by_numbers_that_scroll() {
    let mut state = compared(60, 16);
    let shown = |state: &State| plain(state, Caps::default());
    let before = shown(&state);
    assert!(before.contains("a wider window shows the curves") && before.contains("more: down"), "{before}");
    assert!(!before.contains("next chart") && !before.contains("zoom"), "{before}");
    press(&mut state, "c");
    let message = &state.session.message.as_ref().unwrap().text;
    assert!(message.contains("too small"), "{message}");
    press(&mut state, "down");
    let first_label = |text: &str| text.lines().skip_while(|line| !line.contains("F1 per")).nth(1).unwrap().to_owned();
    assert_ne!(first_label(&before), first_label(&shown(&state)));
    press(&mut state, "end");
    assert!(shown(&state).contains("Restau"), "the last label: {}", shown(&state));
}

//! The Train screen: recipes, pages, checkpoints, comparing, the log, removing.

use crate::{
    app::{
        Effect, Event, Key, State,
        event::{FetchOffer, Opened},
        overlays::{Overlay, removal::Removal},
        screen::Screen,
        tests::message,
        update,
    },
    runs::{Across, Control, DataSummary, Phase, Point, Recipe, RunSummary, Scores, Settings, Status, window::Window},
    spans::{Journal, LabelSet},
};

use super::{Chart, Page};

mod compared;

fn auto(documents: usize) -> Settings {
    Settings { learning_rate: 5e-4, epochs: if documents > 100 { 20.0 } else { 40.0 }, ..Settings::lesson("mini") }
}

fn start() -> State {
    let opened = Opened {
        name: "reviews".into(),
        annotator: "ada".into(),
        documents: Default::default(),
        labels: LabelSet::restaurant(),
        journal: Journal::default(),
        writer: 7,
        settings: auto(10),
        recipe: Some(Recipe::Auto),
        ..Opened::default()
    };
    let mut state = State::default();
    update(&mut state, Event::Resize { columns: 80, rows: 24 });
    update(&mut state, Event::Opened(Box::new(opened)));
    state
}

fn press(state: &mut State, keys: &str) -> Vec<Effect> {
    press_at(state, keys, 0)
}

fn press_at(state: &mut State, keys: &str, at: u64) -> Vec<Effect> {
    let names = keys.split_whitespace().map(|name| name.parse::<Key>().unwrap());
    names.flat_map(|key| update(state, Event::Key { key, at })).collect()
}

/// Goes to the screen with this number of documents to learn from.
fn counted(state: &mut State, documents: usize) {
    let effects = press(state, "f1 f3");
    answer(state, &effects, documents);
}

fn answer(state: &mut State, effects: &[Effect], documents: usize) {
    let [.., Effect::Summarise { generation, base }] = effects else { panic!("{effects:?}") };
    let with = |settings: Settings| Settings { base: base.clone(), ..settings };
    let tuned = Settings { mask: 0.15, ..auto(documents) };
    let recipes = [(Recipe::Auto, auto(documents)), (Recipe::Lesson, Settings::lesson("mini")), (Recipe::Tuned, tuned)];
    let recipes = recipes.map(|(kind, settings)| (kind, with(settings))).into();
    let summary = DataSummary { train: documents, base: base.clone(), recipes, ..DataSummary::default() };
    update(state, Event::Summary { generation: *generation, summary });
}

fn run(id: &str, phase: Phase, step: usize) -> RunSummary {
    let status = Status { phase, step, ..Status::default() };
    RunSummary { id: id.into(), status, settings: Some(auto(10)), ..RunSummary::default() }
}

fn runs(state: &mut State, infos: Vec<RunSummary>) -> Vec<Effect> {
    update(state, Event::Runs(infos))
}

fn eval(step: usize, f1: f64) -> Point {
    let (scores, labels) = (Scores { f1, ..Scores::default() }, [].into());
    let (epoch, split) = (1.0, "valid".to_owned());
    Point::Eval { step, epoch, split, loss: 0.5, piece: scores, word: scores, labels, tables: None }
}

#[test]
fn a_recipe_follows_the_documents_until_a_row_is_changed() {
    let mut state = start();
    counted(&mut state, 10);
    assert_eq!((state.train.settings.epochs, state.train.recipe), (40.0, Some(Recipe::Auto)));
    counted(&mut state, 300);
    assert_eq!(state.train.settings.epochs, 20.0);
    // Epochs are the fifth row.
    press(&mut state, "down down down down enter ctrl-u 7 enter");
    assert_eq!((state.train.recipe, state.train.differs(4), state.train.differs(2)), (None, true, false));
    counted(&mut state, 10);
    assert_eq!(state.train.settings.epochs, 7.0);
    let Some(Effect::StartTraining { recipe, settings, .. }) = press(&mut state, "s").pop() else { panic!() };
    assert_eq!((recipe, settings.epochs), (None, 7.0));
}

#[test]
fn the_key_that_trains_on_other_screens_trains_here_too() {
    let mut state = start();
    press(&mut state, "f3");
    counted(&mut state, 300);
    let started = press(&mut state, "T").pop();
    assert!(matches!(started, Some(Effect::StartTraining { .. })), "{started:?}");
}

#[test]
fn enter_goes_through_the_recipes_and_back_to_ones_own() {
    let mut state = start();
    counted(&mut state, 10);
    press(&mut state, "enter");
    assert_eq!((state.train.recipe, state.train.settings.learning_rate), (Some(Recipe::Lesson), 2e-5));
    press(&mut state, "enter");
    assert_eq!((state.train.recipe, state.train.settings.mask), (Some(Recipe::Tuned), 0.15));
    press(&mut state, "enter");
    assert_eq!((state.train.recipe, state.train.settings.learning_rate), (Some(Recipe::Auto), 5e-4));
    press(&mut state, "end enter ctrl-u c p u enter");
    assert_eq!((state.train.recipe, state.train.settings.device.as_str()), (Some(Recipe::Auto), "cpu"));
    press(&mut state, "home down down enter ctrl-u 1 e - 3 enter home");
    assert_eq!(state.train.value(0), "own");
    press(&mut state, "enter enter enter enter");
    assert_eq!((state.train.value(0).as_str(), state.train.settings.learning_rate), ("own", 1e-3));
    assert_eq!(state.train.settings.device, "cpu");
    // Typing a recipe's value again makes it the recipe's.
    press(&mut state, "down down enter ctrl-u 5 e - 4 enter");
    assert_eq!(state.train.recipe, Some(Recipe::Auto));
}

#[test]
fn another_base_gets_the_recipe_for_it() {
    let mut state = start();
    counted(&mut state, 10);
    let effects = press(&mut state, "down enter ctrl-u b e r t enter");
    assert!(matches!(effects.as_slice(), [Effect::Summarise { base, .. }] if base == "bert"), "{effects:?}");
    assert!(state.train.recipe_settings(Recipe::Auto).is_none(), "the recipe of another base is not taken");
    answer(&mut state, &effects, 300);
    let train = &state.train;
    assert_eq!((train.settings.base.as_str(), train.settings.epochs, train.recipe), ("bert", 20.0, Some(Recipe::Auto)));
}

/// Answers with recipes for `small`, whose learning rate is 3e-4.
fn answer_for_small(state: &mut State, effects: &[Effect]) {
    let [.., Effect::Summarise { generation, base }] = effects else { panic!("{effects:?}") };
    assert_eq!(base, "small");
    let small = Settings { base: base.clone(), learning_rate: 3e-4, ..auto(300) };
    let summary = DataSummary { base: base.clone(), recipes: vec![(Recipe::Auto, small)], ..DataSummary::default() };
    update(state, Event::Summary { generation: *generation, summary });
}

#[test]
fn what_was_not_typed_follows_the_recipe_of_another_base() {
    let values = |state: &State| (state.train.settings.learning_rate, state.train.settings.epochs);
    let small = "home down enter s m a l l enter";
    let epochs = "home down down down down enter 7 enter";
    // The order of the two changes makes no difference.
    let mut first = start();
    counted(&mut first, 10);
    press(&mut first, epochs);
    let effects = press(&mut first, small);
    answer_for_small(&mut first, &effects);
    let mut second = start();
    counted(&mut second, 10);
    let effects = press(&mut second, small);
    answer_for_small(&mut second, &effects);
    press(&mut second, epochs);
    for state in [&first, &second] {
        assert_eq!((values(state), state.train.recipe), ((3e-4, 7.0), None));
        assert_eq!([2, 4].map(|row| state.train.differs(row)), [false, true]);
    }
    // A typed value stays, also the recipe's.
    let mut state = start();
    counted(&mut state, 10);
    press(&mut state, &format!("{epochs} home down down enter 5 e - 4 enter"));
    let effects = press(&mut state, small);
    answer_for_small(&mut state, &effects);
    assert_eq!(values(&state), (5e-4, 7.0));
    // So do settings of an earlier session.
    let mut state = start();
    state.train.recipe = None;
    state.train.settings.learning_rate = 1e-3;
    counted(&mut state, 10);
    let effects = press(&mut state, small);
    answer_for_small(&mut state, &effects);
    assert_eq!(values(&state), (1e-3, 20.0));
}

#[test]
fn a_checkpoint_is_written_where_a_run_is_in_front_and_k_always_goes_up() {
    let mut state = start();
    runs(&mut state, vec![run("0001-mini", Phase::Training, 5)]);
    press(&mut state, "f3");
    assert_eq!(state.train.page, Page::Run);
    assert!(press(&mut state, "k").is_empty(), "it goes up, as in every list");
    let effects = press(&mut state, "K");
    assert!(matches!(effects.as_slice(), [Effect::ControlRun { control: Control::Checkpoint, .. }]), "{effects:?}");
    let status = Status { phase: Phase::Training, step: 6, checkpoint: Some(5), ..Status::default() };
    update(&mut state, Event::RunStatus { run: "0001-mini".into(), status });
    assert!(message(&state).contains("model of step 5"), "{}", message(&state));
    press(&mut state, "v j j k");
    assert_eq!((state.train.page, state.train.row), (Page::Form, 1));
    runs(&mut state, vec![run("0001-mini", Phase::Training, 0)]);
    assert!(press(&mut state, "v K").is_empty() && message(&state).contains("nothing to keep"), "{}", message(&state));
    runs(&mut state, vec![run("0001-mini", Phase::Done, 9)]);
    press(&mut state, "K");
    assert_eq!(state.train.page, Page::Run);
}

#[test]
fn a_checkpoint_is_shown_once_whether_the_list_or_the_run_reports_it() {
    let mut state = start();
    let all = |first: Option<usize>, second: Option<usize>| {
        let mut all = ["0002-mini", "0001-mini"].map(|id| run(id, Phase::Training, 9));
        (all[0].status.checkpoint, all[1].status.checkpoint) = (second, first);
        (all[0].has_model, all[1].has_model) = (second.is_some(), first.is_some());
        all.to_vec()
    };
    runs(&mut state, all(None, None));
    assert_eq!((state.session.runs.followed.as_ref().unwrap().id.as_str(), message(&state)), ("0002-mini", ""));
    runs(&mut state, all(None, Some(1200)));
    assert_eq!(message(&state), "The model of step 1,200 is written; it suggests while 0002-mini goes on");
    state.session.message = None;
    let status = all(None, Some(1200)).remove(0).status;
    update(&mut state, Event::RunStatus { run: "0002-mini".into(), status });
    assert_eq!(message(&state), "", "that is no news any more");
    runs(&mut state, all(Some(7), Some(1200)));
    assert_eq!(message(&state), "The model of step 7 is written; 0001-mini goes on");
    state.session.message = None;
    runs(&mut state, all(Some(7), Some(1200)));
    assert_eq!(message(&state), "");
}

#[test]
fn curves_go_round_and_esc_leads_back_page_by_page() {
    let mut state = start();
    press(&mut state, "f3 c l");
    assert_eq!(state.train.page, Page::Form, "without a run there is nothing to show");
    runs(&mut state, vec![run("0001-mini", Phase::Done, 9)]);
    press(&mut state, "v c");
    assert_eq!(state.train.chart, Chart::Loss);
    press(&mut state, "c c c c");
    assert_eq!(state.train.chart, Chart::Both);
    press(&mut state, "l esc");
    assert_eq!(state.train.page, Page::Run);
    press(&mut state, "esc");
    assert_eq!(state.train.page, Page::Form);
    press(&mut state, "r enter");
    assert_eq!(state.train.page, Page::Run);
}

/// A run that is over, with 100 lines of 10 steps, 2 seconds each, and an evaluation in the middle.
fn with_curves(state: &mut State, seconds: bool) {
    let effects = runs(state, vec![run("0001-mini", Phase::Done, 1000)]);
    let Some(Effect::Follow { generation, .. }) = effects.first().cloned() else { panic!("{effects:?}") };
    let line = |n: usize| {
        let (step, epoch, seconds) = (n * 10, n as f64 / 10.0, seconds.then_some(n as f64 * 2.0));
        Point::Step { step, epoch, loss: 1.0, lr: 1e-4, grad_norm: 1.0, tokens_per_second: 1.0, seconds }
    };
    let mut points: Vec<Point> = (1..=100).map(line).collect();
    points.push(Point::Eval {
        step: 505,
        epoch: 5.05,
        split: "valid".into(),
        loss: 0.5,
        piece: Scores::default(),
        word: Scores::default(),
        labels: [].into(),
        tables: None,
    });
    update(state, Event::Points { generation, points });
    press(state, "f3 v");
    assert_eq!(state.train.page, Page::Run);
}

#[test]
fn the_cursor_reads_point_by_point_and_keeps_its_place_on_other_axes() {
    let mut state = start();
    with_curves(&mut state, true);
    press(&mut state, "left");
    assert_eq!(state.train.view.cursor, Some(10.0), "first the last point");
    press(&mut state, "right");
    assert_eq!(state.train.view.cursor, Some(10.0), "there is none after it");
    press(&mut state, "left left");
    assert_eq!(state.train.view.cursor, Some(9.8));
    press(&mut state, "x");
    assert_eq!((state.train.view.across, state.train.view.cursor), (Across::Step, Some(980.0)));
    press(&mut state, "x");
    assert_eq!((state.train.view.across, state.train.view.cursor), (Across::Time, Some(196.0)));
    press(&mut state, "x");
    assert_eq!((state.train.view.across, state.train.view.cursor), (Across::Epoch, Some(9.8)));
    press(&mut state, "esc");
    assert_eq!((state.train.view.cursor, state.train.page), (None, Page::Run));
    press(&mut state, "esc");
    assert_eq!(state.train.page, Page::Form);
}

#[test]
fn curves_are_zoomed_around_the_cursor_and_the_window_follows_it() {
    let mut state = start();
    with_curves(&mut state, true);
    press(&mut state, "+");
    assert_eq!(state.train.view.window, Some(Window::new(2.5, 7.5)));
    press(&mut state, ">");
    assert_eq!(state.train.view.window, Some(Window::new(3.75, 8.75)));
    press(&mut state, "left");
    assert_eq!(state.train.view.cursor, Some(8.7), "the last point in sight");
    press(&mut state, "right");
    let window = state.train.view.window.unwrap();
    assert!((window.to - 8.8).abs() < 1e-9 && (window.from - 3.8).abs() < 1e-9, "{window:?}");
    press(&mut state, "x");
    let window = state.train.view.window.unwrap();
    assert!((window.to - 880.0).abs() < 1e-9 && (window.from - 380.0).abs() < 1e-9, "{window:?}");
    press(&mut state, "minus minus");
    assert_eq!(state.train.view.window, None, "all of it is in sight again");
    press(&mut state, "= = 0");
    assert_eq!((state.train.view.window, state.train.view.cursor), (None, None));
    press(&mut state, "y");
    assert!(state.train.view.log);
}

#[test]
fn a_run_of_an_earlier_version_has_no_curves_by_time() {
    let mut state = start();
    with_curves(&mut state, false);
    press(&mut state, "x");
    assert_eq!(state.train.view.across, Across::Step);
    press(&mut state, "x");
    assert_eq!(state.train.view.across, Across::Epoch);
    assert!(message(&state).contains("kept no times"), "{}", message(&state));
}

#[test]
fn a_run_outside_a_project_is_looked_at_and_not_tagged() {
    let opened = |ids: &[&str]| {
        let runs = ids.iter().map(|id| run(id, Phase::Done, 9)).collect();
        let opened = Opened { name: "out".into(), only_runs: true, runs, settings: auto(10), ..Opened::default() };
        let mut state = State::default();
        update(&mut state, Event::Resize { columns: 80, rows: 24 });
        let effects = update(&mut state, Event::Opened(Box::new(opened)));
        assert!(effects.iter().any(|effect| matches!(effect, Effect::Follow { .. })), "{effects:?}");
        state
    };
    assert_eq!(opened(&["seed-1", "seed-2"]).train.page, Page::Runs);
    let mut state = opened(&["out"]);
    assert_eq!((state.session.screen, state.train.page), (Screen::Train, Page::Run));
    press(&mut state, "f1");
    assert_eq!(state.session.screen, Screen::Train);
    assert!(message(&state).contains("no documents here"), "{}", message(&state));
    press(&mut state, "tab");
    assert_eq!(state.session.screen, Screen::Evaluate);
    assert!(state.next_step().is_some_and(|step| step.contains("mistakes need documents")));
    press(&mut state, "tab esc tab");
    assert_eq!(state.session.screen, Screen::Train, "past Tag and Documents");
    assert!(press(&mut state, "s").iter().all(|effect| !matches!(effect, Effect::StartTraining { .. })));
    assert!(press(&mut state, "D").is_empty() && message(&state).contains("of a project"), "{}", message(&state));
}

#[test]
fn of_two_runs_the_one_that_goes_on_is_followed() {
    let mut state = start();
    runs(&mut state, vec![run("0001-mini", Phase::Done, 9)]);
    runs(&mut state, vec![run("0002-mini", Phase::Training, 3), run("0001-mini", Phase::Done, 9)]);
    press(&mut state, "f3");
    assert_eq!(state.session.runs.followed.as_ref().unwrap().id, "0001-mini");
    let effects = press(&mut state, "r home m");
    let [Effect::Follow { run: followed, .. }, Effect::Compare { run: read, .. }] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!((followed.as_str(), read.as_str()), ("0002-mini", "0001-mini"));
    // Only a run that has ended has scores of sentences.
    let ended = |state: &mut State, phase| {
        let status = Status { phase, ..Status::default() };
        let effects = update(state, Event::RunStatus { run: "0002-mini".into(), status }).into_iter();
        effects.filter(|effect| matches!(effect, Effect::CompareScores { .. })).collect::<Vec<_>>()
    };
    assert_eq!(ended(&mut state, Phase::Evaluating), []);
    let asked = ended(&mut state, Phase::Done);
    let [Effect::CompareScores { generation, runs: both }] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(both.each_ref().map(String::as_str), ["0002-mini", "0001-mini"]);
    update(&mut state, Event::ScoresCompared { generation: *generation, found: Err("no file".into()) });
    assert!(state.train.others[0].comparison.is_some() && ended(&mut state, Phase::Done).is_empty());
    // It is resumed: what was computed no longer holds.
    assert_eq!((ended(&mut state, Phase::Training), state.train.others[0].comparison.is_none()), (Vec::new(), true));
}

#[test]
fn a_live_run_keeps_the_runs_beside_the_one_before() {
    let mut state = start();
    let done = || ["0003-mini", "0002-mini", "0001-mini"].map(|id| run(id, Phase::Done, 9));
    runs(&mut state, done().to_vec());
    press(&mut state, "f3 v m m m m");
    let live = run("0004-mini", Phase::Training, 3);
    runs(&mut state, std::iter::once(live).chain(done()).collect());
    let effects = press(&mut state, "r home m");
    let read = effects.iter().filter_map(|effect| match effect {
        Effect::Compare { run, .. } => Some(run.as_str()),
        _ => None,
    });
    assert_eq!(read.collect::<Vec<_>>(), ["0003-mini", "0002-mini", "0001-mini"]);
    assert_eq!((state.session.runs.followed.as_ref().unwrap().id.as_str(), state.train.others.len()), ("0004-mini", 3));
}

#[test]
fn a_log_is_read_again_when_the_run_moves_on_and_keeps_its_end_in_sight() {
    let mut state = start();
    runs(&mut state, vec![run("0001-mini", Phase::Training, 3)]);
    let effects = press(&mut state, "f3 l");
    let Some(Effect::ReadLog { generation, run: of }) = effects.last() else { panic!("{effects:?}") };
    assert_eq!(of, "0001-mini");
    let lines = |n: usize| Ok((0..n).map(|n| format!("line {n}")).collect());
    update(&mut state, Event::Log { generation: *generation, lines: lines(50) });
    assert_eq!(state.train.log.top(50, 19), 31);
    press(&mut state, "pageup");
    assert_eq!(state.train.log.top(50, 19), 12);
    press(&mut state, "home");
    assert_eq!(state.train.log.top(50, 19), 0);
    press(&mut state, "end");
    let status = Status { phase: Phase::Evaluating, ..Status::default() };
    let effects = update(&mut state, Event::RunStatus { run: "0001-mini".into(), status });
    let [Effect::ReadLog { generation, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    update(&mut state, Event::Log { generation: *generation, lines: lines(60) });
    assert_eq!(state.train.log.top(60, 19), 41);
}

#[test]
fn a_run_is_removed_after_a_question_and_never_while_it_goes_on() {
    let mut state = start();
    runs(&mut state, vec![run("0002-mini", Phase::Training, 3), run("0001-mini", Phase::Done, 9)]);
    press(&mut state, "f3 D");
    assert!(state.overlay().is_none() && message(&state).contains("is going on"), "{}", message(&state));
    press(&mut state, "r end delete");
    assert_eq!(state.overlay(), Some(&Overlay::from(Removal { run: "0001-mini".into() })));
    assert!(press(&mut state, "esc").is_empty() && state.overlay().is_none());
    assert_eq!(press(&mut state, "D y"), [Effect::RemoveRun { run: "0001-mini".into() }]);
    runs(&mut state, vec![run("0002-mini", Phase::Training, 3)]);
    assert_eq!(state.train.run_row, 0);
}

#[test]
fn the_cursor_stays_on_its_run_when_another_comes() {
    let mut state = start();
    runs(&mut state, vec![run("0002-mini", Phase::Done, 3), run("0001-mini", Phase::Done, 9)]);
    press(&mut state, "f3 r end");
    runs(&mut state, ["0003-mini", "0002-mini", "0001-mini"].map(|id| run(id, Phase::Done, 9)).to_vec());
    assert_eq!(state.train.run_row, 2);
}

#[test]
fn the_end_of_a_run_is_shown_for_a_while() {
    let mut state = start();
    runs(&mut state, vec![run("0001-mini", Phase::Training, 3)]);
    press_at(&mut state, "l", 1000);
    runs(&mut state, vec![run("0001-mini", Phase::Done, 9)]);
    press_at(&mut state, "l", 2000);
    press_at(&mut state, "l", 2030);
    assert!(state.session.runs.result.is_some());
    press_at(&mut state, "l", 2031);
    assert!(state.session.runs.result.is_none());
}

#[test]
fn an_interrupted_run_with_a_checkpoint_goes_on() {
    let mut state = start();
    let failed = |resumable| {
        let status = Status { phase: Phase::Failed, message: "interrupted".into(), ..Status::default() };
        RunSummary { id: "0001-mini".into(), status, resumable, ..RunSummary::default() }
    };
    update(&mut state, Event::Runs(vec![failed(false)]));
    press(&mut state, "f3 r");
    assert!(press(&mut state, "R").is_empty(), "there is nothing to go on from");
    update(&mut state, Event::Runs(vec![failed(true)]));
    let effects = press(&mut state, "R");
    let [Effect::ResumeTraining { generation, run, fetch: false }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(run, "0001-mini");
    assert!(press(&mut state, "R").is_empty(), "once");
    update(&mut state, Event::TrainingStarted { generation: *generation, run: run.clone() });
    assert!(state.session.runs.is_ours() && state.session.runs.running().is_some_and(|run| run.id == "0001-mini"));
}

#[test]
fn a_training_that_would_repeat_the_newest_run_starts_when_asked_for_again() {
    let mut state = start();
    counted(&mut state, 12);
    let asked = |state: &mut State| match press(state, "s").pop() {
        Some(Effect::StartTraining { generation, repeat, .. }) => (generation, repeat),
        other => panic!("{other:?}"),
    };
    let unchanged = |generation| Event::TrainingUnchanged { generation, run: "0002-mini".into() };
    let first = asked(&mut state);
    assert!(!first.1);
    assert!(update(&mut state, unchanged(first.0)).is_empty() && !state.session.runs.is_busy());
    let said = state.session.message.as_ref().unwrap().text.clone();
    assert!(said.starts_with("The training split has not changed since 0002-mini"), "{said}");
    let again = asked(&mut state);
    assert!(again.1, "asked for again, it starts");
    let _ = update(&mut state, Event::TrainingRefused { generation: again.0, message: "no room".into() });
    // With other settings it is no repetition.
    let first = asked(&mut state);
    assert!(!first.1 && update(&mut state, unchanged(first.0)).is_empty());
    state.train.settings.seed += 1;
    assert!(!asked(&mut state).1);
}

/// Starts a training; returns the hub's offer of its base.
fn offer(state: &mut State) -> FetchOffer {
    let started = press(state, "s").pop();
    let Some(Effect::StartTraining { generation, settings, recipe, fetch: false, .. }) = started else {
        panic!("{started:?}");
    };
    let accepted = Effect::StartTraining { generation, settings, recipe, fetch: true, repeat: true };
    FetchOffer { generation, base: "ada/tiny".into(), question: "Fetch ada/tiny?".into(), accepted }
}

#[test]
fn a_base_that_is_not_on_this_machine_is_fetched_only_after_a_yes() {
    let mut state = start();
    counted(&mut state, 12);
    let declined = offer(&mut state);
    assert!(update(&mut state, Event::FetchOffered(declined.clone())).is_empty());
    assert!(matches!(state.overlay(), Some(Overlay::FetchMenu(_))) && !state.session.runs.is_busy());
    assert!(press(&mut state, "enter space n").is_empty() && state.overlay().is_some(), "no other key is a yes");
    assert!(press(&mut state, "esc").is_empty() && state.overlay().is_none());
    assert!(update(&mut state, Event::FetchOffered(declined)).is_empty() && state.overlay().is_none(), "late");
    let accepted = offer(&mut state);
    let _ = update(&mut state, Event::FetchOffered(accepted.clone()));
    assert_eq!(press(&mut state, "y"), [accepted.accepted]);
    assert!(state.session.runs.is_starting() && state.overlay().is_none());
    let refused = Event::TrainingRefused { generation: accepted.generation, message: "no room".into() };
    assert!(update(&mut state, refused).is_empty() && !state.session.runs.is_busy());
}

#[test]
fn a_training_that_is_being_prepared_is_cancelled_with_the_key_that_stops_one() {
    let mut state = start();
    counted(&mut state, 12);
    let accepted = offer(&mut state);
    let _ = update(&mut state, Event::FetchOffered(accepted.clone()));
    press(&mut state, "y");
    let generation = accepted.generation;
    press(&mut state, "f3");
    assert_eq!(press(&mut state, "S"), [Effect::CancelTraining { generation }]);
    assert!(!state.session.runs.is_busy() && state.overlay().is_none());
    // A start that comes too late is not announced.
    assert!(update(&mut state, Event::TrainingStarted { generation, run: "0001-tiny".into() }).is_empty());
    assert!(press(&mut state, "S").is_empty());
}

#[test]
fn what_is_being_typed_is_no_answer_to_an_offer() {
    let mut state = start();
    counted(&mut state, 12);
    let offered = offer(&mut state);
    press(&mut state, "f5");
    assert!(state.context().is_typing());
    let _ = update(&mut state, Event::FetchOffered(offered));
    assert!(press(&mut state, "y").iter().all(|effect| !matches!(effect, Effect::StartTraining { .. })));
    assert!(state.overlay().is_none() && !state.session.runs.is_busy());
}

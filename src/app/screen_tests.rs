//! Keys on the Documents, Evaluate and Explore screens, and the palette.

use std::time::Duration;

use crate::{
    runs::{
        LabelScores, Phase, Point, RunData, RunSummary, Scores, Settings, Status,
        live::{LiveReport, RunStart, Version},
        metrics::{Table, Tables},
    },
    spans::{
        Action, ActionId, Document, Edit, Entity, Entry, Journal, LabelSet, ModelAnswer, Prediction, Span, SpanId,
        SpanSource, Split, Status as DocumentStatus, WordGuess, journal::JournalOp,
    },
    text::{Grid, TextRange, growth::processor_time},
};

use super::{
    Effect, Event, Screen, State,
    evaluation::{Count, Evaluation, Sort},
    event::Opened,
    overlays::{Overlay, palette::Action as PaletteAction},
    screens::{documents::Order, explore::sentence, train::Page},
    tests::{generation, message, palette, press, run, start},
    update,
};

fn scores(f1: f64) -> Scores {
    Scores { precision: f1, recall: f1, f1, accuracy: 0.9 }
}

fn labels(f1: [f64; 2], support: [usize; 2]) -> std::collections::BTreeMap<String, LabelScores> {
    let row =
        |at: usize| LabelScores { precision: f1[at], recall: f1[at], f1: f1[at], support: support[at], found: None };
    [("Dish".to_owned(), row(0)), ("Price".to_owned(), row(1))].into()
}

fn table(f1: f64) -> Table {
    Table { all: scores(f1), labels: labels([f1, f1], [40, 20]) }
}

fn eval(step: usize, split: &str, f1: f64, old: bool) -> Point {
    let tables = Tables { word_strict: table(f1 - 0.01), piece: table(f1 + 0.02), piece_strict: table(f1 + 0.01) };
    Point::Eval {
        step,
        epoch: 1.0,
        split: split.into(),
        loss: 0.5,
        piece: scores(f1 + 0.02),
        word: scores(f1),
        labels: labels([f1 + 0.1, f1 - 0.1], [10, 30]),
        tables: (!old).then(|| Box::new(tables)),
    }
}

/// Two runs that are done.
/// The newer one is followed, its second evaluation of three was kept.
fn evaluated() -> State {
    let mut state = start();
    let done = |id: &str, f1| {
        let mut info = RunSummary { word_f1: Some(f1), has_model: true, ..run(id, Phase::Done, false) };
        info.status.checkpoint = Some(20);
        info
    };
    let effects = update(&mut state, Event::Runs(vec![done("0002-mini", 0.7), done("0001-mini", 0.4)]));
    let points = [(10, 0.5), (20, 0.7), (30, 0.6)].map(|(step, f1)| eval(step, "valid", f1, false));
    let test = eval(20, "test", 0.65, false);
    update(&mut state, Event::Points { generation: generation(&effects), points: [&points[..], &[test]].concat() });
    press(&mut state, "f4");
    state
}

fn shown(state: &State) -> (usize, &str, &str, f64) {
    let shown = state.evaluate.shown(&state.session).unwrap();
    let counted = shown.evaluation.counted(state.evaluate.count).unwrap();
    (shown.evaluation.step, shown.evaluation.split, shown.which, counted.all.f1)
}

#[test]
fn every_way_to_count_and_every_evaluation_is_a_key_away() {
    let mut state = evaluated();
    let kept = "best evaluation, weights kept";
    assert_eq!(shown(&state), (20, "valid", kept, 0.7));
    press(&mut state, "s");
    assert_eq!(shown(&state), (20, "valid", kept, 0.69));
    press(&mut state, "c");
    assert_eq!((shown(&state).3, state.evaluate.count.name()), (0.71, "per piece, strict"));
    press(&mut state, "s");
    assert_eq!(shown(&state).3, 0.72);
    press(&mut state, "c t");
    assert_eq!(shown(&state), (20, "test", "of the weights that are kept", 0.65));
    press(&mut state, "t e");
    assert_eq!(shown(&state), (30, "valid", "last evaluation, weights not kept", 0.6));
}

#[test]
fn a_run_of_an_earlier_version_shows_what_it_has() {
    let point = eval(10, "valid", 0.5, true);
    let evaluation = Evaluation::of(&point).unwrap();
    let known = Count::ALL.map(|count| evaluation.counted(count).map(|counted| counted.labels.is_some()));
    assert_eq!(known, [Some(true), None, Some(false), None]);
    assert_eq!(evaluation.counted(Count { pieces: true, strict: false }).unwrap().support(), None);
}

#[test]
fn labels_are_sorted_and_the_cursor_stays_in_the_table() {
    let mut state = evaluated();
    let names = |state: &State| {
        let counted = state.evaluate.shown(&state.session).unwrap().evaluation.counted(Count::default()).unwrap();
        counted.sorted(state.evaluate.sort).iter().map(|(name, _)| *name).collect::<Vec<_>>().concat()
    };
    assert_eq!(names(&state), "DishPrice");
    press(&mut state, "o");
    assert_eq!((names(&state).as_str(), state.evaluate.sort), ("PriceDish", Sort::F1));
    press(&mut state, "o");
    assert_eq!((names(&state).as_str(), state.evaluate.sort), ("PriceDish", Sort::Support));
    // Two labels, and the row of all.
    press(&mut state, "j j j j");
    assert_eq!(state.evaluate.row, 2);
    press(&mut state, "k g");
    assert_eq!(state.evaluate.row, 0);
}

#[test]
fn an_older_run_is_followed_and_the_ends_are_said() {
    let mut state = evaluated();
    assert!(press(&mut state, "]").is_empty() && message(&state).contains("newest"));
    let effects = press(&mut state, "[");
    assert!(matches!(effects.as_slice(), [Effect::Follow { run, .. }] if run == "0001-mini"), "{effects:?}");
    assert_eq!(state.session.runs.followed_place(), Some((1, 2)));
    assert!(state.evaluate.shown(&state.session).is_none(), "its file is not read yet");
    assert!(press(&mut state, "[").is_empty() && message(&state).contains("no older"));
}

#[test]
fn a_reload_keeps_the_run_and_the_row_of_evaluate() {
    let mut state = evaluated();
    press(&mut state, "[");
    let generation = state.session.runs.followed.as_ref().unwrap().generation;
    let points = vec![eval(20, "valid", 0.7, false)];
    update(&mut state, Event::Points { generation, points });
    press(&mut state, "s o j");
    let before = (state.evaluate.row, state.evaluate.count, state.evaluate.sort);
    assert_eq!(update(&mut state, Event::FilesChanged(vec!["documents.jsonl".into()])), [Effect::Reload]);
    let runs = ["0003-mini", "0002-mini", "0001-mini"].map(|id| run(id, Phase::Done, false)).into();
    let effects = update(&mut state, Event::Opened(Box::new(Opened { runs, ..Opened::default() })));
    assert!(matches!(effects.last(), Some(Effect::Follow { run, .. }) if run == "0001-mini"), "{effects:?}");
    assert_eq!(state.session.runs.followed_place(), Some((2, 3)));
    assert_eq!((state.session.screen, state.evaluate.row), (Screen::Evaluate, before.0));
    assert_eq!((state.evaluate.count, state.evaluate.sort), (before.1, before.2));
    // The run is gone: the newest is followed.
    update(&mut state, Event::FilesChanged(vec!["documents.jsonl".into()]));
    let runs = vec![run("0003-mini", Phase::Done, false)];
    update(&mut state, Event::Opened(Box::new(Opened { runs, ..Opened::default() })));
    assert_eq!(state.session.runs.followed.as_ref().map(|view| view.id.as_str()), Some("0003-mini"));
}

#[test]
fn a_reload_keeps_the_page_of_the_train_screen() {
    let mut state = evaluated();
    for (keys, page) in [("r j", Page::Runs), ("enter", Page::Run), ("l", Page::Run)] {
        press(&mut state, &format!("f3 {keys}"));
        update(&mut state, Event::FilesChanged(vec!["documents.jsonl".into()]));
        let runs = ["0002-mini", "0001-mini"].map(|id| run(id, Phase::Done, false)).into();
        update(&mut state, Event::Opened(Box::new(Opened { runs, ..Opened::default() })));
        assert_eq!((state.train.page, state.train.run_row), (page, 1), "{keys}");
    }
    update(&mut state, Event::FilesChanged(vec!["documents.jsonl".into()]));
    update(&mut state, Event::Opened(Box::<Opened>::default()));
    assert_eq!(state.train.page, Page::Form);
}

#[test]
fn while_a_run_goes_the_best_evaluation_is_shown_if_it_keeps_the_best() {
    let mut state = start();
    let settings = Some(Settings { keep_best: true, ..Settings::lesson("mini") });
    let live = RunSummary { settings, ..run("0001-mini", Phase::Training, false) };
    let effects = update(&mut state, Event::Runs(vec![live]));
    let points = [(10, 0.5), (20, 0.4)].map(|(step, f1)| eval(step, "valid", f1, false));
    update(&mut state, Event::Points { generation: generation(&effects), points: points.into() });
    press(&mut state, "f4");
    assert_eq!(shown(&state), (10, "valid", "best evaluation so far", 0.5));
    press(&mut state, "e");
    assert_eq!(shown(&state), (20, "valid", "last evaluation so far, not the best", 0.4));
}

/// Explore, with models of these runs, newest first.
fn exploring(models: &[&str]) -> State {
    let mut state = start();
    let info = |id: &&str| RunSummary { has_model: true, ..run(id, Phase::Done, false) };
    update(&mut state, Event::Runs(models.iter().map(info).collect()));
    press(&mut state, "f5");
    state
}

fn asked(effects: &[Effect]) -> (Option<&str>, &str) {
    match effects.last() {
        Some(Effect::Predict { run, text, .. }) => (run.as_deref(), text),
        other => panic!("{other:?}"),
    }
}

/// A run with a model, whose validation split is marked.
fn scored(id: &str, f1: f64, validated: Option<&str>) -> RunSummary {
    let validated = validated.map(str::to_owned);
    let data = Some(RunData { documents: [100, 20, 0], spans: [300, 60, 0], validated, ..RunData::default() });
    RunSummary { has_model: true, model_f1: Some(f1), data, ..run(id, Phase::Done, false) }
}

#[test]
fn a_newer_model_suggests_unless_it_did_worse_on_the_same_documents() {
    let mut state = start();
    let mut suggester = |runs: &[RunSummary]| {
        update(&mut state, Event::Runs(runs.to_vec()));
        state.session.suggester().map(|run| run.id.clone()).unwrap_or_default()
    };
    let old = scored("0001-a", 0.6, Some("x"));
    assert_eq!(suggester(&[scored("0002-a", 0.5, Some("x")), old.clone()]), "0001-a");
    assert_eq!(suggester(&[scored("0002-a", 0.6, Some("x")), old.clone()]), "0002-a", "of equal ones the newer");
    assert_eq!(suggester(&[scored("0002-a", 0.5, Some("y")), old.clone()]), "0002-a", "other documents");
    assert_eq!(suggester(&[scored("0002-a", 0.5, None), scored("0001-a", 0.6, None)]), "0002-a", "nothing is known");
    let few = |id: &str, f1: f64| {
        let mut run = scored(id, f1, Some("x"));
        run.data.as_mut().unwrap().spans[1] = 3;
        run
    };
    assert_eq!(suggester(&[few("0002-a", 0.5), few("0001-a", 0.6)]), "0002-a", "three spans decide nothing");
    let mut checkpoint = scored("0002-a", 0.5, Some("x"));
    checkpoint.word_f1 = Some(0.9);
    assert_eq!(suggester(&[checkpoint, old]), "0001-a", "what counts is the model that is there");
    assert_eq!(suggester(&[]), "");
}

#[test]
fn what_a_run_proposed_goes_with_the_run() {
    let mut state = start();
    let (new, old) = (scored("0002-a", 0.5, Some("x")), scored("0001-a", 0.6, Some("x")));
    update(&mut state, Event::Runs(vec![new.clone(), old]));
    let found = vec![Entity { range: TextRange::new(0, 4), label: "Label3".into(), score: 0.9 }];
    let document = state.session.project.as_ref().unwrap().documents[0].id.clone();
    update(
        &mut state,
        Event::Suggestions { document, run: "0001-a".into(), found, uncertainty: None, labels: Default::default() },
    );
    let open = |state: &State| state.session.project.as_ref().unwrap().suggestions(0).len();
    assert_eq!(open(&state), 1);
    let effects = update(&mut state, Event::Runs(vec![new]));
    assert!(
        effects.iter().any(|effect| matches!(effect, Effect::Suggest { run, .. } if run == "0002-a")),
        "{effects:?}"
    );
    assert_eq!(open(&state), 0);
}

#[test]
fn a_run_that_ends_says_who_suggests_now_and_why() {
    let ended = |new: RunSummary, old: RunSummary| {
        let mut state = start();
        let live = RunSummary { has_model: false, model_f1: None, ..new.clone() };
        let live = RunSummary { status: Status { phase: Phase::Training, ..Status::default() }, ..live };
        update(&mut state, Event::Runs(vec![live, old.clone()]));
        update(&mut state, Event::Runs(vec![new, old]));
        message(&state).to_owned()
    };
    let old = || scored("0001-a", 0.6, Some("x"));
    let text = ended(scored("0002-a", 0.5, Some("x")), old());
    assert!(text.contains("0001-a was better there (.600) and goes on suggesting"), "{text}");
    let text = ended(scored("0002-a", 0.7, Some("x")), old());
    assert!(text.contains("its model now makes the suggestions"), "{text}");
    let text = ended(RunSummary { has_model: false, ..scored("0002-a", 0.7, Some("x")) }, old());
    assert!(text.contains("it has no model"), "{text}");
}

#[test]
fn the_model_that_suggests_is_asked_unless_one_was_chosen() {
    let mut state = exploring(&["0002-mini", "0001-mini"]);
    assert_eq!(asked(&press(&mut state, "t")), (Some("0002-mini"), "t"));
    assert_eq!(asked(&press(&mut state, "ctrl-o")), (Some("0001-mini"), "t"));
    assert!(state.explore.prediction().is_none(), "what the other model said is not shown as this one's");
    // A run ends: the chosen model stays.
    let ids = ["0003-mini", "0002-mini", "0001-mini"];
    let info = |id: &str| RunSummary { has_model: true, ..run(id, Phase::Done, false) };
    update(&mut state, Event::Runs(ids.map(info).into()));
    assert_eq!(asked(&press(&mut state, "e")), (Some("0001-mini"), "te"));
    assert_eq!(state.explore.model_asked(&state.session).as_deref(), Some("0001-mini"));
    // Behind the oldest comes the newest, and with it the one that suggests, whichever that will be.
    assert_eq!(asked(&press(&mut state, "esc m")), (Some("0003-mini"), "te"));
    assert_eq!(state.explore.chosen, None);
    assert_eq!(state.explore.model_asked(&state.session).as_deref(), Some("0003-mini"));
}

#[test]
fn a_chosen_model_that_was_removed_gives_way() {
    let mut state = exploring(&["0002-mini", "0001-mini"]);
    press(&mut state, "ctrl-o");
    let left = RunSummary { has_model: true, ..run("0002-mini", Phase::Done, false) };
    update(&mut state, Event::Runs(vec![left]));
    assert_eq!(asked(&press(&mut state, "t")), (Some("0002-mini"), "t"));
    press(&mut state, "ctrl-o");
    assert!(message(&state).contains("one model"), "{}", message(&state));
}

#[test]
fn sentences_are_brought_back() {
    let mut state = exploring(&["0001-mini"]);
    for text in ["tea", "soup", "soup"] {
        press(&mut state, "esc i ctrl-u");
        update(&mut state, Event::Paste(text.into()));
        press(&mut state, "enter");
    }
    press(&mut state, "i ctrl-u c a");
    let after = |state: &mut State, key: &str| {
        let effects = press(state, key);
        (sentence(&state.session).to_owned(), effects.len())
    };
    assert_eq!(after(&mut state, "up"), ("soup".into(), 1));
    assert_eq!(after(&mut state, "up"), ("tea".into(), 1));
    assert_eq!(after(&mut state, "up"), ("tea".into(), 0));
    assert_eq!(after(&mut state, "down"), ("soup".into(), 1));
    assert_eq!(after(&mut state, "down"), ("ca".into(), 1));
    assert_eq!(after(&mut state, "down"), ("ca".into(), 0));
}

#[test]
fn the_words_of_a_long_answer_are_walked_by_line() {
    let mut state = exploring(&["0001-mini"]);
    update(&mut state, Event::Resize { columns: 14, rows: 24 });
    let text = "one two three four five six";
    let effects = update(&mut state, Event::Paste(text.into()));
    let words = crate::text::words::split(text, Grid::Natural);
    let words = words.into_iter().map(|range| WordGuess { range, labels: vec![("O".into(), 1.0)] }).collect();
    let answer = ModelAnswer { words, ..ModelAnswer::default() };
    let prediction = Prediction { model: "0001-mini".into(), answer, pipeline: None };
    update(&mut state, Event::Prediction { generation: generation(&effects), prediction });
    let word = |state: &State| state.explore.guess(&state.session).unwrap().range.of(text).to_owned();
    assert_eq!(word(&state), "six", "while typing it is the word at the cursor");
    press(&mut state, "esc");
    let mut seen = Vec::new();
    for key in ["g", "l", "j", "j", "k", "G"] {
        press(&mut state, key);
        seen.push(word(&state));
    }
    assert_eq!(seen, ["one", "two", "three", "five", "three", "six"]);
}

/// Many documents of which some are done, in two splits.
fn many(count: usize) -> State {
    let text = "The tacos at El Camino were cheap and the patio stays open till 2 am, about five minutes away.";
    let documents = (0..count).map(|at| {
        let mut document = Document::new(format!("review-{at:05}"), format!("{text} Number {at}"), Grid::Natural);
        document.split = [Some(Split::Train), Some(Split::Valid), None][at % 3];
        document
    });
    let id = |at: usize| SpanId { writer: 1, sequence: u32::try_from(at).unwrap() };
    let entries = (0..count / 2).map(|at| {
        let span = Span {
            id: id(2 * at),
            range: TextRange::new(4, 9),
            label: crate::spans::LabelId(0),
            source: SpanSource::Human,
        };
        let edits = vec![Edit::Add(span), Edit::Status(DocumentStatus::Done)];
        let action = Action { document: format!("review-{:05}", at * 2), edits };
        Entry { id: ActionId(id(2 * at + 1)), at: 1000 + at as u64, op: JournalOp::Do(action) }
    });
    let opened = Opened {
        name: "reviews".into(),
        annotator: "ada".into(),
        documents: documents.collect(),
        labels: LabelSet::restaurant(),
        journal: Journal::replay(entries),
        writer: 7,
        ..Opened::default()
    };
    let mut state = State::default();
    update(&mut state, Event::Resize { columns: 80, rows: 24 });
    update(&mut state, Event::Opened(Box::new(opened)));
    state
}

#[test]
fn documents_are_narrowed_by_status_part_and_words_and_widened_again() {
    let mut state = many(12);
    press(&mut state, "f2");
    assert_eq!((state.documents.shown().len(), state.documents.split_sizes()), (12, [4, 4, 0, 4]));
    press(&mut state, "f f f");
    assert_eq!(state.documents.shown(), [0, 2, 4, 6, 8, 10]);
    press(&mut state, "p");
    assert_eq!(state.documents.shown(), [0, 6]);
    press(&mut state, "p p");
    assert_eq!(state.documents.shown(), [2, 8], "the test split has no document and is passed over");
    press(&mut state, "/ n u m b e r space 8 enter");
    assert_eq!(state.documents.shown(), [8]);
    press(&mut state, "esc");
    assert_eq!(state.documents.shown(), [2, 8]);
    press(&mut state, "esc");
    assert_eq!((state.documents.shown().len(), state.documents.is_narrowed()), (12, false));
}

#[test]
fn the_list_is_sorted_by_the_last_change_and_by_spans() {
    let mut state = many(6);
    press(&mut state, "f2 o");
    assert_eq!((state.documents.order, state.documents.shown()), (Order::Edited, &[4, 2, 0, 1, 3, 5][..]));
    press(&mut state, "o");
    assert_eq!((state.documents.order, state.documents.shown()), (Order::Spans, &[0, 2, 4, 1, 3, 5][..]));
    press(&mut state, "o");
    assert_eq!(state.documents.order, Order::Random);
    press(&mut state, "o o o");
    assert_eq!(state.documents.shown(), [0, 1, 2, 3, 4, 5]);
    assert_eq!(state.session.project.as_ref().unwrap().touched(4), Some(1002));
}

#[test]
fn a_search_puts_the_cursor_on_the_exact_id_else_on_the_first_document_found() {
    let ids = ["r-60", "r-1", "r-6", "s", "r-61"];
    let documents = ids.map(|id| Document::new(id, format!("tacos {id}"), Grid::Natural)).into_iter().collect();
    let mut state = State::default();
    update(&mut state, Event::Resize { columns: 80, rows: 24 });
    update(&mut state, Event::Opened(Box::new(Opened { documents, ..Opened::default() })));
    let mut front = |keys: &str| {
        press(&mut state, keys);
        ids[state.session.tagging.document]
    };
    assert_eq!(front("f2 end up / i d : R - 6 enter enter"), "r-6");
    assert_eq!(front("f2 esc esc esc end / i d : r enter enter"), "r-60");
    assert_eq!(front("f2 esc esc esc end / t a c o s enter enter"), "r-60");
    assert_eq!(front("f2 esc esc esc end / t backspace enter enter"), "r-61", "a search taken back moves nothing");
}

#[test]
fn a_found_place_is_opened_with_the_cursor_on_it() {
    let mut state = many(6);
    press(&mut state, "f2 / c a m i n o enter home j j enter");
    let document = &state.session.project.as_ref().unwrap().documents[state.session.tagging.document];
    assert_eq!(
        (state.session.screen, state.session.tagging.document, document.word(state.session.tagging.word)),
        (Screen::Tag, 2, "Camino")
    );
    // What is found in the id alone does not move the cursor.
    press(&mut state, "home f2 esc / 0 0 0 0 3 enter enter");
    let begins = state.session.tagging.first_stop(state.session.project.as_ref().unwrap());
    assert_eq!((state.session.tagging.document, Some(state.session.tagging.word)), (3, begins));
}

#[test]
fn every_key_answers_at_once_in_a_project_of_twenty_thousand_documents() {
    let mut state = many(20_000);
    let mut slowest = (Duration::ZERO, "");
    for key in "f2 j pagedown end f f f f f f p p p p o o o o o o / t a c o s backspace enter esc enter 3 enter u f2"
        .split(' ')
    {
        let times = (0..3).map(|_| {
            let mut copy = state.clone();
            processor_time(|| drop(press(&mut copy, key)))
        });
        slowest = slowest.max((times.min().unwrap(), key));
        press(&mut state, key);
    }
    assert!(slowest.0 < Duration::from_millis(250), "{slowest:?}");
}

#[test]
fn no_letters_inside_a_name_find_what_changes_or_removes_a_document() {
    let mut state = start();
    press(&mut state, "f1");
    for name in ["remove-document", "correct-text", "revert-text"] {
        let found = |query: &str| palette(&state, query).iter().any(|entry| entry.name == name);
        assert!(found(name) && !found(&name[1..name.len() - 1]), "{name}");
    }
}

#[test]
fn the_palette_finds_every_command_and_says_why_not_or_where() {
    let mut state = start();
    let undo = &palette(&state, "undo")[0];
    assert_eq!((undo.name.as_str(), undo.keys.as_str()), ("undo", "u"));
    assert!(matches!(undo.action, PaletteAction::Not(why) if why.contains("nothing to take back")));
    let unit = &palette(&state, "count-unit")[0];
    assert_eq!((unit.name.as_str(), unit.keys.as_str()), ("count-unit", "c"));
    assert!(matches!(unit.action, PaletteAction::Elsewhere(Screen::Evaluate, _)));
    press(&mut state, ": c o u n t - u n i t enter");
    assert_eq!(state.session.screen, Screen::Evaluate);
    assert!(message(&state).contains("c ("), "{}", message(&state));
    press(&mut state, "f1 : u n d o enter");
    assert!(message(&state).contains("nothing to take back"));
    update(&mut state, Event::Runs(vec![run("0001-mini", Phase::Training, true)]));
    assert!(palette(&state, "stop-now")[0].action.works(), "a run can be stopped without the menu");
}

#[test]
fn the_help_names_the_digits_that_have_labels() {
    let mut state = many(3);
    press(&mut state, "?");
    update(&mut state, Event::Resize { columns: 60, rows: 16 });
    press(&mut state, "end up");
    let Some(Overlay::Help(help)) = state.overlay() else { panic!("no help") };
    let keys: Vec<String> = help.lines(&state.session).into_iter().map(|(keys, _)| keys).collect();
    assert!(keys.contains(&"1..8".to_owned()) && keys.contains(&"shift-1..8".to_owned()), "{keys:?}");
    let rows = help.rows(&state.session);
    assert!(rows.iter().all(|(keys, text)| keys.len() + text.len() <= 56), "{rows:?}");
    assert!(help.top + 11 + 1 == rows.len(), "{} of {}: the end is the last full page", help.top, rows.len());
}

#[test]
fn a_status_of_a_run_does_not_move_the_choices() {
    let mut state = evaluated();
    press(&mut state, "s c e t");
    let status = Status { phase: Phase::Done, ..Status::default() };
    update(&mut state, Event::RunStatus { run: "0002-mini".into(), status });
    let choice = &state.evaluate;
    assert!(choice.count.strict && choice.count.pieces && choice.last && choice.test);
    let found = vec![Entity { range: TextRange::new(0, 4), label: "Dish".into(), score: 0.5 }];
    update(
        &mut state,
        Event::Suggestions {
            document: "d0".into(),
            run: "0002-mini".into(),
            found,
            uncertainty: None,
            labels: Default::default(),
        },
    );
    assert_eq!(state.session.screen, Screen::Evaluate);
}

/// The live model makes the suggestions since it took over from this run.
fn live(state: &mut State, version: u64, over: Option<&str>) -> Vec<Effect> {
    let over = over.map(|id| RunStart { id: id.to_owned(), started: 0 });
    let report = LiveReport { suggester: Some(Version(version)), over, ..LiveReport::default() };
    update(state, Event::Live(Box::new(report)))
}

#[test]
fn the_live_model_answers_on_explore_where_it_suggests() {
    let mut state = exploring(&[]);
    assert!(state.next_step().unwrap().contains("no model yet"));
    live(&mut state, 7, None);
    assert!(!state.next_step().unwrap().contains("no model"), "{:?}", state.next_step());
    assert_eq!(asked(&press(&mut state, "t")), (Some("live-7"), "t"));
    let mut state = exploring(&["0002-mini", "0001-mini"]);
    live(&mut state, 7, Some("0002-mini"));
    assert_eq!(asked(&press(&mut state, "t")), (Some("live-7"), "t"));
    assert_eq!(asked(&press(&mut state, "ctrl-o")), (Some("0002-mini"), "t"));
    assert_eq!(asked(&press(&mut state, "esc m")), (Some("0001-mini"), "t"));
    assert_eq!(asked(&press(&mut state, "m")), (Some("live-7"), "t"));
    assert_eq!(state.explore.chosen, None, "the next version is asked as soon as it suggests");
    assert_eq!(asked(&live(&mut state, 8, Some("0002-mini"))), (Some("live-8"), "t"));
}

#[test]
fn who_suggests_without_a_run_or_after_its_end_may_be_the_live_model() {
    let mut state = start();
    let old = scored("0001-a", 0.6, Some("x"));
    let new = scored("0002-a", 0.5, Some("x"));
    let training = RunSummary { has_model: false, ..run("0002-a", Phase::Training, false) };
    update(&mut state, Event::Runs(vec![training, old.clone()]));
    live(&mut state, 9, Some("0001-a"));
    update(&mut state, Event::Runs(vec![new.clone(), old.clone()]));
    assert!(message(&state).ends_with("; live-9 goes on suggesting"), "{}", message(&state));
    assert_eq!(state.session.suggesting_without("0001-a").as_deref(), Some("0002-a"), "a newer run comes first");
    assert_eq!(state.session.suggesting_without("0002-a").as_deref(), Some("live-9"));
    let better = scored("0003-a", 0.7, Some("x"));
    update(&mut state, Event::Runs(vec![better, new, old]));
    assert_eq!(state.session.suggesting().as_deref(), Some("0003-a"));
    assert_eq!(state.session.suggesting_without("0003-a").as_deref(), Some("live-9"));
}

//! What the screens show of the live model: the line on Tag, the status line, and its overlay.

use crate::{
    app::{Event, State, update},
    runs::live::{Estimate, LiveReport, LiveState, Version},
    spans::{Entity, Interval},
    text::TextRange,
};

use super::{
    Caps,
    tests::{ASCII, after, plain, press, running, screen},
};

const SIZES: [(u16, u16); 4] = [(60, 16), (80, 24), (120, 40), (200, 50)];
/// The time of all keys in these tests.
const NOW: u64 = 1_790_000_000;

fn estimate(learned: usize, documents: usize, f1: f64, half: f64) -> Estimate {
    let interval = Some(Interval { low: f1 - half, high: f1 + half });
    Estimate { learned, documents, f1, interval }
}

/// A model that has learned 120 documents, and everything that is known of it.
fn known() -> LiveReport {
    let f1 = [0.21, 0.38, 0.47, 0.52, 0.58, 0.6];
    let course = f1.iter().enumerate().map(|(at, f1)| estimate(10 + 20 * at, 20, *f1, 0.08));
    LiveReport {
        state: LiveState::Waiting(3),
        suggester: Some(Version(7)),
        over: None,
        newest: Some(Version(7)),
        learned: 120,
        at: NOW - 130,
        recent: Some(estimate(110, 60, 0.62, 0.04)),
        unaided: Some(estimate(70, 6, 0.55, 0.15)),
        course: course.collect(),
    }
}

/// All states, with and without versions and estimates.
fn reports() -> Vec<(&'static str, LiveReport)> {
    let first = |state| LiveReport { state, ..LiveReport::default() };
    let no_interval = Estimate { interval: None, ..estimate(3, 4, 0.3, 0.1) };
    let few = LiveReport { learned: 5, recent: Some(no_interval), unaided: None, course: Vec::new(), ..known() };
    vec![
        ("off, nothing learned", first(LiveState::Off)),
        ("waiting for the first time", first(LiveState::Waiting(4))),
        ("learning for the first time", first(LiveState::Learning)),
        ("paused before the first time", first(LiveState::Paused("the processor is busy".into()))),
        ("failed before the first time", first(LiveState::Failed("the disk is full (runs/live/ada)".into()))),
        ("without an estimate", LiveReport { recent: None, ..few.clone() }),
        ("few documents", few),
        ("waiting", known()),
        ("learning", LiveReport { state: LiveState::Learning, ..known() }),
        ("paused", LiveReport { state: LiveState::Paused("the processor is busy".into()), ..known() }),
        ("failed", LiveReport { state: LiveState::Failed("the disk is full (runs/live/ada)".into()), ..known() }),
        ("off", LiveReport { state: LiveState::Off, ..known() }),
        ("an older version suggests", LiveReport { suggester: Some(Version(5)), ..known() }),
        ("not better yet", LiveReport { suggester: None, ..known() }),
    ]
}

/// The second document in front, the first one done with one of two suggestions taken, and this report.
fn tagging(columns: u16, rows: u16, report: LiveReport) -> State {
    let mut state = after("", columns, rows);
    suggest(&mut state, "d0", &[(4..9, "Dish"), (13..22, "Location")]);
    press(&mut state, "right a enter");
    update(&mut state, Event::Live(Box::new(report)));
    state
}

/// Suggestions of a model.
fn suggest(state: &mut State, document: &str, found: &[(std::ops::Range<usize>, &str)]) {
    let found = found.iter().map(|(range, label)| {
        let range = TextRange::new(range.start, range.end);
        Entity { range, label: (*label).into(), score: 0.9 }
    });
    let (document, found) = (document.to_owned(), found.collect());
    update(
        state,
        Event::Suggestions { document, run: "live-7".into(), found, uncertainty: None, labels: Default::default() },
    );
}

/// The row below the text: the last one with words above the hairline over the labels.
fn line_below(state: &State, caps: Caps) -> String {
    let shown = plain(state, caps);
    let rows: Vec<&str> = shown.lines().collect();
    let labels = rows.iter().position(|row| row.trim_start().starts_with("1 Amen")).unwrap();
    // The pane beside the text is no part of it.
    let row = rows[labels - 2].trim();
    row.split(['\u{2502}', '|']).next().unwrap_or_default().trim().to_owned()
}

#[track_caller]
fn assert_snapshot(name: &str, shown: &str) {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, shown);
    });
}

#[test]
fn the_tag_screen_has_a_line_about_the_live_model() {
    let screens = SIZES.map(|(columns, rows)| {
        let state = tagging(columns, rows, known());
        format!("{columns}x{rows}\n{}", screen(&state, "ansi", Caps::default()))
    });
    assert_snapshot("learning-tag", &screens.join("\n"));
}

#[test]
fn the_line_says_in_every_state_what_fits() {
    let mut shown = String::new();
    for (name, report) in reports() {
        shown.push_str(&format!("{name}\n"));
        for (columns, rows) in SIZES {
            let line = line_below(&tagging(columns, rows, report.clone()), Caps::default());
            shown.push_str(&format!("{columns:>5}: {line}\n"));
        }
    }
    assert_snapshot("learning-lines", &shown);
}

#[test]
fn the_overlay_shows_what_is_known() {
    let screens = SIZES.map(|(columns, rows)| {
        let mut state = tagging(columns, rows, known());
        press(&mut state, "L");
        format!("{columns}x{rows}\n{}", screen(&state, "ansi", Caps::default()))
    });
    assert_snapshot("learning-overlay", &screens.join("\n"));
}

#[test]
fn the_overlay_is_there_in_every_state() {
    let mut shown = String::new();
    for (name, report) in reports() {
        let mut state = tagging(80, 24, report);
        press(&mut state, "L");
        let screen = plain(&state, Caps::default());
        let rows: Vec<&str> = screen.lines().skip(3).take_while(|row| !row.contains("help-learning")).collect();
        shown.push_str(&format!("{name}\n{}\n\n", rows.join("\n").trim_end()));
    }
    assert_snapshot("learning-states", &shown);
}

#[test]
fn the_overlay_says_what_the_last_documents_have_brought() {
    let stretches = |f1: &[f64], half: f64| {
        let stretch = |(at, f1): (usize, &f64)| estimate(25 * (at + 1), 25, *f1, half);
        f1.iter().enumerate().map(stretch).collect::<Vec<_>>()
    };
    let mut shown = String::new();
    for (name, course) in [
        ("too early", stretches(&[0.3, 0.4], 0.1)),
        ("rising", stretches(&[0.2, 0.3, 0.5, 0.6], 0.1)),
        ("nothing measurable", stretches(&[0.62, 0.6, 0.62, 0.61], 0.03)),
        ("unknown", stretches(&[0.62, 0.6, 0.62, 0.64], 0.1)),
        ("falling", stretches(&[0.6, 0.6, 0.3, 0.3], 0.1)),
    ] {
        let mut state = tagging(80, 24, LiveReport { course, ..known() });
        press(&mut state, "L");
        let screen = plain(&state, Caps::default());
        let rows = screen.lines().skip_while(|row| !row.contains("worth going on")).skip(1);
        let rows: Vec<&str> = rows.take_while(|row| !row.trim().is_empty()).collect();
        shown.push_str(&format!("{name}\n{}\n\n", rows.join("\n")));
    }
    assert_snapshot("learning-worth", &shown);
}

#[test]
fn the_overlay_is_read_to_its_end_and_closed() {
    let mut state = tagging(60, 16, known());
    press(&mut state, "L G");
    let end = plain(&state, ASCII);
    assert!(end.contains("10   F1 .21 (.13 to .29)"), "{end}");
    assert!(end.contains("learn or not") && end.contains("esc back"), "the keys are on the key line: {end}");
    press(&mut state, "esc");
    assert!(state.overlay().is_none());
    let speaks = Caps { plain: true, ..Caps::default() };
    let mut state = tagging(120, 40, known());
    press(&mut state, "L");
    assert!(!plain(&state, speaks).contains("=*=") && plain(&state, Caps::default()).contains("=*="));
}

#[test]
fn nothing_else_moves_when_it_learns() {
    for (columns, rows) in SIZES {
        let rows_of = |report: LiveReport| {
            let shown = plain(&tagging(columns, rows, report), Caps::default());
            shown.lines().map(str::to_owned).collect::<Vec<_>>()
        };
        let before = rows_of(LiveReport { state: LiveState::Waiting(5), ..LiveReport::default() });
        let after = rows_of(known());
        let moved = before.iter().zip(&after).filter(|(before, after)| before != after).count();
        // The line itself, the status line, which names the model that suggests, and the keys, as its view is possible now.
        assert!(moved <= 3 && before.len() == after.len(), "{columns}x{rows}: {moved} rows differ");
        for (other, report) in reports() {
            assert_eq!(rows_of(report).len(), after.len(), "{other}");
        }
    }
}

#[test]
fn no_line_while_no_document_is_done_or_nothing_can_be_said() {
    let mut state = after("right 3", 80, 24);
    let before = plain(&state, Caps::default());
    update(&mut state, Event::Live(Box::new(LiveReport { suggester: None, ..known() })));
    assert_eq!(plain(&state, Caps::default()), before, "no document is done");
    let mut state = after("enter", 80, 24);
    let before = plain(&state, Caps::default());
    update(&mut state, Event::Live(Box::default()));
    assert_eq!(plain(&state, Caps::default()), before, "off, and nothing was learned");
}

#[test]
fn a_training_takes_the_line_while_it_goes_on() {
    let mut state = tagging(80, 24, known());
    running(&mut state);
    assert!(line_below(&state, Caps::default()).starts_with("0008-mini"));
    let shown = plain(&state, Caps::default());
    assert!(!shown.contains("live-7"), "{shown}");
    let mut state = tagging(120, 40, known());
    running(&mut state);
    assert!(line_below(&state, Caps::default()).starts_with("live-7"), "where the run is beside the text");
}

#[test]
fn reasons_from_outside_are_cut_and_cleaned() {
    let why = "\u{1b}[2Jwhy ".repeat(80);
    for state in [LiveState::Paused(why.clone()), LiveState::Failed(why)] {
        for (columns, rows) in SIZES {
            let mut state = tagging(columns, rows, LiveReport { state: state.clone(), ..known() });
            let line = line_below(&state, ASCII);
            assert!(line.len() < usize::from(columns) && !line.contains('\u{1b}'), "{line}");
            press(&mut state, "L");
            assert!(!plain(&state, ASCII).contains('\u{1b}'));
        }
    }
}

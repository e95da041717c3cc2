//! The welcome screen, its form and the tutorial as snapshots.

use crate::{
    app::{Event, State, event::WelcomeItem, overlays::tutorial::STEPS, update},
    runs::RunSummary,
};

use crate::ui::{
    Caps,
    chrome::wrapped,
    tests::{ASCII, after, plain, press, running, screen},
};

fn welcome(columns: u16, rows: u16) -> State {
    let mut state = State::default();
    update(&mut state, Event::Resize { columns, rows });
    let recent = |name: &str, about: &str, opened: &str| WelcomeItem {
        path: format!("/{name}"),
        name: name.into(),
        about: about.into(),
        opened: opened.into(),
        ..WelcomeItem::default()
    };
    let sample = |name: &str, about: &str| WelcomeItem {
        path: format!("sample:{name}"),
        name: name.into(),
        sample: true,
        about: about.into(),
        ..WelcomeItem::default()
    };
    let places = vec![
        recent("tacos", "~/reviews/spring/tacos", "today 09:12"),
        recent("a name that is far too long", "/mnt/data/reviewer/corpora/restaurants/of/the/town", "2026-10-02"),
        recent("\u{5bff}\u{53f8}", "~/\u{5bff}\u{53f8}", ""),
        sample("restaurants", "restaurant queries and reviews, most of them tagged"),
        sample("bilingual-menu", "menus in several scripts, with labels of its own"),
    ];
    update(&mut state, Event::Welcome(places));
    update(&mut state, Event::Counted { path: "/tacos".into(), done: 31, documents: 72 });
    state
}

fn form(columns: u16, rows: u16) -> State {
    let mut state = welcome(columns, rows);
    press(&mut state, "n ~ / r e v i e w s tab A u t h o r , W o r k tab");
    state
}

fn snapshot(name: &str, screens: &[(&str, State)]) {
    let screens = screens.iter().map(|(what, state)| {
        let (columns, rows) = (state.session.size.columns, state.session.size.rows);
        format!("{what} {columns}x{rows}\n{}", screen(state, "ansi", Caps::default()))
    });
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "../../snapshots" }, {
        insta::assert_snapshot!(name, screens.collect::<Vec<_>>().join("\n"));
    });
}

#[test]
fn projects_samples_and_the_tutorial() {
    let mut first = State::default();
    update(&mut first, Event::Resize { columns: 80, rows: 24 });
    let sample = WelcomeItem { path: "sample:a".into(), name: "a".into(), sample: true, ..WelcomeItem::default() };
    update(&mut first, Event::Welcome(vec![sample]));
    let mut below = welcome(60, 16);
    press(&mut below, "end");
    let mut opening = welcome(80, 24);
    press(&mut opening, "enter");
    snapshot(
        "welcome",
        &[
            ("projects", welcome(80, 24)),
            ("projects", welcome(60, 16)),
            ("the end", below),
            ("no project", first),
            ("opening", opening),
        ],
    );
}

#[test]
fn the_form_of_a_new_project() {
    let mut wrong = form(80, 24);
    press(&mut wrong, "t . t x t enter");
    let problem = "cannot read /home/ada/t.txt: there is no such file or folder";
    update(&mut wrong, Event::OpenFailed(problem.into()));
    let mut small = form(60, 16);
    press(&mut small, "enter");
    update(&mut small, Event::FolderInUse(3));
    snapshot("welcome-form", &[("typing", form(80, 24)), ("wrong", wrong), ("in use", small)]);
}

fn tutorial(columns: u16, rows: u16) -> State {
    after("ctrl-t ctrl-t l 3", columns, rows)
}

#[test]
fn the_tutorial_leaves_room_for_the_text() {
    let sizes = [(80, 24), (120, 40), (60, 16)];
    let screens = sizes.map(|(columns, rows)| ("lengthen", tutorial(columns, rows)));
    snapshot("tutorial", &screens);
    for (_, state) in screens {
        let shown = plain(&state, Caps::default());
        assert!(shown.contains("The tacos at El Camino") && shown.contains("harbour."), "{shown}");
    }
}

/// Every step fits the two lines that it has.
/// At 80 columns all of it does, at 60 the task.
#[test]
fn every_step_of_the_tutorial_fits_its_place() {
    let mut state = after("ctrl-t ctrl-t", 80, 24);
    for step in 0..=STEPS.len() {
        for moment in 0..3 {
            if let Some(tutorial) = &mut state.tutorial {
                tutorial.step = step;
            }
            let mut state = state.clone();
            match moment {
                1 => running(&mut state),
                2 => {
                    let info = RunSummary { id: "0001-mini".into(), has_model: true, ..RunSummary::default() };
                    state.session.runs.list = vec![info];
                }
                _ => {}
            }
            let Some(lesson) = state.lesson() else { continue };
            let whole = format!("{} {}", lesson.what, lesson.why);
            for (text, columns) in [(&whole, 76), (&lesson.what, 56)] {
                let lines = wrapped(text, columns, usize::MAX, Caps::default().glyphs).len();
                assert!(lines <= 2, "{columns} columns are too few for: {text}");
            }
        }
    }
}

#[test]
fn ascii_is_enough() {
    for state in [welcome(80, 24), form(60, 16), tutorial(80, 24), tutorial(120, 40)] {
        let shown = plain(&state, ASCII);
        let foreign = shown.replace(['\u{5bff}', '\u{53f8}'], "");
        assert!(foreign.is_ascii(), "{shown}");
    }
}

//! Screens in extreme states.
//! They are empty or very full, long, wide or foreign, narrow and without colour.

use proptest::prelude::*;
use ratatui::{Terminal, backend::TestBackend};

use crate::{
    app::{
        Effect, Event, Key, State,
        event::{Level, Message, Opened},
        screens::train::form::ROWS,
        update,
    },
    runs::{
        LabelScores, Phase, Point, RunSummary, Scores, Status,
        metrics::{Table, Tables},
    },
    spans::{Document, Entity, LabelSet, ModelAnswer, Prediction, Split, WordGuess},
    text::{Grid, TextRange, width::width, words},
};
use unicode_width::UnicodeWidthStr;

use super::{
    Caps, Theme, draw,
    tests::{ASCII, opened, plain, press, snapshots},
};

/// The screen without its styles, every cell as it is.
fn symbols(state: &State, caps: Caps) -> String {
    let mut terminal = Terminal::new(TestBackend::new(state.session.size.columns, state.session.size.rows)).unwrap();
    let theme = Theme::named("mono").unwrap();
    terminal.draw(|frame| drop(draw(state, &theme, caps, frame))).unwrap();
    let buffer = terminal.backend().buffer();
    let mut shown = String::new();
    for y in 0..state.session.size.rows {
        let mut skip = 0;
        for x in 0..state.session.size.columns {
            let symbol = buffer[(x, y)].symbol();
            if skip == 0 {
                shown.push_str(symbol);
                skip = width(symbol).max(1);
            }
            skip -= 1;
        }
        shown.push('\n');
    }
    shown
}

/// The program with this project open.
fn with(opened: Opened, columns: u16, rows: u16) -> State {
    let mut state = State::default();
    update(&mut state, Event::Resize { columns, rows });
    update(&mut state, Event::Opened(Box::new(opened)));
    state
}

fn project(texts: &[&str], labels: &[&str]) -> Opened {
    let documents = texts.iter().enumerate().map(|(at, text)| Document::new(format!("d{at}"), *text, Grid::Natural));
    Opened { documents: documents.collect(), labels: LabelSet::from_names(labels), ..opened() }
}

fn suggest(state: &mut State, document: usize, found: Vec<Entity>) {
    let document = state.session.project.as_ref().unwrap().documents[document].id.clone();
    update(
        state,
        Event::Suggestions { document, run: "0001-mini".into(), found, uncertainty: None, labels: Default::default() },
    );
}

/// Types or pastes a sentence on the Explore screen.
/// The model finds every second word.
fn explore(state: &mut State, text: &str) {
    let run = |id: &str, f1| {
        let status = Status { phase: Phase::Done, ..Status::default() };
        RunSummary { id: id.into(), has_model: true, word_f1: Some(f1), status, ..RunSummary::default() }
    };
    update(state, Event::Runs(vec![run("0008-mini", 0.74), run("0007-mini", 0.61)]));
    press(state, "f5");
    let effects = update(state, Event::Paste(text.into()));
    let Some(Effect::Predict { generation, text, .. }) = effects.last().cloned() else { return };
    let words = words::split(&text, Grid::Natural);
    let label =
        state.session.project.as_ref().unwrap().labels.iter().next().map_or("Dish", |label| &label.name).to_owned();
    let found = words.iter().step_by(2).map(|range| Entity { range: *range, label: label.clone(), score: 0.876 });
    let guess = |range: &TextRange| WordGuess { range: *range, labels: vec![(label.clone(), 0.9), ("O".into(), 0.1)] };
    let words_said = words.iter().map(guess).collect();
    let answer = ModelAnswer { entities: found.collect(), words: words_said, scale: None };
    let prediction = Prediction { model: "0008-mini".into(), answer, pipeline: None };
    update(state, Event::Prediction { generation, prediction });
}

#[test]
fn a_text_that_is_cut_ends_in_an_ellipsis() {
    let mut state = with(opened(), 60, 16);
    let text = "one message that is much longer than any screen has rows for ".repeat(20);
    update(&mut state, Event::Message(Message { level: Level::Warn, text }));
    for (caps, ellipsis) in [(Caps::default(), "\u{2026}"), (ASCII, "...")] {
        let shown = symbols(&state, caps);
        let last = shown.lines().rev().nth(1).unwrap();
        assert!(last.trim_end().ends_with(ellipsis), "{shown}");
    }
}

#[test]
fn settings_are_explained_whole_and_counted_on_the_smallest_screen() {
    let mut state = with(opened(), 60, 16);
    press(&mut state, "f3");
    for row in 1..=ROWS.len() {
        let shown = symbols(&state, Caps::default());
        assert!(shown.contains(&format!(" {row}/{}", ROWS.len())), "{row}:\n{shown}");
        let device = &state.session.project.as_ref().unwrap().device;
        let explained = state.train.explanation(device);
        let end = explained.split_whitespace().last().unwrap();
        assert!(shown.contains(end), "{end}:\n{shown}");
        press(&mut state, "j");
    }
}

#[test]
fn every_question_about_a_label_says_how_it_is_answered() {
    for (columns, rows) in [(60, 16), (80, 24)] {
        for has_others in [false, true] {
            let labels = ["A label with a rather long name", "Another"];
            let mut state = with(Opened { has_others, ..project(&["fish"], &labels) }, columns, rows);
            press(&mut state, "f6 D");
            let shown = symbols(&state, Caps::default());
            assert!(shown.contains("enter or y removes it, esc keeps it"), "{shown}");
            assert_eq!(shown.contains("no longer train."), has_others, "{shown}");
            press(&mut state, "esc m j");
            let shown = symbols(&state, Caps::default());
            assert!(shown.contains("enter or y merges, esc goes back"), "{shown}");
        }
    }
}

#[test]
fn labels_left_out_of_the_table_of_a_run_are_counted() {
    let names: Vec<String> = (0..30).map(|at| format!("label{at:02}")).collect();
    let mut state = with(opened(), 80, 24);
    evaluated(&mut state, &names, false);
    press(&mut state, "f3 v");
    let shown = symbols(&state, Caps::default());
    let seen = names.iter().filter(|name| shown.contains(name.as_str())).count();
    assert!(shown.contains(&format!("and {} more", 30 - seen)), "{shown}");
}

/// A message of several rows covers neither the labels nor a question, on any screen.
#[test]
fn a_long_message_covers_no_label_and_no_question() {
    let text = "The project was changed on disk and cannot be read as it is now: project.json: it has conflict markers. This \
                window goes on with what it has read before, and saves as ever";
    let message = || Event::Message(Message { level: Level::Warn, text: text.into() });
    for (columns, rows) in [(60, 16), (80, 24), (120, 40), (200, 50)] {
        let mut state = with(opened(), columns, rows);
        update(&mut state, message());
        let shown = symbols(&state, Caps::default());
        let names: Vec<String> =
            state.session.project.as_ref().unwrap().labels.iter().map(|label| label.name.clone()).collect();
        let missing: Vec<&String> = names.iter().filter(|name| !shown.contains(&name[..4])).collect();
        assert!(missing.is_empty() && shown.contains("as ever"), "{columns}x{rows}: {missing:?}\n{shown}");
        press(&mut state, "i");
        update(&mut state, message());
        let shown = symbols(&state, Caps::default());
        assert!(shown.contains("A note on this") && shown.contains("as ever"), "{columns}x{rows}:\n{shown}");
        press(&mut state, "esc f2");
        update(&mut state, message());
        let last = state.session.project.as_ref().unwrap().documents.iter().last().unwrap().id.clone();
        let shown = symbols(&state, Caps::default());
        assert!(shown.contains(&last) && shown.contains("as ever"), "{columns}x{rows}:\n{shown}");
    }
}

/// A run that is done, with every table, a test evaluation and an older run.
/// Its best evaluation is kept.
fn evaluated(state: &mut State, names: &[String], old: bool) {
    let row = |at: usize, less: f64| {
        let (right, wrong, missed) = (40 + at * 3, 7 + at * 2, 11 + at);
        let (p, r) = (right as f64 / (right + wrong) as f64 - less, right as f64 / (right + missed) as f64 - less);
        LabelScores { precision: p, recall: r, f1: 2.0 * p * r / (p + r), support: right + missed, found: None }
    };
    let labels = |less: f64| names.iter().enumerate().map(|(at, name)| (name.clone(), row(at, less))).collect();
    let all = |f1: f64| Scores { precision: f1 + 0.01, recall: f1 - 0.01, f1, accuracy: 0.931 };
    let table = |f1: f64| Table { all: all(f1), labels: labels(0.9 - f1) };
    let tables = Tables { word_strict: table(0.72), piece: table(0.77), piece_strict: table(0.75) };
    let point = |step, split: &str, f1: f64| Point::Eval {
        step,
        epoch: step as f64 / 100.0,
        split: split.into(),
        loss: 0.4,
        piece: all(0.77),
        word: all(f1),
        labels: labels(0.9 - f1),
        tables: (!old).then(|| Box::new(tables.clone())),
    };
    let run = |id: &str, f1| {
        let checkpoint = Some(200);
        let status = Status { phase: Phase::Done, epoch: 4.0, epochs: 4.0, checkpoint, ..Status::default() };
        RunSummary { id: id.into(), has_model: true, word_f1: Some(f1), status, ..RunSummary::default() }
    };
    let effects = update(state, Event::Runs(vec![run("0008-mini", 0.74), run("0007-mini", 0.61)]));
    let Some(Effect::Follow { generation, .. }) = effects.first().cloned() else { panic!("{effects:?}") };
    let points = vec![point(100, "valid", 0.6), point(200, "valid", 0.74), point(400, "valid", 0.7)];
    update(state, Event::Points { generation, points: [points, vec![point(200, "test", 0.69)]].concat() });
}

fn eight() -> Vec<String> {
    crate::spans::label::RESTAURANT.map(str::to_owned).into()
}

#[test]
fn evaluate_with_eight_labels() {
    snapshots("evaluate-done", |columns, rows| {
        let mut state = with(opened(), columns, rows);
        evaluated(&mut state, &eight(), false);
        press(&mut state, "f4 s c j j");
        state
    });
}

#[test]
fn a_long_text_in_explore() {
    let text =
        "Four of us had the lasagne, which was cheap and came at once; the patio at El Camino is open till 2 am. "
            .repeat(8);
    snapshots("explore-long", |columns, rows| {
        let mut state = with(opened(), columns, rows);
        explore(&mut state, &text);
        press(&mut state, "esc end left left");
        state
    });
}

#[test]
fn many_documents() {
    snapshots("documents-many", |columns, rows| {
        let texts = [
            "The tacos at El Camino were cheap.",
            "A very long review begins here and goes on and on until it says at last that the tacos were cold.",
            "\u{5bff}\u{53f8} tacos and caf\u{e9}",
        ];
        let documents = (0..1200).map(|at| {
            let mut document = Document::new(format!("mit-train-{at:05}"), texts[at % 3], Grid::Natural);
            document.split = [Some(Split::Train), Some(Split::Valid), None][at % 3];
            document
        });
        let mut state = with(Opened { documents: documents.collect(), ..opened() }, columns, rows);
        press(&mut state, "3 enter f n s n 3 f2 / t a c o s enter p p j");
        state
    });
}

#[test]
fn help_and_palette_on_the_smallest_screen() {
    let screens = ["?", "? end", ":", ": d o c pagedown", ": c o u n t", ": z z"].map(|keys| {
        let mut state = with(opened(), 60, 16);
        press(&mut state, "3 l");
        press(&mut state, keys);
        format!("{keys}\n{}", plain(&state, Caps::default()))
    });
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("overlays-narrow", screens.join("\n\n"));
    });
}

#[test]
fn what_the_next_key_acts_on_is_said_above_the_labels() {
    for (columns, rows) in [(80, 24), (60, 16)] {
        let mut state = with(project(&["fish tacos at El Camino"], &["Dish", "Restaurant_Name"]), columns, rows);
        let found = Entity { range: TextRange::new(14, 23), label: "Restaurant_Name".into(), score: 0.642 };
        suggest(&mut state, 0, vec![found]);
        let line = |state: &State| {
            let shown = plain(state, Caps::default());
            shown.lines().rev().nth(3).unwrap().trim_matches(['\u{2500}', ' ']).to_owned()
        };
        assert_eq!(line(&state), "");
        press(&mut state, "1");
        assert_eq!(line(&state), "Dish, just made: fish");
        press(&mut state, "h");
        assert_eq!(line(&state), "Dish: fish");
        press(&mut state, "end");
        assert_eq!(line(&state), "Restaurant_Name?.64: El Camino (0001-mini)");
        press(&mut state, "a");
        let made = line(&state);
        assert!(made.starts_with("Restaurant_Name, just made: El") && made.ends_with("after the last word"), "{made}");
        press(&mut state, "home l v");
        assert!(line(&state).ends_with("selecting"));
    }
}

#[test]
fn the_head_of_evaluate_always_says_what_is_counted() {
    for (columns, rows) in [(120, 40), (80, 24), (60, 16)] {
        let mut state = with(opened(), columns, rows);
        evaluated(&mut state, &eight(), false);
        press(&mut state, "f4");
        for (key, split, count, f1) in [
            ("g", "validation split", "per word, lenient", ".740"),
            ("s", "validation split", "per word, strict", ".720"),
            ("c", "validation split", "per piece, strict", ".750"),
            ("s", "validation split", "per piece, lenient", ".770"),
            ("t", "test split", "per piece, lenient", ".770"),
            ("c", "test split", "per word, lenient", ".690"),
        ] {
            press(&mut state, key);
            let shown = plain(&state, Caps::default());
            let all = shown.lines().find(|line| line.starts_with(" all, ")).unwrap();
            assert!(shown.contains(&format!("{split}, {count}")) && all.contains(f1), "{key}: {shown}");
        }
        press(&mut state, "t e G");
        let shown = plain(&state, Caps::default());
        assert!(shown.contains("last evaluation, weights not kept") && shown.contains("2 P R") == (columns > 60));
    }
}

#[test]
fn a_run_of_an_earlier_version_says_what_it_lacks() {
    let mut state = with(opened(), 60, 16);
    evaluated(&mut state, &eight(), true);
    press(&mut state, "f4 c");
    let shown = plain(&state, Caps::default());
    assert!(shown.contains("no table of labels") && shown.contains(".770") && shown.contains("share"), "{shown}");
    press(&mut state, "s");
    assert!(plain(&state, Caps::default()).contains("s counts leniently"));
}

#[test]
fn a_suggestion_shows_its_question_mark_in_every_room_and_without_colour() {
    let mut state = with(project(&["a to pie soup hours kitchen"], &["Hours", "\u{83dc}\u{54c1}"]), 80, 24);
    let text = state.session.project.as_ref().unwrap().documents[0].text.clone();
    for label in ["Hours", "\u{83dc}\u{54c1}"] {
        let found = words::split(&text, Grid::Natural).into_iter();
        let found = found.map(|range| Entity { range, label: label.into(), score: 0.91 }).collect();
        suggest(&mut state, 0, found);
        for caps in [Caps::default(), ASCII] {
            let shown = plain(&state, caps);
            let marks = shown.lines().nth(3).unwrap();
            assert_eq!(marks.matches('?').count(), 6, "{label}: {marks}");
            // The longest words say how sure it is, always with two digits; half a score would read as a key.
            let scores = marks.matches(".91").count();
            assert!(scores >= 1 && marks.matches(".9").count() == scores && !marks.contains("?9"), "{label}: {marks}");
            assert!(shown.contains("?.91: a"), "{shown}");
        }
    }
    let ascii = plain(&state, ASCII);
    assert_eq!(ascii.lines().nth(3), Some("  ? 2? 2?. 2?.. 2?.91 2?.91.."), "{ascii}");
}

#[test]
fn labels_without_room_are_counted_and_all_are_in_the_palette() {
    let names: Vec<String> = (1..=40).map(|n| format!("Label number {n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for (columns, rows) in [(60, 16), (80, 24)] {
        let mut state = with(project(&["fish tacos"], &names), columns, rows);
        let shown = plain(&state, Caps::default());
        let bar = shown.lines().find(|line| line.contains("more: :")).unwrap_or_else(|| panic!("{shown}"));
        assert!(bar.trim_end().ends_with("more: :"));
        press(&mut state, ": n u m b e r space 3 9 enter");
        assert!(plain(&state, Caps::default()).contains("Label number 39"));
    }
}

#[test]
fn saved_is_said_however_little_room_there_is() {
    let mut project = project(&["fish tacos"], &["Dish"]);
    project.name = "a name that is longer than most screens are wide, for once".into();
    project.documents = (0..20_000).map(|at| Document::new(format!("d{at}"), "tacos", Grid::Natural)).collect();
    let mut state = with(project, 60, 16);
    press(&mut state, "1");
    for keys in ["", "n", "f2", "f3", "f4", "f5"] {
        press(&mut state, keys);
        let shown = plain(&state, Caps::default());
        let head = shown.lines().next().unwrap();
        assert!(head.contains("saved") && head.contains("a name") && width(head) <= 60, "{head}");
    }
    press(&mut state, "esc f1");
    update(&mut state, Event::Key { key: Key::char('1'), at: 0 });
    update(&mut state, Event::SaveFailed { attempt: 0, message: "disk full".into() });
    assert!(plain(&state, Caps::default()).lines().next().unwrap().contains("NOT SAVED 1"));
}

#[test]
fn the_annotator_is_named_at_every_width() {
    let mut project = project(&["fish tacos"], &["Dish"]);
    project.name = "a name that is longer than most screens are wide, for once".into();
    project.annotator = "ada".into();
    for columns in 60..=140 {
        let mut state = with(project.clone(), columns, 16);
        for key in ["f1", "1", "f2", "f3", "f4", "f5"] {
            press(&mut state, key);
            let shown = plain(&state, Caps::default());
            assert!(shown.lines().next().unwrap().contains("by ada"), "{columns} columns, after {key}: {shown}");
        }
    }
}

/// Projects at their ends.
fn extremes() -> Vec<(&'static str, Opened)> {
    let long = "The tacos at El Camino were cheap and good. ".repeat(230);
    let forty: Vec<String> = (1..=40).map(|n| format!("Label {n} \u{83dc}\u{54c1} with a long name")).collect();
    let forty: Vec<&str> = forty.iter().map(String::as_str).collect();
    let foreign = [
        "\u{5d4}\u{5d0}\u{5d5}\u{5db}\u{5dc} \u{5d4}\u{5d9}\u{5d4} \u{5d8}\u{5e2}\u{5d9}\u{5dd} 10 \u{5d3}\u{5e7}\u{5d5}\u{5ea}",
        "\u{627}\u{644}\u{637}\u{639}\u{627}\u{645} \u{644}\u{630}\u{64a}\u{630} \u{1f35d}\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} \u{1f1ee}\u{1f1f9}!",
        "\u{5bff}\u{53f8}\u{3068}\u{62c9}\u{9eba}\u{304c}\u{7f8e}\u{5473}\u{3057}\u{3044}\u{3002}",
        "e\u{301}\u{301}\u{301} \u{202e}evil\u{202c} \u{feff}x \u{0} tab\there",
        "",
        "   ",
    ];
    let mut words = project(&[], &["Dish"]);
    words.documents = vec![Document::from_words("given", ["al pastor", "", "tacos"])].into();
    vec![
        ("nothing", project(&[], &[])),
        ("no label", project(&["tacos"], &[])),
        ("one", project(&["tacos"], &["Dish"])),
        ("long", project(&[&long], &["Dish", "Restaurant_Name"])),
        ("one long word", project(&["x".repeat(10_000).as_str()], &["Dish"])),
        ("forty", project(&["fish tacos at El Camino"], &forty)),
        ("foreign", project(&foreign, &["\u{83dc}\u{54c1}", "a b c", "\u{645}\u{637}\u{639}\u{645}", "\u{1f35d}"])),
        ("words", words),
    ]
}

/// Keys that go over all screens and open overlays on them.
const TOUR: &str = "w v l 1 2 N 3 ] } x u ctrl-r A ? end esc : l a b esc f2 f p o / t enter enter esc f2 esc f3 f4 s c t e o j \
                    G n f5 t a c o s esc l j G m i up enter q esc f1 end pagedown home enter space n p";

#[test]
fn every_project_can_be_walked_through_in_every_size_without_a_fault() {
    for (name, opened) in extremes() {
        for (columns, rows) in [(120, 40), (60, 16), (1, 1)] {
            let names: Vec<String> = opened.labels.iter().map(|label| label.name.clone()).collect();
            let mut state = with(opened.clone(), columns, rows);
            for (at, document) in opened.documents.iter().enumerate() {
                let label = names.first().cloned().unwrap_or_default();
                let found =
                    document.words.iter().map(|range| Entity { range: *range, label: label.clone(), score: 0.5 });
                suggest(&mut state, at, found.take(50).collect());
            }
            evaluated(&mut state, &names, false);
            explore(&mut state, opened.documents.first().map_or("", |document| &document.text));
            press(&mut state, "f1");
            for (at, key) in TOUR.split_whitespace().enumerate() {
                press(&mut state, key);
                let caps = if at % 2 == 0 { Caps::default() } else { ASCII };
                let shown = symbols(&state, caps);
                let sound = !shown.chars().any(|c| c.is_control() && c != '\n' || c == '\u{202e}');
                assert!(sound, "{name} after {key}: {shown}");
                assert!(caps.glyphs != ASCII.glyphs || shown.is_ascii(), "{name} after {key}: {shown}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_text_with_any_labels_is_drawn_inside_the_screen(
        text in "[a-z \\PC\\p{Arabic}\\p{Han}\u{1f468}\u{200d}\n]{0,200}",
        labels in prop::collection::vec("\\PC{1,12}", 1..30),
        columns in 60u16..130,
        rows in 16u16..45,
        seed in any::<u16>(),
    ) {
        let names: Vec<&str> = labels.iter().map(String::as_str).collect();
        let mut state = with(project(&[&text], &names), columns, rows);
        let words = state.session.project.as_ref().unwrap().documents[0].words.clone();
        let found = words.iter().skip(usize::from(seed % 3)).step_by(2);
        let label = labels[usize::from(seed) % labels.len()].clone();
        let found = found.map(|range| Entity { range: *range, label: label.clone(), score: 0.77 }).collect();
        suggest(&mut state, 0, found);
        explore(&mut state, &text);
        for keys in ["", "esc j l", "f2 / a enter", "f1 1 w 2", "? end", "esc : a"] {
            press(&mut state, keys);
            for line in symbols(&state, Caps::default()).lines() {
                // The width that terminals give the line, in which a mark may join the blank before it.
                prop_assert!(UnicodeWidthStr::width(line) <= usize::from(columns), "{}", line);
            }
        }
    }
}

#[test]
fn what_is_below_the_list_of_spans_stays_where_it_is() {
    let mut state = with(project(&["one two three four five six seven eight"], &["Dish"]), 120, 40);
    let row =
        |state: &State| plain(state, Caps::default()).lines().position(|line| line.contains("\u{2502} documents"));
    let before = row(&state);
    assert!(before.is_some());
    for _ in 0..7 {
        press(&mut state, "1 l h");
        assert_eq!(row(&state), before);
    }
    let shown = plain(&state, Caps::default());
    assert!(shown.contains("Dish             seven"), "{shown}");
}

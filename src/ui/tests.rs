//! Whole screens, with their styles, as snapshots.
//! The text of every row, and under it which cells have which style.

use proptest::prelude::*;
use ratatui::{Terminal, backend::TestBackend, style::Style};

use crate::{
    app::{
        Effect, Event, Key, State,
        event::{Annotators, Opened, WelcomeItem},
        exchange::{FormatInfo, ImportPlan, ImportPreview, Loss, NotExported, PreviewedDocument},
        update,
    },
    runs::{LabelScores, Phase, Point, RunSummary, Scores, Status},
    spans::{
        Annotation, Document, Entity, Journal, LabelId, LabelSet, OnDuplicate, Span, SpanId, SpanSource,
        Status as SpanStatus,
        adjudication::ComparedDocument,
        agreement::{Panel, agreement_of_all},
    },
    text::{Grid, TextRange, width::Glyphs},
};

use super::{Caps, Target, Theme, draw};

const TEXT: &str = "The tacos at El Camino were cheap and the patio stays open till 2 am, about five minutes from the \
                    harbour.";

pub(super) fn opened() -> Opened {
    let texts =
        [TEXT, "any thai places with a view", "tab\there and \u{1b}[31mred\u{1b}[0m and caf\u{e9} \u{5bff}\u{53f8}"];
    let documents = texts.iter().enumerate().map(|(at, text)| Document::new(format!("d{at}"), *text, Grid::Natural));
    Opened {
        name: "restaurants".into(),
        annotator: "ada".into(),
        documents: documents.collect(),
        labels: LabelSet::restaurant(),
        journal: Journal::default(),
        writer: 7,
        device: "flex, 2 threads".into(),
        ..Opened::default()
    }
}

/// The program after these keys, with every line saved.
pub(super) fn after(keys: &str, columns: u16, rows: u16) -> State {
    let mut state = State::default();
    update(&mut state, Event::Resize { columns, rows });
    update(&mut state, Event::Opened(Box::new(opened())));
    press(&mut state, keys);
    state
}

pub(super) fn press(state: &mut State, keys: &str) {
    for name in keys.split_whitespace() {
        let key: Key = name.parse().unwrap();
        for effect in update(state, Event::Key { key, at: 1_790_000_000 }) {
            if let Effect::Record { attempt, entries } = effect {
                update(state, Event::Saved { attempt, ids: entries.iter().map(|entry| entry.id).collect() });
            }
        }
    }
}

fn suggest(state: &mut State) {
    let found = [("till 2 am", "Hours", 0.91), ("cheap", "Price", 0.5)];
    let found = found.map(|(text, label, score)| {
        let start = TEXT.find(text).unwrap();
        Entity { range: TextRange::new(start, start + text.len()), label: label.into(), score }
    });
    update(
        state,
        Event::Suggestions {
            document: "d0".into(),
            run: "0001-mini".into(),
            found: found.into(),
            uncertainty: None,
            labels: Default::default(),
        },
    );
}

/// A run in its second epoch.
pub(super) fn running(state: &mut State) {
    let status = Status {
        phase: Phase::Training,
        step: 740,
        steps: 1437,
        epoch: 1.54,
        epochs: 3.0,
        seconds: 120.0,
        eta: Some(112.0),
        device: "cpu, 2 threads".into(),
        ..Status::default()
    };
    let info = RunSummary { id: "0008-mini".into(), base: "mini".into(), status, ours: true, ..RunSummary::default() };
    let effects = update(state, Event::Runs(vec![info]));
    let Some(Effect::Follow { generation, .. }) = effects.first().cloned() else { panic!("{effects:?}") };
    update(state, Event::Points { generation, points: points() });
}

fn points() -> Vec<Point> {
    let mut points = Vec::new();
    for n in 1..=30 {
        let epoch = f64::from(n) * 0.05;
        let loss = 1.5 * (-epoch * 2.0).exp() + 0.25 + if n % 2 == 0 { 0.05 } else { -0.05 };
        let (step, seconds) = (n as usize * 24, Some(f64::from(n) * 9.5));
        points.push(Point::Step { step, epoch, loss, lr: 2e-5, grad_norm: 1.0, tokens_per_second: 1180.0, seconds });
        if n % 10 == 0 {
            let f1 = 0.2 * f64::from(n / 10) + 0.16;
            let scores = Scores { precision: f1 - 0.01, recall: f1 + 0.01, f1, accuracy: 0.93 };
            let labels = [("Amenity", 0.63, 0.66, 262), ("Dish", 0.79, 0.9, 165), ("Restaurant_Name", 0.8, 0.83, 470)];
            let labels = labels.map(|(name, precision, recall, support)| {
                let f1 = 2.0 * precision * recall / (precision + recall);
                (name.to_owned(), LabelScores { precision, recall, f1, support, found: None })
            });
            points.push(Point::Eval {
                step: n as usize * 24,
                epoch,
                split: "valid".into(),
                loss: 0.9 - f64::from(n) * 0.018,
                piece: scores,
                word: Scores { f1: f1 - 0.02, ..scores },
                labels: labels.into(),
                tables: None,
            });
        }
    }
    points
}

fn theme(name: &str) -> Theme {
    Theme::named(name).unwrap()
}

/// Every row of the screen, then its styles as runs.
/// First column, last column, style.
pub(super) fn screen(state: &State, theme_name: &str, caps: Caps) -> String {
    let mut terminal = Terminal::new(TestBackend::new(state.session.size.columns, state.session.size.rows)).unwrap();
    terminal.draw(|frame| drop(draw(state, &theme(theme_name), caps, frame))).unwrap();
    let buffer = terminal.backend().buffer();
    let mut out = String::new();
    for y in 0..state.session.size.rows {
        let (mut text, mut styles, mut skip) = (String::new(), Vec::<(u16, u16, String)>::new(), 0);
        for x in 0..state.session.size.columns {
            let cell = &buffer[(x, y)];
            if skip == 0 {
                text.push_str(cell.symbol());
                skip = crate::text::width::width(cell.symbol()).max(1);
            }
            skip -= 1;
            let style = words(cell.style());
            match styles.last_mut() {
                Some((_, end, same)) if *same == style && *end + 1 == x => *end = x,
                _ if style.is_empty() => {}
                _ => styles.push((x, x, style)),
            }
        }
        let styles: Vec<String> = styles.iter().map(|(from, to, style)| format!("{from}-{to} {style}")).collect();
        out.push_str(text.trim_end());
        out.push('\n');
        if !styles.is_empty() {
            out.push_str(&format!("        {{{}}}\n", styles.join(", ")));
        }
    }
    out
}

fn words(style: Style) -> String {
    let mut words = Vec::new();
    let color = |color: ratatui::style::Color| color.to_string().to_lowercase();
    words.extend(style.fg.map(color).filter(|name| name != "reset"));
    words.extend(style.bg.map(color).filter(|name| name != "reset").map(|name| format!("on {name}")));
    words.extend(style.add_modifier.iter_names().map(|(name, _)| name.to_lowercase()));
    words.join(" ")
}

/// The text of the screen alone.
pub(super) fn plain(state: &State, caps: Caps) -> String {
    screen(state, "mono", caps).lines().filter(|line| !line.starts_with("        {")).collect::<Vec<_>>().join("\n")
}

pub(super) const ASCII: Caps = Caps { glyphs: Glyphs::Ascii, plain: false };

const SIZES: [(u16, u16); 5] = [(120, 40), (80, 24), (60, 16), (20, 5), (0, 0)];

/// The same moment in every size.
/// One snapshot of the theme with colours, and one of the styles that the theme without colours has in their place. The
/// text is the same in both.
pub(super) fn snapshots(name: &str, moment: impl Fn(u16, u16) -> State) {
    let shown = |theme: &str| {
        let screens = SIZES.map(|(columns, rows)| {
            let state = moment(columns, rows);
            format!("{columns}x{rows}\n{}", screen(&state, theme, Caps::default()))
        });
        screens.join("\n")
    };
    let (ansi, mono) = (shown("ansi"), shown("mono"));
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(format!("{name}-ansi"), ansi);
        insta::assert_snapshot!(format!("{name}-mono"), restyled(&ansi, &mono));
    });
}

/// The rows of `mono` whose styles are not those of `ansi`.
fn restyled(ansi: &str, mono: &str) -> String {
    let (ansi, mono) = (styled_rows(ansi), styled_rows(mono));
    let texts = |rows: &[(String, String)]| rows.iter().map(|(text, _)| text.clone()).collect::<Vec<_>>();
    assert_eq!(texts(&ansi), texts(&mono), "a theme changes styles only");
    let differing = ansi.iter().zip(mono).filter(|(ansi, mono)| ansi.1 != mono.1);
    differing.map(|(_, (text, styles))| format!("{text}\n{styles}\n")).collect()
}

/// Each row of [`screen`] with the line of its styles.
fn styled_rows(screens: &str) -> Vec<(String, String)> {
    let mut rows: Vec<(String, String)> = Vec::new();
    for line in screens.lines() {
        match rows.last_mut() {
            Some((_, styles)) if line.starts_with("        {") => line.clone_into(styles),
            _ => rows.push((line.to_owned(), String::new())),
        }
    }
    rows
}

fn tagged(columns: u16, rows: u16) -> State {
    let mut state = after("right 3 right 8 ] w 6 v right", columns, rows);
    suggest(&mut state);
    running(&mut state);
    state
}

#[test]
fn tag_screen() {
    snapshots("tag", tagged);
}

#[test]
fn documents_screen() {
    snapshots("documents", |columns, rows| {
        let mut state = tagged(columns, rows);
        press(&mut state, "esc 6 enter s tab k");
        state
    });
}

#[test]
fn evaluate_screen() {
    snapshots("evaluate", |columns, rows| {
        let mut state = tagged(columns, rows);
        press(&mut state, "f4 j");
        state
    });
}

#[test]
fn annotators_side_by_side() {
    let span = |writer, start, end, label| Span {
        id: SpanId { writer, sequence: start },
        range: TextRange::new(start as usize, end),
        label: LabelId(label),
        source: SpanSource::Human,
    };
    let done = |spans| Annotation::new(spans, SpanStatus::Done);
    let ada = [
        done(vec![span(1, 4, 9, 2), span(1, 13, 22, 7), span(1, 57, 72, 3)]),
        done(vec![span(1, 4, 8, 1)]),
        done(vec![span(1, 9, 12, 2)]),
    ];
    let ben = [
        done(vec![span(2, 4, 9, 2), span(2, 16, 22, 4)]),
        done(vec![span(2, 4, 8, 1), span(2, 21, 25, 0)]),
        done(vec![span(2, 8, 12, 2)]),
    ];
    snapshots("annotators", |columns, rows| {
        let mut state = State::default();
        update(&mut state, Event::Resize { columns, rows });
        let opened = Opened { annotator: "gold".into(), ..opened() };
        let documents = opened.documents.clone();
        update(&mut state, Event::Opened(Box::new(opened)));
        let key = Event::Key { key: "f7".parse().unwrap(), at: 0 };
        let effects = update(&mut state, key);
        let [Effect::CompareAnnotators { generation }] = effects[..] else { panic!("{effects:?}") };
        let said = |at: usize| vec![Some(&ada[at]), Some(&ben[at]), None];
        let panels = documents.iter().enumerate();
        let panels: Vec<_> = panels.map(|(at, document)| Panel { document, annotations: said(at) }).collect();
        let found = Annotators {
            names: vec!["ada".into(), "ben".into(), "another human".into()],
            agreement: agreement_of_all(&panels),
            documents: (0..3)
                .filter_map(|at| Some((format!("d{at}"), ComparedDocument::new(at, &said(at))?)))
                .collect(),
        };
        update(&mut state, Event::Annotators { generation, found: Ok(Box::new(found)) });
        press(&mut state, "a b n");
        state
    });
}

#[test]
fn overlays() {
    let mut shown = Vec::new();
    for keys in ["?", ": d o c", "q", "f3 S", ": e x p o r t enter", "f2 m"] {
        let mut state = tagged(80, 24);
        state.session.formats = FormatInfo::some();
        press(&mut state, keys);
        shown.push(format!("{keys}\n{}", screen(&state, "ansi", Caps::default())));
    }
    let mut state = State::default();
    update(&mut state, Event::Resize { columns: 80, rows: 24 });
    let place = |name: &str, sample| WelcomeItem {
        path: format!("/reviews/{name}"),
        name: name.into(),
        sample,
        ..WelcomeItem::default()
    };
    update(&mut state, Event::Welcome(vec![place("tacos", false), place("lesson", true)]));
    shown.push(format!("welcome\n{}", screen(&state, "ansi", Caps::default())));
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("overlays", shown.join("\n"));
    });
}

#[test]
fn export_and_its_losses() {
    let opened = |columns, rows| {
        let mut state = after("", columns, rows);
        state.session.formats = FormatInfo::some();
        press(&mut state, "3 enter : e x p o r t enter p p p p s");
        state
    };
    snapshots("export", opened);
    snapshots("export-losses", |columns, rows| {
        let mut state = opened(columns, rows);
        let effects = update(&mut state, Event::Key { key: "enter".parse().unwrap(), at: 0 });
        let [Effect::Export { generation, .. }] = effects[..] else { panic!("{effects:?}") };
        let loss = |document: Option<&str>, range, reason: &str| Loss {
            document: document.map(str::to_owned),
            range,
            reason: reason.to_owned(),
        };
        let losses = vec![
            loss(Some("d0"), Some(TextRange::new(4, 7)), "the span `tac` (`Dish`) ends inside a word of `tacos`"),
            loss(
                Some("d2"),
                None,
                "the text `tab\u{2409}here and \u{241b}[31mred` contains a line break, and this reason is long",
            ),
            loss(None, None, "and 1,184 more errors"),
        ];
        update(&mut state, Event::Exported { generation, outcome: Err(NotExported::Losses(losses)) });
        press(&mut state, "j");
        state
    });
}

#[test]
fn preview_of_an_import() {
    snapshots("import", |columns, rows| {
        let mut state = after(": i m p o r t enter", columns, rows);
        update(&mut state, Event::Paste("~/reviews/more.jsonl".into()));
        let effects = update(&mut state, Event::Key { key: "enter".parse().unwrap(), at: 0 });
        let [Effect::PreviewImport { generation, .. }] = effects[..] else { panic!("{effects:?}") };
        let document = |id: &str, text: &str, spans: &[(usize, usize, &str)]| PreviewedDocument {
            id: id.into(),
            text: text.into(),
            spans: spans.iter().map(|(start, end, label)| (TextRange::new(*start, *end), (*label).into())).collect(),
            is_cut: text.len() > 80,
        };
        let first = vec![
            document("reviews-1", TEXT, &[(4, 9, "Dish"), (13, 22, "Restaurant_Name"), (13, 15, "Article")]),
            document("reviews-2", "cheap \u{1b}[31mbeer \u{5bff}\u{53f8}", &[(0, 5, "Price"), (16, 22, "Cuisine")]),
            document("reviews-3", "", &[]),
        ];
        let plan = |on_duplicate| ImportPlan {
            on_duplicate,
            added: [1200, 2401],
            remarks: vec![
                "3 documents there already".into(),
                "7 documents with an id that is in use, added under another one".into(),
            ],
            renamed: (7, vec![("d1".into(), "d1-2".into()), ("d2".into(), "d2-2".into())]),
            new_labels: vec!["Article".into()],
        };
        let preview = ImportPreview {
            format: "jsonl".into(),
            why: "one document per line, 1,203 documents, 2,410 spans of 4 labels".into(),
            counts: [1203, 15_120, 2410],
            labels: ["Dish", "Price", "Restaurant_Name"].map(str::to_owned).into(),
            problems: vec!["line 7: the span 3-9 ends inside a character (it is left out)".into()],
            plans: OnDuplicate::ALL.iter().rev().map(|way| plan(*way)).collect(),
            first,
            ..ImportPreview::default()
        };
        update(&mut state, Event::ImportPreviewed { generation, outcome: Ok(Box::new(preview)) });
        state
    });
}

#[test]
fn a_failed_save_is_loud_and_stays() {
    let mut state = after("", 80, 24);
    let effects = update(&mut state, Event::Key { key: Key::char('3'), at: 0 });
    let [Effect::Record { attempt, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let message = "annotations/ada.jsonl cannot be written: no space left on the device".to_owned();
    update(&mut state, Event::SaveFailed { attempt: *attempt, message });
    for keys in ["", "l", "esc", "?"] {
        press(&mut state, keys);
        assert!(plain(&state, Caps::default()).contains("NOT SAVED 1"), "after {keys}");
    }
    press(&mut state, "esc");
    let shown = plain(&state, Caps::default());
    assert!(shown.contains("Not saved: annotations/ada.jsonl") && shown.contains("ctrl-s"), "{shown}");
}

#[test]
fn a_screen_reader_gets_words_and_the_cursor() {
    let plain_caps = Caps { plain: true, ..Caps::default() };
    let place = |state: &State| {
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
        terminal.draw(|frame| drop(draw(state, &Theme::named("mono").unwrap(), plain_caps, frame))).unwrap();
        let cursor = terminal.get_cursor_position().unwrap();
        (cursor.x, cursor.y)
    };
    let state = after("right 3", 80, 24);
    let shown = plain(&state, plain_caps);
    let rows: Vec<&str> = shown.lines().collect();
    assert_eq!(rows[3].trim(), "Dish");
    assert!(!shown.contains(['\u{2500}', '\u{2514}', '=']), "{shown}");
    let at = rows[2].find("at El").unwrap();
    assert_eq!(place(&state), (u16::try_from(at).unwrap(), 2), "where the next key works");
    let list = after("f2 j", 80, 24);
    let row = plain(&list, plain_caps).lines().position(|line| line.contains("any thai")).unwrap();
    assert_eq!(usize::from(place(&list).1), row);
}

#[test]
fn a_line_that_is_read_from_right_to_left_says_so() {
    let with = |text: &str| {
        let mut state = State::default();
        update(&mut state, Event::Resize { columns: 80, rows: 24 });
        let documents = vec![Document::new("d", text, Grid::Natural)];
        update(&mut state, Event::Opened(Box::new(Opened { documents: documents.into(), ..opened() })));
        press(&mut state, "3");
        state
    };
    let line = |state: &State, caps| plain(state, caps).lines().nth(2).unwrap_or_default().to_owned();
    let hebrew = with("\u{5e9}\u{5dc}\u{5d5}\u{5dd} tacos");
    // The first letter comes first.
    assert!(
        line(&hebrew, Caps::default()).starts_with("\u{2190} \u{5e9}\u{5dc}"),
        "{}",
        line(&hebrew, Caps::default())
    );
    assert!(line(&hebrew, ASCII).starts_with("< ???? tacos"));
    assert!(line(&with("tacos"), Caps::default()).starts_with("  tacos"));
}

#[test]
fn nothing_moves_when_a_label_is_added() {
    let bare = after("right", 80, 24);
    let tagged = tagged(80, 24);
    let rows =
        |state: &State| plain(state, ASCII).lines().skip(2).step_by(2).take(2).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(rows(&bare), rows(&tagged));
}

#[test]
fn nested_spans_are_bracketed() {
    let state = after("v l l l l l N 3 h h N 2", 80, 24);
    let shown = plain(&state, ASCII);
    let marks = shown.lines().nth(3).unwrap();
    assert_eq!(marks, "  =Dish===========[Cuis]=====", "{shown}");
}

#[test]
fn labels_in_any_script_are_named_under_their_words() {
    let mut opened = opened();
    opened.labels = LabelSet::from_names(["\u{83dc}\u{54c1}", "Stra\u{df}e"]);
    let mut state = State::default();
    update(&mut state, Event::Resize { columns: 80, rows: 24 });
    update(&mut state, Event::Opened(Box::new(opened)));
    press(&mut state, "v l l 1 l 2");
    let shown = plain(&state, Caps::default());
    let marks =
        "  \u{2514}\u{83dc}\u{54c1}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2518}    \u{2514}Stra\u{2518}";
    assert_eq!(shown.lines().nth(3), Some(marks), "{shown}");
}

#[test]
fn hostile_text_is_shown_and_not_obeyed() {
    let state = after("n n", 80, 24);
    for caps in [Caps::default(), ASCII] {
        let shown = plain(&state, caps);
        assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown}");
    }
    assert!(plain(&state, Caps::default()).contains("\u{241b}[31mred"));
    let ascii = plain(&state, ASCII);
    assert!(ascii.is_ascii() && ascii.contains("cafe"), "{ascii}");
}

#[test]
fn a_cell_tells_what_lies_under_it() {
    let state = after("", 80, 24);
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    let mut hits = super::HitMap::default();
    terminal.draw(|frame| hits = draw(&state, &theme("ansi"), Caps::default(), frame)).unwrap();
    assert_eq!(hits.at(6, 2), Some(Target::Text(4)));
    assert!(matches!(hits.at(2, 21), Some(Target::Label(_))), "{:?}", hits.at(2, 21));
    assert_eq!(hits.at(40, 10), None);
}

const KEYS: [&str; 35] = [
    "1",
    "3",
    "8",
    "]",
    "}",
    "w",
    "v",
    "N",
    "x",
    "space",
    "enter",
    "u",
    "n",
    "tab",
    "shift-tab",
    "?",
    ":",
    "esc",
    "j",
    "k",
    "t",
    "S",
    "q",
    "/",
    "f",
    "r",
    "T",
    "up",
    "down",
    "pagedown",
    "c",
    "l",
    "m",
    "D",
    "y",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_moment_can_be_drawn_in_every_size(
        pressed in prop::collection::vec(0usize..KEYS.len(), 0..25),
        columns in 0u16..130,
        rows in 0u16..45,
        plain in any::<bool>(),
        run in any::<bool>(),
    ) {
        let mut state = after("", columns, rows);
        suggest(&mut state);
        if run {
            running(&mut state);
        }
        for at in pressed {
            press(&mut state, KEYS[at]);
            let caps = Caps { plain, glyphs: if run { Glyphs::Ascii } else { Glyphs::Unicode } };
            let shown = screen(&state, "mono", caps);
            prop_assert!(!shown.chars().any(|c| c.is_control() && c != '\n'));
        }
    }
}

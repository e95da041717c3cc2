//! Effects of keys on a text, in the notation of [`crate::spans::notation`].
//! A bar is before the word under the cursor, two bars are around a selection.

mod annotators;
mod changes;
mod char_cursor;
mod finishing;
mod labels;
mod learning;
mod mistakes;
mod mouse;
mod next;
mod overlays;
mod suggestions;
mod suspects;

use proptest::prelude::*;

use crate::{
    app::{Effect, Event, Key, Screen, State, event::Opened, project::SaveState, tests::message, update},
    runs::RunSummary,
    spans::{
        Annotation, Document, Edit, Entity, Entry, Journal, LabelSet, Span, SpanId, SpanSource, Split, Status, journal,
        notation::Marked,
    },
    text::{Grid, TextRange},
};

/// A project of these texts (in notation).
/// Nothing has been done to it in this session.
fn opened(texts: &[&str]) -> (Opened, Marked) {
    let mut labels = LabelSet::restaurant();
    let mut entries = Vec::new();
    let mut documents = Vec::new();
    let mut first = Marked::default();
    for (at, text) in texts.iter().enumerate() {
        let marked = Marked::parse(text).unwrap();
        let id = format!("d{at}");
        documents.push(Document::new(id.clone(), marked.text.clone(), Grid::Natural));
        for (n, (range, label)) in marked.spans.iter().enumerate() {
            let id = SpanId { writer: 1, sequence: u32::try_from(at * 100 + n).unwrap() };
            let span = Span { id, range: *range, label: labels.intern(label), source: SpanSource::Human };
            let action = crate::spans::Action { document: format!("d{at}"), edits: vec![Edit::Add(span)] };
            entries.push(Entry { id: crate::spans::ActionId(id), at: 0, op: journal::JournalOp::Do(action) });
        }
        if at == 0 {
            first = marked;
        }
    }
    let opened = Opened {
        name: "reviews".into(),
        annotator: "ada".into(),
        documents: documents.into(),
        labels,
        journal: Journal::replay(entries),
        writer: 7,
        ..Opened::default()
    };
    (opened, first)
}

fn start(texts: &[&str]) -> State {
    begin(opened(texts))
}

fn begin((opened, marked): (Opened, Marked)) -> State {
    let mut state = State::default();
    update(&mut state, Event::Resize { columns: 80, rows: 24 });
    update(&mut state, Event::Opened(Box::new(opened)));
    if let Some(range) = marked.selection {
        let words = &state.session.project.as_ref().unwrap().documents[0].words;
        let under = |offset: usize| words.iter().position(|word| word.end > offset).unwrap_or(words.len() - 1);
        let tagging = &mut state.session.tagging;
        tagging.word = under(range.start);
        if !range.is_empty() {
            tagging.anchor = Some(words[tagging.word].start);
            tagging.word = under(range.end - 1);
        }
    }
    state
}

fn press(state: &mut State, keys: &str) -> Vec<Effect> {
    let names = keys.split_whitespace().map(|name| name.parse::<Key>().unwrap());
    names.flat_map(|key| update(state, Event::Key { key, at: 1_790_000_000 })).collect()
}

/// The document in front, in notation.
fn shown(state: &State) -> String {
    let project = state.session.project.as_ref().unwrap();
    let document = &project.documents[state.session.tagging.document];
    let spans = project.annotation(state.session.tagging.document).spans().iter();
    let spans = spans.map(|span| (span.range, project.labels.name(span.label).to_owned())).collect();
    let tagging = &state.session.tagging;
    // After the last word, the bar is at the end of the text.
    let end = if tagging.at_end { document.text.len() } else { 0 };
    let here = tagging.cursor(project).map_or(end, |range| range.start);
    let selection = state.session.tagging.selection(project).unwrap_or(TextRange::new(here, here));
    Marked { text: document.text.to_string(), spans, selection: Some(selection) }.print().unwrap()
}

#[track_caller]
fn keys(before: &str, keys: &str, after: &str) {
    let mut state = start(&[before]);
    press(&mut state, keys);
    assert_eq!(shown(&state), after, "after {keys}");
}

#[test]
fn a_digit_labels_the_word_and_the_cursor_lands_after_it() {
    keys("cheap |tacos here", "3", "cheap [tacos](Dish) |here");
    keys("cheap |tacos", "3", "cheap [tacos](Dish)|");
}

#[test]
fn a_digit_labels_the_selection() {
    keys("|tacos al pastor here", "v right right 3", "[tacos al pastor](Dish) |here");
    keys("tacos al |pastor here", "v h h 3", "[tacos al pastor](Dish) |here");
    keys("|tacos here", "v right v 3", "tacos [here](Dish)|");
}

#[test]
fn a_digit_relabels_a_span() {
    keys("cheap [fish |tacos](Dish) here", "2", "cheap [fish tacos](Cuisine) |here");
}

#[test]
fn the_same_digit_again_does_nothing() {
    keys("cheap |tacos here now", "3 3 3", "cheap [tacos](Dish) |here now");
    keys("|[tacos](Dish) here", "3", "|[tacos](Dish) here");
    // Once the cursor has moved it is another word, not a repeated key.
    keys("cheap |tacos here now", "3 l h 3", "cheap [tacos](Dish) [here](Dish) |now");
    keys("|thai tacos here", "2 3", "[thai](Cuisine) [tacos](Dish) |here");
}

#[test]
fn edges_move_by_words() {
    keys("at |el camino real now", "8 ]", "at [el camino](Restaurant_Name) |real now");
    keys("at |el camino real now", "8 ] ] [", "at [el camino](Restaurant_Name) |real now");
    keys("at el |camino real", "8 }", "at [el camino](Restaurant_Name) |real");
    keys("at el |camino real", "8 } } {", "at [el camino](Restaurant_Name) |real");
    keys("at el |camino", "8 [", "at el [camino](Restaurant_Name)|");
    keys("at [el |camino](Restaurant_Name) real", "]", "at [el |camino real](Restaurant_Name)");
    keys("at [el |camino](Restaurant_Name) real", "[ ]", "at |[el camino](Restaurant_Name) real");
}

#[test]
fn edges_stop_at_other_spans() {
    keys("|[thai](Cuisine) [tacos](Dish) here", "]", "|[thai](Cuisine) [tacos](Dish) here");
    keys("[the [thai](Cuisine) |soup](Dish)", "[", "[the |[thai](Cuisine)](Dish) soup");
    keys("[the [thai](Cuisine) |soup](Dish)", "[ [", "[the |[thai](Cuisine)](Dish) soup");
}

#[test]
fn every_key_acts_on_the_span_under_the_cursor_before_the_one_just_made() {
    keys("|thai [tacos](Dish) here", "2 ]", "[thai](Cuisine) |[tacos here](Dish)");
    keys("|thai [tacos](Dish) here", "2 x", "[thai](Cuisine) |tacos here");
    keys("|thai [tacos](Dish) here", "2 5", "[thai](Cuisine) [tacos](Location) |here");
    // Where there is none under it, the edge keys go to the one just made.
    keys("|thai soup [tacos](Dish) here", "2 ]", "[thai soup](Cuisine) |[tacos](Dish) here");
    keys("|thai hot soup here", "2 ] ] [", "[thai hot](Cuisine) |soup here");
}

#[test]
fn w_and_b_go_to_content_words_without_a_label() {
    keys("|the tacos, and [thai](Cuisine) soup", "w", "the |tacos, and [thai](Cuisine) soup");
    keys("the |tacos, and [thai](Cuisine) soup", "w", "the tacos, and [thai](Cuisine) |soup");
    keys("the tacos, and [thai](Cuisine) |soup", "w", "the tacos, and [thai](Cuisine) |soup");
    keys("the tacos, and [thai](Cuisine) |soup", "b", "the |tacos, and [thai](Cuisine) soup");
}

#[test]
fn x_removes_the_span_under_the_cursor() {
    keys("cheap [fish |tacos](Dish)", "x", "cheap fish |tacos");
    keys("[the |[thai](Cuisine) soup](Dish)", "x", "[the |thai soup](Dish)");
    keys("cheap |tacos", "x", "cheap |tacos");
}

#[test]
fn a_selection_takes_the_place_of_the_spans_it_touches() {
    keys("|the [thai](Cuisine) soup here", "v l l 3", "[the thai soup](Dish) |here");
    keys("the [thai |soup](Dish) here", "v l 3", "the thai [soup here](Dish)|");
    keys("|the [thai](Cuisine) soup here", "v l l N 3", "[the [thai](Cuisine) soup](Dish) |here");
    keys("[the |thai soup](Dish) here", "N 2", "[the [thai](Cuisine) |soup](Dish) here");
}

#[test]
fn an_armed_label_goes_to_every_selection() {
    keys("|fish tacos and thai soup", "# v l v l v l v", "[fish tacos](Dish) and [thai soup](Dish)|");
}

#[test]
fn lines_are_moved_by_column() {
    let before = "|one two three\nfour five six\n\nseven";
    keys(before, "l j", "one two three\nfour |five six\n\nseven");
    keys(before, "l j j k", "one two three\nfour |five six\n\nseven");
    keys(before, "j j j", "one two three\nfour five six\n\n|seven");
}

#[test]
fn undo_and_redo_take_a_key_at_a_time() {
    keys("at |el camino real", "8 ] u", "at |[el](Restaurant_Name) camino real");
    keys("at |el camino real", "8 ] u u", "at |el camino real");
    keys("at |el camino real", "8 ] u u ctrl-r ctrl-r", "at |[el camino](Restaurant_Name) real");
    keys("at |el camino real", "8 u 5 ctrl-r", "at [el](Location) |camino real");
}

#[test]
fn enter_marks_done_and_undo_comes_back_over_it() {
    let mut state = start(&["|tacos here", "soup there"]);
    press(&mut state, "3 enter");
    assert_eq!((state.session.tagging.document, shown(&state).as_str()), (1, "|soup there"));
    assert_eq!(state.session.project.as_ref().unwrap().annotation(0).status, Status::Done);
    assert_eq!(state.session.project.as_ref().unwrap().done_today(), 1);
    press(&mut state, "u");
    assert_eq!((state.session.tagging.document, shown(&state).as_str()), (0, "[tacos](Dish) |here"));
    assert_eq!(state.session.project.as_ref().unwrap().annotation(0).status, Status::Partial);
    assert_eq!(state.session.project.as_ref().unwrap().done_today(), 0);
    press(&mut state, "u");
    assert_eq!(
        (shown(&state).as_str(), state.session.project.as_ref().unwrap().annotation(0).status),
        ("|tacos here", Status::Todo)
    );
}

#[test]
fn passing_by_a_done_document_is_no_work_of_today() {
    let (mut opened, marked) = opened(&["|tacos here", "soup there"]);
    let action = crate::spans::Action { document: "d0".into(), edits: vec![Edit::Status(Status::Done)] };
    let id = crate::spans::ActionId(SpanId { writer: 2, sequence: 0 });
    opened.journal.push(Entry { id, at: 0, op: journal::JournalOp::Do(action) });
    let mut state = begin((opened, marked));
    press(&mut state, "p enter enter");
    assert_eq!(state.session.project.as_ref().unwrap().done_today(), 1);
}

#[test]
fn documents_are_skipped_and_flagged() {
    let mut state = start(&["tacos", "soup", "tea"]);
    press(&mut state, "s f n");
    let project = state.session.project.as_ref().unwrap();
    assert_eq!([0, 1, 2].map(|at| project.annotation(at).status), [Status::Skipped, Status::Flagged, Status::Todo]);
    press(&mut state, "p f p 3");
    let project = state.session.project.as_ref().unwrap();
    assert_eq!([0, 1].map(|at| project.annotation(at).status), [Status::Partial, Status::Todo]);
}

fn suggest(state: &mut State, found: &[(&str, &str)]) {
    let text = state.session.project.as_ref().unwrap().documents[0].text.clone();
    let found = found.iter().map(|(words, label)| {
        let start = text.find(words).unwrap();
        Entity { range: TextRange::new(start, start + words.len()), label: (*label).into(), score: 0.9 }
    });
    let found = found.collect();
    update(
        state,
        Event::Suggestions {
            document: "d0".into(),
            run: "0001-mini".into(),
            found,
            uncertainty: None,
            labels: Default::default(),
        },
    );
}

#[test]
fn suggestions_are_taken_one_by_one_or_all() {
    let found = [("fish tacos", "Dish"), ("cheap", "Price"), ("cheap tea", "Dish"), ("x", "Unknown")];
    let text = "|fish tacos x cheap tea";
    for (pressed, after, status) in [
        ("a", "[fish tacos](Dish) |x cheap tea", Status::Partial),
        ("A", "|[fish tacos](Dish) x [cheap](Price) tea", Status::Partial),
        ("space", "|[fish tacos](Dish) x [cheap](Price) tea", Status::Done),
        ("enter", "|fish tacos x cheap tea", Status::Done),
        ("3 A", "[fish tacos](Dish) |x [cheap](Price) tea", Status::Partial),
        ("v 3 A", "[fish](Dish) |tacos x [cheap](Price) tea", Status::Partial),
        ("A u", "|fish tacos x cheap tea", Status::Todo),
    ] {
        let mut state = start(&[text]);
        suggest(&mut state, &found);
        press(&mut state, pressed);
        assert_eq!(shown(&state), after, "{pressed}");
        assert_eq!(state.session.project.as_ref().unwrap().annotation(0).status, status, "{pressed}");
    }
}

#[test]
fn done_without_the_suggestions_says_so() {
    let mut state = start(&["|fish tacos", "more"]);
    suggest(&mut state, &[("fish", "Dish"), ("tacos", "Dish")]);
    press(&mut state, "enter");
    let message = state.session.message.as_ref().unwrap().text.clone();
    assert!(message.starts_with("Marked done; 2 suggestions not taken"), "{message}");
    press(&mut state, "p A");
    assert_eq!(shown(&state), "|[fish](Dish) [tacos](Dish)");
}

#[test]
fn documents_of_the_test_part_get_no_suggestions() {
    let (mut opened, marked) = opened(&["|one", "two", "three"]);
    let mut documents = opened.documents.to_vec();
    documents[1].split = Some(Split::Test);
    opened.documents = documents.into();
    let model = RunSummary { id: "0001-mini".into(), has_model: true, ..RunSummary::default() };
    opened.runs = vec![model];
    let asked = |effects: Vec<Effect>| {
        effects.into_iter().find_map(|effect| match effect {
            Effect::Suggest { run, documents } => Some((run, documents)),
            _ => None,
        })
    };
    let mut state = State::default();
    let effects = update(&mut state, Event::Opened(Box::new(opened.clone())));
    let documents = vec!["d0".to_owned(), "d2".to_owned()];
    assert_eq!(asked(effects), Some(("0001-mini".to_owned(), documents)), "at once, when the project is opened");
    let mut state = begin((opened, marked));
    press(&mut state, "n");
    let documents = vec!["d0".to_owned(), "d2".to_owned()];
    assert_eq!(asked(press(&mut state, "p")), Some(("0001-mini".to_owned(), documents)));
    let mut state = start(&["|one", "two"]);
    assert_eq!(asked(press(&mut state, "n")), None, "there is no model");
}

#[test]
fn a_taken_suggestion_tells_where_it_comes_from() {
    let mut state = start(&["|tacos here"]);
    suggest(&mut state, &[("tacos", "Dish")]);
    press(&mut state, "a");
    let source = state.session.project.as_ref().unwrap().annotation(0).spans()[0].source.clone();
    assert_eq!(source, SpanSource::Model { run: "0001-mini".into(), score: 0.9 });
}

#[test]
fn saved_is_said_only_when_it_is_true_and_a_failed_save_loses_nothing() {
    let saving = |state: &State| state.session.project.as_ref().unwrap().save_state();
    let ids = |effects: &[Effect]| match effects {
        [Effect::Record { attempt, entries }] => (*attempt, entries.iter().map(|entry| entry.id).collect::<Vec<_>>()),
        other => panic!("{other:?}"),
    };
    let mut state = start(&["|fish tacos here"]);
    let (attempt, first) = ids(&press(&mut state, "3"));
    assert_eq!(saving(&state), SaveState::Saving(1));
    update(&mut state, Event::SaveFailed { attempt, message: "disk full".into() });
    assert_eq!(saving(&state), SaveState::Failed(1));
    // The next action brings the lost line along, in order, with a new attempt.
    let (again, both) = ids(&press(&mut state, "l 2"));
    assert!(again > attempt && both.len() == 2 && both[0] == first[0]);
    // Late news of the first attempt change nothing.
    update(&mut state, Event::SaveFailed { attempt, message: "disk full".into() });
    assert_eq!(saving(&state), SaveState::Saving(2));
    update(&mut state, Event::SaveFailed { attempt: again, message: "disk full".into() });
    let (third, both_again) = ids(&press(&mut state, "ctrl-s"));
    assert_eq!(both_again, both);
    // A disk that hangs is shown until it answers.
    update(&mut state, Event::SaveDelayed { seconds: 7 });
    assert_eq!(state.session.project.as_ref().unwrap().save_delay(), Some(7));
    update(&mut state, Event::Saved { attempt: third, ids: both });
    assert_eq!(saving(&state), SaveState::Saved);
    assert_eq!(state.session.project.as_ref().unwrap().save_delay(), None);
}

#[test]
fn a_read_only_project_is_not_changed() {
    let (mut opened, _) = opened(&["tacos here"]);
    opened.read_only = Some("ada is open in another window".into());
    let mut state = State::default();
    update(&mut state, Event::Opened(Box::new(opened)));
    assert!(!press(&mut state, "3 enter u x").iter().any(|effect| matches!(effect, Effect::Record { .. })));
    assert_eq!(shown(&state), "|tacos here");
}

/// Spans begin and end at word borders and do not cross.
/// Without nesting they do not touch at all.
fn check(state: &State, nested: bool) {
    let project = state.session.project.as_ref().unwrap();
    for (at, document) in project.documents.iter().enumerate() {
        let spans = project.annotation(at).spans();
        for (n, span) in spans.iter().enumerate() {
            assert!(document.words.iter().any(|word| word.start == span.range.start), "{span:?}");
            assert!(document.words.iter().any(|word| word.end == span.range.end), "{span:?}");
            for other in &spans[n + 1..] {
                let inside = span.range.covers(other.range);
                assert!(!span.range.overlaps(other.range) || nested && inside, "{span:?} {other:?}");
            }
        }
    }
    let status = |at: usize| project.annotation(at).status;
    let counts =
        Status::ALL.iter().map(|known| (0..project.documents.len()).filter(|at| status(*at) == *known).count());
    assert_eq!(project.counts().to_vec(), counts.collect::<Vec<_>>());
    let words = project.documents[state.session.tagging.document].words.len();
    assert!(state.session.tagging.word < words.max(1));
}

const KEYS: [&str; 62] = [
    "1", "2", "3", "8", "9", "]", "[", "}", "{", "w", "b", "left", "right", "h", "l", "j", "k", "v", "v", "x", "a",
    "A", "space", "enter", "u", "ctrl-r", "n", "p", "s", "f", "#", "esc", "T", "pagedown", "home", "end", "N", "tab",
    "e", "g", "G", "r", "R", "X", ">", "<", "m", "space", "enter", "H", "up", "down", "i", "x", "'", "t", "0", "esc",
    "esc", "esc", "a", "enter",
];

proptest! {
    #[test]
    fn any_keys_leave_a_valid_annotation(pressed in prop::collection::vec(0usize..KEYS.len(), 0..60)) {
        let nested = pressed.iter().any(|at| KEYS[*at] == "N");
        let (mut opened, marked) = opened(&["the fish tacos, at El Camino\nare |cheap", "", "thai soup"]);
        opened.documents.push(Document::from_words("given", ["al pastor", "", "tacos"])).unwrap();
        let mut state = begin((opened, marked));
        suggest(&mut state, &[("fish tacos", "Dish"), ("El Camino", "Location"), ("cheap", "Price")]);
        for at in pressed {
            press(&mut state, KEYS[at]);
            if KEYS[at] == "tab" {
                state.session.screen = Screen::Tag;
            }
            check(&state, nested);
        }
        let now: Vec<Annotation> = (0..4).map(|at| state.session.project.as_ref().unwrap().annotation(at).clone()).collect();
        // What was journalled is what is shown: a restart changes nothing.
        let project = state.session.project.as_mut().unwrap();
        prop_assert_eq!(project.save_state() == SaveState::Saved, project.journal.is_empty());
        // In an overlay, `u` is a letter.
        state.overlays.clear();
        let mut undone = 0;
        while state.session.project.as_ref().unwrap().journal.undo_target().is_some() {
            press(&mut state, "u");
            check(&state, nested);
            undone += 1;
        }
        for at in 0..4 {
            prop_assert_eq!(state.session.project.as_ref().unwrap().annotation(at), &Annotation::untouched());
        }
        for _ in 0..undone {
            press(&mut state, "ctrl-r");
        }
        for (at, annotation) in now.iter().enumerate() {
            prop_assert_eq!(state.session.project.as_ref().unwrap().annotation(at), annotation);
        }
    }
}

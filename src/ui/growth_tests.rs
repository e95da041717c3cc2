//! Growth of the work for keys and their frames with what is on the screen: fields, spans, characters, ids.

use ratatui::{Terminal, backend::TestBackend};

use crate::{
    app::{Event, State, event::Opened, update},
    spans::{Action, ActionId, Document, Edit, Entry, Journal, LabelId, Span, SpanId, SpanSource, journal::JournalOp},
    text::{Grid, TextRange, growth::assert_linear},
};

use super::{
    Caps, Theme, draw,
    tests::{opened, press},
};

/// Presses keys one by one, with a frame after each.
fn keys_and_frames(state: &State, theme: &Theme, keys: &str) {
    let mut state = state.clone();
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    for key in keys.split_whitespace() {
        press(&mut state, key);
        terminal.draw(|frame| drop(draw(&state, theme, Caps::default(), frame))).unwrap();
    }
}

#[track_caller]
fn assert_linear_keys(n: usize, input: impl Fn(usize) -> State, keys: &str) {
    let theme = Theme::named("ansi").unwrap();
    assert_linear(n, input, |state| keys_and_frames(state, &theme, keys));
}

fn with(opened: Opened) -> State {
    let mut state = State::default();
    update(&mut state, Event::Resize { columns: 80, rows: 24 });
    update(&mut state, Event::Opened(Box::new(opened)));
    state
}

/// A project of one text.
fn of_text(id: &str, text: &str) -> State {
    with(Opened { documents: vec![Document::new(id, text, Grid::Natural)].into(), ..opened() })
}

/// A text of `n` words of four letters with these spans.
fn with_spans(n: usize, ranges: impl Iterator<Item = TextRange>) -> State {
    let entries = (1..).zip(ranges).map(|(sequence, range)| {
        let id = SpanId { writer: 1, sequence };
        let span = Span { id, range, label: LabelId(sequence % 8), source: SpanSource::Human };
        let action = Action { document: "d".into(), edits: vec![Edit::Add(span)] };
        Entry { id: ActionId(id), at: 0, op: JournalOp::Do(action) }
    });
    let journal = Journal::replay(entries);
    let document = Document::new("d", "taco ".repeat(n), Grid::Natural);
    with(Opened { documents: vec![document].into(), journal, ..opened() })
}

#[test]
fn a_key_in_a_field_with_a_long_text() {
    // The note, the search of the list of documents, the palette, and the sentence for the model.
    for opening in ["i", "f2 /", ":", "f5"] {
        for text in ["fish tacos ", "e\u{301}", "\u{5bff}"] {
            let field = |n: usize| {
                let mut state = of_text("d", "fish tacos");
                press(&mut state, opening);
                update(&mut state, Event::Paste(text.repeat(n / text.len())));
                state
            };
            assert_linear_keys(8_000, field, "a left backspace home b end c");
        }
    }
}

#[test]
fn a_key_among_overlapping_spans() {
    const KEYS: &str = "l 3 u w ] [ x g m esc H esc";
    let word = |first: usize, last: usize| TextRange::new(first * 5, last * 5 + 4);
    assert_linear_keys(2_000, |n| with_spans(n, (0..n).map(|at| word(0, at))), KEYS);
    assert_linear_keys(2_000, |n| with_spans(n, (0..n).map(|at| word(at, n - 1))), KEYS);
    assert_linear_keys(2_000, |n| with_spans(2 * n, (0..n).map(|at| word(at, 2 * n - 1 - at))), KEYS);
    assert_linear_keys(2_000, |n| with_spans(n, (0..n).map(|at| word(at, (at + 3).min(n - 1)))), KEYS);
    assert_linear_keys(2_000, |n| with_spans(9, (0..n).map(|_| word(0, 8))), KEYS);
}

#[test]
fn a_key_at_a_character_of_many_code_points() {
    for mark in ["\u{301}", "\u{200d}\u{1f468}", "\u{94d}\u{915}"] {
        let text = |n: usize| of_text("d", &format!("fish a{} tacos", mark.repeat(n / mark.len())));
        assert_linear_keys(20_000, text, "l l 3 u c l l v l 3 [ u c m esc");
    }
}

#[test]
fn a_key_with_a_long_id() {
    assert_linear_keys(20_000, |n| of_text(&"id".repeat(n / 2), "fish tacos"), "l 3 H esc f2 j / a esc f1 :");
}

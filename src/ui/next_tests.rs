//! The Tag screen where a rule chooses the next document, where suggestions are held back, and where some were left.

use crate::{
    app::{Event, State, update},
    config::LiveSettings,
    runs::RunSummary,
    spans::{Entity, NextDocument},
    text::TextRange,
};

use super::{
    Caps,
    tests::{opened, plain, press},
};

/// The first document with two suggestions of a model.
fn suggested(live: LiveSettings) -> State {
    let mut opened = opened();
    opened.live = live;
    let text = opened.documents[0].text.clone();
    let mut state = State::default();
    update(&mut state, Event::Resize { columns: 100, rows: 24 });
    update(&mut state, Event::Opened(Box::new(opened)));
    let run = RunSummary { id: "0001-mini".into(), has_model: true, ..RunSummary::default() };
    update(&mut state, Event::Runs(vec![run]));
    let found = [("till 2 am", "Hours", 0.91), ("cheap", "Price", 0.5)].map(|(words, label, score)| {
        let start = text.find(words).unwrap();
        Entity { range: TextRange::new(start, start + words.len()), label: label.into(), score }
    });
    let (document, run, found) = ("d0".to_owned(), "0001-mini".to_owned(), found.to_vec());
    update(&mut state, Event::Suggestions { document, run, found, uncertainty: None, labels: Default::default() });
    state
}

/// Rows of the screen that contain any of these words.
fn rows(state: &State, words: &[&str]) -> Vec<String> {
    let screen = plain(state, Caps::default());
    screen.lines().filter(|line| words.iter().any(|word| line.contains(word))).map(str::to_owned).collect()
}

#[test]
fn a_document_that_is_held_back_says_so() {
    let mut state = suggested(LiveSettings { held_back: 1, next: NextDocument::Informative, ..Default::default() });
    press(&mut state, "4");
    insta::assert_snapshot!("tag-held-back", plain(&state, Caps::default()));
    press(&mut state, "u space");
    assert_eq!(rows(&state, &["label it by hand"]).len(), 1, "{}", plain(&state, Caps::default()));
}

#[test]
fn suggestions_that_were_left_are_counted() {
    let mut state = suggested(LiveSettings { take_above: 0.6, ..Default::default() });
    assert_eq!(rows(&state, &["takes from .60"]).len(), 1, "{}", plain(&state, Caps::default()));
    press(&mut state, "space");
    insta::assert_snapshot!("tag-left-suggestions", plain(&state, Caps::default()));
}

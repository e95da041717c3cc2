//! Small questions on the Tag screen: a note on the document, a word to jump to, a label beyond the ninth.

use crate::{
    app::{effect::Effect, event::Level, field::Field, overlay::Overlay, state::State},
    spans::Edit,
    text::search::Needle,
};

use super::at_desk;

/// Asks for the note on the document in front.
pub(in super::super) fn ask_note(state: &mut State) {
    if let Some(project) = &state.project {
        let note = project.annotation(state.tag.document).note().to_owned();
        state.overlay = Some(Overlay::Note(Field::new(note)));
    }
}

/// Keeps the note that was typed.
pub(in super::super) fn note(state: &mut State, note: &str) -> Vec<Effect> {
    let note = note.trim().to_owned();
    at_desk(state, |desk| {
        if desk.annotation().note() != note {
            desk.act(vec![Edit::Note(note)]);
        }
    })
}

/// Asks for the letters that a word begins with; the cursor goes there while they are typed.
pub(in super::super) fn ask_jump(state: &mut State) {
    state.overlay = Some(Overlay::Jump { letters: Field::default(), from: state.tag.word });
}

/// Goes to the nearest word that holds what was typed: from where the jump began on, then from the start of the text. With
/// `on`, to the next one after the cursor, or the one before.
pub(in super::super) fn jump(state: &mut State, on: Option<bool>) {
    let Some(Overlay::Jump { letters, from }) = &state.overlay else { return };
    let Some(document) = state.project.as_ref().and_then(|project| project.documents.get(state.tag.document)) else {
        return;
    };
    let (needle, from) = (Needle::new(letters.text()), *from);
    if needle.is_empty() {
        state.tag.put(from);
        return;
    }
    let mut places: Vec<usize> = needle
        .find_in(&document.text)
        .into_iter()
        .filter_map(|range| Some(document.words_touching(range)?.start))
        .collect();
    places.dedup();
    // Words that begin so are meant before those that only hold it.
    let begins = |at: &usize| needle.find_in(document.word(*at)).first().is_some_and(|range| range.start == 0);
    if places.iter().any(begins) {
        places.retain(begins);
    }
    let here = state.tag.word;
    let target = match on {
        None => places.iter().find(|at| **at >= from).or(places.first()),
        Some(true) => places.iter().find(|at| **at > here).or(places.first()),
        Some(false) => places.iter().rev().find(|at| **at < here).or(places.last()),
    };
    match target.copied() {
        Some(word) => state.tag.put(word),
        None => state.tell(Level::Info, "No word of this text holds that"),
    }
}

/// Shows the labels that have a letter.
pub(in super::super) fn ask_label(state: &mut State) {
    let labels = state.project.iter().flat_map(|project| project.labels.iter());
    if labels.filter_map(|label| label.key).any(|key| !key.is_ascii_digit()) {
        state.overlay = Some(Overlay::Labels);
    } else {
        state.tell(Level::Info, "Every label has a digit of its own");
    }
}

/// Gives the label of a letter.
pub(in super::super) fn label(state: &mut State, letter: char) -> Vec<Effect> {
    state.overlay = None;
    let label = state.project.as_ref().and_then(|project| project.labels.by_key(letter)).map(|label| label.id);
    match label {
        Some(label) => super::label(state, label),
        None => {
            state.tell(Level::Warn, format!("No label has the key {letter}"));
            Vec::new()
        }
    }
}

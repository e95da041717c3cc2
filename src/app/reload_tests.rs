//! Tests of files that other programs change while a project is open.

use super::{
    Effect, Event, State,
    effect::DocumentChange,
    event::{Level, Opened},
    key::Key,
    update,
};
use crate::{
    spans::{ActionId, Document, LabelSet},
    text::Grid,
};

fn opened() -> Opened {
    let documents = ["a", "b"].map(|id| Document::new(id, "fish tacos", Grid::Natural)).into_iter().collect();
    Opened { name: "p".into(), documents, labels: LabelSet::restaurant(), ..Opened::default() }
}

fn open() -> State {
    let mut state = State::default();
    update(&mut state, Event::Resize { columns: 80, rows: 24 });
    update(&mut state, Event::Opened(Box::new(opened())));
    state
}

fn press(state: &mut State, key: &str) -> Vec<Effect> {
    update(state, Event::Key { key: key.parse::<Key>().unwrap(), at: 0 })
}

/// Gives a command by its name in the palette.
fn command(state: &mut State, name: &str) -> Vec<Effect> {
    press(state, ":");
    update(state, Event::Paste(name.into()));
    press(state, "enter")
}

fn changed(state: &mut State) -> Vec<Effect> {
    update(state, Event::FilesChanged(vec!["documents.jsonl".into()]))
}

fn message(state: &State) -> (Level, &str) {
    state.session.message.as_ref().map(|message| (message.level, message.text.as_str())).unwrap()
}

#[test]
fn a_changed_project_is_opened_again_where_it_was() {
    let mut state = open();
    press(&mut state, "n");
    assert_eq!(changed(&mut state), [Effect::Reload]);
    let warning = Some("1 document must be looked at".to_owned());
    update(&mut state, Event::Opened(Box::new(Opened { warning, ..opened() })));
    assert_eq!(state.session.tagging.document, 1);
    let text = "documents.jsonl changed; the project was read again. 1 document must be looked at";
    assert_eq!(message(&state), (Level::Warn, text));
}

#[test]
fn the_text_in_front_is_corrected_and_the_document_removed_and_restored() {
    let mut state = open();
    assert_eq!(command(&mut state, "correct-text"), []);
    let id = || "a".to_owned();
    update(&mut state, Event::Paste("!".into()));
    // The text that was shown goes with it, so that a change by another program is noticed.
    let shown = "fish tacos".to_owned();
    let change = DocumentChange::Correct { shown: shown.clone(), text: "fish tacos!".into() };
    let corrected = Effect::ChangeDocument { id: id(), change };
    assert_eq!(press(&mut state, "enter"), [corrected]);
    assert_eq!(
        command(&mut state, "revert-text"),
        [Effect::ChangeDocument { id: id(), change: DocumentChange::UndoCorrection { shown } }]
    );
    assert_eq!(command(&mut state, "restore-document"), [], "nothing was removed");
    assert_eq!(
        command(&mut state, "remove-document"),
        [Effect::ChangeDocument { id: id(), change: DocumentChange::Remove }]
    );
    assert_eq!(
        command(&mut state, "restore-document"),
        [Effect::ChangeDocument { id: id(), change: DocumentChange::Restore }]
    );
    // A text that a line cannot hold is not cut.
    let documents = vec![Document::new("a", "two\nlines", Grid::Natural)].into();
    update(&mut state, Event::Opened(Box::new(Opened { documents, ..opened() })));
    command(&mut state, "correct-text");
    assert!(state.overlays.is_empty() && message(&state).1.contains("--file"), "{:?}", message(&state));
}

#[test]
fn nothing_is_interrupted_by_a_change_and_it_is_read_afterwards() {
    let mut state = open();
    // A selection, and then a line that is not saved yet.
    press(&mut state, "v");
    assert_eq!(changed(&mut state), []);
    assert!(message(&state).1.contains("documents.jsonl changed; the project is read again"), "{:?}", message(&state));
    let effects = press(&mut state, "3");
    let [Effect::Record { attempt, entries }] = effects.as_slice() else { panic!("{effects:?}") };
    let ids: Vec<ActionId> = entries.iter().map(|entry| entry.id).collect();
    assert_eq!(update(&mut state, Event::Saved { attempt: *attempt, ids }), [Effect::Reload]);
    // A text field.
    let mut state = open();
    press(&mut state, "f2");
    press(&mut state, "/");
    assert_eq!(changed(&mut state), []);
    assert_eq!(press(&mut state, "t"), []);
    assert_eq!(press(&mut state, "enter"), [Effect::Reload]);
    // Without a project there is nothing to read.
    assert_eq!(changed(&mut State::default()), []);
}

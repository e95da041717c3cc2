//! Tests of files that other programs change while a project is open.

use super::{
    Effect, Event, State,
    event::{Level, Opened},
    key::Key,
    update,
};
use crate::{
    spans::{ActionId, Document, LabelSet},
    text::Grid,
};

fn opened() -> Opened {
    let documents = ["a", "b"].map(|id| Document::new(id, "fish tacos", Grid::Natural)).into();
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
    let text = "documents.jsonl changed on disk and the project was read again. 1 document must be looked at";
    assert_eq!(message(&state), (Level::Warn, text));
}

#[test]
fn nothing_is_interrupted_by_a_change_and_it_is_read_afterwards() {
    let mut state = open();
    // A selection, and then a line that is not saved yet.
    press(&mut state, "v");
    assert_eq!(changed(&mut state), []);
    assert!(message(&state).1.contains("documents.jsonl changed on disk"), "{:?}", message(&state));
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

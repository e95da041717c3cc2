//! Tests of files that other programs change while a project is open.

use super::{
    Effect, Event, State,
    effect::DocumentChange,
    event::{Level, Opened},
    key::Key,
    update,
};
use crate::{
    spans::{ActionId, Document, LabelSet, SpanChange},
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

fn answer(state: &mut State, change: DocumentChange, outcome: Result<Vec<SpanChange>, String>) -> Vec<Effect> {
    update(state, Event::DocumentChanged { id: "a".into(), change, outcome })
}

/// Opens the project again, with these ids and texts.
fn reopen(state: &mut State, documents: &[(&str, &str)]) -> Vec<Effect> {
    let documents = documents.iter().map(|(id, text)| Document::new(*id, *text, Grid::Natural)).collect();
    update(state, Event::Opened(Box::new(Opened { documents, ..opened() })))
}

/// The id of the document in front, and the text under the cursor.
fn cursor(state: &State) -> (&str, &str) {
    let project = state.session.project.as_ref().unwrap();
    let document = &project.documents[state.session.tagging.document];
    (&document.id, state.session.tagging.cursor(project).unwrap().of(&document.text))
}

fn message(state: &State) -> (Level, &str) {
    state.session.message.as_ref().map(|message| (message.level, message.text.as_str())).unwrap()
}

#[test]
fn a_changed_project_is_opened_again_where_it_was() {
    let mut state = open();
    press(&mut state, "n");
    press(&mut state, "l");
    assert_eq!(changed(&mut state), [Effect::Reload]);
    let warning = Some("1 document must be looked at".to_owned());
    update(&mut state, Event::Opened(Box::new(Opened { warning, ..opened() })));
    assert_eq!((state.session.tagging.document, state.session.tagging.word), (1, 1));
    let text = "documents.jsonl changed; the project was read again. 1 document must be looked at";
    assert_eq!(message(&state), (Level::Warn, text));
}

#[test]
fn what_was_typed_is_kept_if_the_terminal_goes_while_the_project_is_read_again() {
    let mut state = State::default();
    update(&mut state, Event::Resize { columns: 80, rows: 24 });
    let opened = || Opened { folder: "/p".into(), annotator: "ada".into(), ..opened() };
    update(&mut state, Event::Opened(Box::new(opened())));
    command(&mut state, "correct-text");
    update(&mut state, Event::Paste("!".into()));
    press(&mut state, "f4");
    let kept = |state: &State| {
        let kept = state.clone().drafts_to_keep();
        let texts = kept.iter().flat_map(|of| of.drafts.iter().map(|draft| draft.text.as_str()));
        (kept.first().map(|of| (of.folder.clone(), of.annotator.clone())), texts.collect::<Vec<_>>().join(" "))
    };
    let expected = (Some(("/p".to_owned(), "ada".to_owned())), "fish tacos!".to_owned());
    assert_eq!(kept(&state), expected);
    assert_eq!(changed(&mut state), [Effect::Reload]);
    assert!(state.session.project.is_none());
    assert_eq!(kept(&state), expected);
    // Leaving meanwhile asks, too.
    let mut leaving = state.clone();
    assert_eq!(command(&mut leaving, "quit"), []);
    assert!(message(&leaving).1.starts_with("A text that you typed is not saved"), "{}", message(&leaving).1);
    assert!(leaving.drafts_given_up().iter().all(|of| of.drafts.is_empty()));
    // Also if it cannot be read again.
    update(&mut state, Event::OpenFailed("a damaged line".into()));
    assert_eq!(kept(&state), expected);
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
    answer(&mut state, DocumentChange::Remove, Err("the disk is full".into()));
    assert_eq!(message(&state), (Level::Warn, "Nothing was changed: the disk is full"));
    assert_eq!(command(&mut state, "restore-document"), [], "nothing was removed");
    assert_eq!(answer(&mut state, DocumentChange::Remove, Ok(vec![])), [Effect::Reload]);
    reopen(&mut state, &[("b", "fish tacos")]);
    assert_eq!(message(&state), (Level::Info, "The document is removed; : restore-document brings it back"));
    // A restoration that failed can be tried again.
    for outcome in [Err("the disk is full".to_owned()), Ok(vec![])] {
        assert_eq!(
            command(&mut state, "restore-document"),
            [Effect::ChangeDocument { id: id(), change: DocumentChange::Restore }]
        );
        answer(&mut state, DocumentChange::Restore, outcome);
    }
    reopen(&mut state, &[("a", "fish tacos"), ("b", "fish tacos")]);
    assert_eq!(command(&mut state, "restore-document"), [], "it is back");
    // Spans with other words are named, those to be reviewed first.
    let [respelt, replaced] = [Some("fish tacos"), None].map(|new| SpanChange {
        annotator: "ada".into(),
        label: "Dish".into(),
        old: "fish tcaos".into(),
        new: new.map(str::to_owned),
    });
    for (changes, text) in [
        (vec![respelt.clone()], "The text is corrected: Dish \"fish tcaos\" is \"fish tacos\" now"),
        (
            vec![respelt, replaced],
            "The text is corrected: Dish \"fish tcaos\" is to be reviewed; 2 spans changed, 1 to review",
        ),
    ] {
        let change = DocumentChange::Correct { shown: "x".into(), text: "y".into() };
        answer(&mut state, change, Ok(changes));
        reopen(&mut state, &[("a", "fish tacos"), ("b", "fish tacos")]);
        assert_eq!(message(&state).1, text);
    }
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

#[test]
fn the_cursor_stays_on_its_words_when_their_text_changes() {
    let mut state = open();
    press(&mut state, "l");
    assert_eq!(cursor(&state), ("a", "tacos"));
    changed(&mut state);
    reopen(&mut state, &[("b", "fish tacos"), ("a", "very good fish tacos here")]);
    assert_eq!(cursor(&state), ("a", "tacos"));
    // The words are gone.
    changed(&mut state);
    reopen(&mut state, &[("b", "fish tacos"), ("a", "beer")]);
    assert_eq!(cursor(&state), ("a", "beer"));
    // The document before remembers its word, too.
    press(&mut state, "p");
    press(&mut state, "l");
    press(&mut state, "n");
    changed(&mut state);
    reopen(&mut state, &[("b", "cheap fish tacos"), ("a", "beer")]);
    press(&mut state, "p");
    assert_eq!(cursor(&state), ("b", "tacos"));
    // By characters.
    command(&mut state, "characters");
    press(&mut state, "l");
    assert_eq!(cursor(&state), ("b", "a"));
    changed(&mut state);
    reopen(&mut state, &[("b", "so cheap fish tacos"), ("a", "beer")]);
    assert_eq!(cursor(&state), ("b", "a"));
    press(&mut state, "l");
    assert_eq!(cursor(&state), ("b", "c"));
    // No document is left, and one comes back.
    changed(&mut state);
    reopen(&mut state, &[]);
    changed(&mut state);
    reopen(&mut state, &[("b", "fish tacos")]);
    assert_eq!(cursor(&state).0, "b");
}

#[test]
fn a_reload_keeps_the_queue_the_armed_label_and_the_list_of_documents() {
    let texts = [("a", "fish tacos"), ("b", "beer"), ("c", "hot tacos"), ("d", "tacos")];
    let mut state = open();
    reopen(&mut state, &texts);
    press(&mut state, "f2");
    press(&mut state, "/");
    update(&mut state, Event::Paste("tacos".into()));
    press(&mut state, "enter");
    press(&mut state, "enter");
    press(&mut state, "n");
    press(&mut state, "!");
    assert_eq!((cursor(&state).0, state.session.tagging.queue.as_slice()), ("c", &[0, 2, 3][..]));
    let armed = state.session.tagging.armed;
    assert!(armed.is_some());
    // The document in front is removed: the next one that was found comes.
    assert_eq!(
        update(
            &mut state,
            Event::DocumentChanged { id: "c".into(), change: DocumentChange::Remove, outcome: Ok(vec![]) }
        ),
        [Effect::Reload]
    );
    reopen(&mut state, &[texts[0], texts[1], texts[3]]);
    assert_eq!((cursor(&state).0, state.session.tagging.queue.as_slice()), ("d", &[0, 2][..]));
    assert_eq!(state.session.tagging.armed, armed);
    press(&mut state, "p");
    assert_eq!(cursor(&state).0, "a");
    // The list itself is in front.
    press(&mut state, "f2");
    press(&mut state, "o");
    press(&mut state, "down");
    let before = (state.documents.order, state.documents.row, state.documents.shown().to_vec());
    changed(&mut state);
    reopen(&mut state, &[texts[0], texts[1], texts[3]]);
    let documents = &state.documents;
    assert_eq!((documents.order, documents.row, documents.shown().to_vec()), before);
    assert_eq!((documents.search.as_str(), before.2.len()), ("tacos", 2));
}

#[test]
fn a_reload_keeps_what_was_being_typed_and_another_project_does_not() {
    for (prompt, typed) in [("note", "ask ada"), ("correct-text", " twice")] {
        let mut state = open();
        command(&mut state, prompt);
        update(&mut state, Event::Paste(typed.into()));
        // Another screen comes, and the project is read again.
        update(&mut state, Event::Key { key: "f2".parse().unwrap(), at: 0 });
        assert_eq!(changed(&mut state), [Effect::Reload], "{prompt}");
        update(&mut state, Event::Opened(Box::new(opened())));
        press(&mut state, "f1");
        command(&mut state, prompt);
        assert!(state.field().unwrap().text().ends_with(typed), "{prompt}: {:?}", state.field());
        // To another annotator, nothing of it is offered.
        press(&mut state, "f2");
        changed(&mut state);
        update(&mut state, Event::Opened(Box::new(Opened { annotator: "ben".into(), ..opened() })));
        press(&mut state, "f1");
        command(&mut state, prompt);
        assert!(!state.field().unwrap().text().ends_with(typed), "{prompt}");
    }
}

#[test]
fn a_document_is_not_restored_in_another_project() {
    let mut state = open();
    answer(&mut state, DocumentChange::Remove, Ok(vec![]));
    reopen(&mut state, &[("b", "fish tacos")]);
    assert_eq!(state.session.removed_document.as_deref(), Some("a"));
    command(&mut state, "projects");
    update(&mut state, Event::Opened(Box::new(opened())));
    assert_eq!(command(&mut state, "restore-document"), []);
}

#[test]
fn an_outcome_that_comes_while_the_project_is_read_again_is_not_lost() {
    let mut state = open();
    // The files of the removal are noticed before its outcome comes.
    assert_eq!(changed(&mut state), [Effect::Reload]);
    answer(&mut state, DocumentChange::Remove, Ok(vec![]));
    reopen(&mut state, &[("b", "fish tacos")]);
    assert_eq!(state.session.removed_document.as_deref(), Some("a"));
    assert!(!command(&mut state, "restore-document").is_empty());
}

#[test]
fn a_document_that_is_restored_comes_to_the_front() {
    let mut state = open();
    answer(&mut state, DocumentChange::Remove, Ok(vec![]));
    reopen(&mut state, &[("b", "beer"), ("c", "fish")]);
    press(&mut state, "n");
    assert_eq!(cursor(&state).0, "c");
    answer(&mut state, DocumentChange::Restore, Ok(vec![]));
    reopen(&mut state, &[("b", "beer"), ("c", "fish"), ("a", "hot tacos")]);
    assert_eq!(cursor(&state).0, "a");
    // Only once.
    press(&mut state, "p");
    changed(&mut state);
    reopen(&mut state, &[("b", "beer"), ("c", "fish"), ("a", "hot tacos")]);
    assert_eq!(cursor(&state).0, "c");
}

#[test]
fn what_happened_in_a_project_that_was_left_is_not_shown_in_the_next() {
    let mut state = open();
    press(&mut state, "?");
    // Before the project could be read again, it was left.
    assert_eq!(answer(&mut state, DocumentChange::Restore, Ok(vec![])), []);
    assert!(state.notice.is_some() && state.front_next.is_some());
    state.close();
    reopen(&mut state, &[("b", "beer"), ("a", "fish")]);
    assert_eq!(cursor(&state).0, "b");
    assert!(state.session.message.as_ref().is_none_or(|message| !message.text.contains("is back")));
}

#[test]
fn learning_that_was_switched_off_stays_off_when_the_project_is_read_again() {
    use crate::runs::live::{LiveReport, LiveState};
    let told = |effects: &[Effect]| {
        let told = effects.iter().filter_map(|effect| match effect {
            Effect::SetLearning(learns) => Some(*learns),
            _ => None,
        });
        told.collect::<Vec<_>>()
    };
    let mut state = open();
    let report = |state| Event::Live(Box::new(LiveReport { state, ..LiveReport::default() }));
    update(&mut state, report(LiveState::Waiting(3)));
    assert_eq!(told(&press(&mut state, "B")), [false]);
    for _ in 0..2 {
        changed(&mut state);
        assert_eq!(told(&reopen(&mut state, &[("a", "fish tacos")])), [false]);
        update(&mut state, report(LiveState::Off));
    }
    assert_eq!(told(&press(&mut state, "B")), [true]);
    changed(&mut state);
    assert_eq!(told(&reopen(&mut state, &[("a", "fish tacos")])), [] as [bool; 0], "it learns by itself");
    // Another project has its own setting.
    press(&mut state, "B");
    assert_eq!(told(&update(&mut state, Event::Opened(Box::new(opened())))), [] as [bool; 0]);
}

/// The project as another program has left it: `b` erased, and earlier texts of `a`.
fn erased(documents: &[(&str, &str)], erased: &[&str]) -> Opened {
    let documents: Vec<Document> =
        documents.iter().map(|(id, text)| Document::new(*id, *text, Grid::Natural)).collect();
    let erased: std::collections::HashSet<String> = erased.iter().map(|id| (*id).to_owned()).collect();
    Opened {
        folder: "/p".into(),
        annotator: "ada".into(),
        documents: documents.into(),
        erased: erased.into(),
        ..opened()
    }
}

/// Texts that are kept on disk.
fn kept(state: &State) -> Vec<String> {
    let kept = state.clone().drafts_to_keep();
    kept.into_iter().flat_map(|of| of.drafts).map(|draft| draft.text).collect()
}

#[test]
fn what_was_typed_about_a_document_that_another_program_erased_is_dropped() {
    let before = [("a", "call 555-1234"), ("b", "call 555-9999"), ("c", "soup")];
    let begin = |known: &[&str]| {
        let mut state = State::default();
        update(&mut state, Event::Resize { columns: 80, rows: 24 });
        update(&mut state, Event::Opened(Box::new(erased(&before, known))));
        for (key, typed) in [("n", "one"), ("n", "two"), ("n", "call 555-9999 too")] {
            command(&mut state, "note");
            update(&mut state, Event::Paste(typed.into()));
            press(&mut state, "f2");
            press(&mut state, "f1");
            press(&mut state, key);
        }
        assert_eq!(kept(&state).len(), 3, "{:?}", kept(&state));
        state
    };
    let after = [("a", "call"), ("c", "soup")];
    let mut state = begin(&[]);
    assert_eq!(changed(&mut state), [Effect::Reload]);
    update(&mut state, Event::Opened(Box::new(erased(&after, &["a", "b"]))));
    assert_eq!(kept(&state), [""; 0], "also where the words of `b` are elsewhere");
    assert!(message(&state).1.contains("was erased is dropped"), "{}", message(&state).1);
    assert_eq!(state.session.prompts.drafts(), 0);
    // What was erased before it was typed stays, and so does everything after a change that erases nothing.
    let mut state = begin(&["a"]);
    assert_eq!(changed(&mut state), [Effect::Reload]);
    update(&mut state, Event::Opened(Box::new(erased(&before, &["a"]))));
    assert_eq!(kept(&state).len(), 3);
    // Also if the project was closed meanwhile.
    let mut state = begin(&[]);
    assert_eq!(command(&mut state, "projects").len(), 1);
    update(&mut state, Event::Opened(Box::new(erased(&after, &["a", "b"]))));
    assert_eq!(kept(&state), [""; 0]);
}

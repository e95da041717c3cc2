//! No text field loses what was typed: the same tests for all of them.

use strum::VariantArray;

use super::{
    Effect, Event, State,
    effect::DocumentChange,
    event::{Level, Message, Opened, WelcomeItem},
    key::Key,
    prompts::{DraftsOf, KeptDraft, PromptKind},
    update,
};
use crate::{
    spans::{Document, LabelSet},
    text::Grid,
};

const TYPED: &str = "zq";

fn opened() -> Opened {
    let documents = ["a", "b"].map(|id| Document::new(id, "fish tacos", Grid::Natural)).into_iter().collect();
    Opened { name: "p".into(), documents, labels: LabelSet::restaurant(), ..Opened::default() }
}

fn press(state: &mut State, keys: &str) -> Vec<Effect> {
    let keys = keys.split(' ').filter(|key| !key.is_empty());
    keys.flat_map(|key| update(state, Event::Key { key: key.parse::<Key>().unwrap(), at: 0 })).collect()
}

fn paste(state: &mut State, text: &str) {
    update(state, Event::Paste(text.into()));
}

/// Gives a command by its name in the palette.
fn command(state: &mut State, name: &str) -> Vec<Effect> {
    press(state, ":");
    paste(state, name);
    press(state, "enter")
}

/// Answers a field. An import is answered once its preview is confirmed, a file of sentences once it was read.
fn answer(state: &mut State) -> Vec<Effect> {
    let effects = press(state, "enter");
    if let [Effect::ReadSentences { generation, .. }] = effects[..] {
        update(state, Event::SentencesRead { generation, outcome: Ok(Box::default()) });
    }
    let [Effect::PreviewImport { generation, .. }] = effects[..] else { return effects };
    update(state, Event::ImportPreviewed { generation, outcome: Ok(Box::default()) });
    press(state, "enter")
}

fn is_on_welcome(kind: PromptKind) -> bool {
    matches!(kind, PromptKind::Folder | PromptKind::Labels | PromptKind::Texts)
}

/// The program where the fields of this kind are: on the welcome screen, or in a project.
fn start(kind: PromptKind) -> State {
    let mut state = State::default();
    update(&mut state, Event::Resize { columns: 80, rows: 24 });
    update(&mut state, Event::Welcome(vec![WelcomeItem { path: "/p".into(), ..WelcomeItem::default() }]));
    if !is_on_welcome(kind) {
        update(&mut state, Event::Opened(Box::new(opened())));
    }
    state
}

/// Opens a field of this kind. A field that is missing here does not compile.
fn open(state: &mut State, kind: PromptKind) {
    let (keys, command) = match kind {
        PromptKind::Folder => ("n", ""),
        PromptKind::Labels => ("n down", ""),
        PromptKind::Texts => ("n down down", ""),
        PromptKind::Search => ("f2 /", ""),
        PromptKind::Setting => ("f3 home down enter", ""),
        PromptKind::Sentence => ("f5", ""),
        PromptKind::SentenceFile => ("f5 esc o", ""),
        PromptKind::SentenceSearch => ("f5 ctrl-u h i ctrl-r", ""),
        PromptKind::Palette => ("f1 :", ""),
        PromptKind::Jump => ("f1 '", ""),
        PromptKind::Note => ("f1 i", ""),
        PromptKind::Correction => ("f1 :", "correct-text"),
        PromptKind::Import => ("f1 :", "import"),
        PromptKind::NewLabel => ("f6 a", ""),
        PromptKind::LabelName => ("f6 r", ""),
        PromptKind::LabelGuide => ("f6 i", ""),
    };
    press(state, keys);
    if !command.is_empty() {
        paste(state, command);
        press(state, "enter");
    }
}

fn text(state: &State) -> &str {
    state.field().map_or("(no field)", |field| field.text())
}

fn message(state: &State) -> &str {
    state.session.message.as_ref().map_or("", |message| &message.text)
}

/// Whether leaving asks about a text in a field of this kind.
fn asks(kind: PromptKind) -> bool {
    let of_searches = [PromptKind::Search, PromptKind::SentenceSearch, PromptKind::Palette, PromptKind::Jump];
    kind != PromptKind::Sentence && !of_searches.contains(&kind)
}

/// Ways to leave a field that answer nothing.
fn exits(kind: PromptKind) -> &'static [&'static str] {
    if is_on_welcome(kind) { &["esc"] } else { &["esc", "tab", "shift-tab", "f4"] }
}

#[test]
fn what_was_typed_is_offered_again_however_the_field_was_left() {
    for kind in PromptKind::VARIANTS {
        for exit in exits(*kind) {
            let mut state = start(*kind);
            open(&mut state, *kind);
            paste(&mut state, TYPED);
            press(&mut state, exit);
            press(&mut state, "esc esc");
            open(&mut state, *kind);
            let wanted = !(*kind == PromptKind::Search && *exit == "esc");
            assert_eq!(text(&state).ends_with(TYPED), wanted, "{kind:?} after {exit}: {}", text(&state));
        }
    }
}

#[test]
fn esc_drops_what_is_offered_unless_it_was_changed() {
    for kind in PromptKind::VARIANTS.iter().copied().filter(|kind| *kind != PromptKind::Sentence) {
        let mut state = start(kind);
        open(&mut state, kind);
        paste(&mut state, TYPED);
        press(&mut state, exits(kind).last().unwrap());
        open(&mut state, kind);
        // To the other fields of the form leads a key, which takes the message away.
        if !matches!(kind, PromptKind::Labels | PromptKind::Texts) {
            assert!(message(&state).contains("esc drops it"), "{kind:?}: {}", message(&state));
        }
        let mut changed = state.clone();
        press(&mut state, "esc");
        press(&mut state, "esc esc");
        open(&mut state, kind);
        assert!(!text(&state).contains(TYPED) && state.field().is_some(), "{kind:?}: {}", text(&state));
        press(&mut changed, "left x esc");
        open(&mut changed, kind);
        assert!(text(&changed).ends_with("zxq"), "{kind:?}: {}", text(&changed));
    }
}

/// A search that was carried out, a command that was given, a note that was written: none is offered again.
/// The sentence of Explore stays until another one is typed.
#[test]
fn what_was_answered_is_not_offered_again() {
    for kind in PromptKind::VARIANTS.iter().copied().filter(|kind| *kind != PromptKind::Sentence) {
        let mut state = start(kind);
        open(&mut state, kind);
        let given = match kind {
            PromptKind::Palette => "redraw",
            // What no sentence has is no answer.
            PromptKind::SentenceSearch => "hi",
            _ => TYPED,
        };
        paste(&mut state, given);
        press(&mut state, if is_on_welcome(kind) { "up up" } else { "" });
        let effects = answer(&mut state);
        if is_on_welcome(kind) {
            press(&mut state, "up up x enter enter enter");
        }
        if is_on_welcome(kind) || matches!(effects.as_slice(), [Effect::Import { .. }]) {
            update(&mut state, Event::Opened(Box::new(opened())));
        }
        if is_on_welcome(kind) {
            press(&mut state, ":");
            paste(&mut state, "projects");
            press(&mut state, "enter");
        }
        open(&mut state, kind);
        assert!(state.field().is_some() && !message(&state).contains("before"), "{kind:?}: {}", message(&state));
    }
}

#[test]
fn what_was_typed_survives_that_the_project_is_read_again() {
    for kind in PromptKind::VARIANTS.iter().copied().filter(|kind| !is_on_welcome(*kind)) {
        let mut state = start(kind);
        open(&mut state, kind);
        paste(&mut state, TYPED);
        press(&mut state, "f4");
        let effects = update(&mut state, Event::FilesChanged(vec!["documents.jsonl".into()]));
        assert_eq!(effects, [Effect::Reload], "{kind:?}");
        update(&mut state, Event::Opened(Box::new(opened())));
        let mut other = state.clone();
        open(&mut state, kind);
        assert!(text(&state).ends_with(TYPED), "{kind:?}: {}", text(&state));
        // Another project has nothing of it.
        command(&mut other, "projects");
        update(&mut other, Event::Opened(Box::new(Opened { folder: "/other".into(), ..opened() })));
        open(&mut other, kind);
        assert!(!text(&other).contains(TYPED), "{kind:?}: {}", text(&other));
    }
}

#[test]
fn answers_about_a_new_project_stay_while_another_one_is_opened() {
    let mut state = start(PromptKind::Folder);
    press(&mut state, "n ~ / r down D i s h esc");
    update(&mut state, Event::Opened(Box::new(opened())));
    press(&mut state, ":");
    paste(&mut state, "projects");
    press(&mut state, "enter n");
    assert_eq!((text(&state), message(&state).contains("before")), ("~/r", true));
    press(&mut state, "down");
    assert_eq!(text(&state), "Dish");
}

#[test]
fn a_letter_replaces_what_a_search_offers_so_that_commands_can_be_typed_blindly() {
    let mut state = start(PromptKind::Palette);
    press(&mut state, ": z q esc : r e d r a w");
    assert_eq!(text(&state), "redraw");
    assert_eq!(press(&mut state, "enter"), [Effect::Redraw]);
    // Other keys edit it.
    press(&mut state, ": z q esc : backspace x");
    assert_eq!(text(&state), "zx");
    // A note goes on where it was left.
    press(&mut state, "esc i z q esc i x");
    assert_eq!(text(&state), "zqx");
}

#[test]
fn a_letter_replaces_a_value_that_was_given_and_other_keys_edit_it() {
    let mut state = start(PromptKind::Setting);
    state.train.settings.epochs = 40.0;
    press(&mut state, "f3 home down down down down enter");
    assert_eq!(text(&state), "40");
    let mut edited = state.clone();
    press(&mut state, "3 x");
    assert_eq!(text(&state), "3x");
    press(&mut edited, "left right 3");
    assert_eq!(text(&edited), "403");
}

#[test]
fn leaving_with_typed_text_closes_its_field_first() {
    for kind in PromptKind::VARIANTS.iter().copied() {
        let mut state = start(kind);
        open(&mut state, kind);
        paste(&mut state, TYPED);
        let effects = press(&mut state, "ctrl-c");
        assert_eq!(effects.is_empty(), asks(kind), "{kind:?}: {effects:?}");
        if !asks(kind) {
            continue;
        }
        assert!(state.field().is_none() && message(&state).contains("not saved"), "{kind:?}: {}", message(&state));
        let mut back = state.clone();
        assert!(matches!(press(&mut state, "ctrl-c").as_slice(), [Effect::Quit(_)]), "{kind:?}");
        // Offered once more and left the same way, it is still there.
        press(&mut back, "esc esc esc");
        open(&mut back, kind);
        press(&mut back, "ctrl-c esc esc esc");
        open(&mut back, kind);
        assert!(text(&back).ends_with(TYPED), "{kind:?}: {}", text(&back));
        // Nothing was typed: nothing is asked.
        let mut state = start(kind);
        open(&mut state, kind);
        assert!(matches!(press(&mut state, "ctrl-c").as_slice(), [Effect::Quit(_)]), "{kind:?}");
    }
}

/// Whether the text of such a field is kept over the end of the project and of the program.
fn is_kept(kind: PromptKind) -> bool {
    let few_letters = [PromptKind::Setting, PromptKind::Search, PromptKind::Palette, PromptKind::Jump];
    let explored = [PromptKind::Sentence, PromptKind::SentenceFile, PromptKind::SentenceSearch];
    !is_on_welcome(kind) && !explored.contains(&kind) && !few_letters.contains(&kind)
}

#[test]
fn a_text_is_offered_again_after_a_signal_has_ended_the_program() {
    for kind in PromptKind::VARIANTS.iter().copied() {
        let mut state = start(kind);
        open(&mut state, kind);
        paste(&mut state, TYPED);
        let drafts = state.drafts_to_keep().pop().map(|of| of.drafts).unwrap_or_default();
        assert_eq!(drafts.len(), usize::from(is_kept(kind)), "{kind:?}");
        if drafts.is_empty() {
            continue;
        }
        let typed = text(&state).to_owned();
        let mut next = State::default();
        update(&mut next, Event::Resize { columns: 80, rows: 24 });
        update(&mut next, Event::Opened(Box::new(Opened { drafts, ..opened() })));
        assert!(message(&next).contains("its field offers it again"), "{kind:?}: {}", message(&next));
        open(&mut next, kind);
        assert_eq!(text(&next), typed, "{kind:?}");
        assert!(message(&next).contains("typed here before"), "{kind:?}: {}", message(&next));
        // Dropped, it is not kept again: for its place in the file there is nothing.
        press(&mut next, "esc");
        assert_eq!(kept(&next), [("".into(), "".into(), vec![])], "{kind:?}");
    }
}

/// Folder, annotator and texts of those who have written.
fn kept(state: &State) -> Vec<(String, String, Vec<String>)> {
    let texts = |of: &DraftsOf| of.drafts.iter().map(|draft| draft.text.clone()).collect();
    // Of a copy: reading does not count as the last time that they are written.
    state.clone().drafts_to_keep().iter().map(|of| (of.folder.clone(), of.annotator.clone(), texts(of))).collect()
}

fn opened_by(folder: &str, annotator: &str) -> Event {
    Event::Opened(Box::new(Opened { folder: folder.into(), annotator: annotator.into(), ..opened() }))
}

#[test]
fn what_was_typed_is_offered_again_when_a_project_that_was_left_is_opened_again() {
    for kind in PromptKind::VARIANTS.iter().copied().filter(|kind| is_kept(*kind)) {
        let mut state = start(kind);
        update(&mut state, opened_by("/p", "ada"));
        open(&mut state, kind);
        paste(&mut state, TYPED);
        press(&mut state, "f4");
        let typed = kept(&state).last().unwrap().2.clone();
        command(&mut state, "projects");
        let one = |annotator: &str, texts: &[String]| ("/p".to_owned(), annotator.to_owned(), texts.to_vec());
        assert_eq!(kept(&state)[1..], [one("ada", &typed)], "{kind:?}");
        // Neither another project nor another annotator has it, and for these it is kept on.
        for (folder, annotator) in [("/q", "ada"), ("/p", "ben")] {
            update(&mut state, opened_by(folder, annotator));
            open(&mut state, kind);
            assert!(!text(&state).contains(TYPED), "{kind:?} {folder} {annotator}");
            press(&mut state, "esc esc");
            command(&mut state, "projects");
            assert!(kept(&state).contains(&one("ada", &typed)), "{kind:?}");
        }
        // What is on disk is older than what this program knows, as long as it was not written.
        let stale = KeptDraft { text: "stale".into(), ..Default::default() };
        let drafts = vec![
            KeptDraft { field: "new label".into(), ..stale.clone() },
            KeptDraft { field: "import".into(), ..stale },
        ];
        let again = Opened { folder: "/p".into(), annotator: "ada".into(), drafts, ..opened() };
        update(&mut state, Event::Opened(Box::new(again)));
        open(&mut state, kind);
        assert_eq!([text(&state)], typed[..], "{kind:?}");
        assert_eq!(kept(&state).iter().find(|of| of.0 == "/p" && of.1 == "ada"), Some(&one("ada", &typed)), "{kind:?}");
    }
}

#[test]
fn an_answer_is_kept_until_it_is_known_whether_it_could_be_carried_out() {
    let mut state = start(PromptKind::NewLabel);
    open(&mut state, PromptKind::NewLabel);
    paste(&mut state, TYPED);
    press(&mut state, "enter");
    assert_eq!(kept(&state)[0].2, [TYPED]);
    update(&mut state, Event::Labels(Ok(LabelSet::restaurant())));
    assert!(kept(&state)[0].2.is_empty());
}

#[test]
fn of_texts_on_disk_those_that_were_answered_or_have_no_place_are_left_out() {
    let draft = |field: &str, of: &str, text: &str| KeptDraft {
        field: field.into(),
        of: of.into(),
        text: text.into(),
        ..Default::default()
    };
    let drafts = vec![
        draft("correction", "a", "fish tacos"),
        draft("correction", "gone", "fish"),
        draft("note", "gone", "fish"),
        draft("new label", "", "Dish"),
        draft("name of label", "0", "Amenity"),
        draft("name of label", "77", "Amenities"),
        draft("guideline of label", "many", "x"),
        draft("field of a newer version", "", "x"),
    ];
    let mut state = State::default();
    update(&mut state, Event::Opened(Box::new(Opened { drafts, ..opened() })));
    assert_eq!((message(&state), kept(&state)), ("", vec![(String::new(), String::new(), vec![])]));
}

#[test]
fn a_window_that_only_reads_leaves_the_texts_of_the_one_that_writes() {
    let mut state = State::default();
    let read_only = Some("another window writes".to_owned());
    update(&mut state, Event::Opened(Box::new(Opened { read_only, ..opened() })));
    assert_eq!(kept(&state), []);
    // As soon as it writes, what is on disk counts.
    let drafts = vec![KeptDraft { field: "import".into(), text: TYPED.into(), ..Default::default() }];
    update(&mut state, Event::Opened(Box::new(Opened { drafts, ..opened() })));
    assert_eq!(kept(&state)[0].2, [TYPED]);
    // A window that can write no longer writes none of them.
    let mut reads = state.clone();
    update(&mut reads, Event::Opened(Box::new(Opened { read_only: Some(String::new()), ..opened() })));
    assert_eq!(kept(&reads), []);
    // Leaving without them gives them up on disk, too.
    assert_eq!(state.drafts_given_up().iter().map(|of| of.drafts.len()).collect::<Vec<_>>(), [0]);
}

#[test]
fn a_project_that_was_left_is_written_once_more_and_then_belongs_to_its_windows() {
    let mut state = start(PromptKind::Note);
    update(&mut state, opened_by("/p", "ada"));
    open(&mut state, PromptKind::Note);
    paste(&mut state, TYPED);
    press(&mut state, "f4");
    command(&mut state, "projects");
    assert_eq!(state.drafts_to_keep().pop().map(|of| (of.folder, of.drafts.len())), Some(("/p".into(), 1)));
    update(&mut state, opened_by("/q", "ada"));
    assert_eq!(state.drafts_to_keep().iter().map(|of| of.folder.as_str()).collect::<Vec<_>>(), ["/q"]);
    assert_eq!(state.clone().drafts_given_up().len(), 1, "what is left in /p is offered there");
    // Another window has gone on with the note.
    let theirs = KeptDraft { field: "note".into(), of: "a".into(), text: "theirs".into(), ..Default::default() };
    let again = Opened { folder: "/p".into(), annotator: "ada".into(), drafts: vec![theirs], ..opened() };
    update(&mut state, Event::Opened(Box::new(again)));
    assert_eq!(kept(&state).iter().find(|of| of.0 == "/p").unwrap().2, ["theirs"]);
}

#[test]
fn a_draft_says_that_the_text_under_it_has_changed() {
    let mut state = start(PromptKind::Correction);
    open(&mut state, PromptKind::Correction);
    paste(&mut state, TYPED);
    press(&mut state, "f4");
    update(&mut state, Event::FilesChanged(vec!["documents.jsonl".into()]));
    let documents = vec![Document::new("a", "hot fish tacos", Grid::Natural)].into();
    update(&mut state, Event::Opened(Box::new(Opened { documents, ..opened() })));
    open(&mut state, PromptKind::Correction);
    assert_eq!(text(&state), "fish tacoszq");
    assert!(message(&state).contains("changed since"), "{}", message(&state));
}

#[test]
fn a_note_is_not_begun_where_it_could_not_be_kept() {
    let mut state = start(PromptKind::Note);
    let read_only = Some("the disk is read only".to_owned());
    update(&mut state, Event::Opened(Box::new(Opened { read_only, ..opened() })));
    press(&mut state, "esc i");
    assert!(state.field().is_none() && message(&state).contains("read only"), "{}", message(&state));
}

#[test]
fn an_answer_that_could_not_be_carried_out_is_offered_again() {
    let change = || DocumentChange::Correct { shown: "fish tacos".into(), text: "fish tacoszq".into() };
    let refused = || "the disk is full".to_owned();
    let document = |outcome| Event::DocumentChanged { id: "a".into(), change: change(), outcome };
    let error = Message { level: Level::Error, text: refused() };
    let imported = Event::Imported { generation: 2, outcome: error };
    let other = Event::Message(Message { level: Level::Info, text: "a download has ended".into() });
    let cases = [
        (PromptKind::Import, vec![other, Event::Opened(Box::new(opened())), imported]),
        (PromptKind::Correction, vec![document(Err(refused()))]),
        (PromptKind::NewLabel, vec![Event::Labels(Err(refused()))]),
        (PromptKind::LabelName, vec![Event::Labels(Err(refused()))]),
        (PromptKind::LabelGuide, vec![Event::Labels(Err(refused()))]),
    ];
    for (kind, events) in cases {
        let mut state = start(kind);
        open(&mut state, kind);
        paste(&mut state, TYPED);
        answer(&mut state);
        events.into_iter().for_each(|event| drop(update(&mut state, event)));
        press(&mut state, "esc esc");
        open(&mut state, kind);
        assert!(text(&state).ends_with(TYPED), "{kind:?}: {}", text(&state));
        assert!(message(&state).contains("before"), "{kind:?}: {}", message(&state));
    }
}

#[test]
fn only_its_own_outcome_ends_an_import() {
    let mut state = start(PromptKind::Import);
    open(&mut state, PromptKind::Import);
    paste(&mut state, TYPED);
    let effects = answer(&mut state);
    let [Effect::Import { generation, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    update(&mut state, Event::Opened(Box::new(opened())));
    let error = || Message { level: Level::Error, text: "the disk is full".into() };
    // Neither a message about something else nor a late answer to an earlier import.
    update(&mut state, Event::Message(error()));
    update(&mut state, Event::Imported { generation: generation + 1, outcome: error() });
    let mut failed = state.clone();
    open(&mut state, PromptKind::Import);
    assert_eq!(text(&state), "");
    update(&mut failed, Event::Imported { generation: *generation, outcome: error() });
    open(&mut failed, PromptKind::Import);
    assert_eq!(text(&failed), TYPED);
}

#[test]
fn what_was_typed_survives_that_the_project_cannot_be_read_again() {
    for kind in PromptKind::VARIANTS.iter().copied().filter(|kind| !is_on_welcome(*kind)) {
        let of = |folder: &str, annotator: &str| {
            let opened = Opened { folder: folder.into(), annotator: annotator.into(), ..opened() };
            Event::Opened(Box::new(opened))
        };
        let mut state = start(kind);
        update(&mut state, of("/p", "ada"));
        open(&mut state, kind);
        paste(&mut state, TYPED);
        press(&mut state, "f4");
        assert_eq!(update(&mut state, Event::FilesChanged(vec!["documents.jsonl".into()])), [Effect::Reload]);
        update(&mut state, Event::OpenFailed("a line of documents.jsonl is damaged".into()));
        let mut other = state.clone();
        update(&mut state, of("/p", "ada"));
        open(&mut state, kind);
        assert!(text(&state).ends_with(TYPED), "{kind:?}: {}", text(&state));
        update(&mut other, of("/q", "ada"));
        open(&mut other, kind);
        assert!(!text(&other).contains(TYPED), "another project has nothing of it: {kind:?}: {}", text(&other));
        if kind == PromptKind::Note {
            press(&mut other, "esc");
            update(&mut other, of("/p", "ben"));
            open(&mut other, kind);
            assert_eq!(text(&other), "", "another annotator has nothing of it");
        }
    }
}

#[test]
fn leaving_asks_once_about_texts_in_closed_fields() {
    for kind in PromptKind::VARIANTS.iter().copied() {
        let asks = asks(kind);
        let mut state = start(kind);
        open(&mut state, kind);
        paste(&mut state, TYPED);
        press(&mut state, "esc esc");
        let mut palette = state.clone();
        let effects = press(&mut state, "ctrl-c");
        assert_eq!(effects.is_empty(), asks, "{kind:?}: {effects:?}");
        if asks {
            assert!(command(&mut palette, "quit").is_empty(), "{kind:?}");
            assert!(message(&palette).contains("not saved"), "{kind:?}: {}", message(&palette));
            let mut other = palette.clone();
            command(&mut other, "redraw");
            assert!(command(&mut other, "quit").is_empty(), "asked again after another command: {kind:?}");
            assert!(matches!(command(&mut palette, "quit").as_slice(), [Effect::Quit(_)]), "{kind:?}");
            assert!(message(&state).contains("not saved"), "{kind:?}: {}", message(&state));
            let mut later = state.clone();
            assert!(matches!(press(&mut state, "ctrl-c").as_slice(), [Effect::Quit(_)]), "{kind:?}");
            press(&mut later, "f1");
            assert!(press(&mut later, "ctrl-c").is_empty(), "asked again after something else: {kind:?}");
        }
    }
    // A project that could not be read again has texts, too.
    let mut state = start(PromptKind::Note);
    open(&mut state, PromptKind::Note);
    paste(&mut state, TYPED);
    press(&mut state, "f4");
    update(&mut state, Event::FilesChanged(vec!["documents.jsonl".into()]));
    update(&mut state, Event::OpenFailed("a line of documents.jsonl is damaged".into()));
    assert!(press(&mut state, "ctrl-c").is_empty() && message(&state).contains("not saved"), "{}", message(&state));
    assert!(matches!(press(&mut state, "ctrl-c").as_slice(), [Effect::Quit(_)]));
}

#[test]
fn what_is_typed_by_now_is_not_replaced_by_an_answer_that_failed() {
    let mut state = start(PromptKind::Correction);
    open(&mut state, PromptKind::Correction);
    paste(&mut state, TYPED);
    press(&mut state, "enter");
    open(&mut state, PromptKind::Correction);
    press(&mut state, "ctrl-u t a c o s");
    let change = DocumentChange::Correct { shown: "fish tacos".into(), text: "fish tacoszq".into() };
    update(&mut state, Event::DocumentChanged { id: "a".into(), change, outcome: Err("the disk is full".into()) });
    assert_eq!(text(&state), "tacos");
}

#[test]
fn an_answer_waits_for_its_outcome_while_others_are_given() {
    let mut state = start(PromptKind::Correction);
    open(&mut state, PromptKind::Correction);
    paste(&mut state, TYPED);
    press(&mut state, "enter : r e d r a w enter");
    let change = |text: &str| DocumentChange::Correct { shown: "fish tacos".into(), text: text.into() };
    let failed = |id: &str| Event::DocumentChanged { id: id.into(), change: change("x"), outcome: Err("full".into()) };
    update(&mut state, failed("b"));
    let mut other = state.clone();
    open(&mut other, PromptKind::Correction);
    assert_eq!(text(&other), "fish tacos", "the failure was of another document");
    update(&mut state, failed("a"));
    open(&mut state, PromptKind::Correction);
    assert_eq!(text(&state), "fish tacoszq");
}

#[test]
fn an_answer_that_was_carried_out_does_not_come_back_with_a_later_failure() {
    let mut state = start(PromptKind::NewLabel);
    open(&mut state, PromptKind::NewLabel);
    paste(&mut state, TYPED);
    press(&mut state, "enter");
    update(&mut state, Event::Labels(Ok(LabelSet::restaurant())));
    update(&mut state, Event::Labels(Err("another label has this key".into())));
    press(&mut state, "esc esc");
    open(&mut state, PromptKind::NewLabel);
    assert_eq!((text(&state), message(&state).contains("before")), ("", false));
}

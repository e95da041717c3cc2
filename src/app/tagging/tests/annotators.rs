//! Several annotators side by side, and who decides between them.

#![cfg(test)]

use super::*;
use crate::{
    app::{
        command::{Command, Context, Reading},
        event::Annotators,
        overlays::{self, Overlay},
        suggestions::ModelOutput,
    },
    spans::{
        LabelId,
        adjudication::ComparedDocument,
        agreement::{Panel, agreement_of_all},
    },
};

/// Texts as two annotators have finished them.
const ADA: [&str; 3] = ["[thai](Cuisine) food in [town](Location)", "[cheap](Price) beer", "a [patio](Amenity)"];
const BEN: [&str; 3] = ["[thai food](Dish) in [town](Location)", "[cheap](Price) [beer](Dish)", "a [patio](Amenity)"];

fn finished(texts: &[&str], writer: u32) -> (Vec<Document>, LabelSet, Vec<Annotation>) {
    let (opened, _) = opened(texts);
    let spans = |document: &Document| {
        let renamed = |span: &Span| Span { id: SpanId { writer, ..span.id }, ..span.clone() };
        opened.journal.annotation(&document.id).spans().iter().map(renamed).collect()
    };
    let annotations = opened.documents.iter().map(|document| Annotation::new(spans(document), Status::Done));
    (opened.documents.to_vec(), opened.labels.clone(), annotations.collect())
}

/// The texts without any span, opened by `who`, with the two side by side.
pub(super) fn compared(who: &str, ada: &[&str], ben: &[&str]) -> State {
    let (documents, labels, _) = finished(ada, 1);
    let opened = Opened { documents: documents.into(), labels, annotator: who.into(), writer: 7, ..Opened::default() };
    let mut state = begin((opened, Marked::default()));
    compare(&mut state, ada, ben);
    state
}

/// Answers as the project worker does: compares the two annotators.
fn compare(state: &mut State, ada: &[&str], ben: &[&str]) {
    let effects = press(state, "f7");
    let [Effect::CompareAnnotators { generation }] = effects[..] else { panic!("{effects:?}") };
    let (documents, _, ada) = finished(ada, 1);
    let (_, _, ben) = finished(ben, 2);
    let said = |at: usize| vec![Some(&ada[at]), Some(&ben[at])];
    let panels: Vec<Panel<'_>> =
        documents.iter().enumerate().map(|(at, document)| Panel { document, annotations: said(at) }).collect();
    let found = Annotators {
        names: vec!["ada".into(), "ben".into()],
        agreement: agreement_of_all(&panels),
        documents: (0..documents.len())
            .filter_map(|at| Some((format!("d{at}"), ComparedDocument::new(at, &said(at))?)))
            .collect(),
    };
    update(state, Event::Annotators { generation, found: Ok(Box::new(found)) });
}

fn view(state: &State) -> &overlays::annotators::Annotators {
    match state.overlay() {
        Some(Overlay::Annotators(comparing)) => comparing,
        other => panic!("{other:?}"),
    }
}

/// Number of open places, and of all places.
fn open(state: &State) -> (usize, usize) {
    let [open, _, all] = view(state).counts();
    (open, all)
}

/// Annotation of a document, in notation, and its status.
fn said(state: &State, at: usize) -> (String, Status) {
    let mut state = state.clone();
    state.overlays.clear();
    state.session.tagging.document = at;
    state.session.tagging.word = 0;
    state.session.tagging.anchor = None;
    let status = state.session.project.as_ref().unwrap().annotation(at).status;
    (shown(&state).replace('|', ""), status)
}

#[test]
fn one_key_decides_and_the_last_one_ends_the_document() {
    let mut state = compared("gold", &ADA, &BEN);
    assert_eq!((open(&state), view(&state).rows.len()), ((2, 2), 2));
    press(&mut state, "b");
    // What both say comes with the first decision.
    assert_eq!(said(&state, 0), ("[thai food](Dish) in [town](Location)".into(), Status::Done));
    assert_eq!((open(&state), view(&state).row), ((1, 2), 1));
    press(&mut state, "a");
    assert_eq!(said(&state, 1), ("[cheap](Price) beer".into(), Status::Done));
    assert!(open(&state) == (0, 2) && message(&state).contains("All 2 places are decided"), "{}", message(&state));
    // The line repeats the last key.
    let repeated = press(&mut state, "b b");
    assert!(repeated.is_empty() && message(&state).contains("go to one to decide it again"), "{}", message(&state));
    assert_eq!(said(&state, 1), ("[cheap](Price) beer".into(), Status::Done));
    press(&mut state, "k j b");
    assert_eq!(said(&state, 1).0, "[cheap](Price) [beer](Dish)");
    press(&mut state, "u u u");
    assert_eq!((open(&state), said(&state, 0)), ((2, 2), ("thai food in town".into(), Status::Todo)));
    press(&mut state, "ctrl-r ctrl-r");
    assert_eq!(open(&state), (0, 2));
}

#[test]
fn nothing_the_model_and_an_own_reading_decide_too() {
    let mut state = compared("gold", &ADA, &BEN);
    let project = state.session.project.as_mut().unwrap();
    let found = Entity { range: TextRange::new(0, 9), label: "Cuisine".into(), score: 0.9 };
    let run = "0001-mini".to_owned();
    project.suggest("d0", ModelOutput { run, found: vec![found], uncertainty: None, labels: Default::default() });
    press(&mut state, "m n");
    assert_eq!(said(&state, 0).0, "[thai food](Cuisine) in [town](Location)");
    let span = state.session.project.as_ref().unwrap().annotation(0).spans()[0].clone();
    assert!(matches!(span.source, SpanSource::Model { .. }), "{span:?}");
    assert_eq!(said(&state, 1), ("[cheap](Price) beer".into(), Status::Done));
    let (project, view) = (state.session.project.as_ref().unwrap(), view(&state));
    let whose = |row: usize| view.whose(project, row);
    // Nothing is what ada says.
    assert_eq!((whose(0).as_deref(), whose(1).as_deref()), (Some("m"), Some("a")));
    // On the Tag screen, with another label.
    press(&mut state, "k k enter 8");
    assert_eq!(said(&state, 0).0, "[thai food](Restaurant_Name) in [town](Location)");
    compare(&mut state, &ADA, &BEN);
    let (project, view) = (state.session.project.as_ref().unwrap(), self::view(&state));
    assert_eq!(view.whose(project, 0).as_deref(), Some("own"));
}

#[test]
fn what_all_say_is_taken_over_at_once() {
    let mut state = compared("gold", &ADA, &BEN);
    press(&mut state, "t");
    let all: Vec<_> = (0..3).map(|at| said(&state, at)).collect();
    assert_eq!(all[0], ("thai food in [town](Location)".into(), Status::Partial));
    assert_eq!(all[1], ("[cheap](Price) beer".into(), Status::Partial));
    assert_eq!(all[2], ("a [patio](Amenity)".into(), Status::Done));
    assert!(message(&state).starts_with("3 spans taken over in 3 documents; 1 done"), "{}", message(&state));
    press(&mut state, "t");
    assert_eq!(message(&state), "What all say is taken over already");
    press(&mut state, "u");
    assert!((0..3).all(|at| said(&state, at).1 == Status::Todo));
}

#[test]
fn decisions_stay_when_the_comparison_is_repeated() {
    let mut state = compared("gold", &ADA, &BEN);
    press(&mut state, "a");
    press(&mut state, "esc");
    // Ben has found something else since, in the document that is decided and in another one.
    let ben = ["[thai food](Cuisine) in [town](Location)", "[cheap](Price) [beer](Dish)", "a [patio](Location)"];
    compare(&mut state, &ADA, &ben);
    assert_eq!(said(&state, 0), ("[thai](Cuisine) food in [town](Location)".into(), Status::Done));
    assert_eq!(open(&state), (2, 3));
    let view = view(&state);
    assert_eq!(view.place(view.row).unwrap().0.document, 1, "at the first one that is open");
}

#[test]
fn what_gold_changes_by_hand_is_not_changed_back() {
    let mut state = compared("gold", &ADA, &BEN);
    press(&mut state, "t esc");
    // Removed, lengthened, relabelled: three things that both say.
    state.session.tagging.put(3);
    press(&mut state, "x n");
    state.session.tagging.put(0);
    press(&mut state, "] n");
    state.session.tagging.put(1);
    press(&mut state, "4");
    let by_hand = ["thai food in town", "[cheap beer](Price)", "a [patio](Hours)"].map(str::to_owned);
    let texts = |state: &State| [0, 1, 2].map(|at| said(state, at).0);
    assert_eq!(texts(&state), by_hand);
    compare(&mut state, &ADA, &BEN);
    press(&mut state, "t");
    assert_eq!(texts(&state), by_hand, "{}", message(&state));
    press(&mut state, "home b");
    assert_eq!(texts(&state)[0], "[thai food](Dish) in town");
}

#[test]
fn what_is_left_out_or_flagged_stays_so() {
    let mut state = compared("gold", &ADA, &BEN);
    press(&mut state, "esc s f");
    compare(&mut state, &ADA, &BEN);
    assert_eq!(open(&state), (1, 2), "nothing is to be decided in what is left out");
    press(&mut state, "t a");
    let status = [0, 1].map(|at| said(&state, at).1);
    assert_eq!(status, [Status::Skipped, Status::Flagged]);
}

#[test]
fn the_help_of_the_list_goes_back_to_it() {
    let mut state = compared("gold", &ADA, &BEN);
    press(&mut state, "j ?");
    let Some(Overlay::Help(help)) = state.overlay() else { panic!() };
    let lines = help.lines(&state.session);
    assert!(lines.iter().any(|(keys, doc)| keys == "n" && doc.contains("nothing is here")), "{lines:?}");
    press(&mut state, "esc");
    assert_eq!(view(&state).row, 1);
}

#[test]
fn only_gold_decides_and_who_else_looks_can_become_gold() {
    let mut state = compared("ada", &ADA, &BEN);
    for key in ["a", "m", "n", "t"] {
        assert_eq!(press(&mut state, key), [], "{key}");
        assert!(message(&state).starts_with("Only gold"), "{}", message(&state));
    }
    press(&mut state, "u");
    assert!(
        message(&state).contains("done elsewhere") || message(&state).contains("nothing to take back"),
        "{}",
        message(&state)
    );
    assert_eq!(press(&mut state, "J"), [Effect::OpenAs(Some("gold".into()))]);
    // Nothing can be tagged that nobody would write down.
    assert!(state.session.project.is_none());
    let (opened, _) = opened(&ADA);
    let effects = update(&mut state, Event::Opened(Box::new(Opened { annotator: "gold".into(), ..opened })));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::CompareAnnotators { .. })), "{effects:?}");
}

#[test]
fn the_list_shows_only_what_is_open_and_asks_the_model_ahead() {
    let mut state = compared("gold", &ADA, &BEN);
    press(&mut state, "a o");
    assert_eq!(view(&state).rows, [(1, 0)]);
    press(&mut state, "o");
    assert_eq!(view(&state).rows.len(), 2);
    let runs = vec![RunSummary { id: "0001-mini".into(), has_model: true, ..RunSummary::default() }];
    update(&mut state, Event::Runs(runs));
    let effects = press(&mut state, "k");
    let asked = |effect: &Effect| matches!(effect, Effect::Suggest { documents, .. } if documents[..] == ["d0", "d1"]);
    assert!(effects.iter().any(asked), "{effects:?}");
    assert_eq!(press(&mut state, "c"), []);
    assert!(message(&state).contains("No annotator here has this letter"), "{}", message(&state));
}

#[test]
fn an_answer_that_nobody_waits_for_opens_nothing() {
    let mut state = start(&["a b"]);
    let error = || Err("No document was marked done by two annotators".to_owned());
    update(&mut state, Event::Annotators { generation: 99, found: error() });
    assert_eq!(message(&state), "");
    let effects = press(&mut state, "f7");
    let [Effect::CompareAnnotators { generation }] = effects[..] else { panic!("{effects:?}") };
    update(&mut state, Event::Annotators { generation, found: error() });
    assert!(state.overlay().is_none() && message(&state).starts_with("No document"), "{}", message(&state));
    let keys = state.session.keymap.keys(Context::Annotators, Command::Reading(Reading::Model));
    assert_eq!(keys.map(|binding| binding.key.to_string()).collect::<Vec<_>>(), ["m"]);
}

#[test]
fn what_all_say_is_not_taken_over_where_spans_of_gold_are_to_be_reviewed() {
    let mut state = compared("gold", &ADA, &BEN);
    let id = SpanId { writer: 1, sequence: 901 };
    let span = Span { id, range: TextRange::new(0, 1), label: LabelId(1), source: SpanSource::Human };
    let edits = vec![Edit::Add(span), Edit::Status(Status::Partial), Edit::Lose(id, None)];
    let project = state.session.project.as_mut().unwrap();
    project.journal.extend([super::finishing::entry("d2", edits)]);
    assert_eq!(project.annotation(2).lost().len(), 1);
    press(&mut state, "t");
    let annotation = state.session.project.as_ref().unwrap().annotation(2);
    assert_eq!((annotation.spans().len(), annotation.lost().len(), annotation.status), (0, 1, Status::Partial));
    assert!(message(&state).ends_with("; 1 document to review left out"), "{}", message(&state));
}

#[test]
fn the_last_decision_on_a_document_gives_up_no_span_that_is_to_be_reviewed() {
    let mut state = compared("gold", &ADA, &BEN);
    let id = SpanId { writer: 1, sequence: 901 };
    let span = Span { id, range: TextRange::new(0, 1), label: LabelId(1), source: SpanSource::Human };
    let edits = vec![Edit::Add(span), Edit::Status(Status::Partial), Edit::Lose(id, None)];
    let rows = view(&state).rows.clone();
    let first = rows[0].0;
    let document = view(&state).documents[first].document;
    let project = state.session.project.as_mut().unwrap();
    project.journal.extend([super::finishing::entry(&format!("d{document}"), edits)]);
    rows.iter().take_while(|(at, _)| *at == first).for_each(|_| _ = press(&mut state, "a"));
    let annotation = state.session.project.as_ref().unwrap().annotation(document);
    assert_eq!((annotation.lost().len(), annotation.status), (1, Status::Partial));
    assert!(message(&state).contains("The text of this document was changed"), "{}", message(&state));
}

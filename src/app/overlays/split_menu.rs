//! The question to which split documents are moved.

use crate::{
    app::{
        command::{Command, Context},
        conditions::always,
        effect::Effect,
        panel::{Commands, Opens, Outcome, Panel, Row, own_rows},
        project::Project,
        session::Session,
    },
    spans::Split,
    text::number::with_noun,
};

const HERE: Context = Context::SplitMenu;

/// Question to which split documents are moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitMenu {
    /// Place of the document under the cursor.
    pub document: usize,
    /// Places of all documents that the list shows.
    pub shown: Vec<usize>,
    /// Whether all of them are moved.
    pub all: bool,
}

impl SplitMenu {
    /// The question, with the number of documents or the name of the only one.
    pub fn question(&self, project: &Project) -> String {
        let ask = "to which split? t train, v valid, e test, n none; s shares out all without a split.";
        if self.all {
            return format!(
                "Move all {} that the list shows {ask} a: only one.",
                with_noun(self.shown.len(), "document")
            );
        }
        let Some(document) = project.documents.get(self.document) else { return String::new() };
        let split = document.split.map_or("in no split", Split::name);
        let others = match self.shown.len() {
            0 | 1 => String::new(),
            shown => format!(" a: all {shown} of the list."),
        };
        format!("Move {} ({split}) {ask}{others}", document.id)
    }

    fn move_to(&self, split: Option<Split>, session: &mut Session) -> Outcome {
        let Some(project) = &session.project else { return Outcome::close() };
        let places = if self.all { self.shown.as_slice() } else { std::slice::from_ref(&self.document) };
        let documents = places.iter().filter_map(|at| Some(project.documents.get(*at)?.id.clone())).collect();
        Outcome::close().then([Effect::SetSplit { documents, split }])
    }
}

impl Panel for SplitMenu {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        HERE
    }
}

impl Commands for SplitMenu {
    const ROWS: &'static [Row<Self>] = &[
        to(Some(Split::Train), "move-to-train", "train", "Move them to the training split", &[(HERE, "t")]),
        to(Some(Split::Valid), "move-to-valid", "valid", "Move them to the validation split", &[(HERE, "v")]),
        to(Some(Split::Test), "move-to-test", "test", "Move them to the test split", &[(HERE, "e")]),
        to(None, "move-to-none", "none", "Take them out of their splits", &[(HERE, "n")]),
        Row {
            command: Command::ShareOut,
            name: "share-out",
            hint: "shares",
            doc: "Put those without a split into train, valid, test: 80,10,10",
            keys: &[(HERE, "s")],
            when: always,
            run: |_, _| Outcome::close().then([Effect::ShareOut]),
        },
        Row {
            command: Command::Scope,
            name: "scope",
            hint: "one, all",
            doc: "Move one document, or all that the list shows",
            keys: &[(HERE, "a")],
            when: always,
            run: |menu, _| {
                menu.all = !menu.all && menu.shown.len() > 1;
                Outcome::none()
            },
        },
    ];
}

/// The row that moves documents to a split.
const fn to(
    split: Option<Split>,
    name: &'static str,
    hint: &'static str,
    doc: &'static str,
    keys: &'static [(Context, &'static str)],
) -> Row<SplitMenu> {
    let run: fn(&mut SplitMenu, &mut Session) -> Outcome = match split {
        Some(Split::Train) => |menu, session| menu.move_to(Some(Split::Train), session),
        Some(Split::Valid) => |menu, session| menu.move_to(Some(Split::Valid), session),
        Some(Split::Test) => |menu, session| menu.move_to(Some(Split::Test), session),
        None => |menu, session| menu.move_to(None, session),
    };
    Row { command: Command::MoveTo(split), name, hint, doc, keys, when: always, run }
}

/// It is opened on request of the Documents screen, not by a command.
impl Opens for SplitMenu {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::{
            Event, State,
            overlays::Overlay,
            tests::{message, opened, press, start},
            update,
        },
        spans::{MovesTakenBack, SplitMove},
    };

    fn question(state: &State) -> String {
        let Some(Overlay::SplitMenu(menu)) = state.overlay() else { panic!("{:?}", state.overlay()) };
        menu.question(state.session.project.as_ref().unwrap())
    }

    fn to(id: &str, split: Split) -> SplitMove {
        SplitMove { document: id.to_owned(), from: None, to: Some(split) }
    }

    fn moved(documents: &[&str], split: Option<Split>) -> Vec<Effect> {
        vec![Effect::SetSplit { documents: documents.iter().map(|id| (*id).to_owned()).collect(), split }]
    }

    #[test]
    fn one_document_or_all_that_the_search_finds_are_moved() {
        let mut state = start();
        press(&mut state, "f2 j m");
        assert!(question(&state).starts_with("Move d1 (in no split) to which split?"), "{}", question(&state));
        assert_eq!(press(&mut state, "v"), moved(&["d1"], Some(Split::Valid)));
        assert!(state.overlay().is_none());
        press(&mut state, "/ t e a enter m");
        assert!(!question(&state).contains("a: all"), "{}", question(&state));
        assert_eq!(press(&mut state, "a n"), moved(&["d2"], None));
        press(&mut state, "esc m a");
        assert!(question(&state).starts_with("Move all 3 documents that the list shows"), "{}", question(&state));
        assert_eq!(press(&mut state.clone(), "esc"), []);
        assert_eq!(press(&mut state, "e"), moved(&["d0", "d1", "d2"], Some(Split::Test)));
    }

    #[test]
    fn documents_without_a_split_are_shared_out() {
        let mut state = start();
        assert_eq!(press(&mut state, "f2 m s"), [Effect::ShareOut]);
        let none = Event::SharedOut(Ok((Vec::new(), [0, 0, 0])));
        assert_eq!(update(&mut state.clone(), none), []);
        let old: Vec<_> = ["d0", "d1", "d2"].map(|id| to(id, Split::Train)).into();
        let mut refused = state.clone();
        assert_eq!(update(&mut refused, Event::SharedOut(Err("the disk is full".into()))), []);
        assert!(message(&refused).contains("the disk is full"));
        assert_eq!(update(&mut state, Event::SharedOut(Ok((old.clone(), [1, 1, 1])))), [Effect::Reload]);
        update(&mut state, Event::Opened(Box::new(opened())));
        let shown = "3 documents shared out: now 1 train, 1 valid, 1 test (u to go back)";
        assert_eq!(message(&state), shown);
        assert_eq!(press(&mut state, "u"), [Effect::TakeBackMove(old)]);
    }

    #[test]
    fn afterwards_the_project_is_read_again() {
        let mut state = start();
        press(&mut state, "f2 m t");
        let mut failed = state.clone();
        let old = vec![to("d0", Split::Train)];
        let moved = Event::SplitSet { documents: 1, split: Some(Split::Train), outcome: Ok(old.clone()) };
        assert_eq!(update(&mut state, moved), [Effect::Reload]);
        update(&mut state, Event::Opened(Box::new(opened())));
        assert!(message(&state).contains("1 moved to train (u to go back)"), "{}", message(&state));
        assert_eq!(press(&mut state, "f2 u"), [Effect::TakeBackMove(old.clone())]);
        let mut refused = state.clone();
        let taken_back = |outcome| Event::MoveTakenBack { moves: old.clone(), outcome };
        update(&mut refused, taken_back(Err("the disk is full".into())));
        assert_eq!(press(&mut refused, "u"), [Effect::TakeBackMove(old.clone())]);
        let taken = MovesTakenBack { moved: 1, left: Vec::new() };
        assert_eq!(update(&mut state, taken_back(Ok(taken.clone()))), [Effect::Reload]);
        update(&mut state, Event::Opened(Box::new(opened())));
        assert_eq!(press(&mut state, "u"), []);
        assert!(message(&state).contains("No document was moved"), "{}", message(&state));
        // Of a key that was pressed twice, the second answer is not about an earlier move.
        state.session.moves = vec![vec![to("d1", Split::Test)]];
        assert_eq!(update(&mut state, taken_back(Ok(taken))), []);
        assert_eq!(state.session.moves.len(), 1);
        let refused = Event::SplitSet { documents: 1, split: None, outcome: Err("the disk is full".into()) };
        assert_eq!(update(&mut failed, refused), []);
        assert!(message(&failed).contains("Nothing was moved: the disk is full"), "{}", message(&failed));
        failed.session.project.as_mut().unwrap().read_only = Some("the disk is read only".into());
        press(&mut failed, "m");
        assert!(failed.overlay().is_none() && message(&failed).contains("only be read"), "{}", message(&failed));
    }

    #[test]
    fn documents_that_were_moved_again_are_named() {
        let mut state = start();
        let moves: Vec<_> = ["d0", "d1", "d2"].map(|id| to(id, Split::Train)).into();
        state.session.moves = vec![moves.clone()];
        let taken = MovesTakenBack { moved: 1, left: vec!["d1".to_owned(), "d2\u{1b}".to_owned()] };
        assert_eq!(update(&mut state, Event::MoveTakenBack { moves, outcome: Ok(taken) }), [Effect::Reload]);
        update(&mut state, Event::Opened(Box::new(opened())));
        let shown =
            "Back in their former splits: 1 document; 2 documents moved again or removed since, left alone: d1, d2";
        assert!(message(&state).starts_with(shown) && !message(&state).contains('\u{1b}'), "{}", message(&state));
    }
}

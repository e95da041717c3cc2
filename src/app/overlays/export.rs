//! The export: formats as a list, the choices for the file, and what the chosen format cannot hold.

use strum::VariantArray;

use crate::{
    app::{
        command::{Command, Context},
        conditions::{self, always, check},
        effect::Effect,
        exchange::{ExportChoices, FormatInfo, Loss, NotExported, next},
        list::{ListCursor, PAGED},
        panel::{Check, Commands, Opener, Opens, Outcome, Panel, Request, Row, own_rows},
        screen::Screen,
        session::Session,
    },
    spans::{OnLoss, Scheme, Split, Status},
};

/// Splits to choose from; the first stands for all documents.
const SPLITS: [Option<Split>; 4] = [None, Some(Split::Train), Some(Split::Valid), Some(Split::Test)];

/// The export.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Export {
    /// Row of the format, among those that can be written.
    pub row: usize,
    /// Number of documents that would be written.
    pub documents: usize,
    /// Content because of which nothing was written; the list is shown as long as there is some.
    pub losses: Vec<Loss>,
    /// Row of the loss.
    pub loss: usize,
    /// The request that is not answered yet.
    pub(in crate::app) asked: Option<u64>,
}

impl Opens for Export {
    const OPENERS: &'static [Opener<Self>] = &[Opener {
        command: Command::Export,
        name: "export",
        hint: "",
        doc: "Write the project in another format",
        keys: &[(Context::Everywhere, "")],
        when: conditions::project,
        open: |session| {
            let row = formats(session).position(|format| format.name == session.export.format).unwrap_or(0);
            Self { row, documents: documents(session), ..Self::default() }.into()
        },
    }];
}

/// The formats that can be written, in the order of the list.
pub fn formats(session: &Session) -> impl Iterator<Item = &FormatInfo> {
    session.formats.iter().filter(|format| format.writes)
}

/// Number of documents that are done in the chosen split.
fn documents(session: &Session) -> usize {
    let Some(project) = &session.project else { return 0 };
    let split = session.export.split;
    let documents = project.documents.iter().enumerate();
    documents
        .filter(|(at, document)| {
            project.status(*at) == Status::Done && split.is_none_or(|split| document.split == Some(split))
        })
        .count()
}

impl Commands for Export {
    const ROWS: &'static [Row<Self>] = &[
        Row {
            command: Command::WriteExport,
            name: "write-export",
            hint: "write",
            doc: "Write the file into the project's folder `exports`",
            keys: &[(Context::Export, "enter")],
            when: Self::is_idle,
            run: |export, session| export.write(session.export.on_loss, session),
        },
        Row {
            command: Command::Split,
            name: "split",
            hint: "split",
            doc: "Write the documents of the next split, or all",
            keys: &[(Context::Export, "p")],
            when: Self::is_idle,
            run: Self::next_split,
        },
        Row {
            command: Command::ExportScheme,
            name: "export-scheme",
            hint: "scheme",
            doc: "Write tags in the next scheme",
            keys: &[(Context::Export, "s")],
            when: Self::is_idle,
            run: |_, session| {
                session.export.scheme = next(Scheme::ALL, session.export.scheme);
                Outcome::none()
            },
        },
        Row {
            command: Command::OnLoss,
            name: "on-loss",
            hint: "losses",
            doc: "List, leave out or fit in what the format cannot hold",
            keys: &[(Context::Export, "l")],
            when: Self::is_idle,
            run: |_, session| {
                session.export.on_loss = next(OnLoss::VARIANTS, session.export.on_loss);
                Outcome::none()
            },
        },
        Row {
            command: Command::Open,
            name: "open",
            hint: "go there",
            doc: "Go to the place on the Tag screen",
            keys: &[(Context::Losses, "enter")],
            when: always,
            run: Self::open_loss,
        },
        Row {
            command: Command::ExportSkipping,
            name: "export-skipping",
            hint: "skip them",
            doc: "Write the file without what it cannot hold",
            keys: &[(Context::Losses, "s")],
            when: Self::is_idle,
            run: |export, session| export.write(OnLoss::Skip, session),
        },
        Row {
            command: Command::ExportSnapping,
            name: "export-snapping",
            hint: "snap them",
            doc: "Write the file with what can be changed to fit",
            keys: &[(Context::Losses, "n")],
            when: Self::is_idle,
            run: |export, session| export.write(OnLoss::Snap, session),
        },
    ];
    const MOVES: &'static [(Context, &'static [(Command, &'static str)])] =
        &[(Context::Export, PAGED), (Context::Losses, PAGED)];
}

impl Panel for Export {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        if self.losses.is_empty() { Context::Export } else { Context::Losses }
    }

    fn list(&mut self, session: &Session) -> Option<ListCursor<'_>> {
        let page = session.page();
        Some(match self.losses.len() {
            0 => ListCursor { row: &mut self.row, rows: formats(session).count(), page },
            rows => ListCursor { row: &mut self.loss, rows, page },
        })
    }

    fn arrived(&mut self, session: &mut Session) -> Outcome {
        let format = formats(session).nth(self.row).map(|format| format.name);
        session.export.format = format.unwrap_or(session.export.format);
        Outcome::none()
    }

    fn click(&self) -> Option<Command> {
        Some(if self.losses.is_empty() { Command::WriteExport } else { Command::Open })
    }

    fn holds(&self, _: &Session) -> bool {
        !self.losses.is_empty()
    }

    fn back(&mut self, session: &mut Session) -> bool {
        let holds = !self.losses.is_empty();
        self.losses.clear();
        if self.is_writing() {
            session.inform("The file is still being written; a message will say how that ended");
        }
        holds
    }
}

impl Export {
    /// Whether the file is being written.
    pub fn is_writing(&self) -> bool {
        self.asked.is_some()
    }

    fn is_idle(&self, _: &Session) -> Check {
        check(!self.is_writing(), "The file is being written")
    }

    fn next_split(&mut self, session: &mut Session) -> Outcome {
        session.export.split = next(&SPLITS, session.export.split);
        self.documents = documents(session);
        Outcome::none()
    }

    fn write(&mut self, on_loss: OnLoss, session: &mut Session) -> Outcome {
        if self.is_writing() {
            return Outcome::none();
        }
        let generation = session.next_generation();
        self.asked = Some(generation);
        let choices = ExportChoices { on_loss, ..session.export };
        Effect::Export { generation, choices }.into()
    }

    /// Takes why nothing was written. Losses are listed; everything else is returned as a message.
    pub(in crate::app) fn refused(&mut self, refusal: NotExported) -> Option<String> {
        self.asked = None;
        self.losses.clear();
        self.loss = 0;
        match refusal {
            NotExported::Losses(losses) if !losses.is_empty() => {
                self.losses = losses;
                None
            }
            other => Some(other.text()),
        }
    }

    /// Goes to the place of a loss on the Tag screen; "next" then goes along the documents of the list.
    fn open_loss(&mut self, session: &mut Session) -> Outcome {
        let (Some(loss), Some(project)) = (self.losses.get(self.loss), &session.project) else {
            return Outcome::none();
        };
        let Some(at) = loss.document.as_deref().and_then(|id| project.position(id)) else {
            session.inform("This line names no document; those before it do");
            return Outcome::none();
        };
        let text = project.documents.get(at);
        let word = text.and_then(|text| text.words_touching(loss.range?)).map(|words| words.start);
        let mut queue: Vec<usize> =
            self.losses.iter().filter_map(|loss| project.position(loss.document.as_deref()?)).collect();
        queue.dedup();
        let effects = session.open_document(at, queue);
        if let Some(word) = word {
            session.tagging.put(word);
        }
        let export = session.key(Context::Tag, Command::Export);
        session.inform(format!("{}; {export} writes again", loss.reason));
        Outcome::close().then(effects).and(Request::Go(Screen::Tag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::{
            Event, State,
            overlays::Overlay,
            tests::{message, press, start},
            update,
        },
        text::TextRange,
    };

    fn opened() -> State {
        let mut state = start();
        state.session.formats = FormatInfo::some();
        press(&mut state, ": e x p o r t enter");
        state
    }

    fn panel(state: &State) -> &Export {
        let Some(Overlay::Export(export)) = state.overlay() else { panic!("{:?}", state.overlay()) };
        export
    }

    /// The choices of the only effect, and its generation.
    fn asked(effects: &[Effect]) -> (ExportChoices, u64) {
        let [Effect::Export { generation, choices }] = effects else { panic!("{effects:?}") };
        (*choices, *generation)
    }

    fn losses() -> NotExported {
        let loss = |document: Option<&str>, range| Loss {
            document: document.map(str::to_owned),
            range,
            reason: "the span `tac` ends inside a word".into(),
        };
        let range = Some(TextRange::new(5, 8));
        NotExported::Losses(vec![loss(Some("d0"), None), loss(Some("d1"), range), loss(None, None)])
    }

    #[test]
    fn choices_are_written_and_offered_again() {
        let mut state = opened();
        assert_eq!((panel(&state).row, panel(&state).documents), (2, 0), "formats that cannot be written are left out");
        press(&mut state, "home j p p s l l");
        let (choices, generation) = asked(&press(&mut state, "enter"));
        let wanted =
            ExportChoices { format: "jsonl", split: Some(Split::Valid), scheme: Scheme::Iob1, on_loss: OnLoss::Snap };
        assert_eq!(choices, wanted);
        // Until the answer nothing is changed or written twice.
        assert_eq!(press(&mut state, "enter s p"), []);
        assert!(message(&state).contains("being written") && state.session.export == wanted);
        update(&mut state, Event::Exported { generation: generation + 1, outcome: Ok("another".into()) });
        assert!(panel(&state).is_writing(), "another export has ended");
        update(&mut state, Event::Exported { generation, outcome: Ok("p/exports/jsonl.jsonl".into()) });
        assert!(state.overlay().is_none() && message(&state) == "p/exports/jsonl.jsonl");
        press(&mut state, ": e x p o r t enter");
        assert_eq!((panel(&state).row, asked(&press(&mut state, "enter")).0), (1, wanted));
    }

    #[test]
    fn losses_are_a_list_that_leads_to_their_places() {
        let mut state = opened();
        let (_, generation) = asked(&press(&mut state, "enter"));
        update(&mut state, Event::Exported { generation, outcome: Err(losses()) });
        assert_eq!((state.context(), panel(&state).losses.len()), (Context::Losses, 3));
        let mut back = state.clone();
        press(&mut back, "esc");
        assert_eq!(back.context(), Context::Export);
        press(&mut state, "G enter");
        assert!(state.overlay().is_some() && message(&state).contains("no document"));
        press(&mut state, "k enter");
        let tagging = &state.session.tagging;
        assert!(state.overlay().is_none() && (tagging.document, tagging.word) == (1, 1), "{}", message(&state));
        assert!(message(&state).contains("ends inside a word"));
        press(&mut state, "p");
        assert_eq!(state.session.tagging.document, 0, "along the documents of the list");
    }

    #[test]
    fn a_key_writes_all_the_same_and_only_this_time() {
        for (key, on_loss) in [("s", OnLoss::Skip), ("n", OnLoss::Snap)] {
            let mut state = opened();
            let (_, generation) = asked(&press(&mut state, "enter"));
            update(&mut state, Event::Exported { generation, outcome: Err(losses()) });
            let (choices, generation) = asked(&press(&mut state, key));
            assert_eq!((choices.on_loss, state.session.export.on_loss), (on_loss, OnLoss::Fail));
            update(&mut state, Event::Exported { generation, outcome: Ok("written".into()) });
            assert!(state.overlay().is_none());
        }
    }

    #[test]
    fn the_outcome_is_shown_where_the_export_was_left() {
        let mut state = opened();
        let (_, generation) = asked(&press(&mut state, "enter"));
        press(&mut state, "esc");
        assert!(state.overlay().is_none() && message(&state).contains("still being written"));
        update(&mut state, Event::Exported { generation, outcome: Err(losses()) });
        assert!(state.overlay().is_none() && message(&state).contains("ends inside a word"), "{}", message(&state));
        let mut state = opened();
        let (_, generation) = asked(&press(&mut state, "enter"));
        let refused = NotExported::Refused("no document is done".into());
        update(&mut state, Event::Exported { generation, outcome: Err(refused) });
        assert!(!panel(&state).is_writing() && message(&state) == "no document is done");
    }
}

//! What the live model has learned: its versions, scores and course.

use crate::app::{
    command::{Command, Context},
    conditions::{not_only_runs, project},
    learning::rows,
    list::{self, ListCursor},
    pages,
    panel::{Check, Commands, NoPanel, Opener, Opens, Panel, own_rows},
    session::Session,
};

const HERE: Context = Context::Learning;

/// The view of the live model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Learning {
    /// The first line shown.
    pub top: usize,
}

impl Opens for Learning {
    const OPENERS: &'static [Opener<Self>] = &[Opener {
        command: Command::Learning,
        name: "learning",
        hint: "",
        doc: "Show what the model has learned while you tag",
        keys: &[(Context::Tag, "L"), (Context::Everywhere, "")],
        when: is_there,
        open: |_| Self::default().into(),
    }];
}

fn is_there(_: &NoPanel, session: &Session) -> Check {
    project(&NoPanel, session)?;
    not_only_runs(&NoPanel, session)
}

impl Commands for Learning {
    const MOVES: &'static [(Context, &'static [(Command, &'static str)])] = &[(HERE, list::PAGED)];
}

impl Panel for Learning {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        HERE
    }

    fn list(&mut self, session: &Session) -> Option<ListCursor<'_>> {
        let (columns, page) = pages::room(session.size);
        let last = rows(session, columns).len().saturating_sub(page);
        self.top = self.top.min(last);
        Some(ListCursor { row: &mut self.top, rows: last + 1, page })
    }

    fn click(&self) -> Option<Command> {
        None
    }
}

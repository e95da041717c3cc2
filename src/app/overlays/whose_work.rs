//! The question whose work is continued.
//!
//! The login name decides who the annotator is. Over SSH or in a container it may be another one than before, and then the
//! project would look as if nothing had been done. The answer is kept, so the question comes once.

use crate::app::{
    command::{Command, Context},
    effect::Effect,
    panel::{Commands, Opens, Outcome, Panel, Request, Row, own_rows},
    session::Session,
};

/// The question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhoseWork {
    /// The user's name.
    pub own: String,
    /// Annotators with work in the project, and how many documents each has done; most first, at least one.
    pub others: Vec<(String, usize)>,
}

impl WhoseWork {
    fn go_on(&mut self, _: &mut Session) -> Outcome {
        let Some((name, _)) = self.others.first() else { return Outcome::close() };
        Outcome::close().and(Request::WorkAs(name.clone()))
    }

    fn begin(&mut self, _: &mut Session) -> Outcome {
        Outcome::close().then([Effect::KeepAnnotator(self.own.clone())])
    }
}

impl Panel for WhoseWork {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        Context::WhoseWork
    }
}

impl Commands for WhoseWork {
    const ROWS: &'static [Row<Self>] = &[
        Row::<Self>::new(
            Command::GoOnAs,
            "go-on-as",
            "go on",
            "Go on with the work of the annotator named",
            &[(Context::WhoseWork, "g")],
            Self::go_on,
        ),
        Row::<Self>::new(
            Command::BeginOwn,
            "begin-own",
            "begin",
            "Begin work under your own name",
            &[(Context::WhoseWork, "b")],
            Self::begin,
        ),
    ];
}

/// It is opened with a project, not by a command.
impl Opens for WhoseWork {}

//! The question before a base model is downloaded for a training.
//!
//! The base may be named by a project of a stranger, so the user decides; without an answer nothing is downloaded.

use crate::{
    app::{
        command::{Command, Context},
        conditions::always,
        event::FetchOffer,
        panel::{Commands, Opens, Outcome, Panel, Row, own_rows},
        session::Session,
    },
    runs::Settings,
};

/// Question whether a base model is downloaded.
#[derive(Clone, Debug, PartialEq)]
pub struct FetchMenu {
    /// What would be downloaded, and the effect that does it.
    pub offer: FetchOffer,
    /// Settings of the training.
    pub settings: Settings,
}

impl FetchMenu {
    /// Asks for the training again, now with the permission to download its base.
    fn accept(&mut self, session: &mut Session) -> Outcome {
        let FetchOffer { generation, base, accepted, .. } = self.offer.clone();
        session.runs.starting = Some((generation, self.settings.clone()));
        session.inform(format!("{base} is being fetched; the training begins after that"));
        Outcome::close().then([accepted])
    }
}

impl Panel for FetchMenu {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        Context::FetchMenu
    }
}

impl Commands for FetchMenu {
    const ROWS: &'static [Row<Self>] = &[Row {
        command: Command::FetchBase,
        name: "fetch-base",
        hint: "fetch it",
        doc: "Download the base, then train",
        keys: &[(Context::FetchMenu, "y")],
        when: always,
        run: Self::accept,
    }];
}

/// It is opened by the answer of the hub, not by a command.
impl Opens for FetchMenu {}

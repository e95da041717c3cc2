//! The menu for stopping a run.

use crate::app::{
    command::Context,
    panel::{Commands, Opens, Panel, own_rows},
    session::Session,
};

/// The menu of ways to end the run.
///
/// Its commands are rows of the Train screen, because they can be given without the menu, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopMenu;

impl Panel for StopMenu {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        Context::StopMenu
    }
}

impl Commands for StopMenu {}

/// Opened on request of the Train screen.
/// So its command is in order among those of the screen.
impl Opens for StopMenu {}

//! Overlays: panels over a screen that get the keys until they are closed.

pub mod annotators;
pub mod confusion;
pub mod correction;
pub mod examples;
pub mod export;
pub mod fetch_menu;
pub mod guide;
pub mod help;
pub mod history;
pub mod import;
pub mod jump;
pub mod label_editor;
pub mod labels;
pub mod learning;
pub mod mistakes;
pub mod note;
pub mod occurrences;
pub mod page;
pub mod palette;
pub mod quit_menu;
pub mod removal;
pub mod repair_menu;
pub mod sentence_file;
pub mod sentence_search;
pub mod split_menu;
pub mod stop_menu;
pub mod tutorial;
pub mod whose_work;

use super::{
    command::{Command, CommandInfo},
    effect::Effect,
    panel::{Check, Commands, NoPanel, Opens, Panel},
    session::Session,
};

/// Makes the enum of all overlays, and the functions that find one by its command.
macro_rules! overlays {
    ($($module:ident::$name:ident),* $(,)?) => {
        /// An overlay.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs, reason = "each is described by its own type")]
        pub enum Overlay {
            $($name(Box<$module::$name>),)*
        }

        impl Overlay {
            /// The overlay as a panel.
            pub fn panel(&self) -> &dyn Panel {
                match self {
                    $(Self::$name(panel) => &**panel,)*
                }
            }

            /// The overlay as a panel that changes.
            pub(super) fn panel_mut(&mut self) -> &mut dyn Panel {
                match self {
                    $(Self::$name(panel) => &mut **panel,)*
                }
            }

            /// Opens the overlay that `command` opens; `None` if it opens none.
            pub(super) fn open(command: Command, session: &mut Session) -> Option<(Option<Self>, Vec<Effect>)> {
                $(if let Some(opener) = $module::$name::OPENERS.iter().find(|opener| opener.command == command) {
                    let opening = (opener.open)(session);
                    return Some((opening.panel.map(|panel| Self::$name(Box::new(panel))), opening.effects));
                })*
                None
            }

            /// Whether the command that opens an overlay works now; `None` if it opens none.
            pub(super) fn check(command: Command, session: &Session) -> Option<Check> {
                $(if let Some(opener) = $module::$name::OPENERS.iter().find(|opener| opener.command == command) {
                    return Some((opener.when)(&NoPanel, session));
                })*
                None
            }

            /// The rows of all overlays, and of the commands that open them.
            pub(super) fn infos() -> Vec<CommandInfo> {
                let mut infos = Vec::new();
                $(infos.extend($module::$name::infos());
                infos.extend($module::$name::openers());)*
                infos
            }
        }

        $(impl From<$module::$name> for Overlay {
            fn from(panel: $module::$name) -> Self {
                Self::$name(Box::new(panel))
            }
        })*
    };
}

// In the order of the key line.
overlays!(
    annotators::Annotators,
    mistakes::Mistakes,
    confusion::Confusion,
    stop_menu::StopMenu,
    quit_menu::QuitMenu,
    removal::Removal,
    split_menu::SplitMenu,
    fetch_menu::FetchMenu,
    repair_menu::RepairMenu,
    whose_work::WhoseWork,
    occurrences::Occurrences,
    jump::Jump,
    note::Note,
    history::History,
    labels::Labels,
    label_editor::LabelEditor,
    correction::Correction,
    import::Import,
    export::Export,
    examples::Examples,
    sentence_search::SentenceSearch,
    sentence_file::SentenceFile,
    guide::Guide,
    learning::Learning,
    palette::Palette,
    help::Help,
    page::Page,
);

//! Rules for the whole command table and its default keys.

use std::collections::HashSet;

use super::{
    Key,
    command::{Command, Context},
    state::{State, default_keymap},
};

#[test]
fn a_name_stands_for_one_command_and_is_there_once_in_a_context() {
    let keymap = default_keymap();
    let mut names: HashSet<(&str, Command)> = HashSet::new();
    let mut places: HashSet<(&str, Context)> = HashSet::new();
    for row in keymap.rows() {
        names.insert((row.name, row.command));
        for context in row.contexts() {
            // Text fields and pages share a context: each panel has its own commands there.
            let shared = context.is_typing() || context == Context::Help;
            assert!(places.insert((row.name, context)) || shared, "{} twice in {context:?}", row.name);
        }
    }
    let commands: HashSet<Command> = names.iter().map(|(_, command)| *command).collect();
    let distinct: HashSet<&str> = names.iter().map(|(name, _)| *name).collect();
    assert_eq!((commands.len(), distinct.len()), (names.len(), names.len()));
}

#[test]
fn docs_are_sentences_without_a_full_stop() {
    for row in default_keymap().rows() {
        assert!(row.doc.starts_with(char::is_uppercase) && !row.doc.ends_with('.'), "{}: {}", row.name, row.doc);
        assert!(row.doc.len() <= 60 && row.hint.len() <= 18, "{} is too long", row.name);
        assert!(!row.keys.is_empty(), "{} can be given nowhere", row.name);
    }
}

#[test]
fn every_default_key_is_a_key() {
    for row in default_keymap().rows() {
        for key in row.keys.iter().flat_map(|(_, keys)| keys.split_whitespace()) {
            assert!(key.parse::<Key>().is_ok(), "{}: {key}", row.name);
        }
    }
}

#[test]
fn every_command_has_a_key_or_is_in_the_palette() {
    let keymap = default_keymap();
    for row in keymap.rows() {
        let bound = keymap.bindings().iter().any(|binding| binding.command == row.command);
        let listed = row.contexts().any(|context| matches!(context, Context::Everywhere | Context::Tag));
        assert!(bound || listed, "{} cannot be reached", row.name);
    }
}

#[test]
fn no_key_has_two_commands_in_a_context_except_those_that_exclude_each_other() {
    let keymap = default_keymap();
    let mut seen: HashSet<(Context, Key)> = HashSet::new();
    for binding in keymap.bindings() {
        let shared = binding.context.is_typing() || binding.context == Context::Help;
        assert!(seen.insert((binding.context, binding.key)) || shared, "{binding:?}");
    }
}

#[test]
fn every_command_that_is_moved_on_the_key_line_is_in_the_table() {
    let keymap = default_keymap();
    for command in super::state::KEY_LINE.iter().flat_map(|(command, before)| [command, before]) {
        assert!(keymap.rows().iter().any(|row| row.command == *command), "{command:?}");
    }
}

#[test]
fn commands_of_the_stop_menu_are_given_from_the_palette_on_every_screen() {
    use super::{Effect, tests};
    use crate::runs::{Control, Phase};
    for screen in ["f1", "f2", "f3", "f4"] {
        let mut state = tests::start();
        super::update(&mut state, super::Event::Runs(vec![tests::run("0001-mini", Phase::Training, false)]));
        tests::press(&mut state, screen);
        let effects = tests::press(&mut state, ": s t o p - n o w enter");
        let stop = |effect: &Effect| matches!(effect, Effect::ControlRun { control: Control::StopNow, .. });
        assert!(effects.iter().any(stop), "{screen}: {effects:?}");
    }
}

#[test]
fn moves_in_a_text_field_leave_the_list_alone() {
    let mut state = super::tests::start();
    super::tests::press(&mut state, "f2 /");
    let row = state.documents.row;
    super::tests::press(&mut state, "down ctrl-n");
    assert_eq!(state.documents.row, row);
}

#[test]
fn the_keys_that_scripts_rely_on_are_there() {
    let keymap = default_keymap();
    for (context, key, command) in [
        (Context::Tag, "3", Command::Label(3)),
        (Context::Tag, "#", Command::Arm(3)),
        (Context::Tag, "]", Command::Lengthen),
        (Context::Tag, "{", Command::ShortenLeft),
        (Context::Tag, "space", Command::AcceptDone),
        (Context::Everywhere, "shift-tab", Command::PreviousScreen),
    ] {
        let commands: Vec<Command> = keymap.commands(context, key.parse().unwrap()).collect();
        assert_eq!(commands, [command], "{key}");
    }
}

#[test]
fn moves_stay_in_the_list() {
    use super::list::moved;
    let to = |command, at| moved(command, at, 10, 4);
    assert_eq!([Command::Up, Command::Down].map(|command| to(command, 0)), [Some(0), Some(1)]);
    assert_eq!([Command::Up, Command::Down].map(|command| to(command, 9)), [Some(8), Some(9)]);
    assert_eq!([Command::PageUp, Command::PageDown].map(|command| to(command, 7)), [Some(3), Some(9)]);
    assert_eq!([Command::First, Command::Last].map(|command| to(command, 5)), [Some(0), Some(9)]);
    // The list has become shorter under the cursor.
    assert_eq!((to(Command::Up, 30), to(Command::PageUp, 30)), (Some(8), Some(5)));
    assert_eq!((moved(Command::Down, 0, 0, 4), to(Command::Open, 5)), (Some(0), None));
}

#[test]
fn the_key_line_shows_what_works_now() {
    let state = super::tests::start();
    let words = |state: &State| state.hints().iter().map(|hint| hint.word).collect::<Vec<_>>();
    let plain = words(&state);
    assert!(plain.starts_with(&["done", "next"]) && !plain.contains(&"remove"), "{plain:?}");
    let mut state = state;
    super::tests::press(&mut state, "3 left");
    assert!(words(&state).contains(&"remove"), "{:?}", words(&state));
}

/// States of a project in which commands find something to change, each with the keys that lead there.
const STATES: [&str; 7] = ["", "1", "1 left", "1 u", "enter", "s", "1 ] enter"];

/// Commands that change annotations or documents in one of the states, which `prepare` may change first.
fn changing(prepare: impl Fn(&mut State)) -> HashSet<Command> {
    use super::{Effect, tests};
    let changes = |effect: &Effect| matches!(effect, Effect::Record { .. } | Effect::ChangeDocument { .. });
    let mut changing = HashSet::new();
    for keys in STATES {
        let mut state = tests::start();
        tests::press(&mut state, keys);
        prepare(&mut state);
        let commands: Vec<Command> = state.session.keymap.rows().iter().map(|row| row.command).collect();
        changing.extend(commands.into_iter().filter(|command| state.clone().run(*command).iter().any(changes)));
    }
    changing
}

#[test]
fn every_command_that_changes_annotations_or_documents_says_so() {
    let found = changing(|_| {});
    for command in [Command::Label(1), Command::Done, Command::Undo, Command::Redo, Command::Remove] {
        assert!(found.contains(&command), "{command:?} changes nothing in any of the states");
    }
    let silent: Vec<&Command> = found.iter().filter(|command| !command.changes_annotations()).collect();
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn no_command_changes_a_project_that_can_only_be_read() {
    let read_only = |state: &mut State| {
        state.session.project.as_mut().unwrap().read_only = Some("the disk is read only".to_owned());
    };
    assert_eq!(changing(read_only), HashSet::new());
}

#[test]
fn the_help_of_a_panel_begins_with_its_own_commands() {
    let state = State::default();
    let help = state.session.keymap.help(Context::History);
    assert_eq!(
        help.first().map(|(keys, doc)| (keys.as_str(), *doc)),
        Some(("enter", "Go to the moment right after this action"))
    );
}

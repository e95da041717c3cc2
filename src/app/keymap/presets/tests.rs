//! Files of keys: accepted and refused lines, and the keys that presets keep.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::app::state::default_keymap;

fn with(text: &str) -> Result<Keymap, KeysError> {
    keymap(default_keymap(), Some(("keys.toml", &keys::read(Layer { name: "keys.toml", text }).unwrap())))
}

fn message(text: &str) -> String {
    with(text).unwrap_err().to_string()
}

fn preset(name: &str) -> Keymap {
    with(&format!("preset = '{name}'")).unwrap()
}

fn given(keymap: &Keymap, context: Context, key: &str) -> Option<Command> {
    let key: Key = key.parse().unwrap();
    keymap.bindings.iter().find(|b| (b.context, b.key) == (context, key)).map(|binding| binding.command)
}

/// Whether the command of a binding can be given in its context.
fn fits(keymap: &Keymap, binding: &Binding) -> bool {
    let mut rows = keymap.rows().iter().filter(|row| row.command == binding.command);
    rows.any(|row| row.fits(binding.context))
}

#[test]
fn a_user_moves_keys_on_a_preset_or_without_one() {
    assert_eq!(keymap(default_keymap(), None).unwrap().bindings(), default_keymap().bindings());
    let keymap = with("preset = 'vim'\n[tag]\nalt-d = 'done'\nenter = 'none'\nG = 'next-document'").unwrap();
    assert_eq!(given(&keymap, Context::Tag, "alt-d"), Some(Command::Done));
    assert_eq!(given(&keymap, Context::Tag, "enter"), None);
    assert_eq!(given(&keymap, Context::Tag, "G"), Some(Command::NextDocument));
    assert_eq!(given(&keymap, Context::Tag, "g"), Some(Command::First));
}

#[test]
fn unknown_names_are_reported_with_the_likely_name() {
    assert_eq!(message("\npreset = 'vimm'"), "keys.toml:2: unknown preset `vimm`; did you mean `vim`?");
    assert_eq!(message("preset = 'emacs'"), "keys.toml:1: unknown preset `emacs`; use one of vim, arrows");
    assert!(message("[tagz]\na = 'done'").ends_with(":2: unknown context `tagz`; did you mean `tag`?"));
    assert!(message("[kitchen]\na = 'done'").contains("use one of everywhere, welcome, tag, "));
    assert_eq!(
        message("[tag]\n\nz = 'Accept_Donex'"),
        "keys.toml:3: unknown command `Accept_Donex`; did you mean `accept-done`?"
    );
    assert!(message("[tag]\nz = 'fry'").ends_with("the palette shows them by name"));
}

#[test]
fn a_file_with_more_lines_than_keys_is_refused() {
    let lines: String = (0..=MOST_LINES).map(|n| format!("k{n} = 'done'\n")).collect();
    assert_eq!(message(&format!("[tag]\n{lines}")), "keys.toml:1002: a file has at most 1000 keys; remove some");
}

#[test]
fn keys_as_other_programs_write_them_are_understood_in_the_message() {
    for (name, meant) in [
        ("C-r", "ctrl-r"),
        ("<C-R>", "ctrl-r"),
        ("Ctrl+Alt+Left", "ctrl-alt-left"),
        ("S-Tab", "shift-tab"),
        ("M-x", "alt-x"),
        ("Escape", "esc"),
        ("PgUp", "pageup"),
        ("F5", "f5"),
        ("spacex", "space"),
    ] {
        let message = message(&format!("[tag]\n'{name}' = 'done'"));
        assert_eq!(message, format!("keys.toml:2: unknown key `{name}`; did you mean `{meant}`?"));
    }
    assert!(message("[tag]\nhyper-e = 'done'").contains("keys are written like `w`"));
}

#[test]
fn commands_stay_where_they_belong() {
    assert_eq!(
        message("[tag]\nz = 'stop-now'"),
        "keys.toml:2: `stop-now` cannot be given in `tag`, but in `stop-menu`"
    );
    // The question before a run is removed would take it for a yes.
    assert!(message("[everywhere]\nalt-k = 'up'").contains("cannot be given in `everywhere`, but in `"));
    assert!(with("[tag]\nz = 'import'").is_ok());
}

#[test]
fn a_key_stands_once_in_a_context_however_it_is_spelt() {
    let twice = "[tag]\nA = 'done'\nz = 'none'\nshift-a = 'undo'";
    assert_eq!(
        message(twice),
        "keys.toml:4: `shift-a` is the key of line 2 in another spelling; a key gives one command"
    );
    assert!(with("[tag]\nA = 'done'\n[documents]\nshift-a = 'open'").is_ok());
}

#[test]
fn what_is_typed_is_no_command() {
    assert!(message("[palette]\nj = 'down'").starts_with("keys.toml:2: `j` never arrives in `palette`"));
    assert!(message("[typing]\nspace = 'none'").starts_with("keys.toml:2: `space` never arrives in `typing`"));
    assert!(message("[labels]\nd = 'none'").contains("there it is text or a label"));
    assert!(with("[palette]\nctrl-j = 'down'\nalt-j = 'down'\nf6 = 'down'").is_ok());
}

#[test]
fn keys_that_terminals_send_as_another_key_are_reported() {
    let sent = "keys.toml:2: `ctrl-i` never arrives: terminals send the same for it as for tab";
    assert_eq!(message("[tag]\nctrl-I = 'done'"), sent);
    assert!(message("[typing]\n'ctrl-[' = 'back'").ends_with("as for esc"));
}

#[test]
fn digits_stay_with_the_labels() {
    for text in ["[tag]\n3 = 'done'", "[tag]\n'9' = 'none'", "[tag]\n0 = 'first'"] {
        assert!(message(text).contains("digits give labels, as the label bar says"), "{text}");
    }
    assert!(with("[tag]\nalt-3 = 'done'\n'#' = 'done'\nz = 'label-3'\n[documents]\n3 = 'open'").is_ok());
}

#[test]
fn a_meaning_of_everywhere_is_taken_away_there() {
    assert_eq!(
        message("[tag]\nq = 'none'"),
        "keys.toml:2: `q` has its meaning in `tag` from `everywhere`, and only there it can be taken away"
    );
    assert!(with("[tag]\nq = 'none'\n[everywhere]\nq = 'none'").is_ok());
    // What means nothing yet may get a meaning in the next version.
    assert!(with("[tag]\n'~' = 'none'").is_ok());
}

#[test]
fn no_line_takes_the_last_way_to_what_is_needed() {
    assert_eq!(
        message("[everywhere]\nf9 = 'none'\n'?' = 'none'"),
        "keys.toml:3: this leaves no key for `help` in `welcome`, and nobody could look up the keys"
    );
    assert!(message("[everywhere]\nesc = 'none'").contains("no key for `back` in `welcome`"));
    assert!(message("[everywhere]\nesc = 'none'\nz = 'back'").contains("no key for `back` in `typing`"));
    assert!(message("[quit-menu]\nesc = 'quit-now'").contains("no key for `back` in `quit-menu`"));
    assert!(message("[tag]\n':' = 'done'").contains(":2: this leaves no key for `palette` in `tag`"));
    assert!(message("[everywhere]\nctrl-c = 'none'\n[train]\nq = 'log'").contains(":4: this leaves no key for `quit`"));
    assert!(with("[everywhere]\n'?' = 'none'\nf12 = 'help'\nesc = 'none'\nctrl-g = 'back'").is_ok());
}

#[test]
fn messages_of_strange_files_are_safe_to_show() {
    for text in [
        "preset = \"\\u001b[2J\"",
        "[\"\\u001b\"]\na = 'b'",
        "[tag]\n\"\\u001b[2J\" = 'done'",
        "[tag]\na = \"\\u001b\"",
    ] {
        assert!(!message(text).contains('\u{1b}'), "{text}");
    }
}

#[test]
fn presets_lose_no_command() {
    for (name, text) in PRESETS {
        let file = keys::read(Layer { name, text }).unwrap();
        assert_eq!(file.preset, None, "a preset builds on no other");
        let keymap = preset(name);
        for binding in default_keymap().bindings() {
            let (place, command) = (binding.context, binding.command);
            let in_palette = keymap.info(Context::Everywhere, command).is_some_and(|row| row.fits(Context::Everywhere));
            assert!(in_palette || keymap.keys(place, command).next().is_some(), "{name}: {command:?} in {place:?}");
        }
        assert!(keymap.bindings.iter().all(|b| fits(&keymap, b)), "{name}");
        let distinct: HashSet<_> = keymap.bindings.iter().map(|b| (b.context, b.key, b.command)).collect();
        assert_eq!(distinct.len(), keymap.bindings.len(), "{name}");
    }
}

#[test]
fn presets_keep_the_labels_and_the_ways_through_a_document() {
    let (default, kept) = (default_keymap(), "space enter v x a A u ctrl-r n p [ ] { } T 1 9 ! ( left down");
    for (name, _) in PRESETS {
        for key in kept.split(' ') {
            assert_eq!(given(&preset(name), Context::Tag, key), given(&default, Context::Tag, key), "{name}: {key}");
        }
        for key in ["tab", "shift-tab", "?", ":", "q", "esc"] {
            let place = Context::Everywhere;
            assert_eq!(given(&preset(name), place, key), given(&default, place, key), "{name}: {key}");
        }
    }
}

#[test]
fn vim_writes_no_checkpoint_with_k_and_leaves_no_field_with_the_program() {
    let vim = preset("vim");
    let meaning = |key| given(&vim, Context::Train, key);
    assert_eq!((meaning("k"), meaning("w")), (Some(Command::Up), Some(Command::Checkpoint)));
    for place in Context::ALL.iter().copied().filter(|place| place.is_typing()) {
        assert_eq!(given(&vim, place, "ctrl-c"), Some(Command::Back), "{place:?}");
    }
}

#[test]
fn arrows_go_where_no_letter_goes() {
    let arrows = preset("arrows");
    let moves = "left right up down page-up page-down first last next-word previous-word".split(' ');
    let find = |name| arrows.rows().iter().find(|row| row.name == name).unwrap().command;
    let moves: Vec<Command> = moves.map(find).collect();
    for binding in arrows.bindings.iter().filter(|b| b.key.typed().is_some_and(char::is_alphabetic)) {
        assert!(!moves.contains(&binding.command), "{binding:?}");
    }
    assert_eq!(given(&arrows, Context::Everywhere, "ctrl-z"), None);
}

proptest! {
    #[test]
    fn whatever_is_taken_over_leaves_labels_and_ways_out(
        lines in prop::collection::vec(
            (0..Context::ALL.len(), "(ctrl-|shift-|alt-)?([a-z0-9?:]|esc|tab|f1)|\\PC{0,3}", 0usize..400, any::<bool>()),
            0..6,
        ),
    ) {
        let lines = lines.into_iter().enumerate().map(|(at, (context, key, command, fits))| {
            let context = Context::ALL[context];
            let table = default_keymap();
            let rows: Vec<_> = table.rows().iter().filter(|row| !fits || row.fits(context)).collect();
            let command = rows.get(command % (rows.len() + 5)).map_or(NONE, |row| row.name).to_owned();
            KeyLine { line: at + 1, context: context.name().to_owned(), key, command }
        });
        let file = KeyFile { preset: None, bindings: lines.collect() };
        if let Ok(keymap) = keymap(default_keymap(), Some(("keys.toml", &file))) {
            prop_assert!(needs().all(|need| need.is_met(&keymap)));
            prop_assert_eq!(given(&keymap, Context::Tag, "7"), Some(Command::Label(7)));
            prop_assert!(keymap.bindings.iter().all(|b| fits(&keymap, b)));
        }
    }
}

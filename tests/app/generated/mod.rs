//! Files in `assets/` that the program generates: each is compared with what it generates now.

mod picture;
mod screens;

use std::path::{Path, PathBuf};

use tagliatelle::app::{command::Context, state::default_keymap};

use crate::compare::compare_generated;

/// A file or folder of the repository.
fn asset(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn the_table_of_keys_is_up_to_date() {
    compare_generated(&asset("assets/docs/keys.md"), &key_table());
}

/// All keys by context, as one Markdown table each.
fn key_table() -> String {
    let keymap = default_keymap();
    let mut text = "# Keys\n\nMade from the command table of all panels in `src/app`.\n\n".to_owned();
    for context in Context::ALL.iter().copied() {
        let lines = keymap.help(context);
        if lines.is_empty() {
            continue;
        }
        text += &format!("## {}\n\n| keys | |\n| --- | --- |\n", context.name());
        for (keys, about) in lines {
            text += &format!("| `{keys}` | {about} |\n");
        }
        text.push('\n');
    }
    text
}

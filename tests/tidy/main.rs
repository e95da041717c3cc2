//! The house rules of `src/ARCHITECTURE.md`, enforced: who may name whom, sizes, and what is banned.
//!
//! A function longer than the limit is allowed if the line above it (or above its attributes) says `// tidy: table`:
//! it lists data and decides nothing. Import circles are in `circles.rs`, the language's figures in `figures.rs`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failure here is a failed test")]

mod circles;
mod figures;
mod modules;
mod source;

use std::{collections::BTreeSet, fs, path::Path};

use source::sources;

/// Floor, modules of this crate it may name besides itself, foreign crates that are kept to few floors.
const FLOORS: [(&str, &[&str], &[&str]); 15] = [
    ("text", &[], &[]),
    ("guard", &["text"], &[]),
    ("spans", &["text"], &[]),
    ("runs", &["text", "spans"], &[]),
    ("config", &["text", "spans"], &[]),
    ("formats", &["text", "guard", "spans", "runs"], &[]),
    ("project", &["text", "guard", "spans", "runs", "formats"], &[]),
    (
        "model",
        &["text", "guard", "spans", "runs", "formats"],
        &["burn", "burn_flex", "tokenizers", "ureq", "pytorch_reader", "safetensors", "rayon"],
    ),
    ("training", &["text", "guard", "spans", "runs", "formats", "model"], &["burn", "burn_flex", "rayon"]),
    ("inference", &["text", "guard", "spans", "runs", "formats", "model"], &["burn", "rayon", "tokenizers"]),
    ("work", &["text", "spans", "runs", "config", "formats", "project", "model", "training", "inference"], &[]),
    ("app", &["text", "spans", "runs", "config"], &[]),
    ("ui", &["text", "spans", "runs", "config", "app"], &["ratatui"]),
    (
        "services",
        &[
            "text",
            "guard",
            "spans",
            "runs",
            "config",
            "formats",
            "project",
            "model",
            "training",
            "inference",
            "work",
            "app",
        ],
        &["crossbeam_channel"],
    ),
    (
        "terminal",
        &["text", "spans", "runs", "config", "app", "ui", "services"],
        &["ratatui", "crossterm", "signal_hook", "rustix", "crossbeam_channel"],
    ),
];

/// The command line may name every floor; it is the top.
const TOP: [&str; 2] = ["cli", "main"];

/// Crates that only the floors which list them above (and the command line, where marked) may name.
const KEPT: [(&str, bool); 10] = [
    ("burn", false),
    ("burn_flex", false),
    ("ratatui", true),
    ("crossterm", true),
    ("tokenizers", false),
    ("ureq", false),
    ("pytorch_reader", false),
    ("safetensors", false),
    ("tempfile", false),
    ("clap", true),
];

/// Calls that write to the disk, and the only files that may make them.
const WRITES: [&str; 7] = [
    "File::create",
    "File::options",
    "OpenOptions::new",
    "fs::write",
    "fs::copy",
    "fs::create_dir",
    "fs::create_dir_all",
];
/// `model/hub/cache.rs` puts what it fetches into the cache that all programs of the hub share.
const WRITERS: [&str; 3] = ["project/storage", "cli/log.rs", "model/hub/cache.rs"];

/// Functions of any library that remove or rename, and the only files that may name them, with the reason.
const REMOVALS: [&str; 12] = [
    "remove_file",
    "remove_dir",
    "remove_dir_all",
    "rename",
    "unlink",
    "unlinkat",
    "rmdir",
    "renameat",
    "renameat2",
    "renameat_with",
    "renamex_np",
    "renameatx_np",
];
const REMOVERS: [(&str, &str); 4] = [
    ("project/storage/own.rs", "each call needs a proof that this program made the thing"),
    ("project/storage/tree.rs", "removes what it has just created if the folder cannot be completed"),
    ("project/storage/swap.rs", "exchanges a new file with one that its caller recognises"),
    (
        "model/hub/cache.rs",
        "`model` does not know `project`. Renamed: links and files that this process made under a random name. Removed: the \
         partial download whose lock this process holds, when its checksum is wrong",
    ),
];

/// What reads the outside world's clock, environment or terminal, and the floors that may.
const WORLD: [&str; 6] = ["SystemTime::now", "env::var", "env::var_os", "env::args", "env::current_dir", "Zoned::now"];
/// The hub's files ask where the Hugging Face cache is, which hub is meant and who asks, as every program that shares it does.
const WORLDLY: [&str; 6] = ["services/", "terminal/", "cli/", "main.rs", "model/hub/cache.rs", "model/hub/client.rs"];

/// Calls that read a file of any length.
const READS: [&str; 4] = ["fs::read", "fs::read_to_string", "io::read_to_string", "File::read_to_end"];
/// Methods that read to the end, and the files that call them after `take`.
const READ_METHODS: [&str; 2] = ["read_to_end", "read_to_string"];
const READERS: [&str; 9] = [
    "guard.rs",
    "cli/output.rs",
    "formats/",
    "project/input_file.rs",
    "project/lock.rs",
    "project/metrics_tail.rs",
    "project/runs.rs",
    "project/storage/open.rs",
    "project/storage/record.rs",
];
/// Files that read what the system writes, which has few lines.
const SYSTEM_READERS: [&str; 2] = ["project/lock.rs", "cli/interrupts.rs"];

const FILE_LINES: usize = 600;
const FUNCTION_LINES: usize = 70;
const BANNED_METHODS: [&str; 2] = ["unwrap", "expect"];
const BANNED_MACROS: [&str; 9] =
    ["println", "print", "eprintln", "eprint", "dbg", "todo", "unimplemented", "panic", "unreachable"];

fn floor_of(name: &str) -> &str {
    name.split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

fn assert_none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn each_floor_names_only_the_floors_it_may() {
    let known: BTreeSet<&str> = FLOORS.iter().map(|(name, ..)| *name).chain(TOP).collect();
    let mut problems = Vec::new();
    for file in sources() {
        let floor = floor_of(&file.name);
        if TOP.contains(&floor) || floor == "lib" {
            continue;
        }
        let Some((_, may, foreign)) = FLOORS.iter().find(|(name, ..)| *name == floor) else {
            problems.push(format!("{}: no floor is called `{floor}`", file.name));
            continue;
        };
        for (path, line) in &file.uses.paths {
            let mut parts = path.split("::");
            let first = parts.next().unwrap_or_default();
            if first == "crate" {
                let target = parts.next().unwrap_or_default();
                if known.contains(target) && target != floor && !may.contains(&target) {
                    problems.push(format!("{}:{line}: `{floor}` must not name `{target}`", file.name));
                }
            } else if KEPT.iter().any(|(kept, _)| *kept == first) && !foreign.contains(&first) {
                problems.push(format!("{}:{line}: `{floor}` must not name the crate `{first}`", file.name));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn the_command_line_leaves_burn_to_the_floors_below() {
    let mut problems = Vec::new();
    for file in sources().iter().filter(|file| TOP.contains(&floor_of(&file.name))) {
        for (path, line) in &file.uses.paths {
            let first = path.split("::").next().unwrap_or_default();
            if KEPT.iter().any(|(kept, cli)| *kept == first && !cli) {
                problems.push(format!("{}:{line}: the command line must not name `{first}`", file.name));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn only_the_storage_writes_files_and_only_the_edges_read_the_world() {
    let mut problems = Vec::new();
    for file in sources() {
        for (path, line) in &file.uses.paths {
            let ends = |calls: &[&str]| calls.iter().any(|call| path == *call || path.ends_with(&format!("::{call}")));
            if ends(&WRITES) && !WRITERS.iter().any(|writer| file.name.starts_with(writer)) {
                problems.push(format!("{}:{line}: `{path}` belongs to project::storage", file.name));
            }
            if ends(&WORLD) && !WORLDLY.iter().any(|floor| file.name.starts_with(floor)) {
                problems.push(format!("{}:{line}: `{path}` belongs to services, terminal or cli", file.name));
            }
        }
    }
    assert_none(&problems);
}

/// A device such as `/dev/zero` never ends: whoever names one must not lose the memory of the machine.
#[test]
fn files_are_read_up_to_a_limit() {
    let mut problems = Vec::new();
    for file in sources() {
        let system = SYSTEM_READERS.contains(&file.name.as_str());
        let calls = file.uses.paths.iter().filter(|(path, _)| {
            let is_read = |call: &str| path == call || path.ends_with(&format!("::{call}"));
            READS.iter().any(|call| is_read(call)) && !system
        });
        let ends = file.uses.methods.iter().filter(|(name, line)| {
            let mut statement = file.text.lines().skip(line.saturating_sub(2)).take(2);
            let has_limit = statement.any(|line| line.contains(".take(") || line.contains("Limited::new("));
            let is_limited = READERS.iter().any(|reader| file.name.starts_with(reader)) && has_limit;
            READ_METHODS.contains(&name.as_str()) && !is_limited
        });
        for (name, line) in calls.chain(ends) {
            problems.push(format!(
                "{}:{line}: `{name}` has no limit; use guard::read, storage::read or input_file::keep",
                file.name
            ));
        }
    }
    assert_none(&problems);
}

/// A sample must not be changed: its copy is.
#[test]
fn commands_open_projects_only_through_project_dir() {
    let is_open = |path: &str| path == "Project::open" || path.ends_with("::Project::open");
    let mut found = Vec::new();
    for file in sources().iter().filter(|file| file.name.starts_with("cli/")) {
        let calls = file.uses.paths.iter().filter(|(path, _)| is_open(path));
        found.extend(calls.map(|(_, line)| (file.name.as_str(), *line)));
    }
    let (allowed, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|(name, _)| *name == "cli/project_dir.rs");
    assert!(!allowed.is_empty(), "the rule finds no call any more");
    assert!(others.is_empty(), "`Project::open` belongs to cli/project_dir.rs: {others:?}");
}

#[test]
fn only_what_is_proved_to_be_ours_is_removed_or_renamed() {
    let problems: Vec<String> = sources().iter().flat_map(removals).collect();
    assert_none(&problems);
    // A reason for a file that no longer needs it would hide the next call.
    for (name, reason) in REMOVERS {
        let file = sources().iter().find(|file| file.name == name).unwrap();
        assert!(!named_removals(file).is_empty(), "{name} removes nothing any more: {reason}");
    }
}

/// Functions of `storage/own.rs` that remove or rename for its other functions, which have the proofs.
const HELPERS: [&str; 4] = ["unlink", "remove_empty", "rename_with_flag", "rename_to_free"];

/// `FORMAT.md` lists each removal with its reason and its function. A new one must not be missing there.
#[test]
fn the_list_of_removals_is_complete() {
    let is_storage = |name: &str| REMOVERS.iter().any(|(remover, _)| *remover == name && name.starts_with("project/"));
    let files: Vec<&source::File> = sources().iter().filter(|file| is_storage(&file.name)).collect();
    let removes = |path: &str| {
        let name = path.rsplit("::").next().unwrap_or_default();
        REMOVALS.contains(&name) || HELPERS.contains(&name)
    };
    let mut found: Vec<&str> = Vec::new();
    for file in files {
        let calls = file.uses.paths.iter().filter(|(path, _)| removes(path)).map(|(_, line)| *line);
        let calls: Vec<usize> = calls.collect();
        let functions = file.uses.functions.iter().filter(|(name, first, length)| {
            !HELPERS.contains(&name.as_str()) && calls.iter().any(|line| (*first..first + length).contains(line))
        });
        found.extend(functions.map(|(name, ..)| name.as_str()));
    }
    let format = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/project/FORMAT.md")).unwrap();
    let table =
        format.lines().skip_while(|line| !line.ends_with("| function |")).take_while(|line| line.starts_with('|'));
    let cells: Vec<&str> = table.skip(2).filter_map(|row| row.trim_end_matches(" |").rsplit(" | ").next()).collect();
    let listed: BTreeSet<&str> =
        cells.iter().flat_map(|cell| cell.split('`')).filter(|name| name.contains(char::is_alphabetic)).collect();
    let mut listed: Vec<&str> = listed.into_iter().filter_map(|path| path.rsplit("::").next()).collect();
    listed.retain(|name| !name.contains(' ') && !name.ends_with(".rs"));
    found.sort_unstable();
    listed.sort_unstable();
    assert_eq!(found, listed, "functions that remove or rename (left), and the last column of FORMAT.md (right)");
}

#[test]
fn a_removal_is_found_however_it_is_called() {
    for call in [
        "std::fs::remove_dir_all(path)",
        "fs::rename(from, to)",
        "rustix::fs::unlinkat(dir, name, flags)",
        "libc::rmdir(path)",
        "{ use std::fs::remove_file; paths.iter().map(remove_file) }",
        "{ use std::fs::*; rename(from, to) }",
    ] {
        let file = source::File::parse("app/x.rs", format!("fn f() {{ {call}; }}"));
        assert!(!removals(&file).is_empty(), "{call}");
    }
    let allowed = source::File::parse("project/storage/own.rs", "fn f() { sys::unlinkat(a, b, c); }".to_owned());
    assert!(removals(&allowed).is_empty());
}

/// Removals and renames in a file that may not have any.
fn removals(file: &source::File) -> Vec<String> {
    if REMOVERS.iter().any(|(name, _)| *name == file.name) {
        return Vec::new();
    }
    let named = named_removals(file).into_iter();
    named.map(|(path, line)| format!("{}:{line}: `{path}` belongs to project/storage/own.rs", file.name)).collect()
}

fn named_removals(file: &source::File) -> Vec<&(String, usize)> {
    let is_removal = |path: &str| path.rsplit("::").next().is_some_and(|name| REMOVALS.contains(&name));
    file.uses.paths.iter().filter(|(path, _)| is_removal(path)).collect()
}

#[test]
fn files_and_functions_keep_their_size() {
    let mut problems = Vec::new();
    for file in sources() {
        let lines: Vec<&str> = file.text.lines().collect();
        if lines.len() > FILE_LINES {
            problems.push(format!("{}: {} lines, {FILE_LINES} are allowed", file.name, lines.len()));
        }
        if !file.text.starts_with("//!") && !file.text.starts_with("#!") {
            problems.push(format!("{}: opens without `//!`", file.name));
        }
        for (name, start, length) in &file.uses.functions {
            let marked = lines[..*start].iter().rev().take(4).any(|line| line.trim() == "// tidy: table");
            if *length > FUNCTION_LINES && !marked {
                problems
                    .push(format!("{}:{start}: `{name}` has {length} lines, {FUNCTION_LINES} are allowed", file.name));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn nothing_can_panic_or_print_by_the_back_door() {
    let mut problems = Vec::new();
    for file in sources() {
        let finds = &file.uses;
        for (method, line) in &finds.methods {
            if BANNED_METHODS.contains(&method.as_str()) {
                problems.push(format!("{}:{line}: `.{method}()` outside tests", file.name));
            }
        }
        for (name, line) in &finds.macros {
            if BANNED_MACROS.contains(&name.as_str()) {
                problems.push(format!("{}:{line}: `{name}!` outside tests", file.name));
            }
        }
        for line in &finds.unsafes {
            let reasoned = file.text.lines().take(line - 1).collect::<Vec<_>>();
            let reasoned = reasoned.iter().rev().take(4).any(|text| text.trim_start().starts_with("// SAFETY:"));
            if !file.name.starts_with("model/kernels/") || !reasoned {
                problems
                    .push(format!("{}:{line}: `unsafe` belongs to model/kernels, with a `// SAFETY:` line", file.name));
            }
        }
    }
    assert_none(&problems);
}

#[test]
fn the_top_level_holds_what_it_should_and_nothing_else() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let expected: BTreeSet<&str> =
        ["Cargo.toml", "Cargo.lock", "README.md", "LICENSE", "src", "assets", "tests", "sample-projects"].into();
    let built = ["target"];
    let found: BTreeSet<String> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.') && !built.contains(&name.as_str()))
        .collect();
    assert_eq!(found.iter().map(String::as_str).collect::<BTreeSet<_>>(), expected);
}

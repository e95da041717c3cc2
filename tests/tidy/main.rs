//! The house rules of `src/ARCHITECTURE.md`, enforced: who may name whom, sizes, and what is banned.
//!
//! A function longer than the limit is allowed if the line above it (or above its attributes) says `// tidy: table`:
//! it lists data and decides nothing. Import circles are in `circles.rs`, the language's figures in `figures.rs`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failure here is a failed test")]

mod circles;
mod figures;
mod modules;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{LineColumn, TokenStream, TokenTree};
use syn::{
    Attribute, Item, UseTree,
    spanned::Spanned,
    visit::{self, Visit},
};

/// Floor, modules of this crate it may name besides itself, foreign crates that are kept to few floors.
const FLOORS: [(&str, &[&str], &[&str]); 13] = [
    ("text", &[], &[]),
    ("spans", &["text"], &[]),
    ("runs", &["text", "spans"], &[]),
    ("config", &["text", "spans"], &[]),
    ("formats", &["text", "spans", "runs"], &[]),
    ("project", &["text", "spans", "runs", "formats"], &["tempfile"]),
    (
        "model",
        &["text", "spans", "runs", "formats"],
        &["burn", "burn_flex", "tokenizers", "hf_hub", "ureq", "pytorch_reader", "safetensors", "rayon"],
    ),
    ("training", &["text", "spans", "runs", "formats", "model"], &["burn", "burn_flex", "rayon"]),
    ("inference", &["text", "spans", "runs", "formats", "model"], &["burn", "rayon", "tokenizers"]),
    ("app", &["text", "spans", "runs", "config"], &[]),
    ("ui", &["text", "spans", "runs", "config", "app"], &["ratatui"]),
    (
        "services",
        &["text", "spans", "runs", "config", "formats", "project", "model", "training", "inference", "app"],
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
const KEPT: [(&str, bool); 11] = [
    ("burn", false),
    ("burn_flex", false),
    ("ratatui", true),
    ("crossterm", true),
    ("tokenizers", false),
    ("hf_hub", false),
    ("ureq", false),
    ("pytorch_reader", false),
    ("safetensors", false),
    ("tempfile", false),
    ("clap", true),
];

/// Calls that write to the disk, and the only files that may make them.
const WRITES: [&str; 10] = [
    "File::create",
    "File::options",
    "OpenOptions::new",
    "fs::write",
    "fs::rename",
    "fs::copy",
    "fs::create_dir",
    "fs::create_dir_all",
    "fs::remove_file",
    "fs::remove_dir_all",
];
/// `model/hub/cache.rs` puts what it fetches into the cache that all programs of the hub share.
const WRITERS: [&str; 3] = ["project/storage", "cli/log.rs", "model/hub/cache.rs"];

/// What reads the outside world's clock, environment or terminal, and the floors that may.
const WORLD: [&str; 6] = ["SystemTime::now", "env::var", "env::var_os", "env::args", "env::current_dir", "Zoned::now"];
/// The hub's files ask where the Hugging Face cache is, which hub is meant and who asks, as every program that shares it does.
const WORLDLY: [&str; 6] = ["services/", "terminal/", "cli/", "main.rs", "model/hub/cache.rs", "model/hub/client.rs"];

const FILE_LINES: usize = 600;
const FUNCTION_LINES: usize = 70;
const BANNED_METHODS: [&str; 2] = ["unwrap", "expect"];
const BANNED_MACROS: [&str; 9] =
    ["println", "print", "eprintln", "eprint", "dbg", "todo", "unimplemented", "panic", "unreachable"];

struct File {
    /// Below `src/`, with forward slashes.
    name: String,
    text: String,
    syntax: syn::File,
}

impl File {
    fn parse(name: &str, text: String) -> Self {
        let syntax = syn::parse_file(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { name: name.to_owned(), text, syntax }
    }
}

fn sources() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    paths.sort();
    let read = |path: PathBuf| -> File {
        let text = fs::read_to_string(&path).unwrap();
        File::parse(&path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/"), text)
    };
    let files: Vec<File> = paths.into_iter().map(read).collect();
    // `#[cfg(test)] mod golden;`: a file that is test code as a whole, whatever its size.
    let tests: BTreeSet<String> = files.iter().flat_map(test_files).collect();
    files.into_iter().filter(|file| !tests.contains(&file.name)).collect()
}

/// The files of the modules that `file` declares for tests only, and itself if it says so on top.
fn test_files(file: &File) -> Vec<String> {
    let stem = file.name.trim_end_matches(".rs");
    let folder = stem.strip_suffix("/mod").unwrap_or(stem).trim_end_matches("lib").to_owned();
    let declared = file.syntax.items.iter().filter_map(|item| match item {
        Item::Mod(item) if item.content.is_none() && is_test(&item.attrs) => Some(item.ident.to_string()),
        _ => None,
    });
    let itself = is_test(&file.syntax.attrs).then(|| file.name.clone());
    declared.map(|name| format!("{folder}/{name}.rs")).chain(itself).collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// What one file does outside its tests.
#[derive(Default)]
struct Finds {
    /// Paths as written, first segments first: `crate::model::open`, `burn::tensor::Tensor`.
    paths: Vec<(String, usize)>,
    methods: Vec<(String, usize)>,
    macros: Vec<(String, usize)>,
    unsafes: Vec<usize>,
    functions: Vec<(String, usize, usize)>,
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg")
                && attribute.parse_args::<TokenStream>().is_ok_and(|tokens| {
                    tokens.into_iter().any(|token| matches!(token, TokenTree::Ident(ident) if ident == "test"))
                })
    })
}

/// The attributes of the items that may be test code.
fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Mod(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Const(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        _ => &[],
    }
}

impl Finds {
    fn of(file: &File) -> Self {
        let mut finds = Self::default();
        finds.visit_file(&file.syntax);
        finds
    }

    fn function(&mut self, name: &syn::Ident, whole: proc_macro2::Span) {
        let (start, end): (LineColumn, LineColumn) = (whole.start(), whole.end());
        self.functions.push((name.to_string(), start.line, end.line - start.line + 1));
    }

    fn uses(&mut self, tree: &UseTree, before: &str) {
        match tree {
            UseTree::Path(path) => self.uses(&path.tree, &format!("{before}{}::", path.ident)),
            UseTree::Group(group) => group.items.iter().for_each(|item| self.uses(item, before)),
            UseTree::Name(name) => self.paths.push((format!("{before}{}", name.ident), name.span().start().line)),
            UseTree::Rename(name) => self.paths.push((format!("{before}{}", name.ident), name.span().start().line)),
            UseTree::Glob(glob) => self.paths.push((format!("{before}*"), glob.span().start().line)),
        }
    }
}

impl<'ast> Visit<'ast> for Finds {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.uses(&item.tree, "");
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig.ident, item.span());
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_test(&item.attrs) {
            self.function(&item.sig.ident, item.span());
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let text: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.paths.push((text.join("::"), path.span().start().line));
        visit::visit_path(self, path);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.methods.push((call.method.to_string(), call.method.span().start().line));
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let name = call.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        self.macros.push((name, call.span().start().line));
        visit::visit_macro(self, call);
    }

    fn visit_expr_unsafe(&mut self, block: &'ast syn::ExprUnsafe) {
        self.unsafes.push(block.unsafe_token.span.start().line);
        visit::visit_expr_unsafe(self, block);
    }
}

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
        for (path, line) in Finds::of(&file).paths {
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
        for (path, line) in Finds::of(file).paths {
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
        for (path, line) in Finds::of(&file).paths {
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
        for (name, start, length) in Finds::of(&file).functions {
            let marked = lines[..start].iter().rev().take(4).any(|line| line.trim() == "// tidy: table");
            if length > FUNCTION_LINES && !marked {
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
        let finds = Finds::of(&file);
        for (method, line) in finds.methods {
            if BANNED_METHODS.contains(&method.as_str()) {
                problems.push(format!("{}:{line}: `.{method}()` outside tests", file.name));
            }
        }
        for (name, line) in finds.macros {
            if BANNED_MACROS.contains(&name.as_str()) {
                problems.push(format!("{}:{line}: `{name}!` outside tests", file.name));
            }
        }
        for line in finds.unsafes {
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

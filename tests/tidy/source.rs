//! The files below `src/`, each parsed once, and the facts that the rules are about.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use proc_macro2::{LineColumn, TokenStream, TokenTree};
use syn::{
    Attribute, Item, UseTree,
    spanned::Spanned,
    visit::{self, Visit},
};

use crate::{figures::Counter, modules::Module};

/// A file of Rust code.
pub(crate) struct File {
    /// Below `src/`, with forward slashes.
    pub(crate) name: String,
    pub(crate) text: String,
    /// Paths, calls and functions outside tests.
    pub(crate) uses: Uses,
    /// Figures of the code outside tests.
    pub(crate) counter: Counter,
    /// Its module and the modules written inside it, by their path.
    pub(crate) modules: Vec<(Vec<String>, Module)>,
    /// Files of the modules that it declares for tests only, and itself if it is test code.
    tests: Vec<String>,
}

impl File {
    pub(crate) fn parse(name: &str, text: String) -> Self {
        let syntax = syn::parse_file(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut uses = Uses::default();
        uses.visit_file(&syntax);
        let mut counter = Counter::default();
        counter.visit_file(&syntax);
        let modules = Module::all(name, &syntax.items);
        let tests = test_files(name, &syntax);
        Self { name: name.to_owned(), text, uses, counter, modules, tests }
    }

    /// Whether the file is below a module that is declared for tests only, or is that module.
    fn is_below(&self, tests: &BTreeSet<String>) -> bool {
        tests.iter().any(|test| {
            let folder = test.trim_end_matches(".rs");
            let rest = self.name.strip_prefix(folder);
            rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        })
    }
}

/// Returns the files below `src/` that are not test code as a whole.
pub(crate) fn sources() -> &'static [File] {
    static FILES: OnceLock<Vec<File>> = OnceLock::new();
    FILES.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut paths = Vec::new();
        walk(&root, &["rs"], &mut paths);
        paths.sort();
        let files: Vec<File> = paths.into_iter().map(|path| read(&root, &path)).collect();
        // `#[cfg(test)] mod golden;`: test code as a whole, whatever its size.
        let tests: BTreeSet<String> = files.iter().flat_map(|file| file.tests.clone()).collect();
        files.into_iter().filter(|file| !file.is_below(&tests)).collect()
    })
}

fn read(root: &Path, path: &Path) -> File {
    let text = fs::read_to_string(path).unwrap();
    File::parse(&path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/"), text)
}

fn test_files(name: &str, syntax: &syn::File) -> Vec<String> {
    let stem = name.trim_end_matches(".rs");
    let folder = stem.strip_suffix("/mod").unwrap_or(stem).trim_end_matches("lib").to_owned();
    let declared = syntax.items.iter().filter_map(|item| match item {
        Item::Mod(item) if item.content.is_none() && is_test(&item.attrs) => Some(item.ident.to_string()),
        _ => None,
    });
    let itself = is_test(&syntax.attrs).then(|| name.to_owned());
    declared.map(|name| format!("{folder}/{name}.rs")).chain(itself).collect()
}

/// Finds the files with one of these extensions.
pub(crate) fn walk(folder: &Path, extensions: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, extensions, found);
        } else if path.extension().is_some_and(|extension| extensions.iter().any(|known| extension == *known)) {
            found.push(path);
        }
    }
}

/// Names and calls of one file, outside its tests, with their lines.
#[derive(Default)]
pub(crate) struct Uses {
    /// Paths as written, first segments first: `crate::model::open`, `burn::tensor::Tensor`.
    pub(crate) paths: Vec<(String, usize)>,
    pub(crate) methods: Vec<(String, usize)>,
    pub(crate) macros: Vec<(String, usize)>,
    pub(crate) unsafes: Vec<usize>,
    /// Name, first line and number of lines.
    pub(crate) functions: Vec<(String, usize, usize)>,
}

/// Whether the attributes make an item test code.
pub(crate) fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg")
                && attribute.parse_args::<TokenStream>().is_ok_and(|tokens| {
                    tokens.into_iter().any(|token| matches!(token, TokenTree::Ident(ident) if ident == "test"))
                })
    })
}

/// Returns the attributes of an item that may be test code.
pub(crate) fn attributes(item: &Item) -> &[Attribute] {
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

impl Uses {
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

impl<'ast> Visit<'ast> for Uses {
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

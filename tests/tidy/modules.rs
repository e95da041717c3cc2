//! Module tree of the crate; resolves paths to the files that define their items.
//!
//! A path is followed through `use` and `pub use` to the file that defines the item, as the compiler does. Methods and
//! fields are not named by a path and are not seen.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::{
    Item, UseTree, Visibility,
    visit::{self, Visit},
};

use crate::source::{File, attributes, is_test};

/// Number of re-exports followed from one path, so that a chain that leads back to itself ends.
const DEPTH: usize = 16;

/// One name of a `use` item.
struct Import {
    /// The path as written, without the braces: `["super", "state", "State"]`.
    path: Vec<String>,
    /// The name in this module; `None` for `*`.
    name: Option<String>,
    line: usize,
    /// Whether the item is a re-export.
    public: bool,
    /// Whether the item is in the body of a function.
    local: bool,
}

/// A path in code other than a `use` item.
struct Mention {
    path: Vec<String>,
    line: usize,
}

/// A whole file, or `mod x { .. }` in one.
#[derive(Default)]
pub(crate) struct Module {
    items: BTreeSet<String>,
    imports: Vec<Import>,
    mentions: Vec<Mention>,
}

/// All modules by path: `[]` is the crate, `["app", "tag"]` the module `app::tag`.
pub(crate) struct Modules<'a> {
    by_path: BTreeMap<&'a [String], Place<'a>>,
}

/// A module with the file that it is in.
struct Place<'a> {
    file: &'a str,
    module: &'a Module,
}

/// First use of one file in another: the line and the path as written there.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) line: usize,
    pub(crate) path: String,
}

impl Module {
    /// Reads the module of a file and the modules written inside it.
    pub(crate) fn all(file: &str, items: &[Item]) -> Vec<(Vec<String>, Self)> {
        let mut found = Vec::new();
        Self::add(module_path(file), items, &mut found);
        found
    }

    fn add(path: Vec<String>, items: &[Item], found: &mut Vec<(Vec<String>, Self)>) {
        let mut reader = Reader::default();
        items.iter().for_each(|item| reader.visit_item(item));
        for (name, items) in reader.inner {
            Self::add(joined(&path, &name), &items, found);
        }
        found.push((path, reader.module));
    }
}

impl<'a> Modules<'a> {
    pub(crate) fn of(files: &'a [File]) -> Self {
        // The program names the library as another crate does.
        let library = files.iter().filter(|file| file.name != "main.rs");
        let places = library.flat_map(|file| {
            file.modules.iter().map(|(path, module)| (path.as_slice(), Place { file: &file.name, module }))
        });
        Self { by_path: places.collect() }
    }

    /// Returns the first use of one file in another, for each pair of files.
    pub(crate) fn edges(&self) -> Vec<Edge> {
        let mut edges: BTreeMap<(&str, &str), Edge> = BTreeMap::new();
        for (at, Place { file, module }) in &self.by_path {
            let imported = module.imports.iter().filter(|import| !self.re_exports_a_child(at, import)).map(|import| {
                let star = import.name.is_none().then(|| "*".to_owned());
                (import.path.iter().cloned().chain(star).collect::<Vec<_>>(), import.line)
            });
            let mentioned = module.mentions.iter().map(|mention| (mention.path.clone(), mention.line));
            for (path, line) in imported.chain(mentioned) {
                for to in self.files_of(at, &path, DEPTH).into_iter().filter(|to| to != file) {
                    let edge = Edge { from: (*file).to_owned(), to: to.to_owned(), line, path: path.join("::") };
                    match edges.entry((file, to)) {
                        Entry::Occupied(known) if known.get().line <= line => {}
                        Entry::Occupied(mut known) => *known.get_mut() = edge,
                        Entry::Vacant(free) => {
                            free.insert(edge);
                        }
                    }
                }
            }
        }
        edges.into_values().collect()
    }

    /// Whether `import` only re-exports an item of a child module.
    fn re_exports_a_child(&self, at: &[String], import: &Import) -> bool {
        if !import.public || import.local {
            return false;
        }
        let path: &[String] = match import.path.first() {
            Some(first) if first == "self" => &import.path[1..],
            _ => &import.path,
        };
        path.first().is_some_and(|child| self.by_path.contains_key(joined(at, child).as_slice()))
    }

    /// Returns the files that define the item `path` in the scope of the module `at`.
    ///
    /// Empty for other crates and for paths to modules. Several where one name has several meanings (type, function).
    fn files_of(&self, at: &[String], path: &[String], depth: usize) -> BTreeSet<&'a str> {
        let Some((last, before)) = path.split_last() else { return BTreeSet::new() };
        let mut modules = vec![at.to_vec()];
        for (index, segment) in before.iter().enumerate() {
            let next: Vec<Vec<String>> =
                modules.iter().flat_map(|module| self.submodules(module, segment, index == 0, depth)).collect();
            if next.is_empty() {
                // `Type::function`, `Enum::Variant`: the type decides.
                return modules.iter().flat_map(|module| self.item(module, segment, depth)).collect();
            }
            modules = next;
        }
        if last == "*" {
            return modules
                .iter()
                .filter_map(|module| self.by_path.get(module.as_slice()))
                .map(|place| place.file)
                .collect();
        }
        modules.iter().flat_map(|module| self.item(module, last, depth)).collect()
    }

    /// Returns the modules that `segment` names in the scope of `module`.
    fn submodules(&self, module: &[String], segment: &str, first: bool, depth: usize) -> Vec<Vec<String>> {
        match segment {
            "crate" if first => return vec![Vec::new()],
            "self" => return vec![module.to_vec()],
            "super" => return module.split_last().map(|(_, outer)| vec![outer.to_vec()]).unwrap_or_default(),
            _ => {}
        }
        let child = joined(module, segment);
        if self.by_path.contains_key(child.as_slice()) {
            return vec![child];
        }
        let Some(found) = self.by_path.get(module).filter(|_| depth > 0) else { return Vec::new() };
        let named = found.module.imports.iter().filter(|import| import.name.as_deref() == Some(segment));
        named.flat_map(|import| self.modules_of(module, &import.path, depth - 1)).collect()
    }

    /// Returns the modules that `path` names in the scope of the module `at`.
    fn modules_of(&self, at: &[String], path: &[String], depth: usize) -> Vec<Vec<String>> {
        let mut modules = vec![at.to_vec()];
        for (index, segment) in path.iter().enumerate() {
            modules = modules.iter().flat_map(|module| self.submodules(module, segment, index == 0, depth)).collect();
        }
        modules
    }

    /// Returns the files that define the item `name` in the scope of `module`.
    fn item(&self, module: &[String], name: &str, depth: usize) -> BTreeSet<&'a str> {
        let Some(found) = self.by_path.get(module).filter(|_| depth > 0) else { return BTreeSet::new() };
        if found.module.items.contains(name) {
            return [found.file].into();
        }
        let named: Vec<&Import> =
            found.module.imports.iter().filter(|import| import.name.as_deref() == Some(name)).collect();
        if !named.is_empty() {
            return named.iter().flat_map(|import| self.files_of(module, &import.path, depth - 1)).collect();
        }
        let globs = found.module.imports.iter().filter(|import| import.name.is_none());
        globs
            .flat_map(|import| self.modules_of(module, &import.path, depth - 1))
            .filter(|glob| glob.as_slice() != module)
            .flat_map(|glob| self.item(&glob, name, depth - 1))
            .collect()
    }
}

fn joined(module: &[String], name: &str) -> Vec<String> {
    module.iter().cloned().chain([name.to_owned()]).collect()
}

/// Returns the module path of a file: `app::tag` for `app/tag/mod.rs` and for `app/tag.rs`.
fn module_path(file: &str) -> Vec<String> {
    let stem = file.trim_end_matches(".rs");
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    if stem == "lib" { Vec::new() } else { stem.split('/').map(str::to_owned).collect() }
}

/// Collects the items, imports and paths of one module.
#[derive(Default)]
struct Reader {
    module: Module,
    /// Modules written as `mod x { .. }`.
    inner: Vec<(String, Vec<Item>)>,
    /// Nesting of the current item in other items.
    depth: usize,
}

impl Reader {
    fn import(&mut self, tree: &UseTree, before: &[String], public: bool) {
        let (path, name, span) = match tree {
            UseTree::Path(path) => {
                let before: Vec<String> = before.iter().cloned().chain([path.ident.to_string()]).collect();
                return self.import(&path.tree, &before, public);
            }
            UseTree::Group(group) => return group.items.iter().for_each(|tree| self.import(tree, before, public)),
            // `use x::{self}` is `use x`.
            UseTree::Name(name) if name.ident == "self" => (before.to_vec(), before.last().cloned(), name.ident.span()),
            UseTree::Name(name) => {
                (joined(before, &name.ident.to_string()), Some(name.ident.to_string()), name.ident.span())
            }
            UseTree::Rename(name) => {
                (joined(before, &name.ident.to_string()), Some(name.rename.to_string()), name.ident.span())
            }
            UseTree::Glob(glob) => (before.to_vec(), None, glob.star_token.spans[0]),
        };
        let line = span.start().line;
        self.module.imports.push(Import { path, name, line, public, local: self.depth > 1 });
    }

    fn mention(&mut self, path: Vec<String>, span: Span) {
        self.module.mentions.push(Mention { path, line: span.start().line });
    }

    /// Collects the paths `a::b` among the tokens of a macro or an attribute.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        let mut start = Span::call_site();
        for token in tokens {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Ident(ident) => {
                    if colons != 2 || path.is_empty() {
                        self.finish(&mut path, start);
                        start = ident.span();
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                other => {
                    self.finish(&mut path, start);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.finish(&mut path, start);
    }

    fn finish(&mut self, path: &mut Vec<String>, start: Span) {
        let path = std::mem::take(path);
        if path.len() > 1 {
            self.mention(path, start);
        }
    }

    fn item_name(item: &Item) -> Option<String> {
        Some(match item {
            Item::Const(item) => item.ident.to_string(),
            Item::Enum(item) => item.ident.to_string(),
            Item::Fn(item) => item.sig.ident.to_string(),
            Item::Macro(item) => item.ident.as_ref()?.to_string(),
            Item::Static(item) => item.ident.to_string(),
            Item::Struct(item) => item.ident.to_string(),
            Item::Trait(item) => item.ident.to_string(),
            Item::TraitAlias(item) => item.ident.to_string(),
            Item::Type(item) => item.ident.to_string(),
            Item::Union(item) => item.ident.to_string(),
            _ => return None,
        })
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_test(attributes(item)) {
            return;
        }
        if self.depth == 0 {
            self.module.items.extend(Self::item_name(item));
        }
        self.depth += 1;
        match item {
            Item::Mod(item) => {
                if let Some((_, items)) = &item.content {
                    self.inner.push((item.ident.to_string(), items.clone()));
                }
            }
            _ => visit::visit_item(self, item),
        }
        self.depth -= 1;
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.import(&item.tree, &[], !matches!(item.vis, Visibility::Inherited));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_test(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.mention(names, path.segments[0].ident.span());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    fn visit_meta_list(&mut self, list: &'ast syn::MetaList) {
        self.tokens(list.tokens.clone());
        visit::visit_meta_list(self, list);
    }
}

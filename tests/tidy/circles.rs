//! No file uses a file that uses it, directly or through others.
//!
//! An edge is a path that one file names and another defines (see `modules.rs`). A parent module that declares or
//! re-exports its children does not use them by that.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    assert_none,
    modules::{Edge, Modules},
    source::{File, sources},
};

/// Files by the files that they use.
type Graph<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

#[test]
fn no_file_uses_a_file_that_uses_it() {
    let edges = Modules::of(sources()).edges();
    let found = circles(&edges);
    let mut problems = Vec::new();
    for circle in &found {
        problems.push(format!("import circle of {} files: {}", circle.len(), circle.join(" ")));
        problems.extend(closing(circle, &edges));
    }
    assert_none(&problems);
}

/// The circles among `edges`, each sorted.
pub(crate) fn circles(edges: &[Edge]) -> Vec<Vec<&str>> {
    let mut graph = Graph::new();
    for edge in edges {
        graph.entry(&edge.from).or_default().insert(&edge.to);
        graph.entry(&edge.to).or_default();
    }
    // Two files are in one circle if each is reached from the other.
    let reached: BTreeMap<&str, BTreeSet<&str>> = graph.keys().map(|file| (*file, reach(&graph, file))).collect();
    let mut found: BTreeSet<Vec<&str>> = BTreeSet::new();
    for (file, others) in &reached {
        let circle: Vec<&str> = others.iter().copied().filter(|other| reached[other].contains(file)).collect();
        if circle.len() > 1 {
            found.insert(circle);
        }
    }
    found.into_iter().collect()
}

/// The files that `start` uses, directly or through others.
fn reach<'a>(graph: &Graph<'a>, start: &str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&str> = graph[start].iter().copied().collect();
    while let Some(file) = open.pop() {
        if found.insert(file) {
            open.extend(&graph[file]);
        }
    }
    found
}

/// A small set of edges without which `circle` is open, as lines to print.
///
/// The files are put in an order in which few edges go back; those are the ones.
fn closing(circle: &[&str], edges: &[Edge]) -> Vec<String> {
    let inner: Vec<&Edge> = edges
        .iter()
        .filter(|edge| circle.contains(&edge.from.as_str()) && circle.contains(&edge.to.as_str()))
        .collect();
    let mut left: Vec<&str> = circle.to_vec();
    let mut order: BTreeMap<&str, usize> = BTreeMap::new();
    while !left.is_empty() {
        let uses_left = |file: &str| {
            let out = inner.iter().filter(|edge| edge.from == file && left.contains(&edge.to.as_str())).count();
            let into = inner.iter().filter(|edge| edge.to == file && left.contains(&edge.from.as_str())).count();
            (out == 0, into.saturating_sub(out), usize::MAX - out)
        };
        // First those that use nothing that is left, then those that are used more than they use.
        let Some(next) = left.iter().copied().max_by_key(|file| uses_left(file)) else { break };
        order.insert(next, order.len());
        left.retain(|file| *file != next);
    }
    let back = inner.iter().filter(|edge| order[edge.from.as_str()] < order[edge.to.as_str()]);
    back.map(|edge| format!("    {}:{} uses {} by `{}`", edge.from, edge.line, edge.to, edge.path)).collect()
}

/// The circles of a crate that consists of `files`, each a name and its text.
fn circles_of(files: &[(&str, &str)]) -> Vec<String> {
    let files: Vec<File> = files.iter().map(|(name, text)| File::parse(name, (*text).to_owned())).collect();
    circles(&Modules::of(&files).edges()).iter().map(|circle| circle.join(" ")).collect()
}

#[test]
fn a_circle_is_found_through_re_exports_and_through_imported_modules() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a/mod.rs", "mod deep; pub use deep::Deep;"),
        ("a/deep.rs", "use crate::b; pub struct Deep; fn f() { b::make() }"),
        ("b.rs", "use crate::c::Handed; pub fn make() {}"),
        ("c.rs", "pub use crate::a::Deep as Handed;"),
    ];
    assert_eq!(circles_of(&files), ["a/deep.rs b.rs"]);
}

#[test]
fn a_parent_is_in_a_circle_with_its_child_only_if_each_uses_the_other() {
    let child = ("a/x.rs", "use super::Part; pub struct X(Part);");
    let declares = ("a/mod.rs", "mod x; pub use x::X; pub struct Part;");
    let uses = ("a/mod.rs", "mod x; pub use x::X; pub struct Part; pub fn f(x: X) {}");
    let tests = ("a/mod.rs", "mod x; pub struct Part; #[cfg(test)] mod tests { use super::x::X; }");
    assert_eq!(circles_of(&[child, declares]), Vec::<String>::new());
    assert_eq!(circles_of(&[child, tests]), Vec::<String>::new());
    assert_eq!(circles_of(&[child, uses]), ["a/mod.rs a/x.rs"]);
}

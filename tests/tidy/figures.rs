//! Figures of the code's language, which may only fall. `cargo tidy figures -- --nocapture` prints them by floor.
//!
//! Counted are
//! - retired words ([`RETIRED`]) per 1,000 lines of `src/` (`.rs` and `.md`) and the README;
//! - local closures, statements `let name = |..| ..;`,
//! - tuple assignments `(a.b, c) = (x, y);` and
//! - tuple bindings `let (a, b) = (x, y);`, these three per 1,000 lines of `src/` outside tests. Taking one value apart,
//!   as in `let (a, b) = pair();`, is neither.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use syn::{
    Expr, Item, Pat,
    spanned::Spanned,
    visit::{self, Visit},
};

use crate::{
    circles, floor_of,
    modules::Modules,
    source::{attributes, is_test, sources, walk},
};

/// Words and phrases that have a plainer modern form, in small letters.
const RETIRED: [&str; 15] = [
    "anew",
    "no more",
    "but for",
    "reckon",
    "reckons",
    "reckoned",
    "reckoning",
    "by and by",
    "that of",
    "so many",
    "somebody",
    "let go of",
    "lets go of",
    "such a one",
    "whence",
];

/// Highest count allowed per 1,000 lines. Lower it when a figure falls; never raise it.
const MOST: [(&str, f64); 4] =
    [("retired words", 0.1), ("local closures", 1.2), ("tuple assignments", 0.1), ("tuple bindings", 2.2)];

/// Files named when a figure is too high.
const WORST: usize = 15;

/// Lines and counts of a file or floor, both in the order of [`MOST`].
#[derive(Clone, Copy, Default)]
struct Figures {
    /// Lines that each count refers to: of text for the words, of code outside tests for the others.
    lines: [usize; 4],
    counts: [usize; 4],
}

impl Figures {
    fn add(&mut self, other: Self) {
        for which in 0..self.counts.len() {
            self.lines[which] += other.lines[which];
            self.counts[which] += other.counts[which];
        }
    }

    fn per_thousand(&self, which: usize) -> f64 {
        self.counts[which] as f64 * 1000.0 / self.lines[which].max(1) as f64
    }
}

#[test]
fn figures_of_the_language_only_fall() {
    let files = by_file();
    let mut total = Figures::default();
    files.values().for_each(|figures| total.add(*figures));
    let mut problems = String::new();
    for (which, (name, most)) in MOST.iter().enumerate() {
        let found = total.per_thousand(which);
        if found > *most {
            let _ = writeln!(problems, "{name}: {found:.2} per 1,000 lines, at most {most} allowed; highest counts:");
            let mut worst: Vec<(&String, usize)> =
                files.iter().map(|(name, figures)| (name, figures.counts[which])).collect();
            worst.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            for (file, count) in worst.iter().take(WORST) {
                let _ = writeln!(problems, "{count:6} {file}");
            }
        }
    }
    assert!(problems.is_empty(), "\n{}{problems}", table(&files));
}

#[test]
fn figures() {
    println!("{}", table(&by_file()));
}

/// The figures by floor, as text.
fn table(files: &BTreeMap<String, Figures>) -> String {
    let mut floors: BTreeMap<&str, Figures> = BTreeMap::new();
    for (file, figures) in files {
        floors.entry(floor_of(file)).or_default().add(*figures);
        floors.entry("~ all").or_default().add(*figures);
    }
    let mut text = format!("{:16}{:>8}{:>8}", "", "lines", "code");
    for (name, _) in MOST {
        let _ = write!(text, "{name:>19}");
    }
    text.push('\n');
    for (floor, figures) in floors {
        let _ = write!(text, "{floor:16}{:>8}{:>8}", figures.lines[0], figures.lines[1]);
        for (which, count) in figures.counts.iter().enumerate() {
            let _ = write!(text, "{count:>12}{:>7.2}", figures.per_thousand(which));
        }
        text.push('\n');
    }
    let edges = Modules::of(sources()).edges();
    let circles = circles::circles(&edges);
    let _ = writeln!(text, "{} import circles among {} uses of one file in another", circles.len(), edges.len());
    for circle in circles {
        let _ = writeln!(text, "    {}: {}", circle.len(), circle.join(" "));
    }
    text
}

/// The figures of each file, with its name below `src/`.
fn by_file() -> BTreeMap<String, Figures> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = vec![root.join("README.md")];
    walk(&root.join("src"), &["rs", "md"], &mut texts);
    let mut found: BTreeMap<String, Figures> = BTreeMap::new();
    for path in texts {
        let text = fs::read_to_string(&path).unwrap();
        let below = path.strip_prefix(root.join("src")).unwrap_or(Path::new("README.md"));
        let words = retired(&text);
        let figures = Figures { lines: [text.lines().count(), 0, 0, 0], counts: [words, 0, 0, 0] };
        found.insert(below.to_string_lossy().replace('\\', "/"), figures);
    }
    for file in sources() {
        let counter = &file.counter;
        if let Some(figures) = found.get_mut(&file.name) {
            let code = figures.lines[0].saturating_sub(counter.test_lines);
            figures.lines = [figures.lines[0], code, code, code];
            figures.counts = [figures.counts[0], counter.closures, counter.assignments, counter.bindings];
        }
    }
    found
}

/// Counts the retired words of a text. A phrase may be broken across lines of a comment.
fn retired(text: &str) -> usize {
    // Signs other than comment marks are words of their own, so that no phrase reaches over them.
    let spaced: String = text
        .to_lowercase()
        .chars()
        .flat_map(|c| match c {
            '/' | '!' => vec![' '],
            c if c.is_alphanumeric() || c == '_' || c.is_whitespace() => vec![c],
            c => vec![' ', c, ' '],
        })
        .collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let phrases = RETIRED.map(|phrase| phrase.split(' ').collect::<Vec<_>>());
    phrases.iter().map(|phrase| words.windows(phrase.len()).filter(|window| window == phrase).count()).sum()
}

#[test]
fn retired_words_are_counted_across_lines() {
    assert_eq!(retired("/// Made anew, but\n    /// for one; so, many a `reckoned` thing. Renewed"), 3);
}

/// Counts of the code of one file, outside its tests.
#[derive(Default)]
pub(crate) struct Counter {
    test_lines: usize,
    closures: usize,
    assignments: usize,
    bindings: usize,
}

impl<'ast> Visit<'ast> for Counter {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_test(attributes(item)) {
            let span = item.span();
            self.test_lines += span.end().line - span.start().line + 1;
        } else {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_test(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        match local.init.as_ref().map(|init| &*init.expr) {
            Some(Expr::Closure(_)) => self.closures += 1,
            Some(Expr::Tuple(_)) if names_several(&local.pat) => self.bindings += 1,
            _ => {}
        }
        visit::visit_local(self, local);
    }

    fn visit_expr_assign(&mut self, assign: &'ast syn::ExprAssign) {
        if let (Expr::Tuple(places), Expr::Tuple(_)) = (&*assign.left, &*assign.right)
            && places.elems.len() > 1
        {
            self.assignments += 1;
        }
        visit::visit_expr_assign(self, assign);
    }
}

/// Whether a pattern is a tuple, with or without its type.
fn names_several(pattern: &Pat) -> bool {
    match pattern {
        Pat::Tuple(tuple) => tuple.elems.len() > 1,
        Pat::Type(typed) => names_several(&typed.pat),
        _ => false,
    }
}

//! Ids that are not in use.

use std::{collections::HashMap, path::Path};

/// Maker of ids that are not in use.
#[derive(Debug, Default)]
pub struct UniqueIds {
    /// Number to try next for each id that was wanted again.
    next: HashMap<String, u64>,
}

impl UniqueIds {
    /// Returns the wanted id, with `-2`, `-3` and so on appended if it is in use. Ids stay in use.
    pub fn make(&mut self, wanted: &str, is_used: impl Fn(&str) -> bool) -> String {
        let wanted = if wanted.is_empty() { "document" } else { wanted };
        let mut id = wanted.to_owned();
        if is_used(&id) {
            let next = self.next.entry(wanted.to_owned()).or_insert(2);
            while is_used(&id) {
                id = format!("{wanted}-{next}");
                *next += 1;
            }
        }
        id
    }
}

/// Beginning of the ids of a file's documents that have none: the name of the file, or `stdin-` for standard input (`-`).
pub fn id_prefix(path: &Path) -> String {
    let stem = if path == Path::new("-") { None } else { path.file_stem() };
    stem.map_or_else(|| "stdin-".to_owned(), |stem| format!("{}-", stem.to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::text::growth::assert_linear;

    #[test]
    fn ids_begin_with_the_name_of_the_file_or_of_standard_input() {
        assert_eq!(["a/b.txt", "-", ".."].map(|path| id_prefix(Path::new(path))), ["b-", "stdin-", "stdin-"]);
    }

    #[test]
    fn ids_are_made_unique_in_the_same_way_each_time() {
        let (mut ids, mut used) = (UniqueIds::default(), HashSet::from(["a", "a-2"].map(str::to_owned)));
        let made = ["a", "a", "b", "", "a-3", "a"].map(|wanted| {
            let id = ids.make(wanted, |id| used.contains(id));
            used.insert(id.clone());
            id
        });
        assert_eq!(made, ["a-3", "a-4", "b", "document", "a-3-2", "a-5"]);
    }

    #[test]
    fn the_same_id_is_made_unique_in_time_however_often_it_is_wanted() {
        assert_linear(
            2_000,
            |n| n,
            |n| {
                let (mut ids, mut used) = (UniqueIds::default(), HashSet::new());
                for _ in 0..*n {
                    let id = ids.make("a", |id| used.contains(id));
                    used.insert(id);
                }
                used.len()
            },
        );
    }
}

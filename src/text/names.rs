//! Unknown names: error messages about them, and the names probably meant.

use std::fmt::Display;

/// Reports an unknown name.
/// "unknown tag scheme `x`; use one of bio, iob1, bioes, bilou".
pub fn unknown_name<T: Display>(kind: &str, name: &str, known: impl IntoIterator<Item = T>) -> String {
    let known: Vec<String> = known.into_iter().map(|name| name.to_string()).collect();
    format!("unknown {kind} `{name}`; use one of {}", known.join(", "))
}

/// Finds the known name of which `name` is probably a misspelling.
///
/// Ignores case, and reads underscores and blanks as hyphens.
pub fn nearest_name<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let plain = name.to_lowercase().replace(['_', ' '], "-");
    let nearest = known.into_iter().map(|known| (strsim::osa_distance(&plain, known), known)).min();
    nearest.filter(|(distance, known)| *distance <= known.len() / 3).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_reported_with_the_known_ones() {
        assert_eq!(unknown_name("split", "x", ["train", "valid"]), "unknown split `x`; use one of train, valid");
    }

    #[test]
    fn misspelt_names_are_recognised_and_other_words_are_not() {
        assert_eq!(nearest_name("Accept_Donex", ["done", "accept-done"]), Some("accept-done"));
        assert_eq!(nearest_name("wallpaper", ["done", "accept-done"]), None);
        assert_eq!(nearest_name("", ["done"]), None);
    }
}

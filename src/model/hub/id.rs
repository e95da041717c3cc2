//! Names of models on the hub.

/// Whether a text is a valid name of a model on the hub: `name` or `owner/name`.
pub fn is_id(name: &str) -> bool {
    let parts: Vec<&str> = name.split('/').collect();
    parts.len() <= 2 && parts.into_iter().all(is_id_part)
}

fn is_id_part(part: &str) -> bool {
    let is_plain = part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    !part.is_empty() && part.len() <= 96 && !part.starts_with(['.', '-']) && is_plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_ids() {
        for name in ["distilbert-base-uncased", "distilbert/distilbert-base-uncased", "a/b_c.d"] {
            assert!(is_id(name), "{name}");
        }
        for name in ["", "/", "a/b/c", "../up", "./here", "a/", "~/x", "a b", "C:\\x", "a/..", "-x"] {
            assert!(!is_id(name), "{name}");
        }
    }
}

//! Names of models on the hub, and the form of checksums.

/// Whether a text is a valid name of a model on the hub: `name` or `owner/name`.
pub fn is_id(name: &str) -> bool {
    let parts: Vec<&str> = name.split('/').collect();
    parts.len() <= 2 && parts.into_iter().all(is_id_part)
}

/// Whether a text is a checksum or a commit: this number of hexadecimal digits.
pub(super) fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
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

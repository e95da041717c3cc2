//! Files of the repository that the program generates: compared, or written again on request.

use std::{env, fs, path::Path};

/// Compares a file in the repository with its generated content; with `WRITE_GENERATED` set, writes the file instead.
#[track_caller]
pub(crate) fn compare_generated(file: &Path, content: &str) {
    if env::var_os("WRITE_GENERATED").is_some() {
        fs::write(file, content).unwrap();
        return;
    }
    let kept = fs::read_to_string(file).unwrap_or_default();
    assert!(kept == content, "{} is out of date; run `just generate`", file.display());
}

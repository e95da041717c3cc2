//! Helpers for the JSON files of a project, which people edit and git merges.

use super::file_names::shown;

/// Whether a line is a conflict marker of an unfinished git merge.
pub(super) fn is_merge_marker(line: &[u8]) -> bool {
    [&b"<<<<<<<"[..], b"=======", b">>>>>>>"].iter().any(|marker| line.starts_with(marker))
}

/// Message of the JSON parser without the position that it appends, safe to show.
pub(super) fn parser_message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    shown(text.split_once(" at line ").map_or(text.as_str(), |(before, _)| before))
}

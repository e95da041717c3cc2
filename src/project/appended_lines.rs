//! Files of JSON lines to which lines are only appended, under no lock, and which git merges by keeping the lines of both sides.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use serde::Serialize;

use super::{
    ProjectError,
    storage::{self, Appender, StorageError},
};

/// Appends a line for each value, all of them with one sync.
///
/// # Errors
/// The file system refuses; then nothing was appended.
pub(super) fn append_lines<T: Serialize>(path: &Path, values: impl Iterator<Item = T>) -> Result<(), ProjectError> {
    let mut file = Appender::open(path)?;
    // A line that a crash left incomplete must not be continued.
    let ends = ends_in_a_line(storage::open(path)?).map_err(|cause| StorageError::new("read", path, cause))?;
    let mut bytes = if ends { Vec::new() } else { vec![b'\n'] };
    for value in values {
        serde_json::to_writer(&mut bytes, &value).map_err(ProjectError::Unwritable)?;
        bytes.push(b'\n');
    }
    Ok(file.append(&bytes)?)
}

/// Whether a file is empty, or its last line is complete. Only its last byte is read.
fn ends_in_a_line(mut file: File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::{super::storage::LARGE, *};

    #[test]
    fn only_the_last_byte_of_the_file_says_whether_a_line_was_begun() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lines.jsonl");
        let ends_in_a_line = |text: &str| {
            std::fs::write(&path, text).unwrap();
            ends_in_a_line(storage::open(&path).unwrap()).unwrap()
        };
        assert_eq!(["", "{}\n", "{}\n{", "{"].map(ends_in_a_line), [true, true, false, false]);
        // A file of more than can be read at once is not read.
        std::fs::File::options().write(true).open(&path).unwrap().set_len(LARGE + 1).unwrap();
        assert!(!super::ends_in_a_line(storage::open(&path).unwrap()).unwrap());
    }
}

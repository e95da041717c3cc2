//! Reading of `documents.jsonl`: in blocks of lines, parsed on all cores, in the order of the file.

use std::{
    num::NonZero,
    panic::resume_unwind,
    path::Path,
    thread::{self, Builder, available_parallelism},
};

use super::{
    documents::{DocumentError, DocumentReader, Documents, Line},
    file_stamp::{Stamp, stamp_of_more},
    reading_progress::ReadingProgress,
    storage::{self, FileState, LARGE, StorageError},
};
use crate::text::Grid;

/// Minimum bytes of a block for which threads are worth their start.
const PARALLEL: usize = 256 << 10;
/// Maximum number of threads.
const MOST_THREADS: usize = 16;

/// Reads all documents, without a progress.
pub(super) fn read_documents(path: &Path, grid: Grid) -> Result<(Documents, Vec<DocumentError>, Stamp), StorageError> {
    read_documents_with(path, grid, &ReadingProgress::default())
}

/// Reads all documents: a large file is never in memory as a whole.
/// No documents if the file does not exist.
pub(super) fn read_documents_with(
    path: &Path,
    grid: Grid,
    progress: &ReadingProgress,
) -> Result<(Documents, Vec<DocumentError>, Stamp), StorageError> {
    let file = FileState::of(path);
    progress.begin(file.map_or(0, |file| file.length()));
    let threads = available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
    let mut reader = DocumentReader::default();
    let mut stamp = Stamp::default();
    storage::read_blocks(path, LARGE, |block| {
        stamp = stamp_of_more(stamp, block);
        add_lines(block, grid, threads, &mut reader);
        progress.add(block.len())
    })?;
    let (documents, problems) = reader.finish();
    Ok((documents.read_from(file), problems, stamp))
}

/// Adds the lines of a block to `reader`.
fn add_lines(block: &[u8], grid: Grid, threads: usize, reader: &mut DocumentReader) {
    let mut lines: Vec<&[u8]> = Vec::new();
    let mut rest = block;
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        lines.push(reader.next_line(rest.get(..end).unwrap_or_default()));
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    if threads == 1 || block.len() < PARALLEL {
        lines.into_iter().for_each(|line| reader.add(Line::parse(line, grid)));
        return;
    }
    thread::scope(|scope| {
        let parts: Vec<_> = lines
            .chunks(lines.len().div_ceil(threads))
            .map(|part| Builder::new().spawn_scoped(scope, move || parse(part, grid)).map_err(|_| part))
            .collect();
        for part in parts {
            let parsed = match part {
                Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
                // The system refuses another thread.
                Err(part) => parse(part, grid),
            };
            parsed.into_iter().for_each(|line| reader.add(line));
        }
    });
}

fn parse(lines: &[&[u8]], grid: Grid) -> Vec<Line> {
    lines.iter().map(|line| Line::parse(line, grid)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_read_what_one_reads() {
        let mut file = String::from("\u{feff}");
        for at in 0..9_000 {
            file += &match at {
                1_000 => "{\"id\":\"d7\",\"text\":\"the id again\"}\r\n".to_owned(),
                2_000 => "\n".to_owned(),
                3_000 => "<<<<<<< HEAD\n".to_owned(),
                _ => format!("{{\"id\":\"d{at}\",\"text\":\"{}\"}}\n", "taco ".repeat(at % 40)),
            };
        }
        assert!(file.len() > 2 * PARALLEL);
        let read = |threads| {
            let mut reader = DocumentReader::default();
            // Cut in the middle of lines, the blocks would be wrong.
            for lines in file.as_bytes().split_inclusive(|byte| *byte == b'\n').collect::<Vec<_>>().chunks(3_500) {
                add_lines(&lines.concat(), Grid::Natural, threads, &mut reader);
            }
            reader.finish()
        };
        let (one, problems) = read(1);
        assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [1_001, 3_001]);
        for threads in [2, 3, 16] {
            let (several, same) = read(threads);
            assert!(several[..] == one[..] && same == problems, "{threads}");
        }
        let (whole, same) = Documents::read(file.as_bytes(), Grid::Natural);
        assert!(whole[..] == one[..] && same == problems);
    }

    #[test]
    fn a_reading_that_is_stopped_ends_with_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("documents.jsonl");
        std::fs::write(&path, "{\"id\":\"a\",\"text\":\"x\"}\n").unwrap();
        let progress = ReadingProgress::default();
        let (documents, ..) = read_documents_with(&path, Grid::Natural, &progress).unwrap();
        assert_eq!((documents.len(), progress.percent()), (1, 100));
        progress.cancel();
        let error = read_documents_with(&path, Grid::Natural, &progress).unwrap_err();
        assert!(error.to_string().contains("the reading was stopped"), "{error}");
    }
}

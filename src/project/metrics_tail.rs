//! Reading a `metrics.jsonl` while it grows.
//! A line counts as soon as it ends in a line feed.

use std::{
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use super::storage::{self, StorageError};
use crate::runs::Point;

/// Reader of a growing metrics file.
#[derive(Debug)]
pub struct MetricsTail {
    path: PathBuf,
    /// Length in bytes of the complete lines that were read.
    offset: u64,
    skipped: usize,
}

/// Maximum bytes of one reading; the rest follows with the next.
const MOST: u64 = 16 << 20;

impl MetricsTail {
    /// Starts at the beginning of the file at `path`, which need not exist yet.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), offset: 0, skipped: 0 }
    }

    /// Returns the points of the lines that were completed since the last call.
    ///
    /// # Errors
    /// The file exists and cannot be read.
    pub fn poll(&mut self) -> Result<Vec<Point>, StorageError> {
        let mut file = match storage::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.is_absent() => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let len = file.metadata().map_err(|cause| self.error(cause))?.len();
        if len < self.offset {
            self.offset = 0;
            self.skipped = 0;
        }
        if len == self.offset {
            return Ok(Vec::new());
        }
        let mut bytes = Vec::new();
        let read = file.seek(SeekFrom::Start(self.offset)).and_then(|_| file.take(MOST).read_to_end(&mut bytes));
        read.map_err(|cause| self.error(cause))?;
        let mut points = Vec::new();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let Some(text) = line.strip_suffix(b"\n") else { break };
            self.offset += line.len() as u64;
            match serde_json::from_slice(text) {
                Ok(point) => points.push(point),
                Err(_) => self.skipped += 1,
            }
        }
        Ok(points)
    }

    fn error(&self, cause: io::Error) -> StorageError {
        StorageError::new("read", &self.path, cause)
    }

    /// Number of complete lines that are not points: damaged, or of a newer version.
    pub fn skipped(&self) -> usize {
        self.skipped
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn point(step: usize) -> Point {
        Point::Step { step, epoch: 0.5, loss: 1.0, lr: 0.1, grad_norm: 1.0, tokens_per_second: 9.0 }
    }

    #[test]
    fn every_line_comes_once_and_when_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.jsonl");
        let mut tail = MetricsTail::new(&path);
        assert!(tail.poll().unwrap().is_empty());
        let text: String = (1..4).map(|n| serde_json::to_string(&point(n)).unwrap() + "\n").collect();
        let mut seen = Vec::new();
        for end in 0..=text.len() {
            fs::write(&path, &text[..end]).unwrap();
            seen.extend(tail.poll().unwrap());
            assert_eq!(seen.len(), text[..end].matches('\n').count());
        }
        assert_eq!(seen, [point(1), point(2), point(3)]);
        assert_eq!(tail.skipped(), 0);
    }

    #[test]
    fn a_new_run_in_the_same_file_starts_again_and_strange_lines_are_counted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.jsonl");
        let line = serde_json::to_string(&point(1)).unwrap() + "\n";
        fs::write(&path, line.repeat(3)).unwrap();
        let mut tail = MetricsTail::new(&path);
        assert_eq!(tail.poll().unwrap().len(), 3);
        fs::write(&path, format!("{{\"kind\":\"new\"}}\n{line}")).unwrap();
        assert_eq!(tail.poll().unwrap().len(), 1);
        assert_eq!(tail.skipped(), 1);
    }
}

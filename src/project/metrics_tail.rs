//! Following a `metrics.jsonl` while it grows. A line counts once its line feed is there.

use std::{
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use super::storage::{self, StorageError};
use crate::runs::Point;

/// Reads what was added to a metrics file since the last look.
#[derive(Debug)]
pub struct MetricsTail {
    path: PathBuf,
    /// Bytes of whole lines taken so far.
    offset: u64,
    restarts: u32,
    skipped: usize,
}

/// The most that one look reads; the rest comes with the next.
const MOST: u64 = 16 << 20;

impl MetricsTail {
    /// Follows the file at `path` from its beginning; it need not be there yet.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), offset: 0, restarts: 0, skipped: 0 }
    }

    /// The points of the lines that were finished since the last look. A line that is being written waits.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn poll(&mut self) -> Result<Vec<Point>, StorageError> {
        let mut file = match storage::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.is_absent() => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let fail = |cause| StorageError::new("read", &self.path, cause);
        let len = file.metadata().map_err(fail)?.len();
        if len < self.offset {
            (self.offset, self.skipped) = (0, 0);
            self.restarts += 1;
        }
        if len == self.offset {
            return Ok(Vec::new());
        }
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(self.offset)).map_err(fail)?;
        file.take(MOST).read_to_end(&mut bytes).map_err(fail)?;
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

    /// How often the file was found shorter than before: another run began in its place, and everything that was
    /// shown is of the one before.
    pub fn restarts(&self) -> u32 {
        self.restarts
    }

    /// Whole lines that were no points: damaged, or of a newer version.
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
        assert_eq!((tail.restarts(), tail.skipped()), (0, 0));
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
        assert_eq!((tail.restarts(), tail.skipped()), (1, 1));
    }
}

//! Reading a `metrics.jsonl` while it grows.
//! A line counts as soon as it ends in a line feed.

use std::{
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use super::storage::{self, FileState, StorageError};
use crate::{guard, runs::Point};

/// Reader of a growing metrics file.
#[derive(Debug)]
pub struct MetricsTail {
    path: PathBuf,
    /// Place of the next line, or of what follows in an overlong one.
    offset: u64,
    /// Place where the last reading ended: nothing is read again before the file grows.
    end: u64,
    /// Whether `offset` is inside a line that is longer than one reading.
    overlong: bool,
    skipped: usize,
}

/// Maximum bytes of one reading, and so of a line; the rest follows with the next.
const MOST: u64 = 16 << 20;
/// Largest file that is read, in bytes: no training writes as much, and the list of runs waits for it.
const LARGEST: u64 = 512 << 20;

impl MetricsTail {
    /// Starts at the beginning of the file at `path`, which need not exist yet.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), offset: 0, end: 0, overlong: false, skipped: 0 }
    }

    /// Returns points of lines that were completed since the last call; none if no line that is a point was.
    ///
    /// # Errors
    /// The file exists and cannot be read, or is too large.
    pub fn poll(&mut self) -> Result<Vec<Point>, StorageError> {
        let mut file = match storage::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.is_absent() => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let len = file.metadata().map_err(|cause| self.error(cause))?.len();
        guard::check_size(len, LARGEST).map_err(|cause| self.error(cause))?;
        if len < self.offset {
            *self = Self::new(&self.path);
        }
        let mut points = Vec::new();
        while points.is_empty() && self.end != len {
            let mut bytes = Vec::new();
            let place = file.seek(SeekFrom::Start(self.offset));
            place.and_then(|_| (&file).take(MOST).read_to_end(&mut bytes)).map_err(|cause| self.error(cause))?;
            self.end = self.offset + bytes.len() as u64;
            self.add_lines(&bytes, &mut points);
            if (bytes.len() as u64) < MOST {
                break;
            }
        }
        Ok(points)
    }

    /// Returns all points of lines that were completed since the last call, also of a very large file.
    ///
    /// # Errors
    /// As [`MetricsTail::poll`].
    pub fn poll_all(&mut self) -> Result<Vec<Point>, StorageError> {
        let mut points = self.poll()?;
        loop {
            let more = self.poll()?;
            if more.is_empty() {
                return Ok(points);
            }
            points.extend(more);
        }
    }

    /// Adds the points of the complete lines in `bytes`, which begin at `offset`.
    fn add_lines(&mut self, bytes: &[u8], points: &mut Vec<Point>) {
        let is_full = bytes.len() as u64 == MOST;
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let text = &rest[..end];
            rest = &rest[end + 1..];
            match serde_json::from_slice(text) {
                Ok(point) if !self.overlong && Point::is_sound(&point) => points.push(point),
                _ => self.skipped += 1,
            }
            self.overlong = false;
        }
        // No line begins in a full reading without a line feed: what follows belongs to the same line.
        self.overlong |= is_full && rest.len() == bytes.len();
        let kept = if self.overlong { 0 } else { rest.len() };
        self.offset += (bytes.len() - kept) as u64;
    }

    fn error(&self, cause: io::Error) -> StorageError {
        StorageError::new("read", &self.path, cause)
    }

    /// Checks the size of the file without reading it.
    ///
    /// # Errors
    /// It is too large to be read.
    pub(super) fn check_size(&self) -> Result<(), StorageError> {
        let length = FileState::of(&self.path).map_or(0, |file| file.length());
        guard::check_size(length, LARGEST).map_err(|cause| self.error(cause))
    }

    /// Number of complete lines that are not points: damaged, with a score outside 0 to 1, or of a newer version.
    pub fn skipped(&self) -> usize {
        self.skipped
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn point(step: usize) -> Point {
        Point::Step { step, epoch: 0.5, loss: 1.0, lr: 0.1, grad_norm: 1.0, tokens_per_second: 9.0, seconds: None }
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

    #[test]
    fn a_score_outside_0_to_1_is_left_out_wherever_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.jsonl");
        let scores = r#"{"precision":0.0,"recall":1.0,"f1":0.5,"accuracy":1.0}"#;
        let label = r#"{"precision":0.0,"recall":1.0,"f1":0.25,"support":3}"#;
        let table = format!(r#"{{"all":{scores},"labels":{{"Dish":{label}}}}}"#);
        let line = format!(
            r#"{{"kind":"eval","step":1,"epoch":1.0,"split":"valid","loss":9.0,"piece":{scores},"word":{scores},"labels":{{"Dish":{label}}},"tables":{{"word_strict":{table},"piece":{table},"piece_strict":{table}}}}}"#
        );
        let places: Vec<usize> = line.match_indices("\"f1\":0.").map(|(at, _)| at).collect();
        assert_eq!(places.len(), 9);
        let mut text = format!("{line}\n");
        for at in &places {
            text += &format!("{}\"f1\":7.{}\n", &line[..*at], &line[at + 7..]);
        }
        text += &line.replace("\"recall\":1.0", "\"recall\":-1.0");
        fs::write(&path, text + "\n").unwrap();
        let mut tail = MetricsTail::new(&path);
        assert_eq!((tail.poll().unwrap().len(), tail.skipped()), (1, 10));
    }

    #[test]
    fn a_line_longer_than_a_reading_is_passed_over_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.jsonl");
        let line = serde_json::to_string(&point(1)).unwrap() + "\n";
        let long = "x".repeat(MOST as usize + 10);
        fs::write(&path, format!("{line}{long}")).unwrap();
        let mut tail = MetricsTail::new(&path);
        assert_eq!(tail.poll().unwrap(), [point(1)]);
        assert!(tail.poll().unwrap().is_empty());
        assert_eq!((tail.skipped(), tail.offset, tail.end), (0, (line.len() + long.len()) as u64, tail.offset));
        fs::write(&path, format!("{line}{long}x\n{line}{{\"kind")).unwrap();
        assert_eq!(tail.poll().unwrap(), [point(1)]);
        assert_eq!(tail.skipped(), 1);
        let (offset, end) = (tail.offset, tail.end);
        assert!(tail.poll().unwrap().is_empty());
        assert_eq!((tail.offset, tail.end), (offset, end));
        assert_eq!(end, fs::metadata(&path).unwrap().len());
    }
}

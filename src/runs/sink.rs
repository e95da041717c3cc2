//! Through these a training writes. It never knows whether a project, a plain folder or a test is behind them.

use std::io;

use super::{Control, Point, Status};

/// Receives files and makes them a folder, all or nothing.
pub trait FolderSink {
    /// Puts a file into the folder to be. `name` is a plain file name.
    ///
    /// # Errors
    /// The storage cannot take it; the folder is then not made.
    fn file(&mut self, name: &str, bytes: &[u8]) -> io::Result<()>;

    /// Makes the folder appear under its final name, replacing one that was there, and syncs it.
    ///
    /// # Errors
    /// The storage cannot; what was there before stays.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// Receives everything that a run publishes. Every call is on disk before it returns.
pub trait RunSink: Send {
    /// Appends a line to `metrics.jsonl`.
    ///
    /// # Errors
    /// The storage cannot take it.
    fn point(&mut self, point: &Point) -> io::Result<()>;

    /// Replaces `status.json`.
    ///
    /// # Errors
    /// The storage cannot take it.
    fn status(&mut self, status: &Status) -> io::Result<()>;

    /// Appends a line to `log.txt`.
    ///
    /// # Errors
    /// The storage cannot take it.
    fn log(&mut self, line: &str) -> io::Result<()>;

    /// A command that somebody left for this run where it is written (its control file), once.
    fn control(&mut self) -> Option<Control> {
        None
    }

    /// Begins the folder of the trained model.
    ///
    /// # Errors
    /// The storage cannot make it.
    fn model(&mut self) -> io::Result<Box<dyn FolderSink>>;

    /// Begins the folder of a checkpoint, from which a run that was interrupted goes on; `None` where none are kept.
    ///
    /// # Errors
    /// The storage cannot make it.
    fn checkpoint(&mut self) -> io::Result<Option<Box<dyn FolderSink>>> {
        Ok(None)
    }

    /// The run has come to its end: its checkpoint is not needed any more.
    fn drop_checkpoint(&mut self) {}
}

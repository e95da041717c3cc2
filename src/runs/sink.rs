//! Traits through which a training writes.
//! It does not know whether a project, a plain folder or a test implements them.

use std::io;

use super::{Control, Point, Status};

/// Receives the files of a folder, which appears whole or not at all.
pub trait FolderSink {
    /// Adds a file to the folder. `name` is a plain file name.
    ///
    /// # Errors
    /// The storage fails; the folder is then not created.
    fn file(&mut self, name: &str, bytes: &[u8]) -> io::Result<()>;

    /// Moves the folder to its final name, replacing an existing one, and syncs it.
    ///
    /// # Errors
    /// The storage fails; an existing folder stays.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// Receives everything that a run writes.
/// Every call returns only when its data is on disk. No method has a default, so that no wrapper forgets to pass one on.
pub trait RunSink: Send {
    /// Appends a line to `metrics.jsonl`.
    ///
    /// # Errors
    /// The storage fails.
    fn point(&mut self, point: &Point) -> io::Result<()>;

    /// Replaces `status.json`.
    ///
    /// # Errors
    /// The storage fails.
    fn status(&mut self, status: &Status) -> io::Result<()>;

    /// Appends a line to `log.txt`.
    ///
    /// # Errors
    /// The storage fails.
    fn log(&mut self, line: &str) -> io::Result<()>;

    /// Takes the command that another process left for this run, if any.
    /// It is in the run's control file.
    fn control(&mut self) -> Option<Control>;

    /// Begins the folder of the trained model.
    ///
    /// # Errors
    /// The storage cannot create it.
    fn model(&mut self) -> io::Result<Box<dyn FolderSink>>;

    /// Begins the folder of a checkpoint, from which an interrupted run is resumed.
    /// `None` if checkpoints are not kept.
    ///
    /// # Errors
    /// The storage cannot create it.
    fn checkpoint(&mut self) -> io::Result<Option<Box<dyn FolderSink>>>;

    /// Removes the checkpoint when the run has ended and no longer needs it.
    fn drop_checkpoint(&mut self);
}

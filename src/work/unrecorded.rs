//! Run sink of trainings that are not recorded.

use std::io;

use crate::{
    model::MemoryFolder,
    runs::{Control, FolderSink, Point, RunSink, Status},
};

/// Run sink that drops points, status, log and checkpoints. The model is kept in memory, if that is wanted.
#[derive(Clone, Debug, Default)]
pub struct Unrecorded {
    model: Option<MemoryFolder>,
}

impl Unrecorded {
    /// Keeps the model in this folder.
    pub fn with_model(folder: MemoryFolder) -> Self {
        Self { model: Some(folder) }
    }
}

impl RunSink for Unrecorded {
    fn point(&mut self, _: &Point) -> io::Result<()> {
        Ok(())
    }

    fn status(&mut self, _: &Status) -> io::Result<()> {
        Ok(())
    }

    fn log(&mut self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn control(&mut self) -> Option<Control> {
        None
    }

    fn model(&mut self) -> io::Result<Box<dyn FolderSink>> {
        Ok(match &self.model {
            Some(folder) => folder.begin(),
            None => Box::new(Dropped),
        })
    }

    fn checkpoint(&mut self) -> io::Result<Option<Box<dyn FolderSink>>> {
        Ok(None)
    }

    fn drop_checkpoint(&mut self) {}
}

/// Folder whose files are dropped.
struct Dropped;

impl FolderSink for Dropped {
    fn file(&mut self, _: &str, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        Ok(())
    }
}

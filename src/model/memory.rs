//! A model folder in memory, for a trained model that is used and not kept.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use super::{BaseModel, ModelError, base::assemble, files::Files};
use crate::runs::FolderSink;

/// Files of a model folder, by name.
type Contents = BTreeMap<String, Vec<u8>>;

/// A model folder in memory. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct MemoryFolder(Arc<Mutex<Option<Contents>>>);

impl MemoryFolder {
    /// Begins a new version of the folder, which replaces the one before when it is finished.
    pub fn begin(&self) -> Box<dyn FolderSink> {
        Box::new(Growing { files: Contents::new(), folder: self.clone() })
    }

    /// Takes the model out of the folder; `None` if none was written. `name` is for messages.
    ///
    /// # Errors
    /// The files are not those of a model.
    pub fn take(&self, name: &str) -> Result<Option<BaseModel>, ModelError> {
        let files = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        files.map(|files| assemble(&Finished { files, name: name.to_owned() }, name)).transpose()
    }
}

/// A folder that is being written.
struct Growing {
    files: Contents,
    folder: MemoryFolder,
}

impl FolderSink for Growing {
    fn file(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.files.insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        *self.folder.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.files);
        Ok(())
    }
}

/// A complete folder.
struct Finished {
    files: Contents,
    name: String,
}

impl Files for Finished {
    fn read(&self, name: &str) -> Result<Option<Cow<'_, [u8]>>, ModelError> {
        Ok(self.files.get(name).map(Cow::from))
    }

    fn place(&self, name: &str) -> String {
        format!("{}/{name}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model;

    #[test]
    fn a_model_that_was_written_is_taken_once() {
        let base = model::open("mini").unwrap();
        let folder = MemoryFolder::default();
        assert!(folder.take("x").unwrap().is_none());
        let mut sink = folder.begin();
        model::write(sink.as_mut(), &base.config, &base.weights, &base.tokenizer_json).unwrap();
        assert!(folder.take("x").unwrap().is_none(), "it is not finished");
        let mut sink = folder.begin();
        model::write(sink.as_mut(), &base.config, &base.weights, &base.tokenizer_json).unwrap();
        sink.finish().unwrap();
        let taken = folder.take("x").unwrap().unwrap();
        assert_eq!((taken.weights == base.weights, taken.name.as_str()), (true, "x"));
        assert!(folder.take("x").unwrap().is_none());
        folder.begin().finish().unwrap();
        assert!(folder.take("broken").unwrap_err().to_string().contains("broken/config.json"));
    }
}

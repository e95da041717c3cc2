//! Source of the files of a model: a folder, the program itself, or memory.

use std::borrow::Cow;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use super::{ModelError, pytorch};

/// Files of a model folder besides configuration and weights.
/// `tokenizer.json` or `vocab.txt` is required.
pub const TOKENIZER_FILES: [&str; 4] =
    ["tokenizer.json", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json"];

/// Source of the files of a model.
pub(super) trait Files {
    /// Reads a file, `None` if it does not exist.
    fn read(&self, name: &str) -> Result<Option<Cow<'_, [u8]>>, ModelError>;
    /// Reads a file in PyTorch's container as a safetensors file.
    /// `None` if it does not exist.
    fn read_pytorch(&self, _name: &str) -> Result<Option<Vec<u8>>, ModelError> {
        Ok(None)
    }
    /// Name of a file in errors.
    fn place(&self, name: &str) -> String;
}

/// A folder on disk.
pub(super) struct Folder(pub(super) PathBuf);

impl Files for Folder {
    fn read(&self, name: &str) -> Result<Option<Cow<'_, [u8]>>, ModelError> {
        match fs::read(self.0.join(name)) {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(ModelError::Read { path: self.place(name), source }),
        }
    }

    fn read_pytorch(&self, name: &str) -> Result<Option<Vec<u8>>, ModelError> {
        let path = self.0.join(name);
        path.is_file().then(|| pytorch::to_safetensors(&path, &self.place(name))).transpose()
    }

    fn place(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

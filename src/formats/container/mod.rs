//! Files in other files: gzip, Zstandard, zip, folders. They are recognised by their first bytes and read through.

mod archive;
pub(super) mod limits;
pub(super) mod members;
pub(super) mod pack;
mod packed;
pub(super) mod zstandard;

use std::io::{self, Read};

use archive::Archive;
use packed::{Method, Packed};

use super::{Source, source::keep_all};

/// A source as it is to be read.
pub(super) enum Container<'a> {
    /// It holds no other file, or it is a folder.
    Plain(&'a dyn Source),
    Packed(Packed<'a>),
    Archive(Archive<'a>),
}

impl<'a> Container<'a> {
    /// Opens what the source holds.
    ///
    /// # Errors
    /// It cannot be read, or is an archive that is damaged or dangerous.
    pub(super) fn open(source: &'a dyn Source) -> io::Result<Self> {
        if source.files().is_some() {
            return Ok(Self::Plain(source));
        }
        let head = head(source)?;
        if Archive::is_archive(&head) {
            return Archive::open(source).map(Self::Archive);
        }
        Ok(match Method::of(&head) {
            Some(method) => Self::Packed(Packed::new(source, method)),
            None => Self::Plain(source),
        })
    }

    /// The contents: one file, or several.
    pub(super) fn contents(&self) -> &dyn Source {
        match self {
            Self::Plain(source) => *source,
            Self::Packed(packed) => packed,
            Self::Archive(archive) => archive,
        }
    }

    /// Name of the contents of a file with this name.
    pub(super) fn name_inside<'n>(&self, name: &'n str) -> &'n str {
        let Self::Packed(packed) = self else { return name };
        packed.method.extensions().iter().find_map(|extension| name.strip_suffix(extension)).unwrap_or(name)
    }

    /// What the contents are in, for the user; `None` if in nothing.
    pub(super) fn packing(&self) -> Option<&'static str> {
        match self {
            Self::Plain(_) => None,
            Self::Packed(packed) => Some(packed.method.name()),
            Self::Archive(_) => Some("zip"),
        }
    }
}

/// What follows for a file that is too large to be one of a folder.
const TOO_LARGE: &str = "cannot be one file of a folder";

/// Hands over each file of an archive by its path; a source that is none, as a file of this name.
///
/// # Errors
/// The source cannot be read, or `take` refuses a file.
pub fn each_file(
    source: &dyn Source,
    name: &str,
    take: &mut dyn FnMut(&str, &[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let container = Container::open(source)?;
    let Some(files) = container.contents().files() else {
        return take(name, &keep_all(source.bytes()?, TOO_LARGE)?);
    };
    for (index, name) in files.names().iter().enumerate() {
        take(name, &keep_all(files.open(index)?.bytes()?, TOO_LARGE)?)?;
    }
    Ok(())
}

fn head(source: &dyn Source) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    source.bytes()?.take(4).read_to_end(&mut head)?;
    Ok(head)
}

#[cfg(test)]
mod tests;

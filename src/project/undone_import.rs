//! Outcome of an import that was undone.

use crate::text::{number::with_noun, width::clean};

/// An import that was undone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UndoneImport {
    /// Time of the import, in seconds since 1970, UTC.
    pub at: u64,
    /// Names of its files.
    pub files: Vec<String>,
    /// Documents that are gone again.
    pub removed: usize,
    /// Documents that have their earlier text again.
    pub restored: usize,
    /// Documents whose imported annotations were taken back.
    pub annotations: usize,
    /// Ids of documents that stay as they are, because they were changed since.
    pub kept: Vec<String>,
}

impl UndoneImport {
    /// Most ids that the description names.
    const NAMED: usize = 5;

    /// Describes what was undone.
    pub fn text(&self) -> String {
        let names: Vec<_> = self.files.iter().map(|name| clean(name)).collect();
        let removed = with_noun(self.removed, "document");
        let mut text = format!("the import of {}: {removed} gone again", names.join(", "));
        if self.restored > 0 {
            text += &format!(", {} with the earlier text", with_noun(self.restored, "document"));
        }
        if !self.kept.is_empty() {
            let first: Vec<_> = self.kept.iter().take(Self::NAMED).map(|id| clean(id)).collect();
            let more = if self.kept.len() > Self::NAMED { ", ..." } else { "" };
            let documents = with_noun(self.kept.len(), "document");
            let verb = if self.kept.len() == 1 { "was changed since and stays" } else { "were changed since and stay" };
            text += &format!("; {documents} {verb}: {}{more}", first.join(", "));
        }
        text
    }
}

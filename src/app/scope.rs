//! The documents in which the same words are looked for.

use super::project::Project;
use crate::spans::Status;

/// The documents that are searched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The document in front.
    #[default]
    Here,
    /// The document in front, and those not begun.
    Untouched,
    /// All documents except skipped ones.
    Everywhere,
}

impl Scope {
    /// Description shown to the user.
    pub fn name(self) -> &'static str {
        match self {
            Self::Here => "in this document",
            Self::Untouched => "here and in documents not begun",
            Self::Everywhere => "in all documents",
        }
    }

    /// The next one, for a key that goes through all.
    pub(super) fn next(self) -> Self {
        match self {
            Self::Here => Self::Untouched,
            Self::Untouched => Self::Everywhere,
            Self::Everywhere => Self::Here,
        }
    }

    /// Whether document `at` is searched while `front` is the one in front.
    pub(super) fn contains(self, project: &Project, at: usize, front: usize) -> bool {
        at == front
            || match self {
                Self::Here => false,
                Self::Untouched => project.status(at) == Status::Todo,
                Self::Everywhere => project.status(at) != Status::Skipped,
            }
    }
}

//! The error of a command: a kind that decides the exit code, a message, and hints.

use std::{fmt, io};

use crate::{
    inference::PredictError,
    model::{ModelError, hub::HubError},
    project::{ProjectError, StorageError},
    services::OpenError,
    training::TrainError,
    work::{base::BaseError, create::CreateError, evaluate::OpenModelError},
};

/// Kind of an error; it decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The user's input or data: exit code 1.
    Data,
    /// The arguments: exit code 2.
    Usage,
    /// Device, network, disk, lock, terminal, a defect of the program: exit code 3.
    Environment,
    /// The reader of standard output is gone, as after `head`.
    /// The program ends silently, exit code 0.
    ReaderGone,
}

impl Kind {
    /// The exit code of this kind.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Data => 1,
            Self::Usage => 2,
            Self::Environment => 3,
            Self::ReaderGone => 0,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Usage => "usage",
            Self::Environment => "environment",
            Self::ReaderGone => "reader gone",
        }
    }
}

/// A command failed.
#[derive(Debug)]
pub(super) struct CliError {
    /// Kind of the error.
    pub(super) kind: Kind,
    /// Message, one problem per line.
    pub(super) message: String,
    /// Remedies.
    pub(super) hints: Vec<String>,
    /// Whether standard output has reported it already.
    pub(super) reported: bool,
}

impl CliError {
    fn new(kind: Kind, message: impl fmt::Display) -> Self {
        Self { kind, message: message.to_string(), hints: Vec::new(), reported: false }
    }

    /// Error of the user's input or data.
    pub(super) fn data(message: impl fmt::Display) -> Self {
        Self::new(Kind::Data, message)
    }

    /// Error of the arguments.
    pub(super) fn usage(message: impl fmt::Display) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// Error of the machine.
    pub(super) fn environment(message: impl fmt::Display) -> Self {
        Self::new(Kind::Environment, message)
    }

    /// Standard output has no reader.
    pub(super) fn reader_gone() -> Self {
        Self::new(Kind::ReaderGone, "the reader of standard output is gone")
    }

    /// A file cannot be read.
    /// A missing or unsuitable file is an error of the input, everything else of the machine.
    pub(super) fn reading(path: &std::path::Path, error: &io::Error) -> Self {
        let message = format!("{}: {}", path.display(), plain(error));
        match error.kind() {
            io::ErrorKind::NotFound
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::FileTooLarge => Self::data(message),
            _ => Self::environment(message),
        }
    }

    /// Adds a remedy.
    #[must_use]
    pub(super) fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hints.push(hint.to_string());
        self
    }

    /// Marks an error that standard output has reported already.
    /// Only the exit code and standard error remain.
    #[must_use]
    pub(super) fn reported(self) -> Self {
        Self { reported: true, ..self }
    }

    /// The form for `--json`.
    pub(super) fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "error": { "kind": self.kind.name(), "message": self.message, "hints": self.hints } })
    }
}

/// Message of an I/O error, without the operating system's number.
pub(super) fn plain(error: &io::Error) -> String {
    match error.kind() {
        // It has words of its own, which say more.
        _ if error.get_ref().is_some() => error.to_string(),
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "this is a folder, a file is needed".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        _ => error.to_string(),
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The message may quote a file, whose control characters must not reach the terminal.
        for (at, line) in self.message.lines().enumerate() {
            writeln!(f, "{}{}", if at == 0 { "error: " } else { "       " }, crate::text::width::clean(line))?;
        }
        for hint in &self.hints {
            writeln!(f, "hint: {}", crate::text::width::clean(hint))?;
        }
        Ok(())
    }
}

impl std::error::Error for CliError {}

impl From<ProjectError> for CliError {
    fn from(error: ProjectError) -> Self {
        match error {
            ProjectError::OwnFile { .. } => Self::usage(error),
            ProjectError::Documents { .. } => {
                Self::data(error).hint("tagli doctor DIR --repair shows what can be repaired, and asks first")
            }
            error if error.is_environment() => Self::environment(error),
            error => Self::data(error),
        }
    }
}

impl From<StorageError> for CliError {
    fn from(error: StorageError) -> Self {
        Self::environment(error)
    }
}

impl From<TrainError> for CliError {
    fn from(error: TrainError) -> Self {
        if error.is_environment() { Self::environment(error) } else { Self::data(error) }
    }
}

impl From<HubError> for CliError {
    fn from(error: HubError) -> Self {
        if error.is_input() { Self::data(error) } else { Self::environment(error) }
    }
}

impl From<BaseError> for CliError {
    fn from(error: BaseError) -> Self {
        match error {
            BaseError::Model(ModelError::Damaged { .. }) => Self::environment(error),
            error => Self::data(error),
        }
    }
}

impl From<PredictError> for CliError {
    fn from(error: PredictError) -> Self {
        match error {
            PredictError::Device(_) | PredictError::Threads(_) => Self::environment(error),
            PredictError::Pipeline(_) | PredictError::NoInt8(_) => Self::usage(error),
            _ => Self::data(error),
        }
    }
}

impl From<OpenModelError> for CliError {
    fn from(error: OpenModelError) -> Self {
        match error {
            OpenModelError::Run(error) => Self::data(error),
            OpenModelError::Model(error) => error.into(),
        }
    }
}

impl From<CreateError> for CliError {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::FolderInUse(_) => Self::data(error),
            CreateError::Source(error) => error.into(),
            CreateError::Project(error) => error.into(),
        }
    }
}

impl From<OpenError> for CliError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Project(error) => error.into(),
            OpenError::Preferences(_) | OpenError::Source(_) => Self::data(error),
            other => Self::environment(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_with_words_of_its_own_keeps_them() {
        let message = |error: io::Error| CliError::reading(std::path::Path::new("-"), &error).message;
        assert_eq!(message(io::ErrorKind::StorageFull.into()), "-: the disk is full");
        let own = io::Error::new(io::ErrorKind::StorageFull, "there is no room in DIR; set TMPDIR");
        assert_eq!(message(own), "-: there is no room in DIR; set TMPDIR");
    }
}

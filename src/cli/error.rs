//! One error for every command: a kind that decides heading and exit code, what happened, and hints.

use std::{any::Any, fmt, io};

/// What kind of thing went wrong; the exit code follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The user's input or data: exit code 1.
    Data,
    /// How the program was called, or a part that is not built yet: exit code 2.
    Usage,
    /// Device, network, disk, lock, terminal, a defect of the program: exit code 3.
    Environment,
    /// Nobody reads standard output any more, as behind `head`: the program ends in silence, exit code 0.
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

/// Why a command failed.
#[derive(Debug)]
pub(super) struct CliError {
    /// Its kind.
    pub(super) kind: Kind,
    /// What happened and where, one thing a line.
    pub(super) message: String,
    /// What to do.
    pub(super) hints: Vec<String>,
    /// Whether standard output has said it already.
    pub(super) told: bool,
}

impl CliError {
    fn new(kind: Kind, message: impl fmt::Display) -> Self {
        Self { kind, message: message.to_string(), hints: Vec::new(), told: false }
    }

    /// The user's input or data is not usable.
    pub(super) fn data(message: impl fmt::Display) -> Self {
        Self::new(Kind::Data, message)
    }

    /// The program was called wrongly.
    pub(super) fn usage(message: impl fmt::Display) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// The machine cannot do it now.
    pub(super) fn environment(message: impl fmt::Display) -> Self {
        Self::new(Kind::Environment, message)
    }

    /// Standard output has no reader any more.
    pub(super) fn reader_gone() -> Self {
        Self::new(Kind::ReaderGone, "nobody reads standard output any more")
    }

    /// The program panicked; `panic` is what it left.
    pub(super) fn defect(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<&str>().copied();
        let text =
            text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic without words");
        Self::environment(format!("a defect of this program: {text}; please report it"))
    }

    /// A part of the contract that does not exist so far.
    pub(super) fn not_built(what: impl fmt::Display) -> Self {
        Self::usage(format!("{what} is not built yet"))
    }

    /// A file could not be read: missing and unreadable files are the user's input, the rest is the machine.
    pub(super) fn reading(path: &std::path::Path, error: &io::Error) -> Self {
        let message = format!("{}: {}", path.display(), plain(error));
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::IsADirectory | io::ErrorKind::InvalidInput => Self::data(message),
            _ => Self::environment(message),
        }
    }

    /// Adds something to do.
    #[must_use]
    pub(super) fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hints.push(hint.to_string());
        self
    }

    /// Marks that standard output has said it already: the exit code and standard error are left.
    #[must_use]
    pub(super) fn told(self) -> Self {
        Self { told: true, ..self }
    }

    /// The form for `--json`.
    pub(super) fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "error": { "kind": self.kind.name(), "message": self.message, "hints": self.hints } })
    }
}

/// What an I/O error says, without the operating system's number.
fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "this is a folder, a file is needed".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        _ => error.to_string(),
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The message may quote a file; nothing of it reaches the terminal as a control character.
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

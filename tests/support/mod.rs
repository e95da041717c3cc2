//! What the tests of the binary share: a hermetic place, the program, its answer.

#![allow(dead_code, reason = "each test binary uses a part of this")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

mod generated;
pub(crate) mod hostile;
pub(crate) mod hub;
pub(crate) mod line;
pub(crate) mod screen;
pub(crate) mod sshd;

#[allow(unused_imports, reason = "each test binary uses a part of this")]
pub(crate) use generated::compare_generated;

/// A temporary folder with an own home, so that nothing of the person's is read or written.
pub(crate) struct Place {
    folder: tempfile::TempDir,
    /// Variables that the program sees besides.
    pub(crate) more: Vec<(&'static str, String)>,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        Self { folder, more: Vec::new() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Writes the user's settings. Their folder has this name on Linux only.
    pub(crate) fn settings(&self, toml: &str) {
        fs::create_dir_all(self.path("home/.config/tagliatelle")).unwrap();
        self.file("home/.config/tagliatelle/config.toml", toml);
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Waits until another process has written a file.
    pub(crate) fn waits_for(&self, name: &str) {
        let until = Instant::now() + Duration::from_secs(60);
        while !self.path(name).exists() {
            assert!(Instant::now() < until, "{name} never came");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The program with the environment of this place, working in it.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tagli"));
        command.current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        for (name, value) in self.environment() {
            command.env(name, value);
        }
        command
    }

    /// The variables that the program sees.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let home = self.path("home").to_string_lossy().into_owned();
        let path = std::env::var("PATH").unwrap_or_default();
        let usual = [
            ("HOME", home),
            ("PATH", path),
            ("USER", "ada".into()),
            ("TERM", "xterm-256color".into()),
            ("LANG", "C.UTF-8".into()),
        ];
        usual.into_iter().chain(self.more.iter().cloned()).collect()
    }

    /// Words before the name of a program by which permissions of files bind it, also if this is run by root.
    #[cfg(target_os = "linux")]
    pub(crate) fn bound(&self) -> &'static [&'static str] {
        use std::os::unix::fs::MetadataExt;
        let is_root = fs::metadata(self.path("")).unwrap().uid() == 0;
        if is_root { &["setpriv", "--bounding-set=-dac_override"] } else { &[] }
    }

    /// Takes the permission to write from a folder and everything below it, or gives it back.
    #[cfg(unix)]
    pub(crate) fn allow_writing(&self, name: &str, allowed: bool) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path(name);
        let mode = |folder: bool| if folder { 0o555 } else { 0o444 } | if allowed { 0o200 } else { 0 };
        let is_folder = path.is_dir();
        if is_folder && allowed {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode(true))).unwrap();
        }
        if is_folder {
            for entry in fs::read_dir(&path).unwrap() {
                self.allow_writing(&format!("{name}/{}", entry.unwrap().file_name().to_str().unwrap()), allowed);
            }
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(mode(is_folder))).unwrap();
    }

    #[must_use = "look at the exit code at least"]
    /// Runs the program; `words` are split at blanks.
    pub(crate) fn tagli(&self, words: &str) -> Answer {
        self.run(&words.split_whitespace().collect::<Vec<_>>())
    }

    #[must_use = "look at the exit code at least"]
    pub(crate) fn run(&self, words: &[&str]) -> Answer {
        Answer::of(self.command().args(words).output().unwrap())
    }
}

/// What the program said.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Answer {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    /// The exit code was 0.
    #[track_caller]
    pub(crate) fn fine(self) -> Self {
        assert_eq!(self.code, 0, "{}", self.err);
        self
    }

    /// The exit code was this, and the message holds all these words.
    #[track_caller]
    pub(crate) fn fails(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        for word in words {
            assert!(self.err.contains(word), "`{word}` is not in: {}", self.err);
        }
        self
    }

    /// Standard output as one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

/// The folder of the checkout.
pub(crate) fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

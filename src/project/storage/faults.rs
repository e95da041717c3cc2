//! Points at which a test can stop the program as a crash would, and abilities that it can take from the file system.

use std::{fs::File, io};

/// Ability that a file system may lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "only Linux has files without a name"))]
pub(super) enum Lack {
    /// Files without a name.
    Unnamed,
    /// Renaming without replacing, and exchanging.
    RenameFlags,
}

/// Waits until the contents of a file are on the disk. Unit tests, which cut no power, do not wait.
pub(super) fn sync_file(file: &File) -> io::Result<()> {
    if cfg!(test) { Ok(()) } else { file.sync_all() }
}

/// Called before each change of the file system.
#[cfg(not(test))]
pub(super) fn step() -> io::Result<()> {
    Ok(())
}

/// Called between the check of a thing and its renaming.
/// A test can put something else in its place there.
#[cfg(not(test))]
pub(super) fn before_rename() {}

/// Whether a test has taken this ability from the file system.
#[cfg(not(test))]
pub(super) fn lacks(_: Lack) -> bool {
    false
}

#[cfg(test)]
pub(in crate::project) use injected::{Crash, interrupt_rename, with_plain_file_system};
#[cfg(test)]
pub(super) use injected::{before_rename, lacks, step};

#[cfg(test)]
mod injected {
    use std::{cell::Cell, io};

    use super::Lack;

    thread_local! {
        /// Changes that are left until the crash.
        static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
        static PLAIN: Cell<bool> = const { Cell::new(false) };
        static INTERRUPTION: Cell<Option<Box<dyn FnOnce()>>> = const { Cell::new(None) };
    }

    /// Calls `work` between the check of the next renamed thing and its renaming.
    pub(in crate::project) fn interrupt_rename(work: impl FnOnce() + 'static) {
        INTERRUPTION.set(Some(Box::new(work)));
    }

    pub(in crate::project::storage) fn before_rename() {
        if let Some(work) = INTERRUPTION.take() {
            work();
        }
    }

    /// Lets this thread change the file system a number of times only, as long as the value lives.
    ///
    /// After that every change fails, also the tidying up: what is on disk is what a killed process leaves.
    pub(in crate::project) struct Crash;

    impl Crash {
        pub(in crate::project) fn after(changes: usize) -> Self {
            LEFT.set(Some(changes));
            Self
        }

        /// Whether it has happened.
        pub(in crate::project) fn happened(&self) -> bool {
            LEFT.get() == Some(0)
        }
    }

    impl Drop for Crash {
        fn drop(&mut self) {
            LEFT.set(None);
        }
    }

    pub(in crate::project::storage) fn step() -> io::Result<()> {
        match LEFT.get() {
            None => Ok(()),
            Some(0) => Err(io::Error::other("crash")),
            Some(left) => {
                LEFT.set(Some(left - 1));
                Ok(())
            }
        }
    }

    /// Runs `work` as on a file system that can neither exchange names nor make files without one.
    pub(in crate::project) fn with_plain_file_system<T>(work: impl FnOnce() -> T) -> T {
        PLAIN.set(true);
        let done = work();
        PLAIN.set(false);
        done
    }

    pub(in crate::project::storage) fn lacks(_: Lack) -> bool {
        PLAIN.get()
    }
}

//! Points at which a test can stop the program as a crash would, and abilities that it can take from the file system.

use std::{fs::File, io, os::fd::AsFd};

/// Ability that a file system may lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "only Linux has files without a name"))]
pub(super) enum Lack {
    /// Files without a name.
    Unnamed,
    /// Renaming without replacing, and exchanging.
    RenameFlags,
}

/// Waits until the contents of a file, and what it says about itself, are on the disk.
pub(super) fn sync_file(file: &File) -> io::Result<()> {
    sync(file, File::sync_all)
}

/// Waits until the contents of a file are on the disk.
pub(super) fn sync_data(file: &File) -> io::Result<()> {
    sync(file, File::sync_data)
}

/// Syncs with `wait`. Unit tests do not wait, because they only simulate power cuts.
pub(super) fn sync<T: AsFd>(open: &T, wait: impl FnOnce(&T) -> io::Result<()>) -> io::Result<()> {
    #[cfg(test)]
    {
        let _ = wait;
        injected::step()?;
        super::power_cut::synced(open);
        Ok(())
    }
    #[cfg(not(test))]
    wait(open)
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
pub(in crate::project) use injected::{Crash, Fault, interrupt_rename, with_plain_file_system};
#[cfg(test)]
pub(super) use injected::{before_rename, lacks, step};

#[cfg(test)]
mod injected {
    use std::{cell::Cell, io};

    use super::Lack;

    thread_local! {
        /// Changes that are left until the crash.
        static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
        /// Changes and syncs that are left until the fault, and the number that fail then.
        static FAULT: Cell<Option<(usize, usize)>> = const { Cell::new(None) };
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

    /// Lets some changes and syncs of this thread fail, as long as the value lives. The others succeed.
    pub(in crate::project) struct Fault;

    impl Fault {
        /// The first `successes` changes and syncs succeed, the next `failures` fail, all others succeed.
        pub(in crate::project) fn after(successes: usize, failures: usize) -> Self {
            FAULT.set(Some((successes, failures)));
            Self
        }

        /// Whether all failures have happened.
        pub(in crate::project) fn is_over(&self) -> bool {
            FAULT.get() == Some((0, 0))
        }
    }

    impl Drop for Fault {
        fn drop(&mut self) {
            FAULT.set(None);
        }
    }

    fn fault() -> io::Result<()> {
        match FAULT.get() {
            None | Some((0, 0)) => Ok(()),
            Some((0, failures)) => {
                FAULT.set(Some((0, failures - 1)));
                Err(io::ErrorKind::StorageFull.into())
            }
            Some((left, failures)) => {
                FAULT.set(Some((left - 1, failures)));
                Ok(())
            }
        }
    }

    pub(in crate::project::storage) fn step() -> io::Result<()> {
        super::super::power_cut::observe();
        fault()?;
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

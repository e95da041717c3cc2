//! Replacement of a file that other programs may change at any time, for which no lock is asked.

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

use rustix::fs::{self as sys, RenameFlags};

use super::{
    dir::Dir,
    error::StorageError,
    faults::{Lack, before_rename, lacks, step},
    open::folder_of,
    own::{self, Place},
    record::Id,
    refusals::may_write,
    replaced_permissions,
};

/// Replaces a file that `is_known` recognises, and no other one. Returns whether it was replaced.
///
/// The names of the new file and of the old one are exchanged in one step, and the old one is looked at again under its
/// temporary name, where nobody looks for it, before it is removed. If it is another one, the names are exchanged back. Where
/// the file system cannot exchange names, the last look is right before the renaming.
///
/// # Errors
/// The file system refuses. Then the file has its name, or the message of `tagli doctor` names the temporary one.
pub(in crate::project) fn replace_known(
    path: &Path,
    bytes: &[u8],
    is_known: &dyn Fn(&File) -> io::Result<bool>,
) -> Result<bool, StorageError> {
    try_replace(path, bytes, is_known).map_err(|cause| StorageError::new("write", path, cause))
}

fn try_replace(path: &Path, bytes: &[u8], is_known: &dyn Fn(&File) -> io::Result<bool>) -> io::Result<bool> {
    may_write(path)?;
    let dir = Dir::open_linked(folder_of(path))?;
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let permissions = replaced_permissions(&dir, name)?;
    let temporary = Id::random().temporary();
    own::put(&dir, temporary.as_ref(), &|mut file: &File| file.write_all(bytes), &Place::Free(permissions))?;
    let new = dir.open_file(&temporary)?.ok_or(io::ErrorKind::NotFound)?;
    let swap = Swap { dir: &dir, name, temporary: &temporary, new: &new, is_known };
    let swapped = swap.carry_out();
    // What has the temporary name now is the new file, unless it has taken the place of the old one.
    swap.remove_new()?;
    dir.sync()?;
    swapped
}

/// Exchange of a new file with the one that has its name.
struct Swap<'a> {
    dir: &'a Dir,
    name: &'a std::ffi::OsStr,
    temporary: &'a str,
    new: &'a File,
    is_known: &'a dyn Fn(&File) -> io::Result<bool>,
}

impl Swap<'_> {
    /// Returns whether the file was replaced.
    fn carry_out(&self) -> io::Result<bool> {
        let old = self.dir.open_file(self.name)?;
        let Some(old) = old.filter(|old| (self.is_known)(old).unwrap_or(false)) else { return Ok(false) };
        step()?;
        before_rename();
        if lacks(Lack::RenameFlags) || self.exchange().is_err() {
            return self.rename_over(&old);
        }
        let taken = self.dir.open_file(self.temporary);
        match taken.ok().flatten().filter(|taken| (self.is_known)(taken).unwrap_or(false)) {
            Some(taken) => self.remove_old(&taken).map(|()| true),
            None => self.exchange().map(|()| false).map_err(|error| self.explain(&error.into())),
        }
    }

    fn exchange(&self) -> rustix::io::Result<()> {
        sys::renameat_with(self.dir, self.temporary, self.dir, self.name, RenameFlags::EXCHANGE)
    }

    /// Gives the new file its name where the file system cannot exchange names.
    fn rename_over(&self, old: &File) -> io::Result<bool> {
        if !self.dir.leads_to(self.name, old) || !(self.is_known)(old)? {
            return Ok(false);
        }
        sys::renameat(self.dir, self.temporary, self.dir, self.name)?;
        Ok(true)
    }

    /// Removes the old file, which has the temporary name now.
    fn remove_old(&self, old: &File) -> io::Result<()> {
        step()?;
        match self.dir.leads_to(self.temporary, old) {
            true => Ok(sys::unlinkat(self.dir, self.temporary, sys::AtFlags::empty())?),
            false => Ok(()),
        }
    }

    /// Removes the new file if it has not got the name of the old one.
    fn remove_new(&self) -> io::Result<()> {
        match self.dir.leads_to(self.temporary, self.new) {
            true => Ok(sys::unlinkat(self.dir, self.temporary, sys::AtFlags::empty())?),
            false => Ok(()),
        }
    }

    fn explain(&self, error: &io::Error) -> io::Error {
        let temporary = super::shown_path(&self.dir.path().join(self.temporary));
        io::Error::other(format!(
            "another program's file is kept as {temporary}, because it did not get its name back: {error}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Read};

    use super::{
        super::faults::{interrupt_rename, with_plain_file_system},
        *,
    };

    fn is_one(file: &File) -> io::Result<bool> {
        let mut text = String::new();
        let mut file = file;
        io::Seek::rewind(&mut file)?;
        file.read_to_string(&mut text)?;
        Ok(text == "one")
    }

    #[test]
    fn a_file_that_another_program_writes_at_the_last_moment_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let names = || fs::read_dir(dir.path()).unwrap().count();
        fs::write(&path, "one").unwrap();
        assert!(replace_known(&path, b"two", &is_one).unwrap());
        assert_eq!((fs::read_to_string(&path).unwrap(), names()), ("two".to_owned(), 1));
        assert!(!replace_known(&path, b"three", &is_one).unwrap());
        assert_eq!((fs::read_to_string(&path).unwrap(), names()), ("two".to_owned(), 1));
        // A new file takes the name; then the same file is written again.
        let (beside, target) = (dir.path().join("g"), path.clone());
        fs::write(&path, "one").unwrap();
        interrupt_rename(move || {
            fs::write(&beside, "mine").unwrap();
            fs::rename(&beside, &target).unwrap();
        });
        assert!(!replace_known(&path, b"three", &is_one).unwrap());
        assert_eq!((fs::read_to_string(&path).unwrap(), names()), ("mine".to_owned(), 1));
        let target = path.clone();
        fs::write(&path, "one").unwrap();
        interrupt_rename(move || fs::write(&target, "mine, too").unwrap());
        assert!(!replace_known(&path, b"three", &is_one).unwrap());
        assert_eq!((fs::read_to_string(&path).unwrap(), names()), ("mine, too".to_owned(), 1));
    }

    #[test]
    fn a_file_system_without_exchange_looks_right_before_the_renaming() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let names = || fs::read_dir(dir.path()).unwrap().count();
        fs::write(&path, "one").unwrap();
        let target = path.clone();
        interrupt_rename(move || fs::write(&target, "mine").unwrap());
        with_plain_file_system(|| {
            assert!(!replace_known(&path, b"two", &is_one).unwrap());
            assert_eq!((fs::read_to_string(&path).unwrap(), names()), ("mine".to_owned(), 1));
            fs::write(&path, "one").unwrap();
            assert!(replace_known(&path, b"two", &is_one).unwrap());
        });
        assert_eq!((fs::read_to_string(&path).unwrap(), names()), ("two".to_owned(), 1));
    }

    #[test]
    fn a_link_or_a_folder_that_takes_the_name_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        fs::write(dir.path().join("secret"), "one").unwrap();
        let swaps: [fn(&Path); 2] =
            [|path| std::os::unix::fs::symlink("secret", path).unwrap(), |path| fs::create_dir(path).unwrap()];
        for swap in swaps {
            fs::write(&path, "one").unwrap();
            let target = path.clone();
            interrupt_rename(move || {
                fs::remove_file(&target).unwrap();
                swap(&target);
            });
            assert!(!replace_known(&path, b"two", &is_one).unwrap());
            assert!(path.is_symlink() || path.is_dir());
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
            if path.is_symlink() {
                fs::remove_file(&path).unwrap();
            }
        }
        assert_eq!(fs::read_to_string(dir.path().join("secret")).unwrap(), "one");
    }
}

//! Files that appear under their names only as a whole: bytes enter, a finished file leaves, or nothing under that name. Until then
//! the bytes are in `.NAME.partial` of the same directory, which a killed program leaves behind.
//!
//! The directory is opened once and everything happens relative to it, so that nobody can put another one in its place meanwhile. The
//! file is new and never replaces another one or follows a link, whoever else may write to the directory.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, Dir, Mode, OFlags, RenameFlags, fchmod, fsync, linkat, openat, renameat_with, statat,
    unlinkat,
};
use rustix::io::Errno;

use crate::trace::Output;

/// What stands after the name of a file that is not whole yet; a dot stands before it.
const PARTIAL: &str = ".partial";

/// A file that is being written.
#[derive(Debug)]
pub struct WholeFile {
    directory: OwnedFd,
    file: File,
    partial: OsString,
    name: OsString,
    is_published: bool,
}

impl WholeFile {
    /// Starts a file that is to appear at `path` with these permissions, whatever the umask.
    ///
    /// # Errors
    /// Those of the operating system; the file exists.
    pub fn create(path: &Path, mode: u32) -> io::Result<WholeFile> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
        let directory = open_directory(path)?;
        if statat(&directory, &name, AtFlags::SYMLINK_NOFOLLOW).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let mut partial = OsString::from(".");
        partial.push(&name);
        partial.push(PARTIAL);
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(&directory, &partial, flags, Mode::RUSR | Mode::WUSR)?;
        fchmod(&file, Mode::from_raw_mode(mode))?;
        Ok(WholeFile { directory, file: file.into(), partial, name, is_published: false })
    }

    /// Gives the file its name, unless that is taken, once its bytes are on the disk.
    fn appear(&self) -> io::Result<()> {
        fsync(&self.file)?;
        let (directory, partial, name) = (&self.directory, &self.partial, &self.name);
        match renameat_with(directory, partial, directory, name, RenameFlags::NOREPLACE) {
            // The file system does not know the flag. A link does not replace either.
            Err(Errno::INVAL | Errno::NOSYS) => {
                linkat(directory, partial, directory, name, AtFlags::empty())?;
                unlinkat(directory, partial, AtFlags::empty())?;
            }
            renamed => renamed?,
        }
        Ok(fsync(directory)?)
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Output for WholeFile {
    fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }

    fn reserve(&mut self, offset: u64, length: u64) -> io::Result<()> {
        self.file.reserve(offset, length)
    }

    fn take_back(&mut self, length: u64) -> io::Result<()> {
        self.file.take_back(length)
    }

    fn publish(&mut self) -> io::Result<()> {
        self.appear()?;
        self.is_published = true;
        Ok(())
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        if !self.is_published {
            // The error that led here is reported; a file that stays is found later.
            let _ = unlinkat(&self.directory, &self.partial, AtFlags::empty());
        }
    }
}

fn open_directory(path: &Path) -> io::Result<OwnedFd> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(openat(CWD, parent.unwrap_or(Path::new(".")), flags, Mode::empty())?)
}

/// What the directory of a prefix of names contains of this user.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Directory {
    /// Whole files.
    pub files: u64,
    /// Their bytes, and those of files that are not whole.
    pub bytes: u64,
    /// Names of files that are not whole, sorted; at most [`Directory::NAMED`].
    pub partial: Vec<OsString>,
    /// How many there are.
    pub partials: u64,
}

impl Directory {
    /// Most names of files that are not whole.
    pub const NAMED: usize = 8;

    /// Looks at the files beside `prefix` whose names begin as it does and go on as `is_name` accepts. Files of other users do not
    /// count: they could be anything.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn look(prefix: &Path, is_name: &dyn Fn(&str) -> bool) -> io::Result<Directory> {
        let start = prefix.file_name().unwrap_or(OsStr::new(""));
        let directory = open_directory(prefix)?;
        let user = rustix::process::geteuid().as_raw();
        let mut found = Directory::default();
        for entry in Dir::read_from(&directory)? {
            let entry = entry?;
            let name = String::from_utf8_lossy(entry.file_name().to_bytes()).into_owned();
            let inner = name.strip_prefix('.').and_then(|name| name.strip_suffix(PARTIAL));
            let rest = inner.unwrap_or(&name).strip_prefix(&*start.to_string_lossy());
            if !rest.is_some_and(is_name) {
                continue;
            }
            // A file that has gone meanwhile does not count.
            let Ok(status) = statat(&directory, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW) else {
                continue;
            };
            if status.st_uid != user || status.st_mode & 0o170_000 != 0o100_000 {
                continue;
            }
            found.bytes = found.bytes.saturating_add(u64::try_from(status.st_size).unwrap_or(0));
            if inner.is_some() {
                found.partials += 1;
                found.partial.push(name.into());
                found.partial.sort_unstable();
                found.partial.truncate(Directory::NAMED);
            } else {
                found.files += 1;
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::PathBuf;

    use super::*;

    struct Room(PathBuf);

    impl Room {
        fn new(name: &str) -> Room {
            let path = std::env::temp_dir().join(format!("tercel-whole-{}-{name}", std::process::id()));
            fs::create_dir_all(&path).expect("a directory");
            Room(path)
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).expect("a directory").flatten();
            let mut names: Vec<_> =
                entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
            names.sort();
            names
        }
    }

    impl Drop for Room {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_file_appears_as_a_whole_or_not_at_all() {
        let room = Room::new("appears");
        let path = room.0.join("a.scap");
        let mut file = WholeFile::create(&path, 0o600).expect("a file");
        file.write_all(b"half").expect("a disk");
        assert_eq!(room.names(), [".a.scap.partial"]);
        file.publish().expect("a disk");
        drop(file);
        assert_eq!(room.names(), ["a.scap"]);
        assert_eq!(fs::read(&path).expect("a file"), b"half");
        assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o7777, 0o600);
        drop(WholeFile::create(&room.0.join("b.scap"), 0o600).expect("a file"));
        assert_eq!(room.names(), ["a.scap"]);
    }

    #[test]
    fn nothing_is_replaced_and_no_link_is_followed() {
        let room = Room::new("replaced");
        let (path, target) = (room.0.join("a.scap"), room.0.join("target"));
        let mut early = WholeFile::create(&path, 0o600).expect("a file");
        fs::write(&path, "other").expect("a file");
        assert_eq!(early.publish().expect_err("taken").kind(), io::ErrorKind::AlreadyExists);
        drop(early);
        assert_eq!(WholeFile::create(&path, 0o600).expect_err("taken").kind(), io::ErrorKind::AlreadyExists);
        symlink(&target, room.0.join(".b.scap.partial")).expect("a link");
        assert_eq!(
            WholeFile::create(&room.0.join("b.scap"), 0o600).expect_err("taken").kind(),
            io::ErrorKind::AlreadyExists
        );
        assert!(!target.exists());
        assert_eq!(fs::read(&path).expect("a file"), b"other");
    }

    #[test]
    fn what_is_left_over_is_found() {
        let room = Room::new("left");
        for name in [".cut_1.partial", "cut_1", "cut_22", "cut_x", ".cut_2", "other_1", ".other_1.partial"] {
            fs::write(room.0.join(name), "four").expect("a file");
        }
        symlink("cut_1", room.0.join("cut_3")).expect("a link");
        let is_number = |rest: &str| rest.strip_prefix('_').is_some_and(|rest| rest.parse::<u32>().is_ok());
        let found = Directory::look(&room.0.join("cut"), &is_number).expect("a directory");
        let expected = Directory { files: 2, bytes: 12, partial: vec![".cut_1.partial".into()], partials: 1 };
        assert_eq!(found, expected);
        assert!(Directory::look(&room.0.join("none/cut"), &is_number).is_err());
    }
}

//! Opening what is written: a path enters, an open file leaves. A file is created, never written over unless that is asked for, and locked
//! as long as it is open; pipes and devices are opened as they are. What somebody else may have placed there is refused.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{
    FileType, FlockOperation, Mode, OFlags, PROC_SUPER_MAGIC, Stat, flock, fstat, fstatfs, open, readlinkat,
    stat,
};
use rustix::io::Errno;
use rustix::process::geteuid;

/// How files are created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Creation {
    /// Whether an existing file is written over.
    pub force: bool,
    /// Permissions of the file, whatever the umask.
    pub mode: u32,
}

impl Default for Creation {
    /// Nothing is written over, and only the owner reads what was captured.
    fn default() -> Creation {
        Creation { force: false, mode: 0o600 }
    }
}

/// Why a file cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// It exists.
    #[error("the file exists")]
    Exists,
    /// It is locked, as recorders do.
    #[error("another program is writing this file")]
    Busy,
    /// A symbolic link of another user.
    #[error("a symbolic link of another user (uid {0}), which is not followed")]
    Link(u32),
    /// A file or pipe of another user, in a directory where everybody can place one.
    #[error("a file of another user (uid {0}) in a directory that everybody can write to")]
    Foreign(u32),
    /// The operating system refuses.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl From<Errno> for TargetError {
    fn from(error: Errno) -> TargetError {
        TargetError::Io(error.into())
    }
}

/// An open target.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) file: File,
    /// Where a regular file is, after links; `None` for pipes, devices and what the caller had open already.
    pub(super) path: Option<PathBuf>,
}

/// Links that are followed, as in the kernel.
const LINKS: usize = 40;

/// Permission bits.
const PERMISSIONS: u32 = 0o7777;

const WRITE: OFlags = OFlags::WRONLY.union(OFlags::CLOEXEC);

/// Files are appended to: one that somebody truncates stays shorter than what was written, and so is noticed.
const APPEND: OFlags = WRITE.union(OFlags::APPEND);

/// Opens `path` for writing.
pub(super) fn target(path: &Path, creation: Creation) -> Result<Target, TargetError> {
    let mut path = std::path::absolute(path)?;
    for _ in 0..LINKS {
        let flags = APPEND | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
        match open(&path, flags, Mode::from_raw_mode(creation.mode)) {
            Ok(fd) => return created(fd.into(), path, creation.mode),
            Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        // Only looked at: opening a pipe or a device may have effects.
        let found = match open(&path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) {
            Err(Errno::NOENT) => continue,
            found => found?,
        };
        let is = fstat(&found)?;
        match FileType::from_raw_mode(is.st_mode) {
            FileType::Symlink => {
                check_link(&path, &is)?;
                if fstatfs(&found)?.f_type == PROC_SUPER_MAGIC {
                    // /dev/stdout and /dev/fd/3: the file of a descriptor, which its owner has opened. Its content stays.
                    let file = open(&path, APPEND, Mode::empty())?;
                    return Ok(Target { file: file.into(), path: None });
                }
                let link = readlinkat(&found, "", Vec::new())?.into_bytes();
                path = directory(&path).join(PathBuf::from(std::ffi::OsString::from_vec(link)));
            }
            FileType::RegularFile if !creation.force => return Err(TargetError::Exists),
            FileType::RegularFile => {
                let file = open(&path, APPEND | OFlags::NOFOLLOW | OFlags::NONBLOCK, Mode::empty())?;
                if is_same(&fstat(&file)?, &is) {
                    return written_over(file.into(), path, &is, creation.mode);
                }
            }
            FileType::Directory => return Err(Errno::ISDIR.into()),
            _ => {
                check_owner(&path, &is)?;
                let file = open(&path, WRITE | OFlags::NOFOLLOW, Mode::empty())?;
                if is_same(&fstat(&file)?, &is) {
                    return Ok(Target { file: file.into(), path: None });
                }
            }
        }
    }
    Err(Errno::LOOP.into())
}

fn created(file: File, path: PathBuf, mode: u32) -> Result<Target, TargetError> {
    // A file system without permissions refuses; the file has no more of them than asked for.
    let _ = file.set_permissions(Permissions::from_mode(mode));
    lock(&file)?;
    Ok(Target { file, path: Some(path) })
}

fn written_over(file: File, path: PathBuf, is: &Stat, mode: u32) -> Result<Target, TargetError> {
    check_owner(&path, is)?;
    lock(&file)?;
    if is.st_mode & PERMISSIONS != mode {
        file.set_permissions(Permissions::from_mode(mode))?;
    }
    file.set_len(0)?;
    Ok(Target { file, path: Some(path) })
}

/// Locks a file for as long as it is open. Where locks are not supported there are none.
fn lock(file: &File) -> Result<(), TargetError> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => Err(TargetError::Busy),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Whether the lock of a file is held, which is being written then.
pub(super) fn is_locked(file: &File) -> bool {
    flock(file, FlockOperation::NonBlockingLockShared) == Err(Errno::WOULDBLOCK)
}

/// Links are followed only if the caller or root has made them; in a directory where everybody can place one, those of root only if
/// it is root's, as with `fs.protected_symlinks` of the kernel.
fn check_link(path: &Path, link: &Stat) -> Result<(), TargetError> {
    let own = geteuid().as_raw();
    if link.st_uid == own || link.st_uid == 0 && !is_shared(path, 0)? {
        return Ok(());
    }
    Err(TargetError::Link(link.st_uid))
}

/// As `fs.protected_regular` and `fs.protected_fifos` of the kernel.
fn check_owner(path: &Path, file: &Stat) -> Result<(), TargetError> {
    if file.st_uid == geteuid().as_raw() || !is_shared(path, file.st_uid)? {
        return Ok(());
    }
    Err(TargetError::Foreign(file.st_uid))
}

/// Whether everybody can create files where `path` is, and the directory is not that of `owner`.
fn is_shared(path: &Path, owner: u32) -> Result<bool, TargetError> {
    let parent = stat(directory(path))?;
    let mode = Mode::from_raw_mode(parent.st_mode);
    Ok(mode.contains(Mode::SVTX | Mode::WOTH) && parent.st_uid != owner)
}

fn directory(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("/"))
}

fn is_same(one: &Stat, other: &Stat) -> bool {
    (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
}

/// Whether two paths lead to the same file, by whatever names: through links, or because both would be created in the same place.
/// `-` is what standard output is.
pub fn is_same_file(written: &Path, read: &Path) -> bool {
    let output = if written == Path::new("-") { Path::new("/proc/self/fd/1") } else { written };
    let input = if read == Path::new("-") { Path::new("/proc/self/fd/0") } else { read };
    match (output.metadata(), input.metadata()) {
        // One terminal or pipe may well be both.
        (Ok(one), Ok(other)) => one.is_file() && (one.dev(), one.ino()) == (other.dev(), other.ino()),
        (Err(_), Err(_)) => {
            let place = |path: &Path| {
                let path = std::path::absolute(path).ok()?;
                Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?))
            };
            place(output).is_some_and(|one| place(input) == Some(one))
        }
        _ => false,
    }
}

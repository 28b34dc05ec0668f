//! What processes do with files.

use tercel_format::catalogue::code;
use tercel_format::writer::Value;

use crate::process::{Process, inode};

/// The directory fd of paths that are relative to nothing else.
const AT_FDCWD: i64 = -100;

/// Device number of the root file system.
const DEVICE: u32 = 0x0080_0001;

/// Bits of `PPM_O_*` (reference flags.json file_flags).
pub(crate) mod open {
    pub(crate) const RDONLY: u32 = 1;
    pub(crate) const WRONLY: u32 = 2;
    pub(crate) const RDWR: u32 = 3;
    pub(crate) const CREAT: u32 = 4;
    pub(crate) const APPEND: u32 = 8;
    pub(crate) const TRUNC: u32 = 256;
    pub(crate) const CLOEXEC: u32 = 4096;
    pub(crate) const CREATED: u32 = 16384;
}

impl Process {
    /// Opens a file and keeps it open.
    pub(crate) fn open(&self, path: &str, flags: u32) -> i64 {
        let fd = self.take_fd();
        let mode = if flags & open::CREAT == 0 { 0 } else { 0o644 };
        self.event(code::SYSCALL_OPENAT_2_X, |event| {
            event
                .set("fd", fd)
                .set("dirfd", AT_FDCWD)
                .set("name", path)
                .set("flags", flags)
                .set("mode", mode)
                .set("dev", DEVICE)
                .set("ino", inode(path))
        });
        fd
    }

    /// Tries to open a file that it may not.
    pub fn open_denied(&self, path: &str) {
        const EACCES: i64 = -13;
        self.event(code::SYSCALL_OPENAT_2_X, |event| {
            event
                .set("fd", EACCES)
                .set("dirfd", AT_FDCWD)
                .set("name", path)
                .set("flags", open::RDONLY)
                .set("mode", 0)
                .set("dev", 0)
                .set("ino", 0)
        });
    }

    /// Closes an fd.
    pub(crate) fn close(&self, fd: i64) {
        self.event(code::SYSCALL_CLOSE_X, |event| event.set("res", 0).set("fd", fd));
        self.release_fd(fd);
    }

    /// Opens a file, reads some of it, closes it.
    pub fn reads(&self, path: &str) {
        let fd = self.open(path, open::RDONLY | open::CLOEXEC);
        let data = format!("content of {path}\n");
        self.event(code::SYSCALL_READ_X, |event| {
            event
                .set("res", data.len() as i64)
                .set("data", Value::Bytes(data.into_bytes()))
                .set("fd", fd)
                .set("size", 131_072)
        });
        self.close(fd);
    }

    /// Makes a file of this content, or replaces what it held.
    pub fn writes(&self, path: &str, content: &str) {
        let fd = self.open(path, open::WRONLY | open::CREAT | open::TRUNC | open::CREATED);
        self.put(fd, content);
        self.close(fd);
    }

    /// Adds to a file that exists.
    pub fn appends(&self, path: &str, content: &str) {
        let fd = self.open(path, open::WRONLY | open::CREAT | open::APPEND);
        self.put(fd, content);
        self.close(fd);
    }

    /// Opens a device or special file for both directions.
    pub fn opens_both_ways(&self, path: &str) {
        let fd = self.open(path, open::RDWR);
        self.close(fd);
    }

    /// Writes to an fd.
    pub(crate) fn put(&self, fd: i64, content: &str) {
        self.event(code::SYSCALL_WRITE_X, |event| {
            event
                .set("res", content.len() as i64)
                .set("data", Value::Bytes(content.as_bytes().to_vec()))
                .set("fd", fd)
                .set("size", content.len() as u32)
        });
    }

    /// Removes a file.
    pub fn unlinks(&self, path: &str) {
        self.event(code::SYSCALL_UNLINKAT_2_X, |event| {
            event.set("res", 0).set("dirfd", AT_FDCWD).set("name", path).set("flags", 0)
        });
    }

    /// Renames a file.
    pub fn renames(&self, old: &str, new: &str) {
        self.event(code::SYSCALL_RENAMEAT2_X, |event| {
            event
                .set("res", 0)
                .set("olddirfd", AT_FDCWD)
                .set("oldpath", old)
                .set("newdirfd", AT_FDCWD)
                .set("newpath", new)
                .set("flags", 0)
        });
    }

    /// Makes a symbolic link.
    pub fn symlinks(&self, target: &str, link: &str) {
        self.event(code::SYSCALL_SYMLINKAT_X, |event| {
            event.set("res", 0).set("target", target).set("linkdirfd", AT_FDCWD).set("linkpath", link)
        });
    }

    /// Makes a directory.
    pub fn makes_directory(&self, path: &str) {
        self.event(code::SYSCALL_MKDIR_2_X, |event| event.set("res", 0).set("path", path).set("mode", 0o755));
    }

    /// Changes the mode of a file; `mode` as chmod(1) writes it, in octal.
    pub fn chmods(&self, path: &str, mode: u32) {
        self.event(code::SYSCALL_FCHMODAT_X, |event| {
            event.set("res", 0).set("dirfd", AT_FDCWD).set("filename", path).set("mode", mode_bits(mode))
        });
    }

    /// Mounts a file system.
    pub fn mounts(&self, device: &str, directory: &str, kind: &str) {
        self.event(code::SYSCALL_MOUNT_X, |event| {
            event.set("res", 0).set("dev", device).set("dir", directory).set("type", kind).set("flags", 0)
        });
    }
}

/// The bits of `PPM_S_*` for a mode: the lowest twelve are those of the kernel (reference flags.json chmod_mode).
fn mode_bits(mode: u32) -> u32 {
    mode & 0o7777
}

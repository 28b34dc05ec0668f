//! Open fds of a process (proc(5), /proc/PID/fd and /proc/PID/fdinfo).

use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};

use tercel_format::record::{FdDetail, FdList, FdRecord};

use super::sockets::Sockets;
use super::text::text;
use super::threads::numbers;
use crate::flags;

/// Type codes of fds (reference scap-format.json, fd_types).
mod kind {
    pub(super) const DIRECTORY: u8 = 2;
    pub(super) const FIFO: u8 = 7;
    pub(super) const EVENT: u8 = 9;
    pub(super) const UNSUPPORTED: u8 = 10;
    pub(super) const SIGNALFD: u8 = 11;
    pub(super) const EVENTPOLL: u8 = 12;
    pub(super) const INOTIFY: u8 = 13;
    pub(super) const TIMERFD: u8 = 14;
    pub(super) const FILE: u8 = 16;
    pub(super) const BPF: u8 = 17;
    pub(super) const USERFAULTFD: u8 = 18;
    pub(super) const IOURING: u8 = 19;
    pub(super) const MEMFD: u8 = 20;
    pub(super) const PIDFD: u8 = 21;
}

/// Open fds of a process.
pub(super) fn fds(pid: i64, sockets: &mut Sockets) -> FdList {
    let fds =
        numbers(&format!("/proc/{pid}/fd")).into_iter().filter_map(|fd| one(pid, fd, sockets)).collect();
    FdList { tid: pid, fds }
}

fn one(pid: i64, fd: i64, sockets: &mut Sockets) -> Option<FdRecord> {
    let path = format!("/proc/{pid}/fd/{fd}");
    let name = fs::read_link(&path).ok()?.into_os_string().into_vec();
    let file = fs::metadata(&path).ok()?;
    let ino = file.ino();
    let ty = file.file_type();
    let named = |kind: u8, name: Vec<u8>| FdRecord { fd, ino, kind, detail: FdDetail::Name(name) };
    if ty.is_socket() {
        let (kind, detail) = sockets.find(pid, ino)?;
        return Some(FdRecord { fd, ino, kind, detail });
    }
    if ty.is_fifo() {
        return Some(named(kind::FIFO, name));
    }
    if let Some(name) = name.strip_prefix(b"anon_inode:") {
        return Some(named(anonymous(name), Vec::new()));
    }
    if name.starts_with(b"/memfd:") {
        return Some(named(kind::MEMFD, name));
    }
    if ty.is_dir() {
        return Some(named(kind::DIRECTORY, name));
    }
    if !(ty.is_file() || ty.is_block_device() || ty.is_char_device()) {
        return Some(named(kind::UNSUPPORTED, Vec::new()));
    }
    let flags = open_flags(&text(&format!("/proc/{pid}/fdinfo/{fd}")).unwrap_or_default());
    Some(FdRecord {
        fd,
        ino,
        kind: kind::FILE,
        detail: FdDetail::File { flags, name, dev: device(file.dev()) },
    })
}

/// The kind of an fd without a file.
fn anonymous(name: &[u8]) -> u8 {
    match name {
        b"[eventfd]" => kind::EVENT,
        b"[eventpoll]" => kind::EVENTPOLL,
        b"inotify" => kind::INOTIFY,
        b"[signalfd]" => kind::SIGNALFD,
        b"[timerfd]" => kind::TIMERFD,
        b"[io_uring]" => kind::IOURING,
        b"[userfaultfd]" => kind::USERFAULTFD,
        b"[pidfd]" => kind::PIDFD,
        name if name.starts_with(b"bpf") => kind::BPF,
        _ => kind::UNSUPPORTED,
    }
}

/// The flags in fdinfo (octal, the kernel's numbers), as in the catalogue.
fn open_flags(fdinfo: &str) -> u32 {
    let flags = fdinfo
        .lines()
        .find_map(|line| u32::from_str_radix(line.strip_prefix("flags:")?.trim(), 8).ok())
        .unwrap_or(0);
    flags::open_flags(flags)
}

/// A device number of user space (makedev(3)) in the kernel's encoding of 32 bits, as events have it.
fn device(dev: u64) -> u32 {
    let major = (dev >> 8 & 0xfff) | (dev >> 32 & !0xfff);
    let minor = (dev & 0xff) | (dev >> 12 & 0xffff_ff00);
    ((minor & 0xff) | major << 8 | (minor & !0xff) << 12) as u32
}

/// Any bytes as what is known of an fd.
#[cfg(fuzzing)]
pub(super) fn any_text(bytes: &[u8]) {
    open_flags(&String::from_utf8_lossy(bytes));
    anonymous(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_those_of_the_catalogue() {
        assert_eq!(open_flags("pos:\t0\nflags:\t0100002\nmnt_id:\t1\n"), 3 | 1 << 11);
        assert_eq!(open_flags(""), 1);
    }

    #[test]
    fn any_text_has_flags() {
        crate::mutation::of_bytes(&[b"pos:\t0\nflags:\t0100002\nmnt_id:\t1\n"], 20_000, |text| {
            assert!(open_flags(&String::from_utf8_lossy(text)) < 1 << 14);
        });
    }

    #[test]
    fn devices_are_encoded() {
        assert_eq!(device(0xfe00), 0xfe00);
        assert_eq!(device(0x10_0001), 0x10_0001);
    }
}

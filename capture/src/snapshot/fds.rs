//! Open fds of a process (proc(5), /proc/PID/fd and /proc/PID/fdinfo).

use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};

use tercel_format::catalogue::Machine;
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

/// Open fds of a process, and the ranges of fds that an exec closes as far as the list has no place to say so: it has one for
/// files only.
pub(super) fn fds(pid: i64, sockets: &mut Sockets) -> (FdList, Vec<(u32, u32)>) {
    let mut numbers = numbers(&format!("/proc/{pid}/fd"));
    numbers.sort_unstable();
    let mut closing = Closing::default();
    let mut list = FdList { tid: pid, fds: Vec::with_capacity(numbers.len()) };
    for number in numbers {
        let Some(fd) = one(pid, number, sockets) else { continue };
        let (closes, is_listed) = match &fd.detail {
            FdDetail::File { flags, .. } => (flags & CLOEXEC != 0, true),
            _ => (flags_of(pid, number) & CLOEXEC != 0, false),
        };
        closing.add(number as u32, closes, is_listed);
        list.fds.push(fd);
    }
    (list, closing.finish())
}

/// `PPM_O_CLOEXEC`.
const CLOEXEC: u32 = 1 << 12;

/// Runs of fds that an exec closes, of which at least one is a pipe, a socket or the like.
#[derive(Default)]
struct Closing {
    runs: Vec<(u32, u32)>,
    run: Option<(u32, u32)>,
    is_needed: bool,
}

impl Closing {
    /// The next open fd, by ascending numbers.
    fn add(&mut self, number: u32, closes: bool, is_listed: bool) {
        if !closes {
            self.end();
            return;
        }
        self.run = Some((self.run.map_or(number, |(first, _)| first), number));
        self.is_needed |= !is_listed;
    }

    fn end(&mut self) {
        let run = self.run.take().filter(|_| self.is_needed);
        self.runs.extend(run);
        self.is_needed = false;
    }

    fn finish(mut self) -> Vec<(u32, u32)> {
        self.end();
        self.runs
    }
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
    let detail = FdDetail::File { flags: flags_of(pid, fd), name, dev: device(file.dev()) };
    Some(FdRecord { fd, ino, kind: kind::FILE, detail })
}

fn flags_of(pid: i64, fd: i64) -> u32 {
    open_flags(&text(&format!("/proc/{pid}/fdinfo/{fd}")).unwrap_or_default())
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
    flags::open_flags(Machine::OF_THIS_PROGRAM, flags)
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
        assert_eq!(open_flags("pos:\t0\nflags:\t02000002\nmnt_id:\t1\n"), 3 | 1 << 12);
        assert_eq!(open_flags(""), 1);
    }

    #[test]
    fn any_text_has_flags() {
        crate::mutation::of_bytes(&[b"pos:\t0\nflags:\t0100002\nmnt_id:\t1\n"], 20_000, |text| {
            assert!(open_flags(&String::from_utf8_lossy(text)) < 1 << 14);
        });
    }

    #[test]
    fn runs_of_fds_that_an_exec_closes() {
        let check = |fds: &[(u32, bool, bool)], expected: &[(u32, u32)]| {
            let mut closing = Closing::default();
            fds.iter().for_each(|(number, closes, is_listed)| closing.add(*number, *closes, *is_listed));
            assert_eq!(closing.finish(), expected, "{fds:?}");
        };
        check(&[], &[]);
        check(&[(0, false, true), (3, true, true), (4, true, true)], &[]);
        check(&[(0, false, false), (3, true, true), (7, true, false), (8, false, true)], &[(3, 7)]);
        check(&[(1, true, false), (2, false, false), (3, true, false), (9, true, false)], &[(1, 1), (3, 9)]);
        check(&[(1, true, false), (2, false, false), (3, true, true)], &[(1, 1)]);
    }

    #[test]
    fn devices_are_encoded() {
        assert_eq!(device(0xfe00), 0xfe00);
        assert_eq!(device(0x10_0001), 0x10_0001);
    }
}

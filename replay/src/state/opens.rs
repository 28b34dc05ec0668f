//! open, creat, openat, openat2 and open_by_handle_at: files get their names (reference state 8.1 to 8.5).

use std::borrow::Cow;
use std::sync::Arc;

use tercel_format::Event;
use tercel_format::catalogue::code;
use tercel_format::extras::kind;

use super::params::{given, text};
use super::{Facts, Fd, FdKind, Slot, State, StoredEnter};

const O_DIRECTORY: u32 = 1 << 10;
/// The bits from here on are set at the exit and say what the kernel found out.
const O_CREATED: u32 = 1 << 14;
const UPPER_LAYER: u32 = 1 << 15;
const LOWER_LAYER: u32 = 1 << 16;
/// How a path begins whose directory is not known.
pub(crate) const UNKNOWN: &[u8] = b"<UNKNOWN>";
/// `AT_FDCWD`.
const CURRENT_DIRECTORY: i64 = -100;

/// The facts from an open's events.
struct Opened<'a> {
    name: &'a [u8],
    flags: u32,
    /// Directory fd, for the calls that have one.
    dirfd: Option<i64>,
    dev: u32,
    ino: u64,
}

impl State {
    /// The exit of an open.
    pub(super) fn on_open(&mut self, event: &Event<'_>, facts: &mut Facts, enter: Option<&StoredEnter>) {
        let (Some(slot), Some(number @ 0..)) = (facts.thread, event.return_value()) else { return };
        let mut paths = std::mem::take(&mut self.opened);
        let (opened, base) = self.opened(event, slot, enter);
        let (name, given) = paths.get(&base, opened.name);
        drop(base);
        self.opened = paths;
        let of_file = if opened.flags & O_DIRECTORY != 0 { FdKind::Directory } else { FdKind::FileV2 };
        let mut fd = Fd::new(of_file, name);
        fd.raw_name = given;
        fd.open_flags = opened.flags;
        (fd.dev, fd.ino) = (opened.dev, opened.ino);
        fd.flags.upper_layer = opened.flags & UPPER_LAYER != 0;
        fd.flags.lower_layer = opened.flags & LOWER_LAYER != 0;
        if let Some(path) = event.kernel_path(kind::PATH) {
            let inside = event.kernel_path(kind::PATH_INSIDE);
            if fd.name.starts_with(UNKNOWN) {
                fd.name = inside.unwrap_or(path).into();
            }
            fd.real = fd.called(path, inside);
        }
        self.add_fd(slot, number, Arc::new(fd), facts);
    }

    /// The facts from an open's events, and what a relative path is relative to.
    fn opened<'e>(
        &self,
        event: &Event<'e>,
        slot: Slot,
        enter: Option<&'e StoredEnter>,
    ) -> (Opened<'e>, Cow<'_, [u8]>) {
        match event.code() {
            code::SYSCALL_OPEN_X => (opened_by_name(event, enter), Cow::Borrowed(self.threads.cwd(slot))),
            code::SYSCALL_CREAT_X => (created(event, enter), Cow::Borrowed(self.threads.cwd(slot))),
            code::SYSCALL_OPENAT_2_X => self.opened_at(event, slot, enter, 5),
            code::SYSCALL_OPENAT2_X => self.opened_at(event, slot, enter, 6),
            _ => (opened_by_handle(event), Cow::Borrowed(&b""[..])),
        }
    }

    /// openat and openat2; device and inode stand at `dev` and after it.
    fn opened_at<'e>(
        &self,
        event: &Event<'e>,
        slot: Slot,
        enter: Option<&'e StoredEnter>,
        dev: usize,
    ) -> (Opened<'e>, Cow<'_, [u8]>) {
        let mut opened = Opened {
            name: text(event, 2),
            flags: event.u32(3).unwrap_or(0),
            dirfd: event.int(1),
            dev: 0,
            ino: 0,
        };
        if given(event, dev + 1) {
            opened.dev = event.u32(dev).unwrap_or(0);
            opened.ino = event.uint(dev + 1).unwrap_or(0);
        }
        if let Some(enter) = enter.filter(|enter| enter.text(1) != b"<NA>") {
            opened.name = enter.text(1);
            opened.flags = enter.u32(2).unwrap_or(0) | opened.flags & !(O_CREATED - 1);
            opened.dirfd = enter.int(0);
        }
        let base = match opened.dirfd {
            Some(dirfd) => self.dirfd_base(Some(slot), dirfd, opened.name),
            None => Cow::Borrowed(&b""[..]),
        };
        (opened, base)
    }

    /// The directory that a relative path of a thread is relative to: that of an fd, or the working directory; `<UNKNOWN>` if it is
    /// not known.
    pub fn directory(&self, tid: i64, dirfd: Option<i64>) -> Cow<'_, [u8]> {
        self.dirfd_base(self.threads.by_tid(tid), dirfd.unwrap_or(CURRENT_DIRECTORY), b"")
    }

    /// The directory that a path is relative to, given the directory fd of the call (reference state 7.3): `.` for an absolute
    /// path, the working directory for `AT_FDCWD`, otherwise the name of the fd with a slash, or `<UNKNOWN>`.
    pub(crate) fn dirfd_base(&self, slot: Option<Slot>, dirfd: i64, path: &[u8]) -> Cow<'_, [u8]> {
        if path.starts_with(b"/") {
            return Cow::Borrowed(b".");
        }
        let Some(slot) = slot else { return Cow::Borrowed(UNKNOWN) };
        if dirfd == CURRENT_DIRECTORY {
            return Cow::Borrowed(self.threads.cwd(slot));
        }
        if dirfd < 0 {
            return Cow::Borrowed(UNKNOWN);
        }
        match self.threads.fd(slot, dirfd).map(|fd| &*fd.name) {
            Some(name) if name.is_empty() || name.ends_with(b"/") => Cow::Borrowed(name),
            Some(name) => Cow::Owned([name, b"/"].concat()),
            None => Cow::Borrowed(UNKNOWN),
        }
    }
}

fn opened_by_name<'a>(event: &Event<'a>, enter: Option<&'a StoredEnter>) -> Opened<'a> {
    let mut opened =
        Opened { name: text(event, 1), flags: event.u32(2).unwrap_or(0), dirfd: None, dev: 0, ino: 0 };
    if given(event, 4) {
        opened.dev = event.u32(4).unwrap_or(0);
        opened.ino = event.uint(5).unwrap_or(0);
    }
    if let Some(enter) = enter.filter(|enter| enter.text(0) != b"<NA>") {
        opened.name = enter.text(0);
        opened.flags = enter.u32(1).unwrap_or(0) | opened.flags & !(O_CREATED - 1);
    }
    opened
}

fn created<'a>(event: &Event<'a>, enter: Option<&'a StoredEnter>) -> Opened<'a> {
    let mut opened = Opened { name: text(event, 1), flags: 0, dirfd: None, dev: 0, ino: 0 };
    if given(event, 3) {
        opened.dev = event.u32(3).unwrap_or(0);
        opened.ino = event.uint(4).unwrap_or(0);
        let layer = event.uint(5).filter(|_| given(event, 4)).unwrap_or(0);
        opened.flags = match layer {
            layer if layer & 1 != 0 => UPPER_LAYER,
            layer if layer & 2 != 0 => LOWER_LAYER,
            _ => 0,
        };
    }
    if let Some(enter) = enter.filter(|enter| enter.text(0) != b"<NA>") {
        opened.name = enter.text(0);
    }
    opened
}

fn opened_by_handle<'a>(event: &Event<'a>) -> Opened<'a> {
    Opened {
        name: text(event, 3),
        flags: event.u32(2).unwrap_or(0),
        dirfd: None,
        dev: event.u32(4).unwrap_or(0),
        ino: event.uint(5).unwrap_or(0),
    }
}

//! How fds come, multiply and go: close, dup, fcntl, pipes, and all the kinds that have no path (reference state 8.5 to 8.12).

use std::sync::Arc;

use tercel_format::Event;
use tercel_format::catalogue::code;

use super::fd::O_CLOEXEC;
use super::params::text;
use super::{Facts, Fd, FdKind, Slot, State, Text, clone_flag};

pub(super) const DUPFD: u64 = 1;
pub(super) const SETFD: u64 = 3;
pub(super) const DUPFD_CLOEXEC: u64 = 26;
/// `SOCK_CLOEXEC` in the type of a socket (include/linux/net.h).
const SOCK_CLOEXEC: u32 = 0o2_000_000;
/// `CLOSE_RANGE_CLOEXEC`.
const RANGE_CLOEXEC: u32 = 1 << 2;

/// Whether a pipe end or a duplicate became standard input or output.
const STDIN: i64 = 0;
const STDOUT: i64 = 1;

impl State {
    /// Puts an fd into the table of a thread, and binds the event to it (reference state 8.5).
    pub(super) fn add_fd(&mut self, slot: Slot, number: i64, fd: Arc<Fd>, facts: &mut Facts) {
        facts.has_fd = false;
        let named = !fd.name.is_empty();
        self.threads.grow(size_of::<Fd>() + fd.name.len() + fd.raw_name.len());
        if let Some(fds) = self.threads.fds_mut(slot) {
            facts.has_fd = fds.insert(number, fd);
            facts.fd_name_changed = facts.has_fd && named;
            self.threads.get_mut(slot).last_fd = number;
            facts.fd_num = number;
        }
    }

    /// close: the fd goes when the next event arrives (reference state 8.6).
    pub(super) fn on_close(&mut self, event: &Event<'_>, facts: &Facts) {
        if let Some(slot) = facts.thread.filter(|_| facts.has_fd)
            && event.return_value().is_some_and(|res| res >= 0)
        {
            self.closing = Some((self.threads.get(slot).tid, facts.fd_num));
        }
    }

    /// A close that succeeded, without its event: what [`apply`](State::apply) does with one that has nothing beside its parameters.
    #[inline]
    pub(crate) fn close(&mut self, tid: i64, ts: u64, fd: Option<i64>) {
        self.finish_previous(ts);
        if self.threads.room == 0 {
            self.check_memory();
        }
        let Some(slot) = self.threads.get_or_make(tid) else { return };
        let thread = self.threads.get_mut(slot);
        thread.flags |= clone_flag::ACTIVE;
        thread.used = ts;
        thread.enter = None;
        let entered = std::mem::replace(&mut thread.last_enter, u16::MAX) == code::SYSCALL_CLOSE_E;
        let known = if entered { thread.last_fd } else { -1 };
        thread.last_fd = -1;
        let number = if known == -1 { fd.unwrap_or(-1) } else { known };
        if number >= 0 && self.threads.fd(slot, number).is_some() {
            self.closing = Some((tid, number));
        }
    }

    /// close_range.
    pub(super) fn on_close_range(&mut self, event: &Event<'_>, facts: &Facts) {
        let Some(slot) = facts.thread.filter(|_| event.return_value().is_some_and(|res| res >= 0)) else {
            return;
        };
        let (Some(first), Some(last)) = (event.u32(1), event.u32(2)) else { return };
        let range = i64::from(first)..=i64::from(last);
        let mut copied = 0;
        let Some(fds) = self.threads.fds_mut(slot) else { return };
        if event.u32(3).unwrap_or(0) & RANGE_CLOEXEC != 0 {
            let changes = |number: &i64, fd: &Fd| range.contains(number) && fd.open_flags & O_CLOEXEC == 0;
            let numbers = fds.iter().filter(|(number, fd)| changes(number, fd)).map(|(number, _)| number);
            let numbers: Vec<i64> = numbers.collect();
            copied = numbers.len() * size_of::<Fd>();
            for number in numbers {
                if let Some(fd) = fds.get_mut(number) {
                    fd.open_flags |= O_CLOEXEC;
                }
            }
        } else {
            fds.retain(|number, _| !range.contains(&number));
        }
        self.threads.grow(copied);
    }

    /// dup, dup2 and dup3 (reference state 8.7, 8.8).
    pub(super) fn on_dup(&mut self, event: &Event<'_>, facts: &mut Facts) {
        let (Some(slot), Some(number @ 0..)) = (facts.thread, event.return_value()) else { return };
        let Some(source) = self.bound_fd(facts) else { return };
        let thread = self.threads.get_mut(slot);
        match number {
            STDIN => thread.flags |= clone_flag::PIPE_DST,
            STDOUT => thread.flags |= clone_flag::PIPE_SRC,
            _ => {}
        }
        let cloexec = event.code() == code::SYSCALL_DUP3_X && event.u32(3).unwrap_or(0) & O_CLOEXEC != 0;
        self.duplicate(slot, number, source, cloexec, facts);
    }

    /// fcntl, as far as it duplicates fds or sets close-on-exec (reference state 8.7).
    pub(super) fn on_fcntl(&mut self, event: &Event<'_>, facts: &mut Facts) {
        let (Some(slot), Some(res @ 0..)) = (facts.thread, event.return_value()) else { return };
        let Some(source) = self.bound_fd(facts) else { return };
        match event.uint(2) {
            Some(SETFD) => {
                let on = event.uint(3).unwrap_or(0) & 1 != 0;
                drop(source);
                if let Some(fd) = self.threads.fds_mut(slot).and_then(|fds| fds.get_mut(facts.fd_num)) {
                    fd.set_close_on_exec(on);
                }
            }
            Some(command @ (DUPFD | DUPFD_CLOEXEC)) => {
                self.duplicate(slot, res, source, command == DUPFD_CLOEXEC, facts);
            }
            Some(_) | None => {}
        }
    }

    /// The entry that the event is bound to.
    fn bound_fd(&self, facts: &Facts) -> Option<Arc<Fd>> {
        self.threads.fd(facts.thread.filter(|_| facts.has_fd)?, facts.fd_num).cloned()
    }

    fn duplicate(&mut self, slot: Slot, number: i64, mut source: Arc<Fd>, cloexec: bool, facts: &mut Facts) {
        if source.flags_after_dup(cloexec) != source.open_flags {
            Arc::make_mut(&mut source).set_close_on_exec(cloexec);
        }
        self.add_fd(slot, number, source, facts);
        // The duplicate has the name it had before.
        facts.fd_name_changed = false;
    }

    /// pipe and pipe2 (reference state 8.10).
    pub(super) fn on_pipe(&mut self, event: &Event<'_>, facts: &mut Facts) {
        let (Some(slot), Some(0..)) = (facts.thread, event.return_value()) else { return };
        let (Some(first), Some(second)) = (event.int(1), event.int(2)) else { return };
        let mut fd = self.nameless(FdKind::Fifo);
        fd.ino = event.uint(3).unwrap_or(0);
        if event.code() == code::SYSCALL_PIPE2_X {
            fd.open_flags = event.u32(4).unwrap_or(0);
        }
        let fd = Arc::new(fd);
        self.add_fd(slot, first, fd.clone(), facts);
        self.add_fd(slot, second, fd, facts);
    }

    /// socketpair (reference state 8.10).
    pub(super) fn on_socketpair(&mut self, event: &Event<'_>, facts: &mut Facts) {
        let (Some(slot), Some(0..)) = (facts.thread, event.return_value()) else { return };
        let (Some(first), Some(second)) = (event.int(1), event.int(2)) else { return };
        if first == second {
            facts.has_fd = false;
            return;
        }
        let mut fd = self.nameless(FdKind::Unix);
        fd.info.set_unix(event.uint(3).unwrap_or(0), event.uint(4).unwrap_or(0));
        fd.open_flags = if event.u32(6).unwrap_or(0) & SOCK_CLOEXEC != 0 { O_CLOEXEC } else { 0 };
        fd.show_addresses();
        let fd = Arc::new(fd);
        self.add_fd(slot, first, fd.clone(), facts);
        self.add_fd(slot, second, fd, facts);
    }

    /// Calls that make an fd of which only the kind is known (reference state 8.11).
    pub(super) fn on_nameless(&mut self, event: &Event<'_>, facts: &mut Facts, kind: FdKind) {
        let (Some(slot), Some(number @ 0..)) = (facts.thread, event.return_value()) else { return };
        let mut fd = self.nameless(kind);
        fd.open_flags = match event.code() {
            code::SYSCALL_EVENTFD2_X | code::SYSCALL_INOTIFY_INIT1_X | code::SYSCALL_SIGNALFD4_X => {
                event.u32(1).unwrap_or(0)
            }
            code::SYSCALL_TIMERFD_CREATE_X => event.u32(2).unwrap_or(0),
            code::SYSCALL_USERFAULTFD_X => event.u32(1).unwrap_or(0),
            code::SYSCALL_EPOLL_CREATE1_X if event.u32(1).unwrap_or(0) & 1 != 0 => O_CLOEXEC,
            _ if Fd::is_made_to_close(kind) => O_CLOEXEC,
            _ => 0,
        };
        self.add_fd(slot, number, Arc::new(fd), facts);
    }

    pub(super) fn nameless(&self, kind: FdKind) -> Fd {
        Fd::new(kind, self.threads.blank.text.clone())
    }

    /// memfd_create. A failed one leaves an entry under its negative number, as in the reference.
    pub(super) fn on_memfd(&mut self, event: &Event<'_>, facts: &mut Facts) {
        let (Some(slot), Some(number)) = (facts.thread, event.return_value()) else { return };
        let mut fd = self.nameless(FdKind::Unknown);
        if number >= 0 {
            fd.kind = FdKind::Memfd;
            fd.name = text(event, 1).into();
            fd.open_flags = event.u32(2).unwrap_or(0);
        }
        self.add_fd(slot, number, Arc::new(fd), facts);
    }

    /// pidfd_open.
    pub(super) fn on_pidfd(&mut self, event: &Event<'_>, facts: &mut Facts) {
        let (Some(slot), Some(number @ 0..)) = (facts.thread, event.return_value()) else { return };
        let pid = event.int(1).unwrap_or(0);
        let name: Text = format!("/proc/{pid}").into_bytes().into();
        let mut fd = Fd::new(FdKind::Pidfd, name);
        fd.pid = pid;
        fd.open_flags = event.u32(2).unwrap_or(0) | O_CLOEXEC;
        self.add_fd(slot, number, Arc::new(fd), facts);
    }

    /// pidfd_getfd: an fd of another process (reference state 8.12).
    pub(super) fn on_pidfd_getfd(&mut self, event: &Event<'_>, facts: &mut Facts) {
        let (Some(slot), Some(number)) = (facts.thread, event.return_value()) else { return };
        let (Some(pidfd @ 0..), Some(target @ 0..)) = (event.int(1), event.int(2)) else { return };
        let Some(pid) = self.threads.fd(slot, pidfd).filter(|fd| fd.kind == FdKind::Pidfd).map(|fd| fd.pid)
        else {
            return;
        };
        let Some(other) = self.threads.by_tid(pid) else { return };
        if let Some(source) = self.threads.fd(other, target).cloned() {
            self.duplicate(slot, number, source, true, facts);
        }
    }
}

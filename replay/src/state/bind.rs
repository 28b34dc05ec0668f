//! What comes before the state changes: what the previous event left to remove goes, and the event is bound to its thread and
//! its fd (reference state 2).

use tercel_format::Event;
use tercel_format::catalogue::{EventFlags, EventInfo, code};

use super::{Facts, Slot, State, StoredEnter, clone_flag};

/// How an event finds its thread (reference state 2.3, 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lookup {
    /// It has none.
    None,
    /// Only if it is known, and nothing else is bound.
    OnlyThread,
    /// If it is known.
    Known,
    /// It is made up if it is not known.
    Made,
}

/// How events of a type find their thread.
#[inline]
pub(super) fn lookup(info: &EventInfo) -> Lookup {
    if info.has(EventFlags::SKIP_PARSE_RESET) {
        return if info.code == code::PROCINFO_E { Lookup::OnlyThread } else { Lookup::None };
    }
    match info.code {
        code::CONTAINER_JSON_2_E
        | code::USER_ADDED_E
        | code::USER_DELETED_E
        | code::GROUP_ADDED_E
        | code::GROUP_DELETED_E
        | code::PLUGINEVENT_E
        | code::ASYNCEVENT_E => Lookup::None,
        code::SCHEDSWITCH_6_E => Lookup::OnlyThread,
        code::SYSCALL_CLONE_20_X
        | code::SYSCALL_CLONE3_X
        | code::SYSCALL_FORK_20_X
        | code::SYSCALL_VFORK_20_X
        | code::PROCEXIT_1_E => Lookup::Known,
        _ => Lookup::Made,
    }
}

impl State {
    /// Removes the thread or the fd that the previous event ended.
    #[inline]
    pub(super) fn finish_previous(&mut self, ts: u64) {
        if let Some(tid) = self.exiting.take() {
            let ptid = self.threads.by_tid(tid).map_or(-1, |slot| self.threads.get(slot).ptid);
            self.exits.record(tid, ptid, ts);
            self.threads.remove(tid);
        }
        if let Some((tid, number)) = self.closing.take()
            && let Some(slot) = self.threads.by_tid(tid)
            && let Some(fds) = self.threads.fds_mut(slot)
        {
            fds.remove(number);
        }
    }

    /// Binds an event to its thread and fd; for an exit also to the enter event that was kept for it.
    #[inline]
    pub(super) fn bind(&mut self, event: &Event<'_>, facts: &mut Facts) -> Option<Box<StoredEnter>> {
        let how = lookup(event.info);
        facts.thread = match how {
            Lookup::None => None,
            Lookup::OnlyThread | Lookup::Known => self.threads.by_tid(event.tid),
            Lookup::Made => self.threads.get_or_make(event.tid),
        };
        let slot = facts.thread.filter(|_| how != Lookup::OnlyThread)?;
        if how == Lookup::Made {
            self.threads.get_mut(slot).flags |= clone_flag::ACTIVE;
        }
        if event.info.is_exit() {
            self.bind_exit(event, slot, facts)
        } else {
            self.bind_enter(event, slot, facts);
            None
        }
    }

    fn bind_enter(&mut self, event: &Event<'_>, slot: Slot, facts: &mut Facts) {
        let number = if event.info.has(EventFlags::USES_FD) {
            event.int(enter_fd_param(event.code())).unwrap_or(-1)
        } else {
            -1
        };
        let thread = self.threads.get_mut(slot);
        thread.used = event.ts;
        thread.last_fd = number;
        thread.last_enter = event.code();
        self.bind_fd(slot, facts);
    }

    #[inline]
    fn bind_exit(&mut self, event: &Event<'_>, slot: Slot, facts: &mut Facts) -> Option<Box<StoredEnter>> {
        let thread = self.threads.get_mut(slot);
        thread.used = event.ts;
        // Whatever was kept serves this exit or none.
        let enter = thread.enter.take();
        let matches = thread.last_enter == event.code() - 1
            || (event.code() == code::SYSCALL_EXECVE_19_X && thread.last_enter == code::SYSCALL_EXECVEAT_E);
        thread.last_enter = u16::MAX;
        if !matches {
            thread.last_fd = -1;
        }
        if let Some(res @ ..0) = event.return_value() {
            facts.error = res;
        }
        if event.info.has(EventFlags::USES_FD) {
            if thread.last_fd == -1
                && let Some(number) = exit_fd_param(event.code()).and_then(|index| event.int(index))
            {
                thread.last_fd = number;
            }
            self.bind_fd(slot, facts);
        }
        enter.filter(|enter| matches && is_enter_of(enter.code, event.code()))
    }

    #[inline]
    fn bind_fd(&mut self, slot: Slot, facts: &mut Facts) {
        facts.fd_num = self.threads.get(slot).last_fd;
        facts.has_fd = facts.fd_num >= 0 && self.threads.fd(slot, facts.fd_num).is_some();
    }
}

fn is_enter_of(enter: u16, exit: u16) -> bool {
    enter == exit - 1 || (exit == code::SYSCALL_EXECVE_19_X && enter == code::SYSCALL_EXECVEAT_E)
}

/// Where an enter event has its fd (reference state 2.6).
pub(super) fn enter_fd_param(code: u16) -> usize {
    match code {
        code::SYSCALL_MMAP_E | code::SYSCALL_MMAP2_E => 4,
        code::SYSCALL_SPLICE_E => 1,
        _ => 0,
    }
}

/// Where an exit event has its fd (reference state 2.9, 2.10).
pub(super) fn exit_fd_param(code: u16) -> Option<usize> {
    Some(match code {
        code::SYSCALL_SETNS_X
        | code::SOCKET_LISTEN_X
        | code::SOCKET_SHUTDOWN_X
        | code::SYSCALL_FCHDIR_X
        | code::SYSCALL_LSEEK_X
        | code::SYSCALL_LLSEEK_X
        | code::SYSCALL_IOCTL_3_X
        | code::SYSCALL_FSTAT_X
        | code::SYSCALL_CLOSE_X
        | code::SYSCALL_GETDENTS_X
        | code::SYSCALL_GETDENTS64_X
        | code::SYSCALL_FLOCK_X
        | code::SYSCALL_COPY_FILE_RANGE_X
        | code::SYSCALL_FCNTL_X
        | code::SYSCALL_DUP_1_X
        | code::SYSCALL_DUP2_X
        | code::SYSCALL_DUP3_X
        | code::SYSCALL_NEWFSTATAT_X
        | code::SYSCALL_FCHOWNAT_X
        | code::SYSCALL_FCHMODAT_X
        | code::SYSCALL_MKDIRAT_X
        | code::SYSCALL_UNLINKAT_2_X
        | code::SYSCALL_MKNODAT_X
        | code::SOCKET_SENDMMSG_X
        | code::SOCKET_RECVMMSG_X
        | code::SYSCALL_IO_URING_REGISTER_X
        | code::SYSCALL_IO_URING_ENTER_X
        | code::SOCKET_SETSOCKOPT_X
        | code::SOCKET_GETSOCKOPT_X
        | code::SYSCALL_FSCONFIG_X
        | code::SYSCALL_FINIT_MODULE_X
        | code::SYSCALL_FCHMOD_X
        | code::SYSCALL_FCHOWN_X => 1,
        code::SYSCALL_READ_X
        | code::SYSCALL_PREAD_X
        | code::SOCKET_BIND_X
        | code::SYSCALL_WRITE_X
        | code::SYSCALL_PWRITE_X
        | code::SOCKET_RECV_X
        | code::SOCKET_SEND_X
        | code::SOCKET_SENDTO_X
        | code::SOCKET_SENDMSG_X
        | code::SYSCALL_SENDFILE_X
        | code::SYSCALL_SPLICE_X
        | code::SYSCALL_WRITEV_X
        | code::SYSCALL_PWRITEV_X
        | code::SOCKET_CONNECT_X
        | code::SYSCALL_SYMLINKAT_X => 2,
        code::SOCKET_RECVFROM_X | code::SYSCALL_READV_X | code::SYSCALL_PREADV_X => 3,
        code::SOCKET_RECVMSG_X => 5,
        code::SYSCALL_MMAP_X | code::SYSCALL_MMAP2_X => 8,
        _ => return None,
    })
}

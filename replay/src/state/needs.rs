//! What the state engine looks at: one row per event type that changes it, with the parameters that it reads and the condition
//! on the result of the call. Everything else can be left out of what a state is given, as [`State::pass`] says; the tests prove
//! that what remains is the same without it.
//!
//! The scan of a trace in columns unpacks by this table, slices and recordings of some processes keep by it.

use tercel_format::catalogue::{EVENTS, EventFlags, EventInfo, ParamType, code};

use super::bind::{Lookup, enter_fd_param, exit_fd_param, lookup};
use super::lifecycle::{DUPFD, DUPFD_CLOEXEC, SETFD};
use super::startup::Phase;
use super::{Slot, State, clone_flag};

/// What an event changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Threads, fds, containers or accounts, which fields of all kinds show.
    Host,
    /// Only how much memory a thread has and its page faults.
    Memory,
    /// Only the time that threads ran, and what [`Effect::Memory`] says.
    Run,
    /// Only whether a socket is connected.
    Connection,
}

/// With which results a call has its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// With any, and events that are no calls.
    Any,
    /// With results of 0 and more.
    Success,
    /// With results of 0 and more, and one of these values of a parameter, numbered as in the table of flags.
    Values(u8, &'static [u8]),
}

impl Outcome {
    /// Whether a call has its effect: of `param` the bytes of a parameter are asked.
    #[inline]
    pub(crate) fn has_effect<'a>(self, param: impl Fn(usize) -> Option<&'a [u8]>) -> bool {
        match self {
            Outcome::Any => true,
            Outcome::Success => is_success(param(0)),
            Outcome::Values(index, values) => {
                // A value of another width is read by whoever reads the whole event.
                let is_one = |bytes: &[u8]| !matches!(bytes, [value] if !values.contains(value));
                is_success(param(0)) && param(usize::from(index)).is_none_or(is_one)
            }
        }
    }
}

/// As `Event::return_value` reads it.
#[inline]
fn is_success(result: Option<&[u8]>) -> bool {
    match result {
        Some(bytes @ [.., last]) if matches!(bytes.len(), 4 | 8) => last & 0x80 == 0,
        Some(_) => true,
        None => false,
    }
}

/// Whose fields show the effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Those of the event's own process, and of no process, as for users and containers.
    Own,
    /// Also those of its descendants, its session and its group, or another process is meant.
    Others,
}

/// What the state engine looks at of events of one type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// Their code.
    pub code: u16,
    /// What they change.
    pub effect: Effect,
    /// When.
    pub outcome: Outcome,
    /// Whose fields show it.
    pub reach: Reach,
    /// The parameters that are read besides the fd that the event is bound to.
    params: Params,
}

/// Parameters of an event type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Params {
    /// Those whose bits are set.
    Bits(u32),
    /// All: the event is stored for its exit.
    All,
}

/// Parts of a state that only some fields show. What no field shows needs no events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Topics {
    /// Memory of threads and their page faults.
    pub memory: bool,
    /// The time that threads ran.
    pub run: bool,
    /// Whether sockets are connected.
    pub connection: bool,
}

impl Topics {
    /// The whole state.
    pub const ALL: Topics = Topics { memory: true, run: true, connection: true };

    /// What one or the other says.
    #[must_use]
    pub fn with(self, other: Topics) -> Topics {
        Topics {
            memory: self.memory || other.memory,
            run: self.run || other.run,
            connection: self.connection || other.connection,
        }
    }

    fn contains(self, effect: Effect) -> bool {
        match effect {
            Effect::Host => true,
            Effect::Memory => self.memory,
            Effect::Run => self.run || self.memory,
            Effect::Connection => self.connection,
        }
    }
}

impl Need {
    /// The parameters that are read, as bits.
    pub fn params(&self) -> u32 {
        match self.params {
            Params::All => u32::MAX,
            Params::Bits(bits) => {
                let outcome = match self.outcome {
                    Outcome::Any => 0,
                    Outcome::Success => 1,
                    Outcome::Values(index, _) => 1 | 1 << index,
                };
                bits | outcome | EVENTS.get(usize::from(self.code)).map_or(0, fd_param)
            }
        }
    }
}

/// What the state engine looks at of events of a type, where `topics` of it are of interest; `None` if nothing.
pub fn need_of(code: u16, topics: Topics) -> Option<Need> {
    let info = EVENTS.get(usize::from(code))?;
    match NEEDS.iter().find(|need| need.code == code) {
        Some(need) => Some(*need).filter(|need| topics.contains(need.effect)),
        // Whatever a thread enters is remembered until something returns.
        None if !info.is_exit() && matches!(lookup(info), Lookup::Known | Lookup::Made) => {
            Some(row(code, Effect::Host, Outcome::Any, Reach::Own, &[]))
        }
        None => None,
    }
}

/// Whether an event that is passed over concerns its thread: the return of a call.
pub(crate) fn goes_on(info: &EventInfo) -> bool {
    info.is_exit() && lookup(info) == Lookup::Made
}

/// The fd that an event is bound to, as the bit of its parameter.
pub(crate) fn fd_param(info: &EventInfo) -> u32 {
    if !info.has(EventFlags::USES_FD) {
        return 0;
    }
    let index = if info.is_exit() { exit_fd_param(info.code) } else { Some(enter_fd_param(info.code)) };
    index.map_or(0, |index| 1 << index)
}

/// The parameters, as bits, that are read of an event of any type if the kernel says something beside them: the result, the fd, and paths
/// that it does not repeat.
pub(crate) fn beside_extras(info: &EventInfo) -> u32 {
    let is_path = |ty| matches!(ty, ParamType::FsPath | ParamType::FsRelPath);
    let paths = (0u32..32).zip(info.params).filter(|(_, param)| is_path(param.ty));
    paths.fold(1 | fd_param(info), |bits, (index, _)| bits | 1 << index)
}

const fn row(code: u16, effect: Effect, outcome: Outcome, reach: Reach, params: &[u8]) -> Need {
    let (mut bits, mut at) = (0, 0);
    while at < params.len() {
        bits |= 1 << params[at];
        at += 1;
    }
    Need { code, effect, outcome, reach, params: Params::Bits(bits) }
}

/// A call that has an effect on its process if it succeeds.
const fn call(code: u16, params: &[u8]) -> Need {
    row(code, Effect::Host, Outcome::Success, Reach::Own, params)
}

/// An event that has an effect in any case.
const fn always(code: u16, params: &[u8]) -> Need {
    row(code, Effect::Host, Outcome::Any, Reach::Own, params)
}

/// The same, with an effect on other processes.
const fn of_others(need: Need) -> Need {
    Need { reach: Reach::Others, ..need }
}

/// An event that is stored for its exit.
const fn stored(code: u16) -> Need {
    Need { params: Params::All, ..always(code, &[]) }
}

/// Parameters of events that make threads: who is made by whom, and what it is.
const CLONE: &[u8] = &[0, 1, 2, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20];

/// Parameters of executions.
const EXEC: &[u8] =
    &[0, 1, 2, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29];

/// A call that moves data over an fd: bytes over a socket show that it is connected.
const fn moves(code: u16) -> Need {
    row(code, Effect::Connection, Outcome::Success, Reach::Own, &[])
}

/// Commands of fcntl that make or change fds (`PPM_FCNTL_F_*`).
const FCNTL_COMMANDS: &[u8] = &[DUPFD as u8, SETFD as u8, DUPFD_CLOEXEC as u8];

/// Every event type that changes the state, in the order of `dispatch`.
pub const NEEDS: &[Need] = &[
    moves(code::SYSCALL_READ_X),
    moves(code::SYSCALL_READV_X),
    moves(code::SYSCALL_PREAD_X),
    moves(code::SYSCALL_PREADV_X),
    moves(code::SYSCALL_WRITE_X),
    moves(code::SYSCALL_WRITEV_X),
    moves(code::SYSCALL_PWRITE_X),
    moves(code::SYSCALL_PWRITEV_X),
    call(code::SOCKET_RECV_X, &[4]),
    call(code::SOCKET_RECVFROM_X, &[2]),
    call(code::SOCKET_RECVMSG_X, &[3]),
    call(code::SOCKET_RECVMMSG_X, &[4]),
    call(code::SOCKET_SEND_X, &[4]),
    call(code::SOCKET_SENDTO_X, &[4]),
    call(code::SOCKET_SENDMSG_X, &[4]),
    call(code::SOCKET_SENDMMSG_X, &[4]),
    call(code::SYSCALL_OPEN_X, &[1, 2, 4, 5]),
    call(code::SYSCALL_CREAT_X, &[1, 3, 4, 5]),
    call(code::SYSCALL_OPENAT_2_X, &[1, 2, 3, 5, 6]),
    call(code::SYSCALL_OPENAT2_X, &[1, 2, 3, 6, 7]),
    call(code::SYSCALL_OPEN_BY_HANDLE_AT_X, &[2, 3, 4, 5]),
    call(code::SYSCALL_CLOSE_X, &[]),
    row(code::SYSCALL_BRK_4_X, Effect::Memory, Outcome::Any, Reach::Own, &[1, 2, 3]),
    row(code::SYSCALL_MMAP_X, Effect::Memory, Outcome::Any, Reach::Own, &[1, 2, 3]),
    row(code::SYSCALL_MMAP2_X, Effect::Memory, Outcome::Any, Reach::Own, &[1, 2, 3]),
    row(code::SYSCALL_MUNMAP_X, Effect::Memory, Outcome::Any, Reach::Own, &[1, 2, 3]),
    row(code::SCHEDSWITCH_6_E, Effect::Run, Outcome::Any, Reach::Own, &[1, 2, 3, 4, 5]),
    row(code::PROCINFO_E, Effect::Memory, Outcome::Any, Reach::Own, &[]),
    stored(code::SYSCALL_OPEN_E),
    stored(code::SYSCALL_CREAT_E),
    stored(code::SYSCALL_OPENAT_2_E),
    stored(code::SYSCALL_OPENAT2_E),
    stored(code::SYSCALL_EXECVE_19_E),
    stored(code::SYSCALL_EXECVEAT_E),
    stored(code::SOCKET_CONNECT_E),
    of_others(always(code::SYSCALL_CLONE_20_X, CLONE)),
    of_others(always(code::SYSCALL_FORK_20_X, CLONE)),
    of_others(always(code::SYSCALL_VFORK_20_X, CLONE)),
    of_others(always(code::SYSCALL_CLONE3_X, CLONE)),
    of_others(call(code::SYSCALL_EXECVE_19_X, EXEC)),
    of_others(call(code::SYSCALL_EXECVEAT_X, EXEC)),
    call(code::SYSCALL_CHROOT_X, &[1]),
    of_others(always(code::PROCEXIT_1_E, &[4])),
    call(code::SOCKET_SOCKET_X, &[1, 2, 3, 4]),
    call(code::SOCKET_BIND_X, &[1]),
    // One that is under way has an effect, too.
    always(code::SOCKET_CONNECT_X, &[0, 1, 3]),
    call(code::SOCKET_ACCEPT_5_X, &[1]),
    call(code::SOCKET_ACCEPT4_6_X, &[1, 5]),
    call(code::SOCKET_SOCKETPAIR_X, &[1, 2, 3, 4, 6]),
    Need { outcome: Outcome::Values(2, FCNTL_COMMANDS), ..call(code::SYSCALL_FCNTL_X, &[2, 3]) },
    call(code::SYSCALL_DUP_1_X, &[]),
    call(code::SYSCALL_DUP2_X, &[]),
    call(code::SYSCALL_DUP3_X, &[3]),
    call(code::SYSCALL_PIPE_X, &[1, 2, 3]),
    call(code::SYSCALL_PIPE2_X, &[1, 2, 3, 4]),
    call(code::SYSCALL_CLOSE_RANGE_X, &[1, 2, 3]),
    call(code::SYSCALL_CHDIR_X, &[1]),
    call(code::SYSCALL_GETCWD_X, &[1]),
    call(code::SYSCALL_FCHDIR_X, &[]),
    call(code::SYSCALL_SETUID_X, &[1]),
    call(code::SYSCALL_SETREUID_X, &[2]),
    call(code::SYSCALL_SETRESUID_X, &[2]),
    call(code::SYSCALL_SETGID_X, &[1]),
    call(code::SYSCALL_SETREGID_X, &[2]),
    call(code::SYSCALL_SETRESGID_X, &[2]),
    call(code::SYSCALL_CAPSET_X, &[1, 2, 3]),
    call(code::SYSCALL_UNSHARE_X, &[1]),
    call(code::SYSCALL_SETNS_X, &[2]),
    of_others(call(code::SYSCALL_PRCTL_X, &[1, 3])),
    of_others(call(code::SYSCALL_SETSID_X, &[])),
    call(code::SYSCALL_GETRLIMIT_X, &[1, 3]),
    call(code::SYSCALL_SETRLIMIT_X, &[1, 3]),
    of_others(call(code::SYSCALL_PRLIMIT_X, &[1, 5, 6])),
    call(code::SYSCALL_EVENTFD_X, &[]),
    call(code::SYSCALL_EVENTFD2_X, &[1]),
    call(code::SYSCALL_SIGNALFD_X, &[]),
    call(code::SYSCALL_SIGNALFD4_X, &[1]),
    call(code::SYSCALL_TIMERFD_CREATE_X, &[2]),
    call(code::SYSCALL_INOTIFY_INIT_X, &[]),
    call(code::SYSCALL_INOTIFY_INIT1_X, &[1]),
    call(code::SYSCALL_BPF_2_X, &[]),
    call(code::SYSCALL_USERFAULTFD_X, &[1]),
    call(code::SYSCALL_IO_URING_SETUP_X, &[]),
    call(code::SYSCALL_EPOLL_CREATE_X, &[]),
    call(code::SYSCALL_EPOLL_CREATE1_X, &[1]),
    // A failed one leaves an entry, as in the reference.
    always(code::SYSCALL_MEMFD_CREATE_X, &[0, 1, 2]),
    call(code::SYSCALL_PIDFD_OPEN_X, &[1, 2]),
    always(code::SYSCALL_PIDFD_GETFD_X, &[0, 1, 2]),
    always(code::USER_ADDED_E, &[0, 1, 2, 3, 4, 5]),
    always(code::USER_DELETED_E, &[0, 5]),
    always(code::GROUP_ADDED_E, &[0, 1, 2]),
    always(code::GROUP_DELETED_E, &[0, 2]),
    always(code::CONTAINER_JSON_2_E, &[0]),
    always(code::ASYNCEVENT_E, &[0, 1, 2]),
];

impl State {
    /// Takes note of an event that is passed over: one of a type that changes nothing of interest, or of a call that failed and so
    /// changes nothing. What the event before it ended goes; its thread is made up if it is not known, and an enter event that
    /// the thread is in has lost its exit. Nothing else of the state depends on such events.
    pub fn pass(&mut self, info: &'static EventInfo, tid: i64, ts: u64) {
        self.pass_first(info, ts);
        if goes_on(info) {
            self.pass_on(tid, ts);
        }
    }

    /// The part of [`pass`](State::pass) that only the first of several events in a row needs.
    pub(crate) fn pass_first(&mut self, info: &'static EventInfo, ts: u64) {
        if !matches!(self.phase, Phase::Running) {
            self.begin(false);
        }
        if self.first_ts == 0 {
            self.note_first(info, ts);
        }
        self.finish_previous(ts);
        if self.threads.room == 0 {
            self.check_memory();
        }
    }

    /// The part of [`pass`](State::pass) that every event needs whose type [`goes_on`]: its thread returns from a call.
    #[inline]
    pub(crate) fn pass_on(&mut self, tid: i64, ts: u64) {
        if let Some(Slot(slot)) = self.threads.by_tid(tid)
            && let Some(thread) = self.threads.slots.get_mut(slot as usize)
            && thread.flags & clone_flag::ACTIVE != 0
            && thread.last_enter == u16::MAX
        {
            thread.used = ts;
            return;
        }
        self.pass_on_slowly(tid, ts);
    }

    #[cold]
    fn pass_on_slowly(&mut self, tid: i64, ts: u64) {
        if self.threads.room == 0 {
            self.check_memory();
        }
        let Some(slot) = self.threads.get_or_make(tid) else { return };
        let thread = self.threads.get_mut(slot);
        thread.flags |= clone_flag::ACTIVE;
        thread.used = ts;
        (thread.enter, thread.last_enter, thread.last_fd) = (None, u16::MAX, -1);
    }
}

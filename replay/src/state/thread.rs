//! Threads: what is known of each, and the table that holds them with their groups and parents.

use std::sync::Arc;

use super::{FdTable, Image, Text};

/// Position of a thread in the table; valid until the thread is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(pub u32);

/// Bits of [`Thread::flags`] (`PPM_CL_*`, reference state 3.5).
#[allow(missing_docs)]
pub mod clone_flag {
    pub const FILES: u32 = 1;
    pub const FS: u32 = 1 << 1;
    pub const NEWPID: u32 = 1 << 6;
    pub const PARENT: u32 = 1 << 8;
    pub const THREAD: u32 = 1 << 13;
    pub const INVERTED: u32 = 1 << 16;
    pub const NAME_CHANGED: u32 = 1 << 17;
    pub const CLOSED: u32 = 1 << 18;
    pub const ACTIVE: u32 = 1 << 19;
    pub const NEWUSER: u32 = 1 << 20;
    pub const PIPE_SRC: u32 = 1 << 21;
    pub const PIPE_DST: u32 = 1 << 22;
    pub const VFORK: u32 = 1 << 27;
    pub const CHILD_IN_PIDNS: u32 = 1 << 29;
    pub const IS_MAIN_THREAD: u32 = 1 << 30;
}

/// One thread. Strings are raw bytes; times are nanoseconds since the epoch, 0 where unknown.
#[derive(Debug, Clone)]
pub struct Thread {
    /// Thread id.
    pub tid: i64,
    /// Thread group id, -1 for an entry made up because nothing is known of the thread.
    pub pid: i64,
    /// Thread id of the parent, 0 where there is none.
    pub ptid: i64,
    /// Thread id in the pid namespace, -1 where unknown.
    pub vtid: i64,
    /// Thread group id in the pid namespace, -1 where unknown.
    pub vpid: i64,
    /// Session.
    pub sid: i64,
    /// Process group in the pid namespace.
    pub vpgid: i64,
    /// Process group on the host.
    pub pgid: i64,
    /// [`clone_flag`] bits.
    pub flags: u32,
    /// User, `u32::MAX` where unknown.
    pub uid: u32,
    /// Group, `u32::MAX` where unknown.
    pub gid: u32,
    /// Audit user, `u32::MAX` for none.
    pub loginuid: u32,
    /// Controlling terminal, 0 for none.
    pub tty: u32,
    /// Name, argv and executable.
    pub image: Arc<Image>,
    /// Facts about the executable and the execution.
    pub exec: ExecFacts,
    /// Capability sets.
    pub caps: Capabilities,
    /// `subsystem=path`, NUL between and behind.
    pub cgroups: Text,
    /// Container id of up to 12 characters; empty on the host.
    pub container: Text,
    /// Root directory.
    pub root: Text,
    /// Working directory, ending in a slash; maintained on the leader.
    pub cwd: Text,
    /// Environment, NUL between and behind; maintained on the leader.
    pub env: Text,
    /// Limit of open fds.
    pub fdlimit: i64,
    /// Memory and faults.
    pub memory: Memory,
    /// When it was cloned; 0 for threads of the capture's process list.
    pub clone_ts: u64,
    /// When it last executed something.
    pub lastexec_ts: u64,
    /// Start of the pid namespace's init.
    pub pidns_init_start_ts: u64,
    /// Open fds; used on the leader, or on a thread that does not share its leader's.
    pub fds: FdTable,
    /// Number of the fd that the last event of the thread worked on, -1 for none.
    pub last_fd: i64,
    /// Code of the last enter event seen, `u16::MAX` for none.
    pub last_enter: u16,
    /// The enter event that its exit still needs (reference state 2.12).
    pub enter: Option<Box<StoredEnter>>,
    /// CPU time of the current slice and in total, nanoseconds (switch events).
    pub cpu_time: u64,
    /// The thread has exited.
    pub dead: bool,
    /// Children, newest first.
    pub children: Vec<i64>,
}

/// Facts about the executable of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExecFacts {
    /// Writable by its owner.
    pub writable: bool,
    /// In the upper layer of an overlay.
    pub upper_layer: bool,
    /// In a lower layer of an overlay.
    pub lower_layer: bool,
    /// A memfd.
    pub from_memfd: bool,
    /// Inode.
    pub ino: u64,
    /// Its change time.
    pub ctime: u64,
    /// Its modification time.
    pub mtime: u64,
    /// Clone time minus change time (wraps as in the reference).
    pub ctime_duration_clone: u64,
    /// Change time minus start of the pid namespace.
    pub ctime_duration_pidns: u64,
}

/// Capability sets, one bit per capability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Capabilities {
    /// Inheritable.
    pub inheritable: u64,
    /// Permitted.
    pub permitted: u64,
    /// Effective.
    pub effective: u64,
}

/// Memory in kB and page faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Memory {
    /// Virtual memory.
    pub vmsize_kb: u32,
    /// Resident memory.
    pub vmrss_kb: u32,
    /// Swapped memory.
    pub vmswap_kb: u32,
    /// Major page faults.
    pub pfmajor: u64,
    /// Minor page faults.
    pub pfminor: u64,
}

/// An enter event kept for its exit: its code and its parameters as they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEnter {
    /// Event code.
    pub code: u16,
    /// Parameters, raw.
    pub params: Vec<Box<[u8]>>,
}

impl Thread {
    /// Whether it is its group's leader.
    pub fn is_main(&self) -> bool {
        self.tid == self.pid || self.flags & clone_flag::IS_MAIN_THREAD != 0
    }

    /// Whether it has no usable identity (reference state 2.5).
    pub fn is_invalid(&self) -> bool {
        self.tid < 0 || self.pid < 0 || self.ptid < 0
    }

    /// Whether it lives in a pid namespace of its own (reference state 3.5).
    pub fn is_in_pid_namespace(&self) -> bool {
        self.flags & clone_flag::CHILD_IN_PIDNS != 0 || (self.vtid >= 0 && self.tid != self.vtid)
    }
}

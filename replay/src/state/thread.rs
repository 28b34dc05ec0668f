//! Threads: what is known of each, and the table that holds them with their groups and parents.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tercel_format::Event;
use tercel_format::until_nul;

use super::keyframe::list::bounded;
use super::lineage::Kin;
use super::{FdTable, Image, Text};

/// Position of a thread in the table; valid until the thread is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(pub u32);

/// Bits of [`Thread::flags`] (`PPM_CL_*`, reference state 3.5).
#[allow(missing_docs)]
pub(crate) mod clone_flag {
    pub(crate) const FILES: u32 = 1;
    pub(crate) const NEWPID: u32 = 1 << 6;
    pub(crate) const PARENT: u32 = 1 << 8;
    pub(crate) const THREAD: u32 = 1 << 13;
    pub(crate) const INVERTED: u32 = 1 << 16;
    pub(crate) const NAME_CHANGED: u32 = 1 << 17;
    pub(crate) const CLOSED: u32 = 1 << 18;
    pub(crate) const ACTIVE: u32 = 1 << 19;
    pub(crate) const NEWUSER: u32 = 1 << 20;
    pub(crate) const PIPE_SRC: u32 = 1 << 21;
    pub(crate) const PIPE_DST: u32 = 1 << 22;
    pub(crate) const VFORK: u32 = 1 << 27;
    pub(crate) const CHILD_IN_PIDNS: u32 = 1 << 29;
    pub(crate) const IS_MAIN_THREAD: u32 = 1 << 30;
}

/// One thread. Strings are raw bytes; times are nanoseconds since the epoch, 0 if unknown.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Thread {
    /// Thread id.
    pub tid: i64,
    /// Thread group id, -1 for an entry made up because nothing is known of the thread.
    pub pid: i64,
    /// Thread id of the parent, 0 if there is none.
    pub ptid: i64,
    /// Thread id in the pid namespace, -1 if unknown.
    pub vtid: i64,
    /// Thread group id in the pid namespace, -1 if unknown.
    pub vpid: i64,
    /// Session.
    pub sid: i64,
    /// Process group in the pid namespace.
    pub vpgid: i64,
    /// Process group on the host.
    pub pgid: i64,
    /// `clone_flag` bits.
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
    #[serde(skip)]
    pub image: Arc<Image>,
    /// Facts about the executable and the execution.
    pub(crate) exec: ExecFacts,
    /// Capability sets.
    pub caps: Capabilities,
    /// `subsystem=path`, NUL between and after.
    #[serde(skip)]
    pub cgroups: Text,
    /// Container id of up to 12 characters; empty on the host.
    #[serde(skip)]
    pub container: Text,
    /// Root directory.
    #[serde(skip)]
    pub root: Text,
    /// Working directory, ending in a slash; maintained on the leader.
    #[serde(skip)]
    pub cwd: Text,
    /// Environment, NUL between and after; maintained on the leader.
    #[serde(skip)]
    pub env: Text,
    /// Limit of open fds.
    pub fdlimit: i64,
    /// Memory and faults.
    pub memory: Memory,
    /// When it was cloned; 0 for threads of the capture's process list.
    pub(crate) clone_ts: u64,
    /// When it last executed something.
    pub(crate) lastexec_ts: u64,
    /// Start of the pid namespace's init.
    pub pidns_init_start_ts: u64,
    /// Open fds; used on the leader, or on a thread that does not share its leader's. Shared after a fork until one side
    /// changes it.
    #[serde(skip)]
    pub fds: Arc<FdTable>,
    /// Number of the fd that the enter event worked on whose exit is to come, -1 for none.
    pub(crate) last_fd: i64,
    /// Code of the enter event whose exit is to come, `u16::MAX` for none.
    pub(crate) last_enter: u16,
    /// The enter event that its exit still needs (reference state 2.12).
    pub(crate) enter: Option<Box<StoredEnter>>,
    /// CPU time of the current slice and in total, nanoseconds (switch events).
    pub cpu_time: u64,
    /// What a health check of its container started it for.
    pub category: Category,
    /// Time of its last event.
    #[serde(skip)]
    pub(super) used: u64,
    /// Place in the group and among the children of the parent.
    #[serde(skip)]
    pub(super) links: Links,
    /// Where it comes from.
    #[serde(skip)]
    pub(super) kin: Kin,
}

/// What a process is to its container.
#[allow(missing_docs)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Category {
    #[default]
    None,
    Container,
    Healthcheck,
    LivenessProbe,
    ReadinessProbe,
}

/// Facts about the executable of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct ExecFacts {
    /// Writable by its owner.
    pub writable: bool,
    /// In the upper layer of an overlay.
    pub(crate) upper_layer: bool,
    /// In a lower layer of an overlay.
    pub(crate) lower_layer: bool,
    /// A memfd.
    pub(crate) from_memfd: bool,
    /// Inode.
    pub ino: u64,
    /// Its change time.
    pub ctime: u64,
    /// Its modification time.
    pub mtime: u64,
    /// Clone time minus change time (wraps as in the reference).
    pub(crate) ctime_duration_clone: u64,
    /// Change time minus start of the pid namespace.
    pub(crate) ctime_duration_pidns: u64,
}

/// Capability sets, one bit per capability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Capabilities {
    /// Inheritable.
    pub inheritable: u64,
    /// Permitted.
    pub permitted: u64,
    /// Effective.
    pub effective: u64,
}

/// Memory in kB and page faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
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

/// Most parameters that are read of one.
const MAX_PARAMS: usize = 1 << 8;

/// An enter event kept for its exit: its code and its parameters as they were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredEnter {
    /// Event code.
    pub code: u16,
    /// Parameters, raw.
    #[serde(deserialize_with = "bounded::<_, _, MAX_PARAMS>")]
    pub params: Vec<Box<[u8]>>,
}

impl StoredEnter {
    /// Keeps an event.
    pub(super) fn new(event: &Event<'_>) -> StoredEnter {
        let params =
            (0..event.nparams()).map(|index| event.param(index).unwrap_or_default().into()).collect();
        StoredEnter { code: event.code(), params }
    }

    /// Raw bytes of a parameter, empty if it is missing.
    pub(super) fn param(&self, index: usize) -> &[u8] {
        self.params.get(index).map_or(b"", |param| param)
    }

    /// A parameter as text, `<NA>` where it is missing (reference state 2.13).
    pub(super) fn text(&self, index: usize) -> &[u8] {
        match self.param(index) {
            b"" | b"(NULL)\0" => b"<NA>",
            bytes => until_nul(bytes),
        }
    }

    /// A parameter as a signed number.
    pub(super) fn int(&self, index: usize) -> Option<i64> {
        match *self.param(index) {
            [a, b, c, d] => Some(i64::from(i32::from_le_bytes([a, b, c, d]))),
            [a, b, c, d, e, f, g, h] => Some(i64::from_le_bytes([a, b, c, d, e, f, g, h])),
            _ => None,
        }
    }

    /// A 32-bit parameter.
    pub(super) fn u32(&self, index: usize) -> Option<u32> {
        self.param(index).try_into().ok().map(u32::from_le_bytes)
    }
}

impl Thread {
    /// A thread of which only the id is known. `blank` lends the empty values that all such threads share.
    pub(super) fn new(tid: i64, blank: &Blank) -> Thread {
        Thread {
            tid,
            pid: -1,
            ptid: -1,
            vtid: -1,
            vpid: -1,
            sid: -1,
            vpgid: -1,
            pgid: -1,
            flags: clone_flag::NAME_CHANGED,
            uid: u32::MAX,
            gid: u32::MAX,
            loginuid: u32::MAX,
            tty: 0,
            image: blank.image.clone(),
            exec: ExecFacts::default(),
            caps: Capabilities::default(),
            cgroups: blank.text.clone(),
            container: blank.text.clone(),
            root: blank.text.clone(),
            cwd: blank.text.clone(),
            env: blank.text.clone(),
            fdlimit: -1,
            memory: Memory::default(),
            clone_ts: 0,
            lastexec_ts: 0,
            pidns_init_start_ts: 0,
            fds: blank.fds.clone(),
            last_fd: -1,
            last_enter: u16::MAX,
            enter: None,
            cpu_time: 0,
            category: Category::None,
            used: 0,
            links: Links::default(),
            kin: Kin::default(),
        }
    }

    /// When it was started, in nanoseconds since the epoch; 0 where it ran before the capture. Together with the pid this
    /// names a process for good, also where its pid is used again.
    pub fn started(&self) -> u64 {
        self.clone_ts
    }

    /// Whether it has exited.
    pub fn is_dead(&self) -> bool {
        self.flags & clone_flag::CLOSED != 0
    }

    /// Whether it is its group's leader.
    pub fn is_main(&self) -> bool {
        self.tid == self.pid || self.flags & clone_flag::IS_MAIN_THREAD != 0
    }

    /// Whether it has no usable identity (reference state 2.5).
    pub(crate) fn is_invalid(&self) -> bool {
        self.tid < 0 || self.pid < 0 || self.ptid < 0
    }

    /// Whether it lives in a pid namespace of its own (reference state 3.5).
    pub(crate) fn is_in_pid_namespace(&self) -> bool {
        self.flags & clone_flag::CHILD_IN_PIDNS != 0 || (self.vtid >= 0 && self.tid != self.vtid)
    }
}

/// Empty values that fresh threads share.
#[derive(Debug, Clone)]
pub(super) struct Blank {
    /// No text.
    pub(super) text: Text,
    /// The image of a thread of which nothing is known: `<NA>` as name and argv\[0\].
    pub(super) image: Arc<Image>,
    /// No fds.
    pub(super) fds: Arc<FdTable>,
}

impl Default for Blank {
    fn default() -> Blank {
        let unknown: Text = b"<NA>".as_slice().into();
        let text = Text::default();
        let image = Image { id: 0, comm: unknown.clone(), exe: unknown, ..Image::default() };
        Blank { text, image: Arc::new(image), fds: Arc::default() }
    }
}

/// Position in the lists of a group and of a parent; `None` if there is no neighbour.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Links {
    /// The group, an index into the table of groups.
    pub(super) group: Option<u32>,
    /// Neighbours in the group, leader first.
    pub(super) previous_member: Option<Slot>,
    pub(super) next_member: Option<Slot>,
    /// The thread in whose list of children this one is.
    pub(super) parent: Option<Slot>,
    /// Neighbours in that list, newest first.
    pub(super) previous_sibling: Option<Slot>,
    pub(super) next_sibling: Option<Slot>,
    /// Head of the own list of children.
    pub(super) first_child: Option<Slot>,
    /// Children in the list.
    pub(super) children: u32,
    /// The same as the reference counts them: ended children stay in its list until it is cleaned up, and a thread
    /// with only such children still gets a reaper.
    pub(super) listed_children: u64,
    /// Listed children that the reference takes to be there.
    pub(super) expected_children: u64,
    /// Who takes over the children, 0 or below if the kernel did not say.
    pub(super) reaper_tid: i64,
}

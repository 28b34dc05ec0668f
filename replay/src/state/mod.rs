//! The state engine: blocks and events of a capture enter, and what is known of the host at each event leaves.
//! Knows nothing of rules and fields, and never looks at the host it runs on (design D5).

mod accounts;
mod containers;
mod fd;
mod image;
mod interfaces;
mod numbers;
pub mod path;
pub mod sockets;
mod table;
mod thread;

use std::borrow::Cow;
use std::sync::Arc;

use tercel_format::record::MachineInfo;
use tercel_format::{Block, Event};

pub use accounts::{Accounts, Group, User};
pub use containers::{Container, Containers, Mount};
pub use fd::{Endpoints, Fd, FdFlags, FdKind, FdTable, L4, MAX_FDS, Role};
pub use image::{Image, Text};
pub use interfaces::Interfaces;
pub use table::Threads;
pub use thread::{Capabilities, ExecFacts, Memory, Slot, StoredEnter, Thread, clone_flag};

/// Everything known of the recorded host at one point of the capture.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The host.
    pub machine: MachineInfo,
    /// Its threads.
    pub threads: Threads,
    /// Its users and groups.
    pub accounts: Accounts,
    /// Its network interfaces.
    pub interfaces: Interfaces,
    /// Its containers.
    pub containers: Containers,
    first_ts: u64,
}

/// What the state engine found out about the current event.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The event's thread.
    pub thread: Option<Slot>,
    /// Number of the fd that the event works on, as the thread remembers it; -1 where unknown.
    pub fd_num: i64,
    /// The event is bound to an fd entry: the one at `fd_num` in the fd table in force for the thread (reference state 2.6-2.9).
    pub has_fd: bool,
    /// The event changed the name of its fd (reference state 2.11).
    pub fd_name_changed: bool,
    /// The return value if it is negative, else 0 (reference state 2.8).
    pub error: i64,
    /// The container that a container event tells about (reference state 11.13).
    pub container: Option<Arc<Container>>,
}

impl Default for Facts {
    fn default() -> Facts {
        Facts { thread: None, fd_num: -1, has_fd: false, fd_name_changed: false, error: 0, container: None }
    }
}

impl State {
    /// A state in which nothing is known.
    pub fn new() -> State {
        State::default()
    }

    /// Takes in a block that is not an event; a section header resets everything. Events go to [`State::apply`].
    pub fn block(&mut self, block: &Block<'_>) {
        match block {
            Block::Section(_) => *self = State::new(),
            Block::Machine(machine) => self.machine = machine.clone(),
            Block::Interfaces(list) => self.interfaces.replace(list),
            Block::Processes(_) | Block::Fds(_) | Block::Accounts(_) | Block::Event(_) => {}
        }
    }

    /// Takes in an event (reference state 2.1, b to f) and tells what was found out about it; `None` where the event is
    /// consumed silently (reference state 1.5).
    pub fn apply(&mut self, event: &Event<'_>) -> Option<Facts> {
        if self.first_ts == 0 {
            self.first_ts = event.ts;
        }
        Some(Facts::default())
    }

    /// Base of `evt.reltime`: the time of the first event that is not a meta event (reference state 1.10), 0 before it.
    pub fn first_ts(&self) -> u64 {
        self.first_ts
    }

    /// The directory that a path is relative to, given the directory fd of the call (reference state 7.3): `.` for an absolute
    /// path, the working directory for `AT_FDCWD`, otherwise the name of the fd with a slash, or `<UNKNOWN>`.
    pub fn dirfd_base(&self, slot: Option<Slot>, dirfd: i64, path: &[u8]) -> Cow<'_, [u8]> {
        let _ = (slot, dirfd, path);
        Cow::Borrowed(b"<UNKNOWN>")
    }
}

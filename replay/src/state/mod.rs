//! The state engine: blocks and events of a capture enter, and what is known of the host at each event leaves.
//! Knows nothing of rules and fields, and never looks at the host it runs on (design D5).

mod bytes;
mod image;

mod fd;
mod fdtable;
mod fdtree;
mod socket_info;
mod thread;

mod family;
mod lineage;
mod marks;
mod numbers;
mod recent;
mod table;
mod texts;

mod accounts;
mod container_json;
mod containers;
mod interfaces;

pub mod path;
mod recent_paths;
pub mod sockets;
pub mod text;

mod bind;
mod params;
mod startup;

mod clone;
mod connections;
mod dispatch;
mod exec;
mod identity;
mod lifecycle;
mod opens;
mod real;
mod transfer;

mod budget;
mod effect;
mod keyframe;
pub mod needs;

mod export;
mod retain;

use std::sync::Arc;

use tercel_format::catalogue::{EventInfo, EventSource, code};
use tercel_format::record::MachineInfo;
use tercel_format::{Block, Event};

pub(crate) use accounts::Names;
pub use accounts::{Accounts, Group, User};
pub use budget::Forgotten;
pub(crate) use budget::MEMORY_LIMIT;
pub use containers::{Container, Containers, Mount, Probe};
pub use export::ResumePoint;
pub(crate) use family::MAX_ANCESTORS;
pub use fd::Fd;
pub(crate) use fd::{Endpoints, FdKind, L4, RealPath, Role};
pub use fdtable::FdTable;
pub use image::{Image, Text};
pub use interfaces::Interfaces;
pub use keyframe::{Base, KeyframeError, STATE_VERSION};
pub use lineage::{Ancestor, Origin};

pub(crate) use socket_info::SocketInfo;
#[cfg(test)]
pub(crate) use table::LOOKUPS;
pub(crate) use table::Parentage;
pub use table::Threads;
pub use thread::{Capabilities, Category, Memory, Slot, Thread};
pub(crate) use thread::{ExecFacts, StoredEnter, clone_flag};

pub(crate) use opens::UNKNOWN;

use budget::Budget;
use lineage::Adopted;
use recent::RecentExits;
use recent_paths::RecentPaths;
use startup::{Lists, Phase};

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
    phase: Phase,
    lists: Lists,
    /// The thread whose exit was the previous event (reference state 2.1 b).
    exiting: Option<i64>,
    /// The thread and fd whose close was the previous event (reference state 2.1 c).
    closing: Option<(i64, i64)>,
    exits: RecentExits,
    /// Children that were made for another parent and have not shown themselves yet.
    adopted: Vec<Adopted>,
    /// Time of the last context switch per CPU.
    switches: Vec<u64>,
    budget: Budget,
    opened: RecentPaths,
    /// Reused while names are put together.
    scratch: Vec<u8>,
}

/// What the state engine found out about the current event.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The event's thread.
    pub thread: Option<Slot>,
    /// Number of the fd that the event works on, as the thread remembers it; -1 if unknown.
    pub(crate) fd_num: i64,
    /// The event is bound to an fd entry: the one at `fd_num` in the fd table in force for the thread (reference state 2.6 to
    /// 2.9).
    pub(crate) has_fd: bool,
    /// The event changed the name of its fd (reference state 2.11).
    pub(crate) fd_name_changed: bool,
    /// The return value if it is negative, else 0 (reference state 2.8).
    pub error: i64,
    /// The container that a container event describes (reference state 11.13).
    pub container: Option<Arc<Container>>,
    /// For a context switch the time since the one before on the same CPU, nanoseconds; else 0.
    pub slice: u64,
    /// The event is of a type that changes nothing, but that it is the last one of its thread.
    pub inert: bool,
}

impl Facts {
    /// Of a thread, and of one of its fds if there is a number, as if an event had just worked on it. With this a condition is
    /// asked of what exists and not of what happens.
    pub fn about(thread: Slot, fd: Option<i64>) -> Facts {
        Facts { thread: Some(thread), fd_num: fd.unwrap_or(-1), has_fd: fd.is_some(), ..Facts::default() }
    }
}

impl Default for Facts {
    fn default() -> Facts {
        Facts {
            thread: None,
            fd_num: -1,
            has_fd: false,
            fd_name_changed: false,
            error: 0,
            container: None,
            slice: 0,
            inert: false,
        }
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
            Block::Section(_) => self.reset(),
            Block::Machine(machine) => self.machine = machine.clone(),
            Block::Processes(list) => list.iter().for_each(|record| self.add_process(record)),
            Block::Fds(list) => self.add_fds(list),
            Block::Interfaces(list) => self.interfaces.replace(list),
            Block::Accounts(list) => self.add_accounts(list),
            Block::State(record) => self.resume(record),
            Block::Event(_) => {}
        }
        if self.threads.room == 0 {
            self.check_memory();
        }
    }

    /// Nothing is known any more; the limit of memory stays.
    fn reset(&mut self) {
        let limit = self.budget.limit;
        *self = State::new();
        self.limit_memory(limit);
    }

    /// Takes in a block of any kind, for callers that need only the state.
    #[inline]
    pub fn take(&mut self, block: &Block<'_>) {
        match block {
            Block::Event(event) => {
                self.apply(event);
            }
            other => self.block(other),
        }
    }

    /// Takes in an event (reference state 2.1, b to f) and returns what was found out about it. `None` if it is not to be shown:
    /// it builds the initial state (1.5), was kept only for the state (1.11), or is one of the enter events that only serve
    /// their exit (12.4).
    pub fn apply(&mut self, event: &Event<'_>) -> Option<Facts> {
        match self.phase {
            // After a state block, these only repeat its content.
            Phase::Running if event.initial => return None,
            Phase::Running => {}
            Phase::Lists | Phase::InitialEvents => self.begin(event.initial),
        }
        if self.first_ts == 0 {
            self.note_first(event.info, event.ts);
        }
        self.finish_previous(event.ts);
        if self.threads.room == 0 {
            self.check_memory();
        }
        // Filled where it is returned: facts that are moved once more cost a stall per event.
        let mut result = Some(Facts::default());
        if let Some(facts) = &mut result {
            let enter = self.bind(event, facts);
            if !event.extras().is_empty() {
                self.see_file(event, facts);
                self.see_received(event, facts);
            }
            self.dispatch(event, facts, enter.as_deref());
            if let Some(slot) = facts.thread {
                facts.fd_num = self.threads.get(slot).last_fd;
                if event.info.is_exit() {
                    // The next exit has an enter event of its own, or none.
                    self.threads.get_mut(slot).last_fd = -1;
                }
            }
        }
        if is_hidden(event) {
            result = None;
        }
        result
    }

    /// Whether the capture proper has begun, and times count.
    #[inline]
    pub(crate) fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Running) && self.first_ts != 0
    }

    /// The lists are complete, and with the first event that is not initial the capture proper begins.
    #[cold]
    fn begin(&mut self, initial: bool) {
        if matches!(self.phase, Phase::Lists) {
            self.finish_lists();
        }
        if !initial {
            self.finish_initial_events();
        }
    }

    /// Times count from the first event that is not a meta event.
    fn note_first(&mut self, info: &EventInfo, ts: u64) {
        if !info.source.contains(EventSource::METAEVENT) {
            self.first_ts = ts;
        }
    }

    /// Base of `evt.reltime`: the time of the first event that is not a meta event (reference state 1.10), 0 before it.
    pub fn first_ts(&self) -> u64 {
        self.first_ts
    }

    /// As [`first_ts`](State::first_ts), once `event` will be taken in.
    pub(crate) fn first_ts_with(&self, event: &Event<'_>) -> u64 {
        if self.first_ts == 0 && !event.info.source.contains(EventSource::METAEVENT) {
            event.ts
        } else {
            self.first_ts
        }
    }

    /// Container id of an event's thread: empty on the host, `None` if no thread is known. Container fields look at the
    /// thread of the event's id even if the event is not bound to it; during a container event they describe
    /// [`Facts::container`].
    pub fn container_id(&self, event: &Event<'_>) -> Option<&[u8]> {
        self.threads.by_tid(event.tid).map(|slot| &*self.threads.get(slot).container)
    }
}

/// Whether an event is taken in but not shown.
pub fn is_hidden(event: &Event<'_>) -> bool {
    event.initial || event.state_only || is_hidden_type(event.code())
}

/// Whether events of a type are taken in but not shown.
pub(crate) fn is_hidden_type(code: u16) -> bool {
    matches!(
        code,
        code::SYSCALL_OPEN_E
            | code::SYSCALL_CREAT_E
            | code::SYSCALL_OPENAT_2_E
            | code::SYSCALL_OPENAT2_E
            | code::SOCKET_CONNECT_E
            | code::SYSCALL_EXECVE_19_E
            | code::SYSCALL_EXECVEAT_E
    )
}

#[cfg(test)]
mod tests;

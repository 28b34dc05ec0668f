//! What a keyframe says: the parts of a state that differ from an earlier one, in an order that does not depend on how the
//! state came about. Whatever can be found again from the rest is left out.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::state::startup::Phase;
use crate::state::{Container, Fd, Group, Image, Text, Thread, User, bytes};

/// The difference between two states.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Difference {
    pub(super) general: General,
    pub(super) machine: Option<Machine>,
    pub(super) interfaces: Option<Vec<InterfaceRecord>>,
    pub(super) lists: Option<ListsRecord>,
    /// Users, groups and containers by their numbers and ids, `None` for those that are gone.
    pub(super) users: Vec<(u32, Option<User>)>,
    pub(super) groups: Vec<(u32, Option<Group>)>,
    pub(super) containers: Vec<(Text, Option<Container>)>,
    /// Threads by their slots, `None` for free slots.
    pub(super) threads: Vec<(u32, Option<ThreadRecord>)>,
    /// Groups of threads by their indices.
    pub(super) families: Vec<(u32, Family)>,
    /// How many exits there were, and those that are new.
    pub(super) exits: (u64, Vec<(u64, u64)>),
}

/// What is always written.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct General {
    pub(super) first_ts: u64,
    pub(super) phase: Phase,
    pub(super) exiting: Option<i64>,
    pub(super) closing: Option<(i64, i64)>,
    pub(super) switches: Vec<u64>,
    pub(super) last_image: u32,
    /// Slots in the table of threads, and those that are free, in the order in which they became so.
    pub(super) slots: u32,
    pub(super) free: Vec<u32>,
    /// The same of the groups of threads.
    pub(super) families: u32,
    pub(super) free_families: Vec<u32>,
}

/// cpus, memory, largest pid, host name, boot time, flags.
pub(super) type Machine = (u32, u64, u64, Vec<u8>, u64, u64);

/// address, net mask, broadcast address, speed, name.
pub(super) type InterfaceRecord = (IpAddr, IpAddr, IpAddr, u64, Vec<u8>);

/// Ports that sockets were bound to; accounts.
pub(super) type ListsRecord = (Vec<u16>, Vec<AccountRecord>);

/// An account of the list of a capture.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum AccountRecord {
    User(
        u32,
        u32,
        #[serde(with = "bytes")] Vec<u8>,
        #[serde(with = "bytes")] Vec<u8>,
        #[serde(with = "bytes")] Vec<u8>,
    ),
    Group(u32, #[serde(with = "bytes")] Vec<u8>),
}

/// What is new of a thread.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ThreadRecord {
    /// There was another thread in the slot, or none.
    pub(super) fresh: bool,
    pub(super) numbers: Option<Numbers>,
    pub(super) texts: Option<Texts>,
    /// Fds by their numbers, `None` for closed ones.
    pub(super) fds: Vec<(i64, Option<Fd>)>,
    /// Slots of the children, newest first.
    pub(super) children: Option<Vec<u32>>,
}

/// A thread without texts, fds and neighbours, and what its reference counts of its children.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Numbers {
    pub(super) thread: Thread,
    pub(super) listed_children: u64,
    pub(super) expected_children: u64,
    pub(super) reaper_tid: i64,
}

/// The texts of a thread.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Texts {
    pub(super) image: Image,
    #[serde(with = "bytes")]
    pub(super) cgroups: Text,
    #[serde(with = "bytes")]
    pub(super) container: Text,
    #[serde(with = "bytes")]
    pub(super) root: Text,
    #[serde(with = "bytes")]
    pub(super) cwd: Text,
    #[serde(with = "bytes")]
    pub(super) env: Text,
}

/// The threads of one process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Family {
    pub(super) pid: i64,
    pub(super) alive: u64,
    pub(super) reaper: bool,
    /// New threads of the process join it.
    pub(super) open: bool,
    /// Slots of the members, leader first.
    pub(super) members: Vec<u32>,
}

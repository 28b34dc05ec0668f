//! What a keyframe says: the parts of a state that differ from an earlier one, in an order that does not depend on how the
//! state came about. Whatever can be found again from the rest is left out.

use std::fmt;
use std::net::IpAddr;

use serde::de::{DeserializeSeed, Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::list::{Allowance, List};
use super::shared::Shared;
use crate::state::accounts::MAX_ACCOUNTS;
use crate::state::containers::MAX_CONTAINERS;
use crate::state::fdtable::MAX_FDS;
use crate::state::lineage::{Adopted, MAX_ADOPTED};
use crate::state::recent::CAPACITY;
use crate::state::startup::Phase;
use crate::state::table::MAX_THREADS;
use crate::state::{Container, Group, Names, Text, Thread, User, bytes};

/// Most entries of lists that a state bounds: what differs may be gone in one state and new in the other.
const MAX_USERS: usize = 2 * MAX_ACCOUNTS;
const MAX_KNOWN: usize = 2 * MAX_CONTAINERS;
const MAX_SLOTS: usize = 2 * MAX_THREADS;
/// Most interfaces, and most ports.
const MAX_INTERFACES: usize = 1 << 16;
/// Most CPUs: their number takes 16 bits.
const MAX_CPUS: usize = 1 << 16;
/// Most accounts of the list of a capture.
const MAX_LISTED: usize = 1 << 17;

/// The difference between two states. It is read with an [`Allowance`].
#[derive(Debug, Serialize)]
pub(super) struct Difference {
    pub(super) general: General,
    pub(super) machine: Option<Machine>,
    pub(super) interfaces: Option<List<InterfaceRecord, MAX_INTERFACES>>,
    pub(super) lists: Option<ListsRecord>,
    /// Users, groups and containers by their numbers and ids, `None` for removed ones.
    pub(super) users: List<(u32, Option<User>), MAX_USERS>,
    pub(super) groups: List<(u32, Option<Group>), MAX_USERS>,
    pub(super) containers: List<(Text, Option<Box<Container>>), MAX_KNOWN>,
    pub(super) names: List<(Text, Option<Box<Names>>), MAX_KNOWN>,
    /// What threads have in common.
    pub(super) shared: Shared,
    /// Threads by their slots, `None` for free slots.
    pub(super) threads: List<(u32, Option<ThreadRecord>), MAX_SLOTS>,
    /// Groups of threads by their indices.
    pub(super) families: List<(u32, Family), MAX_SLOTS>,
    /// How many exits there were, and those that are new.
    pub(super) exits: (u64, List<(u64, u64), CAPACITY>),
}

impl<'de> DeserializeSeed<'de> for &Allowance {
    type Value = Difference;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Difference, D::Error> {
        deserializer.deserialize_tuple(MEMBERS, self)
    }
}

/// Members of a difference.
const MEMBERS: usize = 12;

impl<'de> Visitor<'de> for &Allowance {
    type Value = Difference;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("what changed of a state")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut members: A) -> Result<Difference, A::Error> {
        let too_short = || A::Error::invalid_length(0, &self);
        Ok(Difference {
            general: members.next_element()?.ok_or_else(too_short)?,
            machine: members.next_element()?.ok_or_else(too_short)?,
            interfaces: members.next_element()?.ok_or_else(too_short)?,
            lists: members.next_element()?.ok_or_else(too_short)?,
            users: members.next_element_seed(self.list())?.ok_or_else(too_short)?,
            groups: members.next_element_seed(self.list())?.ok_or_else(too_short)?,
            containers: members.next_element_seed(self.list())?.ok_or_else(too_short)?,
            names: members.next_element_seed(self.list())?.ok_or_else(too_short)?,
            shared: members.next_element_seed(self.shared())?.ok_or_else(too_short)?,
            threads: members.next_element_seed(self.list())?.ok_or_else(too_short)?,
            families: members.next_element_seed(self.list())?.ok_or_else(too_short)?,
            exits: members.next_element()?.ok_or_else(too_short)?,
        })
    }
}

/// What is always written.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct General {
    pub(super) first_ts: u64,
    pub(super) phase: Phase,
    pub(super) exiting: Option<i64>,
    pub(super) closing: Option<(i64, i64)>,
    pub(super) switches: List<u64, MAX_CPUS>,
    pub(super) last_image: u32,
    /// Slots in the table of threads, and those that are free, in the order in which they became so.
    pub(super) slots: u32,
    pub(super) free: List<u32, MAX_SLOTS>,
    /// The same of the groups of threads.
    pub(super) families: u32,
    pub(super) free_families: List<u32, MAX_SLOTS>,
    pub(super) adopted: List<Adopted, MAX_ADOPTED>,
}

/// cpus, memory, largest pid, host name, boot time, flags.
pub(super) type Machine = (u32, u64, u64, Vec<u8>, u64, u64);

/// address, net mask, broadcast address, speed, name.
pub(super) type InterfaceRecord = (IpAddr, IpAddr, IpAddr, u64, Vec<u8>);

/// Ports that sockets were bound to; accounts.
pub(super) type ListsRecord = (List<u16, MAX_INTERFACES>, List<AccountRecord, MAX_LISTED>);

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
    pub(super) numbers: Option<Box<Numbers>>,
    pub(super) texts: Option<Texts>,
    pub(super) fds: Fds,
    /// Slots of the children, newest first.
    pub(super) children: Option<List<u32, MAX_SLOTS>>,
    pub(super) kin: Option<KinRecord>,
}

/// Where a thread comes from. The session of origin is named by its place among what is shared.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct KinRecord {
    pub(super) lineage: Lineage,
    pub(super) origin: Option<u32>,
}

/// The process that started another one, with those that led to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Lineage {
    /// Not known.
    None,
    /// The thread in this slot, as it is.
    Slot(u32),
    /// The one at this place among what is shared.
    Place(u32),
}

/// A thread without texts, fds and neighbours, and what its reference counts of its children.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Numbers {
    pub(super) thread: Thread,
    pub(super) listed_children: u64,
    pub(super) expected_children: u64,
    pub(super) reaper_tid: i64,
}

/// More changes than these in a table of fds, and more than it has fds, and the table is written instead, which may be shared.
pub(super) const FEW: usize = 64;

/// Most changes of a table: all fds are gone, and all others are new.
const MAX_CHANGES: usize = 2 * MAX_FDS;

/// What is new of a thread's fds. Fds and tables are named by their places among what is shared.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Fds {
    /// Nothing.
    Same,
    /// Some fds, by their numbers; `None` for closed ones.
    Changed(List<(i64, Option<u32>), MAX_CHANGES>),
    /// The table.
    Table(u32),
}

/// The texts of a thread, by their places among what is shared.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Texts {
    pub(super) image: ImageTexts,
    pub(super) cgroups: u32,
    pub(super) container: u32,
    pub(super) root: u32,
    pub(super) cwd: u32,
    pub(super) env: u32,
}

/// Number and texts of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct ImageTexts {
    pub(super) id: u32,
    pub(super) comm: u32,
    pub(super) exe: u32,
    pub(super) exepath: u32,
    pub(super) real: u32,
    pub(super) args: u32,
}

/// The threads of one process.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Family {
    pub(super) pid: i64,
    pub(super) alive: u64,
    pub(super) reaper: bool,
    /// New threads of the process join it.
    pub(super) open: bool,
    /// Slots of the members, leader first.
    pub(super) members: List<u32, MAX_SLOTS>,
}

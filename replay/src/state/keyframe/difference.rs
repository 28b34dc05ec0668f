//! Two states enter, what the later one has that the earlier one has not leaves.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tercel_format::record::Account;

use super::list::{Cost, List};
use super::record::{
    AccountRecord, Difference, FEW, Family, Fds, General, KinRecord, ListsRecord, Machine, Numbers, Texts,
    ThreadRecord,
};
use super::shared::Sharing;
use crate::state::marks::Asker;
use crate::state::needs::Topics;
use crate::state::startup::Lists;
use crate::state::table::Group as TableGroup;
use crate::state::{Fd, FdTable, Memory, Slot, State, Text, Thread, Threads};

/// Places in the table of threads where two states may differ, ascending.
#[derive(Debug)]
pub(super) struct Changes {
    pub(super) threads: Vec<u32>,
    pub(super) families: Vec<u32>,
}

impl Threads {
    /// What was touched since `asker` asked last; `None` stands for everything.
    pub(super) fn changes(&mut self, asker: &Asker) -> Option<Changes> {
        let (threads, families) = (self.touched.take(asker), self.touched_groups.take(asker));
        Some(Changes { threads: threads?, families: families? })
    }
}

/// What changed from `base` to `state`; `None` where it is too much. Without `changes` they may differ everywhere.
pub(super) fn difference(state: &State, base: &State, changes: Option<&Changes>) -> Option<Difference> {
    difference_in(state, base, changes, Topics::ALL)
}

/// The same of a part of the state; the rest is written as if nothing were known of it.
pub(super) fn difference_in(
    state: &State,
    base: &State,
    changes: Option<&Changes>,
    topics: Topics,
) -> Option<Difference> {
    let threads = &state.threads;
    let mut sharing = Sharing::of(topics);
    let changed_threads = changed_threads(threads, &base.threads, changes, &mut sharing)?;
    Some(Difference {
        general: General {
            first_ts: state.first_ts,
            phase: state.phase,
            exiting: state.exiting,
            closing: state.closing,
            switches: List(if topics.run { state.switches.clone() } else { Vec::new() }),
            last_image: threads.last_image,
            slots: threads.slots.len() as u32,
            free: List(threads.free.iter().map(|slot| slot.0).collect()),
            families: threads.groups.len() as u32,
            free_families: List(threads.free_groups.clone()),
            adopted: List(state.adopted.clone()),
        },
        machine: (state.machine != base.machine).then(|| machine(state)),
        interfaces: (state.interfaces.list != base.interfaces.list).then(|| {
            let list = state.interfaces.list.iter();
            let list =
                list.map(|one| (one.address, one.netmask, one.broadcast, one.linkspeed, one.name.clone()));
            List(list.collect())
        }),
        lists: (state.lists != base.lists).then(|| lists(&state.lists)),
        users: List(changed(&state.accounts.users, &base.accounts.users)),
        groups: List(changed(&state.accounts.groups, &base.accounts.groups)),
        containers: List(described(&state.containers.by_id, &base.containers.by_id)),
        names: List(described(&state.accounts.of_containers, &base.accounts.of_containers)),
        shared: sharing.finish(),
        threads: List(changed_threads),
        families: List(changed_families(threads, &base.threads, changes)),
        exits: (state.exits.recorded(), List(state.exits.since(base.exits.recorded()))),
    })
}

fn machine(state: &State) -> Machine {
    let machine = &state.machine;
    (machine.cpus, machine.memory, machine.max_pid, machine.hostname.clone(), machine.boot_ts, machine.flags)
}

fn lists(lists: &Lists) -> ListsRecord {
    let accounts = lists.accounts.iter().map(|account| match account.clone() {
        Account::User { uid, gid, name, home, shell } => AccountRecord::User(uid, gid, name, home, shell),
        Account::Group { gid, name } => AccountRecord::Group(gid, name),
    });
    (List(lists.server_ports.iter().copied().collect()), List(accounts.collect()))
}

/// Entries that are new or different, and keys that were removed, in the order of the keys.
fn changed<V: Clone + PartialEq>(map: &HashMap<u32, V>, base: &HashMap<u32, V>) -> Vec<(u32, Option<V>)> {
    let new = map.iter().filter(|(key, value)| base.get(key) != Some(value));
    let gone = base.keys().filter(|key| !map.contains_key(key));
    let new = new.map(|(key, value)| (*key, Some(value.clone())));
    let mut all: Vec<_> = new.chain(gone.map(|key| (*key, None))).collect();
    all.sort_unstable_by_key(|(key, _)| *key);
    all
}

fn described<V: Clone + PartialEq>(
    map: &BTreeMap<Text, Arc<V>>,
    base: &BTreeMap<Text, Arc<V>>,
) -> Vec<(Text, Option<Box<V>>)> {
    let same = |one: &Arc<V>, other: &Arc<V>| Arc::ptr_eq(one, other) || one == other;
    let new = map.iter().filter(|(id, one)| !base.get(*id).is_some_and(|other| same(one, other)));
    let gone = base.keys().filter(|id| !map.contains_key(*id));
    let new = new.map(|(id, one)| (id.clone(), Some(Box::new((**one).clone()))));
    let mut all: Vec<_> = new.chain(gone.map(|id| (id.clone(), None))).collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all
}

/// The places to look at, of so many.
fn places(changes: Option<&[u32]>, count: usize) -> Cow<'_, [u32]> {
    changes.map_or_else(|| (0..count as u32).collect(), Cow::Borrowed)
}

fn changed_threads(
    threads: &Threads,
    base: &Threads,
    changes: Option<&Changes>,
    sharing: &mut Sharing,
) -> Option<Vec<(u32, Option<ThreadRecord>)>> {
    let mut changed = Vec::new();
    for place in &*places(changes.map(|changes| &*changes.threads), threads.slots.len()) {
        if sharing.is_full() {
            return None;
        }
        let slot = Slot(*place);
        let old = Some(slot).filter(|slot| (slot.0 as usize) < base.slots.len() && base.is_taken(*slot));
        if threads.is_taken(slot) {
            let record = changed_thread(threads, slot, base, old, sharing);
            let entry = record.map(|record| (slot.0, Some(record)));
            sharing.charge(entry.as_ref().map_or(0, Cost::cost));
            changed.extend(entry);
        } else {
            changed.extend(old.map(|slot| (slot.0, None)));
        }
    }
    Some(changed)
}

fn changed_thread(
    threads: &Threads,
    slot: Slot,
    base: &Threads,
    old: Option<Slot>,
    sharing: &mut Sharing,
) -> Option<ThreadRecord> {
    let thread = threads.get(slot);
    let old = old.filter(|old| base.get(*old).tid == thread.tid);
    let Some(old) = old else {
        return Some(ThreadRecord {
            fresh: true,
            numbers: Some(Box::new(numbers(thread, sharing.topics))),
            texts: Some(texts(thread, sharing)),
            fds: if thread.fds.is_empty() { Fds::Same } else { Fds::Table(sharing.table(&thread.fds)) },
            children: Some(List(children(threads, slot).collect())),
            kin: Some(kin(threads, thread, sharing)),
        });
    };
    let was = base.get(old);
    let has_other_children = || !children(threads, slot).eq(children(base, old));
    let record = ThreadRecord {
        fresh: false,
        numbers: (!same_numbers(thread, was)).then(|| Box::new(numbers(thread, sharing.topics))),
        texts: (!same_texts(thread, was)).then(|| texts(thread, sharing)),
        fds: changed_fds(&thread.fds, &was.fds, sharing),
        children: has_other_children().then(|| List(children(threads, slot).collect())),
        kin: (thread.kin != was.kin).then(|| kin(threads, thread, sharing)),
    };
    let unchanged = record.numbers.is_none()
        && record.texts.is_none()
        && matches!(record.fds, Fds::Same)
        && record.children.is_none()
        && record.kin.is_none();
    (!unchanged).then_some(record)
}

/// Whether two threads differ in their texts, fds and neighbours only. A member that is added to threads has to be added here
/// what it is.
fn same_numbers(one: &Thread, other: &Thread) -> bool {
    let Thread {
        tid,
        pid,
        ptid,
        vtid,
        vpid,
        sid,
        vpgid,
        pgid,
        flags,
        uid,
        gid,
        loginuid,
        tty,
        exec,
        caps,
        fdlimit,
        memory,
        clone_ts,
        lastexec_ts,
        pidns_init_start_ts,
        last_fd,
        last_enter,
        enter,
        cpu_time,
        category,
        links,
        image: _,
        cgroups: _,
        container: _,
        root: _,
        cwd: _,
        env: _,
        fds: _,
        kin: _,
        used: _,
    } = one;
    (*tid, *pid, *ptid, *vtid, *vpid) == (other.tid, other.pid, other.ptid, other.vtid, other.vpid)
        && (*sid, *vpgid, *pgid, *flags) == (other.sid, other.vpgid, other.pgid, other.flags)
        && (*uid, *gid, *loginuid, *tty) == (other.uid, other.gid, other.loginuid, other.tty)
        && (exec, caps, memory) == (&other.exec, &other.caps, &other.memory)
        && (*fdlimit, *clone_ts, *lastexec_ts) == (other.fdlimit, other.clone_ts, other.lastexec_ts)
        && (*pidns_init_start_ts, *cpu_time) == (other.pidns_init_start_ts, other.cpu_time)
        && (*last_fd, *last_enter, *category) == (other.last_fd, other.last_enter, other.category)
        && enter == &other.enter
        && links.listed_children == other.links.listed_children
        && links.expected_children == other.links.expected_children
        && links.reaper_tid == other.links.reaper_tid
}

fn numbers(thread: &Thread, topics: Topics) -> Numbers {
    let links = &thread.links;
    let mut thread = thread.clone();
    if !topics.memory {
        thread.memory = Memory::default();
    }
    if !topics.run {
        thread.cpu_time = 0;
    }
    Numbers {
        thread,
        listed_children: links.listed_children,
        expected_children: links.expected_children,
        reaper_tid: links.reaper_tid,
    }
}

fn texts(thread: &Thread, sharing: &mut Sharing) -> Texts {
    Texts {
        image: sharing.image(&thread.image),
        cgroups: sharing.text(&thread.cgroups),
        container: sharing.text(&thread.container),
        root: sharing.text(&thread.root),
        cwd: sharing.text(&thread.cwd),
        env: sharing.text(&thread.env),
    }
}

fn kin(threads: &Threads, thread: &Thread, sharing: &mut Sharing) -> KinRecord {
    KinRecord {
        lineage: sharing.lineage(threads, thread.lineage()),
        origin: thread.origin().map(|origin| sharing.origin(origin)),
    }
}

fn same_texts(one: &Thread, other: &Thread) -> bool {
    let same = |one: &Text, other: &Text| Arc::ptr_eq(one, other) || one == other;
    (Arc::ptr_eq(&one.image, &other.image) || one.image == other.image)
        && same(&one.cgroups, &other.cgroups)
        && same(&one.container, &other.container)
        && same(&one.root, &other.root)
        && same(&one.cwd, &other.cwd)
        && same(&one.env, &other.env)
}

fn changed_fds(table: &Arc<FdTable>, base: &Arc<FdTable>, sharing: &mut Sharing) -> Fds {
    if Arc::ptr_eq(table, base) {
        return Fds::Same;
    }
    let changes = table.changes(base);
    if changes.is_empty() {
        return Fds::Same;
    }
    if changes.len() > FEW.max(table.len()) {
        return Fds::Table(sharing.table(table));
    }
    sharing.take(2 * changes.len());
    let place = |(number, fd): (i64, Option<&Arc<Fd>>)| (number, fd.map(|fd| sharing.fd(fd)));
    Fds::Changed(List(changes.into_iter().map(place).collect()))
}

/// Slots of a thread's children, newest first.
fn children(threads: &Threads, slot: Slot) -> impl Iterator<Item = u32> + '_ {
    let first = threads.get(slot).links.first_child;
    std::iter::successors(first, |child| threads.get(*child).links.next_sibling).map(|slot| slot.0)
}

fn changed_families(threads: &Threads, base: &Threads, changes: Option<&Changes>) -> Vec<(u32, Family)> {
    let places = places(changes.map(|changes| &*changes.families), threads.groups.len());
    let changed = places.iter().filter(|index| !same_family(threads, base, **index));
    changed.map(|index| (*index, family(threads, *index))).collect()
}

/// Whether a group of threads, by its index, is the same in both.
fn same_family(threads: &Threads, base: &Threads, index: u32) -> bool {
    let (Some(one), Some(other)) = (threads.groups.get(index as usize), base.groups.get(index as usize))
    else {
        return false;
    };
    (one.pid, one.alive, one.reaper, one.members) == (other.pid, other.alive, other.reaper, other.members)
        && threads.is_open(index) == base.is_open(index)
        && members(threads, one).eq(members(base, other))
}

fn members<'t>(threads: &'t Threads, group: &TableGroup) -> impl Iterator<Item = u32> + use<'t> {
    std::iter::successors(group.first, |member| threads.get(*member).links.next_member).map(|slot| slot.0)
}

/// A group of threads, by its index, which exists.
fn family(threads: &Threads, index: u32) -> Family {
    let group = &threads.groups[index as usize];
    Family {
        pid: group.pid,
        alive: group.alive,
        reaper: group.reaper,
        open: threads.is_open(index),
        members: List(members(threads, group).collect()),
    }
}

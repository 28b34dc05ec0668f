//! Two states enter, what the later one has that the earlier one has not leaves.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tercel_format::record::Account;

use super::encoding::encode;
use super::record::{
    AccountRecord, Difference, Family, General, ListsRecord, Machine, Numbers, Texts, ThreadRecord,
};
use crate::state::startup::Lists;
use crate::state::{FdTable, Slot, State, Text, Thread, Threads};

/// What changed from `base` to `state`.
pub(super) fn difference(state: &State, base: &State) -> Difference {
    let threads = &state.threads;
    Difference {
        general: General {
            first_ts: state.first_ts,
            phase: state.phase,
            exiting: state.exiting,
            closing: state.closing,
            switches: state.switches.clone(),
            last_image: threads.last_image,
            slots: threads.slots.len() as u32,
            free: threads.free.iter().map(|slot| slot.0).collect(),
            families: threads.groups.len() as u32,
            free_families: threads.free_groups.clone(),
        },
        machine: (state.machine != base.machine).then(|| machine(state)),
        interfaces: (state.interfaces.list != base.interfaces.list).then(|| {
            let list = state.interfaces.list.iter();
            list.map(|one| (one.address, one.netmask, one.broadcast, one.linkspeed, one.name.clone()))
                .collect()
        }),
        lists: (state.lists != base.lists).then(|| lists(&state.lists)),
        users: changed(&state.accounts.users, &base.accounts.users),
        groups: changed(&state.accounts.groups, &base.accounts.groups),
        containers: containers(&state.containers.by_id, &base.containers.by_id),
        threads: changed_threads(threads, &base.threads),
        families: changed_families(threads, &base.threads),
        exits: state.exits.since(base.exits.recorded()),
    }
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
    (lists.server_ports.iter().copied().collect(), accounts.collect())
}

/// Entries that are new or different, and keys that are gone, in the order of the keys.
fn changed<V: Clone + PartialEq>(map: &HashMap<u32, V>, base: &HashMap<u32, V>) -> Vec<(u32, Option<V>)> {
    let new = map.iter().filter(|(key, value)| base.get(key) != Some(value));
    let gone = base.keys().filter(|key| !map.contains_key(key));
    let new = new.map(|(key, value)| (*key, Some(value.clone())));
    let mut all: Vec<_> = new.chain(gone.map(|key| (*key, None))).collect();
    all.sort_unstable_by_key(|(key, _)| *key);
    all
}

fn containers<V: Clone + PartialEq>(
    map: &BTreeMap<Text, Arc<V>>,
    base: &BTreeMap<Text, Arc<V>>,
) -> Vec<(Text, Option<V>)> {
    let same = |one: &Arc<V>, other: &Arc<V>| Arc::ptr_eq(one, other) || one == other;
    let new = map.iter().filter(|(id, one)| !base.get(*id).is_some_and(|other| same(one, other)));
    let gone = base.keys().filter(|id| !map.contains_key(*id));
    let new = new.map(|(id, one)| (id.clone(), Some((**one).clone())));
    let mut all: Vec<_> = new.chain(gone.map(|id| (id.clone(), None))).collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all
}

/// Which slots are taken.
pub(super) fn taken(threads: &Threads) -> Vec<bool> {
    let mut taken = vec![true; threads.slots.len()];
    for slot in &threads.free {
        if let Some(taken) = taken.get_mut(slot.0 as usize) {
            *taken = false;
        }
    }
    taken
}

fn changed_threads(threads: &Threads, base: &Threads) -> Vec<(u32, Option<ThreadRecord>)> {
    let (taken, was_taken) = (taken(threads), taken(base));
    let mut scratch = (Vec::new(), Vec::new());
    let mut changed = Vec::new();
    for (index, taken) in taken.into_iter().enumerate() {
        let slot = Slot(index as u32);
        let old = was_taken.get(index).copied().unwrap_or(false).then_some(slot);
        if !taken {
            if old.is_some() {
                changed.push((slot.0, None));
            }
        } else if let Some(record) = changed_thread(threads, slot, base, old, &mut scratch) {
            changed.push((slot.0, Some(record)));
        }
    }
    changed
}

fn changed_thread(
    threads: &Threads,
    slot: Slot,
    base: &Threads,
    old: Option<Slot>,
    (new_bytes, old_bytes): &mut (Vec<u8>, Vec<u8>),
) -> Option<ThreadRecord> {
    let thread = threads.get(slot);
    let old = old.filter(|old| base.get(*old).tid == thread.tid);
    let Some(old) = old else {
        return Some(ThreadRecord {
            fresh: true,
            numbers: Some(numbers(thread)),
            texts: Some(texts(thread)),
            fds: changed_fds(&thread.fds, &FdTable::default()),
            children: Some(children(threads, slot)),
        });
    };
    let was = base.get(old);
    encode_numbers(new_bytes, thread);
    encode_numbers(old_bytes, was);
    let (children, had) = (children(threads, slot), children(base, old));
    let record = ThreadRecord {
        fresh: false,
        numbers: (new_bytes != old_bytes).then(|| numbers(thread)),
        texts: (!same_texts(thread, was)).then(|| texts(thread)),
        fds: if Arc::ptr_eq(&thread.fds, &was.fds) { Vec::new() } else { changed_fds(&thread.fds, &was.fds) },
        children: (children != had).then_some(children),
    };
    let unchanged = record.numbers.is_none()
        && record.texts.is_none()
        && record.fds.is_empty()
        && record.children.is_none();
    (!unchanged).then_some(record)
}

fn encode_numbers(out: &mut Vec<u8>, thread: &Thread) {
    let links = &thread.links;
    out.clear();
    encode(out, &(thread, links.listed_children, links.expected_children, links.reaper_tid));
}

fn numbers(thread: &Thread) -> Numbers {
    let links = &thread.links;
    Numbers {
        thread: thread.clone(),
        listed_children: links.listed_children,
        expected_children: links.expected_children,
        reaper_tid: links.reaper_tid,
    }
}

fn texts(thread: &Thread) -> Texts {
    Texts {
        image: (*thread.image).clone(),
        cgroups: thread.cgroups.clone(),
        container: thread.container.clone(),
        root: thread.root.clone(),
        cwd: thread.cwd.clone(),
        env: thread.env.clone(),
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

fn changed_fds(table: &FdTable, base: &FdTable) -> Vec<(i64, Option<crate::state::Fd>)> {
    let new = table.iter().filter(|(number, fd)| {
        !base.get(*number).is_some_and(|other| Arc::ptr_eq(fd, other) || *fd == other)
    });
    let gone = base.iter().filter(|(number, _)| table.get(*number).is_none());
    let new = new.map(|(number, fd)| (number, Some((**fd).clone())));
    new.chain(gone.map(|(number, _)| (number, None))).collect()
}

/// Slots of a thread's children, newest first.
pub(super) fn children(threads: &Threads, slot: Slot) -> Vec<u32> {
    let first = threads.get(slot).links.first_child;
    std::iter::successors(first, |child| threads.get(*child).links.next_sibling).map(|slot| slot.0).collect()
}

fn changed_families(threads: &Threads, base: &Threads) -> Vec<(u32, Family)> {
    let families = 0..threads.groups.len() as u32;
    let new = families.map(|index| (index, family(threads, index)));
    new.filter(|(index, family)| {
        *index as usize >= base.groups.len() || *family != self::family(base, *index)
    })
    .collect()
}

/// A group of threads, by its index, which exists.
pub(super) fn family(threads: &Threads, index: u32) -> Family {
    let group = &threads.groups[index as usize];
    let members = std::iter::successors(group.first, |member| threads.get(*member).links.next_member);
    Family {
        pid: group.pid,
        alive: group.alive,
        reaper: group.reaper,
        open: threads.group_by_pid.get(group.pid) == Some(Slot(index)),
        members: members.map(|slot| slot.0).collect(),
    }
}

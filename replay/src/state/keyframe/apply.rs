//! A state and a difference enter, the later state leaves. The difference may be anything that decodes: what would make the
//! state contradict itself is refused.

use std::collections::HashMap;
use std::sync::Arc;

use tercel_format::record::{Account, Interface, MachineInfo};

use super::KeyframeError;
use super::difference::{children, family, taken};
use super::record::{AccountRecord, Difference, Family, General, Texts, ThreadRecord};
use crate::state::numbers::NumberIndex;
use crate::state::startup::Lists;
use crate::state::table::{Group, MAX_THREADS};
use crate::state::{Image, Slot, State, Thread, Threads};

/// Most CPUs: their number takes 16 bits.
const MAX_CPUS: usize = 1 << 16;

type Result<T> = std::result::Result<T, KeyframeError>;

/// Makes `state` what it was when the difference was taken.
pub(super) fn apply(state: &mut State, difference: Difference) -> Result<()> {
    let Difference {
        general,
        machine,
        interfaces,
        lists,
        users,
        groups,
        containers,
        threads,
        families,
        exits,
    } = difference;
    if general.switches.len() > MAX_CPUS {
        return Err(KeyframeError::Contradiction("CPUs"));
    }
    (state.first_ts, state.phase) = (general.first_ts, general.phase);
    (state.exiting, state.closing) = (general.exiting, general.closing);
    state.switches.clone_from(&general.switches);
    if let Some((cpus, memory, max_pid, hostname, boot_ts, flags)) = machine {
        state.machine = MachineInfo { cpus, memory, max_pid, hostname, boot_ts, flags };
    }
    if let Some(list) = interfaces {
        let list = list.into_iter().map(|(address, netmask, broadcast, linkspeed, name)| Interface {
            address,
            netmask,
            broadcast,
            linkspeed,
            name,
        });
        state.interfaces.list = list.collect();
    }
    if let Some((ports, accounts)) = lists {
        let accounts = accounts.into_iter().map(account).collect();
        state.lists = Lists { server_ports: ports.into_iter().collect(), accounts };
    }
    change(&mut state.accounts.users, users);
    change(&mut state.accounts.groups, groups);
    for (id, container) in containers {
        match container {
            Some(container) => state.containers.by_id.insert(id, Arc::new(container)),
            None => state.containers.by_id.remove(&id),
        };
    }
    if !state.exits.extend(exits.0, &exits.1) {
        return Err(KeyframeError::Contradiction("exits"));
    }
    change_threads(&mut state.threads, &general, threads, families)
}

fn account(record: AccountRecord) -> Account {
    match record {
        AccountRecord::User(uid, gid, name, home, shell) => Account::User { uid, gid, name, home, shell },
        AccountRecord::Group(gid, name) => Account::Group { gid, name },
    }
}

fn change<V>(map: &mut HashMap<u32, V>, changed: Vec<(u32, Option<V>)>) {
    for (key, value) in changed {
        match value {
            Some(value) => map.insert(key, value),
            None => map.remove(&key),
        };
    }
}

fn change_threads(
    threads: &mut Threads,
    general: &General,
    changed: Vec<(u32, Option<ThreadRecord>)>,
    changed_families: Vec<(u32, Family)>,
) -> Result<()> {
    // Lists are taken apart as a whole and put together as a whole, so that no link can lead astray.
    let mut offspring: Vec<Vec<u32>> = slots(threads).map(|slot| children(threads, slot).collect()).collect();
    let mut families: Vec<Family> =
        (0..threads.groups.len() as u32).map(|index| family(threads, index)).collect();
    resize(threads, general, changed.len())?;
    offspring.resize(threads.slots.len(), Vec::new());
    let mut images = HashMap::new();
    for (index, record) in changed {
        let slot = Slot(index);
        let Some(list) = offspring.get_mut(index as usize) else {
            return Err(KeyframeError::Contradiction("slots"));
        };
        match record {
            Some(record) => change_thread(threads, slot, record, list, &mut images)?,
            None => {
                list.clear();
                *threads.get_mut(slot) = threads.blank(-1);
            }
        }
    }
    change_families(&mut families, general, changed_families)?;
    threads.last_image = general.last_image;
    threads.free_groups.clone_from(&general.free_families);
    link(threads, &offspring, &families)
}

fn slots(threads: &Threads) -> impl Iterator<Item = Slot> + use<> {
    (0..threads.slots.len() as u32).map(Slot)
}

/// Makes room for the threads: each slot that is new is either free or told about.
fn resize(threads: &mut Threads, general: &General, changed: usize) -> Result<()> {
    let (old, new) = (threads.slots.len(), general.slots as usize);
    if new < old || new - old > changed + general.free.len() || new > 2 * MAX_THREADS {
        return Err(KeyframeError::Contradiction("slots"));
    }
    let blank = threads.blank(-1);
    threads.slots.resize(new, blank);
    threads.free = general.free.iter().map(|slot| Slot(*slot)).collect();
    let free = taken(threads).iter().filter(|taken| !**taken).count();
    if free == threads.free.len() { Ok(()) } else { Err(KeyframeError::Contradiction("free slots")) }
}

fn change_thread(
    threads: &mut Threads,
    slot: Slot,
    record: ThreadRecord,
    offspring: &mut Vec<u32>,
    images: &mut HashMap<u32, Arc<Image>>,
) -> Result<()> {
    if record.fresh {
        *threads.get_mut(slot) = threads.blank(-1);
        offspring.clear();
    }
    let thread = threads.get_mut(slot);
    if let Some(numbers) = record.numbers {
        let old = std::mem::replace(thread, numbers.thread);
        (thread.image, thread.cgroups, thread.container) = (old.image, old.cgroups, old.container);
        (thread.root, thread.cwd, thread.env, thread.fds) = (old.root, old.cwd, old.env, old.fds);
        thread.links.listed_children = numbers.listed_children;
        thread.links.expected_children = numbers.expected_children;
        thread.links.reaper_tid = numbers.reaper_tid;
    }
    if let Some(texts) = record.texts {
        change_texts(thread, texts, images);
    }
    if !record.fds.is_empty() {
        let table = Arc::make_mut(&mut thread.fds);
        for (number, fd) in record.fds {
            let fits = match fd {
                Some(fd) => table.insert(number, Arc::new(fd)),
                None => table.remove(number).is_some(),
            };
            if !fits {
                return Err(KeyframeError::Contradiction("fds"));
            }
        }
    }
    if let Some(children) = record.children {
        *offspring = children;
    }
    Ok(())
}

/// Threads of the same image share it.
fn change_texts(thread: &mut Thread, texts: Texts, images: &mut HashMap<u32, Arc<Image>>) {
    let Texts { image, cgroups, container, root, cwd, env } = texts;
    let known = images.entry(image.id).or_insert_with(|| Arc::new(image.clone()));
    thread.image = if **known == image { known.clone() } else { Arc::new(image) };
    (thread.cgroups, thread.container) = (cgroups, container);
    (thread.root, thread.cwd, thread.env) = (root, cwd, env);
}

fn change_families(families: &mut Vec<Family>, general: &General, changed: Vec<(u32, Family)>) -> Result<()> {
    const WRONG: KeyframeError = KeyframeError::Contradiction("groups of threads");
    for (index, family) in changed {
        let index = index as usize;
        if index > families.len() {
            return Err(WRONG);
        }
        if index == families.len() {
            families.push(family);
        } else {
            families[index] = family;
        }
    }
    let free = |index: &u32| families.get(*index as usize).is_some_and(|family| family.members.is_empty());
    let mut seen = general.free_families.clone();
    seen.sort_unstable();
    seen.dedup();
    let right = families.len() == general.families as usize
        && general.free_families.iter().all(free)
        && seen.len() == general.free_families.len();
    if right { Ok(()) } else { Err(WRONG) }
}

/// Makes the links and the indices anew from the lists.
fn link(threads: &mut Threads, offspring: &[Vec<u32>], families: &[Family]) -> Result<()> {
    let taken = taken(threads);
    threads.by_tid = NumberIndex::default();
    for (slot, taken) in slots(threads).zip(&taken) {
        let links = &mut threads.get_mut(slot).links;
        (links.group, links.previous_member, links.next_member) = (None, None, None);
        (links.parent, links.previous_sibling, links.next_sibling) = (None, None, None);
        (links.first_child, links.children) = (None, 0);
        if *taken {
            let tid = threads.get(slot).tid;
            threads.by_tid.insert(tid, slot);
        }
    }
    let known = |index: u32| taken.get(index as usize).copied().unwrap_or(false);
    for (parent, children) in slots(threads).zip(offspring) {
        link_children(threads, parent, children, known)?;
    }
    threads.groups.clear();
    threads.group_by_pid = NumberIndex::default();
    for (index, family) in families.iter().enumerate() {
        link_members(threads, index as u32, family, known)?;
    }
    Ok(())
}

fn link_children(
    threads: &mut Threads,
    parent: Slot,
    children: &[u32],
    known: impl Fn(u32) -> bool,
) -> Result<()> {
    let mut previous = None;
    for child in children {
        let slot = Slot(*child);
        if !known(*child) || slot == parent || threads.get(slot).links.parent.is_some() {
            return Err(KeyframeError::Contradiction("children"));
        }
        let links = &mut threads.get_mut(slot).links;
        (links.parent, links.previous_sibling) = (Some(parent), previous);
        match previous {
            Some(previous) => threads.get_mut(previous).links.next_sibling = Some(slot),
            None => threads.get_mut(parent).links.first_child = Some(slot),
        }
        previous = Some(slot);
    }
    threads.get_mut(parent).links.children = children.len() as u32;
    Ok(())
}

fn link_members(
    threads: &mut Threads,
    index: u32,
    family: &Family,
    known: impl Fn(u32) -> bool,
) -> Result<()> {
    let mut group = Group {
        pid: family.pid,
        alive: family.alive,
        reaper: family.reaper,
        members: family.members.len() as u32,
        ..Group::default()
    };
    for member in &family.members {
        let slot = Slot(*member);
        if !known(*member) || threads.get(slot).links.group.is_some() {
            return Err(KeyframeError::Contradiction("members"));
        }
        let links = &mut threads.get_mut(slot).links;
        (links.group, links.previous_member) = (Some(index), group.last);
        match group.last {
            Some(last) => threads.get_mut(last).links.next_member = Some(slot),
            None => group.first = Some(slot),
        }
        group.last = Some(slot);
    }
    threads.groups.push(group);
    if family.open {
        threads.group_by_pid.insert(family.pid, Slot(index));
    }
    Ok(())
}

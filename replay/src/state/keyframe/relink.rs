//! The threads of a state and what changed of them enter, the later threads leave. Whatever changes is taken out of the lists
//! that it is in first and put into the new ones at the end, so that no link can lead astray; what does not change is not
//! looked at.

use std::collections::HashMap;
use std::sync::Arc;

use super::kin::Pedigree;
use super::record::{Family, Fds, General, ImageTexts, Texts, ThreadRecord};
use super::shared::Found;
use super::{KeyframeError, Result};
use crate::state::table::{Group, MAX_THREADS};
use crate::state::thread::Links;
use crate::state::{Image, Slot, Thread, Threads};

const SLOTS: KeyframeError = KeyframeError::Contradiction("slots");
const FREE: KeyframeError = KeyframeError::Contradiction("free slots");
const IDS: KeyframeError = KeyframeError::Contradiction("thread ids");
const CHILDREN: KeyframeError = KeyframeError::Contradiction("children");
const GROUPS: KeyframeError = KeyframeError::Contradiction("groups of threads");
const MEMBERS: KeyframeError = KeyframeError::Contradiction("members");

/// Changes threads and their groups.
pub(super) fn change_threads(
    threads: &mut Threads,
    general: &General,
    known: &Found,
    changed: Vec<(u32, Option<ThreadRecord>)>,
    families: Vec<(u32, Family)>,
) -> Result<()> {
    let places: Vec<u32> = changed.iter().map(|(place, _)| *place).collect();
    if !ascends(&places, general.slots) {
        return Err(SLOTS);
    }
    if !families.is_sorted_by(|one, next| one.0 < next.0) {
        return Err(GROUPS);
    }
    let taken = threads.len();
    resize(threads, general, places.len())?;
    let was_taken = places.iter().filter(|place| threads.is_taken(Slot(**place))).count();
    let is_taken = changed.iter().filter(|(_, record)| record.is_some()).count();
    for (place, record) in &changed {
        threads.forget_number(Slot(*place));
        if record.as_ref().is_none_or(|record| record.fresh || record.children.is_some()) {
            leave_children(threads, Slot(*place));
        }
    }
    for (index, _) in &families {
        leave_members(threads, *index);
    }
    let offspring = change_each(threads, known, changed)?;
    check_free(threads, general, taken - was_taken + is_taken)?;
    for (parent, children) in &offspring {
        enter_children(threads, *parent, children)?;
    }
    change_families(threads, general, families)?;
    let gone = places.into_iter().map(Slot).filter(|slot| !threads.is_taken(*slot));
    for links in gone.map(|slot| &threads.get(slot).links) {
        match (links.parent, links.group) {
            (None, None) => {}
            (Some(_), _) => return Err(CHILDREN),
            (None, Some(_)) => return Err(MEMBERS),
        }
    }
    threads.last_image = general.last_image;
    threads.change_parents();
    Ok(())
}

/// Whether places are in order, each once and below `end`.
fn ascends(places: &[u32], end: u32) -> bool {
    places.is_sorted_by(|one, next| one < next) && places.last().is_none_or(|last| *last < end)
}

/// Makes room for the threads: each new slot is either free or in the record.
fn resize(threads: &mut Threads, general: &General, changed: usize) -> Result<()> {
    let (old, new) = (threads.slots.len(), general.slots as usize);
    if new < old || new - old > changed + general.free.0.len() || new > 2 * MAX_THREADS {
        return Err(SLOTS);
    }
    threads.resize(new);
    Ok(())
}

/// Takes over which slots are free: all but `taken`, and no thread is at any of them.
fn check_free(threads: &mut Threads, general: &General, taken: usize) -> Result<()> {
    let mut free = general.free.0.clone();
    free.sort_unstable();
    let right = ascends(&free, general.slots)
        && free.len() + taken == threads.slots.len()
        && free.iter().all(|slot| !threads.is_taken(Slot(*slot)));
    threads.free = general.free.0.iter().map(|slot| Slot(*slot)).collect();
    if right { Ok(()) } else { Err(FREE) }
}

/// Changes threads by themselves, and returns the new lists of children.
fn change_each(
    threads: &mut Threads,
    known: &Found,
    changed: Vec<(u32, Option<ThreadRecord>)>,
) -> Result<Vec<(Slot, Vec<u32>)>> {
    let mut images = Images { known, by_id: HashMap::new() };
    let mut pedigree = Pedigree::new(known);
    let mut offspring = Vec::new();
    for (place, record) in changed {
        let slot = Slot(place);
        match record {
            Some(record) => {
                if let Some(kin) = record.kin {
                    pedigree.add(place, kin);
                }
                offspring.extend(change_thread(threads, slot, record, &mut images)?);
            }
            None => clear(threads, slot),
        }
    }
    pedigree.apply(threads, &mut images)?;
    Ok(offspring)
}

/// Forgets all of a thread but the lists that it is in.
fn clear(threads: &mut Threads, slot: Slot) {
    let blank = threads.blank(-1);
    let thread = threads.get_mut(slot);
    let links = Links { listed_children: 0, expected_children: 0, reaper_tid: 0, ..thread.links };
    *thread = Thread { links, ..blank };
}

fn change_thread(
    threads: &mut Threads,
    slot: Slot,
    record: ThreadRecord,
    images: &mut Images<'_>,
) -> Result<Option<(Slot, Vec<u32>)>> {
    if record.fresh {
        clear(threads, slot);
    }
    let thread = threads.get_mut(slot);
    if let Some(numbers) = record.numbers {
        let old = std::mem::replace(thread, numbers.thread);
        (thread.image, thread.cgroups, thread.container) = (old.image, old.cgroups, old.container);
        (thread.root, thread.cwd, thread.env, thread.fds) = (old.root, old.cwd, old.env, old.fds);
        thread.kin = old.kin;
        thread.links = Links {
            listed_children: numbers.listed_children,
            expected_children: numbers.expected_children,
            reaper_tid: numbers.reaper_tid,
            ..old.links
        };
    }
    if let Some(texts) = record.texts {
        images.change_texts(thread, &texts)?;
    }
    change_fds(thread, record.fds, images.known)?;
    let tid = thread.tid;
    if threads.by_tid(tid).is_some() {
        return Err(IDS);
    }
    threads.by_tid.insert(tid, slot);
    Ok(record.children.map(|children| (slot, children.0)))
}

fn change_fds(thread: &mut Thread, fds: Fds, known: &Found) -> Result<()> {
    match fds {
        Fds::Same => {}
        Fds::Table(place) => thread.fds = known.table(place)?,
        Fds::Changed(changes) => {
            let table = Arc::make_mut(&mut thread.fds);
            for (number, fd) in changes.0 {
                let fits = match fd {
                    Some(place) => table.insert(number, known.fd(place)?),
                    None => table.remove(number).is_some(),
                };
                if !fits {
                    return Err(KeyframeError::Contradiction("fds"));
                }
            }
        }
    }
    Ok(())
}

/// Images by their numbers: threads of the same image share it.
pub(super) struct Images<'k> {
    known: &'k Found,
    by_id: HashMap<u32, Arc<Image>>,
}

impl Images<'_> {
    fn change_texts(&mut self, thread: &mut Thread, texts: &Texts) -> Result<()> {
        let text = |place| self.known.text(place);
        (thread.cgroups, thread.container) = (text(texts.cgroups)?, text(texts.container)?);
        (thread.root, thread.cwd, thread.env) = (text(texts.root)?, text(texts.cwd)?, text(texts.env)?);
        thread.image = self.image(&texts.image)?;
        Ok(())
    }

    /// The image of these texts.
    pub(super) fn image(&mut self, texts: &ImageTexts) -> Result<Arc<Image>> {
        let ImageTexts { id, comm, exe, exepath, real, args } = *texts;
        let text = |place| self.known.text(place);
        let (comm, exe, args) = (text(comm)?, text(exe)?, text(args)?);
        let image = Image { id, comm, exe, exepath: text(exepath)?, real: text(real)?, args };
        let same = self.by_id.entry(id).or_insert_with(|| Arc::new(image.clone()));
        Ok(if **same == image { same.clone() } else { Arc::new(image) })
    }
}

/// Takes all children out of a thread's list.
fn leave_children(threads: &mut Threads, parent: Slot) {
    let links = &mut threads.get_mut(parent).links;
    links.children = 0;
    let mut next = links.first_child.take();
    while let Some(child) = next {
        let links = &mut threads.get_mut(child).links;
        (links.parent, links.previous_sibling) = (None, None);
        next = links.next_sibling.take();
    }
}

/// Makes the list of a thread's children, which is empty.
fn enter_children(threads: &mut Threads, parent: Slot, children: &[u32]) -> Result<()> {
    let mut previous = None;
    for child in children {
        let slot = Slot(*child);
        if !is_thread(threads, *child) || slot == parent || threads.get(slot).links.parent.is_some() {
            return Err(CHILDREN);
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

/// Whether there is a thread in a slot.
pub(super) fn is_thread(threads: &Threads, place: u32) -> bool {
    (place as usize) < threads.slots.len() && threads.is_taken(Slot(place))
}

/// Takes all members out of a group, which is closed.
fn leave_members(threads: &mut Threads, index: u32) {
    let Some(group) = threads.group_at(index) else { return };
    let (pid, mut next) = (group.pid, group.first);
    *group = Group::default();
    threads.close_group(pid, index);
    while let Some(member) = next {
        let links = &mut threads.get_mut(member).links;
        (links.group, links.previous_member) = (None, None);
        next = links.next_member.take();
    }
}

/// Sets groups without members as recorded.
fn change_families(threads: &mut Threads, general: &General, families: Vec<(u32, Family)>) -> Result<()> {
    for (index, family) in families {
        match (index as usize).cmp(&threads.groups.len()) {
            std::cmp::Ordering::Less => {}
            std::cmp::Ordering::Equal => threads.groups.push(Group::default()),
            std::cmp::Ordering::Greater => return Err(GROUPS),
        }
        enter_members(threads, index, &family)?;
    }
    let mut free = general.free_families.0.clone();
    free.sort_unstable();
    let is_empty = |index: &u32| threads.groups.get(*index as usize).is_some_and(|group| group.members == 0);
    let right = threads.groups.len() == general.families as usize
        && ascends(&free, general.families)
        && free.iter().all(is_empty);
    threads.free_groups.clone_from(&general.free_families.0);
    if right { Ok(()) } else { Err(GROUPS) }
}

fn enter_members(threads: &mut Threads, index: u32, family: &Family) -> Result<()> {
    let mut group = Group {
        pid: family.pid,
        alive: family.alive,
        reaper: family.reaper,
        members: family.members.0.len() as u32,
        ..Group::default()
    };
    for member in &family.members.0 {
        let slot = Slot(*member);
        if !is_thread(threads, *member) || threads.get(slot).links.group.is_some() {
            return Err(MEMBERS);
        }
        let links = &mut threads.get_mut(slot).links;
        (links.group, links.previous_member) = (Some(index), group.last);
        match group.last {
            Some(last) => threads.get_mut(last).links.next_member = Some(slot),
            None => group.first = Some(slot),
        }
        group.last = Some(slot);
    }
    if family.open {
        if threads.group_by_pid.get(family.pid).is_some() {
            return Err(GROUPS);
        }
        threads.group_by_pid.insert(family.pid, Slot(index));
    }
    *threads.group_at(index).ok_or(GROUPS)? = group;
    Ok(())
}

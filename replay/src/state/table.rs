//! The table of threads: who is there, and what follows from it about leaders, fds and ancestors.

use std::sync::Arc;

use super::marks::Marks;
use super::numbers::NumberIndex;
use super::texts::Texts;
use super::thread::Blank;
use super::{Fd, FdTable, Image, MEMORY_LIMIT, Slot, Text, Thread, clone_flag};

/// Most threads that the table holds; further ones are not added (reference state 8.5).
pub(crate) const MAX_THREADS: usize = 1 << 18;

/// What else is copied with a table of fds when one of them changes.
const COPIED: usize = 1024;

/// The threads of the host.
#[derive(Debug, Clone)]
pub struct Threads {
    pub(super) slots: Vec<Thread>,
    pub(super) free: Vec<Slot>,
    pub(super) by_tid: NumberIndex,
    pub(super) groups: Vec<Group>,
    pub(super) free_groups: Vec<u32>,
    /// From a pid to the index of its group.
    pub(super) group_by_pid: NumberIndex,
    pub(super) blank: Blank,
    pub(super) last_image: u32,
    /// Threads and groups that may have changed, by their places.
    pub(super) touched: Marks,
    pub(super) touched_groups: Marks,
    /// Bytes that may be taken on before memory is measured.
    pub(super) room: usize,
    pub(super) texts: Texts,
    pub(super) parents: Parents,
}

/// Counts changes of who is whose parent, so that a walk over ancestors need not be done again while nothing changed.
#[derive(Debug, Default)]
pub(super) struct Parents {
    table: Arc<()>,
    changes: u64,
}

/// Parents at one time. Equal ones are the same, in whichever table.
#[derive(Debug, Clone)]
pub(crate) struct Parentage(Arc<()>, u64);

impl Clone for Parents {
    /// A copy of a table changes on its own.
    fn clone(&self) -> Parents {
        Parents::default()
    }
}

impl Default for Threads {
    fn default() -> Threads {
        Threads {
            slots: Vec::new(),
            free: Vec::new(),
            by_tid: NumberIndex::default(),
            groups: Vec::new(),
            free_groups: Vec::new(),
            group_by_pid: NumberIndex::default(),
            blank: Blank::default(),
            last_image: 0,
            touched: Marks::default(),
            touched_groups: Marks::default(),
            // A first limit; the state sets its own.
            room: MEMORY_LIMIT / 8,
            texts: Texts::default(),
            parents: Parents::default(),
        }
    }
}

#[cfg(test)]
thread_local! {
    /// How often threads were looked up by their ids on this thread: the steps of walks over ancestors.
    pub(crate) static LOOKUPS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// The threads of one process.
#[derive(Debug, Clone, Default)]
pub(super) struct Group {
    /// The process.
    pub(super) pid: i64,
    /// Threads that have not exited.
    pub(super) alive: u64,
    /// Takes over orphans.
    pub(super) reaper: bool,
    /// Ends of the list of threads, leader first.
    pub(super) first: Option<Slot>,
    pub(super) last: Option<Slot>,
    /// Threads in the list.
    pub(super) members: u32,
}

impl Threads {
    /// The thread at a slot of this table.
    #[inline]
    pub fn get(&self, slot: Slot) -> &Thread {
        &self.slots[slot.0 as usize]
    }

    /// The thread at a slot of this table, to be changed.
    #[inline]
    pub(super) fn get_mut(&mut self, slot: Slot) -> &mut Thread {
        self.touched.set(slot.0);
        &mut self.slots[slot.0 as usize]
    }

    /// The slot of a thread id.
    #[inline]
    pub fn by_tid(&self, tid: i64) -> Option<Slot> {
        #[cfg(test)]
        LOOKUPS.set(LOOKUPS.get() + 1);
        self.by_tid.get(tid)
    }

    /// A thread came, went, or got another parent.
    pub(super) fn change_parents(&mut self) {
        self.parents.changes += 1;
    }

    /// Who is whose parent now.
    pub(crate) fn parentage(&self) -> Parentage {
        Parentage(self.parents.table.clone(), self.parents.changes)
    }

    /// Whether every thread has the parent that it had then.
    #[inline]
    pub(crate) fn has_parentage(&self, then: &Parentage) -> bool {
        then.1 == self.parents.changes && Arc::ptr_eq(&then.0, &self.parents.table)
    }

    /// Number of threads.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The slots of all threads.
    pub fn iter(&self) -> impl Iterator<Item = Slot> {
        let slots = (0..self.slots.len() as u32).map(Slot);
        slots.filter(|slot| self.is_taken(*slot))
    }

    /// Whether there is a thread at a slot of this table.
    pub(super) fn is_taken(&self, slot: Slot) -> bool {
        self.by_tid(self.get(slot).tid) == Some(slot)
    }

    /// The thread at a slot is not found by its id any more.
    pub(super) fn forget_number(&mut self, slot: Slot) {
        if self.is_taken(slot) {
            self.by_tid.remove(self.get(slot).tid);
        }
    }

    /// Makes room for `count` threads; the new slots are blank.
    pub(super) fn resize(&mut self, count: usize) {
        for slot in self.slots.len()..count {
            self.touched.set(slot as u32);
        }
        self.slots.resize(count, self.blank(-1));
    }

    /// Whether new threads of the process join the group.
    pub(super) fn is_open(&self, index: u32) -> bool {
        let pid = self.groups.get(index as usize).map(|group| group.pid);
        pid.and_then(|pid| self.group_by_pid.get(pid)) == Some(Slot(index))
    }

    /// Later threads of the process start a new group.
    pub(super) fn close_group(&mut self, pid: i64, index: u32) {
        if self.group_by_pid.get(pid) == Some(Slot(index)) {
            self.group_by_pid.remove(pid);
            self.touched_groups.set(index);
        }
    }

    /// The main thread of the thread's group (reference state 3.1).
    #[inline]
    pub fn leader(&self, slot: Slot) -> Option<Slot> {
        let thread = self.get(slot);
        if thread.is_main() {
            return Some(slot);
        }
        self.group(slot)?.first.filter(|first| self.get(*first).is_main())
    }

    /// The fd table in force for the thread (reference state 3.2).
    #[inline]
    pub(crate) fn fds(&self, slot: Slot) -> Option<&FdTable> {
        Some(&self.get(self.fd_owner(slot)?).fds)
    }

    /// The fd table in force for the thread, to be changed; a table that a fork shares is copied first.
    pub(super) fn fds_mut(&mut self, slot: Slot) -> Option<&mut FdTable> {
        let owner = self.fd_owner(slot)?;
        if Arc::strong_count(&self.get(owner).fds) > 1 {
            self.grow(self.get(owner).fds.own_memory() + COPIED);
        }
        Some(Arc::make_mut(&mut self.get_mut(owner).fds))
    }

    /// The thread whose fd table is in force.
    #[inline]
    pub(super) fn fd_owner(&self, slot: Slot) -> Option<Slot> {
        if self.get(slot).flags & clone_flag::FILES == 0 { Some(slot) } else { self.leader(slot) }
    }

    /// The entry of an fd of the thread.
    #[inline]
    pub fn fd(&self, slot: Slot, number: i64) -> Option<&Arc<Fd>> {
        self.fds(slot)?.get(number)
    }

    /// The working directory, ending in a slash; `./` if the leader is not known (reference state 3.2).
    pub fn cwd(&self, slot: Slot) -> &[u8] {
        self.leader(slot).map_or(b"./", |leader| &self.get(leader).cwd)
    }

    /// The environment of the process, NUL between and after; the thread's own if the leader is not known.
    pub fn env(&self, slot: Slot) -> &[u8] {
        &self.get(self.leader(slot).unwrap_or(slot)).env
    }

    /// The nth ancestor process, 0 for the thread's own leader (reference state 9.25).
    pub fn ancestor(&self, slot: Slot, n: usize) -> Option<Slot> {
        let mut current = self.leader(slot)?;
        for _ in 0..n {
            current = self.leader(self.by_tid(self.get(current).ptid)?)?;
        }
        Some(current)
    }

    /// Number of live threads in the thread's group (`proc.nthreads`).
    pub fn alive(&self, slot: Slot) -> u64 {
        self.group(slot).map_or(0, |group| group.alive)
    }

    /// Number of live threads in the group besides the leader (`proc.nchilds`, reference state 3.6).
    pub(crate) fn alive_without_leader(&self, slot: Slot) -> u64 {
        let alive = self.alive(slot);
        match self.leader(slot) {
            Some(leader) if self.get(slot).links.group.is_some() && !self.get(leader).is_dead() => {
                alive.wrapping_sub(1)
            }
            Some(_) | None => alive,
        }
    }

    /// The group of a thread; invalid threads have none.
    #[inline]
    pub(super) fn group(&self, slot: Slot) -> Option<&Group> {
        self.groups.get(self.get(slot).links.group? as usize)
    }

    /// The group of a thread, to be changed.
    pub(super) fn group_mut(&mut self, slot: Slot) -> Option<&mut Group> {
        let group = self.get(slot).links.group?;
        self.group_at(group)
    }

    /// The group of an index, to be changed.
    pub(super) fn group_at(&mut self, index: u32) -> Option<&mut Group> {
        let group = self.groups.get_mut(index as usize)?;
        self.touched_groups.set(index);
        Some(group)
    }

    /// The threads of a thread's group, leader first.
    pub(super) fn members(&self, slot: Slot) -> impl Iterator<Item = Slot> {
        let first = self.group(slot).and_then(|group| group.first);
        std::iter::successors(first, |member| self.get(*member).links.next_member)
    }

    /// A thread of which only the id is known.
    pub(super) fn blank(&self, tid: i64) -> Thread {
        Thread::new(tid, &self.blank)
    }

    /// A text that says `new`: `old` itself if it does, or that of another thread.
    pub(super) fn text(&mut self, old: &Text, new: &[u8]) -> Text {
        if **old == *new {
            return old.clone();
        }
        let (text, bytes) = self.texts.get(new);
        self.grow(bytes);
        text
    }

    /// An image of these parts: `like` itself if it has the same, otherwise a new one that shares what is equal.
    pub(super) fn image(&mut self, like: &Arc<Image>, parts: ImageParts<'_>) -> Arc<Image> {
        if *like.comm == *parts.comm
            && *like.exe == *parts.exe
            && *like.exepath == *parts.exepath
            && *like.real == *parts.real
            && *like.args == *parts.args
        {
            return like.clone();
        }
        let texts = [parts.comm, parts.exe, parts.exepath, parts.real];
        self.grow(size_of::<Image>() + texts.into_iter().map(<[u8]>::len).sum::<usize>());
        let args = self.text(&like.args, parts.args);
        self.last_image = self.last_image.saturating_add(1);
        Arc::new(Image {
            id: self.last_image,
            comm: share(&like.comm, parts.comm),
            exe: if parts.exe == parts.comm {
                share(&like.comm, parts.exe)
            } else {
                share(&like.exe, parts.exe)
            },
            exepath: share(&like.exepath, parts.exepath),
            real: share(&like.real, parts.real),
            args,
        })
    }
}

/// The parts that an image is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct ImageParts<'a> {
    pub(super) comm: &'a [u8],
    pub(super) exe: &'a [u8],
    pub(super) exepath: &'a [u8],
    /// Where the kernel says that it is another one.
    pub(super) real: &'a [u8],
    pub(super) args: &'a [u8],
}

/// `old` if it says the same as `new`, otherwise a new text.
fn share(old: &Text, new: &[u8]) -> Text {
    if **old == *new { old.clone() } else { new.into() }
}

impl Image {
    /// The parts of the image.
    pub(super) fn parts(&self) -> ImageParts<'_> {
        let Image { comm, exe, exepath, real, args, .. } = self;
        ImageParts { comm, exe, exepath, real, args }
    }
}

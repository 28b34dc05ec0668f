//! Where processes come from: which process started which, and from which session. What a parent's end, an adoption, an exec or
//! a new session changes elsewhere stays here as it was when the process was started.
//!
//! A process has a chain of those that led to it, each as it was when it started the next. A chain is cut where it
//! becomes long: the eldest and the nearest stay, so that neither the service at its beginning nor the shell at its end can be
//! pushed out by processes that do nothing but start each other.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tercel_format::Event;

use super::clone::STALE;
use super::table::MAX_THREADS;
use super::{Image, Slot, State, Text, Thread, Threads};

/// Processes of a chain that a cut leaves: the nearest, and the eldest.
const NEAREST: usize = 24;
const ELDEST: usize = 8;

/// A chain of more processes is cut.
pub(crate) const LONGEST: u32 = 64;

/// Most children that wait for their first event with what is known of the process that made them.
pub(super) const MAX_ADOPTED: usize = 16;

/// A process as it was when it started another one.
#[derive(Debug, PartialEq, Eq)]
pub struct Ancestor {
    /// Process id.
    pub pid: i64,
    /// When it was started, in nanoseconds since the epoch; 0 where it ran before the capture.
    pub started: u64,
    /// What it ran.
    pub image: Arc<Image>,
    /// The process before it in the chain.
    pub parent: Option<Arc<Ancestor>>,
    /// Processes between it and `parent` are left out.
    pub is_cut: bool,
    /// Processes of the chain up to here.
    pub(super) length: u32,
}

impl Ancestor {
    /// The process, and those that led to it, nearest first.
    pub fn chain(&self) -> impl Iterator<Item = &Ancestor> {
        std::iter::successors(Some(self), |one| one.parent.as_deref())
    }

    /// Whether the thread, of which this was made, runs the same.
    fn is_now(&self, thread: &Thread) -> bool {
        Arc::ptr_eq(&self.image, &thread.image) && self.started == thread.clone_ts
    }
}

/// The session that a process comes from.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Session id, in the pid namespace of the process that was seen in it first.
    pub sid: i64,
    /// Its terminal, 0 for none.
    pub tty: u32,
    /// The process that was seen in it first, and its name then.
    pub pid: i64,
    /// The name.
    pub name: Text,
}

/// A child that its maker gave to its own parent (`CLONE_PARENT`), seen before the child's first event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Adopted {
    /// The child.
    pub(super) child: i64,
    /// Who made it.
    pub(super) maker: i64,
    /// When, in nanoseconds since the epoch.
    pub(super) ts: u64,
}

/// Where a thread comes from.
#[derive(Debug, Clone, Default)]
pub(super) struct Kin {
    /// The process that started the thread's process, with those that led to it.
    pub(super) lineage: Option<Arc<Ancestor>>,
    /// The session of origin.
    pub(super) origin: Option<Arc<Origin>>,
    /// The chain that processes get which this one starts, while it runs the same image.
    children: Option<Arc<Ancestor>>,
}

impl Kin {
    /// What was known before.
    pub(super) fn restore(&mut self, lineage: Option<Arc<Ancestor>>, origin: Option<Arc<Origin>>) {
        *self = Kin { lineage, origin, children: None };
    }
}

impl PartialEq for Kin {
    fn eq(&self, other: &Kin) -> bool {
        same(self.lineage.as_ref(), other.lineage.as_ref())
            && same(self.origin.as_ref(), other.origin.as_ref())
    }
}

/// Whether two chains or sessions say the same.
pub(super) fn same<T: PartialEq>(one: Option<&Arc<T>>, other: Option<&Arc<T>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other) || one == other,
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

impl Thread {
    /// The process that started this one, as it was then, with those that led to it; `None` where nothing is known of it.
    pub fn lineage(&self) -> Option<&Arc<Ancestor>> {
        self.kin.lineage.as_ref()
    }

    /// The session that it comes from: the eldest with a terminal among its own and those of the processes that led to it, and
    /// where none had one that of the service below which it runs.
    pub fn origin(&self) -> Option<&Arc<Origin>> {
        self.kin.origin.as_ref()
    }

    /// Whether its own parent is init, so that a session that it opens is that of a service.
    fn is_service(&self) -> bool {
        self.vpid == 1 || self.kin.lineage.as_ref().is_none_or(|started_by| started_by.pid <= 1)
    }

    /// Its session is that of its origin if none is known, or none with a terminal.
    fn see_session(&mut self) {
        let known = self.kin.origin.as_ref();
        let has_terminal = known.is_some_and(|known| known.tty != 0);
        if self.is_invalid() || has_terminal || (known.is_some() && self.tty == 0) {
            return;
        }
        let origin = Origin { sid: self.sid, tty: self.tty, pid: self.pid, name: self.image.comm.clone() };
        self.kin.origin = Some(Arc::new(origin));
    }

    /// It opened a session, or began in one: what init starts is a service.
    pub(super) fn open_session(&mut self) {
        let has_terminal = self.kin.origin.as_ref().is_some_and(|origin| origin.tty != 0);
        if self.is_service() && !has_terminal {
            self.kin.origin = None;
        }
        self.see_session();
    }

    /// It runs another program, perhaps with a terminal by now.
    pub(super) fn see_exec(&mut self) {
        self.kin.children = None;
        self.see_session();
    }

    /// Forgets what is only known of those that led to it.
    pub(super) fn forget_lineage(&mut self) {
        (self.kin.lineage, self.kin.children) = (None, None);
    }
}

impl Threads {
    /// Gives a new thread what follows from who made it: `maker` started its process, or has it in common with it.
    pub(super) fn descend(&mut self, thread: &mut Thread, maker: Slot) {
        let maker = self.leader(maker).unwrap_or(maker);
        let lineage = if self.get(maker).pid == thread.pid {
            self.get(maker).kin.lineage.clone()
        } else {
            self.chain_of_children(maker)
        };
        thread.kin = Kin { lineage, origin: self.get(maker).kin.origin.clone(), children: None };
        thread.open_session();
    }

    /// A thread of whose start nothing was seen, whose parent is known by now.
    pub(super) fn descend_late(&mut self, slot: Slot) {
        let thread = self.get(slot);
        if thread.kin.lineage.is_some() || thread.is_invalid() {
            return;
        }
        let maker = if thread.is_main() { self.by_tid(thread.ptid) } else { self.leader(slot) };
        let kin = match maker.filter(|maker| *maker != slot && !self.get(*maker).is_invalid()) {
            Some(maker) => {
                let mut copy = self.get(slot).clone();
                self.descend(&mut copy, maker);
                copy.kin
            }
            None => Kin::default(),
        };
        let thread = self.get_mut(slot);
        thread.kin = kin;
        thread.see_session();
    }

    /// The thread as one that starts another now. A chain that is as long as chains can be is not cut here.
    pub(super) fn shared_ancestor(&mut self, slot: Slot) -> Arc<Ancestor> {
        let thread = self.get(slot);
        match thread.kin.children.as_ref().filter(|known| known.is_now(thread)) {
            Some(known) => known.clone(),
            None => {
                let chain = Arc::new(thread.as_ancestor());
                if chain.length <= LONGEST {
                    self.slots[slot.0 as usize].kin.children = Some(chain.clone());
                }
                chain
            }
        }
    }

    /// The chain that the children of a process get.
    fn chain_of_children(&mut self, maker: Slot) -> Option<Arc<Ancestor>> {
        let thread = self.get(maker);
        if thread.is_invalid() {
            return None;
        }
        if let Some(known) = thread.kin.children.as_ref().filter(|known| known.is_now(thread)) {
            return Some(known.clone());
        }
        let chain = cut(Arc::new(thread.as_ancestor()));
        self.grow(2 * size_of::<Ancestor>());
        // Not a change that a keyframe would tell.
        self.slots[maker.0 as usize].kin.children = Some(chain.clone());
        Some(chain)
    }

    /// The threads of the lists: those that a process descends from come first.
    pub(super) fn descend_from_lists(&mut self) {
        let mut known = vec![false; self.slots.len()];
        let slots: Vec<Slot> = self.iter().collect();
        for slot in slots {
            let mut waiting = vec![slot];
            known[slot.0 as usize] = true;
            while let Some(last) = waiting.last().copied() {
                let thread = self.get(last);
                let maker = if thread.is_main() { self.by_tid(thread.ptid) } else { self.leader(last) };
                match maker.filter(|maker| !known[maker.0 as usize]) {
                    Some(maker) => {
                        known[maker.0 as usize] = true;
                        waiting.push(maker);
                    }
                    None => {
                        self.descend_late(last);
                        waiting.pop();
                    }
                }
            }
        }
    }
}

impl Thread {
    /// The process as one that starts another now.
    pub(super) fn as_ancestor(&self) -> Ancestor {
        let parent = self.kin.lineage.clone();
        let length = parent.as_ref().map_or(0, |parent| parent.length) + 1;
        Ancestor {
            pid: self.pid,
            started: self.clone_ts,
            image: self.image.clone(),
            parent,
            is_cut: false,
            length,
        }
    }
}

/// The chain itself, or what a cut leaves of it.
fn cut(chain: Arc<Ancestor>) -> Arc<Ancestor> {
    if chain.length <= LONGEST {
        return chain;
    }
    let all: Vec<&Ancestor> = chain.chain().collect();
    let eldest = all.get(all.len() - ELDEST - 1).and_then(|last| last.parent.clone());
    let nearest = all.iter().take(NEAREST).rev().enumerate();
    let cut = nearest.fold(eldest, |parent, (index, one)| {
        Some(Arc::new(Ancestor {
            pid: one.pid,
            started: one.started,
            image: one.image.clone(),
            length: parent.as_ref().map_or(0, |parent: &Arc<Ancestor>| parent.length) + 1,
            parent,
            is_cut: index == 0,
        }))
    });
    cut.unwrap_or(chain)
}

impl State {
    /// A thread made a child that is not its own but its parent's (`CLONE_PARENT`): the child's events do not say who made it.
    pub(super) fn note_maker(&mut self, event: &Event<'_>, maker: Slot, child: i64) {
        let thread = self.threads.get(maker);
        if thread.is_invalid() || thread.vtid != thread.tid {
            return;
        }
        let entry = Adopted { child, maker: thread.tid, ts: event.ts };
        match self.threads.by_tid(child) {
            Some(slot) if event.ts.abs_diff(self.threads.get(slot).clone_ts) < STALE => {
                self.take_maker(slot, entry);
            }
            Some(_) | None => {
                if self.adopted.len() >= MAX_ADOPTED {
                    self.adopted.remove(0);
                }
                self.adopted.push(entry);
            }
        }
    }

    /// A child that was made for another parent shows itself.
    pub(super) fn find_maker(&mut self, slot: Slot) {
        let thread = self.threads.get(slot);
        let (tid, ts) = (thread.tid, thread.clone_ts);
        if let Some(at) = self.adopted.iter().position(|entry| entry.child == tid) {
            let entry = self.adopted.remove(at);
            if entry.ts.abs_diff(ts) < STALE {
                self.take_maker(slot, entry);
            }
        }
    }

    fn take_maker(&mut self, slot: Slot, entry: Adopted) {
        if let Some(maker) = self.threads.by_tid(entry.maker).filter(|maker| *maker != slot) {
            let mut copy = self.threads.get(slot).clone();
            self.threads.descend(&mut copy, maker);
            self.threads.get_mut(slot).kin = copy.kin;
        }
    }

    /// Whether the parent of a thread's process is another one than the process that started it: that one ended, or gave it away.
    /// `None` where it is not known who started it.
    pub fn is_orphan(&self, slot: Slot) -> Option<bool> {
        let started_by = self.threads.get(slot).kin.lineage.as_ref()?;
        let parent = self.threads.ancestor(slot, 1).map(|parent| self.threads.get(parent));
        Some(
            parent.is_none_or(|parent| (parent.pid, parent.clone_ts) != (started_by.pid, started_by.started)),
        )
    }
}

/// Most distinct processes that the chains of a keyframe may name.
pub(super) const MAX_NAMED: usize = 8 * MAX_THREADS;

//! Families: groups of threads, parents and children, and how the table changes when threads come and go
//! (reference state 3, 6).

use super::table::{Group, MAX_THREADS};
use super::{Slot, Thread, Threads, clone_flag};

/// How far a chain of parents is followed; a longer one is a loop or an attack.
pub(crate) const MAX_ANCESTORS: usize = 1024;

/// Number of ended children after which the reference cleans up its list.
const TIDY_AT: u64 = 10;

impl Threads {
    /// Adds a thread, in place of an older one of the same id. `linked` makes its group and its link to the parent at once.
    /// `None` if the table is full.
    pub(super) fn add(&mut self, thread: Thread, linked: bool) -> Option<Slot> {
        if self.len() >= MAX_THREADS {
            return None;
        }
        self.change_parents();
        self.grow(size_of::<Thread>());
        let tid = thread.tid;
        let slot = match self.free.pop() {
            Some(slot) => {
                *self.get_mut(slot) = thread;
                slot
            }
            None => {
                self.slots.push(thread);
                let slot = Slot(self.slots.len() as u32 - 1);
                self.touched.set(slot.0);
                slot
            }
        };
        if linked {
            self.link(slot);
        }
        if let Some(old) = self.by_tid(tid) {
            self.release(old);
        }
        self.by_tid.insert(tid, slot);
        Some(slot)
    }

    /// The thread of an id, made up if it is not there (reference state 2.4). `None` if the table is full.
    #[inline]
    pub(super) fn get_or_make(&mut self, tid: i64) -> Option<Slot> {
        match self.by_tid(tid) {
            Some(slot) => Some(slot),
            None => self.add(self.blank(tid), true),
        }
    }

    /// Puts a thread into its group and among the children of its parent (reference state 3.3, 3.4).
    pub(super) fn link(&mut self, slot: Slot) {
        self.change_parents();
        let thread = self.get(slot);
        if thread.is_invalid() || thread.links.group.is_some() {
            return;
        }
        let (pid, vpid, ptid) = (thread.pid, thread.vpid, thread.ptid);
        self.join_group(slot, pid, pid == 1 || vpid == 1);
        if pid == 1 {
            return;
        }
        match self.by_tid(ptid).filter(|parent| !self.get(*parent).is_invalid()) {
            Some(parent) => self.adopt(parent, slot),
            None => self.get_mut(slot).ptid = 0,
        }
    }

    fn join_group(&mut self, slot: Slot, pid: i64, reaper: bool) {
        let index = match self.group_by_pid.get(pid) {
            Some(Slot(index)) => index,
            None => self.new_group(pid, reaper),
        };
        let main = self.get(slot).is_main();
        let Some(group) = self.group_at(index) else { return };
        group.alive = group.alive.wrapping_add(1);
        group.members += 1;
        let (first, last) = (group.first, group.last);
        if main || first.is_none() {
            group.first = Some(slot);
            group.last = last.or(Some(slot));
        } else {
            group.last = Some(slot);
        }
        let links = &mut self.get_mut(slot).links;
        links.group = Some(index);
        if main || first.is_none() {
            links.next_member = first;
            if let Some(first) = first {
                self.get_mut(first).links.previous_member = Some(slot);
            }
        } else {
            links.previous_member = last;
            if let Some(last) = last {
                self.get_mut(last).links.next_member = Some(slot);
            }
        }
    }

    fn new_group(&mut self, pid: i64, reaper: bool) -> u32 {
        let group = Group { pid, reaper, ..Group::default() };
        let index = match self.free_groups.pop() {
            Some(index) => {
                self.groups[index as usize] = group;
                index
            }
            None => {
                self.groups.push(group);
                self.groups.len() as u32 - 1
            }
        };
        self.touched_groups.set(index);
        self.group_by_pid.insert(pid, Slot(index));
        index
    }

    fn leave_group(&mut self, slot: Slot) {
        let links = self.get(slot).links;
        let Some(index) = links.group else { return };
        if let Some(next) = links.next_member {
            self.get_mut(next).links.previous_member = links.previous_member;
        }
        if let Some(previous) = links.previous_member {
            self.get_mut(previous).links.next_member = links.next_member;
        }
        let Some(group) = self.group_at(index) else { return };
        if group.first == Some(slot) {
            group.first = links.next_member;
        }
        if group.last == Some(slot) {
            group.last = links.previous_member;
        }
        group.members -= 1;
        if group.members == 0 {
            let pid = group.pid;
            self.close_group(pid, index);
            self.free_groups.push(index);
        }
        let links = &mut self.get_mut(slot).links;
        (links.group, links.previous_member, links.next_member) = (None, None, None);
    }

    /// Makes `child` the newest child of `parent`.
    fn adopt(&mut self, parent: Slot, child: Slot) {
        self.change_parents();
        let tid = self.get(parent).tid;
        let links = &mut self.get_mut(parent).links;
        links.children += 1;
        links.listed_children += 1;
        links.expected_children = links.expected_children.wrapping_add(1);
        let first = links.first_child.replace(child);
        if let Some(first) = first {
            self.get_mut(first).links.previous_sibling = Some(child);
        }
        let thread = self.get_mut(child);
        thread.ptid = tid;
        thread.links.parent = Some(parent);
        thread.links.previous_sibling = None;
        thread.links.next_sibling = first;
    }

    /// Takes a child out of the list it is in. The reference's counts stay: it notices later.
    fn leave_parent(&mut self, child: Slot) {
        let links = self.get(child).links;
        let Some(parent) = links.parent else { return };
        if let Some(next) = links.next_sibling {
            self.get_mut(next).links.previous_sibling = links.previous_sibling;
        }
        match links.previous_sibling {
            Some(previous) => self.get_mut(previous).links.next_sibling = links.next_sibling,
            None => self.get_mut(parent).links.first_child = links.next_sibling,
        }
        self.get_mut(parent).links.children -= 1;
        let links = &mut self.get_mut(child).links;
        (links.parent, links.previous_sibling, links.next_sibling) = (None, None, None);
    }

    /// Gives a slot back. Children stay without a list; their parent id stays too.
    pub(super) fn release(&mut self, slot: Slot) {
        self.change_parents();
        self.leave_group(slot);
        self.leave_parent(slot);
        while let Some(child) = self.get(slot).links.first_child {
            self.leave_parent(child);
        }
        self.forget_number(slot);
        *self.get_mut(slot) = self.blank(-1);
        self.free.push(slot);
    }

    fn erase(&mut self, tid: i64) {
        if let Some(slot) = self.by_tid(tid) {
            self.release(slot);
        }
    }

    /// Notes in a parent that a child is removed.
    fn count_lost_child(&mut self, ptid: i64) {
        let Some(parent) = self.by_tid(ptid) else { return };
        let links = &mut self.get_mut(parent).links;
        links.expected_children = links.expected_children.wrapping_sub(1);
        if links.listed_children.wrapping_sub(links.expected_children) >= TIDY_AT {
            links.listed_children = u64::from(links.children);
        }
    }

    /// Removes a thread: its children get another parent, a dead leader stays until the last thread of its group is gone
    /// (reference state 6.2 to 6.4).
    pub(super) fn remove(&mut self, tid: i64) {
        let Some(slot) = self.by_tid(tid) else { return };
        let thread = self.get(slot);
        let (pid, ptid) = (thread.pid, thread.ptid);
        if thread.is_invalid() || thread.links.group.is_none() {
            self.count_lost_child(ptid);
            self.release(slot);
            return;
        }
        self.mark_dead(slot);
        if self.get(slot).links.listed_children > 0 {
            self.reparent(slot);
        }
        let is_main = self.get(slot).is_main();
        let last = self.group(slot).is_some_and(|group| group.alive == 0);
        if last {
            self.count_lost_child(ptid);
            if let Some(index) = self.get(slot).links.group {
                self.close_group(pid, index);
            }
            self.erase(pid);
        }
        if !is_main {
            self.count_lost_child(ptid);
            self.erase(tid);
        }
    }

    /// Marks a thread as exited and counts it out of its group; nothing for a dead one.
    pub(super) fn mark_dead(&mut self, slot: Slot) {
        if !self.get(slot).is_dead() {
            if let Some(group) = self.group_mut(slot) {
                group.alive = group.alive.wrapping_sub(1);
            }
            self.get_mut(slot).flags |= clone_flag::CLOSED;
        }
    }

    /// Counts a dead thread in again (reference state 5.2).
    pub(super) fn revive(&mut self, slot: Slot) {
        if self.get(slot).is_dead() {
            self.get_mut(slot).flags &= !clone_flag::CLOSED;
            if let Some(group) = self.group_mut(slot) {
                group.alive = group.alive.wrapping_add(1);
            }
        }
    }

    /// Gives the children of a thread to its reaper (reference state 6.2, 6.3).
    fn reparent(&mut self, slot: Slot) {
        self.change_parents();
        let told = self.get(slot).links.reaper_tid;
        let told = if told > 0 { self.get_or_make(told) } else { None };
        let reaper = match told.filter(|told| !self.get(*told).is_invalid() && *told != slot) {
            Some(reaper) => Some(reaper),
            None => self.find_reaper(slot),
        };
        let pid = self.get(slot).pid;
        if let Some(reaper) = reaper
            && self.get(reaper).pid != pid
            && let Some(group) = self.group_mut(reaper)
        {
            group.reaper = true;
        }
        while let Some(child) = self.get(slot).links.first_child {
            self.leave_parent(child);
            match reaper {
                Some(reaper) => self.adopt(reaper, child),
                None => self.get_mut(child).ptid = 0,
            }
        }
        let links = &mut self.get_mut(slot).links;
        (links.listed_children, links.expected_children) = (0, 0);
    }

    /// Who takes over when the kernel did not say: a live thread of the group, else of the nearest ancestor that reaps.
    fn find_reaper(&self, slot: Slot) -> Option<Slot> {
        let alive_in = |of: Slot| {
            self.group(of).filter(|group| group.alive > 0)?;
            self.members(of).find(|member| !self.get(*member).is_dead() && *member != slot)
        };
        if let Some(sibling) = alive_in(slot) {
            return Some(sibling);
        }
        let thread = self.get(slot);
        let mut ancestor = self.by_tid(thread.ptid);
        for _ in 0..MAX_ANCESTORS {
            let parent = ancestor.filter(|parent| *parent != slot)?;
            if self.get(parent).is_in_pid_namespace() != thread.is_in_pid_namespace() {
                return None;
            }
            if self.group(parent).is_some_and(|group| group.reaper)
                && let Some(reaper) = alive_in(parent)
            {
                return Some(reaper);
            }
            ancestor = self.by_tid(self.get(parent).ptid);
        }
        None
    }
}

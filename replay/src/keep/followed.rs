//! Some processes and what they start: process lists and events enter, whether an event is one of theirs leaves. Membership belongs to the
//! process, not to a thread: it ends with the last thread, whichever that is, and an exec by any thread does not change it.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};
use tercel_format::Event;
use tercel_format::catalogue::code;
use tercel_format::record::ProcessRecord;

use crate::state::{State, clone_flag};

/// Codes of the events of other processes that a recording of some processes needs: they tell who made whom, and the facts of
/// ancestors, session leaders and process groups that fields of the followed ones show; one sets limits of another process. What
/// else others do changes only what is known of themselves, as their fds.
pub const OF_OTHERS: &[u16] = &[
    code::SYSCALL_CLONE_20_X,
    code::SYSCALL_FORK_20_X,
    code::SYSCALL_VFORK_20_X,
    code::SYSCALL_CLONE3_X,
    code::SYSCALL_EXECVE_19_X,
    code::SYSCALL_EXECVEAT_X,
    code::PROCEXIT_1_E,
    code::SYSCALL_PRCTL_X,
    code::SYSCALL_SETSID_X,
    code::SYSCALL_PRLIMIT_X,
];

/// Which processes belong to those that were named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Follow {
    /// Only the named ones, with all their threads and whatever they execute.
    Processes,
    /// Also everything that they start, directly or not.
    #[default]
    Descendants,
}

/// Processes that are followed from their start to the end of their last thread.
#[derive(Debug, Default)]
pub(super) struct FollowedProcesses {
    follow: Follow,
    /// The process of each live thread.
    threads: FxHashMap<i64, i64>,
    /// The same as pairs of process and thread.
    members: BTreeSet<(i64, i64)>,
    /// A process that is never followed, and through which nothing is.
    excluded: Option<i64>,
    /// Threads that are known from elsewhere than their first event, which may still come.
    announced: FxHashSet<i64>,
    /// Children whose makers were seen before them, and whether those are followed.
    claims: Recent<bool>,
    /// Processes without a known thread. If none has begun yet of those that the last one made, they live on.
    emptied: Recent<()>,
    /// Time of the last event.
    now: u64,
    /// Children with the same parent as their maker (CLONE_PARENT) that are followed because a followed process has that parent, too,
    /// until the event of another maker says that they are its own.
    unclaimed: FxHashSet<i64>,
}

impl FollowedProcesses {
    /// These processes.
    pub(super) fn of(pids: &[i64], follow: Follow) -> FollowedProcesses {
        let mut followed = FollowedProcesses { follow, ..FollowedProcesses::default() };
        pids.iter().for_each(|pid| followed.insert(*pid, *pid));
        followed
    }

    /// Leaves out a process and what it starts, but for processes that are added.
    pub(super) fn exclude(&mut self, pid: i64) {
        self.excluded = Some(pid);
        self.forget(pid);
    }

    /// Adds a process that has just been started; its first event may follow.
    pub(super) fn add(&mut self, pid: i64) {
        self.insert(pid, pid);
        self.announced.insert(pid);
    }

    /// Whether all have ended, and none of them made another one that has not begun yet.
    pub(super) fn is_empty(&self) -> bool {
        self.threads.is_empty() && !self.claims.any(self.now, |is_own| *is_own)
    }

    /// Takes in the list of all processes: adds the threads and descendants of the followed ones. What is not in the list has ended.
    pub(super) fn descend(&mut self, processes: &[ProcessRecord]) {
        let named: FxHashSet<i64> = self.threads.values().copied().collect();
        self.threads.clear();
        self.members.clear();
        for process in processes.iter().filter(|process| named.contains(&process.pid)) {
            self.insert(process.pid, process.tid);
        }
        let mut grown = self.follow == Follow::Descendants && !self.threads.is_empty();
        while grown {
            grown = false;
            for process in processes {
                let is_new = !self.threads.contains_key(&process.tid);
                if is_new && (self.has(process.pid) || self.threads.contains_key(&process.ptid)) {
                    self.insert(process.pid, process.tid);
                    grown |= self.threads.contains_key(&process.tid);
                }
            }
        }
        self.announced = self.threads.keys().copied().collect();
    }

    /// Whether an event is one of these processes; new, replaced and ended threads are followed. `state` is what is known after
    /// the event.
    pub(super) fn follow(&mut self, event: &Event<'_>, state: &State) -> bool {
        self.now = event.ts;
        match event.code() {
            code::SYSCALL_CLONE_20_X
            | code::SYSCALL_FORK_20_X
            | code::SYSCALL_VFORK_20_X
            | code::SYSCALL_CLONE3_X => self.cloned(event, state),
            code::SYSCALL_EXECVE_19_X | code::SYSCALL_EXECVEAT_X if event.return_value() == Some(0) => {
                self.executed(event);
            }
            code::PROCEXIT_1_E => return self.ended(event),
            _ => {}
        }
        self.threads.contains_key(&event.tid)
    }

    /// A thread made another one: the events of both say so, in any order.
    fn cloned(&mut self, event: &Event<'_>, state: &State) {
        match event.return_value() {
            Some(0) => self.begun(event, state),
            Some(child) if child > 0 => self.made(event, child, state),
            Some(_) | None => {}
        }
    }

    /// The first event of a new thread.
    fn begun(&mut self, event: &Event<'_>, state: &State) {
        let (Some(pid), Some(ptid)) = (event.int(4), event.int(5)) else { return };
        let claim = self.claims.get(event.tid, event.ts);
        self.claims.remove(&event.tid);
        if self.announced.remove(&event.tid) {
            return;
        }
        // Whoever had the number before has ended, even if that was lost.
        self.remove(event.tid);
        let is_thread = pid != event.tid;
        if !is_thread {
            self.emptied.remove(&pid);
        }
        let is_new_member = if is_thread {
            self.has(pid) || self.emptied.get(pid, event.ts).is_some()
        } else if self.follow == Follow::Processes {
            false
        } else if let Some(is_own) = claim {
            is_own
        } else if is_sibling_of_maker(event) {
            let is_possible = self.has_child_of(ptid, state) || self.threads.contains_key(&ptid);
            is_possible && self.unclaimed.insert(event.tid)
        } else {
            self.threads.contains_key(&ptid)
        };
        if is_new_member {
            self.insert(pid, event.tid);
        }
    }

    /// What a thread made. If the maker ends before its child begins, only this event says who it was; the child has another
    /// parent by then. It says nothing about the host in a pid namespace, where it has other numbers.
    fn made(&mut self, event: &Event<'_>, child: i64, state: &State) {
        let known = |tid: i64| state.threads.by_tid(tid).map(|slot| state.threads.get(slot));
        let is_thread = event.u32(15).unwrap_or(0) & clone_flag::THREAD != 0;
        let matters = is_thread || self.follow == Follow::Descendants;
        if !matters || known(event.tid).is_none_or(|maker| maker.vtid != event.tid) {
            return;
        }
        let is_own = self.threads.contains_key(&event.tid);
        let is_sibling = is_sibling_of_maker(event);
        let was_unclaimed = self.unclaimed.remove(&child);
        if !is_own && was_unclaimed {
            self.forget(child);
        } else if is_sibling && !was_unclaimed || is_own && known(child).is_some() {
            // Where the state does not know the child, it has ended already.
            if !self.threads.contains_key(&child) {
                self.claims.insert(child, is_own, event.ts);
            }
        }
    }

    /// A process executes another program: the thread that did has the number of the process from now on, and the others have ended
    /// (execve(2)).
    fn executed(&mut self, event: &Event<'_>) {
        let (Some(pid), Some(ptid)) = (event.int(4), event.int(5)) else { return };
        // A child of whose start nothing was seen was lost then.
        let is_lost_child = self.follow == Follow::Descendants && self.threads.contains_key(&ptid);
        if self.has(pid) || self.emptied.get(pid, event.ts).is_some() || is_lost_child {
            self.forget(pid);
            self.insert(pid, event.tid);
        }
    }

    /// A thread ended. One that was killed before its first event is known from that of its maker.
    fn ended(&mut self, event: &Event<'_>) -> bool {
        let tid = event.tid;
        self.announced.remove(&tid);
        self.unclaimed.remove(&tid);
        let is_claimed = self.claims.get(tid, event.ts) == Some(true);
        self.claims.remove(&tid);
        let Some(pid) = self.threads.get(&tid).copied() else { return is_claimed };
        self.remove(tid);
        if !self.has(pid) {
            self.emptied.insert(pid, (), event.ts);
        }
        true
    }

    /// Whether a followed process is a child of this thread.
    fn has_child_of(&self, ptid: i64, state: &State) -> bool {
        let of =
            |tid: &i64| state.threads.by_tid(*tid).is_some_and(|slot| state.threads.get(slot).ptid == ptid);
        self.threads.keys().any(of)
    }

    fn has(&self, pid: i64) -> bool {
        self.members.range((pid, i64::MIN)..=(pid, i64::MAX)).next().is_some()
    }

    fn insert(&mut self, pid: i64, tid: i64) {
        if self.excluded != Some(pid) {
            self.remove(tid);
            self.threads.insert(tid, pid);
            self.members.insert((pid, tid));
        }
    }

    fn remove(&mut self, tid: i64) {
        if let Some(pid) = self.threads.remove(&tid) {
            self.members.remove(&(pid, tid));
        }
    }

    /// Removes a process with all threads.
    fn forget(&mut self, pid: i64) {
        let range = (pid, i64::MIN)..=(pid, i64::MAX);
        let tids: Vec<i64> = self.members.range(range).map(|(_, tid)| *tid).collect();
        tids.into_iter().for_each(|tid| self.remove(tid));
    }
}

/// Whether a new thread has the same parent as its maker.
fn is_sibling_of_maker(event: &Event<'_>) -> bool {
    event.u32(15).unwrap_or(0) & clone_flag::PARENT != 0
}

/// What is known of a number for a moment: events of the same thing follow one another soon, and later ones mean another thing.
#[derive(Debug)]
struct Recent<T> {
    entries: FxHashMap<i64, (T, u64)>,
    /// Number of entries at which old ones are removed next.
    full: usize,
}

impl<T> Default for Recent<T> {
    fn default() -> Recent<T> {
        Recent { entries: FxHashMap::default(), full: MANY }
    }
}

/// How long something counts, nanoseconds.
const MAX_AGE: u64 = 2_000_000_000;

/// Least number of entries at which old ones are removed.
const MANY: usize = 4096;

impl<T: Copy> Recent<T> {
    fn insert(&mut self, number: i64, what: T, ts: u64) {
        if self.entries.len() >= self.full {
            self.entries.retain(|_, (_, since)| ts.saturating_sub(*since) < MAX_AGE);
            // In a storm of forks all are young. Looking at all of them again must not follow from each one more.
            self.full = MANY.max(2 * self.entries.len());
        }
        self.entries.insert(number, (what, ts));
    }

    fn remove(&mut self, number: &i64) {
        self.entries.remove(number);
    }

    fn get(&self, number: i64, now: u64) -> Option<T> {
        self.entries
            .get(&number)
            .filter(|(_, since)| now.saturating_sub(*since) < MAX_AGE)
            .map(|(what, _)| *what)
    }

    fn any(&self, now: u64, holds: impl Fn(&T) -> bool) -> bool {
        self.entries.values().any(|(what, since)| now.saturating_sub(*since) < MAX_AGE && holds(what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_entries_go_and_a_storm_is_looked_through_seldom() {
        let mut recent = Recent::default();
        (0..100_000).for_each(|number| recent.insert(number, (), 1));
        assert_eq!(recent.entries.len(), 100_000, "all are young");
        assert!(recent.full >= 100_000, "and were looked through only when they had doubled");
        (100_000..400_000).for_each(|number| recent.insert(number, (), MAX_AGE + 1));
        assert!(recent.get(1, 2).is_none() && recent.get(399_999, MAX_AGE + 2).is_some());
        assert!(recent.entries.len() <= 300_000, "{}", recent.entries.len());
    }
}

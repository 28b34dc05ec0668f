//! The threads of some processes and of what these start: process lists and events enter, whether an event is one of theirs
//! leaves.

use std::collections::HashSet;

use tercel_format::Event;
use tercel_format::catalogue::code;
use tercel_format::record::ProcessRecord;

/// Threads that are followed from their start to their end.
#[derive(Debug)]
pub(super) struct FollowedThreads(HashSet<i64>);

impl FollowedThreads {
    /// Those of these processes.
    pub(super) fn of(pids: &[i64]) -> FollowedThreads {
        FollowedThreads(pids.iter().copied().collect())
    }

    /// Adds a process.
    pub(super) fn add(&mut self, pid: i64) {
        self.0.insert(pid);
    }

    /// Whether all have ended.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the threads and descendants of the processes.
    pub(super) fn descend(&mut self, processes: &[ProcessRecord]) {
        let mut grown = !self.0.is_empty();
        while grown {
            grown = false;
            for process in processes {
                if self.0.contains(&process.pid) || self.0.contains(&process.ptid) {
                    grown |= self.0.insert(process.tid);
                }
            }
        }
    }

    /// Whether an event is one of these threads; new and ended threads are followed.
    pub(super) fn follow(&mut self, event: &Event<'_>) -> bool {
        if is_clone(event.code()) && event.return_value() == Some(0) {
            // The child's side: parameters 4 and 5 are its process and the thread that made it.
            if [4, 5].into_iter().filter_map(|index| event.int(index)).any(|tid| self.0.contains(&tid)) {
                self.0.insert(event.tid);
            }
        }
        if event.code() == code::PROCEXIT_1_E {
            self.0.remove(&event.tid)
        } else {
            self.0.contains(&event.tid)
        }
    }
}

fn is_clone(event: u16) -> bool {
    matches!(
        event,
        code::SYSCALL_CLONE_20_X
            | code::SYSCALL_FORK_20_X
            | code::SYSCALL_VFORK_20_X
            | code::SYSCALL_CLONE3_X
    )
}

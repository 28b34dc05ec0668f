//! Which events a trace is about: all, or those of some processes and what they start. Of the others only what changes
//! the state of processes is kept, so that names stay right.

use std::collections::HashSet;

use tercel_format::Event;
use tercel_format::catalogue::{code, flag};
use tercel_format::record::ProcessRecord;

/// What becomes of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// It is written.
    Event,
    /// It is written for the state only.
    State,
    /// It is left out.
    Nothing,
}

/// The threads that a trace is about.
#[derive(Debug)]
pub struct Scope {
    /// `None`: all.
    tids: Option<HashSet<i64>>,
}

impl Scope {
    /// Every thread.
    pub fn all() -> Scope {
        Scope { tids: None }
    }

    /// These processes and their descendants.
    pub fn of(pids: &[i64]) -> Scope {
        Scope { tids: Some(pids.iter().copied().collect()) }
    }

    /// Takes in the processes that exist.
    pub fn found(&mut self, processes: &[ProcessRecord]) {
        let Some(tids) = &mut self.tids else { return };
        let mut grown = !tids.is_empty();
        while grown {
            grown = false;
            for process in processes {
                if tids.contains(&process.pid) || tids.contains(&process.ptid) {
                    grown |= tids.insert(process.tid);
                }
            }
        }
    }

    /// Adds a process.
    pub fn add(&mut self, pid: i64) {
        if let Some(tids) = &mut self.tids {
            tids.insert(pid);
        }
    }

    /// Decides about an event, and follows new and ended threads.
    pub fn keep(&mut self, event: &Event<'_>) -> Keep {
        let Some(tids) = &mut self.tids else { return Keep::Event };
        if is_clone(event.code()) && event.return_value() == Some(0) {
            // The child's side: parameters 4 and 5 are its process and the thread that made it.
            let made_here =
                [4, 5].into_iter().filter_map(|index| event.int(index)).any(|tid| tids.contains(&tid));
            if made_here {
                tids.insert(event.tid);
            }
        }
        if tids.contains(&event.tid) {
            if event.code() == code::PROCEXIT_1_E {
                tids.remove(&event.tid);
            }
            return Keep::Event;
        }
        if event.info.any(flag::MODIFIES_STATE) { Keep::State } else { Keep::Nothing }
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

#[cfg(test)]
mod tests {
    use tercel_format::writer::EventBuilder;

    use super::*;

    fn keep(scope: &mut Scope, event: EventBuilder) -> Keep {
        scope.keep(&event.encode().expect("a valid event").event())
    }

    #[test]
    fn descendants_are_followed() {
        let process = |tid, ptid| ProcessRecord { tid, pid: tid, ptid, ..ProcessRecord::default() };
        let processes = [process(30, 20), process(20, 10), process(10, 1)];
        let mut scope = Scope::of(&[10]);
        scope.found(&processes);
        let close = |tid| EventBuilder::new(code::SYSCALL_CLOSE_X, 1, tid);
        let getdents = |tid| EventBuilder::new(code::SYSCALL_GETDENTS64_X, 1, tid);
        assert_eq!(keep(&mut scope, getdents(30)), Keep::Event);
        assert_eq!(keep(&mut scope, getdents(40)), Keep::Nothing);
        assert_eq!(keep(&mut scope, close(40)), Keep::State);
        let clone =
            EventBuilder::new(code::SYSCALL_CLONE_20_X, 1, 40).set("res", 0).set("pid", 40).set("ptid", 20);
        assert_eq!(keep(&mut scope, clone), Keep::Event);
        assert_eq!(keep(&mut scope, getdents(40)), Keep::Event);
        assert_eq!(keep(&mut scope, EventBuilder::new(code::PROCEXIT_1_E, 1, 40)), Keep::Event);
        assert_eq!(keep(&mut scope, getdents(40)), Keep::Nothing);
        // Nothing is left of an empty scope.
        let mut scope = Scope::of(&[]);
        scope.found(&processes);
        assert_eq!(keep(&mut scope, getdents(30)), Keep::Nothing);
    }

    #[test]
    fn without_processes_everything_is_kept() {
        let mut scope = Scope::all();
        assert_eq!(keep(&mut scope, EventBuilder::new(code::SYSCALL_GETDENTS64_X, 1, 9)), Keep::Event);
    }
}

//! Which events a trace is about: those of the whole host, or of some processes and what they start, or of some containers;
//! and of these, those for which a filter holds. Of the others only what changes the state is kept, so that every field of what
//! is shown has the value that it would have in a trace of everything.

use std::collections::HashSet;

use tercel_format::catalogue::code;
use tercel_format::record::ProcessRecord;
use tercel_format::{Block, Event};
use tercel_replay::state::{Facts, State};
use tercel_replay::{Context, Matcher, Matching, Memory, Settings};
use tercel_rules::program::Program;

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

/// What a trace is about.
#[derive(Debug, Default)]
pub struct Scope {
    /// Threads; `None` where processes do not matter.
    tids: Option<HashSet<i64>>,
    /// Ids, starts of ids, or names.
    containers: Vec<Vec<u8>>,
    filter: Option<Filter>,
    /// What containers and filters look at, and what tells which events change it; `None` where everything is kept.
    state: Option<Box<State>>,
}

#[derive(Debug)]
struct Filter {
    matcher: Matcher,
    memory: Memory,
}

impl Scope {
    /// These processes and their descendants.
    pub fn of_processes(mut self, pids: &[i64]) -> Scope {
        self.tids = Some(pids.iter().copied().collect());
        self.look(true)
    }

    /// What happens in these containers.
    pub fn of_containers(mut self, names: &[String]) -> Scope {
        self.containers = names.iter().map(|name| name.clone().into_bytes()).collect();
        self.look(!names.is_empty())
    }

    /// Only what the filter accepts.
    pub fn filtered(mut self, filter: Option<&Program>) -> Scope {
        self.filter = filter.map(|program| {
            let matcher = Matcher::new(program, Matching::First);
            let memory = matcher.memory(Settings::default());
            Filter { matcher, memory }
        });
        let filters = self.filter.is_some();
        self.look(filters)
    }

    /// Has a state of its own.
    fn look(mut self, needed: bool) -> Scope {
        if needed {
            self.state.get_or_insert_default();
        }
        self
    }

    /// Adds a process.
    pub fn add(&mut self, pid: i64) {
        if let Some(tids) = &mut self.tids {
            tids.insert(pid);
        }
    }

    /// Whether it is about processes alone, and all of them have ended.
    pub fn is_over(&self) -> bool {
        self.containers.is_empty() && self.tids.as_ref().is_some_and(HashSet::is_empty)
    }

    /// Takes in a block that is not an event.
    pub fn metadata(&mut self, block: &Block<'_>) {
        if let (Block::Section(_), Some(filter)) = (block, &mut self.filter) {
            filter.memory.forget();
        }
        if let Some(state) = &mut self.state {
            state.block(block);
        }
        if let (Block::Processes(processes), Some(tids)) = (block, &mut self.tids) {
            descend(tids, processes);
        }
    }

    /// Decides about an event, and follows new and ended threads.
    #[inline]
    pub fn keep(&mut self, event: &Event<'_>) -> Keep {
        let Some(state) = &mut self.state else { return Keep::Event };
        let (facts, changes) = state.apply_noting(event);
        match self.is_wanted(event, facts.as_ref()) {
            true => Keep::Event,
            false if changes => Keep::State,
            false => Keep::Nothing,
        }
    }

    fn is_wanted(&mut self, event: &Event<'_>, facts: Option<&Facts>) -> bool {
        let followed = self.tids.as_mut().is_some_and(|tids| follow(tids, event));
        // What is told about the recording itself, and about containers, belongs to every trace.
        if matches!(event.code(), code::DROP_E | code::ASYNCEVENT_E) {
            return true;
        }
        let chosen = (self.tids.is_none() && self.containers.is_empty()) || followed || self.is_inside(event);
        chosen
            && match (&mut self.filter, &self.state, facts) {
                (None, _, _) => true,
                (Some(Filter { matcher, memory }), Some(state), Some(facts)) => {
                    !matcher.matches(&Context { state, event, facts }, memory).is_empty()
                }
                (Some(_), _, _) => false,
            }
    }

    /// Whether the event's thread is in one of the containers.
    fn is_inside(&self, event: &Event<'_>) -> bool {
        let Some(state) = self.state.as_ref().filter(|_| !self.containers.is_empty()) else { return false };
        let Some(id) = state.container_id(event).filter(|id| !id.is_empty()) else { return false };
        let name = state.containers.get(id).map_or(&[][..], |container| container.name.as_slice());
        self.containers
            .iter()
            .any(|wanted| id.starts_with(wanted) || wanted.starts_with(id) || name == wanted.as_slice())
    }
}

/// Adds the threads and descendants of the processes.
fn descend(tids: &mut HashSet<i64>, processes: &[ProcessRecord]) {
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

/// Whether an event is one of these threads; new and ended threads are followed.
fn follow(tids: &mut HashSet<i64>, event: &Event<'_>) -> bool {
    if is_clone(event.code()) && event.return_value() == Some(0) {
        // The child's side: parameters 4 and 5 are its process and the thread that made it.
        if [4, 5].into_iter().filter_map(|index| event.int(index)).any(|tid| tids.contains(&tid)) {
            tids.insert(event.tid);
        }
    }
    if event.code() == code::PROCEXIT_1_E { tids.remove(&event.tid) } else { tids.contains(&event.tid) }
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
    use tercel_format::record::Section;
    use tercel_format::writer::EventBuilder;

    use super::*;

    fn keep(scope: &mut Scope, event: EventBuilder) -> Keep {
        scope.keep(&event.encode().expect("a valid event").event())
    }

    fn process(tid: i64, ptid: i64, comm: &str, cgroup: &str) -> ProcessRecord {
        ProcessRecord {
            tid,
            pid: tid,
            ptid,
            comm: comm.into(),
            exe: comm.into(),
            cgroups: format!("cpuset={cgroup}\0").into_bytes(),
            ..ProcessRecord::default()
        }
    }

    /// A host on which 10 is the parent of 20 and 20 of 30, 50 is in a container, and 60 has nothing to do with them. Something has
    /// happened: the first event of all changes the state, whatever it is.
    fn started(mut scope: Scope) -> Scope {
        let id = "0123456789ab".to_owned() + &"c".repeat(52);
        scope.metadata(&Block::Section(Section { major: 1, minor: 2 }));
        scope.metadata(&Block::Processes(vec![
            process(30, 20, "cat", "/"),
            process(20, 10, "sh", "/"),
            process(10, 1, "sshd", "/"),
            process(60, 1, "vi", "/"),
            process(50, 1, "nginx", &format!("/docker/{id}")),
        ]));
        keep(&mut scope, getdents(60));
        scope
    }

    fn getdents(tid: i64) -> EventBuilder {
        EventBuilder::new(code::SYSCALL_GETDENTS64_X, 1, tid).set("res", 0)
    }

    fn close(tid: i64) -> EventBuilder {
        EventBuilder::new(code::SYSCALL_CLOSE_X, 1, tid).set("res", 0)
    }

    #[test]
    fn descendants_are_followed() {
        let mut scope = started(Scope::default().of_processes(&[10]));
        assert_eq!(keep(&mut scope, getdents(30)), Keep::Event);
        assert_eq!(keep(&mut scope, getdents(60)), Keep::Nothing);
        assert_eq!(keep(&mut scope, close(60)), Keep::State);
        let clone =
            EventBuilder::new(code::SYSCALL_CLONE_20_X, 1, 40).set("res", 0).set("pid", 40).set("ptid", 20);
        assert_eq!(keep(&mut scope, clone), Keep::Event);
        assert_eq!(keep(&mut scope, getdents(40)), Keep::Event);
        for tid in [40, 30, 20] {
            assert_eq!(keep(&mut scope, EventBuilder::new(code::PROCEXIT_1_E, 1, tid)), Keep::Event);
            assert_ne!(keep(&mut scope, getdents(tid)), Keep::Event);
        }
        assert!(!scope.is_over());
        assert_eq!(keep(&mut scope, EventBuilder::new(code::PROCEXIT_1_E, 1, 10)), Keep::Event);
        assert!(scope.is_over());
    }

    #[test]
    fn an_empty_scope_takes_nothing() {
        assert_eq!(keep(&mut started(Scope::default().of_processes(&[])), getdents(30)), Keep::Nothing);
    }

    #[test]
    fn without_a_choice_everything_is_kept() {
        let mut scope = started(Scope::default());
        assert_eq!(keep(&mut scope, getdents(9)), Keep::Event);
        assert!(!scope.is_over());
    }

    #[test]
    fn containers_have_ids_and_names() {
        let full = "0123456789ab".to_owned() + &"c".repeat(52);
        for wanted in ["0123456789ab", "0123", &full] {
            let mut scope = started(Scope::default().of_containers(&[wanted.to_owned()]));
            assert_eq!(keep(&mut scope, getdents(50)), Keep::Event, "{wanted}");
            assert_eq!(keep(&mut scope, getdents(30)), Keep::Nothing, "{wanted}");
            assert_eq!(keep(&mut scope, close(30)), Keep::State, "{wanted}");
        }
        let mut scope = started(Scope::default().of_containers(&["web".to_owned()]));
        assert_eq!(keep(&mut scope, getdents(50)), Keep::Nothing);
        let json = br#"{"container":{"type":0,"id":"0123456789ab","name":"web","image":"i"}}"#;
        let told = EventBuilder::new(code::ASYNCEVENT_E, 1, -1)
            .set("plugin_id", 0)
            .set("name", "container")
            .set("data", tercel_format::writer::Value::Bytes([&json[..], b"\0"].concat()));
        assert_eq!(keep(&mut scope, told), Keep::Event);
        assert_eq!(keep(&mut scope, getdents(50)), Keep::Event);
        assert_eq!(keep(&mut scope, getdents(30)), Keep::Nothing);
    }

    #[test]
    fn filters_see_the_state() {
        let program = tercel_rules::filter::filter("proc.name=cat and proc.aname[2]=sshd").expect("a filter");
        let mut scope = started(Scope::default().filtered(Some(&program)));
        assert_eq!(keep(&mut scope, getdents(30)), Keep::Event);
        assert_eq!(keep(&mut scope, getdents(20)), Keep::Nothing);
        assert_eq!(keep(&mut scope, close(20)), Keep::State);
        assert_eq!(
            keep(&mut scope, EventBuilder::new(code::DROP_E, 1, 0).set("ratio", 3)),
            Keep::Event,
            "losses are always told"
        );
        // A choice of processes narrows further.
        let mut scope = started(Scope::default().of_processes(&[50]).filtered(Some(&program)));
        assert_eq!(keep(&mut scope, getdents(30)), Keep::Nothing);
    }
}

//! Which events are wanted: those of the whole host, of some processes and their descendants, or of some containers; and of
//! these, those for which a filter holds.

use tercel_format::catalogue::{EVENTS, code};
use tercel_format::{Block, Event};
use tercel_rules::program::Program;

use super::Keep;
use super::followed::{Follow, FollowedProcesses};
use crate::engine::Filter;
use crate::fields::{Context, Settings};
use crate::state::needs::{Topics, need_of};
use crate::state::{Facts, State};

/// Events about the recording itself, and about containers.
const NOTICES: [u16; 4] = [code::DROP_E, code::DROP_X, code::ASYNCEVENT_E, code::NOTIFICATION_E];

/// What a capture is about. The state of what has been seen so far is the caller's, who may need it for more.
///
/// ```
/// use tercel_format::Event;
/// use tercel_format::catalogue::code;
/// use tercel_replay::keep::{Keep, Scope};
/// use tercel_replay::state::State;
///
/// let filter = tercel_rules::filter::filter("evt.type = getcwd")?;
/// let (mut scope, mut state) = (Scope::default().filtered(Some(&filter)), State::new());
/// let event = Event::new(code::SYSCALL_GETCWD_E, &[], &[]).expect("a known code");
/// assert_eq!(scope.keep(&mut state, &event), Keep::Event);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct Scope {
    /// `None` if processes do not matter.
    processes: Option<FollowedProcesses>,
    /// Ids, starts of ids, or names.
    containers: Vec<Vec<u8>>,
    filter: Option<Filter>,
    /// What is reported about the recording itself, and about containers, is always wanted.
    wants_notices: bool,
}

impl Scope {
    /// Only these processes and, as `follow` says, what they start.
    pub fn of_processes(mut self, pids: &[i64], follow: Follow) -> Scope {
        self.processes = Some(FollowedProcesses::of(pids, follow));
        self
    }

    /// Never this process, nor what it starts, even if it was started by one of those wanted: a recorder that is told to
    /// follow its own shell. Processes that are added belong to the scope whoever started them.
    pub fn without(mut self, pid: i64) -> Scope {
        self.processes.iter_mut().for_each(|processes| processes.exclude(pid));
        self
    }

    /// Only events in these containers, unless there are none.
    pub fn of_containers(mut self, names: &[String]) -> Scope {
        self.containers = names.iter().map(|name| name.clone().into_bytes()).collect();
        self
    }

    /// Only events that the filter accepts.
    pub fn filtered(mut self, filter: Option<&Program>) -> Scope {
        self.filter = filter.map(|program| Filter::new(program, Settings::default()));
        self
    }

    /// Codes of the events that can be kept, for the filter or for the state; `None`: all. Whoever records need not ask for others.
    pub fn event_types(&self) -> Option<Vec<u16>> {
        let holding = self.filter.as_ref()?.events();
        let can_be_kept = |code: &u16| {
            holding.contains(*code) || NOTICES.contains(code) || need_of(*code, Topics::ALL).is_some()
        };
        let codes: Vec<u16> = EVENTS.iter().map(|event| event.code).filter(can_be_kept).collect();
        (codes.len() < EVENTS.len()).then_some(codes)
    }

    /// Events about losses, containers and what is not recorded always belong to it. For recordings: their readers have to
    /// see what is missing. Otherwise losses are kept for the state.
    pub fn with_notices(mut self) -> Scope {
        self.wants_notices = true;
        self
    }

    /// Whether every event is wanted, so that it need not be asked.
    pub fn is_everything(&self) -> bool {
        self.processes.is_none() && self.containers.is_empty() && self.filter.is_none()
    }

    /// Adds a process that was just started.
    pub fn add(&mut self, pid: i64) {
        if let Some(processes) = &mut self.processes {
            processes.add(pid);
        }
    }

    /// Whether it is limited to processes, and all of them have ended.
    pub fn is_idle(&self) -> bool {
        self.containers.is_empty() && self.processes.as_ref().is_some_and(FollowedProcesses::is_empty)
    }

    /// Takes in a block that is not an event.
    pub fn metadata(&mut self, state: &mut State, block: &Block<'_>) {
        if let Block::Section(_) = block {
            self.resume();
        }
        state.block(block);
        if let (Block::Processes(list), Some(processes)) = (block, &mut self.processes) {
            processes.descend(list);
        }
    }

    /// The state is another one from here on: what a filter has stored about process images is discarded.
    pub fn resume(&mut self) {
        self.filter.iter_mut().for_each(Filter::forget);
    }

    /// Decides about an event, and follows new and ended processes. `state` is what is known before it, and afterwards what is
    /// known after it.
    #[inline]
    pub fn keep(&mut self, state: &mut State, event: &Event<'_>) -> Keep {
        let (facts, changes) = state.apply_noting(event);
        if self.is_wanted(state, event, facts.as_ref()) {
            Keep::Event
        } else if changes || matches!(event.code(), code::DROP_E | code::DROP_X) {
            Keep::State
        } else {
            Keep::Nothing
        }
    }

    fn is_wanted(&mut self, state: &State, event: &Event<'_>, facts: Option<&Facts>) -> bool {
        let followed = self.processes.as_mut().is_some_and(|processes| processes.follow(event, state));
        if self.wants_notices && NOTICES.contains(&event.code()) {
            return true;
        }
        let is_whole_host = self.processes.is_none() && self.containers.is_empty();
        let is_chosen = is_whole_host || followed || self.is_inside(state, event);
        is_chosen
            && match (&mut self.filter, facts) {
                (None, _) => true,
                (Some(filter), Some(facts)) => filter.holds(&Context { state, event, facts }),
                (Some(_), None) => false,
            }
    }

    /// Whether the event's thread is in one of the containers.
    fn is_inside(&self, state: &State, event: &Event<'_>) -> bool {
        if self.containers.is_empty() {
            return false;
        }
        let Some(id) = state.container_id(event).filter(|id| !id.is_empty()) else { return false };
        let name = state.containers.get(id).map_or(&[][..], |container| container.name.as_slice());
        self.containers.iter().any(|wanted| means_container(wanted, id, name))
    }
}

/// Whether a word of the command line means the container with this id and name: the id, its start, or the name.
pub fn means_container(wanted: &[u8], id: &[u8], name: &[u8]) -> bool {
    id.starts_with(wanted) || wanted.starts_with(id) || name == wanted
}

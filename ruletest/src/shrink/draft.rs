//! A trace in parts that can be taken out one by one: blocks of a section enter, the blocks of a smaller one leave.

use std::collections::BTreeMap;
use std::rc::Rc;

use tercel_format::catalogue::{EventFlags, EventInfo};
use tercel_format::extras::Extras;
use tercel_format::record::{
    Account, FdList, FdRecord, Interface, MachineInfo, ProcessRecord, Section, StateRecord,
};
use tercel_format::{Block, Event};

/// An event that owns its bytes.
#[derive(Debug, Clone)]
pub(super) struct OwnEvent {
    pub(super) num: u64,
    pub(super) info: &'static EventInfo,
    ts: u64,
    tid: i64,
    cpu: u16,
    state_only: bool,
    initial: bool,
    pub(super) params: Vec<Vec<u8>>,
    pub(super) extras: Vec<u8>,
}

impl OwnEvent {
    /// A copy; `state_only` if rules are not to see it.
    pub(super) fn of(event: &Event<'_>, state_only: bool) -> OwnEvent {
        let params = (0..event.nparams()).map(|index| event.param(index).unwrap_or_default().to_vec());
        OwnEvent {
            num: event.num,
            info: event.info,
            ts: event.ts,
            tid: event.tid,
            cpu: event.cpu,
            state_only: state_only && !event.initial,
            initial: event.initial,
            params: params.collect(),
            extras: event.extras().bytes().to_vec(),
        }
    }

    /// Whether rules see it.
    pub(super) fn is_shown(&self) -> bool {
        !self.state_only && !self.initial
    }

    /// Memory that it takes, in bytes and roughly.
    pub(super) fn weight(&self) -> usize {
        let params: usize = self.params.iter().map(|param| size_of::<Vec<u8>>() + param.len()).sum();
        size_of::<OwnEvent>() + self.extras.len() + params
    }

    fn give<E>(&self, give: &mut dyn FnMut(&Block<'_>) -> Result<(), E>) -> Result<(), E> {
        let is_wide = self.info.has(EventFlags::LARGE_PAYLOAD);
        let (mut lengths, mut data) = (Vec::new(), Vec::new());
        for param in &self.params {
            // Parameters come from an event, and only become shorter.
            if is_wide {
                lengths.extend((param.len() as u32).to_le_bytes());
            } else {
                lengths.extend((param.len() as u16).to_le_bytes());
            }
            data.extend_from_slice(param);
        }
        let mut event = Event::from_parts(self.info, &lengths, &data);
        (event.num, event.ts, event.tid, event.cpu) = (self.num, self.ts, self.tid, self.cpu);
        (event.state_only, event.initial) = (self.state_only, self.initial);
        event.set_extras(Extras::new(&self.extras));
        give(&Block::Event(event))
    }
}

/// A section of a trace.
#[derive(Debug, Clone, Default)]
pub(super) struct Part {
    machine: MachineInfo,
    pub(super) interfaces: Vec<Interface>,
    pub(super) accounts: Vec<Account>,
    pub(super) processes: Vec<ProcessRecord>,
    /// With the threads that they belong to.
    pub(super) fds: Vec<(i64, FdRecord)>,
    /// How events are numbered, and the state where it is kept beside the lists.
    state: StateRecord,
    pub(super) events: Vec<Rc<OwnEvent>>,
}

impl Part {
    /// Takes in a block of the start of a section. A state is kept with `exact` only: readers of other versions of the state engine see
    /// the lists.
    pub(super) fn take(&mut self, block: &Block<'_>, exact: bool) {
        match block {
            Block::Section(_) => {}
            Block::Machine(machine) => self.machine = machine.clone(),
            Block::Interfaces(list) => self.interfaces.clone_from(list),
            Block::Accounts(list) => self.accounts.clone_from(list),
            Block::Processes(list) => self.processes.extend(list.iter().cloned()),
            Block::Fds(list) => self.fds.extend(list.fds.iter().map(|fd| (list.tid, fd.clone()))),
            Block::State(record) => {
                let state = if exact { record.state.clone() } else { Vec::new() };
                self.state = StateRecord { state, ..*record };
            }
            Block::Event(event) => self.events.push(Rc::new(OwnEvent::of(event, false))),
        }
    }

    /// Whether the state is kept beside the lists, of which nothing can be taken out then.
    pub(super) fn is_exact(&self) -> bool {
        !self.state.state.is_empty()
    }

    /// Empties the lists.
    pub(super) fn clear_lists(&mut self) {
        (self.interfaces, self.accounts) = (Vec::new(), Vec::new());
        (self.processes, self.fds) = (Vec::new(), Vec::new());
    }

    fn give<E>(&self, give: &mut dyn FnMut(&Block<'_>) -> Result<(), E>) -> Result<(), E> {
        give(&Block::Section(Section::NEWEST))?;
        give(&Block::Machine(self.machine.clone()))?;
        give(&Block::Interfaces(self.interfaces.clone()))?;
        give(&Block::Accounts(self.accounts.clone()))?;
        give(&Block::Processes(self.processes.clone()))?;
        let mut lists: BTreeMap<i64, Vec<FdRecord>> = BTreeMap::new();
        for (tid, fd) in &self.fds {
            lists.entry(*tid).or_default().push(fd.clone());
        }
        for (tid, fds) in lists {
            give(&Block::Fds(FdList { tid, fds }))?;
        }
        give(&Block::State(self.state.clone()))?;
        self.events.iter().try_for_each(|event| event.give(give))
    }
}

/// A trace that gets smaller.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    /// Its sections; those without a wanted alert are left out.
    pub(super) parts: Vec<Part>,
}

impl Draft {
    /// Its blocks in order.
    ///
    /// # Errors
    /// Those of `give`.
    pub(super) fn give<E>(&self, give: &mut dyn FnMut(&Block<'_>) -> Result<(), E>) -> Result<(), E> {
        self.parts.iter().try_for_each(|part| part.give(give))
    }

    /// Events, those included that are there for the state only.
    pub(super) fn events(&self) -> usize {
        self.parts.iter().map(|part| part.events.len()).sum()
    }

    /// Processes and threads of the lists.
    pub(super) fn processes(&self) -> usize {
        self.parts.iter().map(|part| part.processes.len()).sum()
    }

    /// Fds of the lists.
    pub(super) fn fds(&self) -> usize {
        self.parts.iter().map(|part| part.fds.len()).sum()
    }
}

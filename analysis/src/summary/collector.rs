//! The visitor of a summary: blocks enter, and what they say about the host, its processes, containers and events is added.

use std::convert::Infallible;

use tercel_format::catalogue::code;
use tercel_format::record::StateRecord;
use tercel_format::{Block, Event};
use tercel_replay::scan::Visitor;
use tercel_replay::state::{Container, ResumePoint, State};

use super::{Gap, Summary};

/// Adds blocks to a summary.
pub(super) struct Collector {
    pub(super) summary: Summary,
    /// Whether events are counted; those of a native trace are counted in its index.
    pub(super) counts_events: bool,
}

impl Visitor for Collector {
    type Error = Infallible;

    fn block(&mut self, block: &Block<'_>) -> Result<bool, Infallible> {
        if let (Block::Event(event), true) = (block, self.counts_events) {
            count(&mut self.summary, event);
        }
        take(&mut self.summary, block);
        Ok(true)
    }

    fn resume(&mut self, _: State, _: ResumePoint) -> Result<(), Infallible> {
        Ok(())
    }
}

fn count(summary: &mut Summary, event: &Event<'_>) {
    let totals = &mut summary.totals;
    totals.events += 1;
    *totals.counts.entry(event.code()).or_default() += 1;
    let (first, last) = totals.span.unwrap_or((event.ts, event.ts));
    totals.span = Some((first.min(event.ts), last.max(event.ts)));
    if matches!(event.code(), code::DROP_E | code::DROP_X) {
        summary.gap(Gap { from: event.ts, to: event.ts, lost: 0, told: 1 });
    }
}

/// What a block says of the host, its processes and containers.
fn take(summary: &mut Summary, block: &Block<'_>) {
    match block {
        Block::Machine(machine) => {
            let header = &mut summary.header;
            if header.hostname.is_empty() {
                header.hostname = String::from_utf8_lossy(&machine.hostname).into_owned();
            }
            if header.boot_ts == 0 {
                header.boot_ts = machine.boot_ts;
            }
            summary.machine.get_or_insert_with(|| machine.clone());
        }
        Block::Processes(processes) => summary.processes += processes.len() as u64,
        Block::State(record) => resumed(summary, record),
        Block::Event(event) => {
            if let Some(container) = Container::of(event) {
                summary.containers.insert(container.id.clone(), container);
            }
        }
        Block::Section(_) | Block::Fds(_) | Block::Interfaces(_) | Block::Accounts(_) => {}
    }
}

/// A capture that begins in the middle of another knows the containers from there.
fn resumed(summary: &mut Summary, record: &StateRecord) {
    let mut state = State::new();
    state.block(&Block::State(record.clone()));
    for container in state.containers.iter().filter(|container| container.id != b"host") {
        summary.containers.entry(container.id.clone()).or_insert_with(|| (**container).clone());
    }
}

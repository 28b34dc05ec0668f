//! What deltas count from: a state enters at each place that shall have a keyframe, what changed since the place before leaves.
//! What it costs depends on how many threads were touched between the two, not on how many there are.

use super::difference::{Changes, difference};
use super::encoded;
use crate::state::marks::Asker;
use crate::state::{Slot, State, Threads};

/// The state at the last place that had a keyframe.
#[derive(Debug, Default)]
pub struct Base {
    /// Of the recent exits it only has their number.
    state: State,
    asker: Asker,
}

impl Base {
    /// A base at the empty state.
    pub fn new() -> Base {
        Base::default()
    }

    /// The next delta counts from `state`.
    pub fn start(&mut self, state: &mut State) {
        let changes = state.threads.changes(&self.asker);
        self.follow(state, changes.as_ref());
    }

    /// What changed since the last call, as [`State::delta`] returns it; the next delta counts from `state`. If it is the state of
    /// the last call, only what was touched since then is compared; any other state is compared as a whole. `None` if the
    /// bytes are more than a trace can hold.
    pub fn delta(&mut self, state: &mut State) -> Option<Vec<u8>> {
        let changes = state.threads.changes(&self.asker);
        let bytes =
            difference(state, &self.state, changes.as_ref()).and_then(|difference| encoded(&difference));
        self.follow(state, changes.as_ref());
        bytes
    }

    /// Makes the base equal to `state`, from which it differs at most in `changes`, and in what is small.
    fn follow(&mut self, state: &State, changes: Option<&Changes>) {
        let base = &mut self.state;
        update(&mut base.machine, &state.machine);
        update(&mut base.interfaces.list, &state.interfaces.list);
        update(&mut base.lists, &state.lists);
        update(&mut base.accounts.users, &state.accounts.users);
        update(&mut base.accounts.groups, &state.accounts.groups);
        update(&mut base.accounts.of_containers, &state.accounts.of_containers);
        update(&mut base.containers.by_id, &state.containers.by_id);
        base.exits.count_from(state.exits.recorded());
        match changes {
            Some(changes) => follow(&mut base.threads, &state.threads, changes),
            None => base.threads = state.threads.clone(),
        }
    }
}

fn update<T: Clone + PartialEq>(old: &mut T, new: &T) {
    if old != new {
        old.clone_from(new);
    }
}

/// Makes `base` equal to `threads`, from which it differs at most in `changes`.
fn follow(base: &mut Threads, threads: &Threads, changes: &Changes) {
    base.resize(threads.slots.len());
    base.free.clone_from(&threads.free);
    for place in &changes.threads {
        base.forget_number(Slot(*place));
    }
    for place in &changes.threads {
        let slot = Slot(*place);
        *base.get_mut(slot) = threads.get(slot).clone();
        if threads.is_taken(slot) {
            base.by_tid.insert(threads.get(slot).tid, slot);
        }
    }
    base.groups.resize(threads.groups.len(), Default::default());
    base.free_groups.clone_from(&threads.free_groups);
    for place in &changes.families {
        base.close_group(base.groups[*place as usize].pid, *place);
    }
    for place in &changes.families {
        let group = threads.groups[*place as usize].clone();
        if threads.is_open(*place) {
            base.group_by_pid.insert(group.pid, Slot(*place));
        }
        base.groups[*place as usize] = group;
    }
    base.last_image = threads.last_image;
}

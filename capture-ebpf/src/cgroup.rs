//! Cgroups: a task enters; `subsystem=path` for the subsystems that the state engine knows leaves, each ended by a NUL.

use tercel_probe_abi::MISSING;

use crate::{
    event::Event,
    memory::{copy_kernel_str, get, kernel, mask, off},
    repeat::{repeat, turns},
};

/// Components of a path that are kept, from the leaf; a power of two.
const DEPTH: u32 = 16;
/// Longest component with its NUL; a power of two.
const NAME: u64 = 256;
/// Notes: the cgroup that is looked at, and how many names there are.
const NODE: usize = 0;
const COUNT: usize = 1;

turns! {
    ancestor_turn = note_ancestor;
    name_turn = add_name;
}

/// See `step::CGROUPS`.
#[inline(always)]
pub fn cgroups<const LOOPS: bool>(event: Event) {
    let from = event.cursor();
    let sets = get!(u64, event.task(), task_cgroups);
    let mut i = 0u32;
    while i < 5 {
        let id = match i {
            0 => off!(cpuset_id),
            1 => off!(cpu_id),
            2 => off!(cpuacct_id),
            3 => off!(io_id),
            _ => off!(memory_id),
        };
        i += 1;
        if id != MISSING {
            add_path::<LOOPS>(
                event,
                kernel(sets, off!(css_set_subsys) + 8 * id),
                get!(u64, sets, css_set_unified),
            );
        }
    }
    event.close(event.cursor().wrapping_sub(from));
}

/// Where a subsystem is part of the single hierarchy of version 2, the path is the task's own one there, as /proc shows it: the
/// subsystem itself may only know an ancestor, down to which it is switched on.
#[inline(always)]
fn add_path<const LOOPS: bool>(event: Event, subsystem: u64, unified: u64) {
    let name = get!(u64, get!(u64, subsystem, css_ss), subsys_name);
    let length = copy_kernel_str(event.at(), NAME, name);
    if length <= 1 {
        return;
    }
    event.advance(mask!(length, 2 * NAME - 1) - 1);
    event.push(u64::from(b'='), 1);
    // The chain is kept beside the event, leaf first: names are only known from there towards the root.
    let own = get!(u64, subsystem, css_cgroup);
    let shared = get!(u64, own, cgroup_root) == get!(u64, unified, cgroup_root);
    event.set_note(NODE, get!(u64, if shared { unified } else { own }, cgroup_kn));
    event.set_note(COUNT, 0);
    repeat::<LOOPS>(event, DEPTH, ancestor_turn, note_ancestor);
    if event.note(COUNT) == 0 {
        event.push(u64::from(b'/'), 1);
    }
    repeat::<LOOPS>(event, DEPTH, name_turn, add_name);
    event.push(0, 1);
}

/// Where the name of a cgroup is kept beside the event, as an address.
#[inline(always)]
fn slot(event: Event, depth: u64) -> *mut u64 {
    event.side(8 * mask!(depth, DEPTH - 1)).cast()
}

/// Notes the name of a cgroup and goes on to the one above; true at the root.
#[inline(always)]
fn note_ancestor(event: Event, turn: u64) -> bool {
    let node = event.note(NODE);
    let parent = get!(u64, node, kn_parent);
    if node == 0 || parent == 0 {
        return true;
    }
    let name = get!(u64, node, kn_name);
    // SAFETY: the position lies within the room beside the event, at a multiple of 8.
    unsafe { slot(event, turn).write_volatile(name) };
    event.set_note(NODE, parent);
    event.set_note(COUNT, turn + 1);
    false
}

/// Adds one of the names, the last one noted first.
#[inline(always)]
fn add_name(event: Event, turn: u64) -> bool {
    let count = event.note(COUNT);
    if turn >= count {
        return true;
    }
    event.push(u64::from(b'/'), 1);
    // SAFETY: as above.
    let name = unsafe { slot(event, count - 1 - turn).read_volatile() };
    let length = copy_kernel_str(event.at(), NAME, name);
    if length > 0 {
        event.advance(mask!(length, 2 * NAME - 1) - 1);
    }
    false
}

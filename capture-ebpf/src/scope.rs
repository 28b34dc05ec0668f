//! Which processes are recorded where not all are: forks and ends enter, whether a process is in scope leaves. Membership belongs
//! to thread groups, so that neither an exec by any thread nor the end of the first one changes it. A child enters before it runs,
//! and a process leaves before its number can be used again: the kernel runs both programs between the two (kernel/fork.c,
//! kernel_clone; kernel/exit.c, do_exit).

use aya_ebpf::{
    macros::map,
    maps::{Array, HashMap},
};

use tercel_probe_abi::scope;

use crate::memory::{config, get, off};

/// Thread groups in scope. User space sets the number of entries.
#[map]
static SCOPE: HashMap<u32, u32> = HashMap::with_max_entries(1, 0);
/// Not 0: the map is complete, and what is not in it is left out.
#[map]
static SWITCH: Array<u32> = Array::with_max_entries(1, 0);

/// Whether a process is recorded.
#[inline(always)]
pub fn in_scope(tgid: u32) -> bool {
    SWITCH.get(0).copied().unwrap_or(0) == 0 || SCOPE.get_ptr(tgid).is_some()
}

/// The running task has made another one, which does not run yet.
#[inline(always)]
pub fn forked(parent: u64, child: u64) {
    let (from, to) = (get!(u32, parent, task_tgid), get!(u32, child, task_tgid));
    if from == to {
        return;
    }
    let enters = if from == config().own_tgid {
        config().scope & scope::CHILDREN != 0
    } else {
        config().scope & scope::DESCENDANTS != 0 && SCOPE.get_ptr(from).is_some()
    };
    // Where there is no room, nothing is left out any more.
    if enters
        && SCOPE.insert(to, 1, 0).is_err()
        && let Some(switch) = SWITCH.get_ptr_mut(0)
    {
        // SAFETY: a pointer to the map's value.
        unsafe { switch.write_volatile(0) }
    }
}

/// A task ends: with the last one of its group, the group leaves.
#[inline(always)]
pub fn ended(task: u64, tgid: u32) {
    if config().scope != 0 && get!(u32, get!(u64, task, task_signal), signal_live) == 0 {
        let _ = SCOPE.remove(tgid);
    }
}

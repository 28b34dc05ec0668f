//! Fairness before the rings: while user space asks for it, a process that makes more of certain events than its share loses the rest
//! here, and all others keep theirs. Thread groups enter, whether one has had its share leaves.

use core::{arch::asm, ptr::addr_of_mut};

use aya_ebpf::{
    helpers::bpf_ktime_get_boot_ns,
    macros::map,
    maps::{Array, LruHashMap},
};

use tercel_probe_abi::{Share, Throttled, stat};

use crate::tables::count;

/// The share of every process.
#[map]
static SHARE: Array<Share> = Array::with_max_entries(1, 0);
/// Thread groups that have made such events lately. User space sets the number of entries; the oldest goes for a new one.
#[map]
static THROTTLED: LruHashMap<u32, Throttled> = LruHashMap::with_max_entries(1, 0);

/// Whether a process has had its share: then this event is left out and counted. An event moves the time from which the next one is due by
/// `interval`; a process may be ahead of its time by `burst`. CPUs that do this at the same time let an event more through.
#[inline(always)]
pub fn exceeds(tgid: u32) -> bool {
    let Some(share) = SHARE.get(0) else { return false };
    // SAFETY: a helper without arguments.
    let now = unsafe { bpf_ktime_get_boot_ns() };
    let Some(entry) = THROTTLED.get_ptr_mut(tgid) else {
        let _ = THROTTLED.insert(tgid, Throttled { due: now.wrapping_add(share.interval), events: 0 }, 0);
        return false;
    };
    // SAFETY: a pointer to the map's value; the addition is atomic, without fetching, which is all that old kernels have.
    unsafe {
        let due = addr_of_mut!((*entry).due).read_volatile();
        if due <= now.wrapping_add(share.burst) {
            addr_of_mut!((*entry).due).write_volatile(if due > now { due } else { now } + share.interval);
            return false;
        }
        let events = addr_of_mut!((*entry).events);
        asm!("lock *(u64 *)({events} + 0) += {one}", events = in(reg) events, one = in(reg) 1u64, options(nostack));
    }
    count(stat::THROTTLED);
    true
}

//! Capabilities of the process: once the probe is attached, all but those that live and record need are dropped. The kernel keeps
//! capabilities per thread: they are dropped for the calling thread and for those that it starts later.

use rustix::io;
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, capability_is_in_bounding_set,
    remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
};

/// For reading the probe's counters, and files and processes of other users, as in containers.
const NEEDED: CapabilitySet = CapabilitySet::BPF
    .union(CapabilitySet::PERFMON)
    .union(CapabilitySet::SYS_PTRACE)
    .union(CapabilitySet::DAC_READ_SEARCH);

/// Drops what is not needed, in a thread that starts no programs. A refusal is reported by the main thread, which does the same.
pub fn give_up_in_thread() {
    let _ = give_up(CapabilitySet::empty(), false);
}

/// Drops what is not needed, neither by all nor `besides`. With `programs`, the programs that outputs start get the capabilities of
/// their user.
///
/// # Errors
/// The kernel refuses; nothing was dropped, or not everything.
pub fn give_up(besides: CapabilitySet, programs: bool) -> io::Result<()> {
    let mut sets: CapabilitySets = capabilities(None)?;
    let mut kept = NEEDED.union(besides);
    // The kernel accepts it for BPF and PERFMON, which older container engines do not know.
    if !sets.permitted.contains(CapabilitySet::BPF) {
        kept |= CapabilitySet::SYS_ADMIN;
    }
    if !programs {
        // Without SETPCAP the bounding set stays; with no_new_privs no program gains anything from it.
        let bounded = sets.effective.contains(CapabilitySet::SETPCAP);
        for capability in CapabilitySet::all().difference(kept) {
            if bounded && capability_is_in_bounding_set(capability).unwrap_or(false) {
                remove_capability_from_bounding_set(capability)?;
            }
        }
        set_no_new_privs(true)?;
    }
    sets.permitted &= kept;
    sets.effective &= kept;
    sets.inheritable = CapabilitySet::empty();
    set_capabilities(None, sets)
}

//! What the process may do: once the probe is attached, everything but what watching needs is given up. The kernel keeps rights
//! thread by thread: they are given up for the one that calls, and those that it makes from then on.

use rustix::io;
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, capability_is_in_bounding_set,
    remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
};

/// Reading the probe's counters, and the files and processes of others: of containers, say.
const NEEDED: CapabilitySet = CapabilitySet::BPF
    .union(CapabilitySet::PERFMON)
    .union(CapabilitySet::SYS_PTRACE)
    .union(CapabilitySet::DAC_READ_SEARCH);

/// Gives up what is not needed, in a thread of its own that no program starts from. That it was refused is told by the main
/// thread, which asks for the same.
pub fn give_up_in_thread() {
    let _ = give_up(false);
}

/// Gives up what is not needed. With `programs`, those that outputs start get the rights that their user has anyway.
///
/// # Errors
/// The kernel refuses; nothing was given up, or not everything.
pub fn give_up(programs: bool) -> io::Result<()> {
    let mut sets: CapabilitySets = capabilities(None)?;
    // The kernel takes it for BPF and PERFMON, which older container engines do not know.
    let kept = if sets.permitted.contains(CapabilitySet::BPF) {
        NEEDED
    } else {
        NEEDED.union(CapabilitySet::SYS_ADMIN)
    };
    if !programs {
        // Without SETPCAP the bounding set stays; no_new_privs has nobody gain anything from it.
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

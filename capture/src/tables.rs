//! What the probe reads in maps: options enter, tables of calls, entries and flags leave.

use aya::maps::{Array, MapData};
use aya::{Ebpf, Pod};
use tercel_probe_abi::{
    Call, Config, FlagTable, Offsets, PATHS, Share, Throttled, flags, row, uring as abi_uring, want,
};

use crate::error::CaptureError;
use crate::kernel::{kernel_version, says_paths};
use crate::options::Options;
use crate::probe::{MACHINE, refused};
use crate::syscalls;

/// Data that maps hold. The wrapper is needed because neither the trait nor the types belong to this crate.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(crate) struct Plain<T: Copy>(pub(crate) T);

// SAFETY: these are repr(C) structures of integers without padding; any bytes are valid values of them.
unsafe impl Pod for Plain<Call> {}
// SAFETY: as above.
unsafe impl Pod for Plain<FlagTable> {}
// SAFETY: as above.
unsafe impl Pod for Plain<Config> {}
// SAFETY: as above.
unsafe impl Pod for Plain<Offsets> {}
// SAFETY: as above.
unsafe impl Pod for Plain<Share> {}
// SAFETY: as above.
unsafe impl Pod for Plain<Throttled> {}
// SAFETY: as above.
unsafe impl Pod for Plain<abi_uring::Operation> {}

const _: () = assert!(size_of::<Call>() == 8 + 8 * tercel_probe_abi::MAX_WORDS);
const _: () = assert!(size_of::<FlagTable>() == 8 + 4 * 4 * 256);
const _: () = assert!(size_of::<Config>() == 56);
const _: () = assert!(size_of::<abi_uring::Operation>() == 12 + 4 * abi_uring::LOADS);
const _: () = assert!(size_of::<Offsets>() == 4 * PATHS.len());

/// Tells the probe how calls become events.
pub(crate) fn fill_tables(ebpf: &mut Ebpf, options: &Options) -> Result<(), CaptureError> {
    fill_calls(ebpf, options, &[])?;
    let mut table: Array<_, Plain<FlagTable>> = table_of(ebpf, "FLAGS")?;
    for (number, translation) in (0..flags::COUNT as u8)
        .filter_map(|number| Some((number, crate::flags::translation(MACHINE, number)?)))
    {
        table
            .set(u32::from(number), Plain(translation.table()), 0)
            .map_err(|cause| refused("filling the table of flags", &cause))?;
    }
    let mut table: Array<_, u16> = table_of(ebpf, "COMPAT")?;
    for number in 0..row::SOCKETCALL + 32 {
        table
            .set(number, row::NONE, 0)
            .map_err(|cause| refused("filling the table of 32-bit calls", &cause))?;
    }
    for (number, row) in syscalls::compat_rows(MACHINE) {
        table.set(number, row, 0).map_err(|cause| refused("filling the table of 32-bit calls", &cause))?;
    }
    Ok(())
}

/// Tells the probe which calls are wanted, which of them are shared out, and what their events hold. Of a row that changes under way,
/// only the word that tells whether it is wanted differs.
pub(crate) fn fill_calls(ebpf: &mut Ebpf, options: &Options, shared: &[u16]) -> Result<(), CaptureError> {
    let mut table: Array<_, Plain<Call>> = table_of(ebpf, "CALLS")?;
    for row in syscalls::rows(MACHINE) {
        let mut call = row.call(options.latency, says_paths(kernel_version()));
        if !options.wants(row.event) {
            call.wanted = 0;
        } else if options.scope.as_ref().is_some_and(|scope| scope.of_others.contains(&row.event)) {
            call.wanted |= want::OF_OTHERS;
        }
        if call.wanted != 0 && shared.contains(&row.event) {
            call.wanted |= want::FAIRLY;
        }
        table.set(row.row, Plain(call), 0).map_err(|cause| refused("filling the table of calls", &cause))?;
    }
    Ok(())
}

/// Tells the probe what to read at the entry of calls.
pub(crate) fn fill_entries(ebpf: &mut Ebpf, options: &Options) -> Result<(), CaptureError> {
    let mut table: Array<_, u32> = table_of(ebpf, "ENTRIES")?;
    for (number, entry) in
        (0..).zip(syscalls::entries(MACHINE, |event| options.wants(event), options.latency))
    {
        table.set(number, entry, 0).map_err(|cause| refused("filling the table of entries", &cause))?;
    }
    Ok(())
}

/// A map of the object. It stays with the object: programs that are loaded later refer to it by its open handle.
pub(crate) fn table_of<'a, T: Pod>(
    ebpf: &'a mut Ebpf,
    name: &'static str,
) -> Result<Array<&'a mut MapData, T>, CaptureError> {
    ebpf.map_mut(name).and_then(|map| map.try_into().ok()).ok_or(CaptureError::NoPart(name))
}

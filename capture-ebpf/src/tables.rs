//! What user space tells the probe, and what it is told: how calls become events, translations of flags, counters.

use core::ptr::addr_of;

use aya_ebpf::{
    macros::map,
    maps::{Array, PerCpuArray},
};

use tercel_probe_abi::{Call, FlagTable, flags, row, stat, want};

use crate::{
    memory::{config, mask},
    scope::in_scope,
    throttle::exceeds,
};

/// How every call becomes an event.
#[map]
pub static CALLS: Array<Call> = Array::with_max_entries(row::COUNT, 0);
/// Translations of flags.
#[map]
static FLAGS: Array<FlagTable> = Array::with_max_entries(flags::COUNT, 0);
/// Counters.
#[map]
static STATS: PerCpuArray<[u64; stat::COUNT]> = PerCpuArray::with_max_entries(1, 0);

/// Adds one to a counter of this CPU.
#[inline(always)]
pub fn count(counter: usize) {
    if let Some(counters) = STATS.get_ptr_mut(0) {
        // SAFETY: the map's value has that many counters, and the index is a constant below it.
        unsafe { (*counters)[counter] += 1 }
    }
}

/// The row of a call, if it is wanted for this result and process.
#[inline(always)]
pub fn wanted(row: u32, ret: i64, tgid: u32) -> Option<*const Call> {
    let call = CALLS.get_ptr(row)?;
    // SAFETY: a pointer into the map's value.
    match unsafe { (*call).wanted } {
        0 => None,
        bits if bits & want::FAILURES != 0 && ret == 0 => None,
        bits if config().scope != 0 && bits & want::OF_OTHERS == 0 && !in_scope(tgid) => None,
        bits if bits & want::FAIRLY != 0 && exceeds(tgid) => None,
        _ => Some(call),
    }
}

/// An entry of one of a table's four parts.
#[inline(always)]
fn entry(table: &FlagTable, part: usize, value: u64) -> u64 {
    let index = 256 * part + mask!(value, 0xff) as usize;
    // SAFETY: the mask keeps the index within the part.
    u64::from(unsafe { addr_of!(table.tables).cast::<u32>().add(index).read() })
}

/// A value whose bits are translated by a table.
#[inline(always)]
pub fn bits(table: u8, value: u64) -> u64 {
    let Some(table) = FLAGS.get(u32::from(table)) else { return 0 };
    entry(table, 0, value)
        | entry(table, 1, value >> 8)
        | entry(table, 2, value >> 16)
        | entry(table, 3, value >> 24)
}

/// A value that is translated as a whole.
#[inline(always)]
pub fn translate(table: u8, value: u64) -> u64 {
    let Some(table) = FLAGS.get(u32::from(table)) else { return 0 };
    let value = value & 0xffff_ffff;
    if value < 256 {
        return entry(table, 0, value);
    }
    let above = value.wrapping_sub(u64::from(table.base));
    if above < 256 { entry(table, 1, above) } else { u64::from(table.other) }
}

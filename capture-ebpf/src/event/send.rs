//! The way out: a finished event enters, and leaves through the ring of its CPU.

use core::{
    ffi::c_void,
    ptr::{addr_of, addr_of_mut},
};

use aya_ebpf::{
    btf_maps::{ArrayOfMaps, RingBuf},
    helpers::{bpf_get_smp_processor_id, bpf_ktime_get_boot_ns, generated::bpf_ringbuf_output},
    macros::btf_map,
};

use tercel_probe_abi::{CONSTANT, Call, HEADER, fact, stat};

use super::{Event, RECORD};
use crate::{
    entry::add_latency,
    memory::{config, mask, store64},
    tables::count,
};

/// Do not wake the reader: it polls (BPF_RB_NO_WAKEUP).
const NO_WAKEUP: u64 = 1;
const RING: usize = 8 << 20;
/// One ring per CPU, made by user space.
#[btf_map]
static RINGS: ArrayOfMaps<RingBuf<u64, RING>, 1024> = ArrayOfMaps::new();

/// Sends an event of constants: nothing is put together, and no scratch space is needed.
#[inline(always)]
pub fn send_constant(call: *const Call, tid: u64) {
    // SAFETY: a helper without arguments; the row has three words of an event.
    let event = unsafe {
        let words = addr_of!((*call).program).cast::<u64>();
        let now = bpf_ktime_get_boot_ns().wrapping_add(config().epoch);
        [now, tid, words.read(), words.add(1).read(), words.add(2).read()]
    };
    if !output(event.as_ptr().cast(), CONSTANT as u64) {
        count(stat::FULL);
    }
}

/// Writes a finished event to the ring of this CPU.
#[inline(always)]
fn output(data: *const u8, length: u64) -> bool {
    // SAFETY: a helper without arguments.
    let cpu = unsafe { bpf_get_smp_processor_id() };
    let Some(ring) = RINGS.get(cpu) else { return false };
    // SAFETY: the ring is a map, and the data has at least that many bytes.
    unsafe {
        bpf_ringbuf_output(
            core::ptr::from_ref(ring).cast_mut().cast(),
            data.cast_mut().cast::<c_void>(),
            length,
            NO_WAKEUP,
        ) == 0
    }
}

impl Event {
    /// Sends the finished event and gives the scratch space back.
    #[inline(always)]
    pub fn submit(self) {
        self.send();
        self.abandon();
    }

    /// Sends the finished event and begins another one of the same call.
    #[inline(always)]
    pub fn submit_part(self) {
        self.send();
        let Some(call) = self.call() else { return };
        // SAFETY: a pointer into the map's value; a helper without arguments.
        let (nparams, now) = unsafe { ((*call).nparams, bpf_ktime_get_boot_ns()) };
        store64(unsafe { addr_of_mut!((*self.scratch).data) }.cast(), now.wrapping_add(config().epoch));
        field!(self, part = self.part() + 1);
        field!(self, index = 0);
        field!(self, end = 0);
        field!(self, cursor = HEADER as u64 + 2 * u64::from(nparams));
    }

    /// Events that this call has had before this one.
    #[inline(always)]
    pub fn part(self) -> u64 {
        field!(self, part)
    }

    #[inline(always)]
    fn send(self) {
        add_latency(self);
        let length = field!(self, cursor);
        let end = field!(self, end);
        let own = if end == 0 { length } else { end };
        let data = unsafe { addr_of_mut!((*self.scratch).data) }.cast::<u8>();
        // SAFETY: the header lies within the data, at an aligned position.
        unsafe { data.add(16).cast::<u32>().write_volatile(own as u32) };
        if length >= RECORD {
            return count(stat::LARGE);
        }
        let facts = field!(self, facts);
        let length = if facts != 0 && length < RECORD - 8 {
            store64(self.at(), fact::ITEM | facts << 32);
            length + 8
        } else {
            length
        };
        if !output(data, mask!(length, RECORD - 1)) {
            count(stat::FULL);
        }
    }
}

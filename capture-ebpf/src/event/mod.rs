//! The event under construction: parameters enter one by one, a finished event in the wire format leaves through the ring
//! of its CPU (reference C3, C4). It is kept in the CPU's scratch space between the programs that add to it.

use core::{
    arch::asm,
    ptr::{addr_of, addr_of_mut},
};

use aya_ebpf::{
    helpers::{bpf_get_smp_processor_id, bpf_ktime_get_boot_ns},
    macros::map,
    maps::Array,
};

use tercel_probe_abi::{Call, HEADER, MAX_WORDS, Param, stat, uring};

use crate::{
    arch,
    memory::{config, copy_kernel, load64, mask, store64},
    tables::{CALLS, count},
    uring::Request,
};

macro_rules! field {
    ($event:expr, $field:ident[$part:expr]) => {
        // SAFETY: as below.
        unsafe { addr_of!((*$event.scratch).$field[$part]).read_volatile() }
    };
    ($event:expr, $field:ident[$part:expr] = $value:expr) => {
        // SAFETY: as below; the part is checked.
        unsafe { addr_of_mut!((*$event.scratch).$field[$part]).write_volatile($value) }
    };
    ($event:expr, $field:ident) => {
        // SAFETY: a field of the map's value; volatile, so that the cursor lives in the map and not in a register, whose
        // possible values the verifier would have to follow.
        unsafe { addr_of!((*$event.scratch).$field).read_volatile() }
    };
    ($event:expr, $field:ident = $value:expr) => {
        // SAFETY: as above.
        unsafe { addr_of_mut!((*$event.scratch).$field).write_volatile($value) }
    };
}

mod beside;
mod parameters;
pub mod send;

/// Largest event; a power of two.
pub const RECORD: u64 = 65536;
/// Most bytes that one append writes; a power of two.
pub const CHUNK: u64 = 65536;
/// Longest path, list of arguments and so on, with its NUL; a power of two.
pub const TEXT: u64 = 4096;
/// Arguments of a call: its own and those that steps work out; a power of two.
pub const ARGUMENTS: u64 = 16;
/// Room for the saved registers that are needed; a power of two.
const REGISTERS: u64 = 512;
/// Bytes of a directory entry that are kept; a power of two.
pub const ENTRY: u32 = 64;

/// What a CPU keeps between programs.
#[repr(C)]
pub struct Scratch {
    /// Programs that hold this scratch space: 0 or 1, but for the moment in which a second one finds out.
    holders: u64,
    cursor: u64,
    /// Parameters that are complete.
    index: u64,
    row: u64,
    /// Words of the row that are done.
    position: u64,
    ret: i64,
    compat: u64,
    /// Events that this call has had before this one.
    part: u64,
    /// Facts that stand beside the parameters.
    facts: u64,
    task: u64,
    /// Where the event ends and what stands beside it begins; 0 as long as nothing does.
    end: u64,
    /// Start and flags of the path that was put together beside the event. They are kept here and not in registers so that the verifier
    /// takes all ways in which a path may end for one.
    path: [u64; 2],
    /// What a step keeps from one turn of a loop to the next, for the same reason.
    notes: [u64; NOTES],
    /// How often the present step was carried out for this event.
    turn: u64,
    /// The start of a directory entry.
    entry: [u8; ENTRY as usize],
    args: [u64; ARGUMENTS as usize],
    /// The caller's registers at the entry of the call, as the kernel saved them.
    registers: [u8; REGISTERS as usize],
    data: [u8; (RECORD + CHUNK) as usize],
    /// Room for addresses, vectors and paths on their way into the event.
    side: [u8; (2 * TEXT) as usize],
    /// Names of a request of io_uring, its address, and what else is known of it.
    names: [u8; (2 * TEXT) as usize],
    address: [u8; uring::ADDRESS],
    request: Request,
}

/// Numbers that a step may keep.
pub const NOTES: usize = 20;

/// One scratch space per CPU and slot; user space sets the number of entries.
#[map]
static SCRATCH: Array<Scratch> = Array::with_max_entries(2, 0);

/// The event of this CPU and slot.
#[derive(Clone, Copy)]
pub struct Event {
    scratch: *mut Scratch,
}

/// One word of a row.
#[inline(always)]
pub fn word(call: *const Call, position: u64) -> Param {
    let position = mask!(position, MAX_WORDS - 1);
    // SAFETY: the mask keeps the position within the array; a word is 8 aligned bytes without invalid values.
    let word = unsafe { addr_of!((*call).program).cast::<u64>().add(position as usize).read() };
    Param {
        kind: word as u8,
        arg: (word >> 8) as u8,
        width: (word >> 16) as u8,
        map: (word >> 24) as u8,
        value: (word >> 32) as u32,
    }
}

impl Event {
    /// The event that an earlier program of this slot has begun.
    #[inline(always)]
    pub fn current(slot: u32) -> Option<Event> {
        // SAFETY: a helper without arguments.
        let cpu = unsafe { bpf_get_smp_processor_id() };
        Some(Event { scratch: SCRATCH.get_ptr_mut(2 * cpu + slot)? })
    }

    /// Takes the scratch space of this CPU and slot. Programs that cannot be preempted never find it taken; where they
    /// can, whoever comes second loses its event, which is counted.
    #[inline(always)]
    pub fn begin(slot: u32, task: u64) -> Option<Event> {
        let event = Event::current(slot)?;
        if config().guarded != 0 {
            event.hold(1);
            if field!(event, holders) != 1 {
                event.hold(-1);
                count(stat::BUSY);
                return None;
            }
        }
        field!(event, task = task);
        Some(event)
    }

    /// Takes the scratch space of this CPU for programs at functions of the kernel, which may always be preempted: that of classic
    /// programs where there are none, else one of their own. Nothing if it is taken.
    #[inline(always)]
    pub fn begin_hook(task: u64) -> Option<Event> {
        // SAFETY: a helper without arguments.
        let cpu = unsafe { bpf_get_smp_processor_id() };
        let first = config().hook_scratch;
        let index = if first == 0 { 2 * cpu + 1 } else { first + cpu };
        let event = Event { scratch: SCRATCH.get_ptr_mut(index)? };
        event.hold(1);
        if field!(event, holders) != 1 {
            event.hold(-1);
            return None;
        }
        field!(event, task = task);
        Some(event)
    }

    /// Gives it back.
    #[inline(always)]
    pub fn end_hook(self) {
        self.hold(-1);
    }

    /// Gives the scratch space back without an event.
    #[inline(always)]
    pub fn abandon(self) {
        if config().guarded != 0 {
            self.hold(-1);
        }
    }

    /// Counts holders. Adding without fetching is all that old kernels have.
    #[inline(always)]
    fn hold(self, change: i64) {
        // SAFETY: an atomic addition to a field of the map's value.
        unsafe {
            let holders = addr_of_mut!((*self.scratch).holders);
            asm!("lock *(u64 *)({holders} + 0) += {change}", holders = in(reg) holders, change = in(reg) change, options(nostack));
        }
    }

    /// Copies the saved registers: one read is cheaper than one for each.
    #[inline(always)]
    pub fn read_registers(self, address: u64) {
        // SAFETY: a field of the map's value.
        copy_kernel(
            unsafe { addr_of_mut!((*self.scratch).registers) }.cast(),
            arch::registers_size(),
            address,
        );
    }

    /// One of the registers by its offset.
    #[inline(always)]
    pub fn register(self, offset: u32) -> u64 {
        let offset = mask!(offset, REGISTERS - 8);
        // SAFETY: the mask keeps the offset within the registers, at a multiple of 8.
        unsafe {
            addr_of!((*self.scratch).registers)
                .cast::<u8>()
                .add(offset as usize)
                .cast::<u64>()
                .read_volatile()
        }
    }

    /// An argument of 32-bit code.
    #[inline(always)]
    pub fn compat_register(self, index: u32) -> u64 {
        self.register(arch::register(true, index)) & 0xffff_ffff
    }

    /// Writes the header for a row of the table of calls.
    #[inline(always)]
    pub fn header(self, row: u32, call: *const Call, ret: i64, compat: bool, tid: u64) {
        // SAFETY: pointers into map values; a helper without arguments.
        let (code, nparams, now) = unsafe { ((*call).event, (*call).nparams, bpf_ktime_get_boot_ns()) };
        let data = unsafe { addr_of_mut!((*self.scratch).data) }.cast::<u8>();
        // SAFETY: the header lies within the data.
        unsafe {
            store64(data, now.wrapping_add(config().epoch));
            store64(data.add(8), tid);
            store64(data.add(20), u64::from(code) | u64::from(nparams) << 16);
        }
        field!(self, row = u64::from(row));
        field!(self, ret = ret);
        field!(self, compat = u64::from(compat));
        field!(self, part = 0);
        field!(self, facts = 0);
        field!(self, index = 0);
        field!(self, position = 0);
        field!(self, turn = 0);
        field!(self, end = 0);
        field!(self, cursor = HEADER as u64 + 2 * u64::from(nparams));
    }

    /// Room for one of two names of a request.
    #[inline(always)]
    pub fn name(self, index: u64) -> *mut u8 {
        let at = (TEXT * mask!(index, 1)) as usize;
        // SAFETY: the mask keeps the position within the room.
        unsafe { self.names().cast::<u8>().add(at) }
    }

    /// Room for both.
    #[inline(always)]
    pub fn names(self) -> *mut [u8; (2 * TEXT) as usize] {
        // SAFETY: a field of the map's value, here and below.
        unsafe { addr_of_mut!((*self.scratch).names) }
    }

    /// Room for the address of a request.
    #[inline(always)]
    pub fn address(self) -> *mut u8 {
        unsafe { addr_of_mut!((*self.scratch).address) }.cast()
    }

    /// What is known of a request.
    #[inline(always)]
    pub fn request(self) -> *mut Request {
        unsafe { addr_of_mut!((*self.scratch).request) }
    }

    /// The arguments of the call, all of them.
    #[inline(always)]
    pub fn args(self) -> *mut [u64; ARGUMENTS as usize] {
        unsafe { addr_of_mut!((*self.scratch).args) }
    }

    /// Task that the event is about.
    #[inline(always)]
    pub fn task(self) -> u64 {
        field!(self, task)
    }

    /// Thread that the header names.
    #[inline(always)]
    pub fn tid(self) -> u64 {
        // SAFETY: the header lies within the data.
        load64(unsafe { addr_of!((*self.scratch).data).cast::<u8>().add(8) })
    }

    /// What the call returned.
    #[inline(always)]
    pub fn ret(self) -> i64 {
        field!(self, ret)
    }

    /// Whether a 32-bit call.
    #[inline(always)]
    pub fn compat(self) -> bool {
        field!(self, compat) != 0
    }

    /// An argument: 0 to 5 are the call's own.
    #[inline(always)]
    pub fn arg(self, index: u64) -> u64 {
        let index = mask!(index, ARGUMENTS - 1);
        // SAFETY: the mask keeps the index within the array.
        unsafe { addr_of!((*self.scratch).args).cast::<u64>().add(index as usize).read_volatile() }
    }

    /// Replaces an argument, or adds one that later parameters need.
    #[inline(always)]
    pub fn set_arg(self, index: u64, value: u64) {
        let index = mask!(index, ARGUMENTS - 1);
        // SAFETY: as in `arg`.
        unsafe { addr_of_mut!((*self.scratch).args).cast::<u64>().add(index as usize).write_volatile(value) }
    }

    /// The event's row in the table of calls.
    #[inline(always)]
    pub fn call(self) -> Option<*const Call> {
        CALLS.get_ptr(field!(self, row) as u32)
    }

    /// Words of the row that are done.
    #[inline(always)]
    pub fn position(self) -> u64 {
        field!(self, position)
    }

    /// Notes how many words are done, before another program goes on.
    #[inline(always)]
    pub fn set_position(self, position: u64) {
        field!(self, position = position);
    }

    /// The word that called the present step.
    #[inline(always)]
    pub fn caller(self) -> Option<Param> {
        Some(word(self.call()?, self.position().wrapping_sub(1)))
    }

    /// Number of the event's row in the table of calls.
    #[inline(always)]
    pub fn row(self) -> u64 {
        field!(self, row)
    }
}

//! The event under construction: parameters enter one by one, a finished event in the wire format leaves through the ring
//! of its CPU (reference C3, C4). It is kept in the CPU's scratch space between the programs that add to it.

use core::{
    arch::asm,
    ffi::c_void,
    ptr::{addr_of, addr_of_mut},
};

use aya_ebpf::{
    btf_maps::{ArrayOfMaps, RingBuf},
    helpers::{bpf_get_smp_processor_id, bpf_ktime_get_boot_ns, generated::bpf_ringbuf_output},
    macros::{btf_map, map},
    maps::{Array, PerCpuArray},
};

use tercel_probe_abi::{
    CONSTANT, Call, FlagTable, HEADER, ITEM, MAX_WORDS, Param, fact, flags, row, stat, uring, want,
};

use crate::{
    entry::add_latency,
    memory::{config, copy_kernel, copy_kernel_str, copy_user, copy_user_str, mask, store32, store64},
    scope::in_scope,
    throttle::exceeds,
    uring::Request,
};

/// Largest event; a power of two.
pub const RECORD: u64 = 65536;
/// Most bytes that one append writes; a power of two.
pub const CHUNK: u64 = 65536;
/// Longest path, list of arguments and so on, with its NUL; a power of two.
pub const TEXT: u64 = 4096;
/// Arguments of a call: its own and those that steps work out; a power of two.
pub const ARGUMENTS: u64 = 16;
/// Bytes of the saved registers up to the number of the call, the last that is needed; a power of two.
const REGISTERS: u64 = 128;
/// Bytes of a directory entry that are kept; a power of two.
pub const ENTRY: u32 = 64;
/// Do not wake the reader: it polls (BPF_RB_NO_WAKEUP).
const NO_WAKEUP: u64 = 1;

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

/// Size of the inner rings as declared; user space makes the real ones.
const RING: usize = 8 << 20;
/// One ring per CPU, made by user space.
#[btf_map]
static RINGS: ArrayOfMaps<RingBuf<u64, RING>, 1024> = ArrayOfMaps::new();
/// One scratch space per CPU and slot; user space sets the number of entries.
#[map]
static SCRATCH: Array<Scratch> = Array::with_max_entries(2, 0);
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

/// The event of this CPU and slot.
#[derive(Clone, Copy)]
pub struct Event {
    scratch: *mut Scratch,
}

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
        copy_kernel(unsafe { addr_of_mut!((*self.scratch).registers) }.cast(), REGISTERS, address);
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
        // SAFETY: the mask keeps the position within the room.
        unsafe { self.names().cast::<u8>().add((TEXT * mask!(index, 1)) as usize) }
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

    /// Where the next bytes go: at least `CHUNK` are free there.
    #[inline(always)]
    pub fn at(self) -> *mut u8 {
        let at = mask!(field!(self, cursor), RECORD - 1);
        // SAFETY: the mask keeps the position within the first part of the data.
        unsafe { addr_of_mut!((*self.scratch).data).cast::<u8>().add(at as usize) }
    }

    /// Bytes written so far.
    #[inline(always)]
    pub fn cursor(self) -> u64 {
        field!(self, cursor)
    }

    /// Moves on by bytes that were written at [`Event::at`], without ending the parameter.
    #[inline(always)]
    pub fn advance(self, length: u64) {
        let cursor = field!(self, cursor);
        field!(self, cursor = cursor + length);
    }

    /// Ends a parameter of which all bytes are written.
    #[inline(always)]
    pub fn close(self, length: u64) {
        let index = field!(self, index);
        let slot = mask!(index, MAX_WORDS - 1);
        // SAFETY: the table of lengths lies after the header; the mask keeps the index within it.
        unsafe {
            let lengths = addr_of_mut!((*self.scratch).data).cast::<u8>().add(HEADER).cast::<u16>();
            lengths.add(slot as usize).write_volatile(length as u16);
        }
        field!(self, index = index + 1);
    }

    /// Moves on and ends the parameter.
    #[inline(always)]
    pub fn take(self, length: u64) {
        self.advance(length);
        self.close(length);
    }

    /// Adds bytes of a number without ending the parameter.
    #[inline(always)]
    pub fn push(self, value: u64, width: u64) {
        store64(self.at(), value);
        self.advance(width);
    }

    /// Adds a number.
    #[inline(always)]
    pub fn number(self, value: u64, width: u64) {
        store64(self.at(), value);
        self.take(width);
    }

    /// Adds an empty parameter.
    #[inline(always)]
    pub fn empty(self) {
        self.close(0);
    }

    /// Adds a string of user memory; empty if it cannot be read.
    #[inline(always)]
    pub fn user_str(self, address: u64) {
        let length = if address == 0 { 0 } else { copy_user_str(self.at(), TEXT, address) };
        self.take_text(length);
    }

    /// Adds bytes of a string of user memory without ending the parameter.
    #[inline(always)]
    pub fn push_user_str(self, address: u64) {
        let length = if address == 0 { 0 } else { copy_user_str(self.at(), TEXT, address) };
        if length > 0 {
            self.advance(mask!(length, 2 * TEXT - 1));
        }
    }

    /// Takes back what was added since the cursor stood at `from`, and adds an empty parameter.
    #[inline(always)]
    pub fn restart(self, from: u64) {
        field!(self, cursor = from);
        self.empty();
    }

    /// Makes the last byte a NUL.
    #[inline(always)]
    pub fn terminate(self) {
        let at = mask!(field!(self, cursor).wrapping_sub(1), RECORD - 1);
        // SAFETY: as in `at`.
        unsafe { addr_of_mut!((*self.scratch).data).cast::<u8>().add(at as usize).write_volatile(0) }
    }

    /// Adds a string of kernel memory.
    #[inline(always)]
    pub fn kernel_str(self, address: u64) {
        let length = copy_kernel_str(self.at(), TEXT, address);
        self.take_text(length);
    }

    #[inline(always)]
    fn take_text(self, length: i64) {
        if length == TEXT as i64 {
            count(stat::CUT);
        }
        self.take(if length > 0 { mask!(length, 2 * TEXT - 1) } else { 0 });
    }

    /// Adds `length` bytes of user memory; empty if they cannot be read.
    #[inline(always)]
    pub fn user_bytes(self, address: u64, length: u64) {
        let length = mask!(if length > CHUNK - 1 { CHUNK - 1 } else { length }, CHUNK - 1);
        self.take(if length != 0 && copy_user(self.at(), length, address) { length } else { 0 });
    }

    /// Room beside the event, and an offset into it.
    #[inline(always)]
    pub fn side(self, offset: u64) -> *mut u8 {
        let offset = mask!(offset, TEXT - 1);
        // SAFETY: the mask keeps the position within the first half of the room.
        unsafe { addr_of_mut!((*self.scratch).side).cast::<u8>().add(offset as usize) }
    }

    /// Adds `length` (at most `TEXT`) bytes from the room beside the event.
    #[inline(always)]
    pub fn from_side(self, offset: u64, length: u64) {
        let length = mask!(length, 2 * TEXT - 1);
        let length = if length > TEXT { TEXT } else { length };
        self.take(if copy_kernel(self.at(), length, self.side(offset) as u64) { length } else { 0 });
    }

    /// Bytes of a complete parameter.
    #[inline(always)]
    pub fn length_of(self, index: u64) -> u64 {
        let slot = mask!(index, MAX_WORDS - 1);
        // SAFETY: the table of lengths lies after the header; the mask keeps the index within it.
        u64::from(unsafe {
            let lengths = addr_of!((*self.scratch).data).cast::<u8>().add(HEADER).cast::<u16>();
            lengths.add(slot as usize).read_volatile()
        })
    }

    /// The event's bytes from a position on: at least `CHUNK` may be read.
    #[inline(always)]
    pub fn bytes(self, position: u64) -> *const u8 {
        let at = mask!(position, RECORD - 1);
        // SAFETY: the mask keeps the position within the first part of the data.
        unsafe { addr_of!((*self.scratch).data).cast::<u8>().add(at as usize) }
    }

    /// The parameters are complete: what is added from now on stands beside them. False if the event is full.
    #[inline(always)]
    pub fn begin_beside(self) -> bool {
        let cursor = field!(self, cursor);
        if cursor > RECORD - 4 * TEXT {
            return false;
        }
        if field!(self, end) == 0 {
            field!(self, end = cursor);
        }
        true
    }

    /// Notes start and flags of the path beside the event.
    #[inline(always)]
    pub fn set_path(self, start: u64, flags: u64) {
        field!(self, path = [start, flags]);
    }

    /// What was noted: 0 start, 1 flags.
    #[inline(always)]
    pub fn path(self, part: usize) -> u64 {
        field!(self, path[part])
    }

    /// Keeps a number for later in this step.
    #[inline(always)]
    pub fn set_note(self, part: usize, value: u64) {
        field!(self, notes[part] = value);
    }

    /// A number that was kept.
    #[inline(always)]
    pub fn note(self, part: usize) -> u64 {
        field!(self, notes[part])
    }

    /// How often the present step was carried out before; it is not again, unless [`Event::carry_out_again`] says so.
    #[inline(always)]
    pub fn take_turn(self) -> u64 {
        let turn = field!(self, turn);
        field!(self, turn = 0);
        turn
    }

    /// The present step is carried out once more, after `turn` times.
    #[inline(always)]
    pub fn carry_out_again(self, turn: u64) {
        field!(self, turn = turn);
        self.set_position(self.position().wrapping_sub(1));
    }

    /// Room for the start of a directory entry.
    #[inline(always)]
    pub fn entry(self) -> *mut u8 {
        // SAFETY: a field of the map's value.
        unsafe { addr_of_mut!((*self.scratch).entry).cast() }
    }

    /// Begins an item: returns where it starts.
    #[inline(always)]
    pub fn begin_item(self) -> u64 {
        let from = field!(self, cursor);
        field!(self, cursor = from + ITEM);
        from
    }

    /// Ends the item that began at `from`.
    #[inline(always)]
    pub fn end_item(self, from: u64, kind: u8, flags: u8) {
        let length = field!(self, cursor).wrapping_sub(from + ITEM);
        let at = mask!(from, RECORD - 1);
        let head = u64::from(kind) | u64::from(flags) << 8 | (length & 0xffff) << 16;
        // SAFETY: the mask keeps the position within the first part of the data.
        unsafe { store32(addr_of_mut!((*self.scratch).data).cast::<u8>().add(at as usize), head) }
    }

    /// Adds `length` (at most `TEXT`) bytes from the room beside the event without ending a parameter.
    #[inline(always)]
    pub fn push_side(self, offset: u64, length: u64) {
        self.push_copy(self.side(offset), length);
    }

    /// Adds `length` (at most `TEXT`) bytes that the event has at a position.
    #[inline(always)]
    pub fn push_bytes(self, position: u64, length: u64) {
        self.push_copy(self.bytes(position), length);
    }

    /// Adds `length` (at most `TEXT`) bytes of the programs' own memory without ending a parameter.
    #[inline(always)]
    pub fn push_copy(self, from: *const u8, length: u64) {
        let length = mask!(length, 2 * TEXT - 1);
        let length = if length > TEXT { TEXT } else { length };
        if copy_kernel(self.at(), length, from as u64) {
            self.advance(length);
        }
    }

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

    /// Notes facts (see [`tercel_probe_abi::fact`]).
    #[inline(always)]
    pub fn add_facts(self, facts: u32) {
        field!(self, facts = field!(self, facts) | u64::from(facts));
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

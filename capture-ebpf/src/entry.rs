//! The entry of calls: what the caller has in memory when the kernel begins enters; at the exit it is compared with what is there then.
//! A thread has one call at a time, so that its entry is kept in a slot by the thread's number, which others may overwrite: then it
//! is not known whether something changed, and that is said.

use core::ptr::{addr_of, addr_of_mut};

use aya_ebpf::{
    helpers::{bpf_ktime_get_boot_ns, generated::bpf_get_current_pid_tgid},
    macros::map,
    maps::Array,
};

use tercel_probe_abi::{entry, fact, item, row};

use crate::{
    event::Event,
    hooks::forget,
    memory::{config, copy_user, copy_user_str, load64, mask, user},
    repeat::{repeat, turns},
    scope::in_scope,
};

/// Bytes of a text that are kept, with its NUL; a power of two.
const TEXT: u64 = 512;
/// Arguments of a program that are looked at.
const STRINGS: u64 = 16;
/// Not all arguments were kept.
const CUT: u64 = 1 << 32;
/// Bytes of `struct open_how`.
const HOW: u64 = 24;
/// Bytes of an address that are kept; a power of two.
const ADDRESS: u64 = 128;
/// Slots; a power of two.
const SLOTS: u32 = 2048;
/// Slots for times; a power of two. User space makes them only where they are wanted.
const TIMES: u32 = 65536;

/// What a call began with.
#[repr(C)]
struct Entered {
    tid: u64,
    /// Number of the call.
    number: u64,
    /// Bytes of the texts with their NUL, negative if they could not be read; of an address in the first one's place, of arguments or of
    /// a structure in the second one's.
    lengths: [i64; 2],
    texts: [[u8; (TEXT + 8) as usize]; 2],
    /// What a text may take beyond the second one's room while texts are put there one after the other.
    beyond: [u8; TEXT as usize],
}

/// When a call began.
#[repr(C)]
#[derive(Clone, Copy)]
struct Began {
    tid: u64,
    time: u64,
}

#[map]
static ENTERED: Array<Entered> = Array::with_max_entries(SLOTS, 0);
/// What is read at the entry of native calls, by their numbers ([`entry`]); 0: nothing.
#[map]
static ENTRIES: Array<u32> = Array::with_max_entries(row::EXEC, 0);
#[map]
static BEGAN: Array<Began> = Array::with_max_entries(1, 0);

/// What is read at the entry of a call of this number, be it a native or a 32-bit one; 0: nothing.
#[inline(always)]
pub fn is_interesting(number: u32) -> bool {
    if config().latency != 0 {
        begin();
    }
    ENTRIES.get(number).copied().unwrap_or(0) != 0
}

/// A call begins: `argument` gives its arguments.
#[inline(always)]
pub fn enter(number: u32, compat: bool, argument: impl Fn(u32) -> u64) {
    let wanted = ENTRIES.get(number).copied().unwrap_or(0);
    if wanted & entry::KIND == 0 || (compat && wanted & entry::KIND == entry::HEADER) {
        return;
    }
    // SAFETY: a helper without arguments.
    let both = unsafe { bpf_get_current_pid_tgid() };
    let (tgid, tid) = ((both >> 32) as u32, both & 0xffff_ffff);
    if tgid == config().own_tgid || (config().scope != 0 && !in_scope(tgid)) {
        return;
    }
    let Some(slot) = ENTERED.get_ptr_mut(tid as u32 & (SLOTS - 1)) else { return };
    if config().hooked != 0 && wanted & entry::HOOKED != 0 {
        forget();
    }
    // SAFETY: a pointer to the map's value; the texts have room for what is copied.
    unsafe {
        addr_of_mut!((*slot).tid).write_volatile(tid);
        addr_of_mut!((*slot).number).write_volatile(u64::from(number));
        let first = addr_of_mut!((*slot).texts[0]).cast::<u8>();
        let length = match wanted & entry::KIND {
            entry::TEXT => copy_user_str(first, TEXT, argument(wanted >> 8 & 7)),
            entry::ADDRESS => address(first, argument(wanted >> 8 & 7), argument(wanted >> 12 & 7)),
            _ => {
                let header = argument(wanted >> 8 & 7);
                let length = user::<u32>(header.wrapping_add(8)).unwrap_or(0);
                address(first, user::<u64>(header).unwrap_or(0), u64::from(length))
            }
        };
        addr_of_mut!((*slot).lengths[0]).write_volatile(length);
        if wanted & (entry::SECOND | entry::VECTOR | entry::HOW) != 0 {
            let second = addr_of_mut!((*slot).texts[1]).cast::<u8>();
            let from = argument(wanted >> 12 & 7);
            let length = if wanted & entry::SECOND != 0 {
                copy_user_str(second, TEXT, from)
            } else if wanted & entry::VECTOR != 0 {
                strings(slot, from, compat)
            } else if copy_user(second, HOW, from) {
                HOW as i64
            } else {
                -1
            };
            addr_of_mut!((*slot).lengths[1]).write_volatile(length);
        }
    }
}

/// Copies the texts of a vector, one after the other, in the second text's place; returns their bytes with their NULs. No vector, or an
/// empty one, is one NUL, as in the event.
#[inline(always)]
fn strings(slot: *mut Entered, array: u64, compat: bool) -> i64 {
    let (mut used, mut number) = (0u64, 0u64);
    while number < STRINGS {
        let pointer = if compat {
            user::<u32>(array.wrapping_add(4 * number)).map(u64::from)
        } else {
            user::<u64>(array.wrapping_add(8 * number))
        };
        let at = mask!(used, TEXT - 1) as usize;
        // SAFETY: the mask keeps the position within the second text, after which there is room for another.
        let to = unsafe { addr_of_mut!((*slot).texts[1]).cast::<u8>().add(at) };
        match pointer {
            None if array != 0 => return -1,
            None | Some(0) if number == 0 => {
                // SAFETY: as above.
                unsafe { to.write_volatile(0) };
                return 1;
            }
            None | Some(0) => return used as i64,
            Some(address) => {
                let length = copy_user_str(to, TEXT, address);
                if length <= 0 {
                    return -1;
                }
                used += mask!(length, 2 * TEXT - 1);
            }
        }
        if used >= TEXT {
            return (TEXT | CUT) as i64;
        }
        number += 1;
    }
    (used | CUT) as i64
}

/// Copies an address of a socket; returns its bytes.
#[inline(always)]
fn address(to: *mut u8, from: u64, length: u64) -> i64 {
    let length = if length > ADDRESS - 1 { ADDRESS - 1 } else { length };
    let length = mask!(length, ADDRESS - 1);
    if from == 0 || length == 0 {
        0
    } else if copy_user(to, length, from) {
        length as i64
    } else {
        -1
    }
}

#[inline(always)]
fn begin() {
    // SAFETY: helpers without arguments.
    let (tid, time) = unsafe { (bpf_get_current_pid_tgid() & 0xffff_ffff, bpf_ktime_get_boot_ns()) };
    if let Some(slot) = BEGAN.get_ptr_mut(tid as u32 & (TIMES - 1)) {
        // SAFETY: a pointer to the map's value.
        unsafe { slot.write_volatile(Began { tid, time }) }
    }
}

/// Adds how long the call took, where that is wanted.
#[inline(always)]
pub fn add_latency(event: Event) {
    if config().latency == 0
        || event.row() >= u64::from(row::URING)
        || event.row() > u64::from(row::EXEC) && event.row() < u64::from(row::COMPAT)
    {
        return;
    }
    // SAFETY: helpers without arguments.
    let (tid, now) = unsafe { (bpf_get_current_pid_tgid() & 0xffff_ffff, bpf_ktime_get_boot_ns()) };
    let Some(slot) = BEGAN.get_ptr_mut(tid as u32 & (TIMES - 1)) else { return };
    // SAFETY: a pointer to the map's value.
    let began = unsafe { slot.read_volatile() };
    if began.tid != tid || event.tid() != tid || began.time > now || !event.begin_beside() {
        return;
    }
    let from = event.begin_item();
    event.push(now - began.time, 8);
    event.end_item(from, item::LATENCY, 0);
    // A call that never began here, as that of a new process, has none.
    // SAFETY: as above.
    unsafe { addr_of_mut!((*slot).tid).write_volatile(0) }
}

/// The slot of this thread and its number, if the call that returns is the one that it holds.
#[inline(always)]
fn slot_of(event: Event) -> Option<(u64, *const Entered)> {
    // SAFETY: a helper without arguments.
    let tid = unsafe { bpf_get_current_pid_tgid() } & 0xffff_ffff;
    let index = tid as u32 & (SLOTS - 1);
    let slot = ENTERED.get_ptr(index)?;
    // SAFETY: a pointer to the map's value.
    let (holder, number) =
        unsafe { (addr_of!((*slot).tid).read_volatile(), addr_of!((*slot).number).read_volatile()) };
    if holder == tid && number == event.row() { Some((u64::from(index), slot)) } else { None }
}

/// Whether this call's entry is looked at.
#[inline(always)]
fn is_compared(event: Event) -> bool {
    config().entries != 0
        && !(event.compat()
            && ENTRIES.get(event.row() as u32).copied().unwrap_or(0) & entry::KIND == entry::HEADER)
        && event.row() < u64::from(row::EXEC)
        && ENTRIES.get(event.row() as u32).copied().unwrap_or(0) & entry::KIND != 0
}

/// Says, once, that it is not known whether something changed.
#[inline(always)]
fn unseen(event: Event, which: usize) {
    if which == 0 {
        event.add_facts(fact::NO_ENTRY);
    }
}

/// Notes of a comparison: the slot of what was there at the entry, which of its texts, what it is compared with (0: the event's bytes from a
/// position on, which follows; else the room beside the event), how many bytes are, and whether they differ.
mod compared {
    pub const SLOT: usize = 0;
    pub const WHICH: usize = 1;
    pub const BESIDE: usize = 2;
    pub const AT: usize = 3;
    pub const LENGTH: usize = 4;
    pub const DIFFERS: usize = 5;
}

turns! {
    compare_turn = compare_some;
}

/// Whether bytes differ from those of the entry: `notes` are the first five of a comparison.
#[inline(always)]
fn differ(event: Event, notes: [u64; 5]) -> bool {
    let [slot, which, beside, at, length] = notes;
    event.set_note(compared::SLOT, slot);
    event.set_note(compared::WHICH, which);
    event.set_note(compared::BESIDE, beside);
    event.set_note(compared::AT, at);
    event.set_note(compared::LENGTH, length);
    event.set_note(compared::DIFFERS, 0);
    repeat::<true>(event, TEXT as u32 / 8, compare_turn, compare_some);
    event.note(compared::DIFFERS) != 0
}

/// Compares the next 8 bytes; true if they differ, or none are left.
#[inline(always)]
fn compare_some(event: Event, turn: u64) -> bool {
    let (done, length) = (8 * turn, event.note(compared::LENGTH));
    if done >= length {
        return true;
    }
    let Some(slot) = ENTERED.get_ptr(event.note(compared::SLOT) as u32) else { return true };
    let place = (TEXT + 8) * mask!(event.note(compared::WHICH), 1) + mask!(done, TEXT - 1);
    // SAFETY: the masks keep the position within a text, behind which there are 8 bytes more.
    let ours = load64(unsafe { addr_of!((*slot).texts).cast::<u8>().add(place as usize) });
    let theirs = if event.note(compared::BESIDE) != 0 {
        event.side(done)
    } else {
        event.bytes(event.note(compared::AT).wrapping_add(done))
    };
    let (left, difference) = (length - done, ours ^ load64(theirs));
    let differs = (if left >= 8 { difference } else { difference << (64 - 8 * mask!(left, 7)) }) != 0;
    if differs {
        event.set_note(compared::DIFFERS, 1);
    }
    differs
}

/// Compares a text at `at` of `length` bytes in the event with the one at the entry: says so if they differ, and adds the latter. `which`
/// is 0 for the first one, 1 for the second.
#[inline(always)]
pub fn compare(event: Event, which: usize, at: u64, length: u64) {
    if is_compared(event) {
        compare_text(event, which, 0, at, length);
    }
}

/// The same of a text in user memory that is no parameter of the event.
#[inline(always)]
pub fn compare_memory(event: Event, address: u64) {
    if !is_compared(event) {
        return;
    }
    let length = copy_user_str(event.side(0), TEXT, address);
    if length > 0 {
        compare_text(event, 0, 1, 0, length as u64 - 1);
    } else {
        unseen(event, 0);
    }
}

#[inline(always)]
fn compare_text(event: Event, which: usize, beside: u64, at: u64, length: u64) {
    let Some((index, slot)) = slot_of(event) else { return unseen(event, which) };
    // SAFETY: a pointer to the map's value.
    let kept = unsafe { addr_of!((*slot).lengths[which]).read_volatile() };
    // Memory that was not present at the entry could not be read; the kernel read it later.
    if kept <= 0 {
        return unseen(event, which);
    }
    let kept = kept as u64 - 1;
    let shorter = if kept < TEXT - 1 { kept } else { TEXT - 1 };
    // A longer text is compared as far as it was kept.
    let is_other = if kept < TEXT - 1 { length != kept } else { length < kept };
    if !is_other && !differ(event, [index, which as u64, beside, at, shorter]) || !event.begin_beside() {
        return;
    }
    event.add_facts(fact::CHANGED);
    let from = event.begin_item();
    // SAFETY: a field of the map's value.
    event.push_copy(unsafe { addr_of!((*slot).texts[which]).cast::<u8>() }, mask!(kept, TEXT - 1));
    event.end_item(from, if which == 0 { item::ENTRY_PATH } else { item::SECOND_ENTRY_PATH }, 0);
}

/// Compares the arguments of a program, which are the parameters 1 and 2 from `at` on, with those at the entry: says so if they differ.
#[inline(always)]
pub fn compare_strings(event: Event, at: u64) {
    if !is_compared(event) {
        return;
    }
    let Some((index, slot)) = slot_of(event) else { return };
    // SAFETY: a pointer to the map's value.
    let kept = unsafe { addr_of!((*slot).lengths[1]).read_volatile() };
    if kept <= 0 {
        return event.add_facts(fact::NO_ENTRY);
    }
    let (is_cut, kept) = (kept as u64 & CUT != 0, kept as u64 & (CUT - 1));
    let length = event.length_of(1) + event.length_of(2);
    let is_other = if is_cut { length < kept } else { length != kept };
    // What was cut ends in a NUL that is not the caller's.
    let shorter = if length < kept { length } else { kept };
    let is_whole = event.facts() & u64::from(fact::ARGUMENTS_CUT) == 0;
    if is_other && is_whole || differ(event, [index, 1, 0, at, shorter.wrapping_sub(1)]) {
        event.add_facts(fact::CHANGED);
    }
}

/// Compares what the event has of a `struct open_how` (flags, mode, resolve) with what was there at the entry: says so if they differ.
#[inline(always)]
pub fn compare_how(event: Event, how: [u64; 3]) {
    if !is_compared(event) {
        return;
    }
    let Some((_, slot)) = slot_of(event) else { return };
    // SAFETY: a pointer to the map's value.
    let kept = unsafe { addr_of!((*slot).lengths[1]).read_volatile() };
    // SAFETY: as above; a text has room for three words.
    let word = |at: usize| load64(unsafe { addr_of!((*slot).texts[1]).cast::<u8>().add(at) });
    if kept <= 0 {
        event.add_facts(fact::NO_ENTRY);
    } else if word(0) != how[0] || word(8) != how[1] || word(16) != how[2] {
        event.add_facts(fact::CHANGED);
    }
}

/// Compares the address in user memory with the one at the entry: says so if they differ, and adds the latter as parameters have it.
#[inline(always)]
pub fn compare_address(event: Event, address: u64, length: u64) {
    if !is_compared(event) {
        return;
    }
    let Some((index, slot)) = slot_of(event) else { return unseen(event, 0) };
    // SAFETY: a pointer to the map's value.
    let kept = unsafe { addr_of!((*slot).lengths[0]).read_volatile() };
    let now = self::address(event.side(0), address, length);
    if kept < 0 {
        return unseen(event, 0);
    }
    if now == kept && !differ(event, [index, 0, 1, 0, kept as u64]) || !event.begin_beside() {
        return;
    }
    event.add_facts(fact::CHANGED);
    // SAFETY: as above; the address has room for both families.
    let word = |at: usize| load64(unsafe { addr_of!((*slot).texts[0]).cast::<u8>().add(at) });
    let head = word(0);
    let port = (head >> 16 & 0xff) << 8 | (head >> 24 & 0xff);
    let from = event.begin_item();
    match head & 0xffff {
        2 if kept >= 8 => {
            event.push(2, 1);
            event.push(word(4), 4);
            event.push(port, 2);
        }
        10 if kept >= 24 => {
            event.push(10, 1);
            event.push(word(8), 8);
            event.push(word(16), 8);
            event.push(port, 2);
        }
        1 if kept > 2 => {
            event.push(1, 1);
            // SAFETY: a field of the map's value.
            let path = unsafe { addr_of!((*slot).texts[0]).cast::<u8>().add(2) };
            event.push_copy(path, mask!(kept - 2, ADDRESS - 1));
        }
        family => event.push(family, 1),
    }
    event.end_item(from, item::ENTRY_ADDRESS, 0);
}

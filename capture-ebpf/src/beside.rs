//! What the kernel says beside the parameters: the event, complete but for this, enters; items after it leave (FORMAT.md section 11).
//! Paths that equal the caller's are not repeated.

use tercel_probe_abi::{HEADER, MAX_WORDS, beside, item, row};

use crate::{
    entry::{compare, compare_address, compare_memory, compare_strings},
    event::Event,
    file::{encode_dev, of_fd},
    hooks::{add_hooked, forget},
    memory::{config, copy_kernel_str, get, load64, mask, off},
    place::{Path, Place, Walk, walk},
    repeat::{repeat, turns},
    run::user_long,
};

/// Longest path that is compared with the caller's, in bytes.
const COMPARED: u64 = 256;
/// Longest name of a file; a power of two.
const NAME: u64 = 256;
/// Turns of a step: the caller's text was compared with that of the entry; the path that the process sees follows.
const COMPARED_BEFORE: u64 = 1;
const SECOND: u64 = 2;
const AT_FDCWD: i32 = -100;

/// The caller's text in a parameter of the event: where it starts, and its bytes without the NUL.
#[derive(Clone, Copy)]
pub struct Text {
    at: u64,
    length: u64,
}

const NONE: Text = Text { at: 0, length: 0 };

/// Notes: where a parameter starts; what paths are compared with, and how: where one starts beside the event and the other in it, their
/// bytes, and whether they differ.
const PLACE: usize = 0;
const SIDE: usize = 0;
const BYTES: usize = 1;
const LENGTH: usize = 2;
const DIFFERS: usize = 3;

turns! {
    parameter_turn = skip_parameter;
    same_turn = compare_some;
    slash_turn = look_for_slash;
}

/// The text in the parameter before number `after`; none for 0.
#[inline(always)]
fn text(event: Event, after: u64) -> Text {
    let Some(call) = event.call() else { return NONE };
    if after == 0 {
        return NONE;
    }
    let index = mask!(after - 1, MAX_WORDS - 1);
    // SAFETY: a pointer into the map's value.
    event.set_note(PLACE, HEADER as u64 + 2 * u64::from(unsafe { (*call).nparams }));
    repeat::<true>(event, index as u32, parameter_turn, skip_parameter);
    let length = event.length_of(index);
    Text { at: event.note(PLACE), length: if length > 0 { length - 1 } else { 0 } }
}

#[inline(always)]
fn skip_parameter(event: Event, index: u64) -> bool {
    event.set_note(PLACE, event.note(PLACE) + event.length_of(index));
    false
}

/// The last bits of a word that count where `bytes` of it belong to a text.
#[inline(always)]
fn kept(word: u64, bytes: u64) -> u64 {
    if bytes >= 8 { word } else { word << (64 - 8 * mask!(bytes, 7)) }
}

/// Whether the path beside the event is the text.
#[inline(always)]
pub fn is_same(event: Event, start: u64, length: u64, text: Text) -> bool {
    if length != text.length || length == 0 || length > COMPARED {
        return false;
    }
    event.set_note(SIDE, start);
    event.set_note(BYTES, text.at);
    event.set_note(LENGTH, length);
    event.set_note(DIFFERS, 0);
    repeat::<true>(event, COMPARED as u32 / 8, same_turn, compare_some);
    event.note(DIFFERS) == 0
}

/// Compares the next 8 bytes; true if they differ, or none are left.
#[inline(always)]
fn compare_some(event: Event, turn: u64) -> bool {
    let (done, length) = (8 * turn, event.note(LENGTH));
    if done >= length {
        return true;
    }
    let ours = load64(event.side(event.note(SIDE).wrapping_add(done)));
    let theirs = load64(event.bytes(event.note(BYTES).wrapping_add(done)));
    let differs = kept(ours ^ theirs, length - done) != 0;
    if differs {
        event.set_note(DIFFERS, 1);
    }
    differs
}

/// Adds a path as an item, unless it has none (a pipe).
#[inline(always)]
fn add_path(event: Event, of: Walk, text: Text) {
    let path = walk::<true>(event, of);
    let length = path.length;
    let mut flags = of.flags as u8 | path.flags;
    let from = event.begin_item();
    if flags == 0 && is_same(event, path.start, length, text) {
        flags = item::SAME;
    } else if length > 0 {
        event.push_side(path.start, length);
    } else if path.flags & item::DETACHED == 0 {
        event.push(u64::from(b'/'), 1);
    } else {
        push_name(event, path);
    }
    event.end_item(from, of.kind as u8, flags);
}

/// What belongs to no directory (a file in memory) has a name only.
#[inline(always)]
fn push_name(event: Event, path: Path) {
    let length = copy_kernel_str(event.at(), NAME, get!(u64, path.dentry, dentry_name));
    if length > 1 {
        event.advance(mask!(length, 2 * NAME - 1) - 1);
    }
}

/// The walk of a turn: the first one shows the path as the host sees it. There is another one where the process sees another path: it has
/// a root or mount namespace of its own, or the file is reached by a mount that is not the first of its file system. One at a time: the step
/// is carried out again, because the verifier would go through all ways of both together.
#[inline(always)]
fn of_turn(event: Event, turn: u64, inside: Walk) -> Walk {
    let inside = inside.noted(event);
    let of = if turn < SECOND {
        let of = inside.on_host(event);
        if inside.plain == 0 || of.from.mnt != inside.from.mnt {
            event.carry_out_again(SECOND);
        }
        of
    } else {
        let is_second = inside.kind == u64::from(item::SECOND_PATH);
        let kind = if is_second { item::SECOND_PATH_INSIDE } else { item::PATH_INSIDE };
        Walk { kind: u64::from(kind), ..inside }
    };
    of.noted(event)
}

/// Adds the path of a place as an item of a kind, and the one that the process sees.
#[inline(always)]
fn add_paths(event: Event, turn: u64, kind: u8, place: Place, text: Text) {
    let inside = Walk::inside(place, Place::root(event.task()), kind);
    add_path(event, of_turn(event, turn, inside), text);
}

/// Adds inode, device and mode of a file.
#[inline(always)]
fn add_id(event: Event, kind: u8, inode: u64) {
    let from = event.begin_item();
    push_id(event, inode);
    event.end_item(from, kind, 0);
}

#[inline(always)]
fn push_id(event: Event, inode: u64) {
    event.push(get!(u64, inode, inode_ino), 8);
    event.push(u64::from(encode_dev(get!(u32, get!(u64, inode, inode_sb), sb_dev))), 4);
    event.push(u64::from(get!(u16, inode, inode_mode)), 4);
}

/// The fd in an argument, or the one that the call returned.
#[inline(always)]
fn fd_of(event: Event, argument: u8) -> i32 {
    match argument {
        beside::RETURNED if event.ret() < 0 => -1,
        beside::RETURNED => event.ret() as i32,
        argument => event.arg(u64::from(argument)) as i32,
    }
}

/// See `step::BESIDE_FILE`.
#[inline(always)]
pub fn beside_file(event: Event) {
    let Some(param) = event.caller() else { return };
    let turn = event.take_turn();
    let text = text(event, u64::from(param.value & 0xff));
    if turn == 0 && param.value & beside::COMPARED != 0 {
        compare(event, 0, text.at, text.length);
        return event.carry_out_again(COMPARED_BEFORE);
    }
    let file = match param.map {
        beside::OPENED => event.arg(11),
        argument => of_fd(event.task(), fd_of(event, argument)),
    };
    if file == 0 || !event.begin_beside() {
        return;
    }
    add_paths(event, turn, param.width, Place::of_file(file), text);
    if turn < SECOND && param.value & beside::ID != 0 {
        add_id(event, item::FILE, get!(u64, file, file_inode));
    }
}

/// See `step::BESIDE_PLACE`.
#[inline(always)]
pub fn beside_place(event: Event) {
    let Some(param) = event.caller() else { return };
    let turn = event.take_turn();
    if event.ret() != 0 || !event.begin_beside() {
        return;
    }
    let task = event.task();
    let place = match param.map {
        beside::CWD => Place::cwd(task),
        beside::ROOT => Place::root(task),
        _ => {
            let file = get!(u64, get!(u64, task, task_mm), mm_exe_file);
            if file == 0 {
                return;
            }
            Place::of_file(file)
        }
    };
    add_paths(event, turn, param.width, place, text(event, u64::from(param.value & 0xff)));
}

/// Whether a text is one component that names an entry of its directory.
#[inline(always)]
fn is_component(event: Event, text: Text) -> bool {
    if text.length == 0 || text.length >= NAME {
        return false;
    }
    let word = load64(event.bytes(text.at)) & 0xff_ffff;
    if word & 0xffff == u64::from(b'.') || word == 0x2e2e {
        return false;
    }
    event.set_note(BYTES, text.at);
    event.set_note(LENGTH, text.length);
    event.set_note(DIFFERS, 0);
    repeat::<true>(event, NAME as u32 / 8, slash_turn, look_for_slash);
    event.note(DIFFERS) == 0
}

/// Looks for a slash in the next 8 bytes; true if there is one, or none are left.
#[inline(always)]
fn look_for_slash(event: Event, turn: u64) -> bool {
    let (done, length) = (8 * turn, event.note(LENGTH));
    if done >= length {
        return true;
    }
    let found = has_slash(load64(event.bytes(event.note(BYTES).wrapping_add(done))), length - done);
    if found {
        event.set_note(DIFFERS, 1);
    }
    found
}

/// Whether one of the first bytes of a word is a slash.
#[inline(always)]
fn has_slash(word: u64, bytes: u64) -> bool {
    const EACH: u64 = 0x0101_0101_0101_0101;
    // A byte that is 0 here is a slash; the lowest one that is 0 is found exactly, which is enough.
    let word = word ^ EACH * b'/' as u64;
    kept(word.wrapping_sub(EACH) & !word & EACH << 7, bytes) != 0
}

/// Adds a path in a directory: what the kernel says of the directory, and what the caller says below it.
#[inline(always)]
fn add_below(event: Event, of: Walk, text: Text) {
    let path = walk::<true>(event, of);
    let length = path.length;
    if of.absolute != 0 && length == 0 {
        // The caller's text is all there is.
        return;
    }
    let flags = of.flags as u8 | path.flags & !item::DELETED;
    let from = event.begin_item();
    event.push_side(path.start, length);
    if of.absolute == 0 {
        event.push(u64::from(b'/'), 1);
    }
    event.push_bytes(text.at, text.length);
    event.end_item(from, of.kind as u8, flags);
}

/// Whether the event is of a system call, and not of a request of io_uring, which another thread may carry out, or this one beside others.
#[inline(always)]
fn is_native(event: Event) -> bool {
    event.row() < u64::from(row::EXEC)
}

/// See `step::BESIDE_NAME`.
#[inline(always)]
pub fn beside_name(event: Event) {
    let Some(param) = event.caller() else { return };
    let turn = event.take_turn();
    let text = text(event, u64::from(param.value & 0xff));
    if turn == 0 {
        compare(event, usize::from(param.width == item::SECOND_PATH), text.at, text.length);
        return event.carry_out_again(COMPARED_BEFORE);
    }
    if config().hooked != 0 && turn == COMPARED_BEFORE && param.value & beside::HOOKED != 0 {
        let is_second = param.width == item::SECOND_PATH;
        // A call that succeeded was about to act when it did.
        let is_added = is_native(event) && event.ret() == 0 && add_hooked(event, is_second, text);
        if param.value & beside::LAST != 0 {
            forget();
        }
        if is_added {
            return;
        }
    }
    if text.length == 0 || !event.begin_beside() {
        return;
    }
    let task = event.task();
    let root = Place::root(task);
    let absolute = load64(event.bytes(text.at)) & 0xff == u64::from(b'/');
    let directory = if param.map == beside::CWD { AT_FDCWD } else { event.arg(u64::from(param.map)) as i32 };
    let place = if absolute {
        root
    } else if directory == AT_FDCWD {
        Place::cwd(task)
    } else {
        let file = of_fd(task, directory);
        if file == 0 {
            return;
        }
        Place::of_file(file)
    };
    let proved = !absolute && param.value & beside::FOLLOWED == 0 && is_component(event, text);
    let flags = u64::from(if proved { item::COMPOSED } else { item::UNRESOLVED });
    let inside = Walk { flags, absolute: u64::from(absolute), ..Walk::inside(place, root, param.width) };
    // From the host's root the kernel has nothing to add.
    if absolute && inside.plain != 0 {
        return;
    }
    add_below(event, of_turn(event, turn, inside), text);
}

/// Adds what an fd of the process is that the process did not open by this event: number, identity and path.
#[inline(always)]
pub fn add_fd(event: Event, fd: i32) {
    let file = of_fd(event.task(), fd);
    if file == 0 {
        return;
    }
    let of = Walk::whole(Place::of_file(file)).on_host(event).noted(event);
    let path = walk::<true>(event, of);
    let from = event.begin_item();
    event.push(i64::from(fd) as u64, 4);
    push_id(event, get!(u64, file, file_inode));
    event.push(u64::from(get!(u32, file, file_flags)), 4);
    if path.length > 0 {
        event.push_side(path.start, path.length);
    } else {
        push_name(event, path);
    }
    event.end_item(from, item::FD, of.flags as u8 | path.flags);
}

/// See `step::BESIDE_FD`.
#[inline(always)]
pub fn beside_fd(event: Event) {
    let Some(param) = event.caller() else { return };
    if param.value != 0 && event.arg(1) != u64::from(param.value) {
        return;
    }
    if event.begin_beside() {
        add_fd(event, fd_of(event, param.map));
    }
}

/// See `step::BESIDE_ATTEMPT`.
#[inline(always)]
pub fn beside_attempt(event: Event) {
    let Some(param) = event.caller() else { return };
    let Some(call) = event.call() else { return };
    let turn = event.take_turn();
    if turn == 0 {
        if param.value == 0 {
            compare_memory(event, event.arg(u64::from(param.map)));
        } else {
            let text = text(event, u64::from(param.value & 0xff));
            compare(event, 0, text.at, text.length);
        }
        return event.carry_out_again(COMPARED_BEFORE);
    }
    // SAFETY: a pointer into the map's value.
    let start = HEADER as u64 + 2 * u64::from(unsafe { (*call).nparams });
    compare_strings(event, start + event.length_of(0));
}

/// See `step::BESIDE_ADDRESS`.
#[inline(always)]
pub fn beside_address(event: Event) {
    let Some(param) = event.caller() else { return };
    let address = event.arg(u64::from(param.map));
    if param.value == 1 {
        let length = user_long(event, address, 1) & 0xffff_ffff;
        compare_address(event, user_long(event, address, 0), length);
    } else {
        compare_address(event, address, event.arg(u64::from(param.width)));
    }
}

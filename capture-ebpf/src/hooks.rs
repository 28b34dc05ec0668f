//! What is about to be removed or renamed: where the kernel has found it enters, just before the kernel acts; exact paths and identities
//! are kept, and leave beside the event of the call. These programs hang on functions of the kernel (fentry); where it refuses them, nothing
//! is kept, and the event has what its own names and directories say.

use core::{
    mem::offset_of,
    ptr::{addr_of, addr_of_mut},
};

use aya_ebpf::{macros::map, maps::HashMap};

use tercel_probe_abi::{fact, item};

use crate::{
    beside::{Text, is_same},
    event::Event,
    file::encode_dev,
    ids,
    memory::{config, copy_kernel, get, mask, off},
    place::{Place, Walk, walk},
    repeat::{repeat, turns},
    scope::in_scope,
    task,
};

/// Bytes of paths that are kept of a call; a power of two.
const ROOM: u64 = 4096;
/// Bytes of the longest path that is kept, with one more; a power of two.
const LONGEST: u64 = 2048;
/// A path was kept: beside this its flags, where it begins, and its bytes.
const PRESENT: u64 = 1 << 63;
/// Calls that may be under way.
const CALLS: u32 = 4096;
/// Memory for each is got when it is needed (BPF_F_NO_PREALLOC).
const ON_DEMAND: u32 = 1;

/// Objects of a call: mount and directory entry of the first one in the arguments 0 and 1, of the second one in 2 and 3; further the bytes
/// of paths so far, and whether the process sees another path than the host.
const USED: u64 = 4;
const DIFFERS: u64 = 5;

/// What a thread is about to remove or rename.
#[repr(C)]
struct Hooked {
    /// Path on the host and as the process sees it, of the first object and of the second one.
    heads: [u64; 4],
    /// Inode, and device and mode, of both; 0: there is none.
    files: [[u64; 2]; 2],
    text: [u8; (ROOM + LONGEST) as usize],
}

/// By threads. What a call began with is gone once it returns.
#[map]
static HOOKED: HashMap<u64, Hooked> = HashMap::with_max_entries(CALLS, ON_DEMAND);

turns! {
    hooked_turn = keep_path;
}

/// Forgets what a thread was about to do.
#[inline(always)]
pub fn forget() {
    let _ = HOOKED.remove(&ids().1);
}

/// Keeps what the kernel is about to act on: a directory (`struct path`) and an entry of it, and for a rename another pair.
#[inline(always)]
pub fn keep(first: (u64, u64), second: Option<(u64, u64)>) {
    let (tgid, tid) = ids();
    if tgid == config().own_tgid || (config().scope != 0 && !in_scope(tgid)) {
        return;
    }
    let _ = HOOKED.remove(&tid);
    let Some(event) = Event::begin_hook(task()) else { return };
    let kept = event.names().cast::<Hooked>();
    set_object(event, kept, 0, first);
    let turns = match second {
        None => 2,
        Some(second) => {
            set_object(event, kept, 1, second);
            4
        }
    };
    event.set_arg(USED, 0);
    // SAFETY: a field of the map's value, which is larger than what is kept.
    unsafe { addr_of_mut!((*kept).heads).write_volatile([0; 4]) };
    repeat::<true>(event, turns, hooked_turn, keep_path);
    // SAFETY: as above; it is written in full, but for bytes that nobody reads.
    let _ = HOOKED.insert(&tid, unsafe { &*kept }, 0);
    event.end_hook();
}

/// Notes where an object is, and which file it is.
#[inline(always)]
fn set_object(event: Event, kept: *mut Hooked, which: u64, (directory, dentry): (u64, u64)) {
    event.set_arg(2 * which, Place::at(directory).mnt);
    event.set_arg(2 * which + 1, dentry);
    let inode = get!(u64, dentry, dentry_inode);
    let file = if inode == 0 {
        [0, 0]
    } else {
        let dev = u64::from(encode_dev(get!(u32, get!(u64, inode, inode_sb), sb_dev)));
        [get!(u64, inode, inode_ino), dev | u64::from(get!(u16, inode, inode_mode)) << 32]
    };
    // SAFETY: a field of the map's value; which object it is, is a constant.
    unsafe { addr_of_mut!((*kept).files[which as usize]).write_volatile(file) }
}

/// Keeps the next path: of each object the one on the host, and the one that the process sees where that is another.
#[inline(always)]
fn keep_path(event: Event, turn: u64) -> bool {
    let first = 2 * mask!(turn >> 1, 1);
    let place = Place { mnt: event.arg(first), dentry: event.arg(first + 1) };
    let inside = Walk::inside(place, Place::root(event.task()), item::PATH).noted(event);
    let of = if turn & 1 == 0 {
        let of = inside.on_host(event);
        event.set_arg(DIFFERS, u64::from(inside.plain == 0 || of.from.mnt != inside.from.mnt));
        of
    } else if event.arg(DIFFERS) == 0 {
        return false;
    } else {
        inside
    };
    let of = of.noted(event);
    let path = walk::<true>(event, of);
    let (length, used) = (path.length, event.arg(USED));
    if length == 0 || length >= LONGEST || used + length > ROOM {
        return false;
    }
    // A name that does not exist yet is in no directory.
    let flags = (of.flags as u8 | path.flags) & !item::DELETED;
    let at = offset_of!(Hooked, text) as u64 + mask!(used, ROOM - 1);
    let kept = event.names().cast::<u8>();
    // SAFETY: the masks keep position and length within what is kept.
    let to = unsafe { kept.add(at as usize) };
    if copy_kernel(to, mask!(length, LONGEST - 1), event.side(path.start) as u64) {
        let head = PRESENT | u64::from(flags) << 32 | used << 16 | length;
        let index = mask!(turn, 3) as usize;
        // SAFETY: the mask keeps the index within the heads, which come first.
        unsafe { kept.cast::<u64>().add(index).write_volatile(head) };
        event.set_arg(USED, used + length);
    }
    false
}

/// Adds what was kept of an object, whose path the caller gave as `text`; false if nothing was.
#[inline(always)]
pub fn add_hooked(event: Event, is_second: bool, text: Text) -> bool {
    let Some(kept) = HOOKED.get_ptr(&ids().1) else { return false };
    let which = usize::from(is_second);
    // SAFETY: fields of the map's value, here and below.
    let head = |index: usize| unsafe { addr_of!((*kept).heads[index]).read_volatile() };
    if head(2 * which) & PRESENT == 0 || !event.begin_beside() {
        return false;
    }
    let [path, inside, file] = match is_second {
        false => [item::PATH, item::PATH_INSIDE, item::FILE],
        true => [item::SECOND_PATH, item::SECOND_PATH_INSIDE, item::SECOND_FILE],
    };
    add_path(event, kept, head(2 * which), path, text);
    add_path(event, kept, head(2 * which + 1), inside, text);
    let [ino, rest] = unsafe { addr_of!((*kept).files[which]).read_volatile() };
    if ino != 0 {
        let from = event.begin_item();
        event.push(ino, 8);
        event.push(rest, 8);
        event.end_item(from, file, 0);
    }
    event.add_facts(fact::HOOKED);
    true
}

/// Adds a path that was kept, if it was.
#[inline(always)]
fn add_path(event: Event, kept: *const Hooked, head: u64, kind: u8, text: Text) {
    if head & PRESENT == 0 {
        return;
    }
    let (at, length) = (mask!(head >> 16, ROOM - 1), mask!(head, LONGEST - 1));
    // SAFETY: the mask keeps the position within the text, which has room for the longest path there.
    let from = unsafe { addr_of!((*kept).text).cast::<u8>().add(at as usize) };
    copy_kernel(event.side(0), length, from as u64);
    let mut flags = (head >> 32) as u8;
    let begin = event.begin_item();
    if flags == 0 && is_same(event, 0, length, text) {
        flags = item::SAME;
    } else {
        event.push_side(0, length);
    }
    event.end_item(begin, kind, flags);
}

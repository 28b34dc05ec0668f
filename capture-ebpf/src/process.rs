//! Facts of a process: a task enters; its ids, memory, executable, arguments, credentials and relatives leave.

use tercel_probe_abi::{MISSING, fact, flags, stat};

use crate::{
    event::{CHUNK, Event, RECORD, TEXT},
    file::{add_path, add_path_at, encode_dev, overlay_layer},
    memory::{config, copy_kernel_str, copy_user, copy_user_str, get, kernel, mask, off, user},
    repeat::{repeat, turns},
    run::user_long,
    tables::{bits, count},
};

/// Arguments or variables of an attempted `execve` that are looked at: as many as there is room for, or fewer where every turn of a loop is
/// checked by itself.
const STRINGS: u32 = 16 << 10;
const STRINGS_OLD: u32 = 256;
/// Room in an event for what comes after the environment.
const AFTER_ENV: u64 = 20 << 10;
/// Threads of a group, and ancestors, that are looked at for one that takes over children.
const THREADS: u32 = 24;
const ANCESTORS: u32 = 24;
/// The capabilities that the catalogue knows (reference flags.json).
const CAPABILITIES: u64 = (1 << 41) - 1;
/// Kernel: kinds of ids in `signal_struct.pids` (enum pid_type).
const PIDTYPE_TGID: u32 = 1;
const PIDTYPE_PGID: u32 = 2;
const RLIMIT_NOFILE: u32 = 7;
const PF_EXITING: u32 = 4;
/// The child lives in a pid namespace of its own (reference flags.json, clone_flags).
const CHILD_IN_PIDNS: u64 = 1 << 29;

/// The kernel's id of a kind for a task.
#[inline(always)]
fn pid_of(task: u64, kind: u32) -> u64 {
    kernel(get!(u64, task, task_signal), off!(signal_pids) + 8 * kind)
}

/// Number and namespace of an id at the deepest level it has.
#[inline(always)]
fn innermost(pid: u64) -> (u32, u64) {
    let at = pid
        .wrapping_add(u64::from(off!(pid_numbers)))
        .wrapping_add(u64::from(off!(upid_size)) * u64::from(get!(u32, pid, pid_level)));
    (get!(u32, at, upid_nr), get!(u64, at, upid_ns))
}

/// Number of an id in the first namespace.
#[inline(always)]
fn outermost(pid: u64) -> u32 {
    get!(u32, pid.wrapping_add(u64::from(off!(pid_numbers))), upid_nr)
}

/// See `step::IDS`.
#[inline(always)]
pub fn ids(event: Event) {
    let task = event.task();
    event.number(u64::from(get!(u32, task, task_pid)), 8);
    event.number(u64::from(get!(u32, task, task_tgid)), 8);
    event.number(u64::from(get!(u32, get!(u64, task, task_real_parent), task_pid)), 8);
}

/// See `step::CWD`.
#[inline(always)]
pub fn cwd<const LOOPS: bool>(event: Event) {
    let pwd = get!(u64, event.task(), task_fs).wrapping_add(u64::from(off!(fs_pwd)));
    add_path_at::<LOOPS>(event, kernel(pwd, off!(path_mnt)), kernel(pwd, off!(path_dentry)));
}

/// See `step::USAGE`.
#[inline(always)]
pub fn usage(event: Event) {
    let task = event.task();
    let limit: u64 = kernel(get!(u64, task, task_signal), off!(signal_rlim) + 16 * RLIMIT_NOFILE);
    event.number(limit, 8);
    event.number(get!(u64, task, task_maj_flt), 8);
    event.number(get!(u64, task, task_min_flt), 8);
    let (size, resident, swapped) = memory_of(task);
    event.number(size, 4);
    event.number(resident, 4);
    event.number(swapped, 4);
    let length = copy_kernel_str(event.at(), 16, task.wrapping_add(u64::from(off!(task_comm))));
    event.take(if length > 0 { mask!(length, 31) } else { 0 });
}

/// Size, resident part and swapped part of a process's memory in KiB.
#[inline(always)]
fn memory_of(task: u64) -> (u64, u64, u64) {
    let mm = get!(u64, task, task_mm);
    if mm == 0 {
        return (0, 0, 0);
    }
    let counter = |index: u32| -> u64 {
        let at = if off!(rss_stat_old) != MISSING {
            8 * index
        } else {
            off!(rss_counter_size) * index + off!(rss_counter_count)
        };
        let pages: i64 = kernel(mm, off!(mm_rss_stat) + at);
        if pages < 0 { 0 } else { pages as u64 }
    };
    // Counters of pages: of files, anonymous, swapped, shared (enum in linux/mm_types_task.h).
    let resident = counter(0) + counter(1) + counter(3);
    (get!(u64, mm, mm_total_vm) << 2, resident << 2, counter(2) << 2)
}

/// See `step::MEMORY`.
#[inline(always)]
pub fn memory(event: Event) {
    let (size, resident, swapped) = memory_of(event.task());
    event.set_arg(6, size);
    event.set_arg(7, resident);
    event.set_arg(8, swapped);
}

/// See `step::CAPABILITIES`.
#[inline(always)]
pub fn capabilities(event: Event) {
    let cred = get!(u64, event.task(), task_cred);
    event.set_arg(6, get!(u64, cred, cred_cap_inheritable) & CAPABILITIES);
    event.set_arg(7, get!(u64, cred, cred_cap_permitted) & CAPABILITIES);
    event.set_arg(8, get!(u64, cred, cred_cap_effective) & CAPABILITIES);
}

/// See `step::EXE_ARGS`.
#[inline(always)]
pub fn exe_args<const LOOPS: bool>(event: Event) {
    let Some(param) = event.caller() else { return };
    if param.value == 1 {
        return attempted_exe_args::<LOOPS>(event, event.arg(u64::from(param.map)));
    }
    if param.value == 2 && event.ret() < 0 {
        event.empty();
        return event.empty();
    }
    let mm = get!(u64, event.task(), task_mm);
    let (start, end) = (get!(u64, mm, mm_arg_start), get!(u64, mm, mm_arg_end));
    let exe = copy_user_str(event.at(), TEXT, start);
    let exe = if exe > 0 { mask!(exe, 2 * TEXT - 1) } else { 0 };
    event.take(exe);
    let limit = u64::from(config().max_args);
    let room = if exe < limit { limit - exe } else { 0 };
    strings(event, start.wrapping_add(exe), end, room, fact::ARGUMENTS_CUT);
}

/// Strings that lie one after the other in user memory, cut at `room` bytes.
#[inline(always)]
fn strings(event: Event, start: u64, end: u64, room: u64, cut: u32) {
    if start >= end {
        return event.empty();
    }
    let mut length = end.wrapping_sub(start);
    if length > room {
        length = room;
        count(stat::CUT);
        event.add_facts(cut);
    }
    let length = mask!(length, CHUNK - 1);
    if length == 0 {
        return event.empty();
    }
    if !copy_user(event.at(), length, start) {
        return event.empty();
    }
    event.advance(length);
    // The last string may have been cut: it ends in a NUL whatever happened.
    event.terminate();
    event.close(length);
}

#[inline(always)]
fn attempted_exe_args<const LOOPS: bool>(event: Event, argv: u64) {
    match user_long(event, argv, 0) {
        0 => event.number(0, 1),
        address => event.user_str(address),
    }
    vector::<LOOPS>(event, argv, 1, u64::from(config().max_args), fact::ARGUMENTS_CUT);
}

/// Notes of a vector of strings: where the pointers are, where in the event the strings begin, how many bytes they may have, and the last
/// pointer.
mod strings_of {
    pub const ARRAY: usize = 0;
    pub const FROM: usize = 1;
    pub const ROOM: usize = 2;
    pub const LAST: usize = 3;
}

turns! {
    string_turn = add_string;
}

/// The strings that an array in user memory points to, after the first `skipped` ones, up to its end or `room` bytes.
#[inline(always)]
fn vector<const LOOPS: bool>(event: Event, array: u64, skipped: u64, room: u64, cut: u32) {
    let from = event.cursor();
    let width = if event.compat() { 4 } else { 8 };
    event.set_note(strings_of::ARRAY, array.wrapping_add(width * skipped));
    event.set_note(strings_of::FROM, from);
    event.set_note(strings_of::ROOM, room);
    event.set_note(strings_of::LAST, 0);
    repeat::<LOOPS>(event, if LOOPS { STRINGS } else { STRINGS_OLD }, string_turn, add_string);
    // A string that was cut fills the room.
    if event.note(strings_of::LAST) != 0 || event.cursor().wrapping_sub(from) >= room {
        count(stat::CUT);
        event.add_facts(cut);
    }
    event.close(event.cursor().wrapping_sub(from));
}

/// Adds the next string of a vector; true if there is none, or no room for it.
#[inline(always)]
fn add_string(event: Event, turn: u64) -> bool {
    let address = user_long(event, event.note(strings_of::ARRAY), turn);
    let used = event.cursor().wrapping_sub(event.note(strings_of::FROM));
    let room = event.note(strings_of::ROOM);
    event.set_note(strings_of::LAST, address);
    if address == 0 || used >= room {
        return true;
    }
    let left = mask!(room - used, CHUNK - 1);
    let length = copy_user_str(event.at(), left, address);
    if length > 0 {
        event.advance(mask!(length, CHUNK - 1));
    }
    false
}

/// See `step::ENV`.
#[inline(always)]
pub fn env<const LOOPS: bool>(event: Event) {
    let Some(param) = event.caller() else { return };
    let (limit, left) = (u64::from(config().max_args), (RECORD - AFTER_ENV).wrapping_sub(event.cursor()));
    let room = if left > RECORD {
        0
    } else if left < limit {
        left
    } else {
        limit
    };
    if param.value == 1 {
        return vector::<LOOPS>(event, event.arg(u64::from(param.map)), 0, room, fact::ENVIRONMENT_CUT);
    }
    let mm = get!(u64, event.task(), task_mm);
    strings(event, get!(u64, mm, mm_env_start), get!(u64, mm, mm_env_end), room, fact::ENVIRONMENT_CUT);
}

/// See `step::IMAGE`.
#[inline(always)]
pub fn image(event: Event) {
    let task = event.task();
    event.number(u64::from(terminal(task)), 4);
    event.number(u64::from(innermost(pid_of(task, PIDTYPE_PGID)).0), 8);
    let loginuid = if off!(task_loginuid) == MISSING { u32::MAX } else { get!(u32, task, task_loginuid) };
    event.number(u64::from(loginuid), 4);
    let cred = get!(u64, task, task_cred);
    let file = get!(u64, get!(u64, task, task_mm), mm_exe_file);
    let inode = get!(u64, file, file_inode);
    event.number(image_flags(cred, file, inode), 4);
    event.number(get!(u64, cred, cred_cap_inheritable) & CAPABILITIES, 8);
    event.number(get!(u64, cred, cred_cap_permitted) & CAPABILITIES, 8);
    event.number(get!(u64, cred, cred_cap_effective) & CAPABILITIES, 8);
    event.number(get!(u64, inode, inode_ino), 8);
    event.number(nanoseconds(get!(i64, inode, inode_ctime_sec), get!(u32, inode, inode_ctime_nsec)), 8);
    event.number(nanoseconds(get!(i64, inode, inode_mtime_sec), get!(u32, inode, inode_mtime_nsec)), 8);
    event.number(u64::from(get!(u32, cred, cred_euid)), 4);
}

/// A file's time. The kernel marks a change time that somebody has looked at in the highest bit of its nanoseconds (I_CTIME_QUERIED).
#[inline(always)]
fn nanoseconds(seconds: i64, rest: u32) -> u64 {
    if seconds < 0 {
        0
    } else {
        (seconds as u64).wrapping_mul(1_000_000_000).wrapping_add(u64::from(rest & 0x7fff_ffff))
    }
}

/// Device number of the controlling terminal, 0 for none.
#[inline(always)]
fn terminal(task: u64) -> u32 {
    let tty = get!(u64, get!(u64, task, task_signal), signal_tty);
    if tty == 0 {
        return 0;
    }
    let driver = get!(u64, tty, tty_driver);
    let minor = get!(u32, driver, ttyd_minor_start).wrapping_add(get!(u32, tty, tty_index));
    encode_dev((get!(u32, driver, ttyd_major) << 20).wrapping_add(minor))
}

/// What an executable is (reference flags.json, execve_flags).
#[inline(always)]
fn image_flags(cred: u64, file: u64, inode: u64) -> u64 {
    let mut flags = 0;
    if writable(cred, inode) {
        flags |= 1;
    }
    match overlay_layer(file) {
        1 => flags |= 2,
        2 => flags |= 8,
        _ => {}
    }
    let dentry = kernel::<u64>(file.wrapping_add(u64::from(off!(file_path))), off!(path_dentry));
    if get!(u64, dentry, dentry_parent) == dentry {
        let name = kernel::<[u8; 6]>(get!(u64, dentry, dentry_name), 0);
        if name == *b"memfd:" {
            flags |= 4;
        }
    }
    flags
}

/// Whether the owner of the credentials could write to the executable: file system and inode allow it, and he owns it, or its mode
/// lets him, or a capability does.
#[inline(always)]
fn writable(cred: u64, inode: u64) -> bool {
    const READ_ONLY: u64 = 1;
    const IMMUTABLE: u32 = 8;
    const CAP_DAC_OVERRIDE: u64 = 1 << 1;
    const CAP_FOWNER: u64 = 1 << 3;
    if inode == 0
        || get!(u64, get!(u64, inode, inode_sb), sb_flags) & READ_ONLY != 0
        || get!(u32, inode, inode_flags) & IMMUTABLE != 0
    {
        return false;
    }
    let (owner, group) = (get!(u32, inode, inode_uid), get!(u32, inode, inode_gid));
    if owner == u32::MAX || group == u32::MAX {
        return false;
    }
    if get!(u32, cred, cred_fsuid) == owner {
        return true;
    }
    let mode = get!(u16, inode, inode_mode);
    let bits = if in_group(cred, group) { mode >> 3 } else { mode };
    bits & 2 != 0 || get!(u64, cred, cred_cap_effective) & (CAP_DAC_OVERRIDE | CAP_FOWNER) != 0
}

/// Whether the credentials include a group; the list is sorted.
#[inline(always)]
fn in_group(cred: u64, group: u32) -> bool {
    if get!(u32, cred, cred_fsgid) == group {
        return true;
    }
    let list = get!(u64, cred, cred_group_info);
    let (mut low, mut high) = (0u32, get!(u32, list, groups_count));
    let mut turn = 0;
    while turn < 16 && low < high {
        turn += 1;
        let middle = (low + high) / 2;
        let found: u32 = kernel(list.wrapping_add(4 * u64::from(middle)), off!(groups_gid));
        if found == group {
            return true;
        }
        if found < group { low = middle + 1 } else { high = middle }
    }
    false
}

/// See `step::EXE_PATH`.
#[inline(always)]
pub fn exe_path<const LOOPS: bool>(event: Event) {
    add_path::<LOOPS>(event, get!(u64, get!(u64, event.task(), task_mm), mm_exe_file));
}

/// See `step::GROUPS`.
#[inline(always)]
pub fn groups(event: Event) {
    let task = event.task();
    event.number(u64::from(outermost(pid_of(task, PIDTYPE_PGID))), 8);
    event.number(u64::from(get!(u32, get!(u64, task, task_cred), cred_egid)), 4);
}

/// See `step::CLONE`.
#[inline(always)]
pub fn clone(event: Event) {
    let Some(param) = event.caller() else { return };
    let task = event.task();
    let wanted = match param.value {
        1 => 0,
        2 => user::<u64>(event.arg(0)).unwrap_or(0),
        _ => event.arg(0),
    };
    let (vtid, namespace) = innermost(get!(u64, task, task_thread_pid));
    let mut shown = bits(flags::CLONE, wanted);
    if get!(u32, namespace, pidns_level) != 0
        || get!(u64, get!(u64, task, task_nsproxy), nsproxy_pid_children) != namespace
    {
        shown |= CHILD_IN_PIDNS;
    }
    event.number(shown, 4);
    let cred = get!(u64, task, task_cred);
    event.number(u64::from(get!(u32, cred, cred_euid)), 4);
    event.number(u64::from(get!(u32, cred, cred_egid)), 4);
    event.number(u64::from(vtid), 8);
    let (vpid, namespace) = innermost(pid_of(task, PIDTYPE_TGID));
    event.number(u64::from(vpid), 8);
    let start =
        if event.ret() == 0 { get!(u64, get!(u64, namespace, pidns_reaper), task_start_time) } else { 0 };
    event.number(start, 8);
}

/// See `step::REAPER`: 0 if the thread has no children, -1 if only the reader can tell (reference state, process exit).
#[inline(always)]
pub fn reaper(event: Event) {
    let task = event.task();
    let code = get!(u32, task, task_exit_code);
    event.set_arg(7, u64::from(code));
    event.set_arg(8, u64::from(code >> 8 & 0xff));
    event.set_arg(9, u64::from(code & 0x7f));
    event.set_arg(10, u64::from(code >> 7 & 1));
    event.set_arg(6, new_parent(task) as u64);
}

/// As `find_new_reaper` of kernel/exit.c: another thread of the process, else the nearest ancestor that asked for orphans
/// (PR_SET_CHILD_SUBREAPER), else the first process of the namespace.
#[inline(always)]
fn new_parent(task: u64) -> i64 {
    let children = task.wrapping_add(u64::from(off!(task_children)));
    if kernel::<u64>(children, 0) == children {
        return 0;
    }
    let signal = get!(u64, task, task_signal);
    let found = living_thread(signal);
    if found != 0 {
        return found;
    }
    let id = get!(u64, task, task_thread_pid);
    let level = get!(u32, id, pid_level);
    let init = get!(u64, innermost(id).1, pidns_reaper);
    if has_bit(signal, off!(signal_has_subreaper)) {
        let mut ancestor = get!(u64, task, task_real_parent);
        let mut turn = 0;
        while turn < ANCESTORS && ancestor != init {
            turn += 1;
            if get!(u32, get!(u64, ancestor, task_thread_pid), pid_level) != level {
                break;
            }
            let signal = get!(u64, ancestor, task_signal);
            if has_bit(signal, off!(signal_is_subreaper)) {
                return i64::from(get!(u32, ancestor, task_pid));
            }
            let up = get!(u64, ancestor, task_real_parent);
            // The first task of all is its own parent.
            if up == ancestor {
                break;
            }
            ancestor = up;
        }
        if turn == ANCESTORS {
            return -1;
        }
    }
    if init == task { 0 } else { i64::from(get!(u32, init, task_pid)) }
}

/// A thread of a group that does not end: its number, 0 if there is none, -1 if too many end.
#[inline(always)]
fn living_thread(signal: u64) -> i64 {
    let head = signal.wrapping_add(u64::from(off!(signal_thread_head)));
    let mut node: u64 = kernel(head, 0);
    let mut turn = 0;
    while turn < THREADS {
        turn += 1;
        if node == head {
            return 0;
        }
        let thread = node.wrapping_sub(u64::from(off!(task_thread_node)));
        if get!(u32, thread, task_flags) & PF_EXITING == 0 {
            return i64::from(get!(u32, thread, task_pid));
        }
        node = kernel(node, 0);
    }
    -1
}

#[inline(always)]
fn has_bit(structure: u64, bit: u32) -> bool {
    kernel::<u8>(structure, bit / 8) >> (bit % 8) & 1 != 0
}

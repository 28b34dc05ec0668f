//! Operations of io_uring: requests enter where the kernel has taken them and copied their names, and where they are complete; events of
//! the system calls that do the same leave, with the thread that submitted them. Where the numbers of an operation lie in its request is
//! a table that user space fills (`capture/src/uring.rs`).

use core::ptr::{addr_of, addr_of_mut};

use aya_ebpf::{
    bindings::BPF_NOEXIST,
    macros::map,
    maps::{Array, HashMap, LruHashMap},
};

use tercel_probe_abi::{MISSING, fact, row, stat, uring};

use crate::{
    event::{ARGUMENTS, Event, TEXT},
    file::of_fd,
    ids,
    memory::{config, copy_kernel, copy_kernel_str, copy_user, get, kernel, mask, off, user},
    tables::{CALLS, count, wanted},
    task,
};

/// Requests with the same mark that are distinguished; a power of two.
const SAME: u64 = 8;
/// Fds among which the one of a registered file is looked for.
const FDS_SEARCHED: i32 = 64;
/// Kernel: the file is a registered one; success is not reported (linux/io_uring_types.h, REQ_F_FIXED_FILE and REQ_F_CQE_SKIP).
const FIXED: u64 = 1;
const SILENT: u64 = 1 << 6;
/// Kernel: a thread of the ring's own submits (IORING_SETUP_SQPOLL); the request goes on (IORING_CQE_F_MORE).
const SQPOLL: u32 = 2;
const MORE: u32 = 2;
/// Where numbers of registered files begin: fds are below it.
const DIRECT: u64 = 1 << 30;
/// The registered file that nobody knows.
const SOME_DIRECT: u64 = 0x7fff_ffff;

/// What is kept of a request until it is complete.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Request {
    ring: u64,
    mark: u64,
    /// Which of the requests with this mark; `SAME` for none.
    number: u64,
    task: u64,
    tid: u64,
    tgid: u32,
    row: u32,
    flags: u32,
    /// Not 0: the file is a registered one.
    fixed: u32,
    /// Not 0: an event was made of it.
    seen: u64,
    args: [u64; ARGUMENTS as usize],
    address: [u8; uring::ADDRESS],
}

/// What a completion names.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Mark {
    ring: u64,
    mark: u64,
    number: u64,
}

/// How every operation is read.
#[map]
static OPERATIONS: Array<uring::Operation> = Array::with_max_entries(uring::OPERATIONS, 0);
/// Requests under way, by their addresses. User space sets the numbers of entries.
#[map]
static REQUESTS: HashMap<u64, Request> = HashMap::with_max_entries(1, 0);
/// Their names, for those that have some.
#[map]
static NAMES: HashMap<u64, [u8; 2 * TEXT as usize]> = HashMap::with_max_entries(1, 0);
/// Their addresses by what completions name.
#[map]
static MARKS: HashMap<Mark, u64> = HashMap::with_max_entries(1, 0);
/// The fd that a thread's request names, on kernels whose requests do not keep it.
#[map]
static FILES: LruHashMap<u64, i32> = LruHashMap::with_max_entries(1, 0);

/// A request of the running thread names an fd.
#[inline(always)]
pub fn names_file(fd: i32) {
    let _ = FILES.insert(ids().1, fd, 0);
}

/// The kernel has taken a request: it is kept. Where it cannot be kept, or nobody will be told of its completion, its event is returned,
/// with the result of success.
#[inline(always)]
pub fn submitted(request: u64) -> Option<Event> {
    let (tgid, tid) = ids();
    let opcode = u32::from(get!(u8, request, req_opcode));
    let operation = OPERATIONS.get_ptr(opcode)?;
    let call = CALLS.get_ptr(row::URING + mask!(opcode, 63) as u32)?;
    // SAFETY: pointers into map values, here and below.
    let (flags, wanted) = unsafe { ((*operation).flags, (*call).wanted) };
    if flags == 0 || wanted == 0 || tgid == config().own_tgid {
        return None;
    }
    let task = task();
    let event = Event::begin(crate::RAW, task)?;
    read_arguments(event, request, operation);
    let state = get!(u64, request, req_flags);
    if flags & uring::FD != 0 {
        let fd = if off!(req_fd) == MISSING {
            // The number of a registered file is not kept, either: its slot is unknown.
            FILES.get_ptr(tid).filter(|_| state & FIXED == 0).map_or(-1, |fd| unsafe { *fd })
        } else {
            get!(i32, request, req_fd)
        };
        event.set_arg(u64::from(flags >> 24), i64::from(fd) as u64);
    }
    let has_names = read_names(event, request, operation);
    read_address(event, request, operation);
    let place = event.request();
    let ring = get!(u64, request, req_ctx);
    let at_position = flags & uring::POSITION != 0 && event.arg(3) == u64::MAX;
    let mark = Mark { ring, mark: get!(u64, request, req_user_data), number: 0 };
    // SAFETY: the place is a field of the scratch space.
    unsafe {
        addr_of_mut!((*place).ring).write_volatile(ring);
        addr_of_mut!((*place).mark).write_volatile(mark.mark);
        addr_of_mut!((*place).task).write_volatile(task);
        addr_of_mut!((*place).tid).write_volatile(submitter(ring, tid));
        addr_of_mut!((*place).tgid).write_volatile(tgid);
        addr_of_mut!((*place).row)
            .write_volatile(row::URING + opcode + if at_position { uring::OPERATIONS } else { 0 });
        addr_of_mut!((*place).flags).write_volatile(flags);
        addr_of_mut!((*place).fixed).write_volatile((state & FIXED) as u32);
        addr_of_mut!((*place).seen).write_volatile(0);
    }
    // SAFETY: all are fields of the scratch space.
    let (args, address) = unsafe { (addr_of_mut!((*place).args), addr_of_mut!((*place).address)) };
    copy_kernel(args.cast(), ARGUMENTS * 8, event.args() as u64);
    copy_kernel(address.cast(), uring::ADDRESS as u64, event.address() as u64);
    if state & SILENT == 0 && keep(event, request, mark, has_names) {
        event.abandon();
        return None;
    }
    if state & SILENT == 0 {
        count(stat::CUT);
    }
    finish(event, place, 0, 0, true)
}

/// Who submits the requests of a ring: its creator where a thread of the ring's own does it. Newer kernels have that thread's number in
/// place of the creator's (io_uring/sqpoll.c, io_sq_thread); then it is the creator's process.
#[inline(always)]
fn submitter(ring: u64, tid: u64) -> u64 {
    if get!(u32, ring, ctx_flags) & SQPOLL == 0 {
        return tid;
    }
    let thread = get!(u64, ring, ctx_sq_data);
    let creator = u64::from(get!(u32, thread, sqd_task_pid));
    let process = u64::from(get!(u32, thread, sqd_task_tgid));
    if creator != 0 && creator != tid {
        creator
    } else if process != 0 {
        process
    } else {
        tid
    }
}

/// The numbers of a request as arguments of the call.
#[inline(always)]
fn read_arguments(event: Event, request: u64, operation: *const uring::Operation) {
    // SAFETY: a field of the scratch space.
    unsafe { event.args().write_volatile([0; ARGUMENTS as usize]) };
    let mut i = 0;
    while i < uring::LOADS {
        // SAFETY: the index is below the length of the array; a load is one word.
        let load = unsafe { addr_of!((*operation).loads).cast::<u32>().add(i).read_volatile() };
        i += 1;
        let width = mask!(load >> 24, 15);
        if width == 0 {
            break;
        }
        let mut value = [0u64; 2];
        copy_kernel(value.as_mut_ptr().cast(), width, request.wrapping_add(u64::from(load & 0xffff)));
        event.set_arg(u64::from(load >> 16 & 15), value[0]);
    }
}

/// The names of a request as the kernel has copied them, beside the event and as arguments. Returns whether there are any.
#[inline(always)]
fn read_names(event: Event, request: u64, operation: *const uring::Operation) -> bool {
    let mut i = 0;
    let mut found = false;
    while i < 2 {
        // SAFETY: a pointer into the map's value.
        let (offset, arg) = unsafe { ((*operation).names[i], (*operation).name_args[i]) };
        if offset != uring::NONE {
            let name = get!(u64, kernel::<u64>(request, u32::from(offset)), filename_name);
            let room = event.name(i as u64);
            if copy_kernel_str(room, TEXT, name) < 1 {
                // SAFETY: the room has at least one byte.
                unsafe { room.write_volatile(0) };
            }
            event.set_arg(u64::from(arg), room as u64);
            found = true;
        }
        i += 1;
    }
    found
}

/// The address of a request, beside the event and as an argument: as the kernel has copied it, or where it does so later, as it is in
/// user memory now.
#[inline(always)]
fn read_address(event: Event, request: u64, operation: *const uring::Operation) {
    // SAFETY: a pointer into the map's value.
    let (arg, from, flags) = unsafe { ((*operation).address, (*operation).address_from, (*operation).flags) };
    if arg == uring::NO_ARG {
        return;
    }
    let room = event.address();
    // SAFETY: the room has that size.
    unsafe { room.cast::<[u64; uring::ADDRESS / 8]>().write_volatile([0; uring::ADDRESS / 8]) };
    let copied = if off!(msg_addr) != MISSING {
        let data = get!(u64, request, req_async);
        let always = flags & uring::ALWAYS_ADDRESS != 0;
        // Newer kernels keep nothing but the address where there always is one; what older ones have in its place is a pointer, which
        // no family looks like (AF_UNIX, AF_INET, AF_INET6).
        let is_alone = always && matches!(kernel::<u16>(data, 0), 1 | 2 | 10);
        let at = if is_alone { data } else { data.wrapping_add(u64::from(off!(msg_addr))) };
        data != 0
            && (always || get!(u64, data, msg_name) != 0)
            && copy_kernel(room, uring::ADDRESS as u64, at)
    } else {
        let (mut at, mut length) = (event.arg(u64::from(from)), event.arg(u64::from(from) + 1) & 0xffff_ffff);
        if flags & uring::HEADER != 0 {
            length = user::<u64>(at.wrapping_add(8)).unwrap_or(0) & 0xffff_ffff;
            at = user::<u64>(at).unwrap_or(0);
        }
        let length = mask!(
            if length > uring::ADDRESS as u64 - 1 { uring::ADDRESS as u64 - 1 } else { length },
            uring::ADDRESS - 1
        );
        at != 0 && length != 0 && copy_user(room, length, at)
    };
    event.set_arg(u64::from(arg), if copied { room as u64 } else { 0 });
}

/// Keeps a request until it is complete; `false` if the map is full.
#[inline(always)]
fn keep(event: Event, request: u64, mark: Mark, has_names: bool) -> bool {
    let place = event.request();
    if let Some(old) = REQUESTS.get_ptr(request) {
        // SAFETY: a pointer into the map's value.
        let old = unsafe {
            (
                addr_of!((*old).seen).read(),
                addr_of!((*old).ring).read(),
                addr_of!((*old).mark).read(),
                addr_of!((*old).number).read(),
            )
        };
        // Its completion was not seen, or was not the last one.
        if old.0 == 0 {
            count(stat::LOST);
        }
        let _ = MARKS.remove(Mark { ring: old.1, mark: old.2, number: old.3 });
    }
    let mut number = 0;
    while number < SAME {
        if MARKS.insert(Mark { number, ..mark }, request, u64::from(BPF_NOEXIST)).is_ok() {
            break;
        }
        number += 1;
    }
    // SAFETY: a field of the scratch space.
    unsafe { addr_of_mut!((*place).number).write_volatile(number) };
    // SAFETY: the names lie in the scratch space, and so does the request.
    let kept = unsafe {
        (!has_names || NAMES.insert(request, &*event.names(), 0).is_ok())
            && REQUESTS.insert(request, &*place, 0).is_ok()
    };
    if !kept {
        let _ = NAMES.remove(request);
        let _ = MARKS.remove(Mark { number, ..mark });
    }
    kept
}

/// A request is complete: its event is returned, if it is wanted. `request` is 0 where the kernel says only ring and mark.
#[inline(always)]
pub fn completed(ring: u64, request: u64, mark: u64, result: i32, flags: u32) -> Option<Event> {
    let request = if request == 0 { marked(ring, mark) } else { request };
    let kept = REQUESTS.get_ptr_mut(request)?;
    let event = Event::begin(crate::RAW, unsafe { addr_of!((*kept).task).read() })?;
    let place = event.request();
    copy_kernel(place.cast(), size_of::<Request>() as u64, kept as u64);
    // SAFETY: all are fields of the scratch space, which may be another CPU's than that of the beginning.
    let (args, address, row) = unsafe {
        (addr_of!((*place).args), addr_of!((*place).address), addr_of!((*place).row).read_volatile())
    };
    copy_kernel(event.args().cast(), ARGUMENTS * 8, args as u64);
    copy_kernel(event.address(), uring::ADDRESS as u64, address as u64);
    if let Some(operation) =
        OPERATIONS.get_ptr(mask!(row.wrapping_sub(row::URING), uring::OPERATIONS - 1) as u32)
    {
        move_arguments(event, operation);
    }
    let has_more = flags & MORE != 0;
    if let Some(names) = NAMES.get_ptr(request) {
        let names = names as u64;
        copy_kernel_str(event.name(0), TEXT, names);
        copy_kernel_str(event.name(1), TEXT, names + TEXT);
        if !has_more {
            let _ = NAMES.remove(request);
        }
    }
    if has_more {
        // SAFETY: a field of the map's value.
        unsafe { addr_of_mut!((*kept).seen).write_volatile(1) };
    } else {
        // SAFETY: as above.
        let number = unsafe { addr_of!((*kept).number).read() };
        let _ = MARKS.remove(Mark { ring, mark, number });
        let _ = REQUESTS.remove(request);
    }
    finish(event, place, request, i64::from(result), false)
}

/// Names and address of a request are here now.
#[inline(always)]
fn move_arguments(event: Event, operation: *const uring::Operation) {
    // SAFETY: a pointer into the map's value.
    let (names, args, address) =
        unsafe { ((*operation).names, (*operation).name_args, (*operation).address) };
    if names[0] != uring::NONE {
        event.set_arg(u64::from(args[0]), event.name(0) as u64);
    }
    if names[1] != uring::NONE {
        event.set_arg(u64::from(args[1]), event.name(1) as u64);
    }
    if address != uring::NO_ARG && event.arg(u64::from(address)) != 0 {
        event.set_arg(u64::from(address), event.address() as u64);
    }
}

/// A request by what its completion names.
#[inline(always)]
fn marked(ring: u64, mark: u64) -> u64 {
    let mut number = 0;
    while number < SAME {
        if let Some(request) = MARKS.get_ptr(Mark { ring, mark, number }) {
            // SAFETY: a pointer into the map's value.
            return unsafe { *request };
        }
        number += 1;
    }
    0
}

/// The event of a request whose arguments are there. `assumed`: nobody will say how it ends.
#[inline(always)]
fn finish(event: Event, place: *mut Request, request: u64, result: i64, assumed: bool) -> Option<Event> {
    // SAFETY: fields of the scratch space.
    let (ring, tid, tgid, row, flags, fixed) = unsafe {
        (
            addr_of!((*place).ring).read_volatile(),
            addr_of!((*place).tid).read_volatile(),
            addr_of!((*place).tgid).read_volatile(),
            addr_of!((*place).row).read_volatile(),
            addr_of!((*place).flags).read_volatile(),
            addr_of!((*place).fixed).read_volatile(),
        )
    };
    let Some(call) = wanted(row, result, tgid) else {
        event.abandon();
        return None;
    };
    let slot = event.arg(13) & 0xffff_ffff;
    let mut ret = result;
    if flags & uring::OPENS != 0 && result >= 0 {
        if assumed {
            ret = SOME_DIRECT as i64;
        } else if slot != 0 {
            ret = direct(ring, if slot == 0xffff_ffff { result as u64 } else { slot - 1 }) as i64;
        }
    }
    if flags & uring::CLOSES != 0 && slot != 0 {
        event.set_arg(0, direct(ring, slot - 1));
    }
    if flags & uring::FD != 0 && request != 0 {
        let file = get!(u64, request, req_file);
        event.set_arg(14, file);
        if fixed != 0 {
            let fd = fd_of(event.task(), file);
            let arg = u64::from(flags >> 24);
            event.set_arg(arg, if fd < 0 { direct(ring, event.arg(arg)) } else { fd as u64 });
        }
    }
    event.header(row, call, ret, false, tid);
    let polled = get!(u32, ring, ctx_flags) & SQPOLL != 0;
    event.add_facts(if polled { fact::IO_URING | fact::POLLED } else { fact::IO_URING });
    Some(event)
}

/// The number that stands for a registered file of a ring: above all fds.
#[inline(always)]
fn direct(ring: u64, slot: u64) -> u64 {
    DIRECT | (ring >> 7 & 0x3ff) << 20 | slot & 0xf_ffff
}

/// The fd of a file, if it is one of the first; else -1.
#[inline(always)]
fn fd_of(task: u64, file: u64) -> i32 {
    let mut fd = 0;
    while fd < FDS_SEARCHED {
        if file != 0 && of_fd(task, fd) == file {
            return fd;
        }
        fd += 1;
    }
    -1
}

//! The kernel side of the recorder. System calls are seen where they return, when their arguments are still in the registers and
//! their effects are known; execution, end and signals of processes by tracepoints of their own. Every program exists
//! twice: as raw tracepoint (less work per event), and as classic tracepoint for kernels that may preempt raw ones and then skip
//! runs. User space loads the set that suits the kernel.
#![no_std]
#![no_main]
#![feature(asm_experimental_arch, linkage)]

mod arch;
mod beside;
mod calls;
mod cgroup;
mod entry;
mod event;
mod file;
mod hooks;
mod memory;
mod place;
mod process;
mod repeat;
mod rights;
mod run;
mod scope;
mod socket;
mod tables;
mod throttle;
mod uring;
mod values;
mod vector;

use aya_ebpf::{
    EbpfContext,
    helpers::{
        bpf_get_current_task,
        generated::{bpf_get_current_pid_tgid, bpf_get_current_task_btf, bpf_task_pt_regs},
    },
    macros::{fentry, map, raw_tracepoint, tracepoint},
    maps::ProgramArray,
    programs::{FEntryContext, RawTracePointContext, TracePointContext},
};

use calls::{argument, called, system_call};
use event::Event;
use memory::{config, get, off};
use run::{finish, resume, run};
use tables::{count, wanted};
use tercel_probe_abi::{row, stat, step};

/// Programs of the steps, as raw tracepoints.
#[map]
static RAW_STEPS: ProgramArray = ProgramArray::with_max_entries(64, 0);
/// The same as classic tracepoints.
#[map]
static CLASSIC_STEPS: ProgramArray = ProgramArray::with_max_entries(64, 0);

/// Slot of the scratch space for raw and for classic programs: one may run on top of the other.
const RAW: u32 = 0;
const CLASSIC: u32 = 1;

/// The task that runs.
#[inline(always)]
fn task() -> u64 {
    // SAFETY: a helper without arguments.
    unsafe { bpf_get_current_task() }
}

/// Thread group and thread that run.
#[inline(always)]
fn ids() -> (u32, u64) {
    // SAFETY: a helper without arguments.
    let both = unsafe { bpf_get_current_pid_tgid() };
    ((both >> 32) as u32, both & 0xffff_ffff)
}

/// Whether the recorder itself runs.
#[inline(always)]
fn own() -> bool {
    ids().0 == config().own_tgid
}

/// System calls by raw tracepoint: `sys_exit(registers, ret)`.
#[raw_tracepoint(tracepoint = "sys_exit")]
pub fn raw_sys_exit(context: RawTracePointContext) -> i32 {
    system_call(&context, RAW, &RAW_STEPS, context.arg(0), context.arg(1));
    0
}

/// System calls by classic tracepoint: number at offset 8, return value at offset 16.
#[tracepoint(category = "raw_syscalls", name = "sys_exit")]
pub fn classic_sys_exit(context: TracePointContext) -> i32 {
    // SAFETY: the tracepoint's record has a return value there; the helpers take the running task.
    unsafe {
        let ret = context.read_at::<i64>(16).unwrap_or(0);
        let registers = bpf_task_pt_regs(bpf_get_current_task_btf()) as u64;
        system_call(&context, CLASSIC, &CLASSIC_STEPS, registers, ret);
    }
    0
}

/// System calls begin, by raw tracepoint: `sys_enter(registers, number)`. Attached only where entries are wanted.
#[raw_tracepoint(tracepoint = "sys_enter")]
pub fn raw_sys_enter(context: RawTracePointContext) -> i32 {
    let number = context.arg::<u64>(1) as u32;
    if !entry::is_interesting(number) {
        return 0;
    }
    let registers = context.arg::<u64>(0);
    let Some((number, compat)) = called(number) else { return 0 };
    entry::enter(number, compat, |index| argument(registers, compat, index));
    0
}

/// The same by classic tracepoint, of all calls or of one: number at offset 8, arguments from offset 16 on.
#[tracepoint(category = "raw_syscalls", name = "sys_enter")]
pub fn classic_sys_enter(context: TracePointContext) -> i32 {
    // SAFETY: the tracepoint's record has the number and six arguments there.
    let read = |offset: usize| unsafe { context.read_at::<u64>(offset).unwrap_or(0) };
    let number = read(8) as u32;
    if !entry::is_interesting(number) {
        return 0;
    }
    // The tracepoints of single calls do not show 32-bit ones.
    let Some((number, compat)) = (if config().each != 0 { Some((number, false)) } else { called(number) })
    else {
        return 0;
    };
    entry::enter(number, compat, |index| read(16 + 8 * index as usize));
    0
}

/// A process executes another program: `sched_process_exec(task, old pid, bprm)`.
#[raw_tracepoint(tracepoint = "sched_process_exec")]
pub fn raw_exec(context: RawTracePointContext) -> i32 {
    let Some(call) = wanted(row::EXEC, 0, ids().0) else { return 0 };
    let Some(event) = Event::begin(RAW, context.arg(0)) else { return 0 };
    event.set_arg(0, get!(u64, context.arg::<u64>(2), bprm_filename));
    event.header(row::EXEC, call, 0, false, ids().1);
    resume(&context, &RAW_STEPS, event);
    0
}

/// A thread ends: `sched_process_exit(task, …)`.
#[raw_tracepoint(tracepoint = "sched_process_exit")]
pub fn raw_exit(context: RawTracePointContext) -> i32 {
    scope::ended(context.arg(0), ids().0);
    let Some(call) = wanted(row::PROCEXIT, 0, ids().0) else { return 0 };
    if own() {
        return 0;
    }
    let Some(event) = Event::begin(RAW, context.arg(0)) else { return 0 };
    event.header(row::PROCEXIT, call, 0, false, ids().1);
    resume(&context, &RAW_STEPS, event);
    0
}

/// A task makes another one: `sched_process_fork(parent, child)`. Attached only where not all processes are recorded.
#[raw_tracepoint(tracepoint = "sched_process_fork")]
pub fn raw_fork(context: RawTracePointContext) -> i32 {
    scope::forked(context.arg(0), context.arg(1));
    0
}

/// The same where the new task's side of the call is recorded here: its first exit is not one of a call (aarch64).
#[raw_tracepoint(tracepoint = "sched_process_fork")]
pub fn raw_child(context: RawTracePointContext) -> i32 {
    if let Some(event) = calls::child(RAW, context.arg(1)) {
        resume(&context, &RAW_STEPS, event);
    }
    0
}

/// A signal is delivered to the running thread: `signal_deliver(signal, info, action)`.
#[raw_tracepoint(tracepoint = "signal_deliver")]
pub fn raw_signal(context: RawTracePointContext) -> i32 {
    let Some(call) = wanted(row::SIGNAL, 0, ids().0) else { return 0 };
    if own() {
        return 0;
    }
    let task = task();
    let Some(event) = Event::begin(RAW, task) else { return 0 };
    let (signal, info) = (context.arg::<u64>(0) as u32, context.arg::<u64>(1));
    event.set_arg(0, u64::from(signal_sender(signal, info)));
    event.set_arg(1, u64::from(get!(u32, task, task_pid)));
    event.set_arg(2, u64::from(signal));
    event.header(row::SIGNAL, call, 0, false, ids().1);
    resume(&context, &RAW_STEPS, event);
    0
}

/// Who sent a signal, where the kernel says so. The first two values of `info` mean "none" and "the kernel".
#[inline(always)]
fn signal_sender(signal: u32, info: u64) -> u32 {
    const SI_QUEUE: i32 = -1;
    if info < 2 {
        return 0;
    }
    let code = get!(i32, info, siginfo_code);
    let sent = code == 0 || code == SI_QUEUE || code < 0;
    match signal {
        // SIGKILL, SIGCHLD, real-time signals
        9 | 17 | 32..=64 => get!(u32, info, siginfo_pid),
        // SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP
        1 | 2 | 3 | 15 | 20 if sent => get!(u32, info, siginfo_pid),
        _ => 0,
    }
}

/// The kernel has taken a request of io_uring: `io_uring_submit_req(request)`, or `io_uring_submit_sqe(request, …)`. Forms with other
/// arguments are programs of their own: LLVM would put the choice into the address, which old verifiers refuse.
#[raw_tracepoint(tracepoint = "io_uring_submit_req")]
pub fn raw_uring_submit(context: RawTracePointContext) -> i32 {
    if let Some(event) = uring::submitted(context.arg(0)) {
        resume(&context, &RAW_STEPS, event);
    }
    0
}

/// The same as `io_uring_submit_sqe(ring, request, …)`.
#[raw_tracepoint(tracepoint = "io_uring_submit_sqe")]
pub fn raw_uring_submit_second(context: RawTracePointContext) -> i32 {
    if let Some(event) = uring::submitted(context.arg(1)) {
        resume(&context, &RAW_STEPS, event);
    }
    0
}

/// A request is complete: `io_uring_complete(ring, mark, result, flags)`.
#[raw_tracepoint(tracepoint = "io_uring_complete")]
pub fn raw_uring_complete_mark(context: RawTracePointContext) -> i32 {
    let (result, flags) = (context.arg::<u64>(2) as i32, context.arg::<u64>(3) as u32);
    if let Some(event) = uring::completed(context.arg(0), 0, context.arg(1), result, flags) {
        resume(&context, &RAW_STEPS, event);
    }
    0
}

/// The same as `io_uring_complete(ring, request, mark, result, flags, …)`.
#[raw_tracepoint(tracepoint = "io_uring_complete")]
pub fn raw_uring_complete_request(context: RawTracePointContext) -> i32 {
    let (result, flags) = (context.arg::<u64>(3) as i32, context.arg::<u64>(4) as u32);
    if let Some(event) = uring::completed(context.arg(0), context.arg(1), context.arg(2), result, flags) {
        resume(&context, &RAW_STEPS, event);
    }
    0
}

/// The same as `io_uring_complete(ring, request, entry)`. The entry of the ring (linux/io_uring.h, struct io_uring_cqe) is one that its
/// owner can write to: the request says the result better.
#[raw_tracepoint(tracepoint = "io_uring_complete")]
pub fn raw_uring_complete_entry(context: RawTracePointContext) -> i32 {
    let (request, entry) = (context.arg::<u64>(1), context.arg::<u64>(2));
    let result = if request == 0 { memory::kernel(entry, 8) } else { get!(i32, request, req_res) };
    let mark = memory::kernel(entry, 0);
    if let Some(event) = uring::completed(context.arg(0), request, mark, result, memory::kernel(entry, 12)) {
        resume(&context, &RAW_STEPS, event);
    }
    0
}

/// A request is complete, and its ring is full: `io_uring_cqe_overflow(ring, mark, result, flags, …)`.
#[raw_tracepoint(tracepoint = "io_uring_cqe_overflow")]
pub fn raw_uring_overflow(context: RawTracePointContext) -> i32 {
    let (result, flags) = (context.arg::<u64>(2) as i32, context.arg::<u64>(3) as u32);
    if let Some(event) = uring::completed(context.arg(0), 0, context.arg(1), result, flags) {
        resume(&context, &RAW_STEPS, event);
    }
    0
}

/// A request names an fd: `io_uring_file_get(ring, fd)`. Attached only where requests do not keep it.
#[raw_tracepoint(tracepoint = "io_uring_file_get")]
pub fn raw_uring_file(context: RawTracePointContext) -> i32 {
    uring::names_file(context.arg::<u64>(1) as i32);
    0
}

/// A file is about to be removed: `security_path_unlink(directory, entry)`.
#[fentry(function = "security_path_unlink")]
pub fn hook_unlink(context: FEntryContext) -> i32 {
    hooks::keep((context.arg(0), context.arg(1)), None);
    0
}

/// A directory is about to be removed: `security_path_rmdir(directory, entry)`.
#[fentry(function = "security_path_rmdir")]
pub fn hook_rmdir(context: FEntryContext) -> i32 {
    hooks::keep((context.arg(0), context.arg(1)), None);
    0
}

/// A name is about to become another one: `security_path_rename(directory, entry, new directory, new entry, flags)`.
#[fentry(function = "security_path_rename")]
pub fn hook_rename(context: FEntryContext) -> i32 {
    hooks::keep((context.arg(0), context.arg(1)), Some((context.arg(2), context.arg(3))));
    0
}

/// The interpreter as a step: where steps hand back to.
#[raw_tracepoint(tracepoint = "sys_exit")]
pub fn raw_run(context: RawTracePointContext) -> i32 {
    if let Some(event) = Event::current(RAW) {
        run(&context, &RAW_STEPS, event);
    }
    0
}

/// The same for classic tracepoints.
#[tracepoint]
pub fn classic_run(context: TracePointContext) -> i32 {
    if let Some(event) = Event::current(CLASSIC) {
        run(&context, &CLASSIC_STEPS, event);
    }
    0
}

macro_rules! steps {
    ($next:ident; $($raw:ident $classic:ident $work:path;)*) => {$(
        #[raw_tracepoint(tracepoint = "sys_exit")]
        pub fn $raw(context: RawTracePointContext) -> i32 {
            if let Some(event) = Event::current(RAW) {
                $work(event);
                $next(&context, &RAW_STEPS, event);
            }
            0
        }

        #[tracepoint]
        pub fn $classic(context: TracePointContext) -> i32 {
            if let Some(event) = Event::current(CLASSIC) {
                $work(event);
                $next(&context, &CLASSIC_STEPS, event);
            }
            0
        }
    )*};
}

steps! {
    resume;
    raw_fetch classic_fetch run::fetch;
    raw_opened classic_opened file::opened;
    raw_file_path classic_file_path file::file_path::<true>;
    raw_memory classic_memory process::memory;
    raw_capabilities classic_capabilities process::capabilities;
    raw_sockaddr classic_sockaddr socket::sockaddr;
    raw_tuple classic_tuple socket::tuple;
    raw_backlog classic_backlog socket::backlog;
    raw_msghdr classic_msghdr vector::msghdr;
    raw_iov_data classic_iov_data vector::iov_data::<true>;
    raw_iov_size classic_iov_size vector::iov_size::<true>;
    raw_control classic_control vector::control;
    raw_sockopt classic_sockopt socket::sockopt;
    raw_poll classic_poll values::poll;
    raw_pair classic_pair file::pair;
    raw_ptrace classic_ptrace values::ptrace;
    raw_prctl classic_prctl values::prctl;
    raw_fsconfig classic_fsconfig values::fsconfig;
    raw_keyctl classic_keyctl values::keyctl;
    raw_quotactl classic_quotactl values::quotactl;
    raw_exe_args classic_exe_args process::exe_args::<true>;
    raw_ids classic_ids process::ids;
    raw_cwd classic_cwd process::cwd::<true>;
    raw_usage classic_usage process::usage;
    raw_cgroups classic_cgroups cgroup::cgroups::<true>;
    raw_env classic_env process::env::<true>;
    raw_image classic_image process::image;
    raw_exe_path classic_exe_path process::exe_path::<true>;
    raw_groups classic_groups process::groups;
    raw_clone classic_clone process::clone;
    raw_semop classic_semop values::semop;
    raw_reaper classic_reaper process::reaper;
    raw_messages classic_messages vector::messages;
}

// The same for kernels without `bpf_loop` (before 5.17).
steps! {
    resume;
    raw_file_path_old classic_file_path_old file::file_path::<false>;
    raw_iov_data_old classic_iov_data_old vector::iov_data::<false>;
    raw_iov_size_old classic_iov_size_old vector::iov_size::<false>;
    raw_exe_args_old classic_exe_args_old process::exe_args::<false>;
    raw_cwd_old classic_cwd_old process::cwd::<false>;
    raw_cgroups_old classic_cgroups_old cgroup::cgroups::<false>;
    raw_env_old classic_env_old process::env::<false>;
    raw_exe_path_old classic_exe_path_old process::exe_path::<false>;
}

steps! {
    finish;
    raw_beside_file classic_beside_file beside::beside_file;
    raw_beside_name classic_beside_name beside::beside_name;
    raw_beside_place classic_beside_place beside::beside_place;
    raw_beside_fd classic_beside_fd beside::beside_fd;
    raw_beside_rights classic_beside_rights rights::beside_rights;
    raw_beside_address classic_beside_address beside::beside_address;
    raw_beside_attempt classic_beside_attempt beside::beside_attempt;
}

/// The events of several messages on kernels without `bpf_loop` (before 5.17): a few in one program, which calls itself until the kernel
/// refuses.
#[raw_tracepoint(tracepoint = "sys_exit")]
pub fn raw_messages_old(context: RawTracePointContext) -> i32 {
    if let Some(event) = Event::current(RAW) {
        some_messages(&context, &RAW_STEPS, event);
    }
    0
}

/// The same as a classic tracepoint.
#[tracepoint]
pub fn classic_messages_old(context: TracePointContext) -> i32 {
    if let Some(event) = Event::current(CLASSIC) {
        some_messages(&context, &CLASSIC_STEPS, event);
    }
    0
}

#[inline(always)]
fn some_messages<C: EbpfContext>(context: &C, steps: &ProgramArray, event: Event) {
    let mut turn = 0;
    while turn < vector::MESSAGES_OLD {
        turn += 1;
        if !vector::message::<false>(event) {
            return resume(context, steps, event);
        }
    }
    // SAFETY: the array holds programs of this program's type only.
    let _ = unsafe { steps.tail_call(context, u32::from(step::MESSAGES)) };
    count(stat::LOST);
    event.abandon();
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// The kernel gives some helpers to programs under the GPL only.
#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";

const _: () = assert!(step::PROGRAMS.len() == 41);

//! System calls: their registers enter, an event with number and arguments leaves for the interpreter. What the registers are called, and
//! how 32-bit code differs, is known here only.

use aya_ebpf::{
    EbpfContext,
    helpers::generated::{bpf_get_current_task_btf, bpf_task_pt_regs},
    macros::map,
    maps::{Array, ProgramArray},
};

use tercel_probe_abi::{Call, row, want};

use crate::{
    event::{Event, send::send_constant},
    ids,
    memory::{self, config, get, mask, off, typed},
    run::{resume, run},
    tables::wanted,
    task,
};

/// Rows of the table of calls for the numbers of 32-bit calls, and after them for the calls of `socketcall`.
#[map]
static COMPAT: Array<u16> = Array::with_max_entries(row::SOCKETCALL + 32, 0);
/// Kernel: the system call came from 32-bit code (TS_COMPAT).
const TS_COMPAT: u32 = 2;
/// `rt_sigreturn` of 64-bit and of 32-bit code.
const SIGRETURN: u32 = 15;
const COMPAT_SIGRETURN: u32 = 173;
/// A system call returns; `registers` are those of its entry.
#[inline(always)]
pub fn system_call<C: EbpfContext>(context: &C, slot: u32, steps: &ProgramArray, registers: u64, ret: i64) {
    if config().typed != 0 {
        return typed_call(context, slot, steps, ret);
    }
    let (tgid, tid) = ids();
    if tgid == config().own_tgid {
        return;
    }
    let task = task();
    let Some(event) = Event::begin(slot, task) else { return };
    event.read_registers(registers);
    let register = event.register(off!(regs_orig_ax));
    if get!(u32, task, task_status) & TS_COMPAT != 0 {
        return compat_call(context, steps, event, ret, number_of(register, COMPAT_SIGRETURN), (tgid, tid));
    }
    let number = number_of(register, SIGRETURN);
    let Some(call) = native(number, ret, tgid) else { return event.abandon() };
    // SAFETY: a pointer into the map's value.
    if unsafe { (*call).wanted } & want::CONSTANT != 0 {
        send_constant(call, tid);
        return event.abandon();
    }
    event.set_arg(0, event.register(off!(regs_di)));
    event.set_arg(1, event.register(off!(regs_si)));
    event.set_arg(2, event.register(off!(regs_dx)));
    event.set_arg(3, event.register(off!(regs_r10)));
    event.set_arg(4, event.register(off!(regs_r8)));
    event.set_arg(5, event.register(off!(regs_r9)));
    event.header(number, call, ret, false, tid);
    run(context, steps, event);
}

/// The same where the verifier knows the types of task and registers: nothing is copied before it is needed.
#[inline(always)]
fn typed_call<C: EbpfContext>(context: &C, slot: u32, steps: &ProgramArray, ret: i64) {
    // SAFETY: a helper without arguments.
    let task = unsafe { bpf_get_current_task_btf() };
    let tgid = typed!(u32, task, task_tgid);
    if tgid == config().own_tgid {
        return;
    }
    // SAFETY: the task is the running one.
    let registers = unsafe { bpf_task_pt_regs(task) };
    let register = typed!(u64, registers, regs_orig_ax);
    let tid = u64::from(typed!(u32, task, task_pid));
    if typed!(u32, task, task_status) & TS_COMPAT != 0 {
        let Some(event) = Event::begin(slot, task as u64) else { return };
        event.read_registers(registers as u64);
        return compat_call(context, steps, event, ret, number_of(register, COMPAT_SIGRETURN), (tgid, tid));
    }
    let number = number_of(register, SIGRETURN);
    let Some(call) = native(number, ret, tgid) else { return };
    // SAFETY: a pointer into the map's value.
    if unsafe { (*call).wanted } & want::CONSTANT != 0 {
        return send_constant(call, tid);
    }
    let Some(event) = Event::begin(slot, task as u64) else { return };
    event.set_arg(0, typed!(u64, registers, regs_di));
    event.set_arg(1, typed!(u64, registers, regs_si));
    event.set_arg(2, typed!(u64, registers, regs_dx));
    event.set_arg(3, typed!(u64, registers, regs_r10));
    event.set_arg(4, typed!(u64, registers, regs_r8));
    event.set_arg(5, typed!(u64, registers, regs_r9));
    event.header(number, call, ret, false, tid);
    run(context, steps, event);
}

/// The number of a call by the register that held it. The return from a signal's handler restores the registers of the
/// interrupted code and leaves -1 there (arch/x86/kernel/signal_64.c, restore_sigcontext).
#[inline(always)]
fn number_of(register: u64, sigreturn: u32) -> u32 {
    if register as u32 == u32::MAX { sigreturn } else { register as u32 }
}

/// The row of a native call, if it is wanted.
#[inline(always)]
fn native(number: u32, ret: i64, tgid: u32) -> Option<*const Call> {
    if number < row::EXEC { wanted(number, ret, tgid) } else { None }
}

/// A call of 32-bit code: other numbers, other registers, and calls of sockets after one number.
#[inline(always)]
fn compat_call<C: EbpfContext>(
    context: &C,
    steps: &ProgramArray,
    event: Event,
    ret: i64,
    number: u32,
    (tgid, tid): (u32, u64),
) {
    const SOCKETCALL: u32 = 102;
    const OLD_MMAP: u32 = 90;
    let first = event.register(off!(regs_bx)) & 0xffff_ffff;
    let index = match number {
        SOCKETCALL => row::SOCKETCALL + mask!(first, 31) as u32,
        number if number < row::SOCKETCALL => number,
        _ => return event.abandon(),
    };
    let row = COMPAT.get(index).copied().unwrap_or(row::NONE);
    let ret = compat_result(row, ret as u32);
    let Some(call) = wanted(u32::from(row), ret, tgid) else { return event.abandon() };
    // SAFETY: a pointer into the map's value.
    if unsafe { (*call).wanted } & want::CONSTANT != 0 {
        send_constant(call, tid);
        return event.abandon();
    }
    let second = event.register(off!(regs_cx)) & 0xffff_ffff;
    if number == SOCKETCALL || number == OLD_MMAP {
        let array = if number == SOCKETCALL { second } else { first };
        let mut i = 0;
        while i < 6 {
            event.set_arg(i, u64::from(memory::user::<u32>(array + 4 * i).unwrap_or(0)));
            i += 1;
        }
    } else {
        event.set_arg(0, first);
        event.set_arg(1, second);
        event.set_arg(2, event.register(off!(regs_dx)) & 0xffff_ffff);
        event.set_arg(3, event.register(off!(regs_si)) & 0xffff_ffff);
        event.set_arg(4, event.register(off!(regs_di)) & 0xffff_ffff);
        event.set_arg(5, event.register(off!(regs_bp)) & 0xffff_ffff);
        compat_offset(event, number);
    }
    event.header(u32::from(row), call, ret, true, tid);
    resume(context, steps, event);
}

/// What a call of 32-bit code returned: a number with a sign, but an address from those that map memory, which is an error only in
/// the highest page.
#[inline(always)]
fn compat_result(row: u16, ret: u32) -> i64 {
    const HIGHEST: u32 = 0xffff_f000;
    // mmap, brk, mremap, shmat
    if matches!(row, 9 | 12 | 25 | 30) && ret <= HIGHEST { i64::from(ret) } else { i64::from(ret as i32) }
}

/// Offsets that 32-bit code passes in two registers, or in pages, as one argument in bytes.
#[inline(always)]
fn compat_offset(event: Event, number: u32) {
    match number {
        // pread64, pwrite64, preadv, pwritev: low and high part
        180 | 181 | 333 | 334 => event.set_arg(3, event.arg(4) << 32 | event.arg(3)),
        // _llseek: high and low part, a pointer to the result, and from where
        140 => {
            event.set_arg(1, event.arg(1) << 32 | event.arg(2));
            event.set_arg(2, event.arg(4));
        }
        // mmap2
        192 => event.set_arg(5, event.arg(5) << 12),
        _ => {}
    }
}
/// The native number of a call that begins, and whether 32-bit code made it.
#[inline(always)]
pub fn called(number: u32) -> Option<(u32, bool)> {
    if get!(u32, task(), task_status) & TS_COMPAT == 0 {
        return Some((number, false));
    }
    COMPAT.get(number).map(|row| (u32::from(*row), true))
}
/// An argument of a call that begins, by the registers of its entry.
#[inline(always)]
pub fn argument(registers: u64, compat: bool, index: u32) -> u64 {
    let register = match (compat, index) {
        (false, 0) => off!(regs_di),
        (false, 1) => off!(regs_si),
        (false, 2) => off!(regs_dx),
        (false, 3) => off!(regs_r10),
        (false, 4) => off!(regs_r8),
        (false, _) => off!(regs_r9),
        (true, 0) => off!(regs_bx),
        (true, 1) => off!(regs_cx),
        (true, 2) => off!(regs_dx),
        (true, 3) => off!(regs_si),
        (true, 4) => off!(regs_di),
        (true, _) => off!(regs_bp),
    };
    let value = memory::kernel::<u64>(registers, register);
    if compat { value & 0xffff_ffff } else { value }
}

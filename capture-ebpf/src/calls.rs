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
    arch,
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
    let register = event.register(off!(regs_orig_ax)) as u32;
    if get!(u32, task, task_status) & arch::compat_bit() != 0 {
        return compat_call(context, steps, event, ret, arch::number_of(register, true), (tgid, tid));
    }
    let number = arch::number_of(register, false);
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
    let register = typed!(u32, registers, regs_orig_ax);
    let tid = u64::from(typed!(u32, task, task_pid));
    if typed!(u32, task, task_status) & arch::compat_bit() != 0 {
        let Some(event) = Event::begin(slot, task as u64) else { return };
        event.read_registers(registers as u64);
        return compat_call(context, steps, event, ret, arch::number_of(register, true), (tgid, tid));
    }
    let number = arch::number_of(register, false);
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
    let first = event.compat_register(0);
    let index = if arch::is_socketcall(number) {
        row::SOCKETCALL + mask!(first, 31) as u32
    } else if number < row::SOCKETCALL {
        number
    } else {
        return event.abandon();
    };
    let row = COMPAT.get(index).copied().unwrap_or(row::NONE);
    let ret = compat_result(row, ret as u32);
    let Some(call) = wanted(u32::from(row), ret, tgid) else { return event.abandon() };
    // SAFETY: a pointer into the map's value.
    if unsafe { (*call).wanted } & want::CONSTANT != 0 {
        send_constant(call, tid);
        return event.abandon();
    }
    let second = event.compat_register(1);
    if arch::is_socketcall(number) || arch::is_old_mmap(number) {
        let array = if arch::is_socketcall(number) { second } else { first };
        let mut i = 0;
        while i < 6 {
            event.set_arg(i, u64::from(memory::user::<u32>(array + 4 * i).unwrap_or(0)));
            i += 1;
        }
    } else {
        event.set_arg(0, first);
        event.set_arg(1, second);
        event.set_arg(2, event.compat_register(2));
        event.set_arg(3, event.compat_register(3));
        event.set_arg(4, event.compat_register(4));
        event.set_arg(5, event.compat_register(5));
        arch::compat_offset(event, number);
    }
    event.header(u32::from(row), call, ret, true, tid);
    resume(context, steps, event);
}

/// What a call of 32-bit code returned: a number with a sign, but an address from those that map memory, which is an error only in
/// the highest page.
#[inline(always)]
fn compat_result(row: u16, ret: u32) -> i64 {
    const HIGHEST: u32 = 0xffff_f000;
    if arch::maps_memory(row) && ret <= HIGHEST { i64::from(ret) } else { i64::from(ret as i32) }
}

/// The side of a call that a new task sees, where the exit of the call does not show it (aarch64): the running task has made `child`, which
/// does not run yet, and is still in the call.
#[inline(always)]
pub fn child(slot: u32, child: u64) -> Option<Event> {
    let registers = if config().typed != 0 {
        // SAFETY: helpers that take the running task.
        unsafe { bpf_task_pt_regs(bpf_get_current_task_btf()) as u64 }
    } else {
        arch::saved_registers(task())
    };
    let (number, compat) = called(arch::number_at(registers))?;
    // Other calls make tasks of the kernel's own.
    if number >= row::COMPAT {
        return None;
    }
    let call = wanted(number, -1, get!(u32, child, task_tgid))?;
    // SAFETY: a pointer into the map's value.
    if unsafe { (*call).wanted } & want::FAILURES == 0 {
        return None;
    }
    let event = Event::begin(slot, child)?;
    event.set_arg(0, argument(registers, compat, 0));
    event.header(number, call, 0, compat, u64::from(get!(u32, child, task_pid)));
    Some(event)
}

/// The native number of a call that begins, and whether 32-bit code made it.
#[inline(always)]
pub fn called(number: u32) -> Option<(u32, bool)> {
    if get!(u32, task(), task_status) & arch::compat_bit() == 0 {
        return Some((number, false));
    }
    COMPAT.get(number).map(|row| (u32::from(*row), true))
}
/// An argument of a call that begins, by the registers of its entry.
#[inline(always)]
pub fn argument(registers: u64, compat: bool, index: u32) -> u64 {
    let register = arch::register(compat, index);
    let value = memory::kernel::<u64>(registers, register);
    if compat { value & 0xffff_ffff } else { value }
}

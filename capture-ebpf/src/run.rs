//! The interpreter: the row of a call enters, parameters are added to the event one after the other. What one word cannot
//! describe is left to steps, programs of their own that hand back to the interpreter.

use aya_ebpf::{EbpfContext, maps::ProgramArray};

use tercel_probe_abi::{MOST_WORDS, Param, kind, stat, step};

use crate::{
    event::{Event, TEXT, word},
    memory::{config, copy_user, mask},
    tables::{bits, count, translate},
};

/// Adds parameters until the event is finished or a step takes over.
#[inline(always)]
pub fn run<C: EbpfContext>(context: &C, steps: &ProgramArray, event: Event) {
    let Some(call) = event.call() else { return event.abandon() };
    // SAFETY: a pointer into the map's value.
    let words = u64::from(unsafe { (*call).words });
    let mut position = event.position();
    let mut turn = 0;
    while turn <= MOST_WORDS {
        turn += 1;
        if position >= words {
            return event.submit();
        }
        let param = word(call, position);
        position += 1;
        if param.kind == kind::STEP {
            event.set_position(position);
            // SAFETY: the array holds programs of this program's type only.
            let _ = unsafe { steps.tail_call(context, u32::from(param.arg)) };
            count(stat::LOST);
            return event.abandon();
        }
        add(event, param);
    }
    count(stat::LOST);
    event.abandon();
}

/// Hands back to the interpreter, or to it for the first time: programs that seldom run need not have it in them.
#[inline(always)]
pub fn resume<C: EbpfContext>(context: &C, steps: &ProgramArray, event: Event) {
    // SAFETY: as above.
    let _ = unsafe { steps.tail_call(context, u32::from(step::RUN)) };
    count(stat::LOST);
    event.abandon();
}

/// Hands back to the interpreter, unless nothing is left to do but to send the event.
#[inline(always)]
pub fn finish<C: EbpfContext>(context: &C, steps: &ProgramArray, event: Event) {
    let Some(call) = event.call() else { return event.abandon() };
    // SAFETY: a pointer into the map's value.
    if event.position() >= u64::from(unsafe { (*call).words }) {
        return event.submit();
    }
    resume(context, steps, event);
}

#[inline(always)]
fn add(event: Event, param: Param) {
    let arg = event.arg(u64::from(param.arg));
    let width = mask!(param.width, 15);
    match param.kind {
        kind::RET => event.number(event.ret() as u64, 8),
        kind::INT => event.number(arg, width),
        kind::SIGNED => event.number(i64::from(arg as i32) as u64, 8),
        kind::CONST => event.number(u64::from(param.value), width),
        kind::BITS => event.number(bits(param.map, arg), width),
        kind::ENUM => event.number(translate(param.map, arg), width),
        kind::STR => event.user_str(arg),
        kind::STR_OK => {
            if event.ret() < 0 {
                event.empty()
            } else {
                event.user_str(arg)
            }
        }
        kind::DATA_IN => data(event, arg, event.ret()),
        kind::DATA_OUT => {
            let size = event.arg(u64::from(param.map)) as i64;
            data(event, arg, if event.ret() > 0 { event.ret() } else { size })
        }
        kind::RET32 => event.number(i64::from(event.ret() as i32) as u64, width),
        kind::KERNEL_STR => event.kernel_str(arg),
        kind::SIZE => event.number(if event.ret() > 0 { event.ret() as u64 } else { 0 }, 4),
        kind::TIME => {
            let nanoseconds = event.arg(u64::from(param.arg) + 1);
            event.number(arg.wrapping_mul(1_000_000_000).wrapping_add(nanoseconds), 8)
        }
        kind::COVERED => {}
        _ => event.empty(),
    }
}

/// A buffer in user memory, cut at the snap length.
#[inline(always)]
fn data(event: Event, address: u64, length: i64) {
    let snaplen = u64::from(config().snaplen);
    if length <= 0 {
        return event.empty();
    }
    event.user_bytes(address, if length as u64 > snaplen { snaplen } else { length as u64 });
}

/// The `long` of user memory that the call's own width says, from one position of an array; 0 if it cannot be read. Both
/// widths take the same way: every branch less is a state less for the verifier.
#[inline(always)]
pub fn user_long(event: Event, base: u64, index: u64) -> u64 {
    let width = mask!(8 - 4 * u64::from(event.compat()), 15);
    let mut value = [0u64; 2];
    copy_user(value.as_mut_ptr().cast(), width, base.wrapping_add(width * index));
    value[0]
}

/// Numbers from user memory into arguments (see `step::FETCH`).
#[inline(always)]
pub fn fetch(event: Event) {
    let Some(param) = event.caller() else { return };
    let address = event.arg(u64::from(param.map));
    let numbers = mask!(param.value, 7);
    let first = mask!(param.value >> 8, 15);
    let failed = event.ret() < 0 && param.value & 0x1_0000 == 0;
    let mut i = 0;
    while i < 6 {
        if i >= numbers {
            break;
        }
        let value = match param.width {
            _ if failed => Some(u64::MAX),
            0 => Some(user_long(event, address, i)),
            4 => crate::memory::user::<u32>(address.wrapping_add(4 * i)).map(u64::from),
            _ => crate::memory::user::<u64>(address.wrapping_add(8 * i)),
        };
        event.set_arg(first + i, value.unwrap_or(0));
        i += 1;
    }
}

/// Adds a path that was put together beside the event, from `start` to the end of the text.
#[inline(always)]
pub fn add_side_text(event: Event, start: u64) {
    let start = mask!(start, TEXT - 1);
    event.from_side(start, TEXT - start);
}

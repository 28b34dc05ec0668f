//! Vectors of buffers and message headers in user memory enter; data and sizes leave. Both exist in a layout for 64-bit
//! and one for 32-bit callers.

use tercel_probe_abi::stat;

use crate::{
    event::{Event, count},
    memory::{config, copy_user, mask},
    run::user_long,
};

/// Buffers of a vector that are looked at.
const BUFFERS: u64 = 32;
/// Longest control data that are kept; a power of two.
const CONTROL: u64 = 4096;

/// Argument that holds the bytes of a vector that are left to copy.
const LEFT: u64 = 15;

/// See `step::MSGHDR`.
#[inline(always)]
pub fn msghdr(event: Event) {
    let Some(param) = event.caller() else { return };
    let header = event.arg(1);
    // In units of the caller's long: name, its length, vector, count, control data, their length, flags, and in an array
    // the length of the message.
    let long = |index: u64| user_long(event, header, index);
    event.set_arg(6, long(2));
    event.set_arg(7, long(3));
    event.set_arg(8, long(0));
    event.set_arg(9, long(4));
    event.set_arg(10, long(5));
    if param.value == 1 {
        let length = if event.ret() > 0 { long(7) & 0xffff_ffff } else { event.ret() as u64 };
        event.set_arg(11, length);
        if event.ret() > 1 {
            count(stat::CUT);
        }
    }
}

/// See `step::IOV_DATA`.
#[inline(always)]
pub fn iov_data(event: Event) {
    let Some(param) = event.caller() else { return };
    let (vector, buffers) = (event.arg(u64::from(param.map)), event.arg(u64::from(param.width)));
    let ret = event.ret();
    if ret <= 0 && param.value & 1 != 0 {
        return event.empty();
    }
    let snaplen = u64::from(config().snaplen);
    // A message of an array says its own length; the call then returned the number of messages.
    let result = if param.value & 2 != 0 { event.arg(11) } else { ret as u64 };
    // What is left to copy lives in the map: in a register, each length would be a state of its own for the verifier.
    event.set_arg(LEFT, if ret > 0 && result < snaplen { result } else { snaplen });
    let from = event.cursor();
    let mut i = 0;
    while i < BUFFERS {
        let left = event.arg(LEFT);
        if i >= buffers || left == 0 {
            break;
        }
        let base = user_long(event, vector, 2 * i);
        let length = user_long(event, vector, 2 * i + 1);
        i += 1;
        let length = mask!(if length > left { left } else { length }, 0xffff);
        let length = if copy_user(event.at(), length, base) { length } else { 0 };
        event.advance(length);
        event.set_arg(LEFT, left - length);
    }
    event.close(event.cursor().wrapping_sub(from));
}

/// See `step::IOV_SIZE`.
#[inline(always)]
pub fn iov_size(event: Event) {
    let Some(param) = event.caller() else { return };
    let (vector, buffers) = (event.arg(u64::from(param.map)), event.arg(u64::from(param.width)));
    let mut size = 0u64;
    let mut i = 0;
    while i < BUFFERS {
        if i >= buffers {
            break;
        }
        size = size.wrapping_add(user_long(event, vector, 2 * i + 1));
        i += 1;
    }
    event.number(size, 4);
}

/// See `step::CONTROL`.
#[inline(always)]
pub fn control(event: Event) {
    let (address, length) = (event.arg(9), event.arg(10));
    if event.ret() < 0 || address == 0 || length == 0 {
        return event.empty();
    }
    let length = mask!(if length > CONTROL - 1 { CONTROL - 1 } else { length }, CONTROL - 1);
    event.user_bytes(address, length);
}

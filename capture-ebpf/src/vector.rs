//! Vectors of buffers and message headers in user memory enter; data and sizes leave. Both exist in a layout for 64-bit
//! and one for 32-bit callers.

use crate::{
    event::Event,
    memory::{config, copy_user, mask},
    repeat::{repeat, turns},
    rights::add_rights,
    run::user_long,
    socket::add_tuple,
};

/// Buffers of a vector that are looked at.
const BUFFERS: u32 = 32;
/// Longest control data that are kept; a power of two.
const CONTROL: u64 = 4096;

/// Argument that holds the bytes of a vector that are left to copy.
const LEFT: u64 = 15;
/// Notes: where the vector is, how many buffers it has, and how large they are together.
const VECTOR: usize = 0;
const COUNT: usize = 1;
const SIZE: usize = 2;
/// Messages that a call may have (UIO_MAXIOV).
const MESSAGES: u32 = 1024;
/// Messages that one run of a program looks at where it has to do so in a loop of its own: every turn is checked by itself.
pub const MESSAGES_OLD: u32 = 4;

turns! {
    buffer_turn = add_buffer;
    size_turn = add_size;
    message_turn = add_message;
}

/// Longs of a message header in an array.
const HEADER: u64 = 8;

/// See `step::MSGHDR`.
#[inline(always)]
pub fn msghdr(event: Event) {
    let Some(param) = event.caller() else { return };
    let name = event.arg(8);
    read_header(event, 0);
    if param.value == 1 {
        event.set_arg(8, name);
    }
}

/// Reads a message header of an array.
#[inline(always)]
fn read_header(event: Event, number: u64) {
    let header = event.arg(1);
    // In units of the caller's long: name, its length, vector, count, control data, their length, flags, and in an array
    // the length of the message.
    let long = |index: u64| user_long(event, header, HEADER * number + index);
    event.set_arg(6, long(2));
    event.set_arg(7, long(3));
    event.set_arg(8, long(0));
    event.set_arg(9, long(4));
    event.set_arg(10, long(5));
}

/// See `step::MESSAGES`.
#[inline(always)]
pub fn messages(event: Event) {
    repeat::<true>(event, MESSAGES, message_turn, add_message);
}

#[inline(always)]
fn add_message(event: Event, _: u64) -> bool {
    !message::<true>(event)
}

/// Adds the parameters of the event of one message (`step::MESSAGES`), and begins the next event if there are more messages, which it
/// returns. A call that failed has no message, but an event.
#[inline(always)]
pub fn message<const LOOPS: bool>(event: Event) -> bool {
    let Some(param) = event.caller() else { return false };
    let inbound = param.width == 1;
    let (number, ret) = (event.part(), event.ret());
    read_header(event, number);
    let length = user_long(event, event.arg(1), HEADER * number + 7) & 0xffff_ffff;
    let fd = event.arg(0) as i32;
    event.number(if ret > 0 { length } else { ret as u64 }, 8);
    event.number(i64::from(fd) as u64, 8);
    event.number(if ret > 0 { length } else { 0 }, 4);
    if ret > 0 {
        add_data::<LOOPS>(event, event.arg(6), event.arg(7), length);
    } else {
        event.empty();
    }
    add_tuple(event, if ret >= 0 { fd } else { -1 }, inbound, event.arg(8));
    if inbound {
        control(event);
        if LOOPS {
            add_rights(event);
        }
    }
    let is_last = number as i64 + 1 >= ret;
    if !is_last {
        event.submit_part();
    }
    !is_last
}

/// See `step::IOV_DATA`.
#[inline(always)]
pub fn iov_data<const LOOPS: bool>(event: Event) {
    let Some(param) = event.caller() else { return };
    let (vector, buffers) = (event.arg(u64::from(param.map)), event.arg(u64::from(param.width)));
    let ret = event.ret();
    if ret <= 0 && param.value & 1 != 0 {
        return event.empty();
    }
    add_data::<LOOPS>(event, vector, buffers, if ret > 0 { ret as u64 } else { u64::MAX });
}

/// Adds the data of a vector: as many bytes as were sent or received, at most the snap length.
#[inline(always)]
fn add_data<const LOOPS: bool>(event: Event, vector: u64, buffers: u64, length: u64) {
    let snaplen = u64::from(config().snaplen);
    // What is left to copy lives in the map: in a register, each length would be a state of its own for the verifier.
    event.set_arg(LEFT, if length < snaplen { length } else { snaplen });
    let from = event.cursor();
    event.set_note(VECTOR, vector);
    event.set_note(COUNT, buffers);
    repeat::<LOOPS>(event, BUFFERS, buffer_turn, add_buffer);
    event.close(event.cursor().wrapping_sub(from));
}

/// Adds the data of one buffer; true if nothing is left.
#[inline(always)]
fn add_buffer(event: Event, turn: u64) -> bool {
    let left = event.arg(LEFT);
    if turn >= event.note(COUNT) || left == 0 {
        return true;
    }
    let vector = event.note(VECTOR);
    let base = user_long(event, vector, 2 * turn);
    let length = user_long(event, vector, 2 * turn + 1);
    let length = mask!(if length > left { left } else { length }, 0xffff);
    let length = if copy_user(event.at(), length, base) { length } else { 0 };
    event.advance(length);
    event.set_arg(LEFT, left - length);
    false
}

/// See `step::IOV_SIZE`.
#[inline(always)]
pub fn iov_size<const LOOPS: bool>(event: Event) {
    let Some(param) = event.caller() else { return };
    event.set_note(VECTOR, event.arg(u64::from(param.map)));
    event.set_note(COUNT, event.arg(u64::from(param.width)));
    event.set_note(SIZE, 0);
    repeat::<LOOPS>(event, BUFFERS, size_turn, add_size);
    event.number(event.note(SIZE), 4);
}

/// Adds the size of one buffer to the sum; true if there is none.
#[inline(always)]
fn add_size(event: Event, turn: u64) -> bool {
    if turn >= event.note(COUNT) {
        return true;
    }
    let size = user_long(event, event.note(VECTOR), 2 * turn + 1);
    event.set_note(SIZE, event.note(SIZE).wrapping_add(size));
    false
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

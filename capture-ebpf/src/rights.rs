//! Fds that come over a socket: the control data of a received message enter; what is behind each fd leaves, beside the event.

use crate::{
    beside::add_fd,
    event::Event,
    memory::user,
    repeat::{repeat, turns},
    run::user_long,
};

/// Control messages of a message that are looked at. The kernel puts credentials and the like before the fds (net/core/scm.c).
const CONTROLS: u32 = 8;
/// Most fds of a message (SCM_MAX_FD).
const FDS: u32 = 253;
const SOL_SOCKET: u32 = 1;
const SCM_RIGHTS: u32 = 1;

/// Notes: where the next control message, or the next fd, is, and where they end. Walks to a path keep theirs below these.
const NEXT: usize = 18;
const END: usize = 19;

turns! {
    control_turn = look_at_control;
    right_turn = add_right;
}

/// Adds what is behind the fds in the control data (arguments 9 and 10) of a message that was received.
#[inline(always)]
pub fn add_rights(event: Event) {
    let (address, length) = (event.arg(9), event.arg(10));
    if event.ret() < 0 || address == 0 || length == 0 {
        return;
    }
    event.set_note(NEXT, address);
    event.set_note(END, address.wrapping_add(length));
    repeat::<true>(event, CONTROLS, control_turn, look_at_control);
}

/// Looks at the next control message (struct cmsghdr: length as the caller's long, level, kind); true after the one with fds, or the last.
#[inline(always)]
fn look_at_control(event: Event, _: u64) -> bool {
    let at = event.note(NEXT);
    let long = if event.compat() { 4 } else { 8 };
    let head = long + 8;
    let left = event.note(END).wrapping_sub(at);
    let size = user_long(event, at, 0);
    if left as i64 <= head as i64 || size < head || size > left {
        return true;
    }
    let level = user::<u32>(at.wrapping_add(long)).unwrap_or(0);
    let kind = user::<u32>(at.wrapping_add(long + 4)).unwrap_or(0);
    if level == SOL_SOCKET && kind == SCM_RIGHTS {
        event.set_note(NEXT, at.wrapping_add(head));
        event.set_note(END, at.wrapping_add(size));
        repeat::<true>(event, FDS, right_turn, add_right);
        return true;
    }
    event.set_note(NEXT, at.wrapping_add((size + long - 1) & !(long - 1)));
    false
}

/// Adds what is behind the next fd; true if none is left, or there is no more room beside the event.
#[inline(always)]
fn add_right(event: Event, _: u64) -> bool {
    let at = event.note(NEXT);
    if event.note(END).wrapping_sub(at) as i64 <= 3 || !event.begin_beside() {
        return true;
    }
    add_fd(event, user::<i32>(at).unwrap_or(-1));
    event.set_note(NEXT, at.wrapping_add(4));
    false
}

/// See `step::BESIDE_RIGHTS`.
#[inline(always)]
pub fn beside_rights(event: Event) {
    add_rights(event);
}

//! Loops: a function that is carried out turn by turn enters, nothing leaves but what it notes in the event's memory. Kernels from 5.17 on
//! call it themselves (`bpf_loop`), and their verifier looks at one turn for all; in programs for older ones, which are called `_old`,
//! it goes through each of them.

use core::{ffi::c_void, ptr::addr_of_mut};

use aya_ebpf::helpers::generated::bpf_loop;

use crate::event::Event;

/// A function that the kernel can call.
pub type Turn = extern "C" fn(u64, *mut Event) -> i64;

/// Functions for [`repeat`], by the function that is carried out, which returns whether it was the last turn. The kernel wants plain names,
/// and functions that are not visible outside: what is called `_turn` becomes static in the object (`strip/`).
macro_rules! turns {
    ($($name:ident = $body:path;)*) => {$(
        #[unsafe(no_mangle)]
        #[linkage = "internal"]
        extern "C" fn $name(turn: u64, event: *mut $crate::event::Event) -> i64 {
            // SAFETY: the event is on the stack of `repeat`.
            i64::from($body(unsafe { event.read() }, turn))
        }
    )*};
}
pub(crate) use turns;

/// Carries out `body` up to `times` times, until it was the last one. With `LOOPS` the kernel does, by way of `turn`, which is the same.
#[inline(always)]
pub fn repeat<const LOOPS: bool>(event: Event, times: u32, turn: Turn, body: impl Fn(Event, u64) -> bool) {
    if LOOPS {
        let mut event = event;
        // SAFETY: the function takes what it is passed, and only while this waits for it.
        unsafe { bpf_loop(times, turn as *mut c_void, addr_of_mut!(event).cast(), 0) };
        return;
    }
    let mut number = 0;
    while number < u64::from(times) {
        if body(event, number) {
            break;
        }
        number += 1;
    }
}

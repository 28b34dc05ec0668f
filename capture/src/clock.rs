//! Clocks and numbers of the host that only the C library provides.

use std::mem::MaybeUninit;

/// Nanoseconds of a clock.
fn nanoseconds(clock: libc::clockid_t) -> u64 {
    let mut time = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: the pointer is valid for one timespec, for which zeros are a valid value.
    let time = unsafe {
        libc::clock_gettime(clock, time.as_mut_ptr());
        time.assume_init()
    };
    (time.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec as u64)
}

/// Nanoseconds to add to the clock that the probe reads (time since boot, suspended time included) to get the time since the
/// epoch. Of several tries the one with the shortest gap between the two readings counts.
pub(crate) fn epoch() -> u64 {
    let mut best = (u64::MAX, 0);
    for _ in 0..16 {
        let before = nanoseconds(libc::CLOCK_BOOTTIME);
        let now = nanoseconds(libc::CLOCK_REALTIME);
        let gap = nanoseconds(libc::CLOCK_BOOTTIME).saturating_sub(before);
        if gap < best.0 {
            best = (gap, now.saturating_sub(before + gap / 2));
        }
    }
    best.1
}

/// The probe's clock now, in nanoseconds since boot.
pub(crate) fn now() -> u64 {
    nanoseconds(libc::CLOCK_BOOTTIME)
}

/// Whether the kernel takes its clock for synchronized with others (adjtimex(2)); `None` if it does not say.
pub(crate) fn is_synchronized() -> Option<bool> {
    let mut state = MaybeUninit::<libc::timex>::zeroed();
    // SAFETY: the pointer is valid for one timex, for which zeros are a valid value and mean that nothing is to be changed.
    let (answer, state) = unsafe { (libc::adjtimex(state.as_mut_ptr()), state.assume_init()) };
    (answer >= 0).then_some(answer != libc::TIME_ERROR && state.status & libc::STA_UNSYNC == 0)
}

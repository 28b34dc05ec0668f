//! Parameters whose form depends on another argument: of polls, `ptrace`, `prctl`, `fsconfig`, `keyctl`, `quotactl`, `semop`.

use tercel_probe_abi::flags;

use crate::{
    event::Event,
    memory::{mask, user},
    tables::bits,
};

/// Fds of a poll that are kept.
const POLLED: u64 = 16;

/// See `step::POLL`: a count, then fd and events of each.
#[inline(always)]
pub fn poll(event: Event) {
    let (address, all) = (event.arg(0), event.arg(1) & 0xffff_ffff);
    let number = if all > POLLED { POLLED } else { all };
    let from = event.cursor();
    event.push(number, 2);
    let mut i = 0;
    while i < POLLED {
        if i >= number {
            break;
        }
        let Some(polled) = user::<u64>(address.wrapping_add(8 * i)) else {
            return event.restart(from);
        };
        event.push(i64::from(polled as i32) as u64, 8);
        event.push(bits(flags::POLL, polled >> 48), 2);
        i += 1;
    }
    event.close(event.cursor().wrapping_sub(from));
}

/// A value with its type: the index of a row of the parameter's dynamic table, then the value.
#[inline(always)]
fn typed(event: Event, index: u64, value: u64, width: u64) {
    event.push(index, 1);
    event.push(value, width);
    event.close(width + 1);
}

/// See `step::PTRACE`.
#[inline(always)]
pub fn ptrace(event: Event) {
    let failed = event.ret() < 0;
    typed(event, 0, if failed { 0 } else { event.arg(2) }, 8);
    let data = event.arg(3);
    match event.arg(0) {
        _ if failed => typed(event, 0, 0, 8),
        // PEEKTEXT, PEEKDATA, PEEKUSR
        1..=3 => typed(event, 0, user::<u64>(data).unwrap_or(0), 8),
        // CONT, SINGLESTEP, DETACH, SYSCALL
        7 | 9 | 17 | 24 => typed(event, 1, data, 1),
        _ => typed(event, 0, data, 8),
    }
}

/// See `step::PRCTL`.
#[inline(always)]
pub fn prctl(event: Event) {
    let value = event.arg(1);
    match event.arg(0) as u32 {
        // PR_SET_NAME, PR_GET_NAME
        15 | 16 => {
            event.user_str(value);
            event.number(0, 8);
        }
        // PR_GET_CHILD_SUBREAPER
        37 => {
            event.empty();
            event.number(i64::from(user::<i32>(value).unwrap_or(0)) as u64, 8);
        }
        _ => {
            event.empty();
            event.number(value, 8);
        }
    }
}

/// See `step::FSCONFIG`.
#[inline(always)]
pub fn fsconfig(event: Event) {
    let value = event.arg(3);
    let command = if event.ret() < 0 { 0 } else { event.arg(1) as u32 };
    // FSCONFIG_SET_BINARY
    if command == 2 {
        let length = event.arg(4) & 0xffff_ffff;
        event.user_bytes(value, length);
    } else {
        event.empty();
    }
    // FSCONFIG_SET_STRING, FSCONFIG_SET_PATH, FSCONFIG_SET_PATH_EMPTY
    if matches!(command, 1 | 3 | 4) { event.user_str(value) } else { event.empty() }
}

/// Arguments of the operations of `keyctl` by number: how many there are, and from bit 4 on which of them are strings.
///
/// Its name is plain: a mangled one has a hash of the place of the build, and the object would differ from machine to machine.
#[unsafe(no_mangle)]
static KEYCTL: [u8; 64] = keyctl_arguments();

const fn keyctl_arguments() -> [u8; 64] {
    // Numbers of linux/keyctl.h.
    let plain: [(&[usize], u8); 9] = [
        (&[3, 7, 14, 16, 21], 0x01),
        (&[0, 5, 8, 9, 15, 22, 31], 0x02),
        (&[2, 4, 6, 11, 13, 17, 32], 0x03),
        (&[12, 19, 20, 23, 30], 0x04),
        (&[1], 0x11),
        (&[29], 0x63),
        (&[24], 0x43),
        (&[10], 0x64),
        (&[25, 26, 27, 28], 0x24),
    ];
    let mut table = [0; 64];
    let mut i = 0;
    while i < plain.len() {
        let (operations, arguments) = plain[i];
        let mut j = 0;
        while j < operations.len() {
            table[operations[j]] = arguments;
            j += 1;
        }
        i += 1;
    }
    table
}

/// See `step::KEYCTL`.
#[inline(always)]
pub fn keyctl(event: Event) {
    let operation = event.arg(0) & 0xffff_ffff;
    let known =
        if operation < 64 { KEYCTL.get(mask!(operation, 63) as usize).copied().unwrap_or(0) } else { 0 };
    let mut i = 0u64;
    while i < 4 {
        let value = if i < u64::from(known & 15) { event.arg(1 + i) } else { 0 };
        if known >> (4 + i) & 1 != 0 {
            let from = event.cursor();
            event.push(1, 1);
            event.push_user_str(value);
            event.close(event.cursor().wrapping_sub(from));
        } else {
            typed(event, 0, value, 8);
        }
        i += 1;
    }
}

/// `PPM_Q_*` of the commands of `quotactl` (reference flags.json, quotactl_cmds).
const GETFMT: u64 = 1 << 2;
const GETINFO: u64 = 1 << 3;
const SETINFO: u64 = 1 << 4;
const GETQUOTA: u64 = 1 << 5;
const SETQUOTA: u64 = 1 << 6;
const QUOTAON: u64 = 1;
const XGETQUOTA: u64 = 1 << 10;
const XSETQLIM: u64 = 1 << 11;

/// What a command of `quotactl` is called: generic ones count from 0x800001, those of XFS from 0x5801.
#[inline(always)]
fn quota_command(command: u64) -> u64 {
    match command & 0xffff_ffff {
        0x80_0001 => 1 << 7,
        number @ 0x80_0002..=0x80_0008 => 1 << (number - 0x80_0002),
        number @ 0x5801..=0x5807 => 1 << (number - 0x5801 + 8),
        _ => 0,
    }
}

#[inline(always)]
fn quota_format(format: u32) -> u64 {
    match format {
        1 => 2,
        2 => 4,
        4 => 8,
        _ => 1,
    }
}

/// See `step::QUOTACTL`.
#[inline(always)]
pub fn quotactl(event: Event) {
    let call = event.arg(0) & 0xffff_ffff;
    let (command, id, address) = (quota_command(call >> 8), event.arg(2) as u32, event.arg(3));
    let number = |index: u64| user::<u64>(address.wrapping_add(8 * index)).unwrap_or(0);
    if command == QUOTAON {
        event.user_str(address)
    } else {
        event.empty()
    }
    let about_user = command & (GETQUOTA | SETQUOTA) != 0;
    let valid = if about_user { number(8) } else { 0 };
    let shown = |index: u64, bit: u64| if valid & bit != 0 { number(index) } else { 0 };
    event.number(shown(0, 1), 8);
    event.number(shown(1, 1), 8);
    event.number(shown(2, 2), 8);
    event.number(shown(3, 4), 8);
    event.number(shown(4, 4), 8);
    event.number(shown(6, 16), 8);
    event.number(shown(7, 32), 8);
    let about_all = command & (GETINFO | SETINFO) != 0;
    let both = if about_all { number(2) } else { 0 };
    let valid = both >> 32;
    event.number(if valid & 1 != 0 { number(0) } else { 0 }, 8);
    event.number(if valid & 2 != 0 { number(1) } else { 0 }, 8);
    event.number(if valid & 4 != 0 { both & 0xff } else { 0 }, 1);
    event.number(if command == GETFMT { quota_format(user::<u32>(address).unwrap_or(0)) } else { 1 }, 1);
    event.number(command, 2);
    event.number(
        match call & 0xff {
            0 => 1,
            1 => 2,
            _ => 0,
        },
        1,
    );
    let has_id = command & (GETQUOTA | SETQUOTA | XGETQUOTA | XSETQLIM) != 0;
    event.number(if has_id { u64::from(id) } else { 0 }, 4);
    event.number(if command == QUOTAON { quota_format(id) } else { 1 }, 1);
}

/// See `step::SEMOP`.
#[inline(always)]
pub fn semop(event: Event) {
    let (address, number) = (event.arg(1), event.arg(2) & 0xffff_ffff);
    let mut i = 0u64;
    while i < 2 {
        let at = address.wrapping_add(6 * i);
        let known = event.ret() == 0 && i < number;
        let field = |offset: u64| {
            if known { u64::from(user::<u16>(at.wrapping_add(offset)).unwrap_or(0)) } else { 0 }
        };
        event.set_arg(6 + 3 * i, field(0));
        event.set_arg(7 + 3 * i, field(2));
        event.set_arg(8 + 3 * i, bits(flags::SEMOP, field(4)));
        i += 1;
    }
}

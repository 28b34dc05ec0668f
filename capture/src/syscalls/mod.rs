//! How every system call becomes an event: the table that the probe follows. The catalogue enters, rows for the probe leave.
//! What has no row of its own is recorded as the generic event.

mod entries;
mod table;
#[cfg(test)]
mod tests;
pub(crate) mod uring;

use tercel_format::catalogue::syscalls::{NativeSyscall, SYSCALL_NAMES};
use tercel_format::catalogue::{Machine, code};
use tercel_format::extras;
use tercel_probe_abi::{CONSTANT, Call, MAX_WORDS, Param, fact, item, kind, row, step, want};

use crate::compat;
pub(crate) use entries::{entries, entry_tracepoints};
use table::{Program, constant};

const EMPTY: Param = Param { kind: kind::EMPTY, arg: 0, width: 0, map: 0, value: 0 };
/// The first of the steps that add what the kernel says beside the parameters.
pub(crate) const FIRST_BESIDE: u8 = step::BESIDE_FILE;
const COVERED: Param = Param { kind: kind::COVERED, ..EMPTY };

// The probe's items are those of the format.
const _: () = {
    use extras::{flag, kind};
    assert!(item::PATH == kind::PATH && item::PATH_INSIDE == kind::PATH_INSIDE);
    assert!(item::SECOND_PATH == kind::SECOND_PATH && item::SECOND_PATH_INSIDE == kind::SECOND_PATH_INSIDE);
    assert!(
        item::FILE == kind::FILE
            && fact::ITEM as u8 == kind::FACTS
            && item::EXE == kind::EXE
            && item::FD == kind::FD
    );
    assert!(item::ENTRY_PATH == kind::ENTRY_PATH && item::SECOND_ENTRY_PATH == kind::SECOND_ENTRY_PATH);
    assert!(item::LATENCY == kind::LATENCY && item::ENTRY_ADDRESS == kind::ENTRY_ADDRESS);
    assert!(fact::IO_URING == extras::fact::IO_URING && fact::HOOKED == extras::fact::HOOKED);
    assert!(item::SECOND_FILE == kind::SECOND_FILE);
    assert!(fact::CHANGED == extras::fact::CHANGED && fact::NO_ENTRY == extras::fact::NO_ENTRY);
    assert!(item::CUT == flag::CUT && item::DETACHED == flag::DETACHED && item::DELETED == flag::DELETED);
    assert!(
        item::SAME == flag::SAME && item::COMPOSED == flag::COMPOSED && item::UNRESOLVED == flag::UNRESOLVED
    );
};

/// One row: where it stands, which event it makes, and how.
pub struct Row {
    /// Number of the native call, or one of [`row`].
    pub row: u32,
    /// Event code.
    pub event: u16,
    /// Bits of [`want`].
    pub(crate) wanted: u32,
    /// Parameters and steps.
    pub words: Vec<Param>,
}

/// Every row of the table on a machine.
pub fn rows(machine: Machine) -> Vec<Row> {
    let mut rows: Vec<Row> =
        calls(machine).iter().map(|call| native(call.row, call.call, call.number)).collect();
    // There the scheduler shows the new task's side of these calls, which return 0 in it, and not the exit of the call.
    if machine == Machine::Aarch64 {
        for row in rows.iter_mut().filter(|row| FORKS.contains(&row.event)) {
            row.wanted |= want::FAILURES;
        }
    }
    rows.push(Row {
        row: row::EXEC,
        event: table::EXECUTED.event,
        wanted: want::YES,
        words: table::EXECUTED.words(),
    });
    rows.push(generic(row::COMPAT, 0, NO_NUMBER));
    for (row, event) in [
        (row::PROCEXIT, code::PROCEXIT_1_E),
        (row::SIGNAL, code::SIGNALDELIVER_E),
        (COMPAT_SEND, code::SOCKET_SEND_X),
        (COMPAT_RECV, code::SOCKET_RECV_X),
    ] {
        rows.extend(program(event).map(|program| Row {
            row,
            event,
            wanted: want::YES,
            words: program.words(),
        }));
    }
    rows.extend(uring::rows(machine));
    rows
}

/// Events of calls that make a task.
pub(crate) const FORKS: [u16; 4] =
    [code::SYSCALL_CLONE_20_X, code::SYSCALL_FORK_20_X, code::SYSCALL_VFORK_20_X, code::SYSCALL_CLONE3_X];

/// A call with a row of its own.
#[derive(Clone, Copy)]
pub(crate) struct RowedCall {
    /// Its row: the native number, or one that is free where only 32-bit code can make the call.
    pub(crate) row: u32,
    /// The native number, or [`NO_NUMBER`].
    number: u16,
    /// The call, as the machine numbers it that has it.
    pub(crate) call: &'static NativeSyscall,
}

/// In events of calls that have no native number.
const NO_NUMBER: u16 = u16::MAX;
/// First row for calls of 32-bit code that an aarch64 program cannot make (`open`, `fork`): no call has these numbers there.
const LEGACY: u32 = 300;

/// The calls of a machine that have a row each.
pub(crate) fn calls(machine: Machine) -> Vec<RowedCall> {
    let own = machine.calls().iter().map(|call| RowedCall {
        row: u32::from(call.number),
        number: call.number,
        call,
    });
    let mut calls: Vec<RowedCall> = own.filter(|call| call.row < row::EXEC).collect();
    if machine == Machine::Aarch64 {
        let mut next = LEGACY;
        for (_, code) in compat::arm::CALLS {
            if calls.iter().all(|known| known.call.code != code)
                && let Some(call) = Machine::X86_64.call_of_code(code)
            {
                calls.push(RowedCall { row: next, number: NO_NUMBER, call });
                next += 1;
            }
        }
    }
    calls
}

/// Rows of the calls of `socketcall` that no native call corresponds to.
const COMPAT_SEND: u32 = row::COMPAT + 1;
const COMPAT_RECV: u32 = row::COMPAT + 2;

fn program(event: u16) -> Option<&'static Program> {
    table::PROGRAMS.iter().find(|program| program.event == event)
}

/// The row of a call. A call without an event of its own is recorded as the generic event, so that no call is ever left out.
fn native(row: u32, call: &NativeSyscall, number: u16) -> Row {
    let Some(program) = program(call.exit) else { return generic(row, call.code, number) };
    let is_exec = matches!(call.exit, code::SYSCALL_EXECVE_19_X | code::SYSCALL_EXECVEAT_X);
    let wanted = if is_exec { want::YES | want::FAILURES } else { want::YES };
    Row { row, event: call.exit, wanted, words: program.words() }
}

fn generic(row: u32, portable: u16, number: u16) -> Row {
    let words = vec![constant(u32::from(portable), 2), constant(u32::from(number), 2)];
    Row { row, event: code::GENERIC_X, wanted: want::YES, words }
}

/// Pairs of the number of a call of 32-bit code and its row.
pub(crate) fn compat_calls(machine: Machine) -> Vec<(u32, u16)> {
    let calls = calls(machine);
    let row_of = |code: u16| match SYSCALL_NAMES.get(usize::from(code)) {
        Some(&"send") => Some(COMPAT_SEND as u16),
        Some(&"recv") => Some(COMPAT_RECV as u16),
        _ => calls.iter().find(|call| call.call.code == code).map(|call| call.row as u16),
    };
    match machine {
        Machine::X86_64 => compat::CALLS.iter().map(|(number, row)| (u32::from(*number), *row)).collect(),
        Machine::Aarch64 => {
            let pairs = compat::arm::CALLS.iter();
            pairs.filter_map(|(number, code)| Some((u32::from(*number), row_of(*code)?))).collect()
        }
    }
}

/// Rows of the calls of 32-bit code, by their numbers, and after them those of `socketcall`, which only x86 has.
pub(crate) fn compat_rows(machine: Machine) -> Vec<(u32, u16)> {
    let mut rows: Vec<(u32, u16)> = (0..row::SOCKETCALL).map(|number| (number, row::COMPAT as u16)).collect();
    rows.extend(compat_calls(machine));
    if machine != Machine::X86_64 {
        return rows;
    }
    for (index, name) in compat::SOCKET_CALLS.iter().enumerate() {
        let row = match *name {
            "send" => Some(COMPAT_SEND as u16),
            "recv" => Some(COMPAT_RECV as u16),
            name => machine.call_of_name(name).map(|call| call.number),
        };
        rows.push((row::SOCKETCALL + 1 + index as u32, row.unwrap_or(row::NONE)));
    }
    rows
}

impl Program {
    /// A word for each parameter, and the steps that add none between them.
    fn words(&self) -> Vec<Param> {
        let mut words = Vec::new();
        for entry in self.parts.iter().copied().flatten() {
            words.push(entry.word);
            if entry.word.kind == kind::STEP {
                words.extend(entry.params.iter().map(|_| COVERED));
            }
        }
        words
    }
}

/// An event of two constants from its length on, as words of a row (reference C3, C4: length, code, number of parameters, their lengths,
/// and the parameters).
fn constant_event(event: u16, first: u32, second: u32) -> [Param; 3] {
    let event = (CONSTANT as u128)
        | u128::from(event) << 32
        | 2 << 48
        | 2 << 80
        | 2 << 96
        | u128::from(first & 0xffff) << 112;
    let words = [event as u64, (event >> 64) as u64, u64::from(second & 0xffff)];
    words.map(|word| {
        let [kind, arg, width, map, value @ ..] = word.to_le_bytes();
        Param { kind, arg, width, map, value: u32::from_le_bytes(value) }
    })
}

impl Row {
    /// Number of parameters of the event.
    pub(crate) fn nparams(&self) -> usize {
        self.words.iter().filter(|word| word.kind != kind::STEP).count()
    }

    /// The row as the probe wants it: without the words that only say what a step has added. An event of two constants is sent as it is,
    /// unless it has to say how long its call took (`timed`). `beside`: with what the kernel says beside the parameters.
    pub(crate) fn call(&self, timed: bool, beside: bool) -> Call {
        let mut program = [EMPTY; MAX_WORDS];
        if self.row < row::URING
            && !timed
            && let [id, native] = self.words.as_slice()
            && [id, native].iter().all(|word| word.kind == kind::CONST && word.width == 2)
        {
            program
                .iter_mut()
                .zip(constant_event(self.event, id.value, native.value))
                .for_each(|(slot, word)| *slot = word);
            return Call {
                event: self.event,
                nparams: 2,
                words: 0,
                wanted: self.wanted | want::CONSTANT,
                program,
            };
        }
        let is_kept = |word: &&Param| match word.kind {
            kind::COVERED => false,
            kind::STEP => beside || word.arg < FIRST_BESIDE,
            _ => true,
        };
        let words = self.words.iter().filter(is_kept);
        let words = program.iter_mut().zip(words).map(|(slot, word)| *slot = *word).count();
        Call {
            event: self.event,
            nparams: self.nparams() as u8,
            words: words as u8,
            wanted: self.wanted,
            program,
        }
    }
}

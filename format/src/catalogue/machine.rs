//! Machines, as far as their system calls have other numbers: what a capture says of its machine enters, names leave.

use super::aarch64::AARCH64;
use super::syscalls::{NativeSyscall, SYSCALL_NAMES, X86_64};

/// The machine that a capture was recorded on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Machine {
    /// x86_64; what is assumed of captures that do not say it.
    #[default]
    X86_64,
    /// aarch64, arm64.
    Aarch64,
}

impl Machine {
    /// All of them.
    pub const ALL: [Machine; 2] = [Machine::X86_64, Machine::Aarch64];
    /// The one that this program was built for. Replay does not ask: its machine is that of the capture.
    pub const OF_THIS_PROGRAM: Machine =
        if cfg!(target_arch = "aarch64") { Machine::Aarch64 } else { Machine::X86_64 };

    /// Its number in ELF files (elf.h, `e_machine`), by which captures name it.
    pub const fn elf_number(self) -> u16 {
        match self {
            Machine::X86_64 => 62,
            Machine::Aarch64 => 183,
        }
    }

    /// The machine of a number in ELF files.
    pub fn from_elf_number(number: u16) -> Option<Machine> {
        Machine::ALL.into_iter().find(|machine| machine.elf_number() == number)
    }

    /// Its system calls, by ascending number.
    pub const fn calls(self) -> &'static [NativeSyscall] {
        match self {
            Machine::X86_64 => &X86_64,
            Machine::Aarch64 => &AARCH64,
        }
    }

    /// The call of a native number.
    pub fn call(self, number: u16) -> Option<&'static NativeSyscall> {
        let calls = self.calls();
        calls.get(calls.binary_search_by_key(&number, |call| call.number).ok()?)
    }

    /// The call of a portable code (index into [`SYSCALL_NAMES`]); `None` where this machine lacks it, as aarch64 lacks `open`.
    pub fn call_of_code(self, code: u16) -> Option<&'static NativeSyscall> {
        self.calls().iter().find(|call| call.code == code)
    }

    /// The call of a name.
    pub fn call_of_name(self, name: &str) -> Option<&'static NativeSyscall> {
        self.calls().iter().find(|call| SYSCALL_NAMES.get(usize::from(call.code)) == Some(&name))
    }

    /// The name of a native number.
    pub fn call_name(self, number: u16) -> Option<&'static str> {
        SYSCALL_NAMES.get(usize::from(self.call(number)?.code)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_names_on_each_machine() {
        for (machine, number, name) in [
            (Machine::X86_64, 0, Some("read")),
            (Machine::X86_64, 63, Some("uname")),
            (Machine::X86_64, 60_000, None),
            (Machine::Aarch64, 0, Some("io_setup")),
            (Machine::Aarch64, 63, Some("read")),
            (Machine::Aarch64, 471, Some("rseq_slice_yield")),
            (Machine::Aarch64, 300, None),
        ] {
            assert_eq!(machine.call_name(number), name, "{machine:?} {number}");
        }
        assert_eq!(Machine::Aarch64.call_of_name("open"), None);
        assert_eq!(Machine::Aarch64.call_of_name("openat").map(|call| call.number), Some(56));
    }

    #[test]
    fn tables_ascend_and_agree_on_events() {
        for machine in Machine::ALL {
            assert!(machine.calls().is_sorted_by(|one, next| one.number < next.number), "{machine:?}");
            assert_eq!(Machine::from_elf_number(machine.elf_number()), Some(machine));
        }
        for call in Machine::Aarch64.calls() {
            if let Some(other) = Machine::X86_64.call_of_code(call.code) {
                assert_eq!((call.enter, call.exit), (other.enter, other.exit), "code {}", call.code);
            }
        }
        assert_eq!(Machine::from_elf_number(3), None);
    }
}

//! What the probe reads at the entry of a call, so that it can say whether the caller changed it before the exit: the arguments that name
//! files and addresses.

use tercel_format::catalogue::Machine;
use tercel_format::catalogue::syscalls::SYSCALL_NAMES;
use tercel_probe_abi::{entry, row};

use super::{calls, compat_calls};

const fn text(argument: u32) -> u32 {
    entry::TEXT | argument << 8
}
const fn texts(first: u32, second: u32) -> u32 {
    entry::TEXT | entry::SECOND | first << 8 | second << 12
}
/// The same of a call that removes what the texts name, or gives it another name.
const fn removed(read: u32) -> u32 {
    read | entry::HOOKED
}
const fn address(argument: u32, length: u32) -> u32 {
    entry::ADDRESS | argument << 8 | length << 12
}

/// Calls that return a file: which one it is, the kernel says at the exit. Comparing their paths, too, costs a tenth more for each of
/// them, and is only done where entries are looked at anyway.
const OPENS: &[(&str, u32)] = &[("open", text(0)), ("openat", text(1)), ("creat", text(0))];

/// Calls by their names, and what is read. The order of two texts is that of the event's paths.
const READ: &[(&str, u32)] = &[
    ("rename", removed(texts(0, 1))),
    ("renameat", removed(texts(1, 3))),
    ("renameat2", removed(texts(1, 3))),
    ("unlink", removed(text(0))),
    ("unlinkat", removed(text(1))),
    ("rmdir", removed(text(0))),
    ("link", texts(0, 1)),
    ("linkat", texts(1, 3)),
    ("symlink", text(1)),
    ("symlinkat", text(2)),
    ("mkdir", text(0)),
    ("mkdirat", text(1)),
    ("mknod", text(0)),
    ("mknodat", text(1)),
    ("chmod", text(0)),
    ("fchmodat", text(1)),
    ("chown", text(0)),
    ("lchown", text(0)),
    ("fchownat", text(1)),
    ("mount", text(1)),
    ("umount2", text(0)),
    ("connect", address(1, 2)),
    ("bind", address(1, 2)),
    ("sendto", address(4, 5)),
    ("sendmsg", entry::HEADER | 1 << 8),
    ("openat2", text(1) | entry::HOW | 2 << 12),
    ("execve", text(0) | entry::VECTOR | 1 << 12),
    ("execveat", text(1) | entry::VECTOR | 2 << 12),
];

/// Names of the tracepoints of the group `syscalls` at the entry of these calls: those of the kernel's functions.
pub(crate) fn entry_tracepoints(machine: Machine) -> impl Iterator<Item = String> {
    let names = READ.iter().filter(move |(name, _)| machine.call_of_name(name).is_some());
    names.map(|(name, _)| match *name {
        "umount2" => "sys_enter_umount".to_owned(),
        name => format!("sys_enter_{name}"),
    })
}

/// What is read at the entry, by the numbers of calls; of native calls only where their events are wanted. `opens`: of those that open
/// files, too.
pub(crate) fn entries(machine: Machine, wants: impl Fn(u16) -> bool, opens: bool) -> Vec<u32> {
    let mut entries = vec![0; row::EXEC as usize];
    for of_row in calls(machine) {
        let call = of_row.call;
        let name = SYSCALL_NAMES.get(usize::from(call.code)).copied().unwrap_or_default();
        let mut known = READ.iter().chain(OPENS.iter().filter(|_| opens));
        let read = known.find(|(read, _)| *read == name).map_or(0, |(_, read)| *read);
        if let Some(entry) = entries.get_mut(of_row.row as usize).filter(|_| wants(call.exit)) {
            *entry = read;
        }
    }
    for (number, native) in compat_calls(machine) {
        let is_read = entries.get(usize::from(native)).is_some_and(|read| read & entry::KIND != 0);
        if let Some(entry) = entries.get_mut(number as usize).filter(|_| is_read) {
            *entry |= entry::COMPAT;
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_wanted_is_read() {
        let machine = Machine::X86_64;
        let all = entries(machine, |_| true, true);
        let read = |entries: &[u32]| entries.iter().filter(|entry| **entry & entry::KIND != 0).count();
        assert_eq!(read(&all), READ.len() + OPENS.len(), "every name is one of a call");
        assert_eq!(read(&entries(machine, |_| true, false)), READ.len());
        // openat; getppid, which is iopl for 32-bit code; fstat, which is open.
        assert_eq!((all[257], all[110], all[5]), (text(1), 0, entry::COMPAT));
        assert!(entries(machine, |_| false, true).iter().all(|entry| *entry == 0));
    }

    #[test]
    fn calls_of_32_bit_code_are_read_on_aarch64() {
        let all = entries(Machine::Aarch64, |_| true, true);
        let read = all.iter().filter(|entry| **entry & entry::KIND != 0).count();
        assert_eq!(read, READ.len() + OPENS.len(), "rename, too, has a row there");
        // openat; connect of 32-bit code, whose number is that of no native call.
        assert_eq!((all[56], all[283]), (text(1), entry::COMPAT | all[283] & entry::KIND));
        assert!(entry_tracepoints(Machine::Aarch64).all(|name| name != "sys_enter_rename"));
        assert!(entry_tracepoints(Machine::X86_64).any(|name| name == "sys_enter_rename"));
    }
}

//! How numbers of system calls become numbers of the catalogue (reference flags.json): rows enter, the tables that the probe
//! follows leave. Values on the left are the kernel's (uapi headers), on the right the catalogue's.

use tercel_format::catalogue::Machine;
use tercel_probe_abi::{FlagTable, flags};

/// A translation of a number.
pub enum Translation {
    /// Sets of bits: each mask that the value contains adds its bits. A mask lies within one byte.
    Bits(&'static [(u32, u32)]),
    /// Fields of bits: where the bits of the mask have the value, others are added. A mask lies within one byte.
    Fields(&'static [(u32, u32, u32)]),
    /// Values: those below 256 and from the base on one by one, all others become the last number.
    Values {
        /// Pairs of value and translation.
        rows: &'static [(u32, u32)],
        /// First value of the second range.
        base: u32,
        /// Translation of all others.
        other: u32,
    },
    /// Values below a limit stay what they are, all others become the last number.
    Below {
        /// First value that does not stay what it is.
        limit: u32,
        /// Pairs of value and translation beyond that.
        rows: &'static [(u32, u32)],
        /// Translation of all others.
        other: u32,
    },
}

use Translation::{Below, Bits, Fields, Values};

macro_rules! translations {
    ($($name:ident = $number:expr, $rows:expr;)*) => {
        $(#[allow(missing_docs)] pub const $name: u8 = $number;)*
        /// Every table with its number; [`translation`] knows which of them differ on other machines than x86_64.
        pub static TABLES: &[(u8, Translation)] = &[$(($number, $rows)),*];
    };
}

translations! {
    OPEN = flags::OPEN, Fields(&[
        (3, 0, 1), (3, 1, 2), (3, 2, 3), (3, 3, 1), (0o100, 0o100, 1 << 2), (0o2000, 0o2000, 1 << 3),
        (0o10_000, 0o10_000, 1 << 4), (0o200, 0o200, 1 << 5), (0o4000, 0o4000, 1 << 6),
        (0o4_000_000, 0o4_000_000, 1 << 7), (0o1000, 0o1000, 1 << 8), (0o40_000, 0o40_000, 1 << 9),
        (0o200_000, 0o200_000, 1 << 10), (0o100_000, 0o100_000, 1 << 11), (0o2_000_000, 0o2_000_000, 1 << 12),
        (0o20_200_000, 0o20_200_000, 1 << 13),
    ]);
    POLL = flags::POLL, Bits(&[
        (1, 1), (2, 2), (4, 4), (0x2000, 8), (8, 0x10), (0x10, 0x20), (0x20, 0x40), (0x40, 0x80), (0x80, 0x100),
        (0x100, 0x200), (0x200, 0x400),
    ]);
    CLONE = flags::CLONE, Bits(&[
        (0x100, 1 << 15), (0x200, 2), (0x400, 1), (0x800, 1 << 11), (0x2000, 1 << 10), (0x4000, 1 << 27),
        (0x8000, 1 << 8), (0x1_0000, 1 << 13), (0x2_0000, 1 << 5), (0x4_0000, 1 << 12), (0x8_0000, 1 << 25),
        (0x10_0000, 1 << 9), (0x20_0000, 1 << 23), (0x80_0000, 1 << 14), (0x100_0000, 1 << 24),
        (0x200_0000, 1 << 28), (0x400_0000, 1 << 7), (0x800_0000, 1 << 3), (0x1000_0000, 1 << 20),
        (0x2000_0000, 1 << 6), (0x4000_0000, 1 << 4), (0x8000_0000, 1 << 2),
    ]);
    PTRACE = flags::PTRACE, Values {
        rows: &[
            (0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 7), (7, 8), (8, 9), (9, 10), (12, 26), (13, 27),
            (14, 28), (15, 29), (16, 11), (17, 12), (18, 30), (19, 31), (21, 32), (24, 13), (25, 33), (26, 34),
            (30, 35), (31, 36), (32, 37), (33, 38), (0x4200, 14), (0x4201, 15), (0x4202, 16), (0x4203, 17), (0x4204, 18), (0x4205, 19),
            (0x4206, 20), (0x4207, 21), (0x4208, 22), (0x4209, 23), (0x420a, 24), (0x420b, 25),
        ],
        base: 0x4200,
        other: 0,
    };
    SOCKOPT = flags::SOCKOPT, Below {
        limit: 51, rows: &[(55, 52), (57, 53), (59, 51), (66, 20), (67, 21)], other: 0,
    };
    SEMOP = flags::SEMOP, Bits(&[(0x800, 1), (0x1000, 2)]);
    FAMILY = flags::FAMILY, Below { limit: 46, rows: &[], other: 0 };
    DUP = 7, Bits(&[(0o2_000_000, 1 << 12)]);
    SOCKET = 8, Bits(&[(0o4000, 1 << 6), (0o2_000_000, 1 << 12)]);
    PIPE = 9, Bits(&[(0o4000, 1 << 6), (0o40_000, 1 << 9), (0o2_000_000, 1 << 12)]);
    TIMERFD = 10, Bits(&[(0o4000, 1 << 6)]);
    RESOLVE = 11, Bits(&[(1, 0x10), (2, 4), (4, 8), (8, 1), (0x10, 2), (0x20, 0x20)]);
    URING_SETUP = 12, Bits(&[(1, 1), (2, 2), (4, 8), (8, 0x10), (0x10, 0x20), (0x20, 0x40), (0x40, 0x80)]);
    URING_FEATURES = 13, Bits(&[
        (1, 1), (2, 2), (4, 4), (8, 8), (0x10, 0x10), (0x20, 0x20), (0x40, 0x40), (0x80, 0x80), (0x100, 0x100),
        (0x200, 0x200), (0x400, 0x400), (0x800, 0x800),
    ]);
    URING_ENTER = 14, Bits(&[(1, 1), (2, 2), (4, 4), (8, 8)]);
    URING_REGISTER = 15, Below { limit: 256, rows: &[], other: 0 };
    PROT = 16, Bits(&[(1, 1), (2, 2), (4, 4), (8, 8), (0x0100_0000, 0x10), (0x0200_0000, 0x20)]);
    MMAP = 17, Bits(&[
        (1, 1), (2, 2), (0x10, 4), (0x20, 8), (0x40, 0x10), (0x100, 0x200), (0x800, 0x400), (0x1000, 0x800),
        (0x2000, 0x4000), (0x4000, 0x40), (0x8000, 0x80), (0x1_0000, 0x100),
    ]);
    FCNTL = 18, Values {
        rows: &[
            (0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 8), (7, 9), (8, 10), (9, 12), (10, 13), (11, 15),
            (15, 21), (16, 22), (36, 30), (37, 31), (38, 32), (1024, 23), (1025, 24), (1026, 27), (1029, 25),
            (1030, 26), (1031, 28), (1032, 29),
        ],
        base: 1024,
        other: 0,
    };
    ACCESS = 19, Bits(&[(1, 1), (2, 2), (4, 4)]);
    RLIMIT = 20, Below { limit: 16, rows: &[], other: 0xff };
    SHUTDOWN = 21, Below { limit: 3, rows: &[], other: 0xff };
    WHENCE = 22, Below { limit: 5, rows: &[], other: 0 };
    FLOCK = 23, Bits(&[(1, 1), (2, 2), (4, 4), (8, 8)]);
    SEMGET = 24, Bits(&[(0o1000, 1 << 13), (0o2000, 1 << 14)]);
    SEMCTL = 25, Values {
        rows: &[
            (0, 4), (1, 2), (2, 1), (3, 8), (11, 0x100), (12, 0x200), (13, 0x40), (14, 0x80), (15, 0x400),
            (16, 0x1000), (17, 0x800), (18, 0x20), (19, 0x10),
        ],
        base: 256,
        other: 0,
    };
    FSCONFIG = 26, Below { limit: 256, rows: &[], other: 0 };
    MLOCKALL = 27, Bits(&[(1, 1), (2, 2), (4, 4)]);
    MLOCK = 28, Bits(&[(1, 1)]);
    MEMFD = 29, Bits(&[(1, 1), (2, 2), (4, 4)]);
    UNLINK = 30, Bits(&[(0x200, 0x200)]);
    LINK = 31, Bits(&[(0x400, 0x400), (0x1000, 0x1000)]);
    STAT = 32, Bits(&[(0x100, 0x100), (0x800, 0x800), (0x1000, 0x1000)]);
    CHOWN = 33, Bits(&[(0x100, 0x400), (0x1000, 0x1000)]);
    MODE = 34, Bits(&[
        (1, 1), (2, 2), (4, 4), (8, 8), (0x10, 0x10), (0x20, 0x20), (0x40, 0x40), (0x80, 0x80), (0x100, 0x100),
        (0x200, 0x200), (0x400, 0x400), (0x800, 0x800),
    ]);
    MKNOD = 35, Fields(&[
        (1, 1, 1), (2, 2, 2), (4, 4, 4), (8, 8, 8), (0x10, 0x10, 0x10), (0x20, 0x20, 0x20), (0x40, 0x40, 0x40),
        (0x80, 0x80, 0x80), (0x100, 0x100, 0x100), (0x200, 0x200, 0x200), (0x400, 0x400, 0x400),
        (0x800, 0x800, 0x800), (0xf000, 0, 0x8000), (0xf000, 0x1000, 0x1000), (0xf000, 0x2000, 0x2000),
        (0xf000, 0x6000, 0x6000), (0xf000, 0x8000, 0x8000), (0xf000, 0xc000, 0xc000),
    ]);
    UMOUNT = 36, Bits(&[(1, 1), (2, 2), (4, 4), (8, 8)]);
    EPOLL = 37, Bits(&[(0o2_000_000, 1)]);
    SPLICE = 38, Bits(&[(1, 1), (2, 2), (4, 4), (8, 8)]);
    PIDFD = 39, Bits(&[(0o4000, 1)]);
    FINIT = 40, Bits(&[(1, 1), (2, 2), (4, 4)]);
    DELETE_MODULE = 41, Bits(&[(0o1000, 1), (0o4000, 2)]);
    CLOSE_RANGE = 42, Bits(&[(2, 2), (4, 4)]);
    FUTEX = 43, Values {
        rows: &[
            (0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6), (7, 7), (8, 8), (9, 9), (10, 10), (11, 11),
            (12, 12), (128, 0x80), (129, 0x81), (130, 0x82), (131, 0x83), (132, 0x84), (133, 0x85), (134, 0x86),
            (135, 0x87), (136, 0x88), (137, 0x89), (138, 0x8a), (139, 0x8b), (140, 0x8c), (256, 0x100),
            (257, 0x101), (258, 0x102), (259, 0x103), (260, 0x104), (261, 0x105), (262, 0x106), (263, 0x107),
            (264, 0x108), (265, 0x109), (266, 0x10a), (267, 0x10b), (268, 0x10c), (384, 0x180), (385, 0x181),
            (386, 0x182), (387, 0x183), (388, 0x184), (389, 0x185), (390, 0x186), (391, 0x187), (392, 0x188),
            (393, 0x189), (394, 0x18a), (395, 0x18b), (396, 0x18c),
        ],
        base: 256,
        other: 0,
    };
}

/// Tables that aarch64 has instead (arch/arm64/include/uapi/asm/fcntl.h); 32-bit code has the same ones. O_TMPFILE contains O_DIRECTORY, which
/// lies in another byte there.
static ON_AARCH64: &[(u8, Translation)] = &[
    (
        OPEN,
        Fields(&[
            (3, 0, 1),
            (3, 1, 2),
            (3, 2, 3),
            (3, 3, 1),
            (0o100, 0o100, 1 << 2),
            (0o2000, 0o2000, 1 << 3),
            (0o10_000, 0o10_000, 1 << 4),
            (0o200, 0o200, 1 << 5),
            (0o4000, 0o4000, 1 << 6),
            (0o4_000_000, 0o4_000_000, 1 << 7),
            (0o1000, 0o1000, 1 << 8),
            (0o200_000, 0o200_000, 1 << 9),
            (0o40_000, 0o40_000, 1 << 10),
            (0o400_000, 0o400_000, 1 << 11),
            (0o2_000_000, 0o2_000_000, 1 << 12),
            (0o20_000_000, 0o20_000_000, 1 << 13),
        ]),
    ),
    (PIPE, Bits(&[(0o4000, 1 << 6), (0o200_000, 1 << 9), (0o2_000_000, 1 << 12)])),
];

/// The table of a number on a machine.
pub fn translation(machine: Machine, number: u8) -> Option<&'static Translation> {
    let own = match machine {
        Machine::X86_64 => &[],
        Machine::Aarch64 => ON_AARCH64,
    };
    own.iter().chain(TABLES).find(|(table, _)| *table == number).map(|(_, translation)| translation)
}

/// Flags of an open on a machine, as the catalogue has them.
pub fn open_flags(machine: Machine, value: u32) -> u32 {
    let Some(Fields(rows)) = translation(machine, OPEN) else { return 0 };
    rows.iter().filter(|(mask, wanted, _)| value & mask == *wanted).fold(0, |shown, (_, _, to)| shown | to)
}

impl Translation {
    /// What a number becomes; the probe follows [`Translation::table`] to the same end.
    pub fn translate(&self, value: u32) -> u32 {
        let table = self.table();
        let entry = |part: usize, value: u32| table.tables[part].get(value as usize).copied();
        match self {
            Bits(_) | Fields(_) => (0..4)
                .filter_map(|byte| entry(byte, value >> (8 * byte) & 0xff))
                .fold(0, |bits, found| bits | found),
            _ if value < 256 => entry(0, value).unwrap_or(table.other),
            _ => entry(1, value.wrapping_sub(table.base)).unwrap_or(table.other),
        }
    }

    /// The table as the probe wants it.
    pub fn table(&self) -> FlagTable {
        let mut table = FlagTable { base: 256, other: 0, tables: [[0; 256]; 4] };
        match self {
            Bits(rows) => add_up(&mut table, rows.iter().map(|(mask, to)| (*mask, *mask, *to))),
            Fields(rows) => add_up(&mut table, rows.iter().copied()),
            Values { rows, base, other } => {
                table.base = *base;
                table.other = *other;
                table.tables[0] = [*other; 256];
                table.tables[1] = [*other; 256];
                fill(&mut table, rows);
            }
            Below { limit, rows, other } => {
                table.other = *other;
                for (value, entry) in table.tables[0].iter_mut().enumerate() {
                    *entry = if (value as u32) < *limit { value as u32 } else { *other };
                }
                table.tables[1] = [*other; 256];
                fill(&mut table, rows);
            }
        }
        table
    }
}

fn fill(table: &mut FlagTable, rows: &[(u32, u32)]) {
    for (from, to) in rows {
        let (part, index) = if *from < 256 { (0, *from) } else { (1, from.wrapping_sub(table.base)) };
        if let Some(entry) = table.tables[part].get_mut(index as usize) {
            *entry = *to;
        }
    }
}

/// Enters what each value of each byte adds.
fn add_up(table: &mut FlagTable, rows: impl Iterator<Item = (u32, u32, u32)>) {
    for (mask, wanted, to) in rows {
        for (byte, part) in
            table.tables.iter_mut().enumerate().filter(|(byte, _)| mask >> (8 * byte) & 0xff != 0)
        {
            for (value, entry) in part.iter_mut().enumerate() {
                if (value as u32) << (8 * byte) & mask == wanted {
                    *entry |= to;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translate(number: u8, value: u32) -> u32 {
        translation(Machine::X86_64, number).expect("a table of this number").translate(value)
    }

    #[test]
    fn numbers_become_those_of_the_catalogue() {
        for (table, value, shown) in [
            (OPEN, 0, 1),
            (OPEN, 2, 3),
            (OPEN, 0o101, 0b110),
            (OPEN, 0o200_000, 1 | 1 << 10),
            (OPEN, 0o20_200_002, 3 | 1 << 10 | 1 << 13),
            (OPEN, 0o2_000_000, 1 | 1 << 12),
            (OPEN, 0o4_010_001, 2 | 1 << 4 | 1 << 7),
            (OPEN, 0o1000, 1 | 1 << 8),
            (MKNOD, 0o644, 0x8000 | 0o644),
            (MKNOD, 0o020_600, 0x2000 | 0o600),
            (CLONE, 0x8000_0100, 1 << 15 | 1 << 2),
            (FCNTL, 1030, 26),
            (FCNTL, 500, 0),
            (FCNTL, 2000, 0),
            (PTRACE, 0x4206, 20),
            (RLIMIT, 7, 7),
            (RLIMIT, 99, 0xff),
            (FAMILY, 10, 10),
            (SOCKOPT, 66, 20),
            (FUTEX, 129, 0x81),
        ] {
            assert_eq!(translate(table, value), shown, "table {table}, value {value:#o}");
        }
    }

    #[test]
    fn flags_of_an_open_are_those_of_the_machine() {
        for (machine, value, shown) in [
            (Machine::X86_64, 0o200_000, 1 | 1 << 10),
            (Machine::Aarch64, 0o200_000, 1 | 1 << 9),
            (Machine::Aarch64, 0o40_000, 1 | 1 << 10),
            (Machine::Aarch64, 0o20_040_002, 3 | 1 << 10 | 1 << 13),
            (Machine::Aarch64, 0o400_000, 1 | 1 << 11),
        ] {
            assert_eq!(open_flags(machine, value), shown, "{machine:?} {value:#o}");
            let table = translation(machine, OPEN).expect("a table");
            assert_eq!(table.translate(value), shown, "{machine:?} {value:#o}");
        }
    }

    #[test]
    fn tables_stand_at_their_numbers() {
        for (index, (number, _)) in TABLES.iter().enumerate() {
            assert_eq!(index, usize::from(*number));
        }
        assert!(TABLES.len() <= flags::COUNT as usize);
    }

    #[test]
    fn masks_lie_within_one_byte() {
        for (number, translation) in TABLES.iter().chain(ON_AARCH64) {
            let masks: Vec<u32> = match translation {
                Bits(rows) => rows.iter().map(|row| row.0).collect(),
                Fields(rows) => rows.iter().map(|row| row.0).collect(),
                Values { .. } | Below { .. } => continue,
            };
            for mask in masks {
                assert!(
                    (0..4).any(|byte| mask & !(0xff << (8 * byte)) == 0),
                    "table {number}, mask {mask:#x}"
                );
            }
        }
    }
}

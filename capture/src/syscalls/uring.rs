//! Operations of io_uring as system calls: for every operation the call that does the same, and where its arguments lie in the kernel's
//! request. Rows of calls enter, rows for operations leave: names and addresses are the kernel's copies, not the caller's memory.

use tercel_format::catalogue::Machine;
use tercel_probe_abi::uring::{ALWAYS_ADDRESS, CLOSES, FD, HEADER, OPENS, OPERATIONS as ROOM, POSITION};
use tercel_probe_abi::{Param, kind, row, step};

use super::{NO_NUMBER, Row, native};

/// An operation.
pub(crate) struct Op {
    /// Its number (linux/io_uring.h, enum io_uring_op).
    pub(crate) number: u8,
    /// Its name there, after `IORING_OP_`.
    pub(crate) name: &'static str,
    /// Number on x86_64 of the call that does the same.
    pub(crate) call: u16,
    /// The same for one that reads or writes at the file's own position.
    pub(crate) own_position: Option<u16>,
    /// Bits of [`tercel_probe_abi::uring`].
    pub(crate) flags: u32,
    /// Numbers: argument, bytes, path in BTF.
    pub(crate) loads: &'static [(u8, u8, &'static str)],
    /// Names: argument, path in BTF.
    pub(crate) names: &'static [(u8, &'static str)],
    /// Argument that the address becomes, and the one where it lies in user memory.
    pub(crate) address: Option<(u8, u8)>,
}

impl Op {
    const fn new(number: u8, name: &'static str, call: u16) -> Op {
        Op { number, name, call, own_position: None, flags: 0, loads: &[], names: &[], address: None }
    }

    const fn flags(mut self, flags: u32) -> Op {
        self.flags = flags;
        self
    }

    const fn loads(mut self, loads: &'static [(u8, u8, &'static str)]) -> Op {
        self.loads = loads;
        self
    }

    const fn names(mut self, names: &'static [(u8, &'static str)]) -> Op {
        self.names = names;
        self
    }

    const fn address(mut self, argument: u8, from: u8) -> Op {
        self.address = Some((argument, from));
        self
    }

    /// Reads or writes a file or socket.
    const fn transfer(number: u8, name: &'static str, at: u16, own: u16) -> Op {
        let mut op = Op::new(number, name, at).flags(FD | POSITION).loads(&[
            (1, 8, "io_rw.addr"),
            (2, 4, "io_rw.len"),
            (3, 8, "io_rw.kiocb.ki_pos"),
        ]);
        op.own_position = Some(own);
        op
    }
}

/// The file of the request is argument 2, not 0.
const FD_IS_2: u32 = 2 << 24;
const SLOT: u8 = 13;

/// Every operation that is recorded. Those without loads become the generic event.
#[rustfmt::skip]
pub(crate) static OPERATIONS: &[Op] = &[
    Op::transfer(1, "READV", 295, 19),
    Op::transfer(2, "WRITEV", 296, 20),
    Op::new(3, "FSYNC", 74),
    Op::transfer(4, "READ_FIXED", 17, 0),
    Op::transfer(5, "WRITE_FIXED", 18, 1),
    Op::new(8, "SYNC_FILE_RANGE", 277),
    Op::new(9, "SENDMSG", 46).flags(FD | HEADER).loads(&[(1, 8, "io_sr_msg.umsg")]).address(8, 1),
    Op::new(10, "RECVMSG", 47).flags(FD).loads(&[(1, 8, "io_sr_msg.umsg")]),
    Op::new(13, "ACCEPT", 288).flags(FD | OPENS).loads(&[(3, 4, "io_accept.flags"), (SLOT, 4, "?io_accept.file_slot")]),
    Op::new(16, "CONNECT", 42).flags(FD | ALWAYS_ADDRESS).loads(&[(1, 8, "io_connect.addr"), (2, 4, "io_connect.addr_len")]).address(1, 1),
    Op::new(17, "FALLOCATE", 285),
    Op::new(18, "OPENAT", 257).flags(OPENS)
        .loads(&[(0, 4, "io_open.dfd"), (2, 8, "io_open.how.flags"), (3, 8, "io_open.how.mode"), (SLOT, 4, "?io_open.file_slot")])
        .names(&[(1, "io_open.filename")]),
    Op::new(19, "CLOSE", 3).flags(CLOSES).loads(&[(0, 4, "io_close.fd"), (SLOT, 4, "?io_close.file_slot")]),
    Op::new(21, "STATX", 332),
    Op::transfer(22, "READ", 17, 0),
    Op::transfer(23, "WRITE", 18, 1),
    Op::new(24, "FADVISE", 221),
    Op::new(25, "MADVISE", 28),
    Op::new(26, "SEND", 44).flags(FD)
        .loads(&[(1, 8, "io_sr_msg.buf"), (2, 4, "io_sr_msg.len"), (4, 8, "?io_sr_msg.addr"), (5, 2, "?io_sr_msg.addr_len")]).address(4, 4),
    Op::new(27, "RECV", 45).flags(FD).loads(&[(1, 8, "io_sr_msg.buf"), (2, 4, "io_sr_msg.len")]),
    Op::new(28, "OPENAT2", 437).flags(OPENS)
        .loads(&[(0, 4, "io_open.dfd"), (2, 8, "io_open.how.flags"), (3, 8, "io_open.how.mode"), (12, 8, "io_open.how.resolve"),
            (SLOT, 4, "?io_open.file_slot")])
        .names(&[(1, "io_open.filename")]),
    Op::new(29, "EPOLL_CTL", 233),
    Op::new(30, "SPLICE", 275).flags(FD | FD_IS_2).loads(&[(0, 4, "io_splice.splice_fd_in"), (4, 8, "io_splice.len"), (5, 4, "io_splice.flags")]),
    Op::new(33, "TEE", 276),
    Op::new(34, "SHUTDOWN", 48).flags(FD).loads(&[(1, 4, "io_shutdown.how")]),
    Op::new(35, "RENAMEAT", 316)
        .loads(&[(0, 4, "io_rename.old_dfd"), (2, 4, "io_rename.new_dfd"), (4, 4, "io_rename.flags")])
        .names(&[(1, "io_rename.oldpath"), (3, "io_rename.newpath")]),
    Op::new(36, "UNLINKAT", 263).loads(&[(0, 4, "io_unlink.dfd"), (2, 4, "io_unlink.flags")]).names(&[(1, "io_unlink.filename")]),
    Op::new(37, "MKDIRAT", 258).loads(&[(0, 4, "io_mkdir.dfd"), (2, 2, "io_mkdir.mode")]).names(&[(1, "io_mkdir.filename")]),
    Op::new(38, "SYMLINKAT", 266).loads(&[(1, 4, "io_symlink.new_dfd|io_link.new_dfd")])
        .names(&[(0, "io_symlink.oldpath|io_link.oldpath"), (2, "io_symlink.newpath|io_link.newpath")]),
    Op::new(39, "LINKAT", 265)
        .loads(&[(0, 4, "io_hardlink.old_dfd|io_link.old_dfd"), (2, 4, "io_hardlink.new_dfd|io_link.new_dfd"),
            (4, 4, "io_hardlink.flags|io_link.flags")])
        .names(&[(1, "io_hardlink.oldpath|io_link.oldpath"), (3, "io_hardlink.newpath|io_link.newpath")]),
    Op::new(41, "FSETXATTR", 190),
    Op::new(42, "SETXATTR", 188),
    Op::new(43, "FGETXATTR", 193),
    Op::new(44, "GETXATTR", 191),
    Op::new(45, "SOCKET", 41).flags(OPENS)
        .loads(&[(0, 4, "io_socket.domain"), (1, 4, "io_socket.type"), (2, 4, "io_socket.protocol"), (SLOT, 4, "?io_socket.file_slot")]),
    Op::new(47, "SEND_ZC", 44).flags(FD)
        .loads(&[(1, 8, "io_sr_msg.buf"), (2, 4, "io_sr_msg.len"), (4, 8, "?io_sr_msg.addr"), (5, 2, "?io_sr_msg.addr_len")]).address(4, 4),
    Op::new(48, "SENDMSG_ZC", 46).flags(FD | HEADER).loads(&[(1, 8, "io_sr_msg.umsg")]).address(8, 1),
    Op::transfer(49, "READ_MULTISHOT", 17, 0),
    Op::new(55, "FTRUNCATE", 77),
    Op::new(56, "BIND", 49).flags(FD | ALWAYS_ADDRESS).loads(&[(2, 4, "io_bind.addr_len")]).address(1, 1),
    Op::new(57, "LISTEN", 50).flags(FD).loads(&[(1, 4, "io_listen.backlog")]),
    Op::new(59, "EPOLL_WAIT", 232).loads(&[(2, 4, "io_epoll_wait.maxevents")]),
    Op::transfer(60, "READV_FIXED", 295, 19),
    Op::transfer(61, "WRITEV_FIXED", 296, 20),
    Op::new(62, "PIPE", 293).loads(&[(0, 8, "io_pipe.fds"), (1, 4, "io_pipe.flags")]),
];

/// The rows of all operations, made from those of the calls. What has no event of its own has the number that the call has on the machine.
pub(super) fn rows(machine: Machine) -> Vec<Row> {
    let made = |op: &Op, call: u16, number: u32| {
        let call = Machine::X86_64.call(call)?;
        let own = machine.call_of_code(call.code).map_or(NO_NUMBER, |call| call.number);
        let row = native(0, call, own);
        let words = row.words.iter().map(|word| as_request(*word, op)).collect();
        Some(Row { row: row::URING + number, event: row.event, wanted: row.wanted, words })
    };
    OPERATIONS
        .iter()
        .flat_map(|op| {
            let number = u32::from(op.number);
            let own = op.own_position.and_then(|call| made(op, call, ROOM + number));
            [made(op, op.call, number), own]
        })
        .flatten()
        .collect()
}

/// A word of a call's row for the request of an operation.
fn as_request(word: Param, op: &Op) -> Param {
    let has_address = op.address.is_some();
    match (word.kind, word.arg) {
        (kind::STR, _) => Param { kind: kind::KERNEL_STR, ..word },
        // Flags and mode were read by the kernel.
        (kind::STEP, step::OPENED) => Param { map: 2, width: 3, value: 4, ..word },
        (kind::STEP, step::SOCKADDR | step::MSGHDR) if has_address => Param { value: 1, ..word },
        // The result of a call that opens a socket is its fd; of others the kernel says the file.
        (kind::STEP, step::TUPLE) if word.map != u8::MAX => {
            Param { value: word.value | 1024 | if has_address { 512 } else { 0 }, ..word }
        }
        _ => word,
    }
}

//! What the kernel side and the user side of the probe agree on: the offsets of kernel fields, the rows that say how a
//! system call becomes an event, and the counters. It is compiled into both sides and must not use anything that either
//! side lacks.
#![no_std]

mod extras;
mod offsets;
pub mod step;
pub mod uring;

pub use extras::{ITEM, beside, fact, item};
pub use offsets::{MISSING, Offsets, PATHS};

/// What the probe is told once, before it is loaded.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Config {
    /// Nanoseconds to add to the boot clock to get the time since the epoch.
    pub epoch: u64,
    /// Thread group whose system calls are not recorded: the recorder.
    pub own_tgid: u32,
    /// Bytes of a read or written buffer that are kept.
    pub snaplen: u32,
    /// Not 0: the kernel tells programs the types of the running task and of its registers, which are then read without
    /// helpers (`bpf_task_pt_regs`, Linux 5.15).
    pub typed: u32,
    /// Not 0: programs may meet on a CPU, and the scratch space has to be guarded.
    pub guarded: u32,
    /// Bits of [`scope`]; 0: every process is recorded.
    pub scope: u32,
    /// Bytes of the arguments of a process that are kept, with the name that it was started by, and of its environment.
    pub max_args: u32,
    /// Number of the host's mount namespace; 0 if it is not known.
    pub host_mounts: u32,
    /// Not 0: arguments are read at the entry of calls, too.
    pub entries: u32,
    /// Not 0: events say how long their calls took.
    pub latency: u32,
    /// Not 0: entries are seen by tracepoints of single calls.
    pub each: u32,
    /// Not 0: functions of the kernel may tell what is about to be removed or renamed.
    pub hooked: u32,
    /// First scratch space of programs at functions of the kernel; 0: they use those of classic programs.
    pub hook_scratch: u32,
}

impl Config {
    /// A configuration that records nothing useful; user space replaces it.
    pub const UNSET: Config = Config {
        epoch: 0,
        own_tgid: 0,
        snaplen: 80,
        typed: 0,
        guarded: 1,
        scope: 0,
        max_args: 4096,
        host_mounts: 0,
        entries: 0,
        latency: 0,
        each: 0,
        hooked: 0,
        hook_scratch: 0,
    };
}

/// Rows of the table of calls: 0 to 511 are native system calls, the others follow.
pub mod row {
    /// A successful `execve` or `execveat`, seen from the scheduler.
    pub const EXEC: u32 = 512;
    /// The end of a thread.
    pub const PROCEXIT: u32 = 513;
    /// A signal that is being delivered.
    pub const SIGNAL: u32 = 514;
    /// First row for 32-bit calls that no native call corresponds to.
    pub const COMPAT: u32 = 520;
    /// In the table of 32-bit calls, the first entry for the calls of `socketcall`.
    pub const SOCKETCALL: u32 = 512;
    /// First row for operations of io_uring, by their numbers, and after them for those that read or write at the file's own position.
    pub const URING: u32 = 544;
    /// Number of rows.
    pub const COUNT: u32 = URING + 2 * super::uring::OPERATIONS;
    /// The call is not recorded.
    pub const NONE: u16 = u16::MAX;
}

/// Bits that say when a call is recorded.
pub mod want {
    /// It is recorded.
    pub const YES: u32 = 1;
    /// Only where it does not return 0; success is seen elsewhere (`execve`; on aarch64 a new task's side of the call that made it).
    pub const FAILURES: u32 = 2;
    /// It is recorded of processes out of scope, too.
    pub const OF_OTHERS: u32 = 4;
    /// Of a process that has had its share, it is not recorded.
    pub const FAIRLY: u32 = 8;
    /// Its event holds constants only: the row has the event itself, from the word with its length on, in place of a program.
    pub const CONSTANT: u32 = 16;
}

/// Words that a row has room for, and most parameters of an event; `execve` needs the most. A power of two.
pub const MAX_WORDS: usize = 32;
/// Most words of a row that the interpreter goes through: those that a step has added are no words of their own.
pub const MOST_WORDS: usize = 16;

/// Bits of [`Config::scope`].
pub mod scope {
    /// Only processes in the map `SCOPE` are recorded, once the switch is on, and of others the calls that are wanted of them too.
    pub const LIMITED: u32 = 1;
    /// What a process in the map starts enters it.
    pub const DESCENDANTS: u32 = 2;
    /// What the recorder starts enters it.
    pub const CHILDREN: u32 = 4;
}

/// How many of the events marked [`want::FAIRLY`] a process may make.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Share {
    /// Nanoseconds from one event to the next.
    pub interval: u64,
    /// Nanoseconds that a process may be ahead.
    pub burst: u64,
}

/// What the probe knows of a process that makes such events.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Throttled {
    /// When its next event is due, on the boot clock.
    pub due: u64,
    /// Events that were left out.
    pub events: u64,
}

/// How one kind of event is put together.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Call {
    /// Event code of the catalogue.
    pub event: u16,
    /// Number of parameters of the event.
    pub nparams: u8,
    /// Number of words in use below.
    pub words: u8,
    /// Bits of [`want`]; 0: the call is not recorded.
    pub wanted: u32,
    /// The parameters in order, with the steps that prepare them between them.
    pub program: [Param; MAX_WORDS],
}

/// How one parameter is made, or a step. Read by the probe as one 64-bit word.
#[repr(C, align(8))]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Param {
    /// One of [`kind`].
    pub kind: u8,
    /// Which argument: 0 to 5 are the call's, the others are worked out by steps. For [`kind::STEP`], which step.
    pub arg: u8,
    /// Bytes on the wire, for numbers.
    pub width: u8,
    /// Row of the table of flags, or a second argument.
    pub map: u8,
    /// A constant, or what a step needs to know.
    pub value: u32,
}

/// Kinds of parameters.
pub mod kind {
    /// Length 0.
    pub const EMPTY: u8 = 0;
    /// The return value, 8 bytes.
    pub const RET: u8 = 1;
    /// The low `width` bytes of an argument.
    pub const INT: u8 = 2;
    /// The low 32 bits of an argument, extended by their sign to 8 bytes: fds, pids.
    pub const SIGNED: u8 = 3;
    /// The constant `value`.
    pub const CONST: u8 = 4;
    /// An argument's bits translated by the table `map`.
    pub const BITS: u8 = 5;
    /// An argument's value translated by the table `map`.
    pub const ENUM: u8 = 6;
    /// A string in user memory.
    pub const STR: u8 = 7;
    /// A string in user memory, kept only where the call succeeded.
    pub const STR_OK: u8 = 8;
    /// A buffer in user memory that the call has filled: as many bytes as it returned, at most the snap length.
    pub const DATA_IN: u8 = 9;
    /// A buffer in user memory that the call has consumed: `map` is the argument with its size.
    pub const DATA_OUT: u8 = 10;
    /// The program of this number goes on; it adds one parameter or more, or works out arguments and adds none.
    pub const STEP: u8 = 11;
    /// Added by the step before; nothing to do.
    pub const COVERED: u8 = 12;
    /// The return value's low 32 bits: extended by their sign where `width` is 8, else 4 bytes.
    pub const RET32: u8 = 13;
    /// A string in kernel memory, whose address is an argument.
    pub const KERNEL_STR: u8 = 14;
    /// What the call returned as a size of 4 bytes; 0 if it failed.
    pub const SIZE: u8 = 15;
    /// Nanoseconds from two arguments: seconds and the rest.
    pub const TIME: u8 = 16;
}

/// What is read at the entry of a call: a kind, 256 times the argument with it, 4096 times a second argument.
pub mod entry {
    /// Bits of the kind.
    pub const KIND: u32 = 3;
    /// A text; with [`SECOND`] a second one.
    pub const TEXT: u32 = 1;
    /// An address, whose length is the second argument.
    pub const ADDRESS: u32 = 2;
    /// An address that a message header names.
    pub const HEADER: u32 = 3;
    /// The second argument is a text, too.
    pub const SECOND: u32 = 4;
    /// The second argument is a vector of texts.
    pub const VECTOR: u32 = 16;
    /// The second argument is a `struct open_how`.
    pub const HOW: u32 = 32;
    /// What the thread was about to remove or rename before is out of date.
    pub const HOOKED: u32 = 64;
    /// A 32-bit call of this number reads something.
    pub const COMPAT: u32 = 8;
}

/// Tables of flags that steps use by themselves, and the room for tables.
pub mod flags {
    /// Flags of an open.
    pub const OPEN: u8 = 0;
    /// Events of a poll.
    pub const POLL: u8 = 1;
    /// Flags of a clone.
    pub const CLONE: u8 = 2;
    /// Requests of `ptrace`.
    pub const PTRACE: u8 = 3;
    /// Options of a socket.
    pub const SOCKOPT: u8 = 4;
    /// Operations of `semop`.
    pub const SEMOP: u8 = 5;
    /// Families of sockets.
    pub const FAMILY: u8 = 6;
    /// Number of tables.
    pub const COUNT: u32 = 64;
}

/// A translation of numbers. For [`kind::BITS`] one table per byte of the value, whose entries are added up by OR. For
/// [`kind::ENUM`] the first table holds values below 256, the second those from `base` on; all others become `other`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct FlagTable {
    /// First value of the second table.
    pub base: u32,
    /// What every other value becomes.
    pub other: u32,
    /// Entries.
    pub tables: [[u32; 256]; 4],
}

/// Counters that every CPU keeps.
pub mod stat {
    /// Events lost because the ring was full.
    pub const FULL: usize = 0;
    /// Events lost because another program held the CPU's scratch space.
    pub const BUSY: usize = 1;
    /// Events lost because they were larger than an event may be.
    pub const LARGE: usize = 2;
    /// Events lost because a step was not there; a fault of the probe.
    pub const LOST: usize = 3;
    /// Parameters that were cut: paths, arguments and variables beyond their limit.
    pub const CUT: usize = 4;
    /// Events left out because their process had had its share.
    pub const THROTTLED: usize = 5;
    /// Number of counters.
    pub const COUNT: usize = 8;
}

/// Bytes of an event of two constants of 2 bytes each ([`want::CONSTANT`]).
pub const CONSTANT: usize = HEADER + 2 * 2 + 2 * 2;

/// Bytes of an event's header: time, tid, length, code, number of parameters (reference C3).
pub const HEADER: usize = 26;

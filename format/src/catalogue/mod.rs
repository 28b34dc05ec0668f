//! The event catalogue: the name of every event code, its parameters, and how they are written.
//!
//! What enters is only the tables below; what leaves are static descriptions that the reader, the state engine,
//! the fields and the documentation share. The catalogue must not know about files, threads or rules.
//! Source: reference events.json, types.json and flags.json (libs 48dfd53cd23f, schema 4.5.1).

mod aarch64;
mod events;
mod flags;
mod machine;
pub mod syscalls;
mod types;

pub use events::{EVENTS, code};
pub use machine::Machine;
pub use types::{ParamType, PrintFormat, Width};

/// One row of the catalogue: an event code and what it carries.
#[derive(Debug)]
pub struct EventInfo {
    /// Event code; even codes record the entry of a system call, odd codes its exit (reference C10).
    pub code: u16,
    /// Name as rules and alerts print it, for example `openat`.
    pub name: &'static str,
    /// What the event is about.
    pub category: Category,
    /// Where events of this code come from.
    pub source: EventSource,
    /// What else is known of all events of this code.
    pub flags: EventFlags,
    /// Parameters of the newest schema, in order.
    pub params: &'static [ParamInfo],
}

impl EventInfo {
    /// Whether every one of these flags is set.
    pub const fn has(&self, flags: EventFlags) -> bool {
        self.flags.contains(flags)
    }

    /// Whether any of these flags is set.
    pub const fn any(&self, flags: EventFlags) -> bool {
        self.flags.intersects(flags)
    }

    /// Whether the event records an exit (odd codes) rather than an entry.
    pub const fn is_exit(&self) -> bool {
        self.code & 1 == 1
    }
}

/// The row of `code`, or `None` for a code that is newer than this catalogue.
pub fn event(code: u16) -> Option<&'static EventInfo> {
    EVENTS.get(usize::from(code))
}

/// One parameter of an event.
#[derive(Debug)]
pub struct ParamInfo {
    /// Name, as in `evt.arg.NAME`.
    pub name: &'static str,
    /// How the bytes are laid out.
    pub ty: ParamType,
    /// How a number is printed.
    pub format: PrintFormat,
    /// What else is needed to render the value.
    pub extra: Extra,
}

/// What rendering a parameter needs beyond its type.
#[derive(Debug, Clone, Copy)]
pub enum Extra {
    /// Nothing.
    None,
    /// Names of flags or enumerants.
    Flags(&'static FlagTable),
    /// The path is relative to the directory fd in the parameter of this index.
    DirFd(u8),
    /// The first byte selects one of these rows, the value follows.
    Dynamic(&'static [DynamicRow]),
}

/// A variant of a parameter of type [`ParamType::Dyn`].
#[derive(Debug)]
pub struct DynamicRow {
    /// Type of the value after the index byte.
    pub ty: ParamType,
    /// How a number is printed.
    pub format: PrintFormat,
}

/// Names for the bits or values of a parameter, in rendering order.
#[derive(Debug)]
pub struct FlagTable {
    /// Name of the table in the reference (flags.json).
    pub name: &'static str,
    /// Pairs of name and value.
    pub rows: &'static [(&'static str, u32)],
}

/// What an event is about (low bits of the reference's category number).
#[allow(missing_docs)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Category {
    Unknown = 0,
    Other = 1,
    File = 2,
    Net = 3,
    Ipc = 4,
    Memory = 5,
    Process = 6,
    Sleep = 7,
    System = 8,
    Signal = 9,
    User = 10,
    Time = 11,
    Processing = 12,
    IoRead = 32,
    IoWrite = 33,
    IoOther = 34,
    Wait = 64,
    Scheduler = 128,
    /// Internal events of the recorder.
    Internal = 0xff,
}

bitflags::bitflags! {
    /// Where events come from (reference events.json `category`, high bits).
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct EventSource: u16 {
        /// Of the recorder alone.
        const INTERNAL = 1 << 8;
        /// A system call.
        const SYSCALL = 1 << 9;
        /// A trace point of the kernel.
        const TRACEPOINT = 1 << 10;
        /// A plugin.
        const PLUGIN = 1 << 11;
        /// Not an event of the host, but about it or about the capture.
        const METAEVENT = 1 << 12;
        /// A BPF iterator.
        const ITER = 1 << 13;
    }

    /// What is known of all events of a code (reference events.json `flags`).
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct EventFlags: u16 {
        /// Success makes a new fd.
        const CREATES_FD = 1;
        /// Success closes an fd.
        const DESTROYS_FD = 1 << 1;
        /// Works on an fd.
        const USES_FD = 1 << 2;
        /// Reads from its fd.
        const READS_FROM_FD = 1 << 3;
        /// Writes to its fd.
        const WRITES_TO_FD = 1 << 4;
        /// The state engine needs it.
        const MODIFIES_STATE = 1 << 5;
        /// A code that was never used.
        const UNUSED = 1 << 6;
        /// The call may block.
        const WAITS = 1 << 7;
        /// Does not belong to a thread.
        const SKIP_PARSE_RESET = 1 << 8;
        /// Superseded: upgraded while reading.
        const OLD_VERSION = 1 << 9;
        /// Parameter lengths are 32 bits wide.
        const LARGE_PAYLOAD = 1 << 11;
        /// The upgrade table decides about events with fewer parameters than listed.
        const CONVERTER_MANAGED = 1 << 12;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_at_their_codes() {
        for (index, row) in EVENTS.iter().enumerate() {
            assert_eq!(usize::from(row.code), index, "{}", row.name);
        }
        assert_eq!(EVENTS.len(), 454);
        assert_eq!(EVENTS[usize::from(code::SYSCALL_OPENAT_2_X)].name, "openat");
    }

    #[test]
    fn directory_parameters_are_fds() {
        for row in EVENTS.iter() {
            for param in row.params {
                if let Extra::DirFd(index) = param.extra {
                    assert_eq!(
                        row.params[usize::from(index)].ty,
                        ParamType::Fd,
                        "{} {}",
                        row.name,
                        param.name
                    );
                }
            }
        }
    }
}

//! The records of a capture besides events: the host, and the processes, fds, interfaces and users that existed when it started
//! (reference scap-format section B). One struct per kind, for all versions of its block; fields that an old version lacks have the
//! defaults of B11.

use std::net::IpAddr;

use crate::catalogue::Machine;

/// One decoded block of a capture.
#[derive(Debug)]
pub enum Block<'a> {
    /// The start of a section: everything known so far is discarded (A5, A9).
    Section(Section),
    /// The host.
    Machine(MachineInfo),
    /// Processes and threads; several lists are joined.
    Processes(Vec<ProcessRecord>),
    /// Fds of one thread group; several lists are joined.
    Fds(FdList),
    /// Network interfaces; a later list replaces an earlier one.
    Interfaces(Vec<Interface>),
    /// Users and groups; a later list replaces an earlier one.
    Accounts(Vec<Account>),
    /// The state of another capture at the place where this one begins (FORMAT.md section 8).
    State(StateRecord),
    /// An event of the newest schema.
    Event(crate::Event<'a>),
}

/// Version numbers of a section header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section {
    /// Major version, 1.
    pub major: u16,
    /// Minor version, 0 to 2.
    pub minor: u16,
}

impl Section {
    /// The version that is written.
    pub const NEWEST: Section = Section { major: 1, minor: 2 };
}

/// The state that a section begins with, more exact than its lists. A block of tercel's own, which other readers of captures
/// skip.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StateRecord {
    /// Section headers before the place in the capture that this one is a part of.
    pub sections: u64,
    /// Number of the last event before it.
    pub counted: u64,
    /// The state, as the state engine writes it. Readers of other versions use the lists.
    pub state: Vec<u8>,
}

/// The recorded host (B2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MachineInfo {
    /// Number of CPUs.
    pub cpus: u32,
    /// Memory in bytes.
    pub memory: u64,
    /// Largest pid plus one.
    pub max_pid: u64,
    /// Host name.
    pub hostname: Vec<u8>,
    /// Boot time in nanoseconds since the epoch, 0 if unknown.
    pub boot_ts: u64,
    /// Flags as written: the lower bits are those of the reference, the upper 16 say the machine ([`MachineInfo::machine`]).
    pub flags: u64,
}

impl MachineInfo {
    /// The machine by its number in ELF files, which is in the upper 16 bits of the flags; captures of other programs have
    /// 0 there, and count as x86_64.
    pub fn machine(&self) -> Machine {
        Machine::from_elf_number((self.flags >> 48) as u16).unwrap_or_default()
    }

    /// The flags that say a machine.
    pub const fn flags_of(machine: Machine) -> u64 {
        (machine.elf_number() as u64) << 48
    }
}

/// One process or thread (B5 to B13).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessRecord {
    /// Thread id.
    pub tid: i64,
    /// Thread group id.
    pub pid: i64,
    /// Thread id of the parent.
    pub ptid: i64,
    /// Session, -1 if unknown.
    pub sid: i64,
    /// Process group in the pid namespace, -1 if unknown.
    pub vpgid: i64,
    /// Process group on the host, -1 if unknown.
    pub pgid: i64,
    /// Name.
    pub comm: Vec<u8>,
    /// argv\[0\].
    pub exe: Vec<u8>,
    /// Path of the executable.
    pub exepath: Vec<u8>,
    /// argv\[1..\], each ended by a NUL.
    pub args: Vec<u8>,
    /// Working directory.
    pub cwd: Vec<u8>,
    /// Limit of open fds.
    pub fdlimit: i64,
    /// `PPM_CL_*` bits.
    pub flags: u32,
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Virtual memory in kB.
    pub vmsize_kb: u32,
    /// Resident memory in kB.
    pub vmrss_kb: u32,
    /// Swapped memory in kB.
    pub vmswap_kb: u32,
    /// Major page faults.
    pub pfmajor: u64,
    /// Minor page faults.
    pub pfminor: u64,
    /// Environment, each variable ended by a NUL.
    pub env: Vec<u8>,
    /// Thread id in the pid namespace, -1 if unknown.
    pub vtid: i64,
    /// Thread group id in the pid namespace, -1 if unknown.
    pub vpid: i64,
    /// `subsystem=path`, each ended by a NUL.
    pub cgroups: Vec<u8>,
    /// Root directory.
    pub root: Vec<u8>,
    /// Start of the pid namespace's init, nanoseconds since the epoch; 0 if unknown.
    pub pidns_init_start_ts: u64,
    /// Controlling terminal, 0 for none.
    pub tty: u32,
    /// Audit user, `u32::MAX` for none.
    pub loginuid: u32,
    /// Capability sets.
    pub cap_inheritable: u64,
    /// Capability sets.
    pub cap_permitted: u64,
    /// Capability sets.
    pub cap_effective: u64,
    /// Executable: writable by its owner.
    pub exe_writable: bool,
    /// Executable: in the upper layer of an overlay.
    pub exe_upper_layer: bool,
    /// Executable: in a lower layer of an overlay.
    pub exe_lower_layer: bool,
    /// Executable: a memfd.
    pub exe_from_memfd: bool,
    /// Inode of the executable.
    pub exe_ino: u64,
    /// Its change time, nanoseconds since the epoch.
    pub exe_ino_ctime: u64,
    /// Its modification time, nanoseconds since the epoch.
    pub exe_ino_mtime: u64,
}

impl Default for ProcessRecord {
    fn default() -> ProcessRecord {
        ProcessRecord {
            tid: 0,
            pid: 0,
            ptid: 0,
            sid: -1,
            vpgid: -1,
            pgid: -1,
            comm: Vec::new(),
            exe: Vec::new(),
            exepath: Vec::new(),
            args: Vec::new(),
            cwd: Vec::new(),
            fdlimit: 0,
            flags: 0,
            uid: 0,
            gid: 0,
            vmsize_kb: 0,
            vmrss_kb: 0,
            vmswap_kb: 0,
            pfmajor: 0,
            pfminor: 0,
            env: Vec::new(),
            vtid: -1,
            vpid: -1,
            cgroups: Vec::new(),
            root: Vec::new(),
            pidns_init_start_ts: 0,
            tty: 0,
            loginuid: u32::MAX,
            cap_inheritable: 0,
            cap_permitted: 0,
            cap_effective: 0,
            exe_writable: false,
            exe_upper_layer: false,
            exe_lower_layer: false,
            exe_from_memfd: false,
            exe_ino: 0,
            exe_ino_ctime: 0,
            exe_ino_mtime: 0,
        }
    }
}

/// Fds of one process (B15).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FdList {
    /// Thread that they belong to.
    pub tid: i64,
    /// The fds.
    pub fds: Vec<FdRecord>,
}

/// One open fd (B15 to B18).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FdRecord {
    /// Number.
    pub fd: i64,
    /// Inode.
    pub ino: u64,
    /// `SCAP_FD_*` type code as written (scap-format.json `fd_types`).
    pub kind: u8,
    /// What is known of it, by kind.
    pub detail: FdDetail,
}

/// What is known of an fd. Addresses are in network order, ports are numbers, `l4` is a `scap_l4` code (B18).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FdDetail {
    /// Nothing (kind 0).
    None,
    /// A name (all kinds without another payload).
    Name(Vec<u8>),
    /// Kind 16: flags of the open, name, device.
    File {
        /// `PPM_O_*` bits.
        flags: u32,
        /// Path.
        name: Vec<u8>,
        /// Device number, 0 if unknown.
        dev: u32,
    },
    /// Kinds 3 and 4: a connected pair.
    Socket {
        /// Source address.
        sip: IpAddr,
        /// Destination address.
        dip: IpAddr,
        /// Source port.
        sport: u16,
        /// Destination port.
        dport: u16,
        /// Transport.
        l4: u8,
    },
    /// Kinds 5 and 6: a bound socket.
    Server {
        /// Address.
        ip: IpAddr,
        /// Port.
        port: u16,
        /// Transport.
        l4: u8,
    },
    /// Kind 8.
    Unix {
        /// Kernel address of this end.
        source: u64,
        /// Kernel address of the other end.
        destination: u64,
        /// Path.
        name: Vec<u8>,
    },
}

/// A network interface (B19).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Address.
    pub address: IpAddr,
    /// Net mask.
    pub netmask: IpAddr,
    /// Broadcast address.
    pub broadcast: IpAddr,
    /// Speed as written, 0 if the entry has none.
    pub linkspeed: u64,
    /// Name.
    pub name: Vec<u8>,
}

/// A user or a group (B21).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Account {
    /// A user.
    User {
        /// Number.
        uid: u32,
        /// Primary group.
        gid: u32,
        /// Name.
        name: Vec<u8>,
        /// Home directory.
        home: Vec<u8>,
        /// Login shell.
        shell: Vec<u8>,
    },
    /// A group.
    Group {
        /// Number.
        gid: u32,
        /// Name.
        name: Vec<u8>,
    },
}

/// Longest texts that readers accept, in bytes; longer ones are truncated where records are written (reference B12, B18, B20, B21).
pub mod longest {
    /// A path or name of a process.
    pub const PATH: usize = 1024;
    /// Arguments, an environment, cgroups.
    pub const LIST: usize = 4096;
    /// The name of an fd or an interface.
    pub const NAME: usize = 1023;
    /// The name, home directory or shell of an account.
    pub const CREDENTIAL: usize = 255;
}

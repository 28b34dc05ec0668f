//! Open fds: what is known of each.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{SocketInfo, Text};

/// What an fd refers to.
#[allow(missing_docs)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum FdKind {
    Unknown,
    File,
    FileV2,
    Directory,
    Ipv4,
    Ipv6,
    Ipv4Server,
    Ipv6Server,
    Fifo,
    Unix,
    Event,
    Unsupported,
    Signal,
    EventPoll,
    Inotify,
    Timer,
    Netlink,
    Bpf,
    Userfault,
    IoUring,
    Memfd,
    Pidfd,
}

impl FdKind {
    /// The kind of a `SCAP_FD_*` code; `None` for a code that is not known.
    pub(crate) const fn from_code(code: u8) -> Option<FdKind> {
        Some(match code {
            0 => FdKind::Unknown,
            1 => FdKind::File,
            2 => FdKind::Directory,
            3 => FdKind::Ipv4,
            4 => FdKind::Ipv6,
            5 => FdKind::Ipv4Server,
            6 => FdKind::Ipv6Server,
            7 => FdKind::Fifo,
            8 => FdKind::Unix,
            9 => FdKind::Event,
            10 => FdKind::Unsupported,
            11 => FdKind::Signal,
            12 => FdKind::EventPoll,
            13 => FdKind::Inotify,
            14 => FdKind::Timer,
            15 => FdKind::Netlink,
            16 => FdKind::FileV2,
            17 => FdKind::Bpf,
            18 => FdKind::Userfault,
            19 => FdKind::IoUring,
            20 => FdKind::Memfd,
            21 => FdKind::Pidfd,
            _ => return None,
        })
    }

    /// The `SCAP_FD_*` code of the kind.
    pub const fn code(self) -> u8 {
        match self {
            FdKind::Unknown => 0,
            FdKind::File => 1,
            FdKind::Directory => 2,
            FdKind::Ipv4 => 3,
            FdKind::Ipv6 => 4,
            FdKind::Ipv4Server => 5,
            FdKind::Ipv6Server => 6,
            FdKind::Fifo => 7,
            FdKind::Unix => 8,
            FdKind::Event => 9,
            FdKind::Unsupported => 10,
            FdKind::Signal => 11,
            FdKind::EventPoll => 12,
            FdKind::Inotify => 13,
            FdKind::Timer => 14,
            FdKind::Netlink => 15,
            FdKind::FileV2 => 16,
            FdKind::Bpf => 17,
            FdKind::Userfault => 18,
            FdKind::IoUring => 19,
            FdKind::Memfd => 20,
            FdKind::Pidfd => 21,
        }
    }
}

/// Transport protocol of a socket (`scap_l4`).
#[allow(missing_docs)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum L4 {
    Unknown,
    Na,
    Tcp,
    Udp,
    Icmp,
    Raw,
}

impl L4 {
    /// The protocol of a `scap_l4` code.
    pub(crate) const fn from_code(code: u8) -> L4 {
        match code {
            1 => L4::Na,
            2 => L4::Tcp,
            3 => L4::Udp,
            4 => L4::Icmp,
            5 => L4::Raw,
            _ => L4::Unknown,
        }
    }

    /// The `scap_l4` code of the protocol.
    pub const fn code(self) -> u8 {
        match self {
            L4::Unknown => 0,
            L4::Na => 1,
            L4::Tcp => 2,
            L4::Udp => 3,
            L4::Icmp => 4,
            L4::Raw => 5,
        }
    }
}

/// Which side of a connection the process is.
#[allow(missing_docs)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Role {
    None,
    Client,
    Server,
}

/// Addresses of a socket. Stored as client to server once the role is known (reference state 8.22, 9.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Endpoints {
    /// Source (client) address; the bound address of a server-kind socket is in `dip`.
    pub sip: IpAddr,
    /// Destination (server) address.
    pub dip: IpAddr,
    /// Source port.
    pub sport: u16,
    /// Destination port.
    pub dport: u16,
    /// Transport.
    pub l4: L4,
}

/// Facts about an fd that come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub(crate) struct FdFlags {
    /// The socket is connected.
    pub connected: bool,
    /// In the upper layer of an overlay.
    pub(crate) upper_layer: bool,
    /// In a lower layer of an overlay.
    pub(crate) lower_layer: bool,
}

/// What the kernel calls the file of an fd.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub(crate) enum RealPath {
    /// It was not asked.
    #[default]
    Unknown,
    /// The same as the fd is called.
    Named,
    /// Another path.
    Other {
        /// From the root of the host.
        #[serde(with = "super::bytes")]
        path: Text,
        /// From the root directory of the process that opened it; empty where that is the same.
        #[serde(with = "super::bytes")]
        inside: Text,
    },
}

/// One open fd.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fd {
    /// What it refers to.
    pub(crate) kind: FdKind,
    /// Path, tuple text or another name; may be empty.
    #[serde(with = "super::bytes")]
    pub name: Text,
    /// Path as the call gave it; empty if it was not opened by path.
    #[serde(with = "super::bytes")]
    pub(crate) raw_name: Text,
    /// `PPM_O_*` bits of the open (and close-on-exec bits of other kinds as reference state 8.11, 8.12 say).
    pub open_flags: u32,
    /// Device number as recorded.
    pub dev: u32,
    /// Inode.
    pub ino: u64,
    /// Side of the connection.
    pub(crate) role: Role,
    /// Addresses, for the four inet kinds.
    pub(crate) inet: Option<Endpoints>,
    /// Kernel addresses of a unix socket: source, destination.
    pub unix: Option<(u64, u64)>,
    /// Pid of a pidfd.
    pub pid: i64,
    /// What comes and goes.
    pub(crate) flags: FdFlags,
    /// What the kernel calls it.
    pub(crate) real: RealPath,
    /// Where `inet` and `unix` come from.
    pub(super) info: SocketInfo,
}

/// Close-on-exec of files and sockets (`PPM_O_CLOEXEC`).
pub(super) const O_CLOEXEC: u32 = 1 << 12;

/// Close-on-exec of an epoll instance or a memfd.
const OTHER_CLOEXEC: u32 = 1;

impl Fd {
    /// An entry of `kind` with a name and nothing else.
    pub(crate) fn new(kind: FdKind, name: Text) -> Fd {
        Fd {
            kind,
            name,
            raw_name: Text::default(),
            open_flags: 0,
            dev: 0,
            ino: 0,
            role: Role::None,
            inet: None,
            unix: None,
            pid: 0,
            flags: FdFlags::default(),
            real: RealPath::default(),
            info: SocketInfo::default(),
        }
    }

    /// Its path as the kernel has it, from the root of the host. `None` if the capture does not say.
    pub fn real_path(&self) -> Option<&Text> {
        match &self.real {
            RealPath::Unknown => None,
            RealPath::Named => Some(&self.name),
            RealPath::Other { path, .. } => Some(path),
        }
    }

    /// The same from the root directory of the process that opened it.
    pub fn real_path_inside(&self) -> Option<&Text> {
        match &self.real {
            RealPath::Other { inside, .. } if !inside.is_empty() => Some(inside),
            RealPath::Unknown | RealPath::Named | RealPath::Other { .. } => self.real_path(),
        }
    }

    /// What the kernel calls it, beside its name.
    pub(super) fn called(&self, path: &[u8], inside: Option<&[u8]>) -> RealPath {
        let inside = inside.filter(|inside| *inside != path).unwrap_or_default();
        let own = |text: &[u8]| if *text == *self.name { self.name.clone() } else { text.into() };
        if *path == *self.name && inside.is_empty() {
            RealPath::Named
        } else {
            RealPath::Other { path: own(path), inside: own(inside) }
        }
    }

    /// Whether this is what the kernel calls it, as is known already.
    pub(super) fn is_called(&self, path: &[u8], inside: Option<&[u8]>) -> bool {
        let inside = inside.filter(|inside| *inside != path).unwrap_or_default();
        match &self.real {
            RealPath::Unknown => false,
            RealPath::Named => *path == *self.name && inside.is_empty(),
            RealPath::Other { path: known, inside: other } => **known == *path && **other == *inside,
        }
    }

    /// Whether an exec closes it (reference state 5.9; as libs 0.26 does, which is the first version to do so).
    pub(crate) fn closes_on_exec(&self) -> bool {
        self.open_flags & O_CLOEXEC != 0
            || (matches!(self.kind, FdKind::EventPoll | FdKind::Memfd)
                && self.open_flags & OTHER_CLOEXEC != 0)
    }

    /// Sets or clears close-on-exec. The bit that epoll instances and memfds use is cleared for every kind, as in the
    /// reference (state 8.7).
    pub(super) fn set_close_on_exec(&mut self, on: bool) {
        self.open_flags = self.flags_after_dup(on);
    }

    /// The flags that a duplicate with or without close-on-exec has.
    pub(super) fn flags_after_dup(&self, cloexec: bool) -> u32 {
        let cleared = self.open_flags & !(O_CLOEXEC | OTHER_CLOEXEC);
        if cloexec { cleared | O_CLOEXEC } else { cleared }
    }

    /// Whether the kernel makes all fds of a kind close-on-exec (kernel/bpf/syscall.c, io_uring/io_uring.c, kernel/pid.c).
    pub(super) fn is_made_to_close(kind: FdKind) -> bool {
        matches!(kind, FdKind::Bpf | FdKind::IoUring | FdKind::Pidfd)
    }

    /// Whether it is an IPv4 or IPv6 socket that is not bound to listen.
    pub(super) fn is_pair(&self) -> bool {
        matches!(self.kind, FdKind::Ipv4 | FdKind::Ipv6)
    }

    /// Makes `inet` and `unix` say what the stored addresses and the kind say.
    pub(super) fn show_addresses(&mut self) {
        self.inet = self.info.endpoints(self.kind);
        self.unix = (self.kind == FdKind::Unix).then(|| self.info.unix());
    }
}

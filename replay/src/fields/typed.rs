//! What an event is about, in types: for those who count and sum instead of printing.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use tercel_format::catalogue::{EventFlags, Extra, ParamType, code};

use super::{Context, names, parameters};
use crate::state::path::concatenate;
use crate::state::{Fd, FdKind, L4, Role, Slot, Thread};

/// Whether bytes came in or went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// Read or received.
    In,
    /// Written or sent.
    Out,
}

/// What an fd refers to, as far as sums distinguish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FdClass {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// An IPv4 or IPv6 socket.
    Ip,
    /// A unix socket.
    Unix,
    /// A pipe.
    Pipe,
    /// Anything else.
    Other,
}

/// The side of a connection that a process is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SocketRole {
    /// It connected.
    Client,
    /// It accepted.
    Server,
    /// It waits for connections.
    Listener,
    /// Neither is known, as for most datagram sockets.
    Unknown,
}

/// The ends of an IPv4 or IPv6 socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Socket {
    /// `tcp`, `udp`, `icmp` or `raw`; empty where it is not known.
    pub protocol: &'static str,
    /// The side of the process.
    pub role: SocketRole,
    /// The end of the process: address and port. `None` where it is not known.
    pub local: Option<(IpAddr, u16)>,
    /// The other end. A socket that listens has none.
    pub remote: Option<(IpAddr, u16)>,
}

impl Fd {
    /// What it refers to.
    pub fn class(&self) -> FdClass {
        match self.kind {
            FdKind::File | FdKind::FileV2 => FdClass::File,
            FdKind::Directory => FdClass::Directory,
            FdKind::Ipv4 | FdKind::Ipv6 | FdKind::Ipv4Server | FdKind::Ipv6Server => FdClass::Ip,
            FdKind::Unix => FdClass::Unix,
            FdKind::Fifo => FdClass::Pipe,
            _ => FdClass::Other,
        }
    }

    /// What `fd.type` says.
    pub fn type_name(&self) -> &'static str {
        names::fd_kind(self.kind)
    }

    /// The ends of an IPv4 or IPv6 socket; `None` for other fds, and as long as neither end is known.
    pub fn socket(&self) -> Option<Socket> {
        let ends = self.inet?;
        let listens = matches!(self.kind, FdKind::Ipv4Server | FdKind::Ipv6Server);
        let (source, destination) = ((ends.sip, ends.sport), (ends.dip, ends.dport));
        let known = |(ip, port): (IpAddr, u16)| (!ip.is_unspecified() || port != 0).then_some((ip, port));
        let (role, local, remote) = match self.role {
            _ if listens => (SocketRole::Listener, Some(destination), None),
            Role::Client => (SocketRole::Client, known(source), known(destination)),
            Role::Server => (SocketRole::Server, known(destination), known(source)),
            Role::None => (SocketRole::Unknown, known(source), known(destination)),
        };
        let protocol = match names::transport(self) {
            L4::Tcp => "tcp",
            L4::Udp => "udp",
            L4::Icmp => "icmp",
            L4::Raw => "raw",
            L4::Unknown | L4::Na => "",
        };
        (local.is_some() || remote.is_some()).then_some(Socket { protocol, role, local, remote })
    }
}

impl<'a> Context<'a> {
    /// The process of the event's thread: the leader of its group, or the thread itself where the leader is not known.
    pub fn process(&self) -> Option<(Slot, &'a Thread)> {
        let slot = self.slot()?;
        let leader = self.state.threads.leader(slot).unwrap_or(slot);
        Some((leader, self.state.threads.get(leader)))
    }

    /// The fd that the event works on: its number, and what it refers to where that is known.
    pub fn descriptor(&self) -> Option<(i64, Option<&'a Arc<Fd>>)> {
        self.fd()
    }

    /// Bytes that the call read or wrote through its fd. Not `evt.buflen`, which counts the results of other calls, too.
    #[inline]
    pub fn transferred(&self) -> Option<(Direction, u64)> {
        let info = self.event.info;
        let direction = if info.any(EventFlags::WRITES_TO_FD) {
            Direction::Out
        } else if info.any(EventFlags::READS_FROM_FD) {
            Direction::In
        } else {
            return None;
        };
        let bytes = self.event.return_value().filter(|value| *value > 0)?;
        Some((direction, bytes as u64))
    }

    /// The name of the error with which the call failed, such as `ENOENT`; `None` where it did not.
    pub fn error_name(&self) -> Option<&'static str> {
        let value = self.event.return_value().filter(|value| *value < 0)?;
        Some(names::error(value).unwrap_or("unknown"))
    }

    /// Appends the path that a parameter of a path type holds, made absolute by the directory that the call names with it, or by the
    /// working directory; `false` where the event has no such parameter. Unlike `fs.path.name`, whose quirks alerts depend
    /// on, this is the same for all calls, also failed ones.
    pub fn path_parameter(&self, name: &str, out: &mut Vec<u8>) -> bool {
        let Some(index) = parameters::position(self, name) else { return false };
        let (info, path) = (&self.event.info.params[index], self.event.text(index).unwrap_or_default());
        let base = match (info.ty, info.extra) {
            _ if path.is_empty() => return false,
            (ParamType::FsRelPath, Extra::DirFd(at)) => {
                let dirfd = self.event.int(usize::from(at)).unwrap_or(-1);
                self.state.dirfd_base(self.slot(), dirfd, path)
            }
            (ParamType::FsRelPath | ParamType::FsPath, _) => self
                .slot()
                .map_or(Cow::Borrowed(&b"<UNKNOWN>"[..]), |slot| self.state.threads.cwd(slot).into()),
            _ => return false,
        };
        concatenate(out, &base, path);
        true
    }

    /// The type of the event (`evt.type`), of a generic call the name of that call. Of an asynchronous event, whose type stands in the
    /// event itself, `asyncevent`.
    pub fn type_name(&self) -> &'static str {
        if self.event.code() != code::GENERIC_X {
            return self.event.info.name;
        }
        let id = self.event.uint(0).unwrap_or(0) as u16;
        let name = match self.event.uint(1).filter(|_| id == 0) {
            Some(number) => self.state.machine.machine().call_name(number as u16),
            None => names::syscall(id),
        };
        name.unwrap_or("unknown")
    }

    /// Whether the call opens a file by a name or a handle.
    pub fn is_open(&self) -> bool {
        matches!(
            self.event.code(),
            code::SYSCALL_OPEN_X
                | code::SYSCALL_CREAT_X
                | code::SYSCALL_OPENAT_2_X
                | code::SYSCALL_OPENAT2_X
                | code::SYSCALL_OPEN_BY_HANDLE_AT_X
        )
    }
}

//! Calls that send and receive: data that goes over a socket shows its ends, its role and its name (reference state 8.19 to 8.23).

use std::sync::Arc;

use tercel_format::Event;
use tercel_format::catalogue::code;

use super::connections::{pair_name, rename, set_v4, set_v6};
use super::socket_info::End;
use super::sockets::{Tuple, both_mapped, family, tuple_text};
use super::{Facts, Fd, FdKind, L4, Role, Slot, State};

/// The codes of calls that read from an fd, as a pattern.
macro_rules! receives {
    () => {
        code::SYSCALL_READ_X
            | code::SYSCALL_READV_X
            | code::SYSCALL_PREAD_X
            | code::SYSCALL_PREADV_X
            | code::SOCKET_RECV_X
            | code::SOCKET_RECVFROM_X
            | code::SOCKET_RECVMSG_X
            | code::SOCKET_RECVMMSG_X
    };
}

/// The codes of calls that write to an fd, as a pattern.
macro_rules! sends {
    () => {
        code::SYSCALL_WRITE_X
            | code::SYSCALL_WRITEV_X
            | code::SYSCALL_PWRITE_X
            | code::SYSCALL_PWRITEV_X
            | code::SOCKET_SEND_X
            | code::SOCKET_SENDTO_X
            | code::SOCKET_SENDMSG_X
            | code::SOCKET_SENDMMSG_X
    };
}

pub(super) use {receives, sends};

impl State {
    /// Calls that read from an fd (reference state 8.19 to 8.23).
    pub(super) fn on_receive(&mut self, event: &Event<'_>, facts: &mut Facts) {
        if !facts.has_fd || event.return_value().is_none_or(|res| res < 0) {
            return;
        }
        let tuple = match event.code() {
            code::SOCKET_RECVFROM_X => event.param(2),
            code::SOCKET_RECVMSG_X => event.param(3),
            code::SOCKET_RECVMMSG_X if event.param(0).is_none_or(<[u8]>::is_empty) => return,
            code::SOCKET_RECVMMSG_X | code::SOCKET_RECV_X => event.param(4),
            _ => None,
        };
        self.transfer(facts, tuple, Role::Client);
    }

    /// Calls that write to an fd (reference state 8.19 to 8.23).
    pub(super) fn on_send(&mut self, event: &Event<'_>, facts: &mut Facts) {
        let inferring =
            matches!(event.code(), code::SOCKET_SEND_X | code::SOCKET_SENDTO_X | code::SOCKET_SENDMSG_X);
        let has_tuple = inferring || event.code() == code::SOCKET_SENDMMSG_X;
        if event.return_value().is_none_or(|res| res < 0) {
            return;
        }
        let tuple = if has_tuple { event.param(4) } else { None };
        if inferring && !facts.has_fd {
            self.infer_socket(event, facts, tuple);
        }
        let blind = event.code() == code::SOCKET_SENDMMSG_X && event.param(0).is_none_or(<[u8]>::is_empty);
        if facts.has_fd && !blind {
            self.transfer(facts, tuple, Role::Server);
        }
    }

    /// An unknown fd that a tuple is sent over is a UDP socket (reference state 8.23).
    fn infer_socket(&mut self, event: &Event<'_>, facts: &mut Facts, tuple: Option<&[u8]>) {
        let domain = tuple.and_then(|tuple| tuple.first()).copied();
        if let (Some(slot), Some(number), Some(domain @ (family::INET | family::INET6))) =
            (facts.thread, event.int(2), domain)
        {
            let fd = self.new_socket(u32::from(domain), L4::Udp, 0);
            self.add_fd(slot, number, Arc::new(fd), facts);
        }
    }

    /// Something went over the event's fd. `swapped` is the role in which the socket's ends and those of the tuple are opposite.
    fn transfer(&mut self, facts: &mut Facts, tuple: Option<&[u8]>, swapped: Role) {
        let Some(slot) = facts.thread else { return };
        let Some(fd) = self.threads.fd(slot, facts.fd_num) else { return };
        let connects = fd.is_pair() && !fd.flags.connected;
        let telling = tuple.filter(|tuple| (fd.name.is_empty() || !fd.is_tcp4()) && !fd.is_known_pair(tuple));
        if connects && let Some(fd) = self.bound_fd_mut(facts) {
            fd.flags.connected = true;
        }
        if let Some(tuple) = telling.and_then(Tuple::decode) {
            self.transfer_with_tuple(slot, facts, tuple, swapped, telling.unwrap_or_default());
        }
    }

    fn transfer_with_tuple(
        &mut self,
        slot: Slot,
        facts: &mut Facts,
        tuple: Tuple<'_>,
        swapped: Role,
        bytes: &[u8],
    ) {
        // A copy is changed, so that the table can be asked about the other sockets of the process meanwhile.
        let Some(mut fd) = self.threads.fd(slot, facts.fd_num).map(|fd| Fd::clone(fd)) else { return };
        let mut name = std::mem::take(&mut self.scratch);
        name.clear();
        if self.update_from_tuple(&mut fd, tuple) {
            if fd.is_pair() {
                if fd.role == Role::None {
                    fd.role = self.guess_role(slot, facts.fd_num, &fd, swapped == Role::Client);
                }
                if fd.role == swapped {
                    let kind = fd.kind;
                    fd.info.swap(kind);
                }
                pair_name(&mut name, &fd);
            } else {
                tuple_text(&mut name, bytes);
            }
            facts.fd_name_changed = rename(&mut fd, &name);
        }
        self.scratch = name;
        fd.show_addresses();
        if let Some(entry) = self.bound_fd_mut(facts).filter(|entry| **entry != fd) {
            *entry = fd;
        }
    }

    /// Takes over the ends in a tuple (reference state 8.20). Returns whether the name has to be made again.
    fn update_from_tuple(&self, fd: &mut Fd, tuple: Tuple<'_>) -> bool {
        match tuple {
            Tuple::V4(source, destination) => {
                if fd.kind == FdKind::Ipv4Server {
                    fd.info.set_l4(FdKind::Ipv4, fd.info.l4(FdKind::Ipv4Server));
                }
                fd.kind = FdKind::Ipv4;
                if !set_v4(fd, source, destination) {
                    return false;
                }
            }
            Tuple::V6(source, destination) => {
                let changed = match both_mapped(source.0, destination.0) {
                    Some((sip, dip)) => {
                        fd.kind = FdKind::Ipv4;
                        set_v4(fd, (sip, source.1), (dip, destination.1))
                    }
                    None => set_v6(fd, source, destination),
                };
                if !changed {
                    return false;
                }
            }
            Tuple::Unix(source, destination, _) => {
                fd.kind = FdKind::Unix;
                fd.info.set_unix(source, destination);
                return true;
            }
            Tuple::Other => {}
        }
        let kind = fd.kind;
        if fd.is_pair() && fd.info.l4(kind) == L4::Unknown {
            fd.info.set_l4(kind, L4::Udp);
        }
        self.interfaces.fill_in(fd);
        true
    }

    /// Whether a socket is a client or a server, judged by the ports that the process uses (reference state 8.21). The changed
    /// entry `fd` counts in place of the one in the table.
    fn guess_role(&self, slot: Slot, number: i64, fd: &Fd, incoming: bool) -> Role {
        let (_, sport) = fd.info.v4(End::Source);
        let (_, dport) = fd.info.v4(End::Destination);
        let any = |test: &dyn Fn(&Fd) -> bool| {
            self.threads.fds(slot).is_some_and(|fds| {
                fds.iter().any(|(other, entry)| test(if other == number { fd } else { entry }))
            })
        };
        let bound = any(&|fd| match fd.kind {
            FdKind::Ipv4 => fd.info.v4(End::Destination).1 == dport,
            FdKind::Ipv4Server => fd.inet.is_some_and(|inet| inet.dport == dport),
            _ => false,
        });
        let uses = || any(&|fd| fd.kind == FdKind::Ipv4 && fd.info.v4(End::Source).1 == sport);
        match bound {
            false => Role::Client,
            true if !uses() => Role::Server,
            true if incoming => Role::Server,
            true => Role::Client,
        }
    }
}

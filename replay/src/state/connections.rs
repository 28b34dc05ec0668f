//! Sockets: socket, bind, connect and accept give them their kind, ends, role and name (reference state 8.13 to 8.18, 8.24).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use tercel_format::Event;
use tercel_format::catalogue::code;

use super::fd::O_CLOEXEC;
use super::socket_info::End;
use super::sockets::{
    Address, Endpoint4, Endpoint6, Tuple, both_mapped, family, ip_text, mapped, pair_text, sockaddr_text,
    tuple_text, unix_text,
};
use super::{Facts, Fd, FdKind, L4, Role, State, StoredEnter};

const SOCK_STREAM: u32 = 1;
const SOCK_DGRAM: u32 = 2;
const SOCK_RAW: u32 = 3;
const IPPROTO_IP: u32 = 0;
const IPPROTO_ICMP: u32 = 1;
const IPPROTO_TCP: u32 = 6;
const IPPROTO_UDP: u32 = 17;
const IPPROTO_RAW: u32 = 255;
const EINPROGRESS: i64 = 115;
/// Longest unix path that is compared.
const UNIX_PATH_MAX: usize = 108;

/// Bytes that the name of nearly every socket fits in; longer ones make their buffer grow.
const NAME_ROOM: usize = 64;

/// A transport by its numbers (reference state 8.13).
fn transport(kind: u32, protocol: u32) -> L4 {
    let raw = kind == SOCK_RAW;
    match protocol {
        IPPROTO_TCP | IPPROTO_UDP | IPPROTO_ICMP if raw => L4::Raw,
        IPPROTO_TCP => L4::Tcp,
        IPPROTO_UDP => L4::Udp,
        IPPROTO_ICMP => L4::Icmp,
        IPPROTO_RAW => L4::Raw,
        IPPROTO_IP => match kind & 0xFF {
            SOCK_STREAM => L4::Tcp,
            SOCK_DGRAM => L4::Udp,
            _ => L4::Unknown,
        },
        _ => L4::Unknown,
    }
}

impl State {
    /// socket (reference state 8.13).
    pub(super) fn on_socket(&mut self, event: &Event<'_>, facts: &mut Facts) {
        let (Some(slot), Some(number @ 0..)) = (facts.thread, event.return_value()) else { return };
        let param = |index| event.u32(index).unwrap_or(0);
        let fd = self.new_socket(param(1), transport(param(2), param(3)), param(4));
        self.add_fd(slot, number, Arc::new(fd), facts);
    }

    pub(super) fn new_socket(&self, domain: u32, l4: L4, flags: u32) -> Fd {
        let kind = match u8::try_from(domain) {
            Ok(family::UNIX) => FdKind::Unix,
            Ok(family::INET) => FdKind::Ipv4,
            Ok(family::INET6) => FdKind::Ipv6,
            Ok(family::NETLINK) => FdKind::Netlink,
            Ok(_) | Err(_) => FdKind::Unknown,
        };
        let mut fd = self.nameless(kind);
        fd.open_flags = flags;
        fd.info.set_l4(kind, l4);
        fd.show_addresses();
        fd
    }

    /// The entry that the event is bound to, to be changed.
    pub(super) fn bound_fd_mut(&mut self, facts: &Facts) -> Option<&mut Fd> {
        self.threads.grow(size_of::<Fd>());
        self.threads.fds_mut(facts.thread.filter(|_| facts.has_fd)?)?.get_mut(facts.fd_num)
    }

    /// bind (reference state 8.14).
    pub(super) fn on_bind(&mut self, event: &Event<'_>, facts: &mut Facts) {
        let Some(bytes) = event.param(1).filter(|_| event.return_value().is_some_and(|res| res >= 0)) else {
            return;
        };
        let Some(address) = Address::decode(bytes) else { return };
        let Some(fd) = self.bound_fd_mut(facts) else { return };
        match address {
            Address::V4((ip, port)) if port > 0 => serve_v4(fd, FdKind::Ipv4, ip, port),
            Address::V6((ip, port)) if port > 0 => match mapped(ip) {
                Some(ip) => serve_v4(fd, FdKind::Ipv6, ip, port),
                None => serve_v6(fd, ip, port),
            },
            Address::V4(_) | Address::V6(_) | Address::Unix(_) | Address::Other => {}
        }
        fd.show_addresses();
        let mut name = Vec::with_capacity(NAME_ROOM);
        sockaddr_text(&mut name, bytes);
        facts.fd_name_changed = rename(fd, &name);
    }

    /// connect (reference state 8.15 to 8.17).
    pub(super) fn on_connect(&mut self, event: &Event<'_>, facts: &mut Facts, enter: Option<&StoredEnter>) {
        if event.return_value().is_none_or(|res| res < 0 && res != -EINPROGRESS) {
            return;
        }
        let Some(fd) = self.bound_fd_mut(facts) else { return };
        fd.flags.connected = true;
        let asked = enter.and_then(|enter| Address::decode(enter.param(1)));
        let bytes = event.param(1).unwrap_or_default();
        if bytes.is_empty() {
            if let Some(asked) = asked {
                facts.fd_name_changed = connect_to(fd, asked);
            }
            return;
        }
        let told = Address::decode(event.param(3).unwrap_or_default());
        let Some(tuple) = Tuple::decode(bytes) else { return };
        let mut name = Vec::with_capacity(NAME_ROOM);
        match tuple {
            Tuple::V4(source, destination) => {
                let destination =
                    believed(destination, told.and_then(Address::v4), asked.and_then(Address::v4));
                connect_v4(fd, source, destination, &mut name);
            }
            Tuple::V6(source, destination) => {
                let destination =
                    believed(destination, told.and_then(Address::v6), asked.and_then(Address::v6));
                match both_mapped(source.0, destination.0) {
                    Some((sip, dip)) => connect_v4(fd, (sip, source.1), (dip, destination.1), &mut name),
                    None => {
                        fd.kind = FdKind::Ipv6;
                        set_v6(fd, source, destination);
                        pair_name(&mut name, fd);
                    }
                }
            }
            Tuple::Unix(source, destination, path) if fd.kind == FdKind::Unix => {
                let path = match (told, asked) {
                    (Some(Address::Unix(told)), Some(Address::Unix(asked))) if clip(told) == clip(path) => {
                        asked
                    }
                    _ => path,
                };
                fd.info.set_unix(source, destination);
                unix_text(&mut name, source, destination, path);
            }
            Tuple::Unix(..) | Tuple::Other => return,
        }
        facts.fd_name_changed = rename(fd, &name);
        fd.show_addresses();
        if fd.role == Role::None {
            fd.role = Role::Client;
        }
    }

    /// accept and accept4 (reference state 8.18).
    pub(super) fn on_accept(&mut self, event: &Event<'_>, facts: &mut Facts) {
        let (Some(slot), Some(number @ 0..)) = (facts.thread, event.return_value()) else { return };
        self.threads.get_mut(slot).last_fd = number;
        facts.fd_num = number;
        let bytes = event.param(1).unwrap_or_default();
        let mut fd = self.nameless(FdKind::Unknown);
        match Tuple::decode(bytes) {
            Some(Tuple::V4(source, destination)) => {
                set_v4(&mut fd, source, destination);
                fd.kind = FdKind::Ipv4;
            }
            Some(Tuple::V6(source, destination)) => match both_mapped(source.0, destination.0) {
                Some((sip, dip)) => {
                    set_v4(&mut fd, (sip, source.1), (dip, destination.1));
                    fd.kind = FdKind::Ipv4;
                }
                None => {
                    set_v6(&mut fd, source, destination);
                    fd.kind = FdKind::Ipv6;
                }
            },
            Some(Tuple::Unix(source, destination, _)) => {
                fd.kind = FdKind::Unix;
                fd.info.set_unix(source, destination);
            }
            Some(Tuple::Other) | None => return,
        }
        fd.info.set_l4(fd.kind, L4::Tcp);
        let mut name = Vec::with_capacity(NAME_ROOM);
        tuple_text(&mut name, bytes);
        fd.name = name.into();
        if event.code() == code::SOCKET_ACCEPT4_6_X {
            fd.open_flags = event.u32(5).unwrap_or(0) & O_CLOEXEC;
        }
        fd.role = Role::Server;
        fd.flags.connected = true;
        fd.show_addresses();
        self.add_fd(slot, number, Arc::new(fd), facts);
    }
}

impl Fd {
    pub(super) fn is_tcp4(&self) -> bool {
        self.kind == FdKind::Ipv4 && self.info.l4(FdKind::Ipv4) == L4::Tcp
    }

    /// Whether a tuple has nothing new for an inet socket: its own ends, in either direction.
    pub(super) fn is_known_pair(&self, tuple: &[u8]) -> bool {
        match Tuple::decode(tuple) {
            Some(Tuple::V4(source, destination)) => {
                self.kind == FdKind::Ipv4 && self.has_v4(source, destination)
            }
            Some(Tuple::V6(source, destination)) => {
                both_mapped(source.0, destination.0).is_none()
                    && self.kind == FdKind::Ipv6
                    && self.has_v6(source, destination)
            }
            Some(Tuple::Unix(..) | Tuple::Other) | None => false,
        }
    }

    fn has_v4(&self, source: Endpoint4, destination: Endpoint4) -> bool {
        let (own, peer) = (self.info.v4(End::Source), self.info.v4(End::Destination));
        (source == own && destination == peer) || (destination == own && source == peer)
    }

    fn has_v6(&self, source: Endpoint6, destination: Endpoint6) -> bool {
        let (own, peer) = (self.info.v6(End::Source), self.info.v6(End::Destination));
        (source == own && destination == peer) || (destination == own && source == peer)
    }
}

fn clip(path: &[u8]) -> &[u8] {
    path.get(..UNIX_PATH_MAX).unwrap_or(path)
}

/// Gives an fd a name; answers whether it is another than before.
pub(super) fn rename(fd: &mut Fd, name: &[u8]) -> bool {
    let changed = *fd.name != *name;
    if changed {
        fd.name = name.into();
    }
    changed
}

fn serve_v4(fd: &mut Fd, was: FdKind, ip: Ipv4Addr, port: u16) {
    fd.info.set_v4_server(ip, port);
    let l4 = fd.info.l4(was);
    fd.kind = FdKind::Ipv4Server;
    fd.info.set_l4(FdKind::Ipv4Server, l4);
    fd.role = Role::Server;
}

fn serve_v6(fd: &mut Fd, ip: Ipv6Addr, port: u16) {
    fd.info.set_v6_server(ip, port);
    let l4 = fd.info.l4(FdKind::Ipv6);
    fd.kind = FdKind::Ipv6Server;
    fd.info.set_l4(FdKind::Ipv6Server, l4);
    fd.role = Role::Server;
}

/// A connect without a tuple: the address that was asked for (reference state 8.15).
fn connect_to(fd: &mut Fd, asked: Address<'_>) -> bool {
    let v4 = |fd: &mut Fd, ip, port| {
        fd.kind = FdKind::Ipv4;
        fd.info.set_v4_ip(End::Destination, ip);
        fd.info.set_v4_port(End::Destination, port);
    };
    let renamed = match asked {
        Address::V4((ip, port)) => {
            v4(fd, ip, port);
            false
        }
        Address::V6((ip, port)) => {
            match mapped(ip) {
                Some(ip) => v4(fd, ip, port),
                None => {
                    fd.kind = FdKind::Ipv6;
                    fd.info.set_v6_ip(End::Destination, ip);
                    fd.info.set_v6_port(End::Destination, port);
                }
            }
            false
        }
        Address::Unix(_) | Address::Other => rename(fd, b"NULL"),
    };
    fd.show_addresses();
    renamed
}

/// The destination of a connect: what the program asked for before, where the exit only repeats what it found in memory then
/// (reference state 8.16).
fn believed<T: PartialEq>(destination: T, told: Option<T>, asked: Option<T>) -> T {
    match (told, asked) {
        (Some(told), Some(asked)) if told == destination => asked,
        _ => destination,
    }
}

/// Connects an IPv4 pair. A UDP socket that serves keeps its peer as the client.
fn connect_v4(fd: &mut Fd, source: Endpoint4, destination: Endpoint4, name: &mut Vec<u8>) {
    fd.kind = FdKind::Ipv4;
    let changed = set_v4(fd, source, destination);
    if changed && fd.role == Role::Server && fd.info.l4(FdKind::Ipv4) == L4::Udp {
        fd.info.swap(FdKind::Ipv4);
    }
    pair_name(name, fd);
}

/// Takes over both ends of an IPv4 pair. Answers whether anything changed; the same pair in the other direction is no change.
pub(super) fn set_v4(fd: &mut Fd, source: Endpoint4, destination: Endpoint4) -> bool {
    if fd.kind == FdKind::Ipv4 && fd.has_v4(source, destination) {
        return false;
    }
    let before = fd.info;
    fd.info.set_v4_ip(End::Source, source.0);
    fd.info.set_v4_port(End::Source, source.1);
    fd.info.set_v4_ip(End::Destination, destination.0);
    fd.info.set_v4_port(End::Destination, destination.1);
    fd.info != before
}

/// The same for IPv6.
pub(super) fn set_v6(fd: &mut Fd, source: Endpoint6, destination: Endpoint6) -> bool {
    if fd.kind == FdKind::Ipv6 && fd.has_v6(source, destination) {
        return false;
    }
    let before = fd.info;
    fd.info.set_v6_ip(End::Source, source.0);
    fd.info.set_v6_port(End::Source, source.1);
    fd.info.set_v6_ip(End::Destination, destination.0);
    fd.info.set_v6_port(End::Destination, destination.1);
    fd.info != before
}

/// Appends the name of a pair as its transport requires (reference state 8.24).
pub(super) fn pair_name(out: &mut Vec<u8>, fd: &Fd) {
    let Some(inet) = fd.info.endpoints(fd.kind) else { return };
    match (fd.kind, inet.l4) {
        (_, L4::Tcp | L4::Udp) => match (inet.sip, inet.dip) {
            (IpAddr::V6(sip), IpAddr::V6(dip)) => match both_mapped(sip, dip) {
                // The reference takes the ports from where an IPv4 pair has them.
                Some((sip, dip)) => {
                    let (sport, dport) = (fd.info.v4(End::Source).1, fd.info.v4(End::Destination).1);
                    pair_text(out, (sip.into(), sport), (dip.into(), dport));
                }
                None => pair_text(out, (sip.into(), inet.sport), (dip.into(), inet.dport)),
            },
            (sip, dip) => pair_text(out, (sip, inet.sport), (dip, inet.dport)),
        },
        (FdKind::Ipv4, L4::Raw) | (_, L4::Icmp) => {
            let (sip, dip) = match (inet.sip, inet.dip) {
                (IpAddr::V6(sip), IpAddr::V6(dip)) => match both_mapped(sip, dip) {
                    Some((sip, dip)) => (sip.into(), dip.into()),
                    None => (sip.into(), dip.into()),
                },
                ends => ends,
            };
            ip_text(out, sip);
            out.extend_from_slice(b"->");
            ip_text(out, dip);
        }
        (_, L4::Unknown | L4::Na | L4::Raw) => out.extend_from_slice(b"<unknown>"),
    }
}

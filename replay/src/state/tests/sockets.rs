//! Sockets: transports, roles, ends and names.

use std::net::SocketAddr;

use tercel_format::Block;
use tercel_format::catalogue::code;
use tercel_format::record::Interface;
use tercel_format::writer::Value;

use super::super::{Fd, FdKind, L4, Role};
use super::{Host, string};

fn tuple(source: &str, destination: &str) -> Value {
    Value::tuple(address(source), address(destination))
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("address with port")
}

impl Host {
    fn socket(&mut self, domain: u32, kind: u32, protocol: u32) {
        let params: [(&str, Value); 4] =
            [("fd", 3.into()), ("domain", domain.into()), ("type", kind.into()), ("proto", protocol.into())];
        self.event(code::SOCKET_SOCKET_X, 100, &params);
    }

    fn connect(&mut self, res: i64, tuple: Value) -> super::Facts {
        self.event(code::SOCKET_CONNECT_X, 100, &[("res", res.into()), ("tuple", tuple), ("fd", 3.into())])
    }

    fn bind(&mut self, address: Value) -> super::Facts {
        self.event(code::SOCKET_BIND_X, 100, &[("res", 0.into()), ("addr", address), ("fd", 3.into())])
    }

    fn send(&mut self, tuple: Value) -> super::Facts {
        self.event(code::SOCKET_SENDTO_X, 100, &[("res", 4.into()), ("fd", 3.into()), ("tuple", tuple)])
    }

    fn receive(&mut self, tuple: Value) -> super::Facts {
        self.event(code::SOCKET_RECVFROM_X, 100, &[("res", 4.into()), ("fd", 3.into()), ("tuple", tuple)])
    }

    fn three(&self) -> &Fd {
        self.fd(100, 3).expect("socket")
    }

    /// Kind, role and name of fd 3.
    #[track_caller]
    fn check(&self, kind: FdKind, role: Role, name: &str) {
        let fd = self.three();
        assert_eq!((fd.kind, fd.role, string(&fd.name).as_str()), (kind, role, name));
    }
}

#[test]
fn transports_follow_type_and_protocol() {
    for (domain, kind, protocol, expected) in [
        (2, 1, 0, (FdKind::Ipv4, Some(L4::Tcp))),
        (2, 2 | 0x800, 0, (FdKind::Ipv4, Some(L4::Udp))),
        (2, 2, 17, (FdKind::Ipv4, Some(L4::Udp))),
        (2, 3, 1, (FdKind::Ipv4, Some(L4::Raw))),
        (2, 2, 1, (FdKind::Ipv4, Some(L4::Icmp))),
        (10, 3, 255, (FdKind::Ipv6, Some(L4::Raw))),
        (10, 1, 6, (FdKind::Ipv6, Some(L4::Tcp))),
        (2, 5, 0, (FdKind::Ipv4, Some(L4::Unknown))),
        (1, 1, 0, (FdKind::Unix, None)),
        (16, 3, 0, (FdKind::Netlink, None)),
        (17, 3, 0, (FdKind::Unknown, None)),
    ] {
        let mut host = Host::new();
        host.socket(domain, kind, protocol);
        let fd = host.three();
        assert_eq!((fd.kind, fd.inet.map(|inet| inet.l4)), expected, "{domain} {kind} {protocol}");
        assert_eq!((fd.role, fd.name.is_empty()), (Role::None, true));
    }
}

#[test]
fn a_connection_makes_a_client() {
    let mut host = Host::new();
    host.socket(2, 1, 6);
    assert!(!host.connect(-111, tuple("10.0.0.1:4000", "8.8.8.8:53")).fd_name_changed);
    host.check(FdKind::Ipv4, Role::None, "");
    let facts = host.connect(-115, tuple("10.0.0.1:4000", "8.8.8.8:53"));
    assert!(facts.fd_name_changed && facts.has_fd);
    host.check(FdKind::Ipv4, Role::Client, "10.0.0.1:4000->8.8.8.8:53");
    assert!(host.three().flags.connected);
    // On a TCP socket a later tuple says nothing.
    host.send(tuple("1.1.1.1:1", "2.2.2.2:2"));
    host.check(FdKind::Ipv4, Role::Client, "10.0.0.1:4000->8.8.8.8:53");
}

#[test]
fn addresses_of_ipv6_that_hold_ipv4_are_ipv4() {
    let mut host = Host::new();
    host.socket(10, 1, 6);
    host.connect(0, tuple("[::ffff:10.0.0.1]:4000", "[::ffff:8.8.8.8]:53"));
    // The transport of the IPv6 socket lies elsewhere, as in the reference.
    host.check(FdKind::Ipv4, Role::Client, "<unknown>");
    let inet = host.three().inet.expect("inet");
    assert_eq!((inet.dip.to_string().as_str(), inet.dport, inet.l4), ("8.8.8.8", 53, L4::Unknown));
    let mut host = Host::new();
    host.socket(10, 1, 6);
    host.connect(0, tuple("[fe80::1]:4000", "[2001::1]:53"));
    host.check(FdKind::Ipv6, Role::Client, "fe80::1:4000->2001::1:53");
}

#[test]
fn a_connect_without_tuple_uses_what_was_asked_for() {
    let enter = |address: Value| -> [(&'static str, Value); 2] { [("fd", 3.into()), ("addr", address)] };
    let mut host = Host::new();
    host.socket(2, 1, 6);
    host.hidden(code::SOCKET_CONNECT_E, 100, &enter(Value::address(address("9.9.9.9:99"))));
    host.connect(0, Value::Empty);
    host.check(FdKind::Ipv4, Role::None, "");
    assert_eq!(
        host.three().inet.map(|inet| (inet.dip.to_string(), inet.dport)),
        Some(("9.9.9.9".into(), 99))
    );
    // A destination that the program changed after asking is not believed.
    host.hidden(code::SOCKET_CONNECT_E, 100, &enter(Value::address(address("9.9.9.9:99"))));
    let swapped: [(&str, Value); 4] = [
        ("res", 0.into()),
        ("tuple", tuple("10.0.0.1:1", "5.5.5.5:55")),
        ("fd", 3.into()),
        ("addr", Value::address(address("5.5.5.5:55"))),
    ];
    host.event(code::SOCKET_CONNECT_X, 100, &swapped);
    host.check(FdKind::Ipv4, Role::Client, "10.0.0.1:1->9.9.9.9:99");
}

#[test]
fn unix_sockets_are_named_by_both_ends_and_the_path() {
    let mut host = Host::new();
    host.socket(1, 1, 0);
    host.connect(0, Value::unix_tuple(0xab, 0xcd, "/run/s"));
    host.check(FdKind::Unix, Role::Client, "ab->cd /run/s");
    assert_eq!(host.three().unix, Some((0xab, 0xcd)));
    host.bind(Value::unix_address("/run/own"));
    host.check(FdKind::Unix, Role::Client, "/run/own");
}

#[test]
fn a_bound_port_makes_a_server() {
    let mut host = Host::new();
    host.socket(2, 1, 6);
    assert!(host.bind(Value::address(address("0.0.0.0:0"))).fd_name_changed);
    host.check(FdKind::Ipv4, Role::None, "0.0.0.0:0");
    host.bind(Value::address(address("0.0.0.0:80")));
    host.check(FdKind::Ipv4Server, Role::Server, "0.0.0.0:80");
    assert_eq!(host.three().inet.map(|inet| (inet.dport, inet.l4)), Some((80, L4::Tcp)));
    let mut host = Host::new();
    host.socket(10, 1, 6);
    host.bind(Value::address(address("[::]:80")));
    host.check(FdKind::Ipv4Server, Role::Server, ":::80");
    host.bind(Value::address(address("[fe80::1]:81")));
    host.check(FdKind::Ipv6Server, Role::Server, "fe80::1:81");
}

#[test]
fn an_accepted_connection_is_a_server() {
    let mut host = Host::new();
    let accept = |tuple: Value| -> [(&'static str, Value); 3] {
        [("fd", 3.into()), ("tuple", tuple), ("flags", (1 << 12 | 1).into())]
    };
    host.event(code::SOCKET_ACCEPT4_6_X, 100, &accept(tuple("10.0.0.9:4000", "10.0.0.1:80")));
    host.check(FdKind::Ipv4, Role::Server, "10.0.0.9:4000->10.0.0.1:80");
    assert_eq!(host.three().open_flags, 1 << 12);
    assert!(host.three().flags.connected);
    let facts = host.event(code::SOCKET_ACCEPT4_6_X, 100, &[("fd", 12.into())]);
    assert_eq!((facts.fd_num, facts.has_fd), (12, false));
}

#[test]
fn datagrams_tell_both_ends_and_the_role() {
    let mut host = Host::new();
    host.socket(2, 2, 17);
    let facts = host.send(tuple("10.0.0.1:4000", "8.8.8.8:53"));
    assert!(facts.fd_name_changed);
    host.check(FdKind::Ipv4, Role::Client, "10.0.0.1:4000->8.8.8.8:53");
    assert!(!host.receive(tuple("8.8.8.8:53", "10.0.0.1:4000")).fd_name_changed);
    host.check(FdKind::Ipv4, Role::Client, "10.0.0.1:4000->8.8.8.8:53");
    // Another peer answers: the ends of what arrives are the other way round.
    host.receive(tuple("9.9.9.9:53", "10.0.0.1:4000"));
    host.check(FdKind::Ipv4, Role::Client, "10.0.0.1:4000->9.9.9.9:53");
    let mut host = Host::new();
    host.socket(2, 2, 17);
    host.bind(Value::address(address("0.0.0.0:53")));
    host.receive(tuple("10.0.0.9:4000", "10.0.0.1:53"));
    host.check(FdKind::Ipv4, Role::Server, "10.0.0.9:4000->10.0.0.1:53");
    host.send(tuple("10.0.0.1:53", "10.0.0.8:4001"));
    host.check(FdKind::Ipv4, Role::Server, "10.0.0.8:4001->10.0.0.1:53");
}

#[test]
fn a_missing_end_is_taken_from_the_interfaces() {
    let interface = |ip: &str| Interface {
        address: ip.parse().expect("address"),
        netmask: "255.255.255.0".parse().expect("mask"),
        broadcast: "0.0.0.0".parse().expect("address"),
        linkspeed: 0,
        name: b"eth0".to_vec(),
    };
    let mut host = Host::new();
    host.state.block(&Block::Interfaces(vec![interface("127.0.0.1"), interface("10.0.2.15")]));
    host.socket(2, 2, 17);
    host.send(tuple("0.0.0.0:4000", "10.0.2.3:53"));
    host.check(FdKind::Ipv4, Role::Client, "10.0.2.15:4000->10.0.2.3:53");
}

#[test]
fn a_tuple_on_an_unknown_fd_makes_a_socket() {
    let mut host = Host::new();
    let facts = host.send(tuple("10.0.0.1:4000", "8.8.8.8:53"));
    assert!(facts.has_fd && facts.fd_name_changed);
    host.check(FdKind::Ipv4, Role::Client, "10.0.0.1:4000->8.8.8.8:53");
    assert_eq!(host.three().inet.map(|inet| inet.l4), Some(L4::Udp));
    let mut host = Host::new();
    assert!(!host.receive(tuple("8.8.8.8:53", "10.0.0.1:4000")).has_fd);
    assert!(!host.send(Value::Empty).has_fd);
}

#[test]
fn unix_datagrams_name_the_socket_by_their_tuple() {
    let mut host = Host::new();
    host.socket(1, 2, 0);
    host.send(Value::unix_tuple(1, 2, "/dev/log"));
    host.check(FdKind::Unix, Role::None, "1->2 /dev/log");
}

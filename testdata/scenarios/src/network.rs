//! What processes do with sockets.

use std::net::SocketAddr;

use tercel_format::catalogue::code;
use tercel_format::writer::Value;

use crate::process::Process;

/// `PPM_AF_*` codes.
pub(crate) mod family {
    pub(crate) const UNIX: u32 = 1;
    pub(crate) const INET: u32 = 2;
    pub(crate) const INET6: u32 = 10;
    pub(crate) const PACKET: u32 = 17;
}

/// Types of sockets.
pub(crate) mod kind {
    pub(crate) const STREAM: u32 = 1;
    pub(crate) const DGRAM: u32 = 2;
    pub(crate) const RAW: u32 = 3;
}

impl Process {
    /// Makes a socket and keeps it.
    pub(crate) fn socket(&self, domain: u32, kind: u32, protocol: u32) -> i64 {
        let fd = self.take_fd();
        self.event(code::SOCKET_SOCKET_X, |event| {
            event.set("fd", fd).set("domain", domain).set("type", kind).set("proto", protocol).set("flags", 0)
        });
        fd
    }

    /// Opens a TCP connection from a port of the host and keeps it.
    pub(crate) fn connect(&self, port: u16, to: &str) -> i64 {
        self.connect_with(kind::STREAM, port, to)
    }

    /// Opens a TCP connection, says a little and closes it.
    pub fn talks_to(&self, port: u16, to: &str) {
        let fd = self.connect(port, to);
        self.put(fd, "hello\n");
        self.close(fd);
    }

    /// Connects a UDP socket, as resolvers do, sends a query and closes it.
    pub fn asks(&self, port: u16, to: &str) {
        let fd = self.connect_with(kind::DGRAM, port, to);
        self.event(code::SOCKET_SENDTO_X, |event| {
            event
                .set("res", 29)
                .set("data", Value::Bytes(b"\x12\x34\x01\x00\x00\x01\x00\x00".to_vec()))
                .set("fd", fd)
                .set("size", 29)
        });
        self.close(fd);
    }

    fn connect_with(&self, kind: u32, port: u16, to: &str) -> i64 {
        let to = address(to);
        let domain = if to.is_ipv4() { family::INET } else { family::INET6 };
        let fd = self.socket(domain, kind, 0);
        let from = match to {
            SocketAddr::V4(peer) if peer.ip().is_loopback() => SocketAddr::from(([127, 0, 0, 1], port)),
            SocketAddr::V4(_) => SocketAddr::from((self.ip(), port)),
            SocketAddr::V6(_) => SocketAddr::from(([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x10], port)),
        };
        self.event(code::SOCKET_CONNECT_X, |event| {
            event
                .set("res", 0)
                .set("tuple", Value::tuple(from, to))
                .set("fd", fd)
                .set("addr", Value::address(to))
        });
        fd
    }

    /// Sends a datagram from a socket that is not connected.
    pub fn sends_datagram(&self, port: u16, to: &str) {
        let to = address(to);
        let fd = self.socket(family::INET, kind::DGRAM, 0);
        let from = SocketAddr::from((self.ip(), port));
        self.event(code::SOCKET_SENDTO_X, |event| {
            event
                .set("res", 4)
                .set("data", Value::Bytes(b"ping".to_vec()))
                .set("fd", fd)
                .set("size", 4)
                .set("tuple", Value::tuple(from, to))
        });
        self.close(fd);
    }

    /// Connects to a unix socket.
    pub fn connects_to_unix(&self, path: &str) {
        let fd = self.socket(family::UNIX, kind::STREAM, 0);
        self.event(code::SOCKET_CONNECT_X, |event| {
            event
                .set("res", 0)
                .set("tuple", Value::unix_tuple(0xffff_9a01_0000_1000, 0xffff_9a01_0000_2000, path))
                .set("fd", fd)
                .set("addr", Value::unix_address(path))
        });
        self.close(fd);
    }

    /// Accepts a connection at a port of the host and keeps it.
    pub(crate) fn accept(&self, from: &str, port: u16) -> i64 {
        let fd = self.take_fd();
        let local = SocketAddr::from((self.ip(), port));
        self.event(code::SOCKET_ACCEPT4_6_X, |event| {
            event
                .set("fd", fd)
                .set("tuple", Value::tuple(address(from), local))
                .set("queuepct", 0)
                .set("queuelen", 0)
                .set("queuemax", 128)
                .set("flags", 0)
        });
        fd
    }

    /// Puts a copy of an fd in the place of another.
    pub(crate) fn dup2(&self, old: i64, new: i64) {
        self.event(code::SYSCALL_DUP2_X, |event| event.set("res", new).set("oldfd", old).set("newfd", new));
    }
}

/// The addresses of stories are written by hand; one that cannot be read is a mistake in the story itself.
fn address(text: &str) -> SocketAddr {
    match text.parse() {
        Ok(address) => address,
        Err(error) => panic!("address {text} of the story: {error}"),
    }
}

//! Syslog: lines enter, messages of RFC 3164 or RFC 5424 leave to the local daemon, or to another one over UDP or TCP.

use std::fmt;
use std::io::{self, Write};
use std::net::{TcpStream, ToSocketAddrs, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::PathBuf;
use std::time::Duration;

use jiff::Zoned;

use crate::Message;
use crate::channel::{Channel, Failure};

/// Facility of user programs, as in Falco.
const FACILITY: u8 = 1;
/// The least urgent severity that there is.
const LEAST: u8 = 7;
/// Name of the program in messages.
const TAG: &str = "tercel";
/// How long connecting or sending a message may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Linux: the message is too long for this socket.
const EMSGSIZE: i32 = 90;

/// Where the daemon listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A socket of this host.
    Local(PathBuf),
    /// Host and port, by UDP.
    Udp(String),
    /// Host and port, by TCP.
    Tcp(String),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Local(path) => write!(f, "{}", path.display()),
            Address::Udp(host) => write!(f, "udp://{host}"),
            Address::Tcp(host) => write!(f, "tcp://{host}"),
        }
    }
}

/// The form of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// The classic form.
    Rfc3164,
    /// The form with a full time stamp.
    Rfc5424,
}

/// A syslog daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Syslog {
    /// Where it listens.
    pub address: Address,
    /// The form that it reads.
    pub protocol: Protocol,
    /// Name of this host, for daemons elsewhere.
    pub hostname: String,
}

/// A connection to the daemon.
enum Socket {
    Datagram(UnixDatagram),
    Stream(UnixStream),
    Udp(UdpSocket),
    Tcp(TcpStream),
}

/// The daemon and the connection to it, if there is one.
pub(crate) struct Connection {
    syslog: Syslog,
    socket: Option<Socket>,
}

impl Connection {
    /// The connection is made for the first message.
    pub fn new(syslog: Syslog) -> Connection {
        Connection { syslog, socket: None }
    }

    /// The message as the daemon reads it.
    fn text(&self, message: &Message, now: &Zoned) -> Vec<u8> {
        let code = FACILITY * 8 + message.severity.min(LEAST);
        let host = &self.syslog.hostname;
        let mut text = match (self.syslog.protocol, &self.syslog.address) {
            // Daemons know the name of their own host.
            (Protocol::Rfc3164, Address::Local(_)) => {
                format!("<{code}>{} {TAG}: ", now.strftime("%b %e %H:%M:%S"))
            }
            (Protocol::Rfc3164, _) => format!("<{code}>{} {host} {TAG}: ", now.strftime("%b %e %H:%M:%S")),
            (Protocol::Rfc5424, _) => {
                let pid = std::process::id();
                format!("<{code}>1 {} {host} {TAG} {pid} - - ", now.strftime("%Y-%m-%dT%H:%M:%S%.6f%:z"))
            }
        }
        .into_bytes();
        text.extend_from_slice(&message.line);
        text
    }

    fn write(&mut self, text: &[u8]) -> io::Result<()> {
        let mut socket = match self.socket.take() {
            Some(socket) if !is_gone(&socket) => socket,
            _ => connect(&self.syslog.address)?,
        };
        match &mut socket {
            Socket::Datagram(socket) => socket.send(text).map(drop)?,
            Socket::Udp(socket) => socket.send(text).map(drop)?,
            // The C library ends messages on local streams in this way.
            Socket::Stream(socket) => socket.write_all(&[text, b"\0"].concat())?,
            Socket::Tcp(socket) => socket.write_all(&frame(text, self.syslog.protocol))?,
        }
        self.socket = Some(socket);
        Ok(())
    }
}

impl Channel for Connection {
    fn send(&mut self, message: &Message) -> Result<(), Failure> {
        let text = self.text(message, &Zoned::now());
        self.write(&text).map_err(|error| {
            let reason = match &self.syslog.address {
                Address::Local(path) => format!("{}: {error}", path.display()),
                Address::Udp(host) | Address::Tcp(host) => format!("{host}: {error}"),
            };
            if error.raw_os_error() == Some(EMSGSIZE) {
                Failure::Never(reason)
            } else {
                Failure::Later(reason)
            }
        })
    }

    fn reopen(&mut self) {
        self.socket = None;
    }
}

fn connect(address: &Address) -> io::Result<Socket> {
    match address {
        Address::Local(path) => {
            let socket = UnixDatagram::unbound()?;
            if socket.connect(path).is_ok() {
                socket.set_write_timeout(Some(PATIENCE))?;
                return Ok(Socket::Datagram(socket));
            }
            let socket = UnixStream::connect(path)?;
            socket.set_write_timeout(Some(PATIENCE))?;
            Ok(Socket::Stream(socket))
        }
        Address::Udp(host) => {
            let remote = resolve(host)?;
            let local = if remote.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
            let socket = UdpSocket::bind(local)?;
            socket.connect(remote)?;
            Ok(Socket::Udp(socket))
        }
        Address::Tcp(host) => {
            let socket = TcpStream::connect_timeout(&resolve(host)?, PATIENCE)?;
            socket.set_write_timeout(Some(PATIENCE))?;
            Ok(Socket::Tcp(socket))
        }
    }
}

fn resolve(host: &str) -> io::Result<std::net::SocketAddr> {
    host.to_socket_addrs()?.next().ok_or_else(|| io::Error::other("has no address"))
}

/// Whether the other end of a stream has closed it: a write would still succeed, but be lost.
fn is_gone(socket: &Socket) -> bool {
    let Socket::Tcp(socket) = socket else { return false };
    let peeked = socket.set_nonblocking(true).and_then(|()| socket.peek(&mut [0]));
    let restored = socket.set_nonblocking(false);
    let waits = matches!(&peeked, Err(error) if error.kind() == io::ErrorKind::WouldBlock);
    restored.is_err() || !(waits || matches!(peeked, Ok(1..)))
}

/// A message in a stream: with its length, or ended by a line end, which then must not occur in it (RFC 6587).
fn frame(text: &[u8], protocol: Protocol) -> Vec<u8> {
    match protocol {
        Protocol::Rfc5424 => [format!("{} ", text.len()).as_bytes(), text].concat(),
        Protocol::Rfc3164 => {
            let mut line: Vec<u8> = text.iter().map(|b| if *b == b'\n' { b' ' } else { *b }).collect();
            line.push(b'\n');
            line
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn messages_have_the_form_of_their_protocol() {
        let now = date(2026, 11, 4).at(12, 59, 50, 343_148_030).in_tz("UTC").expect("a time");
        let message = Message { line: b"12:59:50.343148030: Warning x".to_vec(), severity: 4, record: None };
        let check = |address: Address, protocol, expected: &str| {
            let syslog = Syslog { address, protocol, hostname: "box".to_owned() };
            let text = Connection::new(syslog).text(&message, &now);
            assert_eq!(
                String::from_utf8_lossy(&text).replace(&std::process::id().to_string(), "PID"),
                expected
            );
        };
        let local = Address::Local("/dev/log".into());
        let remote = || Address::Udp("logs:514".to_owned());
        check(local, Protocol::Rfc3164, "<12>Nov  4 12:59:50 tercel: 12:59:50.343148030: Warning x");
        check(remote(), Protocol::Rfc3164, "<12>Nov  4 12:59:50 box tercel: 12:59:50.343148030: Warning x");
        let new = "<12>1 2026-11-04T12:59:50.343148+00:00 box tercel PID - - 12:59:50.343148030: Warning x";
        check(remote(), Protocol::Rfc5424, new);
    }

    #[test]
    fn streams_keep_messages_apart() {
        assert_eq!(frame(b"a\nb", Protocol::Rfc3164), b"a b\n");
        assert_eq!(frame(b"a\nb", Protocol::Rfc5424), b"3 a\nb");
    }
}

//! The control socket: requests of the administrator enter, answers leave. A request is a line, `dump` or `dump MILLISECONDS`; the answer
//! is a line, `ok NAME` or `error REASON`.
//!
//! The socket is of mode 0600, and whoever connects has to be root or the user of this process, as the kernel says. A peer has two
//! seconds for its line of at most 64 bytes. Peers are served one after the other by a thread of its own.

use std::fs::{self, Permissions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use rustix::net::sockopt::socket_peercred;

use crate::cuts::DumpRequest;

/// Where the socket is, unless the command line says otherwise.
pub const CONTROL_SOCKET: &str = "/run/tercel/control.sock";

/// Longest line of a request.
const REQUEST: u64 = 64;
/// Longest line of an answer: a name, or a reason.
const ANSWER: u64 = 8 << 10;
/// How long a peer has for its line, and for taking the answer.
const PEER: Duration = Duration::from_secs(2);
/// How long a file may take until it is safely on the disk.
const WRITING: Duration = Duration::from_secs(600);
/// Requests that wait for the recorder.
const WAITING: usize = 16;

/// A socket on which requests are taken. It is removed with this.
#[derive(Debug)]
pub struct Control {
    path: PathBuf,
    /// Device and inode of the socket.
    identity: (u64, u64),
    stopped: Arc<AtomicBool>,
}

/// Why there is no answer, or a bad one.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Nobody listens, or not to everybody.
    #[error("{}: {error}; {}", path.display(), reason(error))]
    Nobody {
        /// The socket.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The connection ended.
    #[error("{}: {error}", path.display())]
    Connection {
        /// The socket.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The recorder could not do it.
    #[error("{0}")]
    Refused(String),
}

/// What it means that a socket cannot be reached.
fn reason(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "only root and the user of the recorder may ask it",
        _ => "nothing that records into memory listens there",
    }
}

impl Control {
    /// Listens at `path`; requests leave through the receiver. A socket that is left over from a killed recorder is replaced. The last
    /// directory of the path is created, for its owner only, if it does not exist.
    ///
    /// # Errors
    /// Those of the operating system; another recorder listens there.
    pub fn start(path: &Path) -> io::Result<(Control, Receiver<DumpRequest>)> {
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            match fs::DirBuilder::new().mode(0o700).create(parent) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                created => created?,
            }
        }
        remove_leftover(path)?;
        let listener = UnixListener::bind(path)?;
        fs::set_permissions(path, Permissions::from_mode(0o600))?;
        let identity = identity(path)?;
        let (sender, receiver) = sync_channel(WAITING);
        let stopped = Arc::<AtomicBool>::default();
        let of_thread = Arc::clone(&stopped);
        let thread = std::thread::Builder::new().name("control".to_owned());
        thread.spawn(move || serve(&listener, &sender, &of_thread))?;
        Ok((Control { path: path.to_owned(), identity, stopped }, receiver))
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // The thread waits for a peer. If it cannot be reached, it ends with the process.
        let _ = UnixStream::connect(&self.path);
        if identity(&self.path).is_ok_and(|found| found == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Asks the recorder that listens at `path` to write what is in memory, of the time `before` now if given; the name of the file leaves once
/// that is safely on the disk.
///
/// # Errors
/// Nobody listens, or the recorder cannot do it.
pub fn request_dump(path: &Path, before: Option<Duration>) -> Result<String, ControlError> {
    let mut peer =
        UnixStream::connect(path).map_err(|error| ControlError::Nobody { path: path.to_owned(), error })?;
    let line = match before {
        Some(before) => format!("dump {}\n", before.as_millis()),
        None => "dump\n".to_owned(),
    };
    let mut answer = String::new();
    let exchanged = peer
        .set_read_timeout(Some(WRITING + PEER))
        .and_then(|()| peer.write_all(line.as_bytes()))
        .and_then(|()| BufReader::new(peer.take(ANSWER)).read_line(&mut answer));
    let failed = |error| ControlError::Connection { path: path.to_owned(), error };
    exchanged.map_err(failed)?;
    match answer.strip_suffix('\n').and_then(|line| line.split_once(' ')) {
        Some(("ok", name)) => Ok(name.to_owned()),
        Some(("error", reason)) => Err(ControlError::Refused(reason.to_owned())),
        _ => Err(failed(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the recorder has ended without an answer",
        ))),
    }
}

/// Removes a socket on which nobody listens.
fn remove_leftover(path: &Path) -> io::Result<()> {
    let Ok(found) = fs::symlink_metadata(path) else { return Ok(()) };
    if !found.file_type().is_socket() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "this exists and is no socket"));
    }
    match UnixStream::connect(path) {
        Ok(_) => Err(io::Error::new(io::ErrorKind::AddrInUse, "another recorder listens there")),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|found| (found.dev(), found.ino()))
}

fn serve(listener: &UnixListener, sender: &SyncSender<DumpRequest>, stopped: &AtomicBool) {
    for peer in listener.incoming() {
        if stopped.load(Ordering::Relaxed) {
            return;
        }
        let Ok(peer) = peer else {
            // No descriptor is free, say. Trying again at once would take all the time of a CPU.
            std::thread::sleep(Duration::from_millis(100));
            continue;
        };
        // A peer that is gone needs no answer.
        let _ = answer(peer, sender);
    }
}

fn answer(mut peer: UnixStream, sender: &SyncSender<DumpRequest>) -> io::Result<()> {
    peer.set_read_timeout(Some(PEER))?;
    peer.set_write_timeout(Some(PEER))?;
    let user = socket_peercred(&peer)?.uid;
    let told = if user.is_root() || user == rustix::process::geteuid() {
        read(&peer).and_then(|before| dump(before, sender))
    } else {
        Err("only root may do this".to_owned())
    };
    let line = match told {
        Ok(name) => format!("ok {name}"),
        Err(reason) => format!("error {reason}"),
    };
    // Names and reasons are one line.
    let line: String = line.chars().map(|letter| if letter.is_control() { '?' } else { letter }).collect();
    peer.write_all((line + "\n").as_bytes())
}

/// How long before now a dump is to begin.
fn read(peer: &UnixStream) -> Result<Option<Duration>, String> {
    let mut line = Vec::new();
    let mut reader = BufReader::new(peer.take(REQUEST));
    reader.read_until(b'\n', &mut line).map_err(|error| error.to_string())?;
    let text = std::str::from_utf8(&line).ok().and_then(|line| line.strip_suffix('\n'));
    let unknown = || "unknown request".to_owned();
    match text.and_then(|text| text.strip_prefix("dump")) {
        Some("") => Ok(None),
        Some(rest) => {
            let number = rest.strip_prefix(' ').and_then(|number| number.parse().ok());
            number.map(|number| Some(Duration::from_millis(number))).ok_or_else(unknown)
        }
        None => Err(unknown()),
    }
}

fn dump(before: Option<Duration>, sender: &SyncSender<DumpRequest>) -> Result<String, String> {
    let (reply, told) = sync_channel(1);
    sender
        .try_send(DumpRequest { before, reply: Some(reply) })
        .map_err(|_| "too many requests".to_owned())?;
    told.recv_timeout(WRITING).unwrap_or_else(|_| Err("the recorder has ended".to_owned()))
}

#[cfg(test)]
mod tests {
    use tercel_test_support::Place;

    use super::*;

    /// What a peer gets for its bytes.
    fn answered(path: &Path, bytes: &[u8]) -> String {
        let mut peer = UnixStream::connect(path).expect("somebody listens");
        peer.write_all(bytes).expect("a peer");
        let mut answer = String::new();
        // A peer whose line is too long may be cut off before it is read.
        let _ = peer.read_to_string(&mut answer);
        answer
    }

    #[test]
    fn requests_are_answered_once_they_are_done() {
        let place = Place::new("control");
        let path = place.path("run/control.sock");
        let (control, requests) = Control::start(&path).expect("a socket");
        assert_eq!(fs::metadata(&path).expect("a socket").permissions().mode() & 0o777, 0o600);
        let recorder = std::thread::spawn(move || {
            let mut seen = Vec::new();
            for request in requests {
                let told = match seen.len() {
                    0 => Ok("/tmp/a b.scap".to_owned()),
                    _ => Err("no\nspace".to_owned()),
                };
                seen.push(request.before);
                request.reply.expect("somebody waits").send(told).expect("somebody waits");
            }
            seen
        });
        assert_eq!(request_dump(&path, None).expect("an answer"), "/tmp/a b.scap");
        let before = Duration::from_secs(30);
        assert_eq!(request_dump(&path, Some(before)).expect_err("no space").to_string(), "no?space");
        for bytes in [&b"dumps\n"[..], b"dump -1\n", b"dump x\n", b"\n", b"\xff\n", &[b'd'; 65]] {
            assert_eq!(answered(&path, bytes), "error unknown request\n", "{bytes:?}");
        }
        let error = Control::start(&path).expect_err("in use");
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        drop(control);
        assert_eq!(recorder.join().expect("no panic"), [None, Some(before)]);
        assert!(!path.exists());
        let error = request_dump(&path, None).expect_err("nobody listens").to_string();
        assert!(error.contains("nothing that records into memory listens there"), "{error}");
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        let error = ControlError::Nobody { path, error: denied }.to_string();
        assert!(error.ends_with("only root and the user of the recorder may ask it"), "{error}");
    }

    #[test]
    fn a_socket_that_is_left_over_is_replaced_and_a_file_is_not() {
        let place = Place::new("control-left");
        let path = place.path("control.sock");
        drop(UnixListener::bind(&path).expect("a socket"));
        assert!(path.exists());
        drop(Control::start(&path).expect("nobody listens"));
        fs::write(&path, "file").expect("a file");
        assert_eq!(Control::start(&path).expect_err("a file").kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).expect("a file"), b"file");
    }
}

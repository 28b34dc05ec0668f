//! The web server for health and metrics: requests enter, the page that the run left last leaves. One thread serves one request
//! after the other, each within a second, so that strangers can cost no more than that.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::config::Web;
use crate::exit::Failure;
use crate::outputs::{Level, Notice};

/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// After this time an address that was in use is tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// Longest head of a request that is read.
const HEAD: usize = 4096;
/// After this time without a sign of the run, it is not well.
const STALE: Duration = Duration::from_secs(10);

/// The page that is served, and when the run left it.
struct Page {
    text: String,
    at: Instant,
}

/// A running server.
pub struct Server {
    page: Arc<Mutex<Page>>,
    metrics: bool,
    notices: Receiver<Notice>,
}

impl Server {
    /// Serves on a thread of its own until the process ends. An address that is in use now is tried again for as long as the run
    /// goes on; `notices` says so, and where it listens.
    pub fn start(web: &Web) -> Result<Server, Failure> {
        let failed = |error: io::Error| Failure::io(format!("web server on {}: {error}", web.address));
        let page = Arc::new(Mutex::new(Page { text: String::new(), at: Instant::now() }));
        let (sender, notices) = mpsc::channel();
        // Without a receiver the run is over.
        let report = move |level, text| drop(sender.send(Notice { level, text }));
        let listener = match TcpListener::bind(web.address) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                let text = format!("web server on {}: the address is in use; it is tried again", web.address);
                report(Level::Warning, text);
                None
            }
            bound => Some(bound.map_err(failed)?),
        };
        let address = listener.as_ref().map_or(Ok(web.address), TcpListener::local_addr).map_err(failed)?;
        if listener.is_some() {
            report(Level::Info, format!("web server on http://{address}"));
        }
        let (shared, web, metrics) = (Arc::clone(&page), web.clone(), web.metrics);
        let run = move || {
            let listener = listener.unwrap_or_else(|| {
                loop {
                    thread::sleep(AGAIN);
                    if let Ok(listener) = TcpListener::bind(web.address) {
                        report(Level::Info, format!("web server on http://{}", web.address));
                        break listener;
                    }
                }
            });
            for stream in listener.incoming() {
                match stream {
                    // A client that goes away is no matter.
                    Ok(stream) => drop(serve(stream, &web, &shared)),
                    // Out of descriptors, say: that passes, or not.
                    Err(_) => thread::sleep(PATIENCE),
                }
            }
        };
        thread::Builder::new().name("web".to_owned()).spawn(run).map_err(Failure::io)?;
        Ok(Server { page, metrics, notices })
    }

    /// What there is to report since the last call.
    pub fn notices(&self) -> impl Iterator<Item = Notice> {
        self.notices.try_iter()
    }

    /// A sign of the run; `text` makes the new page of metrics, where there is one.
    pub fn show(&self, text: impl FnOnce() -> String) {
        let text = if self.metrics { text() } else { String::new() };
        *self.page.lock().unwrap_or_else(PoisonError::into_inner) = Page { text, at: Instant::now() };
    }
}

fn serve(mut stream: TcpStream, web: &Web, page: &Mutex<Page>) -> io::Result<()> {
    let path = request(&mut stream)?;
    let page = page.lock().unwrap_or_else(PoisonError::into_inner);
    let (status, kind, body) = if path == web.health {
        if page.at.elapsed() < STALE {
            ("200 OK", "application/json", r#"{"status": "ok"}"#)
        } else {
            ("503 Service Unavailable", "application/json", r#"{"status": "stuck"}"#)
        }
    } else if path == "/metrics" && web.metrics {
        ("200 OK", "text/plain; version=0.0.4", page.text.as_str())
    } else {
        ("404 Not Found", "text/plain", "not found\n")
    };
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    drop(page);
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(answer.as_bytes())
}

/// Reads the head of a request; its path leaves.
fn request(stream: &mut TcpStream) -> io::Result<String> {
    let deadline = Instant::now() + PATIENCE;
    let mut head = Vec::new();
    let mut buffer = [0; 512];
    while !head.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || head.len() > HEAD {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => head.extend_from_slice(&buffer[..count]),
        }
    }
    let head = String::from_utf8_lossy(&head);
    let mut words = head.split_whitespace();
    match (words.next(), words.next()) {
        (Some("GET" | "HEAD"), Some(path)) => Ok(path.split('?').next().unwrap_or(path).to_owned()),
        _ => Ok(String::new()),
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn get(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).expect("a connection");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    #[test]
    fn health_and_metrics_are_served_beside_slow_clients() {
        let web = Web { address: ([127, 0, 0, 1], 0).into(), health: "/healthz".to_owned(), metrics: true };
        let server = Server::start(&web).expect("a server");
        let notice = server.notices().next().expect("a notice");
        let address = notice.text.strip_prefix("web server on http://").expect("an address");
        let address: SocketAddr = address.parse().expect("an address");
        let silent = TcpStream::connect(address).expect("a connection");
        server.show(|| "x 1\n".to_owned());
        assert!(get(address, "/metrics").ends_with("\r\n\r\nx 1\n"));
        assert!(get(address, "/healthz?probe=1").contains("200 OK"));
        assert!(get(address, "/other").starts_with("HTTP/1.1 404"));
        drop(silent);
    }

    /// Falco, say, has the same port.
    #[test]
    fn an_address_in_use_is_tried_again() {
        let other = TcpListener::bind(("127.0.0.1", 0)).expect("a listener");
        let address = other.local_addr().expect("an address");
        let web = Web { address, health: "/healthz".to_owned(), metrics: true };
        let server = Server::start(&web).expect("a server that waits");
        let first: Vec<Notice> = server.notices().collect();
        assert!(matches!(first.as_slice(), [Notice { level: Level::Warning, .. }]), "{first:?}");
        drop(other);
        let second = server.notices.recv_timeout(Duration::from_secs(60)).expect("a notice");
        assert_eq!(second.text, format!("web server on http://{address}"));
        assert!(get(address, "/healthz").contains("200 OK"));
    }
}

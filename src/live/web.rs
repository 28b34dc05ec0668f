//! The web server for health and metrics: requests enter, the page that the run left last leaves. One thread serves one request
//! after the other, each within a second, so that strangers can cost no more than that.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::config::Web;
use crate::exit::Failure;

/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(1);
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
    address: SocketAddr,
    metrics: bool,
}

impl Server {
    /// Listens, and serves on a thread of its own until the process ends.
    pub fn start(web: &Web) -> Result<Server, Failure> {
        let failed = |error: io::Error| Failure::io(format!("web server on {}: {error}", web.address));
        let listener = TcpListener::bind(web.address).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let page = Arc::new(Mutex::new(Page { text: String::new(), at: Instant::now() }));
        let (shared, web) = (Arc::clone(&page), web.clone());
        let metrics = web.metrics;
        let serve = move || {
            for stream in listener.incoming() {
                match stream {
                    // A client that goes away is no matter.
                    Ok(stream) => drop(serve(stream, &web, &shared)),
                    // Out of descriptors, say: that passes, or not.
                    Err(_) => thread::sleep(PATIENCE),
                }
            }
        };
        thread::Builder::new().name("web".to_owned()).spawn(serve).map_err(Failure::io)?;
        Ok(Server { page, address, metrics })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
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
        let silent = TcpStream::connect(server.address()).expect("a connection");
        server.show(|| "x 1\n".to_owned());
        assert!(get(server.address(), "/metrics").ends_with("\r\n\r\nx 1\n"));
        assert!(get(server.address(), "/healthz?probe=1").contains("200 OK"));
        assert!(get(server.address(), "/other").starts_with("HTTP/1.1 404"));
        drop(silent);
    }
}

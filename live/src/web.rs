//! The web server for health, versions and metrics: requests enter, the newest page of the run leaves. One thread serves one request after
//! the other, each within a second, so that clients cannot cost more than that.

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Map, Value, json};
use tercel_config::Web;
use tercel_outputs::{Level, Notice, credentials};
use tercel_rules::load::Options;

/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// After this time an address that is in use is tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// Longest head of a request that is read.
const HEAD: usize = 4096;
/// After this time without a page of the run, it is not healthy.
const STALE: Duration = Duration::from_secs(10);

/// The page that is served, and its time.
struct Page {
    text: String,
    at: Instant,
}

/// Why the web server cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The certificates or their key are invalid.
    #[error("webserver.ssl_certificate: {}: {reason}", path.display())]
    Certificate {
        /// Their file.
        path: PathBuf,
        /// What is wrong.
        reason: Box<dyn Error + Send + Sync>,
    },
    /// It cannot listen.
    #[error("web server on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// Its thread cannot be started.
    #[error("{0}")]
    Thread(io::Error),
}

/// A running web server.
pub struct WebServer {
    page: Arc<Mutex<Page>>,
    metrics: bool,
    notices: Receiver<Notice>,
}

impl WebServer {
    /// Serves on a thread of its own until the process ends. An address that is in use is tried again as long as the run lasts;
    /// `notices` reports this, and the address that it listens on.
    ///
    /// # Errors
    /// The certificates are wrong, or the address is not to be had.
    pub fn start(web: &Web) -> Result<WebServer, WebError> {
        let failed = |source: io::Error| WebError::Listen { address: web.address, source };
        let tls = web.certificate.as_deref().map(tls).transpose()?;
        let page = Arc::new(Mutex::new(Page { text: String::new(), at: Instant::now() }));
        let scheme = web.scheme();
        let (sender, notices) = mpsc::channel();
        // Without a receiver the run is over.
        let report = move |level, text| drop(sender.send(Notice { level, text }));
        let listener = match TcpListener::bind(web.address) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                let text = format!("web server on {}: the address is in use; trying again", web.address);
                report(Level::Warning, text);
                None
            }
            bound => Some(bound.map_err(failed)?),
        };
        let address = listener.as_ref().map_or(Ok(web.address), TcpListener::local_addr).map_err(failed)?;
        if listener.is_some() {
            report(Level::Info, format!("web server on {scheme}://{address}"));
        }
        let (shared, web, metrics) = (Arc::clone(&page), web.clone(), web.metrics);
        let run = move || {
            let listener = listener.unwrap_or_else(|| {
                loop {
                    thread::sleep(AGAIN);
                    if let Ok(listener) = TcpListener::bind(web.address) {
                        report(Level::Info, format!("web server on {scheme}://{}", web.address));
                        break listener;
                    }
                }
            });
            for stream in listener.incoming() {
                match stream {
                    // A client that closes the connection is not an error.
                    Ok(stream) => drop(answer(stream, tls.as_ref(), &web, &shared)),
                    // Out of descriptors, for example: later requests may succeed.
                    Err(_) => thread::sleep(PATIENCE),
                }
            }
        };
        thread::Builder::new().name("web".to_owned()).spawn(run).map_err(WebError::Thread)?;
        Ok(WebServer { page, metrics, notices })
    }

    /// Checks what the server needs at the start.
    ///
    /// # Errors
    /// The certificates or their key are invalid.
    pub fn check(web: &Web) -> Result<(), WebError> {
        web.certificate.as_deref().map(tls).transpose().map(drop)
    }

    /// Messages since the last call.
    pub fn notices(&self) -> impl Iterator<Item = Notice> {
        self.notices.try_iter()
    }

    /// Shows that the run is alive; `text` makes the new page of metrics, if metrics are served.
    pub fn show(&self, text: impl FnOnce() -> String) {
        let text = if self.metrics { text() } else { String::new() };
        *self.page.lock().unwrap_or_else(PoisonError::into_inner) = Page { text, at: Instant::now() };
    }
}

/// The configuration of TLS with the certificates and the key in a file.
fn tls(path: &Path) -> Result<Arc<ServerConfig>, WebError> {
    read_tls(path).map(Arc::new).map_err(|reason| WebError::Certificate { path: path.to_owned(), reason })
}

fn read_tls(path: &Path) -> Result<ServerConfig, Box<dyn Error + Send + Sync>> {
    let bytes = credentials(path)?;
    let certificates = CertificateDer::pem_slice_iter(&bytes).collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(&bytes)?;
    Ok(ServerConfig::builder().with_no_client_auth().with_single_cert(certificates, key)?)
}

/// A connection with a time limit.
struct Bounded {
    stream: TcpStream,
    deadline: Instant,
}

impl Bounded {
    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(buffer)
    }
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn answer(
    stream: TcpStream,
    tls: Option<&Arc<ServerConfig>>,
    web: &Web,
    page: &Mutex<Page>,
) -> io::Result<()> {
    let mut stream = Bounded { stream, deadline: Instant::now() + PATIENCE };
    let Some(config) = tls else { return serve(&mut stream, web, page) };
    let session = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(session, stream);
    serve(&mut stream, web, page)?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn serve(stream: &mut (impl Read + Write), web: &Web, page: &Mutex<Page>) -> io::Result<()> {
    let path = request(stream)?;
    let page = page.lock().unwrap_or_else(PoisonError::into_inner);
    let (status, kind, body) = if path == web.health {
        if page.at.elapsed() < STALE {
            ("200 OK", "application/json", r#"{"status": "ok"}"#.to_owned())
        } else {
            ("503 Service Unavailable", "application/json", r#"{"status": "stuck"}"#.to_owned())
        }
    } else if path == "/versions" {
        ("200 OK", "application/json", versions())
    } else if path == "/metrics" && web.metrics {
        ("200 OK", "text/plain; version=0.0.4", page.text.clone())
    } else {
        ("404 Not Found", "text/plain", "not found\n".to_owned())
    };
    drop(page);
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(answer.as_bytes())
}

/// What falcoctl and others request, under Falco's keys: versions of the rule language and of the plugins that rule files may
/// require.
fn versions() -> String {
    let Options { engine, plugins, .. } = Options::default();
    let plugins: Map<String, Value> =
        plugins.into_iter().map(|(name, version)| (name, json!(version.to_string()))).collect();
    json!({
        "tercel_version": env!("CARGO_PKG_VERSION"),
        "engine_version": engine.minor.to_string(),
        "engine_version_semver": engine.to_string(),
        "plugin_versions": plugins,
    })
    .to_string()
}

/// Reads the head of a request and returns its path.
fn request(stream: &mut impl Read) -> io::Result<String> {
    let mut head = Vec::new();
    let mut buffer = [0; 512];
    while !head.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
        if head.len() > HEAD {
            return Err(io::ErrorKind::InvalidData.into());
        }
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
        let web = Web {
            address: ([127, 0, 0, 1], 0).into(),
            health: "/healthz".to_owned(),
            metrics: true,
            certificate: None,
        };
        let server = WebServer::start(&web).expect("a server");
        let notice = server.notices().next().expect("a notice");
        let address = notice.text.strip_prefix("web server on http://").expect("an address");
        let address: SocketAddr = address.parse().expect("an address");
        let silent = TcpStream::connect(address).expect("a connection");
        server.show(|| "x 1\n".to_owned());
        assert!(get(address, "/metrics").ends_with("\r\n\r\nx 1\n"));
        assert!(get(address, "/healthz?probe=1").contains("200 OK"));
        assert!(get(address, "/versions").contains(r#""engine_version_semver":"0.62.0""#));
        assert!(get(address, "/other").starts_with("HTTP/1.1 404"));
        drop(silent);
    }

    #[test]
    fn tls_is_spoken_where_there_is_a_certificate() {
        let certificate = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/webserver.pem");
        let mut web = Web {
            address: ([127, 0, 0, 1], 0).into(),
            health: "/healthz".to_owned(),
            metrics: false,
            certificate: Some(certificate.into()),
        };
        let server = WebServer::start(&web).expect("a server");
        let notice = server.notices().next().expect("a notice");
        let url = notice.text.strip_prefix("web server on ").expect("an address");
        assert!(url.starts_with("https://"), "{url}");
        // The certificate is self-signed, as in Falco's documentation.
        let tls = ureq::tls::TlsConfig::builder().disable_verification(true).build();
        let agent: ureq::Agent = ureq::Agent::config_builder().tls_config(tls).build().into();
        let mut answer = agent.get(format!("{url}/healthz")).call().expect("an answer");
        assert_eq!(answer.body_mut().read_to_string().expect("a text"), r#"{"status": "ok"}"#);
        web.certificate = Some(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml").into());
        let error = WebServer::check(&web).expect_err("no key").to_string();
        assert!(error.starts_with("webserver.ssl_certificate: "), "{error}");
    }

    /// Falco, for example, has the same port.
    #[test]
    fn an_address_in_use_is_tried_again() {
        let other = TcpListener::bind(("127.0.0.1", 0)).expect("a listener");
        let address = other.local_addr().expect("an address");
        let web = Web { address, health: "/healthz".to_owned(), metrics: true, certificate: None };
        let server = WebServer::start(&web).expect("a server that waits");
        let first: Vec<Notice> = server.notices().collect();
        assert!(matches!(first.as_slice(), [Notice { level: Level::Warning, .. }]), "{first:?}");
        drop(other);
        let second = server.notices.recv_timeout(Duration::from_secs(60)).expect("a notice");
        assert_eq!(second.text, format!("web server on http://{address}"));
        assert!(get(address, "/healthz").contains("200 OK"));
    }
}

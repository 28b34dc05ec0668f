//! Http: lines enter and are posted to a web server, one request per line.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use ureq::http::{HeaderName, HeaderValue, Uri};
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Error};

use crate::Message;
use crate::channel::{Channel, Failure};
use crate::error::Reason;

/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How much of the body of an answer is read, so that the connection can be reused.
const ANSWER: u64 = 64 << 10;
/// Longest head of an answer.
const HEAD: usize = 64 << 10;

/// A web server and how lines are sent to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// Address of the requests.
    pub url: String,
    /// Whether the lines are JSON.
    pub json: bool,
    /// The name of this program in requests.
    pub user_agent: String,
    /// Accept any certificate of the server.
    pub insecure: bool,
    /// Files or a directory with the certificates that are trusted; `None` for those of Mozilla's list.
    pub trusted: Option<PathBuf>,
    /// Certificate and key of this client.
    pub client: Option<(PathBuf, PathBuf)>,
    /// Compress what is sent.
    pub compress: bool,
    /// Further headers of the requests: names and values.
    pub headers: Vec<(String, String)>,
    /// Reuse connections.
    pub keep_alive: bool,
    /// Print the bodies of answers on standard output.
    pub echo: bool,
    /// Number of timeouts in a row after which a line is given up.
    pub max_timeouts: u32,
}

/// A client of the server.
pub struct Client {
    settings: Http,
    agent: Agent,
    timeouts: u32,
}

impl Client {
    /// Reads keys and certificates. No connection is made yet.
    pub fn new(settings: &Http) -> Result<Client, Reason> {
        for (name, value) in &settings.headers {
            if HeaderName::try_from(name).is_err() || HeaderValue::try_from(value).is_err() {
                return Err(Reason::Header { name: name.clone() });
            }
        }
        let address = settings.url.parse::<Uri>().ok();
        if !address
            .is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host() != Some(""))
        {
            return Err(Reason::Url { url: settings.url.clone() });
        }
        Ok(Client { settings: settings.clone(), agent: agent(settings)?, timeouts: 0 })
    }

    /// Posts a body; the status and the body of the answer.
    fn post(&self, body: &[u8]) -> Result<(u16, Vec<u8>), Error> {
        let kind = if self.settings.json { "application/json" } else { "text/plain" };
        let mut request = self.agent.post(&self.settings.url).header("Content-Type", kind);
        for (name, value) in &self.settings.headers {
            request = request.header(name, value);
        }
        if !self.settings.keep_alive {
            request = request.header("Connection", "close");
        }
        let mut response = if self.settings.compress {
            request.header("Content-Encoding", "gzip").send(&gzip(body)?[..])?
        } else {
            request.send(body)?
        };
        let status = response.status().as_u16();
        // The status is the answer: a body that is too long or truncated does not change it, nor does an error of the echo.
        let mut answer = Vec::new();
        let _ = response.body_mut().as_reader().take(ANSWER).read_to_end(&mut answer);
        if self.settings.echo && !answer.is_empty() {
            let _ = io::stdout().lock().write_all(&answer);
        }
        Ok((status, answer))
    }

    /// Posts a body until the server has taken it or cannot; the body of its answer.
    pub fn deliver(&mut self, body: &[u8]) -> Result<Vec<u8>, Failure> {
        let posted = self.post(body);
        let reason = |what: &dyn std::fmt::Display| format!("{}: {what}", self.settings.url);
        let failure = match &posted {
            Ok((200..400, _)) => None,
            // Too many requests, or an error of the server: a later attempt may succeed.
            Ok((status @ (408 | 429 | 500..), _)) => {
                Some(Failure::Later(reason(&format!("status {status}"))))
            }
            Ok((status, _)) => Some(Failure::Never(reason(&format!("status {status}")))),
            Err(Error::Timeout(_)) if self.timeouts >= self.settings.max_timeouts => {
                Some(Failure::Never(reason(&format!("no answer; attempts: {}", self.timeouts + 1))))
            }
            Err(error) => Some(Failure::Later(reason(error))),
        };
        self.timeouts = match (&posted, &failure) {
            (Err(Error::Timeout(_)), Some(Failure::Later(_))) => self.timeouts + 1,
            _ => 0,
        };
        match failure {
            Some(failure) => Err(failure),
            None => Ok(posted.map(|(_, answer)| answer).unwrap_or_default()),
        }
    }
}

impl Channel for Client {
    fn send(&mut self, message: &Message) -> Result<(), Failure> {
        self.deliver(&message.line).map(drop)
    }

    fn reopen(&mut self) {
        // Keys and certificates may be new; if they are invalid, those in use stay.
        if let Ok(agent) = agent(&self.settings) {
            self.agent = agent;
        }
    }
}

fn agent(settings: &Http) -> Result<Agent, Reason> {
    let mut tls = TlsConfig::builder().disable_verification(settings.insecure);
    if let Some(path) = &settings.trusted {
        tls = tls.root_certs(RootCerts::Specific(Arc::new(trusted(path)?)));
    }
    if let Some((certificate, key)) = &settings.client {
        let key = PrivateKey::from_pem(&read(key)?).map_err(|error| not_pem(key, error))?;
        tls = tls.client_cert(Some(ClientCert::new_with_certs(&certificates(certificate)?, key)));
    }
    let config = Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        .max_response_header_size(HEAD)
        .max_redirects(3)
        .proxy(None)
        .user_agent(&settings.user_agent)
        .tls_config(tls.build());
    Ok(config.build().into())
}

/// All certificates in a file or in the files of a directory.
fn trusted(path: &Path) -> Result<Vec<Certificate<'static>>, Reason> {
    if !path.is_dir() {
        return certificates(path);
    }
    let entries = fs::read_dir(path).map_err(|error| unreadable(path, error))?;
    // A directory of certificates may contain dangling links and other files.
    Ok(entries.flatten().filter_map(|entry| certificates(&entry.path()).ok()).flatten().collect())
}

fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>, Reason> {
    let bytes = read(path)?;
    let mut found = Vec::new();
    for item in parse_pem(&bytes) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| not_pem(path, error))? {
            found.push(certificate);
        }
    }
    if found.is_empty() { Err(Reason::NoCertificate { path: path.to_owned() }) } else { Ok(found) }
}

fn read(path: &Path) -> Result<Vec<u8>, Reason> {
    credentials(path).map_err(|error| unreadable(path, error))
}

/// What is in a file of certificates or keys.
///
/// # Errors
/// It cannot be read, or has more than 16 MiB: devices have no end.
pub fn credentials(path: &Path) -> io::Result<Vec<u8>> {
    const LONGEST: u64 = 16 << 20;
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > LONGEST {
        true => Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("more than {} MiB", LONGEST >> 20))),
        false => Ok(bytes),
    }
}

fn unreadable(path: &Path, source: io::Error) -> Reason {
    Reason::Unreadable { path: path.to_owned(), source }
}

fn not_pem(path: &Path, source: Error) -> Reason {
    Reason::Pem { path: path.to_owned(), source: Box::new(source) }
}

fn gzip(line: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(line)?;
    encoder.finish()
}

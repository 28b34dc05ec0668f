//! The outputs of a configuration.

use std::path::{Path, PathBuf};

use tercel_outputs::{Address, Http, Kind, Otlp, Protocol, Syslog};

use crate::reader::Reader;
use crate::tree::Value;

/// The name of this program in requests.
const USER_AGENT: &str = concat!("tercel/", env!("CARGO_PKG_VERSION"));

/// Where systems keep the certificates that they trust.
const SYSTEM: &str = "/etc/ssl/certs";

/// The outputs that are enabled.
pub fn outputs(reader: &mut Reader<'_>, json: bool) -> Vec<Kind> {
    let mut kinds = Vec::new();
    if reader.flag("stdout_output.enabled", false) {
        kinds.push(Kind::Stdout);
    }
    if reader.flag("stderr_output.enabled", false) {
        kinds.push(Kind::Stderr);
    }
    if let Some(path) = required(reader, "file_output", "filename") {
        kinds.push(Kind::File { path: path.into(), keep_open: reader.flag("file_output.keep_alive", false) });
    }
    if reader.flag("syslog_output.enabled", false) {
        kinds.extend(syslog(reader));
    }
    if let Some(command) = required(reader, "program_output", "program") {
        let keep_running = reader.flag("program_output.keep_alive", false);
        kinds.push(Kind::Program { command, keep_running });
    }
    if let Some(url) = required(reader, "http_output", "url") {
        kinds.push(Kind::Http(http(reader, url, json)));
    }
    if let Some(endpoint) = required(reader, "otlp_output", "endpoint") {
        kinds.push(Kind::Otlp(otlp(reader, &endpoint)));
    }
    kinds
}

/// The value that an output needs, where it is enabled.
fn required(reader: &mut Reader<'_>, output: &str, key: &str) -> Option<String> {
    if !reader.flag(&format!("{output}.enabled"), false) {
        return None;
    }
    let value = reader.text(&format!("{output}.{key}")).map(|(text, _)| text.to_owned());
    if let (None, Some(entry)) = (&value, reader.root.get(output)) {
        reader.wrong(&entry.place, format!("{output} is enabled, but has no {key}"));
    }
    value
}

fn syslog(reader: &mut Reader<'_>) -> Option<Kind> {
    let protocols = [("rfc3164", Protocol::Rfc3164), ("rfc5424", Protocol::Rfc5424)];
    let protocol = reader.word("syslog_output.protocol", &protocols, Protocol::Rfc3164);
    let (text, place) = reader.text("syslog_output.address").unwrap_or(("/dev/log", &reader.root.place));
    let address = match text.split_once("://") {
        None if text.starts_with('/') => Address::Local(text.into()),
        Some(("unix", path)) => Address::Local(path.into()),
        Some(("udp", host)) => Address::Udp(with_port(host)),
        Some(("tcp", host)) => Address::Tcp(with_port(host)),
        _ => {
            let text = format!(
                "syslog_output.address must be a path, udp://HOST:PORT or tcp://HOST:PORT, not '{text}'"
            );
            reader.wrong(place, text);
            return None;
        }
    };
    Some(Kind::Syslog(Syslog { address, protocol, hostname: hostname() }))
}

fn hostname() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

fn with_port(host: &str) -> String {
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if has_port { host.to_owned() } else { format!("{host}:514") }
}

/// An address without a scheme is one of http, as in curl and so in Falco.
fn with_scheme(url: String) -> String {
    if url.contains("://") { url } else { format!("http://{url}") }
}

fn http(reader: &mut Reader<'_>, url: String, json: bool) -> Http {
    let url = with_scheme(url);
    let mut path =
        |key: &str| reader.text(&format!("http_output.{key}")).map(|(text, _)| PathBuf::from(text));
    let (file, bundle, directory) = (path("ca_cert"), path("ca_bundle"), path("ca_path"));
    let certificate = path("client_cert").unwrap_or_else(|| "/etc/ssl/certs/client.crt".into());
    let key = path("client_key").unwrap_or_else(|| "/etc/ssl/certs/client.key".into());
    let system = Path::new(SYSTEM);
    let directory = directory.unwrap_or_else(|| system.to_owned());
    // If the system has no certificates, the list that comes with the program is used.
    let trusted = file.or(bundle).or_else(|| (directory != system || system.is_dir()).then_some(directory));
    let user_agent = reader.text("http_output.user_agent").map(|(text, _)| text.to_owned());
    Http {
        json,
        user_agent: user_agent.unwrap_or_else(|| USER_AGENT.to_owned()),
        insecure: reader.flag("http_output.insecure", false),
        trusted: trusted.filter(|_| url.starts_with("https:")),
        client: reader.flag("http_output.mtls", false).then_some((certificate, key)),
        compress: reader.flag("http_output.compress_uploads", false),
        headers: Vec::new(),
        keep_alive: reader.flag("http_output.keep_alive", false),
        echo: reader.flag("http_output.echo", false),
        max_timeouts: reader.number("http_output.max_consecutive_timeouts", 5, 0..=255),
        url,
    }
}

fn otlp(reader: &mut Reader<'_>, endpoint: &str) -> Otlp {
    // As OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: an address without a path gets that of logs.
    let has_path =
        endpoint.split_once("://").is_some_and(|(_, rest)| rest.trim_end_matches('/').contains('/'));
    let url =
        if has_path { endpoint.to_owned() } else { format!("{}/v1/logs", endpoint.trim_end_matches('/')) };
    let url = with_scheme(url);
    let system = Some(PathBuf::from(SYSTEM)).filter(|path| path.is_dir());
    let http = Http {
        json: true,
        user_agent: USER_AGENT.to_owned(),
        insecure: false,
        trusted: system.filter(|_| url.starts_with("https:")),
        client: None,
        compress: false,
        headers: headers(reader),
        keep_alive: true,
        echo: false,
        max_timeouts: 5,
        url,
    };
    Otlp { http, version: env!("CARGO_PKG_VERSION").to_owned(), hostname: hostname() }
}

/// Headers of requests, as those that authenticate.
fn headers(reader: &mut Reader<'_>) -> Vec<(String, String)> {
    const KEY: &str = "otlp_output.headers";
    let (pairs, place) = match reader.root.at(KEY).map(|entry| (&entry.value, &entry.place)) {
        None | Some((Value::Null, _)) => return Vec::new(),
        Some((Value::Map(pairs), place)) => (pairs, place),
        Some((Value::Text(_) | Value::List(_), place)) => {
            reader.wrong(place, format!("{KEY} must be a map of names to strings"));
            return Vec::new();
        }
    };
    let mut headers = Vec::new();
    for (name, entry) in pairs {
        match &entry.value {
            Value::Text(value) => headers.push((name.clone(), value.clone())),
            _ => reader.wrong(place, format!("{KEY}.{name} must be a string")),
        }
    }
    headers
}

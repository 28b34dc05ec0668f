//! Engines with a Docker API socket: Docker itself and Podman. Whatever answers there is bounded: heads, bodies and lines in
//! bytes, lists in containers, and every answer in time.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Map, Value, json};
use tercel_format::ContainerEngine;

use super::description::{ENTRIES, Facts, pairs, seconds, texts};
use super::sender::{Rank, Sender};
use super::{MOST, json};

/// How long an engine may take to answer a question.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest head of an answer, all lines together.
const HEAD: u64 = 64 << 10;
/// Longest answer that is read.
const LONGEST: u64 = 4 << 20;
/// Longest id of a container that is queried; those of Docker have 64 characters.
const LONGEST_ID: usize = 256;
/// Longest line of the stream of events.
const LINE: u64 = 1 << 20;

/// An entry of the list of containers.
#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "Id", default)]
    id: String,
}

/// Describes the containers that run, and then each that is made. Ends when the engine does, or does not answer.
pub(super) fn follow(path: &Path, sender: &Sender, answering: &dyn Fn(bool)) {
    let socket = Socket { path, patience: PATIENCE };
    let Ok(version) = socket.ask("/version") else { return };
    let engine = engine_of(&version);
    // The stream of events is opened first: what starts between the list and the stream would otherwise be missed.
    let stream = socket.request("/events?filters=%7B%22type%22%3A%5B%22container%22%5D%7D");
    answering(stream.is_ok());
    let running = socket.read("/containers/json");
    if let Some(running) = running.ok().and_then(|text| serde_json::from_slice::<Vec<Listed>>(&text).ok()) {
        for container in running.iter().take(MOST) {
            describe(&socket, engine, &container.id, sender);
        }
    }
    let Ok(mut stream) = stream else { return };
    // Waiting for the next event may take for ever.
    stream.get_mut().deadline = None;
    if stream.get_ref().socket.set_read_timeout(None).is_err() {
        return;
    }
    loop {
        let mut line = String::new();
        if !stream.by_ref().take(LINE).read_line(&mut line).is_ok_and(|length| length > 0) {
            return;
        }
        let Ok(event) = json::parse(line.as_bytes()) else { continue };
        let action = event.get("Action").or(event.get("status")).and_then(Value::as_str);
        if matches!(action, Some("create" | "start" | "rename")) {
            let id = event.get("id").or(event.pointer("/Actor/ID")).and_then(Value::as_str);
            describe(&socket, engine, id.unwrap_or_default(), sender);
        }
    }
}

/// Which engine answers: Podman is a part of its own answers.
fn engine_of(version: &Value) -> ContainerEngine {
    let mut parts = version.pointer("/Components").and_then(Value::as_array).into_iter().flatten();
    let is_podman = |part: &Value| part.get("Name").and_then(Value::as_str) == Some("Podman Engine");
    if parts.any(is_podman) { ContainerEngine::Podman } else { ContainerEngine::Docker }
}

fn describe(socket: &Socket, engine: ContainerEngine, id: &str, sender: &Sender) {
    if id.is_empty() || id.len() > LONGEST_ID || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return;
    }
    if let Ok(found) = socket.ask(&format!("/containers/{id}/json")) {
        sender.send(Rank::Engine, id, description(&found, engine));
    }
}

/// Any JSON as the answer to each question.
#[cfg(fuzzing)]
pub(super) fn any_answer(found: &Value) -> String {
    description(found, engine_of(found))
}

/// Where an engine listens.
struct Socket<'a> {
    path: &'a Path,
    /// How long it may take to answer a question.
    patience: Duration,
}

/// A socket from which nothing is read after a deadline, however little comes at a time.
struct Timed {
    socket: UnixStream,
    deadline: Option<Instant>,
}

impl Read for Timed {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if let Some(deadline) = self.deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.socket.set_read_timeout(Some(left))?;
        }
        self.socket.read(bytes)
    }
}

impl Socket<'_> {
    /// Asks for a JSON value.
    fn ask(&self, question: &str) -> io::Result<Value> {
        json::parse(&self.read(question)?).map_err(io::Error::other)
    }

    /// Asks for a text.
    fn read(&self, question: &str) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        self.request(question)?.take(LONGEST).read_to_end(&mut body)?;
        Ok(body)
    }

    /// Sends a question and reads the head of the answer. HTTP/1.0 answers are not sent in chunks.
    fn request(&self, question: &str) -> io::Result<BufReader<Timed>> {
        let mut socket = UnixStream::connect(self.path)?;
        socket.set_write_timeout(Some(self.patience))?;
        write!(socket, "GET {question} HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
        let mut answer = BufReader::new(Timed { socket, deadline: Some(Instant::now() + self.patience) });
        let mut head = answer.by_ref().take(HEAD);
        let mut line = String::new();
        head.read_line(&mut line)?;
        if line.split_ascii_whitespace().nth(1) != Some("200") {
            return Err(io::ErrorKind::InvalidData.into());
        }
        while !line.trim_end().is_empty() {
            line.clear();
            if head.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(answer)
    }
}

/// An engine's answer as container events carry it.
fn description(found: &Value, engine: ContainerEngine) -> String {
    let text = |pointer: &str| found.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let mounts = found.pointer("/Mounts").and_then(Value::as_array).into_iter().flatten();
    Facts {
        engine: Some(engine),
        id: text("/Id"),
        name: text("/Name").trim_start_matches('/'),
        image: text("/Config/Image"),
        image_id: text("/Image"),
        ip: address(found),
        user: text("/Config/User").to_owned(),
        privileged: found.pointer("/HostConfig/Privileged").and_then(Value::as_bool).unwrap_or(false),
        host_pid: text("/HostConfig/PidMode") == "host",
        host_network: text("/HostConfig/NetworkMode") == "host",
        host_ipc: text("/HostConfig/IpcMode") == "host",
        env: texts(found.pointer("/Config/Env")),
        labels: pairs(found.pointer("/Config/Labels")),
        mounts: mounts.take(ENTRIES).map(mount).collect(),
        ports: ports(found),
        created: seconds(text("/Created")),
        ..Facts::default()
    }
    .json()
}

/// The container's own address: the first of its networks that has one.
fn address(found: &Value) -> &str {
    let direct = found.pointer("/NetworkSettings/IPAddress").and_then(Value::as_str);
    let networks = found.pointer("/NetworkSettings/Networks").and_then(Value::as_object);
    let others = networks.into_iter().flat_map(Map::values);
    let others = others.filter_map(|network| network.get("IPAddress")?.as_str());
    direct.into_iter().chain(others).find(|address| !address.is_empty()).unwrap_or_default()
}

fn mount(mount: &Value) -> Value {
    let text = |key: &str| mount.get(key).and_then(Value::as_str).unwrap_or_default();
    json!({
        "Source": text("Source"),
        "Destination": text("Destination"),
        "Mode": text("Mode"),
        "RW": mount.get("RW").and_then(Value::as_bool).unwrap_or(false),
        "Propagation": text("Propagation"),
    })
}

/// Published ports: address and port of the host as numbers, and the container's port.
fn ports(found: &Value) -> Vec<Value> {
    let Some(ports) = found.pointer("/NetworkSettings/Ports").and_then(Value::as_object) else {
        return Vec::new();
    };
    let number = |text: &str| text.split('/').next().and_then(|port| port.parse::<u16>().ok());
    let mut found = Vec::new();
    for (name, bindings) in ports {
        for binding in bindings.as_array().into_iter().flatten().take(ENTRIES - found.len()) {
            let text = |key: &str| binding.get(key).and_then(Value::as_str).unwrap_or_default();
            let host = text("HostIp").parse::<std::net::Ipv4Addr>().map_or(0, u32::from);
            if let (Some(container), Some(port)) = (number(name), number(text("HostPort"))) {
                found.push(json!({"HostIp": host, "HostPort": port, "ContainerPort": container}));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::super::sender::Receiver;
    use super::*;
    use crate::mutation;

    const ANSWER: &str = r#"{"Id":"0123456789abcdef","Created":"2024-05-06T07:08:09.5Z","Name":"/web","Image":"sha256:ffee",
        "Config":{"Image":"reg:5000/a/nginx:1.2","User":"www","Env":["A=1"],"Labels":{"io.kubernetes.pod.name":"p"}},
        "HostConfig":{"Privileged":true,"NetworkMode":"host"},
        "NetworkSettings":{"IPAddress":"","Networks":{"n":{"IPAddress":"172.17.0.2"}},
            "Ports":{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"}],"81/tcp":null}},
        "Mounts":[{"Source":"/s","Destination":"/d","Mode":"ro","RW":false,"Propagation":"rprivate"}]}"#;

    #[test]
    fn answers_become_descriptions() {
        let found: Value = serde_json::from_str(ANSWER).expect("valid");
        let described = |found: &Value, engine: ContainerEngine| -> Value {
            serde_json::from_str(&description(found, engine)).expect("JSON")
        };
        let container = &described(&found, ContainerEngine::Docker)["container"];
        for (key, value) in [
            ("id", json!("0123456789ab")),
            ("name", json!("web")),
            ("imagerepo", json!("reg:5000/a/nginx")),
            ("imagetag", json!("1.2")),
            ("imageid", json!("ffee")),
            ("ip", json!("172.17.0.2")),
            ("privileged", json!(true)),
            ("host_network", json!(true)),
            ("host_pid", json!(false)),
            ("created_time", json!(1_714_979_289)),
            ("labels", json!({"io.kubernetes.pod.name": "p"})),
            ("port_mappings", json!([{"HostIp": 0, "HostPort": 8080, "ContainerPort": 80}])),
        ] {
            assert_eq!(container[key], value, "{key}");
        }
        // An answer without anything is no reason to panic.
        assert_eq!(described(&json!(null), ContainerEngine::Podman)["container"]["id"], json!(""));
    }

    #[test]
    fn any_answer_becomes_a_description() {
        let sample: Value = serde_json::from_str(ANSWER).expect("valid");
        mutation::of_json(&sample, 20_000, |answer| {
            let text = description(answer, engine_of(answer));
            assert!(serde_json::from_str::<Value>(&text).is_ok(), "{answer}");
        });
        let mut valid = 0;
        mutation::of_bytes(&[ANSWER.as_bytes()], 20_000, |answer| {
            let (found, expected) = (json::parse(answer), serde_json::from_slice::<Value>(answer));
            valid += usize::from(found.is_ok());
            assert_eq!(found.ok(), expected.ok(), "{}", String::from_utf8_lossy(answer));
        });
        assert!(valid > 100, "{valid} answers were JSON");
    }

    #[test]
    fn an_engine_is_asked_and_followed() {
        let path = std::env::temp_dir().join(format!("tercel-engine-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).expect("a socket");
        let server = std::thread::spawn(move || {
            for stream in listener.incoming().take(5) {
                let mut stream = stream.expect("a connection");
                let mut line = String::new();
                BufReader::new(stream.try_clone().expect("a stream"))
                    .read_line(&mut line)
                    .expect("a request");
                let body = match line.split(' ').nth(1) {
                    Some(path) if path.starts_with("/events") => {
                        r#"{"status":"create","id":"bb"}"#.to_owned() + "\n"
                    }
                    Some("/version") => r#"{"Components":[{"Name":"Podman Engine"}]}"#.to_owned(),
                    Some("/containers/json") => r#"[{"Id":"aa"}]"#.to_owned(),
                    _ => ANSWER.to_owned(),
                };
                write!(stream, "HTTP/1.0 200 OK\r\nContent-Type: json\r\n\r\n{body}").expect("an answer");
            }
        });
        let (sender, mut receiver) = Receiver::new();
        follow(&path, &sender, &|answers| assert!(answers));
        server.join().expect("a server");
        let _ = std::fs::remove_file(&path);
        let told: Vec<_> = std::iter::from_fn(|| receiver.next()).collect();
        assert!(told.len() == 2 && told.iter().all(|text| text.contains("0123456789ab")), "{told:?}");
        assert!(told.iter().all(|text| text.contains("\"type\":11")), "{told:?}");
    }

    /// What an engine does after the head of its answer.
    enum Rest {
        /// Sends a piece again and again, and pauses between the pieces.
        Endless(&'static [u8], Duration),
        /// Sends this, and keeps the connection open.
        Open(String),
        /// Sends this, and hangs up.
        Whole(String),
    }

    /// What a question comes to, and how many bytes the engine could send.
    fn answered(
        name: &str,
        head: &'static str,
        rest: Rest,
        patience: Duration,
    ) -> (io::Result<Value>, usize) {
        let path = std::env::temp_dir().join(format!("tercel-engine-{name}-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).expect("a socket");
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut asked = BufReader::new(stream.try_clone().expect("a stream")).lines();
            assert!(asked.any(|line| line.expect("a request").is_empty()));
            let mut sent = 0;
            // The client hangs up once it has read enough.
            let mut send = |bytes: &[u8]| {
                sent += bytes.len();
                stream.write_all(bytes).is_ok()
            };
            let goes_on = send(head.as_bytes());
            match rest {
                Rest::Endless(piece, pause) => {
                    while goes_on && send(piece) {
                        std::thread::sleep(pause);
                    }
                }
                Rest::Whole(text) => {
                    send(text.as_bytes());
                }
                Rest::Open(text) => {
                    send(text.as_bytes());
                    // Until the client hangs up.
                    let _ = stream.read_to_end(&mut Vec::new());
                }
            }
            sent
        });
        let answer = Socket { path: &path, patience }.ask("/version");
        let sent = server.join().expect("a server");
        let _ = std::fs::remove_file(&path);
        (answer, sent)
    }

    #[test]
    fn hostile_answers_are_given_up() {
        const OK: &str = "HTTP/1.0 200 OK\r\n";
        const BODY: &str = "HTTP/1.0 200 OK\r\n\r\n";
        const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        const HUGE: &str = "HTTP/1.0 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n";
        const LINE: &[u8; 65536] = &[b'y'; 65536];
        const NEVER: Duration = Duration::from_secs(600);
        const SOON: Duration = Duration::from_millis(300);
        let endless = |piece| Rest::Endless(piece, Duration::ZERO);
        let drip = |piece| Rest::Endless(piece, Duration::from_millis(10));
        let buffers = 1 << 20;
        for (name, head, rest, patience, most) in [
            ("status", "", endless(LINE), NEVER, HEAD as usize),
            ("head-line", OK, endless(LINE), NEVER, HEAD as usize),
            ("head-lines", OK, endless(b"X: y\r\n"), NEVER, HEAD as usize),
            ("head-not-utf8", OK, endless(b"\xff\n"), NEVER, HEAD as usize),
            ("body", BODY, endless(LINE), NEVER, LONGEST as usize),
            ("chunks", CHUNKED, endless(b"3\r\n{}\n\r\n"), NEVER, LONGEST as usize),
            ("blanks", BODY, endless(b"        "), NEVER, LONGEST as usize),
            ("nested", BODY, endless(b"{\"a\":"), NEVER, LONGEST as usize),
            (
                "wide",
                BODY,
                Rest::Whole(format!("[{}]", vec!["{}"; 1_000_000].join(","))),
                NEVER,
                LONGEST as usize,
            ),
            ("truncated", BODY, Rest::Whole("{\"a\":1".to_owned()), NEVER, LONGEST as usize),
            ("length-open", HUGE, Rest::Open("{}".to_owned()), SOON, LONGEST as usize),
            ("silent", "", Rest::Open(String::new()), SOON, HEAD as usize),
            ("drip-head", OK, drip(b"X: y\r\n"), SOON, HEAD as usize),
            ("drip-body", BODY, drip(b" "), SOON, LONGEST as usize),
            ("refused", "HTTP/1.0 500 No\r\n\r\n", endless(LINE), NEVER, HEAD as usize),
        ] {
            let begun = Instant::now();
            let (answer, sent) = answered(name, head, rest, patience);
            assert!(answer.is_err(), "{name}");
            assert!(sent < most + buffers, "{name}: {sent} bytes were taken");
            assert!(patience == NEVER || begun.elapsed() < NEVER / 60, "{name}: {:?}", begun.elapsed());
        }
        // A length that is wrong does no harm where the engine hangs up.
        let (answer, _) = answered("length", HUGE, Rest::Whole("{}".to_owned()), NEVER);
        assert_eq!(answer.expect("an answer"), json!({}));
    }

    #[test]
    fn an_answer_in_drops_has_a_deadline() {
        let (socket, mut other) = UnixStream::pair().expect("sockets");
        other.write_all(b"abc").expect("room");
        let mut timed = Timed { socket, deadline: Some(Instant::now() + PATIENCE) };
        let mut byte = [0];
        assert_eq!(timed.read(&mut byte).expect("in time"), 1);
        // What is there already is not read, either, once the time is over.
        timed.deadline = Some(Instant::now());
        assert_eq!(timed.read(&mut byte).expect_err("too late").kind(), io::ErrorKind::TimedOut);
    }
}

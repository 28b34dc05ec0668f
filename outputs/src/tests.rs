//! Failing outputs: one that is slow, dead or full never delays its caller, and lost lines are counted.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const FEW: Limits = Limits { messages: 4, bytes: 1 << 20 };

fn start(kind: Kind, limits: Limits) -> Outputs {
    Outputs::start(&[kind], limits).expect("an output")
}

fn deliver(outputs: &Outputs, numbers: std::ops::Range<u32>) {
    let started = Instant::now();
    for number in numbers {
        let line = format!("line {number}").into_bytes();
        outputs.deliver(Message { line, severity: 5, record: None });
    }
    assert!(started.elapsed() < SECOND, "delivering waits");
}

fn counts(outputs: &Outputs) -> Counts {
    outputs.counts()[0].1
}

/// Waits until the counts are as expected.
#[track_caller]
fn wait(outputs: &Outputs, expected: impl Fn(&Counts) -> bool) {
    let deadline = Instant::now() + 20 * SECOND;
    while !expected(&counts(outputs)) {
        assert!(Instant::now() < deadline, "{:?}", counts(outputs));
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A directory that is removed after the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("tercel-outputs-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a directory");
        Scratch(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

#[test]
fn a_file_is_opened_anew_when_asked() {
    let scratch = Scratch::new("reopen");
    let (path, old) = (scratch.path("alerts"), scratch.path("alerts.1"));
    for keep_open in [true, false] {
        let outputs = start(Kind::File { path: path.clone(), keep_open }, Limits::default());
        deliver(&outputs, 0..2);
        wait(&outputs, |counts| counts.sent == 2);
        std::fs::rename(&path, &old).expect("a rename");
        outputs.reopen();
        deliver(&outputs, 2..3);
        outputs.finish(5 * SECOND);
        assert_eq!(lines(&old), ["line 0", "line 1"]);
        assert_eq!(lines(&path), ["line 2"]);
        assert_eq!(counts(&outputs), Counts { sent: 3, ..Counts::default() });
        std::fs::remove_file(&path).expect("a file");
    }
}

#[test]
fn only_a_file_that_stays_open_is_written_after_it_was_renamed() {
    let scratch = Scratch::new("renamed");
    let (path, old) = (scratch.path("alerts"), scratch.path("alerts.1"));
    for keep_open in [true, false] {
        let outputs = start(Kind::File { path: path.clone(), keep_open }, Limits::default());
        deliver(&outputs, 0..1);
        wait(&outputs, |counts| counts.sent == 1);
        std::fs::rename(&path, &old).expect("a rename");
        deliver(&outputs, 1..2);
        outputs.finish(5 * SECOND);
        let renamed: &[&str] = if keep_open { &["line 0", "line 1"] } else { &["line 0"] };
        assert_eq!(lines(&old), renamed);
        assert_eq!(path.exists(), !keep_open);
    }
}

#[test]
fn outputs_are_replaced_without_loss() {
    let scratch = Scratch::new("replace");
    let kind = |name: &str| Kind::File { path: scratch.path(name), keep_open: true };
    let mut outputs =
        Outputs::start(&[kind("later/stays"), kind("leaves")], Limits::default()).expect("outputs");
    deliver(&outputs, 0..2);
    let new = [kind("comes"), kind("later/stays")];
    outputs.replace(&new, Limits::default(), 5 * SECOND).expect("outputs");
    deliver(&outputs, 2..3);
    // Lines that wait for an output that stays keep waiting.
    std::fs::create_dir(scratch.path("later")).expect("a directory");
    wait(&outputs, |counts| counts.sent == 6);
    while !outputs.leaving.is_empty() {
        outputs.notices(Instant::now());
    }
    assert_eq!(
        (counts(&outputs).sent, counts(&outputs).lost),
        (6, 0),
        "those of the output that has left count"
    );
    let wrong = Http {
        client: Some(("/no/cert".into(), "/no/key".into())),
        ..web("https://localhost/".to_owned(), 1)
    };
    outputs.replace(&[Kind::Http(wrong)], Limits::default(), SECOND).expect_err("no certificate");
    deliver(&outputs, 3..4);
    outputs.finish(5 * SECOND);
    for (name, numbers) in [("later/stays", 0..4), ("leaves", 0..2), ("comes", 2..4)] {
        let expected: Vec<String> = numbers.map(|number| format!("line {number}")).collect();
        assert_eq!(lines(&scratch.path(name)), expected, "{name}");
    }
}

#[test]
fn a_file_that_cannot_be_written_costs_only_what_the_queue_cannot_hold() {
    let scratch = Scratch::new("full");
    let path = scratch.path("missing/alerts");
    let mut outputs = start(Kind::File { path: path.clone(), keep_open: true }, FEW);
    deliver(&outputs, 0..1);
    wait(&outputs, |counts| counts.failures > 0);
    deliver(&outputs, 1..10);
    let told = outputs.notices(Instant::now());
    assert!(
        told[0].text.contains("missing/alerts: No such file") && told[0].text.contains("6 alerts lost"),
        "{told:?}"
    );
    assert!(outputs.notices(Instant::now()).is_empty());
    std::fs::create_dir_all(scratch.path("missing")).expect("a directory");
    wait(&outputs, |counts| counts.sent == 4);
    assert_eq!(lines(&path), ["line 0", "line 1", "line 2", "line 3"]);
    assert_eq!(counts(&outputs).lost, 6);
    let told = outputs.notices(Instant::now() + 11 * SECOND);
    assert_eq!(told, [Notice { level: Level::Info, text: "file output: works again".to_owned() }]);
    outputs.finish(SECOND);
}

#[test]
fn a_full_disk_tears_no_line() {
    let outputs = start(Kind::File { path: "/dev/full".into(), keep_open: true }, FEW);
    deliver(&outputs, 0..2);
    wait(&outputs, |counts| counts.failures > 1);
    outputs.finish(Duration::from_millis(10));
    assert_eq!((counts(&outputs).sent, counts(&outputs).lost), (0, 2));
}

#[test]
fn programs_read_lines() {
    let scratch = Scratch::new("programs");
    for (keep_running, starts) in [(true, 1), (false, 3)] {
        let path = scratch.path(if keep_running { "kept" } else { "each" });
        let command = format!("echo start >> {0}; cat >> {0}", path.display());
        let outputs = start(Kind::Program { command, keep_running }, Limits::default());
        deliver(&outputs, 0..3);
        wait(&outputs, |counts| counts.sent == 3);
        outputs.finish(5 * SECOND);
        let (started, read): (Vec<_>, Vec<_>) = lines(&path).into_iter().partition(|line| line == "start");
        assert_eq!(started.len(), starts);
        assert_eq!(read, ["line 0", "line 1", "line 2"]);
    }
}

#[test]
fn a_program_that_dies_is_started_again() {
    let scratch = Scratch::new("dies");
    let path = scratch.path("read");
    let command = format!("head -n 1 >> {}", path.display());
    let outputs = start(Kind::Program { command, keep_running: true }, Limits::default());
    for number in 0..3 {
        deliver(&outputs, number..number + 1);
        let deadline = Instant::now() + 10 * SECOND;
        while lines(&path).len() <= number as usize {
            assert!(Instant::now() < deadline);
            std::thread::sleep(Duration::from_millis(5));
        }
        // Its end may be noticed a moment after its line.
        std::thread::sleep(Duration::from_millis(50));
    }
    outputs.finish(SECOND);
    assert_eq!(lines(&path), ["line 0", "line 1", "line 2"]);
}

#[test]
fn a_program_that_hangs_holds_up_nobody() {
    let outputs = start(Kind::Program { command: "exec sleep 100".to_owned(), keep_running: false }, FEW);
    deliver(&outputs, 0..10);
    let started = Instant::now();
    outputs.finish(Duration::from_millis(100));
    assert!(started.elapsed() < 5 * SECOND);
    let counts = counts(&outputs);
    assert_eq!((counts.sent, counts.lost), (0, 10), "{counts:?}");
}

#[test]
fn a_program_is_killed_with_all_that_it_started() {
    let scratch = Scratch::new("group");
    let path = scratch.path("pid");
    let command = format!("sh -c 'read line; echo $$ > {}; exec sleep 60' | cat; true", path.display());
    let outputs = start(Kind::Program { command, keep_running: true }, FEW);
    deliver(&outputs, 0..1);
    let pid = || lines(&path).first().cloned();
    let deadline = Instant::now() + 20 * SECOND;
    while pid().is_none() {
        assert!(Instant::now() < deadline, "it does not start");
        std::thread::sleep(Duration::from_millis(5));
    }
    outputs.finish(10 * SECOND);
    let status = format!("/proc/{}/status", pid().expect("a number"));
    // Its new parent may take a while to reap it.
    let lives = || std::fs::read_to_string(&status).is_ok_and(|text| !text.contains("State:\tZ"));
    while lives() {
        assert!(Instant::now() < deadline, "what it started lives on");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_kept_program_that_cannot_run_loses_nothing_unnoticed() {
    for (command, reason) in [
        ("/no/such/program", "/no/such/program: the shell cannot run it"),
        ("exit 3", "exit 3: ended before it read a line (exit status: 3)"),
        ("exec <&-; sleep 0.1; exit 3", "sleep 0.1; exit 3: ended before it read a line (exit status: 3)"),
    ] {
        let mut outputs = start(Kind::Program { command: command.to_owned(), keep_running: true }, FEW);
        deliver(&outputs, 0..1);
        wait(&outputs, |counts| counts.failures > 0);
        let told = outputs.notices(Instant::now());
        assert!(told[0].text.contains(reason) && told[0].text.ends_with("; 1 waiting"), "{told:?}");
        deliver(&outputs, 1..10);
        assert_eq!(counts(&outputs).lost, 6, "what the queue cannot hold");
        outputs.finish(Duration::from_millis(100));
        assert_eq!((counts(&outputs).sent, counts(&outputs).lost), (0, 10), "{command}");
    }
}

#[test]
fn a_kept_program_that_comes_late_gets_every_line() {
    let scratch = Scratch::new("late");
    let (program, read) = (scratch.path("program"), scratch.path("read"));
    let command = format!("{} {}", program.display(), read.display());
    let outputs = start(Kind::Program { command, keep_running: true }, Limits::default());
    deliver(&outputs, 0..3);
    wait(&outputs, |counts| counts.failures > 1);
    std::os::unix::fs::symlink("/usr/bin/tee", &program).expect("a link");
    wait(&outputs, |counts| counts.sent == 3);
    outputs.finish(5 * SECOND);
    assert_eq!(lines(&read), ["line 0", "line 1", "line 2"]);
}

/// A syslog daemon at a path, in place of the one that listened there.
fn daemon(path: &Path) -> UnixDatagram {
    let _ = std::fs::remove_file(path);
    let daemon = UnixDatagram::bind(path).expect("a socket");
    daemon.set_read_timeout(Some(20 * SECOND)).expect("a timeout");
    daemon
}

/// What a daemon receives next.
fn received(daemon: &UnixDatagram) -> String {
    let mut buffer = [0; 1000];
    let count = daemon.recv(&mut buffer).expect("a message");
    String::from_utf8_lossy(&buffer[..count]).into_owned()
}

fn local_syslog(path: &Path) -> Kind {
    Kind::Syslog(Syslog {
        address: Address::Local(path.to_owned()),
        protocol: Protocol::Rfc3164,
        hostname: "host".to_owned(),
    })
}

#[test]
fn syslog_survives_a_restart_of_its_daemon() {
    let scratch = Scratch::new("syslog");
    let path = scratch.path("log");
    let listener = daemon(&path);
    let outputs = start(local_syslog(&path), Limits::default());
    deliver(&outputs, 0..1);
    let first = received(&listener);
    assert!(first.starts_with("<13>") && first.ends_with(" tercel: line 0"), "{first}");
    drop(listener);
    deliver(&outputs, 1..3);
    wait(&outputs, |counts| counts.failures > 0);
    let listener = daemon(&path);
    assert!(received(&listener).ends_with("line 1") && received(&listener).ends_with("line 2"));
    outputs.finish(SECOND);
    assert_eq!((counts(&outputs).sent, counts(&outputs).lost), (3, 0));
}

#[test]
fn syslog_connects_again_when_asked() {
    let scratch = Scratch::new("syslog-reopen");
    let path = scratch.path("log");
    let old = daemon(&path);
    let outputs = start(local_syslog(&path), Limits::default());
    deliver(&outputs, 0..1);
    assert!(received(&old).ends_with("line 0"));
    let new = daemon(&path);
    deliver(&outputs, 1..2);
    assert!(received(&old).ends_with("line 1"), "the connection stays where it is");
    outputs.reopen();
    deliver(&outputs, 2..3);
    assert!(received(&new).ends_with("line 2"));
    outputs.finish(SECOND);
}

#[test]
fn syslog_over_tcp_notices_a_closed_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let host = listener.local_addr().expect("an address").to_string();
    let syslog =
        Syslog { address: Address::Tcp(host), protocol: Protocol::Rfc3164, hostname: "h".to_owned() };
    let outputs = start(Kind::Syslog(syslog), Limits::default());
    for number in 0..3 {
        deliver(&outputs, number..number + 1);
        let (stream, _) = listener.accept().expect("a connection");
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).expect("a line");
        assert!(line.ends_with(&format!("h tercel: line {number}\n")), "{line}");
    }
    outputs.finish(SECOND);
}

fn http(listener: &TcpListener, max_timeouts: u32) -> Kind {
    let address = listener.local_addr().expect("an address");
    Kind::Http(web(format!("http://{address}/alerts"), max_timeouts))
}

fn web(url: String, max_timeouts: u32) -> Http {
    Http {
        url,
        json: true,
        user_agent: "test".to_owned(),
        insecure: false,
        trusted: None,
        client: None,
        compress: false,
        headers: Vec::new(),
        keep_alive: false,
        echo: false,
        max_timeouts,
    }
}

/// Reads a request and answers it with a body of `size` bytes.
fn answer(mut stream: TcpStream, status: &str, size: usize) -> String {
    let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        reader.read_line(&mut head).expect("a header");
    }
    for line in head.lines() {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a number");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n")
        .expect("an answer");
    // The client may close the connection early.
    let _ = stream.write_all(&vec![b'x'; size]);
    format!("{head}{}", String::from_utf8_lossy(&body))
}

#[test]
fn http_tries_again_where_that_can_help() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let outputs = start(http(&listener, 5), Limits::default());
    deliver(&outputs, 0..2);
    let answers = ["503 Busy", "200 OK", "400 Bad"];
    let requests: Vec<String> =
        answers.iter().map(|status| answer(listener.accept().expect("a request").0, status, 0)).collect();
    wait(&outputs, |counts| counts.sent + counts.lost == 2);
    assert!(
        requests[0].starts_with("POST /alerts HTTP/1.1")
            && requests[0].to_ascii_lowercase().contains("content-type: application/json")
    );
    let bodies: Vec<_> =
        requests.iter().map(|request| request.rsplit("\r\n").next().expect("a body")).collect();
    assert_eq!(bodies, ["line 0", "line 0", "line 1"]);
    assert_eq!(counts(&outputs), Counts { sent: 1, lost: 1, failures: 2, waiting: 0 });
    outputs.finish(SECOND);
}

#[test]
fn http_posts_once_whatever_the_body_of_the_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let outputs = start(http(&listener, 5), Limits::default());
    deliver(&outputs, 0..3);
    for number in 0..3 {
        let request = answer(listener.accept().expect("a request").0, "200 OK", 70_000);
        assert!(request.ends_with(&format!("\r\nline {number}")), "{request}");
    }
    wait(&outputs, |counts| counts.sent == 3);
    assert_eq!(counts(&outputs), Counts { sent: 3, ..Counts::default() });
    outputs.finish(SECOND);
}

#[test]
fn log_records_are_posted_to_a_collector() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let headers = vec![("Authorization".to_owned(), "Bearer x".to_owned())];
    let http = Http { headers, ..web(format!("http://{address}/v1/logs"), 5) };
    let otlp = Otlp { http, version: "1.2.3".to_owned(), hostname: "h".to_owned() };
    let outputs = start(Kind::Otlp(otlp), Limits::default());
    assert!(outputs.need_records());
    let attributes = [("proc.pid".to_owned(), json!(7)), ("proc.name".to_owned(), json!("sh"))];
    let record = Record {
        time: 1_470_327_477_881_781_397,
        severity_text: "Warning".to_owned(),
        body: "a shell".to_owned(),
        attributes: attributes.into_iter().chain([("fd.name".to_owned(), Value::Null)]).collect(),
    };
    outputs.deliver(Message { line: b"line".to_vec(), severity: 4, record: Some(record) });
    let request = answer(listener.accept().expect("a request").0, "200 OK", 0);
    let (head, body) = request.split_once("\r\n\r\n").expect("a head and a body");
    let head = head.to_ascii_lowercase();
    assert!(head.starts_with("post /v1/logs http/1.1"), "{head}");
    assert!(
        head.contains("content-type: application/json") && head.contains("authorization: bearer x"),
        "{head}"
    );
    let expected = json!({"resourceLogs": [{
        "resource": {"attributes": [
            {"key": "service.name", "value": {"stringValue": "tercel"}},
            {"key": "service.version", "value": {"stringValue": "1.2.3"}},
            {"key": "host.name", "value": {"stringValue": "h"}},
        ]},
        "scopeLogs": [{
            "scope": {"name": "tercel", "version": "1.2.3"},
            "logRecords": [{
                "timeUnixNano": "1470327477881781397",
                "severityNumber": 13,
                "severityText": "Warning",
                "body": {"stringValue": "a shell"},
                "attributes": [
                    {"key": "proc.name", "value": {"stringValue": "sh"}},
                    {"key": "proc.pid", "value": {"intValue": "7"}},
                ],
            }],
        }],
    }]});
    assert_eq!(serde_json::from_str::<Value>(body).expect("JSON"), expected);
    wait(&outputs, |counts| counts.sent == 1);
    outputs.finish(SECOND);
}

#[test]
fn a_server_that_hangs_holds_up_nobody() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let outputs = start(http(&listener, 5), FEW);
    deliver(&outputs, 0..10);
    assert_eq!(counts(&outputs).lost, 6);
    let started = Instant::now();
    outputs.finish(Duration::from_millis(100));
    assert!(started.elapsed() < 3 * SECOND);
    assert_eq!((counts(&outputs).sent, counts(&outputs).lost), (0, 10));
}

#[test]
fn what_cannot_start_is_named_with_its_file() {
    let scratch = Scratch::new("start");
    let empty = scratch.path("empty");
    std::fs::write(&empty, "no PEM").expect("a file");
    let (missing, path) = (scratch.path("missing"), |path: &Path| path.display().to_string());
    for (trusted, client, expected) in [
        (Some(&missing), None, format!("{}: No such file or directory (os error 2)", path(&missing))),
        (Some(&empty), None, format!("{}: contains no certificate", path(&empty))),
        (None, Some((&missing, &missing)), format!("{}: No such file", path(&missing))),
        (None, Some((&empty, &empty)), format!("{}: No pem encoded private key found", path(&empty))),
    ] {
        let client = client.map(|(certificate, key)| (certificate.clone(), key.clone()));
        let kind = Kind::Http(Http { trusted: trusted.cloned(), client, ..web("https://h/".to_owned(), 5) });
        let error = Outputs::start(std::slice::from_ref(&kind), FEW).err().expect("an error").to_string();
        assert!(error.starts_with(&format!("http output: {expected}")), "{error}");
        assert_eq!(kind.check().expect_err("an error").to_string(), error);
    }
}

#[test]
fn addresses_are_those_of_http() {
    for url in ["ftp://h/", "notaurl", "http://", "https://a b/", ""] {
        let error = Kind::Http(web(url.to_owned(), 5)).check().expect_err(url).to_string();
        assert_eq!(error, format!("http output: '{url}' is not an http:// or https:// address"));
    }
    for url in ["http://h", "https://h:1/x?a=b", "http://[::1]:80/", "http://user@h/"] {
        assert!(Kind::Http(web(url.to_owned(), 5)).check().is_ok(), "{url}");
    }
}

#[test]
fn what_keeps_a_file_from_being_written() {
    let scratch = Scratch::new("obstacle");
    let file = |path: &Path| Kind::File { path: path.to_owned(), keep_open: true }.obstacle();
    std::fs::write(scratch.path("file"), "").expect("a file");
    assert!(file(&scratch.path("file")).is_none() && file(&scratch.path("new")).is_none());
    assert!(file("new".as_ref()).is_none());
    let kind = |path: &str| file(&scratch.path(path)).map(|error| error.kind());
    assert_eq!(kind("missing/new"), Some(std::io::ErrorKind::NotFound));
    assert_eq!(kind("file/new"), Some(std::io::ErrorKind::NotADirectory));
    assert_eq!(kind("."), Some(std::io::ErrorKind::IsADirectory));
}

/// A server must not fill the memory, nor hold an alert for ever.
#[test]
fn an_endless_head_of_an_answer_is_a_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let outputs = start(http(&listener, 5), FEW);
    deliver(&outputs, 0..1);
    let (mut stream, _) = listener.accept().expect("a request");
    stream.set_write_timeout(Some(5 * SECOND)).expect("a timeout");
    stream.write_all(b"HTTP/1.1 200 OK\r\n").expect("a status");
    let header = [b"X: ".as_slice(), &[b'x'; 4000], b"\r\n"].concat();
    let mut written = 0;
    while stream.write_all(&header).is_ok() {
        written += header.len();
        assert!(written < 64 << 20, "the client reads on and on");
    }
    wait(&outputs, |counts| counts.failures > 0);
    assert_eq!(counts(&outputs).sent, 0);
    outputs.finish(Duration::from_millis(10));
}

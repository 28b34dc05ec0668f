//! The classic rules through syslog, a file and a program at once; a disk that is full for a while.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::process::Command;

use tercel_test_support::{Missing, skip};

use super::host::{Live, Place, lines, marked, shell, wait};

/// A pinging process on the host, and a write below a configured directory with the chain of parents.
const CLASSIC: &str = "
- rule: Ping
  desc: a process speaks to the network
  condition: evt.type in (connect, sendto, recvfrom, sendmsg, recvmsg) and proc.name = ping
  output: Binary generate network traffic by (user=%user.name command=%proc.cmdline connection=%fd.name type=%evt.type)
  priority: WARNING
- rule: Write
  desc: a file below a directory of settings is written
  condition: evt.type in (open, openat, openat2, creat) and evt.is_open_write = true and fd.name startswith PLACE/etc
  output: >
    File below etc opened for writing (user=%user.name command=%proc.cmdline parent=%proc.pname file=%fd.name
    gparent=%proc.aname[2] ggparent=%proc.aname[3])
  priority: ERROR
";

#[test]
fn the_classic_rules_reach_every_output() {
    let Some(place) = Place::new("classic") else { return };
    let root = place.path("");
    let root = root.to_str().expect("a path").trim_end_matches('/');
    let rules = place.file("rules.yaml", &CLASSIC.replace("PLACE", root));
    let log = place.path("log");
    let daemon = UnixDatagram::bind(&log).expect("a socket");
    daemon.set_read_timeout(Some(tercel_test_support::DEADLINE)).expect("a timeout");
    let options = [
        "stdout_output.enabled=true".to_owned(),
        "syslog_output.enabled=true".to_owned(),
        format!("syslog_output.address={}", log.display()),
        "file_output.enabled=true".to_owned(),
        format!("file_output.filename={root}/file"),
        "program_output.enabled=true".to_owned(),
        format!("program_output.program=cat >> {root}/program"),
    ];
    let mut arguments = vec!["-r", rules.to_str().expect("a path")];
    options.iter().for_each(|option| arguments.extend(["-o", option]));
    let out = place.path("out");
    let live = Live::start(&place, &out, &arguments);
    shell(&format!("mkdir {root}/etc; sh -c 'echo x > {root}/etc/evil; true'"));
    wait("alert", || lines(&out).iter().any(|line| line.contains("File below etc")));
    let pinged = shell("ping -c 1 127.0.0.1").status.success();
    if pinged {
        wait("alert", || lines(&out).iter().any(|line| line.contains("type=sendto")));
    } else {
        skip("ping of the classic rules", &Missing::new("ping", "ping is not installed, or may not be used"));
    }
    wait("lines of the program", || lines(&place.path("program")).len() == lines(&out).len());
    live.stop();
    let alerts = lines(&out);
    if pinged {
        has_pinged(&alerts);
    }
    let written = alerts.iter().find(|line| line.contains("File below etc")).expect("an alert");
    let (time, text) = written.split_once(": ").expect("a time");
    assert_eq!((time.len(), time.as_bytes()[8]), ("12:59:50.343148030".len(), b'.'), "{written}");
    let expected = format!(
        "Error File below etc opened for writing (user=root command=sh -c echo x > {root}/etc/evil; true parent=sh file={root}/etc/evil gparent="
    );
    assert!(text.starts_with(&expected), "{text}");
    assert_eq!(lines(&place.path("file")), alerts);
    assert_eq!(lines(&place.path("program")), alerts);
    let mut buffer = [0; 4096];
    for alert in &alerts {
        let count = daemon.recv(&mut buffer).expect("a message");
        let message = String::from_utf8_lossy(&buffer[..count]).into_owned();
        // Facility user; the severity of the priority.
        assert!(message.starts_with("<11>") || message.starts_with("<12>"), "{message}");
        assert!(message.ends_with(&format!(" tercel: {alert}")), "{message}");
    }
}

/// The body of a request, which is answered.
fn received(stream: TcpStream) -> serde_json::Value {
    let (mut reader, mut length) = (BufReader::new(&stream), 0);
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        assert_ne!(reader.read_line(&mut line).expect("a header"), 0, "the client hangs up");
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a number");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    (&stream)
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        .expect("an answer");
    serde_json::from_slice(&body).expect("JSON")
}

#[test]
fn alerts_reach_a_collector_as_log_records() {
    let Some(place) = Place::new("otlp") else { return };
    let rules = place.file(
        "rules.yaml",
        &format!(
            "- rule: Marked\n  desc: a file\n  condition: evt.type in (open, openat) and fd.name startswith {}\n  output: mark %fd.name\n  \
            priority: NOTICE\n  tags: [t]\n",
            marked()
        ),
    );
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let endpoint = format!("otlp_output={{enabled: true, endpoint: http://{address}}}");
    let arguments = ["-r", rules.to_str().expect("a path"), "-o", &endpoint];
    let live = Live::start(&place, &place.path("out"), &arguments);
    let path = format!("{}1", marked());
    shell(&format!("cat {path} 2>/dev/null; true"));
    let request = received(listener.accept().expect("a request").0);
    live.stop();
    let record = &request["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0];
    assert_eq!(record["body"]["stringValue"], format!("mark {path}"), "{request}");
    assert_eq!(record["severityText"], "Notice", "{request}");
    let attributes = record["attributes"].as_array().expect("attributes");
    let value = |name: &str| attributes.iter().find(|pair| pair["key"] == name).map(|pair| &pair["value"]);
    assert_eq!(value("fd.name").expect("the field")["stringValue"], path, "{request}");
    assert_eq!(value("security_rule.name").expect("the rule")["stringValue"], "Marked", "{request}");
}

/// One path of code, one list.
#[test]
fn config_check_lists_what_live_does() {
    let Some(place) = Place::new("listed") else { return };
    let rules = "- rule: R\n  desc: d\n  condition: evt.type=open\n  output: x\n  priority: INFO\n";
    place.file("r.yaml", rules);
    std::fs::create_dir(place.path("rules.d")).expect("a directory");
    let d = place.path("");
    let d = d.to_str().expect("a path").trim_end_matches('/');
    let text = format!(
        "rules_files: [{d}/r.yaml, {d}/rules.d, {d}/r.local.yaml]\npriority: info\njson_output: true\n\
        stdout_output: {{enabled: true}}\nfile_output: {{enabled: true, filename: {d}/alerts}}\n\
        webserver: {{enabled: true, listen_address: 127.0.0.1, listen_port: 0}}\n"
    );
    let configuration = place.file("tercel.yaml", &text);
    let found =
        tercel_test_support::ran(&["config", "check", configuration.to_str().expect("a path")], 0).out;
    let listed: Vec<&str> = found.lines().filter_map(|line| line.strip_prefix("would ")).collect();
    assert_eq!(listed.len(), 7, "{found}");
    let live = Live::configured(&place, &place.path("out"), &configuration, &[]);
    let told = live.errors();
    // What the kernel offers is known only when the probe is loaded.
    let is_found =
        |line: &&str| ["Hooks: ", "io_uring: ", "Paths: "].iter().any(|word| line.starts_with(word));
    let before = told.lines().take_while(|line| !line.starts_with("watching"));
    assert_eq!(before.filter(|line| !is_found(line)).collect::<Vec<_>>(), listed);
    live.stop();
}

/// ping connects, to learn its own address, and then sends and receives.
#[track_caller]
fn has_pinged(alerts: &[String]) {
    let by = "Warning Binary generate network traffic by (user=root command=ping -c 1 127.0.0.1 connection=127.0.0.1";
    let of = |kind: &str| {
        let end = format!(" type={kind})");
        let found = alerts.iter().find(|line| line.contains(by) && line.ends_with(&end));
        found.unwrap_or_else(|| panic!("no {kind} in {alerts:#?}")).as_str()
    };
    let (_, connection) = of("connect").split_once("connection=127.0.0.1:").expect("the own end");
    let (port, other) = connection.split_once("->127.0.0.1:").expect("the other end");
    assert!(port.parse::<u16>().is_ok_and(|port| port > 0) && other.starts_with("1025 "), "{connection}");
    assert!(of("sendto").contains("connection=127.0.0.1->127.0.0.1 "), "{}", of("sendto"));
}

#[test]
fn a_full_disk_costs_no_line() {
    let Some(place) = Place::new("full-disk") else { return };
    let disk = place.path("disk");
    std::fs::create_dir(&disk).expect("a directory");
    let mounted =
        Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "tercel-test"]).arg(&disk).status();
    if !mounted.is_ok_and(|status| status.success()) {
        skip("live: full-disk", &Missing::new("mount", "nothing can be mounted here"));
        return;
    }
    let _mounted = Mounted(disk.clone());
    let rules = place.file(
        "rules.yaml",
        &format!(
            "- rule: Marked\n  desc: x\n  condition: evt.type in (open, openat) and fd.name startswith {}\n  output: mark %fd.name\n  priority: INFO\n",
            marked()
        ),
    );
    let (out, file) = (place.path("out"), disk.join("alerts"));
    let name = format!("file_output.filename={}", file.display());
    let rules = rules.to_str().expect("a path");
    let arguments =
        ["-r", rules, "-o", "stdout_output.enabled=true", "-o", "file_output.enabled=true", "-o", &name];
    let mut live = Live::start(&place, &out, &arguments);
    std::fs::write(disk.join("ballast"), vec![0; 128 << 10]).expect_err("the disk is full");
    shell(&format!("for i in 1 2 3 4 5; do cat {}$i 2>/dev/null; done; true", marked()));
    wait("five lines on standard output", || lines(&out).len() == 5);
    live.until("file output: ");
    assert!(live.errors().contains("No space left"), "{}", live.errors());
    std::fs::remove_file(disk.join("ballast")).expect("a file");
    wait("five lines in the file", || lines(&file).len() == 5);
    assert_eq!(lines(&file), lines(&out));
    live.stop();
}

/// A mounted file system that is removed after the test.
struct Mounted(std::path::PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

//! Outputs beside the programs that they are made for: a real rsyslogd that is restarted, logrotate, and mail. Where one of them
//! is not installed, its test is skipped.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tercel_test_support::{require, tool};

use super::host::{Live, Place, lines, marked, shell, wait};

/// A rule that sees the files that `mark` opens.
fn rules() -> String {
    format!(
        "- rule: Marked\n  desc: x\n  condition: evt.type in (open, openat) and fd.name startswith {}\n  output: mark %fd.name\n  priority: WARNING\n",
        marked()
    )
}

/// Opens files of these numbers, each of which is an alert.
fn mark(numbers: std::ops::RangeInclusive<u32>) {
    let (first, last) = (numbers.start(), numbers.end());
    shell(&format!("for i in $(seq {first} {last}); do cat {}$i 2>/dev/null; done; true", marked()));
}

/// A running rsyslogd that writes its messages to `messages`.
struct Daemon(Child);

impl Daemon {
    fn start(program: &Path, place: &Place) -> Daemon {
        let root = place.path("");
        let root = root.display().to_string();
        let root = root.trim_end_matches('/');
        let settings = place.file(
            "rsyslog.conf",
            &format!(
                "global(workDirectory=\"{root}\")\n\
                 module(load=\"imuxsock\" SysSock.Use=\"off\")\n\
                 input(type=\"imuxsock\" Socket=\"{root}/log\" RateLimit.Interval=\"0\")\n\
                 template(name=\"line\" type=\"string\" string=\"%pri-text% %syslogtag%%msg%\\n\")\n\
                 action(type=\"omfile\" file=\"{root}/messages\" template=\"line\")\n"
            ),
        );
        let child = Command::new(program)
            .arg("-n")
            .args([Path::new("-f"), &settings, Path::new("-i"), &place.path("rsyslog.pid")])
            .stdin(Stdio::null())
            .spawn()
            .expect("rsyslogd starts");
        Daemon(child)
    }

    fn end(mut self, signal: &str) {
        let _ = Command::new("kill").args([signal, &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_real_syslog_daemon_may_restart_and_die() {
    let Some(program) = require("live beside a syslog daemon", tool("rsyslogd")) else { return };
    let Some(place) = Place::new("rsyslogd") else { return };
    let (out, rules, messages) =
        (place.path("out"), place.file("rules.yaml", &rules()), place.path("messages"));
    let address = format!("syslog_output.address={}", place.path("log").display());
    let daemon = Daemon::start(&program, &place);
    let arguments = [
        "-r",
        rules.to_str().expect("a path"),
        "-o",
        "stdout_output.enabled=true",
        "-o",
        "syslog_output.enabled=true",
        "-o",
        &address,
    ];
    let mut live = Live::start(&place, &out, &arguments);
    let written = |count| wait(&format!("{count} messages"), || lines(&messages).len() == count);
    mark(1..=20);
    written(20);
    daemon.end("-TERM");
    mark(21..=40);
    live.until("syslog output: ");
    wait("all alerts", || lines(&out).len() == 40);
    assert_eq!(lines(&messages).len(), 20);
    let daemon = Daemon::start(&program, &place);
    written(40);
    // A daemon that dies leaves a socket that nobody reads.
    daemon.end("-KILL");
    mark(41..=60);
    wait("all alerts", || lines(&out).len() == 60);
    let daemon = Daemon::start(&program, &place);
    written(60);
    mark(61..=70);
    written(70);
    live.stop();
    daemon.end("-TERM");
    let expected: Vec<String> =
        lines(&out).iter().map(|alert| format!("user.warning tercel: {alert}")).collect();
    assert_eq!(lines(&messages), expected, "every alert once, in order");
}

#[test]
fn logrotate_rotates_with_a_signal() {
    let Some(program) = require("live beside logrotate", tool("logrotate")) else { return };
    let Some(place) = Place::new("logrotate") else { return };
    let (out, rules, file) = (place.path("out"), place.file("rules.yaml", &rules()), place.path("alerts"));
    let name = format!("file_output.filename={}", file.display());
    let arguments = [
        "-r",
        rules.to_str().expect("a path"),
        "-o",
        "file_output.enabled=true",
        "-o",
        "file_output.keep_alive=true",
        "-o",
        &name,
    ];
    let live = Live::start(&place, &out, &arguments);
    let settings = place.file(
        "logrotate.conf",
        &format!(
            "su root root\n{} {{\n  rotate 2\n  missingok\n  postrotate\n    kill -USR1 {}\n  endscript\n}}\n",
            file.display(),
            live.pid()
        ),
    );
    // A file that others may write is refused.
    shell(&format!("chmod 644 {}; chmod 755 {}", settings.display(), place.path("").display()));
    for round in 0..3 {
        mark(round * 10 + 1..=round * 10 + 10);
        wait("ten alerts", || lines(&file).len() == 10);
        let done = Command::new(&program)
            .args([Path::new("-f"), Path::new("-s"), &place.path("state"), &settings])
            .output()
            .expect("logrotate runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        wait("the new file", || file.exists() || live.errors().matches("reopened").count() > round as usize);
    }
    mark(31..=32);
    wait("two alerts", || lines(&file).len() == 2);
    live.stop();
    for (name, first) in [("alerts.1", 21), ("alerts.2", 11)] {
        let rotated = lines(&place.path(name));
        let marks: Vec<u32> =
            rotated.iter().filter_map(|line| line.rsplit('-').next()?.parse().ok()).collect();
        assert_eq!(marks, (first..first + 10).collect::<Vec<u32>>(), "{name}");
    }
}

#[test]
fn alerts_are_mailed() {
    if require("alerts by mail", tool("bsd-mailx")).is_none() {
        return;
    }
    let Some(place) = Place::new("mail") else { return };
    let (out, rules, box_) = (place.path("out"), place.file("rules.yaml", &rules()), place.path("mailbox"));
    let post =
        place.file("sendmail", &format!("#!/bin/sh\ncat >> {0}\necho '== end' >> {0}\n", box_.display()));
    shell(&format!("chmod 755 {}", post.display()));
    let settings = place.file("mailrc", &format!("set sendmail={}\n", post.display()));
    let command =
        format!("program_output.program=MAILRC={} bsd-mailx -s 'tercel alert' root", settings.display());
    let arguments = [
        "-r",
        rules.to_str().expect("a path"),
        "-o",
        "stdout_output.enabled=true",
        "-o",
        "program_output.enabled=true",
        "-o",
        &command,
    ];
    let live = Live::start(&place, &out, &arguments);
    mark(1..=5);
    let letters = || fs::read_to_string(&box_).unwrap_or_default();
    wait("five letters", || letters().matches("== end").count() == 5);
    live.stop();
    let bodies: Vec<String> = letters()
        .split("== end\n")
        .filter_map(|letter| Some(letter.split_once("\n\n")?.1.trim_end().to_owned()))
        .collect();
    assert!(letters().contains("Subject: tercel alert"), "{}", letters());
    assert_eq!(bodies, lines(&out));
}

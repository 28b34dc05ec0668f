//! Live = replay: the lines of a live run, and those of a replay of what it has recorded, are the same bytes.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

use tercel_test_support::root;

use super::host::{Live, Place, binary, shell};

/// Shows of many events whatever fields can show.
const EVERYTHING: &str = "
- rule: everything
  desc: every kind of event that state and fields have to do with
  condition: >
    evt.type in (open, openat, openat2, creat, close, connect, accept, accept4, bind, listen, socket, sendto, recvfrom, clone, clone3,
    fork, vfork, execve, execveat, procexit, dup, dup2, dup3, pipe2, chdir, fchdir, setuid, setgid, setsid, unlinkat, renameat2, mkdirat,
    chmod, fchmodat, kill, prctl, mmap, procinfo)
  output: >
    %evt.num %evt.time %evt.type %evt.dir %evt.res %evt.args %evt.cpu cwd=%proc.cwd exe=%proc.exepath cmd=%proc.cmdline
    pid=%proc.pid:%proc.vpid tid=%thread.tid parents=%proc.pname,%proc.aname[2],%proc.aname[3],%proc.apid[4] sid=%proc.sid tty=%proc.tty
    user=%user.name:%user.uid group=%group.name login=%user.loginuid fd=%fd.num:%fd.type:%fd.name:%fd.typechar:%fd.l4proto
    container=%container.id:%container.name lineage=%proc.lineage orphan=%proc.is_orphan
    origin=%proc.origin.sid:%proc.origin.name real=%fd.realpath,%evt.realpath,%evt.realpath.inside,%proc.realexe age=%proc.duration
    cpu=%thread.cpu rss=%thread.vmrss faults=%thread.pfminor caps=%thread.cap_effective rel=%evt.reltime
  priority: INFO
";

/// A shell's work: files, processes, a small build if there is a compiler.
const WORK: &str = "
cat /etc/shadow > /dev/null; ls -lR /etc > list 2>&1; sort list | head -n 20 | wc -l > count; cp list copy; rm copy
for i in 1 2 3 4 5 6 7 8 9 10; do sh -c 'id; exec true' > /dev/null; done
(cd / && cat etc/passwd > /dev/null); mkdir -p a/b && mv list a/b/ && chmod 4755 a/b/list && rm -r a
ln -s /etc/shadow link; cat link > /dev/null; python3 -c 'import os; os.listdir(\"/tmp\"); os.fork()' 2> /dev/null
echo 'int twice(int x) { return 2 * x; }' > twice.c; echo 'int twice(int); int main(void) { return twice(0); }' > main.c
cc -c twice.c 2> /dev/null && cc main.c twice.o -o main 2> /dev/null && ./main
true";

#[test]
fn text_is_the_same() {
    same("same-text", &["--rule-matching", "all"], &[]);
}

#[test]
fn what_processes_use_is_the_same() {
    same("same-resources", &["--rule-matching", "all", "--resources", "100ms"], &[]);
}

#[test]
fn json_is_the_same() {
    same("same-json", &["--rule-matching", "all", "--json"], &[]);
}

#[test]
fn correlations_are_the_same() {
    let correlations = root().join("tests/live/correlations.yaml").display().to_string();
    same("same-correlations", &["--correlations", &correlations], &[]);
    same(
        "same-correlations-json",
        &["--rule-matching", "all", "--json", "--correlations", &correlations],
        &[],
    );
}

#[test]
fn paths_of_the_kernel_are_the_same() {
    same("same-kernel", &["--rule-matching", "all", "--paths", "kernel"], &[]);
    same("same-caller", &["--paths", "caller"], &["fd.type=file"]);
}

#[test]
fn what_a_filter_leaves_is_the_same() {
    same("same-filter", &["--iso8601"], &["proc.name in (cat, sh, cc)"]);
}

fn same(name: &str, options: &[&str], filter: &[&str]) {
    let Some(place) = Place::new(name) else { return };
    let (alerts, trace) = (place.path("alerts"), place.path("trace.scap"));
    let own = place.file("everything.yaml", EVERYTHING);
    let (own, trace) = (own.to_str().expect("a path"), trace.to_str().expect("a path"));
    let shipped = root().join("rules").display().to_string();
    let rules = ["-r", &shipped, "-r", own];
    let live = Live::start(&place, &alerts, &[&rules[..], options, &["-w", trace], filter].concat());
    work(&place);
    serve();
    live.stop();
    // What is captured is the live run's business.
    let options: Vec<&str> =
        options.iter().copied().filter(|option| !["--resources", "100ms"].contains(option)).collect();
    let replayed = Command::new(binary())
        .args([&["replay", "-q"], &rules[..], &options, &[trace], filter].concat())
        .stdin(Stdio::null())
        .output()
        .expect("replay runs");
    assert!(replayed.status.success(), "{}", String::from_utf8_lossy(&replayed.stderr));
    compare(&fs::read(&alerts).expect("alerts"), &replayed.stdout);
}

fn work(place: &Place) {
    let done = shell(&format!("cd {} && {WORK}", place.path("").display()));
    assert!(done.status.success());
}

/// A web server of this process under load.
fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::scope(|threads| {
        threads.spawn(|| {
            for stream in listener.incoming().take(400) {
                let mut stream = stream.expect("a connection");
                let mut request = [0; 100];
                let count = stream.read(&mut request).expect("a request");
                stream.write_all(&request[..count]).expect("an answer");
            }
        });
        for _ in 0..4 {
            threads.spawn(|| {
                for _ in 0..100 {
                    let mut stream = TcpStream::connect(address).expect("a connection");
                    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("a request");
                    stream.read_to_end(&mut Vec::new()).expect("an answer");
                }
            });
        }
    });
}

/// The lines of a live run are those of the replay of what it recorded.
#[track_caller]
pub fn compare(live: &[u8], replayed: &[u8]) {
    let (live, replayed) = (String::from_utf8_lossy(live), String::from_utf8_lossy(replayed));
    // A loss is reported where it happens, and only there.
    let live: Vec<&str> =
        live.lines().filter(|line| !line.contains("Falco internal: syscall event drop")).collect();
    let replayed: Vec<&str> = replayed.lines().collect();
    assert!(live.len() > 100, "{} alerts", live.len());
    for (number, (one, other)) in live.iter().zip(&replayed).enumerate() {
        assert_eq!(one, other, "line {number}");
    }
    assert_eq!(live.len(), replayed.len());
}

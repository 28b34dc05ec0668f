//! Bombs: small captures that unpack to far more than they are, or claim it. Whatever a verb makes of one, it takes bounded memory, and
//! CPU time in proportion to the file.
//!
//! Memory is the peak of the child's resident set (`VmHWM`), which is read until it has ended; CPU time is its user time.
//! With `TERCEL_SHOW` and `--nocapture` each run is printed.

use std::fs;
use std::io::{self, Write};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use tercel_format::catalogue::code;
use tercel_format::record::{Account, FdDetail, FdList, FdRecord, ProcessRecord, Section};
use tercel_format::trace::{Header, Keyframe, KeyframeKind, Options, TraceWriter};
use tercel_format::writer::{EventBuilder, Value};
use tercel_format::{Block, Writer};
use tercel_replay::state::{STATE_VERSION, State};
use tercel_test_support::{Place, tercel};

/// Most memory that any verb takes, in bytes.
const MEMORY: u64 = 256 << 20;

/// Most CPU time for each begun megabyte of a file, in seconds.
const SECONDS: u64 = 10;

const MIB: usize = 1 << 20;

/// A rule that holds on the events of the bombs and looks far around. The shipped rules would take most of the time to load.
const RULES: &str = "- rule: any
  desc: events of all kinds, with what the state knows about them
  condition: >
    evt.num > 0 and (proc.aname exists or proc.cmdline contains nothing or fd.name startswith /
    or proc.env contains nothing or proc.cwd startswith / or user.name != '')
  output: '%proc.cmdline %proc.aname[7] %proc.cwd %fd.name %user.name %group.name %evt.args'
  priority: INFO
";

/// What a run took. The peak of one that ends within milliseconds is not seen; it is 0.
#[derive(Debug)]
struct Used {
    /// Bytes of memory at the peak.
    peak: u64,
    cpu: Duration,
}

/// Runs a verb and waits for it. What it prints is of no interest here.
fn run(arguments: &[&str]) -> Used {
    let mut command = tercel(arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the binary runs");
    let pid = Pid::from_child(&child);
    let folder = format!("/proc/{}", child.id());
    let mut used = Used { peak: 0, cpu: Duration::ZERO };
    let (ended, still) = (WaitIdOptions::EXITED | WaitIdOptions::NOWAIT, WaitIdOptions::NOHANG);
    // It stays a zombie until its times are read.
    while waitid(WaitId::Pid(pid), ended | still).expect("a child").is_none() {
        used.peak = used.peak.max(peak(&folder).unwrap_or(0));
        std::thread::sleep(Duration::from_millis(2));
    }
    used.cpu = user_time(&folder).expect("the times of a child");
    let status = child.wait().expect("a child that has ended");
    assert!(status.code().is_some_and(|code| code != 101), "{arguments:?}: {status}");
    used
}

/// The peak of the resident set, in bytes; `None` where the process has ended.
fn peak(folder: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("{folder}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? << 10)
}

/// User time, which is counted in hundredths of a second: field 14 of the process's status.
fn user_time(folder: &str) -> Option<Duration> {
    let text = fs::read_to_string(format!("{folder}/stat")).ok()?;
    let (_, after_name) = text.rsplit_once(')')?;
    let ticks: u64 = after_name.split_whitespace().nth(11)?.parse().ok()?;
    Some(Duration::from_millis(10 * ticks))
}

/// Runs every verb that reads a capture over `bytes`.
#[track_caller]
fn check(what: &str, bytes: &[u8]) {
    let place = Place::new("bombs");
    let path = place.file("bomb.scap", bytes).display().to_string();
    let (out, rules) = (place.name("out.scap"), place.file("rules.yaml", RULES).display().to_string());
    let seconds = SECONDS * bytes.len().div_ceil(1_000_000) as u64;
    for verb in [
        &["replay", "-q", "-r", &rules, &path][..],
        &["events", &path],
        &["events", &path, "--from", "#15"],
        &["info", &path],
        &["verify", "--keyframes", &path],
        &["recover", &path, "-w", &out],
        &["convert", &path, "-w", &out],
    ] {
        let used = run(verb);
        let _ = fs::remove_file(&out);
        if std::env::var_os("TERCEL_SHOW").is_some() {
            println!("{what}: {}: {} MiB, {:?}", verb[0], used.peak >> 20, used.cpu);
        }
        assert!(used.peak <= MEMORY, "{what}: {} took {used:?}", verb[0]);
        assert!(used.cpu.as_secs() <= seconds, "{what}: {} took {used:?} for {} bytes", verb[0], bytes.len());
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(bytes, 1).expect("memory takes all")
}

/// A capture of what `fill` writes.
fn capture(fill: impl FnOnce(&mut Writer<Vec<u8>>) -> io::Result<()>) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new()).expect("memory");
    fill(&mut writer).expect("memory");
    writer.finish().expect("memory")
}

/// A capture of nothing.
fn nothing() -> Vec<u8> {
    capture(|_| Ok(()))
}

/// A block of raw bytes, of which the first length may be false.
fn block(kind: u32, claimed: u32, body: &[u8]) -> Vec<u8> {
    let whole = (body.len() + 12) as u32;
    [&kind.to_le_bytes()[..], &claimed.to_le_bytes(), body, &whole.to_le_bytes()].concat()
}

fn process(tid: i64) -> ProcessRecord {
    let name = b"p".to_vec();
    ProcessRecord {
        tid,
        pid: tid,
        ptid: 1,
        vtid: tid,
        vpid: tid,
        comm: name.clone(),
        exe: name,
        ..ProcessRecord::default()
    }
}

/// The compressed start of a capture, and 20 times a compressed piece of 16 MiB, which is more than a verb may hold.
fn repeated(pack: fn(&[u8]) -> Vec<u8>, piece: &[u8]) -> Vec<u8> {
    [pack(&nothing()), pack(piece).repeat(20)].concat()
}

#[test]
fn zeros() {
    for (name, pack) in [("gzip", gzip as fn(&[u8]) -> Vec<u8>), ("zstd", zstd)] {
        let zeros = vec![0; 16 * MIB];
        check(&format!("{name} of zeros"), &pack(&zeros).repeat(20));
        check(&format!("{name} of a section and zeros"), &repeated(pack, &zeros));
        let length = (16 * MIB - 12) as u32;
        let unknown = block(0x7777, length + 12, &zeros[..length as usize]);
        check(&format!("{name} of blocks of zeros"), &repeated(pack, &unknown));
    }
}

/// A frame whose decoder has to keep 128 MiB, and one that asks for 2 GiB.
#[test]
fn windows() {
    for log in [27, 31] {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("memory");
        encoder.window_log(log).expect("a window");
        encoder.write_all(&nothing()).expect("memory");
        let unknown = block(0x7777, (MIB + 12) as u32, &vec![0; MIB]);
        (0..160).for_each(|_| encoder.write_all(&unknown).expect("memory"));
        check(&format!("a window of 2^{log}"), &encoder.finish().expect("memory"));
    }
}

#[test]
fn false_sizes() {
    let processes = 0x215;
    for kind in [processes, 0x218, 0x206, 0x205, 0x216, 0x201, 0x8054_5243, 0x7777] {
        for claimed in [0, 12, 1 << 20, 60 << 20, 0x7fff_fff0, u32::MAX] {
            let body = vec![0; 20 * MIB];
            let bytes = [nothing(), block(kind, claimed, &body)].concat();
            check(&format!("block {kind:#x} that claims {claimed}"), &zstd(&bytes));
        }
    }
}

#[test]
fn lists() {
    let processes: Vec<ProcessRecord> = (1..100_000).map(process).collect();
    let list = capture(|writer| writer.processes(&processes));
    let start = nothing().len();
    check("processes", &[zstd(&list), zstd(&list[start..]).repeat(4)].concat());
    // More than a state keeps.
    let list = |first: i64| {
        let processes: Vec<ProcessRecord> = (first..first + 100_000).map(process).collect();
        zstd(&capture(|writer| writer.processes(&processes))[start..])
    };
    let lists: Vec<Vec<u8>> = (0..6).map(|number| list(1 + number * 100_000)).collect();
    check("600,000 processes", &[zstd(&nothing()), lists.concat()].concat());
    let fd = |fd| FdRecord { fd, ino: 1, kind: 1, detail: FdDetail::Name(b"/f".to_vec()) };
    let fds = capture(|writer| {
        writer.processes(&processes[..60])?;
        (1..60).try_for_each(|tid| writer.fds(&FdList { tid, fds: (0..4000).map(fd).collect() }))
    });
    check("fds", &zstd(&fds));
    let text = vec![b'x'; 200];
    let user =
        |uid| Account::User { uid, gid: 1, name: text.clone(), home: text.clone(), shell: text.clone() };
    let accounts: Vec<Account> = (0..20_000).map(user).collect();
    check("users", &zstd(&capture(|writer| writer.accounts(&accounts))));
}

/// Events of the catalogue in a row, a nanosecond apart.
fn write(writer: &mut Writer<Vec<u8>>, events: impl IntoIterator<Item = EventBuilder>) -> io::Result<()> {
    events.into_iter().enumerate().try_for_each(|(number, event)| {
        let event = event.at(1_000_000_000 + number as u64).encode().expect("an event of the catalogue");
        writer.event(&event.event())
    })
}

fn event(code: u16, tid: i64) -> EventBuilder {
    EventBuilder::new(code, 0, tid)
}

/// The first process forks the child.
fn fork(child: i64) -> EventBuilder {
    event(code::SYSCALL_CLONE_20_X, 1)
        .set("res", child)
        .set("exe", "sh")
        .set("tid", 1i64)
        .set("pid", 1i64)
        .set("comm", "sh")
        .set("vtid", 1i64)
        .set("vpid", 1i64)
}

/// Children that inherit a thousand fds, and then each change a little of what they inherited: what they share stays shared.
#[test]
fn forks() {
    const CHILDREN: i64 = 20_000;
    type Change = fn(i64) -> EventBuilder;
    let changes: [(&str, Change); 7] = [
        ("close", |n| event(code::SYSCALL_CLOSE_X, n).set("res", 0i64).set("fd", n % 1000)),
        ("open", |n| {
            let name = format!("/f{n}");
            event(code::SYSCALL_OPENAT_2_X, n)
                .set("fd", 1000 + n % 3000)
                .set("dirfd", -100i64)
                .set("name", &*name)
        }),
        ("dup", |n| event(code::SYSCALL_DUP_1_X, n).set("res", 1000 + n % 3000).set("oldfd", n % 1000)),
        ("chdir", |n| {
            let path = format!("/{n:0>200}");
            event(code::SYSCALL_CHDIR_X, n).set("res", 0i64).set("path", &*path)
        }),
        ("chroot", |n| {
            let path = format!("/{n:0>200}");
            event(code::SYSCALL_CHROOT_X, n).set("res", 0i64).set("path", &*path)
        }),
        ("exec with arguments of its own", |n| {
            let text = format!("{n:0>4000}");
            event(code::SYSCALL_EXECVE_19_X, n)
                .set("res", 0i64)
                .set("exe", "x")
                .set("args", Value::texts(&[&text]))
                .set("tid", n)
                .set("pid", n)
                .set("comm", "x")
        }),
        ("exec with an environment of its own", |n| {
            let text = format!("{n:0>20000}");
            event(code::SYSCALL_EXECVE_19_X, n)
                .set("res", 0i64)
                .set("exe", "x")
                .set("tid", n)
                .set("pid", n)
                .set("comm", "x")
                .set("env", Value::texts(&[&text]))
        }),
    ];
    let fd = |fd| FdRecord { fd, ino: 1, kind: 1, detail: FdDetail::Name(b"/f".to_vec()) };
    for (what, change) in changes {
        // Some of what such a file holds is hashed for each keyframe, which takes its time without optimization.
        let children = if what.contains("environment") { 6_000 } else { CHILDREN };
        let bytes = capture(|writer| {
            writer.processes(&[process(1)])?;
            writer.fds(&FdList { tid: 1, fds: (0..1000).map(fd).collect() })?;
            write(writer, (2..children).flat_map(|child| [fork(child), change(child)]))
        });
        check(&format!("forks and {what}"), &zstd(&bytes));
    }
}

/// A native trace of chunks of `chunk` bytes, of events with long parameters of zeros; before each the keyframe.
fn native(chunk: usize, events: u64, keyframe: Option<&[u8]>) -> Vec<u8> {
    let options = Options { chunk, level: 1, threads: 0, snapshots: 1, ..Options::default() };
    let mut writer = TraceWriter::new(Vec::new(), &Header::default(), options).expect("memory");
    writer.block(&Block::Section(Section { major: 1, minor: 2 })).expect("memory");
    writer.block(&Block::Processes(vec![process(1)])).expect("memory");
    let data = vec![0; 60_000];
    for number in 0..events {
        let event = EventBuilder::new(code::SYSCALL_READ_X, 1_000_000_000 + number, 1)
            .set("res", 60_000i64)
            .set("data", Value::Bytes(data.clone()))
            .encode()
            .expect("an event of the catalogue");
        let block = Block::Event(event.event());
        if writer.boundary(&block).is_some() {
            let state = keyframe.map(<[u8]>::to_vec);
            let keyframe =
                state.map(|state| Keyframe { kind: KeyframeKind::Snapshot, engine: STATE_VERSION, state });
            writer.keyframe(keyframe).expect("memory");
        }
        writer.block(&block).expect("memory");
    }
    writer.finish().expect("memory").0
}

#[test]
fn chunks() {
    check("chunks of 64 MiB", &native(64 * MIB, 5000, None));
    let bytes = native(4 << 10, 200, None);
    // Any byte may lie; the verbs have to find out.
    for nth in 0..40 {
        let mut copy = bytes.clone();
        let place = copy.len() * nth / 40;
        copy[place..].iter_mut().take(8).for_each(|byte| *byte = 0xff);
        check(&format!("false bytes at {place}"), &copy);
    }
}

/// A number of bincode's variable length.
fn number(value: u32) -> Vec<u8> {
    [&[252][..], &value.to_le_bytes()].concat()
}

/// Keyframes that are small for what they say: lists of many entries that take a few bytes each.
#[test]
fn keyframes() {
    let empty = State::new().snapshot().expect("small");
    let (start, rest) = empty.split_at(20);
    assert!(
        rest.iter().all(|byte| *byte == 0) && start[4..].iter().all(|byte| *byte == 0),
        "another encoding"
    );
    let fd = [0u8; 14];
    let leaf = [&[0, 32, 128, 0][..], &[2, 0].repeat(31)].concat();
    // Texts, fds, parts and tables come first, then threads.
    for (what, lists) in [
        ("texts", vec![(2_000_000, &[1, b'x'][..])]),
        ("fds", vec![(0, &[][..]), (1_000_000, &fd)]),
        ("parts", vec![(0, &[][..]), (1, &fd), (400_000, &leaf)]),
        ("zeros", vec![(0, &[][..]), (0, &[]), (0, &[]), (0, &[]), (0, &[]), (30 << 20, &[0])]),
    ] {
        let lists = lists
            .into_iter()
            .flat_map(|(count, entry)| [number(count), entry.repeat(count as usize)].concat());
        let state: Vec<u8> = start.iter().copied().chain(lists).chain(rest.iter().copied()).collect();
        assert!(state.len() <= 32 * MIB, "{what}: {} bytes", state.len());
        check(&format!("keyframes of many {what}"), &native(60_000, 20, Some(&state)));
    }
}

//! What existed when the capture started.

use tercel_format::Block;
use tercel_format::catalogue::code;
use tercel_format::record::{FdDetail, FdRecord, MachineInfo, ProcessRecord, Section};
use tercel_format::writer::EventBuilder;

use super::super::{FdKind, L4, Role, clone_flag};
use super::{Host, file_record, process, string};

fn record(fd: i64, kind: u8, detail: FdDetail) -> FdRecord {
    FdRecord { fd, ino: 9, kind, detail }
}

fn pair(fd: i64, kind: u8, source: &str, destination: &str) -> FdRecord {
    let end = |text: &str| text.parse::<std::net::SocketAddr>().expect("address with port");
    let (source, destination) = (end(source), end(destination));
    record(
        fd,
        kind,
        FdDetail::Socket {
            sip: source.ip(),
            dip: destination.ip(),
            sport: source.port(),
            dport: destination.port(),
            l4: 2,
        },
    )
}

#[test]
fn listed_processes_become_threads() {
    let mut host = Host::new();
    host.list(ProcessRecord {
        args: b"-x\0y".to_vec(),
        exepath: b"/bin/d (deleted)".to_vec(),
        cwd: b"/a/../b".to_vec(),
        ..process(300, 300, 100, "d")
    });
    host.list(ProcessRecord { env: b"A=1\0".to_vec(), flags: 0x2001, ..process(301, 300, 100, "d") });
    host.list(process(400, 400, 999, "orphan"));
    host.settle();
    let thread = host.thread(300);
    assert_eq!(string(&thread.image.args), "-x\0y\0");
    assert_eq!(string(&thread.image.exepath), "/bin/d");
    assert!(thread.flags & clone_flag::ACTIVE != 0 && thread.clone_ts == 0);
    assert_eq!(host.cwd(301), "/b/");
    assert_eq!(string(&host.thread(301).env), "");
    assert_eq!(host.state.threads.alive(host.slot(300)), 2);
    assert_eq!(host.state.threads.ancestor(host.slot(301), 1), Some(host.slot(100)));
    assert_eq!(host.thread(400).ptid, 0);
}

#[test]
fn listed_sockets_get_names_kinds_and_roles() {
    let mut host = Host::new();
    host.list_fds(
        1,
        vec![
            record(3, 5, FdDetail::Server { ip: "0.0.0.0".parse().expect("address"), port: 22, l4: 2 }),
            record(4, 8, FdDetail::Unix { source: 1, destination: 2, name: b"/run/x".to_vec() }),
            record(5, 16, FdDetail::File { flags: 1, name: b"/log".to_vec(), dev: 7 }),
        ],
    );
    host.list_fds(
        100,
        vec![
            pair(10, 3, "10.0.0.1:22", "10.0.0.2:5000"),
            pair(11, 3, "10.0.0.1:5001", "10.0.0.2:443"),
            pair(12, 4, "[fe80::1]:5002", "[fe80::2]:443"),
            pair(13, 4, "[::ffff:1.2.3.4]:22", "[::ffff:1.2.3.5]:5003"),
            record(14, 8, FdDetail::Unix { source: 3, destination: 4, name: Vec::new() }),
        ],
    );
    host.settle();
    for (tid, number, kind, role, name) in [
        (1, 3, FdKind::Ipv4Server, Role::None, "0.0.0.0:22"),
        (1, 4, FdKind::Unix, Role::Server, "/run/x"),
        (1, 5, FdKind::FileV2, Role::None, "/log"),
        (100, 10, FdKind::Ipv4, Role::Server, "10.0.0.2:5000->10.0.0.1:22"),
        (100, 11, FdKind::Ipv4, Role::Client, "10.0.0.1:5001->10.0.0.2:443"),
        (100, 12, FdKind::Ipv6, Role::None, "fe80::1:5002->fe80::2:443"),
        (100, 13, FdKind::Ipv4, Role::Server, "1.2.3.5:5003->1.2.3.4:22"),
        (100, 14, FdKind::Unix, Role::Client, ""),
    ] {
        let fd = host.fd(tid, number).expect("listed");
        assert_eq!((fd.kind, fd.role, string(&fd.name).as_str()), (kind, role, name), "{number}");
        assert_eq!(
            fd.flags.connected,
            fd.inet.is_some_and(|inet| inet.l4 == L4::Tcp) && kind != FdKind::Ipv4Server
        );
    }
    assert_eq!(host.fd(1, 5).map(|fd| (fd.open_flags, fd.dev, fd.ino)), Some((1, 7, 9)));
}

#[test]
fn fds_of_unknown_threads_are_dropped() {
    let mut host = Host::new();
    host.list_fds(4444, vec![file_record(1, "/x")]);
    host.settle();
    assert!(!host.has(4444));
}

#[test]
fn a_section_header_starts_anew() {
    let mut host = Host::new();
    host.state.block(&Block::Machine(MachineInfo { boot_ts: 5, ..MachineInfo::default() }));
    host.settle();
    host.state.block(&Block::Section(Section { major: 1, minor: 2 }));
    assert!(host.state.threads.is_empty());
    assert_eq!((host.state.machine.boot_ts, host.state.first_ts()), (0, 0));
}

#[test]
fn the_first_event_that_is_no_meta_event_sets_the_clock() {
    let mut host = Host::new();
    host.event(code::PROCINFO_E, 1, &[]);
    assert_eq!(host.state.first_ts(), 0);
    host.settle();
    assert_eq!(host.state.first_ts(), host.ts);
}

#[test]
fn events_kept_for_the_state_only_are_not_shown() {
    let mut host = Host::new();
    let event = EventBuilder::new(code::SYSCALL_SETUID_X, 5, 100).set("res", 0).set("uid", 7).state_only();
    let encoded = event.encode().expect("an event of the catalogue");
    assert!(host.state.apply(&encoded.event()).is_none());
    assert_eq!(host.thread(100).uid, 7);
}

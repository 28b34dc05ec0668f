//! What the writer writes, the reader reads back.

use super::*;
use crate::catalogue::code::{
    ASYNCEVENT_E, SOCKET_CONNECT_X, SYSCALL_BPF_2_X, SYSCALL_CLOSE_X, SYSCALL_OPENAT_2_X, SYSCALL_POLL_X,
    SYSCALL_READ_X,
};
use crate::record::{Block, FdDetail, FdRecord, Section};
use crate::{ReadError, Reader};

/// What a capture holds, with events as text.
fn read(bytes: Vec<u8>) -> Result<Vec<String>, ReadError> {
    let mut reader = Reader::new(std::io::Cursor::new(bytes))?;
    let mut blocks = Vec::new();
    while let Some(block) = reader.next()? {
        blocks.push(match block {
            Block::Event(event) => show(&event),
            other => format!("{other:?}"),
        });
    }
    assert_eq!(reader.incidents(), []);
    Ok(blocks)
}

fn show(event: &Event) -> String {
    let params: Vec<_> = (0..event.nparams()).map(|index| event.param(index).unwrap_or(b"cut")).collect();
    format!("{} {} {} {} {} {params:?}", event.ts, event.tid, event.cpu, event.state_only, event.code())
}

fn process() -> ProcessRecord {
    ProcessRecord {
        tid: 11,
        pid: 10,
        ptid: 1,
        sid: 2,
        vpgid: 3,
        pgid: 4,
        comm: b"cat".to_vec(),
        exe: b"/bin/cat".to_vec(),
        exepath: b"/usr/bin/cat".to_vec(),
        args: b"-n\0".to_vec(),
        cwd: b"/root".to_vec(),
        fdlimit: 1024,
        flags: 5,
        uid: 6,
        gid: 7,
        vmsize_kb: 8,
        vmrss_kb: 9,
        vmswap_kb: 10,
        pfmajor: 11,
        pfminor: 12,
        env: b"A=1\0".to_vec(),
        vtid: 13,
        vpid: 14,
        cgroups: b"cpu=/\0".to_vec(),
        root: b"/".to_vec(),
        pidns_init_start_ts: 15,
        tty: 16,
        loginuid: 17,
        cap_inheritable: 18,
        cap_permitted: 19,
        cap_effective: 20,
        exe_writable: true,
        exe_upper_layer: true,
        exe_lower_layer: true,
        exe_from_memfd: true,
        exe_ino: 21,
        exe_ino_ctime: 22,
        exe_ino_mtime: 23,
    }
}

fn fds() -> FdList {
    let ip = |text: &str| text.parse().expect("address");
    let details = [
        (0, FdDetail::None),
        (7, FdDetail::Name(b"pipe".to_vec())),
        (16, FdDetail::File { flags: 1, name: b"/etc/hosts".to_vec(), dev: 8 }),
        (3, FdDetail::Socket { sip: ip("1.2.3.4"), dip: ip("5.6.7.8"), sport: 1, dport: 2, l4: 2 }),
        (4, FdDetail::Socket { sip: ip("::1"), dip: ip("fe80::2"), sport: 1, dport: 2, l4: 3 }),
        (5, FdDetail::Server { ip: ip("0.0.0.0"), port: 80, l4: 2 }),
        (6, FdDetail::Server { ip: ip("::"), port: 443, l4: 2 }),
        (8, FdDetail::Unix { source: 1, destination: 2, name: b"/run/s".to_vec() }),
    ];
    let fds = (0..).zip(details).map(|(fd, (kind, detail))| FdRecord { fd, ino: 9, kind, detail });
    FdList { tid: 10, fds: fds.collect() }
}

fn interface(address: &str, netmask: &str, broadcast: &str) -> Interface {
    let [address, netmask, broadcast] =
        [address, netmask, broadcast].map(|text| text.parse().expect("address"));
    Interface { address, netmask, broadcast, linkspeed: 7, name: b"eth0".to_vec() }
}

#[test]
fn what_is_written_is_read_again() {
    let machine =
        MachineInfo { cpus: 2, memory: 3, max_pid: 4, hostname: b"host".to_vec(), boot_ts: 5, flags: 6 };
    let interfaces = vec![interface("1.2.3.4", "255.0.0.0", "1.255.255.255"), interface("::1", "::", "::")];
    let (name, home, shell) = (b"root".to_vec(), b"/root".to_vec(), b"/bin/sh".to_vec());
    let accounts = vec![
        Account::User { uid: 0, gid: 0, name: name.clone(), home, shell },
        Account::Group { gid: 0, name },
    ];
    let open = EventBuilder::new(SYSCALL_OPENAT_2_X, 100, 11).cpu(1).push(3).push(-100).push("/etc/passwd");
    let read_ =
        EventBuilder::new(SYSCALL_READ_X, 101, -1).push(2).push(Value::Bytes(b"xy".to_vec())).state_only();
    let large =
        EventBuilder::new(ASYNCEVENT_E, 102, 11).push(1).push("name").push(Value::Bytes(vec![7; 200_000]));
    let wide = Value::Bytes(vec![1; 65_000]);
    let big = EventBuilder::new(SYSCALL_READ_X, 103, 11).push(2).push(wide).state_only();
    let events: Vec<_> = [open, read_, large, big].map(|event| event.encode().expect("event")).into();

    let mut writer = Writer::new(Vec::new()).expect("memory");
    writer.machine(&machine).expect("memory");
    writer.interfaces(&interfaces).expect("memory");
    writer.accounts(&accounts).expect("memory");
    writer.processes(&[process(), ProcessRecord::default()]).expect("memory");
    writer.fds(&fds()).expect("memory");
    for event in &events {
        writer.event(&event.event()).expect("memory");
    }
    let written = writer.written();
    let bytes = writer.finish().expect("memory");
    assert_eq!(written, bytes.len() as u64);

    let metadata = [
        Block::Section(Section { major: 1, minor: 2 }),
        Block::Machine(machine),
        Block::Interfaces(interfaces),
        Block::Accounts(accounts),
        Block::Processes(vec![process(), ProcessRecord::default()]),
        Block::Fds(fds()),
    ];
    let expected: Vec<_> = metadata
        .iter()
        .map(|block| format!("{block:?}"))
        .chain(events.iter().map(|event| show(&event.event())))
        .collect();
    assert_eq!(read(bytes).expect("a capture"), expected);
}

#[test]
fn long_texts_are_cut_to_what_readers_accept() {
    let long = vec![b'x'; 70_000];
    let mut process = process();
    let (comm, args) = (&mut process.comm, &mut process.args);
    (*comm, *args) = (long.clone(), long.clone());
    let fd = FdRecord { fd: 1, ino: 1, kind: 1, detail: FdDetail::Name(long.clone()) };
    let mut writer = Writer::new(Vec::new()).expect("memory");
    writer.machine(&MachineInfo { hostname: long.clone(), ..MachineInfo::default() }).expect("memory");
    writer.accounts(&[Account::Group { gid: 1, name: long.clone() }]).expect("memory");
    writer.processes(&[process]).expect("memory");
    writer.fds(&FdList { tid: 1, fds: vec![fd] }).expect("memory");
    let close = EventBuilder::new(SYSCALL_CLOSE_X, 1, 1).encode().expect("event");
    writer.event(&close.event()).expect("memory");
    assert_eq!(read(writer.finish().expect("memory")).expect("a capture").len(), 6);
}

#[test]
fn many_processes_take_several_blocks() {
    let heavy = ProcessRecord { args: vec![b'a'; 4_000], env: vec![b'e'; 4_000], ..process() };
    let mut writer = Writer::new(Vec::new()).expect("memory");
    writer.processes(&vec![heavy.clone(); 3_000]).expect("memory");
    let close = EventBuilder::new(SYSCALL_CLOSE_X, 1, 1).encode().expect("event");
    writer.event(&close.event()).expect("memory");
    let bytes = writer.finish().expect("memory");
    let mut reader = Reader::new(std::io::Cursor::new(bytes)).expect("a capture");
    let mut count = 0;
    while let Some(block) = reader.next().expect("no damage") {
        if let Block::Processes(processes) = block {
            count += processes.len();
        }
    }
    assert_eq!((count, reader.incidents()), (3_000, &[][..]));
}

#[test]
fn the_section_header_is_that_of_version_1_2() {
    let bytes = Writer::new(Vec::new()).and_then(Writer::finish).expect("memory");
    let expected =
        b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\x01\0\x02\0\xff\xff\xff\xff\xff\xff\xff\xff\x1c\0\0\0";
    assert_eq!(bytes, expected);
}

#[test]
fn events_have_the_block_type_of_their_size() {
    let check = |event: EventBuilder, code: u32| {
        let mut writer = Writer::new(Vec::new()).expect("memory");
        writer.event(&event.encode().expect("event").event()).expect("memory");
        let bytes = writer.finish().expect("memory");
        assert_eq!(bytes[28..32], code.to_le_bytes());
        assert_eq!(bytes.len() % 4, 0);
    };
    let read =
        |data: usize| EventBuilder::new(SYSCALL_READ_X, 1, 1).push(0).push(Value::Bytes(vec![0; data]));
    check(read(10), code::EVENT_V2);
    check(read(10).state_only(), code::EVENT_FLAGS_V2);
    check(read(65_535), code::EVENT_V2_LARGE);
    check(read(65_535).state_only(), code::EVENT_FLAGS_V2_LARGE);
    check(EventBuilder::new(ASYNCEVENT_E, 1, 1), code::EVENT_V2_LARGE);
}

#[test]
fn values_are_laid_out_by_their_types() {
    let check = |code: u16, name: &str, value: Value, expected: &[u8]| {
        let event = EventBuilder::new(code, 1, 1).set(name, value).encode().expect("event");
        let event = event.event();
        let index = event.info.params.iter().position(|param| param.name == name).expect("parameter");
        assert_eq!(event.param(index), Some(expected), "{name}");
        assert_eq!(event.nparams(), event.info.params.len());
    };
    check(SYSCALL_OPENAT_2_X, "fd", Value::from(-2), &(-2i64).to_le_bytes());
    check(SYSCALL_OPENAT_2_X, "flags", Value::from(0x8000_0001u32), &0x8000_0001u32.to_le_bytes());
    check(SYSCALL_OPENAT_2_X, "name", Value::from("/x"), b"/x\0");
    check(SYSCALL_OPENAT_2_X, "name", Value::Empty, b"");
    let inet = Value::address("1.2.3.4:258".parse().expect("address"));
    check(SOCKET_CONNECT_X, "addr", inet, &[2, 1, 2, 3, 4, 2, 1]);
    check(SOCKET_CONNECT_X, "addr", Value::unix_address("/s"), b"\x01/s\0");
    let tuple = |source: &str, destination: &str| {
        Value::tuple(source.parse().expect("address"), destination.parse().expect("address"))
    };
    check(
        SOCKET_CONNECT_X,
        "tuple",
        tuple("1.2.3.4:1", "5.6.7.8:2"),
        &[2, 1, 2, 3, 4, 1, 0, 5, 6, 7, 8, 2, 0],
    );
    let mut v6 = vec![10];
    v6.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4, 1, 0]);
    v6.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0]);
    check(SOCKET_CONNECT_X, "tuple", tuple("1.2.3.4:1", "[::1]:2"), &v6);
    let unix = [&[1][..], &1u64.to_le_bytes(), &2u64.to_le_bytes(), b"/s\0"].concat();
    check(SOCKET_CONNECT_X, "tuple", Value::unix_tuple(1, 2, "/s"), &unix);
    check(SYSCALL_POLL_X, "fds", Value::fd_list(&[(4, 1)]), &[1, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
    check(SYSCALL_BPF_2_X, "fd", Value::from(3), &3i64.to_le_bytes());
    assert_eq!(Value::texts(&["a", "b"]), Value::Bytes(b"a\0b\0".to_vec()));
}

#[test]
fn what_does_not_go_with_the_catalogue_is_refused() {
    let error = |event: EventBuilder| event.encode().expect_err("an error").to_string();
    let open = || EventBuilder::new(SYSCALL_OPENAT_2_X, 1, 1);
    assert_eq!(error(EventBuilder::new(9999, 1, 1)), "unknown event code 9999");
    assert_eq!(error(open().set("nmae", "x")), "event openat has no parameter nmae");
    let text = "parameter fd of event openat is of type Fd and cannot be a text";
    assert_eq!(error(open().set("fd", "x")), text);
    let number = "parameter name of event openat is of type FsRelPath and cannot be a number";
    assert_eq!(error(open().set("name", 1)), number);
    assert_eq!(error(open().nparams(99)), "event openat has only 7 parameters");
    let long = "parameter name of event openat is too long";
    assert_eq!(error(open().set("name", Value::Bytes(vec![0; 65_536]))), long);
}

#[test]
fn what_the_kernel_says_stays_with_its_event() {
    use crate::extras::{Extras, LONGEST, flag, kind};
    let long = vec![b'/'; LONGEST - 4];
    let events = [
        (false, 0, &b"/etc/passwd"[..]),
        (true, flag::CUT, b"/a"),
        // Longer than a block that needs no mark as large.
        (false, 0, &long),
    ];
    let encoded = events.map(|(state_only, flags, path)| {
        let event =
            EventBuilder::new(SYSCALL_READ_X, 1, 2).set("res", 3).set("data", Value::Bytes(b"abc".to_vec()));
        let event = event.extra(kind::PATH, flags, path);
        (if state_only { event.state_only() } else { event }).encode().expect("a valid event")
    });
    let mut writer = Writer::new(Vec::new()).expect("memory");
    for event in &encoded {
        writer.event(&event.event()).expect("memory");
        let mut event = event.event();
        event.num = 1000;
        writer.numbered_event(&event).expect("memory");
    }
    let mut plain = encoded[0].event();
    plain.set_extras(Extras::default());
    writer.event(&plain).expect("memory");
    let mut reader = Reader::new(std::io::Cursor::new(writer.finish().expect("memory"))).expect("a capture");
    let mut seen = Vec::new();
    while let Some(block) = reader.next().expect("whole blocks") {
        if let Block::Event(event) = block {
            let parts = |event: &Event<'_>| {
                let mut parts = Vec::new();
                event.append_to(&mut parts);
                parts
            };
            assert_eq!(parts(&event), parts(&plain));
            seen.push((event.num, event.kernel_path(kind::PATH).map(<[u8]>::len)));
        }
    }
    let long = Some(LONGEST - 4);
    let expected =
        [(1, Some(11)), (1000, Some(11)), (1001, Some(2)), (1000, Some(2)), (1001, long), (1000, long)];
    assert_eq!(seen, [&expected[..], &[(1001, None)]].concat());
}

//! Tests of fields with events made by hand: the text of arguments by type, and odd events that must not
//! bring anything down.

use std::net::Ipv4Addr;

use tercel_format::catalogue::{EVENTS, EventFlags, Machine, PrintFormat, code};
use tercel_format::record::{FdDetail, FdList, FdRecord, MachineInfo, ProcessRecord};
use tercel_format::{Block, Event};
use tercel_rules::fields::{Arg, FIELDS, Field, FieldRef};
use tercel_rules::program::{Operand, Source};

use super::{Context, Scratch, render_json, render_text, value, visit};
use crate::state::{Facts, State};

/// Lengths and data of an event.
struct Parameters {
    lengths: Vec<u8>,
    data: Vec<u8>,
}

fn parameters(code: u16, params: &[&[u8]]) -> Parameters {
    let large = EVENTS[usize::from(code)].has(EventFlags::LARGE_PAYLOAD);
    let mut parameters = Parameters { lengths: Vec::new(), data: params.concat() };
    for param in params {
        match large {
            true => parameters.lengths.extend((param.len() as u32).to_le_bytes()),
            false => parameters.lengths.extend((param.len() as u16).to_le_bytes()),
        }
    }
    parameters
}

fn operand(field: Field, arg: Arg) -> Operand {
    let info = field.info();
    Operand {
        source: Source::Field(FieldRef { field, arg }),
        ty: info.ty,
        format: info.format,
        list: info.is_list(),
    }
}

fn shown(code: u16, params: &[&[u8]], field: Field, arg: Arg) -> String {
    let bytes = parameters(code, params);
    let event = Event::new(code, &bytes.lengths, &bytes.data).expect("known code");
    let (state, facts) = (State::new(), Facts::default());
    let cx = Context { state: &state, event: &event, facts: &facts };
    let mut out = Vec::new();
    render_text(&cx, &operand(field, arg), &mut out, &mut Scratch::default());
    String::from_utf8_lossy(&out).into_owned()
}

fn check(code: u16, params: &[&[u8]], expected: &str) {
    assert_eq!(shown(code, params, Field::EvtArgs, Arg::None), expected);
}

#[test]
fn errors_flags_and_octal_modes() {
    check(
        code::SYSCALL_OPEN_X,
        &[
            &(-2i64).to_le_bytes(),
            b"/etc/pass\nwd\0",
            &0x1007u32.to_le_bytes(),
            &0o644u32.to_le_bytes(),
            &[],
            &[],
        ],
        "fd=-2 name=/etc/pass\u{fffd}wd flags=4103(O_CREAT|O_RDWR|O_CLOEXEC) mode=0644 dev=<NA> ino=<NA>",
    );
    check(
        code::SYSCALL_CHMOD_X,
        &[&0i64.to_le_bytes(), b"/x\0", &0o755u32.to_le_bytes()],
        "res=0 filename=/x mode=0755(S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR)",
    );
    check(
        code::SYSCALL_CHMOD_X,
        &[&(-1i64).to_le_bytes(), &[], &[]],
        "res=-1(EPERM) filename=<NA> mode=<NA>",
    );
    check(
        code::SYSCALL_CHMOD_X,
        &[&0i64.to_le_bytes(), b"(NULL)\0", &0o1u32.to_le_bytes()],
        "res=0 filename=<NA> mode=01(S_IXOTH)",
    );
}

#[test]
fn unsigned_arguments_print_signed() {
    check(
        code::SYSCALL_CHOWN_X,
        &[&0i64.to_le_bytes(), b"/x\0", &u32::MAX.to_le_bytes(), &7u32.to_le_bytes()],
        "res=0 path=/x uid=-1 gid=7",
    );
    // Unless they are narrower than 32 bits.
    let zero = 0u32.to_le_bytes();
    check(
        code::SOCKET_ACCEPT_5_X,
        &[&(-11i64).to_le_bytes(), &[], &[255], &zero, &zero],
        "fd=-11 tuple=NULL queuepct=255 queuelen=0 queuemax=0",
    );
}

#[test]
fn a_path_that_could_not_be_read_names_no_fd() {
    let open = |path: &[u8], field| {
        let (failed, directory) = ((-14i64).to_le_bytes(), 7i64.to_le_bytes());
        let bytes = parameters(code::SYSCALL_OPENAT_2_X, &[&failed, &directory, path, &[], &[], &[], &[]]);
        let event = Event::new(code::SYSCALL_OPENAT_2_X, &bytes.lengths, &bytes.data).expect("known code");
        let mut state = State::new();
        let facts = state.apply(&event).expect("an event that is shown");
        let mut out = Vec::new();
        let cx = Context { state: &state, event: &event, facts: &facts };
        render_text(&cx, &operand(field, Arg::None), &mut out, &mut Scratch::default());
        String::from_utf8_lossy(&out).into_owned()
    };
    assert_eq!(open(b"x\0", Field::FdName), "<UNKNOWN>x");
    assert_eq!(open(&[], Field::FdName), "<NA>");
    assert_eq!(open(b"x\0", Field::FdNameraw), "x");
    assert_eq!(open(&[], Field::FdNameraw), "<NA>");
}

#[test]
fn a_raw_number_that_is_empty_prints_as_zero() {
    let bytes = parameters(code::SYSCALL_LINKAT_2_X, &[&0i64.to_le_bytes(), &[], &[], &[], &[], &[]]);
    let event = Event::new(code::SYSCALL_LINKAT_2_X, &bytes.lengths, &bytes.data).expect("known code");
    let (state, facts) = (State::new(), Facts::default());
    let cx = Context { state: &state, event: &event, facts: &facts };
    let json = |name: &str| {
        let operand = operand(Field::EvtRawarg, Arg::Key(name.into()));
        render_json(&cx, &operand, &mut Scratch::default()).to_string()
    };
    assert_eq!(json("flags"), "\"0\"");
    assert_eq!(json("olddir"), "0");
}

#[test]
fn values_with_several_names() {
    let socket = |domain: u32| {
        let fd = 3i64.to_le_bytes();
        shown(
            code::SOCKET_SOCKET_X,
            &[&fd, &domain.to_le_bytes(), &1u32.to_le_bytes(), &0u32.to_le_bytes(), &[]],
            Field::EvtArg,
            Arg::Key("domain".into()),
        )
    };
    assert_eq!(socket(1), "AF_LOCAL|AF_UNIX");
    assert_eq!(socket(2), "AF_INET");
    assert_eq!(socket(999), "999");
}

#[test]
fn arguments_by_name_and_number() {
    let params: [&[u8]; 3] = [&(-13i64).to_le_bytes(), b"/x\0", &0u32.to_le_bytes()];
    let arg = |arg| shown(code::SYSCALL_CHMOD_X, &params, Field::EvtArg, arg);
    assert_eq!(arg(Arg::Index(0)), "EACCES");
    assert_eq!(arg(Arg::Key("filename".into())), "/x");
    assert_eq!(arg(Arg::Index(3)), "<NA>");
    assert_eq!(arg(Arg::Key("nosuch".into())), "<NA>");
    assert_eq!(shown(code::SYSCALL_CHMOD_X, &params, Field::EvtRes, Arg::None), "EACCES");
    assert_eq!(shown(code::SYSCALL_CHMOD_X, &params, Field::EvtRawarg, Arg::Key("res".into())), "-13");
    assert_eq!(shown(code::SYSCALL_CHMOD_X, &params[..2], Field::EvtRawarg, Arg::Key("mode".into())), "<NA>");
}

#[test]
fn data_signals_and_times() {
    check(
        code::SYSCALL_READ_X,
        &[&3i64.to_le_bytes(), b"a\0\xff", &5i64.to_le_bytes(), &10u32.to_le_bytes()],
        "res=3 data=a.. fd=5 size=10",
    );
    check(
        code::SYSCALL_READ_X,
        &[&0i64.to_le_bytes(), &[], &5i64.to_le_bytes(), &10u32.to_le_bytes()],
        "res=0 data=NULL fd=5 size=10",
    );
    check(
        code::SYSCALL_KILL_X,
        &[&0i64.to_le_bytes(), &42i64.to_le_bytes(), &[9]],
        "res=0 pid=42 sig=9(SIGKILL)",
    );
    let sleep = |nanoseconds: u64| {
        let params: [&[u8]; 2] = [&0i64.to_le_bytes(), &nanoseconds.to_le_bytes()];
        shown(code::SYSCALL_NANOSLEEP_X, &params, Field::EvtArg, Arg::Index(1))
    };
    assert_eq!(sleep(1_500_000_000), "1.5s");
    assert_eq!(sleep(u64::MAX), "none");
}

#[test]
fn generic_calls_have_a_name_and_no_arguments() {
    let params: [&[u8]; 2] = [&76u16.to_le_bytes(), &0u16.to_le_bytes()];
    assert_eq!(shown(code::GENERIC_X, &params, Field::EvtArgs, Arg::None), "");
    assert_ne!(shown(code::GENERIC_X, &params, Field::EvtType, Arg::None), "unknown");
    let unknown: [&[u8]; 2] = [&0u16.to_le_bytes(), &1u16.to_le_bytes()];
    assert_eq!(shown(code::GENERIC_X, &unknown, Field::EvtType, Arg::None), "write");
    assert_eq!(shown(code::GENERIC_X, &unknown[..1], Field::EvtType, Arg::None), "unknown");
}

#[test]
fn native_numbers_are_those_of_the_recorded_machine() {
    let bytes = parameters(code::GENERIC_X, &[&0u16.to_le_bytes(), &63u16.to_le_bytes()]);
    let event = Event::new(code::GENERIC_X, &bytes.lengths, &bytes.data).expect("known code");
    let mut state = State::new();
    let facts = Facts::default();
    for (machine, name) in [(Machine::X86_64, "uname"), (Machine::Aarch64, "read")] {
        let flags = MachineInfo::flags_of(machine) | 1;
        state.block(&Block::Machine(MachineInfo { flags, ..MachineInfo::default() }));
        let cx = Context { state: &state, event: &event, facts: &facts };
        assert_eq!(cx.type_name(), name, "{machine:?}");
    }
}

#[test]
fn sessions_and_groups_have_the_names_of_their_leaders() {
    // Numbers: thread, parent, session, group; thread and group in the pid namespace, where the session is, too.
    let process = |[tid, ptid, sid, pgid, vtid, vpgid]: [i64; 6], comm: &str| ProcessRecord {
        tid,
        pid: tid,
        ptid,
        sid,
        pgid,
        vtid,
        vpid: vtid,
        vpgid,
        comm: comm.into(),
        exe: comm.into(),
        ..ProcessRecord::default()
    };
    let mut state = State::new();
    state.block(&Block::Processes(vec![
        process([1, 0, 1, 1, 1, 1], "init"),
        process([10, 1, 10, 10, 10, 10], "sh"),
        process([20, 10, 10, 20, 20, 20], "cat"),
        process([21, 10, 10, 20, 21, 20], "sort"),
        process([22, 10, 10, 19, 22, 19], "orphan"),
        process([30, 1, 30, 30, 30, 30], "shim"),
        process([31, 30, 1, 31, 1, 1], "entry"),
        process([32, 31, 1, 31, 7, 1], "web"),
    ]));
    let bytes = parameters(code::SYSCALL_CLOSE_X, &[&0i64.to_le_bytes()]);
    for (tid, session, virtual_group, group) in [
        (10, "sh", "sh", "sh"),
        (21, "sh", "cat", "cat"),
        // The leader of its group has ended.
        (22, "sh", "", ""),
        // In a pid namespace 1 is its first process, not init.
        (32, "entry", "entry", "entry"),
    ] {
        let mut event = Event::new(code::SYSCALL_CLOSE_X, &bytes.lengths, &bytes.data).expect("known code");
        (event.tid, event.ts) = (tid, 1_000_000_000);
        let facts = state.apply(&event).expect("an event that is shown");
        let cx = Context { state: &state, event: &event, facts: &facts };
        for (field, expected) in [
            (Field::ProcSname, session),
            (Field::ProcVpgidName, virtual_group),
            (Field::ProcVpgidExe, virtual_group),
            (Field::ProcPgidName, group),
        ] {
            let mut out = Vec::new();
            render_text(&cx, &operand(field, Arg::None), &mut out, &mut Scratch::default());
            assert_eq!(String::from_utf8_lossy(&out), expected, "{field:?} of {tid}");
        }
    }
}

#[test]
fn only_listening_sockets_have_a_server_without_a_connection() {
    let mut state = State::new();
    let socket = FdDetail::Server { ip: Ipv4Addr::UNSPECIFIED.into(), port: 80, l4: 1 };
    let fds = vec![
        FdRecord { fd: 3, ino: 1, kind: 5, detail: socket },
        FdRecord { fd: 4, ino: 2, kind: 1, detail: FdDetail::Name(b"/x".to_vec()) },
    ];
    state.block(&Block::Processes(vec![ProcessRecord { tid: 10, pid: 10, ..ProcessRecord::default() }]));
    state.block(&Block::Fds(FdList { tid: 10, fds }));
    for (fd, port, service) in [(3i64, "80", ""), (4, "<NA>", "<NA>")] {
        let bytes = parameters(code::SYSCALL_CLOSE_X, &[&0i64.to_le_bytes(), &fd.to_le_bytes()]);
        let mut event = Event::new(code::SYSCALL_CLOSE_X, &bytes.lengths, &bytes.data).expect("known code");
        (event.tid, event.ts) = (10, 1_000_000_000);
        let facts = state.apply(&event).expect("an event that is shown");
        let cx = Context { state: &state, event: &event, facts: &facts };
        for (field, expected) in [(Field::FdSport, port), (Field::FdSproto, service)] {
            let mut out = Vec::new();
            render_text(&cx, &operand(field, Arg::None), &mut out, &mut Scratch::default());
            assert_eq!(String::from_utf8_lossy(&out), expected, "{field:?} of {fd}");
        }
    }
}

#[test]
fn a_container_that_the_capture_describes_has_its_fields() {
    let json =
        br#"{"container": {"id": "abc", "name": "web", "type": 0, "image": "nginx:1.2", "imagerepo": "nginx",
        "imagetag": "1.2", "ip": "172.17.0.2", "privileged": true, "labels": {"app": "shop"}}}"#;
    let bytes = parameters(code::CONTAINER_JSON_2_E, &[&[json, &b"\0"[..]].concat()]);
    let mut event = Event::new(code::CONTAINER_JSON_2_E, &bytes.lengths, &bytes.data).expect("known code");
    (event.tid, event.ts) = (-1, 1_000_000_000);
    let mut state = State::new();
    let facts = state.apply(&event).expect("an event that is shown");
    let cx = Context { state: &state, event: &event, facts: &facts };
    for (field, arg, expected) in [
        (Field::ContainerId, Arg::None, "abc"),
        (Field::ContainerName, Arg::None, "web"),
        (Field::ContainerType, Arg::None, "docker"),
        (Field::ContainerImage, Arg::None, "nginx:1.2"),
        (Field::ContainerImageRepository, Arg::None, "nginx"),
        (Field::ContainerImageTag, Arg::None, "1.2"),
        (Field::ContainerIp, Arg::None, "172.17.0.2"),
        (Field::ContainerPrivileged, Arg::None, "true"),
        (Field::ContainerLabel, Arg::Key("app".into()), "shop"),
        (Field::ContainerLabel, Arg::Key("other".into()), "<NA>"),
    ] {
        let mut out = Vec::new();
        render_text(&cx, &operand(field, arg.clone()), &mut out, &mut Scratch::default());
        assert_eq!(String::from_utf8_lossy(&out), expected, "{field:?} {arg:?}");
    }
}

#[test]
fn open_flags_are_judged() {
    let open = |field, flags: u32, mode: u32, fd: i64| {
        let params: [&[u8]; 4] = [&fd.to_le_bytes(), b"/x\0", &flags.to_le_bytes(), &mode.to_le_bytes()];
        shown(code::SYSCALL_OPEN_X, &params, field, Arg::None) == "true"
    };
    assert!(open(Field::EvtIsOpenRead, 3, 0, -2));
    assert!(open(Field::EvtIsOpenWrite, 3, 0, 3));
    assert!(!open(Field::EvtIsOpenWrite, 1, 0, 3));
    assert!(open(Field::EvtIsOpenExec, 4, 0o100, 3));
    assert!(!open(Field::EvtIsOpenExec, 0, 0o100, 3));
    assert!(open(Field::EvtIsOpenCreate, 1 << 14, 0, 3));
    assert!(open(Field::EvtIsOpenCreate, 1 << 13, 0, 3));
    assert!(!open(Field::EvtIsOpenCreate, 1 << 13, 0, -2));
}

#[test]
fn rows_stand_at_their_fields() {
    for (index, row) in FIELDS.iter().enumerate() {
        assert_eq!(row.field as usize, index, "{}", row.name);
        assert!(!row.description.is_empty(), "{}", row.name);
        assert!(row.format != PrintFormat::Na || !row.name.is_empty());
    }
}

/// Every field of every event with parameters of every width, whatever their types: there is a value or there is none,
/// and nothing else happens.
#[test]
fn odd_widths_bring_nothing_down() {
    let args =
        [Arg::None, Arg::Index(0), Arg::Index(u64::MAX), Arg::Key("name".into()), Arg::Key("(".into())];
    let operands: Vec<Operand> =
        FIELDS.iter().flat_map(|row| args.iter().map(|arg| operand(row.field, arg.clone()))).collect();
    let state = State::new();
    let mut scratch = Scratch::default();
    let mut out = Vec::new();
    for row in EVENTS.iter() {
        for shape in 0..5usize {
            let bytes: Vec<Vec<u8>> = (0..row.params.len() + shape % 2)
                .map(|index| {
                    vec![(index * 37 + shape * 91) as u8 | 0x80; [0, 1, 3, 9, 70][(index + shape) % 5]]
                })
                .collect();
            let params: Vec<&[u8]> = bytes.iter().map(Vec::as_slice).collect();
            let parameters = parameters(row.code, &params);
            let event = Event::new(row.code, &parameters.lengths, &parameters.data).expect("known code");
            let facts = Facts { fd_num: shape as i64 - 1, has_fd: shape > 2, ..Facts::default() };
            let cx = Context { state: &state, event: &event, facts: &facts };
            for operand in operands.iter().skip(usize::from(row.code) % 3).step_by(3) {
                out.clear();
                value(&cx, operand, &mut scratch);
                render_text(&cx, operand, &mut out, &mut scratch);
                render_json(&cx, operand, &mut scratch);
                if let Source::Field(field) = &operand.source {
                    visit(&cx, field, &mut scratch, &mut |_| false);
                }
            }
        }
    }
}

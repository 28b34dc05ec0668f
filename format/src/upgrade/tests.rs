//! Old events enter the upgrade, events of the newest schema leave.

use super::*;
use crate::catalogue::code::*;
use crate::writer::{EncodedEvent, EventBuilder, Value};

/// What comes out of an upgrade: code and parameters, or nothing.
type Outcome = Option<(u16, Vec<Vec<u8>>)>;

fn feed(upgrade: &mut Upgrade, encoded: &EncodedEvent) -> Result<Outcome, Fault> {
    let event = encoded.event();
    let mut bytes = Vec::new();
    let (lengths, _) = event.append_to(&mut bytes);
    let (lengths, data) = bytes.split_at(lengths);
    let raw = RawEvent {
        ts: event.ts,
        tid: event.tid,
        code: event.code(),
        cpu: 0,
        flags: 0,
        number: None,
        extras: &[],
        lengths,
        data,
    };
    let params = |event: Event| {
        (0..event.nparams()).map(|index| event.param(index).unwrap_or(b"cut off").to_vec()).collect()
    };
    Ok(match upgrade.apply(&raw)? {
        Upgraded::Dropped => None,
        Upgraded::AsIs => Some((event.code(), params(event))),
        Upgraded::Rebuilt => {
            let (code, lengths, data) = upgrade.rebuilt();
            Some((code, params(Event::new(code, lengths, data).expect("known code"))))
        }
    })
}

fn old(code: u16, tid: i64, values: &[Value]) -> EncodedEvent {
    let builder = EventBuilder::new(code, 0, tid).nparams(values.len());
    values.iter().fold(builder, |builder, value| builder.push(value.clone())).encode().expect("event")
}

fn number(value: i64) -> Value {
    Value::Number(value)
}

fn text(value: &str) -> Value {
    Value::from(value)
}

#[test]
fn the_table_fits_the_catalogue() {
    let keys: Vec<_> = ROWS.iter().map(|row| (row.code, row.nparams)).collect();
    assert!(keys.is_sorted() && keys.windows(2).all(|pair| pair[0] != pair[1]), "ordered, without doubles");
    for row in &ROWS {
        let info = &EVENTS[usize::from(row.code)];
        let place = format!("{} {} with {}", row.code, info.name, row.nparams);
        assert!(usize::from(row.nparams) <= info.params.len(), "{place}");
        assert!(info.has(EventFlags::CONVERTER_MANAGED), "{place}");
        let (target, params, first) = match row.action {
            Action::Add(params) => (info, params, usize::from(row.nparams)),
            Action::Change(code, params) => (&EVENTS[usize::from(code)], params, 0),
            Action::Store | Action::StoreAndPass => {
                assert!(!info.is_exit(), "{place}");
                continue;
            }
            Action::Pass => continue,
        };
        assert!(first + params.len() <= target.params.len(), "{place}");
        for from in params {
            match *from {
                From::Old(index) => assert!(index < row.nparams, "{place}"),
                From::EnterOrEmpty(index) | From::EnterOrDefault(index) => {
                    let enter = &EVENTS[usize::from(row.code - 1)];
                    assert!(info.is_exit() && usize::from(index) < enter.params.len(), "{place}");
                }
                From::Empty | From::Default | From::ContainerJson => {}
            }
        }
    }
}

#[test]
fn every_row_leads_to_the_newest_schema() {
    for row in &ROWS {
        let info = &EVENTS[usize::from(row.code)];
        let event = EventBuilder::new(row.code, 0, 1).nparams(usize::from(row.nparams)).encode();
        let outcome = feed(&mut Upgrade::new(), &event.expect("event")).expect("an upgrade");
        if let Some((code, params)) = outcome {
            let newest = &EVENTS[usize::from(code)];
            let place = format!("{} {} with {} became {code}", row.code, info.name, row.nparams);
            // Entries of calls count as old; those of reference D11 are delivered all the same.
            let delivered = [
                SYSCALL_OPEN_E,
                SYSCALL_CREAT_E,
                SYSCALL_OPENAT_2_E,
                SYSCALL_OPENAT2_E,
                SYSCALL_EXECVE_19_E,
                SYSCALL_EXECVEAT_E,
                SOCKET_CONNECT_E,
            ];
            assert!(!newest.has(EventFlags::OLD_VERSION) || delivered.contains(&code), "{place}");
            assert_eq!(params.len(), newest.params.len(), "{place}");
        }
    }
}

#[test]
fn an_entry_lends_its_parameters_once() {
    let mut upgrade = Upgrade::new();
    let enter = old(SYSCALL_READ_E, 7, &[number(3), number(512)]);
    let exit = old(SYSCALL_READ_X, 7, &[number(5), Value::Bytes(b"bytes".to_vec())]);
    let other = old(SYSCALL_READ_X, 8, &[number(5), Value::Bytes(b"bytes".to_vec())]);
    let result = |fd: i64, size: u32| {
        let params = [
            5i64.to_le_bytes().to_vec(),
            b"bytes".to_vec(),
            fd.to_le_bytes().to_vec(),
            size.to_le_bytes().to_vec(),
        ];
        Ok(Some((SYSCALL_READ_X, params.to_vec())))
    };
    assert_eq!(feed(&mut upgrade, &enter), Ok(None));
    assert_eq!(feed(&mut upgrade, &other), result(0, 0), "another thread's entry");
    assert_eq!(feed(&mut upgrade, &exit), result(3, 512));
    assert_eq!(feed(&mut upgrade, &exit), result(0, 0), "the entry was used");
}

#[test]
fn a_wrong_entry_is_a_fault_and_stays() {
    let mut upgrade = Upgrade::new();
    assert_eq!(feed(&mut upgrade, &old(SYSCALL_CLOSE_E, 7, &[number(3)])), Ok(None));
    let read = old(SYSCALL_READ_X, 7, &[number(5), Value::Bytes(vec![])]);
    let fault = Fault::WrongEnter { exit: "read", code: SYSCALL_READ_X, enter: "close" };
    assert_eq!(feed(&mut upgrade, &read), Err(fault));
    let close = feed(&mut upgrade, &old(SYSCALL_CLOSE_X, 7, &[number(0)]));
    assert_eq!(close, Ok(Some((SYSCALL_CLOSE_X, vec![vec![0; 8], 3i64.to_le_bytes().to_vec()]))));
}

#[test]
fn what_cannot_be_upgraded_is_a_fault() {
    let fault = |encoded: &EncodedEvent| feed(&mut Upgrade::new(), encoded).expect_err("a fault");
    let seven = old(SYSCALL_OPEN_X, 1, &[number(3), text("/a"), number(0)]);
    assert_eq!(fault(&seven), Fault::NoUpgrade { name: "open", code: SYSCALL_OPEN_X, nparams: 3 });
    let lengths = [0u8; 18];
    let raw = RawEvent {
        ts: 0,
        tid: 1,
        code: SYSCALL_READ_X,
        cpu: 0,
        flags: 0,
        number: None,
        extras: &[],
        lengths: &lengths,
        data: &[],
    };
    let many = Fault::TooManyParams { name: "read", code: SYSCALL_READ_X, nparams: 9, known: 4 };
    assert_eq!(Upgrade::new().apply(&raw), Err(many));
    let big = old(SYSCALL_READ_X, 1, &[number(5), Value::Bytes(vec![0; 65_535])]);
    assert_eq!(fault(&big), Fault::UpgradeTooLong { name: "read", code: SYSCALL_READ_X });
}

#[test]
fn unmanaged_events_pass_whatever_they_carry() {
    let short = old(SOCKET_GETSOCKOPT_X, 1, &[]);
    assert_eq!(feed(&mut Upgrade::new(), &short), Ok(Some((SOCKET_GETSOCKOPT_X, vec![]))));
    let drop = old(DROP_E, 1, &[number(2)]);
    assert_eq!(feed(&mut Upgrade::new(), &drop), Ok(Some((DROP_E, vec![vec![2, 0, 0, 0]]))));
    assert_eq!(feed(&mut Upgrade::new(), &old(SCAPEVENT_X, 1, &[])), Ok(None), "a code that is not used");
}

#[test]
fn the_first_container_event_becomes_json() {
    let event = old(CONTAINER_E, 1, &[text("0123"), number(0), text("web"), text("nginx")]);
    let json = b"{\"id\":\"0123\",\"type\":0,\"name\":\"web\",\"image\":\"nginx\"}\0".to_vec();
    assert_eq!(feed(&mut Upgrade::new(), &event), Ok(Some((CONTAINER_JSON_2_E, vec![json]))));
    let nameless = old(CONTAINER_E, 1, &[text("0123"), number(0), Value::Empty, text("nginx")]);
    assert_eq!(feed(&mut Upgrade::new(), &nameless), Ok(Some((CONTAINER_JSON_2_E, vec![vec![]]))));
}

#[test]
fn copied_parameters_are_cut_to_their_new_type() {
    let mut upgrade = Upgrade::new();
    let enter = old(SYSCALL_BPF_E, 1, &[number(0x1_0000_0005)]);
    assert_eq!(feed(&mut upgrade, &enter), Ok(None));
    let exit = old(SYSCALL_BPF_X, 1, &[Value::Bytes(vec![1, 0, 0, 0, 0, 0, 0, 0, 0])]);
    let (code, params) = feed(&mut upgrade, &exit).expect("an upgrade").expect("an event");
    assert_eq!(code, SYSCALL_BPF_2_X);
    assert_eq!(params[1], 5u32.to_le_bytes());
}

//! Memory: what is shared, and what is dropped when a state reaches its limit.

use tercel_format::Block;
use tercel_format::catalogue::code;
use tercel_format::record::{Account, ProcessRecord};
use tercel_format::writer::Value;

use super::super::State;
use super::super::fdtable::MAX_FDS;
use super::{Host, file_record, process};

#[test]
fn forks_that_close_an_fd_share_the_others() {
    const CHILDREN: i64 = 1000;
    let mut host = Host::new();
    host.list_fds(100, (3..MAX_FDS as i64).map(|fd| file_record(fd, &format!("/f{fd}"))).collect());
    host.settle();
    let before = host.state.memory();
    for child in 0..CHILDREN {
        host.clone_in_child(1000 + child, 1000 + child, 100, 0);
        host.close(1000 + child, 200);
    }
    host.settle();
    assert_eq!(host.fd_name(1500, 200), None);
    assert_eq!(host.fd_name(1500, 201).as_deref(), Some("/f201"));
    assert_eq!(host.fd_name(100, 200).as_deref(), Some("/f200"));
    // A copy of the parent's table would take 32 KiB each.
    let each = (host.state.memory() - before) / CHILDREN as usize;
    assert!(each < 6000, "{each} bytes per child");
}

#[test]
fn keyframes_write_what_forks_share_once() {
    const CHILDREN: i64 = 1000;
    let mut host = Host::new();
    host.list_fds(100, (3..MAX_FDS as i64).map(|fd| file_record(fd, &format!("/f{fd}"))).collect());
    host.settle();
    let before = host.state.clone();
    for child in 0..CHILDREN {
        host.clone_in_child(1000 + child, 1000 + child, 100, 0);
        host.close(1000 + child, 200 + child);
    }
    host.settle();
    let (snapshot, delta) =
        (host.state.snapshot().expect("small"), host.state.delta(&before).expect("small"));
    // The tables in full would take 100 KiB each.
    let each =
        (snapshot.len().max(delta.len()) - before.snapshot().expect("small").len()) / CHILDREN as usize;
    assert!(each < 600, "{each} bytes per child");
    let mut after = before.clone();
    after.apply_delta(&delta).expect("a delta");
    for restored in [State::restore(&snapshot).expect("a snapshot"), after] {
        assert!(restored.snapshot().as_ref() == Some(&snapshot));
        let ratio = restored.memory() as f64 / host.state.memory() as f64;
        assert!(ratio < 1.5, "a restored state takes {ratio} times as much");
        let child = restored.threads.by_tid(1300).expect("a child");
        assert!(restored.threads.fd(child, 500).is_none() && restored.threads.fd(child, 501).is_some());
    }
}

#[test]
fn a_keyframe_that_is_too_large_is_left_out() {
    let mut host = Host::new();
    let before = host.state.clone();
    crowd(&mut host, 1000..2600, 20_000);
    assert!(host.state.snapshot().is_none() && host.state.delta(&before).is_none());
    crowd(&mut host, 1000..1500, 100);
    for tid in 1500..2600 {
        host.state.threads.remove(tid);
    }
    assert!(host.state.snapshot().is_some());
}

#[test]
fn a_table_that_was_emptied_is_told_by_what_is_left() {
    let mut host = Host::new();
    host.list_fds(100, (3..3000).map(|fd| file_record(fd, &format!("/f{fd}"))).collect());
    host.settle();
    let before = host.state.clone();
    let range =
        [("res", 0i64.into()), ("first", 3u32.into()), ("last", 2990u32.into()), ("flags", 0u32.into())];
    host.event(code::SYSCALL_CLOSE_RANGE_X, 100, &range);
    host.settle();
    let delta = host.state.delta(&before).expect("small");
    assert!(delta.len() < 1000, "{} bytes", delta.len());
    let mut after = before;
    after.apply_delta(&delta).expect("a delta");
    assert!(after.snapshot() == host.state.snapshot());
    let left = after.threads.fds(after.threads.by_tid(100).expect("a thread")).map(|fds| fds.len());
    assert_eq!(left, Some(12));
}

/// Processes with long arguments and environments, listed as the capture begins.
fn crowd(host: &mut Host, tids: std::ops::Range<i64>, bytes: usize) {
    for tid in tids {
        let text = format!("{tid}{}\0", "x".repeat(bytes)).into_bytes();
        let env = [b"E=", &text[..]].concat();
        let record = ProcessRecord { args: text, env, ..process(tid, tid, 1, &format!("p{tid}")) };
        host.state.block(&Block::Processes(vec![record]));
    }
}

#[test]
fn a_state_at_its_limit_gives_up_what_was_used_least() {
    const LIMIT: usize = 4 << 20;
    let mut host = Host::new();
    host.state.limit_memory(LIMIT);
    crowd(&mut host, 1000..1200, 20_000);
    assert!(host.state.memory() <= LIMIT + LIMIT / 4, "{} bytes", host.state.memory());
    let forgotten = host.state.forgotten();
    assert!(forgotten.stripped > 50 && forgotten.removed == 0, "{forgotten:?}");
    // What is used stays, what was used before it is known by its name.
    host.exec(1150, "/bin/used");
    crowd(&mut host, 2000..2200, 20_000);
    let (used, old) = (host.thread(1150), host.thread(1001));
    assert!(!used.image.args.is_empty() && !used.env.is_empty());
    assert_eq!((&*old.image.comm, &*old.image.args, &*old.env), (&b"p1001"[..], &b""[..], &b""[..]));
}

#[test]
fn equal_environments_are_one_in_memory() {
    let mut host = Host::new();
    let env = "NAME=value\0".repeat(5000).into_bytes();
    for tid in 1000..2000 {
        let record = ProcessRecord { env: env.clone(), cgroups: env.clone(), ..process(tid, tid, 1, "p") };
        host.state.block(&Block::Processes(vec![record]));
    }
    assert!(host.state.memory() < 2 << 20, "{} bytes", host.state.memory());
    assert_eq!(host.state.forgotten(), Default::default());
    assert_eq!(*host.thread(1999).env, *env);
}

#[test]
fn threads_go_where_stripping_them_does_not_do() {
    const LIMIT: usize = 1 << 20;
    let mut host = Host::new();
    host.state.limit_memory(LIMIT);
    for tid in 1000..2000 {
        let comm = format!("{tid}{}", "n".repeat(10_000));
        host.state.block(&Block::Processes(vec![process(tid, tid, 1, &comm)]));
    }
    assert!(host.state.memory() <= 2 * LIMIT, "{} bytes", host.state.memory());
    assert!(host.state.forgotten().removed > 800, "{:?}", host.state.forgotten());
    assert!(host.has(1999));
    // A new section knows nothing, but keeps to the limit.
    host.state.block(&Block::Section(tercel_format::record::Section { major: 1, minor: 2 }));
    assert_eq!(host.state.forgotten(), Default::default());
    for tid in 1000..2000 {
        let comm = format!("{tid}{}", "n".repeat(10_000));
        host.state.block(&Block::Processes(vec![process(tid, tid, 1, &comm)]));
    }
    assert!(host.state.forgotten().removed > 800);
}

#[test]
fn users_groups_and_containers_have_a_part_of_the_limit() {
    const LIMIT: usize = 4 << 20;
    let mut host = Host::new();
    host.state.limit_memory(LIMIT);
    let home = vec![b'h'; 1000];
    let accounts = (0..20_000u32).flat_map(|number| {
        let name = format!("name{number}").into_bytes();
        let (home, shell) = (home.clone(), home.clone());
        [
            Account::User { uid: number, gid: number, name: name.clone(), home, shell },
            Account::Group { gid: number, name },
        ]
    });
    host.state.block(&Block::Accounts(accounts.collect()));
    host.settle();
    for number in 0..5000 {
        let id = format!("{number:012}");
        let json =
            format!(r#"{{"container":{{"id":"{id}","full_id":"{id}","name":"{}"}}}}"#, "n".repeat(5000));
        let data = Value::Bytes([json.as_bytes(), &[0]].concat());
        let event = [("plugin_id", 0.into()), ("name", "container".into()), ("data", data)];
        host.event(code::ASYNCEVENT_E, -1, &event);
    }
    assert!(host.state.containers.get(b"000000004999").is_some(), "the newest stays");
    assert!(host.state.memory() <= LIMIT, "{} bytes", host.state.memory());
    let forgotten = host.state.forgotten();
    assert!(forgotten.entries > 20_000 && forgotten.removed == 0, "{forgotten:?}");
    assert!(host.state.accounts.user(b"", 5).is_some() && host.state.accounts.user(b"", 19_000).is_none());
    assert!(host.state.accounts.group(b"", 5).is_some());
}

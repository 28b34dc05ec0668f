//! Who started whom, and from which session, whatever happens afterwards.

use tercel_format::catalogue::code;
use tercel_format::record::ProcessRecord;

use super::super::{State, clone_flag};
use super::{Host, process, string};

/// Names of the processes that led to one, nearest first, `...` where some are left out before one.
fn chain(host: &Host, tid: i64) -> Vec<String> {
    let Some(nearest) = host.thread(tid).lineage() else { return Vec::new() };
    let name = |one: &super::super::Ancestor| {
        let cut = if one.is_cut { "..." } else { "" };
        format!("{cut}{}:{}", string(&one.image.comm), one.pid)
    };
    nearest.chain().map(name).collect()
}

fn origin(host: &Host, tid: i64) -> (i64, u32, i64, String) {
    let origin = host.thread(tid).origin().expect("an origin");
    (origin.sid, origin.tty, origin.pid, string(&origin.name))
}

fn is_orphan(host: &Host, tid: i64) -> Option<bool> {
    host.state.is_orphan(host.slot(tid))
}

/// The same after a keyframe at this place.
fn restored(host: &Host) -> Host {
    let bytes = host.state.snapshot().expect("small");
    let state = State::restore(&bytes).expect("a snapshot");
    assert!(state.snapshot().as_ref() == Some(&bytes));
    Host { state, ts: host.ts }
}

#[test]
fn a_parent_that_ends_or_executes_stays_in_the_lineage() {
    let mut host = Host::new();
    host.clone_in_parent(100, 200, 0);
    host.exec(200, "/usr/bin/python3");
    host.clone_in_parent(200, 300, 0);
    assert_eq!(chain(&host, 300), ["python3:200", "sh:100", "init:1"]);
    assert_eq!((is_orphan(&host, 300), is_orphan(&host, 1)), (Some(false), None));
    // What the parent runs later does not change who started the child.
    host.exec(200, "/usr/bin/innocent");
    host.exec(300, "/usr/bin/curl");
    host.clone_in_parent(100, 101, clone_flag::THREAD);
    assert_eq!(chain(&host, 300), ["python3:200", "sh:100", "init:1"]);
    assert_eq!(chain(&host, 101), ["init:1"]);
    host.exit(200, 1);
    host.settle();
    assert_eq!(host.thread(300).ptid, 1);
    assert_eq!(is_orphan(&host, 300), Some(true));
    let mut again = restored(&host);
    for host in [&mut host, &mut again] {
        host.clone_in_child(400, 400, 300, 0);
        assert_eq!(chain(host, 400), ["curl:300", "python3:200", "sh:100", "init:1"]);
        assert_eq!((is_orphan(host, 400), is_orphan(host, 300)), (Some(false), Some(true)));
    }
    assert!(host.state.snapshot() == again.state.snapshot());
}

#[test]
fn a_child_that_is_given_away_has_its_maker() {
    for maker_first in [true, false] {
        let mut host = Host::new();
        host.clone_in_parent(100, 200, 0);
        let maker = |host: &mut Host| host.clone_in_parent(200, 300, clone_flag::PARENT);
        if maker_first {
            maker(&mut host);
            host = restored(&host);
        }
        host.clone_in_child(300, 300, 100, clone_flag::PARENT);
        if !maker_first {
            assert_eq!(chain(&host, 300), ["sh:100", "init:1"]);
            maker(&mut host);
        }
        assert_eq!(chain(&host, 300), ["sh:200", "sh:100", "init:1"], "{maker_first}");
        assert_eq!((host.thread(300).ptid, is_orphan(&host, 300)), (100, Some(true)));
    }
}

#[test]
fn the_ends_of_a_long_chain_stay() {
    let mut host = Host::new();
    let mut last = 100;
    for tid in 1000..3000 {
        host.clone_in_child(tid, tid, last, 0);
        host.exit(last, 1);
        last = tid;
    }
    host.settle();
    let chain = chain(&host, 2999);
    assert!((32..=64).contains(&chain.len()), "{}", chain.len());
    assert_eq!(chain[..24], (0..24).map(|n| format!("sh:{}", 2998 - n)).collect::<Vec<_>>());
    let eldest = ["sh:1005", "sh:1004", "sh:1003", "sh:1002", "sh:1001", "sh:1000", "sh:100", "init:1"];
    assert_eq!(chain[chain.len() - 8..], eldest);
    assert_eq!(chain.iter().filter(|name| name.starts_with("...")).count(), 1);
    assert!(host.state.threads.len() < 10);
    restored(&host);
}

#[test]
fn the_session_of_a_login_outlives_daemons() {
    let mut host = Host::new();
    let sshd = ProcessRecord { sid: 50, ..process(50, 50, 1, "sshd") };
    host.list(sshd);
    host.clone_in_parent(50, 60, 0);
    assert_eq!(origin(&host, 60), (50, 0, 50, "sshd".to_owned()));
    host.event(code::SYSCALL_SETSID_X, 60, &[("res", 60.into())]);
    assert_eq!(origin(&host, 60).0, 50);
    host.event(
        code::SYSCALL_EXECVE_19_X,
        60,
        &[
            ("res", 0.into()),
            ("exe", "bash".into()),
            ("pid", 60.into()),
            ("comm", "bash".into()),
            ("tty", 34816.into()),
        ],
    );
    let login = (60, 34816, 60, "bash".to_owned());
    assert_eq!(origin(&host, 60), login);
    // A daemon: two forks, a session of its own between them.
    host.clone_in_parent(60, 70, 0);
    host.event(code::SYSCALL_SETSID_X, 70, &[("res", 70.into())]);
    host.clone_in_parent(70, 80, 0);
    host.exit(70, 1);
    host.settle();
    host.exec(80, "/tmp/daemon");
    assert_eq!((origin(&host, 80), is_orphan(&host, 80)), (login.clone(), Some(true)));
    assert_eq!((host.thread(80).sid, chain(&host, 80).len()), (70, 4));
    assert_eq!(origin(&restored(&host), 80), login);
    // A service that init starts has a session of its own.
    host.clone_in_parent(1, 90, 0);
    host.event(code::SYSCALL_SETSID_X, 90, &[("res", 90.into())]);
    assert_eq!(origin(&host, 90), (90, 0, 90, "sh".to_owned()));
}

#[test]
fn chains_of_lists_may_be_loops() {
    let mut host = Host::new();
    host.list(process(500, 500, 502, "a"));
    host.list(process(501, 501, 500, "b"));
    host.list(process(502, 502, 501, "c"));
    host.list(process(504, 504, 502, "e"));
    host.settle();
    assert_eq!(chain(&host, 504)[0], "c:502");
    restored(&host);
    let mut host = Host::new();
    host.list(process(503, 503, 503, "d"));
    host.settle();
    assert!(chain(&host, 503).is_empty());
}

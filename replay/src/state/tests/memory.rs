//! Memory: what is shared, and what is given up when a state reaches its limit.

use tercel_format::Block;
use tercel_format::record::ProcessRecord;

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

/// Processes with long arguments and environments, listed as the capture begins.
fn crowd(host: &mut Host, tids: std::ops::Range<i64>, bytes: usize) {
    for tid in tids {
        let text = format!("{tid}{}\0", "x".repeat(bytes)).into_bytes();
        let record =
            ProcessRecord { args: text.clone(), env: text, ..process(tid, tid, 1, &format!("p{tid}")) };
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

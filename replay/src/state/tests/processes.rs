//! clone in both orders, exec, exit, threads, parents and reapers.

use tercel_format::catalogue::code;
use tercel_format::extras::{Resources, kind};
use tercel_format::writer::{EventBuilder, Value};

use super::super::clone_flag;
use super::super::thread::Memory;
use super::{Host, Params, process, string};

const THREAD: u32 = clone_flag::THREAD;

#[test]
fn a_child_is_the_same_whichever_return_arrives_first() {
    for parent_first in [true, false] {
        let mut host = Host::new();
        if parent_first {
            host.clone_in_parent(100, 200, 0);
            host.clone_in_child(200, 200, 100, 0);
        } else {
            host.clone_in_child(200, 200, 100, 0);
            host.clone_in_parent(100, 200, 0);
        }
        let child = host.thread(200);
        assert_eq!((child.pid, child.ptid, child.vtid, child.vpid, child.uid), (200, 100, 200, 200, 1000));
        assert_eq!(child.flags & clone_flag::INVERTED != 0, !parent_first);
        assert_eq!(string(&child.image.exepath), "/bin/sh");
        assert_eq!(host.cwd(200), "/home/u/");
        assert_eq!(string(host.state.threads.env(host.slot(200))), "HOME=/home/u\0");
        assert_eq!(host.fd_name(200, 0).as_deref(), Some("/dev/pts/0"));
        assert_eq!(host.state.threads.ancestor(host.slot(200), 1), Some(host.slot(100)));
        assert_eq!(host.state.threads.len(), 3);
    }
}

#[test]
fn a_fork_shares_texts_and_separates_fds() {
    let mut host = Host::new();
    host.clone_in_parent(100, 200, 0);
    assert!(std::sync::Arc::ptr_eq(&host.thread(100).image, &host.thread(200).image));
    assert!(std::sync::Arc::ptr_eq(&host.thread(100).fds, &host.thread(200).fds));
    host.open(200, 3, -100, "/etc/hosts", 1);
    assert_eq!(host.fd_name(200, 3).as_deref(), Some("/etc/hosts"));
    assert_eq!(host.fd_name(100, 3), None);
}

#[test]
fn threads_use_what_their_leader_has() {
    let mut host = Host::new();
    host.clone_in_parent(100, 101, THREAD);
    let thread = host.thread(101);
    assert_eq!((thread.pid, thread.ptid), (100, 1));
    let slot = host.slot(101);
    assert_eq!(host.state.threads.leader(slot), Some(host.slot(100)));
    assert_eq!((host.state.threads.alive(slot), host.state.threads.alive_without_leader(slot)), (2, 1));
    host.open(101, 7, -100, "notes", 1);
    assert_eq!(host.fd_name(100, 7).as_deref(), Some("/home/u/notes"));
    host.exit(101, 0);
    assert!(host.has(101));
    host.settle();
    assert!(!host.has(101));
    assert_eq!(host.state.threads.alive(host.slot(100)), 1);
}

#[test]
fn vfork_and_containers_leave_the_child_to_its_own_event() {
    for flags in [
        clone_flag::VFORK,
        clone_flag::CHILD_IN_PIDNS,
        clone_flag::NEWPID,
        clone_flag::PARENT,
        clone_flag::NEWPID,
    ] {
        let mut host = Host::new();
        host.clone_in_parent(100, 200, flags);
        assert!(!host.has(200), "{flags:x}");
        host.clone_in_child(200, 200, 100, flags);
        assert!(host.has(200), "{flags:x}");
    }
}

#[test]
fn a_parent_does_not_bring_back_a_child_that_exited() {
    let mut host = Host::new();
    host.clone_in_child(200, 200, 100, 0);
    host.exit(200, 0);
    host.clone_in_parent(100, 200, 0);
    assert!(!host.has(200));
    host.ts += 3_000_000_000;
    host.clone_in_parent(100, 200, 0);
    assert!(host.has(200));
}

#[test]
fn an_old_entry_of_the_same_id_is_replaced() {
    let mut host = Host::new();
    host.clone_in_parent(100, 200, 0);
    host.exec(200, "/usr/bin/old");
    host.ts += 3_000_000_000;
    host.clone_in_child(200, 200, 1, 0);
    assert_eq!(host.thread(200).ptid, 1);
    assert_eq!(string(&host.thread(200).image.comm), "sh");
    host.clone_in_parent(100, 300, 0);
    host.clone_in_parent(1, 300, 0);
    assert_eq!(host.thread(300).ptid, 1);
}

#[test]
fn unknown_threads_get_an_entry_of_their_own() {
    let mut host = Host::new();
    let facts = host.event(code::SYSCALL_READ_X, 555, &[("res", 0.into()), ("fd", 3.into())]);
    assert_eq!(facts.thread, Some(host.slot(555)));
    let made_up = host.thread(555);
    assert_eq!((made_up.pid, made_up.ptid, made_up.uid), (-1, -1, u32::MAX));
    assert_eq!(string(&made_up.image.comm), "<NA>");
    assert_eq!(host.cwd(555), "./");
    host.event(code::SYSCALL_CLONE_20_X, 555, &super::clone_params(556, 555, 555, 1, 555, 0));
    assert_eq!((host.thread(555).pid, host.thread(555).ptid), (555, 1));
    assert_eq!(string(&host.thread(555).image.comm), "sh");
    assert_eq!(host.thread(556).ptid, 555);
    assert_eq!(host.event(code::PROCEXIT_1_E, 777, &[("status", 0.into())]).thread, None);
}

#[test]
fn a_thread_of_an_unknown_process_completes_its_leader() {
    let mut host = Host::new();
    host.clone_in_child(901, 900, 100, THREAD);
    let leader = host.thread(900);
    assert_eq!((leader.pid, leader.ptid, leader.vpid), (900, 100, 900));
    assert_eq!(string(&leader.image.comm), "sh");
    assert_eq!(host.state.threads.leader(host.slot(901)), Some(host.slot(900)));
}

#[test]
fn exec_replaces_the_program_and_ends_the_other_threads() {
    let mut host = Host::new();
    host.clone_in_parent(100, 101, THREAD);
    let before = host.thread(100).image.id;
    host.open(100, 3, -100, "/kept", 1);
    host.open(100, 4, -100, "/closed", 1 | 1 << 12);
    host.exec(100, "/usr/bin/cat (deleted)");
    let thread = host.thread(100);
    assert_eq!(string(&thread.image.exepath), "/usr/bin/cat");
    assert_eq!(string(&thread.image.args), "-a\0b\0");
    assert_ne!(thread.image.id, before);
    assert_eq!((thread.pgid, thread.fdlimit, thread.lastexec_ts), (77, 1024, host.ts));
    assert!(thread.flags & clone_flag::NAME_CHANGED != 0);
    assert_eq!(host.fd_name(100, 3).as_deref(), Some("/kept"));
    assert_eq!(host.fd_name(100, 4), None);
    assert!(!host.has(101));
    let id = host.thread(100).image.id;
    host.exec(100, "/usr/bin/cat (deleted)");
    assert_eq!(host.thread(100).image.id, id);
}

#[test]
fn a_failed_exec_changes_nothing() {
    let mut host = Host::new();
    let facts = host.event(
        code::SYSCALL_EXECVE_19_X,
        100,
        &[("res", (-2).into()), ("exe", "x".into()), ("comm", "x".into()), ("pid", 100.into())],
    );
    assert_eq!(facts.error, -2);
    assert_eq!(string(&host.thread(100).image.comm), "sh");
}

#[test]
fn old_captures_have_the_path_of_an_exec_in_its_enter_event() {
    for (enter, params, expected) in [
        (code::SYSCALL_EXECVE_19_E, vec![("filename", Value::from("bin/x"))], "/home/u/bin/x"),
        (code::SYSCALL_EXECVE_19_E, vec![("filename", "/bin/../x".into())], "/x"),
        (code::SYSCALL_EXECVE_19_E, vec![("filename", "<NA>".into())], "<NA>"),
        (
            code::SYSCALL_EXECVEAT_E,
            vec![("dirfd", 3.into()), ("pathname", "tool".into()), ("flags", 0.into())],
            "/opt/tool",
        ),
        (
            code::SYSCALL_EXECVEAT_E,
            vec![("dirfd", 3.into()), ("pathname", Value::Empty), ("flags", 1.into())],
            "/opt",
        ),
        (
            code::SYSCALL_EXECVEAT_E,
            vec![("dirfd", 9.into()), ("pathname", "tool".into()), ("flags", 0.into())],
            "<NA>",
        ),
    ] {
        let mut host = Host::new();
        host.open(100, 3, -100, "/opt", 1 << 10);
        assert!(host.hidden(enter, 100, &params).is_none());
        host.event(
            code::SYSCALL_EXECVE_19_X,
            100,
            &[("res", 0.into()), ("exe", "x".into()), ("comm", "x".into()), ("pid", 100.into())],
        );
        assert_eq!(string(&host.thread(100).image.exepath), expected, "{params:?}");
    }
}

#[test]
fn children_of_the_dead_go_to_the_reaper() {
    // The new parent: the one that the kernel names, otherwise a reaping ancestor, otherwise none.
    for (reaper, subreaper, expected) in [(1, false, 1), (0, true, 100), (0, false, 1), (999, true, 100)] {
        let mut host = Host::new();
        if subreaper {
            host.event(
                code::SYSCALL_PRCTL_X,
                100,
                &[("res", 0.into()), ("option", 36.into()), ("arg2_int", 1.into())],
            );
        }
        host.clone_in_parent(100, 200, 0);
        host.clone_in_parent(200, 300, 0);
        host.clone_in_parent(200, 301, 0);
        host.exit(200, reaper);
        assert_eq!(host.thread(300).ptid, 200, "the dead thread is still there during its exit");
        host.settle();
        assert!(!host.has(200));
        assert_eq!(
            (host.thread(300).ptid, host.thread(301).ptid),
            (expected, expected),
            "{reaper} {subreaper}"
        );
    }
}

#[test]
fn children_of_a_dead_thread_go_to_its_siblings_first() {
    let mut host = Host::new();
    host.clone_in_parent(100, 101, THREAD);
    host.clone_in_parent(101, 200, 0);
    assert_eq!(host.thread(200).ptid, 101);
    host.exit(101, 0);
    host.settle();
    assert_eq!(host.thread(200).ptid, 100);
}

#[test]
fn a_dead_leader_stays_until_its_last_thread_is_gone() {
    let mut host = Host::new();
    host.clone_in_parent(100, 101, THREAD);
    host.exit(100, 0);
    host.settle();
    assert!(host.has(100));
    assert!(host.thread(100).is_dead());
    let slot = host.slot(101);
    assert_eq!((host.state.threads.alive(slot), host.state.threads.alive_without_leader(slot)), (1, 1));
    host.exit(101, 0);
    host.settle();
    assert!(!host.has(100) && !host.has(101));
}

#[test]
fn a_dead_leader_that_executes_lives_again() {
    let mut host = Host::new();
    host.clone_in_parent(100, 101, THREAD);
    host.exit(100, 0);
    host.exec(100, "/bin/new");
    assert!(!host.thread(100).is_dead());
    assert!(!host.has(101));
}

#[test]
fn loops_of_parents_end() {
    let mut host = Host::new();
    host.list(process(500, 500, 501, "a"));
    host.list(process(501, 501, 500, "b"));
    host.list(process(502, 502, 500, "c"));
    host.settle();
    host.exit(502, 0);
    host.exit(500, 0);
    host.settle();
    assert!(host.has(501));
    assert_eq!(host.thread(501).ptid, 0);
}

#[test]
fn ids_follow_the_calls() {
    let mut host = Host::new();
    let calls: [(u16, Params); 9] = [
        (code::SYSCALL_SETUID_X, &[("res", 0.into()), ("uid", 5.into())]),
        (code::SYSCALL_SETUID_X, &[("res", (-1).into()), ("uid", 6.into())]),
        (
            code::SYSCALL_SETRESUID_X,
            &[("res", 0.into()), ("ruid", 1.into()), ("euid", 7.into()), ("suid", 2.into())],
        ),
        (code::SYSCALL_SETREGID_X, &[("res", 0.into()), ("rgid", 1.into()), ("egid", 8.into())]),
        (code::SYSCALL_SETSID_X, &[("res", 44.into())]),
        (code::SYSCALL_CHROOT_X, &[("res", 0.into()), ("path", "jail/".into())]),
        (code::SYSCALL_UNSHARE_X, &[("res", 0.into()), ("flags", clone_flag::NEWUSER.into())]),
        (code::SYSCALL_SETRLIMIT_X, &[("res", 0.into()), ("cur", 4000.into()), ("resource", 7.into())]),
        (
            code::SYSCALL_BRK_4_X,
            &[("res", 1.into()), ("vm_size", 10.into()), ("vm_rss", 11.into()), ("vm_swap", 12.into())],
        ),
    ];
    for (call, params) in calls {
        host.event(call, 100, params);
    }
    let thread = host.thread(100);
    assert_eq!((thread.uid, thread.gid, thread.sid, thread.fdlimit), (7, 8, 44, 4000));
    assert_eq!(string(&thread.root), "/home/u/jail");
    assert_eq!(thread.caps.effective, (1 << 41) - 1);
    assert_eq!((thread.memory.vmsize_kb, thread.memory.vmrss_kb, thread.memory.vmswap_kb), (10, 11, 12));
}

#[test]
fn prlimit_sets_the_limit_of_the_process_that_it_names() {
    for (res, limit, pid, resource, expected) in [
        (0, 300, 100, 7, (300, 0)),
        (0, 300, 0, 7, (300, 0)),
        (0, 300, 1, 7, (0, 300)),
        (-1, 300, 100, 7, (0, 0)),
        (0, -1, 100, 7, (0, 0)),
        (0, 300, 100, 6, (0, 0)),
    ] {
        let mut host = Host::new();
        let params: [(&str, Value); 4] = [
            ("res", res.into()),
            ("newcur", limit.into()),
            ("pid", pid.into()),
            ("resource", resource.into()),
        ];
        host.event(code::SYSCALL_PRLIMIT_X, 100, &params);
        let found = (host.thread(100).fdlimit, host.thread(1).fdlimit);
        assert_eq!(found, expected, "prlimit of {pid}, resource {resource}: {res}");
    }
}

#[test]
fn reports_tell_what_a_process_uses() {
    let mut host = Host::new();
    let used = Resources { major_faults: 1, minor_faults: 2, size_kb: 30, rss_kb: 20, swap_kb: 10 };
    let mut report = |tid, beside: &[u8]| {
        host.ts += 1000;
        let event = EventBuilder::new(code::PROCINFO_E, host.ts, tid).extra(kind::RESOURCES, 0, beside);
        host.state.apply(&event.encode().expect("an event").event());
        host.state.threads.by_tid(tid).map(|slot| host.state.threads.get(slot).memory)
    };
    let before = report(100, b"short").expect("a thread");
    let after = report(100, &used.bytes()).expect("a thread");
    assert_eq!(before, Memory::default());
    assert_eq!((after.pfmajor, after.pfminor), (1, 2));
    assert_eq!((after.vmsize_kb, after.vmrss_kb, after.vmswap_kb), (30, 20, 10));
    assert_eq!(report(4242, &used.bytes()), None, "a report makes no process known");
}

#[test]
fn switches_tell_memory_and_time() {
    let mut host = Host::new();
    let params: [(&str, Value); 6] = [
        ("next", 1.into()),
        ("pgft_maj", 2.into()),
        ("pgft_min", 3.into()),
        ("vm_size", 4.into()),
        ("vm_rss", 5.into()),
        ("vm_swap", 6.into()),
    ];
    assert_eq!(host.event(code::SCHEDSWITCH_6_E, 100, &params).slice, 0);
    assert_eq!(host.event(code::SCHEDSWITCH_6_E, 100, &params).slice, 1000);
    assert_eq!((host.thread(100).memory.pfminor, host.thread(100).memory.vmrss_kb), (3, 5));
    assert_eq!(host.thread(100).cpu_time, 1000);
    assert_eq!(host.event(code::SCHEDSWITCH_6_E, 4242, &params).thread, None);
}

//! Every way to start a thread or a process, as the events that it gives: which of them belong to the one that started it, if
//! descendants are followed and if they are not.

use tercel_format::Block;
use tercel_format::catalogue::code;
use tercel_format::record::{ProcessRecord, Section};
use tercel_format::writer::EventBuilder;

use super::{Follow, Keep, Scope};
use crate::state::{State, clone_flag};

/// The followed process, its parent, and a process that has the same parent.
const ROOT: i64 = 100;
const PARENT: i64 = 10;
const OTHER: i64 = 200;
/// Who gets the children of those that end.
const INIT: i64 = 1;

/// What happens.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A thread returns from a clone with a child; flags.
    Made(i64, i64, u32),
    /// A new thread begins: its number, its process, its parent, flags.
    Begun(i64, i64, i64, u32),
    /// A process executes: its number and its parent.
    Executed(i64, i64),
    /// A thread ends; who gets its children.
    Ended(i64, i64),
    /// Something that changes nothing, as a mark.
    Mark(i64),
}

use Step::{Begun, Ended, Executed, Made, Mark};

struct Host {
    scope: Scope,
    state: State,
    ts: u64,
}

impl Host {
    fn new(scope: Scope) -> Host {
        let (mut scope, mut state) = (scope, State::new());
        let process = |tid: i64, pid: i64, ptid: i64| ProcessRecord {
            tid,
            pid,
            ptid,
            vtid: tid,
            vpid: pid,
            comm: format!("p{pid}").into(),
            ..ProcessRecord::default()
        };
        scope.metadata(&mut state, &Block::Section(Section { major: 1, minor: 2 }));
        let list = [(INIT, INIT, 0), (PARENT, PARENT, INIT), (ROOT, ROOT, PARENT), (OTHER, OTHER, PARENT)];
        let list = list.map(|(tid, pid, ptid)| process(tid, pid, ptid));
        scope.metadata(&mut state, &Block::Processes(list.to_vec()));
        let mut host = Host { scope, state, ts: 1_000_000_000 };
        host.step(Mark(OTHER));
        host
    }

    /// Whether the event is kept unchanged.
    fn step(&mut self, step: Step) -> bool {
        self.ts += 1000;
        let event = |code: u16, tid: i64| EventBuilder::new(code, self.ts, tid);
        let cloned = |tid: i64, res: i64, pid: i64, ptid: i64, flags: u32| {
            event(code::SYSCALL_CLONE_20_X, tid)
                .set("res", res)
                .set("tid", tid)
                .set("pid", pid)
                .set("ptid", ptid)
                .set("flags", i64::from(flags))
                .set("vtid", tid)
                .set("vpid", pid)
        };
        let event = match step {
            Made(tid, child, flags) => cloned(tid, child, tid, PARENT, flags),
            Begun(tid, pid, ptid, flags) => cloned(tid, 0, pid, ptid, flags),
            Executed(pid, ptid) => event(code::SYSCALL_EXECVE_19_X, pid)
                .set("res", 0)
                .set("tid", pid)
                .set("pid", pid)
                .set("ptid", ptid),
            Ended(tid, reaper) => event(code::PROCEXIT_1_E, tid).set("reaper_tid", reaper),
            Mark(tid) => event(code::SYSCALL_GETCWD_X, tid).set("res", 0),
        };
        let event = event.encode().expect("a valid event");
        self.scope.keep(&mut self.state, &event.event()) == Keep::Event
    }
}

/// Checks marks: those that belong to the descendants of the followed process, and of these those that belong to itself. In the end
/// the process and what it started is over exactly if `is_over`.
#[track_caller]
fn check(way: &str, steps: &[Step], descendants: &[i64], own: &[i64], is_over: bool) {
    for (follow, expected) in [(Follow::Descendants, descendants), (Follow::Processes, own)] {
        let mut host = Host::new(Scope::default().of_processes(&[ROOT], follow));
        let mut kept = Vec::new();
        for step in steps {
            let is_kept = host.step(*step);
            if let (Mark(tid), true) = (step, is_kept) {
                kept.push(*tid);
            }
        }
        assert_eq!(kept, expected, "{way}, {follow:?}");
        assert_eq!(host.scope.is_idle(), is_over, "{way}, {follow:?}");
    }
}

#[test]
fn whatever_a_process_starts_belongs_to_it() {
    let thread = clone_flag::THREAD;
    let (root, child, second, other) = (ROOT, 101, 102, OTHER);
    let end = Ended(root, 0);
    check(
        "threads",
        &[Begun(child, root, PARENT, thread), Mark(child), Mark(root), Ended(child, 0), end],
        &[child, root],
        &[child, root],
        true,
    );
    check(
        "fork",
        &[Made(root, child, 0), Begun(child, child, root, 0), Mark(child), Ended(child, 0), end],
        &[child],
        &[],
        true,
    );
    check(
        "fork, the child first",
        &[Begun(child, child, root, 0), Mark(child), Made(root, child, 0), Ended(child, 0), end],
        &[child],
        &[],
        true,
    );
    let vfork = clone_flag::VFORK;
    let spawn = [
        Begun(child, child, root, vfork),
        Executed(child, root),
        Mark(child),
        Made(root, child, vfork),
        Ended(child, 0),
        end,
    ];
    check("vfork, posix_spawn", &spawn, &[child], &[], true);
    let sibling = clone_flag::PARENT;
    check(
        "CLONE_PARENT",
        &[
            Begun(child, child, PARENT, sibling),
            Mark(child),
            Made(root, child, sibling),
            Mark(child),
            end,
            Mark(child),
            Ended(child, 0),
        ],
        &[child, child, child],
        &[],
        true,
    );
    check(
        "CLONE_PARENT, the maker first",
        &[
            Made(root, child, sibling),
            end,
            Begun(child, child, PARENT, sibling),
            Mark(child),
            Ended(child, 0),
        ],
        &[child],
        &[],
        true,
    );
    check(
        "CLONE_PARENT of another one",
        &[Made(other, child, sibling), Begun(child, child, PARENT, sibling), Mark(child), end],
        &[],
        &[],
        true,
    );
    let late = [Begun(child, child, PARENT, sibling), Made(other, child, sibling), Mark(child), end];
    check("CLONE_PARENT of another one, the child first", &late, &[], &[], true);
    let daemon = [
        Made(root, child, 0),
        Begun(child, child, root, 0),
        end,
        Made(child, second, 0),
        Ended(child, INIT),
        Begun(second, second, INIT, 0),
        Mark(second),
        Ended(second, 0),
    ];
    check("daemon, double fork", &daemon, &[second], &[], true);
    let subreaper = [
        Begun(child, child, root, 0),
        Begun(second, second, child, 0),
        Ended(child, root),
        Mark(second),
        Executed(second, root),
        Mark(second),
        end,
        Mark(second),
        Ended(second, 0),
    ];
    check("subreaper", &subreaper, &[second, second, second], &[], true);
    let exec = [Begun(child, root, PARENT, thread), end, Executed(root, PARENT), Mark(root), end];
    check("exec in a thread", &exec, &[root], &[root], true);
    let leader = [
        Begun(child, root, PARENT, thread),
        end,
        Mark(child),
        Begun(second, second, child, 0),
        Mark(second),
        Ended(second, 0),
        Ended(child, 0),
    ];
    check("exit of the first thread", &leader, &[child, second], &[child], true);
    let late_thread =
        [Made(root, child, thread), end, Begun(child, root, PARENT, thread), Mark(child), Ended(child, 0)];
    check("a thread that begins after the first one has ended", &late_thread, &[child], &[child], true);
    // The numbers that calls return there are others; they say nothing here.
    let namespace = [
        Made(root, child, clone_flag::NEWPID),
        Begun(child, child, root, clone_flag::CHILD_IN_PIDNS),
        Mark(child),
        Ended(child, 0),
        end,
    ];
    check("pid namespace", &namespace, &[child], &[], true);
}

#[test]
fn others_stay_out() {
    let (child, second) = (101, 102);
    check(
        "a stranger's child",
        &[Made(OTHER, child, 0), Begun(child, child, OTHER, 0), Mark(child), Mark(OTHER), Mark(PARENT)],
        &[],
        &[],
        false,
    );
    let reused = [Begun(child, child, ROOT, 0), Ended(child, 0), Begun(child, child, OTHER, 0), Mark(child)];
    check("a number that is used again", &reused, &[], &[], false);
    let unseen = [Begun(child, child, ROOT, 0), Begun(child, child, OTHER, 0), Mark(child)];
    check("and whose first end was lost", &unseen, &[], &[], false);
    check(
        "its own end",
        &[Ended(ROOT, 0), Mark(ROOT), Begun(second, second, ROOT, 0), Mark(second)],
        &[],
        &[],
        true,
    );
}

#[test]
fn a_lost_start_is_made_up_for() {
    check(
        "an execution",
        &[Executed(101, ROOT), Mark(101), Ended(101, 0), Ended(ROOT, 0)],
        &[101],
        &[],
        true,
    );
}

#[test]
fn a_child_that_has_not_begun_is_waited_for() {
    let mut host = Host::new(Scope::default().of_processes(&[ROOT], Follow::Descendants));
    host.step(Made(ROOT, 101, 0));
    host.step(Ended(ROOT, INIT));
    assert!(!host.scope.is_idle());
    // One that was killed before it began.
    assert!(host.step(Ended(101, 0)));
    assert!(host.scope.is_idle());
    // One of which nothing was ever seen.
    let mut host = Host::new(Scope::default().of_processes(&[ROOT], Follow::Descendants));
    host.step(Made(ROOT, 101, 0));
    host.step(Ended(ROOT, INIT));
    host.ts += 3_000_000_000;
    host.step(Mark(OTHER));
    assert!(host.scope.is_idle());
}

#[test]
fn a_recorder_does_not_follow_itself() {
    // As `record -p $$`: the recorder is a child of what it follows, and its command is not.
    let (recorder, command) = (OTHER, 300);
    let scope = Scope::default().of_processes(&[PARENT], Follow::Descendants).without(recorder);
    let mut host = Host::new(scope);
    assert!(host.step(Mark(ROOT)) && host.step(Mark(PARENT)) && !host.step(Mark(recorder)));
    host.scope.add(command);
    assert!(host.step(Begun(command, command, recorder, 0)) && host.step(Mark(command)));
    for tid in [command, ROOT, PARENT] {
        host.step(Ended(tid, 0));
    }
    assert!(host.scope.is_idle());
}

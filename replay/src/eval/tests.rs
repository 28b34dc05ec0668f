//! Rules over single events, from the text of conditions to the rules found.

use tercel_format::catalogue::code;
use tercel_format::record::ProcessRecord;
use tercel_format::{Block, Event};
use tercel_rules::output::Template;
use tercel_rules::program::{Priority, Program, Rule};
use tercel_rules::{Compiler, parse};

use super::*;
use crate::state::{Facts, LOOKUPS, State};

/// A program with one rule per condition, named by its place.
pub(super) fn program(conditions: &[&str]) -> Program {
    let mut compiler = Compiler::new();
    let mut rules = Vec::new();
    for (index, text) in conditions.iter().enumerate() {
        let tree = parse(text, 1000).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        let condition = compiler.condition(&tree).unwrap_or_else(|error| panic!("{text}: {error}"));
        rules.push(Rule {
            name: index.to_string(),
            desc: String::new(),
            priority: Priority::Debug,
            tags: Vec::new(),
            source: "syscall".to_owned(),
            condition: condition.node,
            output: Template::default(),
            events: condition.events,
            capture: Default::default(),
        });
    }
    let (nodes, checks) = compiler.into_parts();
    Program { rules, nodes, checks }
}

/// The bytes of an `openat` that returned `result` and opened `name` with `flags`.
fn openat(result: i64, name: &str, flags: u32) -> (Vec<u8>, Vec<u8>) {
    let parts: [&[u8]; 7] = [
        &result.to_le_bytes(),
        &(-100i64).to_le_bytes(),
        &[name.as_bytes(), b"\0"].concat(),
        &flags.to_le_bytes(),
        &0u32.to_le_bytes(),
        &0u32.to_le_bytes(),
        &0u64.to_le_bytes(),
    ];
    let lengths = parts.iter().flat_map(|part| (part.len() as u16).to_le_bytes()).collect();
    (lengths, parts.concat())
}

/// Which of the conditions hold for an `openat` of `/etc/shadow` for reading, without a thread.
fn found(conditions: &[&str], matching: Matching) -> Vec<u32> {
    let program = program(conditions);
    let matcher = Matcher::new(&program, matching);
    let mut memory = matcher.memory(Settings::default());
    let (lengths, data) = openat(-2, "/etc/shadow", 1);
    let mut event = Event::new(code::SYSCALL_OPENAT_2_X, &lengths, &data).expect("known code");
    (event.num, event.ts) = (5, 1_000_000_000);
    let (state, facts) = (State::new(), Facts::default());
    let context = Context { state: &state, event: &event, facts: &facts };
    let first = matcher.matches(&context, &mut memory).to_vec();
    // What is remembered of the event before must not leak into this one.
    assert_eq!(matcher.matches(&context, &mut memory), first);
    first
}

#[track_caller]
fn check(condition: &str, expected: bool) {
    assert_eq!(!found(&[condition], Matching::All).is_empty(), expected, "{condition}");
}

#[test]
fn conditions() {
    for (condition, expected) in [
        ("evt.type = openat", true),
        ("evt.type in (open, openat) and evt.dir = <", true),
        ("evt.type = open", false),
        ("evt.type != open", true),
        ("not evt.type = openat", false),
        ("evt.dir = >", false),
        ("evt.num = 5", true),
        ("evt.num > 5 or evt.rawarg.flags = 1", true),
        ("evt.rawarg.flags = 2", false),
        ("evt.is_open_read = true", true),
        ("evt.is_open_write = true", false),
        ("evt.failed = true and not evt.is_open_write = true", true),
        ("evt.type = openat and (evt.num < 3 or (evt.num = 5 and not evt.num in (6, 7)))", true),
        ("evt.arg.name startswith /tmp or evt.arg.name = /etc/shadow", true),
        ("evt.arg.name startswith /etc/ or evt.arg.name = /x", true),
        ("evt.arg.name startswith /tmp or evt.arg.name in (/x, /y) or evt.arg.name endswith .conf", false),
        ("not evt.arg.name startswith /tmp and not evt.arg.name = /x", true),
        ("not evt.arg.name startswith /tmp and not evt.arg.name = /etc/shadow", false),
        ("evt.arg.name startswith /tmp or evt.arg.name != /x", true),
        ("evt.num in (3, 4) or evt.num in (5, 6)", true),
        ("evt.num in (3, 4) or evt.num in (6, 7)", false),
        ("evt.is_open_read in (false) or evt.is_open_read in (true)", true),
        ("evt.around[1000000001] = 1", true),
        ("evt.around[1000000000] = 0", true),
        ("evt.around[2000000000] = 1", false),
    ] {
        check(condition, expected);
    }
}

#[test]
fn missing_values_make_checks_false() {
    for (condition, expected) in [
        ("proc.name = cat", false),
        ("proc.name != cat", false),
        ("not proc.name = cat", true),
        ("proc.name exists", false),
        ("not proc.name exists", true),
        ("proc.aname = cat", false),
        ("proc.cwd = / or proc.cwd startswith /x", false),
        ("not proc.cwd = / and not proc.cwd startswith /x", true),
        ("fd.ip != 10.0.0.1", false),
        ("not fd.ip = 10.0.0.1", true),
        ("fd.ip exists", false),
        ("fd.sip.name != example.org", false),
        ("evt.arg.addr exists", false),
    ] {
        check(condition, expected);
    }
}

/// Which of the conditions hold for an `openat` by the process `cat`, whose parent is `sh` and whose grandparent is
/// `init`; each has a variable of its name in its environment.
fn found_in_family(conditions: &[&str], tid: i64) -> Vec<u32> {
    let family = [(1, 0, "init"), (2, 1, "sh"), (3, 2, "cat")].map(|(tid, ptid, comm)| ProcessRecord {
        tid,
        pid: tid,
        ptid,
        vtid: tid,
        vpid: tid,
        comm: comm.into(),
        env: format!("{comm}=1\0").into_bytes(),
        ..ProcessRecord::default()
    });
    let mut state = State::new();
    state.block(&Block::Processes(family.into()));
    let (lengths, data) = openat(-2, "/etc/shadow", 1);
    let mut event = Event::new(code::SYSCALL_OPENAT_2_X, &lengths, &data).expect("known code");
    (event.num, event.tid) = (1, tid);
    let facts = state.apply(&event).expect("an event that is shown");
    let program = program(conditions);
    let matcher = Matcher::new(&program, Matching::All);
    let context = Context { state: &state, event: &event, facts: &facts };
    matcher.matches(&context, &mut matcher.memory(Settings::default())).to_vec()
}

#[test]
fn any_ancestor_will_do() {
    let conditions = [
        "proc.aname = init",
        "proc.aname = cat",
        "proc.aname != init",
        "proc.aname exists",
        "proc.aname[1] = sh",
        "proc.aname[1] = init",
        "proc.aenv contains init",
        "proc.aenv contains cat",
        // With a number, too: unlike an output, a comparison of environments takes no notice of it.
        "proc.aenv[1] contains init",
        "proc.aenv[9] exists",
        "proc.aenv[init] = 1",
    ];
    assert_eq!(found_in_family(&conditions, 3), [0, 2, 3, 4, 6, 8, 9, 10]);
    // Without ancestors there is nothing to compare, and nothing exists.
    assert_eq!(found_in_family(&conditions[..10], 1), [0u32; 0]);
}

/// A chain of processes, each the child of the one before; the parent of the first is `parent`.
fn chain(long: i64, parent: i64) -> State {
    let mut state = State::new();
    for tid in 1..=long {
        let ptid = if tid == 1 { parent } else { tid - 1 };
        let (comm, pid) = (format!("p{tid}").into_bytes(), tid);
        let record = ProcessRecord { tid, pid, ptid, vtid: tid, vpid: tid, comm, ..ProcessRecord::default() };
        state.block(&Block::Processes(vec![record]));
    }
    state
}

/// What `work` gives, and how often threads were looked up for it.
fn steps<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let before = LOOKUPS.get();
    let done = work();
    (done, LOOKUPS.get() - before)
}

#[test]
fn walks_over_ancestors_have_an_end() {
    const LONG: i64 = 50_000;
    // One lookup for each of 1,024 ancestors, and some for the event's own thread.
    const MOST: u64 = 1024 + 100;
    let conditions = [
        "proc.aname = nobody",
        "proc.apid = 999999",
        "proc.acmdline contains nobody",
        "proc.aname[1024] = nobody",
        "proc.aname[1000000] exists",
        "proc.aenv[NOBODY] = 1",
        "proc.sname = nobody",
        "proc.vpgid.name = nobody",
    ];
    // The first is a child of nobody, of the last, of itself, of one in the middle.
    for parent in [0, LONG, 1, LONG / 2] {
        let mut state = chain(LONG, parent);
        let (lengths, data) = openat(-2, "/x", 1);
        let mut event = Event::new(code::SYSCALL_OPENAT_2_X, &lengths, &data).expect("known code");
        (event.num, event.tid) = (1, LONG);
        state.apply(&event);
        let (facts, taken) = steps(|| state.apply(&event).expect("an event that is shown"));
        assert!(taken <= MOST, "parent {parent}: {taken} steps for an event");
        let context = Context { state: &state, event: &event, facts: &facts };
        for condition in conditions {
            let program = program(&[condition]);
            let matcher = Matcher::new(&program, Matching::All);
            let mut memory = matcher.memory(Settings::default());
            let (_, taken) = steps(|| matcher.matches(&context, &mut memory).len());
            assert!(taken <= MOST, "parent {parent}: {taken} steps for {condition}");
        }
        // The children of a process that ends are handed on to an ancestor.
        let mut exit = Event::new(code::PROCEXIT_1_E, &[], &[]).expect("known code");
        (exit.tid, exit.ts) = (LONG - 1, 5);
        state.apply(&exit);
        let (_, taken) = steps(|| state.apply(&event));
        assert!(taken <= MOST, "parent {parent}: {taken} steps after an exit");
    }
}

/// A chain of 5,000 processes whose eldest calls the youngest its parent, and a child of the youngest.
#[test]
fn ancestors_end() {
    const LONG: i64 = 5000;
    let mut state = chain(LONG, LONG);
    let (pid, ptid) = (LONG + 1, LONG);
    let child = ProcessRecord { tid: pid, pid, ptid, vtid: pid, vpid: pid, ..ProcessRecord::default() };
    state.block(&Block::Processes(vec![child]));
    let (lengths, data) = openat(-2, "/x", 1);
    let mut event = Event::new(code::SYSCALL_OPENAT_2_X, &lengths, &data).expect("known code");
    (event.num, event.tid) = (1, LONG + 1);
    let facts = state.apply(&event).expect("an event that is shown");
    let conditions = [
        "proc.aname = p5000",
        "proc.aname = p3978",
        "proc.aname = p3977",
        "proc.aname[1024] = p3977",
        "proc.aname[1025] exists",
        "proc.aname = p1",
    ];
    let program = program(&conditions);
    let matcher = Matcher::new(&program, Matching::All);
    let context = Context { state: &state, event: &event, facts: &facts };
    assert_eq!(matcher.matches(&context, &mut matcher.memory(Settings::default())), [0, 1, 2, 3]);
}

#[test]
fn rules_are_found_in_load_order() {
    let conditions = [
        "evt.type = open",
        "evt.type = openat and evt.num = 5 and evt.is_open_read = true",
        "evt.type = openat and evt.is_open_read = true",
        "evt.type = openat and evt.is_open_read = true and evt.num = 6",
        "evt.num = 5",
    ];
    assert_eq!(found(&conditions, Matching::All), [1, 2, 4]);
    assert_eq!(found(&conditions, Matching::First), [1]);
}

#[test]
fn events_that_no_rule_can_match_are_not_watched() {
    let program =
        program(&["evt.type = openat and evt.dir = <", "evt.type = read and fd.num = 3 and evt.dir = >"]);
    let matcher = Matcher::new(&program, Matching::First);
    assert!(matcher.watches(code::SYSCALL_OPENAT_2_X));
    assert!(!matcher.watches(code::SYSCALL_READ_X));
    assert!(!matcher.watches(code::SYSCALL_CLOSE_X));
}

#[test]
fn counting_fields_keep_the_order_of_checks() {
    // The count goes up only where the check before it holds.
    let program =
        program(&["evt.type = openat and evt.is_open_write = true and util.cnt > 0", "util.cnt = 1"]);
    let matcher = Matcher::new(&program, Matching::All);
    let mut memory = matcher.memory(Settings::default());
    let (state, facts) = (State::new(), Facts::default());
    for (num, flags, expected) in [(1, 1, &[1][..]), (2, 2, &[0])] {
        let (lengths, data) = openat(3, "/x", flags);
        let mut event = Event::new(code::SYSCALL_OPENAT_2_X, &lengths, &data).expect("known code");
        event.num = num;
        let context = Context { state: &state, event: &event, facts: &facts };
        assert_eq!(matcher.matches(&context, &mut memory), expected, "event {num}");
    }
}

#[test]
fn what_the_code_decides_is_folded_away() {
    let check = |condition: &str, code: u16, expected: Option<bool>| {
        let program = program(&[condition]);
        let [check] = &program.checks[..] else { panic!("{condition} is more than one check") };
        let info = tercel_format::catalogue::event(code).expect("known code");
        assert_eq!(
            fold::constant(check, &predicate::Predicate::new(check), info),
            expected,
            "{condition} {code}"
        );
    };
    check("evt.type = openat", code::SYSCALL_OPENAT_2_X, Some(true));
    check("evt.type in (open, read)", code::SYSCALL_OPENAT_2_X, Some(false));
    check("evt.type = openat", code::GENERIC_X, None);
    check("evt.dir = <", code::GENERIC_X, Some(true));
    check("evt.num = 0", code::SYSCALL_READ_X, Some(false));
    check("evt.num in (0)", code::SYSCALL_READ_X, Some(false));
    check("evt.num >= 1", code::SYSCALL_READ_X, Some(true));
    check("evt.num < 2", code::SYSCALL_READ_X, None);
    check("evt.is_open_read = true", code::SYSCALL_OPENAT_2_X, None);
    check("evt.is_open_read = true", code::SYSCALL_READ_X, Some(false));
    check("evt.is_open_exec = true", code::SYSCALL_CREAT_X, None);
    check("fd.name != x", code::SYSCALL_READ_X, None);
    check("fd.name != x", code::SYSCALL_SETUID_X, Some(false));
    check("fd.ip != 10.0.0.1", code::SYSCALL_SETUID_X, Some(false));
    check("evt.arg.flags = x", code::SYSCALL_OPENAT_2_X, None);
    check("evt.arg.flags exists", code::SYSCALL_CLOSE_X, Some(false));
    check("proc.name in ()", code::SYSCALL_CLOSE_X, Some(false));
    check("fd.sip.name = x", code::SOCKET_CONNECT_X, Some(false));
    check("proc.name = x", code::SYSCALL_CLOSE_X, None);
}

#[test]
fn many_rules_that_share_much_or_nothing_are_arranged_quickly() {
    let shared: Vec<String> = (0..3000).map(|n| format!("evt.num != {}", n + 10)).collect();
    let long = shared.join(" and ");
    let own: Vec<String> =
        (0..2000).map(|n| format!("evt.num > 2 and evt.cpu = {n} and proc.pid = {n}")).collect();
    let mut conditions = vec![long.as_str(), long.as_str(), "evt.num = 5"];
    conditions.extend(own.iter().map(String::as_str));
    assert_eq!(found(&conditions, Matching::All), [0, 1, 2]);
}

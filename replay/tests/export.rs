//! A capture that begins in the middle of another one: the state is handed over as blocks, written, read again, and goes
//! on like the one that it was taken of. With the state block it is the same in every byte; with the lists alone, as
//! other programs read it, those fields may differ that the lists have no place for, and no others.
//!
//! Shipped traces always; captures of the corpus up to a size where it is there.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use tercel_format::record::StateRecord;
use tercel_format::{Block, Reader, Writer};
use tercel_replay::fields::{Context, Scratch, render_json};
use tercel_replay::state::{ResumePoint, State};
use tercel_rules::fields::{ArgRule, FIELDS, FieldFlags};
use tercel_rules::output::{Piece, Template};
use tercel_rules::program::Operand;
use tercel_test_support::{captures_of, corpus, require, root};

/// How many cuts are made in a capture, and how many events are compared after each.
const CUTS: u64 = 4;
const BEHIND: u64 = 400;

/// What lists have no place for, and the fields that show it.
const UNLISTED: [(&str, &[&str]); 10] = [
    ("the first event of the other capture", &["evt.reltime", "evt.reltime.s", "evt.reltime.ns"]),
    (
        "when processes were cloned, by which a second return of a clone, behind the cut, is known: it makes the child anew",
        &[
            "proc.duration",
            "proc.pid.ts",
            "proc.ppid.duration",
            "proc.ppid.ts",
            "proc.exe_ino.ctime_duration_proc_start",
            "proc.exe_ino.ctime_duration_pidns_start",
            "proc.nthreads",
            "proc.nchilds",
            "proc.sid",
            "proc.sid.exe",
            "proc.sid.exepath",
            "proc.sname",
            "proc.is_sid_leader",
            "proc.vmrss",
            "proc.vmsize",
            "thread.pfminor",
        ],
    ),
    (
        "those that led to a process and have ended",
        &[
            "proc.is_orphan",
            "proc.lineage",
            "proc.lineage.cmdline",
            "proc.lineage.exepath",
            "proc.lineage.pid",
            "proc.origin.name",
            "proc.origin.pid",
            "proc.origin.sid",
            "proc.origin.tty",
        ],
    ),
    ("times on CPUs", &["thread.exectime", "thread.totexectime"]),
    ("close-on-exec of what is no file", &["proc.fdopencount", "proc.fdusage", "fd.types"]),
    ("devices of directories", &["fd.dev", "fd.dev.major"]),
    ("the directory of a process of which only the name is known", &["proc.cwd"]),
    ("paths of the kernel", &["fd.realpath", "fd.realpath.inside"]),
    (
        "how a path was given, and layers of overlays",
        &["fd.nameraw", "fd.is_upper_layer", "fd.is_lower_layer"],
    ),
    (
        "roles of sockets, and that one is not connected",
        &[
            "fd.connected",
            "proc.stdin.name",
            "fd.l4proto",
            "fd.is_server",
            "fd.name",
            "fd.containername",
            "fdlist.names",
            "evt.args",
            "evt.info",
            "fd.cip",
            "fd.cnet",
            "fd.cport",
            "fd.cproto",
            "fd.sip",
            "fd.snet",
            "fd.sport",
            "fd.sproto",
            "fd.lip",
            "fd.lnet",
            "fd.lport",
            "fd.lproto",
            "fd.rip",
            "fd.rnet",
            "fd.rport",
            "fd.rproto",
        ],
    ),
];

fn captures() -> Vec<PathBuf> {
    let mut captures = captures_of(&root().join("testdata/traces"));
    assert!(!captures.is_empty(), "the shipped traces are part of the repository");
    let corpus = require("exported states of captures of the corpus", corpus());
    let mut others = corpus.map(|corpus| captures_of(&corpus.join("captures"))).unwrap_or_default();
    others.retain(|path| path.metadata().is_ok_and(|metadata| metadata.len() < 3 << 20));
    captures.extend(others);
    captures.sort();
    captures
}

/// The capture that begins with `state`.
fn exported(state: &State, cut: ResumePoint, with_state: bool) -> State {
    let mut writer = Writer::new(Vec::new()).expect("memory");
    state
        .export(cut, &mut |block| match block {
            Block::Section(_) => Ok(()),
            Block::Machine(machine) => writer.machine(machine),
            Block::Interfaces(list) => writer.interfaces(list),
            Block::Accounts(list) => writer.accounts(list),
            Block::Processes(list) => writer.processes(list),
            Block::Fds(list) => writer.fds(list),
            Block::State(_) if !with_state => Ok(()),
            Block::State(record) => writer.state(record),
            Block::Event(event) => writer.event(event),
        })
        .expect("memory");
    let bytes = writer.finish().expect("memory");
    let mut reader = Reader::new(std::io::Cursor::new(bytes)).expect("a capture");
    let mut fresh = State::new();
    while let Some(block) = reader.next().expect("undamaged") {
        match &block {
            Block::Event(event) => assert!(fresh.apply(event).is_none(), "initial events are not shown"),
            block => fresh.block(block),
        }
    }
    assert_eq!(reader.statistics().incidents, u64::from(state.containers.iter().count() == 1), "{reader:?}");
    fresh
}

fn events(path: &Path) -> u64 {
    let mut reader = Reader::new(File::open(path).expect("readable")).expect("a capture");
    while let Ok(Some(_)) = reader.next() {}
    reader.statistics().events
}

/// Calls `each` with every event of a capture and the state before it.
fn walk(path: &Path, mut each: impl FnMut(u64, &mut State, &tercel_format::Event<'_>, ResumePoint)) {
    let mut reader = Reader::new(File::open(path).expect("readable")).expect("a capture");
    let (mut state, mut count) = (State::new(), 0);
    let mut numbering = tercel_format::Numbering::default();
    while let Ok(Some(block)) = reader.next() {
        match &block {
            Block::Event(event) => {
                count += 1;
                each(count, &mut state, event, ResumePoint { numbering, ts: event.ts });
                numbering.event(event.code());
            }
            block => {
                if let Block::Section(_) = block {
                    numbering.section();
                }
                state.block(block);
            }
        }
    }
}

/// Irregular places in a capture of `events`.
fn cuts(events: u64) -> Vec<u64> {
    (1..=CUTS).map(|number| events * number / (CUTS + 1) + number * 7 % 5).collect()
}

#[test]
fn a_state_block_carries_everything() {
    for path in captures() {
        let cuts = cuts(events(&path));
        let mut copies: Vec<(u64, State)> = Vec::new();
        walk(&path, |count, state, event, cut| {
            if cuts.contains(&count) {
                let fresh = exported(state, cut, true);
                assert!(fresh.snapshot() == state.snapshot(), "{}: before event {count}", path.display());
                copies.push((count, fresh));
            }
            for (_, copy) in &mut copies {
                copy.apply(event);
            }
            state.apply(event);
            copies.retain(|(from, copy)| {
                let is_over = count - from >= BEHIND;
                assert!(!is_over || copy.snapshot() == state.snapshot(), "{}: event {count}", path.display());
                !is_over
            });
        });
    }
}

#[test]
fn lists_carry_what_they_have_a_place_for() {
    let operands = operands();
    let mut differing: BTreeMap<&str, (u64, String)> = BTreeMap::new();
    let mut cells = 0u64;
    for path in captures() {
        let cuts = cuts(events(&path));
        let mut copies: Vec<(u64, State)> = Vec::new();
        let (mut scratch, mut other) = (Scratch::default(), Scratch::default());
        walk(&path, |count, state, event, cut| {
            if cuts.contains(&count) {
                copies.push((count, exported(state, cut, false)));
            }
            let facts = state.apply(event);
            for (from, copy) in &mut copies {
                let found = copy.apply(event);
                if count % 3 != 0 {
                    continue;
                }
                let (Some(facts), Some(found)) = (&facts, &found) else { continue };
                for (name, operand) in &operands {
                    cells += 1;
                    let expected = render_json(&Context { state, event, facts }, operand, &mut scratch);
                    let value =
                        render_json(&Context { state: copy, event, facts: found }, operand, &mut other);
                    if value != expected {
                        let row = differing.entry(name).or_default();
                        row.0 += 1;
                        row.1 = example(&path, *from, event.num, &expected, &value);
                    }
                }
            }
            copies.retain(|(from, _)| count - from < BEHIND);
        });
    }
    println!("{cells} cells, {} differ", differing.values().map(|(count, _)| count).sum::<u64>());
    for (field, (count, example)) in &differing {
        println!("{field:32} {count:6}  {example}");
    }
    let known = |field: &&str| UNLISTED.iter().any(|(_, fields)| fields.contains(field));
    let unexpected: Vec<_> = differing.keys().filter(|field| !known(field)).collect();
    assert!(unexpected.is_empty(), "{unexpected:?}");
}

fn example(path: &Path, from: u64, number: u64, expected: &Json, value: &Json) -> String {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    format!("{name} cut at {from}, event {number}: {expected} became {value}")
}

/// Every field that needs no argument.
fn operands() -> Vec<(&'static str, Operand)> {
    let plain = FIELDS
        .iter()
        .filter(|info| !info.flags.contains(FieldFlags::TABLE_ONLY) && info.arg != ArgRule::Required);
    plain
        .filter_map(|info| {
            let template = Template::parse(&format!("%{}", info.name)).ok()?;
            match template.pieces.into_iter().next()? {
                Piece::Value { operand, .. } => Some((info.name, operand)),
                Piece::Text(_) => None,
            }
        })
        .collect()
}

#[test]
fn another_version_leaves_the_lists() {
    let mut state = State::new();
    state.block(&Block::State(StateRecord { sections: 1, counted: 5, state: vec![0xFF; 40] }));
    assert_eq!(state.snapshot(), State::new().snapshot());
}

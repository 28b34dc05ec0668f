//! The rule with a small host: processes, containers, filters, and how an unwanted event is kept.

use std::convert::Infallible;

use tercel_format::catalogue::code;
use tercel_format::record::{ProcessRecord, Section};
use tercel_format::writer::EventBuilder;
use tercel_format::{Block, Numbering, Reader};
use tercel_test_support::{captures_of, root};

use super::{Follow, Keep, Scope, SliceCounts, Slicer};
use crate::scan::Visitor;
use crate::state::{ResumePoint, State};
use crate::window::Window;

/// A scope with what it has seen.
type Seen = (Scope, State);

fn keep((scope, state): &mut Seen, event: EventBuilder) -> Keep {
    scope.keep(state, &event.encode().expect("a valid event").event())
}

fn process(tid: i64, ptid: i64, comm: &str, cgroup: &str) -> ProcessRecord {
    ProcessRecord {
        tid,
        pid: tid,
        ptid,
        comm: comm.into(),
        exe: comm.into(),
        cgroups: format!("cpuset={cgroup}\0").into_bytes(),
        ..ProcessRecord::default()
    }
}

/// A host on which 10 is the parent of 20 and 20 of 30, 50 is in a container, and 60 has nothing to do with them. Something has
/// happened: the first event of all changes the state, whatever it is.
fn started(scope: Scope) -> Seen {
    let (mut scope, mut state) = (scope.with_notices(), State::new());
    let id = "0123456789ab".to_owned() + &"c".repeat(52);
    scope.metadata(&mut state, &Block::Section(Section { major: 1, minor: 2 }));
    scope.metadata(
        &mut state,
        &Block::Processes(vec![
            process(30, 20, "cat", "/"),
            process(20, 10, "sh", "/"),
            process(10, 1, "sshd", "/"),
            process(60, 1, "vi", "/"),
            process(50, 1, "nginx", &format!("/docker/{id}")),
        ]),
    );
    let mut seen = (scope, state);
    keep(&mut seen, getdents(60));
    seen
}

fn getdents(tid: i64) -> EventBuilder {
    EventBuilder::new(code::SYSCALL_GETDENTS64_X, 1, tid).set("res", 0)
}

fn close(tid: i64) -> EventBuilder {
    EventBuilder::new(code::SYSCALL_CLOSE_X, 1, tid).set("res", 0)
}

#[test]
fn descendants_are_followed() {
    let mut seen = started(Scope::default().of_processes(&[10], Follow::Descendants));
    assert_eq!(keep(&mut seen, getdents(30)), Keep::Event);
    assert_eq!(keep(&mut seen, getdents(60)), Keep::Nothing);
    assert_eq!(keep(&mut seen, close(60)), Keep::State);
    let clone =
        EventBuilder::new(code::SYSCALL_CLONE_20_X, 1, 40).set("res", 0).set("pid", 40).set("ptid", 20);
    assert_eq!(keep(&mut seen, clone), Keep::Event);
    assert_eq!(keep(&mut seen, getdents(40)), Keep::Event);
    for tid in [40, 30, 20] {
        assert_eq!(keep(&mut seen, EventBuilder::new(code::PROCEXIT_1_E, 1, tid)), Keep::Event);
        assert_ne!(keep(&mut seen, getdents(tid)), Keep::Event);
    }
    assert!(!seen.0.is_idle());
    assert_eq!(keep(&mut seen, EventBuilder::new(code::PROCEXIT_1_E, 1, 10)), Keep::Event);
    assert!(seen.0.is_idle());
}

#[test]
fn an_empty_scope_takes_nothing() {
    assert_eq!(
        keep(&mut started(Scope::default().of_processes(&[], Follow::Descendants)), getdents(30)),
        Keep::Nothing
    );
}

#[test]
fn without_a_choice_everything_is_kept() {
    let mut seen = started(Scope::default());
    assert_eq!(keep(&mut seen, getdents(9)), Keep::Event);
    assert!(!seen.0.is_idle());
}

#[test]
fn containers_have_ids_and_names() {
    let full = "0123456789ab".to_owned() + &"c".repeat(52);
    for wanted in ["0123456789ab", "0123", &full] {
        let mut seen = started(Scope::default().of_containers(&[wanted.to_owned()]));
        assert_eq!(keep(&mut seen, getdents(50)), Keep::Event, "{wanted}");
        assert_eq!(keep(&mut seen, getdents(30)), Keep::Nothing, "{wanted}");
        assert_eq!(keep(&mut seen, close(30)), Keep::State, "{wanted}");
    }
    let mut seen = started(Scope::default().of_containers(&["web".to_owned()]));
    assert_eq!(keep(&mut seen, getdents(50)), Keep::Nothing);
    let json = br#"{"container":{"type":0,"id":"0123456789ab","name":"web","image":"i"}}"#;
    let told = EventBuilder::new(code::ASYNCEVENT_E, 1, -1)
        .set("plugin_id", 0)
        .set("name", "container")
        .set("data", tercel_format::writer::Value::Bytes([&json[..], b"\0"].concat()));
    assert_eq!(keep(&mut seen, told), Keep::Event);
    assert_eq!(keep(&mut seen, getdents(50)), Keep::Event);
    assert_eq!(keep(&mut seen, getdents(30)), Keep::Nothing);
}

#[test]
fn filters_see_the_state() {
    let program = tercel_rules::filter::filter("proc.name=cat and proc.aname[2]=sshd").expect("a filter");
    let mut seen = started(Scope::default().filtered(Some(&program)));
    assert_eq!(keep(&mut seen, getdents(30)), Keep::Event);
    assert_eq!(keep(&mut seen, getdents(20)), Keep::Nothing);
    assert_eq!(keep(&mut seen, close(20)), Keep::State);
    assert_eq!(
        keep(&mut seen, EventBuilder::new(code::DROP_E, 1, 0).set("ratio", 3)),
        Keep::Event,
        "losses are always told"
    );
    // Naming processes narrows the scope further.
    let mut seen =
        started(Scope::default().of_processes(&[50], Follow::Descendants).filtered(Some(&program)));
    assert_eq!(keep(&mut seen, getdents(30)), Keep::Nothing);
}

#[test]
fn losses_are_known_to_every_slice() {
    let program = tercel_rules::filter::filter("proc.name=cat").expect("a filter");
    let mut seen = (Scope::default().filtered(Some(&program)), State::new());
    for _ in 0..2 {
        let lost = EventBuilder::new(code::DROP_E, 1, 0).set("ratio", 3);
        assert_eq!(keep(&mut seen, lost), Keep::State);
    }
}

/// Recorders need not ask for them.
#[test]
fn events_of_other_types_are_never_kept() {
    let filters =
        ["evt.type = execve", "evt.type in (connect, accept4) and fd.type = ipv4", "evt.type = getcwd"];
    for filter in filters.map(|text| tercel_rules::filter::filter(text).expect("a filter")) {
        let (mut scope, mut others) = (Scope::default().filtered(Some(&filter)).with_notices(), 0);
        let types = scope.event_types().expect("not all");
        for path in captures_of(&root().join("testdata/traces")) {
            let mut state = State::new();
            let mut capture = Reader::new(std::fs::File::open(path).expect("readable")).expect("a capture");
            while let Some(block) = capture.next().expect("undamaged") {
                let Block::Event(event) = &block else {
                    scope.metadata(&mut state, &block);
                    continue;
                };
                let kept = scope.keep(&mut state, event);
                if !types.contains(&event.code()) {
                    others += 1;
                    assert_ne!(kept, Keep::Event, "{} {}", event.num, event.info.name);
                }
            }
        }
        assert!(others > 1000, "{others}");
    }
    let everything = tercel_rules::filter::filter("proc.name = cat").expect("a filter");
    assert_eq!(Scope::default().filtered(Some(&everything)).event_types(), None);
    assert_eq!(Scope::default().event_types(), None);
}

/// Notes whether each event that it gets is for the state only.
#[derive(Default)]
struct Noted(Vec<bool>);

impl Visitor for Noted {
    type Error = Infallible;

    fn block(&mut self, block: &Block<'_>) -> Result<bool, Infallible> {
        if let Block::Event(event) = block
            && !event.initial
        {
            self.0.push(event.state_only);
        }
        Ok(true)
    }

    fn resume(&mut self, _: State, _: ResumePoint) -> Result<(), Infallible> {
        Ok(())
    }
}

#[test]
fn a_slice_counts_what_becomes_of_its_events() {
    let (scope, state) = started(Scope::default().of_processes(&[10], Follow::Descendants));
    let mut slicer = Slicer::new(Noted::default(), scope, Window::default());
    let numbering = Numbering { sections: 1, counted: 1, initial: None };
    let Ok(()) = slicer.resume(state, ResumePoint { numbering, ts: 1 });
    for event in [getdents(30), getdents(60), close(60), getdents(20), getdents(60), getdents(10)] {
        let event = event.encode().expect("a valid event");
        let Ok(goes_on) = slicer.block(&Block::Event(event.event()));
        assert!(goes_on);
    }
    let (noted, counts) = slicer.finish();
    assert_eq!(noted.0, [false, true, false, false]);
    assert_eq!(counts, SliceCounts { kept: 3, for_state: 1, left_out: 2 });
}

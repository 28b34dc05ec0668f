//! The table against the catalogue, and the page of the documentation that is made from it.

use std::collections::HashSet;
use std::fmt::Write;

use tercel_format::catalogue::{self, Width};
use tercel_probe_abi::{MOST_WORDS, step};

use super::*;

#[test]
fn parameters_are_those_of_the_catalogue() {
    let mut events = HashSet::new();
    for program in table::PROGRAMS {
        assert!(events.insert(program.event), "event {} has two rows", program.event);
    }
    for program in table::PROGRAMS.iter().chain([&table::EXECUTED]) {
        let info = catalogue::event(program.event).expect("a known code");
        let expected: Vec<&str> = info.params.iter().map(|param| param.name).collect();
        let entries = program.parts.iter().copied().flatten();
        let named: Vec<&str> = entries.clone().flat_map(|entry| entry.params).copied().collect();
        assert_eq!(named, expected, "{} ({})", info.name, info.code);
        for entry in entries.filter(|entry| entry.params.len() != 1) {
            assert_eq!(entry.word.kind, kind::STEP, "{}: {:?}", info.name, entry.params);
        }
    }
}

#[test]
fn rows_fit_the_catalogue() {
    for row in Machine::ALL.into_iter().flat_map(rows) {
        let info = catalogue::event(row.event).expect("a known code");
        assert_eq!(row.nparams(), info.params.len(), "parameters of {} (row {})", info.name, row.row);
        let words = row.words.iter().filter(|word| word.kind != kind::COVERED).count();
        assert!(words <= MOST_WORDS, "{}", info.name);
        let params = row.words.iter().filter(|word| word.kind != kind::STEP).zip(info.params);
        for (word, param) in params {
            let shown = match word.kind {
                kind::COVERED | kind::EMPTY => continue,
                kind::STR | kind::STR_OK | kind::DATA_IN | kind::DATA_OUT | kind::KERNEL_STR => {
                    Width::Variable
                }
                _ => Width::Fixed(word.width),
            };
            assert_eq!(shown, param.ty.width(), "{} {}", info.name, param.name);
        }
    }
}

#[test]
fn every_event_of_the_catalogue_is_made() {
    for machine in Machine::ALL {
        let rows = rows(machine);
        for call in machine.calls() {
            if u32::from(call.number) < row::EXEC && call.exit > code::GENERIC_X {
                let made = rows.iter().find(|row| row.row == u32::from(call.number)).map(|row| row.event);
                assert_eq!(made, Some(call.exit), "{machine:?}: call {}", call.number);
            }
        }
        let mut numbers: Vec<u32> = rows.iter().map(|row| row.row).collect();
        numbers.sort_unstable();
        assert!(numbers.is_sorted_by(|one, next| one < next), "{machine:?}: a row is there twice");
    }
}

#[test]
fn steps_have_programs() {
    let numbers: Vec<u8> = step::PROGRAMS.iter().map(|(number, _)| *number).collect();
    // The arrays of programs have room for 64.
    assert!(numbers.is_sorted_by(|one, other| one < other) && numbers.iter().all(|number| *number < 64));
    for row in rows(Machine::X86_64) {
        for word in row.words.iter().filter(|word| word.kind == kind::STEP) {
            assert!(numbers.contains(&word.arg), "step {} of row {}", word.arg, row.row);
        }
    }
}

/// With `TERCEL_BLESS` set, the page is written again.
#[test]
fn the_documentation_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/probe-events.md");
    let page = std::fs::read_to_string(path).expect("the page");
    let (intro, _) = page.split_once("| event |").expect("a table");
    let expected = format!("{intro}{}", document());
    if std::env::var_os("TERCEL_BLESS").is_some() {
        std::fs::write(path, expected).expect("a page that can be written");
    } else {
        assert!(page == expected, "docs/probe-events.md: run the test with TERCEL_BLESS=1");
    }
}

#[test]
fn compat_calls_lead_to_rows() {
    for machine in Machine::ALL {
        let rows = rows(machine);
        for (number, target) in compat_rows(machine) {
            let known = target == row::NONE || rows.iter().any(|row| row.row == u32::from(target));
            assert!(known, "{machine:?}: 32-bit call {number}");
        }
    }
}

#[test]
fn arm_calls_have_their_events() {
    let rows = rows(Machine::Aarch64);
    let calls = compat_rows(Machine::Aarch64);
    // write, open, fork, mmap2, connect, send
    for (number, event) in [
        (4, code::SYSCALL_WRITE_X),
        (5, code::SYSCALL_OPEN_X),
        (2, code::SYSCALL_FORK_20_X),
        (192, code::SYSCALL_MMAP_X),
        (283, code::SOCKET_CONNECT_X),
        (289, code::SOCKET_SEND_X),
    ] {
        let (_, target) = calls.iter().rfind(|(known, _)| *known == number).expect("a row");
        let made = rows.iter().find(|row| row.row == u32::from(*target)).map(|row| row.event);
        assert_eq!(made, Some(event), "call {number}");
    }
}

/// A table of what is filled, one line per event, for the documentation.
fn document() -> String {
    let mut lines = String::from("| event | calls | parameters |\n|---|---|---|\n");
    let mut rows = rows(Machine::X86_64);
    rows.sort_by_key(|row| row.event);
    let mut rest = rows.as_slice();
    while let Some(first) = rest.first() {
        let same = rest.iter().take_while(|row| row.event == first.event).count();
        let (group, next) = rest.split_at(same);
        rest = next;
        let Some(info) = catalogue::event(first.event) else { continue };
        let calls: Vec<&str> = group.iter().filter_map(|row| name_of(row.row)).collect();
        let calls =
            if first.event == code::GENERIC_X { format!("{} others", group.len()) } else { calls.join(" ") };
        let mut words = first.words.iter().filter(|word| word.kind != kind::STEP);
        let params: Vec<String> = info
            .params
            .iter()
            .map(|param| match words.next().map(|word| word.kind) {
                None => format!("~~{}~~ (missing)", param.name),
                Some(kind::EMPTY) => format!("{} (empty)", param.name),
                Some(kind::CONST) if first.event != code::GENERIC_X => format!("{} (constant)", param.name),
                Some(_) => param.name.to_owned(),
            })
            .collect();
        let _ = writeln!(lines, "| {} {} | {calls} | {} |", first.event, info.name, params.join(", "));
    }
    lines
}

fn name_of(number: u32) -> Option<&'static str> {
    match number {
        row::EXEC => Some("(success)"),
        row::PROCEXIT | row::SIGNAL => Some("(tracepoint)"),
        row::COMPAT.. => Some("(32-bit)"),
        _ => Machine::X86_64.call_name(number as u16),
    }
}

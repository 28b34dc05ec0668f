//! Captures that were made up: of other hosts and programs, with ancestors that lead nowhere. (Forged indexes, descriptors and keyframes stand
//! in `forged`, what unpacks to far more than it is in `bombs`.)

use std::io;

use tercel_format::Writer;
use tercel_format::catalogue::code;
use tercel_format::record::ProcessRecord;
use tercel_format::writer::EventBuilder;
use tercel_test_support::{Place, Ran, ran, tercel};

const VERBS: [&[&str]; 7] = [
    &["events"],
    &["info"],
    &["verify"],
    &["ps"],
    &["replay", "-q", "-r", "rules"],
    &["timeline"],
    &["export"],
];

#[test]
fn files_of_others_are_named_by_every_verb() {
    let place = Place::new("hostile-others");
    let packets = [
        &b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\x01\0\0\0"[..],
        &[0xff; 8],
        b"\x1c\0\0\0\x01\0\0\0\x14\0\0\0",
    ]
    .concat();
    for (bytes, said) in [
        (&b"\x0a\x0d\x0d\x0a\0\0\0\x1c\x1a\x2b\x3c\x4d\0\x01\0\x02"[..], "big-endian host"),
        (&packets, "pcapng file of network packets"),
        (b"\xd4\xc3\xb2\xa1\x02\0\x04\0", "pcap"),
        (b"\xa1\xb2\xc3\xd4\0\x02\0\x04", "pcap"),
        (b"\x4d\x3c\xb2\xa1\x02\0\x04\0", "pcap"),
        (b"\xa1\xb2\x3c\x4d\0\x02\0\x04", "pcap"),
        (b"\x04\x22\x4d\x18\x64\x40", "lz4"),
        (b"7z\xbc\xaf\x27\x1c\0\x04", "7z"),
        (b"\xfd7zXZ\0\0\x04", "xz"),
        (b"BZh91AY&SY", "bzip2"),
        (b"PK\x03\x04\x14\0", "ZIP"),
        (b"\x7fELF\x02\x01\x01\0\0", "ELF"),
        (b"just text\n", "text"),
        (b"", "empty"),
    ] {
        let path = place.file("other.scap", bytes).display().to_string();
        for verb in VERBS {
            let end = Ran::from(tercel(&[verb, &[&path]].concat()).output().expect("the binary runs"));
            assert_eq!(end.code, 3, "{verb:?} {said}: {}", end.all());
            // What is verified is a native trace or none.
            let said = if verb[0] == "verify" { "not a native trace" } else { said };
            assert!(end.all().contains(said), "{verb:?} {said}: {}", end.all());
        }
    }
}

fn process(tid: i64, parent: i64) -> ProcessRecord {
    let name = b"p".to_vec();
    ProcessRecord {
        tid,
        pid: tid,
        ptid: parent,
        vtid: tid,
        vpid: tid,
        comm: name.clone(),
        exe: name,
        ..ProcessRecord::default()
    }
}

/// A capture of processes, and events of each of them.
fn family(processes: &[ProcessRecord], events: i64) -> Vec<u8> {
    let fill = |writer: &mut Writer<Vec<u8>>| -> io::Result<()> {
        writer.processes(processes)?;
        for number in 0..events {
            let tid = processes[number as usize % processes.len()].tid;
            let event = EventBuilder::new(code::SYSCALL_OPENAT_2_X, 0, tid)
                .set("fd", 3i64)
                .set("dirfd", -100i64)
                .set("name", "/f");
            writer.event(
                &event.at(1_000_000_000 + number as u64).encode().expect("an event of the catalogue").event(),
            )?;
        }
        Ok(())
    };
    let mut writer = Writer::new(Vec::new()).expect("memory");
    fill(&mut writer).expect("memory");
    writer.finish().expect("memory")
}

/// Ancestors that are their own descendants, and lines of them without end: every verb ends, and what is asked of ancestors is answered.
#[test]
fn ancestors_without_end_are_walked_once() {
    const LONG: i64 = 20_000;
    let place = Place::new("hostile-ancestors");
    let rules = "- rule: kin\n  desc: d\n  priority: INFO\n  output: 'a=%proc.aname[7] s=%proc.sname'\n  \
                 condition: evt.type=openat and not proc.aname=nobody and not proc.aexepath=/x and not proc.apid=77777\n";
    let rules = place.file("rules.yaml", rules).display().to_string();
    let ring = |size: i64| (0..size).map(|n| process(100 + n, 100 + (n + 1) % size)).collect::<Vec<_>>();
    let line = (0..LONG).map(|n| process(100 + n, if n == 0 { 0 } else { 99 + n })).collect::<Vec<_>>();
    for (what, processes) in [("itself", ring(1)), ("two", ring(2)), ("many", ring(LONG)), ("line", line)] {
        let capture = place.file("kin.scap", family(&processes, 2000)).display().to_string();
        assert_eq!(ran(&["replay", "-q", "-r", &rules, &capture], 0).out.lines().count(), 2000, "{what}");
        for verb in
            [&["ps"][..], &["events", "-n", "3", "-p", "%proc.aname[5] %proc.acmdline[2]"], &["timeline"]]
        {
            let arguments = [verb, &[&capture]].concat();
            let end = Ran::from(tercel(&arguments).output().expect("the binary runs"));
            assert!(end.code == 0 && !end.err.contains("panicked"), "{what} {verb:?}: {}", end.err);
        }
    }
}

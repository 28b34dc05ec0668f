//! The reader with small captures: what it delivers, and how it reports damage.

use std::io::Cursor;

use super::*;
use crate::catalogue::code::{
    CONTAINER_JSON_2_E, DROP_E, SYSCALL_CLOSE_E, SYSCALL_CLOSE_X, SYSCALL_READ_X, USER_ADDED_E,
};
use crate::record::{Account, FdDetail, MachineInfo};
use crate::record::{FdList, FdRecord, ProcessRecord};
use crate::writer::{EventBuilder, Value};
use crate::{Block, Writer};

/// A capture with one block of each kind and a few events.
fn capture() -> Vec<u8> {
    let mut writer = Writer::new(Vec::new()).expect("memory");
    writer.machine(&MachineInfo { cpus: 1, ..MachineInfo::default() }).expect("memory");
    writer.accounts(&[Account::Group { gid: 1, name: b"daemon".to_vec() }]).expect("memory");
    let process = |tid| ProcessRecord { tid, pid: tid, comm: b"init".to_vec(), ..ProcessRecord::default() };
    writer.processes(&[process(1), process(2)]).expect("memory");
    let fd = FdRecord { fd: 1, ino: 2, kind: 1, detail: FdDetail::Name(b"/dev/null".to_vec()) };
    writer.fds(&FdList { tid: 1, fds: vec![fd] }).expect("memory");
    for event in [
        EventBuilder::new(USER_ADDED_E, 9, -1).set("name", "joe"),
        EventBuilder::new(SYSCALL_CLOSE_E, 10, 1).push(3),
        EventBuilder::new(SYSCALL_CLOSE_X, 11, 1).nparams(1).push(0),
        EventBuilder::new(SYSCALL_READ_X, 12, 2).push(4).push(Value::Bytes(b"data".to_vec())).push(5),
        EventBuilder::new(DROP_E, 13, 0).push(2),
    ] {
        writer.event(&event.encode().expect("event").event()).expect("memory");
    }
    writer.finish().expect("memory")
}

/// Everything that a reader says about a capture.
#[derive(Debug)]
struct Outcome {
    blocks: Vec<String>,
    error: Option<ReadError>,
    statistics: Statistics,
    incidents: Vec<Incident>,
}

fn read(bytes: Vec<u8>) -> Outcome {
    let mut reader = match Reader::new(Cursor::new(bytes)) {
        Ok(reader) => reader,
        Err(error) => {
            let statistics = Statistics::default();
            return Outcome { blocks: Vec::new(), error: Some(error), statistics, incidents: Vec::new() };
        }
    };
    let mut blocks = Vec::new();
    let error = loop {
        match reader.next() {
            Ok(Some(block)) => blocks.push(show(&block)),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    assert!(matches!(reader.next(), Ok(None)), "nothing follows the end");
    Outcome { blocks, error, statistics: reader.statistics(), incidents: reader.incidents().to_vec() }
}

fn show(block: &Block) -> String {
    match block {
        Block::Section(_) => "section".to_owned(),
        Block::Machine(_) => "machine".to_owned(),
        Block::Processes(list) => format!("{} processes", list.len()),
        Block::Fds(list) => format!("{} fds of {}", list.fds.len(), list.tid),
        Block::Interfaces(list) => format!("{} interfaces", list.len()),
        Block::Accounts(list) => format!("{} accounts", list.len()),
        Block::State(record) => format!("a state of {} bytes", record.state.len()),
        Block::Event(event) => {
            let initial = if event.initial { " initial" } else { "" };
            let params: usize =
                (0..event.nparams()).map(|index| event.param(index).map_or(0, <[u8]>::len)).sum();
            format!("#{} {} ts={} {params} bytes{initial}", event.num, event.info.name, event.ts)
        }
    }
}

const EXPECTED: [&str; 9] = [
    "section",
    "machine",
    "1 accounts",
    "2 processes",
    "1 fds of 1",
    "#1 useradded ts=9 4 bytes initial",
    "#2 close ts=11 16 bytes",
    "#3 read ts=12 20 bytes",
    "#4 drop ts=13 4 bytes",
];

/// Start and length of every block.
fn blocks(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut blocks = Vec::new();
    let mut start = 0;
    while let Some(header) = bytes.get(start..).and_then(Header::read) {
        blocks.push((start, header.length as usize));
        start += header.length as usize;
    }
    blocks
}

fn block(code: u32, body: &[u8]) -> Vec<u8> {
    let length = ((body.len() + 12) as u32).to_le_bytes();
    [&code.to_le_bytes()[..], &length, body, &length].concat()
}

#[test]
fn a_capture_is_read_to_its_end() {
    let bytes = capture();
    let size = bytes.len() as u64;
    let outcome = read(bytes);
    assert_eq!(outcome.blocks, EXPECTED);
    assert!(outcome.error.is_none() && outcome.incidents.is_empty());
    let expected = Statistics {
        bytes: size,
        sections: 1,
        event_blocks: 5,
        events: 4,
        upgraded_away: 1,
        drops: 1,
        ..Statistics::default()
    };
    assert_eq!(outcome.statistics, expected);
}

#[test]
fn a_cut_anywhere_gives_everything_before_it() {
    let bytes = capture();
    let ends: Vec<usize> = blocks(&bytes).iter().map(|(start, length)| start + length).collect();
    for cut in 0..bytes.len() {
        let outcome = read(bytes[..cut].to_vec());
        if cut < block::HEADER {
            assert!(matches!(outcome.error, Some(ReadError::NotACapture(_))), "cut at {cut}");
            continue;
        }
        let whole = ends.iter().filter(|end| **end <= cut).count();
        // An enter event is a block that is not delivered.
        let delivered = if whole > 6 { whole - 1 } else { whole };
        assert!(outcome.blocks.len() >= delivered, "cut at {cut}");
        // The pieces of a list may have fewer entries than the list.
        assert_eq!(outcome.blocks[..delivered], EXPECTED[..delivered], "cut at {cut}");
        match outcome.error {
            None => assert!(ends.contains(&cut), "cut at {cut} goes unnoticed"),
            Some(ReadError::Truncated { start, end, missing }) => {
                assert_eq!(end, cut as u64);
                let next = ends.iter().find(|end| **end > cut).map_or(0, |end| *end as u64);
                assert!(start < end && end + missing <= next && missing > 0, "cut at {cut}");
            }
            Some(other) => panic!("cut at {cut}: {other}"),
        }
        let is_incident = ends.contains(&cut) && whole <= 5;
        assert_eq!(outcome.statistics.incidents, u64::from(is_incident), "cut at {cut}");
    }
}

#[test]
fn flipped_bytes_never_stop_the_program() {
    let bytes = [capture(), capture()].concat();
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut random = |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % limit as u64) as usize
    };
    for _ in 0..20_000 {
        let mut damaged = bytes.clone();
        for _ in 0..=random(3) {
            damaged[random(bytes.len())] ^= 1 << random(8);
        }
        let outcome = read(damaged);
        assert!(outcome.blocks.len() <= 2 * EXPECTED.len() + 2);
    }
}

#[test]
fn a_second_section_starts_over_but_for_the_numbers() {
    let outcome = read([capture(), capture()].concat());
    assert!(outcome.error.is_none() && outcome.incidents.is_empty());
    assert_eq!(outcome.blocks[..9], EXPECTED);
    assert_eq!(outcome.blocks[9..14], EXPECTED[..5]);
    let events = [
        "#1 useradded ts=9 4 bytes initial",
        "#5 close ts=11 16 bytes",
        "#6 read ts=12 20 bytes",
        "#7 drop ts=13 4 bytes",
    ];
    assert_eq!(outcome.blocks[14..], events);
    assert_eq!(outcome.statistics.sections, 2);
}

#[test]
fn a_dropped_event_ends_the_initial_ones() {
    let mut writer = Writer::new(Vec::new()).expect("memory");
    for event in [
        EventBuilder::new(USER_ADDED_E, 1, -1),
        EventBuilder::new(SYSCALL_CLOSE_E, 2, 1).push(3),
        EventBuilder::new(CONTAINER_JSON_2_E, 3, -1),
    ] {
        writer.event(&event.encode().expect("event").event()).expect("memory");
    }
    let outcome = read(writer.finish().expect("memory"));
    let events = ["#1 useradded ts=1 0 bytes initial", "#2 container ts=3 0 bytes"];
    assert_eq!(outcome.blocks[1..], events);
}

#[test]
fn unknown_blocks_and_events_are_skipped_and_counted() {
    let unknown = block(0x777, &[0; 8]);
    let mut newer = capture();
    let (last, _) = blocks(&newer)[9];
    newer[last + block::HEADER + 22..last + block::HEADER + 24].copy_from_slice(&454u16.to_le_bytes());
    let outcome = read([&newer[..28], &unknown, &newer[28..], &unknown].concat());
    assert_eq!(outcome.blocks, EXPECTED[..8]);
    assert!(outcome.error.is_none() && outcome.incidents.is_empty());
    assert_eq!((outcome.statistics.unknown_blocks, outcome.statistics.unknown_events), (2, 1));
}

/// Changes a byte of block `index` at `offset` of its body, and reads.
fn damage(index: usize, offset: usize, value: u8) -> (Outcome, u64) {
    let mut bytes = capture();
    let (start, _) = blocks(&bytes)[index];
    bytes[start + block::HEADER + offset] = value;
    (read(bytes), start as u64)
}

#[test]
fn damage_inside_a_block_costs_that_block() {
    let check = |index: usize, offset: usize, value: u8, fault: Fault, missing: &[usize]| {
        let (outcome, offset) = damage(index, offset, value);
        assert!(outcome.error.is_none(), "{:?}", outcome.error);
        assert_eq!(outcome.incidents, [Incident { offset, fault }]);
        // Later events get other numbers when one before them is lost.
        let unnumbered = |line: &str| line.split_once(' ').map_or(line, |(_, rest)| rest).to_owned();
        let left: Vec<String> = (0..)
            .zip(EXPECTED)
            .filter(|(index, _)| !missing.contains(index))
            .map(|(_, line)| unnumbered(line))
            .collect();
        let blocks: Vec<String> = outcome.blocks.iter().map(|line| unnumbered(line)).collect();
        assert_eq!(blocks, left);
    };
    let code = SYSCALL_READ_X;
    check(8, 18, 200, Fault::EventLength { code, length: 200, available: 54 }, &[7]);
    check(8, 24, 200, Fault::EventParams { code, nparams: 200, length: 54 }, &[7]);
    // The exit of close, with its one parameter, turned into one of read.
    check(7, 22, 7, Fault::NoUpgrade { name: "read", code, nparams: 1 }, &[6]);
    let (outcome, _) = damage(2, 10, 4);
    let fault = Fault::TextTooLong { what: "group name", length: 1030, limit: 255 };
    assert_eq!(outcome.incidents.first().map(|incident| incident.fault.clone()), Some(fault));
    assert_eq!(outcome.blocks[2], "0 accounts");
}

#[test]
fn a_broken_chain_of_blocks_ends_the_capture() {
    for index in [1, 2, 3, 4] {
        let mut bytes = capture();
        let (start, length) = blocks(&bytes)[index];
        bytes[start + length - 4] ^= 1;
        let outcome = read(bytes);
        let offset = start as u64;
        match outcome.error {
            Some(ReadError::Broken { offset: place, fault: Fault::Trailer { .. } }) => {
                assert_eq!(place, offset)
            }
            other => panic!("block {index}: {other:?}"),
        }
    }
    let outcome = read([capture(), vec![0; 12]].concat());
    assert!(matches!(outcome.error, Some(ReadError::Broken { fault: Fault::BlockTooShort { .. }, .. })));
    assert_eq!(outcome.blocks, EXPECTED);
}

#[test]
fn lengths_that_are_only_claimed_cost_no_memory() {
    let claim =
        |code: u32| [&capture()[..], &code.to_le_bytes(), &0xffff_fff0u32.to_le_bytes(), &[0; 100]].concat();
    for code in [0x777, block::code::EVENT_V2, block::code::EVENT_V2_LARGE, block::code::ACCOUNTS_V2, 0x201] {
        let outcome = read(claim(code));
        assert!(matches!(outcome.error, Some(ReadError::Truncated { .. })), "{code:#x}: {:?}", outcome.error);
        assert_eq!(outcome.blocks, EXPECTED, "{code:#x}");
    }
    for code in [block::code::PROCESSES_V9, block::code::FDS_V2, 0x202, 0x203] {
        let outcome = read(claim(code));
        assert!(outcome.error.is_some(), "{code:#x}");
    }
}

#[test]
fn metadata_among_events_is_told_and_delivered() {
    let mut bytes = capture();
    let (start, length) = blocks(&bytes)[3];
    let list = bytes[start..start + length].to_vec();
    let offset = bytes.len() as u64;
    bytes.extend(list);
    let outcome = read(bytes);
    assert_eq!(outcome.blocks[9..], ["2 processes"]);
    let fault = Fault::MetadataAmongEvents(block::code::PROCESSES_V9);
    assert_eq!(outcome.incidents, [Incident { offset, fault }]);
}

#[test]
fn a_capture_without_events_is_told() {
    let bytes = capture();
    let (start, _) = blocks(&bytes)[5];
    let outcome = read(bytes[..start].to_vec());
    assert_eq!(outcome.incidents, [Incident { offset: start as u64, fault: Fault::NoEvents }]);
    assert!(outcome.error.is_none());
}

#[test]
fn what_is_no_capture_is_named() {
    let check = |bytes: &[u8], message: &str| {
        let error = read(bytes.to_vec()).error.expect("an error");
        assert!(error.is_damage());
        assert_eq!(error.to_string(), format!("not a capture: {message}"));
    };
    check(b"", "it is empty");
    check(b"hello, world\n", "it looks like text");
    check(
        b"\x0a\x0d\x0d\x0a\0\0\0\x1c\x1a\x2b\x3c\x4d\0\x01\0\x02",
        "it was written by a big-endian host, which is not supported",
    );
    let packets = [
        &b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\x01\0\0\0"[..],
        &[0xff; 8],
        b"\x1c\0\0\0\x01\0\0\0\x14\0\0\0",
    ];
    check(&packets.concat(), "it looks like a pcapng file of network packets");
    check(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "it looks like a PNG image");
    let tar = [&b"trace.scap"[..], &[0; 247], b"ustar\x0000"].concat();
    check(&tar, "it looks like a tar archive");
    check(
        &zstd::encode_all(&tar[..], 1).expect("memory"),
        "decompressed (zstd), it looks like a tar archive",
    );
    check(b"\x7fELF\x02\x01\x01\0\0", "it looks like an ELF file");
    check(&[1, 2, 3, 4, 5, 6, 7, 8, 9], "it does not start with a section header");
    let packed = zstd::encode_all(&b"some text"[..], 1).expect("memory");
    check(&packed, "decompressed (zstd), it looks like text");
    let mut newer = capture();
    newer[12] = 2;
    let message = "offset 0: capture version 2.2 is newer than this program knows (1.x)";
    assert_eq!(read(newer).error.expect("an error").to_string(), message);
    let mut swapped = capture();
    swapped[8..12].reverse();
    let message = read(swapped).error.expect("an error").to_string();
    assert!(message.contains("big-endian host"), "{message}");
}

#[test]
fn compressed_captures_are_the_same() {
    let bytes = capture();
    let packed = zstd::encode_all(&bytes[..], 1).expect("memory");
    let outcome = read(packed.clone());
    assert_eq!(outcome.blocks, EXPECTED);
    assert!(outcome.error.is_none());
    let outcome = read(packed[..packed.len() - 5].to_vec());
    assert!(matches!(outcome.error, Some(ReadError::Compression { .. })), "{:?}", outcome.error);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, &bytes).expect("memory");
    let packed = encoder.finish().expect("memory");
    assert_eq!(read(packed.clone()).blocks, EXPECTED);
    let twice = read([packed.clone(), packed.clone()].concat());
    assert_eq!((twice.blocks.len(), twice.statistics.sections), (18, 2));
    for cut in [packed.len() - 1, packed.len() - 8] {
        let outcome = read(packed[..cut].to_vec());
        assert_eq!(outcome.blocks, EXPECTED, "everything is there but the checksum");
        let message = format!("offset {}: the gzip stream is truncated", bytes.len());
        assert_eq!(outcome.error.expect("an error").to_string(), message);
    }
}

//! Tests of the native trace as a whole: captures that are made up here go in, what comes back is compared with what the
//! plain reader says about the same capture.

mod columns;
mod damage;
mod hostile;
mod keyframes;
mod ring;
mod round_trip;

use std::io::Cursor;

use super::*;
use crate::catalogue::code::{
    CONTAINER_JSON_2_E, DROP_E, SYSCALL_CLOSE_X, SYSCALL_READ_X, SYSCALL_UNSHARE_X, USER_ADDED_E,
};
use crate::record::{Account, FdDetail, FdList, FdRecord, MachineInfo, ProcessRecord, Section};
use crate::writer::{EventBuilder, Value};
use crate::{Block, Numbering, Reader, Writer};

/// Numbers that look random and are always the same.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn bytes(&mut self, count: u64) -> Vec<u8> {
        (0..count).map(|_| self.below(256) as u8).collect()
    }
}

/// A capture of so many sections with so many events each.
fn capture(sections: u64, events: u64, seed: u64) -> Vec<u8> {
    let mut numbers = Numbers(seed);
    let mut writer = Writer::new(Vec::new()).expect("memory");
    for section in 0..sections {
        if section > 0 {
            writer.section().expect("memory");
        }
        metadata(&mut writer, &mut numbers);
        let initial = numbers.below(3);
        for index in 0..events {
            let ts = 1_000_000 + section * 1_000_000 + index * 10 + numbers.below(30);
            let event = event(&mut numbers, index < initial, ts).encode().expect("event");
            writer.event(&event.event()).expect("memory");
        }
    }
    writer.finish().expect("memory")
}

fn metadata(writer: &mut Writer<Vec<u8>>, numbers: &mut Numbers) {
    let machine = MachineInfo { cpus: 2, hostname: b"host".to_vec(), ..MachineInfo::default() };
    writer.machine(&machine).expect("memory");
    writer.accounts(&[Account::Group { gid: 1, name: b"daemon".to_vec() }]).expect("memory");
    let process = |tid| ProcessRecord { tid, pid: tid, comm: b"init".to_vec(), ..ProcessRecord::default() };
    let processes: Vec<ProcessRecord> = (1..2 + numbers.below(5) as i64).map(process).collect();
    writer.processes(&processes).expect("memory");
    let fd = FdRecord { fd: 1, ino: 2, kind: 1, detail: FdDetail::Name(b"/dev/null".to_vec()) };
    writer.fds(&FdList { tid: 1, fds: vec![fd] }).expect("memory");
}

fn event(numbers: &mut Numbers, is_initial: bool, ts: u64) -> EventBuilder {
    let tid = numbers.below(9) as i64;
    match (is_initial, numbers.below(8)) {
        (true, _) | (_, 0) => EventBuilder::new(USER_ADDED_E, ts, tid).set("name", "joe"),
        (_, 1) => EventBuilder::new(SYSCALL_CLOSE_X, ts, tid).nparams(2).push(0),
        (_, 2) => EventBuilder::new(DROP_E, ts, 0).push(2),
        (_, 3) => EventBuilder::new(SYSCALL_UNSHARE_X, ts, tid).push(0).push(0).state_only(),
        (_, 4) => EventBuilder::new(CONTAINER_JSON_2_E, ts, tid).push("{}"),
        _ => {
            let count = numbers.below(90);
            let data = Value::Bytes(numbers.bytes(count));
            EventBuilder::new(SYSCALL_READ_X, ts, tid).push(4).push(data).nparams(4)
        }
    }
}

/// Options for chunks of `chunk` bytes.
fn options(chunk: usize) -> Options {
    Options { chunk, level: 1, threads: 0, ..Options::default() }
}

/// A capture as a native trace. A keyframe that is asked for tells what was asked.
fn native(capture: &[u8], options: &Options) -> Vec<u8> {
    let mut reader = Reader::new(Cursor::new(capture.to_vec())).expect("a capture");
    let header = Header { engine: 7, hostname: "host".to_owned(), ..Header::default() };
    let mut writer = TraceWriter::new(Vec::new(), &header, options.clone()).expect("memory");
    while let Some(block) = reader.next().expect("a good capture") {
        let kind = match writer.boundary(&block) {
            None | Some(Boundary::Start) => None,
            Some(Boundary::Delta) => Some(KeyframeKind::Delta),
            Some(Boundary::Snapshot) => Some(KeyframeKind::Snapshot),
        };
        if let (Some(kind), Block::Event(event)) = (kind, &block) {
            let state = format!("{kind:?} before #{}", event.num).into_bytes();
            writer.keyframe(Some(Keyframe { kind, engine: 7, state })).expect("memory");
        }
        writer.block(&block).expect("memory");
    }
    let (bytes, summary) = writer.finish().expect("memory");
    assert_eq!(summary.bytes, bytes.len() as u64);
    bytes
}

fn show(block: &Block) -> String {
    match block {
        Block::Event(event) => {
            let params: Vec<_> = (0..event.nparams()).map(|index| event.param(index)).collect();
            format!(
                "#{} {} {} {} {} {} {} {params:?}",
                event.num, event.ts, event.tid, event.cpu, event.info.name, event.state_only, event.initial
            )
        }
        other => format!("{other:?}"),
    }
}

/// What a stream reader says.
fn read(bytes: &[u8]) -> Vec<String> {
    let mut reader = Reader::new(Cursor::new(bytes.to_vec())).expect("a capture");
    let mut lines = Vec::new();
    while let Some(block) = reader.next().expect("a good capture") {
        lines.push(show(&block));
    }
    let is_harmless = |incident: &crate::Incident| incident.fault == crate::Fault::NoEvents;
    assert!(reader.incidents().iter().all(is_harmless), "{:?}", reader.incidents());
    lines
}

fn open(bytes: &[u8]) -> Trace {
    Trace::open(bytes.to_vec()).expect("a native trace")
}

/// What one chunk says.
fn read_chunk(trace: &Trace, chunk: &Chunk) -> Vec<String> {
    let mut unpacker = Unpacker::new();
    let mut blocks = unpacker.blocks(trace, chunk).expect("a whole chunk");
    let mut lines = Vec::new();
    while let Some(block) = blocks.next().expect("a good chunk") {
        lines.push(show(&block));
    }
    lines
}

/// What a trace says from front to back, and what it misses.
fn read_trace(trace: &Trace) -> (Vec<String>, Vec<Loss>) {
    let (mut lines, mut losses, mut unpacker) = (Vec::new(), Vec::new(), Unpacker::new());
    for chunk in trace.chunks() {
        let before = lines.len();
        let damage = match unpacker.blocks(trace, chunk) {
            Ok(mut blocks) => loop {
                match blocks.next() {
                    Ok(Some(block)) => lines.push(show(&block)),
                    Ok(None) => break None,
                    Err(damage) => break Some(damage),
                }
            },
            Err(TraceError::Chunk { damage, .. }) => Some(damage),
            Err(error) => panic!("{error}"),
        };
        if let Some(damage) = damage {
            let events = chunk.descriptor.events.saturating_sub((lines.len() - before) as u64);
            losses.push(Loss { from: chunk.offset, to: chunk.end(), damage, events: Some(events) });
        }
    }
    (lines, losses)
}

/// Verifies a trace; what is wrong with it as text.
fn verdict(bytes: &[u8]) -> Option<String> {
    match verify(bytes.to_vec(), |_| {}) {
        Ok(verdict) => verdict.first_break.map(|first| first.to_string()),
        Err(error) => Some(error.to_string()),
    }
}

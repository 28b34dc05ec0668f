//! Files that were made to harm: claims that are not true, under checks that are right.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::append::Appender;
use super::super::descriptor::{self, Descriptor};
use super::super::header::FORMAT_VERSION;
use super::super::pack::{Job, Packed, Packer};
use super::super::section::{self, SectionKind};
use super::*;
use crate::trace::encoding::encode;

/// A packed chunk that holds a section header.
fn packed() -> Packed {
    let raw = Writer::new(Vec::new()).expect("memory").finish().expect("memory");
    let mut descriptor = Descriptor::new(true, Numbering::default());
    descriptor.section = 1;
    Packer::new(&options(4096)).expect("zstd").pack(Job { descriptor, raw, keyframe: None }).expect("memory")
}

fn file(chunks: &[Packed]) -> Vec<u8> {
    let mut appender = Appender::new(Vec::new(), &Header::default(), 1, false).expect("memory");
    for chunk in chunks {
        appender.append(chunk).expect("memory");
    }
    appender.finish().expect("memory").0
}

/// Opens, reads and verifies whatever it is; the chunks found and what is wrong.
fn survive(bytes: &[u8]) -> (usize, String) {
    let found = verdict(bytes).unwrap_or_default();
    let Ok(trace) = Trace::open(bytes.to_vec()) else { return (0, found) };
    let _ = read_trace(&trace);
    let _ = trace.read_cut().expect("memory");
    for index in 0..trace.chunks().len() {
        let _ = trace.keyframe(index);
        let _ = trace.path(index, 7);
    }
    let _ = Totals::of(trace.chunks());
    (trace.chunks().len(), found)
}

#[test]
fn sections_of_younger_versions_are_skipped() {
    let unknown = [&[0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3][..], &{
        let mut frame = section::build(SectionKind::Keyframe, 9, b"future");
        frame[12] = 99;
        section::write_check(&mut frame);
        frame
    }]
    .concat();
    let mut chunk = packed();
    chunk.extra = unknown.clone();
    chunk.descriptor.extra_size = unknown.len() as u64;
    let bytes = file(&[chunk]);
    assert_eq!(survive(&bytes), (1, String::new()));
    assert_eq!(read(&bytes).len(), 1);
    // Between chunks, too: the index then does not fit, and the walk finds the chunk.
    let start = open(&bytes).chunks()[0].offset as usize;
    let bytes = [&bytes[..start], &unknown, &bytes[start..]].concat();
    let trace = open(&bytes);
    assert_eq!((trace.chunks().len(), trace.losses().len()), (1, 0));
    assert_eq!(read_trace(&trace).0.len(), 1);
}

/// Structures grow at their ends.
#[test]
fn fields_of_younger_versions_are_not_looked_at() {
    let header = Header { hostname: "h".to_owned(), ..Header::default() };
    let body = [encode(&header).expect("memory"), vec![1, 2, 3]].concat();
    let frame = section::build(SectionKind::Header, FORMAT_VERSION, &body);
    assert_eq!(Trace::open(frame).expect("a trace").header(), &header);
    let younger = section::build(SectionKind::Header, FORMAT_VERSION + 1, &body);
    assert!(matches!(Trace::open(younger), Err(TraceError::Version { found: 3, known: 2 })));
}

#[test]
fn claims_are_not_believed() {
    let check = |change: fn(&mut Packed), chunks: usize, message: &str| {
        let mut chunk = packed();
        change(&mut chunk);
        let (found, text) = survive(&file(&[chunk]));
        assert!(text.contains(message), "{text}");
        assert_eq!(found, chunks, "{text}");
    };
    check(|chunk| chunk.descriptor.raw_size = u64::MAX, 0, "more than the limit of 134217728");
    check(|chunk| chunk.descriptor.raw_size = 100 << 20, 1, "28, but 104857600 expected");
    check(|chunk| chunk.descriptor.raw_size = 0, 1, "28, but 0 expected");
    check(|chunk| chunk.descriptor.data_size = u64::MAX, 0, "compressed chunk");
    check(|chunk| chunk.descriptor.data_size = 120 << 20, 0, "ends inside the chunk");
    check(|chunk| chunk.descriptor.extra_size = u64::MAX, 0, "other sections");
    check(|chunk| chunk.descriptor.events_before = u64::MAX, 1, "events before the chunk");
    check(|chunk| chunk.descriptor.events = u64::MAX, 1, "events: 0, but");
    check(|chunk| chunk.descriptor.sequence = u64::MAX, 1, "chunk 18446744073709551615 follows");
    check(|chunk| chunk.data.truncate(9), 1, "");
    check(|chunk| chunk.data.clear(), 1, "");
}

/// Counting goes on from whatever a descriptor says.
#[test]
fn numbers_stop_at_the_largest() {
    for initial in [None, Some(u64::MAX)] {
        let numbering = Numbering { sections: u64::MAX, counted: u64::MAX, initial };
        let capture = capture(2, 40, 3);
        let mut descriptor = Descriptor::new(false, numbering);
        descriptor.counts = vec![(DROP_E, u64::MAX)];
        descriptor.dropped = u64::MAX;
        descriptor.events_before = u64::MAX;
        descriptor.events = u64::MAX;
        let job = |sequence| {
            let mut descriptor = descriptor.clone();
            descriptor.sequence = sequence;
            Job { descriptor, raw: capture.clone(), keyframe: None }
        };
        let mut packer = Packer::new(&options(4096)).expect("zstd");
        let mut chunks = [0, 1].map(|sequence| packer.pack(job(sequence)).expect("memory"));
        let text = survive(&file(&chunks)).1;
        assert!(text.contains("events before the chunk"), "{text}");
        // The second is damaged, so that what is lost is counted.
        chunks[1].data.fill(0);
        assert_eq!(survive(&file(&chunks)).0, 2);
    }
}

#[test]
fn small_frames_do_not_become_large() {
    let zeros = vec![0; 300 << 20];
    let data = zstd::bulk::compress(&zeros, 1).expect("memory");
    let mut chunk = packed();
    chunk.descriptor.raw_size = 28;
    chunk.descriptor.data_size = data.len() as u64;
    chunk.data = data;
    let (_, text) = survive(&file(&[chunk]));
    assert!(text.ends_with("chunk: 314572800, but 28 expected"), "{text}");
}

#[test]
fn a_keyframe_that_claims_too_much_is_refused() {
    let mut body = vec![2, 7, 0, 0, 0];
    body.extend(u64::MAX.to_le_bytes());
    body.extend(zstd::bulk::compress(b"state", 1).expect("memory"));
    let mut chunk = packed();
    chunk.extra = section::build(SectionKind::Keyframe, 1, &body);
    chunk.descriptor.extra_size = chunk.extra.len() as u64;
    chunk.descriptor.set_keyframe(KeyframeKind::Snapshot, 7, u64::MAX);
    let bytes = file(&[chunk]);
    assert!(survive(&bytes).1.contains("the keyframe has 18446744073709551615 bytes"));
    assert!(open(&bytes).keyframe(0).is_err());
}

#[test]
fn an_index_that_lies_is_not_used() {
    let bytes = native(&capture(1, 200, 3), &options(4096));
    let chunks = open(&bytes).chunks().to_vec();
    let end = chunks[chunks.len() - 1].end();
    let lie = |change: fn(&mut Vec<Chunk>)| {
        let mut wrong = chunks.clone();
        change(&mut wrong);
        let last = wrong[wrong.len() - 1].digest;
        let (frames, _) =
            super::super::index::encode(&wrong, end, &last, &mut Default::default()).expect("memory");
        let file = [&bytes[..end as usize], &frames].concat();
        let trace = open(&file);
        let damage = trace.without_index();
        assert!(matches!(damage, Some(Damage::Entry(_) | Damage::TooLarge { .. })), "{damage:?}");
        assert_eq!(trace.chunks(), chunks);
        assert!(verdict(&file).is_some());
    };
    lie(|chunks| chunks[1].offset = u64::MAX);
    lie(|chunks| chunks[1].offset = chunks[0].offset);
    lie(|chunks| chunks[1].descriptor.data_size = u64::MAX);
    lie(|chunks| chunks.swap(0, 1));
    lie(|chunks| chunks[1].head_size = u32::MAX);
    lie(|chunks| {
        chunks.remove(1);
    });
    // What it leaves out at its end, it does not hide.
    lie(|chunks| drop(chunks.pop()));
    lie(|chunks| chunks.truncate(1));
    lie(|chunks| chunks[1].descriptor.events = 0);
    lie(|chunks| chunks[1].descriptor.events_before += 1);
}

/// The seal covers the index and, by the digest of the last chunk, everything before it.
#[test]
fn an_index_under_another_seal_is_not_used() {
    let bytes = native(&capture(1, 200, 3), &options(4096));
    let chunks = open(&bytes).chunks().to_vec();
    let end = chunks[chunks.len() - 1].end();
    let (frames, _) =
        super::super::index::encode(&chunks, end, &[0; 32], &mut Default::default()).expect("memory");
    let trace = open(&[&bytes[..end as usize], &frames].concat());
    assert_eq!(trace.without_index(), Some(&Damage::Digest("index")));
    assert_eq!((trace.chunks(), trace.losses()), (&chunks[..], &[][..]));
}

/// An index with a right seal can still say anything about what is in the chunks.
#[test]
fn descriptors_that_lie_are_found_where_chunks_are_read() {
    let bytes = native(&capture(1, 200, 3), &options(4096));
    let honest = open(&bytes);
    let chunks = honest.chunks().to_vec();
    let last = &chunks[chunks.len() - 1];
    let lie = |change: fn(&mut Descriptor), is_consistent: bool| {
        let mut wrong = chunks.clone();
        change(&mut wrong[1].descriptor);
        let (frames, _) =
            super::super::index::encode(&wrong, last.end(), &last.digest, &mut Default::default())
                .expect("memory");
        let trace = open(&[&bytes[..last.end() as usize], &frames].concat());
        assert_eq!(trace.without_index(), None);
        assert_eq!(trace.chunks()[1].descriptor.is_consistent(), is_consistent);
        assert!(trace.check_entry(0).is_ok() && trace.check_entry(1).is_err_and(|error| error.is_damage()));
        let mut unpacker = Unpacker::new();
        let mut blocks = unpacker.blocks(&trace, &trace.chunks()[1]).expect("an intact chunk");
        while blocks.next().expect("intact blocks").is_some() {}
        assert!(
            blocks.compare(&wrong[1].descriptor, None).is_err()
                && blocks.compare(&chunks[1].descriptor, None).is_ok()
        );
    };
    assert!(chunks[1].descriptor.is_consistent());
    lie(|descriptor| descriptor.counts.clear(), false);
    lie(|descriptor| descriptor.first_ts = descriptor.max_ts + 1, false);
    lie(|descriptor| descriptor.max_ts += 1, true);
    lie(|descriptor| descriptor.min_ts = 0, true);
    lie(|descriptor| descriptor.counts[0].0 -= 1, true);
}

/// A file of only the starts of sections: each looks like one until it is hashed.
#[test]
fn searching_has_an_end() {
    let descriptor = descriptor::encode(&Descriptor::default(), &[0; 32], &[], &[]).expect("memory").0;
    let mut head = descriptor[..16].to_vec();
    head[4..8].copy_from_slice(&16_000u32.to_le_bytes());
    let file = [native(&capture(1, 0, 3), &options(4096)), head.repeat(1 << 18)].concat();
    let trace = open(&file);
    assert_eq!((trace.chunks().len(), trace.losses().len()), (1, 1));
}

#[test]
fn random_damage_is_survived() {
    let bytes = native(&capture(2, 200, 17), &options(4096));
    let mut numbers = Numbers(99);
    for _ in 0..1500 {
        let mut damaged = bytes.clone();
        for _ in 0..=numbers.below(4) {
            let place = numbers.below(damaged.len() as u64) as usize;
            match numbers.below(4) {
                0 => damaged[place] ^= 1 << numbers.below(8),
                1 => damaged.truncate(place.max(20)),
                2 => {
                    let from = numbers.below(damaged.len() as u64) as usize;
                    let part = damaged[from..].to_vec();
                    damaged.splice(place..place, part.into_iter().take(500));
                }
                _ => {
                    let count = numbers.below(50) as usize;
                    damaged.drain(place..(place + count).min(damaged.len()));
                }
            }
        }
        survive(&damaged);
        if let Ok(trace) = Trace::salvage(damaged) {
            read_trace(&trace);
        }
    }
}

/// Bytes that count how many of them are read.
struct Counting(Vec<u8>, Arc<AtomicU64>);

impl Storage for Counting {
    fn length(&self) -> std::io::Result<u64> {
        self.0.length()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
        let count = self.0.read_at(buffer, offset)?;
        self.1.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// A good descriptor that is not due ends a search, and the next one starts right after it.
#[test]
fn descriptors_that_are_not_due_cost_little() {
    let bytes = native(&capture(1, 60, 11), &options(4 << 10));
    let chunks = open(&bytes).chunks().to_vec();
    let (first, last) = (&chunks[0], &chunks[chunks.len() - 1]);
    let descriptor = &bytes[first.offset as usize..first.extra() as usize];
    let file = [&bytes[..last.end() as usize], &descriptor.repeat(3000)].concat();
    let (length, read) = (file.len() as u64, Arc::new(AtomicU64::new(0)));
    let trace = Trace::open(Counting(file, read.clone())).expect("a trace");
    assert_eq!(trace.chunks(), chunks);
    assert!(!trace.losses().is_empty());
    let read = read.load(Ordering::Relaxed);
    assert!(read < 64 * length, "{read} bytes read of {length}");
}

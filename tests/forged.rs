//! Forged traces: all digests and the seal are right, but the index leaves chunks out, or descriptors say something else than is
//! in their chunks. Every verb that reads the part reports it, and no event is lost without a word.

use std::process::Stdio;

use tercel_test_support::{Place, Ran, ran, tercel};

/// Bytes of a section before its body, and of its checksum.
const HEAD: usize = 16;
const CHECK: usize = 8;

/// A chunk: its descriptor without the digest, and what follows it in the file.
#[derive(Clone)]
struct Chunk {
    descriptor: Vec<u8>,
    rest: Vec<u8>,
}

/// A trace in parts, from which another one with right digests is made.
struct Parts {
    header: Vec<u8>,
    chunks: Vec<Chunk>,
}

fn number(bytes: &[u8], at: usize) -> usize {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes")) as usize
}

/// The section at the start of `bytes`, and what follows it.
fn section(bytes: &[u8]) -> (&[u8], &[u8]) {
    let size = u32::from_le_bytes(bytes[4..8].try_into().expect("four bytes"));
    bytes.split_at(8 + size as usize)
}

/// A section with this head, its length and its checksum made right.
fn build(head: &[u8], body: &[u8]) -> Vec<u8> {
    let mut bytes = [&head[..HEAD], body].concat();
    let size = (bytes.len() + CHECK - 8) as u32;
    bytes[4..8].copy_from_slice(&size.to_le_bytes());
    let check = blake3::hash(&bytes[8..]);
    bytes.extend_from_slice(&check.as_bytes()[..CHECK]);
    bytes
}

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

/// Head of a section of some kind, version 1.
fn head(kind: u8) -> [u8; HEAD] {
    let mut head = *b"\x5c\x2a\x4d\x18\0\0\0\0TRCL\0\0\x01\0";
    head[12] = kind;
    head
}

impl Parts {
    fn of(bytes: &[u8]) -> Parts {
        let (header, mut bytes) = section(bytes);
        let mut parts = Parts { header: header.to_vec(), chunks: Vec::new() };
        while bytes[12] == 2 {
            let (frame, behind) = section(bytes);
            let descriptor = &frame[HEAD + 32..frame.len() - CHECK];
            // The sizes of what follows are the last two fields.
            let end = descriptor.len();
            let size = number(descriptor, end - 16) + number(descriptor, end - 8);
            let (rest, next) = behind.split_at(size);
            parts.chunks.push(Chunk { descriptor: descriptor.to_vec(), rest: rest.to_vec() });
            bytes = next;
        }
        parts
    }

    /// The trace, with what the index says of the chunks.
    fn write(&self, index: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = self.header.clone();
        let mut last = digest(&[&bytes]);
        let mut sealed = last;
        let mut entries = (index.len() as u64).to_le_bytes().to_vec();
        for (number, chunk) in self.chunks.iter().enumerate() {
            let frame = build(&head(2), &[&[0; 32][..], &chunk.descriptor].concat());
            let covered = &frame[HEAD + 32..frame.len() - CHECK];
            last = digest(&[&last, &frame[..HEAD], covered, &chunk.rest]);
            if let Some(descriptor) = index.get(number) {
                sealed = last;
                entries.extend((bytes.len() as u64).to_le_bytes());
                entries.extend((frame.len() as u32).to_le_bytes());
                entries.extend(last);
                entries.extend((descriptor.len() as u64).to_le_bytes());
                entries.extend(descriptor);
            }
            bytes.extend(build(&head(2), &[&last[..], &chunk.descriptor].concat()));
            bytes.extend(&chunk.rest);
        }
        let packed = zstd::bulk::compress(&entries, 9).expect("memory");
        let index = build(&head(4), &[&(entries.len() as u64).to_le_bytes()[..], &packed].concat());
        let distance = (index.len() as u64).to_le_bytes();
        let length = (bytes.len() + index.len() + HEAD + 48 + CHECK) as u64;
        let seal = digest(&[&sealed, &index]);
        bytes.extend(&index);
        bytes.extend(build(&head(5), &[&distance[..], &length.to_le_bytes(), &seal].concat()));
        bytes
    }

    fn descriptors(&self) -> Vec<Vec<u8>> {
        self.chunks.iter().map(|chunk| chunk.descriptor.clone()).collect()
    }
}

/// Where the list of event types starts in a descriptor: after ten numbers, of which one may be missing.
fn counts(descriptor: &[u8]) -> usize {
    const INITIAL: usize = 8 + 4 + 8 + 8 + 8;
    INITIAL + 1 + 8 * usize::from(descriptor[INITIAL]) + 5 * 8
}

/// Removes the list of event types from a descriptor.
fn uncounted(descriptor: &mut Vec<u8>) {
    let at = counts(descriptor);
    let rows = number(descriptor, at);
    descriptor.drain(at + 8..at + 8 + rows * 10);
    descriptor[at..at + 8].fill(0);
}

/// Says of each event that it is of a type that no rule needs, one after the other.
fn renamed(descriptor: &mut [u8]) {
    let at = counts(descriptor);
    for row in 0..number(descriptor, at) {
        let code = (row as u16 * 2).to_le_bytes();
        descriptor[at + 8 + row * 10..][..2].copy_from_slice(&code);
    }
}

/// A trace of many chunks with keyframes, and its parts.
fn honest(place: &Place) -> (String, Parts) {
    let path = place.name("honest.scap");
    ran(&["convert", "-q", "--chunk", "16KiB", "-w", &path, "testdata/traces/classic.scap"], 0);
    let bytes = std::fs::read(&path).expect("a trace");
    let parts = Parts::of(&bytes);
    assert!(parts.chunks.len() > 5 && bytes == parts.write(&parts.descriptors()), "{}", parts.chunks.len());
    (path, parts)
}

fn events(path: &str) -> Ran {
    tercel(&["events", path]).stdin(Stdio::null()).output().expect("the binary runs").into()
}

fn alerts(path: &str, threads: &str) -> Ran {
    let arguments = ["replay", "-j", threads, "-r", "rules", path];
    tercel(&arguments).output().expect("the binary runs").into()
}

#[test]
fn chunks_that_the_index_leaves_out_are_read() {
    let place = Place::new("forged-index");
    let (honest, parts) = honest(&place);
    let all = events(&honest);
    for left in [1, parts.chunks.len() - 1] {
        let forged =
            place.file("forged.scap", parts.write(&parts.descriptors()[..left])).display().to_string();
        let found = events(&forged);
        assert_eq!((found.code, &found.out), (3, &all.out), "{}", found.err);
        assert!(found.err.contains(&format!("entry {left} of the index")), "{}", found.err);
        for verb in ["verify", "info"] {
            ran(&[verb, &forged], 3);
        }
        let written = place.name("written.scap");
        for verb in ["recover", "convert", "slice"] {
            ran(&[verb, "-q", "--force", "-w", &written, &forged], 3);
            assert_eq!(events(&written).out.lines().count(), all.out.lines().count(), "{verb}");
        }
    }
}

#[test]
fn descriptors_that_count_no_events_hide_none() {
    let place = Place::new("forged-counts");
    let (honest, mut parts) = honest(&place);
    parts.chunks.iter_mut().for_each(|chunk| uncounted(&mut chunk.descriptor));
    let forged = place.file("forged.scap", parts.write(&parts.descriptors())).display().to_string();
    for threads in ["1", "4"] {
        let (expected, found) = (alerts(&honest, threads), alerts(&forged, threads));
        assert!(expected.out.lines().count() > 3);
        assert_eq!((found.code, found.out), (3, expected.out), "-j {threads}: {}", found.err);
        assert!(found.err.contains("does not match the types of the chunk's events"), "{}", found.err);
    }
    for verb in ["verify", "info", "events"] {
        ran(&[verb, &forged], 3);
    }
}

/// Only reading a chunk tells; what is left out is left out with a word about it.
#[test]
fn descriptors_that_lie_are_reported_by_whoever_reads_the_chunks() {
    let place = Place::new("forged-types");
    let (_, mut parts) = honest(&place);
    let told = parts.descriptors();
    parts.chunks.iter_mut().for_each(|chunk| renamed(&mut chunk.descriptor));
    let forged = place.file("forged.scap", parts.write(&parts.descriptors())).display().to_string();
    for verb in ["verify", "events"] {
        ran(&[verb, &forged], 3);
    }
    let found = alerts(&forged, "1");
    assert!(found.err.contains("'tercel verify' checks what these contain"), "{}", found.err);
    // The index says the truth, and the descriptors before the chunks do not.
    let forged = place.file("forged.scap", parts.write(&told)).display().to_string();
    let found = events(&forged);
    assert_eq!(found.code, 3, "{}", found.err);
    assert!(found.err.contains("the descriptor does not match the index"), "{}", found.err);
}

//! A forger of traces: a trace enters in parts, which can be changed; a trace whose checksums, digests and seal are right leaves.

/// Bytes of a section before its body, and of its checksum.
const HEAD: usize = 16;
const CHECK: usize = 8;

/// Bytes of a keyframe before its state.
const KEYFRAME: usize = 13;

/// A chunk: its descriptor without the digest, and what follows it in the file.
#[derive(Clone)]
pub struct Chunk {
    pub descriptor: Vec<u8>,
    pub rest: Vec<u8>,
}

/// An entry of the index.
#[derive(Clone)]
pub struct Entry {
    pub offset: u64,
    pub head_size: u32,
    pub digest: [u8; 32],
    pub descriptor: Vec<u8>,
}

/// A trace in parts, from which another one with right digests is made.
#[derive(Clone)]
pub struct Parts {
    header: Vec<u8>,
    pub chunks: Vec<Chunk>,
}

pub fn number(bytes: &[u8], at: usize) -> usize {
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
    pub fn of(bytes: &[u8]) -> Parts {
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
    pub fn write(&self, index: &[Vec<u8>]) -> Vec<u8> {
        self.write_with(|entries| {
            entries.truncate(index.len());
            entries.iter_mut().zip(index).for_each(|(entry, told)| entry.descriptor.clone_from(told));
        })
    }

    /// The trace, with a changed index. The seal is that of the last entry.
    pub fn write_with(&self, change: impl FnOnce(&mut Vec<Entry>)) -> Vec<u8> {
        let mut bytes = self.header.clone();
        let mut last = digest(&[&bytes]);
        let start = last;
        let mut entries = Vec::new();
        for Chunk { descriptor, rest } in &self.chunks {
            let frame = build(&head(2), &[&[0; 32][..], descriptor].concat());
            let covered = &frame[HEAD + 32..frame.len() - CHECK];
            last = digest(&[&last, &frame[..HEAD], covered, rest]);
            let (offset, head_size) = (bytes.len() as u64, frame.len() as u32);
            entries.push(Entry { offset, head_size, digest: last, descriptor: descriptor.clone() });
            bytes.extend(build(&head(2), &[&last[..], descriptor].concat()));
            bytes.extend(rest);
        }
        change(&mut entries);
        let sealed = entries.last().map_or(start, |entry| entry.digest);
        let mut list = (entries.len() as u64).to_le_bytes().to_vec();
        for entry in entries {
            list.extend(entry.offset.to_le_bytes());
            list.extend(entry.head_size.to_le_bytes());
            list.extend(entry.digest);
            list.extend((entry.descriptor.len() as u64).to_le_bytes());
            list.extend(entry.descriptor);
        }
        let packed = zstd::bulk::compress(&list, 9).expect("memory");
        let index = build(&head(4), &[&(list.len() as u64).to_le_bytes()[..], &packed].concat());
        let distance = (index.len() as u64).to_le_bytes();
        let length = (bytes.len() + index.len() + HEAD + 48 + CHECK) as u64;
        let seal = digest(&[&sealed, &index]);
        bytes.extend(&index);
        bytes.extend(build(&head(5), &[&distance[..], &length.to_le_bytes(), &seal].concat()));
        bytes
    }

    pub fn descriptors(&self) -> Vec<Vec<u8>> {
        self.chunks.iter().map(|chunk| chunk.descriptor.clone()).collect()
    }
}

impl Chunk {
    /// Bytes of the sections between descriptor and data.
    fn extra(&self) -> usize {
        number(&self.descriptor, self.descriptor.len() - 16)
    }

    /// The kind of the keyframe, its version and its state, if there is one.
    pub fn keyframe(&self) -> Option<(u8, Vec<u8>)> {
        let frame = self.rest.get(..self.extra()).filter(|frame| !frame.is_empty())?;
        let body = &frame[HEAD..frame.len() - CHECK];
        let size = number(body, 5);
        Some((body[0], zstd::bulk::decompress(&body[KEYFRAME..], size).expect("a keyframe")))
    }

    /// Replaces the keyframe by one of the same version. The descriptor is made right.
    pub fn set_keyframe(&mut self, kind: u8, state: &[u8]) {
        let (old, end) = (self.extra(), self.descriptor.len());
        let packed = zstd::bulk::compress(state, 1).expect("memory");
        let version = &self.rest[HEAD + 1..HEAD + 5];
        let size = (state.len() as u64).to_le_bytes();
        let frame = build(&head(3), &[&[kind][..], version, &size, &packed].concat());
        self.rest.splice(..old, frame.iter().copied());
        // Behind the kind and the version there are four sizes.
        self.descriptor[end - 37] = kind;
        self.descriptor[end - 32..end - 24].copy_from_slice(&size);
        self.descriptor[end - 16..end - 8].copy_from_slice(&(frame.len() as u64).to_le_bytes());
    }
}

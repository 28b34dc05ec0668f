//! From rows to columns: the blocks of a chunk enter; a directory and frames leave. One pass over the rows divides their values among the
//! columns; a second over each column encodes it. The bytes depend on the rows alone.

use std::io;

use zstd::zstd_safe::{CParameter, compress_bound};

use super::directory::{self, Column, Directory};
use super::encoding::{Encoding, Numbers};
use super::lanes::Lanes;
use super::shape::{self, Kind, Shape};
use super::{KINDS, table};
use crate::catalogue::EVENTS;

/// Most kinds whose memory is kept from chunk to chunk.
const KEPT: usize = 1024;

/// Turns rows into columns, chunk after chunk, in memory that is used again.
pub(crate) struct Transposer {
    zstd: zstd::bulk::Compressor<'static>,
    /// Bytes of the rows.
    size: u64,
    lanes: Lanes,
    raw: Values,
    slots: Vec<Slot>,
    /// The last slot of each event code.
    by_code: Vec<Option<u32>>,
    /// Slots of the kinds in this chunk, in the order of their first events.
    order: Vec<u32>,
    streams: Streams,
    numbers: Numbers,
    words: Words,
}

/// The values of one kind.
struct Slot {
    kind: Kind,
    /// Number of the kind in this chunk; 0 if it is not in it yet.
    number: u8,
    columns: Vec<Values>,
    /// Another slot of the same event code.
    next: Option<u32>,
}

/// A chunk of columns.
pub(crate) struct Transposed {
    /// The directory.
    pub(crate) directory: Vec<u8>,
    /// The frames, one after the other.
    pub(crate) frames: Vec<u8>,
}

impl Transposer {
    /// For zstd's level `level`.
    pub(crate) fn new(level: i32) -> io::Result<Transposer> {
        let mut zstd = zstd::bulk::Compressor::new(level)?;
        zstd.set_parameter(CParameter::ChecksumFlag(true))?;
        zstd.set_parameter(CParameter::ContentSizeFlag(true))?;
        Ok(Transposer {
            zstd,
            size: 0,
            lanes: Lanes::default(),
            raw: Values::default(),
            slots: Vec::new(),
            by_code: vec![None; EVENTS.len()],
            order: Vec::new(),
            streams: Streams::default(),
            numbers: Numbers::default(),
            words: Words::default(),
        })
    }

    /// Turns the rows of a chunk into columns, after which `note` bytes will follow. `None` if the rows cannot be divided into blocks.
    pub(crate) fn pack(&mut self, rows: &[u8], note: u64) -> io::Result<Option<Transposed>> {
        self.clear();
        let mut rest = rows;
        while !rest.is_empty() {
            let Some((length, shape)) = shape::block(rest) else { return Ok(None) };
            let (block, behind) = rest.split_at(length);
            rest = behind;
            let slot = shape.as_ref().and_then(|shape| self.slot(&shape.kind));
            match (shape, slot) {
                (Some(shape), Some(slot)) => self.event(&shape, slot),
                _ => {
                    self.lanes.kinds.push(0);
                    self.raw.push(block);
                }
            }
        }
        self.size = rows.len() as u64;
        self.finish(note).map(Some)
    }

    /// Forgets the last chunk.
    fn clear(&mut self) {
        if self.slots.len() > KEPT {
            self.slots.clear();
            self.by_code.fill(None);
            self.order.clear();
        }
        for slot in self.order.drain(..) {
            if let Some(slot) = self.slots.get_mut(slot as usize) {
                slot.number = 0;
                slot.columns.iter_mut().for_each(Values::clear);
            }
        }
        self.lanes.clear();
        self.raw.clear();
        self.streams.clear();
    }

    /// The slot of a kind, which is in the chunk from now on; `None` if there are too many kinds.
    #[inline]
    fn slot(&mut self, kind: &Kind) -> Option<u32> {
        let code = usize::from(kind.info?.code);
        let mut at = *self.by_code.get(code)?;
        while let Some(index) = at {
            let slot = self.slots.get_mut(index as usize)?;
            if slot.kind.is_like(kind) {
                return if slot.number > 0 { Some(index) } else { self.number(index) };
            }
            at = slot.next;
        }
        let index = u32::try_from(self.slots.len()).ok()?;
        let columns = std::iter::repeat_with(Values::default).take(kind.columns()).collect();
        let next = self.by_code.get_mut(code)?.replace(index);
        self.slots.push(Slot { kind: *kind, number: 0, columns, next });
        self.number(index)
    }

    #[cold]
    fn number(&mut self, index: u32) -> Option<u32> {
        if self.order.len() >= KINDS {
            return None;
        }
        self.order.push(index);
        self.slots.get_mut(index as usize)?.number = self.order.len() as u8;
        Some(index)
    }

    #[inline]
    fn event(&mut self, shape: &Shape<'_>, slot: u32) {
        let Some(slot) = self.slots.get_mut(slot as usize) else { return };
        self.lanes.push(slot.number, shape.ts, shape.tid, shape.cpu);
        let mut columns = slot.columns.iter_mut();
        for (value, column) in shape.values().zip(&mut columns) {
            column.push(value);
        }
        if let Some(tail) = columns.next() {
            tail.push(shape.tail);
        }
    }

    /// Encodes and compresses what was collected.
    fn finish(&mut self, note: u64) -> io::Result<Transposed> {
        let Transposer { size, lanes, raw, slots, order, streams, numbers, words, .. } = self;
        let mut directory =
            Directory { raw: *size, items: lanes.kinds.len() as u64, note, ..Directory::default() };
        directory.kinds.push(Kind { count: raw.count, ..Kind::RAW });
        let present = order.iter().filter_map(|slot| slots.get(*slot as usize));
        for slot in present.clone() {
            let count = lanes.kinds.iter().filter(|kind| **kind == slot.number).count() as u32;
            directory.kinds.push(Kind { count, ..slot.kind });
        }
        lanes.encode(&directory.counts(), &mut |bytes| streams.add(bytes));
        directory.columns.push(raw.encode((Encoding::Plain, 1), streams, numbers, words));
        for slot in present {
            let Some(info) = slot.kind.info else { continue };
            for (param, values) in slot.columns.iter().enumerate() {
                let is_tail = param >= usize::from(slot.kind.nparams);
                let wanted = if is_tail { (Encoding::Words, 1) } else { table::encoding(info, param) };
                directory.columns.push(values.encode(wanted, streams, numbers, words));
            }
        }
        directory.streams.clone_from(&streams.sizes);
        directory.limits = (directory::OWN as u64, directory::SHARED as u64);
        let frames = self.compress(&mut directory)?;
        Ok(Transposed { directory: directory.encode(), frames })
    }

    /// Compresses the streams, and notes the sizes of their frames.
    fn compress(&mut self, directory: &mut Directory) -> io::Result<Vec<u8>> {
        let (places, sizes) = directory::arrange(&directory.streams, directory.limits);
        let mut members: Vec<Vec<&[u8]>> = vec![Vec::new(); sizes.len()];
        let mut rest = &self.streams.bytes[..];
        for (place, size) in places.iter().zip(&self.streams.sizes) {
            let (stream, behind) = rest.split_at_checked(*size as usize).unwrap_or((rest, &[]));
            rest = behind;
            if let Some(members) = members.get_mut(place.frame as usize)
                && !stream.is_empty()
            {
                members.push(stream);
            }
        }
        let (mut frames, mut shared, mut packed) = (Vec::new(), Vec::new(), Vec::new());
        for members in members {
            let content = match *members {
                [only] => only,
                _ => {
                    shared.clear();
                    members.iter().for_each(|member| shared.extend_from_slice(member));
                    &shared[..]
                }
            };
            packed.clear();
            packed.reserve(compress_bound(content.len()));
            self.zstd.compress_to_buffer(content, &mut packed)?;
            directory.frames.push(packed.len() as u64);
            frames.extend_from_slice(&packed);
        }
        Ok(frames)
    }
}

/// The streams of a chunk, one after the other.
#[derive(Default)]
struct Streams {
    bytes: Vec<u8>,
    sizes: Vec<u64>,
}

impl Streams {
    fn clear(&mut self) {
        self.bytes.clear();
        self.sizes.clear();
    }

    fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.sizes.push(bytes.len() as u64);
    }

    /// Adds a stream of the planes of numbers.
    fn planes(&mut self, numbers: &Numbers) {
        let size = numbers.planes(&mut self.bytes);
        self.sizes.push(size as u64);
    }
}

/// The values of a column, in order.
#[derive(Default)]
struct Values {
    count: u32,
    bytes: Vec<u8>,
    /// Length of the values, as long as they have the same.
    length: u32,
    /// Lengths of the values, once they differ.
    lengths: Vec<u32>,
}

impl Values {
    fn clear(&mut self) {
        (self.count, self.length) = (0, 0);
        self.bytes.clear();
        self.lengths.clear();
    }

    #[inline]
    fn push(&mut self, value: &[u8]) {
        // Blocks are shorter than 4 GiB.
        let length = value.len() as u32;
        if length != self.length || !self.lengths.is_empty() {
            self.differ(length);
        }
        self.count += 1;
        self.bytes.extend_from_slice(value);
    }

    fn differ(&mut self, length: u32) {
        if self.count == 0 {
            self.length = length;
        } else {
            if self.lengths.is_empty() {
                self.lengths.resize(self.count as usize, self.length);
            }
            self.lengths.push(length);
        }
    }

    /// Adds the streams of the column.
    fn encode(
        &self,
        (wanted, width): (Encoding, usize),
        streams: &mut Streams,
        numbers: &mut Numbers,
        words: &mut Words,
    ) -> Column {
        let is_varying = !self.lengths.is_empty();
        let mut column = Column {
            encoding: wanted,
            width: 1,
            length: (!is_varying).then_some(self.length),
            words: 0,
            stream: 0,
        };
        if wanted == Encoding::Words {
            if self.bytes.is_empty() || !words.collect(self) {
                column.encoding = Encoding::Plain;
            } else {
                words.encode(&mut column, streams, numbers);
                return column;
            }
        }
        if is_varying {
            numbers.set(self.lengths.iter().map(|length| u64::from(*length)));
            streams.planes(numbers);
        }
        let fits = |length: u32| length == 0 || length as usize == width;
        let is_number =
            if is_varying { self.lengths.iter().all(|length| fits(*length)) } else { fits(self.length) };
        if column.encoding == Encoding::Plain || !is_number {
            column.encoding = Encoding::Plain;
            streams.add(&self.bytes);
        } else {
            column.width = width as u8;
            numbers.encode(&self.bytes, width, column.encoding);
            streams.planes(numbers);
        }
        column
    }
}

/// The values of a column that differ, and the place of each among them. Values are found by a hash in a table of their places; one that
/// is not found within a few steps is stored again, so that nobody can make the search slow.
#[derive(Default)]
struct Words {
    table: Vec<u32>,
    /// Starts of the words in the values of the column, and their lengths.
    words: Vec<(u32, u32)>,
    places: Vec<u32>,
    bytes: Vec<u8>,
    is_varying: bool,
}

/// Steps of a search for a word.
const STEPS: usize = 8;

impl Words {
    /// Collects the words of a column; `false` if they are too many.
    fn collect(&mut self, values: &Values) -> bool {
        let count = values.count as usize;
        let limit = count / 2 + 8;
        self.words.clear();
        self.places.clear();
        self.table.clear();
        self.table.resize((limit * 2).next_power_of_two(), 0);
        let mut start = 0usize;
        for row in 0..count {
            let length = values.lengths.get(row).copied().unwrap_or(values.length);
            let value = values.bytes.get(start..start + length as usize).unwrap_or_default();
            let place = self.place(value, start as u32, &values.bytes);
            if self.words.len() > limit {
                return false;
            }
            self.places.push(place);
            start += length as usize;
        }
        self.bytes.clear();
        for (start, length) in &self.words {
            let word = values.bytes.get(*start as usize..*start as usize + *length as usize);
            self.bytes.extend_from_slice(word.unwrap_or_default());
        }
        self.is_varying = !values.lengths.is_empty();
        true
    }

    /// The place of a value, which starts at `start` of `bytes`.
    #[inline]
    fn place(&mut self, value: &[u8], start: u32, bytes: &[u8]) -> u32 {
        let mask = self.table.len() - 1;
        let mut at = hash(value) as usize & mask;
        for _ in 0..STEPS {
            let Some(entry) = self.table.get_mut(at) else { break };
            if *entry == 0 {
                self.words.push((start, value.len() as u32));
                *entry = self.words.len() as u32;
                return *entry - 1;
            }
            if let Some((from, length)) = self.words.get(*entry as usize - 1)
                && *length as usize == value.len()
                && bytes.get(*from as usize..*from as usize + value.len()) == Some(value)
            {
                return *entry - 1;
            }
            at = (at + 1) & mask;
        }
        self.words.push((start, value.len() as u32));
        self.words.len() as u32 - 1
    }

    fn encode(&self, column: &mut Column, streams: &mut Streams, numbers: &mut Numbers) {
        column.words = self.words.len() as u32;
        numbers.set(self.places.iter().map(|place| u64::from(*place)));
        streams.planes(numbers);
        if self.is_varying {
            numbers.set(self.words.iter().map(|(_, length)| u64::from(*length)));
            streams.planes(numbers);
        }
        streams.add(&self.bytes);
    }
}

/// A hash of a value.
#[inline]
fn hash(value: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let (words, rest) = value.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let mix =
        |hash: u64, word: &[u8; 8]| (hash.rotate_left(23) ^ u64::from_le_bytes(*word)).wrapping_mul(FACTOR);
    let hash = words.iter().fold(value.len() as u64, mix);
    let hash = mix(hash, &last);
    hash ^ (hash >> 32)
}

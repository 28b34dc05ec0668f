//! The alerts of a shard as they are kept: records enter in the order of their events, blocks in zstd leave, and back. A block is
//!
//! | offset | size | what |
//! |---|---|---|
//! | 0 | 4 | bytes of its records |
//! | 4 | 4 | bytes of the frame that follows |
//! | 8 | … | a zstd frame with a checksum: records back to back |
//!
//! and a record is key u64, time u64, number of the event u64, file u32, rule u32, lengths of the line and of the object u32 each, then
//! both; all numbers are little-endian. The *key* is the latest time of the records of a file so far: a merge by keys keeps the order of
//! the events of a file even where their times are not in order.

use std::collections::VecDeque;
use std::io::{self, Read, Write};

use crate::place::Place;

/// Bytes of records after which a block ends.
const BLOCK: usize = 64 << 10;

/// Most bytes of records in a block that is read: a record of the longest line that is written.
const LIMIT: usize = 256 << 20;

/// Bytes of a record before its line.
const HEAD: usize = 40;

/// Level of compression.
const LEVEL: i32 = 3;

/// An alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// The latest time of the records of its file so far.
    pub key: u64,
    /// Time of the event, nanoseconds since the epoch.
    pub time: u64,
    /// Number of the event.
    pub number: u64,
    /// Index of its file.
    pub file: u32,
    /// Index of its rule in the program.
    pub rule: u32,
    /// Its line as text, without the end of the line.
    pub text: &'a [u8],
    /// Its line as JSON.
    pub json: &'a [u8],
}

/// Writes alerts.
pub struct AlertWriter<W: Write> {
    out: W,
    block: Vec<u8>,
    written: u64,
    key: u64,
}

impl<W: Write> AlertWriter<W> {
    /// Writes to `out`.
    pub fn new(out: W) -> AlertWriter<W> {
        AlertWriter { out, block: Vec::new(), written: 0, key: 0 }
    }

    /// Takes the next alert. Its key is found here, unless it is larger already.
    ///
    /// # Errors
    /// Those of the output; a line is longer than 4 GiB.
    pub fn push(&mut self, record: &Record<'_>) -> io::Result<()> {
        let long = |_| io::Error::other("a line is too long");
        let text = u32::try_from(record.text.len()).map_err(long)?;
        let json = u32::try_from(record.json.len()).map_err(long)?;
        self.key = self.key.max(record.time).max(record.key);
        for number in [self.key, record.time, record.number] {
            self.block.extend_from_slice(&number.to_le_bytes());
        }
        for number in [record.file, record.rule, text, json] {
            self.block.extend_from_slice(&number.to_le_bytes());
        }
        self.block.extend_from_slice(record.text);
        self.block.extend_from_slice(record.json);
        if self.block.len() >= BLOCK { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.block.is_empty() {
            return Ok(());
        }
        let mut packer = zstd::bulk::Compressor::new(LEVEL)?;
        packer.include_checksum(true)?;
        let packed = packer.compress(&self.block)?;
        let long = |_| io::Error::other("a block is too long");
        for size in [self.block.len(), packed.len()] {
            self.out.write_all(&u32::try_from(size).map_err(long)?.to_le_bytes())?;
        }
        self.out.write_all(&packed)?;
        self.written += 8 + packed.len() as u64;
        self.block.clear();
        Ok(())
    }

    /// A file of alerts is done; what follows is of another. Returns the bytes so far.
    ///
    /// # Errors
    /// Those of the output.
    pub fn end_file(&mut self) -> io::Result<u64> {
        self.flush()?;
        self.key = 0;
        Ok(self.written)
    }

    /// Writes the rest and gives the output back.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(mut self) -> io::Result<W> {
        self.flush()?;
        self.out.flush()?;
        Ok(self.out)
    }
}

/// Blocks of an output that follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Name of the output.
    pub name: String,
    /// Where they begin.
    pub offset: u64,
    /// How many bytes they are.
    pub bytes: u64,
    /// The file that its records are said to be of; their own word counts without it.
    pub file: Option<u32>,
}

/// The alerts of segments that follow each other, one at a time.
pub struct Stream<'p> {
    place: &'p dyn Place,
    segments: VecDeque<Segment>,
    /// Records of the current block, where the next one begins, and the current one.
    block: Vec<u8>,
    next: usize,
    current: usize,
    file: Option<u32>,
    key: u64,
}

impl<'p> Stream<'p> {
    /// At the start of these segments.
    pub fn new(place: &'p dyn Place, segments: impl IntoIterator<Item = Segment>) -> Stream<'p> {
        let segments = segments.into_iter().filter(|segment| segment.bytes > 0).collect();
        Stream { place, segments, block: Vec::new(), next: 0, current: 0, file: None, key: 0 }
    }

    /// Goes to the next record and returns its key; `None` at the end.
    ///
    /// # Errors
    /// Those of the place, and what is not a whole block.
    pub fn advance(&mut self) -> io::Result<Option<u64>> {
        while self.next >= self.block.len() {
            if !self.load()? {
                return Ok(None);
            }
        }
        self.current = self.next;
        let Some(record) = parse(&self.block, self.current) else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a record does not end in its block"));
        };
        self.next = self.current + HEAD + record.text.len() + record.json.len();
        self.key = self.key.max(record.key);
        Ok(Some(self.key))
    }

    /// The current record.
    pub fn record(&self) -> Option<Record<'_>> {
        let record = parse(&self.block, self.current)?;
        Some(Record { key: self.key, file: self.file.unwrap_or(record.file), ..record })
    }

    fn load(&mut self) -> io::Result<bool> {
        let Some(segment) = self.segments.front_mut() else { return Ok(false) };
        let name = segment.name.clone();
        let wrong = |what: &str| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{name}, offset {}: {what}", segment.offset))
        };
        // Most blocks come with their sizes in one read.
        let wanted = segment.bytes.min(BLOCK as u64 / 2);
        let mut bytes =
            self.place.read(&segment.name, segment.offset, usize::try_from(wanted).unwrap_or(BLOCK))?;
        let size = |at: usize| {
            let bytes = bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
            bytes.map(|bytes| u32::from_le_bytes(bytes) as usize)
        };
        let (Some(raw), Some(packed)) = (size(0), size(4)) else { return Err(wrong("a block breaks off")) };
        let whole = 8 + packed as u64;
        if raw > LIMIT || whole > segment.bytes {
            return Err(wrong("sizes that a block does not have"));
        }
        if (bytes.len() as u64) < whole {
            let more = usize::try_from(whole - bytes.len() as u64).unwrap_or(usize::MAX);
            bytes.extend(self.place.read(&segment.name, segment.offset + bytes.len() as u64, more)?);
        }
        let Some(frame) = bytes.get(8..8 + packed) else { return Err(wrong("a block breaks off")) };
        self.block.clear();
        let decoder = zstd::stream::read::Decoder::with_buffer(frame)?;
        let read = decoder.take(raw as u64 + 1).read_to_end(&mut self.block);
        if read.is_err() || self.block.len() != raw {
            return Err(wrong("a block is damaged"));
        }
        self.next = 0;
        self.file = segment.file;
        segment.offset += whole;
        segment.bytes -= whole;
        if segment.bytes == 0 {
            self.segments.pop_front();
        }
        Ok(true)
    }
}

fn parse(block: &[u8], at: usize) -> Option<Record<'_>> {
    let (head, rest) = block.get(at..)?.split_at_checked(HEAD)?;
    let long =
        |at: usize| head.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
    let short =
        |at: usize| head.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    let (text, rest) = rest.split_at_checked(short(32)? as usize)?;
    let json = rest.get(..short(36)? as usize)?;
    Some(Record {
        key: long(0)?,
        time: long(8)?,
        number: long(16)?,
        file: short(24)?,
        rule: short(28)?,
        text,
        json,
    })
}

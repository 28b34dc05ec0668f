//! The directory of a chunk of columns: which kinds and columns there are, how large their streams are, and in which frames (FORMAT.md
//! section 12). Nothing is believed: the sizes are compared with each other and with the size of the rows before anybody uses them.

use std::ops::Range;

use super::encoding::Encoding;
use super::lanes;
use super::shape::Kind;
use super::{KINDS, SMALLEST};

/// Streams of at least this many bytes have a frame of their own.
pub(super) const OWN: usize = 8 << 10;

/// Most bytes of streams that share a frame.
pub(super) const SHARED: usize = 64 << 10;

/// Bit of a column's tag: its lengths differ.
const VARYING: u8 = 1 << 6;

/// What a directory says.
#[derive(Debug, Default)]
pub(super) struct Directory {
    /// Bytes of the rows.
    pub(super) raw: u64,
    /// Items, raw blocks included.
    pub(super) items: u64,
    /// The kinds; the first are the raw blocks.
    pub(super) kinds: Vec<Kind>,
    /// The columns of the kinds, in order; before them that of the raw blocks.
    pub(super) columns: Vec<Column>,
    /// Sizes of the streams: those of the lanes, then those of the columns.
    pub(super) streams: Vec<u64>,
    /// Sizes that decide which streams share a frame: [`OWN`] and [`SHARED`] where this program wrote it.
    pub(super) limits: (u64, u64),
    /// Compressed sizes of the frames.
    pub(super) frames: Vec<u64>,
    /// Bytes after the frames.
    pub(super) note: u64,
}

/// How a column is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) encoding: Encoding,
    /// Bytes of its numbers, 1, 2, 4 or 8.
    pub(super) width: u8,
    /// Length of all of its values; `None` if they differ.
    pub(super) length: Option<u32>,
    /// Values that differ, where each is stored once.
    pub(super) words: u32,
    /// The first of its streams.
    pub(super) stream: u32,
}

impl Column {
    /// How many streams it has: places, lengths and values, as needed.
    pub(super) fn streams(&self) -> usize {
        1 + usize::from(self.length.is_none()) + usize::from(self.encoding == Encoding::Words)
    }
}

/// Where a stream is: its frame, and its bytes in that.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    pub(super) frame: u32,
    pub(super) bytes: Range<usize>,
}

/// Which frame each of the streams is in, and the sizes of the frames. Streams of `own` bytes and more have one of their own; the
/// others share one as long as it does not have more than `shared` bytes. Empty ones are nowhere.
pub(super) fn arrange(streams: &[u64], (own, shared): (u64, u64)) -> (Vec<Place>, Vec<u64>) {
    let (mut places, mut frames) = (Vec::with_capacity(streams.len()), Vec::<u64>::new());
    let mut open: Option<usize> = None;
    for size in streams {
        if *size == 0 {
            places.push(Place::default());
            continue;
        }
        let is_own = *size >= own;
        let fits = |frame: &usize| !is_own && frames.get(*frame).is_some_and(|there| there + size <= shared);
        let frame = open.filter(fits).unwrap_or_else(|| {
            frames.push(0);
            frames.len() - 1
        });
        if !is_own {
            open = Some(frame);
        }
        let start = frames.get(frame).copied().unwrap_or(0);
        if let Some(there) = frames.get_mut(frame) {
            *there = start + size;
        }
        places.push(Place { frame: frame as u32, bytes: start as usize..(start + size) as usize });
    }
    (places, frames)
}

impl Directory {
    /// Its bytes.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        number(&mut out, self.raw);
        number(&mut out, self.items);
        number(&mut out, self.kinds.len().saturating_sub(1) as u64);
        for kind in self.kinds.iter().skip(1) {
            number(&mut out, kind.info.map_or(0, |info| u64::from(info.code)));
            out.push(kind.form());
            number(&mut out, u64::from(kind.nparams));
            number(&mut out, u64::from(kind.count));
        }
        for column in &self.columns {
            out.push(
                column.encoding.code()
                    | (column.width.trailing_zeros() as u8) << 4
                    | match column.length {
                        Some(_) => 0,
                        None => VARYING,
                    },
            );
            if let Some(length) = column.length {
                number(&mut out, u64::from(length));
            }
            if column.encoding == Encoding::Words {
                number(&mut out, u64::from(column.words));
            }
        }
        for size in &self.streams {
            number(&mut out, *size);
        }
        number(&mut out, self.limits.0);
        number(&mut out, self.limits.1);
        number(&mut out, self.frames.len() as u64);
        for size in &self.frames {
            number(&mut out, *size);
        }
        number(&mut out, self.note);
        out
    }

    /// Reads a directory of a chunk whose rows have at most `limit` bytes. The error says what is wrong.
    pub(super) fn decode(bytes: &[u8], limit: u64) -> Result<Directory, &'static str> {
        let mut rest = Rest(bytes);
        let raw = rest.number()?;
        if raw > limit {
            return Err("size of the rows");
        }
        let items = rest.number()?;
        if items > raw / SMALLEST {
            return Err("number of items");
        }
        let kinds = rest.kinds(items)?;
        let mut directory = Directory { raw, items, kinds, ..Directory::default() };
        directory.columns = rest.columns(&mut directory.kinds)?;
        directory.check_lengths(raw)?;
        let count = lanes::STREAMS + directory.columns.iter().map(Column::streams).sum::<usize>();
        directory.streams = (0..count).map(|_| rest.number()).collect::<Result<_, _>>()?;
        directory.check_streams(raw)?;
        directory.limits = (rest.number()?, rest.number()?);
        let frames = rest.number()?;
        if frames > count as u64 {
            return Err("number of frames");
        }
        directory.frames = (0..frames).map(|_| rest.number()).collect::<Result<_, _>>()?;
        directory.note = rest.number()?;
        if rest.0.is_empty() { Ok(directory) } else { Err("end") }
    }

    /// Items of each kind.
    pub(super) fn counts(&self) -> Vec<u32> {
        self.kinds.iter().map(|kind| kind.count).collect()
    }

    /// Bytes of the rows without the values whose lengths differ.
    pub(super) fn fixed(&self) -> u64 {
        let kinds = self.kinds.iter().skip(1).map(|kind| u64::from(kind.count) * kind.frame() as u64);
        let values = self.kinds.iter().map(|kind| {
            let first = kind.first as usize;
            let columns = self.columns.get(first..first + kind.columns()).unwrap_or_default();
            let lengths = columns.iter().filter_map(|column| column.length).map(u64::from);
            lengths.fold(0, u64::saturating_add).saturating_mul(u64::from(kind.count))
        });
        kinds.chain(values).fold(0, u64::saturating_add)
    }

    fn check_lengths(&self, raw: u64) -> Result<(), &'static str> {
        if self.fixed() > raw { Err("lengths of the values") } else { Ok(()) }
    }

    /// No stream is larger than the rows, and all of them are not more than several times as large.
    fn check_streams(&self, raw: u64) -> Result<(), &'static str> {
        let all = self.streams.iter().fold(0, |all: u64, size| all.saturating_add(*size));
        let limit = raw.saturating_mul(2).saturating_add(4096);
        if all > limit { Err("sizes of the streams") } else { Ok(()) }
    }
}

/// The part of a directory that was not read yet.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn byte(&mut self) -> Result<u8, &'static str> {
        let (first, rest) = self.0.split_first().ok_or("length")?;
        self.0 = rest;
        Ok(*first)
    }

    fn number(&mut self) -> Result<u64, &'static str> {
        let mut number = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err("numbers")
    }

    /// The kinds, whose items are not more than `items`; the others are raw blocks.
    fn kinds(&mut self, items: u64) -> Result<Vec<Kind>, &'static str> {
        let count = self.number()?;
        if count > KINDS as u64 {
            return Err("number of kinds");
        }
        let mut kinds = vec![Kind::RAW];
        let mut left = items;
        for _ in 0..count {
            let (code, form, nparams) = (self.number()?, u64::from(self.byte()?), self.number()?);
            let mut kind = Kind::of(code, form, nparams).ok_or("kinds")?;
            let of_kind = self.number()?;
            left = left.checked_sub(of_kind).ok_or("number of items")?;
            kind.count = u32::try_from(of_kind).map_err(|_| "number of items")?;
            kinds.push(kind);
        }
        if let Some(raw) = kinds.first_mut() {
            raw.count = u32::try_from(left).map_err(|_| "number of items")?;
        }
        Ok(kinds)
    }

    /// The columns of raw blocks and of the kinds, with the number at which theirs start.
    fn columns(&mut self, kinds: &mut [Kind]) -> Result<Vec<Column>, &'static str> {
        let mut columns: Vec<Column> = Vec::new();
        let mut stream = lanes::STREAMS;
        for kind in kinds {
            kind.first = columns.len() as u32;
            for _ in 0..kind.columns() {
                let column = self.column(stream)?;
                stream += column.streams();
                columns.push(column);
            }
        }
        Ok(columns)
    }

    fn column(&mut self, stream: usize) -> Result<Column, &'static str> {
        let tag = self.byte()?;
        let encoding = Encoding::of(tag & 0xf).filter(|_| tag & 0x80 == 0).ok_or("encodings")?;
        let width = 1 << (tag >> 4 & 3);
        let mut column = Column { encoding, width, length: None, words: 0, stream: stream as u32 };
        let size = |number: u64| u32::try_from(number).map_err(|_| "lengths of the values");
        if tag & VARYING == 0 {
            column.length = Some(size(self.number()?)?);
        }
        if encoding == Encoding::Words {
            column.words = size(self.number()?)?;
        }
        Ok(column)
    }
}

/// Appends a number in groups of 7 bits, the lowest first; the highest bit of a byte says that another follows.
fn number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

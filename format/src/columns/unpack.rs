//! From columns to values: the bytes of a chunk enter; lanes and columns leave, each unpacked when it is asked for. A damaged frame costs
//! the columns in it, a damaged lane the whole chunk.

use std::ops::Range;

use super::directory::{self, Directory, Place};
use super::encoding::{Encoding, Numbers};
use super::lanes::{self, Threads};
use super::shape::Kind;
use super::store::{Form, Store};
use crate::block::event::read_options;
use crate::extras::Extras;
use crate::trace::Damage;

/// A chunk of columns. Its memory is used again for the next one.
#[derive(Default)]
pub struct Columns {
    pub(super) directory: Directory,
    places: Vec<Place>,
    frames: Vec<Frame>,
    packed: Vec<u8>,
    /// Bytes that columns whose lengths differ may still have.
    left: u64,
    kinds: Vec<u8>,
    times: Vec<u64>,
    threads: Threads,
    has_times: bool,
    has_threads: bool,
    pub(super) store: Store,
    numbers: Numbers,
    zstd: Option<zstd::bulk::Decompressor<'static>>,
}

/// A frame of streams.
#[derive(Debug, Clone)]
struct Frame {
    packed: Range<usize>,
    size: usize,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    Packed,
    /// Where it is in the store's bytes.
    At(usize),
    Damaged(Damage),
}

impl Columns {
    /// The memory for the compressed frames; then [`open`](Columns::open).
    pub(crate) fn packed(&mut self) -> &mut Vec<u8> {
        &mut self.packed
    }

    /// Takes a chunk whose frames, or as many of them as there are, are in [`packed`](Columns::packed) from `start` on, and unpacks the
    /// kinds of its items. Its rows have at most `limit` bytes.
    pub(crate) fn open(&mut self, directory: &[u8], start: usize, limit: u64) -> Result<(), Damage> {
        let wrong = |what| Damage::Directory(what);
        self.directory = Directory::decode(directory, limit).map_err(wrong)?;
        let (places, sizes) = directory::arrange(&self.directory.streams, self.directory.limits);
        if sizes.len() != self.directory.frames.len() {
            return Err(wrong("number of frames"));
        }
        self.places = places;
        self.frames.clear();
        let mut at = start;
        for (packed, size) in self.directory.frames.iter().zip(sizes) {
            let end = usize::try_from(*packed).ok().and_then(|packed| at.checked_add(packed));
            let end = end.ok_or(wrong("sizes of the frames"))?;
            // The sum of the sizes was compared with that of the rows.
            self.frames.push(Frame { packed: at..end, size: size as usize, content: Content::Packed });
            at = end;
        }
        self.left = self.directory.raw.saturating_sub(self.directory.fixed());
        self.store.reset(self.directory.columns.len());
        (self.has_times, self.has_threads) = (false, false);
        self.read_kinds()
    }

    /// Bytes of the rows.
    pub(crate) fn raw_size(&self) -> u64 {
        self.directory.raw
    }

    /// Bytes of the frames, and of what follows them.
    pub(crate) fn sizes(&self) -> (u64, u64) {
        (self.directory.frames.iter().sum(), self.directory.note)
    }

    fn read_kinds(&mut self) -> Result<(), Damage> {
        let range = self.stream(0)?;
        let mut kinds = std::mem::take(&mut self.kinds);
        kinds.clear();
        kinds.extend_from_slice(self.store.bytes.get(range).unwrap_or_default());
        let mut counts = [0u32; 256];
        kinds.iter().for_each(|kind| counts[usize::from(*kind)] += 1);
        self.kinds = kinds;
        let claimed = self.directory.kinds.iter().map(|kind| kind.count);
        let is_right =
            claimed.chain(std::iter::repeat(0)).zip(counts).all(|(claimed, found)| claimed == found);
        if is_right { Ok(()) } else { Err(Damage::Directory("number of items")) }
    }

    /// The kinds of its items; the first are raw blocks.
    pub fn kinds(&self) -> &[Kind] {
        &self.directory.kinds
    }

    /// The kind of each item.
    pub fn items(&self) -> &[u8] {
        &self.kinds
    }

    /// Unpacks the times.
    ///
    /// # Errors
    /// They are damaged.
    pub fn unpack_times(&mut self) -> Result<(), Damage> {
        if self.has_times {
            return Ok(());
        }
        let ranges = [self.stream(1)?, self.stream(2)?, self.stream(3)?, self.stream(4)?];
        let streams = ranges.map(|range| self.store.bytes.get(range).unwrap_or_default());
        self.has_times = lanes::times(&self.kinds, &self.directory.counts(), streams, &mut self.times);
        if self.has_times { Ok(()) } else { Err(Damage::Directory("times")) }
    }

    /// The time of each item, in nanoseconds since the epoch; 0 for raw blocks. Empty unless they are unpacked.
    pub fn times(&self) -> &[u64] {
        if self.has_times { &self.times } else { &[] }
    }

    /// Unpacks threads and CPUs.
    ///
    /// # Errors
    /// They are damaged.
    pub fn unpack_threads(&mut self) -> Result<(), Damage> {
        if self.has_threads {
            return Ok(());
        }
        let ranges = [self.stream(5)?, self.stream(6)?, self.stream(7)?, self.stream(8)?];
        let streams = ranges.map(|range| self.store.bytes.get(range).unwrap_or_default());
        self.has_threads = self.threads.read(&self.kinds, streams);
        if self.has_threads { Ok(()) } else { Err(Damage::Directory("threads")) }
    }

    /// The threads of the events; one may be there more than once.
    pub fn thread_ids(&self) -> &[i64] {
        &self.threads.ids
    }

    /// Of each item, the place of its thread among the [`thread_ids`](Columns::thread_ids). Empty unless they are unpacked.
    pub fn thread_of(&self) -> &[u32] {
        if self.has_threads { &self.threads.of } else { &[] }
    }

    /// The CPU of each item. Empty unless threads are unpacked.
    pub fn cpus(&self) -> &[u16] {
        if self.has_threads { &self.threads.cpus } else { &[] }
    }

    /// Unpacks the values of a parameter of a kind. What is unpacked already, or does not exist, costs nothing.
    ///
    /// # Errors
    /// They are damaged.
    pub fn unpack(&mut self, kind: usize, param: usize) -> Result<(), Damage> {
        let Some(kind) = self.directory.kinds.get(kind) else { return Ok(()) };
        if param >= kind.columns() {
            return Ok(());
        }
        self.unpack_column(kind.first as usize + param, kind.count)
    }

    /// Unpacks what follows the events of a kind, if something does.
    ///
    /// # Errors
    /// It is damaged.
    pub fn unpack_tail(&mut self, kind: usize) -> Result<(), Damage> {
        match self.directory.kinds.get(kind) {
            Some(found) if found.has_tail() => self.unpack(kind, usize::from(found.nparams)),
            _ => Ok(()),
        }
    }

    /// The unpacked values: parameter `i` of a kind stands in column `kind.first + i`.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What follows the event in row `row` of a kind in its block, as options in the form of pcapng.
    pub fn tail(&self, kind: &Kind, row: usize) -> Option<&[u8]> {
        if !kind.has_tail() {
            return None;
        }
        self.store.get(kind.first as usize + usize::from(kind.nparams), row)
    }

    /// The number of the event in row `row` of a kind, if an option gives it one, and what the kernel says beside its parameters
    /// (FORMAT.md section 8). Nothing, unless [`unpack_tail`](Columns::unpack_tail) was called.
    pub fn options(&self, kind: &Kind, row: usize) -> (Option<u64>, Extras<'_>) {
        let options = self.tail(kind, row).map(read_options).unwrap_or_default();
        (options.number, Extras::new(options.extras))
    }

    /// Unpacks a column of `count` values.
    pub(super) fn unpack_column(&mut self, index: usize, count: u32) -> Result<(), Damage> {
        match self.store.columns.get(index) {
            Some(Form::Absent) => {}
            Some(Form::Damaged) => return Err(Damage::Directory("values")),
            _ => return Ok(()),
        }
        let read = self.read_column(index, count as usize);
        let (form, result) = match read {
            Ok(form) => (form, Ok(())),
            Err(damage) => (Form::Damaged, Err(damage)),
        };
        if let Some(slot) = self.store.columns.get_mut(index) {
            *slot = form;
        }
        result
    }

    fn read_column(&mut self, index: usize, count: usize) -> Result<Form, Damage> {
        let wrong = || Damage::Directory("values");
        let column = *self.directory.columns.get(index).ok_or_else(wrong)?;
        let mut stream = column.stream as usize;
        let mut next = || {
            stream += 1;
            stream - 1
        };
        let mut stored = count;
        let mut places = 0;
        if column.encoding == Encoding::Words {
            if column.words as usize > count {
                return Err(wrong());
            }
            let range = self.stream(next())?;
            places = self.read_places(range, count, column.words)?;
            stored = column.words as usize;
        }
        let lengths = match column.length {
            Some(length) => Lengths::Same(length as usize),
            None => {
                let range = self.stream(next())?;
                self.read_lengths(range, stored)?
            }
        };
        let size = match lengths {
            Lengths::Same(length) => length.checked_mul(stored).ok_or_else(wrong)?,
            Lengths::Ends { total, .. } => total,
        };
        if column.encoding == Encoding::Words || column.length.is_none() {
            self.spend(&lengths, places, count, column.encoding == Encoding::Words)?;
        }
        let range = self.stream(next())?;
        let start = match column.encoding {
            Encoding::Plain | Encoding::Words => {
                if range.len() != size {
                    return Err(wrong());
                }
                range.start
            }
            Encoding::Planes | Encoding::Signed | Encoding::Delta => {
                self.read_numbers(column, range, size)?
            }
        };
        Ok(match (column.encoding, lengths) {
            (Encoding::Words, Lengths::Same(length)) => {
                let ends = self.store.numbers.len();
                let ends_of = (0..=stored).map(|word| (word * length) as u32);
                self.store.numbers.extend(ends_of);
                Form::Words { start, ends, places, count }
            }
            (Encoding::Words, Lengths::Ends { at, .. }) => Form::Words { start, ends: at, places, count },
            (_, Lengths::Same(width)) => Form::Fixed { start, width, count },
            (_, Lengths::Ends { at, .. }) => Form::Varying { start, ends: at, count },
        })
    }

    /// Reads places of words; returns where they stand among the store's numbers.
    fn read_places(&mut self, range: Range<usize>, count: usize, words: u32) -> Result<usize, Damage> {
        let wrong = || Damage::Directory("values");
        let bytes = self.store.bytes.get(range).unwrap_or_default();
        if !self.numbers.read(bytes, count, 4) {
            return Err(wrong());
        }
        let numbers = self.numbers.numbers();
        if numbers.iter().any(|place| *place >= u64::from(words)) {
            return Err(wrong());
        }
        let at = self.store.numbers.len();
        self.store.numbers.extend(numbers.iter().map(|place| *place as u32));
        Ok(at)
    }

    /// Reads lengths; their ends stand among the store's numbers.
    fn read_lengths(&mut self, range: Range<usize>, count: usize) -> Result<Lengths, Damage> {
        let wrong = || Damage::Directory("lengths of values");
        let bytes = self.store.bytes.get(range).unwrap_or_default();
        if !self.numbers.read(bytes, count, 4) {
            return Err(wrong());
        }
        let at = self.store.numbers.len();
        let mut total = 0u64;
        self.store.numbers.push(0);
        for length in self.numbers.numbers() {
            total += length;
            if total > self.directory.raw {
                return Err(wrong());
            }
            self.store.numbers.push(total as u32);
        }
        Ok(Lengths::Ends { at, total: total as usize })
    }

    /// Reads numbers that take `size` bytes; returns where they stand in the store.
    fn read_numbers(
        &mut self,
        column: directory::Column,
        range: Range<usize>,
        size: usize,
    ) -> Result<usize, Damage> {
        let wrong = || Damage::Directory("values");
        let width = usize::from(column.width);
        if !size.is_multiple_of(width) {
            return Err(wrong());
        }
        let bytes = self.store.bytes.get(range).unwrap_or_default();
        if !self.numbers.read(bytes, size / width, width) {
            return Err(wrong());
        }
        self.numbers.decode(column.encoding);
        let start = self.store.bytes.len();
        self.numbers.write(width, &mut self.store.bytes);
        Ok(start)
    }

    /// Counts the bytes that the rows of a column have: all columns together cannot have more than the rows of the chunk.
    fn spend(
        &mut self,
        lengths: &Lengths,
        places: usize,
        count: usize,
        is_words: bool,
    ) -> Result<(), Damage> {
        let size = match (lengths, is_words) {
            // The directory has counted them.
            (Lengths::Same(_), _) => 0,
            (Lengths::Ends { total, .. }, false) => *total as u64,
            (Lengths::Ends { at, .. }, true) => {
                let numbers = &self.store.numbers;
                let length = |place: &u32| match numbers.get(at + *place as usize..at + *place as usize + 2) {
                    Some([from, to]) => u64::from(to - from),
                    _ => 0,
                };
                numbers.get(places..places + count).unwrap_or_default().iter().map(length).sum()
            }
        };
        self.left = self.left.checked_sub(size).ok_or(Damage::Directory("lengths of values"))?;
        Ok(())
    }

    /// The bytes of a stream, in the store. Unpacks its frame.
    fn stream(&mut self, index: usize) -> Result<Range<usize>, Damage> {
        let Some(place) = self.places.get(index) else { return Err(Damage::Directory("streams")) };
        if place.bytes.is_empty() {
            return Ok(0..0);
        }
        let place = place.clone();
        let start = self.frame(place.frame as usize)?;
        Ok(start + place.bytes.start..start + place.bytes.end)
    }

    /// Where the content of a frame is in the store.
    fn frame(&mut self, index: usize) -> Result<usize, Damage> {
        let Some(frame) = self.frames.get_mut(index) else { return Err(Damage::Directory("frames")) };
        match &frame.content {
            Content::At(start) => return Ok(*start),
            Content::Damaged(damage) => return Err(damage.clone()),
            Content::Packed => {}
        }
        let start = self.store.bytes.len();
        let packed = self.packed.get(frame.packed.clone());
        let done = match packed {
            Some(packed) => decompress(&mut self.zstd, packed, frame.size, &mut self.store.bytes),
            None => Err(Damage::Short("chunk")),
        };
        frame.content = match &done {
            Ok(()) => Content::At(start),
            Err(damage) => {
                self.store.bytes.truncate(start);
                Content::Damaged(damage.clone())
            }
        };
        done.map(|()| start)
    }
}

/// Lengths of the stored values of a column.
enum Lengths {
    Same(usize),
    /// Their ends stand among the store's numbers, after a 0.
    Ends {
        at: usize,
        total: usize,
    },
}

/// Appends the content of a frame, which has `size` bytes.
fn decompress(
    zstd: &mut Option<zstd::bulk::Decompressor<'static>>,
    packed: &[u8],
    size: usize,
    out: &mut Vec<u8>,
) -> Result<(), Damage> {
    let failed = |error: std::io::Error| Damage::Compression(error.to_string());
    let found = zstd::zstd_safe::get_frame_content_size(packed).ok().flatten();
    if found != Some(size as u64) || zstd::zstd_safe::find_frame_compressed_size(packed) != Ok(packed.len()) {
        return Err(Damage::Compression("not exactly one frame of the expected size".to_owned()));
    }
    let zstd = match zstd {
        Some(zstd) => zstd,
        none => none.insert(zstd::bulk::Decompressor::new().map_err(failed)?),
    };
    // The memory need not be zero before.
    let start = out.len();
    out.reserve(size);
    let mut end = std::io::Cursor::new(std::mem::take(out));
    end.set_position(start as u64);
    let done = zstd.decompress_to_buffer(packed, &mut end);
    *out = end.into_inner();
    if done.map_err(failed)? == size && out.len() == start + size {
        Ok(())
    } else {
        Err(Damage::Compression("the frame is too short".to_owned()))
    }
}

impl std::fmt::Debug for Columns {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Columns").field("items", &self.kinds.len()).finish_non_exhaustive()
    }
}

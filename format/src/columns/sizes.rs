//! How much space lanes and columns take: a directory enters, sizes leave. No frame is unpacked.

use super::directory::{self, Directory, Place};
use super::shape::Kind;
use crate::catalogue::{ParamType, Width};

/// What a column is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColumnGroup {
    /// Types of all events.
    Types,
    /// Times of all events.
    Times,
    /// Threads and CPUs of all events.
    Threads,
    /// Parameters that are numbers.
    Numbers,
    /// Parameters that are texts: names, paths, arguments.
    Texts,
    /// Parameters that are addresses.
    Addresses,
    /// Contents of buffers.
    Buffers,
    /// What follows events in their blocks.
    Options,
    /// Blocks that are no events, or fit no type.
    Blocks,
    /// The directory itself.
    Directory,
}

impl ColumnGroup {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            ColumnGroup::Types => "types",
            ColumnGroup::Times => "times",
            ColumnGroup::Threads => "threads and CPUs",
            ColumnGroup::Numbers => "numbers",
            ColumnGroup::Texts => "texts",
            ColumnGroup::Addresses => "addresses",
            ColumnGroup::Buffers => "buffers",
            ColumnGroup::Options => "options",
            ColumnGroup::Blocks => "other blocks",
            ColumnGroup::Directory => "directories",
        }
    }

    fn of(ty: ParamType) -> ColumnGroup {
        match ty {
            ParamType::ByteBuf => ColumnGroup::Buffers,
            ParamType::SockAddr | ParamType::SockTuple => ColumnGroup::Addresses,
            _ if ty.width() == Width::Variable => ColumnGroup::Texts,
            _ => ColumnGroup::Numbers,
        }
    }
}

/// How much space a column takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnSize {
    /// What it is about.
    pub group: ColumnGroup,
    /// Code and name of the event type; `None` for what all events have.
    pub event: Option<(u16, &'static str)>,
    /// Name of the parameter or lane.
    pub name: &'static str,
    /// Number of values.
    pub count: u64,
    /// Bytes before zstd.
    pub unpacked: u64,
    /// Bytes in the file; frames that columns share are divided by what each has in them.
    pub packed: u64,
}

/// The sizes of the columns that a directory describes; `None` if it contradicts itself. Its rows have at most `limit` bytes.
pub(crate) fn column_sizes(directory: &[u8], limit: u64) -> Option<Vec<ColumnSize>> {
    let size = directory.len() as u64;
    let directory = Directory::decode(directory, limit).ok()?;
    let (places, frames) = directory::arrange(&directory.streams, directory.limits);
    if frames.len() != directory.frames.len() {
        return None;
    }
    let sizes = Sizes { directory: &directory, places, frames };
    let mut found = vec![sizes.lane("type", ColumnGroup::Types, 0, 1)];
    found.push(sizes.lane("time", ColumnGroup::Times, 1, 4));
    found.push(sizes.lane("thread", ColumnGroup::Threads, 5, 2));
    found.push(sizes.lane("cpu", ColumnGroup::Threads, 7, 2));
    for kind in &directory.kinds {
        found.extend((0..kind.columns()).filter_map(|index| sizes.column(kind, index)));
    }
    let (event, name, group) = (None, "directory", ColumnGroup::Directory);
    found.push(ColumnSize { group, event, name, count: 1, unpacked: size, packed: 0 });
    Some(found)
}

struct Sizes<'d> {
    directory: &'d Directory,
    places: Vec<Place>,
    /// Sizes of the frames before zstd.
    frames: Vec<u64>,
}

impl Sizes<'_> {
    /// Bytes of some streams, before zstd and in the file.
    fn streams(&self, first: usize, count: usize) -> (u64, u64) {
        let (mut unpacked, mut packed) = (0u64, 0u64);
        for place in self.places.get(first..first + count).unwrap_or_default() {
            let (size, frame) = (place.bytes.len() as u64, place.frame as usize);
            let whole = self.frames.get(frame).copied().unwrap_or(0).max(1);
            let in_file = self.directory.frames.get(frame).copied().filter(|_| size > 0).unwrap_or(0);
            unpacked = unpacked.saturating_add(size);
            packed = packed.saturating_add(size.saturating_mul(in_file) / whole);
        }
        (unpacked, packed)
    }

    fn lane(&self, name: &'static str, group: ColumnGroup, first: usize, count: usize) -> ColumnSize {
        let (unpacked, packed) = self.streams(first, count);
        ColumnSize { group, event: None, name, count: self.directory.items, unpacked, packed }
    }

    fn column(&self, kind: &Kind, index: usize) -> Option<ColumnSize> {
        let column = self.directory.columns.get(kind.first as usize + index)?;
        let (unpacked, packed) = self.streams(column.stream as usize, column.streams());
        let (group, name) = match kind.info {
            None => (ColumnGroup::Blocks, "other blocks"),
            Some(_) if index >= usize::from(kind.nparams) => (ColumnGroup::Options, "options"),
            Some(info) => match info.params.get(index) {
                Some(param) => (ColumnGroup::of(param.ty), param.name),
                None => (ColumnGroup::Numbers, ""),
            },
        };
        let event = kind.info.map(|info| (info.code, info.name));
        Some(ColumnSize { group, event, name, count: u64::from(kind.count), unpacked, packed })
    }
}

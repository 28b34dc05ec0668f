//! What threads share in a keyframe: texts, fds, parts of fd tables, and fd tables. Each is written once, in the order in which
//! it is first needed, and told by its place from then on. The places follow from what is said, not from what happens to be
//! shared in memory, so that equal states have equal bytes.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use foldhash::quality::RandomState;
use rustc_hash::FxHashMap;
use serde::de::{DeserializeSeed, Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use tercel_format::trace::KEYFRAME_LIMIT;

use super::cost::MEMORY_LIMIT;
use super::list::{Allowance, List};
use super::record::{ImageTexts, Lineage};
use super::{KeyframeError, Result};
use crate::state::fdtree::{FdTree, LEAF};
use crate::state::lineage::{MAX_NAMED, same};
use crate::state::needs::Topics;
use crate::state::table::MAX_THREADS;
use crate::state::{Ancestor, Fd, FdTable, Image, Origin, Slot, Text, Threads, bytes};

/// Most distinct fds that a keyframe tells: with more it would be left out, too, for their names alone.
const MAX_FDS: usize = 1 << 20;

/// Most distinct texts, and most parts of tables.
const MAX_TEXTS: usize = 8 * MAX_THREADS;
const MAX_PARTS: usize = 1 << 20;

const TEXTS: KeyframeError = KeyframeError::Contradiction("texts");
const FDS: KeyframeError = KeyframeError::Contradiction("fds");
const TABLES: KeyframeError = KeyframeError::Contradiction("tables of fds");

/// What is written once.
#[derive(Debug, Default, Serialize)]
pub(super) struct Shared {
    pub(super) texts: List<SharedText, MAX_TEXTS>,
    pub(super) fds: List<Arc<Fd>, MAX_FDS>,
    pub(super) parts: List<Part, MAX_PARTS>,
    pub(super) tables: List<Table, MAX_THREADS>,
    pub(super) origins: List<OriginRecord, MAX_NAMED>,
    pub(super) ancestors: List<AncestorRecord, MAX_NAMED>,
}

impl Allowance {
    /// How what is shared is read.
    pub(super) fn shared(&self) -> SharedSeed<'_> {
        SharedSeed(self)
    }
}

/// Reads what is shared within an allowance.
pub(super) struct SharedSeed<'a>(&'a Allowance);

impl<'de> DeserializeSeed<'de> for SharedSeed<'_> {
    type Value = Shared;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Shared, D::Error> {
        deserializer.deserialize_tuple(6, self)
    }
}

impl<'de> Visitor<'de> for SharedSeed<'_> {
    type Value = Shared;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("what threads share")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut members: A) -> std::result::Result<Shared, A::Error> {
        let too_short = || A::Error::invalid_length(0, &self);
        Ok(Shared {
            texts: members.next_element_seed(self.0.list())?.ok_or_else(too_short)?,
            fds: members.next_element_seed(self.0.list())?.ok_or_else(too_short)?,
            parts: members.next_element_seed(self.0.list())?.ok_or_else(too_short)?,
            tables: members.next_element_seed(self.0.list())?.ok_or_else(too_short)?,
            origins: members.next_element_seed(self.0.list())?.ok_or_else(too_short)?,
            ancestors: members.next_element_seed(self.0.list())?.ok_or_else(too_short)?,
        })
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SharedText(#[serde(with = "bytes")] pub(super) Text);

/// Fds by ascending numbers: how far each number is from the one before, and the fd's place from the place behind the one before.
/// Numbers and places mostly ascend by one, so that most of this is zeros.
type Told<const MAX: usize> = List<(i64, i64), MAX>;

/// Most fds of a table that are found by index.
pub(super) const MAX_SMALL: usize = 64;

/// A part of the fds that are not found by index.
#[derive(Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Part {
    Leaf(Told<LEAF>),
    /// Places of two earlier parts.
    Branch(u32, u32),
}

/// A table: the fds that are found by index, and the place of the part with all others.
#[derive(Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Table {
    pub(super) small: Told<MAX_SMALL>,
    others: Option<u32>,
}

/// A session of origin: its id, its terminal, a process and the place of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct OriginRecord {
    pub(super) sid: i64,
    pub(super) tty: u32,
    pub(super) pid: i64,
    pub(super) name: u32,
}

/// A process that started others and is not any more what it was then. Those it comes from stand before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct AncestorRecord {
    pub(super) pid: i64,
    pub(super) started: u64,
    pub(super) image: ImageTexts,
    pub(super) parent: Lineage,
    pub(super) is_cut: bool,
}

/// Gives places to what is written.
#[derive(Default)]
pub(super) struct Sharing {
    /// What is written at all.
    pub(super) topics: Topics,
    texts: Places<Text>,
    fds: Places<Arc<Fd>>,
    parts: Places<Part>,
    tables: Places<Table>,
    origins: Places<OriginRecord>,
    ancestors: Places<AncestorRecord>,
    /// The same by their addresses, which spares looking at what is found again.
    seen_texts: FxHashMap<usize, u32>,
    seen_fds: FxHashMap<usize, u32>,
    seen_parts: FxHashMap<usize, u32>,
    seen_tables: FxHashMap<usize, u32>,
    seen_ancestors: FxHashMap<usize, Lineage>,
    /// Bytes that the keyframe takes at least, and those of memory once it is read.
    bytes: usize,
    memory: usize,
}

/// The places of values that are different from each other.
struct Places<T>(HashMap<T, u32, RandomState>);

impl<T> Default for Places<T> {
    fn default() -> Places<T> {
        Places(HashMap::default())
    }
}

impl<T: Hash + Eq> Places<T> {
    /// The place of a value, and whether it is a new one.
    fn of(&mut self, value: T) -> (u32, bool) {
        let next = self.0.len() as u32;
        let place = *self.0.entry(value).or_insert(next);
        (place, place == next)
    }

    fn into_list(self) -> Vec<T> {
        let mut all: Vec<(u32, T)> = self.0.into_iter().map(|(value, place)| (place, value)).collect();
        all.sort_unstable_by_key(|(place, _)| *place);
        all.into_iter().map(|(_, value)| value).collect()
    }
}

impl Sharing {
    /// Nothing has a place yet; what is not of `topics` will be written as if nothing were known of it.
    pub(super) fn of(topics: Topics) -> Sharing {
        Sharing { topics, ..Sharing::default() }
    }

    /// The place of a text.
    pub(super) fn text(&mut self, text: &Text) -> u32 {
        let address = Arc::as_ptr(text).addr();
        if let Some(place) = self.seen_texts.get(&address) {
            return *place;
        }
        let (place, is_new) = self.texts.of(text.clone());
        self.take(if is_new { text.len() } else { 0 });
        self.seen_texts.insert(address, place);
        place
    }

    /// The place of an fd.
    pub(super) fn fd(&mut self, fd: &Arc<Fd>) -> u32 {
        let address = Arc::as_ptr(fd).addr();
        if let Some(place) = self.seen_fds.get(&address) {
            return *place;
        }
        let mut told = fd.clone();
        if fd.flags.connected && !self.topics.connection {
            Arc::make_mut(&mut told).flags.connected = false;
        }
        let (place, is_new) = self.fds.of(told);
        self.take(if is_new { fd.name.len() + fd.raw_name.len() } else { 0 });
        self.seen_fds.insert(address, place);
        place
    }

    /// The place of a table.
    pub(super) fn table(&mut self, table: &Arc<FdTable>) -> u32 {
        let address = Arc::as_ptr(table).addr();
        if let Some(place) = self.seen_tables.get(&address) {
            return *place;
        }
        let (small, others) = table.parts();
        let small = told(small.map(|(number, fd)| (number, self.fd(fd))));
        let others = others.map(|others| self.part(others));
        let (place, _) = self.tables.of(Table { small, others });
        self.seen_tables.insert(address, place);
        place
    }

    /// The texts of an image.
    pub(super) fn image(&mut self, image: &Image) -> ImageTexts {
        ImageTexts {
            id: image.id,
            comm: self.text(&image.comm),
            exe: self.text(&image.exe),
            exepath: self.text(&image.exepath),
            real: self.text(&image.real),
            args: self.text(&image.args),
        }
    }

    /// The place of a session of origin.
    pub(super) fn origin(&mut self, origin: &Origin) -> u32 {
        let name = self.text(&origin.name);
        let record = OriginRecord { sid: origin.sid, tty: origin.tty, pid: origin.pid, name };
        let (place, is_new) = self.origins.of(record);
        self.take(if is_new { 4 } else { 0 });
        place
    }

    /// How a process that started others is named. Chains are short.
    pub(super) fn lineage(&mut self, threads: &Threads, lineage: Option<&Arc<Ancestor>>) -> Lineage {
        let Some(ancestor) = lineage else { return Lineage::None };
        let address = Arc::as_ptr(ancestor).addr();
        if let Some(known) = self.seen_ancestors.get(&address) {
            return *known;
        }
        let alive = threads.by_tid(ancestor.pid).filter(|slot| is_still(threads, *slot, ancestor));
        let named = match alive {
            Some(slot) => Lineage::Slot(slot.0),
            None => {
                let parent = self.lineage(threads, ancestor.parent.as_ref());
                let (pid, started, is_cut) = (ancestor.pid, ancestor.started, ancestor.is_cut);
                let image = self.image(&ancestor.image);
                let (place, is_new) =
                    self.ancestors.of(AncestorRecord { pid, started, image, parent, is_cut });
                self.take(if is_new { 10 } else { 0 });
                Lineage::Place(place)
            }
        };
        self.seen_ancestors.insert(address, named);
        named
    }

    fn part(&mut self, part: &Arc<FdTree>) -> u32 {
        let address = Arc::as_ptr(part).addr();
        if let Some(place) = self.seen_parts.get(&address) {
            return *place;
        }
        let record = match &**part {
            FdTree::Leaf(entries) => {
                Part::Leaf(told(entries.iter().map(|(number, fd)| (*number, self.fd(fd)))))
            }
            FdTree::Branch(branch) => {
                let lower = self.part(&branch.lower);
                Part::Branch(lower, self.part(&branch.upper))
            }
        };
        let (place, is_new) = self.parts.of(record);
        self.take(if is_new { 2 * LEAF } else { 0 });
        self.seen_parts.insert(address, place);
        place
    }

    /// The keyframe takes so many bytes more.
    pub(super) fn take(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// A reader of the keyframe takes so many bytes of memory more.
    pub(super) fn charge(&mut self, bytes: usize) {
        self.memory = self.memory.saturating_add(bytes);
    }

    /// Whether the keyframe is too large already. Like its bytes, this follows from what it says alone.
    pub(super) fn is_full(&self) -> bool {
        self.bytes > KEYFRAME_LIMIT || self.memory > MEMORY_LIMIT
    }

    /// All that was given a place.
    pub(super) fn finish(self) -> Shared {
        Shared {
            texts: List(self.texts.into_list().into_iter().map(SharedText).collect()),
            fds: List(self.fds.into_list()),
            parts: List(self.parts.into_list()),
            tables: List(self.tables.into_list()),
            origins: List(self.origins.into_list()),
            ancestors: List(self.ancestors.into_list()),
        }
    }
}

/// What stands at the places.
pub(super) struct Found {
    texts: Vec<SharedText>,
    fds: Vec<Arc<Fd>>,
    tables: Vec<Arc<FdTable>>,
    pub(super) origins: Vec<OriginRecord>,
    pub(super) ancestors: Vec<AncestorRecord>,
}

/// Whether a thread is what it was when it started others.
fn is_still(threads: &Threads, slot: Slot, ancestor: &Ancestor) -> bool {
    let thread = threads.get(slot);
    !ancestor.is_cut
        && (thread.tid, thread.pid, thread.clone_ts) == (ancestor.pid, ancestor.pid, ancestor.started)
        && (Arc::ptr_eq(&thread.image, &ancestor.image) || thread.image == ancestor.image)
        && same(thread.lineage(), ancestor.parent.as_ref())
}

impl Shared {
    /// Puts the tables together; parts point at earlier ones only, and are refused unless a table can have them.
    pub(super) fn find(self) -> Result<Found> {
        let Shared { texts, fds, parts, tables, origins, ancestors } = self;
        let mut trees: Vec<Arc<FdTree>> = Vec::with_capacity(parts.0.len());
        for part in parts.0 {
            let tree = match part {
                Part::Leaf(entries) => leaf(&fds.0, &entries),
                Part::Branch(lower, upper) => {
                    let place = |place: u32| trees.get(place as usize).cloned();
                    place(lower).zip(place(upper)).and_then(|(lower, upper)| FdTree::joined(lower, upper))
                }
            };
            trees.push(tree.ok_or(TABLES)?);
        }
        let tables = tables.0.into_iter().map(|table| {
            let others = match table.others {
                Some(place) => Some(trees.get(place as usize).ok_or(TABLES)?.clone()),
                None => None,
            };
            let small = entries(&fds.0, &table.small).ok_or(TABLES)?;
            FdTable::of_parts(small, others).map(Arc::new).ok_or(TABLES)
        });
        let tables = tables.collect::<Result<_>>()?;
        Ok(Found { texts: texts.0, fds: fds.0, tables, origins: origins.0, ancestors: ancestors.0 })
    }
}

/// Tells entries by what is between them.
fn told<const MAX: usize>(entries: impl Iterator<Item = (i64, u32)>) -> Told<MAX> {
    let mut before = (0i64, 0i64);
    let distance = |(number, place): (i64, u32)| {
        let place = i64::from(place);
        let told = (number.wrapping_sub(before.0), place - before.1);
        before = (number, place + 1);
        told
    };
    List(entries.map(distance).collect())
}

/// A leaf of these fds.
fn leaf(fds: &[Arc<Fd>], told: &Told<LEAF>) -> Option<Arc<FdTree>> {
    let entries = entries(fds, told)?;
    let right = !entries.iter().any(|(number, _)| FdTable::is_small(*number));
    FdTree::new(entries).filter(|_| right)
}

/// The fds that are listed, unless their numbers do not ascend.
fn entries<const MAX: usize>(fds: &[Arc<Fd>], told: &Told<MAX>) -> Option<Vec<(i64, Arc<Fd>)>> {
    let mut before = (0i64, 0i64);
    let entry = |(number, place): &(i64, i64)| {
        let place = before.1.checked_add(*place)?;
        let number = before.0.wrapping_add(*number);
        before = (number, place.checked_add(1)?);
        Some((number, fds.get(usize::try_from(place).ok()?)?.clone()))
    };
    let entries: Vec<_> = told.0.iter().map(entry).collect::<Option<_>>()?;
    let ascends = entries.is_sorted_by(|one, next| one.0 < next.0);
    ascends.then_some(entries)
}

impl Found {
    /// The text at a place.
    pub(super) fn text(&self, place: u32) -> Result<Text> {
        self.texts.get(place as usize).map(|text| text.0.clone()).ok_or(TEXTS)
    }

    /// The fd at a place.
    pub(super) fn fd(&self, place: u32) -> Result<Arc<Fd>> {
        self.fds.get(place as usize).cloned().ok_or(FDS)
    }

    /// The table at a place.
    pub(super) fn table(&self, place: u32) -> Result<Arc<FdTable>> {
        self.tables.get(place as usize).cloned().ok_or(TABLES)
    }
}

//! Lists that end: however little an entry takes among the bytes of a keyframe, no more of them are made than a state can have,
//! nor more than an allowance of memory has room for.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A list of at most `MAX` entries. Longer ones are refused when they are read.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct List<T, const MAX: usize>(pub(super) Vec<T>);

/// How many entries there is room for before they are read.
const ROOM: usize = 1 << 10;

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> List<T, MAX> {
        List(Vec::new())
    }
}

impl<T: Serialize, const MAX: usize> Serialize for List<T, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for List<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<List<T, MAX>, D::Error> {
        deserializer.deserialize_seq(Entries { list: PhantomData, take: |_: &T| true })
    }
}

/// Bytes of memory that what is read may take on.
pub(super) struct Allowance(Cell<usize>);

/// Bytes of memory that an entry takes, while it is read and in the state afterwards.
pub(super) trait Cost {
    /// The bytes, roughly.
    fn cost(&self) -> usize;
}

impl Allowance {
    /// So many bytes.
    pub(super) fn new(bytes: usize) -> Allowance {
        Allowance(Cell::new(bytes))
    }

    /// How a list is read whose entries take of the allowance.
    pub(super) fn list<T, const MAX: usize>(&self) -> Charged<'_, T, MAX> {
        Charged(self, PhantomData)
    }

    fn take(&self, bytes: usize) -> bool {
        let left = self.0.get().checked_sub(bytes);
        self.0.set(left.unwrap_or(0));
        left.is_some()
    }
}

/// Reads a list within an allowance.
pub(super) struct Charged<'a, T, const MAX: usize>(&'a Allowance, PhantomData<T>);

impl<'de, T: Deserialize<'de> + Cost, const MAX: usize> DeserializeSeed<'de> for Charged<'_, T, MAX> {
    type Value = List<T, MAX>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<List<T, MAX>, D::Error> {
        let take = |entry: &T| self.0.take(entry.cost());
        deserializer.deserialize_seq(Entries { list: PhantomData, take })
    }
}

/// Reads the entries of a list while `take` agrees.
struct Entries<T, F, const MAX: usize> {
    list: PhantomData<T>,
    take: F,
}

impl<'de, T, F, const MAX: usize> Visitor<'de> for Entries<T, F, MAX>
where
    T: Deserialize<'de>,
    F: Fn(&T) -> bool,
{
    type Value = List<T, MAX>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "at most {MAX} entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<List<T, MAX>, A::Error> {
        let claimed = entries.size_hint().unwrap_or(0);
        if claimed > MAX {
            return Err(A::Error::invalid_length(claimed, &self));
        }
        let mut list = Vec::with_capacity(claimed.min(ROOM));
        while let Some(entry) = entries.next_element()? {
            if !(self.take)(&entry) {
                return Err(A::Error::custom("it takes too much memory"));
            }
            list.push(entry);
        }
        Ok(List(list))
    }
}

/// Reads a list that is of no type of its own, of at most `MAX` entries.
pub(in crate::state) fn bounded<'de, D, C, const MAX: usize>(deserializer: D) -> Result<C, D::Error>
where
    D: Deserializer<'de>,
    C: IntoIterator<Item: Deserialize<'de>> + FromIterator<C::Item>,
{
    List::<C::Item, MAX>::deserialize(deserializer).map(|list| list.0.into_iter().collect())
}

//! What the parts of a keyframe take in memory. A writer leaves out a keyframe that takes more than [`MEMORY_LIMIT`], and a reader
//! refuses it.

use std::mem::size_of;
use std::sync::Arc;

use super::list::{Cost, List};
use super::record::{Difference, Family, Fds, Numbers, ThreadRecord};
use super::shared::{AncestorRecord, MAX_SMALL, OriginRecord, Part, SharedText, Table};
use crate::state::budget::{OVERHEAD, of_container, of_names};
use crate::state::fdtree::FdTree;
use crate::state::table::Group as TableGroup;
use crate::state::{Ancestor, Container, Fd, FdTable, Group, Text, Thread, User};
use crate::state::{Image, Names, Origin, RealPath};

/// Memory that a keyframe may take once it is decoded: room for a million fds that differ in nothing but their numbers, or for
/// a hundred thousand threads.
pub(super) const MEMORY_LIMIT: usize = 96 << 20;

impl Difference {
    /// Whether it takes no more memory than a reader allows.
    pub(super) fn fits(&self) -> bool {
        let shared = &self.shared;
        let total = [
            sum(&self.users),
            sum(&self.groups),
            sum(&self.containers),
            sum(&self.names),
            sum(&shared.texts),
            sum(&shared.fds),
            sum(&shared.parts),
            sum(&shared.tables),
            sum(&shared.origins),
            sum(&shared.ancestors),
            sum(&self.threads),
            sum(&self.families),
        ];
        total.iter().sum::<usize>() <= MEMORY_LIMIT
    }
}

fn sum<T: Cost, const MAX: usize>(list: &List<T, MAX>) -> usize {
    list.0.iter().map(Cost::cost).sum()
}

impl Cost for (u32, Option<User>) {
    fn cost(&self) -> usize {
        let texts = self.1.as_ref().map_or(0, |user| user.name.len() + user.home.len() + user.shell.len());
        2 * size_of::<Self>() + 3 * OVERHEAD + texts
    }
}

impl Cost for (u32, Option<Group>) {
    fn cost(&self) -> usize {
        2 * size_of::<Self>() + OVERHEAD + self.1.as_ref().map_or(0, |group| group.name.len())
    }
}

impl Cost for (Text, Option<Box<Container>>) {
    fn cost(&self) -> usize {
        2 * (OVERHEAD + self.0.len()) + self.1.as_ref().map_or(0, |container| of_container(container))
    }
}

impl Cost for (Text, Option<Box<Names>>) {
    fn cost(&self) -> usize {
        2 * (OVERHEAD + self.0.len()) + self.1.as_ref().map_or(0, |names| of_names(names))
    }
}

impl Cost for SharedText {
    fn cost(&self) -> usize {
        size_of::<Self>() + OVERHEAD + self.0.len()
    }
}

impl Cost for Arc<Fd> {
    fn cost(&self) -> usize {
        let real = match &self.real {
            RealPath::Other { path, inside } => path.len() + inside.len(),
            RealPath::Unknown | RealPath::Named => 0,
        };
        size_of::<Fd>() + OVERHEAD + self.name.len() + self.raw_name.len() + real
    }
}

impl Cost for Part {
    fn cost(&self) -> usize {
        let entries = if let Part::Leaf(entries) = self { entries.0.len() } else { 0 };
        size_of::<Self>() + size_of::<FdTree>() + 2 * OVERHEAD + 2 * entries * size_of::<(i64, i64)>()
    }
}

impl Cost for Table {
    fn cost(&self) -> usize {
        // How many places the table has follows from the largest number.
        let last: i64 = self
            .small
            .0
            .iter()
            .map(|(distance, _)| distance)
            .fold(0, |sum, distance| sum.saturating_add(*distance));
        let places = usize::try_from(last).unwrap_or(0).min(MAX_SMALL);
        size_of::<Self>()
            + size_of::<FdTable>()
            + 2 * OVERHEAD
            + self.small.0.len() * size_of::<(i64, i64)>()
            + places * size_of::<Option<Arc<Fd>>>()
    }
}

impl Cost for OriginRecord {
    fn cost(&self) -> usize {
        size_of::<Self>() + size_of::<Origin>() + OVERHEAD
    }
}

impl Cost for AncestorRecord {
    fn cost(&self) -> usize {
        size_of::<Self>() + size_of::<Ancestor>() + size_of::<Image>() + 2 * OVERHEAD
    }
}

impl Cost for (u32, Option<ThreadRecord>) {
    fn cost(&self) -> usize {
        size_of::<Self>() + size_of::<Thread>() + self.1.as_ref().map_or(0, of_record)
    }
}

fn of_record(record: &ThreadRecord) -> usize {
    let numbers = record.numbers.as_ref().map_or(0, |numbers| {
        let enter = numbers.thread.enter.iter().flat_map(|enter| &enter.params);
        size_of::<Numbers>() + enter.map(|param| OVERHEAD + param.len()).sum::<usize>()
    });
    let fds = if let Fds::Changed(changes) = &record.fds { changes.0.len() } else { 0 };
    let children = record.children.as_ref().map_or(0, |children| children.0.len());
    numbers + 2 * fds * size_of::<(i64, Option<u32>)>() + 2 * children * size_of::<u32>()
}

impl Cost for (u32, Family) {
    fn cost(&self) -> usize {
        size_of::<Self>() + size_of::<TableGroup>() + self.1.members.0.len() * size_of::<u32>()
    }
}

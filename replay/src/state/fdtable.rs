//! The table of a process' fds. A copy shares what it does not change, so that a fork costs the same whether its parent has
//! three fds or thousands: small numbers are found by index, the others in runs of neighbours that tables share.

use std::sync::Arc;

use super::Fd;

/// Most fds that a table holds; further ones are not added (reference state 8.5).
pub(crate) const MAX_FDS: usize = 4096;

/// Numbers from 0 to below this are found by index.
const DENSE: i64 = 64;

/// Most entries of a run.
const RUN: usize = 64;

/// The fds of a process.
#[derive(Debug, Clone, Default)]
pub struct FdTable {
    dense: Vec<Option<Arc<Fd>>>,
    /// The other entries in ascending order of their numbers. No run is empty, and two neighbours have more than half a run's
    /// entries between them, so that there are few.
    runs: Vec<Run>,
    len: usize,
}

/// The entries of a part of a table.
pub(super) type Entries<'t, 'e> = &'e mut dyn Iterator<Item = &'t Arc<Fd>>;

/// Neighbours in a table, ascending.
#[derive(Debug, Clone)]
struct Run {
    /// The smallest number.
    first: i64,
    entries: Arc<Vec<(i64, Arc<Fd>)>>,
}

impl Run {
    /// `None` where there are no entries.
    fn new(entries: Vec<(i64, Arc<Fd>)>) -> Option<Run> {
        let first = entries.first()?.0;
        Some(Run { first, entries: Arc::new(entries) })
    }
}

impl FdTable {
    /// Number of open fds.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no fd is open.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The entry of `number`.
    #[inline]
    pub fn get(&self, number: i64) -> Option<&Arc<Fd>> {
        if (0..DENSE).contains(&number) {
            self.dense.get(number as usize)?.as_ref()
        } else {
            let (run, place) = self.find(number)?;
            self.runs.get(run)?.entries.get(place).map(|(_, fd)| fd)
        }
    }

    /// The entry of `number`, to be changed; a shared entry is copied first.
    pub(super) fn get_mut(&mut self, number: i64) -> Option<&mut Fd> {
        let entry = if (0..DENSE).contains(&number) {
            self.dense.get_mut(number as usize)?.as_mut()
        } else {
            let (run, place) = self.find(number)?;
            let entries = Arc::make_mut(&mut self.runs.get_mut(run)?.entries);
            entries.get_mut(place).map(|(_, fd)| fd)
        };
        entry.map(Arc::make_mut)
    }

    /// Puts an entry in, in place of an older one. A full table takes no further numbers and answers `false`.
    pub(super) fn insert(&mut self, number: i64, fd: Arc<Fd>) -> bool {
        if self.len >= MAX_FDS && self.get(number).is_none() {
            return false;
        }
        let is_new = if (0..DENSE).contains(&number) {
            let index = number as usize;
            if self.dense.len() <= index {
                self.dense.resize(index + 1, None);
            }
            self.dense[index].replace(fd).is_none()
        } else {
            self.insert_into_run(number, fd)
        };
        self.len += usize::from(is_new);
        true
    }

    /// Takes an entry out.
    pub(super) fn remove(&mut self, number: i64) -> Option<Arc<Fd>> {
        let old = if (0..DENSE).contains(&number) {
            self.dense.get_mut(number as usize)?.take()?
        } else {
            self.remove_from_run(number)?
        };
        self.len -= 1;
        Some(old)
    }

    /// Entries in ascending order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (i64, &Arc<Fd>)> {
        let above = self.runs.partition_point(|run| run.first < 0);
        let (below, above) = self.runs.split_at(above);
        let negative = entries(below);
        let dense = self
            .dense
            .iter()
            .enumerate()
            .filter_map(|(number, fd)| fd.as_ref().map(|fd| (number as i64, fd)));
        negative.chain(dense).chain(entries(above))
    }

    /// Keeps the entries for which `keep` holds.
    pub(super) fn retain(&mut self, keep: impl Fn(i64, &Fd) -> bool) {
        for (number, slot) in self.dense.iter_mut().enumerate() {
            if slot.as_ref().is_some_and(|fd| !keep(number as i64, fd)) {
                *slot = None;
                self.len -= 1;
            }
        }
        if entries(&self.runs).all(|(number, fd)| keep(number, fd)) {
            return;
        }
        let mut kept: Vec<Run> = Vec::new();
        for run in std::mem::take(&mut self.runs) {
            let stay = run.entries.iter().filter(|(number, fd)| keep(*number, fd)).cloned();
            let stay: Vec<_> = stay.collect();
            self.len -= run.entries.len() - stay.len();
            match kept.last_mut() {
                _ if stay.len() == run.entries.len() => kept.push(run),
                Some(last)
                    if last.entries.len() + stay.len() <= RUN && (last.first < 0) == (run.first < 0) =>
                {
                    Arc::make_mut(&mut last.entries).extend(stay);
                }
                _ => kept.extend(Run::new(stay)),
            }
        }
        self.runs = kept;
    }

    /// Bytes that a copy takes for itself.
    pub(super) fn own_memory(&self) -> usize {
        size_of::<FdTable>()
            + self.dense.capacity() * size_of::<Option<Arc<Fd>>>()
            + self.runs.capacity() * size_of::<Run>()
    }

    /// Calls `visit` with each part that tables can share: an address that tells it from others, its size, its entries. Those
    /// that are found by index are a part of their own.
    pub(super) fn visit_parts<'t>(&'t self, visit: &mut dyn FnMut(usize, usize, Entries<'t, '_>)) {
        visit(self.dense.as_ptr().addr(), 0, &mut self.dense.iter().flatten());
        for run in &self.runs {
            let size = run.entries.capacity() * size_of::<(i64, Arc<Fd>)>();
            visit(Arc::as_ptr(&run.entries).addr(), size, &mut run.entries.iter().map(|(_, fd)| fd));
        }
    }

    /// The run that `number` belongs to, and its place in there if it is there.
    fn find(&self, number: i64) -> Option<(usize, usize)> {
        let run = self.runs.partition_point(|run| run.first <= number).checked_sub(1)?;
        let place = self.runs.get(run)?.entries.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        Some((run, place))
    }

    /// Answers whether the number is new.
    fn insert_into_run(&mut self, number: i64, fd: Arc<Fd>) -> bool {
        let mut index = self.runs.partition_point(|run| run.first <= number).saturating_sub(1);
        // No run has numbers on both sides of those that are found by index.
        let is_negative = |run: &Run| run.first < 0;
        index += usize::from(number >= 0 && self.runs.get(index).is_some_and(is_negative));
        let Some(run) = self.runs.get_mut(index).filter(|run| is_negative(run) == (number < 0)) else {
            self.runs.splice(index..index, Run::new(vec![(number, fd)]));
            return true;
        };
        let entries = Arc::make_mut(&mut run.entries);
        match entries.binary_search_by_key(&number, |(number, _)| *number) {
            Ok(place) => {
                entries[place].1 = fd;
                return false;
            }
            Err(place) => entries.insert(place, (number, fd)),
        }
        run.first = run.first.min(number);
        if entries.len() > RUN {
            // Numbers mostly ascend: what is full stays full, and the next one begins.
            let half = if entries.last().is_some_and(|last| last.0 == number) { RUN } else { RUN / 2 };
            let upper = Run::new(entries.split_off(half));
            self.runs.splice(index + 1..index + 1, upper);
        }
        true
    }

    fn remove_from_run(&mut self, number: i64) -> Option<Arc<Fd>> {
        let (index, place) = self.find(number)?;
        let run = self.runs.get_mut(index)?;
        let entries = Arc::make_mut(&mut run.entries);
        let (_, old) = entries.remove(place);
        match entries.first() {
            None => {
                self.runs.remove(index);
                self.join(index.saturating_sub(1));
            }
            Some((first, _)) => {
                run.first = *first;
                self.join(index);
                self.join(index.saturating_sub(1));
            }
        }
        Some(old)
    }

    /// Makes one run of a run and the one after it, where they are small.
    fn join(&mut self, index: usize) {
        if let [one, next, ..] = self.runs.get_mut(index..).unwrap_or_default()
            && one.entries.len() + next.entries.len() <= RUN / 2
            && (one.first < 0) == (next.first < 0)
        {
            let entries = Arc::make_mut(&mut one.entries);
            entries.extend(next.entries.iter().cloned());
            self.runs.remove(index + 1);
        }
    }
}

fn entries(runs: &[Run]) -> impl Iterator<Item = (i64, &Arc<Fd>)> {
    runs.iter().flat_map(|run| run.entries.iter().map(|(number, fd)| (*number, fd)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::state::FdKind;

    fn file(name: &str) -> Arc<Fd> {
        Arc::new(Fd::new(FdKind::FileV2, name.as_bytes().into()))
    }

    #[test]
    fn table_counts_and_orders_its_entries() {
        let mut table = FdTable::default();
        for number in [5000, 3, -1, 7] {
            assert!(table.insert(number, file("x")));
        }
        assert!(table.insert(7, file("y")));
        assert_eq!(table.len(), 4);
        assert_eq!(table.iter().map(|(number, _)| number).collect::<Vec<_>>(), [-1, 3, 7, 5000]);
        assert_eq!(&*table.get(7).expect("open").name, b"y");
        table.retain(|number, _| number > 5);
        assert_eq!(table.len(), 2);
        assert!(table.remove(3).is_none());
    }

    #[test]
    fn a_full_table_takes_no_more() {
        let mut table = FdTable::default();
        for number in 0..MAX_FDS as i64 {
            assert!(table.insert(number, file("x")));
        }
        assert!(!table.insert(99_999, file("x")));
        assert!(table.insert(0, file("y")));
        assert_eq!(table.len(), MAX_FDS);
    }

    /// Compares a table with a plain map over many steps, and checks that runs are in order and few.
    #[test]
    fn a_table_is_a_map() {
        let (mut table, mut map) = (FdTable::default(), BTreeMap::new());
        let mut seed = 1u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for step in 0..60_000 {
            let number = random(3000) as i64 - 300;
            match random(if step < 30_000 { 3 } else { 2 }) {
                0 => assert_eq!(table.remove(number).is_some(), map.remove(&number).is_some()),
                _ if map.len() < MAX_FDS && step < 50_000 => {
                    let name = step.to_string();
                    assert!(table.insert(number, file(&name)));
                    map.insert(number, name);
                }
                _ => assert_eq!(table.get_mut(number).is_some(), map.contains_key(&number)),
            }
            if step % 1000 == 0 {
                let divisor = 2 + random(7) as i64;
                table.retain(|number, _| number % divisor != 0);
                map.retain(|number, _| number % divisor != 0);
            }
            if step % 100 == 0 {
                let shown = table.iter().map(|(number, fd)| (number, &*fd.name));
                let expected = map.iter().map(|(number, name)| (*number, name.as_bytes()));
                assert!(shown.eq(expected), "after step {step}");
                assert_eq!(table.len(), map.len());
                assert!(table.runs.len() <= 2 + 2 * map.len() * 2 / (RUN / 2), "{} runs", table.runs.len());
            }
        }
    }

    #[test]
    fn a_copy_shares_what_it_does_not_change() {
        let mut parent = FdTable::default();
        for number in 0..MAX_FDS as i64 {
            assert!(parent.insert(number, file("x")));
        }
        let mut child = parent.clone();
        assert!(child.remove(1000).is_some());
        if let Some(fd) = child.get_mut(3000) {
            fd.pid = 7;
        }
        let own =
            |table: &FdTable| -> Vec<_> { table.runs.iter().map(|run| Arc::as_ptr(&run.entries)).collect() };
        let (parents, childs) = (own(&parent), own(&child));
        assert_eq!(childs.iter().filter(|run| !parents.contains(run)).count(), 2);
        assert_eq!((parent.len(), child.len()), (MAX_FDS, MAX_FDS - 1));
        assert_eq!(parent.get(3000).map(|fd| fd.pid), Some(0));
    }
}

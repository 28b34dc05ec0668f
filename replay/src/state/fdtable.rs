//! The table of a process' fds. A copy shares what it does not change, so that a fork costs the same whether its parent has
//! three fds or thousands: small numbers are found by index, the others in a tree that tables share.

use std::sync::Arc;

use super::Fd;
use super::fdtree::{FdTree, same};

/// Most fds that a table holds; further ones are not added (reference state 8.5).
pub(crate) const MAX_FDS: usize = 4096;

/// Numbers from 0 to below this are found by index.
const DENSE: i64 = 64;

/// The fds of a process.
#[derive(Debug, Clone, Default)]
pub struct FdTable {
    dense: Vec<Option<Arc<Fd>>>,
    others: Option<Arc<FdTree>>,
    len: usize,
}

/// The entries of a part of a table.
pub(super) type Entries<'t, 'e> = &'e mut dyn Iterator<Item = &'t Arc<Fd>>;

impl FdTable {
    /// Whether a number is found by index.
    pub(super) fn is_small(number: i64) -> bool {
        (0..DENSE).contains(&number)
    }

    /// A table of the entries that are found by index, and of the others, which are not; `None` if one is in the wrong
    /// place, or there are too many.
    pub(super) fn of_parts(small: Vec<(i64, Arc<Fd>)>, others: Option<Arc<FdTree>>) -> Option<FdTable> {
        let mut table = FdTable::default();
        table.dense.reserve_exact(small.last().map_or(0, |(last, _)| (*last).clamp(0, DENSE) as usize + 1));
        for (number, fd) in small {
            if !FdTable::is_small(number) || !table.insert(number, fd) {
                return None;
            }
        }
        table.len += others.as_ref().map_or(0, |others| others.len());
        table.others = others;
        (table.len <= MAX_FDS).then_some(table)
    }

    /// The entries that are found by index, and the others.
    pub(super) fn parts(&self) -> (impl Iterator<Item = (i64, &Arc<Fd>)>, Option<&Arc<FdTree>>) {
        let dense = self.dense.iter().enumerate();
        let small = dense.filter_map(|(number, fd)| fd.as_ref().map(|fd| (number as i64, fd)));
        (small, self.others.as_ref())
    }

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
        if FdTable::is_small(number) {
            self.dense.get(number as usize)?.as_ref()
        } else {
            self.others.as_ref()?.get(number)
        }
    }

    /// The entry of `number`, to be changed; a shared entry is copied first.
    pub(super) fn get_mut(&mut self, number: i64) -> Option<&mut Fd> {
        let entry = if FdTable::is_small(number) {
            self.dense.get_mut(number as usize)?.as_mut()
        } else {
            let others = self.others.as_mut().filter(|others| others.get(number).is_some())?;
            Arc::make_mut(others).get_mut(number)
        };
        entry.map(Arc::make_mut)
    }

    /// Puts an entry in, in place of an older one. A full table takes no further numbers and answers `false`.
    pub(super) fn insert(&mut self, number: i64, fd: Arc<Fd>) -> bool {
        if self.len >= MAX_FDS && self.get(number).is_none() {
            return false;
        }
        let old = if FdTable::is_small(number) {
            let index = number as usize;
            if self.dense.len() <= index {
                self.dense.resize(index + 1, None);
            }
            self.dense[index].replace(fd)
        } else if let Some(others) = &mut self.others {
            FdTree::insert(others, number, fd)
        } else {
            self.others = FdTree::new(vec![(number, fd)]);
            None
        };
        self.len += usize::from(old.is_none());
        true
    }

    /// Takes an entry out.
    pub(super) fn remove(&mut self, number: i64) -> Option<Arc<Fd>> {
        let old = if FdTable::is_small(number) {
            self.dense.get_mut(number as usize)?.take()?
        } else {
            let old = self.others.as_ref()?.get(number)?.clone();
            if self.others.as_mut().is_some_and(|others| FdTree::remove(others, number)) {
                self.others = None;
            }
            old
        };
        self.len -= 1;
        Some(old)
    }

    /// Entries in ascending order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (i64, &Arc<Fd>)> {
        let (small, others) = self.parts();
        let negative =
            others.into_iter().flat_map(|others| others.iter()).take_while(|(number, _)| *number < 0);
        let large = others.into_iter().flat_map(|others| others.iter()).skip_while(|(number, _)| *number < 0);
        negative.chain(small).chain(large)
    }

    /// Keeps the entries for which `keep` holds.
    pub(super) fn retain(&mut self, keep: impl Fn(i64, &Fd) -> bool) {
        for (number, slot) in self.dense.iter_mut().enumerate() {
            if slot.as_ref().is_some_and(|fd| !keep(number as i64, fd)) {
                *slot = None;
                self.len -= 1;
            }
        }
        if let Some(others) = self.others.take() {
            self.others = others.retained(&keep);
            self.len -= others.len() - self.others.as_ref().map_or(0, |others| others.len());
        }
    }

    /// The numbers whose entries are not the same in `old`, and the entries here, in ascending order but for negative numbers.
    pub(super) fn changes<'t>(&'t self, old: &'t FdTable) -> Vec<(i64, Option<&'t Arc<Fd>>)> {
        let mut changes = Vec::new();
        for number in 0..self.dense.len().max(old.dense.len()) as i64 {
            if !same(self.get(number), old.get(number)) {
                changes.push((number, self.get(number)));
            }
        }
        let mut note = |number, fd| changes.push((number, fd));
        FdTree::compare(self.others.as_ref(), old.others.as_ref(), &mut note);
        changes
    }

    /// Bytes that a copy takes for itself.
    pub(super) fn own_memory(&self) -> usize {
        size_of::<FdTable>() + self.dense.capacity() * size_of::<Option<Arc<Fd>>>()
    }

    /// Calls `visit` with each part that tables can share: an address that identifies it, its size, its entries. Those
    /// that are found by index are a part of their own. What is below a part for which `visit` answers `false` is left out.
    pub(super) fn visit_parts<'t>(&'t self, visit: &mut dyn FnMut(usize, usize, Entries<'t, '_>) -> bool) {
        visit(self.dense.as_ptr().addr(), 0, &mut self.dense.iter().flatten());
        let mut waiting: Vec<&Arc<FdTree>> = self.others.iter().collect();
        while let Some(part) = waiting.pop() {
            let address = Arc::as_ptr(part).addr();
            match &**part {
                FdTree::Leaf(entries) => {
                    let size = size_of::<FdTree>() + entries.capacity() * size_of::<(i64, Arc<Fd>)>();
                    visit(address, size, &mut entries.iter().map(|(_, fd)| fd));
                }
                FdTree::Branch(branch) => {
                    if visit(address, size_of::<FdTree>(), &mut std::iter::empty()) {
                        waiting.extend([&branch.lower, &branch.upper]);
                    }
                }
            }
        }
    }
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
                assert!(has_right_shape(&table), "after step {step}");
            }
        }
    }

    /// Whether the tree is the one that its entries give when they are put in at once.
    fn has_right_shape(table: &FdTable) -> bool {
        fn same_shape(one: &FdTree, other: &FdTree) -> bool {
            match (one, other) {
                (FdTree::Leaf(one), FdTree::Leaf(other)) => one == other,
                (FdTree::Branch(one), FdTree::Branch(other)) => {
                    same_shape(&one.lower, &other.lower) && same_shape(&one.upper, &other.upper)
                }
                _ => false,
            }
        }
        let Some(others) = &table.others else { return true };
        let entries = others.iter().map(|(number, fd)| (number, fd.clone())).collect();
        FdTree::new(entries).is_some_and(|fresh| same_shape(&fresh, others) && fresh.len() == others.len())
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
        let parts = |table: &FdTable| {
            let mut parts = Vec::new();
            table.visit_parts(&mut |address, size, _| {
                parts.push((address, size));
                true
            });
            parts
        };
        let shared = parts(&parent);
        let own: usize = parts(&child).iter().filter(|part| !shared.contains(part)).map(|part| part.1).sum();
        assert!(own < 4000, "{own} bytes");
        assert_eq!((parent.len(), child.len()), (MAX_FDS, MAX_FDS - 1));
        assert_eq!(parent.get(3000).map(|fd| fd.pid), Some(0));
    }
}

//! An index from thread ids to positions. Ids that a kernel hands out (below 2^22) are found in pages by two loads and no
//! hashing; whatever else a capture claims goes to a hash map with a random key, so that collisions cannot be chosen.

use std::collections::HashMap;

use super::Slot;

/// Ids below this are found in pages; it is the largest `pid_max` of Linux.
const PAGED: i64 = 1 << 22;
const PAGE: usize = 1 << 10;
const NONE: u32 = u32::MAX;

/// From a number to a [`Slot`].
#[derive(Debug, Clone, Default)]
pub(super) struct NumberIndex {
    pages: Vec<Option<Box<[u32; PAGE]>>>,
    others: HashMap<i64, Slot>,
}

impl NumberIndex {
    /// The slot of `number`.
    #[inline]
    pub(super) fn get(&self, number: i64) -> Option<Slot> {
        if (0..PAGED).contains(&number) {
            let number = number as usize;
            let slot = self.pages.get(number / PAGE)?.as_ref()?[number % PAGE];
            (slot != NONE).then_some(Slot(slot))
        } else {
            self.others.get(&number).copied()
        }
    }

    /// Sets the slot of `number`.
    pub(super) fn insert(&mut self, number: i64, slot: Slot) {
        if (0..PAGED).contains(&number) {
            let number = number as usize;
            let page = number / PAGE;
            if self.pages.len() <= page {
                self.pages.resize(page + 1, None);
            }
            self.pages[page].get_or_insert_with(|| Box::new([NONE; PAGE]))[number % PAGE] = slot.0;
        } else {
            self.others.insert(number, slot);
        }
    }

    /// Forgets `number`.
    pub(super) fn remove(&mut self, number: i64) {
        if (0..PAGED).contains(&number) {
            let number = number as usize;
            if let Some(Some(page)) = self.pages.get_mut(number / PAGE) {
                page[number % PAGE] = NONE;
            }
        } else {
            self.others.remove(&number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_size_are_found_again() {
        let numbers = [0, 1, 1023, 1024, PAGED - 1, PAGED, i64::MAX, -1, i64::MIN];
        let mut index = NumberIndex::default();
        for (position, number) in numbers.iter().enumerate() {
            assert_eq!(index.get(*number), None);
            index.insert(*number, Slot(position as u32));
        }
        for (position, number) in numbers.iter().enumerate() {
            assert_eq!(index.get(*number), Some(Slot(position as u32)), "{number}");
            index.remove(*number);
            assert_eq!(index.get(*number), None, "{number}");
        }
    }
}

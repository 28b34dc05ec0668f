//! Marks on what may have changed: places in a table enter as they are touched, and leave when a user asks what was
//! touched since he asked last. What is in the table is not known here.

use std::sync::Arc;

/// A user of changes. Two are the same if they are clones of each other.
#[derive(Debug, Clone, Default)]
pub(super) struct Asker(Arc<()>);

/// The places of a table that were touched. Memory is bounded by the table, even if changes are never read.
#[derive(Debug, Default)]
pub(super) struct Marks {
    marked: Vec<bool>,
    places: Vec<u32>,
    /// Who asked last; `None` if marks say nothing about places that have none.
    asker: Option<Asker>,
}

impl Marks {
    /// Marks a place.
    #[inline]
    pub(super) fn set(&mut self, place: u32) {
        match self.marked.get(place as usize) {
            Some(true) => {}
            Some(false) | None => self.add(place),
        }
    }

    #[cold]
    fn add(&mut self, place: u32) {
        let index = place as usize;
        if self.marked.len() <= index {
            self.marked.resize(index + 1, false);
        }
        self.marked[index] = true;
        self.places.push(place);
    }

    /// The places that were touched since `asker` asked last, ascending; `None` means all, if another user asked
    /// since then, or none yet.
    pub(super) fn take(&mut self, asker: &Asker) -> Option<Vec<u32>> {
        let mut places = std::mem::take(&mut self.places);
        for place in &places {
            if let Some(marked) = self.marked.get_mut(*place as usize) {
                *marked = false;
            }
        }
        let last = self.asker.replace(asker.clone());
        places.sort_unstable();
        last.filter(|last| Arc::ptr_eq(&last.0, &asker.0)).map(|_| places)
    }
}

impl Clone for Marks {
    /// A copy of a table is a different one: users of the changes of the first know nothing about it.
    fn clone(&self) -> Marks {
        Marks::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_is_told_what_was_touched_since() {
        let (one, other) = (Asker::default(), Asker::default());
        let mut marks = Marks::default();
        marks.set(3);
        assert_eq!(marks.take(&one), None);
        assert_eq!(marks.take(&one), Some(vec![]));
        for place in [7, 3, 7, 500, 3] {
            marks.set(place);
        }
        assert_eq!(marks.places.len(), 3);
        assert_eq!(marks.take(&one.clone()), Some(vec![3, 7, 500]));
        marks.set(3);
        assert_eq!(marks.take(&one), Some(vec![3]));
        // What the other one missed is not known.
        assert_eq!(marks.take(&other), None);
        assert_eq!(marks.take(&one), None);
        assert_eq!(marks.clone().take(&one), None);
    }
}

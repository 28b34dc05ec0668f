//! Fds by number in a tree that copies share: changing one entry copies a leaf and the way to it. The shape follows from the
//! numbers alone, not from the order in which they came, so that equal trees have equal parts and a keyframe can write each
//! part once.

use std::sync::Arc;

use super::Fd;

/// Most entries of a leaf.
pub(super) const LEAF: usize = 32;

/// An entry: the number of an fd and what it refers to.
pub(super) type Entry = (i64, Arc<Fd>);

/// Fds by number, at least one.
#[derive(Debug, Clone)]
pub(super) enum FdTree {
    /// Up to [`LEAF`] entries in ascending order.
    Leaf(Vec<Entry>),
    /// More than that.
    Branch(Branch),
}

/// A part whose entries agree in all bits of their numbers above one, and differ in that.
#[derive(Debug, Clone)]
pub(super) struct Branch {
    /// The bit, from 0; numbers are ordered as if their sign bit were turned.
    bit: u32,
    /// What the entries agree in.
    prefix: u64,
    len: usize,
    pub(super) lower: Arc<FdTree>,
    pub(super) upper: Arc<FdTree>,
}

/// Numbers in an order that their bits follow.
fn order(number: i64) -> u64 {
    number as u64 ^ 1 << 63
}

/// The bits above `bit`.
fn above(key: u64, bit: u32) -> u64 {
    key & !(u64::MAX >> (63 - bit))
}

/// The highest bit in which two keys differ; they do differ.
fn parting(one: u64, other: u64) -> u32 {
    63 - (one ^ other).leading_zeros().min(63)
}

impl Branch {
    /// A branch over two parts, which differ in `bit` and agree above it.
    fn new(bit: u32, lower: Arc<FdTree>, upper: Arc<FdTree>) -> Branch {
        let len = lower.len() + upper.len();
        Branch { bit, prefix: above(lower.first_key(), bit), len, lower, upper }
    }

    fn is_upper(&self, key: u64) -> bool {
        key >> self.bit & 1 == 1
    }
}

impl FdTree {
    /// A tree of ascending entries.
    pub(super) fn new(mut entries: Vec<Entry>) -> Option<Arc<FdTree>> {
        let (first, last) = (entries.first()?.0, entries.last()?.0);
        if entries.len() <= LEAF {
            return Some(Arc::new(FdTree::Leaf(entries)));
        }
        let bit = parting(order(first), order(last));
        let split = entries.partition_point(|(number, _)| order(*number) >> bit & 1 == 0);
        let upper = FdTree::new(entries.split_off(split))?;
        let lower = FdTree::new(entries)?;
        Some(Arc::new(FdTree::Branch(Branch::new(bit, lower, upper))))
    }

    /// A tree over two others; `None` where no tree has this shape. Nothing but the two is assumed to be right.
    pub(super) fn joined(lower: Arc<FdTree>, upper: Arc<FdTree>) -> Option<Arc<FdTree>> {
        let bit = parting(lower.first_key(), upper.last_key());
        let (low, high) = (above(lower.first_key(), bit), above(upper.last_key(), bit));
        let fits = |part: &FdTree, is_upper: bool| {
            [part.first_key(), part.last_key()]
                .into_iter()
                .all(|key| above(key, bit) == low && (key >> bit & 1 == 1) == is_upper)
        };
        let right =
            low == high && fits(&lower, false) && fits(&upper, true) && lower.len() + upper.len() > LEAF;
        right.then(|| Arc::new(FdTree::Branch(Branch::new(bit, lower, upper))))
    }

    /// Number of entries.
    pub(super) fn len(&self) -> usize {
        match self {
            FdTree::Leaf(entries) => entries.len(),
            FdTree::Branch(branch) => branch.len,
        }
    }

    fn first_key(&self) -> u64 {
        match self {
            FdTree::Leaf(entries) => entries.first().map_or(0, |(number, _)| order(*number)),
            FdTree::Branch(branch) => branch.lower.first_key(),
        }
    }

    fn last_key(&self) -> u64 {
        match self {
            FdTree::Leaf(entries) => entries.last().map_or(0, |(number, _)| order(*number)),
            FdTree::Branch(branch) => branch.upper.last_key(),
        }
    }

    /// The entry of `number`.
    pub(super) fn get(&self, number: i64) -> Option<&Arc<Fd>> {
        let mut part = self;
        loop {
            match part {
                FdTree::Leaf(entries) => {
                    let place = entries.binary_search_by_key(&number, |(number, _)| *number).ok()?;
                    return entries.get(place).map(|(_, fd)| fd);
                }
                FdTree::Branch(branch) => {
                    part = if branch.is_upper(order(number)) { &branch.upper } else { &branch.lower };
                }
            }
        }
    }

    /// The entry of `number`, which is there, to be changed; parts that others share are copied.
    pub(super) fn get_mut(&mut self, number: i64) -> Option<&mut Arc<Fd>> {
        match self {
            FdTree::Leaf(entries) => {
                let place = entries.binary_search_by_key(&number, |(number, _)| *number).ok()?;
                entries.get_mut(place).map(|(_, fd)| fd)
            }
            FdTree::Branch(branch) => {
                let is_upper = branch.is_upper(order(number));
                let part = if is_upper { &mut branch.upper } else { &mut branch.lower };
                Arc::make_mut(part).get_mut(number)
            }
        }
    }

    /// Puts an entry in, and hands over the one that it replaces.
    pub(super) fn insert(tree: &mut Arc<FdTree>, number: i64, fd: Arc<Fd>) -> Option<Arc<Fd>> {
        let key = order(number);
        if let FdTree::Branch(branch) = &**tree
            && above(key, branch.bit) != branch.prefix
        {
            let bit = parting(key, branch.prefix);
            let single = Arc::new(FdTree::Leaf(vec![(number, fd)]));
            let (lower, upper) =
                if key >> bit & 1 == 1 { (tree.clone(), single) } else { (single, tree.clone()) };
            *tree = Arc::new(FdTree::Branch(Branch::new(bit, lower, upper)));
            return None;
        }
        match Arc::make_mut(tree) {
            FdTree::Branch(branch) => {
                let part = if branch.is_upper(key) { &mut branch.upper } else { &mut branch.lower };
                let old = FdTree::insert(part, number, fd);
                branch.len += usize::from(old.is_none());
                old
            }
            FdTree::Leaf(entries) => {
                match entries.binary_search_by_key(&number, |(number, _)| *number) {
                    Ok(place) => return Some(std::mem::replace(&mut entries[place].1, fd)),
                    Err(place) => entries.insert(place, (number, fd)),
                }
                if entries.len() > LEAF
                    && let Some(split) = FdTree::new(std::mem::take(entries))
                {
                    *tree = split;
                }
                None
            }
        }
    }

    /// Takes out an entry, which is there; `true` where it was the only one.
    pub(super) fn remove(tree: &mut Arc<FdTree>, number: i64) -> bool {
        match Arc::make_mut(tree) {
            FdTree::Leaf(entries) => {
                entries.retain(|(other, _)| *other != number);
                entries.is_empty()
            }
            FdTree::Branch(branch) => {
                let is_upper = branch.is_upper(order(number));
                let part = if is_upper { &mut branch.upper } else { &mut branch.lower };
                let is_empty = FdTree::remove(part, number);
                branch.len -= 1;
                if is_empty {
                    *tree = if is_upper { branch.lower.clone() } else { branch.upper.clone() };
                } else if branch.len <= LEAF {
                    let entries = branch.lower.iter().chain(branch.upper.iter());
                    let leaf = FdTree::Leaf(entries.map(|(number, fd)| (number, fd.clone())).collect());
                    *tree = Arc::new(leaf);
                }
                false
            }
        }
    }

    /// The tree of the entries for which `keep` holds, itself if all do.
    pub(super) fn retained(self: &Arc<FdTree>, keep: &impl Fn(i64, &Fd) -> bool) -> Option<Arc<FdTree>> {
        match &**self {
            FdTree::Leaf(entries) if entries.iter().all(|(number, fd)| keep(*number, fd)) => {
                Some(self.clone())
            }
            FdTree::Leaf(entries) => {
                let kept = entries.iter().filter(|(number, fd)| keep(*number, fd));
                FdTree::new(kept.cloned().collect())
            }
            FdTree::Branch(branch) => match (branch.lower.retained(keep), branch.upper.retained(keep)) {
                (Some(lower), Some(upper)) if lower.len() + upper.len() == branch.len => {
                    // Nothing is gone, so both are what they were.
                    Some(self.clone())
                }
                (Some(lower), Some(upper)) if lower.len() + upper.len() > LEAF => {
                    Some(Arc::new(FdTree::Branch(Branch::new(branch.bit, lower, upper))))
                }
                (Some(lower), Some(upper)) => {
                    let entries = lower.iter().chain(upper.iter());
                    FdTree::new(entries.map(|(number, fd)| (number, fd.clone())).collect())
                }
                (rest, None) | (None, rest) => rest,
            },
        }
    }

    /// Entries in ascending order of their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, &Arc<Fd>)> {
        self.leaves().flatten().map(|(number, fd)| (*number, fd))
    }

    fn leaves(&self) -> impl Iterator<Item = &[Entry]> {
        let mut waiting = vec![self];
        std::iter::from_fn(move || {
            loop {
                match waiting.pop()? {
                    FdTree::Leaf(entries) => return Some(entries.as_slice()),
                    FdTree::Branch(branch) => waiting.extend([&*branch.upper, &*branch.lower]),
                }
            }
        })
    }

    /// Calls `differs` with the numbers whose entries are not the same in both trees, and the entry in `new`. Parts that both
    /// share are not looked at.
    pub(super) fn compare<'t>(
        new: Option<&'t Arc<FdTree>>,
        old: Option<&'t Arc<FdTree>>,
        differs: &mut dyn FnMut(i64, Option<&'t Arc<Fd>>),
    ) {
        if let (Some(new), Some(old)) = (new, old) {
            if Arc::ptr_eq(new, old) {
                return;
            }
            if let (FdTree::Branch(new), FdTree::Branch(old)) = (&**new, &**old)
                && (new.bit, new.prefix) == (old.bit, old.prefix)
            {
                FdTree::compare(Some(&new.lower), Some(&old.lower), differs);
                FdTree::compare(Some(&new.upper), Some(&old.upper), differs);
                return;
            }
        }
        let mut new = new.into_iter().flat_map(|tree| tree.iter()).peekable();
        let mut old = old.into_iter().flat_map(|tree| tree.iter()).peekable();
        while let Some(number) =
            [new.peek(), old.peek()].into_iter().flatten().map(|(number, _)| *number).min()
        {
            let fd = new.next_if(|(other, _)| *other == number).map(|(_, fd)| fd);
            let was = old.next_if(|(other, _)| *other == number).map(|(_, fd)| fd);
            if !same(fd, was) {
                differs(number, fd);
            }
        }
    }
}

/// Whether two entries say the same.
pub(super) fn same(one: Option<&Arc<Fd>>, other: Option<&Arc<Fd>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other) || one == other,
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

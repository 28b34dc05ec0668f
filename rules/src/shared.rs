//! Constants that many checks share: a list that fifty rules name is kept, hashed and turned into a set once.

use std::any::Any;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// A slice that is cheap to clone, to compare and to hash.
pub struct Shared<T>(Arc<Content<T>>);

struct Content<T> {
    items: Box<[T]>,
    digest: u64,
    derived: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl<T> Shared<T> {
    /// What `make` makes of the items; made once for all clones. There is room for one type.
    pub fn derived<D: Any + Send + Sync>(&self, make: impl Fn(&[T]) -> D) -> Arc<D> {
        let kept = self.0.derived.get_or_init(|| Arc::new(make(&self.0.items)));
        Arc::clone(kept).downcast().unwrap_or_else(|_| Arc::new(make(&self.0.items)))
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Shared<T> {
        Shared(Arc::clone(&self.0))
    }
}

impl<T> Deref for Shared<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0.items
    }
}

impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Shared<T>) -> bool {
        let same = Arc::ptr_eq(&self.0, &other.0);
        same || (self.0.digest == other.0.digest && self.0.items == other.0.items)
    }
}

impl<T: Eq> Eq for Shared<T> {}

impl<T> Hash for Shared<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.digest.hash(state);
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.items.fmt(f)
    }
}

impl<T: Hash> From<Box<[T]>> for Shared<T> {
    fn from(items: Box<[T]>) -> Shared<T> {
        let mut hasher = DefaultHasher::new();
        items.hash(&mut hasher);
        Shared(Arc::new(Content { items, digest: hasher.finish(), derived: OnceLock::new() }))
    }
}

impl<T: Hash> From<Vec<T>> for Shared<T> {
    fn from(items: Vec<T>) -> Shared<T> {
        items.into_boxed_slice().into()
    }
}

impl<T: Hash, const N: usize> From<[T; N]> for Shared<T> {
    fn from(items: [T; N]) -> Shared<T> {
        Box::<[T]>::from(items).into()
    }
}

impl<T: Hash> FromIterator<T> for Shared<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Shared<T> {
        items.into_iter().collect::<Box<[T]>>().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_content_is_equal_and_what_is_made_of_it_is_made_once() {
        let shared: Shared<u8> = [1, 2].into();
        assert_eq!(shared, Shared::from(vec![1, 2]));
        assert_ne!(shared, Shared::from(vec![2, 1]));
        let sum = |items: &[u8]| items.iter().copied().sum::<u8>();
        let first = shared.derived(sum);
        assert_eq!(*first, 3);
        assert!(Arc::ptr_eq(&first, &shared.clone().derived(sum)));
        assert_eq!(*shared.derived(|items| items.len()), 2);
    }
}

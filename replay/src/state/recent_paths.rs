//! The paths that were opened lately: a directory and the path that a call gave enter, the path that they give together leaves. Programs
//! open the same files again and again; their names are put together once, and are one text in memory, by which the answers about them
//! are found again.

use std::hash::Hasher;

use rustc_hash::FxHasher;

use super::Text;
use super::path::{MAX_PATH, concatenate};

/// Paths that are remembered, a power of two. They take at most twice as many KiB.
const PATHS: usize = 1024;

/// The paths that were opened lately.
#[derive(Debug, Default)]
pub(super) struct RecentPaths {
    /// By their hashes; another one in the same place drives one out.
    entries: Vec<Option<Entry>>,
    scratch: Vec<u8>,
}

#[derive(Debug)]
struct Entry {
    /// What a relative path was relative to; empty for others.
    base: Box<[u8]>,
    given: Text,
    whole: Text,
}

impl RecentPaths {
    /// `base ⊕ given` (reference state 7.1), and `given`.
    pub(super) fn get(&mut self, base: &[u8], given: &[u8]) -> (Text, Text) {
        if base.len() + given.len() + 1 > MAX_PATH {
            return (self.concatenated(base, given), given.into());
        }
        let base = if given.starts_with(b"/") { b"" } else { base };
        let mut hasher = FxHasher::default();
        hasher.write(given);
        hasher.write(base);
        let place = hasher.finish() as usize & (PATHS - 1);
        if let Some(Some(entry)) = self.entries.get(place)
            && *entry.given == *given
            && *entry.base == *base
        {
            return (entry.whole.clone(), entry.given.clone());
        }
        let whole = self.concatenated(base, given);
        let given = if *whole == *given { whole.clone() } else { given.into() };
        if self.entries.is_empty() {
            self.entries.resize_with(PATHS, || None);
        }
        if let Some(entry) = self.entries.get_mut(place) {
            *entry = Some(Entry { base: base.into(), given: given.clone(), whole: whole.clone() });
        }
        (whole, given)
    }

    fn concatenated(&mut self, base: &[u8], given: &[u8]) -> Text {
        self.scratch.clear();
        concatenate(&mut self.scratch, base, given);
        self.scratch.as_slice().into()
    }
}

impl Clone for RecentPaths {
    /// What a copy of a state opens is its own.
    fn clone(&self) -> RecentPaths {
        RecentPaths::default()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn paths_are_what_they_are_without_memory() {
        let mut paths = RecentPaths::default();
        let long = "x".repeat(MAX_PATH);
        let bases = ["", "/", "/home/u/", "<UNKNOWN>", ".", &long[..MAX_PATH - 6]];
        let given = ["", "a", "/a", "/a/", "a//b", "../b", "/etc/passwd", "a\u{1}", &long];
        for _ in 0..3 {
            for base in bases {
                for given in given {
                    let (whole, raw) = paths.get(base.as_bytes(), given.as_bytes());
                    let mut expected = Vec::new();
                    concatenate(&mut expected, base.as_bytes(), given.as_bytes());
                    assert_eq!((&*whole, &*raw), (&*expected, given.as_bytes()), "{base} {given}");
                }
            }
        }
    }

    #[test]
    fn a_path_that_is_opened_again_is_the_same_text() {
        let mut paths = RecentPaths::default();
        let (one, given) = paths.get(b"/home/", b"a");
        let (other, again) = paths.get(b"/home/", b"a");
        assert!(Arc::ptr_eq(&one, &other) && Arc::ptr_eq(&given, &again));
        // A directory does not matter to an absolute path.
        let (one, _) = paths.get(b"/home/", b"/etc/passwd");
        assert!(Arc::ptr_eq(&one, &paths.get(b"/tmp/", b"/etc/passwd").0));
        assert!(paths.clone().entries.is_empty());
        for number in 0..10 * PATHS {
            paths.get(b"/", number.to_string().as_bytes());
        }
        assert_eq!(paths.entries.len(), PATHS);
    }
}

//! Long texts that threads have in common: environments, arguments and cgroups that say the same are one in memory, whoever
//! told them.

use std::collections::HashSet;
use std::sync::Arc;

use foldhash::quality::RandomState;

use super::Text;

/// Shorter texts are not worth looking for.
const SHORT: usize = 128;

/// Bytes of new texts after which those that nobody has any more are given back, unless more of them are in use.
const SWEEP: usize = 8 << 20;

/// The texts that threads have.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// Texts of many kilobytes come with every execution, chosen by whoever was recorded: their hash is fast, and keyed by chance.
    known: HashSet<Text, RandomState>,
    /// Bytes of texts that are new since the last sweep, and that were in use then.
    added: usize,
    used: usize,
}

impl Texts {
    /// A text that says `bytes`, and the bytes of memory that it takes on.
    pub(super) fn get(&mut self, bytes: &[u8]) -> (Text, usize) {
        if bytes.len() < SHORT {
            return (bytes.into(), bytes.len());
        }
        if let Some(known) = self.known.get(bytes) {
            return (known.clone(), 0);
        }
        if self.added > SWEEP.max(self.used) {
            self.sweep();
        }
        let text = Text::from(bytes);
        self.known.insert(text.clone());
        self.added += bytes.len();
        (text, bytes.len())
    }

    /// Gives texts back that nobody else has.
    pub(super) fn sweep(&mut self) {
        self.known.retain(|text| Arc::strong_count(text) > 1);
        self.known.shrink_to(2 * self.known.len());
        self.used = self.known.iter().map(|text| text.len()).sum();
        self.added = 0;
    }
}

impl Clone for Texts {
    /// A copy of a table shares the texts that are in it; what comes in later is its own.
    fn clone(&self) -> Texts {
        Texts::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_one_while_somebody_has_them() {
        let mut texts = Texts::default();
        let text = vec![b'x'; 5000];
        let (one, taken) = texts.get(&text);
        let (other, more) = texts.get(&text);
        assert!(Arc::ptr_eq(&one, &other));
        assert_eq!((taken, more), (5000, 0));
        for number in 0..10_000u32 {
            texts.get(&[&number.to_le_bytes()[..], &text].concat());
        }
        assert!(texts.known.len() < 2 * SWEEP / 5000, "{} texts", texts.known.len());
        assert!(Arc::ptr_eq(&one, &texts.get(&text).0));
        assert_eq!(texts.get(b"short").1, 5);
        assert!(!texts.known.contains(&b"short"[..]));
    }
}

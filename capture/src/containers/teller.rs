//! What the threads that ask engines tell, and what of it is news: one container is not described twice in the same words, nor
//! by somebody who knows less after somebody who knows more.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Weak};

/// Containers that are remembered; beyond them all are forgotten, and may be told again.
const REMEMBERED: usize = 1 << 16;

/// How much somebody knows of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// What an engine keeps on disk.
    Disk,
    /// What containerd records of a pod's container.
    Record,
    /// What an engine answers.
    Engine,
}

struct Told {
    rank: Rank,
    id: String,
    text: String,
}

/// Tells of containers, from a thread of its own.
#[derive(Clone)]
pub struct Teller {
    sender: Sender<Told>,
    listener: Weak<()>,
}

impl Teller {
    /// Tells what somebody knows of a container.
    pub fn tell(&self, rank: Rank, id: &str, text: String) {
        // Nobody listens any more when the recorder ends.
        let _ = self.sender.send(Told { rank, id: id.to_owned(), text });
    }

    /// Whether somebody listens.
    pub fn is_heard(&self) -> bool {
        self.listener.strong_count() > 0
    }
}

/// Listens to all tellers.
pub struct Listener {
    receiver: Receiver<Told>,
    /// Who told last of each container, and what.
    known: HashMap<String, (Rank, u64)>,
    _alive: Arc<()>,
}

impl Listener {
    /// A listener, and somebody who tells.
    pub fn new() -> (Teller, Listener) {
        let (sender, receiver) = channel();
        let alive = Arc::new(());
        let teller = Teller { sender, listener: Arc::downgrade(&alive) };
        (teller, Listener { receiver, known: HashMap::new(), _alive: alive })
    }

    /// The next news, if there is some now.
    pub fn next(&mut self) -> Option<String> {
        loop {
            let told = self.receiver.try_recv().ok()?;
            if self.is_news(&told) {
                return Some(told.text);
            }
        }
    }

    fn is_news(&mut self, told: &Told) -> bool {
        let mut hasher = DefaultHasher::new();
        told.text.hash(&mut hasher);
        let words = hasher.finish();
        if self.known.get(&told.id).is_some_and(|(rank, before)| told.rank < *rank || words == *before) {
            return false;
        }
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        self.known.insert(told.id.clone(), (told.rank, words));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_news_is_told() {
        let (teller, mut listener) = Listener::new();
        for (rank, id, text) in [
            (Rank::Disk, "a", "a of the disk"),
            (Rank::Engine, "a", "a"),
            (Rank::Engine, "a", "a"),
            (Rank::Disk, "a", "a of the disk"),
            (Rank::Record, "b", "b"),
            (Rank::Engine, "a", "a renamed"),
        ] {
            teller.tell(rank, id, text.to_owned());
        }
        let told: Vec<_> = std::iter::from_fn(|| listener.next()).collect();
        assert_eq!(told, ["a of the disk", "a", "b", "a renamed"]);
        assert!(teller.is_heard());
        drop(listener);
        assert!(!teller.is_heard());
    }
}

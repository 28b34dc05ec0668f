//! What the threads that ask engines send, and what of it is news: one container is not described twice in the same words, nor
//! from a source that knows less after one that knows more. The queue is bounded: threads that query engines wait until it has room.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::mpsc;
use std::sync::{Arc, Weak};

/// Containers that are remembered; beyond them all are forgotten, and may be described again.
const REMEMBERED: usize = 1 << 16;
/// Descriptions that wait to be taken: together at most 32 MiB.
const WAITING: usize = 32;
/// Longest description, and longest id of a container.
const LONGEST: usize = 1 << 20;
const LONGEST_ID: usize = 256;

/// How much a source knows about a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// What an engine keeps on disk.
    Disk,
    /// What containerd records of a pod's container.
    Record,
    /// What an engine answers.
    Engine,
}

struct Description {
    rank: Rank,
    id: String,
    text: String,
}

/// Sends descriptions of containers, from a thread of its own.
#[derive(Clone)]
pub(super) struct Sender {
    sender: mpsc::SyncSender<Description>,
    receiver: Weak<()>,
}

impl Sender {
    /// Sends a description of a container, and waits while the queue is full. What no engine says of a container in earnest is
    /// left out.
    pub(super) fn send(&self, rank: Rank, id: &str, text: String) {
        if text.len() > LONGEST || id.len() > LONGEST_ID {
            return;
        }
        // Nobody receives any more when the recorder ends.
        let _ = self.sender.send(Description { rank, id: id.to_owned(), text });
    }

    /// Whether there is a receiver.
    pub(super) fn is_heard(&self) -> bool {
        self.receiver.strong_count() > 0
    }
}

/// Receives from all senders.
pub(super) struct Receiver {
    receiver: mpsc::Receiver<Description>,
    /// Who described each container last, and how.
    known: HashMap<String, (Rank, u64)>,
    _alive: Arc<()>,
}

impl Receiver {
    /// A receiver and its sender.
    pub(super) fn new() -> (Sender, Receiver) {
        let (sender, receiver) = mpsc::sync_channel(WAITING);
        let alive = Arc::new(());
        let sender = Sender { sender, receiver: Arc::downgrade(&alive) };
        (sender, Receiver { receiver, known: HashMap::new(), _alive: alive })
    }

    /// The next news, if there is some now.
    pub(super) fn next(&mut self) -> Option<String> {
        loop {
            let description = self.receiver.try_recv().ok()?;
            if self.is_news(&description) {
                return Some(description.text);
            }
        }
    }

    fn is_news(&mut self, description: &Description) -> bool {
        let mut hasher = DefaultHasher::new();
        description.text.hash(&mut hasher);
        let words = hasher.finish();
        let known = self.known.get(&description.id);
        if known.is_some_and(|(rank, before)| description.rank < *rank || words == *before) {
            return false;
        }
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        self.known.insert(description.id.clone(), (description.rank, words));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_news_is_received() {
        let (sender, mut receiver) = Receiver::new();
        for (rank, id, text) in [
            (Rank::Disk, "a", "a of the disk"),
            (Rank::Engine, "a", "a"),
            (Rank::Engine, "a", "a"),
            (Rank::Disk, "a", "a of the disk"),
            (Rank::Record, "b", "b"),
            (Rank::Engine, "a", "a renamed"),
        ] {
            sender.send(rank, id, text.to_owned());
        }
        let received: Vec<_> = std::iter::from_fn(|| receiver.next()).collect();
        assert_eq!(received, ["a of the disk", "a", "b", "a renamed"]);
        assert!(sender.is_heard());
        drop(receiver);
        assert!(!sender.is_heard());
    }

    #[test]
    fn what_is_too_long_is_not_sent() {
        let (sender, mut receiver) = Receiver::new();
        sender.send(Rank::Engine, "a", "x".repeat(LONGEST + 1));
        sender.send(Rank::Engine, &"a".repeat(LONGEST_ID + 1), "a".to_owned());
        sender.send(Rank::Engine, &"a".repeat(LONGEST_ID), "b".to_owned());
        assert_eq!(receiver.next().as_deref(), Some("b"));
        assert_eq!(receiver.next(), None);
    }
}

//! What was found to be damaged in a trace while it was replayed: told in the order of the chunks, the first hundred in full.

use std::fmt;

use tercel_format::Incident;
use tercel_format::trace::Loss;

/// How many troubles are told in full; the others are counted.
const TOLD: usize = 100;

/// Something of a trace that is damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// A chunk, or the rest of it.
    Chunk {
        /// Its number.
        sequence: u64,
        /// What is lost.
        loss: Loss,
    },
    /// A block in a chunk.
    Block {
        /// Number of the chunk.
        sequence: u64,
        /// The block, by its offset in the decompressed chunk.
        incident: Incident,
    },
    /// A keyframe; nothing but time is lost with it.
    Keyframe {
        /// Number of its chunk.
        sequence: u64,
        /// What is wrong.
        reason: String,
    },
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Chunk { sequence, loss } => write!(formatter, "chunk {sequence}: {loss}"),
            Trouble::Block { sequence, incident } => {
                write!(formatter, "in chunk {sequence}, {incident} (skipped)")
            }
            Trouble::Keyframe { sequence, reason } => {
                write!(formatter, "keyframe of chunk {sequence}: {reason} (the state was found without it)")
            }
        }
    }
}

/// What happened to a trace on its way, apart from alerts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The first hundred troubles.
    pub troubles: Vec<Trouble>,
    /// How many there were.
    pub count: u64,
    /// Bytes of scap that were read.
    pub bytes: u64,
}

impl Report {
    pub(crate) fn lose(&mut self, sequence: u64, loss: Loss) {
        self.push(Trouble::Chunk { sequence, loss });
    }

    pub(super) fn keyframe(&mut self, sequence: u64, reason: String) {
        self.push(Trouble::Keyframe { sequence, reason });
    }

    /// Of `count` damaged blocks the first are listed.
    pub(super) fn incidents(&mut self, sequence: u64, listed: Vec<Incident>, count: u64) {
        let rest = count.saturating_sub(listed.len() as u64);
        for incident in listed {
            self.push(Trouble::Block { sequence, incident });
        }
        self.count = self.count.saturating_add(rest);
    }

    /// Adds what was found behind.
    pub(crate) fn add(&mut self, other: Report) {
        let rest = other.count.saturating_sub(other.troubles.len() as u64);
        other.troubles.into_iter().for_each(|trouble| self.push(trouble));
        self.count = self.count.saturating_add(rest);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }

    fn push(&mut self, trouble: Trouble) {
        // Several threads may have met with the same keyframe.
        if matches!(trouble, Trouble::Keyframe { .. }) && self.troubles.contains(&trouble) {
            return;
        }
        self.count = self.count.saturating_add(1);
        if self.troubles.len() < TOLD {
            self.troubles.push(trouble);
        }
    }
}

//! What was found to be damaged in a capture while it was scanned, in the order of the file, the first hundred places in
//! full; and events that were not evaluated because of an error in this program.

use std::fmt;

use tercel_format::trace::{Chunk, Damage, Loss, Trace};
use tercel_format::{Incident, Reader};

/// Something of a capture that is damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The index of a trace, which was found by walking over it instead.
    Index(Damage),
    /// Sums over a whole trace that do not match.
    Counts(Damage),
    /// A part of a trace that is no readable chunk.
    Part(Loss),
    /// A block of a stream.
    Stream(Incident),
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
    /// Keyframes that can be used and give a wrong state.
    WrongKeyframe {
        /// Number of the chunk before which the state is wrong.
        sequence: u64,
    },
    /// A keyframe; only time is lost with it.
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
            Trouble::Index(damage) | Trouble::Counts(damage) => damage.fmt(formatter),
            Trouble::Part(loss) => loss.fmt(formatter),
            Trouble::Stream(incident) => write!(formatter, "{incident} (skipped)"),
            Trouble::Chunk { sequence, loss } => write!(formatter, "chunk {sequence}: {loss}"),
            Trouble::Block { sequence, incident } => {
                write!(formatter, "in chunk {sequence}, {incident} (skipped)")
            }
            Trouble::WrongKeyframe { sequence } => write!(
                formatter,
                "keyframes up to chunk {sequence}: the state there differs from that of a replay; what was evaluated with it \
                 may be wrong ('-j 1' does not use it)"
            ),
            Trouble::Keyframe { sequence, reason } => {
                write!(formatter, "keyframe of chunk {sequence}: {reason} (the state was rebuilt without it)")
            }
        }
    }
}

/// What was found in a capture, apart from what visitors look for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// What was seen when a trace was opened.
    pub opening: Vec<Trouble>,
    /// The first hundred troubles that were met on the way.
    pub troubles: Vec<Trouble>,
    /// How many were met on the way.
    pub count: u64,
    /// Bytes of scap that were read of a trace.
    pub bytes: u64,
    /// Events that could be read of a truncated last chunk.
    pub rescued: u64,
    /// The first error in this program.
    pub(crate) defect: Option<Defect>,
}

/// A part of a capture was not evaluated to its end because of an error in this program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "error in this program: the evaluation of events {first} to {last} stopped after {evaluated} of them: {message}"
)]
pub struct Defect {
    /// Number of the first event of the stretch.
    pub first: u64,
    /// Number of its last event.
    pub last: u64,
    /// How many of its events were evaluated before.
    pub evaluated: u64,
    /// What was found to be wrong.
    pub message: String,
}

impl Report {
    /// What was seen when a trace was opened.
    pub(super) fn of(trace: &Trace) -> Report {
        let index = trace.without_index().cloned().map(Trouble::Index);
        let parts = trace.losses().iter().cloned().map(Trouble::Part);
        Report { opening: index.into_iter().chain(parts).collect(), ..Report::default() }
    }

    /// What was met in a stream so far.
    pub(super) fn of_stream(reader: &Reader) -> Report {
        let troubles = reader.incidents().iter().cloned().map(Trouble::Stream).collect();
        Report { troubles, count: reader.statistics().incidents, ..Report::default() }
    }

    /// How many places are damaged.
    pub fn places(&self) -> u64 {
        self.count.saturating_add(self.opening.len() as u64)
    }

    pub(super) fn lose(&mut self, sequence: u64, loss: Loss) {
        self.push(Trouble::Chunk { sequence, loss });
    }

    /// A chunk is not what its descriptor says; nothing of it is lost.
    pub(super) fn differs(&mut self, chunk: &Chunk, damage: Damage) {
        let loss = Loss { from: chunk.offset, to: chunk.end(), damage, events: None };
        self.push(Trouble::Chunk { sequence: chunk.descriptor.sequence, loss });
    }

    /// The sums over a trace do not match; nothing of it is lost.
    pub(super) fn counts(&mut self, damage: Damage) {
        self.push(Trouble::Counts(damage));
    }

    /// The state that keyframes gave is not that of the events before it.
    pub(super) fn wrong_keyframe(&mut self, sequence: u64) {
        self.push(Trouble::WrongKeyframe { sequence });
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

    /// Adds what was found after it.
    pub(super) fn add(&mut self, other: Report) {
        let rest = other.count.saturating_sub(other.troubles.len() as u64);
        other.troubles.into_iter().for_each(|trouble| self.push(trouble));
        self.count = self.count.saturating_add(rest);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.rescued = self.rescued.max(other.rescued);
        self.opening.extend(other.opening);
        self.defect = self.defect.take().or(other.defect);
    }

    fn push(&mut self, trouble: Trouble) {
        // Several threads may have met with the same keyframe.
        if matches!(trouble, Trouble::Keyframe { .. }) && self.troubles.contains(&trouble) {
            return;
        }
        self.count = self.count.saturating_add(1);
        if self.troubles.len() < Incident::LISTED {
            self.troubles.push(trouble);
        }
    }
}

//! A part of what passes through a flight recorder: its groups of chunks enter one after the other, the blocks of a capture leave that
//! begins with the whole state at a time in the past and goes on until it is ended. One group at a time is decompressed.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tercel_format::catalogue::code;
use tercel_format::trace::{RingPart, RingReader};
use tercel_format::writer::EventBuilder;
use tercel_format::{Block, Capture, Numbering, OpenError};

use crate::keep::{Scope, Slicer};
use crate::scan::{Needs, ScanError, Visitor, scan};
use crate::state::{ResumePoint, State};
use crate::window::{Point, Window};

/// Follows a flight recorder.
#[derive(Debug)]
pub struct Follower {
    reader: RingReader,
    from: u64,
    /// Events that were lost because this was too slow.
    lost: u64,
}

/// How far a [`Follower`] has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// More was handed over.
    Advanced,
    /// There is nothing new yet.
    Waiting,
    /// Everything before the end was handed over.
    Ended,
}

/// Why a [`Follower`] cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum FollowError<E> {
    /// What is in memory cannot be put together.
    #[error("the newest events: {0}")]
    Memory(io::Error),
    /// It cannot be opened.
    #[error("{0}")]
    Open(OpenError),
    /// It cannot be read to its end.
    #[error("{0}")]
    Scan(ScanError),
    /// The visitor cannot go on.
    #[error("{0}")]
    Visitor(E),
}

/// The blocks that a [`Follower`] hands over, on their way to another visitor: those before the start become its state.
#[derive(Debug)]
pub struct Following<V> {
    slicer: Slicer<V>,
    /// Whether the state is known from the blocks so far.
    is_known: bool,
    /// Events before the next group that were lost.
    lost: u64,
}

impl Follower {
    pub(super) fn new(reader: RingReader, from: u64) -> Follower {
        Follower { reader, from, lost: 0 }
    }

    /// The way to `output`.
    pub fn way_to<V: Visitor>(&self, output: V) -> Following<V> {
        let window = Window { from: Some(Point::Absolute(self.from)), to: None };
        Following { slicer: Slicer::new(output, Scope::default(), window), is_known: false, lost: 0 }
    }

    /// Hands over what has come, up to the first `end` events of the recorder; waits at most `patience` for something new.
    ///
    /// # Errors
    /// The visitor cannot go on, or what is in memory is not as it should be.
    pub fn advance<V: Visitor>(
        &mut self,
        following: &mut Following<V>,
        end: u64,
        patience: Duration,
    ) -> Result<Progress, FollowError<V::Error>> {
        let (trace, lost) = match self.reader.next(end, patience).map_err(FollowError::Memory)? {
            RingPart::Pending => return Ok(Progress::Waiting),
            RingPart::End => return Ok(Progress::Ended),
            RingPart::Group { trace, lost } => (trace, lost),
        };
        if lost > 0 {
            self.lost = self.lost.saturating_add(lost);
            following.is_known = false;
            following.lost = following.lost.saturating_add(lost);
        }
        let mut capture = Capture::of_storage(Arc::new(trace), &|bytes| bytes).map_err(FollowError::Open)?;
        let findings = scan(&mut capture, &Needs::ALL, following, &|_| ()).map_err(FollowError::Visitor)?;
        following.is_known = true;
        findings.error.map_or(Ok(Progress::Advanced), |error| Err(FollowError::Scan(error)))
    }

    /// Events that were lost because they left the memory before this came to them.
    pub fn lost(&self) -> u64 {
        self.lost
    }
}

impl<V: Visitor> Following<V> {
    /// The visitor that was given the blocks.
    pub fn finish(self) -> V {
        self.slicer.finish().0
    }
}

impl<V: Visitor> Visitor for Following<V> {
    type Error = V::Error;

    fn block(&mut self, block: &Block<'_>) -> Result<bool, V::Error> {
        self.slicer.block(block)
    }

    /// Each group begins with a snapshot. Where the one before it was handed over, it says nothing new.
    fn resume(&mut self, state: State, point: ResumePoint) -> Result<(), V::Error> {
        if std::mem::replace(&mut self.is_known, true) {
            return Ok(());
        }
        match std::mem::take(&mut self.lost) {
            0 => self.slicer.resume(state, point),
            lost => self.lose(lost, state, point),
        }
    }

    /// What the host lost, drop events say.
    fn dropped(&mut self, _count: u64) {}
}

impl<V: Visitor> Following<V> {
    /// A drop event takes the place, and the number, of the last event that was lost before a group.
    fn lose(&mut self, lost: u64, state: State, point: ResumePoint) -> Result<(), V::Error> {
        let counted = point.numbering.counted.saturating_sub(1);
        let before = ResumePoint { numbering: Numbering { counted, ..point.numbering }, ..point };
        self.slicer.resume(state, before)?;
        let ratio = i64::from(u32::try_from(lost).unwrap_or(u32::MAX));
        let event = EventBuilder::new(code::DROP_E, point.ts, 0).set("ratio", ratio).encode();
        if let Ok(event) = event {
            let mut event = event.event();
            event.num = point.numbering.counted;
            self.slicer.block(&Block::Event(event))?;
        }
        Ok(())
    }
}

//! What a run records: blocks enter with the state before them and go to the trace of `-w` and to the newest events in memory, without
//! what the policy of --redact names. Both are of the same redactor, so that equal things stay equal in all files of a run.

use std::convert::Infallible;

use tercel_format::Block;
use tercel_format::trace::Header;
use tercel_replay::state::State;

use super::flight::Flight;
use super::writer::Writer;
use crate::exit::Failure;
use crate::redaction::Beside;

/// The recordings of a run.
pub struct Recordings {
    /// The trace that is written.
    pub writer: Option<Writer>,
    /// The newest events.
    pub flight: Option<Flight>,
    redaction: Option<Redaction>,
}

/// What is written is not what was captured.
struct Redaction {
    beside: Beside,
    /// The header as it was, until the names of accounts are known.
    header: Option<Header>,
}

impl Recordings {
    /// Of nothing so far. `header` is that of all traces, before redaction.
    ///
    /// # Errors
    /// The trace cannot be written.
    pub fn start(
        writer: Option<Writer>,
        flight: Option<Flight>,
        redaction: Option<Beside>,
        header: Header,
    ) -> Result<Recordings, Failure> {
        let redaction = redaction.map(|beside| Redaction { beside, header: Some(header) });
        let mut recordings = Recordings { writer, flight, redaction };
        match recordings.redaction {
            Some(_) => recordings.set_header(),
            None => recordings.writer.as_mut().map_or(Ok(()), Writer::start)?,
        }
        Ok(recordings)
    }

    /// Records a block; `state` is what is known before it.
    ///
    /// # Errors
    /// The trace cannot be written. The newest events are kept nevertheless.
    #[inline]
    pub fn block(&mut self, block: &Block<'_>, state: &mut State) -> Result<(), Failure> {
        let Some(redaction) = &mut self.redaction else {
            return pass(&mut self.writer, &mut self.flight, block, state);
        };
        if let (Block::Event(_), Some(_)) = (block, &redaction.header) {
            self.set_header();
            self.redaction.iter_mut().for_each(|redaction| redaction.header = None);
        }
        self.redact(block)
    }

    /// The header of all traces, as far as it is known what is redacted in it.
    fn set_header(&mut self) {
        let Some(Redaction { beside, header: Some(header) }) = &mut self.redaction else { return };
        let header = beside.header(header.clone());
        self.flight.iter_mut().for_each(|flight| flight.set_header(header.clone()));
        self.writer.iter_mut().for_each(|writer| writer.set_header(header.clone()));
    }

    fn redact(&mut self, block: &Block<'_>) -> Result<(), Failure> {
        let Recordings { writer, flight, redaction } = self;
        let Some(Redaction { beside, .. }) = redaction else { return Ok(()) };
        let mut written = Ok(());
        let Ok(()) = beside.block(block, |block, state| {
            let passed = pass(writer, flight, block, state);
            written = std::mem::replace(&mut written, Ok(())).and(passed);
            Ok::<(), Infallible>(())
        });
        written
    }

    /// Records what has waited until more is known: if there was no event.
    ///
    /// # Errors
    /// As for [`block`](Recordings::block).
    pub fn flush(&mut self) -> Result<(), Failure> {
        let Recordings { writer, flight, redaction } = self;
        let Some(Redaction { beside, .. }) = redaction.take() else { return Ok(()) };
        let mut written = Ok(());
        let Ok(()) = beside.finish(|block, state| {
            let passed = pass(writer, flight, block, state);
            written = std::mem::replace(&mut written, Ok(())).and(passed);
            Ok::<(), Infallible>(())
        });
        written
    }
}

#[inline]
fn pass(
    writer: &mut Option<Writer>,
    flight: &mut Option<Flight>,
    block: &Block<'_>,
    state: &mut State,
) -> Result<(), Failure> {
    if let Some(flight) = flight {
        flight.block(block, state);
    }
    writer.as_mut().map_or(Ok(()), |writer| writer.block(block, state))
}

//! Verbs that print events one after the other: blocks of captures enter, events leave for what prints them. An output that nobody reads
//! any more ends the reading.

use std::io;

use tercel_format::{Block, Event};
use tercel_replay::Filter;
use tercel_replay::scan::Visitor;
use tercel_replay::state::{ResumePoint, State};

use crate::exit::Failure;

/// How far the captures are read.
#[derive(Default)]
pub struct Reading {
    /// The host before the next event.
    pub state: State,
    /// Which events are printed.
    pub filter: Option<Filter>,
    /// The rest of the capture is not needed.
    pub is_over: bool,
    /// The reader has closed the output.
    pub is_closed: bool,
}

/// Prints events.
pub trait Prints {
    /// What it prints, for messages.
    const WHAT: &'static str;

    /// How far it is.
    fn reading(&mut self) -> &mut Reading;

    /// Prints an event.
    ///
    /// # Errors
    /// The output cannot be written.
    fn event(&mut self, event: &Event<'_>) -> io::Result<()>;

    /// Reading goes on after a part that is missing or was left out.
    ///
    /// # Errors
    /// The output cannot be written.
    fn resumed(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Hands each event on to what prints it.
pub struct EachEvent<P>(pub P);

impl<P: Prints> EachEvent<P> {
    fn failed(error: &io::Error) -> Failure {
        Failure::io(format!("cannot write {}: {error}", P::WHAT))
    }
}

impl<P: Prints> Visitor for EachEvent<P> {
    type Error = Failure;

    fn block(&mut self, block: &Block<'_>) -> Result<bool, Failure> {
        let reading = self.0.reading();
        let Block::Event(event) = block else {
            if let Block::Section(_) = block {
                reading.filter.iter_mut().for_each(Filter::forget);
            }
            reading.state.block(block);
            return Ok(true);
        };
        if reading.is_over {
            return Ok(false);
        }
        match self.0.event(event) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                let reading = self.0.reading();
                (reading.is_over, reading.is_closed) = (true, true);
                Ok(false)
            }
            Err(error) => Err(Self::failed(&error)),
            Ok(()) => Ok(!self.0.reading().is_over),
        }
    }

    fn resume(&mut self, state: State, _point: ResumePoint) -> Result<(), Failure> {
        let reading = self.0.reading();
        reading.filter.iter_mut().for_each(Filter::forget);
        reading.state = state;
        self.0.resumed().map_err(|error| Self::failed(&error))
    }
}

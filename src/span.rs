//! When captures begin and end. Native traces say so in their index; others are read for it.

use std::path::Path;

use tercel_format::trace::{Totals, Zone};
use tercel_format::{Block, Capture};

use crate::diagnostics;
use crate::exit::Failure;
use crate::inputs::Input;

/// The time from the first event of captures to the last, and how it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Time of the first event, nanoseconds since the epoch.
    pub first: u64,
    /// Time of the last event.
    pub last: u64,
    /// The zone in which times of the first capture are printed.
    pub zone: Zone,
}

impl Span {
    /// The span of captures together. With `utc` their own zones do not count.
    ///
    /// # Errors
    /// One of them is a stream, which can be read only once, or cannot be opened; none has an event.
    pub fn of(inputs: &[Input], utc: bool) -> Result<Span, Failure> {
        let mut span: Option<Span> = None;
        for input in inputs {
            // A pipe that is opened for a look is empty afterwards, or blocks.
            let is_pipe = |path: &Path| path.metadata().is_ok_and(|found| !found.is_file());
            let path = match input {
                Input::File(path) if !is_pipe(path) => path,
                Input::File(_) | Input::Stdin => {
                    return Err(Failure::usage(format!(
                        "{}: a stream can be read only once, so that its first and last event are not known in advance; \
                         give times with their date, times after the first event or event numbers",
                        input.name()
                    )));
                }
            };
            let Some(one) =
                of_file(path, utc).map_err(|error| diagnostics::unopened(&input.name(), &error))?
            else {
                continue;
            };
            span = Some(match span {
                None => one,
                Some(all) => Span { first: all.first.min(one.first), last: all.last.max(one.last), ..all },
            });
        }
        span.ok_or_else(|| Failure::usage("the captures have no event in which a window could begin or end"))
    }
}

fn of_file(path: &Path, utc: bool) -> Result<Option<Span>, tercel_format::OpenError> {
    let mut capture = Capture::open(path, &|bytes| bytes)?;
    let zone = capture.header().filter(|_| !utc).map_or_else(Zone::default, |header| header.zone.clone());
    let times = match &mut capture {
        Capture::Native(trace) => Totals::of(trace.chunks()).span,
        Capture::Stream(reader) => {
            let mut times: Option<(u64, u64)> = None;
            // Damage is reported by the pass that follows.
            while let Ok(Some(block)) = reader.next() {
                let Block::Event(event) = block else { continue };
                // Events without a time are not the host's.
                if event.ts == 0 || event.ts == u64::MAX {
                    continue;
                }
                let (first, last) = times.unwrap_or((event.ts, event.ts));
                times = Some((first.min(event.ts), last.max(event.ts)));
            }
            times
        }
    };
    Ok(times.map(|(first, last)| Span { first, last, zone }))
}

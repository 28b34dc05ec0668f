//! A worker's part: a chunk enters, the lines of its alerts and what was counted leave. A panic ends the chunk, not the
//! replay: the lines before it stay, and what is missing is told.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Chunk;
use crate::alert::{Alert, Formatter, Origin, Style};
use crate::engine::{BlockSource, Counters, Defect, Evaluation, ReplayError, Setup, Sink};

/// What a worker brings along from chunk to chunk.
#[derive(Debug)]
pub(super) struct Bench {
    pub(super) evaluation: Evaluation,
    pub(super) formatter: Formatter,
    /// The section whose process images the evaluation remembers.
    section: Option<u64>,
}

/// An evaluated chunk.
#[derive(Debug)]
pub(super) struct Done<B: BlockSource> {
    /// Place among the chunks, from 0.
    pub(super) number: u64,
    /// The alerts, each line with its end.
    pub(super) lines: Vec<u8>,
    /// What happened in the chunk.
    pub(super) counters: Counters,
    /// Whether later chunks can be of interest.
    pub(super) ended: Result<bool, ReplayError<B::Error>>,
    /// The blocks, done with.
    pub(super) blocks: B,
}

impl<B: BlockSource> Done<B> {
    /// Whether the evaluation panicked, so that what it remembers cannot be trusted.
    pub(super) fn is_defect(&self) -> bool {
        matches!(self.ended, Err(ReplayError::Defect(_)))
    }
}

impl Bench {
    pub(super) fn new(setup: &Setup<'_>, style: Style) -> Bench {
        Bench {
            evaluation: Evaluation::new(setup),
            formatter: Formatter::new(setup.program, style),
            section: None,
        }
    }

    /// Tells where the events come from.
    pub(super) fn set_origin(&mut self, origin: &Origin) {
        self.evaluation.set_zone(origin.zone.as_ref());
        self.formatter.set_origin(origin);
    }

    /// Another capture begins.
    pub(super) fn forget(&mut self) {
        self.section = None;
    }

    pub(super) fn evaluate<B: BlockSource>(
        &mut self,
        setup: &Setup<'_>,
        number: u64,
        chunk: Chunk<B>,
    ) -> Done<B> {
        let Chunk { mut state, section, first_event, events, mut blocks } = chunk;
        if self.section.replace(section) != Some(section) {
            self.evaluation.forget();
        }
        let mut lines = Lines { formatter: &mut self.formatter, bytes: Vec::new(), whole: 0 };
        // What a panic leaves behind is not used: the bench is thrown away, the state with the chunk.
        let caught = catch_unwind(AssertUnwindSafe(|| {
            self.evaluation.run(setup, &mut state, &mut blocks, &mut lines)
        }));
        let Lines { mut bytes, whole, .. } = lines;
        bytes.truncate(whole);
        let counters = std::mem::replace(&mut self.evaluation.counters, Counters::new(setup.program));
        let ended = caught.unwrap_or_else(|panic| {
            Err(ReplayError::Defect(Defect {
                first: first_event,
                last: (first_event + events).saturating_sub(1),
                // The event that it was about is counted already.
                evaluated: counters.events.saturating_sub(1),
                message: message(&*panic),
            }))
        });
        Done { number, lines: bytes, counters, ended, blocks }
    }
}

/// What a panic says.
pub(super) fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}

/// Collects alerts as lines.
struct Lines<'a> {
    formatter: &'a mut Formatter,
    bytes: Vec<u8>,
    /// Length of the lines that are whole.
    whole: usize,
}

impl Sink for Lines<'_> {
    fn alert(&mut self, alert: &Alert<'_>) -> io::Result<()> {
        self.formatter.push_line(alert, &mut self.bytes);
        self.bytes.push(b'\n');
        self.whole = self.bytes.len();
        Ok(())
    }
}

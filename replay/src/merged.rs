//! Several captures at once, their alerts in the order of time: captures enter, lines leave. Each capture is evaluated by a
//! thread of its own, which waits if the others are not as far; of alerts with the same time, that of the earlier capture
//! comes first. Within one capture the order is that of its events, even where their times are not in order.

use std::io::{self, Write};
use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::alert::{Alert, Formatter};
use crate::alerts::{Alerts, Judge, LineSink};
use crate::correlate::{Marker, Marks, Printer, Totals};
use crate::engine::{Counters, Evaluation, Sink};
use crate::scan::{Advance, Ended, Opened, Supply, scan, unwanted};

/// How many batches of lines of one capture wait.
const WAITING: usize = 2;

/// How many lines, and how many bytes of them, are handed over at once.
const LINES: usize = 256;
const BYTES: usize = 64 << 10;

/// Lines with their times, the bytes back to back.
#[derive(Default)]
struct Batch {
    /// Times, and where the lines end.
    lines: Vec<(u64, usize)>,
    bytes: Vec<u8>,
    /// What correlations ask of each, if there are any.
    marks: Marks,
}

/// The lines of one capture as they come.
struct Stream {
    batches: Receiver<Batch>,
    batch: Batch,
    /// The line that is next, and where it starts.
    next: usize,
    start: usize,
}

impl Alerts<'_> {
    /// Replays captures side by side and writes the lines of their alerts, earliest first.
    ///
    /// # Errors
    /// The output failed, or a thread could not be started.
    pub fn by_time(
        &self,
        supply: &mut dyn Supply,
        out: &mut dyn Write,
        advance: Advance<'_>,
    ) -> io::Result<(Counters, Totals)> {
        let mut printer = self.printer();
        let mut counters = Counters::new(self.setup().program);
        let (written, ended) = std::thread::scope(|scope| -> io::Result<_> {
            let (mut streams, mut threads) = (Vec::new(), Vec::new());
            while let Some(opened) = supply.next() {
                let (send, batches) = sync_channel(WAITING);
                let thread = std::thread::Builder::new().name("replay".to_owned());
                threads.push(thread.spawn_scoped(scope, move || evaluate(self, opened, send, advance))?);
                streams.push(Stream { batches, batch: Batch::default(), next: 0, start: 0 });
            }
            let written = write(streams, out, printer.as_mut());
            // Threads that still evaluate find the channel closed.
            let ended: Vec<_> = threads.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
            Ok((written, ended))
        })?;
        for one in ended {
            // Panics of an evaluation are caught where it happens; this one is of the thread itself.
            let (ended, counted) = one.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            counters.add(&counted);
            if let Some(ended) = ended {
                supply.ended(ended);
            }
        }
        written?;
        let last = counters.span.map(|(_, last)| last);
        let totals = printer.as_mut().map_or(Ok(Totals::default()), |printer| printer.finish(last, out))?;
        Ok((counters, totals))
    }
}

/// Writes the lines of all streams, the earliest of the next ones first.
fn write(
    mut streams: Vec<Stream>,
    out: &mut dyn Write,
    mut printer: Option<&mut Printer<'_>>,
) -> io::Result<()> {
    loop {
        streams.retain_mut(Stream::is_open);
        let earliest = streams.iter_mut().min_by_key(|stream| stream.time());
        match earliest {
            Some(stream) => stream.print(out, printer.as_deref_mut())?,
            None => return Ok(()),
        }
    }
}

impl Stream {
    /// Waits for the next line; `false` if there is none.
    fn is_open(&mut self) -> bool {
        while self.next >= self.batch.lines.len() {
            match self.batches.recv() {
                Ok(batch) => (self.batch, self.next, self.start) = (batch, 0, 0),
                Err(_) => return false,
            }
        }
        true
    }

    /// Time of the next line.
    fn time(&self) -> u64 {
        self.batch.lines.get(self.next).map_or(u64::MAX, |(time, _)| *time)
    }

    /// Prints the next line, which is then done with.
    fn print(&mut self, out: &mut dyn Write, printer: Option<&mut Printer<'_>>) -> io::Result<()> {
        let at = self.next;
        let range = self.line();
        let line = self.batch.bytes.get(range).unwrap_or_default();
        match (printer, self.batch.marks.get(at)) {
            (Some(printer), Some(mark)) => printer.print(&mark, line, out),
            _ => out.write_all(line),
        }
    }

    /// Where the next line is, which is then done with.
    fn line(&mut self) -> Range<usize> {
        let end = self.batch.lines.get(self.next).map_or(self.start, |(_, end)| *end);
        let start = std::mem::replace(&mut self.start, end);
        self.next += 1;
        start..end
    }
}

/// The work of a capture's thread. Nothing is reported about a capture whose lines are not printed.
fn evaluate(
    alerts: &Alerts<'_>,
    Opened { origin, mut capture }: Opened,
    batches: SyncSender<Batch>,
    advance: Advance<'_>,
) -> (Option<Ended>, Counters) {
    let setup = alerts.setup();
    let mut evaluation = Evaluation::new(setup);
    let mut formatter = alerts.formatter();
    formatter.set_origin(&origin);
    let mut marker = alerts.marker();
    marker.iter_mut().for_each(|marker| marker.set_origin(&origin));
    evaluation.set_zone(origin.zone.as_ref());
    let sink = Outgoing { formatter, marker, batch: Batch::default(), batches };
    let mut judge = Judge::new(setup, &mut evaluation, sink);
    let findings = scan(&mut capture, &setup.needs(), &mut judge, advance);
    let ended = findings.and_then(|findings| judge.sink.send().map(|()| findings));
    judge.count_forgotten();
    let mut counters = evaluation.take_counters(setup);
    let ended = ended.ok().map(|findings| {
        counters.skipped.add(findings.skipped);
        Ended { capture, report: findings.report, error: findings.error }
    });
    (ended, counters)
}

/// Hands the lines of a capture over.
struct Outgoing {
    formatter: Formatter,
    marker: Option<Marker>,
    batch: Batch,
    batches: SyncSender<Batch>,
}

impl Outgoing {
    fn send(&mut self) -> io::Result<()> {
        let batch = std::mem::take(&mut self.batch);
        self.batches.send(batch).map_err(|_| unwanted())
    }
}

impl Sink for Outgoing {
    fn alert(&mut self, alert: &Alert<'_>) -> io::Result<()> {
        self.formatter.push_line(alert, &mut self.batch.bytes);
        self.batch.bytes.push(b'\n');
        if let Some(marker) = &mut self.marker {
            marker.push(alert, self.batch.bytes.len(), &mut self.batch.marks);
        }
        self.batch.lines.push((alert.context.event.ts, self.batch.bytes.len()));
        let is_full = self.batch.lines.len() >= LINES || self.batch.bytes.len() >= BYTES;
        if is_full { self.send() } else { Ok(()) }
    }
}

impl LineSink for Outgoing {
    fn truncate(&mut self) {
        self.batch.bytes.truncate(self.batch.lines.last().map_or(0, |(_, end)| *end));
        self.batch.marks.truncate(self.batch.lines.len());
    }
}

//! Several captures on one pool: they are cut into pieces, the pieces are handed to the workers in order, and their lines
//! leave in the same order. A native trace is cut by its keyframes; a stream is one piece.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};

use super::gate::Gate;
use super::piece::{Counter, End, Part, Piece, Work, work};
use super::worker::Bench;
use super::{CHUNKS_PER_THREAD, Parallel, lock};
use crate::captures::{Advance, Capture, CaptureError, Ended, Input, Supply};
use crate::chunked::{Plan, Report, is_keyed};
use crate::engine::{Counters, Setup};

impl Parallel<'_> {
    /// Replays captures and writes the lines of their alerts, in the order in which one thread would.
    ///
    /// # Errors
    /// The output failed.
    pub fn run_all(
        &mut self,
        supply: &mut dyn Supply,
        out: &mut (dyn Write + Send),
        advance: Advance<'_>,
    ) -> io::Result<()> {
        let Some(first) = supply.next() else { return Ok(()) };
        let second = supply.next();
        if second.is_none() && !is_cut(&first.input) {
            supply.ended(self.scouted(first, out)?);
            return Ok(());
        }
        self.share(&mut Queue { first: [Some(first), second], supply }, out, advance)
    }

    fn share(
        &mut self,
        supply: &mut dyn Supply,
        out: &mut dyn Write,
        advance: Advance<'_>,
    ) -> io::Result<()> {
        let Parallel { setup, style, pool, benches, counters, .. } = self;
        let (setup, style, benches): (&Setup<'_>, _, &Mutex<Vec<Bench>>) = (setup, *style, benches);
        let threads = pool.current_num_threads();
        let ahead = (threads * CHUNKS_PER_THREAD) as u64;
        let gate = Gate::default();
        let counter = Counter { setup, gate: &gate, advance };
        pool.in_place_scope_fifo(|scope| {
            let (send, receive) = sync_channel(2 * threads);
            let mut cutter = Cutter { supply, counter, threads, pieces: VecDeque::new(), next: 0 };
            let mut desk =
                Desk { out, counters, gate: &gate, next: 0, waiting: BTreeMap::new(), open: VecDeque::new() };
            let result = loop {
                while cutter.next - desk.next < ahead
                    && let Some(piece) = cutter.piece(&mut desk)
                {
                    let send = send.clone();
                    scope.spawn_fifo(move |_| {
                        let bench = lock(benches).pop();
                        let mut bench = bench.unwrap_or_else(|| Bench::new(setup, style));
                        work(&mut bench, counter, piece, &send);
                        lock(benches).push(bench);
                    });
                }
                if cutter.next == desk.next {
                    break Ok(());
                }
                let Ok(part) = receive.recv() else { break Ok(()) };
                if let Err(error) = desk.take(part, &mut *cutter.supply) {
                    break Err(error);
                }
            };
            gate.close();
            result
        })
    }
}

/// Whether keyframes cut a capture into pieces.
fn is_cut(input: &Input) -> bool {
    match input {
        Input::Native(trace) => is_keyed(trace),
        Input::Stream(_) => false,
    }
}

/// A supply of which two captures have been taken already.
struct Queue<'a> {
    first: [Option<Capture>; 2],
    supply: &'a mut dyn Supply,
}

impl Supply for Queue<'_> {
    fn next(&mut self) -> Option<Capture> {
        self.first.iter_mut().find_map(Option::take).or_else(|| self.supply.next())
    }

    fn ended(&mut self, ended: Ended) {
        self.supply.ended(ended);
    }
}

/// Cuts captures into pieces.
struct Cutter<'a, 'p> {
    supply: &'a mut dyn Supply,
    counter: Counter<'a, 'p>,
    threads: usize,
    /// What is cut and not handed out.
    pieces: VecDeque<Piece>,
    /// Number of the piece that is handed out next.
    next: u64,
}

impl Cutter<'_, '_> {
    /// The next piece; a capture that is opened for it is entered at the desk.
    fn piece(&mut self, desk: &mut Desk<'_>) -> Option<Piece> {
        while self.pieces.is_empty() {
            let capture = self.supply.next()?;
            self.cut(capture, desk);
        }
        let piece = self.pieces.pop_front()?;
        self.next = piece.number + 1;
        Some(piece)
    }

    fn cut(&mut self, Capture { origin, input }: Capture, desk: &mut Desk<'_>) {
        let over = Arc::new(AtomicBool::new(false));
        let mut number = self.next;
        let mut piece = |work| {
            self.pieces.push_back(Piece { number, work, origin: origin.clone(), over: over.clone() });
            number += 1;
        };
        let mut open =
            Open { input: None, report: Report::default(), error: None, over: over.clone(), last: 0 };
        match input {
            Input::Stream(reader) => piece(Work::Stream(reader)),
            Input::Native(trace) => {
                let plan = Plan::new(&trace, self.counter.setup).unwrap_or_else(|error| {
                    open.error = Some(CaptureError::Trace(error));
                    Plan::default()
                });
                desk.counters.skipped += plan.skipped;
                (self.counter.advance)(plan.skipped_bytes);
                let mut runs = plan.runs(&trace, self.threads);
                if runs.is_empty() {
                    // Even of a trace of which nothing is needed, it is told when it is done.
                    runs.push(0..0);
                }
                let last = runs.len() - 1;
                for (index, chunks) in runs.into_iter().enumerate() {
                    let cut = plan.cut && index == last;
                    piece(Work::Chunks { trace: trace.clone(), chunks, cut });
                }
                open.input = Some(Input::Native(trace));
            }
        }
        open.last = number - 1;
        desk.open.push_back(open);
    }
}

/// A capture that is not done.
struct Open {
    /// A native trace; a stream comes back with its piece.
    input: Option<Input>,
    report: Report,
    error: Option<CaptureError>,
    over: Arc<AtomicBool>,
    /// Number of its last piece.
    last: u64,
}

/// What came of a piece whose turn has not come.
#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    waited: usize,
    end: Option<Box<End>>,
}

/// Where lines come in as they are found, and leave in order.
struct Desk<'a> {
    out: &'a mut dyn Write,
    counters: &'a mut Counters,
    gate: &'a Gate,
    /// The piece whose lines leave.
    next: u64,
    waiting: BTreeMap<u64, Waiting>,
    /// Captures that are not done; the first is the one whose lines leave.
    open: VecDeque<Open>,
}

impl Desk<'_> {
    /// Takes in what a worker found, and lets out what can leave.
    fn take(&mut self, part: Part, supply: &mut dyn Supply) -> io::Result<()> {
        let Part { piece, lines, waited, end } = part;
        if piece != self.next {
            let waiting = self.waiting.entry(piece).or_default();
            waiting.lines.extend_from_slice(&lines);
            waiting.waited += waited;
            waiting.end = end;
            return Ok(());
        }
        let mut part = Waiting { lines, waited, end };
        loop {
            if self.open.front().is_none_or(|open| !open.over.load(Ordering::Relaxed)) {
                self.out.write_all(&part.lines)?;
            }
            self.gate.leave(part.waited);
            let Some(end) = part.end else { return Ok(()) };
            self.end(*end, supply);
            self.next += 1;
            self.gate.turn(self.next);
            match self.waiting.remove(&self.next) {
                Some(next) => part = next,
                None => return Ok(()),
            }
        }
    }

    /// The piece whose turn it was is done.
    fn end(&mut self, end: End, supply: &mut dyn Supply) {
        let Some(open) = self.open.front_mut() else { return };
        let End { counters, report, more, error, reader } = end;
        // Behind the end of a window nothing counts, though it may have been looked at.
        if !open.over.load(Ordering::Relaxed) {
            self.counters.add(&counters);
            open.report.add(report);
            open.error = open.error.take().or(error);
            open.over.store(!more, Ordering::Relaxed);
        }
        if let Some(reader) = reader {
            open.input = Some(Input::Stream(reader));
        }
        if open.last == self.next
            && let Some(Open { input: Some(input), report, error, .. }) = self.open.pop_front()
        {
            supply.ended(Ended { input, report, error });
        }
    }
}

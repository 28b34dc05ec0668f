//! Several captures, one after the other or on one pool of threads: there they are cut into pieces, the pieces are handed to
//! the workers in order, and what is found in them is merged in the same order. A native trace is cut by its keyframes; a
//! stream is one piece, or, where it is all there is, the batches of a scout.

use std::io;
use std::sync::{Arc, Mutex};

use rayon::ThreadPoolBuilder;
use tercel_format::Capture;
use tercel_format::trace::Trace;

use super::dispatcher::Dispatcher;
use super::gate::Gate;
use super::ordered::Open;
use super::piece::{Shared, Work};
use super::plan::{Plan, is_keyed};
use super::scout::Scout;
use super::threads::Threads;
use super::walker::Wanted;
use super::{
    Advance, Ended, Extent, LeftOut, Merge, Needs, Opened, Outlet, PieceOrigin, PieceVisitor, Question,
    Report, ScanError, Supply, scan,
};
use crate::alert::Origin;
use crate::state::State;

/// Asks captures, one after the other, on one thread or on several. The answer does not depend on how many there are.
///
/// # Errors
/// The answer cannot be written, or threads cannot be started.
pub fn scan_all<Q: Question>(
    question: &Q,
    supply: &mut dyn Supply,
    threads: Threads,
    merge: &mut dyn Merge<Q::Part>,
    advance: Advance<'_>,
) -> io::Result<()> {
    let run = Run { question, supply, merge, advance };
    if threads.is_one() || !question.is_divisible() { one_by_one(run) } else { side_by_side(run, threads) }
}

/// A question that is asked, of which captures, and where the answer goes.
struct Run<'r, Q: Question> {
    question: &'r Q,
    supply: &'r mut dyn Supply,
    merge: &'r mut dyn Merge<Q::Part>,
    advance: Advance<'r>,
}

fn one_by_one<Q: Question>(run: Run<'_, Q>) -> io::Result<()> {
    let Run { question, supply, merge, advance } = run;
    let mut worker = question.worker();
    while !question.is_over(&worker)
        && let Some(Opened { origin, mut capture }) = supply.next()
    {
        let mut send = |part, _| merge.merge(part);
        let place = PieceOrigin { origin: &origin, images: None };
        let mut visitor = question.visit(&mut worker, &place, Outlet::new(&mut send));
        let findings = scan(&mut capture, &question.needs(), &mut visitor, advance)?;
        visitor.finish()?;
        merge.skipped(findings.skipped);
        supply.ended(Ended { capture, report: findings.report, error: findings.error });
    }
    Ok(())
}

fn side_by_side<Q: Question>(run: Run<'_, Q>, threads: Threads) -> io::Result<()> {
    let Run { question, supply, merge, advance } = run;
    let Some(first) = supply.next() else { return Ok(()) };
    let second = supply.next();
    let is_scouted = second.is_none() && !is_cut(&first.capture);
    // A scout is a thread of its own.
    let workers = threads.count - usize::from(is_scouted);
    let pool = ThreadPoolBuilder::new().num_threads(workers).thread_name(|index| format!("scan-{index}"));
    let pool = pool.build().map_err(io::Error::other)?;
    let (gate, kept) = (Gate::default(), Mutex::default());
    let shared = Shared { question, gate: &gate, advance };
    pool.in_place_scope_fifo(|scope| {
        let dispatcher = Dispatcher::new(scope, shared, &kept, merge, threads);
        let mut cutter = Cutter { dispatcher, shared, threads, supply };
        let ran = match is_scouted {
            true => cutter.scout(first),
            false => cutter.pieces([Some(first), second]),
        };
        let ran = ran.and_then(|()| cutter.dispatcher.finish(cutter.supply));
        gate.close();
        ran
    })
}

/// Whether keyframes cut a capture into pieces.
fn is_cut(capture: &Capture) -> bool {
    match capture {
        Capture::Native(trace) => is_keyed(trace),
        Capture::Stream(_) => false,
    }
}

/// Cuts captures into pieces.
struct Cutter<'c, 'd, 'p, Q: Question> {
    dispatcher: Dispatcher<'d, 'p, Q>,
    shared: Shared<'p, Q>,
    threads: Threads,
    supply: &'c mut dyn Supply,
}

impl<'p, Q: Question> Cutter<'_, '_, 'p, Q>
where
    Q::Part: 'p,
    Q::Worker: 'p,
{
    fn pieces(&mut self, first: [Option<Opened>; 2]) -> io::Result<()> {
        let mut first = first.into_iter().flatten();
        while let Some(Opened { origin, capture }) = first.next().or_else(|| self.supply.next()) {
            match capture {
                Capture::Native(trace) => self.trace(&origin, trace)?,
                Capture::Stream(reader) => {
                    let over = self.dispatcher.begin(None, Report::default());
                    self.dispatcher.dispatch(Work::Stream(reader), &origin, None, &over, self.supply)?;
                    self.dispatcher.close(LeftOut::default(), self.supply, |_| ());
                }
            }
        }
        Ok(())
    }

    /// A native trace, cut by its keyframes.
    fn trace(&mut self, origin: &Origin, trace: Arc<Trace>) -> io::Result<()> {
        let over = self.dispatcher.begin(Some(Capture::Native(trace.clone())), Report::of(&trace));
        let plan = match Plan::new(&trace, &self.shared.question.needs()) {
            Ok(plan) => plan,
            Err(error) => {
                let failed = |open: &mut Open| open.error = Some(ScanError::Trace(error));
                self.dispatcher.close(LeftOut::default(), self.supply, failed);
                return Ok(());
            }
        };
        (self.shared.advance)(plan.skipped_bytes);
        let mut runs = plan.runs(&trace, self.threads.count);
        if runs.is_empty() && plan.cut {
            runs.push(0..0);
        }
        let last = runs.len().saturating_sub(1);
        for (index, chunks) in runs.iter().cloned().enumerate() {
            let cut = plan.cut && index == last;
            // Where one run follows another, the keyframes between them are compared with the events.
            let edges = Wanted {
                start: index
                    .checked_sub(1)
                    .and_then(|before| runs.get(before))
                    .is_some_and(|before| before.end == chunks.start),
                end: runs.get(index + 1).is_some_and(|next| next.start == chunks.end),
            };
            let work = Work::Chunks { trace: trace.clone(), chunks, cut, edges };
            self.dispatcher.dispatch(work, origin, None, &over, self.supply)?;
        }
        self.dispatcher.close(plan.skipped, self.supply, |_| ());
        Ok(())
    }

    /// A capture without states of its own: a scout runs ahead of the workers, on this thread.
    fn scout(&mut self, opened: Opened) -> io::Result<()> {
        let Opened { origin, mut capture } = opened;
        let over = self.dispatcher.begin(None, Report::default());
        let window = self.shared.question.needs().window;
        let needs = Needs { window, extent: Extent::All, selection: None, part: None };
        let mut scout = Scout {
            dispatcher: &mut self.dispatcher,
            supply: self.supply,
            origin,
            over,
            window,
            size: self.threads.batch,
            state: State::new(),
            section: 0,
            stretch: None,
        };
        let findings = scan(&mut capture, &needs, &mut scout, self.shared.advance)?;
        scout.flush()?;
        self.dispatcher.close(findings.skipped, self.supply, |open| {
            open.capture = Some(capture);
            open.report.add(findings.report);
            open.error = findings.error.or(open.error.take());
        });
        Ok(())
    }
}

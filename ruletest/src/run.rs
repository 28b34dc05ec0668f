//! The replay of captures: planned evaluations enter, their alerts leave. Each capture is decoded once and its state built
//! once, whatever the number of cases; several captures are read at a time.

use std::io;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use tercel_format::trace::{Break, Depth};
use tercel_format::{Capture as Opened, OpenError};
use tercel_replay::scan::{Findings, ScanError, Trouble, scan, verify_trace};
use tercel_replay::{Group, Member, Prepared, Sink};

use crate::collector::Collector;
use crate::error::{Outcome, RunError};
use crate::plan::{Capture, Evaluation};
use crate::sets::Sets;

/// An alert as cases see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Position of the rule in the program.
    pub(crate) rule: usize,
    /// Number of the event.
    pub(crate) number: u64,
    /// Its time, nanoseconds since the epoch.
    pub(crate) ts: u64,
    /// The line with the time in ISO 8601.
    pub(crate) line: String,
    /// Values of the fields that are asked of the rule.
    pub(crate) values: Vec<String>,
}

/// What a capture gave.
#[derive(Debug, Default)]
pub(crate) struct Replayed {
    /// Events read.
    pub(crate) events: u64,
    /// Time of its first event.
    pub(crate) first: u64,
    /// What reading it and evaluating all rules over it took.
    pub(crate) took: Duration,
    /// Alerts per evaluation, in the order of the events.
    pub(crate) alerts: Vec<Vec<Seen>>,
    /// Why it is worth nothing.
    pub(crate) error: Option<CaptureError>,
}

/// Replays all captures, `jobs` at a time; answers in their order. With `verify`, native traces are verified before.
pub(crate) fn replay(
    captures: &[Capture],
    sets: &Sets,
    jobs: NonZeroUsize,
    verify: bool,
) -> Result<Vec<Replayed>, RunError> {
    let prepared: Vec<_> = sets.sets.iter().map(|set| Prepared::new(&set.loaded.program)).collect();
    let one = |capture| one(capture, sets, &prepared, verify);
    Ok(pool(jobs)?.install(|| captures.par_iter().map(one).collect()))
}

/// This number of threads.
pub(crate) fn pool(jobs: NonZeroUsize) -> Result<rayon::ThreadPool, RunError> {
    Ok(rayon::ThreadPoolBuilder::new().num_threads(jobs.get()).build()?)
}

fn one(capture: &Capture, sets: &Sets, prepared: &[Prepared<'_>], verify: bool) -> Replayed {
    let started = Instant::now();
    let replayed = evaluated(capture, sets, prepared, verify);
    Replayed { took: started.elapsed(), ..replayed }
}

fn evaluated(capture: &Capture, sets: &Sets, prepared: &[Prepared<'_>], verify: bool) -> Replayed {
    let refused = |error| Replayed { error: Some(error), ..Replayed::default() };
    let opened = open(capture).and_then(|opened| if verify { verified(opened) } else { Ok(opened) });
    let mut opened = match opened {
        Ok(opened) => opened,
        Err(error) => return refused(error),
    };
    let members = capture.evaluations.iter().filter_map(|evaluation| member(evaluation, prepared));
    let mut group = Group::new(members);
    let mut sinks: Vec<Collector<'_>> =
        capture.evaluations.iter().filter_map(|evaluation| Collector::new(evaluation, sets)).collect();
    if let Err(error) = read(&mut group, &mut opened, &mut sinks) {
        return refused(error);
    }
    let ends = group.counters().map(|counters| counters.span.map(|(_, last)| last));
    let alerts = sinks.into_iter().zip(ends).map(|(sink, last)| sink.finish(last)).collect();
    match alerts {
        Ok(alerts) => {
            let (events, first) = (group.events(), group.state().first_ts());
            Replayed { events, first, alerts, ..Replayed::default() }
        }
        Err(error) => refused(CaptureError::Alerts(error)),
    }
}

/// Why no case can rely on a capture.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CaptureError {
    /// It cannot be opened.
    #[error("{0}")]
    Open(OpenError),
    /// It cannot be read to its end.
    #[error("{0}")]
    Scan(ScanError),
    /// It does not pass verification.
    #[error("{0}")]
    Unproven(Break),
    /// A part of it is damaged.
    #[error("{0}")]
    Damaged(Trouble),
    /// Its alerts could not be kept.
    #[error("{0}")]
    Alerts(io::Error),
}

impl CaptureError {
    /// What it makes of the run.
    pub(crate) fn outcome(&self) -> Outcome {
        let is_damage = match self {
            CaptureError::Open(error) => error.is_damage(),
            CaptureError::Scan(error) => error.is_damage(),
            CaptureError::Damaged(_) | CaptureError::Unproven(_) => true,
            CaptureError::Alerts(_) => return Outcome::Invalid,
        };
        if is_damage { Outcome::Damaged } else { Outcome::Unreadable }
    }
}

/// Opens a capture.
pub(crate) fn open(capture: &Capture) -> Result<Opened, CaptureError> {
    Opened::open(&capture.path, &|bytes| bytes).map_err(CaptureError::Open)
}

/// The capture, if it is no native trace or one that passes verification.
fn verified(opened: Opened) -> Result<Opened, CaptureError> {
    if let Opened::Native(trace) = &opened {
        let proof = verify_trace(trace, Depth::Contents, &mut |_| ());
        let proof = proof.map_err(|error| CaptureError::Scan(ScanError::Trace(error)))?;
        proof.verdict.first_break.map_or(Ok(()), |first| Err(CaptureError::Unproven(first)))?;
    }
    Ok(opened)
}

/// Runs a group over a capture. A damaged one is refused, although a part of it may be readable: what a case expects can
/// stand in the other part.
pub(crate) fn read<K: Sink>(
    group: &mut Group<'_>,
    capture: &mut Opened,
    sinks: &mut [K],
) -> Result<(), CaptureError> {
    let needs = group.needs();
    let Findings { report, error, .. } =
        scan(capture, &needs, &mut group.visitor(sinks), &|_| ()).map_err(CaptureError::Alerts)?;
    if let Some(error) = error {
        return Err(CaptureError::Scan(error));
    }
    match report.opening.into_iter().chain(report.troubles).next() {
        Some(trouble) => Err(CaptureError::Damaged(trouble)),
        None => Ok(()),
    }
}

fn member<'p>(evaluation: &'p Evaluation, prepared: &[Prepared<'p>]) -> Option<Member<'p>> {
    let rules = prepared.get(evaluation.set)?.clone();
    Some(Member { rules, filter: evaluation.filter.as_ref(), options: evaluation.options })
}

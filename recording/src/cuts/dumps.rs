//! Cuts by hand: requests enter, files leave that contain what was in memory. One file is written at a time; requests for the same
//! time before it that come meanwhile share the next one.

use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use tercel_replay::flight::FlightRecorder;

use super::UNDER_WAY;
use super::job::{Ended, Job};
use super::limits::CutLimit;
use crate::error::Error;
use crate::writer::CaptureWriter;

/// Most requests that wait.
const WAITING: usize = 64;

/// A request to write what is in memory.
#[derive(Debug, Default)]
pub struct DumpRequest {
    /// Only the events of this time before it.
    pub before: Option<Duration>,
    /// Gets the name of the file once that is safely on the disk, or why it is not.
    pub reply: Option<SyncSender<Result<String, String>>>,
}

/// Requests, and the file that is being written for some.
#[derive(Debug, Default)]
pub(crate) struct Dumps {
    waiting: VecDeque<(Instant, DumpRequest)>,
    under_way: Option<(Job, Vec<DumpRequest>)>,
}

/// What a look at the requests has led to.
#[derive(Debug, Default)]
pub(crate) struct Step {
    /// A file that is being written now.
    pub(crate) started: Option<String>,
    /// One that was written, or not.
    pub(crate) ended: Option<Ended>,
}

impl Dumps {
    /// Takes a request. The file is begun when the events of this moment have come from the kernel.
    pub(crate) fn push(&mut self, request: DumpRequest, now: Instant) {
        if self.waiting.len() >= WAITING {
            return answer(&[request], &Err("too many requests".to_owned()));
        }
        self.waiting.push_back((now.checked_add(UNDER_WAY).unwrap_or(now), request));
    }

    /// Does what is due; `last` is the time of the newest event, and `make` gives a writer for a file.
    ///
    /// # Errors
    /// The newest events cannot be compressed.
    pub(crate) fn tick(
        &mut self,
        now: Instant,
        recorder: &mut FlightRecorder,
        last: u64,
        make: impl FnOnce() -> CaptureWriter,
    ) -> Result<Step, Error> {
        let finished = self.under_way.take_if(|(job, _)| job.is_finished());
        let mut step = Step { ended: finished.map(settle), started: None };
        if self.under_way.is_some() || self.waiting.front().is_none_or(|(due, _)| now < *due) {
            return Ok(step);
        }
        let Some((_, first)) = self.waiting.pop_front() else { return Ok(step) };
        let before = first.before;
        let mut requests = vec![first];
        for (due, request) in std::mem::take(&mut self.waiting) {
            if request.before == before {
                requests.push(request);
            } else {
                self.waiting.push_back((due, request));
            }
        }
        let nanoseconds = before.map(|before| u64::try_from(before.as_nanos()).unwrap_or(u64::MAX));
        let from = nanoseconds.map_or(0, |before| last.saturating_sub(before));
        let end = recorder.end().map_err(Error::Memory)?;
        let writer = make();
        let name = writer.name();
        match Job::start(recorder.follow(from), writer, (u64::MAX, CutLimit::Bytes)) {
            Ok(job) => {
                job.end(end);
                step.started = Some(name);
                self.under_way = Some((job, requests));
            }
            Err(error) => {
                answer(&requests, &Err(error.to_string()));
                step.ended = Some(Ended { name, result: Err(error) });
            }
        }
        Ok(step)
    }

    /// Answers all requests, and waits for the files.
    ///
    /// # Errors
    /// The newest events cannot be compressed.
    pub(crate) fn finish(
        &mut self,
        recorder: &mut FlightRecorder,
        last: u64,
        make: impl FnOnce() -> CaptureWriter,
    ) -> Result<Vec<Ended>, Error> {
        let mut ended: Vec<Ended> = self.under_way.take().map(settle).into_iter().collect();
        // What waits gets one file, of all that is in memory if the requests differ.
        if self.waiting.len() > 1 {
            let all =
                self.waiting.iter().map(|(_, request)| request.before).max_by_key(|before| before.is_none());
            self.waiting.iter_mut().for_each(|(_, request)| request.before = all.flatten());
        }
        let due = self.waiting.front().map_or_else(Instant::now, |(due, _)| *due);
        let step = self.tick(due, recorder, last, make)?;
        ended.extend(step.ended);
        ended.extend(self.under_way.take().map(settle));
        Ok(ended)
    }
}

fn settle((job, requests): (Job, Vec<DumpRequest>)) -> Ended {
    let ended = job.finish();
    let told = match &ended.result {
        Ok(_) => Ok(ended.name.clone()),
        Err(error) => Err(error.to_string()),
    };
    answer(&requests, &told);
    ended
}

/// Answers requests. Whoever has stopped waiting needs no answer, and nobody waits here.
fn answer(requests: &[DumpRequest], told: &Result<String, String>) {
    for reply in requests.iter().filter_map(|request| request.reply.as_ref()) {
        let _ = reply.try_send(told.clone());
    }
}

//! Which parts of the recent past are to be kept: alerts and requests by hand enter, stretches of time leave when they are
//! complete. Stretches that overlap become one, as long as the ring can hold it; then the next one goes on where it ended, so
//! that no moment that was asked for is missing. Pure logic: clocks and files are the caller's.

use std::collections::VecDeque;

/// Nanoseconds of a minute.
const MINUTE: u64 = 60_000_000_000;

/// How much may be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutLimits {
    /// Nanoseconds of the longest cut: what a ring surely holds.
    pub longest: u64,
    /// Files of the whole run.
    pub files: u64,
    /// Bytes of all files together.
    pub bytes: u64,
    /// Files that are begun within a minute.
    pub per_minute: usize,
}

/// What an alert asks for. Times are nanoseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutRequest {
    /// Time of its event.
    pub ts: u64,
    /// Number of its event.
    pub number: u64,
    /// Nanoseconds to keep before the event.
    pub before: u64,
    /// Nanoseconds to keep after it.
    pub after: u64,
}

/// A stretch of time to keep. Times are nanoseconds since the epoch, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Its start.
    pub from: u64,
    /// Its end.
    pub to: u64,
    /// Time and number of the event that it is named after.
    pub name: (u64, u64),
    /// Alerts that asked for it.
    pub alerts: u64,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CutRefusal {
    /// As many files were begun as there may be.
    #[error("{0} files were written, the limit of this run")]
    Files(u64),
    /// The files have the size that they may have.
    #[error("the files have {0} bytes, the limit of this run")]
    Bytes(u64),
    /// Too many in a short time.
    #[error("{0} files were begun within a minute, the limit")]
    PerMinute(usize),
}

/// What is to be kept.
#[derive(Debug)]
pub struct Cuts {
    limits: CutLimits,
    /// What is not complete, the oldest first.
    open: VecDeque<Cut>,
    /// When files were begun within the last minute.
    begun: VecDeque<u64>,
    files: u64,
    bytes: u64,
}

impl Cuts {
    /// Nothing is asked for yet.
    pub fn new(limits: CutLimits) -> Cuts {
        Cuts { limits, open: VecDeque::new(), begun: VecDeque::new(), files: 0, bytes: 0 }
    }

    /// Takes a request, and says after which event the file is named that will hold it.
    ///
    /// # Errors
    /// A limit is reached; nothing of the request is kept, unless another file holds it.
    pub fn ask(&mut self, request: &CutRequest) -> Result<(u64, u64), CutRefusal> {
        let from = request.ts.saturating_sub(request.before);
        let to = request.ts.saturating_add(request.after);
        let Some(last) = self.open.back_mut().filter(|last| from <= last.to) else {
            return self.begin(request, from, to);
        };
        let (joined_from, joined_to) = (last.from.min(from), last.to.max(to));
        let is_inside = request.ts >= last.from && to <= last.to;
        if is_inside || joined_to - joined_from <= self.limits.longest {
            if !is_inside {
                (last.from, last.to) = (joined_from, joined_to);
            }
            last.alerts += 1;
            return Ok(last.name);
        }
        // What follows goes into a file of its own, which holds the event and begins at the latest where this one ends.
        let from = last.to.min(request.ts);
        self.begin(request, from, to)
    }

    fn begin(&mut self, request: &CutRequest, from: u64, to: u64) -> Result<(u64, u64), CutRefusal> {
        let CutLimits { longest, files, bytes, per_minute } = self.limits;
        while self.begun.front().is_some_and(|begun| begun.saturating_add(MINUTE) <= request.ts) {
            self.begun.pop_front();
        }
        if self.files >= files {
            return Err(CutRefusal::Files(files));
        }
        if self.bytes >= bytes {
            return Err(CutRefusal::Bytes(self.bytes));
        }
        if self.begun.len() >= per_minute {
            return Err(CutRefusal::PerMinute(per_minute));
        }
        self.files += 1;
        self.begun.push_back(request.ts);
        let name = (request.ts, request.number);
        // The event itself is worth more than what came long before it.
        let from = from.max(to.saturating_sub(longest)).min(request.ts);
        self.open.push_back(Cut { from, to, name, alerts: 1 });
        Ok(name)
    }

    /// A cut whose end is past, when it is `now`; the oldest first.
    pub fn due(&mut self, now: u64) -> Option<Cut> {
        let is_due = self.open.front().is_some_and(|cut| cut.to < now);
        if is_due { self.open.pop_front() } else { None }
    }

    /// A cut that is not complete, at the end of a run.
    pub fn close(&mut self) -> Option<Cut> {
        self.open.pop_front()
    }

    /// The oldest cut up to `now`, where the ring is about to forget its start. What is missing of it goes into another one.
    pub fn split(&mut self, now: u64) -> Option<Cut> {
        let cut = self.open.front_mut()?;
        let first = Cut { to: cut.to.min(now), ..*cut };
        if cut.to <= now {
            self.open.pop_front();
        } else {
            *cut = Cut { from: now, name: (now, 0), alerts: 0, ..*cut };
            self.files += 1;
        }
        Some(first)
    }

    /// Where the oldest cut that is not complete begins.
    pub fn needed(&self) -> Option<u64> {
        self.open.iter().map(|cut| cut.from).min()
    }

    /// Counts what a file has become.
    pub fn written(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

#[cfg(test)]
mod tests;

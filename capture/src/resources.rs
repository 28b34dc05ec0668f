//! Reports of what processes use: /proc enters, events leave, one of each process that used something since its last report. They are
//! read by a thread of their own, so that capture never waits for /proc.
//!
//! The event is Falco's `procinfo`, whose two parameters are CPU time in the kernel's hundredths of a second. Memory and page faults stand
//! beside them (FORMAT.md section 11), where other readers pass over them.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use tercel_format::catalogue::code;
use tercel_format::extras::{Resources, kind};
use tercel_format::writer::EventBuilder;

use crate::snapshot::usage;

/// Reports that wait for the reader at most. While it does not take them, none are made.
const WAITING: usize = 1024;

/// What a process has used since its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Usage {
    /// When it was started, which with its number names it for good; in hundredths of a second since the start of the host.
    pub started: u64,
    /// Hundredths of a second in programs, and in the kernel, of all its threads.
    pub cpu: [u64; 2],
    /// Memory and page faults.
    pub memory: Resources,
}

/// Where reports come from.
pub(crate) struct Reports {
    reports: Receiver<(i64, Usage)>,
    /// With it, the thread ends.
    _end: std::sync::mpsc::Sender<()>,
}

impl Reports {
    /// Starts the thread that reads /proc every `interval`, the first time at once. `first` is what it does first. The recorder itself is
    /// not reported: nothing else of it is recorded either.
    pub(crate) fn start(interval: Duration, first: fn()) -> Reports {
        let (sender, reports) = sync_channel(WAITING);
        let (end, ended) = channel::<()>();
        thread::spawn(move || {
            first();
            let (own, mut known) = (i64::from(std::process::id()), HashMap::new());
            let mut due = Instant::now();
            while report(&mut known, Some(own), &sender) {
                due = (due + interval).max(Instant::now());
                let pause = due.saturating_duration_since(Instant::now());
                if ended.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        });
        Reports { reports, _end: end }
    }

    /// The next report as an event of a time.
    pub(crate) fn news(&self, ts: u64) -> Option<EventBuilder> {
        let (pid, usage) = self.reports.try_recv().ok()?;
        let [user, system] = usage.cpu;
        let event = EventBuilder::new(code::PROCINFO_E, ts, pid).set("cpu_usr", user).set("cpu_sys", system);
        Some(event.extra(kind::RESOURCES, 0, &usage.memory.bytes()))
    }
}

/// Reads all processes but one, and reports those that used something. Whether anybody still wants to know.
fn report(known: &mut HashMap<i64, Usage>, without: Option<i64>, to: &SyncSender<(i64, Usage)>) -> bool {
    let mut found = HashMap::with_capacity(known.len());
    for (pid, usage) in usage::all().filter(|(pid, _)| Some(*pid) != without) {
        // A process that has ended, and another that has its number, differ in when they were started.
        if known.get(&pid) != Some(&usage) && to.send((pid, usage)).is_err() {
            return false;
        }
        found.insert(pid, usage);
    }
    *known = found;
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_used_something_is_reported_again() {
        let (sender, reports) = sync_channel(1 << 20);
        let (own, mut known) = (i64::from(std::process::id()), HashMap::new());
        assert!(report(&mut known, None, &sender));
        let first: HashMap<i64, Usage> = reports.try_iter().collect();
        assert_eq!(first.len(), known.len());
        // Memory that is touched makes page faults. So much is never taken from what was freed before: an allocator maps it.
        let touched = std::hint::black_box(vec![1u8; 64 << 20]);
        assert!(report(&mut known, None, &sender));
        let second: HashMap<i64, Usage> = reports.try_iter().collect();
        let (before, after) = (first[&own], second[&own]);
        assert!(
            after.memory.minor_faults > before.memory.minor_faults,
            "{before:?} {after:?} {}",
            touched.len()
        );
        assert!(after.cpu >= before.cpu && after.memory.rss_kb > 0 && after.started == before.started);
        assert!(report(&mut HashMap::new(), Some(own), &sender));
        assert!(reports.try_iter().all(|(pid, _)| pid != own), "this process was left out");
        assert!(second.iter().all(|(pid, usage)| first.get(pid) != Some(usage)));
        drop(reports);
        known.clear();
        assert!(!report(&mut known, None, &sender), "nobody listens");
    }

    #[test]
    fn a_report_is_an_event_with_its_memory_beside_it() {
        let (sender, reports) = sync_channel(1);
        let memory = Resources { major_faults: 1, minor_faults: 2, size_kb: 3, rss_kb: 4, swap_kb: 5 };
        sender.send((77, Usage { started: 9, cpu: [10, 11], memory })).expect("room");
        let reports = Reports { reports, _end: channel().0 };
        let event = reports.news(123).expect("a report").encode().expect("an event of the catalogue");
        let event = event.event();
        assert_eq!((event.code(), event.ts, event.tid), (code::PROCINFO_E, 123, 77));
        assert_eq!((event.uint(0), event.uint(1)), (Some(10), Some(11)));
        assert_eq!(event.extras().resources(), Some(memory));
        assert!(reports.news(123).is_none());
    }
}

//! What an evaluation carries along: buffers that are reused from event to event, how times are shown, and what the
//! fields that count evaluations remember. Nothing here knows a field's meaning.

use std::collections::HashMap;
use std::sync::Arc;

use regex::bytes::Regex;
use rustc_hash::FxHashMap;
use tercel_format::trace::{Cut, Zone};

use super::ancestors::Ancestors;
use super::nature::DeltaPart;
use super::real::{Paths, View};
use super::{Buffers, time};

/// Most patterns and threads that are remembered; beyond it the memory starts afresh.
const MAX_REMEMBERED: usize = 1 << 16;

/// How values are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settings {
    /// Seconds that the zone of shown times lies east of UTC. Captures of other tools have no zone: 0.
    pub utc_offset: i32,
    /// How outputs show buffers. What conditions compare is not shown so.
    pub buffers: Buffers,
    /// Which paths conditions see.
    pub paths: Paths,
}

/// Memory that is reused from one value to the next, one per thread of evaluation.
#[derive(Debug, Default)]
pub struct Scratch {
    /// How values are shown.
    pub settings: Settings,
    /// Whose paths are shown.
    pub(crate) view: View,
    /// The zone of the capture, which goes before that of the settings.
    pub zone: Option<Arc<Zone>>,
    /// The cut that contains the alert whose output is put together.
    pub(crate) cut: Option<Arc<Cut>>,
    /// The text of a value that had to be put together.
    pub(super) text: Vec<u8>,
    /// A second text, for values that are put together from one.
    pub(super) part: Vec<u8>,
    /// A third text, for values that are put together from one that may itself have been.
    pub(super) whole: Vec<u8>,
    /// The elements of a list.
    pub(super) list: Vec<Box<[u8]>>,
    /// The ancestors of a process.
    pub(super) ancestors: Ancestors,
    /// What is remembered between events.
    pub(super) memory: Memory,
}

impl Scratch {
    /// Empty memory with settings.
    pub fn new(settings: Settings) -> Scratch {
        let view = if settings.paths == Paths::Kernel { View::Kernel } else { View::Caller };
        Scratch { settings, view, ..Scratch::default() }
    }

    /// Sets whose paths are shown.
    pub fn set_view(&mut self, view: View) {
        self.view = view;
    }

    /// Seconds that local time is ahead of UTC at `ts`, in nanoseconds since the epoch.
    #[inline]
    pub(super) fn utc_offset(&self, ts: u64) -> i32 {
        match &self.zone {
            Some(zone) => zone.offset((ts / time::SECOND) as i64),
            None => self.settings.utc_offset,
        }
    }
}

/// What is remembered between events.
#[derive(Debug, Default)]
pub(super) struct Memory {
    deltas: FxHashMap<(DeltaPart, usize), Delta>,
    counts: FxHashMap<usize, (u64, u64)>,
    totals: HashMap<i64, u64>,
    patterns: HashMap<Box<str>, Option<Regex>>,
}

/// Time between evaluations.
#[derive(Debug, Clone, Copy, Default)]
struct Delta {
    event: u64,
    last: u64,
    nanoseconds: u64,
}

/// The place of conditions in the memory: they share what they see of one event (reference language 5.24). Outputs have
/// the address of their operand.
const CONDITIONS: usize = 0;

impl Memory {
    /// A part of the time since the check was evaluated at another event, 0 the first time.
    pub(super) fn delta(&mut self, part: DeltaPart, event: u64, ts: u64) -> u64 {
        let delta = self.deltas.entry((part, CONDITIONS)).or_default();
        if delta.event != event {
            delta.advance(ts);
            delta.event = event;
        }
        part.of(delta.nanoseconds)
    }

    /// A part of the time since the output at `place` was last rendered, 0 the first time.
    pub(super) fn delta_of_output(&mut self, part: DeltaPart, place: usize, ts: u64) -> u64 {
        self.forget();
        let delta = self.deltas.entry((part, place)).or_default();
        delta.advance(ts);
        part.of(delta.nanoseconds)
    }

    /// Number of events at which conditions asked for it, this one included.
    pub(super) fn count(&mut self, event: u64) -> u64 {
        let (last, count) = self.counts.entry(CONDITIONS).or_default();
        if *last != event {
            *last = event;
            *count += 1;
        }
        *count
    }

    /// Number of times that the output at `place` was asked for, `step` for this one.
    pub(super) fn count_of_output(&mut self, place: usize, step: u64) -> u64 {
        self.forget();
        let (_, count) = self.counts.entry(place).or_default();
        *count += step;
        *count
    }

    /// Puts a thread's total in place of the one before, and answers that; 0 the first time. As in the reference a thread
    /// has one total, whichever field asks.
    pub(super) fn exchange(&mut self, tid: i64, total: u64) -> u64 {
        self.forget();
        self.totals.insert(tid, total).unwrap_or(0)
    }

    /// The compiled form of a pattern, `None` if it is no pattern.
    pub(super) fn pattern(&mut self, text: &str) -> Option<&Regex> {
        if !self.patterns.contains_key(text) {
            let pattern = regex::bytes::RegexBuilder::new(text).multi_line(true).build().ok();
            self.patterns.insert(text.into(), pattern);
        }
        self.patterns.get(text)?.as_ref()
    }

    fn forget(&mut self) {
        if self.totals.len() >= MAX_REMEMBERED {
            self.totals.clear();
        }
        if self.deltas.len() >= MAX_REMEMBERED {
            self.deltas.clear();
        }
        if self.counts.len() >= MAX_REMEMBERED {
            self.counts.clear();
        }
    }
}

impl Delta {
    fn advance(&mut self, ts: u64) {
        self.nanoseconds = if self.last == 0 { 0 } else { ts.wrapping_sub(self.last) };
        self.last = ts;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_share_what_they_see_of_one_event() {
        let mut memory = Memory::default();
        assert_eq!(memory.delta(DeltaPart::Whole, 1, 100), 0);
        assert_eq!(memory.delta(DeltaPart::Whole, 5, 130), 30);
        assert_eq!(memory.delta(DeltaPart::Whole, 5, 130), 30);
        assert_eq!(memory.count(1), 1);
        assert_eq!(memory.count(1), 1);
        assert_eq!(memory.count(7), 2);
    }

    #[test]
    fn a_thread_has_one_total() {
        let mut memory = Memory::default();
        assert_eq!(memory.exchange(7, 100), 0);
        assert_eq!(memory.exchange(8, 5), 0);
        assert_eq!(memory.exchange(7, 130), 100);
    }

    #[test]
    fn outputs_count_by_themselves() {
        let mut memory = Memory::default();
        assert_eq!(memory.delta_of_output(DeltaPart::Whole, 8, 100), 0);
        assert_eq!(memory.delta_of_output(DeltaPart::Whole, 16, 110), 0);
        assert_eq!(memory.delta_of_output(DeltaPart::Whole, 8, 120), 20);
        assert_eq!(memory.count_of_output(8, 2), 2);
        assert_eq!(memory.count_of_output(8, 2), 4);
    }
}

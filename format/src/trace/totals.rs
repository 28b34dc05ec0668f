//! Sums over the chunks of a trace: descriptors enter, what a user wants to know of the whole leaves. No chunk is
//! decompressed for it.

use std::collections::BTreeMap;

use super::descriptor::Chunk;
use crate::catalogue::code;

/// Sums over chunks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// Chunks.
    pub chunks: u64,
    /// Sections.
    pub sections: u64,
    /// Events.
    pub events: u64,
    /// Earliest and latest time, nanoseconds since the epoch.
    pub span: Option<(u64, u64)>,
    /// Events per code.
    pub counts: BTreeMap<u16, u64>,
    /// Events that the recorder says it lost.
    pub dropped: u64,
    /// Bytes of the scap stream.
    pub raw_bytes: u64,
    /// Bytes of its compressed chunks.
    pub data_bytes: u64,
    /// Bytes of the sections between descriptors and data: the keyframes.
    pub keyframe_bytes: u64,
    /// Bytes of the descriptors.
    pub descriptor_bytes: u64,
    /// Keyframes that are deltas.
    pub deltas: u64,
    /// Keyframes that are snapshots.
    pub snapshots: u64,
}

impl Totals {
    /// The sums over `chunks`. Numbers that only a hostile file has stop at the largest.
    pub fn of(chunks: &[Chunk]) -> Totals {
        chunks.iter().fold(Totals::default(), |mut totals, chunk| {
            totals.add(chunk);
            totals
        })
    }

    /// Events that tell of events dropped.
    pub fn drops(&self) -> u64 {
        self.count(code::DROP_E).saturating_add(self.count(code::DROP_X))
    }

    /// How many events there are of type `code`.
    pub fn count(&self, code: u16) -> u64 {
        self.counts.get(&code).copied().unwrap_or(0)
    }

    fn add(&mut self, chunk: &Chunk) {
        use super::keyframe::KeyframeKind;
        let descriptor = &chunk.descriptor;
        let sum = |total: &mut u64, more: u64| *total = total.saturating_add(more);
        sum(&mut self.chunks, 1);
        self.sections = self.sections.max(descriptor.section);
        sum(&mut self.events, descriptor.events);
        if descriptor.events > 0 {
            let (first, last) = self.span.unwrap_or((descriptor.min_ts, descriptor.max_ts));
            self.span = Some((first.min(descriptor.min_ts), last.max(descriptor.max_ts)));
        }
        for (code, count) in &descriptor.counts {
            sum(self.counts.entry(*code).or_default(), *count);
        }
        sum(&mut self.dropped, descriptor.dropped);
        sum(&mut self.raw_bytes, descriptor.raw_size);
        sum(&mut self.data_bytes, descriptor.data_size);
        sum(&mut self.keyframe_bytes, descriptor.extra_size);
        sum(&mut self.descriptor_bytes, u64::from(chunk.head_size));
        match descriptor.keyframe() {
            Some(KeyframeKind::Delta) => sum(&mut self.deltas, 1),
            Some(KeyframeKind::Snapshot) => sum(&mut self.snapshots, 1),
            None => {}
        }
    }
}

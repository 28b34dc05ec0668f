//! Sums over the chunks of a trace: descriptors enter, facts about the whole trace leave. No chunk is decompressed for it.

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
    /// Earliest and latest time, nanoseconds since the epoch. Events without a time (0) do not count: old recorders wrote such,
    /// to list containers.
    pub span: Option<(u64, u64)>,
    /// Events per code.
    pub counts: BTreeMap<u16, u64>,
    /// Events that the recorder reports as lost.
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

    /// Drop events.
    pub fn drops(&self) -> u64 {
        self.count(code::DROP_E).saturating_add(self.count(code::DROP_X))
    }

    /// The number of events of type `code`.
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
            // The first event of a chunk is its earliest, but for little disorder.
            let start =
                [descriptor.min_ts, descriptor.first_ts, descriptor.max_ts].into_iter().find(|ts| *ts != 0);
            let (first, last) = self.span.or(start.map(|start| (start, start))).unwrap_or_default();
            self.span = start.map(|start| (first.min(start), last.max(descriptor.max_ts))).or(self.span);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Descriptor;

    #[test]
    fn events_without_a_time_do_not_count() {
        let chunk = |times: [u64; 3]| {
            let [first_ts, min_ts, max_ts] = times;
            let mut descriptor = Descriptor::default();
            (descriptor.events, descriptor.first_ts) = (1, first_ts);
            (descriptor.min_ts, descriptor.max_ts) = (min_ts, max_ts);
            Chunk { offset: 0, head_size: 0, digest: Default::default(), descriptor }
        };
        let span = |chunks: &[[u64; 3]]| {
            Totals::of(&chunks.iter().map(|times| chunk(*times)).collect::<Vec<_>>()).span
        };
        assert_eq!(span(&[[7, 7, 9], [10, 8, 20]]), Some((7, 20)));
        assert_eq!(span(&[[7, 0, 9], [10, 8, 20]]), Some((7, 20)));
        assert_eq!(span(&[[0, 0, 9], [10, 10, 20]]), Some((9, 20)));
        assert_eq!(span(&[[0, 0, 0], [10, 10, 20], [0, 0, 0]]), Some((10, 20)));
        assert_eq!(span(&[[0, 0, 0]]), None);
    }
}

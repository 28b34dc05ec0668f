//! Whose turn it is among the rings: the times of their first events enter, a ring and up to which time it may go on leave. A
//! ring is looked at again only when its turn has ended, so that an event costs the same with two CPUs and with hundreds.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The rings that wait for their turns.
#[derive(Debug, Default)]
pub(crate) struct Turns(BinaryHeap<Reverse<(u64, usize)>>);

impl Turns {
    /// A ring waits, with the time of its first event.
    pub(crate) fn wait(&mut self, ts: u64, ring: usize) {
        self.0.push(Reverse((ts, ring)));
    }

    /// The ring with the oldest event, if that is not younger than `until`, and up to which time its events are older than those
    /// of all that wait. It does not wait.
    pub(crate) fn next(&mut self, until: u64) -> Option<(usize, u64)> {
        let Reverse((_, ring)) = self.0.peek().filter(|Reverse((ts, _))| *ts <= until).copied()?;
        self.0.pop();
        let limit = self.0.peek().map_or(until, |Reverse((ts, _))| until.min(*ts));
        Some((ring, limit))
    }

    /// Whether no ring waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    #[test]
    fn rings_are_merged_by_time() {
        // Every ring has its own rhythm; times repeat within and between rings.
        let mut rings: Vec<VecDeque<u64>> =
            (0..64).map(|ring| (0..200).map(|at| at * (ring % 7) + ring / 3).collect()).collect();
        let mut expected: Vec<u64> = rings.iter().flatten().copied().filter(|ts| *ts <= 900).collect();
        expected.sort_unstable();
        let mut turns = Turns::default();
        for (number, ring) in rings.iter().enumerate() {
            turns.wait(ring[0], number);
        }
        let (mut found, mut taken) = (Vec::new(), 0);
        while let Some((number, limit)) = turns.next(900) {
            taken += 1;
            while let Some(ts) = rings[number].pop_front_if(|ts| *ts <= limit) {
                found.push(ts);
            }
            if let Some(ts) = rings[number].front() {
                turns.wait(*ts, number);
            }
        }
        assert_eq!(found, expected);
        assert!(
            !turns.is_empty() && taken < found.len(),
            "what is younger waits; a turn is of several events"
        );
    }
}

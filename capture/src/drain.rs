//! The rings' reader: what the CPUs wrote enters, events leave in the order of their times. It polls; the probe never wakes it.

use aya::maps::ring_buf::RingBufItem;
use aya::maps::{MapData, RingBuf};
use tercel_format::Event;
use tercel_probe_abi::HEADER;

use crate::clock;

/// An event becomes visible at the latest this long after its time, in nanoseconds: programs run without preemption, or for
/// microseconds. What is younger stays in its ring until all rings have shown what is older.
const SETTLED: u64 = 2_000_000;

/// Reads all rings.
pub struct Drain {
    rings: Vec<RingBuf<MapData>>,
    epoch: u64,
    /// Records that were no events; a fault of the probe.
    malformed: u64,
}

/// The oldest event of a ring that was not delivered yet.
struct Head<'a> {
    ts: u64,
    item: RingBufItem<'a>,
}

impl Drain {
    pub(crate) fn new(rings: Vec<RingBuf<MapData>>, epoch: u64) -> Drain {
        Drain { rings, epoch, malformed: 0 }
    }

    /// Delivers the events that are there, oldest first, until `deliver` returns false or, with `all`, no event is
    /// left; without it, until what is left is too young to be in order. Returns the number of events.
    pub fn drain<F: FnMut(&Event<'_>) -> bool>(&mut self, all: bool, mut deliver: F) -> u64 {
        let settled =
            if all { u64::MAX } else { clock::now().saturating_add(self.epoch).saturating_sub(SETTLED) };
        let mut delivered = 0;
        let mut going = true;
        while going {
            let Some((cpu, limit)) = self.oldest(settled) else { break };
            // Everything up to the next ring's oldest event comes from this one.
            let Some(ring) = self.rings.get_mut(cpu) else { break };
            while let Some(head) = head(ring) {
                if head.ts > limit {
                    std::mem::forget(head.item);
                    break;
                }
                match event(&head.item, cpu) {
                    Some(event) => {
                        delivered += 1;
                        going = deliver(&event);
                    }
                    None => self.malformed += 1,
                }
                if !going {
                    break;
                }
            }
        }
        delivered
    }

    /// The ring with the oldest event, and up to which time its events are older than those of all others.
    fn oldest(&mut self, settled: u64) -> Option<(usize, u64)> {
        let mut first: Option<(u64, usize)> = None;
        let mut limit = settled;
        for (cpu, ring) in self.rings.iter_mut().enumerate() {
            let Some(head) = head(ring) else { continue };
            let ts = head.ts;
            // Forgotten, not dropped: dropping would take it from the ring.
            std::mem::forget(head.item);
            match first {
                Some((oldest, _)) if ts >= oldest => limit = limit.min(ts),
                Some((oldest, _)) => {
                    limit = limit.min(oldest);
                    first = Some((ts, cpu));
                }
                None => first = Some((ts, cpu)),
            }
        }
        first.filter(|(ts, _)| *ts <= settled).map(|(_, cpu)| (cpu, limit))
    }

    /// Records that were no events.
    pub fn malformed(&self) -> u64 {
        self.malformed
    }
}

/// The next record of a ring, still in it.
fn head(ring: &mut RingBuf<MapData>) -> Option<Head<'_>> {
    let item = ring.next()?;
    let ts = item.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    Some(Head { ts, item })
}

/// A record as an event (reference C3, C4).
fn event(record: &[u8], cpu: usize) -> Option<Event<'_>> {
    let (header, rest) = record.split_at_checked(HEADER)?;
    let number = |at: usize| Some(u64::from_le_bytes(*header.get(at..)?.first_chunk()?));
    let code = u16::from_le_bytes(*header.get(20..)?.first_chunk()?);
    let nparams = u32::from_le_bytes(*header.get(22..)?.first_chunk()?) as usize;
    let (lengths, data) = rest.split_at_checked(nparams.checked_mul(2)?)?;
    let sum: usize =
        lengths.as_chunks().0.iter().map(|length| usize::from(u16::from_le_bytes(*length))).sum();
    if sum != data.len() {
        return None;
    }
    let mut event = Event::new(code, lengths, data)?;
    event.ts = number(0)?;
    event.tid = number(8)? as i64;
    event.cpu = cpu as u16;
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(nparams: u32, lengths: &[u16], data: &[u8]) -> Vec<u8> {
        let mut record = 7u64.to_le_bytes().to_vec();
        record.extend(42u64.to_le_bytes());
        record.extend(0u32.to_le_bytes());
        record.extend(5u16.to_le_bytes());
        record.extend(nparams.to_le_bytes());
        record.extend(lengths.iter().flat_map(|length| length.to_le_bytes()));
        record.extend(data);
        record
    }

    #[test]
    fn records_are_checked() {
        let good = record(2, &[8, 8], &[1; 16]);
        let found = event(&good, 3).expect("an event");
        assert_eq!((found.ts, found.tid, found.cpu, found.nparams()), (7, 42, 3, 2));
        for bad in
            [record(2, &[8, 9], &[1; 16]), record(u32::MAX, &[8], &[1; 8]), good[..20].to_vec(), Vec::new()]
        {
            assert!(event(&bad, 0).is_none());
        }
    }
}

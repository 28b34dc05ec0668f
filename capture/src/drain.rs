//! The rings' reader: what the CPUs wrote enters, events leave one by one in the order of their times, lent from where the
//! probe wrote them. It polls; the probe never wakes it.

use aya::maps::{MapData, RingBuf};
use tercel_format::Event;
use tercel_format::extras::Extras;
use tercel_probe_abi::HEADER;

use crate::clock;
use crate::turns::Turns;

/// An event becomes visible at the latest this long after its time, in nanoseconds: programs run without preemption, or for
/// microseconds. What is younger stays in its ring until all rings have shown what is older.
const SETTLED: u64 = 2_000_000;

/// Reads all rings.
pub(crate) struct Drain {
    rings: Vec<RingBuf<MapData>>,
    epoch: u64,
    /// Every event up to this time is visible.
    settled: u64,
    /// The other rings with events up to that time.
    turns: Turns,
    /// The ring whose turn it is, and up to which time its events are older than those of all others.
    turn: Option<(usize, u64)>,
    /// The event that is lent, and the ring that it is in. Its bytes are the ring's, which takes them back when the next one is
    /// asked for; `'static` stands for that.
    lent: Option<(usize, Event<'static>)>,
    /// Records of each CPU that were no events; a fault of the probe.
    malformed: Vec<u64>,
}

impl Drain {
    pub(crate) fn new(rings: Vec<RingBuf<MapData>>, epoch: u64) -> Drain {
        let malformed = vec![0; rings.len()];
        Drain { rings, epoch, settled: 0, turns: Turns::default(), turn: None, lent: None, malformed }
    }

    /// Takes the event that was lent out of its ring and goes on to the next one, if there is one that is not younger than
    /// `until` and old enough to be in order.
    pub(crate) fn advance(&mut self, until: u64) -> bool {
        self.release();
        loop {
            let Some((cpu, limit)) = self.turn.or_else(|| self.next_turn(until)) else { return false };
            match self.rings.get_mut(cpu).and_then(head) {
                Some((ts, record)) if ts <= limit.min(until) => {
                    let event = event(record, cpu);
                    // SAFETY: the bytes stay where they are, and unchanged, until the ring is notified that they were read. Only
                    // `release` does that, and no event that `Drain::event` lends can outlive the borrow that it ends.
                    let event =
                        event.map(|event| unsafe { std::mem::transmute::<Event<'_>, Event<'static>>(event) });
                    if let Some(event) = event {
                        self.turn = Some((cpu, limit));
                        self.lent = Some((cpu, event));
                        return true;
                    }
                    if let Some(count) = self.malformed.get_mut(cpu) {
                        *count += 1;
                    }
                    self.consume(cpu);
                }
                first => {
                    let waits = first.map(|(ts, _)| ts).filter(|ts| *ts <= self.settled);
                    self.turn = None;
                    if let Some(ts) = waits {
                        self.turns.wait(ts, cpu);
                    }
                }
            }
        }
    }

    /// The event that the last [`advance`](Drain::advance) went on to.
    pub(crate) fn event(&self) -> Option<Event<'_>> {
        self.lent.map(|(_, event)| event)
    }

    /// The time now, on the clock of events.
    pub(crate) fn now(&self) -> u64 {
        clock::now().saturating_add(self.epoch)
    }

    /// Every event up to this time is delivered once [`advance`](Drain::advance) has found none.
    pub(crate) fn settled(&self) -> u64 {
        self.settled
    }

    /// How many records of each CPU were no events.
    pub(crate) fn malformed(&self) -> &[u64] {
        &self.malformed
    }

    /// Gives the memory of the lent event back to its ring.
    fn release(&mut self) {
        if let Some((cpu, _)) = self.lent.take() {
            self.consume(cpu);
        }
    }

    /// Takes the first record out of a ring.
    fn consume(&mut self, cpu: usize) {
        // Dropping an item takes it from the ring.
        drop(self.rings.get_mut(cpu).and_then(RingBuf::next));
    }

    /// Whose turn it is. Clock and rings are looked at only where nothing is left that was old enough at the last look.
    fn next_turn(&mut self, until: u64) -> Option<(usize, u64)> {
        if self.turns.is_empty() {
            self.settled = self.now().saturating_sub(SETTLED);
            for (cpu, ring) in self.rings.iter_mut().enumerate() {
                if let Some((ts, _)) = head(ring).filter(|(ts, _)| *ts <= self.settled) {
                    self.turns.wait(ts, cpu);
                }
            }
        }
        self.turns.next(self.settled.min(until))
    }
}

/// The next record of a ring, still in it, and its time.
fn head(ring: &mut RingBuf<MapData>) -> Option<(u64, &[u8])> {
    let item = ring.next()?;
    let bytes: *const [u8] = &raw const *item;
    // Forgotten, not dropped: dropping would take it from the ring.
    std::mem::forget(item);
    // SAFETY: the record is still in the ring, whose memory is mapped as long as the ring is borrowed here, and nobody writes
    // to it before the ring is notified that it was read.
    let bytes = unsafe { &*bytes };
    let ts = bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    Some((ts, bytes))
}

/// A record as an event (reference C3, C4). What follows the event's own length is what the kernel says beside the parameters.
fn event(record: &[u8], cpu: usize) -> Option<Event<'_>> {
    let length = u32::from_le_bytes(*record.get(16..)?.first_chunk()?);
    let (event, extras) = record.split_at_checked(length as usize)?;
    let (header, rest) = event.split_at_checked(HEADER)?;
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
    event.set_extras(Extras::new(extras));
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(nparams: u32, lengths: &[u16], data: &[u8]) -> Vec<u8> {
        let mut record = 7u64.to_le_bytes().to_vec();
        record.extend(42u64.to_le_bytes());
        record.extend(((HEADER + 2 * lengths.len() + data.len()) as u32).to_le_bytes());
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
        assert!(found.extras().is_empty());
        let more = [&good[..], b"\x05\x00\x04\x00\x02\x00\x00\x00"].concat();
        let found = event(&more, 3).expect("an event");
        assert_eq!((found.nparams(), found.extras().facts()), (2, 2));
        let mut long = good.clone();
        long[16] += 1;
        let others = [record(2, &[8, 9], &[1; 16]), record(u32::MAX, &[8], &[1; 8])];
        for bad in others.into_iter().chain([good[..20].to_vec(), good[..30].to_vec(), long, Vec::new()]) {
            assert!(event(&bad, 0).is_none());
        }
    }
}

//! Nonsense: parameters of every wrong width, in every event, never do harm.

use tercel_format::Block;
use tercel_format::Event;
use tercel_format::catalogue::EVENTS;

use super::super::fdtable::MAX_FDS;
use super::super::{FdTable, State};
use super::{Host, process};

/// A generator of numbers that look random (xorshift).
pub(super) struct Noise(u64);

impl Noise {
    pub(super) fn new(seed: u64) -> Noise {
        Noise(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// Parameters of odd widths and contents for an event with `count` of them.
    pub(super) fn params(&mut self, count: usize, wide: bool) -> (Vec<u8>, Vec<u8>) {
        let (mut lengths, mut data) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let length = [0, 1, 2, 4, 4, 8, 8, 8, 13, 19, 37][self.below(11) as usize];
            if wide {
                lengths.extend_from_slice(&(length as u32).to_le_bytes());
            } else {
                lengths.extend_from_slice(&(length as u16).to_le_bytes());
            }
            // Small numbers are fds and ids that exist.
            let small = self.below(3) > 0;
            for place in 0..length {
                data.push(match (small, place) {
                    (true, 0) => self.below(12) as u8,
                    (true, _) => 0,
                    (false, _) => self.next() as u8,
                });
            }
        }
        (lengths, data)
    }
}

#[test]
fn no_event_does_harm_whatever_its_parameters() {
    let mut noise = Noise::new(0x9E37_79B9_7F4A_7C15);
    let mut host = Host::new();
    for tid in 2..12 {
        host.list(process(tid, tid, tid - 1, "p"));
    }
    for round in 0..60_000u64 {
        let info = &EVENTS[noise.below(EVENTS.len() as u64) as usize];
        let wide = info.has(tercel_format::catalogue::EventFlags::LARGE_PAYLOAD);
        let count = noise.below(info.params.len() as u64 + 2) as usize;
        let (lengths, data) = noise.params(count, wide);
        let mut event = Event::new(info.code, &lengths, &data).expect("a known code");
        (event.ts, event.tid, event.num) =
            (round * noise.below(2_000_000), noise.below(14) as i64 - 1, round);
        if let Some(facts) = host.state.apply(&event)
            && let Some(slot) = facts.thread
        {
            let threads = &host.state.threads;
            let thread = threads.get(slot);
            assert_eq!(threads.by_tid(thread.tid), Some(slot), "the thread of an event is in the table");
            assert!(threads.fd(slot, facts.fd_num).is_some() || !facts.has_fd, "{}", info.name);
            threads.ancestor(slot, 3);
            threads.alive_without_leader(slot);
        }
    }
    check_links(&host.state);
}

/// Groups and lists of children agree with the table.
fn check_links(state: &State) {
    let threads = &state.threads;
    for slot in threads.iter() {
        let links = threads.get(slot).links;
        if let Some(parent) = links.parent {
            assert_eq!(threads.get(slot).ptid, threads.get(parent).tid);
        }
        if links.group.is_some() {
            assert_eq!(threads.members(slot).filter(|member| *member == slot).count(), 1);
        }
        let children =
            std::iter::successors(links.first_child, |child| threads.get(*child).links.next_sibling);
        assert_eq!(children.count(), links.children as usize);
    }
}

#[test]
fn the_table_of_fds_has_an_end() {
    let mut host = Host::new();
    for number in 3..5000 {
        host.open(100, number, -100, "/f", 1);
    }
    let facts = host.open(100, 6000, -100, "/f", 1);
    assert_eq!((facts.has_fd, facts.fd_num), (false, 6000));
    assert_eq!(host.state.threads.fds(host.slot(100)).map(FdTable::len), Some(MAX_FDS));
}

#[test]
fn listed_nonsense_does_no_harm() {
    let mut host = Host::new();
    for tid in [0, -1, i64::MIN, i64::MAX, 1 << 40] {
        host.state.block(&Block::Processes(vec![process(tid, tid.wrapping_neg(), i64::MAX, "x")]));
    }
    host.settle();
    assert!(host.has(i64::MAX));
    check_links(&host.state);
}

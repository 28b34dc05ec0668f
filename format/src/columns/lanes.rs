//! Lanes: what every event has, whatever its kind. Times, threads and CPUs of the events of a chunk enter in their order, streams leave,
//! and back.
//!
//! A *time* is the difference to the time of the event before. Its lowest byte, its second and its third are streams, each
//! arranged by kind, because events of a kind are alike; differences that need more stand in a stream of their own. A *thread* is its place in
//! a list of recent threads, the last one first; and a *CPU* is most often that on which the thread was seen last.

use super::encoding::{unzigzag, zigzag};

/// Streams of the lanes, in their order.
pub(super) const STREAMS: usize = 9;

/// Threads that are remembered. The place after the last says that the thread is none of them.
const RECENT: usize = 255;

/// In the third byte of a time: the whole difference stands elsewhere.
const FAR: u8 = 255;

/// In the lane of CPUs: another number than this one, less 1, is that of the CPU; this one says that the number stands elsewhere.
const OTHER: u8 = 255;

/// The kinds, times, threads and CPUs of a chunk on their way to the file.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    /// Kinds of all items, raw blocks (0) included.
    pub(super) kinds: Vec<u8>,
    /// Of events only.
    pub(super) times: Vec<u64>,
    pub(super) threads: Vec<i64>,
    pub(super) cpus: Vec<u16>,
}

impl Lanes {
    pub(super) fn clear(&mut self) {
        self.kinds.clear();
        self.times.clear();
        self.threads.clear();
        self.cpus.clear();
    }

    /// Adds an event.
    #[inline]
    pub(super) fn push(&mut self, kind: u8, ts: u64, tid: i64, cpu: u16) {
        self.kinds.push(kind);
        self.times.push(ts);
        self.threads.push(tid);
        self.cpus.push(cpu);
    }

    /// Appends the streams; `counts` are the numbers of items of each kind, raw blocks first.
    pub(super) fn encode(&self, counts: &[u32], stream: &mut dyn FnMut(&[u8])) {
        stream(&self.kinds);
        self.encode_times(counts, stream);
        self.encode_threads(stream);
    }

    fn encode_times(&self, counts: &[u32], stream: &mut dyn FnMut(&[u8])) {
        let count = self.times.len();
        let mut bytes = [vec![0; count], vec![0; count], vec![0; count]];
        let mut far = Vec::new();
        let mut places = starts(counts);
        let kinds = self.kinds.iter().filter(|kind| **kind > 0);
        let mut before = 0u64;
        for (kind, ts) in kinds.zip(&self.times) {
            let Some(place) = places.get_mut(usize::from(*kind)) else { continue };
            let difference = zigzag(ts.wrapping_sub(std::mem::replace(&mut before, *ts)));
            let [low, middle, high, ..] = difference.to_le_bytes();
            let is_far = difference >= u64::from(FAR) << 16;
            let third = if is_far { FAR } else { high };
            for (bytes, byte) in bytes.iter_mut().zip([low, middle, third]) {
                if let Some(slot) = bytes.get_mut(*place) {
                    *slot = byte;
                }
            }
            if is_far {
                far.extend_from_slice(&(difference >> 16).to_le_bytes());
            }
            *place += 1;
        }
        bytes.iter().for_each(|bytes| stream(bytes));
        stream(&far);
    }

    fn encode_threads(&self, stream: &mut dyn FnMut(&[u8])) {
        let mut recent = Recent::<i64>::new();
        let (mut places, mut new) = (Vec::with_capacity(self.threads.len()), Vec::new());
        let (mut cpus, mut others) = (Vec::with_capacity(self.threads.len()), Vec::new());
        let mut last = 0;
        for (tid, cpu) in self.threads.iter().zip(&self.cpus) {
            let place = recent.find(*tid);
            let expected = match place {
                Some(place) => {
                    places.push(place as u8);
                    recent.take(place).1
                }
                None => {
                    places.push(RECENT as u8);
                    new.extend_from_slice(&tid.to_le_bytes());
                    recent.add(*tid, last);
                    last
                }
            };
            if *cpu == expected {
                cpus.push(0);
            } else if *cpu < u16::from(OTHER) - 1 {
                cpus.push(*cpu as u8 + 1);
            } else {
                cpus.push(OTHER);
                others.extend_from_slice(&cpu.to_le_bytes());
            }
            recent.set_cpu(*cpu);
            last = *cpu;
        }
        stream(&places);
        stream(&new);
        stream(&cpus);
        stream(&others);
    }
}

/// Where the bytes of each kind start in a stream that is arranged by kind.
fn starts(counts: &[u32]) -> Vec<usize> {
    let mut starts = vec![0; counts.len()];
    let mut start = 0;
    for (place, count) in starts.iter_mut().zip(counts).skip(1) {
        *place = start;
        start += *count as usize;
    }
    starts
}

/// Reads times; the streams are the three of bytes and that of far differences. `false` if they do not fit the kinds.
pub(super) fn times(
    kinds: &[u8],
    counts: &[u32],
    [low, middle, high, far]: [&[u8]; 4],
    out: &mut Vec<u64>,
) -> bool {
    let (mut far, rest) = far.as_chunks::<8>();
    // The caller has counted the kinds, so each has its place.
    let mut places = [usize::MAX; 256];
    places.iter_mut().zip(starts(counts)).for_each(|(place, start)| *place = start);
    if low.len() != middle.len() || low.len() != high.len() {
        return false;
    }
    out.clear();
    out.resize(kinds.len(), 0);
    let mut before = 0u64;
    for (out, kind) in out.iter_mut().zip(kinds) {
        if *kind == 0 {
            continue;
        }
        let place = places[usize::from(*kind)];
        places[usize::from(*kind)] = place.wrapping_add(1);
        let (Some(low), Some(middle), Some(high)) = (low.get(place), middle.get(place), high.get(place))
        else {
            return false;
        };
        let mut difference = u64::from(*low) | u64::from(*middle) << 8 | u64::from(*high) << 16;
        if *high == FAR {
            let Some((first, behind)) = far.split_first() else { return false };
            difference = (difference & 0xffff) | u64::from_le_bytes(*first) << 16;
            far = behind;
        }
        before = before.wrapping_add(unzigzag(difference));
        *out = before;
    }
    far.is_empty() && rest.is_empty()
}

/// The threads of a chunk, and the CPUs of its events.
#[derive(Debug, Default)]
pub(super) struct Threads {
    /// Thread ids; one may be there more than once.
    pub(super) ids: Vec<i64>,
    /// Of each item, the place of its thread among the ids.
    pub(super) of: Vec<u32>,
    /// Of each item, its CPU.
    pub(super) cpus: Vec<u16>,
}

impl Threads {
    /// Reads threads and CPUs; `false` if the streams do not fit the kinds. Raw blocks get the first thread, and CPU 0.
    pub(super) fn read(&mut self, kinds: &[u8], [places, new, cpus, others]: [&[u8]; 4]) -> bool {
        let (mut new, rest) = new.as_chunks::<8>();
        let (mut others, other_rest) = others.as_chunks::<2>();
        self.ids.clear();
        self.ids.push(0);
        self.of.clear();
        self.of.resize(kinds.len(), 0);
        self.cpus.clear();
        self.cpus.resize(kinds.len(), 0);
        let mut recent = Recent::<u32>::new();
        let mut events = places.iter().zip(cpus);
        let mut last = 0;
        let out = self.of.iter_mut().zip(&mut self.cpus);
        for (kind, (of, cpu_of)) in kinds.iter().zip(out) {
            if *kind == 0 {
                continue;
            }
            let Some((place, cpu)) = events.next() else { return false };
            let place = usize::from(*place);
            let (thread, expected) = if place < recent.count && place < RECENT {
                recent.take(place)
            } else {
                let Some((first, behind)) = new.split_first().filter(|_| place == RECENT) else {
                    return false;
                };
                new = behind;
                let thread = self.ids.len() as u32;
                self.ids.push(i64::from_le_bytes(*first));
                recent.add(thread, last);
                (thread, last)
            };
            last = match *cpu {
                0 => expected,
                OTHER => {
                    let Some((first, behind)) = others.split_first() else { return false };
                    others = behind;
                    u16::from_le_bytes(*first)
                }
                cpu => u16::from(cpu) - 1,
            };
            if last != expected {
                recent.set_cpu(last);
            }
            (*of, *cpu_of) = (thread, last);
        }
        let is_used = new.is_empty() && rest.is_empty() && others.is_empty() && other_rest.is_empty();
        is_used && events.next().is_none() && places.len() == cpus.len()
    }
}

/// The recent threads, the last one first, each with the CPU on which it was last.
struct Recent<T> {
    threads: [(T, u16); RECENT],
    count: usize,
}

/// Up to this place entries are moved one by one, which is faster for few of them.
const NEAR: usize = 12;

impl<T: Copy + Default + PartialEq> Recent<T> {
    fn new() -> Recent<T> {
        Recent { threads: [(T::default(), 0); RECENT], count: 0 }
    }

    #[inline]
    fn find(&self, thread: T) -> Option<usize> {
        self.threads[..self.count].iter().position(|(other, _)| *other == thread)
    }

    /// Takes the thread at a place, which is there, to the front; returns it and its CPU.
    #[inline]
    fn take(&mut self, place: usize) -> (T, u16) {
        let entry = self.threads[place];
        if place > 0 {
            self.front(place, entry);
        }
        entry
    }

    /// Adds a thread at the front, and forgets the last one where there are too many.
    fn add(&mut self, thread: T, cpu: u16) {
        self.count = (self.count + 1).min(RECENT);
        self.front(self.count - 1, (thread, cpu));
    }

    #[inline]
    fn front(&mut self, place: usize, entry: (T, u16)) {
        if place <= NEAR {
            for to in (1..=place).rev() {
                self.threads[to] = self.threads[to - 1];
            }
        } else {
            self.threads.copy_within(..place, 1);
        }
        self.threads[0] = entry;
    }

    #[inline]
    fn set_cpu(&mut self, cpu: u16) {
        self.threads[0].1 = cpu;
    }
}

//! Events that wait in memory while the host is read: events enter and leave in the same order. One stretch of memory holds them
//! all, so that keeping one costs a copy and nothing else.

use tercel_format::Event;

/// Memory that events may take; what comes then stays in the rings.
const LIMIT: usize = 256 << 20;

/// Events that wait.
#[derive(Default)]
pub struct Held {
    heads: Vec<Head>,
    bytes: Vec<u8>,
    /// How many have left.
    left: usize,
    /// Where the bytes of the next one start.
    start: usize,
}

/// An event but for its bytes.
struct Head {
    code: u16,
    cpu: u16,
    lengths: u32,
    data: u32,
    ts: u64,
    tid: i64,
}

impl Held {
    /// Keeps an event; false where there is no room for a further one.
    pub fn push(&mut self, event: &Event<'_>) -> bool {
        let (lengths, data) = event.parts();
        self.heads.push(Head {
            code: event.code(),
            cpu: event.cpu,
            lengths: lengths.len() as u32,
            data: data.len() as u32,
            ts: event.ts,
            tid: event.tid,
        });
        self.bytes.extend_from_slice(lengths);
        self.bytes.extend_from_slice(data);
        self.bytes.len() + self.heads.len() * size_of::<Head>() < LIMIT
    }

    /// Goes on to the next event. With the last one the memory is given back.
    pub fn advance(&mut self) -> bool {
        if let Some(head) = self.left.checked_sub(1).and_then(|last| self.heads.get(last)) {
            self.start += (head.lengths + head.data) as usize;
        }
        if self.left == self.heads.len() {
            *self = Held::default();
            return false;
        }
        self.left += 1;
        true
    }

    /// The event that [`advance`](Held::advance) went on to.
    pub fn event(&self) -> Option<Event<'_>> {
        let head = self.heads.get(self.left.checked_sub(1)?)?;
        let bytes = self.bytes.get(self.start..)?.get(..(head.lengths + head.data) as usize)?;
        let (lengths, data) = bytes.split_at_checked(head.lengths as usize)?;
        let mut event = Event::new(head.code, lengths, data)?;
        (event.ts, event.tid, event.cpu) = (head.ts, head.tid, head.cpu);
        Some(event)
    }

    /// Time of the first event, if there is one.
    pub fn first_ts(&self) -> Option<u64> {
        self.heads.first().map(|head| head.ts)
    }
}

#[cfg(test)]
mod tests {
    use tercel_format::catalogue::code;
    use tercel_format::writer::EventBuilder;

    use super::*;

    #[test]
    fn events_leave_as_they_came() {
        let mut held = Held::default();
        let built: Vec<_> = (1..4)
            .map(|number: u64| {
                EventBuilder::new(code::SYSCALL_CHDIR_X, number, 7)
                    .cpu(3)
                    .set("res", 0)
                    .set("path", "d".repeat(number as usize).as_str())
                    .encode()
                    .expect("a valid event")
            })
            .collect();
        assert!(built.iter().all(|event| held.push(&event.event())));
        assert_eq!(held.first_ts(), Some(1));
        for event in &built {
            assert!(held.advance());
            let (found, expected) = (held.event().expect("an event"), event.event());
            assert_eq!(found.parts(), expected.parts());
            assert_eq!((found.code(), found.ts, found.tid, found.cpu), (expected.code(), expected.ts, 7, 3));
        }
        assert!(!held.advance() && held.event().is_none());
    }
}

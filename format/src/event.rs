//! One event, borrowed from the bytes it was read from (reference C3, C4).

use crate::catalogue::code::DROP_E;
use crate::catalogue::{EVENTS, EventInfo};
use crate::columns::{Kind, Store};
use crate::extras::{self, Extras, flag};

/// An event of the newest schema: header and parameters, borrowed from the reader's buffer.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// Number of the event in its capture, from 1; events that the upgrade dropped do not count (reference state 1.9).
    pub num: u64,
    /// Time in nanoseconds since the epoch.
    pub ts: u64,
    /// Thread that the event happened in.
    pub tid: i64,
    /// Row of the catalogue.
    pub info: &'static EventInfo,
    /// CPU that recorded it.
    pub cpu: u16,
    /// Kept only for the state of processes; not to be shown (reference C2, bit 0).
    pub state_only: bool,
    /// Comes before all other events of its section and builds the initial state; not to be shown
    /// (reference state 1.5).
    pub initial: bool,
    params: Params<'a>,
    extras: Extras<'a>,
}

/// Where the parameters of an event are.
#[derive(Debug, Clone, Copy)]
enum Params<'a> {
    /// Back to back, after their lengths.
    Rows { lengths: &'a [u8], data: &'a [u8] },
    /// In a row of columns, of which some may not be unpacked.
    Columns { store: &'a Store, first: u32, row: u32, nparams: u16 },
}

impl<'a> Event<'a> {
    /// Makes an event from its parts. `lengths` contains one little-endian length per parameter, 16 bits wide or 32
    /// where the event has [`LARGE_PAYLOAD`](crate::catalogue::EventFlags::LARGE_PAYLOAD); `data` the parameters back to back.
    /// The caller has checked that the lengths fit; otherwise [`Event::param`] yields `None`.
    pub fn new(code: u16, lengths: &'a [u8], data: &'a [u8]) -> Option<Event<'a>> {
        Some(Event::from_parts(EVENTS.get(usize::from(code))?, lengths, data))
    }

    /// As [`new`](Event::new), for a row of the catalogue.
    #[inline]
    pub fn from_parts(info: &'static EventInfo, lengths: &'a [u8], data: &'a [u8]) -> Event<'a> {
        Event::with(info, Params::Rows { lengths, data })
    }

    fn with(info: &'static EventInfo, params: Params<'a>) -> Event<'a> {
        Event {
            num: 0,
            ts: 0,
            tid: 0,
            info,
            cpu: 0,
            state_only: false,
            initial: false,
            params,
            extras: Extras::default(),
        }
    }

    /// The event in row `row` of a kind, whose parameters are in `store`. Those that are not unpacked there are missing:
    /// [`Event::param`] yields `None`, although [`Event::nparams`] counts them. Such an event must not be written.
    #[inline]
    pub fn from_columns(info: &'static EventInfo, kind: &Kind, store: &'a Store, row: u32) -> Event<'a> {
        let (first, nparams) = (kind.first, kind.nparams);
        let mut event = Event::with(info, Params::Columns { store, first, row, nparams });
        event.state_only = kind.state_only();
        event
    }

    /// Appends the table of lengths, and after it the parameters, as in a capture; returns the sizes of both.
    #[inline]
    pub fn append_to(&self, out: &mut Vec<u8>) -> (usize, usize) {
        match self.params {
            Params::Rows { lengths, data } => {
                out.extend_from_slice(lengths);
                out.extend_from_slice(data);
                (lengths.len(), data.len())
            }
            Params::Columns { nparams, .. } => self.append_columns(usize::from(nparams), out),
        }
    }

    fn append_columns(&self, nparams: usize, out: &mut Vec<u8>) -> (usize, usize) {
        let (start, width) = (out.len(), self.length_width());
        for index in 0..nparams {
            let length = self.param(index).map_or(0, <[u8]>::len);
            // The columns were made of events whose lengths fit.
            out.extend_from_slice((length as u32).to_le_bytes().get(..width).unwrap_or_default());
        }
        let middle = out.len();
        (0..nparams).for_each(|index| out.extend_from_slice(self.param(index).unwrap_or_default()));
        (middle - start, out.len() - middle)
    }

    /// What the kernel says beside the parameters.
    #[inline]
    pub fn extras(&self) -> Extras<'a> {
        self.extras
    }

    /// Replaces what the kernel says beside the parameters.
    #[inline]
    pub fn set_extras(&mut self, extras: Extras<'a>) {
        self.extras = extras;
    }

    /// A path of the extras, one of those of [`kind`](extras::kind): also where it is the one of a parameter and is not repeated
    /// ([`SAME`](flag::SAME)). `None` if the kernel says nothing of it.
    pub fn kernel_path(&self, kind: u8) -> Option<&'a [u8]> {
        let item = self.extras.get(kind).filter(|_| extras::kind::is_path(kind))?;
        if item.has(flag::SAME) {
            return extras::given(self.param(extras::parameter_of(self.info, kind)?)?);
        }
        Some(until_nul(item.value))
    }

    /// Event code.
    pub fn code(&self) -> u16 {
        self.info.code
    }

    /// How many parameters the event carries; old captures may have fewer than the catalogue lists.
    pub fn nparams(&self) -> usize {
        match self.params {
            Params::Rows { lengths, .. } => lengths.len() / self.length_width(),
            Params::Columns { nparams, .. } => usize::from(nparams),
        }
    }

    /// Raw bytes of parameter `index` (0-based); `None` if the event carries fewer parameters.
    #[inline]
    pub fn param(&self, index: usize) -> Option<&'a [u8]> {
        let (all, data) = match self.params {
            Params::Rows { lengths, data } => (lengths, data),
            Params::Columns { store, first, row, nparams } => {
                let is_there = index < usize::from(nparams);
                return if is_there { store.get(first as usize + index, row as usize) } else { None };
            }
        };
        if self.length_width() == 2 {
            let (lengths, _) = all.as_chunks::<2>();
            let length = usize::from(u16::from_le_bytes(*lengths.get(index)?));
            let start: usize = lengths[..index].iter().map(|l| usize::from(u16::from_le_bytes(*l))).sum();
            data.get(start..start + length)
        } else {
            let (lengths, _) = all.as_chunks::<4>();
            let length = u32::from_le_bytes(*lengths.get(index)?) as usize;
            let start: usize = lengths[..index].iter().map(|l| u32::from_le_bytes(*l) as usize).sum();
            data.get(start..start.checked_add(length)?)
        }
    }

    /// Parameter `index` as a signed number of 1, 2, 4 or 8 bytes; `None` if it is absent, empty or of another width.
    #[inline]
    pub fn int(&self, index: usize) -> Option<i64> {
        match *self.param(index)? {
            [a] => Some(i64::from(a as i8)),
            [a, b] => Some(i64::from(i16::from_le_bytes([a, b]))),
            [a, b, c, d] => Some(i64::from(i32::from_le_bytes([a, b, c, d]))),
            [a, b, c, d, e, f, g, h] => Some(i64::from_le_bytes([a, b, c, d, e, f, g, h])),
            _ => None,
        }
    }

    /// Parameter `index` as an unsigned number of 1, 2, 4 or 8 bytes; `None` if it is absent, empty or of another width.
    #[inline]
    pub fn uint(&self, index: usize) -> Option<u64> {
        match *self.param(index)? {
            [a] => Some(u64::from(a)),
            [a, b] => Some(u64::from(u16::from_le_bytes([a, b]))),
            [a, b, c, d] => Some(u64::from(u32::from_le_bytes([a, b, c, d]))),
            [a, b, c, d, e, f, g, h] => Some(u64::from_le_bytes([a, b, c, d, e, f, g, h])),
            _ => None,
        }
    }

    /// Parameter `index` as an unsigned number that fits 32 bits.
    #[inline]
    pub fn u32(&self, index: usize) -> Option<u32> {
        self.uint(index).map(|v| v as u32)
    }

    /// How many events were lost before it, as a drop event of tercel's recorder reports; 0 for other events.
    #[inline]
    pub fn lost(&self) -> u64 {
        if self.code() == DROP_E { self.uint(0).unwrap_or(0) } else { 0 }
    }

    /// Parameter `index` as text: the bytes before the first NUL. Empty text and the recorder's `(NULL)` read as `<NA>`
    /// (reference state 2.13); `None` if the parameter is absent.
    #[inline]
    pub fn text(&self, index: usize) -> Option<&'a [u8]> {
        let bytes = self.param(index)?;
        if bytes.is_empty() || bytes == b"(NULL)\0" {
            return Some(b"<NA>");
        }
        Some(until_nul(bytes))
    }

    /// Return value of a system call exit: parameter 0 of 4 or 8 bytes; other widths read as 0. `None` for entries,
    /// generic calls and events that are not system calls (reference types.json `return_value`).
    #[inline]
    pub fn return_value(&self) -> Option<i64> {
        use crate::catalogue::{EventSource, code};
        if !self.info.is_exit()
            || self.info.code == code::GENERIC_X
            || !self.info.source.contains(EventSource::SYSCALL)
            || self.info.params.is_empty()
        {
            return None;
        }
        match *self.param(0)? {
            [a, b, c, d] => Some(i64::from(i32::from_le_bytes([a, b, c, d]))),
            [a, b, c, d, e, f, g, h] => Some(i64::from_le_bytes([a, b, c, d, e, f, g, h])),
            _ => Some(0),
        }
    }

    fn length_width(&self) -> usize {
        if self.info.has(crate::catalogue::EventFlags::LARGE_PAYLOAD) { 4 } else { 2 }
    }
}

/// The bytes before the first NUL, or all of them.
pub fn until_nul(bytes: &[u8]) -> &[u8] {
    memchr::memchr(0, bytes).and_then(|end| bytes.get(..end)).unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::code;

    #[test]
    fn parameters_are_found_by_their_lengths() {
        let lengths = [8, 0, 3, 0, 8, 0];
        let mut data = (-2i64).to_le_bytes().to_vec();
        data.extend(b"ab\0");
        data.extend(7i64.to_le_bytes());
        let event = Event::new(code::SYSCALL_READ_X, &lengths, &data).expect("known code");
        assert_eq!(event.nparams(), 3);
        assert_eq!(event.return_value(), Some(-2));
        assert_eq!(event.text(1), Some(&b"ab"[..]));
        assert_eq!(event.int(2), Some(7));
        assert_eq!(event.param(3), None);
    }

    #[test]
    fn paths_of_the_kernel_stand_beside_or_in_a_parameter() {
        use crate::extras::{ExtrasBuilder, kind};
        let name = b"/etc/passwd\0";
        let lengths = [8, 0, 8, 0, name.len() as u8, 0];
        let data = [&[3u8, 0, 0, 0, 0, 0, 0, 0][..], &(-100i64).to_le_bytes(), name].concat();
        let mut event = Event::new(code::SYSCALL_OPENAT_2_X, &lengths, &data).expect("known code");
        assert_eq!(event.kernel_path(kind::PATH), None);
        let mut items = ExtrasBuilder::default();
        items.add(kind::PATH, flag::SAME, b"").add(kind::PATH_INSIDE, 0, b"/passwd").add(
            kind::FILE,
            0,
            b"/no",
        );
        items.add(kind::SECOND_PATH, flag::SAME, b"").add(kind::CWD, 0, b"/tmp\0rest");
        event.set_extras(items.extras());
        assert_eq!(event.kernel_path(kind::PATH), Some(&b"/etc/passwd"[..]));
        assert_eq!(event.kernel_path(kind::PATH_INSIDE), Some(&b"/passwd"[..]));
        assert_eq!(event.kernel_path(kind::CWD), Some(&b"/tmp"[..]));
        // No path; and one that says it is in a parameter that the event does not have.
        assert_eq!((event.kernel_path(kind::FILE), event.kernel_path(kind::SECOND_PATH)), (None, None));
    }

    #[test]
    fn numbers_are_of_one_two_four_or_eight_bytes() {
        for (bytes, signed, unsigned) in [
            (&[0xfe][..], Some(-2), Some(0xfe)),
            (&[0xfe, 0xff], Some(-2), Some(0xfffe)),
            (&[0xfe, 0xff, 0xff, 0xff], Some(-2), Some(0xffff_fffe)),
            (&[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Some(-2), Some(u64::MAX - 1)),
            (&[], None, None),
            (&[1, 2, 3], None, None),
        ] {
            let lengths = [bytes.len() as u8, 0];
            let event = Event::new(code::SYSCALL_CLOSE_X, &lengths, bytes).expect("known code");
            assert_eq!((event.int(0), event.uint(0)), (signed, unsigned), "{bytes:?}");
            assert_eq!(event.u32(0), unsigned.map(|number| number as u32), "{bytes:?}");
        }
        let event = Event::new(code::SYSCALL_CLOSE_X, &[], &[]).expect("known code");
        assert_eq!((event.int(0), event.uint(0)), (None, None));
    }

    #[test]
    fn only_exits_of_known_system_calls_have_a_return_value() {
        let eight = 5i64.to_le_bytes();
        let value = |code, lengths: &[u8], data: &[u8]| {
            Event::new(code, lengths, data).expect("known").return_value()
        };
        assert_eq!(value(code::SYSCALL_CLOSE_X, &[8, 0], &eight), Some(5));
        assert_eq!(value(code::SYSCALL_CLOSE_E, &[8, 0], &eight), None);
        assert_eq!(value(code::GENERIC_X, &[2, 0, 2, 0], &[1, 0, 1, 0]), None);
        assert_eq!(value(code::PROCEXIT_1_E, &[8, 0], &eight), None);
        // Other widths.
        assert_eq!(value(code::SYSCALL_CLOSE_X, &[4, 0], &(-9i32).to_le_bytes()), Some(-9));
        assert_eq!(value(code::SYSCALL_CLOSE_X, &[2, 0], &[1, 1]), Some(0));
    }
}

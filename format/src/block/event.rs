//! Event blocks, with and without flags, of both event headers (reference C1 to C9).

use crate::catalogue::{self, EVENTS, EventFlags};
use crate::error::Fault;

/// Bytes of the header that counts its parameters: ts u64, tid u64, length u32, type u16, nparams u32.
pub(crate) const HEADER: usize = 26;

/// Bytes of the header of old captures, which lacks `nparams`.
pub(crate) const OLD_HEADER: usize = 22;

/// Flag of an event that was kept only for the state of processes (reference C2).
pub(crate) const STATE_ONLY: u32 = 1;

/// Code of the option after an event that contains its number (FORMAT.md section 8), in the range that pcapng reserves for local
/// use; its value has 8 bytes.
pub(crate) const NUMBER_OPTION: u16 = 0x9C45;

/// Code of the option after an event that contains what the kernel says beside the parameters (FORMAT.md section 11).
pub(crate) const EXTRAS_OPTION: u16 = 0x9C46;

/// Bytes of an option before its value: code u16, length u16.
pub(crate) const OPTION_HEAD: usize = 4;

/// How an event block is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// 32 bits of flags come before the event.
    pub flags: bool,
    /// The event's header counts its parameters.
    pub counted: bool,
    /// The block may be longer than 64 KiB.
    pub large: bool,
}

impl Layout {
    /// Bytes of the event's header.
    pub const fn header(self) -> usize {
        if self.counted { HEADER } else { OLD_HEADER }
    }

    /// Bytes between the start of the block's body and the lengths of the event's parameters.
    pub(crate) const fn before_lengths(self) -> usize {
        2 + if self.flags { 4 } else { 0 } + self.header()
    }
}

/// An event as the capture has it: of whatever version, checked against its own lengths.
#[derive(Debug, Clone, Copy)]
pub struct RawEvent<'a> {
    /// Time in nanoseconds since the epoch.
    pub ts: u64,
    /// Thread.
    pub tid: i64,
    /// Event code, which the catalogue knows.
    pub code: u16,
    /// CPU that recorded it.
    pub cpu: u16,
    /// Flags of the block, 0 if it has none.
    pub flags: u32,
    /// Its number, if it does not follow that of the event before.
    pub number: Option<u64>,
    /// What the kernel says beside the parameters ([`Extras`](crate::extras::Extras)); empty in most captures.
    pub extras: &'a [u8],
    /// Lengths of the parameters, one after the other, each 16 or 32 bits wide.
    pub lengths: &'a [u8],
    /// The parameters, back to back.
    pub data: &'a [u8],
}

/// Decodes the body of an event block. `None` means an event of a type that is newer than the catalogue
/// (reference C7).
#[inline]
pub(crate) fn event(body: &[u8], layout: Layout) -> Result<Option<RawEvent<'_>>, Fault> {
    const SHORT: Fault = Fault::Short("event");
    let (cpu, rest) = body.split_first_chunk::<2>().ok_or(SHORT)?;
    let (flags, event) = if layout.flags {
        let (flags, event) = rest.split_first_chunk::<4>().ok_or(SHORT)?;
        (u32::from_le_bytes(*flags), event)
    } else {
        (0, rest)
    };
    let (ts, rest) = event.split_first_chunk::<8>().ok_or(SHORT)?;
    let (tid, rest) = rest.split_first_chunk::<8>().ok_or(SHORT)?;
    let (length, rest) = rest.split_first_chunk::<4>().ok_or(SHORT)?;
    let (code, rest) = rest.split_first_chunk::<2>().ok_or(SHORT)?;
    let length = u32::from_le_bytes(*length);
    let code = u16::from_le_bytes(*code);
    if layout.counted && rest.len() < 4 {
        return Err(SHORT);
    }
    let Some(info) = catalogue::event(code) else { return Ok(None) };
    let wide = info.has(EventFlags::LARGE_PAYLOAD);
    let (lengths, data) = if layout.counted {
        counted(event, length, code, wide)?
    } else {
        uncounted(rest, length, code, wide)?
    };
    let options = if layout.counted { options(body, event, length) } else { Options::default() };
    Ok(Some(RawEvent {
        ts: u64::from_le_bytes(*ts),
        tid: i64::from_le_bytes(*tid),
        code,
        cpu: u16::from_le_bytes(*cpu),
        flags,
        number: options.number,
        extras: options.extras,
        lengths,
        data,
    }))
}

/// What stands in options after an event.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Options<'a> {
    pub(crate) number: Option<u64>,
    pub(crate) extras: &'a [u8],
}

/// The options after an event of `length` bytes. `event` is the end of `body` that starts with the event.
#[inline]
fn options<'a>(body: &'a [u8], event: &[u8], length: u32) -> Options<'a> {
    if event.len() < (length as usize).saturating_add(OPTION_HEAD) {
        return Options::default();
    }
    // They start at the next multiple of 4 bytes from the start of the body (reference C9).
    let start = (body.len() - event.len() + length as usize).next_multiple_of(4);
    body.get(start..).map_or(Options::default(), read_options)
}

/// Goes through options up to their end or the first that is not complete. Of several with one code the first counts.
#[inline(never)]
pub(crate) fn read_options(bytes: &[u8]) -> Options<'_> {
    const END: u16 = 0;
    let mut found = Options::default();
    let mut rest = bytes;
    while let Some(([a, b, c, d], values)) = rest.split_first_chunk::<OPTION_HEAD>() {
        let (code, size) = (u16::from_le_bytes([*a, *b]), usize::from(u16::from_le_bytes([*c, *d])));
        let Some(value) = values.get(..size).filter(|_| code != END) else { break };
        match code {
            NUMBER_OPTION if found.number.is_none() => {
                found.number = value.try_into().ok().map(u64::from_le_bytes);
            }
            EXTRAS_OPTION if found.extras.is_empty() => found.extras = value,
            _ => {}
        }
        // The padding of the last one may be missing.
        rest = values.get(size.next_multiple_of(4)..).unwrap_or_default();
    }
    found
}

/// Lengths and parameters of an event whose header counts them (reference C5). `event` starts at the header.
#[inline(always)]
fn counted(event: &[u8], length: u32, code: u16, wide: bool) -> Result<(&[u8], &[u8]), Fault> {
    let available = event.len();
    let body = event
        .get(..length as usize)
        .and_then(|event| event.get(HEADER..))
        .ok_or(Fault::EventLength { code, length, available })?;
    let nparams = event
        .get(OLD_HEADER..)
        .and_then(|rest| rest.first_chunk::<4>())
        .map_or(0, |count| u32::from_le_bytes(*count));
    let fault = Fault::EventParams { code, nparams, length };
    let Some(table) = (nparams as usize).checked_mul(if wide { 4 } else { 2 }) else { return Err(fault) };
    let Some((lengths, rest)) = body.split_at_checked(table) else { return Err(fault) };
    match rest.get(..total(lengths, wide)) {
        Some(data) => Ok((lengths, data)),
        None => Err(fault),
    }
}

/// Lengths and parameters of an old event: the number of parameters is the largest with which the lengths add up to the
/// event's length (reference C6). `rest` starts after the header.
fn uncounted(rest: &[u8], length: u32, code: u16, wide: bool) -> Result<(&[u8], &[u8]), Fault> {
    use catalogue::code::{INFRASTRUCTURE_EVENT_E, NOTIFICATION_E};
    let available = rest.len() + OLD_HEADER;
    let misfit = Fault::EventLength { code, length, available };
    // Old writers counted three bytes too many here.
    let excess = if matches!(code, NOTIFICATION_E | INFRASTRUCTURE_EVENT_E) { 3 } else { 0 };
    let Some(size) = (length as usize).checked_sub(OLD_HEADER + excess) else { return Err(misfit) };
    let Some(body) = rest.get(..size) else { return Err(misfit) };
    let fault = Fault::OldEventParams { code, length };
    if wide {
        // Events with wide lengths are newer than the header that counts.
        return Err(fault);
    }
    let known = EVENTS.get(usize::from(code)).map_or(0, |info| info.params.len());
    for nparams in (0..=known).rev() {
        let Some((lengths, data)) = body.split_at_checked(nparams * 2) else { continue };
        let sum = total(lengths, false);
        if sum == data.len() {
            return Ok((lengths, data));
        }
        if sum < data.len() {
            return Err(fault);
        }
    }
    Err(fault)
}

/// Sum of a table of lengths.
#[inline]
fn total(lengths: &[u8], wide: bool) -> usize {
    if wide {
        lengths
            .as_chunks::<4>()
            .0
            .iter()
            .fold(0, |sum: usize, length| sum.saturating_add(u32::from_le_bytes(*length) as usize))
    } else {
        lengths.as_chunks::<2>().0.iter().map(|length| usize::from(u16::from_le_bytes(*length))).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use catalogue::code::{
        CONTAINER_JSON_2_E, INFRASTRUCTURE_EVENT_E, SYSCALL_CLOSE_X, SYSCALL_EXECVE_8_X, SYSCALL_READ_X,
    };

    const COUNTED: Layout = Layout { flags: false, counted: true, large: false };
    const COUNTED_FLAGS: Layout = Layout { flags: true, counted: true, large: false };
    const OLD: Layout = Layout { flags: false, counted: false, large: false };
    const OLD_FLAGS: Layout = Layout { flags: true, counted: false, large: false };

    /// The body of a block whose event claims its length plus `claimed`.
    fn body(layout: Layout, code: u16, lengths: &[u8], nparams: u32, data: &[u8], claimed: i64) -> Vec<u8> {
        let mut bytes = 3u16.to_le_bytes().to_vec();
        if layout.flags {
            bytes.extend(1u32.to_le_bytes());
        }
        bytes.extend(1000u64.to_le_bytes());
        bytes.extend((-5i64).to_le_bytes());
        let length = (layout.header() + lengths.len() + data.len()) as i64 + claimed;
        bytes.extend((length as u32).to_le_bytes());
        bytes.extend(code.to_le_bytes());
        if layout.counted {
            bytes.extend(nparams.to_le_bytes());
        }
        bytes.extend(lengths);
        bytes.extend(data);
        bytes
    }

    fn check(body: &[u8], layout: Layout, lengths: &[u8], data: &[u8]) {
        let raw = event(body, layout).expect("good event").expect("known event");
        assert_eq!((raw.ts, raw.tid, raw.cpu), (1000, -5, 3));
        assert_eq!(raw.flags, u32::from(layout.flags));
        assert_eq!((raw.lengths, raw.data), (lengths, data));
    }

    #[test]
    fn every_layout_is_read() {
        let lengths = [8, 0, 3, 0];
        let data = b"12345678abc";
        for layout in [COUNTED, COUNTED_FLAGS, OLD, OLD_FLAGS] {
            let bytes = body(layout, SYSCALL_READ_X, &lengths, 2, data, 0);
            check(&bytes, layout, &lengths, data);
            let padded = [&bytes[..], &[0, 0, 0]].concat();
            check(&padded, layout, &lengths, data);
        }
        let wide = [2, 0, 0, 0];
        check(&body(COUNTED, CONTAINER_JSON_2_E, &wide, 1, b"{}", 0), COUNTED, &wide, b"{}");
        // Bytes between the last parameter and the claimed end are ignored.
        let slack = body(COUNTED, SYSCALL_READ_X, &lengths, 2, b"12345678abc??", 0);
        check(&slack, COUNTED, &lengths, data);
    }

    #[test]
    fn old_events_have_as_many_parameters_as_fit() {
        let check_old = |code, lengths: &[u8], data: &[u8]| {
            check(&body(OLD, code, lengths, 0, data, 0), OLD, lengths, data);
        };
        check_old(SYSCALL_CLOSE_X, &[], &[]);
        check_old(SYSCALL_CLOSE_X, &[8, 0], &[0; 8]);
        check_old(SYSCALL_EXECVE_8_X, &[0; 16], &[]);
        let claims_three_more = body(OLD, INFRASTRUCTURE_EVENT_E, &[1, 0, 1, 0, 1, 0, 1, 0], 0, b"abcd", 3);
        check(&claims_three_more, OLD, &[1, 0, 1, 0, 1, 0, 1, 0], b"abcd");
    }

    #[test]
    fn options_after_an_event_are_read() {
        let event_of = |options: &[u8]| {
            let mut bytes = body(COUNTED, SYSCALL_READ_X, &[8, 0, 3, 0], 2, b"12345678abc", 0);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
            bytes.extend(options);
            let raw = event(&bytes, COUNTED).expect("good event").expect("known event");
            (raw.number, raw.extras.to_vec())
        };
        let option = |code: u16, value: &[u8]| {
            let mut bytes = [&code.to_le_bytes()[..], &(value.len() as u16).to_le_bytes(), value].concat();
            bytes.resize(bytes.len().next_multiple_of(4), 0);
            bytes
        };
        let (number, extras) = (option(NUMBER_OPTION, &7u64.to_le_bytes()), option(EXTRAS_OPTION, b"items"));
        let comment = option(1, b"made by hand");
        let both = (Some(7), b"items".to_vec());
        assert_eq!(event_of(&[]), (None, Vec::new()));
        assert_eq!(event_of(&number), (Some(7), Vec::new()));
        assert_eq!(event_of(&[&number[..], &extras].concat()), both);
        assert_eq!(event_of(&[&extras[..], &comment, &number].concat()), both);
        // Only the first counts; nothing does after the end, or after an option that is not complete.
        assert_eq!(event_of(&[&number[..], &extras, &option(EXTRAS_OPTION, b"others")].concat()), both);
        assert_eq!(event_of(&[&option(0, b"")[..], &number].concat()), (None, Vec::new()));
        assert_eq!(event_of(&[&[9, 9, 255, 255][..], &number].concat()), (None, Vec::new()));
        assert_eq!(event_of(&option(NUMBER_OPTION, &[7; 9])), (None, Vec::new()));
        for end in 0..extras.len() {
            let whole = if end >= 9 { &b"items"[..] } else { b"" };
            assert_eq!(event_of(&extras[..end]), (None, whole.to_vec()), "{end} bytes");
        }
    }

    #[test]
    fn unknown_events_are_told_apart_from_damage() {
        assert!(event(&body(COUNTED, 454, &[], 0, &[], 0), COUNTED).expect("no damage").is_none());
        assert!(event(&body(OLD, 9999, &[], 0, &[], 100), OLD).expect("no damage").is_none());
    }

    #[test]
    fn damage_is_named() {
        let fault = |bytes: &[u8], layout| event(bytes, layout).map(|raw| raw.is_some()).expect_err("damage");
        let lengths = [8, 0, 3, 0];
        let code = SYSCALL_READ_X;
        let good = body(COUNTED, code, &lengths, 2, b"12345678abc", 0);
        for end in 0..28 {
            assert_eq!(fault(&good[..end], COUNTED), Fault::Short("event"), "{end} bytes");
        }
        for end in 28..good.len() {
            let available = end - 2;
            assert_eq!(fault(&good[..end], COUNTED), Fault::EventLength { code, length: 41, available });
        }
        let too_many = body(COUNTED, code, &lengths, u32::MAX, b"12345678abc", 0);
        assert_eq!(fault(&too_many, COUNTED), Fault::EventParams { code, nparams: u32::MAX, length: 41 });
        let too_long = body(COUNTED, code, &[8, 0, 4, 0], 2, b"12345678abc", 0);
        assert_eq!(fault(&too_long, COUNTED), Fault::EventParams { code, nparams: 2, length: 41 });
        let header_only = body(COUNTED, code, &[], 0, &[], -1);
        assert_eq!(fault(&header_only, COUNTED), Fault::EventLength { code, length: 25, available: 26 });
        let no_count = body(OLD, code, &[9, 9, 9, 9], 0, b"abc", 0);
        assert_eq!(fault(&no_count, OLD), Fault::OldEventParams { code, length: 29 });
        let wide = body(OLD, CONTAINER_JSON_2_E, &[2, 0], 0, b"{}", 0);
        assert_eq!(fault(&wide, OLD), Fault::OldEventParams { code: CONTAINER_JSON_2_E, length: 26 });
    }
}

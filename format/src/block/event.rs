//! Event blocks, with and without flags, of both event headers (reference C1 to C9).

use crate::catalogue::{self, EVENTS, flag};
use crate::error::Fault;

/// Bytes of the header that counts its parameters: ts u64, tid u64, length u32, type u16, nparams u32.
pub const HEADER: usize = 26;

/// Bytes of the header of old captures, which lacks `nparams`.
pub const OLD_HEADER: usize = 22;

/// Flag of an event that was kept only for the state of processes (reference C2).
pub const STATE_ONLY: u32 = 1;

/// How an event block is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// 32 bits of flags stand before the event.
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
    /// Flags of the block, 0 where it has none.
    pub flags: u32,
    /// Lengths of the parameters, one after the other, each 16 or 32 bits wide.
    pub lengths: &'a [u8],
    /// The parameters, back to back.
    pub data: &'a [u8],
}

/// Decodes the body of an event block. `None` stands for an event of a type that is newer than the catalogue
/// (reference C7).
#[inline]
pub fn event(body: &[u8], layout: Layout) -> Result<Option<RawEvent<'_>>, Fault> {
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
    let wide = info.has(flag::LARGE_PAYLOAD);
    let (lengths, data) = if layout.counted {
        counted(event, length, code, wide)?
    } else {
        uncounted(rest, length, code, wide)?
    };
    Ok(Some(RawEvent {
        ts: u64::from_le_bytes(*ts),
        tid: i64::from_le_bytes(*tid),
        code,
        cpu: u16::from_le_bytes(*cpu),
        flags,
        lengths,
        data,
    }))
}

/// Lengths and parameters of an event whose header counts them (reference C5). `event` starts at the header.
#[inline]
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
/// event's length (reference C6). `rest` starts behind the header.
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
        // Events with wide lengths are younger than the header that counts.
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

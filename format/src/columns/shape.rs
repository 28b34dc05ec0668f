//! Shapes of blocks: the bytes of a block enter; its kind, what stands in lanes, and the bytes of its parameters leave.

use crate::block::event::{HEADER as EVENT_HEADER, STATE_ONLY};
use crate::block::{self, Header, TRAILER, code};
use crate::catalogue::{self, EventFlags, EventInfo};
use crate::upgrade;

use super::PARAMS;

/// Bit of a kind's form: the events are marked as kept for the state only.
const ONLY: u8 = 1;

/// Bit of a kind's form: the blocks are marked as large.
const LARGE: u8 = 1 << 1;

/// Bit of a kind's form: bytes follow the event in its block.
const TAIL: u8 = 1 << 2;

/// What the events of one kind have in common.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Row of the catalogue; the events are of the newest schema. `None` for raw blocks.
    pub info: Option<&'static EventInfo>,
    /// Parameters of each event.
    pub nparams: u16,
    /// How many items of the chunk are of this kind.
    pub count: u32,
    /// Place of the first parameter among the columns of the [`Store`](super::Store).
    pub first: u32,
    pub(super) form: u8,
}

impl Kind {
    /// Raw blocks.
    pub(super) const RAW: Kind = Kind { info: None, nparams: 0, count: 0, first: 0, form: 0 };

    /// A kind by its numbers in a directory; `None` if there is no such kind.
    pub(super) fn of(code: u64, form: u64, nparams: u64) -> Option<Kind> {
        let info = u16::try_from(code).ok().and_then(catalogue::event)?;
        let form = u8::try_from(form).ok().filter(|form| form & !(ONLY | LARGE | TAIL) == 0)?;
        let nparams = u16::try_from(nparams).ok().filter(|count| usize::from(*count) <= PARAMS)?;
        let kind = Kind { info: Some(info), nparams, form, ..Kind::RAW };
        upgrade::is_current(info, usize::from(nparams)).then_some(kind)
    }

    /// Whether the events were kept for the state only.
    pub fn state_only(&self) -> bool {
        self.form & ONLY != 0
    }

    /// Whether bytes (options in the form of pcapng) follow each event in its block.
    pub fn has_tail(&self) -> bool {
        self.form & TAIL != 0
    }

    /// The bits of its form, as in a directory.
    pub(super) fn form(&self) -> u8 {
        self.form
    }

    /// Whether two kinds are the same, whatever is counted.
    pub(super) fn is_like(&self, other: &Kind) -> bool {
        self.nparams == other.nparams
            && self.form == other.form
            && self.info.map(|info| info.code) == other.info.map(|info| info.code)
    }

    /// Columns: one per parameter, and one of what follows the events; raw blocks have one.
    pub(super) fn columns(&self) -> usize {
        usize::from(self.nparams) + usize::from(self.has_tail() || self.info.is_none())
    }

    /// Code of its blocks.
    pub(super) fn block_code(&self) -> u32 {
        match (self.state_only(), self.form & LARGE != 0) {
            (false, false) => code::EVENT_V2,
            (false, true) => code::EVENT_V2_LARGE,
            (true, false) => code::EVENT_FLAGS_V2,
            (true, true) => code::EVENT_FLAGS_V2_LARGE,
        }
    }

    /// Bytes of each length in the table of lengths.
    pub(super) fn width(&self) -> usize {
        self.info.map_or(2, width)
    }

    /// Bytes of a block's body before the table of lengths.
    pub(super) fn head(&self) -> usize {
        2 + if self.state_only() { 4 } else { 0 } + EVENT_HEADER
    }

    /// Bytes of a block without the values of its parameters and what follows them.
    pub(super) fn frame(&self) -> usize {
        block::HEADER + self.head() + usize::from(self.nparams) * self.width() + TRAILER
    }
}

fn width(info: &EventInfo) -> usize {
    if info.has(EventFlags::LARGE_PAYLOAD) { 4 } else { 2 }
}

/// An event block that fits a kind.
pub(super) struct Shape<'a> {
    pub(super) kind: Kind,
    pub(super) ts: u64,
    pub(super) tid: i64,
    pub(super) cpu: u16,
    /// The table of lengths.
    pub(super) lengths: &'a [u8],
    /// The parameters, exactly as long as the lengths say.
    pub(super) data: &'a [u8],
    /// What follows the event and its padding.
    pub(super) tail: &'a [u8],
}

/// The block at the start of `rest`: its length, and its shape if it fits a kind. `None` if the block is truncated.
#[inline]
pub(super) fn block(rest: &[u8]) -> Option<(usize, Option<Shape<'_>>)> {
    let header = Header::read(rest)?;
    let length = header.length as usize;
    let block = rest.get(..length).filter(|block| block.len() >= block::HEADER + TRAILER)?;
    let (block, trailer) = block.split_last_chunk::<TRAILER>()?;
    let body = block.get(block::HEADER..)?;
    let is_whole = u32::from_le_bytes(*trailer) == header.length;
    Some((length, if is_whole { shape(header.code, body) } else { None }))
}

#[inline]
fn shape(block_code: u32, body: &[u8]) -> Option<Shape<'_>> {
    let mut form = match block_code {
        code::EVENT_V2 => 0,
        code::EVENT_V2_LARGE => LARGE,
        code::EVENT_FLAGS_V2 => ONLY,
        code::EVENT_FLAGS_V2_LARGE => ONLY | LARGE,
        _ => return None,
    };
    let (cpu, mut event) = body.split_first_chunk::<2>()?;
    if form & ONLY != 0 {
        let (flags, rest) = event.split_first_chunk::<4>()?;
        if u32::from_le_bytes(*flags) != STATE_ONLY {
            return None;
        }
        event = rest;
    }
    let (head, rest) = event.split_first_chunk::<EVENT_HEADER>()?;
    let [
        t0,
        t1,
        t2,
        t3,
        t4,
        t5,
        t6,
        t7,
        i0,
        i1,
        i2,
        i3,
        i4,
        i5,
        i6,
        i7,
        l0,
        l1,
        l2,
        l3,
        c0,
        c1,
        n0,
        n1,
        n2,
        n3,
    ] = *head;
    let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    let info = catalogue::event(u16::from_le_bytes([c0, c1]))?;
    let nparams = u32::from_le_bytes([n0, n1, n2, n3]) as usize;
    if nparams > PARAMS || !upgrade::is_current(info, nparams) {
        return None;
    }
    let (lengths, rest) = rest.split_at_checked(nparams * width(info))?;
    let size = length.checked_sub(EVENT_HEADER + lengths.len())?;
    let (data, rest) = rest.split_at_checked(size)?;
    let padding = (body.len() - rest.len()).wrapping_neg() % 4;
    let (padding, tail) = rest.split_at_checked(padding)?;
    if padding.iter().any(|byte| *byte != 0) || total(lengths, width(info)) != size {
        return None;
    }
    if !tail.is_empty() {
        form |= TAIL;
    }
    Some(Shape {
        kind: Kind { info: Some(info), nparams: nparams as u16, form, ..Kind::RAW },
        ts: u64::from_le_bytes([t0, t1, t2, t3, t4, t5, t6, t7]),
        tid: i64::from_le_bytes([i0, i1, i2, i3, i4, i5, i6, i7]),
        cpu: u16::from_le_bytes(*cpu),
        lengths,
        data,
        tail,
    })
}

/// Sum of a table of lengths.
#[inline]
fn total(lengths: &[u8], width: usize) -> usize {
    if width == 2 {
        lengths.as_chunks::<2>().0.iter().map(|length| usize::from(u16::from_le_bytes(*length))).sum()
    } else {
        let sum = |sum: usize, length: &[u8; 4]| sum.saturating_add(u32::from_le_bytes(*length) as usize);
        lengths.as_chunks::<4>().0.iter().fold(0, sum)
    }
}

impl<'a> Shape<'a> {
    /// The values of the parameters, in order.
    #[inline]
    pub(super) fn values(&self) -> impl Iterator<Item = &'a [u8]> {
        let (width, mut rest) = (self.kind.width(), self.data);
        self.lengths.chunks_exact(width).map(move |length| {
            let length = match *length {
                [a, b] => usize::from(u16::from_le_bytes([a, b])),
                [a, b, c, d] => u32::from_le_bytes([a, b, c, d]) as usize,
                _ => 0,
            };
            // The lengths were compared with the bytes.
            let (value, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            rest = behind;
            value
        })
    }
}

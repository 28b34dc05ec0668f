//! Keyframes: the state before a chunk, for the state engine (FORMAT.md section 6). Bytes of the state enter and leave; only the state
//! engine knows what they mean, and its version is stored with them.

use std::io;

use super::contents::differs;
use super::descriptor::Descriptor;
use super::error::Damage;
use super::section::{self, SectionKind};

/// Version of the keyframe's body.
const VERSION: u16 = 1;

/// Largest state that a keyframe holds, decompressed. A larger one is left out by writers and refused by readers.
pub const KEYFRAME_LIMIT: usize = 32 << 20;

/// Bytes before the compressed state: kind u8, engine u32, size u64.
const HEAD: usize = 13;

/// The content of a keyframe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyframeKind {
    /// What the chunk before changed.
    Delta,
    /// The whole state.
    Snapshot,
}

impl KeyframeKind {
    pub(super) const fn code(self) -> u8 {
        match self {
            KeyframeKind::Delta => 1,
            KeyframeKind::Snapshot => 2,
        }
    }

    pub(super) const fn of(code: u8) -> Option<KeyframeKind> {
        match code {
            1 => Some(KeyframeKind::Delta),
            2 => Some(KeyframeKind::Snapshot),
            _ => None,
        }
    }
}

/// State before the first event of a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyframe {
    /// Its content.
    pub kind: KeyframeKind,
    /// Version of the state engine that made it.
    pub engine: u32,
    /// The state, in an encoding that only the state engine knows.
    pub state: Vec<u8>,
}

/// The section of a keyframe.
pub(super) fn encode(keyframe: &Keyframe, level: i32) -> io::Result<Vec<u8>> {
    let mut body = Vec::with_capacity(HEAD);
    body.push(keyframe.kind.code());
    body.extend_from_slice(&keyframe.engine.to_le_bytes());
    body.extend_from_slice(&(keyframe.state.len() as u64).to_le_bytes());
    body.extend_from_slice(&zstd::bulk::compress(&keyframe.state, level)?);
    Ok(section::build(SectionKind::Keyframe, VERSION, &body))
}

/// Reads a keyframe from its whole section; `None` if its kind is not known.
pub(super) fn decode(frame: &[u8]) -> Result<Option<Keyframe>, Damage> {
    let body = section::body(frame, SectionKind::Keyframe)?;
    let (head, packed) =
        body.split_first_chunk::<HEAD>().ok_or(Damage::Short(SectionKind::Keyframe.name()))?;
    let [code, a, b, c, d, size @ ..] = *head;
    let Some(kind) = KeyframeKind::of(code) else { return Ok(None) };
    let state =
        unpack(packed, u64::from_le_bytes(size), KEYFRAME_LIMIT as u64, SectionKind::Keyframe.name())?;
    Ok(Some(Keyframe { kind, engine: u32::from_le_bytes([a, b, c, d]), state }))
}

/// Compares a keyframe, or that there is none, with the descriptor of its chunk.
pub(super) fn check(keyframe: Option<&Keyframe>, descriptor: &Descriptor) -> Result<(), Damage> {
    let raw = keyframe.map_or(0, |keyframe| keyframe.state.len() as u64);
    if keyframe.map(|keyframe| keyframe.kind) != descriptor.keyframe() {
        return Err(Damage::Descriptor("kind of the keyframe"));
    }
    let engine = keyframe.map_or(0, |keyframe| keyframe.engine);
    differs("version of the keyframe", u64::from(descriptor.engine), u64::from(engine))?;
    differs("bytes of the keyframe", descriptor.keyframe_raw, raw)
}

/// Decompresses one zstd frame that claims `size` bytes.
pub(super) fn unpack(packed: &[u8], size: u64, limit: u64, what: &'static str) -> Result<Vec<u8>, Damage> {
    let size = frame_size(packed, size, limit, what)?;
    let raw = zstd::bulk::decompress(packed, size).map_err(|error| Damage::Compression(error.to_string()))?;
    check_size(raw.len(), size, what)?;
    Ok(raw)
}

/// The size of the content of a zstd frame: what the trace and the frame itself say, which must be the same, and not more
/// than `limit`.
pub(super) fn frame_size(packed: &[u8], size: u64, limit: u64, what: &'static str) -> Result<usize, Damage> {
    if size > limit {
        return Err(Damage::TooLarge { what, size, limit });
    }
    let found = zstd::zstd_safe::get_frame_content_size(packed)
        .ok()
        .flatten()
        .ok_or_else(|| Damage::Compression("the frame has no size".to_owned()))?;
    let whole = zstd::zstd_safe::find_frame_compressed_size(packed);
    if whole != Ok(packed.len()) {
        return Err(Damage::Compression("not exactly one frame".to_owned()));
    }
    let is_same = found == size;
    if is_same { Ok(size as usize) } else { Err(Damage::Differs { what, claimed: size, found }) }
}

/// Refuses content whose size is not the expected one.
pub(super) fn check_size(found: usize, claimed: usize, what: &'static str) -> Result<(), Damage> {
    let (claimed, found) = (claimed as u64, found as u64);
    if found == claimed { Ok(()) } else { Err(Damage::Differs { what, claimed, found }) }
}

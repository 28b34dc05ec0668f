//! Sections: zstd skippable frames that carry what scap has no place for (FORMAT.md section 2). A kind, a version and a
//! body enter, the bytes of a frame leave, and back. What bodies mean is not known here.

use super::error::Damage;

/// Magic number of the skippable frames that are used, of the sixteen that zstd has.
const MAGIC: u32 = 0x184d_2a5c;

/// The skippable magic numbers without their last four bits.
const SKIPPABLE: u32 = 0x184d_2a50;

/// Magic number of a zstd frame with data.
const DATA: u32 = 0xfd2f_b528;

/// Follows the frame header of every section.
pub(super) const TAG: [u8; 4] = *b"TRCL";

/// Bytes before a section's body: magic u32, length u32, tag, kind u16, version u16.
pub(super) const HEAD: usize = 16;

/// Bytes of a section's checksum, which follows its body: the start of a BLAKE3 hash of everything from the tag on.
pub(super) const CHECK: usize = 8;

/// Bytes of the header of a skippable frame, which its length does not count.
pub(super) const FRAME: usize = 8;

/// The content of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SectionKind {
    /// What the recorder said about the whole trace.
    Header,
    /// The description of the chunk that follows.
    Chunk,
    /// State before the chunk's first event.
    Keyframe,
    /// The descriptions of all chunks.
    Index,
    /// Where the index is.
    Trailer,
    /// A signature of everything before it.
    Signature,
    /// The directory of a chunk of columns, which is part of the chunk's data.
    Columns,
}

impl SectionKind {
    const ALL: [SectionKind; 7] = [
        SectionKind::Header,
        SectionKind::Chunk,
        SectionKind::Keyframe,
        SectionKind::Index,
        SectionKind::Trailer,
        SectionKind::Signature,
        SectionKind::Columns,
    ];

    /// The number in the file.
    const fn code(self) -> u16 {
        match self {
            SectionKind::Header => 1,
            SectionKind::Chunk => 2,
            SectionKind::Keyframe => 3,
            SectionKind::Index => 4,
            SectionKind::Trailer => 5,
            SectionKind::Signature => 6,
            SectionKind::Columns => 7,
        }
    }

    /// Its name in messages.
    pub(super) const fn name(self) -> &'static str {
        match self {
            SectionKind::Header => "file header",
            SectionKind::Chunk => "chunk descriptor",
            SectionKind::Keyframe => "keyframe",
            SectionKind::Index => "index",
            SectionKind::Trailer => "trailer",
            SectionKind::Signature => "signature",
            SectionKind::Columns => "directory of columns",
        }
    }
}

/// What starts at a place of a file, by its first [`HEAD`] bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame {
    /// A section of a known kind.
    Section {
        /// Its kind.
        kind: SectionKind,
        /// Version of its body.
        version: u16,
        /// Bytes of the whole frame.
        length: u64,
    },
    /// A skippable frame of a kind that this reader does not know, or of another program.
    Skippable {
        /// Bytes of the whole frame.
        length: u64,
    },
    /// A zstd frame with data.
    Data,
    /// Something else.
    Unknown,
}

impl Frame {
    /// Reads the first bytes of a frame.
    pub(super) fn of(head: &[u8]) -> Frame {
        let Some((magic, rest)) = head.split_first_chunk::<4>() else { return Frame::Unknown };
        let magic = u32::from_le_bytes(*magic);
        if magic == DATA {
            return Frame::Data;
        }
        if magic & !0xf != SKIPPABLE {
            return Frame::Unknown;
        }
        let Some((length, rest)) = rest.split_first_chunk::<4>() else { return Frame::Unknown };
        let length = u64::from(u32::from_le_bytes(*length)) + FRAME as u64;
        let Some(&[a, b, c, d, kind, kind_high, version, version_high]) = rest.first_chunk::<8>() else {
            return Frame::Skippable { length };
        };
        let code = u16::from_le_bytes([kind, kind_high]);
        let known = SectionKind::ALL.into_iter().find(|kind| kind.code() == code);
        match known {
            Some(kind) if magic == MAGIC && [a, b, c, d] == TAG => {
                Frame::Section { kind, version: u16::from_le_bytes([version, version_high]), length }
            }
            _ => Frame::Skippable { length },
        }
    }
}

/// The header of a skippable frame of `size` bytes.
pub(super) fn skippable(size: u32) -> [u8; FRAME] {
    let ([a, b, c, d], [e, f, g, h]) = (MAGIC.to_le_bytes(), size.to_le_bytes());
    [a, b, c, d, e, f, g, h]
}

/// Puts a section together.
pub(super) fn build(kind: SectionKind, version: u16, body: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HEAD + body.len() + CHECK);
    frame.extend_from_slice(&MAGIC.to_le_bytes());
    frame.extend_from_slice(&((HEAD - FRAME + body.len() + CHECK) as u32).to_le_bytes());
    frame.extend_from_slice(&TAG);
    frame.extend_from_slice(&kind.code().to_le_bytes());
    frame.extend_from_slice(&version.to_le_bytes());
    frame.extend_from_slice(body);
    frame.extend_from_slice(&[0; CHECK]);
    write_check(&mut frame);
    frame
}

/// Writes the checksum of a section whose other bytes are complete.
pub(super) fn write_check(frame: &mut [u8]) {
    if let Some(end) = frame.len().checked_sub(CHECK) {
        let check = check(&frame[..end]);
        frame[end..].copy_from_slice(&check);
    }
}

/// The body of a whole section; an error if its checksum does not match.
pub(super) fn body(frame: &[u8], kind: SectionKind) -> Result<&[u8], Damage> {
    let (rest, sum) = frame.split_last_chunk::<CHECK>().ok_or(Damage::Short(kind.name()))?;
    let body = rest.get(HEAD..).ok_or(Damage::Short(kind.name()))?;
    if check(rest) == *sum { Ok(body) } else { Err(Damage::Check(kind.name())) }
}

/// The checksum of a section that ends before it.
fn check(frame: &[u8]) -> [u8; CHECK] {
    let hash = blake3::hash(frame.get(FRAME..).unwrap_or_default());
    hash.as_bytes().first_chunk::<CHECK>().copied().unwrap_or_default()
}

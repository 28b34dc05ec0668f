//! What a file that is not a capture looks like, for the error message.

use crate::source::Compression;

/// Describes the start of a file that is not a capture.
pub(super) fn looks_like(head: &[u8], compression: Compression) -> String {
    let what = match head {
        [] => "it is empty",
        [0x0a, 0x0d, 0x0d, 0x0a, ..] | [0x0a, 0x0d, 0x0d] | [0x0a, 0x0d] => {
            "it ends within the section header"
        }
        [0x89, b'P', b'N', b'G', ..] => "it looks like a PNG image",
        [0x7f, b'E', b'L', b'F', ..] => "it looks like an ELF file",
        [b'P', b'K', 3, 4, ..] => "it looks like a ZIP archive",
        [b'%', b'P', b'D', b'F', ..] => "it looks like a PDF document",
        [0xff, 0xd8, 0xff, ..] => "it looks like a JPEG image",
        [b'B', b'Z', b'h', ..] => "it looks like a bzip2 file",
        [0xfd, b'7', b'z', b'X', b'Z', ..] => "it looks like an xz file",
        [0x04, 0x22, 0x4d, 0x18, ..] => "it looks like an lz4 file",
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => "it looks like a 7z archive",
        // With times in microseconds or nanoseconds, of either byte order.
        [0xd4, 0xc3, 0xb2, 0xa1, ..]
        | [0xa1, 0xb2, 0xc3, 0xd4, ..]
        | [0x4d, 0x3c, 0xb2, 0xa1, ..]
        | [0xa1, 0xb2, 0x3c, 0x4d, ..] => "it looks like a pcap file of network packets",
        _ if is_tar(head) => "it looks like a tar archive",
        _ if is_text(head) => "it looks like text",
        _ => "it does not start with a section header",
    };
    match compression {
        Compression::None => what.to_owned(),
        Compression::Gzip => format!("decompressed (gzip), {what}"),
        Compression::Zstd => format!("decompressed (zstd), {what}"),
    }
}

/// POSIX archives have a magic number behind name and properties of the first file.
fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

/// A section header of the usual length, and the type of the block after it.
pub(super) const SECTION_START: usize = 32;

/// Other files that begin with a section header: pcapng has the same one (reference A4).
pub(super) fn foreign(head: &[u8]) -> Option<&'static str> {
    if head.get(8..12) == Some(&[0x1a, 0x2b, 0x3c, 0x4d]) {
        return Some("it was written by a big-endian host, which is not supported");
    }
    let length =
        head.get(4..8).and_then(|bytes| bytes.first_chunk()).map(|bytes| u32::from_le_bytes(*bytes))?;
    let next = head.get(length as usize..)?.get(..4)?;
    // An interface description, which comes next in every pcapng file of packets.
    (next == [1, 0, 0, 0]).then_some("it looks like a pcapng file of network packets")
}

/// Whether the bytes could be the start of a text.
fn is_text(head: &[u8]) -> bool {
    let start = &head[..head.len().min(64)];
    let printable = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e) || *byte >= 0x80;
    start.iter().all(printable)
        && std::str::from_utf8(start).map_or_else(|e| e.error_len().is_none(), |_| true)
}

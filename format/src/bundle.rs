//! Bundles of `tercel collect`: a tar archive in zstd with a trace among other files. The archive enters; its trace leaves as a file without
//! a name, or its members leave one by one. Sizes in an archive are claims: nothing of it is kept that is much larger than the archive.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::sync::Arc;

use crate::trace::Storage;

/// The name of the trace in a bundle, below the one directory that all files are in.
pub const TRACE: &str = "trace.scap";

/// How a zstd frame starts (RFC 8878, 3.1.1).
const ZSTD: [u8; 4] = 0xFD2F_B528_u32.to_le_bytes();

/// What a header of a tar archive has at offset 257 (POSIX ustar and GNU alike).
const USTAR: &[u8; 5] = b"ustar";

/// Bytes of such a header.
const HEADER: usize = 512;

/// Why the trace of a bundle cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// There is none, as far as the archive can be read.
    #[error("an archive without a trace: no readable member is called {TRACE}")]
    NoTrace,
    /// It is larger than any trace in so small an archive.
    #[error(
        "the trace in the archive claims {claimed} bytes, which an archive of {length} bytes cannot hold: traces are compressed already"
    )]
    TooLarge {
        /// Bytes of the trace, as the archive says.
        claimed: u64,
        /// Bytes of the archive.
        length: u64,
    },
    /// It cannot be unpacked into the directory of temporary files.
    #[error("cannot unpack the trace of the bundle: {0}")]
    Io(io::Error),
}

impl BundleError {
    /// Whether the bundle is damaged, as opposed to an error of the operating system.
    pub fn is_damage(&self) -> bool {
        !matches!(self, BundleError::Io(_))
    }
}

/// Whether bytes are a bundle: an archive in zstd, whatever is in it.
///
/// # Errors
/// Those of the storage.
pub fn is_bundle(storage: &Arc<dyn Storage>) -> io::Result<bool> {
    let mut start = [0; ZSTD.len()];
    let mut bytes = FrontToBack::new(storage.clone());
    if bytes.read(&mut start)? < start.len() || start != ZSTD {
        return Ok(false);
    }
    let mut header = Vec::with_capacity(HEADER);
    let unpacked = unpack(storage)?.take(HEADER as u64).read_to_end(&mut header);
    Ok(unpacked.is_ok() && header.get(257..262) == Some(USTAR))
}

/// The trace of a bundle, unpacked to a file without a name in the directory of temporary files (`TMPDIR`), which is gone when it is
/// closed. Of a damaged bundle, what can be read of it.
///
/// # Errors
/// It holds no trace, or one that is too large, or the file cannot be written.
pub fn trace(storage: &Arc<dyn Storage>) -> Result<File, BundleError> {
    let length = storage.length().map_err(BundleError::Io)?;
    let mut archive = tar::Archive::new(unpack(storage).map_err(BundleError::Io)?);
    for member in archive.entries().map_err(|_| BundleError::NoTrace)?.raw(true) {
        let Ok(mut member) = member else { break };
        if name(&member) != TRACE {
            continue;
        }
        let claimed = member.size();
        if claimed > most(length) {
            return Err(BundleError::TooLarge { claimed, length });
        }
        let mut file = tempfile::tempfile().map_err(BundleError::Io)?;
        copy_readable(&mut member, &mut file).map_err(BundleError::Io)?;
        file.rewind().map_err(BundleError::Io)?;
        return Ok(file);
    }
    Err(BundleError::NoTrace)
}

/// Gives each file in a bundle to `work`, with its path below the one directory that all are in.
///
/// # Errors
/// The archive cannot be read to its end, is far larger than its compressed form, or `work` fails.
pub fn members(
    storage: &Arc<dyn Storage>,
    mut work: impl FnMut(&str, &mut dyn Read) -> io::Result<()>,
) -> io::Result<()> {
    let mut archive = tar::Archive::new(unpack(storage)?);
    for member in archive.entries()?.raw(true) {
        let mut member = member?;
        if member.header().entry_type().is_file() {
            work(&name(&member), &mut member)?;
        }
    }
    Ok(())
}

/// The path of a member below the directory that all are in. The archive is read raw: paths too long for a header would be read into memory,
/// and a bundle has none.
fn name(member: &tar::Entry<'_, impl Read>) -> String {
    let path = member.path_bytes();
    let below = path.iter().position(|byte| *byte == b'/').map_or(0, |at| at + 1);
    String::from_utf8_lossy(&path[below..]).into_owned()
}

/// The archive within the compression, as far as there is a sensible ratio between them.
fn unpack(storage: &Arc<dyn Storage>) -> io::Result<impl Read> {
    let most = most(storage.length()?);
    Ok(zstd::stream::read::Decoder::new(FrontToBack::new(storage.clone()))?.take(most))
}

/// Most bytes in an archive of this length. Traces are compressed already; reports and rules shrink to a tenth.
fn most(length: u64) -> u64 {
    length.saturating_mul(32).saturating_add(64 << 20)
}

/// Copies until the end or the first error of the source.
fn copy_readable(from: &mut dyn Read, to: &mut File) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        to.write_all(&buffer[..count])?;
    }
    Ok(())
}

/// Reads a storage once.
pub(crate) struct FrontToBack {
    storage: Arc<dyn Storage>,
    position: u64,
}

impl FrontToBack {
    /// From its start.
    pub(crate) fn new(storage: Arc<dyn Storage>) -> FrontToBack {
        FrontToBack { storage, position: 0 }
    }
}

impl Read for FrontToBack {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.storage.read_at(buffer, self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An archive in zstd with these members.
    fn archive(members: &[(&str, u64, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, claimed, bytes) in members {
            let mut header = tar::Header::new_gnu();
            header.set_size(*claimed);
            header.set_path(name).expect("a short name");
            header.set_cksum();
            builder.append(&header, *bytes).expect("in memory");
        }
        zstd::encode_all(&builder.into_inner().expect("in memory")[..], 1).expect("in memory")
    }

    fn found(bytes: Vec<u8>) -> Result<Vec<u8>, BundleError> {
        let storage: Arc<dyn Storage> = Arc::new(bytes);
        assert!(is_bundle(&storage).expect("in memory"));
        let mut found = Vec::new();
        trace(&storage)?.read_to_end(&mut found).expect("a temporary file");
        Ok(found)
    }

    #[test]
    fn the_trace_is_found_in_any_directory() {
        let bytes = archive(&[("a/README", 2, b"hi"), ("a/trace.scap", 5, b"trace"), ("a/x", 0, b"")]);
        assert_eq!(found(bytes.clone()).expect("a trace"), b"trace");
        let mut names = Vec::new();
        members(&(Arc::new(bytes) as Arc<dyn Storage>), |name, bytes| {
            names.push((name.to_owned(), io::copy(bytes, &mut io::sink())?));
            Ok(())
        })
        .expect("whole");
        assert_eq!(names, [("README".to_owned(), 2), ("trace.scap".to_owned(), 5), ("x".to_owned(), 0)]);
    }

    #[test]
    fn claims_are_not_believed() {
        assert!(matches!(found(archive(&[("x", 1, b"x")])), Err(BundleError::NoTrace)));
        let bytes = archive(&[("trace.scap", 1 << 40, b"short")]);
        assert!(matches!(found(bytes), Err(BundleError::TooLarge { .. })));
        // What is there of a trace that ends early.
        let kept = found(archive(&[("trace.scap", 1 << 20, b"short")])).expect("a part");
        assert!(kept.starts_with(b"short") && kept.len() < 1 << 20);
    }

    #[test]
    fn what_is_cut_is_read_as_far_as_it_goes() {
        let noise: Vec<u8> =
            (0..300_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        let mut bytes = archive(&[("trace.scap", noise.len() as u64, &noise)]);
        bytes.truncate(bytes.len() / 2);
        let kept = found(bytes).expect("a part");
        assert!(kept.len() > noise.len() / 4 && noise.starts_with(&kept), "{}", kept.len());
    }

    #[test]
    fn other_files_are_no_bundles() {
        for bytes in [
            Vec::new(),
            b"xyz".to_vec(),
            vec![0; 600],
            zstd::encode_all(&[7; 600][..], 1).expect("in memory"),
        ] {
            assert!(!is_bundle(&(Arc::new(bytes) as Arc<dyn Storage>)).expect("in memory"));
        }
    }
}

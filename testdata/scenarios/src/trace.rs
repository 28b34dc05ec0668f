//! Captures as files: what is stored under testdata/traces, compressed. Stories enter, files leave.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use crate::Story;

/// Where the captures lie.
pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("traces")
}

/// The file of a story.
pub fn path(story: &Story) -> PathBuf {
    directory().join(format!("{}.scap", story.name))
}

/// The stored capture, uncompressed.
///
/// # Errors
/// Those of reading the file.
pub fn stored(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    MultiGzDecoder::new(fs::File::open(path)?).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes the capture of a story unless it is stored already, and says whether it did. What is compared is the
/// uncompressed capture: the compressed bytes may differ between versions of the compressor.
///
/// # Errors
/// Those of writing the file.
pub fn store(story: &Story) -> io::Result<bool> {
    let (capture, _) = story.told()?;
    let path = path(story);
    if stored(&path).is_ok_and(|stored| stored == capture) {
        return Ok(false);
    }
    fs::create_dir_all(directory())?;
    let mut encoder = GzEncoder::new(fs::File::create(path)?, Compression::best());
    encoder.write_all(&capture)?;
    encoder.finish()?.flush()?;
    Ok(true)
}

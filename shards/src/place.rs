//! Where outputs of shards are kept: names and bytes enter, bytes leave, in any part. A directory is such a place.
//! Names have `/` between their parts; an output that is put is there as a whole or not at all.

use std::fs::{self, OpenOptions};
use std::io::{self, Seek};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A place of outputs.
pub trait Place: Send + Sync {
    /// Its name in messages.
    fn name(&self) -> String;

    /// Puts the whole content of `file` under a name, in place of what was there.
    ///
    /// # Errors
    /// Those of the place.
    fn put(&self, name: &str, file: &mut fs::File) -> io::Result<()>;

    /// Reads `count` bytes at `offset`, or fewer at the end.
    ///
    /// # Errors
    /// Those of the place; [`io::ErrorKind::NotFound`] if there is nothing of this name.
    fn read(&self, name: &str, offset: u64, count: usize) -> io::Result<Vec<u8>>;

    /// Reads a whole output that is small, as a status is.
    ///
    /// # Errors
    /// As for [`read`](Place::read); [`io::ErrorKind::InvalidData`] if it has more than 64 MiB.
    fn read_whole(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        loop {
            let more = self.read(name, bytes.len() as u64, STEP)?;
            let is_end = more.len() < STEP;
            bytes.extend(more);
            if bytes.len() > MOST {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "more than 64 MiB"));
            }
            if is_end {
                return Ok(bytes);
            }
        }
    }
}

/// Bytes of one read of a whole output.
const STEP: usize = 1 << 20;

/// Most bytes of a whole output.
const MOST: usize = 64 << 20;

/// A directory.
#[derive(Debug, Clone)]
pub struct Directory(PathBuf);

impl Directory {
    /// Outputs below `path`, which is made when the first is put.
    pub fn new(path: impl Into<PathBuf>) -> Directory {
        Directory(path.into())
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Place for Directory {
    fn name(&self) -> String {
        self.0.display().to_string()
    }

    fn put(&self, name: &str, file: &mut fs::File) -> io::Result<()> {
        let path = self.0.join(name);
        let parent = path.parent().unwrap_or(&self.0);
        fs::create_dir_all(parent)?;
        // Two that put the same output at the same time do not meet.
        let last = path.file_name().unwrap_or_default().to_string_lossy();
        let temporary = parent.join(format!(".{last}.{}", std::process::id()));
        let mut out =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.rewind()?;
        let done = io::copy(file, &mut out)
            .and_then(|_| out.sync_data())
            .and_then(|()| fs::rename(&temporary, &path));
        if done.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        done
    }

    fn read(&self, name: &str, offset: u64, count: usize) -> io::Result<Vec<u8>> {
        let file = fs::File::open(self.0.join(name))?;
        let there = file.metadata()?.len().saturating_sub(offset);
        let mut bytes = vec![0; count.min(usize::try_from(there).unwrap_or(count))];
        file.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn what_is_put_is_read_in_any_part() {
        let directory = tempfile::tempdir().expect("a directory");
        let place = Directory::new(directory.path());
        assert_eq!(place.read("a/b", 0, 1).map_err(|error| error.kind()), Err(io::ErrorKind::NotFound));
        for content in ["0123456789", "01"] {
            let mut file = tempfile::tempfile().expect("a file");
            file.write_all(content.as_bytes()).expect("written");
            place.put("a/b", &mut file).expect("put");
            assert_eq!(place.read_whole("a/b").expect("read"), content.as_bytes());
        }
        assert_eq!(place.read("a/b", 1, 9).expect("read"), b"1");
        assert_eq!(place.read("a/b", 9, 9).expect("read"), b"");
        let endless = fs::File::create(directory.path().join("endless")).expect("a file");
        endless.set_len(MOST as u64 + 1).expect("a hole");
        let refused = place.read_whole("endless").map_err(|error| error.kind());
        assert_eq!(refused, Err(io::ErrorKind::InvalidData));
        assert_eq!(fs::read_dir(directory.path().join("a")).expect("read").count(), 1);
    }
}

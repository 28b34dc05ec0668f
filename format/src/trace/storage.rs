//! Where the bytes of a trace are: positions enter, bytes leave. Several workers read at once, so nothing here has a
//! position of its own.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::error::TraceError;

/// Bytes that can be read at any offset, by several threads at once.
pub trait Storage: Send + Sync {
    /// How many bytes there are.
    ///
    /// # Errors
    /// Those of the operating system.
    fn length(&self) -> io::Result<u64>;

    /// Reads some bytes at `offset`; 0 at the end.
    ///
    /// # Errors
    /// Those of the operating system.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
}

impl Storage for File {
    fn length(&self) -> io::Result<u64> {
        self.metadata().map(|metadata| metadata.len())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(self, buffer, offset)
    }
}

impl Storage for Vec<u8> {
    fn length(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = self.get(start..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

impl<S: Storage + ?Sized> Storage for std::sync::Arc<S> {
    fn length(&self) -> io::Result<u64> {
        (**self).length()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        (**self).read_at(buffer, offset)
    }
}

/// Reads until `buffer` is full or the storage ends, and returns the number of bytes.
pub(super) fn fill(storage: &dyn Storage, buffer: &mut [u8], offset: u64) -> Result<usize, TraceError> {
    let mut done = 0;
    while done < buffer.len() {
        let place = offset.saturating_add(done as u64);
        match storage.read_at(&mut buffer[done..], place) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => return Err(TraceError::Io { offset: place, source }),
        }
    }
    Ok(done)
}

/// Replaces the content of `buffer` by `size` bytes at `offset`, or fewer at the end of the storage. The caller has checked
/// that `size` is not larger than the storage.
pub(super) fn load(
    storage: &dyn Storage,
    buffer: &mut Vec<u8>,
    offset: u64,
    size: u64,
) -> Result<(), TraceError> {
    buffer.resize(usize::try_from(size).unwrap_or(usize::MAX), 0);
    let count = fill(storage, buffer, offset)?;
    buffer.truncate(count);
    Ok(())
}

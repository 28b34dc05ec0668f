//! The growing end of the file: compressed chunks enter in order, each is written as a whole, chained to the one before.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

use rustix::fs::{FallocateFlags, fallocate};

use super::descriptor::{self, Chunk, Digest};
use super::header::{self, Header};
use super::index;
use super::pack::Packed;
use super::signature::{self, Covered, SignWith, Signing};
use super::summary::Summary;

/// Where a trace is written to.
pub trait Output: Write + Send {
    /// Syncs everything that was written to disk, if there is one.
    ///
    /// # Errors
    /// Those of the operating system.
    fn sync(&mut self) -> io::Result<()> {
        self.flush()
    }

    /// Reserves space for `length` bytes from `offset` on, if this is supported; bytes of it that are not written do not belong to the
    /// file.
    ///
    /// # Errors
    /// There is no space for them.
    fn reserve(&mut self, offset: u64, length: u64) -> io::Result<()> {
        let _ = (offset, length);
        Ok(())
    }

    /// Removes everything that was written or reserved after the first `length` bytes, if this is supported.
    ///
    /// # Errors
    /// It cannot be done.
    fn take_back(&mut self, length: u64) -> io::Result<()> {
        let _ = length;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Everything was written: what is to appear under its name only as a whole appears now.
    ///
    /// # Errors
    /// Those of the operating system.
    fn publish(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Whether an index follows at the end. Without one, chunks are not remembered for it.
    fn is_indexed(&self) -> bool {
        true
    }
}

impl Output for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn reserve(&mut self, offset: u64, length: u64) -> io::Result<()> {
        match fallocate(&*self, FallocateFlags::KEEP_SIZE, offset, length).map_err(io::Error::from) {
            Err(error) if is_full(&error) => Err(error),
            // Not a file, or a file system that cannot reserve: there, writing shows whether there is space.
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn take_back(&mut self, length: u64) -> io::Result<()> {
        // One that somebody has truncated stays short, so that this is noticed.
        if self.metadata()?.len() >= length {
            self.set_len(length)?;
        }
        self.seek(SeekFrom::Start(length)).map(|_| ())
    }
}

/// Whether there is no space: on the disk, in the quota, or within the limit of a file.
fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

impl<T: Output + ?Sized> Output for Box<T> {
    fn sync(&mut self) -> io::Result<()> {
        (**self).sync()
    }

    fn reserve(&mut self, offset: u64, length: u64) -> io::Result<()> {
        (**self).reserve(offset, length)
    }

    fn take_back(&mut self, length: u64) -> io::Result<()> {
        (**self).take_back(length)
    }

    fn publish(&mut self) -> io::Result<()> {
        (**self).publish()
    }

    fn is_indexed(&self) -> bool {
        (**self).is_indexed()
    }
}

impl Output for Vec<u8> {}

impl Output for io::Stdout {}

/// Appends chunks to a trace.
pub(super) struct Appender<W: Output> {
    output: W,
    sync: bool,
    offset: u64,
    digest: Digest,
    chunks: Vec<Chunk>,
    /// Largest number of bytes that index and trailer of these chunks need.
    closing: u64,
    buffer: Vec<u8>,
    signing: Signing,
    summary: Summary,
}

impl<W: Output> Appender<W> {
    /// Starts a trace of this version with its header.
    pub(super) fn new(mut output: W, header: &Header, version: u16, sync: bool) -> io::Result<Appender<W>> {
        let frame = header::encode(header, version)?;
        output.write_all(&frame)?;
        let digest = *blake3::hash(&frame).as_bytes();
        let offset = frame.len() as u64;
        Ok(Appender {
            output,
            sync,
            offset,
            digest,
            chunks: Vec::new(),
            closing: index::BASE,
            buffer: Vec::new(),
            signing: Signing::default(),
            summary: Summary::default(),
        })
    }

    /// Signs the chunks every now and then, and the whole trace.
    pub(super) fn signed(self, signer: Option<SignWith>) -> Appender<W> {
        let signing = Signing::by(signer);
        let room = if signing.is_wanted() { signature::ROOM } else { 0 };
        Appender { signing, closing: self.closing + room, ..self }
    }

    /// Appends a chunk. If it cannot be written, as on a full disk, the trace is closed after the chunks before it.
    pub(super) fn append(&mut self, packed: &Packed) -> io::Result<()> {
        let written = self.write(packed);
        if written.is_err() {
            self.close_early();
        }
        written
    }

    /// Removes what has been written of a chunk, and puts index and trailer in its place. There is space for them if it could be
    /// reserved. A trace is readable without them, too; a part of a chunk would count as damage.
    fn close_early(&mut self) {
        if self.output.take_back(self.offset).is_err() {
            return;
        }
        let closed = index::encode(&self.chunks, self.offset, &self.digest, &mut self.signing)
            .and_then(|(frames, _)| self.output.write_all(&frames))
            .and_then(|()| self.output.flush());
        if closed.is_err() {
            // Nothing else can be tried, and the error that led here is reported.
            let _ = self.output.take_back(self.offset);
        }
    }

    /// Descriptor, keyframe and data are written in one piece. After them space for the index is reserved, so that a trace can be
    /// closed on a full disk.
    fn write(&mut self, packed: &Packed) -> io::Result<()> {
        let (frame, digest) =
            descriptor::encode(&packed.descriptor, &self.digest, &packed.extra, &packed.data)?;
        self.buffer.clear();
        self.buffer.extend_from_slice(&frame);
        self.buffer.extend_from_slice(&packed.extra);
        self.buffer.extend_from_slice(&packed.data);
        let chunks = self.summary.chunks + 1;
        if chunks.is_multiple_of(signature::EVERY) {
            let signature = self.signing.section(Covered::Chunks, chunks, &digest);
            self.buffer.extend_from_slice(&signature);
        }
        let head_size = frame.len() as u32;
        let closing = self.closing + index::room(head_size);
        self.output.reserve(self.offset, self.buffer.len() as u64 + closing)?;
        self.output.write_all(&self.buffer)?;
        if self.sync {
            self.output.sync()?;
        }
        self.summary.chunks += 1;
        self.summary.events = self.summary.events.saturating_add(packed.descriptor.events);
        self.summary.raw_bytes += packed.descriptor.raw_size;
        self.summary.keyframe_bytes += packed.descriptor.extra_size;
        if self.output.is_indexed() {
            self.closing = closing;
            let descriptor = packed.descriptor.clone();
            self.chunks.push(Chunk { offset: self.offset, head_size, digest, descriptor });
        }
        self.offset += self.buffer.len() as u64;
        self.digest = digest;
        Ok(())
    }

    /// Closes the trace with index and trailer.
    pub(super) fn finish(mut self) -> io::Result<(W, Summary)> {
        let (frames, seal) = index::encode(&self.chunks, self.offset, &self.digest, &mut self.signing)?;
        if let Err(error) = self.output.write_all(&frames) {
            let _ = self.output.take_back(self.offset);
            return Err(error);
        }
        self.output.flush()?;
        self.summary.bytes = self.offset + frames.len() as u64;
        // Reserved space that is not needed is given back; if that is not supported, nothing was reserved.
        let _ = self.output.take_back(self.summary.bytes);
        if self.sync {
            self.output.sync()?;
        }
        self.summary.index_bytes = frames.len() as u64;
        self.summary.seal = seal;
        self.summary.is_unsigned = self.signing.has_failed();
        Ok((self.output, self.summary))
    }
}

//! The end of the file that grows: compressed chunks enter in order, each reaches the file as a whole, chained to the one
//! before.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

use super::descriptor::{self, Chunk, Digest};
use super::header::{self, Header};
use super::index;
use super::pack::Packed;
use super::writer::Summary;

/// Where a trace is written to.
pub trait Output: Write + Send {
    /// Brings everything that was written to the disk, where there is one.
    ///
    /// # Errors
    /// Those of the operating system.
    fn sync(&mut self) -> io::Result<()> {
        self.flush()
    }

    /// Takes everything back that was written behind the first `length` bytes, where that can be done.
    ///
    /// # Errors
    /// It cannot be done.
    fn take_back(&mut self, length: u64) -> io::Result<()> {
        let _ = length;
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl Output for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn take_back(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)?;
        self.seek(SeekFrom::Start(length)).map(|_| ())
    }
}

impl<T: Output + ?Sized> Output for Box<T> {
    fn sync(&mut self) -> io::Result<()> {
        (**self).sync()
    }

    fn take_back(&mut self, length: u64) -> io::Result<()> {
        (**self).take_back(length)
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
    buffer: Vec<u8>,
    summary: Summary,
}

impl<W: Output> Appender<W> {
    /// Starts a trace with its header.
    pub(super) fn new(mut output: W, header: &Header, sync: bool) -> io::Result<Appender<W>> {
        let frame = header::encode(header)?;
        output.write_all(&frame)?;
        let digest = *blake3::hash(&frame).as_bytes();
        let offset = frame.len() as u64;
        Ok(Appender {
            output,
            sync,
            offset,
            digest,
            chunks: Vec::new(),
            buffer: Vec::new(),
            summary: Summary::default(),
        })
    }

    /// Appends a chunk. Where it cannot be written, as on a disk that is full, the trace is closed behind the chunks before it.
    pub(super) fn append(&mut self, packed: &Packed) -> io::Result<()> {
        let written = self.write(packed);
        if written.is_err() {
            self.close_early();
        }
        written
    }

    /// Takes back what has been written of a chunk, and puts index and trailer in its place if there is room for them. Without
    /// them a trace is readable, too; a part of a chunk would be taken for damage.
    fn close_early(&mut self) {
        if self.output.take_back(self.offset).is_err() {
            return;
        }
        let closed = index::encode(&self.chunks, self.offset, &self.digest)
            .and_then(|(frames, _)| self.output.write_all(&frames))
            .and_then(|()| self.output.flush());
        if closed.is_err() {
            // There is nothing else that could be tried, and the error that led here is told.
            let _ = self.output.take_back(self.offset);
        }
    }

    /// Descriptor, keyframe and data go out in one piece.
    fn write(&mut self, packed: &Packed) -> io::Result<()> {
        let (frame, digest) =
            descriptor::encode(&packed.descriptor, &self.digest, &packed.extra, &packed.data)?;
        self.buffer.clear();
        self.buffer.extend_from_slice(&frame);
        self.buffer.extend_from_slice(&packed.extra);
        self.buffer.extend_from_slice(&packed.data);
        self.output.write_all(&self.buffer)?;
        if self.sync {
            self.output.sync()?;
        }
        self.summary.chunks += 1;
        self.summary.events = self.summary.events.saturating_add(packed.descriptor.events);
        self.summary.raw_bytes += packed.descriptor.raw_size;
        self.summary.keyframe_bytes += packed.descriptor.extra_size;
        let head_size = frame.len() as u32;
        let descriptor = packed.descriptor.clone();
        self.chunks.push(Chunk { offset: self.offset, head_size, digest, descriptor });
        self.offset += self.buffer.len() as u64;
        self.digest = digest;
        Ok(())
    }

    /// Closes the trace with index and trailer.
    pub(super) fn finish(mut self) -> io::Result<(W, Summary)> {
        let (frames, seal) = index::encode(&self.chunks, self.offset, &self.digest)?;
        if let Err(error) = self.output.write_all(&frames) {
            let _ = self.output.take_back(self.offset);
            return Err(error);
        }
        self.output.flush()?;
        if self.sync {
            self.output.sync()?;
        }
        self.summary.bytes = self.offset + frames.len() as u64;
        self.summary.index_bytes = frames.len() as u64;
        self.summary.seal = seal;
        Ok((self.output, self.summary))
    }
}

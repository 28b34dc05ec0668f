//! Native traces with keyframes: blocks enter in their order, each with the state before it; a trace leaves that can be
//! read from any chunk on. It joins the state with the writer of the format, which knows neither; the state is the
//! caller's, who runs it anyway: for a filter, for rules, or for only the keyframes.
//!
//! ```text
//! for block in capture {
//!     writer.block(&block, &mut state)?;
//!     state.take(&block);
//! }
//! writer.finish()?;
//! ```

use std::io;

use tercel_format::Block;
use tercel_format::trace::{Boundary, Header, Keyframe, KeyframeKind, Options, Output, Summary, TraceWriter};

use crate::state::{Base, STATE_VERSION, State};

/// Writes a native trace with its keyframes.
#[derive(Debug)]
pub struct KeyedWriter<W: Output + 'static> {
    writer: TraceWriter<W>,
    base: Base,
}

impl<W: Output + 'static> KeyedWriter<W> {
    /// Starts a trace. Its header is `header` with the version of this state engine.
    ///
    /// # Errors
    /// Those of [`TraceWriter::new`].
    pub fn new(output: W, header: &Header, options: Options) -> io::Result<KeyedWriter<W>> {
        let header = Header { engine: STATE_VERSION, ..header.clone() };
        Ok(KeyedWriter { writer: TraceWriter::new(output, &header, options)?, base: Base::new() })
    }

    /// Writes a block. `state` is what is known before it: everything written before, and nothing else, has been taken in
    /// by this state.
    ///
    /// # Errors
    /// Those of the output, not necessarily for this block. Nothing can be written after an error.
    #[inline]
    pub fn block(&mut self, block: &Block<'_>, state: &mut State) -> io::Result<()> {
        if let Some(boundary) = self.writer.boundary(block) {
            self.boundary(boundary, state)?;
        }
        self.writer.block(block)
    }

    #[cold]
    fn boundary(&mut self, boundary: Boundary, state: &mut State) -> io::Result<()> {
        let keyframe = match boundary {
            Boundary::Start => {
                self.base.start(state);
                return Ok(());
            }
            Boundary::Delta => (KeyframeKind::Delta, self.base.delta(state)),
            Boundary::Snapshot => {
                self.base.start(state);
                (KeyframeKind::Snapshot, state.snapshot())
            }
        };
        let (kind, state) = keyframe;
        self.writer.keyframe(state.map(|state| Keyframe { kind, engine: STATE_VERSION, state }))
    }

    /// Notes that the recorder lost `count` events since the last one written.
    pub fn dropped(&mut self, count: u64) {
        self.writer.dropped(count);
    }

    /// Ends the current chunk, whatever its size, and sends it on its way to the disk: for recorders that may be killed before
    /// the next event comes.
    ///
    /// # Errors
    /// As for [`block`](KeyedWriter::block).
    pub fn flush_chunk(&mut self) -> io::Result<()> {
        self.writer.flush_chunk()
    }

    /// As [`flush_chunk`](KeyedWriter::flush_chunk), and the next chunk with events begins with a snapshot.
    ///
    /// # Errors
    /// As for [`block`](KeyedWriter::block).
    pub fn end_group(&mut self) -> io::Result<()> {
        self.writer.end_group()
    }

    /// Events written so far.
    pub fn events(&self) -> u64 {
        self.writer.events()
    }

    /// Bytes of scap so far.
    pub fn raw_bytes(&self) -> u64 {
        self.writer.raw_bytes()
    }

    /// Writes the last chunk, the index and the trailer, and gives the output back.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(self) -> io::Result<(W, Summary)> {
        self.writer.finish()
    }
}

#[cfg(test)]
mod tests;

//! The trace being written: blocks enter, a scap stream leaves, compressed or not.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use tercel_format::{Block, Event, Writer};

/// Bytes that are gathered before they are written.
const BUFFER: usize = 1 << 20;

/// Where a trace goes: something that has an end of its own.
pub enum Output {
    /// As it is.
    Plain(Box<dyn Write>),
    /// Compressed.
    Zstd(zstd::Encoder<'static, Box<dyn Write>>),
}

/// Opens a file, or standard output for `-`.
pub fn open(path: &Path, level: i32) -> io::Result<BufWriter<Output>> {
    let output: Box<dyn Write> =
        if path == Path::new("-") { Box::new(io::stdout()) } else { Box::new(File::create(path)?) };
    let output = match level {
        0 => Output::Plain(output),
        level => Output::Zstd(zstd::Encoder::new(output, level)?),
    };
    Ok(BufWriter::with_capacity(BUFFER, output))
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Output::Plain(output) => output.write(bytes),
            Output::Zstd(output) => output.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Output::Plain(output) => output.flush(),
            Output::Zstd(output) => output.flush(),
        }
    }
}

/// A trace that has begun.
pub struct Trace {
    writer: Writer<BufWriter<Output>>,
    events: u64,
}

impl Trace {
    /// Starts a section.
    pub fn start(output: BufWriter<Output>) -> io::Result<Trace> {
        Ok(Trace { writer: Writer::new(output)?, events: 0 })
    }

    /// Writes what is not an event.
    pub fn block(&mut self, block: &Block<'_>) -> io::Result<()> {
        match block {
            // The writer has started its one section itself.
            Block::Section(_) => Ok(()),
            Block::Machine(machine) => self.writer.machine(machine),
            Block::Interfaces(interfaces) => self.writer.interfaces(interfaces),
            Block::Accounts(accounts) => self.writer.accounts(accounts),
            Block::State(record) => self.writer.state(record),
            Block::Processes(processes) => self.writer.processes(processes),
            Block::Fds(fds) => self.writer.fds(fds),
            Block::Event(event) => self.event(event),
        }
    }

    /// Writes an event.
    pub fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        self.events += 1;
        self.writer.event(event)
    }

    /// Makes what was written readable, whatever becomes of the recorder.
    pub fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    /// Events so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Bytes so far, before compression.
    pub fn bytes(&self) -> u64 {
        self.writer.written()
    }

    /// Writes what is left and ends the compression.
    pub fn finish(self) -> io::Result<()> {
        let buffer = self.writer.finish()?;
        let output = buffer.into_inner().map_err(io::IntoInnerError::into_error)?;
        match output {
            Output::Plain(mut output) => output.flush(),
            Output::Zstd(output) => output.finish()?.flush(),
        }
    }
}

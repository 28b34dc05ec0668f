//! A capture of scap blocks, plain or in gzip: blocks enter, a file that other programs read leaves.

use std::fmt;
use std::io::{self, BufWriter, Write};

use super::Writer;
use crate::numbering::Numbering;
use crate::record::Block;
use flate2::Compression;
use flate2::write::GzEncoder;

/// How much is written at once.
const BUFFER: usize = 256 << 10;

/// Level of gzip, that of sysdig.
const GZIP_LEVEL: u32 = 6;

/// Writes a capture.
#[derive(Debug)]
pub struct ScapWriter {
    writer: Writer<BufWriter<Stream>>,
    started: bool,
    numbering: Numbering,
    keeps_numbers: bool,
}

impl ScapWriter {
    /// Starts a capture, in gzip or not. With `keeps_numbers`, events keep their numbers even if some are missing.
    ///
    /// # Errors
    /// Those of the output, as for all other methods.
    pub fn new(output: Box<dyn Write + Send>, is_gzip: bool, keeps_numbers: bool) -> io::Result<ScapWriter> {
        let output = if is_gzip {
            Stream::Gzip(Box::new(GzEncoder::new(output, Compression::new(GZIP_LEVEL))))
        } else {
            Stream::Plain(output)
        };
        let writer = Writer::new(BufWriter::with_capacity(BUFFER, output))?;
        Ok(ScapWriter { writer, started: false, numbering: Numbering::default(), keeps_numbers })
    }

    /// Starts a section. The writer has started the first one itself.
    pub fn section(&mut self) -> io::Result<()> {
        self.numbering.section();
        if std::mem::replace(&mut self.started, true) { self.writer.section() } else { Ok(()) }
    }

    /// Writes a block.
    pub fn block(&mut self, block: &Block<'_>) -> io::Result<()> {
        match block {
            Block::Section(_) => self.section(),
            Block::Machine(machine) => self.writer.machine(machine),
            Block::Processes(processes) => self.writer.processes(processes),
            Block::Fds(fds) => self.writer.fds(fds),
            Block::Interfaces(interfaces) => self.writer.interfaces(interfaces),
            Block::Accounts(accounts) => self.writer.accounts(accounts),
            Block::State(record) => {
                self.numbering.resume(record.sections, record.counted);
                self.writer.state(record)
            }
            Block::Event(event) => {
                let jumps = self.keeps_numbers && !event.initial && event.num != self.numbering.next();
                if jumps {
                    self.numbering.jump(event.num);
                }
                self.numbering.event(event.code());
                if jumps { self.writer.numbered_event(event) } else { self.writer.event(event) }
            }
        }
    }

    /// Bytes so far, before compression.
    pub fn written(&self) -> u64 {
        self.writer.written()
    }

    /// Flushes everything that was written to disk.
    pub fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    /// Writes the rest.
    pub fn finish(self) -> io::Result<()> {
        let buffer = self.writer.finish()?;
        buffer.into_inner().map_err(io::IntoInnerError::into_error)?.finish()
    }
}

/// Where a capture goes.
enum Stream {
    Plain(Box<dyn Write + Send>),
    Gzip(Box<GzEncoder<Box<dyn Write + Send>>>),
}

impl fmt::Debug for Stream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Stream::Plain(_) => "plain",
            Stream::Gzip(_) => "gzip",
        })
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(output) => output.write(bytes),
            Stream::Gzip(output) => output.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Stream::Plain(output) => output.flush(),
            Stream::Gzip(output) => output.flush(),
        }
    }
}

impl Stream {
    fn finish(self) -> io::Result<()> {
        match self {
            Stream::Plain(mut output) => output.flush(),
            Stream::Gzip(output) => output.finish()?.flush(),
        }
    }
}

//! A capture being written: blocks enter, a native trace with its keyframes or a scap capture leaves. The file is created when the
//! first blocks are there, because the header of a trace names the host.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tercel_format::Block;
use tercel_format::record::Section;
use tercel_format::series::{Destination, Opened, Presence};
use tercel_format::trace::{Header, Options, Output, Summary};
use tercel_format::writer::ScapWriter;
use tercel_replay::KeyedWriter;
use tercel_replay::scan::Visitor;
use tercel_replay::state::{ResumePoint, State};

use crate::error::Error;

/// Kinds of captures that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A native trace.
    Native,
    /// A plain scap capture.
    Scap,
    /// A scap capture in gzip.
    Gzip,
}

/// Writes a capture. It is a visitor, so that a scan can be written again.
#[derive(Debug)]
pub struct CaptureWriter {
    destination: Destination,
    kind: Kind,
    options: Options,
    header: Header,
    /// A section header has arrived, but nothing else of the section.
    waiting: bool,
    /// The state before the next block, for keyframes; plain captures need none. `None` while it is lent.
    state: Option<Box<State>>,
    writer: Option<Writer>,
    /// The file, if it was created before the first block.
    opened: Option<Opened>,
    /// The file, to see whether it stays where it is.
    presence: Option<Presence>,
    /// Bytes that have reached the file.
    bytes: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Writer {
    Native(Box<KeyedWriter<Opened>>),
    Scap(Box<ScapWriter>),
}

/// What was written.
#[derive(Debug, Clone)]
pub struct Written {
    /// Bytes of the file.
    pub bytes: u64,
    /// The summary of a native trace.
    pub summary: Option<Summary>,
    /// Bytes of scap.
    pub raw_bytes: u64,
}

impl Written {
    /// Whether a signature is missing that was asked for.
    pub fn is_unsigned(&self) -> bool {
        self.summary.as_ref().is_some_and(|summary| summary.is_unsigned)
    }
}

impl CaptureWriter {
    /// Writes a capture of this kind; `options` are those of native traces.
    pub fn new(destination: Destination, kind: Kind, options: Options) -> CaptureWriter {
        CaptureWriter {
            destination,
            kind,
            options,
            header: Header::default(),
            waiting: false,
            state: None,
            writer: None,
            opened: None,
            presence: None,
            bytes: Arc::default(),
        }
    }

    /// Another file of the same kind, with the same header.
    pub fn another(&self, destination: Destination) -> CaptureWriter {
        let writer = CaptureWriter::new(destination, self.kind, self.options.clone());
        CaptureWriter { header: self.header.clone(), ..writer }
    }

    /// Creates the file, which otherwise happens when the first blocks are there.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn create(&mut self) -> Result<(), Error> {
        let created = self.destination.create(Arc::clone(&self.bytes));
        let mut opened = created.map_err(|error| Error::Target { name: self.name(), error })?;
        self.presence = opened.presence();
        self.opened = Some(opened);
        Ok(())
    }

    /// The file, once it is created; `None` for what is not one.
    pub fn presence(&self) -> Option<&Presence> {
        self.presence.as_ref()
    }

    /// The file, which nothing looks after any more.
    pub(crate) fn leave(&mut self) -> Option<Presence> {
        self.presence.take()
    }

    /// Whether the file is still where it was created.
    ///
    /// # Errors
    /// It is not.
    pub fn check(&self) -> Result<(), Error> {
        let Some(presence) = &self.presence else { return Ok(()) };
        presence.check().map_err(|gone| Error::Gone { name: self.name(), gone })
    }

    /// Whether what it writes holds the state.
    pub fn has_keyframes(&self) -> bool {
        self.kind == Kind::Native
    }

    /// Bytes that have reached the file so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Where the bytes that have reached the file are counted.
    pub(crate) fn byte_counter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bytes)
    }

    /// Creates the file now, with the header as it is.
    pub(crate) fn open_now(&mut self) -> Result<(), Error> {
        self.start(&mut State::new())
    }

    /// Bytes of scap so far.
    pub fn raw_bytes(&self) -> u64 {
        match &self.writer {
            Some(Writer::Native(writer)) => writer.raw_bytes(),
            Some(Writer::Scap(plain)) => plain.written(),
            None => 0,
        }
    }

    /// Flushes everything that was written to disk.
    ///
    /// # Errors
    /// The file cannot be written. Nothing can be written after an error.
    pub fn flush_chunk(&mut self) -> Result<(), Error> {
        let done = match &mut self.writer {
            Some(Writer::Native(writer)) => writer.flush_chunk(),
            Some(Writer::Scap(plain)) => plain.flush(),
            None => Ok(()),
        };
        done.map_err(|error| self.failed(error))
    }

    /// Writes a block; keyframes come from a state that the target keeps.
    ///
    /// # Errors
    /// The file cannot be written. Nothing can be written after an error.
    pub fn push(&mut self, block: &Block<'_>) -> Result<(), Error> {
        let mut state = self.state.take().unwrap_or_default();
        let written = self.write(block, &mut state);
        if self.kind == Kind::Native {
            state.take(block);
        }
        self.state = Some(state);
        written
    }

    /// Writes a block with the state before it, for callers that keep the state themselves.
    ///
    /// # Errors
    /// The file cannot be written. Nothing can be written after an error.
    pub fn write(&mut self, block: &Block<'_>, state: &mut State) -> Result<(), Error> {
        if let Block::Section(_) = block {
            if self.writer.is_none() && !self.waiting {
                self.waiting = true;
                return Ok(());
            }
            self.start(state)?;
            return self.section(state);
        }
        if self.writer.is_none() {
            if let (Block::Machine(machine), true) = (block, self.header.hostname.is_empty()) {
                self.header.hostname = String::from_utf8_lossy(&machine.hostname).into_owned();
                self.header.boot_ts = machine.boot_ts;
            }
            self.start(state)?;
        }
        let result = match &mut self.writer {
            Some(Writer::Native(writer)) => writer.block(block, state),
            Some(Writer::Scap(plain)) => plain.block(block),
            None => Ok(()),
        };
        result.map_err(|error| self.failed(error))
    }

    /// Notes that `events` are missing before the next block.
    pub fn drop_events(&mut self, count: u64) {
        if let Some(Writer::Native(writer)) = &mut self.writer {
            writer.dropped(count);
        }
    }

    /// Copies the header of a trace. `source` names the capture that is converted.
    pub fn describe(&mut self, header: Header, source: String) {
        self.header =
            Header { source, writer: concat!("tercel ", env!("CARGO_PKG_VERSION")).to_owned(), ..header };
    }

    /// The header that the trace will have.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Replaces the header that the trace will have.
    pub fn set_header(&mut self, header: Header) {
        self.header = header;
    }

    /// Keeps the numbers of events if others are missing before them; otherwise events are numbered again.
    pub fn keep_numbers(&mut self) {
        self.options.numbers = true;
    }

    /// Whether events keep their numbers.
    pub(crate) fn keeps_numbers(&self) -> bool {
        self.options.numbers
    }

    /// Where the capture goes.
    pub fn destination(&self) -> &Destination {
        &self.destination
    }

    /// Name of the file.
    pub fn name(&self) -> String {
        self.destination.name()
    }

    /// Writes the rest.
    ///
    /// # Errors
    /// The file cannot be written. Nothing can be written after an error.
    pub fn finish(mut self) -> Result<Written, Error> {
        self.start(&mut State::new())?;
        let written = match self.writer.take() {
            Some(Writer::Native(writer)) => writer.finish().and_then(|(mut output, summary)| {
                output.publish()?;
                Ok((Some(summary), summary.raw_bytes))
            }),
            Some(Writer::Scap(plain)) => {
                let raw_bytes = plain.written();
                plain.finish().map(|()| (None, raw_bytes))
            }
            None => Ok((None, 0)),
        };
        let (summary, raw_bytes) = written.map_err(|error| self.failed(error))?;
        self.check()?;
        Ok(Written { summary, raw_bytes, bytes: self.bytes() })
    }

    /// Opens the file, unless it is open.
    fn start(&mut self, state: &mut State) -> Result<(), Error> {
        if self.writer.is_some() {
            return Ok(());
        }
        if self.opened.is_none() {
            self.create()?;
        }
        let Some(output) = self.opened.take() else { return Ok(()) };
        let writer = self.open(output).map_err(|error| self.failed(error))?;
        self.writer = Some(writer);
        if std::mem::take(&mut self.waiting) {
            self.section(state)?;
        }
        Ok(())
    }

    fn open(&self, output: Opened) -> io::Result<Writer> {
        if self.kind == Kind::Native {
            let writer = KeyedWriter::new(output, &self.header, self.options.clone())?;
            return Ok(Writer::Native(Box::new(writer)));
        }
        let is_gzip = self.kind == Kind::Gzip;
        Ok(Writer::Scap(Box::new(ScapWriter::new(Box::new(output), is_gzip, self.options.numbers)?)))
    }

    fn failed(&self, error: io::Error) -> Error {
        Error::File { name: self.name(), error }
    }

    fn section(&mut self, state: &mut State) -> Result<(), Error> {
        let result = match &mut self.writer {
            Some(Writer::Native(writer)) => writer.block(&Block::Section(Section::NEWEST), state),
            Some(Writer::Scap(plain)) => plain.section(),
            None => Ok(()),
        };
        result.map_err(|error| self.failed(error))
    }
}

impl Visitor for CaptureWriter {
    type Error = Error;

    fn block(&mut self, block: &Block<'_>) -> Result<bool, Error> {
        self.push(block).map(|()| true)
    }

    fn resume(&mut self, state: State, point: ResumePoint) -> Result<(), Error> {
        state.export(point, &mut |block| self.push(block))
    }

    fn dropped(&mut self, count: u64) {
        self.drop_events(count);
    }
}

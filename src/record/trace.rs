//! The trace being written: a snapshot and events enter, a scap stream leaves, compressed or not.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use tercel_capture::Snapshot;
use tercel_format::catalogue::code;
use tercel_format::writer::{EventBuilder, Value};
use tercel_format::{Event, Writer};

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

/// A trace with its snapshot written.
pub struct Trace {
    writer: Writer<BufWriter<Output>>,
    events: u64,
    /// Time and CPU of the last event.
    last: (u64, u16),
}

impl Trace {
    /// Writes what existed when the trace began (reference A14 for the order).
    pub fn start(output: BufWriter<Output>, snapshot: &Snapshot) -> io::Result<Trace> {
        let mut writer = Writer::new(output)?;
        writer.machine(&snapshot.machine)?;
        writer.interfaces(&snapshot.interfaces)?;
        writer.accounts(&snapshot.accounts)?;
        writer.processes(&snapshot.processes)?;
        for fds in &snapshot.fds {
            writer.fds(fds)?;
        }
        Ok(Trace { writer, events: 0, last: (0, 0) })
    }

    /// Writes an event.
    pub fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        self.events += 1;
        self.last = (event.ts, event.cpu);
        self.writer.event(event)
    }

    /// Writes what an engine says of a container (reference state 11.9).
    pub fn container(&mut self, json: &str) -> io::Result<()> {
        let event = EventBuilder::new(code::ASYNCEVENT_E, self.last.0, -1)
            .cpu(self.last.1)
            .set("plugin_id", 0)
            .set("name", "container")
            .set("data", Value::Bytes([json.as_bytes(), b"\0"].concat()))
            .encode();
        self.writer.event(&event.map_err(io::Error::other)?.event())
    }

    /// Writes that events were lost before this point; the parameter holds their number.
    pub fn dropped(&mut self, lost: u64) -> io::Result<()> {
        let lost = i64::from(u32::try_from(lost).unwrap_or(u32::MAX));
        let event =
            EventBuilder::new(code::DROP_E, self.last.0, 0).cpu(self.last.1).set("ratio", lost).encode();
        self.writer.event(&event.map_err(io::Error::other)?.event())
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

/// An event that waits in memory.
pub struct Held {
    code: u16,
    ts: u64,
    tid: i64,
    cpu: u16,
    lengths: Vec<u8>,
    data: Vec<u8>,
}

impl Held {
    /// A copy of an event.
    pub fn new(event: &Event<'_>) -> Held {
        let (lengths, data) = event.parts();
        Held {
            code: event.code(),
            ts: event.ts,
            tid: event.tid,
            cpu: event.cpu,
            lengths: lengths.to_vec(),
            data: data.to_vec(),
        }
    }

    /// The event again.
    pub fn event(&self) -> Option<Event<'_>> {
        let mut event = Event::new(self.code, &self.lengths, &self.data)?;
        event.ts = self.ts;
        event.tid = self.tid;
        event.cpu = self.cpu;
        Some(event)
    }
}

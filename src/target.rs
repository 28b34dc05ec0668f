//! What a verb writes with `-w`: blocks enter, a native trace or a scap capture leaves. The file is opened when the first
//! blocks are there, because the header of a trace names the host.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tercel_format::Block;
use tercel_format::trace::{Header, Options, Output, Summary};
use tercel_replay::KeyedWriter;
use tercel_replay::scan::Visitor;
use tercel_replay::state::{ResumePoint, State};

use crate::exit::Failure;
use crate::inputs::{Input, paths, refuse_overwriting};
use crate::intent::{self, Write as Intent};
use crate::plain::Plain;

/// How and where to write, checked.
pub struct Target {
    path: PathBuf,
    kind: intent::Kind,
    options: Options,
    header: Header,
    /// A section header has come, but nothing of the section.
    waiting: bool,
    /// What is known before the next block, for keyframes; plain captures need none. `None` while it is lent.
    state: Option<Box<State>>,
    writer: Option<Kind>,
    /// Bytes that have reached the file.
    bytes: Arc<AtomicU64>,
}

enum Kind {
    Native(Box<KeyedWriter<Counted>>),
    Scap(Box<Plain>),
}

/// A file, or standard output, that counts what reaches it.
struct Counted {
    output: Box<dyn Output>,
    bytes: Arc<AtomicU64>,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.output.write(bytes)?;
        self.bytes.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

impl Output for Counted {
    fn sync(&mut self) -> io::Result<()> {
        self.output.sync()
    }

    fn reserve(&mut self, offset: u64, length: u64) -> io::Result<()> {
        self.output.reserve(offset, length)
    }

    fn take_back(&mut self, length: u64) -> io::Result<()> {
        self.output.take_back(length)
    }
}

/// What was written.
pub struct Written {
    /// Bytes of the file.
    pub bytes: u64,
    /// Of a native trace, what it has become.
    pub summary: Option<Summary>,
    /// Bytes of scap.
    pub raw_bytes: u64,
}

impl Target {
    /// Checks the arguments. The file must not be one of `inputs`.
    pub fn of(intent: &Intent, inputs: &[Input]) -> Result<Target, Failure> {
        refuse_overwriting(&intent.path, paths(inputs))?;
        if intent.path.as_os_str() == "-" && io::stdout().is_terminal() {
            return Err(Failure::usage("a capture is not for a terminal: write it to a file or a pipe"));
        }
        let threads = intent
            .threads
            .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, |count| count.get()))
            .clamp(1, 64);
        let options = Options {
            chunk: intent.chunk,
            level: intent.level,
            threads,
            sync: intent.sync,
            ..Options::default()
        };
        Ok(Target {
            path: intent.path.clone(),
            kind: intent.kind,
            options,
            header: Header::default(),
            waiting: false,
            state: None,
            writer: None,
            bytes: Arc::default(),
        })
    }

    /// Another file of the same kind, with the same header.
    pub fn another(&self, path: PathBuf) -> Target {
        Target {
            path,
            kind: self.kind,
            options: self.options.clone(),
            header: self.header.clone(),
            waiting: false,
            state: None,
            writer: None,
            bytes: Arc::default(),
        }
    }

    /// Whether what it writes holds the state.
    pub fn has_keyframes(&self) -> bool {
        self.kind == intent::Kind::Native
    }

    /// Bytes that have reached the file so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Bytes of scap so far.
    pub fn raw_bytes(&self) -> u64 {
        match &self.writer {
            Some(Kind::Native(writer)) => writer.raw_bytes(),
            Some(Kind::Scap(plain)) => plain.written(),
            None => 0,
        }
    }

    /// Sends everything that was written on its way to the disk.
    pub fn flush_chunk(&mut self) -> Result<(), Failure> {
        let done = match &mut self.writer {
            Some(Kind::Native(writer)) => writer.flush_chunk(),
            Some(Kind::Scap(plain)) => plain.flush(),
            None => Ok(()),
        };
        done.map_err(|error| failed(&self.path.display().to_string(), &error))
    }

    /// Writes a block, with a state of its own behind the keyframes.
    pub fn push(&mut self, block: &Block<'_>) -> Result<(), Failure> {
        let mut state = self.state.take().unwrap_or_default();
        let written = self.write(block, &mut state);
        if self.kind == intent::Kind::Native {
            state.take(block);
        }
        self.state = Some(state);
        written
    }

    /// Notes that so many events are missing before the next block.
    pub fn drop_events(&mut self, count: u64) {
        if let Some(Kind::Native(writer)) = &mut self.writer {
            writer.dropped(count);
        }
    }

    /// Takes what the header of a trace says over. `source` names the capture that is converted.
    pub fn describe(&mut self, header: Header, source: String) {
        self.header =
            Header { source, writer: concat!("tercel ", env!("CARGO_PKG_VERSION")).to_owned(), ..header };
    }

    /// What the header of a trace will say.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Replaces what the header of a trace will say.
    pub fn set_header(&mut self, header: Header) {
        self.header = header;
    }

    /// Lets events keep the numbers that they have, where others are missing before them; otherwise they are counted again.
    pub fn keep_numbers(&mut self) {
        self.options.numbers = true;
    }

    /// Name of the file.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Writes what is left.
    pub fn finish(mut self) -> Result<Written, Failure> {
        self.start(&mut State::new())?;
        let name = self.name();
        let written = match self.writer {
            Some(Kind::Native(writer)) => {
                writer.finish().map(|(_, summary)| (Some(summary), summary.raw_bytes))
            }
            Some(Kind::Scap(plain)) => {
                let raw_bytes = plain.written();
                plain.finish().map(|()| (None, raw_bytes))
            }
            None => Ok((None, 0)),
        };
        let bytes = &self.bytes;
        written
            .map(|(summary, raw_bytes)| Written { summary, raw_bytes, bytes: bytes.load(Ordering::Relaxed) })
            .map_err(|error| failed(&name, &error))
    }

    /// Opens the file, unless it is open.
    fn start(&mut self, state: &mut State) -> Result<(), Failure> {
        if self.writer.is_some() {
            return Ok(());
        }
        let writer = self.open().map_err(|error| failed(&self.name(), &error))?;
        self.writer = Some(writer);
        if std::mem::take(&mut self.waiting) {
            self.section(state)?;
        }
        Ok(())
    }

    fn open(&self) -> io::Result<Kind> {
        let output: Box<dyn Output> = match self.path.as_os_str() == "-" {
            true => Box::new(io::stdout()),
            false => Box::new(File::create(&self.path)?),
        };
        let output = Counted { output, bytes: Arc::clone(&self.bytes) };
        if self.kind == intent::Kind::Native {
            let writer = KeyedWriter::new(output, &self.header, self.options.clone())?;
            return Ok(Kind::Native(Box::new(writer)));
        }
        let is_gzip = self.kind == intent::Kind::Gzip;
        Ok(Kind::Scap(Box::new(Plain::new(Box::new(output), is_gzip, self.options.numbers)?)))
    }

    fn section(&mut self, state: &mut State) -> Result<(), Failure> {
        let result = match &mut self.writer {
            Some(Kind::Native(writer)) => {
                writer.block(&Block::Section(tercel_format::record::Section { major: 1, minor: 2 }), state)
            }
            Some(Kind::Scap(plain)) => plain.section(),
            None => Ok(()),
        };
        result.map_err(|error| failed(&self.path.display().to_string(), &error))
    }

    /// Writes a block. `state` is what is known before it: for those who run the state anyway.
    pub fn write(&mut self, block: &Block<'_>, state: &mut State) -> Result<(), Failure> {
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
            Some(Kind::Native(writer)) => writer.block(block, state),
            Some(Kind::Scap(plain)) => plain.block(block),
            None => Ok(()),
        };
        result.map_err(|error| failed(&self.path.display().to_string(), &error))
    }
}

impl Visitor for Target {
    type Error = Failure;

    fn block(&mut self, block: &Block<'_>) -> Result<bool, Failure> {
        self.push(block).map(|()| true)
    }

    fn resume(&mut self, state: State, point: ResumePoint) -> Result<(), Failure> {
        state.export(point, &mut |block| self.push(block))
    }

    fn dropped(&mut self, count: u64) {
        self.drop_events(count);
    }
}

/// A closed pipe is not an error that is worth words.
fn failed(name: &str, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::io(""),
        _ => Failure::io(format!("{name}: {error}")),
    }
}
